"""Notebooks run the way Colab runs them: opened alone, the library cloned by their first cell."""

import ast
import os
import shutil
import subprocess
from pathlib import Path

import nbformat
import pytest
import torch
from IPython.core.inputtransformer2 import TransformerManager
from nbclient import NotebookClient
from test_environment import ranges

from notebooks.publish import INSTALLED, address_in, set_up

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parent.parent
LESSONS = sorted((ROOT / "notebooks").glob("*.ipynb"))
ADDRESS = address_in((ROOT / "pyproject.toml").read_text(encoding="utf-8"))

AS_ON_COLAB = f"""
import sys

sys.path[:] = [entry for entry in sys.path if entry != {str(ROOT)!r}]
import google.colab
"""
"""Run by Python at its start: the library is not installed, `google.colab` is there and already imported."""


@pytest.fixture(scope="module")
def colab(tmp_path_factory):
    """An empty folder to work in, and an environment in which the address leads to a repository on this disk."""
    folder = tmp_path_factory.mktemp("colab")
    (folder / "content").mkdir()
    stand_in = folder / "site" / "google" / "colab"
    stand_in.mkdir(parents=True)
    (stand_in / "__init__.py").touch()
    (folder / "site" / "sitecustomize.py").write_text(AS_ON_COLAB, encoding="utf-8")
    upload(folder / "hub" / ADDRESS.repository)
    environment = os.environ | {
        "PYTHONPATH": str(folder / "site"),
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": f"url.{(folder / 'hub').as_uri()}/.insteadOf",
        "GIT_CONFIG_VALUE_0": "https://github.com/",
    }
    return folder / "content", environment


def upload(repository):
    """A repository with the library, its notebooks and their data, at the ref that badges lead to."""
    for part in ("ntm_lib", "notebooks", "data"):
        shutil.copytree(ROOT / part, repository / part, ignore=shutil.ignore_patterns("__pycache__", ".*"))
    shutil.copy(ROOT / "pyproject.toml", repository)
    author = ["-c", "user.name=nobody", "-c", "user.email=nobody@example.org"]
    for command in (
        ["init", "--quiet", "--initial-branch", ADDRESS.ref],
        ["add", "."],
        [*author, "commit", "--quiet", "-m", "."],
    ):
        subprocess.run(["git", *command], cwd=repository, check=True)


def imports(notebook):
    """Every import statement of a notebook's cells."""
    for cell in notebook.cells:
        if cell.cell_type == "code":
            tree = ast.parse(TransformerManager().transform_cell(cell.source))
            yield from (ast.unparse(node) for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom))


def printed(notebook):
    """The text that each cell printed or showed: on a busy machine one print can arrive in two pieces."""
    return [
        "".join(output.get("text") or output.data["text/plain"] for output in cell.outputs)
        for cell in notebook.cells
        if cell.cell_type == "code"
    ]


def run(notebook, colab):
    folder, environment = colab
    client = NotebookClient(notebook, timeout=120, kernel_name="python3", resources={"metadata": {"path": folder}})
    client.execute(env=environment)
    return printed(notebook)


def check(source):
    return nbformat.v4.new_code_cell(source)


def test_a_lesson_runs_to_its_end_on_what_colab_has(colab):
    lesson = nbformat.read(ROOT / "notebooks" / "01_find_a_slot.ipynb", as_version=4)
    expected = printed(lesson)
    lesson.cells.insert(0, check("from importlib.util import find_spec\nprint(find_spec('ntm_lib'))"))
    lesson.cells.append(check("import ntm_lib\nprint(ntm_lib.__file__, torch.__file__, sep='\\n')"))
    before, *during, after = run(lesson, colab)
    assert before == "None\n"
    assert during == expected
    library, torch_there = map(Path, after.split())
    assert library.resolve() == (colab[0] / "ntm" / "ntm_lib" / "__init__.py").resolve()
    assert torch_there == Path(torch.__file__)


def test_every_lesson_finds_what_it_imports(colab):
    wanted = dict.fromkeys(line for path in LESSONS for line in imports(nbformat.read(path, as_version=4)))
    assert "import torch" in wanted
    cells = [check(set_up(ADDRESS, LESSONS[0].name)), check("\n".join(wanted))]
    assert run(nbformat.v4.new_notebook(cells=cells), colab) == ["", ""]


@pytest.mark.parametrize("name", [LESSONS[0].name, *INSTALLED])
def test_the_first_cell_may_run_again_and_after_a_restart(colab, name):
    for _ in range(2):
        again = [check(set_up(ADDRESS, name)) for _ in range(2)]
        cells = [*again, check("print(find_spec('ntm_lib') is not None)")]
        assert run(nbformat.v4.new_notebook(cells=cells), colab) == ["", "", "True\n"]


ON_COLAB = {"torch", "numpy", "scipy", "joblib", "filelock", "tqdm", "safetensors", "matplotlib", "pillow"}
ON_COLAB |= {"jupyterlab", "ipywidgets", "ipython", "psutil"}
"""Packages of the lessons that Colab has, or that nothing in a lesson imports."""


def test_a_lesson_installs_what_colab_lacks_on_colab_alone_and_others_nothing():
    lacking = set(ranges((ROOT / "pyproject.toml").read_text(encoding="utf-8"), "lab")) - ON_COLAB
    assert set(INSTALLED.values()) == lacking == {"python-flint"}
    for path in LESSONS:
        cells = [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]
        installing = [line for cell in cells for line in cell.source.splitlines() if "install" in line]
        imports_it = any("flint" in cell.source or "ntm_lib.proof" in cell.source for cell in cells[1:])
        assert imports_it == (path.name in INSTALLED) == bool(installing), path.name
        assert installing == [line for line in cells[0].source.splitlines()[4:] if "install" in line]
        assert all(line.startswith("    !") for line in installing)  # below `if "google.colab" in sys.modules`
