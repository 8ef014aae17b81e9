"""The diagnosis of a machine: its faults and habits in sentences with numbers, from a traced copy and its training."""

from collections.abc import Sequence
from dataclasses import asdict
from itertools import product
from typing import Any

import torch
from torch import Generator, Tensor

from ntm_lib import tasks
from ntm_lib.analysis import habits
from ntm_lib.analysis.causes import case_of, causes, first_wrong
from ntm_lib.analysis.copies import copy_format, judged_payloads, rows_needed, wrong_bits
from ntm_lib.analysis.faults import faults
from ntm_lib.analysis.finding import CAUSES, Finding, Kind
from ntm_lib.analysis.history import from_history
from ntm_lib.analysis.moves import habits_of_heads
from ntm_lib.analysis.reach import FARTHEST, LENGTH_TRIED, reach
from ntm_lib.analysis.trace import Trace, require_room, trace_copy, with_memory
from ntm_lib.machine import NTM, validate
from ntm_lib.tasks.sizes import Size, size_text
from ntm_lib.training.evaluation import Machine
from ntm_lib.training.run import Run

LENGTH = 120  # vectors of the copies that are traced: the longest that a verdict asks for
NUMBERS_TRACED = 4_000_000  # steps times rows of all traced sequences: of long ones fewer are traced, random ones first
MOST_TRACED = 8  # sequences that are traced of those that a verdict counted as wrong


def diagnose(
    model: Machine, run: Run | None = None, length: int | None = None, memory_size: int | None = None
) -> list[Finding]:
    """List the faults of a machine, or "healthy", and then how it works.

    Eleven sequences of all kinds are copied and traced (fewer above 280 vectors), by default of 120 vectors. A run adds
    findings from its history. Where no size is asked for and none of these sequences comes back wrong, those are traced
    that the run's verdict counted as wrong or, if it counted none, that are chosen against the machine and come back
    wrong. A machine without a fault is then asked how far its jump reaches (`reach`).
    Raises TypeError for a model without a memory and for sizes that are not integers, ValueError for sizes below 1, for
    a trace that does not fit into memory, and for a machine that is not made for copies.
    """
    machine, any_size = with_memory(model), length is None and memory_size is None
    counted = _counted_wrong(run) if run and any_size else []
    trace = _first_trace(machine, LENGTH if length is None else length, memory_size)
    if any_size and not trace.wrong.any():
        trace = _wrong_trace(machine, counted or [("chosen", LENGTH)]) or trace
    found = (from_history(run.progress) if run else []) + explain(trace, machine)
    if any(finding.fault for finding in found):
        return sorted(found, key=lambda finding: not finding.fault)
    if counted:
        sentence = "The verdict of the run counted wrong bits, but the traced copies show none."
        return [Finding(Kind.UNEXPLAINED, True, sentence, {"wrong": counted}), *found]
    sequences, vectors, bits = len(trace.mask), int(trace.mask[0].sum()), _bits(trace)
    sentence = f"No fault: all {bits:,} bits of {sequences} sequences of {vectors} vectors come back."
    healthy = Finding(Kind.HEALTHY, False, sentence, {"bits": bits, "sequences": sequences, "vectors": vectors})
    return [healthy, *([reach_finding(machine)] if any_size and machine.free_memory_size else []), *found]


def diagnose_task(model: Machine, run: Run, size: Size | None = None) -> list[Finding]:
    """List what went wrong in the training of a machine for any task, what its verdict counted, and what its heads do.

    Faults are known for copies alone (`diagnose`). Heads are watched in eight sequences of the given size, by default
    the first that the verdict asks for.
    Raises TypeError for a model without a memory, ValueError for a run without a verdict, and as the task does for a
    size that it does not have.
    """
    return [*from_history(run.progress), in_verdict(run), *habits_of_heads(with_memory(model), run.task, size)]


def in_verdict(run: Run) -> Finding:
    """Put into a sentence how many sequences of the verdict came back wrong, and of which kind and size most."""
    counts = {
        f"{report.kind} {size_text(size)}": count
        for report in run.progress.reports
        for size, count in report.lengths.items()
    }
    if not counts:
        raise ValueError("the run has no verdict yet: train it to its end first")
    wrong, asked = (sum(getattr(count, name) for count in counts.values()) for name in ("wrong_sequences", "sequences"))
    if not wrong:
        sentence = f"All {asked:,} sequences of the verdict come back without an error."
        return Finding(Kind.HEALTHY, False, sentence, {"sequences": asked})
    worst = max(counts, key=lambda name: counts[name].wrong_sequences / counts[name].sequences)
    most = f"{counts[worst].wrong_sequences} of {counts[worst].sequences} of '{worst}'"
    sentence = f"{wrong:,} of {asked:,} sequences of the verdict come back wrong, most of one kind and size: {most}."
    evidence = {name: count.wrong_sequences for name, count in counts.items() if count.wrong_sequences}
    return Finding(Kind.WRONG_BITS, False, sentence, {"wrong_sequences": evidence})


def explain(trace: Trace, model: NTM) -> list[Finding]:
    """List what a traced copy says of its machine; ValueError for a trace that is not of a copy."""
    if (broken := _not_finite(trace)) is not None:
        return [broken]
    case = case_of(trace)
    starts = habits.stuck(case), habits.locked_together(case), habits.one_way_of_addressing(case)
    ways = habits.idle_heads(case, model), habits.stores(case), habits.reads(case)
    return [finding for finding in (_wrong_bits(trace), *starts, *faults(case), *ways) if finding]


def reach_finding(machine: NTM) -> Finding:
    """Put into a sentence how long a copy a machine can make before its jump fails."""
    found = reach(machine)
    sentence = f"Its jump is predicted to hold in copies of {LENGTH_TRIED * FARTHEST:,} vectors."
    if found.length is not None:
        first = f"first of '{found.payload}'{found.meaning and f' ({found.meaning})'}"
        sentence = f"Its jump is predicted to fail in copies of about {found.length:,} vectors, {first}."
    return Finding(Kind.REACH, False, sentence, found._asdict())


def study_entry(model: Machine, run: Run) -> dict[str, Any]:
    """List what a study notes of a run: all findings, its faults by name, where and which way it stores, idle heads.

    A model without a memory has findings from the history of its run only.
    """
    found = diagnose(model, run) if isinstance(model, NTM) else from_history(run.progress)
    stores = next((finding for finding in found if finding.kind == Kind.STORES), None)
    idle = [head for finding in found if finding.kind == Kind.IDLE_HEAD for head in finding.evidence["idle"]]
    return {
        "findings": [asdict(finding) for finding in found],
        "faults": "; ".join(finding.name for finding in found if finding.fault),
        "stores": stores and stores.way,
        "first_row": stores and stores.evidence["first_row"],
        "idle": "; ".join(f"{kind} {number}" for kind, number in idle),
    }


def sample(width: int, length: int) -> Tensor:
    """Draw four random sequences and one of every other kind (11, length, width), always the same ones."""
    generator = Generator().manual_seed(1)
    numbers = {kind: 4 if kind == "random" else 1 for kind in tasks.KINDS}
    return torch.cat([tasks.payload(numbers[kind], length, width, kind, generator) for kind in numbers])


def shares_wrong(model: Machine, lengths: Sequence[int], memory_size: int | None = None) -> Tensor:
    """Share of all bits that each cause makes wrong, in sequences of all kinds (`sample`) -> (causes, lengths)."""
    width, _ = copy_format(model)
    counts = [causes(trace_copy(model, sample(width, length), memory_size)) for length in lengths]
    bits = torch.tensor([sample(width, length).numel() for length in lengths])
    return torch.tensor([[count[cause] for count in counts] for cause in CAUSES]) / bits


def wrong_in_verdict(model: Machine, kind: str, length: int) -> Tensor:
    """Draw the sequences of a kind and length that a verdict shows a machine and that come back wrong (B, L, width)."""
    bits = judged_payloads(model, length)[kind]
    return bits[wrong_bits(model, bits, rows_needed(length) if model.free_memory_size else None) > 0]


def _first_trace(model: NTM, length: int, memory_size: int | None) -> Trace:
    """Trace the copies of sequences of all kinds, as many as fit into memory."""
    length = validate.whole_number("length", length)
    needed = rows_needed(length) if model.free_memory_size else None
    rows = validate.rows(needed if memory_size is None else memory_size, model.config)
    width, _ = copy_format(model)
    require_room(model, 1, 2 * length + 2, rows)
    return trace_copy(model, sample(width, length)[: max(1, NUMBERS_TRACED // (2 * length * rows))], rows)


def _wrong_trace(model: NTM, asked: list[tuple[str, int]]) -> Trace | None:
    """Trace the sequences that come back wrong, of the kinds that are asked for at the longest length; None: none."""
    longest = max(length for _, length in asked)
    wrong = torch.cat([wrong_in_verdict(model, kind, longest) for kind, length in asked if length == longest])
    return trace_copy(model, wrong[:MOST_TRACED]) if len(wrong) else None


def _counted_wrong(run: Run) -> list[tuple[str, int]]:
    """List the kinds of payload and the lengths at which a run's verdict counted wrong bits."""
    reports = run.progress.reports
    return [(report.kind, n) for report in reports for n, count in report.lengths.items() if count.wrong_bits]


def _not_finite(trace: Trace) -> Finding | None:
    """Find the first step with a number that is not finite, and the first quantity of the step that has one."""
    parts = trace._asdict() | trace.emission._asdict()
    names = ("h", *trace.emission._fields, "w_c", "w_g", "w_s", "w", "changes", "reads", "logits")
    for step, what in product(range(trace.mask.shape[1]), names):
        if not parts[what][:, step].isfinite().all():
            sentence = f"In step {step} of a copy a number is not finite, first in `{what}` of the trace."
            return Finding(Kind.NOT_FINITE, True, sentence, {"step": step, "what": what})
    return None


def _wrong_bits(trace: Trace) -> Finding | None:
    """Count the wrong bits, by cause, and find the first."""
    if (first := first_wrong(trace)) is None:
        return None
    wrong = trace.wrong.sum((1, 2))  # (B)
    sentence = (
        f"{wrong.sum():,} of {_bits(trace):,} bits are wrong, in {(wrong > 0).sum()} of {len(wrong)} sequences of"
        f" {int(trace.mask[0].sum())} vectors; the first in step {first.step}, in vector {first.vector}."
    )
    split = {cause: count for cause, count in causes(trace).items() if count}
    evidence = {"wrong_bits": int(wrong.sum()), "causes": split, "first": first._asdict()}
    return Finding(Kind.WRONG_BITS, False, sentence, evidence)


def _bits(trace: Trace) -> int:
    """Count the bits of all answers."""
    return int(trace.mask.sum()) * trace.targets.shape[-1]
