"""What the tests of every lesson's exercises share."""

import ast
import inspect

import pytest
import torch

from ntm_lib.machine import NTMState
from ntm_lib.teaching.checks.verdicts import COLUMNS


def exercise_tests(checks, right, mistakes, one_sequence=()):
    """Tests of a module of checks: attempts that are right, and one that is wrong for every sentence it can say.

    `right` holds pairs of an exercise and an attempt, `mistakes` triples of an exercise, an attempt and a sentence.
    By its card an exercise of `one_sequence` is given a single one.
    """
    exercises = sorted({exercise for exercise, _ in right})

    class TestExercises:
        @pytest.mark.parametrize(("exercise", "attempt"), right, ids=name_of)
        def test_a_right_answer_passes(self, exercise, attempt, capsys):
            getattr(checks, exercise)(attempt)
            assert capsys.readouterr().out.startswith(f"{attempt.__name__} is right: ")

        @pytest.mark.parametrize(("exercise", "attempt", "sentence"), mistakes, ids=name_of)
        def test_a_mistake_earns_its_sentence(self, exercise, attempt, sentence, capsys):
            getattr(checks, exercise)(attempt)
            said = unwrapped(capsys)
            verdicts = (": not yet\n- ", " returns ", " stops ", " calls ")
            assert said.startswith(tuple(attempt.__name__ + verdict for verdict in verdicts))
            assert said.count("\n") < 4 and sentence in said, said

        @pytest.mark.parametrize("exercise", exercises)
        def test_three_styles_and_six_mistakes_are_tried(self, exercise):
            assert len({attempt for name, attempt in right if name == exercise}) >= 3
            assert len({attempt for name, attempt, _ in mistakes if name == exercise}) >= 6

        @pytest.mark.parametrize("exercise", exercises)
        def test_arguments_come_in_several_sizes(self, exercise, capsys):
            first, given = dict(reversed(right))[exercise], []

            def my_attempt(*arguments):
                given.append(sizes_of(arguments))
                return first(*arguments)

            getattr(checks, exercise)(my_attempt)
            assert " is right: " in capsys.readouterr().out
            for sizes in zip(*given, strict=True):
                assert len({*sizes}) > 1 or ({*sizes} == {1} and exercise in one_sequence)

        @pytest.mark.parametrize("exercise", exercises)
        def test_a_stub_is_not_attempted(self, exercise, capsys):
            getattr(checks, exercise)(lambda *arguments: ...)
            assert capsys.readouterr().out == "<lambda>: not attempted yet\n"

        @pytest.mark.parametrize("exercise", exercises)
        def test_an_attempt_that_stops_says_why(self, exercise, capsys):
            def my_attempt(*arguments):
                raise IndexError("slot 7\nand more")

            getattr(checks, exercise)(my_attempt)
            assert capsys.readouterr().out == "my_attempt stops with IndexError: slot 7\n"

        def test_every_sentence_has_a_planted_mistake(self):
            said = sentences_in(checks)
            earned = [sentence for *_, sentence in mistakes]
            assert said
            unearned = [one for one in said if not any(one in sentence or sentence in one for sentence in earned)]
            assert unearned == [], unearned

    return TestExercises


def unwrapped(capsys):
    """A verdict that was printed, with its long lines in one piece."""
    said = capsys.readouterr().out
    assert all(len(line) <= COLUMNS or " " not in line.strip() for line in said.splitlines()), said
    return said.replace("\n  ", " ")


def sizes_of(argument):
    """Sizes of a tensor, a memory, a text or a list, the value of a number; of several arguments those of each."""
    if isinstance(argument, torch.Tensor):
        return [*argument.shape]
    if isinstance(argument, NTMState):
        return [*argument.memory.shape]
    if isinstance(argument, tuple):
        return [size for each in argument for size in sizes_of(each)]
    if isinstance(argument, str | bytes | list):
        return [len(argument)]
    return [argument] if isinstance(argument, int | float) else []


def name_of(value):
    """An attempt by its name; anything else by pytest's own."""
    return getattr(value, "__name__", None) or (value if isinstance(value, str) else None)


def sentences_in(module):
    """The words of every sentence in the body of a module's functions; of one with numbers in it, the longest piece."""
    tree = ast.parse(inspect.getsource(module))
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    bodies = [part for each in functions for part in each.body[bool(ast.get_docstring(each)) :]]
    nodes = [node for body in bodies for node in ast.walk(body)]
    inner = {id(part) for node in nodes if isinstance(node, ast.JoinedStr) for part in ast.walk(node)}
    pieces = [longest_piece(node) for node in nodes if isinstance(node, ast.JoinedStr)]
    pieces += [node.value for node in nodes if isinstance(node, ast.Constant) and id(node) not in inner]
    return [one for one in pieces if isinstance(one, str) and len(one.split()) > 4]


def longest_piece(node):
    """The longest piece of an f-string that no number changes."""
    return max((part.value for part in node.values if isinstance(part, ast.Constant)), key=len, default="")
