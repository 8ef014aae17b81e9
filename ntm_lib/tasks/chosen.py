"""Payloads chosen against a machine: made of the vectors that it copies with the least room for error.

A machine that copies every random payload may fail on one that is made for it. A reader that jumps by content must find
one row among all others; the vector whose row looks most like that one, sent a thousand times, is the hardest crowd.
"""

from collections.abc import Iterable, Iterator
from itertools import count, islice
from typing import NamedTuple

import torch
from torch import Generator, Tensor
from torch.nn.functional import one_hot

from ntm_lib.machine import NTM, LSTMBaseline, validate
from ntm_lib.machine.addressing import cosine_similarity
from ntm_lib.machine.heads import Emission
from ntm_lib.machine.memory import read
from ntm_lib.machine.ntm import autocast_is_on
from ntm_lib.machine.own import seen_into
from ntm_lib.machine.step import advance
from ntm_lib.tasks.framing import frame_copy, has_start_marker
from ntm_lib.tasks.payloads import number_bits, uneven_vectors
from ntm_lib.tasks.task import Batch, Draw

MOST_VECTORS = 256  # vectors that a machine is probed with, at most
REPEATS = 4  # times that each of them stands in its probe
HARDEST = 4  # vectors that a payload is made of, at most
PATTERNS = {
    "repeated": "the hardest repeated",
    "after another": "the hardest repeated, after one of the second hardest",
    "alternating": "the hardest and the second hardest in turn",
    "mixed": "the four hardest in random order",
}
"""How hard vectors follow each other in a payload, in words."""


def chosen_payload(
    machine: NTM | LSTMBaseline, batch_size: int, length: int, generator: Generator | None = None
) -> Tensor:
    """Payloads made against a machine that copies -> (B, length, width) of 0 and 1.

    One after the other, every weakness of `weaknesses` meets every one of `PATTERNS`: for a machine with a memory that
    takes 28 sequences. Then all meet again, each time without the vector that was the hardest before. Raises TypeError
    for a thing that is no machine and for a size that is not an integer, ValueError for a size below 1 and for a
    machine without inputs for markers.

    >>> from ntm_lib import NTMConfig
    >>> chosen_payload(NTM(NTMConfig(input_size=10, output_size=8)), batch_size=2, length=5).shape
    torch.Size([2, 5, 8])
    """
    batch_size, length = validate.whole_number("batch_size", batch_size), validate.whole_number("length", length)
    return arranged(islice(plans(machine), batch_size), length, generator)


def against(machine: NTM | LSTMBaseline) -> Draw:
    """A function that draws copies of payloads made against a machine; each call goes on where the last one ended.

    Raises TypeError for a thing that is no machine, ValueError for a machine without inputs for markers.
    """
    validate.machine(machine)
    start_marker, following = has_start_marker(machine.config), plans(machine)

    def draw(size: int, length: int, generator: Generator) -> Batch:
        return frame_copy(arranged(islice(following, size), length, generator), start_marker)

    return draw


def plans(machine: NTM | LSTMBaseline) -> Iterator[tuple[str, Tensor]]:
    """Pattern and vectors (up to HARDEST, width), the hardest first, of all payloads against a machine, without end."""
    rankings = [score.argsort(descending=True, stable=True) for score in weaknesses(machine).values()]
    vectors = probed_vectors(machine.config.output_size)
    for easier in count():
        for pattern in PATTERNS:
            for ranking in rankings:
                yield pattern, vectors[ranking.roll(-easier)[:HARDEST]]


def arranged(plan: Iterable[tuple[str, Tensor]], length: int, generator: Generator | None) -> Tensor:
    """Payloads from their patterns and vectors -> (B, L, width)."""
    return torch.stack([vectors[order(pattern, length, len(vectors), generator)] for pattern, vectors in plan])


def order(pattern: str, length: int, vectors: int, generator: Generator | None) -> Tensor:
    """Which of the vectors stands at each step of a payload, 0 the hardest -> (L)."""
    steps = torch.arange(length)
    match pattern:
        case "repeated":
            return torch.zeros_like(steps)
        case "after another":
            return (steps == 0).long()
        case "alternating":
            return steps % 2
    return torch.randint(0, vectors, (length,), generator=generator)


@torch.no_grad()
def weaknesses(machine: NTM | LSTMBaseline) -> dict[str, Tensor]:
    """How near to an error each vector of `probed_vectors` brings a machine, by weakness -> (V) each, more is nearer.

    Each vector is copied alone, `REPEATS` times over. The weakness "bits" is the least margin of a bit that comes back,
    negated. A machine with a memory has six more:

    - jump: how much the vector's row is like what a reader looks for at the end marker
    - shift: how little a reader goes the way that it goes for most vectors, as it reads the vector back
    - gate, sharpening: how open a reader's gate is, and how low its sharpening, as it reads the vector back
    - rest: how far a reader moves while the vector comes in
    - writer: how much the memory changes while the vector is read back

    Raises TypeError for a thing that is no machine, ValueError for a machine without inputs for markers.
    """
    validate.machine(machine)
    like = machine.output.weight
    if autocast_is_on(like):
        with torch.autocast(like.device.type, enabled=False):
            return weaknesses(machine)
    payload = probed_vectors(machine.config.output_size).unsqueeze(1).expand(-1, REPEATS, -1)  # (V, repeats, width)
    batch = frame_copy(payload, has_start_marker(machine.config)).like(like)
    seen = seen_into(machine)
    if seen is None:
        return {"bits": -least_margins(machine(batch.inputs)[0], batch).cpu()}
    steps = probe(seen, batch.inputs)
    logits = seen.output(torch.stack([step.features for step in steps], dim=1))
    found = weaknesses_of_heads(seen, steps) | {"bits": -least_margins(logits, batch)}
    return {name: score.cpu() for name, score in found.items()}


class Probe(NamedTuple):
    """Heads, features and memory in one step of a copy, for V vectors that are copied side by side."""

    emission: Emission  # the numbers that all heads emitted
    features: Tensor  # (V, features)  the input of the output layer
    written: Tensor  # (V, W, M)  what stands where the write heads point
    moved: Tensor  # (V, R)  how much of a read head's weighting is on other rows than before
    changed: Tensor  # (V)  squared change of the memory


def probe(machine: NTM, inputs: Tensor) -> list[Probe]:
    """All steps of a machine over inputs (V, T, input)."""
    reading, rows = machine.heads.reading, 2 * inputs.shape[1] if machine.free_memory_size else None
    state, steps = machine.initial_state(len(inputs), rows), []
    for x in inputs.unbind(1):
        step = advance(machine, x, state, machine.equations)
        written = read(step.state.memory, machine.heads.writing(step.state.weights))
        moved = 1 - (reading(step.state.weights) * reading(state.weights)).sum(-1)
        changed = (step.state.memory - state.memory).square().sum((1, 2))
        steps.append(Probe(step.emission, step.features, written, moved, changed))
        state = step.state
    return steps


def weaknesses_of_heads(machine: NTM, steps: list[Probe]) -> dict[str, Tensor]:
    """The weaknesses that the heads show in the steps of a probe -> (V) each."""
    end, readers = len(steps) - REPEATS - 1, slice(0, machine.config.read_heads)  # end: the step of the end marker
    answer = [step.emission for step in steps[end + 2 :]]  # from when a reader has read the vector
    s = torch.stack([heads.s[:, readers] for heads in answer])  # (steps, V, R, S)
    usual = one_hot(s.mean((0, 1)).argmax(-1), s.shape[-1])  # (R, S)
    return {
        "jump": cosine_similarity(steps[end - 1].written, steps[end].emission.key[:, readers]).amax((1, 2)),
        "shift": 1 - (s * usual).sum(-1).amin((0, 2)),
        "gate": torch.stack([heads.g[:, readers] for heads in answer]).amax((0, 2)),
        "sharpening": -torch.stack([heads.gamma[:, readers] for heads in answer]).amin((0, 2)),
        "rest": torch.stack([step.moved for step in steps[1:end]]).amax((0, 2)),
        "writer": torch.stack([step.changed for step in steps[end + 1 :]]).sum(0),
    }


def least_margins(logits: Tensor, batch: Batch) -> Tensor:
    """How far the least certain bit of each answer is on its right side -> (B); negative where a bit is wrong."""
    margins = (logits * (2 * batch.targets - 1)).amin(-1)  # (B, T)
    least = margins.masked_fill(batch.mask == 0, torch.inf).amin(-1)
    return least.masked_fill(least.isnan(), -torch.inf)


def probed_vectors(width: int) -> Tensor:
    """All vectors of up to 8 bits; up to 256 of more bits, some with few ones -> (V, width) of 0 and 1."""
    if 2**width <= MOST_VECTORS:
        return number_bits(torch.arange(2**width), width)
    vectors: Tensor = torch.unique(uneven_vectors(1, MOST_VECTORS, width, Generator().manual_seed(0))[0], dim=0)
    return vectors
