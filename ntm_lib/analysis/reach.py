"""How long a copy a machine can make before its jump fails: predicted in a crowd, without a long run."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Generator, Tensor

from ntm_lib import tasks
from ntm_lib.analysis.copies import copy_format, rows_needed
from ntm_lib.analysis.trace import with_memory
from ntm_lib.machine import NTM
from ntm_lib.tasks.chosen import PATTERNS, chosen_payload, weaknesses
from ntm_lib.training.evaluation import Machine, answer

LENGTH_TRIED = 100  # vectors of the copies that are made in a crowd
FARTHEST = 10_000  # largest crowd: copies of 1,000,000 vectors
STEP = 1.1  # the crowd at which a jump first fails is found up to this factor


class Reach(NamedTuple):
    """The shortest copy that a machine is predicted to get wrong."""

    length: int | None  # in vectors, up to a tenth; 100: that or less; None: none up to `LENGTH_TRIED` times `FARTHEST`
    payload: str  # the payload that fails first, such as "zeros" or "chosen: jump, repeated"; empty where none fails

    @property
    def kind(self) -> str:
        """The kind of the payload that fails first, as `evaluate` takes it."""
        return self.payload.partition(": ")[0]

    @property
    def meaning(self) -> str:
        """The vectors of a chosen payload and their pattern, in words; empty for a payload of any other kind."""
        weakness, _, pattern = self.payload.partition(": ")[2].partition(", ")
        if not weakness:
            return ""
        return (
            f"made against this machine of vectors that its weakness '{weakness}' makes hard to copy, in the pattern"
            f" '{pattern}': {PATTERNS[pattern]}"
        )


def reach(model: Machine) -> Reach:
    """The length at which a machine's jump first fails, and the payload that makes it fail.

    A copy of 100 vectors in a crowd of K stands for one of 100 K vectors (`machine.addressing.crowded`). What is tried
    are payloads of every kind and payloads chosen against the machine. A crowd shows the jump alone: on a longer tape a
    writer that comes back to old rows, or a walk that blurs, can fail earlier. Raises TypeError for a model without a
    memory, ValueError for a machine that is not made for copies.
    """
    machine = with_memory(model)
    bits, names = tried(machine)
    wrong = wrong_in_crowd(machine, bits, FARTHEST)
    if not wrong.any():
        return Reach(None, "")
    right, failing = -1, math.ceil(math.log(FARTHEST, STEP))  # exponents of STEP: the crowd that is right, that fails
    while failing - right > 1:
        bits, names = bits[wrong], [name for name, is_wrong in zip(names, wrong.tolist(), strict=True) if is_wrong]
        middle = (right + failing) // 2
        wrong = wrong_in_crowd(machine, bits, STEP**middle)
        if wrong.any():
            failing = middle
        else:
            right, wrong = middle, torch.ones(len(bits), dtype=torch.bool)
    return Reach(round(LENGTH_TRIED * STEP**failing), names[int(wrong.nonzero()[0])])


def tried(machine: NTM) -> tuple[Tensor, Sequence[str]]:
    """Payloads of every kind and every weakness (P, L, width), and a name for each."""
    width, _ = copy_format(machine)
    generator = Generator().manual_seed(1)
    chosen = [f"chosen: {weakness}, {pattern}" for pattern in PATTERNS for weakness in weaknesses(machine)]
    kinds = [tasks.payload(4, LENGTH_TRIED, width, kind, generator) for kind in tasks.KINDS]
    names = [kind for kind in tasks.KINDS for _ in range(4)] + chosen
    return torch.cat([*kinds, chosen_payload(machine, len(chosen), LENGTH_TRIED, generator)]), names


def wrong_in_crowd(machine: NTM, bits: Tensor, crowd: float) -> Tensor:
    """Whether each payload (P, L, width) comes back wrong in a crowd -> (P)."""
    _, start_marker = copy_format(machine)
    rows = rows_needed(LENGTH_TRIED) if machine.free_memory_size else None
    logits = answer(machine, tasks.frame_copy(bits, start_marker).inputs, rows, crowd)
    return ((logits[:, -LENGTH_TRIED:].cpu() > 0) != (bits > 0)).any(-1).any(-1)
