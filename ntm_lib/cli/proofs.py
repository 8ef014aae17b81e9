"""The commands of `ntm` about certainty: each reads its options, calls the library and prints."""

import json
from collections.abc import Callable
from pathlib import Path

from ntm_lib.cli.options import Options
from ntm_lib.cli.terminal import say, show

FAILED = 1
"""Exit code of a command whose machine, or certificate, fails."""
CERTIFICATE = "certificate.json"
"""File beside a machine that holds what was proved of it."""
MACHINE = "directory that `ntm train --out` made"


def prove(words: list[str]) -> int:
    """Prove that a machine copies every sequence up to a length, and write the certificate into DIR. 0 if proved."""
    options = Options("prove", prove.__doc__)
    options.value("dir", metavar="DIR", text=MACHINE)
    options.value("--length", int, "vectors in the longest sequence", default=120)
    options.value("--memory", int, "rows of the memory; else 4 to 200 a vector, a power of two (docs/proof.md)")
    options.switch("--float32", "prove what float32 computes, not the exact function of the weights")
    options.switch("--json", "print the certificate instead of a sentence")
    values = options.parse(words)

    from ntm_lib.proof import prove as prover
    from ntm_lib.proof.balls import EXACT, FLOAT32, Machine
    from ntm_lib.proof.check import check
    from ntm_lib.proof.words import said, told
    from ntm_lib.runs.checkpoints import write_whole

    machine = Machine(values.dir)
    try:
        rounding = FLOAT32 if values.float32 else EXACT
        certificate = prover.prove(machine, values.length, values.memory, rounding)
    except prover.Unproved as error:
        plan = error.plan
        show(f"Not proved: {plan.length:,} vectors in {plan.rows:,} rows, {plan.rounding.name}.\n{told(error.claim)}")
        return show_breaking(values.dir, plan.length, plan.rows)
    plan, path = check(certificate, machine), Path(values.dir) / CERTIFICATE
    if path.exists():
        say(f"replaces the certificate that was in {path}")
    write_whole(path, (json.dumps(certificate, indent=1) + "\n").encode())
    show(json.dumps(certificate, indent=1) if values.json else said(plan, machine.width))
    say(f"the certificate is in {path}; `ntm check {path} {values.dir}` checks it again")
    return 0


def show_breaking(directory: str, length: int, rows: int) -> int:
    """Print a payload that a machine copies wrongly, if a search finds one; returns the exit code of a failure."""
    from ntm_lib import load
    from ntm_lib.proof.breaking import breaking_payload

    broken = breaking_payload(load(directory)[0], length, rows)
    show(str(broken) if broken else "No payload that breaks the machine was found: it may be right, and is not proved.")
    return FAILED


def check(words: list[str]) -> int:
    """Check a certificate against a machine, by arithmetic alone. 0 if it proves what it says."""
    options = Options("check", check.__doc__)
    options.value("certificate", metavar="CERTIFICATE", text="file that `ntm prove` wrote")
    options.value("dir", metavar="DIR", text=MACHINE)
    values = options.parse(words)

    from ntm_lib.proof import check as checker
    from ntm_lib.proof.balls import Machine
    from ntm_lib.proof.words import read, said

    machine = Machine(values.dir)
    try:
        plan = checker.check(read(values.certificate), machine)
    except checker.Refused as error:
        show(f"Refused: {error}")
        return FAILED
    return show(said(plan, machine.width))


def program_of(directory: str, rows: int | None) -> Callable[[bytes], bytes]:
    """The function that copies bytes by the program inside a machine; ValueError for a machine of other than 8 bits."""
    from ntm_lib.proof.balls import Machine
    from ntm_lib.proof.program import extract as program_inside

    machine = Machine(directory)
    if machine.width != 8:
        raise ValueError(f"this machine copies vectors of {machine.width} bits: bytes need a machine of output_size 8")
    found = program_inside(machine)
    return lambda content: found.run(content, rows)


def extract(words: list[str]) -> int:
    """Print the program that a machine follows: two pointers, a jump and a table of codes."""
    options = Options("extract", extract.__doc__)
    options.value("dir", metavar="DIR", text=MACHINE)
    options.value("--plot", text="picture of the code table, such as codes.png", metavar="FILE")
    options.switch("--json", "print the program and its table of codes as JSON")
    values = options.parse(words)

    from ntm_lib.proof import program
    from ntm_lib.proof.balls import Machine

    machine = Machine(values.dir)
    found, (codes, _) = program.extract(machine), program.code_table(machine)
    if values.plot:
        from ntm_lib.teaching.plots.codes import save_codes

        save_codes(codes, values.plot)
    return show(json.dumps(found._asdict() | {"codes": codes}) if values.json else found.text())
