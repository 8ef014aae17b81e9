"""Entries that a reader may type into a live training: numbers within bounds, any text as a seed, no more than fits."""

import math
from hashlib import sha256
from typing import NamedTuple, cast

import torch

from ntm_lib.machine import NTM
from ntm_lib.machine.validate import MOST_SEEDS
from ntm_lib.tasks.sizes import Size
from ntm_lib.training.run import Run


class Field(NamedTuple):
    """A setting of a recipe that a reader may change, and its bounds."""

    words: str
    smallest: float
    largest: float


FIELDS = {
    "max_length": Field("longest sequence to train on", 1, 50),
    "learning_rate": Field("learning rate at its peak", 0, 1),
    "clip_norm": Field("longest gradient (0: no limit)", 0, 1000),
    "clear": Field("weight of the clear loss (0: none)", 0, 1000),
}


def number_in(text: str, field: Field, like: float) -> float:
    """The number that a text holds, whole where `like` is; ValueError that names field and bounds for another text."""
    try:
        number = type(like)(text)
    except ValueError:
        number = math.nan
    if not field.smallest <= number <= field.largest:
        kind = "a whole number" if isinstance(like, int) else "a number"
        raise ValueError(f"{field.words} is {text!r}: expected {kind} from {field.smallest:g} to {field.largest:g}")
    return number


def seed_of(text: str) -> int:
    """A seed for any text: a whole number below 2**32 stands for itself, another text for 32 bits of its SHA-256.

    >>> seed_of("7"), seed_of("a turtle")
    (7, 1661453146)
    """
    text = text.strip()
    if text.isdecimal() and len(text) <= len(str(MOST_SEEDS)) and int(text) < MOST_SEEDS:
        return int(text)
    return int.from_bytes(sha256(text.encode(errors="surrogatepass")).digest()[:4])


def largest_size(run: Run) -> Size:
    """The largest size that a run trains on: that of its longest length and its last chance."""
    return run.task.size_from(run.recipe.max_length, math.nextafter(1, 0))


def bytes_of_an_update(run: Run) -> int:
    """About how much memory the gradient of an update takes, with the longest sequence and the most rows of a run."""
    recipe, machine, size = run.recipe, cast(NTM, run.model).config, largest_size(run)
    steps, enough = run.task.steps(size), run.task.rows_needed(size) + 2
    rows = max(recipe.largest_memory, enough) if recipe.largest_memory else machine.memory_size
    a_step = rows * (2 * machine.write_heads * machine.word_size + 8 * machine.addressing_heads)
    return torch.float32.itemsize * recipe.batch_size * steps * a_step
