"""Check of lesson 4b's step, and what the checks of modules share: names, weights, earlier functions that are open."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn

from ntm_lib.machine import NTM, NTMConfig, NTMState, addressing, memory
from ntm_lib.machine.heads import Emission
from ntm_lib.machine.own import differing_weights
from ntm_lib.teaching.checks.verdicts import Ask, Attempt, Trials, check, close, numbers

SMALL = NTMConfig(13, 17, 5, 7, controller_size=11, initial_weights="spaced", output_from="hidden")
LARGE = replace(SMALL, input_size=19, memory_size=11, word_size=3, read_heads=2, write_heads=3, shift_range=2)
LSTM = replace(SMALL, controller="lstm", memory_size=11, word_size=5, controller_size=7)
"""Machines to compare with: a different number on every axis."""


def by_name(print_verdict: Callable[[Attempt], None]) -> Callable[[Attempt], None]:
    """A check that calls a class by its name, and says where an earlier function is not solved."""

    def with_name(attempt: Attempt) -> None:
        print_verdict(_named(attempt) if callable(attempt) else attempt)

    with_name.__name__, with_name.__doc__ = print_verdict.__name__, print_verdict.__doc__
    return with_name


def _named(attempt: Attempt) -> Attempt:
    """A function that calls an attempt, which may be a class, and bears its name."""

    def called(*arguments: object) -> Any:
        if isinstance(attempt, nn.Module):
            raise TypeError("this is one machine: hand in its class, without brackets")
        with earlier_functions():
            return attempt(*arguments)

    called.__name__ = getattr(attempt, "__name__", type(attempt).__name__)
    return called


@contextmanager
def earlier_functions() -> Iterator[None]:
    """Say of an error about `...` where that comes from."""
    try:
        yield
    except Exception as error:
        if "ellipsis" in str(error).lower():
            raise RuntimeError("an earlier function of yours still returns ...: solve the steps in order") from error
        raise


def same_weights(theirs: nn.Module, own: nn.Module) -> Trials:
    """Try that a module has weights of the library's names and shapes, and copy the library's values to it."""
    for difference in differing_weights(theirs, own):
        yield False, difference.replace(f": {type(theirs).__name__} has", ": the library's has")
    own.load_state_dict(theirs.state_dict())


@by_name
@check("it hears, emits, points, writes, reads, answers, and hands everything on")
@torch.no_grad()
def step(ask: Ask) -> Trials:
    """Say what is wrong with `my_step(machine, x, state)` -> logits (B, output) and the next `NTMState`."""
    cases = (SMALL, 3, None), (LARGE, 2, "2 read and 3 write heads"), (LSTM, 5, "an LSTM as controller")
    for config, sequences, case in cases:
        machine, inputs = NTM(config, torch.Generator().manual_seed(3)), 2 * numbers(sequences, 6, config.input_size)
        for weights in machine.parameters():
            weights.mul_(2)
        _, state = machine(inputs[:, :-1])
        x = inputs[:, -1]
        found = ask(machine, x, state, like=object, case=case)
        pair = isinstance(found, tuple) and len(found) == 2 and isinstance(found[1], NTMState)
        yield pair, "two things should come back: the logits y, and the next state, an NTMState"
        yield from _next(machine, x, state, *found)
    given = state.each(torch.clone)
    ask.attempt(machine, x, given)
    kept = all(map(torch.equal, given[:3], state[:3]))
    yield kept, "the state that was handed in should stay as it was: make new tensors, or gradients go astray"


def _next(machine: NTM, x: Tensor, old: NTMState, y: Any, new: NTMState) -> Trials:
    """Compare the logits and the state after one step with the library's, in the order of a step's boxes."""
    logits, right = machine.step(x, old)
    found, wanted = (
        [[*part.shape] if isinstance(part, Tensor) else part for part in (of, *state[:3])]
        for of, state in ((y, new), (logits, right))
    )
    yield found == wanted, f"logits, memory, weightings and reads have shapes {found}: expected {wanted}"
    same = close(new.memory, old.memory) and close(new.weights, old.weights)
    yield not same, "the state that comes back is the one that was handed in: what changed has to be handed on"
    yield from _logits(machine, x, old, y, logits)
    heard = torch.cat([x, old.reads.flatten(1)], dim=-1)
    told = machine.heads(machine.controller(heard, old.controller)[0])
    yield from _pointing(machine, old, new.weights, right.weights, told)
    yield from _writing(machine, old, new.memory, right, told)
    yield from _reading(machine, old, new.reads, right)
    own, theirs = new.controller, right.controller
    kept = isinstance(own, tuple) and len(own) == len(theirs) and all(map(close, own, theirs))
    yield kept, "the controller's own state is lost: hand on the one that the controller returns"


def _logits(machine: NTM, x: Tensor, old: NTMState, y: Tensor, logits: Tensor) -> Trials:
    yield not close(y, logits.sigmoid()), "y should be logits: the loss has the sigmoid, leave it out here"
    reads = old.reads.flatten(1)
    for heard, sentence in (
        ([x, 0 * reads], "the controller does not hear what was read: join x with state.reads, flattened to (B, R M)"),
        ([reads, x], "the input comes first in what the controller hears, and then the reads"),
    ):
        mistake = machine.output(machine.controller(torch.cat(heard, dim=-1), old.controller)[0])
        yield close(mistake, logits) or not close(y, mistake), sentence
    yield close(y, logits), "the logits are wrong: y is machine.output of h, the controller's output of this step"


def _pointing(machine: NTM, old: NTMState, weights: Tensor, right: Tensor, told: Emission) -> Trials:
    readers, tape, last = machine.config.read_heads, old.memory, old.weights
    written = memory.write(tape, last[:, readers:], told.erase, told.add)
    first = machine.initial_state(len(tape), tape.shape[1]).weights
    for memory_then, previous, sentence in (
        (tape, last[:, :1].expand_as(last), "every head should go on from its own last weighting, not from head 0's"),
        (tape, last.flip(1), "heads go on from each other's last weightings: each has its own"),
        (tape, first, "heads should go on from their last weightings, not from those of the first state"),
        (written, last, "all heads should point on the memory that was handed in, before the write"),
    ):
        yield not close(weights, addressing.address(memory_then, previous, *told[:5]).w), sentence
    yield close(weights, right), "the weightings are wrong: my_address, for all heads, on the memory that was handed in"


def _writing(machine: NTM, old: NTMState, tape: Tensor, right: NTMState, told: Emission) -> Trials:
    readers, writers = machine.config.read_heads, machine.config.write_heads
    points, writing = right.weights, right.weights[:, readers:]
    yield not close(tape, old.memory), "the memory is as it was: what my_write returns has to be handed on"
    for weights, sentence in (
        (points[:, :writers], "it is written where read heads point: write heads have the last weightings"),
        (old.weights[:, readers:], "it is written where heads pointed a step ago: use the new weightings"),
    ):
        yield not close(tape, memory.write(old.memory, weights, told.erase, told.add)), sentence
    added_first = memory.erase(memory.add(old.memory, writing, told.add), writing, told.erase)
    yield not close(tape, added_first), "erase first and add then: what is being added should not be erased"
    yield close(tape, right.memory), "the memory is wrong: the write heads write on the memory that was handed in"


def _reading(machine: NTM, old: NTMState, reads: Tensor, right: NTMState) -> Trials:
    readers, points = machine.config.read_heads, right.weights
    for tape, weights, sentence in (
        (old.memory, points[:, :readers], "it reads before it writes: heads read the memory after the write (Eq. 2)"),
        (right.memory, old.weights[:, :readers], "it is read where heads pointed a step ago: use the new weightings"),
        (
            right.memory,
            points[:, -readers:],
            "it is read where write heads point: read heads have the first weightings",
        ),
    ):
        yield not close(reads, memory.read(tape, weights)), sentence
    yield close(reads, right.reads), "what is read is wrong: the read heads, the first, read the new memory"
