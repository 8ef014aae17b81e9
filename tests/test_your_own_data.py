"""docs/your-own-data.md: its snippets run in order, and its table of contents is that of its headings."""

import re
from pathlib import Path

import pytest
import torch

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "your-own-data.md"
TEXT = PAGE.read_text(encoding="utf-8")


def snippets():
    """Every block of Python on the page, compiled with the page's own line numbers."""
    for match in re.finditer(r"^```python\n(.*?)^```$", TEXT, re.DOTALL | re.MULTILINE):
        above = TEXT[: match.start(1)].count("\n")
        yield compile("\n" * above + match[1], str(PAGE), "exec")


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:.*treespec.*:FutureWarning")  # torch's exporter calls its own old names
def test_the_snippets_run_in_order(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    torch.manual_seed(0)
    names = {}
    for snippet in snippets():
        exec(snippet, names)
    assert names["report"].wrong_bits == 0
    assert (tmp_path / "step.onnx").exists()


def test_every_section_is_in_the_table_of_contents():
    headings = re.findall(r"^## (.+)$", TEXT, re.MULTILINE)
    contents = re.findall(r"^- \[(.+)\]\(#(.+)\)$", TEXT, re.MULTILINE)
    assert [title for title, _ in contents] == headings
    assert [re.sub(r"[^\w\- ]", "", title).lower().replace(" ", "-") for title in headings] == [
        anchor for _, anchor in contents
    ]


def test_every_link_leads_somewhere():
    links = re.findall(r"\]\((?!#|https:)([^)#]+)", TEXT)
    assert links
    assert [link for link in links if not (PAGE.parent / link).exists()] == []
