"""Dynamic N-grams: the sequences against their tables, the best estimate against counting in plain Python."""

import itertools
import math

import pytest
import torch
from torch.nn.functional import binary_cross_entropy_with_logits

from ntm_lib import NTM, NTMConfig, evaluate, tasks
from ntm_lib.tasks.ngrams import drawn_bits, drawn_tables, expected, ngram_prediction_for
from ntm_lib.training.evaluation import judge

B, LENGTH, CONTEXT = 7, 53, 3


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def naive_chances(bits, context):
    """The estimate after each bit that ends a full context: ones that followed and a half, by all that did and one."""
    seen, chances = {}, []
    for step in range(context, len(bits) + 1):
        before = tuple(bits[step - context : step])
        zeros, ones = seen.get(before, (0, 0))
        chances.append((ones + 0.5) / (zeros + ones + 1))
        if step < len(bits):
            seen[before] = (zeros + (bits[step] == 0), ones + (bits[step] == 1))
    return chances


@pytest.mark.parametrize("context", [1, 2, 5])
@pytest.mark.parametrize("kind", tasks.TABLE_KINDS)
def test_the_best_estimate_counts(kind, context):
    bits = drawn_bits(drawn_tables(B, 2**context, kind, generator()), LENGTH, context, generator(1))
    chances = tasks.optimal_chances(bits, context)
    assert chances.shape == (B, LENGTH - context + 1)
    for b in range(B):
        assert torch.allclose(chances[b], torch.tensor(naive_chances(bits[b].tolist(), context)))


def test_the_best_cost_is_the_sum_over_the_bits_asked_for():
    batch = tasks.ngrams(B, LENGTH, CONTEXT, generator=generator())
    for b, cost in enumerate(tasks.optimal_cost(batch, CONTEXT)):
        bits = [*batch.inputs[b, :, 0].tolist(), batch.targets[b, -1, 0].item()]
        chances = naive_chances(bits, CONTEXT)
        asked = zip(chances, bits[CONTEXT:], strict=False)
        assert math.isclose(cost, -sum(math.log2(chance if bit else 1 - chance) for chance, bit in asked), rel_tol=1e-6)


def test_no_estimate_costs_less_on_the_average():
    """That of Beta(1, 1), and of twice the counts, cost more on the very same sequences."""
    batch = tasks.ngrams(600, 200, generator=generator())
    bits = torch.cat([batch.inputs[:, :, 0], batch.targets[:, -1]], dim=1)
    counts = (tasks.optimal_chances(bits)[:, :-1] - 0.5).double()
    best = tasks.optimal_cost(batch)
    assert 120 < best.mean() < 135
    for other in (0.5 + 0.9 * counts, (0.5 + 1.1 * counts).clamp(1e-3, 1 - 1e-3)):
        cost = -(torch.where(bits[:, 5:] > 0, other, 1 - other).log2()).sum(1)
        assert (cost - best).mean() > 4 * (cost - best).std() / 600**0.5


def test_a_frame_shows_all_bits_but_the_last_and_asks_for_the_next():
    batch = tasks.frame_ngrams(torch.tensor([[0.0, 1.0, 1.0, 0.0, 1.0]]), context=2)
    assert batch.inputs.tolist() == [[[0], [1], [1], [0]]]
    assert batch.targets.tolist() == [[[0], [1], [0], [1]]]
    assert batch.mask.tolist() == [[0, 1, 1, 1]]


def test_bits_follow_their_table():
    """Each context is followed by a 1 as often as its table says; the first bits are fair."""
    table = torch.tensor([0.1, 0.7, 0.4, 0.95], dtype=torch.float64).expand(500, 4)
    bits = drawn_bits(table, 400, 2, generator())
    now = (bits[:, :-2] + 2 * bits[:, 1:-1]).long()
    for context, chance in enumerate([0.1, 0.7, 0.4, 0.95]):
        followed = bits[:, 2:][now == context]
        assert abs(followed.mean() - chance) < 4 * (chance * (1 - chance) / len(followed)) ** 0.5
    assert abs(bits[:, :2].mean() - 0.5) < 0.06


def test_tables_are_of_beta_a_half_a_half():
    """Mean 1/2, variance 1/8, and a third of them below 1/4."""
    tables = drawn_tables(997, 32, "random", generator())
    assert abs(tables.mean() - 0.5) < 0.01 and abs(tables.var() - 0.125) < 0.003
    assert abs((tables < 0.25).double().mean() - 1 / 3) < 0.01


@pytest.mark.parametrize(("kind", "values"), [("fair", {0.5}), ("sure", {0, 1}), ("zeros", {0}), ("ones", {1})])
def test_tables_of_each_kind(kind, values):
    assert set(drawn_tables(B, 8, kind, generator()).unique().tolist()) == values


def test_what_counts_is_paired_with_the_optimum():
    """A machine that always says 1/2 costs one bit each, so its excess is that less the optimum's cost."""
    machine = NTM(NTMConfig(1, 1))
    torch.nn.init.zeros_(machine.output.weight)
    torch.nn.init.zeros_(machine.output.bias)
    task = tasks.ngram_prediction()
    count = evaluate(machine, [20], 13, task=task).lengths[20]
    batch = task.tests["random"](13, 20, torch.Generator().manual_seed(20))
    above = 15 - tasks.optimal_cost(batch)
    assert math.isclose(count.excess_bits, above.sum(), rel_tol=1e-6)
    assert count.wrong_sequences == (above > 1).sum() and count.bits == 13 * 15
    assert count.wrong_bits == max(0, math.ceil(above.sum() - 13))
    assert not judge(machine, task).converged
    assert judge(Perfect(), task).converged


@pytest.mark.parametrize(("length", "size"), [(1, (40, 1)), (3, (120, 3)), (5, (200, 5)), (11, (200, 5))])
def test_training_begins_with_short_contexts(length, size):
    task = tasks.ngram_prediction()
    assert task.size_from(length, 0.5) == size
    batch = task.drawn(task.draw, B, size, generator(2))
    bits = tasks.ngrams(B, *size, generator=generator(2))
    assert torch.equal(batch.inputs, bits.inputs) and torch.equal(batch.mask, bits.mask)


@pytest.mark.parametrize("context", [1, 2])
def test_targets_of_training_are_the_means_of_all_bits_that_could_come(context):
    """Over all sequences of 6 bits, each as likely as tables of Beta(1/2, 1/2) make it, answers that depend on the bits
    so far cost as much against these targets as against the bits; batches are drawn with such targets."""
    sequences = torch.tensor(list(itertools.product([0.0, 1.0], repeat=6)))
    chance = torch.tensor([chance_of(sequence, context) for sequence in sequences.int().tolist()])
    assert math.isclose(chance.sum(), 1, rel_tol=1e-5)
    batch = tasks.frame_ngrams(sequences, context)
    soft = expected(batch)
    places = (sequences[:, :-1] * 2 ** torch.arange(5)).cumsum(1)
    answers = (places + 7 * torch.arange(5)).sin()  # different after different bits so far
    costs = [binary_cross_entropy_with_logits(answers, one.targets[..., 0], reduction="none") for one in (batch, soft)]
    hard, mean = ((chance[:, None] * cost * batch.mask).sum(0) for cost in costs)
    assert torch.allclose(hard, mean, atol=1e-6) and not torch.allclose(*costs)
    drawn, whole = tasks.ngram_prediction(context).draw(B, (6, context), generator()), frame(6, context)
    assert torch.equal(drawn.inputs, whole.inputs) and torch.equal(drawn.mask, whole.mask)
    assert torch.equal(drawn.targets, expected(whole).targets)


def frame(length, context):
    return tasks.ngrams(B, length, context, generator=generator())


def chance_of(bits, context):
    """The chance of a sequence: fair bits at first, then for each context the integral of p**ones (1 - p)**zeros over
    Beta(1/2, 1/2)."""
    counts = {}
    for step in range(context, len(bits)):
        counts.setdefault(tuple(bits[step - context : step]), [0, 0])[bits[step]] += 1
    integrals = (math.gamma(a + 0.5) * math.gamma(b + 0.5) / math.gamma(a + b + 1) for a, b in counts.values())
    return 0.5**context * math.prod(integral / math.pi for integral in integrals)


@pytest.mark.parametrize(("size", "context"), [(53, 3), ((53, 1), 1), ((53, 4), 4)])
def test_bits_above_the_optimum_of_a_batchs_own_context(size, context):
    task = tasks.ngram_prediction(3)
    batch = task.drawn(task.draw, B, size, generator(1))
    logits = torch.full_like(batch.targets, 0.0)
    above = 53 - context - tasks.optimal_cost(batch, context)
    assert torch.allclose(task.errors(logits, batch), above)


@pytest.mark.parametrize("context", [2, 3, 5])
def test_one_bit_after_a_context_is_a_fair_coin(context):
    """Nothing has followed the context yet: the best estimate is one half, which costs a bit."""
    batch = tasks.ngrams(B, context + 1, context, generator=generator(2))
    assert tasks.optimal_chances(batch.inputs.squeeze(-1), context).tolist() == [[0.5]] * B
    assert tasks.optimal_cost(batch, context).tolist() == [1.0] * B


class Perfect(NTM):
    """Answers with the best estimate."""

    def __init__(self):
        super().__init__(NTMConfig(1, 1))

    def forward(self, inputs, *_, **__):
        chances = tasks.optimal_chances(inputs.squeeze(-1)).clamp(1e-6, 1 - 1e-6)
        return torch.nn.functional.pad(chances.logit(), (4, 0)).unsqueeze(-1), None


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: tasks.ngrams(2, 5), "length is 5: expected more than the 5 bits of a context"),
        (lambda: tasks.ngrams(2, 20, kind="odd"), "kind is 'odd': expected one of random, fair"),
        (
            lambda: tasks.ngram_prediction().draw(2, (1, 2, 3), None),
            "size is 1x2x3: expected two numbers, BITSxCONTEXT",
        ),
        (lambda: tasks.ngram_prediction(17), "context is 17: expected at most 16"),
        (lambda: tasks.optimal_chances(torch.zeros(2, 7), 0), "context is 0: expected at least 1"),
        (lambda: ngram_prediction_for(NTMConfig(1, 2)), "1 inputs and 2 outputs: N-grams need 1 and 1"),
    ],
)
def test_values_that_cannot_be(call, said):
    with pytest.raises(ValueError, match=said):
        call()
