"""Every seed of every recipe: what is kept, what is not done twice, and the command that is noted."""

import io
import json
import mmap
import os
import platform
import shlex
import subprocess
import sys
import threading
from dataclasses import replace

import pytest
from small import SMALL, YARDSTICK, judge_quickly, same_tensors, tensors, without_seconds
from tqdm import tqdm

from ntm_lib import cli, load, train
from ntm_lib.study import rows, study
from ntm_lib.training import checkpoints, loop, recipes
from ntm_lib.training.evaluation import copy_bytes, evaluate
from ntm_lib.training.loop import train_together

TINY = replace(SMALL, name="tiny", updates=4, validate_every=2)
OTHER = replace(YARDSTICK, name="other", updates=4, validate_every=2)
BYTES = replace(TINY, name="bytes", machine=replace(SMALL.machine, input_size=10, output_size=8))


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    judge_quickly(monkeypatch)


@pytest.fixture
def no_training(monkeypatch):
    """From when it is called on, an update is an error."""

    def forbid():
        monkeypatch.setattr(loop, "update", lambda *_: pytest.fail("trained again"))

    return forbid


def contents(out):
    return {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}


def test_every_run_is_written_down(tmp_path):
    rows = study.study([TINY, OTHER], [3, 0], tmp_path, jobs=1, lengths=[5], sequences=7)
    assert [(row["recipe"], row["seed"]) for row in rows] == [("tiny", 3), ("tiny", 0), ("other", 3), ("other", 0)]
    for row in rows:
        assert json.loads((tmp_path / "runs" / f"{row['recipe']}-{row['seed']}.json").read_text()) == row
        model, run = load(tmp_path / "machines" / row["recipe"] / str(row["seed"]))
        assert (run.recipe.name, run.seed) == (row["recipe"], row["seed"])
        assert row["settings"] == checkpoints.recipe_to_json(run.recipe)
        assert row["sequences"] == 4 * TINY.batch_size and not row["converged"] and row["stopped"] is None
        assert row["wrong_bits"] == {"random": {"2": evaluate(model, [2], 2).wrong_bits, "3": wrong(model, 3)}}
        assert row["peak_gradient_norm"] == max(record["gradient_norm"] for record in run.progress.history)
        assert row["lengths"] == evaluate(model, [5], 7, row["seed"]).to_json()["lengths"]
        assert set(row["versions"]) == {"python", "torch", "ntm_lib"}


def wrong(model, length):
    return evaluate(model, [length], 2).wrong_bits


MAKE = study._make


def make_quickly(*arguments):
    """What a worker does, which no fixture reaches."""
    with pytest.MonkeyPatch.context() as patch:
        judge_quickly(patch)
        MAKE(*arguments)


def test_runs_on_many_cores_are_the_runs_of_one(tmp_path, monkeypatch):
    monkeypatch.setattr(study, "_make", make_quickly)
    study.study([TINY], [0, 1], tmp_path, jobs=2)
    for seed in (0, 1):
        alone = train(TINY, seed)
        model, run = load(tmp_path / "machines" / "tiny" / str(seed))
        assert same_tensors(tensors(model), tensors(alone.model))
        assert without_seconds(run.progress.history) == without_seconds(alone.history)


def test_seeds_together_are_the_seeds_one_by_one(tmp_path, monkeypatch):
    groups = []

    def watched(recipe, outs, *others):
        groups.append((recipe.name, list(outs)))
        return train_together(recipe, outs, *others)

    monkeypatch.setattr(study, "train_together", watched)
    seeds, rows = [3, 0, 1, 7, 4], {}
    for together in (1, 5):
        out = tmp_path / str(together)
        rows[together] = study.study([TINY, OTHER], seeds, out, jobs=1, lengths=[5], sequences=7, together=together)
    one_by_one = [(recipe, [seed]) for recipe in ("tiny", "other") for seed in seeds]
    assert groups == [*one_by_one, ("tiny", seeds), ("other", seeds)]
    assert [(row["recipe"], row["seed"]) for row in rows[5]] == [(recipe, seed) for recipe, (seed,) in one_by_one]
    assert without_seconds(rows[5]) == without_seconds(rows[1])
    for row in rows[5]:
        models = [load(tmp_path / together / "machines" / row["recipe"] / str(row["seed"]))[0] for together in "15"]
        assert same_tensors(*map(tensors, models))


def test_what_a_process_does_at_a_time_by_hand():
    def shares(*arguments):
        return [(recipe.name, seeds) for recipe, seeds in study._shares(*arguments)]

    runs = [*((TINY, seed) for seed in (3, 0, 1, 7, 4)), (OTHER, 3), (OTHER, 0)]
    assert shares(runs, 1, 16) == [("tiny", [3, 0, 1, 7, 4]), ("other", [3, 0])]
    assert shares(runs, 2, 16) == [("tiny", [3, 0, 1, 7]), ("tiny", [4]), ("other", [3, 0])]  # 7 runs, 4 a process
    assert shares(runs, 2, 2) == [("tiny", [3, 0]), ("tiny", [1, 7]), ("tiny", [4]), ("other", [3, 0])]
    assert shares(runs, 16, 16) == [(recipe.name, [seed]) for recipe, seed in runs]
    assert shares([], 2, 16) == []


def test_what_is_done_is_not_done_again(tmp_path, no_training):
    study.study([TINY], [0, 1], tmp_path, jobs=1)
    before = contents(tmp_path)
    no_training()
    rows = study.study([TINY], [0, 1], tmp_path, jobs=1)
    assert contents(tmp_path) == before and len(rows) == 2


def test_only_what_is_missing_is_done(tmp_path, monkeypatch):
    study.study([TINY], [0, 2], tmp_path, jobs=1)
    trained = []

    def watched(recipe, outs, *others):
        trained.extend(outs)
        return train_together(recipe, outs, *others)

    monkeypatch.setattr(study, "train_together", watched)
    rows = study.study([TINY], [0, 1, 2], tmp_path, jobs=1)
    assert trained == [1] and [row["seed"] for row in rows] == [0, 1, 2]
    assert len((tmp_path / "runs.csv").read_text().splitlines()) == 1 + 3


@pytest.mark.parametrize("together", [1, 2])
def test_a_run_that_ended_is_kept_when_the_next_fails(tmp_path, monkeypatch, together):
    def fail_on_one(recipe, outs, *others):
        for result in train_together(recipe, outs, *others):
            if result.seed == 1:
                raise KeyboardInterrupt
            yield result

    monkeypatch.setattr(study, "train_together", fail_on_one)
    with pytest.raises(KeyboardInterrupt):
        study.study([TINY], [0, 1], tmp_path, jobs=1, together=together)
    assert [row["seed"] for row in study.read_rows(tmp_path)] == [0]
    assert len((tmp_path / "runs.csv").read_text().splitlines()) == 1 + 1


def test_a_later_question_needs_no_training(tmp_path, no_training):
    file = tmp_path / "text"
    file.write_bytes(b"twelve bytes")
    (before,) = study.study([BYTES], [0], tmp_path, jobs=1, lengths=[5], sequences=3)
    no_training()
    (row,) = study.study([BYTES], [0], tmp_path, jobs=1, lengths=[7], sequences=2, file=file)
    model, _ = load(tmp_path / "machines" / "bytes" / "0")
    assert {n: count["sequences"] for n, count in row["lengths"].items()} == {"5": 3, "7": 2}
    assert row["lengths"]["5"] == before["lengths"]["5"]
    expected = rows.wrong_in(b"twelve bytes", copy_bytes(model, b"twelve bytes"))
    assert {name: row["files"]["text"][name] for name in expected} == expected

    (row,) = study.study([BYTES], [0], tmp_path, jobs=1, lengths=[5], sequences=4)
    assert row["lengths"]["5"]["sequences"] == 4 and row["files"]["text"]["bytes"] == 12
    file.write_bytes(b"now fifteen too")
    (row,) = study.study([BYTES], [0], tmp_path, jobs=1, file=file)
    assert row["files"]["text"]["bytes"] == 15


def reach(model, run):
    """What a study may ask besides."""
    return {"reach": sum(weight.numel() for weight in model.parameters()), "said": [run.seed]}


def height(model, run):
    return {"height": run.recipe.machine.memory_size}


def seed(model, run):
    return {"seed": 7}


def test_a_function_is_asked_of_every_machine_once(tmp_path, monkeypatch, no_training):
    study.study([TINY], [0], tmp_path, jobs=1)
    rows = study.study([TINY], [0, 1], tmp_path, jobs=1, also=reach)
    no_training()
    numbers = sum(weight.numel() for weight in load(tmp_path / "machines" / "tiny" / "0")[0].parameters())
    assert [(row["seed"], row["reach"], row["said"]) for row in rows] == [(0, numbers, [0]), (1, numbers, [1])]
    monkeypatch.setattr(study, "load", lambda *arguments: pytest.fail("asked again"))
    assert study.study([TINY], [0, 1], tmp_path, jobs=1, also=reach) == rows
    monkeypatch.undo()
    judge_quickly(monkeypatch)
    (row, _) = study.study([TINY], [0, 1], tmp_path, jobs=1, also=height)
    assert row == rows[0] | {"height": 13, "also": ["test_study.reach", "test_study.height"]}
    assert "reach,height" in (tmp_path / "runs.csv").read_text()
    (command, *_) = json.loads((tmp_path / "manifest.json").read_text())["commands"]
    assert "--reach" not in command


def test_a_row_written_before_is_completed_when_something_is_asked(tmp_path, no_training):
    (row,) = study.study([TINY], [0], tmp_path, jobs=1, lengths=[5], sequences=3)
    new = {name for name in row if name in {"also", "validations"} or name.startswith(("nan_", "gradient_"))}
    new |= {"converged_at_update", "lost_at_update", "peak_gradient_norm_at_update"}
    file = tmp_path / "runs" / "tiny-0.json"
    file.write_text(json.dumps({name: value for name, value in row.items() if name not in new}))
    no_training()
    assert study.study([TINY], [0], tmp_path, jobs=1, also=height) == [
        row | {"height": 13, "also": ["test_study.height"]}
    ]


def test_a_function_that_no_worker_finds_is_refused(tmp_path):
    for also in (lambda model, run: {}, 3):
        with pytest.raises(TypeError, match=r"also is .*: expected a function of a module"):
            study.study([TINY], [0], tmp_path, jobs=1, also=also)
    with pytest.raises(ValueError, match=r"test_study.seed gives 'seed', which a row already has"):
        study.study([TINY], [0], tmp_path, jobs=1, also=seed)
    assert study.read_rows(tmp_path) == []


def test_another_recipe_of_that_name_is_refused(tmp_path):
    study.study([TINY], [0], tmp_path, jobs=1)
    before = contents(tmp_path)
    changed = replace(TINY, learning_rate=0.5, machine=replace(TINY.machine, word_size=3))
    with pytest.raises(ValueError, match=r"another recipe called 'tiny' \(its machine, learning_rate differ\)"):
        study.study([changed], [0, 1], tmp_path, jobs=1)
    assert contents(tmp_path) == before


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"jobs": 0}, "jobs is 0: expected at least 1"),
        ({"together": 0}, "together is 0: expected at least 1"),
        ({"together": 2.5}, "together is 2.5: expected a whole number"),
        ({"lengths": [0]}, "length is 0: expected at least 1"),
        ({"lengths": [5], "sequences": -1}, "sequences is -1: expected at least 1"),
        ({"lengths": [2.5]}, "length is 2.5: expected a whole number"),
        ({"file": "nowhere"}, "cannot read nowhere: No such file"),
        ({"file": __file__}, "tiny copies vectors of 3 bits: a file needs 8"),
        ({"seeds": [-1]}, "seed is -1: expected a whole number from 0 on"),
        ({"recipes": [TINY, replace(TINY, updates=6)]}, "two recipes are called 'tiny'"),
        ({"recipes": [replace(TINY, name="../up")]}, "name is '../up': expected letters"),
        ({"compiled": True}, "compiled is for passes of one shape, and tiny draws memories of many sizes"),
    ],
)
def test_bad_input_is_named(tmp_path, changes, complaint):
    arguments = {"recipes": [TINY], "seeds": [0], "out": tmp_path, "jobs": 1, **changes}
    with pytest.raises((ValueError, TypeError), match=complaint):
        study.study(**arguments)
    assert study.read_rows(tmp_path) == []


@pytest.mark.parametrize("content", ["", "{", "[]", '{"recipe": "tiny"}'])
@pytest.mark.parametrize("name", ["runs/tiny-0.json", "manifest.json"])
def test_a_file_that_is_not_ours_is_named(tmp_path, name, content):
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text(content)
    with pytest.raises(ValueError, match=f"{name} is not what a study wrote .*: remove it or choose another"):
        study.study([TINY], [0], tmp_path, jobs=1)
    assert (tmp_path / name).read_text() == content


def test_the_manifest_holds_the_command_that_made_the_runs(tmp_path, no_training):
    recipe = replace(recipes.paper_2014, name="mine", updates=2, validate_every=1, learning_rate=0.02)
    recipe = replace(recipe, machine=replace(recipe.machine, controller_size=3, memory_size=17))
    study.study([recipe], [0, 1], tmp_path / "a study", jobs=1, lengths=[4], sequences=3)
    manifest = json.loads((tmp_path / "a study" / "manifest.json").read_text())
    assert manifest["recipes"]["mine"]["is"] == "paper_2014"
    assert manifest["recipes"]["mine"]["but"]["machine.controller_size"] == 3
    (command,) = manifest["commands"]
    no_training()
    assert cli.main([*shlex.split(command)[1:], "--jobs", "1"]) == 0
    assert json.loads((tmp_path / "a study" / "manifest.json").read_text()) == manifest


def test_what_a_killed_process_had_half_written_is_removed(tmp_path):
    left = [
        tmp_path / "machines" / ".run.safetensors.71",
        tmp_path / "runs" / ".tiny-0.json.5",
        tmp_path / ".runs.csv.9",
    ]
    kept = [tmp_path / ".lock", tmp_path / ".notes.3", tmp_path / "runs" / "tiny-0.json", tmp_path / "runs.csv"]
    for path in (*left, *kept):
        path.parent.mkdir(exist_ok=True)
        path.touch()
    study._sweep(tmp_path)
    assert sorted(path for path in tmp_path.rglob("*") if path.is_file()) == sorted(kept)


def test_the_bar_follows_runs_under_way_and_runs_written(tmp_path):
    """Of four runs one was written before, one is half done, one is written meanwhile, and one is not begun."""
    study.study([TINY], [0, 1], tmp_path, jobs=1)
    study.study([OTHER], [0], tmp_path, jobs=1)
    (tmp_path / "runs" / "other-0.json").unlink()
    slow = replace(OTHER, updates=8)
    runs = [(TINY, 0), (TINY, 1), (slow, 0), (slow, 7)]
    before = [study._written(tmp_path, *run) for run in runs]
    assert before[0] > 0 and before[2] == before[3] == 0
    os.utime(tmp_path / "runs" / "tiny-1.json", ns=(0, 0))
    assert study._done(tmp_path, runs[1:], before[1:]) == 1 + 4 / 8 + 0


def test_the_bar_shows_rate_and_time_left_before_the_first_run_ends():
    screen = io.StringIO()
    with tqdm(total=16, initial=2, unit="run", smoothing=0, bar_format=study.BAR, file=screen, mininterval=0) as bar:
        bar.start_t -= 100
        with study._following(bar, lambda: 4.5):
            pass
    *_, line = screen.getvalue().split("\r")
    assert "| 4.5/16 runs [01:40<07:40, 40.00s/run]" in line  # 2.5 runs in 100 s, so 11.5 more take 460 s


def test_the_bar_moves_while_a_study_runs():
    followed = threading.Event()

    def done():
        followed.set()
        return 1.0

    with tqdm(total=2, file=io.StringIO()) as bar, study._following(bar, done):
        assert followed.wait(30)


def test_without_a_terminal_nothing_is_followed():
    with tqdm(total=2, file=io.StringIO(), disable=None) as bar:
        with study._following(bar, lambda: pytest.fail("looked")):
            pass


ROUNDS = """
import resource, sys
from ntm_lib.study.study import _keep_freed_memory
if sys.argv[1] == "keep":
    _keep_freed_memory()
for round in range(11):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    held = [b"x" * (3 * 10**6) for _ in range(7)]
    del held
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def test_freed_memory_is_kept_and_used_again():
    """By the pages that seven blocks of three megabytes take anew each time, or no longer; others just go on."""
    faults = {}
    for choice in ("keep", "return"):
        done = subprocess.run([sys.executable, "-c", ROUNDS, choice], capture_output=True, check=True, text=True)
        faults[choice] = int(done.stdout)
    pages = 7 * 3 * 10**6 / mmap.PAGESIZE
    if platform.libc_ver()[0] == "glibc":
        assert faults["keep"] < 0.01 * pages and faults["return"] > 0.5 * pages


def test_only_worker_processes_keep_freed_memory(tmp_path, monkeypatch):
    called = []
    monkeypatch.setattr(study, "_keep_freed_memory", lambda: called.append(os.getpid()))
    study.study([TINY], [0], tmp_path, jobs=1)
    assert not called
    study._make(TINY, [1], tmp_path, study.Asked(), os.getppid(), False)
    assert called == [os.getpid()]
