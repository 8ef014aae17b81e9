"""What heads do in any task, counted again step by step, and told of heads whose way is known."""

import pytest
import torch

from ntm_lib import NTM, NTMConfig, tasks
from ntm_lib.analysis import diagnosis
from ntm_lib.analysis.finding import Kind
from ntm_lib.analysis.moves import by_context, habits_of_heads, moves
from ntm_lib.analysis.trace import trace
from ntm_lib.training.evaluation import Count, Report
from ntm_lib.training.recipe import Recipe
from ntm_lib.training.run import Run

B, ROWS = 3, 11
CONFIG = NTMConfig(8, 6, memory_size=ROWS, word_size=5, controller_size=7, read_heads=2)


def a_trace():
    """A trace of recall, with focuses on rows of one's own choice."""
    batch = tasks.recall(B, 4, generator=torch.Generator().manual_seed(2))
    return trace(NTM(CONFIG, torch.Generator().manual_seed(0)), batch, ROWS)


@pytest.mark.parametrize("answering", [False, True])
@pytest.mark.parametrize("place", [0, 1, 2])
def test_moves_are_counted_step_by_step(place, answering):
    traced = a_trace()
    generator = torch.Generator().manual_seed(place)
    steps = traced.mask.shape[1]
    rows = torch.randint(-1, 4, (B, steps), generator=generator).cumsum(1) % ROWS
    w = traced.w.clone()
    w[:, :, place] = 0.1 / (ROWS - 1)
    w[:, :, place].scatter_(-1, rows.unsqueeze(-1), 0.9)
    counts, number, gates = {"stays": 0, "on": 0, "back": 0, "jumps": 0}, 0, 0.0
    for b in range(B):
        for t in range(1, steps):
            if bool(traced.mask[b, t] > 0) == answering:
                went = int(rows[b, t] - rows[b, t - 1]) % ROWS
                counts[{0: "stays", 1: "on", ROWS - 1: "back"}.get(went, "jumps")] += 1
                number, gates = number + 1, gates + float(traced.emission.g[b, t, place])
    found = moves(traced._replace(w=w), place, answering)
    assert {name: getattr(found, name) for name in counts} == pytest.approx(
        {name: count / number for name, count in counts.items()}, abs=1e-6
    )
    assert (found.weight, found.gate) == pytest.approx((0.9, gates / number), abs=1e-5)


def test_a_phase_without_steps_has_no_moves():
    traced = a_trace()
    assert moves(traced._replace(mask=torch.ones_like(traced.mask)), 0, answering=False) is None


def walking_machine():
    """Read head 0 stays on its row, read head 1 is everywhere alike, the write head goes one row on in each step."""
    model = NTM(CONFIG, torch.Generator().manual_seed(0))
    heads = model.heads
    with torch.no_grad():
        heads.linear.weight.zero_()
        bias = heads.linear.bias.zero_()
        bias[heads.rows["g"]] = torch.tensor([-40.0, 40.0, -40.0])
        bias[heads.rows["s"]] = torch.tensor([[0.0, 40, 0], [0, 40, 0], [0, 0, 40]]).flatten()
        bias[heads.rows["beta"]] = -40
    return model


def test_heads_whose_way_is_known():
    first, second, third = habits_of_heads(walking_machine(), tasks.recalling(), 5)
    assert first.sentence == (
        "Read head 0: while the machine listens it stays on its row in 100% of the steps (largest weight 1.00); while"
        " it answers it stays on its row in 100% of the steps (largest weight 1.00)."
    )
    assert "it is spread over many rows (largest weight 0.0" in second.sentence
    assert "while it answers it goes one row on in 100% of the steps" in third.sentence
    assert {finding.kind for finding in (first, second, third)} == {Kind.MOVES}
    assert third.evidence["listening"]["on"] == 1 and first.evidence["answering"]["stays"] == 1


def test_a_size_that_the_task_does_not_have():
    with pytest.raises(ValueError, match="items is 1: expected from 2"):
        habits_of_heads(walking_machine(), tasks.recalling(), 1)


def a_run(*wrong):
    """A run of recall whose verdict counted so many wrong sequences of 10 at each of 6, 15, … items."""
    run = Run(Recipe(task="recall", machine=CONFIG), 0)
    lengths = {size: Count(10, number, 180, 2 * number) for size, number in zip((6, 15, 30), wrong, strict=False)}
    run.progress.reports = [Report("random", lengths)] if wrong else []
    return run


def test_the_verdict_of_a_run_in_a_sentence():
    found = diagnosis.in_verdict(a_run(0, 1, 3))
    assert found.sentence == (
        "4 of 30 sequences of the verdict come back wrong, most of one kind and size: 3 of 10 of 'random 30'."
    )
    assert found.evidence == {"wrong_sequences": {"random 15": 1, "random 30": 3}} and not found.fault
    right = diagnosis.in_verdict(a_run(0, 0))
    assert (right.kind, right.sentence) == (Kind.HEALTHY, "All 20 sequences of the verdict come back without an error.")
    with pytest.raises(ValueError, match="the run has no verdict yet: train it to its end first"):
        diagnosis.in_verdict(a_run())


def test_a_machine_for_another_task_is_diagnosed_by_its_verdict_and_its_moves():
    run = a_run(0, 1, 3)
    found = diagnosis.diagnose_task(run.model, run)
    assert [finding.kind for finding in found] == [Kind.WRONG_BITS, *[Kind.MOVES] * 3]
    assert found[1:] == habits_of_heads(run.model, run.task, 6)


@pytest.mark.parametrize("context", [1, 3])
def test_weightings_by_context_are_means_over_the_steps_that_end_it(context):
    generator = torch.Generator().manual_seed(4)
    bits, weights = (torch.rand(B, 17, generator=generator) < 0.5).float(), torch.rand(B, 17, ROWS, generator=generator)
    found = by_context(weights, bits, context)
    assert found.shape == (2**context, ROWS)
    for number in range(2**context):
        like = [float(number >> place & 1) for place in range(context)]
        steps = [
            (b, t)
            for b in range(B)
            for t in range(context - 1, 17)
            if bits[b, t - context + 1 : t + 1].tolist() == like
        ]
        assert torch.allclose(found[number], sum(weights[b, t] for b, t in steps) / len(steps), atol=1e-6)


def test_a_context_that_never_comes_has_no_weight():
    found = by_context(torch.full((1, 5, ROWS), 1 / ROWS), torch.ones(1, 5), 2)
    assert found[:3].abs().sum() == 0 and torch.allclose(found[3], torch.tensor(1 / ROWS))


def test_fewer_bits_than_a_context_has():
    with pytest.raises(ValueError, match="3 bits were given: expected at least the 5 of a context"):
        by_context(torch.zeros(1, 3, ROWS), torch.zeros(1, 3), 5)
