"""Checks about failures: the right answer passes, and every sentence has a planted mistake that earns it."""

import ast
import inspect
import math

import pytest
import torch
from exercises import says_not_attempted, says_right

from ntm_lib.teaching.checks import lesson_06 as autopsy_checks
from ntm_lib.teaching.checks.lesson_06 import ANSWERS


def my_first_wrong(logits, targets, mask):
    places = (((logits > 0) != (targets > 0)) & (mask > 0).unsqueeze(-1)).nonzero()
    return places[places[:, 1].argmin()]


def first_wrong_backwards(logits, targets, mask):
    return my_first_wrong(logits, targets, mask).flip(0)


def first_wrong_of_probabilities(logits, targets, mask):
    return my_first_wrong(logits - 0.5, targets, mask)


def first_wrong_ones_only(logits, targets, mask):
    only = torch.where(targets > 0, 1.0, logits)
    return my_first_wrong(only, targets, mask) if (only > 0).ne(targets > 0).any() else torch.zeros(3)


def first_wrong_everywhere(logits, targets, mask):
    return my_first_wrong(logits, targets, torch.ones_like(mask))


def first_wrong_by_sequence(logits, targets, mask):
    return (((logits > 0) != (targets > 0)) & (mask > 0).unsqueeze(-1)).nonzero()[0]


def my_room(beta, g, alike):
    return max(0, math.ceil(math.exp(beta * alike) * (2 * g - 1) / (1 - g)))


def room_for_closed_gates(beta, g, alike):
    return max(1, my_room(beta, g, alike))


def room_that_forgets_the_row_itself(beta, g, alike):
    return 0 if g < 0.5 else math.ceil(math.exp(beta * alike) * g / (1 - g))


def room_too_careful(beta, g, alike):
    return max(0, my_room(beta, g, alike) - 1)


def room_of_a_perfect_key(beta, g, alike):
    return my_room(beta, g, 1.0)


def room_of_a_key_squared(beta, g, alike):
    return my_room(beta, g, alike**2)


def my_diagnosis():
    return dict(ANSWERS)


def diagnosis_of_three():
    return {letter: fault for letter, fault in ANSWERS.items() if letter != "B"}


def diagnosis_in_other_words():
    return ANSWERS | {"C": "lost"}


def diagnosis_with_a_mistake():
    return ANSWERS | {"D": "off by one"}


first_wrong_bit, riddles, room = autopsy_checks.first_wrong_bit, autopsy_checks.riddles, autopsy_checks.room
RIGHT = [(first_wrong_bit, my_first_wrong), (riddles, my_diagnosis), (room, my_room)]
MISTAKES = [
    (first_wrong_bit, first_wrong_backwards, "expected [1, 3, 2], not [2, 3, 1]"),
    (first_wrong_bit, first_wrong_of_probabilities, "0.3 is a one"),
    (first_wrong_bit, first_wrong_ones_only, "a zero where a one is wanted"),
    (first_wrong_bit, first_wrong_everywhere, "where the mask is 0 nothing counts"),
    (first_wrong_bit, first_wrong_by_sequence, "the earliest step counts"),
    (riddles, diagnosis_of_three, "B has no name yet: expected one of missed jump, off by one, blur"),
    (riddles, diagnosis_in_other_words, "C is 'lost': expected one of"),
    (riddles, diagnosis_with_a_mistake, "D is no case of off by one: look at the colour"),
    (room, room_for_closed_gates, "with a gate of 0.4 the old place keeps 0.6"),
    (room, room_that_forgets_the_row_itself, "the old place has at least as much as the row"),
    (room, room_too_careful, "is too careful"),
    (room, room_of_a_perfect_key, "the power exp(0.7 beta)"),
    (room, room_of_a_key_squared, "the power exp(0.7 beta)"),
]


@pytest.mark.parametrize(("check", "attempt"), RIGHT, ids=lambda each: each.__name__)
def test_the_right_answer_passes(check, attempt, capsys):
    says_right(check, attempt, capsys)


@pytest.mark.parametrize(("check", "attempt", "sentence"), MISTAKES, ids=lambda each: getattr(each, "__name__", ""))
def test_each_mistake_earns_its_sentence(check, attempt, sentence, capsys):
    check(attempt)
    head, *found = capsys.readouterr().out.splitlines()
    assert head == f"{attempt.__name__}: not yet" and len(found) == 1 and sentence in found[0]


@pytest.mark.parametrize("check", [check for check, _ in RIGHT], ids=lambda check: check.__name__)
def test_a_stub_is_not_attempted(check, capsys):
    says_not_attempted(check, ..., capsys)


def test_a_diagnosis_that_is_no_dictionary(capsys):
    riddles(lambda: "blur")
    assert capsys.readouterr().out == "<lambda> returns str: expected a dictionary\n"


def test_a_diagnosis_without_a_name_yet(capsys):
    riddles(dict)
    assert capsys.readouterr().out.count("has no name yet") == len(ANSWERS)


@pytest.mark.parametrize("rows", [-3, 0])
def test_no_room_at_all_is_too_careful(rows, capsys):
    room(lambda beta, g, alike: rows if g > 0.5 else 0)
    assert f"N = {rows} is too careful" in capsys.readouterr().out


def test_no_sentence_is_without_its_mistake():
    nodes = ast.walk(ast.parse(inspect.getsource(autopsy_checks)))
    assert sum(isinstance(node, ast.Yield) for node in nodes) == len(MISTAKES) - 1  # one of them is earned twice
