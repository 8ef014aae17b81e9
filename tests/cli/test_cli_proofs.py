"""The commands about certainty: what they print, what they keep, and their exit codes."""

import json
import shutil
from pathlib import Path

import pytest

import research.proofs
from ntm_lib.teaching import proofs

PROOFS = Path(__file__).parents[2] / "data" / "proofs"


@pytest.fixture
def walks(tmp_path):
    shutil.copytree(PROOFS / "walks", tmp_path / "walks")
    return tmp_path / "walks"


def test_a_proof_is_written_and_checked(ntm, walks):
    code, out, err = ntm("prove", walks, "--length", 9, "--memory", 512)
    assert code == 0 and out.startswith(
        "Every one of the 256^1 + … + 256^9 sequences of 1 to 9 bytes, in a memory of 512 rows"
    )
    assert err.startswith(f"ntm: the certificate is in {walks}")
    assert ntm("check", walks / "certificate.json", walks) == (0, out, "")
    _, _, err = ntm("prove", walks, "--length", 9, "--memory", 512)
    assert err.startswith(f"ntm: replaces the certificate that was in {walks}")
    certificate = json.loads((walks / "certificate.json").read_text())
    (walks / "certificate.json").write_text(json.dumps(certificate | {"length": 900}))
    code, out, err = ntm("check", walks / "certificate.json", walks)
    assert (code, err) == (1, "") and out.startswith("Refused: a claim does not hold: any step: rows from the start")


def test_what_is_not_proved_is_told_with_its_step_and_factor(ntm, walks, tmp_path, monkeypatch):
    monkeypatch.setattr("ntm_lib.proof.breaking.GENERATIONS", 1)
    weak = proofs.move_weight(walks, tmp_path / "weak", "heads.linear.bias", 40, by=-20.0)  # the reader's beta
    code, out, err = ntm("prove", weak, "--length", 9, "--memory", 361)
    assert (code, err) == (1, "")
    first, reason, _ = out.splitlines()
    assert first == "Not proved: 9 vectors in 361 rows, exact."
    assert reason.startswith("end marker: weight off the reader's place after its jump") and "times too large" in reason
    assert not (weak / "certificate.json").exists()


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["prove", "DIR", "--length", "0"], "length is 0: expected a whole number from 1 on"),
        (["prove", "DIR", "--memory", "-3"], "memory is -3: expected a whole number from 1 on"),
        (["prove", "DIR", "--length", "9", "--memory", "24"], "a proof of 9 vectors needs at least 35 rows"),
        (["prove", "nowhere"], "nowhere holds no run.safetensors"),
        (["check", "nowhere.json", "DIR"], "cannot read nowhere.json"),
        (["check", "DIR/run.safetensors", "DIR"], "is no certificate: it is not JSON"),
        (["extract", "nowhere"], "nowhere holds no run.safetensors"),
        (["extract", "DIR", "--plot", "nowhere/codes.png"], "cannot write nowhere/codes.png"),
        (["prove", "data/machines/one_weighting"], "no proof covers this machine"),
    ],
)
def test_bad_input_is_one_line(ntm, walks, words, complaint):
    code, out, err = ntm(*(str(word).replace("DIR", str(walks)) for word in words))
    assert (code, out) == (2, "") and complaint in err and err.count("\n") == 1


def test_the_program_is_printed_and_drawn(ntm, walks, tmp_path):
    code, out, err = ntm("extract", walks, "--plot", tmp_path / "codes.png")
    assert (code, err) == (0, "") and "while the end marker has not come do" in out
    assert (tmp_path / "codes.png").read_bytes().startswith(b"\x89PNG")
    code, out, _ = ntm("extract", walks, "--json")
    found = json.loads(out)
    assert code == 0 and found["decoded"] == list(range(256)) and len(found["codes"]) == 256


def test_a_megabyte_goes_through_the_program(ntm, walks, tmp_path):
    content = bytes(range(256)) * 3906
    (tmp_path / "file").write_bytes(content)
    code, _, err = ntm("copy", "--program", walks, tmp_path / "file", "--out", tmp_path / "copy")
    assert code == 0 and "0 of 999,936 bytes differ" in err
    assert (tmp_path / "copy").read_bytes() == content


@pytest.mark.parametrize("content", ["[]", "{}", "null", '{"length": 3}'])
def test_json_that_is_no_certificate_is_bad_input(ntm, walks, content):
    (walks / "other.json").write_text(content)
    code, out, err = ntm("check", walks / "other.json", walks)
    assert (code, out) == (2, "") and "is no certificate: expected the file that `ntm prove` writes" in err


def test_proofs_of_machines_that_are_not_there_name_the_command_that_makes_them(tmp_path, capsys):
    with pytest.raises(SystemExit, match="2"):
        research.proofs.main([str(tmp_path / "none"), "--seeds", "3-5", "--lengths", "7"])
    assert f"holds no machine of seed 3: make them with `ntm study reliable --seeds 3-5 --out {tmp_path}" in (
        capsys.readouterr().err
    )
