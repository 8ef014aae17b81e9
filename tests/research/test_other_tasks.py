"""Baselines of the paper's other tasks: they see what the machines see, and their tables go on where they stopped."""

import csv
import json
import math
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import nn

from ntm_lib import tasks, train
from ntm_lib.tasks import task_for
from ntm_lib.tasks.sizes import size_text
from ntm_lib.training import recipes
from ntm_lib.training.run import Run, draw
from research import other_tasks
from research.comparison import asked
from research.other_tasks import ASKED, COLUMNS, MODELS, SEQUENCES, Asked, commands, drawn_as, main, plan_of, rows_of

STORED = Path(other_tasks.__file__).parents[1] / "data" / "studies" / "other_tasks"


def table(path):
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("name", ASKED)
def test_batches_have_the_sizes_that_the_recipe_draws(name):
    """Those of a machine's own training, but for the number of sequences."""
    recipe = recipes.by_name(name)
    run = Run(recipe, seed=0)
    plan = plan_of(name, "lstm")._replace(updates=recipe.updates, batch=7)
    drawing, generator = drawn_as(name, run.task, plan), torch.Generator().manual_seed(0)
    for update in (0, 1, 2, 3, 5, 997, 2003, 2999):
        run.progress.update = update
        batch = drawing(update, generator)
        machines = draw(run).batch
        assert batch.inputs.shape == (7, *machines.inputs.shape[1:])
        assert torch.equal(batch.mask[0], machines.mask[0])


@pytest.mark.parametrize("name", ASKED)
@pytest.mark.parametrize("model", MODELS[1:])
def test_a_model_has_the_widths_of_its_task(name, model):
    task = task_for(name, recipes.by_name(name).machine)
    batch = task.draw(3, ASKED[name].sizes[0], torch.Generator().manual_seed(0))
    assert plan_of(name, model).make()(batch.inputs)[0].shape == batch.targets.shape


class Sorter(nn.Module):
    """Answers priority sort by sorting: what comes first has the highest priority."""

    def forward(self, inputs):
        logits = inputs.new_full((*inputs.shape[:2], inputs.shape[2] - 3), -30.0)
        for sequence, one in enumerate(inputs):
            (end,) = one[:, -2].nonzero().flatten().tolist()
            shown = sorted(one[1:end].tolist(), key=lambda vector: -vector[-1])
            for step, vector in zip(range(end + 1, len(one)), shown, strict=False):
                logits[sequence, step] = 60 * torch.tensor(vector[:-3]) - 30
        return logits, None


class Estimator(nn.Module):
    """Answers N-grams with the best estimate there is: by counting, bit by bit."""

    def forward(self, inputs):
        logits = torch.zeros_like(inputs, dtype=torch.float64)
        for sequence, bits in enumerate(inputs.squeeze(-1).long().tolist()):
            seen = {}
            for step in range(4, len(bits)):
                context = tuple(bits[step - 4 : step + 1])
                zeros, ones = seen.setdefault(context, [0, 0])
                logits[sequence, step] = math.log((ones + 0.5) / (zeros + 0.5))
                if step + 1 < len(bits):
                    seen[context][bits[step + 1]] += 1
        return logits, None


def test_a_model_that_sorts_has_no_wrong_bit_and_no_cost(monkeypatch):
    monkeypatch.setattr(other_tasks, "trained", lambda *_: (Sorter(), 23, 1.25))
    rows = list(rows_of("sort", "lstm", 5, Path()))
    assert [row["size"] for row in rows] == [size_text(size) for size in ASKED["sort"].sizes]
    for row, size in zip(rows, ASKED["sort"].sizes, strict=True):
        assert (row["model"], row["seed"], row["weights"], row["shown"], row["seconds"]) == ("lstm", 5, 0, 23, 1.2)
        assert (row["sequences"], row["bits"]) == (SEQUENCES, SEQUENCES * 8 * (4 * size // 5))
        assert row["wrong_sequences"] == row["wrong_bits"] == row["cost_bits"] == 0
        assert "excess_bits" not in row


def test_the_best_estimate_is_no_bit_above_the_optimum():
    batch, logits = asked(Estimator(), tasks.ngram_prediction(), 53, 7, torch.Generator().manual_seed(3))
    torch.testing.assert_close(
        tasks.ngram_prediction().errors(logits, batch), torch.zeros(7).double(), atol=1e-4, rtol=0
    )


@pytest.fixture
def small(monkeypatch):
    """Trainings and sizes that take no time."""
    short = Asked(lstm=(2, 5, 1), decoder=(3, 7), sizes=(2, 3))
    monkeypatch.setattr(other_tasks, "ASKED", {"recall": short, "ngrams": short._replace(sizes=(11,))})
    monkeypatch.setattr(other_tasks, "SEQUENCES", 13)


def test_a_table_goes_on_where_it_stopped(small, tmp_path, capsys):
    main(["recall", "--models", "lstm", "--seeds", "0", "--out", str(tmp_path)])
    first = (tmp_path / "recall.csv").read_text(encoding="utf-8")
    main(["--seeds", "0-1", "--out", str(tmp_path)])
    whole = (tmp_path / "recall.csv").read_text(encoding="utf-8")
    assert whole.startswith(first)
    done = [(row["model"], row["seed"], row["size"]) for row in table(tmp_path / "recall.csv")]
    assert sorted(done) == sorted((m, s, n) for m in MODELS[1:] for s in "01" for n in "23")
    assert {(row["model"], row["shown"]) for row in table(tmp_path / "recall.csv")} == {
        ("lstm", "10"),
        ("hard-alibi", "21"),
    }
    assert [float(row["excess_bits"]) > 0 for row in table(tmp_path / "ngrams.csv")] == [True] * 4
    assert json.loads((tmp_path / "manifest.json").read_text(encoding="utf-8"))["commands"] == [
        f"python -m research.other_tasks recall ngrams --models lstm --seeds 0-1 --out {tmp_path}",
        f"python -m research.other_tasks recall ngrams --models hard-alibi --seeds 0-1 --out {tmp_path}",
    ]


def test_machines_are_those_of_a_study(small, tmp_path, monkeypatch, capsys):
    """The weights and sequences of the machine in the file, asked as the baselines are."""
    recipe = recipes.by_name("recall")
    short = replace(recipe, updates=2, batch_size=3, settle_updates=0, validate_every=2)
    result = train(short, seed=0, out=tmp_path / "runs" / "recall" / "machines" / "recall" / "0")
    main(["recall", "--models", "ntm", "--seeds", "0", "--runs", str(tmp_path / "runs"), "--out", str(tmp_path)])
    rows = table(tmp_path / "recall.csv")
    assert [row["size"] for row in rows] == ["2", "3"] and {row["shown"] for row in rows} == {"6"}
    task = task_for("recall", recipe.machine)
    for row, size in zip(rows, (2, 3), strict=True):
        batch, logits = asked(result.model, task, size, 13, other_tasks.generator_of(1, size))
        assert int(row["wrong_bits"]) == int(task.errors(logits, batch).sum()) > 0
    assert commands(tmp_path)[0] == "ntm study recall --seeds 0 --out runs/recall"
    assert commands(tmp_path)[1].endswith(f"recall --models ntm --seeds 0 --runs runs --out {tmp_path}")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["reverse"], "task is 'reverse': expected any of repeat_copy_ticks, recall, sort, ngrams"),
        (["--models", "gru"], "model is 'gru': expected any of ntm, lstm, hard-alibi"),
        (["--models", "ntm"], "model is 'ntm' without --runs: name the directory of the studies"),
        (["sort", "--seeds", "3", "--runs", "no"], "no/sort/machines/sort/3 is missing: run `ntm study sort --seeds 3"),
    ],
)
def test_what_cannot_be_asked_is_one_clear_line(words, message, tmp_path, capsys):
    with pytest.raises(SystemExit, match="2"):
        main([*words, "--out", str(tmp_path / "out")])
    assert message in capsys.readouterr().err.splitlines()[-1]
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("name", [name for name in ASKED if (STORED / f"{name}.csv").exists()])
def test_a_stored_table_is_that_of_its_commands(name):
    """Seeds in order from 0, every size, and each model shown what its plan says."""
    rows = table(STORED / f"{name}.csv")
    sizes = [size_text(size) for size in ASKED[name].sizes]
    assert tuple(rows[0]) == COLUMNS and {row["sequences"] for row in rows} == {str(SEQUENCES)}
    for model in {row["model"] for row in rows}:
        own = [row for row in rows if row["model"] == model]
        seeds = sorted({int(row["seed"]) for row in own})
        assert seeds == [*range(len(seeds))]
        assert sorted((int(row["seed"]), row["size"]) for row in own) == sorted((s, n) for s in seeds for n in sizes)
        if model != "ntm":
            plan = plan_of(name, model)
            expected = plan.updates * plan.batch, sum(one.numel() for one in plan.make().parameters())
            assert {(int(row["shown"]), int(row["weights"])) for row in own} == {expected}
    assert json.loads((STORED / "manifest.json").read_text(encoding="utf-8"))["commands"] == [
        line.replace(str(STORED), "data/studies/other_tasks") for line in commands(STORED)
    ]
