"""The route of each vector through a copy: its row, what became of that, and where the read head stood when it was due.

Shapes: B sequences, T steps, L vectors in the payload, N memory rows.
"""

from itertools import product
from typing import NamedTuple

import torch
from torch import Tensor

from ntm_lib.analysis.trace import Trace

SHARP = 0.5  # a head stands on a row that has more than half of its weight: no other row can then have as much
# steps from a vector's output to its reading, by `output_from`: hidden units see the reads of the step before
READ_LAGS = {"hidden": (-1,), "reads": (0,), "hidden-and-reads": (0, -1)}
WRITE_LAGS = {"feed-forward": (0,), "lstm": (0, 1)}  # steps from a vector's input to its writing: an LSTM may remember
TINY = 1e-6  # least change of a row that counts as writing, by which later changes are divided
TIE = 1e-6  # agreements that differ by less are equal, so that rounding does not choose between pairs of heads


class Route(NamedTuple):
    """The write head and the read head that do most of a copy, and the rows where they stood."""

    write_head: int
    read_head: int
    write_place: int  # of the write head among all that are addressed
    wrote_at: Tensor  # (L)      the step in which a vector was written
    read_at: Tensor  # (L)       the step in which it was due: the last in which reading it was not too late
    end_marker: int  # the step of the end marker
    way: Tensor  # (B, T)        rows that the write head has walked since the first step
    written: Tensor  # (B, L)    the row of each vector
    write_peak: Tensor  # (B, L) the write head's weight on that row
    stood: Tensor  # (B, L)      the row where the read head stood when the vector was due
    read_peak: Tensor  # (B, L)  the read head's weight on that row
    arrived: Tensor  # (B, L)    the read head's weight on the row of the vector
    changed: Tensor  # (B, L)    how far the row had changed since, as a share of the change that wrote the vector
    changed_at: Tensor  # (B, L) the step of the largest of these changes


def find_route(trace: Trace) -> Route:
    """Find the pair of heads, and of lags, under which the read head stands where vectors that come out right are.

    All vectors count where none is right. Raises ValueError for a trace that is not of a copy: the answers of all
    sequences in one stretch of equal length.
    """
    answer = answer_steps(trace)
    end = int(answer[0]) - 1
    right = ~trace.wrong[:, answer].any(-1)  # (B, L)
    counts = right if right.any() else ~right
    pairs = list(product(range(trace.w_write.shape[2]), range(trace.w_read.shape[2])))
    if trace.config.weightings == "single":
        pairs = [pair for pair in pairs if pair[0] == pair[1]]
    lags = product(WRITE_LAGS[trace.config.controller], READ_LAGS[trace.config.output_from])
    best, chosen = -1.0, (0, 0, answer, answer)
    for (write_lag, read_lag), (write_head, read_head) in product(lags, pairs):
        wrote_at, read_at = torch.arange(end - len(answer), end) + write_lag, answer + read_lag
        shared = (trace.w_write[:, wrote_at, write_head] * trace.w_read[:, read_at, read_head]).sum(-1)  # (B, L)
        if (agreement := shared[counts].mean().item()) > best + TIE:
            best, chosen = agreement, (write_head, read_head, wrote_at, read_at)
    write_head, read_head, wrote_at, read_at = chosen
    writing, reading = trace.w_write[:, :, write_head], trace.w_read[:, :, read_head]  # (B, T, N)
    write_peak, written = writing[:, wrote_at].max(-1)
    read_peak, stood = reading[:, read_at].max(-1)
    arrived = reading[:, read_at].gather(-1, written.unsqueeze(-1)).squeeze(-1)
    way = travelled(writing.argmax(-1), writing.shape[-1], trace.config.shift_range)
    heads = write_head, read_head, write_head + trace.w.shape[2] - trace.w_write.shape[2]
    changes = _changes_since(trace.changes, written, wrote_at, read_at)
    return Route(*heads, wrote_at, read_at, end, way, written, write_peak, stood, read_peak, arrived, *changes)


def _changes_since(changes: Tensor, rows: Tensor, wrote_at: Tensor, read_at: Tensor) -> tuple[Tensor, Tensor]:
    """Find how far rows (B, L) changed after they were written, as a share of that first change, and when most."""
    steps = torch.arange(changes.shape[1]).unsqueeze(1)
    of_rows = changes.gather(2, rows.unsqueeze(1).expand(-1, len(steps), -1))  # (B, T, L)
    writing = of_rows[:, wrote_at, torch.arange(len(wrote_at))]  # (B, L)
    later = of_rows * ((steps > wrote_at) & (steps <= read_at))
    return later.sum(1) / writing.clamp(min=TINY), later.argmax(1)


def answer_steps(trace: Trace) -> Tensor:
    """List the steps of the answer (L); ValueError for a trace that is not of a copy."""
    answer = trace.mask[0].nonzero().squeeze(-1)
    length = len(answer)
    one_stretch = length > 0 and bool((answer == torch.arange(length) + answer[0]).all())
    if not one_stretch or not (trace.mask == trace.mask[0]).all() or answer[0] <= length:
        raise ValueError(
            f"the answer takes steps {answer.tolist()}: expected a copy, whose sequences all have an answer in one"
            " stretch, after as many vectors and an end marker"
        )
    return answer


def circular(steps: Tensor, rows: int) -> Tensor:
    """Turn differences between rows into the shorter way round the memory, from -rows/2 to rows/2."""
    return (steps + rows // 2) % rows - rows // 2


def travelled(path: Tensor, rows: int, reach: int) -> Tensor:
    """Add up how far a head has walked since the first step, forward counted as positive: rows (B, T) -> (B, T).

    Moves beyond the `reach` of a shift are jumps and do not count.
    """
    moves = circular(path.diff(dim=1), rows)
    walks = moves * (moves.abs() <= reach)
    return torch.cat([torch.zeros_like(path[:, :1]), walks], dim=1).cumsum(1)


def usual_step(rows_in_turn: Tensor, rows: int) -> tuple[int, float]:
    """Find the commonest move from one vector's row to the next one's, and its share of all moves: (B, L)."""
    moves = circular(rows_in_turn.diff(dim=1), rows).flatten()
    if not len(moves):
        return 0, 1.0
    commonest = moves.mode().values
    return int(commonest), float((moves == commonest).float().mean())
