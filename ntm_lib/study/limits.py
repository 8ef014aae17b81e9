"""Limits of what is asked for: a size beyond them is refused before anything runs, and a long copy is announced."""

import os
import time
from math import inf

import torch
from torch import nn

from ntm_lib.machine import LSTMConfig, NTMConfig
from ntm_lib.study.content import MOST_BYTES
from ntm_lib.training.evaluation import NUMBERS_AT_ONCE, rows_needed, wrong_bits
from ntm_lib.training.recipes import Recipe

MOST_SEQUENCES = 1_000_000
"""Sequences of one length that are counted."""
QUICK = 10**10
"""Memory cells passed in all steps together: fewer take no more than some seconds, and are not estimated."""


def at_most(name: str, value: int, most: int) -> int:
    """The value; ValueError for one that is larger than a named limit."""
    if value > most:
        raise ValueError(f"{name} is {value}: expected at most {most:,}")
    return value


def device_named(name: str) -> torch.device:
    """The device of that name; ValueError, with the names there are, for any other."""
    names = ["cpu"]
    if torch.accelerator.is_available():
        kind = torch.accelerator.current_accelerator().type
        names += [kind, *(f"{kind}:{index}" for index in range(torch.accelerator.device_count()))]
    if name not in names:
        raise ValueError(f"device is {name!r}: expected one of those that torch finds here, {', '.join(names)}")
    return torch.device(name)


def memory_of_this_computer() -> float:
    """Bytes of memory; infinite where the system does not say."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return inf


def require_memory(config: NTMConfig | LSTMConfig, length: int, rows: int | None, sequences: int = 1) -> None:
    """Raise ValueError where copies need more memory than this computer has: their rows and vectors alone do."""
    steps = 2 * length + 2
    cells = (rows or config.memory_size) * config.word_size if isinstance(config, NTMConfig) else 0
    hidden = config.controller_size if isinstance(config, NTMConfig) else config.hidden_size
    needed = 4 * (sequences * (cells + steps * (config.input_size + config.output_size)) + hidden**2)
    there = memory_of_this_computer()
    if needed > there:
        raise ValueError(
            f"{sequences:,} × {length:,} vectors at once"
            + (f" with memory_size {rows}" if rows else "")
            + f" take {needed / 1e9:,.0f} GB, and this computer has {there / 1e9:,.0f} GB: ask for shorter sequences,"
            " fewer rows or a smaller machine"
        )


def require_copies(model: nn.Module, length: int, sequences: int, memory_size: int | None) -> None:
    """Raise ValueError for copies that are too many, too long, or too large for this computer's memory."""
    at_most("sequences", sequences, MOST_SEQUENCES)
    at_most("length", length, MOST_BYTES)
    require_memory(model.config, length, memory_size or rows_needed(length))


@torch.no_grad()
def seconds_needed(model: nn.Module, length: int, sequences: int = 1, memory_size: int | None = None) -> float:
    """About how long copies take, by the time of a short one in as many rows; 0 where they are quick anyway."""
    config = model.config
    cells = (memory_size or rows_needed(length)) * (config.word_size if isinstance(config, NTMConfig) else 1)
    if 2 * length * cells * sequences < QUICK:
        return 0.0
    at_once, probe = max(1, min(sequences, NUMBERS_AT_ONCE // cells)), min(length, 16)
    bits = torch.zeros(at_once, probe, config.output_size)
    started = time.perf_counter()
    wrong_bits(model, bits, memory_size or rows_needed(length))
    return (time.perf_counter() - started) * (length + 1) / (probe + 1) * sequences / at_once


def in_words(seconds: float) -> str:
    """A time in its largest unit: "about 3 hours"."""
    for unit, size in (("days", 86_400), ("hours", 3600), ("minutes", 60)):
        if seconds >= 2 * size:
            return f"about {seconds / size:,.0f} {unit}"
    return f"about {seconds:.0f} seconds"


def require_trainable(recipe: Recipe) -> None:
    """Raise ValueError for a recipe whose machine cannot copy, or whose batches do not fit into memory."""
    machine = recipe.machine
    if machine.input_size - machine.output_size not in (1, 2):
        raise ValueError(
            f"{recipe.name} has {machine.input_size} inputs and {machine.output_size} outputs: a copy needs one input"
            " more (an end marker) or two (a start marker as well)"
        )
    require_memory(machine, recipe.max_length, recipe.largest_memory or None, recipe.batch_size)
