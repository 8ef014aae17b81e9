"""The example of five slots is the one that lessons work out by hand."""

import pytest
import torch

from ntm_lib.teaching.slots import five_slots, focus_on, key_at


def test_the_slots_are_of_the_lengths_that_they_are_said_to_have():
    lengths = five_slots().norm(dim=-1)
    torch.testing.assert_close(lengths, torch.tensor([[1.0, 1.0, 2.0, 0.0, 1.0]]))


@pytest.mark.parametrize(("degrees", "key"), [(0, [1.0, 0, 0]), (90, [0, 1.0, 0]), (180, [-1.0, 0, 0])])
def test_a_key_points_where_its_angle_says(degrees, key):
    torch.testing.assert_close(key_at(degrees), torch.tensor([[key]]))


def test_a_focus_has_all_weight_on_one_slot():
    assert focus_on(2, 7).tolist() == [[[0, 0, 1, 0, 0, 0, 0]]]
    with pytest.raises(IndexError):
        focus_on(5)
