"""What data/ says of itself is so: what each ingredient is worth, and how each machine was made."""

import re
import shlex
import statistics
from dataclasses import replace
from pathlib import Path

import pytest

from ntm_lib import load
from ntm_lib.study.arms import one_recipe
from ntm_lib.study.rows import row_of
from ntm_lib.study.tables import share
from research import baseline
from research.tables import changes, runs

DATA = Path(__file__).parent.parent / "data"
MACHINES = (DATA / "machines" / "README.md").read_text(encoding="utf-8")
COMMANDS = {
    shlex.split(line)[-1].removeprefix("runs/"): shlex.split(line)
    for line in re.findall(r"^ntm train .*$", MACHINES, re.M)
}


def test_what_each_ingredient_is_worth():
    text = (DATA / "what-made-seeds-fail.md").read_text(encoding="utf-8")
    cells = re.findall(r"^\| `([\w.]+ [^`]*)` \| [^|]* \| ([^|]*) \| ([^|]*) \|$", text, re.MULTILINE)
    table = {change: (converged, took) for change, converged, took in cells}
    expected = {}
    for arm, (recipe, changed) in changes("without").items():
        rows, changed = runs("without", arm), dict(changed)
        assert (recipe, changed.pop("updates")) == ("reliable", 600)
        assert [row["seed"] for row in rows] == list(range(len(rows)))
        sequences = [row["sequences"] for row in rows]
        expected[", ".join(f"{field} {value}" for field, value in changed.items())] = (
            share(sum(row["converged"] for row in rows), len(rows)),
            f"{statistics.median(sequences):,.0f} / {max(sequences):,}",
        )
    del expected[""]
    assert table == expected


def test_every_machine_is_described_and_has_its_command():
    described = re.findall(r"^\| `(\w+)` \|", MACHINES, re.MULTILINE)
    there = sorted(path.name for path in (DATA / "machines").iterdir() if path.is_dir())
    assert sorted(described) == there
    assert sorted([*COMMANDS, "no_memory"]) == there
    assert "python -m research.baseline runs/no_memory" in MACHINES


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_trains_by_the_recipe_and_seed_that_the_machine_has(name):
    _, _, word, *options = COMMANDS[name]
    values = dict(zip(options[::2], options[1::2], strict=True))
    _, run = load(DATA / "machines" / name)
    assert values.keys() == {"--seed", "--out"} and run.seed == int(values["--seed"])
    asked = one_recipe(word)
    assert replace(run.recipe, name=asked.name) == asked


@pytest.mark.parametrize("name", COMMANDS)
def test_a_machine_is_the_one_of_its_seed_in_its_study(name):
    """A machine here was trained alone; its study trained many seeds in shared passes: bit for bit alike."""
    study, _, arm = COMMANDS[name][2].removeprefix("data/studies/").partition(":")
    _, run = load(DATA / "machines" / name)
    alone = row_of(run)
    for kind, lengths in alone.pop("wrong_bits").items():
        alone |= {f"wrong_bits_{kind}_{length}": wrong for length, wrong in lengths.items()}
    (counted,) = (row for row in runs(study, arm or study) if row["seed"] == run.seed)
    shared = {"sequences", "settled_at_update", *(column for column in alone if column.startswith("wrong_bits"))}
    shared &= counted.keys()
    assert len(shared) > 4
    assert {column: counted[column] for column in shared} == {column: alone[column] for column in shared}


def test_the_lstm_without_a_memory_is_the_one_of_the_command():
    _, run = load(DATA / "machines" / "no_memory")
    assert run.recipe == baseline.recipe()
    assert f"{run.progress.sequences:,} sequences" in MACHINES
