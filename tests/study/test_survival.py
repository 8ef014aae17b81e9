"""Whatever happens to a study, the same command finishes it, and its table is that of an undisturbed one."""

import csv
import errno
import json
import os
from dataclasses import replace

import psutil
import pytest
from processes import end, one_line, start, start_python, wait_until
from small import SMALL, judge_quickly

from ntm_lib import cli
from ntm_lib.runs import checkpoints
from ntm_lib.study import rows, study
from ntm_lib.study.engines import Workers

OPTIONS = "--machine.word_size 5 --machine.controller_size 7 --batch_size 2 --max_length 2 --settle_updates 0"
STUDY = ["study", "reliable", "--seeds", "0-1", *OPTIONS.split(), "--updates", 200, "--validate_every", 25]


def words(out, *more):
    return [str(word) for word in (*STUDY, "--out", out, *more)]


def outcome(out):
    """All that a study found, except how long it took and which versions were at work."""
    with (out / "runs.csv").open(newline="") as file:
        lines = [{name: value for name, value in line.items() if name != "seconds"} for line in csv.DictReader(file)]
    found = [{name: value for name, value in row.items() if name != "seconds"} for row in rows.read_rows(out)]
    assert {path.name for path in out.rglob(".*")} == {".lock"}, "something is half-written"
    return lines, found, sorted(path.name for path in (out / "runs").iterdir())


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    out = tmp_path_factory.mktemp("undisturbed")
    assert cli.main(words(out, "--jobs", 1)) == 0
    return outcome(out)


def under_way(out):
    """Both runs have come past a validation."""
    return all(checkpoints.updates_done(out / "machines" / "reliable" / seed) for seed in "01")


def loky_workers(process):
    children = psutil.Process(process.pid).children(recursive=True)
    return [child for child in children if "LokyProcess" in " ".join(child.cmdline())]


@pytest.mark.slow
def test_a_worker_is_killed(tmp_path, undisturbed):
    process = start(*words(tmp_path, "--jobs", 2))
    wait_until(lambda: under_way(tmp_path), process)
    loky_workers(process)[0].kill()
    out, err = process.communicate()
    assert (process.returncode, out) == (1, b"") and one_line(err.decode())
    assert b"a worker process was killed" in err and b"the same command goes on" in err
    assert cli.main(words(tmp_path, "--jobs", 1)) == 0
    assert outcome(tmp_path) == undisturbed


@pytest.mark.slow
def test_the_head_is_killed_and_its_workers_do_not_outlive_it(tmp_path, undisturbed):
    process = start(*words(tmp_path, "--jobs", 2))
    wait_until(lambda: under_way(tmp_path), process)
    workers = loky_workers(process)
    process.kill()
    process.communicate()  # returns when no worker holds the pipes any more
    psutil.wait_procs(workers, timeout=30)
    assert not any(worker.is_running() for worker in workers) and not (tmp_path / "runs").exists()
    assert cli.main(words(tmp_path, "--jobs", 1)) == 0
    assert outcome(tmp_path) == undisturbed


@pytest.mark.slow
def test_a_worker_without_work_does_not_outlive_a_killed_head_either(tmp_path):
    """One seed is trained, so the second of two workers waits as soon as the other recipe's single update is done."""
    (tmp_path / "pair").mkdir()
    text = 'question = "Which?"\n[arms.long]\nupdates = 100_000\n[arms.short]\nupdates = 1\n'
    (tmp_path / "pair" / "arms.toml").write_text(text)
    command = ["study", tmp_path / "pair", "--seeds", 0, *OPTIONS.split(), "--out", tmp_path / "out", "--jobs", 2]
    process = start(*command)
    wait_until((tmp_path / "out" / "runs" / "pair-short-0.json").exists, process)
    workers = loky_workers(process)
    process.kill()
    process.communicate()
    assert len(workers) == 2
    gone, left = psutil.wait_procs(workers, timeout=10)
    assert len(gone) == 2 and not left


@pytest.mark.slow
def test_the_same_command_is_given_twice_at_once(tmp_path, undisturbed):
    twins = [start(*words(tmp_path, "--jobs", 1)) for _ in range(2)]
    texts = [twin.communicate() for twin in twins]
    assert sorted(twin.returncode for twin in twins) == [0, 2]
    ((_, complaint),) = [text for twin, text in zip(twins, texts, strict=True) if twin.returncode == 2]
    assert one_line(complaint.decode()) and b"another training is at work in" in complaint
    assert outcome(tmp_path) == undisturbed


@pytest.fixture
def cluster(tmp_path_factory):
    """A dask scheduler and two workers, each a process of its own: its address and the workers."""
    place = tmp_path_factory.mktemp("cluster")
    options = ("--host", "127.0.0.1", "--no-dashboard")
    with (place / "log").open("wb") as log:

        def launch(kind, *more):
            command = ("-m", f"distributed.cli.dask_{kind}", *options, *more)
            return start_python(*command, stdout=log, stderr=log, cwd=place)

        file = place / "scheduler.json"
        processes = [launch("scheduler", "--port", 0, "--scheduler-file", file)]
        wait_until(lambda: file.exists() and file.read_text().endswith("}"), processes[0])
        address = json.loads(file.read_text())["address"]
        processes += [launch("worker", address, "--nthreads", 1, "--no-nanny") for _ in range(2)]
        yield address, processes[1:]
        for process in processes:
            end(process)


@pytest.mark.slow
def test_a_worker_of_a_cluster_is_killed_and_the_study_finishes_without_it(tmp_path, cluster, undisturbed):
    address, workers = cluster
    process = start(*words(tmp_path, "--address", address))
    wait_until(lambda: under_way(tmp_path), process)
    workers[0].kill()
    _, err = process.communicate()
    assert process.returncode == 0, err.decode()
    assert outcome(tmp_path) == undisturbed


TINY = replace(SMALL, name="tiny", updates=4, validate_every=2)


def full_disk_after(monkeypatch, writes):
    """From the write of that number on, there is no space left."""
    done = []

    def fsync(file):
        done.append(file)
        if len(done) > writes:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", fsync)


def test_the_disk_is_full_at_any_write(tmp_path, monkeypatch):
    judge_quickly(monkeypatch)
    study.study([TINY], [3, 8], tmp_path / "undisturbed", workers=Workers(jobs=1))
    expected, writes, finished = outcome(tmp_path / "undisturbed"), 0, False
    while not finished:
        out = tmp_path / str(writes)
        with monkeypatch.context() as patch:
            full_disk_after(patch, writes)
            try:
                study.study([TINY], [3, 8], out, workers=Workers(jobs=1))
                finished = True
            except ValueError as error:
                assert str(error).startswith(f"cannot write {out}") and "No space left on device" in str(error)
        study.study([TINY], [3, 8], out, workers=Workers(jobs=1))
        assert outcome(out) == expected
        writes += 1
    assert writes == 1 + 1 + 2 * (1 + 1 + 1 + 1) + 1  # none; manifest; start, validation, verdict, row of each; table
