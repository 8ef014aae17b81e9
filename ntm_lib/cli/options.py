"""Options of the `ntm` command, with `argparse`: values that do not fit are refused in one line of plain words."""

import re
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, Literal, NoReturn, get_args, get_origin

if TYPE_CHECKING:
    from ntm_lib.tasks import Size
    from ntm_lib.training.recipes import Recipe


def size(word: str) -> "Size":
    """A length, or a size of several numbers, such as 10x20; ValueError for a word that is neither."""
    from ntm_lib.tasks.sizes import size_in

    return size_in(word)


KINDS: dict[Any, tuple[str, str]] = {
    int: ("INT", "a whole number"),
    float: ("NUMBER", "a number"),
    str: ("TEXT", "at least one character"),
    size: ("SIZE", "a whole number, or several as in 10x20"),
}
"""Words for a type in help and in errors."""

NEGATIVE = re.compile(r"-(inf(inity)?|nan|(\d+\.?\d*|\.\d+)(e[+-]?\d+)?)", re.IGNORECASE)
"""Negative numbers that argparse takes for options."""


class BadOption(Exception):
    """Words on the command line that cannot be used."""


class Options(ArgumentParser):
    """The options of one command; `--learning-rate` may be spelt for `--learning_rate`."""

    def __init__(self, command: str, description: str | None, usage: str | None = None):
        usage = usage and f"ntm {command} {usage}"
        super().__init__(f"ntm {command}", usage, description, allow_abbrev=False)

    def error(self, message: str) -> NoReturn:
        """Raise what argparse would print with its usage."""
        raise BadOption(f"{message}; see `{self.prog} --help`")

    def value(self, name: str, kind: Any = str, text: str = "", **more: Any) -> None:
        """Add an option, or a word without dashes, of type int, float, str, size or a Literal."""
        choices = get_args(kind) if get_origin(kind) is Literal else ()
        default = more.get("default")
        shown = more.pop("shown", default)
        if choices:
            text = f"{text} ({', '.join(choices)})"
        if shown not in (None, [], "") and name.startswith("--"):
            text += f" (default: {' '.join(map(str, shown)) if isinstance(shown, list) else shown})"
        more.setdefault("metavar", None if not name.startswith("--") else "CHOICE" if choices else KINDS[kind][0])
        self.add_argument(name, type=_converter(self.prog, name, kind, choices), help=text.replace("%", "%%"), **more)

    def switch(self, name: str, text: str) -> None:
        """Add an option without a value."""
        self.add_argument(name, action="store_true", help=text)

    def parse(self, words: Sequence[str]) -> Namespace:
        """The values of all options; raises BadOption where a word is not one, or one is missing."""
        return self.parse_intermixed_args(_plain(words))


def _converter(prog: str, name: str, kind: Any, choices: tuple[str, ...]) -> Callable[[str], Any]:
    expected = f"one of {', '.join(choices)}" if choices else KINDS[kind][1]

    def convert(word: str) -> Any:
        try:
            if word and not choices:
                return kind(word)
        except ValueError:
            pass
        if word not in choices:
            raise BadOption(f"{name} is {word!r}: expected {expected}; see `{prog} --help`")
        return word

    return convert


def _plain(words: Iterable[str]) -> list[str]:
    """Options spelt with underscores, and a negative number such as -1e-3 in one word with its option."""
    plain: list[str] = []
    are_options = True
    for word in words:
        are_options = are_options and word != "--"
        if not are_options:
            plain.append(word)
        elif NEGATIVE.fullmatch(word) and plain and re.fullmatch(r"--[^=]+", plain[-1]):
            plain[-1] += f"={word}"
        else:
            plain.append(re.sub(r"^--[\w.-]+", lambda name: "--" + name[0][2:].replace("-", "_"), word))
    return plain


def add_fields(options: Options, words: Sequence[str]) -> None:
    """Every field of a recipe as an option, with its docstring as help and without a default.

    The default that help shows is that of the first word that names a recipe.
    """
    from argparse import SUPPRESS

    from ntm_lib.study import fields
    from ntm_lib.training import recipes

    shown = recipes.settings(recipes.by_name(next((word for word in words if word in recipes.names()), "reliable")))
    for name, (kind, text) in fields.described().items():
        options.value(f"--{name}", kind, text, default=SUPPRESS, shown=shown.get(name))


def changes_in(values: Namespace) -> dict[str, Any]:
    """The fields of a recipe that were given on the command line."""
    from ntm_lib.study import fields

    known = fields.described()
    return {name: value for name, value in vars(values).items() if name in known}


def recipe_in(values: Namespace) -> "Recipe":
    """The one recipe that was named, with the fields that were given."""
    from ntm_lib.study import arms, fields

    return fields.changed(arms.one_recipe(values.recipe), changes_in(values))
