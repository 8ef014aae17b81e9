"""A trained machine in ball arithmetic: the numbers that heads emit in one step, for many inputs and reads.

A ball is a number with a radius, and stands for every number that is no farther away. Balls are `arb` of python-flint:
each operation widens its result by what it may have rounded, so that the exact result lies inside.
"""

from hashlib import sha256
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Any, NamedTuple

from flint import arb, arb_mat, ctx

from ntm_lib.proof.weights import read_weights

OFFSETS = (-1, 0, 1)
ctx.prec = 64  # bits of a ball's middle


class Rounding(NamedTuple):
    """How far computed numbers may be from the equations: by nothing, or by what float32 rounds in any order of sums.

    docs/proof.md derives each number from the unit roundoff u: a sum of n terms is off by n u / (1 - n u) of the sum of
    their sizes, and a result of tanh, exp, log, log1p or sigmoid by `library` of itself.
    """

    name: str
    assumes: str  # of the library that computes; a certificate repeats it
    unit: arb  # u: one rounding changes a number by at most u of itself
    library: arb  # tanh, exp, log, log1p and sigmoid change a number by at most so much of itself: 32 units, 64 u
    tail: arb  # a row changed by w (a - e M), or a read that is all but one row, is off by fewer times the tail's size
    crowd: arb  # the sum of a softmax over N rows is off by at most this factor
    least: arb  # numbers below this may be rounded to 0 or up to this
    most_rows: int  # rows for which `tail` and `crowd` hold

    def summing(self, terms: int) -> arb:
        """How far a sum of some terms may be off, as a share of the sum of their sizes, but for what `vanishes`."""
        return terms * self.unit / (1 - terms * self.unit)

    def vanishes(self, terms: int) -> arb:
        """How much a sum of some terms may lose where some of them are too small to be numbers, and are made 0."""
        return 2 * terms * self.least

    @property
    def swell(self) -> arb:
        """How far a shifted weight may be off (Eqs. 7 and 8): some ten roundings and a gate's."""
        return 1 + 8 * self.library

    @property
    def exponent(self) -> arb:
        """How far gamma * log(weight) may be off for a gamma of 1: the logarithm of 1e-30 is above -70."""
        return 140 * (self.library + 4 * self.unit) + 2 * self.library

    def similarity(self, beta: arb, word_size: int) -> arb:
        """How far the difference of two beta * cosine may be off."""
        return 2 * beta.upper() * (2 * word_size + 64) * self.unit + 4 * self.library


EXACT = Rounding("exact", "", arb(0), arb(0), arb(1), arb(1), arb(0), 10**12)
UNITS = "tanh, exp, log, log1p and sigmoid of float32 are right to 32 units in the last place"
FLOAT32 = Rounding("float32", UNITS, arb(2) ** -24, arb(2) ** -18, arb(6), arb(2), arb(2) ** -125, 6_000_000)
ROUNDINGS = {each.name: each for each in (EXACT, FLOAT32)}


class Emitted(NamedTuple):
    """The numbers that two heads emit in n cases; head 0 is the reader, head 1 the writer."""

    beta: list[list[arb]]  # [head][case]
    odds: list[list[arb]]  # of the gate: g / (1 - g)
    gamma: list[list[arb]]
    shift: list[list[list[arb]]]  # [head][3 a + o][case]: weight on offset a by the weight on offset o
    key: arb_mat  # (n, M) of the reader
    erase: list[list[arb]]  # [case][number]
    add: arb_mat  # (n, M)
    logits: arb_mat  # (n, width)


class Layer(NamedTuple):
    """A linear layer in balls, and the sizes of its weights."""

    weight: arb_mat  # (in, out)
    bias: list[arb]

    @property
    def sizes(self) -> list[arb]:
        """The largest size of every output for inputs of size at most 1."""
        rows = self.weight.tolist()
        return [sum((abs(row[j]) for row in rows), abs(bias)) for j, bias in enumerate(self.bias)]

    def part(self, first: int, end: int) -> "Layer":
        """The layer that computes some of the outputs."""
        return Layer(arb_mat([row[first:end] for row in self.weight.tolist()]), self.bias[first:end])


class Machine:
    """The exact weights of the machine that a directory holds; ValueError for one that the invariant does not cover."""

    def __init__(self, directory: str | Path):
        tensors, self.recipe = read_weights(Path(directory))
        self.config: dict[str, Any] = self.recipe["machine"]
        self.width, self.word, hidden = (self.config[name] for name in ("output_size", "word_size", "controller_size"))
        parts = {name: value.tolist() for name, value in tensors.items()}
        named = sorted((name, str(value.dtype), value.shape, value.tobytes()) for name, value in tensors.items())
        self.sha256 = sha256(b"".join(f"{n} {t} {s}".encode() + raw for n, t, s, raw in named)).hexdigest()
        self.controller = _layer(parts, "controller.from_input")
        self.heads, self.output = _layer(parts, "heads.linear"), _layer(parts, "output")
        ends = accumulate([2 * self.word, 2, 2, 6, 2, self.word, self.word], initial=0)
        self.key, self.beta, self.gate, self.shift, self.gamma, self.erase, self.add = (
            self.heads.part(*span) for span in pairwise(ends)
        )
        self.start = arb_mat([[arb(number) for number in parts["reads_0"][0]]])
        self.from_reads = arb_mat(self.controller.weight.tolist()[-self.word :])  # (M, hidden)
        self.hidden = hidden

    def emit(
        self,
        inputs: list[list[int]],
        reads: arb_mat,
        rounding: Rounding,
        extra: list[arb] | None = None,
        sizes: list[arb] | None = None,
    ) -> Emitted:
        """The numbers that the heads emit for n inputs and n reads (n, M): each input with its read is a case.

        `extra` is by how much more each hidden unit's sum may be off; `sizes` how large the reads may be where they may
        lie outside their balls by that.
        """
        rows = [[*map(arb, x), *read] for x, read in zip(inputs, reads.tolist(), strict=True)]
        radius = [arb(0)] * self.hidden if extra is None else extra
        sums = plus(arb_mat(rows) * self.controller.weight, self.controller.bias, radius)
        if rounding.unit > 0:
            large = [[*map(arb, x), *(sizes or map(abs, read))] for x, read in zip(inputs, reads.tolist(), strict=True)]
            of_sizes = arb_mat([[abs(w) for w in row] for row in self.controller.weight.tolist()])
            off = plus(arb_mat(large) * of_sizes, [abs(b) for b in self.controller.bias]).tolist()
            share, lost = rounding.summing(len(rows[0]) + 1), rounding.vanishes(len(rows[0]) + 1)
            pairs = zip(sums.tolist(), off, strict=True)
            sums = arb_mat([[v + about(share * o + lost) for v, o in zip(*pair, strict=True)] for pair in pairs])
        h = arb_mat([[v.tanh() + about(rounding.library) for v in row] for row in sums.tolist()])
        share, lost = rounding.summing(self.hidden + 1) * (1 + rounding.library), rounding.vanishes(self.hidden + 1)

        def layer(part: Layer) -> arb_mat:
            return plus(h * part.weight, part.bias, [share * size + lost for size in part.sizes])

        def columns(part: Layer, change: Any) -> list[list[arb]]:
            return [list(map(change, column)) for column in layer(part).transpose().tolist()]

        relative = 1 + about(4 * rounding.library)
        return Emitted(
            beta=columns(self.beta, lambda v: softplus(v) * relative),
            odds=columns(self.gate, lambda v: v.exp() * relative),
            gamma=columns(self.gamma, lambda v: 1 + softplus(v) * relative + about(rounding.unit * 2)),
            shift=[self._ratios(h, head, share, rounding) for head in (0, 1)],
            key=layer(self.key.part(0, self.word)),
            erase=[[(1 + (-v).exp()) ** -1 * relative for v in row] for row in layer(self.erase).tolist()],
            add=layer(self.add),
            logits=layer(self.output),
        )

    def _ratios(self, h: arb_mat, head: int, share: arb, rounding: Rounding) -> list[list[arb]]:
        """Shift weights by each other: of exponents taken from one linear form each, so that no ball
        counts twice."""
        layer = self.shift.part(3 * head, 3 * head + 3)
        rows, sizes, pairs = layer.weight.tolist(), layer.sizes, [(a, o) for a in range(3) for o in range(3)]
        forms = arb_mat([[row[a] - row[o] for a, o in pairs] for row in rows])
        bias = [layer.bias[a] - layer.bias[o] for a, o in pairs]
        off = [(share + 8 * rounding.unit) * (sizes[a] + sizes[o]) + 3 * rounding.library for a, o in pairs]
        return [[v.exp() for v in column] for column in plus(h * forms, bias, off).transpose().tolist()]


def about(radius: arb) -> arb:
    """All numbers of at most that size."""
    return arb(0, radius.upper())


def plus(matrix: arb_mat, row: list[arb], radius: list[arb] | None = None) -> arb_mat:
    """A row added to every row of a matrix, and the numbers of each column widened by a radius."""
    added = row if radius is None else [r + about(off) for r, off in zip(row, radius, strict=True)]
    return arb_mat([[v + r for v, r in zip(values, added, strict=True)] for values in matrix.tolist()])


def softplus(v: arb) -> arb:
    """log(1 + e^v)."""
    return v.exp().log1p()


def _layer(parts: dict[str, Any], name: str) -> Layer:
    rows = [[arb(number) for number in row] for row in parts[f"{name}.weight"]]
    return Layer(arb_mat(rows).transpose(), [arb(number) for number in parts[f"{name}.bias"]])
