"""Pages as they are laid out for Sphinx: none is left out, and only what another reader of Markdown needs changes."""

import json
import re
from pathlib import Path

import pytest

from book import staging
from book.chart import drawn
from research import lesson_map

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture(scope="module")
def laid_out(tmp_path_factory):
    source = tmp_path_factory.mktemp("source")
    staging.lay_out(ROOT, source, with_machine=False)
    return source


@pytest.mark.parametrize(
    ("page", "text", "expected"),
    [
        ("docs/glossary.md", "[a](../README.md#results)", "[a](../index.md#results)"),
        ("CHANGELOG.md", "see [a](README.md) twice", "see [a](index.md) twice"),
        ("docs/glossary.md", "[README]: ../README.md", "[README]: ../index.md"),
        ("data/machines/README.md", "[a](../../README.md)", "[a](../../index.md)"),
        ("README.md", "[a](benchmarks/README.md)", "[a](benchmarks/README.md)"),
        ("docs/glossary.md", "[a](../data/machines/README.md)", "[a](../data/machines/README.md)"),
        ("notebooks/01.ipynb", "[![Open](https://x.org/b.svg)](https://y.org)", "[Open](https://y.org)"),
        ("docs/findings.md", "![A plot](findings/a.png)", "![A plot](findings/a.png)"),
        ("docs/findings.md", 'a\n\n<a id="not_finite"></a>\n\n## B', "a\n\n(not_finite)=\n\n## B"),
        ("docs/findings.md", "an `<a id>` in a line", "an `<a id>` in a line"),
    ],
)
def test_what_only_another_reader_understands_is_changed(page, text, expected):
    assert staging.for_sphinx(text, Path(page)) == expected


def test_a_notebook_changes_in_its_words_alone(laid_out):
    for lesson in sorted(ROOT.glob("notebooks/*.ipynb")):
        was = json.loads(lesson.read_text(encoding="utf-8"))
        now = json.loads((laid_out / "notebooks" / lesson.name).read_text(encoding="utf-8"))
        assert [cell for cell in was["cells"] if cell["cell_type"] == "code"] == [
            cell for cell in now["cells"] if cell["cell_type"] == "code"
        ]
        assert len(was["cells"]) == len(now["cells"])


def test_every_page_stands_in_the_table_of_contents(laid_out):
    contents = (laid_out / "index.md").read_text(encoding="utf-8")
    pages = {path.relative_to(laid_out).with_suffix("").as_posix() for path in laid_out.rglob("*.md")}
    pages |= {path.relative_to(laid_out).with_suffix("").as_posix() for path in laid_out.rglob("*.ipynb")}
    inside = "\n".join(
        path.read_text(encoding="utf-8") for path in (laid_out / "api/index.md", laid_out / "solutions.md")
    )
    listed = set(re.findall(r"^[\w/*.-]+$", contents, re.MULTILINE))
    listed |= {f"api/{name}" for name in re.findall(r"^\w+$", inside, re.MULTILINE)}
    listed |= set(re.findall(r"^notebooks/solutions/\*$", inside, re.MULTILINE))
    for pattern in [name for name in listed if name.endswith("*")]:
        listed |= {page for page in pages if Path(page).match(pattern) and Path(page).parent == Path(pattern).parent}
    assert pages - {"index"} <= listed
    assert len(pages) > 40


def test_the_lessons_and_their_solutions_are_all_there(laid_out):
    for folder in ("notebooks", "notebooks/solutions"):
        lessons = {path.name for path in (ROOT / folder).glob("*.ipynb")}
        assert lessons == {path.name for path in (laid_out / folder).glob("*.ipynb")} > set()


def test_pages_of_prose_are_all_there(laid_out):
    pages = {path.relative_to(ROOT) for folder in ("docs", "data") for path in (ROOT / folder).glob("*.md")}
    assert {page for page in pages if not (laid_out / page).exists()} == set()


def test_the_first_page_is_readme_with_a_place_for_the_machine():
    page = staging.first_page("# T\n\nopening\n\nrest\n\nmore", "<machine>", "contents")
    assert page == "# T\n\nopening\n\n<machine>\n\nrest\n\nmore\n\ncontents"
    assert "<machine>" not in staging.first_page("# T\n\nopening\n\nrest", "", "contents")


def test_the_machine_is_shown_only_where_it_was_built(tmp_path, laid_out):
    assert "machine/index.html" not in (laid_out / "index.md").read_text(encoding="utf-8")
    staging.lay_out(ROOT, tmp_path / "source", with_machine=True)
    assert 'src="machine/index.html" title="' in (tmp_path / "source" / "index.md").read_text(encoding="utf-8")


# The chart of lessons


def test_the_chart_has_every_lesson_and_every_arrow():
    lessons = lesson_map.lessons()
    picture = staging.for_sphinx(lesson_map.graph(lessons) + "\n", Path("docs/lesson-map.md"))
    assert re.findall(r">(\d\d\w? [^<]+)</text>", picture) == [f"{one.number} {one.title}" for one in lessons]
    assert picture.count('class="needs"') == sum(len(one.needs) for one in lessons) > 10
    assert picture.count('class="helps"') == sum(len(one.helped_by) for one in lessons) > 0
    assert "\n\n" not in picture.strip()  # a blank line would end the HTML


def test_an_arc_goes_from_the_one_name_to_the_other():
    picture = drawn('flowchart LR\n    A["first"]\n    B["second & more"]\n    C["third"]\n    A -.-> C\n')
    ((begin, end),) = re.findall(r'class="helps" d="M\d+ (\d+)C.* (\d+)"', picture)
    heights = [int(height) for height in re.findall(r'<text x="\d+" y="(\d+)"', picture)]
    assert heights[0] < int(begin) + 10 < heights[1] < int(end) < heights[2]
    assert "second &amp; more" in picture


@pytest.mark.parametrize("line", ["A --> B", "subgraph one", 'B["name"] --> A'])
def test_a_chart_with_anything_else_is_refused(line):
    with pytest.raises(ValueError, match="more than names and arrows"):
        drawn(f'flowchart LR\n    A["name"]\n    {line}\n')
