"""Repeat copy: show a sequence of bit vectors and a number, then ask for the sequence so many times."""

from collections.abc import Callable
from math import sqrt
from typing import Literal

import torch
from torch import Generator, Tensor
from torch.nn.functional import pad

from ntm_lib.machine import LSTMConfig, NTMConfig
from ntm_lib.machine.validate import number, whole_number
from ntm_lib.tasks.payloads import KINDS
from ntm_lib.tasks.payloads import payload as payload_of
from ntm_lib.tasks.sizes import Size, two_numbers
from ntm_lib.tasks.task import Batch, Draw, Task, half_and_half

MOST_REPEATS = 10
"""Repeats of the paper's training sequences: from 1 to so many, each as likely as the others."""
Counting = Literal["scalar", "ticks"]
"""The two ways to show the number of repeats: as one number, or as so many steps with a mark."""
NAMES: dict[Counting, str] = {"scalar": "repeat_copy", "ticks": "repeat_copy_ticks"}
"""Names of the task, by how the number of repeats is shown."""
TICK = 1.0
"""Strength of every tick in tests, and in every second sequence in training."""
WEAKEST, STRONGEST = TICK / 2, TICK * 2
"""Strengths of uneven ticks: the logarithm of each is as likely to lie anywhere between those of the two."""


def repeat_copying(width: int = 8, most_repeats: int = MOST_REPEATS, counting: Counting = "scalar") -> Task:
    """Repeat copy (section 4.2) as a task; `frame_repeat_copy` has the time diagram.

    A size is (length, repeats). Training draws both: lengths as the recipe says, repeats from 1 to `most_repeats`.
    A sequence is exact when every bit of every repeat comes back, and the end marker at the last step alone. A machine
    that has settled is trained on all kinds of vectors. Where ticks count, every second sequence in training shows
    ticks of uneven strengths: a machine that adds ticks up gets no count from them, and one that moves a row at each
    tick does. The others, and all tests, show ticks of one strength, which nothing tells apart but their rows.
    Raises TypeError or ValueError for a number that is none, for fewer than 2 repeats at the most, which have no spread
    to divide a count by, and for an unknown way of counting.
    """
    whole_number("width", width)
    number("most_repeats", most_repeats, int, 2, 10**6)
    require_counting(counting)

    def draw(kind: str, uneven: bool = False) -> Draw:
        return lambda batch_size, size, generator: repeat_copy(
            batch_size, *two_numbers(size, "LENGTHxREPEATS"), width, kind, generator, most_repeats, counting, uneven
        )

    name = NAMES[counting]
    return Task(
        input_size=width + 3,
        output_size=width + 1,
        draw=draw("random", uneven=True),
        settling=half_and_half([draw(kind, uneven=True) for kind in KINDS]),
        tests={kind: draw(kind) for kind in KINDS},
        rows=rows_of(counting),
        sizes=((10, 10), (10, 20), (20, 10)),
        trials=((10, 10), (20, 10), (10, 20)),
        size=lambda length, chance: (length, 1 + int(chance * most_repeats)),
        name=name if most_repeats == MOST_REPEATS else f"{name} up to {most_repeats}",
    )


def repeat_copying_for(machine: NTMConfig | LSTMConfig, counting: Counting = "scalar") -> Task:
    """Repeat copy in the width that a machine has inputs for; ValueError where it has none."""
    inputs, outputs = machine.input_size, machine.output_size
    if outputs < 2 or inputs != outputs + 2:
        raise ValueError(
            f"this machine has {inputs} inputs and {outputs} outputs: repeat copy of W bits needs W + 3 and W + 1"
        )
    return repeat_copying(outputs - 1, counting=counting)


def repeat_copy(
    batch_size: int,
    length: int,
    repeats: int,
    width: int = 8,
    kind: str = "random",
    generator: Generator | None = None,
    most_repeats: int = MOST_REPEATS,
    counting: Counting = "scalar",
    uneven: bool = False,
) -> Batch:
    """Show vectors of one of `KINDS` and a number, then ask for the vectors so many times, and for an end marker.

    With L vectors, R repeats and T = L + 3 + L*R steps: inputs (B, T, width+3), targets (B, T, width+1), mask (B, T);
    counting by ticks takes R steps more. Ticks have the strength `TICK`, or in every second sequence `uneven` ones.
    Raises TypeError or ValueError for a value that cannot be.

    >>> batch = repeat_copy(batch_size=2, length=3, repeats=4)
    >>> batch.inputs.shape, batch.mask.sum(1).tolist()
    (torch.Size([2, 18, 11]), [13.0, 13.0])
    """
    bits = payload_of(batch_size, length, width, kind, generator)
    every_second = uneven and require_counting(counting) == "ticks"
    ticks = whole_number("repeats", repeats)
    strengths = uneven_strengths(batch_size, ticks, generator) if every_second else TICK
    return frame_repeat_copy(bits, repeats, most_repeats, counting, strengths)


def uneven_strengths(batch_size: int, ticks: int, generator: Generator | None = None) -> Tensor:
    """Strengths (B, R) of ticks: `TICK` in sequences 0, 2, 4 ..., from `WEAKEST` to `STRONGEST` in the others."""
    powers = torch.rand(batch_size, ticks, generator=generator, dtype=torch.float32)
    strengths = WEAKEST * (STRONGEST / WEAKEST) ** powers
    strengths[::2] = TICK
    return strengths


def frame_repeat_copy(
    bits: Tensor,
    repeats: int,
    most_repeats: int = MOST_REPEATS,
    counting: Counting = "scalar",
    strengths: Tensor | float = TICK,
) -> Batch:
    """Put a payload (B, L, width) between its markers, and ask R times for it, then once for an end marker.

        step      0      1 .. L     L+1              L+2 .. L+1+L*R       L+2+L*R
        inputs    start  payload    end and count    blank                blank
        targets   -      -          -                payload, R times     end marker

    The mask is 1 from step L+2 on. Input channels: bits, start, end, count; target channels: bits, end marker. The
    count is R less the mean of 1 .. `most_repeats`, over their standard deviation. Counting by ticks, each of R steps
    has its strength of `strengths` (B, R), or one for all, on the channel of the count, and the mask is 1 from step
    L+2+R on:

        step      0      1 .. L     L+1 .. L+R    L+1+R         L+2+R .. L+1+R+L*R    L+2+R+L*R
        inputs    start  payload    ticks         end           blank                 blank
        targets   -      -          -             -             payload, R times      end marker

    The paper's text names vectors, count and end marker of the answer. The start marker is that of `frame_copy`. The
    mark beside the count keeps a count of 0 from looking like a blank. Ticks are a change of format: the paper's count
    is one number, and a number beyond its training range is one that a machine has never met. Raises TypeError or
    ValueError for a number of repeats that is no whole number from 1 on, for an unknown way of counting, and for
    strengths of another shape or not above 0.
    """
    batch_size, length, width = bits.shape
    whole_number("repeats", repeats)
    ticks = repeats if require_counting(counting) == "ticks" else 0
    end = length + 1 + ticks
    first, steps = end + 1, end + 2 + length * repeats
    inputs = bits.new_zeros(batch_size, steps, width + 3)
    inputs[:, 0, width] = 1
    inputs[:, 1 : length + 1, :width] = bits
    inputs[:, end, -2] = 1
    if ticks:
        inputs[:, length + 1 : end, -1] = require_strengths(strengths, batch_size, ticks)
    else:
        inputs[:, end, -1] = normal_count(repeats, most_repeats)
    targets = bits.new_zeros(batch_size, steps, width + 1)
    targets[:, first:-1] = pad(bits, (0, 1)).repeat(1, repeats, 1)
    targets[:, -1, -1] = 1
    mask = bits.new_zeros(batch_size, steps)
    mask[:, first:] = 1
    return Batch(inputs, targets, mask)


def normal_count(repeats: int, most_repeats: int) -> float:
    """A number of repeats less the mean of 1 .. `most_repeats`, over their standard deviation.

    >>> round(normal_count(10, most_repeats=10), 3)
    1.567
    """
    number("most_repeats", most_repeats, int, 2, 10**6)
    return (repeats - (most_repeats + 1) / 2) / sqrt((most_repeats**2 - 1) / 12)


def rows_of(counting: Counting) -> Callable[[Size], int]:
    """The function that says how many rows a size needs: those of vectors, markers and ticks, and as many to spare."""

    def rows(size: Size) -> int:
        length, repeats = two_numbers(size, "LENGTHxREPEATS")
        return 2 * (length + 2 + (repeats if counting == "ticks" else 0))

    return rows


def require_strengths(strengths: Tensor | float, batch_size: int, ticks: int) -> Tensor | float:
    """Strengths (B, R) of all ticks, or one number for all; TypeError or ValueError for any that a tick cannot have."""
    if not isinstance(strengths, Tensor):
        return number("strengths", strengths, float, 1e-6, 1e6)
    if strengths.shape != (batch_size, ticks):
        raise ValueError(f"strengths have shape {tuple(strengths.shape)}: expected ({batch_size}, {ticks}), one a tick")
    if not strengths.is_floating_point() or not (strengths.isfinite() & (strengths > 0)).all():
        raise ValueError("strengths are not all finite numbers above 0: expected a tensor of such numbers")
    return strengths


def require_counting(counting: Counting) -> Counting:
    """A way of counting that there is; ValueError for any other."""
    if counting not in NAMES:
        raise ValueError(f"counting is {counting!r}: expected one of {', '.join(NAMES)}")
    return counting
