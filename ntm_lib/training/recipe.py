"""Every number of a training in one place. A recipe is frozen: change one with `dataclasses.replace`."""

import re
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from ntm_lib.machine import LSTMConfig, NTMConfig, validate

COPY_MACHINE = NTMConfig(input_size=10, output_size=8, initial_weights="spaced", output_from="hidden")
"""The paper's sizes, for bytes between two markers; the heads begin apart."""

LIMITS = {
    **dict.fromkeys(("updates", "batch_size", "max_length", "validate_every", "validations_in_a_row"), (1, 10**9)),
    **dict.fromkeys(("keep_rate", "averaging", "last_rate"), (0, 1)),
    **dict.fromkeys(("validation_crowd", "settle_crowd"), (1, 10**6)),
    "open_gates": (-100, 100),
}
"""Smallest and largest value of a number in a recipe; of all others (0, 1,000,000)."""


@dataclass(frozen=True)
class Historical:
    """Choices that only the recipes of 2014, and the studies that compare with them, make differently."""

    loss_over: Literal["answer", "sequence"] = "answer"
    """Steps whose cross-entropy is trained on: the answer's, or the whole sequence's, with targets of 0 before it."""
    loss_per: Literal["bit", "sequence"] = "bit"
    """Unit of the loss: the mean over bits, or the sum over a sequence, whose gradient grows with length."""
    curriculum: Literal["uniform", "power", "ramp", "mixed", "adaptive", "longest"] = "uniform"
    """Longest length over the updates. uniform: always max_length; power: max_length * progress ** 1.5 (the 2014 post);
    ramp: max_length * progress, and no shorter one; mixed: power, with a fifth of the updates from all lengths;
    adaptive: one more whenever the longest is learned; longest: always max_length, and no shorter one."""
    clip_value: float = 0.0
    """Largest absolute value of any one number in the gradient; 0: no limit."""

    def __post_init__(self) -> None:
        validate.fields(self, LIMITS, (0, 10**6))


@dataclass(frozen=True)
class Recipe:
    """How one machine is built, trained and judged.

    Raises TypeError for a number of the wrong type, ValueError for one out of bounds and for an unknown choice.

    >>> from dataclasses import replace
    >>> replace(Recipe(), name="longer", max_length=20).max_length
    20
    """

    name: str = "reliable"
    """Name of the recipe in tables."""
    task: Literal["copying", "repeat_copy", "repeat_copy_ticks", "recall", "ngrams", "sort"] = "copying"
    """Problem that the machine is trained and judged on, unless a call names another; its widths are the machine's."""
    machine: NTMConfig | LSTMConfig = COPY_MACHINE
    """Sizes and choices of the machine."""
    open_gates: float = 0.0
    """Added to the first biases of an LSTM's input and output gates, taken from its forget gates'."""
    first_weights: Literal["alike", "pytorch", "glorot"] = "alike"
    """First weights. pytorch: uniform within 1/sqrt(inputs); alike: as in pytorch, but keys begin as what is added, so
    that a read head finds what was written in a like state; glorot: as in the 2014 post's code."""
    looking_heads: int = 0
    """Weightings, from the first on, that begin by looking for what their keys say (`let_heads_begin_in_roles`)."""
    walking_heads: int = 0
    """Weightings, from the last on, that begin by walking, a row a step."""
    jumping_heads: int = 0
    """Weightings, from the first on and before those that look, that begin by jumping at every step to where their keys
    say."""
    location_heads: int = 0
    """Number of weightings, counted from the last, that never look for a row by content: they walk or stay
    (`shut_gates`). Those of read heads come first, those of write heads last."""

    updates: int = 3000
    """Most updates of one training; training ends sooner when the machine has settled and is exact."""
    batch_size: int = 8
    """Sequences in one update, all of one length."""
    payload: Literal["random", "uneven"] = "random"
    """Vectors to copy while training. random: fair bits; uneven: half of the sequences vectors in which every number of
    ones is equally likely."""
    max_length: int = 10
    """Longest sequence to train on: in vectors of copying, repeat copy and sort, items of recall, and for
    N-grams bits of context: 40 bits of a sequence for each."""

    largest_memory: int = 48
    """Most rows of memory: every update draws a number, log-uniformly, from those that the task needs on, 2L + 4 in
    copying; 0: always memory_size."""

    optimizer: Literal["adam", "rmsprop", "lagging-rmsprop"] = "adam"
    """adam; rmsprop, Graves's (2013, Eqs. 38-45); or lagging-rmsprop, that of the 2014 post's code, which divides a
    gradient by the sizes of the gradients before it."""
    learning_rate: float = 5e-3
    """Peak of the learning rate."""
    warmup_updates: int = 50
    """Updates in which the learning rate rises to its peak."""
    last_rate: float = 1.0
    """Learning rate at the last of `updates`, as a share of its peak: it falls there evenly; 1: it does not fall."""
    state_decay: float = 0.0
    """Decoupled weight decay (Adam only) of an LSTM's weights from its own last state: above 0, the LSTM forgets."""
    clip_norm: float = 0.2
    """Largest norm of the whole gradient; 0: no limit."""
    clip_weightings: float = 0.0
    """Largest norm of the derivative of a sequence's loss with respect to one weighting at one step, on its way back
    through time; 0: no limit (`limit_derivatives`)."""

    settle_updates: int = 200
    """Updates of settling, which begins once the running loss is below 0.05 nats a bit; a machine that is not exact at
    their end learns on without the losses of settling until it settles again; 0: it never settles."""
    settle_at_least: int = 75
    """Updates of settling before an exact validation counts."""
    settle_crowd: float = 1.0
    """Largest crowd while settling, as on a tape so many times as long (`addressing.crowded`): every update draws one
    from 1 on, log-uniformly; 1: none."""
    focus: float = 0.1
    """Weight of the focus loss while settling: the mean entropy of all weightings, in nats."""
    clear: float = 0.3
    """Weight of the clear loss while settling: how unsure heads are what to do after each vector, and where to find the
    start, in nats."""

    validate_every: int = 25
    """Updates between validations."""
    margin: float = 3.0
    """Nats by which a logit has to be on its right side for its bit to be right in a validation."""
    validation_crowd: float = 10_000
    """Crowd in which a validation asks for the jump, as on a tape so many times as long (`addressing.crowded`)."""
    validations_in_a_row: int = 1
    """Exact validations, one after the other, that end a training."""
    keep_training: float = 0.0
    """Updates after the machine has converged, as a multiple of the updates before."""
    keep_rate: float = 0.1
    """Learning rate after the machine has converged, as a share of its peak."""
    averaging: float = 0.0
    """Share of the past in a running average of the weights, which is then validated and judged; 0: no average."""
    historical: Historical = field(default_factory=Historical)
    """Choices of the recipes of 2014."""

    def __post_init__(self) -> None:
        validate.fields(self, LIMITS, (0, 10**6))
        if not re.fullmatch(r"\w[\w.+-]{0,99}", self.name):
            raise ValueError(
                f"name is {self.name!r}: expected up to 100 letters, digits and _ . + -, because files bear it"
            )
        if not isinstance(self.machine, NTMConfig | LSTMConfig):
            raise TypeError(f"machine is {self.machine!r}: expected an NTMConfig or an LSTMConfig")
        if not isinstance(self.historical, Historical):
            raise TypeError(f"historical is {self.historical!r}: expected a Historical")
        if 0 < self.settle_updates <= self.settle_at_least:
            raise ValueError(
                f"settle_at_least is {self.settle_at_least}: expected less than settle_updates, {self.settle_updates},"
                " or no validation would count"
            )
        if self.first_weights == "glorot" and getattr(self.machine, "controller", None) != "feed-forward":
            raise ValueError(
                "first_weights is 'glorot': that is for a feed-forward controller; choose 'alike' or 'pytorch'"
            )
        weightings = getattr(self.machine, "addressing_heads", 0)
        roles = self.looking_heads, self.walking_heads, self.jumping_heads
        if sum(roles) > weightings:
            raise ValueError(
                f"looking_heads, walking_heads and jumping_heads are {', '.join(map(str, roles))}: expected a sum of at"
                f" most {weightings}, the number of the machine's weightings"
            )
        left = weightings - self.looking_heads - self.jumping_heads
        if self.location_heads > left:
            raise ValueError(
                f"location_heads is {self.location_heads}: expected at most {left}, the number of the machine's"
                " weightings that neither look nor jump"
            )
        if self.clip_weightings and not weightings:
            raise ValueError(
                f"clip_weightings is {self.clip_weightings}: leave it at 0, a machine without heads has no weightings"
            )
        if self.state_decay and self.optimizer != "adam":
            raise ValueError(
                f"state_decay is {self.state_decay}: leave it at 0 with {self.optimizer}, only Adam has it"
            )


def settings(recipe: Recipe) -> dict[str, Any]:
    """All fields of a recipe by name; a field of its machine is "machine.NAME", a historical one "historical.NAME"."""
    flat: dict[str, Any] = {"machine": type(recipe.machine).__name__}
    for name, value in asdict(recipe).items():
        flat |= {f"{name}.{inner}": one for inner, one in value.items()} if isinstance(value, dict) else {name: value}
    return flat


def differences(recipe: Recipe, base: Recipe) -> dict[str, Any]:
    """Fields of a recipe that have another value than in the recipe `base`, by name as in `settings`."""
    other = settings(base)
    return {name: value for name, value in settings(recipe).items() if name not in other or other[name] != value}
