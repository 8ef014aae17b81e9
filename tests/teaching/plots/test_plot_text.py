"""Figures of texts: letters stand at their steps, wrong ones are pink."""

import pytest
import torch
from matplotlib.colors import to_hex

from ntm_lib import tasks
from ntm_lib.analysis.trace import trace_copy
from ntm_lib.teaching import handmade
from ntm_lib.teaching.plots.style import ERROR
from ntm_lib.teaching.plots.text import text_figure

TEXT = b"tape!"


def drawn(answers):
    bits = tasks.number_bits(torch.tensor([list(TEXT)]))
    return text_figure(trace_copy(handmade.copier(), bits, memory_size=13), TEXT, answers, first_row=2)


def letters(axes):
    return [(text.get_position()[0], text.get_text(), to_hex(text.get_color()) == ERROR) for text in axes.texts]


def test_the_text_goes_in_after_the_start_marker_and_comes_out_after_the_end_marker():
    figure = drawn({"a machine": TEXT})
    assert letters(figure.axes[0]) == [(1 + place, letter, False) for place, letter in enumerate("tape!")]
    assert letters(figure.axes[2]) == [(7 + place, letter, False) for place, letter in enumerate("tape!")]


def test_wrong_characters_are_pink_and_what_cannot_be_printed_is_a_dot():
    figure = drawn({"a machine": TEXT, "another": b"tAp\x03!"})
    assert letters(figure.axes[3]) == [
        (7, "t", False),
        (8, "A", True),
        (9, "p", False),
        (10, "·", True),
        (11, "!", False),
    ]
    assert figure.get_label() == (
        "A text of 5 characters goes in and comes out again; characters that are right: a machine – all; another –"
        " most."
    )


def test_most_are_wrong():
    assert drawn({"a machine": b"xxxe!"}).get_label().endswith("a machine – less than half.")


@pytest.mark.parametrize(("text", "answer"), [(TEXT, TEXT[1:]), (TEXT + b"!", TEXT)])
def test_texts_of_another_length_are_refused(text, answer):
    bits = tasks.number_bits(torch.tensor([list(TEXT)]))
    trace = trace_copy(handmade.copier(), bits, memory_size=13)
    with pytest.raises(ValueError, match="a trace of 12 steps: expected 2 L \\+ 2"):
        text_figure(trace, text, {"a machine": answer})
