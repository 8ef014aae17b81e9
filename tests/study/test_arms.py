"""Questions as data: every committed one can be read and trained, and every wrong field is named."""

import re
from dataclasses import asdict, replace
from itertools import combinations
from pathlib import Path

import pytest
import torch

from ntm_lib.study import arms
from ntm_lib.training import recipes
from ntm_lib.training.loop import update
from ntm_lib.training.run import Run

STUDIES = Path(__file__).parents[2] / "data" / "studies"
QUESTIONS = {question.name: question for question in arms.questions_in(STUDIES).values()}
ARMS = [arm for question in QUESTIONS.values() for arm in question.arms.values()]


@pytest.fixture
def write(tmp_path):
    """A question of one's own with this text."""

    def write(text):
        file = tmp_path / "mine" / "arms.toml"
        file.parent.mkdir(exist_ok=True)
        file.write_text(text, encoding="utf-8")
        return file

    return write


def test_there_are_fourteen_questions_with_84_arms_whose_names_fit_files():
    names = [arm.name for arm in ARMS]
    assert (len(QUESTIONS), len(names), len(set(names))) == (14, 84, 84)
    for name, question in QUESTIONS.items():
        assert question.name == name and question.asked_by
        assert question.question.endswith(("?", "."))
        assert all(re.fullmatch(rf"{name}-[\w.+-]+", arm.name) for arm in question.arms.values())


@pytest.mark.parametrize("question", QUESTIONS.values(), ids=lambda question: question.name)
def test_no_two_arms_of_a_question_are_the_same_training(question):
    for one, other in combinations(question.arms.values(), 2):
        assert replace(one, name="same") != replace(other, name="same"), (one.name, other.name)


def test_all_but_one_and_one_alone_change_one_thing():
    """Beside the updates allowed; a start or an optimiser is one thing of several fields."""
    for name, base, also in (("without", recipes.reliable, set()), ("added", recipes.paper_2014, {"learning_rate"})):
        for arm in QUESTIONS[name].arms.values():
            changed = recipes.differences(arm, base).keys() - {"name", "updates", "warmup_updates", *also}
            allowed = 2 if arm.name in ("added-both-starts", "added-clip-0.2") else 1
            assert len(changed) <= allowed, arm.name


@pytest.mark.parametrize(("question", "field"), [("weightings", "weightings"), ("start", "initial_weights")])
def test_weightings_and_starts_differ_in_nothing_else(question, field):
    machines = [asdict(arm.machine) for arm in QUESTIONS[question].arms.values()]
    assert len({machine.pop(field) for machine in machines}) == len(machines)
    assert all(machine == machines[0] for machine in machines)


@pytest.mark.slow
@pytest.mark.parametrize("arm", ARMS, ids=lambda arm: arm.name)
def test_every_arm_can_be_trained(arm):
    run = Run(arm, 7)
    record = update(run)
    assert record["update"] == 1 and run.progress.stopped is None
    assert torch.isfinite(torch.tensor([record["loss"], record["gradient_norm"]])).all()


OWN = """
question = "Which rate?"
asked_by = "us"
base = "post_repaired"
[every_arm]
updates = 12
machine.word_size = 7
[arms.slow]
learning_rate = 1e-4
[arms."fast-0.5"]
learning_rate = 0.5
machine.memory_size = 33
[arms.base]
base = "reliable_lstm"
updates = 13
"""


def test_an_arm_is_its_base_with_the_changes_of_every_arm_and_its_own(write):
    question = arms.read_question(write(OWN))
    assert question[:3] == ("mine", "Which rate?", "us")
    slow, fast, base = question.arms.values()
    machine = replace(recipes.post_repaired.machine, word_size=7)
    assert slow == replace(recipes.post_repaired, name="mine-slow", updates=12, learning_rate=1e-4, machine=machine)
    assert fast == replace(slow, name="mine-fast-0.5", learning_rate=0.5, machine=replace(machine, memory_size=33))
    lstm = recipes.reliable_lstm
    assert base == replace(lstm, name="mine-base", updates=13, machine=replace(lstm.machine, word_size=7))


def test_the_example_in_the_documentation_can_be_read(write):
    example = re.search(r"\n\n((?:    .*\n|\n)+)", arms.__doc__)[1]
    assert [arm.name for arm in arms.read_question(write(re.sub(r"^    ", "", example, flags=re.M))).arms.values()] == [
        "mine-slow",
        "mine-fast-0.05",
        "mine-as-it-is",
        "mine-reliable",
    ]


def test_words_name_recipes_questions_and_arms(write):
    file = write(OWN)
    question = arms.read_question(file)
    for path in (file, file.parent):
        assert arms.recipes_of(str(path)) == tuple(question.arms.values())
        assert arms.recipes_of(f"{path}:fast-0.5") == (question.arms["fast-0.5"],)
        assert arms.one_recipe(f"{path}:slow") == question.arms["slow"]
    assert arms.recipes_of("reliable_lstm") == (recipes.reliable_lstm,)
    assert arms.questions_in(file.parent.parent) == arms.questions_in(file.parent) == {str(file.parent): question}


@pytest.mark.parametrize(
    ("word", "complaint"),
    [
        ("relable", r"recipe is 'relable': expected one of reliable, .*, or a path to a question"),
        ("MINE:nope", r"arm is 'nope': expected one of slow, fast-0.5, base, the arms of .*mine$"),
        ("nowhere:slow", r"recipe is 'nowhere:slow': expected one of reliable"),
        ("/dev/zero", r"/dev/zero: there is no such file: expected a folder with arms.toml"),
    ],
)
def test_a_word_that_names_nothing_is_refused(write, word, complaint):
    mine = str(write(OWN).parent)
    with pytest.raises(ValueError, match=complaint):
        arms.recipes_of(word.replace("MINE", mine))


def test_a_question_where_one_recipe_is_wanted_is_refused(write):
    with pytest.raises(ValueError, match=r"a question of 3 arms: name one, as in .*mine:ARM"):
        arms.one_recipe(str(write(OWN).parent))


def test_a_folder_without_questions_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r"holds no arms.toml, and none of its folders does"):
        arms.questions_in(tmp_path)


ASKED = 'question = "Which?"\n'


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("x", "Expected '=' after a key"),
        ("[" * 100_000, ""),
        ("[arms.a]", "question is missing: write what is asked"),
        ("question = 3\n[arms.a]", "question is 3: expected a text in quotes"),
        (ASKED, "there are no arms: write [arms.NAME] for each"),
        (f"{ASKED}updates = 3\n[arms.a]", "updates is unknown: expected question, asked_by, base, every_arm, arms"),
        (f"{ASKED}arms = 3", "arms is 3: expected a table"),
        (f"{ASKED}base = 're'\n[arms.a]", "arm 'a': base is 're': expected one of reliable, "),
        (f"{ASKED}base = [1]\n[arms.a]", "base is [1]: expected a text in quotes"),
        (f"{ASKED}[every_arm]\nupdats = 3\n[arms.a]", "arm 'a': updats is no field of recipe reliable"),
        (f"{ASKED}[arms]\na = 3", "arm 'a': it is 3: expected a table"),
        (f"{ASKED}[arms.a]\nbase = 're'", "arm 'a': base is 're': expected one of reliable, "),
        (f"{ASKED}[arms.a]\nupdates = '3'", "arm 'a': updates is '3': expected a whole number"),
        (f"{ASKED}[arms.a]\nupdates = 2.5", "arm 'a': updates is 2.5: expected a whole number"),
        (f"{ASKED}[arms.a]\nupdates = true", "arm 'a': updates is True: expected a whole number"),
        (f"{ASKED}[arms.a]\nupdates = 0", "arm 'a': updates is 0: expected at least 1"),
        (f"{ASKED}[arms.a]\nlearning_rate = 2020-01-01", "arm 'a': learning_rate is datetime.date(2020, 1, 1): exp"),
        (f"{ASKED}[arms.a]\nhistorical.curriculum = 'x'", "arm 'a': curriculum is 'x': expected one of 'uniform', "),
        (f"{ASKED}[arms.a]\npayload = {{}}", "arm 'a': payload is {}: expected one of 'random', 'uneven'"),
        (f"{ASKED}[arms.a]\nupdates = {{}}", "arm 'a': updates is {}: expected a whole number"),
        (f"{ASKED}[arms.a]\nmachine.initial_value = 'x'", "arm 'a': machine.initial_value is 'x': expected a number"),
        (f"{ASKED}[arms.a]\nname = 'x'", "arm 'a': name is 'x': leave it out"),
        (
            f"{ASKED}[arms.a]\nmachine.layers = 2",
            "arm 'a': machine.layers is no field of recipe reliable, whose machine is made from NTMConfig",
        ),
        (f"{ASKED}[arms.a]\nmachine = 'lstm'", "arm 'a': machine is no field of recipe reliable"),
        (f"{ASKED}[arms.a]\nmachine.word_size = 0", "arm 'a': word_size is 0: expected at least 1"),
        (f"{ASKED}[arms.'a/b']", "arm 'a/b': name is 'a/b': expected up to 100 letters, digits and _ . + -"),
        (f"{ASKED}[arms.'']", "arm '': name is '': expected up to 100 letters"),
        (f"{ASKED}[arms.norm-0.2]\nupdates = 1", "arm 'norm-0': 2 is no field of recipe reliable"),
    ],
)
def test_a_wrong_field_is_named_with_its_file_and_arm(write, text, complaint):
    file = write(text)
    with pytest.raises(ValueError) as error:
        arms.read_question(file)
    assert str(error.value).startswith(f"{file}: {complaint}") and "\n" not in str(error.value)
