"""The file of a trained machine, read without torch; machines that no proof covers are refused.

Format and names are those of `ntm_lib.training.checkpoints`.
"""

import json
import math
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open

FILE_NAME, FORMAT = "run.safetensors", "ntm-lib run 4"
COVERED = {
    "controller": "feed-forward",
    "read_heads": 1,
    "write_heads": 1,
    "shift_range": 1,
    "weightings": "separate",
    "initial_weights": "spaced",
    "initial_memory": "constant",
    "initial_value": 0.0,
    "initial_reads": "learned",
    "output_from": "hidden",
    "averaging": 0.0,
}
"""Fields of a machine's config that the invariant of `claims` is about, and the one value that it covers of each."""
SIZES = ("input_size", "output_size", "word_size", "controller_size")


def read_weights(directory: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """Tensors of the machine that a directory holds, by name, and its recipe.

    ValueError for a file that cannot be read, for a machine of another shape than the invariant of `claims` covers, and
    for weights that are not finite or do not fit the machine's config.
    """
    path = directory / FILE_NAME
    if not path.is_file():
        raise ValueError(f"{path.parent} holds no {FILE_NAME}: expected a directory that `ntm train --out` made")
    try:
        with safe_open(path, "numpy") as file:
            header = file.metadata() or {}
            names = [name for name in file.keys() if name.startswith("model.")]
            tensors = {name.removeprefix("model."): file.get_tensor(name) for name in names}
        recipe = json.loads(header.get("run", "{}")).get("recipe")
    except (SafetensorError, OSError, AttributeError, ValueError) as error:
        raise ValueError(f"{path} cannot be read ({' '.join(str(error).split())}): restore the file") from error
    whole = isinstance(recipe, dict) and isinstance(recipe.get("machine"), dict)
    if header.get("format") != FORMAT or not whole:
        raise ValueError(f"no proof covers this machine: {path} is not of format {FORMAT!r}; train it anew")
    _require_covered(recipe)
    _require_shapes(tensors, recipe["machine"])
    return tensors, recipe


def _require_shapes(tensors: dict[str, Any], config: dict[str, Any]) -> None:
    """ValueError, naming a tensor, for weights that are not those of a config."""
    inputs, outputs, word, hidden = (config[name] for name in SIZES)
    emitted = 4 * word + 12  # two keys, an erase and an add vector; and of each head beta, g, gamma and three shifts
    layers = {"controller.from_input": (hidden, inputs + word), "heads.linear": (emitted, hidden)}
    layers |= {"output": (outputs, hidden)}
    expected: dict[str, tuple[int, ...]] = {f"{name}.weight": shape for name, shape in layers.items()}
    expected |= {f"{name}.bias": shape[:1] for name, shape in layers.items()} | {"reads_0": (1, word)}
    found = {name: tuple(value.shape) for name, value in tensors.items() if str(value.dtype) == "float32"}
    for name in sorted(expected.keys() | tensors.keys()):
        if found.get(name) != expected.get(name) or not (abs(tensors[name]) < math.inf).all():
            raise ValueError(f"no proof covers this machine: {name} is not finite float32 of the shape of its config")


def _require_covered(recipe: dict[str, Any]) -> None:
    """ValueError, naming a field, for a machine of another shape than the invariant is about."""
    config, refused = {**recipe["machine"], "averaging": recipe.get("averaging")}, "no proof covers this machine"
    for field in SIZES:
        if type(config.get(field)) is not int:
            raise ValueError(f"{refused}: {field} is {config.get(field)!r}, expected a whole number")
    for field, value in COVERED.items():
        if config.get(field) != value:
            raise ValueError(f"{refused}: {field} is {config.get(field)!r}, expected {value!r}")
    if config["input_size"] != config["output_size"] + 2 or not 1 <= config["output_size"] <= 8:
        sizes = f"input_size {config['input_size']} and output_size {config['output_size']}"
        raise ValueError(f"{refused}: {sizes}, expected up to 8 outputs, and two inputs more for the markers")
