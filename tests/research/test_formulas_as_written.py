"""Eqs. 6 and 9 without safeguards, and the first operation whose result is not finite."""

import csv

import pytest
import torch

from ntm_lib.machine import addressing
from ntm_lib.training.loop import update
from research import formulas_as_written as as_written
from research.first_not_finite import operation


@pytest.mark.parametrize("whose", ["paper", "post"])
def test_the_formulas_as_written_are_the_librarys_where_these_need_no_safeguard(whose):
    """Values and gradients in float64, to what the post's 1e-5 beside a length of about 3 comes to."""
    generator = torch.Generator().manual_seed(0)
    memory, key = (torch.randn(shape, generator=generator, dtype=torch.float64) for shape in ((2, 13, 7), (2, 3, 7)))
    w_s = torch.softmax(torch.randn(2, 3, 13, generator=generator, dtype=torch.float64), dim=-1)
    gamma = 1 + torch.rand(2, 3, generator=generator, dtype=torch.float64)
    cosine, sharpen = as_written.FORMULAS[whose]
    for ours, theirs, inputs in (
        (addressing.cosine_similarity, cosine, (memory, key)),
        (addressing.sharpen, sharpen, (w_s, gamma)),
    ):
        inputs = [tensor.requires_grad_() for tensor in inputs]
        outputs = [formula(*inputs) for formula in (ours, theirs)]
        torch.testing.assert_close(*outputs, rtol=1e-4, atol=1e-5)
        gradients = [torch.autograd.grad(output.square().sum(), inputs) for output in outputs]
        torch.testing.assert_close(*gradients, rtol=1e-3, atol=1e-5)


def test_only_theanos_power_has_no_derivative_at_a_weight_of_zero():
    """0^3 = 0 for every exponent near 3, so its derivative by the exponent is 0; 0 * log 0 is not a number."""
    found = {}
    for whose, (_, sharpen) in as_written.FORMULAS.items():
        gamma = torch.tensor([[3.0]], requires_grad=True)
        sharpen(torch.tensor([[[0.0, 0.25, 0.75]]]), gamma).square().sum().backward()
        found[whose] = gamma.grad
    assert found["paper"].isfinite().all()
    assert found["post"].isnan().all()


def location_part(model, numbers):
    """Let the heads emit these numbers for gate, shift and sharpening whatever the controller says."""
    rows = model.heads.rows
    for name, number in numbers.items():
        model.heads.linear.weight[rows[name]] = 0.0
        model.heads.linear.bias[rows[name]] = number


def on_one_row(model):
    """A head that stays near row 5: the weights of the rows far from it are exactly 0."""
    model.weights_0.fill_(-200.0)
    model.weights_0[..., 5] = 0.0
    location_part(model, {"beta": -200.0, "g": -200.0, "s": -200.0, "gamma": -200.0})


def spread_out(model):
    """Equal weights and a γ of 20.4: their powers add up to so little that one over it overflows."""
    model.weights_0.zero_()
    location_part(model, {"beta": -200.0, "g": 0.0, "s": 0.0, "gamma": 19.4})


def blank(model):
    """Rows of zeros."""
    model.memory_0.zero_()


@pytest.mark.parametrize(
    ("whose", "change", "found"),
    [
        ("post", on_one_row, "derivative of power in Eq. 9"),
        ("paper", on_one_row, None),
        ("paper", spread_out, "derivative of division in Eq. 9"),
        ("paper", blank, "division in Eq. 6"),
    ],
)
def test_the_first_operation_that_is_not_finite_is_named(whose, change, found, tmp_path):
    """In the forward pass the operation and its equation, on the way back the derivative."""
    training = as_written.begin(whose, 3, tmp_path)
    with torch.no_grad():
        change(training.run.model)
    update(training.run)
    assert (training.run.progress.stopped is None) == (found is None)
    if found:
        assert operation(training.run.model, training.drawn[0], "sequence", as_written.FORMULA_OF) == found


def test_memory_that_nothing_was_written_to_is_no_result(tmp_path):
    """Such memory holds whatever stood there before; here PyTorch fills it with NaN."""
    training = as_written.begin("paper", 3, tmp_path)
    with torch.no_grad():
        blank(training.run.model)
    update(training.run)
    torch.use_deterministic_algorithms(True)
    try:
        assert torch.empty(2).isnan().all()
        found = operation(training.run.model, training.drawn[0], "sequence", as_written.FORMULA_OF)
    finally:
        torch.use_deterministic_algorithms(False)
    assert found == "division in Eq. 6"


def test_a_run_that_ends_early_has_its_reason_in_the_table(tmp_path, monkeypatch):
    """The command, on a recipe of three updates: seed 3 begins with blank rows, seed 4 trains to the end."""
    short = as_written.replace(as_written.recipes.post_2014, updates=3, validate_every=1)
    monkeypatch.setattr(as_written.recipes, "post_2014", short)
    started = as_written.begin("paper", 3, tmp_path / "runs" / "paper" / "3")
    with torch.no_grad():
        blank(started.run.model)
    as_written.checkpoints.save(started.run, started.out)
    as_written.main("paper", "3-4", str(tmp_path / "runs"), str(tmp_path / "table.csv"))
    with (tmp_path / "table.csv").open(newline="", encoding="utf-8") as file:
        first, second = csv.DictReader(file)
    assert (first["seed"], first["sequences"], first["nan_update"]) == ("3", "0", "1")
    assert first["nan_operation"] == "division in Eq. 6"
    assert (second["seed"], second["sequences"], second["nan_update"], second["nan_loss"]) == ("4", "3", "", "")
