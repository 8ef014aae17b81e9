"""The `ntm` command on bad input: exit code 2, one line that names value, expectation and remedy, nothing written."""

import io
import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from processes import one_line, start
from safetensors.torch import save
from trainings import TINY

from ntm_lib.runs import checkpoints

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        ("nope", "command is 'nope': expected one of train, evaluate, copy, diagnose, .*recipes; see `ntm --help`"),
        ("train relable --out new", "recipe is 'relable': expected one of reliable, "),
        ("train --out new --nope 3", "unrecognized arguments: --nope; see `ntm train --help`"),
        ("train --out new --update 3", "unrecognized arguments: --update; see `ntm train --help`"),
        (
            "train QUESTION --out new",
            "a question of 5 arms: name one, as in .*start:ARM; `ntm recipes .*start` lists them",
        ),
        (
            "train QUESTION:nope --out new",
            "arm is 'nope': expected one of one-hot, spaced, uniform, random, learned, the",
        ),
        (
            "train nowhere:nope --out new",
            "recipe is 'nowhere:nope': expected one of reliable, .*, or a path to a question",
        ),
        ("train --out new --device abacus", "device is 'abacus': expected one that is here, such as cpu"),
        ("train --out new --name= ", "--name is '': expected at least one character"),
        ("study reliable --seeds= --out new", "--seeds is '': expected at least one character"),
        ("evaluate TRAINED --memory_size 2000000000", "needs more memory than there is"),
        ("train --out= ", "--out is '': expected at least one character"),
        (
            "train --out new --machine.output_size 7",
            "this machine has 10 inputs and 7 outputs: a copy needs one",
        ),
        ("train --out new --machine.memory_size 99999999999999999999", "memory_size is 9+: expected at most"),
        ("train --out new more words", "recipe is 'more'|unrecognized arguments: words"),
        ("train", "arguments are required: --out; see `ntm train --help`"),
        ("train --out new --updates", "argument --updates: expected one argument"),
        ("train --out new --updates 2.5", "--updates is '2.5': expected a whole number"),
        ("train --out new --learning_rate fast", "--learning_rate is 'fast': expected a number"),
        ("train --out new --optimizer sgd", "--optimizer is 'sgd': expected one of adam, rmsprop, lagging-rmsprop"),
        ("train --out new --machine.word_size 0", "word_size is 0: expected at least 1"),
        ("train --out new --machine.word_size -3", "word_size is -3: expected at least 1"),
        ("train --out new --machine.layers 2", "machine.layers is no field of recipe reliable"),
        ("train --out new --seed -1", "seed is -1: expected a whole number from 0"),
        ("train --out new --seed x", "--seed is 'x': expected a whole number"),
        ("evaluate new", "new holds no run.safetensors: expected a directory that `ntm train --out` made"),
        ("evaluate TRAINED --lengths 0", "length is 0: expected at least 1"),
        ("evaluate TRAINED --lengths 3 -4", "length is -4: expected at least 1"),
        ("evaluate TRAINED --lengths 3 20x10", "size is 20x10: expected one number, such as 20"),
        ("evaluate TRAINED --lengths 10000001", "length is 10000001: expected at most 10000000"),
        ("evaluate TRAINED --lengths many", "--lengths is 'many': expected a whole number"),
        ("evaluate TRAINED --sequences 0", "sequences is 0: expected at least 1"),
        (
            "evaluate TRAINED --memory_size 99999999999999999999",
            "memory_size is 9+: expected at most",
        ),
        ("evaluate TRAINED --device abacus", "device is 'abacus': expected one that is here, such as cpu"),
        (
            "evaluate TRAINED --device meta",
            "device is 'meta': expected one that is here, such as cpu, and holds numbers",
        ),
        ("evaluate TRAINED --crowd 0", "crowd is 0.0: expected at least 1"),
        ("evaluate TRAINED --crowd nan", "crowd is nan: expected a number from 1 to 2147483647"),
        ("evaluate TRAINED --crowd=-inf", "crowd is -inf: expected at least 1"),
        ("evaluate TRAINED --crowd all", "--crowd is 'all': expected a number"),
        ("evaluate TRAINED --kind odd", "--kind is 'odd': expected one of random, zeros, "),
        ("evaluate TRAINED --memory-size x", "--memory_size is 'x': expected a whole number"),
        ("diagnose new", "new holds no run.safetensors: expected a directory that `ntm train --out` made"),
        ("diagnose TRAINED --length 0", "length is 0: expected at least 1"),
        ("diagnose TRAINED --length 50000", "100002 steps over 100016 rows takes .* GB: "),
        ("diagnose TRAINED --length long", "--length is 'long': expected a whole number"),
        ("diagnose TRAINED --memory-size 0", "memory_size is 0: expected at least 1"),
        ("copy new FILE", "new holds no run.safetensors"),
        ("copy TRAINED nowhere --out new", "cannot read nowhere: No such file or directory"),
        ("copy TRAINED EMPTY --out new", "empty is empty: expected at least one byte to copy"),
        ("copy TRAINED /dev/zero --out new", "/dev/zero is too long: expected at most 1,000,000 bytes"),
        ("copy TRAINED FILE --out FILE", "cannot write file: it is what is copied, and would be lost"),
        ("copy TRAINED FILE --out= ", "--out is '': expected at least one character"),
        ("copy TRAINED FILE --out TRAINED", "cannot write .*: expected the name of a file, or - for standard output"),
        ("copy TRAINED FILE --out FILE/below", "cannot write file.below: "),
        ("study reliable --out new", "arguments are required: --seeds; see `ntm study --help`"),
        ("study --seeds 0 --out new", "arguments are required: RECIPE; see `ntm study --help`"),
        ("study relable --seeds 0 --out new", "recipe is 'relable': expected one of"),
        (
            "study reliable --seeds 9-0 --out new",
            "seeds are '9-0': expected whole numbers below 4,294,967,296, and ranges that rise",
        ),
        ("study reliable --seeds 0-99999999999 --out new", "expected whole numbers below 4,294,967,296"),
        ("study reliable --seeds 0-3000000 --out new", "3,000,001 of them: expected at most 100,000 in one study"),
        ("study reliable --seeds 0 --out new --machine.output_size 7", "10 inputs and 7 outputs: a copy needs one"),
        ("study reliable --seeds 0 --out new --file /dev/zero", "/dev/zero is too long"),
        ("study reliable --seeds 0 --out= ", "--out is '': expected at least one character"),
        ("study reliable --seeds 0 --out new --jobs 0", "jobs is 0: expected at least 1"),
        ("study reliable --seeds 0 --out new --together 0", "together is 0: expected at least 1"),
        ("study reliable --seeds 0 --out new --together some", "--together is 'some': expected a whole number"),
        ("study reliable --seeds 0 --out new --kind text", "--kind is 'text': expected one of random, chosen"),
        ("study reliable --seeds 0 --out new --crowd 100", "crowd is 100: name the lengths to count in it, such as"),
        ("study reliable --seeds 0 --out new --lengths 5 --crowd 0.5", "crowd is 0.5: expected at least 1"),
        ("study reliable --seeds 0 --out new --lengths 5 --crowd -2", "crowd is -2.0: expected at least 1"),
        ("study reliable --seeds 0 --out new --lengths 5 --crowd nan", "crowd is nan: expected a number from 1 to"),
        ("study reliable --seeds 0 --out new --lengths 5 --crowd 1e99", "crowd is 1e.99: expected at most"),
        ("study reliable --seeds 0 --out new --lengths 5 --crowd many", "--crowd is 'many': expected a number"),
        ("study reliable --seeds 0 --out new --validations_in_a_row 0", "validations_in_a_row is 0: expected at least"),
        ("study reliable --seeds 0 --out new --clear -1", "clear is -1.0: expected at least 0"),
        ("study reliable --seeds 0 --out new --file EMPTY", "empty is empty"),
        ("study post_2014 --seeds 0 --out new --file FILE", "post_2014 copies vectors of 7 bits: a file needs 8"),
        ("study reliable --seeds 0 --out FILE", "cannot write file: File exists; choose a directory"),
        ("recipes reliable", "reliable holds no arms.toml, and none of its folders does"),
    ],
)
def test_bad_input_is_one_line(ntm, trained, tmp_path, monkeypatch, words, complaint):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").touch()
    (tmp_path / "file").write_bytes(b"abc")
    places = {
        "TRAINED": str(trained),
        "EMPTY": "empty",
        "FILE": "file",
        "QUESTION": str(ROOT / "data" / "studies" / "start"),
    }
    for name, place in places.items():
        words = words.replace(name, place)
    code, out, err = ntm(*words.split())
    assert (code, out) == (2, "") and one_line(err)
    assert re.search(complaint, err), err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["empty", "file"]
    assert (tmp_path / "file").read_bytes() == b"abc"


def test_an_empty_pipe_is_one_line(ntm, trained, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO()))
    assert ntm("copy", trained) == (2, "", "ntm: - is empty: expected at least one byte to copy\n")


@pytest.mark.parametrize(
    ("closed", "words", "complaint"),
    [
        ("<&-", ["copy", "TRAINED"], "standard input is closed: name a file"),
        (">&-", ["recipes"], "standard output is closed: expected somewhere to print to"),
    ],
)
def test_a_closed_stream_is_one_line(trained, closed, words, complaint):
    command = shlex.join(
        [sys.executable, "-m", "ntm_lib", *(str(trained) if word == "TRAINED" else word for word in words)]
    )
    done = subprocess.run(["sh", "-c", f"{command} {closed}"], capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 2 and one_line(done.stderr) and complaint in done.stderr


def test_without_standard_error_results_are_printed(trained):
    words = ["evaluate", str(trained), "--lengths", "3", "--sequences", "1"]
    command = shlex.join([sys.executable, "-m", "ntm_lib", *words])
    done = subprocess.run(["sh", "-c", f"{command} 2>&-"], stdout=subprocess.PIPE, text=True, cwd=ROOT, check=False)
    assert done.returncode == 0 and done.stdout.startswith("length")


def test_a_full_disk_for_results_is_one_line():
    with open("/dev/full", "wb") as full:
        process = start("recipes", stdout=full)
        _, err = process.communicate()
    assert process.returncode == 2 and one_line(err.decode()) and b"No space left" in err


def test_a_package_that_is_missing_is_one_line_with_its_extra(tmp_path):
    command = ["study", "reliable", "--seeds", "0", "--out", str(tmp_path / "new")]
    code = f"import sys; sys.modules['joblib'] = None; from ntm_lib import cli; sys.exit(cli.main({command}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 2 and not (tmp_path / "new").exists()
    assert done.stderr == "ntm: joblib is not installed: pip install -e '.[study]' in the folder of the library\n"


def test_a_directory_that_is_not_ours_truncated_or_of_another_version_is_one_line(ntm, trained, tmp_path):
    file = tmp_path / checkpoints.FILE_NAME
    whole = (trained / checkpoints.FILE_NAME).read_bytes()
    other = save({"model.x": torch.zeros(1)}, metadata={"run": json.dumps({"format": "ntm-lib run 0"})})
    for content, complaint in (
        (b"", "is damaged or no run of this library"),
        (b"not ours at all", "is damaged or no run of this library"),
        (whole[: len(whole) // 2], "is damaged or no run of this library"),
        (save({"x": torch.zeros(1)}), "is damaged or no run of this library"),
        (other, "is damaged or no run of this library"),
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


def test_other_errors_are_not_hidden(ntm, trained, monkeypatch):
    monkeypatch.setattr("ntm_lib.evaluate", lambda *_, **__: (_ for _ in ()).throw(RuntimeError("a mistake of ours")))
    with pytest.raises(RuntimeError, match="a mistake of ours"):
        ntm("evaluate", trained)


def test_a_copy_of_standard_input_does_not_replace_its_file(trained, tmp_path):
    file = tmp_path / "text"
    file.write_bytes(b"abc")
    command = shlex.join([sys.executable, "-m", "ntm_lib", "copy", str(trained), "-", "--out", str(file)])
    done = subprocess.run(["sh", "-c", f"{command} < {file}"], capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 2 and "it is what is copied" in done.stderr
    assert file.read_bytes() == b"abc"
