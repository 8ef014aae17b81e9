"""Claims and plans in words."""

import json
import math
from pathlib import Path
from typing import Any

from flint import arb

from ntm_lib.proof.balls import UNITS
from ntm_lib.proof.claims import Claim, Plan


def said(plan: Plan, width: int) -> str:
    """The theorem that a certificate proves, in a sentence."""
    vectors, many = 2**width, f"1 to {plan.length:,} {'bytes' if width == 8 else f'vectors of {width} bits'}"
    counted = " + … + ".join(f"{vectors}^{n:,}" for n in dict.fromkeys((1, plan.length)))
    how = {
        "exact": "of the exact function of the stored weights",
        "float32": f"of what float32 computes, whatever the order of its sums, if {UNITS}",
    }[plan.rounding.name]
    return (
        f"Every one of the {counted} sequences of {many}, in a memory of {plan.rows:,} rows, comes back without a wrong"
        f" bit: proved {how}."
    )


def told(claim: Claim) -> str:
    """A claim that does not hold, in words: the step, what is too large, the input, and by what factor, if by one.

    Margins are told the other way round: what is too small.
    """
    after = "" if claim.byte is None else f", after input {claim.byte}"
    if claim.bound == "margin":
        lowest, needed = float(claim.right.lower()), float(claim.left.upper())
        return f"{claim.step}: {claim.text}{after} may be as low as {lowest:.4g}: expected {needed:.4g} or more"
    sizes = f"may be {upper(claim.left):.4g}, at most {upper(claim.right):.4g} will do"
    times = f" ({factor(claim):.3g} times too large)" if upper(claim.right) > 0 else ""
    return f"{claim.step}: {claim.text}{after} {sizes}{times}"


def factor(claim: Claim) -> float:
    """How many times the left side of a claim is as large as the right one."""
    return upper(claim.left) / max(upper(claim.right), 1e-300)


def upper(ball: arb) -> float:
    """A number above all that a ball stands for."""
    return math.nextafter(float(ball.upper()), math.inf)


def read(path: str | Path) -> Any:
    """A certificate from its file; ValueError for a file that cannot be read, or that holds something else."""
    try:
        found = json.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise ValueError(f"cannot read {path}: {error.strerror}; name a certificate that `ntm prove` wrote") from error
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{path} is no certificate: it is not JSON") from error
    if not isinstance(found, dict) or "format" not in found:
        raise ValueError(f"{path} is no certificate: expected the file that `ntm prove` writes")
    return found
