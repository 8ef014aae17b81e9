"""The sick machines have what their names say, and the riddles what the check expects."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from ntm_lib import cli
from ntm_lib.analysis.causes import causes, first_wrong
from ntm_lib.analysis.diagnosis import diagnose, study_entry
from ntm_lib.analysis.trace import trace_copy
from ntm_lib.teaching.cases import CASES, RIDDLES, trace_case, wrong_in_verdict
from ntm_lib.teaching.checks.lesson_06 import ANSWERS
from ntm_lib.training.checkpoints import load
from ntm_lib.training.evaluation import rows_needed, wrong_bits

MACHINES = Path(__file__).parents[2] / "data" / "machines"


@pytest.mark.parametrize(
    ("case", "fault"),
    [(CASES[name], name) for name in ("missed jump", "off by one", "blur", "wrap-around")]
    + [(RIDDLES[letter], fault) for letter, fault in ANSWERS.items()],
)
def test_a_case_shows_its_fault(case, fault):
    counts = causes(trace_case(case, MACHINES))
    assert 2 * counts[fault] > sum(counts.values()) > 8


@pytest.mark.parametrize("name", ["healthy", "backwards"])
def test_some_are_well(name):
    assert not trace_case(CASES[name], MACHINES).wrong.any()


def test_every_riddle_has_an_answer():
    assert RIDDLES.keys() == ANSWERS.keys()


def test_the_wrong_sequences_of_a_verdict():
    machine, run = load(MACHINES / "restless_writer")
    bits = wrong_in_verdict(machine, "alternating", 120)
    assert run.seed == 647 and bits.shape == (1, 120, 8)
    assert wrong_bits(machine, bits, rows_needed(120)).tolist() == [1]
    assert first_wrong(trace_copy(machine, bits, stages=False)).vector == 119
    assert torch.equal(wrong_in_verdict(machine, "zeros", 20), torch.zeros(0, 20, 8))


LINES = (MACHINES / "README.md").read_text(encoding="utf-8").splitlines()
TOLD = {
    line.split("`")[1]: [cell.strip() for cell in line.split("|")[1:-1]] for line in LINES if line.startswith("| `")
}
"""The cells of each machine's line in the README: name, fault, what it shows, command."""


def test_the_readme_has_a_line_for_every_machine():
    assert TOLD.keys() == {path.name for path in MACHINES.iterdir() if path.is_dir()}


@pytest.mark.parametrize("name", [name for name in TOLD if name != "no_memory"])
def test_each_machine_has_the_fault_that_it_stands_for_and_is_made_by_its_command(name, monkeypatch):
    machine, run = load(MACHINES / name)
    _, fault, _, command = TOLD[name]
    found = [finding.name for finding in diagnose(machine, run) if finding.fault]
    assert fault in (found or ["none"])
    recipe, seed = asked_by(command.strip("`").split()[1:], monkeypatch)
    assert replace(run.recipe, name="") == replace(recipe, name="")
    assert run.seed == seed


def asked_by(words, monkeypatch):
    """The recipe and the seed that a command would train."""
    asked = []

    def train(recipe, seed, *_):
        asked.append((recipe, seed))
        raise ValueError("this is all that was to be known")

    monkeypatch.setattr("ntm_lib.training.loop.train", train)
    assert cli.main([*words, "--out", "nowhere"]) == cli.BAD_INPUT
    return asked[0]


def test_the_readme_names_these_machines_and_their_seeds():
    told = {line.split("`")[1]: line for line in LINES if line.startswith("| `")}
    for machine in {patient.machine for patient in (*CASES.values(), *RIDDLES.values())} | {"restless_writer"}:
        _, run = load(MACHINES / machine)
        name = "" if run.recipe.name == "reliable" else f"--name {run.recipe.name}"
        assert name in told[machine] and f"--seed {run.seed}`" in told[machine]


def test_a_study_notes_idle_heads():
    assert study_entry(*load(MACHINES / "idle_reader"))["idle"] == "read 0; read 1"
    assert study_entry(*load(MACHINES / "backwards"))["idle"] == ""
