"""Counts from the tables in data/studies, with the commands that made them."""

import csv
import json
import statistics
from collections.abc import Sequence
from pathlib import Path

from ntm_lib import tasks
from ntm_lib.study.tables import aligned, share
from ntm_lib.teaching.plots.words import printable
from ntm_lib.teaching.show import show_folded


def show_study(directory: str | Path, arms: Sequence[str] = ()) -> None:
    """Print how many runs of each arm of a study converged, with 95 % intervals; fold the commands that made them.

    All arms in the order of the table, or `arms`. Raises ValueError for an arm that the study does not have.
    """
    lines = runs_of(directory)
    names = list(arms) or list(lines)
    if unknown := [name for name in names if name not in lines]:
        raise ValueError(f"arm is {unknown[0]!r}: expected one of {', '.join(map(repr, lines))}")
    counts = [(printable(name), *_counts(lines[name])) for name in names]
    print(aligned([("", "converged", "sequences, median"), *counts]))
    commands = json.loads((Path(directory) / "manifest.json").read_text(encoding="utf-8"))["commands"]
    asked = [command for command in commands if any(f":{arm} " in command for arm in arms)]
    show_folded("The commands that made this table", "\n".join(asked or commands))


def runs_of(directory: str | Path) -> dict[str, list[dict[str, str]]]:
    """Read the lines of a study's runs.csv by arm; an arm has its name in arms.toml, without the study's name."""
    directory = Path(directory)
    by_arm: dict[str, list[dict[str, str]]] = {}
    with (directory / "runs.csv").open(newline="", encoding="utf-8") as file:
        for line in csv.DictReader(file):
            by_arm.setdefault(line["recipe"].removeprefix(f"{directory.name}-"), []).append(line)
    return by_arm


def seeds_of(directory: str | Path, arm: str) -> tuple[list[int], list[bool]]:
    """For each run of an arm, in the order of the table: how many sequences it had seen, and whether it converged."""
    lines = runs_of(directory)[arm]
    return [int(line["sequences"]) for line in lines], [line["converged"] == "True" for line in lines]


def failed_runs(directory: str | Path, arm: str) -> list[dict[str, str]]:
    """Read the lines of an arm's runs that did not converge."""
    return [line for line in runs_of(directory)[arm] if line["converged"] == "False"]


def verdict_of(line: dict[str, str]) -> int:
    """Count the wrong bits of a run's verdict, all kinds and lengths together."""
    judged = tuple(f"wrong_bits_{kind}_" for kind in tasks.KINDS)
    return sum(int(count) for column, count in line.items() if column.startswith(judged) and count)


def _counts(lines: list[dict[str, str]]) -> tuple[str, int]:
    """Count the runs of an arm that converged, and take the median of their sequences."""
    converged = sum(line["converged"] == "True" for line in lines)
    return share(converged, len(lines)), round(statistics.median(int(line["sequences"]) for line in lines))
