"""Write docs/findings.md, its figures and README's answers from what data/ holds: python research/findings.py"""

import csv
import json
import math
import statistics
from collections import Counter
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path

import jinja2
from matplotlib.figure import Figure
from scipy.stats import binomtest, fisher_exact

from ntm_lib.analysis.causes import CAUSES
from ntm_lib.study.questions import QUESTIONS
from ntm_lib.study.rows import not_finite
from ntm_lib.study.tables import share
from ntm_lib.teaching.plots.failures import causes_figure
from ntm_lib.teaching.show import description, png
from research.figures import shares_figure, spread_figure, starts_figure

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
STUDIES = ROOT / "data" / "studies"
BITS = 100 * 20 * 7
"""Bits of the verdict at length 20 in the post's format, of 7 bits a vector."""
OPERATIONS = {
    "div in Eq. 9": "its division",
    "derivative of Div in Eq. 9": "the derivative of its division",
    "derivative of _TheanoPower in Eq. 9": "the derivative of its power",
    "gradient norm": "a gradient whose norm no float32 holds",
}
"""What research/formulas_as_written.py names, in words."""
OURS = (("reliable", "reliable"), ("kept", "reliable_kept_training"), ("reliable_lstm", "reliable_lstm"))
"""Studies of our recipes, and the recipe of each."""
SHOWN = (5, 10, 20, 30, 50, 120, 200)
"""The lengths for which the figure of wrong bits has room."""
PICTURES = DOCS / "findings"
README = ROOT / "README.md"
BEGIN, END = "<!-- written by make findings -->\n", "<!-- end -->\n"
"""Between these, README has research/answers.md.jinja."""


@cache
def study(name: str) -> dict[str, list[dict]]:
    """All runs of a study by arm; numbers as numbers, True and False as such, empty cells as None."""
    with (STUDIES / name / "runs.csv").open(newline="", encoding="utf-8") as file:
        rows = [{column: _value(text) for column, text in line.items()} for line in csv.DictReader(file)]
    arms: dict[str, list[dict]] = {arm.name.removeprefix(f"{name}-"): [] for arm in _arms(name)}
    for row in rows:
        arms.setdefault(row["recipe"].removeprefix(f"{name}-"), []).append(row)
    return {arm: rows for arm, rows in arms.items() if rows}


def _arms(name: str) -> tuple:
    """The arms of a question in its order; nothing for a study that is not of a question."""
    return QUESTIONS[name].arms if name in QUESTIONS else ()


def _value(text: str) -> object:
    if text in ("", "True", "False"):
        return {"": None, "True": True, "False": False}[text]
    try:
        return json.loads(text)
    except ValueError:
        return text


def runs(name: str, arm: str) -> list[dict]:
    """The runs of one arm."""
    return study(name)[arm]


def count(name: str, arm: str, column: str = "converged", wanted: object = True) -> str:
    """How many runs of an arm have the wanted value in a column, with the interval."""
    return share(*counted(name, arm, column, wanted))


def counted(name: str, arm: str, column: str = "converged", wanted: object = True) -> tuple[int, int]:
    """The same as two numbers: how many, of how many."""
    rows = runs(name, arm)
    return sum(wanted(row[column]) if callable(wanted) else row[column] == wanted for row in rows), len(rows)


def count_together(name: str, arms: list[str], column: str, wanted: object) -> str:
    """The same over the runs of several arms."""
    each = [counted(name, arm, column, wanted) for arm in arms]
    return share(sum(found for found, _ in each), sum(number for _, number in each))


def converged_in(name: str) -> int:
    """How many runs of a whole study converged."""
    return sum(row["converged"] for rows in study(name).values() for row in rows)


def converged_within(name: str, arm: str, sequences: int) -> str:
    """How many runs of an arm converged and took no more sequences than that."""
    return share(*counted_within(name, arm, sequences))


def counted_within(name: str, arm: str, sequences: float) -> tuple[int, int]:
    """The same as two numbers: how many, of how many."""
    rows = runs(name, arm)
    return sum(row["converged"] and row["sequences"] <= sequences for row in rows), len(rows)


def lost_for_good(name: str, arm: str) -> str:
    """How many of an arm's runs that had converged during training are not exact at its end."""
    rows = [row for row in runs(name, arm) if there(row["converged_at_update"])]
    return share(sum(not row["converged"] for row in rows), len(rows))


def middle(name: str, arm: str, column: str, only: Callable[[dict], bool] = lambda row: True) -> str:
    """Median and largest value of a column, over the runs that have one."""
    values = [row[column] for row in runs(name, arm) if row[column] is not None and only(row)]
    return f"{_number(statistics.median(values))} / {_number(max(values))}" if values else "-"


def wrong_in_the_middle(name: str, arm: str) -> str:
    """The share of wrong bits at length 20 in the post's format: of the run in the middle of an arm."""
    return f"{100 * statistics.median(row['wrong_bits_random_20'] for row in runs(name, arm)) / BITS:.1f} %"


def near(wrong: int) -> bool:
    """Whether so many wrong bits of the verdict at length 20, in the post's format, are fewer than one in a hundred."""
    return 100 * wrong < BITS


def huge(norm: float | None) -> bool:
    """Whether a run's largest gradient has a norm beyond 10,000; None stands for one that no float32 holds."""
    return norm is None or norm > 10_000


def there(value: object) -> bool:
    """Whether a run has a value in a column."""
    return value is not None


def _number(value: float) -> str:
    """A number in as few digits as say how large it is: 0.16, 2,600, 8.5e7."""
    if value >= 1e6:
        return f"{value:.1e}".replace("e+0", "e").replace("e+", "e")
    return f"{value:.2g}" if 0 < value < 1 else f"{value:,.0f}"


def faults(name: str, arm: str) -> str:
    """The faults that the diagnosis found, the most frequent first, each with its runs; a run may have several."""
    found = Counter(fault for row in runs(name, arm) if row["faults"] for fault in row["faults"].split("; "))
    return ", ".join(f"{fault} {number}" for fault, number in found.most_common()) or "none"


def idle(name: str, arm: str) -> str:
    """In how many runs of an arm a head does nothing that another would not do, for each number of such heads."""
    heads = Counter(len(row["idle"].split("; ")) if row["idle"] else 0 for row in runs(name, arm))
    return ", ".join(f"{number} in {heads[number]}" for number in sorted(heads))


def stored(name: str, arm: str) -> str:
    """How many machines of an arm store forwards, backwards, and otherwise."""
    stores = [row["stores"] for row in runs(name, arm)]
    ways = Counter(way if way in ("forwards", "backwards") else "in no order" for way in stores)
    return ", ".join(f"{ways[way]} {way}" for way in ("forwards", "backwards", "in no order") if ways[way])


def forwards(name: str, arm: str, *, converged: bool = False) -> str:
    """How many store forwards of those that store in an order, and the binomial test of whether it is one half."""
    rows = [row for row in runs(name, arm) if row["converged"] or not converged]
    ways = Counter(row["stores"] for row in rows)
    both = ways["forwards"] + ways["backwards"]
    return f"{share(ways['forwards'], both)} (p = {binomtest(ways['forwards'], both).pvalue:.2g})"


def apart(name: str, arm: str, other: str, sequences: float = math.inf) -> str:
    """How likely two arms of one rate of convergence differ as much as these, or more: Fisher's exact test.

    Runs that took more sequences than that count as not converged.
    """
    table = [[many, of - many] for many, of in (counted_within(name, one, sequences) for one in (arm, other))]
    return f"p = {fisher_exact(table).pvalue:.2g}"


def manifest(name: str) -> dict:
    """Which commands made a study, from which recipes."""
    return json.loads((STUDIES / name / "manifest.json").read_text(encoding="utf-8"))


def changes(name: str, arm: str) -> str:
    """How an arm differs from the recipe that it is a variant of."""
    recipe = manifest(name)["recipes"][f"{name}-{arm}"]
    fields = [f"{field} {value}" for field, value in recipe["but"].items() if field not in ("name", "updates")]
    return f"`{recipe['is']}`" + (f", {', '.join(fields)}" if fields else "")


def command(name: str, arms: str = "") -> str:
    """The command that makes a study again, or only some of its arms."""
    seeds = sorted(row["seed"] for rows in study(name).values() for row in rows)
    return f"`ntm study {arms or name} --seeds {seeds[0]}-{seeds[-1]} --out runs/{name} --findings`"


def table(name: str, *columns: str) -> str:
    """A line an arm: its changes, how many runs converged, sequences until then, and more columns."""
    heads = {
        "nan": ("NaN", lambda arm: count(name, arm, "nan_update", there)),
        "lost": ("lost it later", lambda arm: count(name, arm, "lost_at_update", there)),
        "gradient": ("gradient norm, median / largest", lambda arm: middle(name, arm, "peak_gradient_norm")),
        "exact 20": ("exact at 20", lambda arm: count(name, arm, "wrong_bits_random_20", 0)),
        "exact 120": ("exact at 120", lambda arm: count(name, arm, "wrong_bits_random_120", 0)),
        "huge": ("gradient beyond 10,000", lambda arm: count(name, arm, "peak_gradient_norm", huge)),
        "near 20": ("nearly right at 20", lambda arm: count(name, arm, "wrong_bits_random_20", near)),
        "twice": ("exact in two validations", lambda arm: count(name, arm, "converged_at_update", there)),
        "wrong 20": ("bits wrong at 20, median", lambda arm: wrong_in_the_middle(name, arm)),
    }
    lines = [["arm", "is", "converged", "sequences, median / worst", *(heads[column][0] for column in columns)]]
    lines.append(["---"] * len(lines[0]))
    for arm in study(name):
        took = middle(name, arm, "sequences", lambda row: row["converged"])
        cells = [f"`{arm}`", changes(name, arm), count(name, arm), took]
        lines.append([*cells, *(heads[column][1](arm) for column in columns)])
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def of_every_arm(name: str, column: str, wanted: object) -> dict[str, tuple[int, int]]:
    """How many runs of each arm have the wanted value in a column, of how many."""
    return {arm: counted(name, arm, column, wanted) for arm in study(name)}


def converged_figure(name: str) -> Figure:
    """How many runs of each arm converged, and how many were exact at length 20."""
    return shares_figure(
        {
            "converged": of_every_arm(name, "converged", True),
            "exact at length 20": of_every_arm(name, "wrong_bits_random_20", 0),
        }
    )


def lengths_figure() -> Figure:
    """Wrong bits against length by cause, of all machines of the post's recipe together and of `reliable`."""
    shares = {
        name: [[wrong_share(study, length, cause) for length in SHOWN] for cause in CAUSES]
        for name, study in (("post_2014", "random"), ("reliable", "reliable"))
    }
    return causes_figure(shares, SHOWN, CAUSES)


def starts_of(name: str) -> Figure:
    """Where the machines of each arm store the first vector, and which way they walk from there."""
    rows = {arm: [(row["first_row"], row["stores"]) for row in rows] for arm, rows in study(name).items()}
    return starts_figure(rows, memory_size=QUESTIONS[name].arms[0].machine.memory_size)


@cache
def by_length(name: str) -> dict[int, list[dict[str, int]]]:
    """Of every machine of a study that was asked: bits by cause, and all bits, for each length."""
    with (STUDIES / name / "causes_by_length.csv").open(newline="", encoding="utf-8") as file:
        lines = [{key: int(value) for key, value in line.items() if key != "recipe"} for line in csv.DictReader(file)]
    lengths: dict[int, list[dict[str, int]]] = {}
    for line in lines:
        lengths.setdefault(line["length"], []).append(line)
    return lengths


def wrong_share(name: str, length: int, *causes: str, near_at: int | None = None) -> float:
    """The share of all bits that is wrong at a length, through some causes or through any.

    Of all machines, or only of those that are nearly right at the length `near_at`.
    """
    right = {line["seed"] for line in by_length(name)[near_at or length] if near_at is None or is_nearly_right(line)}
    lines = [line for line in by_length(name)[length] if line["seed"] in right]
    return sum(line[cause] for line in lines for cause in causes or CAUSES) / sum(line["bits"] for line in lines)


def wrong_at(name: str, length: int, *causes: str, near_at: int | None = None) -> str:
    """The same in words."""
    return f"{100 * wrong_share(name, length, *causes, near_at=near_at):.1f} %"


def is_exact(line: dict[str, int]) -> bool:
    """Whether a machine had no wrong bit at a length."""
    return not any(line[cause] for cause in CAUSES)


def is_nearly_right(line: dict[str, int]) -> bool:
    """Whether a machine had fewer than one bit in a hundred wrong at a length."""
    return 100 * sum(line[cause] for cause in CAUSES) < line["bits"]


def nearly_right_at(name: str, length: int) -> str:
    """How many machines of a study had fewer than one bit in a hundred wrong at a length."""
    lines = by_length(name)[length]
    return share(sum(map(is_nearly_right, lines)), len(lines))


def exact_at(name: str, length: int) -> str:
    """How many machines of a study had no wrong bit at a length."""
    lines = by_length(name)[length]
    return share(sum(map(is_exact, lines)), len(lines))


def enlarged() -> str:
    """A line an arm of the question "memory": machines exact at length 120, at training size and with more rows."""
    with (STUDIES / "memory" / "enlarged.csv").open(newline="", encoding="utf-8") as file:
        lines = [line for line in csv.DictReader(file) if line["length"] == "120"]
    sizes = sorted({int(line["rows"]) for line in lines})
    rows = [["arm", *(f"exact at 120 in {size:,} rows" for size in sizes)], ["---"] * (1 + len(sizes))]
    for arm in study("memory"):
        asked = [
            [line for line in lines if line["recipe"] == f"memory-{arm}" and line["rows"] == str(n)] for n in sizes
        ]
        rows.append([f"`{arm}`", *(share(sum(one["wrong_bits"] == "0" for one in each), len(each)) for each in asked)])
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


@cache
def as_written() -> list[dict]:
    """The runs of the post's recipe with the formulas of its code; those that ended early have what stopped them."""
    with (STUDIES / "random" / "formulas_post.csv").open(newline="", encoding="utf-8") as file:
        lines = [{column: _value(text) for column, text in line.items()} for line in csv.DictReader(file)]
    return [line | not_finite(line["stopped"]) for line in lines]


def not_finite_as_written() -> str:
    """How many of these met a number that was not finite."""
    return share(sum(line["nan_update"] is not None for line in as_written()), len(as_written()))


def updates_as_written() -> str:
    """The updates at which the first and the last of them did so, and the one in the middle."""
    updates = sorted(line["nan_update"] for line in as_written() if line["nan_update"] is not None)
    return f"{updates[0]:,}, {statistics.median(updates):,.0f} and {updates[-1]:,}"


def operations_as_written() -> str:
    """In which operations, the most frequent first, each with its runs."""
    found = Counter(OPERATIONS.get(line["nan_operation"], line["nan_operation"]) for line in as_written())
    return ", ".join(f"{operation} {number}" for operation, number in found.most_common() if operation)


def random_figure() -> Figure:
    """How many runs of the post's recipe and of ours converged, and how many were exact at length 20."""
    asked = {"post_2014": ("random", "post")} | {recipe: (name, recipe) for name, recipe in OURS}
    return shares_figure(
        {
            "converged": {name: counted(*arm) for name, arm in asked.items()},
            "exact at length 20": {name: counted(*arm, "wrong_bits_random_20", 0) for name, arm in asked.items()},
        }
    )


def not_finite_figure() -> Figure:
    """How many runs of the post's recipe met finite numbers alone, and how many were nearly right at length 20.

    With the formulas of its code, with ours, and with ours and Graves's RMSProp.
    """
    lines = as_written()
    finite = sum(line["nan_update"] is None for line in lines)
    right = sum(near(line["wrong_bits_20"]) for line in lines)
    return shares_figure(
        {
            "finite to the end": {"post, its formulas": (finite, len(lines))}
            | of_every_arm("random", "nan_update", None),
            "nearly right at length 20": {"post, its formulas": (right, len(lines))}
            | of_every_arm("random", "wrong_bits_random_20", near),
        }
    )


def curriculum_figure() -> Figure:
    """How many runs of each curriculum met finite numbers alone, and how many were nearly right at length 20."""
    return shares_figure(
        {
            "finite to the end": of_every_arm("curriculum", "nan_update", None),
            "nearly right at length 20": of_every_arm("curriculum", "wrong_bits_random_20", near),
        }
    )


def added_figure() -> Figure:
    """How many runs of the paper's recipe with one thing more converged, were exact up to 63, and at length 20."""
    return shares_figure(
        {
            "converged": of_every_arm("added", "converged", True),
            "exact in two validations": of_every_arm("added", "converged_at_update", there),
            "exact at length 20": of_every_arm("added", "wrong_bits_random_20", 0),
        }
    )


def gradients_figure(name: str) -> Figure:
    """The largest gradient norm of every run, for every arm of a question."""
    norms = {arm: [row["peak_gradient_norm"] for row in rows] for arm, rows in study(name).items()}
    return spread_figure(norms, "largest gradient norm of a run", "not finite")


def figures() -> dict[str, Callable[[], Figure]]:
    """What draws each figure, by the name of its file."""
    asked = [name for name in QUESTIONS if (STUDIES / name / "runs.csv").is_file()]
    special = {
        "random": random_figure,
        "not_finite": not_finite_figure,
        "lengths": lengths_figure,
        "curriculum": curriculum_figure,
        "added": added_figure,
    }
    gradients = {f"gradients_{name}": partial(gradients_figure, name) for name in ("random", "clip", "curriculum")}
    starts = {f"starts_{name}": partial(starts_of, name) for name in ("random", "start")}
    return {name: partial(converged_figure, name) for name in asked} | special | gradients | starts


def picture(name: str) -> str:
    """A figure as the page shows it, with what it shows in words."""
    return f"![{description(figures()[name]())}](findings/{name}.png)"


USED = (
    runs,
    count,
    counted,
    count_together,
    converged_in,
    lost_for_good,
    converged_within,
    middle,
    faults,
    idle,
    changes,
    command,
    table,
    share,
    picture,
    exact_at,
    nearly_right_at,
    wrong_at,
    stored,
    forwards,
    apart,
    enlarged,
    not_finite_as_written,
    updates_as_written,
    operations_as_written,
)
"""What templates call."""


def render(template: str = "findings.md.jinja") -> str:
    """A page, or a part of one, as it follows from the data."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        undefined=jinja2.StrictUndefined,
        keep_trailing_newline=True,
    )
    environment.globals |= {function.__name__: function for function in USED}
    environment.globals |= {"finite": lambda update: update is None, "there": there}
    environment.globals["converged"] = lambda row: row["converged"]
    environment.globals |= {"near": near, "huge": huge}
    environment.globals["stuck"] = lambda faults: faults is not None and "stuck" in faults.split("; ")
    return environment.get_template(template).render()


def with_answers(readme: str) -> str:
    """README with the answers between its two marks; ValueError where these are not there."""
    before, begin, rest = readme.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise ValueError(
            f"README has no {BEGIN.strip()} with {END.strip()} after it: put them where the answers belong"
        )
    return f"{before}{BEGIN}\n{render('answers.md.jinja')}\n{END}{after}"


if __name__ == "__main__":
    (DOCS / "findings.md").write_text(render(), encoding="utf-8")
    README.write_text(with_answers(README.read_text(encoding="utf-8")), encoding="utf-8")
    PICTURES.mkdir(exist_ok=True)
    for stale in PICTURES.glob("*.png"):
        stale.unlink()
    for name, draw in figures().items():
        (PICTURES / f"{name}.png").write_bytes(png(draw()))
