"""Lay the repository's pages out as Sphinx reads them: every file at its own path, README as the first page.

Files are copied as they are, but for what only another reader of Markdown understands: a picture of another host
becomes its alternative text, a Mermaid chart a drawing, an anchor written in HTML one of MyST's, and a link to README
leads to the first page.
"""

import json
import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path

from book.chart import drawn

ROOT = Path(__file__).resolve().parent.parent
OURS = ROOT / "book"
PAGES = (
    "README.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "benchmarks/README.md",
    "data/*.md",
    "data/machines/README.md",
    "docs/*.md",
    "notebooks/*.ipynb",
    "notebooks/solutions/*.ipynb",
)
"""Files that become pages, below the root of the repository."""
BESIDE = ("CITATION.cff", "LICENSE", "docs/**/*.png", "docs/**/*.gif", "docs/**/*.pdf")
"""Files that pages show or link to."""

PICTURE_ELSEWHERE = re.compile(r"!\[([^\]]*)\]\(https?://[^)]+\)")
LINK_TO_README = re.compile(r"(\]\(|^\[[^\]]+\]: )((?:\.\./)*README\.md)", re.MULTILINE)
ANCHOR = re.compile(r'^<a id="(\w+)"></a>$', re.MULTILINE)
CHART = re.compile(r"^```mermaid\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def for_sphinx(text: str, page: Path) -> str:
    """The Markdown of a page, whose path is relative to the root, with nothing that only another reader understands."""

    def to_the_first_page(match: re.Match[str]) -> str:
        leads_to = os.path.normpath(page.parent / match[2])
        return match[1] + (match[2].replace("README", "index") if leads_to == "README.md" else match[2])

    text = LINK_TO_README.sub(to_the_first_page, PICTURE_ELSEWHERE.sub(r"\1", text))
    text = ANCHOR.sub(r"(\1)=", text)
    return CHART.sub(lambda chart: drawn(chart[1]), text)


def in_cells(notebook: str, change: Callable[[str], str]) -> str:
    """A notebook, as the text of its file, with a change to the text of each Markdown cell."""
    content = json.loads(notebook)
    for cell in content["cells"]:
        if cell["cell_type"] == "markdown":
            cell["source"] = change("".join(cell["source"]))
    return json.dumps(content, ensure_ascii=False)


def first_page(readme: str, machine: str, contents: str) -> str:
    """README with the live machine below its first paragraph, and the table of contents at the end."""
    title, opening, rest = readme.split("\n\n", 2)
    return "\n\n".join([title, opening, *filter(None, [machine]), rest, contents])


def lay_out(root: Path, to: Path, with_machine: bool) -> None:
    """Copy all pages of a repository, and what they show, into an empty directory that Sphinx reads."""
    for pattern in (*PAGES, *BESIDE):
        for source in sorted(root.glob(pattern)):
            name = source.relative_to(root)
            copy = to / name
            copy.parent.mkdir(parents=True, exist_ok=True)
            if pattern in BESIDE:
                shutil.copyfile(source, copy)
                continue
            text = source.read_text(encoding="utf-8")
            if source.suffix == ".ipynb":
                copy.write_text(in_cells(text, lambda cell, page=name: for_sphinx(cell, page)), encoding="utf-8")
            else:
                copy.write_text(for_sphinx(text, name), encoding="utf-8")
    shutil.copytree(OURS / "api", to / "api")
    shutil.copyfile(OURS / "solutions.md", to / "solutions.md")
    machine = (OURS / "machine.html").read_text(encoding="utf-8") if with_machine else ""
    contents = (OURS / "contents.md").read_text(encoding="utf-8")
    readme = (to / "README.md").read_text(encoding="utf-8")
    (to / "index.md").write_text(first_page(readme, machine, contents), encoding="utf-8")
    (to / "README.md").unlink()
