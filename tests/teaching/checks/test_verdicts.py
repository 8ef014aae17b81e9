"""Verdicts: whatever an attempt returns or raises, one line says what it is, and no traceback reaches the learner."""

import inspect
from importlib import import_module

import numpy
import pytest
import torch
from exercises import unwrapped

from ntm_lib.teaching.checks.verdicts import Ask, UnfitAnswerError, check, close, numbers

LESSONS = [import_module(f"ntm_lib.teaching.checks.lesson_{number:02}") for number in range(9)]
ALL = {
    f"{lesson.__name__[-2:]} {name}": value
    for lesson in LESSONS
    for name, value in vars(lesson).items()
    if inspect.isfunction(value) and [*inspect.signature(value).parameters] == ["attempt"]
}
SHAPE = (2, 3)
LIKE = torch.zeros(SHAPE)


def verdict(attempt, capsys, like=LIKE):
    """What a check prints that asks twice, for other arguments, and finds nothing wrong."""

    @check("as it should be")
    def asks_twice(ask):
        ask(5, like=like)
        ask(7, like=like)
        yield from ()

    asks_twice(attempt)
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
    assert unwrapped(capsys) == expected


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
        (numpy.zeros(3), "returns shape (3,): expected (2, 3)"),
        ([[0.0, 1.0, 2.0]], "returns shape (1, 3): expected (2, 3)"),
        ([], "returns shape (0,): expected (2, 3)"),
        ([[0.0, 1.0], [2.0]], "returns list: expected a tensor of shape (2, 3)"),
    ],
)
def test_a_tensor_of_another_kind_is_named(answer, words, capsys):
    assert verdict(lambda argument: answer, capsys).replace("\n  ", " ").startswith(f"<lambda> {words}")


@pytest.mark.parametrize(
    ("answer", "like", "right"),
    [
        (torch.zeros(SHAPE).double(), torch.zeros(SHAPE), torch.zeros(SHAPE)),
        (0.5, torch.zeros(()), torch.tensor(0.5)),
        (numpy.float64(0.5), torch.zeros(()), torch.tensor(0.5)),
        (2, torch.zeros(()), torch.tensor(2.0)),
        (torch.tensor(1), torch.zeros(()), torch.tensor(1.0)),
        (torch.ones(3), torch.arange(3), torch.ones(3).long()),
        (torch.ones(3).short(), torch.arange(3), torch.ones(3).short()),
        ([0.0, 1.0, 2], torch.zeros(3), torch.arange(3.0)),
        ([0, 1, 2], torch.zeros(3), torch.arange(3.0)),
        ((0, 1, 2), torch.zeros(3).long(), torch.arange(3)),
        ([torch.zeros(3), [0, 0, 0]], torch.ones(SHAPE), torch.zeros(SHAPE)),
        (numpy.zeros(SHAPE), torch.ones(SHAPE), torch.zeros(SHAPE)),
        (numpy.float32(0.5), torch.zeros(()), torch.tensor(0.5)),
        (torch.ones(3).requires_grad_(), torch.zeros(3), torch.ones(3)),
        (torch.ones(3).to_sparse(), torch.zeros(3), torch.ones(3)),
        (torch.tensor(5), int, 5),
        (numpy.int64(5), int, 5),
    ],
)
def test_what_is_right_but_for_its_type_is_right(answer, like, right):
    found = Ask(lambda: answer)(like=like)
    assert type(found) is type(right)
    assert found == 5 if like is int else found.dtype == right.dtype and torch.equal(found, right)


@pytest.mark.parametrize("answer", [torch.tensor([0.5, 1.0, 2.0]), torch.ones(3).bool(), torch.ones(3) * 1j])
def test_whole_numbers_may_be_asked_for(answer):
    with pytest.raises(UnfitAnswerError, match=rf"returns a tensor of {answer.dtype}: expected whole numbers"):
        Ask(lambda: answer)(like=torch.arange(3))


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (True, "bool: expected a whole number, an int"),
        (2.0, "float: expected a whole number, an int"),
        (torch.tensor(2.0), "Tensor: expected a whole number, an int"),
        (torch.tensor([2]), "Tensor: expected a whole number, an int"),
    ],
)
def test_only_a_whole_number_is_one(answer, words, capsys):
    assert verdict(lambda argument: answer, capsys, int) == f"<lambda> returns {words}\n"


@pytest.mark.parametrize(
    ("later", "words"),
    [
        (None, "returns nothing: does it end with a return?"),
        ("text", "returns str: expected a tensor of shape (2, 3)"),
        (torch.zeros(5), "returns shape (5,): expected (2, 3)"),
        (KeyError("7"), "stops with KeyError: '7'"),
    ],
)
def test_what_goes_wrong_for_later_arguments_is_told_with_them(later, words, capsys):
    def my_attempt(argument):
        if isinstance(later, Exception) and argument == 7:
            raise later
        return later if argument == 7 else torch.zeros(SHAPE)

    assert verdict(my_attempt, capsys) == f"my_attempt: not yet\n- with 7, it {words}\n"


@pytest.mark.parametrize(
    ("argument", "words"),
    [
        (torch.zeros(2, 3), "a tensor (2, 3)"),
        ([torch.zeros(2)] * 3, "a list of 3"),
        (b"ab", "b'ab'"),
        (0.5, "0.5"),
    ],
)
def test_arguments_are_told_by_value_or_size(argument, words):
    ask = Ask(lambda *arguments: 1 if not arguments else None)
    ask(like=int)
    with pytest.raises(UnfitAnswerError) as raised:
        ask(argument, 7, like=int)
    assert raised.value.args[1] == f"{words} and 7"


def test_only_the_first_sentence_is_printed(capsys):
    @check("")
    def trials(ask):
        yield ask(like=int) == 1, "first"
        yield False, "second"
        yield False, "third"

    trials(lambda: 1)
    assert capsys.readouterr().out == "<lambda>: not yet\n- second\n"


def test_a_check_has_the_name_and_docstring_of_its_trials():
    @check("")
    def trials(ask):
        """Say what is wrong."""

    assert (trials.__name__, trials.__doc__) == ("trials", "Say what is wrong.")
    assert ALL and all(each.__doc__.startswith("Say ") for each in ALL.values())


def test_a_check_that_stops_by_itself_is_not_hidden():
    @check("")
    def trials(ask):
        yield {}["a mistake of ours"]

    with pytest.raises(KeyError, match="a mistake of ours"):
        trials(print)


def test_an_attempt_may_write_in_its_copies():
    tape, several = torch.zeros(3), [torch.zeros(2), torch.zeros(5)]

    def my_attempt(one, more):
        one += 1
        more[1] += 1
        return 7

    Ask(my_attempt)(tape, several, like=int)
    assert tape.tolist() == [0, 0, 0] and several[1].tolist() == [0] * 5


def test_an_error_of_pytorch_is_no_stub(capsys):
    said = verdict(lambda argument: torch.softmax(torch.arange(3), 0), capsys)
    assert said.startswith("<lambda> stops with NotImplementedError: ")


def test_a_long_verdict_is_broken_between_words(capsys):
    @check("")
    def trials(ask):
        yield ask(like=int) == 5, f"{'seven b ' * 8}tape-row is wrong"  # the break falls in tape-row

    trials(lambda: 3)
    verdict, *lines = capsys.readouterr().out.splitlines()
    assert verdict == "<lambda>: not yet"
    assert lines == [f"- {'seven b ' * 8}".rstrip(), "  tape-row is wrong"]


def test_a_function_to_do_without_is_named_and_put_back(capsys):
    @check("", without=((torch.nn.functional, "relu"), (torch.Tensor, "sum")))
    def trials(ask):
        yield torch.ones(3).sum() == ask(like=int), "the reference may call them"

    trials(lambda: int(torch.nn.functional.relu(torch.ones(3))[0]))
    trials(lambda: int(torch.ones(3).sum()))
    trials(lambda: 3)
    calls = [
        f"<lambda> calls {name}: this exercise is to be solved without it" for name in ("functional.relu", "Tensor.sum")
    ]
    assert unwrapped(capsys).splitlines() == [*calls, "<lambda> is right:"]


@pytest.mark.parametrize(
    ("places", "said"),
    [
        (slice(None), None),
        ([0], "of 3 sequences these are right: 0; each has numbers of its own"),
        ([0, 2], "of 3 sequences these are right: 0, 2; each has numbers of its own"),
        ([], "with a tensor (3, 5) the numbers are wrong: take every size and number from what is given"),
    ],
)
def test_what_is_right_in_places_is_told_by_places(places, said):
    def my_attempt(given):
        found = torch.full_like(given, 9.0)
        found[places] = given[places]
        return found

    holds, sentence = Ask(my_attempt).agrees_everywhere(torch.clone, numbers(3, 5))
    assert holds == (said is None) and said in (None, sentence)


def test_what_is_nearly_right_is_told_before_the_places_that_are_right():
    def my_attempt(given):
        return given + torch.tensor([[0.0], [0.02], [0.0]])

    holds, sentence = Ask(my_attempt).agrees_everywhere(torch.clone, numbers(3, 5))
    assert not holds and "are only nearly right: round nothing, and add nothing" in sentence


def test_close_compares_shapes_too():
    assert close(torch.ones(3), torch.ones(3) + 1e-6)
    assert close(torch.ones(3).double(), torch.ones(3)) and not close(torch.ones(3) + 0j, torch.ones(3))
    assert not close(torch.ones(3), torch.ones(1)) and not close(None, torch.ones(1))
