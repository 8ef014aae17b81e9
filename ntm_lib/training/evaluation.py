"""How well a machine copies, counted in wrong bits, and what "converged" means."""

import math
import warnings
from collections.abc import Iterable
from dataclasses import asdict, dataclass

import torch
from torch import Generator, Tensor, nn

from ntm_lib import tasks

SPARE_ROWS = 16
"""Rows beyond the 2L + 2 steps of a copy, so that a head that keeps moving never comes round to what it wrote."""
MOST_SEEDS = 2**32
"""Seeds that an evaluation accepts."""
NUMBERS_AT_ONCE = 2_000_000
"""Memory cells evaluated at one time; more sequences than fit are run in turn."""


@dataclass(frozen=True)
class Count:
    """What went wrong in a number of sequences of one length and one kind."""

    sequences: int
    wrong_sequences: int
    bits: int
    wrong_bits: int


@dataclass(frozen=True)
class Report:
    """Counts by length, for one kind of payload."""

    kind: str
    lengths: dict[int, Count]

    @property
    def wrong_bits(self) -> int:
        """Wrong bits at all lengths together."""
        return sum(count.wrong_bits for count in self.lengths.values())

    def to_json(self) -> dict:
        """As plain dictionaries, with lengths as strings."""
        return {"kind": self.kind, "lengths": {str(length): asdict(count) for length, count in self.lengths.items()}}


def rows_needed(length: int) -> int:
    """Memory rows for an undisturbed copy of `length` vectors."""
    return 2 * length + SPARE_ROWS


def evaluate(
    model: nn.Module,
    lengths: Iterable[int] = (20, 50, 120),
    sequences: int = 100,
    seed: int = 0,
    kind: str = "random",
    memory_size: int | None = None,
) -> Report:
    """Copy `sequences` fresh sequences of each length and count the bits that differ.

    The memory has `memory_size` rows, or as many as the length needs (`rows_needed`) where the machine allows it.
    Every length draws from a generator of its own, so that a count does not depend on which lengths stand beside it.
    Raises TypeError or ValueError for sizes that are not integers of at least 1, and as `tasks.payload` does;
    warns when the memory is so small that heads come round to what they wrote.
    """
    lengths = [tasks.at_least_one("length", length) for length in lengths]
    sequences = tasks.at_least_one("sequences", sequences)
    if not isinstance(seed, int) or isinstance(seed, bool) or not 0 <= seed < MOST_SEEDS:
        raise ValueError(f"seed is {seed!r}: expected a whole number from 0 to {MOST_SEEDS - 1}")
    width, _ = copy_format(model)
    counts = {}
    for length in lengths:
        generator = _generator(seed, length)
        rows = _rows(model, length, memory_size)
        cells = (rows or getattr(model.config, "memory_size", length)) * getattr(model.config, "word_size", 1)
        share = max(1, min(sequences, NUMBERS_AT_ONCE // cells))
        wrong = [
            wrong_bits(model, tasks.payload(min(share, sequences - first), length, width, kind, generator), rows)
            for first in range(0, sequences, share)
        ]
        counts[length] = _count(torch.cat(wrong), length, width)
    return Report(kind, counts)


def _generator(seed: int, length: int) -> Generator:
    return Generator().manual_seed(seed * 1_000_003 + length)


def _count(wrong: Tensor, length: int, width: int) -> Count:
    """Wrong bits of each sequence (B) as a count."""
    return Count(len(wrong), int((wrong > 0).sum()), len(wrong) * length * width, int(wrong.sum()))


@dataclass(frozen=True)
class Verdict:
    """Whether a machine has converged: not one wrong bit in any of these reports."""

    reports: tuple[Report, ...]

    @property
    def converged(self) -> bool:
        """True if every bit of every sequence came back."""
        return self.wrong_bits == 0

    @property
    def wrong_bits(self) -> int:
        """Wrong bits in all reports together."""
        return sum(report.wrong_bits for report in self.reports)

    def by_length(self, kind: str = "random") -> dict[int, int]:
        """Wrong bits of one kind at each length."""
        return {
            length: count.wrong_bits
            for report in self.reports
            if report.kind == kind
            for length, count in report.lengths.items()
        }

    def to_json(self) -> list[dict]:
        """As plain dictionaries."""
        return [report.to_json() for report in self.reports]

    @classmethod
    def from_json(cls, reports: list[dict]) -> "Verdict":
        """The verdict that `to_json` wrote down."""
        return cls(
            tuple(
                Report(report["kind"], {int(length): Count(**count) for length, count in report["lengths"].items()})
                for report in reports
            )
        )


def judge(model: nn.Module, seed: int = 0) -> Verdict:
    """What "converged" means: 100 random sequences at each of 20, 50 and 120, 10 of every other kind at 20 and 120.

    The sequences are those that `evaluate` draws from this seed, all of one length in one batch. A machine whose rows
    are counted among its parameters is judged at the one memory size it has.
    """
    width, _ = copy_format(model)
    counts: dict[str, dict[int, Count]] = {kind: {} for kind in tasks.KINDS}
    for length in (20, 50, 120):
        payloads = judged_payloads(model, length, seed)
        rows = rows_needed(length) if getattr(model, "free_memory_size", False) else None
        wrong = wrong_bits(model, torch.cat(list(payloads.values())), rows).split([*map(len, payloads.values())])
        for kind, block in zip(payloads, wrong, strict=True):
            counts[kind][length] = _count(block, length, width)
    return Verdict(tuple(Report(kind, lengths) for kind, lengths in counts.items()))


def judged_payloads(model: nn.Module, length: int, seed: int = 0) -> dict[str, Tensor]:
    """The payloads of one length that `judge` shows a machine, by kind."""
    width, _ = copy_format(model)
    sequences = {kind: 100 if kind == "random" else 10 for kind in tasks.KINDS if kind == "random" or length != 50}
    return {
        kind: tasks.payload(number, length, width, kind, _generator(seed, length)) for kind, number in sequences.items()
    }


def validate(model: nn.Module, longest: int, generator: Generator) -> int:
    """Wrong bits in fresh sequences of every kind, none as short as any trained on: zero means exact.

    4 times and 10 times the longest trained length; then 4 times with 20 times the rows that 10 times need, which is
    what a much longer tape does to a jump by content. Stops at the first that fails. A machine tied to its number of
    rows copies what these hold.
    """
    width, _ = copy_format(model)
    free = getattr(model, "free_memory_size", False)
    room = math.inf if free else (getattr(model.config, "memory_size", math.inf) - 2) // 2
    short, long = int(min(4 * longest, room)), int(min(10 * longest, room))
    trials = [
        (short, rows_needed(short), 16, 8),
        (long, rows_needed(long), 64, 8),
        (short, 20 * rows_needed(long), 4, 1),
    ]
    for length, rows, random, others in trials[: 3 if free else 2]:
        numbers = {kind: random if kind == "random" else others for kind in tasks.KINDS}
        bits = torch.cat([tasks.payload(numbers[kind], length, width, kind, generator) for kind in numbers])
        wrong = int(wrong_bits(model, bits, rows if free else None).sum())
        if wrong:
            return wrong
    return 0


def wrong_bits(model: nn.Module, bits: Tensor, memory_size: int | None = None) -> Tensor:
    """How many bits of each sequence come back wrong: bits (B, L, width) -> (B)."""
    return (copy_through(model, bits, memory_size) != bits).sum(dim=(1, 2))


@torch.no_grad()
def copy_through(model: nn.Module, bits: Tensor, memory_size: int | None = None) -> Tensor:
    """Send a payload of bits (B, L, width) through the machine and return the bits that come out, same shape."""
    batch = tasks.frame_copy(bits, start_marker=copy_format(model)[1])
    logits, _ = model(batch.inputs, memory_size=memory_size)
    return (logits[:, -bits.shape[1] :] > 0).to(bits.dtype)


def copy_format(model: nn.Module) -> tuple[int, bool]:
    """How a machine is shown a copy: bits a vector, and whether a start marker stands beside the end marker.

    Raises ValueError for a machine whose inputs leave no room for an end marker.
    """
    extra = model.config.input_size - model.config.output_size
    if extra not in (1, 2):
        raise ValueError(
            f"this machine has {model.config.input_size} inputs and {model.config.output_size} outputs: a copy needs"
            " one input more (an end marker) or two (a start marker as well)"
        )
    return model.config.output_size, extra == 2


class MemoryTooSmall(UserWarning):
    """A sequence needs more rows than the memory has."""


def _rows(model: nn.Module, length: int, memory_size: int | None) -> int | None:
    """Rows for a copy of this length: those asked for, else those needed, else those a machine is tied to."""
    if memory_size is not None:
        memory_size = tasks.at_least_one("memory_size", memory_size)
    free = getattr(model, "free_memory_size", False)
    rows = memory_size if memory_size is not None else rows_needed(length) if free else None
    held = rows if rows is not None else getattr(model.config, "memory_size", None)
    if held is not None and held < 2 * length + 2:
        warnings.warn(
            f"memory_size {held} is less than the {2 * length + 2} steps of a copy of length {length}: a head that"
            f" moves one row a step wraps round after {held} steps and overwrites the oldest vectors;"
            f" use at least {2 * length + 2} rows",
            MemoryTooSmall,
            stacklevel=3,
        )
    return rows


def copy_bytes(model: nn.Module, content: bytes, memory_size: int | None = None) -> bytes:
    """Send bytes through the machine's memory, one 8-bit vector a byte, all in one sequence; returns what comes out.

    Raises TypeError for anything but bytes, ValueError for none at all and for a machine whose vectors are not 8 bits
    wide; warns as `evaluate`.
    """
    if copy_format(model)[0] != 8:
        raise ValueError(
            f"this machine copies vectors of {model.config.output_size} bits: bytes need a machine of output_size 8"
        )
    if not isinstance(content, bytes | bytearray):
        raise TypeError(f"content is {type(content).__name__}: expected bytes, such as b'tape' or text.encode()")
    if not content:
        raise ValueError("there is nothing to copy: expected at least one byte")
    bits = tasks.number_bits(torch.tensor(list(content))).unsqueeze(0)
    rows = _rows(model, len(content), memory_size)
    return bytes(tasks.bits_number(copy_through(model, bits, rows))[0].tolist())
