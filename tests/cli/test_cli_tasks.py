"""The paper's other tasks on the command line: train, evaluate and study; what is for copies alone is refused."""

import json
from dataclasses import asdict

import pytest

from ntm_lib import evaluate, load, tasks
from ntm_lib.analysis import diagnosis
from ntm_lib.cli.commands import FAILED
from ntm_lib.tasks.sizes import size_in
from ntm_lib.training import evaluation, recipes
from ntm_lib.training.evaluation import Verdict

BAD_INPUT = 2


@pytest.fixture(autouse=True)
def quick(quick, monkeypatch):
    """A verdict over 2 sequences of each of the task's sizes; the fixture of all commands asks for lengths 2 and 3."""

    def judge(model, task=None, seed=0):
        return Verdict((evaluate(model, task.sizes, sequences=2, task=task),))

    monkeypatch.setattr(evaluation, "judge", judge)


RECIPES = ["repeat_copy", "recall", "ngrams", "sort"]
TINY = ["--machine.memory_size", 37, "--machine.controller_size", 5, "--machine.word_size", 3, "--batch_size", 2]
TINY += ["--updates", 2, "--validate_every", 2]
SIZES = {"repeat_copy": ["2x3", "3x2"], "recall": ["2", "3"], "ngrams": ["7", "11"], "sort": ["3", "5"]}


@pytest.fixture(scope="module")
def machines(tmp_path_factory):
    return tmp_path_factory.mktemp("machines")


def trained(ntm, machines, recipe):
    """A directory with a machine of a recipe, trained where it is not there yet."""
    out = machines / recipe
    if not out.exists():
        code, said, err = ntm("train", recipe, "--seed", 2100, "--out", out, *TINY)
        assert (code, err) == (FAILED, "")
        assert "wrong bits at length" in said and "not converged" in said
    return out


@pytest.mark.parametrize("recipe", RECIPES)
def test_a_machine_is_evaluated_in_its_own_task(ntm, machines, recipe):
    out, sizes = trained(ntm, machines, recipe), SIZES[recipe]
    machine, run = load(out)
    assert run.task.name == recipe
    words = ["evaluate", out, "--sequences", 3, "--seed", 5, "--lengths", *sizes]
    code, said, _ = ntm(*words, "--json")
    wanted = [tuple(map(int, size.split("x"))) if "x" in size else int(size) for size in sizes]
    report = evaluate(machine, wanted, 3, seed=5, task=tasks.task_for(recipe, machine.config))
    assert code == 0 and json.loads(said) == report.to_json()
    header, first, _ = ntm(*words)[1].splitlines()
    assert first.split()[0] == sizes[0] and ("excess bits" in header) == (recipe == "ngrams")


@pytest.mark.parametrize("recipe", RECIPES)
def test_without_lengths_those_of_the_verdict_are_taken(ntm, machines, recipe):
    words = ["evaluate", trained(ntm, machines, recipe), "--sequences", 1, "--json"]
    sizes = recipes_task(recipe).sizes
    assert list(json.loads(ntm(*words)[1])["lengths"]) == [tasks.sizes.size_text(size) for size in sizes]


def recipes_task(recipe):
    return tasks.task_for(recipe, recipes.by_name(recipe).machine)


@pytest.mark.parametrize("recipe", RECIPES)
def test_every_kind_of_a_task_can_be_evaluated(ntm, machines, recipe):
    out = trained(ntm, machines, recipe)
    for kind in recipes_task(recipe).kinds:
        assert ntm("evaluate", out, "--sequences", 1, "--lengths", SIZES[recipe][0], "--kind", kind)[0] == 0
    code, _, said = ntm("evaluate", out, "--kind", "chosen")
    assert code == BAD_INPUT and "kind is 'chosen': expected one of random" in said


def test_an_interrupted_training_of_another_task_is_not_taken_up(ntm, machines):
    out = trained(ntm, machines, "recall")
    code, _, said = ntm("train", "sort", "--seed", 2100, "--out", out, *TINY)
    assert code == BAD_INPUT and "with another" in said and "task" in said


def test_what_is_for_copies_is_refused_in_one_line(ntm, machines):
    out = trained(ntm, machines, "recall")
    said = f"ntm: {out} holds a machine for recall: this command is for one for copying\n"
    code, _, err = ntm("copy", out)
    assert (code, err) == (BAD_INPUT, said)
    code, _, err = ntm("diagnose", out, "--memory-size", 37)
    assert (code, err) == (BAD_INPUT, "ntm: --memory_size is for machines that copy: leave it out\n")


@pytest.mark.parametrize("recipe", RECIPES)
def test_a_machine_for_another_task_is_diagnosed(ntm, machines, recipe):
    out, (_, size) = trained(ntm, machines, recipe), SIZES[recipe]
    code, said, err = ntm("diagnose", out, "--length", size)
    assert (code, err) == (0, "") and said.count("moves\n") >= 2 and "sequences of the verdict" in said
    machine, run = load(out)
    found = diagnosis.diagnose_task(machine, run, size_in(size))
    code, said, _ = ntm("diagnose", out, "--length", size, "--json")
    assert json.loads(said) == json.loads(json.dumps([asdict(finding) for finding in found]))


def test_a_study_of_two_tasks(ntm, tmp_path):
    words = ["study", "repeat_copy", "ngrams", "--seeds", 2100, "--jobs", 1, "--out", tmp_path, *TINY]
    code, said, _ = ntm(*words)
    assert code == 0 and "repeat_copy" in said and "ngrams" in said
    header = (tmp_path / "runs.csv").read_text().splitlines()[0].split(",")
    assert {"wrong_bits_random_10x20", "wrong_bits_random_200", "excess_bits_random_200"} <= set(header)
    words = ["study", "repeat_copy", "--seeds", 2100, "--jobs", 1, "--out", tmp_path, *TINY, "--lengths", "2x3"]
    assert ntm(*words, "--sequences", 2)[0] == 0
    header = (tmp_path / "runs.csv").read_text().splitlines()[0].split(",")
    assert "wrong_bits_2x3" in header


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--findings"], "recall trains machines for recall: findings is for machines that copy"),
        (["--file", __file__], "recall trains machines for recall: file is for machines that copy"),
        (["--lengths", 3, "--kind", "chosen"], "kind is 'chosen': expected one of random, first"),
        (["--task", "sort"], "this machine has 8 inputs and 6 outputs: sort of W bits needs W + 3 and W"),
        (["--lengths", "3x"], "--lengths is '3x': expected a whole number, or several as in 10x20"),
    ],
)
def test_a_study_that_cannot_be(ntm, tmp_path, words, said):
    out = tmp_path / "new"
    code, _, err = ntm("study", "recall", "--seeds", 2100, "--jobs", 1, "--out", out, *words)
    assert code == BAD_INPUT and said in err and not (out / "runs").exists()
