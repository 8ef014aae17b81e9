"""docs/lesson-map.md says what the notebooks say of themselves."""

import json
import re
from pathlib import Path

import pytest

from research import lesson_map

ROOT = Path(__file__).parents[2]
OPENING = """# 4b · Write the whole machine

Can you write it?

**You will build** the machine.

**You need** notebooks 1, 2 and 4. Notebook 3 helps.

**Time** 60 minutes, and 7 more for the exercises."""


def notebook(tmp_path, opening):
    path = tmp_path / "04b_write_the_whole_machine.ipynb"
    sources = [opening, "## Exercise 1 · `my_machine` ★ 5 minutes", "## Exercise 2 · `my_twin` ★ 2 minutes"]
    path.write_text(json.dumps({"cells": [{"source": source.splitlines(keepends=True)} for source in sources]}))
    return path


def test_the_page_is_what_the_notebooks_say():
    assert lesson_map.PAGE.read_text(encoding="utf-8") == lesson_map.render()


def test_every_notebook_has_its_row_and_its_place_in_the_graph():
    page = lesson_map.PAGE.read_text(encoding="utf-8")
    files = sorted(path.name for path in (ROOT / "notebooks").glob("*.ipynb"))
    assert re.findall(r"^\| \[\w+\]\(\.\./notebooks/(\S+)\) ", page, re.MULTILINE) == files
    titles = re.findall(r"^\| \[(\w+)\]\(\S+\) \*\*(.+?)\*\*", page, re.MULTILINE)
    assert re.findall(r'^    L\w+\["(\w+) (.+)"\]$', page, re.MULTILINE) == titles


def test_what_a_lesson_needs_comes_before_it():
    for one in lesson_map.lessons():
        assert all(number < one.number for number in (*one.needs, *one.helped_by)), one.file


def test_a_lesson_is_read_from_its_notebook(tmp_path):
    assert lesson_map.lesson(notebook(tmp_path, OPENING)) == lesson_map.Lesson(
        number="04b",
        file="04b_write_the_whole_machine.ipynb",
        title="Write the whole machine",
        question="Can you write it?",
        builds="the machine.",
        needs=("01", "02", "04"),
        helped_by=("03",),
        minutes="60 + 7",
        exercises=("my_machine", "my_twin"),
    )


@pytest.mark.parametrize(
    ("sentence", "numbers"),
    [
        ("notebooks 1 to 3", ["01", "02", "03"]),
        ("Notebook 0 helps", ["00"]),
        ("the stages (notebook 1), writing (notebook 4b), and 7 minutes", ["01", "04b"]),
        ("notebooks 2, 3 and 5: the rest", ["02", "03", "05"]),
        ("an idea of Eqs. 2 to 9", []),
    ],
)
def test_notebooks_named_in_a_sentence(sentence, numbers):
    assert lesson_map.named(sentence) == numbers


def test_needs_are_full_arrows_and_help_is_dotted():
    first, second, third = (
        lesson_map.Lesson(number, f"{number}.ipynb", "T", "Q?", "b.", needs, helped, "1 + 1", ("my_x",))
        for number, needs, helped in (("01", (), ()), ("02", ("01",), ()), ("03", ("02",), ("01",)))
    )
    arrows = [line.strip() for line in lesson_map.graph([first, second, third]).splitlines() if ">" in line]
    assert arrows == ["L01 --> L02", "L02 --> L03", "L01 -.-> L03"]
    rows = [line.split(" | ")[3:5] for line in lesson_map.table([first, second, third]).splitlines()[2:]]
    assert rows == [["–", "02, (03)"], ["01", "03"], ["02, (01)", "–"]]


@pytest.mark.parametrize("part", ["# 4b", "Can you", "**You will build**", "**You need**", "**Time**"])
def test_a_part_that_is_missing_is_named(tmp_path, part):
    opening = "\n".join(line for line in OPENING.splitlines() if not line.startswith(part))
    with pytest.raises(ValueError, match=r"04b_write_the_whole_machine\.ipynb has no "):
        lesson_map.lesson(notebook(tmp_path, opening))
