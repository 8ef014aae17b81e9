"""Recipes: frozen, named, explained, and the two of 2014 against their sources."""

import ast
import inspect
import json
from dataclasses import FrozenInstanceError, asdict, fields, replace
from pathlib import Path
from typing import Literal, get_args, get_origin

import pytest

from ntm_lib.machine import NTM, LSTMConfig, NTMConfig
from ntm_lib.runs.checkpoints import recipe_from_json
from ntm_lib.training import recipes
from ntm_lib.training.recipe import LIMITS, Historical, Recipe, differences, settings
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


@pytest.mark.parametrize("kind", [Recipe, Historical, NTMConfig, LSTMConfig])
def test_every_field_is_explained(kind):
    """The command shows these docstrings as the help of its options."""
    source = Path(inspect.getsourcefile(kind)).read_text()
    explained, names = documented(ast.parse(source), kind.__name__)
    assert names == [field.name for field in fields(kind)]
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
    text = json.dumps(asdict(recipe), allow_nan=False)
    again = recipe_from_json(json.loads(text))
    assert again == recipe
    assert type(again.machine) is type(recipe.machine)


def changed(values):
    """The fields of a dataclass with other values of the kinds that each field takes."""
    others = {}
    for field in fields(values):
        value = getattr(values, field.name)
        if isinstance(value, int | float) and field.name != "state_decay":  # one optimiser alone has it
            _, high = LIMITS.get(field.name, (0, 10**6))
            others[field.name] = type(value)(value / 2 if value == high else min(high, 1 + value))
        elif get_origin(field.type) is Literal:
            others[field.name] = next(choice for choice in get_args(field.type) if choice != value)
    return others


def test_json_and_back_with_every_field_changed():
    """None is left out or falls back to its default."""
    historical = Historical(**changed(Historical()))
    recipe = replace(
        recipes.reliable,
        **changed(recipes.reliable),
        name="other",
        machine=NTMConfig(7, 5, word_size=3, read_heads=3),
        historical=historical,
    )
    same = [name for name, value in vars(recipe).items() if value == getattr(recipes.reliable, name)]
    assert same == ["state_decay"]
    assert not [name for name, value in vars(historical).items() if value == getattr(Historical(), name)]
    for one in (recipe, replace(recipes.reliable, state_decay=0.25)):
        assert recipe_from_json(json.loads(json.dumps(asdict(one)))) == one


# Settings


def test_settings_are_all_fields_by_name():
    flat = settings(recipes.post_2014)
    assert flat["machine"] == "NTMConfig"
    assert flat["machine.word_size"] == 20
    assert flat["historical.curriculum"] == "power"
    assert flat["batch_size"] == 1
    assert len(flat) == len(fields(Recipe)) - 1 + len(fields(NTMConfig)) + len(fields(Historical))
    assert settings(replace(recipes.reliable, machine=LSTMConfig(10, 8)))["machine"] == "LSTMConfig"


def test_differences_are_the_fields_that_differ():
    base = recipes.reliable
    other = replace(
        base,
        batch_size=7,
        machine=replace(base.machine, word_size=3),
        historical=Historical(clip_value=2.0),
    )
    assert differences(other, base) == {"machine.word_size": 3, "batch_size": 7, "historical.clip_value": 2.0}
    assert differences(base, base) == {}
    baseline = differences(replace(base, machine=LSTMConfig(10, 8)), base)
    assert baseline == {"machine": "LSTMConfig", "machine.hidden_size": 100, "machine.layers": 1}


# Numbers that no recipe can mean


NUMBERS = [(kind, one.name) for kind in (Recipe, Historical) for one in fields(kind) if one.type in (int, float)]
every_number = pytest.mark.parametrize(("kind", "field"), NUMBERS, ids=str)


@every_number
@pytest.mark.parametrize("value", [1e308, -1e308, 10**400, float("inf"), -float("inf"), float("nan"), 10**10])
def test_no_number_is_beyond_its_bounds(kind, field, value):
    """Infinite learning rates and endless trainings are refused before anything runs."""
    whole = getattr(kind(), field).__class__ is int
    with pytest.raises((TypeError, ValueError)) as caught:
        kind(**{field: value})
    if whole and not isinstance(value, int):
        assert str(caught.value) == f"{field} is {value!r}: expected a whole number"
    else:
        low, high = LIMITS.get(field, (0, 10**6))
        bound = f"at least {low}" if value < low else f"at most {high}"
        bound = f"a number from {low} to {high}" if str(value) == "nan" else bound
        assert str(caught.value) == f"{field} is {value}: expected {bound}"


@every_number
@pytest.mark.parametrize("value", ["fast", None, True, [1]])
def test_a_number_is_a_number(kind, field, value):
    with pytest.raises(TypeError) as caught:
        kind(**{field: value})
    assert str(caught.value).startswith(f"{field} is {value!r}: expected a ")


@pytest.mark.parametrize(
    ("field", "value", "bounds"),
    [
        ("updates", 0, "least 1"),
        ("batch_size", -3, "least 1"),
        ("validate_every", 0, "least 1"),
        ("warmup_updates", -1, "least 0"),
        ("largest_memory", -1, "least 0"),
        ("validation_crowd", 0.5, "least 1"),
        ("validation_crowd", 1_000_001, "most 1000000"),
        ("learning_rate", -0.1, "least 0"),
        ("keep_rate", 1.5, "most 1"),
        ("last_rate", -0.1, "least 0"),
        ("looking_heads", -1, "least 0"),
        ("walking_heads", -1, "least 0"),
        ("jumping_heads", -1, "least 0"),
        ("averaging", -0.1, "least 0"),
        ("clear", -0.1, "least 0"),
        ("open_gates", 101.0, "most 100"),
    ],
)
def test_bounds_by_hand(field, value, bounds):
    with pytest.raises(ValueError) as caught:
        replace(recipes.reliable, **{field: value})
    assert str(caught.value) == f"{field} is {value}: expected at {bounds}"


@pytest.mark.parametrize(
    ("kind", "field", "expected"),
    [
        (Recipe, "optimizer", "'adam', 'rmsprop', 'lagging-rmsprop'"),
        (Recipe, "payload", "'random', 'uneven'"),
        (Historical, "curriculum", "'uniform', 'power', 'ramp', 'mixed', 'adaptive', 'longest'"),
        (Historical, "loss_per", "'bit', 'sequence'"),
    ],
)
def test_an_unknown_choice_is_answered_with_the_known_ones(kind, field, expected):
    with pytest.raises(ValueError) as caught:
        kind(**{field: "steep"})
    assert str(caught.value) == f"{field} is 'steep': expected one of {expected}"


@pytest.mark.parametrize(
    "machine", [LSTMConfig(10, 8), NTMConfig(10, 8, controller="lstm")], ids=lambda machine: type(machine).__name__
)
def test_the_posts_initialisation_is_of_its_controller(machine):
    with pytest.raises(ValueError) as caught:
        replace(recipes.reliable, machine=machine, first_weights="glorot")
    assert "first_weights is 'glorot'" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_state_decay_is_adams():
    with pytest.raises(ValueError) as caught:
        replace(recipes.reliable, state_decay=0.25, optimizer="rmsprop")
    assert str(caught.value) == "state_decay is 0.25: leave it at 0 with rmsprop, only Adam has it"


@pytest.mark.parametrize(
    "values",
    [
        {"clip_norm": 0.0, "warmup_updates": 0},
        {"learning_rate": 1},
        {"focus": 0, "clear": 0},
        {"open_gates": -2.0},
        {"settle_updates": 0},
        {"keep_training": 10**6},
    ],
)
def test_numbers_that_a_recipe_can_mean(values):
    for field, value in values.items():
        assert getattr(replace(recipes.reliable, **values), field) == value


# What ours say


@every_recipe
def test_every_recipe_has_a_machine_that_can_be_built(recipe):
    machine = build(recipe, seed=0)
    if recipe.largest_memory and isinstance(machine, NTM):
        assert machine.free_memory_size


def test_reliable_is_the_recipe_nobody_has_to_ask_for():
    assert Recipe() == recipes.reliable


def test_a_recipe_changes_some_field_of_another():
    found = [recipes.by_name(name) for name in recipes.names()]
    for place, recipe in enumerate(found):
        assert all(differences(recipe, other).keys() - {"name"} for other in found[:place])


@pytest.mark.parametrize("name", ["a/b", "", ".hidden", "two words", "a" * 101])
def test_a_name_that_no_file_can_bear(name):
    with pytest.raises(ValueError) as caught:
        replace(recipes.reliable, name=name)
    expected = "expected up to 100 letters, digits and _ . + -, because files bear it"
    assert str(caught.value) == f"name is {name!r}: {expected}"


@pytest.mark.parametrize(("machine", "most"), [(recipes.reliable.machine, 2), (LSTMConfig(10, 8), 0)])
def test_no_more_heads_address_by_location_than_there_are(machine, most):
    replace(recipes.reliable, machine=machine, location_heads=most)
    with pytest.raises(ValueError) as caught:
        replace(recipes.reliable, machine=machine, location_heads=most + 1)
    expected = f"expected at most {most}, the number of the machine's weightings that neither look nor jump"
    assert str(caught.value) == f"location_heads is {most + 1}: {expected}"


@pytest.mark.parametrize("role", ["looking_heads", "jumping_heads"])
def test_a_head_that_looks_or_jumps_does_not_address_by_location(role):
    replace(recipes.reliable, **{role: 1}, location_heads=1)
    with pytest.raises(ValueError, match="location_heads is 2: expected at most 1, the number"):
        replace(recipes.reliable, **{role: 1}, location_heads=2)


def test_a_machine_without_heads_has_no_weightings_to_clip():
    with pytest.raises(ValueError, match=r"clip_weightings is 0\.5: leave it at 0, a machine without heads"):
        replace(recipes.reliable, machine=LSTMConfig(10, 8), clip_weightings=0.5)


@pytest.mark.parametrize("numbers", [(1, 2, 0), (0, 3, 0), (3, 0, 0), (1, 1, 1), (0, 0, 3)])
def test_no_more_heads_begin_in_roles_than_there_are(numbers):
    names = "looking_heads", "walking_heads", "jumping_heads"
    for fits in ((1, 1, 0), (0, 2, 0), (2, 0, 0), (1, 0, 1), (0, 0, 2)):
        replace(recipes.reliable, **dict(zip(names, fits, strict=True)))
    roles = dict(zip(names, numbers, strict=True))
    shown = ", ".join(map(str, numbers))
    said = f"looking_heads, walking_heads and jumping_heads are {shown}: expected a sum of at most"
    with pytest.raises(ValueError, match=f"{said} 2, the number of the machine's weightings"):
        replace(recipes.reliable, **roles)
    with pytest.raises(ValueError, match=f"{said} 0, the number"):
        replace(recipes.reliable, machine=LSTMConfig(10, 8), **roles)


@pytest.mark.parametrize(("updates", "at_least"), [(75, 75), (7, 75), (1, 1)])
def test_a_machine_that_would_be_let_go_before_it_may_be_exact_is_refused(updates, at_least):
    said = f"settle_at_least is {at_least}: expected less than settle_updates, {updates}, or no validation would count"
    with pytest.raises(ValueError, match=said):
        replace(recipes.reliable, settle_updates=updates, settle_at_least=at_least)
    replace(recipes.reliable, settle_updates=updates, settle_at_least=updates - 1)
    replace(recipes.reliable, settle_updates=0, settle_at_least=at_least)  # never settles


@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [
        ("machine", None, "an NTMConfig or an LSTMConfig"),
        ("machine", "lstm", "an NTMConfig or an LSTMConfig"),
        ("historical", None, "a Historical"),
        ("historical", {}, "a Historical"),
    ],
)
def test_parts_of_another_type_are_refused(field, value, expected):
    with pytest.raises(TypeError, match=f"{field} is {value!r}: expected {expected}"):
        replace(recipes.reliable, **{field: value})
