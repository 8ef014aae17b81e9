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


def first_wrong_in_place(logits, targets, mask):
    logits.sigmoid_().round_().sub_(targets).mul_(mask[..., None])
    step = logits.abs().sum((0, 2)).nonzero()[0, 0]
    sequence, bit = logits[:, step].nonzero()[0]
    return torch.stack([sequence, step, bit]).double()


def first_wrong_in_a_list(logits, targets, mask):
    wrong = []
    for sequence, steps in enumerate((logits > 0).tolist()):
        for step, bits in enumerate(steps):
            wanted = targets[sequence, step].tolist()
            wrong += [(step, sequence, i) for i, bit in enumerate(bits) if bit != wanted[i] and mask[sequence, step]]
    step, sequence, bit = min(wrong)
    return [sequence, step, bit]


def first_wrong_by_the_bit(logits, targets, mask):
    wrong = ((logits > 0) != (targets > 0)) & (mask > 0).unsqueeze(-1)
    places = wrong.nonzero()
    return places[places[:, 2].argmin()]


def first_wrong_after_the_markers(logits, targets, mask):
    place = my_first_wrong(logits, targets, mask)
    place[1] -= mask[0].argmax()
    return place


def first_wrong_but_the_last_step(logits, targets, mask):
    place = my_first_wrong(logits, targets, mask)
    return place.clamp(max=5)


def first_wrong_of_flat_places(logits, targets, mask):
    wrong = ((logits > 0) != (targets > 0)) & (mask > 0).unsqueeze(-1)
    places = wrong.transpose(0, 1).flatten().nonzero()
    step, rest = divmod(places[0].item(), 15)
    return torch.tensor([rest // 5, step, rest % 5])


def diagnosis_in_pairs():
    return dict(zip("ABCD", ("wrap-around", "off by one", "missed jump", "blur"), strict=True))


def diagnosis_letter_by_letter():
    names = {}
    for letter in "DCBA":
        names[letter] = ANSWERS[letter]
    names["E"] = "last vectors"
    return names


def diagnosis_in_capitals():
    return ANSWERS | {"D": "Blur"}


def diagnosis_with_none():
    return ANSWERS | {"D": None}


def diagnosis_of_a_short_answer():
    return ANSWERS | {"A": "last vectors"}


def diagnosis_exchanged():
    return ANSWERS | {"B": "missed jump", "C": "off by one"}


def room_by_logarithms(beta, g, alike):
    if g <= 0.5:
        return 0
    return torch.tensor(beta * alike + math.log((2 * g - 1) / (1 - g))).exp().floor().int() + 1


def room_by_trying_tapes(beta, g, alike):
    largest = 0
    for rows in range(1, 3000):
        w_c = torch.softmax(beta * torch.tensor([alike] + [0.0] * (rows - 1), dtype=torch.float64), dim=0)
        if g * w_c[0] > 1 - g:
            largest = rows
    return largest


def room_of_beta_three(beta, g, alike):
    return my_room(3.0, g, alike)


def room_of_one_gate(beta, g, alike):
    return my_room(beta, 0.9 if g > 0.5 else g, alike)


def room_without_a_limit_below(beta, g, alike):
    return math.ceil(math.exp(beta * alike) * (2 * g - 1) / (1 - g))


def room_as_a_bound(beta, g, alike):
    return max(0.0, math.exp(beta * alike) * (2 * g - 1) / (1 - g))


def room_of_keys_that_are_alike(beta, g, alike):
    return my_room(beta, g, abs(alike))


RIGHT = [
    ("first_wrong_bit", my_first_wrong),
    ("first_wrong_bit", first_wrong_by_loops),
    ("first_wrong_bit", first_wrong_in_place),
    ("first_wrong_bit", first_wrong_in_a_list),
    ("riddles", my_diagnosis),
    ("riddles", diagnosis_in_pairs),
    ("riddles", diagnosis_letter_by_letter),
    ("room", my_room),
    ("room", room_by_counting),
    ("room", room_by_logarithms),
    ("room", room_by_trying_tapes),
]
MISTAKES = [
    (
        "first_wrong_bit",
        first_wrong_backwards,
        "one bit is wrong, bit 2 of step 3 of sequence 1: expected [1, 3, 2], not [2, 3, 1]",
    ),
    ("first_wrong_bit", first_wrong_after_the_markers, "expected [1, 3, 2], not [1, 1, 2]"),
    ("first_wrong_bit", first_wrong_of_probabilities, "a logit above 0 is a one and one below 0 a zero, however near"),
    ("first_wrong_bit", first_wrong_ones_only, "a zero where a one is wanted is wrong too"),
    ("first_wrong_bit", first_wrong_everywhere, "where the mask is 0 nothing counts"),
    (
        "first_wrong_bit",
        first_wrong_with_the_first_mask,
        "every sequence has its own mask: in 2, step 3 does not count",
    ),
    ("first_wrong_bit", first_wrong_by_sequence, "the earliest step counts, in whichever sequence it is"),
    ("first_wrong_bit", first_wrong_by_the_bit, "the earliest step counts, whichever bit it is: expected [0, 3, 4]"),
    ("first_wrong_bit", first_wrong_but_the_last_step, "the last step counts too, and the last bit"),
    (
        "first_wrong_bit",
        first_wrong_of_flat_places,
        "of two sequences of 11 steps and 3 bits the very last bit is wrong: expected [1, 10, 2], not [",
    ),
    ("first_wrong_bit", lambda *given: my_first_wrong(*given)[None], "returns shape (1, 3): expected (3,)"),
    ("first_wrong_bit", lambda *given: my_first_wrong(*given)[1], "returns shape (): expected (3,)"),
    ("riddles", diagnosis_of_three, "B has no name yet: expected one of missed jump, off by one, blur"),
    ("riddles", diagnosis_in_other_words, "C is 'lost': expected one of"),
    ("riddles", diagnosis_in_capitals, "D is 'Blur': expected one of"),
    ("riddles", diagnosis_with_none, "D has no name yet: expected one of"),
    ("riddles", diagnosis_of_a_short_answer, "A is no case of last vectors: follow the write head"),
    ("riddles", diagnosis_with_a_mistake, "D is no case of off by one: look at the colour"),
    ("riddles", diagnosis_exchanged, "B is no case of missed jump: the answer begins rightly"),
    ("riddles", lambda: [*ANSWERS.values()], "returns list: expected a dictionary"),
    ("room", room_for_closed_gates, "with a gate of 0.4 the old place keeps 0.6, more than any key brings"),
    ("room", room_without_a_limit_below, "more than any key brings: expected 0, not -6"),
    ("room", room_that_forgets_the_row_itself, "the old place has at least as much as the row"),
    ("room", room_too_careful, ": N = 160 is too careful, with one row more the row still wins"),
    ("room", room_rounded, "beta = 3, g = 0.9, alike = 1: with N = 162 the old place has at least as much as the row"),
    ("room", room_cut_off, "N = 160 is too careful, with one row more the row still wins"),
    ("room", room_of_a_perfect_key, ": the right row's power is exp(alike beta), here exp(0.7 beta)"),
    ("room", room_of_a_key_squared, "beta = 6, g = 0.9, alike = 0.7: N = "),
    ("room", room_of_beta_three, "beta = 6, g = 0.9, alike = 0.7: N = "),
    ("room", room_of_one_gate, "beta = 2.5, g = 0.8, alike = 0.4: with N = "),
    ("room", room_of_keys_that_are_alike, "beta = 5, g = 0.97, alike = -0.2: with N = "),
    ("room", room_as_a_bound, "returns float: expected a whole number, an int"),
]

TestExercises = exercise_tests(checks, RIGHT, MISTAKES)


def test_a_diagnosis_without_a_name_yet(capsys):
    checks.riddles(dict)
    assert capsys.readouterr().out.count("has no name yet") == len(ANSWERS)


@pytest.mark.parametrize("rows", [-3, 0])
def test_no_room_at_all_is_too_careful(rows, capsys):
    checks.room(lambda beta, g, alike: rows if g > 0.5 else 0)
    assert f"N = {rows} is too careful" in capsys.readouterr().out
