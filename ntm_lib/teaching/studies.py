"""What studies found: counts from the tables in data/studies, with the commands that made them."""

import csv
import json
import statistics
from collections.abc import Sequence
from pathlib import Path

from ntm_lib import tasks
from ntm_lib.study.tables import aligned, share


def show_study(directory: str | Path, arms: Sequence[str] = ()) -> None:
    """Print how many runs of each arm of a study converged, with 95 % intervals, and the commands that made them.

    All arms in the order of the table, or these. Where the table is not there yet, prints how to make it. Raises
    ValueError for an arm that the study does not have.
    """
    directory = Path(directory)
    if not (directory / "runs.csv").is_file():
        print(f"{directory.name}: not run yet; `ntm study {directory.name} --seeds 0-99 --out runs/{directory.name}`")
        return
    lines = runs_of(directory)
    names = list(arms) or list(lines)
    for name in names:
        if name not in lines:
            raise ValueError(f"arm is {name!r}: expected one of {', '.join(lines)}")
    print(aligned([("", "converged", "sequences, median"), *(_summary(name, lines[name]) for name in names)]))
    print(*(f"made by: {command}" for command in _commands_for(directory, arms)), sep="\n")


def runs_of(directory: str | Path) -> dict[str, list[dict[str, str]]]:
    """The lines of a study's runs.csv by arm; an arm is called as in its question, without the question's name."""
    directory = Path(directory)
    with (directory / "runs.csv").open(newline="", encoding="utf-8") as file:
        lines = list(csv.DictReader(file))
    by_arm: dict[str, list[dict[str, str]]] = {}
    for line in lines:
        by_arm.setdefault(line["recipe"].removeprefix(f"{directory.name}-"), []).append(line)
    return by_arm


def verdict_of(line: dict[str, str]) -> int:
    """Wrong bits of a run's verdict, all kinds and lengths together."""
    judged = tuple(f"wrong_bits_{kind}_" for kind in tasks.KINDS)
    return sum(int(count) for column, count in line.items() if column.startswith(judged) and count)


def commands_of(directory: str | Path) -> list[str]:
    """The commands that made a study, from its manifest."""
    return json.loads((Path(directory) / "manifest.json").read_text(encoding="utf-8"))["commands"]


def _commands_for(directory: Path, arms: Sequence[str]) -> list[str]:
    """The commands that name one of these arms; all where none are asked for, and where no command names any."""
    names = {name for arm in arms for name in (arm, f"{directory.name}-{arm}")}
    commands = commands_of(directory)
    return [command for command in commands if names & set(command.split())] or commands


def _summary(name: str, lines: list[dict[str, str]]) -> tuple[str, str, int]:
    converged = sum(line["converged"] == "True" for line in lines)
    return name, share(converged, len(lines)), round(statistics.median(int(line["sequences"]) for line in lines))
