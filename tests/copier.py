"""A machine that copies perfectly but for the mistakes that it is told to make."""

import torch
from torch import nn

from ntm_lib.machine import NTMConfig


class Copier(nn.Module):
    """Copies but for its mistakes, and remembers payloads, answers, numbers of rows and crowds."""

    free_memory_size, memory_size = True, 13

    def __init__(self, width=3, markers=2, mistake=None):
        super().__init__()
        self.config = NTMConfig(width + markers, width, memory_size=13, word_size=7)
        self.output = nn.Linear(1, 1)
        self.mistake = mistake or (lambda bits, rows: bits)
        self.calls, self.crowds = [], []

    def forward(self, inputs, memory_size=None, crowd=1):
        steps, width, markers = inputs.shape[1], self.config.output_size, inputs.shape[2] - self.config.output_size
        length = (steps - 1) // 2
        bits = inputs[:, markers - 1 : markers - 1 + length, :width]
        answer = self.mistake(bits.clone(), memory_size)
        self.calls.append((bits, answer, memory_size))
        if memory_size is not None:
            self.crowds.append(crowd)
        logits = inputs.new_full((len(inputs), steps, width), 7.0)  # before the answer it may say anything
        logits[:, -length:] = (answer - 0.5) / 100
        return logits, None

    def runs(self):
        """The calls that name a number of rows: whoever probes it for its weaknesses names none."""
        return [call for call in self.calls if call[2] is not None]

    def saw(self):
        """The payloads of each length, all runs together."""
        lengths = dict.fromkeys(bits.shape[1] for bits, _, _ in self.runs())
        return {n: torch.cat([bits for bits, _, _ in self.runs() if bits.shape[1] == n]) for n in lengths}
