"""Run a machine and keep what every step did.

Shapes: B sequences, T steps, A addressing heads, R read heads, W write heads, N memory rows, M numbers a row, S shift
offsets. Read heads come first; with "single" weightings they and the write heads are the same.
"""

from typing import NamedTuple

import torch
from torch import Tensor, nn

from ntm_lib.machine import NTM, NTMConfig, NTMState, addressing
from ntm_lib.machine.heads import Emission
from ntm_lib.tasks import Batch, frame_copy
from ntm_lib.training.evaluation import copy_format, rows_needed


class Trace(NamedTuple):
    """What a machine was shown, what it did at every step, and what came out."""

    inputs: Tensor  # (B, T, input)
    targets: Tensor  # (B, T, output)
    mask: Tensor  # (B, T)           1 on the steps whose output counts
    logits: Tensor  # (B, T, output)
    start: NTMState  # before the first step
    end: NTMState  # after the last step
    h: Tensor  # (B, T, hidden)      the controller's output
    emission: Emission  # key, beta, g, s, gamma, erase, add: each as in `Emission`, with T after B
    w_previous: Tensor | None  # (B, T, A, N)  what each head starts from; None where the stages were not asked for
    w_c: Tensor | None  # (B, T, A, N)  what the key found (Eq. 5)
    w_g: Tensor | None  # (B, T, A, N)  the two blended (Eq. 7)
    w_s: Tensor | None  # (B, T, A, N)  moved (Eq. 8)
    w: Tensor  # (B, T, A, N)        sharpened (Eq. 9): where the heads point
    w_read: Tensor  # (B, T, R, N)   the read heads' part of w
    w_write: Tensor  # (B, T, W, N)  the write heads' part of w
    reads: Tensor  # (B, T, R, M)
    changes: Tensor  # (B, T, N)     how far each row moved in this step: the length of its difference
    memory: Tensor | None  # (B, T, N, M)  after each step; None where it was not asked for
    config: NTMConfig

    @property
    def wrong(self) -> Tensor:
        """Bits that came out wrong: True or False, (B, T, output); never outside the answer."""
        return ((self.logits > 0) != (self.targets > 0)) & (self.mask > 0).unsqueeze(-1)


class _Recorder:
    """A history that keeps of each state what was asked for, and lets go of its memory, the largest part by far.

    All that is kept has its place from the first step on: small pieces kept among memories that come and go would
    leave holes in which no memory fits.
    """

    def __init__(self, model: NTM, start: NTMState, steps: int, stages: bool, memory: bool):
        self.heads, self.last, self.steps, self.stages, self.memory = model.heads, start, steps, stages, memory
        self.steered: tuple[Tensor, Emission] | None = None
        self.kept: dict[str, Tensor] = {}
        self.now = 0

    def hear(self, heads: nn.Module, arguments: tuple[Tensor], emission: Emission) -> None:
        """A forward hook of the heads: the controller's output, and what they emit because of it."""
        self.steered = arguments[0], emission

    def append(self, state: NTMState) -> None:
        """Turn the state after a step into what is kept of it."""
        for name, value in self._found(state).items():
            if not self.now:
                self.kept[name] = value.new_empty(len(value), self.steps, *value.shape[1:])
            self.kept[name][:, self.now] = value
        self.last, self.now = state, self.now + 1

    def _found(self, state: NTMState) -> dict[str, Tensor]:
        h, emission = self.steered
        found = {"h": h, "w": state.weights, "reads": state.reads, **emission._asdict()}
        found["changes"] = torch.linalg.vector_norm(state.memory - self.last.memory, dim=-1)
        if self.stages:
            found["w_previous"] = self.heads.previous(self.last.weights)
            found["w_c"] = addressing.content_weights(self.last.memory, emission.key, emission.beta)
            found["w_g"] = addressing.interpolate(found["w_c"], found["w_previous"], emission.g)
            found["w_s"] = addressing.shift(found["w_g"], emission.s)
        if self.memory:
            found["memory"] = state.memory
        return found


@torch.no_grad()
def trace(
    model: NTM, batch: Batch, memory_size: int | None = None, *, stages: bool = True, memory: bool = False
) -> Trace:
    """Run a batch through a machine and keep every step; the memories only where `memory` asks for them.

    Raises TypeError for a model without a memory, and TypeError or ValueError as `NTM.forward` does.
    """
    if not isinstance(model, NTM):
        raise TypeError(f"model is {type(model).__name__}: expected an NTM, whose heads and memory can be traced")
    start = model.initial_state(len(batch.inputs), memory_size)
    recorder = _Recorder(model, start, batch.inputs.shape[1], stages, memory)
    hook = model.heads.register_forward_hook(recorder.hear)
    try:
        logits, end = model(batch.inputs, memory_size=memory_size, history=recorder)
    finally:
        hook.remove()
    steps = recorder.kept
    emission = Emission(**{name: steps.pop(name) for name in Emission._fields})
    w = steps["w"].flatten(0, 1)  # (B * T, A, N)
    parts = {"w_read": model.heads.reading(w), "w_write": model.heads.writing(w)}
    parts = {name: part.unflatten(0, batch.mask.shape) for name, part in parts.items()}
    optional = dict.fromkeys(("w_previous", "w_c", "w_g", "w_s", "memory"))
    kept = {"start": start, "end": end, "emission": emission, "config": model.config, **parts, **optional, **steps}
    return Trace(*batch, logits=logits, **kept)


def trace_copy(
    model: NTM, bits: Tensor, memory_size: int | None = None, *, stages: bool = True, memory: bool = False
) -> Trace:
    """Trace a copy of a payload of bits (B, L, width), framed by the markers that the machine knows.

    The memory has `memory_size` rows, or as many as the length needs where the machine allows it. Errors as in
    `trace`, and ValueError for a machine whose inputs leave no room for an end marker.
    """
    _, start_marker = copy_format(model)
    if memory_size is None and getattr(model, "free_memory_size", False):
        memory_size = rows_needed(bits.shape[1])
    return trace(model, frame_copy(bits, start_marker), memory_size, stages=stages, memory=memory)
