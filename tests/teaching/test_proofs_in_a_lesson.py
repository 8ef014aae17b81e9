"""What lesson 8 asks of proofs: each part is held against the machine itself."""

from pathlib import Path

import pytest
import torch
from flint import arb

from ntm_lib import load, tasks
from ntm_lib.analysis.trace import trace_copy
from ntm_lib.machine import addressing
from ntm_lib.proof import claims
from ntm_lib.proof.balls import EXACT, Machine
from ntm_lib.proof.prove import prove
from ntm_lib.teaching import proofs

PROOFS = Path(__file__).parents[2] / "data" / "proofs"
WALKS, STAYS = PROOFS / "walks", PROOFS / "stays"
LENGTH, ROWS = 3, 512


@pytest.fixture(scope="module")
def walks():
    machine = Machine(WALKS)
    return machine, prove(machine, LENGTH, ROWS)


@pytest.mark.parametrize(("leak", "gamma"), [(0.1, 3.0), (0.3, 1.7)])
def test_a_walking_head_is_bounded_as_by_hand_and_by_its_own_steps(leak, gamma):
    head, others, rows = proofs.walking_head(leak, gamma), 0.2, 7
    bound = float(claims.walk(head, 0, 1, arb(others), [arb(1)], rows, EXACT)[0].upper())
    assert bound == pytest.approx(((leak + others) / (1 - leak)) ** gamma)
    where = torch.rand(50, 1, rows, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    where[..., 2] = 0
    shares = others * where / where.sum(-1, keepdim=True) + (torch.arange(rows) == 2)
    s = torch.tensor([0.0, leak, 1 - leak], dtype=torch.float64).expand(50, 1, 3)
    moved = addressing.shift(shares / shares.sum(-1, keepdim=True), s)
    after = addressing.sharpen(moved, torch.full((50, 1), gamma, dtype=torch.float64))
    assert (1 / after[..., 3] - 1).max() <= bound


def test_one_weight_moves_and_no_other(tmp_path):
    out = proofs.move_weight(WALKS, tmp_path / "moved", "heads.linear.weight", 211, by=0.5)
    (before, _), (after, _) = load(WALKS), load(out)
    for name, value in before.state_dict().items():
        moved = (after.state_dict()[name] - value).flatten()
        expected = torch.zeros_like(moved)
        if name == "heads.linear.weight":
            expected[211] = 0.5
        torch.testing.assert_close(moved, expected)


@pytest.mark.parametrize(
    ("name", "place", "message"),
    [
        ("output.biases", 0, "no parameter is called 'output.biases': expected one of reads_0, "),
        ("output.bias", 8, "place is 8: output.bias has the places 0 to 7"),
        ("output.bias", -1, "place is -1: output.bias has the places 0 to 7"),
    ],
)
def test_a_weight_that_is_not_there_is_named(tmp_path, name, place, message):
    with pytest.raises(ValueError, match=message):
        proofs.move_weight(WALKS, tmp_path, name, place, by=1.0)


def test_a_verdict_says_what_is_proved_or_why_nothing_is(tmp_path):
    assert proofs.verdict(WALKS, LENGTH).startswith("Every one of the 256^1 + … + 256^3 sequences of 1 to 3 bytes")
    broken = proofs.move_weight(WALKS, tmp_path, "output.bias", 3, by=4.27)
    said = proofs.verdict(broken, LENGTH)
    assert said.startswith("not proved: answer: margin of bit 3, after input 16 may be as low as -0.")
    assert said.endswith(": expected 1e-06 or more")
    weak = proofs.move_weight(WALKS, tmp_path, "heads.linear.bias", 40, by=-20.0)
    assert "end marker" in (said := proofs.verdict(weak, 40)) and said.endswith("times too large)")


def test_a_refusal_says_its_reason_and_what_holds_is_accepted(walks):
    machine, certificate = walks
    assert proofs.refusal(certificate, machine) == "it is accepted"
    assert "rows from the start marker to the resting reader" in proofs.refusal(certificate | {"memory": 10}, machine)


@pytest.mark.parametrize(("directory", "walks_on", "way"), [(WALKS, True, 1), (STAYS, False, -1)])
def test_what_is_known_is_where_the_heads_of_a_machine_are(directory, walks_on, way):
    model, _ = load(directory)
    rows = 64
    trace = trace_copy(model, tasks.payload(1, 5, generator=torch.Generator().manual_seed(1)), memory_size=rows)
    start = trace.w_write[0, 0, 0].argmax().item()
    rest = trace.w_read[0, 0, 0].argmax().item()
    for step in range(12):
        known = proofs.known_after(step, 5, walks_on)
        writer, reader = (each[0, step, 0].argmax().item() for each in (trace.w_write, trace.w_read))
        assert writer == (start + way * known.writer) % rows
        assert reader == (rest if known.reader is None else (start + way * known.reader) % rows)
        vectors = [f"vector {k}" for k in range(1, min(step, 5) + 1)]
        later = 0 if step < 6 else step - 5 if walks_on else 1
        assert known.rows == ("start marker", *vectors, *["written, not read"] * later)
        norms = trace.memory[0, step].norm(dim=-1).roll(-start)
        written = norms if way == 1 else norms.flip(0).roll(1)  # from the start marker's row on, as the writer goes
        assert written[: len(known.rows)].min() > 4 and written[len(known.rows) :].max() < 0.01


@pytest.mark.parametrize("step", [-1, 12])
def test_a_step_that_a_copy_has_not_is_named(step):
    with pytest.raises(ValueError, match=f"step is {step}: a copy of 5 vectors has the steps 0 to 11"):
        proofs.known_after(step, 5, walks_on=True)


def test_every_bound_of_a_certificate_has_words_of_its_own(walks):
    bounds = walks[1]["bounds"]
    named = proofs.in_words({name: number for number, name in enumerate(bounds)})
    assert [*named.values()] == [*range(len(bounds))]
    assert named["a row off its code"] == [*bounds].index("stored")
    assert named["beside the writer, all rows, vectors go out"] == [*bounds].index("answer_others")
    with pytest.raises(ValueError, match="'length' is no bound of a certificate: expected some of writer_near, "):
        proofs.in_words({"length": 0.5})


def test_a_sentence_is_broken_between_its_words():
    said = " ".join(["eleven-more"] * 17)
    lines = proofs.in_lines(said).splitlines()
    assert " ".join(lines) == said and [len(line) for line in lines] == [59, 59, 59, 23]
    assert proofs.in_lines(Path("a/b")) == "a/b"


def test_bounds_in_words_have_their_numbers(walks):
    bounds = walks[1]["bounds"]
    words = proofs.bounds_in_words(bounds)
    assert [*words] == ["payload", "end marker", "answer"]
    assert f"a row off its code ≤ {max(bounds['stored']):.0e}\n" in words["payload"]
    assert words["payload"].startswith(f"beside the writer ≤ {bounds['writer_others']:.0e}\n")
    assert words["answer"].endswith(f"each bit right by {bounds['margin']:.1f} nats")
    assert f"beside the reader ≤ {bounds['reading']:.0e}" in words["end marker"]
