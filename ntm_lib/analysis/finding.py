"""What a diagnosis is made of: a traced copy as evidence, and findings drawn from it."""

from dataclasses import dataclass, field
from typing import Any, NamedTuple

from torch import Tensor

from ntm_lib.analysis.causes import CAUSES, label_vectors, wrong_by_vector
from ntm_lib.analysis.route import Route, find_route
from ntm_lib.analysis.trace import Trace


@dataclass(frozen=True)
class Finding:
    """One thing that is true of a machine; a fault where it explains wrong bits or a failed training."""

    name: str
    fault: bool
    sentence: str
    """What was found, with its numbers, in plain words."""
    evidence: dict[str, Any] = field(default_factory=dict)
    """The numbers, steps and rows behind the sentence, in plain Python."""
    cure: str = ""
    """What to change; empty where nothing is wrong."""


class Case(NamedTuple):
    """One traced copy of B sequences of L vectors, with the way of every vector and what would have made it wrong."""

    trace: Trace
    route: Route
    labels: Tensor  # (B, L)  an index into CAUSES
    wrong: Tensor  # (B, L)   wrong bits

    @property
    def rows(self) -> int:
        """Rows of the memory."""
        return self.trace.changes.shape[-1]

    @property
    def is_wrong(self) -> bool:
        """Whether any bit came out wrong."""
        return bool(self.wrong.any())

    def lost_to(self, cause: str) -> Tensor:
        """Which vectors are wrong because of this: True or False (B, L)."""
        return (self.labels == CAUSES.index(cause)) & (self.wrong > 0)


def case_of(trace: Trace) -> Case:
    """Find the way of every vector through a traced copy; ValueError for a trace that is not of a copy."""
    route = find_route(trace)
    return Case(trace, route, label_vectors(trace, route), wrong_by_vector(trace))


def head_name(trace: Trace, kind: str, index: int) -> str:
    """What to call a head: "the read head", "write head 1" where there are several, "the head" with one weighting."""
    count = trace.config.read_heads if kind == "read" else trace.config.write_heads
    single = trace.config.weightings == "single"
    if single:
        return "the head" if count == 1 else f"head {index}"
    return f"the {kind} head" if count == 1 else f"{kind} head {index}"


def capital(sentence: str) -> str:
    """The sentence with a capital at its beginning."""
    return sentence[:1].upper() + sentence[1:]


def moves(step: int) -> str:
    """A step from row to row in words: "moves one row up a step"."""
    if step == 0:
        return "stays on one row"
    count = f"{abs(step)} rows" if abs(step) > 1 else "one row"
    return f"moves {count} {'up' if step > 0 else 'down'} a step"
