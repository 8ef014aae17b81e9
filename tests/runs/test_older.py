"""Files of older versions: recipes with flat fields, stops in a sentence, machines in data/."""

import json
import math
from dataclasses import asdict, replace
from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save as to_bytes
from small import SMALL

from ntm_lib import load
from ntm_lib.machine import LSTMConfig, NTMConfig
from ntm_lib.runs import older
from ntm_lib.runs.checkpoints import FILE_NAME, read, recipe_from_json, save
from ntm_lib.training import recipes
from ntm_lib.training.progress import Stop
from ntm_lib.training.recipe import Historical, Recipe
from ntm_lib.training.run import Run

MACHINES = sorted(path.parent for path in (Path(__file__).parents[2] / "data" / "machines").glob(f"*/{FILE_NAME}"))
CONSTANTS = {"schedule": 0, "level_loss": 0.15, "largest_memory_settling": 1000, "momentum": 0.9, "focus_updates": 50}


def flat(recipe, **fields):
    """A recipe in the fields that recipes had: those of `historical` among the others, and constants by name."""
    values = asdict(recipe)
    old = {"settled_loss": 0.05, "length_power": 1.5, "any_length": 0.0, **CONSTANTS, **values.pop("historical")}
    return {**values, **old, **fields}


def machine(**changes):
    """The fields of a machine as they were, with other values."""
    return asdict(replace(recipes.COPY_MACHINE, initial_value=0.1)) | changes


# Recipes


@pytest.mark.parametrize("name", recipes.names())
def test_todays_recipes_stay_as_they_are(name):
    recipe = recipes.by_name(name)
    assert recipe_from_json(asdict(recipe)) == recipe


@pytest.mark.parametrize(
    "recipe",
    [
        Recipe(),
        replace(SMALL, settle_updates=7),
        replace(SMALL, machine=LSTMConfig(5, 3, 7)),
        recipes.reliable_lstm,
        replace(Recipe(), historical=Historical("glorot", "sequence", "sequence", "independent", "adaptive", 2.5)),
    ],
    ids=lambda recipe: recipe.name,
)
def test_flat_fields_find_their_places(recipe):
    assert recipe_from_json(flat(recipe)) == recipe
    without = {name: value for name, value in flat(recipe).items() if name not in CONSTANTS}
    assert recipe_from_json(without) == recipe  # older still: before these were fields


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"settled_loss": 0.0, "settle_updates": 7}, replace(SMALL, settle_updates=0)),  # never settled
        ({"settled_loss": 0.1, "settle_updates": 7}, replace(SMALL, settle_updates=7)),
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
        ({"largest_memory_settling": 29}, "largest_memory_settling is 29: it is 1000 in every recipe now"),
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


def as_format_3(run, directory):
    """Write a run as the version before wrote it: flat fields, no checksum."""
    save(run, directory)
    path = directory / FILE_NAME
    with safe_open(path, framework="pt") as file:
        tensors = {name: file.get_tensor(name) for name in file.keys()}
        values = json.loads(file.metadata()["run"])
    values |= {"format": "ntm-lib run 3", "recipe": flat(run.recipe)}
    values["progress"]["stopped"] = str(run.progress.stopped) if run.progress.stopped else None
    path.write_bytes(to_bytes(tensors, metadata={"run": json.dumps(values)}))
    return path


@pytest.mark.parametrize("stopped", [None, Stop(8, 2, "memory", 0.5, 3)])
def test_a_run_of_format_3_is_read(tmp_path, stopped):
    run = Run(replace(SMALL, settle_updates=7), 3)
    run.progress.stopped = stopped
    as_format_3(run, tmp_path)
    again = read(tmp_path)
    assert (again.recipe, again.seed, again.progress) == (run.recipe, run.seed, run.progress)
    assert all(torch.equal(*pair) for pair in zip(again.model.parameters(), run.model.parameters(), strict=True))


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


def test_there_are_machines_in_data():
    assert len(MACHINES) > 15
