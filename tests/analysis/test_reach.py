"""How far a jump reaches: predictions in a crowd against real runs, and what `diagnose` says of them."""

from pathlib import Path

import pytest
import torch
from machines import raises, short_of_breath
from planted import LENGTH

from ntm_lib import NTM, NTMConfig, load, tasks
from ntm_lib.analysis.copies import wrong_bits
from ntm_lib.analysis.diagnosis import diagnose
from ntm_lib.analysis.finding import Kind
from ntm_lib.analysis.reach import Reach, reach, tried
from ntm_lib.machine import LSTMBaseline, LSTMConfig
from ntm_lib.teaching.handmade import copier

MACHINES = Path(__file__).parents[2] / "data" / "machines"


@pytest.fixture(scope="module")
def weak():
    """A trained machine whose jump fails in copies of about three thousand vectors of one kind."""
    return short_of_breath(load(MACHINES / "backwards")[0])


def payload_named(machine, name, length):
    """The payload that a reach names, at another length."""
    _, names = tried(machine)
    chosen = [each for each in names if each.startswith("chosen")]
    generator = torch.Generator().manual_seed(0)
    return tasks.chosen_payload(machine, len(chosen), length, generator)[chosen.index(name)].unsqueeze(0)


@pytest.mark.slow
def test_a_real_copy_is_right_below_the_reach_and_wrong_above_it(weak):
    length, name = reach(weak)
    assert 1000 < length < 4000 and name.startswith("chosen: jump")
    for factor, is_wrong in ((0.8, False), (1.25, True)):
        bits = payload_named(weak, name, round(factor * length))
        rows = 2 * bits.shape[1] + 16
        assert (wrong_bits(weak, bits, rows) > 0).item() == is_wrong


def test_a_machine_that_cannot_copy_has_the_shortest_reach():
    assert reach(NTM(NTMConfig(10, 8), torch.Generator().manual_seed(0))).length == 100


def test_a_model_without_a_memory_has_no_reach():
    with raises(TypeError, "model is LSTMBaseline: expected an NTM, whose heads and memory can be traced"):
        reach(LSTMBaseline(LSTMConfig(10, 8, 3)))


def test_a_machine_set_by_hand_has_no_end():
    assert reach(copier()) == Reach(None, "")


def test_diagnose_says_how_far_a_healthy_machine_reaches(weak):
    healthy, found, *_ = diagnose(weak)
    assert (healthy.kind, found.kind, found.fault) == (Kind.HEALTHY, Kind.REACH, False)
    length, name = found.evidence["length"], found.evidence["payload"]
    sentence = f"Its jump is predicted to fail in copies of about {length:,} vectors, first of '{name}' (made against"
    assert name.startswith("chosen: jump, ") and found.sentence.startswith(sentence)


def test_the_name_of_a_chosen_payload_is_put_into_words():
    assert Reach(2111, "chosen: jump, after another").meaning == (
        "made against this machine of vectors that its weakness 'jump' makes hard to copy, in the pattern"
        " 'after another': the hardest repeated, after one of the second hardest"
    )


@pytest.mark.parametrize("make", [copier, lambda: load(MACHINES / "backwards")[0]])
def test_every_chosen_payload_is_explained_and_every_kind_can_be_evaluated(make):
    machine = make()
    for payload in tried(machine)[1]:
        found = Reach(200, payload)
        assert found.kind in (*tasks.KINDS, "chosen") and bool(found.meaning) == (found.kind == "chosen")
        for word in payload.removeprefix("chosen: ").split(", "):
            assert f"'{word}'" in found.meaning or found.kind == word


@pytest.mark.parametrize("size", [{"length": LENGTH}, {"memory_size": 300}], ids=str)
def test_diagnose_of_one_size_asks_for_no_reach(weak, size):
    assert Kind.REACH not in {finding.kind for finding in diagnose(weak, **size)}


def test_diagnose_of_a_machine_without_end():
    found = {finding.kind: finding for finding in diagnose(copier())}
    assert found[Kind.REACH].sentence == "Its jump is predicted to hold in copies of 1,000,000 vectors."


def test_a_machine_tied_to_its_rows_has_no_reach():
    machine, _ = load(MACHINES / "two_weightings")
    tied = NTM(NTMConfig(**{**vars(machine.config), "initial_weights": "learned", "memory_size": 300}))
    tied.load_state_dict(machine.state_dict(), strict=False)
    with torch.no_grad():
        tied.weights_0.copy_(1000 * machine.initial_state(1, 300).weights[0])
    assert [finding.kind for finding in diagnose(tied)][:2] == [Kind.HEALTHY, Kind.STORES]
