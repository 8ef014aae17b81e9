"""What the tests of every lesson's exercises share."""

import ast
import inspect

import pytest


def exercise_tests(checks, right, mistakes):
    """Tests of a module of checks: attempts that are right, and one that is wrong for every sentence it can say.

    `right` holds pairs of an exercise and an attempt, `mistakes` triples of an exercise, an attempt and a sentence.
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
            said = capsys.readouterr().out
            assert said.startswith(
                (f"{attempt.__name__}: not yet\n- ", f"{attempt.__name__} returns ", f"{attempt.__name__} stops ")
            )
            assert said.count("\n") < 3 and sentence in said, said

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
