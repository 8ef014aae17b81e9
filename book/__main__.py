"""Build the site: `python -m book`, which writes site/ and then follows every link in it.

The live machine is `page/`, built by npm into page/dist/; without it the site has no machine, and a line says so.
"""

import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from book import links, mending, staging

MACHINE = Path("page", "dist")
BUILD = ("--builder", "html", "--fail-on-warning", "--keep-going", "--quiet", "--jobs", "auto", "--fresh-env")


def build(root: Path, site: Path) -> int:
    """Lay out a repository's pages, have Sphinx write the site, put the machine into it; Sphinx's exit code.

    A site that stood there before stays where Sphinx fails.
    """
    machine = root / MACHINE
    with_machine = (machine / "index.html").exists()
    if not with_machine:
        print(
            f"book: no {MACHINE.as_posix()}/index.html, so the first page has no live machine: build it with"
            " `make page`, which needs Node 20.19 or newer, and then the site again"
        )
    with TemporaryDirectory() as temporary:
        source, built, doctrees = (Path(temporary, name) for name in ("source", "built", "doctrees"))
        staging.lay_out(root, source, with_machine)
        where = ("--conf-dir", str(root / "book"), "--doctree-dir", str(doctrees), str(source), str(built))
        code = subprocess.run([sys.executable, "-m", "sphinx", *BUILD, *where], check=False).returncode
        if code:
            return code
        shutil.rmtree(site, ignore_errors=True)
        shutil.copytree(built, site)
    mending.mend(site)
    if with_machine:
        shutil.copytree(machine, site / "machine")
    return 0


def main(arguments: Sequence[str], root: Path = staging.ROOT) -> int:
    """Build site/ and check it; 1 where Sphinx warns or a link leads nowhere, 2 for arguments."""
    if arguments:
        print("book: expected no arguments: pages go to site/", file=sys.stderr)
        return 2
    site = root / "site"
    if build(root, site):
        return 1
    pages, complaints = links.followed(site)
    for complaint in complaints:
        print(f"book: {complaint}", file=sys.stderr)
    if not complaints:
        print(f"book: {pages} pages in site/, every link and picture is there, and nothing is fetched from elsewhere")
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
