"""The controller: the network that sees the input and the last reads and steers the heads.

Both kinds map (x, state) -> (h, state), where x is the input joined with the last reads.
"""

import torch
from torch import Tensor, nn


class FeedForwardController(nn.Module):
    """One tanh layer; without a state of its own it can remember only through the memory."""

    def __init__(self, input_size: int, hidden_size: int):
        super().__init__()
        self.linear = nn.Linear(input_size, hidden_size)

    def initial_state(self, batch_size: int) -> tuple[()]:
        """There is none: an empty tuple."""
        return ()

    def forward(self, x: Tensor, state: tuple[()]) -> tuple[Tensor, tuple[()]]:
        """x (B, input) -> h (B, hidden), state."""
        return torch.tanh(self.linear(x)), state


class LSTMController(nn.Module):
    """One LSTM layer with a learned initial state (the paper's "bias values")."""

    def __init__(self, input_size: int, hidden_size: int):
        super().__init__()
        self.cell = nn.LSTMCell(input_size, hidden_size)
        self.h_0 = nn.Parameter(torch.zeros(1, hidden_size))
        self.c_0 = nn.Parameter(torch.zeros(1, hidden_size))

    def initial_state(self, batch_size: int) -> tuple[Tensor, Tensor]:
        """The learned (h, c), each (B, hidden)."""
        return self.h_0.expand(batch_size, -1), self.c_0.expand(batch_size, -1)

    def forward(self, x: Tensor, state: tuple[Tensor, Tensor]) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        """x (B, input), (h, c) -> h (B, hidden), (h, c)."""
        state = self.cell(x, state)
        return state[0], state
