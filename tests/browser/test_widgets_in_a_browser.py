"""In a real JupyterLab widgets move, by mouse and by keys, trainings end in a verdict, and sources keep their lines.

`make browser-test` runs this and `make test` does not. It needs a Chromium on the path.
"""

import re

import pytest
from playwright.sync_api import expect, sync_playwright

from benchmarks.lab import CHROMIUM, IDLE, SECONDS, explorers, lessons_with, run_all, serving
from ntm_lib.teaching.entries import seed_of

SIZES = ((700, "collapseLeft"), (700, "expandLeft"), (1024, "expandLeft"), (1280, "expandLeft"), (1600, "expandLeft"))
"""Widths of a window that is 680 pixels high, and whether JupyterLab's list of files is open beside the notebook."""

HIDDEN = """widget => {
  const panel = widget.closest('.jp-WindowedPanel-outer').getBoundingClientRect(), box = widget.getBoundingClientRect();
  const parts = [...widget.querySelectorAll('*')].filter(part => part.getClientRects().length);
  const scrolls = part => /auto|scroll/.test(getComputedStyle(part).overflow) || part.matches('.widget-label');
  const cut = [widget, ...parts].filter(part => scrolls(part)
    && (part.scrollWidth > part.clientWidth + 1 || part.scrollHeight > part.clientHeight + 1));
  const beyond = parts.filter(part => part.matches('img, input, button, select, .widget-label, .slider-container'))
    .filter(part => { const here = part.getBoundingClientRect();
      return here.left < box.left - 1 || here.right > box.right + 1 || here.bottom > box.bottom + 1; });
  const short = parts.filter(part => part.matches('.slider-container, input') && part.clientWidth < 48);
  const names = [...cut, ...beyond, ...short].map(part => `${part.className} ${part.textContent}`);
  return (box.height > panel.height || box.width > panel.width) ? [`${box.width} x ${box.height}`, ...names] : names;
}"""
"""What of a widget cannot be seen or used: all of it where it is larger than the notebook's panel, and what is cut off,
stands outside of it, or is too short."""

MOVE_AT_ONCE = """explorer => {
  window.seen = [];
  new MutationObserver(() => {
    const words = explorer.querySelector('img')?.alt;
    if (words && words !== window.seen.at(-1)) window.seen.push(words);
  }).observe(explorer, {childList: true, subtree: true});
  const handle = explorer.querySelector('.noUi-handle');
  for (let move = 0; move < 12; move++)
    handle.dispatchEvent(new KeyboardEvent('keydown', {key: 'ArrowRight', bubbles: true}));
}"""
"""Moves the first slider by twelve steps before the kernel can answer, and keeps the words of every picture shown."""

BOX = """pre => {
  const box = pre.parentElement, page = pre.closest('.jp-OutputArea-output');
  return {
    lines: pre.clientHeight / parseFloat(getComputedStyle(pre).lineHeight),
    written: pre.textContent.trimEnd().split('\\n').length,
    scrolls: /auto|scroll/.test(getComputedStyle(box).overflowX),
    fits: box.clientWidth <= page.clientWidth && page.scrollWidth <= page.clientWidth,
  };
}"""
"""Of a source in a notebook's output: its lines on the screen and in the file, and whether it scrolls in the page."""

BROKEN = (
    "[data-mime-type='application/vnd.jupyter.stderr'], [data-mime-type='application/vnd.jupyter.error'], .icon-error"
)
"""A warning, a cell that stopped, or a widget that the browser could not draw."""

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on the path: install one, such as Debian's")


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    with serving(tmp_path_factory.mktemp("lab")) as served:
        yield served


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
        run_all(page, lab, notebook)
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
    assert explorers(page).count() > 0
    for explorer in explorers(page).all():
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


@pytest.mark.parametrize("notebook", sorted({*lessons_with("Explorer of "), *lessons_with("LiveTraining")}))
def test_control_and_picture_stand_on_one_screen(run, notebook):
    page = run(notebook)
    page.wait_for_function(IDLE)
    widgets = page.locator(".widget-vbox", has=page.locator(".widget-slider"))
    assert widgets.count() > 0
    for width, side_bar in SIZES:
        page.set_viewport_size({"width": width, "height": 680})
        page.evaluate(f"() => window.jupyterapp.shell.{side_bar}()")
        page.wait_for_timeout(1000)
        hidden = [widget.evaluate(HIDDEN) for widget in widgets.all()]
        assert (width, side_bar, hidden) == (width, side_bar, [[]] * widgets.count())


@pytest.mark.parametrize("notebook", lessons_with("(class|def) "))
def test_shown_sources_keep_their_lines_and_scroll(lab, browser, notebook):
    """In a committed lesson as it opens: its outputs are not trusted, and JupyterLab cleans them of much HTML."""
    page = browser.new_page()
    page.goto(lab.address(notebook))
    page.wait_for_selector(".jp-Notebook .jp-CodeCell")
    sources = page.locator(".jp-OutputArea [data-mime-type='text/markdown'] pre:has(code)")
    sources.first.wait_for()
    for width in (700, 1280):
        page.set_viewport_size({"width": width, "height": 800})
        page.wait_for_timeout(1000)
        for source in sources.all():
            box = source.evaluate(BOX)
            assert round(box["lines"]) == box["written"] and box["scrolls"] and box["fits"], (width, box)
    page.close()


def test_of_many_moves_in_a_moment_the_first_and_the_last_are_drawn(run):
    page = run("01_find_a_slot.ipynb")
    page.wait_for_function(IDLE)
    explorer = explorers(page).first
    explorer.locator(".noUi-handle").first.press("Home")
    expect(explorer.locator("img")).to_have_attribute("alt", re.compile("key at 0°"))
    page.wait_for_function(IDLE)
    explorer.evaluate(MOVE_AT_ONCE)
    expect(explorer.locator("img")).to_have_attribute("alt", re.compile("key at 12°"))
    seen = page.evaluate("() => window.seen.map(words => words.match(/key at \\d+°/)[0])")
    assert seen == ["key at 0°", "key at 1°", "key at 12°"]
