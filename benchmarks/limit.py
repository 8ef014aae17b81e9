"""What an update costs at the least on this machine: its arithmetic and its memory traffic at measured rates."""

import statistics
import time

import torch


def rates() -> tuple[float, float]:
    """Multiply-adds a second, counted as two operations, of a large matrix product; bytes a second of reading a matrix
    that fits into the cache and writing another. Both on the threads that torch has now; the best of several tries."""
    a, b = torch.randn(768, 768), torch.randn(768, 768)
    x = torch.randn(32 * 128 * 20)
    y = torch.empty_like(x)
    products = [2 * 768**3 / _time(lambda: a @ b, 5) for _ in range(9)]
    streams = [2 * x.numel() * x.element_size() / _time(lambda: torch.neg(x, out=y), 200) for _ in range(9)]
    return statistics.quantiles(products, n=10)[-1], statistics.quantiles(streams, n=10)[-1]


def _time(call, repeats: int) -> float:
    call()
    started = time.perf_counter()
    for _ in range(repeats):
        call()
    return (time.perf_counter() - started) / repeats


def operations(batch: int, steps: int, rows: int, width: int, hidden: int, seen: int, output: int, lstm: bool) -> int:
    """Floating-point operations of one update with one read and one write head.

    Forwards, two for every weight of the controller (four times as many for an LSTM, which also sees its own state),
    the heads and the output layer; and for every cell of memory 4 to find both keys in it, 2 for its rows' lengths, 4
    to write and 2 to read. Backwards twice that.
    """
    controller = 4 * (seen + hidden) * hidden if lstm else seen * hidden
    weights = controller + hidden * (2 * (width + 6) + 2 * width) + (hidden + width) * output
    return 3 * steps * batch * (2 * weights + 12 * rows * width)


def traffic(batch: int, steps: int, rows: int, width: int) -> int:
    """Bytes of one update: a step reads the memory once and writes it once; on the way back the memory is read once
    more, and its gradient is read and written."""
    return 5 * 4 * steps * batch * rows * width


def seconds(batch: int, steps: int, rows: int, width: int, hidden: int, seen: int, output: int, lstm: bool) -> float:
    """The least time of one update: arithmetic or traffic, whichever takes longer, as if the other came for nothing."""
    product, stream = rates()
    work = operations(batch, steps, rows, width, hidden, seen, output, lstm) / product
    return max(work, traffic(batch, steps, rows, width) / stream)
