"""The `ntm` command: what it prints, what it keeps, and one line for whatever goes wrong."""

import io
import json
import os
import re
import signal
import sys
from dataclasses import asdict, fields

import pytest
import torch
from processes import one_line, start, wait_until
from safetensors.torch import save
from small import judge_quickly, same_tensors

from ntm_lib import cli, evaluate, load, tasks
from ntm_lib.analysis import diagnosis
from ntm_lib.machine import LSTMConfig, NTMConfig
from ntm_lib.study import rows
from ntm_lib.study.questions import QUESTIONS
from ntm_lib.training import checkpoints, evaluation, loop, recipes

SIZES = ["--machine.word_size", "5", "--machine.controller_size", "7", "--batch_size", "2"]
TINY = [*SIZES, "--updates", "4", "--validate_every", "2"]
LONG = [*SIZES, "--max_length", "2", "--updates", "120", "--validate_every", "10", "--settled_loss", "0"]


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    judge_quickly(monkeypatch)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A directory with a machine that has learned next to nothing."""
    out = tmp_path_factory.mktemp("trained") / "tiny"
    with pytest.MonkeyPatch.context() as patch:
        judge_quickly(patch)
        cli.main(["train", "--out", str(out), *TINY])
    return out


@pytest.fixture
def ntm(capsys):
    """Run a command here; returns its exit code, stdout and stderr."""

    def run(*words):
        capsys.readouterr()
        return cli.main([str(word) for word in words]), *capsys.readouterr()

    return run


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
    monkeypatch.setattr(loop, "judge", lambda model: exact)
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
    assert "The peak rate. (type: float, default: 0.0001)" in text
    assert "Numbers in one row, M. (type: int, default: 20)" in text
    options = [f"--{field.name} " for field in fields(recipes.Recipe) if field.name != "machine"]
    options += [f"--machine.{field.name} " for owner in (NTMConfig, LSTMConfig) for field in fields(owner)]
    assert [option for option in options if option not in text] == []


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
    assert same_tensors(checkpoints._tensors(cut), checkpoints._tensors(whole))


# evaluate


def test_evaluate_counts_what_the_library_counts(ntm, trained):
    report = evaluate(load(trained)[0], [3, 11], 5, seed=2, kind="text")
    words = ["evaluate", trained, "--lengths", 3, 11, "--sequences", 5, "--seed", 2, "--kind", "text"]
    code, out, err = ntm(*words, "--json")
    assert (code, err) == (0, "") and json.loads(out)["lengths"] == report.to_json()["lengths"]
    assert list(json.loads(out)["lengths"]["11"]) == ["sequences", "wrong_sequences", "bits", "wrong_bits"]

    code, out, _ = ntm(*words)
    header, *lines = [line.split() for line in out.splitlines()]
    assert code == 0 and header == ["length", "sequences", "wrong", "sequences", "bits", "wrong", "bits"]
    counts = report.lengths[11]
    assert lines[1] == ["11", "5", str(counts.wrong_sequences), str(5 * 11 * 8), str(counts.wrong_bits)]


def test_a_memory_that_is_too_small_is_one_line_of_warning(ntm, trained):
    words = ["--lengths", 9, "--sequences", 2, "--memory-size", 7, "--json"]
    code, out, err = ntm("evaluate", trained, *words)
    with pytest.warns(evaluation.MemoryTooSmall):
        report = evaluate(load(trained)[0], [9], 2, memory_size=7)
    assert code == 0 and json.loads(out)["lengths"] == report.to_json()["lengths"]
    assert one_line(err) and err.startswith("ntm: warning: memory_size 7 is less than the 20 steps")


# copy


def test_copy_writes_what_comes_out_and_counts_what_differs(ntm, trained, tmp_path):
    (tmp_path / "in").write_bytes(b"seventeen letters")
    code, out, err = ntm("copy", trained, tmp_path / "in", "--out", tmp_path / "new" / "out")
    copied = (tmp_path / "new" / "out").read_bytes()
    assert copied == evaluation.copy_bytes(load(trained)[0], b"seventeen letters")
    wrong = rows.wrong_in(b"seventeen letters", copied)
    assert (code, out) == (1, "") and wrong["wrong_bytes"] > 0
    assert err == f"ntm: {wrong['wrong_bits']} of 136 bits and {wrong['wrong_bytes']} of 17 bytes differ\n"


def test_copy_exits_with_zero_only_if_identical(ntm, trained, tmp_path, monkeypatch):
    (tmp_path / "in").write_bytes(b"abc")
    monkeypatch.setattr(evaluation, "copy_bytes", lambda model, content, memory_size: content)
    code, _, err = ntm("copy", trained, tmp_path / "in", "--out", tmp_path / "in")
    assert (code, err) == (0, "ntm: 0 of 24 bits and 0 of 3 bytes differ\n")
    monkeypatch.setattr(evaluation, "copy_bytes", lambda model, content, memory_size: b"abb")
    code, _, err = ntm("copy", trained, tmp_path / "in", "--out", tmp_path / "in")
    assert (code, err) == (1, "ntm: 1 of 24 bits and 1 of 3 bytes differ\n")
    assert (tmp_path / "in").read_bytes() == b"abb"


def test_copy_through_pipes(trained):
    process = start("copy", trained, "-", "--out", "-")
    content = bytes(range(256))
    out, err = process.communicate(content)
    assert out == evaluation.copy_bytes(load(trained)[0], content)
    assert process.returncode == 1 and one_line(err.decode()) and b"of 2,048 bits" in err


def test_copy_does_not_replace_a_device(ntm, trained, tmp_path):
    (tmp_path / "in").write_bytes(b"abc")
    (tmp_path / "device").symlink_to("/dev/null")
    assert ntm("copy", trained, tmp_path / "in", "--out", tmp_path / "device")[0] == 1
    assert (tmp_path / "device").is_symlink() and (tmp_path / "device").is_char_device()


def test_a_reader_that_leaves_early_is_no_reason_to_complain():
    with start("recipes") as process:
        process.stdout.close()
        assert process.stderr.read() == b"" and process.wait() == 1


# diagnose


def test_diagnose_tells_findings_with_evidence_and_cure(ntm, trained):
    code, out, err = ntm("diagnose", trained, "--length", 7)
    assert (code, err) == (1, "")
    found = diagnosis.diagnose(*load(trained), length=7)
    assert any(finding.fault and finding.cure for finding in found) and any(not finding.fault for finding in found)
    lines = out.splitlines()
    for finding in found:
        assert f"{finding.name}{' (fault)' if finding.fault else ''}" in lines and f"  {finding.sentence}" in lines
        assert not finding.cure or f"  Cure: {finding.cure}" in lines
        for name in finding.evidence:
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


def test_study_asks_for_findings(ntm, tmp_path):
    words = ["study", "reliable", "--seeds", 3, "--jobs", 1, "--out", tmp_path, *TINY]
    assert ntm(*words)[0] == 0 and ntm(*words, "--findings")[0] == 0
    (row,) = rows.read_rows(tmp_path)
    assert row["findings"] == cli.findings(*load(tmp_path / "machines" / "reliable" / "3"))["findings"] != []
    assert row["faults"] == "; ".join(one["name"] for one in row["findings"] if one["fault"])
    commands = json.loads((tmp_path / "manifest.json").read_text())["commands"]
    assert ["--findings" in command for command in commands] == [False, True]


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


def test_recipes_shows_how_each_differs(ntm):
    code, out, _ = ntm("recipes")
    heads = [line for line in out.splitlines() if line[0] != " "]
    assert code == 0 and heads[: len(recipes.names())] == recipes.names()
    assert [line.split(" (")[0] for line in heads[len(recipes.names()) :]] == list(QUESTIONS)
    assert "    learning_rate 0.0001" in out and "machine.controller lstm" in out and "    heads-2+1" in out
    listed = json.loads(ntm("recipes", "--json")[1])
    assert listed["questions"]["heads"] == ["heads-1+1", "heads-2+1", "heads-2+2", "heads-4+4"]
    differences = listed["recipes"]
    assert differences["reliable"] == {} and differences["paper_2014"]["optimizer"] == "rmsprop"


# bad input: exit 2, one line that names the value and what was expected, and nothing written


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        ("nope", "command is 'nope': expected one of train, evaluate, copy, diagnose, .*recipes; see `ntm --help`"),
        ("train relable --out new", "recipe is 'relable': expected one of reliable, "),
        ("train --out new --nope 3", "unknown: --nope; see `ntm train --help`"),
        ("train --out new --update 3", "unknown: --update; see `ntm train --help`"),
        ("train heads --out new", r"recipe is 'heads', a question of 4 arms: name one, such as heads-1\+1"),
        ("train --out new more words", "recipe is 'more'|unknown: words"),
        ("train", "missing: out; see `ntm train --help`"),
        ("train --out new --updates", "--updates: expected one argument"),
        ("train --out new --updates 2.5", "--updates is '2.5': expected a whole number"),
        ("train --out new --learning_rate fast", "--learning_rate is 'fast': expected a number"),
        ("train --out new --optimizer sgd", "--optimizer is 'sgd': expected one of adam, rmsprop, lagging-rmsprop"),
        ("train --out new --machine.word_size 0", "word_size is 0: expected at least 1"),
        ("train --out new --machine.word_size -3", "word_size is -3: expected at least 1"),
        ("train --out new --machine.layers 2", "--machine.layers is not for recipe reliable"),
        ("train --out new --seed -1", "seed is -1: expected a whole number from 0 on"),
        ("train --out new --seed x", "--seed is 'x': expected a whole number"),
        ("evaluate new", "new holds no run.safetensors: expected a directory that `ntm train --out` made"),
        ("evaluate TRAINED --lengths 0", "length is 0: expected at least 1"),
        ("evaluate TRAINED --lengths 3 -4", "length is -4: expected at least 1"),
        ("evaluate TRAINED --lengths many", "--lengths is 'many': expected a whole number"),
        ("evaluate TRAINED --sequences 0", "sequences is 0: expected at least 1"),
        ("evaluate TRAINED --kind odd", "--kind is 'odd': expected one of random, zeros, "),
        ("evaluate TRAINED --memory-size x", "--memory_size is 'x': expected a whole number"),
        ("diagnose new", "new holds no run.safetensors: expected a directory that `ntm train --out` made"),
        ("diagnose TRAINED --length 0", "length is 0: expected at least 1"),
        ("diagnose TRAINED --length 5000", "length is 5000: expected at most 2000, because"),
        ("diagnose TRAINED --length long", "--length is 'long': expected a whole number"),
        ("diagnose TRAINED --memory-size 0", "memory_size is 0: expected at least 1"),
        ("copy new FILE", "new holds no run.safetensors"),
        ("copy TRAINED nowhere --out new", "cannot read nowhere: No such file or directory"),
        ("copy TRAINED EMPTY --out new", "empty is empty: expected at least one byte to copy"),
        ("copy TRAINED FILE --out TRAINED", "it is a directory; name a file in it"),
        ("copy TRAINED FILE --out FILE/below", "cannot write file.below: "),
        ("study reliable --out new", "missing: seeds; see `ntm study --help`"),
        ("study --seeds 0 --out new", "missing: recipes; see `ntm study --help`"),
        ("study relable --seeds 0 --out new", "recipe is 'relable': expected one of"),
        ("study reliable --seeds 9-0 --out new", "seeds are '9-0': expected ranges that rise"),
        ("study reliable --seeds 0 --out new --jobs 0", "jobs is 0: expected at least 1"),
        ("study reliable --seeds 0 --out new --backend slurm", "backend is 'slurm': expected one of loky, dask, ray"),
        ("study reliable --seeds 0 --out new --address a:1", "address is 'a:1': loky knows this machine alone; choose"),
        ("study reliable --seeds 0 --out new --together 0", "together is 0: expected at least 1"),
        ("study reliable --seeds 0 --out new --together some", "--together is 'some': expected a whole number"),
        ("study reliable --seeds 0 --out new --file EMPTY", "empty is empty"),
        ("study post_2014 --seeds 0 --out new --file FILE", "post_2014 copies vectors of 7 bits: a file needs 8"),
        ("study reliable --seeds 0 --out FILE", "cannot write file: File exists; choose a directory"),
        ("recipes reliable", "unknown: reliable; see `ntm recipes --help`"),
    ],
)
def test_bad_input_is_one_line(ntm, trained, tmp_path, monkeypatch, words, complaint):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").touch()
    (tmp_path / "file").write_bytes(b"abc")
    places = {"TRAINED": str(trained), "EMPTY": "empty", "FILE": "file"}
    for name, place in places.items():
        words = words.replace(name, place)
    code, out, err = ntm(*words.split())
    assert (code, out) == (2, "") and one_line(err)
    assert re.search(complaint, err), err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["empty", "file"]
    assert (tmp_path / "file").read_bytes() == b"abc"


def test_an_empty_pipe_is_one_line(ntm, trained, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO()))
    assert ntm("copy", trained) == (2, "", "ntm: there is nothing to copy: expected at least one byte\n")


def test_a_directory_that_is_not_ours_truncated_or_of_another_version_is_one_line(ntm, trained, tmp_path):
    file = tmp_path / checkpoints.FILE_NAME
    whole = (trained / checkpoints.FILE_NAME).read_bytes()
    other = save({"model.x": torch.zeros(1)}, metadata={"run": json.dumps({"format": "ntm-lib run 0"})})
    for content, complaint in (
        (b"", "is truncated or not ours"),
        (b"not ours at all", "is truncated or not ours"),
        (whole[: len(whole) // 2], "is truncated or not ours"),
        (save({"x": torch.zeros(1)}), f"has format None: expected {checkpoints.FORMAT!r}"),
        (other, f"has format 'ntm-lib run 0': expected {checkpoints.FORMAT!r}"),
    ):
        file.write_bytes(content)
        for words in (["evaluate", tmp_path], ["copy", tmp_path, file], ["train", "--out", tmp_path, *TINY]):
            code, out, err = ntm(*words)
            assert (code, out) == (2, "") and one_line(err) and complaint in err and str(file) in err
        assert file.read_bytes() == content


def test_a_directory_of_another_run_or_that_cannot_be_written_is_one_line(ntm, trained):
    before = (trained / checkpoints.FILE_NAME).read_bytes()
    for words, complaint in (
        (["--out", trained, "--seed", 8], "holds seed 0 of recipe 'reliable', not seed 8"),
        (["--out", trained, "--clip_norm", 5], "holds seed 0 of recipe 'reliable' with another clip_norm"),
        (["--out", trained / checkpoints.FILE_NAME], "cannot write "),
    ):
        code, out, err = ntm("train", *words, *TINY)
        assert (code, out) == (2, "") and one_line(err) and complaint in err
    assert (trained / checkpoints.FILE_NAME).read_bytes() == before


def test_what_does_not_fit_into_the_computer_is_one_line(ntm, trained):
    code, out, err = ntm("evaluate", trained, "--lengths", 2, "--sequences", 1, "--memory-size", 10**13)
    assert (code, out) == (2, "") and one_line(err) and "more memory than there is" in err


def test_other_errors_are_not_hidden(ntm, trained, monkeypatch):
    monkeypatch.setattr(evaluation, "evaluate", lambda *_: (_ for _ in ()).throw(RuntimeError("a mistake of ours")))
    with pytest.raises(RuntimeError, match="a mistake of ours"):
        ntm("evaluate", trained)


def test_help_names_every_command(ntm):
    for words in ([], ["--help"], ["-h"]):
        code, out, err = ntm(*words)
        assert (code, err) == (0, "") and all(f"  {name} " in out for name in cli.COMMANDS)


def test_every_kind_can_be_evaluated(ntm, trained):
    for kind in tasks.KINDS:
        assert ntm("evaluate", trained, "--lengths", 2, "--sequences", 1, "--kind", kind)[0] == 0
