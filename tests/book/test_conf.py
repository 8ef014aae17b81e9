"""What Sphinx is told, without building: no other host, no running of notebooks, docstrings as they were meant."""

import re
from importlib import import_module
from pathlib import Path

import pytest

import ntm_lib
from book import conf
from ntm_lib import NTMConfig
from ntm_lib.training.evaluation import Count
from ntm_lib.training.recipe import Recipe

ROOT = Path(__file__).parent.parent.parent
OURS = ROOT / "book"
CALLS = {path.stem: path.read_text(encoding="utf-8") for path in sorted((OURS / "api").glob("*.md"))}
DOCUMENTED = [
    *(
        (module, name)
        for page in CALLS.values()
        for module, name in re.findall(r"auto(?:class|function):: ([\w.]+)\.(\w+)$", page, re.M)
    ),
    *(
        (module, name)
        for page in CALLS.values()
        for module, names in re.findall(r"^\.\. automodule:: (\S+)\n   :members: (.+)$", page, re.M)
        for name in names.split(", ")
    ),
]
WHOLE = [name for page in CALLS.values() for name in re.findall(r"^\.\. automodule:: (\S+)\n   :members:$", page, re.M)]


def test_notebooks_are_shown_as_committed():
    assert conf.nb_execution_mode == "off"
    assert conf.nb_mime_priority_overrides == [("html", "application/vnd.jupyter.widget-view+json", None)]


def test_nothing_is_fetched_from_elsewhere():
    assert conf.nb_ipywidgets_js == {}
    assert "sphinx.ext.mathjax" not in conf.extensions
    for path in (OURS / "conf.py", *(OURS / "static").iterdir(), OURS / "machine.html"):
        assert set(re.findall(r"(?:https?:)?//[\w.-]+\.\w+", path.read_text(encoding="utf-8"))) <= {"http://www.w3.org"}


def test_extensions_are_in_the_extra():
    extra = " ".join(conf.PROJECT["optional-dependencies"]["site"])
    wanted = [
        name.replace("_", "-") for name in (*conf.extensions, conf.html_theme) if not name.startswith("sphinx.ext")
    ]
    assert [name for name in wanted if name not in extra] == []


@pytest.mark.parametrize(("module", "name"), DOCUMENTED, ids=[f"{module}.{name}" for module, name in DOCUMENTED])
def test_a_documented_call_exists(module, name):
    assert hasattr(import_module(module), name)


def test_every_public_call_is_documented():
    shown = [getattr(import_module(module), name) for module, name in DOCUMENTED]
    calls = [getattr(ntm_lib, name) for name in ntm_lib.__all__]
    missing = [call.__qualname__ for call in calls if hasattr(call, "__qualname__") and call not in shown]
    assert missing == []
    assert {f"ntm_lib.machine.{name}" for name in ("addressing", "memory", "heads", "controller")} <= set(WHOLE)
    assert "ntm_lib.training.recipes" in WHOLE


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("(B,N,M) -> (B,H,N)", "(B,N,M) → (B,H,N)"),
        ("w* / (w* + K (1 - w*))", r"w\* / (w\* + K (1 - w\*))"),
        ("row i * N // A, `a * b_`", r"row i \* N // A, `a * b_`"),
        ("the name_ of first_weights", r"the name\_ of first_weights"),
        ("|x| and a \\ b", r"\|x\| and a \\ b"),
    ],
)
def test_a_docstring_is_plain_text(line, expected):
    lines = [line, "    >>> a * b -> c"]
    conf.read_docstring(None, "function", "ntm_lib.f", None, None, lines)
    assert lines == [expected, "    >>> a * b -> c"]


def test_a_field_of_a_named_tuple_says_its_shape():
    lines = ["Alias for field number 0"]
    conf.read_docstring(None, "attribute", "ntm_lib.machine.state.NTMState.memory", None, None, lines)
    assert lines == ["(B, N, M)."]
    lines = ["Alias for field number 1"]
    conf.read_docstring(None, "attribute", "ntm_lib.machine.addressing.Stages.w_g", None, None, lines)
    assert lines == ["(B, H, N): blended with the previous weighting (Eq. 7)."]


@pytest.mark.parametrize(
    ("signature", "expected"),
    [
        ("(a: int, b: ~torch.Tensor)", None),
        (
            "(draw: ~collections.abc.Callable[[int], ~torch.Tensor], tests: dict = <factory>)",
            "(draw: Callable[[int], Tensor], tests: dict = ...)",
        ),
        ("(wrong: ~x.y.Z = <function count_wrong_bits>)", "(wrong: Z = count_wrong_bits)"),
    ],
)
def test_a_signature_can_be_read(signature, expected):
    shown = conf.read_signature(None, "class", "ntm_lib.f", None, None, signature, "int")
    assert shown == (expected and (expected, "int"))


def test_a_class_whose_fields_have_docstrings_needs_no_signature():
    said = [conf.read_signature(None, "class", "", one, None, "(a: int)", "") for one in (NTMConfig, Recipe, Count)]
    assert said == [("", None), ("", None), None]
