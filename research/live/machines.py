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
from ntm_lib.analysis.finding import Kind
from ntm_lib.analysis.route import find_route
from ntm_lib.analysis.trace import trace_copy
from ntm_lib.machine import NTM
from ntm_lib.runs.checkpoints import load
from ntm_lib.training.run import Run
from research.live.graphs import start_graph, step_graph, weights_of
from research.tables import ROOT

MACHINES = ROOT / "data" / "machines"
LINE = re.compile(r"^\| `(\w+)` \| ([^|]+) \| ([^|]+) \|$", re.MULTILINE)
"""A line of the table of machines: name, fault, and what the machine shows."""
FIRST = "two_weightings"
"""The machine that the page begins with."""


def table() -> dict[str, tuple[str, str]]:
    """Fault ("none" where there is none) and description of every machine that stands in data/machines/README.md."""
    lines = LINE.findall((MACHINES / "README.md").read_text(encoding="utf-8"))
    return {name: (fault.strip(), shows.strip()) for name, fault, shows in lines}


def machines() -> dict[str, tuple[NTM, Run]]:
    """Copiers with a memory, by name: first `FIRST`, then others without a fault, then those with one."""
    lines = table()
    names = sorted(lines, key=lambda name: (name != FIRST, lines[name][0] != "none"))
    found = {name: load(MACHINES / name) for name in names}
    return {name: (machine, run) for name, (machine, run) in found.items() if copies(machine, run)}


def copies(machine: object, run: Run) -> bool:
    """Whether a machine has a memory and was trained to copy, as all that the page shows."""
    return isinstance(machine, NTM) and run.recipe.task == "copying"


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
    """The facts that the page needs of a machine; its weights are written beside the graphs."""
    config, (width, start_marker) = machine.config, copy_format(machine)
    fault, shows = table()[name]
    return {
        "name": name,
        "fault": "" if fault == "none" else fault,
        "shows": shows,
        "made": f"recipe {run.recipe.name}, seed {run.seed}, {run.progress.sequences:,} sequences",
        "width": width,
        "startMarker": start_marker,
        "inputs": config.input_size,
        "readHeads": config.read_heads,
        "writeHeads": config.write_heads,
        "single": config.weightings == "single",
        "rows": None if machine.free_memory_size else config.memory_size,
        "rowsFor": [rows_needed(0), rows_needed(1) - rows_needed(0)],  # of any copy, and for each vector more
        **habits(machine),
        "weights": f"weights/{name}.bin",
        "shapes": write_weights(machine, graphs.out / f"weights/{name}.bin"),
        **graphs.of(machine),
    }


def habits(machine: NTM) -> dict[str, Any]:
    """Whether a machine stores backwards, and which of its heads read and write the vectors of short copies."""
    trace = trace_copy(machine, sample(machine.config.output_size, 12))
    way = next((found.way for found in explain(trace, machine) if found.kind == Kind.STORES), "")
    route = find_route(trace)
    return {"backwards": way == "backwards", "reader": int(route.read_head), "writer": int(route.write_place)}
