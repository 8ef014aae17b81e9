"""Where a study's processes run: every call is made, here or on a cluster, and what cannot work is said at once."""

import os
import re
import socket
import sys
from importlib.util import find_spec
from pathlib import Path

import distributed
import pytest

from ntm_lib.study import clusters, engines

NOT_INSTALLED = {"ray": "242 MB, which `make test` does without; `make .venv/study` brings it"}
"""The only reasons for which a test is left out."""
needs_ray = pytest.mark.skipif(find_spec("ray") is None, reason=NOT_INSTALLED["ray"])
TWICE = [("loky", 2), ("loky", 1), ("dask", 2), pytest.param("ray", 2, marks=needs_ray)]


def write(path, text):
    Path(path).write_text(text + str(os.getpid()))


def fail(number):
    raise ValueError(f"{number} is odd")


@pytest.fixture(scope="module", autouse=True)
def found_by_workers():
    """A dask worker, which is a process of its own, finds the functions of this file."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(Path(__file__).parent))
        yield


@pytest.fixture
def hurried(monkeypatch):
    monkeypatch.setattr(clusters, "PATIENCE", 0.3)


def opened(backend, address=None, jobs=None, shared=Path(__file__).parent):
    return engines.opened(engines.Workers(jobs, backend, address), shared)


@pytest.mark.parametrize(("backend", "jobs"), TWICE)
def test_every_call_is_made_and_what_one_raises_is_raised(tmp_path, backend, jobs):
    with opened(backend, jobs=jobs) as engine:
        assert engine.at_once == jobs
        ends = list(engine.each(write, [(str(tmp_path / name), name) for name in "abcde"]))
        assert len(ends) == 5 and list(engine.each(write, [])) == []
        with pytest.raises(ValueError, match=r"^3 is odd$"):
            list(engine.each(fail, [(3,)]))
    written = {path.name: path.read_text() for path in tmp_path.iterdir()}
    assert {text[0] for text in written.values()} == set(written) == set("abcde")
    elsewhere = {text[1:] != str(os.getpid()) for text in written.values()}
    assert elsewhere == {(backend, jobs) != ("loky", 1)}


@pytest.mark.parametrize(
    ("choice", "complaint"),
    [
        ((None, "slurm"), "backend is 'slurm': expected one of loky, dask, ray"),
        ((0,), "jobs is 0: expected at least 1, or none for one a core"),
        ((None, "loky", "tcp://a:1"), "address is 'tcp://a:1': loky knows this machine alone; choose the backend dask"),
        ((2, "dask", "tcp://a:1"), "jobs is 2: the cluster at tcp://a:1 has workers of its own; leave jobs or address"),
    ],
)
def test_a_choice_that_does_not_fit_together_is_named(choice, complaint):
    with pytest.raises(ValueError) as error:
        engines.Workers(*choice)
    assert str(error.value).startswith(complaint)
    for backend in engines.BACKENDS:
        assert engines.Workers(3, backend).processes == 3


@pytest.mark.parametrize(("backend", "package"), [("dask", "distributed"), ("ray", "ray")])
def test_an_engine_that_is_not_installed_is_named(monkeypatch, backend, package):
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(ValueError, match=rf"^backend is '{backend}', which is not installed: pip install") as error:
        with opened(backend):
            pass
    assert "[cluster]" in str(error.value)


@pytest.mark.parametrize("backend", ["dask", pytest.param("ray", marks=needs_ray)])
def test_an_address_that_is_not_one_or_where_nothing_answers_is_named(hurried, backend):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        addresses = ["", "nonsense", "a:b", f"127.0.0.1:{silent.getsockname()[1]}", "127.0.0.1:1"]
        for address in addresses:
            with pytest.raises(ValueError, match=r"^address is '.*' \(.+\): expected that of a ") as error:
                with opened(backend, address):
                    pass
            assert f"{address!r} (" in str(error.value)


@pytest.fixture
def threads():
    """A dask cluster in this process, with as many workers and threads as asked for."""
    clusters = []

    def start(workers, threads):
        options = {"n_workers": workers, "threads_per_worker": threads, "dashboard_address": None, "host": "127.0.0.1"}
        clusters.append(distributed.LocalCluster(processes=False, protocol="tcp", **options))
        return clusters[0]

    yield start
    for cluster in clusters:
        cluster.close()


def test_a_cluster_without_workers_is_named(hurried, threads):
    with pytest.raises(ValueError, match=r"^the dask scheduler at tcp://.* has no worker: start some"):
        with opened("dask", threads(0, 1).scheduler_address):
            pass


def test_a_worker_is_not_a_scheduler(threads):
    (worker,) = threads(1, 1).workers.values()
    with pytest.raises(ValueError, match=r"^address is 'tcp://.*', a dask Worker: expected that of a dask scheduler"):
        with opened("dask", worker.address):
            pass


def test_workers_with_threads_that_would_share_randomness_are_named(threads):
    with pytest.raises(ValueError, match=r"^worker tcp://.* has 2 threads, .*: start workers with --nthreads 1"):
        with opened("dask", threads(1, 2).scheduler_address):
            pass


def test_a_cluster_without_this_library_or_without_the_directory_is_named(threads, monkeypatch, tmp_path):
    address = threads(1, 1).scheduler_address
    with pytest.raises(ValueError, match=r"^not every worker sees .*elsewhere: choose a directory"):
        with opened("dask", address, shared=tmp_path / "elsewhere"):
            pass
    monkeypatch.setattr(engines, "PACKAGE", "ntm-lib-of-old")
    with pytest.raises(ValueError, match=r"^ntm-lib-of-old is missing on the cluster: install it"):
        with opened("dask", address):
            pass


def test_no_other_test_is_left_out():
    """Skips stand in this file, each with a reason from the list above."""
    leaving_out = re.compile(r"\b(skip|skipif|importorskip|xfail)\(")
    texts = {path: path.read_text("utf-8") for path in Path(__file__).parents[1].rglob("*.py")}
    files = [path.name for path, text in texts.items() if leaving_out.search(text) and path.parent.name != "browser"]
    assert files == [Path(__file__).name]
    reasons = re.findall(r"skipif\(.*", Path(__file__).read_text("utf-8"))
    assert all("reason=NOT_INSTALLED[" in reason for reason in reasons)
