"""What a caller may change without changing the machine or another sequence, and what is differentiated in batches."""

import pytest
import torch

from ntm_lib import NTM, NTMConfig, evaluate, recipes, train

STARTS = [
    {},
    {"initial_memory": "learned-row"},
    {"initial_memory": "learned", "initial_weights": "learned"},
    {"initial_memory": "random", "initial_value": 0.5, "initial_weights": "random"},
    {"controller": "lstm", "controller_size": 7, "initial_reads": "memory"},
]


@pytest.mark.parametrize("start", STARTS, ids=lambda start: "-".join(map(str, start.values())) or "constant")
def test_a_first_state_may_be_changed_in_place(start):
    machine = NTM(NTMConfig(5, 3, memory_size=11, word_size=13, **start))
    before = {name: values.clone() for name, values in machine.state_dict().items()}
    with torch.inference_mode():
        state, untouched = machine.initial_state(4), machine.initial_state(4)
        for part in state.tensors():
            part[0] = 7
    for part, expected in zip(state.tensors(), untouched.tensors(), strict=True):
        assert torch.equal(part[1:], expected[1:])
    assert all(torch.equal(values, before[name]) for name, values in machine.state_dict().items())


def test_a_first_state_under_autocast_is_one_that_the_machine_takes():
    machine = NTM(NTMConfig(5, 3, memory_size=11, word_size=13, initial_reads="memory"))
    with torch.autocast("cpu", dtype=torch.bfloat16):
        logits, _ = machine(torch.zeros(2, 3, 5), machine.initial_state(2))
    assert logits.dtype == torch.float32


@pytest.mark.parametrize("writers", [1, 2])
def test_gradients_come_in_batches_too(writers):
    machine = NTM(NTMConfig(5, 3, memory_size=11, word_size=13, write_heads=writers)).double()
    x = torch.randn(1, 2, 5, dtype=torch.float64, generator=torch.Generator().manual_seed(3))
    one_by_one, batched = (
        torch.autograd.functional.jacobian(lambda inputs: machine(inputs)[0], x, vectorize=vectorize)
        for vectorize in (False, True)
    )
    torch.testing.assert_close(batched, one_by_one)


@pytest.mark.parametrize("backend", ["eager", "eager_debug"])
def test_a_backend_with_wrong_second_derivatives_is_refused(backend):
    with pytest.raises(ValueError, match=f"backend is '{backend}': expected one that compiles"):
        NTM(NTMConfig(5, 3)).compile_step(backend=backend)


def test_a_device_without_numbers_is_refused_where_numbers_are_wanted():
    with pytest.raises(ValueError, match="device is 'meta': expected one that is here, such as cpu, and holds numbers"):
        evaluate(NTM(NTMConfig(5, 3)), [3], 2, device="meta")
    with pytest.raises(ValueError, match="device is 'meta': expected one that is here, such as cpu, and holds numbers"):
        train(recipes.reliable, device="meta")
