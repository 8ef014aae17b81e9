"""A recipe's fields by dotted name, such as `updates` or `machine.memory_size`: listed, and changed."""

import ast
import inspect
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass, replace
from difflib import get_close_matches
from itertools import pairwise
from typing import Any, NamedTuple, get_args

from ntm_lib.training import recipes
from ntm_lib.training.recipes import Recipe, differences

KINDS: dict[Any, str] = {int: "a whole number", float: "a number", str: "a text in quotes"}
"""Words for the types that a field may have, beside a choice between words."""


class Field(NamedTuple):
    """Type and explanation of one field."""

    kind: Any
    text: str


def described(owner: type = Recipe, prefix: str = "") -> dict[str, Field]:
    """Type and docstring of every field of a recipe, and of its parts as `machine.…`, by dotted name."""
    texts = dict(_docstrings(owner))
    found: dict[str, Field] = {}
    for field in fields(owner):
        parts = [part for part in (field.type, *get_args(field.type)) if isinstance(part, type) and is_dataclass(part)]
        for part in parts:
            found = described(part, f"{prefix}{field.name}.") | found
        if not parts:
            found[prefix + field.name] = Field(field.type, texts[field.name])
    return found


def _docstrings(owner: type) -> Iterator[tuple[str, str]]:
    """The name of every field of a dataclass, and the string that stands below it."""
    (definition,) = ast.parse(inspect.getsource(owner)).body
    for field, text in pairwise(ast.iter_child_nodes(definition)):
        if isinstance(field, ast.AnnAssign) and isinstance(text, ast.Expr):
            yield ast.unparse(field.target), " ".join(ast.literal_eval(text.value).split())


def closest(recipe: Recipe) -> Recipe:
    """The named recipe that a recipe differs from in the fewest fields."""
    return min(map(recipes.by_name, recipes.names()), key=lambda base: len(differences(recipe, base)))


def changed(recipe: Recipe, changes: Mapping[str, Any]) -> Recipe:
    """A recipe with other values, such as {"updates": 1200, "machine.memory_size": 256}.

    Raises ValueError or TypeError for a field that the recipe or its machine does not have, and for a value that the
    field cannot have.
    """
    known, own = described(), recipes.settings(recipe)
    parts: dict[str, dict[str, Any]] = {}
    for name, value in changes.items():
        if name not in known:
            raise ValueError(f"{name} is no field of a recipe: {_hint(name, known)}`ntm train --help` lists them")
        if name not in own:
            machine = type(recipe.machine).__name__
            raise ValueError(f"{name} is not for recipe {recipe.name}, whose machine is made from {machine}")
        _require_kind(name, value, known[name].kind)
        part, _, field = name.rpartition(".")
        parts.setdefault(part, {})[field] = value
    own_changes = parts.pop("", {})
    inner = {part: replace(getattr(recipe, part), **entries) for part, entries in parts.items()}
    return replace(recipe, **own_changes, **inner)


def _hint(name: str, known: Mapping[str, Field]) -> str:
    """The field that was perhaps meant, if one is part of this name or spelt nearly like it."""
    near = [other for other in known if other.startswith(f"{name}.")] or get_close_matches(name, known)
    return f"perhaps {near[0]} is meant; " if near else ""


def _require_kind(name: str, value: object, kind: Any) -> None:
    """Raise TypeError where a number or a text is wanted and a value is none; choices are checked by their owner."""
    wanted = (int, float) if kind is float else kind
    if kind in KINDS and (isinstance(value, bool) or not isinstance(value, wanted)):
        raise TypeError(f"{name} is {value!r}: expected {KINDS[kind]}")
