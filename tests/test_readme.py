"""README: its results are those of the committed tables, its commands those that made them, its example runs."""

import csv
import json
import re
import statistics
from pathlib import Path

import pytest
import torch

from ntm_lib.study import engines
from ntm_lib.study.tables import share

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
STUDIES = {"reliable": "reliable", "reliable_kept_training": "kept", "reliable_lstm": "reliable_lstm"}
"""Recipes and the directories of their tables."""


def lines(recipe):
    with (ROOT / "data" / "studies" / STUDIES[recipe] / "runs.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def count(values):
    """How many of those that were asked are right, as README writes it."""
    asked = [value for value in values if value != ""]
    return share(sum(value in ("0", "True") for value in asked), len(asked))


def result(what):
    """The cells after the one that begins like this, in README's table."""
    (line,) = re.findall(rf"^\| {re.escape(what)}[^|]*\| ([^|]*) \| ([^|]*) \|$", README, re.MULTILINE)
    return line


@pytest.mark.parametrize("recipe", STUDIES)
def test_every_seed_in_order_is_in_the_table(recipe):
    seeds = [int(line["seed"]) for line in lines(recipe)]
    assert seeds == list(range(len(seeds)))
    assert {line["recipe"] for line in lines(recipe)} == {recipe}


@pytest.mark.parametrize(
    ("what", "recipe", "column"),
    [
        ("`reliable`, seeds 0-999 that converged", "reliable", "converged"),
        ("... seeds 0-99: no wrong bit in 20 sequences of length 1,000", "reliable", "wrong_bits_1000"),
        ("... seeds 0-99: no wrong bit in a sequence of length 10,000", "reliable", "wrong_bits_10000"),
        ("... seeds 0-99: every byte of this file right", "reliable", "wrong_bits_README.md"),
        ("trained on for as many updates again", "reliable_kept_training", "converged"),
        ("`reliable_lstm`, seeds 0-99 that converged", "reliable_lstm", "converged"),
    ],
)
def test_counts_are_those_of_the_tables(what, recipe, column):
    assert result(what)[0] == count(line[column] for line in lines(recipe))


def test_the_sequences_it_took_are_what_the_table_says():
    numbers = [int(line["sequences"]) for line in lines("reliable")]
    expected = f"{statistics.median(numbers):,.0f} / {max(numbers):,}"
    assert result("... sequences seen until the end of training")[0] == expected


def test_the_seconds_it_took_are_what_the_benchmark_says():
    learned = json.loads((ROOT / "benchmarks" / "results" / "learn.json").read_text())
    runs = learned["results"]["alone"]["runs"]
    seconds = [run["seconds"] for run in runs]
    cell, command = result("... seeds 0-19: seconds from start to verdict")
    assert cell == f"{statistics.median(seconds):.1f} / {max(seconds):.1f}"
    assert command == f"`{learned['command']}`"
    assert [run["seed"] for run in runs] == list(range(20)) and all(run["converged"] for run in runs)


BENCHMARKS = ("step", "scale", "hourly", "longest")
SPEEDS = {
    "an update of one machine, batch 1 / 32": "ours",
    "... compiled (`model.compile()`)": "ours compiled",
    "... one of a group in a shared pass": "ours in a group",
    "... one of a group, compiled": "ours compiled in a group",
}


def test_the_speeds_are_what_the_benchmarks_say():
    kept = {name: json.loads((ROOT / "benchmarks" / "results" / f"{name}.json").read_text()) for name in BENCHMARKS}
    step = {(one["side"], one["batch"]): one for one in kept["step"]["results"] if one["threads"] == 1}
    for what, side in SPEEDS.items():
        cells = []
        for batch in (1, 32):
            rivals = [step[rival, batch]["median"] for rival in ("dnc, lstm", "textbook, feed-forward")]
            cells.append(", ".join(f"{rival / step[f'{side}, feed-forward', batch]['median']:.1f}" for rival in rivals))
        assert result(what)[0] == " / ".join(cells)
    away = [step[f"ours compiled in a group, {name}", 32] for name in ("feed-forward", "lstm")]
    text = " ".join(README.split())
    assert (
        "{:.1f} times what its arithmetic and memory traffic alone would take on this machine ({:.1f} times".format(
            *(one["median"] / one["limit"] for one in away)
        )
        in text
    )
    (longest,) = [one for one in kept["scale"]["results"]["copy"] if one["length"] == 10_000]
    assert f"copied in {longest['seconds']:.1f} s and {longest['bytes'] / 1e6:.0f} MB" in text
    (longest,) = kept["longest"]["results"]["copy"]
    assert (longest["length"], longest["wrong_bits"]) == (100_000, 0)
    assert f"in {longest['seconds'] / 60:.0f} minutes and {longest['bytes'] / 1e6:.0f} MB, without a wrong bit" in text
    hourly = kept["hourly"]["results"]
    rates = {name: 3600 * hourly["seeds"] / statistics.median(times) for name, times in hourly["seconds"].items()}
    assert f"{rates['in groups']:,.0f} seeds an hour in groups and {rates['one by one']:,.0f} one by one" in text


def test_a_study_trains_as_many_seeds_together_as_readme_says():
    assert f"A study trains up to {engines.SEEDS_TOGETHER} seeds in shared passes" in " ".join(README.split())


@pytest.mark.parametrize("recipe", STUDIES)
def test_the_commands_are_those_that_made_the_tables(recipe):
    manifest = json.loads((ROOT / "data" / "studies" / STUDIES[recipe] / "manifest.json").read_text())
    assert manifest["recipes"] == {recipe: {"is": recipe, "but": {}}}
    for command in manifest["commands"]:
        plain, *questions = re.split(r" (?=--lengths|--file)", command)
        assert f"| `{plain}`" in README
        assert all(f"`{question}`" in README for question in questions)


def test_the_example_runs():
    (code,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    shorter = code.replace("range(1000)", "range(2)")
    assert shorter != code
    names = {}
    exec(shorter, names)
    assert names["logits"].shape == (8, 6, 8)
    assert torch.isfinite(names["loss"])
