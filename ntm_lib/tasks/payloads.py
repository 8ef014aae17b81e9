"""Payloads: sequences of bit vectors to be copied, of several kinds."""

from typing import Literal, get_args

import torch
from torch import Generator, Tensor

from ntm_lib.machine.validate import whole_number

Kind = Literal["random", "zeros", "ones", "repeat", "alternating", "one-hot", "counting", "text"]
KINDS: tuple[str, ...] = get_args(Kind)
"""Payloads to test with: random bits, and regular sequences that random bits practically never form."""

TEXT = (
    "A tape, a head and a rule: read what is here, write what comes next, move one step.  "
    "The rest is patience.  1, 2, 3, ... aaaaaaaaaaaaaaaa        (end of line)\n"
)
"""Text that the kind "text" spells, one byte a vector, from a random place on; it has runs of equal letters."""


def payload(
    batch_size: int, length: int, width: int = 8, kind: str = "random", generator: Generator | None = None
) -> Tensor:
    """Draw the vectors to be copied, of one of `KINDS`, or "uneven" -> (B, length, width) of 0 and 1.

        step      0         1         ...   L-1
        payload   vector 0  vector 1        vector L-1      each of `width` bits, 0 or 1

    Raises TypeError or ValueError for a size that is not an integer of at least 1, and for an unknown kind.
    """
    batch_size, length = whole_number("batch_size", batch_size), whole_number("length", length)
    width = whole_number("width", width)
    steps = torch.arange(length)

    def start(below: int) -> Tensor:
        return torch.randint(0, below, (batch_size, 1), generator=generator)

    match kind:
        case "random":
            return fair_bits(batch_size, length, width, generator)
        case "zeros":
            return torch.zeros(batch_size, length, width)
        case "ones":
            return torch.ones(batch_size, length, width)
        case "repeat":
            return fair_bits(batch_size, 1, width, generator).repeat(1, length, 1)
        case "alternating":
            return fair_bits(batch_size, 2, width, generator)[:, steps % 2]
        case "one-hot":
            return torch.eye(width)[(start(width) + steps) % width]
        case "counting":
            return number_bits(start(2 ** min(width, 62)) + steps, width)
        case "text":
            letters = torch.tensor(list(TEXT.encode()))
            return number_bits(letters[(start(len(letters)) + steps) % len(letters)], width)
        case "uneven":
            return uneven_payload(batch_size, length, width, generator)
    raise ValueError(f"kind is {kind!r}: expected one of {', '.join(KINDS)}, or uneven")


def fair_bits(batch_size: int, length: int, width: int, generator: Generator | None) -> Tensor:
    """Bits that are 0 or 1 with equal chance -> (B, length, width)."""
    return torch.randint(0, 2, (batch_size, length, width), generator=generator).float()


def number_bits(numbers: Tensor, width: int = 8) -> Tensor:
    """The lowest `width` bits of whole numbers, least significant first: (...) -> (..., width) of 0
    and 1."""
    return (numbers.unsqueeze(-1) >> torch.arange(width).clamp(max=63) & 1).float()


def bits_number(bits: Tensor) -> Tensor:
    """Whole numbers from their bits, least significant first: (..., width) of 0 and 1 -> (...)."""
    return (bits.long() << torch.arange(bits.shape[-1])).sum(-1)


def uneven_vectors(batch_size: int, length: int, width: int, generator: Generator | None) -> Tensor:
    """Vectors in which every number of ones, from none to all, is equally likely -> (B, length, width).

    Fair bits give a vector of zeros once in 2 ** width vectors, uneven vectors once in width + 1.
    """
    density = torch.rand(batch_size, length, 1, generator=generator)
    return (torch.rand(batch_size, length, width, generator=generator) < density).float()


def uneven_payload(batch_size: int, length: int, width: int, generator: Generator | None) -> Tensor:
    """Payloads to train on: half of the sequences fair bits, half uneven vectors -> (B, length, width)."""
    fair = batch_size // 2
    uneven = batch_size - fair
    return torch.cat([fair_bits(fair, length, width, generator), uneven_vectors(uneven, length, width, generator)])
