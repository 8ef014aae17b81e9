"""Recipes: frozen, named, explained, and the two of 2014 against their sources."""

import ast
import json
from dataclasses import FrozenInstanceError, fields, replace
from pathlib import Path
from typing import Literal, get_args, get_origin

import pytest

from ntm_lib.machine import NTM, LSTMConfig, NTMConfig
from ntm_lib.training import recipes
from ntm_lib.training.checkpoints import recipe_from_json, recipe_to_json
from ntm_lib.training.recipes import Recipe
from ntm_lib.training.run import build

every_recipe = pytest.mark.parametrize(
    "recipe", [recipes.by_name(name) for name in recipes.names()], ids=lambda r: r.name
)


# A recipe


def test_a_recipe_is_frozen():
    with pytest.raises(FrozenInstanceError):
        recipes.reliable.learning_rate = 1.0
    with pytest.raises(FrozenInstanceError):
        recipes.reliable.machine.word_size = 3


def test_replace_makes_another_recipe():
    other = replace(recipes.reliable, batch_size=97)
    assert other.batch_size == 97
    assert recipes.reliable.batch_size != 97
    assert other != recipes.reliable
    assert replace(other, batch_size=recipes.reliable.batch_size) == recipes.reliable


def documented(tree, name):
    """The fields of a class that a docstring follows, and all its fields."""
    (body,) = (node.body for node in ast.walk(tree) if isinstance(node, ast.ClassDef) and node.name == name)
    names, explained = [], []
    for node, after in zip(body, [*body[1:], None], strict=True):
        if isinstance(node, ast.AnnAssign):
            names.append(node.target.id)
            if isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant) and after.value.value.strip():
                explained.append(node.target.id)
    return explained, names


def test_every_field_is_explained():
    """The command shows these docstrings as the help of its options."""
    explained, names = documented(ast.parse(Path(recipes.__file__).read_text()), "Recipe")
    assert names == [field.name for field in fields(Recipe)]
    assert explained == names


def test_every_recipe_is_explained():
    body = ast.parse(Path(recipes.__file__).read_text()).body
    for name in recipes.names():
        (place,) = (
            place
            for place, node in enumerate(body)
            if isinstance(node, ast.Assign) and [target.id for target in node.targets] == [name]
        )
        assert isinstance(body[place + 1], ast.Expr), name
        assert body[place + 1].value.value.strip()


# Names


def test_the_names():
    assert len(set(recipes.names())) == len(recipes.names())
    assert {"reliable", "reliable_lstm", "paper_2014", "post_2014"} <= set(recipes.names())


@every_recipe
def test_a_recipe_is_found_by_its_name(recipe):
    assert recipes.by_name(recipe.name) is recipe
    assert getattr(recipes, recipe.name) is recipe


@pytest.mark.parametrize("name", ["relaible", "", "Recipe", "names", "replace", "__doc__", "COPY_MACHINE"])
def test_an_unknown_name(name):
    with pytest.raises(ValueError) as error:
        recipes.by_name(name)
    message = str(error.value)
    assert message.startswith(f"recipe is {name!r}: expected one of ")
    assert "\n" not in message
    assert all(known in message for known in recipes.names())


# As JSON


@every_recipe
def test_json_and_back(recipe):
    text = json.dumps(recipe_to_json(recipe), allow_nan=False)
    again = recipe_from_json(json.loads(text))
    assert again == recipe
    assert type(again.machine) is type(recipe.machine)


def test_json_and_back_with_every_field_changed():
    """None is left out or falls back to its default."""
    changed = {}
    for field in fields(Recipe):
        value = getattr(recipes.reliable, field.name)
        if isinstance(value, int | float):
            changed[field.name] = value + (7 if isinstance(value, int) else 1 / 16)
        elif get_origin(field.type) is Literal:
            changed[field.name] = next(choice for choice in get_args(field.type) if choice != value)
    decaying = replace(recipes.reliable, state_decay=changed.pop("state_decay"))  # the other optimiser has none
    recipe = replace(recipes.reliable, **changed, name="other", machine=NTMConfig(7, 5, word_size=3))
    same = [name for name, value in vars(recipe).items() if value == getattr(recipes.reliable, name)]
    assert same == ["state_decay"] and decaying != recipes.reliable
    for one in (recipe, decaying):
        assert recipe_from_json(json.loads(json.dumps(recipe_to_json(one)))) == one


# Numbers that no recipe can mean


@pytest.mark.parametrize(
    ("field", "value", "error", "message"),
    [
        ("updates", 0, ValueError, "updates is 0: expected at least 1"),
        ("batch_size", -3, ValueError, "batch_size is -3: expected at least 1"),
        ("batch_size", 2.5, TypeError, "batch_size is 2.5: expected a whole number"),
        ("batch_size", True, TypeError, "batch_size is True: expected a whole number"),
        ("max_length", "20", TypeError, "max_length is '20': expected a whole number"),
        ("settle_updates", 0, ValueError, "settle_updates is 0: expected at least 1"),
        ("validate_every", 0, ValueError, "validate_every is 0: expected at least 1"),
        ("warmup_updates", -1, ValueError, "warmup_updates is -1: expected at least 0"),
        ("largest_memory", -1, ValueError, "largest_memory is -1: expected at least 0"),
        ("learning_rate", -0.1, ValueError, "learning_rate is -0.1: expected at least 0"),
        ("learning_rate", float("nan"), ValueError, "learning_rate is nan: expected at least 0"),
        ("learning_rate", "fast", TypeError, "learning_rate is 'fast': expected a number"),
        ("large_memories", 1.5, ValueError, "large_memories is 1.5: expected from 0 to 1"),
        ("erase_bias", float("inf"), ValueError, "erase_bias is inf: expected finite"),
        (
            "curriculum",
            "steep",
            ValueError,
            "curriculum is 'steep': expected one of 'uniform', 'power', 'ramp', 'adaptive'",
        ),
        ("optimizer", "sgd", ValueError, "optimizer is 'sgd': expected one of 'adam', 'rmsprop', 'lagging-rmsprop'"),
    ],
)
def test_a_number_that_no_recipe_can_mean(field, value, error, message):
    with pytest.raises(error) as caught:
        replace(recipes.reliable, **{field: value})
    assert str(caught.value) == message


@pytest.mark.parametrize(
    "machine", [LSTMConfig(10, 8), NTMConfig(10, 8, controller="lstm")], ids=lambda machine: type(machine).__name__
)
def test_the_posts_initialisation_is_of_its_controller(machine):
    with pytest.raises(ValueError) as caught:
        replace(recipes.reliable, machine=machine, initialisation="glorot")
    assert "initialisation is 'glorot'" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_state_decay_is_adams():
    with pytest.raises(ValueError) as caught:
        replace(recipes.reliable, state_decay=0.25, optimizer="rmsprop")
    assert str(caught.value) == "state_decay is 0.25: only Adam has it; leave it at 0 with rmsprop"


@pytest.mark.parametrize(
    "values",
    [
        {"clip_norm": 0.0, "warmup_updates": 0},
        {"learning_rate": 1},
        {"erase_bias": -2.0},
        {"open_gates": -2.0},
        {"any_length": 1.0},
    ],
)
def test_numbers_that_a_recipe_can_mean(values):
    for field, value in values.items():
        assert getattr(replace(recipes.reliable, **values), field) == value


# What the sources say


def test_paper_2014_is_section_4_6_of_the_paper():
    recipe = recipes.paper_2014
    assert recipe.draws == "independent"
    assert recipe.optimizer == "rmsprop"
    assert recipe.learning_rate == 1e-4
    assert recipe.momentum == 0.9
    assert (recipe.clip_value, recipe.clip_norm) == (10.0, 0.0)  # element by element
    assert recipe.batch_size == 1
    assert (recipe.curriculum, recipe.max_length) == ("uniform", 20)  # lengths 1-20, no curriculum
    assert (recipe.payload, recipe.loss_over, recipe.loss_per) == ("random", "answer", "sequence")
    assert recipe.machine == NTMConfig(
        input_size=10,  # 8 bits, a start and an end marker
        output_size=8,
        memory_size=128,
        word_size=20,
        read_heads=1,
        write_heads=1,
        controller="feed-forward",
        controller_size=100,
        shift_range=1,
        weightings="separate",
        initial_weights="learned",  # "bias values"
        initial_memory="learned",
        initial_value=recipe.machine.initial_value,  # not stated
        output_from="hidden-and-reads",
    )


def test_post_2014_is_the_code_of_the_day_of_the_post():
    recipe = recipes.post_2014
    assert recipe.draws == "independent"
    assert recipe.optimizer == "lagging-rmsprop"
    assert recipe.learning_rate == 1e-4
    assert recipe.momentum == 0.9
    assert (recipe.clip_value, recipe.clip_norm) == (0.0, 0.0)  # none
    assert recipe.batch_size == 1
    assert recipe.updates == 70_000
    assert (recipe.curriculum, recipe.max_length, recipe.length_power) == ("power", 20, 1.5)
    assert (recipe.payload, recipe.loss_over) == ("random", "sequence")  # over all 2L + 1 steps
    assert recipe.loss_per == "sequence"  # their sum
    assert recipe.initialisation == "glorot"
    assert recipe.machine == NTMConfig(
        input_size=8,  # 7 bits and one marker, at the end
        output_size=7,
        memory_size=128,
        word_size=20,
        read_heads=1,
        write_heads=1,
        controller="feed-forward",
        controller_size=100,
        shift_range=1,
        weightings="single",
        initial_weights="learned",
        initial_memory="learned",
        initial_value=1.0,  # uniform from -1 to 1
        initial_reads="memory",
        output_from="hidden",
    )


@pytest.mark.parametrize("recipe", [recipes.paper_2014, recipes.post_2014], ids=lambda r: r.name)
def test_2014_knew_nothing_of_what_makes_ours_reliable(recipe):
    assert recipe.warmup_updates == 0
    assert recipe.largest_memory == 0  # the machine's own 128 rows
    assert recipe.settled_loss == 0.0  # never settles
    assert recipe.focus == 0.0
    assert recipe.any_length == 0.0
    assert recipe.erase_bias == 0.0
    assert recipe.input_gain == 1.0
    assert recipe.location_gain == 1.0
    assert recipe.quiet == 0.0
    assert recipe.rest == 0.0
    assert recipe.listen == 0.0
    assert recipe.payload == recipe.payload_settling == "random"
    assert recipe.keep_training == 0.0


# What ours say


@every_recipe
def test_every_recipe_has_a_machine_that_can_be_built(recipe):
    machine = build(recipe, seed=0)
    if recipe.largest_memory and isinstance(machine, NTM):
        assert machine.free_memory_size


def test_reliable_is_the_recipe_nobody_has_to_ask_for():
    assert Recipe() == recipes.reliable
    assert recipes.reliable.machine.controller == "feed-forward"


def test_reliable_lstm_has_an_lstm():
    assert recipes.reliable_lstm.machine.controller == "lstm"


def test_reliable_kept_training_differs_in_nothing_but_that():
    kept = recipes.reliable_kept_training
    assert kept.keep_training == 1.0
    assert replace(kept, name="reliable", keep_training=recipes.reliable.keep_training) == recipes.reliable
