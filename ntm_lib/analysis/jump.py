"""The jump of a read head at the end marker: what decided where it went, from the key to the sharpening."""

from typing import Any

from ntm_lib.analysis.causes import Case
from ntm_lib.analysis.route import usual_step

HALF = 0.5  # a gate below this keeps more of the old weighting than it lets pass of the key's


def find_jump(case: Case, sequence: int) -> dict[str, Any]:
    """List in plain numbers what decided where the read head of one sequence went at the end marker.

    `row` is the first vector's row, `right_row` the row that the key should find in order to get there in time, `found`
    the key's weight on it, `came` what the gate passes of that, `kept` what the gate keeps of `old_row`, and `rival`
    the row that the key finds most beside the right one. Raises ValueError for a trace without stages.
    """
    trace, route, told, head = case.trace, case.route, case.trace.emission, case.route.read_head
    if trace.w_c is None or trace.w_previous is None:
        raise ValueError("the trace has no stages of addressing: expected one made with stages=True")
    step, moved = _jump_step(case, sequence)
    row = int(route.written[sequence, 0])
    right = (row - moved) % case.rows
    w_c, w_previous = trace.w_c[sequence, step, head], trace.w_previous[sequence, step, head]  # (N), (N)
    beta, g, gamma = (part[sequence, step, head].item() for part in (told.beta, told.g, told.gamma))
    others = w_c.clone()
    others[right] = 0
    jump = {"sequence": sequence, "step": step, "row": row, "right_row": right, "beta": beta, "g": g, "gamma": gamma}
    jump |= {"landed": int(route.stood[sequence, 0]), "found": w_c[right].item(), "came": g * w_c[right].item()}
    jump |= {"old_row": int(w_previous.argmax()), "kept": (1 - g) * w_previous.max().item()}
    jump |= {"rival": int(others.argmax()), "rival_found": others.max().item()}
    return jump | {"others_together": others.sum().item()}


def why_missed(jump: dict[str, Any]) -> str:
    """Say in words what decided against the right row."""
    if jump["g"] < HALF:
        return f"its gate of {jump['g']:.2f} keeps it where it was"
    if jump["rival_found"] > jump["found"]:
        return f"its key gives row {jump['rival']} more weight, {jump['rival_found']:.3g}"
    if jump["found"] < HALF:
        return f"its key gives all other rows together a weight of {jump['others_together']:.3g}"
    return "its shift takes it elsewhere"


def _jump_step(case: Case, sequence: int) -> tuple[int, int]:
    """Find the step of the jump, the one with the widest open gate, and the rows to move until the first vector.

    The step's own shift counts, and for later steps the write head's usual move: a lost read head moves anyhow.
    """
    head, due = case.route.read_head, int(case.route.read_at[0])
    gates = case.trace.emission.g[sequence, case.route.end_marker : due + 1, head]
    step = case.route.end_marker + int(gates.argmax())
    s = case.trace.emission.s[sequence, step, head]
    follows, _ = usual_step(case.route.written, case.rows)
    return step, int(s.argmax()) - len(s) // 2 + follows * (due - step)
