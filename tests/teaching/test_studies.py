"""Studies in words: counts are those of the table, and a table that is not there is no stumbling block."""

import html
import json
import re

import pytest
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output

from ntm_lib.teaching.studies import failed_runs, runs_of, seeds_of, show_study, verdict_of

COMMANDS = [f"ntm study data/studies/sharing:{arm} --seeds 0-4 --out x" for arm in ("one", "two")]


@pytest.fixture
def study(tmp_path):
    directory = tmp_path / "sharing"
    directory.mkdir()
    lines = [f"sharing-one,{seed},{seed != 2},{100 * seed}" for seed in range(5)] + ["sharing-two,0,False,900"]
    (directory / "runs.csv").write_text("\n".join(["recipe,seed,converged,sequences", *lines]) + "\n")
    (directory / "manifest.json").write_text(json.dumps({"commands": COMMANDS}))
    return directory


@pytest.fixture
def shown():
    """Everything that is displayed within."""
    InteractiveShell.instance()
    with capture_output(stdout=False) as captured:
        yield captured
    InteractiveShell.clear_instance()


def folded(shown):
    """The one line and the text that it opens to."""
    (output,) = shown.outputs
    text = re.search(r"<div[^>]*>(.*)</div>", output.data["text/html"], re.DOTALL).group(1)
    return output.data["text/plain"], html.unescape(text).splitlines()


def test_counts_and_intervals_are_printed_and_the_commands_folded(study, shown, capsys):
    """4 of 5: the exact interval is 28.4 to 99.5 % (Clopper and Pearson's tables)."""
    show_study(study)
    head, one, two = capsys.readouterr().out.splitlines()
    assert head.split() == ["converged", "sequences,", "median"]
    assert one.split() == ["one", "4/5,", "28.4–99.5", "%", "200"]
    assert two.split() == ["two", "0/1,", "0–97.5", "%", "900"]
    assert folded(shown) == ("The commands that made this table", COMMANDS)


def test_only_the_arms_asked_for(study, shown, capsys):
    show_study(study, ["two"])
    _, two = capsys.readouterr().out.splitlines()
    assert two.split()[0] == "two" and folded(shown)[1] == [COMMANDS[1]]
    with pytest.raises(ValueError, match="arm is 'three': expected one of 'one', 'two'"):
        show_study(study, ["three"])


def test_markup_and_escape_codes_of_a_table_are_shown_as_they_are(study, shown, capsys):
    (study / "runs.csv").write_text("recipe,seed,converged,sequences\nsharing-\x1b[31mred,0,True,7\n")
    (study / "manifest.json").write_text(json.dumps({"commands": ["ntm <script>"]}))
    show_study(study)
    printed = capsys.readouterr().out
    assert "\x1b" not in printed and "·[31mred" in printed
    assert "<script>" not in shown.outputs[0].data["text/html"]


def test_lines_as_they_stand(study):
    assert [line["seed"] for line in runs_of(study)["one"]] == ["0", "1", "2", "3", "4"]


def test_a_verdict_counts_what_was_judged_and_nothing_else():
    line = {"seed": "5", "wrong_bits_random_20": "3", "wrong_bits_one-hot_120": "11", "wrong_bits_zeros_50": ""}
    assert verdict_of(line | {"wrong_bits_1000": "700", "wrong_bits_README.md": "9000"}) == 14


def test_seeds_and_failures_of_an_arm(study):
    assert seeds_of(study, "one") == ([0, 100, 200, 300, 400], [True, True, False, True, True])
    assert [line["seed"] for line in failed_runs(study, "one")] == ["2"]
    assert [line["sequences"] for line in failed_runs(study, "two")] == ["900"]
