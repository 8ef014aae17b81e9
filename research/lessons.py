"""Write the key picture of every notebook to docs/lessons: python -m research.lessons"""

import base64
import json
from pathlib import Path

ROOT = Path(__file__).parent.parent
TAG = "key-picture"
"""Tag of the cell whose first picture stands for its notebook."""


def key_picture(notebook: Path) -> bytes:
    """The PNG of the one marked cell; ValueError where no cell or more than one is marked."""
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    marked = [cell for cell in cells if TAG in cell["metadata"].get("tags", [])]
    if len(marked) != 1:
        raise ValueError(f"{notebook.name} has {len(marked)} cells tagged {TAG!r}: expected one")
    return next(
        base64.b64decode(output["data"]["image/png"])
        for output in marked[0]["outputs"]
        if "image/png" in output.get("data", {})
    )


def main() -> None:
    """Write docs/lessons/NUMBER.png for every notebook."""
    (ROOT / "docs" / "lessons").mkdir(exist_ok=True)
    for notebook in sorted((ROOT / "notebooks").glob("*.ipynb")):
        number = notebook.name.split("_")[0]
        (ROOT / "docs" / "lessons" / f"{number}.png").write_bytes(key_picture(notebook))


if __name__ == "__main__":
    main()
