"""Checks of lesson 2: writing (Eqs. 3 and 4), the numbers that a head emits, the gradient of a read."""

import torch

from ntm_lib.machine import memory
from ntm_lib.teaching.checks.verdicts import Ask, Trials, check, close, numbers


@check(
    "it erases, adds, leaves neighbours alone and takes turns",
    without=((memory, "write"), (memory, "erase"), (memory, "add")),
)
def write(ask: Ask) -> Trials:
    """Say what is wrong with `my_write(tape, weights, erase, add)` for H heads: a new tape (B, N, M)."""
    tape, half = 1 + torch.arange(15.0).reshape(1, 5, 3), 0.5 * torch.eye(5)[None, 1:2]
    erase, add = torch.tensor([[[1.0, 0.5, 0.0]]]), torch.tensor([[[3.0, -2.0, 5.0]]])
    both = torch.cat([half, torch.tensor([[[0.0, 0.25, 0.75, 0.0, 0.0]]])], dim=1)
    one = torch.tensor([[[0.0], [1.0]]])  # the second of two heads
    erases, adds = torch.cat([erase, erase], dim=1), torch.cat([add, -2 * add], dim=1)
    for weights, e, a, sentence in (
        (0 * half, erase, add, "where the weight is 0 nothing should change"),
        (half, erase, 0 * add, "with weight 0.5, erase 1 should leave half of a number, 0.5 three quarters, 0 all"),
        (half, 0 * erase, add, "with weight 0.5, half of the add vector should be added to the slot, number by number"),
        (half, erase, add, "erase first and add then: what is being added should not be erased in the same step"),
        (one * half, erases, adds, "every head should write: of these two the first has weight 0, and the second 0.5"),
        (one.flip(1) * half, erases, adds, "every head should write: here the first has weight 0.5, the second 0"),
        (both, erases, 0 * adds, "where two heads erase a slot, what they keep is multiplied: 0.5 of it, 0.75 of that"),
        (both, 0 * erases, adds, "where two heads add to a slot, both vectors should be added, each times its weight"),
        (both, erases, adds, "all heads should erase before the first of them adds; then their order does not matter"),
    ):
        yield ask.agrees(memory.write, tape, weights, e, a), sentence
    for sequences, heads, rows, size in ((3, 2, 11, 7), (2, 3, 7, 5)):
        many = numbers(sequences, heads, rows).softmax(-1), numbers(sequences, heads, size).sigmoid()
        given = numbers(sequences, rows, size), *many, numbers(sequences, heads, size, seed=1)
        yield ask.agrees_everywhere(memory.write, *given, axes=("sequences", "slots"))


@check("it counts what a read head and a write head emit")
def count(ask: Ask) -> Trials:
    """Say what is wrong with `my_count(word_size, shift_range, writes)`, the numbers that one head emits (3.3)."""
    for size, reach, writes, emitted, sentence in (
        (3, 1, False, 9, "a read head with M = 3 and steps of one slot emits 3 + 1 + 1 + 3 + 1 = 9 numbers"),
        (3, 1, True, 15, "a write head emits two vectors more than a read head, erase and add: for M = 3, 9 + 6 = 15"),
        (20, 1, False, 26, "only the key of a read head grows with M: with M = 20 there are 26 numbers"),
        (20, 1, True, 66, "erase and add have M numbers each: with M = 20 there are 26 + 40 = 66"),
        (3, 2, False, 11, "steps of up to two slots need five numbers in s, for -2 to 2: with M = 3 there are 11"),
        (7, 4, True, 33, "with M = 7 and steps of up to four slots a write head emits 7 + 1 + 1 + 9 + 1 + 14 = 33"),
    ):
        found = ask(size, reach, writes, like=int)
        yield found == emitted, f"{sentence}, not {found}"


@check(
    "it says of every slot whether more weight would help",
    without=((torch.Tensor, "backward"), (torch.autograd, "grad"), (torch.func, "grad")),
)
def gradient(ask: Ask) -> Trials:
    """Say what is wrong with `my_gradient(tape, weights, target)`, d|r - target|^2 / dw, (1, 1, N)."""
    for slots, size in ((5, 3), (11, 7), (2, 13)):
        tape, target = numbers(1, slots, size), numbers(1, 1, size, seed=1)
        weights = numbers(1, 1, slots, seed=2).softmax(-1)
        read = memory.read(tape, weights)
        right = 2 * (read - target) @ tape.mT
        found = ask(tape, weights, target, like=right)
        for mistake, sentence in (
            (-right, "the sign is wrong: a slot that points the way of r - target adds to the error"),
            (right / 2, "all are half of what they should be: what is the derivative of a square?"),
            (right / size, f"a sum of {size} squares is asked for, and not their mean"),
            (2 * read @ tape.mT, "the target is left out: the error is what was read, less the target"),
            (right * weights, "each is times its slot's weight: a gradient by a weight asks what one more unit adds"),
        ):
            yield not close(found, mistake), sentence
        yield close(found, right), "the numbers are wrong: 2 times the error (r - target), times the slot, added up"
