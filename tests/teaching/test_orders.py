"""Heads under orders go where they are told; an echo is a delay line."""

import pytest
import torch

from ntm_lib.machine import addressing
from ntm_lib.teaching.orders import echo, follow, orders
from ntm_lib.teaching.slots import five_slots, focus_on


@pytest.mark.parametrize(
    ("move", "slot"), [("backward", 1), ("stay", 2), ("forward", 3), (0, 0), (1, 1), (2, 2), (4, 4)]
)
def test_each_order_moves_a_head_from_slot_2(move, slot):
    weights = addressing.address(five_slots(), focus_on(2), *orders(move)).w
    torch.testing.assert_close(weights, focus_on(slot), atol=0.01, rtol=0)


def test_heads_have_orders_of_their_own():
    starts = torch.cat([focus_on(0), focus_on(1), focus_on(2)], dim=1)
    weights = addressing.address(five_slots(), starts, *orders("forward", 4, "stay")).w
    assert weights.argmax(-1).tolist() == [[1, 4, 2]]


@pytest.mark.parametrize("move", ["left", 5, -1, None])
def test_other_orders_are_refused(move):
    with pytest.raises(ValueError, match="expected 'backward', 'stay', 'forward' or a slot"):
        orders("forward", move)


def test_following_hands_on_what_previous_says():
    starts = torch.cat([focus_on(3), focus_on(0)], dim=1)
    told = [orders("stay", "forward")] * 3
    own = follow(five_slots(), starts, told, lambda weights: weights)
    assert own.argmax(-1).tolist() == [[3, 1], [3, 2], [3, 3]]
    swapped = follow(five_slots(), starts, told, lambda weights: weights.flip(1))
    assert swapped.argmax(-1).tolist() == [[0, 4], [4, 1], [1, 0]]


@pytest.mark.parametrize("delay", [0, 1, 3])
def test_an_echo_is_a_delay(delay):
    vectors = torch.randn(11, 1, 3)
    weights = torch.cat([focus_on((6 - delay) % 7, 7), focus_on(6, 7)], dim=1)
    heard = echo(weights, vectors)
    torch.testing.assert_close(heard[delay:], vectors[: 11 - delay])
    torch.testing.assert_close(heard[:delay], torch.zeros(delay, 1, 3))


def test_one_weighting_hears_itself():
    vectors = torch.randn(11, 1, 3)
    torch.testing.assert_close(echo(focus_on(2, 7), vectors), vectors)
