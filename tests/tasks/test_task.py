"""Tasks in general: what a task of one's own needs, batches of several lengths, and how errors are counted."""

from dataclasses import FrozenInstanceError

import pytest
import torch
from machines import raises

from ntm_lib import tasks
from ntm_lib.machine import LSTMConfig, NTMConfig
from ntm_lib.tasks import Batch, Task


def reverse(batch_size, size, generator):
    """A task in a few lines: a payload comes in and is asked for backwards."""
    bits = tasks.payload(batch_size, size, 3, generator=generator)
    batch = tasks.frame_copy(bits)
    targets = batch.targets.clone()
    targets[:, -size:] = bits.flip(1)
    return Batch(batch.inputs, targets, batch.mask)


REVERSE = Task(input_size=5, output_size=3, draw=reverse)


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


# What a task needs


def test_two_widths_and_a_draw_are_enough():
    assert REVERSE.alphabet is None
    assert list(REVERSE.kinds) == ["drawn"]
    assert REVERSE.kinds["drawn"] is reverse
    assert REVERSE.sizes == (20, 50, 120)
    assert [REVERSE.rows_needed(size) for size in (1, 5, 20)] == [4, 12, 42]  # as many as there are steps


def test_finding_the_rows_draws_no_random_numbers_of_others():
    before = torch.get_rng_state()
    REVERSE.rows_needed(7)
    assert torch.equal(torch.get_rng_state(), before)


def test_a_task_may_say_how_many_rows_it_needs_and_how_it_is_tested():
    task = Task(5, 3, reverse, rows=lambda size: size + 1, tests={"backwards": reverse}, sizes=(3,))
    assert task.rows_needed(7) == 8
    assert list(task.kinds) == ["backwards"]


def test_a_task_cannot_change_under_a_training():
    with pytest.raises(FrozenInstanceError):
        REVERSE.input_size = 7


# Copying as a task


@pytest.mark.parametrize("kind", tasks.KINDS)
def test_the_tests_of_copying_are_copies_of_every_kind(kind):
    task = tasks.copying(width=3)
    assert (task.input_size, task.output_size) == (5, 3)
    for found, expected in zip(
        task.kinds[kind](4, 7, generator(1)), tasks.copy(4, 7, 3, kind, generator(1)), strict=True
    ):
        assert torch.equal(found, expected)
    assert next(iter(task.kinds)) == "random"


@pytest.mark.parametrize("payload", ["random", "uneven"])
@pytest.mark.parametrize("start_marker", [True, False])
def test_what_copying_trains_on(start_marker, payload):
    task = tasks.copying(3, start_marker, payload=payload)
    bits = tasks.payload(4, 7, 3, payload, generator(1))
    expected = tasks.frame_copy(bits, start_marker)
    for found, part in zip(task.draw(4, 7, generator(1)), expected, strict=True):
        assert torch.equal(found, part)
    assert task.input_size == 3 + 1 + start_marker == expected.inputs.shape[-1]
    assert task.rows_needed(7) == 16


@pytest.mark.parametrize("start_marker", [True, False])
def test_the_alphabet_of_copying_is_all_that_may_come_in(start_marker):
    """Each vector once, without a marker; of many bits, no more than 256 of them."""
    vectors = tasks.copying(3, start_marker).alphabet.vectors
    assert sorted(vectors.tolist()) == [
        [a, b, c, *[0.0] * (1 + start_marker)] for a in (0.0, 1.0) for b in (0.0, 1.0) for c in (0.0, 1.0)
    ]
    wide = tasks.copying(11, start_marker).alphabet.vectors
    assert wide.shape[1] == 11 + 1 + start_marker
    assert 150 < len(wide) == len(wide.unique(dim=0)) <= 256
    assert not wide[:, 11:].any()
    assert ((wide == 0) | (wide == 1)).all()


@pytest.mark.parametrize("start_marker", [True, False])
def test_a_copys_inputs_are_of_its_alphabet(start_marker):
    """Behind the start marker: the payload, then the question, and then blanks."""
    task, length, first = tasks.copying(3, start_marker), 29, int(start_marker)
    vectors, question, start = task.alphabet
    (inputs,) = task.draw(1, length, generator(1)).inputs
    assert {tuple(x) for x in inputs[first : first + length].tolist()} <= {tuple(x) for x in vectors.tolist()}
    assert torch.equal(inputs[first + length : first + length + 1], question)
    assert not inputs[first + length + 1 :].any()
    assert (start is None) == (not start_marker)
    assert start is None or torch.equal(inputs[:1], start)


def test_an_alphabet_like_a_machines_weights():
    alphabet = tasks.copying(3).alphabet
    same = alphabet.like(torch.zeros(1))
    assert all(torch.equal(*parts) for parts in zip(same, alphabet, strict=True))
    assert tasks.copying(3, start_marker=False).alphabet.like(torch.zeros(1)).start is None
    exact = alphabet.like(torch.zeros(1, dtype=torch.float64))
    assert isinstance(exact, tasks.Alphabet)
    assert {part.dtype for part in exact} == {torch.float64}
    assert torch.equal(exact.vectors, alphabet.vectors.double())
    assert torch.equal(exact.question, alphabet.question.double())
    assert {part.device.type for part in alphabet.like(torch.zeros(1, device="meta"))} == {"meta"}


@pytest.mark.parametrize(("inputs", "marker"), [(4, False), (5, True)])
def test_copying_for_a_machine_of_some_width(inputs, marker):
    task = tasks.copying_for(NTMConfig(inputs, 3))
    assert (task.input_size, task.output_size) == (inputs, 3)
    assert task.draw(1, 2, generator()).inputs.shape == (1, 5 + marker, inputs)


@pytest.mark.parametrize("inputs", [3, 6, 2, 30])
def test_a_machine_without_room_for_markers(inputs):
    with raises(ValueError, f"this machine has {inputs} inputs and 3 outputs: a copy needs one input more"):
        tasks.copying_for(LSTMConfig(inputs, 3))


# Sequences of several lengths


def test_a_batch_of_several_lengths_is_padded_at_the_end():
    """Each sequence is what it is alone; behind it there is nothing, and nothing there counts."""
    lengths = [2, 5, 3]
    batch = tasks.copy(3, lengths, 4, generator=generator(1))
    assert [tuple(part.shape) for part in batch] == [(3, 12, 6), (3, 12, 4), (3, 12)]
    assert batch.mask.sum(1).tolist() == lengths
    stream = generator(1)
    for b, length in enumerate(lengths):
        alone, steps = tasks.copy(1, length, 4, generator=stream), 2 * length + 2
        for part, expected in zip(batch, alone, strict=True):
            assert torch.equal(part[b, :steps], expected[0])
            assert not part[b, steps:].any()


def test_lengths_may_be_any_sequence():
    for lengths in ((3, 6), [3, 6], range(3, 7, 3)):
        assert tasks.copy(2, lengths).mask.sum(1).tolist() == [3, 6]


@pytest.mark.parametrize("lengths", [[], [3], [3, 6, 9]])
def test_there_is_a_length_for_every_sequence(lengths):
    with raises(ValueError, f"length names {len(lengths)} lengths: expected 2, one for each sequence"):
        tasks.copy(2, lengths)


@pytest.mark.parametrize(
    ("lengths", "error", "text"),
    [
        ([3, 0], ValueError, "length is 0: expected at least 1"),
        ([3, 2.5], TypeError, "length is 2.5: expected a whole number"),
        (["3", 4], TypeError, "length is '3': expected a whole number"),
    ],
)
def test_every_length_is_looked_at(lengths, error, text):
    with raises(error, text):
        tasks.copy(2, lengths)


def test_joining_is_the_loop():
    """One number at a time, for batches of several sequences."""
    batches = [tasks.copy(size, length, 2, generator=generator(length)) for size, length in ((2, 3), (1, 5), (3, 1))]
    joined = tasks.join(batches)
    assert joined.inputs.shape == (6, 12, 4)
    sequences = [(batch, b) for batch in batches for b in range(len(batch.mask))]
    for place, (batch, b) in enumerate(sequences):
        for part, expected in zip(joined, batch, strict=True):
            for step in range(12):
                numbers = expected[b, step] if step < expected.shape[1] else torch.zeros_like(expected[b, 0])
                assert torch.equal(part[place, step], numbers)


def test_joining_keeps_precision_and_device():
    batches = [tasks.copy(1, length).like(torch.zeros(1, dtype=torch.float16)) for length in (1, 2)]
    assert {part.dtype for part in tasks.join(batches)} == {torch.float16}
    on_meta = [tasks.copy(1, length).like(torch.zeros(1, device="meta")) for length in (1, 2)]
    assert {part.device.type for part in tasks.join(on_meta)} == {"meta"}


# Errors


def test_wrong_bits_by_hand():
    batch = Batch(
        torch.zeros(2, 3, 1),
        torch.tensor([[[0.0, 1.0], [1.0, 0.0], [0.0, 0.0]], [[0.0, 0.0], [1.0, 1.0], [0.0, 1.0]]]),
        torch.tensor([[0.0, 1.0, 1.0], [0.0, 1.0, 0.0]]),
    )
    logits = torch.tensor([[[9.0, 9.0], [0.1, -5.0], [0.0, 0.2]], [[9.0, 9.0], [-0.1, 3.0], [9.0, -9.0]]])
    assert tasks.count_wrong_bits(logits, batch).tolist() == [1, 1]
    logits[0, 1, 1] = torch.nan  # also where a zero was asked for
    logits[1, 2, 0] = torch.nan  # which counts for nothing
    assert tasks.count_wrong_bits(logits, batch).tolist() == [2, 1]


@pytest.mark.parametrize("broken", [torch.nan, torch.inf, -torch.inf])
def test_a_logit_that_is_no_number_is_no_bit(broken):
    batch = tasks.copy(2, 3, 4, "zeros")
    logits = torch.full(batch.targets.shape, -1.0)
    logits[0, -1, 0] = broken
    expected = [0, 0] if broken == -torch.inf else [1, 0]
    assert tasks.count_wrong_bits(logits, batch).tolist() == expected
