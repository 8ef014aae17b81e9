"""`ntm diagnose`: findings with evidence and cure, and checks of a prediction that can be pasted."""

import json
import re
import shlex
from dataclasses import asdict
from pathlib import Path

import pytest
from machines import short_of_breath

import ntm_lib
from ntm_lib import load
from ntm_lib.analysis import diagnosis
from ntm_lib.analysis.finding import CURES, JUMP_CURES, Finding, Kind
from ntm_lib.runs.checkpoints import save
from ntm_lib.training import recipes

HEALTHY = Path(__file__).parents[2] / "data" / "machines" / "backwards"


def test_diagnose_tells_findings_with_evidence_and_cure(ntm, trained):
    code, out, err = ntm("diagnose", trained, "--length", 7)
    assert (code, err) == (1, "")
    found = diagnosis.diagnose(*load(trained), length=7)
    assert any(finding.fault and finding.cure for finding in found) and any(not finding.fault for finding in found)
    lines = out.splitlines()
    for finding in found:
        assert f"{finding.name}{' (fault)' if finding.fault else ''}" in lines and f"  {finding.sentence}" in lines
        assert not finding.cure or f"  Cure: {finding.cure}" in lines
        for name in finding.evidence.keys() - {"of"}:
            assert any(line.startswith(f"    {name.replace('_', ' ')} ") for line in lines)


def test_diagnose_prints_json(ntm, trained):
    code, out, _ = ntm("diagnose", trained, "--length", 7, "--memory-size", 29, "--json")
    assert code == 1
    assert json.loads(out) == json.loads(
        json.dumps([asdict(finding) for finding in diagnosis.diagnose(*load(trained), length=7, memory_size=29)])
    )


def test_diagnose_exits_with_zero_only_if_nothing_is_wrong(ntm, trained, monkeypatch):
    healthy = diagnosis.Finding("healthy", False, "No fault.", {"bits": 3, "share": 0.12345, "rows": [1, 2]})
    monkeypatch.setattr(diagnosis, "diagnose", lambda *arguments: [healthy])
    assert ntm("diagnose", trained) == (
        0,
        "healthy\n  No fault.\n    bits 3\n    share 0.123\n    rows 1, 2\n",
        "",
    )


def finds(monkeypatch, kind, evidence, fault=False):
    """Let a diagnosis find one thing."""
    finding = Finding(kind, fault, "Found.", evidence)
    monkeypatch.setattr(diagnosis, "diagnose", lambda *arguments: [finding])


def test_the_check_of_a_reach_can_be_pasted_and_finds_the_errors(ntm, tmp_path):
    """In a folder with a blank in its name."""
    folder, run = tmp_path / "my machine", load(HEALTHY)[1]
    short_of_breath(run.model)
    save(run, folder)
    code, out, err = ntm("diagnose", folder)
    length = next(
        finding.evidence["length"] for finding in diagnosis.diagnose(*load(folder)) if finding.kind == Kind.REACH
    )
    assert (code, err) == (0, "")
    crowded, real = (shlex.split(line) for line in out.splitlines() if line.strip().startswith("ntm "))
    expected = ["ntm", "evaluate", str(folder), "--kind", "chosen", "--sequences", "28", "--lengths"]
    assert crowded == [*expected, "100", "--crowd", str(length / 100)] and real == [*expected, str(length)]
    code, out, err = ntm(*crowded[1:], "--json")
    assert (code, err) == (0, "") and json.loads(out)["lengths"]["100"]["wrong_bits"] > 0


@pytest.mark.parametrize(
    ("length", "checks"),
    [
        (30_448, ["--lengths 100 --crowd 304.48"]),
        (100, ["--lengths 100"]),
    ],
)
def test_no_check_takes_hours_or_is_in_a_crowd_of_one(ntm, monkeypatch, length, checks):
    finds(monkeypatch, Kind.REACH, {"length": length, "payload": "zeros"})
    lines = ntm("diagnose", HEALTHY)[1].splitlines()
    command = f"ntm evaluate {shlex.quote(str(HEALTHY))} --kind zeros --sequences 28"
    assert [line.strip() for line in lines if "ntm " in line] == [f"{command} {check}" for check in checks]


@pytest.mark.parametrize(
    ("kind", "evidence", "lines"),
    [
        (Kind.REACH, {"length": None, "payload": ""}, []),
        (
            Kind.NOT_FINITE,
            {"update": 7, "length": 0, "step": None, "what": "loss"},
            ["update 7", "length 0", "what loss"],
        ),
        (
            Kind.BLUR,
            {"wrong_bits": 9, "sequences": 5, "of": 11, "gamma": 0.5},
            ["wrong bits 9", "sequences 5 of 11", "gamma 0.5"],
        ),
        (Kind.IDLE_HEAD, {"idle": [["read", 0], ["write", 1]]}, ["idle read head 0, write head 1"]),
        (Kind.UNEXPLAINED, {"wrong": [("text", 20), ("chosen", 120)]}, ["wrong text at 20, chosen at 120"]),
    ],
)
def test_evidence_is_readable_and_never_empty(ntm, monkeypatch, kind, evidence, lines):
    finds(monkeypatch, kind, evidence, fault=kind in CURES)
    printed = ntm("diagnose", HEALTHY)[1].splitlines()
    assert printed[1] == "  Found." and [line[4:] for line in printed if line.startswith("    ")] == lines


@pytest.mark.parametrize("words", [["--length", 20], ["--memory_size", 300], ["--length", 20, "--json"]])
def test_a_healthy_machine_whose_reach_is_left_out_is_said_so(ntm, words):
    code, out, err = ntm("diagnose", HEALTHY, *words)
    assert code == 0 and "predicted to fail" not in out
    assert err == "ntm: the reach is left out: it is predicted where neither --length nor --memory_size is given\n"


PRINTED = sorted({*CURES.values(), *JUMP_CURES.values()})
"""Every cure that a diagnosis can print."""


@pytest.mark.parametrize("cure", PRINTED)
def test_every_cure_names_options_that_the_command_accepts(cure, ntm, trained, monkeypatch):
    """Each option with its value or, where the cure has none, the recipe's own; a misspelt one is refused."""
    usual = recipes.settings(recipes.reliable)
    asked = [option.split() for words in re.findall(r"\((.*?)\)", cure) for option in words.split(", ")]
    assert asked and all(option.startswith("--") for option, *_ in asked) and cure.endswith(".")
    for option, *value in asked:
        if option in ("--memory_size", "--length"):
            assert ntm("diagnose", trained, option, 17)[0] in (0, 1)
            continue
        changed = []
        monkeypatch.setattr(ntm_lib, "train", lambda recipe, *_, changed=changed, **__: changed.append(recipe) or 1 / 0)
        field = option.removeprefix("--")
        with pytest.raises(ZeroDivisionError):
            ntm("train", "reliable", option, *(value or [usual[field]]), "--out", trained)
        assert [str(recipes.settings(recipe)[field]) for recipe in changed] == [*(value or [str(usual[field])])]
        assert ntm("train", "reliable", f"{option}s", *(value or [usual[field]]), "--out", trained)[0] == 2
