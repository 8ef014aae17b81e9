"""Where the repository lives, and what notebooks say of it: their badges and their first cell.

The address stands in pyproject.toml, under [tool.ntm-lib], and nowhere else; `make publish` changes it there and
writes everything that follows from it.
"""

import json
import re
import sys
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

BADGES, SET_UP = "badges", "set-up"
"""Ids of the two cells of a notebook that follow from the address."""


class Address(NamedTuple):
    """A repository on GitHub and the branch or tag that notebooks are opened at."""

    repository: str
    ref: str


def address_in(pyproject: str) -> Address:
    """The address that the text of pyproject.toml holds."""
    return Address(**tomllib.loads(pyproject)["tool"]["ntm-lib"])


def badges(address: Address, notebook: str) -> str:
    """Markdown that opens a notebook, such as "01_find_a_slot.ipynb", on Colab and on Binder."""
    repository, ref = address
    colab = f"https://colab.research.google.com/github/{repository}/blob/{ref}/notebooks/{notebook}"
    binder = f"https://mybinder.org/v2/gh/{repository}/{quote(ref, safe='')}?labpath=notebooks%2F{notebook}"
    return (
        f"[![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)]({colab})\n"
        f"[![Open in Binder](https://mybinder.org/badge_logo.svg)]({binder})"
    )


def set_up(address: Address) -> str:
    """The first code cell: on Colab it fetches the library and installs nothing, elsewhere it does nothing."""
    return (
        "import sys\n"
        "from importlib.util import find_spec\n"
        "\n"
        'if "google.colab" in sys.modules and find_spec("ntm_lib") is None:  # beside the PyTorch that Colab has\n'
        f"    ![ -d ntm ] || git clone --quiet --depth 1 --branch {address.ref} \\\n"
        f"        https://github.com/{address.repository} ntm\n"
        "    %cd -q ntm/notebooks\n"
        '    sys.path.append("..")'
    )


def publish(root: Path, address: Address) -> None:
    """Write an address into pyproject.toml and all that follows from it into every notebook below `root`.

    Raises ValueError for a repository that is not "owner/name" or a ref with other characters than git allows in one,
    and for a notebook without the two cells.
    """
    for name, value, pattern in (
        ("REPO", address.repository, r"[\w.-]+/[\w.-]+"),
        ("REF", address.ref, r"[\w.-]+(/[\w.-]+)*"),
    ):
        if not re.fullmatch(pattern, value, re.ASCII):
            raise ValueError(f"{name} is {value!r}: expected {'owner/name' if name == 'REPO' else 'a branch or a tag'}")
    written = {path: _with_address(path, address) for path in sorted((root / "notebooks").glob("*.ipynb"))}
    pyproject = root / "pyproject.toml"
    text = pyproject.read_text(encoding="utf-8")
    for name, value in address._asdict().items():
        text = re.sub(rf'(?m)^{name} = ".*"', f'{name} = "{value}"', text)
    for path, content in {**written, pyproject: text}.items():
        path.write_text(content, encoding="utf-8")


def _with_address(path: Path, address: Address) -> str:
    notebook = json.loads(path.read_text(encoding="utf-8"))
    cells = {cell["id"]: cell for cell in notebook["cells"]}
    for name, source in ((BADGES, badges(address, path.name)), (SET_UP, set_up(address))):
        if name not in cells:
            raise ValueError(f"{path.name} has no cell with the id {name!r}: give it one")
        cells[name]["source"] = source.splitlines(keepends=True)
    return json.dumps(notebook, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def main(arguments: Sequence[str]) -> int:
    """Publish at "owner/name" and a ref; 2 and one line on stderr for bad input."""
    try:
        if len(arguments) != 2:
            raise ValueError("expected REPO=owner/name and REF=a branch or a tag")
        publish(Path.cwd(), Address(*arguments))
    except ValueError as error:
        print(f"publish: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
