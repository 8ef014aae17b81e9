"""Causes: every wrong bit has one, and each is what the rows of a hand-made machine show."""

import dataclasses

import pytest
import torch
from planted import LENGTH, closed_gate, dead_output, dozing_writer, random_bits, resting_writer, returning_writer

from ntm_lib import tasks
from ntm_lib.analysis.causes import case_of, causes, first_wrong
from ntm_lib.analysis.finding import CAUSES, Kind
from ntm_lib.analysis.route import circular, find_route, travelled, usual_step
from ntm_lib.analysis.trace import trace, trace_copy
from ntm_lib.machine import NTM, NTMConfig
from ntm_lib.teaching.handmade import copier

MACHINE = NTMConfig(input_size=5, output_size=3, memory_size=13, word_size=7, controller_size=11)


@pytest.mark.parametrize("seed", range(1000, 1005))
@pytest.mark.parametrize(
    "changes", [{}, {"weightings": "single"}, {"read_heads": 2, "write_heads": 3}, {"memory_size": 5}]
)
def test_causes_account_for_every_wrong_bit_once(seed, changes):
    torch.manual_seed(seed)
    machine = NTM(dataclasses.replace(MACHINE, **changes))
    for parameter in machine.parameters():
        parameter.data *= 4
    record = trace_copy(machine, tasks.payload(4, 9, 3), memory_size=machine.config.memory_size)
    split = causes(record)
    assert tuple(split) == CAUSES and sum(split.values()) == int(record.wrong.sum()) > 0
    assert min(split.values()) >= 0


@pytest.mark.parametrize("plant", [resting_writer, closed_gate, returning_writer, dozing_writer])
def test_rows_hold_their_vectors_unless_the_cause_is_the_writers(plant):
    """A row of the hand-made machine spells its vector, so what is in it when it is due tells who is to blame."""
    bits = random_bits(sequences=5)
    bits[2, 7] = 1
    record = trace_copy(plant(), bits)
    case = case_of(record)
    wrong = record.wrong[:, LENGTH + 2 :].any(-1)
    assert wrong.any()
    for b, vector in wrong.nonzero().tolist():
        row = record.memory[b, case.route.read_at[vector], case.route.written[b, vector], :8]
        spelt = torch.equal((row > 0.5).float(), bits[b, vector])
        assert spelt == (CAUSES[case.labels[b, vector]] in (Kind.MISSED_JUMP, Kind.OFF_BY_ONE))


def everything_changes(record):
    """Change all rows at the end marker, in the record alone."""
    changes = record.changes.clone()
    changes[:, LENGTH + 1] += 1
    return record._replace(changes=changes)


@pytest.mark.parametrize(
    ("disturb", "cause"), [(lambda record: record, "garbled"), (everything_changes, "restless writer")]
)
def test_heads_on_the_right_rows_leave_the_rows_or_the_output_to_blame(disturb, cause):
    record = disturb(trace_copy(dead_output(), random_bits()))
    assert causes(record)[cause] == int(record.wrong.sum()) == int((random_bits()[..., 3] == 0).sum())


def test_the_first_wrong_bit_is_the_earliest():
    bits = random_bits(sequences=3)
    bits[1, 4] = 1
    record = trace_copy(dozing_writer(), bits)
    first = first_wrong(record)
    wrong = [
        (t, b, bit)
        for t in range(LENGTH + 2, 2 * LENGTH + 2)
        for b in range(3)
        for bit in range(8)
        if (record.logits[b, t, bit] > 0) != (bits[b, t - LENGTH - 2, bit] > 0)
    ]
    assert (first.step, first.sequence, first.bit) == min(wrong) and first.vector == first.step - LENGTH - 2
    assert first.cause == "overwritten"
    assert first_wrong(trace_copy(copier(), bits)) is None


def test_a_route_is_where_vectors_were_written_and_read():
    route = find_route(trace_copy(copier(), random_bits()))
    assert route.written.tolist() == route.stood.tolist() == [list(range(2, LENGTH + 2))] * 2
    assert route.wrote_at.tolist() == list(range(1, LENGTH + 1)) and route.end_marker == LENGTH + 1
    assert route.read_at.tolist() == list(range(LENGTH + 2, 2 * LENGTH + 2))


def test_a_way_is_counted_in_steps_round_the_tape_and_jumps_are_none():
    path = torch.tensor([[5, 6, 0, 1, 4, 3, 3, 2], [1, 0, 6, 5, 5, 5, 6, 0]])
    assert travelled(path, rows=7, reach=1).tolist() == [[0, 1, 2, 3, 3, 2, 2, 1], [0, -1, -2, -3, -3, -3, -2, -1]]
    assert circular(torch.arange(-7, 8), 7).tolist() == [0, 1, 2, 3, -3, -2, -1, 0, 1, 2, 3, -3, -2, -1, 0]
    assert usual_step(torch.tensor([[5, 6, 0, 3, 4, 5]]), rows=7) == (1, pytest.approx(4 / 5))
    assert usual_step(torch.tensor([[5], [3]]), rows=7) == (0, 1.0)


def test_a_controller_with_a_state_may_write_a_step_late():
    """The copier's own weightings and answer, said to come from an LSTM, with the writer a step behind."""
    record = trace_copy(copier(), random_bits())
    late = record._replace(
        w_write=record.w_write.roll(1, dims=1), config=dataclasses.replace(copier().config, controller="lstm")
    )
    assert find_route(late).wrote_at.tolist() == list(range(2, LENGTH + 2))
    assert find_route(late).written.tolist() == find_route(record).written.tolist()


def test_only_copies_have_causes():
    batch = tasks.copy(2, 3, generator=torch.Generator().manual_seed(1))
    batch = batch._replace(mask=batch.mask * torch.tensor([1, 1, 1, 1, 1, 1, 0, 1]))
    with pytest.raises(ValueError, match=r"the answer takes steps \[5, 7\]: expected a copy"):
        causes(trace(copier(), batch))
