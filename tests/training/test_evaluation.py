"""Counting wrong bits, against machines that make known mistakes and against a count by hand."""

import json
import math
import warnings
from dataclasses import replace

import pytest
import torch
from copier import Copier
from small import MACHINE, YARDSTICK
from torch.utils._python_dispatch import TorchDispatchMode

from ntm_lib import NTM, NTMConfig, tasks
from ntm_lib.analysis.copies import copy_bytes, copy_format, rows_needed
from ntm_lib.machine import LSTMBaseline
from ntm_lib.tasks import Task
from ntm_lib.training import evaluation
from ntm_lib.training.evaluation import Count, MemoryTooSmall, Report, evaluate, judge
from ntm_lib.training.validation import validate


def flips_odd_vectors(bits, rows):
    """The last bit is wrong in every vector with an odd number of ones; the first vector is always right."""
    odd = bits[:, 1:].sum(-1) % 2
    bits[:, 1:, -1] = (bits[:, 1:, -1] + odd) % 2
    return bits


def count_by_hand(calls, length):
    """Wrong bits and wrong sequences, one bit at a time."""
    sequences = wrong_bits = wrong_sequences = bits = 0
    for payload, answer, _ in calls:
        if payload.shape[1] != length:
            continue
        for asked, said in zip(payload.tolist(), answer.tolist(), strict=True):
            wrong = 0
            for vector, other in zip(asked, said, strict=True):
                for bit, other_bit in zip(vector, other, strict=True):
                    wrong += bit != other_bit
                    bits += 1
            sequences += 1
            wrong_bits += wrong
            wrong_sequences += wrong > 0
    return Count(sequences, wrong_sequences, bits, wrong_bits)


# evaluate


@pytest.mark.parametrize("kind", tasks.KINDS)
@pytest.mark.parametrize("markers", [1, 2])
def test_evaluate_counts_like_one_who_counts_by_hand(kind, markers):
    machine = Copier(3, markers, flips_odd_vectors)
    report = evaluate(machine, lengths=[1, 7, 5], sequences=11, seed=2, kind=kind)
    assert report.kind == kind
    assert list(report.lengths) == [1, 7, 5]
    for length, count in report.lengths.items():
        assert count == count_by_hand(machine.calls, length)
        assert (count.sequences, count.bits) == (11, 11 * length * 3)
    assert report.lengths[1].wrong_bits == 0
    assert report.wrong_bits == report.lengths[7].wrong_bits + report.lengths[5].wrong_bits
    if kind not in ("zeros", "repeat", "alternating"):
        assert report.wrong_bits > 0


def test_evaluate_by_hand():
    """Ones of width 3 are odd: of 5 vectors in each of 11 sequences, all but the first end in a wrong bit."""
    report = evaluate(Copier(3, 2, flips_odd_vectors), lengths=[5], sequences=11, kind="ones")
    assert report.lengths == {5: Count(sequences=11, wrong_sequences=11, bits=165, wrong_bits=44)}


def test_a_perfect_machine_makes_no_mistake():
    report = evaluate(Copier(), lengths=(20, 50), sequences=7)
    assert report.wrong_bits == 0
    assert report.lengths[50] == Count(7, 0, 7 * 50 * 3, 0)


def test_a_zero_logit_is_a_zero():
    class Silent(Copier):
        def forward(self, inputs, memory_size=None):
            logits, state = super().forward(inputs, memory_size)
            return torch.zeros_like(logits), state

    assert evaluate(Silent(), [4], 5, kind="zeros").wrong_bits == 0
    assert evaluate(Silent(), [4], 5, kind="ones").wrong_bits == 4 * 5 * 3


@pytest.mark.parametrize("kind", tasks.KINDS)
def test_a_length_draws_the_same_whatever_stands_beside_it(kind):
    alone, together, reversed_ = Copier(), Copier(), Copier()
    evaluate(alone, [5], 11, seed=3, kind=kind)
    evaluate(together, [2, 5, 9], 11, seed=3, kind=kind)
    evaluate(reversed_, [9, 5, 2], 11, seed=3, kind=kind)
    assert torch.equal(alone.saw()[5], together.saw()[5])
    for length in (2, 5, 9):
        assert torch.equal(together.saw()[length], reversed_.saw()[length])


def test_the_seed_decides_what_is_drawn():
    first, same, other = Copier(), Copier(), Copier()
    before = torch.random.get_rng_state()
    for machine, seed in ((first, 3), (same, 3), (other, 4)):
        evaluate(machine, [20, 21], 11, seed=seed)
    assert torch.equal(torch.random.get_rng_state(), before)
    assert torch.equal(first.saw()[20], same.saw()[20])
    assert not torch.equal(first.saw()[20], other.saw()[20])
    assert not torch.equal(first.saw()[20][0], first.saw()[21][0, :20])  # another length is not the same, cut


@pytest.mark.parametrize("kind", tasks.KINDS)
def test_running_sequences_in_turn_changes_nothing(kind, monkeypatch):
    whole, parts, singly = (Copier(3, 2, flips_odd_vectors) for _ in range(3))
    expected = evaluate(whole, [5, 9], 11, kind=kind)
    monkeypatch.setattr(evaluation, "NUMBERS_AT_ONCE", 3 * 7 * rows_needed(9))
    assert evaluate(parts, [5, 9], 11, kind=kind) == expected
    monkeypatch.setattr(evaluation, "NUMBERS_AT_ONCE", 1)
    assert evaluate(singly, [5, 9], 11, kind=kind) == expected
    assert [len(machine.calls) for machine in (whole, singly)] == [2, 22]
    assert 2 < len(parts.calls) < 22
    for length in (5, 9):
        assert torch.equal(whole.saw()[length], parts.saw()[length])
        assert torch.equal(whole.saw()[length], singly.saw()[length])


def test_the_memory_is_as_large_as_asked_for_or_as_needed():
    machine = Copier()
    evaluate(machine, [5, 9], 2)
    evaluate(machine, [5, 9], 2, memory_size=97)
    assert [rows for _, _, rows in machine.calls] == [rows_needed(5), rows_needed(9), 97, 97]
    assert all(rows_needed(length) > 2 * length + 2 for length in (1, 20, 1000))


def test_evaluate_runs_the_machine_itself():
    """The same count as the machine's own logits on the same payloads."""
    torch.manual_seed(0)
    machine = NTM(MACHINE)
    seen = Copier()
    evaluate(seen, [4], 7, seed=5)
    bits = seen.saw()[4]
    logits, _ = machine(tasks.frame_copy(bits).inputs, memory_size=rows_needed(4))
    said = (logits[:, 6:].sigmoid() > 0.5).float()
    count = evaluate(machine, [4], 7, seed=5).lengths[4]
    assert count == count_by_hand([(bits, said, None)], 4)
    assert 0 < count.wrong_bits < count.bits
    assert all(parameter.grad is None for parameter in machine.parameters())


@pytest.mark.parametrize(
    "tied", [{"initial_weights": "learned"}, {"initial_memory": "learned"}], ids=["weights", "memory"]
)
def test_a_machine_tied_to_its_rows_is_evaluated_with_these(tied):
    machine = NTM(NTMConfig(5, 3, memory_size=13, word_size=5, controller_size=11, **tied))
    assert evaluate(machine, [3, 5], 4).lengths[5].bits == 4 * 5 * 3
    assert evaluate(machine, [3], 4, memory_size=13) == evaluate(machine, [3], 4)
    with pytest.raises(ValueError, match="leave memory_size at 13"):
        evaluate(machine, [3], 4, memory_size=14)
    with pytest.warns(MemoryTooSmall, match="memory_size 13 is less than the 14 rows that length 6 needs"):
        evaluate(machine, [6], 4)


def test_errors_in_a_crowd_are_those_of_a_run_in_it():
    machine = NTM(MACHINE, torch.Generator().manual_seed(0))
    batch = tasks.copying_for(MACHINE).draw(7, 5, torch.Generator().manual_seed(3 * 1_000_003 + 5))
    with torch.inference_mode():
        logits, _ = machine(batch.inputs, memory_size=2 * 5 + 2 + 14, crowd=1000)
    count = evaluate(machine, [5], sequences=7, seed=3, crowd=1000).lengths[5]
    assert count.wrong_bits == tasks.count_wrong_bits(logits, batch).sum()


@pytest.mark.parametrize("given", [{"crowd": 2}, {"memory_size": 50}])
def test_a_model_without_a_memory_has_no_crowd_and_no_rows(given):
    ((name, value),) = given.items()
    with pytest.raises(ValueError, match=f"{name} is {value}: this model has no memory, and so no rows; leave {name}"):
        evaluate(LSTMBaseline(YARDSTICK.machine), [3], 4, **given)


@pytest.mark.parametrize(("length", "rows"), [(3, 14), (30, 11)])
def test_rows_that_a_machine_cannot_have_are_refused_without_a_warning(length, rows):
    tied = NTM(NTMConfig(5, 3, memory_size=13, word_size=5, controller_size=11, initial_memory="learned"))
    for machine, said in (tied, "leave memory_size at 13"), (LSTMBaseline(YARDSTICK.machine), "leave memory_size out"):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            with pytest.raises(ValueError, match=said):
                evaluate(machine, [length], 4, memory_size=rows)


def test_a_machine_of_ones_own_without_a_crowd():
    class Own(NTM):
        def forward(self, inputs, state=None, memory_size=None, history=None):
            return super().forward(inputs, state, memory_size, history)

    machine = Own(MACHINE, torch.Generator().manual_seed(0))
    assert evaluate(machine, [5], 3) == evaluate(NTM(MACHINE, torch.Generator().manual_seed(0)), [5], 3)
    with pytest.raises(ValueError, match="crowd is 7: the forward of Own takes no crowd; leave crowd out"):
        evaluate(machine, [5], 3, crowd=7)


def test_what_is_no_machine_is_not_evaluated():
    with pytest.raises(TypeError, match="machine is Linear: expected an NTM or an LSTMBaseline"):
        evaluate(torch.nn.Linear(3, 3))


def test_a_machine_without_a_memory_is_evaluated():
    assert evaluate(LSTMBaseline(YARDSTICK.machine), [3, 40], 4).lengths[40].bits == 4 * 40 * 3


# Bad input


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"lengths": [5, 0]}, ValueError, "length is 0: expected at least 1"),
        ({"lengths": [-3]}, ValueError, "length is -3: expected at least 1"),
        ({"lengths": [5.0]}, TypeError, "length is 5.0: expected a whole number"),
        ({"lengths": ["5"]}, TypeError, "length is '5': expected a whole number"),
        ({"lengths": [True]}, TypeError, "length is True: expected a whole number"),
        ({"sequences": 0}, ValueError, "sequences is 0: expected at least 1"),
        ({"sequences": -1}, ValueError, "sequences is -1: expected at least 1"),
        ({"sequences": 2.5}, TypeError, "sequences is 2.5: expected a whole number"),
        ({"seed": -1}, ValueError, "seed is -1: expected a whole number from 0 to "),
        ({"seed": 2**32}, ValueError, f"seed is {2**32}: expected a whole number from 0 to 4294967295"),
        ({"seed": "3"}, ValueError, "seed is '3': expected a whole number from 0 to "),
        ({"kind": "ramdom"}, ValueError, "kind is 'ramdom': expected one of random, zeros, "),
        ({"memory_size": 0}, ValueError, "memory_size is 0: expected at least 1"),
        ({"memory_size": -3}, ValueError, "memory_size is -3: expected at least 1"),
        ({"memory_size": 97.0}, TypeError, "memory_size is 97.0: expected a whole number"),
        ({"memory_size": "97"}, TypeError, "memory_size is '97': expected a whole number"),
        ({"lengths": 5}, TypeError, "lengths is 5: expected several, such as [20, 50]"),
        ({"lengths": [(5, 3)]}, ValueError, "size is 5x3: expected one number, such as 20"),
        ({"lengths": [()]}, ValueError, "size is (): expected numbers with a product of 10,000,000 at the most"),
        ({"kind": ""}, ValueError, "kind is '': expected one of random, zeros, "),
        ({"lengths": [10**9]}, ValueError, "length is 1000000000: expected at most 10000000"),
        ({"crowd": 0.5}, ValueError, "crowd is 0.5: expected at least 1"),
        ({"crowd": math.nan}, ValueError, "crowd is nan: expected a number from 1 to "),
        ({"crowd": math.inf}, ValueError, "crowd is inf: expected at most "),
        ({"crowd": "100"}, TypeError, "crowd is '100': expected a number"),
        ({"crowd": True}, TypeError, "crowd is True: expected a number"),
    ],
)
def test_bad_input(options, error, message):
    machine = NTM(MACHINE)
    with pytest.raises(error) as caught:
        evaluate(machine, **{"lengths": [5], "sequences": 3, **options})
    assert str(caught.value).startswith(message)
    assert "\n" not in str(caught.value)


def test_a_bad_length_is_found_before_the_work_begins():
    machine = Copier()
    with pytest.raises(ValueError, match="length is 0"):
        evaluate(machine, [5, 0], 3)
    assert not machine.calls


@pytest.mark.parametrize(("inputs", "outputs"), [(8, 8), (11, 8), (7, 8), (30, 8)])
def test_a_machine_without_room_for_markers(inputs, outputs):
    machine = NTM(NTMConfig(inputs, outputs, controller_size=11))
    message = f"this machine has {inputs} inputs and {outputs} outputs: a copy needs one input more"
    for use in (copy_format, evaluate, judge, lambda machine: copy_bytes(machine, b"a")):
        with pytest.raises(ValueError, match=message):
            use(machine)


# Too small a memory


def test_too_small_a_memory_is_said():
    """One row fewer than the 2L + 2 steps: the value, what will happen, and what to do."""
    with pytest.warns(MemoryTooSmall) as caught:
        evaluate(Copier(), [3, 10], 2, memory_size=21)
    (warning,) = caught  # length 3 fits
    message = str(warning.message)
    assert message.startswith("memory_size 21 is less than the 22 rows that length 10 needs: ")
    assert "wraps round after 21 steps and overwrites the oldest vectors" in message
    assert message.endswith("use at least 22 rows")
    assert "\n" not in message
    assert warning.filename == __file__  # the line to change


def test_just_enough_memory_is_no_news():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        evaluate(Copier(), [3, 10], 2, memory_size=22)


# As JSON


def test_a_reports_json():
    report = Report("random", {20: Count(100, 3, 16000, 5), 7: Count(2, 0, 112, 0)})
    assert json.loads(json.dumps(report.to_json())) == {
        "kind": "random",
        "lengths": {
            "20": {"sequences": 100, "wrong_sequences": 3, "bits": 16000, "wrong_bits": 5},
            "7": {"sequences": 2, "wrong_sequences": 0, "bits": 112, "wrong_bits": 0},
        },
    }


# judge


def test_what_is_judged():
    machine = Copier()
    verdict = judge(machine)
    assert verdict.converged
    assert verdict.wrong_bits == 0
    judged = {
        (report.kind, length): count.sequences for report in verdict.reports for length, count in report.lengths.items()
    }
    assert [report.kind for report in verdict.reports] == [*tasks.KINDS, "chosen"]
    others = {(kind, length): 10 for kind in tasks.KINDS for length in (20, 120) if kind != "random"}
    chosen = {("chosen", 20): 28, ("chosen", 120): 28}
    assert judged == {("random", 20): 100, ("random", 50): 100, ("random", 120): 100} | others | chosen
    assert {length: len(bits) for length, bits in machine.saw().items()} == {20: 198, 50: 100, 120: 198}
    assert set(machine.crowds) == {1}


def is_dull(bits):
    """Sequences of one vector."""
    return (bits == bits[:, :1]).all(dim=2).all(dim=1)


def one_after_another(bits, rows):
    """Sequences of one vector, after another one."""
    return is_dull(bits[:, 1:]) & ~is_dull(bits)


def fails_on(when):
    """A mistake in the very last bit of the sequences for which `when` holds."""

    def mistake(bits, rows):
        bits[:, -1, -1] = (bits[:, -1, -1] + when(bits, rows).float()) % 2
        return bits

    return mistake


@pytest.mark.parametrize(
    "when",
    [
        lambda bits, rows: (bits == 0).all(dim=2).all(dim=1) & (bits.shape[1] == 120),
        lambda bits, rows: (bits == 1).all(dim=2).all(dim=1) & (bits.shape[1] == 20),
        lambda bits, rows: ~is_dull(bits) & (bits.shape[1] == 50) & (torch.arange(len(bits)) == 99),
    ],
    ids=["zeros at 120", "ones at 20", "the last of a hundred at 50"],
)
def test_one_wrong_bit_is_not_converged(when):
    verdict = judge(Copier(mistake=fails_on(when)))
    assert verdict.wrong_bits > 0
    assert not verdict.converged


def judged_machines():
    """A copier that flips bits, fresh machines, and a fresh baseline."""
    generator = torch.Generator().manual_seed(0)
    lstm = replace(MACHINE, controller="lstm", read_heads=2, write_heads=3)
    return [
        Copier(3, 2, flips_odd_vectors),
        NTM(MACHINE, generator),
        NTM(lstm, generator),
        NTM(replace(MACHINE, initial_memory="learned"), generator),
        LSTMBaseline(YARDSTICK.machine, generator),
    ]


@pytest.mark.parametrize("machine", judged_machines(), ids=["copier", "ntm", "lstm", "tied", "yardstick"])
@pytest.mark.parametrize("at_once", [2_000_000, 5 * 7 * 20, 1])
def test_a_verdict_counts_what_evaluate_counts(machine, at_once, monkeypatch):
    """For every kind and size, though all kinds run in one batch, and however many sequences of it at one time."""
    task, sequences = replace(tasks.copying(3), sizes=(5, 2, 3)), {"random": 100, "chosen": 28}
    expected = {
        kind: evaluate(machine, [5, 2, 3] if kind == "random" else [2, 5], sequences.get(kind, 10), 11, kind, task=task)
        for kind in (*tasks.KINDS, "chosen")
    }
    monkeypatch.setattr(evaluation, "NUMBERS_AT_ONCE", at_once)
    verdict = judge(machine, task, seed=11)
    assert {report.kind: report for report in verdict.reports} == expected
    assert all(count.wrong_bits > 0 for count in expected["random"].lengths.values()) or isinstance(machine, Copier)
    assert verdict.wrong_bits == sum(report.wrong_bits for report in expected.values()) > 0


def test_kinds_of_different_lengths_are_judged_in_one_batch():
    """Shorter ones are padded; what is counted is what each kind counts alone."""

    def slow(batch_size, size, generator):
        """Bits that are asked for twice."""
        bits = torch.randint(0, 2, (batch_size, size, 3), generator=generator).float().repeat(1, 2, 1)
        return tasks.Batch(bits, bits, torch.ones(batch_size, 2 * size))

    task = Task(3, 3, slow, tests={"slow": slow, "echo": echo(1.0)}, rows=lambda size: 7, sizes=(2, 5))
    machine = NTM(replace(MACHINE, input_size=3), torch.Generator().manual_seed(1))
    verdict = judge(machine, task, seed=3)
    for report, sequences in zip(verdict.reports, (100, 10), strict=True):
        assert report == evaluate(machine, [2, 5], sequences, 3, report.kind, task=task)
    assert verdict.reports[0].wrong_bits > 0


def test_a_verdict_fails_for_chosen_sequences_alone():
    """A mistake where one vector comes after another, which no kind but the chosen one has."""
    verdict = judge(Copier(8, mistake=fails_on(one_after_another)))
    assert {report.kind for report in verdict.reports if report.wrong_bits} == {"chosen"}
    assert not verdict.converged


@pytest.mark.parametrize("at_once", [13 * 5 * 3, 13 * 5 * 7 + 1, 1])
def test_errors_of_many_sequences_are_those_of_one_batch(at_once, monkeypatch):
    machine, task = NTM(MACHINE, torch.Generator().manual_seed(0)), tasks.copying(3)
    batch = task.draw(17, 4, torch.Generator().manual_seed(0))
    expected, sizes = evaluation.errors(machine, task, batch, 13), []

    def errors(model, task, batch, rows):
        sizes.append(len(batch.mask))
        return real(model, task, batch, rows)

    real = evaluation.errors
    monkeypatch.setattr(evaluation, "errors", errors)
    monkeypatch.setattr(evaluation, "NUMBERS_AT_ONCE", at_once)
    assert torch.equal(evaluation.errors_of_many(machine, task, batch, 13), expected)
    share = max(1, at_once // (13 * 5))
    assert sizes == [share] * (17 // share) + [17 % share] * (17 % share > 0)
    assert expected.shape == (17,) and len(set(expected.tolist())) > 3


def test_how_many_sequences_run_at_one_time_by_hand(monkeypatch):
    monkeypatch.setattr(evaluation, "NUMBERS_AT_ONCE", 1000)
    machine = NTM(MACHINE)  # rows of 5 numbers, 13 of them
    assert [evaluation.sequences_at_once(machine, rows, 7) for rows in (11, None, 200, 201)] == [18, 15, 1, 1]
    assert evaluation.sequences_at_once(LSTMBaseline(YARDSTICK.machine), None, 7) == 142


def test_a_judgement_is_the_seeds_alone():
    first, same, other = Copier(), Copier(), Copier()
    for machine, seed in ((first, 0), (same, 0), (other, 1)):
        judge(machine, seed=seed)
    assert torch.equal(first.saw()[50], same.saw()[50])
    assert not torch.equal(first.saw()[50], other.saw()[50])


def test_a_small_tied_machine_is_judged_without_a_word():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        verdict = judge(NTM(NTMConfig(5, 3, memory_size=3, word_size=2, controller_size=2, initial_memory="learned")))
    assert not verdict.converged


# validate


def validated(machine, seed=0, longest=3, margin=0.0, crowd=10_000):
    return validate(machine, longest, torch.Generator().manual_seed(seed), margin=margin, crowd=crowd)


@pytest.mark.parametrize("markers", [1, 2])
def test_a_perfect_machine_is_exact(markers):
    machine = Copier(3, markers)
    assert validated(machine) == 0
    assert list(machine.saw()) == [3, 12, 30]  # the longest that it has trained on, and longer ones
    for bits, _, rows in machine.runs():
        assert rows >= rows_needed(bits.shape[1])


@pytest.mark.parametrize(
    "when",
    [
        lambda bits, rows: (bits == 0).all(dim=2).all(dim=1),
        lambda bits, rows: (bits == 1).all(dim=2).all(dim=1),
        lambda bits, rows: ~is_dull(bits),
        lambda bits, rows: torch.full((len(bits),), bits.shape[1] == 3),
        lambda bits, rows: torch.full((len(bits),), bits.shape[1] == 12),
        lambda bits, rows: torch.full((len(bits),), bits.shape[1] == 30),
        one_after_another,
    ],
    ids=["zeros", "ones", "not dull", "as long", "four times as long", "ten times as long", "one after another"],
)
def test_one_weakness_is_not_exact(when):
    assert validated(Copier(mistake=fails_on(when))) > 0


def test_validation_draws_from_the_runs_generator_alone():
    first, same, other = Copier(), Copier(), Copier()
    before = torch.random.get_rng_state()
    for machine, seed in ((first, 0), (same, 0), (other, 1)):
        validated(machine, seed)
    assert torch.equal(torch.random.get_rng_state(), before)
    for (bits, *_), (again, *_), (others, *_) in zip(first.runs(), same.runs(), other.runs(), strict=True):
        assert torch.equal(bits, again)
        assert not torch.equal(bits, others)


def test_two_validations_are_fresh():
    generator = torch.Generator().manual_seed(0)
    first, second = Copier(), Copier()
    validate(first, 3, generator)
    validate(second, 3, generator)
    assert not torch.equal(next(iter(first.saw().values())), next(iter(second.saw().values())))


def test_what_validation_draws():
    """32 random sequences and 2 of every other kind at the longest trained length, and at 4 times that; 16 and 1 at 10
    times; and at 4 times in a crowd of 10,000. All parts but the second end with 28 chosen against the machine.
    """
    machine, generator = Copier(), torch.Generator().manual_seed(7)
    assert validated(machine, seed=7, longest=3) == 0
    expected = []
    for length, random, others, chosen in ((3, 32, 2, 28), (12, 32, 2, 0), (30, 16, 1, 28), (12, 16, 1, 28)):
        numbers = [random] + [others] * 7
        parts = [
            tasks.payload(number, length, 3, kind, generator) for kind, number in zip(tasks.KINDS, numbers, strict=True)
        ]
        parts += [tasks.chosen_payload(Copier(), chosen, length, generator)] if chosen else []
        expected.append((torch.cat(parts), rows_needed(length)))
    for (bits, _, rows), (payload, needed) in zip(machine.runs(), expected, strict=True):
        assert torch.equal(bits, payload)
        assert rows == needed
    assert machine.crowds == [1, 1, 1, 10_000]


def test_a_crowd_of_one_is_no_part_of_a_validation():
    machine = Copier()
    assert validated(machine, crowd=1) == 0
    assert machine.crowds == [1, 1, 1]


class LostInACrowd(Copier):
    """Says the opposite of every bit in a crowd."""

    def forward(self, inputs, memory_size=None, crowd=1):
        logits, state = super().forward(inputs, memory_size, crowd)
        return logits if crowd == 1 else -logits, state


def test_a_machine_that_fails_in_a_crowd_alone_is_not_exact():
    """Every bit is wrong: of 16, 7, and 28 sequences of 4 vectors of 3 bits."""
    machine = LostInACrowd()
    assert validated(machine, longest=1) == (16 + 7 + 28) * 4 * 3
    assert judge(machine).converged


class Doubtful(Copier):
    """Right in every bit, by 5 nats; in one bit of sequences of one length, by 2."""

    def forward(self, inputs, memory_size=None, crowd=1):
        logits, state = super().forward(inputs, memory_size, crowd)
        logits = 5 * logits.sign()
        if inputs.shape[1] == 2 * 30 + 2:
            logits[7, -1, -1] *= 0.4
        return logits, state


@pytest.mark.parametrize(("margin", "wrong"), [(0.0, 0), (1.9, 0), (2.1, 1), (4.9, 1)])
def test_a_bit_is_wrong_that_is_not_right_by_the_margin(margin, wrong):
    assert validated(Doubtful(), margin=margin) == wrong


def test_every_bit_is_wrong_beyond_its_margin():
    """The first part: 32 random sequences, 14 others and 28 chosen ones, of 3 vectors of 3 bits."""
    assert validated(Doubtful(), margin=5.1) == (32 + 14 + 28) * 3 * 3


def test_a_validation_ends_with_its_first_wrong_part():
    machine = Copier(mistake=fails_on(lambda bits, rows: torch.arange(len(bits)) == 7))
    assert validated(machine) == 1
    assert len(machine.runs()) == 1


def watched(kind):
    """A kind of machine that remembers the steps and options of its calls, and its task, of which it never errs."""
    calls = []

    class Watched(kind):
        def forward(self, inputs, *arguments, **options):
            calls.append((len(inputs), (inputs.shape[1] - 2) // 2, options))
            return super().forward(inputs, *arguments, **options)

    task = replace(tasks.copying(3), wrong=lambda logits, batch: torch.zeros(len(logits), dtype=torch.long))
    return Watched, task, calls


@pytest.mark.parametrize("rows", [12, 13])
@pytest.mark.parametrize("tied", [{"initial_weights": "learned"}, {"initial_memory": "learned"}], ids=str)
def test_a_machine_tied_to_its_rows_is_validated_on_what_these_hold(tied, rows):
    """Two vectors fit, and up to five, which take 12 rows; it has no crowd."""
    kind, task, calls = watched(NTM)
    machine = kind(NTMConfig(5, 3, memory_size=rows, word_size=5, controller_size=11, **tied))
    assert validate(machine, 2, torch.Generator().manual_seed(0), task, crowd=10_000) == 0
    assert calls == [(32 + 7 * 2 + 28, 2, {}), (32 + 7 * 2, 5, {}), (16 + 7 + 28, 5, {})]


def test_a_machine_without_a_memory_is_validated_in_no_crowd():
    kind, task, calls = watched(LSTMBaseline)
    assert validate(kind(YARDSTICK.machine), 2, torch.Generator().manual_seed(0), task, crowd=10_000) == 0
    probed = (8, 4, {})  # every vector, 4 times over, to choose sequences against it
    assert [call for call in calls if call != probed] == [
        (32 + 7 * 2 + 28, 2, {}),
        (32 + 7 * 2, 8, {}),
        (16 + 7 + 28, 20, {}),
    ]


@pytest.mark.parametrize("kinds", [1, 3])
def test_a_task_without_chosen_sequences_is_validated_without_them(kinds):
    machine = Parrot()
    others = {str(number): echo(0.0) for number in range(1, kinds)}
    task = Task(3, 3, echo(1.0), tests={"ones": echo(1.0), **others})
    wrong = validate(machine, 1, torch.Generator().manual_seed(0), task, crowd=10_000)
    assert wrong == (16 + kinds - 1) * 10 * 3  # a parrot's answers of ten steps
    machine.always_right = True
    assert validate(machine, 1, torch.Generator().manual_seed(0), task, crowd=10_000) == 0
    last = machine.calls[-4:]
    assert [len(inputs) for inputs, *_ in last] == [
        first + (kinds - 1) * each for first, each in ((32, 2), (32, 2), (16, 1), (16, 1))
    ]
    assert [inputs.shape[1] for inputs, *_ in last] == [1, 4, 10, 4]
    assert machine.crowds[-4:] == [1, 1, 1, 10_000]


# Tasks of one's own


def echo(value):
    """Draws sequences of `value` that are asked for as they come in."""

    def draw(batch_size, size, generator):
        bits = torch.full((batch_size, size, 3), value)
        return tasks.Batch(bits, bits, torch.ones(batch_size, size))

    return draw


class Parrot(Copier):
    """Answers with its inputs at once; unless it is always right, its answers are wrong from size 7 on."""

    always_right = False

    def forward(self, inputs, memory_size=None, crowd=1):
        self.calls.append((inputs, inputs, memory_size))
        self.crowds.append(crowd)
        wrong = float(inputs.shape[1] >= 7 and not self.always_right)
        return inputs - 0.5 + wrong * (1 - 2 * inputs), None


def test_a_task_of_ones_own_is_evaluated():
    """With as many rows as it has steps, and a few more."""
    machine, task = Parrot(), Task(3, 3, echo(1.0))
    report = evaluate(machine, [5, 7], 11, task=task)
    assert report == Report("drawn", {5: Count(11, 0, 165, 0), 7: Count(11, 11, 231, 231)})
    assert [rows for _, _, rows in machine.calls] == [5 + 14, 7 + 14]
    rows = Task(3, 3, echo(1.0), rows=lambda size: 3)
    evaluate(machine, [5], 2, task=rows)
    assert machine.calls[-1][2] == 3 + 14
    with pytest.warns(MemoryTooSmall, match="memory_size 4 is less than the 5 rows that length 5 needs"):
        evaluate(machine, [5], 2, memory_size=4, task=task)


def test_the_kinds_of_a_task_of_ones_own():
    task = Task(3, 3, echo(1.0), tests={"ones": echo(1.0), "zeros": echo(0.0)}, sizes=(3, 5, 7))
    assert evaluate(Parrot(), [5], 2, task=task).kind == "ones"
    assert evaluate(Parrot(), [5], 2, kind="zeros", task=task).kind == "zeros"
    with pytest.raises(ValueError, match="kind is 'random': expected one of ones, zeros"):
        evaluate(Parrot(), [5], 2, kind="random", task=task)
    verdict = judge(Parrot(), task)
    counts = {(report.kind, size): count for report in verdict.reports for size, count in report.lengths.items()}
    assert {where: (count.sequences, count.wrong_bits) for where, count in counts.items()} == {
        ("ones", 3): (100, 0),
        ("ones", 5): (100, 0),
        ("ones", 7): (100, 2100),
        ("zeros", 3): (10, 0),
        ("zeros", 7): (10, 210),
    }


def test_a_task_may_count_errors_of_its_own():
    """A sequence is wrong where its last answer is."""
    task = Task(3, 3, echo(1.0), wrong=lambda logits, batch: (logits[:, -1, 0] < 0).long())
    assert evaluate(Parrot(), [7], 11, task=task).lengths[7].wrong_bits == 11


def test_validation_of_a_task_of_ones_own():
    generator = torch.Generator().manual_seed(0)
    assert validate(Parrot(), 1, generator, Task(3, 3, echo(1.0), rows=lambda size: 1)) > 0  # 10 times as long fails
    assert validate(Copier(), 1, generator, tasks.copying(3)) == 0


def test_copying_as_a_task_is_what_evaluation_does_by_itself():
    machine = NTM(MACHINE)
    assert evaluate(machine, [4], 7, task=tasks.copying(3)) == evaluate(machine, [4], 7)
    assert judge(machine, tasks.copying(3)) == judge(machine)


# Padding


@pytest.mark.parametrize("controller", ["feed-forward", "lstm"])
def test_padded_sequences_are_answered_as_they_are_alone(controller):
    """Logits of a padded batch on the steps that are no padding, and wrong bits."""
    torch.manual_seed(0)
    machine = NTM(replace(MACHINE, controller=controller))
    alone = [tasks.copy(1, length, 3, generator=torch.Generator().manual_seed(length)) for length in (2, 7, 4)]
    together = tasks.join(alone)
    logits = evaluation.answer(machine, together.inputs, 29)
    wrong = evaluation.errors(machine, tasks.copying(3), together, 29)
    for b, batch in enumerate(alone):
        expected = evaluation.answer(machine, batch.inputs, 29)
        torch.testing.assert_close(logits[b, : batch.mask.shape[1]], expected[0])
        assert wrong[b] == evaluation.errors(machine, tasks.copying(3), batch, 29)[0] > 0


# Devices and precision


@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16, torch.float16], ids=str)
def test_a_machine_of_another_precision_is_evaluated_in_its_own(dtype):
    machine = NTM(MACHINE).to(dtype)
    assert evaluate(machine, [3], 4).lengths[3].bits == 36
    assert machine.output.weight.dtype == dtype


def test_an_answer_makes_no_tensor_away_from_its_machine():
    """On meta, where every tensor can be told from those of the processor."""

    seen = set()

    class Devices(TorchDispatchMode):
        def __torch_dispatch__(self, func, types, args=(), kwargs=None):
            made = func(*args, **(kwargs or {}))
            parts = made if isinstance(made, tuple | list) else [made]
            seen.update(part.device.type for part in parts if isinstance(part, torch.Tensor))
            return made

    machine, inputs = NTM(MACHINE).to("meta"), tasks.copy(4, 3, 3).inputs
    with Devices():
        assert evaluation.answer(machine, inputs, 29).shape == (4, 8, 3)
    assert seen == {"meta"}


def test_a_device_may_be_named():
    machine = NTM(MACHINE)
    assert evaluate(machine, [3], 4, device="cpu") == evaluate(machine, [3], 4)
    for name in ("gpu", "cuda:77", "nowhere"):
        with pytest.raises(ValueError, match=r"device is .*: expected") as caught:
            evaluate(machine, [3], 4, device=name)
        assert "\n" not in str(caught.value)
        assert name in str(caught.value)
