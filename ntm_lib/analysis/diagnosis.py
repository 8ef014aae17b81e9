"""What a machine does and what is wrong with it, in sentences with numbers: from a traced copy and its training."""

from dataclasses import asdict

import torch
from torch import Generator, Tensor, nn

from ntm_lib import tasks
from ntm_lib.analysis import faults, habits
from ntm_lib.analysis.causes import CAUSES, causes, first_wrong
from ntm_lib.analysis.finding import Case, Finding, case_of
from ntm_lib.analysis.history import from_history
from ntm_lib.analysis.trace import Trace, trace_copy
from ntm_lib.machine import NTM
from ntm_lib.training.evaluation import copy_format, judged_payloads, rows_needed, wrong_bits
from ntm_lib.training.run import Run

__all__ = ["CAUSES", "Finding", "causes", "diagnose", "explain", "findings_row", "first_wrong", "study_entry"]

LENGTH = 120
"""Vectors of the copies that are traced: the longest that a verdict asks for."""
LONGEST = 2000
"""A trace keeps every weighting of every step, which grows with the square of the length: 2 GB at this one."""
NUMBERS_TRACED = 4_000_000
"""Steps times rows of all sequences together: longer sequences are fewer, the last kinds being left out first."""
MOST_TRACED = 8
"""Wrong sequences of a verdict that are traced."""


def diagnose(
    model: nn.Module, run: Run | None = None, length: int | None = None, memory_size: int | None = None
) -> list[Finding]:
    """What is true of a machine: its faults first, or "healthy", then how it works.

    Eleven sequences of all kinds are copied and traced (fewer above 280 vectors). Where they are right although the
    run's verdict counted wrong bits, and no size is asked for, the verdict's own wrong sequences are traced. With a
    run, its history is read too.
    Raises TypeError for a model without a memory to trace, TypeError or ValueError for sizes that are not integers of
    at least 1, and ValueError for lengths above 2,000 and a machine that is not made for copies.
    """
    learned = [] if run is None else from_history(run.progress, run.recipe)
    counted = _counted_wrong(run) if length is None and memory_size is None else {}
    trace = _telling_trace(model, LENGTH if length is None else length, memory_size, counted)
    found = learned + explain(trace, model)
    if counted and not any(finding.fault for finding in found):
        found.append(_not_seen_again(counted))
    found.sort(key=lambda finding: not finding.fault)
    return found if found[0].fault else [_healthy(trace), *found]


def explain(trace: Trace, model: NTM) -> list[Finding]:
    """Everything that a traced copy says of its machine; ValueError for a trace that is not of a copy."""
    if (broken := not_finite(trace)) is not None:
        return [broken]
    case = case_of(trace)
    found = [_wrong_bits(trace, case)] if case.is_wrong else []
    found += [habit for look in habits.STARTS if (habit := look(case))]
    by_cause = [fault for look in faults.BY_CAUSE if (fault := look(case))]
    found += sorted(by_cause, key=lambda fault: -fault.evidence["wrong_bits"])
    found += [habit for look in habits.DEPENDENCIES if (habit := look(case, model))]
    return [*found, habits.stores(case), habits.reads(case)]


def not_finite(trace: Trace) -> Finding | None:
    """The first number that is not finite: at which step, and in what."""
    parts = trace._asdict() | trace.emission._asdict()
    names = ("h", *trace.emission._fields, "w_c", "w_g", "w_s", "w", "changes", "reads", "logits")
    first = {name: _first_not_finite(parts[name]) for name in names if parts[name] is not None}
    steps = {name: step for name, step in first.items() if step is not None}
    if not steps:
        return None
    name = min(steps, key=steps.get)
    what = {"h": "the controller's output", "changes": "the memory", "logits": "the output"}.get(name, name)
    sentence = f"At step {steps[name]} of a copy {what} is not finite, before anything else."
    cure = "These weights are lost: train again, with smaller gradients (clip_norm) or a lower learning_rate."
    return Finding("not finite", True, sentence, {"step": steps[name], "what": name}, cure)


def _first_not_finite(values: Tensor) -> int | None:
    """The first step at which a number (B, T, ...) is not finite."""
    steps = (~values.isfinite()).flatten(2).any(-1).any(0).nonzero()
    return int(steps[0]) if len(steps) else None


def findings_row(model: nn.Module, run: Run) -> list[dict]:
    """What `diagnose` finds, ready for JSON; of a model without a memory, what the history of its run says."""
    found = diagnose(model, run) if isinstance(model, NTM) else from_history(run.progress, run.recipe)
    return [asdict(finding) for finding in found]


def study_entry(model: nn.Module, run: Run) -> dict:
    """What a study notes of a run: findings; in short faults, which way it stores, from which row, and idle heads."""
    found = findings_row(model, run)
    stores = next((one for one in found if one["name"].startswith("stores ")), None)
    idle = [head for one in found if one["name"] == "idle head" for head in one["evidence"]["idle"]]
    return {
        "findings": found,
        "faults": "; ".join(one["name"] for one in found if one["fault"]),
        "stores": stores and stores["name"].removeprefix("stores "),
        "first_row": stores and stores["evidence"].get("first_row"),
        "idle": "; ".join(f"{kind} {number}" for kind, number in idle),
    }


@torch.no_grad()
def _telling_trace(model: NTM, length: int, memory_size: int | None, counted: dict[str, dict[int, int]]) -> Trace:
    """A traced copy in which something is wrong, if there is one to be found where wrong bits were counted."""
    bits = sample(copy_format(model)[0], _traceable(length))
    rows = memory_size or (rows_needed(length) if getattr(model, "free_memory_size", False) else 0)
    trace = trace_copy(model, bits[: max(1, NUMBERS_TRACED // (2 * length * max(rows, 1)))], memory_size)
    if trace.wrong.any() or not counted:
        return trace
    wrong = _wrong_in_verdict(model, counted)
    return trace_copy(model, wrong[:MOST_TRACED]) if len(wrong) else trace


def _traceable(length: int) -> int:
    length = tasks.at_least_one("length", length)
    if length > LONGEST:
        raise ValueError(f"length is {length}: expected at most {LONGEST}, because a trace keeps every weighting")
    return length


def sample(width: int, length: int) -> Tensor:
    """Four random sequences and one of every other kind (11, length, width), always the same."""
    generator = Generator().manual_seed(1)
    numbers = {kind: 4 if kind == "random" else 1 for kind in tasks.KINDS}
    return torch.cat([tasks.payload(numbers[kind], length, width, kind, generator) for kind in numbers])


def _counted_wrong(run: Run | None) -> dict[str, dict[int, int]]:
    """Wrong bits of a run's verdict by kind and length, where there are any."""
    counts: dict[str, dict[int, int]] = {}
    for report in [] if run is None else run.progress.reports:
        for length, count in report["lengths"].items():
            if count["wrong_bits"]:
                counts.setdefault(report["kind"], {})[int(length)] = count["wrong_bits"]
    return counts


def _wrong_in_verdict(model: NTM, counted: dict[str, dict[int, int]]) -> Tensor:
    """The sequences that made a verdict count wrong bits, of the longest such length (B, L, width)."""
    length = max(max(lengths) for lengths in counted.values())
    payloads = judged_payloads(model, length)
    bits = torch.cat([payloads[kind] for kind, lengths in counted.items() if length in lengths])
    wrong = wrong_bits(model, bits, rows_needed(length) if model.free_memory_size else None) > 0
    return bits[wrong]


def _wrong_bits(trace: Trace, case: Case) -> Finding:
    """How much is wrong, where it begins, and by which causes."""
    first, split = first_wrong(trace, case.route), causes(trace, case.route)
    split = {cause: count for cause, count in split.items() if count}
    total, sequences = int(case.wrong.sum()), int((case.wrong > 0).any(1).sum())
    bits = case.wrong.numel() * trace.targets.shape[-1]
    shares = ", ".join(f"{cause} {count:,}" for cause, count in split.items())
    sentence = (
        f"{total:,} of {bits:,} bits are wrong, in {sequences} of {len(case.wrong)} sequences of {case.wrong.shape[1]}"
        f" vectors; the first at step {first.step}, in vector {first.vector}. By cause: {shares}."
    )
    return Finding("wrong bits", False, sentence, {"wrong_bits": total, "causes": split, "first": first._asdict()})


def _healthy(trace: Trace) -> Finding:
    sequences, _, width = trace.targets.shape
    length = int(trace.mask[0].sum())
    bits = sequences * length * width
    sentence = f"No fault: all {bits:,} bits of {sequences} sequences of {length} vectors come back."
    return Finding("healthy", False, sentence, {"bits": bits, "sequences": sequences, "vectors": length})


def _not_seen_again(counted: dict[str, dict[int, int]]) -> Finding:
    total = sum(sum(lengths.values()) for lengths in counted.values())
    sentence = f"The verdict counted {total:,} wrong bits ({', '.join(counted)}), which do not show in these copies."
    return Finding("unexplained", True, sentence, {"wrong_bits": counted}, "Ask at another length, or train longer.")
