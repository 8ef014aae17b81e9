"""The live page as a plain file server gives it, opened in a Chromium: for tests of the page and for its benchmark."""

import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).parent.parent.parent
PAGE = ROOT / "page" / "dist"
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
MILLISECONDS = 240_000
"""To wait for anything, at most."""
READY = "() => performance.getEntriesByName('machine-ready').length > 0"
"""Whether the machine of the tape has begun."""


class Files(SimpleHTTPRequestHandler):
    """Files without a word about each."""

    def log_message(self, format: str, *arguments: object) -> None:
        """Say nothing."""


@contextmanager
def server(folder: Path = PAGE) -> Iterator[str]:
    """The address of a page, on this machine alone."""
    if not (folder / "index.html").exists():
        raise FileNotFoundError(f"{folder} holds no page: build it with `make page`")
    files = ThreadingHTTPServer(("127.0.0.1", 0), partial(Files, directory=folder))
    thread = threading.Thread(target=files.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{files.server_port}/"
    finally:
        files.shutdown()
        files.server_close()
        thread.join()


@contextmanager
def chromium() -> Iterator[Browser]:
    """A browser without a window."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM)
        yield browser
        browser.close()


class Seen:
    """What a page did that it should not: words in the console, errors, and requests to other hosts."""

    def __init__(self, page: Page, address: str):
        self.asked: list[str] = []
        self.complaints: list[str] = []
        page.on("console", lambda message: self.complaints.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("request", lambda request: self.asked.append(request.url))
        self.address = address

    @property
    def foreign(self) -> list[str]:
        """Requests to anything but the server of the page."""
        return [url for url in self.asked if not url.startswith((self.address, "data:", "blob:"))]


@contextmanager
def opened(browser: Browser, address: str, ready: bool = True, script: str = "", **options: object) -> Iterator[Page]:
    """The page in a context of its own, once its machine has begun; asserts that it did nothing that it should not."""
    context = browser.new_context(**options)
    context.set_default_timeout(MILLISECONDS)
    if script:
        context.add_init_script(script)
    page = context.new_page()
    seen = Seen(page, address)
    page.goto(address)
    if ready:
        page.wait_for_function(READY)
    yield page
    assert seen.complaints == []
    assert seen.foreign == []
    context.close()
