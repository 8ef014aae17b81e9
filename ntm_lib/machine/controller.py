"""The controller: the network that sees the input and the last reads and steers the heads.

Both kinds map (x, state) -> (h, state), where x is the input joined with the last reads.
"""

import torch
from torch import Tensor, nn

from ntm_lib.machine.stack import Linear, for_each_sequence


class FeedForwardController(nn.Module):
    """One tanh layer; without a state of its own it can remember only through the memory."""

    def __init__(self, input_size: int, hidden_size: int):
        super().__init__()
        self.from_input = Linear(input_size, hidden_size)

    def initial_state(self, batch_size: int) -> tuple[()]:
        """There is none: an empty tuple."""
        return ()

    def forward(self, x: Tensor, state: tuple[()]) -> tuple[Tensor, tuple[()]]:
        """x (B, input) -> h (B, hidden), state."""
        return torch.tanh(self.from_input(x)), state


class LSTMController(nn.Module):
    """One LSTM layer with a learned initial state (the paper's "bias values"); gates in PyTorch's order.

    With `forget_ceiling` below 1 no cell keeps all of its value from one step to the next. A cell that does adds up
    what it sees, and after ten times as many steps as were trained on it is where it never was.
    """

    def __init__(self, input_size: int, hidden_size: int, forget_ceiling: float = 1.0):
        super().__init__()
        self.forget_ceiling = forget_ceiling
        self.from_input = Linear(input_size, 4 * hidden_size)
        self.from_state = Linear(hidden_size, 4 * hidden_size)
        self.h_0 = nn.Parameter(torch.zeros(hidden_size))
        self.c_0 = nn.Parameter(torch.zeros(hidden_size))
        for parameter in (*self.from_input.parameters(), *self.from_state.parameters()):
            nn.init.uniform_(parameter, -(hidden_size**-0.5), hidden_size**-0.5)  # as torch.nn.LSTM begins

    def initial_state(self, batch_size: int) -> tuple[Tensor, Tensor]:
        """The learned (h, c), each (B, hidden)."""
        return for_each_sequence(self.h_0, 1, batch_size), for_each_sequence(self.c_0, 1, batch_size)

    def forward(self, x: Tensor, state: tuple[Tensor, Tensor]) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        """x (B, input), (h, c) -> h (B, hidden), (h, c)."""
        h, c = state
        input_gate, forget_gate, new, output_gate = (self.from_input(x) + self.from_state(h)).chunk(4, dim=-1)
        c = self.forget_ceiling * torch.sigmoid(forget_gate) * c + torch.sigmoid(input_gate) * torch.tanh(new)
        h = torch.sigmoid(output_gate) * torch.tanh(c)
        return h, (h, c)
