"""What the machine is compared with: decoders see what they may, and a table goes on where it stopped."""

import csv
from collections import Counter
from pathlib import Path

import pytest
import torch

from ntm_lib import evaluate, tasks
from ntm_lib.machine import NTM, LSTMBaseline, LSTMConfig, NTMConfig
from ntm_lib.training import recipes
from ntm_lib.training.evaluation import SPARE_ROWS, generator_of
from research import comparison
from research.comparison import PLANS, Copies, Decoder, Plan, asked, draw_length, fed_back, learn, main

STORED = Path(comparison.__file__).parents[1] / "data" / "studies" / "baselines"
HEADS, WINDOWS, T = 5, 3, 7


def decoder(windows=0, seed=0):
    torch.manual_seed(seed)
    return Decoder(windows, width=10, layers=2, heads=HEADS)


def test_heads_see_no_later_step_and_those_with_a_window_only_the_last_few():
    hidden = decoder(WINDOWS).hidden(T)
    for head in range(HEADS):
        for now in range(T):
            window = head + 1 if head < WINDOWS else T
            seen = [step for step in range(T) if step <= now and now - step < window]
            assert (~hidden[head, now]).nonzero().flatten().tolist() == seen


@pytest.mark.parametrize("windows", [0, WINDOWS])
def test_an_answer_does_not_depend_on_what_comes_later(windows):
    model, inputs = decoder(windows), torch.randn(2, T, 10)
    later = inputs.clone()
    later[:, 4:] += 1
    torch.testing.assert_close(model(later)[0][:, :4], model(inputs)[0][:, :4])
    assert not torch.allclose(model(later)[0][:, 4:], model(inputs)[0][:, 4:])


def test_with_windows_alone_only_the_last_steps_count():
    """Two layers of heads that see at most three steps reach back four."""
    torch.manual_seed(0)
    model, inputs = Decoder(windows=3, width=9, layers=2, heads=3), torch.randn(1, T, 10)
    for step, reaches in ((1, False), (2, True)):
        other = inputs.clone()
        other[:, step] += 1
        assert torch.allclose(model(other)[0][:, 6], model(inputs)[0][:, 6]) != reaches


def test_only_sines_tell_where_a_step_stands():
    """Steps that are all alike have one output, unless a code tells them apart."""
    alike = torch.ones(1, T, 10)
    for windows, told in ((0, True), (WINDOWS, False)):
        logits = decoder(windows)(alike)[0]
        assert torch.allclose(logits, logits[:, :1].expand_as(logits), atol=1e-6) != told
    torch.testing.assert_close(comparison.sines(3, 2), torch.tensor([[0, 1], [0.84147, 0.54030], [0.90930, -0.41615]]))


def test_a_decoder_with_windows_is_shown_its_answer_a_vector_late_and_no_other_model_is():
    batch = tasks.copy(batch_size=3, length=2)
    shown = fed_back(batch, decoder(WINDOWS))
    assert torch.equal(shown.inputs[:, :5], batch.inputs[:, :5])  # start, two vectors, end, and the first blank
    assert torch.equal(shown.inputs[:, 5, :8], batch.inputs[:, 1, :8]) and not shown.inputs[:, 5, 8:].any()
    assert fed_back(batch, decoder()) is batch
    assert fed_back(batch, LSTMBaseline(LSTMConfig(10, 8, hidden_size=3))) is batch


def test_a_decoder_whose_inputs_are_the_answers_is_shown_nothing_more():
    batch = tasks.ngrams(batch_size=3, length=11, context=2)
    assert fed_back(batch, Decoder(WINDOWS, width=10, heads=HEADS, inputs=1, outputs=1, fed=False)) is batch


def test_the_answer_of_a_task_is_shown_in_the_channels_of_its_vectors_alone():
    """The end marker of repeat copy, whose channel is that of the start marker, is due at the last step."""
    batch = tasks.repeat_copy(batch_size=3, length=2, repeats=5, counting="ticks")
    shown = fed_back(batch, decoder(WINDOWS)).inputs
    late = shown[:, -10:]
    assert torch.equal(late[..., :8], batch.targets[:, -11:-1, :8]) and not late[..., 8:].any()
    assert torch.equal(shown[:, :-10], batch.inputs[:, :-10])


def answers_itself(model, batch):
    """All answers of a decoder that is shown what it said itself, step by step."""
    inputs = batch.inputs.clone()
    for step in range(inputs.shape[1]):
        said = (model(inputs[:, : step + 1])[0][:, step] > 0).float()
        if step + 1 < inputs.shape[1]:
            inputs[:, step + 1, :8] += said * batch.mask[:, step : step + 1]
    return model(inputs)[0]


@torch.no_grad()
def test_a_sequence_is_right_with_the_right_vectors_shown_exactly_if_it_is_with_its_own():
    """The right vectors are what a decoder says itself, but for one bit of every second sequence."""
    model, batch = decoder(WINDOWS), tasks.copy(batch_size=11, length=3, generator=torch.Generator().manual_seed(3))
    own = answers_itself(model, batch)
    targets = (own > 0).float() * batch.mask.unsqueeze(-1)
    targets[::2, 6, 5] = 1 - targets[::2, 6, 5]
    batch = batch._replace(targets=targets)
    shown = model(fed_back(batch, model).inputs)[0]
    for logits in (own, shown):
        assert ((tasks.copying().errors(logits, batch) > 0) == torch.arange(11).remainder(2).eq(0)).all()


def test_what_is_asked_is_what_evaluate_asks():
    """The same sequences, and the logits of the model for them."""
    model = LSTMBaseline(LSTMConfig(10, 8, hidden_size=3))
    batch, logits = asked(model, tasks.copying(), 3, 23, generator_of(1, 3))
    drawn = tasks.copy(23, 3, generator=generator_of(1, 3))
    assert torch.equal(batch.inputs, drawn.inputs)
    torch.testing.assert_close(logits, model(drawn.inputs)[0].detach())
    counted = evaluate(model, [3], 23, seed=1).lengths[3]
    assert counted.wrong_bits == int(tasks.copying().errors(logits, batch).sum())


def test_a_machine_is_asked_with_rows_to_spare():
    machine = NTM(NTMConfig(10, 8, memory_size=5, word_size=3, controller_size=7), torch.Generator().manual_seed(2))
    batch, logits = asked(machine, tasks.copying(), 11, 2, generator_of(1, 11))
    rows = tasks.copying().rows_needed(11) + SPARE_ROWS
    torch.testing.assert_close(logits, machine(batch.inputs, memory_size=rows)[0].detach())


def test_the_longest_length_rises_when_it_is_learned_and_not_beyond_ten():
    copies = Copies(longest=9)
    for loss in (0.0,) * 193:  # 0.99 ** 193 * log 2 is just below 0.1, 0.99 ** 192 just above
        assert copies.longest == 9
        copies.see(loss)
    assert copies.longest == 10
    for _ in range(500):
        copies.see(0.0)
    assert copies.longest == 10
    assert copies.draw(0, torch.Generator().manual_seed(0)).inputs.shape[0] == comparison.BATCH


def test_learning_draws_for_every_update_and_tells_its_loss():
    updates, losses = [], []

    def draw(update, generator):
        updates.append(update)
        return tasks.copy(5, 2, generator=generator)

    plan = Plan(lambda: LSTMBaseline(LSTMConfig(10, 8, hidden_size=3)), updates=7, rate=1e-3)
    first, second = (learn(plan, seed, draw, losses.append) for seed in (0, 0))
    assert updates == [*range(7)] * 2
    assert losses[:7] == losses[7:] and all(0.5 < loss < 1 for loss in losses)
    assert all(map(torch.equal, first.parameters(), second.parameters()))


def test_lengths_to_train_on():
    generator = torch.Generator().manual_seed(0)
    drawn = Counter(draw_length(4, generator) for _ in range(4000))
    assert sorted(drawn) == [1, 2, 3, 4]
    for length, share in ((1, 0.1), (2, 0.1), (3, 0.4), (4, 0.4)):  # 0.6 on two, 0.4 on four
        assert abs(drawn[length] / 4000 - share) < 0.03
    assert {draw_length(1, generator) for _ in range(50)} == {1}


@pytest.fixture
def small(monkeypatch):
    """Plans and lengths that take no time."""
    plan = Plan(lambda: LSTMBaseline(LSTMConfig(10, 8, hidden_size=3)), updates=2, rate=1e-3, first=2)
    monkeypatch.setattr(comparison, "PLANS", {"lstm": plan, "sinusoidal": plan})
    monkeypatch.setattr(comparison, "LENGTHS", (1, 3))


def test_a_table_goes_on_where_it_stopped(small, tmp_path, capsys):
    main(["--seeds", "0", "--out", str(tmp_path), "lstm"])
    first = (tmp_path / "lengths.csv").read_text(encoding="utf-8")
    main(["--seeds", "0-1", "--out", str(tmp_path), "lstm", "sinusoidal"])
    whole = (tmp_path / "lengths.csv").read_text(encoding="utf-8")
    assert whole.startswith(first)
    rows = list(csv.DictReader(whole.splitlines()))
    done = [(row["model"], row["seed"], row["length"]) for row in rows]
    assert sorted(done) == sorted((m, s, n) for m in ("lstm", "sinusoidal") for s in "01" for n in "13")
    assert {row["shown"] for row in rows} == {"64"}


def test_an_unknown_model_is_named(tmp_path, capsys):
    with pytest.raises(SystemExit):
        main(["--out", str(tmp_path), "gru"])
    assert "model is 'gru': expected any of ntm, lstm, sinusoidal, hard-alibi" in capsys.readouterr().err


def test_the_stored_table_is_that_of_the_command():
    """Every model, ten seeds, every length; and each model was shown what its plan says."""
    with (STORED / "lengths.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    done = {(row["model"], int(row["seed"]), int(row["length"])) for row in rows}
    wanted = {(m, s, n) for m in ("ntm", *PLANS) for s in range(10) for n in comparison.LENGTHS}
    assert done == wanted and len(rows) == len(wanted)
    assert {row["sequences"] for row in rows} == {str(comparison.SEQUENCES)}
    assert {int(row["bits"]) for row in rows if row["length"] == "3"} == {comparison.SEQUENCES * 3 * 8}
    for model, plan in PLANS.items():
        own = {(int(row["shown"]), int(row["weights"])) for row in rows if row["model"] == model}
        assert own == {(plan.updates * comparison.BATCH, sum(one.numel() for one in plan.make().parameters()))}
    assert recipes.reliable.max_length == comparison.LONGEST == 10
