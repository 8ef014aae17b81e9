"""Checks of lesson 4: one step of a machine, and machines set by hand."""

from collections.abc import Iterator
from dataclasses import replace

import torch
from torch import Tensor

from ntm_lib import tasks
from ntm_lib.analysis.copies import copy_through, rows_needed
from ntm_lib.machine import NTM, NTMConfig, NTMState, addressing
from ntm_lib.teaching import handmade
from ntm_lib.teaching.checks.verdicts import Ask, Trials, UnfitAnswerError, check, close, numbers


@check("it hears, points, writes, reads and hands everything on", without=((NTM, "step"),))
@torch.no_grad()
def step(ask: Ask) -> Trials:
    """Say what is wrong with `my_step(model, x, state)`, a machine with one read and one write head -> NTMState."""
    plain = NTMConfig(13, 17, memory_size=5, word_size=7, controller_size=11, initial_weights="spaced")
    lstm = replace(plain, input_size=3, controller="lstm", memory_size=11, word_size=5, controller_size=7)
    called = "an LSTM, called as model.controller(hears, state.controller)"
    for config, sequences, case in ((plain, 3, None), (lstm, 2, called)):
        model, inputs = NTM(config, torch.Generator().manual_seed(3)), numbers(sequences, 6, config.input_size)
        _, state = model(inputs[:, :-1])
        given = inputs[:, -1], state
        _, right = model.step(*given)
        found = _after_a_step(ask, model, *given, case=case)
        sizes, wanted = ([[*one.shape] if isinstance(one, Tensor) else one for one in s[:3]] for s in (found, right))
        yield sizes == wanted, f"memory, weightings and reads have shapes {sizes}: expected {wanted}"
        pairs = [(getattr(found, part), getattr(right, part)) for part in ("memory", "weights", "reads")]
        alone = any(close(one[:1], other[:1]) and not close(one, other) for one, other in pairs)
        yield not alone, "only the first sequence comes out right: each has its own tape and heads"
        for mistake, sentence in _misheard(model, *given):
            yield close(mistake, right.weights) or not close(found.weights, mistake), sentence
        for part, old, sentence in (
            ("weights", state.weights, "the weightings are the old ones: hand on where the heads point now"),
            ("weights", None, "the weightings are wrong: heads point on the old memory, each from its last weighting"),
            ("memory", state.memory, "the memory is the old one: hand on what the write head made of it"),
            ("memory", None, "the memory is wrong: only the write head writes, and its weighting is the last one"),
            ("reads", state.reads, "what is read is what was read before: hand on what the read head finds now"),
            ("reads", None, "what is read is wrong: the read head, the first, reads the memory after the write"),
        ):
            now = getattr(found, part)
            yield close(now, getattr(right, part)) if old is None else not close(now, old), sentence
    kept = isinstance(found.controller, tuple) and len(found.controller) == 2
    own = kept and all(map(close, found.controller, right.controller))
    yield own, "the controller's own state is lost: an LSTM returns a new one, (h, c), to be handed on"


def _misheard(model: NTM, x: Tensor, state: NTMState) -> Iterator[tuple[Tensor, str]]:
    """Weightings after a step in which the controller is given something else, each with the sentence that says so."""
    reads, own = state.reads.flatten(1), state.controller
    for hears, kept, sentence in (
        ([x, 0 * reads], own, "the controller should hear what was read last, beside the input"),
        ([0 * x, reads], own, "the controller should hear the input, beside what was read last"),
        ([reads, x], own, "the controller should hear the input first, and what was read last after it"),
        ([x, reads], model.controller.initial_state(len(x)), "the controller should go on from its own last state"),
    ):
        h, _ = model.controller(torch.cat(hears, dim=-1), kept)
        yield addressing.address(state.memory, state.weights, *model.heads(h)[:5]).w, sentence


def _after_a_step(ask: Ask, model: NTM, x: Tensor, state: NTMState, case: str | None) -> NTMState:
    """The state that an attempt returns; where what the controller hears has a wrong size, UnfitAnswerError says so."""
    try:
        after: NTMState = ask(model, x, state, like=NTMState, case=case)
    except UnfitAnswerError as unfit:
        words, where = unfit.args
        if any(part in words for part in ("mat1 and mat2", "is invalid for input", "number of dimensions")):
            hears = "the controller hears x (B, input) and all that was read last, (B, M), side by side"
            raise UnfitAnswerError(f"{words}; {hears}", where) from unfit
        raise
    return after


@check("every bit is flipped, and the heads go where they went")
@torch.no_grad()
def complement(ask: Ask) -> Trials:
    """Say what is wrong with `my_complement(machine)`, a hand-made copier -> one that flips every bit."""
    machine = ask(handmade.copier(), like=NTM)
    zeros, ones, dice = torch.zeros(2, 3, 8), torch.ones(2, 3, 8), _random(23)
    answers = [_answer(machine, bits) for bits in (zeros, ones, dice)]
    yield not torch.equal(answers[2], dice), "it still copies: every bit should come out as its opposite"
    kept = (answers[2] == dice).all(1).all(0).nonzero().flatten().tolist()
    yield not kept or len(kept) == 8, f"bits {kept} still come out as they were: every bit should be flipped"
    for bits, answer, sentence in (
        (zeros, answers[0], "bytes of zeros should come out as ones: what does a logit become where nothing is read?"),
        (
            ones,
            answers[1],
            "bytes of ones should come out as zeros: every bit read should count against its own output",
        ),
        (dice, answers[2], "random bytes come out wrong, though zeros do not: is every bit flipped on its own?"),
    ):
        yield torch.equal(answer, 1 - bits), sentence
    for length, rows in ((5, 17), (13, 29)):
        copy = tasks.frame_copy(_random(length)).inputs
        now, before = (each(copy, memory_size=rows)[1].weights for each in (machine, handmade.copier()))
        yield close(now, before), "the heads go elsewhere now: let the output layer flip, and leave the rest"


@check("the last byte comes first, whatever the bytes are and however many")
@torch.no_grad()
def reverse_copy(ask: Ask) -> Trials:
    """Say what is wrong with `my_reverse_copy()` -> a machine set by hand that answers with the last byte first."""
    machine = ask(like=NTM)
    inputs, outputs = machine.config.input_size, machine.config.output_size
    sizes = f"the machine has {inputs} inputs and {outputs} outputs: expected 10 (8 bits, start, end) and 8"
    yield (inputs, outputs) == (10, 8), sizes
    three, gaps = _random(3), _random(7)
    gaps[:, [0, 2, 3, 6]] = 0
    zeros = "bytes of zeros upset it: a blank input may be one of them, so let the heads turn by what they read"
    found = _answer(machine, three)
    for mistake, sentence in (
        (three, "three bytes come back first byte first: that is a copy"),
        (three.flip(1, 2), "the bytes come last first, and so do their bits: only the bytes change places"),
        (1 - three.flip(1), "the last byte comes first, and every bit is flipped: leave the bits as they are"),
    ):
        yield not torch.equal(found, mistake), sentence
    yield torch.equal(_answer(machine, three[:, :1]), three[:, :1]), "a single byte should come back as it is"
    for bits, sentence in (
        (three, "of three bytes the last should come first: on which row are the heads at each step of the answer?"),
        (_random(7), "seven bytes do not come back, though three do: do the heads turn once, and then go on?"),
        (gaps, zeros),
        (0 * gaps, zeros),
        (_random(100), "100 bytes do not come back, though seven do: do the heads keep their row that long?"),
    ):
        yield torch.equal(_answer(machine, bits), bits.flip(1)), sentence


def _random(length: int) -> Tensor:
    """Random bytes of two sequences (2, length, 8), always equal for a length."""
    return (numbers(2, length, 8) > 0).float()


def _answer(machine: NTM, bits: Tensor) -> Tensor:
    """Run a machine on a payload and return the bits of its answer; UnfitAnswerError where it stops."""
    length = bits.shape[1]
    answer: Tensor = Ask(copy_through)(machine, bits, rows_needed(length), like=bits, case=f"{length} bytes")
    return answer
