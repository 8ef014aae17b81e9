"""Where a study's processes run: every call is made, here or on a cluster, and what cannot work is said at once."""

import os
import re
import socket
import sys
from functools import partial
from pathlib import Path

import distributed
import pytest
from small import SMALL

from ntm_lib.study import engines

RUNS = [(SMALL, seed) for seed in range(5)]


def write(recipe, seeds, place):
    for seed in seeds:
        (Path(place) / str(seed)).write_text(f"{recipe.name} {os.getpid()}")


def fail(recipe, seeds):
    raise ValueError(f"{seeds[0]} is odd")


@pytest.fixture(scope="module", autouse=True)
def found_by_workers():
    """A dask worker, which is a process of its own, finds the functions of this file."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", os.pathsep.join([str(Path(__file__).parent), str(Path(__file__).parents[1])]))
        yield


@pytest.fixture
def hurried(monkeypatch):
    monkeypatch.setattr(engines, "PATIENCE", 0.3)


@pytest.fixture
def cluster():
    """A dask cluster with as many workers and threads as asked for, in this process or in others."""
    clusters = []

    def start(workers, threads=1, processes=False):
        options = {"n_workers": workers, "threads_per_worker": threads, "dashboard_address": None, "host": "127.0.0.1"}
        clusters.append(distributed.LocalCluster(processes=processes, protocol="tcp", silence_logs=50, **options))
        return clusters[0]

    yield start
    for each in clusters:
        each.close()


def run(address, shared=Path(__file__).parent):
    engines.run_all(fail, RUNS, engines.Workers(address=address), shared)


@pytest.mark.parametrize("place", ["alone", "two", "cluster"])
def test_every_run_is_done_and_what_one_raises_is_raised(tmp_path, place, cluster):
    options = {"alone": {"jobs": 1}, "two": {"jobs": 2}}
    choice = options[place] if place in options else {"address": cluster(2, processes=True).scheduler_address}
    workers = engines.Workers(**choice)
    engines.run_all(partial(write, place=tmp_path), RUNS, workers, tmp_path)
    written = {path.name: path.read_text().split() for path in tmp_path.iterdir()}
    assert written.keys() == set("01234") and {name for name, _ in written.values()} == {"small"}
    assert {pid == str(os.getpid()) for _, pid in written.values()} == {place == "alone"}
    with pytest.raises(ValueError, match=r"^3 is odd$"):
        engines.run_all(fail, RUNS[3:4], workers, tmp_path)


@pytest.mark.parametrize(
    ("choice", "complaint"),
    [
        ({"jobs": 0}, "jobs is 0: expected at least 1"),
        ({"jobs": 2, "address": "tcp://a:1"}, "jobs is 2: the cluster at tcp://a:1 has workers of its own; leave it"),
    ],
)
def test_a_choice_that_does_not_fit_together_is_named(choice, complaint):
    with pytest.raises(ValueError) as error:
        engines.Workers(**choice)
    assert str(error.value).startswith(complaint)


def test_a_cluster_without_dask_installed_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(ValueError, match=r"^an address needs dask, which is not installed: pip install .*\[cluster\]"):
        run("tcp://a:1")


def test_an_address_that_is_not_one_or_where_nothing_answers_is_named(hurried):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        for address in ["", "nonsense", "a:b", f"127.0.0.1:{silent.getsockname()[1]}", "127.0.0.1:1"]:
            with pytest.raises(ValueError, match=r"^address is '.*' \(.+\): expected that of a ") as error:
                run(address)
            assert f"{address!r} (" in str(error.value)


def test_a_cluster_without_workers_is_named(hurried, cluster):
    with pytest.raises(ValueError, match=r"^the dask cluster has no worker: start some"):
        run(cluster(0).scheduler_address)


def test_a_worker_is_not_a_scheduler(cluster):
    (worker,) = cluster(1).workers.values()
    with pytest.raises(ValueError, match=r"^address is 'tcp://.*: expected that of a dask scheduler"):
        run(worker.address)


def test_workers_with_threads_that_would_share_randomness_are_named(cluster):
    with pytest.raises(
        ValueError, match=r"^a worker of the cluster has several threads: start workers with --nthreads"
    ):
        run(cluster(1, threads=2).scheduler_address)


def test_a_cluster_without_this_library_or_without_the_directory_is_named(cluster, monkeypatch, tmp_path):
    address = cluster(1).scheduler_address
    with pytest.raises(ValueError, match=r"^not every worker sees .*elsewhere: choose a directory"):
        run(address, shared=tmp_path / "elsewhere")
    monkeypatch.setattr(engines, "PACKAGE", "ntm-lib-of-old")
    with pytest.raises(ValueError, match=r"^ntm-lib-of-old is missing on the cluster: install it"):
        run(address)


def test_no_test_is_left_out():
    leaving_out = re.compile(r"\b(skip|skipif|importorskip|xfail)\(")
    texts = {path: path.read_text("utf-8") for path in Path(__file__).parents[1].rglob("*.py")}
    assert [path for path, text in texts.items() if leaving_out.search(text) and path.parent.name != "browser"] == []
