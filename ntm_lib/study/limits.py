"""Limits of sizes, beyond which a command is refused before it runs, and estimates of memory and time."""

import os
from math import inf

from ntm_lib.analysis.copies import rows_needed
from ntm_lib.machine import LSTMConfig, NTMConfig
from ntm_lib.study.content import MOST_BYTES
from ntm_lib.tasks import copying_for
from ntm_lib.training.evaluation import Machine
from ntm_lib.training.recipes import Recipe

MOST_SEQUENCES = 1_000_000
"""Largest number of sequences of one length."""
CELLS_A_SECOND = 2e8
"""Memory cells that one core reads and writes in a second, roughly; every step of a copy takes all cells once."""


def at_most(name: str, value: int, most: int) -> int:
    """The value; ValueError for one that is larger than a named limit."""
    if value > most:
        raise ValueError(f"{name} is {value}: expected at most {most:,}")
    return value


def require_trainable(recipe: Recipe) -> None:
    """Raise ValueError for a recipe whose machine cannot copy, or whose batches do not fit into memory."""
    copying_for(recipe.machine)
    _require_memory(recipe.machine, recipe.max_length, recipe.largest_memory or None, recipe.batch_size)


def seconds_of_copies(model: Machine, length: int, sequences: int, memory_size: int | None) -> float:
    """About how long copies take; ValueError for too many, too long ones, or more than this computer's memory."""
    at_most("sequences", sequences, MOST_SEQUENCES)
    at_most("length", length, MOST_BYTES)
    rows = memory_size or rows_needed(length)
    cells = _require_memory(model.config, length, rows)
    return (2 * length + 2) * cells * sequences / CELLS_A_SECOND


def _require_memory(config: NTMConfig | LSTMConfig, length: int, rows: int | None, sequences: int = 1) -> int:
    """The memory cells of one copy; ValueError where cells and vectors alone need more bytes than there are."""
    hidden = config.controller_size if isinstance(config, NTMConfig) else config.hidden_size
    rows = rows or config.memory_size if isinstance(config, NTMConfig) else None
    cells = rows * config.word_size if rows and isinstance(config, NTMConfig) else hidden
    vectors = (2 * length + 2) * (config.input_size + config.output_size)
    needed, there = 4 * (sequences * (cells + vectors) + hidden**2), _bytes_of_this_computer()
    if needed > there:
        raise ValueError(
            f"{sequences:,} × {length:,} vectors at once"
            + (f" with memory_size {rows}" if rows else "")
            + f" take {needed / 1e9:,.0f} GB, and this computer has {there / 1e9:,.0f} GB: ask for shorter sequences,"
            " fewer rows or a smaller machine"
        )
    return cells


def _bytes_of_this_computer() -> float:
    """Bytes of memory; infinite where the system does not say."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return inf
