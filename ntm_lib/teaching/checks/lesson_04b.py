"""Checks of lesson 4b: the parts of a machine of one's own; two modules beside it check the step and the whole."""

from collections.abc import Iterator

import torch
from torch import Tensor, nn

from ntm_lib.machine import NTM, addressing, memory
from ntm_lib.machine.heads import Emission
from ntm_lib.teaching.checks.lesson_02 import write
from ntm_lib.teaching.checks.lesson_04b_machine import ntm
from ntm_lib.teaching.checks.lesson_04b_step import LARGE, SMALL, by_name, same_weights, step
from ntm_lib.teaching.checks.verdicts import Ask, Attempt, Trials, check, close, numbers

__all__ = ["address", "controller", "heads", "ntm", "read", "step", "write"]


STAGES = "address", "content_weights", "interpolate", "shift", "sharpen"


@check(
    "it finds, blends, shifts and sharpens, each head for itself, and gradients are finite",
    without=tuple((addressing, stage) for stage in STAGES),
)
def address(ask: Ask) -> Trials:
    """Say what is wrong with `my_address(memory, w_previous, key, beta, g, s, gamma)` -> (B, H, N) (Eqs. 5-9)."""
    tape, key, beta = numbers(3, 5, 7), numbers(3, 2, 7, seed=1), numbers(3, 2, seed=2).square() + 1
    start, one, stay = numbers(3, 2, 5, seed=3).softmax(-1), torch.ones(3, 2), torch.eye(3)[1].expand(3, 2, 3)
    found = ask(tape, start, key, beta, one, stay, one, like=start)
    yield from _finding(found, tape, start, key, beta)
    kept, mixed = (ask(tape, start, key, beta, g * one, stay, one, like=start) for g in (0, 0.25))
    yield from _blending(kept, mixed, start, addressing.content_weights(tape, key, beta))
    forward = torch.eye(3)[2].expand(3, 2, 3)
    yield from _shifting(ask(tape, start, key, beta, 0 * one, forward, one, like=start), start)
    yield from _sharpening(ask(tape, start, key, beta, 0 * one, stay, 2 * one, like=start), start)
    order = ask.agrees(_addressed, *_told(3, 5, 7, 2, 3))
    yield order, "each stage is right alone, not all together: find, then blend, then shift, then sharpen"
    five = ask.agrees(_addressed, *_told(2, 13, 11, 3, 5))
    yield five, "right with three shifts and five rows, wrong with five and 13: take S from s, and its middle is S // 2"
    yield from _manners(ask, *_told(3, 5, 7, 2, 3))
    yield from _extremes(ask)


def _finding(found: Tensor, tape: Tensor, start: Tensor, key: Tensor, beta: Tensor) -> Trials:
    """Compare with Eqs. 5 and 6 what an addressing finds where every gate is open and nothing shifts."""
    similarity, b = addressing.cosine_similarity(tape, key), beta.unsqueeze(-1)
    for mistake, sentence in (
        (start, "with g = 1 a head should go to the rows that its key finds, and it stays: g and 1 - g are exchanged"),
        ((b * similarity).softmax(1), "the softmax of Eq. 5 should go over the rows, dim=-1, and goes over the heads"),
        (similarity.softmax(-1), "beta, the key strength, should multiply the similarity before the softmax"),
        (b * similarity, "of Eq. 5 the softmax is missing: with g = 1 weights should add up to 1 over the rows"),
        ((b * (key @ tape.mT)).softmax(-1), "divide the product of key and row by the lengths of both (Eq. 6)"),
        ((b * similarity * _length(tape).mT).softmax(-1), "divide by the rows' lengths too, not by the key's alone"),
        ((b * similarity * _length(key)).softmax(-1), "divide by the key's length too, not by the rows' alone"),
    ):
        yield not _either(found, mistake), sentence
    right = (b * similarity).softmax(-1)
    yield _either(found, right), "with g = 1 and no shift, Eq. 5 comes out wrong: is more than 1e-6 added to a length?"


def _blending(kept: Tensor, mixed: Tensor, start: Tensor, found: Tensor) -> Trials:
    """Compare with Eq. 7 what comes out with closed gates, and with gates open by a quarter."""
    yield not close(kept, start.flip(1)), "with g = 0 each head should keep its own previous weighting, not the other's"
    yield close(kept, start), "with g = 0, no shift and gamma = 1, the previous weighting should come back as it was"
    blend = 0.25 * found + 0.75 * start
    yield close(mixed, blend), "with g = 0.25, 0.25 of what the key finds and 0.75 of the previous weighting come out"


def _shifting(moved: Tensor, start: Tensor) -> Trials:
    """Compare with Eq. 8 what comes out where all heads step forward."""
    for mistake, sentence in (
        (start.roll(-1, -1), "s = (0, 0, 1) should move the focus from row i to row i + 1, and moves it to i - 1"),
        (start, "s = (0, 0, 1) should move the focus one row forward, and it stays where it was"),
        (_pushed(start), "the tape is a ring: one row forward from the last row is row 0, and nothing is lost"),
    ):
        yield not _either(moved, mistake), sentence
    yield close(moved, start.roll(1, -1)), "s = (0, 0, 1) should move the whole weighting from row i to row i + 1"


def _sharpening(sharp: Tensor, start: Tensor) -> Trials:
    """Compare with Eq. 9 what comes out with gamma = 2."""
    squares = start.square()
    yield not close(sharp, start), "gamma = 2 should sharpen the weighting, and it comes back as it was (Eq. 9)"
    yield not close(sharp, squares), "after the power gamma, each head's weights should be divided by their sum (Eq. 9)"
    yield close(sharp, squares / squares.sum(-1, keepdim=True)), "gamma = 2 should square the weights, and then divide"


def _extremes(ask: Ask) -> Trials:
    """Try an addressing on a thousand equal weights, and its gradients on a blank tape from weights of 0 and 1."""
    even, once, stay = torch.full((1, 1, 1000), 0.001), torch.ones(1, 1), torch.eye(3)[1]
    told = torch.ones(1, 1000, 2), even, torch.ones(1, 1, 2), once, 0 * once, stay.expand(1, 1, 3), 20 * once
    found = ask(*told, like=even, case="1,000 equal weights")
    yield close(found, even), "0.001 to the power 20 is 0 for floats: work with logarithms, softmax(gamma * log(w))"
    one_row, gates = torch.eye(5)[:2].expand(3, 2, 5), torch.tensor([0.5, 0.0]).expand(3, 2)
    key, beta, gamma = numbers(3, 2, 7, seed=1), numbers(3, 2, seed=2).square() + 1, torch.full((3, 2), 2.0)
    blank = torch.zeros(3, 5, 7), one_row, key, beta, gates, stay.expand(3, 2, 3), gamma
    slopes = "on a blank tape, from one row, gradients are not finite: add 1e-6 in a root, 1e-30 in a logarithm"
    ask(*blank, like=one_row)
    yield not Ask(_without_slopes)(ask.attempt, *blank, like=list, case="a backward pass"), slopes


def _length(vectors: Tensor) -> Tensor:
    return vectors.norm(dim=-1, keepdim=True)


def _pushed(w: Tensor) -> Tensor:
    """Weightings one row forward on a tape that is no ring."""
    return torch.cat([torch.zeros_like(w[..., :1]), w[..., :-1]], dim=-1)


def _either(found: Tensor, weights: Tensor) -> bool:
    """Whether weights come out as they are, or divided by their sum, as a sharpening with gamma = 1 does."""
    total = weights.sum(-1, keepdim=True)
    return close(found, weights) or close(found, weights / total)


def _addressed(*told: Tensor) -> Tensor:
    tape, w_previous, key, beta, g, s, gamma = told
    return addressing.address(tape, w_previous, key, beta, g, s, gamma).w


def _told(batch: int, rows: int, width: int, heads: int, shifts: int) -> tuple[Tensor, ...]:
    """Arguments of an addressing, drawn at random."""
    w_previous = numbers(batch, heads, rows, seed=1).softmax(-1)
    beta, g, gamma = (numbers(batch, heads, seed=seed).sigmoid() for seed in (3, 4, 5))
    s = numbers(batch, heads, shifts, seed=6).mul(2).softmax(-1)
    return numbers(batch, rows, width), w_previous, numbers(batch, heads, width, seed=2), 5 * beta, g, s, 1 + 3 * gamma


def _without_slopes(attempt: Attempt, *arguments: Tensor) -> list[int]:
    """Which arguments get gradients that are not finite in a backward pass through an attempt."""
    leaves = [argument.clone().requires_grad_() for argument in arguments]
    answer = attempt(*(leaf.clone() for leaf in leaves))  # copies may be changed in place
    slopes = torch.autograd.grad((answer * numbers(*answer.shape)).sum(), leaves, allow_unused=True)
    return [index for index, slope in enumerate(slopes) if slope is not None and not slope.isfinite().all()]


@check("each head of each sequence reads its own blend of rows", without=((memory, "read"),))
def read(ask: Ask) -> Trials:
    """Say what is wrong with `my_read(memory, weights)`, (B, N, M), (B, H, N) -> (B, H, M) (Eq. 2)."""
    tape, one_row = 1 + torch.arange(15.0).reshape(1, 5, 3), torch.eye(5)[None, [3, 1]]
    half = torch.tensor([[[0.5, 0.5, 0.0, 0.0, 0.0]]])
    many = numbers(3, 11, 7), numbers(3, 2, 11, seed=1).softmax(-1)
    for arguments, sentence in (
        ((tape, one_row[:, :1]), "with all weight on row 3, row 3 should come out as it is"),
        ((tape, half), "with half of the weight on each of two rows, their mean should come out"),
        ((tape, one_row), "each head should read with its own weighting: here head 0 reads row 3, and head 1 row 1"),
        (many, "of three sequences some come out wrong: each has a memory and weightings of its own"),
    ):
        yield ask.agrees(memory.read, *arguments), sentence
    yield from _manners(ask, *many)


def _manners(ask: Ask, *arguments: Tensor) -> Trials:
    """Try that the attempt leaves its arguments unchanged, and that gradients come back through it to each of them."""
    leaves = [argument.clone().requires_grad_() for argument in arguments]
    given = [1 * leaf for leaf in leaves]
    answer = ask.attempt(*given)
    yield all(map(torch.equal, given, arguments)), "the arguments should be left as they were: return a new tensor"
    slopes: tuple[Tensor | None, ...] = (None,)
    if answer.requires_grad:
        try:
            slopes = torch.autograd.grad(answer.sum(), leaves, allow_unused=True)
        except RuntimeError:
            yield False, "gradients cannot go back through it, for it changes in place what they need: make new tensors"
    reached = all(slope is not None for slope in slopes)
    yield reached, "gradients should reach every argument: use operations on tensors, without .item(), .tolist()"


@by_name
@check("every number is in its range, and every head's numbers stand together")
def heads(ask: Ask) -> Trials:
    """Say what is wrong with `MyHeads(config)`, a module: h (B, hidden) -> `Emission` (section 3.3)."""
    for config in (SMALL, LARGE):
        theirs, part = NTM(config, torch.Generator().manual_seed(3)).heads, ask(config, like=nn.Module)
        called, h = Ask(part), 3 * numbers(3, config.controller_size)
        called(h, like=Emission)
        yield from same_weights(theirs, part)
        raw, right, found = theirs.linear(h), theirs(h), called(h, like=Emission)
        for name in Emission._fields:
            own, wanted = getattr(found, name), getattr(right, name)
            if not isinstance(own, Tensor) or own.shape != wanted.shape:
                got = tuple(own.shape) if isinstance(own, Tensor) else type(own).__name__
                yield False, f"of a batch of 3, {name} has shape {got}: expected {tuple(wanted.shape)}"
            for mistake, sentence in _mistakes_of(name, raw[:, theirs.rows[name]].reshape(wanted.shape)):
                yield close(mistake, wanted) or not close(own, mistake), sentence
            words = "the layer makes all keys first, head by head, then each beta, g, s, gamma, erase and add"
            yield close(own, wanted), f"{name} has wrong numbers: {words}"


def _mistakes_of(name: str, raw: Tensor) -> Iterator[tuple[Tensor, str]]:
    """Numbers that a likely mistake would make of one part of an emission, each with the sentence to print."""
    softplus = nn.functional.softplus(raw)
    yield from {
        "key": [(raw.tanh(), "a key may be any number: leave it as the layer made it, without tanh")],
        "beta": [
            (raw, "a key strength below 0 would look for the least similar row: beta goes through softplus"),
            (raw.relu(), "beta goes through softplus, not relu, which has no slope below 0: such a head cannot learn"),
            (1 + softplus, "beta is at least 0, not 1: softplus, and nothing added"),
            (raw.exp(), "beta goes through softplus, not exp, which explodes"),
        ],
        "g": [(raw, "a gate is between 0 and 1: g goes through sigmoid")],
        "s": [
            (raw, "the weights on the shifts should add up to 1: s goes through softmax, over the shifts"),
            (
                raw.sigmoid(),
                "the weights on the shifts are shares, but do not add up to 1: softmax, not sigmoid",
            ),
            (raw.softmax(1), "the softmax of s should go over a head's shifts, dim=-1, and goes over the heads"),
            (raw.flatten(1).softmax(-1).view_as(raw), "each head has a softmax of its own: take heads apart before it"),
            (raw.softmax(0), "the softmax of s should go over a head's shifts, dim=-1, and goes over the batch"),
        ],
        "gamma": [
            (raw, "gamma is at least 1: 1 + softplus"),
            (softplus, "gamma is at least 1, or it blurs instead of sharpening: add 1 to the softplus"),
            (1 + raw.relu(), "gamma goes through 1 + softplus, not relu, which has no slope below 0"),
        ],
        "erase": [
            (raw, "what is erased is a share, between 0 and 1: erase goes through sigmoid"),
            (1 - raw.sigmoid(), "erase is the share that goes, not the share that stays: sigmoid, not 1 - sigmoid"),
        ],
        "add": [
            (raw.tanh(), "what is added may be any number: leave it as the layer made it, without tanh"),
            (raw.sigmoid(), "what is added may be negative too: leave it as the layer made it, without sigmoid"),
        ],
    }[name]


@by_name
@check("it hears the input and the last reads, and bends what it hears")
def controller(ask: Ask) -> Trials:
    """Say what is wrong with `MyController(config)`, a module: heard (B, input + R M), state -> h, state."""
    for config in (SMALL, LARGE):
        theirs, part = NTM(config, torch.Generator().manual_seed(3)).controller, ask(config, like=nn.Module)
        called, hears = Ask(part), numbers(3, config.input_size + config.read_heads * config.word_size)
        called(hears, (), like=object)
        yield from same_weights(theirs, part)
        found = called(hears, (), like=object)
        pair = isinstance(found, tuple) and len(found) == 2
        yield pair, "two things should come back: h, and the state that was handed in"
        h, state = found
        layer = theirs.from_input(hears)
        yield not close(h, layer), "h should go through tanh: without it all layers together are one linear layer"
        yield close(h, layer.tanh()), "h should be the tanh of one linear layer of what is heard"
        yield state == (), "a feed-forward controller carries nothing on: the state should come back as it was, ()"
        first = getattr(part, "initial_state", None)
        begins = callable(first) and Ask(first)(3, like=object, case="initial_state(3)") == ()
        yield begins, "initial_state(batch_size) should return (), the state of a controller that carries nothing"
