"""The hand-made machine does what its docstring says, at any length and on any byte."""

import pytest
import torch

from ntm_lib import tasks
from ntm_lib.analysis.copies import copy_through, rows_needed
from ntm_lib.teaching import handmade
from ntm_lib.training.evaluation import judge


def every_byte():
    return tasks.number_bits(torch.arange(256).view(1, 256))


def test_the_copier_has_converged_without_training():
    assert judge(handmade.copier()).converged


@pytest.mark.parametrize("length", [1, 2, 1009])
def test_a_copy_of_any_length(length):
    bits = tasks.payload(2, length, generator=torch.Generator().manual_seed(length))
    assert torch.equal(copy_through(handmade.copier(), bits, rows_needed(length)), bits)


def test_every_byte_and_nothing_but_zeros():
    for bits in (every_byte(), torch.zeros(1, 97, 8)):
        assert torch.equal(copy_through(handmade.copier(), bits, rows_needed(256)), bits)


def test_where_the_heads_of_the_copier_are():
    """Three bytes: the writer on rows 1 to 8 in turn; the reader waits on row 0, jumps to 1, and follows."""
    states = []
    handmade.copier()(tasks.copy(1, 3).inputs, memory_size=11, history=states)
    weights = torch.cat([state.weights for state in states])  # (T, 2, N)
    torch.testing.assert_close(weights.amax(-1), torch.ones(8, 2))
    assert weights[:, 1].argmax(-1).tolist() == [1, 2, 3, 4, 5, 6, 7, 8]
    assert weights[:, 0].argmax(-1).tolist() == [0, 0, 0, 0, 1, 2, 3, 4]
    torch.testing.assert_close(states[-1].memory[:, 6:], torch.zeros(1, 5, handmade.WORD_SIZE))
