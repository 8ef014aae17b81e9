"""Write docs/lesson-map.md from the openings of the notebooks: python -m research.lesson_map"""

import json
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from research.page import lines_of, wrapped

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "lesson-map.md"

BEFORE = """# A map of the lessons

Each lesson asks one question. A full arrow leads from a lesson to one that needs it, a dotted arrow to one that it
helps; in the table the latter stand in brackets. Whoever knows what an arrow brings may begin in the middle. Minutes
are for reading, and for the exercises.
"""
AFTER = """At hand in every lesson: [the machine on one page](cheat-sheet.pdf) ([as a picture](cheat-sheet.png)), the
[glossary](glossary.md), and the [chart from symptom to fault to cure](faults.md).
[README](../README.md#the-notebooks) shows a picture of every lesson.

This page is written from the notebooks by `python -m research.lesson_map`.
"""


class Lesson(NamedTuple):
    """What a notebook says of itself in its first cell, and which exercises it has."""

    number: str  # that of its file, such as "04"
    file: str
    title: str
    question: str
    builds: str
    needs: tuple[str, ...]  # numbers of lessons
    helped_by: tuple[str, ...]
    minutes: str
    exercises: tuple[str, ...]


def lesson(notebook: Path) -> Lesson:
    """Read a notebook; ValueError where its first cell lacks a part."""
    cells = ["".join(cell["source"]) for cell in json.loads(notebook.read_text(encoding="utf-8"))["cells"]]
    opening = cells[0]

    def found(what: str, pattern: str) -> re.Match[str]:
        match = re.search(pattern, opening, re.MULTILINE)
        if match is None:
            raise ValueError(f"{notebook.name} has no {what} in its first cell: expected {pattern}")
        return match

    minutes = found("time", r"^\*\*Time\*\* (\d+) minutes, and (\d+) more")
    needs = found("need", r"^\*\*You need\*\* (.+)$")[1]
    helping, needed = (
        tuple(number for sentence in needs.split(". ") if ("helps" in sentence) == helps for number in named(sentence))
        for helps in (True, False)
    )
    return Lesson(
        number=notebook.name.split("_")[0],
        file=notebook.name,
        title=found("title", r"^# \S+ · (.+)$")[1],
        question=found("question", r"\A# .+\n\n(.+\?)$")[1],
        builds=found("promise to build", r"^\*\*You will build\*\* (.+)$")[1],
        needs=needed,
        helped_by=helping,
        minutes=f"{minutes[1]} + {minutes[2]}",
        exercises=tuple(re.findall(r"^## Exercise \d+ · `(\w+)`", "\n".join(cells), re.MULTILINE)),
    )


def named(sentence: str) -> list[str]:
    """The numbers of the notebooks that a sentence names: "notebooks 1 to 3" -> ["01", "02", "03"]."""
    numbers = []
    for words in re.findall(r"[Nn]otebooks? (\d\w?(?:(?:, | and | to )\d\w?)*)", sentence):
        if span := re.fullmatch(r"(\d) to (\d)", words):
            numbers += map(str, range(int(span[1]), int(span[2]) + 1))
        else:
            numbers += re.split(r", | and ", words)
    return [f"0{number}" for number in numbers]


def lessons() -> list[Lesson]:
    """All lessons in order."""
    return [lesson(notebook) for notebook in sorted((ROOT / "notebooks").glob("[0-9]*.ipynb"))]


def graph(shown: Iterable[Lesson]) -> str:
    """The lessons as a Mermaid flow chart."""
    lines = ["```mermaid", "flowchart LR"]
    for one in shown:
        lines.append(f'    L{one.number}["{one.number} {one.title}"]')
        lines += [f"    L{needed} --> L{one.number}" for needed in one.needs]
        lines += [f"    L{helping} -.-> L{one.number}" for helping in one.helped_by]
    return "\n".join([*lines, "```"])


def table(shown: list[Lesson]) -> str:
    """A row for every lesson."""
    rows = [["lesson", "asks", "you will", "needs", "leads to", "minutes", "exercises"]]
    for one in shown:
        after = [other.number for other in shown if one.number in other.needs]
        helps = [other.number for other in shown if one.number in other.helped_by]
        link = f"[{one.number}](../notebooks/{one.file}) **{one.title}**"
        exercises = ", ".join(f"`{name}`" for name in one.exercises)
        near = listed(one.needs, one.helped_by), listed(after, helps)
        rows.append([link, one.question, f"build {one.builds}", *near, one.minutes, exercises])
    return lines_of(rows)


def listed(needed: Sequence[str], helping: Sequence[str]) -> str:
    """Numbers of lessons, those that only help in brackets."""
    return ", ".join([*needed, *(f"({number})" for number in helping)]) or "–"


def render() -> str:
    """The page."""
    shown = lessons()
    return f"{wrapped(BEFORE)}\n{graph(shown)}\n\n{table(shown)}\n\n{wrapped(AFTER)}"


if __name__ == "__main__":
    PAGE.write_text(render(), encoding="utf-8")
