"""Silence heads for a while, to see what depends on them."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from torch import nn

from ntm_lib.machine import NTM
from ntm_lib.machine.heads import Emission


@contextmanager
def silenced(model: NTM, read: Sequence[int] = (), write: Sequence[int] = ()) -> Iterator[None]:
    """Make some read heads return zeros to controller and output layer, and some write heads write nothing.

    Raises ValueError for a head that the machine does not have.
    """
    config = model.config
    for name, heads, count in (("read", read, config.read_heads), ("write", write, config.write_heads)):
        for head in heads:
            if not 0 <= head < count:
                raise ValueError(f"{name} head {head}: this machine has {count}, counted from 0")

    def without_reads(_: nn.Module, arguments: tuple[Any, ...]) -> tuple[Any, ...]:
        seen, *others = arguments  # the reads come last in what controller and output layer see
        kept = seen.new_ones(seen.shape[-1])
        kept[-config.read_heads * config.word_size :].view(config.read_heads, -1)[list(read)] = 0
        return seen * kept, *others

    def without_writes(_: nn.Module, __: tuple[Any, ...], emission: Emission) -> Emission:
        kept = emission.add.new_ones(config.write_heads, 1)
        kept[list(write)] = 0
        return emission._replace(erase=emission.erase * kept, add=emission.add * kept)

    see_reads = [model.controller] if config.output_from == "hidden" else [model.controller, model.output]
    hooks = [part.register_forward_pre_hook(without_reads) for part in see_reads]
    hooks.append(model.heads.register_forward_hook(without_writes))
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()
