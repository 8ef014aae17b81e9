"""Faults behind wrong bits: for each cause the sentence, the evidence and the cure."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from ntm_lib.analysis.causes import Case, read_meanwhile
from ntm_lib.analysis.finding import JUMP_CURES, Finding, Kind
from ntm_lib.analysis.route import SHARP, circular, usual_step

Explained = tuple[str, dict[str, Any]]
"""A sentence about a fault, and its evidence."""


def faults(case: Case) -> list[Finding]:
    """Explain each cause of wrong bits in a traced copy, the one with most wrong bits first."""
    found = []
    for cause, explain in EXPLAIN.items():
        lost = case.lost_to(cause)  # (B, L)
        if lost.any():
            sentence, evidence = explain(case, lost)
            counts = {"wrong_bits": int(case.wrong[lost].sum()), "sequences": int(lost.any(1).sum()), "of": len(lost)}
            cure = JUMP_CURES[evidence["reason"]] if cause == Kind.MISSED_JUMP else ""
            found.append(Finding(cause, True, sentence, counts | evidence, cure))
    return sorted(found, key=lambda fault: -int(fault.evidence["wrong_bits"]))


def find_jump(case: Case, sequence: int) -> dict[str, Any]:
    """List in plain numbers what decided where the read head of one sequence went at the end marker.

    `step` is that of the widest open gate, `row` the first vector's row, `right_row` the row that the key should find
    there to be in time, `found` the key's weight on it, `came` what the gate passes of that, `kept` what the gate keeps
    of `old_row`, and `rival` the row that the key finds most beside the right one.
    """
    trace, route, told, head = case.trace, case.route, case.trace.emission, case.route.read_head
    due, row = int(route.read_at[0]), int(route.written[sequence, 0])
    step = route.end_marker + int(told.g[sequence, route.end_marker : due + 1, head].argmax())
    beta, g, gamma = (part[sequence, step, head].item() for part in (told.beta, told.g, told.gamma))
    w_c, w_previous = trace.w_c[sequence, step, head], trace.w_previous[sequence, step, head]  # (N), (N)
    # a lost read head moves by this step's shift, and then as the write head usually does
    shift = int(told.s[sequence, step, head].argmax()) - trace.config.shift_range
    right_row = (row - shift - usual_step(route.written, case.rows)[0] * (due - step)) % case.rows
    found, others = w_c[right_row].item(), w_c.clone()
    others[right_row] = 0
    jump: dict[str, Any] = {"sequence": sequence, "step": step, "row": row, "right_row": right_row}
    jump |= {"landed": int(route.stood[sequence, 0]), "beta": beta, "g": g, "gamma": gamma}
    jump |= {"found": found, "came": g * found}
    jump |= {"old_row": int(w_previous.argmax()), "kept": (1 - g) * w_previous.max().item()}
    jump |= {"rival": int(others.argmax()), "rival_found": others.max().item()}
    return jump | {"others_together": others.sum().item()}


def _missed_jump(case: Case, lost: Tensor) -> Explained:
    jump = find_jump(case, _worst(case, lost))
    reasons = (
        (jump["g"] < SHARP, "gate", "its gate of {g:.2f} keeps it where it was"),
        (jump["rival_found"] > jump["found"], "key", "its key gives row {rival} more weight, {rival_found:.3g}"),
        (jump["found"] < SHARP, "key", "its key gives all other rows together a weight of {others_together:.3g}"),
        (
            jump["kept"] > jump["came"],
            "gate",
            "its gate of {g:.2f} keeps a weight of {kept:.3g} on row {old_row} and adds {came:.3g} on row {right_row}",
        ),
        (True, "shift", "its shift takes it elsewhere"),
    )
    reason, why = next((reason, why.format(**jump)) for holds, reason, why in reasons if holds)
    sentence = (
        "In step {step} {reader} should jump to row {right_row}, to be on row {row} when the first vector is due; it is"
        " on row {landed}: {why}."
    )
    return sentence.format(reader=case.reader, why=why, **jump), jump | {"reason": reason}


def find_slip(case: Case, sequence: int) -> dict[str, Any]:
    """List in plain numbers where a head of one sequence went to the row beside the right one.

    `vector` is the first after which vectors are out of place, `row` its row, and `stood` the row where the read head
    is at `step`, when it is due. The head that `slipped`, "read" or "write", did so in step `slipped_at`: it went to
    row `went`, and `right_row` is where its usual step would have brought it.
    """
    route = case.route
    vector = int((route.arrived[sequence] < SHARP).long().argmax())
    step, row, stood = (int(part[vector]) for part in (route.read_at, route.written[sequence], route.stood[sequence]))
    slip: dict[str, Any] = {"sequence": sequence, "step": step, "vector": vector, "row": row, "stood": stood}
    usual, before = usual_step(route.written, case.rows)[0], int(route.written[sequence, vector - 1])
    if circular(torch.tensor(row - before), case.rows) == usual:
        return slip | {"slipped": "read", "slipped_at": step, "went": stood, "right_row": row}
    slip |= {"slipped": "write", "slipped_at": int(route.wrote_at[vector])}
    return slip | {"went": row, "right_row": (before + usual) % case.rows}


def _off_by_one(case: Case, lost: Tensor) -> Explained:
    slip = find_slip(case, _worst(case, lost))
    sentence = (
        "{name} slips in sequence {sequence}: in step {step}, when vector {vector} in row {row} is due, {reader} is on"
        " row {stood}, and from then on vectors are out of place."
    )
    name = case.reader if slip["slipped"] == "read" else case.writer
    return sentence.format(name=name, reader=case.reader, **slip), slip


def _blur(case: Case, lost: Tensor) -> Explained:
    route, told, sequences = case.route, case.trace.emission, lost.any(1)
    head, name, place, peaks, steps = "read", case.reader, route.read_head, route.read_peak, route.read_at
    if writer_blurs(case, lost):
        head, name, place, peaks, steps = "write", case.writer, route.write_place, route.write_peak, route.wrote_at
    peaks = peaks[sequences].mean(0)  # (L)
    vector = int((peaks < SHARP).long().argmax()) if (peaks < SHARP).any() else int(peaks.argmin())
    step = int(steps[vector])
    gamma = told.gamma[sequences][:, steps, place].mean().item()
    leak = 1 - told.s[sequences][:, steps, place].max(-1).values.mean().item()
    sentence = (
        f"{name} blurs: its largest weight is {peaks[vector]:.2f} at vector {vector} (step {step}); its shift leaks"
        f" {leak:.2f} a step, and it sharpens by {gamma:.2f}."
    )
    evidence = {"head": head, "vector": vector, "step": step, "leak": leak, "gamma": gamma}
    return sentence, evidence | {"peaks": peaks[[0, vector, -1]].tolist()}


def writer_blurs(case: Case, lost: Tensor) -> bool:
    """Whether most vectors (B, L) that are lost to blur were blurred as they were written, not as they were read."""
    return bool((case.route.write_peak[lost] < SHARP).float().mean() >= SHARP)


def _wrap_around(case: Case, lost: Tensor) -> Explained:
    steps = case.trace.mask.shape[1]
    sentence = (
        f"{case.writer} goes round the memory of {case.rows} rows in the {steps} steps of a copy and writes over"
        f" vectors still to be read: {int(lost.any(0).sum())} of {lost.shape[1]} are lost."
    )
    return sentence, {"rows": case.rows, "steps": steps}


def _damaged(case: Case, lost: Tensor) -> Explained:
    """Explain rows that the write head changed after it wrote them: `last vectors` and `overwritten`."""
    route = case.route
    sequence, vector = lost.nonzero()[0].tolist()
    row, step = int(route.written[sequence, vector]), int(route.changed_at[sequence, vector])
    sentence = (
        f"{case.writer} writes vector {vector} of sequence {sequence} to row {row} and changes the row again, most in"
        f" step {step}: by {route.changed[sequence, vector]:.0%} of the change that wrote it, before it is read."
    )
    evidence = {"sequence": sequence, "vector": vector, "row": row, "step": step}
    return sentence, evidence | {"changed_by": route.changed[lost].median().item(), "usually_by": case.usually_changed}


def _on_the_right_rows(case: Case, lost: Tensor) -> Explained:
    """Explain vectors that are wrong with heads on the right rows: `restless writer`, `reader strays`, `garbled`."""
    sequence, vector = lost.nonzero()[0].tolist()
    step = case.route.end_marker + 1 + vector
    change, share = case.route.changed[lost].median().item(), read_meanwhile(case.trace, case.route, lost)
    sentence = (
        f"{case.reader} stood on the right rows, yet wrong vectors came out: {int(lost.sum())}. Before they were read,"
        f" their rows changed by {change:.0%} of the change that wrote them; while they were written, its reads were"
        f" {share:.0%} as long as in the answer."
    )
    evidence = {"sequence": sequence, "vector": vector, "step": step}
    return sentence, evidence | {"rows_change_by": change, "read_meanwhile": share}


def _worst(case: Case, lost: Tensor) -> int:
    """Find the sequence with most wrong bits in vectors (B, L) that are lost to one cause."""
    return int((case.wrong * lost).sum(1).argmax())


EXPLAIN: dict[Kind, Callable[[Case, Tensor], Explained]] = {
    Kind.MISSED_JUMP: _missed_jump,
    Kind.OFF_BY_ONE: _off_by_one,
    Kind.BLUR: _blur,
    Kind.WRAP_AROUND: _wrap_around,
    Kind.LAST_VECTORS: _damaged,
    Kind.OVERWRITTEN: _damaged,
    Kind.RESTLESS_WRITER: _on_the_right_rows,
    Kind.READER_STRAYS: _on_the_right_rows,
    Kind.GARBLED: _on_the_right_rows,
}
"""For each cause the function that explains a case by the vectors (B, L) that are lost to the cause."""
