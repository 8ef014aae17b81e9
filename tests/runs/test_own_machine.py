"""A machine of one's own is trained like the library's: from equal weights, on equal batches, to equal losses."""

from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from unittest.mock import patch

import numpy as np
import pytest
import torch
from machines import raises
from own_machine import MyNTM
from small import APART, SMALL, judge_quickly, quicken

from ntm_lib import load
from ntm_lib.analysis.trace import trace_copy
from ntm_lib.machine import NTM, LSTMConfig, addressing, fast, memory
from ntm_lib.runs.train import train, train_together
from ntm_lib.tasks import weaknesses
from ntm_lib.training.evaluation import evaluate, sequences_at_once
from ntm_lib.training.run import build

OWN = replace(APART, name="own", machine=replace(APART.machine, output_from="hidden"), validation_crowd=1)
"""Every loss counts in it: the answer's, focus and clear."""


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    judge_quickly(monkeypatch)
    quicken(monkeypatch, settled_loss=10.0)


def losses(result):
    return [record["loss"] for record in result.history]


@pytest.mark.parametrize("recipe", [OWN, replace(OWN, averaging=0.9), replace(OWN, largest_memory=0)])
def test_it_learns_what_the_library_s_machine_learns(recipe):
    own, library = train(recipe, seed=3, machine=MyNTM), train(recipe, seed=3)
    assert type(own.model) is MyNTM
    assert len(losses(own)) == len(losses(library)) > 1
    np.testing.assert_allclose(losses(own), losses(library), rtol=1e-4)
    assert (own.sequences, own.converged) == (library.sequences, library.converged)
    for name, weights in own.model.state_dict().items():
        torch.testing.assert_close(weights, library.model.state_dict()[name], rtol=1e-2, atol=1e-3)


class Alone(MyNTM):
    """Runs where no equation of the library does."""

    ran = 0

    def forward(self, *arguments, **options):
        with the_library_away():
            Alone.ran += 1
            return super().forward(*arguments, **options)


@contextmanager
def the_library_away():
    away = partial(patch.object, side_effect=AssertionError("an equation of the library"))
    with away(addressing, "address"), away(fast, "address"), away(memory, "read"), away(memory, "write"):
        with away(NTM, "forward"), away(NTM, "step"), away(addressing, "sharpen"):
            yield


def test_its_forward_pass_is_its_own():
    result = train(OWN, seed=3, machine=Alone)
    assert Alone.ran > OWN.updates
    assert losses(result) == losses(train(OWN, seed=3, machine=MyNTM))
    with pytest.raises(AssertionError, match="an equation of the library"), the_library_away():
        addressing.address()


def test_a_saved_run_goes_on_and_is_loaded_as_an_ntm(tmp_path):
    whole = train(OWN, seed=3, out=tmp_path / "run", machine=MyNTM)
    again = train(OWN, seed=3, out=tmp_path / "run", machine=MyNTM)
    model, _ = load(tmp_path / "run")
    assert type(again.model) is MyNTM and type(model) is NTM
    for name, weights in whole.model.state_dict().items():
        assert torch.equal(weights, again.model.state_dict()[name])
        assert torch.equal(weights, model.state_dict()[name])


def test_seeds_beside_each_other_change_nothing():
    results = {one.seed: one for one in train_together(OWN, {3: None, 4: None}, machine=MyNTM)}
    for seed, result in results.items():
        alone = train(OWN, seed, machine=MyNTM)
        assert losses(result) == losses(alone)
        assert all(map(torch.equal, result.model.parameters(), alone.model.parameters()))
    assert losses(results[3]) != losses(results[4])


def test_a_subclass_of_the_ntm_shares_no_passes_either():
    class Louder(NTM):
        def forward(self, inputs, state=None, memory_size=None, history=None, crowd=1):
            logits, state = super().forward(inputs, state, memory_size, history, crowd)
            return 2 * logits, state

    results = train_together(replace(OWN, validation_crowd=100), {3: None, 4: None}, machine=Louder)
    for result in results:
        assert losses(result) == losses(train(OWN, result.seed, machine=Louder))
        assert losses(result) != losses(train(OWN, result.seed))


def test_it_is_evaluated_and_looked_at_like_the_library_s():
    ntm, machine = build(OWN, 3), build(OWN, 3, MyNTM)
    for kind in ("random", "chosen"):
        assert evaluate(machine, [3, 7], 5, kind=kind) == evaluate(ntm, [3, 7], 5, kind=kind)
    assert sequences_at_once(machine, 1000, 5) == sequences_at_once(ntm, 1000, 5) < 1000
    for name, score in weaknesses(machine).items():
        torch.testing.assert_close(score, weaknesses(ntm)[name])
    bits = torch.ones(1, 4, 3)
    torch.testing.assert_close(trace_copy(machine, bits).w, trace_copy(ntm, bits).w)


@pytest.mark.parametrize(
    ("recipe", "options", "message"),
    [
        (replace(OWN, validation_crowd=100), {}, "validation_crowd is 100: the forward of MyNTM takes no crowd"),
        (replace(OWN, settle_crowd=31), {}, "settle_crowd is 31: the forward of MyNTM takes no crowd"),
        (replace(OWN, largest_memory=0), {"compiled": True}, "compiled is for the library's NTM"),
        (
            replace(SMALL, machine=LSTMConfig(5, 3)),
            {},
            "machine stands in for an NTM: recipe small trains LSTM",
        ),
    ],
)
def test_what_cannot_be_trained_is_refused_before_anything_else(recipe, options, message, tmp_path):
    with raises(ValueError, message):
        train(recipe, machine=MyNTM, out=tmp_path / "run", **options)
    assert not (tmp_path / "run").exists()
