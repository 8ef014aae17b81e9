"""A task: it draws batches of inputs, targets and a mask over the steps that count, and counts errors."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import ceil, log
from typing import Any, NamedTuple

import torch
from torch import Generator, Tensor
from torch.nn.functional import binary_cross_entropy_with_logits

from ntm_lib.machine import NTM, LSTMBaseline, validate
from ntm_lib.tasks.sizes import Size

ALLOWED = 1.0
"""Bits a sequence above a task's optimum at which an answer still counts as right."""


class Batch(NamedTuple):
    """B sequences of T steps."""

    inputs: Tensor  # (B, T, input)
    targets: Tensor  # (B, T, output)  zero where the mask is zero
    mask: Tensor  # (B, T)         1 on the steps whose output counts

    def like(self, weights: Tensor) -> "Batch":
        """The batch on the device and in the dtype of a machine's weights."""
        return Batch(*(part.to(weights) for part in self))


class Alphabet(NamedTuple):
    """All vectors that a task may show to a machine and ask back."""

    vectors: Tensor  # (V, input)
    question: Tensor  # (1, input)  asks for what has come in
    start: Tensor | None = None  # (1, input)  comes before the vectors, and marks where reading begins; None: no marker

    def like(self, weights: Tensor) -> "Alphabet":
        """The alphabet on the device and in the dtype of a machine's weights."""
        start = None if self.start is None else self.start.to(weights)
        return Alphabet(self.vectors.to(weights), self.question.to(weights), start)


Draw = Callable[[int, Any, Generator], Batch]
"""Draws a batch from a batch size, a size of the problem and a source of randomness."""


def count_wrong_bits(logits: Tensor, batch: Batch) -> Tensor:
    """Bits of each sequence that are wrong where the mask counts; a logit that is no number is wrong too -> (B)."""
    wrong = ((logits > 0) != (batch.targets > 0)) | logits.isnan()
    return (wrong & (batch.mask > 0).unsqueeze(-1)).sum((1, 2))


def cost_in_bits(logits: Tensor, batch: Batch) -> Tensor:
    """Bits that the answers cost each sequence, the negative logarithm of what was given to the right ones -> (B)."""
    nats = binary_cross_entropy_with_logits(logits.double(), batch.targets.double(), reduction="none")
    return (nats * batch.mask.unsqueeze(-1)).sum((1, 2)) / log(2)


def missed_in(errors: Tensor) -> int:
    """Wrong bits from the errors (B) that `Task.errors` found: 0 means that a machine is right.

    Errors that are bits above an optimum count together, as whole bits above what is `ALLOWED`: one sequence may cost
    more than its optimum and another less.
    """
    if errors.is_floating_point():
        return max(0, ceil(errors.nan_to_num(torch.inf).sum().clamp(max=1e15).item() - ALLOWED * len(errors)))
    return int(errors.sum())


@dataclass(frozen=True)
class Task:
    """A problem that machines are trained and tested on.

    A task of one's own needs widths and a function that draws batches: `Task(10, 8, draw)`; the size it is handed may
    be whatever makes a problem larger, such as its length. README and docs/your-own-data.md have examples.
    Raises TypeError for a width that is no integer, ValueError for one below 1 and for an alphabet of another width.
    """

    input_size: int  # numbers in one input vector
    output_size: int  # numbers in one target vector
    draw: Draw  # draws the batches to train on
    tests: Mapping[str, Draw] = field(default_factory=dict)  # draw the batches to judge with, by kind; none: `draw`
    chosen: Callable[[NTM | LSTMBaseline], Draw] | None = None  # a machine's function for the test kind "chosen"
    alphabet: Alphabet | None = None  # what may come in and be read back; None: no clear loss
    rows: Callable[[Any], int] | None = None  # rows of memory that a size needs; None: as many as it has steps
    wrong: Callable[[Tensor, Batch], Tensor] = count_wrong_bits  # counts the errors of each sequence -> (B)
    optimum: Callable[[Batch], Tensor] | None = None  # bits that the best answer costs each sequence (B); None: `wrong`
    sizes: tuple[Any, ...] = (20, 50, 120)  # at which a trained machine is judged
    trials: tuple[Any, ...] = ()  # three, of a validation; none: 1, 4 and 10 times the longest length trained on
    size: Callable[[int, float], Size] | None = None  # to train on, from a length and a number from 0 up to 1; None: it
    settling: Draw | None = None  # draws the batches to train a machine on that has settled; None: `draw`
    name: str = "a task of one's own"  # stands in the file of a run, which goes on with a task of that name only

    def __post_init__(self) -> None:
        validate.whole_number("input_size", self.input_size)
        validate.whole_number("output_size", self.output_size)
        for name, part in (self.alphabet._asdict() if self.alphabet else {}).items():
            number = len(part) if name == "vectors" and part.ndim else 1
            if part is not None and tuple(part.shape) != (number, self.input_size):
                wanted = f"({'V' if name == 'vectors' else 1}, {self.input_size})"
                raise ValueError(f"alphabet has {name} of shape {tuple(part.shape)}: expected {wanted}")

    @property
    def kinds(self) -> Mapping[str, Draw]:
        """The functions that draw test batches, by kind; the first kind counts most."""
        return self.tests or {"drawn": self.draw}

    def draw_of(self, kind: str, machine: NTM | LSTMBaseline) -> Draw:
        """The function that draws test batches of a kind; for "chosen" a fresh one, which draws against the machine."""
        if kind not in self.kinds and self.chosen is not None:
            return self.chosen(machine)
        return self.kinds[kind]

    def require_kind(self, kind: str) -> None:
        """Raise ValueError for a kind of test batches that the task does not have."""
        known = [*self.kinds, *(["chosen"] if self.chosen else [])]
        if kind not in known:
            hint = "" if kind != "chosen" else f" ({self.name} has no field `chosen`, which draws against a machine)"
            raise ValueError(f"kind is {kind!r}: expected one of {', '.join(known)}{hint}")

    def size_from(self, length: int, chance: float) -> Size:
        """The size of a batch to train on, from the length that a recipe drew and a further number from 0 up to 1."""
        return self.size(length, chance) if self.size else length

    def steps(self, size: Size) -> int:
        """Steps of a sequence of some size."""
        return self.drawn(self.draw, 1, size, Generator().manual_seed(0)).inputs.shape[1]

    def require_possible(self, sizes: Iterable[Size]) -> None:
        """Draw a sequence of each size, and raise what the task raises for a size that it cannot have."""
        for size in sizes:
            self.rows_needed(size)
            self.steps(size)

    def rows_needed(self, size: Size) -> int:
        """Rows of memory that a problem of some size needs at the least."""
        return self.rows(size) if self.rows else self.steps(size)

    def errors(self, logits: Tensor, batch: Batch) -> Tensor:
        """The errors of each sequence (B), as `wrong` counts them; TypeError or ValueError for what is no count.

        With an `optimum` they are the bits, no whole number of them, that a sequence's answers cost above it.
        """
        if self.optimum:
            return cost_in_bits(logits, batch) - self.optimum(batch).to(logits.device)
        counts = self.wrong(logits, batch)
        if not isinstance(counts, Tensor):
            raise TypeError(f"wrong returned {type(counts).__name__}: expected a tensor, one whole number a sequence")
        if counts.shape != (len(logits),):
            raise ValueError(f"wrong returned shape {tuple(counts.shape)}: expected ({len(logits)},), one a sequence")
        if not (counts.isfinite() & (counts >= 0) & (counts == counts.round())).all():
            raise ValueError("wrong returned other numbers than whole ones from 0 on: it counts each sequence's errors")
        return counts.long()

    def drawn(self, draw: Draw, number: int, size: Size, generator: Generator) -> Batch:
        """A batch from one of the task's functions; TypeError or ValueError for one that does not fit the task."""
        batch = draw(number, size, generator)
        if not isinstance(batch, Batch):
            raise TypeError(f"draw returned {type(batch).__name__}: expected a tasks.Batch of inputs, targets and mask")
        steps = batch.inputs.shape[1] if batch.inputs.ndim == 3 else "steps"
        shapes = (number, steps, self.input_size), (number, steps, self.output_size), (number, steps)
        for name, part, shape in zip(Batch._fields, batch, shapes, strict=True):
            if tuple(part.shape) != shape:
                raise ValueError(f"draw returned {name} of shape {tuple(part.shape)}: expected {shape}")
            if not part.isfinite().all():
                raise ValueError(f"draw returned {name} with numbers that are not finite")
        if not ((batch.targets >= 0) & (batch.targets <= 1)).all():
            raise ValueError("draw returned targets below 0 or above 1: they are bits, and the loss a cross-entropy")
        if not ((batch.mask == 0) | (batch.mask == 1)).all() or not batch.mask.any():
            raise ValueError("draw returned a mask with other numbers than 0 and 1, or without a 1: 1 is what counts")
        return batch


def half_and_half(draws: Sequence[Draw]) -> Draw:
    """A function that draws half of a batch by the first function, the other half, rounded down, by one of the others.

    Which of the others it is, the generator decides anew for every batch.
    """

    def draw(number: int, size: Size, generator: Generator) -> Batch:
        other = draws[int(torch.randint(1, len(draws), (1,), generator=generator))]
        parts = (number - number // 2, draws[0]), (number // 2, other)
        return join([one(many, size, generator) for many, one in parts if many])

    return draw


def require_task(value: object) -> None:
    """Raise TypeError for anything but a task, or None where a machine copies."""
    if value is not None and not isinstance(value, Task):
        raise TypeError(f"task is {value!r}: expected a tasks.Task, or none for copying")


def join(batches: Sequence[Batch]) -> Batch:
    """One batch of all sequences; shorter ones are padded at the end with zeros, which the mask does not count.

    step      0 .. T-1     T .. longest - 1
    inputs    sequence     zeros
    mask      sequence's   0
    """
    longest = max(batch.mask.shape[1] for batch in batches)

    def padded(part: Tensor) -> Tensor:
        return torch.cat([part, part.new_zeros(len(part), longest - part.shape[1], *part.shape[2:])], dim=1)

    return Batch(*(torch.cat([padded(part) for part in parts]) for parts in zip(*batches, strict=True)))
