"""The figure of what a machine set by hand does in one time step, stage by stage."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from ntm_lib.analysis.trace import Trace
from ntm_lib.machine.heads import Emission
from ntm_lib.teaching.plots.slots import short
from ntm_lib.teaching.plots.style import ERROR, INK, PALE, READ, TARGET, WRITE

BITS = [f"bit {bit}" for bit in range(8)]
INPUT_NAMES = [*BITS, "start", "end"]
"""What an input says, number by number."""
WORD_NAMES = [*INPUT_NAMES, "written", "answering"]
"""What a row of a hand-made machine says, number by number."""
HEADS = ("read head", "write head")
HEAR, EMIT, POINT, WRITES, READS, ANSWER = range(1, 7)
"""The stages of a step, in order."""


def step_figure(trace: Trace, units: Sequence[str], step: int, stage: int = ANSWER) -> Figure:
    """One step of the first sequence of a traced copy, up to a stage from 1, hear, to 6, answer.

    `units` names the hidden units; the trace keeps its memories. Raises ValueError for a step or a stage that is not
    there, for names that are too many or too few, and for a trace without memories.
    """
    _require(trace, units, step, stage)
    figure = Figure(figsize=(9.6, 5.2), layout="constrained")
    x, r, h, words, tape, y = figure.subplots(1, 6, width_ratios=(0.5, 0.5, 0.5, 2.7, 2.7, 0.5))
    _strip(x, trace.inputs[0, step], INPUT_NAMES, "1  hear\ninput")
    _strip(r, reads_before(trace, step), WORD_NAMES, "\nlast read")
    _strip(h, trace.h[0, step], units, "\nunits")
    _emissions(words, trace, step, stage)
    _tape(tape, trace, step, stage)
    _answer(y, trace, step, stage)
    figure.set_label(in_words(trace, units, step, stage))
    return figure


def reads_before(trace: Trace, step: int) -> np.ndarray:
    """What the read head had read when a step began, (M)."""
    return (trace.reads[0, step - 1, 0] if step else trace.start.reads[0, 0]).detach().numpy()


def in_words(trace: Trace, units: Sequence[str], step: int, stage: int) -> str:
    """What a step does up to a stage: what is heard, which units are on, where the heads go, what comes out."""
    (read, write), emission = trace.w[0, step].argmax(-1).tolist(), trace.emission
    told = [f"the {name} is told to {_move(emission, step, head)}" for head, name in enumerate(HEADS)]
    sentences = [
        f"Step {step}. The input says: {_on(trace.inputs[0, step], INPUT_NAMES)}. The last read said:"
        f" {_on(reads_before(trace, step), WORD_NAMES)}. Units that are on: {_on(trace.h[0, step], units)}.",
        f"{told[0][0].upper()}{told[0][1:]}, {told[1]} and to add {_on(emission.add[0, step, 0], WORD_NAMES)}.",
        f"The read head points at row {read}, the write head at row {write}.",
        f"Row {write} then says: {_on(trace.memory[0, step, write], WORD_NAMES)}.",
        f"The read head reads: {_on(trace.reads[0, step, 0], WORD_NAMES)}.",
        f"The answer {'is' if trace.mask[0, step] else 'is not asked for yet; it would be'}:"
        f" {_on(trace.logits[0, step].sigmoid(), BITS)}.",
    ]
    return " ".join(sentences[:stage])


def _require(trace: Trace, units: Sequence[str], step: int, stage: int) -> None:
    steps, hidden = trace.inputs.shape[1], trace.h.shape[2]
    if trace.memory is None:
        raise ValueError("the trace has no memories: make it with memory=True")
    if not 0 <= step < steps or not HEAR <= stage <= ANSWER:
        raise ValueError(f"step {step}, stage {stage}: expected a step from 0 to {steps - 1} and a stage from 1 to 6")
    if len(units) != hidden:
        raise ValueError(f"{len(units)} names of units: expected one for each of the {hidden} units")


def _on(values: np.ndarray, names: Sequence[str]) -> str:
    """The names of numbers above one half: "bits 0 4 5, written"."""
    on = [name for value, name in zip(values, names, strict=False) if value > 0.5]
    bits = [name.removeprefix("bit ") for name in on if name in BITS]
    rest = [name for name in on if name not in BITS]
    return ", ".join([f"bit{'s' * (len(bits) > 1)} {' '.join(bits)}"] * bool(bits) + rest) or "nothing"


def _move(emission: Emission, step: int, head: int) -> str:
    """Where a head is told to go: "go on from its last row and step up"."""
    start = "jump to what its key finds" if emission.g[0, step, head] > 0.5 else "go on from its last row"
    return f"{start} and {('step down', 'stay', 'step up')[int(emission.s[0, step, head].argmax())]}"


def _strip(axes: Axes, values: np.ndarray | None, names: Sequence[str], title: str) -> None:
    """A vector as a column of cells, each beside its name; no values: empty cells."""
    axes.set_title(title, fontsize=10, color=INK if values is not None else PALE, loc="left")
    shown = np.zeros(len(names)) if values is None else np.asarray(values)[: len(names)]
    axes.imshow(shown[:, None], cmap="Greys", vmin=0, vmax=1.4, aspect="auto", interpolation="nearest")
    axes.set_yticks(range(len(names)), names, fontsize=8)
    axes.set_ylim(len(WORD_NAMES) - 0.5, -0.5)
    axes.set_xticks([])
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    axes.add_patch(Rectangle((-0.5, -0.5), 1, len(names), fill=False, edgecolor=PALE, linewidth=1, clip_on=False))


def _emissions(axes: Axes, trace: Trace, step: int, stage: int) -> None:
    """What both heads are told, and once they point, where."""
    axes.axis("off")
    axes.set_title("2  emit\nwhat the heads are told", fontsize=10, color=INK if stage >= EMIT else PALE, loc="left")
    for head, (name, colour, y) in enumerate(zip(HEADS, (READ, WRITE), (0.97, 0.52), strict=True)):
        if stage >= EMIT:
            axes.text(0, y, name, fontsize=11, fontweight="bold", color=colour, va="top", transform=axes.transAxes)
            lines = _told(trace.emission, step, head)
            lines += [f"3  point: at row {trace.w[0, step, head].argmax()}"] * (stage >= POINT)
            text = "\n".join(lines)
            axes.text(0, y - 0.07, text, fontsize=9.5, color=INK, va="top", linespacing=1.6, transform=axes.transAxes)


def _told(emission: Emission, step: int, head: int) -> list[str]:
    """What a head emits, a line each."""
    g, s = emission.g[0, step, head].item(), emission.s[0, step, head].tolist()
    start, move = _move(emission, step, head).split(" and ")
    lines = [f"g = {short(g)}: {start}", f"s = ({', '.join(map(short, s))}): {move}"]
    if not head:
        return [*lines, f"k: {_on(emission.key[0, step, 0], WORD_NAMES)}"]
    erases, adds = emission.erase[0, step, 0].max() > 0.5, _on(emission.add[0, step, 0], WORD_NAMES)
    return [*lines, f"e = {int(erases)}: {'erase first' if erases else 'erase nothing'}", f"a: {adds}"]


def _tape(axes: Axes, trace: Trace, step: int, stage: int) -> None:
    """The memory as it stands at this stage, with a frame where a head writes or reads."""
    before = trace.memory[0, step - 1] if step else trace.start.memory[0]
    tape = (trace.memory[0, step] if stage >= WRITES else before).numpy()
    axes.imshow(tape, cmap="Greys", vmin=0, vmax=1.4, aspect="auto", interpolation="nearest")
    verb = "4  write" if stage < READS else "4  write, 5  read"
    title = f"{verb}\nthe tape" if stage >= WRITES else "\nthe tape as it was"
    axes.set_title(title, fontsize=10, color=INK, loc="left")
    axes.set_xticks(range(len(WORD_NAMES)), WORD_NAMES, rotation=90, fontsize=8)
    axes.set_yticks(range(len(tape)), [f"row {row}" for row in range(len(tape))], fontsize=8)
    axes.tick_params(length=0)
    read, write = trace.w[0, step].argmax(-1).tolist()
    for row, colour, begins, grow in ((write, WRITE, POINT, 0.0), (read, READ, POINT, 0.12)):
        if stage >= begins:
            corner, width = (-0.5 - grow, row - 0.5 + grow), len(WORD_NAMES) + 2 * grow
            style = {"fill": False, "edgecolor": colour, "linewidth": 2.2, "clip_on": False, "zorder": 3}
            axes.add_patch(Rectangle(corner, width, 1 - 2 * grow, **style))


def _answer(axes: Axes, trace: Trace, step: int, stage: int) -> None:
    counts = bool(trace.mask[0, step])
    values = trace.logits[0, step].sigmoid().numpy() if stage >= ANSWER else None
    _strip(axes, values, BITS, "")
    title = "6  answer" if counts else "6  answer\nnot asked"
    axes.set_title(title, fontsize=10, color=INK if stage >= ANSWER else PALE, loc="right")
    if stage >= ANSWER and counts:
        for bit, wrong in enumerate(trace.wrong[0, step].tolist()):
            colour = ERROR if wrong else TARGET
            axes.add_patch(Rectangle((-0.5, bit - 0.46), 1, 0.92, fill=False, edgecolor=colour, linewidth=2))
