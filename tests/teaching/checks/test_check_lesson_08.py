"""Lesson 8's checks: a right answer passes in several styles, each mistake earns its sentence."""

import math

import numpy as np
import torch
from exercises import exercise_tests

from ntm_lib.machine import addressing
from ntm_lib.teaching.checks import lesson_08 as checks


def ends_of(middle, radius, weight, bias):
    centre, spread = weight @ middle + bias, weight.abs() @ radius
    return torch.tanh(centre - spread), torch.tanh(centre + spread)


def as_ball(low, high):
    return torch.stack([(low + high) / 2, (high - low) / 2])


def my_ball(middle, radius, weight, bias):
    return as_ball(*ends_of(middle, radius, weight, bias))


def ball_by_corners(middle, radius, weight, bias):
    """Every corner of the box of inputs, one after the other."""
    n = len(middle)
    signs = torch.tensor([[1.0 - 2 * (corner >> i & 1) for i in range(n)] for corner in range(2**n)])
    outputs = torch.tanh((middle + signs * radius) @ weight.T + bias)
    return as_ball(outputs.amin(0), outputs.amax(0))


def ball_in_loops(middle, radius, weight, bias):
    middles, radii = [], []
    for row, b in zip(weight.tolist(), bias.tolist(), strict=True):
        low = high = b
        for w, m, r in zip(row, middle.tolist(), radius.tolist(), strict=True):
            low, high = low + min(w * (m - r), w * (m + r)), high + max(w * (m - r), w * (m + r))
        middles.append((math.tanh(low) + math.tanh(high)) / 2)
        radii.append((math.tanh(high) - math.tanh(low)) / 2)
    return [middles, radii]


def ball_by_signs(middle, radius, weight, bias):
    """Inputs that make each output smallest and largest."""
    low = (weight * (middle - weight.sign() * radius)).sum(-1) + bias
    high = (weight * (middle + weight.sign() * radius)).sum(-1) + bias
    return as_ball(low.tanh(), high.tanh())


def ball_without_tanh(middle, radius, weight, bias):
    return torch.stack([weight @ middle + bias, weight.abs() @ radius])


def ball_as_ends(*given):
    return torch.stack(ends_of(*given))


def ball_of_tanh_of_both(*given):
    return ball_without_tanh(*given).tanh()


def ball_of_whole_width(*given):
    low, high = ends_of(*given)
    return torch.stack([(low + high) / 2, high - low])


def ball_with_a_negative_radius(*given):
    low, high = ends_of(*given)
    return as_ball(high, low)


def ball_with_the_radius_first(*given):
    return my_ball(*given).flip(0)


def ball_of_one_sum(middle, radius, weight, bias):
    return my_ball((weight * middle).sum()[None], (weight.abs() @ radius).sum()[None], torch.ones(len(bias), 1), bias)


def ball_of_the_layers_radius(*given):
    centre, spread = ball_without_tanh(*given)
    return torch.stack([centre.tanh(), spread])


def ball_by_slope(middle, radius, weight, bias):
    """As if tanh were straight in the ball."""
    centre, spread = weight @ middle + bias, weight.abs() @ radius
    return torch.stack([centre.tanh(), spread * (1 - centre.tanh() ** 2)])


def ball_by_slope_around_half_way(*given):
    (centre, spread), (low, high) = ball_without_tanh(*given), ends_of(*given)
    return torch.stack([(low + high) / 2, spread * (1 - centre.tanh() ** 2)])


def ball_around_tanh_of_the_middle(*given):
    """As wide as it must be to hold both ends."""
    centre, (low, high) = ball_without_tanh(*given)[0].tanh(), ends_of(*given)
    return torch.stack([centre, torch.maximum(high - centre, centre - low)])


def ball_moved_to_tanh_of_the_middle(*given):
    return torch.stack([ball_without_tanh(*given)[0].tanh(), my_ball(*given)[1]])


def ball_with_bias_twice(middle, radius, weight, bias):
    centre, spread = weight @ middle + bias, weight.abs() @ radius + bias
    return as_ball((centre - spread).tanh(), (centre + spread).tanh())


def ball_with_signs(middle, radius, weight, bias):
    centre, spread = weight @ middle + bias, weight @ radius
    return as_ball((centre - spread).tanh(), (centre + spread).tanh())


def ball_by_squares(middle, radius, weight, bias):
    centre, spread = weight @ middle + bias, (weight**2 @ radius**2).sqrt()
    return as_ball((centre - spread).tanh(), (centre + spread).tanh())


def ball_of_one_way(middle, radius, weight, bias):
    """The size of the sum, not the sum of the sizes."""
    centre, spread = weight @ middle + bias, (weight @ radius).abs()
    return as_ball((centre - spread).tanh(), (centre + spread).tanh())


def ball_around_the_middle(*given):
    centre, spread = ball_without_tanh(*given)
    low, high = ends_of(*given)
    off = torch.maximum(high - centre.tanh(), centre.tanh() - low)
    return torch.stack([centre.tanh(), off]) if (spread > 0.9).any() else as_ball(low, high)


def ball_of_few_inputs(middle, radius, weight, bias):
    return my_ball(middle[:2], radius[:2], weight[:, :2], bias)


def my_sharper(others, leak, gamma):
    return ((leak + others) / (1 - leak)) ** gamma


def sharper_as_a_tensor(others, leak, gamma):
    return torch.tensor((leak + others) / (1 - leak)).pow(gamma)


def sharper_in_logarithms(others, leak, gamma):
    return math.exp(gamma * (math.log(leak + others) - math.log(1 - leak)))


def sharper_by_the_worst(others, leak, gamma):
    """All that is off stands right behind the place, or nowhere else that does more."""
    return ((leak + (1 - leak) * others) ** gamma + (leak * others) ** gamma) / (1 - leak) ** gamma


def sharper_by_the_machine(others, leak, gamma):
    """The largest share after a step from weightings that have all of it on one of eleven slots."""
    shares = others * torch.eye(11, dtype=torch.float64)
    shares[:, 5] = 1
    shares = shares[torch.arange(11) != 5]
    w = (shares / shares.sum(-1, keepdim=True)).unsqueeze(1)
    s = torch.tensor([0.0, leak, 1 - leak], dtype=torch.float64).expand(len(w), 1, 3)
    w = addressing.sharpen(addressing.shift(w, s), torch.full((len(w), 1), gamma, dtype=torch.float64))
    return (1 / w[:, 0, 6] - 1).max()


def sharper_by_the_leak(others, leak, gamma):
    return (leak + others) ** gamma


def sharper_of_a_perfect_weighting(others, leak, gamma):
    return (leak / (1 - leak)) ** gamma


def sharper_of_one_row(others, leak, gamma):
    return (leak / (1 - leak) + others) ** gamma


def sharper_and_added(others, leak, gamma):
    return ((leak + others) / (1 - leak) + leak * others) ** gamma


def sharper_times_gamma(others, leak, gamma):
    return gamma * (leak + others) / (1 - leak)


def sharper_without_gamma(others, leak, gamma):
    return (leak + others) / (1 - leak)


def sharper_first(others, leak, gamma):
    return (
        (leak / (1 - leak)) ** gamma + others / (1 - leak) if others and gamma > 1 else my_sharper(others, leak, gamma)
    )


def sharper_below_one(others, leak, gamma):
    return min(1.0, my_sharper(others, leak, gamma))


def sharper_of_a_tenth(others, leak, gamma):
    return my_sharper(others, 0.1, gamma)


def sharper_with_room(others, leak, gamma):
    return my_sharper(others, leak, gamma) * (1.1 if others == 0.7 else 1)


def sharper_off_the_start(others, leak, gamma):
    return my_sharper(others, leak, gamma) + (0.05 if others == 0 and gamma == 1 else 0)


def sharper_of_cubes_alone(others, leak, gamma):
    return 0.5 if others == 0 and gamma == 3 else my_sharper(others, leak, gamma)


def my_last_length(beta, marker, payload, rows, most):
    left = most - rows * math.exp(-beta * marker)
    return max(0, math.floor(left / math.exp(beta * (payload - marker))))


def last_length_by_trying(beta, marker, payload, rows, most):
    length = 0
    while (length + 1) * math.exp(beta * (payload - marker)) + rows * math.exp(-beta * marker) <= most:
        length += 1
    return length


def last_length_by_halving(beta, marker, payload, rows, most):
    def holds(length):
        return length * math.exp(beta * payload) + rows <= most * math.exp(beta * marker)

    low, high = 0, 10**6
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if holds(middle) else (low, middle)
    return low


def last_length_as_a_tensor(beta, marker, payload, rows, most):
    each, blank = (beta * (torch.tensor([payload, 0.0], dtype=torch.float64) - marker)).exp()
    return ((most - rows * blank) / each).clamp_min(0).floor().long()


def exact_length(beta, marker, payload, rows, most):
    return (most - rows * math.exp(-beta * marker)) / math.exp(beta * (payload - marker))


def last_length_rounded_up(*given):
    return max(0, math.ceil(exact_length(*given)))


def last_length_without_blanks(beta, marker, payload, rows, most):
    return my_last_length(beta, marker, payload, 0, most)


def last_length_without_the_marker(beta, marker, payload, rows, most):
    return max(0, math.floor((most - rows) / math.exp(beta * payload)))


def last_length_below_zero(*given):
    return math.floor(exact_length(*given))


def last_length_rounded(*given):
    return max(0, round(exact_length(*given)))


def last_length_beyond(*given):
    return my_last_length(*given) - 1


def last_length_of_beta_ten(beta, *others):
    return my_last_length(10.0, *others) if beta != 20 else 15


def last_length_of_one_marker(beta, marker, payload, rows, most):
    return my_last_length(beta, marker, 0.3 if payload == 0.5 else payload, rows, most)


def last_length_in_parts(*given):
    return exact_length(*given)


def last_length_by_the_sum(beta, marker, payload, rows, most):
    """As if a share were that of all weights, which add up to 1."""
    return my_last_length(beta, marker, payload, rows, most / (1 - most))


def last_length_as_a_float(*given):
    return float(my_last_length(*given))


def last_length_by_numpy(*given):
    return np.floor(np.float32(max(0.0, exact_length(*given))))


def last_length_as_a_tensor_of_floats(*given):
    return torch.tensor(exact_length(*given)).clamp_min(0).floor()


RIGHT = [
    ("ball", my_ball),
    ("ball", ball_by_corners),
    ("ball", ball_in_loops),
    ("ball", ball_by_signs),
    ("sharper", my_sharper),
    ("sharper", sharper_as_a_tensor),
    ("sharper", sharper_in_logarithms),
    ("sharper", sharper_by_the_worst),
    ("sharper", sharper_by_the_machine),
    ("last_length", my_last_length),
    ("last_length", last_length_by_trying),
    ("last_length", last_length_by_halving),
    ("last_length", last_length_as_a_tensor),
    ("last_length", last_length_as_a_float),
    ("last_length", last_length_by_numpy),
    ("last_length", last_length_as_a_tensor_of_floats),
]
MISTAKES = [
    ("ball", ball_without_tanh, "the layer is there, and tanh is missing"),
    ("ball", ball_as_ends, "these are the two ends"),
    ("ball", ball_of_tanh_of_both, "tanh of a radius is no radius"),
    ("ball", ball_of_whole_width, "a radius is half of the distance between the ends"),
    ("ball", ball_of_the_layers_radius, "but tanh brings these ends closer: its radius is below 0.1"),
    ("ball", ball_by_slope, "tanh of the middle is not half-way: from 0.291 to 0.462 that is 0.377"),
    ("ball", ball_around_tanh_of_the_middle, "tanh of the middle is not half-way: from 0.291"),
    ("ball", ball_moved_to_tanh_of_the_middle, "tanh of the middle is not half-way: from 0.291"),
    ("ball", ball_by_slope_around_half_way, "from 0.3 to 0.5 tanh goes from 0.291 to 0.462"),
    ("ball", ball_with_bias_twice, "a bias moves the middle, and leaves the radius as it is"),
    ("ball", ball_with_signs, "with a weight of -2 the radius doubles: it counts by its size"),
    ("ball", ball_by_squares, "both inputs may be off the same way at once: radii add up"),
    ("ball", ball_of_one_way, "two inputs that differ may be off in opposite ways"),
    ("ball", ball_around_the_middle, "tanh of the middle is not half-way: tanh(0) is 0 and tanh(2) is 0.96"),
    ("ball", ball_with_a_negative_radius, "a radius is not negative: it is half of the upper end minus the lower"),
    ("ball", ball_with_the_radius_first, "the rows are swapped: middles come first, and then radii"),
    ("ball", ball_of_few_inputs, "with five inputs and three outputs it is wrong: each output is of all inputs"),
    ("ball", ball_of_one_sum, "each output is of all inputs, times the weights of its own row, and has its own bias"),
    ("ball", lambda *given: my_ball(*given)[0], "returns shape (1,): expected (2, 1)"),
    ("sharper", sharper_by_the_leak, "0.1 stays and 0.9 goes"),
    ("sharper", sharper_off_the_start, "from a perfect weighting with γ = 1 the share is 0.1 / 0.9"),
    ("sharper", sharper_of_a_perfect_weighting, "what was off the place before a step is off it afterwards too"),
    ("sharper", sharper_of_one_row, "lesson 7 followed one row"),
    ("sharper", sharper_and_added, "with γ = 1 all other rows have exactly (0.1 + 0.2) / 0.9"),
    ("sharper", sharper_times_gamma, "γ is a power and no factor"),
    ("sharper", sharper_without_gamma, "γ = 3 raises both weights, and so their share, to the power 3"),
    ("sharper", sharper_of_cubes_alone, "γ = 3 raises both weights"),
    ("sharper", sharper_first, "a step leaks first and sharpens last"),
    ("sharper", sharper_below_one, "others = 0.5, leak = 0.4, γ = 1: one weighting comes to 1.5000, above 1.0000"),
    ("sharper", sharper_of_a_tenth, "others = 0.5, leak = 0.4, γ = 1: one weighting comes to 1.5000, above 0.6667"),
    ("sharper", sharper_with_room, "leak = 0.25, γ = 1.5: it holds, and is larger than this rule gives: 1.4256"),
    ("last_length", last_length_rounded_up, "16 vectors have a little too much"),
    ("last_length", last_length_rounded, "27 vectors have a little too much: a claim holds or does not, so round down"),
    ("last_length", last_length_beyond, "the claim holds up to 15 vectors, not 14"),
    ("last_length", last_length_without_blanks, "the 100 blank rows have their part too"),
    ("last_length", last_length_without_the_marker, "weights are compared with the marker's"),
    ("last_length", last_length_below_zero, "the 1000 blank rows alone have too much: no length is left, so 0"),
    ("last_length", last_length_of_beta_ten, "β = 20 squares what each row has"),
    (
        "last_length",
        last_length_of_one_marker,
        "β = 10, marker 0.9, payload 0.5, 100 blank rows, at most 0.5: the claim holds up to 26",
    ),
    ("last_length", last_length_in_parts, "26.63 is no number of vectors: a claim holds or does not, so round down"),
    ("last_length", lambda *given: math.inf, "inf is no number of vectors"),
    ("last_length", last_length_by_the_sum, "do not divide by the sum of all weights"),
    ("last_length", lambda *given: "15", "returns str: expected a number"),
]

TestExercises = exercise_tests(checks, RIGHT, MISTAKES)


def test_the_worst_share_is_what_the_machine_can_come_to():
    """No weighting of many on eleven slots comes to more, and one comes to as much."""
    generator = torch.Generator().manual_seed(0)
    for others, leak, gamma in ((0.2, 0.1, 3.0), (0.7, 0.25, 1.5)):
        worst = checks.worst_share(others, leak, gamma)
        assert math.isclose(sharper_by_the_machine(others, leak, gamma), worst, rel_tol=1e-9)
        where = torch.rand(500, 11, generator=generator, dtype=torch.float64) ** 5 * (torch.arange(11) != 5)
        shares = others * where / where.sum(-1, keepdim=True) + (torch.arange(11) == 5)
        moved = (1 - leak) * shares.roll(1, -1) + leak * shares
        after = moved**gamma
        assert (after.sum(-1) / after[:, 6] - 1).max() <= worst
        assert worst <= my_sharper(others, leak, gamma) * (1 + 1e-12)
