"""The workbook: lessons without answers in them, which a reader may change and nothing overwrites."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from notebooks import workbook
from notebooks.workbook import lay_out, main, told, without_outputs

ROOT = Path(__file__).parent.parent
LESSONS = sorted((ROOT / "notebooks").glob("*.ipynb"))
SOLUTIONS = sorted((ROOT / "notebooks" / "solutions").glob("*.ipynb"))
FIRST, SECOND = "01_first.ipynb", "02_second.ipynb"


def a_notebook(says):
    """A notebook of one text and one cell that has run."""
    output = nbformat.v4.new_output("stream", text=f"{says}\n")
    cell = nbformat.v4.new_code_cell(f"print({says!r})", execution_count=3, outputs=[output], id="code")
    return nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell("# A lesson", id="text"), cell])


@pytest.fixture
def lessons(tmp_path):
    """A folder of two lessons and a solution, all of which have run."""
    folder = tmp_path / "notebooks"
    (folder / "solutions").mkdir(parents=True)
    for name in (FIRST, SECOND, f"solutions/{FIRST}"):
        nbformat.write(a_notebook(name), folder / name)
    return folder


@pytest.fixture
def book(lessons):
    """The workbook of these lessons, laid out."""
    folder = lessons.parent / "workbook"
    lay_out(lessons, folder)
    return folder


def work_on(copy):
    """Do what a reader does: run a cell, and save."""
    notebook = nbformat.read(copy, 4)
    notebook.cells[-1].source += "\nprint('mine')"
    notebook.cells[-1].execution_count = 1
    nbformat.write(notebook, copy)
    return copy.read_bytes()


@pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)
def test_a_copy_has_all_of_a_lesson_but_what_its_cells_said(path):
    lesson, copy = nbformat.read(path, 4), nbformat.reads(without_outputs(path).decode(), 4)
    assert [(cell.id, cell.cell_type, cell.source) for cell in copy.cells] == [
        (cell.id, cell.cell_type, cell.source) for cell in lesson.cells
    ]
    code = [cell for cell in copy.cells if cell.cell_type == "code"]
    assert len(code) > 10
    assert all(cell.outputs == [] and cell.execution_count is None for cell in code)
    assert "widgets" not in copy.metadata


def test_the_workbook_of_this_repository_has_every_lesson_and_every_solution(tmp_path):
    before = {path: path.read_bytes() for path in LESSONS + SOLUTIONS}
    outcomes = lay_out(ROOT / "notebooks", tmp_path / "workbook")
    names = [path.name for path in LESSONS] + [f"solutions/{path.name}" for path in SOLUTIONS]
    assert outcomes == dict.fromkeys(names, "made")
    assert all((tmp_path / "workbook" / name).exists() for name in names)
    for path in SOLUTIONS:
        assert (tmp_path / "workbook" / "solutions" / path.name).read_bytes() == path.read_bytes()
    assert {path: path.read_bytes() for path in before} == before


def test_git_does_not_see_the_workbook():
    assert "/workbook/" in (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()


def test_a_copy_that_was_worked_on_stays(lessons, book):
    mine = work_on(book / FIRST)
    assert lay_out(lessons, book)[FIRST] == "kept"
    nbformat.write(a_notebook("another lesson"), lessons / FIRST)
    assert lay_out(lessons, book) == {FIRST: "older", SECOND: "kept", f"solutions/{FIRST}": "kept"}
    assert (book / FIRST).read_bytes() == mine
    assert lay_out(lessons, book)[FIRST] == "older", "and again, as often as it is asked"
    assert (book / FIRST).read_bytes() == mine


def test_a_solution_that_was_worked_on_stays(lessons, book):
    mine = work_on(book / "solutions" / FIRST)
    nbformat.write(a_notebook("another solution"), lessons / "solutions" / FIRST)
    assert lay_out(lessons, book)[f"solutions/{FIRST}"] == "older"
    assert (book / "solutions" / FIRST).read_bytes() == mine


def test_a_copy_that_nobody_touched_follows_its_lesson(lessons, book):
    nbformat.write(a_notebook("another lesson"), lessons / FIRST)
    assert lay_out(lessons, book)[FIRST] == "renewed"
    assert "another lesson" in nbformat.read(book / FIRST, 4).cells[-1].source
    assert lay_out(lessons, book)[FIRST] == "kept"


def test_a_renamed_copy_makes_room_for_a_new_one(lessons, book):
    mine = work_on(book / FIRST)
    (book / FIRST).rename(book / "mine.ipynb")
    assert lay_out(lessons, book)[FIRST] == "made"
    assert (book / FIRST).read_bytes() == without_outputs(lessons / FIRST)
    assert (book / "mine.ipynb").read_bytes() == mine


@pytest.mark.parametrize("kept", [None, "", "{", "[1]", "null", '{"01_first.ipynb": 7}'])
def test_without_its_hashes_a_workbook_loses_nothing(lessons, book, kept):
    mine = work_on(book / FIRST)
    (book / workbook.WRITTEN).unlink()
    if kept is not None:
        (book / workbook.WRITTEN).write_text(kept, encoding="utf-8")
    assert lay_out(lessons, book) == {FIRST: "older", SECOND: "kept", f"solutions/{FIRST}": "kept"}
    assert (book / FIRST).read_bytes() == mine
    nbformat.write(a_notebook("another lesson"), lessons / SECOND)
    assert lay_out(lessons, book)[SECOND] == "renewed", "what is as it was written is known again"


def test_what_a_reader_is_told():
    everything = told({FIRST: "made", SECOND: "made"}, "workbook")
    assert everything == (
        "Work in workbook/: its lessons have no outputs yet. The notebooks in notebooks/ stay as they are."
    )
    assert told({FIRST: "kept", SECOND: "renewed"}, "workbook").splitlines()[1:] == [
        "1 of 2 notebooks are new there; the others are as you left them."
    ]
    assert told({FIRST: "older", SECOND: "kept"}, "workbook").splitlines()[1:] == [
        f"You worked on {FIRST}, which has changed since: rename your copy to get the new one."
    ]


def test_bad_input_gets_one_line(tmp_path, capsys):
    assert main(["elsewhere"]) == 2
    assert capsys.readouterr().err == "workbook: expected no arguments: copies go to workbook/\n"
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "workbook").write_text("a file", encoding="utf-8")
    assert main([], tmp_path) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("workbook: ")
    assert "workbook" in line.removeprefix("workbook: ")


def test_binder_lays_out_the_workbook(lessons):
    root, script = lessons.parent, (ROOT / "postBuild").read_text(encoding="utf-8").splitlines()
    assert script[0] == "#!/bin/bash" and os.access(ROOT / "postBuild", os.X_OK)
    program, *arguments = script[-1].split()
    assert program == "python"
    shutil.copy(ROOT / "notebooks" / "workbook.py", lessons)
    subprocess.run([sys.executable, *arguments], cwd=root, check=True, capture_output=True)
    assert json.loads((root / "workbook" / FIRST).read_text(encoding="utf-8"))["cells"][1]["outputs"] == []
