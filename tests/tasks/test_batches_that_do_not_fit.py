"""Batches of a task that do not fit it are refused in one line, wherever they are drawn."""

from dataclasses import replace

import pytest
import torch

from ntm_lib import NTM, NTMConfig, evaluate, tasks, train
from ntm_lib.tasks import Batch, Task
from ntm_lib.tasks.task import Alphabet
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


@pytest.mark.parametrize("value", [-0.5, 1.5, 7.0])
def test_targets_that_are_no_bits_are_refused(value):
    task = spoilt(lambda b: b._replace(targets=b.targets + value * (torch.arange(3) == 1)))
    with pytest.raises(ValueError, match="targets below 0 or above 1: they are bits, and the loss a cross-entropy"):
        evaluate(NTM(NTMConfig(5, 3)), [7], 2, task=task)


@pytest.mark.parametrize(
    ("wrong", "error", "said"),
    [
        (lambda logits, batch: 3, TypeError, "wrong returned int: expected a tensor, one whole number a sequence"),
        (lambda logits, batch: logits.sum(), ValueError, r"wrong returned shape \(\): expected \(2,\), one a sequence"),
        (lambda logits, batch: torch.full((2,), 0.5), ValueError, "other numbers than whole ones from 0 on"),
        (lambda logits, batch: torch.tensor([-1, 2]), ValueError, "other numbers than whole ones from 0 on"),
        (lambda logits, batch: torch.tensor([0.0, torch.nan]), ValueError, "other numbers than whole ones from 0 on"),
    ],
)
def test_errors_that_are_no_counts_are_refused(wrong, error, said):
    """A share of one half a sequence would otherwise be cut to none."""
    with pytest.raises(error, match=said):
        evaluate(NTM(NTMConfig(5, 3)), [7], 2, task=Task(5, 3, GOOD, wrong=wrong))


@pytest.mark.parametrize(
    ("part", "shape", "wanted"),
    [
        ("vectors", (7, 4), r"\(V, 5\)"),
        ("vectors", (5,), r"\(V, 5\)"),
        ("question", (1, 4), r"\(1, 5\)"),
        ("question", (2, 5), r"\(1, 5\)"),
        ("start", (5,), r"\(1, 5\)"),
    ],
)
def test_an_alphabet_of_another_width_is_refused_before_training(part, shape, wanted):
    alphabet = Alphabet(torch.zeros(7, 5), torch.zeros(1, 5), torch.zeros(1, 5))
    Task(5, 3, GOOD, alphabet=alphabet)
    with pytest.raises(
        ValueError, match=rf"alphabet has {part} of shape \({', '.join(map(str, shape))},?\): expected {wanted}"
    ):
        Task(5, 3, GOOD, alphabet=alphabet._replace(**{part: torch.zeros(shape)}))


def test_widths_that_are_no_whole_numbers_are_refused():
    with pytest.raises(TypeError, match=r"input_size is 5\.0: expected a whole number"):
        Task(5.0, 3, GOOD)
    with pytest.raises(ValueError, match="output_size is 0: expected at least 1"):
        Task(5, 0, GOOD)


@pytest.mark.parametrize("task", ["copying", GOOD, 3])
def test_a_thing_that_is_no_task_is_refused(task):
    for use in (lambda: evaluate(NTM(NTMConfig(5, 3)), [7], 2, task=task), lambda: train(recipes.reliable, task=task)):
        with pytest.raises(TypeError, match=r"task is .*: expected a tasks\.Task, or none for copying"):
            use()
