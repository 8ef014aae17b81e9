"""The yardstick: an LSTM with the same forward as the machine and no memory beside its own state."""

from dataclasses import dataclass

from torch import Tensor, nn


@dataclass(frozen=True)
class LSTMConfig:
    """The sizes of the yardstick."""

    input_size: int
    """Numbers in one input vector."""
    output_size: int
    """Logits in one output vector."""
    hidden_size: int = 100
    """Units of each layer."""
    layers: int = 1
    """Layers, each fed by the one below."""


class LSTMBaseline(nn.Module):
    """Stacked LSTM layers and a linear output, called like `NTM`."""

    def __init__(self, config: LSTMConfig):
        super().__init__()
        self.config = config
        self.lstm = nn.LSTM(config.input_size, config.hidden_size, config.layers, batch_first=True)
        self.output = nn.Linear(config.hidden_size, config.output_size)

    def forward(
        self,
        inputs: Tensor,
        state: tuple[Tensor, Tensor] | None = None,
        memory_size: int | None = None,
        history: list | None = None,
        key_strength: float = 1.0,
    ) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        """inputs (B, T, input) -> logits (B, T, output), state; without a memory the other arguments do nothing."""
        hidden, state = self.lstm(inputs, state)
        return self.output(hidden), state
