"""Copies that go wrong: for each fault of a machine one short copy, the guilty step, and what mends it."""

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

from ntm_lib import tasks
from ntm_lib.analysis.causes import first_wrong
from ntm_lib.analysis.copies import copy_format, judged_payloads, rows_needed, wrong_bits
from ntm_lib.analysis.diagnosis import explain
from ntm_lib.analysis.finding import Finding, Kind
from ntm_lib.analysis.history import from_history
from ntm_lib.analysis.route import find_route
from ntm_lib.analysis.trace import Trace, trace_copy
from ntm_lib.machine import NTM
from ntm_lib.training.run import Run
from research.live.machines import table

LENGTHS = (6, 12, 24, 50)
"""Vectors of the copies that are tried, the shortest first."""
TRIED = 16
"""Sequences of one kind and length that are tried."""
LONG_TAPE = 400
"""Rows of the memory that short copies are also tried with: a jump that is missed is missed on long tapes."""
NOT_SHOWN = ("none", Kind.IDLE_HEAD)
"""No faults, or one that a picture of wrong bits does not show."""
WRAPPED = "wrap-around", 12
"""A fault that every machine has on a tape that is too short, and a length and number of rows that show it."""


def failures(machines: dict[str, tuple[NTM, Run]]) -> list[dict[str, Any]]:
    """One copy for each fault that data/machines/README.md names and a copy can show, that with most wrong bits."""
    found: dict[str, dict[str, Any]] = {}
    for name, (machine, run) in machines.items():
        fault = table()[name][0]
        case = None if fault in NOT_SHOWN else find_case(machine, run, fault)
        if case and (fault not in found or _badness(case) > _badness(found[fault])):
            found[fault] = {"machine": name, **case}
    name, (machine, run) = next(iter(machines.items()))
    fault, size = WRAPPED
    bits = tasks.payload(1, size, machine.config.output_size, generator=torch.Generator().manual_seed(0))
    if case := case_of(machine, run, bits, size, fault):
        found[fault] = {"machine": name, **case}
    return sorted(found.values(), key=lambda case: list(Kind).index(case["fault"]))


def find_case(machine: NTM, run: Run, fault: str) -> dict[str, Any] | None:
    """The shortest copy that was found in which this fault makes most wrong bits; None: no such copy."""
    for bits, rows in payloads(machine, run):
        wrong = wrong_bits(machine, bits, rows)
        for index in wrong.argsort(descending=True, stable=True)[:2].tolist():
            if wrong[index] and (case := case_of(machine, run, bits[index : index + 1], rows, fault)):
                return case
    return None


def payloads(machine: NTM, run: Run) -> Iterator[tuple[Tensor, int | None]]:
    """Payloads to try (B, L, width), each with a number of rows: short ones first, those of the run's verdict last."""
    width, _ = copy_format(machine)
    free = machine.free_memory_size
    for length in LENGTHS:
        generator = torch.Generator().manual_seed(0)
        drawn = [tasks.payload(TRIED, length, width, kind, generator) for kind in tasks.KINDS]
        drawn.append(tasks.chosen_payload(machine, TRIED, length, generator))
        for rows in (rows_needed(length), *[LONG_TAPE] * (length == LENGTHS[0])) if free else (None,):
            yield torch.cat(drawn), rows
    for report in run.progress.reports:
        for length in [length for length, count in report.lengths.items() if count.wrong_bits]:
            yield judged_payloads(machine, length)[report.kind], rows_needed(length) if free else None


def case_of(machine: NTM, run: Run, bits: Tensor, rows: int | None, fault: str) -> dict[str, Any] | None:
    """A copy (1, L, width), the fault in words, and where it happens; None where the copy shows another fault first."""
    trace = trace_copy(machine, bits, rows)
    told = [finding for finding in from_history(run.progress) + explain(trace, machine) if finding.fault]
    finding = next((finding for finding in told if finding.kind == fault), None)
    leads = [finding.kind for finding in told if "wrong_bits" in finding.evidence][:1]
    if finding is None or (fault in leads) != ("wrong_bits" in finding.evidence):
        return None
    step, row = place_of(trace, finding)
    route = find_route(trace)  # the rows of the vectors, and the steps in which they are due
    return {
        "fault": fault,
        "payload": tasks.bits_number(bits)[0].tolist(),
        "rows": trace.memory.shape[2],
        "meaning": finding.kind.meaning,
        "sentence": finding.sentence,
        "cure": finding.cure,
        "wrong": int(trace.wrong.sum()),
        "step": step,
        "row": row,
        "right": list(zip(route.read_at.tolist(), route.written[0].tolist(), strict=True)),
    }


def place_of(trace: Trace, finding: Finding) -> tuple[int, int]:
    """Step and row of the memory where a fault happens: as found, or else the reader's place at the first wrong bit."""
    first, evidence = first_wrong(trace), finding.evidence
    step = evidence.get("step") or (first.step if first else trace.mask.shape[1] - 1)
    reader = int(trace.w_read[0, step, 0].argmax())
    return step, evidence.get("landed", evidence.get("stood", evidence.get("row", reader)))


def _badness(case: dict[str, Any]) -> float:
    """Return the wrong bits for each vector."""
    return float(case["wrong"] / len(case["payload"]))
