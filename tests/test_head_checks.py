"""Checks about several heads: the right answer passes, and every sentence has a planted mistake that earns it."""

import ast
import inspect

import pytest
import torch
from exercises import says_not_attempted, says_right

from ntm_lib.machine import addressing
from ntm_lib.teaching.checks import lesson_03 as head_checks


def my_heads(tape, weights, told):
    path = []
    for emitted in told:
        weights = addressing.address(tape, weights, *emitted)
        path.append(weights[0])
    return torch.stack(path)


def heads_that_share_a_place(tape, weights, told):
    path = []
    for step, emitted in enumerate(told):
        previous = weights[:, -1:].expand_as(weights) if step else weights
        weights = addressing.address(tape, previous, *emitted)
        path.append(weights[0])
    return torch.stack(path)


def heads_that_share_a_start(tape, weights, told):
    return my_heads(tape, weights[:, -1:].expand_as(weights), told)


def heads_in_a_chain(tape, weights, told):
    path, previous = [], weights
    for emitted in told:
        now = []
        for head in range(weights.shape[1]):
            own = [part[:, head : head + 1] for part in emitted]
            here = previous[:, :1] if not now else now[-1]
            now.append(addressing.address(tape, here, *own))
        previous = torch.cat(now, dim=1)
        path.append(previous[0])
    return torch.stack(path) if len(told) > 1 else my_heads(tape, weights, told)


def heads_that_always_start_anew(tape, weights, told):
    return torch.stack([addressing.address(tape, weights, *emitted)[0] for emitted in told])


def heads_that_go_down(tape, weights, told):
    return my_heads(tape, weights, [(key, beta, g, s.flip(-1), gamma) for key, beta, g, s, gamma in told])


def heads_without_keys(tape, weights, told):
    return my_heads(tape, weights, [(key, beta, 0 * g, s, gamma) for key, beta, g, s, gamma in told])


def heads_that_add_up_to_more(tape, weights, told):
    return my_heads(tape, weights, told) + 1


def my_rows(length):
    return torch.cat([torch.arange(length + 1), torch.arange(length + 1)])


def rows_of_three(length):
    return my_rows(3)


def rows_that_stay(length):
    return 0 * my_rows(length)


def rows_that_go_back_too_far(length):
    return torch.cat([torch.arange(length + 1), torch.arange(length + 1) - 1])


def rows_that_jump_twice(length):
    return my_rows(length) + torch.tensor([9] + [0] * (2 * length + 1))


def my_start(delay, slots):
    return torch.nn.functional.one_hot(torch.tensor([(slots - 1 - delay) % slots, slots - 1]), slots).float()


def start_of_five(delay, slots):
    return my_start(delay, 5)


def start_with_twice_the_weight(delay, slots):
    return 2 * my_start(delay, slots)


def start_on_slot_0(delay, slots):
    return my_start(delay, slots).roll(1, dims=-1)


def start_ahead(delay, slots):
    return my_start(-delay, slots)


def start_two_behind(delay, slots):
    return my_start(2, slots)


RIGHT = [(head_checks.heads, my_heads), (head_checks.rows, my_rows), (head_checks.start, my_start)]
MISTAKES = [
    (head_checks.heads, heads_that_share_a_place, "what is kept for the next step is one place"),
    (head_checks.heads, heads_that_share_a_start, "where each begins"),
    (head_checks.heads, heads_in_a_chain, "not from where head 0 has just come to"),
    (head_checks.heads, heads_that_always_start_anew, "not from the first ones"),
    (head_checks.heads, heads_that_go_down, "slots 3, 3, 3 and 1, 2, 3"),
    (head_checks.heads, heads_without_keys, "all five stages are needed"),
    (head_checks.heads, heads_that_add_up_to_more, "what you return are not their weightings"),
    (head_checks.rows, rows_of_three, "for 5 vectors there are 12 steps"),
    (head_checks.rows, rows_that_stay, "each needs a row of its own: yours are [0, 0, 0, 0, 0]"),
    (head_checks.rows, rows_that_go_back_too_far, "they are due in order: rows [1, 2, 3, 4, 5], not [0, 1, 2, 3, 4]"),
    (head_checks.rows, rows_that_jump_twice, "yours jumps at steps [1, 6]"),
    (head_checks.start, start_of_five, "for delay 3 and 7 slots: expected shape (2, 7)"),
    (head_checks.start, start_with_twice_the_weight, "adding up to 1"),
    (head_checks.start, start_on_slot_0, "it must stand one slot before"),
    (head_checks.start, start_ahead, "with delay 2 and 5 slots, step 2 should read what was written in step 0"),
    (head_checks.start, start_two_behind, "with delay 0 and 5 slots, step 0 should read"),
]


@pytest.mark.parametrize(("check", "attempt"), RIGHT, ids=lambda each: each.__name__)
def test_the_right_answer_passes(check, attempt, capsys):
    says_right(check, attempt, capsys)


@pytest.mark.parametrize(("check", "attempt", "sentence"), MISTAKES, ids=lambda each: getattr(each, "__name__", ""))
def test_each_mistake_earns_its_sentence(check, attempt, sentence, capsys):
    check(attempt)
    head, *found = capsys.readouterr().out.splitlines()
    assert head == f"{attempt.__name__}: not yet" and len(found) == 1 and sentence in found[0]


@pytest.mark.parametrize("check", [check for check, _ in RIGHT], ids=lambda check: check.__name__)
def test_a_stub_is_not_attempted(check, capsys):
    says_not_attempted(check, ..., capsys)


def test_no_sentence_is_without_its_mistake():
    nodes = ast.walk(ast.parse(inspect.getsource(head_checks)))
    assert sum(isinstance(node, ast.Yield) for node in nodes) == len(MISTAKES) - 1  # one of them is earned twice
