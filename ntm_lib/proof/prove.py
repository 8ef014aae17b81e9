"""The prover: how a machine moves its heads, and numbers for which the claims of the induction hold."""

from typing import Any

from flint import arb, arb_mat

from ntm_lib.proof.balls import EXACT, Emitted, Machine, Rounding
from ntm_lib.proof.claims import Claim, Plan, W
from ntm_lib.proof.induction import LEAST_MARGIN, READER, WRITER, Induction, bounds_of

ROUNDS = 60  # times that bounds are raised to what their claims need
ROOM = 1.05  # a bound is so many times what its claim needs
LARGE = 1e9  # a bound that grows beyond has no end
FIRST = 1e-30  # bounds to begin with


class Unproved(ValueError):
    """A claim that no bounds were found for."""

    def __init__(self, claim: Claim):
        super().__init__(claim.text)
        self.claim = claim


def plan_of(machine: Machine, length: int, rows: int, rounding: Rounding = EXACT) -> Plan:
    """How the heads move after most vectors; ValueError where they do not move as those of a copying machine do."""
    width, word = machine.width, machine.word
    vectors = [[n >> (width - 1 - i) & 1 for i in range(width)] for n in range(2**width)]
    quiet = arb_mat(len(vectors), word)
    begun = machine.emit([[0] * width + [1, 0]], machine.start, EXACT)
    coming_in = machine.emit([bits + [0, 0] for bits in vectors], quiet, EXACT)
    asked = machine.emit([[0] * width + [0, 1]], arb_mat(1, word), EXACT)
    back = machine.emit([[0] * (width + 2)] * len(vectors), coming_in.add, EXACT)
    direction = usual(coming_in, WRITER)
    moves = {
        "the writer's step in the payload": (abs(direction), 1),
        "the reader's step in the payload": (usual(coming_in, READER), 0),
        "the writer's step at the end marker": (usual(asked, WRITER), direction),
        "the reader's step at the end marker": (usual(asked, READER), direction),
        "the reader's step in the answer": (usual(back, READER), direction),
        "the writer's step in the answer": (min(usual(back, WRITER) * direction, 0), 0),
    }
    for name, (found, expected) in moves.items():
        if found != expected:
            raise ValueError(f"{name} is {found:+} after most vectors: a proof is for machines where it is {expected:+}")
    answer = usual(back, WRITER) * direction
    return Plan(length, rows, direction, usual(begun, WRITER), usual(begun, READER), answer, rounding)


def usual(e: Emitted, head: int) -> int:
    """The offset that a head's shifts give most weight to, over all cases."""
    shift = [[float(v.mid()) for v in column] for column in e.shift[head]]
    weights = [[shift[3 * a][n] / sum(shift[3 * b][n] for b in range(3)) for n in range(len(shift[0]))] for a in range(3)]
    return max(range(3), key=lambda a: sum(weights[a])) - 1


def find_bounds(machine: Machine, plan: Plan) -> dict[str, Any]:
    """Bounds for which all claims hold; `Unproved`, with the claim that is farthest from true, where none are found."""
    bounds: dict[str, Any] = {name: [FIRST] * n if n else FIRST for name, n in bounds_of(machine).items()}
    bounds |= {"largest": [1.0] * machine.word, "margin": 0.0}
    for _ in range(ROUNDS):
        claims = list(Induction(machine, plan, bounds).claims())
        lacking = [claim for claim in claims if not claim.holds and claim.bound != "margin"]
        hopeless = [claim for claim in lacking if not claim.bound or not _upper(claim.left) < LARGE]
        if hopeless:
            raise Unproved(max(hopeless, key=_factor))
        if not lacking:
            return bounds | {"margin": _margin(claims)}
        for claim in lacking:
            need, held = _upper(claim.left) * ROOM, bounds[claim.bound]
            if isinstance(held, list):
                held[claim.index] = max(held[claim.index], need)
            else:
                bounds[claim.bound] = max(held, need)
    raise Unproved(max(lacking, key=_factor))


def _margin(claims: list[Claim]) -> float:
    """The least margin of all logits; `Unproved`, with the claim, where it is none."""
    least = min((claim for claim in claims if claim.bound == "margin" and claim.byte is not None), key=lambda claim: float(claim.right.lower()))
    margin = float(least.right.lower()) / ROOM
    if not margin >= LEAST_MARGIN:
        raise Unproved(least._replace(left=arb(LEAST_MARGIN)))
    return margin


def _factor(claim: Claim) -> float:
    """How many times the left side is as large as the right one."""
    return _upper(claim.left) / max(_upper(claim.right), FIRST)


def _upper(ball: arb) -> float:
    return float(ball.upper())
