"""Which commands made a study, from which recipes, with which versions."""

import json
import os
import platform
import re
import shlex
from collections.abc import Sequence
from dataclasses import asdict, fields
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import torch

from ntm_lib.study.questions import ARMS
from ntm_lib.training import recipes as named
from ntm_lib.training.checkpoints import write_whole
from ntm_lib.training.recipes import Recipe


def versions() -> dict[str, str]:
    """The versions that a run depends on."""
    try:
        ours = version("ntm-lib")
    except PackageNotFoundError:
        ours = "not installed"
    return {"python": platform.python_version(), "torch": torch.__version__, "ntm_lib": ours}


def note_commands(out: Path, recipes: list[Recipe], seeds: Sequence[int], options: list[str]) -> None:
    """Add this study to the manifest, unless the same command made it before."""
    path = out / "manifest.json"
    manifest = read_json(path, {"commands", "recipes"}) if path.exists() else {"commands": [], "recipes": {}}
    for recipe in recipes:
        command = command_of(recipe, seeds, out, options)
        if command not in manifest["commands"]:
            manifest["commands"].append(command)
        base = closest(recipe)
        manifest["recipes"][recipe.name] = {"is": base.name, "but": differences(recipe, base)}
    manifest |= {"versions": versions(), "cpu_count": os.cpu_count()}
    write_whole(path, (json.dumps(manifest, indent=1) + "\n").encode())


def command_of(recipe: Recipe, seeds: Sequence[int], out: Path, options: list[str]) -> str:
    """The command that makes these runs and asks them what `options` say."""
    base = recipe if recipe in ARMS else closest(recipe)
    words = ["ntm", "study", base.name, "--seeds", seeds_text(seeds), "--out", str(out), *options]
    for name, value in differences(recipe, base).items():
        words += [f"--{name}", str(value)]
    return shlex.join(words)


def closest(recipe: Recipe) -> Recipe:
    """The named recipe that a recipe differs least from."""
    return min(map(named.by_name, named.names()), key=lambda base: len(differences(recipe, base)))


def differences(recipe: Recipe, base: Recipe) -> dict[str, object]:
    """The fields of a recipe, those of its machine as "machine.…", that are not as in another."""
    mine, other = _flat(recipe), _flat(base)
    return {name: value for name, value in mine.items() if name not in other or other[name] != value}


def _flat(recipe: Recipe) -> dict[str, object]:
    values = {field.name: getattr(recipe, field.name) for field in fields(recipe) if field.name != "machine"}
    kind = {"machine": type(recipe.machine).__name__}
    return values | kind | {f"machine.{name}": value for name, value in asdict(recipe.machine).items()}


def seeds_text(seeds: Sequence[int]) -> str:
    """Seeds in short: [0, 1, 2, 7] -> "0-2,7"."""
    spans: list[list[int]] = []
    for seed in sorted(set(seeds)):
        if spans and seed == spans[-1][1] + 1:
            spans[-1][1] = seed
        else:
            spans.append([seed, seed])
    return ",".join(str(first) if first == last else f"{first}-{last}" for first, last in spans)


def parse_seeds(text: str) -> list[int]:
    """What `seeds_text` wrote: "0-2,7" -> [0, 1, 2, 7]; ValueError for anything else."""
    if not re.fullmatch(r"\d+(-\d+)?(,\d+(-\d+)?)*", text):
        raise ValueError(f"seeds are {text!r}: expected whole numbers and ranges, such as 0-99 or 3,5,8-12")
    spans = [[int(seed) for seed in span.split("-")] for span in text.split(",")]
    for span in spans:
        if span[0] > span[-1]:
            raise ValueError(f"seeds are {text!r}: expected ranges that rise; {span[0]}-{span[-1]} falls")
    return list(dict.fromkeys(seed for span in spans for seed in range(span[0], span[-1] + 1)))


def read_json(path: Path, needed: set[str]) -> dict:
    """A JSON file of a study, which has at least the needed entries."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        missing = needed - content.keys()
    except (OSError, ValueError, AttributeError) as error:
        raise ValueError(
            f"{path} is not what a study wrote ({error}): remove it or choose another directory"
        ) from error
    if missing:
        raise ValueError(f"{path} is not what a study wrote (no {min(missing)}): remove it or choose another directory")
    return content
