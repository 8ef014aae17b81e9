"""How a check asks a learner's attempt and prints one verdict, in a sentence and never as a traceback."""

import inspect
import warnings
from collections.abc import Callable, Iterator
from contextlib import suppress
from copy import deepcopy
from numbers import Integral
from typing import Any

import torch
from torch import Tensor
from torch.autograd import forward_ad

Attempt = Callable[..., Any]
Trials = Iterator[tuple[bool, str]]
"""Properties of an attempt, each with the sentence to print where it fails; the first that fails is printed."""


class UnfitAnswerError(Exception):
    """An answer of a wrong kind, or an error instead of one: (words, description of the arguments or None)."""


class Ask:
    """A learner's function as checks call it: with fresh copies of the arguments, for an answer of a given kind."""

    def __init__(self, attempt: Attempt):
        self.attempt, self.asked = attempt, 0

    def __call__(self, *arguments: object, like: Tensor | type, case: str | None = None) -> Any:
        """An answer with the shape and kind of numbers of a tensor `like`, or an object of the class `like`.

        `case` describes the arguments. Raises NotImplementedError for a stub, UnfitAnswerError for an unfit answer.
        """
        self.asked += 1
        if case is None and self.asked > 1:
            case = " and ".join(map(_described, arguments))
        try:
            answer = _converted(self.attempt(*deepcopy(arguments)), like)
        except NotImplementedError:
            raise
        except Exception as error:
            raise UnfitAnswerError(f"stops with {_in_a_line(error)}", case) from error
        if unlike := _unlike(answer, like):
            raise UnfitAnswerError(unlike, case)
        if case is None and isinstance(answer, Tensor) and answer.isnan().any():
            where = "look for 0 / 0, and for the root or logarithm of a negative number"
            raise UnfitAnswerError(f"returns NaN, which is no number: {where}", case)
        return answer

    def agrees(self, reference: Callable[..., Tensor], *arguments: Tensor) -> bool:
        """Compare the answer with a reference function's, up to rounding."""
        expected = reference(*arguments)
        return close(self(*arguments, like=expected), expected)

    def manners(self, *arguments: Tensor) -> Trials:
        """Try that the attempt leaves its arguments unchanged, and lets gradients through to each of them."""
        given = deepcopy(arguments)
        self.attempt(*given)
        yield all(map(torch.equal, given, arguments)), "the arguments should be left as they were: return a new tensor"
        reached = all(slope is not None for slope in self.slopes(*arguments))
        yield reached, "gradients should reach every argument: use operations on tensors, without .item(), .tolist()"

    def slopes(self, *arguments: Tensor) -> list[Tensor | None]:
        """Rates at which the answer changes while one argument grows, for each in turn; None for no derivative.

        Derivatives are taken forwards, because backwards autograd refuses operations in place; warnings are not shown.
        """
        slopes: list[Tensor | None] = []
        for place, one in enumerate(arguments):
            with warnings.catch_warnings(action="ignore"), forward_ad.dual_level():
                given = list(deepcopy(arguments))
                given[place] = forward_ad.make_dual(given[place], torch.ones_like(one))
                slopes.append(torch.zeros(()))
                with suppress(Exception):  # an operation without a derivative forwards may well have one backwards
                    answer = self.attempt(*given)
                    slopes[place] = forward_ad.unpack_dual(answer).tangent if isinstance(answer, Tensor) else None
        return slopes


def check(right: str) -> Callable[[Callable[[Ask], Trials]], Callable[[Attempt], None]]:
    """Make trials of an exercise into a function that prints the verdict on an attempt; `right` praises a right one."""

    def with_verdict(trials: Callable[[Ask], Trials]) -> Callable[[Attempt], None]:
        def print_verdict(attempt: Attempt) -> None:
            print(_verdict(attempt, trials, right))

        print_verdict.__name__, print_verdict.__doc__ = trials.__name__, trials.__doc__
        return print_verdict

    return with_verdict


def close(found: Any, expected: Tensor, atol: float = 1e-5) -> bool:
    """Compare with a tensor up to rounding; False for anything but a tensor of its shape."""
    alike = isinstance(found, Tensor) and found.shape == expected.shape
    return alike and torch.allclose(found, expected, rtol=1e-4, atol=atol)


def numbers(*shape: int, seed: int = 0) -> Tensor:
    """Draw normal random numbers from a seed, with a generator of their own."""
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def _verdict(attempt: Attempt, trials: Callable[[Ask], Trials], right: str) -> str:
    if not callable(attempt):
        return f"a check takes a function by its name, without brackets and arguments: this is {type(attempt).__name__}"
    name = attempt.__name__ if inspect.isroutine(attempt) else "your attempt"
    try:
        failed = next((sentence for holds, sentence in trials(Ask(attempt)) if not holds), None)
    except NotImplementedError:
        return f"{name}: not attempted yet"
    except UnfitAnswerError as unfit:
        words, case = unfit.args
        if case is None:
            return f"{name} {words}"
        failed = f"with {case}, it {words}"
    return f"{name}: not yet\n- {failed}" if failed else f"{name} is right: {right}"


def _converted(answer: Any, like: Tensor | type) -> Any:
    """Bring an answer that differs in type alone to the type of `like`: int, a tensor (), whole numbers, float32."""
    if answer is ...:
        raise NotImplementedError
    if isinstance(answer, bool):
        return answer
    if not isinstance(like, Tensor):
        return int(answer) if like is int and isinstance(answer, Integral) else answer
    whole = isinstance(answer, Tensor) and answer.dtype is torch.int64
    if like.ndim == 0 and (whole or isinstance(answer, int | float)):
        return torch.as_tensor(answer).float()
    if isinstance(answer, Tensor) and answer.is_floating_point():
        return answer.to(like.dtype) if like.is_floating_point() or torch.equal(answer, answer.round()) else answer
    return answer


def _unlike(answer: Any, like: Tensor | type) -> str | None:
    """Say in words how an answer differs from the wanted kind; None for an answer that fits."""
    kind = type(answer).__name__
    if answer is None:
        return "returns nothing: does it end with a return?"
    if not isinstance(like, Tensor):
        if isinstance(answer, like) and not isinstance(answer, bool):
            return None
        wanted = {int: "a whole number", dict: "a dictionary"}.get(like, f"an {like.__name__}")
        return f"returns {kind}: expected {wanted}" + ", as .item() gives" * (like is int and kind == "Tensor")
    if not isinstance(answer, Tensor):
        return f"returns {kind}: expected a tensor of shape {tuple(like.shape)}"
    if answer.shape != like.shape:
        return f"returns shape {tuple(answer.shape)}: expected {tuple(like.shape)}"
    whole = not like.is_floating_point()
    if answer.is_floating_point() == whole or answer.is_complex() or answer.dtype is torch.bool:
        wanted = "whole numbers" if whole else "torch.float32, as .float() makes"
        return f"returns a tensor of {answer.dtype}: expected {wanted}"
    return None


def _described(argument: object) -> str:
    """Name a tensor or a list by its size, and any other argument by its value."""
    if isinstance(argument, Tensor):
        return f"a tensor {tuple(argument.shape)}"
    return f"a list of {len(argument)}" if isinstance(argument, list) else repr(argument)


def _in_a_line(error: Exception) -> str:
    if isinstance(error, OverflowError):
        return "OverflowError: a number outgrew every float; stop before it does, or use tensors, which make it inf"
    return f"{type(error).__name__}: {error}".splitlines()[0].removesuffix(": ")
