"""Many seeds in shared passes: each is bit for bit what it is alone, whoever stands beside it."""

import math
import os
import subprocess
import sys
import time
from collections import Counter
from dataclasses import replace
from functools import cache

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from naive import explore
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

from ntm_lib import tasks
from ntm_lib.runs import together as passing
from ntm_lib.runs.together import learn_together, machines_at_once, passes
from ntm_lib.runs.train import result_of, train, train_together
from ntm_lib.training import loop, recipes, validation
from ntm_lib.training.curriculum import Shape
from ntm_lib.training.run import Drawn, Run

SEEDS = (5, 0, 7)


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    judge_quickly(monkeypatch)
    quicken(monkeypatch, settled_loss=0.692)


@pytest.fixture
def shared(monkeypatch):
    """The progress of the runs in each pass from now on, as it was."""
    seen, real = [], passing.backpropagate

    def watched(runs, *others):
        seen.append([replace(run.progress) for run in runs])
        return real(runs, *others)

    monkeypatch.setattr(passing, "backpropagate", watched)
    return seen


@cache
def alone(recipe, seed):
    return train(recipe, seed)


def together(recipe, seeds, on_record=None):
    """Results by seed, of runs that are not kept."""
    results = list(train_together(recipe, dict.fromkeys(seeds), on_record))
    assert sorted(result.seed for result in results) == sorted(seeds)
    return {result.seed: result for result in results}


def assert_as_alone(result, recipe):
    expected = alone(recipe, result.seed)
    assert same_run(result, expected)
    assert (result.recipe, result.verdict, result.stopped) == (recipe, expected.verdict, expected.stopped)
    assert (result.converged, result.sequences) == (expected.converged, expected.sequences)


# Bit for bit as alone


@pytest.mark.parametrize(
    ("recipe", "controller", "batch_size"),
    [
        (SMALL, "feed-forward", 1),
        (SMALL, "lstm", 3),
        (SETTLING, "lstm", 1),
        (SETTLING, "feed-forward", 5),
        (ADAPTIVE, "lstm", 1),
        (ADAPTIVE, "feed-forward", 3),
        (ADAPTIVE, "lstm", 5),
        (APART, "feed-forward", 1),
        (APART, "feed-forward", 5),
        (APART, "lstm", 3),
        (replace(APART, settle_crowd=31.0), "feed-forward", 3),
    ],
    ids=lambda value: getattr(value, "name", None),
)
def test_seeds_together_are_the_seeds_alone(recipe, controller, batch_size, shared):
    recipe = replace(recipe, updates=12, batch_size=batch_size, machine=replace(MACHINE, controller=controller))
    results = together(recipe, SEEDS)
    assert max(map(len, shared)) == len(SEEDS)
    if recipe.name == "adaptive":
        assert len(shared) > 12  # some updates take several passes, for several shapes
        assert any(len({progress.level for progress in one}) > 1 for one in shared)
    if recipe.name == "apart":
        assert any(len({progress.settled_at for progress in one}) > 1 for one in shared)
    if recipe.settle_updates:  # with the clear loss, also beside machines without it
        assert any(len(one) > 1 and any(progress.settled_at is not None for progress in one) for one in shared)
    for result in results.values():
        assert_as_alone(result, recipe)


@pytest.mark.parametrize("controller", ["feed-forward", "lstm"])
def test_machines_that_settle_learn_together_as_alone(controller, monkeypatch):
    """In memories of many sizes, and passes of three machines."""
    quicken(monkeypatch, settled_loss=10.0)
    shapes, real = [], passing.backpropagate

    def watched(runs, drawn, *others):
        shapes.append((len(runs), {one.shape for one in drawn}))
        return real(runs, drawn, *others)

    monkeypatch.setattr(passing, "backpropagate", watched)
    machine = replace(MACHINE, controller=controller)
    recipe = replace(SETTLING, batch_size=3, clear=0.5, clip_weightings=1e-3, machine=machine)
    runs, ones = ([Run(recipe, seed) for seed in SEEDS] for _ in "12")
    for _ in range(12):
        passing.update_together(runs)
        for run in ones:
            loop.update(run)
    assert {size for size, _ in shapes} == {3}
    assert len({shape.rows for _, drawn in shapes for shape in drawn}) > 4
    for run, one in zip(runs, ones, strict=True):
        assert run.progress.settled_at == 1
        assert same_tensors(run.model.state_dict(), one.model.state_dict())


@pytest.mark.parametrize("batch_size", [1, 3])
def test_yardsticks_together_are_the_yardsticks_alone(batch_size, shared):
    recipe = replace(YARDSTICK, batch_size=batch_size, updates=8)
    for result in together(recipe, SEEDS).values():
        assert_as_alone(result, recipe)
    assert {len(one) for one in shared} == {1}


@pytest.mark.parametrize(
    "changes",
    [
        {"weightings": "single", "read_heads": 2, "write_heads": 2},
        {"weightings": "shared-previous", "read_heads": 2, "write_heads": 3, "output_from": "reads"},
        {"initial_memory": "learned", "initial_weights": "learned", "initial_value": 0.2},
        {"initial_memory": "random", "initial_reads": "memory", "initial_value": 0.2},
    ],
    ids=lambda changes: "-".join(map(str, changes.values())),
)
def test_machines_of_every_kind_learn_together_as_alone(changes):
    machine = replace(MACHINE, **changes)
    recipe = replace(APART, machine=machine, updates=8, batch_size=3)
    if machine.initial_memory != "constant":
        recipe = replace(recipe, largest_memory=0)
    for result in together(recipe, SEEDS).values():
        assert_as_alone(result, recipe)


@pytest.mark.parametrize("recipe", [ADAPTIVE, APART], ids=lambda recipe: recipe.name)
@pytest.mark.parametrize("seeds", [(7, 5, 0), (0, 7, 11, 5), (7,)])
def test_neighbours_and_their_order_change_nothing(seeds, recipe):
    results = together(recipe, seeds)
    for seed in SEEDS:
        if seed in seeds:
            assert_as_alone(results[seed], recipe)


def test_passes_that_hold_fewer_machines_change_nothing(monkeypatch, shared):
    monkeypatch.setattr(passing, "NUMBERS_TOGETHER", 2 * 5 * 13 * 5)
    results = together(APART, SEEDS)
    assert {len(one) for one in shared} == {1, 2}
    for result in results.values():
        assert_as_alone(result, APART)


def test_together_seeds_are_different_runs():
    """The tests above would not notice if all of them were the same."""
    first, second, third = together(SMALL, SEEDS).values()
    assert not same_tensors(first.model.state_dict(), second.model.state_dict())
    assert without_seconds(first.history) != without_seconds(second.history) != without_seconds(third.history)


THE_LIBRARYS_RECIPES = """
import torch
from ntm_lib.runs.together import update_together
from ntm_lib.training import loop, recipes
from ntm_lib.training.run import Run

torch.set_num_threads(1)
for recipe in map(recipes.by_name, recipes.names()):
    together, alone = ([Run(recipe, seed) for seed in range(3)] for _ in "12")
    for run in (*together, *alone):
        run.progress.update = 40
        run.progress.settled_at = 30 if recipe.settle_updates and run.seed != 1 else None
    for _ in range(4):
        losses = [record["loss"] for record in update_together(together)]
        assert losses == [loop.update(run)["loss"] for run in alone]
    same = [all(map(torch.equal, *(run.model.parameters() for run in pair))) for pair in zip(together, alone)]
    print(recipe.name, *same)
"""


def test_the_librarys_recipes_learn_together_as_alone_whatever_mkl_is_told():
    """In a process of its own: conftest.py has told it something in this one. Some settle, and some do not."""
    environment = {name: value for name, value in os.environ.items() if name != "MKL_CBWR"}
    command = [sys.executable, "-c", THE_LIBRARYS_RECIPES]
    done = subprocess.run(command, env=environment, timeout=600, check=True, stdout=subprocess.PIPE, text=True)
    assert done.stdout.splitlines() == [f"{name} True True True" for name in recipes.names()]


# Records and results


def test_results_come_as_the_runs_end_and_records_as_they_validate(monkeypatch):
    """Seed 0 is exact whenever it is asked, seed 7 from update 8 on, and seed 5 never."""
    first = {seed: Run(SMALL, seed).generator.initial_seed() for seed in SEEDS}
    events, asked = [], Counter()

    def validate(model, longest, generator, task, margin, crowd):
        (seed,) = (seed for seed in SEEDS if first[seed] == generator.initial_seed())
        asked[seed] += 1
        return int(seed == 5 or (seed == 7 and asked[seed] < 2))

    monkeypatch.setattr(validation, "validate", validate)
    for result in train_together(SMALL, dict.fromkeys(SEEDS), lambda record: events.append(record["update"])):
        events.append(f"seed {result.seed}")
    assert events == [4, 4, 4, 8, 8, "seed 0", 8, 12, 12, "seed 7", 16, 20, 24, "seed 5"]


def test_the_time_of_an_update_is_shared():
    """Two runs together say that they took about half of what the clock says, each."""
    started = time.perf_counter()
    results = list(train_together(SMALL, dict.fromkeys((5, 0))))
    seconds = time.perf_counter() - started
    assert 0.5 * seconds < sum(result.seconds for result in results) <= seconds


def test_no_seeds_are_no_runs():
    assert list(train_together(SMALL, {})) == []


@pytest.mark.parametrize("seed", [-1, 1.5, "3", None, True, 2**32])
def test_one_seed_that_is_none_stops_all_before_anything_is_written(seed, tmp_path):
    with pytest.raises(ValueError) as error:
        list(train_together(SMALL, {3: tmp_path / "3", seed: tmp_path / "none"}))
    assert str(error.value) == f"seed is {seed!r}: expected a whole number from 0 to 4294967295"
    assert not list(tmp_path.iterdir())


def test_one_directory_of_another_run_stops_all_before_anything_is_written(tmp_path):
    recipe = replace(SMALL, updates=1, validate_every=1)
    train(recipe, 3, tmp_path / "3")
    with pytest.raises(ValueError, match="holds seed 3 of recipe 'small', not seed 4 of 'small'"):
        list(train_together(recipe, {5: tmp_path / "5", 4: tmp_path / "3"}))
    assert [path.name for path in tmp_path.iterdir()] == ["3"]


@pytest.mark.parametrize("recipe", ["reliable", None, recipes])
def test_a_recipe_of_another_kind(recipe):
    with pytest.raises(TypeError, match=r"expected a Recipe, such as recipes\.reliable"):
        list(train_together(recipe, {3: None}))


# One run that is not finite


def poison_weights(model):
    with torch.no_grad():
        model.controller.from_input.weight[0, 0] = math.nan


def poison_gradient(model):
    model.heads.linear.bias.register_hook(lambda gradient: torch.full_like(gradient, math.inf))


def poison_output(model):
    with torch.no_grad():
        model.output.bias[0] = math.inf


def trained_with_poison(recipe, seeds, poison, poisoned):
    """Train these seeds together, and poison one of them after its first record."""
    runs = [Run(recipe, seed) for seed in seeds]
    for run, record in learn_together(runs):
        if run.seed == poisoned and record["update"] == recipe.validate_every and not run.progress.stopped:
            poison(run.model)
    return {run.seed: run for run in runs}


@pytest.mark.parametrize("poisoned", SEEDS)
@pytest.mark.parametrize("poison", [poison_weights, poison_gradient, poison_output])
def test_a_run_that_is_not_finite_stops_alone(poison, poisoned, shared):
    """With the words that it would have alone, and its neighbours go on as if it had never been there."""
    recipe = replace(APART, batch_size=3)
    runs = trained_with_poison(recipe, SEEDS, poison, poisoned)
    assert any(len(one) == len(SEEDS) and one[0].update == 4 for one in shared)
    by_itself = trained_with_poison(recipe, [poisoned], poison, poisoned)[poisoned]
    stopped = runs[poisoned]
    assert str(stopped.progress.stopped) == str(by_itself.progress.stopped)
    assert stopped.progress.stopped.update == 5
    assert stopped.progress.update == 4
    assert stopped.progress.history[-1]["validation_wrong_bits"] is None
    assert same_bits(tensors(stopped.model), tensors(by_itself.model))
    for seed in SEEDS:
        if seed != poisoned:
            assert runs[seed].progress.stopped is None
            assert same_run(result_of(runs[seed]), alone(recipe, seed))


def same_bits(left, right):
    """As `same_tensors`, where a NaN equals itself."""
    return same_tensors(*({name: value.view(torch.int32) for name, value in side.items()} for side in (left, right)))


# Which runs share a pass


def some_draws(shapes):
    """Draws of these lengths and rows, of two sequences each."""
    return [Drawn(tasks.copy(2, shape.length, 3), shape) for shape in shapes]


def some_runs(count, **changes):
    run = Run(replace(SMALL, **changes), 0)
    return [run] * count


@explore
@given(
    st.lists(
        st.builds(Shape, st.integers(1, 3), st.sampled_from([11, 17, None])),
        max_size=30,
    ),
    st.integers(1, 3000),
)
def test_a_pass_has_draws_of_one_shape_and_no_more_numbers_than_allowed(shapes, numbers):
    """Five sequences of five numbers a row, and 13 rows where a draw names none."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passing, "NUMBERS_TOGETHER", numbers)
        shared = list(passes(some_runs(len(shapes)), some_draws(shapes)))
    assert sorted(index for indices in shared for index in indices) == list(range(len(shapes)))
    for indices in shared:
        assert len({shapes[index] for index in indices}) == 1
        each = 5 * 5 * (shapes[indices[0]].rows or 13)
        assert len(indices) == 1 or len(indices) * each <= numbers
    for shape in set(shapes):  # nor are there more passes than it takes
        fit = max(1, numbers // (5 * 5 * (shape.rows or 13)))
        assert sum(shapes[indices[0]] == shape for indices in shared) == math.ceil(shapes.count(shape) / fit)


def test_batches_of_other_shapes_do_not_share_a_pass():
    """As a task of one's own may draw them for one length."""
    shape = Shape(3, 17)
    drawn = [Drawn(tasks.copy(2, length, 3), shape) for length in (3, 4, 3)]
    assert list(passes(some_runs(3), drawn)) == [[0, 2], [1]]


def test_how_many_machines_share_a_pass_by_hand(monkeypatch):
    run = some_runs(1)[0]
    own, drawn = some_draws([Shape(1, None), Shape(1, 17)])
    for numbers, expected in ((5 * 17 * 5 * 3, 3), (5 * 17 * 5 * 3 - 1, 2), (5 * 17 * 5, 1), (1, 1)):
        monkeypatch.setattr(passing, "NUMBERS_TOGETHER", numbers)
        assert machines_at_once(run, drawn) == expected
    monkeypatch.setattr(passing, "NUMBERS_TOGETHER", 5 * 13 * 5 * 7)
    assert machines_at_once(run, own) == 7
    assert machines_at_once(Run(YARDSTICK, 0), own) == 1
