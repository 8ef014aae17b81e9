"""Checks of the exercises about several heads: each says in a sentence which property of an attempt fails."""

from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from ntm_lib.teaching.checks.verdicts import answer_of, tell
from ntm_lib.teaching.orders import Orders, echo, follow, orders
from ntm_lib.teaching.slots import five_slots, focus_on


def heads(attempt: Callable[..., Tensor | None]) -> None:
    """Say what is wrong with `my_heads(tape, weights, told)`: all weightings, (T, H, N)."""
    example = (five_slots(), torch.cat([focus_on(3), focus_on(0)], dim=1), [orders("stay", "up")] * 3)
    tell(attempt, example, (3, 2, 5), _mistakes_in_heads, "every head goes on from its own place")


def _mistakes_in_heads(attempt: Callable[..., Tensor | None]) -> Iterator[str]:
    starts = torch.cat([focus_on(3), focus_on(0)], dim=1)

    def path(*told: Orders) -> list[list[int]] | None:
        found = answer_of(attempt, five_slots(), starts, list(told))
        usable = isinstance(found, Tensor) and found.shape == (len(told), 2, 5)
        return found.argmax(-1).tolist() if usable else None

    first, walk = path(orders("stay", "stay")), path(*[orders("stay", "up")] * 3)
    jump = [orders("stay", "up"), orders(1, "stay")]
    if first != [[3, 0]]:
        yield "told to stay in the first step, head 0 should be on slot 3 and head 1 on slot 0, where each begins"
    elif walk == [[3, 1], [1, 2], [2, 3]]:
        yield "head 0 is told to stay on slot 3 and goes where head 1 was: what is kept for the next step is one place"
    elif walk == [[3, 4]] * 3:
        yield "head 1 should go on from where it was itself, not from where head 0 has just come to"
    elif walk == [[3, 1]] * 3:
        yield "every step should go on from the weightings of the step before, not from the first ones"
    elif walk != [[3, 1], [3, 2], [3, 3]]:
        yield "head 0 is told to stay, and head 1 to step up three times: slots 3, 3, 3 and 1, 2, 3"
    elif path(*jump) != [[3, 1], [1, 1]]:
        yield "head 0 jumps by its key (g = 1) to slot 1 while head 1 stays: all five stages are needed"
    elif not torch.allclose(attempt(five_slots(), starts, jump), follow(five_slots(), starts, jump, _own), atol=1e-5):
        yield "the heads go where they should, but what you return are not their weightings, which add up to 1"


def _own(weights: Tensor) -> Tensor:
    """Every head goes on from its own weighting."""
    return weights


def rows(attempt: Callable[..., Tensor | None]) -> None:
    """Say what is wrong with `my_rows(length)`: where one weighting stands in each of 2 L + 2 steps of a copy."""
    right = "it writes every vector, goes back once, and reads them in order"
    tell(attempt, (3,), (8,), _mistakes_in_rows, right, whole=True)


def _mistakes_in_rows(attempt: Callable[..., Tensor | None]) -> Iterator[str]:
    length = 5
    found = answer_of(attempt, length)
    if not isinstance(found, Tensor) or found.shape != (2 * length + 2,):
        yield f"for {length} vectors there are {2 * length + 2} steps: markers, vectors and answer"
        return
    path = found.tolist()
    written, read = path[1 : length + 1], path[length + 2 :]
    if len(set(written)) < length:
        yield f"the vectors come in steps 1 to {length}, and each needs a row of its own: yours are {written}"
    elif read != written:
        yield f"in steps {length + 2} to {2 * length + 1} they are due in order: rows {written}, not {read}"
    jumps = [step for step in range(1, len(path)) if abs(path[step] - path[step - 1]) > 1]
    if len(jumps) > 1:
        yield f"a step moves by one row at the most, and one jump should do; yours jumps at steps {jumps}"


def start(attempt: Callable[..., Tensor | None]) -> None:
    """Say what is wrong with `my_start(delay, slots)`: first weightings of a reader and a writer of an echo, (2, N)."""
    tell(attempt, (2, 5), (2, 5), _mistakes_in_start, "what is read is what was written that many steps ago")


def _mistakes_in_start(attempt: Callable[..., Tensor | None]) -> Iterator[str]:
    for delay, slots in ((2, 5), (0, 5), (3, 7)):
        weights = answer_of(attempt, delay, slots)
        if not isinstance(weights, Tensor) or weights.shape != (2, slots):
            yield f"for delay {delay} and {slots} slots: expected shape (2, {slots})"
            return
        if not torch.allclose(weights.sum(-1), torch.ones(2)) or (weights < 0).any():
            yield "each row should be a weighting: none of it negative, adding up to 1"
            return
        if weights[1].argmax() != slots - 1:
            yield "the writer steps up before it writes: to begin on slot 0 it must stand one slot before, on the ring"
            return
        heard = echo(weights[None], torch.eye(slots)[:, None])
        if not torch.allclose(heard[delay:], torch.eye(slots)[: slots - delay, None]):
            yield f"with delay {delay} and {slots} slots, step {delay} should read what was written in step 0"
            return
