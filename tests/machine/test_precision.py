"""Other precisions and other devices: double, half, autocast, meta, and where new tensors are made."""

import pytest
import torch
from machines import B, make, sequence, vary
from torch.utils._python_dispatch import TorchDispatchMode

from ntm_lib.machine import NTM, LSTMBaseline, LSTMConfig

every_machine = pytest.mark.parametrize(
    "changes",
    [
        {"controller": controller, "initial_memory": memory, **heads}
        for controller, memory in (("feed-forward", "constant"), ("lstm", "learned"))
        for heads in ({}, {"read_heads": 1, "write_heads": 1})
    ],
    ids=str,
)
every_start = pytest.mark.parametrize(
    "changes",
    [{"initial_weights": weights} for weights in ("spaced", "uniform", "random")]
    + [{"initial_memory": memory} for memory in ("learned-row", "random")]
    + [{"initial_reads": "memory"}, {"weightings": "shared-previous"}],
    ids=str,
)
every_call = pytest.mark.parametrize("call", ["forward", "step"])


def run(machine, inputs, call="forward"):
    """Logits (B, T, output) and the last state, by `forward` or by the loop over `step`."""
    if call == "forward":
        return machine(inputs)
    state, logits = machine.initial_state(len(inputs)), []
    for x in inputs.unbind(1):
        y, state = machine.step(x, state)
        logits.append(y)
    return torch.stack(logits, 1), state


def gradients(machine, inputs, call):
    """Everything that a training step makes: logits, state and gradients, of inputs too."""
    leaf = inputs.clone().requires_grad_()
    logits, state = run(machine, leaf, call)
    torch.nn.functional.binary_cross_entropy_with_logits(logits, torch.ones_like(logits)).backward()
    learned = [parameter.grad for parameter in machine.parameters() if parameter.grad is not None]
    assert len(learned) > 4
    return [logits, *state.tensors(), leaf.grad, *learned]


# Precision


@pytest.mark.parametrize("dtype", [torch.float64, torch.float16, torch.bfloat16], ids=str)
@every_call
@every_machine
def test_a_machine_computes_in_the_precision_of_its_weights(changes, call, dtype):
    machine = make(vary(**changes), dtype=torch.float32)
    expected, _ = run(machine, sequence(dtype=torch.float32), call)
    found = gradients(machine.to(dtype), sequence(dtype=torch.float32).to(dtype), call)
    assert {tensor.dtype for tensor in found} == {dtype}
    assert all(tensor.isfinite().all() for tensor in found)
    torch.testing.assert_close(found[0].float(), expected, rtol=0.1, atol=0.1)


@pytest.mark.parametrize("method", ["double", "half", "bfloat16", "float"])
def test_the_methods_of_a_module_change_the_precision(method):
    machine = getattr(make(dtype=torch.float32), method)()
    assert machine(sequence(dtype=machine.output.weight.dtype))[0].dtype == machine.output.weight.dtype


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16], ids=str)
@every_start
def test_a_new_machine_is_finite_in_half_precision(changes, dtype):
    """Weights that are exactly zero and a memory of zeros are where most machines start."""
    machine = NTM(vary(**changes)).to(dtype)
    assert all(tensor.isfinite().all() for tensor in gradients(machine, sequence(dtype=dtype), "forward"))


@every_call
@every_machine
def test_autocast_changes_no_number_of_a_machine(changes, call):
    """Small weights squared and products of many weightings are beyond a short mantissa."""
    machine, inputs = make(vary(**changes), dtype=torch.float32), sequence(dtype=torch.float32)
    expected = gradients(machine, inputs, call)
    machine.zero_grad()
    with torch.autocast("cpu", torch.bfloat16):
        assert (inputs @ inputs.mT).dtype == torch.bfloat16
        logits, state = run(machine, inputs, call)
        assert torch.is_autocast_enabled("cpu")
    torch.nn.functional.binary_cross_entropy_with_logits(logits, torch.ones_like(logits)).backward()
    found = [logits, *state.tensors(), *(parameter.grad for parameter in machine.parameters())]
    for tensor, before in zip(
        found, [one for i, one in enumerate(expected) if i != 1 + len(state.tensors())], strict=True
    ):
        assert torch.equal(tensor, before)


@every_call
@every_machine
def test_a_backward_pass_under_autocast_is_close(changes, call):
    """Torch then multiplies matrices in bfloat16; the derivatives that are written out take it as it comes."""
    machine, inputs = make(vary(**changes), dtype=torch.float32), sequence(dtype=torch.float32)
    expected = gradients(machine, inputs, call)
    machine.zero_grad()
    with torch.autocast("cpu", torch.bfloat16):
        found = gradients(machine, inputs, call)
    for tensor, before in zip(found, expected, strict=True):
        assert tensor.dtype == torch.float32
        torch.testing.assert_close(tensor, before, rtol=0.1, atol=0.02 * before.abs().max().item())


@every_call
def test_under_autocast_inputs_of_another_precision_are_taken(call):
    """As the layers before a machine give them there."""
    machine, inputs = make(dtype=torch.float32), sequence(dtype=torch.bfloat16)
    with torch.autocast("cpu", torch.bfloat16):
        logits, state = run(machine, inputs, call)
    assert logits.dtype == state.memory.dtype == torch.float32
    assert torch.equal(logits, run(machine, inputs.float(), call)[0])


def test_autocast_of_another_device_changes_nothing():
    machine = make(dtype=torch.float32)
    with torch.autocast("cuda", torch.float16, enabled=torch.cuda.is_available()):
        assert machine(sequence(dtype=torch.float32))[0].dtype == torch.float32


# Devices


@every_call
@every_machine
def test_a_machine_on_meta_has_everything_on_meta(changes, call):
    machine = make(vary(**changes), dtype=torch.float32).to("meta")
    found = gradients(machine, sequence(dtype=torch.float32).to("meta"), call)
    assert {tensor.device.type for tensor in found} == {"meta"}
    expected = gradients(make(vary(**changes), dtype=torch.float32), sequence(dtype=torch.float32), call)
    assert [tensor.shape for tensor in found] == [tensor.shape for tensor in expected]


@every_start
def test_every_start_on_meta_is_on_meta(changes):
    machine = NTM(vary(**changes)).to("meta")
    found = gradients(machine, sequence(dtype=torch.float32).to("meta"), "forward")
    assert {tensor.device.type for tensor in found} == {"meta"}


class Devices(TorchDispatchMode):
    """Devices of all tensors that operations make meanwhile."""

    def __init__(self):
        super().__init__()
        self.seen = set()

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        made = func(*args, **(kwargs or {}))
        parts = made if isinstance(made, tuple | list) else [made]
        self.seen |= {part.device.type for part in parts if isinstance(part, torch.Tensor)}
        return made


@every_call
@every_machine
def test_no_operation_of_a_machine_on_meta_makes_a_tensor_elsewhere(changes, call):
    """Not even one that is moved, or thrown away, before anyone sees it."""
    machine = make(vary(**changes), dtype=torch.float32).to("meta")
    inputs = sequence(dtype=torch.float32).to("meta")
    with Devices() as devices:
        gradients(machine, inputs, call)
        with torch.no_grad():
            run(machine, inputs, call)
    with torch.inference_mode(), Devices() as without_autograd:
        run(machine, inputs, call)
    assert devices.seen == without_autograd.seen == {"meta"}


def test_a_default_device_builds_a_machine_there():
    with torch.device("meta"):
        for machine in (NTM(vary()), LSTMBaseline(LSTMConfig(7, 3))):
            assert {parameter.device.type for parameter in machine.parameters()} == {"meta"}


@every_start
def test_a_machine_built_on_meta_takes_the_weights_of_another(changes):
    """What a checkpoint restores is all that a machine computes with: also its first memory and weightings."""
    config = vary(**changes)
    original = make(config)
    with torch.device("meta"):
        empty = NTM(config).double()
    restored = empty.to_empty(device="cpu")
    for tensor in (*restored.parameters(), *restored.buffers()):
        tensor.data.fill_(torch.nan)
    restored.load_state_dict(original.state_dict())
    torch.testing.assert_close(restored(sequence()), original(sequence()), rtol=0, atol=0)
    with torch.device("meta"):
        assigned = NTM(config).double()
    assigned.load_state_dict(original.state_dict(), assign=True)
    torch.testing.assert_close(assigned(sequence()), original(sequence()), rtol=0, atol=0)
    assert restored.initial_state(B).memory.isfinite().all()


@pytest.mark.parametrize(("dtype", "most"), [(torch.float16, 65504.0), (torch.float32, 2**31 - 1)])
def test_a_crowd_that_the_weights_cannot_count_is_refused(dtype, most):
    machine = make(dtype=dtype)
    assert machine(sequence(dtype=dtype), crowd=most)[0].isfinite().all()
    with pytest.raises(ValueError, match=f"crowd is .*: expected at most {most}"):
        machine(sequence(dtype=dtype), crowd=2 * most)
