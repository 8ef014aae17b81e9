"""The code table of a machine: what it writes for each vector."""

from collections.abc import Sequence
from pathlib import Path

from matplotlib.figure import Figure

from ntm_lib.teaching.plots.style import described, page, panel


def code_figure(codes: Sequence[Sequence[float]]) -> Figure:
    """The code of each vector as a row of a picture: codes (V, M)."""
    figure, axes = page(6.5)
    largest = max(abs(number) for code in codes for number in code)
    image = axes.imshow(codes, aspect="auto", cmap="PuOr", vmin=-largest, vmax=largest, interpolation="nearest")
    panel(axes, "What the machine writes for each vector", ylabel="vector")
    axes.set(xlabel=f"which of the row's {len(codes[0])} numbers", xticks=range(0, len(codes[0]), 5))
    figure.colorbar(image, ax=axes, label="added to the row")
    return described(figure, f"{len(codes)} vectors, one a line, and the {len(codes[0])} numbers that code each")


def save_codes(codes: Sequence[Sequence[float]], path: str | Path) -> None:
    """Draw codes (V, M) into a picture file; ValueError for one that cannot be written."""
    try:
        code_figure(codes).savefig(path, dpi=150)
    except OSError as error:
        raise ValueError(f"cannot write {path}: {error.strerror}; choose a file that can be written") from error
