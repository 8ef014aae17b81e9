"""Whether a reader's machine is ready to be trained, and how many lines it has."""

import ast
import json
import re
from pathlib import Path

import own_machine
from own_machine import MyController, MyHeads, MyNTM, my_address, my_read, my_step, my_write

from ntm_lib.teaching.capstone import is_ready, lines_of
from ntm_lib.teaching.checks import lesson_09

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
NAME = "04b_write_the_whole_machine.ipynb"


class MyOpenNTM(MyNTM):
    def forward(self, inputs, state=None, memory_size=None, history=None):
        return ...


class MyWrongNTM(MyNTM):
    def forward(self, inputs, state=None, memory_size=None, history=None):
        logits, state = super().forward(inputs, state, memory_size, history)
        return -logits, state


def test_only_a_right_machine_is_ready(capsys):
    assert is_ready(MyNTM)
    assert capsys.readouterr().out == ""
    for machine in (MyOpenNTM, MyWrongNTM):
        assert not is_ready(machine)
        waits = f"The training waits for {machine.__name__}: it begins once step 6 is right.\n"
        assert capsys.readouterr().out == waits


def test_any_check_and_its_part_of_a_lesson_can_be_named(capsys):
    def my_reverse(batch_size, length, generator):
        return ...

    assert not is_ready(my_reverse, lesson_09.reverse, "exercise 3")
    assert capsys.readouterr().out == "The training waits for my_reverse: it begins once exercise 3 is right.\n"


def test_lines_are_counted_without_blanks_and_comments():
    def spaced(x):
        # a comment

        return x  # and one behind code

    assert lines_of(spaced) == 2
    assert lines_of(my_read, my_write) == 2 + 3
    assert lines_of(MyController) == 1 + 3 + 2 + 2
    whole = [my_address, my_read, my_write, MyHeads, MyController, my_step, MyNTM]
    text = Path(own_machine.__file__).read_text(encoding="utf-8")
    code = [line for line in text[text.index("def my_address") :].splitlines() if line.strip()]
    assert lines_of(*whole) == len(code) - 1  # `step = ...` stands in a class outside of its methods


def test_the_table_of_the_lesson_counts_the_lines_of_the_solution():
    solution, lesson = (sources(NOTEBOOKS / folder / NAME) for folder in ("solutions", "."))
    pieces = {node.name: ast.get_source_segment(cell, node) for cell in solution["code"] for node in definitions(cell)}
    table = re.findall(r"^\| \d \| (.+?) \| (\d+) \|", "\n".join(lesson["markdown"]), re.MULTILINE)
    assert len(table) == 6
    for names, lines in table:
        written = "\n".join(pieces[name] for name in re.findall(r"`(\w+)`", names))
        assert sum(bool(line.strip()) for line in written.splitlines()) == int(lines), names
    total = sum(int(lines) for _, lines in table)
    assert f"{total} lines" in json.dumps(json.loads((NOTEBOOKS / "solutions" / NAME).read_text(encoding="utf-8")))
    assert 60 <= total < 70


def sources(path):
    """The cells of a notebook by their kind."""
    found = {"code": [], "markdown": []}
    for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
        found[cell["cell_type"]].append("".join(cell["source"]))
    return found


def definitions(cell):
    return [node for node in ast.parse(cell).body if isinstance(node, ast.FunctionDef | ast.ClassDef)]
