"""Write docs/findings.md, its figures and README's numbers from the tables in data/: python -m research.findings"""

from ntm_lib.teaching.show import png
from research.page import render, with_numbers
from research.pictures import figures
from research.tables import ROOT

PAGE = ROOT / "docs" / "findings.md"
PICTURES = ROOT / "docs" / "findings"
README = ROOT / "README.md"


def main() -> None:
    """Write the page, the table in README, and every figure; remove figures that the page no longer has."""
    PAGE.write_text(render(), encoding="utf-8")
    README.write_text(with_numbers(README.read_text(encoding="utf-8")), encoding="utf-8")
    PICTURES.mkdir(exist_ok=True)
    drawn = {f"{name}.png": draw for name, draw in figures().items()}
    for kept in PICTURES.glob("*.png"):
        if kept.name not in drawn:
            kept.unlink()
    for name, draw in drawn.items():
        (PICTURES / name).write_bytes(png(draw()))


if __name__ == "__main__":
    main()
