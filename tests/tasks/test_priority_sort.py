"""Priority sort against Python's own sort."""

import math

import pytest
import torch

from ntm_lib import NTMConfig, tasks
from ntm_lib.tasks.priority_sort import different_priorities, sorting_for

B, LENGTH, WIDTH = 3, 11, 5


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("kind", tasks.SORT_KINDS)
@pytest.mark.parametrize(("length", "answers"), [(1, 1), (2, 1), (11, 8), (20, 16), (40, 32)])
def test_the_frame_is_its_time_diagram(kind, length, answers):
    batch = tasks.sort(B, length, WIDTH, kind, generator())
    assert batch.inputs.shape == (B, length + answers + 2, WIDTH + 3)
    for inputs, targets, mask in zip(*(part.tolist() for part in batch), strict=True):
        blank = [0] * WIDTH
        assert inputs[0] == [*blank, 1, 0, 0] and inputs[length + 1] == [*blank, 0, 1, 0]
        assert inputs[length + 2 :] == [[*blank, 0, 0, 0]] * answers
        shown = inputs[1 : length + 1]
        assert all(vector[WIDTH : WIDTH + 2] == [0, 0] for vector in shown)
        ordered = sorted(shown, key=lambda vector: -vector[-1])[:answers]
        assert targets == [blank] * (length + 2) + [vector[:WIDTH] for vector in ordered]
        assert mask == [0] * (length + 2) + [1] * answers


def test_in_training_every_vector_is_asked_for():
    batch = tasks.sorting(WIDTH).draw(B, 7, generator(3))
    assert batch.mask.sum(1).tolist() == [7] * B and batch.inputs.shape == (B, 16, WIDTH + 3)
    for inputs, targets in zip(batch.inputs.tolist(), batch.targets.tolist(), strict=True):
        ordered = sorted(inputs[1:8], key=lambda vector: -vector[-1])
        assert targets[-7:] == [vector[:WIDTH] for vector in ordered]


@pytest.mark.parametrize("answers", [0, 4])
def test_more_answers_than_vectors_and_none_are_refused(answers):
    with pytest.raises(ValueError, match=f"answers is {answers}: expected at"):
        tasks.frame_sort(torch.zeros(B, 3, WIDTH), torch.rand(B, 3), answers)


def test_of_equal_priorities_the_first_shown_comes_first():
    bits = tasks.number_bits(torch.tensor([[5, 3, 6, 1, 2]]), 3)
    batch = tasks.frame_sort(bits, torch.tensor([[0.5, -1.0, 0.5, 0.5, 0.75]]))
    assert tasks.bits_number(batch.targets[0, -4:]).tolist() == [2, 5, 6, 1]


def test_what_each_kind_promises():
    shown = {
        kind: tasks.sort(B, LENGTH, WIDTH, kind, generator(1)).inputs[:, 1 : LENGTH + 1] for kind in tasks.SORT_KINDS
    }
    rises = {kind: part[:, 1:, -1] > part[:, :-1, -1] for kind, part in shown.items()}
    assert rises["rising"].all() and not rises["falling"].any()
    assert shown["zeros"][..., :WIDTH].sum() == 0 < shown["random"][..., :WIDTH].sum()
    assert (shown["repeat"][:, 1:, :WIDTH] == shown["repeat"][:, :-1, :WIDTH]).all()
    spaces = shown["even"][..., -1].sort(dim=1).values.diff(dim=1)
    assert torch.allclose(spaces, torch.full((B, LENGTH - 1), 0.2), atol=1e-6)
    ranges = shown["close"][..., -1].amax(1) - shown["close"][..., -1].amin(1)
    assert (ranges < 0.2).all() and (ranges > 0.02).all()
    assert all(part[..., -1].abs().max() <= 1 for part in shown.values())


def test_priorities_are_uniform_and_all_differ():
    """2,000 of 2 ** 24 numbers would meet in one of nine sequences."""
    priorities = different_priorities(97, 2_000, generator())
    assert all(len(set(sequence)) == 2_000 for sequence in priorities.tolist())
    assert abs(priorities.mean()) < 0.01 and abs(priorities.var() - 1 / 3) < 0.01


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: tasks.sort(2, 3, kind="odd"), "kind is 'odd': expected one of random, zeros"),
        (lambda: tasks.sorting(0), "width is 0: expected at least 1"),
        (lambda: tasks.sort(2, 10_001), "length is 10001: expected at most 10000"),
        (
            lambda: tasks.frame_sort(torch.zeros(2, 3, 5), torch.zeros(2, 7)),
            r"priorities have shape \(2, 7\) and 0 NaN: expected \(2, 3\), one number for each vector",
        ),
        (
            lambda: tasks.frame_sort(torch.zeros(1, 3, 5), torch.tensor([[0.5, math.nan, 0.25]])),
            r"priorities have shape \(1, 3\) and 1 NaN: expected \(1, 3\), one number",
        ),
        (lambda: sorting_for(NTMConfig(10, 8)), "10 inputs and 8 outputs: sort of W bits needs W"),
    ],
)
def test_values_that_cannot_be(call, said):
    with pytest.raises(ValueError, match=said):
        call()
