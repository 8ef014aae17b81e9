"""Checks of failures: right answers pass, and every sentence has a planted mistake that earns it."""

import math

import pytest
import torch
from exercises import exercise_tests

from ntm_lib.teaching.checks import lesson_06 as checks
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


def first_wrong_by_loops(logits, targets, mask):
    for step in range(logits.shape[1]):
        for sequence in range(len(logits)):
            for bit in range(logits.shape[2]):
                sign = 1 if targets[sequence, step, bit] else -1
                if mask[sequence, step] and sign * logits[sequence, step, bit] < 0:
                    return torch.tensor([sequence, step, bit])
    raise ValueError("all bits are right")


def first_wrong_with_the_first_mask(logits, targets, mask):
    return my_first_wrong(logits, targets, mask[:1].expand_as(mask))


def room_by_counting(beta, g, alike):
    rows, power = 0, math.exp(beta * alike)
    while g * power / (power + rows) > 1 - g:
        rows += 1
    return rows


def room_rounded(beta, g, alike):
    return max(0, 1 + round(math.exp(beta * alike) * (2 * g - 1) / (1 - g)))


def room_cut_off(beta, g, alike):
    return max(0, int(math.exp(beta * alike) * (2 * g - 1) / (1 - g)))


RIGHT = [
    ("first_wrong_bit", my_first_wrong),
    ("first_wrong_bit", first_wrong_by_loops),
    ("riddles", my_diagnosis),
    ("room", my_room),
    ("room", room_by_counting),
]
MISTAKES = [
    (
        "first_wrong_bit",
        first_wrong_backwards,
        "one bit is wrong, bit 2 of step 3 of sequence 1: expected [1, 3, 2], not [2, 3, 1]",
    ),
    ("first_wrong_bit", first_wrong_of_probabilities, "a logit above 0 is a one and one below 0 a zero, however near"),
    ("first_wrong_bit", first_wrong_ones_only, "a zero where a one is wanted is wrong too"),
    ("first_wrong_bit", first_wrong_everywhere, "where the mask is 0 nothing counts"),
    (
        "first_wrong_bit",
        first_wrong_with_the_first_mask,
        "every sequence has its own mask: in 2, step 3 does not count",
    ),
    ("first_wrong_bit", first_wrong_by_sequence, "the earliest step counts, in whichever sequence it is"),
    ("riddles", diagnosis_of_three, "B has no name yet: expected one of missed jump, off by one, blur"),
    ("riddles", diagnosis_in_other_words, "C is 'lost': expected one of"),
    ("riddles", diagnosis_with_a_mistake, "D is no case of off by one: look at the colour"),
    ("room", room_for_closed_gates, "with a gate of 0.4 the old place keeps 0.6, more than any key brings"),
    ("room", room_that_forgets_the_row_itself, "the old place has at least as much as the row"),
    ("room", room_too_careful, ": N = 160 is too careful, with one row more the row still wins"),
    ("room", room_rounded, "beta = 3, g = 0.9, alike = 1: with N = 162 the old place has at least as much as the row"),
    ("room", room_cut_off, "N = 160 is too careful, with one row more the row still wins"),
    ("room", room_of_a_perfect_key, ": the right row's power is exp(alike beta), here exp(0.7 beta)"),
    ("room", room_of_a_key_squared, "beta = 6, g = 0.9, alike = 0.7: N = "),
]

TestExercises = exercise_tests(checks, RIGHT, MISTAKES)


def test_a_diagnosis_that_is_no_dictionary(capsys):
    checks.riddles(lambda: "blur")
    assert capsys.readouterr().out == "<lambda> returns str: expected a dictionary\n"


def test_a_diagnosis_without_a_name_yet(capsys):
    checks.riddles(dict)
    assert capsys.readouterr().out.count("has no name yet") == len(ANSWERS)


@pytest.mark.parametrize("rows", [-3, 0])
def test_no_room_at_all_is_too_careful(rows, capsys):
    checks.room(lambda beta, g, alike: rows if g > 0.5 else 0)
    assert f"N = {rows} is too careful" in capsys.readouterr().out
