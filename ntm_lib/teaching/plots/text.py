"""The figure of a text that is remembered."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ntm_lib.analysis.trace import Trace
from ntm_lib.teaching.plots.heads import draw_pointing, name_halves
from ntm_lib.teaching.plots.style import ERROR, INK, described, no_frame, page, title
from ntm_lib.teaching.plots.tape import number_rows


def text_figure(trace: Trace, text: bytes, answers: Mapping[str, bytes], first_row: int = 0) -> Figure:
    """Draw a text that goes in, the heads on the tape, and every answer below, wrong characters in pink.

    `trace` is of the machine that gave the first answer; its first read and write head are drawn, rows from
    `first_row` on. Raises ValueError where an answer or the trace is not as long as the text.
    """
    steps = trace.inputs.shape[1]
    if steps != 2 * len(text) + 2 or any(len(answer) != len(text) for answer in answers.values()):
        raise ValueError(f"a trace of {steps} steps: expected 2 L + 2 for L = {len(text)}, and answers of that length")
    heights = [1, 7, *[1] * len(answers)]
    figure, axes = page(3.2 + 0.7 * len(heights), len(heights), width=9.6, height_ratios=heights, sharex=True)
    _letters(axes[0], text, text, 1, steps, "the text goes in, a character a step")
    read, write = (np.roll(weights[0, :, :1].numpy(), -first_row, axis=-1) for weights in (trace.w_read, trace.w_write))
    draw_pointing(axes[1], read, write)
    number_rows(axes[1], read.shape[-1], first_row)
    right = {}
    for strip, (name, answer) in zip(axes[2:], answers.items(), strict=True):
        _letters(strip, answer, text, len(text) + 2, steps, name)
        count = sum(found == wanted for found, wanted in zip(answer, text, strict=True))
        right[name] = "all" if count == len(text) else "most" if 2 * count > len(text) else "less than half"
    axes[-1].set_xlabel("time step")
    name_halves(figure)
    goes_in = f"A text of {len(text)} characters goes in and comes out again"
    return described(figure, f"{goes_in}; characters that are right", right)


def _letters(axes: Axes, answer: bytes, text: bytes, first_step: int, steps: int, words: str) -> None:
    """Write the characters of an answer at their steps; a wrong one is pink, and a dot where it cannot be printed."""
    title(axes, words)
    for step, (found, wanted) in enumerate(zip(answer, text, strict=True), start=first_step):
        colour, weight = (INK, "normal") if found == wanted else (ERROR, "bold")
        letter = chr(found) if 32 <= found < 127 else "·"
        font: dict[str, Any] = {"family": "monospace", "fontsize": 12, "fontweight": weight}
        axes.text(step, 0, letter, ha="center", va="center_baseline", color=colour, **font)
    axes.axvspan(first_step - 0.5, first_step + len(text) - 0.5, color="#f4f4f4", zorder=0)
    axes.set(ylim=(-1, 1), xlim=(-0.5, steps - 0.5), yticks=[])
    no_frame(axes)
