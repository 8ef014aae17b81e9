"""The comparison of the NTM with an LSTM and two Transformers, from a table of `research.comparison`."""

import csv
import json
from collections.abc import Sequence
from pathlib import Path

from safetensors.torch import load_file

from ntm_lib.machine import LSTMBaseline, LSTMConfig
from ntm_lib.study.tables import aligned, share
from ntm_lib.teaching.plots.compared import whole_figure
from ntm_lib.teaching.show import show_figure, show_folded, show_table

NAMES = {
    "ntm": "NTM",
    "hard-alibi": "Transformer, hard-ALiBi",
    "sinusoidal": "Transformer, sines",
    "lstm": "LSTM",
}
"""Models in the order in which they are drawn and printed, and their names there."""


def whole_by_length(directory: str | Path) -> tuple[list[int], dict[str, list[list[float]]]]:
    """Read the lengths of a comparison, and each model's share of sequences without a wrong bit: a list for each seed.

    Raises ValueError where a seed was not tested at all lengths.
    """
    found: dict[str, dict[str, dict[int, float]]] = {name: {} for name in NAMES}
    for row in _rows(directory):
        whole = 1 - int(row["wrong_sequences"]) / int(row["sequences"])
        found[row["model"]].setdefault(row["seed"], {})[int(row["length"])] = whole
    lengths = sorted({length for seeds in found.values() for one in seeds.values() for length in one})
    for name, seeds in found.items():
        if partial := [seed for seed, one in seeds.items() if len(one) < len(lengths)]:
            raise ValueError(f"seed {partial[0]} of {name} lacks lengths: expected {', '.join(map(str, lengths))}")
    shares = {
        NAMES[name]: [[one[length] for length in lengths] for one in seeds.values()] for name, seeds in found.items()
    }
    return lengths, {name: seeds for name, seeds in shares.items() if seeds}


def load_lstm(directory: str | Path) -> LSTMBaseline:
    """Load the LSTM of a comparison that learned from seed 0; its sizes are those of its weights."""
    weights = load_file(Path(directory) / "lstm.safetensors")
    hidden, inputs = (weights[f"lstm.weight_{part}_l0"].shape[1] for part in ("hh", "ih"))
    layers = sum(name.startswith("lstm.weight_hh") for name in weights)
    model = LSTMBaseline(LSTMConfig(inputs, len(weights["output.bias"]), hidden, layers))
    model.load_state_dict(weights)
    return model


def show_comparison(directory: str | Path, trained: int, lengths: Sequence[int]) -> None:
    """Draw how many sequences come back whole, and show how many seeds are exact up to `trained` and at more lengths.

    The table has each model's weights, the sequences that a seed was shown, and 95 % intervals; commands are folded.
    """
    show_figure(whole_figure(*whole_by_length(directory), trained))
    rows = _rows(directory)
    titles = ["", "weights", "shown", f"exact up to {trained}", *(f"exact at {length}" for length in lengths)]
    lines: list[Sequence[object]] = [titles]
    for model, name in NAMES.items():
        own = [row for row in rows if row["model"] == model]
        if not own:
            continue
        seeds = {row["seed"] for row in own}
        asked = [range(1, trained + 1), *([length] for length in lengths)]
        wrong = [
            {row["seed"] for row in own if int(row["length"]) in some and row["wrong_bits"] != "0"} for some in asked
        ]
        sizes = int(own[0]["weights"]), max(int(row["shown"]) for row in own)
        lines.append([name, *sizes, *(share(len(seeds - failed), len(seeds)) for failed in wrong)])
    show_table(aligned(lines))
    commands = json.loads((Path(directory) / "manifest.json").read_text(encoding="utf-8"))["commands"]
    show_folded("The commands that made this table", "\n".join(commands))


def _rows(directory: str | Path) -> list[dict[str, str]]:
    with (Path(directory) / "lengths.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))
