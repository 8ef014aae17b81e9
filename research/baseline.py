"""Train the LSTM without a memory that stands beside the machines:

python research/baseline.py data/machines/no_memory"""

import sys
from dataclasses import replace

import torch

from ntm_lib import evaluate, train
from ntm_lib.machine import LSTMConfig
from ntm_lib.training import recipes

torch.set_num_threads(1)
recipe = replace(
    recipes.reliable,
    name="no_memory",
    machine=LSTMConfig(10, 8, hidden_size=51),  # as many weights as `reliable` has
    updates=15_000,
    batch_size=16,
    payload="random",
    learning_rate=3e-3,
    clip_norm=1.0,
    averaging=0.999,
    validate_every=1000,
    settled_loss=0.0,
    **dict.fromkeys(("focus", "rest", "listen", "quiet"), 0.0),  # there are no heads to ask anything of
)
result = train(recipe, seed=0, out=sys.argv[1])
counts = evaluate(result.model, lengths=[5, 10, 20, 120]).lengths
shares = ", ".join(f"{count.wrong_bits / count.bits:.1%} at {length}" for length, count in counts.items())
print(f"{sys.argv[1]}: {result.sequences:,} sequences; wrong bits: {shares}")
