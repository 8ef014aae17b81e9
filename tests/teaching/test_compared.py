"""A comparison of models: shares and counts are those of its table."""

import json

import pytest
import torch
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output
from safetensors.torch import save_file

from ntm_lib.machine import LSTMBaseline, LSTMConfig
from ntm_lib.teaching.compared import load_lstm, show_comparison, whole_by_length

HEAD = "model,seed,weights,shown,seconds,length,sequences,wrong_sequences,bits,wrong_bits"
COMMAND = "python -m research.comparison --seeds 0-2 --out here"
WRONG = {  # sequences of 8 at lengths 1, 2 and 30, a list for each seed
    "lstm": [[0, 0, 8], [0, 3, 8], [0, 0, 7]],
    "ntm": [[0, 0, 0], [0, 0, 0], [0, 0, 2]],
}


@pytest.fixture
def table(tmp_path):
    """A table with two of the four models, three seeds each."""
    lines = [HEAD]
    for model, seeds in WRONG.items():
        for seed, counts in enumerate(seeds):
            for length, wrong in zip((1, 2, 30), counts, strict=True):
                lines.append(f"{model},{seed},131,{170 + seed},1.9,{length},8,{wrong},{64 * length},{5 * wrong}")
    (tmp_path / "lengths.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (tmp_path / "manifest.json").write_text(json.dumps({"commands": [COMMAND]}), encoding="utf-8")
    return tmp_path


def test_shares_without_a_wrong_bit_by_model_seed_and_length(table):
    lengths, whole = whole_by_length(table)
    assert lengths == [1, 2, 30]
    assert list(whole) == ["NTM", "LSTM"]
    assert whole["LSTM"] == [[1, 1, 0], [1, 5 / 8, 0], [1, 1, 1 / 8]]
    assert whole["NTM"] == [[1, 1, 1], [1, 1, 1], [1, 1, 6 / 8]]


def test_a_seed_that_was_not_tested_at_all_lengths_is_named(table):
    lines = (table / "lengths.csv").read_text(encoding="utf-8").splitlines()
    (table / "lengths.csv").write_text("\n".join(lines[:-1]), encoding="utf-8")
    with pytest.raises(ValueError, match="seed 2 of ntm lacks lengths: expected 1, 2, 30"):
        whole_by_length(table)


def test_counts_of_exact_seeds_are_shown_and_the_command_folded(table):
    """2 of 3: the exact interval is 9.4 to 99.2 %; 3 of 3: from 29.2 %; 0 of 3: to 70.8 %."""
    InteractiveShell.instance()
    with capture_output(stdout=False) as shown:
        show_comparison(table, trained=2, lengths=[30])
    InteractiveShell.clear_instance()
    picture, words, counts, commands = shown.outputs
    head, ntm, lstm = (line.split("  ") for line in counts.data["text/plain"].splitlines())
    assert [word.strip() for word in head if word] == ["weights", "shown", "exact up to 2", "exact at 30"]
    assert [word.strip() for word in ntm if word] == ["NTM", "131", "172", "3/3, 29.2–100 %", "2/3, 9.4–99.2 %"]
    assert [word.strip() for word in lstm if word] == ["LSTM", "131", "172", "2/3, 9.4–99.2 %", "0/3, 0–70.8 %"]
    assert "NTM – up to 30; LSTM – up to 2" in picture.metadata["image/png"]["alt"]
    assert "NTM" in words.data["text/html"] and COMMAND in commands.data["text/html"]


def test_an_lstm_has_the_sizes_and_the_weights_it_was_saved_with(tmp_path):
    saved = LSTMBaseline(LSTMConfig(input_size=7, output_size=5, hidden_size=3, layers=2))
    save_file(saved.state_dict(), tmp_path / "lstm.safetensors")
    loaded, inputs = load_lstm(tmp_path), torch.randn(2, 11, 7)
    assert loaded.config == saved.config
    torch.testing.assert_close(loaded(inputs)[0], saved(inputs)[0])
