"""Runs on disk: whole or not at all, the same after an interruption as without, a clear word about what is not ours."""

import json
import math
import os
import re
import signal
import struct
import subprocess
import sys
from dataclasses import replace
from functools import cache
from pathlib import Path
from random import Random

import pytest
import torch
from processes import end, start_python
from safetensors import safe_open
from safetensors.torch import save as to_bytes
from small import (
    ADAPTIVE,
    APART,
    MACHINE,
    SETTLING,
    SMALL,
    YARDSTICK,
    judge_quickly,
    quicken,
    same_run,
    same_tensors,
    tensors,
    without_seconds,
)

from ntm_lib import load, tasks
from ntm_lib.runs import checkpoints
from ntm_lib.runs.checkpoints import FILE_NAME, FORMAT, alone_in, checksum, read, resume, save, write_whole
from ntm_lib.runs.train import train, train_together
from ntm_lib.training import evaluation, loop
from ntm_lib.training.evaluation import Count, Report
from ntm_lib.training.loop import update
from ntm_lib.training.progress import Stop
from ntm_lib.training.run import Run

RMSPROP = replace(
    SMALL, name="rmsprop", optimizer="rmsprop", machine=replace(MACHINE, initial_memory="learned", initial_value=0.2)
)
RMSPROP = replace(RMSPROP, largest_memory=0)
LSTM = replace(SETTLING, name="lstm", machine=replace(MACHINE, controller="lstm"))
AVERAGED = replace(SMALL, name="averaged", averaging=0.75)
every_recipe = pytest.mark.parametrize(
    "recipe", [SMALL, SETTLING, LSTM, RMSPROP, AVERAGED, YARDSTICK], ids=lambda r: r.name
)


@cache
def trained(recipe):
    """Seed 5, without a break."""
    return train(recipe, seed=5)


class Interrupted(Exception):
    """What comes in between."""


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    judge_quickly(monkeypatch)
    quicken(monkeypatch)


@pytest.fixture
def saved(tmp_path):
    """A run of a few updates, and the file that it is saved in."""
    run = Run(SMALL, 3)
    for _ in range(3):
        update(run)
    run.progress.history.append({"update": 3, "loss": 0.1 + 0.2, "gradient_norm": 1 / 7, "validation_wrong_bits": None})
    save(run, tmp_path / "run")
    return run, tmp_path / "run" / FILE_NAME


def header(path):
    with safe_open(path, framework="pt") as file:
        return json.loads(file.metadata()["run"])


def rewrite(path, change=None, drop=(), **changed):
    """Write a run's file again with another text or other tensors, and a checksum that fits them."""
    with safe_open(path, framework="pt") as file:
        content = {name: file.get_tensor(name) for name in file.keys() if name not in drop}
    content |= changed
    values = header(path)
    if change:
        change(values)
    text = json.dumps(values)
    metadata = {"format": FORMAT, "run": text, "sha256": checksum(text, content)}
    path.write_bytes(to_bytes(content, metadata=metadata))


REMEDY = "): restore the file, or remove it to train anew"


def assert_damaged(path):
    """The file is refused in one line that names it and says what to do, also where a training would go on."""
    message = complaint(path.parent)
    assert message.startswith(f"{path} is damaged or no run of this library (")
    assert message.endswith(REMEDY)
    before = path.read_bytes()
    with pytest.raises(ValueError) as caught:
        train(SMALL, seed=3, out=path.parent)
    assert str(caught.value) == message
    assert path.read_bytes() == before
    return message


def complaint(directory):
    """What `load` says of a directory that it cannot read, in one line."""
    with pytest.raises(ValueError) as error:
        load(directory)
    message = str(error.value)
    assert "\n" not in message
    return message


# There and back


@every_recipe
def test_everything_comes_back(recipe, tmp_path):
    run = Run(recipe, 2**32 - 1)
    for _ in range(3):
        update(run)
    save(run, tmp_path)
    again = read(tmp_path)
    assert (again.recipe, again.seed, again.progress) == (run.recipe, run.seed, run.progress)
    assert same_tensors(again.model.state_dict(), run.model.state_dict())
    assert same_tensors(again.judged.state_dict(), run.judged.state_dict())
    assert torch.equal(again.generator.get_state(), run.generator.get_state())
    averages, expected = (one.optimizer.state_dict()["state"] for one in (again, run))
    assert averages.keys() == expected.keys()
    assert len(expected) == len(list(run.model.parameters()))
    for index in expected:
        assert same_tensors(averages[index], expected[index])
    assert torch.equal(torch.rand(5, generator=again.generator), torch.rand(5, generator=run.generator))


def test_a_run_that_has_not_begun_comes_back(tmp_path):
    run = Run(SMALL, 3)
    save(run, tmp_path)
    again = read(tmp_path)
    for _ in range(3):
        assert update(again) == update(run)
    assert same_tensors(again.model.state_dict(), run.model.state_dict())


def test_every_number_of_the_progress_comes_back(tmp_path):
    """Also those that no decimal number of a few digits writes down, and those that are not finite."""
    run = Run(SMALL, 3)
    run.progress.running_loss = 0.1 + 0.2
    run.progress.seconds = math.pi
    run.progress.settled_at, run.progress.converged_at, run.progress.exact_in_a_row = 5, 7, 2
    run.progress.stopped = Stop(8, 1, "gradient of β", math.inf, 3)
    others = {"gradient_norm": 2 / 3, "validation_wrong_bits": 7}
    run.progress.history = [{"update": 4, "loss": 1 / 3, **others}, {"update": 8, "loss": math.inf, **others}]
    run.progress.reports = [Report("random", {20: Count(3, 1, 480, 2)})]
    run.progress.finished = True
    save(run, tmp_path)
    assert read(tmp_path).progress == run.progress


def test_load_gives_a_machine_ready_to_use(saved):
    run, path = saved
    machine, again = load(path.parent)
    assert again.model is machine
    assert not machine.training
    assert load(str(path.parent))[1].seed == 3
    inputs = torch.rand(2, 6, 5, generator=torch.Generator().manual_seed(0))
    assert torch.equal(machine(inputs)[0], run.model(inputs)[0])


def test_loading_touches_nobody_elses_random_numbers(saved):
    before = torch.random.get_rng_state()
    load(saved[1].parent)
    assert torch.equal(torch.random.get_rng_state(), before)


def test_the_file_says_what_it_is(saved):
    with safe_open(saved[1], framework="pt") as file:
        assert file.metadata()["format"] == FORMAT
    metadata = header(saved[1])
    assert metadata["seed"] == 3
    assert metadata["versions"]["torch"] == torch.__version__
    assert metadata["recipe"]["machine"]["word_size"] == 5


def test_out_may_be_none(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    run = Run(SMALL, 0)
    save(run, None)
    assert resume(run, None) is run
    assert not list(tmp_path.iterdir())


def test_out_may_be_new_and_deep(tmp_path):
    run = Run(SMALL, 0)
    deep = tmp_path / "a" / "b"
    assert resume(run, deep) is run
    save(run, str(deep))
    assert [path.name for path in deep.iterdir()] == [FILE_NAME]


def test_nothing_is_ever_unpickled(saved, monkeypatch):
    def unpickle(*arguments, **options):
        raise AssertionError("unpickled")

    for place in ("pickle.load", "pickle.loads", "pickle.Unpickler", "torch.load"):
        monkeypatch.setattr(place, unpickle)
    assert load(saved[1].parent)[1].seed == 3


# An interrupted run goes on


def interrupt_after(count):
    """Raise at the `count`th record."""
    records = []

    def on_record(record):
        records.append(record)
        if len(records) == count:
            raise Interrupted

    return on_record


def stored(directory):
    """Everything on disk, the time it took aside."""
    run = read(directory)
    run.progress.history = without_seconds(run.progress.history)
    run.progress.seconds = 0.0
    averages = run.optimizer.state_dict()["state"]
    kept = tensors(run.model) | {f"{i} {name}": value for i in averages for name, value in averages[i].items()}
    return kept | {"generator": run.generator.get_state()}, run.progress


@every_recipe
def test_an_interrupted_run_ends_as_if_it_had_not_been(recipe, tmp_path):
    """Interrupted after its first record, again after two more, and so on to the end."""
    straight = train(recipe, seed=5, out=tmp_path / "straight")
    broken = tmp_path / "broken"
    for count in (1, 2, 2):
        with pytest.raises(Interrupted):
            train(recipe, seed=5, out=broken, on_record=interrupt_after(count))
        torch.rand(3)
    result = train(recipe, seed=5, out=broken)
    assert same_run(result, straight)
    assert (result.verdict, result.sequences) == (straight.verdict, straight.sequences)
    (left, left_progress), (right, right_progress) = stored(broken), stored(tmp_path / "straight")
    assert same_tensors(left, right)
    assert left_progress == right_progress


def test_an_update_that_breaks_off_leaves_what_was_saved(tmp_path, monkeypatch):
    """Ctrl-C in the middle of the sixth update: the fourth is on disk, and the run goes on from there."""
    straight = trained(SMALL)
    real = loop.total_loss
    calls = []

    def interrupted(*arguments):
        calls.append(arguments)
        if len(calls) == 6:
            raise KeyboardInterrupt
        return real(*arguments)

    monkeypatch.setattr(loop, "total_loss", interrupted)
    with pytest.raises(KeyboardInterrupt):
        train(SMALL, seed=5, out=tmp_path)
    assert read(tmp_path).progress.update == 4
    assert same_run(train(SMALL, seed=5, out=tmp_path), straight)


@pytest.mark.parametrize("recipe", [replace(ADAPTIVE, machine=LSTM.machine), APART], ids=lambda recipe: recipe.name)
def test_a_group_that_breaks_off_goes_on_with_other_neighbours(recipe, tmp_path, monkeypatch):
    """Between two saves, then in the middle of an update; each time someone else stands beside it."""
    outs = {seed: tmp_path / str(seed) for seed in (5, 0, 7, 11)}

    def go_on(*seeds, **options):
        return list(train_together(recipe, {seed: outs[seed] for seed in seeds}, **options))

    def updates():
        return [read(out).progress.update for out in outs.values() if out.exists()]

    with pytest.raises(Interrupted):
        go_on(5, 0, 7, on_record=interrupt_after(5))
    assert updates() == [8, 8, 4]
    with monkeypatch.context() as patch:
        patch.setattr(loop, "step", fails_at(12, loop.step))  # in the sixth update, when one has made its step
        with pytest.raises(KeyboardInterrupt):
            go_on(11, 7)
    assert updates() == [8, 8, 8, 4]
    go_on(11, 5)
    go_on(0, 7)
    for seed, out in outs.items():
        straight = tmp_path / f"straight {seed}"
        train(recipe, seed, straight)
        (left, left_progress), (right, right_progress) = stored(out), stored(straight)
        assert left_progress.finished
        assert same_tensors(left, right)
        assert left_progress == right_progress


def fails_at(count, function):
    """A function that breaks off when it is called for the `count`th time."""
    calls = []

    def call(*arguments):
        calls.append(arguments)
        if len(calls) == count:
            raise KeyboardInterrupt
        return function(*arguments)

    return call


def test_finished_runs_come_first_and_stay_as_they_are(tmp_path):
    outs = {seed: tmp_path / str(seed) for seed in (5, 0, 7)}
    finished = {seed: train(SMALL, seed, outs[seed]) for seed in (7, 0)}
    content = {seed: (outs[seed] / FILE_NAME).read_bytes() for seed in finished}
    records = []
    results = list(train_together(SMALL, outs, on_record=records.append))
    assert [result.seed for result in results] == [0, 7, 5]
    assert len(records) == len(results[-1].history)
    for result in results[:2]:
        assert same_run(result, finished[result.seed])
        assert (outs[result.seed] / FILE_NAME).read_bytes() == content[result.seed]
    assert same_run(results[-1], trained(SMALL))


def test_an_interrupted_judgement_is_made_again(tmp_path, monkeypatch):
    straight = trained(SMALL)

    def interrupted(*arguments, **options):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(evaluation, "judge", interrupted)
        with pytest.raises(KeyboardInterrupt):
            train(SMALL, seed=5, out=tmp_path)
    assert not read(tmp_path).progress.finished
    result = train(SMALL, seed=5, out=tmp_path)
    assert same_run(result, straight)
    assert result.verdict == straight.verdict


KILLED = """
import os, signal, sys
from small import SETTLING
from ntm_lib.training import losses, progress
from ntm_lib.runs.train import train_together

progress.SETTLED_LOSS = progress.LEVEL_LOSS = 0.69
losses.RISE = 3

def kill(*arguments):
    os.kill(os.getpid(), signal.SIGKILL)

def on_record(record):
    if record["update"] == 12:
        if sys.argv[2] == "between":
            kill()
        os.replace = kill  # dies with the next file written and the old one still in place

list(train_together(SETTLING, {int(seed): f"{sys.argv[1]}/{seed}" for seed in sys.argv[3:]}, on_record))
"""


@pytest.mark.parametrize(
    ("when", "seeds", "updates"), [("between", [5], [12]), ("writing", [5], [12]), ("writing", [5, 6], [12, 8])]
)
def test_killed_runs_end_as_if_they_had_not_been(when, seeds, updates, tmp_path):
    """kill -9 in another process, between two updates or while a file is put in place; then others stand beside."""
    here = Path(__file__).parents[1]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(here.parent), str(here)]), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-c", KILLED, tmp_path, when, *map(str, seeds)]
    killed = subprocess.run(command, env=environment, timeout=600, check=False)
    assert killed.returncode == -signal.SIGKILL
    outs = {seed: tmp_path / str(seed) for seed in seeds}
    assert [read(out).progress.update for out in outs.values()] == updates
    if len(seeds) > 1:
        outs = {7: None, **dict(reversed(outs.items()))}
    for result in train_together(SETTLING, outs):
        if result.seed in seeds:
            straight = train(SETTLING, result.seed, tmp_path / f"straight {result.seed}")
            assert same_run(result, straight)
            assert same_tensors(stored(outs[result.seed])[0], stored(tmp_path / f"straight {result.seed}")[0])


def test_a_finished_run_comes_back_as_it_is(tmp_path, monkeypatch):
    first = train(SMALL, seed=5, out=tmp_path)
    content = (tmp_path / FILE_NAME).read_bytes()

    def forbidden(*arguments, **options):
        raise AssertionError("trained or judged again")

    monkeypatch.setattr(loop, "step", forbidden)
    monkeypatch.setattr(evaluation, "judge", forbidden)
    again = train(SMALL, seed=5, out=tmp_path, on_record=forbidden)
    assert same_run(again, first)
    assert again.history == first.history
    assert (again.seconds, again.verdict, again.sequences) == (first.seconds, first.verdict, first.sequences)
    assert (tmp_path / FILE_NAME).read_bytes() == content


# What cannot be read


def test_a_directory_that_is_not_there(tmp_path):
    missing = tmp_path / "missing"
    assert complaint(missing) == f"{missing} holds no {FILE_NAME}: expected a directory that `ntm train --out` made"


def test_a_run_goes_on_with_its_own_task_only(tmp_path):
    task = replace(tasks.copying(3), name="another task")
    train(SMALL, 5, tmp_path, task=task)
    with pytest.raises(
        ValueError, match="recipe 'small' with another task, not seed 5 of 'small': choose another directory"
    ):
        train(SMALL, 5, tmp_path)
    _, run = load(tmp_path)
    with pytest.raises(ValueError, match="this machine was trained on another task: hand the task in as task="):
        run.task.draw(1, 1, run.generator)
    assert train(SMALL, 5, tmp_path, task=task).sequences == run.progress.sequences


def test_a_directory_without_a_run(tmp_path):
    (tmp_path / "README.md").write_text("not ours")
    assert complaint(tmp_path).startswith(f"{tmp_path} holds no {FILE_NAME}: ")


def test_a_file_in_place_of_the_directory(saved):
    assert complaint(saved[1]).startswith(f"{saved[1]} holds no {FILE_NAME}: ")


def test_truncated_at_every_hundredth_of_its_length(saved):
    run, path = saved
    content = path.read_bytes()
    lengths = {len(content) * percent // 100 for percent in range(100)} | {1, 7, 8, 9, len(content) - 1}
    assert len(lengths) > 100
    for length in sorted(lengths):
        path.write_bytes(content[:length])
        message = complaint(path.parent)
        assert message.startswith(f"{path} is damaged or no run of this library ("), length
        assert message.endswith(REMEDY), length
        with pytest.raises(ValueError, match="is damaged or no run of this library"):
            resume(Run(SMALL, 3), path.parent)
        assert path.stat().st_size == length  # left as it was
    path.write_bytes(content)
    assert same_tensors(load(path.parent)[0].state_dict(), run.model.state_dict())


@pytest.mark.parametrize("content", [b"not ours\n", b"\0" * 100, b"\xff" * 100, b"PK\3\4" + b"\0" * 60])
def test_a_file_of_another_kind(tmp_path, content):
    (tmp_path / FILE_NAME).write_bytes(content)
    assert complaint(tmp_path).startswith(f"{tmp_path / FILE_NAME} is damaged or no run of this library (")


@pytest.mark.parametrize(
    "metadata",
    [None, {}, {"format": "pt"}, {"run": "{}"}, {"run": "[]"}, {"run": "7"}, {"run": "null"}, {"run": "not JSON"}],
    ids=str,
)
def test_safetensors_of_somebody_else(tmp_path, metadata):
    path = tmp_path / FILE_NAME
    path.write_bytes(to_bytes({"weight": torch.zeros(3)}, metadata=metadata))
    assert_damaged(path)


def test_another_version(saved):
    run, path = saved
    text = json.dumps(header(path) | {"format": "ntm-lib run 0"})
    path.write_bytes(to_bytes(tensors(run.model), metadata={"run": text}))
    assert "its format is 'ntm-lib run 0': expected 'ntm-lib run 3' or newer" in assert_damaged(path)


def without_seed(metadata):
    del metadata["seed"]


def unknown_field(metadata):
    metadata["recipe"]["temperature"] = 0.5


def unknown_choice(metadata):
    metadata["recipe"]["machine"]["controller"] = "gru"


def no_machine(metadata):
    metadata["recipe"]["machine"] = None


def no_recipe(metadata):
    metadata["recipe"] = []


def another_size(metadata):
    metadata["recipe"]["machine"]["controller_size"] = 7


def unknown_progress(metadata):
    metadata["progress"]["mood"] = "good"


@pytest.mark.parametrize(
    "change", [without_seed, unknown_field, unknown_choice, no_machine, no_recipe, another_size, unknown_progress]
)
def test_a_header_that_does_not_fit(saved, change):
    path = saved[1]
    rewrite(path, change)
    assert_damaged(path)


@pytest.mark.parametrize(
    "changes",
    [
        {"drop": ["generator"]},
        {"drop": ["model.output.bias"]},
        {"generator": torch.zeros(7, dtype=torch.uint8)},
        {"generator": torch.zeros(7)},
        {"model.output.bias": torch.zeros(7)},
        {"model.surplus": torch.zeros(7)},
        {"optimizer.0.exp_avg.surplus": torch.zeros(7)},
        {"drop": ["optimizer.1.exp_avg"]},
        {"model.output.bias": torch.tensor([0.0, math.nan, 0.0])},
        {"model.output.bias": torch.tensor([0.0, math.inf, 0.0])},
    ],
    ids=str,
)
def test_tensors_that_do_not_fit(saved, changes):
    path = saved[1]
    rewrite(path, **changes)
    assert_damaged(path)


# Damage


def places(content, count):
    """Bits over a whole file: its length, its header and its tensors."""
    (size,) = struct.unpack("<Q", content[:8])
    header_bits, tensor_bits = range(64, 8 * (8 + size)), range(8 * (8 + size), 8 * len(content))
    return [*range(0, 64, 5), *Random(0).sample(header_bits, count), *Random(1).sample(tensor_bits, count)]


def test_a_flipped_bit_is_noticed_wherever_it_is(saved):
    """In the file's own length and index, in the text, in the weights, in the optimiser, in the generator."""
    path = saved[1]
    whole = path.read_bytes()
    for place in places(whole, 60):
        content = bytearray(whole)
        content[place // 8] ^= 1 << place % 8
        path.write_bytes(content)
        message = complaint(path.parent)
        assert message.startswith(f"{path} is damaged or no run of this library ("), place
        assert message.endswith(REMEDY), place
    path.write_bytes(whole)
    assert load(path.parent)[1].seed == 3


@pytest.mark.parametrize("length", [1, 100, 4000])
def test_an_overwritten_block_is_noticed(saved, length):
    path = saved[1]
    whole = path.read_bytes()
    for seed in range(10):
        start = Random(seed).randrange(len(whole) - length)
        path.write_bytes(whole[:start] + Random(seed + 100).randbytes(length) + whole[start + length :])
        if path.read_bytes() != whole:
            assert_damaged(path)


def claims(path, shape):
    """Rewrite the index of a file: its first tensor has this shape, and as many bytes as that takes."""
    (size,) = struct.unpack("<Q", path.read_bytes()[:8])
    content = path.read_bytes()
    index = json.loads(content[8 : 8 + size])
    index["model.output.bias"] = {"dtype": "F32", "shape": shape, "data_offsets": [0, 4 * math.prod(shape)]}
    text = json.dumps(index).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + content[8 + size :])


@pytest.mark.parametrize("shape", [[2_000_000_000], [100_000, 100_000]])
def test_an_index_that_claims_gigabytes_takes_none(saved, shape):
    claims(saved[1], shape)
    assert_damaged(saved[1])


def test_an_index_that_claims_a_huge_length_takes_none(saved):
    content = saved[1].read_bytes()
    for size in (2**40, 2**63 - 1, 2**64 - 1):
        saved[1].write_bytes(struct.pack("<Q", size) + content[8:])
        assert_damaged(saved[1])


def test_a_text_that_is_nested_without_end_is_refused(saved):
    content = {"a": torch.zeros(1)}
    deep = "[" * 100_000 + "]" * 100_000
    saved[1].write_bytes(to_bytes(content, metadata={"format": FORMAT, "run": deep, "sha256": checksum(deep, content)}))
    assert_damaged(saved[1])


@pytest.mark.parametrize(
    ("where", "value"),
    [
        (("progress", "stopped"), "a sentence"),
        (("progress", "stopped"), {"update": 3}),
        (("seed",), "3"),
        (("seed",), 2**70),
        (("recipe", "batch_size"), None),
        (("recipe", "machine", "word_size"), "5"),
        (("recipe", "historical"), None),
        (("recipe", "historical", "curriculum"), "odd"),
    ],
    ids=str,
)
def test_a_value_of_another_kind_in_the_text_is_refused(saved, where, value):
    def edit(values):
        for name in where[:-1]:
            values = values[name]
        values[where[-1]] = value

    rewrite(saved[1], edit)
    assert_damaged(saved[1])


# Alone in a directory


HOLDS = """
import sys, time
from ntm_lib.runs.checkpoints import alone_in

with alone_in(sys.argv[1]):
    print("alone", flush=True)
    time.sleep(60)
"""


def test_a_second_training_in_a_directory_is_told(tmp_path):
    """In another process, whatever its seed; when the first is gone, even killed, the directory is free."""
    first = start_python("-c", HOLDS, tmp_path, env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])})
    try:
        assert first.stdout.readline() == b"alone\n"
        for seed in (5, 6):
            with pytest.raises(ValueError) as caught:
                train(SMALL, seed=seed, out=tmp_path)
            expected = f"another training is at work in {tmp_path}: wait for its end or choose another one"
            assert str(caught.value) == expected
        assert [path.name for path in tmp_path.iterdir()] == [".lock"]
    finally:
        end(first)
    assert same_run(train(SMALL, seed=5, out=tmp_path), trained(SMALL))


def test_two_runs_of_one_call_need_two_directories(tmp_path):
    with pytest.raises(ValueError, match="another training is at work in"):
        list(train_together(SMALL, {5: tmp_path, 6: tmp_path}))


def test_a_training_leaves_its_directory_when_it_breaks_off(tmp_path):
    with pytest.raises(Interrupted):
        train(SMALL, seed=5, out=tmp_path, on_record=interrupt_after(1))
    with alone_in(tmp_path):
        pass


def test_what_a_killed_training_left_half_written_is_removed(tmp_path):
    """And nothing else, whatever its name."""
    unfinished = tmp_path / f".{FILE_NAME}.4711"
    others = [tmp_path / name for name in (FILE_NAME + ".4711", f".{FILE_NAME}.backup", ".notes.4711", "4711")]
    for path in (unfinished, *others):
        path.write_bytes(b"half of a file")
    train(SMALL, seed=5, out=tmp_path)
    assert not unfinished.exists()
    assert all(path.read_bytes() == b"half of a file" for path in others)


# What cannot be written


def everything_below(directory):
    return {path: path.read_bytes() for path in directory.rglob("*") if path.is_file()}


def test_a_directory_below_a_file(tmp_path):
    """Not even the root user can write there."""
    (tmp_path / "file").write_text("a file")
    before = everything_below(tmp_path)
    for out in (tmp_path / "file", tmp_path / "file" / "run"):
        with pytest.raises(ValueError) as error:
            save(Run(SMALL, 0), out)
        assert re.fullmatch(
            re.escape(f"cannot write {out / FILE_NAME}: ") + r"[\w ]+; choose a directory that can be written",
            str(error.value),
        )
        with pytest.raises(ValueError, match=r"cannot write .*; choose a directory that can be written"):
            train(SMALL, out=out)
    assert everything_below(tmp_path) == before


def full_disk(*arguments):
    raise OSError(28, "No space left on device")


def ctrl_c(*arguments):
    raise KeyboardInterrupt


@pytest.mark.parametrize("place", ["os.replace", "os.fsync"])
@pytest.mark.parametrize(("failure", "error"), [(full_disk, ValueError), (ctrl_c, KeyboardInterrupt)])
@pytest.mark.parametrize("old", [b"the old file", None])
def test_a_file_is_written_whole_or_not_at_all(place, failure, error, old, tmp_path, monkeypatch):
    path = tmp_path / "file"
    if old:
        path.write_bytes(old)
    before = everything_below(tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(place, failure)
        with pytest.raises(error) as caught:
            write_whole(path, b"the new file")
    if error is ValueError:
        expected = f"cannot write {path}: No space left on device; choose a directory that can be written"
        assert str(caught.value) == expected
    assert everything_below(tmp_path) == before
    write_whole(path, b"the new file")
    assert everything_below(tmp_path) == {path: b"the new file"}


def test_the_old_file_is_there_until_the_new_one_is_whole(tmp_path, monkeypatch):
    path = tmp_path / "file"
    path.write_bytes(b"old")
    real, seen = os.replace, []

    def watched(source, target):
        seen.append((path.read_bytes(), Path(source).read_bytes(), Path(source).parent == path.parent))
        real(source, target)

    monkeypatch.setattr("os.replace", watched)
    write_whole(path, b"new")
    assert seen == [(b"old", b"new", True)]
    assert path.read_bytes() == b"new"


def test_a_disk_that_fills_up_in_the_middle_loses_nothing(tmp_path, monkeypatch):
    """The last save that worked is there, and the run goes on from it when there is room again."""
    straight = trained(SMALL)
    real, count = checkpoints.write_whole, []

    def fourth_time_full(path, content):
        count.append(path)
        if len(count) == 4:  # one save before training, and one after each of two validations, worked
            with monkeypatch.context() as patch:
                patch.setattr("os.fsync", full_disk)
                real(path, content)
        real(path, content)

    with monkeypatch.context() as patch:
        patch.setattr(checkpoints, "write_whole", fourth_time_full)
        with pytest.raises(ValueError, match="No space left on device"):
            train(SMALL, seed=5, out=tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == [".lock", FILE_NAME]
    assert read(tmp_path).progress.update == 8
    assert same_run(train(SMALL, seed=5, out=tmp_path), straight)


def test_how_far_a_run_has_come_is_read_without_its_weights(tmp_path):
    train(SMALL, seed=5, out=tmp_path / "run")
    whole = (tmp_path / "run" / FILE_NAME).read_bytes()
    assert checkpoints.updates_done(tmp_path / "run") == SMALL.updates
    assert checkpoints.updates_done(tmp_path / "nowhere") == 0
    for content in (b"", b"not ours at all", whole[: len(whole) // 2]):
        (tmp_path / "run" / FILE_NAME).write_bytes(content)
        assert checkpoints.updates_done(tmp_path / "run") == 0
