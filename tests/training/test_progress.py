"""Progress: the running loss, levels, when a machine settles, when it counts as exact, and when training ends."""

import math
from dataclasses import FrozenInstanceError, replace

import pytest
from small import SETTLING, SMALL

from ntm_lib.training import progress as module
from ntm_lib.training.progress import Progress, Stop, note_update
from ntm_lib.training.run import Run

# One update is counted


def test_the_running_loss_by_hand():
    progress = Progress()
    for loss, expected in ((2.0, 2.0), (1.0, 1.9), (0.0, 1.71), (3.0, 1.839)):
        note_update(SMALL, progress, 1, loss)
        assert progress.running_loss == pytest.approx(expected)


def test_the_level_rises_by_one_when_learned(monkeypatch):
    monkeypatch.setattr(module, "LEVEL_LOSS", 0.2)
    progress = Progress(level=3)
    for length, loss, level in ((2, 0.1, 3), (3, 0.3, 3), (3, 0.2, 3), (3, 0.1, 4), (3, 0.0, 4), (9, 0.1, 5)):
        note_update(SMALL, progress, length, loss)
        assert progress.level == level


def test_settling_begins_once(monkeypatch):
    """With the running loss, not with one lucky loss, and at the update that comes next."""
    monkeypatch.setattr(module, "SETTLED_LOSS", 0.85)
    progress = Progress()
    for done, (loss, settled_at) in enumerate([(1.0, None), (0.1, None), (0.1, 3), (5.0, 3), (0.0, 3)]):
        progress.update = done
        note_update(SETTLING, progress, 1, loss)  # running: 1, 0.91, 0.829
        assert progress.settled_at == settled_at


def test_a_machine_that_settled_in_vain_learns_again(monkeypatch):
    """After its time, with the running loss of a new machine, log 2."""
    monkeypatch.setattr(module, "SETTLED_LOSS", 0.5)
    recipe = replace(SETTLING, settle_updates=3, settle_at_least=1)
    progress = Progress(update=4, settled_at=5, running_loss=0.1)
    seen = []
    for done in (5, 6, 7, 8, 9, 10, 11):
        progress.update = done
        note_update(recipe, progress, 1, 0.1)
        seen.append(progress.settled_at)
        if done == 7:
            assert progress.running_loss == pytest.approx(math.log(2))
    assert seen == [5, 5, None, None, None, None, 12]  # log 2, 0.634, 0.581, 0.532, 0.489


def test_a_machine_that_was_exact_when_last_asked_is_not_let_go(monkeypatch):
    monkeypatch.setattr(module, "SETTLED_LOSS", 0.5)
    recipe = replace(SETTLING, settle_updates=3, settle_at_least=1)
    progress = Progress(update=7, settled_at=5, running_loss=0.1, exact_in_a_row=1)
    note_update(recipe, progress, 1, 0.1)
    assert progress.settled_at == 5
    progress.update, progress.exact_in_a_row = 8, 0
    note_update(recipe, progress, 1, 0.1)
    assert progress.settled_at is None


def test_a_recipe_without_settling_never_settles():
    progress = Progress()
    note_update(SMALL, progress, 1, 0.0)
    assert progress.settled_at is None


def test_updates_and_sequences_are_counted():
    progress = Progress()
    for count in (1, 2, 3):
        note_update(SMALL, progress, 1, 0.7)
        assert (progress.update, progress.sequences) == (count, 5 * count)


@pytest.mark.parametrize(("settled_at", "expected"), [(None, None), (7, 0), (3, 4)])
def test_how_long_a_machine_has_settled(settled_at, expected):
    assert Progress(update=7, settled_at=settled_at).settled_for == expected


# When a training ends


def a_run(recipe, **progress):
    """A run that has come so far."""
    run = Run(recipe, 0)
    run.progress = Progress(**progress)
    return run


@pytest.mark.parametrize(("enough", "converged_at"), [(1, 1), (2, 4), (3, 8), (4, None)])
def test_exact_validations_in_a_row_converge(enough, converged_at):
    progress, seen = Progress(), []
    for progress.update, wrong in enumerate([0, 3, 0, 0, 5, 0, 0, 0], 1):
        progress.note_validation(wrong, enough)
        seen.append(progress.exact_in_a_row)
    assert seen == [1, 0, 1, 2, 0, 1, 2, 3]
    assert progress.converged_at == converged_at


@pytest.mark.parametrize(
    ("recipe", "settled_at", "expected"),
    [(SMALL, None, True), (SETTLING, None, False), (SETTLING, 12, False), (SETTLING, 11, True), (SETTLING, 3, True)],
)
def test_a_validation_counts_when_a_machine_has_settled_for_long_enough(recipe, settled_at, expected):
    """`SETTLING` asks for 9 updates of settling; `SMALL` never settles."""
    assert a_run(recipe, update=20, settled_at=settled_at).may_be_exact == expected


STOP = Stop(update=8, length=2, what="memory", loss=math.nan, step=3)


@pytest.mark.parametrize(
    ("keep", "state", "done"),
    [
        (0.0, {"update": 7}, False),
        (0.0, {"update": 24}, True),
        (0.0, {"update": 8, "converged_at": 8}, True),
        (0.5, {"update": 11, "converged_at": 8}, False),
        (0.5, {"update": 12, "converged_at": 8}, True),
        (0.3, {"update": 10, "converged_at": 8}, False),  # 10.4, rounded to the update that completes it
        (4.0, {"update": 24, "converged_at": 8}, False),
        (0.0, {"update": 7, "stopped": STOP}, True),
    ],
)
def test_where_a_training_ends(keep, state, done):
    """Asking changes nothing."""
    run = a_run(replace(SMALL, keep_training=keep), **state)
    for _ in range(2):
        assert run.is_done == done
    assert run.progress == Progress(**state)


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        ({"update": 7}, False),
        ({"update": 8}, True),
        ({"update": 24}, True),
        ({"update": 11, "converged_at": 11}, True),
        ({"update": 7, "stopped": STOP}, True),
    ],
)
def test_where_a_training_pauses(state, expected):
    assert a_run(SMALL, **state).pauses == expected


@pytest.mark.parametrize(
    ("stop", "sentence"),
    [
        (STOP, "update 8, length 2: the memory at time step 3 is not finite (loss nan)"),
        (
            Stop(41, 7, "gradient of output.bias", 0.25),
            "update 41, length 7: the gradient of output.bias is not finite (loss 0.25)",
        ),
        (Stop(1, 1, "memory", math.inf, 0), "update 1, length 1: the memory at time step 0 is not finite (loss inf)"),
    ],
)
def test_a_stop_in_words(stop, sentence):
    assert str(stop) == sentence
    with pytest.raises(FrozenInstanceError):
        stop.update = 3
