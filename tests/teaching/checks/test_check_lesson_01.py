"""Checks of addressing: right answers pass, and every sentence has a planted mistake that earns it."""

import torch
from exercises import exercise_tests

from ntm_lib.machine import addressing
from ntm_lib.teaching.checks import lesson_01 as checks


def my_shift(w_g, s):
    moved = torch.zeros_like(w_g)
    for j in range(s.shape[-1]):
        moved = moved + s[..., j : j + 1] * w_g.roll(j - s.shape[-1] // 2, dims=-1)
    return moved


def shift_backward(w_g, s):
    return my_shift(w_g, s.flip(-1))


def shift_without_a_ring(w_g, s):
    return my_shift(torch.nn.functional.pad(w_g, (2, 2)), s)[..., 2:-2]


def shift_by_the_likeliest(w_g, s):
    return my_shift(w_g, torch.nn.functional.one_hot(s.argmax(-1), s.shape[-1]) * s / s.detach().amax(-1, keepdim=True))


def shift_all_heads_alike(w_g, s):
    return my_shift(w_g, s[:, :1].expand_as(s))


def shift_round_all_heads(w_g, s):
    return sum(s[..., j : j + 1] * w_g.roll(j - s.shape[-1] // 2) for j in range(s.shape[-1]))


def shift_by_three(w_g, s):
    return sum(s[..., j : j + 1] * w_g.roll(j - 1, dims=-1) for j in range(s.shape[-1]))


def shift_that_never_stays(w_g, s):
    return my_shift(w_g, s * torch.tensor([1.0, 0.0, 1.0])) if s.shape[-1] == 3 else my_shift(w_g, s)


def shift_in_place(w_g, s):
    return w_g.copy_(my_shift(w_g.clone(), s))


def shift_without_gradient(w_g, s):
    return my_shift(w_g, s.detach())


def my_sharpen(w_s, gamma):
    logarithms = gamma.unsqueeze(-1) * (w_s + 1e-30).log()
    powers = (logarithms - logarithms.amax(-1, keepdim=True)).exp()
    return powers / powers.sum(-1, keepdim=True)


def sharpen_without_sum(w_s, gamma):
    return w_s ** gamma.unsqueeze(-1)


def sharpen_one_power_more(w_s, gamma):
    return my_sharpen(w_s, gamma + 1)


def sharpen_by_product(w_s, gamma):
    return torch.softmax(gamma.unsqueeze(-1) * w_s, dim=-1)


def sharpen_with_half_the_power(w_s, gamma):
    return my_sharpen(w_s, 1 + (gamma - 1) / 2)


def sharpen_all_heads_alike(w_s, gamma):
    return my_sharpen(w_s, gamma[:, :1].expand_as(gamma))


def sharpen_as_written(w_s, gamma):
    powers = w_s ** gamma.unsqueeze(-1)
    return powers / powers.sum(-1, keepdim=True)


def sharpen_by_logarithm(w_s, gamma):
    return torch.softmax(gamma.unsqueeze(-1) * w_s.log(), dim=-1)


def sharpen_in_place(w_s, gamma):
    return w_s.copy_(my_sharpen(w_s.clone(), gamma))


def sharpen_with_a_plain_number(w_s, gamma):
    return my_sharpen(w_s, torch.tensor(gamma.tolist()))


def my_walk(w, s, gamma, steps):
    rows = [w]
    for _ in range(steps):
        rows.append(my_sharpen(my_shift(rows[-1], s), gamma))
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


def shift_of_the_first_sequence(w_g, s):
    moved = torch.zeros_like(w_g)
    moved[0] = my_shift(w_g, s)[0]
    return moved


def shift_by_numpy(w_g, s):
    return torch.tensor(
        sum(s.numpy()[..., j : j + 1] * w_g.roll(j - s.shape[-1] // 2, -1).numpy() for j in range(s.shape[-1]))
    )


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


def sharpen_the_first_sequence(w_s, gamma):
    out = w_s.clone()
    out[0] = my_sharpen(w_s, gamma)[0]
    return out


def sharpen_over_all_heads(w_s, gamma):
    powers = my_sharpen(w_s, gamma) if w_s.shape[0] == 1 else w_s ** gamma.unsqueeze(-1)
    return powers if w_s.shape[0] == 1 else powers / powers.sum((0, -1), keepdim=True)


def sharpen_that_fills_zeros(w_s, gamma):
    return my_sharpen(w_s + 0.1 * (w_s == 0), gamma)


def walk_in_place(w, s, gamma, steps):
    rows = torch.empty(steps + 1, w.shape[-1])
    rows[0] = w[0, 0]
    for step in range(steps):
        w[:] = my_sharpen(my_shift(w, s), gamma)
        rows[step + 1] = w[0, 0]
    return rows


def walk_that_sharpens_only_what_it_returns(w, s, gamma, steps):
    rows, soft = [w], w
    for _ in range(steps):
        soft = my_shift(soft, s)
        rows.append(my_sharpen(soft, gamma))
    return torch.cat(rows)[:, 0]


def walk_of_the_example(w, s, gamma, steps):
    return my_walk(w, s if s.shape[-1] == 3 else torch.tensor([[[0.1, 0.1, 0.8]]]), gamma, steps)


RIGHT = [
    ("shift", my_shift),
    ("shift", shift_in_place_on_a_clone),
    ("shift", shift_number_by_number),
    ("shift", shift_by_spectra),
    ("shift", addressing.shift),
    ("sharpen", my_sharpen),
    ("sharpen", sharpen_with_division_in_place),
    ("sharpen", sharpen_row_by_row),
    ("sharpen", addressing.sharpen),
    ("walk", my_walk),
    ("walk", walk_in_place),
]
MISTAKES = [
    ("shift", shift_that_never_stays, "s = (0, 1, 0) means stay"),
    ("shift", shift_backward, "s = (0, 0, 1) should move the focus one slot forward"),
    ("shift", shift_without_a_ring, "the slots form a ring"),
    ("shift", shift_by_the_likeliest, "s = (0.1, 0.7, 0.2) is a blend"),
    ("shift", shift_all_heads_alike, "every head should move by its own s"),
    ("shift", shift_round_all_heads, "every head has a ring of its own"),
    ("shift", shift_by_three, "of five numbers in s, for offsets from -2 to 2"),
    ("shift", shift_of_the_first_sequence, "of three sequences some come out wrong: each moves by its own s"),
    ("shift", shift_in_place, "the arguments should be left as they were"),
    ("shift", shift_without_gradient, "gradients should reach every argument"),
    ("shift", shift_by_numpy, "gradients should reach every argument"),
    ("sharpen", sharpen_without_sum, "the weights should still add up to 1"),
    ("sharpen", sharpen_by_product, "gamma = 1 should leave a weighting as it is"),
    ("sharpen", sharpen_one_power_more, "gamma = 1 should leave a weighting as it is"),
    ("sharpen", sharpen_with_half_the_power, "gamma = 2 should square every weight"),
    ("sharpen", sharpen_all_heads_alike, "every head should use its own gamma"),
    ("sharpen", sharpen_the_first_sequence, "of three sequences some come out wrong: each head of each"),
    ("sharpen", sharpen_over_all_heads, "of three sequences some come out wrong: each head of each"),
    ("sharpen", sharpen_as_written, "gamma = 20 should keep 1,000 weights of 0.001"),
    ("sharpen", sharpen_that_fills_zeros, "a weight of exactly 0 should stay 0"),
    ("sharpen", sharpen_by_logarithm, "a weight of 0 has the logarithm -inf"),
    ("sharpen", sharpen_in_place, "the arguments should be left as they were"),
    ("sharpen", sharpen_with_a_plain_number, "gradients should reach every argument"),
    ("walk", walk_without_start, "row 0 should be the weighting before the first step"),
    ("walk", walk_backward, "row 1 is the start, shifted once"),
    ("walk", walk_from_the_start_again, "every step should go on from the row before"),
    ("walk", walk_sharpened_first, "every step should shift and then sharpen"),
    ("walk", walk_that_sharpens_only_what_it_returns, "every step should go on from the sharpened row"),
    ("walk", walk_of_the_example, "with 7 slots, 5 numbers in s, gamma = 1.7 and 11 steps"),
]

TestExercises = exercise_tests(checks, RIGHT, MISTAKES)
