"""Write the machine on one page to docs/cheat-sheet.pdf and docs/cheat-sheet.png: python -m research.cheat_sheet

What the page says is in `research.cheat_sheet_facts`. Running the command twice writes equal files.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from torch import Tensor

from ntm_lib.teaching.plots.parts import cells, flat, framed
from ntm_lib.teaching.plots.style import DASHES, ERASE, INK, PALE, READ, WRITE, described, no_frame
from ntm_lib.teaching.plots.words import short
from ntm_lib.teaching.show import DOTS_PER_INCH
from ntm_lib.teaching.slots import five_slots
from research.cheat_sheet_facts import (
    AXES,
    COLOURS,
    EMITTED,
    EQUATIONS,
    READING,
    STATE,
    STEP,
    STEP_NOTES,
    TASK,
    TOLD,
    Equation,
    example,
)

DOCS = Path(__file__).parent.parent / "docs"
PAPER = (11.69, 8.27)
"""Width and height of the page in inches: A4, lying."""
LEFT, FORMULA, SLOTS, RIGHT = 0.4, 1.4, 4.55, 7.15
"""Where the columns of the page begin, in inches: verbs, formulas, the example's slots, and what a step is made of."""
SLOTS_WIDE, RIGHT_WIDE, HEAD, STAGES, WRITES = 2.25, 4.15, 0.9, 1.34, 5.84
"""Widths of the example and of the last column, and where headings, stages and writes begin, in inches."""
STAGE, WRITE_ROW = 0.83, 0.71
"""Heights of a row with a stage of addressing, and of a row below those, in inches."""
MONO = {"family": "DejaVu Sans Mono", "fontsize": 7}
"""How a line of code looks."""


def sheet() -> Figure:
    """Draw the page."""
    figure = Figure(figsize=PAPER)
    page = figure.add_axes((0, 0, 1, 1))
    page.set(xlim=(0, PAPER[0]), ylim=(PAPER[1], 0))
    page.axis("off")
    _say(page, LEFT, 0.42, "A Neural Turing Machine on one page", fontsize=15, weight="bold")
    source = "Equations and symbols: Graves, Wayne and Danihelka (2014), arXiv 1410.5401. Code: ntm_lib.machine"
    _say(page, RIGHT + RIGHT_WIDE, 0.44, source, fontsize=7, ha="right")
    _stages(figure, page)
    _writes(figure, page)
    y = HEAD
    for part in (_step, _told, _shapes, _task, _colours):
        y = part(page, y) + 0.13
    order = ", ".join(f"{equation.verb.split()[-1]} (Eq. {equation.number})" for equation in EQUATIONS)
    words = f"A Neural Turing Machine on one page. Left: equations, code and an example on five slots: {order}."
    rest = "Right: the six parts of a time step, what heads are told and in which ranges, shapes, the task, colours."
    return described(figure, f"{words} {rest}")


def _say(page: Axes, x: float, y: float, words: str, **look: Any) -> None:
    """Write words at a place in inches from the upper left corner."""
    page.text(x, y, words, **{"fontsize": 7.5, "color": INK, "va": "center"} | look)


def _heading(page: Axes, x: float, y: float, words: str, width: float = RIGHT_WIDE) -> float:
    """Write a heading with a line below it, and return where the first line of its section stands."""
    _say(page, x, y, words, fontsize=9.5, weight="bold")
    page.plot([x, x + width], [y + 0.13] * 2, color=PALE, linewidth=0.8)
    return y + 0.27


def _stages(figure: Figure, page: Axes) -> None:
    """Draw the five stages of addressing, and on the right of each the example's weights after it."""
    _heading(page, LEFT, HEAD, "Where a head points (lesson 01)", 3.2)
    shown = example()
    axes = _slots(figure, HEAD - 0.13, 0.5)
    _numbers(axes, shown.memory)
    axes.set_xticks(range(5), [f"slot {slot}" for slot in range(5)], fontsize=7)
    axes.xaxis.tick_top()
    axes.tick_params(pad=0)
    _say(page, SLOTS - 0.08, HEAD + 0.12, "memory", ha="right")
    values = [shown.similarity, *shown.stages]
    ghosts = [None, None, *shown.stages[:3]]
    for place, (equation, told) in enumerate(zip(EQUATIONS, TOLD, strict=False)):
        if place < len(values):
            top = STAGES + STAGE * place
            _row(page, top, equation, told)
            pale = shown.w_previous if equation.verb == "3  blend" else None
            _bars(_slots(figure, top, STAGE - 0.14), values[place], READ if place else INK, ghosts[place], pale)


def _writes(figure: Figure, page: Axes) -> None:
    """Draw erasing, adding and reading, and on the right of each what the example's slots hold or give."""
    _heading(page, LEFT, WRITES - 0.27, "What it does there (lesson 02)", 3.2)
    shown = example()
    told = dict(zip([equation.verb for equation in EQUATIONS], TOLD, strict=False))
    told["read"] = f"r = ({', '.join(map(short, flat(shown.reads)))})"
    memories = {"erase": (shown.memory, shown.erased, ERASE), "add": (shown.erased, shown.added, WRITE)}
    for place, equation in enumerate(EQUATIONS[-3:]):
        top = WRITES + WRITE_ROW * place
        _row(page, top, equation, told[equation.verb])
        axes = _slots(figure, top + 0.02, WRITE_ROW - 0.16)
        if equation.verb in memories:
            before, after, colour = memories[equation.verb]
            _numbers(axes, after, before, colour)
        else:
            _bars(axes, shown.stages.w, READ)


def _row(page: Axes, top: float, equation: Equation, told: str) -> None:
    """Write an equation, its number, its code and shapes, and what the head of the example is told."""
    _say(page, LEFT, top + 0.22, equation.verb, fontsize=9.5, weight="bold")
    _say(page, LEFT, top + 0.42, f"Eq. {equation.number}", fontsize=8)
    formula = equation.formula.replace(r"\frac", r"\dfrac")
    _say(page, FORMULA, top + 0.19, f"${formula}$", fontsize=10, math_fontfamily="cm")
    _say(page, FORMULA, top + 0.53, equation.code, **MONO)
    _say(page, FORMULA, top + 0.65, equation.shapes, fontsize=6.5)
    _say(page, SLOTS - 0.08, top + 0.2, told, ha="right")


def _slots(figure: Figure, top: float, height: float) -> Axes:
    """Make axes for the five slots of the example."""
    width, tall = PAPER
    axes = figure.add_axes((SLOTS / width, 1 - (top + height) / tall, SLOTS_WIDE / width, height / tall))
    axes.set(xticks=[], yticks=[])
    no_frame(axes)
    return axes


def _bars(axes: Axes, given: Tensor, colour: str, ghost: Tensor | None = None, pale: Tensor | None = None) -> None:
    """Draw a bar with its number for each slot; dashed the stage before, pale the weighting before the step."""
    values, slots = flat(given), np.arange(given.shape[-1])
    if pale is not None:
        axes.bar(slots, flat(pale), width=0.86, color=PALE)
    axes.bar(slots, values, width=0.6, color=colour)
    if ghost is not None:
        axes.bar(slots, flat(ghost), width=0.6, fill=False, edgecolor=INK, linestyle=DASHES, linewidth=0.7)
    tops = np.max([flat(series) for series in (given, ghost, pale) if series is not None], axis=0)
    for slot, value in zip(slots, values, strict=True):
        axes.text(slot, max(tops[slot], 0) + 0.05, short(value), fontsize=7, ha="center", va="bottom", color=INK)
    axes.axhline(0, color=INK, linewidth=0.7, clip_on=False)
    axes.set(xlim=(-0.5, len(values) - 0.5), ylim=(min(0, values.min()) * 1.1, 1.35))


def _numbers(axes: Axes, tape: Tensor, before: Tensor | None = None, colour: str = INK) -> None:
    """Draw every slot as a column of its numbers; those that differ from a memory before get a frame."""
    values = flat(tape).T  # (M, N)
    reach = 1.6 * float(five_slots().abs().max())  # pale enough for dark numbers
    cells(axes, values, cmap="PuOr", vmin=-reach, vmax=reach)
    for number, slot in np.ndindex(values.shape):
        axes.text(slot, number, short(float(values[number, slot])), fontsize=7, ha="center", va="center", color=INK)
    for line in np.arange(values.shape[1] + 1) - 0.5:
        axes.axvline(line, color="white", linewidth=4)
    for number, slot in [] if before is None else np.argwhere(np.abs(values - flat(before).T) > 0.005):
        framed(axes, slot - 0.44, number - 0.42, (0.88, 0.84), colour, 1.2)


def _step(page: Axes, y: float) -> float:
    """Write the parts of a time step in order; returns where they end."""
    y = _heading(page, RIGHT, y, "One time step, in this order (lesson 04)")
    for verb, code, colour in STEP:
        _say(page, RIGHT, y, verb, weight="bold", color=colour)
        _say(page, RIGHT + 0.66, y, code, **MONO)
        y += 0.18
    return _lines(page, y, STEP_NOTES)


def _told(page: Axes, y: float) -> float:
    """Write what a head is told in every step; returns where the table ends."""
    y = _heading(page, RIGHT, y, "What the controller tells every head (lesson 02)")
    rows = [("", "in code", "numbers", "range", "made by", "")]
    rows += [(one.symbol, one.part, one.numbers, one.range, one.made_by, one.says) for one in EMITTED]
    return _table(page, y, rows, (0, 0.2, 0.68, 1.22, 2.0, 2.78))


def _shapes(page: Axes, y: float) -> float:
    """Write the names of axes, and the tensors that are handed on; returns where the tables end."""
    y = _heading(page, RIGHT, y, "Shapes")
    _say(page, RIGHT + 2.78, y, "handed on")
    _table(page, y + 0.165, STATE, (2.78, 3.45))
    return _table(page, y, AXES, (0, 0.2))


def _task(page: Axes, y: float) -> float:
    """Write what a copy shows and asks, step by step; returns where the table ends."""
    y = _heading(page, RIGHT, y, "The task: copy L vectors (lesson 05)")
    return _table(page, y, TASK, (0, 0.5, 1.4, 2.2, 3.1))


def _colours(page: Axes, y: float) -> float:
    """Show what each colour means, and how to read the example; returns where the words end."""
    y = _heading(page, RIGHT, y, "Colours and directions")
    for place, (colour, words) in enumerate(COLOURS):
        x, line = RIGHT + 2.05 * (place % 2), y + 0.165 * (place // 2)
        page.add_patch(Rectangle((x, line - 0.05), 0.14, 0.1, color=colour))
        _say(page, x + 0.22, line, words)
    return _lines(page, y + 0.165 * 3, READING)


def _lines(page: Axes, y: float, lines: Sequence[str]) -> float:
    """Write lines below each other; returns where they end."""
    return _table(page, y, [(line,) for line in lines], (0,))


def _table(page: Axes, y: float, rows: Sequence[Sequence[str]], places: Sequence[float]) -> float:
    """Write rows of cells, each column at its place; returns where they end."""
    for row in rows:
        for place, words in zip(places, row, strict=True):
            _say(page, RIGHT + place, y, words)
        y += 0.165
    return y


def main() -> None:
    """Write docs/cheat-sheet.pdf, without its date, and docs/cheat-sheet.png."""
    figure = sheet()
    about = {"Title": "A Neural Turing Machine on one page", "CreationDate": None, "Creator": None, "Producer": None}
    figure.savefig(DOCS / "cheat-sheet.pdf", metadata=about)
    figure.savefig(DOCS / "cheat-sheet.png", dpi=DOTS_PER_INCH, metadata={"Software": None})


if __name__ == "__main__":
    main()
