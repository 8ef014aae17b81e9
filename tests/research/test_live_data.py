"""Data of the live page: graphs compute what the library computes, and files hold what machines and studies hold."""

import csv
import json
from types import SimpleNamespace

import numpy as np
import onnxruntime
import pytest
import torch
from small import SMALL

from ntm_lib import NTM, NTMConfig, tasks
from ntm_lib.analysis.copies import rows_needed
from ntm_lib.analysis.trace import trace_copy
from ntm_lib.machine import addressing
from ntm_lib.runs.checkpoints import load
from ntm_lib.training.evaluation import SPARE_ROWS
from ntm_lib.training.run import Run
from research.live import __main__ as command
from research.live import failures, frames, graphs, machines, seeds, training

QUIET = pytest.mark.filterwarnings("ignore")  # of the exporter itself


def session(graph):
    return onnxruntime.InferenceSession(graph)


def close(found, expected):
    torch.testing.assert_close(torch.from_numpy(found), expected, rtol=1e-5, atol=1e-5)


@QUIET
@pytest.mark.slow
@pytest.mark.parametrize(
    "config",
    [
        NTMConfig(5, 3, 31, 7, controller_size=11, initial_weights="spaced"),
        NTMConfig(
            5,
            3,
            13,
            7,
            2,
            2,
            "lstm",
            11,
            weightings="single",
            initial_weights="learned",
            initial_memory="random",
            initial_value=0.1,
        ),
        NTMConfig(5, 3, 13, 7, 2, 3, "lstm", 11, initial_memory="learned", initial_value=0.3, initial_reads="learned"),
        NTMConfig(5, 3, 31, 7, 2, 3, "lstm", 11, initial_weights="spaced", initial_reads="learned"),
    ],
    ids=["any number of rows", "rows of its own", "a memory that is learned", "an LSTM with any number of rows"],
)
@torch.no_grad()
def test_graphs_of_a_machine_start_and_step_as_it_does(config):
    """Weights are inputs: those of another machine than the one that was traced."""
    traced, other = NTM(config), NTM(config)
    start, step = (session(make(traced)) for make in (graphs.start_graph, graphs.step_graph))
    weights = {name: part.numpy() for name, part in graphs.weights_of(other).items()}

    def given(graph, more):
        return {name: value for name, value in (weights | more).items() if name in names(graph)}

    for rows in (17, 31) if other.free_memory_size else (13,):
        state = other.initial_state(1, rows)
        found = start.run(None, given(start, {"tape": np.zeros(rows, np.float32)}))
        for part, expected in zip(found, state.tensors(), strict=True):
            close(part, expected)
        for x in torch.randn(4, 1, 5, generator=torch.Generator().manual_seed(1)).unbind():
            logits, state = other.step(x, state)
            kept = dict(zip(graphs.STATE, found, strict=False))
            y, *found, gates = step.run(None, given(step, {"x": x.numpy(), **kept}))
            close(y, logits)
            assert gates.shape == (1, config.addressing_heads)
            for part, expected in zip(found, state.tensors(), strict=True):
                close(part, expected)


def names(graph):
    return {one.name for one in graph.get_inputs()}


@QUIET
def test_the_graph_of_an_addressing_has_every_stage():
    drawn = torch.Generator().manual_seed(0)
    memory, was, key = (torch.rand(shape, generator=drawn) for shape in ((1, 7, 3), (1, 1, 7), (1, 1, 3)))
    beta, g, gamma, shares = (torch.tensor([one]) for one in ([3.0], [0.3], [2.0], [[1.0, 2.0, 5.0]]))
    given = {"memory": memory, "w_previous": was, "key": key, "beta": beta, "g": g, "shares": shares, "gamma": gamma}
    one = session(graphs.address_graph(7, 3))
    s = shares / 8
    stages = addressing.address(memory, was, key, beta, g, s, gamma)
    expected = [addressing.cosine_similarity(memory, key), *stages, s]
    found = one.run(None, {name: value.numpy() for name, value in given.items()})
    for part, stage in zip(found, expected, strict=True):
        close(part, stage)


def test_weights_stand_one_after_the_other(tmp_path):
    machine = NTM(SMALL.machine)
    shapes = machines.write_weights(machine, tmp_path / "weights" / "one.bin")
    numbers = np.fromfile(tmp_path / "weights" / "one.bin", "<f4")
    assert sum(np.prod(shape) for shape in shapes) == len(numbers)
    for (_, part), shape in zip(graphs.weights_of(machine).items(), shapes, strict=True):
        assert list(part.shape) == shape
        here, numbers = np.split(numbers, [part.numel()])
        assert np.array_equal(here, part.flatten().numpy())


def test_every_directory_of_machines_is_in_the_table():
    assert set(machines.table()) == {path.name for path in machines.MACHINES.iterdir() if path.is_dir()}
    assert machines.table()["backwards"] == ("none", "the vectors are stored from high rows to low ones")


def test_habits_tell_which_way_a_machine_stores_and_with_which_heads():
    there, back = (load(machines.MACHINES / name)[0] for name in ("two_weightings", "backwards"))
    assert machines.habits(there) == {"backwards": False, "reader": 0, "writer": 1}
    assert machines.habits(back) == {"backwards": True, "reader": 0, "writer": 1}


def test_machines_are_copiers_or_have_another_task():
    copiers, others = machines.copiers_and_others(machines.machines())
    assert next(iter(copiers)) == machines.FIRST
    assert list(others) == ["recall", "repeat_copy", "sort", "ngrams"]
    assert {*copiers, *others} | {"no_memory"} == set(machines.table())  # which has no heads to look at


@pytest.mark.parametrize(
    ("name", "heads", "sizes"),
    [
        ("recall", ["the read head", "the write head"], [5, 13]),
        ("repeat_copy", ["read head 0", "read head 1", "the write head"], [(3, 7), (11, 5)]),
        ("sort", ["head 0", "head 1"], [7, 23]),
        ("ngrams", ["the read head", "the write head"], []),
    ],
)
def test_a_program_has_its_heads_by_name_and_its_rows_by_size(name, heads, sizes, tmp_path, monkeypatch):
    monkeypatch.setattr(machines.Graphs, "of", lambda graphs, machine: {})
    machine, run = load(machines.MACHINES / name)
    entry = machines.program(name, machine, run, machines.Graphs(tmp_path))
    assert (entry["heads"], entry["task"], entry["shows"]) == (heads, run.recipe.task, machines.table()[name][1])
    assert (entry["rows"] is None) == bool(sizes)
    for size in sizes:
        least, *more = entry["rowsFor"]
        numbers = size if isinstance(size, tuple) else (size,)
        expected = run.task.rows_needed(size) + SPARE_ROWS
        assert least + sum(rows * number for rows, number in zip(more, numbers, strict=True)) == expected


def test_the_largest_size_of_a_training_is_that_of_its_recipe():
    for name, largest in {"recall": (6,), "repeat_copy": (10, 10), "sort": (20,), "ngrams": (200, 5)}.items():
        assert machines.largest_trained(load(machines.MACHINES / name)[1]) == largest


def test_frames_of_the_other_tasks_are_those_that_the_page_is_tested_with():
    assert json.loads(frames.OUT.read_text(encoding="utf-8")) == json.loads(json.dumps(frames.frames()))


def test_a_fault_has_its_step_its_row_and_its_cure():
    machine, run = load(machines.MACHINES / "missed_jump")
    case = failures.find_case(machine, run, "missed jump")
    bits = tasks.number_bits(torch.tensor(case["payload"])).unsqueeze(0)
    trace = trace_copy(machine, bits, case["rows"])
    assert case["wrong"] == trace.wrong.sum() > 0
    assert case["rows"] in (rows_needed(len(case["payload"])), failures.LONG_TAPE)
    end = len(case["payload"]) + 1
    assert case["step"] == end
    assert case["row"] == trace.w_read[0, end, 0].argmax()
    assert [row for _, row in case["right"]] == trace.w_write[0, 1:end, 0].argmax(-1).tolist()
    assert [step for step, _ in case["right"]] == list(range(end, 2 * end - 1))
    assert f"In step {end} the read head should jump" in case["sentence"]
    assert "key" in case["cure"]


def test_a_machine_without_a_fault_has_no_case_of_it():
    machine, run = load(machines.MACHINES / "two_weightings")
    bits = tasks.payload(1, 5, generator=torch.Generator().manual_seed(0))
    assert failures.case_of(machine, run, bits, 26, "blur") is None
    case = failures.case_of(
        machine, run, tasks.payload(1, 12, generator=torch.Generator().manual_seed(0)), 12, "wrap-around"
    )
    assert case["rows"] == 12


def test_moments_run_from_the_first_numbers_to_the_verdict(tmp_path):
    run = Run(SMALL, seed=0)
    first = {name: part.clone() for name, part in run.judged.state_dict().items()}
    seen = training.moments(run)
    assert [moment.update for moment in seen] == list(range(run.progress.update + 1))
    assert all(torch.equal(part, first[name]) for name, part in seen[0].machine.state_dict().items())
    last = run.judged.state_dict()
    assert all(torch.equal(part, last[name]) for name, part in seen[-1].machine.state_dict().items())
    recorded = training.training(machines.Graphs(tmp_path), SMALL)
    assert len(recorded["moments"]) == len(list(tmp_path.glob("weights/training-*.bin")))
    assert recorded["moments"][0][:2] == [0, 0]
    assert recorded["moments"][-1][0] == run.progress.update


def test_about_forty_moments_are_chosen_most_of_them_while_it_learns():
    seen = [SimpleNamespace(update=update) for update in range(226)]
    updates = [moment.update for moment in training.chosen(seen, 117)]
    assert len(updates) == training.LEARNING + training.SETTLING
    assert sorted(updates) == updates
    assert updates[0] == 0
    assert updates[-1] == 225
    assert sum(update < 117 for update in updates) == training.LEARNING


def test_seeds_are_those_of_the_tables():
    found = {study["name"]: study for study in seeds.seeds()}
    assert next(iter(found)) == "reliable"
    for name, study in found.items():
        with (seeds.STUDIES / name / "runs.csv").open(newline="", encoding="utf-8") as file:
            lines = list(csv.DictReader(file))
        assert sum(len(arm["seeds"]) for arm in study["arms"]) == len(lines)
        assert sum(arm["converged"].count("1") for arm in study["arms"]) == sum(
            line["converged"] == "True" for line in lines
        )
        ways = "".join(arm["stores"] for arm in study["arms"])
        assert ways.count("b") == sum(line.get("stores") == "backwards" for line in lines)
        assert len({len(column) for arm in study["arms"][:1] for column in list(arm.values())[1:-1]}) == 1


def test_the_longest_proof_of_a_seed_counts(tmp_path, monkeypatch):
    lines = [
        "seed,length,memory,arithmetic,proved",
        *("0,120,1024,exact,True", "0,1000,131072,exact,True", "0,1000,131072,float32,False"),
        *("1,1000,131072,exact,False", "1,120,1024,exact,True", "1,1000,131072,float32,False", "1,20,64,float32,True"),
    ]
    (tmp_path / "proofs.csv").write_text("\n".join(lines))
    monkeypatch.setattr(seeds, "OUT", tmp_path / "proofs.csv")
    assert seeds.proofs() == {(0, "exact"): 1000, (0, "float32"): 0, (1, "exact"): 120, (1, "float32"): 20}


def test_proofs_stand_beside_the_seeds_of_reliable_and_nowhere_else():
    with (machines.ROOT / "data" / "proofs" / "proofs.csv").open(newline="") as file:
        tried = list(csv.DictReader(file))
    arms = [(study["name"], arm["name"], arm) for study in seeds.seeds() for arm in study["arms"]]
    for study, name, arm in arms:
        for arithmetic, lengths in arm["proved"].items():
            lines = [line for line in tried if line["arithmetic"] == arithmetic]
            if (study, name) != ("reliable", "reliable"):
                lines = []
            proved = {int(line["seed"]) for line in lines if line["proved"] == "True"}
            assert {seed for seed, length in zip(arm["seeds"], lengths, strict=True) if length} == proved
            assert len(lengths) - lengths.count(None) == len({line["seed"] for line in lines})


def test_pictures_stand_where_they_are_taken_from():
    assert all((machines.ROOT / picture).is_file() for picture in command.PICTURES.values())
    page = (machines.ROOT / "page" / "index.html").read_text(encoding="utf-8")
    assert all(f"data/{name}{path[path.rindex('.') :]}" in page for name, path in command.PICTURES.items())


def test_the_lock_file_is_that_of_the_package():
    package, lock = (
        json.loads((machines.ROOT / "page" / name).read_text()) for name in ("package.json", "package-lock.json")
    )
    for kind in ("dependencies", "devDependencies"):
        assert package[kind] == lock["packages"][""][kind]
