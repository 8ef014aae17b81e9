"""A recipe's fields by dotted name, such as `updates` or `machine.memory_size`: listed, and changed."""

import ast
import inspect
from collections.abc import Mapping
from dataclasses import fields, replace
from difflib import get_close_matches
from itertools import pairwise
from typing import Any

from ntm_lib.machine import LSTMConfig, NTMConfig
from ntm_lib.training import recipes
from ntm_lib.training.recipes import Historical, Recipe

OWNERS = (("", Recipe), ("machine.", LSTMConfig), ("machine.", NTMConfig), ("historical.", Historical))
"""Classes whose fields a recipe has, after the prefix of their names."""


def described() -> dict[str, tuple[Any, str]]:
    """Type and docstring of every field of a recipe, of both kinds of machine and of `historical`, by dotted name."""
    found: dict[str, tuple[Any, str]] = {}
    for prefix, owner in OWNERS:
        texts = docstrings(owner)
        found |= {prefix + field.name: (field.type, texts[field.name]) for field in fields(owner)}
    return {name: found[name] for name in found if name not in ("machine", "historical")}


def docstrings(owner: type) -> dict[str, str]:
    """The string that stands below every field of a dataclass, by the field's name."""
    (definition,) = ast.parse(inspect.getsource(owner)).body
    return {
        ast.unparse(field.target): " ".join(ast.literal_eval(text.value).split())
        for field, text in pairwise(ast.iter_child_nodes(definition))
        if isinstance(field, ast.AnnAssign) and isinstance(text, ast.Expr)
    }


def changed(recipe: Recipe, changes: Mapping[str, Any]) -> Recipe:
    """A recipe with other values, such as {"updates": 1200, "machine.memory_size": 256}.

    Raises ValueError or TypeError for a field that the recipe or its machine does not have, and for a value that the
    field cannot have.
    """
    known = recipes.settings(recipe)
    own: dict[str, Any] = {}
    parts: dict[str, dict[str, Any]] = {}
    for name, value in changes.items():
        if name not in known or name == "machine":
            near = get_close_matches(name, known.keys() - {"machine"}, n=1)
            hint = f"perhaps {near[0]} is meant; " if near else ""
            raise ValueError(
                f"{name} is no field of recipe {recipe.name}, whose machine is made from"
                f" {type(recipe.machine).__name__}: {hint}`ntm train --help` lists all fields"
            )
        if isinstance(known[name], float) and (isinstance(value, bool) or not isinstance(value, int | float)):
            raise TypeError(f"{name} is {value!r}: expected a number")
        part, _, field = name.rpartition(".")
        (parts.setdefault(part, {}) if part else own)[field] = value
    inner = {part: replace(getattr(recipe, part), **entries) for part, entries in parts.items()}
    return replace(recipe, **own, **inner)
