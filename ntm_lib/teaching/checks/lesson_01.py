"""Checks of the exercises, one a function: each says in a sentence which property of an attempt fails."""

from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from ntm_lib.machine import addressing, memory
from ntm_lib.teaching.checks.verdicts import answer_of, copies, tell

Attempt = Callable[..., Tensor | None]


def shift(attempt: Attempt) -> None:
    """Say what is wrong with `my_shift(w_g, s)`, (B, H, N), (B, H, S) -> (B, H, N) (Eq. 8)."""
    example = (torch.eye(5)[None, 1:3], torch.tensor([[[0.0, 0.0, 1.0], [1.0, 0.0, 0.0]]]))
    tell(attempt, example, (1, 2, 5), _mistakes_in_shift, "it moves, wraps round, blends and keeps heads apart")


def _mistakes_in_shift(attempt: Attempt) -> Iterator[str]:
    focus, up = torch.eye(5)[None, None], torch.tensor([[[0.0, 0.0, 1.0]]])
    stay, blur = torch.tensor([[[0.0, 1.0, 0.0]]]), torch.tensor([[[0.1, 0.7, 0.2]]])

    def agrees(slot: int, s: Tensor) -> bool:
        return _agrees(attempt, addressing.shift, focus[:, :, slot], s)

    if not agrees(1, stay):
        yield "s = (0, 1, 0) means stay: the weighting should come back as it was"
    if not agrees(1, up):
        yield "s = (0, 0, 1) should move the focus one slot up, from slot 1 to slot 2"
    if agrees(1, up) and not agrees(4, up):
        yield "the slots form a ring: one step up from slot 4, the last, is slot 0"
    if agrees(1, up) and not agrees(2, blur):
        yield "s = (0.1, 0.7, 0.2) is a blend: 0.1 of a step down, 0.7 of staying and 0.2 of a step up, added up"
    if agrees(1, up) and not _agrees(attempt, addressing.shift, focus[0, :, 1:3], torch.cat([up, stay], dim=1)):
        yield "every head should move by its own s: here head 0 steps up and head 1 stays"
    if agrees(4, up) and not _agrees(attempt, addressing.shift, focus[0, :, 3:], torch.cat([up, up], dim=1)):
        yield "every head has a ring of its own: after head 1's last slot comes its first, not head 0's; mind the axis"
    if agrees(1, up) and not agrees(2, torch.tensor([[[0.0, 0.0, 0.0, 0.0, 1.0]]])):
        yield "with five numbers in s the offsets are -2, -1, 0, 1, 2: the last one moves two slots up"
    yield from _manners(attempt, focus[:, :, 2], blur)


def sharpen(attempt: Attempt) -> None:
    """Say what is wrong with `my_sharpen(w_s, gamma)`, (B, H, N), (B, H) -> (B, H, N) (Eq. 9)."""
    example = (torch.tensor([[[0.1, 0.2, 0.4, 0.2, 0.1]] * 2]), torch.tensor([[1.0, 3.0]]))
    tell(attempt, example, (1, 2, 5), _mistakes_in_sharpen, "it sharpens, adds up to 1 and survives long tapes")


def _mistakes_in_sharpen(attempt: Attempt) -> Iterator[str]:
    weights, one, two = torch.tensor([[[0.1, 0.2, 0.4, 0.2, 0.1]]]), torch.tensor([[1.0]]), torch.tensor([[2.0]])
    total = answer_of(attempt, weights, two)
    if total is None or not torch.isclose(total.sum(), torch.tensor(1.0), atol=1e-4):
        yield "the weights should still add up to 1: divide by their sum after raising them to the power"
    if not _agrees(attempt, addressing.sharpen, weights, one):
        yield "gamma = 1 should leave a weighting as it is"
    if not _agrees(attempt, addressing.sharpen, weights, two):
        yield "gamma = 2 should square every weight before dividing: 0.4 against 0.2 becomes 0.16 against 0.04"
    apart = (weights.repeat(1, 2, 1), torch.tensor([[1.0, 3.0]]))
    if _agrees(attempt, addressing.sharpen, weights, two) and not _agrees(attempt, addressing.sharpen, *apart):
        yield "every head should use its own gamma: here head 0 has 1 and head 1 has 3"
    if not _agrees(attempt, addressing.sharpen, torch.full((1, 1, 1000), 0.001), torch.tensor([[20.0]])):
        yield "1,000 equal weights and gamma = 20: each should stay 0.001, but its power is too small for a float"
    if not _has_slopes(attempt, torch.tensor([[[0.0, 0.4, 0.6]]]), two):
        yield "a weight of exactly 0 has the logarithm -inf, and a gradient of NaN: take the logarithm of a little more"
    yield from _manners(attempt, weights, two)


def walk(attempt: Attempt) -> None:
    """Say what is wrong with `my_walk(w, s, gamma, steps)`, (1, 1, N), (1, 1, S), (1, 1), int -> (steps + 1, N)."""
    example = (torch.eye(5)[None, :1], torch.tensor([[[0.1, 0.1, 0.8]]]), torch.tensor([[2.0]]), 7)
    tell(attempt, example, (8, 5), _mistakes_in_walk, "it starts where it should, shifts, sharpens and goes on")


def _mistakes_in_walk(attempt: Attempt) -> Iterator[str]:
    start, s, steps = torch.eye(5)[None, :1], torch.tensor([[[0.1, 0.1, 0.8]]]), 7
    blurred, sharp = (answer_of(attempt, start, s, torch.tensor([[gamma]]), steps) for gamma in (1.0, 2.0))
    if sharp is None or not torch.allclose(sharp[0], start[0, 0]):
        yield "row 0 should be the weighting before the first step"
    if blurred is None or not torch.allclose(blurred[1:2], addressing.shift(start, s)[0]):
        yield "with gamma = 1 a step is a shift and nothing else: row 1 should be the start, shifted once"
    elif not torch.allclose(blurred[2:3], addressing.shift(blurred[None, 1:2], s)[0]):
        yield "every step should go on from the row before: row 2 is row 1, shifted"
    elif not torch.allclose(sharp[1:2], addressing.sharpen(blurred[None, 1:2], torch.tensor([[2.0]]))[0]):
        yield "every step should shift first and then sharpen: with gamma = 2, row 1 is the shifted start, sharpened"


def write(attempt: Attempt) -> None:
    """Say what is wrong with `my_write(memory, weights, erase, add)`, (B, N, M) and as emitted -> (B, N, M)."""
    example = (torch.ones(1, 5, 3), torch.eye(5)[None, 1:3], torch.ones(1, 2, 3), torch.ones(1, 2, 3))
    tell(attempt, example, (1, 5, 3), _mistakes_in_write, "it erases, adds, leaves neighbours alone and takes turns")


def _mistakes_in_write(attempt: Attempt) -> Iterator[str]:
    tape, half = 1 + torch.arange(15.0).reshape(1, 5, 3), 0.5 * torch.eye(5)[None, 1:2]
    erase, add, nothing = torch.tensor([[[1.0, 0.5, 0.0]]]), torch.tensor([[[3.0, -2.0, 5.0]]]), torch.zeros(1, 1, 3)
    both = torch.tensor([[[0.0, 0.5, 0.0, 0.0, 0.0], [0.0, 0.25, 0.75, 0.0, 0.0]]])
    two_erase, two_add = torch.cat([erase, erase], dim=1), torch.cat([add, -2 * add], dim=1)

    def agrees(weights: Tensor, erase: Tensor, add: Tensor) -> bool:
        return _agrees(attempt, memory.write, tape, weights, erase, add)

    if not agrees(0 * half, erase, add):
        yield "where the weight is 0 nothing should change"
    erases, adds = agrees(half, erase, nothing), agrees(half, nothing, add)
    if not erases:
        yield "with weight 0.5, erase 1 should leave half of a number, erase 0.5 three quarters, and erase 0 all of it"
    if not adds:
        yield "with weight 0.5, half of the add vector should be added to the slot, number by number"
    if erases and adds and not agrees(half, erase, add):
        yield "erase first and add then: what is being added should not be erased in the same step"
    if erases and not agrees(both, two_erase, torch.zeros(1, 2, 3)):
        yield "where two heads erase one slot, what they keep is multiplied: 0.5 of it and then 0.75 of that"
    elif erases and adds and not agrees(both, two_erase, two_add):
        yield "all heads should erase before the first of them adds; then it does not matter in which order they stand"
    yield from _manners(attempt, tape, half, erase, add)


def count(attempt: Callable[..., int | None]) -> None:
    """Say what is wrong with `my_count(word_size, shift_range, writes)`, the numbers that one head emits (3.3)."""
    tell(attempt, (3, 1, False), int, _mistakes_in_count, "it counts what a read head and a write head emit")


def _mistakes_in_count(attempt: Callable[..., int | None]) -> Iterator[str]:
    read, write = answer_of(attempt, 3, 1, False), answer_of(attempt, 3, 1, True)
    if read != 9:
        yield f"a read head with M = 3 and steps of one slot emits 3 + 1 + 1 + 3 + 1 = 9 numbers, not {read}"
    if read is not None and write != read + 6:
        total = f"for M = 3 that is {read} + 6 = {read + 6}, not {write}"
        yield f"a write head emits two vectors more than a read head, erase and add: {total}"
    if read == 9 and answer_of(attempt, 20, 1, False) != 26:
        yield "only the key of a read head grows with M: with M = 20 there are 26 numbers"
    if read == 9 and answer_of(attempt, 3, 2, False) != 11:
        yield "steps of up to two slots need five numbers in s: -2, -1, 0, 1 and 2"


def gradient(attempt: Attempt) -> None:
    """Say what is wrong with `my_gradient(memory, weights, target)`, d|r - target|^2 / dw, (B, H, N)."""
    example = (torch.ones(1, 5, 3), torch.full((1, 1, 5), 0.2), torch.ones(1, 1, 3))
    tell(attempt, example, (1, 1, 5), _mistakes_in_gradient, "it says of every slot whether more weight would help")


def _mistakes_in_gradient(attempt: Attempt) -> Iterator[str]:
    tape, target = 1 + torch.arange(15.0).reshape(1, 5, 3), torch.tensor([[[2.0, -1.0, 3.0]]])
    weights = torch.tensor([[[0.1, 0.2, 0.4, 0.2, 0.1]]], requires_grad=True)
    (expected,) = torch.autograd.grad((memory.read(tape, weights) - target).square().sum(), weights)
    found = answer_of(attempt, tape, weights.detach(), target)
    if found is None or not torch.allclose(found.sign(), expected.sign()):
        yield "the sign is wrong: where a slot points the way that is read too much, more weight makes the error larger"
    elif not torch.allclose(found, expected, rtol=1e-4):
        yield "the sizes are wrong: for every slot, 2 times the error (r - target), times the slot, added up"


def _agrees(attempt: Attempt, reference: Callable[..., Tensor], *arguments: Tensor) -> bool:
    result, expected = answer_of(attempt, *arguments), reference(*arguments)
    return result is not None and result.shape == expected.shape and torch.allclose(result, expected, atol=1e-5)


def _has_slopes(attempt: Attempt, weights: Tensor, *arguments: Tensor) -> bool:
    """Whether a weighting's gradient is finite, where there is one."""
    learned = weights.clone().requires_grad_()
    result = answer_of(lambda: attempt(learned, *arguments))
    if result is None or not result.requires_grad:
        return True
    return bool(torch.autograd.grad(result.square().sum(), learned)[0].isfinite().all())


def _manners(attempt: Attempt, *arguments: Tensor) -> Iterator[str]:
    """Whether an attempt leaves its arguments alone and lets gradients through to each of them."""
    given = copies(arguments)
    try:
        attempt(*given)
        if not all(map(torch.equal, given, arguments)):
            yield "the arguments should be left as they were: return a new tensor"
            return
        learned = [one.clone().requires_grad_() for one in arguments]
        result = attempt(*learned)
    except Exception:
        return
    reached = result.requires_grad and all(
        gradient is not None for gradient in torch.autograd.grad(result.square().sum(), learned, allow_unused=True)
    )
    if not reached:
        yield "gradients should reach every argument: stay with operations on tensors, without .item() and .tolist()"
