"""JSON files of a study: what somebody changed is refused in one line that names the file and the entry."""

import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ntm_lib.training.checkpoints import write_whole

NUMBER = "a whole number as text"
"""In place of a type: keys such as "120"."""
WORDS: dict[Any, str] = {
    str: "a text",
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    dict: "a table",
    list: "a list",
    None: "null",
}


def write_json(path: Path, content: dict[str, Any]) -> None:
    """Put a file in place, whole; ValueError where it cannot be written."""
    write_whole(path, (json.dumps(content, indent=1) + "\n").encode())


def read_json(path: Path, shape: dict[Any, Any]) -> dict[str, Any]:
    """A JSON file that has at least the entries of `shape`: each a type, a tuple of types, [shape] or {key: shape}.

    Raises ValueError, naming the file and the first entry that does not fit.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        misfit = next(_misfits("the file", content, shape), None)
    except (OSError, ValueError, RecursionError) as error:
        misfit = str(error)
    if misfit is not None:
        raise not_ours(path, misfit)
    return content


def not_ours(path: Path, why: str) -> ValueError:
    """The error for a file that no study can have written."""
    return ValueError(f"{path} is not what a study wrote ({why}): remove it or choose another directory")


def _misfits(name: str, value: Any, shape: Any) -> Iterator[str]:
    """A sentence for every entry that is missing or of another type."""
    kinds = shape if isinstance(shape, tuple) else (type(shape) if isinstance(shape, dict | list) else shape,)
    if not _is_one_of(value, kinds):
        yield f"{name} is {value!r:.40}: expected {' or '.join(WORDS[kind] for kind in kinds)}"
    elif isinstance(shape, list):
        for entry in value:
            yield from _misfits(f"an entry of {name}", entry, shape[0])
    elif isinstance(shape, dict):
        for key, inner in shape.items():
            yield from _misfits_below(name, value, key, inner)


def _misfits_below(name: str, table: dict[str, Any], key: Any, inner: Any) -> Iterator[str]:
    """The same for one key of a table, or, where the key is a type, for every key."""
    if key in (str, NUMBER):
        yield from (f"{name} has {own!r}: expected {key}" for own in table if key == NUMBER and not own.isdecimal())
        for own, value in table.items():
            yield from _misfits(own, value, inner)
    elif key in table:
        yield from _misfits(key, table[key], inner)
    else:
        yield f"{name} has no {key}"


def _is_one_of(value: Any, kinds: tuple[Any, ...]) -> bool:
    """Whether a value has one of these types; True is no number, a whole number is one, and NaN is none."""
    if isinstance(value, float) and not math.isfinite(value):
        return False
    return (None if value is None else type(value)) in kinds or (type(value) is int and float in kinds)
