"""A machine of one's own, as a reader of lesson 4b may write it; nothing in it calls the library's equations."""

import torch
from torch import nn
from torch.nn.functional import softplus

from ntm_lib.machine import NTMState
from ntm_lib.machine.heads import Emission


def my_address(memory, w_previous, key, beta, g, s, gamma):
    beta, g, gamma = beta.unsqueeze(-1), g.unsqueeze(-1), gamma.unsqueeze(-1)
    key_length = (key.square().sum(-1, keepdim=True) + 1e-6).sqrt()
    row_length = (memory.square().sum(-1) + 1e-6).sqrt().unsqueeze(1)
    w_c = torch.softmax(beta * (key @ memory.mT) / (key_length * row_length), dim=-1)
    w_g = g * w_c + (1 - g) * w_previous
    reach = s.shape[-1] // 2
    w_s = sum(s[..., j : j + 1] * w_g.roll(j - reach, dims=-1) for j in range(s.shape[-1]))
    return torch.softmax(gamma * (w_s + 1e-30).log(), dim=-1)


def my_read(memory, weights):
    return weights @ memory


def my_write(memory, weights, erase, add):
    keep = 1 - weights.unsqueeze(-1) * erase.unsqueeze(-2)
    return memory * keep.prod(dim=1) + weights.mT @ add


class MyHeads(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.writers, self.heads = config.write_heads, config.read_heads + config.write_heads
        of_one = config.word_size, 1, 1, 2 * config.shift_range + 1, 1
        self.sizes = [self.heads * size for size in of_one] + 2 * [self.writers * config.word_size]
        self.linear = nn.Linear(config.controller_size, sum(self.sizes))

    def raw(self, h):
        key, beta, g, s, gamma, erase, add = self.linear(h).split(self.sizes, dim=-1)
        key, s = (part.unflatten(-1, (self.heads, -1)) for part in (key, s))
        erase, add = (part.unflatten(-1, (self.writers, -1)) for part in (erase, add))
        return Emission(key, beta, g, s, gamma, erase, add)

    def forward(self, h):
        raw = self.raw(h)
        return raw._replace(
            beta=softplus(raw.beta),
            g=torch.sigmoid(raw.g),
            s=torch.softmax(raw.s, dim=-1),
            gamma=1 + softplus(raw.gamma),
            erase=torch.sigmoid(raw.erase),
        )


class MyController(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.from_input = nn.Linear(config.input_size + config.read_heads * config.word_size, config.controller_size)

    def initial_state(self, batch_size):
        return ()

    def forward(self, heard, state):
        return torch.tanh(self.from_input(heard)), state


def my_step(machine, x, state):
    h, own = machine.controller(torch.cat([x, state.reads.flatten(1)], dim=-1), state.controller)
    told = machine.heads(h)
    weights = my_address(state.memory, state.weights, *told[:5])
    readers = state.reads.shape[1]
    memory = my_write(state.memory, weights[:, readers:], told.erase, told.add)
    reads = my_read(memory, weights[:, :readers])
    return machine.output(h), NTMState(memory, weights, reads, own)


class MyNTM(nn.Module):
    step = staticmethod(my_step)

    def __init__(self, config):
        super().__init__()
        self.config, self.controller, self.heads = config, MyController(config), MyHeads(config)
        self.output = nn.Linear(config.controller_size, config.output_size)
        self.reads_0 = nn.Parameter(torch.zeros(config.read_heads, config.word_size))

    def initial_state(self, batch_size, memory_size=None):
        rows, heads = memory_size or self.config.memory_size, self.config.read_heads + self.config.write_heads
        memory = self.reads_0.new_zeros(batch_size, rows, self.config.word_size)
        weights = self.reads_0.new_zeros(batch_size, heads, rows)
        for head in range(heads):
            weights[:, head, head * rows // heads] = 1
        reads = self.reads_0.expand(batch_size, -1, -1)
        return NTMState(memory, weights, reads, self.controller.initial_state(batch_size))

    def forward(self, inputs, state=None, memory_size=None, history=None):
        state = state or self.initial_state(len(inputs), memory_size)
        outputs = []
        for x in inputs.unbind(dim=1):
            y, state = self.step(self, x, state)
            outputs.append(y)
            if history is not None:
                history.append(state)
        return torch.stack(outputs, dim=1), state
