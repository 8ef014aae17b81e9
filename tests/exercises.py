"""What every exercise's check must say, for the tests of all of them."""

import ast
import inspect


def says_right(check, attempt, capsys):
    """The right answer passes, by its name."""
    check(attempt)
    assert capsys.readouterr().out.startswith(f"{attempt.__name__} is right: ")


def says_sentence(check, mistake, sentence, capsys):
    """A planted mistake earns its sentence, and perhaps others."""
    check(mistake)
    verdict, *sentences = capsys.readouterr().out.splitlines()
    assert verdict == f"{mistake.__name__}: not yet"
    assert any(sentence in line for line in sentences), sentences


def says_not_attempted(check, left, capsys):
    """A stub that leaves three dots is no mistake."""

    def my_attempt(*arguments):
        return left

    check(my_attempt)
    assert capsys.readouterr().out == "my_attempt: not attempted yet\n"


def says_what_stops_it(check, capsys):
    """An attempt that raises is told what it raised."""

    def my_attempt(*arguments):
        raise IndexError("slot 7")

    check(my_attempt)
    assert capsys.readouterr().out == "my_attempt stops with IndexError: slot 7\n"


def sentences_in(module):
    """The fixed words of every sentence that a module of checks can say, in one piece each."""
    yields = [node.value for node in ast.walk(ast.parse(inspect.getsource(module))) if isinstance(node, ast.Yield)]
    parts = [[part.value for part in ast.walk(one) if isinstance(part, ast.Constant)] for one in yields]
    return ["".join(part for part in each if isinstance(part, str)) for each in parts]
