"""environment.yml, pyproject.toml and constraints.txt name the same versions, and those are installed."""

import re
import tomllib
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

import ntm_lib

ROOT = Path(__file__).parent.parent
FILES = ("pyproject.toml", "constraints.txt", "environment.yml")
ON_CONDA_FORGE = {"pytorch-cpu": "torch", "matplotlib-base": "matplotlib"}  # conda's name -> pip's
EXACT = re.compile(r"[A-Za-z0-9._-]+(\[[a-z,]+\])?==\d+(\.\d+)*((a|b|rc)\d+|\.post\d+)?")


def ranges(pyproject: str, *extras: str) -> dict[str, SpecifierSet]:
    """Package -> range, for the core, the named extras and the extras that those name in turn."""
    project = tomllib.loads(pyproject)["project"]
    found, asked = {}, [project["dependencies"], *(project["optional-dependencies"][extra] for extra in extras)]
    while asked:
        for requirement in map(Requirement, asked.pop()):
            if requirement.name == project["name"]:
                asked += [project["optional-dependencies"][extra] for extra in requirement.extras]
            else:
                found[canonicalize_name(requirement.name)] = requirement.specifier
    return found


def pins(lines: list[str]) -> dict[str, Version]:
    """Package -> the one version it is pinned to."""
    named = (line.split("==") for line in lines if EXACT.fullmatch(line))
    return {canonicalize_name(name.split("[")[0]): Version(number) for name, number in named}


def constraint_lines(constraints: str) -> list[str]:
    """The lines of constraints.txt that are not comments."""
    return [line for line in constraints.splitlines() if line and not line.startswith("#")]


def conda_lines(environment: str) -> list[str]:
    """What environment.yml asks of conda and of pip, under pip's names."""
    dependencies = yaml.safe_load(environment)["dependencies"]
    of_conda = [line.split("==") for line in dependencies if isinstance(line, str)]
    of_pip = [line for entry in dependencies if isinstance(entry, dict) for line in entry["pip"] or []]
    return ["==".join([ON_CONDA_FORGE.get(name, name), *number]) for name, *number in of_conda] + of_pip


def disagreements(pyproject: str, constraints: str, environment: str) -> Iterator[str]:
    """One sentence for every point on which the texts of the three files differ."""
    pinned, on_conda = pins(constraint_lines(constraints)), pins(conda_lines(environment))
    for line in constraint_lines(constraints):
        if not EXACT.fullmatch(line):
            yield f"constraints.txt: {line} is not an exact public version"
    for name, allowed in ranges(pyproject, "test", "cluster", "browser", "site").items():
        if name not in pinned:
            yield f"constraints.txt: {name} is missing"
        elif pinned[name] not in allowed:
            yield f"constraints.txt: {name} {pinned[name]} is outside {allowed}"
    for name in ranges(pyproject, "lab"):
        if name not in on_conda:
            yield f"environment.yml: {name} is missing"
    for name, number in on_conda.items():
        if number != pinned.get(name):
            yield f"environment.yml: {name} {number} is {pinned.get(name)} in constraints.txt"
    for line in set(conda_lines(environment)) - {"pip", "-e ."}:
        if not EXACT.fullmatch(line) and not line.startswith("python="):
            yield f"environment.yml: {line} is not an exact version"
    yield from python_disagreements(pyproject, environment)


def python_disagreements(pyproject: str, environment: str) -> Iterator[str]:
    """What environment.yml gets wrong about Python, the channel and this library itself."""
    lines = conda_lines(environment)
    allowed = SpecifierSet(tomllib.loads(pyproject)["project"]["requires-python"])
    pythons = [line.removeprefix("python=") for line in lines if line.startswith("python=")]
    if len(pythons) != 1 or pythons[0] not in allowed:
        yield f"environment.yml: python {pythons} is outside {allowed}"
    if yaml.safe_load(environment)["channels"][0] != "conda-forge":
        yield "environment.yml: conda-forge is not the first channel"
    if "-e ." not in lines:
        yield "environment.yml: -e . is missing"


@pytest.fixture
def texts():
    return {name: (ROOT / name).read_text(encoding="utf-8") for name in FILES}


def test_the_three_files_agree(texts):
    assert list(disagreements(*texts.values())) == []


@pytest.mark.parametrize(
    ("file", "line", "instead", "complaint"),
    [
        ("pyproject.toml", r'"torch>=[^"]*"', '"torch>=99"', "constraints.txt: torch .* is outside >=99"),
        ("pyproject.toml", r'"numpy>=[^"]*"', '"numpy<1"', "constraints.txt: numpy .* is outside <1"),
        ("pyproject.toml", r"command = \[", 'command = ["rich", ', "environment.yml: rich is missing"),
        ("pyproject.toml", r"study = \[", 'study = ["rich", ', "environment.yml: rich is missing"),
        ("pyproject.toml", r"lab = \[", 'lab = ["rich", ', "environment.yml: rich is missing"),
        ("pyproject.toml", r"research = \[", 'research = ["rich", ', "constraints.txt: rich is missing"),
        ("pyproject.toml", r"test = \[", 'test = ["rich", ', "constraints.txt: rich is missing"),
        ("pyproject.toml", r"cluster = \[", 'cluster = ["rich", ', "constraints.txt: rich is missing"),
        ("pyproject.toml", r">=3\.11", ">=3.99", r"environment.yml: python \['3.11'\] is outside >=3.99"),
        ("constraints.txt", r"torch==.*\n", "", "constraints.txt: torch is missing"),
        ("constraints.txt", r"(torch==.*)", r"\1+cpu", r"constraints.txt: torch==.*\+cpu is not an exact"),
        ("constraints.txt", r"joblib==", "joblib>=", "constraints.txt: joblib>=.* is not an exact"),
        (
            "constraints.txt",
            r"numpy==.*",
            "numpy==2.0.0",
            "environment.yml: numpy .* is 2.0.0 in constraints.txt",
        ),
        (
            "environment.yml",
            r"numpy==.*",
            "numpy==2.0.0",
            "environment.yml: numpy 2.0.0 is .* in constraints.txt",
        ),
        ("environment.yml", r"numpy==.*", "numpy", "environment.yml: numpy is not an exact version"),
        ("environment.yml", r"pytorch-cpu==", "pytorch==", "environment.yml: torch is missing"),
        ("environment.yml", r"  - jupyterlab==.*\n", "", "environment.yml: jupyterlab is missing"),
        ("environment.yml", r"python=3\.11", "python=3.8", r"environment.yml: python \['3.8'\] is outside"),
        (
            "environment.yml",
            r"- conda-forge\n",
            "- defaults\n",
            "environment.yml: conda-forge is not the first",
        ),
        ("environment.yml", r" +- -e \.\n", "", "environment.yml: -e . is missing"),
    ],
)
def test_a_planted_disagreement_is_named(texts, file, line, instead, complaint):
    texts[file], changes = re.subn(line, instead, texts[file], count=1)
    assert changes == 1, f"{file} has no {line} to change"
    assert any(re.match(complaint, found) for found in disagreements(*texts.values()))


def test_what_is_installed_is_in_range(texts):
    outside = {
        name: version(name)
        for name, allowed in ranges(texts["pyproject.toml"], "test").items()
        if Version(version(name)).public not in allowed
    }
    assert outside == {}


def test_a_new_torch_is_tried_before_it_is_allowed(texts):
    allowed = ranges(texts["pyproject.toml"])["torch"]
    assert {specifier.operator for specifier in allowed} == {">=", "<"}


def test_the_machine_needs_torch_and_one_package_more(texts):
    assert set(ranges(texts["pyproject.toml"])) == {"torch", "safetensors"}


def test_the_installed_library_is_this_one():
    assert version("ntm-lib") == ntm_lib.__version__
