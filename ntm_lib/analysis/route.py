"""The way of each vector through a copy: where it was written, and where the reader stood when it was due.

Shapes: B sequences, T steps, L vectors in the payload, N memory rows.
"""

from itertools import product
from typing import NamedTuple

import torch
from torch import Tensor

from ntm_lib.analysis.trace import Trace

SHARP = 0.5
"""A head stands on a row that has more than half of its weight: no other row can then have as much."""

READ_LAGS = {"hidden": (-1,), "reads": (0,), "hidden-and-reads": (0, -1)}
"""Steps between a vector's output and its reading: hidden units see what was read one step before, an output layer
that sees the reads what is read now."""

WRITE_LAGS = {"feed-forward": (0,), "lstm": (0, 1)}
"""Steps between a vector's input and its writing: at once, or one later by way of a controller that remembers it."""


TIE = 1e-6
"""Agreements that differ by less are equal, and the first of them is taken: rounding must not choose."""


class Route(NamedTuple):
    """The write head and the read head that do most of a copy, and where they stood."""

    write_head: int
    read_head: int
    write_place: int  # of the write head among all that are addressed
    wrote_at: Tensor  # (L)      the step in which a vector was written
    read_at: Tensor  # (L)       the last step in which reading it was not too late
    end_marker: int  # the step of the end marker
    write_path: Tensor  # (B, T) the row with most of the write head's weight
    read_path: Tensor  # (B, T)
    written: Tensor  # (B, L)    the row of each vector
    write_peak: Tensor  # (B, L) the write head's weight on it
    stood: Tensor  # (B, L)      the row where the reader stood when the vector was due
    read_peak: Tensor  # (B, L)  its weight on that row
    arrived: Tensor  # (B, L)    its weight on the row of the vector


def find_route(trace: Trace) -> Route:
    """The pair of heads and of lags under which, for vectors that come out right, the reader stands where they are.

    All vectors count where none is right. Raises ValueError for a trace that is not of a copy: the answers of all
    sequences in one stretch of equal length.
    """
    answer = answer_steps(trace)
    end = int(answer[0]) - 1
    right = ~trace.wrong[:, answer].any(-1)  # (B, L)
    counts = right if right.any() else ~right
    lags = product(WRITE_LAGS[trace.config.controller], READ_LAGS[trace.config.output_from])
    heads = list(product(range(trace.w_write.shape[2]), range(trace.w_read.shape[2])))
    if trace.config.weightings == "single":
        heads = [pair for pair in heads if pair[0] == pair[1]]
    best, chosen = -1.0, None
    for (write_lag, read_lag), (write_head, read_head) in product(lags, heads):
        wrote_at, read_at = torch.arange(end - len(answer), end) + write_lag, answer + read_lag
        shared = (trace.w_write[:, wrote_at, write_head] * trace.w_read[:, read_at, read_head]).sum(-1)  # (B, L)
        if (agreement := shared[counts].mean().item()) > best + TIE:
            best, chosen = agreement, (write_head, read_head, wrote_at, read_at)
    return _along(trace, end, *chosen)


def _along(trace: Trace, end: int, write_head: int, read_head: int, wrote_at: Tensor, read_at: Tensor) -> Route:
    writing, reading = trace.w_write[:, :, write_head], trace.w_read[:, :, read_head]  # (B, T, N)
    write_peak, written = writing[:, wrote_at].max(-1)
    read_peak, stood = reading[:, read_at].max(-1)
    arrived = reading[:, read_at].gather(-1, written.unsqueeze(-1)).squeeze(-1)
    paths = writing.argmax(-1), reading.argmax(-1)
    place = write_head + trace.w.shape[2] - trace.w_write.shape[2]
    heads = write_head, read_head, place
    return Route(*heads, wrote_at, read_at, end, *paths, written, write_peak, stood, read_peak, arrived)


def answer_steps(trace: Trace) -> Tensor:
    """The steps of the answer (L); ValueError for a trace that is not of a copy."""
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
    """Differences between rows as the shorter way round the tape, from -rows/2 to rows/2."""
    return (steps + rows // 2) % rows - rows // 2


def travelled(path: Tensor, rows: int, reach: int) -> Tensor:
    """How far a head has walked since the first step, up in index counted as positive: rows (B, T) -> (B, T).

    Jumps, of more than the `reach` of a shift, are not walks.
    """
    moves = circular(path.diff(dim=1), rows)
    walks = moves * (moves.abs() <= reach)
    return torch.cat([torch.zeros_like(path[:, :1]), walks], dim=1).cumsum(1)


def usual_step(rows_in_turn: Tensor, rows: int) -> tuple[int, float]:
    """The commonest move from one vector's row to the next one's, and the share of moves that it makes: (B, L)."""
    moves = circular(rows_in_turn.diff(dim=1), rows).flatten()
    if not len(moves):
        return 0, 1.0
    values, counts = moves.unique(return_counts=True)
    return int(values[counts.argmax()]), (counts.max() / len(moves)).item()
