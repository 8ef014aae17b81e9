"""What a study asks of every machine beyond its verdict, and which answers a row still lacks."""

import hashlib
import sys
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from torch import nn

from ntm_lib.study.rows import wrong_in
from ntm_lib.tasks import at_least_one
from ntm_lib.training.evaluation import MemoryTooSmall, copy_bytes, evaluate
from ntm_lib.training.run import Run

Also = Callable[[nn.Module, Run], dict]
"""A function of a module that is asked of every machine and its run: its entries join those of the run's row."""


@dataclass(frozen=True)
class Asked:
    """What is asked of every machine beyond its verdict.

    Raises TypeError or ValueError for numbers that are not integers of at least 1, ValueError for a file that cannot
    be read or is empty, TypeError for a function that a worker process could not find by its name.
    """

    lengths: tuple[int, ...] = ()
    """Wrong bits at these lengths ..."""
    sequences: int = 20
    """... in this many random sequences, drawn from the run's own seed."""
    file: Path | None = None
    """Wrong bits and bytes of this file, copied in one sequence."""
    also: Also | None = None
    """What this says of the machine and its run."""

    def __post_init__(self) -> None:
        for name, value in (("sequences", self.sequences), *(("length", length) for length in self.lengths)):
            at_least_one(name, value)
        if self.file is not None:
            read_content(self.file)
        if self.also is not None and not _is_of_a_module(self.also):
            raise TypeError(f"also is {self.also!r}: expected a function of a module, which a worker finds by its name")

    def options(self) -> list[str]:
        """The same as options of the command; that of a function bears its name."""
        words = ["--lengths", *map(str, self.lengths), "--sequences", str(self.sequences)] if self.lengths else []
        words += ["--file", str(self.file)] if self.file else []
        return words + ([f"--{self.also.__name__}"] if self.also else [])

    def open_in(self, row: dict | None) -> bool:
        """Whether a run (None: not yet made) leaves any of this without an answer."""
        return row is None or bool(self.open_lengths(row)) or self.file_is_open(row) or self.also_is_open(row)

    def open_lengths(self, row: dict) -> list[int]:
        """The lengths that a run has not been asked, or with another number of sequences."""
        counts = row["lengths"]
        return [n for n in self.lengths if counts.get(str(n), {}).get("sequences") != self.sequences]

    def file_is_open(self, row: dict) -> bool:
        """Whether a run has not copied the file, or an earlier text of it."""
        if self.file is None:
            return False
        return row["files"].get(self.file.name, {}).get("sha256") != _sha256(self.file.read_bytes())

    def also_is_open(self, row: dict) -> bool:
        """Whether the function has not been asked of a run; rows of earlier versions name none."""
        return self.also is not None and _name(self.also) not in row.get("also", [])

    def answer(self, row: dict, model: nn.Module, run: Run) -> None:
        """Ask a machine what its row leaves open, and write the answers there."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", MemoryTooSmall)
            report = evaluate(model, self.open_lengths(row), self.sequences, row["seed"])
            row["lengths"] |= report.to_json()["lengths"]
            if self.file_is_open(row):
                content = read_content(self.file)
                wrong = wrong_in(content, copy_bytes(model, content))
                row["files"][self.file.name] = {"sha256": _sha256(content), **wrong}
            if self.also_is_open(row):
                _merge(row, self.also(model, run), _name(self.also))


def _merge(row: dict, entries: dict, name: str) -> None:
    """Let the entries that a function gave join a row, and note that it was asked."""
    if taken := entries.keys() & row.keys():
        raise ValueError(f"{name} gives {min(taken)!r}, which a row already has: expected a name of its own")
    row |= entries
    row["also"].append(name)


def read_content(path: Path) -> bytes:
    """The bytes of a file; ValueError for one that cannot be read or is empty."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ValueError(f"cannot read {path}: {error.strerror}; name a file that can be read") from error
    if not content:
        raise ValueError(f"{path} is empty: expected at least one byte to copy")
    return content


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _name(also: Also) -> str:
    return f"{also.__module__}.{also.__name__}"


def _is_of_a_module(also: Also) -> bool:
    module = sys.modules.get(getattr(also, "__module__", None))
    return getattr(module, getattr(also, "__name__", ""), None) is also
