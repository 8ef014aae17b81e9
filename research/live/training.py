"""One training in about forty moments: the machine's weights, and how far it had come."""

import copy
import math
from pathlib import Path
from typing import Any, NamedTuple

from ntm_lib.machine import NTM
from ntm_lib.runs.train import result_of
from ntm_lib.teaching.live import bits_a_bit, in_words
from ntm_lib.training import loop, recipes
from ntm_lib.training.run import Run
from research.live.machines import Graphs, write_weights

LEARNING, SETTLING = 28, 12
"""Moments while lengths are learned, and afterwards until the verdict."""


class Moment(NamedTuple):
    """A machine after some updates of its training."""

    update: int
    sequences: int
    loss: float  # bits a bit, of the update before
    machine: NTM


def moments(run: Run) -> list[Moment]:
    """Train a machine to its verdict; returns it as it was at first and after every update."""
    seen = [Moment(0, 0, bits_a_bit(math.log(2)), copy.deepcopy(run.judged))]
    while not run.progress.finished:
        record = loop.update(run)
        progress = run.progress
        seen.append(Moment(progress.update, progress.sequences, bits_a_bit(record["loss"]), copy.deepcopy(run.judged)))
        if run.pauses:
            loop.check(run)
    return seen


def chosen(seen: list[Moment], settled_at: int) -> list[Moment]:
    """Moments to show, evenly spaced: `LEARNING` while lengths are learned, and `SETTLING` afterwards."""
    early = [round(place * settled_at / LEARNING) for place in range(LEARNING)]
    last = len(seen) - 1
    late = [round(settled_at + place * (last - settled_at) / (SETTLING - 1)) for place in range(SETTLING)]
    return [seen[place] for place in sorted({*early, *late})]


def training(graphs: Graphs, recipe: recipes.Recipe = recipes.reliable, seed: int = 0) -> dict[str, Any]:
    """Record one training: a file of weights for each moment, and what the page says of it."""
    run = Run(recipe, seed)
    seen = moments(run)
    shown = chosen(seen, run.progress.settled_at or len(seen) // 2)
    for place, moment in enumerate(shown):
        write_weights(moment.machine, Path(graphs.out) / f"weights/training-{place:02}.bin")
    return {
        "recipe": recipe.name,
        "seed": seed,
        "settledAt": run.progress.settled_at,
        "verdict": in_words(result_of(run)),
        "moments": [[moment.update, moment.sequences, round(moment.loss, 4)] for moment in shown],
    }
