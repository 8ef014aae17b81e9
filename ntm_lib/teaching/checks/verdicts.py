"""The verdict on an attempt: not attempted, what stops it, another kind of thing than expected, its mistakes, right."""

from collections.abc import Callable, Iterator
from numbers import Integral

import torch
from torch import Tensor

Expected = tuple[int, ...] | type
"""The shape of a tensor, or a type: int, dict, NTM, ..."""

WORDS = {int: "a whole number", dict: "a dictionary"}
"""Types in a learner's words."""


class Asked:
    """An attempt as its check asks it: answers of one kind, and the first thing that went wrong, in words."""

    def __init__(self, attempt: Callable, expected: Expected):
        self.attempt, self.expected = attempt, expected
        self.trouble: str | None = None

    def __call__(self, *arguments: object) -> object:
        """What the attempt answers; TypeError where that is another kind of thing than in the example."""
        try:
            answer = _alike(self.attempt(*arguments), self.expected)
        except Exception as error:
            self.trouble = self.trouble or f"stops with {_in_a_line(error)}"
            raise
        if unlike := _unlike(answer, self.expected, any_length=True):
            self.trouble = self.trouble or unlike
            raise TypeError(unlike)
        return answer


def tell(
    attempt: Callable,
    example: tuple,
    expected: Expected,
    mistakes: Callable[[Callable], Iterator[str]],
    right: str,
    whole: bool = False,
) -> None:
    """Print one verdict on an attempt, which is asked for an example first.

    `expected` is the shape of a tensor, of numbers with a point unless `whole`, or another kind of thing.
    """
    if not callable(attempt):
        print(f"a check takes a function by its name, without brackets and arguments: this is {_kind_of(attempt)}")
        return
    name = getattr(attempt, "__name__", "your attempt")
    try:
        answer = _alike(attempt(*copies(example)), expected)
    except NotImplementedError:
        answer = ...
    except Exception as error:
        print(f"{name} stops with {_in_a_line(error)}")
        return
    if answer is ...:
        print(f"{name}: not attempted yet")
    elif answer is None:
        print(f"{name} returns nothing: does it end with a return?")
    elif unlike := _unlike(answer, expected) or _no_numbers(answer, whole):
        print(f"{name} {unlike}")
    else:
        found = _found(Asked(attempt, expected), mistakes)
        print("\n".join([f"{name}: not yet", *(f"- {one}" for one in found)]) if found else f"{name} is right: {right}")


def answer_of(attempt: Callable, *arguments: object) -> Tensor | int | None:
    """What an attempt makes of copies of these arguments; None where it stops."""
    try:
        return attempt(*copies(arguments))
    except Exception:  # whatever an attempt raises, the sentence says for which arguments it should not
        return None


def copies(arguments: tuple | list) -> tuple | list:
    """The same arguments, in which an attempt may write."""
    kept = {Tensor: Tensor.clone, list: copies}
    return type(arguments)(kept.get(type(one), lambda same: same)(one) for one in arguments)


def _found(asked: Asked, mistakes: Callable[[Callable], Iterator[str]]) -> list[str]:
    """An attempt's mistakes; last, what goes wrong for other arguments than the example's."""
    found = []
    try:
        found.extend(mistakes(asked))
    except Exception:
        if not asked.trouble:
            raise
    return found + [f"asked again, with other arguments, it {asked.trouble}"] * bool(asked.trouble)


def _alike(answer: object, expected: Expected) -> object:
    """An answer that is right but for its type: any whole number as an int, any precision as the usual one."""
    if isinstance(answer, Integral) and not isinstance(answer, bool) and expected is int:
        return int(answer)
    if isinstance(answer, int | float) and not isinstance(answer, bool) and expected == ():
        return torch.tensor(float(answer))
    return answer.float() if isinstance(answer, Tensor) and answer.is_floating_point() else answer


def _unlike(answer: object, expected: Expected, any_length: bool = False) -> str | None:
    """What an answer is instead of what was expected."""
    kind = expected if isinstance(expected, type) else Tensor
    if not isinstance(answer, kind) or isinstance(answer, bool):
        unpacked = ", as .item() gives" if isinstance(answer, Tensor) and expected is int else ""
        return f"returns {_kind_of(answer)}: expected {_in_words(expected)}{unpacked}"
    if kind is not Tensor or (answer.ndim == len(expected) if any_length else answer.shape == expected):
        return None
    return f"returns shape {tuple(answer.shape)}: expected {'as many axes as in ' * any_length}{expected}"


def _no_numbers(answer: object, whole: bool) -> str | None:
    """What a tensor of the right shape holds instead of numbers with a point, or of whole ones."""
    if not isinstance(answer, Tensor):
        return None
    if answer.isnan().any():
        return "returns NaN, which is no number: look for 0 / 0, and for the root or logarithm of a negative number"
    if answer.is_complex() or answer.dtype == torch.bool or not (whole or answer.is_floating_point()):
        wanted = "whole numbers" if whole else "torch.float32, as .float() makes"
        return f"returns a tensor of {answer.dtype}: expected {wanted}"
    return None


def _kind_of(answer: object) -> str:
    return "None" if answer is None else type(answer).__name__


def _in_words(expected: Expected) -> str:
    """What an attempt should return, in words."""
    if isinstance(expected, tuple):
        return f"a tensor of shape {expected}"
    return WORDS.get(expected, f"an {expected.__name__}")


def _in_a_line(error: Exception) -> str:
    said = str(error).splitlines()
    return f"{type(error).__name__}: {said[0]}" if said else type(error).__name__
