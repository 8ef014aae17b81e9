"""What the paper defines: addressing, memory, heads, controller, and the machine they make."""

from ntm_lib.machine.baseline import LSTMBaseline, LSTMConfig
from ntm_lib.machine.ntm import NTM, NTMConfig, NTMState

__all__ = ["NTM", "LSTMBaseline", "LSTMConfig", "NTMConfig", "NTMState"]
