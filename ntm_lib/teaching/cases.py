"""Trained machines with a fault, each with one copy that shows its fault and is small enough to look at."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import torch

from ntm_lib import tasks
from ntm_lib.analysis.trace import Trace, trace_copy
from ntm_lib.machine import NTM
from ntm_lib.machine.heads import Emission
from ntm_lib.runs.checkpoints import load


class Patient(NamedTuple):
    """A machine, and the payload and memory in which its fault shows."""

    machine: str  # a directory of data/machines
    length: int = 12
    kind: str = "random"
    seed: int = 0
    rows: int | None = None  # None: as many as the length needs


CASES = {
    "healthy": Patient("two_weightings"),
    "backwards": Patient("backwards"),
    "missed jump": Patient("missed_jump", 9, rows=700),
    "off by one": Patient("slips", 16, seed=12),
    "blur": Patient("blurred", 16),
    "wrap-around": Patient("two_weightings", rows=12),
    "restless writer": Patient("writes_while_reading", 16, "alternating", seed=16),
}
"""One copy for each name: two are right, and the others are named after the cause of their wrong bits, a `CAUSES` of
`ntm_lib.analysis.finding`."""

RIDDLES = {
    "A": Patient("backwards", 12, rows=11),
    "B": Patient("slips", 20, seed=3),
    "C": Patient("missed_jump", 6, "counting", rows=700),
    "D": Patient("blurred", 16, seed=1),
}
"""Copies with a fault that the reader is to name."""


def trace_case(patient: Patient, directory: str | Path = "../data/machines") -> Trace:
    """Run a case and keep every step, addressing stages included (B = 1); errors as in `load`."""
    machine, _ = load(Path(directory) / patient.machine)
    generator = torch.Generator().manual_seed(patient.seed)
    bits = tasks.payload(1, patient.length, 8, patient.kind, generator)
    return trace_copy(machine, bits, patient.rows)


@contextmanager
def key_strength_times(machine: NTM, factor: float) -> Iterator[None]:
    """Let the keys of all heads be so many times as strong, until the block ends."""
    with _told(machine, lambda told: told._replace(beta=factor * told.beta)):
        yield


@contextmanager
def gates_closed(machine: NTM) -> Iterator[None]:
    """Let no head find its row by content (g = 0), so that all go on from where they were, until the block ends."""
    with _told(machine, lambda told: told._replace(g=torch.zeros_like(told.g))):
        yield


@contextmanager
def _told(machine: NTM, change: Callable[[Emission], Emission]) -> Iterator[None]:
    hook = machine.heads.register_forward_hook(lambda _, __, told: change(told))
    try:
        yield
    finally:
        hook.remove()
