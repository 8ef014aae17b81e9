"""What decided where a reader went at the end marker: the key, the gate, the old place, the sharpening."""

from ntm_lib.analysis.finding import Case
from ntm_lib.analysis.route import usual_step

RIVALS = 3
"""Rows that are named beside the right one where a jump went wrong."""

HALF = 0.5
"""A gate below keeps more of the old place than it takes; a key that finds a row by less finds all others more."""


def find_jump(case: Case, sequence: int) -> dict:
    """What decided where the reader of one sequence went at the end marker, as plain numbers.

    `row` is where it should come to, `right_row` what its key should find for that, `found` the key's weight there,
    `came` what the gate leaves of it, and `kept` what the gate leaves of the old place.
    """
    trace, route, head = case.trace, case.route, case.route.read_head
    step, moved = _jump_step(case, sequence)
    row = int(route.written[sequence, 0])
    right = (row - moved) % case.rows
    w_c, (kept, old_row) = trace.w_c[sequence, step, head], trace.w_previous[sequence, step, head].max(-1)
    others = w_c.clone()
    others[right] = 0
    rivals = others.topk(min(RIVALS, case.rows))
    emitted = {name: getattr(trace.emission, name)[sequence, step, head].item() for name in ("beta", "g", "gamma")}
    return {
        "sequence": sequence,
        "step": step,
        "row": row,
        "right_row": right,
        "landed": int(route.stood[sequence, 0]),
        "found": w_c[right].item(),
        "came": emitted["g"] * w_c[right].item(),
        "old_row": int(old_row),
        "kept": (1 - emitted["g"]) * kept.item(),
        **emitted,
        "rivals": dict(zip(rivals.indices.tolist(), rivals.values.tolist(), strict=True)),
        "others_together": others.sum().item(),
    }


def _jump_step(case: Case, sequence: int) -> tuple[int, int]:
    """The step from the end marker on with the widest open gate, and how far the reader should move from it on.

    In that step it moves as its shift says, and until the first vector is due as the writer did: a reader that missed
    does not move as it would have.
    """
    head, due = case.route.read_head, int(case.route.read_at[0])
    gates = case.trace.emission.g[sequence, case.route.end_marker : due + 1, head]
    step = case.route.end_marker + int(gates.argmax())
    s = case.trace.emission.s[sequence, step, head]
    follows, _ = usual_step(case.route.written, case.rows)
    return step, int(s.argmax()) - len(s) // 2 + follows * (due - step)


def why_missed(jump: dict) -> str:
    """What decided against the right row."""
    rival, weight = max(jump["rivals"].items(), key=lambda item: item[1])
    if jump["g"] < HALF:
        return f"its gate of {jump['g']:.2f} keeps it where it was"
    if weight > jump["found"]:
        return f"its key finds row {rival} ({weight:.3g}) rather"
    if jump["found"] < HALF:
        return f"all other rows together take {jump['others_together']:.3g} of what its key finds"
    return "its shift takes it elsewhere"
