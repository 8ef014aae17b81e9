"""Schedules of lengths and memory sizes: hand values, ranges, fair draws, the same at the same update."""

import math
from collections import Counter
from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from naive import explore
from small import SMALL

from ntm_lib.training.curriculum import (
    BLOCK,
    MIXED,
    Chances,
    chances,
    draw_length,
    draw_rows,
    draw_shape,
    longest,
    points,
)
from ntm_lib.training.recipe import Historical

every_stretch = pytest.mark.parametrize(
    ("first", "count"), [(0, 100), (0, 3000), (BLOCK - 7, 100), (2 * BLOCK - 1, 1500), (40_961, 3000)]
)
"""Of updates: short and long, from the beginning, and over the edge of a block."""


def stretch(first, count):
    return [chances(update) for update in range(first, first + count)]


def near(found, count, share):
    """Whether so many of `count` are a share of them, give or take four standard deviations."""
    return abs(found - count * share) < 4 * math.sqrt(count * share * (1 - share))


# longest


@pytest.mark.parametrize("progress", [0.0, 0.3, 1.0])
@pytest.mark.parametrize("level", [1, 7, 99])
def test_uniform_is_always_the_longest(progress, level):
    assert longest("uniform", 20, progress, level) == 20


@pytest.mark.parametrize(
    ("curriculum", "progress", "expected"),
    [
        ("power", 0.0, 1),  # never below 1
        ("power", 0.01, 1),  # 20 * 0.001 = 0.02
        ("power", 0.25, 3),  # 20 * 0.125 = 2.5
        ("power", 0.5, 8),  # 20 * 0.3536 = 7.07
        ("power", 0.81, 15),  # 20 * 0.729 = 14.58
        ("power", 1.0, 20),
        ("power", 1.7, 20),  # trained on past the last update: never above the longest
        ("mixed", 0.25, 3),
        ("mixed", 0.81, 15),
        ("ramp", 0.0, 1),
        ("ramp", 0.26, 6),  # 5.2
        ("ramp", 0.5, 10),
        ("ramp", 1.7, 20),
        ("longest", 0.0, 20),
        ("longest", 0.5, 20),
    ],
)
def test_growing_lengths_by_hand(curriculum, progress, expected):
    assert longest(curriculum, 20, progress, level=13) == expected


@pytest.mark.parametrize(("level", "expected"), [(1, 1), (13, 13), (20, 20), (21, 20), (500, 20)])
def test_adaptive_is_the_level_up_to_the_longest(level, expected):
    assert longest("adaptive", 20, progress=0.5, level=level) == expected


kinds = st.sampled_from(["uniform", "power", "mixed", "ramp", "adaptive", "longest"])


@explore
@given(kinds, st.integers(1, 200), st.floats(0, 1), st.integers(1, 300))
def test_the_longest_is_a_length(curriculum, max_length, progress, level):
    top = longest(curriculum, max_length, progress, level)
    assert isinstance(top, int)
    assert 1 <= top <= max_length


@explore
@given(kinds, st.floats(0, 1), st.floats(0, 1))
def test_the_longest_never_falls(curriculum, early, late):
    early, late = sorted((early, late))
    assert longest(curriculum, 97, early, 1) <= longest(curriculum, 97, late, 1)


# chances


@every_stretch
def test_each_number_fills_its_range(first, count):
    numbers = np.array(stretch(first, count))
    assert numbers.shape == (count, 4)
    assert numbers.min() >= 0
    assert numbers.max() < 1
    for column in numbers.T:
        tenths, _ = np.histogram(column, bins=10, range=(0, 1))
        assert all(near(found, count, 0.1) for found in tenths)


@every_stretch
def test_no_number_tells_of_another(first, count):
    numbers = np.array(stretch(first, count))
    for one, other in combinations(numbers.T, 2):
        quarters, *_ = np.histogram2d(one, other, bins=2, range=[(0, 1), (0, 1)])
        assert all(near(found, count, 0.25) for found in quarters.flatten())


@every_stretch
def test_no_number_tells_of_the_next(first, count):
    """As those of a sequence that fills its range evenly would."""
    for column in np.array(stretch(first, count)).T:
        quarters, *_ = np.histogram2d(column[1:], column[:-1], bins=2, range=[(0, 1), (0, 1)])
        assert all(near(found, count - 1, 0.25) for found in quarters.flatten())


def test_chances_depend_on_the_update_alone():
    """In any order, whoever draws random numbers in between, and in a process that has drawn none before."""
    updates = [3, BLOCK, 5 * BLOCK - 1, 40_961, 0, BLOCK - 1]
    first = [chances(update) for update in updates]
    assert all(isinstance(chance, Chances) for chance in first)
    points.cache_clear()
    torch.manual_seed(7)
    before = torch.random.get_rng_state()
    assert [chances(update) for update in updates[::-1]] == first[::-1]
    assert torch.equal(torch.random.get_rng_state(), before)


def test_no_two_updates_are_alike():
    """Within a block and from one to the next."""
    assert len({chances(update) for update in range(3 * BLOCK)}) == 3 * BLOCK


# draw_length


@every_stretch
def test_lengths_are_uniform_up_to_the_top(first, count):
    lengths = Counter(draw_length("uniform", 5, 19, chance) for chance in stretch(first, count))
    assert set(lengths) == {1, 2, 3, 4, 5}
    assert all(near(number, count, 1 / 5) for number in lengths.values())


@every_stretch
def test_mixed_draws_a_share_of_lengths_from_all(first, count):
    """A fifth over 19 lengths puts 14/19 of the fifth above the top of 5."""
    lengths = [draw_length("mixed", 5, 19, chance) for chance in stretch(first, count)]
    assert near(sum(length > 5 for length in lengths), count, MIXED * 14 / 19)
    assert set(range(1, 6)) < set(lengths) <= set(range(1, 20))
    if count > 1000:
        assert set(lengths) == set(range(1, 20))


@pytest.mark.parametrize("curriculum", ["uniform", "power", "mixed", "ramp", "adaptive", "longest"])
def test_one_is_the_only_length_up_to_one(curriculum):
    assert {draw_length(curriculum, 1, 1, chance) for chance in stretch(0, 50)} == {1}


@every_stretch
@pytest.mark.parametrize("curriculum", ["ramp", "longest"])
def test_some_curricula_draw_nothing_shorter(curriculum, first, count):
    assert {draw_length(curriculum, 5, 19, chance) for chance in stretch(first, count)} == {5}


ALMOST_ONE = math.nextafter(1, 0)


@pytest.mark.parametrize(
    ("curriculum", "chance", "expected"),
    [
        ("power", Chances(0.2, 0.0, 0.0), 1),
        ("power", Chances(0.2, 0.2, 0.0), 2),  # 1 + 5 * 0.2
        ("mixed", Chances(0.2, 0.59, 0.0), 3),
        ("mixed", Chances(0.2, ALMOST_ONE, 0.0), 5),
        ("mixed", Chances(0.19, 0.59, 0.0), 12),  # 1 + 19 * 0.59 = 12.21
        ("mixed", Chances(0.19, ALMOST_ONE, 0.0), 19),
        ("power", Chances(0.0, ALMOST_ONE, 0.0), 5),
    ],
)
def test_a_length_by_hand(curriculum, chance, expected):
    assert draw_length(curriculum, 5, 19, chance) == expected


# draw_rows


@every_stretch
def test_rows_are_log_uniform(first, count):
    """Half of the draws lie below the geometric mean, a quarter below the geometric first quarter, and so on."""
    rows = sorted(draw_rows(16, 4096, chance) for chance in stretch(first, count))
    assert 16 <= rows[0] < 20
    assert 3500 < rows[-1] <= 4096
    for quarter, edge in ((0.25, 64), (0.5, 256), (0.75, 1024)):
        assert near(sum(number <= edge for number in rows), count, quarter)


@explore
@given(st.integers(1, 50), st.integers(0, 500), st.floats(0, 1, exclude_max=True))
def test_rows_lie_between_smallest_and_largest(smallest, more, chance):
    rows = draw_rows(smallest, smallest + more, Chances(0.0, 0.0, chance))
    assert isinstance(rows, int)
    assert smallest <= rows <= smallest + more


@pytest.mark.parametrize("largest", [1, 3, 24])
def test_rows_are_the_smallest_where_that_is_larger(largest):
    assert {draw_rows(24, largest, chance) for chance in stretch(0, 50)} == {24}


@pytest.mark.parametrize(("chance", "expected"), [(0.0, 16), (0.25, 64), (0.5, 256), (0.75, 1024), (ALMOST_ONE, 4096)])
def test_rows_by_hand(chance, expected):
    assert draw_rows(16, 4096, Chances(0.0, 0.0, chance)) == expected


# All together

GROWING = replace(SMALL, updates=100_000, max_length=10, historical=Historical(curriculum="ramp"))


def rows_of(length):
    """Rows that a copy needs."""
    return 2 * length + 2


@pytest.mark.parametrize(("update", "length"), [(0, 1), (29_900, 3), (30_001, 4), (100_000, 10), (250_000, 10)])
def test_the_curriculum_grows_with_the_share_of_updates(update, length):
    shape = draw_shape(GROWING, update, level=1, rows_needed=rows_of)
    assert shape.length == length
    assert rows_of(length) + 2 <= shape.rows <= max(17, rows_of(length) + 2)


def test_a_machine_keeps_its_own_rows_where_the_recipe_draws_none():
    recipe = replace(SMALL, largest_memory=0)
    assert {draw_shape(recipe, update, 1, rows_of).rows for update in range(50)} == {None}


def test_a_crowd_is_drawn_while_settling_and_at_no_other_time():
    """Log-uniformly from 1 up to the largest: a quarter of all crowds of up to 10,000 is below 10."""
    crowded = replace(SMALL, settle_crowd=10_000.0)
    assert {draw_shape(crowded, update, 1, rows_of).crowd for update in range(50)} == {1}
    assert {draw_shape(SMALL, update, 1, rows_of, settling=True).crowd for update in range(50)} == {1}
    crowds = [draw_shape(crowded, update, 1, rows_of, settling=True).crowd for update in range(2000)]
    for share, crowd in [(0.25, 10), (0.5, 100), (0.75, 1000), (1, 10_000)]:
        assert sum(1 <= one <= crowd for one in crowds) / 2000 == pytest.approx(share, abs=0.03)
