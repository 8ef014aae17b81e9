"""Machines on their way elsewhere: copied, averaged, pickled, compiled, exported."""

import copy
import pickle
from pathlib import Path

import onnxruntime
import pytest
import torch
from machines import make, pairs, sequence, vary
from torch.func import functional_call
from torch.optim.swa_utils import AveragedModel

from ntm_lib import NTM, NTMConfig, load, tasks
from ntm_lib.machine import NTMState
from ntm_lib.machine.stack import stack

DATA = Path(__file__).parents[2] / "data" / "machines"

ONE_HEAD = {"read_heads": 1, "write_heads": 1}
QUIET = "ignore:The .grad attribute of a Tensor", "ignore:.*should not be instantiated:DeprecationWarning"
"""Two warnings that torch.compile gives by itself."""


@pytest.fixture
def compiler():
    """Traces a step and its derivative and runs them as they are, so that no compiler is needed; then forgets them."""
    torch.compiler.reset()
    yield {"backend": "aot_eager", "fullgraph": True}
    torch.compiler.reset()


def average(machine):
    """A running average of a machine's weights, as training keeps one."""
    averaged = AveragedModel(machine)
    averaged.update_parameters(machine)
    return averaged.module


def pickled(machine):
    return pickle.loads(pickle.dumps(machine))


# Copies


@pytest.mark.filterwarnings(*QUIET)
@pytest.mark.parametrize("way", [copy.deepcopy, pickled, average], ids=lambda way: way.__name__)
@pytest.mark.parametrize(("controller", "compiled"), [("lstm", False), ("feed-forward", True)])
def test_a_copy_computes_with_weights_of_its_own(controller, compiled, way, compiler):
    """Its gradients land in itself."""
    original = make(vary(controller=controller, **ONE_HEAD))
    if compiled:
        original.compile_step(**compiler)
    expected, _ = original(sequence())
    other = way(original)
    torch.testing.assert_close(other(sequence())[0], expected)
    other(sequence())[0].square().mean().backward()
    assert all(parameter.grad is None for parameter in original.parameters())
    assert all(parameter.grad.any() for parameter in other.parameters())
    with torch.no_grad():
        for parameter in other.parameters():
            parameter.mul_(0.5)
    fresh = NTM(original.config).double()
    fresh.load_state_dict(other.state_dict())
    torch.testing.assert_close(other(sequence()), fresh(sequence()))
    torch.testing.assert_close(original(sequence())[0], expected)
    if compiled:
        other.compile_step(**compiler)
        torch.testing.assert_close(other(sequence()), fresh(sequence()))


@pytest.mark.parametrize("controller", ["feed-forward", "lstm"])
def test_a_state_is_pickled_and_copied(controller):
    machine = make(vary(controller=controller))
    with torch.no_grad():
        _, state = machine(sequence())
    for again in (pickled(state), copy.deepcopy(state)):
        torch.testing.assert_close(again, state, rtol=0, atol=0)
        torch.testing.assert_close(machine(sequence(), again), machine(sequence(), state))


# Compiled


@pytest.mark.slow
@pytest.mark.filterwarnings(*QUIET)
@pytest.mark.parametrize("changes", [{"controller": "lstm", **ONE_HEAD}, pairs("shared-previous")], ids=str)
def test_a_compiled_step_is_the_step(changes, compiler):
    """Logits, states and gradients; for another length of the inputs; and for a stack of machines."""
    plain = make(vary(**changes))
    compiled = copy.deepcopy(plain)
    compiled.compile_step(**compiler)
    for steps in (4, 7):
        for model in (plain, compiled):
            logits, state = model(sequence(steps=steps))
            (logits.square().sum() + state.memory.sum()).backward()
        torch.testing.assert_close(compiled(sequence(steps=steps)), plain(sequence(steps=steps)))
    for (name, expected), parameter in zip(plain.named_parameters(), compiled.parameters(), strict=True):
        torch.testing.assert_close(parameter.grad, expected.grad, msg=name)
    group = [make(vary(**changes), seed) for seed in range(3)]
    blocks = torch.stack([sequence(seed=seed) for seed in range(3)])
    expected = torch.cat([model(block)[0] for model, block in zip(group, blocks, strict=True)])
    together, _ = functional_call(compiled, stack(group), (blocks.flatten(0, 1),))
    torch.testing.assert_close(together, expected)


@pytest.mark.filterwarnings(*QUIET)
def test_torch_compile_takes_one_step(compiler):
    machine = make(dtype=torch.float32)
    step = torch.compile(machine.step, **compiler)
    x, state = sequence(dtype=torch.float32)[:, 0], machine.initial_state(2)
    torch.testing.assert_close(step(x, state), machine.step(x, state))


@pytest.mark.filterwarnings(*QUIET)
def test_it_is_traced_when_it_is_first_called(compiler):
    """And not before: a machine may be moved, or its weights loaded, after `compile_step`."""
    traced = []

    def watched(graph, inputs):
        traced.append(graph)
        return graph

    machine = make()
    machine.compile_step(backend=watched)
    assert not traced
    machine.float()
    with torch.no_grad():
        assert machine(sequence(dtype=torch.float32))[0].dtype == torch.float32
    assert traced


# Exported


class StepOf(torch.nn.Module):
    """One step with a state of tensors in a row, as ONNX has them."""

    def __init__(self, machine):
        super().__init__()
        self.machine = machine

    def forward(self, x, memory, weights, reads, *controller):
        y, state = self.machine.step(x, NTMState(memory, weights, reads, controller))
        return y, *state.tensors()


def exported(machine, path):
    """A step of a machine as onnxruntime runs it: takes and returns NumPy arrays."""
    example = torch.zeros(1, machine.config.input_size), *machine.initial_state(1).detach().tensors()
    torch.onnx.export(StepOf(machine).eval(), example, path, dynamo=True, verbose=False)
    session = onnxruntime.InferenceSession(path)
    names = [one.name for one in session.get_inputs()]
    return lambda *values: session.run(None, dict(zip(names, values, strict=True)))


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::DeprecationWarning")  # of the exporter itself
@pytest.mark.parametrize("kind", ["trained", "lstm"])
def test_an_exported_step_copies_three_vectors(kind, tmp_path):
    """Step by step, with the state handed over; a trained machine's bits come back right."""
    if kind == "trained":
        machine, _ = load(DATA / "backwards")
    else:
        machine = make(NTMConfig(10, 8, 31, 5, 2, 2, "lstm", 17, initial_weights="spaced"), dtype=torch.float32)
    batch = tasks.copy(1, 3, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        expected, end = machine(batch.inputs)
        start = machine.initial_state(1).detach()
    step = exported(machine, tmp_path / "step.onnx")
    state, answers = [part.numpy() for part in start.tensors()], []
    for x in batch.inputs.unbind(1):
        y, *state = step(x.numpy(), *state)
        answers.append(torch.from_numpy(y))
    logits = torch.stack(answers, 1)
    torch.testing.assert_close(logits, expected, rtol=1e-3, atol=1e-3)
    for found, kept in zip(state, end.tensors(), strict=True):
        torch.testing.assert_close(torch.from_numpy(found), kept, rtol=1e-3, atol=1e-3)
    if kind == "trained":
        assert torch.equal((logits > 0)[:, 5:], batch.targets[:, 5:] > 0)
