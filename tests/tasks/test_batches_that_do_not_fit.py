"""Batches of a task that do not fit it are refused in one line, wherever they are drawn."""

from dataclasses import replace

import pytest
import torch

from ntm_lib import NTM, NTMConfig, evaluate, tasks, train
from ntm_lib.tasks import Batch, Task
from ntm_lib.training import recipes

GOOD = tasks.copying(3).draw


def spoilt(change):
    """Copying of 3 bits whose batches are changed."""
    return Task(5, 3, lambda *sizes: change(GOOD(*sizes)))


@pytest.mark.parametrize(
    ("change", "error", "said"),
    [
        (tuple, TypeError, "draw returned tuple: expected a tasks.Batch"),
        (lambda b: b._replace(targets=b.targets[..., :1]), ValueError, "targets of shape"),
        (lambda b: b._replace(targets=b.targets[:1]), ValueError, "targets of shape"),
        (lambda b: b._replace(mask=b.mask[:, :1]), ValueError, "mask of shape"),
        (lambda b: b._replace(mask=0 * b.mask), ValueError, "without a 1"),
        (lambda b: b._replace(mask=0.5 * b.mask), ValueError, "other numbers than 0 and 1"),
        (lambda b: b._replace(targets=b.targets / 0), ValueError, "targets with numbers that are not finite"),
        (lambda b: b._replace(inputs=b.inputs[0]), ValueError, "inputs of shape"),
        (lambda b: Batch(*(torch.cat([part, part]) for part in b)), ValueError, "inputs of shape"),
    ],
)
def test_a_batch_that_does_not_fit_its_task(change, error, said):
    task = spoilt(change)
    with pytest.raises(error, match=said):
        evaluate(NTM(NTMConfig(5, 3)), [7], 2, task=task)
    with pytest.raises(error, match=said):
        train(replace(recipes.reliable, updates=1), task=task)


def test_a_payload_made_for_a_whole_batch_has_one_length():
    with pytest.raises(ValueError, match="kind is 'uneven': with several lengths expected one of random"):
        tasks.copy(2, [3, 5], kind="uneven")
