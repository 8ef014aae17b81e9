"""Every run of every study in data/studies, in columns, for one dot a seed."""

from typing import Any

from ntm_lib.proof.balls import ROUNDINGS
from research.proofs import OUT
from research.tables import STUDIES, Row, question, questions, read_table, study

Proofs = dict[tuple[int, str], int]
"""A length in bytes for a seed and the arithmetic of its proof, which is "exact" or "float32"."""
PROVED = ("reliable", "reliable")
"""The study and the arm whose machines `research.proofs` proves."""

WAYS = {"forwards": "f", "backwards": "b", "in no order": "n", "in one row": "o", None: "-"}
"""The order in which a machine stores a sequence, as one letter; None: nobody looked, or it has no memory."""


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
    return [
        {"name": arm, **columns(rows, proofs() if (name, arm) == PROVED else {})} for arm, rows in study(name).items()
    ]


def columns(rows: list[Row], proved: Proofs) -> dict[str, Any]:
    """Seeds, sequences, whether a run converged, in which order and from which row on it stores, faults, and proofs."""
    rows = sorted(rows, key=lambda row: row["seed"])
    lengths = {arithmetic: [proved.get((row["seed"], arithmetic)) for row in rows] for arithmetic in ROUNDINGS}
    return {
        "seeds": [row["seed"] for row in rows],
        "sequences": [row["sequences"] for row in rows],
        "converged": "".join(str(int(row["converged"])) for row in rows),
        "stores": "".join(WAYS.get(row.get("stores"), "-") for row in rows),
        "firstRow": [row.get("first_row") for row in rows],
        "faults": [row.get("faults") or "" for row in rows],
        "proved": lengths,
    }


def proofs() -> Proofs:
    """The greatest length up to which every copy is proved, by seed and arithmetic; 0 where proofs were only tried."""
    longest: Proofs = {}
    for line in read_table(OUT):
        seed = line["seed"], line["arithmetic"]
        longest[seed] = max(longest.get(seed, 0), line["length"] if line["proved"] else 0)
    return longest
