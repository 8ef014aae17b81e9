"""The controller: the network that sees the input joined with the last reads, and steers the heads."""

import torch
from torch import Generator, Tensor, nn

from ntm_lib.machine.stack import for_each_sequence, linear


class FeedForwardController(nn.Module):
    """One tanh layer; without a state of its own it can remember only through the memory."""

    def __init__(self, input_size: int, hidden_size: int, generator: Generator | None = None):
        super().__init__()
        self.from_input = linear(input_size, hidden_size, generator)

    def initial_state(self, batch_size: int) -> tuple[Tensor, ...]:
        """An empty tuple: a feed-forward layer has no state."""
        return ()

    def forward(self, x: Tensor, state: tuple[Tensor, ...]) -> tuple[Tensor, tuple[Tensor, ...]]:
        """x (B, input) -> h (B, hidden), state."""
        return torch.tanh(self.from_input(x)), state


class LSTMController(nn.Module):
    """One LSTM layer with a learned initial state (the paper's "bias values"); gates in PyTorch's order.

    With `forget_ceiling` below 1 every cell loses a part of its value at every step, and so cannot count steps: a count
    is larger on long sequences than any that training showed.
    """

    def __init__(
        self, input_size: int, hidden_size: int, forget_ceiling: float = 1.0, generator: Generator | None = None
    ):
        super().__init__()
        self.forget_ceiling = forget_ceiling
        self.from_input = linear(input_size, 4 * hidden_size, generator)
        self.from_state = linear(hidden_size, 4 * hidden_size, generator)
        self.h_0 = nn.Parameter(torch.zeros(hidden_size))
        self.c_0 = nn.Parameter(torch.zeros(hidden_size))
        bound = hidden_size**-0.5
        for parameter in (*self.from_input.parameters(), *self.from_state.parameters()):
            nn.init.uniform_(parameter, -bound, bound, generator=generator)  # as torch.nn.LSTM begins

    def initial_state(self, batch_size: int) -> tuple[Tensor, ...]:
        """The learned (h, c), each (B, hidden)."""
        return for_each_sequence(self.h_0, 1, batch_size), for_each_sequence(self.c_0, 1, batch_size)

    def forward(self, x: Tensor, state: tuple[Tensor, ...]) -> tuple[Tensor, tuple[Tensor, ...]]:
        """x (B, input), (h, c) -> h (B, hidden), (h, c)."""
        h, c = state
        input_gate, forget_gate, new, output_gate = (self.from_input(x) + self.from_state(h)).chunk(4, dim=-1)
        c = self.forget_ceiling * torch.sigmoid(forget_gate) * c + torch.sigmoid(input_gate) * torch.tanh(new)
        h = torch.sigmoid(output_gate) * torch.tanh(c)
        return h, (h, c)
