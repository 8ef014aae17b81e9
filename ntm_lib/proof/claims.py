"""The claims of a proof: inequalities that hold before a step and so after it; together they are an induction.

What is proved. A sequence of l vectors, 1 <= l <= L, in a memory of N rows: the start marker (step 0), the payload
x_1 .. x_l (steps 1 .. l), the end marker (step l + 1) and l blank inputs (steps l + 2 .. 2 l + 1), of which answer step
k has to give x_k. Rows are counted from the start marker's in the direction in which the writer walks: row j is row
N // 2 + first step + direction * j of the memory, on a ring. A weighting's *place* is the row that has nearly all of
its weight; the *share* of another row is its weight divided by the place's. `W` rows on either side of the place have a
bound each on their share, all rows farther away have one in common; `writer_others` and `answer_others` bound the share
of all rows off the writer's place together.

The invariant, after every step, for every payload:

1. *Start marker and payload* (step t = 0 .. l). The writer's place is row t, with shares of at most `writer_near` and
   `writer_far`. Rows 1 .. t hold the code of their vector, row 0 that of the start marker, each number within `stored`;
   a row that the writer's window never met is blank but for t writes of at most `writer_far`. The reader's place is a
   blank row half the ring away, where it began: all other rows together have a share of at most `resting`. So it reads
   at most `reads`, and what the heads emit next depends on the input and on hardly anything else.
2. *End marker* (step l + 1). The writer goes on to row l + 1. The reader finds row 0 by its content among l payload
   rows that all hold the vector most like it, 2 W rows that were written a little, and N blank ones, and steps on to
   row 1; all other rows together have a share of at most `reading`.
3. *Answer* (step l + 1 + k). Before it, the reader's place is row k: it has read the code of x_k, within a radius
   made of `stored` and `reading`, and changed by what the writer did to the row since the end marker: `damage` bounds
   by how much that moves the sum of each hidden unit. So the 8 logits have the right signs (by `margin`), the reader
   steps on to row k + 1 and is as sharp as before, and the writer stays or walks on, with shares of at most
   `answer_near` and `answer_far`. A writer that walks on does so two rows and more ahead of row l. One that stays, on
   row l + 1, writes there again and again: that row, and W rows ahead of it, may grow, but not before the reader has
   jumped, when rows ahead of it have shares of at most `ahead_near` and `ahead_far`; a step later these are at most
   `settled`. Row l, right behind it, is damaged most (`last_damage`); it is read for the last answer, which only has
   to have the right bits. What is read in the last step is not used.

No number of any other row is ever larger than `largest`. Every claim is an upper bound that grows
with l (more steps, fewer blank rows), so that what holds for L holds for every l below; and it is taken at the worst
of all inputs, so that it holds for every payload. Both directions are one: with direction -1 shifts are mirrored, and
nothing else in Eqs. 2-9 tells one direction of the ring from the other.
"""

from collections.abc import Iterable, Iterator
from functools import reduce
from typing import NamedTuple

from flint import arb

from ntm_lib.proof.balls import OFFSETS, Emitted, Rounding

W = 4  # rows on either side of a weighting's place whose shares are bounded one by one
WINDOW = [j for j in range(-W, W + 1) if j]
COSINE = arb(1e-6, 1e-14)  # machine.addressing.COSINE_EPSILON, in any precision
SHARPEN = arb("1.0001e-30")  # above machine.addressing.SHARPEN_EPSILON, and what float32 rounds a weight up by


class Claim(NamedTuple):
    """An inequality, left <= right, and what it says."""

    step: str
    text: str
    left: arb
    right: arb
    bound: str = ""  # the certificate's bound on the right, if it is one
    at: int = 0  # which number of that bound
    byte: int | None = None  # the input for which the left side is largest

    @property
    def holds(self) -> bool:
        """Whether the inequality is true for all numbers in the balls."""
        return bool(self.left <= self.right)


class Plan(NamedTuple):
    """The lengths and rows that a proof is about, and the way in which the heads move."""

    length: int  # L
    rows: int  # N
    direction: int  # of the writer in the payload, and of the reader in the answer
    first_writer: int  # step of the writer at the start marker
    first_reader: int
    answer_writer: int  # 0: the writer stays in the answer, 1: it walks on
    rounding: Rounding


def geometry(plan: Plan) -> Iterator[Claim]:
    """The ring has rows enough: the writer meets neither the resting reader nor, from behind, its own first row."""
    last = plan.length + 1 + plan.answer_writer * plan.length  # the writer's last row; the reader's is no farther
    apart = plan.rows // 2 - 2  # the first places of the two heads are at least so far apart, either way round
    yield Claim("any step", "rows from the start marker to the resting reader", arb(plan.length + 2 + W), arb(apart))
    yield Claim("any step", "rows on the writer's way, by those of the memory", arb(last + 4 * W), arb(plan.rows))
    most = arb(plan.rounding.most_rows)
    yield Claim("any step", "rows that the bounds of rounding hold for", arb(max(plan.rows, 4 * plan.length)), most)


def powered(base: arb, gamma: arb, rounding: Rounding) -> arb:
    """A share of at most `base` after sharpening (Eq. 9), gamma anywhere in its ball."""
    least = gamma.lower() if base.upper() < 1 else gamma.upper()
    return base.upper() ** least * (gamma.upper() * rounding.exponent).exp() + rounding.least


def norm(shares: Iterable[arb], gamma: arb) -> arb:
    """(sum of share ** gamma) ** (1 / gamma), largest for the least gamma; a norm: that of a sum is
    at most the sum."""
    return sum((share ** gamma.lower() for share in shares), arb(0)) ** (1 / gamma.lower())


def shifts(e: Emitted, head: int, offset: int, case: int) -> dict[int, arb]:
    """Weight on each shift by that on one of them; their sum is 1 by the weight on that one."""
    return {a: arb(1) if a == offset else e.shift[head][3 * (a + 1) + offset + 1][case] for a in OFFSETS}


def walk(e: Emitted, head: int, offset: int, others: arb, found: list[arb], rows: int, rounding: Rounding) -> list[arb]:
    """Share of all rows but the place together after a step by `offset`, in each case; before it,
    that was `others`.

    The old place spreads over three rows, and so do all other rows and the content weighting
    (Eqs. 5, 7, 8), which puts at most `found` on one row. `norm` is a norm: the three parts may be
    bounded one by one.
    """
    after = []
    for case, (odds, gamma) in enumerate(zip(e.odds[head], e.gamma[head], strict=True)):
        s, part = shifts(e, head, offset, case), 1 + rounding.tail * others  # 1 by the place's weight is at most `part`
        wide = sum(s.values(), arb(0))
        thin = rounding.crowd * found[case] ** (1 - 1 / gamma.lower())  # norm of weights that add up to 1 (Hölder)
        faint = rows * SHARPEN * wide * (1 + odds) * part  # each row has 1e-30 more before its logarithm is taken
        base = norm((s[a] for a in OFFSETS if a != offset), gamma) + (others + odds * part * thin) * wide + faint
        after.append(powered(base * rounding.swell, gamma, rounding) + rows * rounding.least)
    return after


def profile(
    e: Emitted, head: int, offset: int, shares: "Shares", found: list[arb], rounding: Rounding
) -> tuple[dict[int, list[arb]], list[arb]]:
    """Shares row by row after a step by `offset`: at each distance in the window, and of any row farther away.

    `found` is the most that a content weighting (Eq. 5) puts on one row. Lists have an entry for each case.
    """
    new: dict[int, list[arb]] = {j: [] for j in range(-W - 2, W + 3) if j}
    for case, (odds, gamma) in enumerate(zip(e.odds[head], e.gamma[head], strict=True)):
        s, part = shifts(e, head, offset, case), 1 + rounding.tail * shares.others
        more = odds * found[case] * part
        faint = SHARPEN * sum(s.values(), arb(0)) * (1 + odds) * part
        blended = {i: arb(1) if i == 0 else shares.near.get(i, shares.far) + more for i in range(-W - 4, W + 5)}
        for j, each in new.items():  # row j from the new place is row j + offset from the old one
            share = sum((s[a] * blended[j + offset - a] for a in OFFSETS), faint)
            each.append(powered(share * rounding.swell, gamma, rounding))
    # Rows yet farther from the place get no more than the farther ones of these: their neighbours are all far.
    outside = [new.pop(j) for j in (-W - 2, -W - 1, W + 1, W + 2)]
    return new, [reduce(arb.max, each) for each in zip(*outside, strict=True)]


class Shares(NamedTuple):
    """Bounds on the shares of rows in a weighting: by their distance from the place, in the direction of the walk."""

    near: dict[int, arb]  # at each distance of the window
    far: arb  # of any row farther away
    others: arb  # of all rows but the place together

    @classmethod
    def of(cls, near: list[float], far: float, others: float) -> "Shares":
        """Shares from a certificate's numbers."""
        return cls(dict(zip(WINDOW, map(arb, near), strict=True)), arb(far), arb(others))

    def side(self, sign: int, first: int = 1) -> arb:
        """Shares of the rows of one side of the window together, from some distance on."""
        return sum((share for j, share in self.near.items() if sign * j >= first), arb(0))


def max_of(values: Iterable[arb]) -> arb:
    """The largest of some numbers."""
    return reduce(arb.max, values)


def worst(values: list[arb]) -> tuple[arb, int]:
    """The largest of some numbers, and which case it is of."""
    uppers = [float(value.upper()) for value in values]
    return max_of(values), uppers.index(max(uppers))
