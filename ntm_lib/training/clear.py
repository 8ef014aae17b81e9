"""The clear loss: heads that are sure where to step, for every vector that may come in.

A batch shows a few dozen vectors; a head that is sure about those may waver at the next one. So the loss is taken over
all vectors of a task, each alone: one step as it comes in, and one as it is read back.
"""

import torch
from torch import Tensor

from ntm_lib.machine import NTM
from ntm_lib.machine.heads import Emission

LOGARITHM_EPSILON = 1e-9  # added to a weight inside the logarithm


def unclear_of(machine: NTM, vectors: Tensor) -> Tensor:
    """How unsure heads are where to step after vectors (V, input): cross-entropy of shift weightings, in nats -> ().

    The mean over vectors and over both steps of `alone`, summed over heads. A read head should stay while vectors come
    in, and a write head not go back while they are read back; for the rest, a head should step as for most vectors.
    """
    coming_in, read_back = (emission.s for emission in alone(machine, vectors))  # (V, A, S) each
    writing, reading = usual_offsets(coming_in), usual_offsets(read_back)  # (A) each
    if machine.config.weightings != "single":
        readers, stay = machine.config.read_heads, coming_in.shape[-1] // 2
        writing[:readers] = stay
        reading[readers:] = likelier(read_back[:, readers:], writing[readers:], stay)
    return (cross_entropy(coming_in, writing) + cross_entropy(read_back, reading)) / 2


def alone(machine: NTM, vectors: Tensor) -> tuple[Emission, Emission]:
    """What heads emit for each vector (V, input) alone: as it comes in, with an empty read; and as it is read back.

    A vector is read back with a blank input, and with the numbers as reads that the write heads have added for it.
    """
    config, state = machine.config, machine.controller.initial_state(len(vectors))
    empty = vectors.new_zeros(len(vectors), config.read_heads * config.word_size)
    h, state = machine.controller(torch.cat([vectors, empty], dim=-1), state)
    coming_in = machine.heads(h)
    written = torch.cat([coming_in.add[:, head % config.write_heads] for head in range(config.read_heads)], dim=-1)
    h, _ = machine.controller(torch.cat([torch.zeros_like(vectors), written], dim=-1), state)
    return coming_in, machine.heads(h)


def usual_offsets(s: Tensor) -> Tensor:
    """The offset that each head gives most weight to, over all vectors: (V,A,S) -> (A)."""
    return s.mean(0).argmax(-1)


def likelier(s: Tensor, offset: Tensor, stay: int) -> Tensor:
    """Each head's `offset` (A), or `stay` where that has more weight over all vectors: (V,A,S) -> (A)."""
    usual = s.mean(0)
    goes_on = usual.gather(-1, offset.unsqueeze(-1)).squeeze(-1) > usual[:, stay]
    return torch.where(goes_on, offset, stay)


def cross_entropy(s: Tensor, offsets: Tensor) -> Tensor:
    """Mean over vectors of the negative logarithm of each head's weight on its offset, summed over heads -> ()."""
    weight = s.gather(-1, offsets.expand(len(s), -1).unsqueeze(-1)).squeeze(-1)  # (V, A)
    return -(weight + LOGARITHM_EPSILON).log().mean(0).sum()
