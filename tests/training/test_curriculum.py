"""Schedules over lengths and memory sizes: hand values, ranges, even draws, the same draws at the same update."""

import math
from collections import Counter
from itertools import combinations
from statistics import median

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from naive import explore

from ntm_lib.training import curriculum
from ntm_lib.training.curriculum import BLOCK, Chances, chances, draw_length, draw_rows, longest

every_stretch = pytest.mark.parametrize(
    ("schedule", "first", "count"),
    [(0, 0, 100), (0, 0, 3000), (0, BLOCK - 7, 100), (5, 2 * BLOCK - 1, 1500), (2, 40_961, 3000)],
)
"""Of updates: short and long, from the beginning, and over the edge of a block."""


def stretch(schedule, first, count):
    return [chances(schedule, update) for update in range(first, first + count)]


# longest


@pytest.mark.parametrize("progress", [0.0, 0.3, 1.0])
@pytest.mark.parametrize("level", [1, 7, 99])
def test_uniform_is_always_the_longest(progress, level):
    assert longest("uniform", 20, progress, power=1.5, level=level) == 20


@pytest.mark.parametrize(
    ("progress", "power", "expected"),
    [
        (0.0, 1.5, 1),  # never below 1
        (0.01, 1.5, 1),  # 20 * 0.001 = 0.02
        (0.25, 1.5, 3),  # 20 * 0.125 = 2.5
        (0.5, 1.5, 8),  # 20 * 0.3536 = 7.07
        (0.81, 1.5, 15),  # 20 * 0.729 = 14.58
        (1.0, 1.5, 20),
        (1.7, 1.5, 20),  # trained on past the last update: never above the longest
        (0.5, 1.0, 10),
        (0.5, 2.0, 5),
        (0.3, 2.0, 2),  # 20 * 0.09 = 1.8
    ],
)
def test_power_by_hand(progress, power, expected):
    assert longest("power", 20, progress, power, level=13) == expected


@pytest.mark.parametrize(("level", "expected"), [(1, 1), (13, 13), (20, 20), (21, 20), (500, 20)])
def test_adaptive_is_the_level_up_to_the_longest(level, expected):
    assert longest("adaptive", 20, progress=0.5, power=1.5, level=level) == expected


@explore
@given(
    st.sampled_from(["uniform", "power", "adaptive"]),
    st.integers(1, 200),
    st.floats(0, 1),
    st.floats(0.1, 5),
    st.integers(1, 300),
)
def test_the_longest_is_a_length(curriculum, max_length, progress, power, level):
    top = longest(curriculum, max_length, progress, power, level)
    assert isinstance(top, int)
    assert 1 <= top <= max_length


@explore
@given(st.floats(0, 1), st.floats(0, 1), st.floats(0.1, 5))
def test_the_power_schedule_never_falls(early, late, power):
    early, late = sorted((early, late))
    assert longest("power", 97, early, power, 1) <= longest("power", 97, late, power, 1)


# chances


@every_stretch
def test_each_number_fills_its_range_evenly(schedule, first, count):
    """Every tenth has a tenth of the updates, give or take a few; independent numbers would miss by 50 in 3000."""
    numbers = np.array(stretch(schedule, first, count))
    assert numbers.shape == (count, 4)
    assert numbers.min() >= 0
    assert numbers.max() < 1
    for column in numbers.T:
        tenths, _ = np.histogram(column, bins=10, range=(0, 1))
        assert abs(tenths - count / 10).max() < 6


@every_stretch
def test_no_number_tells_of_another(schedule, first, count):
    numbers = np.array(stretch(schedule, first, count))
    for one, other in combinations(numbers.T, 2):
        quarters, *_ = np.histogram2d(one, other, bins=2, range=[(0, 1), (0, 1)])
        assert abs(quarters - count / 4).max() < 8


def test_chances_depend_on_schedule_and_update_alone():
    """In any order, whatever was asked before and whoever draws random numbers in between."""
    updates = [3, BLOCK, 5 * BLOCK - 1, 40_961, 0, BLOCK - 1]
    first = [chances(3, update) for update in updates]
    assert all(isinstance(chance, Chances) for chance in first)
    curriculum._points.cache_clear()
    torch.manual_seed(7)
    assert [chances(3, update) for update in updates[::-1]] == first[::-1]


def test_no_two_updates_are_alike():
    """Within a block and from one to the next."""
    assert len(set(stretch(0, 0, 3 * BLOCK))) == 3 * BLOCK


def test_another_schedule_is_another_sequence():
    for schedule in (1, 2, 12_345):
        for one, other in zip(stretch(0, 0, 40), stretch(schedule, 0, 40), strict=True):
            assert not set(one) & set(other)


def test_independent_chances_are_fair_and_uneven():
    """2,000 of them: as many in each tenth as chance allows, but not as evenly as the even ones."""
    counts = {}
    for draws in ("independent", "even"):
        drawn = torch.tensor([chances(0, update, draws) for update in range(2000)])
        assert drawn.shape == (2000, 4) and (drawn >= 0).all() and (drawn < 1).all()
        counts[draws] = torch.stack([torch.bincount((10 * column).long(), minlength=10) for column in drawn.T])
    away = {draws: (count - 200).abs().max().item() for draws, count in counts.items()}
    assert away["even"] <= 8 < away["independent"] < 70  # five standard deviations of 13.4
    assert abs(torch.corrcoef(drawn.T)[0, 1].item()) < 0.1


def test_independent_chances_depend_on_schedule_and_update_alone():
    there = [chances(3, update, "independent") for update in range(1020, 1030)]  # across the edge of a block
    assert there == [chances(3, update, "independent") for update in range(1020, 1030)]
    assert len(set(there)) == 10
    assert there != [chances(4, update, "independent") for update in range(1020, 1030)]
    assert there != [chances(3, update, "even") for update in range(1020, 1030)]


def test_nobody_elses_random_numbers_are_touched():
    before = torch.random.get_rng_state()
    curriculum._points.cache_clear()
    stretch(3, BLOCK - 2, 4)
    assert torch.equal(torch.random.get_rng_state(), before)


# draw_length


@every_stretch
def test_lengths_are_uniform_up_to_the_top(schedule, first, count):
    lengths = Counter(draw_length("uniform", 5, 19, 0.0, chance) for chance in stretch(schedule, first, count))
    assert set(lengths) == {1, 2, 3, 4, 5}
    for number in lengths.values():
        assert abs(number - count / 5) < 6


@every_stretch
def test_a_share_of_lengths_comes_from_all(schedule, first, count):
    """A share of 0.5 over 19 lengths puts 14/19 of the half above the top of 5."""
    lengths = [draw_length("uniform", 5, 19, 0.5, chance) for chance in stretch(schedule, first, count)]
    assert abs(sum(length > 5 for length in lengths) - count * 0.5 * 14 / 19) < 4
    assert set(range(1, 6)) < set(lengths) <= set(range(1, 20))
    if count > 1000:
        assert set(lengths) == set(range(1, 20))


@every_stretch
def test_a_share_of_one_ignores_the_top(schedule, first, count):
    lengths = Counter(draw_length("uniform", 1, 7, 1.0, chance) for chance in stretch(schedule, first, count))
    assert set(lengths) == set(range(1, 8))
    for number in lengths.values():
        assert abs(number - count / 7) < 6


@pytest.mark.parametrize("any_length", [0.0, 0.5, 1.0])
def test_one_is_the_only_length_up_to_one(any_length):
    assert {draw_length("uniform", 1, 1, any_length, chance) for chance in stretch(0, 0, 50)} == {1}


@every_stretch
def test_a_ramp_draws_nothing_shorter(schedule, first, count):
    assert {draw_length("ramp", 5, 19, 0.0, chance) for chance in stretch(schedule, first, count)} == {5}


ALMOST_ONE = math.nextafter(1, 0)


@pytest.mark.parametrize(
    ("chance", "any_length", "expected"),
    [
        (Chances(0.5, 0.0, 0.0, 0.0), 0.5, 1),
        (Chances(0.5, 0.2, 0.0, 0.0), 0.5, 2),  # 1 + 5 * 0.2
        (Chances(0.5, 0.59, 0.0, 0.0), 0.5, 3),
        (Chances(0.5, ALMOST_ONE, 0.0, 0.0), 0.5, 5),
        (Chances(0.49, 0.59, 0.0, 0.0), 0.5, 12),  # 1 + 19 * 0.59 = 12.21
        (Chances(0.49, ALMOST_ONE, 0.0, 0.0), 0.5, 19),
        (Chances(0.0, ALMOST_ONE, 0.0, 0.0), 0.0, 5),
    ],
)
def test_a_length_by_hand(chance, any_length, expected):
    assert draw_length("uniform", 5, 19, any_length, chance) == expected


# draw_rows


@every_stretch
def test_rows_are_log_uniform(schedule, first, count):
    """Half of the draws lie below the geometric mean, a quarter below the geometric first quarter, and so on."""
    rows = sorted(draw_rows(16, 4096, chance) for chance in stretch(schedule, first, count))
    assert 16 <= rows[0] < 20
    assert 3500 < rows[-1] <= 4096
    assert abs(math.log(median(rows)) - math.log(256)) < 0.2
    for quarter, edge in ((0.25, 64), (0.5, 256), (0.75, 1024)):
        assert abs(sum(number <= edge for number in rows) - quarter * count) < 10


@explore
@given(st.integers(1, 50), st.integers(0, 500), st.floats(0, 1, exclude_max=True))
def test_rows_lie_between_smallest_and_largest(smallest, more, chance):
    rows = draw_rows(smallest, smallest + more, Chances(0.0, 0.0, 0.0, chance))
    assert isinstance(rows, int)
    assert smallest <= rows <= smallest + more


@pytest.mark.parametrize("largest", [1, 3, 24])
def test_rows_are_the_smallest_where_that_is_larger(largest):
    assert {draw_rows(24, largest, chance) for chance in stretch(0, 0, 50)} == {24}


@pytest.mark.parametrize(("chance", "expected"), [(0.0, 16), (0.25, 64), (0.5, 256), (0.75, 1024), (ALMOST_ONE, 4096)])
def test_rows_by_hand(chance, expected):
    assert draw_rows(16, 4096, Chances(0.0, 0.0, 0.0, chance)) == expected
