"""Diagnosis: each fault is planted in a machine that works, and found; machines that work raise no alarm."""

import dataclasses
import json
import re
from pathlib import Path

import planted
import pytest
import torch
from planted import (
    FORWARD,
    HEAR_END,
    HEAR_WRITTEN,
    LENGTH,
    READ,
    WRITE,
    deafen,
    part,
    random_bits,
    rebuilt,
    set_bias,
    set_weight,
)
from torch import nn

from ntm_lib import load, tasks
from ntm_lib.analysis.causes import causes
from ntm_lib.analysis.copies import judged_payloads
from ntm_lib.analysis.diagnosis import diagnose, explain, sample, shares_wrong, study_entry, wrong_in_verdict
from ntm_lib.analysis.finding import CAUSES, CURES, Finding, Kind, head_name
from ntm_lib.analysis.habits import SHORT
from ntm_lib.analysis.trace import trace_copy
from ntm_lib.machine import NTM, LSTMBaseline, LSTMConfig, NTMConfig
from ntm_lib.teaching.handmade import ANSWERING, SURE, WRITTEN, copier
from ntm_lib.training import recipes
from ntm_lib.training.evaluation import Count, Report, judge
from ntm_lib.training.progress import Progress
from ntm_lib.training.run import Run


def named(found, name):
    """The one finding of that name."""
    (finding,) = [finding for finding in found if finding.name == name]
    assert finding.sentence.endswith(".") and bool(finding.cure) == finding.fault
    return finding


def fault_names(found):
    return {finding.name for finding in found if finding.fault}


def has(finding, **evidence):
    return finding.evidence.items() >= evidence.items()


# machines that work


def mirrored():
    """A copier whose heads walk backward."""
    machine = copier()
    with torch.no_grad():
        for head in (READ, WRITE):
            backward, _, forward = part(machine, "s", head).tolist()
            for values in (machine.heads.linear.weight, machine.heads.linear.bias):
                values[[backward, forward]] = values[[forward, backward]]
    return machine


@pytest.mark.parametrize(("make", "way", "row", "step"), [(copier, "forwards", 2, 1), (mirrored, "backwards", 60, -1)])
def test_a_healthy_machine_is_healthy_and_says_how_it_works(make, way, row, step):
    healthy, stores, reads = diagnose(make(), length=LENGTH)
    assert [healthy.name, stores.name, reads.name] == ["healthy", f"stores {way}", "reads by content"]
    assert healthy.sentence == "No fault: all 2,024 bits of 11 sequences of 23 vectors come back."
    assert stores.evidence == {"first_row": row, "rows": 62, "step": step, "share": 1.0}
    assert stores.sentence == f"The write head writes the first vector to row {row} of 62 and stores {way}."
    assert has(reads, waits_on=0, lands_on=row, step=step)
    assert not any(finding.fault or finding.cure for finding in (healthy, stores, reads))


MACHINES = Path(__file__).parents[2] / "data" / "machines"


@pytest.mark.parametrize("name", sorted(path.parent.name for path in MACHINES.glob("*/run.safetensors")))
def test_no_alarm_for_machines_that_converged(name):
    """Verdicts of version 0.1.0 had no payloads that are chosen against the machine: a diagnosis asks for them."""
    model, run = load(MACHINES / name)
    if isinstance(model, NTM) and run.task.name == "copying":
        chosen = len(wrong_in_verdict(model, "chosen", 120)) > 0
        assert bool(fault_names(diagnose(model, run))) == (chosen or not run.progress.verdict.converged)
        assert not chosen or fault_names(diagnose(model))


# planted faults


@pytest.mark.parametrize(
    ("changes", "rows", "fault"),
    [
        ({"g": [-30.0]}, None, "missed jump"),
        ({"beta": [-30.0]}, None, "missed jump"),
        ({"gamma": [-30.0], "s": [0.0, 5.0, 0.0]}, None, "blur"),
        ({}, 23, "wrap-around"),
    ],
)
def test_faults_planted_in_a_trained_machine(changes, rows, fault):
    machine, _ = load(MACHINES / "two_weightings")
    with torch.no_grad():
        for name, change in changes.items():
            machine.heads.linear.bias[part(machine, name, READ)] += torch.tensor(change)
    found = diagnose(machine, length=31, memory_size=rows)
    split = named(found, "wrong bits").evidence["causes"]
    assert fault in fault_names(found) and max(split, key=split.get) == fault


def test_a_leaking_shift_blurs_the_writer():
    machine = copier()
    set_bias(machine, "s", WRITE, [0.0, 0.0, 2.0])
    set_bias(machine, "gamma", WRITE, [-SURE])
    blur = named(diagnose(machine, length=LENGTH), "blur")
    leak = 2 / (2 + torch.tensor(2.0).exp().item())
    assert blur.fault and has(blur, head="write", leak=pytest.approx(leak), gamma=pytest.approx(1))
    assert blur.evidence["peaks"] == sorted(blur.evidence["peaks"])[::-1]
    weight, steps = 1.0, 1  # by hand: the largest of the blended steps, one more at every vector
    spread = torch.tensor([1.0])
    one_step = torch.tensor([[[1 - leak, leak / 2, leak / 2]]])
    while weight >= 0.5:
        spread = nn.functional.conv1d(spread.view(1, 1, -1), one_step, padding=2).flatten()
        weight, steps = spread.max().item(), steps + 1
    assert blur.evidence["step"] <= steps


def test_a_reader_that_blurs_is_told_from_a_writer_that_does():
    machine = copier()
    set_bias(machine, "gamma", READ, [-SURE])
    set_weight(machine, "s", READ, FORWARD, HEAR_WRITTEN, SURE + 1.5)
    blur = named(diagnose(machine, length=LENGTH), "blur")
    assert has(blur, head="read") and blur.sentence.startswith("The read head blurs")


def test_a_gate_that_stays_closed_misses_the_jump():
    found = diagnose(planted.closed_gate(), length=LENGTH)
    jump = named(found, "missed jump")
    near_0 = pytest.approx(0, abs=1e-6)
    assert has(jump, step=LENGTH + 1, g=near_0, old_row=0, kept=pytest.approx(1))
    assert "its gate of 0.00 keeps it where it was" in jump.sentence and "gate to open" in jump.cure
    assert named(found, "location-only addressing").fault


def test_a_weak_key_misses_the_jump_and_the_rest_of_the_rows_is_why():
    machine = copier()
    set_bias(machine, "beta", READ, [1.5])
    set_weight(machine, "g", READ, 0, HEAR_END, SURE + 0.5)
    jump = named(diagnose(machine, length=LENGTH), "missed jump")
    beta = torch.nn.functional.softplus(torch.tensor(1.5)).item()
    assert has(jump, row=2, right_row=1, step=LENGTH + 1, beta=pytest.approx(beta))
    found, others = jump.evidence["found"], jump.evidence["others_together"]
    assert found > jump.evidence["rival_found"] and found + others == pytest.approx(1)
    assert f"its key gives all other rows together a weight of {others:.3g}" in jump.sentence
    assert "find one row among many" in jump.cure


def test_a_key_for_another_row_finds_that_row():
    machine = copier()
    key = [0.0] * 12
    key[WRITTEN], key[0] = 1.0, 1.0  # any written row with the first bit
    set_bias(machine, "key", READ, key)
    jump = named(diagnose(machine, length=LENGTH), "missed jump")
    rival, weight = jump.evidence["rival"], jump.evidence["rival_found"]
    assert f"its key gives row {rival} more weight, {weight:.3g}" in jump.sentence and weight > jump.evidence["found"]
    assert "find one row among many" in jump.cure


def test_a_gate_that_is_half_open_keeps_more_than_a_key_that_finds_half():
    """The gate, 0.52, lets in what the key finds, 0.53: less than the 0.48 that it keeps of row 0."""
    machine = copier()
    set_bias(machine, "beta", READ, [6.0])
    set_weight(machine, "g", READ, 0, HEAR_END, SURE + 0.1)
    jump = named(diagnose(machine, length=LENGTH), "missed jump")
    g = torch.tensor(0.1).sigmoid().item()
    assert has(jump, g=pytest.approx(g), kept=pytest.approx(1 - g), came=pytest.approx(g * jump.evidence["found"]))
    assert 0.5 < jump.evidence["found"] and jump.evidence["came"] < jump.evidence["kept"]
    assert "its gate of 0.52 keeps a weight of 0.475 on row 0 and adds 0.28 on row 1." in jump.sentence
    assert "gate to open" in jump.cure


def test_a_reader_that_finds_its_row_and_does_not_walk_on_misses_by_its_shift():
    machine = copier()
    set_weight(machine, "s", READ, FORWARD, HEAR_WRITTEN, 0.0)
    jump = named(diagnose(machine, length=LENGTH), "missed jump")
    assert has(jump, found=pytest.approx(1), right_row=1, landed=1) and "its shift takes it elsewhere" in jump.sentence
    assert "which way to go" in jump.cure


def test_a_small_memory_wraps_round():
    wrap = named(diagnose(copier(), length=LENGTH, memory_size=17), "wrap-around")
    assert has(wrap, rows=17, steps=2 * LENGTH + 2) and "17 rows" in wrap.sentence
    record = trace_copy(copier(), random_bits(), 17)
    assert causes(record)["wrap-around"] == int(record.wrong.sum())
    assert fault_names(diagnose(copier(), length=LENGTH, memory_size=2 * LENGTH + 2)) == set()


def locked_heads():
    machine = copier()
    with torch.no_grad():
        for name in ("g", "s", "gamma"):
            for values in (machine.heads.linear.weight, machine.heads.linear.bias):
                values[part(machine, name, READ)] = values[part(machine, name, WRITE)]
    return machine


def open_gates():
    machine = copier()
    for head in (READ, WRITE):
        set_bias(machine, "g", head, [SURE])
        deafen(machine, "g", head)
    return machine


def motionless_heads():
    machine = copier()
    for head in (READ, WRITE):
        set_bias(machine, "s", head, [-SURE, SURE, -SURE])
        deafen(machine, "s", head)
    return machine


def silent_writer():
    machine = copier()
    for name in ("erase", "add"):
        deafen(machine, name, WRITE)
        set_bias(machine, name, WRITE, [-SURE if name == "erase" else 0.0] * 12)
    return machine


@pytest.mark.parametrize(
    ("make", "fault", "evidence", "words"),
    [
        (locked_heads, "locked together", {"cosine": pytest.approx(1)}, "The read head and the write head are locked"),
        (open_gates, "content-only addressing", {"lowest_gate": pytest.approx(1)}, "by content alone"),
        (lambda: rebuilt(copier(), initial_weights="uniform"), "stuck", {}, "All 62 rows hold the same numbers"),
        (motionless_heads, "stuck", {"share_still": 1.0}, "every vector is written to row 0"),
        (motionless_heads, "overwritten", {"row": 0}, "to row 0 and changes the row again"),
        (silent_writer, "idle head", {"idle": [["read", 0], ["write", 0]]}, "what the read head reads and what the"),
        (planted.resting_writer, "last vectors", {"step": LENGTH + 1}, f"most in step {LENGTH + 1}"),
    ],
)
def test_a_planted_habit_is_a_fault(make, fault, evidence, words):
    finding = named(diagnose(make(), length=LENGTH), fault)
    assert finding.fault and has(finding, **evidence) and words in finding.sentence


def test_one_weighting_is_not_two_that_are_locked():
    torch.manual_seed(1000)
    machine = NTM(dataclasses.replace(recipes.reliable.machine, weightings="single"))
    assert Kind.LOCKED_TOGETHER not in {finding.kind for finding in diagnose(machine, length=LENGTH)}


def test_a_writer_that_stays_at_the_end_marker_loses_the_last_vector_and_nothing_else():
    machine = planted.resting_writer()
    record = trace_copy(machine, random_bits())
    assert fault_names(explain(record, machine)) == {"last vectors"}
    assert causes(record)["last vectors"] == int(record.wrong.sum()) == int(random_bits()[:, -1].sum())


def test_a_writer_that_walks_back_overwrites():
    machine = planted.returning_writer()
    record = trace_copy(machine, random_bits())
    split = {cause: count for cause, count in causes(record).items() if count}
    assert split.keys() == {"overwritten", "last vectors"} and split["overwritten"] > split["last vectors"]
    assert named(explain(record, machine), "overwritten").fault


def test_one_vector_that_stops_the_writer_shifts_the_rest_by_one():
    bits = random_bits(sequences=1)
    bits[bits.sum(-1) == 8] = 0
    machine = planted.dozing_writer()
    assert not trace_copy(machine, bits).wrong.any()
    bits[0, 5] = 1
    record = trace_copy(machine, bits)
    slip = named(explain(record, machine), "off by one")
    out = (record.logits[0, LENGTH + 2 :] > 0).float()
    assert torch.equal(out[5:-1], bits[0, 6:]) and torch.equal(out[4], bits[0, 5])
    assert has(slip, sequence=0, vector=5, step=LENGTH + 2 + 5, slipped="write")
    assert slip.sentence.startswith("The write head slips in sequence 0: in step 30, when vector 5")
    assert causes(record)["overwritten"] == int((bits[0, 4] == 0).sum()), "vector 4 lies under vector 5"


def straying_reader():
    """A copier whose first memory is not blank where it reads while it writes, and with a dead output."""
    machine = rebuilt(planted.dead_output(), initial_memory="learned-row")
    with torch.no_grad():
        machine.memory_0[0, ANSWERING] = 5.0
    return machine


@pytest.mark.parametrize(
    ("make", "fault", "words"),
    [
        (planted.dead_output, "garbled", "The read head stood on the right rows"),
        (straying_reader, "reader strays", "its reads were 23"),
    ],
)
def test_wrong_bits_of_a_machine_whose_heads_are_right(make, fault, words):
    machine = make()
    found = explain(trace_copy(machine, random_bits()), machine)
    assert fault_names(found) == {fault} and words in named(found, fault).sentence


def test_a_writer_that_changes_every_row_before_it_is_read_is_restless():
    """A change of all rows at the end marker is put into the record of a machine with one dead output."""
    machine = planted.dead_output()
    record = trace_copy(machine, random_bits())
    changes = record.changes.clone()
    changes[:, LENGTH + 1] += 1
    found = explain(record._replace(changes=changes), machine)
    assert fault_names(found) == {"restless writer"}
    assert named(found, "restless writer").evidence["rows_change_by"] > 0.2


def test_an_idle_head_of_a_machine_that_works_is_no_fault():
    found = diagnose(planted.second_writer(), length=LENGTH)
    idle = named(found, "idle head")
    assert not fault_names(found) and idle.evidence["idle"] == [["write", 1]]
    assert idle.sentence.startswith("Idle: what write head 1 writes.")


class Remembering(nn.Module):
    """A controller that says what it heard 11 steps ago: that copies 10 vectors, the length that is asked."""

    def initial_state(self, batch_size):
        return (torch.zeros(batch_size, SHORT + 1, 8),)

    def forward(self, x, state):
        (queue,) = state
        h = torch.cat([queue[:, 0], x.new_zeros(len(x), 4)], dim=1)
        return h, (torch.cat([queue[:, 1:], x[:, None, :8]], dim=1),)


def test_all_heads_of_a_controller_that_remembers_are_idle():
    machine = rebuilt(copier(), output_from="hidden")
    machine.controller = Remembering()
    with torch.no_grad():
        machine.output.weight[:8, :8] = SURE * torch.eye(8)
        machine.output.bias[:] = -SURE / 2
    idle = named(diagnose(machine, length=SHORT), "idle head")
    assert idle.evidence["idle"] == [["read", 0], ["write", 0]]


@pytest.mark.parametrize(("name", "step"), [("beta", LENGTH + 1), ("logits", 0)])
def test_a_number_that_is_not_finite_is_named_with_its_step(name, step):
    machine = copier()
    if name == "beta":
        set_weight(machine, "beta", READ, 0, HEAR_END, float("inf"))
    else:
        machine.output.bias.data[0] = float("nan")
    (finding,) = diagnose(machine, length=LENGTH)
    assert (finding.kind, finding.fault) == (Kind.NOT_FINITE, True) and finding.evidence["what"] == name
    assert f"step {finding.evidence['step']} " in finding.sentence and finding.evidence["step"] <= step


# words


def test_every_kind_is_explained_and_every_cause_has_a_name_of_its_own():
    assert all(kind.meaning.endswith(".") and len(kind.meaning) > 20 for kind in Kind)
    assert len({kind.meaning for kind in Kind}) == len(Kind) and set(CAUSES) < set(Kind)


def test_every_fault_has_a_cure():
    habits = {Kind.HEALTHY, Kind.REACH, Kind.WRONG_BITS, Kind.STORES, Kind.READS, Kind.MOVES}
    assert CURES.keys() == set(Kind) - habits - {Kind.MISSED_JUMP}
    assert all(Finding(kind, True, "Wrong.", {}).cure for kind in CURES)
    assert not any(Finding(kind, False, "Right.", {}).cure for kind in Kind)


@pytest.mark.parametrize(
    ("kind", "field"),
    [
        (Kind.OFF_BY_ONE, "clear"),
        (Kind.OVERWRITTEN, "clear"),
        (Kind.GARBLED, "clear"),
        (Kind.BLUR, "focus"),
        (Kind.CONTENT_ONLY, "clear"),
        (Kind.LOCATION_ONLY, "clear"),
        (Kind.LAST_VECTORS, "clear"),
        (Kind.WRAP_AROUND, "memory_size"),
    ],
)
def test_a_cure_names_the_part_of_the_training_that_mends_its_fault(kind, field):
    cure = Finding(kind, True, "Wrong.", {}).cure
    assert field in re.findall(r"--(?:machine\.)?(\w+)", cure) and "uneven" not in cure and "loss is below" not in cure


@pytest.mark.parametrize(
    ("config", "place", "name"),
    [
        ({}, 0, "the read head"),
        ({}, 1, "the write head"),
        ({"read_heads": 2, "write_heads": 3}, 1, "read head 1"),
        ({"read_heads": 2, "write_heads": 3}, 2, "write head 0"),
        ({"read_heads": 2}, 2, "the write head"),
        ({"weightings": "single"}, 0, "the head"),
        ({"weightings": "single", "read_heads": 2, "write_heads": 2}, 1, "head 1"),
    ],
)
def test_heads_are_named_by_their_place(config, place, name):
    assert head_name(NTMConfig(input_size=10, output_size=8, **config), place) == name


# a run's verdict, and what others call


def run_with(*reports, machine=None):
    run = Run(dataclasses.replace(recipes.reliable, machine=copier().config), 1000)
    run.model = machine or copier()
    run.progress = Progress(reports=list(reports))
    return run


def report(kind, wrong, length=20):
    return Report(kind, {length: Count(10, int(wrong > 0), 1600, wrong)})


def test_what_a_verdict_counted_is_looked_for_among_its_own_sequences():
    seen = torch.cat([tasks.bits_number(sample(8, length)).flatten() for length in (120, LENGTH)])
    byte = max(set(range(256)) - set(seen.int().tolist()))
    machine = planted.dozing_writer(byte)
    run = run_with(*judge(machine).reports, machine=machine)
    shown = judged_payloads(machine, 120)["random"]
    with_it = (tasks.bits_number(shown) == byte).any(1)
    assert torch.equal(wrong_in_verdict(machine, "random", 120), shown[with_it]) and 8 < with_it.sum() < 100
    found = diagnose(machine, run)
    assert "off by one" in fault_names(found)
    assert "in 8 of 8 sequences of 120 vectors" in named(found, "wrong bits").sentence
    asked = diagnose(machine, run, length=LENGTH)
    assert asked[0].name == "healthy", "who asks about one length is told of that length"


def test_wrong_bits_that_do_not_come_again_are_said_to_be_unexplained():
    unexplained = named(diagnose(copier(), run_with(report("text", 3))), "unexplained")
    assert unexplained.fault and unexplained.evidence == {"wrong": [("text", 20)]}


@pytest.mark.parametrize(
    ("make", "entry"),
    [
        (copier, {"faults": "", "stores": "forwards", "first_row": 2, "idle": ""}),
        (mirrored, {"stores": "backwards", "first_row": 254}),
        (planted.second_writer, {"faults": "", "idle": "write 1"}),
        (motionless_heads, {"stores": "in one row", "first_row": 0}),
    ],
)
def test_a_study_notes_the_findings_and_what_its_table_has_columns_for(make, entry):
    machine = make()
    noted = study_entry(machine, run_with(machine=machine))
    assert noted.items() >= entry.items()
    found = diagnose(machine, run_with(machine=machine))
    assert noted["findings"] == [dataclasses.asdict(finding) for finding in found]
    row = json.loads(json.dumps(noted, allow_nan=False))
    assert row["faults"] == "; ".join(one["name"] for one in row["findings"] if one["fault"])
    assert {"name", "kind", "fault", "sentence", "evidence", "cure"} <= row["findings"][0].keys()


def test_a_model_without_a_memory_has_only_a_history():
    model, run = LSTMBaseline(LSTMConfig(10, 8, 3)), run_with()
    wrongs = {"update": 25, "loss": 0.1, "gradient_norm": 0.1, "validation_wrong_bits": 0}
    run.progress = Progress(history=[wrongs, wrongs | {"update": 50, "validation_wrong_bits": 2}])
    noted = study_entry(model, run)
    assert [row["name"] for row in noted["findings"]] == ["lost what it had learned"] and noted["stores"] is None
    with pytest.raises(TypeError, match="model is LSTMBaseline: expected an NTM"):
        diagnose(model, run)


@pytest.mark.parametrize(
    ("length", "message"),
    [
        (0, "length is 0: expected at least 1"),
        (4001, "a trace of 1 x 8004 steps over 8018 rows takes 5.9 GB"),
        (10**9, "a trace of 1 x 2000000002 steps"),
    ],
)
def test_lengths_that_cannot_be_traced(length, message):
    with pytest.raises(ValueError, match=message):
        diagnose(copier(), length=length)


def test_long_copies_are_traced_with_fewer_sequences():
    assert named(diagnose(copier(), length=509), "healthy").evidence["sequences"] == 3


def test_machines_in_the_posts_format_are_diagnosed():
    torch.manual_seed(1000)
    found = diagnose(NTM(recipes.post_2014.machine), length=LENGTH)
    assert named(found, "wrong bits").evidence["wrong_bits"] > 0 and found[0].fault
    assert json.dumps([dataclasses.asdict(finding) for finding in found], allow_nan=False)


def test_shares_of_wrong_bits_are_counted_by_cause_and_length():
    """One of eight outputs is always a one, so the zeros of that place are wrong."""
    shares = shares_wrong(planted.dead_output(), [3, 7, 11, 13, 17], memory_size=41)
    assert shares.shape == (len(CAUSES), 5)
    assert shares.sum(0).tolist() == shares[CAUSES.index(Kind.GARBLED)].tolist()
    for length, share in zip([3, 7, 11, 13, 17], shares.sum(0).tolist(), strict=True):
        assert share == pytest.approx((sample(8, length)[..., 3] == 0).float().mean().item() / 8)
