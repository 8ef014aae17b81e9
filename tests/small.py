"""A recipe small enough to train in a blink, and what the tests of training share."""

from dataclasses import replace
from itertools import chain, repeat

import pytest
import torch

from ntm_lib.machine import LSTMConfig, NTMConfig
from ntm_lib.training import evaluation, losses, progress, recipes, validation
from ntm_lib.training.evaluation import Verdict, evaluate
from ntm_lib.training.recipe import Historical, Recipe

MACHINE = NTMConfig(
    input_size=5, output_size=3, memory_size=13, word_size=5, controller_size=11, initial_weights="spaced"
)
SMALL = Recipe(
    name="small",
    machine=MACHINE,
    updates=24,
    first_weights="pytorch",
    batch_size=5,
    max_length=2,
    largest_memory=17,
    learning_rate=1e-2,
    warmup_updates=3,
    settle_updates=0,
    payload="random",
    clip_norm=1.0,
    validations_in_a_row=2,
    validate_every=4,
)
"""Never settles."""

SETTLING = replace(SMALL, name="settling", settle_updates=100, settle_at_least=9)
"""Settles early where `quicken` says so, and then for good."""

ADAPTIVE = replace(
    SMALL,
    name="adaptive",
    updates=12,
    max_length=5,
    largest_memory=23,
    historical=Historical(curriculum="adaptive"),
)
"""Machines of different seeds soon earn different levels, and so draw different lengths, where `quicken` says so."""

APART = replace(
    SETTLING,
    name="apart",
    updates=12,
    max_length=5,
    largest_memory=23,
    settle_updates=7,
    settle_at_least=2,
    focus=0.3,
    clear=0.5,
)
"""Machines of different seeds settle at different updates, and some learn again; every loss counts."""

YARDSTICK = replace(SMALL, name="yardstick", machine=LSTMConfig(5, 3, 7))


def quicken(monkeypatch, settled_loss=0.69):
    """Constants of the library that let even a small recipe go through every stage of a training."""
    monkeypatch.setattr(progress, "SETTLED_LOSS", settled_loss)
    monkeypatch.setattr(progress, "LEVEL_LOSS", 0.69)
    monkeypatch.setattr(losses, "RISE", 3)


def judge_quickly(monkeypatch):
    """A verdict over 2 sequences in place of the hundreds that converging takes."""

    def judge(model, task=None, seed=0):
        return Verdict((evaluate(model, lengths=(2, 3), sequences=2, task=task),))

    monkeypatch.setattr(evaluation, "judge", judge)


def tensors(model):
    """A copy of everything a machine has learned."""
    return {name: value.clone() for name, value in model.state_dict().items()}


def same_tensors(left, right):
    """Bit for bit the same names, types and numbers."""
    return left.keys() == right.keys() and all(
        left[name].dtype == right[name].dtype and torch.equal(left[name], right[name]) for name in left
    )


def without_seconds(history):
    """Records without the time that they took."""
    return [{name: value for name, value in record.items() if name != "seconds"} for record in history]


def same_run(left, right):
    """Bit for bit the same machine and history, apart from the time it took."""
    return same_tensors(left.model.state_dict(), right.model.state_dict()) and without_seconds(
        left.history
    ) == without_seconds(right.history)


LSTM = replace(SMALL, name="lstm", machine=replace(MACHINE, controller="lstm"))
TIED = replace(
    recipes.post_2014,
    name="tied",
    machine=NTMConfig(
        4, 3, 13, 5, controller_size=11, weightings="single", initial_memory="learned", initial_value=1.0
    ),
    updates=24,
    max_length=2,
    validate_every=4,
)
every_recipe = pytest.mark.parametrize(
    "recipe", [SMALL, SETTLING, LSTM, TIED, YARDSTICK], ids=lambda recipe: recipe.name
)


def validations(monkeypatch, *results):
    """Let these wrong bits be what validation counts, the last of them for ever; returns the machines it was asked."""
    numbers, asked = chain(results, repeat(results[-1])), []

    def validate(model, *_):
        asked.append(model)
        return next(numbers)

    monkeypatch.setattr(validation, "validate", validate)
    return asked
