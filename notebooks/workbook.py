"""Copy the lessons without their outputs, to be worked on: `python notebooks/workbook.py`.

`make lab` and Binder call this file. The copies stand in workbook/, which git ignores, and what is done there leaves
the lessons in notebooks/ as they are. A copy that was worked on is never overwritten.
"""

import json
import sys
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

import nbformat
from nbconvert.preprocessors import ClearOutputPreprocessor

ROOT = Path(__file__).resolve().parent.parent
WRITTEN = ".written.json"
"""A file beside the copies: for each, the SHA-256 of what was written there."""


def without_outputs(lesson: Path) -> bytes:
    """A lesson with all of its cells and none of their outputs and counts, as the bytes of a file."""
    notebook = nbformat.read(lesson, as_version=nbformat.NO_CONVERT)
    blank, _ = ClearOutputPreprocessor().preprocess(notebook, {})
    return (nbformat.writes(blank) + "\n").encode()


def pages(lessons: Path) -> dict[str, bytes]:
    """What belongs in a workbook, by name: each lesson of a folder without outputs, each solution as it is."""
    blank = {path.name: without_outputs(path) for path in sorted(lessons.glob("*.ipynb"))}
    return blank | {f"solutions/{path.name}": path.read_bytes() for path in sorted(lessons.glob("solutions/*.ipynb"))}


def lay_out(lessons: Path, workbook: Path) -> dict[str, str]:
    """Copy the lessons and solutions of a folder into a workbook: by the name of each, what became of its copy.

    "made": there was none. "renewed": the page has changed, and nobody had worked on its copy. "kept": as it was.
    "older": it was worked on, and the page has changed since.
    """
    (workbook / "solutions").mkdir(parents=True, exist_ok=True)
    written, outcomes = hashes(workbook / WRITTEN), {}
    for name, page in pages(lessons).items():
        copy, new = workbook / name, sha256(page).hexdigest()
        now = sha256(copy.read_bytes()).hexdigest() if copy.exists() else None
        outcomes[name] = outcome(now, written.get(name), new)
        if outcomes[name] in ("made", "renewed"):
            copy.write_bytes(page)
        if now == new or outcomes[name] in ("made", "renewed"):
            written[name] = new
    (workbook / WRITTEN).write_text(json.dumps(written, indent=1) + "\n", encoding="utf-8")
    return outcomes


def outcome(now: str | None, was: str | None, new: str) -> str:
    """What becomes of a copy: from the hashes of what stands there, of what was written there, and of the new one."""
    if now is None:
        return "made"
    if new in (was, now):
        return "kept"
    return "renewed" if now == was else "older"


def hashes(file: Path) -> dict[str, str]:
    """The hashes of a workbook, by name; none where the file is missing or unreadable."""
    try:
        kept = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return kept if isinstance(kept, dict) else {}


def told(outcomes: dict[str, str], workbook: str) -> str:
    """What a reader should know of a workbook, in a line for each thing."""
    fresh = sum(what in ("made", "renewed") for what in outcomes.values())
    older = [name for name, what in outcomes.items() if what == "older"]
    lines = [f"Work in {workbook}/: its lessons have no outputs yet. The notebooks in notebooks/ stay as they are."]
    if 0 < fresh < len(outcomes):
        lines.append(f"{fresh} of {len(outcomes)} notebooks are new there; the others are as you left them.")
    if older:
        lines.append(f"You worked on {', '.join(older)}, which has changed since: rename your copy to get the new one.")
    return "\n".join(lines)


def main(arguments: Sequence[str], root: Path = ROOT) -> int:
    """Lay out a workbook in the repository; 2 and one line on stderr where it cannot be written."""
    try:
        if arguments:
            raise ValueError("expected no arguments: copies go to workbook/")
        print(told(lay_out(root / "notebooks", root / "workbook"), "workbook"))
    except (ValueError, OSError) as error:
        print(f"workbook: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
