"""Whether a reader's machine is ready to be trained, and how many lines it has."""

from pathlib import Path

import own_machine
from own_machine import MyController, MyHeads, MyNTM, my_address, my_read, my_step, my_write

from ntm_lib.teaching.capstone import is_ready, lines_of


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
