"""Neural Turing Machines that learn to copy, small enough to read."""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ntm_lib.machine import NTM, NTMConfig
    from ntm_lib.training.checkpoints import load
    from ntm_lib.training.evaluation import evaluate
    from ntm_lib.training.loop import train

__version__ = "0.2.0"

__all__ = ["NTM", "NTMConfig", "evaluate", "load", "train"]

_HOMES = {"evaluate": "training.evaluation", "load": "training.checkpoints", "train": "training.loop"}


def __getattr__(name: str) -> object:
    """Import torch only when it is needed: `ntm --help` then answers at once."""
    if name not in __all__:
        raise AttributeError(f"module 'ntm_lib' has no attribute {name!r}")
    return getattr(import_module(f"ntm_lib.{_HOMES.get(name, 'machine')}"), name)
