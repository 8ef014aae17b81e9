"""Rows of a study as tables: a line a run, and counts with their intervals."""

import csv
import io
import statistics
from collections.abc import Sequence

COLUMNS = ("recipe", "seed", "converged", "sequences", "seconds", "stopped")
"""What every line of runs.csv begins with; wrong bits follow."""


def table(rows: Sequence[dict]) -> str:
    """Rows as CSV: the columns of `COLUMNS`, then wrong bits by kind and length, by asked length, and by file.

    After these every other entry of a row that is one value; entries that hold several stay in the run's own file.
    """
    parts = [({column: row[column] for column in COLUMNS}, _wrong_bits(row), _others(row)) for row in rows]
    columns = [*COLUMNS, *(column for part in zip(*parts, strict=True) for line in part for column in line)]
    text = io.StringIO()
    writer = csv.DictWriter(text, dict.fromkeys(columns), lineterminator="\n")
    writer.writeheader()
    writer.writerows(first | wrong | others for first, wrong, others in parts)
    return text.getvalue()


def _wrong_bits(row: dict) -> dict:
    line = {}
    for kind, lengths in row["wrong_bits"].items():
        line |= {f"wrong_bits_{kind}_{length}": wrong for length, wrong in lengths.items()}
    for length in sorted(row["lengths"], key=int):
        line[f"wrong_bits_{length}"] = row["lengths"][length]["wrong_bits"]
    return line | {f"wrong_bits_{name}": count["wrong_bits"] for name, count in row["files"].items()}


def _others(row: dict) -> dict:
    return {name: value for name, value in row.items() if name not in COLUMNS and not isinstance(value, dict | list)}


def summary(rows: Sequence[dict]) -> list[dict]:
    """One dictionary a recipe: how many runs converged and were exact, with 95 % intervals, and what it took.

    The medians and worst cases are over all runs, converged or not.
    """
    return [_summary_of([row for row in rows if row["recipe"] == name]) for name in _names(rows)]


def _names(rows: Sequence[dict]) -> dict[str, None]:
    return dict.fromkeys(row["recipe"] for row in rows)


def _summary_of(rows: list[dict]) -> dict:
    exact: dict[str, list[bool]] = {}
    for row in rows:
        for name, count in {**row["lengths"], **row["files"]}.items():
            exact.setdefault(name, []).append(count["wrong_bits"] == 0)
    sequences, seconds = [row["sequences"] for row in rows], [row["seconds"] for row in rows]
    return {
        "recipe": rows[0]["recipe"],
        "converged": share(sum(row["converged"] for row in rows), len(rows)),
        "sequences_median": statistics.median(sequences),
        "sequences_worst": max(sequences),
        "seconds_median": statistics.median(seconds),
        "seconds_worst": max(seconds),
        "exact": {name: share(sum(exact[name]), len(exact[name])) for name in exact},
    }


def interval(successes: int, trials: int) -> tuple[float, float]:
    """The exact (Clopper-Pearson) 95 % interval of a rate, from 0 to 1."""
    from scipy.stats import binomtest  # takes a second to import: only where a table is wanted

    low, high = binomtest(successes, trials).proportion_ci(confidence_level=0.95, method="exact")
    return float(low), float(high)


def share(successes: int, trials: int) -> str:
    """A count and its 95 % interval: "100/100, 96.4–100 %"."""
    low, high = (f"{100 * bound:.1f}".removesuffix(".0") for bound in interval(successes, trials))
    return f"{successes}/{trials}, {low}–{high} %"


def aligned(rows: Sequence[Sequence]) -> str:
    """Rows as lines of text with aligned columns, the first to the left and all others to the right."""
    cells = [[_cell(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return "\n".join("  ".join([row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])]) for row in cells)


def _cell(value: object) -> str:
    """Whole numbers with commas, others with three digits."""
    return f"{value:,}" if isinstance(value, int) else f"{value:.3g}" if isinstance(value, float) else str(value)
