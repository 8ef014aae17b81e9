"""A plain Neural Turing Machine, as one writes it when first reading the paper: the yardstick for "how much faster".

One head after the other, one sequence after the other where the shift goes round the tape, every equation a line.
Separate weightings, both starting on row 0. It shares nothing with the library.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional


class Head(nn.Module):
    """The linear layers of one head, one for each thing that it emits."""

    def __init__(self, hidden: int, width: int, writes: bool):
        super().__init__()
        self.key = nn.Linear(hidden, width)
        self.beta = nn.Linear(hidden, 1)
        self.g = nn.Linear(hidden, 1)
        self.s = nn.Linear(hidden, 3)
        self.gamma = nn.Linear(hidden, 1)
        if writes:
            self.erase = nn.Linear(hidden, width)
            self.add = nn.Linear(hidden, width)

    def address(self, h: Tensor, memory: Tensor, previous: Tensor) -> Tensor:
        """Eqs. 5-9 for one head: h (B, hidden), memory (B, N, M), the last weighting (B, N) -> (B, N)."""
        key, beta = self.key(h), functional.softplus(self.beta(h))
        g, s = torch.sigmoid(self.g(h)), functional.softmax(self.s(h), dim=1)
        gamma = 1 + functional.softplus(self.gamma(h))
        similarity = functional.cosine_similarity(memory + 1e-16, key.unsqueeze(1) + 1e-16, dim=-1)
        content = functional.softmax(beta * similarity, dim=1)
        gated = g * content + (1 - g) * previous
        shifted = torch.stack([self.shift(gated[b], s[b]) for b in range(len(gated))])
        sharpened = shifted**gamma
        return sharpened / (sharpened.sum(dim=1, keepdim=True) + 1e-16)

    def shift(self, weights: Tensor, s: Tensor) -> Tensor:
        """Eq. 8 for one sequence: weights (N), s (3) -> (N)."""
        round_the_tape = torch.cat([weights[-1:], weights, weights[:1]])
        return functional.conv1d(round_the_tape.view(1, 1, -1), s.flip(0).view(1, 1, -1)).view(-1)


class TextbookNTM(nn.Module):
    """One read head and one write head; called like the library's machine."""

    def __init__(self, input_size: int, output_size: int, rows: int, width: int, hidden: int, lstm: bool):
        super().__init__()
        self.rows, self.width, self.hidden, self.lstm = rows, width, hidden, lstm
        seen = input_size + width
        self.controller = nn.LSTMCell(seen, hidden) if lstm else nn.Linear(seen, hidden)
        self.reader, self.writer = Head(hidden, width, writes=False), Head(hidden, width, writes=True)
        self.output = nn.Linear(hidden + width, output_size)

    def forward(self, inputs: Tensor) -> Tensor:
        """inputs (B, T, input) -> logits (B, T, output)."""
        batch = len(inputs)
        memory = torch.full((batch, self.rows, self.width), 1e-6)
        w_read = torch.zeros(batch, self.rows)
        w_read[:, 0] = 1
        w_write, read = w_read, torch.zeros(batch, self.width)
        state = (torch.zeros(batch, self.hidden), torch.zeros(batch, self.hidden))
        outputs = []
        for t in range(inputs.shape[1]):
            seen = torch.cat([inputs[:, t], read], dim=1)
            if self.lstm:
                state = self.controller(seen, state)
                h = state[0]
            else:
                h = torch.tanh(self.controller(seen))
            w_write = self.writer.address(h, memory, w_write)
            erase, add = torch.sigmoid(self.writer.erase(h)), self.writer.add(h)
            memory = memory * (1 - w_write.unsqueeze(2) * erase.unsqueeze(1))
            memory = memory + w_write.unsqueeze(2) * add.unsqueeze(1)
            w_read = self.reader.address(h, memory, w_read)
            read = (w_read.unsqueeze(2) * memory).sum(dim=1)
            outputs.append(self.output(torch.cat([h, read], dim=1)))
        return torch.stack(outputs, dim=1)
