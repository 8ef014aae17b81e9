"""Checks of the exercises: the right answer passes, and every sentence has a planted mistake that earns it."""

import ast
import inspect

import pytest
import torch
from exercises import says_not_attempted, says_right, says_sentence, says_what_stops_it

from ntm_lib.teaching.checks import lesson_01 as checks


def my_shift(w_g, s):
    moved = torch.zeros_like(w_g)
    for j in range(s.shape[-1]):
        moved = moved + s[..., j : j + 1] * w_g.roll(j - s.shape[-1] // 2, dims=-1)
    return moved


def shift_down(w_g, s):
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


def walk_down(w, s, gamma, steps):
    return my_walk(w, s.flip(-1), gamma, steps)


def walk_from_the_start_again(w, s, gamma, steps):
    return torch.cat([w] + [my_sharpen(my_shift(w, s), gamma)] * steps)[:, 0]


def walk_sharpened_first(w, s, gamma, steps):
    rows = [w]
    for _ in range(steps):
        rows.append(my_shift(my_sharpen(rows[-1], gamma), s))
    return torch.cat(rows)[:, 0]


def my_write(tape, weights, erase, add):
    for head in range(weights.shape[1]):
        tape = tape * (1 - weights[:, head, :, None] * erase[:, head, None])
    for head in range(weights.shape[1]):
        tape = tape + weights[:, head, :, None] * add[:, head, None]
    return tape


def write_everywhere(tape, weights, erase, add):
    return my_write(tape, torch.ones_like(weights), erase, add) + 0 * weights.sum()


def write_with_whole_erasing(tape, weights, erase, add):
    return my_write(my_write(tape, weights.ceil(), erase, 0 * add), weights, 0 * erase, add)


def write_with_whole_adding(tape, weights, erase, add):
    return my_write(my_write(tape, weights, erase, 0 * add), weights.ceil(), 0 * erase, add)


def write_adding_first(tape, weights, erase, add):
    return my_write(my_write(tape, weights, 0 * erase, add), weights, erase, 0 * add)


def write_with_summed_erasing(tape, weights, erase, add):
    return tape * (1 - weights.mT @ erase) + weights.mT @ add


def write_head_by_head(tape, weights, erase, add):
    for head in range(weights.shape[1]):
        one = slice(head, head + 1)
        tape = my_write(tape, weights[:, one], erase[:, one], add[:, one])
    return tape


def write_in_place(tape, weights, erase, add):
    return tape.copy_(my_write(tape.clone(), weights, erase, add))


def write_without_gradient(tape, weights, erase, add):
    return my_write(tape, weights.detach(), erase, add)


def my_count(word_size, shift_range, writes):
    return word_size + 2 * shift_range + 4 + 2 * word_size * writes


def count_without_gamma(word_size, shift_range, writes):
    return my_count(word_size, shift_range, writes) - 1


def count_one_vector(word_size, shift_range, writes):
    return my_count(word_size, shift_range, False) + word_size * writes


def count_for_three(word_size, shift_range, writes):
    return my_count(3, shift_range, writes)


def count_for_one_step(word_size, shift_range, writes):
    return my_count(word_size, 1, writes)


def my_gradient(tape, weights, target):
    error = torch.einsum("bhn,bnm->bhm", weights, tape) - target
    return torch.einsum("bhm,bnm->bhn", 2 * error, tape)


def gradient_upside_down(tape, weights, target):
    return -my_gradient(tape, weights, target)


def gradient_without_two(tape, weights, target):
    return my_gradient(tape, weights, target) / 2


RIGHT = {
    "shift": my_shift,
    "sharpen": my_sharpen,
    "walk": my_walk,
    "write": my_write,
    "count": my_count,
    "gradient": my_gradient,
}

MISTAKES = [
    ("shift", shift_that_never_stays, "s = (0, 1, 0) means stay"),
    ("shift", shift_down, "s = (0, 0, 1) should move the focus one slot up"),
    ("shift", shift_without_a_ring, "the slots form a ring"),
    ("shift", shift_by_the_likeliest, "s = (0.1, 0.7, 0.2) is a blend"),
    ("shift", shift_all_heads_alike, "every head should move by its own s"),
    ("shift", shift_round_all_heads, "every head has a ring of its own"),
    ("shift", shift_by_three, "with five numbers in s the offsets are -2, -1, 0, 1, 2"),
    ("shift", shift_in_place, "the arguments should be left as they were"),
    ("shift", shift_without_gradient, "gradients should reach every argument"),
    ("sharpen", sharpen_without_sum, "the weights should still add up to 1"),
    ("sharpen", sharpen_by_product, "gamma = 1 should leave a weighting as it is"),
    ("sharpen", sharpen_one_power_more, "gamma = 2 should square every weight"),
    ("sharpen", sharpen_with_half_the_power, "gamma = 2 should square every weight"),
    ("sharpen", sharpen_all_heads_alike, "every head should use its own gamma"),
    ("sharpen", sharpen_as_written, "1,000 equal weights and gamma = 20"),
    ("sharpen", sharpen_by_logarithm, "a weight of exactly 0 has the logarithm -inf"),
    ("sharpen", sharpen_in_place, "the arguments should be left as they were"),
    ("sharpen", sharpen_with_a_plain_number, "gradients should reach every argument"),
    ("walk", walk_without_start, "row 0 should be the weighting before the first step"),
    ("walk", walk_down, "row 1 should be the start, shifted once"),
    ("walk", walk_from_the_start_again, "every step should go on from the row before"),
    ("walk", walk_sharpened_first, "every step should shift first and then sharpen"),
    ("write", write_everywhere, "where the weight is 0 nothing should change"),
    ("write", write_with_whole_erasing, "with weight 0.5, erase 1 should leave half of a number"),
    ("write", write_with_whole_adding, "with weight 0.5, half of the add vector"),
    ("write", write_adding_first, "erase first and add then"),
    ("write", write_with_summed_erasing, "what they keep is multiplied"),
    ("write", write_head_by_head, "all heads should erase before the first of them adds"),
    ("write", write_in_place, "the arguments should be left as they were"),
    ("write", write_without_gradient, "gradients should reach every argument"),
    ("count", count_without_gamma, "a read head with M = 3 and steps of one slot emits"),
    ("count", count_one_vector, "a write head emits two vectors more"),
    ("count", count_for_three, "only the key of a read head grows with M"),
    ("count", count_for_one_step, "steps of up to two slots need five numbers"),
    ("gradient", gradient_upside_down, "the sign is wrong"),
    ("gradient", gradient_without_two, "the sizes are wrong"),
]


@pytest.mark.parametrize("exercise", RIGHT)
def test_the_right_answer_passes(exercise, capsys):
    says_right(getattr(checks, exercise), RIGHT[exercise], capsys)


@pytest.mark.parametrize(("exercise", "mistake", "sentence"), MISTAKES)
def test_a_planted_mistake_is_named(exercise, mistake, sentence, capsys):
    says_sentence(getattr(checks, exercise), mistake, sentence, capsys)


@pytest.mark.parametrize("exercise", RIGHT)
def test_what_is_not_attempted_does_not_raise(exercise, capsys):
    says_not_attempted(getattr(checks, exercise), ..., capsys)


@pytest.mark.parametrize("exercise", RIGHT)
def test_an_attempt_that_stops_says_why(exercise, capsys):
    says_what_stops_it(getattr(checks, exercise), capsys)


@pytest.mark.parametrize("exercise", RIGHT)
def test_another_kind_of_answer_is_named(exercise, capsys):
    def my_attempt(*arguments):
        return [0.5]

    getattr(checks, exercise)(my_attempt)
    assert capsys.readouterr().out.startswith("my_attempt returns list: expected a ")


@pytest.mark.parametrize("exercise", [name for name in RIGHT if name != "count"])
def test_another_shape_is_named(exercise, capsys):
    def my_attempt(*arguments):
        return torch.zeros(2, 3, 5, 7)

    getattr(checks, exercise)(my_attempt)
    assert capsys.readouterr().out.startswith("my_attempt returns shape (2, 3, 5, 7): expected (")


def sentences_of_checks():
    """What every `yield` of checks.py would say, as far as it is fixed."""
    tree = ast.parse(inspect.getsource(checks))
    for node in ast.walk(tree):
        if isinstance(node, ast.Yield):
            yield "".join(part.value for part in ast.walk(node.value) if isinstance(part, ast.Constant))


def test_every_sentence_has_a_planted_mistake():
    said = list(sentences_of_checks())
    assert said
    assert [one for one in said if not any(sentence in one for *_, sentence in MISTAKES)] == []
