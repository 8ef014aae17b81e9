"""How the `ntm` command speaks: results on standard output, everything else as one line on standard error."""

import os
import shlex
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TextIO

if TYPE_CHECKING:
    from ntm_lib.analysis.finding import Finding
    from ntm_lib.machine.heads import Emission
    from ntm_lib.tasks import Size, Task
    from ntm_lib.training.evaluation import Machine

LONGEST_CHECK = 5_000  # vectors of a real copy that is still worth waiting for: 28 of them take minutes
PAIRS = {"idle": "{} head {}", "wrong": "{} at {}"}
"""Words for pairs in evidence: idle heads by kind and number, wrong payloads by kind and length."""


def show(text: str) -> int:
    """Print a result, and return the exit code 0."""
    print(_printable(text, sys.stdout))
    return 0


def say(text: str) -> None:
    """Print one line on stderr."""
    print(_printable(f"ntm: {' '.join(text.split())}", sys.stderr), file=sys.stderr)


def _printable(text: str, stream: TextIO) -> str:
    """A text in which characters that steer a terminal, and those beyond its encoding, are replaced."""
    visible = "".join(character if character.isprintable() or character == "\n" else "�" for character in text)
    encoding = stream.encoding or "utf-8"
    return visible.encode(encoding, "replace").decode(encoding)


@contextmanager
def progress_bar(total: int, unit: str) -> Iterator[Callable[..., None]]:
    """A bar on a terminal, if tqdm is installed; yields a function that takes the progress and numbers to show."""
    try:
        from tqdm import tqdm
    except ModuleNotFoundError:
        yield lambda done, **numbers: None
        return
    with tqdm(total=total, unit=unit, leave=False, disable=None) as bar:

        def follow(done: int, **numbers: object) -> None:
            bar.set_postfix(numbers, refresh=False)
            bar.update(done - bar.n)

        yield follow


@contextmanager
def steps_shown(model: "Machine", task: "Task", sizes: "Sequence[Size]", sequences: int) -> Iterator[None]:
    """Show meanwhile, in a bar, how many steps of sequences of some sizes a machine has run."""
    from ntm_lib.machine import NTM

    done, total = 0, sum(task.steps(size) for size in sizes) * sequences
    with progress_bar(total, "step") as follow:

        def count(_: object, __: object, emission: "Emission") -> None:
            nonlocal done
            done += len(emission.key)
            follow(min(done, total))  # choosing payloads takes steps of its own

        hook = model.heads.register_forward_hook(count) if isinstance(model, NTM) else None
        try:
            yield
        finally:
            if hook is not None:
                hook.remove()


def discard_output() -> None:
    """Discard text that could not be printed, or Python would try again, and complain, when it ends."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


@contextmanager
def warnings_on_one_line() -> Iterator[None]:
    """Every warning of the library is one line on stderr."""
    with warnings.catch_warnings():
        warnings.simplefilter("always", UserWarning)
        warnings.showwarning = lambda message, *_: say(f"warning: {message}")
        yield


def told(findings: "Sequence[Finding]", directory: str) -> str:
    """Findings about the machine of a directory as paragraphs: a sentence, what it was read from, a cure or a check."""
    paragraphs = []
    for finding in findings:
        lines = [f"{finding.name}{' (fault)' if finding.fault else ''}", f"  {finding.sentence}"]
        lines += _evidence(finding.evidence)
        lines += [f"  Cure: {finding.cure}"] if finding.cure else []
        paragraphs.append("\n".join([*lines, *_checks(finding, directory)]))
    return "\n".join(paragraphs)


def _checks(finding: "Finding", directory: str) -> list[str]:
    """Commands that count errors where a machine is predicted to fail: in a crowd, and in real copies if not too long.

    A copy of 100 vectors in a crowd takes a second; the time of a real copy grows with the square of its length.
    """
    from ntm_lib.analysis.finding import Kind
    from ntm_lib.analysis.reach import LENGTH_TRIED, Reach
    from ntm_lib.training.evaluation import CHOSEN

    if finding.kind != Kind.REACH or (found := Reach(**finding.evidence)).length is None:
        return []
    command = f"ntm evaluate {shlex.quote(directory)} --kind {found.kind} --sequences {CHOSEN} --lengths"
    lines = []
    if found.length > LENGTH_TRIED:
        crowd = found.length / LENGTH_TRIED
        lines += ["  Check short copies in a crowd:", f"    {command} {LENGTH_TRIED} --crowd {crowd}"]
    if found.length <= LONGEST_CHECK:
        lines += ["  Check real copies:", f"    {command} {found.length}"]
    return lines


def _evidence(evidence: dict[str, Any]) -> list[str]:
    """A line for each entry of some evidence that is not empty; the entry "of" ends the line above, as in "5 of 11"."""
    lines: list[str] = []
    for name, value in evidence.items():
        if name == "of":
            lines[-1] += f" of {value}"
        elif name in PAIRS:
            lines.append(f"    {name} {', '.join(PAIRS[name].format(*pair) for pair in value)}")
        elif value is not None and value not in ("", [], {}):
            lines.append(f"    {name.replace('_', ' ')} {_short(value)}")
    return lines


def _short(value: object) -> str:
    """A value of some evidence, numbers with three digits."""
    if isinstance(value, dict):
        return ", ".join(f"{name}: {_short(entry)}" for name, entry in value.items())
    if isinstance(value, list):
        return ", ".join(map(_short, value))
    return f"{value:.3g}" if isinstance(value, float) else str(value)
