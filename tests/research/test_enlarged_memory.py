"""A machine with more rows than it was trained with keeps the rows it has."""

import pytest
import torch

from ntm_lib import NTM, NTMConfig
from research.enlarged_memory import enlarged


@pytest.mark.parametrize("kind", ["constant", "learned-row", "random", "learned"])
def test_an_enlarged_machine_keeps_its_rows_and_gets_more_of_their_kind(kind):
    sizes = {"memory_size": 13, "word_size": 7, "initial_value": 0.1}
    model = NTM(NTMConfig(10, 8, **sizes, initial_memory=kind, initial_weights="spaced"))
    larger = enlarged(model, seed=3)
    small, large = (machine.initial_state(1).memory[0] for machine in (model, larger))
    assert large.shape == (52, 7)
    assert torch.equal(large[:13], small)
    assert torch.equal(large[13:], small.repeat(3, 1)) == (kind != "random")
    assert all(torch.equal(p, q) for p, q in zip(model.heads.parameters(), larger.heads.parameters(), strict=True))
    assert model.config.memory_size == 13
