"""Payloads chosen against a machine: hand-made machines with one weak byte, and the byte that is found."""

from dataclasses import replace

import pytest
import torch
from copier import Copier
from machines import raises
from torch import nn

from ntm_lib import NTM, NTMConfig, tasks
from ntm_lib.analysis.copies import rows_needed, wrong_bits
from ntm_lib.analysis.trace import trace
from ntm_lib.machine import LSTMBaseline, LSTMConfig
from ntm_lib.tasks import Task, chosen_payload, weaknesses
from ntm_lib.tasks.chosen import HARDEST, PATTERNS, REPEATS, probed_vectors
from ntm_lib.teaching.handmade import END, START, SURE, copier, head_rows
from ntm_lib.training import evaluation
from ntm_lib.training.evaluation import Count, evaluate

BYTE, FREE_UNIT = 77, 11
WEAKNESSES = ["jump", "shift", "gate", "sharpening", "rest", "writer", "bits"]
INCOMING, READ = 0, 10
"""Where the bits stand among the controller's inputs: of an input vector, of the row just read."""


@torch.no_grad()
def weak_for(weakness, byte=BYTE, by=None):
    """A hand-made copier with some of one weakness, for one byte alone."""
    machine = copier()
    reader, writer = head_rows(machine)
    heard, row, some = {
        "jump": (INCOMING, writer["add"][START], 0.5),  # its row looks like the one the reader looks for
        "shift": (READ, reader["stay"], 2 * SURE - 2),  # the reader hardly walks on
        "gate": (READ, reader["g"], SURE - 2),
        "sharpening": (READ, reader["gamma"], -SURE / 2),
        "rest": (INCOMING, reader["forward"], SURE),
        "writer": (READ, writer["add"][0], 0.5),  # as it is read, something is written
        "bits": (INCOMING, writer["add"][0], -0.3),  # a one comes back less clearly
    }[weakness]
    bits = tasks.number_bits(torch.tensor(byte))
    listen = machine.controller.from_input
    listen.weight[FREE_UNIT, heard : heard + 8] = SURE * (2 * bits - 1)
    listen.bias[FREE_UNIT] = SURE * (0.5 - bits.sum())  # 1 for the byte, -1 for all others and for none
    machine.heads.linear.weight[row, FREE_UNIT] += (by or some) / 2
    machine.heads.linear.bias[row] += (by or some) / 2
    return machine


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def numbers(payload):
    return tasks.bits_number(payload).tolist()


# Weaknesses


@pytest.mark.parametrize("weakness", WEAKNESSES)
@pytest.mark.parametrize("byte", [BYTE, 255, 1])
def test_the_weak_byte_is_found(weakness, byte):
    scores = weaknesses(weak_for(weakness, byte))[weakness]
    nearest, next_to_it = scores.topk(2).values
    assert scores.argmax() == byte and nearest > next_to_it + 0.01


@pytest.mark.parametrize("shift", ["stay", "backward"])
def test_a_walk_that_fails_for_one_byte_is_found_though_it_is_clear(shift):
    """No doubt about the shift: it is the wrong one."""
    machine = weak_for("shift")
    machine.heads.linear.weight.data[head_rows(machine)[0][shift], FREE_UNIT] += 2 * SURE
    machine.heads.linear.bias.data[head_rows(machine)[0][shift]] += 2 * SURE
    scores = weaknesses(machine)["shift"]
    assert scores.argmax() == BYTE and scores[BYTE] > 0.99
    count = evaluate(machine, [20], 28, kind="chosen").lengths[20]
    assert count.wrong_sequences > 0 == evaluate(copier(), [20], 28, kind="chosen").wrong_bits


def test_a_code_like_the_jumps_key_fails_where_random_payloads_do_not():
    """The byte's row is more like the key than the start marker's row is; 20 random bytes rarely hold it."""
    machine = weak_for("jump", by=10)
    chosen = evaluate(machine, [20], 1, kind="chosen").lengths[20]
    assert evaluate(machine, [20], 1, seed=1).wrong_bits == 0 < chosen.wrong_bits


CONFIGS = {
    "feed-forward": {},
    "lstm": {"controller": "lstm"},
    "several heads": {"read_heads": 2, "write_heads": 3},
    "single": {"read_heads": 2, "write_heads": 2, "weightings": "single"},
    "shared": {"read_heads": 3, "weightings": "shared-previous"},
    "learned memory": {"initial_memory": "learned", "memory_size": 5, "initial_value": 0.1},
    "random weights": {"initial_weights": "random", "memory_size": 23},
    "far shifts": {"shift_range": 3, "output_from": "reads", "initial_reads": "memory"},
}


def machine_of(config, width=3, markers=2):
    torch.manual_seed(0)
    machine = NTM(NTMConfig(width + markers, width, word_size=7, controller_size=11, **CONFIGS[config]))
    for parameter in machine.parameters():
        parameter.data = 2 * parameter.data + 0.1 * torch.randn_like(parameter)
    return machine


@pytest.mark.parametrize("markers", [1, 2])
@pytest.mark.parametrize("config", CONFIGS)
def test_weaknesses_are_what_a_trace_shows(config, markers):
    """Number by number, from every step of copies of one vector."""
    machine = machine_of(config, markers=markers).double()
    found = weaknesses(machine)
    assert list(found) == WEAKNESSES
    rows = 2 * (2 * REPEATS + markers) if machine.free_memory_size else None
    vectors = tasks.number_bits(torch.arange(8), 3)
    batch = tasks.frame_copy(vectors.unsqueeze(1).expand(-1, REPEATS, -1), markers == 2).like(machine.output.weight)
    seen = trace(machine, batch, rows)
    end, readers = REPEATS + markers - 1, range(machine.config.read_heads)
    answer = range(end + 2, end + 1 + REPEATS)
    writers = range(seen.w_write.shape[2])
    s = seen.emission.s
    usual = [s[:, list(answer), head].mean((0, 1)).argmax() for head in readers]
    for v in range(8):
        written = [seen.w_write[v, end - 1, head] @ seen.memory[v, end - 1] for head in writers]
        keys = [seen.emission.key[v, end, head] for head in readers]
        likeness = [torch.cosine_similarity(row, key, dim=0).item() for row in written for key in keys]
        before = [(1 - seen.w_read[v, t, h] @ seen.w_read[v, t - 1, h]).item() for t in range(1, end) for h in readers]
        margins = (seen.logits[v] * (2 * batch.targets[v] - 1))[end + 1 :]
        expected = {
            "jump": max(likeness),
            "shift": max(1 - s[v, t, head, usual[head]].item() for t in answer for head in readers),
            "gate": max(seen.emission.g[v, t, head].item() for t in answer for head in readers),
            "sharpening": max(-seen.emission.gamma[v, t, head].item() for t in answer for head in readers),
            "rest": max(before),
            "writer": sum(
                (seen.memory[v, t] - seen.memory[v, t - 1]).square().sum().item()
                for t in range(end + 1, len(seen.mask[0]))
            ),
            "bits": -margins.min().item(),
        }
        assert {name: score[v].item() for name, score in found.items()} == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize("width", [1, 2, 8, 9, 62])
@pytest.mark.parametrize("config", CONFIGS)
def test_machines_of_every_kind_and_width(config, width):
    machine = machine_of(config, width, 1 + width % 2)
    for dtype in (torch.float64, torch.bfloat16, torch.float16):
        scores = weaknesses(machine.to(dtype)).values()
        assert all(score.isfinite().all() and score.shape == (len(probed_vectors(width)),) for score in scores)
        payload = chosen_payload(machine, 33, 5, generator())
        assert payload.shape == (33, 5, width) and payload.dtype == torch.float32
        assert ((payload == 0) | (payload == 1)).all()


def test_a_machine_without_a_memory_has_one_weakness():
    machine = LSTMBaseline(LSTMConfig(5, 3, 7))
    assert list(weaknesses(machine)) == ["bits"]
    assert chosen_payload(machine, 9, 5).shape == (9, 5, 3)
    assert evaluate(machine, [5], 9, kind="chosen").lengths[5].bits == 9 * 5 * 3


def test_vectors_that_a_machine_is_probed_with():
    assert numbers(probed_vectors(3)) == list(range(8)) and numbers(probed_vectors(8)) == list(range(256))
    wide = probed_vectors(40)
    ones = wide.sum(1)
    assert len(wide) == len(wide.unique(dim=0)) <= 256 and ones.min() == 0 and ones.max() == 40
    assert torch.equal(wide, probed_vectors(40))


def test_nothing_else_is_touched():
    """Neither gradients nor random numbers of others; and autocast does not reach inside."""
    machine, before = machine_of("feed-forward"), torch.get_rng_state()
    found = weaknesses(machine)
    chosen_payload(machine, 29, 5, generator())
    assert torch.equal(torch.get_rng_state(), before)
    assert not any(score.requires_grad for score in found.values())
    assert all(parameter.grad is None for parameter in machine.parameters())
    with torch.autocast("cpu", dtype=torch.bfloat16):
        under_autocast = weaknesses(machine)
    assert all(torch.equal(under_autocast[name], found[name]) for name in found)


# Payloads


def test_each_pattern_by_hand():
    """The first weakness, jump, in each of the patterns."""
    machine = weak_for("jump")
    ranking = weaknesses(machine)["jump"].argsort(descending=True, stable=True).tolist()
    assert ranking[0] == BYTE
    payload = chosen_payload(machine, 28, 9, generator())
    repeated, after, alternating, mixed = (numbers(payload[pattern * 7]) for pattern in range(len(PATTERNS)))
    assert repeated == [BYTE] * 9
    assert after == [ranking[1]] + [BYTE] * 8
    assert alternating == [BYTE, ranking[1]] * 4 + [BYTE]
    assert set(mixed) <= set(ranking[:HARDEST]) and len(set(mixed)) > 1


def test_every_weakness_meets_every_pattern_and_then_the_next_hardest_vector():
    machine = weak_for("jump")
    rankings = [score.argsort(descending=True, stable=True).tolist() for score in weaknesses(machine).values()]
    payload = [numbers(one) for one in chosen_payload(machine, 2 * 28 + 1, 6, generator())]
    assert payload[:7] == [[ranking[0]] * 6 for ranking in rankings]
    assert payload[28:35] == [[ranking[1]] * 6 for ranking in rankings]
    assert payload[14:21] == [[ranking[0], ranking[1]] * 3 for ranking in rankings]
    assert payload[56] == [rankings[0][2]] * 6


def test_the_generator_decides_the_random_order_alone():
    machine = weak_for("jump")
    first, same, other = (chosen_payload(machine, 28, 20, generator(seed)) for seed in (3, 3, 4))
    assert torch.equal(first, same)
    assert torch.equal(first[:21], other[:21]) and not torch.equal(first[21:], other[21:])


@pytest.mark.parametrize(
    ("batch_size", "length", "error", "text"),
    [
        (0, 5, ValueError, "batch_size is 0: expected at least 1"),
        (2, -1, ValueError, "length is -1: expected at least 1"),
        (2, 2.5, TypeError, "length is 2.5: expected a whole number"),
    ],
)
def test_bad_sizes(batch_size, length, error, text):
    with raises(error, text):
        chosen_payload(copier(), batch_size, length)


@pytest.mark.parametrize("use", [weaknesses, lambda machine: chosen_payload(machine, 2, 3)])
def test_a_machine_without_room_for_markers(use):
    with raises(ValueError, "this machine has 8 inputs and 8 outputs: a copy needs one input more"):
        use(NTM(NTMConfig(8, 8)))


# The kind "chosen" of evaluate


@pytest.mark.parametrize(("weakness", "by"), [("jump", 10), ("bits", -0.9)])
def test_evaluate_counts_errors_in_chosen_payloads(weakness, by):
    machine = weak_for(weakness, by=by)
    report = evaluate(machine, [7, 11], 33, seed=2, kind="chosen")
    assert report.kind == "chosen"
    for length, count in report.lengths.items():
        payload = chosen_payload(machine, 33, length, evaluation.generator_of(2, length))
        wrong = wrong_bits(machine, payload, rows_needed(length))
        assert count == Count(33, int((wrong > 0).sum()), 33 * length * 8, int(wrong.sum()))
    assert 0 < report.lengths[11].wrong_sequences < 33


def test_running_sequences_in_turn_changes_no_payload(monkeypatch):
    whole, singly = Copier(), Copier()
    evaluate(whole, [5], 11, kind="chosen")
    monkeypatch.setattr(evaluation, "NUMBERS_AT_ONCE", 1)
    evaluate(singly, [7, 5], 11, kind="chosen")
    assert len(singly.runs()) == 2 * 11
    assert torch.equal(singly.saw()[5], whole.saw()[5])


def test_a_crowd_may_stand_around_chosen_payloads():
    """The byte's row is a little like the jump's key: a few do no harm, millions do."""
    machine = weak_for("jump")
    reader, _ = head_rows(machine)
    machine.heads.linear.bias.data[reader["beta"]] = SURE
    machine.heads.linear.weight.data[reader["g"], END] = 1.25 * SURE  # a small part of the old weighting stays
    assert evaluate(machine, [9], 28, kind="chosen").wrong_bits == 0
    assert evaluate(machine, [9], 28, kind="chosen", crowd=1e6).wrong_bits > 0


def test_a_task_of_ones_own_has_none_unless_it_says_how():
    own = replace(tasks.copying(3), chosen=None, tests={}, name="a task of one's own")
    with raises(ValueError, "kind is 'chosen': expected one of drawn (a task of one's own has no field `chosen`"):
        evaluate(Copier(), [5], 2, kind="chosen", task=own)
    asked = []

    def against(machine):
        asked.append(machine)
        return own.draw

    machine, task = Copier(), Task(5, 3, own.draw, chosen=against)
    assert evaluate(machine, [5, 7], 2, kind="chosen", task=task).wrong_bits == 0
    assert asked == [machine, machine]
    named = Task(5, 3, own.draw, tests={"chosen": own.draw})
    assert evaluate(Copier(), [5], 2, kind="chosen", task=named).kind == "chosen"


def test_an_unknown_kind_names_all():
    with raises(
        ValueError,
        "kind is 'odd': expected one of random, zeros, ones, repeat, alternating, one-hot, counting, text, chosen",
    ):
        evaluate(Copier(), [5], 2, kind="odd")


@pytest.mark.parametrize("use", [weaknesses, lambda machine: chosen_payload(machine, 2, 3), tasks.copying(3).chosen])
@pytest.mark.parametrize("thing", ["x", None, nn.Linear(3, 3), NTMConfig(5, 3), NTM])
def test_a_thing_that_is_no_machine_is_refused(use, thing):
    with raises(TypeError, f"machine is {type(thing).__name__}: expected an NTM or an LSTMBaseline"):
        use(thing)
