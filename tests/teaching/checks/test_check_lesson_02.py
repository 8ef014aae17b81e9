"""Checks of reading and writing: right answers pass, and every sentence has a planted mistake that earns it."""

import numpy
import torch
from exercises import exercise_tests

from ntm_lib.machine import memory
from ntm_lib.machine.heads import Heads
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
    tape *= (1 - weights.unsqueeze(-1) * erase.unsqueeze(-2)).prod(dim=1)
    tape += weights.mT @ add
    return tape


def write_by_einsum(tape, weights, erase, add):
    added = torch.einsum("bhn,bhm->bnm", weights, add).double()
    for lost in torch.einsum("bhn,bhm->hbnm", weights.double(), erase.double()):
        tape = tape - tape * lost
    return tape + added


def write_by_numpy(tape, weights, erase, add):
    kept = 1 - weights.numpy()[..., None] * erase.numpy()[:, :, None]
    return tape.numpy() * kept.prod(1) + numpy.swapaxes(weights.numpy(), 1, 2) @ add.numpy()


def write_of_two_heads(tape, weights, erase, add):
    return my_write(tape, weights[:, :2], erase[:, :2], add[:, :2])


def write_to_five_slots(tape, weights, erase, add):
    written = tape.clone()
    written[:, :5] = my_write(tape, weights, erase, add)[:, :5]
    return written


def write_of_the_strongest_head(tape, weights, erase, add):
    strongest = torch.where(weights == weights.amax(1, keepdim=True), weights, 0)
    return my_write(my_write(tape, weights, erase, 0 * add), strongest, 0 * erase, add)


def write_of_three_numbers(tape, weights, erase, add):
    written = tape.clone()
    for number in range(3):
        written[..., number] = my_write(tape, weights, erase, add)[..., number]
    return written


def write_with_words_exchanged(tape, weights, erase, add):
    return my_write(tape, weights, add, erase)


def write_without_gradient(tape, weights, erase, add):
    return my_write(tape, weights.detach(), erase, add)


def my_count(word_size, shift_range, writes):
    return word_size + 2 * shift_range + 4 + 2 * word_size * writes


def write_by_the_library(tape, weights, erase, add):
    return memory.write(tape, weights, erase, a=add)


def count_as_a_tensor(word_size, shift_range, writes):
    return torch.tensor([word_size, 1, 1, 1 + 2 * shift_range, 1, word_size if writes else 0, word_size * writes]).sum()


def count_of_a_layer(word_size, shift_range, writes):
    heads = Heads(3, word_size, 1 - writes, int(writes), shift_range, weightings="separate")
    return heads.linear.weight.shape[0]


def count_without_gamma(word_size, shift_range, writes):
    return my_count(word_size, shift_range, writes) - 1


def count_one_vector(word_size, shift_range, writes):
    return my_count(word_size, shift_range, False) + word_size * writes


def count_for_three(word_size, shift_range, writes):
    return my_count(3, shift_range, writes)


def count_for_one_step(word_size, shift_range, writes):
    return my_count(word_size, 1, writes)


def count_of_shift_range(word_size, shift_range, writes):
    return my_count(word_size, shift_range, writes) - shift_range - 1


def count_without_erasing(word_size, shift_range, writes):
    return my_count(word_size, shift_range, True)


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


def gradient_by_differences(tape, weights, target):
    def error(w):
        return (w.double() @ tape.double() - target).square().sum()

    steps = 0.5 * torch.eye(weights.shape[-1]).double()
    return torch.stack([error(weights + step) - error(weights - step) for step in steps]).view_as(weights)


def gradient_in_lists(tape, weights, target):
    slots, goal = tape[0].tolist(), target.flatten().tolist()
    errors = [-wanted for wanted in goal]
    for weight, slot in zip(weights.flatten().tolist(), slots, strict=True):
        errors = [error + weight * number for error, number in zip(errors, slot, strict=True)]
    return [[[sum(2 * error * number for error, number in zip(errors, slot, strict=True)) for slot in slots]]]


def gradient_in_place(tape, weights, target):
    target -= memory.read(tape, weights)
    tape *= -2 * target
    return tape.sum(-1, keepdim=True).mT


def gradient_without_target(tape, weights, target):
    return my_gradient(tape, weights, 0 * target)


def gradient_of_the_mean(tape, weights, target):
    return my_gradient(tape, weights, target) / tape.shape[-1]


def gradient_times_the_weights(tape, weights, target):
    return weights * my_gradient(tape, weights, target)


def gradient_with_an_average_slot(tape, weights, target):
    return my_gradient(tape - tape.mean(1, keepdim=True), weights, target)


def gradient_of_five_slots(tape, weights, target):
    found = torch.zeros(1, 1, 5)
    found += my_gradient(tape, weights, target)[..., :5]
    return found


def gradient_by_autograd(tape, weights, target):
    weights.requires_grad_()
    (memory.read(tape, weights) - target).square().sum().backward()
    return weights.grad


def gradient_by_functions(tape, weights, target):
    return torch.func.grad(lambda w: (memory.read(tape, w) - target).square().sum())(weights)


RIGHT = [
    ("write", my_write),
    ("write", write_in_place_on_a_clone),
    ("write", write_in_place),
    ("write", write_number_by_number),
    ("write", write_by_einsum),
    ("write", write_by_numpy),
    ("write", write_without_gradient),
    ("count", my_count),
    ("count", count_by_hand),
    ("count", count_as_a_tensor),
    ("count", count_of_a_layer),
    ("gradient", my_gradient),
    ("gradient", gradient_slot_by_slot),
    ("gradient", gradient_by_differences),
    ("gradient", gradient_in_lists),
    ("gradient", gradient_in_place),
]
MISTAKES = [
    ("write", write_everywhere, "where the weight is 0 nothing should change"),
    ("write", lambda tape, weights, erase, add: weights.mT @ add, "where the weight is 0 nothing should change"),
    ("write", write_with_words_exchanged, "with weight 0.5, erase 1 should leave half of a number"),
    ("write", lambda tape, *given: tape, "with weight 0.5, erase 1 should leave half of a number"),
    ("write", write_with_whole_erasing, "with weight 0.5, erase 1 should leave half of a number"),
    ("write", write_with_whole_adding, "with weight 0.5, half of the add vector"),
    ("write", write_adding_first, "erase first and add then"),
    (
        "write",
        lambda *given: my_write(given[0], *(part[:, :1] for part in given[1:])),
        "of these two the first has weight 0",
    ),
    (
        "write",
        lambda *given: my_write(given[0], *(part[:, -1:] for part in given[1:])),
        "here the first has weight 0.5, the second 0",
    ),
    ("write", write_with_summed_erasing, "what they keep is multiplied"),
    ("write", write_of_the_strongest_head, "both vectors should be added, each times its weight"),
    ("write", write_head_by_head, "all heads should erase before the first of them adds"),
    ("write", write_to_the_first_sequence, "of 3 sequences these are right: 0; each has numbers of its own"),
    ("write", write_to_five_slots, "of 11 slots these are right: 0, 1, 2, 3, 4;"),
    ("write", write_of_three_numbers, "with a tensor (3, 11, 7) and a tensor (3, 2, 11)"),
    ("write", write_of_two_heads, "and a tensor (2, 3, 5) the numbers are wrong: take every size"),
    ("write", write_by_the_library, "calls memory.write: this exercise is to be solved without it"),
    ("write", lambda tape, w, e, a: memory.add(tape, w, a), "calls memory.add: this exercise is to be solved without"),
    ("count", count_without_gamma, "a read head with M = 3 and steps of one slot emits"),
    ("count", count_of_shift_range, "a read head with M = 3 and steps of one slot emits"),
    ("count", count_without_erasing, "a read head with M = 3 and steps of one slot emits"),
    ("count", count_one_vector, "a write head emits two vectors more"),
    ("count", count_for_three, "only the key of a read head grows with M"),
    ("count", count_six_for_writing, "erase and add have M numbers each: with M = 20 there are 26 + 40 = 66, not 32"),
    ("count", count_for_one_step, "steps of up to two slots need five numbers"),
    ("count", count_no_more_than_two_steps, "with M = 7 and steps of up to four slots a write head emits"),
    ("count", lambda *given: float(my_count(*given)), "returns float: expected a whole number, an int"),
    ("count", lambda *given: str(my_count(*given)), "returns str: expected a whole number, an int"),
    ("gradient", gradient_upside_down, "the sign is wrong"),
    ("gradient", gradient_without_two, "all are half of what they should be"),
    ("gradient", gradient_without_target, "the target is left out"),
    ("gradient", gradient_of_the_mean, "a sum of 3 squares is asked for, and not their mean"),
    ("gradient", gradient_times_the_weights, "a gradient by a weight asks what one more unit adds"),
    ("gradient", gradient_with_an_average_slot, "the numbers are wrong: 2 times the error"),
    ("gradient", gradient_of_five_slots, "it returns shape (1, 1, 5): expected (1, 1, 11)"),
    ("gradient", lambda *given: my_gradient(*given)[0], "returns shape (1, 5): expected (1, 1, 5)"),
    ("gradient", gradient_by_autograd, "calls Tensor.backward: this exercise is to be solved without it"),
    ("gradient", gradient_by_functions, "calls func.grad: this exercise is to be solved without it"),
]

TestExercises = exercise_tests(checks, RIGHT, MISTAKES, one_sequence={"gradient"})
