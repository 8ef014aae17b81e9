"""The machine on one page: its equations are the lessons', its code runs, its ranges and shapes are the library's."""

import inspect
import json
import re
from itertools import combinations
from pathlib import Path

import naive
import numpy as np
import pytest
import torch
from matplotlib.colors import to_rgba
from torch import Tensor

from ntm_lib import NTM, NTMConfig, tasks
from ntm_lib.machine import NTMState, addressing, memory
from ntm_lib.machine.heads import Emission, Heads
from ntm_lib.teaching.plots import style
from research import cheat_sheet
from research.cheat_sheet_facts import AXES, COLOURS, EMITTED, EQUATIONS, STATE, STEP, TASK, TOLD, Equation, example

ROOT = Path(__file__).parents[2]
SIZES = {"B": 2, "H": 3, "N": 7, "M": 5, "S": 11}
"""A size for each axis, different primes."""
NAMES = [equation.verb for equation in EQUATIONS]


@pytest.fixture(scope="module")
def figure():
    return cheat_sheet.sheet()


def test_the_files_are_what_the_command_writes_and_it_writes_them_alike_twice(tmp_path, monkeypatch):
    monkeypatch.setattr(cheat_sheet, "DOCS", tmp_path)
    for _ in range(2):
        cheat_sheet.main()
        for path in (ROOT / "docs").glob("cheat-sheet.*"):
            assert (tmp_path / path.name).read_bytes() == path.read_bytes(), path.name
    assert {path.name for path in tmp_path.iterdir()} == {"cheat-sheet.pdf", "cheat-sheet.png"}


def test_the_pdf_is_one_page_of_a4_without_a_date():
    pdf = (ROOT / "docs" / "cheat-sheet.pdf").read_bytes()
    assert len(re.findall(rb"/Type /Page\b", pdf)) == 1
    (box,) = re.findall(rb"/MediaBox \[ 0 0 ([\d.]+) ([\d.]+) \]", pdf)
    assert [float(points) / 72 * 25.4 for points in box] == pytest.approx([297, 210], abs=0.5)  # millimetres
    assert b"Date" not in pdf


def test_words_stand_on_the_page_and_not_on_each_other(figure):
    figure.canvas.draw()
    page = figure.axes[0]
    boxes = [(text.get_text(), text.get_window_extent()) for text in page.texts if text.get_text()]
    whole = figure.bbox
    for words, box in boxes:
        assert whole.x0 < box.x0 < box.x1 < whole.x1 and whole.y0 < box.y0 < box.y1 < whole.y1, words
    drawn = [(axes.get_xlabel() or "slots", axes.bbox) for axes in figure.axes[1:]]
    for (words, box), (others, other) in [*combinations(boxes, 2), *[(a, b) for a in boxes for b in drawn]]:
        across = min(box.x1, other.x1) - max(box.x0, other.x0)
        down = min(box.y1, other.y1) - max(box.y0, other.y0)
        assert across < 1 or down < 1, f"{words!r} stands on {others!r}"


def test_nothing_is_too_small_to_read(figure):
    sizes = [text.get_fontsize() for axes in figure.axes for text in axes.texts]
    assert min(sizes) >= 6.5


# Eqs. 2-9


def normal(formula: str) -> str:
    """A formula without what only changes its look: spaces, sizes of brackets, names of the two bars of a length."""
    formula = re.sub(r"\\(big|Big|left|right)(?![A-Za-z])|\\[,!;]|\s", "", formula)
    return formula.replace(r"\lVert", r"\Vert").replace(r"\rVert", r"\Vert")


def formulas_of_the_lessons() -> set[str]:
    cells = [
        "".join(cell["source"])
        for lesson in sorted((ROOT / "notebooks").glob("*.ipynb"))
        for cell in json.loads(lesson.read_text(encoding="utf-8"))["cells"]
        if cell["cell_type"] == "markdown"
    ]
    return {normal(formula) for cell in cells for formula in re.findall(r"\$\$(.+?)\$\$", cell, re.DOTALL)}


def function_of(equation: Equation):
    name = re.search(r"= (\w+)\(", equation.code)[1]
    return getattr(addressing, name, None) or getattr(memory, name)


def tensors() -> dict[str, Tensor]:
    """Whatever the code of an equation may be given, by name."""
    random = torch.Generator().manual_seed(0)
    B, H, N, M, S = SIZES.values()

    def numbers(*shape: int) -> Tensor:
        return torch.rand(*shape, generator=random, dtype=torch.float64) + 0.1

    found = {"memory": numbers(B, N, M) - 0.6, "key": numbers(B, H, M) - 0.6, "e": numbers(B, H, M) / 2}
    found |= {
        "beta": 5 * numbers(B, H),
        "g": numbers(B, H) / 2,
        "gamma": 1 + numbers(B, H),
        "a": numbers(B, H, M) - 0.6,
    }
    found |= {name: numbers(B, H, N).softmax(-1) for name in ("w_c", "w_g", "w_s", "w", "w_previous")}
    return found | {"s": numbers(B, H, S).softmax(-1), "erased": numbers(B, N, M) - 0.6}


def test_the_page_has_equations_2_to_9():
    assert sorted(equation.number for equation in EQUATIONS) == [*range(2, 10)]


@pytest.mark.parametrize("equation", EQUATIONS, ids=NAMES)
def test_a_formula_stands_in_a_lesson(equation):
    assert normal(equation.formula) in formulas_of_the_lessons()


@pytest.mark.parametrize("equation", EQUATIONS, ids=NAMES)
def test_the_function_says_its_number_and_its_shapes(equation):
    words = " ".join(inspect.getdoc(function_of(equation)).split())
    assert f"(Eq. {equation.number})" in words
    assert f"{equation.shapes.replace('→', '->')}." in words


@pytest.mark.parametrize("equation", EQUATIONS, ids=NAMES)
def test_the_code_computes_the_equation(equation):
    given, function = tensors(), function_of(equation)
    name, call = equation.code.split(" = ")
    exec(equation.code, {function.__name__: function}, made := dict(given))
    arguments = [given[one].numpy() for one in re.search(r"\((.+)\)", call)[1].split(", ")]
    np.testing.assert_allclose(made[name].numpy(), getattr(naive, function.__name__)(*arguments), rtol=1e-9)
    *takes, gives = re.findall(r"\(([A-Z,]+)\)", equation.shapes)
    shapes = [tuple(SIZES[axis] for axis in shape.split(",")) for shape in takes]
    assert shapes == [argument.shape for argument in arguments]
    assert made[name].shape == tuple(SIZES[axis] for axis in gives.split(","))


def test_equations_stand_in_the_order_in_which_a_step_computes_them():
    given = tensors()
    for equation in EQUATIONS:
        exec(equation.code, {function_of(equation).__name__: function_of(equation)}, given)
    start = tensors()
    told = [start[name] for name in ("memory", "w_previous", "key", "beta", "g", "s", "gamma")]
    w = addressing.address(*told).w
    tape = memory.write(start["memory"], w, start["e"], start["a"])
    torch.testing.assert_close((given["w"], given["memory"], given["reads"]), (w, tape, memory.read(tape, w)))


def test_the_example_is_worked_out_by_hand():
    """In float64 and in loops, from the words beside the equations."""
    given = {words.split(" = ")[0]: words.split(" = ")[1].replace("−", "-") for words in TOLD}
    k, s, e, a = (np.array([[json.loads(f"[{given[name][1:-1]}]")]], dtype=float) for name in "ksea")
    beta, g, gamma = (np.array([[float(given[name])]]) for name in "βgγ")
    shown = example()
    tape, before = shown.memory.double().numpy(), shown.w_previous.double().numpy()
    w = naive.address(tape, before, k, beta, g, s, gamma)
    erased = naive.erase(tape, w, e)
    added = naive.add(erased, w, a)
    for ours, by_hand in ((shown.stages.w, w), (shown.erased, erased), (shown.added, added)):
        np.testing.assert_allclose(ours.numpy(), by_hand, atol=1e-5)
    np.testing.assert_allclose(shown.reads.numpy(), naive.read(added, w), atol=1e-5)
    np.testing.assert_allclose(shown.similarity.numpy(), naive.cosine_similarity(tape, k), atol=1e-5)


def test_bars_are_as_high_as_the_numbers_of_the_example(figure):
    """The first bars of each axes are its stage's; a stage with a weighting before it draws that behind them."""
    shown = example()
    panels = [axes for axes in figure.axes[1:] if axes.patches and not axes.images]
    values = [shown.similarity, *shown.stages, shown.stages.w]
    assert len(panels) == len(values)
    for place, (axes, given) in enumerate(zip(panels, values, strict=True)):
        colour = style.INK if place == 0 else style.READ
        bars = [bar.get_height() for bar in axes.patches if bar.get_fill() and same_colour(bar, colour)]
        assert bars == pytest.approx(given.flatten().tolist())


def same_colour(patch, colour: str) -> bool:
    return patch.get_facecolor() == to_rgba(colour)


# What heads are told


FUNCTIONS = {
    "as it is": lambda numbers: numbers,
    "softplus": lambda numbers: (1 + numbers.exp()).log(),
    "sigmoid": lambda numbers: 1 / (1 + (-numbers).exp()),
    "softmax": lambda numbers: numbers.exp() / numbers.exp().sum(-1, keepdim=True),
    "1 + softplus": lambda numbers: 1 + (1 + numbers.exp()).log(),
}


def told(scale: float) -> tuple[Heads, Tensor, Emission]:
    """Heads, a linear layer's output for them of some size, and what they make of it."""
    random = torch.Generator().manual_seed(1)
    heads = Heads(13, SIZES["M"], 2, 3, SIZES["S"] // 2, "separate", random).double()
    h = scale * torch.randn(17, 13, generator=random, dtype=torch.float64)
    return heads, heads.linear(h), heads(h)


def test_every_part_of_an_emission_is_on_the_page_in_order():
    assert tuple(one.part for one in EMITTED) == Emission._fields


@pytest.mark.parametrize("one", EMITTED, ids=lambda one: one.part)
def test_a_part_is_made_by_the_function_on_the_page(one):
    heads, raw, emission = told(1.0)
    part = getattr(emission, one.part)
    by_hand = FUNCTIONS[one.made_by](raw[:, heads.rows[one.part]].view(part.shape))
    torch.testing.assert_close(part, by_hand)
    numbers = 1 if part.ndim == 2 else part.shape[-1]
    assert numbers == {"1": 1, "M": SIZES["M"], "S": SIZES["S"]}[one.numbers]


@pytest.mark.parametrize("one", EMITTED, ids=lambda one: one.part)
def test_a_range_holds_and_is_not_too_wide(one):
    part = getattr(told(300.0)[2], one.part)
    assert (part >= one.least).all() and (part <= one.most).all()
    reached = {-np.inf: part.min() < -100, np.inf: part.max() > 100}
    assert reached.get(one.least, torch.isclose(part.min(), torch.tensor(one.least, dtype=part.dtype), atol=1e-6))
    assert reached.get(one.most, torch.isclose(part.max(), torch.tensor(one.most, dtype=part.dtype), atol=1e-6))
    assert one.sums_to_one == torch.allclose(part.sum(-1), torch.ones((), dtype=part.dtype))


def test_ranges_in_words():
    ranges = {one.part: one.range for one in EMITTED}
    assert ranges == {
        "key": "any",
        "beta": "≥ 0",
        "g": "0 to 1",
        "s": "0 to 1, sum 1",
        "gamma": "≥ 1",
        "erase": "0 to 1",
        "add": "any",
    }


# A step, shapes, the task, colours


@pytest.mark.parametrize("controller", ["feed-forward", "lstm"])
@pytest.mark.parametrize("weightings", ["separate", "single", "shared-previous"])
def test_the_lines_of_a_step_are_a_step(weightings, controller):
    sizes = {"memory_size": 7, "word_size": 5, "read_heads": 2, "write_heads": 2, "controller_size": 13}
    config = NTMConfig(3, 11, weightings=weightings, controller=controller, initial_weights="spaced", **sizes)
    random = torch.Generator().manual_seed(2)
    machine = NTM(config, random)
    _, state = machine(torch.randn(17, 3, 3, generator=random))  # a state that is not the first
    x = torch.randn(17, 3, generator=random)
    names = {"x": x, "memory": state.memory, "w": state.weights, "reads": state.reads, "state": state.controller}
    names |= {part: getattr(machine, part) for part in ("controller", "heads", "output")}
    names |= {"cat": torch.cat, "address": addressing.address, "write": memory.write, "read": memory.read}
    for _, line, _ in STEP:
        exec(line, names)
    y, after = machine.step(x, state)
    by_hand = names["y"], NTMState(names["memory"], names["w"], names["reads"], names["state"])
    torch.testing.assert_close(by_hand, (y, after))


def test_shapes_are_those_of_a_state():
    machine = NTM(NTMConfig(10, 8, memory_size=7, word_size=5, read_heads=3, write_heads=8))
    sizes = {"B": 2, "N": 7, "M": 5, "R": 3, "H": 11}
    state = machine.initial_state(2)
    assert tuple(name for name, _ in STATE) == NTMState._fields[:3]
    for name, shape in STATE:
        assert getattr(state, name).shape == tuple(sizes[axis] for axis in shape.strip("()").split(",")), name


def test_axes_are_named_in_the_order_of_shapes():
    order = "".join(axis for axis, _ in AXES)
    for shape in re.findall(r"\(([A-Z,]+)\)", " ".join(equation.shapes for equation in EQUATIONS)):
        places = [order.index(axis) for axis in shape.split(",")]
        assert places == sorted(places), shape


def test_the_task_is_the_librarys():
    length = 7
    payload = torch.ones(1, length, 3)
    batch = tasks.frame_copy(payload)
    shows = {"start marker": [0, 0, 0, 1, 0], "L vectors": [1, 1, 1, 0, 0], "end marker": [0, 0, 0, 0, 1]}
    shows["nothing"] = [0] * 5
    seen = []
    for steps, given, counts in zip(*(line[1:] for line in TASK), strict=True):
        ends = [eval(end.replace("2L", "2 * L"), {"L": length}) for end in steps.split(" … ")]
        for step in range(ends[0], ends[-1] + 1):
            assert batch.inputs[0, step].tolist() == shows[given], step
            assert batch.mask[0, step] == int(counts[0]), step
            seen.append(step)
    assert seen == [*range(batch.inputs.shape[1])]


def test_every_colour_of_the_figures_has_its_meaning(figure):
    names = ("READ", "WRITE", "ERASE", "TARGET", "ERROR", "PALE")
    assert [colour for colour, _ in COLOURS] == [getattr(style, name) for name in names]
    swatches = zip(figure.axes[0].patches, COLOURS, strict=True)
    assert all(same_colour(patch, colour) for patch, (colour, _) in swatches)
