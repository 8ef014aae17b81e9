"""Checks of whole machines: right answers pass, and every sentence has a planted mistake that earns it."""

import pytest
import torch
from exercises import exercise_tests

from ntm_lib.machine import NTM, NTMConfig, NTMState, addressing, memory
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


def step_box_by_box(model, x, state):
    hears = torch.cat([x, state.reads[:, 0]], dim=-1)
    h, own = model.controller(hears, state.controller)
    told = model.heads(h)
    w_c = addressing.content_weights(state.memory, told.key, told.beta)
    w_g = addressing.interpolate(w_c, state.weights, told.g)
    w = addressing.sharpen(addressing.shift(w_g, told.s), told.gamma)
    reader, writer = w.unbind(1)
    tape = state.memory * (1 - torch.einsum("bn,bm->bnm", writer, told.erase[:, 0]))
    tape = tape + torch.einsum("bn,bm->bnm", writer, told.add[:, 0])
    return NTMState(tape, w, (reader[:, :, None] * tape).sum(1, keepdim=True), own)


def step_of_each_sequence(model, x, state):
    after = []
    for one in range(len(x)):
        alone = slice(one, one + 1)
        own = tuple(part[alone] for part in state.controller)
        parts = state.memory[alone], state.weights[alone], state.reads[alone], own
        after.append(my_step(model, x[alone], NTMState(*parts)))
    memories, weights, reads, own = zip(*after, strict=True)
    joined = [torch.cat(parts).detach() for parts in (memories, weights, reads)]
    return NTMState(*joined, tuple(torch.cat(parts) for parts in zip(*own, strict=True)))


def step_that_hears_x_alone(model, x, state):
    return my_step(model, x, state._replace(reads=0 * state.reads))


def step_that_hears_reads_first(model, x, state):
    heard = torch.cat([state.reads.flatten(1), x], dim=-1)
    reads = heard[:, x.shape[-1] :].view_as(state.reads)
    return my_step(model, heard[:, : x.shape[-1]], state._replace(reads=reads))


def step_with_a_new_controller(model, x, state):
    return my_step(model, x, state._replace(controller=model.controller.initial_state(len(x))))


def step_in_doubles(model, x, state):
    after = my_step(model, x, state)
    return after._replace(memory=after.memory.double(), weights=after.weights.double(), reads=after.reads.double())


def step_without_reads(model, x, state):
    return model.controller(x, state.controller)


def step_of_the_first_sequence(model, x, state):
    after = my_step(model, x, state)
    for now, before in zip(after[:3], state[:3], strict=True):
        now[1:] = before[1:]
    return after


def step_with_words_exchanged(model, x, state):
    h, own = model.controller(torch.cat([x, state.reads.flatten(1)], dim=-1), state.controller)
    told = model.heads(h)
    weights = addressing.address(state.memory, state.weights, *told[:5]).w
    tape = memory.write(state.memory, weights[:, 1:], told.add, told.erase)
    return NTMState(tape, weights, memory.read(tape, weights[:, :1]), own)


def complement_by_a_new_layer(machine):
    machine.output.load_state_dict({name: -value for name, value in machine.output.state_dict().items()})
    return machine


def complement_of_seven_bits(machine):
    machine.output.weight[:7] *= -1
    machine.output.bias[:7] *= -1
    return machine


def complement_of_the_first_bit(machine):
    machine.output.weight[0] *= -1
    machine.output.bias[0] *= -1
    return machine


def reverse_copy_backward():
    """The whole program the other way round the ring."""
    machine = my_reverse_copy()
    read, write = handmade.head_rows(machine)
    ahead, back = [read["forward"], write["forward"]], [read["backward"], write["backward"]]
    for weights in machine.heads.linear.parameters():
        weights[ahead + back] = weights[back + ahead]
    return machine


def reverse_copy_that_wipes():
    """The writer wipes each row before it writes, on the way forward alone."""
    machine = my_reverse_copy()
    _, write = handmade.head_rows(machine)
    emit = machine.heads.linear
    emit.bias[write["erase"]] = SURE
    emit.weight[write["erase"], 10:12] = -3 * SURE
    return machine


def reverse_copy_in_other_units():
    """Hidden units in another order; nothing else of the machine names them."""
    machine = my_reverse_copy()
    order = torch.arange(11, -1, -1)
    machine.controller.from_input.weight.copy_(machine.controller.from_input.weight[order])
    machine.heads.linear.weight.copy_(machine.heads.linear.weight[:, order])
    return machine


def reverse_copy_with_bits_reversed():
    machine = my_reverse_copy()
    machine.output.weight.copy_(machine.output.weight.flip(0))
    return machine


def reverse_copy_up_to(rows):
    """A machine whose heads blur so much that they reach only so many rows."""
    machine = my_reverse_copy()
    read, write = handmade.head_rows(machine)
    for head in (read, write):
        machine.heads.linear.bias[head["gamma"]] = -SURE
        machine.heads.linear.bias[head["forward"]] = rows
    return machine


RIGHT = [
    ("step", my_step),
    ("step", step_in_place),
    ("step", step_box_by_box),
    ("step", step_of_each_sequence),
    ("step", step_in_doubles),
    ("complement", my_complement),
    ("complement", complement_with_more_bias),
    ("complement", complement_by_what_is_written),
    ("complement", complement_by_a_new_layer),
    ("reverse_copy", my_reverse_copy),
    ("reverse_copy", reverse_copy_backward),
    ("reverse_copy", reverse_copy_that_wipes),
    ("reverse_copy", reverse_copy_in_other_units),
]
MISTAKES = [
    (
        "step",
        step_without_heads_axis,
        "memory, weightings and reads have shapes [[3, 5, 7], [3, 2, 5], [3, 7]]: expected [[3, 5, 7], [3, 2, 5]",
    ),
    (
        "step",
        step_without_reads,
        "; the controller hears x (B, input) and all that was read last, (B, M), side by side",
    ),
    (
        "step",
        step_for_feed_forward,
        "with an LSTM, called as model.controller(hears, state.controller), it stops with RuntimeError",
    ),
    ("step", lambda model, x, state: model.step(x, state)[1], "calls NTM.step: this exercise is to be solved without"),
    ("step", lambda model, x, state: tuple(my_step(model, x, state)), "returns tuple: expected an NTMState"),
    ("step", lambda model, x, state: state, "the weightings are the old ones"),
    ("step", step_of_the_first_sequence, "only the first sequence comes out right"),
    ("step", step_that_hears_x_alone, "the controller should hear what was read last, beside the input"),
    ("step", lambda model, x, state: my_step(model, 0 * x, state), "should hear the input, beside what was read last"),
    ("step", step_that_hears_reads_first, "should hear the input first, and what was read last after it"),
    ("step", step_with_a_new_controller, "the controller should go on from its own last state"),
    ("step", step_that_points_from_one_place, "the weightings are wrong"),
    ("step", lambda *given: my_step(*given)._replace(memory=given[2].memory), "the memory is the old one"),
    ("step", step_where_the_reader_writes, "the memory is wrong"),
    ("step", step_with_words_exchanged, "the memory is wrong"),
    ("step", lambda *given: my_step(*given)._replace(reads=given[2].reads), "what is read is what was read before"),
    ("step", step_that_reads_first, "what is read is wrong"),
    ("step", step_that_reads_where_it_writes, "what is read is wrong"),
    ("step", step_that_forgets_the_controller, "the controller's own state is lost"),
    ("step", step_without_a_controller, "the controller's own state is lost"),
    ("complement", lambda machine: machine, "it still copies: every bit should come out as its opposite"),
    ("complement", complement_of_seven_bits, "bits [7] still come out as they were: every bit should be flipped"),
    ("complement", complement_of_the_first_bit, "bits [1, 2, 3, 4, 5, 6, 7] still come out as they were"),
    ("complement", complement_of_the_weight_alone, "bytes of zeros should come out as ones"),
    ("complement", complement_of_the_bias_alone, "bytes of ones should come out as zeros"),
    ("complement", complement_by_the_total, "random bytes come out wrong, though zeros do not"),
    ("complement", complement_by_what_is_heard, "bytes of zeros should come out as ones"),
    ("complement", complement_mirrored, "the heads go elsewhere now"),
    ("complement", complement_with_a_broken_layer, "with 3 bytes, it stops with "),
    ("complement", lambda machine: machine.output, "returns Linear: expected an NTM"),
    ("reverse_copy", reverse_copy_of_other_sizes, " outputs: expected 10 (8 bits, start, end) and 8"),
    ("reverse_copy", reverse_copy_that_says_nothing, "a single byte should come back as it is"),
    ("reverse_copy", reverse_copy_that_copies, "that is a copy"),
    ("reverse_copy", reverse_copy_with_bits_reversed, "the bytes come last first, and so do their bits"),
    ("reverse_copy", lambda: my_complement(my_reverse_copy()), "the last byte comes first, and every bit is flipped"),
    ("reverse_copy", reverse_copy_that_jumps, "of three bytes the last should come first"),
    ("reverse_copy", reverse_copy_by_blanks, "bytes of zeros upset it"),
    ("reverse_copy", lambda: reverse_copy_up_to(3.5), "seven bytes do not come back, though three do"),
    ("reverse_copy", lambda: reverse_copy_up_to(5.5), "100 bytes do not come back, though seven do"),
    ("reverse_copy", lambda: handmade.copier().output, "returns Linear: expected an NTM"),
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
