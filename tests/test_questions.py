"""The questions: their arms bear their names, differ from each other, and can be found, built and run."""

import re
from dataclasses import asdict, replace
from itertools import combinations

import pytest
import torch

from ntm_lib.study.manifest import differences
from ntm_lib.study.questions import QUESTIONS, find
from ntm_lib.training import recipes
from ntm_lib.training.loop import update
from ntm_lib.training.run import Run

ARMS = [arm for question in QUESTIONS.values() for arm in question.arms]


def test_every_name_is_that_of_one_arm_and_fits_a_file():
    names = [arm.name for arm in ARMS]
    assert len(set(names)) == len(names)
    assert not set(names) & {*recipes.names(), *QUESTIONS}
    for name, question in QUESTIONS.items():
        assert question.name == name
        assert question.text.endswith(("?", "."))
        for arm in question.arms:
            assert re.fullmatch(rf"{name}-[\w.+-]+", arm.name)


@pytest.mark.parametrize("question", QUESTIONS.values(), ids=lambda question: question.name)
def test_no_two_arms_of_a_question_are_the_same_training(question):
    for one, other in combinations(question.arms, 2):
        assert replace(one, name="") != replace(other, name=""), (one.name, other.name)


def test_what_is_found():
    heads = QUESTIONS["heads"].arms
    assert find("heads") == heads
    assert [(arm.machine.read_heads, arm.machine.write_heads) for arm in heads] == [(1, 1), (2, 1), (2, 2), (4, 4)]
    assert find("heads-2+1") == (heads[1],)
    assert find("reliable_lstm") == (recipes.reliable_lstm,)
    with pytest.raises(ValueError, match=r"recipe is 'heads-3': expected one of reliable, .*; or a question, random,"):
        find("heads-3")


def test_all_but_one_and_one_alone_change_one_thing():
    """Beside the updates allowed; a start or an optimiser is one thing of several fields."""
    for name, base, also in (("without", recipes.reliable, set()), ("added", recipes.paper_2014, {"learning_rate"})):
        for arm in QUESTIONS[name].arms:
            changed = differences(arm, base).keys() - {"name", "updates", "warmup_updates", *also}
            allowed = 2 if arm.name in ("added-both-starts", "added-clip-0.2") else 1
            assert len(changed) <= allowed, arm.name


def test_weightings_and_starts_differ_in_nothing_else():
    for question, field in (("weightings", "weightings"), ("start", "initial_weights")):
        machines = [asdict(arm.machine) for arm in QUESTIONS[question].arms]
        assert len({machine.pop(field) for machine in machines}) == len(machines)
        assert all(machine == machines[0] for machine in machines)


@pytest.mark.parametrize("arm", ARMS, ids=lambda arm: arm.name)
def test_every_arm_can_be_trained(arm):
    run = Run(arm, 7)
    (record,) = update([run])
    assert record["update"] == 1 and run.progress.stopped is None
    assert torch.isfinite(torch.tensor([record["loss"], record["gradient_norm"]])).all()
