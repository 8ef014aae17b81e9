"""Walking: a moving focus against the machine's own addressing, sums by hand, and the map's line."""

import math

import pytest
import torch

from ntm_lib.analysis import walking
from ntm_lib.machine import addressing


def tensor(*numbers):
    return torch.tensor(numbers)


def test_without_sharpening_shares_add_up():
    shares = walking.follower(tensor(0.2, 0.5), tensor(1.0, 1.0), steps=3)
    torch.testing.assert_close(shares, torch.tensor([[0, 0], [0.25, 1], [0.5, 2], [0.75, 3]]))


@pytest.mark.parametrize(("leak", "gamma"), [(0.1, 1.0), (0.19, 2.0), (0.23, 2.0), (0.3, 3.5)])
def test_the_rule_is_what_addressing_does(leak, gamma):
    """The row behind against the row in front, both read off a walk on a tape that is not gone round."""
    steps, rows = 13, 17
    walked = walking.walk(tensor(leak), tensor(gamma), steps, rows)[:, 0]
    front = torch.arange(steps + 1)
    shares = walked[front, front - 1] / walked[front, front]
    torch.testing.assert_close(
        shares[1:], walking.follower(tensor(leak), tensor(gamma), steps)[1:, 0], rtol=1e-3, atol=0
    )


def test_a_walk_steps_by_shift_and_sharpening_from_row_0():
    leak, gamma = tensor(0.25, 0.1), tensor(1.0, 2.0)
    walked = walking.walk(leak, gamma, steps=2, rows=5)
    assert walked.shape == (3, 2, 5)
    torch.testing.assert_close(walked[0], torch.eye(5)[[0, 0]])
    torch.testing.assert_close(walked[1, 0], tensor(0.25, 0.75, 0, 0, 0))
    torch.testing.assert_close(walked[1, 1], tensor(0.01, 0.81, 0, 0, 0) / 0.82)
    torch.testing.assert_close(walked[2, 0], tensor(0.0625, 0.375, 0.5625, 0, 0))
    s = torch.tensor([[0, 0.25, 0.75], [0, 0.1, 0.9]])
    torch.testing.assert_close(walked[2], addressing.sharpen(addressing.shift(walked[1], s), gamma))


@pytest.mark.parametrize(("leak", "steps"), [(0.015, 66), (0.24, 4), (0.3, 3)])
def test_without_sharpening_it_slips_after_one_over_a(leak, steps):
    assert walking.slips_after(tensor(leak), tensor(1.0), 1000) == steps == math.floor((1 - leak) / leak) + 1


def test_what_slips_late_or_never_is_infinite():
    assert walking.slips_after(tensor(0.015, 0.1), tensor(1.0, 2.0), 65).tolist() == [math.inf, math.inf]


@pytest.mark.parametrize(("gamma", "leak"), [(1.0, 0.0), (2.0, 0.2), (3.0, 2 / (2 + 3**1.5))])
def test_the_largest_leak_by_hand(gamma, leak):
    """gamma = 2: a = 1/2 * 1/2; gamma = 3: a = 2 / 3 / sqrt(3)."""
    torch.testing.assert_close(walking.largest_leak(tensor(gamma)), tensor(leak))


@pytest.mark.parametrize("gamma", [1.3, 2.0, 3.7, 7.0])
def test_below_the_largest_leak_it_heals_and_above_it_slips(gamma):
    gamma = torch.tensor([gamma], dtype=torch.float64)
    leak = walking.largest_leak(gamma)
    assert walking.slips_after(leak - 1e-3, gamma, 3000).isinf()
    assert walking.slips_after(leak + 1e-3, gamma, 3000).isfinite()


def test_seen_from_its_goal_a_perfect_walk_stands_still():
    seen = walking.counted_from_goal(
        walking.walk(tensor(0.0, 0.0), tensor(1.0, 3.0), steps=11, rows=7), ahead=1, behind=3
    )
    torch.testing.assert_close(seen, tensor(0.0, 1.0, 0.0, 0.0, 0.0).expand(12, 2, 5))


def test_what_stays_behind_is_seen_behind():
    seen = walking.counted_from_goal(walking.walk(tensor(0.25), tensor(1.0), steps=1, rows=7), ahead=2, behind=1)
    torch.testing.assert_close(seen[1, 0], tensor(0.0, 0.0, 0.75, 0.25))


@pytest.mark.parametrize(("found", "g", "length"), [(0.5, 0.9, 100), (0.8, 0.75, 30), (0.05, 0.99, 7)])
def test_a_jump_is_missed_from_the_length_on_at_which_the_old_place_weighs_more(found, g, length):
    """Counted up, with a share of the softmax for every vector."""
    each = (1 - found) / found / length
    first = next(n for n in range(1, 10_000) if g / (1 + each * n) <= 1 - g)
    assert first - 1 < walking.farthest(found, g, length) <= first


def test_a_gate_that_is_half_closed_jumps_nowhere():
    assert walking.farthest(found=0.9, g=0.4, length=20) == 0
