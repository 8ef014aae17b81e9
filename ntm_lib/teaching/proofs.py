"""Proofs in a lesson: a head that walks, in balls; a machine with one weight moved; what is known between two steps."""

import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from flint import arb, arb_mat

from ntm_lib.proof.balls import OFFSETS, Emitted, Machine
from ntm_lib.proof.check import Refused, check
from ntm_lib.proof.prove import Unproved, prove
from ntm_lib.proof.words import said
from ntm_lib.runs.checkpoints import read, save
from ntm_lib.teaching.checks.verdicts import COLUMNS
from ntm_lib.teaching.plots.invariant import UNREAD, Known

START, END_MARKER = "start marker", "end marker"
WRITER, READER, CODE, READS = "beside the writer", "beside the reader", "a row off its code", "what is read"
IN, OUT, NEAR, FAR = "vectors come in", "vectors go out", "one near row", "one far row"
WORDS = {
    "writer_near": f"{WRITER}, {NEAR}, {IN}",
    "writer_far": f"{WRITER}, {FAR}, {IN}",
    "writer_others": f"{WRITER}, all rows, {IN}",
    "answer_near": f"{WRITER}, {NEAR}, {OUT}",
    "answer_far": f"{WRITER}, {FAR}, {OUT}",
    "answer_others": f"{WRITER}, all rows, {OUT}",
    "ahead_near": f"{READER}, {NEAR}, after the jump",
    "ahead_far": f"{READER}, {FAR}, after the jump",
    "settled": f"{READER}, one row ahead, a step later",
    "resting": f"{READER}, all rows, {IN}",
    "reading": f"{READER}, all rows, {OUT}",
    "reads": f"{READS}, {IN}",
    "stored": CODE,
    "largest": "the largest number of any row",
    "damage": "effect of later writes on a row",
    "last_damage": "effect of later writes on the last row",
    "margin": "nats by which each bit is right",
}
"""A certificate's bounds in words; near rows are up to four from the head's place."""


def walking_head(leak: float, gamma: float) -> Emitted:
    """Emitted numbers, in balls and as one case, of a head that walks forward: s = (0, leak, 1 - leak), a gate of 0.

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
    """The rows and heads that an invariant knows after a step of a copy.

    Step 0 hears the start marker, step length + 1 the end marker, and step 2 length + 1 is the last.

    `walks_on` says that the writer goes on in the answer. Raises ValueError for a step that a copy has not.
    """
    asked = length + 1
    if not 0 <= step <= 2 * length + 1:
        raise ValueError(f"step is {step}: a copy of {length} vectors has the steps 0 to {2 * length + 1}")
    rows = (START, *(f"vector {k}" for k in range(1, length + 1)))[: step + 1]
    writer = step if step <= asked else asked + walks_on * (step - asked)
    later = (UNREAD,) * (writer - length)  # none while vectors come in
    return Known(rows + later, writer, None if step < asked else step - length)


def in_lines(said: object) -> str:
    """Break a sentence, or the text of an object, between words into lines of at most `COLUMNS` characters."""
    return textwrap.fill(str(said), COLUMNS, break_long_words=False, break_on_hyphens=False)


def in_words(used: Mapping[str, float]) -> dict[str, float]:
    """Name in words the bounds of which `sampling.largest_shares` tells how much was used; ValueError for no bound."""
    if unknown := used.keys() - WORDS.keys():
        raise ValueError(f"{min(unknown)!r} is no bound of a certificate: expected some of {', '.join(WORDS)}")
    return {WORDS[name]: share for name, share in used.items()}


def bounds_in_words(bounds: Mapping[str, Any]) -> dict[str, str]:
    """Tell the bounds of a certificate in short lines, by kind of step."""
    writer, reader, row, read = (f"{what} ≤ {{:.0e}}" for what in (WRITER, READER, CODE, READS))
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
