"""Names of faults, causes and habits: what the library can print, the chart of faults and the lessons agree."""

import json
import re
from pathlib import Path

import pytest

from ntm_lib.analysis.finding import CAUSES, CURES, JUMP_CURES, Kind
from ntm_lib.teaching.cases import CASES
from ntm_lib.teaching.checks.lesson_06 import ANSWERS, NAMES

ROOT = Path(__file__).parent.parent
CHART = (ROOT / "docs" / "faults.md").read_text(encoding="utf-8")
LESSONS = {
    path.name[:2] + path.name[2:3].strip("_"): json.loads(path.read_text(encoding="utf-8"))["cells"]
    for path in sorted((ROOT / "notebooks").glob("*.ipynb"))
}
FAULTS = [kind for kind in Kind if kind in CURES or kind == Kind.MISSED_JUMP]


def source(cell):
    return "".join(cell["source"])


def printed(cell):
    """What a cell printed and what its figures say, without the sources of functions that it shows."""
    texts = []
    for output in cell.get("outputs", []):
        data = output.get("data", {})
        shown = [] if "text/markdown" in data else [data.get("text/plain", ""), data.get("text/html", "")]
        texts += ["".join(text) for text in (output.get("text", ""), *shown)]
    return "\n".join(texts)


def says(text, name):
    return re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", text) is not None


def explains(text, name):
    """Whether a text has a name in italics, with or without a link to the chart."""
    return re.search(rf"\*{re.escape(name)}\*", text, re.IGNORECASE) is not None


@pytest.mark.parametrize("kind", list(Kind), ids=str)
def test_every_name_is_explained_in_the_chart_and_in_a_lesson(kind):
    assert re.search(rf"\| \*\*{re.escape(kind)}\*\* \| {re.escape(kind.meaning)} \|", CHART)
    assert any(f"{kind}: {kind.meaning}" in printed(cell) for cells in LESSONS.values() for cell in cells)


@pytest.mark.parametrize("cause", CAUSES, ids=str)
def test_every_cause_is_explained_in_the_text_of_lesson_6_and_stands_in_its_figure(cause):
    texts = [source(cell) for cell in LESSONS["06"] if cell["cell_type"] == "markdown"]
    assert any(explains(text, cause) for text in texts)


@pytest.mark.parametrize("kind", FAULTS, ids=str)
def test_a_fault_is_explained_where_it_is_first_printed(kind):
    """In the fold of all names below that cell, or in the text right before or after it."""
    for cells in LESSONS.values():
        for place, cell in enumerate(cells):
            if cell["cell_type"] == "code" and says(printed(cell), kind):
                near = [source(one) for one in cells[max(0, place - 3) : place + 2] if one["cell_type"] == "markdown"]
                assert f"{kind}: {kind.meaning}" in printed(cell) or any(explains(text, kind) for text in near)
                return
    raise AssertionError(f"no lesson prints {kind}")


def test_the_text_of_a_lesson_that_names_a_fault_links_the_chart():
    for number in ("03", "06"):
        texts = "\n".join(source(cell) for cell in LESSONS[number] if cell["id"] != "badges")
        assert "](../docs/faults.md" in texts, number


def test_cases_riddles_checks_and_machines_use_the_same_names():
    readme = (ROOT / "data" / "machines" / "README.md").read_text(encoding="utf-8")
    machines = dict(re.findall(r"^\| `(\w+)` \| (.+?) \|", readme, re.MULTILINE))
    given = {*CASES, *ANSWERS.values(), *NAMES, *machines.values()}
    assert given - {"healthy", "backwards", "none", "-", Kind.WRONG_BITS} <= {*FAULTS}
    like_a_fault = {name: machines[name] for name in machines if name.replace("_", " ") in {*Kind}}
    assert {name: name.replace("_", " ") for name in like_a_fault} == like_a_fault
    assert all(case.machine in machines for case in CASES.values())


def test_the_chart_names_the_parts_that_can_miss_a_jump():
    (line,) = [line for line in CHART.splitlines() if "| **missed jump** |" in line]
    assert re.findall(r"(\w+): Train", line) == [part.capitalize() for part in JUMP_CURES]
