"""Checks of lesson 4: one step of a machine, and machines set by hand."""

from dataclasses import replace

import torch
from torch import Tensor

from ntm_lib import tasks
from ntm_lib.analysis.copies import copy_through, rows_needed
from ntm_lib.machine import NTM, NTMConfig, NTMState
from ntm_lib.teaching import handmade
from ntm_lib.teaching.checks.verdicts import Ask, Trials, check, close, numbers


@check("it hears, points, writes, reads and hands everything on")
@torch.no_grad()
def step(ask: Ask) -> Trials:
    """Say what is wrong with `my_step(model, x, state)`, a machine with one read and one write head -> NTMState."""
    plain = NTMConfig(13, 17, memory_size=5, word_size=7, controller_size=11, initial_weights="spaced")
    lstm = replace(plain, controller="lstm", memory_size=11, word_size=5, controller_size=7)
    for config, case in ((plain, None), (lstm, "an LSTM, called as model.controller(hears, state.controller)")):
        model, inputs = NTM(config, torch.Generator().manual_seed(3)), numbers(3, 6, 13)
        _, state = model(inputs[:, :-1])
        _, right = model.step(inputs[:, -1], state)
        found = ask(model, inputs[:, -1], state, like=NTMState, case=case)
        sizes, wanted = ([[*one.shape] if isinstance(one, Tensor) else one for one in s[:3]] for s in (found, right))
        yield sizes == wanted, f"memory, weightings and reads have shapes {sizes}: expected {wanted}"
        for part, sentence in (
            ("weights", "the weightings are wrong: all heads point on the old memory, each from its last weighting"),
            ("memory", "the memory is wrong: only the write head writes, and its weighting is the last one"),
            ("reads", "what is read is wrong: the read head, the first, reads the memory after the write"),
        ):
            yield close(getattr(found, part), getattr(right, part)), sentence
    kept = isinstance(found.controller, tuple) and len(found.controller) == 2
    own = kept and all(map(close, found.controller, right.controller))
    yield own, "the controller's own state is lost: an LSTM returns a new one, (h, c), to be handed on"


@check("every bit is flipped, and the heads go where they went")
@torch.no_grad()
def complement(ask: Ask) -> Trials:
    """Say what is wrong with `my_complement(machine)`, a hand-made copier -> one that flips every bit."""
    machine = ask(handmade.copier(), like=NTM)
    zeros, ones = torch.zeros(2, 3, 8), torch.ones(2, 3, 8)
    for bits, sentence in (
        (zeros, "bytes of zeros should come out as ones: what does a logit become where nothing is read?"),
        (ones, "bytes of ones should come out as zeros: every bit that is read should count against its own output"),
        (_random(23), "random bytes come out wrong, though zeros do not: is every bit flipped on its own?"),
    ):
        yield _answers(machine, bits, 1 - bits), sentence
    copy = tasks.frame_copy(_random(5)).inputs
    now, before = (each(copy, memory_size=17)[1].weights for each in (machine, handmade.copier()))
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
    yield _answers(machine, three[:, :1], three[:, :1]), "a single byte should come back as it is"
    yield not _answers(machine, three, three), "three bytes come back first byte first: that is a copy"
    for bits, sentence in (
        (three, "of three bytes the last should come first: on which row are the heads at each step of the answer?"),
        (gaps, zeros),
        (0 * gaps, zeros),
        (_random(100), "100 bytes do not come back, though three do: do the heads keep their row that long?"),
    ):
        yield _answers(machine, bits, bits.flip(1)), sentence


def _random(length: int) -> Tensor:
    """Random bytes of two sequences (2, length, 8), always equal for a length."""
    return (numbers(2, length, 8) > 0).float()


def _answers(machine: NTM, bits: Tensor, right: Tensor) -> bool:
    """Try if a machine answers a payload rightly; UnfitAnswerError where it stops."""
    length = bits.shape[1]
    return torch.equal(Ask(copy_through)(machine, bits, rows_needed(length), like=bits, case=f"{length} bytes"), right)
