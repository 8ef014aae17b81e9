"""Checks of lesson 5: the loss in bits a bit, a crowd, and a curriculum that is tried in three trainings."""

import math
from collections.abc import Callable
from dataclasses import replace
from functools import cache

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits

from ntm_lib import tasks
from ntm_lib.analysis.copies import wrong_bits
from ntm_lib.machine.addressing import crowded
from ntm_lib.runs.together import backpropagate_all
from ntm_lib.teaching.checks.verdicts import Ask, Trials, UnfitAnswerError, check, close, numbers
from ntm_lib.training import loop, losses, recipes
from ntm_lib.training.curriculum import Shape, chances, draw_rows
from ntm_lib.training.run import Drawn, Run

SEEDS = (1000, 1001, 1002)
LONGEST = 10  # vectors that a curriculum may ask for, and that it has to teach
PATIENCE = 200  # updates after which a machine that has not learned is given up
EXAM_EVERY = 5  # updates


@check("it is in bits, counts what the mask says and stays finite", without=((losses, "loss_of"),))
def loss(ask: Ask) -> Trials:
    """Say what is wrong with `my_loss(logits, targets, mask)`, (B, T, output) twice, (B, T) -> () in bits a bit."""
    logits, targets = 2 * numbers(3, 7, 5), (numbers(3, 7, 5, seed=1) > 0).float()
    every, late, ragged = torch.ones(3, 7), torch.ones(3, 7), torch.ones(3, 7)
    late[:, :3], ragged[0, 2:], ragged[2, :4] = 0, 0, 0
    half = ask(0 * logits, targets, every, like=torch.zeros(()))
    for mistake, sentence in (
        (math.log(2), "logits of 0 cost 0.693 now, which are nats: ln 2 nats are a bit, so they should cost 1"),
        (21 * 5, "the sum of all bits' costs is not yet their mean: divide by the number of bits that count"),
        (21 * 5 * math.log(2), "the sum of all bits' costs, in nats, is not yet their mean, in bits a bit"),
        (5, "the costs are divided by the number of steps: every step has 5 bits here, and each of them counts"),
    ):
        yield not math.isclose(half, mistake, rel_tol=1e-4), sentence
    yield close(half, torch.ones(())), f"logits of 0 know nothing and should cost 1 bit a bit: got {half:.3f}"
    every_cost = "the cross-entropy is wrong where logits are not 0: a bit costs -log2 of what the target was given"
    for sureness in (2.0, -3.0):  # of the right bit, alike for all, so that any mean is right
        alike = sureness * (2 * targets - 1), targets, every
        yield close(ask(*alike, like=half), _bits_a_bit(*alike)), every_cost
    one = ask(logits, targets, every, like=half)
    yield not close(one, _bits_a_bit(logits[:1], targets[:1], every[:1])), "only the first of three sequences counts"
    yield (
        close(one, _bits_a_bit(logits, targets, every)),
        "where the mask is 1 everywhere, every bit should count alike",
    )
    for width, mask, sentence in (
        (5, late, "only steps in the mask should count, in the sum and in the number of bits that it is divided by"),
        (5, ragged, "where masks differ, every bit should count alike: divide one sum by one number of bits"),
        (2, ragged, "the number of bits is that of the steps in the mask, times the width of the logits, here 2"),
        (
            3,
            late[:2, 2:],
            "with 2 sequences of 5 steps and 3 bits the loss is wrong: take every size from what is given",
        ),
    ):
        sequences, steps = mask.shape
        given, wanted = logits[:sequences, :steps, :width], targets[:sequences, :steps, :width]
        yield close(ask(given, wanted, mask, like=half), _bits_a_bit(given, wanted, mask)), sentence
    sure = ask(400 * (0.5 - targets), targets, every, like=half, case="logits of 200 and -200, all wrong")
    yield 5 < sure < math.inf, "a wrong logit of 200 or -200 should cost much, not infinity: sigmoid is 0 or 1 there"
    price = f"a wrong logit of 200 or -200 costs 200 / ln 2 = 288.5 bits, not {sure:.1f}: no bound may cut it off"
    yield math.isclose(sure, 200 / math.log(2), rel_tol=1e-3), price


def _bits_a_bit(logits: Tensor, targets: Tensor, mask: Tensor) -> Tensor:
    """Mean cross-entropy of the bits that count, in bits."""
    return binary_cross_entropy_with_logits(logits[mask > 0], targets[mask > 0]) / math.log(2)


@check("every head's best row is held against K of all others")
def crowd(ask: Ask) -> Trials:
    """Say what is wrong with `my_crowd(w_c, crowd)`, (B, H, N), a number -> weights on a longer tape, (B, H, N)."""
    alone = torch.tensor([[[0.25, 0.5, 0.25]]])
    same = ask(alone, 1, like=alone)
    yield close(same, alone), "with a crowd of 1 every row stands once, so all weights should stay as they are"
    three = ask(alone, 3, like=alone)
    for mistake, sentence in (
        ([1 / 4, 1 / 2, 1 / 4], "rows should get less now: their copies have a share too, and are left out"),
        ([1 / 12, 1 / 6, 1 / 12], "the heaviest row stands on the longer tape once, and not K times"),
        ([1 / 10, 1 / 4, 1 / 10], "each row is taken for the heaviest one: look for it along the last axis, the rows"),
        ([3 / 8, 1 / 4, 3 / 8], "a row gets what one of its copies has, not what all K copies have together"),
    ):
        yield not close(three, torch.tensor([[mistake]])), sentence
    eighths = "0.5 beside three times 0.25 and three times 0.25 are 2 together: rows should get 1/8, 1/4, 1/8"
    yield close(three, crowded(alone, 3)), eighths
    for shape, times in (((2, 3, 5), 31), ((3, 2, 11), 7)):
        w_c = numbers(*shape).mul(2).softmax(-1)
        found = ask(w_c, times, like=w_c)
        heaviest = w_c.amax(-1, keepdim=True)
        turned = w_c / (times * heaviest + 1 - heaviest)
        yield not close(found, turned), "the heaviest row stands K times now and all others once: turn it round"
        parts = [(best, 1 - best) for best in (w_c.amax(), w_c.amax((1, 2), keepdim=True))]
        for best, others in (*parts, (heaviest, w_c.sum() - heaviest)):
            around_one = w_c / (best + times * others)
            yield not close(found, around_one), "every head of every sequence has rows of its own: one is its heaviest"
        yield ask.agrees_everywhere(crowded, w_c, times)


@check("all three seeds learn to copy ten vectors, and see fewer vectors than with the library's lengths")
def curriculum(ask: Ask) -> Trials:
    """Say what is wrong with `my_curriculum(update, loss, chance)`; trains three seeds with its lengths, 5 to 30 s."""

    def lengths(update: int, loss: float, chance: float) -> int:
        case = f"update {update}, loss {loss:.3f} and chance {chance:.3f}" if ask.asked else None
        length: int = ask(update, loss, chance, like=int, case=case)
        if not 1 <= length <= LONGEST:
            raise UnfitAnswerError(f"returns {length}: expected a length from 1 to {LONGEST}", case)
        return length

    for update in range(PATIENCE):
        for loss, chance in ((1.0, 0.0), (0.8, 0.999), (0.5, 0.5), (0.2, 0.2), (0.0, 0.999), (1.3, 0.7)):
            lengths(update, loss, chance)
    seen = vectors_to_learn(lengths, SEEDS)
    lost = seen.count(math.inf)
    yield not lost, f"of {len(seen)} seeds {lost} cannot copy ten vectors after {PATIENCE} updates with these lengths"
    fewer = sum(seen) < sum(vectors_to_learn(librarys_lengths, SEEDS))
    yield fewer, "all seeds learn, but from no fewer vectors than with the library's lengths: what do long ones add?"


def librarys_lengths(_update: int, _loss: float, chance: float) -> int:
    """A length as `reliable` draws it: any from 1 to 10, whatever has been learned."""
    return 1 + int(LONGEST * chance)


@cache
def vectors_to_learn(lengths: Callable[[int, float, float], int], seeds: tuple[int, ...]) -> list[float]:
    """Vectors that each seed saw until it copied ten random vectors without a mistake, 64 times; else infinity.

    Trains with the recipe `reliable`, but with these lengths, and without settling. Seeds share passes.
    """
    recipe, seen = replace(recipes.reliable, settle_updates=0), dict.fromkeys(seeds, 0)
    active = [Run(recipe, seed) for seed in seeds]
    exam = tasks.payload(64, LONGEST, generator=torch.Generator().manual_seed(1))
    for update in range(PATIENCE):
        drawn = [_drawn(run, lengths) for run in active]
        for run, one, loss in zip(active, drawn, backpropagate_all(active, drawn), strict=True):
            loop.step(run, one, loss)
            seen[run.seed] += one.shape.length * recipe.batch_size
        if (update + 1) % EXAM_EVERY == 0:
            active = [run for run in active if wrong_bits(run.model, exam).any()]
    lost = {run.seed for run in active}
    return [math.inf if seed in lost else seen[seed] for seed in seeds]


def _drawn(run: Run, lengths: Callable[[int, float, float], int]) -> Drawn:
    """A batch of the length that a curriculum asks for, with rows as `reliable` draws them."""
    update, nats, recipe = run.progress.update, run.progress.running_loss, run.recipe
    chance = chances(update)
    length = lengths(update, 1.0 if nats is None else nats / math.log(2), chance.length)
    rows = draw_rows(run.task.rows_needed(length) + 2, recipe.largest_memory, chance)
    return Drawn(run.task.draw(recipe.batch_size, length, run.generator), Shape(length, rows))
