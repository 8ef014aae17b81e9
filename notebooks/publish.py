"""Write where the repository lives: `python notebooks/publish.py owner/name v1`.

`make publish REPO=owner/name REF=v1` is one way to call this file. The address stands in pyproject.toml, under
[tool.ntm-lib]. Publishing changes it there, and with it the badges and the first cell of every notebook, and each link
to the repository in pyproject.toml, README.md and CITATION.cff.
"""

import json
import re
import sys
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

ROOT = Path(__file__).resolve().parent.parent
BADGES, SET_UP = "badges", "set-up"
"""Ids of the two cells of a notebook that follow from the address."""
NOWHERE = "/".join(("OWNER", "NAME"))
"""What stands for the repository in pyproject.toml before it has an address; in two parts, since only there it stands
whole."""
WITH_LINKS = ("pyproject.toml", "README.md", "CITATION.cff")
"""Files whose links to the repository follow from the address."""

INSTALLED = {"08_be_certain.ipynb": "python-flint"}
"""Packages that a notebook needs and Colab has not; its first cell installs them there, and only there."""

OWNER = re.compile(r"[A-Za-z0-9]([A-Za-z0-9]|-(?=[A-Za-z0-9])){0,38}")
NAME = re.compile(r"(?!\.{1,2}$)(?!-)(?!.*\.git$)[A-Za-z0-9._-]{1,100}")
REF = re.compile(r"(?!HEAD$)(?![0-9a-f]{40}$)[A-Za-z0-9_][A-Za-z0-9._/-]{0,199}")
NOT_IN_A_REF = re.compile(r"\.\.|/[./]|\.lock(/|$)|[./]$")
"""Two dots; an empty part, or one that begins with a dot; the ending of git's own lock files; a last dot or slash."""


class Address(NamedTuple):
    """A repository on GitHub and the branch or tag that notebooks are opened at."""

    repository: str
    ref: str


def check(address: Address) -> None:
    """Raise ValueError for a repository that GitHub would not accept or a ref that git would not accept.

    A ref may consist of letters, digits, ".", "_", "-" and "/" only, since it is written into links and into a command
    of each notebook's first cell.
    """
    owner, slash, name = address.repository.partition("/")
    if not (slash and OWNER.fullmatch(owner) and NAME.fullmatch(name)):
        raise ValueError(f"REPO is {address.repository!r}: expected owner/name as on GitHub, such as ada/tape-machine")
    if not REF.fullmatch(address.ref) or NOT_IN_A_REF.search(address.ref):
        raise ValueError(f"REF is {address.ref!r}: expected a branch or a tag that git accepts, such as main or v1.2")


def address_in(pyproject: str) -> Address:
    """The address that the text of pyproject.toml holds."""
    return Address(**tomllib.loads(pyproject)["tool"]["ntm-lib"])


def badges(address: Address, notebook: str) -> str:
    """Markdown of a notebook's head: badges that open it, such as "01_find_a_slot.ipynb", and pages to have at hand.

    Before the repository has an address there are no badges: they would lead nowhere.
    """
    pages = (
        "[The paper](https://arxiv.org/abs/1410.5401) (Graves, Wayne and Danihelka 2014) ·"
        " [cheat sheet](../docs/cheat-sheet.pdf) · [glossary](../docs/glossary.md) · [map](../docs/lesson-map.md) ·"
        " [faults](../docs/faults.md)"
    )
    repository, ref = address
    if repository == NOWHERE:
        return pages
    colab = f"https://colab.research.google.com/github/{repository}/blob/{ref}/notebooks/{notebook}"
    binder = f"https://mybinder.org/v2/gh/{repository}/{quote(ref, safe='')}?labpath=workbook%2F{notebook}"
    return (
        f"[![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)]({colab})\n"
        f"[![Open in Binder](https://mybinder.org/badge_logo.svg)]({binder})\n"
        f"\n{pages}"
    )


def set_up(address: Address, notebook: str) -> str:
    """A notebook's first code cell: on Colab it fetches the library and what Colab lacks, elsewhere it does nothing."""
    package = INSTALLED.get(notebook)
    install = f"\n    !{{sys.executable}} -m pip install --quiet {package}" if package else ""
    return (
        "import sys\n"
        "from importlib.util import find_spec\n"
        "\n"
        'if "google.colab" in sys.modules and find_spec("ntm_lib") is None:  # beside the PyTorch that Colab has\n'
        f"    ![ -d ntm ] || git clone --quiet --depth 1 --branch {address.ref} \\\n"
        f"        https://github.com/{address.repository} ntm\n"
        "    %cd -q ntm/notebooks\n"
        f'    sys.path.append(".."){install}'
    )


def links(text: str, old: Address, new: Address) -> str:
    """A text whose links to files at the old address, and to its repository, lead to the new one."""
    text = text.replace(f"github.com/{old.repository}/blob/{old.ref}/", f"github.com/{new.repository}/blob/{new.ref}/")
    return re.sub(rf"github\.com/{re.escape(old.repository)}(?![\w.-])", f"github.com/{new.repository}", text)


def publish(root: Path, address: Address) -> None:
    """Write an address into pyproject.toml below `root` and into all that follows from it.

    Raises ValueError for an address that GitHub or git would not accept and for a notebook without one of the two
    cells; nothing is written then.
    """
    check(address)
    written = {path: _with_address(path, address) for path in sorted((root / "notebooks").glob("*.ipynb"))}
    texts = {root / name: (root / name).read_text(encoding="utf-8") for name in WITH_LINKS}
    old = address_in(texts[root / "pyproject.toml"])
    written |= {path: links(text, old, address) for path, text in texts.items()}
    for name, value in address._asdict().items():
        lines = written[root / "pyproject.toml"]
        written[root / "pyproject.toml"] = re.sub(rf'(?m)^{name} = ".*"', f'{name} = "{value}"', lines)
    for path, content in written.items():
        path.write_text(content, encoding="utf-8", newline="\n")


def _with_address(path: Path, address: Address) -> str:
    notebook = json.loads(path.read_text(encoding="utf-8"))
    cells = {cell["id"]: cell for cell in notebook["cells"]}
    for name, source in ((BADGES, badges(address, path.name)), (SET_UP, set_up(address, path.name))):
        if name not in cells:
            raise ValueError(f"{path.name} has no cell with the id {name!r}: give it one")
        cells[name]["source"] = source.splitlines(keepends=True)
    return json.dumps(notebook, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def main(arguments: Sequence[str], root: Path = ROOT) -> int:
    """Publish at "owner/name" and a ref; 2 and one line on stderr for bad input."""
    try:
        if len(arguments) != len(Address._fields):
            raise ValueError("expected owner/name and a branch or a tag, and nothing else")
        publish(root, Address(*arguments))
    except (ValueError, OSError) as error:
        print(f"publish: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
