"""Sending bits and bytes through a machine that copies."""

import torch
from torch import Tensor

from ntm_lib import tasks
from ntm_lib.machine import validate
from ntm_lib.training.evaluation import SPARE_ROWS, Machine, answer, generator_of, plan_of, rows_for


def copy_format(model: Machine) -> tuple[int, bool]:
    """Width of the vectors that a machine copies, and whether it knows a start marker beside the end marker.

    Raises TypeError for a thing that is no machine, ValueError for a machine whose inputs leave no room for an end
    marker.
    """
    validate.machine(model)
    task = tasks.copying_for(model.config)
    return task.output_size, task.input_size == task.output_size + 2


def rows_needed(length: int) -> int:
    """Memory rows for an undisturbed copy of `length` vectors."""
    return 2 * length + 2 + SPARE_ROWS


def copy_through(model: Machine, bits: Tensor, memory_size: int | None = None) -> Tensor:
    """Send a payload of bits (B, L, width) through a machine and return the bits that come out, of equal shape."""
    _, start_marker = copy_format(model)
    logits = answer(model, tasks.frame_copy(bits, start_marker).inputs, memory_size)
    return (logits[:, -bits.shape[1] :] > 0).to(bits).clone()


def wrong_bits(model: Machine, bits: Tensor, memory_size: int | None = None) -> Tensor:
    """Number of bits of each sequence that come back wrong: bits (B, L, width) -> (B)."""
    return (copy_through(model, bits, memory_size) != bits).sum(dim=(1, 2))


def judged_payloads(model: Machine, length: int, seed: int = 0) -> dict[str, Tensor]:
    """The payloads of one length that `judge` shows a machine that copies, by kind."""
    width, _ = copy_format(model)
    plan = plan_of(tasks.copying_for(model.config))

    def drawn(kind: str, sequences: int) -> Tensor:
        generator = generator_of(seed, length)
        if kind == "chosen":
            return tasks.chosen_payload(model, sequences, length, generator)
        return tasks.payload(sequences, length, width, kind, generator)

    return {kind: drawn(kind, sequences) for kind, (sequences, sizes) in plan.items() if length in sizes}


def copy_bytes(model: Machine, content: bytes, memory_size: int | None = None) -> bytes:
    """Send bytes through the machine's memory, one 8-bit vector a byte, all in one sequence; returns the bytes read.

    Raises TypeError for a thing that is no machine and for anything but bytes, ValueError for no bytes at all and for a
    machine whose vectors are not 8 bits wide; warns as `evaluate` does.
    """
    width, start_marker = copy_format(model)
    if width != 8:
        raise ValueError(f"this machine copies vectors of {width} bits: bytes need a machine of output_size 8")
    if not isinstance(content, bytes | bytearray):
        raise TypeError(f"content is {type(content).__name__}: expected bytes, such as b'tape' or text.encode()")
    if not content:
        raise ValueError("there is nothing to copy: expected at least one byte")
    bits = tasks.number_bits(torch.tensor(list(content))).unsqueeze(0)
    rows = rows_for(model, tasks.copying(width, start_marker), len(content), memory_size)
    return bytes(tasks.bits_number(copy_through(model, bits, rows))[0].tolist())
