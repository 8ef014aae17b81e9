"""Counts of docs/findings.md by hand."""

import pytest

from research import counts


@pytest.fixture
def given(monkeypatch):
    """A way to put rows in the place of the runs of every arm, or of the arms named."""

    def put(rows):
        chosen = rows.__getitem__ if isinstance(rows, dict) else lambda arm: rows
        monkeypatch.setattr(counts, "runs", lambda name, arm: chosen(arm))

    return put


def rows_with(**columns):
    """A row for each place of the columns: rows_with(a=(1, 2)) is [{"a": 1}, {"a": 2}]."""
    return [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]


def test_a_count_in_words():
    assert counts.in_words(0, 30) == "0 of 30 (0–11.6 %)"
    assert counts.in_words(1000, 1000, of="runs") == "1000 of 1000 runs (99.6–100 %)"


def test_numbers_with_two_digits():
    numbers = {0: "0", 0.0432: "0.043", 4.32: "4.3", 43.2: "43", 99.4: "99", 99.6: "100", 4321.5: "4,322"}
    assert [counts.two_digits(number) for number in numbers] == list(numbers.values())


def test_counts_of_runs_that_converged(given):
    given(rows_with(converged=(True, False, True), sequences=(3, 9, 4)))
    assert counts.count("any", "arm").startswith("2 of 3 (")
    assert counts.count("any", "arm", of="seeds").startswith("2 of 3 seeds (")
    assert counts.cell("any", "arm").startswith("2/3, ")
    assert counts.count_together("any", ["an", "arm"], "converged").startswith("4 of 6 (")
    assert counts.converged_within("any", "arm", 3).startswith("1 of 3 (")
    assert counts.converged_within("any", "arm", 9).startswith("2 of 3 (")
    assert counts.median_and_largest("any", "arm", "sequences") == "4 / 9"
    assert counts.median_and_largest("any", "arm", "sequences", "converged") == "4 / 4"


def test_wrong_bits_a_sequence_and_runs_that_stopped(monkeypatch):
    rows = rows_with(wrong=(0, 210, 37), seconds=(9.5, 1234.4, 80.0))
    monkeypatch.setattr(counts, "all_runs", lambda name: rows)
    assert counts.wrong_a_sequence("any", "wrong") == "0.37 / 2.1"
    assert counts.wrong_a_sequence("any", "wrong", sequences=10) == "3.7 / 21"
    assert counts.most_seconds("any") == "1,234"
    assert counts.count_at_most("any", "wrong", 0.37).startswith("2 of 3 (")
    assert counts.count_at_most("any", "wrong", 3.6, sequences=10).startswith("1 of 3 (")
    rows = rows_with(nan_update=(None, 1310, 7))
    assert counts.stopped("any") == "2 stopped at update 1,310 and 7"
    monkeypatch.setattr(counts, "all_runs", lambda name: rows[:1])
    assert counts.stopped("any") == "none stopped"


def test_runs_that_settled(given, monkeypatch):
    rows = rows_with(settled_at_update=(None, 31, 30))
    given(rows)
    monkeypatch.setattr(counts, "all_runs", lambda name: rows)
    for arm in (None, "an"):
        assert counts.settled_by("any", arm, 29).startswith("0 of 3 (")
        assert counts.settled_by("any", arm, 30, of="runs").startswith("1 of 3 runs (")
        assert counts.settled_by("any", arm, 31).startswith("2 of 3 (")


def test_what_a_search_found(monkeypatch):
    def row(seed, chosen, search, wrong):
        return {"seed": seed, "chosen": {"margin": chosen}, "search": {"margin": search, "tried": 700, "wrong": wrong}}

    rows = [row(0, 3.0, 2.7, 0), row(0, 5.0, 3.0, 2), row(4, 7.0, 7.0, 1)]
    monkeypatch.setattr(counts, "adversary", lambda: rows)
    assert counts.searched() == {"machines": "2", "tried": "2,100", "wrong": "3", "less": "4e+01"}


def test_medians_and_largest_values(given):
    given(rows_with(norm=(0.157, 7.6, 84_874_800.0, None)))
    assert (counts.median("any", "arm", "norm"), counts.largest("any", "arm", "norm")) == ("8", "8.5e7")
    given(rows_with(norm=(0.157, None)))
    assert counts.median_and_largest("any", "arm", "norm") == "0.16 / 0.16"
    given(rows_with(norm=(None,)))
    assert counts.median_and_largest("any", "arm", "norm") == "-"


def test_faults_and_idle_heads(given):
    given(rows_with(faults=("blur; missed jump", None, "blur"), idle=("read 0; read 1", None, "read 1")))
    assert counts.faults("any", "arm") == "blur (2), missed jump (1)"
    assert counts.idle("any", "arm") == "none in 1, 1 in 1, 2 in 1"
    assert counts.count("any", "arm", "stuck").startswith("0 of 3 (")


def test_forwards_against_one_half(given):
    """Of five coins, one head: 2 (1 + 5) / 32 of all throws are as uneven or more so."""
    ways = ("forwards", *["backwards"] * 4, "in one row", None)
    given(rows_with(converged=[number % 2 == 0 for number in range(7)], stores=ways))
    assert counts.forwards("any", "arm") == "1 of 5 (0.5–71.6 %; p = 0.38)"
    assert counts.forwards("any", "arm", "converged") == "1 of 3 (0.8–90.6 %; p = 1)"
    assert counts.stored("any", "arm") == {"forwards": 1, "backwards": 4, "in one row": 1, "in no order": 1}


def test_an_arm_and_a_recipe_apart(given):
    """Three runs of three against one of four: of the 35 ways to place 4 in 7, 4 + 1 are as uneven or more so.

    Two of three, within five sequences, against one of four: of the 35 ways to place 3 in 7, 12 + 4 + 1 are.
    """
    verdicts = {"all": [True] * 3, "few": [False, True, False, False]}
    arms = {arm: [{"converged": verdict, "sequences": 5} for verdict in verdicts[arm]] for arm in verdicts}
    given(arms)
    assert counts.apart("any", "all", "few") == counts.apart("any", "few", "all") == "p = 0.14"
    assert counts.apart("any", "few", "few") == "p = 1"
    for row, sequences in zip(arms["all"], (4, 5, 6), strict=True):
        row["sequences"] = sequences
    assert counts.apart("any", "all", "few", 5) == "p = 0.49"


def test_a_recipe_is_taken_from_the_study_of_its_name(monkeypatch):
    """Three of three against none of four: one of the 35 ways to place 3 in 7."""
    studies = {("any", "arm"): [True] * 3, ("recipe", "recipe"): [False] * 4}
    monkeypatch.setattr(counts, "runs", lambda *one: [{"converged": v, "sequences": 5} for v in studies[one]])
    assert counts.apart("any", "arm", "recipe") == "p = 0.029"


def test_nearly_right_and_huge(given):
    """14,000 bits at length 20: one in a hundred is 140; a norm that no float32 holds is beyond any number."""
    given(rows_with(wrong_bits_random_20=(0, 139, 140, 14_000), peak_gradient_norm=(3.0, 10_000.0, 10_001.0, None)))
    assert counts.count("any", "arm", "nearly right at 20").startswith("2 of 4 (")
    assert counts.count("any", "arm", "exact at 20").startswith("1 of 4 (")
    assert counts.count("any", "arm", "huge gradient").startswith("2 of 4 (")
    given(rows_with(wrong_bits_random_20=(7, 14_000, 700)))
    assert counts.wrong_in_the_middle("any", "arm") == "5.0 %"


def test_shares_of_wrong_bits(monkeypatch):
    """Two machines, one of them right at length 3: at 5 they have 1 and 4 of 20 bits wrong each."""

    def line(seed, length, bits=20, **wrong):
        return (
            {"seed": seed, "length": length, "bits": bits} | dict.fromkeys(("blur", "missed jump", "other"), 0) | wrong
        )

    blurred = {3: [line(0, 3), line(1, 3, blur=7)], 5: [line(0, 5, blur=1), line(1, 5, blur=1, other=3)]}
    blurred[7] = [line(0, 7, 101, blur=1), line(1, 7, 100, blur=1)]
    monkeypatch.setattr(counts, "by_length", lambda name: blurred)
    assert counts.exact_at("any", 3).startswith("1 of 2 (")
    assert counts.nearly_right_at("any", 5).startswith("0 of 2 (")
    assert counts.nearly_right_at("any", 7).startswith("1 of 2 (")
    assert counts.wrong_at("any", 5) == "12.5 %"
    assert counts.wrong_at("any", 5, ["blur"]) == counts.wrong_at("any", 5, ["blur"], near_at=3) == "5.0 %"
    assert counts.wrong_at("any", 5, near_at=3) == "5.0 %"
    assert counts.wrong_at("any", 3, near_at=3) == "0.0 %"
    assert counts.wrong_by_cause("any", [5]) == {"blur": [0.05], "missed jump": [0], "other": [0.075]}


def test_where_numbers_stopped_being_finite(monkeypatch):
    """Three of four runs ended early, two of them in one operation."""
    lines = rows_with(nan_update=(7, 31, 53, None), nan_operation=("division", "derivative", "division", None))
    monkeypatch.setattr(counts, "as_written", lambda: lines)
    assert counts.not_finite_as_written().startswith("3 of 4 (")
    assert counts.updates_as_written() == ("7", "31", "53")
    assert counts.operations_as_written() == {"division": 2, "derivative": 1}


def test_counts_of_proofs(monkeypatch):
    rows = rows_with(
        seed=(0, 1, 2, 0, 1, 2, 2),
        length=(7, 7, 7, 1300, 1300, 1300, 7),
        arithmetic=("exact",) * 6 + ("float32",),
        proved=(True, False, True, False, True, False, True),
        prove_seconds=(1.0, 8.0, 3.0, 9.0, 4.25, 7.0, 5.0),
    )
    monkeypatch.setattr(counts, "proofs", lambda: rows)
    assert counts.proof_lengths() == [7, 1300]
    assert counts.proved(7, "exact", of="machines").startswith("2 of 3 machines (")
    assert counts.proved(1300, "exact").startswith("1 of 3 (")
    assert counts.not_proved("exact") == "up to 7: 1; up to 1,300: 0, 2"
    assert counts.not_proved("float32") == "none"
    assert counts.proof_seconds(7, "exact", "prove_seconds") == "2.0 / 3.0"
