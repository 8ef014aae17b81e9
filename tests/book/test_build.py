"""A build from beginning to end, with a stand-in for Sphinx: what goes in, what comes out, what is said."""

import subprocess
from pathlib import Path

import pytest

from book import __main__ as book
from book import mending, staging

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture
def sphinx(monkeypatch):
    """Sphinx as a function: it writes one page into the last path it is given and exits with `code`."""

    class Sphinx:
        code, page, read = 0, '<aside class="toc-drawer"><h1 id="top">A</h1></aside>', set()

        def run(self, command, check):
            assert command[1:3] == ["-m", "sphinx"] and "--fail-on-warning" in command and not check
            self.read = {path.name for path in Path(command[-2]).iterdir()}
            Path(command[-1]).mkdir()
            Path(command[-1], "index.html").write_text(self.page)
            return subprocess.CompletedProcess(command, self.code)

    stand_in = Sphinx()
    monkeypatch.setattr(book.subprocess, "run", stand_in.run)
    return stand_in


@pytest.fixture
def root(tmp_path):
    """A repository with a README alone, and with the site of an earlier build."""
    (tmp_path / "README.md").write_text("# T\n\nopening\n\nrest\n")
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "old.html").write_text("old")
    return tmp_path


def test_a_site_is_built_anew(root, sphinx, capsys):
    assert book.main([], root) == 0
    assert {path.name for path in (root / "site").iterdir()} == {"index.html"}
    assert {"index.md", "solutions.md", "api"} <= sphinx.read
    assert "README.md" not in sphinx.read
    told = capsys.readouterr().out.splitlines()
    assert told[0] == (
        "book: no page/dist/index.html, so the first page has no live machine: build it with `make page`, which needs"
        " Node 20.19 or newer, and then the site again"
    )
    assert told[1].startswith("book: 1 pages in site/")
    assert 'aria-label="On this page"' in (root / "site" / "index.html").read_text()


def test_the_machine_is_put_into_the_site(root, sphinx, capsys):
    (root / "page" / "dist" / "assets").mkdir(parents=True)
    (root / "page" / "dist" / "index.html").write_text('<img src="assets/a.png">')
    (root / "page" / "dist" / "assets" / "a.png").write_bytes(b"")
    assert book.main([], root) == 0
    assert (root / "site" / "machine" / "assets" / "a.png").exists()
    assert "no live machine" not in capsys.readouterr().out


def test_the_links_of_the_machine_are_followed_too(root, sphinx, capsys):
    (root / "page" / "dist").mkdir(parents=True)
    (root / "page" / "dist" / "index.html").write_text('<script src="https://cdn.org/a.js"></script>')
    assert book.main([], root) == 1
    assert capsys.readouterr().err == "book: machine/index.html fetches https://cdn.org/a.js\n"


def test_where_sphinx_warns_the_site_stays_as_it_was(root, sphinx):
    sphinx.code = 2
    assert book.main([], root) == 1
    assert {path.name for path in (root / "site").iterdir()} == {"old.html"}


def test_a_dead_link_is_an_error(root, sphinx, capsys):
    sphinx.page = '<a href="none.html">'
    assert book.main([], root) == 1
    assert capsys.readouterr().err == "book: index.html links none.html, which is not there\n"


def test_arguments_are_refused(root, capsys):
    assert book.main(["--help"], root) == 2
    assert capsys.readouterr().err == "book: expected no arguments: pages go to site/\n"


def test_what_is_copied_beside_pages_is_what_they_show():
    names = {path.name for pattern in staging.BESIDE for path in ROOT.glob(pattern)}
    assert {"CITATION.cff", "cheat-sheet.pdf", "training.gif", "01.png"} <= names


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ('<p class="caption" role="heading">A</p>', '<p class="caption" role="heading" aria-level="2">A</p>'),
        ('<aside class="toc-drawer no-toc">', '<aside aria-label="On this page" class="toc-drawer no-toc">'),
        ('<th class="head"><p></p></th><th class="head"><p>a</p></th>', '<td></td><th class="head"><p>a</p></th>'),
        (
            "f(<dl>\n<dd><em>a</em>,</dd>\n<dd><em>b</em>,</dd>\n</dl>)",
            'f(<span class="parameters"><span class="parameter"><em>a</em>,</span>\n'
            '<span class="parameter"><em>b</em>,</span>\n</span>)',
        ),
        ("<dl><dt>a</dt><dd>b</dd></dl>", "<dl><dt>a</dt><dd>b</dd></dl>"),
        (
            "<dl><dt>a</dt><dd><dl>\n<dd>b</dd></dl></dd></dl>",
            '<dl><dt>a</dt><dd><span class="parameters"><span class="parameter">b</span></span></dd></dl>',
        ),
    ],
)
def test_a_page_is_mended(written, expected):
    assert mending.mended(written) == expected
