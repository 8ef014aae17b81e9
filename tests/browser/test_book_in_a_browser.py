"""The book in a Chromium: every page fits a telephone, complains of nothing, and asks no other host for anything.

`make browser-test` builds the site and runs this; `make test` does not. It needs a Chromium on the path.
"""

import functools
import http.server
import shutil
import threading
from pathlib import Path

import pytest
from playwright.sync_api import expect, sync_playwright

SITE = Path(__file__).parent.parent.parent / "site"
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
PAGES = [path.relative_to(SITE).as_posix() for path in sorted(SITE.rglob("*.html")) if "_modules" not in path.parts]

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on the path: install one, such as Debian's")


class Quiet(http.server.SimpleHTTPRequestHandler):
    """Serves files and says nothing."""

    def log_message(self, *args):
        pass


@pytest.fixture(scope="module")
def address():
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=SITE)) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


@pytest.fixture(scope="module")
def browser():
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield chromium
        chromium.close()


@pytest.fixture
def page(browser, address):
    """A page as wide as a telephone; at the end nothing was wrong, and nothing came from elsewhere."""
    opened, wrong = browser.new_page(viewport={"width": 360, "height": 800}), []
    opened.on("console", lambda said: wrong.append(said.text) if said.type in ("error", "warning") else None)
    opened.on("pageerror", lambda error: wrong.append(str(error)))
    opened.on(
        "request", lambda asked: wrong.append(asked.url) if not asked.url.startswith((address, "data:")) else None
    )
    opened.on("response", lambda answer: wrong.append(answer.url) if answer.status >= 400 else None)
    yield opened
    opened.close()
    assert wrong == []


def test_the_site_was_built():
    assert len(PAGES) > 40, "run `make site` first"


@pytest.mark.parametrize("name", PAGES)
def test_a_page_fits_a_telephone(page, address, name):
    page.goto(address + name, wait_until="load")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert page.title()


def test_a_word_is_found(page, address):
    page.goto(f"{address}search.html?q=sharpen")
    expect(page.locator("#search-results li a").first).to_be_visible()
    assert "notebooks/01_find_a_slot.html" in " ".join(
        link.get_attribute("href") for link in page.locator("#search-results li a").all()
    )


def test_the_page_turns_dark(page, address):
    page.goto(address + "docs/glossary.html")
    grounds = set()
    for _ in range(3):  # automatic, light, dark
        page.locator(".theme-toggle:visible").first.click()
        grounds.add(page.evaluate("getComputedStyle(document.body).backgroundColor"))
    assert len(grounds) == 2


def test_what_scrolls_sideways_is_reached_by_the_keyboard(page, address):
    page.goto(address + "notebooks/01_find_a_slot.html", wait_until="load")
    wide = page.evaluate(
        "[...document.querySelectorAll('pre')].filter(one => one.scrollWidth > one.clientWidth).length"
    )
    reached = page.evaluate("document.querySelectorAll('pre[tabindex=\"0\"]').length")
    assert wide == reached > 5


def test_lessons_follow_each_other(page, address):
    page.goto(address + "notebooks/04_close_the_loop.html")
    expect(page.locator(".next-page .title")).to_have_text("4b · Write the whole machine")
    expect(page.locator(".prev-page .title")).to_have_text("3 · Wire heads")


@pytest.mark.parametrize("width", [360, 768, 1280])
def test_the_machine_stands_whole_in_its_frame_as_light_or_dark_as_the_book(browser, address, width):
    """Playwright imitates no scheme of the reader here: one that it imitates would hold in the frame too."""
    context = browser.new_context(color_scheme="null", viewport={"width": width, "height": 800})
    context.set_default_timeout(240_000)
    page = context.new_page()
    page.goto(address + "index.html", wait_until="load")
    frame = page.frame(url=f"{address}machine/index.html")
    assert frame, "build the machine with `make page`, and then the site"
    height = page.locator("iframe").evaluate("one => one.offsetHeight")
    frame.wait_for_function("performance.getEntriesByName('machine-ready').length > 0")
    page.wait_for_timeout(1000)
    assert page.evaluate("scrollY") == 0
    assert page.locator("iframe").evaluate("one => one.offsetHeight") == height, "what is below it moved"
    assert frame.evaluate("document.documentElement.scrollHeight <= innerHeight")
    assert frame.evaluate("[...document.querySelectorAll('section')].filter(one => one.offsetHeight).length") == 1
    for theme, ground in {"dark": "rgb(20, 22, 26)", "light": "rgb(255, 255, 255)"}.items():
        page.evaluate(f"document.body.dataset.theme = '{theme}'")
        expect(frame.locator("body")).to_have_css("background-color", ground)
    context.close()
