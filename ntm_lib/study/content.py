"""Bytes that a machine copies: read up to a limit, and written without losing a file of the user's."""

import os
import sys
from pathlib import Path
from typing import BinaryIO

from ntm_lib.runs.checkpoints import write_whole

MOST_BYTES = 1_000_000
"""Largest number of bytes of one copy: with as many steps, each over as many rows, it takes days."""


def read_content(name: str) -> bytes:
    """The bytes of a file, or of standard input where the name is "-".

    Raises ValueError for a file that cannot be read, for nothing at all and for more than `MOST_BYTES`.
    """
    try:
        if name == "-":
            if sys.stdin is None:
                raise ValueError("standard input is closed: name a file")
            content = sys.stdin.buffer.read(MOST_BYTES + 1)
        else:
            with Path(name).open("rb") as file:
                content = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise ValueError(f"cannot read {name}: {error.strerror}; name a file that can be read") from error
    if not content:
        raise ValueError(f"{name} is empty: expected at least one byte to copy")
    if len(content) > MOST_BYTES:
        raise ValueError(f"{name} is too long: expected at most {MOST_BYTES:,} bytes, because each costs a row")
    return content


def require_writable(name: str, source: str) -> None:
    """Raise ValueError where a copy of `source` cannot be written, or would take the place of `source` itself."""
    path = Path(name)
    if name == "-":
        return
    if not name or path.is_dir():
        raise ValueError(f"cannot write {name!r}: expected the name of a file, or - for standard output")
    if path.exists() and _is_one_file(path, source):
        raise ValueError(f"cannot write {name}: it is what is copied, and would be lost; choose another file")
    there = path if path.exists() else next(parent for parent in path.absolute().parents if parent.exists())
    if not os.access(there, os.W_OK) or not (path.exists() or there.is_dir()):
        raise ValueError(f"cannot write {name}: {there} cannot be written; choose another file")


def _is_one_file(path: Path, source: str) -> bool:
    """Whether a path leads to the file that is copied, by name or as standard input."""
    if source == "-":
        return sys.stdin is not None and os.path.samestat(os.fstat(sys.stdin.fileno()), path.stat())
    return Path(source).exists() and path.samefile(source)


def write_content(name: str, content: bytes) -> None:
    """Write a copy to a file, whole or not at all; "-" is standard output, and a device or a pipe stays one."""
    path = Path(name)
    if name == "-":
        _write_all(sys.stdout.buffer, content)
    elif path.exists() and not path.is_file():
        with path.open("wb") as device:
            device.write(content)
    else:
        write_whole(path, content)


def _write_all(stream: BinaryIO, content: bytes) -> None:
    """Write until nothing is left: an unbuffered stream takes what it can, and says how much."""
    left = memoryview(content)
    while left:
        left = left[stream.write(left) :]
    stream.flush()


def directory(name: str) -> str:
    """The name of a directory; ValueError for an empty name, which would mean the current directory."""
    if not name:
        raise ValueError("out is '': expected the name of a directory")
    return name
