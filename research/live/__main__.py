"""Write the data of the live page: python -m research.live page/public/data

Graphs of the library's step and addressing, weights of the machines in data/machines, a copy for each fault, one
training of `reliable`, and the runs of all studies. Takes about a minute; what stood in the directory is removed.
"""

import json
import shutil
import sys
from pathlib import Path
from typing import Any

from ntm_lib.teaching.slots import five_slots
from research.live.failures import failures
from research.live.graphs import address_graph
from research.live.machines import Graphs, copier, copiers_and_others, machines, program
from research.live.seeds import seeds
from research.live.training import training
from research.tables import ROOT

PICTURES = {
    "tape": "docs/copy.png",
    "stages": "docs/lessons/01.png",
    "training": "docs/training.gif",
    "failures": "docs/lessons/06.png",
    "seeds": "docs/findings/start.png",
    "programs": "docs/lessons/09.png",
}
"""Pictures that the page shows where a browser runs no machine."""


def write(out: Path) -> None:
    """Write everything into a directory."""
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    graphs, slots = Graphs(out), five_slots()[0]
    copiers, others = copiers_and_others(machines())
    parts: dict[str, Any] = {
        "machines": [copier(name, machine, run, graphs) for name, (machine, run) in copiers.items()],
        "slots": {"memory": slots.tolist(), "graph": graphs.add("address", address_graph(*slots.shape))},
        "failures": failures(copiers),
        "training": training(graphs),
        "seeds": seeds(),
        "programs": [program(name, machine, run, graphs) for name, (machine, run) in others.items()],
    }
    for name, content in parts.items():
        (out / f"{name}.json").write_text(json.dumps(content, separators=(",", ":")), encoding="utf-8")
    for name, picture in PICTURES.items():
        shutil.copy(ROOT / picture, out / f"{name}{Path(picture).suffix}")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("one argument is needed, a directory: python -m research.live page/public/data")
    write(Path(sys.argv[1]))
