"""How a check asks a learner's attempt and prints one verdict, in a sentence and never as a traceback."""

import inspect
import textwrap
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from copy import deepcopy
from functools import partial
from numbers import Integral
from typing import Any, NoReturn
from unittest.mock import patch

import torch
from torch import Tensor

from ntm_lib.tasks import Batch

Attempt = Callable[..., Any]
Trials = Iterator[tuple[bool, str]]
"""Properties of an attempt, each with the sentence to print where it fails; the first that fails is printed."""
Names = tuple[tuple[Any, str], ...]
"""Functions, each as the module or class that holds it and the name that it has there."""

COLUMNS = 70
"""Of a verdict's lines: JupyterLab breaks longer ones in mid-word where it is 700 pixels wide."""


class UnfitAnswerError(Exception):
    """An answer of a wrong kind, or an error instead of one: (words, description of the arguments or None)."""


class Ask:
    """A learner's function as checks call it: with fresh copies of the arguments, for an answer of a given kind.

    Functions `without` which the exercise is to be solved say so when the attempt calls them.
    """

    def __init__(self, attempt: Attempt, without: Names = ()):
        self.attempt, self.without, self.asked = attempt, without, 0

    def __call__(self, *arguments: object, like: Tensor | type, case: str | None = None) -> Any:
        """An answer with the shape and kind of numbers of a tensor `like`, or an object of the class `like`.

        `case` describes the arguments. Raises NotImplementedError for a stub, UnfitAnswerError for an unfit answer.
        """
        self.asked += 1
        if case is None and self.asked > 1:
            case = _all_described(arguments)
        try:
            answer = _converted(self._answer(*deepcopy(arguments)), like)
        except UnfitAnswerError:
            raise
        except Exception as error:
            if isinstance(error, NotImplementedError) and not error.args:  # PyTorch raises it too, with words
                raise
            raise UnfitAnswerError(f"stops with {_in_a_line(error)}", case) from error
        if unlike := _unlike(answer, like):
            raise UnfitAnswerError(unlike, case)
        if case is None and isinstance(answer, Tensor) and answer.isnan().any():
            where = "look for 0 / 0, and for the root or logarithm of a negative number"
            raise UnfitAnswerError(f"returns NaN, which is no number: {where}", case)
        return answer

    def _answer(self, *arguments: object) -> Any:
        with ExitStack() as stack:
            for owner, name in self.without:
                told = f"{owner.__name__.rpartition('.')[2]}.{name}"
                stack.enter_context(patch.object(owner, name, partial(_refuse, told)))
            return self.attempt(*arguments)

    def agrees(self, reference: Callable[..., Tensor], *arguments: object) -> bool:
        """Compare the answer with a reference function's, up to rounding."""
        expected = reference(*arguments)
        return close(self(*arguments, like=expected), expected)

    def agrees_everywhere(
        self, reference: Callable[..., Tensor], *arguments: object, axes: tuple[str, ...] = ("sequences", "heads")
    ) -> tuple[bool, str]:
        """A trial with large arguments, whose sentence tells which places along the first axes alone are right."""
        expected = reference(*arguments)
        found, of_what = self(*arguments, like=expected), f"with {_all_described(arguments)} the numbers are"
        if close(found, expected, atol=0.03 * expected.abs().max().item()):  # some places may be right by chance
            return close(found, expected), f"{of_what} only nearly right: round nothing, and add nothing"
        for axis, name in enumerate(axes):
            pairs = zip(found.unbind(axis), expected.unbind(axis), strict=True)
            right = [place for place, pair in enumerate(pairs) if close(*pair)]
            if 0 < len(right) < expected.shape[axis]:
                told = f"of {expected.shape[axis]} {name} these are right: {', '.join(map(str, right))}"
                return False, f"{told}; each has numbers of its own"
        return False, f"{of_what} wrong: take every size and number from what is given"


def check(right: str, without: Names = ()) -> Callable[[Callable[[Ask], Trials]], Callable[[Attempt], None]]:
    """Make trials of an exercise into a function that prints the verdict on an attempt; `right` praises a right one.

    An attempt may call none of the functions `without` which its exercise is to be solved.
    """

    def with_verdict(trials: Callable[[Ask], Trials]) -> Callable[[Attempt], None]:
        def print_verdict(attempt: Attempt) -> None:
            print(*map(_wrapped, _verdict(attempt, trials, right, without).splitlines()), sep="\n")

        print_verdict.__name__, print_verdict.__doc__ = trials.__name__, trials.__doc__
        return print_verdict

    return with_verdict


def close(found: Any, expected: Tensor, atol: float = 1e-5) -> bool:
    """Compare with a tensor up to rounding; False for anything but a tensor of its shape."""
    alike = isinstance(found, Tensor) and found.shape == expected.shape and not found.is_complex()
    return alike and torch.allclose(found.to(expected.dtype), expected, rtol=1e-4, atol=atol)


def numbers(*shape: int, seed: int = 0) -> Tensor:
    """Draw normal random numbers from a seed, with a generator of their own."""
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def _wrapped(line: str) -> str:
    """Break a long line between words; what goes on is indented."""
    return textwrap.fill(line, COLUMNS, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False)


def _verdict(attempt: Attempt, trials: Callable[[Ask], Trials], right: str, without: Names) -> str:
    if not callable(attempt):
        return f"a check takes a function by its name, without brackets and arguments: this is {type(attempt).__name__}"
    name = attempt.__name__ if inspect.isroutine(attempt) else "your attempt"
    try:
        failed = next((sentence for holds, sentence in trials(Ask(attempt, without)) if not holds), None)
    except NotImplementedError:
        return f"{name}: not attempted yet"
    except UnfitAnswerError as unfit:
        words, case = unfit.args
        if case is None:
            return f"{name} {words}"
        failed = f"with {case}, it {words}"
    return f"{name}: not yet\n- {failed}" if failed else f"{name} is right: {right}"


def _refuse(name: str, *_arguments: object, **_options: object) -> NoReturn:
    raise UnfitAnswerError(f"calls {name}: this exercise is to be solved without it", None)


def _converted(answer: Any, like: Tensor | type) -> Any:
    """Bring an answer that differs in type alone to the type of `like`: int, a tensor (), whole numbers, float32."""
    if answer is ...:
        raise NotImplementedError
    if isinstance(answer, bool):
        return answer
    if not isinstance(like, Tensor):
        return int(answer) if like is int and _is_whole(answer) else answer
    if like.ndim == 0 and (isinstance(answer, int | float) or _is_whole(answer)):
        return torch.as_tensor(answer).float()
    listed = not isinstance(answer, Tensor)
    with suppress(Exception):  # what cannot be made a tensor is told by its own name
        answer = _joined(answer).detach().to_dense()
    if not isinstance(answer, Tensor):
        return answer
    if listed and like.is_floating_point() and answer.dtype is torch.int64:  # a list of 0 and 1 may stand for 0.0, 1.0
        return answer.float()
    if answer.is_floating_point() and (like.is_floating_point() or torch.equal(answer, answer.round())):
        return answer.to(like.dtype)
    return answer


def _joined(answer: Any) -> Tensor:
    """Make a tensor of a number, an array, or a list of tensors, numbers or lists."""
    if isinstance(answer, list | tuple) and not hasattr(answer, "_fields"):
        return torch.stack([*map(_joined, answer)]) if answer else torch.tensor([])
    return torch.as_tensor(answer)


def _is_whole(answer: Any) -> bool:
    """Tell whole numbers, also in a tensor (), from all others; True and False are none."""
    if isinstance(answer, Tensor):
        return answer.ndim == 0 and answer.dtype in (torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64)
    return isinstance(answer, Integral)


def _unlike(answer: Any, like: Tensor | type) -> str | None:
    """Say in words how an answer differs from the wanted kind; None for an answer that fits."""
    kind = type(answer).__name__
    if answer is None:
        return "returns nothing: does it end with a return?"
    if not isinstance(like, Tensor):
        if isinstance(answer, like) and not isinstance(answer, bool):
            return None
        named = {int: "a whole number, an int", dict: "a dictionary", Batch: "a tasks.Batch"}
        wanted = named.get(like, f"an {like.__name__}")
        return f"returns {kind}: expected {wanted}"
    if not isinstance(answer, Tensor):
        wanted = f"a tensor of shape {tuple(like.shape)}" if like.ndim else "a number, or a tensor of shape ()"
        return f"returns {kind}: expected {wanted}"
    if answer.shape != like.shape:
        return f"returns shape {tuple(answer.shape)}: expected {tuple(like.shape)}"
    whole = not like.is_floating_point()
    if answer.is_floating_point() == whole or answer.is_complex() or answer.dtype is torch.bool:
        wanted = "whole numbers" if whole else "torch.float32, as .float() makes"
        return f"returns a tensor of {answer.dtype}: expected {wanted}"
    return None


def _all_described(arguments: tuple[object, ...]) -> str:
    return " and ".join(map(_described, arguments))


def _described(argument: object) -> str:
    """Name a tensor or a list by its size, and any other argument by its value."""
    if isinstance(argument, Tensor):
        return f"a tensor {tuple(argument.shape)}"
    return f"a list of {len(argument)}" if isinstance(argument, list) else repr(argument)


def _in_a_line(error: Exception) -> str:
    if isinstance(error, OverflowError):
        return "OverflowError: a number outgrew every float; stop before it does, or use tensors, which make it inf"
    return f"{type(error).__name__}: {error}".splitlines()[0].removesuffix(": ")
