"""Verdicts: whatever an attempt returns or raises, one line says what it is, and no traceback reaches the learner."""

import numpy
import pytest
import torch

from ntm_lib.teaching import (
    autopsy_checks,
    checks,
    far_checks,
    head_checks,
    learning_checks,
    machine_checks,
    text_checks,
    verdicts,
)

ALL = {
    f"{module.__name__.rsplit('.')[-1]}.{name}": getattr(module, name)
    for module, names in (
        (text_checks, ("bits", "wrong", "rows")),
        (checks, ("shift", "sharpen", "walk", "write", "count", "gradient")),
        (head_checks, ("heads", "rows", "start")),
        (machine_checks, ("step", "complement", "reverse_copy")),
        (learning_checks, ("loss", "clip", "curriculum")),
        (autopsy_checks, ("first_wrong_bit", "riddles", "room")),
        (far_checks, ("follower", "leak", "length")),
    )
    for name in names
}
SHAPE = (2, 3)


def no_mistakes(attempt):
    """A check that asks twice for other arguments and finds nothing wrong."""
    verdicts.answer_of(attempt, 5)
    verdicts.answer_of(attempt, 7)
    yield from ()


def verdict(attempt, capsys, expected=SHAPE, mistakes=no_mistakes, **options):
    verdicts.tell(attempt, (1,), expected, mistakes, "as it should be", **options)
    return capsys.readouterr().out


@pytest.mark.parametrize("check", ALL.values(), ids=ALL)
@pytest.mark.parametrize(
    "answer", ["forty-two", {3: 4}, torch.zeros(2, 3, 5, 7), float("nan"), [0.5], b"", True, object]
)
def test_no_answer_makes_a_check_stop_or_is_right(check, answer, capsys):
    check(lambda *arguments: answer)
    said = capsys.readouterr().out
    assert said.startswith(("<lambda> returns ", "<lambda>: not yet"))


@pytest.mark.parametrize("check", ALL.values(), ids=ALL)
def test_what_an_attempt_raises_is_told_in_a_line(check, capsys):
    def my_attempt(*arguments):
        raise IndexError("slot 7\nand more")

    check(my_attempt)
    assert capsys.readouterr().out == "my_attempt stops with IndexError: slot 7\n"


@pytest.mark.parametrize("check", ALL.values(), ids=ALL)
def test_a_forgotten_return_is_asked_for(check, capsys):
    check(lambda *arguments: None)
    assert capsys.readouterr().out == "<lambda> returns nothing: does it end with a return?\n"


@pytest.mark.parametrize("check", ALL.values(), ids=ALL)
def test_an_attempt_may_say_that_it_is_none(check, capsys):
    def my_attempt(*arguments):
        raise NotImplementedError

    check(my_attempt)
    assert capsys.readouterr().out == "my_attempt: not attempted yet\n"


@pytest.mark.parametrize("check", ALL.values(), ids=ALL)
def test_a_result_instead_of_a_function_is_named(check, capsys):
    check(torch.zeros(3))
    expected = "a check takes a function by its name, without brackets and arguments: this is Tensor\n"
    assert capsys.readouterr().out == expected


def test_an_error_without_words_is_named(capsys):
    def my_attempt(argument):
        raise AssertionError

    assert verdict(my_attempt, capsys) == "my_attempt stops with AssertionError\n"


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (torch.zeros(2, 3).long(), "returns a tensor of torch.int64: expected torch.float32, as .float() makes"),
        (torch.zeros(2, 3).bool(), "returns a tensor of torch.bool: expected torch.float32"),
        (torch.zeros(2, 3) * 1j, "returns a tensor of torch.complex64: expected torch.float32"),
        (torch.zeros(3, 2), "returns shape (3, 2): expected (2, 3)"),
        (torch.tensor([[0.0, 1.0, 2.0], [3.0, 4.0, float("nan")]]), "returns NaN, which is no number"),
        (numpy.zeros(SHAPE), "returns ndarray: expected a tensor of shape (2, 3)"),
    ],
)
def test_a_tensor_of_another_kind_is_named(answer, words, capsys):
    assert verdict(lambda argument: answer, capsys).startswith(f"<lambda> {words}")


@pytest.mark.parametrize(
    ("answer", "expected"),
    [(torch.zeros(SHAPE).double(), SHAPE), (0.5, ()), (numpy.float64(0.5), ()), (2, ()), (numpy.int64(5), int)],
)
def test_what_is_right_but_for_its_type_is_right(answer, expected, capsys):
    seen = []

    def mistakes(attempt):
        seen.append(attempt(1))
        yield from ()

    assert verdict(lambda argument: answer, capsys, expected, mistakes) == "<lambda> is right: as it should be\n"
    assert type(seen[0]) is int if expected is int else seen[0].dtype == torch.float32


def test_whole_numbers_are_right_where_they_are_asked_for(capsys):
    whole, truth = torch.zeros(SHAPE).long(), torch.zeros(SHAPE).bool()
    assert "is right" in verdict(lambda argument: whole, capsys, whole=True)
    assert "torch.bool: expected whole numbers" in verdict(lambda argument: truth, capsys, whole=True)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (True, "bool: expected a whole number"),
        (2.0, "float: expected a whole number"),
        (torch.tensor(2), "Tensor: expected a whole number, as .item() gives"),
    ],
)
def test_only_a_whole_number_is_one(answer, words, capsys):
    assert verdict(lambda argument: answer, capsys, int) == f"<lambda> returns {words}\n"


@pytest.mark.parametrize(
    ("later", "words"),
    [
        (None, "returns None: expected a tensor of shape (2, 3)"),
        ("text", "returns str: expected a tensor of shape (2, 3)"),
        (torch.zeros(5), "returns shape (5,): expected as many axes as in (2, 3)"),
        (KeyError("7"), "stops with KeyError: '7'"),
    ],
)
def test_what_goes_wrong_for_other_arguments_is_told_once(later, words, capsys):
    def my_attempt(argument):
        if isinstance(later, Exception) and argument == 7:
            raise later
        return later if argument == 7 else torch.zeros(SHAPE)

    assert verdict(my_attempt, capsys) == f"my_attempt: not yet\n- asked again, with other arguments, it {words}\n"


def test_a_check_that_an_attempt_throws_off_goes_on_to_its_verdict(capsys):
    def mistakes(attempt):
        yield f"found {verdicts.answer_of(attempt, 7).shape}"

    assert "asked again" in verdict(
        lambda argument: torch.zeros(SHAPE) if argument == 1 else "", capsys, SHAPE, mistakes
    )


def test_a_check_that_stops_by_itself_is_not_hidden():
    def mistakes(attempt):
        yield {}["a mistake of ours"]

    with pytest.raises(KeyError, match="a mistake of ours"):
        verdicts.tell(lambda argument: torch.zeros(SHAPE), (1,), SHAPE, mistakes, "")


def test_an_attempt_may_write_in_its_copies():
    tape, several = torch.zeros(3), [torch.zeros(2), torch.zeros(5)]

    def my_attempt(one, more):
        one += 1
        more[1] += 1

    verdicts.answer_of(my_attempt, tape, several)
    assert tape.tolist() == [0, 0, 0] and several[1].tolist() == [0] * 5
