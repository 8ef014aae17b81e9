"""Machines with a fault: they have what their names say, the riddles what the check expects; their README is right."""

from pathlib import Path

import pytest
import torch

from ntm_lib.analysis.causes import case_of, causes
from ntm_lib.analysis.diagnosis import diagnose, diagnose_task
from ntm_lib.analysis.faults import faults
from ntm_lib.analysis.guilty import guilty_step
from ntm_lib.machine import NTM, NTMConfig
from ntm_lib.runs.checkpoints import load
from ntm_lib.teaching.cases import CASES, RIDDLES, gates_closed, key_strength_times, trace_case
from ntm_lib.teaching.checks.lesson_06 import ANSWERS

ROOT = Path(__file__).parents[2]
MACHINES = ROOT / "data" / "machines"
LINES = (MACHINES / "README.md").read_text(encoding="utf-8").splitlines()
FAULTS = {line.split("`")[1]: line.split("|")[2].strip() for line in LINES if line.startswith("| `")}
"""The fault of each machine in the README's tables; of one for another task than copying, its verdict."""
COMMANDS = {line.split("runs/")[1]: line.split() for line in LINES if line.startswith("ntm train ")}
"""The words of the README's command for each machine that `ntm train` makes."""
WELL = ["healthy", "backwards"]
"""Cases without a wrong bit."""


@pytest.mark.parametrize(
    ("case", "fault"),
    [(case, name) for name, case in CASES.items() if name not in WELL]
    + [(RIDDLES[letter], fault) for letter, fault in ANSWERS.items()],
)
def test_a_case_shows_its_fault(case, fault):
    """By the count of wrong bits, and by the fault that the diagnosis names first."""
    trace = trace_case(case, MACHINES)
    counts = causes(trace)
    assert 2 * counts[fault] > sum(counts.values()) > 6
    assert faults(case_of(trace))[0].kind == fault == guilty_step(trace).cause


def test_in_the_riddle_off_by_one_the_reader_leaves_out_a_row_as_its_gate_opens():
    """What lesson 06 taught, in the trace itself: rows written a step apart, and read a row ahead from the slip on."""
    trace = trace_case(RIDDLES["B"], MACHINES)
    assert ANSWERS["B"] == "off by one" and not ({case.seed for case in CASES.values()} & {RIDDLES["B"].seed})
    length, end = RIDDLES["B"].length, RIDDLES["B"].length + 1
    written = trace.w_write[0, 1:end, 0].argmax(-1)
    read = trace.w_read[0, end : end + length, 0].argmax(-1)
    slip = int((read.diff() != 1).long().argmax()) + 1
    assert written.diff().tolist() == [1] * (length - 1)
    assert (read - written).tolist() == [0] * slip + [1] * (length - slip)
    assert not trace.wrong[0, end + 1 : end + 1 + slip].any()
    assert trace.emission.g[0, end + slip, 0] > 0.8


@pytest.mark.parametrize("name", WELL)
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


def test_no_gate_is_open_for_a_while_and_nothing_else_changes():
    machine = NTM(NTMConfig(10, 8, controller_size=7), torch.Generator().manual_seed(1))
    h = torch.rand(3, 7, generator=torch.Generator().manual_seed(2))
    before = machine.heads(h)
    with gates_closed(machine):
        torch.testing.assert_close(machine.heads(h), before._replace(g=torch.zeros(3, 2)))
    torch.testing.assert_close(machine.heads(h), before)


def test_every_riddle_has_an_answer():
    assert RIDDLES.keys() == ANSWERS.keys()


def test_the_readme_has_a_line_for_every_machine_and_a_command_for_every_memory():
    assert FAULTS.keys() == {path.name for path in MACHINES.iterdir() if path.is_dir()}
    assert COMMANDS.keys() == FAULTS.keys() - {"no_memory"}


@pytest.mark.slow
@pytest.mark.parametrize("name", COMMANDS)
def test_each_machine_has_the_fault_that_it_stands_for_or_its_verdict_in_other_tasks(name):
    model, run = load(MACHINES / name)
    if run.task.name == "copying":
        found = [finding.name for finding in diagnose(model, run) if finding.fault]
        assert FAULTS[name] in (found or ["none"])
    else:
        assert (FAULTS[name] == "healthy") == run.progress.verdict.converged
        assert FAULTS[name] in [finding.name for finding in diagnose_task(model, run)]
