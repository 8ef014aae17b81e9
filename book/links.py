"""Follow every link of a built site: files, anchors, pictures; and nothing may be fetched from another host."""

import re
from collections.abc import Iterator
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

FETCHED = {"src", "srcset", "poster", "data"}
"""Attributes whose address a browser fetches by itself; so it does with the href of a <link>, not of an <a>."""
LINKED_ONLY = {"author", "canonical", "license", "next", "prev", "search", "index", "alternate"}
"""Kinds of <link> that a browser does not fetch."""
ADDRESS_IN_STYLE = re.compile(r"""(?:url\(|@import\s)\s*["']?([^"')\s]+)""")


class Page(HTMLParser):
    """The ids of a page, its links, and the addresses that a browser fetches to show it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: set[str] = set()
        self.links: set[str] = set()
        self.fetched: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep what one tag names."""
        values = {name: value for name, value in attrs if value is not None}
        self.ids |= {values[name] for name in ("id", "name") if name in values}
        self.fetched |= {value for name, value in values.items() if name in FETCHED and tag != "param"}
        self.fetched |= set(ADDRESS_IN_STYLE.findall(values.get("style", "")))
        if "href" in values:
            follows = tag in ("a", "area") or LINKED_ONLY >= set(values.get("rel", "").split()) > set()
            (self.links if follows else self.fetched).add(values["href"])


@cache
def page(path: Path) -> Page:
    """A page of the site, read once."""
    return Page(path.read_text(encoding="utf-8"))


def elsewhere(address: str) -> bool:
    """Whether an address names another host."""
    return bool(urlsplit(address).netloc)


def missing(source: Path, address: str) -> bool:
    """Whether a relative address on a page of the site leads to no file, or to no such place in it."""
    parts = urlsplit(address)
    if parts.scheme:
        return parts.scheme not in ("mailto", "data", "blob")
    target = source.parent / unquote(parts.path) if parts.path else source
    target = target / "index.html" if target.is_dir() else target
    if not target.is_file():
        return True
    return bool(parts.fragment and target.suffix == ".html" and unquote(parts.fragment) not in page(target).ids)


def complaints(site: Path, source: Path) -> Iterator[str]:
    """Complaints about the addresses of one file of the site."""
    name = source.relative_to(site).as_posix()
    if source.suffix == ".css":
        fetched, linked = set(ADDRESS_IN_STYLE.findall(source.read_text(encoding="utf-8"))), set()
    else:
        fetched, linked = page(source).fetched, page(source).links
    for address in sorted(fetched):
        if elsewhere(address):
            yield f"{name} fetches {address}"
        elif missing(source, address):
            yield f"{name} shows {address}, which is not there"
    for address in sorted(linked):
        if not elsewhere(address) and missing(source, address):
            yield f"{name} links {address}, which is not there"


def followed(site: Path) -> tuple[int, list[str]]:
    """The number of pages of a site, and a line for every address that is wrong."""
    page.cache_clear()
    pages = sorted(site.rglob("*.html"))
    return len(pages), [line for source in [*pages, *sorted(site.rglob("*.css"))] for line in complaints(site, source)]
