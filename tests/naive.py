"""The paper's Eqs. 2-9 and the whole machine, as slow loops over numbers: a specification to test against.

Everything here is float64 NumPy, one sequence, head and cell at a time; it shares nothing with
`ntm_lib` but a constant.
"""

import math

import numpy as np
import torch
from hypothesis import settings

from ntm_lib.machine.addressing import COSINE_EPSILON

explore = settings(max_examples=40)
"""Hypothesis with fewer examples; conftest.py makes them the same on every run."""


# Eqs. 5-9, addressing


def cosine_similarity(memory, key):
    batch, rows, width = memory.shape
    similarity = np.zeros((batch, key.shape[1], rows))
    for b in range(batch):
        for h in range(key.shape[1]):
            for n in range(rows):
                dot = key_square = row_square = 0.0
                for m in range(width):
                    dot += key[b, h, m] * memory[b, n, m]
                    key_square += key[b, h, m] ** 2
                    row_square += memory[b, n, m] ** 2
                lengths = math.sqrt(key_square + COSINE_EPSILON) * math.sqrt(row_square + COSINE_EPSILON)
                similarity[b, h, n] = dot / lengths
    return similarity


def content_weights(memory, key, beta):
    similarity = cosine_similarity(memory, key)
    weights = np.zeros_like(similarity)
    batch, heads, rows = similarity.shape
    for b in range(batch):
        for h in range(heads):
            total = 0.0
            for n in range(rows):
                total += math.exp(beta[b, h] * similarity[b, h, n])
            for n in range(rows):
                weights[b, h, n] = math.exp(beta[b, h] * similarity[b, h, n]) / total
    return weights


def interpolate(w_c, w_previous, g):
    blend = np.zeros_like(w_c)
    batch, heads, rows = w_c.shape
    for b in range(batch):
        for h in range(heads):
            for n in range(rows):
                blend[b, h, n] = g[b, h] * w_c[b, h, n] + (1 - g[b, h]) * w_previous[b, h, n]
    return blend


def shift(w_g, s):
    moved = np.zeros_like(w_g)
    batch, heads, rows = w_g.shape
    offsets = s.shape[-1]
    for b in range(batch):
        for h in range(heads):
            for n in range(rows):
                for j in range(offsets):
                    moved[b, h, (n + j - offsets // 2) % rows] += w_g[b, h, n] * s[b, h, j]
    return moved


def sharpen(w_s, gamma):
    weights = np.zeros_like(w_s)
    batch, heads, rows = w_s.shape
    for b in range(batch):
        for h in range(heads):
            total = 0.0
            for n in range(rows):
                total += w_s[b, h, n] ** gamma[b, h]
            for n in range(rows):
                weights[b, h, n] = w_s[b, h, n] ** gamma[b, h] / total
    return weights


def address(memory, w_previous, key, beta, g, s, gamma):
    return sharpen(shift(interpolate(content_weights(memory, key, beta), w_previous, g), s), gamma)


# Eqs. 2-4, memory


def read(memory, weights):
    batch, heads, rows = weights.shape
    result = np.zeros((batch, heads, memory.shape[-1]))
    for b in range(batch):
        for h in range(heads):
            for n in range(rows):
                for m in range(memory.shape[-1]):
                    result[b, h, m] += weights[b, h, n] * memory[b, n, m]
    return result


def erase(memory, weights, erase):
    after = memory.copy()
    batch, heads, rows = weights.shape
    for b in range(batch):
        for h in range(heads):
            for n in range(rows):
                for m in range(memory.shape[-1]):
                    after[b, n, m] *= 1 - weights[b, h, n] * erase[b, h, m]
    return after


def add(memory, weights, add):
    after = memory.copy()
    batch, heads, rows = weights.shape
    for b in range(batch):
        for h in range(heads):
            for n in range(rows):
                for m in range(memory.shape[-1]):
                    after[b, n, m] += weights[b, h, n] * add[b, h, m]
    return after


# Section 3.3: what heads emit


def sigmoid(x):
    return 1 / (1 + math.exp(-x)) if x >= 0 else math.exp(x) / (1 + math.exp(x))


def softplus(x):
    return max(x, 0.0) + math.log1p(math.exp(-abs(x)))


def softmax(numbers):
    powers = [math.exp(x - max(numbers)) for x in numbers]
    return [power / sum(powers) for power in powers]


def emission(raw, addressing_heads, write_heads, word_size, offsets):
    """raw: one sequence's numbers: all keys, then all betas, gates, shifts, gammas, erases, adds."""
    a, w, m = addressing_heads, write_heads, word_size
    numbers = iter(raw)
    key = [[next(numbers) for _ in range(m)] for _ in range(a)]
    beta = [softplus(next(numbers)) for _ in range(a)]
    g = [sigmoid(next(numbers)) for _ in range(a)]
    s = [softmax([next(numbers) for _ in range(offsets)]) for _ in range(a)]
    gamma = [1 + softplus(next(numbers)) for _ in range(a)]
    erase = [[sigmoid(next(numbers)) for _ in range(m)] for _ in range(w)]
    add = [[next(numbers) for _ in range(m)] for _ in range(w)]
    assert not list(numbers)
    return [np.array(part) for part in (key, beta, g, s, gamma, erase, add)]


# Section 3: the machine


def linear(weight, bias, x):
    return [sum(weight[i, j] * x[j] for j in range(len(x))) + bias[i] for i in range(len(bias))]


def lstm_cell(parts, x, h, c, ceiling):
    from_input = linear(parts["controller.from_input.weight"], parts["controller.from_input.bias"], x)
    from_state = linear(parts["controller.from_state.weight"], parts["controller.from_state.bias"], h)
    size = len(h)
    total = [a + b for a, b in zip(from_input, from_state, strict=True)]
    new_c = [
        ceiling * sigmoid(total[size + i]) * c[i] + sigmoid(total[i]) * math.tanh(total[2 * size + i])
        for i in range(size)
    ]
    new_h = [sigmoid(total[3 * size + i]) * math.tanh(new_c[i]) for i in range(size)]
    return new_h, new_c


def first_memory(config, parts, rows):
    if config.initial_memory in ("constant", "learned-row"):
        row = config.initial_value if config.initial_memory == "constant" else parts["memory_0"][0]
        return np.broadcast_to(row, (rows, config.word_size)).copy()
    return parts["memory_0"].copy()


def first_weights(config, parts, heads, rows):
    weights = np.zeros((heads, rows))
    for head in range(heads):
        if config.initial_weights == "first-row":
            weights[head, 0] = 1
        elif config.initial_weights == "spaced":
            weights[head, head * rows // heads] = 1
        elif config.initial_weights == "uniform":
            weights[head, :] = 1 / rows
        else:
            weights[head] = softmax(list(parts["weights_0"][head]))
    return weights


def run_machine(model, inputs, memory_size=None):
    """The whole machine, one sequence and head at a time: (B,T,I) -> logits, memory, weights, reads."""
    config = model.config
    parts = {name: value.double().numpy() for name, value in model.state_dict().items()}
    rows = memory_size or config.memory_size
    readers, writers = config.read_heads, config.write_heads
    heads = readers if config.weightings == "single" else readers + writers
    results = []
    for sequence in inputs:
        tape = first_memory(config, parts, rows)
        weights = first_weights(config, parts, heads, rows)
        reads = parts["reads_0"].copy()
        if config.controller == "lstm":
            h, c = parts["controller.h_0"], parts["controller.c_0"]
        logits = []
        for x in sequence:
            seen = [*x, *reads.reshape(-1)]
            if config.controller == "lstm":
                h, c = lstm_cell(parts, seen, h, c, config.forget_ceiling)
            else:
                total = linear(parts["controller.from_input.weight"], parts["controller.from_input.bias"], seen)
                h = [math.tanh(value) for value in total]
            raw = linear(parts["heads.linear.weight"], parts["heads.linear.bias"], h)
            key, beta, g, s, gamma, e, a = emission(raw, heads, writers, config.word_size, 2 * config.shift_range + 1)
            previous = weights
            weights = np.zeros((heads, rows))
            for head in range(heads):
                before = previous[head]
                if config.weightings == "shared-previous":
                    before = previous[readers]  # the first write head's
                weights[head] = address(
                    tape[None],
                    before[None, None],
                    key[None, head : head + 1],
                    *(part[None, head : head + 1] for part in (beta, g, s, gamma)),
                )[0, 0]
            write_weights = [
                weights[w] if config.weightings == "single" else weights[readers + w] for w in range(writers)
            ]
            for w in range(writers):
                tape = erase(tape[None], write_weights[w][None, None], e[None, w : w + 1])[0]
            for w in range(writers):
                tape = add(tape[None], write_weights[w][None, None], a[None, w : w + 1])[0]
            for r in range(readers):
                reads[r] = read(tape[None], weights[None, r : r + 1])[0, 0]
            sees = {"hidden": [*h], "reads": [*reads.reshape(-1)], "hidden-and-reads": [*h, *reads.reshape(-1)]}
            feature = sees[config.output_from]
            logits.append(linear(parts["output.weight"], parts["output.bias"], feature))
        results.append((np.array(logits), tape, weights, reads))
    return [np.stack(part) for part in zip(*results, strict=True)]


# Small tools


def agree(tensor, expected, tolerance=1e-12):
    """A float64 tensor equals the loop's array."""
    assert tensor.dtype == torch.float64
    assert tuple(tensor.shape) == expected.shape
    np.testing.assert_allclose(tensor.detach().numpy(), expected, rtol=tolerance, atol=tolerance)


def arrays(*tensors):
    return [tensor.detach().double().numpy() for tensor in tensors]


def all_finite(function, *inputs):
    """True if the value is finite, and the gradient of a random blend of it in every input is."""
    leaves = [tensor.detach().clone().requires_grad_() for tensor in inputs]
    value = function(*leaves)
    generator = torch.Generator().manual_seed(11)
    blend = torch.randn(value.shape, generator=generator, dtype=value.dtype)
    gradients = torch.autograd.grad((value * blend).sum(), leaves)
    return all(bool(torch.isfinite(tensor).all()) for tensor in (value, *gradients))
