"""Imports point one way: machine, tasks, training, runs, analysis, study, teaching; the command line on top.

Each room needs the packages that its extra in pyproject.toml installs, and no others.
"""

import ast
import contextlib
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, packages_distributions, requires
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

PACKAGE = Path(__file__).parent.parent / "ntm_lib"
FOUNDATION = {"machine", "tasks"}
LEARNING = FOUNDATION | {"training"}
MAY_IMPORT = {
    "machine": set(),
    "tasks": {"machine"},
    "training": FOUNDATION,
    "runs": LEARNING,
    "analysis": LEARNING | {"runs"},
    "study": LEARNING | {"runs", "analysis", "__init__"},  # whose version a study notes
    "__init__": LEARNING | {"runs", "analysis"},  # what `from ntm_lib import ...` offers a newcomer
    "teaching": LEARNING | {"runs", "analysis", "study", "proof", "__init__"},
    "proof": LEARNING | {"runs", "analysis"},
    "cli": LEARNING | {"runs", "analysis", "study", "proof", "teaching", "__init__"},
    "__main__": {"cli"},
}
CORE = {"torch", "safetensors"}
STUDY = CORE | {"joblib", "filelock", "tqdm", "scipy", "dask", "distributed"}
MAY_USE = {
    "study": STUDY,
    "teaching": STUDY | {"numpy", "matplotlib", "PIL", "IPython", "ipywidgets", "psutil", "flint"},
    "runs": CORE | {"filelock"},  # which torch brings
    "proof": CORE | {"flint"},
    "cli": CORE | {"tqdm"},
}
"""Packages of others that a room may import; every other room: those of CORE."""


def imported_names(path: Path, package: Path) -> Iterator[str]:
    """Yield every dotted name that a file imports, relative imports spelled out."""
    here = [package.name, *path.relative_to(package).parts[:-1]]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = here[: len(here) - node.level + 1] if node.level else []
            module = [*base, *(node.module.split(".") if node.module else [])]
            yield from (".".join([*module, alias.name]) for alias in node.names)


def room_of(name: str, package: Path) -> str:
    """The room that a name of ours lives in; a name that is no room is offered by the package itself."""
    first = [*name.split("."), "__init__"][1]
    is_room = (package / first).is_dir() or (package / f"{first}.py").is_file()
    return first if is_room or first in MAY_IMPORT else "__init__"


def violations(package: Path) -> list[str]:
    """One sentence for every import that points the wrong way, and for every file outside the known rooms."""
    found = []
    for path in sorted(package.rglob("*.py")):
        file = path.relative_to(package)
        room = file.parts[0].removesuffix(".py")
        if room not in MAY_IMPORT:
            found.append(f"{file}: {room} is not a room of the house")
            continue
        for name in imported_names(path, package):
            top = name.split(".")[0]
            target = room_of(name, package) if top == package.name else top
            allowed = {room} | MAY_IMPORT[room] if top == package.name else MAY_USE.get(room, CORE)
            if target not in allowed and top not in sys.stdlib_module_names:
                found.append(f"{file} imports {target}: {room} may not")
    return found


def test_imports_point_one_way():
    assert list(PACKAGE.rglob("*.py")), "there is nothing to look at"
    assert violations(PACKAGE) == []


@pytest.fixture
def house(tmp_path):
    """A package with one import of every kind that is allowed."""
    package = tmp_path / "ntm_lib"
    files = {
        "__init__.py": "from ntm_lib.machine import NTM\nfrom ntm_lib.runs.train import train",
        "machine/__init__.py": "from ntm_lib.machine.ntm import NTM",
        "machine/ntm.py": "import torch\nfrom . import memory\nfrom ntm_lib.machine import addressing",
        "tasks.py": "import torch",
        "training/loop.py": "from ntm_lib import tasks\nfrom ..machine import NTM",
        "analysis/trace.py": "import ntm_lib.machine.ntm\nfrom ntm_lib.training import loop",
        "teaching/plots.py": "import matplotlib.pyplot\nfrom ntm_lib import NTM, analysis",
        "cli/__init__.py": "from ntm_lib import load, tasks\nfrom ntm_lib.analysis import trace",
        "__main__.py": "from ntm_lib.cli import main",
    }
    for name, text in files.items():
        (package / name).parent.mkdir(parents=True, exist_ok=True)
        (package / name).write_text(text)
    return package


def test_a_house_in_order_passes(house):
    assert violations(house) == []


@pytest.mark.parametrize(
    ("file", "line", "complaint"),
    [
        ("machine/ntm.py", "from ntm_lib import tasks", "imports tasks: machine may not"),
        ("machine/ntm.py", "from ..training import loop", "imports training: machine may not"),
        ("machine/ntm.py", "from .. import training", "imports training: machine may not"),
        ("machine/ntm.py", "from ntm_lib import train", "imports __init__: machine may not"),
        ("machine/ntm.py", "import ntm_lib", "imports __init__: machine may not"),
        ("tasks.py", "import ntm_lib.training.loop as loop", "imports training: tasks may not"),
        ("training/loop.py", "from ntm_lib.analysis import trace", "imports analysis: training may not"),
        ("training/loop.py", "def late():\n    import ntm_lib.cli", "imports cli: training may not"),
        ("training/loop.py", "import matplotlib.pyplot as plt", "imports matplotlib: training may not"),
        ("analysis/trace.py", "from ntm_lib.teaching import plots", "imports teaching: analysis may not"),
        ("analysis/trace.py", "from IPython.display import Image", "imports IPython: analysis may not"),
        ("teaching/plots.py", "from ntm_lib import cli", "imports cli: teaching may not"),
        ("__init__.py", "from .teaching import plots", "imports teaching: __init__ may not"),
        ("cli/commands.py", "import os, ipywidgets", "imports ipywidgets: cli may not"),
        ("machine/ntm.py", "import numpy as np", "imports numpy: machine may not"),
        ("training/loop.py", "def late():\n    from scipy import stats", "imports scipy: training may not"),
        ("utils.py", "import os", "utils is not a room of the house"),
        ("attic/boxes.py", "import os", "attic is not a room of the house"),
    ],
)
def test_a_planted_violation_is_caught(house, file, line, complaint):
    (house / file).parent.mkdir(exist_ok=True)
    (house / file).write_text(line)
    (found,) = violations(house)
    assert found.startswith(file) and found.endswith(complaint)


ROOT = PACKAGE.parent
USES = {
    "": """
from tempfile import TemporaryDirectory
from dataclasses import replace
from ntm_lib import NTM, NTMConfig, cli, evaluate, load, recipes, tasks, train
batch = tasks.copy(2, 3)
logits, state = NTM(NTMConfig(input_size=10, output_size=8))(batch.inputs)
logits.sum().backward()
with TemporaryDirectory() as folder:
    train(replace(recipes.reliable, updates=1), 0, folder)
    model, run = load(folder)
    assert set(evaluate(model, [2], 1).lengths) == {2}
    assert cli.main(["evaluate", folder, "--lengths", "2", "--sequences", "1"]) in (0, 1)
assert cli.main(["recipes"]) == 0
""",
    "command": """
from tqdm import tqdm
from ntm_lib.cli import main
assert main(["extract", "data/proofs/walks"]) == 0
""",
    "study": """
from ntm_lib.cli import main
import ntm_lib.study.study
from ntm_lib.study.tables import share
assert share(1, 1)
""",
}
"""Extra -> code that must run where nothing but that extra is installed."""

ALONE = """
from importlib.machinery import PathFinder

find = PathFinder.find_spec
PathFinder.find_spec = lambda name, *rest: None if name.split(".")[0] in {missing} else find(name, *rest)
"""
"""Run first: hides packages that are installed here."""


def needs(requirement: Requirement, project: dict) -> list[str]:
    """Lines of what a distribution asks for; for this library, as pyproject.toml says now."""
    if requirement.name == project["name"]:
        extras = [project["optional-dependencies"][extra] for extra in requirement.extras]
        return sum(extras, project["dependencies"])
    with contextlib.suppress(PackageNotFoundError):
        return requires(requirement.name) or []
    return []


def brought_by(line: str) -> set[str]:
    """Distributions that pip would install for a requirement, as far as they are installed here."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    seen, asked = set(), {line}
    while asked:
        seen.add(line := asked.pop())
        requirement = Requirement(line)
        for other in needs(requirement, project):
            marker = Requirement(other).marker
            if marker is None or any(marker.evaluate({"extra": extra}) for extra in {"", *requirement.extras}):
                asked |= {other} - seen
    return {canonicalize_name(Requirement(line).name) for line in seen}


def run_with(distributions: set[str], code: str) -> None:
    """Run code in a Python that has these distributions and no others."""
    missing = {
        module
        for module, names in packages_distributions().items()
        if not distributions & {canonicalize_name(name) for name in names}
    }
    assert {"matplotlib", "IPython", "pytest"} <= missing
    assert not {"torch", "safetensors", "ntm_lib"} & missing
    command = [sys.executable, "-W", "ignore", "-c", ALONE.replace("{missing}", repr(missing)) + code]
    finished = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert finished.returncode == 0, finished.stderr


@pytest.mark.parametrize("extra", USES)
def test_an_extra_brings_all_that_its_part_needs(extra):
    run_with(brought_by(f"ntm-lib[{extra}]" if extra else "ntm-lib"), USES[extra])


def test_the_machine_alone_needs_torch_and_safetensors():
    alone = brought_by("torch") | {"ntm-lib", "safetensors"}
    assert "numpy" not in alone
    run_with(alone, "import ntm_lib; ntm_lib.NTM(ntm_lib.NTMConfig(10, 8))(ntm_lib.tasks.copy(2, 3).inputs)")
