"""The live page in a real browser: every control, bad input, and readers without mouse, motion, scripts, or machine."""

import re

import pytest
from playwright.sync_api import expect
from served import CHROMIUM, MILLISECONDS, ROOT, chromium, opened, server

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on the path: install one, such as Debian's")

CALM = {"reduced_motion": "reduce", "viewport": {"width": 1200, "height": 900}}
PARTS = ("stages", "training", "failures", "seeds", "programs")
TASKS = ("recall", "repeat_copy_ticks", "sort", "ngrams")
AXE = (ROOT / "page" / "node_modules" / "axe-core" / "axe.min.js").as_posix()
SHIFTS = """new PerformanceObserver((list) => {
  for (const one of list.getEntries()) if (!one.hadRecentInput) window.shifted = (window.shifted ?? 0) + one.value;
}).observe({ type: "layout-shift", buffered: true });"""
INK = """(id) => {
  const canvas = document.getElementById(id);
  return canvas.toDataURL().length;
}"""
"""How much is drawn on a canvas: the length of its picture as a text."""


@pytest.fixture(scope="module")
def browser():
    expect.set_options(timeout=MILLISECONDS)
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def address():
    with server() as address:
        yield address


@pytest.fixture
def page(browser, address):
    """The page with motion reduced, so that a copy stands whole at once."""
    with opened(browser, address, **CALM) as page:
        expect(page.locator("#out")).to_have_text("hello, tape")
        yield page


def see_all(page):
    """Come near every part of the page, so that each is there."""
    for part in PARTS:
        page.locator(f"#{part}").scroll_into_view_if_needed()
    page.wait_for_selector("#key0")
    for words in ("#focus", "#learned", "#one"):
        expect(page.locator(words)).not_to_be_empty()
    expect(page.locator("#cause dt").first).to_have_text("What it means")
    expect(page.locator("#outcome")).to_contain_text("of the answer are right")


def redraws(page, canvas, act):
    """An act changes a picture."""
    before = page.evaluate(f"document.getElementById('{canvas}').toDataURL()")
    act()
    page.wait_for_function(f"(was) => document.getElementById('{canvas}').toDataURL() !== was", arg=before)


# The tape


def test_a_text_goes_in_and_comes_out(page):
    redraws(page, "copy", lambda: page.locator("#text").fill("A turtle, and 3 more."))
    expect(page.locator("#out")).to_have_text("A turtle, and 3 more.")
    expect(page.locator("#happening")).to_contain_text("All 21 characters came back, every bit right.")
    expect(page.locator("#heard")).to_contain_text("All 21 characters came back")
    assert page.locator("#rows").get_attribute("placeholder") == "58"


def test_it_plays_by_itself_and_can_be_held_stepped_and_scrubbed(browser, address):
    with opened(browser, address, viewport=CALM["viewport"]) as page:
        play, slider, happening = page.locator("#play"), page.locator("#step"), page.locator("#happening")
        expect(play).to_have_text("Pause")
        page.wait_for_function("() => document.getElementById('step').value > 2")
        play.press("Enter")
        expect(play).to_have_text("Play")
        at = int(slider.input_value())
        page.locator("#forth").press("Enter")
        expect(slider).to_have_value(str(at + 1))
        page.locator("#back").click()
        expect(slider).to_have_value(str(at))
        expect(happening).to_contain_text(f"Step {at - 1}:")
        slider.press("Home")
        expect(happening).to_contain_text("Before the first step")
        slider.press("ArrowRight")
        expect(happening).to_contain_text("Step 0: the start marker")
        slider.press("End")
        expect(happening).to_contain_text("All 11 characters came back")
        page.locator("#speed").select_option("as fast as it runs")
        play.click()
        expect(play).to_have_text("Play")
        expect(happening).to_contain_text("All 11 characters came back")


def test_machines_rows_and_what_they_say(page):
    names = page.locator("#machine option").all_inner_texts()
    assert len(names) >= 12
    page.locator("#machine").select_option("backwards")
    expect(page.locator("#about")).to_contain_text("from high rows to low ones")
    expect(page.locator("#out")).to_have_text("hello, tape")
    page.locator("#rows").fill("9")
    expect(page.locator("#out .error").first).to_be_visible()
    page.locator("#rows").fill("1")
    expect(page.locator("#note")).to_contain_text("2 to 6,000 rows")
    page.locator("#rows").fill("300")
    expect(page.locator("#out")).to_have_text("hello, tape")
    page.locator("#machine").select_option("one_weighting")
    expect(page.locator("#happening")).to_contain_text("The head, which reads and writes, is on row")
    expect(page.locator("#tape .one")).to_be_visible()
    page.locator("#machine").select_option("of_2014")
    expect(page.locator("#rows")).to_be_disabled()


def test_a_click_on_the_memory_spoils_a_character_and_all_can_be_undone(page):
    canvas = page.locator("#memory")
    box = canvas.bounding_box()
    canvas.click(position={"x": box["width"] * 0.5, "y": box["height"] * 0.62})
    expect(page.locator("#suffers")).to_contain_text(re.compile(r"Number \d+ of row \d+.* is spoiled before step 13:"))
    expect(page.locator("#mend")).to_be_enabled()
    page.locator("#mend").click()
    expect(page.locator("#suffers")).to_have_text("All is as it was.")
    page.locator("#step").press("End")
    expect(page.locator("#out")).to_have_text("hello, tape")
    expect(page.locator("#mend")).to_be_disabled()


def test_every_deed_works_by_keyboard(page):
    row = page.evaluate("() => window.ntm.tape.run.log.writeAt[4]")  # where the third letter is
    page.locator("#row").fill(str(row))
    page.get_by_label("empties a row").press("Space")
    page.locator("#deed").press("Enter")
    said = rf"Row {row}, which holds “l”, is empty from step 13 on: characters? (3[\d, ]*) of the answer changes?\."
    expect(page.locator("#suffers")).to_have_text(re.compile(said))
    letters = re.search(said, page.locator("#suffers").inner_text()).group(1).split(", ")
    expect(page.locator("#out .error")).to_have_count(len(letters))
    page.locator("#mend").press("Enter")
    page.get_by_label("moves the read head").press("Space")
    page.locator("#step").fill("15")
    page.locator("#deed").press("Enter")
    expect(page.locator("#suffers")).to_contain_text("Before step 15 the read head is moved to row")
    expect(page.locator("#suffers")).to_contain_text("of the answer change")
    page.locator("#row").fill("9999")
    page.locator("#deed").press("Enter")
    expect(page.locator("#suffers")).to_contain_text("Rows go from 0 to 37")


# Bad input


def test_bad_texts_are_answered_in_words(page):
    note = page.locator("#note")
    page.locator("#text").fill("")
    expect(note).to_have_text("There is nothing to copy: type at least one character.")
    page.locator("#text").fill("é")
    expect(note).to_contain_text("“é” is 2 bytes, c3 a9")
    expect(page.locator("#out")).to_have_text("é")
    page.locator("#machine").select_option("of_2014")
    expect(note).to_contain_text("7 bits")


def test_a_hundred_thousand_characters_are_cut_and_the_page_stays_awake(browser, address):
    longest = "() => { let last = performance.now(); window.longest = 0; const look = (now) => {"
    longest += " window.longest = Math.max(window.longest, now - last); last = now; requestAnimationFrame(look); };"
    longest += " requestAnimationFrame(look); }"
    with opened(browser, address, viewport=CALM["viewport"]) as page:
        page.locator("#speed").select_option("as fast as it runs")
        page.locator("#text").fill("a turtle " * 11_112)
        expect(page.locator("#note")).to_have_text("The page takes 2,000 bytes at most: only those go in.")
        page.evaluate(longest)
        expect(page.locator("#happening")).to_contain_text("All 2,000 characters came back, every bit right.")
        assert page.evaluate("document.getElementById('step').max") == "4002"


# The other parts


def test_sliders_of_the_five_stages(page):
    see_all(page)
    sliders = page.locator("#sliders input")
    assert sliders.count() == 10
    for slider in sliders.all():
        here, most = (float(slider.evaluate(f"(one) => one.{name}")) for name in ("value", "max"))
        before = page.locator("#bars").get_attribute("aria-label")
        slider.press("PageDown" if here == most else "PageUp")  # by a tenth
        expect(page.locator("#bars")).not_to_have_attribute("aria-label", before)
    for name in ("backward", "none", "forward"):
        page.locator(f"#{name}").press("Home")
    expect(page.locator("#focus")).to_contain_text("Shifts used: 0.00, 1.00, 0.00")


def test_a_training_is_replayed_with_the_readers_text(page):
    see_all(page)
    learned, moment = page.locator("#learned"), page.locator("#moment")
    expect(learned).to_contain_text("every bit right. Converged:")
    redraws(page, "lesson", lambda: moment.press("Home"))
    expect(learned).to_contain_text("After 0 updates (0 sequences)")
    redraws(page, "lesson", lambda: moment.press("ArrowRight"))
    page.locator("#text").fill("moth")
    expect(learned).to_contain_text("of 32 bits wrong")
    moment.press("End")
    expect(learned).to_contain_text("every bit right")
    page.locator("#train").click()
    expect(page.locator("#train")).to_have_text("Pause")
    expect(learned).to_contain_text("bits wrong")
    page.locator("#train").click()
    expect(page.locator("#train")).to_have_text("Play")


def test_every_fault_is_explained(page):
    see_all(page)
    choice, cause = page.locator("#fault"), page.locator("#cause")
    faults = choice.locator("option").all_inner_texts()
    assert {"missed jump", "blur", "wrap-around", "off by one"} <= set(faults)
    for fault in faults[1:]:
        before = cause.inner_text()
        redraws(page, "broken", lambda fault=fault: choice.select_option(fault))
        expect(cause).not_to_have_text(before)
        for words in ("What it means", "What happened", "What mends it", "came out wrong"):
            expect(cause).to_contain_text(words)


def test_seeds_are_found_and_filtered(page):
    see_all(page)
    one = page.locator("#one")
    expect(one).to_contain_text("reliable, seed 0: learned")
    page.locator("#seed").fill("999")
    expect(one).to_contain_text("reliable, seed 999:")
    expect(one).not_to_contain_text("proved")
    proved = {"37": "1,000 bytes, but not", "99": "1,000,000 bytes, up to 1,000", "0": "1,000,000 bytes, also"}
    for seed, words in proved.items():
        page.locator("#seed").fill(seed)
        expect(one).to_contain_text(f"proved for all texts up to {words} with float32's rounding")
    page.locator("#seed").fill("5000")
    expect(one).to_have_text("No such seed here.")
    page.locator("#dots").hover(position={"x": 20, "y": 30})
    expect(one).to_contain_text("reliable, seed 1:")
    page.locator("#study").select_option("start")
    expect(page.locator("#asked")).to_have_text("Where does it start, and which way does it walk?")
    arms = page.locator("#arm option").all_inner_texts()
    page.locator("#arm").select_option(arms[-1])
    page.locator("#seed").fill("3")
    expect(one).to_contain_text(f"{arms[-1]}, seed 3:")
    for which in ("converged", "failed", "f", "b", "proved", "all"):
        page.locator("#which").select_option(which)
        expect(page.locator("#dots")).to_have_attribute("aria-label", re.compile(rf"{arms[-1]}: \d+ of \d+"))


# Other programs


@pytest.fixture
def choose(page):
    """Come to the last part of the page; returns a function that chooses a task there."""
    page.locator("#programs").scroll_into_view_if_needed()
    expect(page.locator("#outcome")).to_have_text("All 18 bits of the answer are right.")
    return lambda task: choose_task(page, task)


def choose_task(page, task):
    """Choose one of the other programs, and wait for its answer."""
    page.locator("#task").select_option(task)
    expect(page.locator("#program-about")).to_contain_text(f"recipe {task},")
    expect(page.locator("#looked")).to_contain_text("Step ")


@pytest.mark.usefixtures("choose")
def test_a_recall_has_as_many_items_as_asked_for_and_any_of_them_as_the_question(page):
    outcome, looked, note = (page.locator(f"#{name}") for name in ("outcome", "looked", "program-note"))
    expect(page.locator("#program-about")).to_contain_text("the reader finds the item that is asked for")
    redraws(page, "program", lambda: page.locator("#items").fill("11"))
    expect(looked).to_contain_text("Step 49, answer: nothing goes in.")  # after 11 items and the question
    expect(outcome).to_have_text("All 18 bits of the answer are right. This size is beyond those of its training.")
    redraws(page, "program", lambda: page.locator("#question").fill("10"))
    page.locator("#question").fill("11")
    expect(note).to_have_text("“asked again: item” is a whole number from 1 to 10.")
    page.locator("#question").fill("3")
    expect(note).to_be_empty()
    page.locator("#items").fill("31")
    expect(note).to_have_text("“items” is a whole number from 2 to 30.")
    page.locator("#items").fill("7")
    expect(looked).to_contain_text("Step 33, answer")
    redraws(page, "program", lambda: page.get_by_role("button", name="New random items").click())
    expect(page.locator("#program")).to_have_attribute("aria-label", re.compile("36 steps. All 18 bits"))


@pytest.mark.usefixtures("choose")
def test_steps_of_a_program_are_told_by_keyboard(page):
    look, looked = page.locator("#look"), page.locator("#looked")
    look.press("Home")
    expect(looked).to_contain_text("Step 0, item 1: the marker of an item goes in. The read head is")
    redraws(page, "program", lambda: look.press("ArrowRight"))
    expect(looked).to_contain_text("Step 1, item 1:")
    look.press("End")
    expect(looked).to_contain_text("Step 31, answer: nothing goes in.")
    assert look.get_attribute("aria-valuetext") == looked.inner_text()


def test_letters_are_repeated_more_often_than_in_training(page, choose):
    choose("repeat_copy_ticks")
    outcome = page.locator("#outcome")
    expect(outcome).to_have_text("All 189 bits of the answer are right. Came out: tape!tape!tape!tape!")
    page.locator("#letters").fill("moth")
    page.locator("#repeats").fill("20")
    expect(outcome).to_contain_text("beyond those of its training. Came out: " + 20 * "moth")
    assert page.locator("#vectors").input_value() == "4"
    page.locator("#vectors").fill("7")
    expect(page.locator("#letters")).to_have_value("")
    expect(outcome).to_contain_text("1,269 bits")  # 20 times 7 vectors and an end marker, of 9 bits each
    page.locator("#letters").fill("ox")
    expect(outcome).to_contain_text("oxox")
    page.get_by_role("button", name="New random vectors").click()
    expect(outcome).not_to_contain_text("Came out")


def test_priorities_are_typed_or_dragged(page, choose):
    choose("sort")
    page.locator("#sorted").fill("5")
    levels, place, level, looked = (page.locator(f"#{name}") for name in ("levels", "place", "level", "looked"))
    expect(levels).to_have_attribute("aria-label", re.compile(r"priority by vector: 1: .*, 5: -?[01]\.[0-9]{2}$"))
    for vector, priority in enumerate(("-0.8", "-0.4", "0.9", "0.1", "0.4")):
        place.select_option(label=str(vector + 1))
        redraws(page, "levels", lambda priority=priority: level.fill(priority))
    expect(levels).to_have_attribute("aria-label", re.compile("3: 0.90, 4: 0.10, 5: 0.40"))
    page.locator("#look").fill("3")
    expect(looked).to_contain_text("priority 0.90,")
    third = re.search("([01]{8}), priority", looked.inner_text())[1]
    page.locator("#look").fill("7")
    expect(looked).to_contain_text(f"{third} comes out, which is right.")
    level.fill("1.5")
    expect(page.locator("#program-note")).to_have_text("“priority” is a number from -1 to 1.")
    levels.scroll_into_view_if_needed()
    box = levels.bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 60)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] - 3, steps=3)
    page.mouse.up()
    expect(place).to_have_value("2")
    expect(level).to_have_value("-1")
    expect(looked).not_to_contain_text(f"{third} comes out")
    redraws(page, "levels", lambda: page.get_by_role("button", name="New random vectors and priorities").click())


def test_bits_of_ngrams_are_drawn_by_a_table_that_can_be_changed(page, choose):
    choose("ngrams")
    levels, outcome = page.locator("#levels"), page.locator("#outcome")
    costs = r"The machine's chances cost [\d.]+ bits, those of the best estimate [\d.]+\."
    expect(outcome).to_have_text(re.compile(costs))
    table = levels.get_attribute("aria-label")
    redraws(page, "program", lambda: page.get_by_role("button", name="New bits by this table").click())
    assert levels.get_attribute("aria-label") == table
    redraws(page, "levels", lambda: page.get_by_role("button", name="New random table").click())
    page.locator("#bits").fill("61")
    expect(page.locator("#look")).to_have_attribute("max", "59")
    page.locator("#place").select_option(label="00000")
    page.locator("#level").fill("0.25")
    expect(levels).to_have_attribute("aria-label", re.compile("chance of a 1 by context: 00000: 0.25, 10000: "))
    expect(page.locator("#looked")).to_contain_text("by the best estimate")


# For everybody


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1000, 2000])
def test_axe_finds_nothing_and_nothing_is_wider_than_the_screen(browser, address, width, scheme):
    with opened(
        browser, address, reduced_motion="reduce", color_scheme=scheme, viewport={"width": width, "height": 800}
    ) as page:
        see_all(page)
        page.locator("#rows").fill("9")
        expect(page.locator("#out .error").first).to_be_visible()
        page.add_script_tag(path=AXE)
        found = page.evaluate(
            "() => axe.run().then((one) => one.violations.map(({ id, nodes }) => [id, nodes.map((node) => node.html)]))"
        )
        assert found == []
        for task in TASKS:
            choose_task(page, task)
            assert page.evaluate("() => axe.run('#programs').then((one) => one.violations.map(({ id }) => id))") == []
            assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("width", [360, 1000])
def test_nothing_moves_while_the_page_comes_up(browser, address, width):
    with opened(browser, address, script=SHIFTS, viewport={"width": width, "height": 800}) as page:
        expect(page.locator("#play")).to_have_text("Play")
        for part in PARTS:
            page.locator(f"#{part}").scroll_into_view_if_needed()
            page.wait_for_timeout(500)
        see_all(page)
        assert page.evaluate("window.shifted ?? 0") < 0.01


def test_a_finger_is_enough(browser, address):
    with opened(browser, address, has_touch=True, is_mobile=True, viewport={"width": 390, "height": 844}) as page:
        page.locator("#play").tap()
        page.locator("#forth").tap()
        box = page.locator("#memory").bounding_box()
        page.locator("#memory").tap(position={"x": box["width"] / 2, "y": box["height"] / 2})
        expect(page.locator("#suffers")).to_contain_text("is spoiled")


def test_without_scripts_there_are_pictures(browser, address):
    with opened(browser, address, ready=False, java_script_enabled=False) as page:
        pictures = page.locator("noscript img")
        assert pictures.count() == 6
        for picture in pictures.all():
            picture.scroll_into_view_if_needed()
            assert picture.get_attribute("alt")
            box = picture.bounding_box()
            assert box["width"] > 200


def test_without_webassembly_there_are_pictures_and_a_reason(browser, address):
    with opened(browser, address, ready=False, script="delete window.WebAssembly") as page:
        expect(page.locator("#trouble")).to_contain_text("this browser has no WebAssembly")
        pictures = page.locator("img")
        expect(pictures).to_have_count(6)
        assert all(picture.evaluate("(one) => one.decode().then(() => one.naturalWidth)") for picture in pictures.all())
        expect(page.locator("#text")).to_be_hidden()
        page.add_script_tag(path=AXE)
        assert page.evaluate("() => axe.run().then((one) => one.violations.map(({ id }) => id))") == []
