"""Files of older versions of this library: their recipes and progress in today's fields."""

import re
from typing import Any

FORMAT_3 = "ntm-lib run 3"
CONSTANTS = {"schedule": 0, "level_loss": 0.15, "momentum": 0.9, "focus_updates": 50}
"""Fields that recipes had, and the values that are constants now."""
LEFT_OUT = ["input_gain", "location_gain", "erase_bias", "payload_settling", "large_memories", "handicap"]
LEFT_OUT += ["largest_memory_settling", "final_rate", "rest", "quiet", "listen"]
"""Fields that recipes had, and have no more."""
NEW = {"clear": 0.0, "margin": 0.0, "validation_crowd": 10_000.0, "validations_in_a_row": 2}
"""Fields that recipes did not have, and what stood in their place."""
HISTORICAL = ("initialisation", "loss_over", "loss_per", "draws", "curriculum", "clip_value")
"""Fields that stood in a recipe and stand in its `historical` now."""
CURRICULA = {("power", 1.5, 0.0): "power", ("ramp", 1.0, 0.0): "ramp", ("power", 1.5, 0.2): "mixed"}
"""Today's name of a curriculum, by its old name, length_power and any_length; others do not depend on the numbers."""
STOPPED = r"update (\d+), length (\d+): the (.+?)(?: at time step (\d+))? is not finite \(loss (.+)\)"
"""Sentence that stood for a `Stop`."""


class LeftOutError(ValueError):
    """A field of an older recipe that no recipe has any more, and that made a difference."""

    def __init__(self, name: str, value: object):
        super().__init__(
            f"{name} is {value!r}, which recipes leave out now: train again, or use version 0.1.0 of the library"
        )


def recipe(values: dict[str, Any], finished: bool = False) -> dict[str, Any]:
    """The fields of a recipe from those of an older version, of a run that may be finished.

    Raises ValueError for a value that no recipe can have today.
    """
    if "clear" in values:
        return without_crowd(values, finished)
    return without_left_out(values if "historical" in values else with_historical(values), finished)


def without_crowd(values: dict[str, Any], finished: bool) -> dict[str, Any]:
    """A recipe without crowds in training, which only files from before the release of version 0.2.0 have."""
    if not finished and values.get("largest_crowd", 1) != 1:
        raise LeftOutError("largest_crowd", values["largest_crowd"])
    kept = {name: value for name, value in values.items() if name != "largest_crowd"}
    return {"validation_crowd": NEW["validation_crowd"]} | kept


def without_left_out(values: dict[str, Any], finished: bool) -> dict[str, Any]:
    """A recipe without the fields that recipes have no more; `LeftOutError` where one of them makes a difference.

    They make none to a run that is finished, which trains no more: its recipe is told as far as today's fields go.
    """
    historical = dict(values["historical"])
    if not finished:
        require_no_difference(values)
    if values["payload"] == "varied":
        raise LeftOutError("payload", "varied")
    historical.pop("draws", None)
    first_weights = historical.pop("initialisation", "pytorch")
    gone = LEFT_OUT if values["settle_updates"] else [*LEFT_OUT, "settle_at_least"]  # of which the default was another
    kept = {name: value for name, value in values.items() if name not in gone}
    return kept | NEW | {"historical": historical, "first_weights": first_weights}


def require_no_difference(values: dict[str, Any]) -> None:
    """Raise `LeftOutError` for a field that recipes have no more, and with which the run would train otherwise."""
    settles, idle = values["settle_updates"], dict[str, Any]()
    if "word_size" in values["machine"]:
        idle = {"input_gain": 1, "location_gain": 1, "erase_bias": 0, "rest": 0, "listen": 0}
        if settles:
            idle["quiet"] = 0
        if settles and values["largest_memory"]:  # and the handicap is for large memories alone
            idle["large_memories"] = 0
    if settles:
        idle |= {"final_rate": 1, "payload_settling": values["payload"]}
    for name, value in idle.items():
        if values.get(name, value) != value:
            raise LeftOutError(name, values[name])
    if values["historical"].get("draws", "even") == "even":
        raise LeftOutError("draws", "even")


def with_historical(values: dict[str, Any]) -> dict[str, Any]:
    """The fields of a recipe of format 3, in which those of `Historical` stood among the others."""
    fields = dict(values)
    for name, value in CONSTANTS.items():
        if fields.pop(name, value) != value:
            raise ValueError(f"{name} is {values[name]}: it is {value} in every recipe now")
    if fields.pop("settled_loss", 0.05) == 0:
        fields["settle_updates"] = 0
    historical = {name: fields.pop(name) for name in HISTORICAL if name in fields}
    old = historical.get("curriculum", "uniform"), fields.pop("length_power", 1.5), fields.pop("any_length", 0.0)
    if old not in CURRICULA and (old[0] in ("power", "ramp") or old[2]):
        raise ValueError(f"curriculum, length_power and any_length are {old}: expected one of {list(CURRICULA)}")
    historical["curriculum"] = CURRICULA.get(old, old[0])
    machine = dict(fields["machine"])
    if machine.get("initial_memory") in ("random", "learned") and not machine["initial_value"]:
        machine["initial_value"] = (machine["memory_size"] + machine["word_size"]) ** -0.5
    return {**fields, "machine": machine, "historical": historical}


def progress(values: dict[str, Any]) -> dict[str, Any]:
    """The fields of a progress from those of an older version, which noted the share of the task that was learned."""
    return {name: value for name, value in values.items() if name != "learned"}


def content(values: dict[str, Any]) -> dict[str, Any]:
    """The JSON text of a file of format 3, whose reason for a stop was a sentence; ValueError for another format."""
    if values.get("format") != FORMAT_3:
        raise ValueError(f"its format is {values.get('format')!r}: expected {FORMAT_3!r} or newer")
    progress = dict(values["progress"])
    if found := re.match(STOPPED, progress["stopped"] or ""):
        update, length, what, step, loss = found.groups()
        progress["stopped"] = {"update": int(update), "length": int(length), "what": what, "loss": float(loss)}
        progress["stopped"]["step"] = None if step is None else int(step)
    return {**values, "progress": progress}
