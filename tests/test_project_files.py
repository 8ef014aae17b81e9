"""Files that other programs read, or that name a version: they parse, have what is required, and agree."""

import json
import re
import tomllib
from pathlib import Path

import pytest
import yaml

import ntm_lib
from ntm_lib.study import arms

ROOT = Path(__file__).parent.parent
CONSTRAINTS = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*"))
FORMS = sorted(set((ROOT / ".github" / "ISSUE_TEMPLATE").glob("*")) - {ROOT / ".github/ISSUE_TEMPLATE/config.yml"})
HOOKS = ROOT / ".pre-commit-config.yaml"
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")


def parsed(path):
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def commands(workflow):
    return [step["run"] for job in parsed(workflow)["jobs"].values() for step in job["steps"] if "run" in step]


def test_nothing_is_missing():
    assert {path.name for path in WORKFLOWS} == {"tests.yml", "newest-torch.yml", "pages.yml"}
    assert {path.name for path in FORMS} == {"bug.yml", "question.yml", "new-task.yml"}


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_a_workflow_is_one(path):
    workflow = parsed(path)
    assert set(workflow) <= {"name", True, "permissions", "concurrency", "jobs"}  # YAML reads the key `on` as True
    assert workflow["permissions"] == {"contents": "read"}
    for job in workflow["jobs"].values():
        assert job["timeout-minutes"] <= 60
        assert all(len({"run", "uses"} & set(step)) == 1 for step in job["steps"])
        assert all(re.fullmatch(r"actions/[a-z-]+@v\d+", step["uses"]) for step in job["steps"] if "uses" in step)
        assert not any("${{" in step.get("run", "") for step in job["steps"])  # no value of others in a shell line


def test_a_push_is_tested_by_make_test():
    tests = parsed(ROOT / ".github/workflows/tests.yml")
    assert "make test" in commands(ROOT / ".github/workflows/tests.yml")
    assert set(tests[True]) == {"push", "pull_request"}
    pythons = tests["jobs"]["everything"]["strategy"]["matrix"]["python"]
    named = [f"Programming Language :: Python :: {python}" for python in pythons]
    assert set(named) <= set(PROJECT["project"]["classifiers"])
    assert f">={pythons[0]}" == PROJECT["project"]["requires-python"]


def test_the_newest_torch_is_tried_every_week():
    newest = parsed(ROOT / ".github/workflows/newest-torch.yml")
    assert re.fullmatch(r"\d+ \d+ \* \* \d", newest[True]["schedule"][0]["cron"])
    install, upgrade, _, *tests = commands(ROOT / ".github/workflows/newest-torch.yml")
    assert "constraint" not in install
    assert upgrade.endswith("--upgrade torch")
    assert [test.split()[0] for test in tests] == ["pytest", "pytest"]


def test_main_is_published_as_make_site_writes_it():
    pages = parsed(ROOT / ".github/workflows/pages.yml")
    build, publish = pages["jobs"]["build"], pages["jobs"]["publish"]
    assert pages[True]["push"] == {"branches": ["main"]}
    assert commands(ROOT / ".github/workflows/pages.yml")[-1] == "make site"
    assert build["steps"][-1]["with"] == {"path": "site"}
    assert publish["needs"] == "build"
    assert publish["permissions"] == {"pages": "write", "id-token": "write"}
    assert "/site/" in (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize("path", FORMS, ids=lambda path: path.name)
def test_an_issue_form_is_one(path):
    form = parsed(path)
    assert {"name", "description", "body"} <= set(form) <= {"name", "description", "body", "labels"}
    assert {field["type"] for field in form["body"]} <= {"textarea", "input"}
    assert all(field["attributes"]["label"] for field in form["body"])
    assert len({field["id"] for field in form["body"]}) == len(form["body"])


def test_hooks_are_local_and_use_the_pinned_versions():
    (repository,) = parsed(HOOKS)["repos"]
    assert repository["repo"] == "local"
    assert [hook["entry"].split()[0] for hook in repository["hooks"]] == ["ruff", "ruff", "mypy"]
    needed = [line for hook in repository["hooks"] for line in hook.get("additional_dependencies", [])]
    assert set(needed) <= set(CONSTRAINTS)
    assert all(hook["language"] == "system" or "additional_dependencies" in hook for hook in repository["hooks"])


def test_the_citation_names_this_software_and_the_paper():
    citation = parsed(ROOT / "CITATION.cff")
    assert citation["cff-version"] == "1.2.0"
    assert {"message", "title", "authors", "license", "abstract", "references"} <= set(citation)
    assert citation["authors"] == PROJECT["project"]["authors"]
    assert citation["license"] == PROJECT["project"]["license"]
    (paper,) = citation["references"]
    assert [author["family-names"] for author in paper["authors"]] == ["Graves", "Wayne", "Danihelka"]
    assert (paper["year"], paper["url"]) == (2014, "https://arxiv.org/abs/1410.5401")


def test_every_file_names_one_version():
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    versions = re.findall(r"^## \[(.+)\] - \d{4}-\d{2}-\d{2}$", changelog, re.MULTILINE)
    assert versions == sorted(versions, reverse=True)
    assert versions[0] == ntm_lib.__version__ == parsed(ROOT / "CITATION.cff")["version"]
    assert PROJECT["tool"]["hatch"]["version"]["path"] == "ntm_lib/__init__.py"


def test_users_get_the_types():
    assert (ROOT / "ntm_lib" / "py.typed").read_text() == ""
    assert "Typing :: Typed" in PROJECT["project"]["classifiers"]


def test_the_lines_for_a_system_without_make_are_what_make_runs():
    recipes = re.sub(r"^PYTEST = .*$", "PYTEST = pytest", MAKEFILE, flags=re.MULTILINE)
    for name in ("NBVAL", "PYTEST"):
        value = re.search(rf"^{name} = (.*)$", recipes, re.MULTILINE)[1]
        recipes = recipes.replace(f"$({name})", value)
    recipes = recipes.replace("$(VENV)/bin/", "")
    made = [
        re.search(rf"^{target}:.*\n((?:\t.*\n)+)", recipes, re.MULTILINE)[1].split("\n\t")
        for target in ("lint", "site", "test")
    ]
    plain = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8").splitlines()
    lines = [line.strip() for recipe in made for line in recipe]
    assert lines[0] == "ruff check"
    assert len(lines) == 7
    assert [line for line in lines if line not in plain] == []


def test_the_question_that_contributing_writes_down_can_be_asked(tmp_path):
    (text,) = re.findall(r"```toml\n(.*?)```", (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8"), re.DOTALL)
    (tmp_path / "batch").mkdir()
    (tmp_path / "batch" / "arms.toml").write_text(text, encoding="utf-8")
    question = arms.read_question(tmp_path / "batch" / "arms.toml")
    assert [(arm.name, arm.batch_size) for arm in question.arms.values()] == [("batch-one", 1), ("batch-eight", 8)]


def test_make_notebooks_renews_all_that_is_made_from_notebooks():
    (rule,) = re.findall(r"^notebooks: .*\n((?:\t.*\n)+)", MAKEFILE, re.MULTILINE)
    for name in ("lessons", "lesson_map", "guilty_steps"):
        assert f"research/{name}.py" in rule or f"-m research.{name}\n" in rule


def test_the_lock_file_of_the_page_holds_all_that_it_names():
    packages = json.loads((ROOT / "page" / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    held = {path.rpartition("node_modules/")[2] for path in packages}
    named = {
        name
        for package in packages.values()
        for kind in ("dependencies", "devDependencies", "optionalDependencies")
        for name in package.get(kind, {})
    }
    assert len(named) > 20
    assert named <= held, f"`npm ci` has no entry for {sorted(named - held)}"
