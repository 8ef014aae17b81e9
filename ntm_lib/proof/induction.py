"""The induction over the steps of a copy: bounds of a certificate that hold before a step hold after it too.

`claims` tells the invariant in words.
"""

from collections.abc import Iterator
from itertools import chain

from flint import arb, arb_mat

from ntm_lib.proof.balls import Emitted
from ntm_lib.proof.claims import (
    SHARPEN,
    WINDOW,
    Claim,
    Shares,
    W,
    geometry,
    max_of,
    norm,
    powered,
    profile,
    shifts,
    walk,
    worst,
)
from ntm_lib.proof.known import READER, WRITER, Known

LEAST_MARGIN = 1e-6  # of a logit that counts as being on its right side
MOST = arb(2) ** 50  # numbers up to here have squares, and sums of squares, that float32 holds


class Induction(Known):
    """The inequalities that a certificate's bounds must satisfy after each step, if they hold before it."""

    def claims(self) -> Iterator[Claim]:
        """All claims of a proof: it stands where each of them holds."""
        steps = self.start(), self.payload(), self.jump(), self.answer(), self.memory()
        return chain(geometry(self.plan), self.finite(), *steps)

    def finite(self) -> Iterator[Claim]:
        """Every step: no number overflows or is NaN, not even one that no other claim needs, as the writer's key."""
        yield Claim("any step", "size of a number", self.most(), MOST)

    def start(self) -> Iterator[Claim]:
        """Step 0: all weight was on one row, and the memory was blank, so that content finds every row alike."""
        plan, r, e = self.plan, self.rounding, self.begun
        yield from self._closed("start marker", e, READER, WRITER)
        clean = Shares(dict.fromkeys(WINDOW, arb(0)), arb(0), arb(0))
        even, writer, reader = (
            [r.crowd / plan.rows],
            plan.first_writer * plan.direction,
            plan.first_reader * plan.direction,
        )
        yield from self._shares("start marker", "writer", profile(e, WRITER, writer, clean, even, r))
        for head, step, bound in ((WRITER, writer, "writer_others"), (READER, reader, "resting")):
            yield self._off_place("start marker", walk(e, head, step, arb(0), even, plan.rows, r), bound)

    def payload(self) -> Iterator[Claim]:
        """Steps 1 to l, and the writer at the end marker: it walks on, and the reader rests."""
        plan, r = self.plan, self.rounding
        blank, faint, writing = plan.rows - (plan.length + 2 + 2 * W), self.steps * self.writing.far, self.writing
        for step, e, heads in (("payload", self.coming_in, (READER, WRITER)), ("end marker", self.asked, (WRITER,))):
            yield from self._closed(step, e, *heads)
            found = self.most_found(e.beta[WRITER], self.steps, writing, blank)
            yield from self._shares(step, "writer", profile(e, WRITER, 1, writing, found, r))
            yield self._off_place(step, walk(e, WRITER, 1, writing.others, found, plan.rows, r), "writer_others")
        found = self.most_found(self.coming_in.beta[READER], self.steps, writing, blank)
        others = walk(self.coming_in, READER, 0, self.resting, found, plan.rows, r)
        yield self._off_place("payload", others, "resting")
        for i, (size, largest) in enumerate(zip(self.touched(faint), self.largest, strict=True)):
            read = r.tail * (size + self.resting * largest) + r.vanishes(plan.rows)
            yield self._most("payload", f"number {i} of what the resting reader reads", [read], "reads", i)

    def jump(self) -> Iterator[Claim]:
        """Step l + 1: the reader finds the start marker's row by content and steps on from it."""
        plan, r, e = self.plan, self.rounding, self.asked
        s, gamma, beta, odds = shifts(e, READER, 1, 0), e.gamma[READER][0], e.beta[READER][0], e.odds[READER][0]
        yield Claim("end marker", "openness of the reader's gate, (1 - g) / g", 1 / odds, arb(0.5))
        key, wide = e.key.tolist()[0], sum(s.values(), arb(0))
        marker = self._cosine(key, self.begun.add.tolist()[0])
        payload, byte = worst([self._cosine(key, code) for code in self.coming_in.add.tolist()])
        sides = self.writing.side(1) + self.writing.side(-1)
        faint, blank = (self.likeness(self.steps * self.writing.far + side) for side in (sides, arb(0)))
        off = r.similarity(beta, self.machine.word)
        crowd = [(plan.length, payload), (2 * W, faint), (plan.rows, blank)]
        odds_of = [(rows, (beta * (cosine - marker) + off).exp()) for rows, cosine in crowd]  # by the marker's row
        found = 1 / (r.crowd * (1 + sum((rows * each for rows, each in odds_of), arb(0))))
        old = (1 / odds + 8 * r.library) * (1 + self.resting) / found  # what is left of the weighting before (Eq. 7)
        small = plan.rows * SHARPEN * wide * (1 + old) / found
        lifted = sum((rows * each ** gamma.lower() for rows, each in odds_of), arb(0)) ** (1 / gamma.lower())
        base = norm((s[-1], s[0]), gamma) + wide * (lifted + old) + small
        share = powered(base * r.swell, gamma, r) + plan.rows * r.least
        text = "weight off the reader's place after its jump"
        yield self._most("end marker", text, [share], "reading")._replace(byte=byte)
        if self.staying:
            spread = wide * (worst([each for _, each in odds_of])[0] + old) + small
            near = {j: powered((s.get(j + 1, arb(0)) * (j < 0) + spread) * r.swell, gamma, r) for j in WINDOW}
            shares = {j: [share] for j, share in near.items()}, [powered(spread * r.swell, gamma, r)]
            yield from self._shares("end marker", "ahead", shares)

    def answer(self) -> Iterator[Claim]:
        """Steps l + 2 to 2 l + 1: right bits, a reader that walks on, and a writer that does no harm."""
        plan, r, e = self.plan, self.rounding, self.reading_back
        yield from self._closed("answer", e, READER, WRITER)
        any_row = [arb(1)] * len(e.add.tolist())
        yield self._off_place("answer", walk(e, READER, 1, self.reading, any_row, plan.rows, r), "reading")
        if self.staying:
            near, far = profile(e, READER, 1, self.ahead, any_row, r)
            yield from self._shares("answer", "ahead", (near, far))
            settled = [max_of(each) for each in zip(far, *(near[j] for j in WINDOW if j > 0), strict=True)]
            yield self._most("answer", "share of a row ahead of the reader, a step after its jump", settled, "settled")
        before = {j: [share] for j, share in self.writing.near.items()}, [self.writing.far]
        yield from self._shares("end marker", "answer", before)  # the writer begins the answer with what it had
        yield self._off_place("end marker", [self.writing.others], "answer_others")
        step, blank = plan.answer_writer, plan.rows - (plan.length + 2 + plan.answer_writer * plan.length + 2 * W)
        found = self.most_found(e.beta[WRITER], self.all_steps, self.answering, blank)
        shares = profile(e, WRITER, step, self.answering, found, r)
        yield from self._shares("answer", "answer", shares)
        others = walk(e, WRITER, step, self.answering.others, found, plan.rows, r)
        yield self._off_place("answer", others, "answer_others")
        near, far = shares
        if self.staying:  # a row stays as far behind the writer as it is; what is in the last one decides bits alone
            for bound, first in (("damage", 2), ("last_damage", 1)):
                nearest = [max_of(each) for each in zip(far, *(near[j] for j in WINDOW if j <= -first), strict=True)]
                yield from self._damage(bound, [[plan.length * share for share in nearest]])
        else:  # a row is at each distance once, from two rows on
            passing = [near[j] for j in WINDOW if j < -1]
            yield from self._damage("damage", [[plan.length * share for share in far], *passing])
        yield Claim("answer", "least margin that counts", arb(LEAST_MARGIN), arb(self.bounds["margin"]), "margin")
        for row in (e.logits.tolist(), self.last.logits.tolist()):
            for bit in range(self.machine.width):
                right = [each[bit] if x[bit] else -each[bit] for x, each in zip(self.vectors, row, strict=True)]
                short, byte = worst([-each for each in right])
                yield Claim("answer", f"margin of bit {bit}", arb(self.bounds["margin"]), -short, "margin", 0, byte)

    def _damage(self, bound: str, writes: list[list[arb]]) -> Iterator[Claim]:
        """How far the writer changes, in the answer, a row that is still to be read: in the sum of each hidden unit.

        The row is written with the weights of `writes`, each of which depends on the vector that was read before.
        """
        e, from_reads = self.reading_back, self.machine.from_reads
        sizes = arb_mat([[abs(weight) for weight in row] for row in from_reads.tolist()])
        erased = [[share.min(arb(1)) * m for share, m in zip(row, self.largest, strict=True)] for row in e.erase]
        added, removed = (e.add * from_reads).tolist(), (arb_mat(erased) * sizes).tolist()
        text = "damage to a row that is still to be read, as hidden unit {} sees it"
        for unit in range(self.machine.hidden):
            sees = [abs(a[unit]) + m[unit] for a, m in zip(added, removed, strict=True)]
            each = [worst([w * v for w, v in zip(weights, sees, strict=True)]) for weights in writes]
            claim = self._most("answer", text.format(unit), [sum((most for most, _ in each), arb(0))], bound, unit)
            yield claim._replace(byte=each[0][1])

    def memory(self) -> Iterator[Claim]:
        """Every step: how far rows are from the codes that were meant for them, and how large their numbers are."""
        r, writing, answering = self.rounding, self.writing, self.answering
        tail = writing.side(1) + writing.side(-1) + self.steps * writing.far
        length, far, passing = self.plan.length, answering.far, answering.side(-1, 2)
        stay = max_of([far, *(answering.near[j] for j in WINDOW if j < 0)]) if self.staying else far
        whole = answering.side(1) + answering.side(-1) + self.all_steps * far
        for i, (size, change, largest) in enumerate(zip(self.sizes, self.changes, self.largest, strict=True)):
            error = tail * change + r.tail * writing.others * size  # and a weight of not quite 1 (Eq. 4)
            if r.unit > 0:  # what the answer's writes round, beside what they do (`damage`)
                error += 16 * r.unit * (size + largest) + (0 if self.staying else passing * change)
                error += r.vanishes(2 * self.all_steps)
                error += length * (stay * change).min(4 * r.unit * (largest + stay * change))
            yield self._most("any step", f"error of number {i} of a row", [error], "stored", i)
            grown = length * stay * change if self.staying else whole * change
            most = size * (1 + r.tail * answering.others + 16 * r.unit) + self.stored[i] + grown
            yield self._most("any step", f"size of number {i} of a row", [most], "largest", i)

    def _most(self, step: str, text: str, values: list[arb], bound: str, index: int | None = None) -> Claim:
        """The largest of some numbers, one of each case, is at most a bound of the certificate."""
        most, byte = worst(values)
        right = self.bounds[bound] if index is None else self.bounds[bound][index]
        return Claim(step, text, most, arb(right), bound, index or 0, byte if len(values) > 1 else None)

    def _shares(self, step: str, name: str, shares: tuple[dict[int, list[arb]], list[arb]]) -> Iterator[Claim]:
        """Shares of a weighting row by row are at most those of the certificate."""
        head = {"writer": "writer", "answer": "writer", "ahead": "reader"}[name]
        for index, (j, values) in enumerate(shares[0].items()):
            yield self._most(step, f"share of the row {j:+} from the {head}'s place", values, f"{name}_near", index)
        yield self._most(step, f"share of a row far from the {head}'s place", shares[1], f"{name}_far")

    def _off_place(self, step: str, others: list[arb], bound: str) -> Claim:
        """All rows but a weighting's place together have a share of at most a bound."""
        head = "reader" if bound in ("resting", "reading") else "writer"
        return self._most(step, f"share of all rows off the {head}'s place", others, bound)

    def _closed(self, step: str, e: Emitted, *heads: int) -> Iterator[Claim]:
        """Gates that keep to the weighting before; float32's `lerp` computes Eq. 7 in one way below 1 / 2."""
        for head in heads:
            odds, byte = worst(e.odds[head])
            yield Claim(
                step, f"openness of the {('reader', 'writer')[head]}'s gate, g / (1 - g)", odds, arb(0.5), byte=byte
            )
