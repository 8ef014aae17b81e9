"""Train the LSTM that the machines are compared with: python -m research.baseline data/machines/no_memory

The LSTM has no memory and about as many weights as a machine of `reliable`.
"""

import sys
from dataclasses import replace

import torch

from ntm_lib import evaluate, train
from ntm_lib.machine import LSTMConfig
from ntm_lib.training import recipes
from ntm_lib.training.recipes import Recipe


def recipe() -> Recipe:
    """The recipe of the LSTM: `reliable` without losses on heads, on random bits, with more and larger updates."""
    return replace(
        recipes.reliable,
        name="no_memory",
        machine=LSTMConfig(10, 8, hidden_size=51),
        first_weights="pytorch",
        updates=15_000,
        batch_size=16,
        learning_rate=3e-3,
        clip_norm=1.0,
        averaging=0.999,
        validate_every=1000,
        margin=0.0,
        validations_in_a_row=2,
        settle_updates=0,
        focus=0.0,
        clear=0.0,
    )


def main(out: str) -> None:
    """Train, count wrong bits, and print their share at four lengths."""
    torch.set_num_threads(1)
    result = train(recipe(), seed=0, out=out)
    counts = evaluate(result.model, lengths=[5, 10, 20, 120]).lengths
    shares = ", ".join(f"{count.wrong_bits / count.bits:.1%} at {length}" for length, count in counts.items())
    print(f"{out}: {result.sequences:,} sequences; wrong bits: {shares}")


if __name__ == "__main__":
    main(*sys.argv[1:])
