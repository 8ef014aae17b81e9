"""Silence heads for a while, to see what depends on them."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from torch import Tensor

from ntm_lib.analysis.trace import with_memory
from ntm_lib.training.evaluation import Machine


@contextmanager
def silenced(model: Machine, read: Sequence[int] = (), write: Sequence[int] = ()) -> Iterator[None]:
    """Make some read heads return zeros, and some write heads write nothing, in all that runs but `NTM.step`.

    Raises TypeError for a model without a memory, ValueError for a head that the machine does not have.
    """
    model = with_memory(model)
    config, equations = model.config, model.equations
    for name, heads, count in (("read", read, config.read_heads), ("write", write, config.write_heads)):
        for head in heads:
            if not 0 <= head < count:
                raise ValueError(f"{name} head {head}: this machine has {count}, counted from 0")

    def some_read(memory: Tensor, weights: Tensor) -> Tensor:
        reads = equations.read(memory, weights)
        return reads.index_fill(1, reads.new_tensor(read).long(), 0)

    def some_write(memory: Tensor, weights: Tensor, erase: Tensor, add: Tensor) -> Tensor:
        silent = erase.new_tensor(write).long()
        return equations.write(memory, weights, erase.index_fill(1, silent, 0), add.index_fill(1, silent, 0))

    model.equations = equations._replace(read=some_read, write=some_write)
    try:
        yield
    finally:
        model.equations = equations
