"""README's table of notebooks: titles, minutes and pictures are those of the notebooks."""

import json
import re
from pathlib import Path

import pytest

from research.lessons import key_picture

ROOT = Path(__file__).parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
README = (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_line_of_the_table_is_what_the_notebook_says(notebook):
    opening = "".join(json.loads(notebook.read_text(encoding="utf-8"))["cells"][0]["source"])
    title = re.search(r"^# \w+ · (.+)$", opening, re.MULTILINE)[1]
    minutes = re.search(r"\*\*Time\*\* (\d+) minutes, and (\d+) more", opening)
    (line,) = [line for line in README.splitlines() if f"](notebooks/{notebook.name})" in line]
    number = notebook.name.split("_")[0]
    assert line.startswith(f"| [{number}](notebooks/{notebook.name}) | **{title}**: ")
    assert f" | {minutes[1]} + {minutes[2]} | " in line
    assert re.search(rf'<img src="docs/lessons/{number}\.png" width="180" alt="[^"]+\.">', line)


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_its_picture_is_the_notebooks_key_picture(notebook):
    picture = ROOT / "docs" / "lessons" / f"{notebook.name.split('_')[0]}.png"
    assert picture.read_bytes() == key_picture(notebook)


def test_a_notebook_without_a_key_picture_is_named(tmp_path):
    notebook = tmp_path / "09_nothing.ipynb"
    notebook.write_text(json.dumps({"cells": [{"metadata": {}, "outputs": []}]}))
    with pytest.raises(ValueError, match=r"09_nothing\.ipynb has 0 cells tagged 'key-picture': expected one"):
        key_picture(notebook)
