"""A machine of one's own in the place of `NTM`: a module that is made from a config and has the NTM's weights by name.

It has `config`, `controller`, `heads`, `output` and `initial_state` as the NTM has them; and
`forward(inputs, state, memory_size, history)`, with `crowd` too where a recipe validates in a crowd. It begins with the
NTM's first weights of its seed. Such machines share no passes of training, and `load` finds an `NTM` in a saved run.
Training and evaluation call such a machine as they call an `NTM`. Where they look at single steps, they look at the NTM
that has its weights (`seen_into`).
"""

from collections.abc import Callable, Iterator
from inspect import signature
from typing import Any, cast

from torch import Generator, nn

from ntm_lib.machine.baseline import LSTMBaseline
from ntm_lib.machine.config import NTMConfig
from ntm_lib.machine.ntm import NTM

Maker = Callable[[NTMConfig], nn.Module]
"""A function that makes a machine from its config, or a class of modules."""
PARTS = "config", "controller", "heads", "output", "initial_state"
"""Parts that training needs of a machine, beside `forward`."""


def own_machine(make: Maker, first: NTM) -> NTM:
    """The machine that `make` makes from the config of an NTM, with the weights of that NTM by name.

    Raises TypeError for what is no module or lacks a part that training asks for, ValueError for weights of other names
    or shapes than the NTM's.
    """
    machine = make(first.config)
    if not isinstance(machine, nn.Module):
        raise TypeError(f"machine makes {type(machine).__name__}: expected a torch.nn.Module")
    for part in PARTS:
        if not hasattr(machine, part):
            raise TypeError(f"{type(machine).__name__} has no {part}: expected {', '.join(PARTS)} and forward")
    give_weights(first, machine)
    return cast(NTM, machine)


def seen_into(machine: Any) -> NTM | None:
    """The NTM whose steps are those of a machine: itself, or one with its weights; None for weights that no NTM has."""
    if isinstance(machine, NTM):
        return machine
    if not isinstance(getattr(machine, "config", None), NTMConfig):
        return None
    twin = NTM(machine.config, Generator())
    if any(differing_weights(machine, twin)):
        return None
    twin.load_state_dict(machine.state_dict())
    return twin.to(machine.output.weight)


def give_weights(giver: nn.Module, taker: nn.Module) -> None:
    """Copy all weights of one machine to another by name; ValueError, in one line, where names or shapes differ."""
    for difference in differing_weights(giver, taker):
        raise ValueError(difference)
    taker.load_state_dict(giver.state_dict())


def differing_weights(giver: nn.Module, taker: nn.Module) -> Iterator[str]:
    """In a sentence each: the weights that one of two machines has not, or has in another shape."""
    shapes = [{name: tuple(one.shape) for name, one in each.state_dict().items()} for each in (giver, taker)]
    for name in dict.fromkeys([*shapes[0], *shapes[1]]):
        given, taken = (each.get(name) for each in shapes)
        if given != taken:
            held = f"no weights {name}" if taken is None else f"weights {name} of shape {taken}"
            wanted = "none of that name" if given is None else f"them of shape {given}"
            yield f"{type(taker).__name__} has {held}: {type(giver).__name__} has {wanted}"


def takes_crowd(machine: nn.Module) -> bool:
    """Whether the forward of a machine takes a `crowd`, as the NTM's does and that of one's own need not."""
    return not isinstance(machine, LSTMBaseline) and "crowd" in signature(machine.forward).parameters
