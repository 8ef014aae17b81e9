"""A live training: it learns as without a picture, is held, goes on, is steered, is played again, and tells of it."""

import html
import math
import re
import subprocess
import sys
import time
from dataclasses import replace

import pytest
import torch
from own_machine import MyNTM

from ntm_lib import tasks
from ntm_lib.machine import NTM
from ntm_lib.runs.train import Result, train
from ntm_lib.teaching import live, widgets
from ntm_lib.teaching.beside import Training
from ntm_lib.teaching.entries import bytes_of_an_update, seed_of
from ntm_lib.teaching.live import LiveTraining, bits_a_bit, choices, in_words, snapshot
from ntm_lib.training import loop, progress, recipes
from ntm_lib.training.curriculum import Shape
from ntm_lib.training.evaluation import Count, Report, Verdict
from ntm_lib.training.progress import Stop
from ntm_lib.training.run import Drawn, Run
from tests.small import SETTLING, SMALL, judge_quickly, same_run, same_tensors, tensors


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """Verdicts and snapshots over short sequences, and pictures whose pixels are never painted."""
    judge_quickly(monkeypatch)
    monkeypatch.setattr(widgets, "vectors", lambda figure: b"lines")
    monkeypatch.setattr(live, "LENGTHS", (1, 3))


def status(widget):
    return html.unescape(re.fullmatch(r'<p role="status" style="margin: 0">(.*)</p>', widget.status.value).group(1))


def wait_for_update(training, update):
    """Until a training has done so many updates; what has stopped it before then is raised, as a drawing's error is."""
    while training.run.progress.update < update:
        if not training.thread.is_alive():
            raise training.error or AssertionError(f"held at update {training.run.progress.update}, before {update}")
        time.sleep(0.01)


def held_after(updates):
    """A training that holds itself after so many updates."""
    training = Training(Run(SMALL, seed=3), lambda: None)

    def hold_in_time():
        if training.run.progress.update == updates - 1:
            training.asked_to_hold.set()

    training.on_change = hold_in_time
    return training


def test_python_ends_in_peace_while_a_machine_learns():
    script = """
from ntm_lib.teaching.beside import Training
from ntm_lib.training import recipes
from ntm_lib.training.run import Run

Training(Run(recipes.reliable, seed=0), lambda: None).go_on()
"""
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stderr) == (0, "")


def test_a_machine_learns_the_same_beside_the_notebook():
    assert same_run(LiveTraining(SMALL, seed=3).finish(), train(SMALL, seed=3))


def test_a_machine_of_one_s_own_learns_beside_the_notebook_too():
    config = replace(SMALL.machine, output_from="hidden")
    recipe = replace(SMALL, machine=config, validation_crowd=1)
    widget = LiveTraining(recipe, 3, MyNTM)
    assert same_run(widget.finish(), train(recipe, seed=3, machine=MyNTM))
    assert "A machine in training" in widget.picture.value
    widget.begin()
    assert type(widget.finish().model) is MyNTM


@pytest.mark.parametrize("updates", [1, 7, 8, 11])
def test_a_training_that_was_held_goes_on_bit_for_bit(updates):
    """8 updates is at a validation, the others are between two."""
    training = held_after(updates)
    training.go_on()
    training.thread.join()
    assert training.result is None and not training.is_running
    assert training.run.progress.update == updates
    training.on_change = lambda: None
    training.go_on()
    training.thread.join()
    assert same_run(training.result, train(SMALL, seed=3))


def test_holding_waits_until_nothing_moves():
    training = Training(Run(replace(SMALL, updates=10_000), seed=3), lambda: None)
    training.go_on()
    training.hold()
    update, weights = training.run.progress.update, tensors(training.run.model)
    assert not training.is_running
    assert training.run.progress.update == update < 10_000
    assert same_tensors(weights, tensors(training.run.model))


def test_a_drawing_that_fails_is_raised_at_once_for_whoever_waits_for_an_update(monkeypatch):
    def no_ink(_):
        raise RuntimeError("no ink")

    monkeypatch.setattr(live, "learning_figure", no_ink)
    widget = LiveTraining(replace(SMALL, updates=10_000), seed=3)
    with pytest.raises(RuntimeError, match="no ink"):
        wait_for_update(widget.training, 10_000)
    assert status(widget).endswith("It stopped with RuntimeError: no ink")


def test_stop_and_continue_by_button():
    widget = LiveTraining(replace(SMALL, updates=10_000), seed=3)
    widget.stop.click()
    assert status(widget).endswith("Stopped.") and not widget.training.is_running
    update = widget.training.run.progress.update
    widget.go_on.click()
    assert widget.training.is_running and not status(widget).endswith("Stopped.")
    wait_for_update(widget.training, update + 1)
    widget.stop.click()
    assert not widget.training.is_running


def test_stop_takes_no_longer_than_an_update(monkeypatch):
    """Pressed in the middle of a round between two validations, which would be of 10,000 updates."""
    widget = LiveTraining(replace(SMALL, updates=20_000, validate_every=10_000), seed=3)
    wait_for_update(widget.training, 3)
    widget.stop.click()
    assert status(widget).endswith("Stopped.")
    widget.training.thread.join()
    assert 3 <= widget.training.run.progress.update < 10_000


def test_start_anew_takes_seed_and_fields():
    widget = LiveTraining(SMALL, seed=3)
    widget.finish()
    for name, text in {"seed": "5", "max_length": " 4 ", "learning_rate": "2e-3"}.items():
        widget.entries[name].value = text
    widget.anew.click()
    assert same_run(widget.finish(), train(replace(SMALL, max_length=4, learning_rate=0.002), seed=5))


@pytest.mark.parametrize(
    ("name", "text", "sentence"),
    [
        ("max_length", "5000", "longest sequence to train on is '5000': expected a whole number from 1 to 50"),
        ("max_length", "0", "longest sequence to train on is '0': expected a whole number from 1 to 50"),
        ("max_length", "3.7", "longest sequence to train on is '3.7': expected a whole number from 1 to 50"),
        ("max_length", "", "longest sequence to train on is '': expected a whole number from 1 to 50"),
        ("learning_rate", "nan", "learning rate at its peak is 'nan': expected a number from 0 to 1"),
        ("learning_rate", "0,005", "learning rate at its peak is '0,005': expected a number from 0 to 1"),
        ("clip_norm", "inf", "longest gradient (0: no limit) is 'inf': expected a number from 0 to 1000"),
        ("clear", "-0.5", "weight of the clear loss (0: none) is '-0.5': expected a number from 0 to 1000"),
        ("clear", "<b>", "weight of the clear loss (0: none) is '<b>': expected a number from 0 to 1000"),
    ],
)
def test_a_value_out_of_bounds_is_named_and_the_training_goes_on(name, text, sentence):
    widget = LiveTraining(replace(SMALL, updates=10_000), seed=3)
    training = widget.training
    widget.stop.click()
    training.thread.join()
    widget.entries[name].value = text
    widget.anew.click()
    assert status(widget) == f"{sentence}; then start anew"
    assert widget.training is training


@pytest.mark.parametrize(
    ("text", "seed"),
    [
        ("7", 7),
        (" 0 ", 0),
        ("4294967295", 4294967295),
        ("a turtle", 0x6307C35A),
        ("-5", 0x37AA1CCF),
        ("3.7", 0xB1133C63),
        ("99999999999", 0xD0199008),
    ],
)
def test_any_text_is_a_seed(text, seed):
    """The others are the first eight hexadecimal digits that `printf %s TEXT | sha256sum` prints."""
    assert seed_of(text) == seed


def test_a_text_as_seed_trains_and_is_told():
    widget = LiveTraining(SMALL, seed=3)
    widget.finish()
    widget.entries["seed"].value = "a turtle"
    widget.anew.click()
    assert same_run(widget.finish(), train(SMALL, seed=seed_of("a turtle")))
    assert status(widget).startswith(f"seed {seed_of('a turtle')}: ")


def test_what_needs_more_memory_than_is_free_is_refused_before_it_starts(monkeypatch):
    widget = LiveTraining(SMALL, seed=3)
    result = widget.finish()
    monkeypatch.setattr(live, "bytes_of_an_update", lambda run: 10**15 if run.recipe.max_length == 50 else 1)
    widget.entries["max_length"].value = "50"
    widget.anew.click()
    assert re.fullmatch(
        r"max_length is 50: an update would need about 1,000,000 GB, and \d+ GB are free; choose shorter sequences;"
        r" then start anew",
        status(widget),
    )
    assert widget.finish() is result
    with pytest.raises(ValueError, match="choose shorter sequences"):
        LiveTraining(replace(SMALL, max_length=50))


def test_what_is_no_task_recipe_or_seed_is_refused():
    with pytest.raises(TypeError, match=r"^task is 5: expected a tasks\.Task, or none for copying$"):
        LiveTraining(SMALL, seed=3, task=5)
    with pytest.raises(TypeError, match=r"^recipe is str: expected a Recipe, such as recipes\.reliable$"):
        LiveTraining("recall", seed=3)
    with pytest.raises(ValueError, match=r"^seed is 1\.5: expected a whole number"):
        LiveTraining(SMALL, seed=1.5)


@pytest.mark.parametrize(("length", "rows", "heads", "width"), [(5, 0, 1, 20), (23, 97, 1, 20), (11, 61, 2, 13)])
def test_memory_of_an_update_is_foretold_within_a_factor_of_two(length, rows, heads, width):
    """Against the sizes of all that autograd and the states keep for the gradient."""
    machine = replace(recipes.COPY_MACHINE, read_heads=heads, write_heads=heads, word_size=width, memory_size=53)
    run = Run(replace(recipes.reliable, machine=machine, max_length=length, largest_memory=rows, batch_size=7), 0)
    batch, kept = run.task.drawn(run.task.draw, 7, length, run.generator), {}

    def keep(tensor):
        kept[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage().nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        _, states = loop.forward(run, Drawn(batch, Shape(length, rows or None)))
    for state in states:
        for part in (state.memory, state.weights, state.reads):
            keep(part)
    assert 0.5 < bytes_of_an_update(run) / sum(kept.values()) < 2


def test_pictures_come_often_while_it_learns_and_can_be_played_again(monkeypatch):
    monkeypatch.setattr(live, "PICTURE_EVERY", 3)
    widget = LiveTraining(replace(SMALL, max_length=9, updates=16), seed=3)
    widget.finish()
    updates = list(widget.pictures)
    assert updates[:3] == [0, 3, 6] and updates[-1] == 16
    assert not widget.replay.disabled and widget.replay.max == widget.replay.value == len(updates) - 1
    last = widget.picture.value
    for place, update in enumerate(updates):
        widget.replay.value = place
        assert f" update {update:,}," in status(widget)
        assert widget.picture.value == widget.pictures[update][1]
    assert widget.picture.value == last
    widget.anew.click()
    assert widget.replay.disabled or not widget.training.is_running
    widget.finish()


def test_a_new_start_shows_the_new_machine_before_it_has_learned_anything(monkeypatch):
    widget = LiveTraining(SMALL, seed=3)
    widget.finish()
    pictures = []
    widget.picture.observe(lambda change: pictures.append(change["new"]), names="value")
    widget.anew.click()
    widget.finish()
    assert "from 1.0 to 1.0 bits a bit" in pictures[0]


def test_what_stops_a_training_is_told_and_raised(monkeypatch):
    def no_room(*_):
        raise MemoryError("no room for <7 rows>")

    monkeypatch.setattr(loop, "update", no_room)
    widget = LiveTraining(SMALL)
    with pytest.raises(MemoryError, match="no room for <7 rows>"):
        widget.finish()
    assert "&lt;7 rows&gt;" in widget.status.value
    assert status(widget).endswith("It stopped with MemoryError: no room for <7 rows>")


def test_a_training_stopped_while_waited_for_says_what_to_do():
    widget = LiveTraining(SMALL, seed=3)
    widget.training.hold()
    widget.training = held_after(1)
    with pytest.raises(RuntimeError, match="run this cell again to go on"):
        widget.finish()


def test_when_it_is_over_verdict_and_last_picture_stand():
    widget = LiveTraining(SMALL, seed=3)
    result = widget.finish()
    assert status(widget) == f"seed 3: update 24, 120 sequences. {in_words(result)}"
    words = live.learning_figure(snapshot(widget.training.run)).get_label()
    assert f'alt="{words}"' in widget.picture.value
    assert repr(widget) == "LiveTraining: run this notebook to watch it and to steer it"


def test_every_entry_has_a_label():
    widget = LiveTraining(SMALL)
    widget.finish()
    assert [entry.description for entry in widget.entries.values()] == [
        "seed: any number or text",
        "longest sequence to train on",
        "learning rate at its peak",
        "longest gradient (0: no limit)",
        "weight of the clear loss (0: none)",
    ]
    assert [button.description for button in (widget.anew, widget.stop, widget.go_on)] == [
        "Start anew",
        "Stop",
        "Continue",
    ]


def test_a_snapshot_leaves_its_run_alone():
    looked_at, left_alone = Run(SMALL, seed=3), Run(SMALL, seed=3)
    for run in (looked_at, left_alone):
        for _ in range(3):
            if run is looked_at:
                snapshot(run)
            loop.update(run)
    assert same_tensors(tensors(looked_at.model), tensors(left_alone.model))


def test_a_snapshot_says_what_the_run_says():
    run = Run(replace(SMALL, updates=8), seed=3)
    history = list(loop.learn(run))
    seen = snapshot(run)
    assert seen.sequences == [0, 20, 40]
    assert seen.loss[0] == 1.0 and seen.loss[1:] == [bits_a_bit(record["loss"]) for record in history]
    assert seen.shown.w.shape == (1, 22, 2, 36)
    assert set(seen.wrong) == {1, 3} and all(20 < share < 80 for share in seen.wrong.values())


def test_choices_are_what_two_steps_of_each_byte_say():
    """Steps of the plain machine from a blank tape: a byte comes in, and is read back alone with a blank input."""
    machine = NTM(replace(recipes.COPY_MACHINE, controller_size=7), torch.Generator().manual_seed(1))
    steps, back, shut = choices(machine).values()
    assert [len(part) for part in (steps, back, shut)] == [256] * 3
    x = torch.zeros(1, 10)
    x[0, [0, 2, 7]] = 1  # the byte 133
    with torch.no_grad():
        coming_in = machine.heads(machine.controller(torch.cat([x, torch.zeros(1, 20)], 1), ())[0])
        read_back = machine.heads(machine.controller(torch.cat([0 * x, coming_in.add[:, 0]], 1), ())[0])
    assert any(math.isclose(steps[133], weight, rel_tol=1e-5) for weight in coming_in.s[0, 1])
    assert any(math.isclose(back[133], weight, rel_tol=1e-5) for weight in read_back.s[0, 0])
    assert math.isclose(shut[133], 1 - read_back.g[0, 0], rel_tol=1e-4)


def test_a_bit_is_the_cost_of_knowing_nothing():
    assert bits_a_bit(0.6931471805599453) == pytest.approx(1)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        (
            {"stopped": Stop(7, 3, "memory", math.nan, 2)},
            "It stopped at update 7, length 3: the memory at time step 2 is not",
        ),
        ({"converged": True}, "Converged: not one wrong bit"),
        ({}, "Not converged: 1,234 wrong bits"),
    ],
)
def test_a_verdict_in_words(changes, sentence):
    verdict = Verdict((Report("random", {20: Count(2, 1, 5000, 1234)}),))
    result = Result(None, recipes.reliable, 0, verdict, False, 0, 0.0, [], None)
    assert in_words(replace(result, **changes)).startswith(sentence)


# Tasks other than copying


RECALL = replace(
    recipes.recall,
    name="small_recall",
    machine=replace(recipes.recall.machine, controller_size=11, word_size=7),
    updates=6,
    batch_size=3,
    max_length=3,
    validate_every=3,
    warmup_updates=1,
)


def test_a_snapshot_of_another_task_has_the_task_s_own_sizes():
    run = Run(RECALL, seed=3)
    seen = snapshot(run)
    assert list(seen.wrong) == [3, 6, 15, 30] and seen.trained_to == 3
    assert not seen.copies and not seen.above_an_optimum
    assert seen.shown.inputs.shape == (1, 3 * 4 + 2 * 3 + 2, 8)
    figure = live.learning_figure(seen)
    _, wrong, tape = figure.axes
    assert [label.get_text() for label in wrong.get_xticklabels()] == ["3", "6", "15", "30"]
    assert wrong.get_xlabel() == "size of the sequence"
    assert tape.get_title(loc="left") == "where the heads point in one sequence"
    assert [text.get_text().strip() for text in tape.texts] == ["the answer begins"]
    assert tape.lines[0].get_xdata()[0] == 3 * 4 + 2 + 3 - 0.5
    assert "At size 30 " in figure.get_label()


def test_sizes_of_two_numbers_and_costs_above_an_optimum_are_told():
    ticks = replace(recipes.repeat_copy_ticks, machine=replace(recipes.repeat_copy_ticks.machine, controller_size=11))
    seen = snapshot(Run(replace(ticks, max_length=2), seed=3))
    assert list(seen.wrong) == [(2, 10), (10, 10), (10, 20), (20, 10)]
    assert "At size 20x10 " in live.learning_figure(seen).get_label()
    ngrams = replace(recipes.ngrams, machine=replace(recipes.ngrams.machine, controller_size=11), max_length=2)
    costs = snapshot(Run(ngrams, seed=3))
    assert costs.above_an_optimum and list(costs.wrong) == [(80, 2), 200]
    words = live.learning_figure(costs).get_label()
    assert re.search(r"At size 200 an answer costs \d+ bits in a hundred more than it must\.$", words)


def test_another_task_learns_beside_the_notebook_too_and_has_no_field_for_the_clear_loss():
    widget = LiveTraining(RECALL, seed=3)
    result = widget.finish()
    assert same_run(result, train(RECALL, seed=3))
    assert list(widget.entries) == ["seed", "max_length", "learning_rate", "clip_norm"]
    assert status(widget).endswith(in_words(result)) and " at sizes 2 and 3." in in_words(result)
    widget.entries["max_length"].value = "none"
    widget.anew.click()
    assert status(widget).startswith("longest sequence to train on is 'none': expected a whole number from 1 to 50")


def flipped(batch_size, length, generator):
    batch = tasks.copy(batch_size, length, 5, generator=generator)
    return batch._replace(targets=(1 - batch.targets) * batch.mask.unsqueeze(-1))


def test_a_task_of_one_s_own_learns_beside_the_notebook_and_widens_the_machine():
    task = tasks.Task(7, 5, flipped, sizes=(3,), trials=(1, 2, 3))
    widget = LiveTraining(SMALL, seed=3, task=task)
    result = widget.finish()
    assert same_run(result, train(SMALL, seed=3, task=task))
    assert (result.model.config.input_size, result.model.config.output_size) == (7, 5)
    assert in_words(result) == f"Not converged: {result.verdict.wrong_bits:,} wrong bits at lengths 2 and 3."
    widget.entries["max_length"].value = "1"
    widget.anew.click()
    assert same_run(widget.finish(), train(replace(SMALL, max_length=1), seed=3, task=task))


def test_a_draw_that_returns_nothing_is_named_in_one_line():
    with pytest.raises(TypeError, match=r"^draw returned ellipsis: expected a tasks\.Batch"):
        LiveTraining(SMALL, task=tasks.Task(7, 5, lambda *_: ...))


def test_a_training_is_held_where_it_settles_and_goes_on_to_its_verdict(monkeypatch):
    monkeypatch.setattr(progress, "SETTLED_LOSS", 100.0)
    widget = LiveTraining(SETTLING, seed=3)
    run = widget.until_it_settles()
    assert run.progress.settled_at == run.progress.update - 1 and not widget.training.is_running
    assert status(widget).endswith("it has learned its lengths, and settles. Stopped.")
    widget.go_on.click()
    assert same_run(widget.finish(), train(SETTLING, seed=3))


def test_a_training_that_never_settles_is_waited_for_to_its_verdict():
    widget = LiveTraining(SMALL, seed=3)
    assert widget.until_it_settles().progress.settled_at is None
    assert widget.training.result is not None


def test_a_training_stopped_before_it_settled_says_what_to_do():
    widget = LiveTraining(SMALL, seed=3)
    widget.training.hold()
    widget.training = held_after(1)
    with pytest.raises(RuntimeError, match="stopped before it settled: run this cell again to go on"):
        widget.until_it_settles()


def test_verdicts_name_their_sizes_and_what_was_counted():
    def said(reports, converged, recipe=recipes.recall):
        return in_words(Result(None, recipe, 0, Verdict(reports), converged, 0, 0.0, [], None))

    exact, cost = Count(2, 0, 5000, 0), Count(2, 0, 5000, 0, excess_bits=0.5)
    ticks = Report("random", {(10, 10): exact, (20, 10): exact})
    assert said((ticks,), True) == "Converged: not one wrong bit at sizes 10x10 and 20x10."
    ngrams = Report("random", {200: cost})
    assert said((ngrams,), True) == "Converged: less than a bit a sequence above the optimum at size 200."
    dear = Report("random", {200: Count(2, 2, 5000, 1234, excess_bits=1236.0)})
    assert said((dear,), False) == "Not converged: 1,234 bits too many at size 200."
    copies = Report("random", {20: exact, 50: exact, 120: exact}), Report("chosen", {20: exact})
    assert said(copies, True, recipes.reliable) == (
        "Converged: not one wrong bit at lengths 20, 50 and 120, not even in payloads chosen against it."
    )
