"""Every run of every study in data/studies, in columns, for one dot a seed."""

from typing import Any

from research.tables import STUDIES, Row, question, questions, read_table, study

WAYS = {"forwards": "f", "backwards": "b", "in no order": "n", "in one row": "o", None: "-"}
"""How a machine stores a sequence, as one letter; None: nobody looked, or it has no memory."""


def seeds() -> list[dict[str, Any]]:
    """All studies with their arms, `reliable` first."""
    names = sorted(
        (path.parent.name for path in STUDIES.glob("*/runs.csv")), key=lambda name: (name != "reliable", name)
    )
    return [{"name": name, "question": asked(name), "arms": arms(name)} for name in names]


def asked(name: str) -> str:
    """The question of a study; without an arms.toml a study asks how often one recipe succeeds."""
    return question(name).question if name in questions() else "How many of its seeds converge?"


def arms(name: str) -> list[dict[str, Any]]:
    """The arms of a study, each with a column for what the page shows of its seeds."""
    proved = proofs(name)
    return [{"name": arm, **columns(rows, proved if arm == name else {})} for arm, rows in study(name).items()]


def columns(rows: list[Row], proved: dict[int, int]) -> dict[str, Any]:
    """Seeds, sequences, whether a run converged, in which order and from which row on it stores, faults, and proofs."""
    rows = sorted(rows, key=lambda row: row["seed"])
    return {
        "seeds": [row["seed"] for row in rows],
        "sequences": [row["sequences"] for row in rows],
        "converged": "".join(str(int(row["converged"])) for row in rows),
        "stores": "".join(WAYS.get(row.get("stores"), "-") for row in rows),
        "firstRow": [row.get("first_row") for row in rows],
        "faults": [row.get("faults") or "" for row in rows],
        "proved": [proved.get(row["seed"], 0) for row in rows],
    }


def proofs(name: str) -> dict[int, int]:
    """The longest copies that are proved, by seed, from a study's proofs.csv, if it has one.

    Lines are proofs that were tried: `seed`, `length`, and `proved`, which is True or False.
    """
    path, longest = STUDIES / name / "proofs.csv", dict[int, int]()
    for line in read_table(path) if path.exists() else []:
        if line["proved"]:
            longest[line["seed"]] = max(longest.get(line["seed"], 0), line["length"])
    return longest
