"""Learning: every piece of an update by hand, when a training ends, and the same run from the same seed."""

import math
import re
from dataclasses import replace

import pytest
import torch
from losses_by_hand import unclear_by_hand
from small import (
    APART,
    LSTM,
    MACHINE,
    SETTLING,
    SMALL,
    YARDSTICK,
    judge_quickly,
    quicken,
    same_tensors,
    tensors,
    validations,
)
from torch.nn.functional import pad
from torch.utils._python_dispatch import TorchDispatchMode

from ntm_lib import tasks
from ntm_lib.machine import NTM, LSTMBaseline, LSTMConfig
from ntm_lib.runs.together import update_together
from ntm_lib.runs.train import train
from ntm_lib.tasks import Alphabet, Task
from ntm_lib.training import evaluation, loop, losses, validation
from ntm_lib.training.clear import unclear_of
from ntm_lib.training.curriculum import chances
from ntm_lib.training.evaluation import Count, Report, Verdict
from ntm_lib.training.loop import backpropagate, learn, update
from ntm_lib.training.losses import spread_of
from ntm_lib.training.progress import Stop
from ntm_lib.training.recipe import Historical
from ntm_lib.training.run import Run, build, draw

THE_JUDGE = evaluation.judge


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """Machines settle from their second update on."""
    judge_quickly(monkeypatch)
    quicken(monkeypatch, settled_loss=10.0)


# One update


def gradient_by_hand(run, focus=0.0, clear=0.0):
    """The batch that the run draws next, and the gradient of its loss, written out."""
    batch, shape = draw(run)
    history = []
    logits, _ = run.model(batch.inputs, memory_size=shape.rows, history=history)
    answer = batch.mask.bool()
    p = logits[answer].double().sigmoid()
    target = batch.targets[answer].double()
    total = -(target * p.log() + (1 - target) * (1 - p).log()).mean()
    if focus:
        w = torch.stack([state.weights for state in history]).double()
        total = total - focus * (w * (w + 1e-9).log()).sum(-1).mean()
    if clear:
        total = total + clear * unclear_by_hand(run.model, run.task.alphabet, run.progress.update)
    return torch.autograd.grad(total, list(run.model.parameters()))


@pytest.mark.parametrize(
    ("settling", "weights"),
    [
        (False, {}),
        (True, {"focus": 0.3}),
        (True, {"clear": 3.0}),
        (False, {"focus": 0.3, "clear": 3.0}),
        (True, {"focus": 0.3, "clear": 3.0}),
    ],
)
@pytest.mark.parametrize(("at", "share"), [(11, 1.0), (1, 0.5)], ids=["at the peak", "in the warm-up"])
@pytest.mark.parametrize("controller", ["feed-forward", "lstm"])
def test_one_update_is_one_step_of_adam(settling, weights, at, share, controller):
    """The first step of Adam is the rate times g / (|g| + epsilon), with g cut to a norm of 0.01 here."""
    machine = replace(SETTLING.machine, controller=controller)
    recipe = replace(SETTLING, machine=machine, clip_norm=0.01, warmup_updates=4, learning_rate=0.04)
    recipe = replace(recipe, **{"focus": 0.0, "clear": 0.0, **weights})
    run, twin = Run(recipe, 7), Run(recipe, 7)
    run.progress.update = twin.progress.update = at
    run.progress.settled_at = twin.progress.settled_at = at if settling else None
    shares = {"focus": settling / 3, "clear": settling / 3}
    before = [parameter.detach().clone() for parameter in run.model.parameters()]
    gradients = gradient_by_hand(twin, **{name: shares[name] * weight for name, weight in weights.items()})
    norm = math.sqrt(sum(float(gradient.double().square().sum()) for gradient in gradients))
    record = update(run)
    assert record["gradient_norm"] == pytest.approx(norm, rel=1e-3)
    assert norm > 0.02
    for parameter, start, gradient in zip(run.model.parameters(), before, gradients, strict=True):
        cut = gradient * 0.01 / norm
        step = share * 0.04 * cut / (cut.abs() + 1e-8)
        large = cut.abs() > 1e-5
        torch.testing.assert_close((start - parameter.detach())[large], step[large], rtol=1e-2, atol=1e-6)


def test_every_update_has_a_gradient_of_its_own():
    run, twin = Run(SMALL, 7), Run(SMALL, 7)
    for _ in range(3):
        gradients = gradient_by_hand(twin)
        norm = math.sqrt(sum(float(gradient.double().square().sum()) for gradient in gradients))
        record = update(run)
        assert record["gradient_norm"] == pytest.approx(norm, rel=1e-3)
        twin.model.load_state_dict(run.model.state_dict())
        twin.progress.update = run.progress.update


@pytest.mark.parametrize(("over", "steps"), [("answer", 2), ("sequence", 6)])
def test_a_loss_per_sequence_has_the_gradient_of_the_sum_of_its_bits(over, steps):
    """Three bits a vector, two vectors: the gradient is that of a bit times 3 * steps, and the loss is told per bit."""
    bit, sequence = (
        update(Run(replace(SMALL, updates=1, clip_norm=0.0, historical=Historical(loss_over=over, loss_per=per)), 3))
        for per in ("bit", "sequence")
    )
    assert bit["length"] == sequence["length"] == 2
    assert sequence["loss"] == bit["loss"]
    assert sequence["gradient_norm"] == pytest.approx(3 * steps * bit["gradient_norm"], rel=1e-4)


@pytest.mark.parametrize("together", [False, True])
def test_an_update_limits_derivatives_as_its_own_recipe_says(together):
    """Not as that of another run in the pass."""
    recipes = [replace(SMALL, clip_weightings=limit) for limit in (1e-4, 0.0, 1e-4)]
    runs, alone = ([Run(recipe, 5) for recipe in recipes] for _ in "12")
    if together:
        update_together(runs)
    else:
        for run in runs:
            update(run)
    for run in alone:
        backpropagate(run, draw(run))
    limited, free, again = (dict(run.model.named_parameters())["heads.linear.weight"].grad for run in alone)
    norms = [run.recent[-1]["gradient_norm"] for run in runs]
    assert torch.equal(limited, again) and not torch.allclose(limited, free, rtol=1e-3)
    assert norms[0] == norms[2] != norms[1]


def test_an_update_is_counted():
    run = Run(SMALL, 0)
    for count in (1, 2, 3):
        record = update(run)
        assert set(record) == {"update", "length", "loss", "gradient_norm"}
        assert record["update"] == count == run.progress.update
        assert run.progress.sequences == 5 * count
        assert record["gradient_norm"] > 0
        assert 1 <= record["length"] <= 2


def test_the_focus_loss_narrows_the_weightings(monkeypatch):
    """Nothing but focus to learn from: an output layer of zeros passes no gradient of the answer to the heads."""
    monkeypatch.setattr(losses, "RISE", 1)
    recipe = replace(SETTLING, focus=1.0, clear=0.0, clip_norm=0.0, max_length=1, learning_rate=1e-3)
    run = Run(recipe, 0)
    run.progress.settled_at = 0
    torch.nn.init.zeros_(run.model.output.weight)

    def spread():
        history = []
        run.model(tasks.copy(1, 1, 3, "ones").inputs, memory_size=17, history=history)
        return spread_of(history).item()

    before = spread()
    for _ in range(5):
        update(run)
    assert spread() < before


def test_the_clear_loss_makes_heads_surer_what_to_do(monkeypatch):
    """Nothing but clear to learn from: an output layer of zeros passes no gradient of the answer to the heads."""
    monkeypatch.setattr(losses, "RISE", 1)
    run = Run(replace(SETTLING, focus=0.0, clear=1.0, clip_norm=0.0, learning_rate=1e-3), 0)
    run.progress.settled_at = 0
    torch.nn.init.zeros_(run.model.output.weight)
    before = unclear_of(run.model, run.task.alphabet).item()
    for _ in range(5):
        update(run)
    assert unclear_of(run.model, run.task.alphabet).item() < before - 0.01


def echo(batch_size, size, generator):
    """Bits that are asked for as they come in."""
    bits = torch.randint(0, 2, (batch_size, size, 3), generator=generator).float()
    return tasks.Batch(pad(bits, (0, 2)), bits, torch.ones(batch_size, size))


@pytest.mark.parametrize("alphabet", [None, Alphabet(torch.eye(7, 5), torch.ones(1, 5))], ids=["none", "one"])
def test_a_task_without_an_alphabet_trains_without_the_clear_loss(alphabet):
    """With an alphabet the clear loss changes the weights, without one it does not, however much it counts."""
    task = Task(5, 3, echo, alphabet=alphabet)
    weights = []
    for clear in (0.0, 3.0):
        run = Run(replace(SETTLING, clear=clear), 5, task)
        run.progress.settled_at = 0
        update(run)
        weights.append(tensors(run.model))
    assert same_tensors(*weights) == (alphabet is None)
    assert run.progress.stopped is None


# Learning


def test_the_loop_teaches(monkeypatch):
    """An LSTM learns to repeat one vector."""
    validations(monkeypatch, 1)
    recipe = replace(
        YARDSTICK,
        machine=LSTMConfig(5, 3, 29),
        max_length=1,
        updates=200,
        batch_size=8,
        learning_rate=3e-2,
        clip_norm=0.0,
    )
    history = train(recipe).history
    assert history[0]["loss"] > 0.6
    assert history[-1]["loss"] < 0.1


@pytest.mark.parametrize(
    "recipe", [YARDSTICK, replace(YARDSTICK, settle_updates=100, focus=0.1)], ids=["learns", "settles"]
)
def test_the_yardstick_trains_with_the_same_loop(recipe):
    result = train(recipe, seed=1)
    assert isinstance(result.model, LSTMBaseline)
    assert len(result.history) == 6
    assert result.stopped is None
    assert not same_tensors(result.model.state_dict(), build(recipe, 1).state_dict())


# When a training ends


def updates_of(recipe, **options):
    result = train(recipe, **options)
    assert [record["update"] for record in result.history[:-1]] == list(
        range(recipe.validate_every, result.history[-1]["update"], recipe.validate_every)
    )
    return result.history[-1]["update"]


@pytest.mark.parametrize(
    ("wrong", "last"), [([0], 8), ([3, 0], 12), ([0, 5, 0], 16), ([0, 1, 0, 1, 0, 1], 24), ([1, 1, 1, 1, 0], 24)]
)
def test_two_exact_validations_in_a_row_end_a_training(monkeypatch, wrong, last):
    validations(monkeypatch, *wrong)
    assert updates_of(SMALL) == last


@pytest.mark.parametrize(("enough", "last"), [(1, 4), (2, 16), (3, 20), (4, 24)])
def test_as_many_exact_validations_in_a_row_as_the_recipe_says_end_a_training(monkeypatch, enough, last):
    validations(monkeypatch, 0, 7, 0, 0, 0, 3)
    recipe = replace(SMALL, validations_in_a_row=enough)
    assert updates_of(recipe) == last


def test_validations_ask_what_the_recipe_says(monkeypatch):
    asked = []
    monkeypatch.setattr(validation, "validate", lambda *given: asked.append((given[1], *given[4:])) or 0)
    train(replace(SMALL, max_length=7, margin=1.5, validation_crowd=31.0, updates=8))
    assert set(asked) == {(7, 1.5, 31.0)}


def test_updates_are_crowded_while_settling_and_at_no_other_time(monkeypatch):
    """SETTLING settles from update 1 on, and so draws a crowd for each of the others."""
    seen, real = [], NTM.forward

    def watched(machine, inputs, state=None, memory_size=None, history=None, crowd=1):
        if history is not None:
            seen.append(crowd)
        return real(machine, inputs, state, memory_size, history, crowd)

    monkeypatch.setattr(NTM, "forward", watched)
    run = Run(replace(SETTLING, settle_crowd=31.0), 0)
    for _ in range(4):
        loop.update(run)
    assert seen == [1, *[31 ** chances(update).any_length for update in (1, 2, 3)]]


def test_the_history_has_the_validations(monkeypatch):
    validations(monkeypatch, 5, 0, 3, 0)
    result = train(SMALL)
    assert [record["validation_wrong_bits"] for record in result.history] == [5, 0, 3, 0, 0]


def test_a_machine_that_has_not_settled_is_not_done(monkeypatch):
    """However exact: it settles from update 1 on, and its validations count 9 updates later."""
    validations(monkeypatch, 0)
    result = train(SETTLING)
    assert [record["validation_wrong_bits"] for record in result.history] == [None, None, 0, 0]
    quicken(monkeypatch, settled_loss=1e-9)
    assert updates_of(SETTLING) == 24


@pytest.mark.parametrize(("updates", "validate_every"), [(12, 4), (10, 4), (3, 4), (1, 1), (5, 50)])
def test_a_training_runs_out_of_updates(monkeypatch, updates, validate_every):
    validations(monkeypatch, 1)
    result = train(replace(SMALL, updates=updates, validate_every=validate_every))
    assert result.history[-1]["update"] == updates
    assert result.sequences == 5 * updates
    assert not result.converged


@pytest.mark.parametrize(("keep", "last"), [(0.0, 8), (0.5, 12), (1.0, 16), (0.75, 14), (4.0, 40)])
def test_keep_training(monkeypatch, keep, last):
    """Exact at update 8; then for a share of as many again, whatever validation says by then, and past `updates`."""
    validations(monkeypatch, 0, 0, 7)
    result = train(replace(SMALL, keep_training=keep))
    assert result.history[-1]["update"] == last
    assert result.sequences == 5 * last


@pytest.mark.parametrize("share", [0.1, 1.0])
def test_keep_training_goes_on_at_its_share_of_the_rate(monkeypatch, share):
    validations(monkeypatch, 0)
    recipe = replace(LSTM, keep_training=1.0, keep_rate=share, learning_rate=0.02, warmup_updates=0, validate_every=1)
    run = Run(recipe, 0)
    rates = [{group["lr"] for group in run.optimizer.param_groups} for _ in learn(run)]
    assert [rate for (rate,) in rates] == pytest.approx([0.02] * 2 + [0.02 * share] * 2)


def test_the_average_of_the_weights_is_what_counts(monkeypatch):
    """By hand: the first weights after an update, then 0.75 of the average and 0.25 of the newest, and so on."""
    asked = validations(monkeypatch, 1)
    run = Run(replace(SMALL, averaging=0.75), 3)
    expected = None
    for _ in range(5):
        update(run)
        now = run.model.output.weight.detach().clone()
        expected = now if expected is None else 0.75 * expected + 0.25 * now
    torch.testing.assert_close(run.judged.output.weight, expected)
    assert not torch.equal(run.judged.output.weight, run.model.output.weight)
    loop.check(run)
    assert asked == [run.judged]


def test_a_machine_that_ran_out_of_updates_is_not_trained_on(monkeypatch):
    validations(monkeypatch, 1)
    assert updates_of(replace(SMALL, keep_training=1.0)) == 24


# Not finite


def stopped(run):
    """Train to the end; why training stopped, and the records."""
    history = list(learn(run))
    weights = tensors(run.model)
    assert list(learn(run)) == []  # it does not go on
    assert same_bits(tensors(run.model), weights)
    return run.progress.stopped, history


def same_bits(left, right):
    """As `same_tensors`, where a NaN equals itself."""
    return same_tensors(*({name: value.view(torch.int32) for name, value in side.items()} for side in (left, right)))


@pytest.mark.parametrize("poison", [math.nan, math.inf])
def test_a_poisoned_controller_stops_the_training(poison):
    run = Run(SMALL, 0)
    next(learn(run))
    with torch.no_grad():
        run.model.controller.from_input.weight[0, 0] = poison
    weights = tensors(run.model)
    stop, history = stopped(run)
    assert (stop.update, stop.length in (1, 2)) == (5, True)
    assert stop.what in ("memory", "weights", "reads", "controller", "output") or stop.what.startswith("gradient of ")
    assert len(history) == 1
    assert run.progress.update == 4
    assert same_bits(tensors(run.model), weights)


def test_the_time_step_is_named():
    """A controller that breaks on the end marker, which is the input at step L + 1."""
    run = Run(SMALL, 0)
    real = run.model.controller.forward

    def forward(x, state):
        h, state = real(x, state)
        return torch.where(x[:, 4:5] == 1, math.nan, h), state

    run.model.controller.forward = forward
    stop, _ = stopped(run)
    assert (stop.update, stop.step) == (1, stop.length + 1)
    assert math.isnan(stop.loss)


def test_a_poisoned_output_is_named():
    run = Run(SMALL, 0)
    with torch.no_grad():
        run.model.output.bias[0] = math.nan
    stop, _ = stopped(run)
    assert (stop.what, stop.step, math.isnan(stop.loss)) == ("output", None, True)


@pytest.mark.parametrize("poison", [math.nan, math.inf])
def test_a_gradient_that_is_not_finite_is_named(poison):
    run = Run(SMALL, 0)
    weights = tensors(run.model)
    run.model.heads.linear.bias.register_hook(lambda gradient: torch.full_like(gradient, poison))
    stop, (record,) = stopped(run)
    assert stop == Stop(1, stop.length, "gradient of heads.linear.bias", record["loss"])
    assert not math.isfinite(record["gradient_norm"])
    assert record["validation_wrong_bits"] is None
    assert same_tensors(run.model.state_dict(), weights)


def test_a_norm_that_overflows_is_named():
    run = Run(SMALL, 0)
    weights = tensors(run.model)
    run.model.heads.linear.bias.register_hook(lambda gradient: torch.full_like(gradient, 3e38))
    stop, _ = stopped(run)
    assert (stop.what, stop.step) == ("gradient norm", None)
    assert same_tensors(run.model.state_dict(), weights)


OVERFLOWING = replace(SMALL, name="overflowing", machine=replace(MACHINE, initial_value=3e38))
"""A memory of numbers whose sums single precision does not hold."""


@pytest.mark.parametrize("controller", ["feed-forward", "lstm"])
def test_numbers_that_overflow_end_in_a_diagnosis(controller, tmp_path):
    """And a stopped training is a result like any other, also from disk."""
    recipe = replace(OVERFLOWING, machine=replace(OVERFLOWING.machine, controller=controller))
    result = train(recipe, out=tmp_path)
    assert result.stopped.update == 1
    assert re.fullmatch(r"update 1, length [12]: the .+ is not finite \(loss .+\)", str(result.stopped))
    assert not result.converged
    assert all(value.isfinite().all() for value in result.model.state_dict().values())
    again = train(recipe, out=tmp_path)
    assert str(again.stopped) == str(result.stopped)
    assert same_tensors(again.model.state_dict(), result.model.state_dict())


def test_a_stopped_training_has_not_converged(monkeypatch):
    """Even if the weights that it leaves copied everything."""
    verdict = Verdict((Report("random", {20: Count(100, 0, 2400, 0)}),))
    monkeypatch.setattr(evaluation, "judge", lambda *arguments, **options: verdict)
    result = train(OVERFLOWING)
    assert result.stopped
    assert not result.converged


# Devices

MANY_HEADS = replace(APART, name="many_heads", machine=replace(MACHINE, read_heads=2, write_heads=3))


@pytest.mark.parametrize(
    "recipe", [SMALL, SETTLING, LSTM, YARDSTICK, APART, MANY_HEADS], ids=lambda recipe: recipe.name
)
def test_an_update_makes_every_tensor_on_the_machines_device(recipe):
    """On meta, where every tensor can be told from those of the processor: only the drawn batch, and numbers of one
    element that become Python's, come from elsewhere."""
    run = Run(recipe, 0)
    run.model.to("meta")
    run.progress.settled_at = 0 if recipe.settle_updates else None
    one = draw(run)
    with Elsewhere() as elsewhere, pytest.raises((NotImplementedError, RuntimeError), match=r"meta"):
        backpropagate(run, one)
    assert not elsewhere.made
    assert all(parameter.grad.device.type == "meta" for parameter in run.model.parameters())


class Elsewhere(TorchDispatchMode):
    """Shapes of tensors with more than one number that operations make on another device than meta."""

    def __init__(self):
        super().__init__()
        self.made = []

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        made = func(*args, **(kwargs or {}))
        for part in made if isinstance(made, tuple | list) else [made]:
            if isinstance(part, torch.Tensor) and part.device.type != "meta" and part.numel() > 1:
                self.made.append((func, part.shape))
        return made
