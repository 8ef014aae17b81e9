"""docs/findings.md says what data/ says, and what `make findings` would write."""

import csv
import runpy
from pathlib import Path

import pytest
import torch

from ntm_lib import NTM, NTMConfig
from ntm_lib.machine import addressing
from ntm_lib.study.questions import QUESTIONS
from ntm_lib.training import recipes
from ntm_lib.training.loop import update
from ntm_lib.training.run import Run

DOCS = Path(__file__).parent.parent / "docs"


@pytest.fixture(scope="module")
def findings():
    return runpy.run_path(str(DOCS.parent / "research" / "findings.py"))


def test_the_page_is_what_the_data_says(findings):
    assert (DOCS / "findings.md").read_text(encoding="utf-8") == findings["render"]()


def test_readme_has_the_answers(findings):
    readme = (DOCS.parent / "README.md").read_text(encoding="utf-8")
    assert readme == findings["with_answers"](readme)
    with pytest.raises(ValueError, match="README has no <!-- written by make findings -->"):
        findings["with_answers"](readme.replace(findings["END"], ""))


def test_the_figures_are_what_the_data_says(findings):
    """Each file is the figure of a question that has a study, byte for byte, and the page shows each."""
    drawn = {f"{name}.png": findings["png"](draw()) for name, draw in findings["figures"]().items()}
    kept = {path.name: path.read_bytes() for path in (DOCS / "findings").iterdir()}
    assert drawn.keys() == kept.keys()
    assert [name for name in drawn if drawn[name] != kept[name]] == []
    page = (DOCS / "findings.md").read_text(encoding="utf-8")
    assert [name for name in drawn if f"](findings/{name})" not in page] == []


def test_the_figure_of_what_was_not_finite_counts_the_runs_of_the_table(findings):
    """A run with the post's formulas has a reason why it stopped, or it was finite to the end."""
    with (findings["STUDIES"] / "random" / "formulas_post.csv").open(newline="", encoding="utf-8") as file:
        lines = list(csv.DictReader(file))
    finite = findings["share"](sum(line["stopped"] == "" for line in lines), len(lines))
    right = findings["share"](sum(int(line["wrong_bits_20"]) < 140 for line in lines), len(lines))
    words = findings["description"](findings["figures"]()["not_finite"]())
    assert f"Finite to the end: post, its formulas {finite};" in words
    assert f"Nearly right at length 20: post, its formulas {right};" in words


def test_the_page_changes_with_the_data(findings, monkeypatch):
    """One run of one arm less that converged."""
    rows = findings["study"]("weightings")["separate"]
    monkeypatch.setitem(rows[0], "converged", not rows[0]["converged"])
    assert (DOCS / "findings.md").read_text(encoding="utf-8") != findings["render"]()


def test_every_arm_has_the_same_seeds_in_order(findings):
    studies = [path.parent.name for path in findings["STUDIES"].glob("*/runs.csv") if path.parent.name in QUESTIONS]
    assert "weightings" in studies
    for name in studies:
        arms = findings["study"](name)
        assert set(arms) <= {arm.name.removeprefix(f"{name}-") for arm in QUESTIONS[name].arms}
        for rows in arms.values():
            assert [row["seed"] for row in rows] == list(range(len(rows)))


def test_counts_by_hand(findings, monkeypatch):
    rows = [
        {"converged": True, "sequences": 3},
        {"converged": False, "sequences": 9},
        {"converged": True, "sequences": 4},
    ]
    monkeypatch.setitem(findings["render"].__globals__, "runs", lambda name, arm: rows)
    assert findings["count"]("any", "arm").startswith("2/3, ")
    assert findings["converged_within"]("any", "arm", 3).startswith("1/3, ")
    assert findings["converged_within"]("any", "arm", 9).startswith("2/3, ")
    assert findings["middle"]("any", "arm", "sequences") == "4 / 9"
    assert findings["middle"]("any", "arm", "sequences", lambda row: row["converged"]) == "4 / 4"
    for row, norm in zip(rows, (0.157, 7.6, 84_874_800.0), strict=True):
        row["norm"] = norm
    assert findings["middle"]("any", "arm", "norm") == "8 / 8.5e7"
    assert findings["middle"]("any", "arm", "norm", lambda row: row["norm"] < 1) == "0.16 / 0.16"
    for row, faults in zip(rows, ("blur; missed jump", None, "blur"), strict=True):
        row["faults"] = faults
    assert findings["faults"]("any", "arm") == "blur 2, missed jump 1"
    for row, moment in zip(rows, (5, None, 4), strict=True):
        row["converged_at_update"] = moment
    assert findings["lost_for_good"]("any", "arm").startswith("0/2, ")


def test_forwards_against_one_half_by_hand(findings, monkeypatch):
    """Of five coins, one head: 2 (1 + 5) / 32 of all throws are as uneven or more so."""
    ways = ["forwards", *["backwards"] * 4, "in one row", None]
    rows = [{"converged": number % 2 == 0, "stores": way} for number, way in enumerate(ways)]
    monkeypatch.setitem(findings["render"].__globals__, "runs", lambda name, arm: rows)
    assert findings["forwards"]("any", "arm") == "1/5, 0.5–71.6 % (p = 0.38)"
    assert findings["forwards"]("any", "arm", converged=True) == "1/3, 0.8–90.6 % (p = 1)"


def test_two_arms_apart_by_hand(findings, monkeypatch):
    """Three runs of three against one of four: of the 35 ways to place 4 in 7, 4 + 1 are as uneven or more so.

    Two of three, within five sequences, against one of four: of the 35 ways to place 3 in 7, 12 + 4 + 1 are.
    """
    verdicts = {"all": [True] * 3, "few": [False, True, False, False]}
    arms = {arm: [{"converged": verdict, "sequences": 5} for verdict in verdicts[arm]] for arm in verdicts}
    monkeypatch.setitem(findings["render"].__globals__, "runs", lambda name, arm: arms[arm])
    assert findings["apart"]("any", "all", "few") == findings["apart"]("any", "few", "all") == "p = 0.14"
    assert findings["apart"]("any", "few", "few") == "p = 1"
    for row, sequences in zip(arms["all"], (4, 5, 6), strict=True):
        row["sequences"] = sequences
    assert findings["apart"]("any", "all", "few", 5) == "p = 0.49"


def test_the_shares_of_wrong_bits_by_hand(findings, monkeypatch):
    """Two machines, one of them right at length 3: at 5 they have 1 and 4 of 20 bits wrong each."""

    def line(seed, length, **wrong):
        return {"seed": seed, "length": length, "bits": 20} | dict.fromkeys(findings["CAUSES"], 0) | wrong

    blurred = {3: [line(0, 3), line(1, 3, blur=7)], 5: [line(0, 5, blur=1), line(1, 5, blur=1, other=3)]}
    monkeypatch.setitem(findings["render"].__globals__, "by_length", lambda name: blurred)
    assert findings["exact_at"]("any", 3).startswith("1/2, ")
    assert findings["nearly_right_at"]("any", 5).startswith("0/2, ")
    blurred[7] = [line(0, 7, blur=1) | {"bits": 101}, line(1, 7, blur=1) | {"bits": 100}]
    assert findings["nearly_right_at"]("any", 7).startswith("1/2, ")
    assert findings["wrong_at"]("any", 5) == "12.5 %"
    assert findings["wrong_at"]("any", 5, "blur") == "5.0 %"
    assert findings["wrong_at"]("any", 5, "blur", near_at=3) == "5.0 %"
    assert findings["wrong_at"]("any", 5, near_at=3) == "5.0 %"
    assert findings["wrong_at"]("any", 3, near_at=3) == "0.0 %"


@pytest.mark.parametrize("kind", ["constant", "learned-row", "random", "learned"])
def test_an_enlarged_machine_keeps_its_rows_and_gets_more_of_their_kind(kind):
    enlarged = runpy.run_path(str(DOCS.parent / "research" / "enlarged_memory.py"))["enlarged"]
    model = NTM(NTMConfig(10, 8, memory_size=13, word_size=7, initial_memory=kind, initial_weights="spaced"))
    larger = enlarged(model, seed=3)
    small, large = (machine.initial_state(1).memory[0] for machine in (model, larger))
    assert large.shape == (52, 7)
    assert torch.equal(large[:13], small)
    assert torch.equal(large[13:], small.repeat(3, 1)) == (kind != "random")
    assert all(torch.equal(p, q) for p, q in zip(model.heads.parameters(), larger.heads.parameters(), strict=True))
    assert model.config.memory_size == 13


def test_what_was_not_finite_by_hand(findings, monkeypatch):
    """Three of four runs ended early, two of them in the same operation."""
    stopped = {7: "div in Eq. 9", 31: "derivative of Div in Eq. 9", 53: "div in Eq. 9", None: None}
    lines = [{"nan_update": update, "nan_operation": operation} for update, operation in stopped.items()]
    monkeypatch.setitem(findings["render"].__globals__, "as_written", lambda: lines)
    assert findings["not_finite_as_written"]().startswith("3/4, ")
    assert findings["updates_as_written"]() == "7, 31 and 53"
    assert findings["operations_as_written"]() == "its division 2, the derivative of its division 1"


@pytest.fixture(scope="module")
def as_written():
    return runpy.run_path(str(DOCS.parent / "research" / "formulas_as_written.py"))


@pytest.mark.parametrize("whose", ["paper", "post"])
def test_the_formulas_as_written_are_the_librarys_where_these_need_no_safeguard(as_written, whose):
    """Values and gradients in float64, to what the post's 1e-5 beside a length of about 3 comes to."""
    generator = torch.Generator().manual_seed(0)
    memory, key = (torch.randn(shape, generator=generator, dtype=torch.float64) for shape in ((2, 13, 7), (2, 3, 7)))
    w_s = torch.softmax(torch.randn(2, 3, 13, generator=generator, dtype=torch.float64), dim=-1)
    gamma = 1 + torch.rand(2, 3, generator=generator, dtype=torch.float64)
    cosine, sharpen = as_written["FORMULAS"][whose]
    for ours, theirs, inputs in (
        (addressing.cosine_similarity, cosine, (memory, key)),
        (addressing.sharpen, sharpen, (w_s, gamma)),
    ):
        inputs = [tensor.requires_grad_() for tensor in inputs]
        outputs = [formula(*inputs) for formula in (ours, theirs)]
        torch.testing.assert_close(*outputs, rtol=1e-4, atol=1e-5)
        gradients = [torch.autograd.grad(output.square().sum(), inputs) for output in outputs]
        torch.testing.assert_close(*gradients, rtol=1e-3, atol=1e-5)


def test_only_theanos_power_has_no_derivative_at_a_weight_of_zero(as_written):
    """0^3 = 0 for every exponent near 3, so its derivative by the exponent is 0; 0 * log 0 is not a number."""
    found = {}
    for whose, (_, sharpen) in as_written["FORMULAS"].items():
        gamma = torch.tensor([[3.0]], requires_grad=True)
        sharpen(torch.tensor([[[0.0, 0.25, 0.75]]]), gamma).square().sum().backward()
        found[whose] = gamma.grad
    assert found["paper"].isfinite().all()
    assert found["post"].isnan().all()


def run_with(as_written, whose, change):
    """What stops a machine of the post that was changed before its first update; None: nothing."""
    run = Run(recipes.post_2014, 3)
    with torch.no_grad():
        change(run.model)
    with as_written["formulas"](whose):
        update([run])
    return run.progress.stopped


def on_one_row(model):
    """A head that stays near row 5: the weights of the rows far from it are exactly 0."""
    model.weights_0.fill_(-200.0)
    model.weights_0[..., 5] = 0.0
    model.heads.linear.weight[model.heads.location_rows] = 0.0
    model.heads.linear.bias[model.heads.location_rows] = -200.0


def spread_out(model):
    """Equal weights and a γ of 20.4: their powers add up to so little that one over it overflows."""
    model.weights_0.zero_()
    model.heads.linear.weight[model.heads.location_rows] = 0.0
    model.heads.linear.bias[model.heads.location_rows] = torch.tensor([-200.0, 0.0, 0.0, 0.0, 0.0, 19.4])


def blank(model):
    """Rows of zeros."""
    model.memory_0.zero_()


def test_what_was_not_finite_is_named(as_written):
    """Forwards the operation and its equation, on the way back the derivative; nothing where nothing was."""
    assert "the derivative of _TheanoPower in Eq. 9 is not finite" in run_with(as_written, "post", on_one_row)
    assert run_with(as_written, "paper", on_one_row) is None
    assert "the derivative of Div in Eq. 9 is not finite" in run_with(as_written, "paper", spread_out)
    assert "the div in Eq. 6 is not finite" in run_with(as_written, "paper", blank)


def test_near_huge_and_the_middle_by_hand(findings, monkeypatch):
    """14,000 bits at length 20: one in a hundred is 140; a norm that no float32 holds is beyond any number."""
    assert [findings["there"](update) for update in (0, 1000, None)] == [True, True, False]
    assert [findings["near"](wrong) for wrong in (0, 139, 140)] == [True, True, False]
    assert [findings["huge"](norm) for norm in (3.0, 10_000.0, 10_001.0, None)] == [False, False, True, True]
    rows = [{"wrong_bits_random_20": wrong} for wrong in (7, 14_000, 700)]
    monkeypatch.setitem(findings["render"].__globals__, "runs", lambda name, arm: rows)
    assert findings["wrong_in_the_middle"]("any", "arm") == "5.0 %"
    assert findings["count_together"]("any", ["an", "arm"], "wrong_bits_random_20", 7).startswith("2/6, ")
