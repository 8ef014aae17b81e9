"""Draw one copy by a trained machine: python -m research.picture runs/demo docs/copy.png"""

import sys
from typing import cast

import torch
from matplotlib.figure import Figure

from ntm_lib import load, tasks
from ntm_lib.machine import NTM, NTMState
from ntm_lib.teaching.plots.tape import copy_figure

LENGTH, ROWS = 24, 64


@torch.no_grad()
def picture(model: NTM) -> Figure:
    """A copy of random vectors from left to right, the first written row near the edge from which the writer walks."""
    batch = tasks.copy(1, LENGTH, generator=torch.Generator().manual_seed(0))
    states: list[NTMState] = []
    logits, _ = model(batch.inputs, memory_size=ROWS, history=states)
    weights = torch.stack([state.weights[0] for state in states]).numpy()  # (T, 2, N)
    first, second = (int(row) for row in weights[:2, 1].argmax(-1))
    before = ROWS // 8 if second == (first + 1) % ROWS else ROWS - ROWS // 8
    return copy_figure(
        batch.inputs[0].numpy(),
        (logits.sigmoid() * batch.mask.unsqueeze(-1))[0].numpy(),
        states[-1].memory[0].numpy(),
        read=weights[:, 0],
        write=weights[:, 1],
        first_row=(first - before) % ROWS,
    )


def main(directory: str, out: str) -> None:
    """Load a run, draw its copy, and write the picture."""
    model, run = load(directory)
    picture(cast(NTM, model)).savefig(out, dpi=110)
    print(f"{out}: seed {run.seed} of {run.recipe.name!r}, {LENGTH} vectors, {ROWS} rows")


if __name__ == "__main__":
    main(*sys.argv[1:])
