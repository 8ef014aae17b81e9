"""Seeds in short, and how a recipe differs from the one it was made from."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ntm_lib.study import manifest
from ntm_lib.training import recipes


@given(st.lists(st.integers(0, 40), min_size=1))
def test_seeds_in_short_are_the_same_seeds(seeds):
    assert manifest.parse_seeds(manifest.seeds_text(seeds)) == sorted(set(seeds))


def test_seeds_in_short():
    assert manifest.seeds_text([7, 0, 1, 2]) == "0-2,7"
    assert manifest.parse_seeds("8,0-2,1") == [8, 0, 1, 2]


@pytest.mark.parametrize("text", ["", "a", "1-", "-1", "1,,2", "1 2", "3-1", "1-2-3", "1.5"])
def test_other_seeds_are_refused(text):
    with pytest.raises(ValueError, match=f"seeds are '{text}': expected"):
        manifest.parse_seeds(text)


def test_differences_are_those_that_were_made():
    changed = replace(recipes.paper_2014, updates=7, machine=replace(recipes.paper_2014.machine, read_heads=2))
    assert manifest.differences(changed, recipes.paper_2014) == {"updates": 7, "machine.read_heads": 2}
    assert manifest.closest(changed) is recipes.paper_2014
    assert manifest.differences(recipes.reliable, recipes.reliable) == {}
