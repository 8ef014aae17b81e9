"""README: numbers are those of the committed tables, commands those of make, its code runs, and it stays short."""

import csv
import json
import re
import statistics
from pathlib import Path

import pytest
from scipy.stats import binomtest

from benchmarks import readme
from ntm_lib import cli

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
WORDS = " ".join(README.split())
FENCED = re.findall(r"^```(\w*)\n(.*?)^```$", README, re.DOTALL | re.MULTILINE)
PYTHON, SHELL = ([text for language, text in FENCED if language == wanted] for wanted in ("python", ""))
STUDIES = {"reliable": "reliable", "reliable_kept_training": "kept"}
STUDIES |= {name: name for name in ("reliable_lstm", "post_repaired")}
"""Recipes and the directories of their tables."""


def lines(recipe):
    with (ROOT / "data" / "studies" / STUDIES[recipe] / "runs.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def interval(right, asked):
    """A count and its 95 % interval, as the table writes them."""
    ends = [f"{100 * end:.1f}".removesuffix(".0") for end in binomtest(right, asked).proportion_ci(0.95)]
    return f"{right} of {asked} ({'–'.join(ends)} %)"


@pytest.mark.parametrize("recipe", STUDIES)
def test_every_seed_in_order_is_in_the_table(recipe):
    seeds = [int(line["seed"]) for line in lines(recipe)]
    assert seeds == list(range(len(seeds)))
    assert {line["recipe"] for line in lines(recipe)} == {recipe}


@pytest.mark.parametrize(
    ("what", "recipe", "column"),
    [
        ("converged", "reliable", "converged"),
        (
            "right in 28 chosen sequences of 1,000 vectors",
            "reliable",
            "wrong_bits_chosen_1000",
        ),
        (
            "right in 20 sequences of 100 vectors in a crowd of 10,000",
            "reliable",
            "wrong_bits_100_crowd_10000",
        ),
        ("converged", "reliable_lstm", "converged"),
    ],
)
def test_counts_are_those_of_the_tables(what, recipe, column):
    asked = [line[column] for line in lines(recipe) if line[column] != ""]
    right = sum(value in ("0", "True") for value in asked)
    assert f"| `{recipe}`, seeds 0-{len(asked) - 1}: {what} | {interval(right, len(asked))} |" in README


def test_counts_of_proofs_are_those_of_their_table():
    with (ROOT / "data" / "proofs" / "proofs.csv").open(newline="", encoding="utf-8") as file:
        rows = [line for line in csv.DictReader(file) if line["length"] == "1000"]
    exact, float32 = ([line["proved"] for line in rows if line["arithmetic"] == name] for name in ("exact", "float32"))
    assert f"of 1 to 1,000 bytes in 131,072 rows | {interval(exact.count('True'), 100)} |" in README
    assert f"with float32's rounding, {interval(float32.count('True'), 100)} are proved" in WORDS


def test_the_opening_says_what_the_tables_say():
    converged = [line["converged"] == "True" for line in lines("reliable")]
    assert f"{sum(converged):,} of {len(converged):,} seeds learn to copy" in WORDS
    learned = json.loads((ROOT / "benchmarks" / "results" / "learn.json").read_text(encoding="utf-8"))
    seconds = [run["seconds"] for run in learned["results"]["alone"]["runs"]]
    assert statistics.median(seconds) < 5
    assert "each in a few seconds on one core" in WORDS


def test_it_fits_on_two_screens():
    assert len(README.splitlines()) <= 150
    assert max(len(line) for line in README.splitlines() if not line.startswith(("|", "![", "<img"))) <= 125


def test_no_cell_of_a_table_is_a_paragraph():
    cells = [
        cell.strip() for line in README.splitlines() if line.startswith("|") for cell in line.strip("|").split("|")
    ]
    prose = [re.sub(r"<img[^>]*>|`[^`]*`|\]\([^)]*\)|[*\[\]]", "", cell) for cell in cells]
    assert len(prose) > 50
    assert [cell for cell in prose if len(cell) > 80] == []


def test_every_picture_is_described_in_few_words():
    described = re.findall(r"!\[([^\]]*)\]", README) + re.findall(r'<img[^>]* alt="([^"]*)"', README)
    assert len(described) == 12
    assert all(20 < len(" ".join(text.split())) < 250 for text in described)


def test_every_link_within_the_repository_leads_somewhere():
    links = re.findall(r"\]\((?!https://)([^)#]+)", README) + re.findall(r'src="([^"]+)"', README)
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_the_lines_without_make_are_what_make_runs():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    makefile = makefile.replace("$(NTM)", "ntm").replace("$(VENV)/bin/", "").replace(" --quiet", "")
    demo = re.search(r"^demo:.*\n\t(.*)\n\t(.*)\n", makefile, re.MULTILINE).groups()
    lab = re.search(r"^lab:.*\n\t(.*)\n\t(.*)\n", makefile, re.MULTILINE).groups()
    install = re.search(r"^\t(pip install .*\[command\].*)$", makefile, re.MULTILINE).groups()
    assert {*demo, *lab, *install} <= set(SHELL[1].splitlines())
    assert {"make demo", "make lab"} <= {line.split("  ")[0] for line in SHELL[0].splitlines()}


def test_the_commands_are_known():
    assert {line.split()[1] for line in SHELL[2].splitlines()} == set(cli.COMMANDS)


def run(code):
    """Run a block of the README and return the names that it defines."""
    names = {}
    exec(code, names)
    return names


@pytest.mark.slow
def test_the_example_runs():
    names = run(PYTHON[0])
    assert names["report"].wrong_bits == 0
    assert names["logits"].shape == (4, 102, 8)
    assert names["batch"].inputs.shape == (4, 102, 10)
    assert len(PYTHON[0].splitlines()) <= 10


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2))
def test_the_loop_word_for_word_learns_to_copy(seed):
    assert readme.wrong_bits(seed) == {20: 0, 50: 0, 120: 0}
    assert f"no wrong bit in {readme.SEQUENCES} sequences at each of 20, 50 and 120" in WORDS


def test_the_loop_learns_from_as_many_seeds_as_it_says():
    kept = json.loads((ROOT / "benchmarks" / "results" / "readme.json").read_text(encoding="utf-8"))
    assert [run["seed"] for run in kept["results"]["runs"]] == list(range(20))
    exact = [not any(run["wrong_bits"].values()) for run in kept["results"]["runs"]]
    ends = re.search(r"\((.*)\)", interval(sum(exact), len(exact)))[1]
    assert f"with {sum(exact)} of the {len(exact)} seeds from 0 to 19, {ends} (`{kept['command']}`)" in WORDS
