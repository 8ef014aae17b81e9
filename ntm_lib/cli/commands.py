"""The commands of `ntm`: each reads its options, calls the library and prints. Imports come late."""

import json
import shlex
from argparse import Namespace
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from ntm_lib.cli import proofs
from ntm_lib.cli.options import Options, add_fields, changes_in, recipe_in, size
from ntm_lib.cli.terminal import progress_bar, say, show, steps_shown, told

if TYPE_CHECKING:
    from ntm_lib.machine import LSTMConfig, NTMConfig
    from ntm_lib.training.evaluation import Machine
    from ntm_lib.training.run import Run

FAILED = 1
"""Exit code of a command whose machine fails its check."""
COMPILED = "compile a step first: pays for long trainings in one memory, such as paper_2014"
ONE_THREAD = "It runs on one thread: to use more cores, run several commands side by side."
REACH = (
    "Of a machine without a fault it also says the reach: the length of the first copy whose jump is predicted to fail."
    " --length and --memory_size leave the reach out, and so does a machine tied to its number of rows."
)
SIZE = "length, or size such as 10x20 of a task whose sizes have two numbers"
SEQUENCES = "sequences of each of these lengths; of chosen ones 28 try all ways"
ROWS = "rows of the memory; else as many as a length needs"
DEVICE = "device that the machine runs on, such as cuda"


def _train(words: list[str]) -> int:
    """Train a machine, say what it learned, and keep it in DIR; an interrupted DIR goes on. 0 only if converged."""
    usage = "[RECIPE] [--seed INT] --out DIR [changes to the recipe]"
    options = Options("train", f"{_train.__doc__} {ONE_THREAD}", usage)
    options.value("recipe", nargs="?", default="reliable", text="recipe that `ntm recipes` lists, or PATH:ARM")
    options.value("--seed", int, "seed of the first weights and of the training data", default=0)
    options.value("--out", text="directory to keep the machine in", required=True, metavar="DIR")
    options.value("--device", text=DEVICE, default="cpu")
    options.switch("--compiled", COMPILED)
    options.switch("--json", "print JSON instead of a table")
    add_fields(options, words)
    values = options.parse(words)

    from ntm_lib import load, train
    from ntm_lib.study import rows, tables

    recipe = recipe_in(values)
    with progress_bar(recipe.updates, "update") as follow:

        def tell(record: dict[str, Any]) -> None:
            follow(record["update"], loss=f"{record['loss']:.4f}", wrong_bits=record["validation_wrong_bits"])

        result = train(recipe, values.seed, values.out, tell, values.compiled, device=values.device)
    row = rows.row_of(load(values.out)[1])
    show(json.dumps(row, indent=1) if values.json else tables.verdict_text(row))
    return 0 if result.converged else FAILED


def _evaluate(words: list[str]) -> int:
    """Count the wrong bits and wrong sequences of a trained machine by length, in the task that it was trained on."""
    from ntm_lib import evaluate, tasks
    from ntm_lib.study import tables

    options = _options_of_a_machine("evaluate", _evaluate.__doc__)
    options.value("--lengths", size, f"{SIZE}; else those of the task's verdict", nargs="+", shown=[20, 50, 120])
    options.value("--sequences", int, SEQUENCES, default=100)
    options.value("--seed", int, "seed of the sequences", default=0)
    kinds, text = Literal[(*tasks.ALL_KINDS, "chosen")], "kind of sequences; chosen: made against this machine"
    options.value("--kind", kinds, text, default="random")
    options.value("--crowd", float, "find rows by content as on a tape so many times as long", default=1)
    options.switch("--json", "print JSON instead of a table")
    values = options.parse(words)
    model, run = _loaded(values)
    task, sizes = run.task, values.lengths or run.task.sizes
    task.require_possible(map(tasks.sizes.require_size, sizes))
    with steps_shown(model, task, sizes, values.sequences):
        seed, kind, rows = values.seed, values.kind, values.memory_size
        counts = evaluate(model, sizes, values.sequences, seed, kind, rows, task, crowd=values.crowd)
    _warn_of_few(values, [model.config])
    report = counts.to_json() | ({} if values.crowd == 1 else {"crowd": values.crowd})
    columns = ["sequences", "wrong_sequences", "bits", "wrong_bits", *["excess_bits"] * bool(task.optimum)]
    how = {} if values.kind == "random" else {"kind": values.kind}
    how |= {} if values.crowd == 1 else {"crowd": f"{values.crowd:,}".removesuffix(".0")}
    table = [[n, *how.values(), *(count[column] for column in columns)] for n, count in report["lengths"].items()]
    header = ["length", *how, *(column.replace("_", " ") for column in columns)]
    return show(json.dumps(report, indent=1) if values.json else tables.aligned([header, *table]))


def _copy(words: list[str]) -> int:
    """Send a file's bytes through a machine's memory in one sequence, and write the copy. 0 only if identical."""
    options = _options_of_a_machine("copy", _copy.__doc__)
    options.value("input", nargs="?", default="-", metavar="INPUT", text="a file; -: standard input")
    options.value("--out", text="a file; -: standard output", default="-", metavar="FILE")
    options.switch("--program", "send them through the program that `ntm extract` finds inside the machine")
    values = options.parse(words)

    from ntm_lib.study import content

    if values.program:
        copied_by = proofs.program_of(values.dir, values.memory_size)
    else:
        from ntm_lib.analysis.copies import copy_bytes

        model, run = _loaded(values, "copying")

        def copied_by(original: bytes) -> bytes:
            with steps_shown(model, run.task, [len(original)], 1):
                return copy_bytes(model, original, values.memory_size)

    content.require_writable(values.out, values.input)
    original = content.read_content(values.input)
    copied = copied_by(original)
    content.write_content(values.out, copied)
    wrong = content.wrong_in(original, copied)
    say("{wrong_bits:,} of {bits:,} bits and {wrong_bytes:,} of {bytes:,} bytes differ".format(**wrong))
    return FAILED if wrong["wrong_bytes"] else 0


def _diagnose(words: list[str]) -> int:
    """Say what a machine does and what is wrong with it, with evidence and a cure. 0 only if nothing is wrong."""
    options = _options_of_a_machine("diagnose", f"{_diagnose.__doc__} {REACH}")
    options.value("--length", size, "vectors in a copy, else 120 or where its verdict was wrong; a size of other tasks")
    options.switch("--json", "print JSON instead of text")
    values = options.parse(words)

    from dataclasses import asdict

    from ntm_lib import tasks
    from ntm_lib.analysis import diagnosis

    model, run = _loaded(values)
    copies = run.task.name == "copying" or run.task.name not in tasks.TASKS
    if not copies and values.memory_size is not None:
        raise ValueError("--memory_size is for machines that copy: leave it out")
    found = (
        diagnosis.diagnose(model, run, values.length, values.memory_size)
        if copies
        else diagnosis.diagnose_task(model, run, values.length)
    )
    show(json.dumps([asdict(finding) for finding in found], indent=1) if values.json else told(found, values.dir))
    if any(finding.fault for finding in found):
        return FAILED
    if copies and model.free_memory_size and (values.length, values.memory_size) != (None, None):
        say("the reach is left out: it is predicted where neither --length nor --memory_size is given")
    return 0


def _study(words: list[str]) -> int:
    """Train every seed of every recipe, side by side; runs that DIR already holds are not trained again."""
    from ntm_lib.study import arms, engines, fields, measurements, seeds, study, tables

    usage = "RECIPE ... --seeds SEEDS --out DIR [changes to the recipes]"
    options = Options("study", _study.__doc__, usage)
    text = "a recipe that `ntm recipes` lists, a question's PATH for all of its arms, or PATH:ARM for one"
    options.value("recipes", nargs="+", metavar="RECIPE", text=text)
    options.value("--seeds", text="seeds, such as 0-99 or 3,5,8-12", required=True)
    options.value("--out", text="directory to keep runs and tables in", required=True, metavar="DIR")
    options.value("--jobs", int, "processes on this machine; else one a core")
    options.value("--address", text="address of a dask scheduler, whose workers then train; else this machine")
    options.value("--together", int, "seeds that one process trains in shared passes", default=engines.SEEDS_TOGETHER)
    options.value("--lengths", size, f"count wrong bits at these too: {SIZE}", nargs="+", default=[])
    options.value("--sequences", int, SEQUENCES, default=20)
    text = "payload of these: random, or made against each machine"
    options.value("--kind", measurements.Kind, text, default="random")
    options.value("--crowd", float, "copy them as on a tape so many times as long", default=1)
    options.value("--file", text="copy this file with every machine")
    options.switch("--compiled", COMPILED)
    options.switch("--findings", "note what `ntm diagnose` finds in every machine")
    options.switch("--json", "print JSON instead of a table")
    add_fields(options, words)
    values = options.parse(words)
    named = [recipe for word in values.recipes for recipe in arms.recipes_of(word)]
    recipes = [fields.changed(recipe, changes_in(values)) for recipe in named]
    lengths, file = tuple(values.lengths), values.file and Path(values.file)
    rows = study.study(
        recipes,
        seeds.parse_seeds(values.seeds),
        values.out,
        measure=measurements.Measurements(lengths, values.sequences, file, values.findings, values.kind, values.crowd),
        workers=engines.Workers(values.jobs, values.address, values.together),
        compiled=values.compiled,
        command=shlex.join(["ntm", "study", *words]),
    )
    _warn_of_few(values, [recipe.machine for recipe in recipes])
    return show(json.dumps(tables.summary(rows), indent=1) if values.json else tables.summary_text(rows))


def _recipes(words: list[str]) -> int:
    """List the recipes, and how each differs from `reliable`; then questions and arms, as `ntm study` takes them."""
    from ntm_lib.study import arms
    from ntm_lib.training import recipes

    options = Options("recipes", _recipes.__doc__)
    options.value("paths", nargs="*", metavar="PATH", text="a question, or a folder of questions; else data/studies")
    options.switch("--json", "print JSON instead of text")
    values = options.parse(words)
    paths = values.paths or [path for path in ("data/studies",) if Path(path).is_dir()]
    questions = {place: question for path in paths for place, question in arms.questions_in(path).items()}
    differences = {name: recipes.differences(recipes.by_name(name), recipes.reliable) for name in recipes.names()}
    if values.json:
        found = {question.name: [arm.name for arm in question.arms.values()] for question in questions.values()}
        return show(json.dumps({"recipes": differences, "questions": found}, indent=1))
    lines = []
    for name, changes in differences.items():
        lines += [name, *(f"    {field} {value}" for field, value in changes.items() if field != "name")]
    for place, question in questions.items():
        asked = ": ".join(text for text in (question.asked_by, question.question) if text)
        lines.append(f"{place} ({asked})")
        lines += [f"    {place}:{arm}" for arm in question.arms]
    return show("\n".join(lines))


COMMANDS: dict[str, Callable[[list[str]], int]] = {
    "train": _train,
    "evaluate": _evaluate,
    "copy": _copy,
    "diagnose": _diagnose,
    "prove": proofs.prove,
    "check": proofs.check,
    "extract": proofs.extract,
    "study": _study,
    "recipes": _recipes,
}


def _options_of_a_machine(command: str, description: str | None) -> Options:
    """The options of every command that runs a trained machine."""
    options = Options(command, f"{description} {ONE_THREAD}")
    options.value("dir", metavar="DIR", text="directory that `ntm train --out` made")
    options.value("--memory_size", int, ROWS)
    options.value("--device", text=DEVICE, default="cpu")
    return options


def _warn_of_few(values: Namespace, machines: Iterable["NTMConfig | LSTMConfig"]) -> None:
    """Warn of chosen sequences that are too few to try all ways, where a machine has a memory."""
    from ntm_lib.machine import NTMConfig
    from ntm_lib.training.evaluation import CHOSEN

    few = values.kind == "chosen" and values.sequences < CHOSEN
    if few and any(isinstance(machine, NTMConfig) for machine in machines):
        say(f"warning: --sequences is {values.sequences}: chosen sequences try all ways from {CHOSEN} on")


def _loaded(values: Namespace, wanted: str = "") -> "tuple[Machine, Run]":
    """The machine that a command names, on its device and on one thread, and the run that made it.

    Raises ValueError for a machine of another of the library's tasks than the one `wanted`, if one is.
    """
    import torch

    from ntm_lib import load, tasks
    from ntm_lib.machine import validate

    torch.set_num_threads(1)
    device = validate.device(values.device)
    model, run = load(values.dir)
    if wanted and run.task.name != wanted and run.task.name in tasks.TASKS:
        raise ValueError(f"{values.dir} holds a machine for {run.task.name}: this command is for one for {wanted}")
    return model.to(device), run
