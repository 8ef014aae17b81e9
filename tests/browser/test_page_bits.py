"""The live page's machines answer as the library's do, bit for bit, and so they do when they are disturbed.

`make page-bits` sends 1,000 random, 100 chosen and 20 text sequences through each machine; `make browser-test` fewer.
"""

import json
import os

import pytest
import torch
from served import CHROMIUM, PAGE, chromium, opened, server

from ntm_lib import load, tasks
from ntm_lib.analysis.copies import copy_format, copy_through, rows_needed
from ntm_lib.machine import NTMState, addressing
from ntm_lib.machine.step import PLAIN, steps
from ntm_lib.tasks.recall import shown_items
from ntm_lib.teaching.slots import five_slots
from ntm_lib.training.evaluation import rows_with_room

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on the path: install one, such as Debian's")

SEQUENCES = tuple(map(int, os.environ.get("PAGE_SEQUENCES", "10,5,3").split(",")))
"""Random, chosen and text sequences for each machine."""
LENGTH = 20
NAMES = [one["name"] for one in json.loads((PAGE / "data" / "machines.json").read_text())] if PAGE.exists() else []

ANSWERS = """async ([name, payloads, rows]) => {
  const { machines, load, begin } = window.ntm;
  const machine = await load(machines.find((one) => one.name === name));
  const answers = [];
  for (const payload of payloads) answers.push((await (await begin(machine, payload, rows)).finish()).log.answers);
  return answers;
}"""
"""The bytes that come out of a machine for each payload."""

PROGRAMS = """async ([name, frame, sequences, rows]) => {
  const { found, answer, frames } = window.programs;
  const machine = await window.ntm.load(found.find((one) => one.name === name));
  const made = [];
  for (const sequence of sequences) {
    const framed = frames[frame](...sequence);
    const { logits } = await answer(machine, framed, rows);
    made.push({ inputs: framed.inputs, due: framed.due.map((one) => one ?? null), logits });
  }
  return made;
}"""
"""Inputs, right answers and logits of every step of sequences that the page frames."""

STATES = """async ([name, payload, rows, edits, steps]) => {
  const { machines, load, begin } = window.ntm;
  const run = await begin(await load(machines.find((one) => one.name === name)), payload, rows);
  await run.finish();
  for (const edit of edits) { await run.edit(edit); await run.finish(); }
  const states = [];
  for (const step of steps) states.push((await run.stateAt(step)).map((part) => [...part.data]));
  return { states, answers: run.log.answers };
}"""
"""The state of a disturbed copy after some steps, asked for in any order, and what comes out."""


@pytest.fixture(scope="module")
def page():
    assert NAMES, "there is no page: build it with `make page`"
    with server() as address, chromium() as browser, opened(browser, address) as page:
        yield page


def machine_of(name):
    return load(PAGE.parent.parent / "data" / "machines" / name)[0].eval()


def rows_of(machine, length):
    return rows_needed(length) if machine.free_memory_size else machine.config.memory_size


@pytest.mark.parametrize("name", NAMES)
def test_bits_are_those_of_the_library(page, name):
    machine, generator = machine_of(name), torch.Generator().manual_seed(7)
    width, _ = copy_format(machine)
    random, chosen, text = SEQUENCES
    drawn = [tasks.payload(random, LENGTH, width, "random", generator)]
    drawn.append(tasks.chosen_payload(machine, chosen, LENGTH, generator))
    drawn.append(tasks.payload(text, LENGTH, width, "text", generator))
    bits, rows = torch.cat(drawn), rows_of(machine, LENGTH)
    expected = by_steps(machine, bits, rows)
    payloads = tasks.bits_number(bits).tolist()
    for first in range(0, len(payloads), 50):
        part = slice(first, first + 50)
        assert page.evaluate(ANSWERS, [name, payloads[part], rows]) == expected[part]


@torch.no_grad()
def by_steps(machine, bits, rows):
    """The bytes that come out of the library's `step`, which is what the page runs.

    `forward` rounds otherwise: of the 3.7 million bits of `make page-bits`, one, whose logit is 0.0007, differs between
    the two.
    """
    logits = logits_by_steps(machine, tasks.frame_copy(bits, copy_format(machine)[1]).inputs, rows)
    return tasks.bits_number((logits[:, -LENGTH:] > 0).float()).tolist()


def logits_by_steps(machine, inputs, rows):
    """The logits of every step of the library's `step`."""
    start = machine.initial_state(len(inputs), rows if machine.free_memory_size else None)
    return torch.stack([machine.output(made) for made, _ in steps(machine, inputs, start, PLAIN)], dim=1)


def recalls(kind, count, generator):
    """Recalls of 7 items, and what the page frames them from."""
    items, asked = shown_items(count, 7, 18, kind, generator)
    items = items.view(count, 7, 3, 6)
    numbers = tasks.bits_number(items).tolist()
    made = [[shown, question, 6] for shown, question in zip(numbers, asked.tolist(), strict=True)]
    return tasks.frame_recall(items, asked), made


def repeat_copies(kind, count, generator):
    """Copies of 5 vectors 13 times, more often than in training, and what the page frames them from."""
    bits = tasks.payload(count, 5, 8, kind, generator)
    made = [[vectors, 13, 8] for vectors in tasks.bits_number(bits).tolist()]
    return tasks.frame_repeat_copy(bits, 13, counting="ticks"), made


def sorts(kind, count, generator):
    """Sorts of 17 vectors, and what the page frames them from."""
    batch = tasks.sort(count, 17, 8, kind, generator)
    shown = batch.inputs[:, 1:18]
    vectors, priorities = tasks.bits_number(shown[..., :8]).tolist(), shown[..., -1].tolist()
    return batch, [[some, levels, 8] for some, levels in zip(vectors, priorities, strict=True)]


def predictions(kind, count, generator):
    """Sequences of 103 bits of N-grams, and what the page frames them from."""
    batch = tasks.ngrams(count, 103, kind=kind, generator=generator)
    bits = torch.cat([batch.inputs[..., 0], batch.targets[:, -1]], dim=1)
    return batch, [[some, 5] for some in bits.int().tolist()]


OTHERS = {
    "recall": ("frameRecall", recalls, 7),
    "repeat_copy": ("frameRepeatCopy", repeat_copies, (5, 13)),
    "sort": ("frameSort", sorts, 17),
    "ngrams": ("frameNgrams", predictions, 103),
}
"""For each machine of another task: the page's function that frames a sequence, one that draws some, and their size."""


@pytest.mark.parametrize("name", OTHERS)
@torch.no_grad()
def test_other_programs_answer_as_the_librarys_do(page, name):
    page.locator("#programs").scroll_into_view_if_needed()
    page.wait_for_function("() => window.programs !== undefined")
    machine, run = load(PAGE.parent.parent / "data" / "machines" / name)
    frame, draw, size = OTHERS[name]
    rows, generator = rows_with_room(machine, run.task, size), torch.Generator().manual_seed(7)
    for kind in run.task.kinds:
        batch, sequences = draw(kind, SEQUENCES[0 if kind == "random" else 1], generator)
        expected, asked = logits_by_steps(machine, batch.inputs, rows), batch.mask.bool()
        made = []
        for first in range(0, len(sequences), 50):
            some = sequences[first : first + 50]
            made += page.evaluate(PROGRAMS, [name, frame, some, rows or machine.config.memory_size])
        torch.testing.assert_close(torch.tensor([one["inputs"] for one in made]).float(), batch.inputs)
        dues = [due for one in made for due in one["due"] if due is not None]
        assert torch.equal(torch.tensor(dues).float(), batch.targets[asked])
        sure = settled(machine, batch, rows, expected)
        assert sure.float().mean() > 0.9
        found, right = (part[sure][asked[sure]] for part in (torch.tensor([one["logits"] for one in made]), expected))
        assert torch.equal(found > 0, right > 0), kind
        if name == "ngrams":  # whose answers are chances
            torch.testing.assert_close(found.sigmoid(), right.sigmoid(), rtol=0, atol=1e-4)


def settled(machine, batch, rows, logits):
    """Sequences whose answers are alike, no bit's chance by 0.01 another, alone and in a batch, which rounds otherwise.

    Priorities that are nearly equal make a sort so sensitive that one of 10,400 bits among vectors of zeros differs
    between a sequence alone and in a batch of the library's own.
    """
    alone = torch.cat([logits_by_steps(machine, one.unsqueeze(0), rows) for one in batch.inputs])
    moved = (alone.sigmoid() - logits.sigmoid()).abs() * batch.mask.unsqueeze(-1)
    return moved.amax((1, 2)) < 0.01


def by_hand(machine, payload, rows, edits):
    """The states after every step, and what comes out, of a copy that is disturbed: the library's own steps."""
    width, start_marker = copy_format(machine)
    bits = tasks.number_bits(torch.tensor(payload), width).unsqueeze(0)
    state, states, logits = machine.initial_state(1, rows if machine.free_memory_size else None), [], []
    for step, x in enumerate(tasks.frame_copy(bits, start_marker).inputs.unbind(1)):
        for edit in edits:
            if edit["step"] == step:
                state = disturbed(state, **edit)
        states.append(state)
        y, state = machine.step(x, state)
        logits.append(y)
    answers = (torch.stack(logits, 1)[:, -len(payload) :] > 0).float()
    return [*states, state], tasks.bits_number(answers)[0].tolist()


def disturbed(state: NTMState, step, kind, row, number):
    memory, weights = state.memory.clone(), state.weights.clone()
    match kind:
        case "spoil":
            memory[0, row, number] = 5 if memory[0, row, number] < 0 else -5
        case "empty":
            memory[0, row] = 0
        case "reader":
            weights[0, 0] = 0
            weights[0, 0, row] = 1
    return state._replace(memory=memory, weights=weights)


@pytest.mark.parametrize("name", ["two_weightings", "backwards", "one_weighting", "of_2014"])
@torch.no_grad()
def test_a_disturbed_copy_goes_on_as_the_library_says_and_can_be_gone_through_in_any_order(page, name):
    machine, payload = machine_of(name), list(b"turtles walk")
    rows = rows_of(machine, len(payload))
    clean, _ = by_hand(machine, payload, rows, [])
    end = len(payload) + copy_format(machine)[1]
    full = int(clean[end].memory[0].norm(dim=-1).argmax())
    edits = [
        {"step": end - 2, "kind": "empty", "row": full, "number": 0},
        {"step": end + 1, "kind": "spoil", "row": (full + 1) % rows, "number": 3},
        {"step": end + 4, "kind": "reader", "row": (full + 2) % rows, "number": 0},
    ]
    states, answers = by_hand(machine, payload, rows, edits)
    steps = [end + 4, 0, len(states) - 1, end, 3, end + 5, end - 2]
    found = page.evaluate(STATES, [name, payload, rows, edits, steps])
    assert found["answers"] == answers
    assert answers != payload
    for step, parts in zip(steps, found["states"], strict=True):
        for part, expected in zip(parts, states[step].tensors(), strict=True):
            torch.testing.assert_close(
                torch.tensor(part, dtype=torch.float32), expected.flatten(), rtol=1e-3, atol=1e-3
            )


@torch.no_grad()
def test_moments_of_the_training_come_to_a_machine_that_copies(page):
    recorded = page.evaluate("() => fetch('data/training.json').then((one) => one.json())")
    assert 30 <= len(recorded["moments"]) <= 45
    moment = """async ([number, payload]) => {
      const { machines, load, begin } = window.ntm;
      const machine = await load(machines[0], `weights/training-${String(number).padStart(2, "0")}.bin`);
      return (await (await begin(machine, payload, 40)).finish()).log.answers;
    }"""
    payload = list(b"turtle")
    answers = [page.evaluate(moment, [number, payload]) for number in (0, len(recorded["moments"]) - 1)]
    assert answers[0] != payload
    assert answers[1] == payload


def test_failures_are_as_wrong_as_the_library_says(page):
    cases = page.evaluate("() => fetch('data/failures.json').then((one) => one.json())")
    assert len(cases) >= 8
    for case in cases:
        machine, payload = machine_of(case["machine"]), torch.tensor(case["payload"])
        bits = tasks.number_bits(payload, machine.config.output_size).unsqueeze(0)
        (answer,) = page.evaluate(ANSWERS, [case["machine"], [case["payload"]], case["rows"]])
        wrong = tasks.number_bits(torch.tensor(answer), machine.config.output_size) != bits[0]
        assert wrong.sum() == case["wrong"] > 0
        free = machine.free_memory_size
        assert tasks.bits_number(copy_through(machine, bits, case["rows"] if free else None))[0].tolist() == answer


def test_the_five_stages_are_those_of_address(page):
    page.locator("#stages").scroll_into_view_if_needed()
    page.wait_for_selector("#key0")
    values = {
        "key0": 0.4,
        "key1": -0.5,
        "key2": 0.9,
        "beta": 7,
        "g": 0.3,
        "was": 2,
        "backward": 0.5,
        "none": 0.1,
        "forward": 0.2,
    }
    values["gamma"] = 2.5
    set_all = """(values) => { for (const [id, value] of Object.entries(values)) {
      const input = document.getElementById(id); input.value = value; input.dispatchEvent(new Event("input")); } }"""
    page.evaluate(set_all, values)
    key = torch.tensor([[[values["key0"], values["key1"], values["key2"]]]])
    was = torch.eye(5)[values["was"]].view(1, 1, 5)
    beta, g, gamma = (torch.full((1, 1), float(values[name])) for name in ("beta", "g", "gamma"))
    shares = torch.tensor([[[values[name] for name in ("backward", "none", "forward")]]])
    stages = addressing.address(five_slots(), was, key, beta, g, shares / shares.sum(), gamma)
    found = [addressing.cosine_similarity(five_slots(), key), *stages]
    names = ("1 compare", "2 find", "3 blend", "4 shift", "5 sharpen")
    said = "; ".join(
        f"{name}: {', '.join(f'{one:.2f}' for one in stage.flatten().tolist())}"
        for name, stage in zip(names, found, strict=True)
    )
    page.wait_for_function("(said) => document.getElementById('bars').ariaLabel === said", arg=said)
    assert page.locator("#focus").inner_text().startswith(f"Most weight ends on row {int(stages.w.argmax())}")
