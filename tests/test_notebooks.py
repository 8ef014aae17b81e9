"""Notebooks: committed as run, within their limits, in agreement with the one address; and what must turn red does."""

import ast
import copy
import json
import re
import subprocess
from collections.abc import Iterator
from html import escape
from itertools import pairwise
from pathlib import Path

import pytest
from IPython.core.inputtransformer2 import TransformerManager

from notebooks.publish import Address, address_in, badges, set_up

ROOT = Path(__file__).parent.parent
LESSONS = sorted((ROOT / "notebooks").glob("*.ipynb"))
SOLUTIONS = sorted((ROOT / "notebooks" / "solutions").glob("*.ipynb"))
SERIES = [
    "00_meet_a_machine_that_remembers",
    "01_find_a_slot",
    "02_read_and_write",
    "03_wire_heads",
    "04_close_the_loop",
    "04b_write_the_whole_machine",
    "05_teach_it",
    "06_break_it_then_explain",
    "07_go_far",
    "08_be_certain",
    "09_other_programs",
]
MAY_IGNORE_OUTPUT: dict[str, str] = {}
"""Cells that strict comparison may pass over, "notebook/cell id": the reason. Meant to be empty."""

COLUMNS = 100
"""Of printed text: longer lines break in mid-word in a JupyterLab that is 1,280 pixels wide, and tables fall apart."""
TABLE_COLUMNS = 70
"""Of a printed table: the columns of a wider one are torn apart where JupyterLab is 700 pixels wide."""
SOURCE_COLUMNS = 100
"""Of the docstring of a source that is shown: longer lines scroll sideways even without the list of files."""
BYTES, CELLS, WORDS, LINES, CELL_LINES, MEDIAN_LINES = 500_000, (40, 60), (1200, 2200), 150, 12, 6


def read(path: Path) -> dict:
    """A notebook with every source as one string."""
    notebook = json.loads(path.read_text(encoding="utf-8"))
    for cell in notebook["cells"]:
        cell["source"] = "".join(cell["source"])
    return notebook


def cells(notebook: dict, kind: str) -> list[dict]:
    return [cell for cell in notebook["cells"] if cell["cell_type"] == kind]


def outputs(notebook: dict) -> Iterator[tuple[dict, dict]]:
    """Every output with its cell, in order."""
    for cell in cells(notebook, "code"):
        for output in cell["outputs"]:
            yield cell, output


def printed(notebook: dict) -> str:
    return "".join("".join(output["text"]) for _, output in outputs(notebook) if output["output_type"] == "stream")


def lines_of(cell: dict) -> int:
    return sum(bool(line.strip()) for line in cell["source"].splitlines())


def complaints_as_run(name: str, notebook: dict) -> Iterator[str]:
    """What is wrong with how a notebook was run and stored."""
    counts = [cell["execution_count"] for cell in cells(notebook, "code")]
    if counts != list(range(1, len(counts) + 1)):
        yield f"{name}: execution counts are {counts}"
    for cell, output in outputs(notebook):
        if output["output_type"] == "error":
            yield f"{name}/{cell['id']}: stopped with {output['ename']}"
        if output.get("name") == "stderr":
            yield f"{name}/{cell['id']}: something on stderr"
        longest = max(map(len, "".join(output.get("text", "")).splitlines()), default=0)
        if longest > COLUMNS:
            yield f"{name}/{cell['id']}: a printed line of {longest} columns"
        table = [line for line in "".join(output.get("text", "")).splitlines() if re.search(r"\S( {2,}\S+.*){2}", line)]
        if max(map(len, table), default=0) > TABLE_COLUMNS:
            yield f"{name}/{cell['id']}: a printed table of {max(map(len, table))} columns: use show_table"
    for cell in cells(notebook, "code"):
        told = " ".join([*cell["metadata"].get("tags", []), cell["source"]]).lower()
        where = f"{name}/{cell['id']}"
        if re.search("nbval|raises-exception|skip-execution", told) and where not in MAY_IGNORE_OUTPUT:
            yield f"{where}: is told not to be compared"
        if "execution" in cell["metadata"]:
            yield f"{where}: keeps the times of its run"
    if "widgets" in notebook["metadata"]:
        yield f"{name}: keeps the state of widgets"


def complaints_about_pictures(name: str, notebook: dict) -> Iterator[str]:
    """Pictures without words, and widgets that show nothing before they are run."""
    pictures = 0
    for cell, output in outputs(notebook):
        data = output.get("data", {})
        if "image/png" in data:
            pictures += 1
            alt = output["metadata"].get("image/png", {}).get("alt")
            if not alt:
                yield f"{name}/{cell['id']}: a picture without alternative text"
            folds = [one for one in cell["outputs"] if "<details>" in "".join(one.get("data", {}).get("text/html", ""))]
            if not any(escape(str(alt)) in "".join(fold["data"]["text/html"]) for fold in folds):
                yield f"{name}/{cell['id']}: a picture whose words are not folded below it"
        if "application/vnd.jupyter.widget-view+json" in data and not pictures:
            yield f"{name}/{cell['id']}: a widget with no picture before it"
    for cell in cells(notebook, "markdown"):
        if re.search(r"!\[\s*\]|<img(?![^>]*\balt=\"[^\"]+\")", cell["source"]):
            yield f"{name}/{cell['id']}: a picture without alternative text"


def complaints_about_sources(name: str, notebook: dict) -> Iterator[str]:
    """Docstrings of shown functions with lines that are wider than the page."""
    for cell, output in outputs(notebook):
        if "```python" not in "".join(output.get("data", {}).get("text/markdown", "")):
            continue
        source = "".join(output["data"]["text/plain"])
        for node in ast.walk(ast.parse(source)):
            if not isinstance(node, ast.FunctionDef | ast.ClassDef) or ast.get_docstring(node) is None:
                continue
            longest = max(map(len, source.splitlines()[node.body[0].lineno - 1 : node.body[0].end_lineno]))
            if longest > SOURCE_COLUMNS:
                yield f"{name}/{cell['id']}: the docstring of {node.name} has a line of {longest} columns"


def complaints_about_size(name: str, notebook: dict) -> Iterator[str]:
    """Too much or too little of cells, words and lines of code; links at a lesson's head are no words."""
    text = " ".join(cell["source"] for cell in cells(notebook, "markdown") if cell["id"] != "badges")
    words = len(re.sub(r"<[^>]+>|https?://\S+", " ", text).split())
    lengths = sorted(map(lines_of, cells(notebook, "code")))
    if not CELLS[0] <= len(notebook["cells"]) <= CELLS[1]:
        yield f"{name}: {len(notebook['cells'])} cells"
    if not WORDS[0] <= words <= WORDS[1]:
        yield f"{name}: {words} words"
    if sum(lengths) > LINES:
        yield f"{name}: {sum(lengths)} lines of code"
    if lengths[-1] > CELL_LINES:
        yield f"{name}: a cell of {lengths[-1]} lines"
    if lengths[len(lengths) // 2] > MEDIAN_LINES:
        yield f"{name}: half of the code cells have {lengths[len(lengths) // 2]} lines or more"


def complaints_about_form(name: str, notebook: dict) -> Iterator[str]:
    """What every lesson has: an opening, promises kept, a prediction, links to its neighbours."""
    first, last = notebook["cells"][0]["source"], notebook["cells"][-1]["source"]
    number = name.split("_", maxsplit=1)[0].removeprefix("0")
    if not re.match(rf"# {number} · \w", first):
        yield f"{name}: the title is not '# {number} · ...'"
    for heading in ("**You will build** ", "**You will be able to**", "**You need** ", "**Time** "):
        if heading not in first:
            yield f"{name}: the opening has no {heading.strip()}"
    kept = [cell for cell in cells(notebook, "code") if "promise" in cell["metadata"].get("tags", [])]
    promised = re.findall(r"^- ", first, re.MULTILINE)
    if len(kept) != len(promised):
        yield f"{name}: {len(promised)} promises and {len(kept)} cells that keep one"
    if not all(re.search(r"\bassert|assert_close", cell["source"]) for cell in kept):
        yield f"{name}: a promise cell that asserts nothing"
    if not any("**Predict before you run:**" in cell["source"] for cell in cells(notebook, "markdown")):
        yield f"{name}: nothing to predict"
    for cell, after in pairwise(notebook["cells"]):
        if cell["source"].count("**Predict before you run:**") > (after["cell_type"] == "code"):
            yield f"{name}/{cell['id']}: a prediction without a cell after it that says the answer"
    place = SERIES.index(name)
    neighbours = [f"{other}.ipynb" for other in SERIES[max(place - 1, 0) : place] + SERIES[place + 1 : place + 2]]
    if re.findall(r"\]\((\d\d\w?_\w+\.ipynb)\)", last.splitlines()[-1]) != neighbours:
        yield f"{name}: the last line does not link {' and '.join(neighbours)}"


def complaints_about_names(name: str, notebook: dict) -> Iterator[str]:
    """Functions and classes of a notebook that the library has too; a method is its class's."""
    library = {
        node.name
        for path in (ROOT / "ntm_lib").rglob("*.py")
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, ast.FunctionDef | ast.ClassDef)
    }
    plain = TransformerManager()
    for cell in cells(notebook, "code"):
        tree = ast.parse(plain.transform_cell(cell["source"]))
        methods = [part for node in ast.walk(tree) if isinstance(node, ast.ClassDef) for part in node.body]
        for node in ast.walk(tree):
            if node in methods:
                continue
            lambdas = isinstance(node, ast.Assign) and isinstance(node.value, ast.Lambda)
            defined = [target.id for target in node.targets] if lambdas else [getattr(node, "name", None)]
            if lambdas or isinstance(node, ast.FunctionDef | ast.ClassDef):
                yield from (f"{name}/{cell['id']}: {one} is the library's" for one in defined if one in library)


def complaints_about_address(name: str, notebook: dict) -> Iterator[str]:
    """Badges and first cell that do not follow from the address in pyproject.toml."""
    address = address_in((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    by_id = {cell["id"]: cell["source"] for cell in notebook["cells"]}
    if by_id.get("badges") != badges(address, f"{name}.ipynb"):
        yield f"{name}: badges are not those of {address.repository} at {address.ref}; run `make publish`"
    if cells(notebook, "code")[0]["source"] != set_up(address, f"{name}.ipynb"):
        yield f"{name}: the first code cell is not that of {address.repository} at {address.ref}; run `make publish`"


def complaints_about_exercises(name: str, notebook: dict, solution: dict | None) -> Iterator[str]:
    """Exercises that are not open in the lesson, or not solved in its solutions."""
    code = "\n".join(cell["source"] for cell in cells(notebook, "code"))
    for attempt in re.findall(r"^(?:def|class) (my_\w+|My[A-Z]\w+)", code, re.M):
        if f"{attempt}: not attempted yet\n" not in printed(notebook):
            yield f"{name}: {attempt} does not stand open"
        if solution is None or f"{attempt} is right: " not in printed(solution):
            yield f"{name}: {attempt} has no solution that its check calls right"


LESSON_RULES = [
    complaints_as_run,
    complaints_about_pictures,
    complaints_about_sources,
    complaints_about_size,
    complaints_about_form,
    complaints_about_names,
    complaints_about_address,
]


def stem(path: Path) -> str:
    return path.stem


@pytest.mark.parametrize("path", LESSONS, ids=stem)
def test_a_lesson_keeps_the_rules(path):
    notebook = read(path)
    solution = ROOT / "notebooks" / "solutions" / path.name
    found = [one for rule in LESSON_RULES for one in rule(path.stem, notebook)]
    found += complaints_about_exercises(path.stem, notebook, read(solution) if solution.exists() else None)
    assert found == []
    assert path.stat().st_size < BYTES


@pytest.mark.parametrize("path", SOLUTIONS, ids=stem)
def test_solutions_keep_the_rules(path):
    notebook = read(path)
    rules = (complaints_as_run, complaints_about_pictures)
    assert [one for rule in rules for one in rule(path.stem, notebook)] == []
    assert path.stat().st_size < BYTES
    assert (ROOT / "notebooks" / path.name).exists()
    assert re.findall(r"^my_\w+: not .*", printed(notebook), re.MULTILINE) == []


@pytest.mark.parametrize("path", LESSONS + SOLUTIONS, ids=lambda path: str(path.relative_to(ROOT / "notebooks")))
def test_every_link_within_the_repository_leads_somewhere(path):
    text = "\n".join(cell["source"] for cell in cells(read(path), "markdown"))
    links = [link for link in re.findall(r"\]\(([^)#]+)\)", text) if "://" not in link]
    assert [link for link in links if not (path.parent / link).exists()] == []


def test_the_series_is_whole_and_make_lab_opens_its_first():
    assert [path.stem for path in LESSONS] == SERIES
    command = ["make", "--no-print-directory", "-n", "-o", ".venv/lab", "lab"]
    said = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    copies, opens = said.splitlines()[-2:]
    assert copies.endswith("python notebooks/workbook.py")
    assert opens.endswith(f"jupyter lab workbook/{SERIES[0]}.ipynb")


@pytest.fixture(scope="module")
def lesson():
    return read(ROOT / "notebooks" / "01_find_a_slot.ipynb")


def first(notebook, wanted):
    """The first code cell with an output that is wanted, and that output."""
    return next((cell, output) for cell, output in outputs(notebook) if wanted(output))


def lose_a_count(notebook):
    cells(notebook, "code")[3]["execution_count"] = None


def run_out_of_order(notebook):
    cells(notebook, "code")[3]["execution_count"] = 99


def warn(notebook):
    first(notebook, lambda output: output.get("name") == "stdout")[1]["name"] = "stderr"


def print_widely(notebook):
    first(notebook, lambda output: output.get("name") == "stdout")[1]["text"] = ["in lines\n", "wide " * 20 + ".\n"]


def print_a_wide_table(notebook):
    table = ["  ".join(["a row of a table", *["1,000"] * 8]) + "\n"]
    first(notebook, lambda output: output.get("name") == "stdout")[1]["text"] = table


def show_a_wide_docstring(notebook):
    source = f'def shift():\n    """{"Wide " * 20}."""\n'
    _, output = first(notebook, lambda output: "text/markdown" in output.get("data", {}))
    output["data"] = {"text/plain": [source], "text/markdown": f"```python\n{source}\n```"}


def stop(notebook):
    cells(notebook, "code")[3]["outputs"] = [{"output_type": "error", "ename": "KeyError"}]


def ignore_by_tag(notebook):
    cells(notebook, "code")[3]["metadata"]["tags"] = ["nbval-ignore-output"]


def ignore_by_comment(notebook):
    cells(notebook, "code")[3]["source"] += "\n# NBVAL_SKIP"


def keep_widgets(notebook):
    notebook["metadata"]["widgets"] = {}


def keep_times(notebook):
    cells(notebook, "code")[3]["metadata"]["execution"] = {}


def say_nothing_of_a_picture(notebook):
    _, output = first(notebook, lambda output: "image/png" in output.get("data", {}))
    output["metadata"] = {}


def fold_nothing(notebook):
    for _, output in outputs(notebook):
        output.get("data", {}).pop("text/html", None)


def predict_twice(notebook):
    (asking, *_) = [cell for cell in cells(notebook, "markdown") if "Predict before you run" in cell["source"]]
    asking["source"] *= 2


def predict_nothing_that_is_run(notebook):
    place = next(place for place, cell in enumerate(notebook["cells"]) if "Predict before" in cell["source"])
    notebook["cells"].insert(place + 1, notebook["cells"][place])


def say_nothing_of_a_badge(notebook):
    notebook["cells"][1]["source"] += "\n[![](https://mybinder.org/badge_logo.svg)](https://mybinder.org)"


def say_nothing_of_an_img(notebook):
    cells(notebook, "markdown")[3]["source"] += '<img src="tape.png">'


def show_no_picture_first(notebook):
    for _, output in outputs(notebook):
        output.get("data", {}).pop("image/png", None)


def split_cells(notebook):
    notebook["cells"] += [cells(notebook, "markdown")[3]] * 9


def talk_too_much(notebook):
    cells(notebook, "markdown")[3]["source"] += " word" * 2200


def say_too_little(notebook):
    for cell in cells(notebook, "markdown")[2:]:
        cell["source"] = "one word"


def write_a_long_cell(notebook):
    cells(notebook, "code")[3]["source"] = "x = 1\n" * 13


def write_long_cells(notebook):
    for cell in cells(notebook, "code"):
        cell["source"] = "x = 1\n" * 7


def forget_the_time(notebook):
    notebook["cells"][0]["source"] = notebook["cells"][0]["source"].replace("**Time** ", "")


def number_it_wrongly(notebook):
    notebook["cells"][0]["source"] = notebook["cells"][0]["source"].replace("# 1 ·", "# 2 ·")


def promise_more(notebook):
    notebook["cells"][0]["source"] += "\n- fly;"


def keep_a_promise_by_words(notebook):
    kept = [cell for cell in cells(notebook, "code") if "promise" in cell["metadata"].get("tags", [])]
    kept[0]["source"] = "print('kept')"


def ask_for_no_prediction(notebook):
    for cell in cells(notebook, "markdown"):
        cell["source"] = cell["source"].replace("Predict before you run", "Run")


def lead_astray(notebook):
    notebook["cells"][-1]["source"] = notebook["cells"][-1]["source"].replace("02_read", "03_wire")


def define_a_library_function(notebook):
    cells(notebook, "code")[3]["source"] = "def sharpen(w, gamma):\n    return w"


def define_a_library_class(notebook):
    cells(notebook, "code")[3]["source"] = "class NTM:\n    pass"


def define_a_library_function_in_a_function(notebook):
    cells(notebook, "code")[3]["source"] = "def mine():\n    def sharpen(w, gamma):\n        return w"


def define_a_library_name_as_lambda(notebook):
    cells(notebook, "code")[3]["source"] = "shift = lambda w, s: w"


def badge_of_elsewhere(notebook):
    elsewhere = Address("some-one/else", "main")
    notebook["cells"][1]["source"] = badges(elsewhere, "01_find_a_slot.ipynb")


def first_cell_of_elsewhere(notebook):
    cells(notebook, "code")[0]["source"] += "\n    %pip install torch"


@pytest.mark.parametrize(
    ("spoil", "complaint"),
    [
        (lose_a_count, "execution counts are"),
        (run_out_of_order, "execution counts are"),
        (warn, "something on stderr"),
        (print_widely, "a printed line of 101 columns"),
        (print_a_wide_table, "a printed table of 72 columns: use show_table"),
        (show_a_wide_docstring, "the docstring of shift has a line of 111 columns"),
        (stop, "stopped with KeyError"),
        (ignore_by_tag, "is told not to be compared"),
        (ignore_by_comment, "is told not to be compared"),
        (keep_widgets, "keeps the state of widgets"),
        (keep_times, "keeps the times of its run"),
        (say_nothing_of_a_picture, "a picture without alternative text"),
        (say_nothing_of_a_badge, "a picture without alternative text"),
        (fold_nothing, "a picture whose words are not folded below it"),
        (predict_twice, "a prediction without a cell after it that says the answer"),
        (predict_nothing_that_is_run, "a prediction without a cell after it that says the answer"),
        (say_nothing_of_an_img, "a picture without alternative text"),
        (show_no_picture_first, "a widget with no picture before it"),
        (split_cells, r": \d+ cells$"),
        (talk_too_much, r": \d+ words$"),
        (say_too_little, r": \d+ words$"),
        (write_a_long_cell, "a cell of 13 lines"),
        (write_long_cells, "lines of code"),
        (write_long_cells, "half of the code cells have 7 lines or more"),
        (forget_the_time, r"the opening has no \*\*Time"),
        (number_it_wrongly, "the title is not '# 1 · "),
        (promise_more, "5 promises and 4 cells that keep one"),
        (keep_a_promise_by_words, "a promise cell that asserts nothing"),
        (ask_for_no_prediction, "nothing to predict"),
        (lead_astray, "the last line does not link"),
        (define_a_library_function, "sharpen is the library's"),
        (define_a_library_class, "NTM is the library's"),
        (define_a_library_function_in_a_function, "sharpen is the library's"),
        (define_a_library_name_as_lambda, "shift is the library's"),
        (badge_of_elsewhere, "badges are not those of"),
        (first_cell_of_elsewhere, "the first code cell is not that of"),
    ],
)
def test_a_planted_violation_is_named(lesson, spoil, complaint):
    spoilt = copy.deepcopy(lesson)
    spoil(spoilt)
    assert any(re.search(complaint, one) for rule in LESSON_RULES for one in rule("01_find_a_slot", spoilt))


@pytest.mark.parametrize(("name", "exercises"), [("01_find_a_slot", 3), ("04b_write_the_whole_machine", 7)])
def test_an_exercise_that_is_solved_or_unsolvable_is_named(name, exercises):
    lesson, solution = (read(ROOT / "notebooks" / folder / f"{name}.ipynb") for folder in (".", "solutions"))
    assert list(complaints_about_exercises(name, lesson, solution)) == []
    assert len(list(complaints_about_exercises(name, lesson, None))) == exercises
    assert len(list(complaints_about_exercises(name, solution, solution))) == exercises
