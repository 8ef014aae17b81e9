"""Training through a compiled step: the same runs up to rounding, and two traces for each number of machines."""

import json
from dataclasses import replace

import pytest
import torch
from small import ADAPTIVE, MACHINE, SMALL, YARDSTICK, judge_quickly, same_run, without_seconds
from torch._dynamo import config, lookup_backend

from ntm_lib import NTM, cli
from ntm_lib.runs.together import check_compiled
from ntm_lib.runs.train import train, train_together
from ntm_lib.training import curriculum, recipes, validation
from ntm_lib.training.run import Run

FIXED = replace(SMALL, name="fixed", largest_memory=0, batch_size=3, max_length=7)
SEEDS = (5, 0, 7)

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore:The .grad attribute of a Tensor"),  # both are what torch.compile does by itself
    pytest.mark.filterwarnings("ignore:.*should not be instantiated:DeprecationWarning"),
]


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    judge_quickly(monkeypatch)


@pytest.fixture
def traced(monkeypatch):
    """How many machines each trace was made for; it is run as it is, so no compiler is needed."""
    sizes, real = [], NTM.compile_step

    def backend(graph, inputs):
        sizes.append(max(len(part) for part in inputs if part.ndim == 3) // FIXED.batch_size)
        return lookup_backend("aot_eager")(graph, inputs)

    monkeypatch.setattr(NTM, "compile_step", lambda self, **options: real(self, **options, backend=backend))
    monkeypatch.setattr("shutil.which", lambda name: f"/bin/{name}")
    torch.compiler.reset()
    with config.patch(recompile_limit=3):  # fewer than torch's own, so that a test soon meets it
        yield sizes
    torch.compiler.reset()


@pytest.mark.parametrize("controller", ["feed-forward", "lstm"])
def test_compiled_runs_are_the_runs(traced, controller):
    recipe = replace(FIXED, machine=replace(MACHINE, controller=controller))
    before = torch.get_rng_state()
    results = list(train_together(recipe, dict.fromkeys(SEEDS), compiled=True))
    assert torch.equal(torch.get_rng_state(), before)
    for result in results:
        plain = train(recipe, result.seed)
        assert [one["update"] for one in result.history] == [one["update"] for one in plain.history]
        for compiled, expected in zip(result.history, plain.history, strict=True):
            assert compiled["loss"] == pytest.approx(expected["loss"], rel=1e-5)
            assert compiled["gradient_norm"] == pytest.approx(expected["gradient_norm"], rel=1e-4)
        for name, expected in plain.model.state_dict().items():
            torch.testing.assert_close(result.model.state_dict()[name], expected, rtol=1e-4, atol=1e-5, msg=name)


def test_lengths_share_their_traces(traced):
    """Of all that is drawn, only the number of machines in a pass makes others: for its first step and for the rest."""
    results = list(train_together(FIXED, dict.fromkeys(SEEDS), compiled=True))
    shapes = [
        curriculum.draw_shape(FIXED, update, level=1, rows_needed=lambda length: 2 * length + 2)
        for update in range(FIXED.updates)
    ]
    assert len({shape.length for shape in shapes}) == FIXED.max_length
    assert len(results) == len(SEEDS)
    assert traced == [len(SEEDS)] * 2


def test_more_shapes_than_torch_allows_by_itself(traced, monkeypatch):
    """Runs that end one after the other leave passes of every number of machines, each with traces of its own."""
    seeds = range(4)
    first = {Run(FIXED, seed).generator.initial_seed(): seed for seed in seeds}

    def validate(model, longest, generator, task, margin, crowd):
        """Seed n is exact from its update n + 1 on."""
        seed = first[generator.initial_seed()]
        asked[seed] += 1
        return int(asked[seed] <= seed)

    asked = dict.fromkeys(seeds, 0)
    monkeypatch.setattr(validation, "validate", validate)
    results = list(train_together(replace(FIXED, validate_every=1), dict.fromkeys(seeds), compiled=True))
    assert [result.history[-1]["update"] for result in results] == [2, 3, 4, 5]
    assert traced == [4, 4, 3, 3, 2, 2, 1, 1]


def test_a_compiled_run_is_the_same_in_any_company(traced):
    together = {result.seed: result for result in train_together(FIXED, dict.fromkeys(SEEDS), compiled=True)}
    for seed in SEEDS:
        assert same_run(together[seed], train(FIXED, seed, compiled=True))


def test_a_compiled_run_goes_on_where_it_was_left(traced, tmp_path):
    whole = train(FIXED, 3, compiled=True)

    def interrupt(record):
        if record["update"] == 8:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(FIXED, 3, tmp_path, interrupt, compiled=True)
    rest = train(FIXED, 3, tmp_path, compiled=True)
    assert same_run(rest, whole) and without_seconds(rest.history) == without_seconds(whole.history)


@pytest.mark.parametrize(
    "recipe",
    [recipes.reliable, replace(ADAPTIVE, largest_memory=0), replace(FIXED, settle_crowd=3.0), YARDSTICK],
    ids=lambda recipe: recipe.name,
)
def test_a_recipe_that_is_not_for_it(recipe, tmp_path):
    """Memories of many sizes, lengths of every machine's own, no machine with steps: nothing is written."""
    expected = f"compiled is for an NTM whose passes all have one shape, and those of {recipe.name} have many: leave it"
    with pytest.raises(ValueError, match=expected):
        train(recipe, 0, tmp_path / "none", compiled=True)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "recipe", [recipes.paper_2014, replace(FIXED, settle_updates=7, settle_at_least=2), FIXED], ids=lambda one: one.name
)
def test_a_recipe_that_is_for_it(recipe, monkeypatch):
    """Also one that settles."""
    monkeypatch.setattr("shutil.which", lambda name: f"/bin/{name}")
    check_compiled(recipe)


@pytest.mark.parametrize("compiler", ["g++", "another"])
def test_without_a_compiler(compiler, monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CXX", raising=False)
    if compiler != "g++":
        monkeypatch.setenv("CXX", compiler)
    for words in (["train", "paper_2014"], ["study", "paper_2014", "--seeds", "0"]):
        assert cli.main([*words, "--out", str(tmp_path / "none"), "--compiled"]) == 2
        expected = f"ntm: compiled needs a C++ compiler, and {compiler} is not found: install it, or leave it out\n"
        assert capsys.readouterr() == ("", expected)
    assert not list(tmp_path.iterdir())


def test_the_command_compiles_and_the_manifest_says_so(traced, tmp_path, capsys):
    sizes = ["--updates", "2", "--validate_every", "1", "--batch_size", "3", "--machine.memory_size", "13"]
    words = ["paper_2014", "--out", str(tmp_path), "--compiled", *sizes]
    assert cli.main(["study", *words, "--seeds", "0-1", "--jobs", "1"]) == 0
    assert set(traced) == {2}
    (command,) = json.loads((tmp_path / "manifest.json").read_text())["commands"]
    assert "--compiled" in command.split()
    assert cli.main(["train", *words[:1], "--out", str(tmp_path / "one"), "--compiled", *sizes]) == 1
    assert set(traced) == {2, 1}
