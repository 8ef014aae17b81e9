"""Checks about whole machines: the right answer passes, and every sentence has a planted mistake that earns it."""

import ast
import inspect

import pytest
import torch
from exercises import says_not_attempted, says_right, says_sentence

from ntm_lib.machine import NTM, NTMConfig, addressing, memory
from ntm_lib.teaching import handmade
from ntm_lib.teaching.checks import lesson_04 as machine_checks
from ntm_lib.teaching.handmade import END, SURE


def one_step(model, x, state, order=("write", "read"), writer=1, reader=0, keep=False):
    h, controller = model.controller(torch.cat([x, state.reads.flatten(1)], dim=-1), state.controller)
    told = model.heads(h)
    weights = addressing.address(state.memory, state.weights, *told[:5])
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


def complement_by_what_is_written(machine):
    _, write = handmade.head_rows(machine)
    machine.heads.linear.weight[write["add"][:8]] *= -1
    machine.heads.linear.bias[write["add"][:8]] = 1
    return machine


def complement_by_what_is_heard(machine):
    machine.controller.from_input.weight[:8, :8] *= -1
    return machine


def my_reverse_copy():
    return handmade.reverse_copier()


def reverse_copy_of_other_sizes():
    return NTM(NTMConfig(9, 8))


def reverse_copy_that_says_nothing():
    return handmade.blank_machine()


def reverse_copy_that_copies():
    return handmade.copier()


def reverse_copy_that_jumps():
    """To the end marker's row, from where it walks up."""
    machine = handmade.reverse_copier()
    read, _ = handmade.head_rows(machine)
    machine.heads.linear.weight[read["down"], 11] = 0
    return machine


def reverse_copy_by_blanks():
    """Both heads walk down whenever the input is blank."""
    machine = handmade.blank_machine()
    handmade.hear(machine, read_flags=[])
    machine.controller.from_input.weight[10, :10] = SURE
    emit = machine.heads.linear
    read, write = handmade.head_rows(machine)
    for head in (read, write):
        emit.bias[head["g"]] = -SURE
        emit.weight[head["up"], 10] = SURE
        emit.bias[head["down"]] = SURE / 2
    emit.weight[write["add"][:10], range(10)] = 1
    emit.bias[write["erase"]] = -SURE
    emit.weight[write["add"][END], END] = 1
    return machine


def reverse_copy_with_an_unsure_head():
    machine = handmade.reverse_copier()
    read, write = handmade.head_rows(machine)
    machine.heads.linear.bias[[read["gamma"], write["gamma"]]] = -SURE
    machine.heads.linear.weight[machine.heads.location_rows] *= 0.3
    machine.heads.linear.bias[machine.heads.location_rows] *= 0.3
    return machine


RIGHT = {"step": my_step, "complement": my_complement, "reverse_copy": my_reverse_copy}

MISTAKES = [
    ("step", step_that_points_from_one_place, "the weightings are wrong"),
    ("step", step_where_the_reader_writes, "the memory is wrong"),
    ("step", step_that_reads_first, "what is read is wrong"),
    ("step", step_that_reads_where_it_writes, "what is read is wrong"),
    ("step", step_that_forgets_the_controller, "the controller's own state is lost"),
    ("step", step_without_a_controller, "the controller's own state is lost"),
    ("complement", complement_of_the_weight_alone, "bytes of zeros should come out as ones"),
    ("complement", complement_of_the_bias_alone, "bytes of ones should come out as zeros"),
    ("complement", complement_by_the_total, "random bytes come out wrong, though zeros do not"),
    ("complement", complement_by_what_is_written, "the heads did not need to change"),
    ("complement", complement_by_what_is_heard, "the controller did not need to change"),
    ("reverse_copy", reverse_copy_of_other_sizes, "the machine has 9 inputs and 8 outputs: expected 10"),
    ("reverse_copy", reverse_copy_that_says_nothing, "a single byte should come back as it is"),
    ("reverse_copy", reverse_copy_that_copies, "that is a copy"),
    ("reverse_copy", reverse_copy_that_jumps, "of three bytes the last should come first"),
    ("reverse_copy", reverse_copy_by_blanks, "bytes of zeros upset it"),
    ("reverse_copy", reverse_copy_with_an_unsure_head, "100 bytes do not come back, though three do"),
]


@pytest.mark.parametrize("exercise", RIGHT)
def test_the_right_answer_passes(exercise, capsys):
    says_right(getattr(machine_checks, exercise), RIGHT[exercise], capsys)


@pytest.mark.parametrize(("exercise", "mistake", "sentence"), MISTAKES)
def test_a_planted_mistake_is_named(exercise, mistake, sentence, capsys):
    says_sentence(getattr(machine_checks, exercise), mistake, sentence, capsys)


@pytest.mark.parametrize("exercise", RIGHT)
def test_what_is_not_attempted_does_not_raise(exercise, capsys):
    says_not_attempted(getattr(machine_checks, exercise), ..., capsys)


@pytest.mark.parametrize(("exercise", "kind"), [("step", "NTMState"), ("complement", "NTM"), ("reverse_copy", "NTM")])
def test_another_kind_of_answer_is_named(exercise, kind, capsys):
    def my_attempt(*arguments):
        return torch.zeros(3)

    getattr(machine_checks, exercise)(my_attempt)
    assert capsys.readouterr().out == f"my_attempt returns Tensor: expected an {kind}\n"


def test_checks_leave_the_dice_alone():
    torch.manual_seed(1)
    expected = torch.rand(3)
    torch.manual_seed(1)
    machine_checks.step(my_step)
    assert torch.equal(torch.rand(3), expected)


def fixed_words(node):
    """The longest piece of a sentence that no number changes."""
    parts = node.value.values if isinstance(node.value, ast.JoinedStr) else [node.value]
    return max((part.value for part in parts if isinstance(part, ast.Constant)), key=len)


def test_every_sentence_has_a_planted_mistake(capsys):
    for exercise, mistake, _ in MISTAKES:
        getattr(machine_checks, exercise)(mistake)
    printed = capsys.readouterr().out
    said = [
        fixed_words(node)
        for node in ast.walk(ast.parse(inspect.getsource(machine_checks)))
        if isinstance(node, ast.Yield)
    ]
    assert said
    assert [words for words in said if words not in printed] == []
