"""What a machine is asked to do. A task draws a `Batch`: inputs, targets, and a mask over the steps that count."""

from numbers import Integral
from typing import Literal, NamedTuple, get_args

import torch
from torch import Generator, Tensor

Kind = Literal["random", "zeros", "ones", "repeat", "alternating", "one-hot", "counting", "text"]
KINDS: tuple[str, ...] = get_args(Kind)
"""Payloads: random bits, and those that random bits never make."""

TEXT = (
    "A tape, a head and a rule: read what is here, write what comes next, move one step.  "
    "The rest is patience.  1, 2, 3, ... aaaaaaaaaaaaaaaa        (end of line)\n"
)
"""What the "text" kind spells, a byte a vector, from a random place on; it has runs of spaces and of one letter."""


class Batch(NamedTuple):
    """B sequences of T steps."""

    inputs: Tensor  # (B, T, input)
    targets: Tensor  # (B, T, output)  zero where the mask is
    mask: Tensor  # (B, T)         1 on the steps whose output counts


def payload(
    batch_size: int, length: int, width: int = 8, kind: str = "random", generator: Generator | None = None
) -> Tensor:
    """Draw what is to be copied: (B, length, width) of 0 and 1.

    Raises TypeError or ValueError for a size that is not an integer of at least 1, ValueError for an unknown kind.
    """
    batch_size, length = at_least_one("batch_size", batch_size), at_least_one("length", length)
    width = at_least_one("width", width)
    if kind not in KINDS:
        raise ValueError(f"kind is {kind!r}: expected one of {', '.join(KINDS)}")
    shape = (batch_size, length, width)
    steps = torch.arange(length)

    def bits(*size: int) -> Tensor:
        return torch.randint(0, 2, size, generator=generator).float()

    def start(below: int) -> Tensor:
        return torch.randint(0, below, (batch_size, 1), generator=generator)

    match kind:
        case "random":
            return bits(*shape)
        case "zeros":
            return torch.zeros(shape)
        case "ones":
            return torch.ones(shape)
        case "repeat":
            return bits(batch_size, 1, width).repeat(1, length, 1)
        case "alternating":
            return bits(batch_size, 2, width)[:, steps % 2]
        case "one-hot":
            return torch.eye(width)[(start(width) + steps) % width]
        case "counting":
            return number_bits(start(2 ** min(width, 62)) + steps, width)
        case "text":
            letters = torch.tensor(list(TEXT.encode()))
            return number_bits(letters[(start(len(letters)) + steps) % len(letters)], width)


def at_least_one(name: str, value: int) -> int:
    """A size as an int; TypeError for what is no integer, ValueError for one below 1."""
    if not isinstance(value, Integral) or isinstance(value, bool):
        raise TypeError(f"{name} is {value!r}: expected a whole number")
    if value < 1:
        raise ValueError(f"{name} is {value}: expected at least 1")
    return int(value)


def number_bits(numbers: Tensor, width: int = 8) -> Tensor:
    """The lowest `width` bits of whole numbers, least significant first: (...) -> (..., width) of 0 and 1."""
    return (numbers.unsqueeze(-1) >> torch.arange(width).clamp(max=63) & 1).float()


def bits_number(bits: Tensor) -> Tensor:
    """The whole numbers that `number_bits` spelt: (..., width) of 0 and 1 -> (...)."""
    return (bits.long() << torch.arange(bits.shape[-1])).sum(-1)


def frame_copy(bits: Tensor, start_marker: bool = True) -> Batch:
    """Put a payload (B, L, width) between its markers and ask for it back.

        step      0      1 .. L     L+1    L+2 .. 2L+1
        inputs    start  payload    end    blank
        targets   -      -          -      payload        (mask 1 here only)

    Two more input channels than bits: the start marker and the end marker. Without a start marker (the post's
    format) that step and that channel are left out.
    """
    batch_size, length, width = bits.shape
    first = int(start_marker)
    steps, end, answer = 2 * length + 1 + first, length + first, length + first + 1
    inputs = bits.new_zeros(batch_size, steps, width + 1 + first)
    if start_marker:
        inputs[:, 0, width] = 1
    inputs[:, first:end, :width] = bits
    inputs[:, end, -1] = 1
    targets = bits.new_zeros(batch_size, steps, width)
    targets[:, answer:] = bits
    mask = bits.new_zeros(batch_size, steps)
    mask[:, answer:] = 1
    return Batch(inputs, targets, mask)


def copy(
    batch_size: int, length: int, width: int = 8, kind: str = "random", generator: Generator | None = None
) -> Batch:
    """Show a sequence of bit vectors and ask for it back (section 4.1); see `frame_copy` for the time diagram.

    Inputs (B, 2L+2, width+2), targets (B, 2L+2, width), mask (B, 2L+2). Raises as `payload` does.
    """
    return frame_copy(payload(batch_size, length, width, kind, generator))


def uneven_vectors(batch_size: int, length: int, width: int, generator: Generator) -> Tensor:
    """Vectors with as many ones as zeros, or few, or none: every number of ones is as likely as any other.

    -> (B, length, width). Fair bits make a vector of zeros once in 2 ** width vectors, these once in width + 1.
    """
    density = torch.rand(batch_size, length, 1, generator=generator)
    return (torch.rand(batch_size, length, width, generator=generator) < density).float()


def uneven_payload(batch_size: int, length: int, width: int, generator: Generator) -> Tensor:
    """Payloads to learn from -> (B, length, width): half of them fair bits, half uneven vectors."""
    fair = batch_size // 2
    return torch.cat(
        [
            torch.randint(0, 2, (fair, length, width), generator=generator).float(),
            uneven_vectors(batch_size - fair, length, width, generator),
        ]
    )


def varied_payload(batch_size: int, length: int, width: int, generator: Generator) -> Tensor:
    """Payloads to settle with, so that dull input is no surprise -> (B, length, width).

    A quarter fair bits, a quarter two vectors in random order, a quarter one vector, the rest uneven vectors; so are
    the two and the one.
    """
    bits = uneven_vectors(batch_size, length, width, generator)
    quarter = batch_size // 4
    bits[:quarter] = torch.randint(0, 2, (quarter, length, width), generator=generator).float()
    pair = uneven_vectors(quarter, 2, width, generator)
    choice = torch.randint(0, 2, (quarter, length, 1), generator=generator).expand(-1, -1, width)
    bits[quarter : 2 * quarter] = pair.gather(1, choice)
    bits[2 * quarter : 3 * quarter] = uneven_vectors(quarter, 1, width, generator)
    return bits
