"""What the tests of the command share."""

import pytest
from small import judge_quickly
from trainings import TINY

from ntm_lib import cli


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    judge_quickly(monkeypatch)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A directory with a machine that has learned next to nothing."""
    out = tmp_path_factory.mktemp("trained") / "tiny"
    with pytest.MonkeyPatch.context() as patch:
        judge_quickly(patch)
        cli.main(["train", "--out", str(out), *TINY])
    return out


@pytest.fixture
def ntm(capsys):
    """Run a command here; returns its exit code, stdout and stderr."""

    def run(*words):
        capsys.readouterr()
        return cli.main([str(word) for word in words]), *capsys.readouterr()

    return run
