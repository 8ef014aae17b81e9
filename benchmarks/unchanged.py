"""Whether trainings still end with the weights they ended with when unchanged.json was written.

python -m benchmarks.unchanged           every run of the list: exit code 1 where one differs
python -m benchmarks.unchanged --write   make the list anew

Weights depend on the processor's instructions and on torch's version: both stand in the list, and another machine is
told that it cannot compare.
"""

import hashlib
import json
import os
import sys
from dataclasses import replace
from pathlib import Path

os.environ.setdefault("MKL_CBWR", "AUTO")  # as the tests have it, before torch is imported

import torch

from ntm_lib import train
from ntm_lib.training import recipes

LIST = Path(__file__).parent / "results" / "unchanged.json"
RUNS = (
    *(("reliable", seed, None) for seed in (*range(10), 647)),
    *(("reliable_lstm", seed, None) for seed in range(5)),
    ("post_2014", 0, 500),
)
"""Recipe, seed, and how many updates instead of the recipe's."""


def weights_hash(name: str, seed: int, updates: int | None) -> str:
    """A hash of all weights, by name, with which a training ends."""
    recipe = recipes.by_name(name)
    model = train(recipe if updates is None else replace(recipe, updates=updates), seed).model
    found = hashlib.sha256()
    for part, values in sorted(model.named_parameters()):
        found.update(part.encode())
        found.update(values.detach().numpy().tobytes())
    return found.hexdigest()


def machine() -> dict[str, str]:
    """What weights depend on beside recipe and seed."""
    return {"torch": torch.__version__, "instructions": torch.backends.cpu.get_cpu_capability()}


def main(arguments: list[str]) -> int:
    """Compare, or write, the list; returns the exit code."""
    kept = json.loads(LIST.read_text(encoding="utf-8")) if LIST.exists() else {}
    if arguments != ["--write"] and kept.get("machine") != machine():
        print(f"the list was made with {kept.get('machine')}, this is {machine()}: nothing to compare")
        return 2
    hashes = {}
    for name, seed, updates in RUNS:
        key = f"{name} {seed}" + (f" for {updates} updates" if updates else "")
        hashes[key] = weights_hash(name, seed, updates)
        print(
            f"{key:32} {'written' if arguments else 'unchanged' if hashes[key] == kept['weights'][key] else 'CHANGED'}"
        )
    if arguments == ["--write"]:
        made = {"command": "python -m benchmarks.unchanged --write", "machine": machine(), "weights": hashes}
        LIST.write_text(json.dumps(made, indent=1) + "\n", encoding="utf-8")
    return int(hashes != (hashes if arguments else kept["weights"]))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
