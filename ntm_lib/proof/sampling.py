"""Every bound of a certificate, held against the numbers of a machine that copies some sequences."""

from typing import Any

import torch
from torch import Tensor

from ntm_lib.machine import NTM
from ntm_lib.proof.claims import Plan, W
from ntm_lib.tasks import frame_copy

MARGIN = "margin"


@torch.no_grad()
def largest_shares(model: NTM, plan: Plan, bounds: dict[str, Any], payloads: Tensor) -> dict[str, float]:
    """How much of each bound is used up, at most, while payloads (B, l, width) are copied: above 1 the bound is broken.

    The machine computes in the precision of its weights, by the equations as printed (`NTM.step`).
    """
    used = Used(plan, bounds, payloads.shape[1])
    inputs = frame_copy(payloads).inputs.to(model.output.weight)
    added: list[Tensor] = []
    hook = model.heads.register_forward_hook(lambda _, __, emission: added.append(emission.add[:, 0]))
    state = model.initial_state(len(payloads), plan.rows)
    try:
        for step, x in enumerate(inputs.unbind(1)):
            logits, state = model.step(x, state)
            used.weightings(step, state.weights[:, 0], state.weights[:, 1])
            used.memory(step, state.memory, state.reads[:, 0], added, model.controller.from_input.weight)
            if step > used.end:
                margins = (logits * (2 * payloads[:, step - used.end - 1].to(logits) - 1)).amin()
                used.note(MARGIN, bounds[MARGIN] / margins.clamp_min(1e-30))
    finally:
        hook.remove()
    return used.found


class Used:
    """The largest share of each bound that copies of `length` vectors have used up so far."""

    def __init__(self, plan: Plan, bounds: dict[str, Any], length: int):
        self.plan, self.length, self.end, self.found = plan, length, length + 1, dict.fromkeys(bounds, 0.0)
        self.bounds = {name: torch.tensor(value, dtype=torch.float64) for name, value in bounds.items()}
        self.first = plan.rows // 2 + plan.first_writer
        self.asked = torch.empty(0)

    def note(self, name: str, share: Tensor) -> None:
        """Remember the largest share of a bound; of a number that is not finite, infinity."""
        self.found[name] = max(self.found[name], share.double().nan_to_num(nan=torch.inf).max().item())

    def against(self, name: str, values: Tensor) -> None:
        """Hold values (..., numbers), or (...) for a bound of one number, against a bound."""
        self.note(name, values.double().abs() / self.bounds[name].clamp_min(1e-300))

    def row(self, j: int) -> int:
        """The memory row that is row j of the proof, counted from the start marker's along the walk."""
        return (self.first + self.plan.direction * j) % self.plan.rows

    def weightings(self, step: int, reader: Tensor, writer: Tensor) -> None:
        """Shares of both weightings (B, N) after a step."""
        place = step if step <= self.end else self.end + self.plan.answer_writer * (step - self.end)
        for name, now in (("writer", step <= self.end), ("answer", step >= self.end)):
            if now:
                self.shares(name, writer, place, f"{name}_others")
        if step < self.end:
            rest = self.plan.first_reader % self.plan.rows
            self.against("resting", reader.double().sum(-1) / reader[:, rest] - 1)
        elif step < 2 * self.length + 1:
            self.shares("ahead", reader, step - self.end + 1, "reading")

    def shares(self, name: str, weights: Tensor, place: int, others: str) -> None:
        """The share of each row of a weighting (B, N) whose place is known, and of all but the place together."""
        turned = weights.double().roll(-self.row(place), -1)
        turned = turned / turned[:, :1]
        self.against(others, turned[:, 1:].sum(-1))
        if name == "ahead" and self.plan.answer_writer:
            return
        window = [self.plan.direction * j for j in range(-W, W + 1) if j]
        self.against(f"{name}_near", turned[:, window])
        self.against(f"{name}_far", turned[:, W + 1 : self.plan.rows - W])

    def memory(self, step: int, tape: Tensor, reads: Tensor, added: list[Tensor], weight: Tensor) -> None:
        """Rows of the memory (B, N, M) after a step, and the reads (B, M), given what was added in each step."""
        if step < self.end:
            self.against("reads", reads)
        if step <= self.end:
            for j in range(min(step, self.length) + 1):
                self.against("stored", tape[:, self.row(j)] - added[j])
        if step == self.end:
            self.asked = tape.clone()
        following = step - self.end + 1
        if self.end < step <= 2 * self.length:
            changed = (tape - self.asked)[:, self.row(following)].double() @ weight[:, -tape.shape[-1] :].double().T
            last = following == self.length and not self.plan.answer_writer
            rounded = weight[:, -tape.shape[-1] :].double().abs() @ self.bounds["stored"]
            name = "last_damage" if last else "damage"
            allowed = self.bounds[name] + (rounded if self.plan.rounding.unit > 0 else 0)
            self.note(name, changed.abs() / allowed.clamp_min(1e-300))
        growing = [self.row(self.end + j) for j in range(W + 1)] if not self.plan.answer_writer else []
        others = torch.ones(tape.shape[1], dtype=torch.bool)
        others[growing if step > self.end else []] = False
        self.against("largest", tape[:, others])
