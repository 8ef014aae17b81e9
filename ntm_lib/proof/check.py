"""The checker: whether a certificate proves what it says of a machine. It searches for nothing and imports no torch."""

import math
from collections.abc import Set as AbstractSet
from typing import Any

from ntm_lib.proof.balls import ROUNDINGS, Machine
from ntm_lib.proof.claims import Plan
from ntm_lib.proof.induction import Induction
from ntm_lib.proof.known import bounds_of
from ntm_lib.proof.tidy import ROOMY, seal, slack
from ntm_lib.proof.words import told

FORMAT = "ntm-lib proof 1"
PLAN = {"direction": (-1, 1), "first_writer": (-1, 0, 1), "first_reader": (-1, 0, 1), "answer_writer": (0, 1)}
FIELDS = {
    "format",
    "command",
    "recipe",
    "machine",
    "weights",
    "arithmetic",
    "assumes",
    "length",
    "memory",
    "bounds",
    "seal",
    *PLAN,
}


class Refused(ValueError):
    """A certificate that does not prove what it says."""


def check(certificate: Any, machine: Machine) -> Plan:
    """Hold every claim of a certificate against a machine, and return the plan that is proved.

    `Refused`, with the reason, for a certificate that does not prove the plan.
    """
    plan = read_plan(certificate)
    for name, own in (("recipe", machine.recipe.get("name")), ("machine", machine.config), ("weights", machine.sha256)):
        if certificate[name] != own:
            verb = "are" if name == "weights" else "is"
            raise Refused(f"the certificate is of another machine: its {name} {verb} not as in the directory")
    bounds = read_bounds(certificate["bounds"], machine)
    claims = list(Induction(machine, plan, bounds).claims())
    for claim in claims:
        if not claim.holds:
            raise Refused(f"a claim does not hold: {told(claim)}")
    for name, index, times in slack(claims, bounds):
        raise Refused(
            f"bound {name}[{index}] is {times:.3g} times what its claims need: expected at most {ROOMY:g} times"
        )
    if certificate["seal"] != seal(certificate):
        raise Refused("the certificate was changed after it was written: its seal does not fit")
    return plan


def read_plan(certificate: Any) -> Plan:
    """Lengths, rows and moves from a certificate; `Refused` for a field that is missing or cannot be so."""
    require_names("the certificate", certificate, FIELDS)
    for name, values in (("format", [FORMAT]), ("arithmetic", [*ROUNDINGS])):
        if certificate[name] not in values:
            raise Refused(f"{name} is {certificate[name]!r}: expected {' or '.join(values)}")
    assumed = ROUNDINGS[certificate["arithmetic"]].assumes
    if certificate["assumes"] != assumed:
        raise Refused(f"assumes is {certificate['assumes']!r}: expected {assumed!r}")
    for name in ("length", "memory", *PLAN):
        value = certificate[name]
        if type(value) is not int or value not in PLAN.get(name, (value,)) or (name not in PLAN and value < 1):
            raise Refused(
                f"{name} is {value!r}: expected {' or '.join(map(str, PLAN.get(name, ['a whole number from 1 on'])))}"
            )
    moves = {name: certificate[name] for name in ("length", *PLAN)}
    return Plan(rows=certificate["memory"], rounding=ROUNDINGS[certificate["arithmetic"]], **moves)


def read_bounds(bounds: Any, machine: Machine) -> dict[str, Any]:
    """The bounds of a certificate; `Refused` where one is missing, too many, or not a finite number from 0 on."""
    expected = bounds_of(machine)
    require_names("bounds of the certificate", bounds, expected.keys())
    for name, count in expected.items():
        numbers = bounds[name] if count else [bounds[name]]
        if not isinstance(numbers, list) or len(numbers) != (count or 1):
            raise Refused(f"bound {name} has not {count} numbers")
        for number in numbers:
            if type(number) is not float or not math.isfinite(number) or number < 0:
                raise Refused(f"bound {name} is {repr(number)[:24]}: expected a finite number from 0 on")
    held: dict[str, Any] = bounds
    return held


def require_names(what: str, given: Any, names: AbstractSet[str]) -> None:
    """`Refused`, with the names, for a dictionary that lacks some of its names or has others."""
    if not isinstance(given, dict):
        raise Refused(f"{what}: expected names with values, not {type(given).__name__}")
    for word, odd in (("missing", names - given.keys()), ("unknown", given.keys() - names)):
        if odd:
            raise Refused(f"{what}: {word} {', '.join(sorted(odd))}")
