"""A proof is accepted where a machine copies everything, and nothing else is."""

import ast
import copy
import json
import subprocess
import sys
from itertools import product
from pathlib import Path

import numpy as np
import pytest
import torch
from broken import STAYS, WALKS, blunt, flip_a_bit, marker_like_a_code, network, parts, plant, step_back
from flint import arb, arb_mat
from safetensors.numpy import save_file

from ntm_lib import tasks
from ntm_lib.analysis import copies
from ntm_lib.machine.addressing import COSINE_EPSILON, SHARPEN_EPSILON
from ntm_lib.proof import claims, sampling
from ntm_lib.proof.balls import EXACT, FLOAT32, Machine
from ntm_lib.proof.breaking import breaking_payload
from ntm_lib.proof.check import Refused, check
from ntm_lib.proof.claims import Shares, geometry
from ntm_lib.proof.induction import Induction
from ntm_lib.proof.program import code_table, extract
from ntm_lib.proof.prove import SHARES, Unproved, plan_of, prove
from ntm_lib.proof.tidy import seal
from ntm_lib.proof.weights import COVERED
from ntm_lib.proof.words import said

LENGTH, ROWS = 17, 1024
PROOF = Path(claims.__file__).parent
CASES = {"walks": (WALKS, EXACT), "stays": (STAYS, EXACT), "stays, float32": (STAYS, FLOAT32)}


@pytest.fixture(scope="module")
def proofs():
    """Machine and certificate by case."""
    machines = {name: Machine(directory) for name, (directory, _) in CASES.items()}
    return {name: (machines[name], prove(machines[name], LENGTH, ROWS, how)) for name, (_, how) in CASES.items()}


@pytest.fixture
def walks(proofs):
    _, certificate = proofs["walks"]
    return Machine(WALKS), copy.deepcopy(certificate)


# What is proved is so


@pytest.mark.parametrize("case", CASES)
def test_a_certificate_survives_json_and_is_accepted(proofs, case):
    machine, certificate = proofs[case]
    plan = check(json.loads(json.dumps(certificate)), machine)
    assert (plan.length, plan.rows, plan.answer_writer) == (LENGTH, ROWS, int(case == "walks"))
    assert said(plan, 8).startswith(
        "Every one of the 256^1 + … + 256^17 sequences of 1 to 17 bytes, in a memory of 1,024 rows, comes back"
    )
    assert ("float32" in said(plan, 8)) == ("float32" in case)


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("length", [1, 5, 17])
def test_every_bound_holds_in_what_really_happens(proofs, case, length):
    directory, rounding = CASES[case]
    model = network(directory).to(torch.float64 if rounding is EXACT else torch.float32)
    generator = torch.Generator().manual_seed(length)
    payloads = [tasks.chosen_payload(model, 28, length, generator), tasks.payload(20, length, generator=generator)]
    certificate = proofs[case][1]
    used = sampling.largest_shares(
        model, check(certificate, proofs[case][0]), certificate["bounds"], torch.cat(payloads)
    )
    assert max(used.values()) <= 1
    assert used["margin"] > 0.5 and used["largest"] > 0.5 and used["writer_near"] > 0.4  # and is not idle


def test_the_sampler_sees_a_bound_that_is_broken(walks):
    machine, certificate = walks
    certificate["bounds"]["largest"][3] /= 4
    model, payloads = network(WALKS).double(), tasks.payload(40, 5, generator=torch.Generator().manual_seed(0))
    plan = check(prove(machine, LENGTH, ROWS), machine)
    assert sampling.largest_shares(model, plan, certificate["bounds"], payloads)["largest"] > 1


@pytest.mark.parametrize("rounding", [EXACT, FLOAT32], ids=lambda each: each.name)
def test_balls_hold_what_heads_emit(rounding):
    dtype = torch.float64 if rounding is EXACT else torch.float32
    model, machine = network(STAYS).to(dtype), Machine(STAYS)
    reads = torch.randn(7, 20, generator=torch.Generator().manual_seed(0)).to(dtype)
    inputs = [[n >> bit & 1 for bit in range(10)] for n in (0, 1, 77, 129, 255, 256, 512)]
    with torch.no_grad():
        h, _ = model.controller(torch.cat([torch.tensor(inputs, dtype=dtype), reads], 1), ())
        emission, logits = model.heads(h), model.output(h)
    e = machine.emit(inputs, arb_mat([[arb(v) for v in row] for row in reads.double().tolist()]), rounding)
    for case in range(7):
        pairs = [(e.add[case, i], emission.add[case, 0, i]) for i in range(20)]
        pairs += [(e.key[case, i], emission.key[case, 0, i]) for i in range(20)]
        pairs += [(e.erase[case][i], emission.erase[case, 0, i]) for i in range(20)]
        pairs += [(e.logits[case, i], logits[case, i]) for i in range(8)]
        for head in (0, 1):
            g, s = emission.g[case, head], emission.s[case, head]
            pairs += [
                (e.beta[head][case], emission.beta[case, head]),
                (e.gamma[head][case], emission.gamma[case, head]),
            ]
            pairs += [(e.odds[head][case], g / (1 - g))]
            pairs += [(e.shift[head][3 * a + o][case], s[a] / s[o]) for a in range(3) for o in range(3)]
        wide = 1e-12 if rounding is EXACT else 3e-7  # float64's own rounding; float32's of g / (1 - g) and s / s
        for ball, value in pairs:
            near = abs(arb(value.double().item()) - ball)
            assert float(near.lower()) <= wide * max(1.0, abs(value.item())), (ball, value)
        assert max(float(ball.rad()) for ball, _ in pairs[:40]) < (1e-15 if rounding is EXACT else 1e-2)


def test_constants_are_those_of_the_machine():
    assert claims.COSINE.contains(arb(COSINE_EPSILON)) and claims.COSINE.contains(
        arb(float(np.float32(COSINE_EPSILON)))
    )
    assert claims.SHARPEN > arb(SHARPEN_EPSILON) and claims.SHARPEN > arb(float(np.float32(SHARPEN_EPSILON)))


def test_a_weighting_stays_within_its_profile():
    """One step of addressing in float64, over random weightings that keep to some shares."""
    from ntm_lib.machine import addressing

    machine, generator = Machine(WALKS), torch.Generator().manual_seed(0)
    vectors = [[n >> bit & 1 for bit in range(8)] + [0, 0] for n in (0, 37, 255)]
    e, rows = machine.emit(vectors, arb_mat(3, 20), EXACT), 41
    near, far = [1e-3, 2e-3, 3e-3, 1e-2, 2e-2, 1e-3, 2e-3, 1e-4], 3e-5
    shares = Shares.of(near, far, sum(near) + (rows - 9) * far)
    window, outside = claims.profile(e, 1, 1, shares, [arb(1)] * 3, EXACT)
    others = claims.walk(e, 1, 1, shares.others, [arb(1)] * 3, rows, EXACT)
    model = network(WALKS).double()
    with torch.no_grad():
        h, _ = model.controller(torch.cat([torch.tensor(vectors).double(), torch.zeros(3, 20).double()], 1), ())
        emission = model.heads(h)
    for _ in range(30):
        share = torch.full((rows,), far, dtype=torch.float64)
        for j, each in zip(claims.WINDOW, near, strict=True):
            share[j] = each
        share *= torch.rand(rows, generator=generator, dtype=torch.float64).round()
        share[0] = 1
        w = (share / share.sum()).expand(3, 1, -1)
        tape = torch.randn(3, rows, 20, generator=generator, dtype=torch.float64)
        parts = [part[:, 1:2] for part in emission[:5]]
        after = addressing.address(tape, w, *parts).w[:, 0].roll(-1, -1)
        after = after / after[:, :1]
        for case in range(3):
            assert after[case, 1:].sum() <= float(others[case].upper())
            for j in claims.WINDOW:
                assert after[case, j] <= float(window[j][case].upper())
            assert after[case, 5 : rows - 4].max() <= float(outside[case].upper())


# What is not so is not proved


FAULTS = {
    flip_a_bit: "margin of bit 3",
    step_back: "answer: .* after input 77 ",
    blunt: "not proved",
    marker_like_a_code: "end marker",
}


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
def test_a_planted_fault_is_not_proved(tmp_path, proofs, fault):
    directory = plant(tmp_path / "faulty", fault)
    machine = Machine(directory)
    with pytest.raises(ValueError, match=FAULTS[fault]) as error:
        prove(machine, LENGTH, ROWS)
    assert isinstance(error.value, Unproved) or "after most vectors" in str(error.value)
    with pytest.raises(Refused, match="of another machine: its weights"):
        check(proofs["walks"][1], machine)
    forged = proofs["walks"][1] | {"weights": machine.sha256}
    with pytest.raises(Refused, match="a claim does not hold"):
        check(forged | {"seal": seal(forged)}, machine)


@pytest.mark.parametrize("fault", [flip_a_bit, step_back, marker_like_a_code], ids=lambda fault: fault.__name__)
def test_a_payload_that_breaks_a_machine_is_found(tmp_path, fault):
    directory = plant(tmp_path / "faulty", fault)
    broken = breaking_payload(network(directory), 10, ROWS)
    bits = tasks.number_bits(torch.tensor(broken.vectors)).unsqueeze(0)
    assert copies.wrong_bits(network(directory), bits, broken.rows).item() == broken.wrong_bits > 0


def test_a_payload_found_in_few_rows_is_tried_in_the_rows_that_were_asked_about(tmp_path, monkeypatch):
    directory = plant(tmp_path / "flip", flip_a_bit)
    there = breaking_payload(network(directory), 10, ROWS)
    assert (there.rows, there.asked) == (ROWS, ROWS) and str(there).endswith("come back wrong.")
    monkeypatch.setattr("ntm_lib.proof.breaking.REPLAYED", ROWS - 1)
    elsewhere = breaking_payload(network(directory), 10, ROWS)
    assert elsewhere.rows == 320 and str(elsewhere).endswith("(In 1,024 rows it was not found to.)")


MOVED = ("heads.linear.bias", "output.weight", "heads.linear.weight")


@pytest.mark.parametrize("name", MOVED)
def test_no_machine_that_fails_is_proved(tmp_path, name):
    """A single weight, moved until a payload comes back wrong: of those that are drawn, the first that can be."""
    payloads = torch.cat([tasks.payload(24, 10, generator=torch.Generator().manual_seed(0)), torch.zeros(1, 10, 8)])
    for size, place in product((3, 12, 48), np.random.default_rng(1).random((8, 2))):

        def move(weights, size=size, place=place):
            rows = weights[name][44:52] if name == "heads.linear.weight" else weights[name]  # shifts and sharpenings
            rows[tuple(int(p * n) for p, n in zip(place, rows.shape, strict=False))] += size

        directory = plant(tmp_path / "moved", move)
        if copies.wrong_bits(network(directory), payloads, 64).any():
            with pytest.raises(ValueError, match=r"not proved|after most vectors"):
                prove(Machine(directory), 10, 1024)
            return
    raise AssertionError("no weight of those that were moved breaks the machine")


def changed(certificate, name, index, change, sealed=True):
    held = certificate["bounds"][name]
    if index is None:
        certificate["bounds"][name] = change(held)
    else:
        held[index] = change(held[index])
    return certificate | ({"seal": seal(certificate)} if sealed else {})


USED = [*sorted(SHARES), "reads", "stored", "largest", "damage"]


@pytest.mark.parametrize("name", USED)
def test_a_bound_that_is_tightened_or_loosened_is_refused(walks, name):
    machine, certificate = walks
    index = 4 if isinstance(certificate["bounds"][name], list) else None
    tight = changed(copy.deepcopy(certificate), name, index, lambda held: held / 2)
    with pytest.raises(Refused, match=r"a claim does not hold: .* times too large"):
        check(tight, machine)
    loose = changed(certificate, name, index, lambda held: held * 3)
    with pytest.raises(Refused, match=rf"bound {name}\[{index or 0}\] is 3\.\d* times what|a claim does not hold"):
        check(loose, machine)


def test_a_margin_that_is_not_there_is_refused(walks):
    machine, certificate = walks
    with pytest.raises(Refused, match="margin of bit"):
        check(changed(copy.deepcopy(certificate), "margin", None, lambda held: held * 1.2), machine)
    with pytest.raises(Refused, match="least margin that counts"):
        check(changed(certificate, "margin", None, lambda held: 0.0), machine)


def test_a_bound_that_is_loosened_a_little_is_refused_too(walks):
    machine, certificate = walks
    with pytest.raises(Refused, match="changed after it was written"):
        check(changed(certificate, "resting", None, lambda held: held * 1.01, sealed=False), machine)


BAD = {
    "missing bound": (lambda c: c["bounds"].pop("reads"), "bounds of the certificate: missing reads"),
    "one bound more": (lambda c: c["bounds"].update(luck=1.0), "bounds of the certificate: unknown luck"),
    "missing number": (lambda c: c["bounds"]["stored"].pop(), "bound stored has not 20 numbers"),
    "NaN": (lambda c: c["bounds"].update(reading=float("nan")), "bound reading is nan"),
    "infinity": (lambda c: c["bounds"].update(reading=float("inf")), "bound reading is inf"),
    "negative": (lambda c: c["bounds"].update(reading=-1e-9), "bound reading is -1e-09"),
    "text": (lambda c: c["bounds"].update(reading="0.1"), "bound reading is '0.1'"),
    "list": (lambda c: c["bounds"].update(reading=[0.1]), r"bound reading is \[0.1\]"),
    "no bounds": (lambda c: c.update(bounds=None), "expected names with values, not NoneType"),
    "format": (lambda c: c.update(format="ntm-lib proof 0"), "format is 'ntm-lib proof 0'"),
    "arithmetic": (lambda c: c.update(arithmetic="float16"), "arithmetic is 'float16'"),
    "length": (lambda c: c.update(length=0), "length is 0: expected a whole number"),
    "boolean": (lambda c: c.update(length=True), "length is True"),
    "direction": (lambda c: c.update(direction=0), "direction is 0: expected -1 or 1"),
    "other way": (lambda c: c.update(direction=-1), "a claim does not hold"),
    "other rows": (lambda c: c.update(memory=40), "rows from the start marker to the resting reader"),
    "too long": (lambda c: c.update(length=100_000), "a claim does not hold"),
    "stays": (lambda c: c.update(answer_writer=0), "a claim does not hold"),
    "no field": (lambda c: c.pop("recipe"), "the certificate: missing recipe"),
    "recipe": (lambda c: c.update(recipe="other"), "of another machine: its recipe"),
    "config": (lambda c: c["machine"].update(word_size=21), "of another machine: its machine"),
    "seal": (lambda c: c.update(command="ntm prove"), "changed after it was written"),
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_certificate_is_refused_with_its_reason(walks, case):
    machine, certificate = walks
    change, reason = BAD[case]
    change(certificate)
    if case != "seal" and "seal" in certificate:
        certificate["seal"] = seal(certificate)
    with pytest.raises(Refused, match=reason):
        check(certificate, machine)


@pytest.mark.parametrize("certificate", [None, [], "proof", 3])
def test_what_is_no_certificate_is_refused(proofs, certificate):
    with pytest.raises(Refused, match="the certificate: expected names with values, not"):
        check(certificate, proofs["walks"][0])


OTHERS = {"weightings": "single", "read_heads": 2, "output_from": "hidden-and-reads", "initial_value": 0.5}
OTHERS |= {"controller": "lstm", "shift_range": 2, "initial_weights": "first-row", "initial_memory": "learned-row"}
OTHERS |= {"write_heads": 3, "initial_reads": "memory", "averaging": 0.5}


def test_every_field_is_tried():
    assert OTHERS.keys() == COVERED.keys()


@pytest.mark.parametrize("field", OTHERS)
def test_another_machine_is_refused_by_name(tmp_path, field):
    change = {field: OTHERS[field]}
    own = change if field == "averaging" else {"machine": change}
    directory = plant(tmp_path / "other", lambda weights: None, **own)
    with pytest.raises(ValueError, match=f"^no proof covers this machine: {field} is {OTHERS[field]!r}, expected"):
        Machine(directory)


def test_weights_of_another_shape_are_refused(tmp_path):
    directory = plant(tmp_path / "other", lambda weights: None, machine={"controller_size": 99})
    with pytest.raises(
        ValueError, match=r"controller\.from_input\.bias is not finite float32 of the shape of its config"
    ):
        Machine(directory)


@pytest.mark.parametrize("name", ["no_memory", "of_2014", "one_weighting", "two_pairs_of_heads"])
def test_machines_without_a_memory_or_with_other_heads_are_refused(name):
    with pytest.raises(ValueError, match="no proof covers this machine"):
        Machine(WALKS.parents[1] / "machines" / name)


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ({"machine": {"word_size": 20.0}}, r"word_size is 20\.0, expected a whole number"),
        ({"machine": {"input_size": None}}, "input_size is None, expected a whole number"),
        ({"averaging": None}, r"averaging is None, expected 0\.0"),
    ],
)
def test_a_header_that_says_something_odd_is_refused_in_words(tmp_path, header, message):
    with pytest.raises(ValueError, match=rf"\Ano proof covers this machine: {message}\Z"):
        Machine(plant(tmp_path / "odd", lambda weights: None, **header))


def test_a_header_without_a_machine_is_refused_in_words(tmp_path):
    tensors, header = parts(WALKS)
    run = json.loads(header["run"])
    del run["recipe"]["machine"]
    save_file(tensors, tmp_path / "run.safetensors", {**header, "run": json.dumps(run)})
    with pytest.raises(ValueError, match=r"\Ano proof covers this machine: .* is not of format"):
        Machine(tmp_path)


def test_a_certificate_that_assumes_something_else_is_refused(proofs):
    for name, other in (("stays", "nothing"), ("stays, float32", "")):
        machine, certificate = proofs[name]
        changed = certificate | {"assumes": other}
        with pytest.raises(Refused, match=f"assumes is '{other}': expected"):
            check(changed | {"seal": seal(changed)}, machine)


def test_weights_that_are_not_finite_prove_nothing(tmp_path, walks):
    def spoil(weights):
        weights["output.weight"][2, 5] = np.nan

    directory = plant(tmp_path / "spoilt", spoil)
    with pytest.raises(ValueError, match=r"output\.weight is not finite"):
        Machine(directory)
    machine, certificate = walks
    machine.output = machine.output._replace(bias=[arb("nan"), *machine.output.bias[1:]])
    with pytest.raises(Refused, match="size of a number may be nan"):
        check(certificate, machine)
    with pytest.raises(Unproved, match="size of a number may be nan"):
        prove(machine, LENGTH, ROWS)


def test_a_key_of_the_writer_that_is_no_number_is_refused(tmp_path):
    def spoil(weights):
        weights["heads.linear.bias"][25] = np.nan

    with pytest.raises(ValueError, match=r"heads\.linear\.bias is not finite"):
        Machine(plant(tmp_path / "spoilt", spoil, STAYS))


def long_key(weights):
    """The reader's key, 2^70 times as long, is as like each row as it was; but its square is beyond float32."""
    weights["heads.linear.weight"][:20] *= 2.0**70
    weights["heads.linear.bias"][:20] *= 2.0**70


def long_key_of_the_writer(weights):
    weights["heads.linear.bias"][20:40] = 3e38


def large_logits(weights):
    for name in ("output.weight", "output.bias"):
        weights[name][:] = weights[name] * 3.3e38 / 0.7


@pytest.mark.parametrize("rounding", [EXACT, FLOAT32], ids=lambda each: each.name)
@pytest.mark.parametrize("change", [long_key, long_key_of_the_writer, large_logits], ids=lambda each: each.__name__)
def test_numbers_that_float32_does_not_hold_prove_nothing(tmp_path, proofs, change, rounding):
    machine = Machine(plant(tmp_path / "vast", change, STAYS))
    good = proofs["stays" if rounding is EXACT else "stays, float32"][1]
    forged = good | {"weights": machine.sha256}
    with pytest.raises(Refused, match="any step: size of a number may be"):
        check(forged | {"seal": seal(forged)}, machine)
    with pytest.raises(Unproved, match="not proved"):
        prove(machine, LENGTH, ROWS, rounding)


@pytest.mark.parametrize("name", ["tanh", "exp", "log", "log1p", "sigmoid"])
def test_torch_keeps_what_certificates_of_float32_assume(name):
    bits = torch.randint(-(2**31), 2**31, (1_000_003,), generator=torch.Generator().manual_seed(7)).int()
    x, function = bits.view(torch.float32), getattr(torch, name)
    computed, exact = function(x).double(), function(x.double())
    normal = exact.isfinite() & (exact.abs() > 2.0**-126) & (exact.abs() < 2.0**127)
    assert normal.sum() > 400_000
    off = ((computed - exact).abs() / exact.abs())[normal].max().item()
    assert off < float(FLOAT32.library)


def test_numbers_of_rows_that_no_proof_is_for_are_named(proofs):
    machine = proofs["stays"][0]
    plan = plan_of(machine, 17, 50)
    assert all(claim.holds for claim in geometry(plan)) and not all(c.holds for c in geometry(plan._replace(rows=49)))
    with pytest.raises(ValueError, match=r"\Amemory is 49: a proof of 17 vectors needs at least 50 rows\Z"):
        prove(machine, 17, 49)
    with pytest.raises(ValueError, match="proofs of float32 hold up to 6,000,000 rows, and 1,500,000 vectors"):
        prove(machine, 17, 7_000_000, FLOAT32)


# The checker


def test_the_checker_imports_no_torch(tmp_path, proofs):
    (tmp_path / "certificate.json").write_text(json.dumps(proofs["stays"][1]))
    code = (
        "import sys; from ntm_lib.proof import balls, check, words\n"
        f"plan = check.check(words.read({str(tmp_path / 'certificate.json')!r}), balls.Machine({str(STAYS)!r}))\n"
        "assert plan.length == 17 and not {'torch', 'matplotlib', 'ntm_lib.proof.prove'} & sys.modules.keys()"
    )
    finished = subprocess.run(
        [sys.executable, "-c", code], cwd=PROOF.parents[1], capture_output=True, text=True, check=False
    )
    assert finished.returncode == 0, finished.stderr


def logical_lines(path):
    """Lines of code, one that is spread over several counted once, without imports, fields and docstrings."""
    nodes = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    return sum(isinstance(node, ast.stmt) and not is_idle(node) for node in nodes)


def is_idle(node):
    docstring = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    field = isinstance(node, ast.AnnAssign) and node.value is None
    return docstring or field or isinstance(node, (ast.Import, ast.ImportFrom))


def test_the_checker_is_small():
    checker = "balls", "claims", "known", "induction", "check"
    assert sum(logical_lines(PROOF / f"{name}.py") for name in checker) <= 400
    assert logical_lines(PROOF / "weights.py") <= 50
    assert all(len(path.read_text(encoding="utf-8").splitlines()) <= 250 for path in PROOF.glob("*.py"))


# The program inside


@pytest.mark.parametrize("directory", [WALKS, STAYS], ids=["walks", "stays"])
def test_the_program_and_the_machine_agree(directory):
    program, model = extract(Machine(directory)), network(directory)
    generator = torch.Generator().manual_seed(3)
    assert program.decoded == tuple(range(256))
    for length in range(1, LENGTH + 1):
        payloads = [tasks.chosen_payload(model, 7, length, generator), tasks.payload(3, length, generator=generator)]
        bits = torch.cat(payloads)
        soft = tasks.bits_number(copies.copy_through(model, bits, ROWS))
        for vectors, answer in zip(tasks.bits_number(bits).tolist(), soft.tolist(), strict=True):
            assert list(program.run(bytes(vectors), ROWS)) == answer


def test_a_program_is_as_wrong_as_its_machine(tmp_path):
    directory = plant(tmp_path / "faulty", flip_a_bit)
    program, model = extract(Machine(directory)), network(directory)
    (wrong,) = [n for n, decoded in enumerate(program.decoded) if n != decoded]
    payload = bytes([3, wrong, wrong, 250])
    assert program.run(payload) == copies.copy_bytes(model, payload, ROWS) != payload
    assert "1 are decoded as another vector" in program.text()


def test_codes_are_what_the_machine_writes():
    codes, logits = code_table(Machine(WALKS))
    model = network(WALKS)
    batch = tasks.frame_copy(tasks.number_bits(torch.tensor([[129]])))
    states = []
    answer, _ = model(batch.inputs, memory_size=ROWS, history=states)
    row = states[1].weights[0, 1].argmax()
    torch.testing.assert_close(states[1].memory[0, row], torch.tensor(codes[129]), atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(answer[0, -1], torch.tensor(logits[129]), atol=1e-3, rtol=1e-3)


def test_a_program_needs_rows_and_vectors():
    program = extract(Machine(WALKS))
    with pytest.raises(ValueError, match="a memory of 21 rows is too small for 3 vectors: expected at least 22"):
        program.run(b"abc", 21)
    with pytest.raises(ValueError, match="expected at least one vector"):
        program.run(b"")


def test_the_plan_is_what_the_heads_do():
    plan = plan_of(Machine(STAYS), 5, 64)
    model, states = network(STAYS), []
    model(tasks.copy(1, 5, generator=torch.Generator().manual_seed(0)).inputs, memory_size=64, history=states)
    reader, writer = (torch.stack([state.weights[0, head] for state in states]).argmax(-1).tolist() for head in (0, 1))
    start = 32 + plan.first_writer
    assert writer == [start + plan.direction * min(step, 6) for step in range(12)]
    assert reader[:6] == [plan.first_reader % 64] * 6
    assert reader[6:11] == [start + plan.direction * (step + 1) for step in range(5)]


def test_induction_speaks_of_every_bound(proofs):
    machine, certificate = proofs["stays"]
    spoken = {claim.bound for claim in Induction(machine, check(certificate, machine), certificate["bounds"]).claims()}
    assert spoken - {""} == certificate["bounds"].keys()
