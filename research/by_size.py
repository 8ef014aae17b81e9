"""What models get wrong in the paper's other tasks, by size, as docs/findings.md shows it: numbers, tables, figures."""

import statistics

from matplotlib.figure import Figure

from ntm_lib.teaching.compared import NAMES
from research.counts import number, two_digits
from research.sizes import Axis, sizes_figure
from research.tables import Row, paper, sized

AXES = {
    "repeat_copy_ticks": Axis(
        {
            "trained on": ("5x5", "5x10", "10x5", "10x10"),
            "longer": ("12x10", "15x10", "20x10"),
            "more often": ("10x12", "10x15", "10x20"),
        },
        "vectors × repeats",
        ("10x12", "the paper's NTM: wrong end marker beyond 11"),
    ),
    "recall": Axis(
        {"trained on": ("2", "3", "4", "5", "6"), "more items": ("8", "10", "12", "15", "20", "30")}, "items"
    ),
    "sort": Axis({"trained on": ("5", "10", "15", "20"), "more vectors": ("30", "40")}, "vectors"),
    "ngrams": Axis({"trained on": ("50", "100", "200"), "longer": ("400",)}, "bits in the sequence"),
}
"""The axis of each task's figure, by the task's name."""
EXCESS = ("ngrams",)
"""Tasks with an optimum: bits above it are counted, not wrong bits."""


def errors_of(task: str) -> str:
    """The column that counts what is wrong in a task."""
    return "excess_bits" if task in EXCESS else "wrong_bits"


def compared() -> list[str]:
    """The tasks that models were asked for."""
    return [task for task in AXES if sized(task)]


def has_baselines() -> bool:
    """Whether a model other than an NTM was asked for any task."""
    return any(set(models_of(task)) - {"ntm"} for task in AXES)


def models_of(task: str) -> list[str]:
    """The models that were asked, in the order of the figure."""
    there = {row["model"] for row in sized(task)}
    return [model for model in NAMES if model in there]


def rows_at(task: str, model: str, size: str) -> list[Row]:
    """The rows of all seeds of a model at one size."""
    return [row for row in sized(task) if (row["model"], row["size"]) == (model, size)]


def per_sequence(task: str, model: str, size: str, column: str = "") -> list[float]:
    """A column's value a sequence for each seed of a model at one size; none named: what is wrong."""
    return [row[column or errors_of(task)] / row["sequences"] for row in rows_at(task, model, size)]


def wrong_at_size(task: str, model: str, size: str, column: str = "") -> str:
    """The median and the most over all seeds of a model, a sequence of one size: "0.04 / 1.3"."""
    each = per_sequence(task, model, size, column)
    return f"{two_digits(statistics.median(each))} / {two_digits(max(each))}"


def shown_to(task: str, model: str) -> str:
    """The most sequences that a seed of a model was shown."""
    return number(max(row["shown"] for row in sized(task) if row["model"] == model))


def paper_costs(task: str) -> dict[str, dict[str, float]]:
    """The paper's costs in a task, by model and size."""
    costs: dict[str, dict[str, float]] = {}
    for row in paper(task):
        costs.setdefault(row["model"], {})[row["size"]] = row["cost_bits"]
    return costs


def by_size_figure(task: str) -> Figure:
    """What each model of a task gets wrong by size, beside the paper's costs."""
    axis = AXES[task]
    wrong = {
        model: list(zip(*(per_sequence(task, model, size) for size in axis.sizes), strict=True))
        for model in models_of(task)
    }
    what = "bits above the optimum" if task in EXCESS else "wrong bits"
    return sizes_figure(axis, wrong, paper_costs(task), f"{what} a sequence", guessed_at(task))


def guessed_at(task: str) -> list[float] | None:
    """The wrong bits a sequence of one who guesses, half of all bits, at each size; None where bits are not wrong."""
    if task in EXCESS:
        return None
    bits = {row["size"]: row["bits"] / row["sequences"] for row in sized(task)}
    return [bits[size] / 2 for size in AXES[task].sizes]
