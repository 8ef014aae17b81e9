"""Bytes that a machine copies: read up to a limit, written without losing the original, and compared."""

import os
import sys
from contextlib import nullcontext
from pathlib import Path

from ntm_lib.runs.checkpoints import write_whole

MOST_BYTES = 1_000_000
"""Largest number of bytes of one copy: with as many steps, each over as many rows, it takes days."""


def read_content(name: str) -> bytes:
    """The bytes of a file, or of standard input where the name is "-".

    Raises ValueError for a file that cannot be read, for nothing at all and for more than `MOST_BYTES`.
    """
    if name == "-" and sys.stdin is None:
        raise ValueError("standard input is closed: name a file")
    try:
        with nullcontext(sys.stdin.buffer) if name == "-" else open(name, "rb") as file:
            content = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise ValueError(f"cannot read {name}: {error.strerror}; name a file that can be read") from error
    if not content:
        raise ValueError(f"{name} is empty: expected at least one byte to copy")
    if len(content) > MOST_BYTES:
        raise ValueError(f"{name} is too long: expected at most {MOST_BYTES:,} bytes, because each costs a row")
    return content


def require_writable(name: str, source: str) -> None:
    """Raise ValueError where a copy of the file `source` cannot be written, or would take the place of it."""
    path, original = Path(name), Path("/dev/stdin" if source == "-" else source)
    if name == "-":
        return
    if path.is_dir():
        raise ValueError(f"cannot write {name!r}: expected the name of a file, or - for standard output")
    if path.exists() and original.exists() and path.samefile(original):
        raise ValueError(f"cannot write {name}: it is what is copied, and would be lost; choose another file")
    there = next(place for place in (path, *path.absolute().parents) if place.exists())
    if not os.access(there, os.W_OK) or (there.is_file() and there != path):
        raise ValueError(f"cannot write {name}: {there} cannot be written; choose another file")


def write_content(name: str, content: bytes) -> None:
    """Write a copy to a file, whole or not at all; "-" is standard output, and a device or a pipe stays one."""
    path = Path(name)
    if name != "-" and (path.is_file() or not path.exists()):
        write_whole(path, content)
        return
    with open(sys.stdout.fileno() if name == "-" else name, "wb", closefd=name != "-") as stream:
        stream.write(content)


def wrong_in(content: bytes, copied: bytes) -> dict[str, int]:
    """How many bytes and bits of a copy differ from the original, which is as long."""
    differing = [a ^ b for a, b in zip(content, copied, strict=True)]
    return {
        "bytes": len(content),
        "wrong_bytes": sum(map(bool, differing)),
        "bits": 8 * len(content),
        "wrong_bits": sum(map(int.bit_count, differing)),
    }
