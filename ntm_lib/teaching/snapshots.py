"""What a machine can do at one moment of its training, in numbers to draw."""

import math
from typing import cast

import torch
from torch import Tensor

from ntm_lib import tasks
from ntm_lib.analysis.trace import trace_copy
from ntm_lib.machine import NTM
from ntm_lib.tasks.task import Alphabet
from ntm_lib.teaching.plots.learning import Snapshot
from ntm_lib.training.clear import alone, chosen, usual_offsets
from ntm_lib.training.evaluation import evaluate
from ntm_lib.training.run import Run

LENGTHS = (1, 2, 5, 10, 20, 50, 120)
"""Lengths at which a snapshot counts wrong bits."""


def snapshot(run: Run) -> Snapshot:
    """Look at a run: its loss so far, its wrong bits by length, its heads in one copy.

    The loss begins at 1 bit a bit, as of a machine that knows nothing. Leaves the run as it was.
    """
    report = evaluate(run.judged, LENGTHS, sequences=8, seed=1)
    bits = tasks.payload(1, 10, run.task.output_size, generator=torch.Generator().manual_seed(1))
    progress, settled, recent = run.progress, run.progress.settled_at, [record["loss"] for record in run.recent]
    losses = {0: math.log(2)} | {record["sequences"]: record["loss"] for record in progress.history}
    if recent:
        losses[progress.sequences] = sum(recent) / len(recent)
    return Snapshot(
        sequences=list(losses),
        loss=[bits_a_bit(loss) for loss in losses.values()],
        settled_from=None if settled is None else settled * run.recipe.batch_size,
        trained_to=run.recipe.max_length,
        wrong={length: 100 * count.wrong_bits / count.bits for length, count in report.lengths.items()},
        copied=trace_copy(run.judged, bits),
    )


@torch.no_grad()
def choices(machine: NTM) -> dict[str, Tensor]:
    """How clearly a machine's first heads choose what they should do after each byte alone, from 0 to 1: (256) each."""
    found = alone(machine, cast(Alphabet, tasks.copying().alphabet).like(machine.output.weight))
    writer = machine.config.read_heads
    return {
        "write head steps as a byte comes in": chosen(found.coming_in.s, usual_offsets(found.coming_in.s))[:, writer],
        "read head steps as it is read back": chosen(found.read_back.s, usual_offsets(found.read_back.s))[:, 0],
        "and the read head's gate is shut": 1 - found.read_back.g[:, 0],
    }


def bits_a_bit(nats: float) -> float:
    """Convert a cross-entropy from nats to bits: 1 for a machine that knows nothing of a fair bit."""
    return nats / math.log(2)
