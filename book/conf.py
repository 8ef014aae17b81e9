"""Sphinx's settings for the site that `make site` makes of the pages that book/staging.py lays out."""

import inspect
import re
import tomllib
from dataclasses import fields, is_dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]

project = "A Neural Turing Machine"
author = PROJECT["authors"][0]["name"]
copyright = author
language = "en"

extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.viewcode", "sphinx_copybutton"]

nb_execution_mode = "off"  # notebooks are shown as they were committed
nb_ipywidgets_js: dict[str, dict[str, str]] = {}  # committed notebooks hold no state for those scripts to show
nb_mime_priority_overrides = [("html", "application/vnd.jupyter.widget-view+json", None)]  # a widget's words instead
nb_render_markdown_format = "myst"
nb_merge_streams = True
myst_enable_extensions = ["dollarmath", "html_image"]
myst_heading_anchors = 4
suppress_warnings = [
    "myst.xref_missing",  # book/links.py follows every link of the built pages, anchors included
    "misc.highlighting_failure",  # a shell line in a notebook's first cell is more than its lexer knows
]

default_role = "py:obj"  # `name` in a docstring
autodoc_member_order = "bysource"
autodoc_typehints_format = "short"
autodoc_preserve_defaults = True
python_use_unqualified_type_names = True
maximum_signature_line_length = 96
add_module_names = False
toc_object_entries_show_parents = "hide"

html_theme = "furo"
html_title = project
html_static_path = ["static"]
html_css_files = ["book.css"]
html_js_files = ["book.js"]
html_math_renderer = "mathml"
html_copy_source = False
html_show_sphinx = False
html_show_copyright = False
html_favicon = "static/tape.svg"
copybutton_selector = "div.highlight pre:not(.cell_output pre)"
copybutton_prompt_text = ">>> |... "
copybutton_only_copy_prompt_lines = False


FIELD = re.compile(r"^\s+(\w+): [^#\n]+#\s*(.+)$", re.MULTILINE)
"""A field of a class with a comment beside it, such as "memory: Tensor  # (B, N, M)"."""


def plain(line: str) -> str:
    """A line of a docstring, in which reStructuredText would find emphasis, links and substitutions, as plain text."""
    parts = line.split("`")
    parts[::2] = [re.sub(r"[*|\\]|(?<=\w)_(?!\w)", r"\\\g<0>", part.replace("->", "→")) for part in parts[::2]]
    return "`".join(parts)


def beside(owner: str) -> dict[str, str]:
    """The comments beside the fields of a class that is given as "module.Class"."""
    module, _, name = owner.rpartition(".")
    found = getattr(import_module(module), name)
    words = {field: re.sub(r"\)  +", "): ", comment) for field, comment in FIELD.findall(inspect.getsource(found))}
    return {field: comment[0].upper() + comment[1:] + "." for field, comment in words.items()}


def read_docstring(_app: Any, what: str, name: str, _object: Any, _options: Any, lines: list[str]) -> None:
    """A docstring is plain text with `names` and examples; that of a named tuple's field is the comment beside it."""
    if what == "attribute" and lines[:1] and lines[0].startswith("Alias for field number"):
        owner, _, field = name.rpartition(".")
        lines[:] = [beside(owner).get(field, "")]
    lines[:] = [line if line.lstrip().startswith((">>>", "...")) else plain(line) for line in lines]


def fields_speak(found: Any) -> bool:
    """Whether a dataclass has a docstring at each of its fields, so that they need not stand in its signature too."""
    return is_dataclass(found) and inspect.getsource(found).count('"""') > 2 * len(fields(found))


def read_signature(_app: Any, what: str, _name: str, found: Any, _options: Any, signature: str, returns: str) -> Any:
    """A signature whose defaults have no spelling in Python, such as <factory>, in words that Sphinx can read."""
    if what == "class" and fields_speak(found):
        return "", None
    if "<" not in (signature or ""):
        return None
    names = re.sub(r"<(?:function )?(\w+)[^>]*>", lambda value: "..." if value[1] == "factory" else value[1], signature)
    return re.sub(r"~?(?:\w+\.)+(\w+)", r"\1", names), returns


def write_formula(self: Any, node: Any) -> None:
    """A formula as MathML, which browsers draw by themselves."""
    from docutils.nodes import SkipNode, math_block
    from latex2mathml.converter import convert

    display = isinstance(node, math_block)
    formula = convert(node.astext(), display="block" if display else "inline")
    self.body.append(f'<div class="math">{formula}</div>' if display else formula)
    raise SkipNode


def setup(app: Any) -> None:
    """Register what is ours."""
    app.connect("autodoc-process-docstring", read_docstring)
    app.connect("autodoc-process-signature", read_signature)
    app.add_html_math_renderer("mathml", (write_formula, None), (write_formula, None))
