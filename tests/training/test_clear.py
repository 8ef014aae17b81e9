"""The clear loss: by a slow loop, against steps of a real machine, and for heads made by hand."""

import math
from dataclasses import replace
from itertools import product

import pytest
import torch
from losses_by_hand import unclear_by_hand

from ntm_lib.machine import NTM, NTMConfig
from ntm_lib.machine.step import PLAIN, advance
from ntm_lib.training.clear import alone, unclear_of

CONFIG = NTMConfig(input_size=5, output_size=3, memory_size=13, word_size=7, controller_size=11, shift_range=2)
IMPOSSIBLE = -math.log(1e-9)  # nats for an offset without any weight

every_machine = pytest.mark.parametrize(
    ("weightings", "read_heads", "write_heads"),
    [
        ("separate", 1, 1),
        ("separate", 2, 3),
        ("separate", 3, 2),
        ("single", 1, 1),
        ("single", 2, 2),
        ("shared-previous", 1, 1),
        ("shared-previous", 2, 3),
    ],
)
every_controller = pytest.mark.parametrize("controller", ["feed-forward", "lstm"])


def a_machine(seed, **changes):
    """A fresh machine whose heads are not all of one mind."""
    machine = NTM(replace(CONFIG, **changes), torch.Generator().manual_seed(seed))
    with torch.no_grad():
        machine.heads.linear.weight *= 5
    return machine


def some_vectors(count=17):
    return torch.randint(0, 2, (count, 5), generator=torch.Generator().manual_seed(0)).float()


# By hand


@every_controller
@every_machine
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_the_loss_is_the_loop(weightings, read_heads, write_heads, controller, seed):
    machine = a_machine(
        seed, weightings=weightings, read_heads=read_heads, write_heads=write_heads, controller=controller
    )
    loss = unclear_of(machine, some_vectors())
    assert loss.shape == ()
    torch.testing.assert_close(loss, unclear_by_hand(machine, some_vectors()))


@every_controller
@every_machine
def test_what_heads_emit_is_what_they_emit_in_a_machine(weightings, read_heads, write_heads, controller):
    """A step with an empty read; then a blank, after the machine has read what its writers added."""
    machine = a_machine(3, weightings=weightings, read_heads=read_heads, write_heads=write_heads, controller=controller)
    vectors = some_vectors()
    state = machine.initial_state(17)
    assert not state.reads.any()
    first = advance(machine, vectors, state, PLAIN)
    of_writer = [[0, 1, 2, 0, 1, 2], [0, 0, 0], [0, 1, 0, 1]][(3, 1, 2).index(write_heads)][:read_heads]
    added = torch.stack([first.emission.add[:, writer] for writer in of_writer], dim=1)
    second = advance(machine, torch.zeros(17, 5), first.state._replace(reads=added), PLAIN)
    for found, step in zip(alone(machine, vectors), (first, second), strict=True):
        for name, value in step.emission._asdict().items():
            torch.testing.assert_close(getattr(found, name), value, msg=name)


def test_each_vector_is_alone():
    """The order of vectors, and a vector that comes twice as all the others do, change nothing."""
    machine, vectors = a_machine(1, read_heads=2, write_heads=3), some_vectors()
    expected = unclear_of(machine, vectors)
    torch.testing.assert_close(unclear_of(machine, vectors.flip(0)), expected)
    torch.testing.assert_close(unclear_of(machine, torch.cat([vectors, vectors])), expected)


# Heads made by hand

BACK, STAY, ON = 0, 1, 2
ALL = torch.tensor([[*bits, 0.0, 0.0] for bits in product([0.0, 1.0], repeat=3)])


def by_hand(reader, writer, odd_one=None, certain=40.0, **changes):
    """A machine whose heads step by these offsets: while vectors come in, and in the answer.

    Every row begins with a 1, which the controller sees where it has read one; the writer takes the offset `odd_one`
    as the vector 1 1 1 comes in.
    """
    machine = NTM(replace(CONFIG, shift_range=1, **changes))
    for parameter in machine.parameters():
        torch.nn.init.zeros_(parameter)
    heads, rows = machine.heads.linear, machine.heads.rows
    s, add = rows["s"].start, rows["add"].start
    with torch.no_grad():
        machine.controller.from_input.weight[0, 5] = 40.0  # the first number of what is read
        machine.controller.from_input.bias[0] = -20.0
        heads.bias[add] = 1.0
        for head, (coming_in, answer) in enumerate([reader, writer][: machine.heads.addressing_heads]):
            for offset, sign in ((coming_in, -1), (answer, 1)):
                heads.weight[s + 3 * head + offset, 0] += sign * certain / 2
                heads.bias[s + 3 * head + offset] += certain / 2
        if odd_one is not None:
            machine.controller.from_input.weight[1, :3] = 40.0
            machine.controller.from_input.bias[1] = -100.0
            heads.weight[s + 3 + odd_one, 1] += certain
            heads.bias[s + 3 + odd_one] += certain
    return machine


@pytest.mark.parametrize(
    ("reader", "writer"),
    [
        ((STAY, ON), (ON, STAY)),
        ((STAY, BACK), (BACK, STAY)),  # the tape is written and read from its end
        ((STAY, ON), (ON, ON)),  # a writer may go on in the answer
        ((STAY, BACK), (BACK, BACK)),
        ((STAY, STAY), (ON, STAY)),  # where a reader should go is not for this loss to know
    ],
)
def test_heads_that_are_sure_and_right_cost_nothing(reader, writer):
    assert unclear_of(by_hand(reader, writer), ALL).item() == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize(
    ("reader", "writer", "what"),
    [
        ((ON, ON), (ON, STAY), "a reader moves while vectors come in"),
        ((BACK, ON), (ON, STAY), "a reader moves back while vectors come in"),
        ((STAY, ON), (ON, BACK), "a writer goes back while they are read"),
        ((STAY, BACK), (BACK, ON), "a writer goes back while they are read, from the tape's end"),
        ((STAY, ON), (STAY, ON), "a writer moves only in the answer"),
    ],
)
def test_heads_that_are_sure_and_wrong_cost_as_much_as_can_be(reader, writer, what):
    """In one of the two steps, for every vector."""
    assert unclear_of(by_hand(reader, writer), ALL).item() == pytest.approx(IMPOSSIBLE / 2, rel=1e-4), what


@pytest.mark.parametrize("odd_one", [STAY, BACK])
def test_a_writer_that_steps_otherwise_at_one_vector_costs_its_share(odd_one):
    """One of eight vectors, in one of the two steps."""
    machine = by_hand((STAY, ON), (ON, STAY), odd_one=odd_one)
    assert unclear_of(machine, ALL).item() == pytest.approx(IMPOSSIBLE / 8 / 2, rel=1e-4)
    assert unclear_of(machine, ALL[:-1]).item() == pytest.approx(0, abs=1e-6)


def test_heads_that_know_nothing_cost_the_logarithm_of_three():
    """Each of two heads in each step: the mean over steps, summed over heads."""
    machine = by_hand((STAY, ON), (ON, STAY), certain=0.0)
    assert unclear_of(machine, ALL).item() == pytest.approx(2 * math.log(3), rel=1e-6)


@pytest.mark.parametrize("head", list(product([BACK, STAY, ON], repeat=2)))
def test_one_weighting_for_both_may_step_as_it_likes(head):
    """It writes while vectors come in and reads in the answer."""
    machine = by_hand(head, None, weightings="single")
    assert unclear_of(machine, ALL).item() == pytest.approx(0, abs=1e-6)


# The gradient


@every_controller
@every_machine
def test_the_gradient_is_the_slope(weightings, read_heads, write_heads, controller):
    machine = a_machine(
        2, weightings=weightings, read_heads=read_heads, write_heads=write_heads, controller=controller
    ).double()
    vectors, generator = some_vectors().double(), torch.Generator().manual_seed(0)
    unclear_of(machine, vectors).backward()
    ways = [torch.randn(p.shape, generator=generator, dtype=p.dtype) for p in machine.parameters()]
    slope = sum((way * p.grad).sum() for way, p in zip(ways, machine.parameters(), strict=True) if p.grad is not None)
    values = []
    for step in (1e-6, -2e-6):
        with torch.no_grad():
            for way, parameter in zip(ways, machine.parameters(), strict=True):
                parameter += step * way
            values.append(unclear_of(machine, vectors))
    assert slope.item() == pytest.approx((values[0] - values[1]).item() / 2e-6, rel=1e-5)


@pytest.mark.parametrize("certain", [0.0, 40.0, 1e4])
@pytest.mark.parametrize("writer", [(ON, STAY), (ON, BACK)])
def test_the_gradient_is_finite_where_a_weight_is_zero(certain, writer):
    machine = by_hand((ON, ON), writer, certain=certain)
    loss = unclear_of(machine, ALL)
    loss.backward()
    assert certain < 1e4 or not alone(machine, ALL)[0].s[:, :, STAY].any()
    assert loss.isfinite()
    gradients = [parameter.grad for parameter in machine.parameters() if parameter.grad is not None]
    assert len(gradients) == 4  # the controller's and the heads'
    assert all(gradient.isfinite().all() for gradient in gradients)


def test_a_gradient_step_makes_the_heads_clearer():
    machine = a_machine(1, read_heads=2, write_heads=3)
    before = unclear_of(machine, some_vectors())
    before.backward()
    with torch.no_grad():
        for parameter in machine.parameters():
            if parameter.grad is not None:
                parameter -= 1e-3 * parameter.grad
    assert unclear_of(machine, some_vectors()) < before
