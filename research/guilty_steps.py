"""Draw the guilty steps in the folds of lesson 6, for readers without a kernel: python -m research.guilty_steps"""

from pathlib import Path

from matplotlib.figure import Figure

from ntm_lib.teaching.cases import CASES, trace_case
from ntm_lib.teaching.reveal import figure_of
from ntm_lib.teaching.show import png

ROOT = Path(__file__).parent.parent
LESSONS = ROOT / "docs" / "lessons"
SHOWN = ("missed jump", "off by one", "blur", "wrap-around", "restless writer")
"""Cases of lesson 6 with a picture."""


def figure(name: str) -> Figure:
    """The guilty step of a case."""
    return figure_of(trace_case(CASES[name], ROOT / "data" / "machines"))


def fold(name: str) -> str:
    """The cell of lesson 6 that has a case's picture folded, with its alternative text."""
    words = figure(name).get_label()
    picture = f'<img src="../docs/lessons/{path(name).name}" width="720" alt="{words}">'
    return f"<details><summary>The guilty step, without a kernel</summary>\n\n{picture}\n\n</details>"


def path(name: str) -> Path:
    """Where the picture of a case is kept."""
    return LESSONS / f"guilty-{name.replace(' ', '-')}.png"


def main() -> None:
    """Write all pictures."""
    for name in SHOWN:
        path(name).write_bytes(png(figure(name)))


if __name__ == "__main__":
    main()
