"""Runs on disk: one safetensors file a run, written whole or not at all, and nothing is ever unpickled.

DIR/run.safetensors holds the weights ("model."), their running average where a recipe has one ("average."), the
optimiser's averages ("optimizer."), the state of the random generator, and in its header a JSON text (recipe, seed,
progress with history, versions) and a checksum over text and tensors.
"""

import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from filelock import FileLock, Timeout
from safetensors import SafetensorError, safe_open
from safetensors.torch import save as to_bytes
from torch import Tensor

from ntm_lib.machine import NTM, LSTMBaseline, LSTMConfig, NTMConfig, validate
from ntm_lib.machine.own import Maker
from ntm_lib.runs import older
from ntm_lib.tasks import TASKS, Batch, Task, task_for
from ntm_lib.training.progress import Progress
from ntm_lib.training.recipe import Historical, Recipe, differences
from ntm_lib.training.run import Run

FORMAT = "ntm-lib run 4"
FILE_NAME = "run.safetensors"
WRONG = (SafetensorError, OSError, LookupError, TypeError, ValueError, AttributeError, RuntimeError)
"""Errors that a damaged or foreign file can cause."""


def save(run: Run, out: str | Path | None) -> None:
    """Write a run to the directory `out`, replacing an earlier file only when all is on disk; None: do nothing.

    Raises ValueError where the directory cannot be made or written.
    """
    if out is None:
        return
    tensors = {f"model.{name}": value for name, value in run.model.state_dict().items()}
    for index, averages in run.optimizer.state_dict()["state"].items():
        tensors |= {f"optimizer.{index}.{name}": value for name, value in averages.items()}
    if run.average is not None:
        tensors |= {f"average.{name}": value for name, value in run.average.state_dict().items()}
    tensors["generator"] = run.generator.get_state()
    tensors = {name: value.contiguous() for name, value in tensors.items()}
    content = {"recipe": asdict(run.recipe), "task": run.task.name, "seed": run.seed}
    text = json.dumps(content | {"progress": run.progress.to_json(), "versions": {"torch": torch.__version__}})
    header = {"format": FORMAT, "run": text, "sha256": checksum(text, tensors)}
    write_whole(Path(out) / FILE_NAME, to_bytes(tensors, metadata=header))


def checksum(text: str, tensors: dict[str, Tensor]) -> str:
    """A hash of a JSON text and of the names, types, shapes and numbers of all tensors."""
    found = hashlib.sha256(text.encode())
    for name, value in sorted(tensors.items()):
        found.update(f"{name} {value.dtype} {tuple(value.shape)}".encode() + value.cpu().numpy().tobytes())
    return found.hexdigest()


def write_whole(path: Path, content: bytes) -> None:
    """Put a file in place in one move, so that at any moment there is the old file or the new one, whole.

    Raises ValueError where the directory cannot be made or written.
    """
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with unfinished.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            os.replace(unfinished, path)
        except BaseException:
            unfinished.unlink(missing_ok=True)
            raise


@contextmanager
def writing(path: str | Path) -> Iterator[None]:
    """Turn an error of the file system into a ValueError that says what to do."""
    try:
        yield
    except OSError as error:
        raise ValueError(f"cannot write {path}: {error.strerror}; choose a directory that can be written") from error


@contextmanager
def alone_in(out: str | Path | None) -> Iterator[None]:
    """Keep other trainings out of a directory until this one leaves it or dies; None: do nothing.

    Removes files that a killed training left half-written. Raises ValueError where another training is at work, and
    where the directory cannot be written.
    """
    with ExitStack() as lock:
        if out is not None:
            with writing(out):
                Path(out).mkdir(parents=True, exist_ok=True)
                try:
                    lock.enter_context(FileLock(Path(out) / ".lock", blocking=False))
                except Timeout as error:
                    raise ValueError(
                        f"another training is at work in {out}: wait for its end or choose another one"
                    ) from error
            for path in Path(out).glob(f".{FILE_NAME}.*"):
                if path.suffix[1:].isdigit() and path.is_file():
                    path.unlink()
        yield


def resume(run: Run, out: str | Path | None) -> Run:
    """The run that `out` holds, if it is of an equal recipe and seed; `run` itself where `out` holds none.

    Raises ValueError where `out` holds another run or a file that cannot be read.
    """
    if out is None or not (Path(out) / FILE_NAME).exists():
        return run
    saved = read(out, run.task, run.device, run.machine)
    if (saved.recipe, saved.seed, saved.task.name) != (run.recipe, run.seed, run.task.name):
        tasks = ["task"] * (saved.task.name != run.task.name)
        another = dict.fromkeys([*differences(saved.recipe, run.recipe), *tasks])
        raise ValueError(
            f"{out} holds seed {saved.seed} of recipe {saved.recipe.name!r}"
            + (f" with another {', '.join(another)}" if another else "")
            + f", not seed {run.seed} of {run.recipe.name!r}: choose another directory"
        )
    return saved


def load(directory: str | Path) -> tuple[NTM | LSTMBaseline, Run]:
    """The machine that a directory holds, and the run that made it.

    Raises ValueError where there is no run, or one that is damaged or of an unknown version.

    >>> machine, run = load("data/machines/backwards")
    >>> run.recipe.name, run.progress.sequences
    ('reliable', 1600)
    """
    run = read(directory)
    run.judged.eval()
    return run.judged, run


def read(
    directory: str | Path,
    task: Task | None = None,
    device: str | torch.device | None = None,
    machine: Maker | None = None,
) -> Run:
    """A run from its directory; errors as in `load`."""
    path = Path(directory) / FILE_NAME
    if not path.is_file():
        raise ValueError(f"{directory} holds no {FILE_NAME}: expected a directory that `ntm train --out` made")
    try:
        with safe_open(path, framework="pt") as file:
            header, tensors = file.metadata() or {}, {name: file.get_tensor(name) for name in file.keys()}
        content = json.loads(header.get("run", "{}"))
        if header.get("format") != FORMAT:
            content = older.content(content)
        elif header.get("sha256") != checksum(header["run"], tensors):
            raise ValueError("its checksum does not fit")
        recipe = recipe_from_json(content["recipe"], content["progress"]["finished"])
        name = content.get("task", "copying")
        if task is None or task.name != name:
            known = name in TASKS
            task = task_for(name, recipe.machine, recipe.payload) if known else unknown_task(recipe, name)
        run = Run(recipe, validate.seed(content["seed"]), task, device, machine)
        run.progress = Progress.from_json(older.progress(content["progress"]))
        restore(run, tensors)
    except PermissionError as error:
        raise ValueError(f"cannot read {path}: {error.strerror}; make it readable") from error
    except older.LeftOutError as error:
        raise ValueError(f"{path} is of an older version: {error}") from error
    except WRONG as error:
        why = " ".join(str(error).split())
        raise ValueError(
            f"{path} is damaged or no run of this library ({why}): restore the file, or remove it to train anew"
        ) from error
    return run


def recipe_from_json(values: dict[str, Any], finished: bool = False) -> Recipe:
    """The recipe that `dataclasses.asdict` turned into dictionaries, by this version or an older one.

    Raises ValueError for a recipe that this version does not have; of a `finished` run some more can be told.
    """
    values = older.recipe(values, finished)
    machine = (NTMConfig if "word_size" in values["machine"] else LSTMConfig)(**values["machine"])
    return Recipe(**{**values, "machine": machine, "historical": Historical(**values["historical"])})


def unknown_task(recipe: Recipe, name: str) -> Task:
    """Stands for a task that only its author can draw batches of."""

    def draw(*_: object) -> Batch:
        raise ValueError(f"this machine was trained on {name}: hand the task in as task=...")

    return Task(recipe.machine.input_size, recipe.machine.output_size, draw, name=name)


def restore(run: Run, tensors: dict[str, Tensor]) -> None:
    """Put a file's tensors into a fresh run; ValueError for those that do not fit it."""
    parts: dict[str, dict[str, Tensor]] = {"model": {}, "average": {}, "optimizer": {}}
    for name, value in tensors.items():
        part, _, own = name.partition(".")
        if part == "model" and not value.isfinite().all() and not run.progress.stopped:
            raise ValueError(f"{name} has numbers that are not finite")
        parts.setdefault(part, {})[own] = value
    run.model.load_state_dict(parts["model"])
    if run.average is not None:
        run.average.load_state_dict(parts["average"])
    averages: dict[int, dict[str, Tensor]] = {}
    for name, value in parts["optimizer"].items():
        index, key = name.split(".")
        averages.setdefault(int(index), {})[key] = value
    if len({frozenset(each) for each in averages.values()}) > 1:
        raise ValueError("the optimiser's averages are incomplete")
    run.optimizer.load_state_dict({**run.optimizer.state_dict(), "state": averages})
    run.generator.set_state(tensors["generator"])


def updates_done(directory: str | Path) -> int:
    """Number of updates of the run in a directory, read without its weights; 0 where none can be read."""
    try:
        with safe_open(Path(directory) / FILE_NAME, framework="pt") as file:
            return int(json.loads(file.metadata()["run"])["progress"]["update"])
    except WRONG:
        return 0
