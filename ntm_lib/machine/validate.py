"""What is wrong with a configuration, an input or a state, in one line that names the value and the remedy."""

from collections.abc import Mapping
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any, Literal, get_args, get_origin, get_type_hints

import torch
from torch import Tensor

from ntm_lib.machine.state import NTMState

if TYPE_CHECKING:
    from ntm_lib.machine.config import NTMConfig

MOST = 2**31 - 1  # the largest size of anything: no computer holds a memory of so many rows
MOST_SEEDS = 2**32  # seeds that a training or an evaluation accepts


def whole_number(name: str, value: Any) -> int:
    """A size as an int; TypeError for a value that is no integer, ValueError for one below 1 or above `MOST`."""
    return int(number(name, value, int, 1, MOST))


def number(name: str, value: Any, kind: type, least: float, most: float) -> float:
    """A number as an int or a float; TypeError for a value of another kind, ValueError for one out of bounds."""
    wanted: Any = Integral if kind is int else Real
    if isinstance(value, bool) or not isinstance(value, wanted):
        raise TypeError(f"{name} is {value!r}: expected a {'whole number' if kind is int else 'number'}")
    if not least <= value <= most:
        nan = f"a number from {least} to {most}"  # NaN is neither below nor above the bounds
        expected = f"at least {least}" if value < least else f"at most {most}" if value > most else nan
        raise ValueError(f"{name} is {value}: expected {expected}")
    return float(value) if kind is float else int(value)


def fields(config: Any, limits: Mapping[str, tuple[float, float]], others: tuple[float, float]) -> None:
    """Check the fields of a dataclass by their types; `limits` has bounds of numbers by name, all `others` one pair.

    Raises TypeError for a value of the wrong type, ValueError for one out of bounds and for an unknown choice.
    """
    for name, kind in get_type_hints(type(config)).items():
        value = getattr(config, name)
        if get_origin(kind) is Literal and value not in get_args(kind):
            raise ValueError(f"{name} is {value!r}: expected one of {', '.join(map(repr, get_args(kind)))}")
        if kind is str and not isinstance(value, str):
            raise TypeError(f"{name} is {value!r}: expected a word")
        if kind in (int, float):
            object.__setattr__(config, name, number(name, value, kind, *limits.get(name, others)))


def crowd(value: Any, dtype: torch.dtype = torch.float32) -> float:
    """How many times as long a tape heads must find rows on, as a number that a machine of that dtype can hold.

    TypeError for no number, ValueError for one below 1 or above the largest.
    """
    return number("crowd", value, float, 1, min(MOST, torch.finfo(dtype).max))


def seed(value: Any) -> int:
    """A seed as it is; ValueError for anything but a whole number below `MOST_SEEDS`."""
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < MOST_SEEDS:
        raise ValueError(f"seed is {value!r}: expected a whole number from 0 to {MOST_SEEDS - 1}")
    return value


def device(name: Any) -> torch.device:
    """The device of that name (None: the CPU); ValueError for one that there is not, or that holds no numbers."""
    try:
        found = torch.device("cpu" if name is None else name)
        torch.zeros(1, device=found).item()
    except (RuntimeError, AssertionError, TypeError) as error:
        raise ValueError(f"device is {name!r}: expected one that is here, such as cpu, and holds numbers") from error
    return found


def machine(value: Any) -> None:
    """TypeError for a thing without what every machine has: the widths of its input and output, and an output layer."""
    config = getattr(value, "config", None)
    if not (hasattr(config, "input_size") and hasattr(config, "output_size") and hasattr(value, "output")):
        raise TypeError(f"machine is {type(value).__name__}: expected an NTM or an LSTMBaseline")


def rows(memory_size: int | None, config: "NTMConfig") -> int:
    """The number of rows of a call; TypeError or ValueError for a number that the machine cannot run with."""
    wanted = config.memory_size if memory_size is None else whole_number("memory_size", memory_size)
    if wanted != config.memory_size and config.tied_parts:
        name, choice = next(iter(config.tied_parts.items()))
        raise ValueError(
            f"memory_size {wanted}: this machine has {name} {choice!r}, one entry for each of its"
            f" {config.memory_size} rows; leave memory_size at {config.memory_size}"
        )
    return wanted


def call(inputs: Any, axes: str, state: Any, memory_size: int | None, config: "NTMConfig", weights: Tensor) -> int:
    """The number of rows of a call; TypeError or ValueError for inputs or a state that the machine cannot take.

    `axes` names the axes of the inputs; only a whole sequence may come without a state.
    """
    if not isinstance(inputs, Tensor):
        raise TypeError(f"inputs are {type(inputs).__name__}: expected a tensor of shape {axes}")
    if inputs.ndim != axes.count(",") + 1 or 0 in inputs.shape:
        raise ValueError(f"inputs have shape {tuple(inputs.shape)}: expected {axes}, with no empty side")
    if inputs.shape[-1] != config.input_size:
        raise ValueError(f"inputs are {inputs.shape[-1]} wide: this machine has input_size {config.input_size}")
    like("inputs are", inputs, weights)
    if state is None and "time" in axes:
        return rows(memory_size, config)
    if not isinstance(state, NTMState):
        raise TypeError(f"state is {type(state).__name__}: expected the NTMState that the last call returned")
    require_tensors(state)
    held = state.memory.shape[1] if state.memory.ndim == 3 else config.memory_size
    if memory_size is not None and whole_number("memory_size", memory_size) != held:
        raise ValueError(f"memory_size {memory_size}: the state passed in already has {held} rows; leave it out")
    require_shapes(state, len(inputs), held, config)
    for tensor in state.tensors():
        like("state is", tensor, weights)
    return rows(held, config)


def require_tensors(state: NTMState) -> None:
    """TypeError for a state with a part that is no tensor, or no tuple of tensors for the controller's."""
    for name, part in zip(NTMState._fields, state, strict=True):
        parts = part if name == "controller" else (part,)
        if not (isinstance(parts, tuple) and all(isinstance(one, Tensor) for one in parts)):
            raise TypeError(f"state has {name} {type(part).__name__}: pass the state that the last call returned")


def history(value: Any) -> None:
    """TypeError for a history that nothing can be appended to."""
    if value is not None and not hasattr(value, "append"):
        raise TypeError(f"history is {type(value).__name__}: expected a list, to which states are appended")


def require_shapes(state: NTMState, batch_size: int, held: int, config: "NTMConfig") -> None:
    """ValueError for a state of another batch or another machine."""
    hidden = (batch_size, config.controller_size)
    expected = (
        (batch_size, held, config.word_size),
        (batch_size, config.addressing_heads, held),
        (batch_size, config.read_heads, config.word_size),
        (hidden, hidden) if config.controller == "lstm" else (),
    )
    shapes = state.each(lambda part: tuple(part.shape))
    for name, given, wanted in zip(NTMState._fields, shapes, expected, strict=True):
        if given != wanted:
            raise ValueError(f"state has {name} of shape {given}, this call {wanted}: pass the state of its last step")


def like(subject: str, values: Tensor, weights: Tensor) -> None:
    """TypeError for numbers of another dtype than a machine's weights, ValueError for numbers on another device."""
    if values.dtype != weights.dtype:
        raise TypeError(f"{subject} {values.dtype}: expected {weights.dtype}, as the machine's weights; use .to(...)")
    if values.device != weights.device:
        raise ValueError(f"{subject} on {values.device} and the machine on {weights.device}: move one with .to(...)")
