"""Publishing: the address stands in one place, everything that says it follows, and no value reaches a shell."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from notebooks import publish
from notebooks.publish import Address, address_in, badges, links, set_up

ROOT = Path(__file__).parent.parent
HERE = address_in((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
THERE = Address("some-one/a.tape_machine", "v1.2/rc-1")


def lay_out(folder):
    """All files that publishing changes, and what `make publish` runs."""
    for name in (*publish.WITH_LINKS, "Makefile"):
        shutil.copy(ROOT / name, folder)
    shutil.copytree(ROOT / "notebooks", folder / "notebooks", ignore=shutil.ignore_patterns(".*", "__pycache__"))
    return folder


@pytest.fixture
def copy(tmp_path):
    return lay_out(tmp_path)


@pytest.fixture(scope="module")
def attacked(tmp_path_factory):
    """A copy for calls that are to change nothing."""
    return lay_out(tmp_path_factory.mktemp("attacked"))


def files(folder):
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def without_address(path):
    """The text of a file without the places where the address belongs."""
    text = path.read_text(encoding="utf-8")
    if path.name in publish.WITH_LINKS:
        text = re.sub(r"https://github\.com/[\w.-]+/[\w.-]+(/blob/[\w./-]+/(?=[A-Z]))?", "", text)
        return re.sub(r'^(repository|ref) = ".*"$', "", text, flags=re.MULTILINE)
    if path.suffix != ".ipynb":
        return text
    notebook = json.loads(text)
    notebook["cells"] = [cell for cell in notebook["cells"] if cell["id"] not in (publish.BADGES, publish.SET_UP)]
    return json.dumps(notebook)


def test_the_address_stands_in_one_place():
    kept = [
        path
        for folder in ("ntm_lib", "tests", "notebooks", "docs", "research", "benchmarks", "data", ".ci", ".github")
        for path in (ROOT / folder).rglob("*")
    ] + list(ROOT.glob("*"))
    suffixes = {".py", ".md", ".toml", ".yml", ".yaml", ".cff", ".txt", ".ipynb", ".sh", ""}
    texts = [path for path in kept if path.suffix in suffixes and path.is_file() and "__pycache__" not in path.parts]
    assert {ROOT / "pyproject.toml", ROOT / "README.md", ROOT / "Makefile", ROOT / "CITATION.cff"} <= set(texts)
    assert [path for path in texts if HERE.repository in without_address(path)] == []


def test_publishing_writes_the_address_and_what_follows_from_it(copy):
    before = files(copy)
    assert publish.main(THERE, copy) == 0
    assert address_in((copy / "pyproject.toml").read_text(encoding="utf-8")) == THERE
    for path in (copy / "notebooks").glob("*.ipynb"):
        cells = {cell["id"]: "".join(cell["source"]) for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]}
        assert cells["badges"] == badges(THERE, path.name)
        assert cells["set-up"] == set_up(THERE, path.name)
    for name in publish.WITH_LINKS:
        text = (copy / name).read_text(encoding="utf-8")
        assert "https://github.com/some-one/a.tape_machine" in text
        assert HERE.repository not in text
    assert "/some-one/a.tape_machine/blob/v1.2/rc-1/CHANGELOG.md" in (copy / "pyproject.toml").read_text()
    after = {path: without_address(copy / path) for path in before}
    assert after == {path: without_address(ROOT / path) for path in before}


def test_publishing_back_changes_not_one_byte(copy):
    before = files(copy)
    assert publish.main(THERE, copy) == 0
    assert files(copy) != before
    assert publish.main(HERE, copy) == 0
    assert files(copy) == before


def test_links_to_other_repositories_stay():
    text = "https://github.com/a/b https://github.com/a/bc https://github.com/a/b/blob/main/X https://github.com/a/b/blob/v1/X"
    moved = links(text, Address("a/b", "main"), Address("c/d", "v2"))
    assert moved.split() == [
        "https://github.com/c/d",
        "https://github.com/a/bc",
        "https://github.com/c/d/blob/v2/X",
        "https://github.com/c/d/blob/v1/X",
    ]


def test_badges_open_this_notebook_at_this_ref():
    text = badges(THERE, "01_find_a_slot.ipynb")
    targets = re.findall(r"\[!\[Open in (?:Colab|Binder)\]\(https://[^)]*\.svg\)\]\((\S+)\)", text)
    assert targets == [
        "https://colab.research.google.com/github/some-one/a.tape_machine/blob/v1.2/rc-1/notebooks/01_find_a_slot.ipynb",
        "https://mybinder.org/v2/gh/some-one/a.tape_machine/v1.2%2Frc-1?labpath=workbook%2F01_find_a_slot.ipynb",
    ]


def test_before_there_is_an_address_no_badge_leads_nowhere():
    nowhere = badges(Address(publish.NOWHERE, "main"), "01_find_a_slot.ipynb")
    assert "badge" not in nowhere and publish.NOWHERE not in nowhere
    assert badges(THERE, "01_find_a_slot.ipynb").endswith(f"\n\n{nowhere}")
    assert "https://arxiv.org/abs/1410.5401" in nowhere


INJECTIONS = (
    'a/b"; touch X; echo "',
    "a/b'; touch X; '",
    "a/b`touch X`",
    "$(touch X)",
    "$$(touch X)",
    "$(shell touch X)",
    "${shell touch X}",
    "$$(shell touch X)",
    "$(eval $(shell touch X))",
    "a/b\ntouch X",
    "a/b\n$(shell touch X)",
    "a/b;touch X",
    "a/b&touch X",
    "a/b|touch X",
    "a/b # touch X",
    "$(",
    "a/b\\",
)
"""Values that run `touch X` where a shell or make reads them as their own language."""

BAD_REPOSITORIES = (
    "", "name", "/", "a/", "/b", "a/b/c", "../..", "a/..", "a/.", "./b", "-/-", "-a/b", "a-/b", "a--b/c", "-x", "a/-x",
    "a/b.git", "a_b/c", "a.b/c", "a/b c", " a/b", "a/b ", "a/b\n", "a/b\t", "a/b\x00", "a/\u00e9", "a/b?", "a/b#c",
    "a/b%2f", "https://github.com/a/b", "git@github.com:a/b", "a/" + 101 * "b", 40 * "a" + "/b", "a\\b",
)  # fmt: skip
BAD_REFS = (
    "", "-x", "--upload-pack=touch", "a..b", "..", ".", ".a", "a/.b", "a.lock", "a.lock/b", "a/b.lock", "a@{1}", "@",
    "@{", "/a", "a/", "a//b", "a.", "a/.", "a b", "a~1", "a^", "a:b", "a?", "a*", "a[b", "a\\b", "a\n", "a\x00",
    "a\x1f", "a\x7f", "HEAD", 40 * "a", 201 * "b", "\u00e9", "a'b", 'a"b', "a{b}", "$HOME",
)  # fmt: skip
GOOD_REPOSITORIES = ("a/b", HERE.repository, "some-one/a.tape_machine", "A1/.github", "a/_", "a/b-", "0/1.2-3_4")
GOOD_REFS = ("main", "v1", "v1.2/rc-1", "feature/a_b", "a-b", "_x", "1.0", "a.lock.b", "HEADS", "deadbeef")


@pytest.mark.parametrize("repository", [*BAD_REPOSITORIES, *INJECTIONS])
def test_a_repository_that_cannot_be_is_refused(repository):
    with pytest.raises(ValueError, match=r"^REPO is .*: expected owner/name as on GitHub, such as ada/tape-machine$"):
        publish.check(Address(repository, "main"))


@pytest.mark.parametrize("ref", [*BAD_REFS, *INJECTIONS])
def test_a_ref_that_cannot_be_is_refused(ref):
    with pytest.raises(
        ValueError, match=r"^REF is .*: expected a branch or a tag that git accepts, such as main or v1.2$"
    ):
        publish.check(Address("a/b", ref))


@pytest.mark.parametrize("ref", GOOD_REFS)
def test_what_is_accepted_as_a_ref_git_accepts_too(ref):
    publish.check(Address("a/b", ref))
    subprocess.run(["git", "check-ref-format", "--branch", ref], check=True, capture_output=True)


@pytest.mark.parametrize("repository", GOOD_REPOSITORIES)
def test_a_repository_that_may_be_is_accepted(repository):
    publish.check(Address(repository, "main"))


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("name", "v1"), "REPO is 'name': expected owner/name as on GitHub, such as ada/tape-machine"),
        (("", ""), "REPO is '': expected owner/name as on GitHub, such as ada/tape-machine"),
        (("a/b", "a\nb"), "REF is 'a\\nb': expected a branch or a tag that git accepts, such as main or v1.2"),
        (("owner/name",), "expected owner/name and a branch or a tag, and nothing else"),
        (("owner/name", "v1", "v2"), "expected owner/name and a branch or a tag, and nothing else"),
    ],
)
def test_a_bad_address_is_refused_in_one_line_and_nothing_is_written(copy, capsys, arguments, complaint):
    before = files(copy)
    assert publish.main(arguments, copy) == 2
    assert capsys.readouterr().err == f"publish: {complaint}\n"
    assert files(copy) == before


@pytest.mark.parametrize("name", ["badges", "set-up"])
def test_a_notebook_without_its_cells_is_named_and_nothing_is_written(copy, capsys, name):
    path = copy / "notebooks" / "02_read_and_write.ipynb"
    path.write_text(path.read_text(encoding="utf-8").replace(f'"id": "{name}"', '"id": "x"'), encoding="utf-8")
    before = files(copy)
    assert publish.main(THERE, copy) == 2
    complaint = f"02_read_and_write.ipynb has no cell with the id '{name}': give it one"
    assert capsys.readouterr().err == f"publish: {complaint}\n"
    assert files(copy) == before


def test_a_folder_without_the_files_is_named(tmp_path, capsys):
    assert publish.main(THERE, tmp_path) == 2
    assert re.fullmatch(r"publish: .*pyproject\.toml'\n", capsys.readouterr().err)


def make(folder, *arguments, **environment):
    """Run `make publish` in a folder."""
    command = ["make", "--no-print-directory", "publish", *arguments]
    return subprocess.run(
        command, cwd=folder, env=os.environ | environment, capture_output=True, text=True, check=False
    )


def test_make_publishes(copy):
    finished = make(copy, f"REPO={THERE.repository}", f"REF={THERE.ref}")
    assert (finished.returncode, finished.stdout, finished.stderr) == (0, "", "")
    assert address_in((copy / "pyproject.toml").read_text(encoding="utf-8")) == THERE


@pytest.mark.parametrize("value", INJECTIONS)
@pytest.mark.parametrize("variable", ["REPO", "REF"])
@pytest.mark.parametrize("given_in", ["command line", "environment"])
def test_no_value_reaches_a_shell_or_make_itself(attacked, value, variable, given_in):
    values = {"REPO": "a/b", "REF": "main"} | {variable: value}
    before = files(attacked)
    if given_in == "environment":
        finished = make(attacked, **values)
    else:
        finished = make(attacked, *(f"{name}={text}" for name, text in values.items()))
    assert finished.returncode == 2
    assert finished.stderr.startswith(f"publish: {variable} is {value!r}: expected ")
    assert files(attacked) == before
