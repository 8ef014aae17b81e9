"""How well a machine does its task, counted in wrong bits, and what "converged" means."""

import warnings
from collections import defaultdict
from collections.abc import Iterable
from copy import deepcopy
from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Generator, Tensor

from ntm_lib import tasks
from ntm_lib.machine import NTM, LSTMBaseline
from ntm_lib.machine import validate as valid
from ntm_lib.machine.own import takes_crowd
from ntm_lib.tasks import Batch, Task
from ntm_lib.tasks.sizes import LARGEST, Size, numbers_of, require_size, size_text, steps_at_least
from ntm_lib.tasks.task import ALLOWED, missed_in, require_task

Machine = NTM | LSTMBaseline
SPARE_ROWS = 14  # beyond those a task needs, so that a head that keeps moving never meets rows it has written
LONGEST = LARGEST  # vectors of the longest sequences
CHOSEN = 28  # sequences chosen against a machine at one length: every weakness of a copier meets every pattern
NUMBERS_AT_ONCE = 2_000_000  # memory cells evaluated at one time; more sequences than fit are run in turn


@dataclass(frozen=True)
class Count:
    """Errors in a number of sequences of one size and one kind.

    Of a task with an optimum, wrong bits are whole bits above the optimum and the bit a sequence that is allowed, and
    wrong sequences those that are more than that bit above.
    """

    sequences: int
    wrong_sequences: int
    bits: int
    wrong_bits: int
    excess_bits: float | None = None  # bits above the optimum, all sequences together; None: the task has none

    def to_json(self) -> dict[str, Any]:
        """The count as a plain dictionary, without what the task does not have."""
        return {name: value for name, value in asdict(self).items() if value is not None}


@dataclass(frozen=True)
class Report:
    """Counts by length, or by size, for one kind of payload."""

    kind: str
    lengths: dict[Any, Count]  # keys are sizes: whole numbers or tuples of them

    @property
    def wrong_bits(self) -> int:
        """Wrong bits at all lengths together."""
        return sum(count.wrong_bits for count in self.lengths.values())

    def to_json(self) -> dict[str, Any]:
        """The report as plain dictionaries, with lengths as strings; (10, 20) is "10x20"."""
        return {"kind": self.kind, "lengths": {size_text(size): one.to_json() for size, one in self.lengths.items()}}


@dataclass(frozen=True)
class Verdict:
    """Whether a machine has converged: not one wrong bit in any report."""

    reports: tuple[Report, ...]

    @property
    def converged(self) -> bool:
        """True if every bit of every sequence came back."""
        return self.wrong_bits == 0

    @property
    def wrong_bits(self) -> int:
        """Wrong bits in all reports together."""
        return sum(report.wrong_bits for report in self.reports)


def evaluate(
    model: Machine,
    lengths: Iterable[Size] = (20, 50, 120),
    sequences: int = 100,
    seed: int = 0,
    kind: str | None = None,
    memory_size: int | None = None,
    task: Task | None = None,
    device: str | torch.device | None = None,
    crowd: float = 1,
) -> Report:
    """Run `sequences` fresh sequences of each length through a machine and count the bits that differ.

    The task is copying unless another is given, whose sizes `lengths` then names, such as (10, 20); the kind its first
    ("random"), and the device the machine's own; the kind "chosen" is drawn against the machine
    (`tasks.chosen_payload`). The memory has `memory_size` rows, or as many as the length needs. A count does not depend
    on the lengths beside it.
    With a `crowd` of 100 a machine must jump as among 100 times as many vectors (`machine.addressing.crowded`).
    Raises TypeError or ValueError for sizes that are not integers of at least 1 or that the task cannot have, for an
    unknown kind, for a `task` of another type and for one whose functions return what does not fit it; warns when the
    memory is so small that heads come round to rows they have written.

    >>> from ntm_lib import NTM, NTMConfig
    >>> evaluate(NTM(NTMConfig(10, 8)), lengths=[3], sequences=5).lengths[3].bits
    120
    """
    valid.machine(model)
    require_task(task)
    if not isinstance(lengths, Iterable):
        raise TypeError(f"lengths is {lengths!r}: expected several, such as [20, 50]")
    lengths = [require_size(length) for length in lengths]
    sequences, seed = valid.whole_number("sequences", sequences), valid.seed(seed)
    task = task or tasks.copying_for(model.config)
    if device is not None:
        model = deepcopy(model).to(valid.device(device))
    kind = next(iter(task.kinds)) if kind is None else kind
    task.require_kind(kind)
    counts = {}
    for length in lengths:
        rows = rows_for(model, task, length, memory_size)
        counts[length] = count(model, task, kind, length, rows, sequences, seed, crowd)
    return Report(kind, counts)


def judge(model: Machine, task: Task | None = None, seed: int = 0) -> Verdict:
    """Judge whether a machine has converged: no wrong bit in 100 random sequences at each of 20, 50
    and 120, nor at 20 and 120 in 10 of every other kind and in 28 that are chosen against the
    machine, drawn as `evaluate` draws them."""
    task, counts = task or tasks.copying_for(model.config), defaultdict[str, dict[int, Count]](dict)
    plan = plan_of(task)
    for size in task.sizes:
        drawn = {
            kind: task.drawn(task.draw_of(kind, model), sequences, size, generator_of(seed, size))
            for kind, (sequences, sizes) in plan.items()
            if size in sizes
        }
        wrong = errors_of_many(model, task, tasks.join([*drawn.values()]), rows_with_room(model, task, size))
        shares = torch.split(wrong, [len(batch.mask) for batch in drawn.values()])
        for (kind, batch), share in zip(drawn.items(), shares, strict=True):
            counts[kind][size] = counted(batch, share)
    return Verdict(tuple(Report(kind, counts[kind]) for kind in plan))


def plan_of(task: Task) -> dict[str, tuple[int, tuple[Any, ...]]]:
    """How many sequences a verdict takes of every kind, and their sizes: the first kind counts most."""
    first, *others = task.kinds
    ends = min(task.sizes, key=numbers_of), max(task.sizes, key=numbers_of)
    plan = {first: (100, task.sizes)} | dict.fromkeys(others, (10, ends))
    return plan | {"chosen": (CHOSEN, ends)} if task.chosen else plan


def count(
    model: Machine, task: Task, kind: str, size: Size, rows: int | None, sequences: int, seed: int, crowd: float = 1
) -> Count:
    """Count the errors in fresh sequences of one kind and size, drawn as many at a time as fit into memory."""
    generator, draw = generator_of(seed, size), task.draw_of(kind, model)
    share, bits, wrong = sequences_at_once(model, rows, steps_at_least(size)), 0, []
    for first in range(0, sequences, share):
        batch = task.drawn(draw, min(share, sequences - first), size, generator)
        bits += bits_asked(batch)
        wrong.append(errors(model, task, batch, rows, crowd))
    return count_of(bits, torch.cat(wrong))


def counted(batch: Batch, wrong: Tensor) -> Count:
    """The count of a batch's sequences with so many wrong bits each (B)."""
    return count_of(bits_asked(batch), wrong)


def bits_asked(batch: Batch) -> int:
    """Number of bits that a batch asks for."""
    return int(batch.mask.sum()) * batch.targets.shape[-1]


def count_of(bits: int, errors: Tensor) -> Count:
    """The count of sequences with such errors each (B): wrong bits, or bits above the optimum."""
    has_optimum = errors.is_floating_point()
    excess = errors.sum().item() if has_optimum else None
    return Count(len(errors), int((errors > has_optimum * ALLOWED).sum()), bits, missed_in(errors), excess)


def sequences_at_once(model: Machine, rows: int | None, steps: int) -> int:
    """How many sequences of about so many steps are run at one time, with so many rows each."""
    if isinstance(model, LSTMBaseline):
        return max(1, NUMBERS_AT_ONCE // steps)
    cells = (rows or model.config.memory_size) * model.config.word_size
    return max(1, NUMBERS_AT_ONCE // cells)


def errors_of_many(model: Machine, task: Task, batch: Batch, rows: int | None) -> Tensor:
    """Wrong bits of each sequence of a batch of any number of sequences -> (B)."""
    share = sequences_at_once(model, rows, batch.mask.shape[1])
    shares = zip(*(torch.split(part, share) for part in batch), strict=True)
    return torch.cat([errors(model, task, Batch(*share), rows) for share in shares])


def errors(model: Machine, task: Task, batch: Batch, rows: int | None, crowd: float = 1, margin: float = 0.0) -> Tensor:
    """Wrong bits of each sequence of a batch, run with so many rows (None: the machine's own number) -> (B).

    Every logit is first moved away from its target by the margin.
    """
    batch = batch.like(model.output.weight)
    logits = answer(model, batch.inputs, rows, crowd)
    return task.errors(logits - margin * (2 * batch.targets - 1), batch).cpu()


@torch.inference_mode()
def answer(model: Machine, inputs: Tensor, rows: int | None, crowd: float = 1) -> Tensor:
    """The logits for inputs, run with so many rows (None: the machine's own number)."""
    options: dict[str, Any] = {} if rows is None else {"memory_size": rows}
    if valid.crowd(crowd) != 1:
        options["crowd"] = crowd
    if isinstance(model, LSTMBaseline):
        for name, value in options.items():
            raise ValueError(f"{name} is {value}: this model has no memory, and so no rows; leave {name} out")
    elif "crowd" in options and not takes_crowd(model):
        raise ValueError(f"crowd is {crowd:g}: the forward of {type(model).__name__} takes no crowd; leave crowd out")
    logits: Tensor = model(inputs.to(model.output.weight), **options)[0]
    return logits


def generator_of(seed: int, size: Size) -> Generator:
    """The source of randomness of an evaluation's sequences of one size."""
    place = sum(number * 100_003**place for place, number in enumerate(numbers_of(size)))
    return Generator().manual_seed((seed * 1_000_003 + place) % 2**63)


class MemoryTooSmall(UserWarning):
    """A sequence needs more rows than the memory has."""


def has_free_memory_size(model: Machine) -> bool:
    """Whether a machine runs with any number of rows: it has a memory, and no part with one entry a row."""
    return not isinstance(model, LSTMBaseline) and not model.config.tied_parts


def rows_with_room(model: Machine, task: Task, size: Size) -> int | None:
    """Rows for a size with some to spare; None where a machine is tied to a number of rows, or has none."""
    return task.rows_needed(size) + SPARE_ROWS if has_free_memory_size(model) else None


def rows_for(model: Machine, task: Task, length: Size, memory_size: int | None) -> int | None:
    """Rows for a length, or a size: as asked for, or else with room; warns where they are fewer than the task needs."""
    rows = rows_with_room(model, task, length)
    if memory_size is not None:
        rows = valid.whole_number("memory_size", memory_size)
    own = None if isinstance(model, LSTMBaseline) else model.config.memory_size
    needed, held = task.rows_needed(length), own if rows is None else rows
    may_have_them = held == own or has_free_memory_size(model)  # else the machine itself refuses so many rows
    if held is not None and held < needed and may_have_them:
        warnings.warn(
            f"memory_size {held} is less than the {needed} rows that length {size_text(length)} needs: a head that"
            f" moves one row a step wraps round after {held} steps and overwrites the oldest vectors; use at least"
            f" {needed} rows",
            MemoryTooSmall,
            stacklevel=3,
        )
    return rows
