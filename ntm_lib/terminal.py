"""How the `ntm` command speaks: results on standard output, everything else as one line on standard error."""

import os
import sys
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ntm_lib.analysis.finding import Finding


def show(text: str) -> int:
    """Print a result, and return the exit code 0."""
    print(_printable(text, sys.stdout))
    return 0


def say(text: str) -> None:
    """Print one line on stderr, if there is one."""
    if sys.stderr is not None:
        print(_printable(f"ntm: {' '.join(text.split())}", sys.stderr), file=sys.stderr)


def _printable(text: str, stream: IO[str]) -> str:
    """A text without characters that steer a terminal, or that it cannot show."""
    visible = "".join(character if character.isprintable() or character == "\n" else "�" for character in text)
    encoding = stream.encoding or "utf-8"
    return visible.encode(encoding, "replace").decode(encoding)


def announce(seconds: float) -> None:
    """Say beforehand that a command takes long."""
    from ntm_lib.study.limits import in_words

    if seconds > 60:
        say(f"this takes {in_words(seconds)}; Ctrl-C ends it")


@contextmanager
def progress_bar(total: int, unit: str) -> Iterator[Any]:
    """A bar that is drawn on a terminal only, and is gone at the end."""
    from tqdm import tqdm

    with tqdm(total=total, unit=unit, leave=False, disable=None) as bar:
        yield bar


def discard_output() -> None:
    """Let nothing that is still waiting to be printed be tried again when Python ends."""
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


def told(findings: "Sequence[Finding]") -> str:
    """Findings as paragraphs: a sentence, what it was read from, and a cure."""
    paragraphs = []
    for finding in findings:
        lines = [f"{finding.name}{' (fault)' if finding.fault else ''}", f"  {finding.sentence}"]
        lines += [f"    {name.replace('_', ' ')} {_short(value)}" for name, value in finding.evidence.items()]
        paragraphs.append("\n".join([*lines, *([f"  Cure: {finding.cure}"] if finding.cure else [])]))
    return "\n".join(paragraphs)


def _short(value: object) -> str:
    """A value of some evidence, numbers with three digits."""
    if isinstance(value, dict):
        return ", ".join(f"{name}: {_short(entry)}" for name, entry in value.items())
    if isinstance(value, list):
        return ", ".join(map(_short, value))
    return f"{value:.3g}" if isinstance(value, float) else str(value)
