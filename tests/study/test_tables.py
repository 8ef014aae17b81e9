"""Tables of a study: a line a run, and counts with their intervals."""

import csv

import pytest

from ntm_lib.study import tables


def row(recipe, seed, converged, sequences, wrong_at_1000, **entries):
    return {
        "recipe": recipe,
        "seed": seed,
        "converged": converged,
        "sequences": sequences,
        "seconds": sequences / 100,
        "stopped": None,
        "wrong_bits": {"random": {"20": 0, "120": 3}, "zeros": {"20": 1}},
        "lengths": {"1000": {"wrong_bits": wrong_at_1000}, "200": {"wrong_bits": 0}},
        "files": {},
        **entries,
    }


ROWS = [row("a", 0, True, 300, 0), row("a", 2, True, 100, 9), row("a", 10, False, 700, 0), row("b", 0, True, 500, 0)]


def test_the_table_has_a_line_a_run():
    wide = row(
        "b", 1, False, 5, 2, stopped="NaN, here", files={"README.md": {"wrong_bits": 4}}, lost_at=75, peaks=[[2, 3]]
    )
    wide["versions"] = {"python": "3.11.7"}
    lines = list(csv.DictReader(tables.table([*ROWS, wide]).splitlines()))
    assert list(lines[0]) == [
        *tables.COLUMNS,
        "wrong_bits_random_20",
        "wrong_bits_random_120",
        "wrong_bits_zeros_20",
        "wrong_bits_200",
        "wrong_bits_1000",
        "wrong_bits_README.md",
        "lost_at",
    ]
    assert [line["lost_at"] for line in lines] == ["", "", "", "", "75"]
    assert [line["wrong_bits_1000"] for line in lines] == ["0", "9", "0", "0", "2"]
    assert [line["wrong_bits_README.md"] for line in lines] == ["", "", "", "", "4"]
    assert [line["converged"] for line in lines] == ["True", "True", "False", "True", "False"]
    assert lines[4]["stopped"] == "NaN, here" and lines[0]["stopped"] == ""


def test_bits_above_an_optimum_are_told_a_sequence():
    measured = {
        "200": {"wrong_bits": 3, "sequences": 16, "excess_bits": 20.5},
        "50": {"wrong_bits": 0, "sequences": 7, "excess_bits": -0.7},
        "9": {"wrong_bits": 2, "sequences": 5, "excess_bits": None},
    }
    one = row("a", 0, False, 5, 0, lengths=measured)
    assert tables.excess_bits(one) == {"excess_bits_200": 1.2812, "excess_bits_50": -0.1}
    header, line = tables.table([one]).splitlines()
    told = dict(zip(header.split(","), line.split(","), strict=True))
    assert (told["excess_bits_200"], told["wrong_bits_200"]) == ("1.2812", "3")


def test_what_is_measured_does_not_take_the_place_of_the_verdict():
    """A verdict counts chosen sequences of its own; and a file may be called like a length."""
    verdict, measured = {"random": {"20": 1}, "chosen": {"20": 2, "120": 3}}, {"chosen_20": 4, "20": 5, "chosen_6": 6}
    measured = {name: {"wrong_bits": wrong} for name, wrong in measured.items()}
    files = {"20": {"wrong_bits": 7}, "text": {"wrong_bits": 8}}
    assert tables.wrong_bits(row("a", 0, False, 5, 0, wrong_bits=verdict, lengths=measured, files=files)) == {
        "wrong_bits_random_20": 1,
        "wrong_bits_chosen_20": 2,
        "wrong_bits_chosen_120": 3,
        "wrong_bits_chosen_20_measured": 4,
        "wrong_bits_20": 5,
        "wrong_bits_chosen_6": 6,
        "wrong_bits_20_measured": 7,
        "wrong_bits_text": 8,
    }


def test_the_summary_counts_and_gives_intervals():
    a, b = tables.summary(ROWS)
    assert a == {
        "recipe": "a",
        "converged": "2/3, 9.4–99.2 %",
        "sequences_median": 300,
        "sequences_worst": 700,
        "seconds_median": 3.0,
        "seconds_worst": 7.0,
        "exact": {"1000": "2/3, 9.4–99.2 %", "200": "3/3, 29.2–100 %"},
    }
    assert b["recipe"] == "b" and b["converged"] == "1/1, 2.5–100 %"


@pytest.mark.parametrize(
    ("successes", "trials", "text"),
    [(100, 100, "96.4–100"), (95, 100, "88.7–98.4"), (0, 10, "0–30.8"), (15, 24, "40.6–81.2")],
)
def test_intervals_are_those_of_clopper_and_pearson(successes, trials, text):
    assert tables.share(successes, trials) == f"{successes}/{trials}, {text} %"


def test_columns_are_aligned():
    lines = tables.aligned([["name", "bits", "ms"], ["a", 1234567, 1.23456], ["longer", 8, 70000.0]]).splitlines()
    assert lines == ["name         bits     ms", "a       1,234,567   1.23", "longer          8  7e+04"]
