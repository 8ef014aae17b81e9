"""The `ntm` command: exit code 0 on success, 1 when the machine fails its check, 2 on bad input."""

import os
import sys
from collections.abc import Sequence
from concurrent.futures.process import BrokenProcessPool

from ntm_lib.cli.commands import COMMANDS, FAILED
from ntm_lib.cli.options import BadOption
from ntm_lib.cli.terminal import discard_output, say, show, warnings_on_one_line

BAD_INPUT, INTERRUPTED = 2, 130
"""Exit codes for a value that cannot be used, and for Ctrl-C."""
EXTRAS = dict.fromkeys(("scipy", "joblib", "filelock", "tqdm"), "study") | {"flint": "command", "matplotlib": "lab"}
"""Packages that some commands need, and the extra that brings each."""
AFTER_INTERRUPT = {
    "train": "; the same command goes on from the last validation",
    "study": "; the same command goes on, and finished runs are not done again",
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; whatever goes wrong is one line on stderr."""
    os.environ.setdefault("MKL_CBWR", "AUTO")  # sums are rounded alike in each command; MKL reads it at its first use
    if sys.stderr is None:  # closed by who started this command
        sys.stderr = open(os.devnull, "w")
    command, *words = (sys.argv[1:] if argv is None else argv) or ["--help"]
    try:
        return _run(command, words)
    except KeyboardInterrupt:
        say("interrupted; nothing is half-written" + AFTER_INTERRUPT.get(command, "; run it again to start anew"))
        return INTERRUPTED
    except BrokenPipeError:
        discard_output()
        return FAILED
    except BrokenProcessPool:
        say("a worker process was killed, perhaps for want of memory; the same command goes on, --jobs 1 needs least")
        return FAILED
    except (MemoryError, RuntimeError) as error:
        if not _is_want_of_memory(error):
            raise
        say("this needs more memory than there is: ask for shorter sequences, fewer rows or a smaller machine")
    except ModuleNotFoundError as error:
        if error.name not in EXTRAS:
            raise
        extra = EXTRAS[error.name]
        say(f"{error.name} is not installed: pip install -e '.[{extra}]' in the folder of the library")
    except (BadOption, ValueError, TypeError) as error:
        say(str(error))
    except OSError as error:
        say(str(error))
        discard_output()
    return BAD_INPUT


def _run(command: str, words: list[str]) -> int:
    if sys.stdout is None:
        raise ValueError("standard output is closed: expected somewhere to print to, such as /dev/null")
    if command in ("-h", "--help"):
        return show(_help())
    if command not in COMMANDS:
        raise ValueError(f"command is {command!r}: expected one of {', '.join(COMMANDS)}; see `ntm --help`")
    with warnings_on_one_line():
        code = COMMANDS[command](words)
    sys.stdout.flush()
    return code


def _is_want_of_memory(error: Exception) -> bool:
    """Whether a size is more than a device or this computer holds; on the CPU, torch says so in words alone."""
    from torch import OutOfMemoryError

    words = ("can't allocate memory", "not enough memory", "Storage size calculation overflowed")
    return isinstance(error, MemoryError | OutOfMemoryError) or any(each in str(error) for each in words)


def _help() -> str:
    lines = [f"  {name:9} {command.__doc__}" for name, command in COMMANDS.items()]
    return "\n".join(["usage: ntm COMMAND ...", "", *lines, "", "`ntm COMMAND --help` lists the options of one."])
