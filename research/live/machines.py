"""The machines of the live page: a line of data/machines/README.md each, weights, and the graphs that run them."""

import hashlib
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from ntm_lib.analysis.copies import copy_format, rows_needed
from ntm_lib.analysis.diagnosis import explain, sample
from ntm_lib.analysis.finding import Kind, head_name
from ntm_lib.analysis.route import find_route
from ntm_lib.analysis.trace import trace_copy
from ntm_lib.machine import NTM
from ntm_lib.runs.checkpoints import load
from ntm_lib.tasks.sizes import numbers_of
from ntm_lib.training.evaluation import rows_with_room
from ntm_lib.training.run import Run
from research.live.graphs import start_graph, step_graph, weights_of
from research.tables import ROOT

MACHINES = ROOT / "data" / "machines"
LINE = re.compile(r"^\| `(\w+)` \| ([^|]+) \| ([^|]+) \|$", re.MULTILINE)
"""A line of the table of machines: name, fault, and what the machine shows."""
FIRST = "two_weightings"
"""The machine that the page begins with."""
Machines = dict[str, tuple[NTM, Run]]
"""Machines with their trainings, by name."""


def table() -> dict[str, tuple[str, str]]:
    """Fault ("none" where there is none) and description of every machine that stands in data/machines/README.md."""
    lines = LINE.findall((MACHINES / "README.md").read_text(encoding="utf-8"))
    return {name: (fault.strip(), shows.strip()) for name, fault, shows in lines}


def machines() -> Machines:
    """Machines with a memory, by name: first `FIRST`, then others without a fault, then those with one."""
    lines = table()
    names = sorted(lines, key=lambda name: (name != FIRST, lines[name][0] != "none"))
    found = {name: load(MACHINES / name) for name in names}
    return {name: (machine, run) for name, (machine, run) in found.items() if isinstance(machine, NTM)}


def copiers_and_others(found: Machines) -> tuple[Machines, Machines]:
    """Machines that were trained to copy, and those that were trained on another task, each in the order given."""
    copiers = {name: one for name, one in found.items() if one[1].recipe.task == "copying"}
    return copiers, {name: one for name, one in found.items() if name not in copiers}


def write_weights(machine: NTM, path: Path) -> list[list[int]]:
    """Write all numbers of a machine as little-endian float32, one tensor after another; returns their shapes."""
    parts = [part.numpy() for part in weights_of(machine).values()]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"".join(part.astype("<f4").tobytes() for part in parts))
    return [list(np.shape(part)) for part in parts]


class Graphs:
    """Graphs in a directory, each written once, under a name made from its content."""

    def __init__(self, out: Path):
        self.out = out
        self.made: dict[str, str] = {}  # name of a file by the choices and sizes that its graph depends on

    def of(self, machine: NTM) -> dict[str, str]:
        """File names of a machine's graphs: "step" and "start"."""
        config, free = machine.config, machine.free_memory_size
        steps = replace(config, memory_size=1, initial_weights="first-row") if free else config  # a step sees neither
        return {
            "step": self._file(f"step {steps}", step_graph, machine),
            "start": self._file(f"start {config}", start_graph, machine),
        }

    def add(self, kind: str, graph: bytes) -> str:
        """Write a graph unless it is there; returns its file name."""
        name = f"graphs/{kind}-{hashlib.sha256(graph).hexdigest()[:8]}.onnx"
        (self.out / name).parent.mkdir(parents=True, exist_ok=True)
        (self.out / name).write_bytes(graph)
        return name

    def _file(self, shape: str, make: Callable[[NTM], bytes], machine: NTM) -> str:
        if shape not in self.made:
            self.made[shape] = self.add(shape.split(maxsplit=1)[0], make(machine))
        return self.made[shape]


def entry(name: str, machine: NTM, run: Run, graphs: Graphs) -> dict[str, Any]:
    """The facts that the page needs of any machine; its weights are written beside the graphs."""
    config = machine.config
    return {
        "name": name,
        "shows": table()[name][1],
        "made": f"recipe {run.recipe.name}, seed {run.seed}, {run.progress.sequences:,} sequences",
        "inputs": config.input_size,
        "readHeads": config.read_heads,
        "writeHeads": config.write_heads,
        "single": config.weightings == "single",
        "rows": None if machine.free_memory_size else config.memory_size,
        "weights": f"weights/{name}.bin",
        "shapes": write_weights(machine, graphs.out / f"weights/{name}.bin"),
        **graphs.of(machine),
    }


def copier(name: str, machine: NTM, run: Run, graphs: Graphs) -> dict[str, Any]:
    """The facts that the page needs of a machine that copies."""
    width, start_marker = copy_format(machine)
    fault, _ = table()[name]
    return entry(name, machine, run, graphs) | {
        "fault": "" if fault == "none" else fault,
        "width": width,
        "startMarker": start_marker,
        "rowsFor": [rows_needed(0), rows_needed(1) - rows_needed(0)],  # of any copy, and for each vector more
        **habits(machine),
    }


def program(name: str, machine: NTM, run: Run, graphs: Graphs) -> dict[str, Any]:
    """The facts that the page needs of a machine for another task than copying."""
    return entry(name, machine, run, graphs) | {
        "task": run.recipe.task,
        "verdict": table()[name][0],
        "outputs": machine.config.output_size,
        "heads": [head_name(machine.config, place) for place in range(machine.config.addressing_heads)],
        "rowsFor": rows_for_sizes(machine, run) if machine.free_memory_size else [],
        "trained": largest_trained(run),
    }


def largest_trained(run: Run) -> tuple[int, ...]:
    """The numbers of the largest size that a training draws."""
    return numbers_of(run.task.size_from(run.recipe.max_length, chance=1 - 1e-9))


def rows_for_sizes(machine: NTM, run: Run) -> list[int]:
    """Rows that any size of a task needs, with some to spare, and how many more for each one more of its numbers."""
    least = [2] * len(numbers_of(run.task.sizes[0]))

    def rows(numbers: list[int]) -> int:
        return rows_with_room(machine, run.task, tuple(numbers) if len(numbers) > 1 else numbers[0]) or 0

    more = [rows([2 + (place == other) for other in range(len(least))]) - rows(least) for place in range(len(least))]
    return [rows(least) - 2 * sum(more), *more]


def habits(machine: NTM) -> dict[str, Any]:
    """Whether a machine stores backwards, and which of its heads read and write the vectors of short copies."""
    trace = trace_copy(machine, sample(machine.config.output_size, 12))
    way = next((found.way for found in explain(trace, machine) if found.kind == Kind.STORES), "")
    route = find_route(trace)
    return {"backwards": way == "backwards", "reader": int(route.read_head), "writer": int(route.write_place)}
