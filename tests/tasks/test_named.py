"""The paper's tasks by name, and sizes in words: through training, verdict, file and back."""

from dataclasses import replace

import pytest
import torch

from ntm_lib import NTM, NTMConfig, evaluate, load, tasks, train
from ntm_lib.tasks.sizes import one_smaller, require_size, size_in, size_text
from ntm_lib.training import recipes, validation
from ntm_lib.training.evaluation import judge
from ntm_lib.training.run import Run, draw

MACHINES = {"copying": (7, 5), "repeat_copy": (6, 4), "repeat_copy_ticks": (6, 4), "recall": (5, 3), "ngrams": (1, 1)}
MACHINES["sort"] = (8, 5)
"""Inputs and outputs of a machine for each task."""


def short(name, **changes):
    machine = replace(recipes.reliable.machine, input_size=MACHINES[name][0], output_size=MACHINES[name][1])
    return replace(recipes.reliable, name="short", task=name, machine=machine, updates=2, batch_size=3, **changes)


def test_every_task_has_a_machine_here():
    assert MACHINES.keys() == tasks.TASKS.keys()


@pytest.mark.parametrize("name", tasks.TASKS)
def test_a_task_fits_its_machine_and_says_its_name(name):
    task = tasks.task_for(name, NTMConfig(*MACHINES[name]))
    assert (task.name, task.input_size, task.output_size) == (name, *MACHINES[name])


@pytest.mark.parametrize("name", tasks.TASKS)
def test_one_seed_draws_one_batch(name):
    task = tasks.task_for(name, NTMConfig(*MACHINES[name]))
    for kind in task.kinds:
        first, again, other = (
            task.drawn(task.draw_of(kind, None), 7, task.sizes[0], torch.Generator().manual_seed(seed))
            for seed in (5, 5, 6)
        )
        assert all(torch.equal(*parts) for parts in zip(first, again, strict=True))
        if kind == "random":
            assert not torch.equal(first.inputs, other.inputs)


@pytest.mark.parametrize("name", [name for name in tasks.TASKS if name != "copying"])
def test_a_training_keeps_its_task(name, tmp_path):
    """What `load` finds is judged as the training was, by the task that the file names."""
    recipe = short(name, max_length=3, largest_memory=40)
    result = train(recipe, seed=2100, out=tmp_path)
    machine, run = load(tmp_path)
    assert run.task.name == run.recipe.task == name
    assert run.progress.verdict == result.verdict
    assert judge(machine, run.task) == judge(result.model, run.task) == result.verdict
    sizes = {size for report in result.verdict.reports for size in report.lengths}
    assert sizes == set(run.task.sizes)


def test_a_task_handed_in_is_known_again(tmp_path):
    train(replace(recipes.reliable, updates=1), seed=2100, out=tmp_path, task=tasks.recalling(5))
    assert load(tmp_path)[1].task.name == "recall"


def test_a_task_with_another_number_is_not_taken_for_the_paper_s():
    machine = NTM(NTMConfig(7, 5))
    names = [tasks.recalling(5, vectors=2).name, tasks.ngram_prediction(3).name, tasks.repeat_copying(5, 7).name]
    assert not set(names) & set(tasks.TASKS)
    assert evaluate(machine, [3], 2, task=tasks.recalling(5, vectors=2)).lengths[3].bits == 2 * 2 * 5


def test_sizes_of_two_numbers_train_in_all_of_their_range():
    run = Run(short("repeat_copy", max_length=3), 2100, tasks.repeat_copying(3, most_repeats=5))
    met = set()
    for run.progress.update in range(200):
        one = draw(run)
        length, answers = one.shape.length, int(one.batch.mask[0].sum())
        met.add((length, (answers - 1) // length))
        assert one.shape.rows >= 2 * (length + 2) + 2
    assert met == {(length, repeats) for length in (1, 2, 3) for repeats in (1, 2, 3, 4, 5)}


def test_a_validation_takes_the_task_s_own_sizes():
    asked = []
    task = tasks.sorting(5)
    spy = replace(task, tests={"random": lambda *sizes: asked.append(sizes[1]) or task.draw(*sizes)}, wrong=never)
    assert validation.validate(NTM(NTMConfig(8, 5)), 3, torch.Generator().manual_seed(0), spy, crowd=10) == 0
    assert asked == [20, 20, 40, 20]


def never(logits, batch):
    return torch.zeros(len(logits), dtype=torch.long)


@pytest.mark.parametrize(
    ("call", "error", "said"),
    [
        (lambda: tasks.task_for("sorting", NTMConfig(8, 5)), ValueError, "task is 'sorting': expected one of copying,"),
        (lambda: Run(replace(recipes.reliable, task="recall"), 0, None), None, None),
        (
            lambda: Run(replace(recipes.reliable, task="sort"), 0, None),
            ValueError,
            "10 inputs and 8 outputs: sort of W",
        ),
        (lambda: replace(recipes.reliable, task="odd"), ValueError, "task is 'odd': expected one of 'copying'"),
    ],
)
def test_tasks_that_do_not_fit(call, error, said):
    if error is None:
        assert call().task.name == "recall"
        return
    with pytest.raises(error, match=said):
        call()


@pytest.mark.parametrize(("size", "text"), [(7, "7"), ((3, 11), "3x11"), ((2, 3, 5), "2x3x5")])
def test_sizes_in_words_and_back(size, text):
    assert size_text(size) == text and size_in(text) == size == require_size(size)


@pytest.mark.parametrize("word", ["", "x", "3x", "many", "3 by 4", "3.5"])
def test_words_that_are_no_sizes(word):
    with pytest.raises(ValueError):
        size_in(word)


def test_sizes_that_cannot_be():
    assert one_smaller(7) == 6 and one_smaller((7, 3)) == (6, 3)
    with pytest.raises(ValueError, match="length is 0: expected at least 1"):
        require_size((3, 0))
    with pytest.raises(TypeError, match=r"length is 2\.5: expected a whole number"):
        require_size(2.5)
    for size, said in ((100_000, 101), "100000x101"), ((), r"\(\)"):
        with pytest.raises(ValueError, match=f"size is {said}: expected numbers with a product of 10,000,000"):
            require_size(size)


@pytest.mark.parametrize(
    ("name", "size", "said"),
    [
        ("copying", (3, 5), "size is 3x5: expected one number, such as 20"),
        ("recall", (3, 5), "size is 3x5: expected one number, such as 20"),
        ("recall", 1, "items is 1: expected from 2"),
        ("sort", (3, 5), "size is 3x5: expected one number, such as 20"),
        ("sort", 10_001, "length is 10001: expected at most 10000"),
        ("repeat_copy", 20, "size is 20: expected two numbers"),
        ("ngrams", 5, "length is 5: expected more than the 5 bits of a context"),
    ],
)
def test_a_size_that_a_task_cannot_have(name, size, said):
    task = tasks.task_for(name, NTMConfig(*MACHINES[name]))
    task.require_possible(task.sizes)
    with pytest.raises(ValueError, match=said):
        task.require_possible([*task.sizes, size])
