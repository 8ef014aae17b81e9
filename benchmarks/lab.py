"""A JupyterLab on this machine alone, and a page in a Chromium: where widgets are tried and timed."""

import json
import os
import re
import secrets
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple
from urllib.error import URLError

ROOT = Path(__file__).parent.parent
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
SECONDS = 240
"""To wait for anything, at most; milliseconds for playwright."""

SETTINGS = {
    "@jupyterlab/apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
    "@jupyterlab/notebook-extension/tracker": {"windowingMode": "none"},
}
"""No questions in front of the page, and every cell in it, also those out of sight."""

IDLE = "() => window.jupyterapp.shell.currentWidget?.sessionContext?.session?.kernel?.status === 'idle'"
"""Whether the kernel of the notebook in front is there, and has nothing to do."""


class Lab(NamedTuple):
    """A running JupyterLab: its process and where it answers."""

    server: subprocess.Popen
    port: int
    token: str

    def address(self, notebook: str) -> str:
        """Address of a notebook on a page that has nothing else open."""
        return f"http://127.0.0.1:{self.port}/lab/tree/notebooks/{notebook}?token={self.token}&reset"


def lessons_with(widget: str) -> list[str]:
    """Names of the lessons that show a widget whose printed form begins so."""
    lessons = sorted((ROOT / "notebooks").glob("*.ipynb"))
    shows = re.compile(rf'"text/plain": \[\s*"{widget}')
    return [path.name for path in lessons if shows.search(path.read_text(encoding="utf-8"))]


@contextmanager
def serving(folder: Path) -> Iterator[Lab]:
    """Run a JupyterLab over copies of the notebooks in a folder, until the block ends; RuntimeError if it fails."""
    for part in ("notebooks", "data"):
        shutil.copytree(ROOT / part, folder / "root" / part)
    for name, values in SETTINGS.items():
        file = folder / "settings" / f"{name}.jupyterlab-settings"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(values), encoding="utf-8")
    places = {"JUPYTER_CONFIG_DIR": "config", "JUPYTER_RUNTIME_DIR": "runtime", "IPYTHONDIR": "ipython"}
    places |= {"JUPYTERLAB_SETTINGS_DIR": "settings", "JUPYTERLAB_WORKSPACES_DIR": "workspaces"}
    environment = os.environ | {name: str(folder / place) for name, place in places.items()}
    port, token = _free_port(), secrets.token_hex(16)
    options = [f"--port={port}", f"--IdentityProvider.token={token}", f"--ServerApp.root_dir={folder / 'root'}"]
    options += ["--ip=127.0.0.1", "--no-browser", "--allow-root", "--expose-app-in-browser"]
    with (folder / "log").open("w") as log:
        server = subprocess.Popen([sys.executable, "-m", "jupyter", "lab", *options], env=environment, stderr=log)
        try:
            _wait_for(f"http://127.0.0.1:{port}/api/status?token={token}", folder / "log")
            yield Lab(server, port, token)
        finally:
            server.terminate()
            server.wait()


def run_all(page: Any, lab: Lab, notebook: str) -> None:
    """Open a notebook in a page of playwright's and begin to run all of its cells."""
    page.goto(lab.address(notebook))
    page.wait_for_selector(".jp-Notebook .jp-CodeCell")
    page.wait_for_function(IDLE)
    page.evaluate("() => window.jupyterapp.commands.execute('notebook:run-all-cells')")


def explorers(page: Any) -> Any:
    """The sliders and choices over a picture on a page, without a live training: a locator of playwright's."""
    controls = page.locator(".widget-slider, .widget-dropdown")
    return page.locator(".widget-vbox", has=controls, has_not=page.get_by_role("status"))


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _wait_for(address: str, log: Path) -> None:
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        try:
            return urllib.request.urlopen(address, timeout=5).close()
        except URLError:
            time.sleep(0.2)
    raise RuntimeError(f"JupyterLab did not start: {log.read_text()}")
