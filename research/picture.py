"""Draw one copy by a trained machine: python -m research.picture runs/demo docs/copy.png"""

import sys

import torch
from matplotlib.figure import Figure

from ntm_lib import load, tasks
from ntm_lib.analysis.trace import trace
from ntm_lib.teaching.plots.tape import run_figure
from ntm_lib.training.evaluation import Machine

LENGTH, ROWS = 24, 64


def picture(model: Machine) -> Figure:
    """A copy of random vectors from left to right, the first written row near the edge from which the writer walks."""
    batch = tasks.copy(1, LENGTH, generator=torch.Generator().manual_seed(0))
    copied = trace(model, batch, ROWS)
    first, second = copied.w_write[0, :2, 0].argmax(-1).tolist()
    before = ROWS // 8 if second == (first + 1) % ROWS else ROWS - ROWS // 8
    return run_figure(copied, (first - before) % ROWS)


def main(directory: str, out: str) -> None:
    """Load a run, draw its copy, and write the picture."""
    model, run = load(directory)
    picture(model).savefig(out, dpi=110)
    print(f"{out}: seed {run.seed} of {run.recipe.name!r}, {LENGTH} vectors, {ROWS} rows")


if __name__ == "__main__":
    main(*sys.argv[1:])
