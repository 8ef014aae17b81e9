"""The paper's machine, equation by equation: addressing, memory, heads, controller, and the machine they make."""

from ntm_lib.machine.baseline import LSTMBaseline, LSTMConfig
from ntm_lib.machine.config import NTMConfig
from ntm_lib.machine.ntm import NTM
from ntm_lib.machine.state import NTMState

__all__ = ["NTM", "LSTMBaseline", "LSTMConfig", "NTMConfig", "NTMState"]
