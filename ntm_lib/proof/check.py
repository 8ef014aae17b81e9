"""The checker: whether a certificate proves what it says of a machine. It searches for nothing and imports no torch."""

import json
import math
from hashlib import sha256
from typing import Any

from ntm_lib.proof.balls import ROUNDINGS, Machine
from ntm_lib.proof.claims import Claim, Plan
from ntm_lib.proof.induction import Induction
from ntm_lib.proof.known import bounds_of
from ntm_lib.proof.words import told, upper

FORMAT = "ntm-lib proof 1"
ROOMY = 2.0  # a bound more than so many times as large as its claims need says less of the machine than it might
PLAN = {"direction": (-1, 1), "first_writer": (-1, 0, 1), "first_reader": (-1, 0, 1), "answer_writer": (0, 1)}
FIELDS = {
    "format",
    "command",
    "recipe",
    "machine",
    "weights",
    "arithmetic",
    "length",
    "memory",
    "bounds",
    "seal",
    *PLAN,
}


class Refused(ValueError):
    """A certificate that does not prove what it says."""


def check(certificate: Any, machine: Machine) -> Plan:
    """What a certificate proves of a machine; `Refused`, with the reason, where it does not."""
    plan = read_plan(certificate)
    for name, own in (("recipe", machine.recipe["name"]), ("machine", machine.config), ("weights", machine.sha256)):
        if certificate[name] != own:
            raise Refused(f"the certificate is of another machine: its {name} differs from that of the directory")
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
    if not isinstance(certificate, dict) or certificate.keys() != FIELDS:
        odd = sorted(FIELDS.symmetric_difference(certificate if isinstance(certificate, dict) else ()))
        raise Refused(f"the certificate has not the fields of one, or has others: {', '.join(odd)}")
    for name, values in (("format", [FORMAT]), ("arithmetic", [*ROUNDINGS])):
        if certificate[name] not in values:
            raise Refused(f"{name} is {certificate[name]!r}: expected {' or '.join(values)}")
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
    if not isinstance(bounds, dict) or bounds.keys() != expected.keys():
        odd = sorted(expected.keys() ^ set(bounds if isinstance(bounds, dict) else ()))
        raise Refused(f"a bound is missing, or one too many: {', '.join(odd)}")
    for name, count in expected.items():
        numbers = bounds[name] if count else [bounds[name]]
        if not isinstance(numbers, list) or len(numbers) != (count or 1):
            raise Refused(f"bound {name} has not {count} numbers")
        for number in numbers:
            if type(number) is not float or not math.isfinite(number) or number < 0:
                raise Refused(f"bound {name} is {number!r}: expected a finite number from 0 on")
    return bounds


def needs(claims: list[Claim], bounds: dict[str, Any]) -> dict[str, Any]:
    """The least that each bound could be, by the claims that it is the right side of."""
    needed: dict[str, Any] = {n: [0.0] * len(held) if isinstance(held, list) else 0.0 for n, held in bounds.items()}
    for claim in claims:
        if claim.bound and isinstance(needed[claim.bound], list):
            held = needed[claim.bound]
            held[claim.at] = max(held[claim.at], upper(claim.left))
        elif claim.bound:
            needed[claim.bound] = max(needed[claim.bound], upper(claim.left))
    return needed


def slack(claims: list[Claim], bounds: dict[str, Any]) -> list[tuple[str, int, float]]:
    """Bounds that are much larger than they need be, and by how much; the margin is one that is much smaller."""
    found, needed = [], needs(claims, bounds)
    for name in bounds.keys() - {"margin"}:
        pairs = (
            zip(needed[name], bounds[name], strict=True)
            if isinstance(bounds[name], list)
            else [(needed[name], bounds[name])]
        )
        found += [
            (name, i, held / need if need else math.inf) for i, (need, held) in enumerate(pairs) if held > ROOMY * need
        ]
    least = min(float(claim.right.lower()) for claim in claims if claim.bound == "margin" and claim.byte is not None)
    return found + [("margin", 0, math.inf)] * (not 1 <= least / max(bounds["margin"], 1e-300) <= ROOMY)


def seal(certificate: dict[str, Any]) -> str:
    """A hash of all that a certificate says."""
    said = {name: value for name, value in certificate.items() if name != "seal"}
    return sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()
