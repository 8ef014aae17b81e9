"""Files of older versions of this library: their recipes and progress in today's fields."""

import re
from typing import Any

FORMAT_3 = "ntm-lib run 3"
CONSTANTS = {
    "schedule": 0,
    "level_loss": 0.15,
    "largest_memory_settling": 1000,
    "momentum": 0.9,
    "focus_updates": 50,
}
"""Fields that recipes had, and the values that are constants now."""
HISTORICAL = ("initialisation", "loss_over", "loss_per", "draws", "curriculum", "clip_value")
"""Fields that stood in a recipe and stand in its `historical` now."""


def recipe(values: dict[str, Any]) -> dict[str, Any]:
    """The fields of a recipe, as plain dictionaries, from those of an older version; today's stay as they are.

    Raises ValueError for a field whose value today's recipes cannot have.
    """
    if "historical" in values:
        return values
    fields = dict(values)
    for name, value in CONSTANTS.items():
        if fields.pop(name, value) != value:
            raise ValueError(f"{name} is {values[name]}: it is {value} in every recipe now")
    if fields.pop("settled_loss", 0.05) == 0:
        fields["settle_updates"] = 0
    historical = {name: fields.pop(name) for name in HISTORICAL if name in fields}
    power, any_length = fields.pop("length_power", 1.5), fields.pop("any_length", 0.0)
    curriculum = historical.get("curriculum", "uniform")
    if any_length:
        historical["curriculum"] = "mixed"
    if (curriculum == "power" and power != 1.5) or (curriculum == "ramp" and power != 1.0):
        raise ValueError(f"length_power is {power}: it is 1.5 for the curriculum 'power' and 1.0 for 'ramp' now")
    if any_length and (any_length, curriculum) != (0.2, "power"):
        raise ValueError(f"any_length is {any_length}: it is 0.2 with the curriculum 'mixed' now")
    machine = dict(fields["machine"])
    if machine.get("initial_memory") in ("random", "learned") and not machine["initial_value"]:
        machine["initial_value"] = (machine["memory_size"] + machine["word_size"]) ** -0.5
    return {**fields, "machine": machine, "historical": historical}


def content(values: dict[str, Any]) -> dict[str, Any]:
    """The JSON text of a file of format 3, whose reason for a stop was a sentence; ValueError for another format."""
    if values.get("format") != FORMAT_3:
        raise ValueError(f"its format is {values.get('format')!r}: expected {FORMAT_3!r} or newer")
    progress = dict(values["progress"])
    found = re.match(
        r"update (\d+), length (\d+): the (.+?)(?: at time step (\d+))? is not finite \(loss (.+)\)",
        progress["stopped"] or "",
    )
    if found:
        update, length, what, step, loss = found.groups()
        progress["stopped"] = {
            "update": int(update),
            "length": int(length),
            "what": what,
            "loss": float(loss),
            "step": None if step is None else int(step),
        }
    return {**values, "progress": progress}
