"""Widgets move in a real JupyterLab: sliders by mouse and by keys, and a training that reaches its verdict.

`make browser-test` runs this and `make test` does not. It needs a Chromium on the path.
"""

import json
import os
import re
import secrets
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from urllib.error import URLError

import pytest
from playwright.sync_api import expect, sync_playwright

from ntm_lib.teaching.entries import seed_of

ROOT = Path(__file__).parent.parent.parent
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
SECONDS = 240
"""To wait for anything, at most; milliseconds for playwright."""

SETTINGS = {
    "@jupyterlab/apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
    "@jupyterlab/notebook-extension/tracker": {"windowingMode": "none"},
}
"""No questions in front of the page, and every cell in it, also those out of sight."""

IDLE = "() => window.jupyterapp.shell.currentWidget?.sessionContext?.session?.kernel?.status === 'idle'"
"""Whether the kernel of the notebook in front is there, and has nothing to do."""

BROKEN = (
    "[data-mime-type='application/vnd.jupyter.stderr'], [data-mime-type='application/vnd.jupyter.error'], .icon-error"
)
"""A warning, a cell that stopped, or a widget that the browser could not draw."""

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on the path: install one, such as Debian's")


def lessons_with(widget):
    """Lessons that show a widget of this kind."""
    lessons = sorted((ROOT / "notebooks").glob("*.ipynb"))
    shows = re.compile(rf'"text/plain": \[\s*"{widget}')
    return [path.name for path in lessons if shows.search(path.read_text(encoding="utf-8"))]


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """The address of a JupyterLab, on this machine alone, over copies of the notebooks: a function of a notebook."""
    folder = tmp_path_factory.mktemp("lab")
    for part in ("notebooks", "data"):
        shutil.copytree(ROOT / part, folder / "root" / part)
    for name, values in SETTINGS.items():
        file = folder / "settings" / f"{name}.jupyterlab-settings"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(values), encoding="utf-8")
    places = {"JUPYTER_CONFIG_DIR": "config", "JUPYTER_RUNTIME_DIR": "runtime", "IPYTHONDIR": "ipython"}
    places |= {"JUPYTERLAB_SETTINGS_DIR": "settings", "JUPYTERLAB_WORKSPACES_DIR": "workspaces"}
    environment = os.environ | {name: str(folder / place) for name, place in places.items()}
    port, token = free_port(), secrets.token_hex(16)
    options = [f"--port={port}", f"--IdentityProvider.token={token}", f"--ServerApp.root_dir={folder / 'root'}"]
    options += ["--ip=127.0.0.1", "--no-browser", "--allow-root", "--expose-app-in-browser"]
    with (folder / "log").open("w") as log:
        server = subprocess.Popen([sys.executable, "-m", "jupyter", "lab", *options], env=environment, stderr=log)
        try:
            wait_for(f"http://127.0.0.1:{port}/api/status?token={token}", folder / "log")
            yield lambda notebook: f"http://127.0.0.1:{port}/lab/tree/notebooks/{notebook}?token={token}&reset"
        finally:
            server.terminate()
            server.wait()


def wait_for(address, log):
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        try:
            return urllib.request.urlopen(address, timeout=5).close()
        except URLError:
            time.sleep(0.2)
    pytest.fail(f"JupyterLab did not start: {log.read_text()}")


@pytest.fixture(scope="module")
def browser():
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM)
        yield chromium
        chromium.close()


@pytest.fixture
def run(lab, browser):
    """Open a notebook and run all of its cells; its page, where no cell has stopped or warned."""
    context = browser.new_context(viewport={"width": 1400, "height": 1000})
    context.set_default_timeout(1000 * SECONDS)
    expect.set_options(timeout=1000 * SECONDS)

    def opened(notebook):
        page = context.new_page()
        page.goto(lab(notebook))
        page.wait_for_selector(".jp-Notebook .jp-CodeCell")
        page.wait_for_function(IDLE)
        page.evaluate("() => window.jupyterapp.commands.execute('notebook:run-all-cells')")
        assert page.locator(BROKEN).all_inner_texts() == []
        return page

    yield opened
    context.close()


def handle(slider):
    return slider.locator(".noUi-handle")


def drag(page, slider):
    """By mouse, to a quarter of the track on the side where the handle is not."""
    handle(slider).scroll_into_view_if_needed()
    track, here = slider.locator(".noUi-base").bounding_box(), handle(slider).bounding_box()
    x, y = here["x"] + here["width"] / 2, here["y"] + here["height"] / 2
    there = 0.25 if x > track["x"] + track["width"] / 2 else 0.75
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(track["x"] + there * track["width"], y, steps=5)
    page.mouse.up()


def press(page, slider):
    """By one step, with an arrow key, to the left where there is no step to the right."""
    here, end = (float(handle(slider).get_attribute(name)) for name in ("aria-valuenow", "aria-valuemax"))
    handle(slider).press("ArrowLeft" if here == end else "ArrowRight")


def see_it_move(page, slider, picture, move):
    """A move changes the slider's number and sends another picture."""
    page.wait_for_function(IDLE)
    before, source = handle(slider).get_attribute("aria-valuetext"), picture.get_attribute("src")
    move(page, slider)
    expect(picture).not_to_have_attribute("src", source)
    assert handle(slider).get_attribute("aria-valuetext") != before


@pytest.mark.parametrize("notebook", lessons_with("Explorer of "))
def test_sliders_move_the_picture_and_its_words(run, notebook):
    page = run(notebook)
    controls = page.locator(".widget-slider, .widget-dropdown")
    explorers = page.locator(".widget-vbox", has=controls, has_not=page.get_by_role("status"))
    assert explorers.count() > 0
    for explorer in explorers.all():
        picture, sliders = explorer.locator("img"), explorer.locator(".widget-slider").all()
        words = picture.get_attribute("alt")
        assert words
        assert all(one.locator(".widget-label").inner_text().strip() for one in explorer.locator(controls).all())
        for move in (press, drag):
            for slider in sliders:
                see_it_move(page, slider, picture, move)
        for choice in explorer.locator("select").all():
            source = picture.get_attribute("src")
            choice.select_option(index=0 if choice.evaluate("list => list.selectedIndex") else 1)
            expect(picture).not_to_have_attribute("src", source)
        expect(picture).not_to_have_attribute("alt", words)


@pytest.mark.parametrize("notebook", lessons_with("LiveTraining"))
def test_a_training_moves_and_reaches_its_verdict_again(run, notebook):
    page = run(notebook)
    training = page.locator(".widget-vbox", has=page.get_by_role("status"))
    status, picture = training.get_by_role("status"), training.locator("img")
    expect(status).to_contain_text("Converged")
    assert picture.get_attribute("alt")
    learned = picture.get_attribute("src")
    training.get_by_role("button", name="Start anew").press("Enter")
    expect(status).not_to_contain_text("Converged")
    expect(picture).not_to_have_attribute("src", learned)
    early = picture.get_attribute("src")
    expect(status).to_contain_text("Converged")
    expect(picture).not_to_have_attribute("src", early)


@pytest.mark.parametrize("notebook", lessons_with("LiveTraining"))
def test_entries_name_their_bounds_any_text_is_a_seed_and_a_slider_plays_it_again(run, notebook):
    page = run(notebook)
    training = page.locator(".widget-vbox", has=page.get_by_role("status"))
    status, anew = training.get_by_role("status"), training.get_by_role("button", name="Start anew")
    expect(status).to_contain_text("Converged")
    longest, seed = (
        training.locator(".widget-text", has_text=name).locator("input") for name in ("longest sequence", "seed")
    )
    longest.fill("5000")
    anew.press("Enter")
    expect(status).to_contain_text("longest sequence to train on is '5000': expected a whole number from 1 to 50")
    longest.fill("10")
    seed.fill("a turtle")
    anew.press("Enter")
    expect(status).to_contain_text(f"seed {seed_of('a turtle')}: ")
    expect(status).to_contain_text("Converged")
    slider, picture = training.locator(".noUi-target:not([disabled]) .noUi-handle"), training.locator("img")
    last = picture.get_attribute("src")
    slider.press("Home")
    expect(status).to_contain_text("update 0,")
    expect(picture).not_to_have_attribute("src", last)
    slider.press("ArrowRight")
    expect(status).to_contain_text("update 10,")
