"""What the search finds beyond chosen payloads: the counts, and what is noted."""

import json
from pathlib import Path

import torch
from copier import Copier

from ntm_lib.runs.checkpoints import recipe_from_json
from ntm_lib.training import recipes
from research import adversary

STORED = json.loads((Path(adversary.__file__).parents[1] / "data/studies/reliable/adversary.json").read_text())


def test_margins_are_counted():
    assert adversary.counted(torch.tensor([0.5, -2.0, 3.0, -1.0])) == {"tried": 4, "wrong": 2, "margin": -2.0}


def test_a_perfect_machine_never_errs(monkeypatch):
    monkeypatch.setattr(adversary, "GENERATIONS", 2)
    row = adversary.measured(Copier(), seed=3, length=5, crowd=1)
    assert (row["seed"], row["length"], row["crowd"]) == (3, 5, 1)
    assert [row[kind]["tried"] for kind in ("random", "chosen", "search")] == [100, 28, 28 + 2 * 32]
    assert {row[kind]["wrong"] for kind in ("random", "chosen", "search")} == {0}
    assert all(0 < row[kind]["margin"] < 0.01 for kind in ("random", "chosen", "search"))


def test_the_summary_counts_machines(monkeypatch):
    monkeypatch.setattr(adversary, "TRIALS", ((20, 1), (120, 50)))

    def row(random, chosen, search, length=20, crowd=1):
        kinds = {"random": random, "chosen": chosen, "search": search}
        return {"length": length, "crowd": crowd} | {
            kind: {"tried": 9, "wrong": int(margin < 0), "margin": margin} for kind, margin in kinds.items()
        }

    rows = [row(3.0, 2.0, 1.0), row(3.0, 2.0, -1.0), row(3.0, -2.0, -2.0), row(-1.0, -2.0, -3.0, 120, 50)]
    header, *lines = adversary.summary(rows)
    assert lines == [[20, 1, 3, 0, 1, 2, 1, 3.0, 2.0, -1.0], [120, 50, 1, 1, 1, 1, 0, -1.0, -2.0, -3.0]]
    assert len(header) == 10


def test_what_is_stored_says_how_it_was_made():
    assert STORED["command"] == "python -m research.adversary reliable 0-19 data/studies/reliable/adversary.json"
    assert {"python", "torch", "ntm_lib"} <= STORED["versions"].keys()
    assert recipe_from_json(STORED["settings"]) == recipes.reliable  # today's, not an earlier recipe
    assert [row["seed"] for row in STORED["rows"]] == [seed for seed in range(20) for _ in adversary.TRIALS]
    for row in STORED["rows"]:
        assert row["search"]["margin"] <= row["chosen"]["margin"]
        assert row["search"]["tried"] == 28 + STORED["generations"] * STORED["children"]
