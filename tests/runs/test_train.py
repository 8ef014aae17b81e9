"""Training from a recipe and a seed: what comes back, the same run from the same seed, and what is refused."""

from dataclasses import replace
from functools import cache, partial

import numpy as np
import pytest
import torch
from small import (
    APART,
    MACHINE,
    SETTLING,
    SMALL,
    YARDSTICK,
    every_recipe,
    judge_quickly,
    quicken,
    same_run,
    same_tensors,
    validations,
    without_seconds,
)

from ntm_lib import tasks
from ntm_lib.runs.train import train
from ntm_lib.tasks import Batch, Task
from ntm_lib.training import evaluation, recipes
from ntm_lib.training.evaluation import Count, Report, Verdict
from ntm_lib.training.loop import update
from ntm_lib.training.run import Run, build

THE_JUDGE = evaluation.judge


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """Machines settle from their second update on."""
    judge_quickly(monkeypatch)
    quicken(monkeypatch, settled_loss=10.0)


# What comes back


def test_a_result(monkeypatch):
    validations(monkeypatch, 4)
    seen = []
    result = train(SMALL, seed=3, on_record=lambda record: seen.append(dict(record)))
    assert (result.recipe, result.seed, result.stopped) == (SMALL, 3, None)
    assert result.sequences == 24 * 5
    assert result.seconds >= result.history[-1]["seconds"] > 0
    assert seen == result.history
    assert [record["update"] for record in seen] == [4, 8, 12, 16, 20, 24]
    for record in seen:
        assert set(record) == {
            "update",
            "sequences",
            "seconds",
            "loss",
            "gradient_norm",
            "level",
            "settled",
            "validation_wrong_bits",
        }
        assert record["sequences"] == 5 * record["update"]


def test_a_record_is_the_mean_loss_and_the_largest_gradient(monkeypatch):
    validations(monkeypatch, 4)
    run = Run(replace(SMALL, updates=4), 0)
    expected = [update(run) for _ in range(4)]
    (record,) = train(replace(SMALL, updates=4)).history
    assert record["loss"] == pytest.approx(sum(one["loss"] for one in expected) / 4)
    assert record["gradient_norm"] == max(one["gradient_norm"] for one in expected)


@pytest.mark.parametrize("wrong", [0, 1])
def test_the_verdict_decides_what_converged_is(monkeypatch, wrong):
    """Validation may have been exact."""
    validations(monkeypatch, 0)
    verdict = Verdict((Report("random", {20: Count(100, wrong, 2400, wrong)}),))
    monkeypatch.setattr(evaluation, "judge", lambda *arguments, **options: verdict)
    result = train(SMALL)
    assert result.verdict == verdict
    assert result.converged == (wrong == 0)


def test_a_training_ends_with_the_whole_judgement(monkeypatch):
    monkeypatch.setattr(evaluation, "judge", THE_JUDGE)
    result = train(replace(SMALL, updates=4))
    random, *others = result.verdict.reports
    assert {length: count.sequences for length, count in random.lengths.items()} == {20: 100, 50: 100, 120: 100}
    assert [report.kind for report in others] == [*(kind for kind in tasks.KINDS if kind != "random"), "chosen"]
    assert not result.converged


# The same seed is the same run


@cache
def trained(recipe, seed):
    return train(recipe, seed)


@every_recipe
def test_the_same_seed_is_the_same_run(recipe):
    first = trained(recipe, 5)
    torch.rand(3)
    assert same_run(train(recipe, seed=5), first)
    assert {record["settled"] for record in first.history} == {recipe is SETTLING}


@every_recipe
def test_whatever_else_draws_random_numbers(recipe):
    def disturb(record):
        torch.manual_seed(record["update"])
        torch.rand(record["update"])
        np.random.default_rng().random()

    assert same_run(train(recipe, seed=5, on_record=disturb), trained(recipe, 5))


def test_two_runs_side_by_side_do_not_meet():
    alone = [Run(SMALL, seed) for seed in (5, 6)]
    for run in alone:
        for _ in range(6):
            update(run)
    together = [Run(SMALL, seed) for seed in (5, 6)]
    for _ in range(6):
        for run in together:
            update(run)
    for left, right in zip(alone, together, strict=True):
        assert same_tensors(left.model.state_dict(), right.model.state_dict())


@every_recipe
def test_another_seed_is_another_run(recipe):
    first, other = trained(recipe, 5), train(recipe, seed=6)
    assert not same_tensors(first.model.state_dict(), other.model.state_dict())
    assert without_seconds(first.history) != without_seconds(other.history)


@every_recipe
def test_nobody_elses_random_numbers_are_touched(recipe):
    before = torch.random.get_rng_state()
    train(recipe, seed=5)
    assert torch.equal(torch.random.get_rng_state(), before)


# Threads


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_the_number_of_threads_changes_nothing(threads):
    """Two threads would round the sums of `reliable` differently, in its very first updates; the number stays."""
    recipe = replace(recipes.reliable, name="short", updates=2)
    before = torch.get_num_threads()
    expected = trained(recipe, 5)
    torch.set_num_threads(threads)
    try:
        assert same_run(train(recipe, seed=5), expected)
        assert torch.get_num_threads() == threads
        with pytest.raises(KeyboardInterrupt):
            train(recipe, seed=5, on_record=interrupt)
        assert torch.get_num_threads() == threads
    finally:
        torch.set_num_threads(before)


def interrupt(record):
    raise KeyboardInterrupt


# A task of one's own


def reverse(batch_size, size, generator):
    """A payload comes in and is asked for backwards."""
    bits = tasks.payload(batch_size, size, 4, generator=generator)
    batch = tasks.frame_copy(bits)
    targets = batch.targets.clone()
    targets[:, -size:] = bits.flip(1)
    return Batch(batch.inputs, targets, batch.mask)


REVERSE = Task(input_size=6, output_size=4, draw=reverse, sizes=(3, 5))
every_kind = pytest.mark.parametrize("recipe", [SMALL, SETTLING, YARDSTICK], ids=lambda recipe: recipe.name)


@every_kind
def test_a_task_of_ones_own_is_trained_and_judged(recipe, monkeypatch, tmp_path):
    """The machine gets the task's widths; the run is saved and goes on; the verdict counts the task's own errors."""
    monkeypatch.setattr(evaluation, "judge", THE_JUDGE)
    result = train(recipe, seed=3, task=REVERSE, out=tmp_path)
    config = result.model.config
    assert (config.input_size, config.output_size) == (6, 4)
    assert [report.kind for report in result.verdict.reports] == ["drawn"]
    assert {size: count.bits for size, count in result.verdict.reports[0].lengths.items()} == {3: 1200, 5: 2000}
    assert same_run(train(recipe, seed=3, task=REVERSE, out=tmp_path), result)
    report = evaluation.evaluate(result.model, [3, 5], 100, task=REVERSE)
    assert report == result.verdict.reports[0]


def test_copying_as_a_task_is_what_training_does_by_itself():
    expected = trained(SMALL, 5)
    assert same_run(train(SMALL, seed=5, task=tasks.copying(3, payload="random")), expected)


def test_a_run_goes_on_with_a_task_of_ones_own(tmp_path):
    straight = train(SMALL, seed=5, task=REVERSE)
    with pytest.raises(KeyboardInterrupt):
        train(SMALL, seed=5, task=REVERSE, out=tmp_path, on_record=interrupt)
    assert same_run(train(SMALL, seed=5, task=REVERSE, out=tmp_path), straight)


def padded(batch_size, size, generator):
    """Copies of several lengths in one batch: lengths 1, 2, ... up to `size`, over and over."""
    lengths = [1 + i % size for i in range(batch_size)]
    return tasks.join([tasks.frame_copy(tasks.payload(1, length, 3, generator=generator)) for length in lengths])


def test_a_task_may_mix_lengths():
    result = train(APART, seed=5, task=Task(5, 3, padded, sizes=(3,)))
    assert result.stopped is None
    assert len(result.history) == 3
    assert result.verdict.reports[0].lengths


@pytest.mark.parametrize("device", [None, "cpu", torch.device("cpu")])
def test_a_training_takes_a_device(device):
    assert same_run(train(SMALL, seed=5, device=device), trained(SMALL, 5))


@pytest.mark.parametrize("device", ["gpu", "cuda:77", "nowhere", 3.5])
def test_a_device_that_there_is_not(device, tmp_path):
    with pytest.raises(ValueError, match=r"\Adevice is [^\n]*: expected [^\n]*\Z") as caught:
        train(SMALL, seed=5, out=tmp_path / "none", device=device)
    assert str(device) in str(caught.value)
    assert not list(tmp_path.iterdir())


# Bad input


@pytest.mark.parametrize("recipe", ["reliable", None, {"name": "reliable"}, MACHINE, recipes])
def test_a_recipe_of_another_kind(recipe):
    with pytest.raises(TypeError) as error:
        train(recipe)
    assert str(error.value) == f"recipe is {type(recipe).__name__}: expected a Recipe, such as recipes.reliable"


@pytest.mark.parametrize("seed", [-1, 1.5, "3", None, True, 2**32, 2**63])
def test_training_and_evaluation_refuse_one_range_of_seeds(seed):
    expected = f"seed is {seed!r}: expected a whole number from 0 to 4294967295"
    for use in (partial(train, SMALL), partial(evaluation.evaluate, build(SMALL, 0))):
        with pytest.raises(ValueError) as error:
            use(seed=seed)
        assert str(error.value) == expected


@pytest.mark.parametrize("seed", [0, 2**32 - 1])
def test_the_first_and_the_last_seed(seed):
    evaluation.evaluate(build(SMALL, seed), [2], 1, seed=seed)
    assert train(replace(SMALL, updates=1, validate_every=1), seed=seed).seed == seed


@pytest.mark.parametrize(("trials", "sizes"), [((2, 3, 5), (2, 9)), ((2, 3, 9), (2, 5))])
def test_a_task_that_cannot_be_judged_is_refused_before_anything_is_written(tmp_path, trials, sizes):
    task = replace(tasks.recalling(width=3, vectors=1), trials=trials, sizes=sizes)
    with pytest.raises(ValueError, match="items is 9: expected from 2, because one has no next, to 8 different ones"):
        train(replace(SMALL, updates=1), out=tmp_path / "run", task=task)
    assert not (tmp_path / "run").exists()


def test_out_that_holds_another_run(tmp_path):
    first = replace(SMALL, updates=4)
    result = train(first, seed=3, out=tmp_path)
    content = {path: path.read_bytes() for path in tmp_path.iterdir()}
    with pytest.raises(ValueError) as error:
        train(first, seed=4, out=tmp_path)
    message = str(error.value)
    assert message == f"{tmp_path} holds seed 3 of recipe 'small', not seed 4 of 'small': choose another directory"
    with pytest.raises(ValueError) as error:
        train(replace(first, learning_rate=0.5, batch_size=7), seed=3, out=tmp_path)
    message = str(error.value)
    assert "with another batch_size, learning_rate, not seed 3 of 'small': choose another directory" in message
    assert "\n" not in message
    machine = replace(SMALL.machine, input_size=SMALL.machine.input_size + 1, output_size=SMALL.machine.output_size + 1)
    with pytest.raises(ValueError, match=r"another \S+, machine.input_size, machine.output_size, not seed") as error:
        train(replace(first, task="repeat_copy", machine=machine), seed=3, out=tmp_path)
    assert str(error.value).count("task") == 1
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == content
    assert same_run(train(first, seed=3, out=tmp_path), result)


@pytest.mark.parametrize(
    "around",
    [torch.no_grad, torch.inference_mode, partial(torch.autocast, "cpu")],
    ids=["no_grad", "inference", "autocast"],
)
def test_where_gradients_are_off_or_rounded_nothing_is_trained(around, tmp_path):
    with around(), pytest.raises(ValueError) as error:
        train(SMALL, out=tmp_path / "none")
    expected = "gradients are off or autocast is on: train outside of no_grad, inference_mode and autocast"
    assert str(error.value) == expected
    assert not list(tmp_path.iterdir())
