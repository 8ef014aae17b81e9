"""Checks of lesson 6: the first wrong bit, four faults to name, the room on a tape."""

import math

import torch

from ntm_lib.teaching.checks.verdicts import Ask, Trials, check, numbers

NAMES = ("missed jump", "off by one", "blur", "wrap-around", "last vectors")
"""Faults that a learner knows by name, as in `ntm_lib.analysis.causes`."""
ANSWERS = {"A": "wrap-around", "B": "off by one", "C": "missed jump", "D": "blur"}
"""Names of the faults in the riddles of `cases`."""
HINTS = {
    "A": "follow the write head to the edge of the tape, and count the rows",
    "B": "the answer begins rightly; does the read head go a row on in every step of it?",
    "C": "look at the reader just after the end marker: has it moved to where the writer began?",
    "D": "look at the colour of the write head's cells: how much of its weight is on one row?",
}
"""Places to look at again, by riddle."""


@check("it finds the earliest wrong bit that counts")
def first_wrong_bit(ask: Ask) -> Trials:
    """Say what is wrong with `my_first_wrong(logits, targets, mask)`: sequence, step and bit, (3)."""
    targets, mask = torch.zeros(3, 7, 5), torch.ones(3, 7)
    mask[:, :2], mask[2, :4] = 0, 0
    targets[0, 4, 1] = 1
    for size, wrong_at, first, sentence in (
        (4.0, [(1, 3, 2)], [1, 3, 2], "one bit is wrong, bit 2 of step 3 of sequence 1"),
        (0.3, [(1, 3, 2)], [1, 3, 2], "a logit above 0 is a one and one below 0 a zero, however near: 0.3 is a one"),
        (4.0, [(0, 4, 1)], [0, 4, 1], "a zero where a one is wanted is wrong too"),
        (4.0, [(0, 1, 0), (1, 3, 2)], [1, 3, 2], "where the mask is 0 nothing counts: step 1 is before the answer"),
        (4.0, [(1, 5, 2), (2, 3, 0)], [1, 5, 2], "every sequence has its own mask: in 2, step 3 does not count"),
        (4.0, [(0, 5, 3), (2, 4, 0)], [2, 4, 0], "the earliest step counts, in whichever sequence it is"),
        (4.0, [(0, 5, 0), (0, 3, 4)], [0, 3, 4], "the earliest step counts, whichever bit it is"),
        (4.0, [(1, 6, 4)], [1, 6, 4], "the last step counts too, and the last bit"),
    ):
        logits = size * (2 * targets - 1)
        for place in wrong_at:
            logits[place] *= -1
        found = ask(logits, targets, mask, like=torch.arange(3)).tolist()
        yield found == first, f"{sentence}: expected {first}, not {found}"
    targets = (numbers(2, 11, 3) > 0).float()
    logits = 2 * targets - 1
    logits[1, 10, 2] *= -1
    found = ask(logits, targets, torch.ones(2, 11), like=torch.arange(3)).tolist()
    small = "of two sequences of 11 steps and 3 bits the very last bit is wrong"
    yield found == [1, 10, 2], f"{small}: expected [1, 10, 2], not {found}"


@check("four faults, four names")
def riddles(ask: Ask) -> Trials:
    """Say which of the names in `my_diagnosis()`, a dictionary from letters to faults, are wrong, and where to look."""
    given, known, wrong = ask(like=dict), ", ".join(NAMES), []
    for letter, fault in ANSWERS.items():
        name = given.get(letter, ...)
        if name in (None, ...):
            wrong.append(f"{letter} has no name yet: expected one of {known}")
        elif name not in NAMES:
            wrong.append(f"{letter} is {name!r}: expected one of {known}")
        elif name != fault:
            wrong.append(f"{letter} is no case of {name}: {HINTS[letter]}")
    yield not wrong, "\n- ".join(wrong)


@check("it says how long the tape may be")
def room(ask: Ask) -> Trials:
    """Say what is wrong with `my_room(beta, g, alike)`: the largest N at which the row that is looked for wins."""
    closed = ask(3.0, 0.4, 1.0, like=int)
    yield closed == 0, f"with a gate of 0.4 the old place keeps 0.6, more than any key brings: expected 0, not {closed}"
    for beta, g, alike in ((3.0, 0.9, 1.0), (6.0, 0.9, 0.7), (2.5, 0.8, 0.4), (2.0, 0.6, 0.3), (5.0, 0.97, -0.2)):
        rows, right = ask(beta, g, alike, like=int), _room(beta, g, alike)
        told = f"beta = {beta:g}, g = {g:g}, alike = {alike:g}"
        perfect = alike < 1 and rows == _room(beta, g, 1.0)
        yield not perfect, f"{told}: the right row's power is exp(alike beta), here exp({alike:g} beta)"
        yield rows <= right, f"{told}: with N = {rows} the old place has at least as much as the row"
        yield rows >= right, f"{told}: N = {rows} is too careful, with one row more the row still wins"


def _room(beta: float, g: float, alike: float) -> int:
    """Rows among which one that is `alike` the key, where all others are unlike it, outweighs the old place."""
    return max(0, math.ceil(math.exp(beta * alike) * (2 * g - 1) / (1 - g)))  # e^(βa) g > (1 - g) (e^(βa) + N - 1)
