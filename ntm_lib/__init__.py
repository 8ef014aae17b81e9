"""Neural Turing Machines that learn to copy, small enough to read."""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ntm_lib import tasks
    from ntm_lib.machine import NTM, NTMConfig
    from ntm_lib.runs.checkpoints import load
    from ntm_lib.runs.train import train
    from ntm_lib.training import recipes
    from ntm_lib.training.evaluation import evaluate

__version__ = "0.2.0"
__all__ = ["NTM", "NTMConfig", "__version__", "evaluate", "load", "recipes", "tasks", "train"]

_MODULES = {"recipes": "ntm_lib.training.recipes", "tasks": "ntm_lib.tasks"}
_HOMES = {
    "NTM": "ntm_lib.machine",
    "NTMConfig": "ntm_lib.machine",
    "evaluate": "ntm_lib.training.evaluation",
    "load": "ntm_lib.runs.checkpoints",
    "train": "ntm_lib.runs.train",
}


def __getattr__(name: str) -> object:
    """Import torch only when it is needed: `ntm --help` then answers at once."""
    if name in _MODULES:
        return import_module(_MODULES[name])
    if name not in _HOMES:
        raise AttributeError(f"module 'ntm_lib' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
