"""Widgets: milliseconds from a key on a slider to the new picture on the page, and of the kernel's processor.

`python -m benchmarks.widgets`, after `make browser-test`; it needs a Chromium on the path.
"""

import sys
import tempfile
from pathlib import Path
from typing import Any

import psutil
from playwright.sync_api import sync_playwright

from benchmarks import lab, report
from ntm_lib.study.tables import aligned

MOVES = 20

WATCH = """explorer => {
  window.moved = new Promise(done => document.addEventListener('keydown', () => {
    const start = performance.now(), before = explorer.querySelector('img').src;
    const watch = new MutationObserver(async () => {
      const picture = explorer.querySelector('img');
      if (!picture || picture.src === before) return;
      watch.disconnect();
      await picture.decode();
      requestAnimationFrame(() => done(performance.now() - start));
    });
    watch.observe(explorer, {childList: true, subtree: true, attributes: true});
  }, {capture: true, once: true}));
  return true;
}"""
"""Times the next key: from its press to the frame that shows another picture, which is decoded by then."""


def kernel_seconds(server: int) -> float:
    """Seconds that the kernels below a server have kept processors busy."""
    kernels = [one for one in psutil.Process(server).children(recursive=True) if "ipykernel" in " ".join(one.cmdline())]
    return sum(one.cpu_times().user + one.cpu_times().system for one in kernels)


def moves(page: Any, explorer: Any, server: int) -> dict:
    """Move the first slider of a widget a step at a time: milliseconds of each, and of the kernel's processor."""
    handle = explorer.locator(".noUi-handle").first
    handle.scroll_into_view_if_needed()
    handle.press("Home")
    page.wait_for_timeout(2000)
    page.wait_for_function(lab.IDLE)
    times, busy = [], kernel_seconds(server)
    for _ in range(MOVES):
        explorer.evaluate(WATCH)
        at_the_end = handle.get_attribute("aria-valuenow") == handle.get_attribute("aria-valuemax")
        handle.press("Home" if at_the_end else "ArrowRight")
        times.append(page.evaluate("() => window.moved"))
    words = handle.locator("xpath=ancestor::*[contains(@class, 'widget-slider')]").locator(".widget-label").inner_text()
    kernel = 1000 * (kernel_seconds(server) - busy) / MOVES
    return {"slider": words, "milliseconds": report.spread(times), "kernel_milliseconds": kernel}


def measure(notebook: str, chromium: Any) -> list[dict]:
    """Run a lesson in a JupyterLab of its own, and move the first slider of each of its widgets."""
    with tempfile.TemporaryDirectory() as folder, lab.serving(Path(folder)) as served:
        page = chromium.new_page(viewport={"width": 1280, "height": 680})
        page.set_default_timeout(1000 * lab.SECONDS)
        lab.run_all(page, served, notebook)
        page.wait_for_function(lab.IDLE)
        found = [moves(page, explorer, served.server.pid) for explorer in lab.explorers(page).all()]
        page.close()
    return [{"notebook": notebook.removesuffix(".ipynb")} | one for one in found]


def main(names: list[str]) -> None:
    """Measure the lessons whose names begin so, or all; keep and print all."""
    lessons = [name for name in lab.lessons_with("Explorer of ") if name.startswith(tuple(names or [""]))]
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=lab.CHROMIUM)
        results = [one for notebook in lessons for one in measure(notebook, chromium)]
        chromium.close()
    if not names:
        report.keep("widgets", "python -m benchmarks.widgets", results)
    rows = [
        [one["notebook"], one["slider"], *one["milliseconds"].values(), one["kernel_milliseconds"]] for one in results
    ]
    print(aligned([["notebook", "slider", "median ms", "fastest", "slowest", "kernel's processor"], *rows]))


if __name__ == "__main__":
    main(sys.argv[1:])
