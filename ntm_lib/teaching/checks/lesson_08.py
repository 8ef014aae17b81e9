"""Checks of lesson 8: a ball through a layer, a share after a step, the longest sequence that a jump's claim allows."""

import math

import torch
from torch import Tensor

from ntm_lib.teaching.checks.verdicts import Ask, Trials, check, close, numbers


@check("no number of the ball comes out beyond it, and it is no wider than it must be")
def ball(ask: Ask) -> Trials:
    """Say what is wrong with `my_ball(middle, radius, weight, bias)`, a ball's image as middle and radius, (2, m)."""
    one, zero = torch.tensor([[1.0]]), torch.zeros(1)
    middle, radius = torch.tensor([0.4]), torch.tensor([0.1])
    found, right = ask(middle, radius, one, zero, like=torch.zeros(2, 1)), image(middle, radius, one, zero)
    ends = torch.stack([right[0] - right[1], right[0] + right[1]])
    for mistake, sentence in (
        (torch.stack([middle, radius]), "the layer is there, and tanh is missing"),
        (ends, "these are the two ends: a middle is half of their sum, a radius half of their difference"),
        (torch.stack([middle, radius]).tanh(), "tanh of a radius is no radius: tanh takes the ends 0.3 and 0.5"),
        (right * torch.tensor([[1.0], [2.0]]), "a radius is half of the distance between the ends"),
        (
            right * torch.tensor([[1.0], [-1.0]]),
            "a radius is not negative: it is half of the upper end minus the lower",
        ),
        (right.flip(0), "the rows are swapped: middles come first, and then radii"),
    ):
        yield not close(found, mistake), sentence
    yield found[1].item() < 0.099, "it holds 0.3 to 0.5, but tanh brings these ends closer: its radius is below 0.1"
    half_way = f"from {ends[0].item():.3f} to {ends[1].item():.3f} that is {right[0].item():.3f}"
    yield not close(found[0], middle.tanh()), f"tanh of the middle is not half-way: {half_way}"
    yield close(found, right), f"from 0.3 to 0.5 tanh goes from {ends[0].item():.3f} to {ends[1].item():.3f}"
    for weight, bias, at, off, sentence in (
        ([[1.0]], [2.0], [0.0], [0.5], "a bias moves the middle, and leaves the radius as it is"),
        ([[-2.0]], [0.0], [0.1], [0.2], "with a weight of -2 the radius doubles: it counts by its size, and no sign"),
        ([[1.0, 1.0]], [0.0], [0.0, 0.0], [0.3, 0.4], "both inputs may be off the same way at once: radii add up"),
        ([[1.0, -1.0]], [0.0], [0.2, 0.2], [0.1, 0.1], "two inputs that differ may be off in opposite ways"),
        ([[1.0]], [0.0], [1.0], [1.0], "tanh of the middle is not half-way: tanh(0) is 0 and tanh(2) is 0.96"),
    ):
        given = torch.tensor(at), torch.tensor(off), torch.tensor(weight), torch.tensor(bias)
        yield close(ask(*given, like=torch.zeros(2, 1)), image(*given)), sentence
    given = numbers(5), numbers(5, seed=1).abs() / 9, numbers(3, 5, seed=2), numbers(3, seed=3)
    own = "it is wrong: each output is of all inputs, times the weights of its own row, and has its own bias"
    yield close(ask(*given, like=torch.zeros(2, 3)), image(*given)), f"with five inputs and three outputs {own}"


def image(middle: Tensor, radius: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """The smallest ball, (2, m), around what tanh(weight x + bias) can be for x in a ball, by its two ends."""
    centre, spread = weight @ middle + bias, weight.abs() @ radius
    low, high = (centre - spread).tanh(), (centre + spread).tanh()
    return torch.stack([(low + high) / 2, (high - low) / 2])


@check("it holds for every weighting, and shrinks as the proof's own does")
def sharper(ask: Ask) -> Trials:
    """Say what is wrong with `my_sharper(others, leak, gamma)`, a bound of all other rows' share after a step, ()."""
    none = torch.zeros(())
    bound = float(ask(0.0, 0.1, 1.0, like=none))
    yield not math.isclose(bound, 0.1, rel_tol=1e-3), "0.1 stays and 0.9 goes: a share is the one divided by the other"
    yield math.isclose(bound, 1 / 9, rel_tol=1e-3), "from a perfect weighting with γ = 1 the share is 0.1 / 0.9"
    bound = float(ask(0.2, 0.1, 1.0, like=none))
    yield bound > 0.3, "what was off the place before a step is off it afterwards too"
    one_row = "lesson 7 followed one row: a tenth of what stood there stays behind as well, so all have 0.3 / 0.9"
    yield bound > 0.332, one_row
    yield math.isclose(bound, 1 / 3, rel_tol=1e-3), "with γ = 1 all other rows have exactly (0.1 + 0.2) / 0.9"
    bound = float(ask(0.0, 0.1, 3.0, like=none))
    yield not math.isclose(bound, 1 / 3, rel_tol=1e-3), "γ is a power and no factor: (0.1 / 0.9) to the power 3"
    yield math.isclose(bound, 1 / 729, rel_tol=1e-3), "γ = 3 raises both weights, and so their share, to the power 3"
    bound = float(ask(0.2, 0.1, 3.0, like=none))
    yield bound < 0.0371, "a step leaks first and sharpens last: all of (0.1 + 0.2) / 0.9 is raised to the power γ"
    for others, leak, gamma in ((0.2, 0.1, 3.0), (0.5, 0.4, 1.0), (0.7, 0.25, 1.5), (0.01, 0.3, 7.0), (0.9, 0.02, 2.0)):
        bound, reached = float(ask(others, leak, gamma, like=none)), worst_share(others, leak, gamma)
        told = f"others = {others}, leak = {leak}, γ = {gamma:g}"
        yield bound > reached * (1 - 1e-4), f"{told}: one weighting comes to {reached:.4f}, above {bound:.4f}"
        enough = ((others + leak) / (1 - leak)) ** gamma
        yield bound < enough * (1 + 1e-3), f"{told}: it holds, and is larger than this rule gives: {enough:.4f}"


def worst_share(others: float, leak: float, gamma: float) -> float:
    """The largest share of all other rows that a step leaves: where all that was off stood right behind the place."""
    behind, farther = leak + (1 - leak) * others, leak * others
    return (behind**gamma + farther**gamma) / (1 - leak) ** gamma


@check("its claim holds at that length, and not at the next")
def last_length(ask: Ask) -> Trials:
    """Say what is wrong with `my_last_length(beta, marker, payload, rows, most)`, a whole number of vectors, ()."""
    none = torch.zeros(())
    found = ask(10.0, 0.9, 0.5, 100, 0.5, like=none).item()
    yield found.is_integer(), f"{found:.2f} is no number of vectors: a claim holds or does not, so round down"
    by_the_sum = "a share is by the right row's weight alone: do not divide by the sum of all weights, its own included"
    yield found != 53, by_the_sum
    for given, right, sentences in (
        (
            (10.0, 0.9, 0.3, 100, 0.05),
            15,
            {
                20: "the 100 blank rows have their part too: each exp(-9) of the marker's row",
                0: "weights are compared with the marker's: exp(10 · 0.3) by exp(10 · 0.9) is exp(-6)",
            },
        ),
        ((10.0, 0.9, 0.3, 1000, 0.05), 0, {}),
        ((20.0, 0.9, 0.3, 1000, 0.05), 8135, {15: "β = 20 squares what each row has: it multiplies every cosine"}),
        ((10.0, 0.9, 0.5, 100, 0.5), 26, {}),
        ((7.0, 0.95, -0.2, 37, 0.02), 0, {}),
        ((7.0, 0.95, -0.2, 11, 0.02), 18, {}),
    ):
        found = ask(*given, like=none).item()
        beta, marker, payload, rows, most = given
        yield found >= 0 or right > 0, f"the {rows} blank rows alone have too much: no length is left, so 0"
        much = f"{found:g} vectors have a little too much: a claim holds or does not, so round down"
        yield found != right + 1 or right == 0, much
        for mistake, sentence in sentences.items():
            yield found != mistake, sentence
        told = f"β = {beta:g}, marker {marker}, payload {payload}, {rows} blank rows, at most {most}"
        yield found == right, f"{told}: the claim holds up to {right} vectors, not {found:g}"
