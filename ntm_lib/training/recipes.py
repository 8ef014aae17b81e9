"""Every number of a training in one place. A recipe is frozen: change one with `dataclasses.replace`."""

import math
from dataclasses import dataclass, fields, replace
from typing import Literal, get_args, get_origin

from ntm_lib.machine import LSTMConfig, NTMConfig

Curriculum = Literal["uniform", "power", "ramp", "adaptive"]
Optimizer = Literal["adam", "rmsprop", "lagging-rmsprop"]
Initialisation = Literal["pytorch", "glorot"]
Payload = Literal["random", "uneven", "varied"]
LossOver = Literal["answer", "sequence"]
LossPer = Literal["bit", "sequence"]
Draws = Literal["even", "independent"]


COPY_MACHINE = NTMConfig(input_size=10, output_size=8, initial_weights="spaced", output_from="hidden")
"""The paper's sizes, for bytes between two markers; the heads begin apart."""


@dataclass(frozen=True)
class Recipe:
    """How one machine is built, taught to copy, and judged."""

    name: str = "reliable"
    """What tables call this recipe."""
    machine: NTMConfig | LSTMConfig = COPY_MACHINE
    """Sizes and choices of the machine; 2 more inputs than outputs: a start and an end marker (1 more: only an end)."""
    initialisation: Initialisation = "pytorch"
    """pytorch: uniform within 1/sqrt(inputs); glorot: as the post's code, output layer and key strengths at zero."""
    input_gain: float = 4.0
    """Factor on the controller's first weights for the input, so that a marker outweighs whatever is being read."""
    location_gain: float = 0.3
    """Factor on the first weights of everything that moves a head (key strength, gate, shift, sharpening), so that the
    payload does not steer it."""
    open_gates: float = 0.0
    """Added to the first biases of an LSTM's input and output gates, taken from its forget gates': it then begins as a
    layer that passes on what it sees and keeps little."""
    erase_bias: float = 3.0
    """Added to the bias of every erase gate at the start: a head that rests on a row then replaces what it wrote there
    and does not add to it without end."""

    updates: int = 3000
    """Updates at the most; a run stops as soon as it is settled and exact."""
    batch_size: int = 8
    """Sequences an update, all of one length."""
    payload: Payload = "uneven"
    """What is copied: random bits; uneven, half of the sequences random bits, half vectors in which every number of
    ones is equally likely; or varied, a quarter each of both, of two vectors in random order, and of one vector."""
    payload_settling: Payload = "varied"
    """The same, once the machine has learned its lengths and settles."""
    loss_over: LossOver = "answer"
    """The steps whose cross-entropy counts: the answer, or the whole sequence (zeros wanted outside the answer)."""
    loss_per: LossPer = "bit"
    """Whose cross-entropy has its gradient taken: the mean of a bit's, or of a sequence's, the sum of its bits'. The
    latter's gradients grow with the length; clips and RMSProp's small number are meant for one or the other."""

    draws: Draws = "even"
    """Lengths and memory sizes: even, all of them in any stretch of updates; or independent of each other."""
    schedule: int = 0
    """Which sequence of them is drawn, the same for every seed; the seed decides all the rest."""
    curriculum: Curriculum = "uniform"
    """Longest length over time: the same always; max_length * progress ** length_power; the same and nothing shorter;
    or one more when learned."""
    max_length: int = 10
    """The longest sequence ever trained on."""
    length_power: float = 1.5
    """The power of the power and ramp curricula."""
    level_loss: float = 0.15
    """Adaptive curriculum: a loss below this, at the level or above it, raises the level by one."""
    any_length: float = 0.0
    """The share of updates that draw from all lengths, whatever the curriculum says."""

    largest_memory: int = 48
    """Rows are drawn anew for every update, log-uniformly from 2L + 4 to this; 0 leaves the machine's memory_size."""
    largest_memory_settling: int = 1000
    """The same while the machine settles, for the share `large_memories` of the updates."""
    large_memories: float = 0.5
    """That share."""
    handicap: float = 0.5
    """In these updates key strengths are multiplied by this, so that a jump by content has room to spare without it."""

    optimizer: Optimizer = "adam"
    """adam; Graves's RMSProp (Graves 2013, Eqs. 38-45: decay 0.95, centred); or the post's, whose averages lag one
    gradient behind."""
    learning_rate: float = 5e-3
    """The peak rate."""
    momentum: float = 0.9
    """Momentum of RMSProp (Adam has its own averages, 0.9 and 0.999)."""
    warmup_updates: int = 50
    """Updates over which the rate rises to its peak."""
    state_decay: float = 0.0
    """Decoupled weight decay of an LSTM's weights from its own last state, so that it keeps nothing for long without a
    reason."""
    clip_norm: float = 0.2
    """Largest norm of the whole gradient; 0: no limit."""
    clip_value: float = 0.0
    """Largest absolute value of a gradient's elements; 0: no limit."""

    settled_loss: float = 0.05
    """When the running loss falls below this, the machine has learned its lengths and begins to settle; 0: never."""
    settle_updates: int = 225
    """Updates over which the rate then falls along a cosine; a machine that is not exact by then learns on first."""
    final_rate: float = 0.05
    """The share of the peak rate that it falls to."""
    focus: float = 0.1
    """While settling: weight of the focus loss, the mean entropy of all weightings in nats."""
    focus_updates: int = 50
    """Updates over which that weight rises to its full value."""

    rest: float = 0.05
    """Weight of the rest loss, times the share of the task that is learned: while the sequence comes in, a read head
    should stay on one row. 0 for a weighting that is sharp and at rest, 1 for one that is spread out or moves on."""
    listen: float = 0.1
    """Weight of the listen loss, the mean square of what is read while the sequence comes in: nothing is worth reading
    then, and what is read could be taken for the answer's beginning."""
    quiet: float = 0.02
    """While settling: weight of the quiet loss, the mean squared change of a row's numbers during the answer, summed
    over rows: what is written then can only do harm."""

    validate_every: int = 25
    """Updates between validations; the training ends with two exact ones in a row."""
    settle_at_least: int = 175
    """Updates that a machine settles before an exact validation counts."""
    keep_training: float = 0.0
    """Once converged: train on for this many times the updates so far before judging."""
    keep_rate: float = 0.1
    """The rate while it is trained on, as a share of the peak rate."""
    averaging: float = 0.0
    """What is validated and judged: the weights themselves (0), or a running average of them that keeps this much of
    the past at every update."""

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if get_origin(field.type) is Literal and value not in get_args(field.type):
                expected = ", ".join(repr(choice) for choice in get_args(field.type))
                raise ValueError(f"{field.name} is {value!r}: expected one of {expected}")
            if field.type in (int, float):
                _require_number(field.name, value, field.type)
        if self.initialisation == "glorot" and getattr(self.machine, "controller", None) != "feed-forward":
            raise ValueError(
                "initialisation is 'glorot', as the post's code, which knows only a feed-forward controller:"
                " leave it at 'pytorch' for another machine"
            )
        if self.state_decay and self.optimizer != "adam":
            raise ValueError(
                f"state_decay is {self.state_decay}: only Adam has it; leave it at 0 with {self.optimizer}"
            )


AT_LEAST_ONE = {"updates", "batch_size", "max_length", "settle_updates", "validate_every"}
SHARES = {"any_length", "large_memories", "final_rate", "handicap", "momentum", "keep_rate", "averaging"}
SIGNED = {"erase_bias", "open_gates"}


def _require_number(name: str, value: float, kind: type) -> None:
    """A whole number where one is meant; not negative; at most 1 where it is a share."""
    if isinstance(value, bool) or not isinstance(value, int if kind is int else (int, float)):
        raise TypeError(f"{name} is {value!r}: expected a {'whole number' if kind is int else 'number'}")
    low = 1 if name in AT_LEAST_ONE else -math.inf if name in SIGNED else 0
    high = 1 if name in SHARES else math.inf
    if not low <= value <= high or (kind is float and not math.isfinite(value)):
        expected = f"from {low} to {high}" if high == 1 else "finite" if low == -math.inf else f"at least {low}"
        raise ValueError(f"{name} is {value}: expected {expected}")


reliable = Recipe()
"""The feed-forward controller; README says how many seeds converge."""

reliable_kept_training = replace(reliable, name="reliable_kept_training", keep_training=1.0)
"""The same machines, trained on for as many updates again."""

reliable_lstm = replace(
    reliable,
    name="reliable_lstm",
    machine=replace(COPY_MACHINE, controller="lstm", controller_size=32, forget_ceiling=0.5, output_from="reads"),
    input_gain=1.0,
    open_gates=2.0,
    learning_rate=1e-2,
    state_decay=1.0,
    settle_updates=400,
    settle_at_least=325,
)
"""The LSTM controller: small, with cells that forget half at every step, and an output from what is read alone. What
it could count or keep in its own state is learned sooner than the tape, and is wrong after more steps than were trained
on. README has its count."""

paper_2014 = Recipe(
    name="paper_2014",
    machine=NTMConfig(10, 8, initial_weights="learned", initial_memory="learned", initial_value=0.1),
    input_gain=1.0,
    location_gain=1.0,
    erase_bias=0.0,
    updates=100_000,
    batch_size=1,
    payload="random",
    payload_settling="random",
    loss_per="sequence",
    draws="independent",
    max_length=20,
    largest_memory=0,
    optimizer="rmsprop",
    learning_rate=1e-4,
    warmup_updates=0,
    clip_norm=0.0,
    clip_value=10.0,
    settled_loss=0.0,
    focus=0.0,
    rest=0.0,
    listen=0.0,
    quiet=0.0,
    validate_every=1000,
)
"""Section 4.6 of the paper: RMSProp 1e-4, momentum 0.9, elements clipped to 10, lengths 1-20, one at a time. The cost
is of a whole sequence, as in the paper's figures."""

post_2014 = replace(
    paper_2014,
    name="post_2014",
    machine=NTMConfig(
        input_size=8,
        output_size=7,
        weightings="single",
        initial_weights="learned",
        initial_memory="learned",
        initial_value=1.0,
        initial_reads="memory",
        output_from="hidden",
    ),
    initialisation="glorot",
    updates=70_000,
    optimizer="lagging-rmsprop",
    loss_over="sequence",
    curriculum="power",
    length_power=1.5,
    clip_value=0.0,
)
"""The post's code on the day of the post (shawntan 01b0b6e): one weighting for reading and writing, 7 bits and an
end marker, a learned start, output from the hidden layer, loss summed over all steps, length 20 * progress ** 1.5, no
clip, and an RMSProp that leaves the gradient out of its own divisor."""

post_repaired = replace(
    reliable,
    name="post_repaired",
    machine=replace(COPY_MACHINE, weightings="single", initial_weights="first-row"),
    updates=6000,
    payload="random",
    max_length=20,
    rest=0.0,
    listen=0.0,
    quiet=0.2,
)
"""The post's one weighting for reading and writing, its random bits and its lengths up to 20, with what it takes to
learn; docs/findings.md says on how many seeds. The question "repaired" undoes each of the changes in turn. The one head
that reads the answer could also write on it: the quiet loss counts ten times as much as for two heads. A few seeds
learn their lengths late: there are twice as many updates."""


def names() -> list[str]:
    """The recipes of this module, in order."""
    return [value.name for value in globals().values() if isinstance(value, Recipe)]


def by_name(name: str) -> Recipe:
    """The recipe of that name; ValueError, with the names there are, for any other."""
    if name not in names():
        raise ValueError(f"recipe is {name!r}: expected one of {', '.join(names())}")
    return globals()[name]
