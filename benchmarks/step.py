"""One update at the paper's size: this library, alone and in a group, beside a DNC, a textbook NTM and an LSTM."""

import importlib.util

import torch
from torch import nn
from torch.func import functional_call
from torch.nn.functional import binary_cross_entropy_with_logits

from benchmarks import limit, report
from benchmarks.textbook import TextbookNTM
from ntm_lib import NTM, NTMConfig, tasks
from ntm_lib.machine.stack import stack
from ntm_lib.study.tables import aligned

LENGTH, ROWS, WIDTH, HIDDEN, INPUT, OUTPUT = 20, 128, 20, 100, 10, 8
TOGETHER = {1: 8, 16: 8, 32: 4}
"""How many machines share a pass at each batch size: with more, their memories leave the cache."""
ROUNDS = 7
COMPILED = {
    "dynamic": False,
    "options": {
        "cpp_wrapper": True,
        "size_asserts": False,
        "unroll_reductions_threshold": 1,
        "cpp.enable_floating_point_contract_flag": "fast",
        "cpp.use_decompose_tanh": True,
    },
}
"""Options of `model.compile_step`: for one shape, with calls of parts in C++ and no checks of their sizes; sums
over heads once and not again for every cell of the memory; fused multiply-adds; tanh from exp."""


class DNCWithOutput(nn.Module):
    """The DNC of the package `dnc`, whose output is as wide as its input, with an output layer behind it."""

    def __init__(self):
        from dnc.dnc import DNC

        super().__init__()
        sizes = {"nr_cells": ROWS, "cell_size": WIDTH, "read_heads": 1}
        self.dnc = DNC(INPUT, HIDDEN, rnn_type="lstm", num_layers=1, num_hidden_layers=1, gpu_id=-1, **sizes)
        self.output = nn.Linear(INPUT, OUTPUT)

    def forward(self, inputs):
        hidden, _ = self.dnc(inputs, (None, None, None), reset_experience=True)
        return self.output(hidden)


class PlainLSTM(nn.Module):
    """An LSTM of as many units, without a memory."""

    def __init__(self):
        super().__init__()
        self.lstm, self.output = nn.LSTM(INPUT, HIDDEN, batch_first=True), nn.Linear(HIDDEN, OUTPUT)

    def forward(self, inputs):
        return self.output(self.lstm(inputs)[0])


def update_of(model: nn.Module, batch: tasks.Batch):
    """Forwards, backwards and a step of Adam, as a call."""
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-4)
    weight = batch.mask.unsqueeze(-1)

    def update():
        optimizer.zero_grad()
        logits = model(batch.inputs)
        logits = logits[0] if isinstance(logits, tuple) else logits
        binary_cross_entropy_with_logits(logits, batch.targets, weight).backward()
        optimizer.step()

    return update


def update_together(models: list[NTM], batch: tasks.Batch):
    """The same for a group of machines in one pass through the first, each with a batch and an optimiser of its own."""
    optimizers = [torch.optim.Adam(model.parameters(), lr=1e-4) for model in models]
    inputs, targets = (part.repeat(len(models), 1, 1) for part in batch[:2])
    weight = batch.mask.unsqueeze(-1).repeat(len(models), 1, 1)

    def update():
        for optimizer in optimizers:
            optimizer.zero_grad()
        logits, _ = functional_call(models[0], stack(models), (inputs,))
        binary_cross_entropy_with_logits(logits, targets, weight, reduction="sum").backward()
        for optimizer in optimizers:
            optimizer.step()

    return update


def sides(batch_size: int) -> dict:
    """All updates to be timed, by name; those of a group are of `TOGETHER` machines."""
    torch.compiler.reset()  # or it gives up compiling after eight shapes
    batch = tasks.copy(batch_size, LENGTH, OUTPUT, generator=torch.Generator().manual_seed(0))
    calls = {}
    for controller in ("feed-forward", "lstm"):
        config = NTMConfig(INPUT, OUTPUT, ROWS, WIDTH, controller=controller, controller_size=HIDDEN)
        calls[f"ours, {controller}"] = update_of(NTM(config), batch)
        compiled = NTM(config)
        compiled.compile_step(**COMPILED)
        calls[f"ours compiled, {controller}"] = update_of(compiled, batch)
        for name in ("ours in a group", "ours compiled in a group"):
            group = [NTM(config) for _ in range(TOGETHER[batch_size])]
            if "compiled" in name:
                group[0].compile_step(**COMPILED)
            calls[f"{name}, {controller}"] = update_together(group, batch)
        textbook = TextbookNTM(INPUT, OUTPUT, ROWS, WIDTH, HIDDEN, controller == "lstm")
        calls[f"textbook, {controller}"] = update_of(textbook, batch)
    if importlib.util.find_spec("dnc"):
        calls["dnc, lstm"] = update_of(DNCWithOutput(), batch)
    calls["no memory, lstm"] = update_of(PlainLSTM(), batch)
    return calls


def measure() -> list[dict]:
    """Milliseconds an update of one machine, for every side, batch size and number of threads."""
    results = []
    for threads in (1, 2):
        torch.set_num_threads(threads)
        for batch_size in (1, 16, 32):
            floors = {
                name: limit.seconds(
                    batch_size, 2 * LENGTH + 2, ROWS, WIDTH, HIDDEN, INPUT + WIDTH, OUTPUT, name == "lstm"
                )
                for name in ("feed-forward", "lstm")
            }
            for name, times in report.in_turn(sides(batch_size), ROUNDS).items():
                machines = TOGETHER[batch_size] if "group" in name else 1
                spread = {key: 1e3 * value / machines for key, value in report.spread(times).items()}
                floor = 1e3 * floors[name.rpartition(", ")[2]]
                results.append({"side": name, "batch": batch_size, "threads": threads, **spread, "limit": floor})
    return results


def main() -> None:
    """Measure, keep and print."""
    results = measure()
    report.keep("step", "python -m benchmarks step", results)
    median = {(one["side"], one["batch"], one["threads"]): one["median"] for one in results}
    rows = []
    for one in results:
        side, batch, threads = one["side"], one["batch"], one["threads"]
        against = [f"textbook, {side.rpartition(', ')[2]}", "dnc, lstm"]
        ratios = [
            median[rival, batch, threads] / one["median"] if (rival, batch, threads) in median else "-"
            for rival in against
        ]
        ratios = ratios if side.startswith("ours") else ["-", "-"]
        limit_ratio = "-" if side.startswith("no memory") or side.startswith("dnc") else one["median"] / one["limit"]
        rows.append([side, batch, threads, one["median"], one["fastest"], one["slowest"], *ratios, limit_ratio])
    columns = [
        "update of one machine",
        "batch",
        "threads",
        "ms",
        "fastest",
        "slowest",
        "× textbook",
        "× dnc",
        "× limit",
    ]
    print(aligned([columns, *rows]))
