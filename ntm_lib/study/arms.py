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
from pathlib import Path
from typing import Any, NamedTuple

from ntm_lib.study.fields import changed
from ntm_lib.training import recipes
from ntm_lib.training.recipes import Recipe

FILE_NAME = "arms.toml"
ENTRIES = {"question": str, "asked_by": str, "base": str, "every_arm": dict, "arms": dict}
"""Names at the top of the file, and the types of their values."""


class Question(NamedTuple):
    """A question of a study, who asked it, and the recipes whose runs answer it, by the names of their arms."""

    name: str
    question: str
    asked_by: str
    arms: dict[str, Recipe]


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
        return tuple(read_question(word).arms.values())
    path, _, arm = word.rpartition(":")
    if not path or not Path(path).exists():
        raise ValueError(
            f"recipe is {word!r}: expected one of {', '.join(recipes.names())}, or a path to a question or one of its"
            " arms, such as data/studies/heads or data/studies/heads:2+2"
        )
    arms = read_question(path).arms
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
    """The questions at a path: of a file, of a folder and of all folders in it, each by the path of its folder.

    Raises ValueError where there is none, and as `read_question` does.
    """
    path = Path(path)
    files = [path] if path.is_file() else [*path.glob(FILE_NAME), *sorted(path.glob(f"*/{FILE_NAME}"))]
    if not files:
        raise ValueError(f"{path} holds no {FILE_NAME}, and none of its folders does: expected a question, or several")
    return {str(file.parent): read_question(file) for file in files}


def read_question(path: str | Path) -> Question:
    """The question of a folder with a file `arms.toml`, or of that file; the folder's name is the question's.

    Raises ValueError, in one line that names file, arm and field, for whatever cannot be used.
    """
    path = Path(path)
    path = path / FILE_NAME if path.is_dir() else path
    if not path.is_file():
        raise ValueError(f"{path}: there is no such file: expected a folder with {FILE_NAME}")
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
        require_entries(content)
        name = require_file_name(path.resolve().parent.name)
        arms = {arm: arm_of(name, arm, content) for arm in content["arms"]}
    except (OSError, ValueError, TypeError, RecursionError) as error:
        raise ValueError(f"{path}: {error}") from error
    return Question(name, content["question"], content.get("asked_by", ""), arms)


def require_entries(content: dict[str, Any]) -> None:
    """ValueError or TypeError for an entry of the file that is unknown, missing or of another type."""
    for name, value in content.items():
        if name not in ENTRIES:
            raise ValueError(f"{name} is unknown: expected {', '.join(ENTRIES)}; changes stand below [arms.NAME]")
        if not isinstance(value, ENTRIES[name]):
            raise TypeError(
                f"{name} is {value!r}: expected {'a table' if ENTRIES[name] is dict else 'a text in quotes'}"
            )
    if not content.get("question"):
        raise ValueError('question is missing: write what is asked, as question = "…"')
    if not content.get("arms"):
        raise ValueError("there are no arms: write [arms.NAME] for each, and below it what the arm changes")


def arm_of(question: str, arm: str, content: dict[str, Any]) -> Recipe:
    """The recipe of an arm, called QUESTION-ARM; ValueError, naming the arm, for changes that cannot be made."""
    try:
        if not isinstance(content["arms"][arm], dict):
            raise TypeError(f"it is {content['arms'][arm]!r}: expected a table")
        changes = flat(content.get("every_arm", {})) | flat(content["arms"][arm])
        if "name" in changes:
            raise ValueError(f"name is {changes['name']!r}: leave it out, because QUESTION-ARM is the name")
        base = changes.pop("base", content.get("base", "reliable"))
        if base not in recipes.names():
            raise ValueError(f"base is {base!r}: expected one of {', '.join(recipes.names())}")
        return changed(recipes.by_name(base), changes | {"name": f"{question}-{require_file_name(arm)}"})
    except (ValueError, TypeError) as error:
        raise ValueError(f"arm {arm!r}: {error}") from error


def flat(changes: dict[str, Any]) -> dict[str, Any]:
    """Changes by dotted names: {"machine": {"word_size": 3}} -> {"machine.word_size": 3}."""
    found: dict[str, Any] = {}
    for name, value in changes.items():
        inner = value if name in ("machine", "historical") and isinstance(value, dict) else None
        found |= {name: value} if inner is None else {f"{name}.{field}": entry for field, entry in inner.items()}
    return found
