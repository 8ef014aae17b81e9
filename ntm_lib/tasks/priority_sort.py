"""Priority sort: show bit vectors, each with a number, then ask for those of the highest numbers, highest first."""

from typing import Literal, get_args

import torch
from torch import Generator, Tensor

from ntm_lib.machine import LSTMConfig, NTMConfig
from ntm_lib.machine.validate import number, whole_number
from ntm_lib.tasks.payloads import fair_bits
from ntm_lib.tasks.sizes import one_number
from ntm_lib.tasks.task import Batch, Draw, Task

SortKind = Literal["random", "zeros", "repeat", "rising", "falling", "even", "close"]
SORT_KINDS: tuple[str, ...] = get_args(SortKind)
"""Kinds of sequences: random; vectors of zeros, or one vector again and again, with random priorities; random vectors
in order of rising or of falling priority, with evenly spaced priorities, or with all in a tenth of the range."""
MOST_VECTORS = 10_000
"""Vectors of the longest sequences: so many random numbers in float32 all differ once in twenty draws."""


def sorting(width: int = 8) -> Task:
    """Priority sort (section 4.5) as a task; `frame_sort` has the time diagram.

    A size is a number of vectors shown; four of five, rounded down and at least one, are asked for: 16 of 20 as in the
    paper. A sequence is exact when every bit of the answer is right. In training all vectors are asked for: of one or
    two vectors the task asks for one, and a machine that kept the larger in a single row would be right.
    """

    def draw(kind: str) -> Draw:
        return lambda batch_size, length, generator: sort(batch_size, length, width, kind, generator)

    return Task(
        input_size=whole_number("width", width) + 3,
        output_size=width,
        draw=lambda batch_size, length, generator: sort(batch_size, length, width, "random", generator, ask_all=True),
        tests={kind: draw(kind) for kind in SORT_KINDS},
        rows=lambda length: 4 * one_number(length) + 2,
        sizes=(20, 40),
        trials=(20, 20, 40),
        name="sort",
    )


def sorting_for(machine: NTMConfig | LSTMConfig) -> Task:
    """Priority sort in the width that a machine has inputs for; ValueError where it has none."""
    inputs, outputs = machine.input_size, machine.output_size
    if inputs != outputs + 3:
        raise ValueError(f"this machine has {inputs} inputs and {outputs} outputs: sort of W bits needs W + 3 and W")
    return sorting(outputs)


def sort(
    batch_size: int,
    length: int = 20,
    width: int = 8,
    kind: str = "random",
    generator: Generator | None = None,
    ask_all: bool = False,
) -> Batch:
    """Show L vectors with priorities, of one of `SORT_KINDS`, and ask for the first four fifths by falling priority.

    With A = max(1, 4 L // 5), or A = L to `ask_all`: inputs (B, L+A+2, width+3), targets (B, L+A+2, width), mask
    (B, L+A+2).
    Raises TypeError or ValueError for a value that cannot be.

    >>> batch = sort(batch_size=2)
    >>> batch.inputs.shape, batch.mask.sum(1).tolist()
    (torch.Size([2, 38, 11]), [16.0, 16.0])
    """
    batch_size, length = whole_number("batch_size", batch_size), whole_number("length", length)
    bits = fair_bits(batch_size, length, whole_number("width", width), generator)
    priorities = different_priorities(batch_size, length, generator)
    match kind:
        case "random":
            pass
        case "zeros":
            bits = torch.zeros_like(bits)
        case "repeat":
            bits = bits[:, :1].expand_as(bits)
        case "rising" | "falling":
            priorities = priorities.sort(dim=1, descending=kind == "falling").values
        case "even":
            priorities = torch.linspace(-1, 1, length)[priorities.argsort(dim=1)]
        case "close":
            middle = 0.9 * (2 * torch.rand(batch_size, 1, generator=generator) - 1)
            priorities = middle + priorities / 10
        case _:
            raise ValueError(f"kind is {kind!r}: expected one of {', '.join(SORT_KINDS)}")
    return frame_sort(bits, priorities, length if ask_all else None)


def different_priorities(batch_size: int, length: int, generator: Generator | None) -> Tensor:
    """Numbers uniform from -1 to 1, no two of a sequence equal -> (B, L): a sequence with two such is drawn anew.

    Raises ValueError for more than `MOST_VECTORS` numbers.
    """
    number("length", length, int, 1, MOST_VECTORS)
    priorities = 2 * torch.rand(batch_size, length, generator=generator) - 1
    while (equal := priorities.sort(dim=1).values.diff(dim=1).eq(0).any(1)).any():
        priorities[equal] = 2 * torch.rand(int(equal.sum()), length, generator=generator) - 1
    return priorities


def frame_sort(bits: Tensor, priorities: Tensor, answers: int | None = None) -> Batch:
    """Show vectors (B, L, width) with their priorities (B, L), and ask for the A highest; None: for max(1, 4 L // 5).

        step      0      1 .. L                  L+1    L+2 .. L+A+1
        inputs    start  vector and priority     end    blank
        targets   -      -                       -      vectors, highest priority first     (mask 1 here only)

    Channels: bits, start, end, priority. Of equal priorities, the vector shown first comes first. The paper's text
    names vectors and priorities alone; the markers are those of `frame_copy`. Raises ValueError for priorities of
    another shape, or that are no numbers.
    """
    batch_size, length, width = bits.shape
    if priorities.shape != (batch_size, length) or priorities.isnan().any():
        raise ValueError(
            f"priorities have shape {tuple(priorities.shape)} and {int(priorities.isnan().sum())} NaN: expected"
            f" ({batch_size}, {length}), one number for each vector"
        )
    answers = max(1, 4 * length // 5) if answers is None else int(number("answers", answers, int, 1, length))
    order = priorities.argsort(dim=1, descending=True, stable=True)[:, :answers]
    steps = length + answers + 2
    inputs = bits.new_zeros(batch_size, steps, width + 3)
    inputs[:, 0, width] = inputs[:, length + 1, width + 1] = 1
    inputs[:, 1 : length + 1, :width] = bits
    inputs[:, 1 : length + 1, -1] = priorities
    targets = bits.new_zeros(batch_size, steps, width)
    targets[:, -answers:] = bits.gather(1, order.unsqueeze(-1).expand(-1, -1, width))
    mask = bits.new_zeros(batch_size, steps)
    mask[:, -answers:] = 1
    return Batch(inputs, targets, mask)
