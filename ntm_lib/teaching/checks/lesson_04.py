"""Checks of the exercises about whole machines: each says in a sentence which property of an attempt fails."""

from collections.abc import Callable, Iterator

import torch
from torch import Generator, Tensor

from ntm_lib import tasks
from ntm_lib.machine import NTM, NTMConfig, NTMState
from ntm_lib.teaching import handmade
from ntm_lib.teaching.checks.verdicts import answer_of, tell
from ntm_lib.training.evaluation import copy_through, rows_needed


@torch.no_grad()
def step(attempt: Callable[..., NTMState | None]) -> None:
    """Say what is wrong with `my_step(model, x, state)`, a machine with one read and one write head -> NTMState."""
    right = "it hears, points, writes, reads and hands everything on"
    tell(attempt, _before_a_step("feed-forward"), NTMState, _mistakes_in_step, right)


def _before_a_step(controller: str) -> tuple[NTM, Tensor, NTMState]:
    """A machine with different sizes everywhere, an input, and a state that it came to by itself."""
    with torch.random.fork_rng():
        torch.manual_seed(3)
        sizes = {"memory_size": 5, "word_size": 4, "controller_size": 7}
        model = NTM(NTMConfig(3, 2, controller=controller, initial_weights="spaced", **sizes))
        inputs = torch.randn(2, 6, 3)
    return model, inputs[:, -1], model(inputs[:, :-1])[1]


def _mistakes_in_step(attempt: Callable[..., NTMState]) -> Iterator[str]:
    model, x, state = _before_a_step("feed-forward")
    _, expected = model.step(x, state)
    found = answer_of(attempt, model, x, state)
    if not _same(found, expected, "weights"):
        yield "the weightings are wrong: all heads point on the memory as it was, each from its last weighting"
    elif not _same(found, expected, "memory"):
        yield "the memory is wrong: only the write head writes, and its weighting is the last one"
    elif not _same(found, expected, "reads"):
        yield "what is read is wrong: the read head, the first, reads the memory after the write"
    else:
        model, x, state = _before_a_step("lstm")
        _, expected = model.step(x, state)
        found = answer_of(attempt, model, x, state)
        if found is None or len(found.controller) != 2 or not all(map(_close, found.controller, expected.controller)):
            yield "the controller's own state is lost: an LSTM returns a new one, to be handed on"


def _same(found: NTMState | None, expected: NTMState, part: str) -> bool:
    return found is not None and _close(getattr(found, part), getattr(expected, part))


def _close(found: Tensor, expected: Tensor) -> bool:
    return found.shape == expected.shape and torch.allclose(found, expected, atol=1e-5)


@torch.no_grad()
def complement(attempt: Callable[..., NTM | None]) -> None:
    """Say what is wrong with `my_complement(machine)`, a hand-made copier -> one that flips every bit."""
    right = "every bit is flipped, and the heads go where they went"
    tell(attempt, (handmade.copier(),), NTM, _mistakes_in_complement, right)


def _mistakes_in_complement(attempt: Callable[..., NTM]) -> Iterator[str]:
    machine = answer_of(attempt, handmade.copier())
    if machine is None:
        return
    zeros, ones = torch.zeros(1, 3, 8), torch.ones(1, 3, 8)
    if not _answers(machine, zeros, ones):
        yield "bytes of zeros should come out as ones: what does a logit become where nothing is read?"
    if not _answers(machine, ones, zeros):
        yield "bytes of ones should come out as zeros: every bit that is read should count against its own output"
    if _answers(machine, zeros, ones) and not _answers(machine, bits := _random(5), 1 - bits):
        yield "random bytes come out wrong, though zeros do not: is every bit flipped on its own?"
    parts = {"heads": "the heads", "controller": "the controller"}
    changed = [words for name, words in parts.items() if not _same_weights(machine, handmade.copier(), name)]
    if changed:
        yield f"{' and '.join(changed)} did not need to change: flipping is the output layer's business"


def _same_weights(machine: NTM, other: NTM, part: str) -> bool:
    weights, expected = (getattr(one, part).state_dict() for one in (machine, other))
    return all(map(torch.equal, weights.values(), expected.values()))


@torch.no_grad()
def reverse_copy(attempt: Callable[..., NTM | None]) -> None:
    """Say what is wrong with `my_reverse_copy()` -> a machine set by hand that answers with the last byte first."""
    right = "the last byte comes first, whatever the bytes are and however many"
    tell(attempt, (), NTM, _mistakes_in_reverse_copy, right)


def _mistakes_in_reverse_copy(attempt: Callable[..., NTM]) -> Iterator[str]:
    machine = answer_of(attempt)
    if machine is None:
        return
    sizes = machine.config.input_size, machine.config.output_size
    if sizes != (10, 8):
        yield f"the machine has {sizes[0]} inputs and {sizes[1]} outputs: expected 10 (8 bits, start, end) and 8"
        return
    one, three, long = _random(1), _random(3), _random(100)
    gaps = _random(7)
    gaps[:, [0, 2, 3, 6]] = 0
    if not _answers(machine, one, one):
        yield "a single byte should come back as it is"
    elif _answers(machine, three, three):
        yield "three bytes come back first byte first: that is a copy"
    elif not _answers(machine, three, three.flip(1)):
        yield "of three bytes the last should come first: on which row are the heads at each step of the answer?"
    elif not _answers(machine, gaps, gaps.flip(1)):
        yield "bytes of zeros upset it: a blank input may be one of them, so let the heads turn by what they read"
    elif not _answers(machine, long, long.flip(1)):
        yield "100 bytes do not come back, though three do: are the heads sure enough to keep their row that long?"


def _random(length: int) -> Tensor:
    """Random bytes (1, length, 8), always the same."""
    return tasks.payload(1, length, generator=Generator().manual_seed(length))


def _answers(machine: NTM | None, bits: Tensor, expected: Tensor) -> bool:
    """Whether a machine answers a payload as expected; not where it stops."""
    found = answer_of(copy_through, machine, bits, rows_needed(bits.shape[1]))
    return found is not None and torch.equal(found, expected)
