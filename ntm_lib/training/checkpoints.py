"""Runs on disk: one safetensors file a run, written whole or not at all, and nothing is ever unpickled.

DIR/run.safetensors holds the weights ("model."), their running average where a recipe has one ("average."), the
optimiser's averages ("optimizer."), the state of the random generator, and in its header a JSON text: recipe, seed,
progress with history, and the versions that made it.
"""

import json
import os
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save as to_bytes
from torch import Tensor, nn

from ntm_lib.machine import LSTMConfig, NTMConfig
from ntm_lib.training.recipes import Recipe
from ntm_lib.training.run import Progress, Run

FORMAT = "ntm-lib run 3"
FILE_NAME = "run.safetensors"


def save(run: Run, out: str | Path | None) -> None:
    """Write a run to the directory `out`, replacing what was there only when all is on disk; None: do nothing.

    Raises ValueError where the directory cannot be made or written.
    """
    if out is None:
        return
    metadata = {
        "format": FORMAT,
        "recipe": recipe_to_json(run.recipe),
        "seed": run.seed,
        "progress": asdict(run.progress),
        "versions": {"torch": torch.__version__},
    }
    write_whole(Path(out) / FILE_NAME, to_bytes(_tensors(run), metadata={"run": json.dumps(metadata)}))


def write_whole(path: Path, content: bytes) -> None:
    """Put a file in place in one move, so that at any moment there is the old file or the new one, whole.

    Raises ValueError where the directory cannot be made or written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_name(f".{path.name}.{os.getpid()}")
        try:
            with unfinished.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            os.replace(unfinished, path)
        except BaseException:
            unfinished.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise ValueError(f"cannot write {path}: {error.strerror}; choose a directory that can be written") from error


def resume(run: Run, out: str | Path | None) -> Run:
    """The run that `out` holds, if it is of the same recipe and seed; else `run` itself, where `out` holds none.

    Raises ValueError where `out` holds another run or a file that cannot be read.
    """
    if out is None or not (Path(out) / FILE_NAME).exists():
        return run
    saved = read(out)
    if saved.recipe != run.recipe or saved.seed != run.seed:
        differing = [
            field.name
            for field in fields(Recipe)
            if getattr(saved.recipe, field.name) != getattr(run.recipe, field.name)
        ]
        raise ValueError(
            f"{out} holds seed {saved.seed} of recipe {saved.recipe.name!r}"
            + (f" with another {', '.join(differing)}" if differing else "")
            + f", not seed {run.seed} of {run.recipe.name!r}: choose another directory"
        )
    return saved


def load(directory: str | Path) -> tuple[nn.Module, Run]:
    """The machine that a directory holds, and the run that made it.

    Raises ValueError where there is no run, or one that is truncated or of another version.
    """
    run = read(directory)
    run.judged.eval()
    return run.judged, run


def read(directory: str | Path) -> Run:
    """A run from its directory; errors as in `load`."""
    path = Path(directory) / FILE_NAME
    if not path.is_file():
        raise ValueError(f"{directory} holds no {FILE_NAME}: expected a directory that `ntm train --out` made")
    try:
        with safe_open(path, framework="pt") as file:
            metadata = json.loads((file.metadata() or {}).get("run", "{}"))
            tensors = {name: file.get_tensor(name) for name in file.keys()}
    except (SafetensorError, OSError, ValueError) as error:
        raise ValueError(
            f"{path} is truncated or not ours ({_line(error)}): train again or restore the file"
        ) from error
    found = metadata.get("format") if isinstance(metadata, dict) else None
    if found != FORMAT:
        raise ValueError(f"{path} has format {found!r}: expected {FORMAT!r}; train again")
    try:
        run = Run(recipe_from_json(metadata["recipe"]), metadata["seed"])
        run.progress = Progress(**metadata["progress"])
        _restore(run, tensors)
    except (KeyError, TypeError, ValueError, AttributeError, RuntimeError) as error:
        raise ValueError(f"{path} does not fit this version of ntm_lib ({_line(error)}): train again") from error
    return run


def updates_done(directory: str | Path) -> int:
    """How many updates the run in a directory has come to, without its weights; 0 where none can be read."""
    try:
        with safe_open(Path(directory) / FILE_NAME, framework="pt") as file:
            return json.loads(file.metadata()["run"])["progress"]["update"]
    except (SafetensorError, OSError, ValueError, LookupError, TypeError):
        return 0


def _line(error: Exception) -> str:
    """What an error says, in one line."""
    return " ".join(str(error).split())


def recipe_to_json(recipe: Recipe) -> dict[str, Any]:
    """A recipe as plain dictionaries."""
    return asdict(recipe)


def recipe_from_json(values: dict[str, Any]) -> Recipe:
    """The recipe that `recipe_to_json` wrote down."""
    machine = values["machine"]
    config = NTMConfig if "word_size" in machine else LSTMConfig
    return Recipe(**{**values, "machine": config(**machine)})


def _tensors(run: Run) -> dict[str, Tensor]:
    tensors = {f"model.{name}": value.contiguous() for name, value in run.model.state_dict().items()}
    for index, averages in run.optimizer.state_dict()["state"].items():
        for name, value in averages.items():
            tensors[f"optimizer.{index}.{name}"] = value.contiguous()
    if run.average is not None:
        tensors |= {f"average.{name}": value.contiguous() for name, value in run.average.state_dict().items()}
    tensors["generator"] = run.generator.get_state()
    return tensors


def _restore(run: Run, tensors: dict[str, Tensor]) -> None:
    for prefix, module in {"model.": run.model, "average.": run.average}.items():
        if module is not None:
            state = {name.removeprefix(prefix): tensors[name] for name in tensors if name.startswith(prefix)}
            module.load_state_dict(state)
    averages: dict[int, dict[str, Tensor]] = {}
    for name, value in tensors.items():
        if name.startswith("optimizer."):
            _, index, key = name.split(".")
            averages.setdefault(int(index), {})[key] = value
    run.optimizer.load_state_dict({**run.optimizer.state_dict(), "state": averages})
    run.generator.set_state(tensors["generator"])
