"""Checks of lesson 3: several heads side by side, a copy with one weighting, an echo."""

from typing import Any

import torch
from torch import Generator

from ntm_lib.machine import addressing
from ntm_lib.machine.heads import Heads
from ntm_lib.teaching.checks.verdicts import Ask, Trials, check, close, numbers
from ntm_lib.teaching.orders import Orders, echo, follow, orders
from ntm_lib.teaching.slots import five_slots, focus_on


@check("every head goes on from its own place")
def heads(ask: Ask) -> Trials:
    """Say what is wrong with `my_heads(tape, weights, told)`: all weightings, (T, H, N)."""
    tape, starts = five_slots(), torch.cat([focus_on(3), focus_on(0)], dim=1)
    jump = [orders("stay", "forward"), orders(1, "stay")]

    def path(told: list[Orders]) -> Any:
        return ask(tape, starts, told, like=torch.zeros(len(told), 2, 5)).argmax(-1).tolist()

    yield path([orders("stay", "stay")]) == [[3, 0]], "heads told to stay should be where each begins, slots 3 and 0"
    steps = path([orders("stay", "forward")] * 3)
    for mistake, sentence in (
        ([[3, 1], [1, 2], [2, 3]], "head 0 should stay, and goes where head 1 was: only one place is kept"),
        ([[3, 4]] * 3, "head 1 should go on from where it was itself, not from where head 0 has just come to"),
        ([[3, 1]] * 3, "every step should go on from the weightings of the step before, not from the first ones"),
        ([[3, 3]] * 3, "all steps hold the last weightings: keep a .clone() of each step's before it is overwritten"),
        ([[3, 0], [3, 1], [3, 2]], "step 0 should be where the heads are after their first orders, not before them"),
        ([[3, 0]] * 3, "head 1 was told to step forward, and stays: every head has its own orders"),
    ):
        yield steps != mistake, sentence
    yield steps == [[3, 1], [3, 2], [3, 3]], "head 0 should stay and head 1 go forward: slots 3, 3, 3 and 1, 2, 3"
    jumps = path(jump)
    yield jumps != [[3, 1], [3, 2]], "in the second step both heads do as in the first: every step has its own orders"
    yield jumps != [[1, 0], [1, 1]], "the steps come in the wrong order: the first orders of the list come first"
    yield jumps == [[3, 1], [1, 1]], "head 0 jumps by its key to slot 1: all stages of addressing are needed"
    blurred = _blurred(2, 7, 3)
    found = ask(*blurred, like=torch.zeros(3, 2, 7))
    yield (
        not close(found, _unsharpened(*blurred)),
        "a weighting is what comes after the last stage, `.w`: `.w_s` is not sharpened yet",
    )
    for arguments, sentence in (
        ((tape, starts, jump), "the heads go where they should, but their weightings, which add up to 1, are wrong"),
        (blurred, "heads with blurred steps go wrong: hand on the whole weighting of each, not a slot"),
        (_blurred(3, 11, 5), "three heads go wrong, though two do not: each keeps a weighting of its own"),
    ):
        followed = follow(*arguments, lambda weights: weights)
        yield close(ask(*arguments, like=followed), followed), sentence


@torch.no_grad()
def _blurred(number: int, slots: int, steps: int) -> tuple[torch.Tensor, torch.Tensor, list[Orders]]:
    """A tape, the first weightings of heads, and orders as an untrained layer emits them: few of them sharp."""
    emit = Heads(13, 2, number - 1, write_heads=1, shift_range=1, weightings="separate", generator=Generator())
    told: list[Orders] = [emit(9 * numbers(1, 13, seed=step))[:5] for step in range(steps)]
    return numbers(1, slots, 2), numbers(1, number, slots, seed=1).softmax(-1), told


def _unsharpened(tape: torch.Tensor, weights: torch.Tensor, told: list[Orders]) -> torch.Tensor:
    """Weightings of heads that hand on what the shift left, without the last stage: (T, H, N)."""
    path = []
    for emitted in told:
        weights = addressing.address(tape, weights, *emitted).w_s
        path.append(weights[0])
    return torch.stack(path)


@check("it writes every vector, goes back once, and reads them in order")
def rows(ask: Ask) -> Trials:
    """Say what is wrong with `my_rows(length)`: where one weighting stands in each of 2 L + 2 steps of a copy."""
    for length in (3, 5, 13, 1):
        path = ask(length, like=torch.arange(2 * length + 2)).tolist()
        written, read = path[1 : length + 1], path[length + 2 :]
        yield len(set(written)) == length, f"each vector (steps 1 to {length}) needs its own row: yours are {written}"
        due = f"in steps {length + 2} to {2 * length + 1} they are due in order"
        yield read == written, f"{due}: rows {written}, not {read}"
        jumps = [step for step in range(1, len(path)) if abs(path[step] - path[step - 1]) > 1]
        yield len(jumps) <= 1, f"a step moves by at most one row, and one jump should do; yours jumps at steps {jumps}"


@check("what is read is what was written that many steps ago")
def start(ask: Ask) -> Trials:
    """Say what is wrong with `my_start(delay, slots)`: first weightings of a reader and a writer of an echo, (2, N)."""
    for delay, slots in ((2, 5), (0, 5), (3, 7), (10, 11)):
        weights = ask(delay, slots, like=torch.zeros(2, slots))
        sums = bool(weights.min() >= 0) and close(weights.sum(-1), torch.ones(2))
        yield sums, "each row should be a weighting: none of it negative, adding up to 1"
        sharp = close(weights.amax(-1), torch.ones(2))
        yield sharp, "each head should begin on one slot, with all of its weight: a blurred one reads a blend"
        reader, writer = weights.argmax(-1).tolist()
        swapped = delay > 0 and (writer, reader) == ((slots - 1 - delay) % slots, slots - 1)
        yield not swapped, "the rows are swapped: the reader's weighting comes first, and then the writer's"
        yield writer == slots - 1, "the writer steps, then writes: to begin on slot 0 it stands one slot before"
        ago = (writer - reader) % slots
        heard = f"with delay {delay} on {slots} slots it reads what was written {ago} step{'s' * (ago != 1)} ago"
        yield _echoes(weights, delay), f"{heard}: step {delay} should read step 0's vector"


def _echoes(weights: torch.Tensor, delay: int) -> bool:
    """Try if a reader and a writer that begin at these weightings (2, N) make an echo."""
    slots = weights.shape[-1]
    heard = echo(weights[None], torch.eye(slots)[:, None])
    return close(heard[delay:], torch.eye(slots)[: slots - delay, None])
