"""One time step of a machine, and the loop over it. A step is written once and is handed its equations."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Tensor

from ntm_lib.machine import addressing, fast, memory
from ntm_lib.machine.heads import Emission
from ntm_lib.machine.state import NTMState

if TYPE_CHECKING:
    from ntm_lib.machine.ntm import NTM


class Equations(NamedTuple):
    """The equations that a step computes with."""

    address: Callable[..., addressing.Stages]  # Eqs. 5-9
    read: Callable[..., Tensor]  # Eq. 2
    write: Callable[..., Tensor]  # Eqs. 3 and 4

    def in_a(self, crowd: float) -> "Equations":
        """The equations by which rows are found by content as on a longer tape (`addressing.crowded`)."""
        return self if crowd == 1 else self._replace(address=partial(self.address, crowd=crowd))


PLAIN = Equations(addressing.address, memory.read, memory.write)  # the equations as the paper prints them
FAST = Equations(fast.address, fast.read, fast.write)  # the equations with derivatives written out


class Step(NamedTuple):
    """Everything that one time step made."""

    h: Tensor  # (B, hidden)  the controller's output
    emission: Emission
    stages: addressing.Stages
    features: Tensor  # (B, features)  the input of the output layer
    state: NTMState


def advance(machine: "NTM", x: Tensor, state: NTMState, equations: Equations) -> Step:
    """One step up to the input of the output layer: x (B, input), state -> `Step`."""
    h, controller = machine.controller(torch.cat([x, state.reads.flatten(1)], dim=-1), state.controller)
    emission = machine.heads(h)
    previous = machine.heads.previous(state.weights)
    stages = equations.address(state.memory, previous, *emission[:5])  # key, beta, g, s, gamma
    writing, reading = machine.heads.writing(stages.w), machine.heads.reading(stages.w)
    tape = equations.write(state.memory, writing, emission.erase, emission.add)
    reads = equations.read(tape, reading)
    parts = {"hidden": [h], "reads": [reads.flatten(1)]}.get(machine.config.output_from, [h, reads.flatten(1)])
    features = torch.cat(parts, dim=-1)
    return Step(h, emission, stages, features, NTMState(tape, stages.w, reads, controller))


def next_features(machine: "NTM", x: Tensor, state: NTMState, equations: Equations) -> tuple[Tensor, NTMState]:
    """Features (B, features) and state after one step."""
    step = advance(machine, x, state, equations)
    return step.features, step.state


def run(
    machine: "NTM", inputs: Tensor, state: NTMState, history: list[NTMState] | None, equations: Equations
) -> tuple[Tensor, NTMState]:
    """The loop over steps: inputs (B, T, input) -> features (B, T, features), and the state after the last step."""
    if history is not None or not torch.is_inference_mode_enabled():
        features = []
        for feature, after in steps(machine, inputs, state, equations):
            features.append(feature)
            if history is not None:
                history.append(after)
        return torch.stack(features, dim=1), after
    return fast.run_in_place(machine, inputs, state, equations, steps)  # no earlier step is looked at again


def steps(machine: "NTM", inputs: Tensor, state: NTMState, equations: Equations) -> Iterator[tuple[Tensor, NTMState]]:
    """Features and state after every step of inputs (B, T, input)."""
    following = next_features if machine.compiled is None else machine.compiled
    # Each step is laid out like a batch of its own: a compiled step would be compiled anew for every T otherwise.
    for x in inputs.transpose(0, 1).clone(memory_format=torch.contiguous_format).unbind():
        features, state = following(machine, x, state, equations)
        yield features, state
