"""Checks of lesson 0: the bits of a text, the bits that differ, the rows that hold a text."""

import torch

from ntm_lib import tasks
from ntm_lib.teaching.checks.verdicts import Ask, Trials, check


@check("every character is a byte, its lowest bit first", without=((tasks, "number_bits"),))
def bits(ask: Ask) -> Trials:
    """Say what is wrong with `my_bits(text)`, an ASCII text of L characters -> payload (1, L, 8)."""
    for text in ("Ab cd", "seventeen letters", "}", "8 x 3:\n~`@"):
        right = tasks.number_bits(torch.tensor([list(text.encode())]))
        found = ask(text, like=right)
        yield bool(((found == 0) | (found == 1)).all()), "there should be nothing but 0 and 1"
        for mistake, sentence in (
            (right.flip(2), "the bits stand the wrong way round: the lowest comes first, so A, 65, begins with a 1"),
            (right.flip(1), "the characters stand the wrong way round"),
            (right.flip(1, 2), "bits and characters both stand the wrong way round: A comes first, and its lowest bit"),
            (1 - right, "every bit is turned over: where it should be 1 it is 0"),
        ):
            yield torch.equal(mistake, right) or not torch.equal(found, mistake), sentence
        for letter, number in zip(text, tasks.bits_number(found[0]).tolist(), strict=True):
            yield number == ord(letter), f"in {text!r}, {letter!r} is {ord(letter)}: its bits came out as {number}"


@check("it counts bits, on both sides and in every place")
def wrong(ask: Ask) -> Trials:
    """Say what is wrong with `my_wrong(sent, answered)`, two texts as bytes -> the number of bits that differ."""
    for sent, answered, differ, sentence in (
        (b"tape", b"tape", 0, "between a text and itself no bit differs"),
        (b"A", b"C", 1, "A is 65 and C is 67: they differ in one bit"),
        (b"A", b"B", 2, "A is 65, 1000001, and B is 66, 1000010: they differ in two bits"),
        (b"B", b"A", 2, "the order should not matter: from B to A there are two, as from A to B"),
        (b"A", b"\xc1", 1, "a byte has eight bits: 65 and 193 differ in one, the highest"),
        (b"AAA", b"CAC", 2, "the bits of all characters count: of AAA and CAC two differ"),
        (b"AB", b"BA", 4, "a character is compared with the one in its own place: of AB and BA four differ"),
        (bytes(range(100)), bytes(range(200, 100, -1)), 340, "two texts of 100 characters each differ in 340 bits"),
    ):
        found = ask(sent, answered, like=int)
        yield found == differ, f"{sentence}, not {found}"


@check("whichever way the writer walked, its rows are read in the order in which it wrote them")
def rows(ask: Ask) -> Trials:
    """Say what is wrong with `my_rows(written)`, the write head's row at each of 2 L + 2 steps -> the L rows read."""
    forward = torch.arange(3, 15)
    found = ask(forward, like=forward[:5]).tolist()
    for mistake, sentence in (
        ([3, 4, 5, 6, 7], "row 3 was written at the start marker: the first byte went to the row after it"),
        ([5, 6, 7, 8, 9], "row 9 was written at the end marker: the last byte went to the row before it"),
        ([8, 7, 6, 5, 4], "they are read in the order in which they were written, not the other way round"),
        ([10, 11, 12, 13, 14], "in these rows the writer is during the answer; the bytes were written before it"),
        ([9, 10, 11, 12, 13], "in these rows the writer is during the answer; the bytes were written before it"),
        ([1, 2, 3, 4, 5], "these are the steps at which bytes are written: the rows stand in `written` at those steps"),
    ):
        yield found != mistake, sentence
    for written, sentence in (
        (forward, "for five bytes and a writer that goes from row 3 to row 14, the bytes are in rows 4 to 8"),
        (torch.arange(30, 14, -1), "a writer may walk backward: from row 30 on, seven bytes are in rows 29 to 23"),
        (torch.arange(7, 19) % 11, "this tape is a ring of 11 rows: from row 7 on, the bytes are in 8, 9, 10, 0 and 1"),
        (torch.tensor([5, 2, 9, 4, 0, 7, 1, 8]), "rows need not be neighbours: of 5, 2, 9, 4, 0, 7, 1, 8 take 2, 9, 4"),
        (
            torch.arange(40, 66),
            "for twelve bytes and a writer that goes on from row 40, the bytes are in rows 41 to 52",
        ),
    ):
        right = written[1 : len(written) // 2]
        yield torch.equal(ask(written, like=right), right), sentence
