"""Diagnosis: each fault is planted in a machine that works, and found; machines that work raise no alarm."""

import dataclasses
import json
from pathlib import Path

import pytest
import torch
from torch import nn

from ntm_lib import load, tasks
from ntm_lib.analysis import diagnosis, faults
from ntm_lib.analysis import history as learning
from ntm_lib.analysis.causes import CAUSES, causes, first_wrong, label_vectors
from ntm_lib.analysis.diagnosis import diagnose, explain, findings_row
from ntm_lib.analysis.finding import Finding, case_of
from ntm_lib.analysis.habits import SHORT, copies_without_memory
from ntm_lib.analysis.route import circular, find_route, travelled, usual_step
from ntm_lib.analysis.silence import silenced
from ntm_lib.analysis.trace import trace, trace_copy
from ntm_lib.machine import NTM, LSTMBaseline, LSTMConfig, NTMConfig
from ntm_lib.teaching.handmade import ANSWERING, SURE, WRITTEN, copier
from ntm_lib.training import recipes
from ntm_lib.training.loop import train_together
from ntm_lib.training.run import Progress, Run

LENGTH = 23
HEAR_WRITTEN, HEAR_END = 10, 9
"""Hidden units of the hand-made copier: it reads a written row; it hears the end marker."""
READ, WRITE = 0, 1
DOWN, STAY, UP = 0, 1, 2


def part(machine, name, head):
    """Which outputs of the heads' layer are one head's: the key, beta, g, s or gamma of head 0 or 1, erase or add."""
    names = ("key", "beta", "g", "s", "gamma", "erase", "add")
    numbers = torch.arange(machine.heads.linear.out_features).split(machine.heads.sizes)[names.index(name)]
    return numbers if name in ("erase", "add") else numbers.view(2, -1)[head]


@torch.no_grad()
def set_bias(machine, name, head, values):
    machine.heads.linear.bias[part(machine, name, head)] = torch.tensor(values)


@torch.no_grad()
def set_weight(machine, name, head, place, unit, value):
    machine.heads.linear.weight[part(machine, name, head)[place], unit] = value


def rebuilt(machine, **changes):
    """The same weights in a machine of another configuration."""
    other = NTM(dataclasses.replace(machine.config, **changes))
    other.load_state_dict(machine.state_dict(), strict=False)
    return other


def named(found, name):
    """The one finding of that name."""
    (finding,) = [finding for finding in found if finding.name == name]
    assert finding.sentence.endswith(".") and bool(finding.cure) == finding.fault
    return finding


def fault_names(found):
    return {finding.name for finding in found if finding.fault}


def random_bits(length=LENGTH, seed=3, sequences=2):
    return tasks.payload(sequences, length, generator=torch.Generator().manual_seed(seed))


# machines that work


def test_a_healthy_machine_is_healthy_and_says_how_it_works():
    found = diagnose(copier(), length=LENGTH)
    assert [finding.name for finding in found] == ["healthy", "stores forwards", "reads by content"]
    assert not fault_names(found)
    assert found[0].sentence == "No fault: all 2,024 bits of 11 sequences of 23 vectors come back."
    assert found[1].evidence == {"first_row": 2, "rows": 62, "step": 1, "share": 1.0}
    assert found[1].sentence.startswith(
        "The write head puts the first vector in row 2 of 62 and moves one row up a step"
    )
    assert {name: found[2].evidence[name] for name in ("waits_on", "lands_on", "step")} == {
        "waits_on": 0,
        "lands_on": 2,
        "step": 1,
    }


def test_a_machine_may_store_backwards():
    machine = copier()
    s = part(machine, "s", READ).tolist(), part(machine, "s", WRITE).tolist()
    with torch.no_grad():
        for down, _, up in s:
            for values in (machine.heads.linear.weight, machine.heads.linear.bias):
                values[[down, up]] = values[[up, down]]
    found = diagnose(machine, length=LENGTH)
    assert [finding.name for finding in found] == ["healthy", "stores backwards", "reads by content"]
    assert found[1].evidence == {"first_row": 60, "rows": 62, "step": -1, "share": 1.0}


@pytest.fixture(scope="module")
def trained():
    """A machine of the recipe that README describes."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    (result,) = train_together(recipes.reliable, {3: None})
    torch.set_num_threads(threads)
    return result


def run_of(result):
    run = Run(result.recipe, result.seed)
    run.model = result.model
    run.progress = Progress(history=result.history, reports=result.verdict.to_json())
    return run


def test_no_alarm_for_machines_that_converged(trained):
    machines = [(trained.model, run_of(trained))]
    saved = [load(path.parent) for path in Path(__file__).parent.parent.glob("data/machines/**/run.safetensors")]
    machines += [(model, run) for model, run in saved if isinstance(model, NTM)]
    for model, run in machines:
        converged = all(
            count["wrong_bits"] == 0 for report in run.progress.reports for count in report["lengths"].values()
        )
        assert bool(fault_names(diagnose(model, run))) != converged, f"{run.recipe.name} {run.seed}"


# planted faults


@pytest.mark.parametrize(
    ("name", "change", "rows", "fault"),
    [
        ("g", -30.0, None, "missed jump"),
        ("beta", -30.0, None, "missed jump"),
        ("gamma", -30.0, None, "blur"),
        ("gamma", 0.0, 23, "wrap-around"),
    ],
)
def test_faults_planted_in_a_trained_machine(trained, name, change, rows, fault):
    machine = rebuilt(trained.model)
    with torch.no_grad():
        machine.heads.linear.bias[part(machine, name, READ)] += change
    found = diagnose(machine, length=31, memory_size=rows)
    split = named(found, "wrong bits").evidence["causes"]
    assert fault in fault_names(found) and max(split, key=split.get) == fault


def test_a_leaking_shift_blurs_the_writer():
    machine = copier()
    set_bias(machine, "s", WRITE, [0.0, 0.0, 2.0])
    set_bias(machine, "gamma", WRITE, [-SURE])
    found = diagnose(machine, length=LENGTH)
    blur = named(found, "blur")
    leak = 2 / (2 + torch.tensor(2.0).exp().item())
    assert blur.fault and blur.evidence["head"] == "write" and blur.evidence["leak"] == pytest.approx(leak)
    assert blur.evidence["gamma"] == pytest.approx(1) and blur.evidence["peaks"] == sorted(blur.evidence["peaks"])[::-1]
    weight, steps = 1.0, 1  # by hand: the largest of the blended steps, one more at every vector
    spread = torch.tensor([1.0])
    while weight >= 0.5:
        spread = nn.functional.conv1d(
            spread.view(1, 1, -1), torch.tensor([[[1 - leak, leak / 2, leak / 2]]]), padding=2
        ).flatten()
        weight, steps = spread.max().item(), steps + 1
    assert blur.evidence["step"] <= steps


def test_a_reader_that_blurs_is_told_from_a_writer_that_does():
    machine = copier()
    set_bias(machine, "gamma", READ, [-SURE])
    set_weight(machine, "s", READ, UP, HEAR_WRITTEN, SURE + 1.5)
    found = diagnose(machine, length=LENGTH)
    assert named(found, "blur").evidence["head"] == "read"
    assert "The read head blurs" in named(found, "blur").sentence


def test_a_gate_that_stays_closed_misses_the_jump():
    found = diagnose(closed_gate(), length=LENGTH)
    jump = named(found, "missed jump")
    assert jump.evidence["step"] == LENGTH + 1 and jump.evidence["g"] == pytest.approx(0, abs=1e-6)
    assert jump.evidence["old_row"] == 0 and jump.evidence["kept"] == pytest.approx(1)
    assert "its gate of 0.00 keeps it where it was" in jump.sentence
    assert named(found, "location-only addressing").fault


def test_a_weak_key_misses_the_jump_and_the_rest_of_the_rows_is_why():
    machine = copier()
    set_bias(machine, "beta", READ, [1.5])
    set_weight(machine, "g", READ, 0, HEAR_END, SURE + 0.5)
    jump = named(diagnose(machine, length=LENGTH), "missed jump")
    e = jump.evidence
    assert (e["row"], e["right_row"], e["step"]) == (2, 1, LENGTH + 1)
    assert e["found"] == max(e["found"], *e["rivals"].values()) and e["found"] + e["others_together"] == pytest.approx(
        1
    )
    beta = torch.nn.functional.softplus(torch.tensor(1.5)).item()
    assert e["beta"] == pytest.approx(beta)
    assert "all other rows together take" in jump.sentence


def test_a_key_for_another_row_finds_that_row():
    machine = copier()
    key = [0.0] * 12
    key[WRITTEN], key[0] = 1.0, 1.0  # any written row with the first bit
    set_bias(machine, "key", READ, key)
    jump = named(diagnose(machine, length=LENGTH), "missed jump")
    rival, weight = max(jump.evidence["rivals"].items(), key=lambda item: item[1])
    assert f"its key finds row {rival} ({weight:.3g}) rather" in jump.sentence and weight > jump.evidence["found"]


def test_a_small_memory_wraps_round():
    found = diagnose(copier(), length=LENGTH, memory_size=17)
    wrap = named(found, "wrap-around")
    assert wrap.evidence["rows"] == 17 and wrap.evidence["steps"] == 2 * LENGTH + 2 and "17 rows" in wrap.sentence
    assert causes(trace_copy(copier(), random_bits(), 17))["wrap-around"] == wrap_total(17)


def wrap_total(rows):
    return int(trace_copy(copier(), random_bits(), rows).wrong.sum())


def test_enough_rows_do_not_wrap_round():
    assert fault_names(diagnose(copier(), length=LENGTH, memory_size=2 * LENGTH + 2)) == set()


def test_heads_with_the_same_habits_are_locked_together():
    machine = copier()
    with torch.no_grad():
        for name in ("g", "s", "gamma"):
            for values in (machine.heads.linear.weight, machine.heads.linear.bias):
                values[part(machine, name, READ)] = values[part(machine, name, WRITE)]
    locked = named(diagnose(machine, length=LENGTH), "locked together")
    assert locked.fault and locked.evidence["cosine"] == pytest.approx(1)


def test_one_weighting_is_not_two_that_are_locked():
    torch.manual_seed(1000)
    machine = NTM(dataclasses.replace(recipes.reliable.machine, weightings="single"))
    assert "locked together" not in {finding.name for finding in diagnose(machine, length=LENGTH)}


def test_gates_that_never_close_address_by_content_alone():
    machine = copier()
    for head in (READ, WRITE):
        set_bias(machine, "g", head, [SURE])
        machine.heads.linear.weight.data[part(machine, "g", head)] = 0
    found = named(diagnose(machine, length=LENGTH), "content-only addressing")
    assert found.fault and found.evidence["lowest_gate"] == pytest.approx(1)


def test_heads_that_are_everywhere_leave_all_rows_alike():
    stuck = named(diagnose(rebuilt(copier(), initial_weights="uniform"), length=LENGTH), "stuck")
    assert stuck.fault and "All 62 rows hold the same" in stuck.sentence


def test_heads_that_never_leave_their_row_are_stuck():
    machine = copier()
    for head in (READ, WRITE):
        set_bias(machine, "s", head, [-SURE, SURE, -SURE])
        machine.heads.linear.weight.data[part(machine, "s", head)] = 0
    found = diagnose(machine, length=LENGTH)
    assert "every vector is written to row 0" in named(found, "stuck").sentence
    assert {finding.name for finding in found} >= {"stores in one row", "overwritten"}


def test_a_writer_that_stays_at_the_end_marker_loses_the_last_vector():
    machine = resting_writer()
    found = diagnose(machine, length=LENGTH)
    last = named(found, "last vectors")
    assert fault_names(found) == {"last vectors"} and last.evidence["changed_most_at"] == [LENGTH + 1]
    record = trace_copy(machine, random_bits())
    assert causes(record)["last vectors"] == int(record.wrong.sum()) == int(random_bits()[:, -1].sum())


def test_a_writer_that_walks_back_overwrites():
    machine = returning_writer()
    record = trace_copy(machine, random_bits())
    split = {cause: count for cause, count in causes(record).items() if count}
    assert split.keys() == {"overwritten", "last vectors"} and split["overwritten"] > split["last vectors"]
    assert named(explain(record, machine), "overwritten").fault


def dozing_copier():
    """A copier whose writer stays where it is for the byte 255, and only for that."""
    machine = copier()
    set_bias(machine, "s", WRITE, [0.0, -6.5 * SURE, SURE])
    for bit in range(8):
        set_weight(machine, "s", WRITE, STAY, bit, SURE)
    return machine


def test_one_vector_that_stops_the_writer_shifts_the_rest_by_one():
    bits = random_bits(sequences=1)
    bits[bits.sum(-1) == 8] = 0
    machine = dozing_copier()
    assert not trace_copy(machine, bits).wrong.any()
    bits[0, 5] = 1
    record = trace_copy(machine, bits)
    found = explain(record, machine)
    slip = named(found, "off by one")
    out = (record.logits[0, LENGTH + 2 :] > 0).float()
    assert torch.equal(out[5:-1], bits[0, 6:]) and torch.equal(out[4], bits[0, 5])
    assert slip.evidence["output_shifted_by"] == 1 and slip.evidence["slipped"] == "write"
    assert (slip.evidence["sequence"], slip.evidence["vector"], slip.evidence["step"]) == (0, 5, LENGTH + 2 + 5)
    assert "the payload one vector early" in slip.sentence
    assert causes(record)["overwritten"] == int((bits[0, 4] == 0).sum()), "vector 4 lies under vector 5"


def test_wrong_bits_of_a_machine_whose_heads_are_right_are_garbled():
    machine = copier()
    with torch.no_grad():
        machine.output.bias[3] += 2 * SURE
    record = trace_copy(machine, random_bits())
    assert causes(record)["other"] == int(record.wrong.sum()) == int((random_bits()[..., 3] == 0).sum())
    assert fault_names(explain(record, machine)) == {"garbled"}


def test_a_reader_that_reads_while_vectors_are_written_strays():
    machine = rebuilt(copier(), initial_memory="learned-row")
    with torch.no_grad():
        machine.memory_0[0, ANSWERING] = 5.0
        machine.output.bias[3] += 2 * SURE
    stray = named(explain(trace_copy(machine, random_bits()), machine), "reader strays")
    assert stray.evidence["read_meanwhile"] > 1 and "mixed in" in stray.cure and "was being read" in stray.sentence


def test_a_writer_that_changes_every_row_before_it_is_read_is_restless():
    """A change of all rows at the end marker is put into the record of a machine with one dead output."""
    machine = copier()
    with torch.no_grad():
        machine.output.bias[3] += 2 * SURE
    record = trace_copy(machine, random_bits())
    route = find_route(record)
    changes = record.changes.clone()
    changes[:, route.end_marker] += 1
    found = explain(record._replace(changes=changes), machine)
    restless = named(found, "restless writer")
    assert fault_names(found) == {"restless writer"} and restless.evidence["rows_change_by"] > 0.2


def test_a_writer_that_writes_nothing_leaves_nothing_to_do():
    machine = copier()
    for name in ("erase", "add"):
        machine.heads.linear.weight.data[part(machine, name, WRITE)] = 0
        set_bias(machine, name, WRITE, [-SURE if name == "erase" else 0.0] * 12)
    idle = named(diagnose(machine, length=LENGTH), "idle head")
    assert idle.fault and idle.evidence["idle"] == [["read", 0], ["write", 0]]


def test_an_idle_head_of_a_machine_that_works_is_no_fault():
    machine = with_second_writer(copier())
    found = diagnose(machine, length=LENGTH)
    idle = named(found, "idle head")
    assert not fault_names(found) and idle.evidence["idle"] == [["write", 1]]
    assert idle.sentence.startswith("Idle: what write head 1 writes.")


@torch.no_grad()
def with_second_writer(machine):
    """The same machine with a write head more, whose erase and add vectors are zero."""
    other = NTM(dataclasses.replace(machine.config, write_heads=2))
    other.load_state_dict({name: v for name, v in machine.state_dict().items() if "linear" not in name}, strict=False)
    other.heads.linear.weight.zero_()
    other.heads.linear.bias.fill_(-SURE)
    old = machine.heads.linear
    for values, given in ((other.heads.linear.weight, old.weight), (other.heads.linear.bias, old.bias)):
        for mine, theirs in zip(values.split(other.heads.sizes), given.split(machine.heads.sizes), strict=True):
            mine[: len(theirs)] = theirs
    other.heads.linear.bias[-12:] = 0
    return other


class Remembering(nn.Module):
    """A controller that says what it heard 11 steps ago: that copies 10 vectors, the length that is asked."""

    def initial_state(self, batch_size):
        return (torch.zeros(batch_size, SHORT + 1, 8),)

    def forward(self, x, state):
        (queue,) = state
        h = torch.cat([queue[:, 0], x.new_zeros(len(x), 4)], dim=1)
        return h, (torch.cat([queue[:, 1:], x[:, None, :8]], dim=1),)


def test_a_controller_that_remembers_copies_without_the_memory():
    machine = rebuilt(copier(), output_from="hidden")
    machine.controller = Remembering()
    with torch.no_grad():
        machine.output.weight[:8, :8] = SURE * torch.eye(8)
        machine.output.bias[:] = -SURE / 2
    found = diagnose(machine, length=SHORT)
    assert named(found, "copies without memory").evidence["share_right"] == 1
    assert "copies without memory" in fault_names(found)


def test_a_controller_that_remembers_is_no_fault_of_a_machine_that_copies_more():
    """The copier answers from its memory; what the controller remembers does not come out at this length."""
    machine = copier()
    case = case_of(trace_copy(machine, random_bits()))
    remembering = rebuilt(machine, output_from="hidden")
    remembering.controller = Remembering()
    with torch.no_grad():
        remembering.output.weight[:8, :8] = SURE * torch.eye(8)
        remembering.output.bias[:] = -SURE / 2
    finding = copies_without_memory(case, remembering)
    assert not finding.fault and not finding.cure and finding.evidence["share_right"] == 1


def test_silenced_heads_come_back():
    machine, bits = copier(), random_bits()
    before = trace_copy(machine, bits).logits
    for heads in ({"read": [0]}, {"write": [0]}):
        with silenced(machine, **heads):
            assert trace_copy(machine, bits).wrong.any()
        assert torch.equal(trace_copy(machine, bits).logits, before)
    with (
        pytest.raises(ValueError, match="write head 1: this machine has 1, counted from 0"),
        silenced(machine, write=[1]),
    ):
        pass


def test_a_number_that_is_not_finite_is_named_with_its_step():
    machine = copier()
    set_weight(machine, "beta", READ, 0, HEAR_END, float("inf"))
    (finding,) = diagnose(machine, length=LENGTH)
    assert (finding.name, finding.fault) == ("not finite", True)
    assert finding.evidence["what"] == "beta" and f"step {finding.evidence['step']}" in finding.sentence
    machine = copier()
    with torch.no_grad():
        machine.output.bias[0] = float("nan")
    (finding,) = diagnose(machine, length=LENGTH)
    assert finding.evidence == {"step": 0, "what": "logits"}


# causes


@pytest.mark.parametrize("seed", range(1000, 1005))
@pytest.mark.parametrize(
    "changes", [{}, {"weightings": "single"}, {"read_heads": 2, "write_heads": 3}, {"memory_size": 5}]
)
def test_causes_account_for_every_wrong_bit_once(seed, changes):
    torch.manual_seed(seed)
    machine = NTM(NTMConfig(input_size=5, output_size=3, memory_size=13, word_size=7, controller_size=11))
    machine = NTM(dataclasses.replace(machine.config, **changes))
    for parameter in machine.parameters():
        parameter.data *= 4
    record = trace_copy(machine, tasks.payload(4, 9, 3), memory_size=machine.config.memory_size)
    split = causes(record)
    assert tuple(split) == CAUSES and sum(split.values()) == int(record.wrong.sum()) > 0
    assert min(split.values()) >= 0
    found = explain(record, machine)
    assert fault_names(found) and json.dumps([dataclasses.asdict(finding) for finding in found], allow_nan=False)


def resting_writer():
    """A copier whose writer stays where it is at the end marker."""
    machine = copier()
    set_weight(machine, "s", WRITE, STAY, HEAR_END, 3 * SURE)
    return machine


def closed_gate():
    """A copier whose reader never looks for the first vector."""
    machine = copier()
    set_weight(machine, "g", READ, 0, HEAR_END, 0.0)
    return machine


def returning_writer():
    """A copier whose writer walks back during the answer, with open erase gates."""
    machine = copier()
    set_weight(machine, "s", WRITE, DOWN, HEAR_WRITTEN, 3 * SURE)
    machine.heads.linear.weight.data[part(machine, "erase", WRITE)] = 0
    return machine


@pytest.mark.parametrize("plant", [resting_writer, closed_gate, returning_writer, dozing_copier])
def test_rows_hold_their_vectors_unless_the_cause_is_the_writers(plant):
    """A row of the hand-made machine spells its vector, so what is in it when it is due tells who is to blame."""
    bits = random_bits(sequences=5)
    bits[2, 7] = 1
    record = trace_copy(plant(), bits, memory=True)
    route = find_route(record)
    labels, wrong = label_vectors(record, route), record.wrong[:, LENGTH + 2 :].any(-1)
    assert wrong.any()
    for b, vector in wrong.nonzero().tolist():
        row = record.memory[b, route.read_at[vector], route.written[b, vector], :8]
        spelt = torch.equal((row > 0.5).float(), bits[b, vector])
        assert spelt == (CAUSES[labels[b, vector]] in ("missed jump", "off by one")), CAUSES[labels[b, vector]]


def test_the_first_wrong_bit_is_the_earliest():
    machine = dozing_copier()
    bits = random_bits(sequences=3)
    bits[1, 4] = 1
    record = trace_copy(machine, bits)
    first = first_wrong(record)
    wrong = [
        (t, b, bit)
        for t in range(2 * LENGTH + 2)
        for b in range(3)
        for bit in range(8)
        if t >= LENGTH + 2 and (record.logits[b, t, bit] > 0) != (bits[b, t - LENGTH - 2, bit] > 0)
    ]
    assert (first.step, first.sequence, first.bit) == min(wrong) and first.vector == first.step - LENGTH - 2
    assert first.cause == "overwritten"
    assert first_wrong(trace_copy(copier(), bits)) is None


def test_the_faults_are_in_the_order_of_the_causes():
    assert len(faults.BY_CAUSE) == len(CAUSES)
    for cause, fault in zip(CAUSES[:-1], faults.BY_CAUSE, strict=False):
        assert fault.__name__ == cause.replace(" ", "_").replace("-", "_")


def test_a_route_is_where_vectors_were_written_and_read():
    record = trace_copy(copier(), random_bits())
    route = find_route(record)
    assert route.written.tolist() == route.stood.tolist() == [list(range(2, LENGTH + 2))] * 2
    assert route.wrote_at.tolist() == list(range(1, LENGTH + 1)) and route.end_marker == LENGTH + 1
    assert route.read_at.tolist() == list(range(LENGTH + 2, 2 * LENGTH + 2))


def test_a_way_is_counted_in_steps_round_the_tape_and_jumps_are_none():
    path = torch.tensor([[5, 6, 0, 1, 4, 3, 3, 2], [1, 0, 6, 5, 5, 5, 6, 0]])
    assert travelled(path, rows=7, reach=1).tolist() == [[0, 1, 2, 3, 3, 2, 2, 1], [0, -1, -2, -3, -3, -3, -2, -1]]
    assert circular(torch.arange(-7, 8), 7).tolist() == [0, 1, 2, 3, -3, -2, -1, 0, 1, 2, 3, -3, -2, -1, 0]
    assert usual_step(torch.tensor([[5, 6, 0, 3, 4, 5]]), rows=7) == (1, pytest.approx(4 / 5))
    assert usual_step(torch.tensor([[5], [3]]), rows=7) == (0, 1.0)


def test_a_controller_with_a_state_may_write_a_step_late():
    """The copier's own weightings and answer, said to come from an LSTM, with the writer a step behind."""
    record = trace_copy(copier(), random_bits())
    late = record._replace(
        w_write=record.w_write.roll(1, dims=1), config=dataclasses.replace(copier().config, controller="lstm")
    )
    assert find_route(late).wrote_at.tolist() == list(range(2, LENGTH + 2))
    assert find_route(late).written.tolist() == find_route(record).written.tolist()


def test_only_copies_have_causes():
    batch = tasks.copy(2, 3, generator=torch.Generator().manual_seed(1))
    batch = batch._replace(mask=batch.mask * torch.tensor([1, 1, 1, 1, 1, 1, 0, 1]))
    with pytest.raises(ValueError, match=r"the answer takes steps \[5, 7\]: expected a copy"):
        causes(trace(copier(), batch))


# a run's verdict and its history


def run_with(reports=(), history=(), stopped=None):
    run = Run(dataclasses.replace(recipes.reliable, machine=copier().config), 1000)
    run.model = copier()
    run.progress = Progress(reports=list(reports), history=list(history), stopped=stopped)
    return run


def report(kind, wrong, length=20):
    count = {"sequences": 10, "wrong_sequences": int(wrong > 0), "bits": 1600, "wrong_bits": wrong}
    return {"kind": kind, "lengths": {str(length): count}}


def record(update, loss=0.3, norm=0.5, wrong=None):
    return {"update": update, "loss": loss, "gradient_norm": norm, "validation_wrong_bits": wrong}


def test_what_a_verdict_counted_is_looked_for_among_its_own_sequences(monkeypatch):
    machine = dozing_copier()
    monkeypatch.setattr(diagnosis, "sample", lambda width, length: torch.zeros(1, length, width))
    run = run_with([report("random", 0), report("ones", 16)])
    found = diagnose(machine, run)
    assert "stuck" in fault_names(found), "for ones alone this writer never moves"
    assert "in 8 of 8 sequences of 20 vectors" in named(found, "wrong bits").sentence
    asked = diagnose(machine, run, length=LENGTH)
    assert asked[0].name == "healthy", "who asks about one length is told of that length"


def test_wrong_bits_that_do_not_come_again_are_said_to_be_unexplained():
    unexplained = named(diagnose(copier(), run_with([report("text", 3)])), "unexplained")
    assert unexplained.fault and unexplained.evidence == {"wrong_bits": {"text": {20: 3}}}


def test_an_uneventful_history_says_nothing():
    history = [record(25, 0.6), record(50, 0.2, norm=9.0), record(75, 0.01, wrong=3), record(100, 0.01, wrong=0)]
    assert learning.from_history(Progress(history=history)) == []


def test_a_copy_that_was_learned_and_lost():
    history = [record(25, wrong=4), record(50, wrong=0), record(75, wrong=0), record(100, wrong=7)]
    lost = named(learning.from_history(Progress(history=history)), "lost what it had learned")
    assert lost.fault and lost.evidence == {
        "exact_at": 50,
        "lost_at": 100,
        "wrong_bits": 7,
        "wrong_bits_at_the_end": 7,
    }
    again = named(learning.from_history(Progress(history=[*history, record(125, wrong=0)])), "lost what it had learned")
    assert not again.fault and again.sentence.endswith("at update 125, is exact again.")


def test_an_explosion_is_a_large_gradient_that_the_loss_did_not_get_over():
    calm = [record(25 * n, 0.4 - 0.05 * n, norm=0.1 * n) for n in range(1, 7)]
    history = [*calm, record(175, 0.9, norm=1e4), record(200, 0.6), record(225, 0.5)]
    (found,) = learning.from_history(Progress(history=history), dataclasses.replace(recipes.reliable, clip_norm=0.0))
    assert (found.name, found.fault) == ("gradient explosion", True)
    assert found.evidence["updates"] == [150, 175] and found.evidence["norm"] == 1e4
    assert found.evidence["loss_before"] == pytest.approx(0.1) and found.evidence["best_loss_after"] == 0.5
    assert "1e+04" in found.sentence and "norm of 0.2" in found.cure
    assert learning.from_history(Progress(history=[*history, record(250, 0.05)])) == [], "the loss came back"


def test_a_large_gradient_while_sequences_get_longer_is_no_explosion():
    """The loss of a curriculum rises with its lengths: it is compared with what it was shortly before."""
    longer = [record(25 * n, 0.02 * n, norm=1e4 if n == 9 else 1.0) for n in range(1, 21)]
    assert learning.from_history(Progress(history=longer)) == []
    broken = longer[:8] + [record(25 * n, 0.3 + 0.02 * n, norm=1e4 if n == 9 else 1.0) for n in range(9, 21)]
    assert [finding.name for finding in learning.from_history(Progress(history=broken))] == ["gradient explosion"]


def test_an_explosion_at_the_start_is_one_after_which_guessing_would_be_better():
    history = [
        record(10, 3.4, norm=100.0),
        record(20, 2.1, norm=1e11),
        *(record(10 * n, 1.6, 150.0) for n in range(3, 9)),
    ]
    (found,) = learning.from_history(Progress(history=history))
    assert found.name == "gradient explosion" and found.evidence["updates"] == [10, 20]


def test_a_training_that_stopped_names_update_length_and_operation():
    stopped = "update 532, length 20: the gradient of heads.linear.weight is not finite (loss 0.4)"
    progress = Progress(history=[record(25, norm=3e5), record(531, norm=float("nan"))], stopped=stopped)
    (found,) = learning.from_history(progress)
    assert found.fault and found.evidence == {
        "update": 532,
        "length": 20,
        "operation": "gradient of heads.linear.weight",
        "largest_norm_before": 3e5,
    }
    assert "at update 532, with sequences of length 20" in found.sentence


# what others call


def test_a_row_is_ready_for_json_and_says_what_diagnose_says():
    run = run_with([report("text", 3)])
    row = findings_row(run.model, run)
    assert row == [dataclasses.asdict(finding) for finding in diagnose(run.model, run)]
    assert json.loads(json.dumps(row))[0]["name"] == "unexplained"


def test_a_model_without_a_memory_has_only_a_history():
    model = LSTMBaseline(LSTMConfig(10, 8, 3))
    run = run_with(history=[record(25, wrong=0), record(50, wrong=2)])
    assert [row["name"] for row in findings_row(model, run)] == ["lost what it had learned"]
    with pytest.raises(TypeError, match="model is LSTMBaseline: expected an NTM"):
        diagnose(model, run)


@pytest.mark.parametrize(
    ("length", "message"), [(0, "length is 0: expected at least 1"), (2003, "length is 2003: expected at most 2000")]
)
def test_lengths_that_cannot_be_traced(length, message):
    with pytest.raises(ValueError, match=message):
        diagnose(copier(), length=length)


def test_long_copies_are_traced_with_fewer_sequences():
    assert named(diagnose(copier(), length=509), "healthy").evidence["sequences"] == 3


def test_machines_in_the_posts_format_are_diagnosed():
    torch.manual_seed(1000)
    found = diagnose(NTM(recipes.post_2014.machine), length=LENGTH)
    assert named(found, "wrong bits").evidence["wrong_bits"] > 0
    assert isinstance(found[0], Finding) and found[0].fault
