"""The guilty step of a copy: in which step a head went wrong, to which row, and where it should have gone.

Shapes: B sequences, L vectors in the payload.
"""

from typing import NamedTuple

import torch
from torch import Tensor

from ntm_lib.analysis.causes import Case, case_of
from ntm_lib.analysis.faults import find_jump, find_slip, writer_blurs
from ntm_lib.analysis.finding import CAUSES, Kind
from ntm_lib.analysis.route import SHARP, usual_step
from ntm_lib.analysis.trace import Trace


class Place(NamedTuple):
    """A head on a row in a step, and what is to be said of it."""

    step: int
    row: int
    half: str  # "write": where a write head is; "read": where a read head is
    words: str


class Guilty(NamedTuple):
    """The place that made most bits wrong, and the place that it is to be compared with."""

    cause: Kind
    sequence: int
    went: Place
    right: Place | None  # where the head should have been, or where it was rightly before; None: no one other place


def guilty_step(trace: Trace) -> Guilty | None:
    """Find the guilty step of the cause that made most bits wrong, or None where every bit is right.

    It lies in the sequence with most bits wrong by that cause. Raises ValueError for a trace that is no copy.
    """
    case = case_of(trace)
    if not case.is_wrong:
        return None
    counts = {cause: int(case.wrong[case.lost_to(cause)].sum()) for cause in CAUSES}
    cause = max(CAUSES, key=lambda one: counts[one])
    lost = case.lost_to(cause)  # (B, L)
    sequence = int((case.wrong * lost).sum(1).argmax())
    places = PLACES[cause](case, lost, sequence)
    return Guilty(cause, sequence, *places)


def rivals(trace: Trace, sequence: int = 0) -> Tensor:
    """Weights of the rows that compete for the read head in the step of its jump, after each of four stages -> (4, 3).

    The stages are find, blend, shift and sharpen (Eqs. 5, 7, 8 and 9). The rows are the one that the head should reach,
    the one on which it was, and all others together; the step's likeliest shift takes them along. Raises ValueError for
    a trace that is no copy.
    """
    case = case_of(trace)
    jump, head = find_jump(case, sequence), case.route.read_head
    moved = int(trace.emission.s[sequence, jump["step"], head].argmax()) - trace.config.shift_range
    w_c, w_g, w_s, w = (part[sequence, jump["step"], head] for part in (trace.w_c, trace.w_g, trace.w_s, trace.w))
    stages = torch.stack([w_c, w_g, w_s.roll(-moved), w.roll(-moved)])  # (4, N)
    two = stages[:, [jump["right_row"], jump["old_row"]]]
    return torch.cat([two, 1 - two.sum(1, keepdim=True)], dim=1)


def _missed_jump(case: Case, _: Tensor, sequence: int) -> tuple[Place, Place | None]:
    jump, route = find_jump(case, sequence), case.route
    step = jump["step"]
    on = int(case.trace.w_read[sequence, step, route.read_head].argmax())
    steps_left = int(route.read_at[0]) - step
    right = (jump["row"] - usual_step(route.written, case.rows)[0] * steps_left) % case.rows
    went = Place(step, on, "read", "here the read head went")
    return went, Place(step, right, "read", "here it should have gone")


def _off_by_one(case: Case, _: Tensor, sequence: int) -> tuple[Place, Place | None]:
    slip = find_slip(case, sequence)
    step, half = slip["slipped_at"], slip["slipped"]
    went = Place(step, slip["went"], half, f"here the {half} head went")
    return went, Place(step, slip["right_row"], half, "here it should have gone")


def _blur(case: Case, lost: Tensor, sequence: int) -> tuple[Place, Place | None]:
    """Ring the first blurred vector's row: of a read head the row where it should be, of a write head its heaviest."""
    route = case.route
    half, peaks, steps = "read", route.arrived[sequence], route.read_at
    if writer_blurs(case, lost):
        half, peaks, steps = "write", route.write_peak[sequence], route.wrote_at
    pale = lost[sequence] & (peaks < SHARP)
    vector = int(pale.long().argmax()) if pale.any() else int(peaks.where(lost[sequence], 1.0).argmin())
    share = f"{100 * peaks[vector]:.0f} % of the {half} head's weight"
    return Place(int(steps[vector]), int(route.written[sequence, vector]), half, f"here is {share}"), None


def _wrap_around(case: Case, lost: Tensor, sequence: int) -> tuple[Place, Place | None]:
    """Ring the first step in which the write head, once round the memory, comes to a row that it has written."""
    route = case.route
    rows = case.trace.w_write[sequence, :, route.write_head].argmax(-1).tolist()
    way = route.way[sequence].tolist()
    for step, row in enumerate(rows):
        for before in range(max(0, int(route.wrote_at[0]) - 1), step):
            if row == rows[before] and abs(way[step] - way[before]) >= case.rows / 2:
                went = Place(step, row, "write", "here the write head comes round, and writes again")
                return went, Place(before, row, "write", "here it wrote before")
    return _damaged(case, lost, sequence)


def _damaged(case: Case, lost: Tensor, sequence: int) -> tuple[Place, Place | None]:
    """Ring the step in which the row of the first lost vector changed most after it had been written."""
    route, vector = case.route, int(lost[sequence].long().argmax())
    row, step = int(route.written[sequence, vector]), int(route.changed_at[sequence, vector])
    went = Place(step, row, "write", f"here it changes, by {100 * route.changed[sequence, vector]:.0f} % in all")
    return went, Place(int(route.wrote_at[vector]), row, "write", f"here vector {vector} is written")


def _reader_strays(case: Case, lost: Tensor, sequence: int) -> tuple[Place, Place | None]:
    """Ring the row that was read just before the first lost vector was written."""
    route, vector = case.route, int(lost[sequence].long().argmax())
    step = max(0, int(route.wrote_at[vector]) - 1)
    row = int(case.trace.w_read[sequence, step, route.read_head].argmax())
    written = Place(
        int(route.wrote_at[vector]), int(route.written[sequence, vector]), "write", "and goes into this row"
    )
    return Place(step, row, "read", "what is read here"), written


def _garbled(case: Case, lost: Tensor, sequence: int) -> tuple[Place, Place | None]:
    route, vector = case.route, int(lost[sequence].long().argmax())
    row = int(route.written[sequence, vector])
    went = Place(int(route.read_at[vector]), row, "read", "the right row is read, and a wrong vector comes out")
    return went, Place(int(route.wrote_at[vector]), row, "write", f"here vector {vector} is written")


PLACES = {
    Kind.MISSED_JUMP: _missed_jump,
    Kind.OFF_BY_ONE: _off_by_one,
    Kind.BLUR: _blur,
    Kind.WRAP_AROUND: _wrap_around,
    Kind.LAST_VECTORS: _damaged,
    Kind.OVERWRITTEN: _damaged,
    Kind.RESTLESS_WRITER: _damaged,
    Kind.READER_STRAYS: _reader_strays,
    Kind.GARBLED: _garbled,
}
"""For each cause the function that finds its places in one sequence, among the vectors (B, L) lost to the cause."""
