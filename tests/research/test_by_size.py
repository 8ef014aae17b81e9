"""Wrong bits by size: numbers by hand, and figures that show them."""

import pytest
from matplotlib.colors import to_rgba

from research import by_size, page
from research.by_size import AXES, guessed_at, models_of, per_sequence, shown_to, wrong_at_size
from research.other_tasks import ASKED
from research.sizes import LOOK_OF, Axis, sizes_figure
from research.tables import paper

AXIS = Axis(
    {"trained on": ("2", "3"), "longer": ("5",), "wider": ("3x7", "3x11")}, "items", ("3x7", "the paper's ends here")
)
WRONG = {
    "lstm": [[0, 1, 4, 9, 16], [0.5, 2, 3, 70, 11], [0.25, 7, 5, 8, 13]],
    "ntm": [[0, 0, 0, 1, 2], [0, 0, 3, 1, 0]],
}
MIDDLES = {"lstm": [0.25, 2, 4, 9, 13], "ntm": [0, 0, 1.5, 1, 1]}


def figure(**changes):
    given = {"axis": AXIS, "wrong": WRONG, "paper": {"LSTM": {"5": 36.5}}, "what": "wrong bits a sequence"}
    return sizes_figure(**given | {"guessed": [3, 5, 7, 11, 13]} | changes)


def points(lines):
    return [point for line in lines for point in zip(*line.get_data(), strict=True)]


def lines_of(axes, model):
    """Lines with filled marks in the look of a model."""
    look = LOOK_OF[model]
    lines = [line for line in axes.lines if line.get_marker() == look["marker"] and line.get_color() == look["color"]]
    return [line for line in lines if line.get_markerfacecolor() != "none"]


def test_sizes_stand_a_unit_apart_and_further_where_another_number_grows():
    assert AXIS.places == pytest.approx({"2": 0, "3": 1, "5": 2, "3x7": 3.7, "3x11": 4.7})
    assert AXIS.runs == [["2", "3", "5"], ["3x7", "3x11"]]


@pytest.mark.parametrize("model", WRONG)
def test_lines_join_medians_and_bands_reach_from_the_least_to_the_most(model):
    (axes,) = figure().axes
    lines, places = lines_of(axes, model), list(AXIS.places.values())
    assert [len(line.get_xdata()) for line in lines] == [3, 2]
    assert points(lines) == list(zip(places, MIDDLES[model], strict=True))
    bands = [band for band in axes.collections if to_rgba(LOOK_OF[model]["color"], 0.18) in band.get_facecolor()]
    reached = {tuple(point) for band in bands for path in band.get_paths() for point in path.vertices.tolist()}
    for place, numbers in zip(places, zip(*WRONG[model], strict=True), strict=True):
        assert {(place, min(numbers)), (place, max(numbers))} <= reached


def test_marks_of_the_paper_are_hollow_and_stand_at_its_numbers():
    (axes,) = figure().axes
    hollow = [line for line in axes.lines if line.get_markerfacecolor() == "none" and line.get_marker() == "s"]
    assert points(hollow) == [(2, 36.5)] and hollow[0].get_color() == LOOK_OF["lstm"]["color"]


def test_what_guessing_gets_wrong_is_dotted():
    (axes,) = figure().axes
    dotted = [line for line in axes.lines if line.get_linestyle() == ":" and line.get_marker() == "None"]
    assert points(dotted) == list(zip(AXIS.places.values(), (3, 5, 7, 11, 13), strict=True))


def test_names_of_sizes_and_words_over_groups():
    drawn = figure()
    (axes,) = drawn.axes
    assert [label.get_text() for label in axes.get_xticklabels()] == ["2", "3", "5", "3×7", "3×11"]
    words = {text.get_text(): text.get_position()[0] for text in axes.texts}
    assert words == pytest.approx({"trained on": 0.5, "longer": 2, "wider": 4.2, "the paper's ends here": 3.12})
    (legend,) = drawn.legends
    assert [text.get_text() for text in legend.get_texts() if text.get_text()] == [
        "NTM",
        "paper: LSTM",
        "LSTM",
        "guessing",
    ]


def test_the_words_of_a_figure_by_size():
    label = "Wrong bits a sequence by size, medians at 3 and 3 × 11: LSTM – 2 and 13; NTM – 0 and 1."
    assert figure().get_label() == label


def test_numbers_that_are_not_as_many_as_the_sizes():
    with pytest.raises(ValueError, match=r"lstm has numbers of shape \(1, 4\): expected \(seeds, 5\)"):
        figure(wrong={"lstm": [[1, 2, 3, 4]]})


@pytest.fixture
def rows(monkeypatch):
    """Three seeds of an LSTM and one of an NTM at two sizes."""
    numbers = ("lstm", 0, 21, 300), ("lstm", 1, 7, 310), ("lstm", 2, 35, 290), ("ntm", 0, 0, 11)
    lines = [
        {"model": model, "seed": seed, "size": size, "shown": shown, "weights": 1234, "sequences": 7, "bits": 7 * 26}
        | {"wrong_bits": wrong * times, "cost_bits": wrong * 10.0, "excess_bits": wrong * 100.0}
        for model, seed, wrong, shown in numbers
        for size, times in (("3", 1), ("5", 2))
    ]
    monkeypatch.setattr(by_size, "sized", lambda task: lines)
    read = [{"model": "LSTM", "size": size, "cost_bits": cost} for size, cost in (("3", 36.5), ("5", 40.0))]
    monkeypatch.setattr(by_size, "paper", lambda task: read)
    return lines


def test_wrong_bits_a_sequence(rows):
    assert models_of("recall") == ["ntm", "lstm"]
    assert per_sequence("recall", "lstm", "5") == [6, 2, 10]
    assert wrong_at_size("recall", "lstm", "3") == "3 / 5"
    assert wrong_at_size("recall", "lstm", "3", "cost_bits") == "30 / 50"
    assert per_sequence("ngrams", "lstm", "3") == [300, 100, 500]  # bits above the optimum
    assert shown_to("recall", "lstm") == "310"


def test_tasks_that_models_and_baselines_were_asked_for(rows, monkeypatch):
    assert by_size.compared() == list(AXES) and by_size.has_baselines()
    monkeypatch.setattr(by_size, "sized", lambda task: rows[-2:] if task == "sort" else [])
    assert by_size.compared() == ["sort"] and not by_size.has_baselines()


def test_half_of_all_bits_are_wrong_when_guessed(rows, monkeypatch):
    monkeypatch.setitem(AXES, "recall", Axis({"trained on": ("3",), "more": ("5",)}, "items"))
    assert guessed_at("recall") == [13, 13]
    assert guessed_at("ngrams") is None


def test_tables_have_the_papers_cost_beside_ours(rows):
    assert page.sizes_table("recall", "3", "5", cost="5").splitlines()[0].endswith("| 3 | 5 | cost in bits at 5 |")
    assert page.sizes_table("recall", "3", "5", cost="5").splitlines()[2:] == [
        "| NTM | 1,234 | 1 | 11 | 0 / 0 | 0 / 0 | 0 / 0 |",
        "| LSTM | 1,234 | 3 | 310 | 3 / 5 | 6 / 10 | 30 / 50 |",
        "| the paper's LSTM | – | – | – | – | – | 40 |",
    ]
    assert page.sizes_table("ngrams", "3").splitlines()[2:] == [
        "| NTM | 1,234 | 1 | 11 | 0 / 0 |",
        "| LSTM | 1,234 | 3 | 310 | 300 / 500 |",
        "| the paper's LSTM | – | – | – | 36.5 |",
    ]


@pytest.mark.parametrize("task", ASKED)
def test_a_figure_has_the_sizes_that_are_asked_and_the_papers_are_among_them(task):
    sizes = ["x".join(map(str, size)) if isinstance(size, tuple) else str(size) for size in ASKED[task].sizes]
    assert AXES[task].sizes == sizes
    read = paper(task)
    assert {row["model"] for row in read} <= {"NTM, feed-forward", "NTM, LSTM controller", "LSTM"}
    assert {row["size"] for row in read} - set(sizes) == set()
    assert bool(read) == (task != "repeat_copy_ticks")
