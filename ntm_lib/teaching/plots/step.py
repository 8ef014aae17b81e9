"""The figure of what a machine set by hand does in one time step, stage by stage."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from ntm_lib.analysis.trace import Trace
from ntm_lib.machine.heads import Emission
from ntm_lib.teaching.plots.parts import cells, framed
from ntm_lib.teaching.plots.style import ERROR, INK, PALE, READ, TARGET, WRITE, described, page
from ntm_lib.teaching.plots.words import short

BITS = [f"bit {bit}" for bit in range(8)]
INPUT_NAMES = [*BITS, "start", "end"]
"""Meanings of the numbers of an input."""
WORD_NAMES = [*INPUT_NAMES, "written", "answering"]
"""Meanings of the numbers in a row of a machine set by hand."""
WIDTH, HEIGHT = 8.6, 5.0
"""Inches of the figure; every place below is in inches too, from its left and its upper edge, in one axes."""
TOP, TALL, CELL = 0.66, 0.295, 0.3
"""Upper edge of all cells, and height and width of a cell of a vector."""
TOLD, TAPE, TAPE_WIDTH = 3.3, 6.25, 1.5
"""Left edges of what the heads are told and of the tape, and the width of the tape."""
HEADS = (("read head", READ, 0.76), ("write head", WRITE, 2.4))
"""Name, colour and upper edge of the lines for each head."""
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
    figure, axes = page(HEIGHT, edges=(0, 0, 0, 0))
    axes.set(xlim=(0, WIDTH), ylim=(HEIGHT, 0))
    axes.axis("off")
    last_read = trace.reads[0, step - 1, 0] if step else trace.start.reads[0, 0]
    _strip(axes, 0.5, trace.inputs[0, step], INPUT_NAMES, "1  hear\ninput")
    _strip(axes, 1.5, last_read.detach(), WORD_NAMES, "\nlast read")
    _strip(axes, 2.75, trace.h[0, step], units, "\nunits")
    _emissions(axes, trace, step, stage)
    memories = [trace.start.memory[0], *trace.memory[0]]  # before the first step, and after each
    _tape(axes, memories[step + (stage >= WRITES)].numpy(), trace, step, stage)
    _answer(axes, trace, step, stage)
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


def _strip(axes: Axes, left: float, values: ArrayLike, names: Sequence[str], words: str) -> None:
    """Draw a vector as a column of cells, each beside its name."""
    _head(axes, left, words)
    _cells(axes, left, CELL, np.asarray(values)[: len(names), None], names, TALL)
    framed(axes, left, TOP, (CELL, TALL * len(names)), PALE, 1)


def _cells(axes: Axes, left: float, width: float, values: np.ndarray, names: Sequence[str], tall: float) -> None:
    """Draw a matrix as grey cells, with the names of its rows on the left."""
    below = TOP + tall * len(names)
    cells(axes, values, cmap="Greys", vmin=0, vmax=1.4, extent=(left, left + width, below, TOP))
    for index, name in enumerate(names):
        axes.text(left - 0.06, TOP + (index + 0.5) * tall, name, fontsize=9, ha="right", va="center_baseline")


def _head(axes: Axes, left: float, words: str, colour: str = INK) -> None:
    axes.text(left, TOP - 0.1, words, fontsize=10, va="bottom", color=colour)


def _emissions(axes: Axes, trace: Trace, step: int, stage: int) -> None:
    """Write the gates, shifts and vectors of both heads, and from stage 3 on their rows."""
    _head(axes, TOLD, "2  emit\nwhat the heads are told", INK if stage >= EMIT else PALE)
    for head, (name, colour, y) in enumerate(HEADS if stage >= EMIT else ()):
        axes.text(TOLD, y, name, fontsize=11, fontweight="bold", color=colour, va="top")
        lines = _told(trace.emission, step, head)
        lines += [f"3  point: at row {trace.w[0, step, head].argmax()}"] * (stage >= POINT)
        axes.text(TOLD, y + 0.25, "\n".join(lines), fontsize=9.5, color=INK, va="top", linespacing=1.6)


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
    verb = "4  write" if stage < READS else "4  write, 5  read"
    _head(axes, TAPE, f"{verb}\nthe tape" if stage >= WRITES else "\nthe tape as it was")
    tall, wide = TALL * len(WORD_NAMES) / len(tape), TAPE_WIDTH / len(WORD_NAMES)
    _cells(axes, TAPE, TAPE_WIDTH, tape, [f"row {row}" for row in range(len(tape))], tall)
    framed(axes, TAPE, TOP, (TAPE_WIDTH, tall * len(tape)), PALE, 1)
    for index, name in enumerate(WORD_NAMES):
        place = TAPE + (index + 0.5) * wide, TOP + tall * len(tape) + 0.06
        axes.text(*place, name, fontsize=8.5, rotation=90, ha="center", va="top")
    read, write = trace.w[0, step].argmax(-1).tolist()
    for row, colour, grow in ((write, WRITE, 0.0), (read, READ, 0.025)) if stage >= POINT else ():
        framed(axes, TAPE - grow, TOP + row * tall + grow, (TAPE_WIDTH + 2 * grow, tall - 2 * grow), colour, 2.2)


def _answer(axes: Axes, trace: Trace, step: int, stage: int) -> None:
    """Draw the output bits, empty before the last stage, framed in green or pink where they count."""
    counts, reached, left = bool(trace.mask[0, step]), stage >= ANSWER, WIDTH - CELL - 0.08
    _strip(axes, left, trace.logits[0, step].sigmoid() if reached else np.zeros(len(BITS)), BITS, "")
    words = "6  answer\n" if counts else "6  answer\nnot asked"
    _head(axes, left - 0.4, words, INK if reached else PALE)
    if reached and counts:
        for bit, wrong in enumerate(trace.wrong[0, step].tolist()):
            framed(axes, left, TOP + (bit + 0.04) * TALL, (CELL, 0.92 * TALL), ERROR if wrong else TARGET)
