"""Sequences of the paper's other tasks as the library frames them, by which the page's own framing is tested.

`python -m research.live.frames` writes them to page/tests/frames.json.
"""

import json
from typing import Any

import torch
from torch import Generator, Tensor

from ntm_lib import tasks
from ntm_lib.tasks import Batch
from ntm_lib.tasks.ngrams import drawn_bits, drawn_tables
from research.tables import ROOT

OUT = ROOT / "page" / "tests" / "frames.json"


def frames() -> dict[str, list[dict[str, Any]]]:
    """One or more sequences of each task, with what they are made from; all sizes of a sequence differ."""
    return {
        "recall": [recall(items=7, asked=4, vectors=3, width=5), recall(items=2, asked=0, vectors=1, width=3)],
        "repeat_copy": [repeat_copy(length=5, repeats=3, width=7), repeat_copy(length=2, repeats=13, width=5)],
        "sort": [
            sort([-0.3, 0.7, -0.9, 0.2, 0.7, -0.11, 0.5], width=5),  # two priorities are equal
            sort([0.1, 1.0, -1.0, 0.13, 0.12, -0.2, 0.3, 0.6, -0.6, 0.9, 0.02], width=3),
            sort([0.4], width=7),
        ],
        "ngrams": [ngrams(bits=29, context=3), ngrams(bits=211, context=5)],
    }


def recall(items: int, asked: int, vectors: int, width: int) -> dict[str, Any]:
    """A recall of random items."""
    bits = tasks.payload(1, items * vectors, width, generator=Generator().manual_seed(items))
    shown = bits.view(1, items, vectors, width)
    made = tasks.frame_recall(shown, torch.tensor([asked]))
    return {"items": tasks.bits_number(shown)[0].tolist(), "asked": asked, "width": width, **in_lists(made)}


def repeat_copy(length: int, repeats: int, width: int) -> dict[str, Any]:
    """A repeat copy of random vectors by ticks."""
    bits = tasks.payload(1, length, width, generator=Generator().manual_seed(length))
    made = tasks.frame_repeat_copy(bits, repeats, counting="ticks")
    return {"vectors": tasks.bits_number(bits)[0].tolist(), "repeats": repeats, "width": width, **in_lists(made)}


def sort(priorities: list[float], width: int) -> dict[str, Any]:
    """A sort of random vectors with these priorities."""
    bits = tasks.payload(1, len(priorities), width, generator=Generator().manual_seed(width))
    made = tasks.frame_sort(bits, torch.tensor([priorities]))
    vectors = tasks.bits_number(bits)[0].tolist()
    return {"vectors": vectors, "priorities": priorities, "width": width, **in_lists(made)}


def ngrams(bits: int, context: int) -> dict[str, Any]:
    """A table, bits by it, the numbers from 0 to 1 that both are drawn with, and the best estimate's chances."""
    first = Generator().manual_seed(context)
    for_table = torch.rand(1, 2**context, generator=first, dtype=torch.float64)
    for_bits = torch.rand(1, bits, generator=first, dtype=torch.float64)
    again = Generator().manual_seed(context)
    table = drawn_tables(1, 2**context, "random", again)
    drawn = drawn_bits(table, bits, context, again)
    made = tasks.frame_ngrams(drawn, context)
    return {
        "context": context,
        "forTable": for_table[0].tolist(),
        "forBits": for_bits[0].tolist(),
        "table": table[0].tolist(),
        "bits": drawn[0].int().tolist(),
        "chances": tasks.optimal_chances(drawn[:, :-1], context)[0].tolist(),
        "cost": tasks.optimal_cost(made, context).item(),
        **in_lists(made),
    }


def in_lists(batch: Batch) -> dict[str, list[Any]]:
    """Inputs, targets and mask of a batch's only sequence, whole numbers without a point."""
    return {name: short(part[0]) for name, part in batch._asdict().items()}


def short(part: Tensor) -> list[Any]:
    """The numbers of a tensor in lists; as whole numbers where all are whole."""
    return (part.int() if torch.equal(part, part.round()) else part).tolist()


if __name__ == "__main__":
    OUT.write_text(json.dumps(frames(), separators=(",", ":")) + "\n", encoding="utf-8")
