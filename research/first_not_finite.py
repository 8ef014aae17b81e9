"""Find the first operation of a machine whose result, or whose derivative, is not finite."""

import re
import traceback
import warnings
from collections.abc import Mapping
from functools import partial
from typing import Any, cast

import torch
from torch import Tensor
from torch.autograd.graph import Node
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from ntm_lib.machine import NTM
from ntm_lib.tasks import Batch
from ntm_lib.training.losses import loss_of

WORDS = {"div": "division", "Div": "division", "pow": "power", "Pow": "power", "TheanoPower": "power"}
"""Names of operations, as PyTorch has them, in words."""


def operation(model: NTM, batch: Batch, loss_over: str, formula_of: Mapping[str, str]) -> str:
    """The first operation that is not finite, such as "division in Eq. 9" or "derivative of power in Eq. 9".

    `formula_of` names the equations of the functions that work them out. "gradient norm" stands for finite gradients
    whose norm no float32 holds, and "sum of gradients" for finite derivatives with a sum that is not.
    """
    with FirstNotFinite(formula_of) as forward:
        logits, _ = model(batch.inputs)
        loss_of(logits, batch, loss_over)
    return forward.found or derivative(model, batch, loss_over, formula_of)


class FirstNotFinite(TorchDispatchMode):
    """Notes the first operation whose result is not finite, and the equation that the operation belongs to."""

    def __init__(self, formula_of: Mapping[str, str]):
        super().__init__()
        self.formula_of, self.found = formula_of, ""

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """Run an operation and look at its result, unless that is memory with nothing in it yet."""
        result = func(*args, **(kwargs or {}))
        if "empty" in func.overloadpacket.__name__:
            return result
        numbers = [leaf for leaf in tree_leaves(result) if isinstance(leaf, Tensor) and leaf.is_floating_point()]
        if not self.found and not all(bool(torch.isfinite(leaf).all()) for leaf in numbers):
            called = [frame.name for frame in traceback.extract_stack()]
            self.found = in_words(func.overloadpacket.__name__, called, self.formula_of)
        return result


def in_words(name: str, called: list[str], formula_of: Mapping[str, str]) -> str:
    """An operation, and the equation of the innermost of the called functions that works one out."""
    known = [formula_of[function] for function in called if function in formula_of]
    return f"{WORDS.get(name, name)} in {known[-1] if known else 'another formula'}"


def derivative(model: NTM, batch: Batch, loss_over: str, formula_of: Mapping[str, str]) -> str:
    """The first derivative that is not finite on the way back from the loss."""
    found: list[str] = []

    def look(node: Node, made: tuple[Tensor | None, ...], _: tuple[Tensor | None, ...]) -> None:
        if not found and not all(gradient is None or gradient.isfinite().all() for gradient in made):
            name = node.name().rpartition(".")[2].removesuffix("0").removesuffix("Backward")
            found.append(f"derivative of {in_words(name, called_for(node), formula_of)}")

    with warnings.catch_warnings(), torch.enable_grad():
        # Anomaly detection warns that it is slow; it keeps the functions in which every node was made.
        warnings.simplefilter("ignore")
        with torch.autograd.detect_anomaly(check_nan=False):
            logits, _ = model(batch.inputs)
            loss = loss_of(logits, batch, loss_over)
        for node in nodes(loss.grad_fn):
            node.register_hook(partial(look, node))
        gradients = torch.autograd.grad(loss, list(model.parameters()))
    overflowed = all(gradient.isfinite().all() for gradient in gradients)
    return found[0] if found else "gradient norm" if overflowed else "sum of gradients"


def nodes(last: Node | None) -> set[Node]:
    """All nodes of the graph of derivatives that ends in a node."""
    found, new = set(), [last]
    while new:
        node = new.pop()
        if node is not None and node not in found:
            found.add(node)
            new += [before for before, _ in node.next_functions]
    return found


def called_for(node: Node) -> list[str]:
    """The functions in which a node was made, the outermost first."""
    metadata = cast(Mapping[str, list[str]], node.metadata)
    return [name for line in metadata.get("traceback_", []) for name in re.findall(r"line \d+, in (\w+)", line)]
