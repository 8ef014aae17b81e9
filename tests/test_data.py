"""The account of what made seeds fail: its table is that of the study it names."""

import csv
import json
import re
import statistics
from pathlib import Path

from ntm_lib.study.tables import share

DATA = Path(__file__).parent.parent / "data"
STUDY = DATA / "studies" / "without"


def test_what_each_ingredient_is_worth():
    text = (DATA / "what-made-seeds-fail.md").read_text(encoding="utf-8")
    cells = re.findall(r"^\| `([\w.]+ [^`]*)` \| [^|]* \| ([^|]*) \| ([^|]*) \|$", text, re.MULTILINE)
    table = {change: (converged, took) for change, converged, took in cells}
    with (STUDY / "runs.csv").open(newline="") as file:
        lines = list(csv.DictReader(file))
    expected = {}
    recipes = json.loads((STUDY / "manifest.json").read_text())["recipes"]
    del recipes["without-nothing"]
    for name, recipe in recipes.items():
        changed = {field: value for field, value in recipe["but"].items() if field not in {"name", "updates"}}
        (change,) = [f"{field} {value}" for field, value in changed.items()]
        mine = [line for line in lines if line["recipe"] == name]
        runs = [line["converged"] == "True" for line in mine]
        sequences = [int(line["sequences"]) for line in mine]
        assert recipe["is"] == "reliable" and recipe["but"]["updates"] == 600
        assert sorted(int(line["seed"]) for line in mine) == list(range(len(runs)))
        expected[change] = (
            share(sum(runs), len(runs)),
            f"{statistics.median(sequences):,.0f} / {max(sequences):,}",
        )
    assert table == expected
