"""docs/findings.md says what data/ says, in a form that a stranger can read, with commands that can be run."""

import re
import shlex
from pathlib import Path

import pytest

from ntm_lib.cli import main
from ntm_lib.study.arms import recipes_of
from ntm_lib.study.seeds import parse_seeds
from ntm_lib.teaching.show import png
from research.findings import PAGE, PICTURES, README
from research.page import END, render, with_numbers, wrapped
from research.pictures import figures
from research.tables import STUDIES, question, questions, study

NUMBER = re.compile(r"\d+(\.\d+)? (of \d+|%|store)")
"""A count, a share, or a number of machines that store in some way."""


@pytest.fixture(scope="module")
def page():
    return PAGE.read_text(encoding="utf-8")


def test_the_page_is_what_the_data_says(page):
    assert page == render()


def test_paragraphs_and_items_are_wrapped_and_nothing_else_is():
    word = "word " * 40
    kept = f"# {word}\n\n| {word} |\n\n```\n{word}\n\n{word}\n```\n\n![{word}](a.png)\n"
    assert wrapped(kept) == kept
    assert wrapped("`one`\ntwo\n\n- three\n  four\n- five\n") == "`one` two\n\n- three four\n- five\n"
    lines = wrapped(f"- {word}\n\n{word}\n").splitlines()
    assert [line[:4] for line in lines] == ["- wo", "  wo", "", "word", "word"]
    assert max(map(len, lines)) <= 120


def test_the_page_changes_with_the_data(page, monkeypatch):
    """One run of one arm less that converged."""
    first = study("weightings")["separate"][0]
    monkeypatch.setitem(first, "converged", not first["converged"])
    assert page != render()


def test_readme_has_its_numbers():
    readme = README.read_text(encoding="utf-8")
    assert readme == with_numbers(readme)
    with pytest.raises(ValueError, match="README has no <!-- written by make findings -->"):
        with_numbers(readme.replace(END, ""))


def test_readmes_numbers_are_ten_with_intervals():
    rows = [line for line in render("readme.md.jinja").splitlines()[2:] if line.startswith("|")]
    assert len(rows) == 10
    for row in rows:
        assert re.search(r"\d+ of \d+ \([\d.]+–[\d.]+ %\)", row), row


def test_the_figures_are_what_the_data_says(page):
    """Every file is the figure that the data gives, byte for byte, and the page shows every file."""
    drawn = {f"{name}.png": png(draw()) for name, draw in figures().items()}
    kept = {path.name: path.read_bytes() for path in PICTURES.iterdir()}
    assert drawn.keys() == kept.keys()
    assert [name for name in drawn if drawn[name] != kept[name]] == []
    assert [name for name in drawn if f"](findings/{name})" not in page] == []


def sections(page):
    """The text below each heading of a question."""
    parts = re.split(r"^## (.+\?.*)$", page, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def test_every_question_begins_with_its_answer_then_a_figure(page):
    questions_asked = sections(page)
    assert len(questions_asked) >= 17
    for heading, text in questions_asked.items():
        answer, figure, *_ = text.strip().split("\n\n")
        assert answer.startswith("**Answer:** "), heading
        assert NUMBER.search(answer.replace("\n", " ")), heading
        assert figure.startswith("!["), heading
        assert "\nCommand:\n" in text, heading


def test_the_table_at_the_top_leads_to_every_question(page):
    table = page.split("## Words on this page")[0]
    targets = set(re.findall(r"\]\(#(\w+)\)", table))
    anchors = set(re.findall(r'^<a id="(\w+)"></a>\n\n## .+\?', page, flags=re.MULTILINE))
    assert targets == anchors


def test_alternative_texts_are_short_sentences(page):
    texts = re.findall(r"^!\[(.*)\]\(findings/", page, flags=re.MULTILINE)
    assert len(texts) == page.count("](findings/")
    assert [text for text in texts if len(text) >= 250 or not text.endswith(".")] == []


@pytest.mark.parametrize("template", ["findings.md.jinja", "readme.md.jinja"])
def test_no_cell_of_a_table_is_long(template):
    rows = [line for line in render(template).splitlines() if line.startswith("|")]
    cells = [cell.strip() for row in rows for cell in row.strip("|").split("|")]
    assert len(cells) > 10
    assert [cell for cell in cells if len(cell) > 95] == []


def commands(text):
    """Commands in code blocks and in cells of tables."""
    blocks = [
        line for block in re.findall(r"^```\n(.*?)^```$", text, re.DOTALL | re.MULTILINE) for line in block.splitlines()
    ]
    return blocks + re.findall(r"`((?:ntm|python) [^`]+ [^`]+)`", text)


def test_there_is_a_module_for_every_command_of_python(page):
    modules = [shlex.split(line)[2] for line in commands(page) if line.startswith("python -m research.")]
    assert set(modules) >= {"research.formulas_as_written", "research.causes_by_length", "research.enlarged_memory"}
    assert [name for name in modules if not (STUDIES.parents[1] / f"{name.replace('.', '/')}.py").is_file()] == []


def test_every_arm_has_the_same_seeds_in_order():
    assert "weightings" in questions()
    for name in questions():
        assert set(study(name)) <= question(name).arms.keys()
        for rows in study(name).values():
            assert [row["seed"] for row in rows] == list(range(len(rows)))


def test_the_reasons_of_what_was_not_finite_are_whole():
    """A run with the post's formulas that ended early has an update, a length and an operation; any other has none."""
    lines = Path(STUDIES / "random" / "formulas_post.csv").read_text(encoding="utf-8").splitlines()
    for line in lines[1:]:
        seed, sequences, _, _, *reason = line.split(",")
        assert all(reason) == any(reason) == (int(sequences) < 70_000), seed


def test_every_command_of_ntm_on_the_page_is_one_that_ntm_takes(page, capsys):
    """What is studied exists, its seeds can be read, and `--help` lists every option."""
    lines = {line for text in (page, render("readme.md.jinja")) for line in commands(text) if line.startswith("ntm ")}
    assert len(lines) >= 20
    known = {command: options_of(command, capsys) for command in {line.split()[1] for line in lines}}
    for line in sorted(lines):
        _, command, *words = shlex.split(line)
        assert {word for word in words if word.startswith("--")} <= known[command], line
        if command == "study":
            assert recipes_of(words[0]), line
            assert parse_seeds(words[words.index("--seeds") + 1]), line


def options_of(command, capsys):
    """Every option in the help of a command."""
    with pytest.raises(SystemExit, match="0"):
        main([command, "--help"])
    return set(re.findall(r"--[a-z_.-]+", capsys.readouterr().out))
