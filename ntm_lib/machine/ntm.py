"""The Neural Turing Machine: a controller, its heads and a memory, with the state passed in and returned."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Generator, Tensor, nn

from ntm_lib.machine import validate
from ntm_lib.machine.config import NTMConfig
from ntm_lib.machine.controller import FeedForwardController, LSTMController
from ntm_lib.machine.heads import Heads
from ntm_lib.machine.stack import linear
from ntm_lib.machine.state import NTMState, initial_state, own_parts
from ntm_lib.machine.step import FAST, PLAIN, advance, next_features, run


class NTM(nn.Module):
    """Neural Turing Machine (Graves et al. 2014, section 3).

    First weights are drawn from `generator` (None: from torch's global one). Raises TypeError without an NTMConfig.

    >>> machine = NTM(NTMConfig(input_size=10, output_size=8))
    >>> logits, state = machine(torch.zeros(2, 5, 10))
    >>> logits.shape, state.memory.shape
    (torch.Size([2, 5, 8]), torch.Size([2, 128, 20]))
    """

    equations = FAST  # that `forward` computes with
    compiled: Callable[..., tuple[Tensor, NTMState]] | None = None  # the step, once `compile_step` was called
    reads_0: Tensor
    memory_0: Tensor
    weights_0: Tensor

    def __init__(self, config: NTMConfig, generator: Generator | None = None):
        super().__init__()
        if not isinstance(config, NTMConfig):
            raise TypeError(f"config is {type(config).__name__}: expected an NTMConfig")
        self.config = config
        hidden, read = config.controller_size, config.read_heads * config.word_size
        self.controller: FeedForwardController | LSTMController
        if config.controller == "lstm":
            self.controller = LSTMController(config.input_size + read, hidden, config.forget_ceiling, generator)
        else:
            self.controller = FeedForwardController(config.input_size + read, hidden, generator)
        heads = config.word_size, config.read_heads, config.write_heads, config.shift_range, config.weightings
        self.heads = Heads(hidden, *heads, generator)
        features = {"hidden": hidden, "reads": read, "hidden-and-reads": hidden + read}
        self.output = linear(features[config.output_from], config.output_size, generator)
        for name, values, learned in own_parts(config, generator):
            if learned:
                self.register_parameter(name, nn.Parameter(values))
            else:
                self.register_buffer(name, values)

    @property
    def free_memory_size(self) -> bool:
        """Whether the machine runs with any number of rows: no part of it has one entry a row."""
        return not self.config.tied_parts

    @property
    def memory_size(self) -> int:
        """Rows of the memory where a call asks for no number."""
        return self.config.memory_size

    def initial_state(self, batch_size: int, memory_size: int | None = None) -> NTMState:
        """The state before the first step, for `batch_size` sequences and `memory_size` rows (None: the config's).

        Raises TypeError or ValueError for a batch size below 1 and for a memory size that the machine cannot run with.
        """
        validate.whole_number("batch_size", batch_size)
        like = self.output.weight
        if autocast_is_on(like):
            with torch.autocast(like.device.type, enabled=False):
                return self.initial_state(batch_size, memory_size)
        shared = initial_state(self, batch_size, validate.rows(memory_size, self.config))
        return shared.each(torch.clone)  # numbers of its own, which a caller may change

    def forward(
        self,
        inputs: Tensor,
        state: NTMState | None = None,
        memory_size: int | None = None,
        history: list[NTMState] | None = None,
        crowd: float = 1,
    ) -> tuple[Tensor, NTMState]:
        """Run a whole sequence: inputs (B, T, input) -> logits (B, T, output) and the state after the last step.

        `memory_size` stands in for the config's number of rows where no state is given. The state after every step is
        appended to `history`. With a `crowd` above 1, heads find rows by content as on a tape so many times as long
        (`addressing.crowded`). Autocast does not reach inside: a machine computes in the
        precision of its weights.
        Raises TypeError or ValueError for inputs, a state or a history that the machine cannot take.
        """
        if autocast_is_on(inputs):
            with torch.autocast(inputs.device.type, enabled=False):
                return self.forward(inputs.to(self.output.weight.dtype), state, memory_size, history, crowd)
        validate.history(history)
        rows = validate.call(inputs, "(batch, time, input)", state, memory_size, self.config, self.output.weight)
        start = initial_state(self, len(inputs), rows) if state is None else state
        equations = self.equations.in_a(validate.crowd(crowd, self.output.weight.dtype))
        features, end = run(self, inputs, start, history, equations)
        return self.output(features), end

    def step(self, x: Tensor, state: NTMState) -> tuple[Tensor, NTMState]:
        """One time step by the equations as printed: x (B, input), state -> logits (B, output), next state.

        Autocast and errors as in `forward`.

        >>> machine = NTM(NTMConfig(input_size=10, output_size=8))
        >>> logits, state = machine.step(torch.zeros(2, 10), machine.initial_state(batch_size=2))
        >>> logits.shape
        torch.Size([2, 8])
        """
        if autocast_is_on(x):
            with torch.autocast(x.device.type, enabled=False):
                return self.step(x.to(self.output.weight.dtype), state)
        validate.call(x, "(batch, input)", state, None, self.config, self.output.weight)
        step = advance(self, x, state, PLAIN)
        return self.output(step.features), step.state

    def compile_step(self, *arguments: Any, **options: Any) -> None:
        """Let torch.compile, which takes these arguments, compile one step; numbers stay the same up to rounding.

        Pays where batch size and number of rows stay: others are compiled anew. Derivatives of derivatives need a
        machine that is not compiled; ValueError for a backend that would give wrong ones.
        """
        if options.get("backend") in ("eager", "eager_noexcept", "eager_debug", "pre_dispatch_eager"):
            raise ValueError(f"backend is {options['backend']!r}: expected one that compiles, such as 'inductor'")
        self.compiled = torch.compile(next_features, *arguments, **options)

    def __getstate__(self) -> dict[str, Any]:
        """All attributes for a copy or a pickle but the compiled step, which cannot be written to disk."""
        return {name: value for name, value in self.__dict__.items() if name != "compiled"}


def autocast_is_on(inputs: Any) -> bool:
    """Whether `torch.autocast` would change the precision of operations on a tensor."""
    if not isinstance(inputs, Tensor) or not torch.amp.is_autocast_available(inputs.device.type):
        return False
    return torch.is_autocast_enabled(inputs.device.type)
