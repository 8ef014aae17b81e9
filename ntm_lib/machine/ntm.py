"""The Neural Turing Machine: a controller, its heads and a memory, with the state passed in and returned."""

from dataclasses import dataclass, fields
from numbers import Integral
from typing import Any, Literal, NamedTuple, get_args

import torch
from torch import Tensor, nn

from ntm_lib.machine import addressing, memory
from ntm_lib.machine.controller import FeedForwardController, LSTMController
from ntm_lib.machine.heads import Heads, Weightings
from ntm_lib.machine.stack import Linear, for_each_sequence

Controller = Literal["feed-forward", "lstm"]
InitialWeights = Literal["first-row", "spaced", "uniform", "random", "learned"]
InitialMemory = Literal["constant", "learned-row", "random", "learned"]
InitialReads = Literal["learned", "memory"]
OutputFrom = Literal["hidden-and-reads", "hidden", "reads"]


@dataclass(frozen=True)
class NTMConfig:
    """The sizes and choices of a machine; names as in the paper (section 3) and the DNC reference code.

    Raises TypeError for a size that is not an integer, ValueError for one below 1 and for an unknown choice.
    """

    input_size: int
    """Numbers in one input vector."""
    output_size: int
    """Logits in one output vector."""
    memory_size: int = 128
    """Rows of the memory, N, unless a call asks for another number."""
    word_size: int = 20
    """Numbers in one row, M."""
    read_heads: int = 1
    """Heads that read, R."""
    write_heads: int = 1
    """Heads that write, W."""
    controller: Controller = "feed-forward"
    """What steers the heads: one tanh layer, or an LSTM with a state of its own."""
    controller_size: int = 100
    """Hidden units of the controller."""
    forget_ceiling: float = 1.0
    """Highest value of an LSTM controller's forget gates, above 0: below 1 its cells cannot count without end."""
    shift_range: int = 1
    """Farthest step of a head in one time step, in rows: 1 allows -1, 0 and +1."""
    weightings: Weightings = "separate"
    """separate: every head has its own weighting; single: head i reads and writes at one weighting;
    shared-previous: every head interpolates from the first write head's previous weighting."""
    initial_weights: InitialWeights = "first-row"
    """Where heads point before the first step: all on row 0; sharply, spaced evenly round the tape (head i of A on
    row i * N // A); everywhere alike; at random, the softmax of normal numbers that stay; or learned from there."""
    initial_memory: InitialMemory = "constant"
    """What the memory holds before the first step: one number everywhere; one learned row, again and again; random
    numbers that stay; or learned ones, a number a cell."""
    initial_value: float = 0.0
    """The number in every cell of a constant initial memory, and where a learned row begins; of a random or learned
    memory the farthest from 0, where 0 means 1 / sqrt(N + M)."""
    initial_reads: InitialReads = "learned"
    """What the controller sees as the reads before the first step: learned numbers, or the first memory at the first
    weightings."""
    output_from: OutputFrom = "hidden-and-reads"
    """What the output layer sees."""

    def __post_init__(self) -> None:
        sizes = {field.name: getattr(self, field.name) for field in fields(self) if field.type is int}
        for name, value in sizes.items():
            object.__setattr__(self, name, _size(name, value))
        if not 0 < self.forget_ceiling <= 1:
            raise ValueError(f"forget_ceiling is {self.forget_ceiling}: expected more than 0 and at most 1")
        for name, choices in _CHOICES.items():
            if getattr(self, name) not in get_args(choices):
                expected = ", ".join(repr(choice) for choice in get_args(choices))
                raise ValueError(f"{name} is {getattr(self, name)!r}: expected one of {expected}")
        if self.weightings == "single" and self.read_heads != self.write_heads:
            raise ValueError(
                f"weightings 'single' pairs every read head with a write head: got {self.read_heads} read and"
                f" {self.write_heads} write heads; make the two numbers equal"
            )


_CHOICES = {
    "controller": Controller,
    "weightings": Weightings,
    "initial_weights": InitialWeights,
    "initial_memory": InitialMemory,
    "initial_reads": InitialReads,
    "output_from": OutputFrom,
}


class NTMState(NamedTuple):
    """Everything a machine carries from one step to the next."""

    memory: Tensor  # (B, N, M)
    weights: Tensor  # (B, A, N)  read heads first, then write heads
    reads: Tensor  # (B, R, M)
    controller: Any  # () or the LSTM's (h, c), each (B, hidden)


class NTM(nn.Module):
    """Neural Turing Machine (Graves et al. 2014, section 3).

    One step: the controller sees the input and the last reads; all heads are addressed on the memory as it was;
    the write heads erase and add; the read heads read the new memory; the output layer sees hidden units and reads.

    Parameters of NTMConfig(10, 8), the paper's copy task: feed-forward 13,380 = 3,100 controller + 9,292 heads
    + 968 output + 20 first reads; LSTM 63,280 = 52,800 + 200 first state + 9,292 + 968 + 20. The paper has
    17,162 and 67,561 (Tables 1, 2) and no breakdown. The memory it resets to "bias values" is probably learned:
    2,560 with initial_memory="learned", which fixes N. The other 1,222 and 1,721 we cannot place: under equal
    heads and outputs, controllers of 100 units differ by a multiple of 100, and the paper's differ by 50,399.
    """

    def __init__(self, config: NTMConfig):
        super().__init__()
        if not isinstance(config, NTMConfig):
            raise TypeError(f"config is {type(config).__name__}: expected an NTMConfig")
        self.config = config
        reads_size = config.read_heads * config.word_size
        seen = config.input_size + reads_size
        if config.controller == "lstm":
            self.controller: nn.Module = LSTMController(seen, config.controller_size, config.forget_ceiling)
        else:
            self.controller = FeedForwardController(seen, config.controller_size)
        self.heads = Heads(
            config.controller_size,
            config.word_size,
            config.read_heads,
            config.write_heads,
            config.shift_range,
            config.weightings,
        )
        self.output = Linear(
            {"hidden": config.controller_size, "reads": reads_size}.get(
                config.output_from, config.controller_size + reads_size
            ),
            config.output_size,
        )
        if config.initial_reads == "learned":
            self.reads_0 = nn.Parameter(torch.zeros(config.read_heads, config.word_size))
        self._keep("memory_0", self._first_rows(), config.initial_memory.startswith("learned"))
        if config.initial_weights in ("random", "learned"):
            logits = torch.randn(self.heads.addressing_heads, config.memory_size)
            self._keep("weights_0", logits, config.initial_weights == "learned")

    def _first_rows(self) -> Tensor:
        config = self.config
        if config.initial_memory in ("constant", "learned-row"):
            return torch.full((1, config.word_size), config.initial_value)
        reach = config.initial_value or (config.memory_size + config.word_size) ** -0.5
        return torch.empty(config.memory_size, config.word_size).uniform_(-reach, reach)

    def _keep(self, name: str, values: Tensor, learned: bool) -> None:
        """A parameter, or numbers that stay as they are; only those that nothing else tells are part of the weights."""
        if learned:
            self.register_parameter(name, nn.Parameter(values))
        else:
            constant = name == "memory_0" and self.config.initial_memory == "constant"
            self.register_buffer(name, values, persistent=not constant)

    def initial_state(self, batch_size: int, memory_size: int | None = None) -> NTMState:
        """The state before the first step, for `batch_size` sequences and `memory_size` rows (default: the config's).

        Raises ValueError for fewer than 1 row, and for a size other than the config's where a part of the machine
        has one entry a row ("learned" or "random" initial weights or memory).
        """
        rows = _size("memory_size", self.config.memory_size if memory_size is None else memory_size)
        self._require_free_size(rows)
        tape = memory.initial_memory(self.memory_0, batch_size, rows)
        weights = self._initial_weights(batch_size, rows)
        if self.config.initial_reads == "learned":
            reads = for_each_sequence(self.reads_0, 2, batch_size)
        else:
            reads = memory.read(tape, self.heads.reading(weights))
        return NTMState(tape, weights, reads, self.controller.initial_state(batch_size))

    def _initial_weights(self, batch_size: int, rows: int) -> Tensor:
        if self.config.initial_weights in ("random", "learned"):
            return for_each_sequence(self.weights_0.softmax(-1), 2, batch_size)
        weights = self.output.weight.new_zeros(batch_size, self.heads.addressing_heads, rows)
        if self.config.initial_weights == "uniform":
            return weights + 1 / rows
        heads = torch.arange(self.heads.addressing_heads)
        spaced = self.config.initial_weights == "spaced"
        weights[:, heads, heads * rows // len(heads) if spaced else 0] = 1
        return weights

    @property
    def free_memory_size(self) -> bool:
        """Whether the machine runs with any number of rows: no part of it has one entry a row."""
        tied = {"random", "learned"}
        return self.config.initial_weights not in tied and self.config.initial_memory not in tied

    def _require_free_size(self, rows: int) -> None:
        for name in () if self.free_memory_size else ("initial_weights", "initial_memory"):
            choice = getattr(self.config, name)
            if choice in ("learned", "random") and rows != self.config.memory_size:
                raise ValueError(
                    f"memory_size {rows}: this machine has {name} {choice!r}, one entry for each of its"
                    f" {self.config.memory_size} rows; leave memory_size at {self.config.memory_size}"
                )

    def forward(
        self,
        inputs: Tensor,
        state: NTMState | None = None,
        memory_size: int | None = None,
        history: list[NTMState] | None = None,
        key_strength: float = 1.0,
    ) -> tuple[Tensor, NTMState]:
        """Run a whole sequence: inputs (B, T, input) -> logits (B, T, output) and the state after the last step.

        `memory_size` rows instead of the config's; with a state, its memory already has a size.
        Every step's state is appended to `history` where a list is given. `key_strength` multiplies every beta: less
        than 1 is a handicap to train with, so that lookups have room to spare without it.
        Raises TypeError or ValueError for inputs of the wrong type, rank, width or dtype, and for a state that
        belongs to another batch, another memory size or another machine.
        """
        self._check_inputs(inputs, "(batch, time, input)")
        if state is None:
            state = self.initial_state(len(inputs), memory_size)
        else:
            self._check_state(state, len(inputs), memory_size)
        if history is None and not torch.is_grad_enabled():
            return self._forward_in_place(inputs, state, key_strength)
        features = []
        for x in _step_by_step(inputs):
            feature, state = self._advance(x, state, key_strength)
            features.append(feature)
            if history is not None:
                history.append(state)
        return self.output(torch.stack(features, dim=1)), state

    def _forward_in_place(self, inputs: Tensor, state: NTMState, key_strength: float) -> tuple[Tensor, NTMState]:
        """The same where no one will look at an earlier step: one memory serves all steps, whatever their number.

        What the output layer sees has its place beforehand too: small pieces kept among large ones that come and go
        would leave holes in which no memory fits.
        """
        room = torch.empty_like(state.memory), torch.empty_like(state.memory)
        features = inputs.new_empty(*inputs.shape[:2], self.output.in_features)
        for t, x in enumerate(_step_by_step(inputs)):
            features[:, t], state = self._advance(x, state, key_strength, room)
        return self.output(features), state

    def step(self, x: Tensor, state: NTMState) -> tuple[Tensor, NTMState]:
        """One time step: x (B, input) and a state -> logits (B, output) and the next state; errors as in `forward`."""
        self._check_inputs(x, "(batch, input)")
        self._check_state(state, len(x))
        feature, state = self._advance(x, state)
        return self.output(feature), state

    def compile(self, *arguments: Any, **options: Any) -> None:
        """Compile one step with torch.compile, which takes these arguments; the same numbers, up to rounding.

        `nn.Module.compile` would compile the whole unrolled loop, which takes minutes, and again for every length. A
        step is compiled again for every batch size and number of rows, so this pays where those do not change.
        """
        self._advance = torch.compile(self._advance, *arguments, **options)

    def _advance(
        self, x: Tensor, state: NTMState, key_strength: float = 1.0, room: tuple[Tensor, Tensor] | None = None
    ) -> tuple[Tensor, NTMState]:
        """One step up to what the output layer sees."""
        h, controller = self.controller(torch.cat([x, state.reads.flatten(1)], dim=-1), state.controller)
        emission = self.heads(h)
        weights = addressing.address(
            state.memory,
            self.heads.previous(state.weights),
            emission.key,
            emission.beta * key_strength,
            emission.g,
            emission.s,
            emission.gamma,
        )
        tape = memory.write(state.memory, self.heads.writing(weights), emission.erase, emission.add, room)
        reads = memory.read(tape, self.heads.reading(weights))
        sees = {"hidden": [h], "reads": [reads.flatten(1)]}.get(self.config.output_from, [h, reads.flatten(1)])
        feature = torch.cat(sees, dim=-1)
        return feature, NTMState(tape, weights, reads, controller)

    def _check_inputs(self, inputs: Tensor, shape: str) -> None:
        if not isinstance(inputs, Tensor):
            raise TypeError(f"inputs are {type(inputs).__name__}: expected a tensor of shape {shape}")
        if inputs.ndim != shape.count(",") + 1 or 0 in inputs.shape:
            raise ValueError(f"inputs have shape {tuple(inputs.shape)}: expected {shape}, with no empty side")
        if inputs.shape[-1] != self.config.input_size:
            raise ValueError(
                f"inputs are {inputs.shape[-1]} wide: this machine has input_size {self.config.input_size}"
            )
        if inputs.dtype != self.output.weight.dtype:
            raise TypeError(
                f"inputs are {inputs.dtype}: expected {self.output.weight.dtype}; convert them with inputs.to(...)"
            )

    def _check_state(self, state: NTMState, batch_size: int, memory_size: int | None = None) -> None:
        if not isinstance(state, NTMState):
            raise TypeError(f"state is {type(state).__name__}: expected the NTMState that the last call returned")
        if len(state.memory) != batch_size:
            raise ValueError(
                f"state holds {len(state.memory)} sequences and inputs {batch_size}: pass the state of the same batch"
            )
        rows = state.memory.shape[1]
        if memory_size is not None and _size("memory_size", memory_size) != rows:
            raise ValueError(
                f"memory_size {memory_size}: the state passed in already has {rows} rows; leave memory_size out"
            )
        self._require_free_size(rows)
        config = self.config
        expected = {
            "memory": (batch_size, rows, config.word_size),
            "weights": (batch_size, self.heads.addressing_heads, rows),
            "reads": (batch_size, config.read_heads, config.word_size),
        }
        for name, shape in expected.items():
            found = tuple(getattr(state, name).shape)
            if found != shape:
                raise ValueError(f"state has {name} of shape {found}, this machine {shape}: pass a state of its own")
        hidden = [(batch_size, config.controller_size)] * (2 if config.controller == "lstm" else 0)
        if [tuple(part.shape) for part in state.controller] != hidden:
            raise ValueError(
                f"state is of another controller than {config.controller!r} with {config.controller_size} units:"
                " pass a state of this machine's own"
            )
        for tensor in (*state[:3], *state.controller):
            if tensor.dtype != self.output.weight.dtype:
                raise TypeError(
                    f"state is {tensor.dtype}: expected {self.output.weight.dtype}, as the machine's weights"
                )


def _step_by_step(inputs: Tensor) -> tuple[Tensor, ...]:
    """The steps (B, input) of inputs (B, T, input), laid out in memory as if they were all there is.

    A compiled step would be compiled again for every T otherwise.
    """
    return inputs.transpose(0, 1).clone(memory_format=torch.contiguous_format).unbind()


def _size(name: str, value: int) -> int:
    """A size as an int, whatever integer it was; TypeError or ValueError for anything but an integer of at least 1."""
    if not isinstance(value, Integral) or isinstance(value, bool):
        raise TypeError(f"{name} is {value!r}: expected a whole number")
    if value < 1:
        raise ValueError(f"{name} is {value}: expected at least 1")
    return int(value)
