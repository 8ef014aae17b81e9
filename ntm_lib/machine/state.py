"""The state that a machine carries from step to step, and where it begins."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

import torch
from torch import Generator, Tensor

from ntm_lib.machine.memory import initial_memory, read
from ntm_lib.machine.stack import for_each_sequence

if TYPE_CHECKING:
    from ntm_lib.machine.config import NTMConfig
    from ntm_lib.machine.ntm import NTM


class NTMState(NamedTuple):
    """Everything that a machine carries from one step to the next."""

    memory: Tensor  # (B, N, M)
    weights: Tensor  # (B, A, N)  read heads first, then write heads
    reads: Tensor  # (B, R, M)
    controller: tuple[Tensor, ...]  # () or the LSTM's (h, c), each (B, hidden)

    def tensors(self) -> tuple[Tensor, ...]:
        """All tensors of the state."""
        return self.memory, self.weights, self.reads, *self.controller

    def each(self, change: Callable[[Tensor], Any]) -> "NTMState":
        """The state with a function applied to every tensor."""
        memory, weights, reads, *controller = map(change, self.tensors())
        return NTMState(memory, weights, reads, tuple(controller))

    def detach(self) -> "NTMState":
        """The state cut off from its past: gradients of later steps end here (truncated backpropagation)."""
        return self.each(Tensor.detach)

    def to(self, *where: Any, **options: Any) -> "NTMState":
        """The state on another device or in another dtype; arguments as for `torch.Tensor.to`."""
        return self.each(lambda part: part.to(*where, **options))


def own_parts(config: "NTMConfig", generator: Generator | None) -> Iterator[tuple[str, Tensor, bool]]:
    """The machine's own numbers from which its state begins, as (name, values, whether they are learned)."""
    rows, width = config.memory_size, config.word_size
    if config.initial_reads == "learned":
        yield "reads_0", torch.zeros(config.read_heads, width), True
    if config.initial_memory == "learned-row":
        yield "memory_0", torch.full((1, width), config.initial_value), True
    elif config.initial_memory != "constant":
        memory = torch.empty(rows, width).uniform_(-config.initial_value, config.initial_value, generator=generator)
        yield "memory_0", memory, config.initial_memory == "learned"
    if config.initial_weights in ("random", "learned"):
        logits = torch.randn(config.addressing_heads, rows, generator=generator)
        yield "weights_0", logits, config.initial_weights == "learned"


def initial_state(machine: "NTM", batch_size: int, rows: int) -> NTMState:
    """The state of `batch_size` sequences before the first step, with a memory of `rows` rows."""
    config, like = machine.config, machine.output.weight
    constant = config.initial_memory == "constant"
    first_rows = like.new_full((1, config.word_size), config.initial_value) if constant else machine.memory_0
    memory = initial_memory(first_rows, batch_size, rows)
    like.new_empty(memory.shape)  # a memory that no computer holds is refused before weightings fill this one
    weights = for_each_sequence(first_weights(machine, like, rows), 2, batch_size)
    if config.initial_reads == "learned":
        reads = for_each_sequence(machine.reads_0, 2, batch_size)
    else:
        reads = read(memory, machine.heads.reading(weights))
    return NTMState(memory, weights, reads, machine.controller.initial_state(batch_size))


def first_weights(machine: "NTM", like: Tensor, rows: int) -> Tensor:
    """The weightings before the first step, as `initial_weights` of the config says -> (A, rows)."""
    kind, heads = machine.config.initial_weights, machine.config.addressing_heads
    if kind in ("random", "learned"):
        return machine.weights_0.softmax(-1)
    if kind == "uniform":
        return like.new_full((heads, rows), 1 / rows)
    indices = torch.arange(heads, device=like.device)
    focus = indices * rows // heads if kind == "spaced" else torch.zeros_like(indices)
    return (torch.arange(rows, device=like.device) == focus.unsqueeze(-1)).to(like.dtype)
