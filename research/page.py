"""The text of docs/findings.md and of README's numbers: templates, and what the templates call."""

import re
import textwrap
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path

import jinja2

from ntm_lib.study.tables import share
from ntm_lib.teaching.compared import NAMES
from ntm_lib.teaching.show import description
from research import by_size, counts
from research.pictures import figures
from research.tables import all_runs, changes, enlarged, manifest, proofs, runs, samples, seeds_text, study

BEGIN, END = "<!-- written by make findings -->\n", "<!-- end -->\n"
"""README has the table of readme.md.jinja between these two lines."""


NAMED_ALIKE = (
    "exact at 20",
    "exact at 120",
    "nearly right at 20",
    "exact in validation",
    "lost it later",
    "not finite",
)
"""Conditions whose column in a table is headed by their own name."""
COLUMNS: dict[str, tuple[str, Callable[[str, str], str]]] = {
    "converged": ("converged", counts.cell),
    "sequences": (
        "sequences to converge, median / most",
        partial(counts.median_and_largest, column="sequences", condition="converged"),
    ),
    "gradient": (
        "gradient norm, median / largest",
        partial(counts.median_and_largest, column="peak_gradient_norm"),
    ),
    "wrong at 20": ("bits wrong at 20, median", counts.wrong_in_the_middle),
    "huge gradient": ("gradient beyond 10,000", partial(counts.cell, condition="huge gradient")),
}
COLUMNS |= {condition: (condition, partial(counts.cell, condition=condition)) for condition in NAMED_ALIKE}
"""Columns that a table of arms may have: heading, and what works out the cell of an arm."""


def lines_of(table: list[list[str]]) -> str:
    """A table in Markdown, its first row the headings."""
    head, *rows = table
    return "\n".join(f"| {' | '.join(row)} |" for row in (head, ["---"] * len(head), *rows))


def arms_table(name: str, *columns: str) -> str:
    """A row for every arm of a question: what the arm changes, how often it converged, and further columns."""
    shown = [COLUMNS[column] for column in ("converged", "sequences", *columns)]
    bases = {base for base, _ in changes(name).values()}
    table = [["arm", "changed", *(heading for heading, _ in shown)]]
    for arm in study(name):
        base, fields = changes(name)[arm]
        own = [item for item in fields.items() if item not in common(name)]
        change = f"`{', '.join(map(change_of, own))}`" if own else "nothing"
        changed = f"`{base}`: {change}" if len(bases) > 1 else change
        table.append([f"`{arm}`", changed, *(cell(name, arm) for _, cell in shown)])
    return lines_of(table)


def common(name: str) -> list[tuple[str, object]]:
    """The changes that all arms of a question have in common, as pairs of field and value."""
    first, *others = [list(fields.items()) for _, fields in changes(name).values()]
    return [item for item in first if all(item in fields for fields in others)]


def change_of(item: tuple[str, object]) -> str:
    """A field and its value, numbers with at most three digits: "clip_norm 0.2"."""
    field, value = item
    return f"{field} {value:.3g}" if isinstance(value, float) else f"{field} {value}"


def arms_are(name: str) -> str:
    """A sentence for the table of a question's arms: the recipe that they vary, and the changes that all share."""
    bases = {base for base, _ in changes(name).values()}
    recipe = f"`{bases.pop()}`" if len(bases) == 1 else "the recipe in its row"
    shared = ", ".join(f"`{change_of(item)}`" for item in common(name))
    told = f"Every arm trains {recipe}{shared and f' with {shared}, and'} with the changes in its row."
    if library_of(name) == "0.1.0":
        of_ours = {base for base, _ in changes(name).values()} & OURS
        other = "when that recipe had other ingredients and the verdict had" if of_ours else "whose verdict had"
        told += f" The runs are those of version 0.1.0 of this library, {other} no chosen sequences."
    return told


OURS = {"reliable", "reliable_lstm", "post_repaired"}
"""Recipes that are not historical, and so may differ between versions."""


def library_of(name: str) -> str:
    """The version of this library that a study was made with."""
    return str(manifest(name)["versions"]["ntm_lib"])


def baseline_commands() -> str:
    """The commands that made the tables of wrong bits by size, but for those of studies."""
    return "\n".join(line for line in manifest("other_tasks")["commands"] if line.startswith("python"))


def enlarged_table(small: int, large: int) -> str:
    """A row for every arm of the question "memory": machines exact at length 120 in memories of two sizes."""
    table = [["arm", *(f"exact at 120 in {rows:,} rows" for rows in (small, large))]]
    for arm in study("memory"):
        asked = [[line for line in enlarged(rows) if line["recipe"] == f"memory-{arm}"] for rows in (small, large)]
        table.append([f"`{arm}`", *(share(sum(one["wrong_bits"] == 0 for one in each), len(each)) for each in asked)])
    return lines_of(table)


def proofs_table() -> str:
    """A row for every length and arithmetic that proofs were tried for: machines proved, and seconds."""
    table = [["all lengths up to", "rows", "of", "proved", "seconds to prove one, median / most", "to check"]]
    for length in counts.proof_lengths():
        for arithmetic, words in ARITHMETIC.items():
            rows = f"{counts.attempts(length, arithmetic)[0]['memory']:,}"
            seconds = [counts.proof_seconds(length, arithmetic, f"{what}_seconds") for what in ("prove", "check")]
            table.append([f"{length:,}", rows, words, counts.proved(length, arithmetic), *seconds])
    return lines_of(table)


def sizes_table(task: str, *sizes: str, cost: str = "") -> str:
    """A row for each model, the paper's too: what is wrong a sequence at some sizes, and at one the cost in bits."""
    last = [f"cost in bits at {cost}"] if cost else []
    table = [["model", "weights", "seeds", "sequences", *(size.replace("x", " × ") for size in sizes), *last]]
    for model in by_size.models_of(task):
        rows = by_size.rows_at(task, model, sizes[0])
        numbers = counts.number(rows[0]["weights"]), str(len(rows)), by_size.shown_to(task, model)
        wrong = [by_size.wrong_at_size(task, model, size) for size in sizes]
        costs = [by_size.wrong_at_size(task, model, cost, "cost_bits")] if cost else []
        table.append([NAMES[model], *numbers, *wrong, *costs])
    for model, read in by_size.paper_costs(task).items():
        asked = [cost] if cost else sizes
        cells = [f"{read[size]:g}" if size in read else "–" for size in asked]
        table.append([f"the paper's {model}", *["–"] * (len(table[0]) - 1 - len(cells)), *cells])
    return lines_of(table)


ARITHMETIC = {"exact": "the exact function of the weights", "float32": "what float32 computes"}
"""The two functions that a proof may be about, by their names in the table of proofs."""


def seeds_counted(name: str, column: str = "converged") -> str:
    """The seeds of a study whose runs have a value in a column, such as "0-99"."""
    return seeds_text(row["seed"] for row in all_runs(name) if row[column] is not None)


def command(name: str, *arms: str, options: str = "--findings") -> str:
    """The command that makes a study again, or some arms of it."""
    seeds = seeds_text([row["seed"] for arm in arms or study(name) for row in runs(name, arm)])
    asked = [f"data/studies/{name}:{arm}" for arm in arms] or [f"data/studies/{name}"]
    return "\n".join(f"ntm study {one} --seeds {seeds} --out runs/{name} {options}".rstrip() for one in asked)


@cache
def picture(name: str) -> str:
    """A figure as the page shows it, with its description as the alternative text."""
    return f"![{description(figures()[name]())}](findings/{name}.png)"


USED: tuple[Callable[..., object], ...] = (
    counts.in_words,
    counts.count,
    counts.cell,
    counts.count_all,
    counts.count_both,
    counts.count_exact,
    counts.count_at_most,
    counts.settled_by,
    counts.most_seconds,
    counts.wrong_a_sequence,
    counts.count_together,
    counts.converged_within,
    counts.apart,
    counts.forwards,
    counts.stored,
    counts.faults,
    counts.fault_meanings,
    counts.idle,
    counts.median,
    counts.largest,
    counts.nearly_right_at,
    counts.exact_at,
    counts.wrong_at,
    counts.not_finite_as_written,
    counts.updates_as_written,
    counts.operations_as_written,
    counts.searched,
    counts.number,
    counts.stopped,
    counts.proof_lengths,
    counts.proved,
    counts.not_proved,
    proofs,
    proofs_table,
    samples,
    all_runs,
    runs,
    arms_table,
    arms_are,
    enlarged_table,
    sizes_table,
    by_size.compared,
    by_size.wrong_at_size,
    by_size.has_baselines,
    seeds_counted,
    command,
    baseline_commands,
    picture,
)
"""Functions that templates call, by their own names."""


def render(template: str = "findings.md.jinja") -> str:
    """A page, or a part of one, with every number worked out from the tables."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        undefined=jinja2.StrictUndefined,
        keep_trailing_newline=True,
        trim_blocks=True,
    )
    environment.globals |= {function.__name__: function for function in USED} | {"FAR": counts.FAR}
    return wrapped(environment.get_template(template).render())


def wrapped(text: str) -> str:
    """Markdown with its paragraphs and lists in lines of 120 characters; tables, code and pictures stay as they are."""
    blocks = re.split(r"(^```\n.*?^```\n|\n\n+)", text, flags=re.DOTALL | re.MULTILINE)
    return "".join(block if re.match(r"[|#!<\n]|```|$", block) else _wrapped_block(block) for block in blocks)


def _wrapped_block(block: str) -> str:
    """A paragraph, or the items of a list, in lines of 120 characters."""
    end = "\n" if block.endswith("\n") else ""
    items = re.split(r"\n(?=- )", block.rstrip("\n"))
    indent = "  " if block.startswith("- ") else ""
    wrap = partial(textwrap.fill, width=120, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)
    return "\n".join(wrap(" ".join(item.split())) for item in items) + end


def with_numbers(readme: str) -> str:
    """README with its table of numbers between the two marks; ValueError where a mark is missing."""
    before, begin, rest = readme.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise ValueError(f"README has no {BEGIN.strip()} with {END.strip()} after it: put both where numbers belong")
    return f"{before}{BEGIN}\n{render('readme.md.jinja')}\n{END}{after}"
