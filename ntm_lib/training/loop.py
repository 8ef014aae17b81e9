"""The loop of a training: draw a batch, take a gradient, step, validate, and stop when the machine is exact."""

import math
import time
from collections.abc import Iterator
from typing import Any, cast

import torch
from torch import Tensor

from ntm_lib.machine import NTM, LSTMBaseline, NTMState
from ntm_lib.tasks.task import Alphabet
from ntm_lib.training import evaluation, validation
from ntm_lib.training.clear import unclear_of
from ntm_lib.training.losses import auxiliary_weights, spread_of, total_loss
from ntm_lib.training.optimizers import clip, learning_rate, limit_derivatives
from ntm_lib.training.progress import Stop, note_update
from ntm_lib.training.run import Drawn, Run, draw


def learn(run: Run) -> Iterator[dict[str, Any]]:
    """Train a machine and judge it in the end, yielding a record after each validation."""
    while not run.progress.finished:
        update(run)
        if run.pauses:
            yield check(run)


def update(run: Run) -> dict[str, Any]:
    """One update: draw a batch, run it forward, take the gradient, step; returns the update's
    record.

    Leaves the weights as they were where the loss or the gradient is not finite.
    """
    started = time.perf_counter()
    one = draw(run)
    loss = backpropagate(run, one)
    record = step(run, one, loss)
    run.progress.seconds += time.perf_counter() - started
    return record


def backpropagate(run: Run, one: Drawn) -> float:
    """Leave the gradient of the loss in the weights; returns the answer's loss."""
    logits, states = forward(run, one)
    weights = weights_beside(run)
    spread = spread_of(states) if "focus" in weights else None
    loss, total = total_loss(run.recipe.historical, logits, one.batch, weights.get("focus", 0.0), spread)
    run.optimizer.zero_grad()
    limit_derivatives(states, run.recipe)
    torch.autograd.backward(total)
    backpropagate_alone(run, weights)
    return loss.item()


def forward(run: Run, one: Drawn) -> tuple[Tensor, list[NTMState]]:
    """The logits for a batch, and the state after every step; a machine without a memory has none."""
    states: list[NTMState] = []
    if isinstance(run.model, LSTMBaseline):
        return run.model(one.batch.inputs)[0], states
    return run.model(one.batch.inputs, **options(one, states))[0], states


def options(one: Drawn, states: list[NTMState]) -> dict[str, Any]:
    """The options of an update's forward pass, which appends its states to a list."""
    crowd = {} if one.shape.crowd == 1 else {"crowd": one.shape.crowd}  # a machine of one's own may take none
    return {"memory_size": one.shape.rows, "history": states} | crowd


def weights_beside(run: Run) -> dict[str, float]:
    """Weights of the losses beside the answer's that count in the next update; none for a machine without heads."""
    if isinstance(run.model, LSTMBaseline):
        return {}
    weights = auxiliary_weights(run.recipe, run.progress.settled_for)
    if run.task.alphabet is None:
        weights["clear"] = 0
    return {name: weight for name, weight in weights.items() if weight}


def backpropagate_alone(run: Run, weights: dict[str, float]) -> None:
    """Add the gradient of the clear loss, which depends on no batch, if it has a weight.

    In a pass of its own, so that all gradients are added up in one order, however many machines share the batch's pass.
    """
    if "clear" in weights:
        alphabet = cast(Alphabet, run.task.alphabet).like(run.model.output.weight)
        unclear = unclear_of(cast(NTM, run.model), alphabet, turn=run.progress.update)
        torch.autograd.backward(weights["clear"] * unclear)


def step(run: Run, one: Drawn, loss: float) -> dict[str, Any]:
    """Let the gradients move the weights, unless they are not finite; returns the update's record."""
    recipe, progress, length = run.recipe, run.progress, one.shape.length
    norm = clip(list(run.model.parameters()), recipe)
    record = {"update": progress.update + 1, "length": length, "loss": loss, "gradient_norm": norm}
    run.recent.append(record)
    if not math.isfinite(loss + norm):
        progress.stopped = explain_not_finite(run, one, loss)
        return record
    for group in run.optimizer.param_groups:
        group["lr"] = learning_rate(recipe, progress.update, progress.converged_at is not None)
    run.optimizer.step()
    if run.average is not None:
        run.average.update_parameters(run.model)
    note_update(recipe, progress, length, loss)
    return record


@torch.no_grad()
def explain_not_finite(run: Run, one: Drawn, loss: float) -> Stop:
    """The first part of a machine that was not finite: of its state, or of its gradient where the loss was finite."""
    update, length = run.progress.update + 1, one.shape.length
    if math.isfinite(loss):
        gradients = {name: parameter.grad for name, parameter in run.model.named_parameters()}
        broken = [name for name, grad in gradients.items() if grad is not None and not grad.isfinite().all()]
        return Stop(update, length, f"gradient of {broken[0]}" if broken else "gradient norm", loss)
    for time_step, state in enumerate(forward(run, one)[1]):
        for name, value in state._asdict().items():
            if isinstance(value, Tensor) and not value.isfinite().all():
                return Stop(update, length, name, loss, time_step)
    return Stop(update, length, "output", loss)


def check(run: Run) -> dict[str, Any]:
    """Validate, unless it is too early to ask, and judge a run that is done; returns the record of the last updates."""
    progress, recent, started, wrong = run.progress, run.recent, time.perf_counter(), None
    broken = [name for name, weights in run.model.named_parameters() if not weights.isfinite().all()]
    if broken and progress.stopped is None:
        progress.stopped = Stop(progress.update, recent[-1]["length"], f"weight {broken[0]}", recent[-1]["loss"])
    if progress.stopped is None and run.may_be_exact:
        longest, margin, crowd = run.recipe.max_length, run.recipe.margin, run.recipe.validation_crowd
        wrong = validation.validate(run.judged, longest, run.generator, run.task, margin, crowd)
        progress.note_validation(wrong, run.recipe.validations_in_a_row)
    record = {
        "update": progress.update,
        "sequences": progress.sequences,
        "seconds": round(progress.seconds + time.perf_counter() - started, 3),
        "loss": sum(record["loss"] for record in recent) / len(recent),
        "gradient_norm": max(record["gradient_norm"] for record in recent),
        "level": progress.level,
        "settled": progress.settled_at is not None,
        "validation_wrong_bits": wrong,
    }
    progress.history.append(record)
    recent.clear()
    if run.is_done:
        progress.reports = list(evaluation.judge(run.judged, run.task).reports)
        progress.finished = True
    progress.seconds += time.perf_counter() - started
    return record
