"""Dynamic N-grams: show bits one by one, each drawn by a table in which the bits before it stand; ask for the next."""

from typing import Literal, get_args

import torch
from torch import Generator, Tensor
from torch.nn.functional import one_hot

from ntm_lib.machine import LSTMConfig, NTMConfig
from ntm_lib.machine.validate import number, whole_number
from ntm_lib.tasks.sizes import Size, two_numbers
from ntm_lib.tasks.task import Batch, Draw, Task

CONTEXT = 5
"""Bits before a bit that decide how it is drawn, in the paper: so its 6-grams."""
LENGTH = 200
"""Bits in one sequence of the paper."""
A_CONTEXT = 40
"""Bits of a training sequence for each bit of its context: fewer contexts come round in fewer bits."""
TableKind = Literal["random", "fair", "sure", "zeros", "ones"]
TABLE_KINDS: tuple[str, ...] = get_args(TableKind)
"""Kinds of tables: Beta(1/2, 1/2) as in training; every bit fair; each context always followed by one and the same bit,
0 or 1; every bit 0; every bit 1."""


def ngram_prediction(context: int = CONTEXT) -> Task:
    """Dynamic N-grams (section 4.4) as a task; `frame_ngrams` has the time diagram.

    A size is a number of bits, or (bits, context) for tables of another context. In training, a recipe's length is a
    context, up to the task's own, in sequences of 40 bits for each bit of it, with the targets of `expected`. An answer
    is a chance, and no bit of it is wrong: what counts is how many bits more it costs than the best estimate there is,
    `optimal_chances`, on the very same sequences.
    Raises TypeError or ValueError for a context that is not a whole number from 1 to 16.
    """
    number("context", context, int, 1, 16)

    def draw(kind: str) -> Draw:
        def drawn(batch_size: int, size: Size, generator: Generator) -> Batch:
            length, of = two_numbers(size, "BITSxCONTEXT") if isinstance(size, tuple) else (size, context)
            return ngrams(batch_size, length, of, kind, generator)

        return drawn

    def size(length: int, _: float) -> Size:
        return A_CONTEXT * min(length, context), min(length, context)

    return Task(
        input_size=1,
        output_size=1,
        draw=lambda batch_size, size, generator: expected(draw("random")(batch_size, size, generator)),
        tests={kind: draw(kind) for kind in TABLE_KINDS},
        rows=lambda _: 2**context,
        sizes=(LENGTH,),
        trials=(LENGTH,) * 3,
        size=size,
        optimum=lambda batch: optimal_cost(batch, context_of(batch)),
        name="ngrams" if context == CONTEXT else f"ngrams of context {context}",
    )


def ngram_prediction_for(machine: NTMConfig | LSTMConfig) -> Task:
    """Dynamic N-grams with the paper's context; ValueError for a machine of other widths than 1 and 1."""
    if (machine.input_size, machine.output_size) != (1, 1):
        raise ValueError(
            f"this machine has {machine.input_size} inputs and {machine.output_size} outputs: N-grams need 1 and 1"
        )
    return ngram_prediction()


def ngrams(
    batch_size: int,
    length: int = LENGTH,
    context: int = CONTEXT,
    kind: str = "random",
    generator: Generator | None = None,
) -> Batch:
    """Sequences of L bits by tables of one of `TABLE_KINDS`, each bit to be predicted from those before it.

    Inputs and targets (B, L-1, 1), mask (B, L-1). Raises TypeError or ValueError for a value that cannot be, such as a
    length that is not above the context.

    >>> batch = ngrams(batch_size=2)
    >>> batch.inputs.shape, batch.mask.sum(1).tolist()
    (torch.Size([2, 199, 1]), [195.0, 195.0])
    """
    batch_size, length = whole_number("batch_size", batch_size), whole_number("length", length)
    if length <= number("context", context, int, 1, 16):
        raise ValueError(f"length is {length}: expected more than the {context} bits of a context")
    tables = drawn_tables(batch_size, 2**context, kind, generator)
    return frame_ngrams(drawn_bits(tables, length, context, generator), context)


def drawn_tables(batch_size: int, contexts: int, kind: str, generator: Generator | None) -> Tensor:
    """The chance of a 1 after each context -> (B, contexts)."""
    chances = torch.rand(batch_size, contexts, generator=generator, dtype=torch.float64)
    match kind:
        case "random":
            return (chances * torch.pi / 2).sin().square()  # Beta(1/2, 1/2), by its inverse distribution function
        case "fair":
            return torch.full_like(chances, 0.5)
        case "sure":
            return chances.round()
        case "zeros":
            return torch.zeros_like(chances)
        case "ones":
            return torch.ones_like(chances)
    raise ValueError(f"kind is {kind!r}: expected one of {', '.join(TABLE_KINDS)}")


def drawn_bits(tables: Tensor, length: int, context: int, generator: Generator | None) -> Tensor:
    """Bits by a table each: fair ones for as long as a context, then as the table says: (B, 2**context) -> (B, L)."""
    draws = torch.rand(len(tables), length, generator=generator, dtype=torch.float64)
    rows, bits = torch.arange(len(tables)), draws < 0.5
    places = 2 ** torch.arange(context)
    for step in range(context, length):
        before = (bits[:, step - context : step] * places).sum(1)
        bits[:, step] = draws[:, step] < tables[rows, before]
    return bits.float()


def frame_ngrams(bits: Tensor, context: int = CONTEXT) -> Batch:
    """Show all bits (B, L) but the last, and ask at each for the next one.

        step      0        ..    context-1       ..    L-2
        inputs    bit 0    ..    bit context-1   ..    bit L-2
        targets   -        ..    bit context     ..    bit L-1

    The mask is 1 from step context - 1 on. The paper lets the first bits be fair coins, as here; its text does not say
    whether it counts their cost. Here they are not asked for: they would add `context` bits to every cost, the
    optimum's and the machine's.
    """
    mask = (torch.arange(bits.shape[1] - 1) >= context - 1).to(bits).expand(len(bits), -1).clone()
    return Batch(bits[:, :-1].unsqueeze(-1).clone(), (bits[:, 1:] * mask).unsqueeze(-1), mask)


def expected(batch: Batch) -> Batch:
    """The batch with, in the place of each bit that came next, its chance to be 1 by the best estimate (Eq. 10).

    A cross-entropy is linear in its target, and each target here is the mean of all bits that could have come after
    the bits so far. So the mean gradient over all sequences is that of the paper's training on the bits themselves;
    less of it is noise, as if the bit that comes next had been drawn again and again.
    """
    context = context_of(batch)
    chances = optimal_chances(batch.inputs.squeeze(-1), context).unsqueeze(-1)
    return batch._replace(targets=torch.cat([batch.targets[:, : context - 1], chances], dim=1))


def contexts_in(bits: Tensor, context: int) -> Tensor:
    """The number of each context, whose oldest bit counts 1, the next one 2, then 4: (B, L) -> (B, L - context + 1).

    Raises TypeError or ValueError for a context of no bits, and ValueError for fewer bits than a context has.

    >>> contexts_in(torch.tensor([[1.0, 0.0, 1.0, 1.0]]), context=2).tolist()
    [[1, 2, 3]]
    """
    if bits.shape[1] < whole_number("context", context):
        raise ValueError(f"{bits.shape[1]} bits were given: expected at least the {context} of a context")
    return (bits.unfold(1, context, 1) * 2.0 ** torch.arange(context)).sum(-1).long()


def optimal_chances(bits: Tensor, context: int = CONTEXT) -> Tensor:
    """The best estimate of the next bit's chance to be 1, after each bit from the first full
    context on (Eq. 10).

    (N1 + 1/2) / (N0 + N1 + 1), where N0 and N1 count the zeros and ones that followed this context
    so far in this sequence: Bayes' estimate where tables are drawn from Beta(1/2, 1/2).
    Bits (B, L) -> (B, L - context + 1).

    >>> optimal_chances(torch.tensor([[0.0, 1.0, 1.0, 1.0, 1.0]]), context=1).tolist()
    [[0.5, 0.5, 0.75, 0.8333333134651184, 0.875]]
    """
    now = one_hot(contexts_in(bits, context), 2**context).to(bits)  # (B, C, contexts)
    followed = now[:, :-1] * bits[:, context:].unsqueeze(-1)
    ones, times = (torch.cat([now[:, :1] * 0, one.cumsum(1)], dim=1) for one in (followed, now[:, :-1]))
    ones, times = ((one * now).sum(-1) for one in (ones, times))
    return (ones + 0.5) / (times + 1)


def context_of(batch: Batch) -> int:
    """The context of a batch of N-grams: the mask is 0 on all of its bits but the last."""
    return int(batch.mask[0].argmax()) + 1


def optimal_cost(batch: Batch, context: int = CONTEXT) -> Tensor:
    """Bits that the best estimate's answers cost each sequence of a batch of N-grams -> (B)."""
    chances = optimal_chances(batch.inputs.squeeze(-1), context).to(torch.float64)
    targets, mask = (part[:, context - 1 :] for part in (batch.targets.squeeze(-1), batch.mask))
    hit = torch.where(targets > 0, chances, 1 - chances)
    return -(hit.log2() * mask).sum(1)
