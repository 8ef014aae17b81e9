"""Why bits came out wrong: each wrong bit of a copy has one cause, read from where the heads stood.

Shapes: B sequences, T steps, L vectors in the payload, N memory rows.
"""

from typing import NamedTuple

import torch
from torch import Tensor

from ntm_lib.analysis.route import SHARP, Route, answer_steps, find_route, travelled
from ntm_lib.analysis.trace import Trace

CAUSES = ("missed jump", "off by one", "blur", "wrap-around", "last vectors", "overwritten", "other")
"""What made a bit wrong.

missed jump: when the first vector was due, the reader stood on another row, and the answer never began;
off by one: the reader had the first vector's row, and a later one's no more, though it stood on one row;
blur: the writer or the reader was spread over several rows;
wrap-around: the writer had gone round the tape and came upon what it had written;
last vectors: the writer changed one of the last rows after the end marker, where it should rest;
overwritten: the writer came back to the row some other way;
other: the reader stood on the right row, and it had changed no more than others, so it was written or is understood
wrongly."""

HARM = 0.2
"""A row is damaged when it changed afterwards by a fifth of what was written there: less seldom tips a bit over."""

MORE = 2.0
"""A change is the cause where it is so many times what rows that came back right went through."""

RUIN = 0.9
"""A row that changed by nearly all that was written there is lost, wherever the reader stands."""

CLEAR = 0.9
"""Where nothing else is wrong, less than nine tenths of a head on the right row is: the rest mixes other rows in."""

NOTHING = 1e-6
"""Writing that changed a row by less wrote nothing; later changes are compared with this then."""

LAST = 3
"""Vectors that count as the last: a writer that does not rest is still among their rows."""


class WrongBit(NamedTuple):
    """One wrong bit."""

    sequence: int
    step: int
    vector: int
    bit: int
    cause: str


def causes(trace: Trace, route: Route | None = None) -> dict[str, int]:
    """Wrong bits of a copy by cause, all of `CAUSES` in order; they sum to all wrong bits.

    Raises ValueError for a trace that is not of a copy.
    """
    counts = wrong_by_vector(trace)
    labels = label_vectors(trace, route or find_route(trace))
    return {cause: int(counts[labels == index].sum()) for index, cause in enumerate(CAUSES)}


def first_wrong(trace: Trace, route: Route | None = None) -> WrongBit | None:
    """The earliest wrong bit of a copy and its cause, or None; errors as in `causes`."""
    wrong = trace.wrong.nonzero()  # (wrong bits, 3): sequence, step, bit
    if not len(wrong):
        return None
    sequence, step, bit = wrong[wrong[:, 1].argmin()].tolist()
    vector = step - int(answer_steps(trace)[0])
    label = label_vectors(trace, route or find_route(trace))[sequence, vector]
    return WrongBit(sequence, step, vector, bit, CAUSES[label])


def wrong_by_vector(trace: Trace) -> Tensor:
    """Wrong bits of each vector of the answer (B, L)."""
    return trace.wrong[:, answer_steps(trace)].sum(-1)


def label_vectors(trace: Trace, route: Route) -> Tensor:
    """What would have made each vector wrong, as an index into `CAUSES` (B, L); it says nothing of right vectors."""
    damage, at, far = damage_of(trace, route)
    damaged = damage >= max(HARM, MORE * usual_damage(trace, damage))
    away = route.arrived < SHARP
    missed, slipped = _reader_went_astray(trace, route)
    came_round = _writer_came_round(trace, route)
    last = (at >= route.end_marker) & (torch.arange(len(route.wrote_at)) >= len(route.wrote_at) - LAST)
    first_that_holds = (
        ("blur", route.write_peak < SHARP),
        ("wrap-around", ((damage >= HARM) & far) | (away & came_round.unsqueeze(1))),
        ("missed jump", away & missed.unsqueeze(1)),
        ("last vectors", damaged & (damage >= RUIN) & last),
        ("overwritten", damaged & (damage >= RUIN)),
        ("off by one", away & slipped.unsqueeze(1)),
        ("blur", away),
        ("last vectors", damaged & last),
        ("overwritten", damaged),
        ("missed jump", missed.unsqueeze(1).expand_as(away)),
        ("blur", torch.minimum(route.arrived, route.write_peak) < CLEAR),
    )
    labels = torch.full_like(route.written, CAUSES.index("other"))
    for cause, holds in reversed(first_that_holds):
        labels[holds] = CAUSES.index(cause)
    return labels


def damage_of(trace: Trace, route: Route) -> tuple[Tensor, Tensor, Tensor]:
    """How much the row of each vector changed between its writing and its reading, as a share of what writing changed.

    Also the step of the largest change, and whether the writer had gone half round the tape by then -> each (B, L).
    """
    steps, rows = torch.arange(trace.mask.shape[1]).unsqueeze(1), trace.changes.shape[-1]
    row_changes = trace.changes.gather(2, route.written.unsqueeze(1).expand(-1, len(steps), -1))  # (B, T, L)
    written = row_changes[:, route.wrote_at, torch.arange(len(route.wrote_at))]  # (B, L)
    later = row_changes * ((steps > route.wrote_at) & (steps <= route.read_at))
    at = later.argmax(1)
    way = travelled(route.write_path, rows, trace.config.shift_range)
    far = (way.gather(1, at) - way[:, route.wrote_at]).abs() >= rows / 2
    return later.sum(1) / written.clamp(min=NOTHING), at, far


def usual_damage(trace: Trace, damage: Tensor) -> float:
    """The median of what rows went through whose vectors came back right; 0 where none did."""
    right = damage[wrong_by_vector(trace) == 0]
    return right.median().item() if len(right) else 0.0


def _writer_came_round(trace: Trace, route: Route) -> Tensor:
    """Whether the writer was back where it began when the first vector was due (B)."""
    way = travelled(route.write_path, trace.changes.shape[-1], trace.config.shift_range)
    return (way[:, route.read_at[0]] - way[:, route.wrote_at[0]]).abs() >= trace.changes.shape[-1] - 1


def _reader_went_astray(trace: Trace, route: Route) -> tuple[Tensor, Tensor]:
    """Whether the reader missed its jump, and whether it slipped later, each standing on one row (B).

    One that was sharp until the end marker and not after it has missed its jump as well.
    """
    away = route.arrived < SHARP
    first = away.long().argmax(1, keepdim=True)
    sharp = route.read_peak.gather(1, first).squeeze(1) >= SHARP
    rested = trace.w_read[:, route.end_marker - 1, route.read_head].max(-1).values >= SHARP
    return away[:, 0] & (sharp | rested), ~away[:, 0] & sharp
