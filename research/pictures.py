"""The figures of docs/findings.md, each drawn from the runs of its study."""

from collections.abc import Callable
from functools import partial

import numpy as np
from matplotlib.figure import Figure

from ntm_lib.teaching.plots.failures import causes_figure
from ntm_lib.teaching.plots.style import INK, described
from research.by_size import by_size_figure, compared
from research.counts import counted, counted_proofs, proof_lengths, wrong_by_cause, wrong_share
from research.figures import shares_figure, spread_figure, starts_figure
from research.tables import all_runs, as_written, questions, study

OURS = {"reliable": "reliable", "reliable_kept_training": "kept", "reliable_lstm": "reliable_lstm"}
"""Recipes of this library, each with the study of its runs."""
LENGTHS = (5, 10, 20, 30, 50, 120, 200)
"""Lengths that the figure of wrong bits by length has room for."""
FAR = {
    "20 vectors": "wrong_bits_random_20",
    "120 chosen vectors": "wrong_bits_chosen_120",
    "1,000 vectors": "wrong_bits_1000",
    "1,000 chosen vectors": "wrong_bits_chosen_1000",
    "3,000 chosen vectors": "wrong_bits_chosen_3000",
    "10,000 vectors": "wrong_bits_10000",
    "README.md": "wrong_bits_README.md",
    "100 vectors in a crowd of 10,000": "wrong_bits_100_crowd_10000",
}
"""Copies that `reliable` was asked for beyond its verdict, each with the column that counts its wrong bits."""
TASKS = {
    "repeat copy by ticks, {} × {}": ("repeat_copy_ticks", ("10x10", "20x10", "10x20")),
    "recall, {} items": ("recall", ("6", "15", "30")),
    "sort, {} vectors": ("sort", ("20", "40")),
}
"""The paper's other tasks and a size in the words of a figure, each with its study and the sizes of its verdict."""
IN_THE_FIGURE = {
    "converged": "converged",
    "exact at length 20": "exact at 20",
    "nearly right at length 20": "nearly right at 20",
    "finite to the end": "finite",
    "exact in validation": "exact in validation",
}
"""Conditions in the words of a figure, each with its name in `counts.CONDITIONS`."""


def shares_of_arms(name: str, *conditions: str) -> Figure:
    """How many runs of each arm of a study meet each condition."""
    return shares_figure(
        {words: {arm: counted(rows, IN_THE_FIGURE[words]) for arm, rows in study(name).items()} for words in conditions}
    )


def proved_figure() -> Figure:
    """How many machines are proved to copy all sequences of up to each length."""
    asked = {"exact function": "exact", "with float32's rounding": "float32"}
    return shares_figure(
        {
            words: {f"up to {length:,}": counted_proofs(length, arithmetic) for length in proof_lengths()}
            for words, arithmetic in asked.items()
        }
    )


def random_figure() -> Figure:
    """How many runs of the post's recipe and of this library's recipes converged, and were exact at length 20."""
    asked = {"post_2014": study("random")["post"]} | {recipe: all_runs(name) for recipe, name in OURS.items()}
    return shares_figure(
        {
            words: {recipe: counted(rows, IN_THE_FIGURE[words]) for recipe, rows in asked.items()}
            for words in ("converged", "exact at length 20")
        }
    )


def not_finite_figure() -> Figure:
    """How many runs with each optimiser and formulas stayed finite, and how many were nearly right at length 20."""
    asked = {
        "code as written": as_written(),
        "our formulas": study("random")["post"],
        "our formulas, Graves's RMSProp": study("random")["graves-rmsprop"],
    }
    return shares_figure(
        {
            words: {arm: counted(rows, IN_THE_FIGURE[words]) for arm, rows in asked.items()}
            for words in ("finite to the end", "nearly right at length 20")
        }
    )


def far_figure() -> Figure:
    """How many machines of `reliable` made no mistake in copies much longer than those of its training."""
    counts = {}
    for words, column in FAR.items():
        rows = [row for row in all_runs("reliable") if row[column] is not None]
        counts[words] = (sum(row[column] == 0 for row in rows), len(rows))
    return shares_figure({"no wrong bit": counts})


def tasks_figure() -> Figure:
    """How many machines of the paper's other tasks made no mistake in 100 sequences, within training and beyond."""
    counts = {}
    for words, (name, sizes) in TASKS.items():
        for size in sizes:
            wrong = [row[f"wrong_bits_random_{size}"] for row in all_runs(name)]
            counts[words.format(*size.split("x"))] = (wrong.count(0), len(wrong))
    return shares_figure({"no wrong bit": counts})


def roles_figure() -> Figure:
    """How many machines found recall at all, with each arm of the question "roles", and with all of the recipe."""
    asked = {"recall": all_runs("recall")} | study("roles")
    return shares_figure({"settled": {arm: counted(rows, "settled") for arm, rows in asked.items()}})


def lengths_figure() -> Figure:
    """Wrong bits by length and cause, over all machines of the post's recipe and over those of `reliable`."""
    shares = {
        recipe: wrong_by_cause(name, LENGTHS) for recipe, name in (("post_2014", "random"), ("reliable", "reliable"))
    }
    causes = list(dict.fromkeys(cause for table in shares.values() for cause in table))
    none = [0.0] * len(LENGTHS)
    tables = {recipe: [table.get(cause, none) for cause in causes] for recipe, table in shares.items()}
    figure = causes_figure(tables, LENGTHS, causes)
    for axes, table in zip(figure.axes, tables.values(), strict=True):
        if not np.any(table):
            axes.text(0.5, 0.5, "no wrong bit", transform=axes.transAxes, ha="center", fontsize=12, color=INK)
    post, ours = (f"{100 * wrong_share(name, LENGTHS[-1]):.0f} %" for name in ("random", "reliable"))
    return described(
        figure,
        f"Wrong bits by length and cause: at {LENGTHS[-1]} vectors {post} of all bits are wrong with post_2014,"
        f" most of them through blur, and {ours} with reliable.",
    )


def starts_of(name: str, memory_size: int) -> Figure:
    """Where the machines of each arm store the first vector, and in which direction they go on."""
    rows = {arm: [(row["first_row"], row["stores"]) for row in rows] for arm, rows in study(name).items()}
    return starts_figure(rows, memory_size)


def gradients_figure(name: str) -> Figure:
    """The largest gradient norm of every run of each arm."""
    norms = {arm: [row["peak_gradient_norm"] for row in rows] for arm, rows in study(name).items()}
    return spread_figure(norms, "largest gradient norm", "not finite")


def figures() -> dict[str, Callable[[], Figure]]:
    """Every figure of the page: what draws it, by the name of its file."""
    drawn: dict[str, Callable[[], Figure]] = {
        name: partial(shares_of_arms, name, "converged", "exact at length 20") for name in questions()
    }
    drawn |= {
        "random": random_figure,
        "far": far_figure,
        "proved": proved_figure,
        "not_finite": not_finite_figure,
        "lengths": lengths_figure,
        "tasks": tasks_figure,
        "roles": roles_figure,
        "curriculum": partial(shares_of_arms, "curriculum", "finite to the end", "nearly right at length 20"),
        "added": partial(shares_of_arms, "added", "converged", "exact in validation"),
    }
    drawn |= {f"{task}_by_size": partial(by_size_figure, task) for task in compared()}
    drawn |= {f"gradients_{name}": partial(gradients_figure, name) for name in ("random", "clip", "curriculum")}
    drawn |= {f"starts_{name}": partial(starts_of, name, rows) for name, rows in (("random", 128), ("start", 256))}
    return drawn
