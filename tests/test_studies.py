"""Studies in words: counts are those of the table, and a table that is not there is no stumbling block."""

import json

import pytest

from ntm_lib.teaching.studies import commands_of, runs_of, show_study, verdict_of

COMMANDS = ["ntm study sharing-one --seeds 0-4 --out x", "ntm study sharing-two --seeds 0 --out x"]


@pytest.fixture
def study(tmp_path):
    directory = tmp_path / "sharing"
    directory.mkdir()
    lines = [f"sharing-one,{seed},{seed != 2},{100 * seed}" for seed in range(5)] + ["sharing-two,0,False,900"]
    (directory / "runs.csv").write_text("\n".join(["recipe,seed,converged,sequences", *lines]) + "\n")
    (directory / "manifest.json").write_text(json.dumps({"commands": COMMANDS}))
    return directory


def test_counts_intervals_and_the_command(study, capsys):
    """4 of 5: the exact interval is 28.4 to 99.5 % (Clopper and Pearson's tables)."""
    show_study(study)
    head, one, two, *commands = capsys.readouterr().out.splitlines()
    assert head.split() == ["converged", "sequences,", "median"]
    assert one.split() == ["one", "4/5,", "28.4–99.5", "%", "200"]
    assert two.split() == ["two", "0/1,", "0–97.5", "%", "900"]
    assert commands == [f"made by: {command}" for command in COMMANDS]


def test_only_the_arms_asked_for(study, capsys):
    show_study(study, ["two"])
    _, two, command = capsys.readouterr().out.splitlines()
    assert two.split()[0] == "two" and command == f"made by: {COMMANDS[1]}"
    with pytest.raises(ValueError, match="arm is 'three': expected one of one, two"):
        show_study(study, ["three"])


def test_a_study_that_is_not_there_yet(tmp_path, capsys):
    show_study(tmp_path / "heads")
    assert capsys.readouterr().out == "heads: not run yet; `ntm study heads --seeds 0-99 --out runs/heads`\n"


def test_lines_and_commands_as_they_stand(study):
    assert [line["seed"] for line in runs_of(study)["one"]] == ["0", "1", "2", "3", "4"]
    assert commands_of(study) == COMMANDS


def test_a_verdict_counts_what_was_judged_and_nothing_else():
    line = {"seed": "5", "wrong_bits_random_20": "3", "wrong_bits_one-hot_120": "11", "wrong_bits_zeros_50": ""}
    assert verdict_of(line | {"wrong_bits_1000": "700", "wrong_bits_README.md": "9000"}) == 14
