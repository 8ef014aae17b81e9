"""The prover: how a machine moves its heads, and numbers for which the claims of the induction hold."""

import math
from collections.abc import Callable
from typing import Any

from flint import arb, arb_mat

from ntm_lib.proof.balls import EXACT, Emitted, Machine, Rounding
from ntm_lib.proof.check import FORMAT, PLAN
from ntm_lib.proof.claims import Claim, Plan, W
from ntm_lib.proof.induction import LEAST_MARGIN, Induction
from ntm_lib.proof.known import READER, WRITER, bounds_of, vectors_of
from ntm_lib.proof.tidy import needs, seal, slack
from ntm_lib.proof.words import factor, told, upper

ROUNDS = 60  # times that bounds are raised to what their claims need
ROOM = 1.05  # a bound is so many times what its claim needs
LARGE = 1e9  # a bound that grows beyond has no end
FIRST = 1e-30  # bounds to begin with
MANY = 2**22  # rows that are many for any length
SHARES = {
    "writer_near",
    "writer_far",
    "writer_others",
    "answer_near",
    "answer_far",
    "answer_others",
    "resting",
    "reading",
}
SHARP = 0.01  # a step from a perfect weighting that leaves a larger share beside the place is no step of a copy
FLAG = {"exact": "", "float32": " --float32"}


class Unproved(ValueError):
    """A claim that no bounds were found for."""

    def __init__(self, plan: Plan, claim: Claim):
        super().__init__(f"not proved: {told(claim)}")
        self.plan, self.claim = plan, claim


def plan_of(machine: Machine, length: int, rows: int, rounding: Rounding = EXACT) -> Plan:
    """How the heads move after most vectors; ValueError where they do not move as those of a copying machine do."""
    width, word = machine.width, machine.word
    vectors = vectors_of(machine)
    quiet = arb_mat(len(vectors), word)
    begun = machine.emit([[0] * width + [1, 0]], machine.start, EXACT)
    coming_in = machine.emit([[*bits, 0, 0] for bits in vectors], quiet, EXACT)
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
            raise ValueError(
                f"{name} is {found:+} after most vectors: a proof is for machines where it is {expected:+}"
            )
    answer = usual(back, WRITER) * direction
    return Plan(length, rows, direction, usual(begun, WRITER), usual(begun, READER), answer, rounding)


def usual(e: Emitted, head: int) -> int:
    """The offset that a head's shifts give most weight to, over all cases."""
    shift = [[float(v.mid()) for v in column] for column in e.shift[head]]
    weights = [
        [shift[3 * a][n] / sum(shift[3 * b][n] for b in range(3)) for n in range(len(shift[0]))] for a in range(3)
    ]
    return max(range(3), key=lambda a: sum(weights[a])) - 1


def find_bounds(machine: Machine, plan: Plan) -> dict[str, Any]:
    """Bounds for which all claims hold; `Unproved`, with the claim that is farthest from true, where none are found."""
    bounds: dict[str, Any] = {name: [FIRST] * n if n else FIRST for name, n in bounds_of(machine).items()}
    bounds |= {"largest": [1.0] * machine.word, "margin": 0.0}
    before: list[Claim] = []
    for _ in range(ROUNDS):
        claims = list(Induction(machine, plan, bounds).claims())
        lacking = [claim for claim in claims if not claim.holds and claim.bound != "margin"]
        hopeless = [claim for claim in lacking if not claim.bound or not upper(claim.left) < LARGE]
        blurred = [claim._replace(right=arb(SHARP)) for claim in lacking if claim.bound in SHARES and not before]
        blurred = [claim for claim in blurred if upper(claim.left) > SHARP]
        if blurred:  # from what is nearly a perfect weighting
            raise Unproved(plan, max(blurred, key=factor))
        if hopeless:  # of numbers that grew beyond all bounds, those of the round before say more
            sized = [claim for claim in hopeless if upper(claim.left) < LARGE] or before or hopeless
            raise Unproved(plan, max(sized, key=lambda claim: factor(claim) if upper(claim.right) > 2 * FIRST else 0))
        before = lacking or before
        if all(claim.holds for claim in claims) and not slack(claims, bounds):
            return bounds
        needed = needs(claims, bounds)
        if not lacking:  # all hold; bounds that are larger than they need be shrink, and all hold all the more
            bounds = {
                name: _each(lambda need, held: min(held, ROOM * need), needed[name], value)
                for name, value in bounds.items()
            }
            bounds["margin"] = _margin(plan, claims)
            continue
        for name, value in bounds.items():
            if name != "margin":
                bounds[name] = _each(lambda need, held: held if need <= held else ROOM * need, needed[name], value)
    raise Unproved(plan, max(lacking or claims, key=factor))


def _each(change: Callable[[float, float], float], needed: Any, held: Any) -> Any:
    """A change of a bound's number, or of each of its numbers."""
    return list(map(change, needed, held)) if isinstance(held, list) else change(needed, held)


def _margin(plan: Plan, claims: list[Claim]) -> float:
    """The least margin of all logits; `Unproved`, with the claim, where it is none."""
    least = [
        claim._replace(left=arb(LEAST_MARGIN)) for claim in claims if claim.bound == "margin" and claim.byte is not None
    ]
    for claim in least:
        if not claim.holds:
            raise Unproved(plan, claim)
    return min(float(claim.right.lower()) for claim in least) / ROOM


def rows_for(length: int) -> int:
    """Rows to prove a length in, where none are named: a power of two, from 100 rows a vector on.

    Content weightings spread over all blank rows; the more there are, the less of a weighting strays to any one row.
    From 4,194,304 rows on, within which the bounds of float32 hold, 4 rows a vector do.
    """
    return int(2 ** math.ceil(math.log2(max(4 * length, min(100 * length, MANY)))))


def require_rows(plan: Plan) -> None:
    """ValueError for fewer rows than `claims.geometry` asks for, and for more than rounding was bounded for."""
    last = plan.length + 1 + plan.answer_writer * plan.length
    least, most = max(2 * (plan.length + 4 + W), last + 4 * W), plan.rounding.most_rows
    if plan.rows < least:
        raise ValueError(f"memory is {plan.rows}: a proof of {plan.length:,} vectors needs at least {least:,} rows")
    if max(plan.rows, 4 * plan.length) > most:
        raise ValueError(
            f"{plan.length:,} vectors in {plan.rows:,} rows: proofs of {plan.rounding.name} hold up to {most:,} rows,"
            f" and {most // 4:,} vectors"
        )


def prove(machine: Machine, length: int, rows: int | None = None, rounding: Rounding = EXACT) -> dict[str, Any]:
    """A certificate that a machine copies every sequence of up to `length` vectors in a memory of some rows.

    Raises `Unproved` where no bounds are found, ValueError for numbers of rows that no proof of such a length is for
    and for a machine whose heads move in another way.
    """
    for name, value in (("length", length), ("memory", rows)):
        if value is not None and value < 1:
            raise ValueError(f"{name} is {value}: expected a whole number from 1 on")
    plan = plan_of(machine, length, rows or rows_for(length), rounding)
    require_rows(plan)
    moves = {name: getattr(plan, name) for name in PLAN}
    certificate = {
        "format": FORMAT,
        "command": f"ntm prove DIR --length {plan.length} --memory {plan.rows}{FLAG[rounding.name]}",
        "arithmetic": rounding.name,
        "assumes": rounding.assumes,
        "length": plan.length,
        "memory": plan.rows,
        **moves,
        "recipe": machine.recipe["name"],
        "machine": machine.config,
        "weights": machine.sha256,
        "bounds": find_bounds(machine, plan),
    }
    return certificate | {"seal": seal(certificate)}
