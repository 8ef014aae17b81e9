"""Measurements of a study on every machine, beyond its verdict, and which of them a row still lacks."""

import hashlib
import warnings
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, get_args

from ntm_lib.analysis.copies import copy_bytes
from ntm_lib.analysis.diagnosis import study_entry
from ntm_lib.machine.validate import crowd, whole_number
from ntm_lib.study.content import read_content, wrong_in
from ntm_lib.tasks.sizes import Size, require_size, size_text
from ntm_lib.training.evaluation import Machine, MemoryTooSmall, evaluate
from ntm_lib.training.run import Run

Kind = Literal["random", "chosen"]
"""Payloads of further lengths: random, or chosen against each machine (`tasks.chosen_payload`)."""


@dataclass
class Measurements:
    """Measurements on every machine beyond its verdict.

    Raises TypeError or ValueError for numbers that are not integers of at least 1, and ValueError for an unknown kind
    and for a file that cannot be read, is empty or is too long to copy.
    """

    lengths: tuple[Size, ...] = ()
    """Wrong bits are counted in sequences of each of these lengths, or sizes such as (10, 20)."""
    sequences: int = 20
    """Sequences of each length, drawn from the run's own seed; a stored count of more sequences is kept."""
    file: Path | None = None
    """A file that every machine copies in one sequence."""
    findings: bool = False
    """Whether the findings of `ntm diagnose` are noted."""
    kind: str = "random"
    """Payload of the sequences, one of `Kind`."""
    crowd: float = 1
    """The sequences are copied as on a tape so many times as long (`machine.addressing.crowded`)."""
    content: bytes = field(init=False, default=b"", repr=False)
    """What the file holds, read once, so that every machine copies the same bytes."""

    def __post_init__(self) -> None:
        whole_number("sequences", self.sequences)
        if self.kind not in get_args(Kind):
            raise ValueError(f"kind is {self.kind!r}: expected one of {', '.join(get_args(Kind))}")
        if self.kind != "random" and not self.lengths:
            raise ValueError(f"kind is {self.kind!r}: name the lengths to count it at, such as --lengths 20 120")
        if crowd(self.crowd) != 1 and not self.lengths:
            raise ValueError(f"crowd is {self.crowd:g}: name the lengths to count in it, such as --lengths 100")
        for length in self.lengths:
            require_size(length)
        if self.file is not None:
            self.content = read_content(str(self.file))

    def lacking(self, row: dict[str, Any] | None) -> bool:
        """True for the row of a run that lacks a measurement, and for None, a run that is not yet trained."""
        if row is None or self._lengths_lacking(row) or self._file_lacking(row):
            return True
        return self.findings and "findings" not in row

    def _lengths_lacking(self, row: dict[str, Any]) -> list[Size]:
        counts = row["lengths"]
        entries = {n: self._entry(size_text(n)) for n in self.lengths}
        return [n for n, entry in entries.items() if counts.get(entry, {}).get("sequences", 0) < self.sequences]

    def _entry(self, length: str) -> str:
        """The name of a count in a row, such as "1000" or "chosen_1000"; in a crowd "100_crowd_10000"."""
        entry = f"{length}" if self.kind == "random" else f"{self.kind}_{length}"
        return entry if self.crowd == 1 else f"{entry}_crowd_{float(self.crowd)}".removesuffix(".0")

    def _file_lacking(self, row: dict[str, Any]) -> bool:
        """True for a run that has not copied the file, or only an earlier text of it."""
        copied = row["files"].get(self.file.name, {}) if self.file else {}
        return self.file is not None and copied.get("sha256") != hashlib.sha256(self.content).hexdigest()

    def complete(self, row: dict[str, Any], model: Machine, run: Run) -> None:
        """Measure what a row lacks, and write it there."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", MemoryTooSmall)
            lengths = self._lengths_lacking(row)
            seed, task = row["seed"], run.task
            report = evaluate(model, lengths, self.sequences, seed, self.kind, task=task, crowd=self.crowd)
            row["lengths"] |= {self._entry(n): count for n, count in report.to_json()["lengths"].items()}
            if self.file is not None and self._file_lacking(row):
                wrong = wrong_in(self.content, copy_bytes(model, self.content))
                row["files"][self.file.name] = {"sha256": hashlib.sha256(self.content).hexdigest(), **wrong}
            if self.findings and "findings" not in row:
                row |= study_entry(model, run)
