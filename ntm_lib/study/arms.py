"""Questions as data: a file `arms.toml` says what a study asks, and which recipes answer it, its arms.

A question is a folder with this file, and bears the folder's name. One of your own, in a folder `rates`:

    question = "Which learning rate suits one weighting?"
    asked_by = "our reading group"          # optional
    base = "post_repaired"                  # the recipe that the arms change; `reliable` where this line is left out

    [every_arm]                             # optional: changes that all arms have in common
    updates = 1200

    [arms.slow]                             # an arm: its name, and below it what it changes
    learning_rate = 1e-3

    [arms."fast-0.05"]                      # a name with a dot or a plus stands in quotes
    learning_rate = 0.05
    machine.memory_size = 64                # a field of the machine

    [arms.as-it-is]                         # an arm that changes nothing more

    [arms.reliable]
    base = "reliable"                       # an arm may have a recipe of its own to change

`ntm study rates --seeds 0-99 --out runs/rates` trains all arms, `ntm study rates:slow …` one of them, as a recipe
called `rates-slow`. `ntm recipes` lists recipes, `ntm train --help` all fields that an arm may change.
"""

import re
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from ntm_lib.study.fields import changed
from ntm_lib.training import recipes
from ntm_lib.training.recipes import Recipe

FILE_NAME = "arms.toml"
ENTRIES = {"question": str, "asked_by": str, "base": str, "every_arm": dict, "arms": dict}
"""Names at the top of the file, and the types of their values."""
WORDS: dict[type, str] = {str: "a text in quotes", dict: "a table"}
LONGEST_FILE = 1_000_000
"""Bytes of a file that is read."""


class Question(NamedTuple):
    """A question of a study, who asked it, and the recipes whose runs answer it."""

    name: str
    question: str
    asked_by: str
    arms: tuple[Recipe, ...]


def require_file_name(name: str) -> str:
    """The name of a recipe or an arm, which files bear; ValueError for one that no file should."""
    if not re.fullmatch(r"\w[\w.+-]{0,99}", name):
        raise ValueError(f"name is {name!r}: expected up to 100 letters, digits and _ . + -, because files bear it")
    return name


def recipes_of(word: str) -> tuple[Recipe, ...]:
    """The recipe of that name, all arms of the question at that path, or the one arm of PATH:ARM.

    Raises ValueError where there is none, and as `read_question` does.
    """
    if word in recipes.names():
        return (recipes.by_name(word),)
    if Path(word).exists():
        return read_question(word).arms
    path, _, arm = word.rpartition(":")
    if not path or not Path(path).exists():
        raise ValueError(
            f"recipe is {word!r}: expected one of {', '.join(recipes.names())}, or a path to a question or one of its"
            " arms, such as data/studies/heads or data/studies/heads:2+2"
        )
    question = read_question(path)
    arms = {recipe.name.removeprefix(f"{question.name}-"): recipe for recipe in question.arms}
    if arm not in arms:
        raise ValueError(f"arm is {arm!r}: expected one of {', '.join(arms)}, the arms of {path}")
    return (arms[arm],)


def one_recipe(word: str) -> Recipe:
    """The recipe or arm that a word names; ValueError for a question of several arms, and as `recipes_of`."""
    first, *others = recipes_of(word)
    if others:
        raise ValueError(
            f"recipe is {word!r}, a question of {1 + len(others)} arms: name one, as in {word}:ARM;"
            f" `ntm recipes {word}` lists them"
        )
    return first


def questions_in(path: str | Path) -> dict[str, Question]:
    """The question at a path, or the questions of all folders in a folder, each by its own path.

    Raises ValueError where there is none, and as `read_question` does.
    """
    path = Path(path)
    if path.is_file() or (path / FILE_NAME).is_file():
        return {str(path): read_question(path)}
    found = {str(file.parent): read_question(file) for file in sorted(path.glob(f"*/{FILE_NAME}"))}
    if not found:
        raise ValueError(f"{path} holds no {FILE_NAME}, and none of its folders does: expected a question, or several")
    return found


def read_question(path: str | Path) -> Question:
    """The question of a folder with a file `arms.toml`, or of that file; the folder's name is the question's.

    Raises ValueError, in one line that names file, arm and field, for whatever cannot be used.
    """
    path = Path(path)
    path = path / FILE_NAME if path.is_dir() else path
    try:
        content = _parsed(path)
        name = require_file_name(path.resolve().parent.name)
        arms = tuple(_arms(name, content))
    except (ValueError, TypeError) as error:
        raise ValueError(f"{path}: {error}") from error
    return Question(name, content["question"], content.get("asked_by", ""), arms)


def _parsed(path: Path) -> dict[str, Any]:
    """The parsed file; ValueError or TypeError for an entry that is unknown, missing or of another type."""
    if not path.is_file():
        raise ValueError(f"there is no such file: expected a folder with {FILE_NAME}")
    try:
        with path.open("rb") as file:
            text = file.read(LONGEST_FILE + 1)
        if len(text) > LONGEST_FILE:
            raise ValueError(f"the file is longer than {LONGEST_FILE:,} bytes: expected the arms of one question")
        content = tomllib.loads(text.decode("utf-8"))
    except OSError as error:
        raise ValueError(f"cannot be read ({error.strerror}): expected a file that may be read") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ValueError(f"this is not TOML ({error}): correct that place") from error
    for name, value in content.items():
        if name not in ENTRIES:
            raise ValueError(f"{name} is unknown: expected {', '.join(ENTRIES)}; changes stand below [arms.NAME]")
        _require(name, value, ENTRIES[name])
    if not content.get("question"):
        raise ValueError('question is missing: write what is asked, as question = "…"')
    if not content.get("arms"):
        raise ValueError("there are no arms: write [arms.NAME] for each, and below it what the arm changes")
    return content


def _arms(name: str, content: dict[str, Any]) -> Iterator[Recipe]:
    """The recipe of every arm, called QUESTION-ARM."""
    base = _base(content, "reliable")
    with _named("every_arm"):
        every = _flat(content.get("every_arm", {}))
        changed(base, every)
    for arm, own in content["arms"].items():
        with _named(f"arm {arm!r}"):
            _require(arm, own, dict)
            changes = _flat({field: value for field, value in own.items() if field != "base"})
            recipe = changed(_base(own, base.name), every | changes)
            yield replace(recipe, name=f"{name}-{require_file_name(arm)}")


@contextmanager
def _named(place: str) -> Iterator[None]:
    """Name a part of the file in whatever error comes from it."""
    try:
        yield
    except (ValueError, TypeError) as error:
        raise ValueError(f"{place}: {error}") from error


def _base(table: dict[str, Any], default: str) -> Recipe:
    name = table.get("base", default)
    if name not in recipes.names():
        raise ValueError(f"base is {name!r}: expected one of {', '.join(recipes.names())}")
    return recipes.by_name(name)


def _flat(changes: dict[str, Any]) -> dict[str, Any]:
    """Changes by dotted names: {"machine": {"word_size": 3}} -> {"machine.word_size": 3}."""
    found: dict[str, Any] = {}
    for name, value in changes.items():
        if name == "name":
            raise ValueError(f"name is {value!r}: leave it out, because QUESTION-ARM is the name")
        if isinstance(value, dict) and not name.isidentifier():
            raise ValueError(f'{name} is a table: an arm\'s name with a dot stands in quotes, as in [arms."norm-0.2"]')
        if isinstance(value, dict):
            found |= {f"{name}.{field}": entry for field, entry in value.items()}
        else:
            found[name] = value
    return found


def _require(name: str, value: object, kind: type) -> None:
    if not isinstance(value, kind):
        raise TypeError(f"{name} is {value!r}: expected {WORDS[kind]}")
