"""Two questions about what a reader has written to be trained: is it right, and how long is it?"""

import inspect
from collections.abc import Callable
from contextlib import redirect_stdout
from io import StringIO
from typing import Any

from torch import nn

from ntm_lib.teaching.checks import lesson_04b


def is_ready(
    written: type[nn.Module] | Callable[..., Any],
    check: Callable[[Any], None] = lesson_04b.ntm,
    part: str = "step 6",
) -> bool:
    """Whether a check calls a class or a function right, by default that of a whole machine, which is step 6 of its
    lesson; prints what is missing where it does not."""
    said = StringIO()
    with redirect_stdout(said):
        check(written)
    ready = said.getvalue().startswith(f"{written.__name__} is right: ")
    if not ready:
        print(f"The training waits for {written.__name__}: it begins once {part} is right.")
    return ready


def lines_of(*written: Callable[..., Any]) -> int:
    """Lines of code of functions and classes: those that are not blank and do not begin with a comment."""
    return sum(bool(line.strip()) and not line.strip().startswith("#") for one in written for line in _source(one))


def _source(written: Callable[..., Any]) -> list[str]:
    """The lines of a function; of a class its first line and those of its methods, since notebooks hide the rest."""
    if not inspect.isclass(written):
        return inspect.getsource(written).splitlines()
    methods = [value for value in vars(written).values() if inspect.isfunction(value)]
    return [f"class {written.__name__}:", *(line for method in methods for line in _source(method))]
