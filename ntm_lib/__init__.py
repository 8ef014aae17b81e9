"""Neural Turing Machines that learn to copy on every seed, small enough to read."""

from ntm_lib.machine import NTM, NTMConfig
from ntm_lib.training.checkpoints import load
from ntm_lib.training.evaluation import evaluate
from ntm_lib.training.loop import train

__all__ = ["NTM", "NTMConfig", "evaluate", "load", "train"]
