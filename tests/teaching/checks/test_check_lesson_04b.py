"""Checks of a whole machine: several right styles pass, and every sentence has a planted mistake that earns it."""

from types import SimpleNamespace

import pytest
import torch
from exercises import exercise_tests
from own_machine import MyController, MyHeads, MyNTM, my_address, my_read, my_step, my_write
from torch import nn
from torch.nn import functional

from ntm_lib.machine import NTMState, addressing, memory
from ntm_lib.machine.heads import Emission
from ntm_lib.teaching.checks import lesson_04b as checks
from ntm_lib.teaching.checks import lesson_04b_machine, lesson_04b_step

PLAIN = SimpleNamespace(**vars(addressing))
"""The library's stages, for attempts that are wrong in one; a check refuses those that call them by their own names."""


def named(name, attempt):
    attempt.__name__ = name
    return attempt


# Addressing: right, in other styles


def address_by_cosine_similarity(memory, w_previous, key, beta, g, s, gamma):
    alike = functional.cosine_similarity(key.unsqueeze(2), memory.unsqueeze(1), dim=-1, eps=1e-3)
    w = torch.lerp(w_previous, functional.softmax(beta[..., None] * alike, -1), g[..., None])
    half = s.size(-1) // 2
    w = torch.stack([w.roll(offset, 2) for offset in range(-half, half + 1)], -1) @ s.unsqueeze(-1)
    return (gamma[..., None] * (w.squeeze(-1) + 1e-20).log()).softmax(-1)


def address_by_index(memory, w_previous, key, beta, g, s, gamma):
    unit_key = key / torch.sqrt(torch.einsum("bhm,bhm->bh", key, key) + 1e-6)[..., None]
    unit_row = memory / torch.sqrt(torch.einsum("bnm,bnm->bn", memory, memory) + 1e-6)[..., None]
    exponent = torch.einsum("bh,bhm,bnm->bhn", beta, unit_key, unit_row)
    w = torch.einsum("bh,bhn->bhn", g, torch.softmax(exponent, 2)) + torch.einsum("bh,bhn->bhn", 1 - g, w_previous)
    rows, shifts = memory.shape[1], s.shape[2]
    origin = (torch.arange(rows)[:, None] - torch.arange(shifts) + shifts // 2) % rows
    w = torch.einsum("bhns,bhs->bhn", w[:, :, origin], s)
    log = gamma.unsqueeze(2) * w.clamp(min=1e-30).log()
    return torch.exp(log - log.logsumexp(2, keepdim=True))


def address_head_by_head(memory, w_previous, key, beta, g, s, gamma):
    ones = [part.split(1, dim=1) for part in (w_previous, key, beta, g, s, gamma)]
    return torch.cat([my_address(memory, *one) for one in zip(*ones, strict=True)], dim=1)


# Addressing: wrong in one stage


def staged(name, find=None, blend=None, move=None, sharpen=None, order="fbms"):
    """An addressing with another stage, or another order of stages."""

    def attempt(memory, w_previous, key, beta, g, s, gamma):
        stages = {
            "f": lambda w: (find or PLAIN.content_weights)(memory, key, beta),
            "b": lambda w: (blend or PLAIN.interpolate)(w, w_previous, g),
            "m": lambda w: (move or PLAIN.shift)(w, s),
            "s": lambda w: (sharpen or PLAIN.sharpen)(w, gamma),
        }
        w = None
        for stage in order:
            w = stages[stage](w)
        return w

    return named(name, attempt)


def alike(memory, key):
    return PLAIN.cosine_similarity(memory, key)


def length(vectors):
    return (vectors.square().sum(-1, keepdim=True) + 1e-6).sqrt()


def power(w, gamma):
    w = w ** gamma.unsqueeze(-1)
    return w / w.sum(-1, keepdim=True)


def find_with_bare_root(memory, key, beta):
    lengths = key.square().sum(-1, keepdim=True).sqrt() * memory.square().sum(-1).sqrt().unsqueeze(1)
    return torch.softmax(beta[..., None] * (key @ memory.mT) / (lengths + 1e-6), -1)


def find_with_a_large_epsilon(memory, key, beta):
    lengths = key.norm(dim=-1)[..., None] * memory.norm(dim=-1)[:, None]
    return torch.softmax(beta[..., None] * (key @ memory.mT) / (lengths + 0.1), -1)


def find_zero_by_zero(memory, key, beta):
    return torch.softmax(
        beta[..., None] * (key @ memory.mT) / (key.norm(dim=-1)[..., None] * memory.norm(dim=-1)[:, None]), -1
    )


def move_off_the_end(w, s):
    gone = torch.zeros_like(w[..., :1])
    back, ahead = torch.cat([w[..., 1:], gone], -1), torch.cat([gone, w[..., :-1]], -1)
    return s[..., :1] * back + s[..., 1:2] * w + s[..., 2:] * ahead


def move_all_alike(w, s):
    return PLAIN.shift(w, s.mean(1, keepdim=True).expand_as(s)) if s.std(1).max() > 0 else PLAIN.shift(w, s)


def sharpen_in_bare_logarithms(w, gamma):
    return torch.softmax(gamma[..., None] * w.log(), -1)


def move_by_three(w, s):
    return sum(s[..., j : j + 1] * w.roll(j - 1, dims=-1) for j in range(3))


def double_moved_by_two(w, s):
    return PLAIN.shift(PLAIN.shift(w, s), s)


def address_in_place_of_the_arguments(memory, w_previous, key, *others):
    w = my_address(memory, w_previous, key, *others)
    w_previous.copy_(w)
    return w


def address_without_gradient(memory, w_previous, key, beta, g, s, gamma):
    return my_address(memory, w_previous, key.detach(), beta, g, s, gamma)


def address_by_the_library(*told):
    return addressing.address(*told).w


def address_of_the_first_sequence(*told):
    return my_address(*(part[:1] for part in told)).expand_as(told[1])


def address_transposed(*told):
    return my_address(*told).mT


ADDRESS_RIGHT = [my_address, address_by_cosine_similarity, address_by_index, address_head_by_head]
ADDRESS_WRONG = [
    (staged("gate_exchanged", blend=lambda w, last, g: PLAIN.interpolate(w, last, 1 - g)), "g and 1 - g are"),
    (staged("softmax_over_heads", find=lambda m, k, b: (b[..., None] * alike(m, k)).softmax(1)), "goes over the heads"),
    (staged("no_strength", find=lambda m, k, b: alike(m, k).softmax(-1)), "beta, the key strength, should multiply"),
    (
        staged("no_softmax", find=lambda m, k, b: b[..., None] * alike(m, k), sharpen=lambda w, gamma: w),
        "the softmax is missing",
    ),
    (
        staged("dot_product", find=lambda m, k, b: (b[..., None] * (k @ m.mT)).softmax(-1)),
        "by the lengths of both (Eq. 6)",
    ),
    (
        staged("key_length_alone", find=lambda m, k, b: (b[..., None] * (k @ m.mT) / length(k)).softmax(-1)),
        "divide by the rows' lengths too",
    ),
    (
        staged("row_length_alone", find=lambda m, k, b: (b[..., None] * (k @ m.mT) / length(m).mT).softmax(-1)),
        "divide by the key's length too",
    ),
    (staged("strength_outside", find=lambda m, k, b: alike(m, k).softmax(-1) * b[..., None]), "beta, the key strength"),
    (staged("twice_as_strict", find=lambda m, k, b: PLAIN.content_weights(m, k, 2 * b)), "Eq. 5 comes out wrong"),
    (
        staged("others_previous", blend=lambda w, last, g: PLAIN.interpolate(w, last.flip(1), g)),
        "its own previous weighting, not the other's",
    ),
    (
        staged(
            "mean_previous",
            blend=lambda w, last, g: PLAIN.interpolate(w, last.mean(1, keepdim=True).expand_as(w), g),
        ),
        "the previous weighting should come back as it was",
    ),
    (
        staged("hard_gate", blend=lambda w, last, g: PLAIN.interpolate(w, last, g.round())),
        "0.25 of what the key finds",
    ),
    (staged("mirrored", move=lambda w, s: PLAIN.shift(w, s.flip(-1))), "and moves it to i - 1"),
    (staged("never_moved", order="fbs"), "and it stays where it was"),
    (staged("off_the_end", move=move_off_the_end), "the tape is a ring"),
    (staged("moved_twice", move=double_moved_by_two), "should move the whole weighting"),
    (staged("never_sharpened", order="fbm"), "gamma = 2 should sharpen the weighting"),
    (staged("not_divided", sharpen=lambda w, gamma: w ** gamma[..., None]), "should be divided by their sum"),
    (
        staged("gamma_plus_one", sharpen=lambda w, gamma: PLAIN.sharpen(w, 2 * gamma - 1)),
        "gamma = 2 should square the weights",
    ),
    (staged("sharpened_first", order="fbsm"), "find, then blend, then shift, then sharpen"),
    (staged("one_shift_for_all", move=move_all_alike), "not all together"),
    (staged("three_shifts", move=move_by_three), "right with three shifts and five rows, wrong with five and 13"),
    (staged("underflows", sharpen=power), "0.001 to the power 20 is 0 for floats"),
    (
        staged(
            "underflows_to_0",
            sharpen=lambda w, gamma: (w ** gamma[..., None]) / ((w ** gamma[..., None]).sum(-1, keepdim=True) + 1e-30),
        ),
        "0.001 to the power 20 is 0 for floats",
    ),
    (staged("bare_root", find=find_with_bare_root), "on a blank tape, from one row, gradients are not finite"),
    (staged("bare_logarithm", sharpen=sharpen_in_bare_logarithms), "gradients are not finite"),
    (staged("large_epsilon", find=find_with_a_large_epsilon), "is more than 1e-6 added to a length?"),
    (staged("zero_by_zero", find=find_zero_by_zero), "on a blank tape, from one row, gradients"),
    (address_in_place_of_the_arguments, "the arguments should be left as they were"),
    (address_without_gradient, "gradients should reach every argument"),
    (address_by_the_library, "calls addressing.address: this exercise is to be solved without it"),
    (address_of_the_first_sequence, "Eq. 5 comes out wrong"),
    (address_transposed, "returns shape (3, 5, 2): expected (3, 2, 5)"),
]


# Reading and writing


def read_by_einsum(memory, weights):
    return torch.einsum("bhn,bnm->bhm", weights, memory)


def read_by_sum(memory, weights):
    return (weights.unsqueeze(-1) * memory.unsqueeze(1)).sum(2)


def read_row_by_row(memory, weights):
    return torch.stack([w @ rows for w, rows in zip(weights, memory, strict=True)])


def read_the_heaviest(memory, weights):
    return memory[torch.arange(len(memory))[:, None], weights.argmax(-1)] + 0 * weights.sum()


def read_the_mean(memory, weights):
    return memory.mean(1, keepdim=True).expand(-1, weights.shape[1], -1) + 0 * weights.sum()


def read_by_the_first_head(memory, weights):
    return (weights[:, :1] @ memory).expand(-1, weights.shape[1], -1)


def read_the_first_sequence(memory, weights):
    return weights @ memory[:1]


def read_without_a_blend(memory, weights):
    return weights.unsqueeze(-1) * memory.unsqueeze(1)


def read_transposed(memory, weights):
    return (weights @ memory).mT


def read_by_numbers(memory, weights):
    return torch.tensor((weights @ memory).tolist())


def read_with_a_change_in_between(memory, weights):
    powers = weights.exp()
    answer = powers.log() @ memory
    powers += 1
    return answer


def read_in_place(memory, weights):
    return memory.copy_(memory * 2)[:, : weights.shape[1]] * 0 + weights @ memory / 2


def read_by_the_library(tape, weights):
    return memory.read(tape, weights)


def read_the_opposite(memory, weights):
    return (weights - 2 * weights) @ memory


def write_by_einsum(memory, weights, erase, add):
    kept = torch.stack(
        [1 - torch.einsum("bn,bm->bnm", w, e) for w, e in zip(weights.unbind(1), erase.unbind(1), strict=True)]
    )
    return memory * kept.prod(0) + torch.einsum("bhn,bhm->bnm", weights, add)


def write_in_logarithms(memory, weights, erase, add):
    kept = torch.log1p(-weights[..., None] * erase[:, :, None] * (1 - 1e-7)).sum(1).exp()
    return memory * kept + weights.transpose(1, 2).bmm(add)


def kept_by(weights, erase):
    return (1 - weights.unsqueeze(-1) * erase.unsqueeze(-2)).prod(dim=1)


def write_that_adds_first(tape, weights, erase, add):
    return (tape + weights.mT @ add) * kept_by(weights, erase)


def write_that_never_erases(tape, weights, erase, add):
    return tape + weights.mT @ add + 0 * erase.sum()


def write_that_never_adds(tape, weights, erase, add):
    return tape * kept_by(weights, erase) + 0 * add.sum()


def write_everywhere(tape, weights, erase, add):
    return my_write(tape, torch.ones_like(weights), erase, add)


def write_head_by_head(tape, weights, erase, add):
    for head in range(weights.shape[1]):
        tape = my_write(tape, *(part[:, head : head + 1] for part in (weights, erase, add)))
    return tape


def write_summing_what_goes(tape, weights, erase, add):
    return tape * (1 - weights.mT @ erase) + weights.mT @ add


# Heads


def heads_with(name, **changes):
    """A class of heads in which parts of the emission are made from the raw numbers in another way."""

    class Changed(MyHeads):
        def forward(self, h):
            raw = self.raw(h)
            return super().forward(h)._replace(**{part: change(getattr(raw, part)) for part, change in changes.items()})

    return named(name, Changed)


class HeadsInASlice(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config, A = config, config.read_heads + config.write_heads
        self.A, self.total = (
            A,
            A * (config.word_size + 4 + 2 * config.shift_range) + 2 * config.write_heads * config.word_size,
        )
        self.linear = nn.Linear(config.controller_size, self.total)

    def forward(self, h):
        numbers, M, S, W = (
            self.linear(h),
            self.config.word_size,
            2 * self.config.shift_range + 1,
            self.config.write_heads,
        )
        at = 0
        parts = []
        for heads, size in ((self.A, M), (self.A, 1), (self.A, 1), (self.A, S), (self.A, 1), (W, M), (W, M)):
            parts.append(numbers[:, at : at + heads * size].view(-1, heads, size))
            at += heads * size
        key, beta, g, s, gamma, e, a = parts
        soft = nn.Softplus()
        return Emission(
            key, soft(beta)[..., 0], g.sigmoid()[..., 0], s.softmax(2), 1 + soft(gamma)[..., 0], e.sigmoid(), a
        )


class HeadsByLogaddexp(MyHeads):
    def forward(self, h):
        raw = self.raw(h)
        softplus = lambda x: torch.logaddexp(x, torch.zeros_like(x))  # noqa: E731
        shares = raw.s.exp() / raw.s.exp().sum(-1, keepdim=True)
        return Emission(
            raw.key,
            softplus(raw.beta),
            1 / (1 + (-raw.g).exp()),
            shares,
            softplus(raw.gamma) + 1,
            torch.special.expit(raw.erase),
            raw.add,
        )


class HeadsWithoutALayer(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.layer = MyHeads(config)

    def forward(self, h):
        return self.layer(h)


class HeadsTooNarrow(MyHeads):
    def __init__(self, config):
        super().__init__(config)
        self.sizes = self.sizes[:5] + 2 * [config.word_size]
        self.linear = nn.Linear(config.controller_size, sum(self.sizes))
        self.writers = 1


class HeadsMixed(MyHeads):
    """Numbers of all heads interleaved: (M, heads) instead of (heads, M)."""

    def forward(self, h):
        told = super().forward(h)
        return told._replace(key=self.raw(h).key.flatten(1).unflatten(-1, (-1, self.heads)).mT)


class HeadsOfATuple(MyHeads):
    def forward(self, h):
        return tuple(super().forward(h))


class HeadsWithAnAxisTooMany(MyHeads):
    def forward(self, h):
        told = super().forward(h)
        return told._replace(beta=told.beta.unsqueeze(-1))


class HeadsOfNothing(MyHeads):
    def forward(self, h):
        return super().forward(h)._replace(add=None)


class HeadsInAnotherOrder(MyHeads):
    def raw(self, h):
        raw = super().raw(h)
        return raw._replace(erase=raw.add, add=raw.erase)


def softplus(x):
    return functional.softplus(x)


HEADS_RIGHT = [MyHeads, HeadsInASlice, HeadsByLogaddexp]
HEADS_WRONG = [
    (heads_with("HeadsKeyTanh", key=torch.tanh), "a key may be any number"),
    (heads_with("HeadsBetaRaw", beta=lambda x: x), "would look for the least similar row: beta goes through softplus"),
    (heads_with("HeadsBetaRelu", beta=torch.relu), "beta goes through softplus, not relu"),
    (heads_with("HeadsBetaOne", beta=lambda x: 1 + softplus(x)), "beta is at least 0, not 1"),
    (heads_with("HeadsBetaExp", beta=torch.exp), "beta goes through softplus, not exp, which explodes"),
    (heads_with("HeadsGateRaw", g=lambda x: x), "a gate is between 0 and 1"),
    (heads_with("HeadsShiftRaw", s=lambda x: x), "s goes through softmax, over the shifts"),
    (heads_with("HeadsShiftSigmoid", s=torch.sigmoid), "but do not add up to 1: softmax, not sigmoid"),
    (
        heads_with("HeadsShiftOverHeads", s=lambda x: x.softmax(1)),
        "over a head's shifts, dim=-1, and goes over the heads",
    ),
    (
        heads_with("HeadsShiftOverAll", s=lambda x: x.flatten(1).softmax(-1).view_as(x)),
        "each head has a softmax of its own",
    ),
    (
        heads_with("HeadsShiftOverBatch", s=lambda x: x.softmax(0)),
        "over a head's shifts, dim=-1, and goes over the batch",
    ),
    (heads_with("HeadsGammaRaw", gamma=lambda x: x), "gamma is at least 1: 1 + softplus"),
    (heads_with("HeadsGammaAbove0", gamma=softplus), "or it blurs instead of sharpening: add 1 to the softplus"),
    (heads_with("HeadsGammaRelu", gamma=lambda x: 1 + x.relu()), "gamma goes through 1 + softplus, not relu"),
    (heads_with("HeadsEraseRaw", erase=lambda x: x), "what is erased is a share"),
    (heads_with("HeadsEraseKeeps", erase=lambda x: 1 - x.sigmoid()), "the share that goes, not the share that stays"),
    (heads_with("HeadsAddTanh", add=torch.tanh), "as the layer made it, without tanh"),
    (heads_with("HeadsAddSigmoid", add=torch.sigmoid), "what is added may be negative too"),
    (HeadsMixed, "the layer makes all keys first, head by head, then each beta, g, s, gamma, erase and add"),
    (HeadsInAnotherOrder, "erase has wrong numbers"),
    (HeadsWithoutALayer, "HeadsWithoutALayer has no weights linear.weight: the library's has them of shape (40, 11)"),
    (
        HeadsTooNarrow,
        "HeadsTooNarrow has weights linear.weight of shape (61, 11): the library's has them of shape (73, 11)",
    ),
    (HeadsOfATuple, "returns tuple: expected an Emission"),
    (HeadsWithAnAxisTooMany, "of a batch of 3, beta has shape (3, 2, 1): expected (3, 2)"),
    (HeadsOfNothing, "of a batch of 3, add has shape NoneType: expected (3, 1, 7)"),
]


# Controller


class ControllerByHand(MyController):
    def forward(self, heard, state):
        x = functional.linear(heard, self.from_input.weight, self.from_input.bias)
        return 2 * torch.sigmoid(2 * x) - 1, state


class ControllerOfBaddbmm(MyController):
    def forward(self, heard, state):
        h = heard @ self.from_input.weight.T + self.from_input.bias
        return h.tanh(), ()


class ControllerWithoutTanh(MyController):
    def forward(self, heard, state):
        return self.from_input(heard), state


class ControllerOfRelu(MyController):
    def forward(self, heard, state):
        return self.from_input(heard).relu(), state


class ControllerOfHAlone(MyController):
    def forward(self, heard, state):
        return super().forward(heard, state)[0]


class ControllerThatCarries(MyController):
    def forward(self, heard, state):
        h, _ = super().forward(heard, state)
        return h, (h,)


class ControllerWithoutABeginning(MyController):
    initial_state = None


class ControllerThatBeginsWithZeros(MyController):
    def initial_state(self, batch_size):
        return (torch.zeros(batch_size, 3),)


class ControllerThatBeginsWithoutABatch(MyController):
    def initial_state(self):
        return ()


class ControllerDeafToReads(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.from_input = nn.Linear(config.input_size, config.controller_size)

    def initial_state(self, batch_size):
        return ()

    def forward(self, heard, state):
        return torch.tanh(self.from_input(heard[:, : self.from_input.in_features])), state


class ControllerOfOtherNames(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.layer = MyController(config).from_input

    def forward(self, heard, state):
        return torch.tanh(self.layer(heard)), state


class ControllerOfNothing(MyController):
    def forward(self, heard, state):
        self.from_input(heard).tanh()


CONTROLLER_RIGHT = [MyController, ControllerByHand, ControllerOfBaddbmm]
CONTROLLER_WRONG = [
    (ControllerWithoutTanh, "h should go through tanh: without it all layers together are one linear layer"),
    (ControllerOfRelu, "h should be the tanh of one linear layer of what is heard"),
    (ControllerOfHAlone, "two things should come back: h, and the state that was handed in"),
    (ControllerThatCarries, "a feed-forward controller carries nothing on"),
    (ControllerWithoutABeginning, "initial_state(batch_size) should return ()"),
    (ControllerThatBeginsWithZeros, "the state of a controller that carries nothing"),
    (ControllerThatBeginsWithoutABatch, "with initial_state(3), it stops with TypeError"),
    (ControllerDeafToReads, "ControllerDeafToReads has weights from_input.weight of shape (11, 13)"),
    (ControllerOfOtherNames, "ControllerOfOtherNames has no weights from_input.weight"),
    (ControllerOfNothing, "returns nothing: does it end with a return?"),
]

READ_RIGHT = [my_read, read_by_einsum, read_by_sum, read_row_by_row]
READ_WRONG = [
    (read_the_heaviest, "with half of the weight on each of two rows, their mean should come out"),
    (read_the_mean, "with all weight on row 3, row 3 should come out as it is"),
    (read_by_the_library, "calls memory.read: this exercise is to be solved without it"),
    (read_the_opposite, "with all weight on row 3"),
    (read_by_the_first_head, "each head should read with its own weighting"),
    (read_the_first_sequence, "of three sequences some come out wrong"),
    (read_without_a_blend, "returns shape (1, 1, 5, 3): expected (1, 1, 3)"),
    (read_transposed, "returns shape (1, 3, 1): expected (1, 1, 3)"),
    (read_by_numbers, "gradients should reach every argument"),
    (read_with_a_change_in_between, "gradients cannot go back through it"),
    (read_in_place, "the arguments should be left as they were"),
]
WRITE_RIGHT = [my_write, write_by_einsum, write_in_logarithms]
WRITE_WRONG = [
    (write_that_adds_first, "erase first and add then"),
    (write_that_never_erases, "erase 1 should leave half of a number"),
    (write_that_never_adds, "half of the add vector should be added"),
    (write_everywhere, "where the weight is 0 nothing should change"),
    (write_head_by_head, "all heads should erase before the first of them adds"),
    (write_summing_what_goes, "what they keep is multiplied"),
]

PARTS_RIGHT = {
    "address": ADDRESS_RIGHT,
    "read": READ_RIGHT,
    "write": WRITE_RIGHT,
    "heads": HEADS_RIGHT,
    "controller": CONTROLLER_RIGHT,
}
PARTS_WRONG = {
    "address": ADDRESS_WRONG,
    "read": READ_WRONG,
    "write": WRITE_WRONG,
    "heads": HEADS_WRONG,
    "controller": CONTROLLER_WRONG,
}


# One step


def step_in_other_words(machine, x, state):
    batch = len(x)
    heard = torch.hstack((x, state.reads.reshape(batch, -1)))
    h, carried = machine.controller(heard, state.controller)
    told = machine.heads(h)._asdict()
    erase, add = told.pop("erase"), told.pop("add")
    weights = my_address(state.memory, state.weights, **told)
    reading, writing = weights.split([state.reads.shape[1], erase.shape[1]], dim=1)
    tape = my_write(state.memory, writing, erase, add)
    state = state._replace(memory=tape, weights=weights, reads=my_read(tape, reading), controller=carried)
    return machine.output(h), state


def step_by_the_config(machine, x, state):
    R = machine.config.read_heads
    h, carried = machine.controller(torch.cat([x, *state.reads.unbind(1)], -1), state.controller)
    key, beta, g, s, gamma, erase, add = machine.heads(h)
    w = my_address(state.memory, state.weights, key, beta, g, s, gamma)
    memory = my_write(state.memory, w[:, R:], erase, add)
    return machine.output(h), NTMState(memory=memory, weights=w, reads=my_read(memory, w[:, :R]), controller=carried)


def one_step(  # noqa: PLR0913
    machine,
    x,
    state,
    heard=lambda x, reads: [x, reads],
    previous=lambda weights: weights,
    points_on=lambda old, written: old,
    writing=lambda old, new, readers, writers: new[:, readers:],
    write=my_write,
    reading=lambda old, new, readers: new[:, :readers],
    reads_on=lambda old, new: new,
):
    """A step with one thing done in another way."""
    h, carried = machine.controller(torch.cat(heard(x, state.reads.flatten(1)), -1), state.controller)
    told, readers, writers = machine.heads(h), machine.config.read_heads, machine.config.write_heads
    written = my_write(state.memory, state.weights[:, readers:], told.erase, told.add)
    w = my_address(points_on(state.memory, written), previous(state.weights), *told[:5])
    tape = write(state.memory, writing(state.weights, w, readers, writers), told.erase, told.add)
    reads = my_read(reads_on(state.memory, tape), reading(state.weights, w, readers))
    return machine.output(h), NTMState(tape, w, reads, carried)


def step_with(name, **changes):
    return named(name, lambda machine, x, state: one_step(machine, x, state, **changes))


def step_from_the_first_state(machine, x, state):
    first = machine.initial_state(len(x), state.memory.shape[1]).weights
    return one_step(machine, x, state, previous=lambda weights: first)


def step_of_logits_alone(machine, x, state):
    return my_step(machine, x, state)[0]


def step_that_returns_the_old_state(machine, x, state):
    return my_step(machine, x, state)[0], state


def step_with_a_sigmoid(machine, x, state):
    y, state = my_step(machine, x, state)
    return y.sigmoid(), state


def step_of_a_plain_tuple(machine, x, state):
    y, state = my_step(machine, x, state)
    return y, tuple(state)


def step_with_flat_reads(machine, x, state):
    y, state = my_step(machine, x, state)
    return y, state._replace(reads=state.reads.flatten(1))


def step_that_loses_the_controller(machine, x, state):
    y, after = my_step(machine, x, state)
    return y, after._replace(controller=state.controller)


def step_without_a_controller(machine, x, state):
    y, after = my_step(machine, x, state)
    return y, after._replace(controller=())


def step_that_answers_with_the_old_state(machine, x, state):
    h = torch.zeros(len(x), machine.config.controller_size)
    return machine.output(h), my_step(machine, x, state)[1]


def step_in_place(machine, x, state):
    y, after = my_step(machine, x, state)
    state.memory.copy_(after.memory)
    return y, after._replace(memory=state.memory)


def step_on_an_open_address(machine, x, state):
    h, _ = machine.controller(torch.cat([x, state.reads.flatten(1)], -1), state.controller)
    weights = ...  # what an unsolved my_address returns
    return machine.output(h), state._replace(weights=weights[:, :1])


def step_that_forgets_the_memory(machine, x, state):
    y, after = my_step(machine, x, state)
    return y, after._replace(memory=state.memory)


def step_with_other_weights(machine, x, state):
    y, after = my_step(machine, x, state)
    return y, after._replace(weights=after.weights.roll(1, -1))


def step_with_other_reads(machine, x, state):
    y, after = my_step(machine, x, state)
    return y, after._replace(reads=-after.reads)


def step_for_two_heads(machine, x, state):
    reader, writer = my_step(machine, x, state)[1].weights.unbind(1)
    return my_step(machine, x, state) if reader is not writer else None


def step_that_stops_on_an_lstm(machine, x, state):
    assert state.controller == (), "an LSTM"
    return my_step(machine, x, state)


STEP_RIGHT = [my_step, step_in_other_words, step_by_the_config]
STEP_WRONG = [
    (step_of_logits_alone, "two things should come back: the logits y, and the next state"),
    (step_of_a_plain_tuple, "and the next state, an NTMState"),
    (
        step_with_flat_reads,
        "logits, memory, weightings and reads have shapes [[3, 17], [3, 5, 7], [3, 2, 5], [3, 7]]: expected",
    ),
    (step_that_returns_the_old_state, "the state that comes back is the one that was handed in"),
    (step_with_a_sigmoid, "y should be logits"),
    (step_with("deaf", heard=lambda x, reads: [x, 0 * reads]), "the controller does not hear what was read"),
    (step_with("turned", heard=lambda x, reads: [reads, x]), "the input comes first in what the controller hears"),
    (step_that_answers_with_the_old_state, "the logits are wrong: y is machine.output of h"),
    (
        step_with("one_place", previous=lambda w: w[:, :1].expand_as(w)),
        "from its own last weighting, not from head 0's",
    ),
    (step_with("exchanged", previous=lambda w: w.flip(1)), "heads go on from each other's last weightings"),
    (step_from_the_first_state, "not from those of the first state"),
    (
        step_with("after_the_write", points_on=lambda old, written: written),
        "on the memory that was handed in, before the write",
    ),
    (step_with_other_weights, "the weightings are wrong: my_address, for all heads, on the memory that was handed in"),
    (step_that_forgets_the_memory, "what my_write returns has to be handed on"),
    (
        step_with("by_readers", writing=lambda old, new, readers, writers: new[:, :writers]),
        "it is written where read heads point",
    ),
    (
        step_with("late", writing=lambda old, new, readers, writers: old[:, readers:]),
        "it is written where heads pointed a step ago",
    ),
    (step_with("adds_first", write=write_that_adds_first), "erase first and add then"),
    (
        step_with("adds_twice", write=lambda m, w, e, a: my_write(m, w, e, 2 * a)),
        "the memory is wrong: the write heads write on",
    ),
    (step_with("reads_first", reads_on=lambda old, new: old), "it reads before it writes"),
    (
        step_with("reads_late", reading=lambda old, new, readers: old[:, :readers]),
        "it is read where heads pointed a step ago",
    ),
    (
        step_with("reads_written", reading=lambda old, new, readers: new[:, -readers:]),
        "it is read where write heads point",
    ),
    (step_with_other_reads, "what is read is wrong: the read heads, the first, read the new memory"),
    (step_that_loses_the_controller, "the controller's own state is lost"),
    (step_without_a_controller, "the controller's own state is lost"),
    (step_in_place, "the state that was handed in should stay as it was"),
    (step_on_an_open_address, "an earlier function of yours still returns ...: solve the steps in order"),
    (named("MyNTM", MyNTM(lesson_04b_step.SMALL)), "this is one machine: hand in its class, without brackets"),
    (step_for_two_heads, "with 2 read and 3 write heads, it stops with ValueError"),
    (step_that_stops_on_an_lstm, "with an LSTM as controller, it stops with AssertionError: an LSTM"),
]


# The machine


class NTMInOtherWords(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.reads_0 = nn.Parameter(torch.randn(config.read_heads, config.word_size))
        self.output = nn.Linear(config.controller_size, config.output_size)
        self.heads, self.controller = HeadsInASlice(config), ControllerByHand(config)
        self.config = config

    def initial_state(self, batch_size, memory_size=None):
        c = self.config
        N = c.memory_size if memory_size is None else memory_size
        A = c.read_heads + c.write_heads
        weights = functional.one_hot(torch.arange(A) * N // A, N).float().repeat(batch_size, 1, 1)
        return NTMState(
            memory=torch.zeros(batch_size, N, c.word_size),
            weights=weights,
            reads=self.reads_0.unsqueeze(0).repeat(batch_size, 1, 1),
            controller=self.controller.initial_state(batch_size),
        )

    def forward(self, inputs, state=None, memory_size=None, history=None):
        if state is None:
            state = self.initial_state(inputs.shape[0], memory_size)
        logits = inputs.new_empty(*inputs.shape[:2], self.config.output_size)
        for t in range(inputs.shape[1]):
            logits[:, t], state = step_in_other_words(self, inputs[:, t], state)
            if history is not None:
                history.append(state)
        return logits, state


class NTMOfALongerSignature(MyNTM):
    def forward(self, inputs, state=None, memory_size=None, history=None, crowd=1):
        states = [state or self.initial_state(len(inputs), memory_size)]
        outputs = []
        for x in inputs.transpose(0, 1):
            y, after = step_by_the_config(self, x, states[-1])
            outputs += [y]
            states += [after]
        if history is not None:
            history.extend(states[1:])
        return torch.stack(outputs).transpose(0, 1), states[-1]


def machine_with(name, **methods):
    return type(name, (MyNTM,), methods)


def forward_with(stack=lambda outputs: torch.stack(outputs, dim=1), fresh=False, keep=True, note="after", time=1):
    def forward(self, inputs, state=None, memory_size=None, history=None):
        first = state = (state if keep else None) or self.initial_state(len(inputs), memory_size)
        outputs = []
        for x in inputs.unbind(dim=time):
            before = state
            y, state = my_step(self, x, first if fresh else state)
            outputs.append(y)
            if history is not None and note != "never":
                history.append({"after": state, "before": before, "first": first}[note])
        return stack(outputs), state

    return forward


def initially(**changes):
    def initial_state(self, batch_size, memory_size=None):
        state = MyNTM.initial_state(self, batch_size, memory_size)
        return state._replace(**{name: change(self, getattr(state, name)) for name, change in changes.items()})

    return initial_state


def together(self, weights):
    """All heads on row 0."""
    first = torch.zeros_like(weights)
    first[:, :, 0] = 1
    return first


def forward_of_logits_alone(self, inputs, state=None, memory_size=None, history=None):
    return MyNTM.forward(self, inputs, state, memory_size, history)[0]


def forward_of_the_last_output(self, inputs, state=None, memory_size=None, history=None):
    y, state = MyNTM.forward(self, inputs, state, memory_size, history)
    return y[:, -1], state


def forward_without_history(self, inputs, state=None, memory_size=None):
    return MyNTM.forward(self, inputs, state, memory_size)


def forward_that_shows_the_first_input(self, inputs, state=None, memory_size=None, history=None):
    return MyNTM.forward(self, inputs[:, :1].expand_as(inputs), state, memory_size, history)


def forward_that_returns_the_first_state(self, inputs, state=None, memory_size=None, history=None):
    seen = []
    y, last = MyNTM.forward(self, inputs, state, memory_size, seen)
    if history is not None:
        history.extend(seen)
    return y, last._replace(memory=seen[0].memory)


def forward_with_backward_history(self, inputs, state=None, memory_size=None, history=None):
    seen = []
    answer = MyNTM.forward(self, inputs, state, memory_size, seen)
    if history is not None:
        history.extend(reversed(seen))
    return answer


def forward_with_detached_states(self, inputs, state=None, memory_size=None, history=None):
    state = (state or self.initial_state(len(inputs), memory_size)).detach()
    return MyNTM.forward(self, inputs, state, memory_size, history)


def forward_with_an_equation_of_the_library(self, inputs, state=None, memory_size=None, history=None):
    return (
        MyNTM.forward(self, inputs, state, memory_size, history)
        if memory.read(inputs, inputs[:, :, :6]) is not None
        else None
    )


def forward_on_an_open_step(self, inputs, state=None, memory_size=None, history=None):
    y, state = ...
    return y, state


def forward_in_place(self, inputs, state=None, memory_size=None, history=None):
    y, state = MyNTM.forward(self, inputs, state, memory_size, history)
    weights = self.output.weight.exp()
    weights.log().sum().add(weights.sum())
    product = y.exp()
    kept = product * product
    product.zero_()
    return y + 0 * kept.clamp(0, 1) if torch.is_grad_enabled() else y, state


def forward_that_keeps_its_state(self, inputs, state=None, memory_size=None, history=None):
    kept = getattr(self, "kept", None)
    fits = kept is not None and kept.memory.shape[1] == memory_size
    y, self.kept = MyNTM.forward(self, inputs, state or (kept if fits else None), memory_size, history)
    return y, self.kept


def initial_state_of_one_size(self, batch_size, memory_size=None):
    return MyNTM.initial_state(self, batch_size, 13)


def initial_state_of_the_config(self, batch_size, memory_size=None):
    return MyNTM.initial_state(self, batch_size)


class NTMWithoutAConfig(MyNTM):
    def __init__(self, config):
        super().__init__(config)
        self.sizes = self.config
        del self.config

    def initial_state(self, batch_size, memory_size=None):
        return NTMInOtherWords.initial_state(Named(self.sizes, self.reads_0, self.controller), batch_size, memory_size)


class Named:
    def __init__(self, config, reads_0, controller):
        self.config, self.reads_0, self.controller = config, reads_0, controller


class NTMOfAnotherConfig(MyNTM):
    def __init__(self, config):
        super().__init__(config)
        self.given, self.config = config, "small"

    def initial_state(self, batch_size, memory_size=None):
        return NTMInOtherWords.initial_state(Named(self.given, self.reads_0, self.controller), batch_size, memory_size)


class NTMWithoutFirstReads(MyNTM):
    def __init__(self, config):
        super().__init__(config)
        shape = self.reads_0.shape
        del self.reads_0
        self.start = torch.zeros(shape)

    def initial_state(self, batch_size, memory_size=None):
        return NTMInOtherWords.initial_state(Named(self.config, self.start, self.controller), batch_size, memory_size)


class NTMWithFixedReads(MyNTM):
    def __init__(self, config):
        super().__init__(config)
        reads = self.reads_0.detach()
        del self.reads_0
        self.register_buffer("reads_0", reads)


NTM_RIGHT = [MyNTM, NTMInOtherWords, NTMOfALongerSignature]
NTM_WRONG = [
    (
        NTMWithoutAConfig,
        "training asks a machine for config, controller, heads, output, initial_state: it has no config",
    ),
    (NTMOfAnotherConfig, "self.config should be the config that was handed in"),
    (NTMWithoutFirstReads, "NTMWithoutFirstReads has no weights reads_0: the library's has them of shape (1, 7)"),
    (NTMWithFixedReads, "reads_0 should be an nn.Parameter"),
    (
        machine_with("Flat", initial_state=initially(reads=lambda self, reads: reads.flatten(1))),
        "memory, weightings and reads are",
    ),
    (
        machine_with("Noisy", initial_state=initially(memory=lambda self, tape: tape + 0.1)),
        "the first memory should be all zeros",
    ),
    (
        machine_with("Together", initial_state=initially(weights=together)),
        "head i of 2 should begin with all of its weight on row i * rows // 2",
    ),
    (
        machine_with("Unlearned", initial_state=initially(reads=lambda self, reads: 0 * reads)),
        "the first reads should be reads_0",
    ),
    (
        machine_with("Carried", initial_state=initially(controller=lambda self, own: (torch.zeros(3, 11),))),
        "what controller.initial_state returns",
    ),
    (
        machine_with("OneSize", initial_state=initial_state_of_one_size),
        "without a memory_size there should be as many rows as the config says, 5, not 13",
    ),
    (
        machine_with("OwnSize", initial_state=initial_state_of_the_config),
        "in initial_state(3, 13), memory, weightings and reads are",
    ),
    (machine_with("Alone", forward=forward_of_logits_alone), "two things should come back: logits (B, T, output)"),
    (
        machine_with("Stacked", forward=forward_with(stack=torch.stack)),
        "logits are (6, 3, 17): expected (3, 6, 17), outputs stacked at dim=1",
    ),
    (machine_with("Last", forward=forward_of_the_last_output), "logits are (3, 17): expected (3, 6, 17)"),
    (
        machine_with("Anew", forward=forward_with(fresh=True)),
        "every step should go on from the state that the step before returned",
    ),
    (machine_with("Forgetful", forward=forward_with(keep=False)), "a state that is handed in should be gone on from"),
    (
        machine_with(
            "Fixed",
            forward=lambda self, inputs, state=None, memory_size=None, history=None: MyNTM.forward(
                self, inputs, state, None, history
            ),
        ),
        "with memory_size=13 the memory should have 13 rows, not 5",
    ),
    (machine_with("Early", forward=forward_that_shows_the_first_input), "the logits are wrong, though a step is right"),
    (
        machine_with("First", forward=forward_that_returns_the_first_state),
        "the state that comes back should be the one after the last step",
    ),
    (
        machine_with("Silent", forward=forward_with(note="never")),
        "history should get the state after every step, 6 in all: it has 0",
    ),
    (machine_with("Before", forward=forward_with(note="before")), "the state after each step, not before it"),
    (machine_with("Same", forward=forward_with(note="first")), "each step's own state, in the order of the steps"),
    (
        machine_with("Reversed", forward=forward_with_backward_history),
        "each step's own state, in the order of the steps",
    ),
    (machine_with("NoHistory", forward=forward_without_history), "stops with TypeError"),
    (machine_with("OverTheBatch", forward=forward_with(time=0)), "stops with"),
    (
        machine_with("Detached", forward=forward_with_detached_states),
        ": is a tensor detached, or made anew from numbers?",
    ),
    (machine_with("InPlace", forward=forward_in_place), "with a backward pass, it stops with RuntimeError"),
    (machine_with("Borrowed", forward=forward_with_an_equation_of_the_library), "it calls the library's equations"),
    (machine_with("Kept", forward=forward_that_keeps_its_state), "keep nothing between calls"),
    (machine_with("Open", forward=forward_on_an_open_step), "an earlier function of yours still returns ..."),
]


def pairs(of):
    return [(exercise, one) for exercise, attempts in of.items() for one in attempts]


TestParts = exercise_tests(checks, pairs(PARTS_RIGHT), [(name, *one) for name, one in pairs(PARTS_WRONG)])
TestStep = exercise_tests(
    lesson_04b_step, pairs({"step": STEP_RIGHT}), [(name, *one) for name, one in pairs({"step": STEP_WRONG})]
)
TestMachine = exercise_tests(
    lesson_04b_machine, pairs({"ntm": NTM_RIGHT}), [(name, *one) for name, one in pairs({"ntm": NTM_WRONG})]
)


@pytest.mark.parametrize("check", [checks.heads, checks.controller, checks.ntm])
def test_a_class_of_stubs_is_not_attempted(check, capsys):
    class MyPart(nn.Module):
        def __init__(self, config):
            super().__init__()

        def initial_state(self, *sizes):
            return ...

        def forward(self, *arguments, **options):
            return ...

    check(MyPart)
    assert capsys.readouterr().out == "MyPart: not attempted yet\n"


def test_a_machine_instead_of_its_class_is_named(capsys):
    checks.heads(MyHeads(lesson_04b_step.SMALL))
    assert capsys.readouterr().out.startswith("MyHeads stops with TypeError: this is one machine: hand in its class")
    checks.ntm("MyNTM")
    assert capsys.readouterr().out.startswith("a check takes a function by its name")


def test_the_dice_are_left_alone():
    torch.manual_seed(1)
    expected = torch.rand(3)
    torch.manual_seed(1)
    checks.address(my_address)
    checks.step(my_step)
    assert torch.equal(torch.rand(3), expected)
