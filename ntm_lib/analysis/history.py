"""Findings from the history of a training: explosions, numbers that are not finite, a copy learned and lost."""

import math
from statistics import median

from ntm_lib.analysis.finding import Finding
from ntm_lib.study.rows import not_finite, validations
from ntm_lib.training.recipes import Recipe
from ntm_lib.training.run import Progress

EXPLODED = 100.0
"""An explosion is a gradient so many times the median of the training: clipped ones of up to this many do no harm."""
WORSE = 0.05
"""Nats a bit by which the loss stays above what it was just before, or above guessing: more than it wavers."""


def from_history(progress: Progress, recipe: Recipe | None = None) -> list[Finding]:
    """What a training's history says; nothing of a training that went well."""
    found = (stopped(progress, recipe), exploded(progress, recipe), lost(progress))
    return [finding for finding in found if finding]


def stopped(progress: Progress, recipe: Recipe | None = None) -> Finding | None:
    """Training ended at a number that was not finite: the update, the length, and the first such thing."""
    if progress.stopped is None:
        return None
    where = not_finite(progress.stopped)
    update, length, operation = where["nan_update"], where["nan_length"], where["nan_operation"]
    if update is None:
        return Finding("stopped", True, f"Training stopped: {progress.stopped}.", {"stopped": progress.stopped})
    sentence = (
        f"Training stopped at update {update}, with sequences of length {length}: the {operation} was not finite."
    )
    norms = _finite_norms(progress)
    if norms:
        sentence += f" The largest finite gradient norm before was {max(norms):.3g}."
    evidence = {
        "update": update,
        "length": length,
        "operation": operation,
        "largest_norm_before": max(norms, default=None),
    }
    return Finding("not finite", True, sentence, evidence, _calm(recipe))


def exploded(progress: Progress, recipe: Recipe | None = None) -> Finding | None:
    """One gradient was far larger than the others, and the loss never came back to where it was, or below guessing."""
    records = [record for record in progress.history if math.isfinite(record["gradient_norm"] + record["loss"])]
    if len(records) < 3:
        return None
    usual = median(record["gradient_norm"] for record in records)
    for index, record in enumerate(records[1:-1], start=1):
        before = records[index - 1]["loss"]  # further back, a curriculum's sequences were shorter
        after = min(one["loss"] for one in records[index:])
        if record["gradient_norm"] > EXPLODED * usual and after > min(before, math.log(2)) + WORSE:
            return _explosion(records[index - 1]["update"], record, usual, before, after, recipe)
    return None


def _explosion(since: int, record: dict, usual: float, before: float, after: float, recipe: Recipe | None) -> Finding:
    sentence = (
        f"Between updates {since} and {record['update']} the gradient exploded: its norm was"
        f" {record['gradient_norm']:.3g}, where {usual:.2g} is usual, and the loss, {before:.3f} just before,"
        f" has not come below {after:.3f} since."
    )
    evidence = {"updates": [since, record["update"]], "norm": record["gradient_norm"], "usual_norm": usual}
    evidence |= {"loss_before": before, "best_loss_after": after}
    return Finding("gradient explosion", True, sentence, evidence, _calm(recipe))


def lost(progress: Progress) -> Finding | None:
    """A validation was exact and a later one was not; a fault where the last one is still wrong."""
    asked = validations(progress.history)
    exact = next((update for update, wrong in asked if wrong == 0), None)
    if exact is None:
        return None
    later = next(((update, wrong) for update, wrong in asked if update > exact and wrong), None)
    if later is None:
        return None
    update, wrong = later
    last, still = asked[-1]
    sentence = (
        f"It was exact at update {exact} and had {wrong} wrong bits at update {update}; the last validation, at update"
        f" {last}, {f'counts {still}' if still else 'is exact again'}."
    )
    evidence = {"exact_at": exact, "lost_at": update, "wrong_bits": wrong, "wrong_bits_at_the_end": still}
    cure = (
        "Let the rate fall once it is exact (final_rate, keep_rate), cut gradients to 0.2 (clip_norm), or stop there."
    )
    return Finding("lost what it had learned", bool(still), sentence, evidence, cure if still else "")


def _finite_norms(progress: Progress) -> list[float]:
    return [record["gradient_norm"] for record in progress.history if math.isfinite(record["gradient_norm"])]


def _calm(recipe: Recipe | None) -> str:
    """What keeps gradients in bounds, beginning with what a recipe lacks."""
    clip = "Cut gradients to a norm of 0.2 (clip_norm)"
    if recipe is not None and recipe.clip_norm:
        clip = f"Cut gradients to a norm below {recipe.clip_norm:g} (clip_norm)"
    return f"{clip}, take a lower learning_rate, or warm it up (warmup_updates)."
