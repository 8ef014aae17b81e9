"""Associative recall: show items one after the other, then one of them again, and ask for the item that came next."""

from typing import Literal, get_args

import torch
from torch import Generator, Tensor

from ntm_lib.machine import LSTMConfig, NTMConfig
from ntm_lib.machine.validate import number, whole_number
from ntm_lib.tasks.payloads import fair_bits, number_bits
from ntm_lib.tasks.sizes import one_number
from ntm_lib.tasks.task import Batch, Draw, Task, half_and_half

VECTORS = 3
"""Vectors in one item of the paper."""
RecallKind = Literal["random", "first", "last", "counting", "zero question", "zero answer", "twins"]
RECALL_KINDS: tuple[str, ...] = get_args(RecallKind)
"""Kinds of items: random and all different; so too, with the first or the last but one as the question; items that
count up, which differ from each other in few bits; a question or an answer of zeros; one item in all other places."""


def recalling(width: int = 6, vectors: int = VECTORS) -> Task:
    """Associative recall (section 4.3) as a task; `frame_recall` has the time diagram.

    A size is a number of items; one item has no next, so training takes two where a recipe draws a length of 1. A
    sequence is exact when every bit of the answer is right. A machine that has settled is trained on all kinds: random
    items differ in each of their vectors, and one that looks for the last vector alone is nearly always right.
    Raises TypeError or ValueError for numbers of bits or vectors that are not whole, or whose product is not 1 to 62.
    """
    bits_of_an_item(width, vectors)

    def draw(kind: str) -> Draw:
        return lambda batch_size, items, generator: recall(batch_size, items, width, vectors, kind, generator)

    return Task(
        input_size=width + 2,
        output_size=width,
        draw=draw("random"),
        settling=half_and_half([draw(kind) for kind in RECALL_KINDS]),
        tests={kind: draw(kind) for kind in RECALL_KINDS},
        rows=lambda items: (vectors + 1) * one_number(items) + 2 * vectors + 2,
        sizes=(6, 15, 30),
        trials=(6, 15, 30),
        size=lambda length, _: max(2, length),
        name="recall" if vectors == VECTORS else f"recall of {vectors} vectors",
    )


def recalling_for(machine: NTMConfig | LSTMConfig) -> Task:
    """Associative recall in the width that a machine has inputs for; ValueError where it has none."""
    inputs, outputs = machine.input_size, machine.output_size
    if inputs != outputs + 2:
        raise ValueError(f"this machine has {inputs} inputs and {outputs} outputs: recall of W bits needs W + 2 and W")
    return recalling(outputs)


def recall(
    batch_size: int,
    items: int,
    width: int = 6,
    vectors: int = VECTORS,
    kind: str = "random",
    generator: Generator | None = None,
) -> Batch:
    """Show items of one of `RECALL_KINDS`, then one of them again, and ask for the item that came next.

    With N items of V vectors and T = N (V+1) + 2V + 2 steps: inputs (B, T, width+2), targets (B, T, width), mask
    (B, T). Raises TypeError or ValueError for a value that cannot be: 1 item has no next, and of W bits there are only
    2 ** W different ones.

    >>> batch = recall(batch_size=2, items=4)
    >>> batch.inputs.shape, batch.mask.sum(1).tolist()
    (torch.Size([2, 24, 8]), [3.0, 3.0])
    """
    batch_size, items = whole_number("batch_size", batch_size), whole_number("items", items)
    bits = bits_of_an_item(width, vectors)
    if not 2 <= items <= 2 ** min(bits, 30):
        raise ValueError(f"items is {items}: expected from 2, because one has no next, to {2**bits:,} different ones")
    shown, asked = shown_items(batch_size, items, bits, kind, generator)
    return frame_recall(shown.view(batch_size, items, vectors, width), asked)


def bits_of_an_item(width: int, vectors: int) -> int:
    """Bits of an item of so many vectors, from 1 to the 62 of a whole number of torch; else TypeError or ValueError."""
    bits = whole_number("width", width) * whole_number("vectors", vectors)
    return int(number("width times vectors", bits, int, 1, 62))


def shown_items(
    batch_size: int, items: int, bits: int, kind: str, generator: Generator | None
) -> tuple[Tensor, Tensor]:
    """Items of one kind (B, N, bits), and which of them is the question (B)."""
    asked = torch.randint(0, items - 1, (batch_size,), generator=generator)
    shown, rows = different_items(batch_size, items, bits, generator), torch.arange(batch_size)
    match kind:
        case "random":
            return shown, asked
        case "first":
            return shown, torch.zeros_like(asked)
        case "last":
            return shown, torch.full_like(asked, items - 2)
        case "counting":
            first = torch.randint(0, 2**bits, (batch_size, 1), generator=generator)
            return number_bits(first + torch.arange(items), bits), asked
        case "zero question" | "zero answer":
            zero = asked + (kind == "zero answer")
            return (shown - shown[rows, zero].unsqueeze(1)).abs(), asked  # turns the bits that are 1 in one item
        case "twins":
            others = shown[:, :1].expand_as(shown).clone()
            others[rows, asked] = shown[:, 1]
            return others, asked
    raise ValueError(f"kind is {kind!r}: expected one of {', '.join(RECALL_KINDS)}")


def different_items(batch_size: int, items: int, bits: int, generator: Generator | None) -> Tensor:
    """Fair bits of which no two items of a sequence are equal -> (B, N, bits): an item met before is drawn anew."""
    shown = fair_bits(batch_size, items, bits, generator)
    while (again := met_before(shown)).any():
        shown[again] = fair_bits(1, int(again.sum()), bits, generator)[0]
    return shown


def met_before(shown: Tensor) -> Tensor:
    """Which items of a sequence equal an earlier one of it: (B, N, bits) -> (B, N)."""
    numbers = (shown.long() << torch.arange(shown.shape[-1])).sum(-1)
    ordered, places = numbers.sort(dim=1, stable=True)
    again = torch.zeros_like(numbers, dtype=torch.bool)
    return again.scatter(1, places[:, 1:], ordered[:, 1:] == ordered[:, :-1])


def frame_recall(items: Tensor, asked: Tensor) -> Batch:
    """Put items (B, N, V, width) behind delimiters, then the question `asked` (B) between two of
    another kind.

        step      0     1 .. V   V+1   ..       q          q+1 .. q+V   q+V+1      q+V+2 .. q+2V+1
        inputs    item  item 1   item  item 2   question   item i       question   blank
        targets   -     -        -     -        -          -            -          item i+1

    The question begins at step q = N (V + 1). The mask is 1 in the last V steps. Channels: bits,
    the delimiter of items, the delimiter of the question. Each item stands between two delimiters,
    as in the paper: that of the next item, or of the question, ends it.

    Raises ValueError where the question is the last item, which has no next, and where it equals
    another item, because it then has two answers.
    """
    batch_size, number_of_items, vectors, width = items.shape
    rows, begin = torch.arange(batch_size), number_of_items * (vectors + 1)
    question = items[rows, asked]
    if ((asked < 0) | (asked > number_of_items - 2)).any():
        raise ValueError(f"asked names an item without a next one: expected from 0 to {number_of_items - 2}")
    if ((items == question.unsqueeze(1)).all((2, 3)).sum(1) > 1).any():
        raise ValueError("a question stands among its items twice, and so has two answers: expected items that differ")
    steps = begin + 2 * vectors + 2
    inputs = items.new_zeros(batch_size, steps, width + 2)
    for place in range(vectors):
        inputs[:, place + 1 : begin : vectors + 1, :width] = items[:, :, place]
    inputs[:, 0 : begin : vectors + 1, width] = 1
    inputs[:, begin, -1] = inputs[:, begin + vectors + 1, -1] = 1
    inputs[:, begin + 1 : begin + vectors + 1, :width] = question
    targets = items.new_zeros(batch_size, steps, width)
    targets[:, -vectors:] = items[rows, asked + 1]
    mask = items.new_zeros(batch_size, steps)
    mask[:, -vectors:] = 1
    return Batch(inputs, targets, mask)
