"""Findings from histories written by hand: explosions, ends at numbers that are not finite, copies learned and lost."""

import pytest

from ntm_lib.analysis.history import from_history
from ntm_lib.training.progress import Progress, Stop

LOST = "lost what it had learned"


def record(update, loss=0.3, norm=0.5, wrong=None):
    return {"update": update, "loss": loss, "gradient_norm": norm, "validation_wrong_bits": wrong}


def named(history, **progress):
    """Findings of a history by name."""
    found = from_history(Progress(history=history, **progress))
    assert all(bool(finding.cure) == finding.fault and finding.sentence.endswith(".") for finding in found)
    return {finding.name: finding for finding in found}


CALM = [record(25 * n, 0.4 - 0.05 * n, norm=0.1 * n) for n in range(1, 7)]
LONGER = [record(25 * n, 0.02 * n, norm=1e4 if n == 9 else 1.0) for n in range(1, 21)]


@pytest.mark.parametrize(
    "history",
    [
        [record(25, 0.6), record(50, 0.2, norm=9.0), record(75, 0.01, wrong=3), record(100, 0.01, wrong=0)],
        [*CALM, record(175, 0.9, norm=1e4), record(200, 0.6), record(225, 0.05)],
        LONGER,
    ],
    ids=["uneventful", "the loss came back after a large gradient", "a large gradient while sequences get longer"],
)
def test_no_alarm(history):
    assert named(history) == {}


@pytest.mark.parametrize(
    ("history", "evidence"),
    [
        (
            [*CALM, record(175, 0.9, norm=1e4), record(200, 0.6), record(225, 0.5)],
            {"updates": [150, 175], "norm": 1e4, "loss_before": pytest.approx(0.1), "best_loss_after": 0.5},
        ),
        (
            LONGER[:8] + [record(25 * n, 0.3 + 0.02 * n, norm=1e4 if n == 9 else 1.0) for n in range(9, 21)],
            {"updates": [200, 225]},
        ),
        (
            [record(10, 3.4, 100.0), record(20, 2.1, 1e11), *(record(10 * n, 1.6, 150.0) for n in range(3, 9))],
            {"updates": [10, 20]},
        ),
    ],
    ids=["a calm training", "a curriculum", "the start, and guessing would be better"],
)
def test_an_explosion_is_a_large_gradient_that_the_loss_did_not_get_over(history, evidence):
    found = named(history)
    assert found.keys() == {"gradient explosion"} and found["gradient explosion"].fault
    assert found["gradient explosion"].evidence.items() >= evidence.items()


def test_a_copy_that_was_learned_and_lost():
    history = [record(25, wrong=4), record(50, wrong=0), record(75, wrong=0), record(100, wrong=7)]
    lost = named(history)[LOST]
    evidence = {"exact_at": 50, "lost_at": 100, "wrong_bits": 7, "wrong_bits_at_the_end": 7}
    assert lost.fault and lost.evidence == evidence
    again = named([*history, record(125, wrong=0)])[LOST]
    assert not again.fault and again.sentence.endswith("at update 125, is exact again.")


@pytest.mark.parametrize(
    ("stop", "words"),
    [
        (Stop(532, 20, "memory", 0.4, 17), "update 532, length 20: the memory at time step 17 is not finite"),
        (
            Stop(9, 5, "gradient of output.weight", 0.4),
            "update 9, length 5: the gradient of output.weight is not finite",
        ),
    ],
)
def test_a_training_that_stopped_names_update_length_and_part(stop, words):
    found = named([record(stop.update - 1, norm=float("nan"))], stopped=stop)["not finite"]
    assert found.fault and words in found.sentence
    assert found.evidence == {"update": stop.update, "length": stop.length, "step": stop.step, "what": stop.what}
