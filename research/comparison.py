"""Train what the machine is compared with on copying, and count what comes back whole, by length.

    python -m research.comparison --seeds 0-9 --out data/studies/baselines [MODEL ...]

All learn lengths 1 to 10, as `reliable` does. Models and seeds that a table has already are not trained again.
"""

import argparse
import csv
import json
import math
import platform
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import torch
from safetensors.torch import save_file
from torch import Generator, Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from ntm_lib import __version__, evaluate, tasks, train
from ntm_lib.machine import NTM, LSTMBaseline, LSTMConfig
from ntm_lib.study.seeds import parse_seeds
from ntm_lib.tasks import Batch, Task
from ntm_lib.tasks.sizes import Size
from ntm_lib.training import recipes
from ntm_lib.training.evaluation import answer, counted, generator_of, rows_with_room

LONGEST = recipes.reliable.max_length
LENGTHS = (*range(1, LONGEST + 1), 12, 15, 20, 30, 50, 80, 120, 200)
SEQUENCES = 100  # tested at each length
BATCH, WARM_UP = 32, 100  # sequences in an update, and updates in which the learning rate rises
LEARNED = 0.1  # running loss, in nats a bit, at which the longest length of a curriculum rises by one
LONG = 0.6  # share of the updates with one of the two longest lengths so far, where most is left to learn
COUNTED = ("sequences", "wrong_sequences", "bits", "wrong_bits")
COLUMNS = ("model", "seed", "weights", "shown", "seconds", "length", *COUNTED)


class Decoder(nn.Module):
    """A small causal Transformer of PyTorch's own layers, with one of two codes of where a step stands.

    Without `windows`, sines of a step's number are added to it (Vaswani et al. 2017). With them, head number i sees the
    last i + 1 steps for i < windows, the other heads all, and nothing else tells steps apart: this is hard-ALiBi
    (Jelassi et al. 2024), which copies farthest beyond its training of the codes that they compare. It finds its place
    by the last few vectors of its answer, so it is shown that answer, a vector late; not where it is not `fed` because
    its inputs are the answers anyway, as in N-grams.
    """

    def __init__(
        self,
        windows: int = 0,
        width: int = 64,
        layers: int = 2,
        heads: int = 8,
        inputs: int = 10,
        outputs: int = 8,
        fed: bool = True,
    ):
        super().__init__()
        self.windows, self.heads, self.fed = windows, heads, fed and windows > 0
        self.embed, self.norm, self.output = nn.Linear(inputs, width), nn.LayerNorm(width), nn.Linear(width, outputs)
        options = {"dropout": 0.0, "activation": "gelu", "batch_first": True, "norm_first": True}
        made = (nn.TransformerEncoderLayer(width, heads, 4 * width, **options) for _ in range(layers))
        self.layers = nn.ModuleList(made)

    def forward(self, inputs: Tensor) -> tuple[Tensor, None]:
        """inputs (B, T, inputs) -> logits (B, T, outputs)."""
        x, hidden = self.embed(inputs), self.hidden(inputs.shape[1])
        if not self.windows:
            x = x + sines(inputs.shape[1], x.shape[-1])
        for layer in self.layers:
            x = layer(x, src_mask=hidden.repeat(len(x), 1, 1))
        return self.output(self.norm(x)), None

    def hidden(self, steps: int) -> Tensor:
        """Which step (column) each head may not see from which step (row) -> (heads, steps, steps)."""
        back = torch.arange(steps)[:, None] - torch.arange(steps)
        head = torch.arange(self.heads)[:, None, None]
        return (back < 0) | ((head < self.windows) & (back > head))


def sines(steps: int, width: int) -> Tensor:
    """Sines and cosines of the numbers of steps, at wavelengths from 2π to 20,000π -> (steps, width)."""
    rates = torch.exp(torch.arange(0, width, 2) * (-math.log(10_000) / width))
    angles = torch.arange(steps)[:, None] * rates
    return torch.cat([angles.sin(), angles.cos()], dim=-1)


class Plan(NamedTuple):
    """The way in which a model is made and trained."""

    make: Callable[[], nn.Module]
    updates: int
    rate: float  # peak of the learning rate, which falls to zero
    first: int = LONGEST  # the longest length to copy in the beginning
    batch: int = BATCH  # sequences in an update


PLANS = {
    "lstm": Plan(lambda: LSTMBaseline(LSTMConfig(10, 8, hidden_size=128, layers=2)), updates=9000, rate=4e-3, first=2),
    "sinusoidal": Plan(Decoder, updates=4000, rate=2e-3),
    "hard-alibi": Plan(lambda: Decoder(windows=4), updates=4000, rate=2e-3),
}


class Copies:
    """Batches to copy, of lengths up to one that rises by one whenever it is learned."""

    def __init__(self, longest: int):
        self.longest, self.running = longest, math.log(2)

    def draw(self, _: int, generator: Generator) -> Batch:
        """The batch of the next update."""
        return tasks.copy(BATCH, draw_length(self.longest, generator), generator=generator)

    def see(self, loss: float) -> None:
        """Take note of the loss of an update, in nats a bit."""
        self.running = 0.99 * self.running + 0.01 * loss
        if self.running < LEARNED and self.longest < LONGEST:
            self.longest, self.running = self.longest + 1, math.log(2)


def learn(
    plan: Plan, seed: int, draw: Callable[[int, Generator], Batch], see: Callable[[float], None] | None = None
) -> nn.Module:
    """Train a model on what `draw` draws for each update, and return the running average of its weights.

    `see` is told the loss of each update.
    """
    torch.manual_seed(seed)
    model, generator = plan.make(), Generator().manual_seed(seed)
    average = AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(0.998))
    optimizer = torch.optim.Adam(model.parameters(), betas=(0.9, 0.99))
    for update in range(plan.updates):
        batch = fed_back(draw(update, generator), model)
        counts = batch.mask > 0
        loss = binary_cross_entropy_with_logits(model(batch.inputs)[0][counts], batch.targets[counts])
        optimizer.zero_grad()
        torch.autograd.backward(loss)
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.param_groups[0]["lr"] = plan.rate * min((update + 1) / WARM_UP, 1 - update / plan.updates)
        optimizer.step()
        average.update_parameters(model)
        if see:
            see(loss.item())
    return average.module


def draw_length(longest: int, generator: Generator) -> int:
    """A length from 1 to the longest, more often one of the two longest."""
    chance, place = torch.rand(2, generator=generator).tolist()
    lengths = (longest - 1, longest) if chance < LONG else range(1, longest + 1)
    return max(1, lengths[int(place * len(lengths))])


def fed_back(batch: Batch, model: nn.Module) -> Batch:
    """A batch as a model sees it: a decoder that is fed is shown each vector of the answer a step after it was due.

    These are the right vectors, not the decoder's. All its answers are right with them if, and only if, all are right
    when it is shown its own.
    """
    if not getattr(model, "fed", False):
        return batch
    inputs = batch.inputs.clone()
    inputs[:, 1:, : batch.targets.shape[-1]] += batch.targets[:, :-1]
    return batch._replace(inputs=inputs)


@torch.no_grad()
def asked(model: nn.Module, task: Task, size: Size, sequences: int, generator: Generator) -> tuple[Batch, Tensor]:
    """Run random sequences of a task through a model; returns them, and the logits of its answers."""
    batch = task.drawn(next(iter(task.kinds.values())), sequences, size, generator)
    if isinstance(model, NTM):
        return batch, answer(model, batch.inputs, rows_with_room(model, task, size))
    shown = fed_back(batch, model)
    return batch, torch.cat([model(part)[0] for part in shown.inputs.split(20)])


def trained(name: str, seed: int) -> tuple[nn.Module, int]:
    """Train a model by name; returns it, and the sequences that it was shown."""
    if name == "ntm":
        result = train(recipes.reliable, seed)
        return result.model, result.sequences
    copies = Copies(PLANS[name].first)
    return learn(PLANS[name], seed, copies.draw, copies.see), PLANS[name].updates * BATCH


def rows_of(name: str, seed: int, out: Path) -> Iterable[dict[str, object]]:
    """Train one model from one seed, and count: a row for each length; keeps the weights of the LSTM of seed 0."""
    started = time.process_time()
    model, shown = trained(name, seed)
    seconds = round(time.process_time() - started, 1)
    if (name, seed) == ("lstm", 0):
        save_file(model.state_dict(), out / "lstm.safetensors")
    weights = sum(parameter.numel() for parameter in model.parameters())
    for length in LENGTHS:
        if isinstance(model, NTM):
            found = evaluate(model, [length], SEQUENCES, seed=1).lengths[length]
        else:
            batch, logits = asked(model, tasks.copying(), length, SEQUENCES, generator_of(1, length))
            found = counted(batch, tasks.copying().errors(logits, batch))
        yield dict(zip(COLUMNS, (name, seed, weights, shown, seconds, length, *found.to_json().values()), strict=True))


def main(arguments: list[str]) -> None:
    """Train what is not in the table yet, and add its rows."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    names = ["ntm", *PLANS]
    parser.add_argument("models", nargs="*", metavar="MODEL", help=f"any of {', '.join(names)}; all if left out")
    parser.add_argument("--seeds", type=parse_seeds, default=range(10))
    parser.add_argument("--out", type=Path, required=True)
    values = parser.parse_args(arguments)
    if unknown := [name for name in values.models if name not in names]:
        parser.error(f"model is {unknown[0]!r}: expected any of {', '.join(names)}")
    torch.set_num_threads(1)
    values.out.mkdir(parents=True, exist_ok=True)
    write_manifest(values.out, [f"python -m research.comparison --seeds 0-9 --out {values.out}"])
    wanted = [(name, seed) for seed in values.seeds for name in values.models or names]
    complete(values.out / "lengths.csv", COLUMNS, wanted, lambda name, seed: rows_of(name, seed, values.out))


def write_manifest(out: Path, commands: list[str]) -> None:
    """Write down the commands that make a table, and the versions of what ran them."""
    versions = {"python": platform.python_version(), "torch": torch.__version__, "ntm_lib": __version__}
    manifest = {"commands": commands, "versions": versions}
    (out / "manifest.json").write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")


def complete(
    table: Path,
    columns: Sequence[str],
    wanted: Iterable[tuple[str, int]],
    rows_of: Callable[..., Iterable[dict[str, object]]],
) -> None:
    """Add the rows of each wanted model and seed that a table does not have, and print how many sequences are wrong."""
    if not table.exists():
        table.write_text(",".join(columns) + "\n", encoding="utf-8")
    with table.open(newline="", encoding="utf-8") as file:
        done = {(row["model"], int(row["seed"])) for row in csv.DictReader(file)}
    for name, seed in wanted:
        if (name, seed) not in done:
            rows = list(rows_of(name, seed))
            with table.open("a", newline="", encoding="utf-8") as file:
                csv.DictWriter(file, columns, lineterminator="\n").writerows(rows)
            print(*list(rows[0].values())[:5], {row[columns[5]]: row["wrong_sequences"] for row in rows}, flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
