"""Whether a certificate is as a prover wrote it: no bound much larger than it need be, and nothing changed since.

Nothing here makes a proof: a certificate whose claims all hold proves what it says, whatever is asked of it beside.
"""

import json
import math
from hashlib import sha256
from typing import Any

from ntm_lib.proof.claims import Claim
from ntm_lib.proof.words import upper

ROOMY = 2.0  # a bound more than so many times as large as its claims need says less of the machine than it might


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
