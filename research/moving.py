"""Make README's moving picture from one training: python -m research.moving docs/training.gif

Trains `reliable` from seed 0 and draws, every few updates, how the machine copies one text of 24 letters: where its
heads point on the tape, and which bits come out wrong. It is the training that the live page replays
(`research/live/training.py`). Here it is validated more often than `reliable` asks, so that there is a moment for every
frame: the machines are the page's, bit for bit, until a validation ends the training, which comes a few updates sooner
here. Takes about a minute, and needs matplotlib.
"""

import io
import os
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.colors import to_hex, to_rgb
from matplotlib.figure import Figure
from PIL import Image
from torch import Tensor

from ntm_lib import tasks
from ntm_lib.analysis.trace import Trace, trace_copy
from ntm_lib.teaching.plots.parts import cells, heads_image, tint
from ntm_lib.teaching.plots.style import ERROR, INK, PALE, READ, TARGET, WRITE
from ntm_lib.training import loop, recipes
from ntm_lib.training.run import Run

TEXT = b"heads that learn to walk"
ROWS = 64
"""Memory rows of the copy that is drawn."""
EVERY = 4
"""Updates between two frames while the bits come right."""
FAST_UNTIL, LATER = 128, 16
"""After this update the heads only sharpen: a frame is drawn every `LATER` updates."""
MILLISECONDS, FIRST, LAST = 220, 1500, 5000
"""How long a frame stands, and how long the first and the last one do."""
SHADES = 12
"""Shades of each colour in the GIF, from white on; a GIF holds 256 colours in all."""
STRONGER = 0.5
"""Weights are raised to this power before they are drawn, so that a spread-out head can still be seen."""


def text_bits(text: bytes) -> Tensor:
    """The bits of a text as one payload: (1, letters, 8)."""
    return tasks.number_bits(torch.tensor(list(text))).unsqueeze(0)


def moments() -> Iterator[tuple[int, Trace]]:
    """Train one machine; yield, for each frame, the sequences seen so far and the traced copy of `TEXT`."""
    bits = text_bits(TEXT)
    run = Run(replace(recipes.reliable, validate_every=EVERY), seed=0)
    yield 0, trace_copy(run.judged, bits, ROWS)
    for _ in loop.learn(run):
        progress = run.progress
        if progress.update <= FAST_UNTIL or progress.update % LATER == 0 or run.is_done:
            yield progress.sequences, trace_copy(run.judged, bits, ROWS)


def frame(sequences: int, trace: Trace) -> Figure:
    """One frame: where the heads point at each step, and below it the bits and letters that go in and come out."""
    wrong = trace.wrong[0].numpy()
    figure = Figure(figsize=(9.0, 5.6), dpi=100)
    margins = {"left": 0.075, "right": 0.985, "top": 0.86, "bottom": 0.15}
    heads, bits = figure.subplots(2, 1, sharex=True, height_ratios=(2.5, 1), gridspec_kw=margins)
    _heads(heads, trace)
    _bits(bits, trace, wrong)
    _letters(bits, trace, wrong)
    _words(figure, heads, sequences, int(wrong.sum()), int(trace.mask.sum()) * wrong.shape[-1])
    return figure


def _heads(axes: Axes, trace: Trace) -> None:
    """Both weightings over the steps of the copy, row 0 at the top."""
    read, write = (weights[0, :, 0].numpy() ** STRONGER for weights in (trace.w_read, trace.w_write))
    cells(axes, heads_image(read, write))
    axes.set_ylabel("memory row", color=INK)
    axes.set_yticks(range(0, ROWS + 1, 16))
    axes.set_ylim(ROWS - 0.5, -0.5)
    axes.tick_params(length=0, labelbottom=False)
    axes.spines[:].set_color(PALE)


def _bits(axes: Axes, trace: Trace, wrong: np.ndarray) -> None:
    """Ones dark, zeros white, wrong bits pink: the text's bits on its way in, the machine's on their way out."""
    width, answer = wrong.shape[-1], trace.mask[0].bool().numpy()
    ones = trace.inputs[0, :, :width].numpy()
    ones[answer] = (trace.logits[0] > 0).float().numpy()[answer]
    image = 1 - tint(ones, INK)
    pink = np.array(to_rgb(ERROR))
    image = np.where(wrong[..., None], pink * (1 - 0.25 * ones[..., None]), image)
    cells(axes, image.swapaxes(0, 1))
    axes.set_ylabel("bit", color=INK)
    axes.set_yticks([])
    axes.tick_params(length=0, pad=1)
    axes.spines[:].set_color(PALE)


def _letters(axes: Axes, trace: Trace, wrong: np.ndarray) -> None:
    """Below every step its letter: pink where a bit of it came out wrong."""
    count, steps = len(TEXT), len(wrong)
    out = tasks.bits_number((trace.logits[0, -count:] > 0).float()).int().tolist()
    letters = [" ", *map(chr, TEXT), " ", *(chr(code) if 32 <= code < 127 else "·" for code in out)]
    axes.set_xticks(range(steps), letters, family="monospace", fontsize=12)
    for label, is_wrong in zip(axes.get_xticklabels(), np.any(wrong, axis=-1), strict=True):
        label.set_color(ERROR if is_wrong else INK)


def _words(figure: Figure, heads: Axes, sequences: int, wrong: int, bits: int) -> None:
    """What the frame shows, in words: how far the training is, and what is drawn where."""
    seen = f"{sequences:,} training sequences seen" if sequences else "before training"
    figure.text(0.075, 0.945, seen, fontsize=17, color=INK, va="center")
    count = f"{wrong} of {bits} bits wrong" if wrong else "every bit right"
    colour = ERROR if wrong else TARGET
    figure.text(0.985, 0.945, count, fontsize=17, color=colour, fontweight="bold", va="center", ha="right")
    heads.text(0.0, 1.03, "where the heads point", transform=heads.transAxes, color=INK, fontsize=11)
    for x, name, colour in ((0.86, "write head", WRITE), (1.0, "read head", READ)):
        heads.text(x, 1.03, name, transform=heads.transAxes, color=colour, fontweight="bold", ha="right", fontsize=11)
    for x, words in ((0.3, "a text goes in, letter by letter"), (0.76, "and should come out again")):
        figure.text(x, 0.035, words, fontsize=12, color=INK, ha="center")


def picture(figure: Figure) -> Image.Image:
    """A frame as an image."""
    drawn = io.BytesIO()
    figure.savefig(drawn, format="png")
    return Image.open(drawn).convert("RGB")


def palette() -> Image.Image:
    """The colours of the GIF: shades of each colour of a frame, and of both heads on one row."""
    shades = np.linspace(0, 1, SHADES)[:, None]
    red, green, blue = (0.75 * part for part in to_rgb(ERROR))
    darker = to_hex((red, green, blue))
    ramps = [1 - tint(shades, colour)[:, 0] for colour in (INK, PALE, READ, WRITE, ERROR, TARGET, darker)]
    both = heads_image(*(grid.reshape(1, -1) for grid in np.meshgrid(shades[::2], shades[::2]))).reshape(-1, 3)
    colours = (255 * np.concatenate([*ramps, both])).round().astype(np.uint8)
    image = Image.new("P", (1, 1))
    image.putpalette(colours.tobytes())
    return image


def main(out: str) -> None:
    """Train, draw every frame, and write the moving picture."""
    os.environ.setdefault("MKL_CBWR", "AUTO")  # as the command `ntm` trains
    torch.set_num_threads(1)
    images = [picture(frame(*moment)) for moment in moments()]
    frames = [image.quantize(palette=palette(), dither=Image.Dither.NONE) for image in images]
    times = [FIRST, *[MILLISECONDS] * (len(frames) - 2), LAST]
    frames[0].save(out, save_all=True, append_images=frames[1:], duration=times, loop=0, optimize=True)
    print(f"{out}: {len(frames)} frames, {Path(out).stat().st_size:,} bytes")


if __name__ == "__main__":
    main(*sys.argv[1:])
