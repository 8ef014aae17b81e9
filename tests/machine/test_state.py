"""The state of a machine: what it begins with, its number of rows, and how it is cut off, moved and kept."""

import pytest
import torch
from machines import SMALL, B, T, make, pairs, sequence, vary

from ntm_lib.machine import NTM, NTMState
from ntm_lib.machine import state as states


@pytest.mark.parametrize("weightings", ["separate", "single"])
def test_first_reads_of_the_first_memory(weightings):
    """By hand; nothing else is learned instead."""
    config = vary(initial_reads="memory", initial_memory="learned", initial_weights="learned", **pairs(weightings))
    model = make(config)
    assert "reads_0" not in dict(model.named_parameters())
    state = model.initial_state(B)
    for b in range(B):
        for head in range(4):
            expected = sum(state.weights[b, head, n] * state.memory[b, n] for n in range(13))
            torch.testing.assert_close(state.reads[b, head], expected)
    logits, _ = model(sequence())
    assert logits.shape == (B, T, 19)


@pytest.mark.parametrize("rows", [1, 5, 13])
def test_first_weights(rows):
    first = NTM(SMALL).initial_state(B, rows).weights
    assert first.shape == (B, 10, rows)
    assert (first[..., 0] == 1).all()
    assert (first[..., 1:] == 0).all()
    uniform = NTM(vary(initial_weights="uniform")).initial_state(B, rows).weights
    torch.testing.assert_close(uniform, torch.full((B, 10, rows), 1 / rows))


def test_spaced_first_weights_by_hand():
    config = vary(initial_weights="spaced", read_heads=2, write_heads=1)
    for rows, expected in ((13, [0, 4, 8]), (3, [0, 1, 2]), (2, [0, 0, 1]), (1, [0, 0, 0])):
        weights = NTM(config).initial_state(B, rows).weights
        assert weights.shape == (B, 3, rows)
        assert weights.argmax(-1).tolist() == [expected] * B
        assert (weights.sum(-1) == 1).all()
        assert (weights.amax(-1) == 1).all()


@pytest.mark.parametrize("choice", ["random", "learned"])
def test_first_weights_of_a_softmax_are_weightings(choice):
    model = NTM(vary(initial_weights=choice))
    weights = model.initial_state(B).weights
    assert (weights > 0).all()
    torch.testing.assert_close(weights.sum(-1), torch.ones(B, 10))
    assert ("weights_0" in dict(model.named_parameters())) == (choice == "learned")
    assert "weights_0" in model.state_dict()


def test_a_learned_row_is_one_parameter_for_any_number_of_rows():
    model = NTM(vary(initial_memory="learned-row", initial_value=0.25))
    assert model.free_memory_size
    assert (model.initial_state(B, 37).memory == 0.25).all()
    model.initial_state(B, 37).memory.sum().backward()
    assert (model.memory_0.grad == B * 37).all()
    assert model.memory_0.numel() == model.config.word_size


def test_first_memory():
    assert (NTM(SMALL).initial_state(B).memory == 0).all()
    assert (NTM(vary(initial_value=0.25)).initial_state(B).memory == 0.25).all()
    for choice in ("random", "learned"):
        for largest in (0.1, 3.0):
            memory = NTM(vary(initial_memory=choice, initial_value=largest)).initial_state(B).memory
            assert (memory[0] == memory[1]).all()
            assert 0.9 * largest < memory.max() <= largest
            assert -largest <= memory.min() < -0.9 * largest
    assert (NTM(vary(initial_memory="learned", initial_value=0.0)).initial_state(B).memory == 0).all()


# Memory of any size


@pytest.mark.parametrize("initial_weights", ["first-row", "spaced", "uniform"])
@pytest.mark.parametrize("rows", [1, 2, 37])
def test_memory_size_is_chosen_at_call_time(rows, initial_weights):
    """A call's `memory_size` gives what a machine configured with it, and the same weights, would give."""
    model = make(vary(initial_weights=initial_weights))
    built_so = make(vary(initial_weights=initial_weights, memory_size=rows), seed=9)
    built_so.load_state_dict(model.state_dict())
    assert model.free_memory_size
    logits, state = model(sequence(), memory_size=rows)
    expected, expected_state = built_so(sequence())
    assert state.memory.shape == (B, rows, 11)
    torch.testing.assert_close(logits, expected)
    torch.testing.assert_close(state, expected_state)
    assert model(sequence())[1].memory.shape == (B, 13, 11)


def test_a_state_brings_its_memory_size():
    model = make()
    whole, _ = model(sequence(), memory_size=37)
    first, state = model(sequence()[:, :2], memory_size=37)
    second, end = model(sequence()[:, 2:], state)
    assert end.memory.shape == (B, 37, 11)
    torch.testing.assert_close(torch.cat([first, second], dim=1), whole)
    again, _ = model(sequence()[:, 2:], state, memory_size=37)
    torch.testing.assert_close(again, second)


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"initial_weights": "learned"}, "initial_weights 'learned'"),
        ({"initial_weights": "random"}, "initial_weights 'random'"),
        ({"initial_memory": "learned"}, "initial_memory 'learned'"),
        ({"initial_memory": "random"}, "initial_memory 'random'"),
    ],
)
def test_a_machine_with_a_part_for_every_row_says_that_its_size_is_fixed(changes, named):
    model = make(vary(**changes))
    assert not model.free_memory_size
    expected = f"memory_size 37: this machine has {named}.*13 rows; leave memory_size at 13"
    with pytest.raises(ValueError, match=expected):
        model(sequence(), memory_size=37)
    with pytest.raises(ValueError, match=expected):
        model.initial_state(B, 37)
    torch.testing.assert_close(model(sequence(), memory_size=13), model(sequence()))


# Cut off and moved


@pytest.mark.parametrize("controller", ["feed-forward", "lstm"])
def test_a_detached_state_ends_the_way_back(controller):
    """Truncated backpropagation: a second backward pass does not enter what was before."""
    model = make(vary(controller=controller))
    first, second = sequence().requires_grad_(), sequence(seed=2).requires_grad_()
    logits, state = model(first)
    logits.sum().backward()
    before = first.grad.clone()
    cut = state.detach()
    torch.testing.assert_close(cut, state, rtol=0, atol=0)
    assert isinstance(cut, NTMState)
    assert not any(part.requires_grad for part in cut.tensors())
    model(second, cut)[0].sum().backward()
    assert torch.equal(first.grad, before)
    assert second.grad.any()
    with pytest.raises(RuntimeError, match="backward through the graph a second time"):
        model(second, state)[0].sum().backward()


@pytest.mark.parametrize("controller", ["feed-forward", "lstm"])
def test_a_state_moves_to_another_precision_and_device(controller):
    model = make(vary(controller=controller))
    state = model(sequence())[1]
    single = state.to(torch.float32)
    assert isinstance(single, NTMState)
    assert {part.dtype for part in single.tensors()} == {torch.float32}
    model.float()(sequence().float(), single)
    assert {part.device.type for part in state.to("meta").tensors()} == {"meta"}
    assert len(state.tensors()) == (5 if controller == "lstm" else 3)
    assert {part.dtype for part in state.to(device="cpu", dtype=torch.float16).tensors()} == {torch.float16}


def test_a_state_on_its_way_to_another_precision_keeps_its_past():
    inputs = sequence().requires_grad_()
    make()(inputs)[1].to(torch.float32).memory.sum().backward()
    assert inputs.grad.any()


def test_a_memory_that_no_computer_holds_is_refused_before_weightings_are_made(monkeypatch):
    made = []
    monkeypatch.setattr(states, "first_weights", lambda *arguments: made.append(arguments))
    with pytest.raises(RuntimeError, match=r"allocate memory|not enough memory|overflow"):
        states.initial_state(make(SMALL), B, 10**15)
    assert not made
