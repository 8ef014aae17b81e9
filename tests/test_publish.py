"""Publishing: the address stands in one place, and everything that says it follows."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from notebooks.publish import Address, address_in, badges, set_up
from ntm_lib.teaching import publish

ROOT = Path(__file__).parent.parent
HERE = address_in((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
THERE = Address("some-one/a.tape_machine", "v1.2/rc-1")


@pytest.fixture
def copy(tmp_path):
    """What `make publish` touches, and nothing else."""
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    shutil.copytree(ROOT / "notebooks", tmp_path / "notebooks")
    return tmp_path


def published(folder, monkeypatch, *arguments):
    monkeypatch.chdir(folder)
    return publish.main(arguments)


def files(folder):
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def without_address(path):
    """The text of a file without the places where the address belongs."""
    text = path.read_text(encoding="utf-8")
    if path.name == "pyproject.toml":
        return re.sub(r'^(repository|ref) = ".*"$', "", text, flags=re.MULTILINE)
    if path.suffix != ".ipynb":
        return text
    notebook = json.loads(text)
    notebook["cells"] = [cell for cell in notebook["cells"] if cell["id"] not in (publish.BADGES, publish.SET_UP)]
    return json.dumps(notebook)


def test_the_address_stands_in_one_place():
    kept = [
        path
        for folder in ("ntm_lib", "tests", "notebooks", "docs", "research", "benchmarks", "data", ".ci")
        for path in (ROOT / folder).rglob("*")
    ] + list(ROOT.glob("*"))
    texts = {path for path in kept if path.suffix in {".py", ".md", ".toml", ".yml", ".txt", ".ipynb", ".sh", ""}}
    texts = [path for path in texts if path.is_file() and "__pycache__" not in path.parts]
    assert ROOT / "pyproject.toml" in texts and ROOT / "README.md" in texts and ROOT / "Makefile" in texts
    assert [path for path in texts if HERE.repository in without_address(path)] == []


def test_publishing_writes_the_address_and_what_follows_from_it(copy, monkeypatch):
    before = files(copy)
    assert published(copy, monkeypatch, *THERE) == 0
    assert address_in((copy / "pyproject.toml").read_text(encoding="utf-8")) == THERE
    for path in (copy / "notebooks").glob("*.ipynb"):
        cells = {cell["id"]: "".join(cell["source"]) for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]}
        assert cells["badges"] == badges(THERE, path.name) and cells["set-up"] == set_up(THERE)
    after = {path: without_address(copy / path) for path in before}
    assert after == {path: without_address(ROOT / path) for path in before}


def test_publishing_back_changes_not_one_byte(copy, monkeypatch):
    assert published(copy, monkeypatch, *HERE) == 0
    before = files(copy)
    assert published(copy, monkeypatch, *THERE) == 0 and files(copy) != before
    assert published(copy, monkeypatch, *HERE) == 0 and files(copy) == before


def test_badges_open_this_notebook_at_this_ref():
    text = badges(THERE, "01_find_a_slot.ipynb")
    targets = re.findall(r"\[!\[Open in (?:Colab|Binder)\]\(https://[^)]*\.svg\)\]\((\S+)\)", text)
    assert targets == [
        "https://colab.research.google.com/github/some-one/a.tape_machine/blob/v1.2/rc-1/notebooks/01_find_a_slot.ipynb",
        "https://mybinder.org/v2/gh/some-one/a.tape_machine/v1.2%2Frc-1?labpath=notebooks%2F01_find_a_slot.ipynb",
    ]


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("name", "v1"), "REPO is 'name': expected owner/name"),
        (("https://github.com/owner/name", "v1"), "REPO is 'https://github.com/owner/name': expected owner/name"),
        (("owner/na me", "v1"), "REPO is 'owner/na me': expected owner/name"),
        (("", ""), "REPO is '': expected owner/name"),
        (("owner/name", ""), "REF is '': expected a branch or a tag"),
        (("owner/name", 'v1"; rm'), "REF is 'v1\"; rm': expected a branch or a tag"),
        (("owner/name", "/v1"), "REF is '/v1': expected a branch or a tag"),
        (("owner/name",), "expected REPO=owner/name and REF=a branch or a tag"),
    ],
)
def test_a_bad_address_is_refused_in_one_line_and_nothing_is_written(copy, monkeypatch, capsys, arguments, complaint):
    before = files(copy)
    assert published(copy, monkeypatch, *arguments) == 2
    assert capsys.readouterr().err == f"publish: {complaint}\n"
    assert files(copy) == before


@pytest.mark.parametrize("name", ["badges", "set-up"])
def test_a_notebook_without_its_cells_is_named_and_nothing_is_written(copy, monkeypatch, capsys, name):
    path = copy / "notebooks" / "02_read_and_write.ipynb"
    path.write_text(path.read_text(encoding="utf-8").replace(f'"id": "{name}"', '"id": "x"'), encoding="utf-8")
    before = files(copy)
    assert published(copy, monkeypatch, *THERE) == 2
    assert (
        capsys.readouterr().err == f"publish: 02_read_and_write.ipynb has no cell with the id '{name}': give it one\n"
    )
    assert files(copy) == before


def test_make_passes_repository_and_ref_on():
    command = ["make", "--no-print-directory", "-n", "-o", ".venv/lab", "publish", "REPO=owner/name", "REF=v1"]
    said = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert said.splitlines()[-1] == '.venv/bin/python -m notebooks.publish "owner/name" "v1"'
