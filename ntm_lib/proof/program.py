"""The program inside a machine: two pointers, a jump and a table of codes, in the words of the paper's section 4.1.

Where a certificate holds, the program and the machine agree on every sequence of the proved lengths: the theorem says
that the machine's answer is the payload, and the program's is where each code is decoded as the vector that it codes.
"""

from typing import NamedTuple

from flint import arb_mat

from ntm_lib.proof.balls import EXACT, Machine
from ntm_lib.proof.known import vectors_of
from ntm_lib.proof.prove import plan_of

WAYS = {-1: "decrement", 0: "keep", 1: "increment"}
BLANK = -1  # what a row holds that was never written


class Program(NamedTuple):
    """A machine's algorithm without a float: how its pointers move, and which vector each code is decoded as."""

    width: int  # bits in a vector
    direction: int  # +1: pointers walk to higher row numbers
    first_writer: int  # step of the write pointer at the start marker, from the middle row
    first_reader: int  # step of the read pointer at the start marker, from row 0
    answer_writer: int  # 1: the write pointer walks on in the answer; 0: it stays
    decoded: tuple[int, ...]  # vector that comes out where the code of vector n is read

    def run(self, content: bytes, rows: int | None = None) -> bytes:
        """A copy of vectors, each a number of one byte, over a tape of some rows.

        Raises ValueError for no vector, for one beyond the table, and for rows that do not suffice: the write pointer
        may not come to where the read pointer waits.
        """
        needed = 2 * len(content) + 16
        rows = needed if rows is None else rows
        if not content or max(content) >= len(self.decoded):
            raise ValueError(f"expected at least one vector, and none beyond {len(self.decoded) - 1}")
        if rows < needed:
            raise ValueError(
                f"a memory of {rows:,} rows is too small for {len(content):,} vectors: expected at least {needed:,}"
            )
        tape = [BLANK] * rows
        start = write = (rows // 2 + self.first_writer) % rows
        for vector in content:
            write = (write + self.direction) % rows
            tape[write] = vector
        read, answer = start, bytearray()  # at the end marker the read pointer jumps to the start marker's row
        for _ in content:
            read = (read + self.direction) % rows
            answer.append(self.decoded[tape[read]])
        return bytes(answer)

    def text(self) -> str:
        """The program in words, in the manner of section 4.1."""
        step, begin = WAYS[self.direction], {-1: "the row before", 0: "on", 1: "the row after"}
        reader, writer = begin[self.first_reader], begin[self.first_writer]
        wrong = [n for n, decoded in enumerate(self.decoded) if n != decoded]
        table = (
            "each decoded as its own vector" if not wrong else f"of which {len(wrong)} are decoded as another vector"
        )
        after = f"and {step} it" if self.answer_writer else "and keep it"
        return "\n".join(
            [
                f"read pointer: {reader} row 0; write pointer: {writer} the middle row",
                "at the start marker",
                "    write the start marker's code to the write pointer's row",
                "while the end marker has not come do",
                f"    {step} the write pointer",
                "    write the code of the input vector to its row",
                "at the end marker",
                "    set the read pointer to the row that holds the start marker's code",
                "while the answer lasts do",
                f"    {step} the read pointer",
                "    emit the vector that its row codes",
                f"    write to the write pointer's row, which is not read, {after}",
                f"code table: {len(self.decoded)} vectors of {self.width} bits, {table}",
            ]
        )


def extract(machine: Machine) -> Program:
    """The program that a machine follows after most vectors; ValueError where its heads move in another way."""
    plan, (_, logits) = plan_of(machine, 1, 64), code_table(machine)
    decoded = tuple(sum((logit > 0) << bit for bit, logit in enumerate(row)) for row in logits)
    return Program(machine.width, plan.direction, plan.first_writer, plan.first_reader, plan.answer_writer, decoded)


def code_table(machine: Machine) -> tuple[list[list[float]], list[list[float]]]:
    """The code that a machine writes for each vector (V, M), and the logits (V, width) that it emits on reading it."""
    vectors = vectors_of(machine)
    written = machine.emit([[*bits, 0, 0] for bits in vectors], arb_mat(len(vectors), machine.word), EXACT).add
    read = machine.emit([[0] * (machine.width + 2)] * len(vectors), written, EXACT)
    codes, logits = ([[float(v.mid()) for v in row] for row in table.tolist()] for table in (written, read.logits))
    return codes, logits
