"""Machines with a fault: they have what their names say, the riddles what the check expects; their README is right."""

from pathlib import Path

import pytest
import torch

from ntm_lib.analysis.causes import causes
from ntm_lib.analysis.diagnosis import diagnose
from ntm_lib.machine import NTM, NTMConfig
from ntm_lib.runs.checkpoints import load
from ntm_lib.teaching.cases import CASES, RIDDLES, key_strength_times, trace_case
from ntm_lib.teaching.checks.lesson_06 import ANSWERS

ROOT = Path(__file__).parents[2]
MACHINES = ROOT / "data" / "machines"
LINES = (MACHINES / "README.md").read_text(encoding="utf-8").splitlines()
FAULTS = {line.split("`")[1]: line.split("|")[2].strip() for line in LINES if line.startswith("| `")}
"""The fault of each machine in the README's table."""
COMMANDS = {line.split("runs/")[1]: line.split() for line in LINES if line.startswith("ntm train ")}
"""The words of the README's command for each machine that `ntm train` makes."""


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


def test_keys_are_stronger_for_a_while_and_nothing_else_changes():
    machine = NTM(NTMConfig(10, 8, controller_size=7), torch.Generator().manual_seed(1))
    h = torch.rand(3, 7, generator=torch.Generator().manual_seed(2))
    before = machine.heads(h)
    with key_strength_times(machine, 2.0):
        torch.testing.assert_close(machine.heads(h), before._replace(beta=2 * before.beta))
    with pytest.raises(AttributeError), key_strength_times(machine, 2.0):
        machine.heads(None)
    torch.testing.assert_close(machine.heads(h), before)


def test_every_riddle_has_an_answer():
    assert RIDDLES.keys() == ANSWERS.keys()


def test_the_readme_has_a_line_for_every_machine_and_a_command_for_every_memory():
    assert FAULTS.keys() == {path.name for path in MACHINES.iterdir() if path.is_dir()}
    assert COMMANDS.keys() == FAULTS.keys() - {"no_memory"}


@pytest.mark.slow
@pytest.mark.parametrize("name", COMMANDS)
def test_each_machine_has_the_fault_that_it_stands_for(name):
    found = [finding.name for finding in diagnose(*load(MACHINES / name)) if finding.fault]
    assert FAULTS[name] in (found or ["none"])
