"""Files of older versions: recipes with flat fields, stops in a sentence, machines in data/."""

import json
import math
from dataclasses import asdict, replace
from pathlib import Path

import pytest
import small
import torch
from safetensors import safe_open
from safetensors.torch import save as to_bytes

from ntm_lib import evaluate, load
from ntm_lib.machine import LSTMConfig, NTMConfig
from ntm_lib.runs import older
from ntm_lib.runs.checkpoints import FILE_NAME, FORMAT, checksum, read, recipe_from_json, save
from ntm_lib.runs.train import train
from ntm_lib.training import loop, recipes
from ntm_lib.training.progress import Stop
from ntm_lib.training.recipe import Historical, Recipe
from ntm_lib.training.run import Run

MACHINES = sorted(path.parent for path in (Path(__file__).parents[2] / "data" / "machines").glob(f"*/{FILE_NAME}"))
CONSTANTS = {"schedule": 0, "level_loss": 0.15, "momentum": 0.9, "focus_updates": 50}
IDLE = {
    "input_gain": 1.0,
    "location_gain": 1.0,
    "erase_bias": 0.0,
    "large_memories": 0.0,
    "largest_memory_settling": 29,
    "handicap": 0.5,
    "final_rate": 1.0,
    "rest": 0.0,
    "listen": 0.0,
    "quiet": 0.0,
}
"""Fields that recipes had, with values that make no difference: without large memories there is no handicap either."""


def nested(recipe, draws="independent", **fields):
    """A recipe of format 4 in the fields that recipes had."""
    values = asdict(recipe)
    for new in ("clear", "margin", "validation_crowd", "validations_in_a_row"):
        del values[new]
    values["historical"] |= {"draws": draws, "initialisation": values.pop("first_weights")}
    return {**values, **IDLE, "payload_settling": recipe.payload, **fields}


def flat(recipe, **fields):
    """A recipe of format 3 in the fields that recipes had: those of `historical` among the others, and constants."""
    values = nested(recipe)
    old = {"settled_loss": 0.05, "length_power": 1.5, "any_length": 0.0, **CONSTANTS, **values.pop("historical")}
    return {**values, **old, **fields}


def machine(**changes):
    """The fields of a machine as they were, with other values."""
    return asdict(replace(recipes.COPY_MACHINE, initial_value=0.1)) | changes


def without_new(recipe):
    """A recipe without what is new: clear loss, keys that begin as what is added, and a margin."""
    first = "glorot" if recipe.first_weights == "glorot" else "pytorch"
    fields = {"clear": 0.0, "margin": 0.0, "validation_crowd": 10_000.0, "validations_in_a_row": 2}
    return replace(recipe, first_weights=first, **fields)


SMALL = without_new(small.SMALL)


# Recipes


@pytest.mark.parametrize("name", recipes.names())
def test_todays_recipes_stay_as_they_are(name):
    recipe = recipes.by_name(name)
    assert recipe_from_json(asdict(recipe)) == recipe


@pytest.mark.parametrize(
    "recipe",
    [
        without_new(Recipe()),
        without_new(replace(SMALL, settle_updates=7, settle_at_least=2)),
        without_new(replace(SMALL, machine=LSTMConfig(5, 3, 7))),
        without_new(recipes.reliable_lstm),
        without_new(
            replace(Recipe(), first_weights="glorot", historical=Historical("sequence", "sequence", "adaptive", 2.5))
        ),
        recipes.paper_2014,
        recipes.post_2014,
    ],
    ids=lambda recipe: recipe.name,
)
def test_fields_of_older_versions_find_their_places(recipe):
    assert recipe_from_json(nested(recipe)) == recipe
    assert recipe_from_json(flat(recipe)) == recipe
    without = {name: value for name, value in flat(recipe).items() if name not in CONSTANTS}
    assert recipe_from_json(without) == recipe  # older still: before these were fields


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"settled_loss": 0.0, "settle_updates": 7}, replace(SMALL, settle_updates=0)),  # never settled
        (
            {"settled_loss": 0.1, "settle_updates": 7, "settle_at_least": 2},
            replace(SMALL, settle_updates=7, settle_at_least=2),
        ),
        ({"curriculum": "power"}, replace(SMALL, historical=Historical(curriculum="power"))),
        (
            {"curriculum": "power", "any_length": 0.2},
            replace(SMALL, historical=Historical(curriculum="mixed")),
        ),
        (
            {"curriculum": "ramp", "length_power": 1.0},
            replace(SMALL, historical=Historical(curriculum="ramp")),
        ),
        ({"curriculum": "uniform", "length_power": 2.0}, SMALL),  # which made no difference
        (
            {"curriculum": "adaptive", "length_power": 0.5},
            replace(SMALL, historical=Historical(curriculum="adaptive")),
        ),
        (
            {"machine": machine(initial_memory="learned", initial_value=0.0)},
            replace(
                SMALL,
                machine=replace(recipes.COPY_MACHINE, initial_memory="learned", initial_value=(128 + 20) ** -0.5),
            ),
        ),
        (
            {"machine": machine(initial_memory="random", initial_value=0.5)},
            replace(SMALL, machine=replace(recipes.COPY_MACHINE, initial_memory="random", initial_value=0.5)),
        ),
        (
            {"machine": machine(initial_value=0.0)},
            replace(SMALL, machine=recipes.COPY_MACHINE),
        ),
    ],
    ids=str,
)
def test_fields_of_another_meaning_by_hand(fields, expected):
    assert recipe_from_json(flat(SMALL, **fields)) == expected


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"schedule": 1}, "schedule is 1: it is 0 in every recipe now"),
        ({"level_loss": 0.2}, "level_loss is 0.2: it is 0.15 in every recipe now"),
        ({"momentum": 0.0}, "momentum is 0.0: it is 0.9 in every recipe now"),
        ({"focus_updates": 3}, "focus_updates is 3: it is 50 in every recipe now"),
        ({"curriculum": "power", "length_power": 2.0}, "('power', 2.0, 0.0)"),
        ({"curriculum": "ramp"}, "('ramp', 1.5, 0.0)"),
        ({"curriculum": "power", "any_length": 0.5}, "('power', 1.5, 0.5)"),
        ({"curriculum": "uniform", "any_length": 0.2}, "('uniform', 1.5, 0.2)"),
        ({"curriculum": "adaptive", "any_length": 0.2}, "('adaptive', 1.5, 0.2)"),
    ],
    ids=str,
)
def test_a_recipe_that_cannot_be_had_any_more_is_refused(fields, message):
    with pytest.raises(ValueError) as caught:
        recipe_from_json(flat(SMALL, **fields))
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


SETTLES = replace(SMALL, settle_updates=7, settle_at_least=2)


@pytest.mark.parametrize("version", [nested, flat])
@pytest.mark.parametrize(
    ("recipe", "fields"),
    [
        (SMALL, {"quiet": 0.2, "large_memories": 0.5, "final_rate": 0.05, "payload_settling": "varied"}),
        (SMALL, {"settle_at_least": 175}),
        (replace(SETTLES, largest_memory=0), {"large_memories": 0.5}),  # of one size
        (SETTLES, {"handicap": 0.25}),  # in large memories alone
        (replace(SETTLES, payload="uneven"), {"payload_settling": "uneven"}),
        (
            replace(SETTLES, machine=LSTMConfig(5, 3, 7)),  # without heads and rows
            {"erase_bias": 3.0, "rest": 0.05, "listen": 0.1, "large_memories": 0.5},
        ),
    ],
    ids=str,
)
def test_a_field_that_is_gone_and_made_no_difference_is_left_out(recipe, fields, version):
    """Of settling where nothing settles, of large memories where there are none, and of heads that are not there."""
    assert recipe_from_json(version(recipe, **fields)) == recipe


def test_crowds_in_training_are_left_out_of_a_run_that_is_finished():
    """Only files from before the release of version 0.2.0 have them, and no crowd for validations."""
    values = asdict(small.SMALL) | {"largest_crowd": 1e6}
    del values["validation_crowd"]
    assert recipe_from_json(values, finished=True) == replace(small.SMALL, validation_crowd=10_000.0)
    assert recipe_from_json(values | {"largest_crowd": 1.0}) == replace(small.SMALL, validation_crowd=10_000.0)
    with pytest.raises(ValueError, match=r"largest_crowd is 1000000\.0, which recipes leave out now"):
        recipe_from_json(values)


@pytest.mark.parametrize("version", [nested, flat])
@pytest.mark.parametrize(
    ("recipe", "field", "value"),
    [
        (SMALL, "input_gain", 4.0),
        (SMALL, "location_gain", 0.3),
        (SMALL, "erase_bias", 3.0),
        (SMALL, "rest", 0.05),
        (SMALL, "listen", 0.1),
        (SETTLES, "quiet", 0.02),
        (SETTLES, "large_memories", 0.5),
        (SETTLES, "final_rate", 0.05),
        (SETTLES, "payload_settling", "varied"),
        (SMALL, "payload", "varied"),
        (SMALL, "draws", "even"),
        (replace(SETTLES, machine=LSTMConfig(5, 3, 7)), "final_rate", 0.05),
        (replace(SMALL, machine=LSTMConfig(5, 3, 7)), "draws", "even"),
    ],
    ids=str,
)
def test_a_field_that_is_gone_and_made_a_difference_is_named(recipe, field, value, version):
    with pytest.raises(older.LeftOutError) as caught:
        recipe_from_json(version(recipe, **{field: value}))
    assert str(caught.value) == (
        f"{field} is {value!r}, which recipes leave out now: train again, or use version 0.1.0 of the library"
    )


def test_a_finished_run_trains_no_more():
    """Its recipe is told in today's fields; before there was a choice of draws, they were even."""
    values = nested(SMALL, draws="even") | {"rest": 0.05, "erase_bias": 3.0}
    assert recipe_from_json(values, finished=True) == SMALL
    del values["historical"]["draws"]
    assert recipe_from_json(values, finished=True) == SMALL
    with pytest.raises(older.LeftOutError, match=r"erase_bias is 3\.0"):
        recipe_from_json(values)
    with pytest.raises(older.LeftOutError, match="payload is 'varied'"):
        recipe_from_json(values | {"payload": "varied"}, finished=True)


def test_migrating_changes_nothing_it_is_given():
    values = flat(SMALL, curriculum="power", any_length=0.2, machine=machine(initial_memory="learned"))
    before = json.loads(json.dumps(values))
    older.recipe(values)
    assert values == before


def test_a_migrated_recipe_migrates_no_further():
    once = older.recipe(flat(SMALL, curriculum="power", any_length=0.2))
    assert older.recipe(once) == once


# Stops


@pytest.mark.parametrize(
    ("sentence", "stop"),
    [
        (None, None),
        (
            "update 8, length 2: the memory at time step 3 is not finite (loss nan)",
            {"update": 8, "length": 2, "what": "memory", "step": 3, "loss": math.nan},
        ),
        (
            "update 41, length 7: the gradient of output.bias is not finite (loss 0.25)",
            {"update": 41, "length": 7, "what": "gradient of output.bias", "step": None, "loss": 0.25},
        ),
        (
            "update 1, length 1: the output is not finite (loss inf)",
            {"update": 1, "length": 1, "what": "output", "step": None, "loss": math.inf},
        ),
    ],
)
def test_a_stop_in_a_sentence_has_fields(sentence, stop):
    content = {"format": "ntm-lib run 3", "progress": {"update": 7, "stopped": sentence}}
    found = older.content(content)["progress"]["stopped"]
    if sentence is None:
        assert found is None
    else:
        assert str(Stop(**found)) == str(Stop(**stop)) == sentence
        assert {name: type(value) for name, value in found.items()} == {name: type(stop[name]) for name in stop}


@pytest.mark.parametrize("version", ["ntm-lib run 2", "ntm-lib run 5", "", None, 3])
def test_a_format_before_or_after_is_named(version):
    with pytest.raises(ValueError) as caught:
        older.content({"format": version})
    assert str(caught.value) == f"its format is {version!r}: expected 'ntm-lib run 3' or newer"


# Files


def rewritten(path, version, change):
    """Put another JSON text into a file, as format 3 without a checksum or as format 4."""
    with safe_open(path, framework="pt") as file:
        tensors = {name: file.get_tensor(name) for name in file.keys()}
        values = json.loads(file.metadata()["run"])
    text = json.dumps(values | change(values))
    metadata = {"run": text} if version == 3 else {"run": text, "format": FORMAT, "sha256": checksum(text, tensors)}
    path.write_bytes(to_bytes(tensors, metadata=metadata))


def as_format_3(run, directory):
    """Write a run as the version before wrote it: flat fields, no checksum."""
    save(run, directory)
    path, stopped = directory / FILE_NAME, str(run.progress.stopped) if run.progress.stopped else None

    def change(values):
        progress = values["progress"] | {"stopped": stopped}
        return {"format": "ntm-lib run 3", "recipe": flat(run.recipe), "progress": progress}

    rewritten(path, 3, change)
    return path


@pytest.mark.parametrize("stopped", [None, Stop(8, 2, "memory", 0.5, 3)])
def test_a_run_of_format_3_is_read(tmp_path, stopped):
    run = Run(replace(SMALL, settle_updates=7, settle_at_least=2), 3)
    run.progress.stopped = stopped
    as_format_3(run, tmp_path)
    again = read(tmp_path)
    assert (again.recipe, again.seed, again.progress) == (run.recipe, run.seed, run.progress)
    assert all(torch.equal(*pair) for pair in zip(again.model.parameters(), run.model.parameters(), strict=True))


def test_a_run_of_version_0_1_goes_on_as_it_would_have(tmp_path):
    """Format 4, in the fields of that version: the rest of its training is what it is in the fields of today."""
    recipe = replace(SETTLES, updates=8, validate_every=4)
    straight = train(recipe, 3)
    run = Run(recipe, 3)
    for _ in range(4):
        loop.update(run)
    loop.check(run)
    save(run, tmp_path)

    def change(values):
        return {"recipe": nested(recipe), "progress": values["progress"] | {"learned": 0.25}}

    rewritten(tmp_path / FILE_NAME, 4, change)
    assert small.same_run(train(recipe, 3, tmp_path), straight)


@pytest.mark.parametrize("use", [load, lambda out: train(SMALL, 3, out)], ids=["load", "train"])
@pytest.mark.parametrize("version", [3, 4])
def test_a_run_with_what_is_gone_is_not_said_to_be_damaged(tmp_path, version, use):
    save(Run(SMALL, 3), tmp_path)
    path, fields = tmp_path / FILE_NAME, {3: flat, 4: nested}[version]
    rewritten(path, version, lambda _: {"format": "ntm-lib run 3", "recipe": fields(SMALL, erase_bias=3.0)})
    before = path.read_bytes()
    with pytest.raises(ValueError) as caught:
        use(tmp_path)
    assert str(caught.value) == (
        f"{path} is of an older version: erase_bias is 3.0, which recipes leave out now: train again, or use version"
        " 0.1.0 of the library"
    )
    assert path.read_bytes() == before


@pytest.mark.parametrize("finished", [True, False])
def test_even_draws_are_for_finished_runs(tmp_path, finished):
    run = Run(SMALL, 3)
    run.progress.finished = finished
    save(run, tmp_path)
    rewritten(tmp_path / FILE_NAME, 4, lambda _: {"recipe": nested(SMALL, draws="even")})
    if finished:
        assert load(tmp_path)[1].recipe == SMALL
    else:
        with pytest.raises(ValueError, match="draws is 'even', which recipes leave out now"):
            load(tmp_path)


def test_a_run_of_format_3_that_is_not_finite_is_refused(tmp_path):
    run = Run(SMALL, 3)
    with torch.no_grad():
        run.model.output.bias[0] = math.nan
    path = as_format_3(run, tmp_path)
    with pytest.raises(ValueError) as caught:
        load(tmp_path)
    assert str(caught.value).startswith(f"{path} is damaged or no run of this library (model.output.bias has numbers")


def test_an_old_checksum_is_not_asked_for_and_a_new_one_is(tmp_path):
    """Whoever takes the format and the checksum from a file of today has a file of no version."""
    save(Run(SMALL, 3), tmp_path)
    path = tmp_path / FILE_NAME
    with safe_open(path, framework="pt") as file:
        tensors, metadata = {name: file.get_tensor(name) for name in file.keys()}, file.metadata()
    path.write_bytes(to_bytes(tensors, metadata={"run": metadata["run"]}))
    with pytest.raises(ValueError, match="its format is None: expected 'ntm-lib run 3' or newer"):
        load(tmp_path)


@pytest.mark.parametrize("directory", MACHINES, ids=lambda path: path.name)
def test_the_machines_in_data_load(directory):
    machine, run = load(directory)
    assert isinstance(machine.config, NTMConfig | LSTMConfig)
    assert run.progress.update > 0
    assert run.progress.history
    logits, _ = machine(torch.zeros(1, 3, machine.config.input_size))
    assert logits.isfinite().all()
    assert all(value.isfinite().all() for value in machine.state_dict().values())


@pytest.mark.parametrize(
    ("name", "historical"), [("of_2014", recipes.post_2014.historical), ("no_memory", Historical())]
)
def test_historical_machines_in_data_load_bit_for_bit(name, historical):
    """Every number of the file stands in the machine, which makes the errors that its verdict counted."""
    directory = Path(__file__).parents[2] / "data" / "machines" / name
    machine, run = load(directory)
    with safe_open(directory / FILE_NAME, framework="pt") as file:
        part = "average.module." if run.average is not None else "model."
        stored = {key.removeprefix(part): file.get_tensor(key) for key in file.keys() if key.startswith(part)}
    assert small.same_tensors(small.tensors(machine), stored)
    assert (run.recipe.clear, run.recipe.settle_updates) == (0, 0)
    assert run.recipe.historical == historical
    (counted,) = (report.lengths[20] for report in run.progress.reports if report.kind == "random")
    assert evaluate(machine, [20], 100).lengths[20] == counted


def test_there_are_machines_in_data():
    assert len(MACHINES) > 15


@pytest.mark.parametrize("name", ["update", "loss", "gradient_norm", "validation_wrong_bits"])
def test_a_run_of_format_3_whose_history_lacks_a_number_is_refused(tmp_path, name):
    """Such as after one flipped bit in a name: that format has no checksum."""
    train(replace(SMALL, updates=4), 3, tmp_path)
    record = read(tmp_path).progress.history[0]
    flipped = {(f"{key}_" if key == name else key): value for key, value in record.items()}
    rewritten(
        tmp_path / FILE_NAME,
        3,
        lambda values: {
            "format": "ntm-lib run 3",
            "recipe": flat(replace(SMALL, updates=4)),
            "progress": values["progress"] | {"history": [flipped]},
        },
    )
    with pytest.raises(ValueError, match=f"a record of its history has no {name}"):
        load(tmp_path)
