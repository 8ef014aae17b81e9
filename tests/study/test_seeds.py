"""Seeds in short, and their limits."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ntm_lib.study.seeds import MOST_RUNS, parse_seeds
from research.tables import seeds_text


@given(st.lists(st.integers(0, 40), min_size=1))
def test_seeds_in_short_are_the_same_seeds(seeds):
    assert parse_seeds(seeds_text(seeds)) == sorted(set(seeds))


def test_seeds_in_short():
    assert seeds_text([7, 0, 1, 2]) == "0-2,7"
    assert parse_seeds("8,0-2,1") == [8, 0, 1, 2]


@pytest.mark.parametrize(
    "text", ["", "a", "1-", "-1", "1,,2", "1 2", "3-1", "1-2-3", "1.5", "٣", "4294967296", "9" * 5000]
)
def test_other_seeds_are_refused(text):
    with pytest.raises(ValueError, match=f"seeds are '{text}': expected"):
        parse_seeds(text)


@pytest.mark.parametrize("text", ["0-3000000", "0-99999,100000", "7,0-4294967295"])
def test_more_seeds_than_a_study_holds_are_refused(text):
    with pytest.raises(ValueError, match=f"expected at most {MOST_RUNS:,} in one study"):
        parse_seeds(text)
