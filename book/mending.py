"""Mend what Sphinx and its theme write and a screen reader or a keyboard stumbles over; axe-core then finds nothing."""

import re
from pathlib import Path

INSTEAD = {
    'role="heading">': 'role="heading" aria-level="2">',
    '<aside class="sidebar-drawer">': '<aside class="sidebar-drawer" aria-label="All pages">',
    '<aside class="toc-drawer': '<aside aria-label="On this page" class="toc-drawer',
    '<th class="head"><p></p></th>': "<td></td>",  # a column without a name
    '<div id="search-results">': '<h1>Search</h1><div id="search-results">',
}
PARAMETERS = re.compile(r"<dl>\s*((?:<dd>(?:(?!<dl|</?dd>).)*</dd>\s*)+)</dl>", re.DOTALL)
"""A signature with a line for each parameter: a list of definitions in which nothing is defined."""


def mended(page: str) -> str:
    """The HTML of a page, with names for its landmarks, levels for its headings, and no list that is none."""
    for was, now in INSTEAD.items():
        page = page.replace(was, now)

    def lines(found: re.Match[str]) -> str:
        each = found[1].replace("<dd>", '<span class="parameter">').replace("</dd>", "</span>")
        return f'<span class="parameters">{each}</span>'

    return PARAMETERS.sub(lines, page)


def mend(site: Path) -> None:
    """Mend all pages of a site."""
    for page in site.rglob("*.html"):
        page.write_text(mended(page.read_text(encoding="utf-8")), encoding="utf-8")
