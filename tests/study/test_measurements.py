"""Measurements beyond the verdict: which of them a row still lacks."""

import math
import re

import pytest

from ntm_lib.study.measurements import Measurements


def row(**entries):
    return {"lengths": {}, "files": {}, **entries}


@pytest.mark.parametrize(
    ("asked", "measured", "lacking"),
    [
        (Measurements(), None, True),
        (Measurements(), row(), False),
        (Measurements((5,), 3), row(), True),
        (Measurements((5,), 3), row(lengths={"5": {"sequences": 3}}), False),
        (Measurements((5,), 3), row(lengths={"5": {"sequences": 2}}), True),
        (Measurements((5,), 3), row(lengths={"5": {"sequences": 4}}), False),  # a fuller count stays
        (Measurements((5, 7), 3), row(lengths={"5": {"sequences": 3}}), True),
        (Measurements((5,), 3, kind="chosen"), row(lengths={"5": {"sequences": 3}}), True),
        (Measurements((5,), 3, kind="chosen"), row(lengths={"chosen_5": {"sequences": 3}}), False),
        (Measurements((5,), 3), row(lengths={"chosen_5": {"sequences": 3}}), True),
        (Measurements((5,), 3, crowd=100), row(lengths={"5": {"sequences": 3}}), True),
        (Measurements((5,), 3, crowd=100), row(lengths={"5_crowd_10": {"sequences": 3}}), True),
        (Measurements((5,), 3, crowd=100), row(lengths={"5_crowd_100": {"sequences": 2}}), True),
        (Measurements((5,), 3, crowd=100), row(lengths={"5_crowd_100": {"sequences": 3}}), False),
        (Measurements((5,), 3, crowd=100.0), row(lengths={"5_crowd_100": {"sequences": 3}}), False),
        (Measurements((5,), 3, crowd=1.5), row(lengths={"5_crowd_1.5": {"sequences": 3}}), False),
        (Measurements((5,), 3, crowd=1_234_567), row(lengths={"5_crowd_1234567": {"sequences": 3}}), False),
        (Measurements((5,), 3, crowd=1_234_567), row(lengths={"5_crowd_1.23457e+06": {"sequences": 3}}), True),
        (Measurements((5,), 3, crowd=1e6), row(lengths={"5_crowd_1000000": {"sequences": 3}}), False),
        (Measurements((5,), 3), row(lengths={"5_crowd_100": {"sequences": 3}}), True),
        (Measurements((5,), 3, kind="chosen", crowd=100), row(lengths={"5_crowd_100": {"sequences": 3}}), True),
        (Measurements((5,), 3, kind="chosen", crowd=100), row(lengths={"chosen_5_crowd_100": {"sequences": 3}}), False),
        (Measurements(findings=True), row(), True),
        (Measurements(findings=True), row(findings=[]), False),
    ],
)
def test_only_what_a_row_lacks_is_lacking(asked, measured, lacking):
    assert asked.lacking(measured) is lacking


def test_a_file_is_lacking_until_this_text_of_it_was_copied(tmp_path):
    file = tmp_path / "text"
    file.write_bytes(b"abc")
    asked = Measurements(file=file)
    abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"  # SHA-256's own test vector (FIPS 180-4)
    assert asked.lacking(row()) and not asked.lacking(row(files={"text": {"sha256": abc}}))
    file.write_bytes(b"abcd")
    assert Measurements(file=file).lacking(row(files={"text": {"sha256": abc}}))


@pytest.mark.parametrize("kind", ["text", "", None])
def test_a_kind_that_is_not_measured(kind):
    with pytest.raises(ValueError, match=f"kind is {kind!r}: expected one of random, chosen"):
        Measurements((5,), kind=kind)


def test_a_kind_without_lengths_is_refused():
    with pytest.raises(ValueError, match="kind is 'chosen': name the lengths to count it at"):
        Measurements(kind="chosen")


def test_a_crowd_without_lengths_is_refused():
    with pytest.raises(ValueError, match=r"crowd is 10000: name the lengths to count in it, such as --lengths 100"):
        Measurements(crowd=10_000)


@pytest.mark.parametrize("crowd", [0, 0.5, -3, 2**31, math.nan, math.inf, "100", None, True])
def test_a_crowd_that_cannot_be_is_refused(crowd):
    with pytest.raises((ValueError, TypeError), match=rf"\Acrowd is {re.escape(repr(crowd))}: expected [^\n]*\Z"):
        Measurements((5,), crowd=crowd)
