"""Glossary and chart of faults: every term and every name is in use, and says what the library says."""

import json
import re
import shlex
from functools import cache
from pathlib import Path

import pytest

from ntm_lib import cli
from ntm_lib.analysis.finding import CAUSES, CURES, JUMP_CURES, Kind
from ntm_lib.study import fields

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
GLOSSARY, FAULTS = ((DOCS / name).read_text(encoding="utf-8") for name in ("glossary.md", "faults.md"))
ACCOUNT = (ROOT / "data" / "what-made-seeds-fail.md").read_text(encoding="utf-8")
ENTRIES = re.findall(r"^\*\*(.+?)\*\*(?: \((.+?)\))?: (.+?)\n\n", GLOSSARY, re.DOTALL | re.MULTILINE)
TERMS = [term for term, _, _ in ENTRIES]
FORMER = [term for term, names, _ in ENTRIES if names == "*version 0.1.0*"]


def library() -> str:
    """The source of the library, but for what reads files of older versions."""
    modules = sorted(set((ROOT / "ntm_lib").rglob("*.py")) - {ROOT / "ntm_lib" / "runs" / "older.py"})
    return "\n".join(module.read_text(encoding="utf-8") for module in modules)


@cache
def texts(former: bool) -> str:
    """All that a reader of today's project reads but the pages tested here; or what tells of version 0.1.0."""
    if former:
        return ACCOUNT + (DOCS / "findings.md").read_text(encoding="utf-8")
    pages = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", DOCS / "findings.md", DOCS / "your-own-data.md"]
    pages += [ROOT / "data" / "what-made-seeds-fail.md", ROOT / "data" / "machines" / "README.md"]
    cells = [
        "".join(cell["source"])
        for lesson in sorted((ROOT / "notebooks").glob("*.ipynb"))
        for cell in json.loads(lesson.read_text(encoding="utf-8"))["cells"]
        if cell["cell_type"] == "markdown"
    ]
    return "\n".join([*cells, *(page.read_text(encoding="utf-8") for page in pages), library()])


def uses(term: str, text: str) -> int:
    """How often a text has a term, in one line or over two, also in the plural."""
    words = r"\s+".join(map(re.escape, term.split()))
    return len(re.findall(rf"(?<![\w-]){words}s?(?![\w-])", text, re.IGNORECASE))


# Links


@pytest.mark.parametrize("page", ["glossary.md", "faults.md", "lesson-map.md"])
def test_every_link_leads_somewhere(page):
    text = (DOCS / page).read_text(encoding="utf-8")
    named = dict(re.findall(r"^\[(.+)\]: (\S+)$", text, re.MULTILINE))
    body = re.sub(r"^\[[^\n]+\]: [^\n]+$|^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)
    links = [*re.findall(r"\]\((\S+?)\)", body), *named.values()]
    assert links
    for link in links:
        path, _, anchor = link.partition("#")
        there = DOCS / path if path else DOCS / page
        assert there.exists(), link
        assert not anchor or anchor in anchors(there), link
    used = set(re.findall(r"\[([^\]]+)\](?![(:])", body))
    assert used == set(named)


def anchors(page: Path) -> set[str]:
    """The anchors of a page: those it sets, and those of its headings as GitHub makes them."""
    text = page.read_text(encoding="utf-8")
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    made = {re.sub(r"[^\w\- ]", "", heading).lower().replace(" ", "-") for heading in headings}
    return made | set(re.findall(r'<a id="(\w+)">', text))


# The glossary


def test_terms_are_many_in_order_and_each_stands_once():
    assert len(TERMS) > 100
    assert len(TERMS) == len(re.findall(r"^\*\*", GLOSSARY, re.MULTILINE))
    assert sorted(set(map(str.lower, TERMS))) == [term.lower() for term in TERMS]


def test_a_term_stands_under_its_letter_and_the_list_at_the_top_has_every_letter():
    letters = re.findall(r"^## (\w)$", GLOSSARY, re.MULTILINE)
    assert letters == sorted({term[0].upper() for term in TERMS})
    assert re.findall(r"\[(\w)\]\(#(\w)\)", GLOSSARY) == [(letter, letter.lower()) for letter in letters]
    for section in re.split(r"^## ", GLOSSARY, flags=re.MULTILINE)[1:]:
        assert all(term[0].upper() == section[0] for term in re.findall(r"^\*\*(.+?)\*\*", section, re.MULTILINE))


@pytest.mark.parametrize(("term", "names", "text"), ENTRIES, ids=TERMS)
def test_an_entry_is_one_to_three_sentences_and_says_where_to_learn_it(term, names, text):
    body, _, source = text.rpartition("[")
    assert source.endswith("]")
    assert body.strip()[-1] == "."
    assert 1 <= len(re.findall(r"\.(?=\s)", re.sub(r"Eqs?\.", "Eq", body))) <= 3
    assert len(body.split()) <= 48


@pytest.mark.parametrize("term", TERMS)
def test_a_term_is_in_use(term):
    assert uses(term, texts(former=term in FORMER)) > 0


def test_terms_of_version_0_1_0_are_marked_and_gone():
    assert FORMER == ["dull payload", "gains", "handicap", "listen loss", "quiet loss", "rest loss"]
    assert [term for term in FORMER if uses(term, library())] == []


def test_names_in_code_are_those_of_the_library():
    source = library()
    names = {name for _, names, _ in ENTRIES for name in re.findall(r"`([\w.]+)`", names)}
    assert len(names) > 40
    assert [name for name in names for part in name.split(".") if not re.search(rf"\b{part}\b", source)] == []


def test_every_name_of_the_table_in_contributing_is_explained():
    table = re.findall(r"^\| ((?:`\w+`(?:, )?)+) \|", (ROOT / "CONTRIBUTING.md").read_text("utf-8"), re.MULTILINE)
    wanted = {name for cell in table for name in re.findall(r"`(\w+)`", cell)} - {"x", "h", "y"}
    names = {name for _, names, _ in ENTRIES for name in re.findall(r"`(\w+)`", names)}
    assert wanted >= {"memory", "weights", "beta"}
    assert wanted - names == set()


# The chart of faults


def rows() -> list[list[str]]:
    """The rows of all tables of the chart, but for headings, as lists of cells."""
    lines = [line for line in FAULTS.splitlines() if line.startswith("| ")]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return [row for row in cells if row[0] != "what you see" and set(row[0]) != {"-"}]


NAMED = {row[1].strip("*"): row for row in rows() if row[1].startswith("**")}
KINDS = list(Kind)
CAN_BE_FAULTS = [kind for kind in Kind if kind in CURES or kind == Kind.MISSED_JUMP]


def plain(cell: str) -> str:
    """A cell without the marks of code."""
    return cell.replace("`", "")


def test_every_name_that_the_command_prints_stands_in_the_chart_once():
    names = [row[1].strip("*") for row in rows() if row[1].startswith("**")]
    assert sorted(names) == sorted(kind.value for kind in Kind)


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_a_name_means_what_the_library_says(kind):
    assert NAMED[kind.value][2] == kind.meaning


@pytest.mark.parametrize("kind", CAN_BE_FAULTS, ids=str)
def test_a_cure_is_the_librarys(kind):
    cure = plain(NAMED[kind.value][3])
    if kind == Kind.MISSED_JUMP:
        parts = dict(re.findall(r"(\w+): (.+?\.)(?= \w+: |$)", cure.removeprefix("By the part that missed it. ")))
        assert {part.lower(): text for part, text in parts.items()} == JUMP_CURES
    else:
        assert cure == CURES[kind]


def test_habits_have_no_cure_and_causes_stand_together():
    assert {kind for kind in Kind if len(NAMED[kind.value]) == 3} == set(Kind) - set(CAN_BE_FAULTS)
    section = FAULTS.split("## In the answer")[1].split("\n## ")[0]
    assert re.findall(r"\| \*\*(.+?)\*\* \|", section) == [cause.value for cause in CAUSES]


def test_options_of_the_chart_are_those_of_the_command():
    """Those that cures name are tried in tests/cli/test_cli_diagnose.py; here are all that the chart has in code."""
    options = {f"--{name}" for name in fields.described()} | {"--memory_size", "--length"}
    cures = [row[3] if row[1].startswith("**") else row[1] for row in rows() if len(row) > 3 or "**" not in row[1]]
    named = [option for cure in cures for option in re.findall(r"`([^`]+)`", cure)]
    assert len(set(named)) > 10
    assert [option for option in named if option.split()[0] not in options] == []
    assert not any("--" in plain(re.sub(r"`[^`]+`", "", cure)) for cure in cures)


def test_causes_of_the_account_all_have_their_place():
    written = {int(number) for number in re.findall(r"^\*\*(\d+)\. ", ACCOUNT, re.MULTILINE)}
    told = [re.findall(r"\d+", found) for found in re.findall(r"causes? (\d+(?:, \d+)*)", FAULTS)]
    assert {int(number) for numbers in told for number in numbers} == written


def test_a_machine_that_shows_a_fault_has_that_fault():
    lines = (ROOT / "data" / "machines" / "README.md").read_text(encoding="utf-8").splitlines()
    faults = dict(re.findall(r"^\| `(\w+)` \| (.+?) \|", "\n".join(lines), re.MULTILINE))
    shown = {name: machine for name, row in NAMED.items() for machine in re.findall(r"`(\w+)`", row[-1])}
    assert len(shown) > 10
    assert {name: faults[machine] for name, machine in shown.items()} == {name: name for name in shown}


def test_the_command_that_shows_a_wrap_around_shows_it(monkeypatch, capsys):
    (command,) = re.findall(r"`ntm (diagnose data/machines/\w+ -[^`]+)`", NAMED["wrap-around"][-1])
    monkeypatch.chdir(ROOT)
    assert cli.main(shlex.split(command)) == 1
    assert capsys.readouterr().out.startswith("wrap-around (fault)\n")
