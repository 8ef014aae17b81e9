"""Checks of whole machines: right answers pass, and every sentence has a planted mistake that earns it."""

import pytest
import torch
from exercises import exercise_tests

from ntm_lib.machine import NTM, NTMConfig, addressing, memory
from ntm_lib.teaching import handmade
from ntm_lib.teaching.checks import lesson_04 as checks
from ntm_lib.teaching.handmade import ANSWERING, END, SURE


def one_step(model, x, state, order=("write", "read"), writer=1, reader=0, keep=False):
    h, controller = model.controller(torch.cat([x, state.reads.flatten(1)], dim=-1), state.controller)
    told = model.heads(h)
    weights = addressing.address(state.memory, state.weights, *told[:5]).w
    tape = memory.write(state.memory, weights[:, writer : writer + 1], told.erase, told.add)
    reads = memory.read(tape if order[0] == "write" else state.memory, weights[:, reader : reader + 1])
    return type(state)(tape, weights, reads, state.controller if keep else controller)


def my_step(model, x, state):
    return one_step(model, x, state)


def step_that_points_from_one_place(model, x, state):
    return one_step(model, x, state._replace(weights=state.weights[:, :1].expand(-1, 2, -1)))


def step_where_the_reader_writes(model, x, state):
    return one_step(model, x, state, writer=0)


def step_that_reads_first(model, x, state):
    return one_step(model, x, state, order=("read", "write"))


def step_that_reads_where_it_writes(model, x, state):
    return one_step(model, x, state, reader=1)


def step_that_forgets_the_controller(model, x, state):
    return one_step(model, x, state, keep=True)


def step_without_a_controller(model, x, state):
    return my_step(model, x, state)._replace(controller=())


def my_complement(machine):
    machine.output.weight *= -1
    machine.output.bias *= -1
    return machine


def complement_of_the_weight_alone(machine):
    machine.output.weight *= -1
    return machine


def complement_of_the_bias_alone(machine):
    machine.output.bias *= -1
    return machine


def complement_by_the_total(machine):
    machine.output.weight[:, :8] = -SURE / 8
    machine.output.bias[:] = SURE / 2
    return machine


def complement_by_what_is_heard(machine):
    machine.controller.from_input.weight[:8, :8] *= -1
    return machine


def my_reverse_copy():
    """Both heads step backward once they read the end marker's flag, or the flag that they leave on the way back."""
    machine = handmade.blank_machine()
    listen, emit = machine.controller.from_input.weight, machine.heads.linear
    read, write = handmade.head_rows(machine)
    listen[range(10), range(10)] = SURE
    listen[[10, 11], [10 + END, 10 + ANSWERING]] = SURE
    for head in (read, write):
        emit.bias[[head["g"], head["forward"]]] = torch.tensor([-SURE, SURE])
        emit.weight[head["backward"], 10:12] = 3 * SURE
    emit.weight[write["add"][:10], range(10)] = 1
    emit.weight[write["add"][ANSWERING], 10:12] = 1
    emit.bias[write["erase"]] = -SURE
    return machine


def reverse_copy_of_other_sizes():
    return NTM(NTMConfig(9, 8))


def reverse_copy_that_says_nothing():
    return handmade.blank_machine()


def reverse_copy_that_copies():
    return handmade.copier()


def reverse_copy_that_jumps():
    """To the end marker's row, from where it walks forward."""
    machine = my_reverse_copy()
    read, _ = handmade.head_rows(machine)
    machine.heads.linear.weight[read["backward"], 11] = 0
    return machine


def reverse_copy_by_blanks():
    """Both heads walk backward whenever the input is blank."""
    machine = handmade.blank_machine()
    machine.controller.from_input.weight[range(10), range(10)] = SURE
    machine.controller.from_input.weight[10, :10] = SURE
    emit = machine.heads.linear
    read, write = handmade.head_rows(machine)
    for head in (read, write):
        emit.bias[head["g"]] = -SURE
        emit.weight[head["forward"], 10] = SURE
        emit.bias[head["backward"]] = SURE / 2
    emit.weight[write["add"][:10], range(10)] = 1
    emit.bias[write["erase"]] = -SURE
    emit.weight[write["add"][END], END] = 1
    return machine


def reverse_copy_with_an_unsure_head():
    machine = my_reverse_copy()
    read, write = handmade.head_rows(machine)
    machine.heads.linear.bias[[read["gamma"], write["gamma"]]] = -SURE
    for name in ("beta", "g", "s", "gamma"):
        for weights in machine.heads.linear.parameters():
            weights[machine.heads.rows[name]] *= 0.3
    return machine


def step_in_place(model, x, state):
    after = my_step(model, x, state)
    for part in ("memory", "weights", "reads"):
        getattr(state, part)[:] = getattr(after, part)
    return state._replace(controller=after.controller)


def step_without_heads_axis(model, x, state):
    after = my_step(model, x, state)
    return after._replace(reads=after.reads[:, 0])


def step_for_feed_forward(model, x, state):
    told = model.heads(torch.tanh(model.controller.from_input(torch.cat([x, state.reads.flatten(1)], dim=-1))))
    assert told is not None
    return my_step(model, x, state)


def complement_with_more_bias(machine):
    machine.output.weight.copy_(-machine.output.weight)
    machine.output.bias += 20
    return machine


def complement_by_what_is_written(machine):
    """Writes flipped bits, and points as before."""
    _, write = handmade.head_rows(machine)
    machine.heads.linear.weight[write["add"][:8]] *= -1
    machine.heads.linear.bias[write["add"][:8]] = 1
    return machine


def complement_mirrored(machine):
    read, write = handmade.head_rows(machine)
    ahead, back = [read["forward"], write["forward"]], [read["backward"], write["backward"]]
    for weights in machine.heads.linear.parameters():
        weights[ahead + back] = weights[back + ahead]
    return my_complement(machine)


def complement_with_a_broken_layer(machine):
    machine.output.weight = torch.nn.Parameter(torch.zeros(8, 3))
    return machine


RIGHT = [
    ("step", my_step),
    ("step", step_in_place),
    ("complement", my_complement),
    ("complement", complement_with_more_bias),
    ("complement", complement_by_what_is_written),
    ("reverse_copy", my_reverse_copy),
]
MISTAKES = [
    (
        "step",
        step_without_heads_axis,
        "memory, weightings and reads have shapes [[3, 5, 7], [3, 2, 5], [3, 7]]: expected [[3, 5, 7], [3, 2, 5]",
    ),
    (
        "step",
        step_for_feed_forward,
        "with an LSTM, called as model.controller(hears, state.controller), it stops with RuntimeError",
    ),
    ("step", step_that_points_from_one_place, "the weightings are wrong"),
    ("step", step_where_the_reader_writes, "the memory is wrong"),
    ("step", step_that_reads_first, "what is read is wrong"),
    ("step", step_that_reads_where_it_writes, "what is read is wrong"),
    ("step", step_that_forgets_the_controller, "the controller's own state is lost"),
    ("step", step_without_a_controller, "the controller's own state is lost"),
    ("complement", complement_of_the_weight_alone, "bytes of zeros should come out as ones"),
    ("complement", complement_of_the_bias_alone, "bytes of ones should come out as zeros"),
    ("complement", complement_by_the_total, "random bytes come out wrong, though zeros do not"),
    ("complement", complement_by_what_is_heard, "bytes of zeros should come out as ones"),
    ("complement", complement_mirrored, "the heads go elsewhere now"),
    ("complement", complement_with_a_broken_layer, "with 3 bytes, it stops with "),
    ("reverse_copy", reverse_copy_of_other_sizes, " outputs: expected 10 (8 bits, start, end) and 8"),
    ("reverse_copy", reverse_copy_that_says_nothing, "a single byte should come back as it is"),
    ("reverse_copy", reverse_copy_that_copies, "that is a copy"),
    ("reverse_copy", reverse_copy_that_jumps, "of three bytes the last should come first"),
    ("reverse_copy", reverse_copy_by_blanks, "bytes of zeros upset it"),
    ("reverse_copy", reverse_copy_with_an_unsure_head, "100 bytes do not come back, though three do"),
]

TestExercises = exercise_tests(checks, RIGHT, MISTAKES)


@pytest.mark.parametrize(("exercise", "kind"), [("step", "NTMState"), ("complement", "NTM"), ("reverse_copy", "NTM")])
def test_another_kind_of_answer_is_named(exercise, kind, capsys):
    def my_attempt(*arguments):
        return torch.zeros(3)

    getattr(checks, exercise)(my_attempt)
    assert capsys.readouterr().out == f"my_attempt returns Tensor: expected an {kind}\n"


def test_checks_leave_the_dice_alone():
    torch.manual_seed(1)
    expected = torch.rand(3)
    torch.manual_seed(1)
    checks.step(my_step)
    assert torch.equal(torch.rand(3), expected)
