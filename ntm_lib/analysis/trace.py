"""Traces: a machine runs, and what every step did is kept.

Shapes: B sequences, T steps, A addressing heads, R read heads, W write heads, N memory rows, M numbers a row, S shift
offsets. Read heads come first; with "single" weightings each of them is a write head as well.
"""

from typing import Any, NamedTuple

import torch
from torch import Tensor

from ntm_lib.analysis.copies import copy_format, rows_needed
from ntm_lib.machine import NTM, NTMConfig, NTMState, validate
from ntm_lib.machine.heads import Emission
from ntm_lib.machine.own import seen_into
from ntm_lib.machine.step import advance
from ntm_lib.tasks import Batch, frame_copy
from ntm_lib.training.evaluation import Machine

MOST_BYTES = 2_000_000_000  # a trace whose weightings and memories would take more is refused


class Trace(NamedTuple):
    """A batch that a machine was shown, everything that each step did, and the answer; all on the CPU."""

    inputs: Tensor  # (B, T, input)
    targets: Tensor  # (B, T, output)
    mask: Tensor  # (B, T)           1 on the steps whose output counts
    logits: Tensor  # (B, T, output)
    start: NTMState  # before the first step
    end: NTMState  # after the last step
    h: Tensor  # (B, T, hidden)      the controller's output
    emission: Emission  # key, beta, g, s, gamma, erase, add: each as in `Emission`, with T after B
    w_previous: Tensor  # (B, T, A, N)  the weighting that each head starts from
    w_c: Tensor  # (B, T, A, N)      found by the key (Eq. 5)
    w_g: Tensor  # (B, T, A, N)      w_previous and w_c blended by the gate (Eq. 7)
    w_s: Tensor  # (B, T, A, N)      shifted (Eq. 8)
    w: Tensor  # (B, T, A, N)        sharpened (Eq. 9): where the heads point
    w_read: Tensor  # (B, T, R, N)   the read heads' part of w
    w_write: Tensor  # (B, T, W, N)  the write heads' part of w
    reads: Tensor  # (B, T, R, M)
    changes: Tensor  # (B, T, N)     how far each row moved in a step: the length of its difference
    memory: Tensor  # (B, T, N, M)   after each step
    config: NTMConfig

    @property
    def wrong(self) -> Tensor:
        """Mark wrong bits of the answer: True or False, (B, T, output)."""
        return ((self.logits > 0) != (self.targets > 0)) & (self.mask > 0).unsqueeze(-1)


@torch.no_grad()
def trace(model: Machine, batch: Batch, memory_size: int | None = None) -> Trace:
    """Run a batch through a machine and keep everything that every step did.

    Raises TypeError for a model without a memory, ValueError for a trace of more than `MOST_BYTES`, and TypeError or
    ValueError as `NTM.forward` does.
    """
    machine, inputs = with_memory(model), batch.inputs
    config, weights = machine.config, machine.output.weight
    rows = validate.call(inputs, "(batch, time, input)", None, memory_size, config, weights)
    require_room(machine, len(inputs), inputs.shape[1], rows)
    start = state = machine.initial_state(len(inputs), rows)
    kept: dict[str, Any] = {}
    for t, x in enumerate(inputs.unbind(1)):
        step = advance(machine, x, state, machine.equations)
        parts = {"h": step.h, "features": step.features, "w_previous": machine.heads.previous(state.weights)}
        parts |= step.emission._asdict() | step.stages._asdict()
        parts |= {"reads": step.state.reads, "memory": step.state.memory}
        parts["changes"] = torch.linalg.vector_norm(step.state.memory - state.memory, dim=-1)
        for name, value in parts.items():
            if t == 0:
                kept[name] = value.new_empty(len(x), inputs.shape[1], *value.shape[1:], device="cpu")
            kept[name][:, t] = value
        state = step.state
    return Trace(
        *Batch(*(part.cpu() for part in batch)),
        logits=machine.output(kept.pop("features").to(weights)).cpu(),
        start=start.to("cpu"),
        end=state.to("cpu"),
        emission=Emission(*(kept.pop(name) for name in Emission._fields)),
        w_read=kept["w"][:, :, : config.read_heads],
        w_write=kept["w"][:, :, -config.write_heads :],
        config=config,
        **kept,
    )


def with_memory(model: Machine) -> NTM:
    """Return the NTM whose steps are a model's (`own.seen_into`); TypeError for a model without a memory."""
    seen = seen_into(model)
    if seen is None:
        raise TypeError(f"model is {type(model).__name__}: expected an NTM, whose heads and memory can be traced")
    return seen


def trace_copy(model: Machine, bits: Tensor, memory_size: int | None = None) -> Trace:
    """Trace a copy of a payload of bits (B, L, width), framed by the markers that the machine knows.

    The memory has `memory_size` rows, or as many as the length needs where the machine allows it. Errors as in
    `trace`, and ValueError for a machine whose inputs leave no room for an end marker.
    """
    machine = with_memory(model)
    if memory_size is None and machine.free_memory_size:
        memory_size = rows_needed(bits.shape[1])
    batch = frame_copy(bits, copy_format(machine)[1]).like(machine.output.weight)
    return trace(machine, batch, memory_size)


def require_room(machine: NTM, sequences: int, steps: int, rows: int) -> None:
    """Count the bytes of a trace's weightings and memories; ValueError for more than `MOST_BYTES`."""
    config = machine.config
    a_row = 5 * config.addressing_heads + 1 + config.word_size  # w_previous to w, changes, memory
    size = sequences * steps * rows * a_row * machine.output.weight.element_size()
    if size > MOST_BYTES:
        raise ValueError(
            f"a trace of {sequences} x {steps} steps over {rows} rows takes {size / 1e9:.1f} GB: expected at most"
            f" {MOST_BYTES / 1e9:g} GB; trace fewer or shorter sequences, or fewer rows"
        )
