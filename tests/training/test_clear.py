"""The clear loss: by a slow loop, against steps of a real machine, and for heads made by hand."""

import math
from dataclasses import replace
from itertools import product

import pytest
import torch
from losses_by_hand import unclear_by_hand

from ntm_lib.machine import NTM, NTMConfig
from ntm_lib.machine.step import PLAIN, advance
from ntm_lib.tasks import Alphabet, copying
from ntm_lib.training.clear import alone, unclear_of

CONFIG = NTMConfig(input_size=5, output_size=3, memory_size=13, word_size=7, controller_size=11, shift_range=2)
IMPOSSIBLE = -math.log(1e-9)  # nats for an offset without any weight, and for a gate that is all wrong

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
    """A machine whose heads are not all of one mind, and that begins with reads of its own."""
    generator = torch.Generator().manual_seed(seed)
    machine = NTM(replace(CONFIG, **changes), generator)
    with torch.no_grad():
        machine.heads.linear.weight *= 5
        machine.reads_0.normal_(generator=generator)
    return machine


def seventeen_of(state):
    """A state of one sequence, seventeen times."""
    return state.each(lambda part: part.repeat(17, *[1] * (part.dim() - 1)))


def some_alphabet(start=False):
    """17 vectors, and a question and perhaps a start that are like none of them."""
    vectors = torch.randint(0, 2, (17, 5), generator=torch.Generator().manual_seed(0)).float()
    markers = torch.tensor([[0.3, 0.0, -0.7, 0.0, 1.1], [0.0, 0.2, 0.0, 0.9, -0.4]]).split(1)
    return Alphabet(vectors, *markers[: 1 + start])


# By hand


@every_controller
@every_machine
@pytest.mark.parametrize(("seed", "output_from"), [(0, "hidden-and-reads"), (1, "hidden"), (2, "reads")])
@pytest.mark.parametrize(("start", "turn"), [(False, 1), (True, 3)], ids=["no start", "a start"])
def test_the_loss_is_the_loop(weightings, read_heads, write_heads, controller, seed, output_from, start, turn):
    heads = {"weightings": weightings, "read_heads": read_heads, "write_heads": write_heads}
    machine = a_machine(seed, controller=controller, output_from=output_from, **heads)
    loss = unclear_of(machine, some_alphabet(start), turn)
    assert loss.shape == ()
    torch.testing.assert_close(loss, unclear_by_hand(machine, some_alphabet(start), turn))


@every_controller
@every_machine
def test_what_heads_emit_is_what_they_emit_in_a_machine(weightings, read_heads, write_heads, controller):
    """Steps with an empty read, then a blank, after the machine has read what its writers added. And the start."""
    machine = a_machine(3, weightings=weightings, read_heads=read_heads, write_heads=write_heads, controller=controller)
    alphabet, carries = some_alphabet(start=True), weightings == "single" or controller == "lstm"
    of_writer = [[0, 1, 2, 0, 1, 2], [0, 0, 0], [0, 1, 0, 1]][(3, 1, 2).index(write_heads)][:read_heads]

    def after(step):
        """What read heads find where they stand on a blank row, or where they stand on what has just been written."""
        added = torch.stack([step.emission.add[:, writer] for writer in of_writer], dim=1)
        return step.state._replace(reads=added if weightings == "single" else torch.zeros_like(added)), added

    state = machine.initial_state(17)
    state = state._replace(reads=torch.zeros_like(state.reads))
    if carries:
        reads = torch.cat([state.reads[:4], machine.initial_state(1).reads, state.reads[5:]])
        ring = alphabet.vectors[[12, 13, 14, 15, 16, *range(12)]]
        if controller == "lstm":
            ring = torch.cat([alphabet.vectors, alphabet.start])[[13, 14, 15, 16, 17, *range(12)]]
            state = state._replace(reads=reads)
        state, _ = after(advance(machine, ring, state, PLAIN))
    first = advance(machine, alphabet.vectors, state, PLAIN)
    state, added = after(first)
    asked = advance(machine, alphabet.question.repeat(17, 1), state, PLAIN)
    back = advance(machine, torch.zeros(17, 5), asked.state._replace(reads=added), PLAIN)
    begun = advance(machine, alphabet.start, machine.initial_state(1), PLAIN)
    moments = [first, asked, back, begun]
    *found_in, after_start = alone(machine, alphabet, turn=5)
    if weightings == "single":
        found_in.append(after_start)
        moments.append(advance(machine, alphabet.vectors, seventeen_of(after(begun)[0]), PLAIN))
    else:
        assert after_start is None
    for found, step in zip(found_in, moments, strict=True):
        for name, value in step.emission._asdict().items():
            mine = getattr(found, name)
            torch.testing.assert_close(mine, value if carries else value[: len(mine)], msg=name)


def test_each_vector_is_alone():
    """Where a machine carries nothing, their order changes nothing, nor a vector that comes twice as all others do."""
    machine, alphabet = a_machine(1, read_heads=2, write_heads=3), some_alphabet()
    expected = unclear_of(machine, alphabet)
    for same in (alphabet.vectors.flip(0), torch.cat([alphabet.vectors, alphabet.vectors])):
        torch.testing.assert_close(unclear_of(machine, alphabet._replace(vectors=same)), expected)


# Heads made by hand

BACK, STAY, ON = 0, 1, 2
ALL = copying(3).alphabet._replace(start=None)
WALK = False, False, False
ASKED = False, False, True


def by_hand(reader=(STAY, ON), writer=(ON, STAY), reader_jumps=ASKED, writer_jumps=WALK, certain=40.0, **changes):
    """A machine whose heads step by these offsets: while vectors come in, and in the answer.

    They jump, or do not: while vectors come in, in the answer, and at the question. Every row begins with a 1, which
    the first unit of the controller sees where it has read one; the third sees the question. With one weighting, rows
    are read all the time, and the first unit sees that no bit comes in.
    """
    machine = NTM(replace(CONFIG, shift_range=1, **changes))
    single = machine.config.weightings == "single"
    for parameter in machine.parameters():
        torch.nn.init.zeros_(parameter)
    heads, rows = machine.heads.linear, machine.heads.rows
    s, g, add = rows["s"].start, rows["g"].start, rows["add"].start
    both = zip((reader, writer), (reader_jumps, writer_jumps), strict=True)
    with torch.no_grad():
        if single:
            machine.controller.from_input.weight[0, :3] = -40.0  # the bits
            machine.controller.from_input.bias[0] = 20.0
        else:
            machine.controller.from_input.weight[0, 5] = 40.0  # the first number of what is read
            machine.controller.from_input.bias[0] = -20.0
        machine.controller.from_input.weight[2, 4] = 40.0  # the end marker
        heads.bias[add] = 1.0
        for head, (offsets, jumps) in zip(range(machine.heads.addressing_heads), both, strict=False):
            for offset, sign in zip(offsets, (-1, 1), strict=True):
                heads.weight[s + 3 * head + offset, 0] += sign * certain / 2
                heads.bias[s + 3 * head + offset] += certain / 2
            coming_in, answer, question = (certain if jump else -certain for jump in jumps)
            heads.bias[g + head] = (coming_in + answer) / 2
            heads.weight[g + head, 0] = (answer - coming_in) / 2
            heads.weight[g + head, 2] = question - (answer if single else coming_in)
    return machine


def with_an_odd_one(machine, part, place, by=80.0):
    """The machine, whose heads emit so much more in one place of a part as the vector 1 1 1 comes in."""
    with torch.no_grad():
        machine.controller.from_input.weight[1, :3] = 40.0
        machine.controller.from_input.bias[1] = -100.0
        row = machine.heads.rows[part].start + place
        machine.heads.linear.weight[row, 1] += by / 2
        machine.heads.linear.bias[row] += by / 2
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


@pytest.mark.parametrize(
    ("reader_jumps", "writer_jumps", "share"),
    [
        (ASKED, WALK, 0),
        (ASKED, ASKED, 1),  # a writer that jumps at the question may overwrite the last vector
        ((True, False, True), WALK, 1 / 2),
        ((False, True, True), WALK, 1 / 2),
        ((True, True, True), WALK, 1),
        (ASKED, (True, False, False), 1 / 2),
        (ASKED, (False, True, False), 1 / 2),
        (ASKED, (True, True, True), 2),
        (WALK, WALK, 1),
        ((True, True, False), (True, True, True), 4),
    ],
)
def test_a_gate_that_is_open_after_a_vector_or_closed_at_the_question_costs(reader_jumps, writer_jumps, share):
    """In one of two steps, for every vector; the question has one step."""
    machine = by_hand(reader_jumps=reader_jumps, writer_jumps=writer_jumps)
    assert unclear_of(machine, ALL).item() == pytest.approx(share * IMPOSSIBLE, rel=1e-4, abs=1e-6)


@pytest.mark.parametrize(
    ("part", "place"),
    [("s", 3 + STAY), ("s", 3 + BACK), ("s", ON), ("g", 0), ("g", 1)],
    ids=["the writer stays", "the writer goes back", "the reader goes on", "the reader jumps", "the writer jumps"],
)
def test_one_odd_vector_costs_as_much_as_if_all_were_odd(part, place):
    """One of eight vectors, in one of the two steps."""
    machine = with_an_odd_one(by_hand(), part, place)
    assert unclear_of(machine, ALL).item() == pytest.approx(IMPOSSIBLE / 2, rel=1e-4)
    assert unclear_of(machine, ALL._replace(vectors=ALL.vectors[:-1])).item() == pytest.approx(0, abs=1e-6)


def test_heads_that_know_nothing_cost_the_logarithms_of_three_and_two():
    """Two heads choose among three offsets and whether to jump, the mean over both steps; at the question one does."""
    assert unclear_of(by_hand(certain=0.0), ALL).item() == pytest.approx(3 * math.log(3) + 4 * math.log(2), rel=1e-6)


@pytest.mark.parametrize(("head", "expected"), [(0, math.log(2)), (1, 0.0)])
def test_a_reader_that_wavers_at_the_question_costs_the_logarithm_of_two_and_a_writer_nothing(head, expected):
    """Two offsets are equally likely there, and there alone."""
    machine = by_hand(certain=40.0)
    rows = machine.heads.rows["s"].start + 3 * head
    with torch.no_grad():
        machine.controller.from_input.weight[2, 4] = 40.0  # the end marker
        machine.controller.from_input.bias[2] = -20.0
        asked = alone(machine, ALL).asked
        best = int(asked.s[0, head].argmax())
        logits = machine.heads.linear.weight[rows + (best + 1) % 3], machine.heads.linear.weight[rows + best]
        logits[0][2], logits[1][2] = 10.0, -10.0  # the hidden unit is -1 elsewhere
        machine.heads.linear.bias[rows + (best + 1) % 3] += 10.0
        machine.heads.linear.bias[rows + best] -= 10.0
    assert sorted(alone(machine, ALL).asked.s[0, head].tolist())[1:] == pytest.approx([0.5, 0.5], abs=1e-4)
    assert unclear_of(machine, ALL).item() == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize("head", list(product([BACK, STAY, ON], repeat=2)))
def test_one_weighting_for_both_may_step_as_it_likes(head):
    """It writes while vectors come in and reads in the answer; and it jumps at the question, and only there."""
    some = ALL._replace(vectors=ALL.vectors[ALL.vectors.any(1)])
    assert unclear_of(by_hand(head, weightings="single"), some).item() == pytest.approx(0, abs=1e-6)
    for jumps, share in ((WALK, 1), ((True, False, True), 1 / 2), ((False, True, True), 1 / 2)):
        machine = by_hand(head, reader_jumps=jumps, weightings="single")
        assert unclear_of(machine, some).item() == pytest.approx(share * IMPOSSIBLE, rel=1e-4)


# The jump

WITH_START = copying(3).alphabet


def a_seeker(beta=0.0, key=(0.0, 0.0), start=(0.0, 0.0), vector=(0.0, 0.0), writer_jumps=WALK):
    """A machine that is sure in every step; its key at the question and what it adds have so much in two places.

    The fourth input is the start marker, which the fourth hidden unit sees.
    """
    machine = by_hand(writer_jumps=writer_jumps)
    linear, rows = machine.heads.linear, machine.heads.rows
    with torch.no_grad():
        machine.controller.from_input.weight[3, 3] = 40.0
        linear.bias[rows["add"].start] = 0.0
        linear.bias[rows["beta"].start] = beta if beta > 20 else math.log(math.expm1(beta)) if beta else -40.0
        for place in (0, 1):
            linear.bias[rows["add"].start + 5 + place] = vector[place]
            linear.weight[rows["add"].start + 5 + place, 3] = start[place] - vector[place]
            linear.bias[rows["key"].start + 5 + place] = key[place]
    return machine


def found_at(machine, alphabet=WITH_START):
    """What the start adds to the clear loss."""
    return (unclear_of(machine, alphabet) - unclear_of(machine, alphabet._replace(start=None))).item()


def test_a_reader_that_looks_for_nothing_finds_one_of_all_rows():
    """100 rows of each of 8 vectors, 100 blank ones, and the start's."""
    assert found_at(a_seeker()) == pytest.approx(math.log(901), rel=1e-5)


@pytest.mark.parametrize(
    ("start", "vector", "logits"),
    [
        ((3.0, 4.0), (0.0, 0.0), (3.0, 0.0)),  # as far as the key goes, a vector's row is blank
        ((3.0, 4.0), (-6.0, -8.0), (3.0, -3.0)),
        ((3.0, 4.0), (4.0, -3.0), (3.0, 0.0)),
        ((0.0, 0.0), (3.0, 4.0), (0.0, 3.0)),
        ((4.0, 3.0), (3.0, 4.0), (3.0 * 24 / 25, 3.0)),
        ((-3.0, -4.0), (1.5, 2.0), (-3.0, 3.0)),
    ],
)
def test_a_jump_costs_the_logarithm_of_its_chance_by_hand(start, vector, logits):
    """The key is 3 4, its strength 3."""
    machine = a_seeker(3.0, (3.0, 4.0), start, vector)
    of_start, of_vector = (math.exp(logit) for logit in logits)
    expected = -math.log(of_start / (of_start + 100 * (8 * of_vector + 1)))
    assert found_at(machine) == pytest.approx(expected, rel=1e-4)


def test_a_sure_jump_costs_nothing():
    assert found_at(a_seeker(60.0, (3.0, 4.0), (3.0, 4.0), (-3.0, -4.0))) == pytest.approx(0, abs=1e-6)


SURE_SEEKER = 60.0, (3.0, 4.0), (3.0, 4.0), (-3.0, -4.0)


@pytest.mark.parametrize("head", [0, 1], ids=["the reader", "the writer"])
def test_a_head_that_jumps_at_the_start_costs(head):
    """It writes nowhere in particular what a reader has to find, or comes to rest nowhere in particular."""
    machine = a_seeker(*SURE_SEEKER)
    calm = found_at(machine)
    with torch.no_grad():
        machine.heads.linear.weight[machine.heads.rows["g"].start + head, 3] = 80.0
    assert found_at(machine) - calm == pytest.approx(IMPOSSIBLE, rel=1e-4)


@pytest.mark.parametrize("head", [0, 1], ids=["the reader", "the writer"])
def test_a_head_that_wavers_at_the_start_costs_the_logarithm_of_two(head):
    """It then stands on two rows, of which one is right; which way it steps from there is not for this loss to know."""
    machine, costs = a_seeker(*SURE_SEEKER), []
    rows = machine.heads.rows["s"].start + 3 * head
    for backward, forward in ((80.0, -80.0), (80.0, 80.0)):
        with torch.no_grad():
            machine.heads.linear.weight[rows + BACK, 3] = backward
            machine.heads.linear.weight[rows + ON, 3] = forward
            for offset in (BACK, STAY, ON):
                machine.heads.linear.weight[rows + offset, 0] = 0.0
                machine.heads.linear.bias[rows + offset] = 0.0
        costs.append(found_at(machine))
    assert costs == pytest.approx([0.0, math.log(2)], abs=1e-4)


# The gradient


@every_controller
@every_machine
def test_the_gradient_is_the_slope(weightings, read_heads, write_heads, controller):
    machine = a_machine(
        2, weightings=weightings, read_heads=read_heads, write_heads=write_heads, controller=controller
    ).double()
    alphabet, generator = some_alphabet(start=True).like(machine.output.weight), torch.Generator().manual_seed(0)
    unclear_of(machine, alphabet).backward()
    ways = [torch.randn(p.shape, generator=generator, dtype=p.dtype) for p in machine.parameters()]
    slope = sum((way * p.grad).sum() for way, p in zip(ways, machine.parameters(), strict=True) if p.grad is not None)
    values = []
    for step in (1e-6, -2e-6):
        with torch.no_grad():
            for way, parameter in zip(ways, machine.parameters(), strict=True):
                parameter += step * way
            values.append(unclear_of(machine, alphabet))
    assert slope.item() == pytest.approx((values[0] - values[1]).item() / 2e-6, rel=1e-5)


@pytest.mark.parametrize("certain", [0.0, 40.0, 1e4])
@pytest.mark.parametrize("writer", [(ON, STAY), (ON, BACK)])
@pytest.mark.parametrize("jumps", [ASKED, (True, True, False)])
def test_the_gradient_is_finite_where_a_weight_is_zero(certain, writer, jumps):
    machine = by_hand((ON, ON), writer, jumps, jumps, certain)
    loss = unclear_of(machine, ALL)
    loss.backward()
    if certain == 1e4:
        coming_in, asked, *_ = alone(machine, ALL)
        assert not coming_in.s[:, :, STAY].any()
        assert set(coming_in.g.unique().tolist() + asked.g.unique().tolist()) == {0, 1}
    assert loss.isfinite()
    gradients = [parameter.grad for parameter in machine.parameters() if parameter.grad is not None]
    assert len(gradients) == 4  # the controller's and the heads'
    assert all(gradient.isfinite().all() for gradient in gradients)


def test_a_gradient_step_makes_the_heads_clearer():
    machine = a_machine(1, read_heads=2, write_heads=3)
    before = unclear_of(machine, some_alphabet())
    before.backward()
    with torch.no_grad():
        for parameter in machine.parameters():
            if parameter.grad is not None:
                parameter -= 1e-3 * parameter.grad
    assert unclear_of(machine, some_alphabet()) < before
