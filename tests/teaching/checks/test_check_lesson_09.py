"""Lesson 9's checks: a right answer passes in several styles, each mistake earns its sentence."""

import torch
from exercises import exercise_tests

from ntm_lib import tasks
from ntm_lib.tasks import Batch
from ntm_lib.teaching.checks import lesson_09 as checks

# my_recall


def blank_recall(items):
    """Zeros of a recall's shapes, the steps of items, and the step at which the question begins."""
    count, number, vectors, width = items.shape
    begin = number * (vectors + 1)
    steps = begin + 2 * vectors + 2
    return Batch(
        torch.zeros(count, steps, width + 2), torch.zeros(count, steps, width), torch.zeros(count, steps)
    ), begin


def my_recall(items, asked):
    batch, begin = blank_recall(items)
    count, number, vectors, width = items.shape
    rows = torch.arange(count)
    for item in range(number):
        first = item * (vectors + 1) + 1
        batch.inputs[:, first - 1, width] = 1
        batch.inputs[:, first : first + vectors, :width] = items[:, item]
    batch.inputs[:, [begin, begin + vectors + 1], width + 1] = 1
    batch.inputs[:, begin + 1 : begin + 1 + vectors, :width] = items[rows, asked]
    batch.targets[:, -vectors:] = items[rows, asked - 1]
    batch.mask[:, -vectors:] = 1
    return batch


def recall_sequence_by_sequence(items, asked):
    parts = []
    for one, place in zip(items, asked.tolist(), strict=True):
        vectors, width = one.shape[1:]
        item, question, nothing = (torch.zeros(1, width + 2) for _ in range(3))
        item[0, width] = question[0, width + 1] = 1
        shown = [torch.cat([each, torch.zeros(vectors, 2)], 1) for each in one]
        rows = [part for each in shown for part in (item, each)]
        inputs = torch.cat([*rows, question, shown[place], question, nothing.expand(vectors, -1)])
        targets, mask = torch.zeros(len(inputs), width), torch.zeros(len(inputs))
        targets[-vectors:], mask[-vectors:] = one[place - 1], 1
        parts.append((inputs, targets, mask))
    return Batch(*map(torch.stack, zip(*parts, strict=True)))


def recall_from_the_library_s(items, asked):
    """An item added at the end, which is never asked for, lets the library frame every question."""
    vectors = items.shape[2]
    batch = tasks.frame_recall(torch.cat([items, items[:, :1] * 0 + 2], 1), asked)
    inputs = torch.cat([batch.inputs[:, : -3 * vectors - 3], batch.inputs[:, -2 * vectors - 2 :]], 1)
    targets = torch.cat([batch.targets[:, vectors + 1 : -vectors], items[torch.arange(len(items)), asked - 1]], 1)
    return Batch(inputs, targets, batch.mask[:, vectors + 1 :])


def recall_as_tensors(items, asked):
    return my_recall(items, asked).inputs


def changed_recall(name, change):
    """A right recall of which a part is changed."""

    def attempt(items, asked):
        batch = my_recall(items, asked)
        return change(batch, items, asked) or batch

    attempt.__name__ = name
    return attempt


def short_inputs(batch, items, asked):
    return batch._replace(inputs=batch.inputs[:, :-1])


def targets_as_wide_as_inputs(batch, items, asked):
    return batch._replace(targets=batch.inputs)


def mask_of_bits(batch, items, asked):
    return batch._replace(mask=batch.targets)


def answer_that_is_shown(batch, items, asked):
    batch.inputs[:, -items.shape[2] :, : items.shape[3]] = items[torch.arange(len(items)), asked - 1]


def items_swapped(batch, items, asked):
    other = my_recall(items.flip(1), items.shape[1] - 1 - asked)
    return batch._replace(inputs=other.inputs)


def one_delimiter(batch, items, asked):
    width = items.shape[3]
    batch.inputs[:, 1:-1, width] = 0


def question_that_never_ends(batch, items, asked):
    batch.inputs[:, -items.shape[2] - 1, -1] = 0


def question_of_the_first_sequence(batch, items, asked):
    vectors, width = items.shape[2:]
    batch.inputs[:, -2 * vectors - 1 : -vectors - 1, :width] = items[:, (asked[0] + 1) % items.shape[1]]


def everything_counts(batch, items, asked):
    return batch._replace(mask=torch.ones_like(batch.mask))


def targets_from_the_start(batch, items, asked):
    batch.targets[:, 0] = 1


def item_after(batch, items, asked):
    batch.targets[:, -items.shape[2] :] = items[torch.arange(len(items)), (asked + 1) % items.shape[1]]


def question_as_answer(batch, items, asked):
    batch.targets[:, -items.shape[2] :] = 1 - items[torch.arange(len(items)), asked - 1]


RECALLS = {
    short_inputs: "inputs have shape",
    targets_as_wide_as_inputs: "targets have shape",
    mask_of_bits: "the mask has shape",
    answer_that_is_shown: "something comes in while the machine answers: these inputs are blank",
    items_swapped: "an item is not where it should be: N items begin, each behind its own 1",
    one_delimiter: "stands before each item, and nothing else on it",
    question_that_never_ends: "stands before and after the question, and nothing else on it",
    question_of_the_first_sequence: "the question is another item: `asked` counts from 0, in each sequence for itself",
    everything_counts: " steps count: the mask is 1 there, else 0",
    targets_from_the_start: "targets stand in the last steps alone: before them they are 0",
    item_after: "the answer is the item after the question: here it is the one before",
    question_as_answer: "the answer is not the item before the question",
}

# my_answer


def my_answer(read, write, vectors):
    row = read[:, -vectors].argmax(-1)  # (B), where the reader is at the first step of the answer
    step = (write.argmax(-1) == row.unsqueeze(1)).float().argmax(1)  # the first step in which the writer was there
    return (step - 1) // (vectors + 1)


def answer_in_loops(read, write, vectors):
    found = []
    for reader, writer in zip(read, write, strict=True):
        rows = [int(weights.argmax()) for weights in writer]
        found.append((rows.index(int(reader[-1].argmax())) - 1) // (vectors + 1))
    return torch.tensor(found)


def answer_by_likeness(read, write, vectors):
    """The step whose write weighting is most like the reader's."""
    return torch.einsum("bn,btn->bt", read[:, -1], write).argmax(1) // (vectors + 1)


def answer_as_row(read, write, vectors):
    return read[:, -vectors].argmax(-1)


def answer_as_step(read, write, vectors):
    return my_answer(read, write, vectors) * (vectors + 1) + 1


def answer_from_one(read, write, vectors):
    return my_answer(read, write, vectors) + 1


def answer_without_a_writer(read, write, vectors):
    return (read[:, -vectors].argmax(-1) - 1) // (vectors + 1)


def answer_of_the_first_sequence(read, write, vectors):
    return my_answer(read, write, vectors)[:1].expand(len(read)).clone()


def answer_at_the_question(read, write, vectors):
    first = write[:, 0].argmax(-1)
    return (read[:, -1].argmax(-1) - first - 1) // (vectors + 1)


def answer_below_zero(read, write, vectors):
    return my_answer(read, write, vectors) - 3


def answer_that_is_always_the_first(read, write, vectors):
    return my_answer(read, write, vectors) * 0


ANSWERS = {
    answer_below_zero: "an item's number is from 0 on: which step wrote the row that the reader is on?",
    answer_at_the_question: "an item's number is from 0 on",
    answer_as_row: "this is a row: find the step in which the writer was there, and the item of that step",
    answer_as_step: "this is the step that wrote it: each item takes vectors + 1 steps",
    answer_from_one: "items are counted from 0",
    answer_without_a_writer: "it takes the first item to begin on row 1: look where the writer was, step by step",
    answer_of_the_first_sequence: "every sequence has a reader of its own: of each, one item",
    answer_that_is_always_the_first: " the readers read item 2, not [0]",
}

# my_reverse


def my_reverse(batch_size, length, generator):
    batch = tasks.copy(batch_size, length, generator=generator)
    targets = batch.targets.clone()
    targets[:, length + 2 :] = batch.targets[:, length + 2 :].flip(1)
    return batch._replace(targets=targets)


def reverse_from_zeros(batch_size, length, generator):
    bits = torch.randint(0, 2, (batch_size, length, 8), generator=generator).float()
    inputs, targets = torch.zeros(batch_size, 2 * length + 2, 10), torch.zeros(batch_size, 2 * length + 2, 8)
    inputs[:, 0, 8] = inputs[:, length + 1, 9] = 1
    mask = torch.zeros(batch_size, 2 * length + 2)
    for place in range(length):
        inputs[:, 1 + place, :8] = targets[:, -1 - place] = bits[:, place]
        mask[:, -1 - place] = 1
    return Batch(inputs, targets, mask)


def reverse_by_framing(batch_size, length, generator):
    bits = tasks.payload(batch_size, length, generator=generator)
    shown, asked = tasks.frame_copy(bits), tasks.frame_copy(bits.flip(1))
    return Batch(shown.inputs, asked.targets, asked.mask)


def reverse_as_a_tuple(*given):
    return tuple(my_reverse(*given))


def reverse_without_generator(batch_size, length, generator):
    return my_reverse(batch_size, length, torch.Generator().manual_seed(torch.seed() % 2**32))


def reverse_with_a_seed(batch_size, length, generator):
    return my_reverse(batch_size, length, torch.Generator().manual_seed(7))


def reverse_of_one_sequence(batch_size, length, generator):
    one = my_reverse(1, length, generator)
    return Batch(*(part.expand(batch_size, *part.shape[1:]).clone() for part in one))


def reverse_of_zeros(batch_size, length, generator):
    return reverse_of(torch.rand(batch_size, length, 8, generator=generator).lt(0.1).float())


def reverse_of(bits):
    return Batch(tasks.frame_copy(bits).inputs, tasks.frame_copy(bits.flip(1)).targets, tasks.frame_copy(bits).mask)


def reverse_of_whole_numbers(batch_size, length, generator):
    return reverse_of(torch.randint(0, 2, (batch_size, length, 8), generator=generator))


def reverse_of_numbers(batch_size, length, generator):
    return reverse_of(torch.rand(batch_size, length, 8, generator=generator))


def copied_instead(batch_size, length, generator):
    return tasks.copy(batch_size, length, generator=generator)


def changed_reverse(name, change):
    """A right batch of which a part is changed."""

    def attempt(batch_size, length, generator):
        batch = my_reverse(batch_size, length, generator)
        return change(batch, length) or batch

    attempt.__name__ = name
    return attempt


def no_start_marker(batch, length):
    return Batch(*(part[:, 1:] for part in batch))


def answer_shown(batch, length):
    batch.inputs[:, length + 2 :, :8] = batch.targets[:, length + 2 :]


def marker_elsewhere(batch, length):
    batch.inputs[:, 0, 8], batch.inputs[:, 0, 9] = 0, 1


def all_steps_count(batch, length):
    batch.mask[:] = 1


def targets_too_early(batch, length):
    batch.targets[:, 1] = 1


def bits_too(batch, length):
    return batch._replace(targets=batch.targets.flip(2))


def bits_alone(batch, length):
    targets = batch.targets.clone()
    targets[:, length + 2 :] = targets[:, length + 2 :].flip(1, 2)
    return batch._replace(targets=targets)


def zeros_asked(batch, length):
    return batch._replace(targets=0 * batch.targets)


REVERSES = {
    no_start_marker: "inputs has shape (3, 5, 10), expected (3, 6, 10)",
    answer_shown: "something comes in while the machine answers: these inputs are blank",
    marker_elsewhere: "the inputs are not those of a copy: start marker, vectors, end marker, then nothing",
    all_steps_count: "steps, which count, else 0",
    targets_too_early: "targets before the answer are not 0",
    bits_too: "the vectors come last first, and so do their bits: only the vectors change places",
    bits_alone: "the bits of each vector are reversed: here the vectors change places, and bits stay",
    zeros_asked: "the answer is not the vectors in reverse order",
}

TestExercises = exercise_tests(
    checks,
    right=[
        *(("recall", one) for one in (my_recall, recall_sequence_by_sequence, recall_from_the_library_s)),
        *(("answer", one) for one in (my_answer, answer_in_loops, answer_by_likeness)),
        *(("reverse", one) for one in (my_reverse, reverse_from_zeros, reverse_by_framing, reverse_of_whole_numbers)),
    ],
    mistakes=[
        ("recall", recall_as_tensors, "returns Tensor: expected a tasks.Batch"),
        *(("recall", changed_recall(each.__name__, each), sentence) for each, sentence in RECALLS.items()),
        *(("answer", each, sentence) for each, sentence in ANSWERS.items()),
        ("reverse", reverse_as_a_tuple, "returns tuple: expected a tasks.Batch"),
        ("reverse", reverse_without_generator, "one seed should give one batch: take all chance from `generator`"),
        ("reverse", reverse_with_a_seed, "all batches are alike: draw by `generator`, and leave its seed"),
        ("reverse", reverse_of_one_sequence, "sequences of a batch are alike: draw each for itself"),
        ("reverse", reverse_of_zeros, "half of the bits should be 1: draw each of them fairly"),
        ("reverse", reverse_of_numbers, "vectors are of bits, 0 or 1: there are other numbers"),
        ("reverse", copied_instead, "the vectors are asked for first to last: that is a copy"),
        *(("reverse", changed_reverse(each.__name__, each), sentence) for each, sentence in REVERSES.items()),
    ],
)
