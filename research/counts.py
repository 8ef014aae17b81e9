"""Counts of runs with their intervals, and what else docs/findings.md works out from the tables."""

import math
import statistics
from collections import Counter
from collections.abc import Callable, Iterable

from scipy.stats import binomtest, fisher_exact

from ntm_lib.analysis.finding import Kind
from ntm_lib.study.tables import interval, share
from research.tables import Row, adversary, all_runs, as_written, by_length, causes_of, proofs, questions, runs

BITS = 100 * 20 * 7
"""Bits that are counted at length 20 where vectors have 7 bits, as in the post."""
HUGE = 10_000
"""A gradient norm beyond this is called huge."""


def _nearly_right(row: Row) -> bool:
    return bool(100 * row["wrong_bits_random_20"] < BITS)


def _huge(row: Row) -> bool:
    return row["peak_gradient_norm"] is None or row["peak_gradient_norm"] > HUGE


CONDITIONS: dict[str, Callable[[Row], bool]] = {
    "converged": lambda row: row["converged"],
    "exact at 20": lambda row: row["wrong_bits_random_20"] == 0,
    "exact at 30": lambda row: row["wrong_bits_random_30"] == 0,
    "exact at 120": lambda row: row["wrong_bits_random_120"] == 0,
    "nearly right at 20": _nearly_right,
    "exact in validation": lambda row: row["converged_at_update"] is not None,
    "lost it later": lambda row: row["lost_at_update"] is not None,
    "not finite": lambda row: row["nan_update"] is not None,
    "settled": lambda row: row["settled_at_update"] is not None,
    "finite": lambda row: row["nan_update"] is None,
    "huge gradient": _huge,
    "all in one row": lambda row: row["stores"] == "in one row",
    "stuck": lambda row: "stuck" in (row["faults"] or "").split("; "),
}
"""Conditions that a run may meet, by the words that the template of the page uses for them."""


FAR = {
    "wrong_bits_1000": "20 random sequences of 1,000 vectors",
    "wrong_bits_10000": "a random sequence of 10,000 vectors",
    "wrong_bits_README.md": "the README of this project, as it was then, in one sequence",
    "wrong_bits_chosen_1000": "28 chosen sequences of 1,000 vectors",
    "wrong_bits_chosen_3000": "7 chosen sequences of 3,000 vectors",
    "wrong_bits_100_crowd_10000": "20 random sequences of 100 vectors in a crowd of 10,000, as on a tape of 1,000,000",
}
"""Copies that machines of `reliable` were asked for beyond their verdict, by the column of their wrong bits."""


def in_words(successes: int, trials: int, of: str = "") -> str:
    """A count with its 95 % interval, such as "2 of 30 runs (0.8–22.1 %)" of runs."""
    low, high = (f"{100 * bound:.1f}".removesuffix(".0") for bound in interval(successes, trials))
    return f"{successes} of {trials}{of and f' {of}'} ({low}–{high} %)"


def counted(rows: Iterable[Row], condition: str) -> tuple[int, int]:
    """How many runs meet a condition, of how many."""
    met = [CONDITIONS[condition](row) for row in rows]
    return sum(met), len(met)


def count(name: str, arm: str, condition: str = "converged", of: str = "") -> str:
    """How many runs of an arm meet a condition."""
    return in_words(*counted(runs(name, arm), condition), of)


def cell(name: str, arm: str, condition: str = "converged") -> str:
    """How many runs of an arm meet a condition, as tables write it: "2/30, 0.8–22.1 %"."""
    return share(*counted(runs(name, arm), condition))


def count_all(name: str, condition: str = "converged", of: str = "") -> str:
    """How many runs of a whole study meet a condition."""
    return in_words(*counted(all_runs(name), condition), of)


def count_together(name: str, arms: list[str], condition: str, of: str = "") -> str:
    """How many runs of several arms together meet a condition."""
    return in_words(*counted([row for arm in arms for row in runs(name, arm)], condition), of)


def count_both(name: str, arm: str, condition: str, other: str) -> int:
    """How many runs of an arm meet two conditions."""
    return sum(CONDITIONS[condition](row) and CONDITIONS[other](row) for row in runs(name, arm))


def count_exact(name: str, column: str, of: str = "") -> str:
    """How many of the runs of a study that have a number of wrong bits in a column have none."""
    rows = [row for row in all_runs(name) if row[column] is not None]
    return in_words(sum(row[column] == 0 for row in rows), len(rows), of)


def two_digits(value: float) -> str:
    """A number with two digits, or with all that stand before the point: 0.043, 4.3, 430."""
    return f"{value:.2g}" if abs(value) < 99.5 else f"{value:,.0f}"


def wrong_a_sequence(name: str, column: str, sequences: int = 100) -> str:
    """Wrong bits a sequence over all runs of a study, from their sum over so many sequences: median and most."""
    wrong = [row[column] / sequences for row in all_runs(name)]
    return f"{two_digits(statistics.median(wrong))} / {two_digits(max(wrong))}"


def count_at_most(name: str, column: str, wrong: float, sequences: int = 100) -> str:
    """How many runs of a study have at most so many wrong bits a sequence."""
    rows = all_runs(name)
    return in_words(sum(row[column] <= wrong * sequences for row in rows), len(rows))


def stopped(name: str) -> str:
    """How many runs of a study met a number that was not finite, and in which updates, as "1 stopped at update 7"."""
    at = [number(row["nan_update"]) for row in all_runs(name) if row["nan_update"] is not None]
    return f"{len(at)} stopped at update {' and '.join(at)}" if at else "none stopped"


def most_seconds(name: str) -> str:
    """The most seconds that a run of a study took."""
    return number(max(row["seconds"] for row in all_runs(name)))


def settled_by(name: str, arm: str | None, update: int, of: str = "") -> str:
    """How many runs of an arm, or of a study without arms, had begun to settle by an update."""
    rows = all_runs(name) if arm is None else runs(name, arm)
    at = [row["settled_at_update"] for row in rows]
    return in_words(sum(one is not None and one <= update for one in at), len(at), of)


def counted_within(name: str, arm: str, sequences: float) -> tuple[int, int]:
    """How many runs of an arm converged within so many sequences, of how many."""
    rows = runs(name, arm)
    return sum(row["converged"] and row["sequences"] <= sequences for row in rows), len(rows)


def converged_within(name: str, arm: str, sequences: float) -> str:
    """How many runs of an arm converged within so many sequences."""
    return in_words(*counted_within(name, arm, sequences))


def apart(name: str, arm: str, recipe: str, sequences: float = math.inf) -> str:
    """The p-value of Fisher's exact test that an arm converges as often as a recipe in the study of that recipe's name.

    A run that took more than so many sequences counts as not converged.
    """
    compared = counted_within(name, arm, sequences), counted_within(recipe, recipe, sequences)
    table = [[many, of - many] for many, of in compared]
    return f"p = {fisher_exact(table).pvalue:.2g}"


def forwards(name: str, arm: str, condition: str | None = None) -> str:
    """How many machines store forwards, of those that store in an order, and the p-value of "as often as backwards".

    Only machines that meet the condition are counted, where there is one.
    """
    rows = [row for row in runs(name, arm) if condition is None or CONDITIONS[condition](row)]
    ways = Counter(row["stores"] for row in rows)
    both = ways["forwards"] + ways["backwards"]
    low, high = (f"{100 * bound:.1f}".removesuffix(".0") for bound in interval(ways["forwards"], both))
    p_value = binomtest(ways["forwards"], both).pvalue
    return f"{ways['forwards']} of {both} ({low}–{high} %; p = {p_value:.2g})"


def stored(name: str, arm: str) -> Counter[str]:
    """How many machines of an arm store forwards, backwards, in one row, and in no order."""
    return Counter(row["stores"] or "in no order" for row in runs(name, arm))


def faults(name: str, arm: str) -> str:
    """The faults that `ntm diagnose` found in the runs of an arm, the most frequent first, each with its runs."""
    found = Counter(fault for row in runs(name, arm) if row["faults"] for fault in row["faults"].split("; "))
    return ", ".join(f"{fault} ({number})" for fault, number in found.most_common())


def fault_meanings() -> dict[str, str]:
    """What each fault that was found in a run means, by the fault's name."""
    found = {fault for name in questions() for row in all_runs(name) for fault in (row.get("faults") or "").split("; ")}
    return {kind.value: kind.meaning for kind in Kind if kind.value in found}


def idle(name: str, arm: str) -> str:
    """How many runs of an arm have no idle head, one, two, and so on."""
    heads = Counter(len(row["idle"].split("; ")) if row["idle"] else 0 for row in runs(name, arm))
    return ", ".join(f"{number or 'none'} in {heads[number]}" for number in sorted(heads))


def median(name: str, arm: str, column: str, condition: str | None = None) -> str:
    """The median of a column over the runs that have a value there and meet the condition, where there is one."""
    return number(statistics.median(_values(name, arm, column, condition)))


def largest(name: str, arm: str, column: str, condition: str | None = None) -> str:
    """The largest value of a column over the runs that have one and meet the condition, where there is one."""
    return number(max(_values(name, arm, column, condition)))


def median_and_largest(name: str, arm: str, column: str, condition: str | None = None) -> str:
    """Median and largest value of a column in one cell of a table; "-" where no run has a value."""
    if not _values(name, arm, column, condition):
        return "-"
    return f"{median(name, arm, column, condition)} / {largest(name, arm, column, condition)}"


def _values(name: str, arm: str, column: str, condition: str | None) -> list[float]:
    rows = [row for row in runs(name, arm) if condition is None or CONDITIONS[condition](row)]
    return [row[column] for row in rows if row[column] is not None]


def number(value: float) -> str:
    """A number in as few digits as say how large it is: 0.16, 2,600, 8.5e7."""
    if value >= 1e6:
        return f"{value:.1e}".replace("e+0", "e").replace("e+", "e")
    return f"{value:.2g}" if 0 < value < 1 else f"{value:,.0f}"


def wrong_in_the_middle(name: str, arm: str) -> str:
    """The share of bits that are wrong at length 20, of vectors of 7 bits, in the median run of an arm."""
    return f"{100 * statistics.median(row['wrong_bits_random_20'] for row in runs(name, arm)) / BITS:.1f} %"


def nearly_right_at(name: str, length: int, of: str = "") -> str:
    """How many machines of a study have fewer than one bit in a hundred wrong at a length."""
    lines = by_length(name)[length]
    return in_words(sum(map(_line_nearly_right, lines)), len(lines), of)


def exact_at(name: str, length: int, of: str = "") -> str:
    """How many machines of a study have no wrong bit at a length."""
    lines = by_length(name)[length]
    return in_words(sum(not any(causes_of(line).values()) for line in lines), len(lines), of)


def wrong_share(name: str, length: int, causes: Iterable[str] | None = None, near_at: int | None = None) -> float:
    """The share of all bits that is wrong at a length through the given causes (None: any), over machines of a study.

    Only machines that are nearly right at the length `near_at` are counted, where one is given.
    """
    right = {line["seed"] for line in by_length(name)[near_at or length] if near_at is None or _line_nearly_right(line)}
    lines = [line for line in by_length(name)[length] if line["seed"] in right]
    wrong = sum(bits for line in lines for cause, bits in causes_of(line).items() if causes is None or cause in causes)
    return float(wrong / sum(line["bits"] for line in lines))


def wrong_at(name: str, length: int, causes: Iterable[str] | None = None, near_at: int | None = None) -> str:
    """The share that `wrong_share` finds, in per cent."""
    return f"{100 * wrong_share(name, length, causes, near_at):.1f} %"


def wrong_by_cause(name: str, lengths: Iterable[int]) -> dict[str, list[float]]:
    """The shares of all bits that are wrong through each cause, at each length."""
    lengths = list(lengths)
    causes = causes_of(by_length(name)[lengths[0]][0])
    return {cause: [wrong_share(name, length, [cause]) for length in lengths] for cause in causes}


def _line_nearly_right(line: Row) -> bool:
    return bool(100 * sum(causes_of(line).values()) < line["bits"])


def not_finite_as_written(of: str = "") -> str:
    """How many runs with the formulas of the post's code ended in a number that is not finite."""
    return in_words(*counted(as_written(), "not finite"), of)


def updates_as_written() -> tuple[str, str, str]:
    """The first, the median and the last update at which these runs met a number that is not finite."""
    updates = sorted(line["nan_update"] for line in as_written() if line["nan_update"] is not None)
    return f"{updates[0]:,}", f"{statistics.median(updates):,.0f}", f"{updates[-1]:,}"


def operations_as_written() -> dict[str, int]:
    """In how many of these runs each operation was the first whose result was not finite, the most frequent first."""
    found = Counter(line["nan_operation"] for line in as_written() if line["nan_operation"])
    return dict(found.most_common())


def searched() -> dict[str, str]:
    """Of the search that goes on from chosen payloads: machines, payloads tried, wrong ones, and how far margins fell.

    `less` is the largest share of its margin that a machine lost to the search, in percent.
    """
    rows = adversary()
    tried, wrong = (sum(row["search"][what] for row in rows) for what in ("tried", "wrong"))
    less = max(1 - row["search"]["margin"] / row["chosen"]["margin"] for row in rows)
    numbers = {"machines": len({row["seed"] for row in rows}), "tried": tried, "wrong": wrong}
    return {name: f"{count:,}" for name, count in numbers.items()} | {"less": f"{100 * less:.1g}"}


def attempts(length: int, arithmetic: str) -> list[Row]:
    """The attempts to prove that machines copy all sequences of up to some length, one a machine."""
    return [row for row in proofs() if row["length"] == length and row["arithmetic"] == arithmetic]


def counted_proofs(length: int, arithmetic: str) -> tuple[int, int]:
    """How many machines are proved to copy all sequences of up to some length, of how many."""
    rows = attempts(length, arithmetic)
    return sum(row["proved"] for row in rows), len(rows)


def proved(length: int, arithmetic: str, of: str = "") -> str:
    """How many machines are proved to copy all sequences of up to some length, with the interval."""
    return in_words(*counted_proofs(length, arithmetic), of)


def proof_lengths() -> list[int]:
    """The lengths for which proofs were tried, the shortest first."""
    return sorted({row["length"] for row in proofs()})


def not_proved(arithmetic: str) -> str:
    """For each length: the seeds whose machines were not proved, such as "up to 120: 57"; "none" where all were."""
    found = []
    for length in proof_lengths():
        seeds = [str(row["seed"]) for row in attempts(length, arithmetic) if not row["proved"]]
        if seeds:
            found.append(f"up to {length:,}: {', '.join(seeds)}")
    return "; ".join(found) or "none"


def proof_seconds(length: int, arithmetic: str, column: str) -> str:
    """Seconds of the processor to prove, or to check, a machine: median and most, over the machines that are proved."""
    seconds = [row[column] for row in attempts(length, arithmetic) if row["proved"]]
    return f"{statistics.median(seconds):.1f} / {max(seconds):.1f}"
