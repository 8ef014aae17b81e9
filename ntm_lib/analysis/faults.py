"""Faults behind wrong bits: for each cause the sentence, the evidence and the cure."""

from collections.abc import Callable
from typing import Any

from torch import Tensor

from ntm_lib.analysis.causes import Case, read_meanwhile
from ntm_lib.analysis.finding import Finding, Kind, head_name
from ntm_lib.analysis.jump import find_jump, why_missed
from ntm_lib.analysis.route import SHARP, circular, usual_step

Explained = tuple[str, dict[str, Any]]
"""A sentence about a fault, and its evidence."""


def faults(case: Case) -> list[Finding]:
    """Explain each cause of wrong bits in a traced copy, the one with most wrong bits first."""
    found = []
    for cause, (explain, cure) in EXPLAIN.items():
        lost = case.lost_to(cause)  # (B, L)
        if lost.any():
            sentence, evidence = explain(case, lost)
            counts = {"wrong_bits": int(case.wrong[lost].sum()), "sequences": int(lost.any(1).sum()), "of": len(lost)}
            found.append(Finding(cause, True, sentence, counts | evidence, cure))
    return sorted(found, key=lambda fault: -int(fault.evidence["wrong_bits"]))


def _missed_jump(case: Case, lost: Tensor) -> Explained:
    jump = find_jump(case, int((case.wrong * lost).sum(1).argmax()))
    sentence = (
        "In step {step} {reader} should jump to row {right_row}, to be on row {row} when the first vector is due; it is"
        " on row {landed}: {why}. Its key gives row {right_row} a weight of {found:.3g}, of which {came:.3g} passes the"
        " gate; the old row {old_row} keeps {kept:.3g}; sharpening by {gamma:.1f} decides for the larger."
    )
    return sentence.format(reader=case.reader, why=why_missed(jump), **jump), jump


def _off_by_one(case: Case, lost: Tensor) -> Explained:
    route, sequence = case.route, int((case.wrong * lost).sum(1).argmax())
    vector = int((route.arrived[sequence] < SHARP).long().argmax())
    row, stood = int(route.written[sequence, vector]), int(route.stood[sequence, vector])
    move = circular(route.written[sequence, vector] - route.written[sequence, vector - 1], case.rows)
    slipped = "read" if move == usual_step(route.written, case.rows)[0] else "write"
    step = int(route.read_at[vector])
    sentence = (
        f"{case.reader if slipped == 'read' else case.writer} slips in sequence {sequence}: in step {step}, when vector"
        f" {vector} in row {row} is due, {case.reader} is on row {stood}, and from then on vectors are out of place."
    )
    evidence = {"sequence": sequence, "step": step, "vector": vector, "row": row, "stood": stood}
    return sentence, evidence | {"slipped": slipped}


def _blur(case: Case, lost: Tensor) -> Explained:
    route, told, sequences = case.route, case.trace.emission, lost.any(1)
    head, place, peaks, steps = "read", route.read_head, route.read_peak, route.read_at
    if (route.write_peak[lost] < SHARP).float().mean() >= SHARP:
        head, place, peaks, steps = "write", route.write_place, route.write_peak, route.wrote_at
    peaks = peaks[sequences].mean(0)  # (L)
    vector = int((peaks < SHARP).long().argmax()) if (peaks < SHARP).any() else int(peaks.argmin())
    gamma = told.gamma[sequences][:, steps, place].mean().item()
    leak = 1 - told.s[sequences][:, steps, place].max(-1).values.mean().item()
    sentence = (
        f"{head_name(case.trace.config, place)} blurs: its largest weight is"
        f" {f'{peaks[0]:.2f} at the first vector, ' if vector else ''}{peaks[vector]:.2f} at vector {vector} (step"
        f" {int(steps[vector])}) and {peaks[-1]:.2f} at the last; its shift leaks {leak:.2f} a step, and it sharpens by"
        f" {gamma:.2f}."
    )
    evidence = {"head": head, "vector": vector, "step": int(steps[vector]), "leak": leak, "gamma": gamma}
    return sentence, evidence | {"peaks": peaks[[0, vector, -1]].tolist()}


def _wrap_around(case: Case, lost: Tensor) -> Explained:
    steps = case.trace.mask.shape[1]
    sentence = (
        f"{case.writer} goes round the memory of {case.rows} rows in the {steps} steps of a copy and writes over"
        f" vectors still to be read: {int(lost.any(0).sum())} of {lost.shape[1]} are lost."
    )
    return sentence, {"rows": case.rows, "steps": steps}


def _damaged(case: Case, lost: Tensor) -> Explained:
    """Explain rows that the write head changed after it wrote them: `last vectors` and `overwritten`."""
    damage = case.damage
    sequence, vector = lost.nonzero()[0].tolist()
    row, step = int(case.route.written[sequence, vector]), int(damage.at[sequence, vector])
    sentence = (
        f"{case.writer} writes vector {vector} of sequence {sequence} to row {row} and changes the row again, most in"
        f" step {step}: before the vector is read, by {damage.share[sequence, vector]:.0%} of the change that wrote it."
    )
    evidence = {"sequence": sequence, "vector": vector, "row": row, "step": step}
    return sentence, evidence | {"changed_by": damage.share[lost].median().item(), "usually_by": damage.usual}


def _on_the_right_rows(case: Case, lost: Tensor) -> Explained:
    """Explain vectors that are wrong with heads on the right rows: `restless writer`, `reader strays`, `garbled`."""
    sequence, vector = lost.nonzero()[0].tolist()
    step = int(case.trace.mask[0].nonzero()[vector])
    change, share = case.damage.share[lost].median().item(), read_meanwhile(case.trace, case.route, lost)
    sentence = (
        f"{case.reader} stood on the right rows, yet wrong vectors came out: {int(lost.sum())}, the first in step"
        f" {step} of sequence {sequence} (vector {vector}). Before they were read, their rows changed by {change:.0%}"
        f" of the change that wrote them; while they were written, its reads were {share:.0%} as long as in the answer."
    )
    evidence = {"sequence": sequence, "vector": vector, "step": step}
    return sentence, evidence | {"rows_change_by": change, "read_meanwhile": share}


REST = "Train the write head to rest during the answer (quiet), and begin with open erase gates (erase_bias)."
STEER = "Let the payload steer the heads less (location_gain), and train on uneven or varied payloads."
EXPLAIN: dict[Kind, tuple[Callable[[Case, Tensor], Explained], str]] = {
    Kind.MISSED_JUMP: (_missed_jump, "Train with larger memories (large_memories), weaker keys (handicap) and rest."),
    Kind.OFF_BY_ONE: (_off_by_one, STEER),
    Kind.BLUR: (_blur, "Train for sharp weightings (focus), and until the loss is below 0.01."),
    Kind.WRAP_AROUND: (_wrap_around, "Give the memory at least one row for every step (memory_size)."),
    Kind.LAST_VECTORS: (_damaged, REST),
    Kind.OVERWRITTEN: (_damaged, STEER),
    Kind.RESTLESS_WRITER: (_on_the_right_rows, REST),
    Kind.READER_STRAYS: (_on_the_right_rows, "Train the read head to rest on a blank row until the end marker (rest)."),
    Kind.GARBLED: (_on_the_right_rows, "Train longer, and on uneven or varied payloads."),
}
"""For each cause its cure, and the function that explains a case by the vectors (B, L) that are lost to the cause."""
