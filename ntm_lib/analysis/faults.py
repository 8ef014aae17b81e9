"""From wrong bits to faults: one function a cause, each silent where the cause made no bit wrong."""

import torch
from torch import Tensor

from ntm_lib.analysis.causes import HARM, LAST, damage_of, usual_damage
from ntm_lib.analysis.finding import Case, Finding, capital, head_name
from ntm_lib.analysis.jump import find_jump, why_missed
from ntm_lib.analysis.route import SHARP, circular, travelled, usual_step

MIXED_IN = 0.5
"""What is read gets into what is written when, meanwhile, half as much is read as in the answer."""


def missed_jump(case: Case) -> Finding | None:
    """When the first vector was due, the reader stood elsewhere: which rows competed, and what decided."""
    lost = case.lost_to("missed jump")
    if not lost.any():
        return None
    evidence = find_jump(case, _worst(case, lost))
    reader = head_name(case.trace, "read", case.route.read_head)
    sentence = (
        "When the end marker comes (step {step}), {reader} should come to the first vector's row {row} by way of row"
        " {right_row}; it comes to row {landed}: {why}. The key finds row {right_row} by {found:.3g}; the gate leaves"
        " {came:.3g} of it, and {kept:.3g} in the old place; sharpening by {gamma:.1f} decides for the larger."
    ).format(reader=reader, why=why_missed(evidence), **evidence)
    cure = (
        "Give the jump room to spare: train with large memories (large_memories) and halved key strengths (handicap),"
        " and let the reader rest before the end marker (rest, focus, spaced first weightings)."
    )
    return _fault("missed jump", sentence, _counted(case, lost) | evidence, cure)


def off_by_one(case: Case) -> Finding | None:
    """From some vector on the reader stands on the row of another one: the paper's "global error"."""
    lost = case.lost_to("off by one")
    if not lost.any():
        return None
    trace, route, sequence = case.trace, case.route, _worst(case, lost)
    vector = int((route.arrived[sequence] < SHARP).long().argmax())
    step, shift = int(route.read_at[vector]), _shifted_by(case, sequence, vector)
    kind, index = _slipping_head(case, sequence, vector)
    stood, written = int(route.stood[sequence, vector]), int(route.written[sequence, vector])
    moved = {-1: "is the payload one vector late", 1: "is the payload one vector early"}.get(shift, "is out of order")
    sentence = (
        f"In sequence {sequence} {head_name(trace, kind, index)} slips: from step {step} on, where vector {vector} in"
        f" row {written} is due, the reader stands on other rows (first on {stood}), and what comes out {moved}."
    )
    evidence = {"sequence": sequence, "step": step, "vector": vector, "row": written, "stood": stood}
    evidence |= {"slipped": kind, "output_shifted_by": shift}
    cure = (
        "One vector in many made a shift or a gate waver: train on more kinds of payload (uneven, varied) and keep the"
        " payload from steering the heads (location_gain)."
    )
    return _fault("off by one", sentence, _counted(case, lost) | evidence, cure)


def _slipping_head(case: Case, sequence: int, vector: int) -> tuple[str, int]:
    """The writer where its move to this vector's row was not its usual one; else the reader."""
    move = circular(case.route.written[sequence, vector] - case.route.written[sequence, vector - 1], case.rows)
    if int(move) != usual_step(case.route.written, case.rows)[0]:
        return "write", case.route.write_head
    return "read", case.route.read_head


def _shifted_by(case: Case, sequence: int, vector: int) -> int:
    """-1 or 1 where the answer from this vector on is the payload so many vectors later or earlier; else 0."""
    answer = case.trace.mask[sequence] > 0
    out, wanted = case.trace.logits[sequence, answer] > 0, case.trace.targets[sequence, answer] > 0
    length = len(wanted)
    for shift in (-1, 1):
        steps = torch.arange(vector, min(length, length - shift))
        steps = steps[steps + shift >= 0]
        if len(steps) and (out[steps] == wanted[steps + shift]).all():
            return shift
    return 0


def blur(case: Case) -> Finding | None:
    """A head is spread over several rows: which one, from which vector on, and how fast."""
    lost = case.lost_to("blur")
    if not lost.any():
        return None
    route, trace, sequences = case.route, case.trace, lost.any(1)
    if (route.write_peak[lost] < SHARP).float().mean() >= SHARP:
        kind, index, place, peaks, steps = (
            "write",
            route.write_head,
            route.write_place,
            route.write_peak,
            route.wrote_at,
        )
    else:
        kind, index, place, peaks, steps = "read", route.read_head, route.read_head, route.read_peak, route.read_at
    peaks = peaks[sequences].mean(0)  # (L)
    vector = int((peaks < SHARP).long().argmax()) if (peaks < SHARP).any() else int(peaks.argmin())
    gamma = trace.emission.gamma[sequences][:, steps, place].mean().item()
    leak = 1 - trace.emission.s[sequences][:, steps, place].max(-1).values.mean().item()
    name = capital(head_name(case.trace, kind, index))
    until = f"{peaks[0]:.2f} at the first vector, {peaks[vector]:.2f}" if vector else f"{peaks[0]:.2f}"
    sentence = (
        f"{name} blurs: its largest weight is {until} at vector {vector} (step {int(steps[vector])}) and"
        f" {peaks[-1]:.2f} at the last; its shift leaks {leak:.2f} a step, and it sharpens by {gamma:.2f}."
    )
    evidence = {"head": kind, "index": index, "vector": vector, "step": int(steps[vector])}
    evidence |= {"peaks": _five(peaks), "leak": leak, "gamma": gamma}
    cure = "Ask for sharp weightings once the task is learned (focus), and train until the loss is below 0.01."
    return _fault("blur", sentence, _counted(case, lost) | evidence, cure)


def wrap_around(case: Case) -> Finding | None:
    """The writer goes round the tape and over what it wrote."""
    lost = case.lost_to("wrap-around")
    if not lost.any():
        return None
    way = travelled(case.route.write_path, case.rows, case.trace.config.shift_range).abs()[lost.any(1)]
    steps, rows = way.shape[1], case.rows
    came_round = (way >= rows - 1).any(0).nonzero()
    step = int(came_round[0]) if len(came_round) else steps - 1
    writer = head_name(case.trace, "write", case.route.write_head)
    sentence = (
        f"{capital(writer)} goes round the tape of {rows} rows by step {step} of {steps} and writes over what is still"
        f" to be read: {int(lost.any(0).sum())} of {lost.shape[1]} vectors are lost."
    )
    cure = f"Give it at least {steps} rows (memory_size), one for every step."
    return _fault("wrap-around", sentence, _counted(case, lost) | {"rows": rows, "steps": steps, "step": step}, cure)


def last_vectors(case: Case) -> Finding | None:
    """The writer does not rest after the end marker, and the last rows suffer."""
    lost = case.lost_to("last vectors")
    if not lost.any():
        return None
    damage, at, _ = damage_of(case.trace, case.route)
    writer = head_name(case.trace, "write", case.route.write_head)
    share = damage[lost].max().item()
    sentence = (
        f"The last vectors are lost: after the end marker {writer} goes on changing their rows, by {share:.2g} times"
        f" what was written there before they are read."
    )
    evidence = {"within_the_last": LAST, "changed_by": share, "changed_most_at": sorted(set(at[lost].tolist()))[:5]}
    cure = "Ask the writer to rest during the answer (quiet), and begin with open erase gates (erase_bias)."
    return _fault("last vectors", sentence, _counted(case, lost) | evidence, cure)


def overwritten(case: Case) -> Finding | None:
    """The writer comes back to a row before it was read."""
    lost = case.lost_to("overwritten")
    if not lost.any():
        return None
    damage, at, _ = damage_of(case.trace, case.route)
    sequence, vector = lost.nonzero()[0].tolist()
    row, step = int(case.route.written[sequence, vector]), int(at[sequence, vector])
    writer = head_name(case.trace, "write", case.route.write_head)
    sentence = (
        f"{capital(writer)} comes back: the row of vector {vector} of sequence {sequence}, row {row}, is changed again"
        f" at step {step}, by {damage[sequence, vector]:.2g} times what was written there."
    )
    evidence = {"sequence": sequence, "vector": vector, "row": row, "step": step}
    changed_by = {"changed_by": damage[lost].median().item(), "usually_by": usual_damage(case.trace, damage)}
    cure = "A writer must move on at every vector: keep the payload from steering it (location_gain, uneven payloads)."
    return _fault("overwritten", sentence, _counted(case, lost) | evidence | changed_by, cure)


def garbled(case: Case) -> Finding | None:
    """Heads and rows are in order, and the bits are wrong: they were written, or are understood, wrongly."""
    lost = case.lost_to("other")
    if not lost.any():
        return None
    sequence, vector = lost.nonzero()[0].tolist()
    step = int(case.trace.mask[0].nonzero()[vector])
    logit = case.trace.logits[case.trace.wrong].abs().median().item()
    sentence = (
        f"Garbled vectors, {int(lost.sum())}: the heads stood on the right rows, yet bits are wrong, the first in"
        f" vector {vector} of sequence {sequence} (step {step}); a wrong logit is {logit:.2g} from 0 in the middle."
    )
    evidence = _counted(case, lost) | {"sequence": sequence, "vector": vector, "step": step, "wrong_logit": logit}
    name, why, cure = _why_garbled(case, lost, evidence)
    return _fault(name, f"{sentence} {why}", evidence, cure)


def _why_garbled(case: Case, lost: Tensor, evidence: dict) -> tuple[str, str, str]:
    """A name, a sentence and a cure for garbled vectors; what they rest on joins the evidence."""
    meanwhile, change = _read_meanwhile(case, lost), usual_damage(case.trace, damage_of(case.trace, case.route)[0])
    evidence |= {"read_meanwhile": meanwhile, "rows_change_by": change}
    if change >= HARM:
        why = (
            f"All rows change before they are read, by {change:.2g} times what was written there: bits have no margin."
        )
        return "restless writer", why, "Ask the writer to rest during the answer (quiet), with open erase gates."
    if meanwhile >= MIXED_IN and case.trace.config.weightings != "single":
        why = f"When they were written something was being read, {meanwhile:.2g} times as much as in the answer."
        return "reader strays", why, "Let the reader rest on a blank row meanwhile (rest): what it reads is mixed in."
    cure = "Train longer, and on vectors of every density (uneven, varied payloads): some have no clear code."
    return "garbled", "Nothing had changed the rows, and little was read when they were written.", cure


def _read_meanwhile(case: Case, lost: Tensor) -> float:
    """The length of what was read just before these vectors were written, as a share of that in the answer."""
    lengths = case.trace.reads[:, :, case.route.read_head].norm(dim=-1)  # (B, T)
    before = lengths[:, (case.route.wrote_at - 1).clamp(min=0)][lost].mean()
    return (before / lengths[:, case.route.read_at].mean().clamp(min=1e-12)).item()


BY_CAUSE = (missed_jump, off_by_one, blur, wrap_around, last_vectors, overwritten, garbled)
"""One function for each of `CAUSES`, in their order."""


def _fault(name: str, sentence: str, evidence: dict, cure: str) -> Finding:
    return Finding(name, True, sentence, evidence, cure)


def _counted(case: Case, lost: Tensor) -> dict:
    """How many bits and sequences a cause made wrong."""
    return {"wrong_bits": int(case.wrong[lost].sum()), "sequences": int(lost.any(1).sum()), "of": len(lost)}


def _worst(case: Case, lost: Tensor) -> int:
    """The sequence with most wrong bits of one cause."""
    return int((case.wrong * lost).sum(1).argmax())


def _five(values: Tensor) -> list[float]:
    """First, last and three between."""
    places = torch.linspace(0, len(values) - 1, 5).round().long()
    return [round(value, 4) for value in values[places].tolist()]
