"""Proofs in a lesson: a head that walks, in balls; a machine with one weight moved; what is known between two steps."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from flint import arb, arb_mat

from ntm_lib.proof.balls import OFFSETS, Emitted, Machine
from ntm_lib.proof.check import Refused, check
from ntm_lib.proof.prove import Unproved, prove
from ntm_lib.proof.words import said
from ntm_lib.runs.checkpoints import read, save
from ntm_lib.teaching.plots.invariant import Known

START, END_MARKER = "start marker", "end marker"


def walking_head(leak: float, gamma: float) -> Emitted:
    """What a head emits, in balls and as one case, that walks forward: s = (0, leak, 1 - leak) and a gate of 0.

    It is head 0, and nothing else is emitted: no key, no erase and add vectors, no logits. Ratios by the step backward,
    which has no weight, are no numbers.
    """
    s, none = [arb(0), arb(leak), 1 - arb(leak)], arb_mat(1, 0)
    ratios = [[s[a + 1] / s[o + 1]] for a in OFFSETS for o in OFFSETS]
    return Emitted([[arb(0)]], [[arb(0)]], [[arb(gamma)]], [ratios], none, [[]], none, none)


def move_weight(directory: str | Path, out: str | Path, name: str, place: int, by: float) -> Path:
    """Write the run of a directory to `out`, one number of a parameter such as "output.bias" moved; returns `out`.

    Raises ValueError for a parameter that the machine has not and for a place that the parameter has not.
    """
    run = read(directory)
    parameters = dict(run.model.named_parameters())
    if name not in parameters:
        raise ValueError(f"no parameter is called {name!r}: expected one of {', '.join(parameters)}")
    numbers = parameters[name].detach().flatten()  # of the same storage: what is written here is the parameter's
    if not 0 <= place < len(numbers):
        raise ValueError(f"place is {place}: {name} has the places 0 to {len(numbers) - 1}")
    numbers[place] += by
    save(run, out)
    return Path(out)


def verdict(directory: str | Path, length: int) -> str:
    """Say in a sentence what is proved, and checked, of the machine in a directory for sequences up to a length.

    Where nothing is proved the sentence says why. Raises ValueError for a machine that no proof covers.
    """
    machine = Machine(directory)
    try:
        certificate = prove(machine, length)
    except Unproved as error:
        return str(error)
    return said(check(certificate, machine), machine.width)


def refusal(certificate: Mapping[str, Any], machine: Machine) -> str:
    """Say why a certificate is refused for a machine, or that it is accepted."""
    try:
        check(certificate, machine)
    except Refused as error:
        return str(error)
    return "it is accepted"


def known_after(step: int, length: int, walks_on: bool) -> Known:
    """What is known after a step of a copy: 0 hears the start marker, length + 1 the end marker, 2 length + 1 is last.

    `walks_on` says that the writer goes on in the answer. Raises ValueError for a step that a copy has not.
    """
    asked = length + 1
    if not 0 <= step <= 2 * length + 1:
        raise ValueError(f"step is {step}: a copy of {length} vectors has the steps 0 to {2 * length + 1}")
    rows = (START, *(f"vector {k}" for k in range(1, length + 1)))[: step + 1]
    writer = step if step <= asked else asked + walks_on * (step - asked)
    return Known(rows, writer, None if step < asked else step - length)


def bounds_in_words(bounds: Mapping[str, Any]) -> dict[str, str]:
    """What a certificate's bounds say of each kind of step, in short lines."""
    writer, reader = "beside the writer ≤ {:.0e}", "beside the reader ≤ {:.0e}"
    row, read = "a row off its code ≤ {:.0e}", "what is read ≤ {:.0e}"
    answer = "each bit right by {:.1f} nats"
    lines = {
        "payload": (writer, "writer_others", reader, "resting", row, "stored", read, "reads"),
        END_MARKER: (writer, "writer_others", reader, "reading"),
        "answer": (writer, "answer_others", reader, "reading", answer, "margin"),
    }
    return {step: _filled(line, bounds) for step, line in lines.items()}


def _filled(lines: tuple[str, ...], bounds: Mapping[str, Any]) -> str:
    """Lines with the bounds that are named after each of them; of a bound of several numbers, the largest."""
    values = (bounds[name] for name in lines[1::2])
    numbers = (max(value) if isinstance(value, list) else value for value in values)
    return "\n".join(line.format(number) for line, number in zip(lines[::2], numbers, strict=True))
