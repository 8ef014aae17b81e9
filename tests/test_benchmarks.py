"""What the benchmarks measure with: the textbook machine computes, the limit is counted by hand, sides take turns."""

import json
import math
import re
import statistics
import subprocess

import nbformat
import pytest
import torch
from small import SMALL

from benchmarks import earlier, limit, notebooks, report, scale, step, unchanged
from benchmarks.textbook import Head, TextbookNTM
from ntm_lib import train
from ntm_lib.analysis.copies import rows_needed
from ntm_lib.training.evaluation import evaluate


@pytest.mark.parametrize("lstm", [False, True])
def test_the_textbook_machine_answers_and_learns(lstm):
    torch.manual_seed(0)
    model = TextbookNTM(input_size=5, output_size=3, rows=13, width=7, hidden=11, lstm=lstm)
    inputs = torch.randn(2, 4, 5)
    logits = model(inputs)
    assert logits.shape == (2, 4, 3)
    torch.testing.assert_close(model(inputs[1:]), logits[1:])  # sequences do not meet
    logits.square().sum().backward()
    assert all(parameter.grad.isfinite().all() and parameter.grad.any() for parameter in model.parameters())


def test_the_textbook_shift_goes_forward_and_round_the_end_of_the_tape():
    head = Head(hidden=2, width=3, writes=False)
    weights = torch.tensor([0.1, 0.2, 0.3, 0.4])
    torch.testing.assert_close(head.shift(weights, torch.tensor([0.0, 0.0, 1.0])), torch.tensor([0.4, 0.1, 0.2, 0.3]))
    blend = head.shift(weights, torch.tensor([0.5, 0.25, 0.25]))
    expected = [0.5 * w[1] + 0.25 * w[0] + 0.25 * w[2] for w in ((0.1, 0.2, 0.4), (0.2, 0.3, 0.1), (0.3, 0.4, 0.2))]
    torch.testing.assert_close(blend[:3], torch.tensor(expected))


def test_the_operations_of_an_update_by_hand():
    """One step and sequence of a machine with 2 rows of 3 numbers, 5 units, 7 inputs and last reads, 1 output."""
    weights = 7 * 5 + 5 * (2 * (3 + 6) + 2 * 3) + (5 + 3) * 1
    assert limit.operations(1, 1, 2, 3, 5, 7, 1, lstm=False) == 3 * (2 * weights + 12 * 2 * 3)
    more = limit.operations(1, 1, 2, 3, 5, 7, 1, lstm=True) - limit.operations(1, 1, 2, 3, 5, 7, 1, lstm=False)
    assert more == 3 * 2 * (4 * (7 + 5) * 5 - 7 * 5)
    assert limit.operations(4, 11, 2, 3, 5, 7, 1, lstm=True) == 44 * limit.operations(1, 1, 2, 3, 5, 7, 1, lstm=True)
    assert limit.traffic(4, 11, 2, 3) == 5 * 4 * 44 * 6


def test_sides_take_turns():
    calls = []
    sides = {"a": lambda: calls.append("a"), "b": lambda: calls.append("b")}
    times = report.in_turn(sides, rounds=3, seconds=0)
    assert "".join(calls[-6:]) == "ababab"
    assert {name: len(values) for name, values in times.items()} == {"a": 3, "b": 3}


def test_the_exponent_of_a_power_is_that_power():
    sizes = [1, 10, 70, 300]
    assert report.exponent(sizes, [5 * size**1.5 for size in sizes]) == pytest.approx(1.5)


def test_a_spread_and_what_is_kept(tmp_path, monkeypatch):
    assert report.spread([3.0, 1.0, 2.0, 9.0]) == {"median": 2.5, "fastest": 1.0, "slowest": 9.0}
    monkeypatch.setattr(report, "RESULTS", tmp_path / "results")
    report.keep("what", "the command", [1, 2])
    kept = json.loads((tmp_path / "results" / "what.json").read_text())
    assert (kept["command"], kept["results"]) == ("the command", [1, 2])
    assert kept["machine"]["versions"]["torch"] == torch.__version__


def test_the_peak_of_a_notebook_is_what_its_kernel_held_and_gave_back(tmp_path):
    peaks = {}
    for megabytes in (0, 97):
        source = f"held = bytes([7]) * {megabytes * 10**6}\ndel held"
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source)])
        nbformat.write(notebook, tmp_path / "one_cell.ipynb")
        peaks[megabytes] = notebooks.measure(tmp_path / "one_cell.ipynb")["bytes"]
    assert 90e6 < peaks[97] - peaks[0] < 110e6


def test_an_update_of_each_side_moves_its_weights(monkeypatch):
    """Small sizes; those of the group learn from batches of their own and each keeps its own weights."""
    for name, size in {"LENGTH": 2, "ROWS": 7, "WIDTH": 3, "HIDDEN": 5, "TOGETHER": {2: 3}}.items():
        monkeypatch.setattr(step, name, size)
    config = step.NTMConfig(step.INPUT, step.OUTPUT, step.ROWS, step.WIDTH, controller_size=step.HIDDEN)
    models = [step.NTM(config) for _ in range(step.TOGETHER[2])]
    before = [model.output.weight.clone() for model in models]
    batch = step.tasks.copy(2, step.LENGTH, step.OUTPUT)
    step.update_together(models, batch)()
    step.update_of(models[0], batch)()
    for model, weight in zip(models, before, strict=True):
        change = (model.output.weight - weight).abs().max().item()
        assert 0 < change < 1e-3 and math.isfinite(change)


def test_the_longest_copy_made_short(tmp_path, monkeypatch):
    """By a machine that has hardly learned: its wrong bits are those of the same sequence evaluated here."""
    monkeypatch.setattr(scale.recipes, "reliable", SMALL)
    monkeypatch.setattr(scale, "LONGEST", 13)
    monkeypatch.setattr(report, "RESULTS", tmp_path)
    scale.longest()
    (one,) = json.loads((tmp_path / "longest.json").read_text())["results"]["copy"]
    assert (one["length"], one["rows"]) == (13, rows_needed(13))
    assert one["wrong_bits"] == evaluate(train(SMALL, 0).model, [13], 1).wrong_bits > 0
    assert one["seconds"] > 0


def test_no_notebook_needs_more_memory_than_the_readme_says():
    text = (report.RESULTS.parent / "README.md").read_text(encoding="utf-8")
    most = float(re.search(r"No kernel has held more than (\d+) MB", text).group(1))
    kept = json.loads((report.RESULTS / "notebooks.json").read_text())["results"]
    assert [one["notebook"] for one in kept] == [path.stem for path in sorted(notebooks.LESSONS.glob("*.ipynb"))]
    assert 0.9 * most < max(one["bytes"] for one in kept) / 1e6 <= most < 1024
    assert max(kept, key=lambda one: one["seconds"])["notebook"] == "09_other_programs"


def test_the_tables_of_the_readme_are_the_results():
    text = (report.RESULTS.parent / "README.md").read_text(encoding="utf-8")
    kept = {name: json.loads((report.RESULTS / f"{name}.json").read_text())["results"] for name in ("step", "scale")}
    step_of = {(one["side"], one["batch"]): one for one in kept["step"] if one["threads"] == 1}
    for side in dict.fromkeys(side for side, _ in step_of):
        cells = []
        for batch in (1, 16, 32):
            one = step_of[side, batch]
            cell = f"{one['median']:.1f}"
            if side.startswith("ours"):
                rivals = (f"textbook, {side.split(', ')[1]}", "dnc, lstm")
                faster = [f"{step_of[rival, batch]['median'] / one['median']:.1f}" for rival in rivals]
                cell += f" ({', '.join(faster)}; {one['median'] / one['limit']:.1f})"
            cells.append(cell)
        assert f"| {side} | {' | '.join(cells)} |" in text
    for one in kept["scale"]["copy"]:
        seconds = f"{one['seconds']:.2f}" if one["seconds"] < 1 else f"{one['seconds']:.1f}"
        assert f"| {one['length']:,} | {one['rows']:,} | {seconds} | {one['bytes'] / 1e6:.1f} |" in text
        assert one["wrong_bits"] == 0
    (longest,) = json.loads((report.RESULTS / "longest.json").read_text())["results"]["copy"]
    assert (longest["length"], longest["wrong_bits"]) == (100_000, 0)
    text = " ".join(text.split())
    assert f"one sequence of 100,000 vectors in {longest['rows']:,} rows" in text
    assert f"took {longest['seconds'] / 60:.0f} minutes and {longest['bytes'] / 1e6:.0f} MB" in text


def test_the_learning_of_the_readme_is_the_results():
    text = " ".join((report.RESULTS.parent / "README.md").read_text(encoding="utf-8").split())
    kept = json.loads((report.RESULTS / "learn.json").read_text())["results"]
    seconds = [one["seconds"] for one in kept["alone"]["runs"]]
    assert f"{statistics.median(seconds):.1f} s from start to verdict (median; worst {max(seconds):.1f} s)" in text
    hourly = json.loads((report.RESULTS / "hourly.json").read_text())["results"]
    one_by_one, grouped = (
        3600 * hourly["seeds"] / statistics.median(hourly["seconds"][name]) for name in ("one by one", "in groups")
    )
    assert f"{one_by_one:,.0f} seeds an hour with one seed a pass, {grouped:,.0f} in groups" in text
    assert f"groups are {grouped / one_by_one:.1f} times as fast" in text


def test_the_list_of_unchanged_weights_has_a_hash_for_every_run():
    kept = json.loads(unchanged.LIST.read_text(encoding="utf-8"))
    assert list(kept["weights"]) == [unchanged.name_of(*run) for run in unchanged.RUNS]
    assert len(set(kept["weights"].values())) == len(unchanged.RUNS)


def test_a_weight_that_differs_by_one_bit_is_another_hash(monkeypatch, capsys, tmp_path):
    monkeypatch.setattr(unchanged, "RUNS", [("reliable", 3, 1)])
    monkeypatch.setattr(unchanged, "LIST", tmp_path / "list.json")
    assert unchanged.main(["--write"]) == 0 and unchanged.main([]) == 0
    monkeypatch.setattr(unchanged, "RUNS", [("reliable", 4, 1)])
    kept = json.loads((tmp_path / "list.json").read_text().replace("reliable 3", "reliable 4"))
    (tmp_path / "list.json").write_text(json.dumps(kept))
    assert unchanged.main([]) == 1 and "CHANGED" in capsys.readouterr().out


def test_the_earlier_side_runs_the_files_of_its_commit(tmp_path):
    directory = earlier.checked_out("HEAD", tmp_path)
    assert (directory / "ntm_lib" / "machine" / "ntm.py").is_file() and not (directory / ".git").exists()
    found = earlier.run(directory, "-c", "import ntm_lib; print(ntm_lib.__file__)")
    assert found.strip() == str(directory / "ntm_lib" / "__init__.py")


def test_a_study_of_either_side_runs_to_its_end(monkeypatch):
    """Both versions are called as a library: the command of an earlier one may need packages that are gone."""
    monkeypatch.setattr(earlier, "STUDIED", range(1))
    assert earlier.study_seconds(earlier.ROOT) > 0
    monkeypatch.setattr(earlier, "STUDY", earlier.STUDY.replace("recipes.reliable", "recipes.none"))
    with pytest.raises(subprocess.CalledProcessError):
        earlier.study_seconds(earlier.ROOT)
