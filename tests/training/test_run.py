"""A fresh machine: the seed decides it, and the post's initialisation is the post's."""

import math
from dataclasses import replace

import pytest
import torch
from small import MACHINE, SETTLING, SMALL, YARDSTICK, same_tensors, tensors
from torch import nn

from ntm_lib.machine import NTM, LSTMBaseline
from ntm_lib.machine.step import PLAIN, advance
from ntm_lib.tasks import Batch, Task
from ntm_lib.training import recipes
from ntm_lib.training.loop import update
from ntm_lib.training.recipe import Historical
from ntm_lib.training.run import Run, build, draw

POST = replace(recipes.post_2014, machine=replace(recipes.post_2014.machine, memory_size=31, controller_size=11))
LSTM = replace(SMALL, name="lstm", machine=replace(SMALL.machine, controller="lstm"))
every_build = pytest.mark.parametrize(
    "recipe",
    [
        SMALL,
        YARDSTICK,
        POST,
        LSTM,
        replace(SMALL, machine=replace(SMALL.machine, initial_memory="random", initial_value=1.0), largest_memory=0),
    ],
    ids=["ntm", "lstm baseline", "post", "lstm controller", "random memory"],
)


# The seed


@every_build
def test_the_seed_decides_every_weight(recipe):
    first = tensors(build(recipe, 3))
    torch.rand(7)
    assert same_tensors(build(recipe, 3).state_dict(), first)


@every_build
def test_another_seed_has_other_weights(recipe):
    first, other = (build(recipe, seed).state_dict() for seed in (3, 4))
    for name, value in first.items():
        if value.unique().numel() > 1:  # biases that start at zero are the same
            assert not torch.equal(value, other[name]), name


@every_build
def test_nobody_elses_random_numbers_are_touched(recipe):
    torch.manual_seed(1)
    before = torch.random.get_rng_state()
    Run(recipe, 3)
    assert torch.equal(torch.random.get_rng_state(), before)


def test_the_recipe_says_which_machine():
    machine = build(SMALL, 0)
    assert isinstance(machine, NTM)
    assert machine.config == SMALL.machine
    machine = build(YARDSTICK, 0)
    assert isinstance(machine, LSTMBaseline)
    assert machine.config == YARDSTICK.machine


def test_a_run_has_a_source_of_randomness_of_its_own():
    run, same, other = Run(SMALL, 3), Run(SMALL, 3), Run(SMALL, 4)
    numbers = torch.rand(7, generator=run.generator)
    assert torch.equal(torch.rand(7, generator=same.generator), numbers)
    assert not torch.equal(torch.rand(7, generator=other.generator), numbers)


# Initialisation


def linear_layers(machine):
    return {name: module for name, module in machine.named_modules() if isinstance(module, nn.Linear)}


def test_pytorch_initialisation_lies_within_one_over_the_root_of_the_inputs():
    for layer in linear_layers(build(replace(recipes.reliable, first_weights="pytorch"), 0)).values():
        bound = 1 / math.sqrt(layer.in_features)
        assert 0.9 * bound < layer.weight.abs().max() <= bound


def test_the_posts_output_layer_and_biases_are_zero():
    layers = linear_layers(build(recipes.post_2014, 0))
    assert set(layers) == {"controller.from_input", "heads.linear", "output"}
    assert not layers["output"].weight.any()
    for layer in layers.values():
        assert not layer.bias.any()


def assert_glorot(matrix):
    """Uniform within the root of 6 / (inputs + outputs)."""
    bound = math.sqrt(6 / sum(matrix.shape))
    assert (1 - 5 / matrix.numel()) * bound < matrix.abs().max() <= bound
    assert abs(matrix.std() - bound / math.sqrt(3)) < 2 * bound / math.sqrt(matrix.numel())
    assert abs(matrix.mean()) < 3 * bound / math.sqrt(matrix.numel())


def test_each_of_the_posts_matrices_is_glorot_by_itself():
    """It has one for the input, one for what is read, and one for each thing that a head emits."""
    layers = linear_layers(build(recipes.post_2014, 0))
    weight = layers["controller.from_input"].weight.detach()
    assert weight.shape == (100, 8 + 20)
    assert_glorot(weight[:, :8])
    assert_glorot(weight[:, 8:])
    weight = layers["heads.linear"].weight.detach()
    assert weight.shape == (20 + 1 + 1 + 3 + 1 + 20 + 20, 100)
    for first, last in ((0, 20), (21, 22), (22, 25), (25, 26), (26, 46), (46, 66)):
        assert_glorot(weight[first:last])


def test_the_posts_key_strengths_start_at_zero():
    """Whatever the controller says, beta is softplus(0) = ln 2; everything else that a head emits is Glorot."""
    heads = build(recipes.post_2014, 0).heads
    h = torch.randn(5, 100, generator=torch.Generator().manual_seed(0)).tanh()
    emission = heads(h)
    torch.testing.assert_close(emission.beta, torch.full((5, 1), math.log(2)))
    for name, value in emission._asdict().items():
        if name != "beta":
            assert value.std(dim=0).min() > 0.01, name
    assert (heads.linear.weight == 0).all(dim=1).sum() == 1


def test_the_posts_tape_and_first_weighting_are_learned():
    machine = build(recipes.post_2014, 0)
    memory = machine.memory_0.detach()
    assert machine.memory_0.requires_grad
    assert memory.shape == (128, 20)
    assert 0.99 < memory.abs().max() <= 1
    assert machine.weights_0.requires_grad
    assert machine.weights_0.shape == (1, 128)
    assert 0.8 < machine.weights_0.std() < 1.2


@pytest.mark.parametrize(
    "recipe",
    [SMALL, LSTM]
    + [replace(SMALL, machine=replace(SMALL.machine, read_heads=r, write_heads=w)) for r, w in ((2, 1), (3, 2), (2, 3))]
    + [replace(SMALL, machine=replace(SMALL.machine, read_heads=2, write_heads=2, weightings="single"))],
    ids=["1 and 1", "lstm", "2 and 1", "3 and 2", "2 and 3", "single"],
)
def test_keys_of_read_heads_begin_as_what_write_heads_add(recipe):
    """Each as its writer's; readers beyond the last writer begin with the first again. Nothing else changes."""
    plain = build(replace(recipe, first_weights="pytorch"), 0)
    alike = build(replace(recipe, first_weights="alike"), 0)
    config, (keys, *_, added) = recipe.machine, plain.heads.sizes
    expected, first_added, word = tensors(plain), sum(plain.heads.sizes) - added, config.word_size
    for name in ("heads.linear.weight", "heads.linear.bias"):
        for reader in range(config.read_heads):
            for number in range(word):
                place = first_added + (reader % config.write_heads) * word + number
                expected[name][reader * word + number] = tensors(plain)[name][place]
    assert keys == plain.heads.addressing_heads * word
    assert same_tensors(alike.state_dict(), expected)


def test_a_new_machine_looks_for_what_it_writes():
    machine = build(replace(SMALL, first_weights="alike"), 0)
    x = torch.randn(7, SMALL.machine.input_size, generator=torch.Generator().manual_seed(0))
    step = advance(machine, x, machine.initial_state(7), PLAIN)
    torch.testing.assert_close(step.emission.key[:, 0], step.emission.add[:, 0])


def test_gates_of_an_lstm_start_as_open_as_the_recipe_says():
    """Input and output gates by that much more, forget gates by that much less; nothing else changes."""
    plain, opened = (build(replace(LSTM, open_gates=gates), 0) for gates in (0.0, 2.0))
    expected = tensors(plain)
    expected["controller.from_input.bias"] += torch.tensor([2.0, -2.0, 0.0, 2.0]).repeat_interleave(11)
    assert same_tensors(opened.state_dict(), expected)


# The batch


def draws(recipe, count=80, seed=0, first=0, **progress):
    """What a run draws for `count` updates from the `first` on, as if it learned nothing meanwhile."""
    run = Run(recipe, seed)
    for name, value in progress.items():
        setattr(run.progress, name, value)
    drawn = []
    for run.progress.update in range(first, first + count):
        drawn.append(draw(run))
    return drawn


def test_a_batch_is_what_the_recipe_says():
    lengths = set()
    for batch, (length, rows, crowd) in draws(replace(SMALL, max_length=5, largest_memory=19)):
        lengths.add(length)
        assert batch.inputs.shape == (5, 2 * length + 2, 5)
        assert batch.targets.shape == (5, 2 * length + 2, 3)
        assert torch.equal(batch.targets[:, length + 2 :], batch.inputs[:, 1 : length + 1, :3])
        assert 2 * length + 2 <= rows <= 19 and crowd == 1
    assert lengths == {1, 2, 3, 4, 5}


def test_a_settled_machine_is_trained_on_the_batches_its_task_has_for_it():
    def drawing(bit):
        return lambda number, length, _: Batch(
            torch.zeros(number, length, 5), torch.full((number, length, 3), bit), torch.ones(number, length)
        )

    for settling, bit in ((drawing(1.0), 1), (None, 0)):
        run = Run(SETTLING, 0, Task(5, 3, drawing(0.0), settling=settling))
        assert not draw(run).batch.targets.any()
        run.progress.settled_at = 0
        assert (draw(run).batch.targets == bit).all()


@pytest.mark.parametrize("tied", [{"initial_weights": "learned"}, {"initial_memory": "learned"}], ids=str)
def test_a_machine_of_one_number_of_rows_is_not_trained_in_many(tied):
    ((name, choice),) = tied.items()
    recipe = replace(SMALL, machine=replace(MACHINE, **tied))
    with pytest.raises(ValueError, match=f"largest_memory is 17: a machine with {name} '{choice}' has one number of"):
        Run(recipe, 0)
    assert Run(replace(recipe, largest_memory=0), 0).model.memory_size == MACHINE.memory_size


def test_a_batch_without_a_start_marker():
    ((batch, shape),) = draws(POST, 1)
    assert batch.inputs.shape == (1, 2 * shape.length + 1, 8)


def test_a_batch_has_the_precision_and_the_device_of_the_machine():
    run = Run(SMALL, 0)
    run.model.double()
    assert {part.dtype for part in draw(run).batch} == {torch.float64}
    run.model.to("meta")
    assert {part.device.type for part in draw(run).batch} == {"meta"}


def test_settling_changes_lengths_and_rows_in_nothing():
    learning, settling = ([one.shape for one in draws(SETTLING, settled_at=at)] for at in (None, 1))
    assert learning == settling


@pytest.mark.parametrize("level", [1, 4])
def test_the_adaptive_curriculum_follows_the_level(level):
    adaptive = replace(SMALL, max_length=10, historical=Historical(curriculum="adaptive"))
    assert max(one.shape.length for one in draws(adaptive, level=level)) == level


def test_uneven_payloads_have_vectors_that_random_ones_almost_never_have():
    recipe = replace(SMALL, machine=replace(MACHINE, input_size=17, output_size=15), batch_size=8, max_length=30)
    for payload, low, high in (("random", 0.0, 0.01), ("uneven", 0.03, 0.1)):  # 1 in 2,048; half of 2 in 16
        drawn = draws(replace(recipe, payload=payload), 40)
        vectors = torch.cat([one.batch.targets[:, -one.shape.length :].flatten(0, 1) for one in drawn])
        assert low <= (vectors.sum(-1) <= 1).float().mean() <= high


@pytest.mark.parametrize("settled_at", [None, 1])
def test_every_seed_meets_the_same_shapes_and_bits_of_its_own(settled_at):
    recipe = replace(SETTLING, max_length=7, largest_memory=97)
    first, other = (draws(recipe, seed=seed, settled_at=settled_at) for seed in (3, 4))
    assert [one.shape for one in first] == [one.shape for one in other]
    for one, another in zip(first, other, strict=True):
        if one.shape.length > 1:
            assert not torch.equal(one.batch.inputs, another.batch.inputs)


# Heads that begin in roles


def undone(name, emission, head):
    """The number of the linear layer that became a head's gate, key strength or sharpening."""
    number = getattr(emission, name)[0, head]
    return number.logit() if name == "g" else (number - (1 if name == "gamma" else 0)).expm1().log()


@pytest.mark.parametrize(
    ("jumping", "looking", "walking", "begin"),
    [
        (0, 1, 1, ["look", "", "walk"]),
        (0, 1, 2, ["look", "walk", "walk"]),
        (0, 0, 3, ["walk", "walk", "walk"]),
        (0, 2, 0, ["look", "look", ""]),
        (1, 1, 1, ["jump", "look", "walk"]),
        (2, 0, 0, ["jump", "jump", ""]),
        (2, 1, 0, ["jump", "jump", "look"]),
    ],
)
def test_the_first_heads_begin_by_jumping_or_looking_and_the_last_by_walking(jumping, looking, walking, begin):
    """By hand, from the biases alone: what a hidden layer of zeros makes the heads emit."""
    recipe = replace(SMALL, machine=replace(SMALL.machine, read_heads=2))
    roles = {"looking_heads": looking, "walking_heads": walking, "jumping_heads": jumping}
    undecided, decided = build(recipe, 5).heads, build(replace(recipe, **roles), 5).heads
    before, after = (heads(torch.zeros(1, SMALL.machine.controller_size)) for heads in (undecided, decided))
    for head, role in enumerate(begin):
        moved = {name: undone(name, after, head) - undone(name, before, head) for name in ("g", "beta", "gamma")}
        assert moved["g"].item() == pytest.approx({"walk": -3, "jump": 3}.get(role, 0), abs=1e-3)
        assert moved["beta"].item() == pytest.approx({"look": 2, "jump": 6}.get(role, 0), abs=1e-3)
        assert moved["gamma"].item() == pytest.approx(1.5 if role in ("walk", "jump") else 0, abs=1e-4)
        shifts = (after.s / before.s)[0, head].log()
        assert (shifts - shifts[0]).tolist() == pytest.approx([0, 0, 3 if role == "walk" else 0], abs=1e-4)
    for name in ("key", "erase", "add"):
        assert torch.equal(getattr(after, name), getattr(before, name))


def test_nothing_else_of_a_machine_depends_on_its_heads_roles():
    plain, decided = tensors(build(SMALL, 5)), tensors(build(replace(SMALL, jumping_heads=1, walking_heads=1), 5))
    assert [name for name in plain if not torch.equal(plain[name], decided[name])] == ["heads.linear.bias"]


@pytest.mark.parametrize(("shut", "gates"), [(0, [True, True, True]), (1, [True, True, False]), (3, [False] * 3)])
def test_gates_of_heads_that_address_by_location_stay_shut_through_a_training(shut, gates):
    recipe = replace(SMALL, machine=replace(SMALL.machine, read_heads=2), location_heads=shut, walking_heads=1)
    run = Run(recipe, 5)
    for _ in range(7):
        update(run)
        hidden = torch.randn(13, SMALL.machine.controller_size, generator=torch.Generator().manual_seed(3))
        g = run.model.heads(hidden).g
        assert [bool((one > 0).all()) for one in g.unbind(1)] == gates
        assert all((one == 0).all() for one, opens in zip(g.unbind(1), gates, strict=True) if not opens)
    first, after = tensors(build(recipe, 5)), tensors(run.model)
    rows = run.model.heads.rows["g"]
    moved = (after["heads.linear.weight"] != first["heads.linear.weight"])[rows].any(1)
    assert moved.tolist() == gates and torch.equal(
        first["heads.linear.bias"][rows][3 - shut :], after["heads.linear.bias"][rows][3 - shut :]
    )
