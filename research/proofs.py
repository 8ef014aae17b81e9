"""Prove many machines, at several lengths, exactly and with float32's rounding: a row of a table for each attempt.

    python -m research.proofs runs/reliable --seeds 0-99 --lengths 120 1000

proves the machines that `ntm study reliable --seeds 0-99 --out runs/reliable` trained. Certificates are checked as by
`ntm check`, and for a machine without a proof the search of `ntm prove` looks for a payload that breaks the machine.
The table is written row by row, and a command that goes on leaves out the attempts that it holds. With
`--sample N` the bounds of one certificate a machine are held against N sequences that the machine copies, and
sampled.csv beside the table gets a row for each machine.
"""

import argparse
import csv
import json
import platform
import shlex
import sys
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

from ntm_lib.proof.balls import EXACT, ROUNDINGS, Machine
from ntm_lib.proof.check import check
from ntm_lib.proof.prove import Unproved, prove, rows_for
from ntm_lib.study.seeds import parse_seeds
from research.tables import ROOT

OUT = ROOT / "data" / "proofs" / "proofs.csv"
KEYS = "seed", "length", "memory", "arithmetic"
COLUMNS = (*KEYS, "proved", "writer", "margin", "prove_seconds", "check_seconds", "broken", "why")
SAMPLED = "seed", "sequences", "bound", "share"
SAMPLE_LENGTHS = 1, 2, 5, 11, 17, 23
SAMPLE_ROWS = 1024
BATCH = 64


def attempt(directory: Path, length: int, arithmetic: str) -> dict[str, Any]:
    """One row of the table, but for the seed: seconds are of the processor, reading the weights included."""
    begin, rows = time.process_time(), rows_for(length)
    row: dict[str, Any] = {"length": length, "memory": rows, "arithmetic": arithmetic}
    try:
        certificate = prove(Machine(directory), length, rows, ROUNDINGS[arithmetic])
    except Unproved as error:
        refused = {"proved": False, "prove_seconds": since(begin), "why": str(error)}
        return row | refused | {"broken": is_broken(directory, length, rows)}
    proved = time.process_time()
    check(json.loads(json.dumps(certificate)), Machine(directory))
    writer = ("stays", "walks on")[certificate["answer_writer"]]
    margin = round(certificate["bounds"]["margin"], 3)
    seconds = {"prove_seconds": round(proved - begin, 2), "check_seconds": since(proved)}
    return row | {"proved": True, "writer": writer, "margin": margin, **seconds, "why": ""}


def is_broken(directory: Path, length: int, rows: int) -> bool:
    """Whether the search of `ntm prove` finds a payload that a machine copies wrongly."""
    from ntm_lib import load
    from ntm_lib.proof.breaking import breaking_payload

    return breaking_payload(load(directory)[0], length, rows) is not None


def since(begin: float) -> float:
    """Seconds of the processor since then."""
    return round(time.process_time() - begin, 2)


def sample(directory: Path, sequences: int, seed: int) -> dict[str, float]:
    """The largest share of each bound that is used up by random and chosen sequences of several lengths."""
    import torch

    from ntm_lib import load, tasks
    from ntm_lib.proof.sampling import largest_shares

    certificate = prove(Machine(directory), max(SAMPLE_LENGTHS), SAMPLE_ROWS, EXACT)
    plan, model = check(certificate, Machine(directory)), load(directory)[0].double()
    generator, used = torch.Generator().manual_seed(seed), dict.fromkeys(certificate["bounds"], 0.0)
    for start in range(0, sequences, BATCH):
        length = SAMPLE_LENGTHS[start // BATCH % len(SAMPLE_LENGTHS)]
        count = min(BATCH, sequences - start)
        chosen = tasks.chosen_payload(model, count // 2, length, generator) if count > 1 else torch.empty(0, length, 8)
        payloads = torch.cat([chosen, tasks.payload(count - len(chosen), length, 8, generator=generator)])
        shares = largest_shares(model, plan, certificate["bounds"], payloads)
        used = {name: max(used[name], share) for name, share in shares.items()}
    return used


def sampled(directory: Path, sequences: int, seed: int) -> dict[str, Any]:
    """One row of the table of samples: the bound that some sequences used up most, and its share; above 1: violated."""
    used = sample(directory, sequences, seed)
    most = max(used, key=lambda name: used[name])
    print(f"seed {seed}: of {sequences:,} sequences, {most} is used up most, by {used[most]:.3f}", flush=True)
    return {"seed": seed, "sequences": sequences, "bound": most, "share": f"{used[most]:.4f}"}


def main(words: list[str]) -> None:
    """Fill the table, or sample."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("runs", help="directory that `ntm study reliable --out` made")
    parser.add_argument("--seeds", default="0-99")
    parser.add_argument("--lengths", type=int, nargs="+", default=[120, 1000])
    parser.add_argument("--arithmetic", nargs="+", choices=ROUNDINGS, default=list(ROUNDINGS))
    parser.add_argument("--out", type=Path, default=OUT)
    parser.add_argument("--sample", type=int, default=0, metavar="N")
    values = parser.parse_args(words)
    machines = Path(values.runs) / "machines" / "reliable"
    seeds = parse_seeds(values.seeds)
    if missing := [seed for seed in seeds if not (machines / str(seed)).is_dir()]:
        made = f"ntm study reliable --seeds {values.seeds} --out {values.runs}"
        parser.error(f"{values.runs} holds no machine of seed {missing[0]}: make them with `{made}`")
    if values.sample:
        found = [sampled(machines / str(seed), values.sample, seed) for seed in seeds]
        write(values.out.with_name("sampled.csv"), SAMPLED, found, words)
        return
    rows = read(values.out)
    done = {tuple(row[key] for key in KEYS) for row in rows}
    for length in values.lengths:
        for arithmetic in values.arithmetic:
            for seed in seeds:
                if tuple(map(str, (seed, length, rows_for(length), arithmetic))) not in done:
                    rows.append({"seed": seed, **attempt(machines / str(seed), length, arithmetic)})
                    write(values.out, COLUMNS, rows, words)


def read(path: Path) -> list[dict[str, Any]]:
    """The rows of a table that was begun."""
    if not path.exists():
        return []
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def write(path: Path, columns: tuple[str, ...], rows: list[dict[str, Any]], words: list[str]) -> None:
    """A table, and in manifest.json beside it how it was made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="") as file:
        table = csv.DictWriter(file, columns, restval="", lineterminator="\n")
        table.writeheader()
        table.writerows(rows)
    manifest = path.with_name("manifest.json")
    made = json.loads(manifest.read_text(encoding="utf-8")) if manifest.exists() else {}
    made[path.name] = {
        "command": shlex.join(["python", "-m", "research.proofs", *words]),
        "machines": "ntm study reliable --seeds 0-99 --out runs/reliable",
        "versions": {name: version(name) for name in ("ntm-lib", "python-flint")}
        | {"python": platform.python_version()},
        "seconds": "of the processor",
    }
    manifest.write_text(json.dumps(made, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
