"""A finished run in plain numbers, and which files a study takes for its own."""

import json
import math
from dataclasses import asdict, replace

import pytest
from small import SMALL, judge_quickly

from ntm_lib import load, train
from ntm_lib.study import rows
from ntm_lib.training import validation
from ntm_lib.training.progress import Progress, Stop

TINY = replace(SMALL, name="tiny", updates=4, validate_every=2)


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    judge_quickly(monkeypatch)


def record(update, norm, wrong):
    return {"update": update, "gradient_norm": norm, "validation_wrong_bits": wrong}


HISTORY = [record(2, 3.5, None), record(4, 11.0, 5), record(6, 0.5, 0), record(8, 1.0, 0), record(10, 7.0, 0)]


def test_what_was_exact_and_is_no_more_is_lost():
    lost = [*HISTORY, record(12, 1.0, 3), record(14, 1.0, 0), record(16, 1.0, 2)]
    assert rows.lost_at(Progress(converged_at=8, history=lost)) == 12
    assert rows.lost_at(Progress(converged_at=8, history=HISTORY)) is None
    assert rows.lost_at(Progress(converged_at=None, history=lost)) is None


def test_the_largest_gradient_and_when():
    expected = {"peak_gradient_norm": 11.0, "peak_gradient_norm_at_update": 4}
    assert rows.largest_gradient(HISTORY) == expected
    for norm in (float("inf"), float("nan")):
        found = rows.largest_gradient([record(2, 3.5, 1), record(3, norm, None)])
        assert found == dict.fromkeys(expected)


@pytest.mark.parametrize(
    ("step", "operation"), [(None, "gradient of output.weight"), (17, "gradient of output.weight at time step 17")]
)
def test_where_a_number_was_not_finite(tmp_path, step, operation):
    train(TINY, 5, tmp_path)
    run = load(tmp_path)[1]
    run.progress.stopped = Stop(1200, 13, "gradient of output.weight", math.nan, step)
    row = rows.row_of(run)
    assert row["stopped"] == f"update 1200, length 13: the {operation} is not finite (loss nan)"
    assert (row["nan_update"], row["nan_length"], row["nan_operation"]) == (1200, 13, operation)
    assert not row["converged"] and json.loads(json.dumps(row, allow_nan=False)) == row


def test_a_run_without_such_a_number_says_so(tmp_path):
    train(TINY, 5, tmp_path)
    row = rows.row_of(load(tmp_path)[1])
    assert [row[name] for name in ("stopped", "nan_update", "nan_length", "nan_operation")] == [None] * 4


def test_a_run_that_is_trained_on_tells_when_it_was_lost(monkeypatch, tmp_path):
    """Validations are made up: exact twice, so converged at 4, and wrong at the second of the two after that."""
    wrong = iter([7, 0, 0, 0, 5, 0])
    monkeypatch.setattr(validation, "validate", lambda *arguments: next(wrong))
    train(replace(TINY, updates=24, keep_training=1.0), 0, tmp_path)
    row = rows.row_of(load(tmp_path)[1])
    assert row["converged_at_update"] == 6 and row["lost_at_update"] == 10


def written(out, **settings):
    """Write the row of a tiny run, with other settings than its own."""
    row = rows.row_of(load(out)[1])
    kept = {name: value for name, value in (row["settings"] | settings).items() if value is not None}
    rows.write_json(rows.row_path(out, TINY, row["seed"]), row | {"settings": kept})


def test_a_field_that_there_was_not_yet_has_its_default(tmp_path):
    train(TINY, 5, tmp_path)
    machine = {name: value for name, value in asdict(TINY.machine).items() if name != "forget_ceiling"}
    written(tmp_path, keep_training=None, machine=machine)
    assert rows.read_row(tmp_path, TINY, 5)["seed"] == 5
    with pytest.raises(ValueError, match=r"another recipe called 'tiny' \(its keep_training differ\)"):
        rows.read_row(tmp_path, replace(TINY, keep_training=0.5), 5)


def test_a_row_of_an_older_version_is_read(tmp_path, row):
    """Recipes had all of their fields side by side, and some that are constants now."""
    file, content = row
    older = {"schedule": 0, "momentum": 0.9, "settled_loss": 0.0, "any_length": 0.0, "settle_updates": 225, "rest": 0.0}
    historical = content["settings"].pop("historical")
    settings = {**content["settings"], **historical, "draws": "independent", **older}
    for new in ("clear", "margin", "validation_crowd", "validations_in_a_row"):
        del settings[new]
    file.write_text(json.dumps(content | {"settings": settings}))
    assert rows.read_row(tmp_path, replace(TINY, clear=0.0, margin=0.0), 5)["seed"] == 5
    file.write_text(json.dumps(content | {"settings": settings | {"rest": 0.05}}))
    with pytest.raises(ValueError) as caught:
        rows.read_row(tmp_path, TINY, 5)
    assert str(caught.value).startswith(f"{file} is of an older version: rest is 0.05, which recipes leave out now: ")
    assert str(caught.value).endswith("or choose another directory") and "\n" not in str(caught.value)


def test_a_field_that_there_is_no_more_is_named(tmp_path):
    train(TINY, 5, tmp_path)
    written(tmp_path, temper=3)
    with pytest.raises(ValueError, match=r"is not what a study wrote \(.*'temper'"):
        rows.read_row(tmp_path, TINY, 5)


@pytest.fixture
def row(tmp_path):
    """A file with the row of a tiny run, and what it holds."""
    train(TINY, 5, tmp_path)
    file = rows.row_path(tmp_path, TINY, 5)
    rows.write_json(file, rows.row_of(load(tmp_path)[1]))
    return file, json.loads(file.read_text())


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"seed": 6}, "it is of seed 6 of 'tiny'"),
        ({"recipe": "other"}, "it is of seed 5 of 'other'"),
        ({"wrong_bits": {"random": []}}, ".*"),
        ({"lengths": {"20": {"sequences": 3}}}, "'wrong_bits'"),
        ({"settings": 3}, ".*"),
    ],
)
def test_an_edited_row_is_refused_with_its_file(tmp_path, row, changes, complaint):
    file, content = row
    file.write_text(json.dumps(content | changes))
    with pytest.raises(
        ValueError, match=rf"tiny-5.json is not what a study wrote \({complaint}\): remove it or choose"
    ):
        rows.read_row(tmp_path, TINY, 5)


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "[" * 100_000, '{"recipe": "tiny"}', "\x00"])
def test_a_file_that_is_no_row_is_refused(tmp_path, row, text):
    row[0].write_text(text)
    with pytest.raises(ValueError, match=r"tiny-5.json is not what a study wrote \(.*\): remove it or choose another"):
        rows.read_row(tmp_path, TINY, 5)


@pytest.mark.parametrize("missing", rows.ENTRIES)
def test_a_missing_entry_is_named(tmp_path, row, missing):
    file, content = row
    file.write_text(json.dumps({name: value for name, value in content.items() if name != missing}))
    with pytest.raises(ValueError, match=rf"tiny-5.json is not what a study wrote \(there is no {missing}\)"):
        rows.read_row(tmp_path, TINY, 5)


def test_a_command_is_noted_once_and_what_else_stands_there_is_kept(tmp_path):
    (tmp_path / "manifest.json").write_text('{"commands": ["a"], "recipes": {"mine": {}}}')
    for command in ("b", "b", "a"):
        with rows.noting_command(tmp_path, command):
            pass
    content = json.loads((tmp_path / "manifest.json").read_text())
    assert content["commands"] == ["a", "b"] and content["recipes"] == {"mine": {}}
    assert set(content["versions"]) == {"python", "torch", "ntm_lib"}


@pytest.mark.parametrize("before", [None, '{"commands": ["a"]}'])
def test_a_refused_command_is_not_noted(tmp_path, before):
    path = tmp_path / "manifest.json"
    if before:
        path.write_text(before)
    with pytest.raises(ValueError, match="no such cluster"), rows.noting_command(tmp_path, "ntm study"):
        raise ValueError("no such cluster")
    assert (json.loads(path.read_text()) if path.exists() else None) == (before and json.loads(before))


def test_a_command_that_has_written_a_row_is_noted_however_it_ends(tmp_path):

    def fill_the_disk():
        with rows.noting_command(tmp_path, "ntm study"):
            rows.write_json(tmp_path / "runs" / "tiny-5.json", {})
            raise ValueError("disk full")

    with pytest.raises(ValueError, match="disk full"):
        fill_the_disk()
    assert json.loads((tmp_path / "manifest.json").read_text())["commands"] == ["ntm study"]


@pytest.mark.parametrize("noted", ['"ntm"', "null", "[7]", '{"a": 1}'])
def test_commands_that_are_no_list_of_words_are_refused(tmp_path, noted):
    (tmp_path / "manifest.json").write_text(f'{{"commands": {noted}}}')
    with (
        pytest.raises(ValueError, match=r"manifest.json is not what a study wrote \(commands is"),
        rows.noting_command(tmp_path, "ntm study"),
    ):
        pass


@pytest.mark.parametrize(
    ("entry", "value"),
    [
        ("recipe", 3),
        ("seed", "5"),
        ("converged", "yes"),
        ("sequences", None),
        ("seconds", "long"),
        ("wrong_bits", {"random": 0}),
        ("wrong_bits", {"random": {"20": "none"}}),
        ("lengths", {"100": 3}),
        ("lengths", {"100": {"wrong_bits": 0}}),
        ("lengths", {"100": {"wrong_bits": 0, "sequences": "20"}}),
        ("files", {"README.md": {}}),
        ("settings", []),
    ],
)
def test_a_row_of_which_no_table_can_be_made_is_refused_also_among_other_seeds(tmp_path, row, entry, value):
    file, content = row
    file.write_text(json.dumps(content | {entry: value}))
    said = r"tiny-5.json is not what a study wrote \(.*\): remove it or choose another"
    with pytest.raises(ValueError, match=said):
        rows.read_rows(tmp_path)
    with pytest.raises(ValueError, match=said):
        rows.read_row(tmp_path, TINY, 5)
