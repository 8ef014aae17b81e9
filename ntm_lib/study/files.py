"""JSON files of a study: what somebody changed is refused in one line that names the file and the entry."""

import json
import math
from pathlib import Path
from typing import Any

from ntm_lib.runs.checkpoints import write_whole

WORDS = {
    str: "a text",
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    dict: "a table",
    list: "a list",
}


def write_json(path: Path, content: dict[str, Any]) -> None:
    """Put a file in place, whole; ValueError where it cannot be written."""
    write_whole(path, (json.dumps(content, indent=1) + "\n").encode())


def read_json(path: Path, shape: dict[Any, Any]) -> dict[str, Any]:
    """A JSON file that has at least the entries of a shape: by name, or by `str` for all of them, a type or a shape.

    Raises ValueError, naming the file and the first entry that does not fit.
    """
    try:
        content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        misfit = _misfit("the file", content, shape)
    except (OSError, ValueError, RecursionError) as error:
        misfit = str(error)
    if misfit:
        raise not_ours(path, misfit)
    return content


def not_ours(path: Path, why: str) -> ValueError:
    """The error for a file that no study can have written."""
    return ValueError(f"{path} is not what a study wrote ({why}): remove it or choose another directory")


def _misfit(name: str, value: Any, shape: Any) -> str:
    """A sentence on the first entry that is missing or of another type; empty where everything fits."""
    kind = dict if isinstance(shape, dict) else shape
    whole = type(value) is int and kind is float
    if not (type(value) is kind or whole) or (type(value) is float and not math.isfinite(value)):
        return f"{name} is {value!r:.40}: expected {WORDS[kind]}"
    for key, inner in shape.items() if isinstance(shape, dict) else ():
        for own in value if key is str else [key]:
            if own not in value:
                return f"{name} has no {own}"
            if found := _misfit(own, value[own], inner):
                return found
    return ""
