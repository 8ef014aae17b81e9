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
    *(("reliable", seed, None) for seed in range(10)),
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


def name_of(name: str, seed: int, updates: int | None) -> str:
    """What a run is called in the list."""
    return f"{name} {seed}" + (f" for {updates} updates" if updates else "")


def main(arguments: list[str]) -> int:
    """Compare the weights with the list, or write it; returns the exit code."""
    if arguments == ["--write"]:
        weights = {name_of(*run): weights_hash(*run) for run in RUNS}
        made = {"command": "python -m benchmarks.unchanged --write", "machine": machine(), "weights": weights}
        LIST.write_text(json.dumps(made, indent=1) + "\n", encoding="utf-8")
        return 0
    kept = json.loads(LIST.read_text(encoding="utf-8"))
    if kept["machine"] != machine():
        print(f"the list was made with {kept['machine']}, this is {machine()}: nothing to compare")
        return 2
    changed = 0
    for run in RUNS:
        same = weights_hash(*run) == kept["weights"][name_of(*run)]
        changed += not same
        print(f"{name_of(*run):32} {'unchanged' if same else 'CHANGED'}", flush=True)
    return int(changed > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
