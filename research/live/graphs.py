"""The library's equations as ONNX graphs: a machine's step, the state that it starts from, and the addressing.

Weights are inputs of a graph, so that all machines of one shape, and all moments of a training, share one graph.
"""

import logging
import warnings
from collections.abc import Callable
from typing import Any

import onnx
import torch
from torch import Tensor, nn
from torch.func import functional_call

from ntm_lib.machine import NTM, NTMState, addressing
from ntm_lib.machine.state import initial_state
from ntm_lib.machine.step import PLAIN, advance

ROWS_TRACED = 37
"""Rows of the memory with which a graph is traced; a graph of a machine of any size works with any number of them."""
STATE = ("memory", "weights", "reads", "h", "c")
"""Names of the parts of a state among inputs and outputs; the last two of an LSTM controller only."""


class Stepping(nn.Module):
    """One time step by the equations as printed: x (1, input) and a state -> logits, the next state, and all gates."""

    def __init__(self, machine: NTM):
        super().__init__()
        self.machine = machine

    def forward(self, x: Tensor, state: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        """Return logits (1, output), the parts of the next state, and g (1, A)."""
        memory, weights, reads, *controller = state
        step = advance(self.machine, x, NTMState(memory, weights, reads, tuple(controller)), PLAIN)
        return self.machine.output(step.features), *step.state.tensors(), step.emission.g


class Starting(nn.Module):
    """The state before the first step, for a tape of some rows (N), of which the values do not matter."""

    def __init__(self, machine: NTM):
        super().__init__()
        self.machine = machine

    def forward(self, tape: Tensor) -> tuple[Tensor, ...]:
        """Return the parts of the state."""
        return initial_state(self.machine, 1, tape.shape[0]).tensors()


class Addressing(nn.Module):
    """All stages of one head's addressing (Eqs. 5-9), with shares of the shifts that need not add up to 1."""

    def forward(self, memory: Tensor, w_previous: Tensor, key: Tensor, *told: Tensor) -> tuple[Tensor, ...]:
        """Return the cosine similarity (Eq. 6), the four weightings, and the shifts that were used."""
        beta, g, shares, gamma = told
        s = shares / shares.sum(-1, keepdim=True)
        stages = addressing.address(memory, w_previous, key, beta, g, s, gamma)
        return addressing.cosine_similarity(memory, key), *stages, s


class WithWeights(nn.Module):
    """A module of a machine whose weights are arguments, in the order of `weights_of`."""

    def __init__(self, module: nn.Module, machine: NTM):
        super().__init__()
        self.module, self.names = module, [f"machine.{name}" for name in weights_of(machine)]

    def forward(self, weights: tuple[Tensor, ...], *arguments: Any) -> Any:
        """Return what the module makes of the arguments with these weights."""
        return functional_call(self.module, dict(zip(self.names, weights, strict=True)), arguments)


def weights_of(machine: NTM) -> dict[str, Tensor]:
    """All numbers of a machine by name: what it learned, and what it was given."""
    return {name: part.detach() for name, part in [*machine.named_parameters(), *machine.named_buffers()]}


def step_graph(machine: NTM) -> bytes:
    """The graph of a step: weights, x, state -> logits, state, gates."""
    state = machine.initial_state(1, _rows(machine)).detach().tensors()
    x = torch.zeros(1, machine.config.input_size)
    names = STATE[: len(state)]
    sizes = {"memory": 1, "weights": 2}  # the axes along which rows stand
    shapes = ({}, tuple(_any_rows(machine, sizes.get(name)) for name in names))
    outputs = ["logits", *(f"next_{name}" for name in names), "gates"]
    return _exported(machine, Stepping(machine), (x, state), shapes, ["x", *names], outputs)


def start_graph(machine: NTM) -> bytes:
    """The graph of the first state: weights, a tape of some rows -> state."""
    tape = torch.zeros(_rows(machine) or machine.config.memory_size)
    names = [f"first_{name}" for name in STATE[: len(machine.initial_state(1).tensors())]]
    return _exported(machine, Starting(machine), (tape,), (_any_rows(machine, 0),), ["tape"], names)


def address_graph(slots: int, numbers: int) -> bytes:
    """The graph of `Addressing` for one head over some slots of some numbers each."""
    shapes = (1, slots, numbers), (1, 1, slots), (1, 1, numbers), (1, 1), (1, 1), (1, 1, 3), (1, 1)
    arguments = tuple(map(torch.ones, shapes))  # each its own: one tensor for two arguments would be one input
    inputs = ["memory", "w_previous", "key", "beta", "g", "shares", "gamma"]
    return _graph(Addressing(), arguments, None, inputs, ["similarity", "w_c", "w_g", "w_s", "w", "s"])


def _rows(machine: NTM) -> int | None:
    return ROWS_TRACED if machine.free_memory_size else None


def _any_rows(machine: NTM, axis: int | None) -> dict[int, Any]:
    """Say along which axis of a tensor the number of rows is free."""
    if axis is None or not machine.free_memory_size:
        return {}
    return {axis: torch.export.Dim("rows", min=2)}


def _exported(
    machine: NTM, module: nn.Module, arguments: tuple, shapes: tuple, inputs: list[str], outputs: list[str]
) -> bytes:
    weights = weights_of(machine)
    free = {"weights": tuple({} for _ in weights), "arguments": shapes}
    given = WithWeights(module.eval(), machine)
    return _graph(given, (tuple(weights.values()), *arguments), free, [*weights, *inputs], outputs)


def _graph(module: nn.Module, arguments: tuple, free: Any, inputs: list[str], outputs: list[str]) -> bytes:
    """Trace a module and return its graph without the notes that say which line of Python made a node."""
    export: Callable[..., Any] = torch.onnx.export
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", (FutureWarning, DeprecationWarning))  # of the exporter itself
        names = {"input_names": inputs, "output_names": outputs}
        model = export(module, arguments, dynamo=True, verbose=False, dynamic_shapes=free, **names).model_proto
    onnx.checker.check_model(model)
    graph = model.graph
    for number, node in enumerate(graph.node):
        node.name = str(number)
        node.ClearField("metadata_props")
        node.ClearField("doc_string")
    for part in (*graph.input, *graph.output, *graph.initializer):
        part.ClearField("metadata_props")
    graph.ClearField("value_info")
    graph.ClearField("metadata_props")
    model.ClearField("metadata_props")
    return bytes(model.SerializeToString(deterministic=True))
