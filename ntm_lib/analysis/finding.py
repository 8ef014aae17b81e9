"""Findings about a machine: their kinds, each explained in one sentence, and the names of heads in them."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from ntm_lib.machine import NTMConfig


class Kind(StrEnum):
    """A kind of finding: its name, and in `meaning` one sentence about it."""

    meaning: str

    def __new__(cls, name: str, meaning: str) -> "Kind":
        """Make a member that equals its name and carries its meaning."""
        kind = str.__new__(cls, name)
        kind._value_, kind.meaning = name, meaning
        return kind

    # causes of wrong bits: CAUSES
    MISSED_JUMP = "missed jump", "When the first vector is due, the read head is on another row."
    OFF_BY_ONE = "off by one", "From some vector after the first on, the read head is on the row of another vector."
    BLUR = "blur", "The write head or the read head spreads its weight over several rows."
    WRAP_AROUND = "wrap-around", "The write head goes round the memory and writes over vectors still to be read."
    LAST_VECTORS = "last vectors", "After the end marker the write head still changes the last rows that it wrote."
    OVERWRITTEN = "overwritten", "The write head comes back to the row of a vector before that vector is read."
    RESTLESS_WRITER = "restless writer", "Heads are on the right rows, but every row changes before it is read."
    READER_STRAYS = "reader strays", "While vectors are written, full rows are read, and the two are mixed."
    GARBLED = "garbled", "Heads are on the right rows and rows are undisturbed; a vector is written or decoded wrongly."
    # other faults
    NOT_FINITE = "not finite", "A number became infinite or NaN, in a copy or in the update that ended the training."
    GRADIENT_EXPLOSION = "gradient explosion", "One gradient was far larger than usual, and the loss never recovered."
    LOST = "lost what it had learned", "A validation during the training was exact, and a later one was not."
    UNEXPLAINED = "unexplained", "The verdict of the run counted wrong bits, and the traced copies show none."
    STUCK = "stuck", "All rows hold the same numbers, or all vectors are written to one row."
    LOCKED_TOGETHER = "locked together", "Read head and write head, with separate weightings, always point alike."
    CONTENT_ONLY = "content-only addressing", "A head that walks never closes its gate: it finds every row by its key."
    LOCATION_ONLY = "location-only addressing", "The read head never opens its gate: only shifts move it."
    IDLE_HEAD = "idle head", "Without this head not one bit of short copies changes."
    # findings that are never faults
    HEALTHY = "healthy", "Every bit of the traced copies is right."
    REACH = "reach", "The length of the first copy whose jump fails, predicted from short copies in a crowd of rows."
    WRONG_BITS = "wrong bits", "Some bits of the traced copies are wrong, each by one cause."
    STORES = "stores", "Where the first vector is written, and which way the write head goes from there."
    MOVES = "moves", "How often a head stays, walks or jumps while a machine listens and while it answers."
    READS = "reads", "Where the read head waits, how it finds the first vector, and which way it goes from there."


CAUSES = tuple(Kind)[: list(Kind).index(Kind.GARBLED) + 1]
"""What can make a bit of a copy wrong: every wrong bit has one cause, and its cause is a fault of the machine."""

SURE_WAYS = "Train heads to be sure which way to go after every vector (--clear)."
REST = "Train the write head not to go back in the answer (--clear)."
APART = "Begin with heads on rows of their own (--machine.initial_weights spaced)"
CALM = (
    "Train again with gradients clipped to a smaller norm (--clip_norm), a lower learning rate (--learning_rate) or a"
    " longer warm-up (--warmup_updates)."
)
CURES: dict[Kind, str] = {
    Kind.OFF_BY_ONE: SURE_WAYS,
    Kind.BLUR: "Train for sharp weightings (--focus).",
    Kind.WRAP_AROUND: "Give the memory at least one row for every step (--memory_size).",
    Kind.LAST_VECTORS: REST,
    Kind.OVERWRITTEN: SURE_WAYS,
    Kind.RESTLESS_WRITER: REST,
    Kind.READER_STRAYS: "Train the read head to stay on a blank row while vectors come in (--clear).",
    Kind.GARBLED: (
        "Train until bits come back with room to spare (--margin), with heads sure after every vector (--clear)."
    ),
    Kind.NOT_FINITE: CALM,
    Kind.GRADIENT_EXPLOSION: CALM,
    Kind.LOST: (
        "Lower the learning rate (--learning_rate, --keep_rate), or clip gradients to a smaller norm (--clip_norm)."
    ),
    Kind.UNEXPLAINED: (
        "Diagnose copies of another length (--length), or train until bits come back with room to spare (--margin)."
    ),
    Kind.STUCK: f"{APART}, and short sequences (--max_length).",
    Kind.LOCKED_TOGETHER: f"{APART}: heads on one row get equal gradients.",
    Kind.CONTENT_ONLY: f"Train gates to close while heads walk (--clear). {APART}.",
    Kind.LOCATION_ONLY: "Train the read head's gate to open at the end marker (--clear).",
    Kind.IDLE_HEAD: f"{APART}, or take fewer (--machine.read_heads, --machine.write_heads).",
}
"""For each fault but a missed jump what mends it, with options of `ntm train`, `copy` or `diagnose` in parentheses."""
JUMP_CURES = {
    "gate": "Train the read head's gate to open at the end marker (--clear).",
    "key": "Train the read head's key to find one row among many (--clear).",
    "shift": "Train the read head to be sure which way to go from the end marker on (--clear).",
}
"""What mends a missed jump, by the part of the addressing that missed it, with options of `ntm train` in
parentheses."""


@dataclass
class Finding:
    """One thing that is true of a machine; a fault where it explains wrong bits or a failed training."""

    kind: Kind
    fault: bool  # False for a habit
    sentence: str  # the finding with its numbers, in plain words
    evidence: dict[str, Any]  # the numbers, steps and rows behind the sentence, in plain Python
    cure: str = ""  # the change to the training that mends a fault, from `CURES` unless given; empty for a habit
    way: str = ""  # how a machine stores or reads, such as "forwards" or "by content"
    name: str = field(init=False)  # the kind and the way

    def __post_init__(self) -> None:
        self.name = f"{self.kind} {self.way}".rstrip()
        self.sentence = self.sentence[:1].upper() + self.sentence[1:]
        self.cure = (self.cure or CURES[self.kind]) if self.fault else ""


def head_name(config: NTMConfig, place: int) -> str:
    """Name the head at a place among all that are addressed, read heads first: "the read head", "write head 1".

    With single weightings a head both reads and writes and is called "the head" or "head 1".
    """
    if config.weightings == "single":
        return "the head" if config.read_heads == 1 else f"head {place}"
    writes = place - config.read_heads
    kind, index, count = ("read", place, config.read_heads) if writes < 0 else ("write", writes, config.write_heads)
    return f"the {kind} head" if count == 1 else f"{kind} head {index}"
