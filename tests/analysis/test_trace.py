"""A trace: what it records is what the machine did, worked out again by slow loops; and nothing is changed by it."""

import dataclasses

import naive
import pytest
import torch
from naive import agree, arrays

from ntm_lib import tasks
from ntm_lib.analysis.copies import rows_needed
from ntm_lib.analysis.trace import MOST_BYTES, require_room, trace, trace_copy
from ntm_lib.machine import NTM, LSTMBaseline, LSTMConfig, NTMConfig
from ntm_lib.training import recipes

B, L = 2, 3
MACHINE = NTMConfig(
    input_size=7, output_size=5, memory_size=13, word_size=11, read_heads=2, write_heads=3, controller_size=17
)
"""A copy of 3 vectors of 5 bits takes 8 steps; R 2, W 3, A 5, M 11, N 13, hidden 17."""
KINDS = {
    "several heads": {},
    "lstm": {"controller": "lstm"},
    "single": {"weightings": "single", "write_heads": 2},
    "shared previous": {"weightings": "shared-previous"},
    "longer shifts": {"shift_range": 2, "output_from": "hidden"},
    "tied to its rows": {"initial_weights": "learned", "initial_memory": "learned", "output_from": "reads"},
    "the post's format": {"input_size": 6, "initial_reads": "memory"},
}


def make(**changes):
    """A machine with weights large enough that no two heads do the same, in numbers of 64 bits."""
    torch.manual_seed(1000)
    model = NTM(dataclasses.replace(MACHINE, **changes)).double()
    for parameter in model.parameters():
        parameter.data = 2 * parameter.data + 0.1 * torch.randn_like(parameter)
    return model


def batch_for(model, length=L):
    bits = tasks.payload(B, length, model.config.output_size, generator=torch.Generator().manual_seed(1))
    batch = tasks.frame_copy(bits, start_marker=model.config.input_size - model.config.output_size == 2)
    return tasks.Batch(*(part.double() for part in batch))


@pytest.fixture(params=KINDS.values(), ids=KINDS)
def model(request):
    return make(**request.param)


def test_it_records_what_the_forward_does(model):
    batch, states = batch_for(model), []
    with torch.no_grad():
        logits, end = model(batch.inputs, history=states)
    record = trace(model, batch)
    assert torch.equal(record.logits, logits)
    torch.testing.assert_close(record.logits, model(batch.inputs)[0])
    assert torch.equal(record.end.memory, end.memory)
    for name, field in {"w": "weights", "reads": "reads", "memory": "memory"}.items():
        assert torch.equal(getattr(record, name), torch.stack([getattr(state, field) for state in states], dim=1))
    assert all(torch.equal(mine, given) for mine, given in zip(record[:3], batch, strict=True))


def test_the_stages_are_those_that_slow_loops_find(model):
    batch = batch_for(model)
    record = trace(model, batch)
    for t in range(batch.mask.shape[1]):
        before = record.memory[:, t - 1] if t else record.start.memory
        weights = record.w[:, t - 1] if t else record.start.weights
        if model.config.weightings == "shared-previous":
            weights = weights[:, [2] * 5]
        memory, previous, *emitted = arrays(before, weights, *(part[:, t] for part in record.emission))
        key, beta, g, s, gamma, erase, add = emitted
        w_c = naive.content_weights(memory, key, beta)
        w_g = naive.interpolate(w_c, previous, g)
        w_s = naive.shift(w_g, s)
        agree(record.w_previous[:, t], previous)
        agree(record.w_c[:, t], w_c)
        agree(record.w_g[:, t], w_g)
        agree(record.w_s[:, t], w_s)
        agree(record.w[:, t], naive.sharpen(w_s, gamma), tolerance=1e-9)
        write = arrays(record.w_write[:, t])[0]
        after = naive.add(naive.erase(memory, write, erase), write, add)
        agree(record.memory[:, t], after)
        agree(record.reads[:, t], naive.read(after, arrays(record.w_read[:, t])[0]))
        agree(record.changes[:, t], ((after - memory) ** 2).sum(-1) ** 0.5, tolerance=1e-9)


def test_the_heads_emit_what_the_recorded_hidden_units_ask_for(model):
    record = trace(model, batch_for(model))
    with torch.no_grad():
        emission = model.heads(record.h.flatten(0, 1))
    for mine, given in zip(record.emission, emission, strict=True):
        torch.testing.assert_close(mine.flatten(0, 1), given)


def test_read_and_write_heads_have_their_weightings():
    record = trace(make(), batch_for(make()))
    assert torch.equal(record.w_read, record.w[:, :, :2]) and torch.equal(record.w_write, record.w[:, :, 2:])
    single = make(weightings="single", write_heads=2)
    record = trace(single, batch_for(single))
    assert torch.equal(record.w_read, record.w) and torch.equal(record.w_write, record.w)


def test_shapes():
    record = trace(make(), batch_for(make()), memory_size=19)
    assert record.inputs.shape == (2, 8, 7) and record.targets.shape == record.logits.shape == (2, 8, 5)
    assert record.h.shape == (2, 8, 17) and record.reads.shape == (2, 8, 2, 11)
    assert record.w.shape == record.w_c.shape == record.w_g.shape == record.w_s.shape == (2, 8, 5, 19)
    assert record.emission.key.shape == (2, 8, 5, 11) and record.emission.s.shape == (2, 8, 5, 3)
    assert record.emission.g.shape == (2, 8, 5) and record.emission.erase.shape == (2, 8, 3, 11)
    assert record.changes.shape == (2, 8, 19) and record.memory.shape == (2, 8, 19, 11)


def test_nothing_changes_the_machine():
    model = make()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    record = trace(model, batch_for(model))
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert not record.logits.requires_grad and model.training
    with pytest.raises(ValueError, match="inputs are 6 wide"):
        trace(model, tasks.Batch(torch.zeros(2, 8, 6).double(), *batch_for(model)[1:]))


def test_wrong_bits_are_those_of_the_answer():
    model = make()
    record = trace(model, batch_for(model))
    out = record.logits.numpy()
    expected = [
        [
            [bool(record.mask[b, t]) and (out[b, t, bit] > 0) != bool(record.targets[b, t, bit]) for bit in range(5)]
            for t in range(8)
        ]
        for b in range(2)
    ]
    assert record.wrong.tolist() == expected and record.wrong.any() and not record.wrong[:, :5].any()


def test_a_payload_is_framed_as_the_machine_knows_it():
    with_start = NTM(recipes.reliable.machine)
    bits = tasks.payload(3, 4, generator=torch.Generator().manual_seed(2))
    record = trace_copy(with_start, bits)
    assert torch.equal(record.inputs, tasks.frame_copy(bits).inputs) and record.w.shape[-1] == rows_needed(4)
    assert trace_copy(with_start, bits, memory_size=29).w.shape[-1] == 29
    post = NTM(recipes.post_2014.machine)
    record = trace_copy(post, bits[..., :7])
    assert record.inputs.shape == (3, 9, 8) and record.w.shape[-1] == 128


@pytest.mark.parametrize(
    "use", [lambda model: trace(model, batch_for(make())), lambda model: trace_copy(model, torch.ones(1, 2, 5))]
)
@pytest.mark.parametrize("model", [LSTMBaseline(LSTMConfig(7, 5, 3)), torch.nn.Linear(7, 5)])
def test_a_model_without_a_memory_is_refused(use, model):
    what = f"model is {type(model).__name__}: expected an NTM, whose heads and memory can be traced"
    with pytest.raises(TypeError, match=what):
        use(model)


def test_a_trace_that_does_not_fit_is_refused_before_it_is_made():
    """A trace of few rows is made and measured; one of so many steps that it just fits, and one step more."""
    model = make()
    record = trace(model, batch_for(model))
    kept = [record.w_previous, record.w_c, record.w_g, record.w_s, record.w, record.changes, record.memory]
    a_step = sum(part.numel() for part in kept) // (B * 8) * 8  # bytes
    fits = MOST_BYTES // a_step
    require_room(model, 1, fits, 13)
    with pytest.raises(ValueError, match=f"1 x {fits + 1} steps over 13 rows takes 2.0 GB: expected at most 2 GB;"):
        require_room(model, 1, fits + 1, 13)


@pytest.mark.parametrize(
    ("bits", "rows", "message"),
    [
        (torch.zeros(1, 4000, 8), None, "1 x 8002 steps over 8016 rows takes 8.0 GB: expected at most 2 GB"),
        (torch.zeros(300, 200, 8), None, "300 x 402 steps over 416 rows takes 6.2 GB: expected at most 2 GB"),
        (torch.zeros(1, 3, 8), 10**9, r"over 1000000000 rows takes \d+.\d GB: expected at most 2 GB"),
    ],
)
def test_a_copy_that_does_not_fit_is_refused(bits, rows, message):
    with pytest.raises(ValueError, match=message):
        trace_copy(NTM(recipes.reliable.machine), bits, rows)


def test_a_machine_of_another_precision_is_traced_in_its_own():
    record = trace_copy(NTM(recipes.reliable.machine).double(), tasks.payload(2, 5))
    assert record.w.dtype == record.targets.dtype == torch.float64
