"""Causes of wrong bits: each wrong bit of a copy has one cause, read from where the heads stood.

Shapes: B sequences, T steps, L vectors in the payload, N memory rows.
"""

from typing import NamedTuple

import torch
from torch import Tensor

from ntm_lib.analysis.finding import CAUSES, Kind, head_name
from ntm_lib.analysis.route import SHARP, Route, answer_steps, find_route
from ntm_lib.analysis.trace import Trace

HARM = 0.2  # a row is damaged when it later changes by this share of the change that wrote it: less seldom flips a bit
MORE = 2.0  # damage is a cause from so many times the usual damage on, that of rows whose vectors come back right
RUIN = 0.9  # share of the change that wrote a row from which on the row is lost, wherever the read head stands
CLEAR = 0.9  # weight on the right row below which a head blurs, where nothing else is wrong
LAST = 3  # vectors at the end of a payload whose rows a write head that does not rest can still damage
MIXED_IN = 0.5  # a read head strays when it reads so much during the writing, as a share of the answer


class WrongBit(NamedTuple):
    """One wrong bit and its cause."""

    sequence: int
    step: int
    vector: int
    bit: int
    cause: Kind


class Case(NamedTuple):
    """One traced copy of B sequences of L vectors, with the route of every vector and what can make it wrong."""

    trace: Trace
    route: Route
    usually_changed: float  # median of `route.changed` over vectors that come back right; 0 where none does
    labels: Tensor  # (B, L)  an index into CAUSES, for right vectors as well
    wrong: Tensor  # (B, L)   wrong bits
    is_wrong: bool  # whether any bit is wrong
    rows: int  # of the memory, N
    reader: str  # the read head's name
    writer: str  # the write head's name

    def lost_to(self, cause: Kind) -> Tensor:
        """Mark the vectors that are wrong by one cause: True or False (B, L)."""
        return (self.labels == CAUSES.index(cause)) & (self.wrong > 0)


def causes(trace: Trace) -> dict[str, int]:
    """Count the wrong bits of a copy by cause, in the order of `CAUSES`; ValueError for a trace that is no copy."""
    case = case_of(trace)
    return {cause.value: int(case.wrong[case.lost_to(cause)].sum()) for cause in CAUSES}


def first_wrong(trace: Trace) -> WrongBit | None:
    """Find the earliest wrong bit of a copy and its cause, or None; ValueError for a trace that is
    no copy."""
    wrong = trace.wrong.nonzero()  # (wrong bits, 3): sequence, step, bit
    if not len(wrong):
        return None
    sequence, step, bit = wrong[wrong[:, 1].argmin()].tolist()
    vector = step - int(answer_steps(trace)[0])
    return WrongBit(sequence, step, vector, bit, CAUSES[case_of(trace).labels[sequence, vector]])


def case_of(trace: Trace) -> Case:
    """Find the route of every vector and what can make it wrong; ValueError for a trace that is no copy."""
    route = find_route(trace)
    wrong = trace.wrong[:, answer_steps(trace)].sum(-1)
    right = route.changed[wrong == 0]
    usually_changed = right.median().item() if len(right) else 0.0
    labels = _labels(trace, route, usually_changed, wrong)
    names = (head_name(trace.config, place) for place in (route.read_head, route.write_place))
    return Case(trace, route, usually_changed, labels, wrong, bool(wrong.any()), trace.changes.shape[-1], *names)


def read_meanwhile(trace: Trace, route: Route, vectors: Tensor) -> float:
    """Compare the length of what was read just before some vectors (B, L) were written with that in the answer."""
    lengths = trace.reads[:, :, route.read_head].norm(dim=-1)  # (B, T)
    before = lengths[:, (route.wrote_at - 1).clamp(min=0)][vectors].mean()
    return float(before / lengths[:, route.read_at].mean().clamp(min=1e-12))


def _labels(trace: Trace, route: Route, usually_changed: float, wrong: Tensor) -> Tensor:
    """Find the cause that can make each vector wrong, as an index into `CAUSES` (B, L)."""
    damaged = route.changed >= max(HARM, MORE * usually_changed)
    ruined = damaged & (route.changed >= RUIN)
    away = route.arrived < SHARP
    missed, slipped = _reader_went_astray(trace, route)
    rows = trace.w.shape[-1]
    far = (route.way.gather(1, route.changed_at) - route.way[:, route.wrote_at]).abs() >= rows / 2
    came_round = (route.way[:, route.read_at[:1]] - route.way[:, route.wrote_at[:1]]).abs() >= rows - 1
    last = (route.changed_at >= route.end_marker) & (torch.arange(wrong.shape[1]) >= wrong.shape[1] - LAST)
    first_that_holds = (
        (Kind.BLUR, route.write_peak < SHARP),
        (Kind.WRAP_AROUND, ((route.changed >= HARM) & far) | (away & came_round)),
        (Kind.MISSED_JUMP, away & missed),
        (Kind.LAST_VECTORS, ruined & last),
        (Kind.OVERWRITTEN, ruined),
        (Kind.OFF_BY_ONE, away & slipped),
        (Kind.BLUR, away),
        (Kind.LAST_VECTORS, damaged & last),
        (Kind.OVERWRITTEN, damaged),
        (Kind.MISSED_JUMP, missed.expand_as(away)),
        (Kind.BLUR, torch.minimum(route.arrived, route.write_peak) < CLEAR),
    )
    labels = torch.full_like(route.written, -1)
    for cause, holds in reversed(first_that_holds):
        labels[holds] = CAUSES.index(cause)
    on_the_right_rows = labels < 0
    strays = read_meanwhile(trace, route, on_the_right_rows & (wrong > 0)) >= MIXED_IN
    mixed = Kind.READER_STRAYS if strays and trace.config.weightings != "single" else Kind.GARBLED
    labels[on_the_right_rows] = CAUSES.index(Kind.RESTLESS_WRITER if usually_changed >= HARM else mixed)
    return labels


def _reader_went_astray(trace: Trace, route: Route) -> tuple[Tensor, Tensor]:
    """Whether the read head missed its jump, and whether it slipped later, standing on one row or at rest (B, 1)."""
    away = route.arrived < SHARP
    sharp = route.read_peak.gather(1, away.long().argmax(1, keepdim=True)) >= SHARP
    rested = trace.w_read[:, route.end_marker - 1 : route.end_marker, route.read_head].amax(-1) >= SHARP
    return away[:, :1] & (sharp | rested), ~away[:, :1] & sharp
