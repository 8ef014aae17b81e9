"""The runs that docs/findings.md counts, read from the tables in data/studies/."""

import csv
import json
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

from ntm_lib.study.arms import Question, read_question
from ntm_lib.training import recipes
from ntm_lib.training.recipes import Recipe, differences

ROOT = Path(__file__).parent.parent
STUDIES = ROOT / "data" / "studies"

Row = dict[str, Any]
"""One line of a table: its values by the name of the column."""


def read_table(path: Path) -> list[Row]:
    """The lines of a CSV file: numbers as numbers, True and False as such, empty cells as None."""
    with path.open(newline="", encoding="utf-8") as file:
        return [{column: _value(text) for column, text in line.items()} for line in csv.DictReader(file)]


def _value(text: str) -> Any:
    if text in ("", "True", "False"):
        return {"": None, "True": True, "False": False}[text]
    try:
        return json.loads(text)
    except ValueError:
        return text


def seeds_text(seeds: Iterable[int]) -> str:
    """Seeds in short: [0, 1, 2, 7] -> "0-2,7"."""
    spans: list[list[int]] = []
    for seed in sorted(set(seeds)):
        if spans and seed == spans[-1][1] + 1:
            spans[-1][1] = seed
        else:
            spans.append([seed, seed])
    return ",".join(str(first) if first == last else f"{first}-{last}" for first, last in spans)


@cache
def manifest(name: str) -> dict[str, Any]:
    """What a study was made with: commands and versions."""
    found: dict[str, Any] = json.loads((STUDIES / name / "manifest.json").read_text(encoding="utf-8"))
    return found


def questions() -> list[str]:
    """The names of the questions that have been asked: of the studies that have an arms.toml."""
    return sorted(path.parent.name for path in STUDIES.glob("*/arms.toml"))


@cache
def question(name: str) -> Question:
    """A question and its arms."""
    return read_question(STUDIES / name)


@cache
def study(name: str) -> dict[str, list[Row]]:
    """All runs of a study by the name of their arm, the arms in the order of their question."""
    arms: dict[str, list[Row]] = {}
    if name in questions():
        arms = {arm: [] for arm in question(name).arms}
    for row in read_table(STUDIES / name / "runs.csv"):
        arms.setdefault(row["recipe"].removeprefix(f"{name}-"), []).append(row)
    return {arm: rows for arm, rows in arms.items() if rows}


def runs(name: str, arm: str) -> list[Row]:
    """The runs of one arm of a study."""
    return study(name)[arm]


def all_runs(name: str) -> list[Row]:
    """The runs of all arms of a study."""
    return [row for rows in study(name).values() for row in rows]


@cache
def changes(name: str) -> dict[str, tuple[str, dict[str, object]]]:
    """Of every arm of a question: the recipe that it varies, and the fields that it changes."""
    found = {}
    for arm, recipe in question(name).arms.items():
        base = closest(recipe)
        fields = {field: value for field, value in differences(recipe, base).items() if field != "name"}
        found[arm] = (base.name, fields)
    return found


def closest(recipe: Recipe) -> Recipe:
    """The named recipe that a recipe differs from in the fewest fields."""
    return min(map(recipes.by_name, recipes.names()), key=lambda base: len(differences(recipe, base)))


@cache
def by_length(name: str) -> dict[int, list[Row]]:
    """Wrong bits by cause, and all bits, for each length and each machine of a study that was asked."""
    lengths: dict[int, list[Row]] = {}
    for line in read_table(STUDIES / name / "causes_by_length.csv"):
        lengths.setdefault(line["length"], []).append(line)
    return lengths


def causes_of(line: Row) -> dict[str, int]:
    """Wrong bits of one machine at one length by cause; "other" has no cause of its own in an older table."""
    return {column: value for column, value in line.items() if column not in ("recipe", "seed", "length", "bits")}


@cache
def as_written() -> list[Row]:
    """The runs of the post's recipe with the formulas of its code, and where numbers stopped being finite."""
    return read_table(STUDIES / "random" / "formulas_post.csv")


@cache
def adversary() -> list[dict[str, Any]]:
    """What a search found beyond payloads chosen by formula, for each machine, length and crowd."""
    rows: list[dict[str, Any]] = json.loads((STUDIES / "reliable" / "adversary.json").read_text())["rows"]
    return rows


@cache
def enlarged(rows: int) -> list[Row]:
    """Wrong bits at length 120 of the machines of the question "memory" in a memory of so many rows."""
    lines = read_table(STUDIES / "memory" / "enlarged.csv")
    return [line for line in lines if line["rows"] == rows and line["length"] == 120]


@cache
def proofs() -> list[Row]:
    """Attempts to prove that machines of `reliable` copy all sequences of up to some length."""
    return read_table(ROOT / "data" / "proofs" / "proofs.csv")


@cache
def samples() -> list[Row]:
    """The bound of each certificate that sampled sequences used up most, and its share."""
    return read_table(ROOT / "data" / "proofs" / "sampled.csv")


@cache
def sized(task: str) -> list[Row]:
    """What models of one of the paper's other tasks got wrong: a row for each model, seed and size."""
    path = STUDIES / "other_tasks" / f"{task}.csv"
    return [line | {"size": str(line["size"])} for line in read_table(path)] if path.exists() else []


@cache
def paper(task: str) -> list[Row]:
    """Costs of the paper's models in one of its other tasks, in bits a sequence, read off its figures."""
    lines = read_table(STUDIES / "other_tasks" / "paper.csv")
    return [line | {"size": str(line["size"])} for line in lines if line["task"] == task]
