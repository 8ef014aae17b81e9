"""Draw README's picture from a trained machine: python research/picture.py runs/demo docs/copy.png"""

import sys

import torch

from ntm_lib import load, tasks
from ntm_lib.teaching.plots.tape import copy_figure

LENGTH, ROWS = 24, 64

model, run = load(sys.argv[1])
batch = tasks.copy(1, LENGTH, generator=torch.Generator().manual_seed(0))
states = []
with torch.no_grad():
    logits, _ = model(batch.inputs, memory_size=ROWS, history=states)
weights = torch.stack([state.weights[0] for state in states]).numpy()  # (T, 2, N)
rows = weights[:2, 1].argmax(-1)
start, forwards = int(rows[0]), int(rows[1]) == (int(rows[0]) + 1) % ROWS
figure = copy_figure(
    batch.inputs[0].numpy(),
    (logits.sigmoid() * batch.mask.unsqueeze(-1))[0].numpy(),
    states[-1].memory[0].numpy(),
    read=weights[:, 0],
    write=weights[:, 1],
    first_row=(start - (ROWS // 8 if forwards else ROWS - ROWS // 8)) % ROWS,
)
figure.savefig(sys.argv[2], dpi=110)
print(f"{sys.argv[2]}: seed {run.seed} of {run.recipe.name!r}, {LENGTH} vectors, {ROWS} rows")
