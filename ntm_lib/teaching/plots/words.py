"""Numbers and places in words, for labels and alternative texts."""

import numpy as np

from ntm_lib.analysis.route import SHARP


def short(number: float) -> str:
    """Write a number with two digits after the point at most, and "~0" for small ones that are not zero."""
    if abs(number) < 0.005:
        return "~0" if abs(number) > 1e-6 else "0"  # rounding errors count as zero
    return f"{number:.2f}".rstrip("0").rstrip(".").replace("-", "−")


def about(share: float) -> str:
    """Put a share of wrong bits into words, in tens of a hundred, which are alike on all processors."""
    if share == 0:
        return "no bit is wrong"
    return "few bits are wrong" if share < 0.05 else f"about {max(10, round(100 * share, -1)):.0f} % of bits are wrong"


def place(weights: np.ndarray, row: str = "row") -> str:
    """Name the row on which a head with weights (N) stands: "row 4", or "many rows"."""
    return f"{row} {weights.argmax()}" if weights.max() > SHARP else f"many {row}s"


def path(weights: np.ndarray, row: str = "row") -> str:
    """Name the first and the last row of a head with weights (T, N): "row 0 to row 8"."""
    return f"{place(weights[0], row)} to {place(weights[-1], row)}"


def printable(text: str) -> str:
    """Replace every character that cannot be printed, such as an escape code, with a dot; line ends stay."""
    return "".join(c if c.isprintable() or c == "\n" else "·" for c in text)
