"""Findings from the history of a training: explosions, numbers that are not finite, a copy learned and lost."""

import math
from statistics import median
from typing import Any

from ntm_lib.analysis.finding import Finding, Kind
from ntm_lib.training.progress import Progress

EXPLODED = 100.0  # a gradient explodes when its norm is so many times the median of the training: others do no harm
WORSE = 0.05  # nats a bit by which the loss must stay above its value before an explosion; a loss wavers by less


def from_history(progress: Progress) -> list[Finding]:
    """List what went wrong in a training."""
    found = []
    if (stop := progress.stopped) is not None:
        evidence = {"update": stop.update, "length": stop.length, "step": stop.step, "what": stop.what}
        found.append(Finding(Kind.NOT_FINITE, True, f"Training stopped at {stop}.", evidence))
    return found + exploded(progress.history) + lost(progress.history)


def exploded(history: list[dict[str, Any]]) -> list[Finding]:
    """Find a gradient far larger than the others after which the loss never fell to its value before, or to guessing.

    The loss just before counts: in a growing curriculum earlier sequences were shorter, and easier.
    """
    records = [record for record in history if math.isfinite(record["gradient_norm"] + record["loss"])]
    usual = median([record["gradient_norm"] for record in records]) if records else 0.0
    for index, record in enumerate(records[1:-1], start=1):
        since, before = records[index - 1]["update"], records[index - 1]["loss"]
        after, norm = min(later["loss"] for later in records[index:]), record["gradient_norm"]
        if norm > EXPLODED * usual and after > min(before, math.log(2)) + WORSE:
            sentence = (
                f"Between updates {since} and {record['update']} the gradient exploded: its norm was {norm:.3g}, where"
                f" {usual:.2g} is usual, and the loss, {before:.3f} just before, stayed at {after:.3f} or more."
            )
            evidence = {"updates": [since, record["update"]], "norm": norm, "usual_norm": usual}
            evidence |= {"loss_before": before, "best_loss_after": after}
            return [Finding(Kind.GRADIENT_EXPLOSION, True, sentence, evidence)]
    return []


def lost(history: list[dict[str, Any]]) -> list[Finding]:
    """Find an exact validation with a wrong one after it; a fault where the last one is still wrong."""
    asked = [(record["update"], record["validation_wrong_bits"]) for record in history]
    asked = [(update, wrong) for update, wrong in asked if wrong is not None]
    exact = next((update for update, wrong in asked if wrong == 0), math.inf)
    for update, wrong in asked:
        if update > exact and wrong:
            last, still = asked[-1]
            sentence = (
                f"A validation was exact at update {exact} and had {wrong} wrong bits at update {update}; the last, at"
                f" update {last}, {f'has {still}' if still else 'is exact again'}."
            )
            evidence = {"exact_at": exact, "lost_at": update, "wrong_bits": wrong, "wrong_bits_at_the_end": still}
            return [Finding(Kind.LOST, bool(still), sentence, evidence)]
    return []
