"""Checks of the exercises about failures: each says in a sentence which property of an attempt fails."""

from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from ntm_lib.machine import addressing
from ntm_lib.teaching.checks.verdicts import answer_of, tell

NAMES = ("missed jump", "off by one", "blur", "wrap-around", "last vectors")
"""Faults that a learner knows by name, as in `ntm_lib.analysis.causes`."""

ANSWERS = {"A": "wrap-around", "B": "off by one", "C": "missed jump", "D": "blur"}
"""What the riddles of `cases` are."""

HINTS = {
    "A": "follow the write head to the edge of the tape, and count the rows",
    "B": "the answer begins rightly; then look where the reader stands when the next vector is due",
    "C": "look at the reader just after the end marker: has it moved to where the writer began?",
    "D": "look at the colour of the read head's cells: how much of its weight is on one row?",
}
"""Where to look again."""


def first_wrong_bit(attempt: Callable[..., Tensor | None]) -> None:
    """Say what is wrong with `my_first_wrong(logits, targets, mask)`: sequence, step and bit, (3)."""
    example = (torch.tensor([[[1.0, -1.0]]]), torch.zeros(1, 1, 2), torch.ones(1, 1))
    right = "it finds the earliest wrong bit that counts"
    tell(attempt, example, (3,), _mistakes_in_first_wrong_bit, right, whole=True)


def _mistakes_in_first_wrong_bit(attempt: Callable[..., Tensor | None]) -> Iterator[str]:
    targets, mask = torch.zeros(3, 7, 5), torch.ones(3, 7)
    mask[:, :2] = 0
    targets[0, 4, 1] = 1

    def found(wrong_at: list[tuple[int, int, int]], size: float = 4.0) -> list[int] | None:
        logits = size * (2 * targets - 1)
        for place in wrong_at:
            logits[place] *= -1
        place = answer_of(attempt, logits, targets, mask)
        return None if place is None else place.tolist()

    only = found([(1, 3, 2)])
    if only != [1, 3, 2]:
        yield f"one bit is wrong, bit 2 of step 3 of sequence 1: expected [1, 3, 2], not {only}"
    elif found([(1, 3, 2)], size=0.3) != [1, 3, 2]:
        yield "a logit above 0 is a one and one below 0 a zero, however near: 0.3 is a one"
    elif found([(0, 4, 1)]) != [0, 4, 1]:
        yield "a zero where a one is wanted is wrong too"
    elif found([(2, 1, 0), (1, 3, 2)]) != [1, 3, 2]:
        yield "where the mask is 0 nothing counts: step 1 is before the answer"
    elif found([(0, 5, 3), (2, 3, 4)]) != [2, 3, 4]:
        yield "the earliest step counts, in whichever sequence it is: step 3 of sequence 2 comes before step 5"


def riddles(attempt: Callable[[], dict[str, str] | None]) -> None:
    """Say which of the names in `my_diagnosis()`, a dictionary from letters to faults, are wrong, and where to look."""
    tell(attempt, (), dict, _mistakes_in_riddles, "four faults, four names")


def _mistakes_in_riddles(attempt: Callable[[], dict[str, str]]) -> Iterator[str]:
    found = answer_of(attempt) or {}
    for letter, fault in ANSWERS.items():
        given = found.get(letter)
        if given in (None, ...):
            yield f"{letter} has no name yet: expected one of {', '.join(NAMES)}"
        elif given not in NAMES:
            yield f"{letter} is {given!r}: expected one of {', '.join(NAMES)}"
        elif given != fault:
            yield f"{letter} is no case of {given}: {HINTS[letter]}"


def room(attempt: Callable[..., int | None]) -> None:
    """Say what is wrong with `my_room(beta, g, alike)`: the largest N at which the row that is looked for wins."""
    tell(attempt, (5.0, 0.9, 1.0), int, _mistakes_in_room, "it says how long the tape may be")


def _mistakes_in_room(attempt: Callable[..., int | None]) -> Iterator[str]:
    found = answer_of(attempt, 3.0, 0.9, 1.0)
    if answer_of(attempt, 3.0, 0.4, 1.0) != 0:
        yield "with a gate of 0.4 the old place keeps 0.6, more than any key can bring: expected 0"
    elif found is None or not _wins(found, 3.0, 0.9, 1.0):
        yield f"beta = 3, g = 0.9, alike = 1: with N = {found} the old place has at least as much as the row"
    elif _wins(found + 1, 3.0, 0.9, 1.0):
        yield f"beta = 3, g = 0.9, alike = 1: N = {found} is too careful, with one row more the row still wins"
    elif not _is_the_last(answer_of(attempt, 6.0, 0.9, 0.7), 6.0, 0.9, 0.7):
        yield "a row that resembles the key by 0.7 has the power exp(0.7 beta), not exp(beta)"


def _is_the_last(rows: int | None, beta: float, g: float, alike: float) -> bool:
    """Whether the row wins among so many, and among one more no longer."""
    return rows is not None and _wins(rows, beta, g, alike) and not _wins(rows + 1, beta, g, alike)


def _wins(rows: int, beta: float, g: float, alike: float) -> bool:
    """Whether one row that is `alike` the key outweighs the old place, all other rows of N being unlike it."""
    if rows < 1:
        return True
    tape, key = torch.zeros(1, rows, 2), torch.tensor([[[1.0, 0.0]]])
    tape[0, 0] = torch.tensor([alike, (1 - alike**2) ** 0.5])
    w_c = addressing.content_weights(tape, key, torch.tensor([[beta]]))
    return g * w_c[0, 0, 0].item() > 1 - g
