"""Figures of texts that are remembered, and of how much is remembered by how long a text is."""

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, NullLocator
from numpy.typing import ArrayLike

from ntm_lib.analysis.trace import Trace
from ntm_lib.teaching.plots.heads import draw_pointing, name_halves
from ntm_lib.teaching.plots.style import ERROR, INK, PALE, number_rows
from ntm_lib.teaching.plots.tape import path_in_words

STYLES = ((INK, "o-"), (ERROR, "s--"))
"""Colour and marks of the first and of the second curve."""


def text_figure(trace: Trace, text: bytes, answers: Mapping[str, bytes], first_row: int = 0) -> Figure:
    """A text goes in, the heads move over the tape, and every answer comes out below, wrong characters in pink.

    `trace` is of the machine that gave the first answer; its first read and write head are drawn, rows from
    `first_row` on. Raises ValueError where an answer or the trace is not as long as the text.
    """
    steps = trace.inputs.shape[1]
    if steps != 2 * len(text) + 2 or any(len(answer) != len(text) for answer in answers.values()):
        raise ValueError(f"a trace of {steps} steps: expected 2 L + 2 for L = {len(text)}, and answers of that length")
    heights = [1, 7, *[1] * len(answers)]
    figure = Figure(figsize=(9.6, 3.2 + 0.7 * len(heights)), layout="constrained")
    axes = figure.subplots(len(heights), height_ratios=heights, sharex=True)
    _letters(axes[0], text, text, 1, steps, "the text goes in, a character a step")
    read, write = (np.roll(weights[0, :, :1].numpy(), -first_row, axis=-1) for weights in (trace.w_read, trace.w_write))
    draw_pointing(axes[1], read, write)
    number_rows(axes[1], read.shape[-1], first_row)
    for strip, (name, answer) in zip(axes[2:], answers.items(), strict=True):
        _letters(strip, answer, text, len(text) + 2, steps, name)
    axes[-1].set_xlabel("time step")
    name_halves(figure)
    figure.set_label(_run_in_words(trace, text, answers))
    return figure


def _run_in_words(trace: Trace, text: bytes, answers: Mapping[str, bytes]) -> str:
    write, read = (path_in_words(weights[0, :, 0].numpy()) for weights in (trace.w_write, trace.w_read))
    verdicts = " ".join(f"{_begun(name)}: {_verdict(text, answer)}." for name, answer in answers.items())
    return f"“{text.decode('ascii')}” goes in. The write head {write}. The read head {read}. {verdicts}"


def _letters(axes: Axes, answer: bytes, text: bytes, first_step: int, steps: int, title: str) -> None:
    """The characters of an answer at their steps; a wrong one is pink, and a dot where it cannot be printed."""
    axes.set_title(title, loc="left", fontsize=11, color=INK)
    for place, (found, wanted) in enumerate(zip(answer, text, strict=True)):
        colour, weight = (INK, "normal") if found == wanted else (ERROR, "bold")
        letter = chr(found) if 32 <= found < 127 else "·"
        font = {"family": "monospace", "fontsize": 12, "fontweight": weight}
        axes.text(first_step + place, 0, letter, ha="center", va="center_baseline", color=colour, **font)
    axes.axvspan(first_step - 0.5, first_step + len(text) - 0.5, color="#f4f4f4", zorder=0)
    axes.set(ylim=(-1, 1), xlim=(-0.5, steps - 0.5), yticks=[])
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0)


def _verdict(text: bytes, answer: bytes) -> str:
    wrong = sum(found != wanted for found, wanted in zip(answer, text, strict=True))
    return "every character is right" if not wrong else f"{'most' if 2 * wrong > len(text) else 'some'} are wrong"


def _begun(name: str) -> str:
    """A name as the first word of a sentence."""
    return name[0].upper() + name[1:]


def lengths_figure(lengths: ArrayLike, shares: Mapping[str, ArrayLike], trained: int) -> Figure:
    """The share of wrong bits (0 to 1) by length, a curve a machine; grey, the lengths that were trained on."""
    lengths = np.asarray(lengths)
    figure = Figure(figsize=(8.6, 3.8), layout="constrained")
    axes = figure.subplots()
    _frame(axes, lengths, trained)
    for (name, values), (colour, marks) in zip(shares.items(), STYLES, strict=False):
        values = np.asarray(values)
        axes.plot(lengths, values, marks, color=colour, linewidth=2, markersize=5, clip_on=False, zorder=3)
        middle = len(lengths) // 2
        axes.annotate(
            name,
            (lengths[middle], values[middle]),
            (14, -6 if values.any() else 8),
            textcoords="offset points",
            color=colour,
            fontsize=11,
        )
    figure.set_label(" ".join(_curve_in_words(name, lengths, np.asarray(values)) for name, values in shares.items()))
    return figure


def _frame(axes: Axes, lengths: np.ndarray, trained: int) -> None:
    """What curves are drawn on: the lengths trained on, what a coin would do, and names of both axes."""
    axes.axvspan(lengths[0] / 1.15, trained, color="#eeeeee", zorder=0)
    axes.text(trained / 1.06, 0.555, "trained on", ha="right", fontsize=10, color=INK)
    axes.axhline(0.5, color=PALE, linewidth=1, linestyle=(0, (4, 3)))
    axes.text(lengths[-1], 0.515, "a coin", ha="right", fontsize=10, color=INK)
    axes.set_xscale("log")
    axes.xaxis.set_major_locator(FixedLocator(lengths))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xticks(lengths, [str(length) for length in lengths])
    axes.set_yticks([0, 0.25, 0.5], ["0 %", "25 %", "50 %"])
    axes.set(ylim=(-0.01, 0.6), xlim=(lengths[0] / 1.15, lengths[-1] * 1.05), xlabel="length of the sequence, in bytes")
    axes.set_ylabel("wrong bits")
    axes.spines[["top", "right"]].set_visible(False)


def _curve_in_words(name: str, lengths: np.ndarray, values: np.ndarray) -> str:
    if not values.any():
        return f"{_begun(name)}: no wrong bit at any length from {lengths[0]} to {lengths[-1]}."
    return f"{_begun(name)}: at length {lengths[-1]} about {round(100 * values[-1], -1):.0f} % of the bits are wrong."
