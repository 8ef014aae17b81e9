"""Strict comparison can fail: what must turn a notebook red does, and the unchanged copy stays green."""

import json
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parent.parent
LAST_CELL = {
    "01_find_a_slot": "addressing.shift(focus_on(4), ",
    "02_read_and_write": "swapped = memory.write(",
}
"""Lesson: a piece of the last cell that is run here, since nothing after it is needed."""

CHANGES = {
    "docstring": (
        "01_find_a_slot",
        "machine/addressing.py",
        "Move the focus by a blend",
        "Move the weights by a blend",
        {"show_source(addressing.shift)"},
    ),
    "shift": (
        "01_find_a_slot",
        "machine/addressing.py",
        "w_g.roll(j - reach, dims=-1)",
        "w_g.roll(reach - j, dims=-1)",
        {"show_source(addressing.shift)", "addressing.shift(focus_on(4), "},
    ),
    "write": (
        "02_read_and_write",
        "machine/memory.py",
        "return add(erase(memory, weights, e), weights, a)",
        "return erase(add(memory, weights, a), weights, e)",
        {"show_source(memory.write)", "swapped = memory.write("},
    ),
}
"""A change: the lesson it concerns, a file of the library, its words, others instead; what the red cells hold."""


def options_of_make():
    """What `make test` compares notebooks with."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    return shlex.split(re.search(r"^NBVAL = \$\(PYTEST\) (.*)$", makefile, re.MULTILINE).group(1))


def code_cells(notebook):
    return [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]


def cut(lesson):
    """A lesson up to its last cell that is needed."""
    notebook = json.loads((ROOT / "notebooks" / f"{lesson}.ipynb").read_text(encoding="utf-8"))
    (end,) = [i for i, cell in enumerate(notebook["cells"]) if LAST_CELL[lesson] in "".join(cell["source"])]
    return notebook | {"cells": notebook["cells"][: end + 1]}


def lay_out(folder, lesson, file=None, old="", new=""):
    """A folder with a lesson and, beside it, the library that its kernel finds first, with one change."""
    shutil.copytree(ROOT / "ntm_lib", folder / "ntm_lib", ignore=shutil.ignore_patterns("__pycache__"))
    (folder / f"{lesson}.ipynb").write_text(json.dumps(cut(lesson)), encoding="utf-8")
    if file:
        text = (folder / "ntm_lib" / file).read_text(encoding="utf-8")
        assert text.count(old) == 1, f"{file} does not say {old!r} once"
        (folder / "ntm_lib" / file).write_text(text.replace(old, new), encoding="utf-8")


def failures(folder, *options):
    """Run what is in a folder: for each of its own folders, the names of the tests that failed, and how many ran."""
    report = folder / "report.xml"
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--junitxml={report}", *options, "."]
    finished = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert finished.returncode in (0, 1), finished.stdout + finished.stderr
    ran = {}
    for case in ElementTree.parse(report).iter("testcase"):
        failed, count = ran.get(case.get("classname").split(".")[0], (set(), 0))
        red = {case.get("name")} if case.find("failure") is not None else set()
        ran[case.get("classname").split(".")[0]] = (failed | red, count + 1)
    return ran


@pytest.fixture(scope="module")
def compared(tmp_path_factory):
    folder = tmp_path_factory.mktemp("nbval")
    for lesson in LAST_CELL:
        lay_out(folder / lesson, lesson)
    for name, (lesson, *change, _) in CHANGES.items():
        lay_out(folder / name, lesson, *change)
    return failures(folder, *options_of_make())


@pytest.mark.parametrize("lesson", LAST_CELL)
def test_an_unchanged_library_is_green(compared, lesson):
    assert compared[lesson] == (set(), len(code_cells(cut(lesson))))


@pytest.mark.parametrize("name", CHANGES)
def test_a_changed_library_turns_the_cells_red_that_speak_of_it(compared, name):
    lesson, *_, held = CHANGES[name]
    cells = code_cells(cut(lesson))
    red = {f"Cell {i}" for i, cell in enumerate(cells) if any(part in "".join(cell["source"]) for part in held)}
    assert compared[name] == (red, len(cells))


def test_a_check_that_accepts_a_wrong_answer_is_noticed(tmp_path):
    ring = '([slots[4]], [forward], "the slots form a ring: one step forward from slot 4, the last, is slot 0"),'
    lay_out(tmp_path / "deaf", "01_find_a_slot", "teaching/checks/lesson_01.py", ring, "")
    for name in ("teaching/checks/test_check_lesson_01.py", "exercises.py"):
        shutil.copy(ROOT / "tests" / name, tmp_path / "deaf")
    ran = failures(tmp_path, "-k", "mistake")
    ((failed, count),) = ran.values()
    assert [name for name in failed if "ring" in name] == list(failed)
    assert count > len(failed) > 0
