"""Habits of a machine, right or wrong: where it stores, how its heads find their rows, and which heads it needs.

A habit is a fault only where bits come out wrong; a machine that copies may do so in any way.
"""

import torch

from ntm_lib import tasks
from ntm_lib.analysis.causes import Case
from ntm_lib.analysis.copies import copy_through, rows_needed
from ntm_lib.analysis.finding import Finding, Kind, head_name
from ntm_lib.analysis.route import SHARP, usual_step
from ntm_lib.analysis.silence import silenced
from ntm_lib.machine import NTM

ORDERLY = 0.9  # share of alike moves from which on a write head stores in an order; a rare slip is a fault of its own
OPEN, CLOSED = 0.9, 0.1  # a gate above the first addresses by content alone, one below the second by location alone
TOGETHER = 0.95  # cosine of two heads' weightings, averaged over all steps, from which on they are locked together
ALIKE = 0.05  # rows are alike when none differs from their mean by more than this share of the largest number in memory
STILL = 0.99  # share of the vectors in one row from which on a head is stuck
SHORT = 10  # vectors of the short copies that show what depends on a head: more do not fit into a controller


def stores(case: Case) -> Finding:
    """Find where the first vector is written and which way the write head goes from there."""
    step, share = usual_step(case.route.written, case.rows)
    first = int(case.route.written[:, 0].mode().values)
    way = {1: "forwards", -1: "backwards", 0: "in one row"}.get(step, f"in steps of {step}")
    way = way if share >= ORDERLY else "in no order"
    sentence = f"{case.writer} writes the first vector to row {first} of {case.rows} and stores {way}."
    evidence = {"first_row": first, "rows": case.rows, "step": step, "share": share}
    return Finding(Kind.STORES, False, sentence, evidence, way=way)


def reads(case: Case) -> Finding:
    """Find where the read head waits, how it gets to the first vector, and which way it goes from there."""
    route, end = case.route, case.route.end_marker
    gate = case.trace.emission.g[:, end : int(route.read_at[0]) + 1, route.read_head].amax(1).mean().item()
    waits = int(case.trace.w_read[:, end - 1, route.read_head].argmax(-1).mode().values)
    lands, step = int(route.stood[:, 0].mode().values), usual_step(route.stood, case.rows)[0]
    way = "by content" if gate >= OPEN else "by location" if gate <= CLOSED else "by content and location"
    sentence = f"Before the end marker {case.reader} is on row {waits}; then it goes to row {lands} {way}."
    evidence = {"waits_on": waits, "lands_on": lands, "gate": gate, "step": step}
    return Finding(Kind.READS, False, sentence, evidence, way=way)


def one_way_of_addressing(case: Case) -> Finding | None:
    """Find a head that walks by content alone, or a read head that never uses its key."""
    route, gates = case.route, case.trace.emission.g.mean(0)  # (T, A)
    reading, writing = gates[:, route.read_head], gates[route.wrote_at, route.write_place]
    lowest, name = max((reading[route.end_marker :].min().item(), case.reader), (writing.min().item(), case.writer))
    highest = reading.max().item()
    if lowest > OPEN:
        sentence = f"{name} addresses by content alone: its gate is never below {lowest:.2f} while it walks."
        return Finding(Kind.CONTENT_ONLY, case.is_wrong, sentence, {"lowest_gate": lowest})
    if highest < CLOSED:
        sentence = f"{case.reader} addresses by location alone: its gate is never above {highest:.2f}."
        return Finding(Kind.LOCATION_ONLY, case.is_wrong, sentence, {"highest_gate": highest})
    return None


def locked_together(case: Case) -> Finding | None:
    """Find out whether read head and write head always point at the same rows, though each has its own weighting."""
    trace, route = case.trace, case.route
    writing, reading = trace.w_write[:, :, route.write_head], trace.w_read[:, :, route.read_head]
    cosine = torch.cosine_similarity(writing, reading, dim=-1).mean().item()
    if trace.config.weightings == "single" or cosine < TOGETHER:
        return None
    sentence = f"{case.reader} and {case.writer} are locked together: the cosine of their weightings is {cosine:.2f}."
    return Finding(Kind.LOCKED_TOGETHER, case.is_wrong, sentence, {"cosine": cosine})


def stuck(case: Case) -> Finding | None:
    """Find out whether all rows hold the same numbers, or all vectors are written to one row."""
    memory = case.trace.end.memory  # (B, N, M)
    differs = ((memory - memory.mean(1, keepdim=True)).abs().max() / memory.abs().max().clamp(min=1e-12)).item()
    paths = case.route.written, case.route.stood  # each (B, L)
    still = min((path == path.mode(1, keepdim=True).values).float().mean().item() for path in paths)
    if differs <= ALIKE:
        sentence = f"All {case.rows} rows hold the same numbers, up to {differs:.1%}: no head ever chose one of them."
    elif still >= STILL and case.wrong.shape[1] > 1 and case.route.write_peak.mean() >= SHARP:
        row = int(case.route.written.mode().values.mode().values)
        sentence = f"The heads are stuck: every vector is written to row {row}, and every one is read from one row."
    else:
        return None
    return Finding(Kind.STUCK, case.is_wrong, sentence, {"rows_differ_by": differs, "share_still": still})


def idle_heads(case: Case, model: NTM) -> Finding | None:
    """Find heads without which not one output bit of short random copies changes, each silenced alone."""
    config = model.config
    bits = tasks.payload(8, SHORT, config.output_size, generator=torch.Generator().manual_seed(0))
    rows = rows_needed(SHORT) if model.free_memory_size else None
    before = copy_through(model, bits, rows)
    heads = [("read", index, index) for index in range(config.read_heads)]
    first = config.addressing_heads - config.write_heads  # with single weightings 0: a pair of heads has one place
    heads += [("write", index, first + index) for index in range(config.write_heads)]
    idle, names = [], []
    for kind, index, place in heads:
        with silenced(model, **{kind: [index]}):
            if torch.equal(copy_through(model, bits, rows), before):
                idle.append([kind, index])
                names.append(f"what {head_name(config, place)} {kind}s")
    if not idle:
        return None
    sentence = (
        f"Idle: {' and '.join(names)}. Silenced alone, none changes one of {before.numel()} bits of short copies."
    )
    return Finding(Kind.IDLE_HEAD, case.is_wrong, sentence, {"idle": idle})
