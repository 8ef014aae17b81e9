"""Take heads away for a while, to see what depends on them."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from torch import Tensor, nn

from ntm_lib.machine import NTM
from ntm_lib.machine.heads import Emission


@contextmanager
def silenced(model: NTM, read: Sequence[int] = (), write: Sequence[int] = ()) -> Iterator[None]:
    """Meanwhile these read heads return zeros to the controller and to the output, and these write heads do nothing.

    Raises ValueError for a head that the machine does not have.
    """
    config = model.config
    for name, heads, count in (("read", read, config.read_heads), ("write", write, config.write_heads)):
        for head in heads:
            if not 0 <= head < count:
                raise ValueError(f"{name} head {head}: this machine has {count}, counted from 0")

    def without_reads(_: nn.Module, arguments: tuple) -> tuple:
        seen, *others = arguments
        seen = seen.clone()
        reads = seen[..., -config.read_heads * config.word_size :].unflatten(-1, (config.read_heads, -1))
        reads[..., list(read), :] = 0
        return seen, *others

    def without_writes(_: nn.Module, __: tuple, emission: Emission) -> Emission:
        erase, add = _without(emission.erase, write), _without(emission.add, write)
        return emission._replace(erase=erase, add=add)

    hooks = [model.heads.register_forward_hook(without_writes)]
    hooks.append(model.controller.register_forward_pre_hook(without_reads))
    if config.output_from != "hidden":
        hooks.append(model.output.register_forward_pre_hook(without_reads))
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()


def _without(vectors: Tensor, heads: Sequence[int]) -> Tensor:
    """A copy of one vector a head (B, W, M), with zeros for some heads."""
    vectors = vectors.clone()
    vectors[:, list(heads)] = 0
    return vectors
