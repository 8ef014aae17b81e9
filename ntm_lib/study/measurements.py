"""Measurements of a study on every machine, beyond its verdict, and which of them a row still lacks."""

import hashlib
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ntm_lib.analysis.copies import copy_bytes
from ntm_lib.analysis.diagnosis import study_entry
from ntm_lib.machine.validate import whole_number
from ntm_lib.study.content import MOST_BYTES, read_content
from ntm_lib.study.limits import MOST_SEQUENCES, at_most
from ntm_lib.training.evaluation import Machine, MemoryTooSmall, evaluate
from ntm_lib.training.run import Run


@dataclass(frozen=True)
class Measurements:
    """Measurements on every machine beyond its verdict.

    Raises TypeError or ValueError for numbers that are not integers of at least 1, and ValueError for a file that
    cannot be read, is empty or is too long to copy.
    """

    lengths: tuple[int, ...] = ()
    """Wrong bits are counted in random sequences of each of these lengths."""
    sequences: int = 20
    """Random sequences of each length, drawn from the run's own seed."""
    file: Path | None = None
    """A file that every machine copies in one sequence."""
    findings: bool = False
    """Whether the findings of `ntm diagnose` are noted."""

    def __post_init__(self) -> None:
        at_most("sequences", whole_number("sequences", self.sequences), MOST_SEQUENCES)
        for length in self.lengths:
            at_most("length", whole_number("length", length), MOST_BYTES)
        if self.file is not None:
            if Path(self.file).exists() and not Path(self.file).is_file():
                raise ValueError(f"{self.file} is no file: expected one that every machine can copy anew")
            read_content(str(self.file))

    def options(self) -> list[str]:
        """Options of `ntm study` that ask for the measurements."""
        words = ["--lengths", *map(str, self.lengths), "--sequences", str(self.sequences)] if self.lengths else []
        words += ["--file", str(self.file)] if self.file else []
        return words + ["--findings"] * self.findings

    def lacking(self, row: dict[str, Any] | None) -> bool:
        """True for the row of a run that lacks a measurement, and for None, a run that is not yet trained."""
        if row is None or self._lengths_lacking(row) or self._file_lacking(row):
            return True
        return self.findings and "findings" not in row

    def _lengths_lacking(self, row: dict[str, Any]) -> list[int]:
        counts = row["lengths"]
        return [n for n in self.lengths if counts.get(str(n), {}).get("sequences") != self.sequences]

    def _file_lacking(self, row: dict[str, Any]) -> bool:
        """True for a run that has not copied the file, or only an earlier text of it."""
        if self.file is None:
            return False
        copied: dict[str, Any] = row["files"].get(self.file.name, {})
        return copied.get("sha256") != _sha256(self.file.read_bytes())

    def complete(self, row: dict[str, Any], model: Machine, run: Run) -> None:
        """Measure what a row lacks, and write it there."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", MemoryTooSmall)
            report = evaluate(model, self._lengths_lacking(row), self.sequences, row["seed"])
            row["lengths"] |= report.to_json()["lengths"]
            if self.file is not None and self._file_lacking(row):
                content = read_content(str(self.file))
                wrong = wrong_in(content, copy_bytes(model, content))
                row["files"][self.file.name] = {"sha256": _sha256(content), **wrong}
            if self.findings and "findings" not in row:
                row |= study_entry(model, run)


def wrong_in(content: bytes, copied: bytes) -> dict[str, int]:
    """How many bytes and bits of a copy differ from the original, which is as long."""
    differing = [a ^ b for a, b in zip(content, copied, strict=True)]
    return {
        "bytes": len(content),
        "wrong_bytes": sum(map(bool, differing)),
        "bits": 8 * len(content),
        "wrong_bits": sum(map(int.bit_count, differing)),
    }


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
