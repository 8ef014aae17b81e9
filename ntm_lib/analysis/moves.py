"""Moves of heads in a task of any kind: they stay, walk or jump, while a machine listens and while it answers."""

from typing import NamedTuple

import torch
from torch import Generator, Tensor
from torch.nn.functional import one_hot

from ntm_lib.analysis.finding import Finding, Kind, head_name
from ntm_lib.analysis.route import SHARP
from ntm_lib.analysis.trace import Trace, trace
from ntm_lib.machine import NTM
from ntm_lib.tasks import Task
from ntm_lib.tasks.ngrams import contexts_in
from ntm_lib.tasks.sizes import Size
from ntm_lib.training.evaluation import rows_with_room

SEQUENCES = 8  # sequences of the task's first kind that are traced
RARE = 0.05  # a move in fewer of the steps is not told
WORDS = {"stays": "stays on its row", "on": "goes one row on", "back": "goes one row back", "jumps": "jumps"}
PHASES = {False: "while the machine listens", True: "while it answers"}


class Moves(NamedTuple):
    """Shares of the steps in which a head stays, walks or jumps while a machine listens or answers, and two means."""

    stays: float
    on: float
    back: float
    jumps: float
    weight: float  # mean weight of the row that the head points at most
    gate: float  # mean of the gate


def moves(traced: Trace, place: int, answering: bool) -> Moves | None:
    """Count the moves of a head while a machine answers, or while it listens; None where there is no such step.

    The head at a place among all weightings is on the row of its largest weight; its move leads there from the row of
    the step before.
    """
    weight, focus = traced.w[:, 1:, place].max(-1)
    rows = traced.w.shape[-1]
    went = (focus - traced.w[:, :-1, place].argmax(-1)) % rows
    steps = (traced.mask[:, 1:] > 0) == answering
    if not steps.any():
        return None
    shares = {"stays": went == 0, "on": went == 1, "back": (went == rows - 1) & (rows > 2)}
    shares["jumps"] = ~(shares["stays"] | shares["on"] | shares["back"])
    means = shares | {"weight": weight, "gate": traced.emission.g[:, 1:, place]}
    return Moves(**{name: value[steps].float().mean().item() for name, value in means.items()})


def by_context(weights: Tensor, bits: Tensor, context: int) -> Tensor:
    """Mean weighting of a head after each context of so many bits: (B, T, N), (B, T) -> (2**context, N).

    Contexts have the numbers of `tasks.ngrams.contexts_in`; a context that never comes has 0 everywhere. Steps before
    the first whole context do not count. Raises ValueError for fewer bits than a context has.
    """
    now = one_hot(contexts_in(bits, context), 2**context).to(weights)  # (B, T - context + 1, contexts)
    return torch.einsum("btc,btn->cn", now, weights[:, context - 1 :]) / now.sum((0, 1)).clamp(min=1).unsqueeze(1)


def habits_of_heads(model: NTM, task: Task, size: Size | None = None) -> list[Finding]:
    """Describe the moves of each head of a machine in sequences of a task, by default of the first size of its verdict.

    Raises ValueError or TypeError as the task does for a size that it does not have.
    """
    asked = task.sizes[0] if size is None else size
    kind = next(iter(task.kinds))
    batch = task.drawn(task.draw_of(kind, model), SEQUENCES, asked, Generator().manual_seed(1))
    traced = trace(model, batch.like(model.output.weight), rows_with_room(model, task, asked))
    return [_told(traced, place) for place in range(model.config.addressing_heads)]


def _told(traced: Trace, place: int) -> Finding:
    """Put the moves of one head, while the machine listens and while it answers, into a sentence."""
    found = {answering: moves(traced, place, answering) for answering in PHASES}
    parts = [f"{PHASES[answering]} {_shares(one)}" for answering, one in found.items() if one is not None]
    name = head_name(traced.config, place)
    evidence = {
        "answering" if answering else "listening": one._asdict() for answering, one in found.items() if one is not None
    }
    return Finding(Kind.MOVES, False, f"{name}: {'; '.join(parts)}.", evidence)


def _shares(one: Moves) -> str:
    """Name the moves that are not rare, the most frequent first; or say that the head points at no row."""
    if one.weight < SHARP:
        return f"it is spread over many rows (largest weight {one.weight:.2f})"
    shares = sorted(((getattr(one, name), words) for name, words in WORDS.items()), reverse=True)
    told = [f"{words} in {share:.0%}" for share, words in shares if share >= RARE]
    told[0] += " of the steps"
    return f"it {', '.join(told)} (largest weight {one.weight:.2f})"
