"""A recipe's fields by dotted name: listed with their docstrings, compared and changed."""

from dataclasses import fields, replace

import pytest
from small import YARDSTICK

from ntm_lib.machine import LSTMConfig, NTMConfig
from ntm_lib.study.fields import changed, described
from ntm_lib.training import recipes


def test_every_field_of_a_recipe_and_of_both_kinds_of_machine_is_described():
    found = described()
    expected = {f"machine.{field.name}" for owner in (NTMConfig, LSTMConfig) for field in fields(owner)}
    expected |= {f"historical.{field.name}" for field in fields(recipes.Historical)}
    assert expected <= found.keys() and {"updates", "learning_rate", "name"} <= found.keys()
    assert found.keys() >= recipes.settings(recipes.reliable).keys() - {"machine"} and "machine" not in found
    assert found["learning_rate"][0] is float and found["machine.memory_size"][0] is int
    assert all(text for _, text in found.values())


def test_differences_are_those_that_were_made():
    changes = {"updates": 7, "machine.read_heads": 2}
    recipe = changed(recipes.paper_2014, changes)
    assert recipe == replace(recipes.paper_2014, updates=7, machine=replace(recipes.paper_2014.machine, read_heads=2))
    assert recipes.differences(recipe, recipes.paper_2014) == changes
    assert recipes.differences(recipes.reliable, recipes.reliable) == {}


def test_another_kind_of_machine_is_named():
    assert recipes.differences(YARDSTICK, recipes.reliable)["machine"] == "LSTMConfig"


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        (
            {"update": 3},
            "update is no field of recipe reliable, whose machine is made from NTMConfig: perhaps updates is meant; ",
        ),
        ({"machine.rows": 3}, "machine.rows is no field of recipe reliable"),
        ({"machine.layers": 3}, "machine.layers is no field of recipe reliable, whose machine is made from NTMConfig"),
        ({"name": 3}, "name is 3: expected a word"),
        ({"machine.word_size": 2.0}, "word_size is 2.0: expected a whole number"),
    ],
)
def test_a_change_that_cannot_be_made_is_named(changes, complaint):
    with pytest.raises((ValueError, TypeError)) as error:
        changed(recipes.reliable, changes)
    assert str(error.value).startswith(complaint)
