"""The guilty step: in hand-made machines the planted mistake's step and rows are known."""

import pytest
import torch
from planted import (
    FORWARD,
    HEAR_END,
    LENGTH,
    READ,
    WRITE,
    closed_gate,
    dead_output,
    dozing_writer,
    random_bits,
    resting_writer,
    returning_writer,
    set_bias,
    set_weight,
)

from ntm_lib.analysis.finding import CAUSES
from ntm_lib.analysis.guilty import PLACES, Place, guilty_step, rivals
from ntm_lib.analysis.trace import trace_copy
from ntm_lib.teaching.handmade import SURE, copier

END = LENGTH + 1  # the end marker's step; the writer of the hand-made copier is on row t + 1 in step t


def found(machine, bits=None, rows=None):
    return guilty_step(trace_copy(machine, random_bits() if bits is None else bits, rows))


def where(place):
    return place.step, place.row, place.half


def test_a_right_copy_has_none():
    assert found(copier()) is None


def test_a_reader_that_never_jumps_is_on_its_first_row_and_should_be_on_the_start_markers():
    """The right row is one before that of the first vector, where the next step leads in time."""
    guilty = found(closed_gate())
    assert guilty.cause == "missed jump"
    assert where(guilty.went) == (END, 0, "read") and where(guilty.right) == (END, 1, "read")
    assert (guilty.went.words, guilty.right.words) == ("here the read head went", "here it should have gone")


def test_a_writer_that_stays_for_one_byte_should_have_gone_a_row_on():
    bits = random_bits(sequences=1)
    bits[(bits == 1).all(-1)] = 0
    bits[0, 7] = 1  # the byte 255, in step 8, for which the writer stays on the row of step 7
    guilty = found(dozing_writer(), bits)
    assert guilty.cause == "off by one"
    assert where(guilty.went) == (8, 8, "write") and where(guilty.right) == (8, 9, "write")


def test_a_reader_that_slips_is_on_another_row_than_the_vector_that_is_due():
    """By the trace alone: from vector 5 on the reader's weighting is that of the step before."""
    trace = trace_copy(copier(), random_bits(sequences=1))
    due = END + 1 + 5
    w_read, logits = trace.w_read.clone(), trace.logits.clone()
    w_read[:, due:] = trace.w_read[:, due - 1 : -1]
    logits[:, due:] = trace.logits[:, due - 1 : -1]
    guilty = guilty_step(trace._replace(w_read=w_read, logits=logits))
    assert guilty.cause == "off by one"
    row = int(trace.w_read[0, due, 0].argmax())
    assert where(guilty.went) == (due, row - 1, "read") and where(guilty.right) == (due, row, "read")


@pytest.mark.parametrize("rows", [17, 19])
def test_on_a_short_tape_the_writer_comes_round_to_the_start_markers_row(rows):
    guilty = found(copier(), rows=rows)
    assert guilty.cause == "wrap-around"
    assert where(guilty.went) == (rows, 1, "write") and where(guilty.right) == (0, 1, "write")


def test_a_writer_that_rests_changes_the_last_row_at_the_end_marker():
    guilty = found(resting_writer())
    assert guilty.cause == "last vectors"
    assert where(guilty.went) == (END, LENGTH + 1, "write") and where(guilty.right) == (LENGTH, LENGTH + 1, "write")


def test_a_writer_that_walks_back_meets_a_row_before_it_is_read():
    """After the end marker the writer goes a row back in each step, from the row of the end marker."""
    guilty = found(returning_writer())
    assert guilty.cause == "overwritten" and guilty.went.half == guilty.right.half == "write"
    assert guilty.went.row == guilty.right.row == guilty.right.step + 1
    assert guilty.went.step > END
    assert guilty.right.words == f"here vector {guilty.right.step - 1} is written"


def test_a_blurred_writer_is_ringed_where_a_vector_first_has_less_than_half_of_its_weight():
    machine = copier()
    set_bias(machine, "gamma", WRITE, [-SURE])
    set_bias(machine, "s", WRITE, [0.0, 0.0, 1.0])
    trace = trace_copy(machine, random_bits(sequences=1))
    guilty = guilty_step(trace)
    assert guilty.cause == "blur" and guilty.right is None and guilty.went.half == "write"
    step, row = guilty.went.step, guilty.went.row
    heaviest = trace.w_write[0, :, 0].max(-1)
    assert heaviest.values[step] < 0.5 and int(heaviest.indices[step]) == row
    assert guilty.went.words == f"here is {100 * heaviest.values[step]:.0f} % of the write head's weight"


def test_an_output_that_is_dead_leaves_the_right_row_ringed():
    trace = trace_copy(dead_output(), random_bits(sequences=1))
    guilty = guilty_step(trace)
    vector = int(trace.wrong[0, END + 1 :].any(-1).long().argmax())
    assert guilty.cause == "garbled"
    assert where(guilty.went) == (END + 1 + vector, vector + 2, "read")
    assert where(guilty.right) == (vector + 1, vector + 2, "write")


def test_a_restless_writer_is_ringed_in_the_step_in_which_the_row_changes():
    """All rows change at the end marker, in the record alone."""
    trace = trace_copy(dead_output(), random_bits(sequences=1))
    changes = trace.changes.clone()
    changes[:, END] += 1
    guilty = guilty_step(trace._replace(changes=changes))
    assert guilty.cause == "restless writer"
    assert guilty.went.step == END and guilty.went.row == guilty.right.row == guilty.right.step + 1


def test_a_straying_reader_is_ringed_in_the_step_before_the_vector_that_it_spoils():
    """It reads the row of the end of the tape, in the record alone, while all vectors come in."""
    trace = trace_copy(dead_output(), random_bits(sequences=1))
    reads, w_read = trace.reads.clone(), trace.w_read.clone()
    reads[:, :END] = 2 * reads[:, END + 1 : END + 2]
    w_read[:, :END] = 0
    w_read[:, :END, :, 47] = 1
    guilty = guilty_step(trace._replace(reads=reads, w_read=w_read))
    assert guilty.cause == "reader strays"
    assert where(guilty.went) == (guilty.right.step - 1, 47, "read")
    assert guilty.right.half == "write" and guilty.right.row == guilty.right.step + 1


def test_the_sequence_with_most_wrong_bits_is_taken():
    bits = torch.zeros(3, LENGTH, 8)
    bits[1, 4:] = 1
    bits[2, 9] = 1
    guilty = found(closed_gate(), bits)
    assert guilty.sequence == 1


def test_every_cause_has_places_and_a_place_says_something():
    assert tuple(sorted(PLACES)) == tuple(sorted(CAUSES))
    assert Place._fields == ("step", "row", "half", "words")


def test_rivals_are_the_weights_of_the_right_row_the_old_row_and_all_others():
    """In the step of a jump that succeeds: by content all on the start marker's row, and a step later kept there."""
    torch.testing.assert_close(
        rivals(trace_copy(copier(), random_bits(sequences=1))), torch.tensor([[1.0, 0, 0]] * 4), atol=1e-4, rtol=0
    )
    trace = trace_copy(closed_gate(), random_bits(sequences=1))
    found = rivals(trace)
    assert torch.equal(found[1:].round(), torch.tensor([[0.0, 1, 0]] * 3))
    torch.testing.assert_close(found[0, 0], trace.w_c[0, END, 0, 1])
    torch.testing.assert_close(found.sum(1), torch.ones(4))


def test_rivals_go_along_with_the_shift():
    """The jump of a reader that steps forward in the same step: its row is one on, and so is the old one."""
    machine = copier()
    set_weight(machine, "s", READ, FORWARD, HEAR_END, 3 * SURE)
    found = rivals(trace_copy(machine, random_bits(sequences=1)))
    torch.testing.assert_close(found, found[:1].expand(4, -1), atol=1e-3, rtol=0)
