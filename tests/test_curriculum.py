"""Schedules over lengths and memory sizes: hand values, ranges, distributions, the same draws from the same seed."""

import math
from collections import Counter
from statistics import median

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from naive import explore

from ntm_lib.training.curriculum import draw_length, draw_rows, longest

DRAWS = 3000


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


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


# draw_length


def test_lengths_are_uniform_up_to_the_top():
    source = generator()
    counts = Counter(draw_length(5, 19, 0.0, source) for _ in range(DRAWS))
    assert set(counts) == {1, 2, 3, 4, 5}
    for count in counts.values():  # 600 expected, standard deviation 22
        assert abs(count - DRAWS / 5) < 110


def test_a_share_of_lengths_comes_from_all():
    """A share of 0.5 over 19 lengths puts 14/19 of the half above the top of 5."""
    source = generator()
    lengths = [draw_length(5, 19, 0.5, source) for _ in range(DRAWS)]
    assert set(lengths) == set(range(1, 20))
    above = sum(length > 5 for length in lengths) / DRAWS
    assert abs(above - 0.5 * 14 / 19) < 0.045  # five standard deviations


def test_a_share_of_one_ignores_the_top():
    source = generator()
    counts = Counter(draw_length(1, 7, 1.0, source) for _ in range(DRAWS))
    assert set(counts) == set(range(1, 8))
    for count in counts.values():  # 429 expected, standard deviation 19
        assert abs(count - DRAWS / 7) < 96


@pytest.mark.parametrize("any_length", [0.0, 0.5, 1.0])
def test_one_is_the_only_length_up_to_one(any_length):
    source = generator()
    assert {draw_length(1, 1, any_length, source) for _ in range(50)} == {1}


# draw_rows


def test_rows_are_log_uniform():
    """Half of the draws lie below the geometric mean, a quarter below the geometric first quarter, and so on."""
    source = generator()
    rows = sorted(draw_rows(16, 4096, source) for _ in range(DRAWS))
    assert 16 <= rows[0] < 18
    assert 3900 < rows[-1] <= 4096
    assert abs(math.log(median(rows)) - math.log(256)) < 0.26  # five standard deviations
    for quarter, edge in ((0.25, 64), (0.75, 1024)):
        below = sum(number <= edge for number in rows) / DRAWS
        assert abs(below - quarter) < 0.04


@explore
@given(st.integers(1, 50), st.integers(0, 500), st.integers(0, 2**32))
def test_rows_lie_between_smallest_and_largest(smallest, more, seed):
    rows = draw_rows(smallest, smallest + more, generator(seed))
    assert isinstance(rows, int)
    assert smallest <= rows <= smallest + more


@pytest.mark.parametrize("largest", [1, 3, 24])
def test_rows_are_the_smallest_where_that_is_larger(largest):
    source = generator()
    assert {draw_rows(24, largest, source) for _ in range(50)} == {24}


# Reproducible


@pytest.mark.parametrize(
    "draw",
    [lambda source: draw_length(7, 19, 0.5, source), lambda source: draw_rows(5, 1000, source)],
    ids=["length", "rows"],
)
def test_draws_are_the_seeds_alone(draw):
    def draws(seed):
        source = generator(seed)
        return [draw(source) for _ in range(40)]

    before = torch.random.get_rng_state()
    first = draws(3)
    torch.rand(5)
    assert draws(3) == first
    assert draws(4) != first
    torch.random.set_rng_state(before)
    draws(5)
    assert torch.equal(torch.random.get_rng_state(), before)
