"""Checks about texts: the right answer passes, and every sentence has a planted mistake that earns it."""

import ast
import inspect

import pytest
import torch
from exercises import says_not_attempted, says_right, says_sentence

from ntm_lib.teaching.checks import lesson_00 as text_checks


def my_bits(text):
    return torch.tensor([[[float(ord(letter) >> bit & 1) for bit in range(8)] for letter in text]])


def my_wrong(sent, answered):
    return sum((one ^ other).bit_count() for one, other in zip(sent, answered, strict=True))


def my_rows(written):
    return written[1 : len(written) // 2]


def wrong_characters(sent, answered):
    return sum(one != other for one, other in zip(sent, answered, strict=True))


def rows_sorted(written):
    return my_rows(written).sort().values


def rows_counted_up(written):
    return written[0] + 1 + torch.arange(len(written) // 2 - 1)


def rows_by_direction(written):
    step = 1 if written[1] > written[0] else -1
    return written[0] + step * (1 + torch.arange(len(written) // 2 - 1))


RIGHT = {"bits": my_bits, "wrong": my_wrong, "rows": my_rows}

MISTAKES = [
    ("bits", lambda text: 2 * my_bits(text), "there should be nothing but 0 and 1"),
    ("bits", lambda text: my_bits(text).flip(-1), "the bits stand the wrong way round"),
    ("bits", lambda text: my_bits(text).flip(1), "the characters stand the wrong way round"),
    ("bits", lambda text: my_bits(text.lower()), "the numbers spelt are not those of the characters"),
    ("wrong", lambda sent, answered: 1, "between a text and itself no bit differs"),
    ("wrong", lambda sent, answered: 8 * wrong_characters(sent, answered), "A is 65 and C is 67"),
    ("wrong", wrong_characters, "A is 65, 1000001, and B is 66"),
    ("wrong", lambda sent, answered: my_wrong(sent, answered) + (sent > answered), "the order should not matter"),
    ("wrong", lambda sent, answered: my_wrong(sent[:1], answered[:1]), "the bits of all characters count"),
    ("rows", lambda written: written[: len(written) // 2 - 1], "row 3 was written while the start marker was heard"),
    ("rows", lambda written: my_rows(written).flip(0), "in the order in which they were written"),
    ("rows", lambda written: written[len(written) // 2 + 1 :], "where the writer is during the answer"),
    ("rows", lambda written: my_rows(written) + 1, "the bytes are in rows 4 to 8"),
    ("rows", rows_counted_up, "a writer may walk down"),
    ("rows", rows_sorted, "a writer may walk down"),
    ("rows", rows_by_direction, "the tape is a ring of 11 rows here"),
]


@pytest.mark.parametrize("exercise", RIGHT)
def test_the_right_answer_passes(exercise, capsys):
    says_right(getattr(text_checks, exercise), RIGHT[exercise], capsys)


@pytest.mark.parametrize(("exercise", "mistake", "sentence"), MISTAKES)
def test_a_planted_mistake_is_named(exercise, mistake, sentence, capsys):
    says_sentence(getattr(text_checks, exercise), mistake, sentence, capsys)


@pytest.mark.parametrize("exercise", RIGHT)
def test_what_is_not_attempted_does_not_raise(exercise, capsys):
    says_not_attempted(getattr(text_checks, exercise), ..., capsys)


def fixed_words(node):
    """The longest piece of a sentence that no number changes."""
    parts = node.value.values if isinstance(node.value, ast.JoinedStr) else [node.value]
    return max((part.value for part in parts if isinstance(part, ast.Constant)), key=len)


def test_every_sentence_has_a_planted_mistake(capsys):
    for exercise, mistake, _ in MISTAKES:
        getattr(text_checks, exercise)(mistake)
    printed = capsys.readouterr().out
    yields = [node for node in ast.walk(ast.parse(inspect.getsource(text_checks))) if isinstance(node, ast.Yield)]
    assert yields
    assert [fixed_words(node) for node in yields if fixed_words(node) not in printed] == []
