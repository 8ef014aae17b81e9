"""Links of a built site: what leads nowhere is named, and so is what a browser would fetch from another host."""

import pytest

from book import links

GOOD = """<html><head><link rel="stylesheet" href="book.css"><link rel="next" href="docs/b.html"></head>
<body id="top"><a href="docs/b.html#deep">b</a> <a href="#top">top</a> <a href="https://elsewhere.org/x">x</a>
<a href="docs/">folder</a> <a href="mailto:a@b.org">write</a> <img src="a%20b.png"> <img src="data:image/png;base64,AA">
</body></html>"""


@pytest.fixture
def site(tmp_path):
    (tmp_path / "docs").mkdir()
    (tmp_path / "index.html").write_text(GOOD)
    (tmp_path / "docs" / "b.html").write_text('<h2 id="deep">B</h2><a href="../index.html#top">back</a>')
    (tmp_path / "docs" / "index.html").write_text("<p>c</p>")
    (tmp_path / "book.css").write_text("p { background: url(a%20b.png) }")
    (tmp_path / "a b.png").write_bytes(b"")
    return tmp_path


def test_a_whole_site_has_nothing_to_complain_about(site):
    assert links.followed(site) == (3, [])


@pytest.mark.parametrize(
    ("tag", "complaint"),
    [
        ('<a href="docs/none.html">', "links docs/none.html, which is not there"),
        ('<a href="docs/b.html#shallow">', "links docs/b.html#shallow, which is not there"),
        ('<a href="#nowhere">', "links #nowhere, which is not there"),
        ('<a href="javascript:void(0)">', "links javascript:void(0), which is not there"),
        ('<link rel="prev" href="none.html">', "links none.html, which is not there"),
        ('<link rel="stylesheet" href="none.css">', "shows none.css, which is not there"),
        ('<img src="none.png">', "shows none.png, which is not there"),
        ('<iframe src="machine/index.html">', "shows machine/index.html, which is not there"),
        ('<img src="https://x.org/a.png">', "fetches https://x.org/a.png"),
        ('<script src="//x.org/a.js">', "fetches //x.org/a.js"),
        ('<link rel="preconnect" href="https://x.org">', "fetches https://x.org"),
        ('<p style="background: url(https://x.org/a.png)">', "fetches https://x.org/a.png"),
    ],
)
def test_a_planted_mistake_is_named(site, tag, complaint):
    page = site / "index.html"
    page.write_text(page.read_text().replace("</body>", f"{tag}</body>"))
    assert links.followed(site) == (3, [f"index.html {complaint}"])


@pytest.mark.parametrize(
    ("style", "complaint"),
    [
        ("@import 'https://x.org/font.css';", "fetches https://x.org/font.css"),
        ('a { src: url("https://x.org/f.woff2") }', "fetches https://x.org/f.woff2"),
        ("a { background: url(gone.svg) }", "shows gone.svg, which is not there"),
    ],
)
def test_a_planted_mistake_in_a_style_is_named(site, style, complaint):
    (site / "book.css").write_text(style)
    assert links.followed(site) == (3, [f"book.css {complaint}"])
