"""The figure of what a machine set by hand does in one time step, stage by stage."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from ntm_lib.analysis.trace import Trace
from ntm_lib.machine.heads import Emission
from ntm_lib.teaching.plots.parts import cells, framed
from ntm_lib.teaching.plots.style import ERROR, INK, PALE, READ, TARGET, WRITE, described, no_frame, page, title
from ntm_lib.teaching.plots.words import short

BITS = [f"bit {bit}" for bit in range(8)]
INPUT_NAMES = [*BITS, "start", "end"]
"""Meanings of the numbers of an input."""
WORD_NAMES = [*INPUT_NAMES, "written", "answering"]
"""Meanings of the numbers in a row of a machine set by hand."""
HEADS = (("read head", READ, 0.97), ("write head", WRITE, 0.52))
"""Name, colour and height of the lines for each head."""
HEAR, EMIT, POINT, WRITES, READS, ANSWER = range(1, 7)
"""The stages of a step, in order."""
MOVES = ("step backward", "stay", "step forward")
"""Meanings of the three shift weights."""


def step_figure(trace: Trace, units: Sequence[str], step: int, stage: int = ANSWER) -> Figure:
    """Draw one step of the first sequence of a traced copy, up to a stage from 1, hear, to 6, answer.

    `units` names the hidden units. Raises ValueError for a step or a stage that is not there, and for names that are
    too many or too few.
    """
    steps, hidden = trace.inputs.shape[1], trace.h.shape[2]
    if not 0 <= step < steps or not HEAR <= stage <= ANSWER or len(units) != hidden:
        asked = f"step {step}, stage {stage}, {len(units)} names of units"
        raise ValueError(f"{asked}: expected a step below {steps}, a stage from 1 to 6, and {hidden} names")
    figure, (x, r, h, words, tape, y) = page(5.2, 1, 6, width=9.6, width_ratios=(0.5, 0.5, 0.5, 2.7, 2.7, 0.5))
    last_read = trace.reads[0, step - 1, 0] if step else trace.start.reads[0, 0]
    _strip(x, trace.inputs[0, step], INPUT_NAMES, "1  hear\ninput")
    _strip(r, last_read.detach(), WORD_NAMES, "\nlast read")
    _strip(h, trace.h[0, step], units, "\nunits")
    _emissions(words, trace, step, stage)
    memories = [trace.start.memory[0], *trace.memory[0]]  # before the first step, and after each
    _tape(tape, memories[step + (stage >= WRITES)].numpy(), trace, step, stage)
    _answer(y, trace, step, stage)
    read, write = trace.w[0, step].argmax(-1).tolist()
    points = f" The read head points at row {read}, the write head at row {write}." * (stage >= POINT)
    answers = f" Output: {_on(trace.logits[0, step].sigmoid(), BITS)}." * (stage >= ANSWER)
    hears = f"Input: {_on(trace.inputs[0, step], INPUT_NAMES)}."
    return described(figure, f"Step {step} up to stage {stage} of {ANSWER}. {hears}{points}{answers}")


def _on(values: ArrayLike, names: Sequence[str]) -> str:
    """List the names of numbers above one half: "bits 0 4 5, written"."""
    on = [name for value, name in zip(np.asarray(values), names, strict=False) if value > 0.5]
    bits = " ".join(name.removeprefix("bit ") for name in on if name in BITS)
    others = [name for name in on if name not in BITS]
    return ", ".join([f"bits {bits}"] * bool(bits) + others) or "nothing"


def _strip(axes: Axes, values: ArrayLike, names: Sequence[str], words: str) -> None:
    """Draw a vector as a column of cells, each beside its name."""
    title(axes, words, 10)
    cells(axes, np.asarray(values)[: len(names), None], cmap="Greys", vmin=0, vmax=1.4)
    axes.set_yticks(range(len(names)), names, fontsize=8)
    axes.set_ylim(len(WORD_NAMES) - 0.5, -0.5)
    axes.set_xticks([])
    no_frame(axes)
    framed(axes, -0.5, -0.5, (1, len(names)), PALE, 1)


def _emissions(axes: Axes, trace: Trace, step: int, stage: int) -> None:
    """Write the gates, shifts and vectors of both heads, and from stage 3 on their rows."""
    axes.axis("off")
    title(axes, "2  emit\nwhat the heads are told", 10, INK if stage >= EMIT else PALE)
    for head, (name, colour, y) in enumerate(HEADS if stage >= EMIT else ()):
        axes.text(0, y, name, fontsize=11, fontweight="bold", color=colour, va="top", transform=axes.transAxes)
        lines = _told(trace.emission, step, head)
        lines += [f"3  point: at row {trace.w[0, step, head].argmax()}"] * (stage >= POINT)
        text = "\n".join(lines)
        axes.text(0, y - 0.07, text, fontsize=9.5, color=INK, va="top", linespacing=1.6, transform=axes.transAxes)


def _told(emission: Emission, step: int, head: int) -> list[str]:
    """Put the numbers that a head is given into lines."""
    g, s = emission.g[0, step, head].item(), emission.s[0, step, head]
    start = "jump to what its key finds" if g > 0.5 else "go on from its last row"
    lines = [f"g = {short(g)}: {start}", f"s = ({', '.join(map(short, s.tolist()))}): {MOVES[int(s.argmax())]}"]
    if head == 0:
        return [*lines, f"k: {_on(emission.key[0, step, 0], WORD_NAMES)}"]
    erases = int(emission.erase[0, step, 0].max() > 0.5)
    erasing = f"e = {erases}: {'erase first' if erases else 'erase nothing'}"
    return [*lines, erasing, f"a: {_on(emission.add[0, step, 0], WORD_NAMES)}"]


def _tape(axes: Axes, tape: np.ndarray, trace: Trace, step: int, stage: int) -> None:
    """Draw the memory (N, M), with a frame where a head writes or reads."""
    cells(axes, tape, cmap="Greys", vmin=0, vmax=1.4)
    verb = "4  write" if stage < READS else "4  write, 5  read"
    words = f"{verb}\nthe tape" if stage >= WRITES else "\nthe tape as it was"
    title(axes, words, 10)
    axes.set_xticks(range(len(WORD_NAMES)), WORD_NAMES, rotation=90, fontsize=8)
    axes.set_yticks(range(len(tape)), [f"row {row}" for row in range(len(tape))], fontsize=8)
    axes.tick_params(length=0)
    read, write = trace.w[0, step].argmax(-1).tolist()
    for row, colour, grow in ((write, WRITE, 0.0), (read, READ, 0.12)) if stage >= POINT else ():
        framed(axes, -0.5 - grow, row - 0.5 + grow, (len(WORD_NAMES) + 2 * grow, 1 - 2 * grow), colour, 2.2)


def _answer(axes: Axes, trace: Trace, step: int, stage: int) -> None:
    """Draw the output bits, empty before the last stage, framed in green or pink where they count."""
    counts, reached = bool(trace.mask[0, step]), stage >= ANSWER
    _strip(axes, trace.logits[0, step].sigmoid() if reached else np.zeros(len(BITS)), BITS, "")
    words = "6  answer" if counts else "6  answer\nnot asked"
    axes.set_title(words, fontsize=10, color=INK if reached else PALE, loc="right")
    if reached and counts:
        for bit, wrong in enumerate(trace.wrong[0, step].tolist()):
            framed(axes, -0.5, bit - 0.46, (1, 0.92), ERROR if wrong else TARGET)
