"""The post's recipe with Eqs. 6 and 9 as they stand: python research/formulas_as_written.py NAME SEEDS RUNS TABLE.csv

Trains `post_2014` without the library's safeguards. NAME says whose formulas: `paper`, with PyTorch's derivatives; or
`post`, those of its code with the derivative of a power that Theano 0.6 had. Where numbers stop being finite, the table
says in which operation. RUNS keeps the machines; an interrupted command goes on from there.
"""

import csv
import math
import re
import sys
import traceback
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import patch

import torch
from torch import Tensor, nn
from torch.autograd.graph import Node
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from tqdm import tqdm

from ntm_lib.machine import addressing
from ntm_lib.study.manifest import parse_seeds
from ntm_lib.training import loop, recipes
from ntm_lib.training.losses import loss_of

POST_EPSILON = 1e-5
"""What the post's code adds to a length, outside its root (shawntan 01b0b6e)."""
EQUATIONS = {"cosine_of_the_paper": "Eq. 6", "cosine_of_the_post": "Eq. 6", "sharpen": "Eq. 9"}


def cosine_of_the_paper(memory: Tensor, key: Tensor) -> Tensor:
    """Eq. 6 as it is printed: (B,N,M), (B,H,M) -> (B,H,N)."""
    return key @ memory.mT / (key.norm(dim=-1, keepdim=True) * memory.norm(dim=-1).unsqueeze(1))


def cosine_of_the_post(memory: Tensor, key: Tensor) -> Tensor:
    """Eq. 6 as in the post's code: (B,N,M), (B,H,M) -> (B,H,N)."""
    unit_key = key / (key.square().sum(-1, keepdim=True).sqrt() + POST_EPSILON)
    unit_row = memory / (memory.square().sum(-1, keepdim=True).sqrt() + POST_EPSILON)
    return unit_key @ unit_row.mT


def sharpen_with(power: Callable[[Tensor, Tensor], Tensor]) -> Callable[[Tensor, Tensor], Tensor]:
    """Eq. 9 as it is printed, with one way to raise to a power: (B,H,N), (B,H) -> (B,H,N)."""

    def sharpen(w_s: Tensor, gamma: Tensor) -> Tensor:
        raised = power(w_s, gamma.unsqueeze(-1).expand_as(w_s))
        return raised / raised.sum(-1, keepdim=True)

    return sharpen


class _TheanoPower(torch.autograd.Function):
    """A power whose derivative by its exponent is that of Theano 0.6: no guard for 0 * log 0 (Theano issue 1780)."""

    @staticmethod
    def forward(ctx: Any, base: Tensor, exponent: Tensor) -> Tensor:
        ctx.save_for_backward(base, exponent)
        return base**exponent

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, Tensor]:
        base, exponent = ctx.saved_tensors
        return grad * exponent * base ** (exponent - 1), grad * base.log() * base**exponent


FORMULAS = {
    "paper": (cosine_of_the_paper, sharpen_with(torch.pow)),
    "post": (cosine_of_the_post, sharpen_with(_TheanoPower.apply)),
}
"""How Eqs. 6 and 9 are worked out in each arm."""


class FirstNotFinite(TorchDispatchMode):
    """Notes the first operation that makes a number that is not finite, and in which formula it stands."""

    found: str | None = None

    def __torch_dispatch__(self, func: Any, types: Any, args: tuple = (), kwargs: dict | None = None) -> Any:
        result = func(*args, **(kwargs or {}))
        numbers = [leaf for leaf in tree_leaves(result) if isinstance(leaf, Tensor) and leaf.is_floating_point()]
        if self.found is None and not all(bool(torch.isfinite(leaf).all()) for leaf in numbers):
            called = [frame.name for frame in traceback.extract_stack()]
            self.found = f"{func.overloadpacket.__name__} in {_formula(called)}"
        return result


def _formula(called: list[str]) -> str:
    """The equation of the innermost of these functions that has one."""
    known = [EQUATIONS[name] for name in called if name in EQUATIONS]
    return known[-1] if known else "another formula"


def explain(model: nn.Module, one: loop.Draw, record: dict) -> str:
    """In place of the library's: the operation of which a number was not finite first, forwards or on the way back."""
    with FirstNotFinite() as forwards:
        logits, _ = model(one.batch.inputs, memory_size=one.rows)
        loss = loss_of(logits, one.batch, recipes.post_2014.loss_over)
    where = forwards.found or _backwards(model, one)
    return f"update {record['update']}, length {record['length']}: the {where} is not finite (loss {loss:.4g})"


def _backwards(model: nn.Module, one: loop.Draw) -> str:
    """The operation whose derivative was the first that was not finite on the way back, and in which formula."""
    found: list[str] = []

    def look(node: Node, made: tuple[Tensor | None, ...], _: tuple) -> None:
        if not found and not all(gradient is None or gradient.isfinite().all() for gradient in made):
            operation = node.name().rpartition(".")[2].removesuffix("0").removesuffix("Backward")
            found.append(f"derivative of {operation} in {_formula(_called(node))}")

    with warnings.catch_warnings(), torch.enable_grad():
        warnings.simplefilter(
            "ignore"
        )  # anomaly detection says that it is slow; here it keeps where each node was made
        with torch.autograd.detect_anomaly(check_nan=False):
            logits, _ = model(one.batch.inputs, memory_size=one.rows)
            loss = loss_of(logits, one.batch, recipes.post_2014.loss_over)
        for node in _nodes(loss.grad_fn):
            node.register_hook(partial(look, node))
        gradients = torch.autograd.grad(loss, list(model.parameters()))
    overflowed = all(gradient.isfinite().all() for gradient in gradients)
    return found[0] if found else "gradient norm" if overflowed else "sum of gradients"


def _nodes(last: Node) -> set[Node]:
    """All nodes of a graph of derivatives that this one leads to."""
    nodes, new = set(), [last]
    while new:
        node = new.pop()
        if node is not None and node not in nodes:
            nodes.add(node)
            new += [one for one, _ in node.next_functions]
    return nodes


def _called(node: Node) -> list[str]:
    """The functions in which a node was made, the outermost first."""
    return [name for line in node.metadata.get("traceback_", []) for name in re.findall(r"line \d+, in (\w+)", line)]


@contextmanager
def formulas(name: str) -> Iterator[None]:
    """The library with other formulas for Eqs. 6 and 9, for as long as the block runs."""
    cosine, sharpen = FORMULAS[name]
    with (
        patch.object(addressing, "cosine_similarity", cosine),
        patch.object(addressing, "sharpen", sharpen),
        patch.object(loop, "explain_not_finite", explain),
    ):
        yield


def main(name: str, seeds: str, runs: str, table: str) -> None:
    """Train every seed with one set of formulas, and write one line a run."""
    torch.set_num_threads(1)
    outs = {seed: Path(runs) / name / str(seed) for seed in parse_seeds(seeds)}
    with formulas(name):
        trained = loop.train_together(recipes.post_2014, outs)
        lines = {result.seed: line_of(result) for result in tqdm(trained, total=len(outs), disable=None)}
    with Path(table).open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["seed", "sequences", "wrong_bits_20", "peak_gradient_norm", "stopped"])
        writer.writerows([seed, *lines[seed]] for seed in sorted(lines))


def line_of(result: loop.Result) -> list:
    """What the table says of one run; its largest gradient norm is of the updates before any that was not finite."""
    norms = [record["gradient_norm"] for record in result.history if math.isfinite(record["gradient_norm"])]
    return [
        result.sequences,
        result.verdict.reports[0].lengths[20].wrong_bits,
        max(norms, default=None),
        result.stopped,
    ]


if __name__ == "__main__":
    main(*sys.argv[1:])
