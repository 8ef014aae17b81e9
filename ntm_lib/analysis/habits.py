"""What a machine does, right or wrong: where it stores, how its heads find their rows, and what depends on them.

A habit is a fault only where bits come out wrong; a machine that copies may do so in any way.
"""

import torch
from torch import Tensor

from ntm_lib import tasks
from ntm_lib.analysis.finding import Case, Finding, capital, head_name, moves
from ntm_lib.analysis.route import SHARP, usual_step
from ntm_lib.analysis.silence import silenced
from ntm_lib.machine import NTM
from ntm_lib.training.evaluation import copy_through, rows_needed

ORDERLY = 0.9
"""A head has a direction when nine of ten of its moves are the same one: a slip now and then is a fault of its own."""
OPEN, CLOSED = 0.9, 0.1
"""Gates that leave less than a tenth to the other side: content alone, and location alone."""
TOGETHER = 0.95
"""Cosine between two heads' weightings, on average over all steps, above which they are one head."""
ALIKE = 0.05
"""Rows are alike when none differs from their mean by more than this share of the largest number in memory."""
STILL = 0.99
"""A head is still when it stands on one row in all but one of a hundred steps."""
REMEMBERS = 0.9
"""Share of bits right without reading from which on a controller has its own copy; guessing makes 0.5."""
SHORT = 10
"""Vectors of the short copies that ask what depends on a head: a state of its own holds no more."""


def stores(case: Case) -> Finding:
    """Where the first vector goes and which way the writer walks from there."""
    step, share = usual_step(case.route.written, case.rows)
    first, writer = int(case.route.written[:, 0].mode().values), head_name(case.trace, "write", case.route.write_head)
    evidence = {"first_row": first, "rows": case.rows, "step": step, "share": share}
    sentence = f"{capital(writer)} puts the first vector in row {first} of {case.rows} and {moves(step)}"
    if share < ORDERLY:
        sentence += f" in only {share:.0%} of its moves: it has no order."
        return Finding("stores in no order", False, sentence, evidence)
    order = {1: "forwards", -1: "backwards", 0: "in one row"}.get(step, f"in steps of {step}")
    return Finding(f"stores {order}", False, f"{sentence}: it stores {order}.", evidence)


def reads(case: Case) -> Finding:
    """Where the reader waits, how it gets to the first vector, and which way it walks."""
    trace, route = case.trace, case.route
    reader = head_name(trace, "read", route.read_head)
    gates = trace.emission.g[:, route.end_marker : int(route.read_at[0]) + 1, route.read_head]
    jumps = gates.max(1).values.mean().item()
    waits = int(route.read_path[:, route.end_marker - 1].mode().values)
    lands = int(route.stood[:, 0].mode().values)
    step, _ = usual_step(route.stood, case.rows)
    how = "by content" if jumps >= OPEN else "by location" if jumps <= CLOSED else "by content and location"
    sentence = (
        f"Before the end marker {reader} is on row {waits}; then it goes to row {lands} {how} (gate {jumps:.2f}) and"
        f" {moves(step)}."
    )
    return Finding(f"reads {how}", False, sentence, {"waits_on": waits, "lands_on": lands, "gate": jumps, "step": step})


def one_way_of_addressing(case: Case) -> Finding | None:
    """A head that walks by content alone, or a reader that never looks for anything."""
    route, gates = case.route, case.trace.emission.g.mean(0)  # (T, A)
    reader = head_name(case.trace, "read", route.read_head)
    writer = head_name(case.trace, "write", route.write_head)
    walks = {writer: gates[route.wrote_at, route.write_place], reader: gates[route.end_marker :, route.read_head]}
    name, lowest = max(((name, gate.min().item()) for name, gate in walks.items()), key=lambda walk: walk[1])
    highest = gates[:, route.read_head].max().item()
    if lowest > OPEN:
        sentence = f"{capital(name)} goes by content alone: its gate is never below {lowest:.2f} while it walks."
        cure = "Let gates close: a head that walks needs its last weighting (location_gain, spaced first weightings)."
        return _habit(case, "content-only addressing", sentence, {"lowest_gate": lowest}, cure)
    if highest < CLOSED:
        sentence = f"{capital(reader)} goes by location alone: its gate is never above {highest:.2f}."
        cure = "Let gates open: without a key a reader comes to the first vector only if it waits there."
        return _habit(case, "location-only addressing", sentence, {"highest_gate": highest}, cure)
    return None


def locked_together(case: Case) -> Finding | None:
    """The reader and the writer point at the same rows in every step, though each has a weighting of its own."""
    if case.trace.config.weightings == "single":
        return None
    writing, reading = case.trace.w_write[:, :, case.route.write_head], case.trace.w_read[:, :, case.route.read_head]
    alike = torch.cosine_similarity(writing, reading, dim=-1).mean().item()
    if alike < TOGETHER:
        return None
    writer = head_name(case.trace, "write", case.route.write_head)
    reader = head_name(case.trace, "read", case.route.read_head)
    sentence = (
        f"{capital(reader)} and {writer} are locked together: their weightings agree to {alike:.2f} in all steps."
    )
    cure = "Let the heads begin on rows of their own (initial_weights spaced): alike ones get the same gradients."
    return _habit(case, "locked together", sentence, {"cosine": alike}, cure)


def stuck(case: Case) -> Finding | None:
    """The symmetry was never broken: all rows hold the same, or all that is written goes to one row."""
    memory = case.trace.end.memory  # (B, N, M)
    differs = ((memory - memory.mean(1, keepdim=True)).abs().max() / memory.abs().max().clamp(min=1e-12)).item()
    still = min(_stillness(path) for path in (case.route.written, case.route.stood))
    if differs <= ALIKE:
        sentence = f"All {case.rows} rows hold the same, up to {differs:.1%}: no head ever singled one out."
    elif still >= STILL and case.wrong.shape[1] > 1 and case.route.write_peak.mean() >= SHARP:
        row = int(case.route.written.mode().values.mode().values)
        sentence = f"Heads are stuck: every vector is written to row {row}, and every one is read from one row."
    else:
        return None
    cure = "Break the symmetry at the start: heads on rows of their own (initial_weights spaced), short sequences too."
    return _habit(case, "stuck", sentence, {"rows_differ_by": differs, "share_of_steps_still": still}, cure)


def _stillness(path: Tensor) -> float:
    """The share of places (B, L) that are a sequence's commonest row."""
    return (path == path.mode(1, keepdim=True).values).float().mean().item()


def idle_heads(case: Case, model: NTM) -> Finding | None:
    """Heads without which not one output bit of short copies changes, each taken away alone."""
    bits = short_payload(model)
    before = _outputs(model, bits)
    heads = [("read", index) for index in range(model.config.read_heads)]
    heads += [("write", index) for index in range(model.config.write_heads)]
    idle = []
    for kind, index in heads:
        with silenced(model, **{kind: [index]}):
            if (_outputs(model, bits) == before).all():
                idle.append((kind, index))
    if not idle:
        return None
    what = " and ".join(f"what {head_name(case.trace, kind, index)} {kind}s" for kind, index in idle)
    sentence = f"Idle: {what}. Taken away alone, none changes one of {before.numel()} output bits of short copies."
    if idle == heads:
        sentence = f"No head does anything: without any one of them, all {before.numel()} output bits stay the same."
    cure = "Begin with heads on rows of their own (initial_weights spaced), or take fewer."
    return _habit(case, "idle head", sentence, {"idle": [list(head) for head in idle], "bits": before.numel()}, cure)


def copies_without_memory(case: Case, model: NTM) -> Finding | None:
    """The controller remembers short sequences itself: with nothing read, the answer is still right.

    That is no fault of a machine that copies longer ones as well.
    """
    bits = short_payload(model)
    with silenced(model, read=range(model.config.read_heads)):
        right = 1 - int((_outputs(model, bits) != (bits > 0)).sum()) / bits.numel()
    if right < REMEMBERS:
        return None
    sentence = (
        f"The controller copies without the memory: with nothing read, {right:.1%} of {bits.numel()} bits are right."
    )
    cure = "Make the controller smaller or more forgetful (controller_size, forget_ceiling), or the sequences longer."
    fault = case.is_wrong or case.wrong.shape[1] <= SHORT
    evidence = {"share_right": right, "vectors": SHORT}
    return Finding("copies without memory", fault, sentence, evidence, cure if fault else "")


def short_payload(model: NTM) -> Tensor:
    """Random sequences that a controller might remember: (8, SHORT, width), always the same."""
    return tasks.payload(8, SHORT, model.config.output_size, generator=torch.Generator().manual_seed(0))


def _outputs(model: NTM, bits: Tensor) -> Tensor:
    """What comes out for a payload, as True and False."""
    return copy_through(model, bits, rows_needed(SHORT) if model.free_memory_size else None) > 0


def _habit(case: Case, name: str, sentence: str, evidence: dict, cure: str) -> Finding:
    """A fault, with its cure, where bits are wrong; else just something to know."""
    return Finding(name, case.is_wrong, sentence, evidence, cure if case.is_wrong else "")


STARTS = (stuck, locked_together, one_way_of_addressing)
"""What a training may never have got away from, each read from a traced copy."""
DEPENDENCIES = (copies_without_memory, idle_heads)
"""What the answer depends on, each asked of the machine."""
