"""Checks of reading and writing: right answers pass, and every sentence has a planted mistake that earns it."""

import torch
from exercises import exercise_tests

from ntm_lib.machine import memory
from ntm_lib.teaching.checks import lesson_02 as checks


def my_write(tape, weights, erase, add):
    for head in range(weights.shape[1]):
        tape = tape * (1 - weights[:, head, :, None] * erase[:, head, None])
    for head in range(weights.shape[1]):
        tape = tape + weights[:, head, :, None] * add[:, head, None]
    return tape


def write_everywhere(tape, weights, erase, add):
    return my_write(tape, torch.ones_like(weights), erase, add) + 0 * weights.sum()


def write_with_whole_erasing(tape, weights, erase, add):
    return my_write(my_write(tape, weights.ceil(), erase, 0 * add), weights, 0 * erase, add)


def write_with_whole_adding(tape, weights, erase, add):
    return my_write(my_write(tape, weights, erase, 0 * add), weights.ceil(), 0 * erase, add)


def write_adding_first(tape, weights, erase, add):
    return my_write(my_write(tape, weights, 0 * erase, add), weights, erase, 0 * add)


def write_with_summed_erasing(tape, weights, erase, add):
    return tape * (1 - weights.mT @ erase) + weights.mT @ add


def write_head_by_head(tape, weights, erase, add):
    for head in range(weights.shape[1]):
        one = slice(head, head + 1)
        tape = my_write(tape, weights[:, one], erase[:, one], add[:, one])
    return tape


def write_in_place(tape, weights, erase, add):
    return tape.copy_(my_write(tape.clone(), weights, erase, add))


def write_without_gradient(tape, weights, erase, add):
    return my_write(tape, weights.detach(), erase, add)


def my_count(word_size, shift_range, writes):
    return word_size + 2 * shift_range + 4 + 2 * word_size * writes


def count_without_gamma(word_size, shift_range, writes):
    return my_count(word_size, shift_range, writes) - 1


def count_one_vector(word_size, shift_range, writes):
    return my_count(word_size, shift_range, False) + word_size * writes


def count_for_three(word_size, shift_range, writes):
    return my_count(3, shift_range, writes)


def count_for_one_step(word_size, shift_range, writes):
    return my_count(word_size, 1, writes)


def my_gradient(tape, weights, target):
    error = torch.einsum("bhn,bnm->bhm", weights, tape) - target
    return torch.einsum("bhm,bnm->bhn", 2 * error, tape)


def gradient_upside_down(tape, weights, target):
    return -my_gradient(tape, weights, target)


def gradient_without_two(tape, weights, target):
    return my_gradient(tape, weights, target) / 2


def write_in_place_on_a_clone(tape, weights, erase, add):
    tape = tape.clone()
    for head in range(weights.shape[1]):
        tape *= 1 - weights[:, head, :, None] * erase[:, head, None]
    for head in range(weights.shape[1]):
        tape += weights[:, head, :, None] * add[:, head, None]
    return tape


def write_number_by_number(tape, weights, erase, add):
    written = tape.clone()
    for sequence, slots in enumerate(written):
        for slot, row in enumerate(slots):
            for head in range(weights.shape[1]):
                row *= 1 - weights[sequence, head, slot] * erase[sequence, head]
            for head in range(weights.shape[1]):
                row += weights[sequence, head, slot] * add[sequence, head]
    return written


def write_to_the_first_sequence(tape, weights, erase, add):
    written = tape.clone()
    written[0] = my_write(tape, weights, erase, add)[0]
    return written


def count_by_hand(word_size, shift_range, writes):
    return sum([word_size, 1, 1, len(range(-shift_range, shift_range + 1)), 1] + [word_size] * 2 * writes)


def count_six_for_writing(word_size, shift_range, writes):
    return my_count(word_size, shift_range, False) + (6 if writes else 0)


def count_no_more_than_two_steps(word_size, shift_range, writes):
    return my_count(word_size, min(2, shift_range), writes)


def gradient_slot_by_slot(tape, weights, target):
    error = (weights[0, 0, :, None] * tape[0]).sum(0) - target[0, 0]
    return torch.stack([2 * (error * slot).sum() for slot in tape[0]]).view(1, 1, -1)


def gradient_without_error(tape, weights, target):
    return 2 * torch.einsum("bhn,bnm,bkm->bhk", weights, tape, tape)


RIGHT = [
    ("write", my_write),
    ("write", write_in_place_on_a_clone),
    ("write", write_number_by_number),
    ("write", memory.write),
    ("count", my_count),
    ("count", count_by_hand),
    ("gradient", my_gradient),
    ("gradient", gradient_slot_by_slot),
]
MISTAKES = [
    ("write", write_everywhere, "where the weight is 0 nothing should change"),
    ("write", write_with_whole_erasing, "with weight 0.5, erase 1 should leave half of a number"),
    ("write", write_with_whole_adding, "with weight 0.5, half of the add vector"),
    ("write", write_adding_first, "erase first and add then"),
    ("write", write_with_summed_erasing, "what they keep is multiplied"),
    ("write", write_head_by_head, "all heads should erase before the first of them adds"),
    ("write", write_to_the_first_sequence, "of three sequences some come out wrong"),
    ("write", write_in_place, "the arguments should be left as they were"),
    ("write", write_without_gradient, "gradients should reach every argument"),
    ("count", count_without_gamma, "a read head with M = 3 and steps of one slot emits"),
    ("count", count_one_vector, "a write head emits two vectors more"),
    ("count", count_for_three, "only the key of a read head grows with M"),
    ("count", count_six_for_writing, "erase and add have M numbers each: with M = 20 there are 26 + 40 = 66, not 32"),
    ("count", count_for_one_step, "steps of up to two slots need five numbers"),
    ("count", count_no_more_than_two_steps, "with M = 7 and steps of up to four slots a write head emits"),
    ("gradient", gradient_upside_down, "the sign is wrong"),
    ("gradient", gradient_without_two, "the numbers are wrong: 2 times the error"),
    ("gradient", gradient_without_error, "the numbers are wrong: 2 times the error"),
]

TestExercises = exercise_tests(checks, RIGHT, MISTAKES)
