"""Checks of texts: right answers pass, and every sentence has a planted mistake that earns it."""

import torch
from exercises import exercise_tests

from ntm_lib.teaching.checks import lesson_00 as checks


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


def rows_counted_forward(written):
    return written[0] + 1 + torch.arange(len(written) // 2 - 1)


def rows_by_direction(written):
    step = 1 if written[1] > written[0] else -1
    return written[0] + step * (1 + torch.arange(len(written) // 2 - 1))


def rows_on_the_ring(written):
    ring = 11 if written.max() == 10 else 1000
    return rows_by_direction(written) % ring


def bits_by_format(text):
    bits = torch.zeros(1, len(text), 8)
    for place, letter in enumerate(text):
        bits[0, place] = torch.tensor([float(bit) for bit in f"{ord(letter):08b}"[::-1]])
    return bits


def bits_the_wrong_way(text):
    return my_bits(text).flip(2)


def bits_and_characters_the_wrong_way(text):
    return my_bits(text).flip(1, 2)


def bits_of_five(text):
    return my_bits("Ab cd")


def wrong_by_large_numbers(sent, answered):
    return (int.from_bytes(sent) ^ int.from_bytes(answered)).bit_count()


def wrong_without_the_top_bit(sent, answered):
    return sum(((one ^ other) & 127).bit_count() for one, other in zip(sent, answered, strict=True))


def wrong_up_to_eight(sent, answered):
    return min(8, my_wrong(sent, answered))


def rows_by_split(written):
    before, _ = written.split(len(written) // 2)
    before[0] = -1
    return before[1:]


RIGHT = [
    ("bits", my_bits),
    ("bits", bits_by_format),
    ("wrong", my_wrong),
    ("wrong", wrong_by_large_numbers),
    ("rows", my_rows),
    ("rows", rows_by_split),
]
MISTAKES = [
    ("bits", lambda text: 2 * my_bits(text), "there should be nothing but 0 and 1"),
    ("bits", bits_the_wrong_way, "the bits stand the wrong way round: the lowest comes first"),
    ("bits", lambda text: my_bits(text).flip(1), "the characters stand the wrong way round"),
    ("bits", bits_and_characters_the_wrong_way, "bits and characters both stand the wrong way round"),
    ("bits", lambda text: my_bits(text.lower()), " has the wrong numbers: A is 65, b is 98, a space is 32"),
    ("bits", bits_of_five, "with 'seventeen letters', it returns shape (1, 5, 8): expected (1, 17, 8)"),
    ("wrong", lambda sent, answered: 1, "between a text and itself no bit differs"),
    (
        "wrong",
        lambda sent, answered: 8 * wrong_characters(sent, answered),
        "A is 65 and C is 67: they differ in one bit, not 8",
    ),
    ("wrong", wrong_characters, "A is 65, 1000001, and B is 66, 1000010: they differ in two bits"),
    ("wrong", lambda sent, answered: my_wrong(sent, answered) + (sent > answered), "the order should not matter"),
    ("wrong", wrong_without_the_top_bit, "a byte has eight bits: 65 and 193 differ in one, the highest, not 0"),
    ("wrong", lambda sent, answered: my_wrong(sent[:1], answered[:1]), "the bits of all characters count"),
    ("wrong", wrong_up_to_eight, "two texts of 100 characters each differ in 340 bits, not 8"),
    ("rows", lambda written: written[: len(written) // 2 - 1], "row 3 was written at the start marker"),
    ("rows", lambda written: my_rows(written).flip(0), "in the order in which they were written, not the other way"),
    ("rows", lambda written: written[len(written) // 2 + 1 :], "in these rows the writer is during the answer"),
    ("rows", lambda written: my_rows(written) + 1, "the bytes are in rows 4 to 8"),
    ("rows", rows_counted_forward, "a writer may walk backward"),
    ("rows", rows_sorted, "a writer may walk backward"),
    ("rows", rows_by_direction, "this tape is a ring of 11 rows"),
    ("rows", rows_on_the_ring, "rows need not be neighbours"),
    ("rows", lambda written: written[1:6], "with a tensor (16,), it returns shape (5,): expected (7,)"),
]

TestExercises = exercise_tests(checks, RIGHT, MISTAKES)
