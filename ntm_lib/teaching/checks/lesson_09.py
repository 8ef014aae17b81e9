"""Checks of lesson 9: a recall that asks backward, the item that a machine read, a task that asks in reverse order."""

from typing import Any

import torch
from torch import Generator, Tensor

from ntm_lib import tasks
from ntm_lib.tasks import Batch
from ntm_lib.teaching.checks.verdicts import Ask, Trials, check, numbers


@check("questions and answers stand in their steps, in every sequence")
def recall(ask: Ask) -> Trials:
    """Say what is wrong with `my_recall(items, asked)`, a batch that asks for the item before the question."""
    for sizes, places in (((1, 2, 1, 3), [1]), ((1, 4, 3, 6), [3]), ((3, 5, 2, 7), [1, 4, 2])):
        items, asked = (numbers(*sizes, seed=sum(sizes)) > 0).float(), torch.tensor(places)
        found, right = ask(items, asked, like=Batch), asked_backward(items, asked)
        shape = tuple(right.inputs.shape)
        yield _shape(found.inputs) == shape, f"inputs have shape {_shape(found.inputs)}: expected {shape}"
        shape = tuple(right.targets.shape)
        yield _shape(found.targets) == shape, f"targets have shape {_shape(found.targets)}: expected {shape}"
        shape = tuple(right.mask.shape)
        yield _shape(found.mask) == shape, f"the mask has shape {_shape(found.mask)}: expected {shape}"
        vectors, width = sizes[2:]
        begin, answer = right.inputs.shape[1] - 2 * vectors - 2, right.inputs.shape[1] - vectors
        wrong = (found.inputs != right.inputs).any(0)  # (T, width + 2)
        yield not wrong[answer:].any(), "something comes in while the machine answers: these inputs are blank"
        yield not wrong[:begin, :width].any(), "an item is not where it should be: N items begin, each behind its own 1"
        yield not wrong[:begin].any(), f"a 1 on channel {width} stands before each item, and nothing else on it"
        ends = f"a 1 on channel {width + 1} stands before and after the question, and nothing else on it"
        yield not wrong[:, width:].any(), ends
        yield not wrong.any(), "the question is another item: `asked` counts from 0, in each sequence for itself"
        yield torch.equal(found.mask, right.mask), f"only the last {vectors} steps count: the mask is 1 there, else 0"
        yield not found.targets[:, :answer].any(), "targets stand in the last steps alone: before them they are 0"
        asked_for = found.targets[:, answer:]
        after = items[torch.arange(len(items)), (asked + 1) % items.shape[1]]
        one_on = torch.equal(asked_for, after) and not torch.equal(right.targets[:, answer:], after)
        yield not one_on, "the answer is the item after the question: here it is the one before"
        yield torch.equal(found.targets, right.targets), "the answer is not the item before the question"


def asked_backward(items: Tensor, asked: Tensor) -> Batch:
    """Frame a recall whose answer is the item before the question: as of items in reverse order, shown forward."""
    batch = tasks.frame_recall(items.flip(1), items.shape[1] - 1 - asked)
    number_of_items, vectors, width = items.shape[1:]
    inputs = batch.inputs.clone()
    shown = inputs[:, : number_of_items * (vectors + 1)].unflatten(1, (number_of_items, vectors + 1))
    shown[:, :, 1:, :width] = items
    return batch._replace(inputs=inputs)


def _shape(part: Any) -> tuple[int, ...] | str:
    """The shape of a tensor, or the name of what is none."""
    return tuple(part.shape) if isinstance(part, Tensor) else type(part).__name__


@check("it names the item that a machine reads, wherever the tape begins")
def answer(ask: Ask) -> Trials:
    """Say what is wrong with `my_answer(read, write, vectors)`, the item that each sequence's reader reads, (B)."""
    for starts, read_items, number_of_items, vectors, rows, blur in (
        ([5], [2], 4, 1, 17, 0.0),
        ([0], [1], 4, 3, 37, 0.0),
        ([5], [3], 5, 2, 31, 0.0),
        ([0, 0, 0], [0, 4, 2], 5, 2, 29, 0.0),
        ([20, 3], [3, 1], 4, 3, 41, 0.0),
        ([7, 30], [1, 6], 7, 2, 43, 0.3),
    ):
        read, write = walked(starts, read_items, number_of_items, vectors, rows, blur)
        right, told = torch.tensor(read_items), f"item {read_items[0]}" if len(read_items) == 1 else f"{read_items}"
        found = ask(read, write, vectors, like=right)
        first_row = torch.tensor(starts) + 1 + right * (vectors + 1)
        yield found.min() >= 0, "an item's number is from 0 on: which step wrote the row that the reader is on?"
        by_row = (first_row % rows - 1) // (vectors + 1)
        for mistake, sentence in (
            (first_row % rows, "this is a row: find the step in which the writer was there, and the item of that step"),
            (first_row - torch.tensor(starts), "this is the step that wrote it: each item takes vectors + 1 steps"),
            (by_row, "it takes the first item to begin on row 1: look where the writer was, step by step"),
            (right + 1, "items are counted from 0"),
        ):
            yield torch.equal(right, mistake) or not torch.equal(found, mistake), sentence
        one_for_all = len(found) > 1 and bool((found == found[0]).all())
        yield not one_for_all, "every sequence has a reader of its own: of each, one item"
        yield torch.equal(found, right), f"among {rows} rows the readers read {told}, not {found.tolist()}"


def walked(
    starts: list[int], read_items: list[int], number_of_items: int, vectors: int, rows: int, blur: float
) -> tuple[Tensor, Tensor]:
    """Weightings (B, T, N) of readers that read one item each, and of writers that walk from a row on, a row a step."""
    steps = number_of_items * (vectors + 1) + 2 * vectors + 2
    time, begin = torch.arange(steps), steps - vectors
    write = (torch.tensor(starts).unsqueeze(1) + time) % rows  # (B, T)
    first = torch.tensor(read_items) * (vectors + 1) + 1
    read = torch.where(time < begin, (write + 11) % rows, 0)
    places = first.unsqueeze(1) + torch.arange(vectors)
    read[:, begin:] = write.gather(1, places)
    sharp = (torch.nn.functional.one_hot(each, rows).float() for each in (read, write))
    read, write = ((1 - blur) * one + blur / rows for one in sharp)
    return read, write


@check("a task of your own, which a machine can be trained on")
def reverse(ask: Ask) -> Trials:
    """Say what is wrong with `my_reverse(batch_size, length, generator)`, a batch that asks in reverse order."""
    for sequences, length in ((3, 2), (1, 1), (5, 7), (64, 13)):
        case = f"{sequences} sequences of {length} vectors" if ask.asked else None
        batch = ask(sequences, length, Generator().manual_seed(length), like=Batch, case=case)
        steps = 2 * length + 2
        shapes = (sequences, steps, 10), (sequences, steps, 8), (sequences, steps)
        for name, part, shape in zip(Batch._fields, batch, shapes, strict=True):
            told = f"{sequences} sequences of {length} vectors: {name} has shape {_shape(part)}, expected {shape}"
            yield _shape(part) == shape, told
        bits, first = batch.inputs[:, 1 : length + 1, :8], length + 2
        yield bool(((bits == 0) | (bits == 1)).all()), "vectors are of bits, 0 or 1: there are other numbers"
        as_copied = tasks.frame_copy(bits)
        yield not batch.inputs[:, first:].any(), "something comes in while the machine answers: these inputs are blank"
        marked = torch.equal(batch.inputs, as_copied.inputs)
        yield marked, "the inputs are not those of a copy: start marker, vectors, end marker, then nothing"
        yield torch.equal(batch.mask, as_copied.mask), f"the mask is 1 in the last {length} steps, which count, else 0"
        found, right = batch.targets[:, first:], bits.flip(1)
        yield not batch.targets[:, :first].any(), "targets before the answer are not 0"
        for mistake, sentence in (
            (bits, "the vectors are asked for first to last: that is a copy"),
            (bits.flip(1, 2), "the vectors come last first, and so do their bits: only the vectors change places"),
            (bits.flip(2), "the bits of each vector are reversed: here the vectors change places, and bits stay"),
        ):
            yield torch.equal(right, mistake) or not torch.equal(found, mistake), sentence
        yield torch.equal(found, right), "the answer is not the vectors in reverse order"
    yield 0.4 < bits.float().mean().item() < 0.6, "half of the bits should be 1: draw each of them fairly"
    yield len(bits.flatten(1).unique(dim=0)) == len(bits), "sequences of a batch are alike: draw each for itself"
    again = ask(64, 13, Generator().manual_seed(13), like=Batch, case="64, 13")
    other = ask(64, 13, Generator().manual_seed(14), like=Batch, case="64, 13")
    yield torch.equal(again.inputs, batch.inputs), "one seed should give one batch: take all chance from `generator`"
    yield not torch.equal(other.inputs, batch.inputs), "all batches are alike: draw by `generator`, and leave its seed"
