"""Every seed of every recipe: what is kept, what is not done twice, and the command that is noted."""

import io
import json
import shlex
import sys
from dataclasses import asdict, replace

import pytest
from small import SMALL, YARDSTICK, judge_quickly, same_tensors, tensors, without_seconds

from ntm_lib import cli, load, train
from ntm_lib.analysis.copies import copy_bytes
from ntm_lib.runs.train import train_together
from ntm_lib.study import measurements, study
from ntm_lib.study.content import wrong_in
from ntm_lib.study.engines import Workers, shares
from ntm_lib.study.measurements import Measurements
from ntm_lib.training import loop
from ntm_lib.training.evaluation import evaluate

TINY = replace(SMALL, name="tiny", updates=4, validate_every=2)
OTHER = replace(YARDSTICK, name="other", updates=4, validate_every=2)
BYTES = replace(TINY, name="bytes", machine=replace(SMALL.machine, input_size=10, output_size=8))
ALONE = Workers(jobs=1)


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    judge_quickly(monkeypatch)


@pytest.fixture
def no_training(monkeypatch):
    """From when it is called on, an update is an error."""

    def forbid():
        monkeypatch.setattr(loop, "step", lambda *_: pytest.fail("trained again"))

    return forbid


def contents(out):
    return {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}


def test_every_run_is_written_down(tmp_path):
    rows = study.study([TINY, OTHER], [3, 0], tmp_path, workers=ALONE, measure=Measurements(lengths=(5,), sequences=7))
    assert [(row["recipe"], row["seed"]) for row in rows] == [("tiny", 3), ("tiny", 0), ("other", 3), ("other", 0)]
    for row in rows:
        assert json.loads((tmp_path / "runs" / f"{row['recipe']}-{row['seed']}.json").read_text()) == row
        model, run = load(tmp_path / "machines" / row["recipe"] / str(row["seed"]))
        assert (run.recipe.name, run.seed) == (row["recipe"], row["seed"])
        assert row["settings"] == asdict(run.recipe)
        assert row["sequences"] == 4 * TINY.batch_size and not row["converged"] and row["stopped"] is None
        assert row["wrong_bits"] == {"random": {"2": evaluate(model, [2], 2).wrong_bits, "3": wrong(model, 3)}}
        assert row["peak_gradient_norm"] == max(record["gradient_norm"] for record in run.progress.history)
        assert row["lengths"] == evaluate(model, [5], 7, row["seed"]).to_json()["lengths"]
        assert set(row["versions"]) == {"python", "torch", "ntm_lib"}


def wrong(model, length):
    return evaluate(model, [length], 2).wrong_bits


def test_runs_on_many_cores_are_the_runs_of_one(tmp_path):
    study.study([TINY], [0, 1], tmp_path, workers=Workers(jobs=2))
    for seed in (0, 1):
        alone = train(TINY, seed)
        model, run = load(tmp_path / "machines" / "tiny" / str(seed))
        assert same_tensors(tensors(model), tensors(alone.model))
        assert without_seconds(run.progress.history) == without_seconds(alone.history)


def test_seeds_together_are_the_seeds_one_by_one(tmp_path, monkeypatch):
    groups = []

    def watched(recipe, outs, **options):
        groups.append((recipe.name, list(outs)))
        return train_together(recipe, outs, **options)

    monkeypatch.setattr(study, "train_together", watched)
    seeds, rows = [3, 0, 1, 7, 4], {}
    for together in (1, 5):
        out = tmp_path / str(together)
        rows[together] = study.study(
            [TINY, OTHER],
            seeds,
            out,
            workers=Workers(jobs=1, seeds_together=together),
            measure=Measurements(lengths=(5,), sequences=7),
        )
    one_by_one = [(recipe, [seed]) for recipe in ("tiny", "other") for seed in seeds]
    assert groups == [*one_by_one, ("tiny", seeds), ("other", seeds)]
    assert [(row["recipe"], row["seed"]) for row in rows[5]] == [(recipe, seed) for recipe, (seed,) in one_by_one]
    assert without_seconds(rows[5]) == without_seconds(rows[1])
    for row in rows[5]:
        models = [load(tmp_path / together / "machines" / row["recipe"] / str(row["seed"]))[0] for together in "15"]
        assert same_tensors(*map(tensors, models))


@pytest.mark.parametrize(
    ("at_once", "together", "expected"),
    [
        (1, 16, [("tiny", [3, 0, 1, 7, 4]), ("other", [3, 0])]),
        (2, 16, [("tiny", [3, 0, 1, 7]), ("tiny", [4]), ("other", [3, 0])]),  # 7 runs, 4 a process
        (2, 2, [("tiny", [3, 0]), ("tiny", [1, 7]), ("tiny", [4]), ("other", [3, 0])]),
        (
            16,
            16,
            [("tiny", [3]), ("tiny", [0]), ("tiny", [1]), ("tiny", [7]), ("tiny", [4]), ("other", [3]), ("other", [0])],
        ),
    ],
)
def test_seeds_are_shared_out_among_processes(at_once, together, expected):
    runs = [*((TINY, seed) for seed in (3, 0, 1, 7, 4)), (OTHER, 3), (OTHER, 0)]
    assert [(recipe.name, seeds) for recipe, seeds in shares(runs, at_once, together)] == expected
    assert shares([], at_once, together) == []


def test_what_is_done_is_not_done_again(tmp_path, no_training):
    study.study([TINY], [0, 1], tmp_path, workers=ALONE)
    before = contents(tmp_path)
    no_training()
    rows = study.study([TINY], [0, 1], tmp_path, workers=ALONE)
    assert contents(tmp_path) == before and len(rows) == 2


def test_only_what_is_missing_is_done(tmp_path, monkeypatch):
    study.study([TINY], [0, 2], tmp_path, workers=ALONE)
    trained = []

    def watched(recipe, outs, **options):
        trained.extend(outs)
        return train_together(recipe, outs, **options)

    monkeypatch.setattr(study, "train_together", watched)
    rows = study.study([TINY], [0, 1, 2], tmp_path, workers=ALONE)
    assert trained == [1] and [row["seed"] for row in rows] == [0, 1, 2]
    assert len((tmp_path / "runs.csv").read_text().splitlines()) == 1 + 3


@pytest.mark.parametrize("together", [1, 2])
def test_a_run_that_ended_is_kept_when_the_next_fails(tmp_path, monkeypatch, together):
    def fail_on_one(recipe, outs, **options):
        for result in train_together(recipe, outs, **options):
            if result.seed == 1:
                raise KeyboardInterrupt
            yield result

    monkeypatch.setattr(study, "train_together", fail_on_one)
    with pytest.raises(KeyboardInterrupt):
        study.study([TINY], [0, 1], tmp_path, workers=Workers(jobs=1, seeds_together=together))
    assert [row["seed"] for row in study.read_rows(tmp_path)] == [0]
    assert len((tmp_path / "runs.csv").read_text().splitlines()) == 1 + 1


def test_a_later_question_needs_no_training(tmp_path, no_training):
    file = tmp_path / "text"
    file.write_bytes(b"twelve bytes")
    (before,) = study.study([BYTES], [0], tmp_path, workers=ALONE, measure=Measurements(lengths=(5,), sequences=3))
    no_training()
    (row,) = study.study(
        [BYTES], [0], tmp_path, workers=ALONE, measure=Measurements(lengths=(7,), sequences=2, file=file)
    )
    model, _ = load(tmp_path / "machines" / "bytes" / "0")
    assert {n: count["sequences"] for n, count in row["lengths"].items()} == {"5": 3, "7": 2}
    assert row["lengths"]["5"] == before["lengths"]["5"]
    expected = wrong_in(b"twelve bytes", copy_bytes(model, b"twelve bytes"))
    assert {name: row["files"]["text"][name] for name in expected} == expected

    (row,) = study.study([BYTES], [0], tmp_path, workers=ALONE, measure=Measurements(lengths=(5,), sequences=4))
    assert row["lengths"]["5"]["sequences"] == 4 and row["files"]["text"]["bytes"] == 12
    file.write_bytes(b"now fifteen too")
    (row,) = study.study([BYTES], [0], tmp_path, workers=ALONE, measure=Measurements(file=file))
    assert row["files"]["text"]["bytes"] == 15


def test_a_later_crowd_is_counted_beside_what_there_is(tmp_path, no_training, monkeypatch):
    """Chosen or not; and nothing is counted again."""
    asked = []

    def watched(model, lengths, *arguments, task, crowd):
        asked.append((list(lengths), *arguments[2:], crowd))
        return evaluate(model, lengths, *arguments, task=task, crowd=crowd)

    monkeypatch.setattr(measurements, "evaluate", watched)
    study.study([TINY], [3], tmp_path, workers=ALONE, measure=Measurements((5,), 9))
    no_training()
    for lengths, kind, crowd in (((5,), "random", 1e6), ((5, 7), "random", 1e6), ((5, 7), "chosen", 3)) * 2:
        measure = Measurements(lengths, 9, kind=kind, crowd=crowd)
        (row,) = study.study([TINY], [3], tmp_path, workers=ALONE, measure=measure)
    assert asked == [([5], "random", 1), ([5], "random", 1e6), ([7], "random", 1e6), ([5, 7], "chosen", 3)]
    names = ["5", "5_crowd_1000000", "7_crowd_1000000", "chosen_5_crowd_3", "chosen_7_crowd_3"]
    assert list(row["lengths"]) == names
    columns = (tmp_path / "runs.csv").read_text().splitlines()[0].split(",")
    assert {f"wrong_bits_{name}" for name in names} < set(columns)
    model, _ = load(tmp_path / "machines" / "tiny" / "3")
    counted = (5, "random", 1), (5, "random", 1e6), (7, "random", 1e6), (5, "chosen", 3), (7, "chosen", 3)
    for name, (length, kind, crowd) in zip(names, counted, strict=True):
        found = evaluate(model, [length], 9, 3, kind, crowd=crowd).to_json()["lengths"][str(length)]
        assert row["lengths"][name] == found


def test_a_row_written_before_is_completed_when_something_new_is_measured(tmp_path, no_training):
    (row,) = study.study([TINY], [0], tmp_path, workers=ALONE)
    new = {name for name in row if name.startswith(("nan_", "peak_"))}
    new |= {"converged_at_update", "lost_at_update"}
    file = tmp_path / "runs" / "tiny-0.json"
    file.write_text(json.dumps({name: value for name, value in row.items() if name not in new}))
    no_training()
    (now,) = study.study([TINY], [0], tmp_path, workers=ALONE, measure=Measurements(findings=True))
    assert now.pop("findings") and now == row | {name: now[name] for name in ("faults", "stores", "first_row", "idle")}
    (again,) = study.study([TINY], [0], tmp_path, workers=ALONE, measure=Measurements((5,), findings=True))
    assert again["lengths"].keys() == {"5"} and again["faults"] == now["faults"]


def test_another_recipe_of_that_name_is_refused(tmp_path):
    study.study([TINY], [0], tmp_path, workers=ALONE)
    before = contents(tmp_path)
    changed = replace(TINY, learning_rate=0.5, machine=replace(TINY.machine, word_size=3))
    with pytest.raises(
        ValueError, match=r"another recipe called 'tiny' \(its machine.word_size, learning_rate differ\)"
    ):
        study.study([changed], [0, 1], tmp_path, workers=ALONE)
    assert contents(tmp_path) == before


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"recipes": [BYTES], "measure": {"file": "nowhere"}}, "cannot read nowhere: No such file"),
        ({"measure": {"file": __file__}}, "tiny copies vectors of 3 bits: a file needs 8"),
        ({"measure": {"lengths": [0]}}, "length is 0: expected at least 1"),
        ({"measure": {"lengths": [5], "sequences": -1}}, "sequences is -1: expected at least 1"),
        ({"measure": {"lengths": [2.5]}}, "length is 2.5: expected a whole number"),
        ({"measure": {"lengths": [5, (3, 5)]}}, "size is 3x5: expected one number, such as 20"),
        ({"workers": {"jobs": 0}}, "jobs is 0: expected at least 1"),
        ({"workers": {"seeds_together": 0}}, "together is 0: expected at least 1"),
        ({"workers": {"seeds_together": 2.5}}, "together is 2.5: expected a whole number"),
        ({"seeds": [-1]}, "seed is -1: expected a whole number from 0"),
        ({"seeds": [2**33]}, "seed is 8589934592: expected a whole number from 0 to 4,?294,?967,?295"),
        ({"recipes": [TINY, replace(TINY, updates=6)]}, "two recipes are called 'tiny'"),
        ({"recipes": [replace(TINY, machine=replace(SMALL.machine, output_size=2))]}, "5 inputs and 2 outputs: a copy"),
        ({"measure": {"lengths": [5], "crowd": 0.5}}, "crowd is 0.5: expected at least 1"),
        ({"measure": {"crowd": 100}}, "crowd is 100: name the lengths to count in it, such as --lengths 100"),
        ({"recipes": [OTHER], "measure": {"lengths": [5], "crowd": 2}}, "crowd is 2: the machine of other has no mem"),
        ({"compiled": True}, "compiled is for an NTM whose passes all have one shape, and those of tiny have many"),
    ],
)
def test_bad_input_is_named_before_anything_is_written(tmp_path, changes, complaint):
    with pytest.raises((ValueError, TypeError), match=complaint):
        study.study(
            changes.get("recipes", [TINY]),
            changes.get("seeds", [0]),
            tmp_path / "out",
            measure=Measurements(**changes.get("measure", {})),
            workers=Workers(**{"jobs": 1, **changes.get("workers", {})}),
            compiled=changes.get("compiled", False),
        )
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("content", ["", "{", "[]", '{"recipe": "tiny"}'])
@pytest.mark.parametrize("name", ["runs/tiny-0.json", "manifest.json"])
def test_a_file_that_is_not_ours_is_named(tmp_path, name, content):
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text(content)
    with pytest.raises(ValueError, match=f"{name} is not what a study wrote .*: remove it or choose another"):
        study.study([TINY], [0], tmp_path, workers=ALONE)
    assert (tmp_path / name).read_text() == content


def test_the_manifest_holds_the_command_that_made_the_runs(tmp_path, no_training):
    out, sizes = tmp_path / "a study", ["--machine.controller_size", "3", "--updates", "2", "--validate_every", "1"]
    words = ["study", "paper_2014", "--seeds", "0-1", "--out", str(out), "--name", "mine", "--jobs", "1", *sizes]
    assert cli.main(words) == 0
    manifest = json.loads((out / "manifest.json").read_text())
    assert manifest["commands"] == [shlex.join(["ntm", *words])]
    no_training()
    assert cli.main(shlex.split(manifest["commands"][0])[1:]) == 0
    assert json.loads((out / "manifest.json").read_text()) == manifest


def test_what_a_killed_process_had_half_written_is_removed_and_nothing_else(tmp_path):
    machine = tmp_path / "machines" / "tiny" / "0"
    left = [machine / ".run.safetensors.71", tmp_path / "runs" / ".tiny-0.json.5", tmp_path / ".runs.csv.9"]
    kept = [
        tmp_path / ".notes.3",
        tmp_path / "mine" / ".data.csv.7",
        tmp_path / "machines" / ".run.safetensors.71",
        tmp_path / "machines" / "other" / "0" / ".run.safetensors.3",
        machine / ".results.csv.3",
    ]
    for path in (*left, *kept):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    (machine / ".run.safetensors.8").mkdir()
    study.study([TINY], [0], tmp_path, workers=ALONE)
    assert not any(path.exists() for path in left)
    assert all(path.exists() for path in kept) and (machine / ".run.safetensors.8").is_dir()


def test_a_table_whose_runs_are_elsewhere_is_not_overwritten(tmp_path):
    study.study([TINY], [0, 1], tmp_path / "one", workers=ALONE)
    (tmp_path / "two").mkdir()
    table = tmp_path / "two" / "runs.csv"
    table.write_bytes((tmp_path / "one" / "runs.csv").read_bytes())
    with pytest.raises(ValueError, match=r"runs.csv has runs that are not in .*runs: choose another directory"):
        study.study([TINY], [0], tmp_path / "two", workers=ALONE)
    assert table.read_bytes() == (tmp_path / "one" / "runs.csv").read_bytes()


class Terminal(io.StringIO):
    """A screen that remembers what was drawn on it."""

    def isatty(self):
        return True


def test_a_terminal_sees_how_many_runs_are_done(tmp_path, monkeypatch):
    study.study([TINY], [0], tmp_path, workers=ALONE)
    screen = Terminal()
    monkeypatch.setattr(sys, "stderr", screen)
    study.study([TINY], [0, 1, 2], tmp_path, workers=ALONE)
    first, *_, last = [line for line in screen.getvalue().split("\r") if line.strip()]
    assert "0.0/2 runs" in first and "2.0/2 runs" in last


def test_without_a_terminal_nothing_is_drawn(tmp_path, capsys):
    study.study([TINY], [0], tmp_path, workers=ALONE)
    assert capsys.readouterr().err == ""
