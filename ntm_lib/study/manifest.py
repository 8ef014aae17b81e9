"""The file `manifest.json` of a study: which commands made the runs, from which recipes, with which versions."""

import os
import platform
import shlex
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import torch

from ntm_lib.study.fields import closest
from ntm_lib.study.files import read_json, write_json
from ntm_lib.study.seeds import seeds_text
from ntm_lib.training.recipes import Recipe, differences

SHAPE = {"commands": list, "recipes": {str: dict}}


def versions() -> dict[str, str]:
    """The versions that a run depends on."""
    try:
        installed = version("ntm-lib")
    except PackageNotFoundError:
        installed = "not installed"
    return {"python": platform.python_version(), "torch": torch.__version__, "ntm_lib": installed}


def note_commands(out: Path, recipes: Sequence[Recipe], seeds: Sequence[int], options: Sequence[str]) -> None:
    """Add the commands that make this study to the manifest, unless they stand there.

    A recipe is noted as the changes that make it from the closest named one. A recipe whose machine is of another kind
    than that of every named one has no command.
    """
    path = out / "manifest.json"
    manifest = read_json(path, SHAPE) if path.exists() else {"commands": [], "recipes": {}}
    for recipe in recipes:
        base = closest(recipe)
        changes = differences(recipe, base)
        manifest["recipes"][recipe.name] = {"is": base.name, "but": changes}
        words = ["ntm", "study", base.name, "--seeds", seeds_text(seeds), "--out", str(out), *options]
        for name, value in changes.items():
            words += [f"--{name}", str(value)]
        if "machine" not in changes and shlex.join(words) not in manifest["commands"]:
            manifest["commands"].append(shlex.join(words))
    write_json(path, manifest | {"versions": versions(), "cpu_count": os.cpu_count()})
