"""The `ntm` command: what it prints and what it keeps."""

import csv
import io
import json
import os
import shlex
import signal
import subprocess
import sys
import time
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import get_args

import pytest
import torch
from processes import one_line, start, wait_until
from small import same_tensors
from trainings import LONG, TINY

from ntm_lib import cli, evaluate, load, tasks
from ntm_lib.analysis import copies, diagnosis
from ntm_lib.cli import terminal
from ntm_lib.cli.commands import COMMANDS
from ntm_lib.machine import LSTMConfig, NTMConfig
from ntm_lib.runs import checkpoints
from ntm_lib.study import arms, rows
from ntm_lib.study.content import wrong_in
from ntm_lib.training import evaluation, recipes

ROOT = Path(__file__).parents[2]


# train


def test_train_says_what_it_learned_and_keeps_it(ntm, tmp_path):
    code, out, err = ntm("train", "reliable", "--seed", 5, "--out", tmp_path / "run", *TINY)
    model, run = load(tmp_path / "run")
    assert (code, err) == (1, "")
    assert (run.seed, run.recipe.updates, run.recipe.machine.word_size) == (5, 4, 5)
    header, random, end = out.splitlines()
    assert header.split() == ["wrong", "bits", "at", "length", "2", "3"]
    assert random.split() == ["random", *(str(evaluate(model, [length], 2).wrong_bits) for length in (2, 3))]
    assert end.startswith("not converged (see the wrong bits above) after 8 sequences, ")


def test_train_exits_with_zero_only_if_converged(ntm, tmp_path, monkeypatch):
    count = evaluation.Count(sequences=1, wrong_sequences=0, bits=16, wrong_bits=0)
    exact = evaluation.Verdict((evaluation.Report("random", {2: count}),))
    monkeypatch.setattr(evaluation, "judge", lambda *_: exact)
    code, out, _ = ntm("train", "--out", tmp_path, *TINY)
    assert code == 0 and "\nconverged after 8 sequences" in out


def test_train_prints_json(ntm, trained):
    code, out, _ = ntm("train", "--out", trained, "--json", *TINY)
    row = json.loads(out)
    assert code == 1 and row == rows.row_of(checkpoints.read(trained))
    assert {"recipe", "seed", "converged", "sequences", "seconds", "wrong_bits"} <= row.keys()


def test_options_may_be_spelt_with_dashes(ntm, tmp_path):
    ntm("train", "--out", tmp_path / "a-b", *[word.replace("_", "-") for word in TINY], "--learning-rate=0.25")
    recipe = load(tmp_path / "a-b")[1].recipe
    assert (recipe.learning_rate, recipe.machine.word_size, recipe.batch_size) == (0.25, 5, 2)


def test_every_field_is_an_option_with_its_help_and_the_recipes_default(capsys):
    with pytest.raises(SystemExit) as end:
        cli.main(["train", "paper_2014", "--help"])
    text = " ".join(capsys.readouterr().out.split())
    assert end.value.code == 0
    assert "--learning_rate NUMBER Peak of the learning rate. (default: 0.0001)" in text
    assert "--optimizer CHOICE" in text and "(adam, rmsprop, lagging-rmsprop) (default: rmsprop)" in text
    options = [f"--{field.name} " for field in fields(recipes.Recipe) if is_simple(field.type)]
    options += [f"--historical.{field.name} " for field in fields(recipes.Historical)]
    options += [f"--machine.{field.name} " for owner in (NTMConfig, LSTMConfig) for field in fields(owner)]
    assert [option for option in options if option not in text] == []


def is_simple(kind):
    """Whether a field holds a value, and not fields of its own."""
    return not any(is_dataclass(part) for part in (kind, *get_args(kind)))


@pytest.mark.parametrize("words", [["--open_gates", "-1e-3"], ["--open-gates", "-0.001"], ["--open_gates=-1e-3"]])
def test_negative_numbers_may_be_spelt_in_any_way(ntm, tmp_path, words):
    ntm("train", "--out", tmp_path, *TINY, *words)
    assert load(tmp_path)[1].recipe.open_gates == -0.001


def test_an_arm_is_trained_like_a_recipe(ntm, tmp_path):
    place = write_question(tmp_path)
    ntm("train", f"{place}:wide", "--out", tmp_path / "run", *TINY)
    recipe = load(tmp_path / "run")[1].recipe
    assert (recipe.name, recipe.machine.memory_size, recipe.machine.word_size) == ("rows-wide", 31, 5)


def write_question(folder):
    """A question of two arms."""
    (folder / "rows").mkdir()
    text = 'question = "How many rows?"\n[arms.narrow]\n[arms.wide]\nmachine.memory_size = 31\n'
    (folder / "rows" / "arms.toml").write_text(text)
    return folder / "rows"


@pytest.mark.slow
def test_a_killed_and_an_interrupted_training_go_on_as_if_nothing_had_been(ntm, tmp_path):
    out = tmp_path / "cut"
    command = ["train", "--seed", 3, "--out", out, *LONG]

    first = start(*command)
    wait_until((out / checkpoints.FILE_NAME).exists, first)
    first.send_signal(signal.SIGINT)
    printed, complaint = first.communicate()
    assert (first.returncode, printed) == (130, b"")
    assert one_line(complaint.decode()) and b"the same command goes on" in complaint
    interrupted_at = checkpoints.read(out).progress.update

    second = start(*command)
    wait_until(lambda: checkpoints.read(out).progress.update > interrupted_at, second)
    second.kill()
    second.communicate()
    progress = checkpoints.read(out).progress
    assert interrupted_at < progress.update < 120 and not progress.finished

    assert ntm(*command)[0] == 1 and ntm("train", "--seed", 3, "--out", tmp_path / "whole", *LONG)[0] == 1
    cut, whole = checkpoints.read(out), checkpoints.read(tmp_path / "whole")
    assert cut.progress.update == whole.progress.update == 120
    assert same_tensors(cut.model.state_dict(), whole.model.state_dict())
    assert same_tensors(cut.optimizer.state_dict()["state"][0], whole.optimizer.state_dict()["state"][0])
    assert torch.equal(cut.generator.get_state(), whole.generator.get_state())


# evaluate


def test_evaluate_counts_what_the_library_counts(ntm, trained):
    report = evaluate(load(trained)[0], [3, 11], 5, seed=2, kind="text")
    words = ["evaluate", trained, "--lengths", 3, 11, "--sequences", 5, "--seed", 2, "--kind", "text"]
    code, out, err = ntm(*words, "--json")
    assert (code, err) == (0, "") and json.loads(out)["lengths"] == report.to_json()["lengths"]
    assert list(json.loads(out)["lengths"]["11"]) == ["sequences", "wrong_sequences", "bits", "wrong_bits"]

    code, out, _ = ntm(*words)
    header, *lines = [line.split() for line in out.splitlines()]
    assert code == 0 and header == ["length", "kind", "sequences", "wrong", "sequences", "bits", "wrong", "bits"]
    counts = report.lengths[11]
    assert lines[1] == ["11", "text", "5", str(counts.wrong_sequences), str(5 * 11 * 8), str(counts.wrong_bits)]


@pytest.mark.parametrize(
    ("words", "header", "cells", "entries"),
    [
        ([], [], [], {"kind": "random"}),
        (["--kind", "chosen"], ["kind"], ["chosen"], {"kind": "chosen"}),
        (["--crowd", 21.11], ["crowd"], ["21.11"], {"kind": "random", "crowd": 21.11}),
        (
            ["--kind", "ones", "--crowd", "1e6"],
            ["kind", "crowd"],
            ["ones", "1,000,000"],
            {"kind": "ones", "crowd": 1e6},
        ),
    ],
)
def test_results_of_chosen_and_crowded_sequences_say_so(ntm, trained, words, header, cells, entries):
    words = ["evaluate", trained, "--lengths", 3, 5, "--sequences", 28, *words]
    code, out, err = ntm(*words)
    titles, *lines = [line.split() for line in out.splitlines()]
    counts = ["sequences", "wrong", "sequences", "bits", "wrong", "bits"]
    assert (code, err) == (0, "") and titles == ["length", *header, *counts]
    assert [line[: 2 + len(cells)] for line in lines] == [["3", *cells, "28"], ["5", *cells, "28"]]
    report = json.loads(ntm(*words, "--json")[1])
    assert {name: value for name, value in report.items() if name != "lengths"} == entries


def test_chosen_sequences_that_are_too_few_to_try_all_ways_are_warned_of(ntm, trained, tmp_path):
    words = ["evaluate", trained, "--lengths", 2, "--sequences"]
    warning = "ntm: warning: --sequences is 27: chosen sequences try all ways from 28 on\n"
    assert ntm(*words, 27, "--kind", "chosen")[2] == ntm(*words, 27, "--kind", "chosen", "--json")[2] == warning
    assert ntm(*words, 28, "--kind", "chosen")[2] == ntm(*words, 27)[2] == ""
    without_memory = ["evaluate", ROOT / "data" / "machines" / "no_memory", "--lengths", 2, "--sequences", 4]
    assert ntm(*without_memory, "--kind", "chosen")[::2] == (0, "")
    words = ["study", "reliable", *"--seeds 3 --jobs 1 --lengths 2 --kind chosen --out".split(), tmp_path, *TINY]
    assert ntm(*words, "--sequences", 27)[::2] == (0, warning) and ntm(*words, "--sequences", 28)[::2] == (0, "")


def test_a_memory_that_is_too_small_is_one_line_of_warning(ntm, trained):
    words = ["--lengths", 9, "--sequences", 2, "--memory-size", 7, "--json"]
    code, out, err = ntm("evaluate", trained, *words)
    with pytest.warns(evaluation.MemoryTooSmall):
        report = evaluate(load(trained)[0], [9], 2, memory_size=7)
    assert code == 0 and json.loads(out)["lengths"] == report.to_json()["lengths"]
    assert one_line(err) and err.startswith("ntm: warning: memory_size 7 is less than the 20 rows")


# copy


def test_copy_writes_what_comes_out_and_counts_what_differs(ntm, trained, tmp_path):
    (tmp_path / "in").write_bytes(b"seventeen letters")
    code, out, err = ntm("copy", trained, tmp_path / "in", "--out", tmp_path / "new" / "out")
    copied = (tmp_path / "new" / "out").read_bytes()
    assert copied == copies.copy_bytes(load(trained)[0], b"seventeen letters")
    wrong = wrong_in(b"seventeen letters", copied)
    assert (code, out) == (1, "") and wrong["wrong_bytes"] > 0
    assert err == f"ntm: {wrong['wrong_bits']} of 136 bits and {wrong['wrong_bytes']} of 17 bytes differ\n"


@pytest.mark.parametrize(
    ("copy", "code", "said"),
    [(b"abc", 0, "0 of 24 bits and 0 of 3 bytes differ"), (b"abb", 1, "1 of 24 bits and 1 of 3 bytes differ")],
)
def test_copy_exits_with_zero_only_if_identical(ntm, trained, tmp_path, monkeypatch, copy, code, said):
    (tmp_path / "in").write_bytes(b"abc")
    monkeypatch.setattr(copies, "copy_bytes", lambda model, content, memory_size: copy)
    assert ntm("copy", trained, tmp_path / "in", "--out", tmp_path / "out") == (code, "", f"ntm: {said}\n")
    assert (tmp_path / "out").read_bytes() == copy and (tmp_path / "in").read_bytes() == b"abc"


def test_copy_through_pipes(trained):
    process = start("copy", trained, "-", "--out", "-")
    content = bytes(range(256))
    out, err = process.communicate(content)
    assert out == copies.copy_bytes(load(trained)[0], content)
    assert process.returncode == 1 and one_line(err.decode()) and b"of 2,048 bits" in err


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_copy_to_a_full_device_is_noticed(trained, tmp_path, unbuffered):
    (tmp_path / "in").write_bytes(b"abc")
    environment = os.environ | {"PYTHONUNBUFFERED": unbuffered}
    with open("/dev/full", "wb") as full:
        process = start("copy", trained, tmp_path / "in", stdout=full, env=environment)
        _, err = process.communicate()
    assert process.returncode == 2 and one_line(err.decode()) and b"No space left" in err


def test_copy_does_not_replace_a_device(ntm, trained, tmp_path):
    (tmp_path / "in").write_bytes(b"abc")
    (tmp_path / "device").symlink_to("/dev/null")
    assert ntm("copy", trained, tmp_path / "in", "--out", tmp_path / "device")[0] == 1
    assert (tmp_path / "device").is_symlink() and (tmp_path / "device").is_char_device()


def test_a_reader_that_leaves_early_is_no_reason_to_complain():
    with start("recipes") as process:
        process.stdout.close()
        assert process.stderr.read() == b"" and process.wait() == 1


# study and recipes


def test_study_prints_a_summary_and_keeps_tables(ntm, tmp_path):
    words = ["reliable", "reliable_lstm", "--seeds", "0-1,4", "--jobs", 1, "--lengths", 6, "--sequences", 2]
    code, out, err = ntm("study", *words, "--out", tmp_path, *TINY)
    assert (code, err) == (0, "")
    assert [line.split() for line in out.splitlines() if "converged" in line] == [
        ["reliable", "converged", "0/3,", "0–70.8", "%"],
        ["reliable_lstm", "converged", "0/3,", "0–70.8", "%"],
    ]
    assert "took" in out and "exact at 6" in out
    assert len((tmp_path / "runs.csv").read_text().splitlines()) == 1 + 6
    settings = json.loads((tmp_path / "runs" / "reliable_lstm-4.json").read_text())["settings"]
    assert settings["learning_rate"] == recipes.reliable_lstm.learning_rate and settings["batch_size"] == 2
    assert settings["machine"]["controller"] == "lstm" and settings["machine"]["word_size"] == 5

    code, out, _ = ntm("study", *words, "--out", tmp_path, "--json", *TINY)
    assert [one["recipe"] for one in json.loads(out)] == ["reliable", "reliable_lstm"]


def test_study_counts_errors_in_chosen_payloads_beside_random_ones(ntm, tmp_path):
    words = ["study", "reliable", "--seeds", 3, "--jobs", 1, "--out", tmp_path, "--lengths", 6, "--sequences", 9, *TINY]
    assert ntm(*words)[0] == 0
    before = (tmp_path / "runs.csv").read_text().splitlines()[0].split(",")
    code, out, _ = ntm(*words, "--kind", "chosen")
    assert code == 0 and "exact at 6 " in out and "exact at chosen_6 " in out
    (line,) = csv.DictReader((tmp_path / "runs.csv").read_text().splitlines())
    assert [column for column in line if column not in before] == ["wrong_bits_chosen_6"]
    model, _ = load(tmp_path / "machines" / "reliable" / "3")
    for column, kind in (("wrong_bits_6", "random"), ("wrong_bits_chosen_6", "chosen")):
        assert int(line[column]) == evaluate(model, [6], 9, seed=3, kind=kind).wrong_bits
    assert json.loads((tmp_path / "manifest.json").read_text())["commands"][-1].endswith("--kind chosen")


def test_study_counts_errors_in_a_crowd_beside_the_others(ntm, tmp_path):
    """A column of its own at each length; what is there is not counted again."""
    words = ["study", "reliable", "--seeds", 3, "--jobs", 1, "--out", tmp_path, "--lengths", 6, "--sequences", 9, *TINY]
    assert ntm(*words)[0] == 0
    before = (tmp_path / "runs.csv").read_text().splitlines()[0].split(",")
    for _ in range(2):
        code, out, _ = ntm(*words, "--crowd", "1e4")
        assert code == 0 and "exact at 6 " in out and "exact at 6_crowd_10000 " in out
    (line,) = csv.DictReader((tmp_path / "runs.csv").read_text().splitlines())
    assert [column for column in line if column not in before] == ["wrong_bits_6_crowd_10000"]
    model, _ = load(tmp_path / "machines" / "reliable" / "3")
    for column, crowd in (("wrong_bits_6", 1), ("wrong_bits_6_crowd_10000", 10_000)):
        assert int(line[column]) == evaluate(model, [6], 9, seed=3, crowd=crowd).wrong_bits
    assert json.loads((tmp_path / "manifest.json").read_text())["commands"][1:] == [
        shlex.join(["ntm", *map(str, words), "--crowd", "1e4"])
    ]


def test_study_asks_for_findings(ntm, tmp_path):
    words = ["study", "reliable", "--seeds", 3, "--jobs", 1, "--out", tmp_path, *TINY]
    assert ntm(*words)[0] == 0 and ntm(*words, "--findings")[0] == 0
    (row,) = rows.read_rows(tmp_path)
    assert row["findings"] == diagnosis.study_entry(*load(tmp_path / "machines" / "reliable" / "3"))["findings"] != []
    assert row["faults"] == "; ".join(one["name"] for one in row["findings"] if one["fault"])
    commands = json.loads((tmp_path / "manifest.json").read_text())["commands"]
    assert ["--findings" in command for command in commands] == [False, True]


@pytest.mark.slow
def test_an_interrupted_study_stops_its_workers_and_goes_on(ntm, tmp_path):
    command = ["study", "reliable", "--seeds", "0-1", "--out", tmp_path, *LONG]
    process = start(*command, "--jobs", 2)
    machines = [tmp_path / "machines" / "reliable" / seed / checkpoints.FILE_NAME for seed in "01"]
    wait_until(lambda: any(machine.exists() for machine in machines), process)
    signal_group(process)
    out, err = process.communicate()  # returns when no worker holds the pipes any more
    assert (process.returncode, out) == (130, b"") and one_line(err.decode())
    assert not any(checkpoints.read(machine.parent).progress.finished for machine in machines if machine.exists())
    assert not (tmp_path / "runs").exists()
    assert ntm(*command, "--jobs", 1)[0] == 0
    assert [row["seed"] for row in rows.read_rows(tmp_path)] == [0, 1]


def signal_group(process):
    """Ctrl-C: every process of the group is told."""
    os.killpg(process.pid, signal.SIGINT)


def test_study_trains_questions_and_arms(ntm, tmp_path):
    place = write_question(tmp_path)
    words = ["study", place, "--seeds", 3, "--jobs", 1, "--out", tmp_path / "out", "--json", *TINY]
    code, out, _ = ntm(*words)
    assert code == 0 and [one["recipe"] for one in json.loads(out)] == ["rows-narrow", "rows-wide"]
    (command,) = json.loads((tmp_path / "out" / "manifest.json").read_text())["commands"]
    assert ntm(*shlex.split(command)[1:])[:2] == (0, out)


def test_recipes_shows_how_each_differs(ntm, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code, out, err = ntm("recipes")
    heads = [line for line in out.splitlines() if line[0] != " "]
    assert (code, err) == (0, "") and heads == recipes.names()
    assert "    learning_rate 0.0001" in out and "machine.controller lstm" in out
    differences = json.loads(ntm("recipes", "--json")[1])["recipes"]
    assert differences["reliable"] == {} and differences["paper_2014"]["optimizer"] == "rmsprop"


def test_recipes_lists_questions_and_arms_as_words_for_study(ntm, tmp_path, monkeypatch):
    place = write_question(tmp_path)
    lines = ntm("recipes", place)[1].splitlines()
    assert lines[-3:] == [f"{place} (How many rows?)", f"    {place}:narrow", f"    {place}:wide"]
    assert all(arms.one_recipe(line.strip()) for line in lines[-2:])
    monkeypatch.chdir(ROOT)
    listed = json.loads(ntm("recipes", "--json")[1])
    assert len(listed["questions"]) == 14
    assert listed["questions"]["heads"] == ["heads-1+1", "heads-2+1", "heads-2+2"]


def test_help_names_every_command(ntm):
    for words in ([], ["--help"], ["-h"]):
        code, out, err = ntm(*words)
        assert (code, err) == (0, "") and all(f"  {name} " in out for name in COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_help_says_what_holds_for_its_command(capsys, command):
    with pytest.raises(SystemExit):
        cli.main([command, "--help"])
    text = " ".join(capsys.readouterr().out.split())
    assert ("runs on one thread" in text) == (command in ("train", "evaluate", "copy", "diagnose"))
    assert ("of chosen ones 28 try all ways" in text) == (command in ("evaluate", "study"))
    assert ("--length and --memory_size leave the reach out" in text) == (command == "diagnose")


@pytest.mark.parametrize("kind", [*tasks.KINDS, "chosen"])
def test_every_kind_can_be_evaluated(ntm, trained, kind):
    assert ntm("evaluate", trained, "--lengths", 2, "--sequences", 1, "--kind", kind)[0] == 0


def test_help_comes_without_importing_torch():
    code = "import sys; from ntm_lib import cli; cli.main(['--help']); sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, check=False).returncode == 0


class Terminal(io.StringIO):
    """A screen that remembers what was drawn on it."""

    def isatty(self):
        return True


def test_a_terminal_sees_the_steps_of_a_copy(trained, monkeypatch):
    """Three sequences each of 7, 11 and 7 vectors, of 16, 24 and 16 steps: 168 steps in all."""
    model, _ = load(trained)
    screen = Terminal()
    monkeypatch.setattr(sys, "stderr", screen)
    with terminal.steps_shown(model, tasks.copying_for(model.config), [7, 11, 7], 3):
        evaluate(model, [7, 11], 3)
        time.sleep(0.2)  # a bar is drawn ten times a second
        evaluate(model, [7], 3)
    assert "0/168 [" in screen.getvalue() and "123/168 [" in screen.getvalue()


def test_texts_cannot_steer_a_terminal(capsys):
    terminal.show("a\x1b[31mb\nc")
    terminal.say("d\x07\r\ne")
    out, err = capsys.readouterr()
    assert out == "a\ufffd[31mb\nc\n" and "\x07" not in err and err.startswith("ntm: d") and err.count("\n") == 1


@pytest.mark.parametrize(("before", "after"), [(None, "AUTO"), ("COMPATIBLE", "COMPATIBLE")])
def test_sums_are_rounded_alike_however_a_command_is_started(before, after, monkeypatch):
    monkeypatch.delenv("MKL_CBWR")
    if before is not None:
        monkeypatch.setenv("MKL_CBWR", before)
    assert cli.main(["recipes"]) == 0
    assert os.environ["MKL_CBWR"] == after
