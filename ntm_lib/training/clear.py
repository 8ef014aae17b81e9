"""The clear loss: heads that are sure whether to jump or to walk, and which way, after every vector.

A batch shows a few dozen vectors; a head that is sure after those may waver after the next one. So all vectors of a
task are tried, each alone: in one step as it comes in, and in one as it is read back. What counts is the vector after
which a head is least sure: in a mean over 256 bytes, one byte after which a head always errs would be lost.
"""

import math
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import pad, softplus

from ntm_lib.machine import NTM
from ntm_lib.machine.addressing import cosine_similarity
from ntm_lib.machine.heads import Emission
from ntm_lib.tasks.task import Alphabet

LOGARITHM_EPSILON = 1e-9  # added to a weight or gate inside the logarithm
ROWS = 100  # rows that hold each vector, and blank rows, among which read heads have to find the row of the start


class Alone(NamedTuple):
    """The numbers that heads emit in four moments; V vectors are a batch of V, and the start is a batch of one."""

    coming_in: Emission  # as the vector comes in
    asked: Emission  # at the question, after the vector; a batch of one where a machine carries nothing to the question
    read_back: Emission  # with a blank input, while the heads read what the write heads added as the vector came in
    begun: Emission | None  # at the start, with the reads that the machine begins with; None: the task has none
    first: Emission | None  # as the vector comes in after the start, where one weighting reads what was written there


def unclear_of(machine: NTM, alphabet: Alphabet, turn: int = 1) -> Tensor:
    """How unsure heads are what to do after each vector: cross-entropies of shifts and gates, in
    nats -> ().

    Every shift and every gate of a head counts at the vector after which the head is least sure of
    it, and all are added up: those of a vector's two steps by a half, those at the question whole.
    Gates should be closed, except read heads' at the question. A read head should stay while
    vectors come in, and a write head not go back while they are read back; for the rest, a head
    should step as it does after most vectors. But where the output layer sees reads only, read
    heads should stay at the question: what they find there comes out at once, a step before the
    answer. Where a task has a start, gates should be closed there and shifts sure, and read heads
    find its row at the question (`missed_of`). One weighting reads the start's row as the first
    vector comes in: it may write that vector over the start and find both in one row, after any
    first vector. `turn` is as in `alone`.
    """
    coming_in, asked, read_back, begun, first = alone(machine, alphabet, turn)
    writing, reading = usual_offsets(coming_in.s), usual_offsets(read_back.s)  # (A) each
    readers, stay = machine.config.read_heads, coming_in.s.shape[-1] // 2
    if machine.config.weightings != "single":
        writing[:readers] = stay
        reading[readers:] = likelier(read_back.s[:, readers:], writing[readers:], stay)
    shifts = surprise(chosen(coming_in.s, writing)) + surprise(chosen(read_back.s, reading))
    gates = surprise(1 - coming_in.g) + surprise(1 - read_back.g)
    way = usual_offsets(asked.s)[:readers]
    if machine.config.output_from == "reads":
        way[:] = stay
    jumps, walks, ways = asked.g[:, :readers], 1 - asked.g[:, readers:], chosen(asked.s[:, :readers], way)
    unclear = (shifts + gates) / 2 + surprise(jumps) + surprise(walks) + surprise(ways)
    if begun is None:
        return unclear
    for step in (begun, first):
        if step is not None:
            unclear = unclear + surprise(chosen(step.s, usual_offsets(step.s))) + surprise(1 - step.g)
    found = begun.add if first is None else first_rows(begun.add, first)
    return unclear + missed_of(readers, asked, found, coming_in.add)


def missed_of(readers: int, asked: Emission, start: Tensor, added: Tensor) -> Tensor:
    """How unsure read heads are to find by content (Eq. 5), at the question, the row that was
    written at the start.

    Among 100 rows of each vector and 100 blank ones: the cross-entropy of the start's row, in nats,
    summed over heads, in the case of `asked` in which a head is least sure. A row holds what a
    write head adds: at the start (1,W,M), or (V,W,M) where the first vector is part of it, and for
    the vectors (V,W,M) -> ().
    """
    of_writers = torch.cat([start, added]).transpose(0, 1)  # (W, F+V, M)
    rows = of_writers[[head % len(of_writers) for head in range(readers)]]  # (R, F+V, M)
    similarity = cosine_similarity(rows, asked.key[:, :readers].transpose(0, 1))  # (R, cases, F+V)
    logits = asked.beta[:, :readers].T.unsqueeze(-1) * similarity
    starts, others = logits[..., : len(start)].amin(-1), logits[..., len(start) :]
    others = pad(others, (0, 1)).logsumexp(-1) + math.log(ROWS)  # a blank row resembles no key
    return softplus(others - starts).amax(1).sum()


def alone(machine: NTM, alphabet: Alphabet, turn: int = 1) -> Alone:
    """Run the controller and the heads on every vector of a task by itself, and on its question and its start.

    No memory takes part: what the heads would read is put in by hand. At the start it is what the machine begins with;
    after that heads read zeros until they read a vector back, but with one weighting for reading and writing, they read
    what was written one step ago. Such a machine, and one with an LSTM's state, carries something from each step to the
    next, and so meets another input before each vector: the one that stands `turn` places earlier in the ring of all
    vectors, and for an LSTM of the start too. Training takes another turn in every update.
    """
    config, vectors = machine.config, alphabet.vectors
    nothing = vectors.new_zeros(len(vectors), config.read_heads * config.word_size)
    held, state, single = nothing, machine.controller.initial_state(len(vectors)), config.weightings == "single"
    question = alphabet.question.expand(len(vectors), -1) if single or state else alphabet.question
    first = machine.initial_state(1)
    if single or state:
        inputs, reads = vectors, nothing
        if state and alphabet.start is not None:
            inputs, reads = torch.cat([vectors, alphabet.start]), torch.cat([nothing, first.reads.flatten(1)])
        inputs, reads = inputs.roll(turn, 0)[: len(vectors)], reads.roll(turn, 0)[: len(vectors)]
        before, state = emitted(machine, inputs, reads, state)
        held = written_by(before, config.read_heads) if single else nothing
    coming_in, state = emitted(machine, vectors, held, state)
    written = written_by(coming_in, config.read_heads)
    asked, state = emitted(machine, question, (written if single else nothing)[: len(question)], state)
    read_back, _ = emitted(machine, torch.zeros_like(vectors), written, state)
    if alphabet.start is None:
        return Alone(coming_in, asked, read_back, None, None)
    begun, state = emitted(machine, alphabet.start, first.reads.flatten(1), first.controller)
    if not single:
        return Alone(coming_in, asked, read_back, begun, None)
    held, state = written_by(begun, config.read_heads), tuple(part.expand(len(vectors), -1) for part in state)
    after_start, _ = emitted(machine, vectors, held.expand(len(vectors), -1), state)
    return Alone(coming_in, asked, read_back, begun, after_start)


def first_rows(start: Tensor, first: Emission) -> Tensor:
    """The rows of first vectors, with what is left of the start where one weighting stays: (1,W,M) -> (V,W,M)."""
    stays = first.s[..., first.s.shape[-1] // 2].unsqueeze(-1)  # (V, W, 1)
    return stays * start * (1 - first.erase) + first.add


def written_by(emission: Emission, readers: int) -> Tensor:
    """The reads (V, R*M) of read heads that each stand on a row that was blank until one write head added to it."""
    writers = emission.add.shape[1]
    return torch.cat([emission.add[:, head % writers] for head in range(readers)], dim=-1)


def emitted(machine: NTM, x: Tensor, reads: Tensor, state: tuple[Tensor, ...]) -> tuple[Emission, tuple[Tensor, ...]]:
    """One step of the controller and the heads: input x (B, input), last reads (B, R*M), state -> `Emission`, state."""
    h, state = machine.controller(torch.cat([x, reads], dim=-1), state)
    return machine.heads(h), state


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
    """The largest negative logarithm of a head's weight over all vectors, summed over heads: (V,A)
    -> ()."""
    return -(weights.amin(0) + LOGARITHM_EPSILON).log().sum()
