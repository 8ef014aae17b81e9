"""Checks of the exercises about learning: each says in a sentence which property of an attempt fails."""

import math
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import lru_cache

import torch
from torch import Tensor

from ntm_lib import tasks
from ntm_lib.teaching.checks.verdicts import answer_of, tell
from ntm_lib.training import curriculum as schedules
from ntm_lib.training import loop, recipes
from ntm_lib.training.evaluation import wrong_bits
from ntm_lib.training.run import Run

Lengths = Callable[[int, float, float], int]
"""A curriculum: update, running loss in bits a bit, a chance from 0 to 1 -> the length to train on."""
LONGEST = 10
"""Vectors that a curriculum may ask for, and that it has to teach."""
SEEDS = (1000, 1001, 1002)
PATIENCE = 200
"""Updates after which a machine that has not learned is given up."""
ASK_EVERY = 5
"""Updates between two exams."""
NOT_LEARNED = math.inf


def loss(attempt: Callable[..., Tensor | None]) -> None:
    """Say what is wrong with `my_loss(logits, targets, mask)`, (B, T, output), the same, (B, T) -> () in bits a bit."""
    example = (torch.zeros(2, 5, 3), torch.ones(2, 5, 3), torch.ones(2, 5))
    tell(attempt, example, (), _mistakes_in_loss, "it is in bits, counts what the mask says and stays finite")


def _mistakes_in_loss(attempt: Callable[..., Tensor | None]) -> Iterator[str]:
    logits, targets = torch.linspace(-3, 3, 30).reshape(2, 5, 3), torch.eye(5)[None, :, :3].repeat(2, 1, 1)
    every, answer = torch.ones(2, 5), torch.tensor([[0.0, 0.0, 1.0, 1.0, 1.0]] * 2)

    def found(*arguments: Tensor) -> float:
        result = answer_of(attempt, *arguments)
        return math.nan if result is None else float(result)

    def expected(mask: Tensor) -> float:
        return float(loop.loss_of(logits, tasks.Batch(logits, targets, mask), "answer")) / math.log(2)

    half = found(torch.zeros_like(logits), targets, every)
    if not math.isclose(half, 1, rel_tol=1e-4):
        yield f"logits of 0 say one half of every bit, which costs 1 bit a bit: got {half:.3f}; nats / ln 2 are bits"
    elif not math.isclose(found(logits, targets, every), expected(every), rel_tol=1e-4):
        yield "the cross-entropy is wrong where logits are not 0: a bit costs -log2 of what the target was given"
    elif not math.isclose(found(logits, targets, answer), expected(answer), rel_tol=1e-4):
        yield "only steps in the mask should count, in the sum and in the number of bits that it is divided by"
    elif not math.isfinite(found(-200 * targets, targets, every)):
        yield "a logit of -200 where a 1 was wanted should cost much, not infinity: sigmoid is 0 there, so avoid it"
    elif not attempt(logits.clone().requires_grad_(), targets, every).requires_grad:
        yield "gradients should reach the logits: stay with operations on tensors, without .item() and float()"


def clip(attempt: Callable[..., Tensor | None]) -> None:
    """Say what is wrong with `my_clip(gradients, longest)`, a list of tensors, a number -> the factor for all, ()."""
    example = ([torch.ones(2, 3), torch.ones(5)], 0.2)
    tell(attempt, example, (), _mistakes_in_clip, "it shortens what is too long, as one vector, and nothing else")


def _mistakes_in_clip(attempt: Callable[..., Tensor | None]) -> Iterator[str]:
    three, four = torch.tensor([[3.0]]), torch.tensor([0.0, 4.0])

    def found(gradients: list[Tensor], longest: float) -> float:
        result = answer_of(attempt, gradients, longest)
        return math.nan if result is None else float(result)

    factor = found([three, four], 1.0)
    if not math.isclose(factor, 0.2, rel_tol=1e-3):
        yield f"(3) and (0, 4) together have length 5, and to have length 1 they take a factor of 0.2: got {factor:g}"
    if not math.isclose(found([three, four], 10.0), 1, rel_tol=1e-3):
        yield "a gradient of length 5 where 10 is allowed should stay as it is: a factor of 1"
    if not math.isclose(found([0 * three, 0 * four], 1.0), 1, rel_tol=1e-3):
        yield "a gradient of zeros should stay as it is: mind the division by its length"


def curriculum(attempt: Lengths) -> None:
    """Say what is wrong with `my_curriculum(update, loss, chance)`; trains three seeds with its lengths, 5 to 30 s."""
    right = "all three seeds learn to copy ten vectors, and see fewer vectors than with the library's lengths"
    tell(attempt, (0, 1.0, 0.5), int, _mistakes_in_curriculum, right)


def _mistakes_in_curriculum(attempt: Lengths) -> Iterator[str]:
    for update in range(0, PATIENCE, 7):
        for loss, chance in ((1.0, 0.0), (0.5, 0.5), (0.0, 0.999)):
            length = answer_of(attempt, update, loss, chance)
            if not isinstance(length, int) or not 1 <= length <= LONGEST:
                told = f"update {update}, loss {loss} and chance {chance}"
                yield f"a length should be a whole number from 1 to {LONGEST}: at {told} it is {length}"
                return
    seen = vectors_to_learn(attempt, SEEDS)
    if NOT_LEARNED in seen:
        updates = f"{PATIENCE} updates"
        yield f"after {updates} {seen.count(NOT_LEARNED)} of {len(seen)} seeds still make mistakes in sequences of ten"
    elif sum(seen) >= sum(vectors_to_learn(librarys_lengths, SEEDS)):
        yield "all seeds learn, but from more vectors than with the library's lengths: what do long sequences add?"


def librarys_lengths(update: int, loss: float, chance: float) -> int:
    """What `reliable` draws: any length from 1 to 10, whatever has been learned."""
    return 1 + int(LONGEST * chance)


@lru_cache
def vectors_to_learn(lengths: Lengths, seeds: tuple[int, ...]) -> list[float]:
    """For each seed the vectors it saw until it copied ten random vectors without a mistake, 64 times; else infinity.

    Trains with the recipe `reliable`, but for the lengths, and never settles. Seeds share passes.
    """
    seen, active = dict.fromkeys(seeds, 0), [Run(_exactly(1), seed) for seed in seeds]
    exam = tasks.payload(64, LONGEST, generator=torch.Generator().manual_seed(1))
    for update in range(1, PATIENCE + 1):
        for run in active:
            nats = run.progress.running_loss
            chance = schedules.chances(run.recipe.schedule, run.progress.update).length
            length = lengths(run.progress.update, 1.0 if nats is None else nats / math.log(2), chance)
            run.recipe = _exactly(length)
            seen[run.seed] += length * run.recipe.batch_size
        loop.update(active)
        if update % ASK_EVERY == 0:
            active = [run for run in active if wrong_bits(run.model, exam).any()]
            if not active:
                break
    return [NOT_LEARNED if seed in {run.seed for run in active} else seen[seed] for seed in seeds]


def _exactly(length: int) -> recipes.Recipe:
    """The recipe `reliable` with one length only, and without an end to learning."""
    return replace(recipes.reliable, curriculum="ramp", length_power=0.0, max_length=length, settled_loss=0.0)
