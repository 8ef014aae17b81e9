"""A machine of one's own: made with the NTM's weights, called like one, and seen into through such an NTM."""

from dataclasses import replace

import pytest
import torch
from machines import raises
from own_machine import MyNTM
from small import MACHINE as SMALL
from torch import nn

from ntm_lib.machine import NTM, LSTMBaseline, LSTMConfig
from ntm_lib.machine.own import differing_weights, own_machine, seen_into, takes_crowd

MACHINE = replace(SMALL, output_from="hidden")


def first(seed=0):
    return NTM(MACHINE, torch.Generator().manual_seed(seed))


def test_it_has_the_weights_of_the_ntm_and_computes_its_logits():
    ntm, inputs = first(), torch.randn(2, 7, 5, generator=torch.Generator().manual_seed(1))
    machine = own_machine(MyNTM, ntm)
    assert type(machine) is MyNTM
    assert all(torch.equal(weights, ntm.state_dict()[name]) for name, weights in machine.state_dict().items())
    torch.testing.assert_close(machine(inputs, memory_size=11), ntm(inputs, memory_size=11))
    with torch.no_grad():
        machine.output.bias += 1
    assert not torch.equal(machine.output.bias, ntm.output.bias)  # weights of its own, not shared ones


class Renamed(MyNTM):
    def __init__(self, config):
        super().__init__(config)
        self.first_reads = self.reads_0
        del self.reads_0


class Wider(MyNTM):
    def __init__(self, config):
        super().__init__(config)
        self.output = nn.Linear(config.controller_size + 2, config.output_size)


class Larger(MyNTM):
    def __init__(self, config):
        super().__init__(config)
        self.more = nn.Parameter(torch.zeros(2))


class Headless(MyNTM):
    def __init__(self, config):
        super().__init__(config)
        del self.heads


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (Renamed, ValueError, "Renamed has no weights reads_0: NTM has them of shape (1, 5)"),
        (Wider, ValueError, "Wider has weights output.weight of shape (3, 13): NTM has them of shape (3, 11)"),
        (Larger, ValueError, "Larger has weights more of shape (2,): NTM has none of that name"),
        (
            Headless,
            TypeError,
            "Headless has no heads: expected config, controller, heads, output, initial_state and forward",
        ),
        (lambda config: config, TypeError, "machine makes NTMConfig: expected a torch.nn.Module"),
    ],
)
def test_what_is_no_such_machine_is_named_in_one_line(make, error, message):
    with raises(error, message):
        own_machine(make, first())


def test_it_is_seen_into_through_an_ntm_with_its_weights():
    machine = own_machine(MyNTM, first(3)).double()
    inside = seen_into(machine)
    assert isinstance(inside, NTM)
    assert not any(differing_weights(machine, inside))
    assert inside.output.weight.dtype is torch.float64
    assert all(torch.equal(*pair) for pair in zip(machine.parameters(), inside.parameters(), strict=True))
    ntm = first()
    assert seen_into(ntm) is ntm
    before = torch.random.get_rng_state()
    seen_into(machine)
    assert torch.equal(torch.random.get_rng_state(), before)


def test_other_machines_are_not_seen_into():
    assert seen_into(LSTMBaseline(LSTMConfig(5, 3))) is None
    assert seen_into(Renamed(MACHINE)) is None
    assert seen_into(nn.Linear(2, 3)) is None


def test_whether_forward_takes_a_crowd():
    assert takes_crowd(first())
    assert not takes_crowd(MyNTM(MACHINE))
    assert not takes_crowd(LSTMBaseline(LSTMConfig(5, 3)))
