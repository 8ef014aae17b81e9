"""Checks of texts: right answers pass, and every sentence has a planted mistake that earns it."""

import numpy
import torch
from exercises import exercise_tests

from ntm_lib import tasks
from ntm_lib.teaching.checks import lesson_00 as checks


def my_bits(text):
    return torch.tensor([[[float(ord(letter) >> bit & 1) for bit in range(8)] for letter in text]])


def bits_by_format(text):
    bits = torch.zeros(1, len(text), 8)
    for place, letter in enumerate(text):
        bits[0, place] = torch.tensor([float(bit) for bit in f"{ord(letter):08b}"[::-1]])
    return bits


def bits_by_halving(text):
    number, bits = torch.tensor([[*text.encode()]]).double(), []
    for _ in range(8):
        bits.append(number % 2)
        number = (number / 2).floor()
    return torch.stack(bits, dim=-1)


def bits_by_numpy(text):
    return numpy.unpackbits(numpy.frombuffer(text.encode(), "uint8")[None, :, None], axis=-1, bitorder="little") * 1.0


def bits_as_lists(text):
    return [[[ord(letter) >> bit & 1 for bit in range(8)] for letter in text]]


def bits_the_wrong_way(text):
    return my_bits(text).flip(2)


def bits_and_characters_the_wrong_way(text):
    return my_bits(text).flip(1, 2)


def bits_of_five(text):
    return my_bits("Ab cd")


def bits_of_the_first_character(text):
    bits = torch.zeros(1, len(text), 8)
    bits[0, 0] = my_bits(text)[0, 0]
    return bits


def bits_without_two(text):
    bits = my_bits(text)
    bits[..., 6:] = 0
    return bits


def bits_without_line_ends(text):
    return my_bits(text.replace("\n", " "))


def bits_by_the_library(text):
    return tasks.number_bits(torch.tensor([[*text.encode()]]))


def my_wrong(sent, answered):
    return sum((one ^ other).bit_count() for one, other in zip(sent, answered, strict=True))


def wrong_by_large_numbers(sent, answered):
    return (int.from_bytes(sent) ^ int.from_bytes(answered)).bit_count()


def wrong_by_tensors(sent, answered):
    one, other = (torch.tensor([*text])[:, None] >> torch.arange(8) & 1 for text in (sent, answered))
    return (one != other).sum()


def wrong_by_texts_of_bits(sent, answered):
    wrong = 0
    for place in range(len(sent)):
        for one, other in zip(f"{sent[place]:08b}", f"{answered[place]:08b}", strict=True):
            if one != other:
                wrong += 1
    return wrong


def wrong_characters(sent, answered):
    return sum(one != other for one, other in zip(sent, answered, strict=True))


def wrong_without_the_top_bit(sent, answered):
    return sum(((one ^ other) & 127).bit_count() for one, other in zip(sent, answered, strict=True))


def wrong_up_to_eight(sent, answered):
    return min(8, my_wrong(sent, answered))


def wrong_in_any_order(sent, answered):
    return my_wrong(sorted(sent), sorted(answered)) if len(sent) == 2 else my_wrong(sent, answered)


def wrong_as_a_share(sent, answered):
    return my_wrong(sent, answered) / len(sent)


def my_rows(written):
    return written[1 : len(written) // 2]


def rows_by_split(written):
    before, _ = written.split(len(written) // 2)
    before[0] = -1
    return before[1:]


def rows_in_a_list(written):
    return [int(row) for step, row in enumerate(written) if 1 <= step < len(written) / 2]


def rows_from_the_end(written):
    return written.double()[-len(written) + 1 : -(len(written) // 2)]


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


def rows_up_to_seven(written):
    return my_rows(written) if len(written) < 20 else my_rows(written).flip(0)


RIGHT = [
    ("bits", my_bits),
    ("bits", bits_by_format),
    ("bits", bits_by_halving),
    ("bits", bits_by_numpy),
    ("bits", bits_as_lists),
    ("wrong", my_wrong),
    ("wrong", wrong_by_large_numbers),
    ("wrong", wrong_by_tensors),
    ("wrong", wrong_by_texts_of_bits),
    ("rows", my_rows),
    ("rows", rows_by_split),
    ("rows", rows_in_a_list),
    ("rows", rows_from_the_end),
]
MISTAKES = [
    ("bits", lambda text: 2 * my_bits(text), "there should be nothing but 0 and 1"),
    ("bits", bits_the_wrong_way, "the bits stand the wrong way round: the lowest comes first"),
    ("bits", lambda text: my_bits(text).flip(1), "the characters stand the wrong way round"),
    ("bits", bits_and_characters_the_wrong_way, "bits and characters both stand the wrong way round"),
    ("bits", lambda text: 1 - my_bits(text), "every bit is turned over"),
    ("bits", lambda text: my_bits(text.lower()), "in 'Ab cd', 'A' is 65: its bits came out as 97"),
    ("bits", bits_without_two, "in 'Ab cd', 'A' is 65: its bits came out as 1"),
    ("bits", bits_of_the_first_character, "in 'Ab cd', 'b' is 98: its bits came out as 0"),
    ("bits", lambda text: my_bits(text).roll(1, dims=1), "in 'Ab cd', 'A' is 65: its bits came out as 100"),
    ("bits", bits_without_line_ends, "'\\n' is 10: its bits came out as 32"),
    ("bits", bits_of_five, "with 'seventeen letters', it returns shape (1, 5, 8): expected (1, 17, 8)"),
    ("bits", lambda text: my_bits(text)[0], "returns shape (5, 8): expected (1, 5, 8)"),
    ("bits", lambda text: my_bits(text)[..., :7], "returns shape (1, 5, 7): expected (1, 5, 8)"),
    ("bits", lambda text: my_bits(text).long(), "returns a tensor of torch.int64: expected torch.float32"),
    ("bits", lambda text: my_bits(text).bool(), "returns a tensor of torch.bool: expected torch.float32"),
    ("bits", bits_by_the_library, "calls tasks.number_bits: this exercise is to be solved without it"),
    ("wrong", lambda sent, answered: 1, "between a text and itself no bit differs"),
    (
        "wrong",
        lambda sent, answered: 8 * wrong_characters(sent, answered),
        "A is 65 and C is 67: they differ in one bit, not 8",
    ),
    ("wrong", wrong_characters, "A is 65, 1000001, and B is 66, 1000010: they differ in two bits"),
    (
        "wrong",
        lambda sent, answered: sum(map(int.bit_count, sent)) - sum(map(int.bit_count, answered)),
        "A is 65 and C is 67: they differ in one bit, not -1",
    ),
    ("wrong", lambda sent, answered: my_wrong(sent, answered) + (sent > answered), "the order should not matter"),
    ("wrong", wrong_without_the_top_bit, "a byte has eight bits: 65 and 193 differ in one, the highest, not 0"),
    ("wrong", lambda sent, answered: my_wrong(sent[:1], answered[:1]), "the bits of all characters count"),
    ("wrong", wrong_in_any_order, "a character is compared with the one in its own place: of AB and BA four differ"),
    ("wrong", wrong_up_to_eight, "two texts of 100 characters each differ in 340 bits, not 8"),
    ("wrong", wrong_as_a_share, "returns float: expected a whole number"),
    ("wrong", lambda sent, answered: sent ^ answered, "stops with TypeError: unsupported operand"),
    ("rows", lambda written: written[: len(written) // 2 - 1], "row 3 was written at the start marker"),
    ("rows", lambda written: written[2 : len(written) // 2 + 1], "row 9 was written at the end marker"),
    ("rows", lambda written: my_rows(written).flip(0), "in the order in which they were written, not the other way"),
    ("rows", lambda written: written[len(written) // 2 + 1 :], "in these rows the writer is during the answer"),
    ("rows", lambda written: written[len(written) // 2 : -1], "in these rows the writer is during the answer"),
    ("rows", lambda written: torch.arange(1, len(written) // 2), "these are the steps at which bytes are written"),
    ("rows", lambda written: my_rows(written) + 1, "row 9 was written at the end marker"),
    ("rows", lambda written: 0 * my_rows(written), "the bytes are in rows 4 to 8"),
    ("rows", rows_counted_forward, "a writer may walk backward"),
    ("rows", rows_sorted, "a writer may walk backward"),
    ("rows", rows_by_direction, "this tape is a ring of 11 rows"),
    ("rows", rows_on_the_ring, "rows need not be neighbours"),
    ("rows", rows_up_to_seven, "for twelve bytes and a writer that goes on from row 40"),
    ("rows", lambda written: written[1:6], "with a tensor (16,), it returns shape (5,): expected (7,)"),
    ("rows", lambda written: my_rows(written) + 0.5, "returns a tensor of torch.float32: expected whole numbers"),
]

TestExercises = exercise_tests(checks, RIGHT, MISTAKES)
