"""The `ntm` command: no logic, only calls. Imports wait until they are needed, so that help comes at once."""

import json
import os
import re
import sys
import warnings
from argparse import ArgumentError
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jsonargparse import ArgumentParser
    from torch.nn import Module

    from ntm_lib.analysis.finding import Finding
    from ntm_lib.training.recipes import Recipe
    from ntm_lib.training.run import Run

FAILED, BAD_INPUT, INTERRUPTED = 1, 2, 130
"""Exit codes beside 0: the machine failed its check; a value that cannot be used; Ctrl-C."""
COMPILED = "compile a step first: pays for long trainings in one memory, such as paper_2014"


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; whatever goes wrong is one line on stderr."""
    command, *rest = (sys.argv[1:] if argv is None else argv) or ["--help"]
    try:
        if command in ("-h", "--help"):
            print(_help())
            return 0
        if command not in COMMANDS:
            raise ValueError(f"command is {command!r}: expected one of {', '.join(COMMANDS)}; see `ntm --help`")
        with _warnings_on_one_line():
            code = COMMANDS[command](_with_underscores(rest))
        sys.stdout.flush()
        return code
    except KeyboardInterrupt:
        _say("interrupted; nothing is half-written" + AFTER_INTERRUPT.get(command, "; run it again to start anew"))
        return INTERRUPTED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or Python complains again when it ends
        return FAILED
    except ArgumentError as error:
        _say(f"{_in_our_words(error)}; see `ntm {command} --help`")
    except (ValueError, TypeError, OSError) as error:
        _say(str(error))
    except RuntimeError as error:
        return _explain(error)
    return BAD_INPUT


def _train(argv: list[str]) -> int:
    """Train a machine, say what it learned, and keep it in DIR; an interrupted DIR goes on. 0 only if converged."""
    parser = _parser("train")
    parser.add_argument("recipe", nargs="?", default="reliable", help="one that `ntm recipes` lists")
    parser.add_argument("--seed", type=int, default=0, help="decides its weights and what it is shown")
    parser.add_argument("--out", type=str, required=True, metavar="DIR", help="where the machine is kept")
    parser.add_argument("--compiled", action="store_true", help=COMPILED)
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    _add_fields(parser, argv)
    options, given = _parse(parser, argv)

    from tqdm import tqdm

    from ntm_lib import load
    from ntm_lib.study import rows
    from ntm_lib.training import loop

    recipe = _changed(_one_recipe(options.recipe), given)
    with tqdm(total=recipe.updates, unit="update", leave=False, disable=None) as bar:

        def show(record: dict) -> None:
            bar.update(record["update"] - bar.n)
            bar.set_postfix(loss=f"{record['loss']:.4f}", wrong_bits=record["validation_wrong_bits"])

        result = loop.train(recipe, options.seed, options.out, show, options.compiled)
    _, run = load(options.out)
    row = rows.row_of(run)
    print(json.dumps(row, indent=1) if options.json else _verdict(row))
    return 0 if result.converged else FAILED


def _evaluate(argv: list[str]) -> int:
    """Count the wrong bits and wrong sequences of a trained machine by length."""
    from ntm_lib import load, tasks
    from ntm_lib.study import tables
    from ntm_lib.training import evaluation

    parser = _parser("evaluate")
    parser.add_argument("dir", type=str, metavar="DIR", help="what `ntm train --out` made")
    parser.add_argument("--lengths", type=int, nargs="+", default=[20, 50, 120], help="vectors in a sequence")
    parser.add_argument("--sequences", type=int, default=100, help="random sequences of each length")
    parser.add_argument("--seed", type=int, default=0, help="decides which sequences")
    parser.add_argument("--kind", type=tasks.Kind, default="random", help="what is copied")
    parser.add_argument("--memory_size", type=int, default=None, help="rows; else as many as a length needs")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    options, _ = _parse(parser, argv)
    model, _ = load(options.dir)
    report = evaluation.evaluate(
        model, options.lengths, options.sequences, options.seed, options.kind, options.memory_size
    ).to_json()
    if options.json:
        print(json.dumps(report, indent=1))
    else:
        columns = ("sequences", "wrong_sequences", "bits", "wrong_bits")
        rows = [[length, *(count[column] for column in columns)] for length, count in report["lengths"].items()]
        print(tables.aligned([["length", *(column.replace("_", " ") for column in columns)], *rows]))
    return 0


def _copy(argv: list[str]) -> int:
    """Send a file's bytes through a machine's memory in one sequence, and write what comes out. 0 only if identical."""
    parser = _parser("copy")
    parser.add_argument("dir", type=str, metavar="DIR", help="what `ntm train --out` made")
    parser.add_argument("input", type=str, nargs="?", default="-", metavar="INPUT", help="a file; -: standard input")
    parser.add_argument("--out", type=str, default="-", metavar="FILE", help="a file; -: standard output")
    parser.add_argument("--memory_size", type=int, default=None, help="rows; else as many as the file needs")
    options, _ = _parse(parser, argv)

    from ntm_lib import load
    from ntm_lib.study import asking, rows
    from ntm_lib.training import evaluation

    model, _ = load(options.dir)
    content = sys.stdin.buffer.read() if options.input == "-" else asking.read_content(Path(options.input))
    copied = evaluation.copy_bytes(model, content, options.memory_size)
    _write(options.out, copied)
    wrong = rows.wrong_in(content, copied)
    _say("{wrong_bits:,} of {bits:,} bits and {wrong_bytes:,} of {bytes:,} bytes differ".format(**wrong))
    return FAILED if wrong["wrong_bytes"] else 0


def _diagnose(argv: list[str]) -> int:
    """Say what a machine does and what is wrong with it, with evidence and a cure. 0 only if nothing is wrong."""
    parser = _parser("diagnose")
    parser.add_argument("dir", type=str, metavar="DIR", help="what `ntm train --out` made")
    parser.add_argument(
        "--length", type=int, default=None, help="vectors in a copy; else 120, or where its verdict was wrong"
    )
    parser.add_argument("--memory_size", type=int, default=None, help="rows; else as many as the length needs")
    parser.add_argument("--json", action="store_true", help="print JSON instead of text")
    options, _ = _parse(parser, argv)

    from dataclasses import asdict

    from ntm_lib import load
    from ntm_lib.analysis import diagnosis

    found = diagnosis.diagnose(*load(options.dir), options.length, options.memory_size)
    print(json.dumps([asdict(finding) for finding in found], indent=1) if options.json else _told(found))
    return FAILED if any(finding.fault for finding in found) else 0


def _study(argv: list[str]) -> int:
    """Train every seed of every recipe, side by side; what DIR already holds is not done again."""
    from ntm_lib.study import manifest, questions, study, tables

    parser = _parser("study")
    parser.add_argument(
        "recipes", type=str, nargs="+", metavar="RECIPE", help="recipes, questions or arms that `ntm recipes` lists"
    )
    parser.add_argument("--seeds", type=str, required=True, help="such as 0-99 or 3,5,8-12")
    parser.add_argument("--out", type=str, required=True, metavar="DIR", help="where runs and tables are kept")
    parser.add_argument("--jobs", type=int, default=None, help="processes on this machine; else one a core")
    parser.add_argument("--backend", type=str, default="loky", help="what runs them: loky, dask or ray")
    parser.add_argument("--address", type=str, default=None, help="of a dask scheduler or a ray head")
    parser.add_argument("--together", type=int, default=study.TOGETHER, help="seeds that share a process's passes")
    parser.add_argument("--lengths", type=int, nargs="+", default=[], help="count wrong bits at these lengths too")
    parser.add_argument("--sequences", type=int, default=20, help="in so many random sequences of each")
    parser.add_argument("--file", type=str, default=None, help="copy this file with every machine")
    parser.add_argument("--compiled", action="store_true", help=COMPILED)
    parser.add_argument("--findings", action="store_true", help="note what `ntm diagnose` finds in every machine")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    _add_fields(parser, argv)
    options, given = _parse(parser, argv)
    rows = study.study(
        [_changed(recipe, given) for name in options.recipes for recipe in questions.find(name)],
        manifest.parse_seeds(options.seeds),
        options.out,
        options.jobs,
        options.lengths,
        options.sequences,
        options.file,
        options.together,
        findings if options.findings else None,
        options.backend,
        options.address,
        options.compiled,
    )
    print(json.dumps(tables.summary(rows), indent=1) if options.json else _summaries(tables.summary(rows)))
    return 0


def findings(model: "Module", run: "Run") -> dict:
    """What `ntm diagnose` finds, as entries of a study's row; `--findings` asks for them."""
    from ntm_lib.analysis import diagnosis

    return diagnosis.study_entry(model, run)


def _recipes(argv: list[str]) -> int:
    """List the recipes, and how each differs from `reliable`; then the questions of docs/findings.md and their arms."""
    from ntm_lib.study import manifest, questions
    from ntm_lib.training import recipes

    parser = _parser("recipes")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    options, _ = _parse(parser, argv)
    differences = {name: manifest.differences(recipes.by_name(name), recipes.reliable) for name in recipes.names()}
    arms = {name: [arm.name for arm in question.arms] for name, question in questions.QUESTIONS.items()}
    if options.json:
        print(json.dumps({"recipes": differences, "questions": arms}, indent=1))
        return 0
    for name, fields in differences.items():
        print(name)
        for field, value in fields.items():
            if field != "name":
                print(f"    {field} {value}")
    for name, question in questions.QUESTIONS.items():
        print(f"{name} ({question.asked_by}: {question.text})")
        for arm in arms[name]:
            print(f"    {arm}")
    return 0


COMMANDS: dict[str, Callable[[list[str]], int]] = {
    "train": _train,
    "evaluate": _evaluate,
    "copy": _copy,
    "diagnose": _diagnose,
    "study": _study,
    "recipes": _recipes,
}
AFTER_INTERRUPT = {
    "train": "; the same command goes on from the last validation",
    "study": "; the same command goes on, and finished runs are not done again",
}


def _explain(error: RuntimeError) -> int:
    """One line and an exit code for the two runtime errors that are nobody's mistake in the code."""
    if "allocate memory" in str(error):
        _say("this needs more memory than there is; ask for shorter sequences, fewer rows or a smaller machine")
        return BAD_INPUT
    if isinstance(error, BrokenProcessPool):
        _say("a worker process was killed, perhaps for want of memory; the same command goes on, --jobs 1 needs least")
        return FAILED
    raise error


def _help() -> str:
    lines = [f"  {name:9} {command.__doc__}" for name, command in COMMANDS.items()]
    return "\n".join(["usage: ntm COMMAND ...", "", *lines, "", "`ntm COMMAND --help` lists the options of one."])


def _say(text: str) -> None:
    print("ntm:", " ".join(text.split()), file=sys.stderr)


@contextmanager
def _warnings_on_one_line() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("always", UserWarning)
        warnings.showwarning = lambda message, *_: _say(f"warning: {message}")
        yield


def _parser(command: str) -> "ArgumentParser":
    from jsonargparse import ArgumentParser

    return ArgumentParser(
        prog=f"ntm {command}",
        description=f"{COMMANDS[command].__doc__} It runs on one thread: two processes beat two threads.",
        exit_on_error=False,
        allow_abbrev=False,
    )


def _parse(parser: "ArgumentParser", argv: list[str]) -> tuple:
    """All options, and those of them that were given."""
    import torch

    options = parser.parse_args(argv)
    torch.set_num_threads(1)
    return options, parser.parse_args(argv, defaults=False).as_dict()


def _add_fields(parser: "ArgumentParser", argv: list[str]) -> None:
    """Every field of a recipe and of its machine as an option, with its docstring as help.

    The defaults that help shows are those of the first word that names a recipe.
    """
    from dataclasses import fields
    from typing import get_type_hints

    from docstring_parser import parse_from_object

    from ntm_lib.machine import LSTMConfig, NTMConfig
    from ntm_lib.training import recipes

    shown = recipes.by_name(next((word for word in argv if word in recipes.names()), "reliable"))
    options = {}
    for owner, values, prefix in (
        (recipes.Recipe, shown, ""),
        (NTMConfig, shown.machine, "machine."),
        (LSTMConfig, shown.machine, "machine."),
    ):
        types = get_type_hints(owner)
        texts = {entry.arg_name: entry.description for entry in parse_from_object(owner).params}
        for name in (field.name for field in fields(owner)):
            options.setdefault(f"--{prefix}{name}", (types[name], getattr(values, name, None), texts[name]))
    del options["--machine"]
    for option, (kind, default, text) in options.items():
        parser.add_argument(option, type=kind, default=default, help=text)


def _one_recipe(name: str) -> "Recipe":
    """The recipe or arm of that name; ValueError for a question, which has several."""
    from ntm_lib.study import questions

    first, *others = questions.find(name)
    if others:
        raise ValueError(f"recipe is {name!r}, a question of {1 + len(others)} arms: name one, such as {first.name}")
    return first


def _changed(recipe: "Recipe", given: dict) -> "Recipe":
    """A recipe with the fields that were given on the command line."""
    from dataclasses import fields, replace

    machine = given.get("machine", {})
    for field in machine.keys() - {field.name for field in fields(recipe.machine)}:
        raise ValueError(
            f"--machine.{field} is not for recipe {recipe.name}: its machine is a {type(recipe.machine).__name__}"
        )
    own = {field.name: given[field.name] for field in fields(recipe) if field.name in given}
    return replace(recipe, **{**own, "machine": replace(recipe.machine, **machine)})


def _with_underscores(argv: list[str]) -> list[str]:
    """The same words with `--learning-rate` spelt `--learning_rate`."""
    return [re.sub(r"^--[\w.-]+", lambda name: "--" + name[0][2:].replace("-", "_"), word) for word in argv]


def _in_our_words(error: ArgumentError) -> str:
    """What is wrong with an option: its name, the value, and what was expected."""
    text = " ".join(str(error).split())
    found = re.match(r"""Parser key "(.+?)"(?: element \d+)?: Expected a (.+?)\. Got value: (.*)""", text)
    if found is None:
        text = text.replace("unrecognized arguments:", "unknown:")
        return text.replace("the following arguments are required:", "missing:")
    key, kind, value = found.groups()
    choices = re.findall(r"'([\w-]+)'", kind.partition("Literal")[2])
    expected = f"one of {', '.join(choices)}" if choices else "a whole number" if "int" in kind else "a number"
    return f"--{key} is {value!r}: expected {expected}"


def _write(out: str, content: bytes) -> None:
    from ntm_lib.training.checkpoints import write_whole

    if out == "-":
        sys.stdout.buffer.write(content)
        sys.stdout.flush()
    elif Path(out).is_dir():
        raise ValueError(f"cannot write {out}: it is a directory; name a file in it")
    elif Path(out).exists() and not Path(out).is_file():
        Path(out).write_bytes(content)  # a device or a pipe must not be replaced by a file
    else:
        write_whole(Path(out), content)


def _verdict(row: dict) -> str:
    """What a machine has learned: wrong bits by kind and length, and whether that is converged."""
    from ntm_lib.study.tables import aligned

    lengths = list(row["wrong_bits"]["random"])
    kinds = [[kind, *(counts.get(n, "-") for n in lengths)] for kind, counts in row["wrong_bits"].items()]
    end = "converged" if row["converged"] else f"not converged ({row['stopped'] or 'see the wrong bits above'})"
    took = f"after {row['sequences']:,} sequences, {row['seconds']:.1f} s"
    return f"{aligned([['wrong bits at length', *lengths], *kinds])}\n{end} {took}"


def _told(findings: Sequence["Finding"]) -> str:
    """Findings as paragraphs: a sentence, what it was read from, and a cure."""
    paragraphs = []
    for finding in findings:
        lines = [f"{finding.name}{' (fault)' if finding.fault else ''}", f"  {finding.sentence}"]
        lines += [f"    {name.replace('_', ' ')} {_short(value)}" for name, value in finding.evidence.items()]
        paragraphs.append("\n".join([*lines, *([f"  Cure: {finding.cure}"] if finding.cure else [])]))
    return "\n".join(paragraphs)


def _short(value: object) -> str:
    """A value of some evidence, numbers with three digits."""
    if isinstance(value, dict):
        return ", ".join(f"{name}: {_short(entry)}" for name, entry in value.items())
    if isinstance(value, list):
        return ", ".join(map(_short, value))
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def _summaries(summaries: Sequence[dict]) -> str:
    """A study's summary: one line a recipe and question."""
    lines = []
    for one in summaries:
        took = (
            "median {sequences_median:,.0f}, worst {sequences_worst:,} sequences;"
            " median {seconds_median:.1f}, worst {seconds_worst:.1f} s"
        ).format(**one)
        exact = [("", f"exact at {name}", text) for name, text in one["exact"].items()]
        lines += [(one["recipe"], "converged", one["converged"]), ("", "took", took), *exact]
    first, second = (max(len(line[column]) for line in lines) for column in (0, 1))
    return "\n".join(f"{recipe:{first}}  {what:{second}}  {text}" for recipe, what, text in lines)
