"""Checks of the exercises about texts: each says in a sentence which property of an attempt fails."""

from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from ntm_lib import tasks
from ntm_lib.teaching.checks.verdicts import answer_of, tell


def bits(attempt: Callable[[str], Tensor | None]) -> None:
    """Say what is wrong with `my_bits(text)`, an ASCII text of L characters -> payload (1, L, 8)."""
    tell(attempt, ("tape",), (1, 4, 8), _mistakes_in_bits, "every character is a byte, its lowest bit first")


def _mistakes_in_bits(attempt: Callable[[str], Tensor]) -> Iterator[str]:
    found, expected = answer_of(attempt, "Ab cd"), tasks.number_bits(torch.tensor([list(b"Ab cd")]))
    if found is None or not ((found == 0) | (found == 1)).all():
        yield "there should be nothing but 0 and 1"
    elif torch.equal(found.flip(-1), expected):
        yield "the bits stand the wrong way round: the lowest comes first, so A, 65, begins with a 1"
    elif torch.equal(found.flip(1), expected):
        yield "the characters stand the wrong way round"
    elif not torch.equal(found, expected):
        yield "the numbers spelt are not those of the characters: A is 65, b is 98, a space is 32"


def wrong(attempt: Callable[[bytes, bytes], int | None]) -> None:
    """Say what is wrong with `my_wrong(sent, answered)`, the number of bits that differ."""
    tell(attempt, (b"tape", b"tapf"), int, _mistakes_in_wrong, "it counts bits, on both sides and in every place")


def _mistakes_in_wrong(attempt: Callable[[bytes, bytes], int]) -> Iterator[str]:
    if answer_of(attempt, b"tape", b"tape") != 0:
        yield "between a text and itself no bit differs"
    if (found := answer_of(attempt, b"A", b"C")) != 1:
        yield f"A is 65 and C is 67: they differ in one bit, not {found}"
    elif (found := answer_of(attempt, b"A", b"B")) != 2:
        yield f"A is 65, 1000001, and B is 66, 1000010: they differ in two bits, not {found}"
    elif answer_of(attempt, b"B", b"A") != 2:
        yield "the order should not matter: from B to A there are as many as from A to B"
    elif answer_of(attempt, b"AAA", b"CAC") != 2:
        yield "the bits of all characters count: of AAA and CAC two differ"


def rows(attempt: Callable[[Tensor], Tensor | None]) -> None:
    """Say what is wrong with `my_rows(written)`, the write head's row at each of 2 L + 2 steps -> the L rows read."""
    right = "whichever way the writer walked, its rows are read in the order in which it wrote them"
    tell(attempt, (torch.arange(3, 11),), (3,), _mistakes_in_rows, right, whole=True)


def _mistakes_in_rows(attempt: Callable[[Tensor], Tensor]) -> Iterator[str]:
    up, down, round_the_end = torch.arange(3, 15), torch.arange(30, 18, -1), torch.arange(7, 19) % 11
    if _is(attempt, up, up[:5]):
        yield "row 3 was written while the start marker was heard: the first byte went to the row after it"
    elif _is(attempt, up, up[1:6].flip(0)):
        yield "they are read in the order in which they were written, not the other way round"
    elif _is(attempt, up, up[7:]):
        yield "these are the rows where the writer is during the answer; the bytes were written before it"
    elif not _is(attempt, up, up[1:6]):
        yield "for five bytes and a writer that goes from row 3 to row 14, the bytes are in rows 4 to 8"
    elif not _is(attempt, down, down[1:6]):
        yield "a writer may walk down: from row 30 on, five bytes are in rows 29, 28, 27, 26 and 25"
    elif not _is(attempt, round_the_end, round_the_end[1:6]):
        yield "the tape is a ring of 11 rows here: after row 10 comes row 0, so the bytes are in 8, 9, 10, 0 and 1"


def _is(attempt: Callable[[Tensor], Tensor], written: Tensor, expected: Tensor) -> bool:
    found = answer_of(attempt, written)
    return found is not None and found.tolist() == expected.tolist()
