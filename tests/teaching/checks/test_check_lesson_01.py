"""Checks of addressing: right answers pass, and every sentence has a planted mistake that earns it."""

import numpy
import torch
from exercises import exercise_tests

from ntm_lib.machine import addressing
from ntm_lib.teaching.checks import lesson_01 as checks


def my_shift(w_g, s):
    moved = torch.zeros_like(w_g)
    for j in range(s.shape[-1]):
        moved = moved + s[..., j : j + 1] * w_g.roll(j - s.shape[-1] // 2, dims=-1)
    return moved


def shift_in_place_on_a_clone(w_g, s):
    moved = w_g.clone() * 0
    for j in range(s.shape[-1]):
        moved += s[..., j : j + 1] * w_g.roll(j - s.shape[-1] // 2, dims=-1)
    return moved


def shift_number_by_number(w_g, s):
    moved, (rows, offsets) = torch.zeros_like(w_g), (w_g.shape[-1], s.shape[-1])
    for row in range(rows):
        for j in range(offsets):
            moved[..., (row + j - offsets // 2) % rows] += w_g[..., row] * s[..., j]
    return moved


def shift_by_spectra(w_g, s):
    ring = torch.cat([s, s.new_zeros(*s.shape[:-1], w_g.shape[-1] - s.shape[-1])], dim=-1).roll(-(s.shape[-1] // 2), -1)
    return torch.fft.irfft(torch.fft.rfft(w_g) * torch.fft.rfft(ring), n=w_g.shape[-1])


def shift_by_numpy(w_g, s):
    reach = s.shape[-1] // 2
    return sum(s.numpy()[..., [j]] * numpy.roll(w_g.numpy(), j - reach, -1) for j in range(s.shape[-1]))


def shift_by_lists(w_g, s):
    moved = []
    for weightings, steps in zip(w_g.tolist(), s.tolist(), strict=True):
        moved.append([])
        for weights, step in zip(weightings, steps, strict=True):
            rows, reach = len(weights), len(step) // 2
            blend = [sum(step[j] * weights[(row + reach - j) % rows] for j in range(len(step))) for row in range(rows)]
            moved[-1].append(blend)
    return torch.tensor(moved)


def shift_by_matrices(w_g, s):
    ring = torch.eye(w_g.shape[-1]).double()
    turns = torch.stack([ring.roll(j - s.shape[-1] // 2, dims=-1) for j in range(s.shape[-1])])
    return torch.einsum("bhn,bhj,jnm->bhm", w_g.double(), s.double(), turns).detach()


def shift_written_into_its_argument(w_g, s):
    return w_g.copy_(my_shift(w_g.clone(), s))


def shift_backward(w_g, s):
    return my_shift(w_g, s.flip(-1))


def shift_without_a_ring(w_g, s):
    return my_shift(torch.nn.functional.pad(w_g, (2, 2)), s)[..., 2:-2]


def shift_by_the_likeliest(w_g, s):
    return my_shift(w_g, torch.nn.functional.one_hot(s.argmax(-1), s.shape[-1]).float())


def shift_of_the_strongest_slot(w_g, s):
    return my_shift(torch.nn.functional.one_hot(w_g.argmax(-1), w_g.shape[-1]).float(), s)


def shift_all_heads_alike(w_g, s):
    return my_shift(w_g, s[:, :1].expand_as(s))


def shift_all_sequences_alike(w_g, s):
    return my_shift(w_g, s[:1].expand_as(s))


def shift_round_all_heads(w_g, s):
    return sum(s[..., j : j + 1] * w_g.roll(j - s.shape[-1] // 2) for j in range(s.shape[-1]))


def shift_by_three(w_g, s):
    return sum(s[..., j : j + 1] * w_g.roll(j - 1, dims=-1) for j in range(s.shape[-1]))


def shift_that_never_stays(w_g, s):
    return my_shift(w_g, s * torch.tensor([1.0, 0.0, 1.0])) if s.shape[-1] == 3 else my_shift(w_g, s)


def shift_of_the_first_sequence(w_g, s):
    moved = torch.zeros_like(w_g)
    moved[0] = my_shift(w_g, s)[0]
    return moved


def shift_of_two_heads(w_g, s):
    moved = torch.zeros_like(w_g)
    moved[:, :2] = my_shift(w_g, s)[:, :2]
    return moved


def shift_of_five_slots(w_g, s):
    moved = torch.zeros(*w_g.shape[:2], 5)
    moved[:] = my_shift(w_g, s)[..., :5]
    return moved


def shift_on_a_ring_of_five(w_g, s):
    moved = torch.zeros_like(w_g)
    for row in range(w_g.shape[-1]):
        for j in range(s.shape[-1]):
            moved[..., (row + j - s.shape[-1] // 2) % 5] += w_g[..., row] * s[..., j]
    return moved


def shift_by_the_library(w_g, s):
    return addressing.shift(w_g, s=s)


def shift_in_place_while_it_reads(w_g, s):
    w_g[..., 0] = s[..., 1] * w_g[..., 0] + s[..., 2] * w_g[..., -1]
    for row in range(1, w_g.shape[-1]):
        w_g[..., row] = sum(s[..., j] * w_g[..., row + 1 - j] for j in range(1, 3))
    return w_g


def my_sharpen(w_s, gamma):
    logarithms = gamma.unsqueeze(-1) * (w_s + 1e-30).log()
    powers = (logarithms - logarithms.amax(-1, keepdim=True)).exp()
    return powers / powers.sum(-1, keepdim=True)


def sharpen_with_division_in_place(w_s, gamma):
    powers = (w_s / w_s.amax(-1, keepdim=True)) ** gamma.unsqueeze(-1)
    powers /= powers.sum(-1, keepdim=True)
    return powers


def sharpen_row_by_row(w_s, gamma):
    out = w_s.double()
    for sequence, powers in zip(out, gamma, strict=True):
        for row, power in zip(sequence, powers, strict=True):
            row.pow_(power)
            row /= row.sum()
    return out.float()


def sharpen_by_lists(w_s, gamma):
    sharp = []
    for weightings, powers in zip(w_s.tolist(), gamma.tolist(), strict=True):
        raised = [[weight**power for weight in row] for row, power in zip(weightings, powers, strict=True)]
        sharp.append([[weight / sum(row) for weight in row] for row in raised])
    return sharp


def sharpen_with_a_floor(w_s, gamma):
    return torch.softmax(gamma[..., None] * w_s.clamp(min=1e-12).log(), dim=2)


def sharpen_with_a_plain_number(w_s, gamma):
    return my_sharpen(w_s, torch.tensor(gamma.tolist()))


def sharpen_without_gradient(w_s, gamma):
    return torch.softmax(gamma.unsqueeze(-1) * w_s.detach().log(), dim=-1).detach()


def sharpen_in_place(w_s, gamma):
    return w_s.copy_(my_sharpen(w_s.clone(), gamma))


def sharpen_without_sum(w_s, gamma):
    return w_s ** gamma.unsqueeze(-1)


def sharpen_one_power_more(w_s, gamma):
    return my_sharpen(w_s, gamma + 1)


def sharpen_by_product(w_s, gamma):
    return torch.softmax(gamma.unsqueeze(-1) * w_s, dim=-1)


def sharpen_with_half_the_power(w_s, gamma):
    return my_sharpen(w_s, 1 + (gamma - 1) / 2)


def sharpen_by_whole_powers(w_s, gamma):
    return my_sharpen(w_s, gamma.round())


def sharpen_all_heads_alike(w_s, gamma):
    return my_sharpen(w_s, gamma[:, :1].expand_as(gamma))


def sharpen_the_first_sequence(w_s, gamma):
    out = w_s.clone()
    out[0] = my_sharpen(w_s, gamma)[0]
    return out


def sharpen_all_sequences_alike(w_s, gamma):
    return my_sharpen(w_s, gamma[:1].expand_as(gamma))


def sharpen_two_heads(w_s, gamma):
    return torch.cat([my_sharpen(w_s[:, :2], gamma[:, :2]), w_s[:, 2:]], dim=1)


def sharpen_over_all_sequences(w_s, gamma):
    powers = w_s ** gamma.unsqueeze(-1)
    return powers / powers.sum((0, -1), keepdim=True)


def sharpen_over_all_heads(w_s, gamma):
    powers = w_s ** gamma.unsqueeze(-1)
    return powers / powers.sum((1, 2), keepdim=True)


def sharpen_as_written(w_s, gamma):
    powers = w_s ** gamma.unsqueeze(-1)
    return powers / powers.sum(-1, keepdim=True)


def sharpen_with_a_guarded_sum(w_s, gamma):
    powers = w_s ** gamma.unsqueeze(-1)
    return powers / (powers.sum(-1, keepdim=True) + 1e-9)


def sharpen_with_an_added_floor(w_s, gamma):
    """Right to five digits for small powers: some of three sequences have no others."""
    powers = w_s ** gamma.unsqueeze(-1) + 1e-8
    return powers / powers.sum(-1, keepdim=True)


def sharpen_by_the_largest_of_all(w_s, gamma):
    powers = (w_s / w_s.max()) ** gamma.unsqueeze(-1)
    return powers / powers.sum(-1, keepdim=True)


def sharpen_by_logarithm(w_s, gamma):
    return torch.softmax(gamma.unsqueeze(-1) * w_s.log(), dim=-1)


def sharpen_that_fills_zeros(w_s, gamma):
    return my_sharpen(w_s + 0.1 * (w_s == 0), gamma)


def my_walk(w, s, gamma, steps):
    rows = [w]
    for _ in range(steps):
        rows.append(my_sharpen(my_shift(rows[-1], s), gamma))
    return torch.cat(rows)[:, 0]


def walk_in_place(w, s, gamma, steps):
    rows = torch.empty(steps + 1, w.shape[-1])
    rows[0] = w[0, 0]
    for step in range(steps):
        w[:] = my_sharpen(my_shift(w, s), gamma)
        rows[step + 1] = w[0, 0]
    return rows


def walk_by_recursion(w, s, gamma, steps):
    if steps == 0:
        return w[0].double()
    return torch.cat([w[0].double(), walk_by_recursion(my_sharpen(my_shift(w, s), gamma), s, gamma, steps - 1)])


def walk_by_lists(w, s, gamma, steps):
    rows, offsets, power = [w.flatten().tolist()], s.flatten().tolist(), gamma.item()
    for _ in range(steps):
        before, raised = rows[-1], []
        for slot in range(len(before)):
            places = [(slot - j + len(offsets) // 2) % len(before) for j in range(len(offsets))]
            raised.append(sum(before[place] * s for place, s in zip(places, offsets, strict=True)) ** power)
        rows.append([weight / sum(raised) for weight in raised])
    return rows


def walk_by_the_library(w, s, gamma, steps):
    rows = [w.detach()]
    while len(rows) <= steps:
        rows += [addressing.sharpen(addressing.shift(rows[-1], s), gamma)]
    return torch.stack(rows).squeeze(1).squeeze(1)


def walk_without_copies(w, s, gamma, steps):
    rows = [w]
    for _ in range(steps):
        w[:] = my_sharpen(my_shift(w, s), gamma)
        rows.append(w)
    return torch.cat(rows)[:, 0]


def walk_without_start(w, s, gamma, steps):
    return my_walk(my_sharpen(my_shift(w, s), gamma), s, gamma, steps)


def walk_backward(w, s, gamma, steps):
    return my_walk(w, s.flip(-1), gamma, steps)


def walk_from_the_start_again(w, s, gamma, steps):
    return torch.cat([w] + [my_sharpen(my_shift(w, s), gamma)] * steps)[:, 0]


def walk_sharpened_first(w, s, gamma, steps):
    rows = [w]
    for _ in range(steps):
        rows.append(my_shift(my_sharpen(rows[-1], gamma), s))
    return torch.cat(rows)[:, 0]


def walk_that_sharpens_only_what_it_returns(w, s, gamma, steps):
    rows, soft = [w], w
    for _ in range(steps):
        soft = my_shift(soft, s)
        rows.append(my_sharpen(soft, gamma))
    return torch.cat(rows)[:, 0]


def walk_of_the_example(w, s, gamma, steps):
    return my_walk(w, s if s.shape[-1] == 3 else torch.tensor([[[0.1, 0.1, 0.8]]]), gamma, steps)


def walk_that_is_sharp_or_not(w, s, gamma, steps):
    return my_walk(w, s, gamma.round(), steps)


RIGHT = [
    ("shift", my_shift),
    ("shift", shift_in_place_on_a_clone),
    ("shift", shift_number_by_number),
    ("shift", shift_by_spectra),
    ("shift", shift_by_numpy),
    ("shift", shift_by_lists),
    ("shift", shift_by_matrices),
    ("shift", shift_written_into_its_argument),
    ("sharpen", my_sharpen),
    ("sharpen", sharpen_with_division_in_place),
    ("sharpen", sharpen_row_by_row),
    ("sharpen", sharpen_by_lists),
    ("sharpen", sharpen_with_a_floor),
    ("sharpen", sharpen_with_a_plain_number),
    ("sharpen", sharpen_without_gradient),
    ("sharpen", sharpen_in_place),
    ("sharpen", addressing.sharpen),
    ("walk", my_walk),
    ("walk", walk_in_place),
    ("walk", walk_by_recursion),
    ("walk", walk_by_lists),
    ("walk", walk_by_the_library),
]
MISTAKES = [
    ("shift", shift_that_never_stays, "s = (0, 1, 0) means stay"),
    ("shift", shift_backward, "s = (0, 0, 1) should move the focus one slot forward"),
    ("shift", lambda w_g, s: w_g, "s = (0, 0, 1) should move the focus one slot forward"),
    ("shift", shift_without_a_ring, "the slots form a ring"),
    ("shift", shift_by_the_likeliest, "s = (0.1, 0.7, 0.2) blends"),
    ("shift", shift_of_the_strongest_slot, "a weighting spread over several slots should move as a whole"),
    ("shift", shift_in_place_while_it_reads, "s = (0, 0, 1) should move the focus one slot forward"),
    ("shift", shift_all_heads_alike, "every head moves by its own s: here 0 steps forward and 1 stays"),
    ("shift", shift_round_all_heads, "every head has a ring of its own"),
    ("shift", shift_by_three, "of five numbers in s, for offsets from -2 to 2"),
    ("shift", shift_of_the_first_sequence, "of 3 sequences these are right: 0; each has numbers of its own"),
    ("shift", shift_all_sequences_alike, "of 3 sequences these are right: 0;"),
    ("shift", shift_of_two_heads, "of 3 heads these are right: 0, 1;"),
    ("shift", shift_of_five_slots, "with a tensor (3, 2, 11) and a tensor (3, 2, 7), it returns shape (3, 2, 5)"),
    (
        "shift",
        shift_on_a_ring_of_five,
        "with a tensor (3, 2, 11) and a tensor (3, 2, 7) the numbers are wrong: take every size and number",
    ),
    ("shift", shift_by_the_library, "calls addressing.shift: this exercise is to be solved without"),
    ("shift", lambda w_g, s: my_shift(w_g, s).round(), "s = (0.1, 0.7, 0.2) blends"),
    (
        "shift",
        lambda w_g, s: my_shift(w_g, s).round(decimals=2),
        "are only nearly right: round nothing, and add nothing",
    ),
    ("shift", lambda w_g: w_g, "stops with TypeError: <lambda>() takes 1 positional argument but 2 were given"),
    ("shift", lambda w_g, s: torch.softmax(torch.arange(5), 0), "stops with NotImplementedError: "),
    ("sharpen", sharpen_without_sum, "the weights should still add up to 1"),
    ("sharpen", sharpen_by_product, "gamma = 1 should leave a weighting as it is"),
    ("sharpen", sharpen_one_power_more, "gamma = 1 should leave a weighting as it is"),
    ("sharpen", sharpen_with_half_the_power, "gamma = 2 should square every weight"),
    ("sharpen", lambda w_s, gamma: w_s, "gamma = 2 should square every weight"),
    ("sharpen", sharpen_by_whole_powers, "gamma = 3.5 should raise every weight to the power 3.5"),
    ("sharpen", sharpen_over_all_heads, "the weights of each head should add up to 1, and not those of all heads"),
    ("sharpen", sharpen_all_heads_alike, "every head should use its own gamma"),
    ("sharpen", sharpen_the_first_sequence, "of 3 sequences these are right: 0;"),
    ("sharpen", sharpen_all_sequences_alike, "of 3 sequences these are right: 0;"),
    ("sharpen", sharpen_with_an_added_floor, "are only nearly right: round nothing, and add nothing"),
    ("sharpen", sharpen_two_heads, "of 5 heads these are right: 0, 1;"),
    ("sharpen", sharpen_over_all_sequences, "the numbers are wrong: take every size and number"),
    ("sharpen", sharpen_as_written, "gamma = 20 should keep 1,000 weights of 0.001"),
    ("sharpen", sharpen_with_a_guarded_sum, "gamma = 20 should keep 1,000 weights of 0.001"),
    ("sharpen", sharpen_by_the_largest_of_all, "gamma = 20 should keep 1,000 weights of 0.001"),
    ("sharpen", sharpen_that_fills_zeros, "a weight of exactly 0 should stay 0"),
    ("sharpen", sharpen_by_logarithm, "a weight of 0 has the logarithm -inf"),
    ("sharpen", lambda w_s, gamma: my_sharpen(w_s, gamma[..., 0]), "every head should use its own gamma"),
    ("walk", walk_without_copies, "all rows hold the last weighting: keep a .clone() of each"),
    ("walk", walk_without_start, "row 0 should be the weighting before the first step"),
    ("walk", walk_backward, "row 1 is the start, shifted once"),
    ("walk", lambda w, s, gamma, steps: w[0].repeat(steps + 1, 1), "row 1 is the start, shifted once"),
    ("walk", walk_from_the_start_again, "every step should go on from the row before"),
    ("walk", walk_sharpened_first, "every step should shift and then sharpen"),
    ("walk", walk_that_sharpens_only_what_it_returns, "every step should go on from the sharpened row"),
    ("walk", walk_of_the_example, "with 7 slots, 5 numbers in s, gamma = 1.7 and 11 steps"),
    ("walk", walk_that_is_sharp_or_not, "gamma = 1.7 and 11 steps, some rows are wrong: use what is given"),
    ("walk", lambda *given: my_walk(*given)[1:], "returns shape (7, 5): expected (8, 5)"),
    ("walk", lambda *given: my_walk(*given)[-1], "returns shape (5,): expected (8, 5)"),
    ("walk", lambda w, s, gamma, steps: my_walk(w, s, gamma, 7), "with a tensor (1, 1, 7)"),
]

TestExercises = exercise_tests(checks, RIGHT, MISTAKES, one_sequence={"walk"})
