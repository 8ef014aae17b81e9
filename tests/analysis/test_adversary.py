"""The search for a payload that a machine copies worst, on machines whose worst payload is known."""

import math

import pytest
import torch
from copier import Copier
from machines import raises
from small import MACHINE

from ntm_lib import NTM, NTMConfig, tasks
from ntm_lib.analysis.adversary import BEGIN_WITH, PARENTS, child_of, margins_of, search
from ntm_lib.machine import LSTMBaseline, LSTMConfig
from ntm_lib.teaching.handmade import copier


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


class Muddled(Copier):
    """Its margins shrink with every further vector that a payload has, and the eighth is one too many."""

    def forward(self, inputs, memory_size=None):
        logits, state = super().forward(inputs, memory_size)
        bits, _, _ = self.calls[-1]
        kinds = torch.tensor([len(one.unique(dim=0)) for one in bits])
        return (logits.sign() * (7.5 - kinds).view(-1, 1, 1)), state


def test_the_search_finds_what_no_chosen_payload_shows():
    """Chosen payloads are made of four vectors at most; this machine fails on eight."""
    machine = Muddled()
    assert margins_of(machine, tasks.chosen_payload(machine, BEGIN_WITH, 12, generator())).min() == 3.5
    found = search(machine, 12, generator())
    assert found.margin == -0.5 and len(found.payload.unique(dim=0)) == 8
    assert 0 < found.wrong < found.tried == BEGIN_WITH + 40 * 32


def test_the_margin_is_that_of_the_payload():
    machine = NTM(MACHINE)
    found = search(machine, 5, generator(), generations=3, children=7)
    batch = tasks.frame_copy(found.payload.unsqueeze(0))
    logits, _ = machine(batch.inputs, memory_size=26)
    right_side = torch.where(found.payload == 1, logits[0, -5:], -logits[0, -5:])
    assert found.margin == pytest.approx(right_side.min().item(), abs=1e-5)
    chosen = tasks.chosen_payload(machine, BEGIN_WITH, 5, generator())
    assert found.margin <= margins_of(machine, chosen).min()
    assert found.tried == BEGIN_WITH + 3 * 7


def test_a_machine_without_a_weakness_has_a_margin():
    """The hand-made copier says 20 r - 10 for a bit r."""
    found = search(copier(), 9, generator(), generations=2)
    assert found.wrong == 0 and found.margin == pytest.approx(10, abs=1e-3)


class Crowded(Copier):
    """Right by 5 nats, less one for every ten times that the crowd is larger."""

    def forward(self, inputs, memory_size=None, crowd=1):
        logits, state = super().forward(inputs, memory_size, crowd)
        return logits.sign() * (5 - math.log10(crowd)), state


def test_all_that_the_search_tries_is_tried_in_the_crowd():
    alone, crowded = (search(Crowded(), 5, generator(), 2, 7, crowd=crowd) for crowd in (1, 1e6))
    assert (alone.margin, alone.wrong) == (5, 0)
    assert crowded.margin == pytest.approx(-1) and crowded.wrong == crowded.tried == BEGIN_WITH + 2 * 7


def test_the_generator_decides():
    first, same, other = (search(Muddled(), 12, generator(seed), 4) for seed in (3, 3, 4))
    assert torch.equal(first.payload, same.payload) and first[1:] == same[1:]
    assert not torch.equal(first.payload, other.payload)


def test_no_number_is_no_margin():
    machine = NTM(MACHINE)
    machine.output.bias.data[1] = torch.nan
    assert margins_of(machine, tasks.payload(3, 4, 3)).tolist() == [-torch.inf] * 3
    found = search(machine, 4, generator(), 2)
    assert found.margin == -torch.inf and found.wrong == found.tried


@pytest.mark.parametrize("length", [1, 2, 9])
def test_a_child_is_made_of_its_parents_and_of_hard_or_random_vectors(length):
    """Parents of tens, hard vectors of sevens: what is neither is random bits."""
    parents, hard, stream = torch.full((PARENTS, length, 3), 10.0), torch.full((4, 3), 7.0), generator()
    parents += torch.arange(PARENTS).view(-1, 1, 1)
    seen, before = set(), parents.clone()
    for _ in range(200):
        child = child_of(parents, hard, stream)
        assert child.shape == (length, 3)
        seen |= {"hard" if vector[0] == 7 else "parent" if vector[0] >= 10 else "random" for vector in child}
        assert all((vector == vector[0]).all() or ((vector == 0) | (vector == 1)).all() for vector in child)
    assert seen == {"hard", "parent", "random"}
    assert torch.equal(parents, before)


@pytest.mark.parametrize(
    "machine",
    [
        LSTMBaseline(LSTMConfig(4, 3, 7)),
        NTM(NTMConfig(5, 3, memory_size=13, word_size=5, initial_memory="learned")).double(),
        NTM(NTMConfig(2, 1, controller="lstm", read_heads=2, write_heads=2, weightings="single")).bfloat16(),
    ],
    ids=["no memory", "tied to its rows", "lstm"],
)
def test_machines_of_every_kind(machine):
    found = search(machine, 3, generator(), 2, 5)
    assert found.payload.shape == (3, machine.config.output_size) and found.tried == BEGIN_WITH + 10


@pytest.mark.parametrize(
    ("options", "error", "text"),
    [
        ({"length": 0}, ValueError, "length is 0: expected at least 1"),
        ({"children": 0}, ValueError, "children is 0: expected at least 1"),
        ({"generations": 1.5}, TypeError, "generations is 1.5: expected a whole number"),
    ],
)
def test_bad_sizes(options, error, text):
    with raises(error, text):
        search(copier(), **{"length": 3, **options})


def test_a_machine_without_room_for_markers():
    with raises(ValueError, "this machine has 8 inputs and 8 outputs: a copy needs one input more"):
        search(NTM(NTMConfig(8, 8)), 3)
