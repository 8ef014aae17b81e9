"""The numbers that are known in each step of a copy, if the bounds of a certificate hold."""

from functools import cached_property
from typing import Any

from flint import arb, arb_mat

from ntm_lib.proof.balls import Emitted, Machine, about
from ntm_lib.proof.claims import COSINE, Plan, Shares, W, max_of, worst

READER, WRITER = 0, 1


def bounds_of(machine: Machine) -> dict[str, int]:
    """How many numbers each bound of a certificate has; 0: one number and no list."""
    counts = {
        "writer_near answer_near ahead_near": 2 * W,
        "writer_far writer_others answer_far answer_others ahead_far settled resting reading margin": 0,
        "reads stored largest": machine.word,
        "damage last_damage": machine.hidden,
    }
    return {name: count for names, count in counts.items() for name in names.split()}


def vectors_of(machine: Machine) -> list[list[int]]:
    """All vectors of a machine's width: number n holds the bits of n, the least first, as `tasks.number_bits`."""
    return [[n >> bit & 1 for bit in range(machine.width)] for n in range(2**machine.width)]


class Known:
    """Emitted numbers, rows and content weightings in each step of a copy, if the bounds of a certificate hold."""

    def __init__(self, machine: Machine, plan: Plan, bounds: dict[str, Any]):
        self.machine, self.plan, self.rounding, self.bounds = machine, plan, plan.rounding, bounds
        width, word = machine.width, machine.word
        self.writing, self.answering, self.ahead = (
            Shares.of(bounds[f"{name}_near"], bounds[f"{name}_far"], bounds[others])
            for name, others in (("writer", "writer_others"), ("answer", "answer_others"), ("ahead", "reading"))
        )
        self.resting, self.reading = arb(bounds["resting"]), arb(bounds["reading"])
        self.reads, self.stored, self.largest = (list(map(arb, bounds[n])) for n in ("reads", "stored", "largest"))
        self.staying = not plan.answer_writer
        self.steps, self.all_steps = plan.length + 2, 2 * plan.length + 2  # up to the end marker; in all
        self.vectors = vectors_of(machine)
        cases = len(self.vectors)
        quiet = [about(size) for size in self.reads]
        self.begun = self._emit([[0] * width + [1, 0]], machine.start)
        self.coming_in = self._emit([[*bits, 0, 0] for bits in self.vectors], arb_mat([quiet] * cases))
        self.asked = self._emit([[0] * width + [0, 1]], arb_mat([quiet]))
        radius = [about(self._off_code(i)) for i in range(word)]
        codes = [[code + off for code, off in zip(row, radius, strict=True)] for row in self.coming_in.add.tolist()]
        damage, last = (list(map(arb, bounds[name])) for name in ("damage", "last_damage"))
        sizes, blank = [self.largest[i] + self._off_code(i) for i in range(word)], [[0] * (width + 2)] * cases
        self.held = [arb(1), *map(abs, machine.start.tolist()[0]), *self.reads, *sizes]
        self.reading_back = self._emit(blank, arb_mat(codes), damage, sizes)
        self.last = self._emit(blank, arb_mat(codes), last, sizes) if self.staying else self.reading_back
        self.emitted = self.begun, self.coming_in, self.asked, self.reading_back

    def _emit(self, inputs: list[list[int]], reads: arb_mat, *more: Any) -> Emitted:
        """The numbers that heads emit, with shifts as seen in the direction of the walk."""
        e = self.machine.emit(inputs, reads, self.rounding, *more)
        return e if self.plan.direction == 1 else e._replace(shift=[head[::-1] for head in e.shift])

    def _off_code(self, i: int) -> arb:
        """How far number i of a read in the answer may be from the code of its vector, but for `damage`."""
        r, grown = self.rounding, arb(0)
        if self.staying:  # its row and those of its window ahead may grow by what is added in each step
            grown = (W + 1) * arb(self.bounds["settled"]) * (self.largest[i] + self.plan.length * self.largest[i])
        off = self.stored[i] + r.tail * (2 * self.reading * self.largest[i] + grown)
        return off + 16 * r.unit * self.largest[i] + r.vanishes(self.plan.rows)

    def most(self) -> arb:
        """Above all inputs, reads, rows, those too that grow in the answer, and all that linear layers add up."""
        machine, held = self.machine, max_of([*self.held, *(size * self.all_steps for size in self.largest)])
        return max_of(
            [*(size * held for size in machine.controller.sizes), held, *machine.heads.sizes, *machine.output.sizes]
        )

    @cached_property
    def sizes(self) -> list[arb]:
        """The largest size of each number that is ever added (Eq. 4)."""
        rows = [row for e in self.emitted for row in e.add.tolist()]
        return [worst([abs(row[i]) for row in rows])[0] for i in range(self.machine.word)]

    @cached_property
    def changes(self) -> list[arb]:
        """By how much a write changes a number of a row, at most, for a weight of 1: |a - e M| (Eqs. 3 and 4)."""
        each = [_change(e, case, self.largest) for e in self.emitted for case in range(e.add.nrows())]
        return [self.rounding.tail * worst([change[i] for change in each])[0] for i in range(self.machine.word)]

    def touched(self, share: arb) -> list[arb]:
        """The largest size of each number of a row whose writing weights add up to no more than a share."""
        return [share * change for change in self.changes]

    def likeness(self, share: arb) -> arb:
        """The largest cosine (Eq. 6) of any key and a row whose writing weights add up to no more than a share.

        It is the row's length by that of COSINE_EPSILON, where the quotient is below 1.
        """
        return (self.length(share) / COSINE.sqrt()).min(arb(1))

    def length(self, share: arb) -> arb:
        """The largest length of a row whose writing weights add up to no more than a share."""
        return sum((size * size for size in self.touched(share)), arb(0)).sqrt()

    def most_found(self, beta: list[arb], steps: int, shares: Shares, blank: int) -> list[arb]:
        """The most that a content weighting puts on one row, where so many rows were blank before these steps' tails.

        One row may be as the key is, and the blank ones less like it than nothing: by `likeness`, or in the mean by
        what all of them hold together (the mean of exponentials is at least that of the mean).
        """
        r = self.rounding
        together = self.length(steps * shares.others) / (blank * COSINE.sqrt())
        alike = self.likeness(steps * shares.far).min(together)
        off = [r.similarity(each, self.machine.word) for each in beta]
        most = [r.crowd * (each * (1 + alike) + more).exp() / blank for each, more in zip(beta, off, strict=True)]
        return [each.min(arb(1)) for each in most]

    def _cosine(self, key: list[arb], row: list[arb]) -> arb:
        """Eq. 6 for a row that holds some numbers within `stored`."""
        held = [number + about(off) for number, off in zip(row, self.stored, strict=True)]
        lengths = [(sum((v * v for v in vector), COSINE)).sqrt() for vector in (key, held)]
        return sum((k * v for k, v in zip(key, held, strict=True)), arb(0)) / (lengths[0] * lengths[1])


def _change(e: Emitted, case: int, largest: list[arb]) -> list[arb]:
    """By how much a write changes each number of a row in one case, for a weight of 1: |a - e M| (Eqs. 3 and 4)."""
    added = [e.add[case, i] for i in range(len(largest))]
    return [abs(a) + share.min(arb(1)) * m for a, share, m in zip(added, e.erase[case], largest, strict=True)]
