"""A live training: it learns as without a picture, is held and goes on, is steered, and tells where it stands."""

import html
import math
import re
import time
from dataclasses import replace

import pytest
import torch
from own_machine import MyNTM

from ntm_lib.machine import NTM
from ntm_lib.runs.train import Result, train
from ntm_lib.teaching import live
from ntm_lib.teaching.live import LiveTraining, Training, bits_a_bit, choices, in_words, snapshot
from ntm_lib.training import loop, recipes
from ntm_lib.training.evaluation import Count, Report, Verdict
from ntm_lib.training.progress import Stop
from ntm_lib.training.run import Run
from tests.small import SMALL, judge_quickly, same_run, same_tensors, tensors


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """Verdicts and pictures over short sequences."""
    judge_quickly(monkeypatch)
    monkeypatch.setattr(live, "LENGTHS", (1, 3))


def status(widget):
    return html.unescape(re.fullmatch(r'<p role="status">(.*)</p>', widget.status.value).group(1))


def held_after(validations):
    """A training that holds itself after so many validations."""
    training = Training(Run(SMALL, seed=3), lambda: None)
    seen = []

    def hold_in_time():
        seen.append(training.run.progress.update)
        if len(seen) >= validations:
            training.asked_to_hold.set()

    training.on_change = hold_in_time
    return training


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


@pytest.mark.parametrize("validations", [1, 2])
def test_a_training_that_was_held_goes_on_bit_for_bit(validations):
    training = held_after(validations)
    training.go_on()
    training.thread.join()
    assert training.result is None and not training.is_running
    assert training.run.progress.update == validations * SMALL.validate_every
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


def test_stop_and_continue_by_button():
    widget = LiveTraining(replace(SMALL, updates=10_000), seed=3)
    widget.stop.click()
    assert status(widget).endswith("Stopped.") and not widget.training.is_running
    update = widget.training.run.progress.update
    widget.go_on.click()
    assert widget.training.is_running and not status(widget).endswith("Stopped.")
    while widget.training.run.progress.update == update:
        time.sleep(0.01)
    widget.stop.click()
    assert not widget.training.is_running


def test_start_anew_takes_seed_and_fields():
    widget = LiveTraining(SMALL, seed=3)
    widget.finish()
    for name, value in {"seed": 5, "max_length": 4}.items():
        widget.entries[name].value = value
    widget.anew.click()
    assert same_run(widget.finish(), train(replace(SMALL, max_length=4), seed=5))


def test_a_number_beyond_its_bounds_becomes_the_nearest_that_fits():
    widget = LiveTraining(SMALL, seed=3)
    widget.finish()
    for name, value, fits in (
        ("seed", 99999999999, 4294967295),
        ("seed", -5, 0),
        ("max_length", 5000, 50),
        ("max_length", 0, 1),
        ("learning_rate", 1e308, 1.0),
        ("clip_norm", 1e308, 1000.0),
        ("clear", 1e308, 1000.0),
        ("clear", -0.5, 0.0),
    ):
        widget.entries[name].value = value
        assert widget.entries[name].value == fits


def test_a_value_that_does_not_fit_is_named_and_the_training_stands():
    widget = LiveTraining(SMALL, seed=3)
    result = widget.finish()
    widget.entries["learning_rate"].value = math.nan
    widget.anew.click()
    assert status(widget).startswith("learning_rate is nan") and status(widget).endswith("; then start anew")
    assert widget.finish() is result


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
        "seed",
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
    assert seen.copied.w.shape == (1, 22, 2, 36)
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
