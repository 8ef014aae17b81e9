"""Rows of a study as tables: a line a run, and counts with their intervals."""

import csv
import io
import statistics
from collections.abc import Sequence
from typing import Any

COLUMNS = ("recipe", "seed", "converged", "sequences", "seconds", "stopped")
"""The first columns of every runs.csv; wrong bits follow."""


def table(rows: Sequence[dict[str, Any]]) -> str:
    """Rows as CSV: the columns of `COLUMNS`, then wrong bits by kind and length, by measured length, and by file.

    Every other entry of a row that is one value follows; entries that hold several stay in the run's own file.
    """
    counts = [wrong_bits(row) | excess_bits(row) for row in rows]
    others = [{name: row[name] for name in row if not isinstance(row[name], dict | list)} for row in rows]
    columns = dict.fromkeys([*COLUMNS, *(column for line in (*counts, *others) for column in line)])
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(values | wrong for values, wrong in zip(others, counts, strict=True))
    return text.getvalue()


def wrong_bits(row: dict[str, Any]) -> dict[str, int]:
    """The wrong bits of a run by the name of their column: by kind and length, by measured length, by file.

    What is measured at a kind and length of the verdict has a column of its own, such as wrong_bits_chosen_20_measured.
    """
    line: dict[str, int] = {}
    for kind, lengths in row["wrong_bits"].items():
        line |= {f"wrong_bits_{kind}_{length}": wrong for length, wrong in lengths.items()}
    lengths = {length: row["lengths"][length] for length in sorted(row["lengths"], key=lambda name: (len(name), name))}
    for name, count in [*lengths.items(), *row["files"].items()]:
        column = f"wrong_bits_{name}"
        line[f"{column}_measured" if column in line else column] = count["wrong_bits"]
    return line


def excess_bits(row: dict[str, Any]) -> dict[str, float]:
    """Bits a sequence above a task's optimum at each measured length, by the name of their column; none without one."""
    above = {n: count for n, count in row["lengths"].items() if count.get("excess_bits") is not None}
    return {f"excess_bits_{n}": round(count["excess_bits"] / count["sequences"], 4) for n, count in above.items()}


def summary(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """One dictionary a recipe: how many runs converged and were exact, with 95 % intervals, and how long they took.

    The medians and worst cases are over all runs, converged or not.
    """
    names = dict.fromkeys(row["recipe"] for row in rows)
    return [summary_of([row for row in rows if row["recipe"] == name]) for name in names]


def summary_of(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The summary of one recipe's runs."""
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
        "exact": {name: share(sum(each), len(each)) for name, each in exact.items()},
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


def aligned(rows: Sequence[Sequence[object]], left: int = 1) -> str:
    """Rows as lines of text with aligned columns, the first `left` of them to the left, all others to the right."""
    cells = [[_cell(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = []
    for row in cells:
        padded = [cell.rjust(width) for cell, width in zip(row, widths, strict=True)]
        padded[:left] = [cell.ljust(width) for cell, width in zip(row[:left], widths, strict=False)]
        lines.append("  ".join(padded).rstrip())
    return "\n".join(lines)


def _cell(value: object) -> str:
    """Whole numbers with commas, others with three digits."""
    return f"{value:,}" if isinstance(value, int) else f"{value:.3g}" if isinstance(value, float) else str(value)


def verdict_text(row: dict[str, Any]) -> str:
    """A run in words: wrong bits by kind and length, whether it converged, and how long it took."""
    lengths = list(row["wrong_bits"]["random"])
    kinds = [[kind, *(counts.get(n, "-") for n in lengths)] for kind, counts in row["wrong_bits"].items()]
    end = "converged" if row["converged"] else f"not converged ({row['stopped'] or 'see the wrong bits above'})"
    took = f"after {row['sequences']:,} sequences, {row['seconds']:.1f} s"
    excess = [[name, value] for name, value in row.items() if name.startswith("excess_bits_")]
    above = f"\n{aligned([['bits a sequence above the optimum', ''], *excess])}" if excess else ""
    return f"{aligned([['wrong bits at length', *lengths], *kinds])}{above}\n{end} {took}"


def summary_text(rows: Sequence[dict[str, Any]]) -> str:
    """The summary of a study: a line for what converged, how long it took, and each further measurement."""
    lines: list[tuple[str, str, str]] = []
    for one in summary(rows):
        took = (
            "median {sequences_median:,.0f}, worst {sequences_worst:,} sequences;"
            " median {seconds_median:.1f}, worst {seconds_worst:.1f} s"
        ).format(**one)
        lines += [(one["recipe"], "converged", one["converged"]), ("", "took", took)]
        lines += [("", f"exact at {name}", text) for name, text in one["exact"].items()]
    return aligned(lines, left=3)
