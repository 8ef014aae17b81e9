"""Associative recall against a frame built step by step in plain Python, and what each kind of items promises."""

import pytest
import torch

from ntm_lib import NTMConfig, tasks
from ntm_lib.tasks.recall import RECALL_KINDS, met_before, recalling_for, shown_items

B, ITEMS, VECTORS, WIDTH = 11, 7, 3, 5


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def naive(items, asked):
    """Inputs, targets and mask of one sequence from its items, lists of vectors."""
    width, vectors = len(items[0][0]), len(items[0])
    begin, question, blank = [*[0] * width, 1, 0], [*[0] * width, 0, 1], [0] * (width + 2)
    inputs = []
    for item in items:
        inputs += [begin, *([*vector, 0, 0] for vector in item)]
    inputs += [question, *([*vector, 0, 0] for vector in items[asked]), question]
    silent = len(inputs)
    return (
        inputs + [blank] * vectors,
        [[0] * width] * silent + items[asked + 1],
        [0] * silent + [1] * vectors,
    )


@pytest.mark.parametrize(("items", "vectors", "width"), [(7, 3, 5), (2, 1, 4), (3, 5, 2)])
def test_the_frame_is_its_time_diagram(items, vectors, width):
    shown, asked = shown_items(B, items, vectors * width, "random", generator())
    shown = shown.view(B, items, vectors, width)
    batch = tasks.frame_recall(shown, asked)
    for b in range(B):
        inputs, targets, mask = naive(shown[b].tolist(), int(asked[b]))
        assert batch.inputs[b].tolist() == inputs
        assert batch.targets[b].tolist() == targets
        assert batch.mask[b].tolist() == mask


def test_two_items_of_one_vector_by_hand():
    batch = tasks.frame_recall(torch.tensor([[[[1.0]], [[0.0]]]]), torch.tensor([0]))
    assert batch.inputs.tolist() == [
        [[0, 1, 0], [1, 0, 0], [0, 1, 0], [0, 0, 0], [0, 0, 1], [1, 0, 0], [0, 0, 1], [0, 0, 0]]
    ]
    assert batch.mask.tolist() == [[0] * 7 + [1]] and batch.targets.abs().sum() == 0


def as_numbers(shown):
    return [[int("".join(str(int(bit)) for bit in item), 2) for item in sequence] for sequence in shown.tolist()]


@pytest.mark.parametrize("kind", [kind for kind in RECALL_KINDS if kind != "twins"])
@pytest.mark.parametrize(("items", "bits"), [(7, 3), (2, 1), (8, 3), (29, 18)])
def test_all_items_differ(kind, items, bits):
    """Also where every item that there is must be shown."""
    shown, asked = shown_items(B, items, bits, kind, generator(1))
    assert all(len(set(sequence)) == items for sequence in as_numbers(shown))
    assert asked.min() >= 0 and asked.max() <= items - 2


def test_an_item_met_before_is_told():
    shown = tasks.number_bits(torch.tensor([[3, 1, 3, 3, 0], [4, 4, 2, 1, 2]]), 3)
    assert met_before(shown).tolist() == [[False, False, True, True, False], [False, True, False, False, True]]


def test_what_each_kind_promises():
    drawn = {kind: shown_items(B, ITEMS, 13, kind, generator(2)) for kind in RECALL_KINDS}
    rows = torch.arange(B)
    assert drawn["first"][1].tolist() == [0] * B and drawn["last"][1].tolist() == [ITEMS - 2] * B
    shown, asked = drawn["zero question"]
    assert shown[rows, asked].sum() == 0
    shown, asked = drawn["zero answer"]
    assert shown[rows, asked + 1].sum() == 0
    shown, asked = drawn["twins"]
    assert all(len(set(sequence)) == 2 for sequence in as_numbers(shown))
    assert all(sequence.count(sequence[i]) == 1 for sequence, i in zip(as_numbers(shown), asked.tolist(), strict=True))
    numbers = tasks.bits_number(drawn["counting"][0])
    assert ((numbers[:, 1:] - numbers[:, :-1]) % 2**13 == 1).all()


def test_every_item_with_a_next_one_is_asked_for():
    _, asked = shown_items(700, ITEMS, 18, "random", generator(5))
    counts = asked.bincount().tolist()
    assert len(counts) == ITEMS - 1 and min(counts) > 70


def test_a_machine_that_has_settled_is_trained_on_every_kind():
    """Half of a batch is random, the other half of a kind that the generator's first number decides."""
    task, seen = tasks.recalling(WIDTH), set()
    for seed in range(60):
        batch = task.drawn(task.settling, 5, ITEMS, generator(seed))
        kind = RECALL_KINDS[int(torch.randint(1, len(RECALL_KINDS), (1,), generator=(same := generator(seed))))]
        random = tasks.recall(3, ITEMS, WIDTH, generator=same)
        other = tasks.recall(2, ITEMS, WIDTH, kind=kind, generator=same)
        assert torch.equal(batch.inputs, torch.cat([random.inputs, other.inputs]))
        assert torch.equal(batch.targets, torch.cat([random.targets, other.targets]))
        seen.add(kind)
    assert seen == set(RECALL_KINDS[1:])


def test_one_sequence_for_a_settled_machine_is_random():
    torch.randint(1, len(RECALL_KINDS), (1,), generator=(same := generator(2)))
    assert torch.equal(tasks.recalling().settling(1, 4, generator(2)).inputs, tasks.recall(1, 4, generator=same).inputs)


def test_a_length_of_1_trains_two_items():
    assert [tasks.recalling().size_from(length, 0.5) for length in (1, 2, 6)] == [2, 2, 6]


@pytest.mark.parametrize(
    ("call", "error", "said"),
    [
        (lambda: tasks.recall(2, 1), ValueError, "items is 1: expected from 2, because one has no next, to 262,144"),
        (lambda: tasks.recall(2, 9, width=1), ValueError, "items is 9: expected from 2, because one has no next, to 8"),
        (lambda: tasks.recall(2, 3, kind="odd"), ValueError, "kind is 'odd': expected one of random, first"),
        (lambda: tasks.recalling(21, 3), ValueError, "width times vectors is 63: expected at most 62"),
        (lambda: tasks.recall(2, 5, 32, 2, "counting"), ValueError, "width times vectors is 64: expected at most 62"),
        (lambda: tasks.recall(2, 5, -1, -2), ValueError, "width is -1: expected at least 1"),
        (lambda: tasks.recalling().draw(2, (3, 5), None), TypeError, r"items is \(3, 5\): expected a whole number"),
        (lambda: recalling_for(NTMConfig(9, 6)), ValueError, "9 inputs and 6 outputs: recall of W bits"),
    ],
)
def test_values_that_cannot_be(call, error, said):
    with pytest.raises(error, match=said):
        call()


def test_a_question_with_two_answers_and_one_without_any_are_refused():
    items = tasks.number_bits(torch.tensor([[[3, 1], [2, 0], [3, 1], [0, 0]]]), 2)
    tasks.frame_recall(items, torch.tensor([1]))
    with pytest.raises(ValueError, match="stands among its items twice, and so has two answers"):
        tasks.frame_recall(items, torch.tensor([2]))
    with pytest.raises(ValueError, match="asked names an item without a next one: expected from 0 to 2"):
        tasks.frame_recall(items, torch.tensor([3]))
