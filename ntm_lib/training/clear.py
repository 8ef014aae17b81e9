"""The clear loss: heads that are sure whether to jump or to walk, and which way, after every vector.

A batch shows a few dozen vectors; a head that is sure after those may waver after the next one. So the loss is taken
over all vectors of a task, each alone: in one step as it comes in, and in one as it is read back.
"""

import torch
from torch import Tensor

from ntm_lib.machine import NTM
from ntm_lib.machine.heads import Emission
from ntm_lib.tasks.task import Alphabet

LOGARITHM_EPSILON = 1e-9  # added to a weight or gate inside the logarithm


def unclear_of(machine: NTM, alphabet: Alphabet) -> Tensor:
    """How unsure heads are what to do after each vector: cross-entropies of shifts and gates, in nats -> ().

    The mean over vectors and over their two steps, summed over heads; and that of read heads at the question. Gates
    should be closed, except at the question. A read head should stay while vectors come in, and a write head not go
    back while they are read back; for the rest, a head should step as it does after most vectors.
    """
    coming_in, read_back, asked = alone(machine, alphabet)
    writing, reading = usual_offsets(coming_in.s), usual_offsets(read_back.s)  # (A) each
    readers, stay = machine.config.read_heads, coming_in.s.shape[-1] // 2
    if machine.config.weightings != "single":
        writing[:readers] = stay
        reading[readers:] = likelier(read_back.s[:, readers:], writing[readers:], stay)
    shifts = surprise(chosen(coming_in.s, writing)) + surprise(chosen(read_back.s, reading))
    gates = surprise(1 - coming_in.g) + surprise(1 - read_back.g)
    jumps, ways = asked.g[:, :readers], chosen(asked.s, usual_offsets(asked.s))[:, :readers]
    return (shifts + gates) / 2 + surprise(jumps) + surprise(ways)


def alone(machine: NTM, alphabet: Alphabet) -> tuple[Emission, Emission, Emission]:
    """Emissions for copies of one vector each: as the vector comes in, as it is read back, and at the question.

    A vector comes in while the heads read zeros, and so does the question. A vector is read back with a blank input,
    while the heads read the numbers that the write heads added as the vector came in. Shapes are those of `Emission`
    with V vectors as the batch; the question is a batch of one.
    """
    config, vectors = machine.config, alphabet.vectors
    empty = vectors.new_zeros(len(vectors), config.read_heads * config.word_size)
    h, state = machine.controller(torch.cat([vectors, empty], dim=-1), machine.controller.initial_state(len(vectors)))
    coming_in = machine.heads(h)
    written = torch.cat([coming_in.add[:, head % config.write_heads] for head in range(config.read_heads)], dim=-1)
    h, _ = machine.controller(torch.cat([torch.zeros_like(vectors), written], dim=-1), state)
    asked, _ = machine.controller(
        torch.cat([alphabet.question, empty[:1]], dim=-1), machine.controller.initial_state(1)
    )
    return coming_in, machine.heads(h), machine.heads(asked)


def usual_offsets(s: Tensor) -> Tensor:
    """The offset that each head gives most weight to, over all vectors: (V,A,S) -> (A)."""
    return s.mean(0).argmax(-1)


def likelier(s: Tensor, offset: Tensor, stay: int) -> Tensor:
    """Each head's `offset` (A), or `stay` where that has more weight over all vectors: (V,A,S) -> (A)."""
    usual = s.mean(0)
    goes_on = usual.gather(-1, offset.unsqueeze(-1)).squeeze(-1) > usual[:, stay]
    return torch.where(goes_on, offset, stay)


def chosen(s: Tensor, offsets: Tensor) -> Tensor:
    """Each head's weight on its offset (A): (V,A,S) -> (V,A)."""
    return s.gather(-1, offsets.expand(len(s), -1).unsqueeze(-1)).squeeze(-1)


def surprise(weights: Tensor) -> Tensor:
    """The mean over vectors of a weight's negative logarithm, summed over heads: (V,A) -> ()."""
    return -(weights + LOGARITHM_EPSILON).log().mean(0).sum()
