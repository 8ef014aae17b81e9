"""Check of lesson 4b's whole machine: its weights, its first state, the loop over steps, and that it runs alone."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import Any
from unittest.mock import patch

import torch
from torch import Tensor, nn

from ntm_lib.machine import NTM, NTMConfig, NTMState, addressing, fast, memory
from ntm_lib.machine.own import PARTS
from ntm_lib.teaching.checks.lesson_04b_step import LARGE, SMALL, by_name, earlier_functions, same_weights
from ntm_lib.teaching.checks.verdicts import Ask, Attempt, Trials, UnfitAnswerError, check, close, numbers

EQUATIONS = "address", "content_weights", "interpolate", "shift", "sharpen", "read", "erase", "add", "write"


@by_name
@check("it is a whole machine, and computes with nothing but what you wrote")
def ntm(ask: Ask) -> Trials:
    """Say what is wrong with `MyNTM(config)`, a module: inputs (B, T, input) -> logits (B, T, output), last state."""
    for config in (SMALL, LARGE):
        theirs, machine = _loud(config), ask(config, like=nn.Module)
        inputs, called = 2 * numbers(3, 6, config.input_size), Ask(_runner(machine))
        with suppress(UnfitAnswerError):  # what is wrong is told below, piece by piece
            called(inputs, None, 13, like=object)
        lacks = [part for part in PARTS if not hasattr(machine, part)]
        yield not lacks, f"training asks a machine for {', '.join(PARTS)}: it has no {', '.join(lacks)}"
        yield (
            machine.config == config,
            "self.config should be the config that was handed in: training reads it",
        )
        yield from same_weights(theirs, machine)
        learned = [name for name, _ in machine.named_parameters()]
        yield "reads_0" in learned, "reads_0 should be an nn.Parameter: the first reads are learned"
        yield from _first_state(theirs, machine)
        yield from _sequence(theirs, called, inputs, 13, None)
        yield from _sequence(theirs, called, inputs, None, theirs(inputs[:, :2], memory_size=7)[1].detach())
        still = Ask(_without_gradient)(machine, inputs, like=list, case="a backward pass")
        yield not still, f"no gradient reaches {', '.join(still)}: is a tensor detached, or made anew from numbers?"
        yield _runs_alone(machine, inputs), "it calls the library's equations: let every one that runs be yours"


def _loud(config: NTMConfig) -> NTM:
    """A machine with weights large enough that every head goes its own way, and with first reads that are not 0."""
    machine = NTM(config, torch.Generator().manual_seed(3))
    with torch.no_grad():
        for weights in machine.parameters():
            weights.mul_(2)
        machine.reads_0 += numbers(*machine.reads_0.shape)
    return machine


def _runner(machine: nn.Module) -> Attempt:
    """A function that runs a machine over a sequence: its answer and the history of states; `...` for a stub."""

    def run(inputs: Tensor, state: NTMState | None, rows: int | None) -> Any:
        history: list[NTMState] = []
        with earlier_functions():
            answer = machine(inputs, state=state, memory_size=rows, history=history)
        return answer if answer is ... else (answer, history)

    return run


def _without_gradient(machine: nn.Module, inputs: Tensor) -> list[str]:
    """Names of the weights that a backward pass does not reach."""
    machine(inputs)[0].sum().backward()
    return [name for name, weights in machine.named_parameters() if weights.grad is None]


def _first_state(theirs: NTM, machine: Any) -> Trials:
    """Compare a machine's state before the first step with the library's, part by part."""
    rows, heads = theirs.config.memory_size, theirs.config.addressing_heads
    first, right = Ask(machine.initial_state), theirs.initial_state(3, 13)
    found = first(3, 13, like=NTMState, case="initial_state(3, 13)")
    sizes, wanted = ([[*part.shape] if isinstance(part, Tensor) else part for part in s[:3]] for s in (found, right))
    yield sizes == wanted, f"in initial_state(3, 13), memory, weightings and reads are {sizes}: expected {wanted}"
    for part, sentence in (
        ("memory", "the first memory should be all zeros: what stands there would be read before anything is written"),
        ("weights", f"head i of {heads} should begin with all of its weight on row i * rows // {heads}"),
        ("reads", "the first reads should be reads_0, for every sequence"),
    ):
        yield close(getattr(found, part), getattr(right, part)), sentence
    yield found.controller == (), "the state of the controller should be what controller.initial_state returns"
    usual = first(2, like=NTMState, case="initial_state(2)").memory.shape[1]
    yield usual == rows, f"without a memory_size there should be as many rows as the config says, {rows}, not {usual}"


def _sequence(theirs: NTM, called: Ask, inputs: Tensor, rows: int | None, before: NTMState | None) -> Trials:
    """Compare a run over a sequence with the library's, from a state that is handed in or from the start."""
    case = "memory_size=13" if before is None else "a state handed in"
    answer, history = called(inputs, before, rows, like=object, case=case)
    states: list[NTMState] = []
    logits, right = theirs(inputs, before, rows, states)
    pair = isinstance(answer, tuple) and len(answer) == 2 and isinstance(answer[1], NTMState)
    yield pair, "two things should come back: logits (B, T, output), and the state after the last step"
    y, end = answer
    size = tuple(y.shape) if isinstance(y, Tensor) else type(y).__name__
    yield size == tuple(logits.shape), f"logits are {size}: expected {tuple(logits.shape)}, outputs stacked at dim=1"
    again = called(inputs, before, rows, like=object, case=case)[0][0]
    yield close(again, y), "a second call with equal inputs should give equal logits: keep nothing between calls"
    begun = theirs.initial_state(3, rows) if before is None else before
    anew = torch.stack([theirs.step(x, begun)[0] for x in inputs.unbind(1)], dim=1)
    yield not close(y, anew), "every step should go on from the state that the step before returned, not from the first"
    ignored = before is not None and close(y, theirs(inputs)[0])
    yield not ignored, "a state that is handed in should be gone on from: it began from the first one"
    held, wanted = end.memory.shape[1], right.memory.shape[1]
    yield held == wanted, f"with {case} the memory should have {wanted} rows, not {held}"
    yield close(y, logits), "the logits are wrong, though a step is right: hand each step its own input, inputs[:, t]"
    yield close(end.memory, right.memory), "the state that comes back should be the one after the last step"
    steps, early = len(history), [begun, *states]
    yield steps == len(states), f"history should get the state after every step, {len(states)} in all: it has {steps}"
    weights = [state.weights for state in history]
    shifted = all(map(close, weights, (state.weights for state in early)))
    yield not shifted, "history should get the state after each step, not before it"
    right_ones = all(map(close, weights, (state.weights for state in states)))
    yield right_ones, "history should get each step's own state, in the order of the steps"


def _runs_alone(machine: nn.Module, inputs: Tensor) -> bool:
    """Whether a machine runs where the library's equations do not."""
    with equations_silenced(), suppress(RuntimeError):
        machine(inputs)
        return True
    return False


@contextmanager
def equations_silenced() -> Iterator[None]:
    """Let every equation of the library raise meanwhile, so that a machine runs by its own or not at all."""
    with ExitStack() as stack:
        for module in (addressing, memory, fast):
            for name in set(EQUATIONS) & set(vars(module)):
                stack.enter_context(patch.object(module, name, side_effect=RuntimeError(name)))
        for name in ("forward", "step"):
            stack.enter_context(patch.object(NTM, name, side_effect=RuntimeError(name)))
        yield
