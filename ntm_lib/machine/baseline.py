"""The baseline that machines are compared with: an LSTM without a memory beside its own state."""

from dataclasses import dataclass

import torch
from torch import Generator, Tensor, nn

from ntm_lib.machine import validate
from ntm_lib.machine.stack import linear


@dataclass(frozen=True)
class LSTMConfig:
    """The sizes of the LSTM baseline; TypeError or ValueError for one that is no integer of at least 1."""

    input_size: int
    """Numbers in one input vector."""
    output_size: int
    """Logits in one output vector."""
    hidden_size: int = 100
    """Units of each layer."""
    layers: int = 1
    """Layers, each fed by the layer below."""

    def __post_init__(self) -> None:
        validate.fields(self, {}, (1, validate.MOST))


class LSTMBaseline(nn.Module):
    """Stacked LSTM layers and a linear output, called like an `NTM`."""

    free_memory_size, memory_size = False, None  # there is no memory, and so no number of rows to ask for

    def __init__(self, config: LSTMConfig, generator: Generator | None = None):
        super().__init__()
        self.config = config
        lstm = nn.LSTM(config.input_size, config.hidden_size, config.layers, batch_first=True, device="meta")
        self.lstm = lstm.to_empty(device=torch.get_default_device())
        for parameter in self.lstm.parameters():
            nn.init.uniform_(parameter, -(config.hidden_size**-0.5), config.hidden_size**-0.5, generator=generator)
        self.output = linear(config.hidden_size, config.output_size, generator)

    def forward(
        self, inputs: Tensor, state: tuple[Tensor, Tensor] | None = None
    ) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        """inputs (B, T, input) -> logits (B, T, output), and the state after the last step."""
        hidden, state = self.lstm(inputs, state)
        return self.output(hidden), state
