"""What the machine on one page says: equations, code, ranges, shapes, colours, and the example on five slots.

A test compares all of it with the library: every line of code is run, every range and every shape is tried.
"""

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from ntm_lib.machine import addressing, memory
from ntm_lib.teaching.plots.style import ERASE, ERROR, INK, PALE, READ, TARGET, WRITE
from ntm_lib.teaching.slots import five_slots, focus_on, key_at


class Equation(NamedTuple):
    """One equation of the paper, and the line of code that computes it."""

    number: int
    verb: str
    formula: str  # in the paper's symbols, as LaTeX
    code: str  # one line of Python, over the functions of `addressing` and `memory`
    shapes: str  # of what the function is given, and of what it returns


EQUATIONS = (
    Equation(
        6,
        "1  compare",
        r"K[u, v] = \frac{u \cdot v}{\Vert u \Vert \, \Vert v \Vert}",
        "K = cosine_similarity(memory, key)",
        "(B,N,M), (B,H,M) → (B,H,N)",
    ),
    Equation(
        5,
        "2  find",
        r"w^c_t(i) = \frac{\exp(\beta_t K[k_t, M_t(i)])}{\sum_j \, \exp(\beta_t K[k_t, M_t(j)])}",
        "w_c = content_weights(memory, key, beta)",
        "(B,N,M), (B,H,M), (B,H) → (B,H,N)",
    ),
    Equation(
        7,
        "3  blend",
        r"w^g_t = g_t \, w^c_t + (1 - g_t) \, w_{t-1}",
        "w_g = interpolate(w_c, w_previous, g)",
        "(B,H,N), (B,H,N), (B,H) → (B,H,N)",
    ),
    Equation(
        8,
        "4  shift",
        r"\tilde w_t(i) = \sum_j w^g_t(j) \, s_t(i - j)",
        "w_s = shift(w_g, s)",
        "(B,H,N), (B,H,S) → (B,H,N)",
    ),
    Equation(
        9,
        "5  sharpen",
        r"w_t(i) = \frac{\tilde w_t(i)^{\gamma_t}}{\sum_j \, \tilde w_t(j)^{\gamma_t}}",
        "w = sharpen(w_s, gamma)",
        "(B,H,N), (B,H) → (B,H,N)",
    ),
    Equation(
        3,
        "erase",
        r"\tilde M_t(i) = M_{t-1}(i) \odot [ 1 - w_t(i) \, e_t ]",
        "erased = erase(memory, w, e)",
        "(B,N,M), (B,H,N), (B,H,M) → (B,N,M)",
    ),
    Equation(
        4,
        "add",
        r"M_t(i) = \tilde M_t(i) + w_t(i) \, a_t",
        "memory = add(erased, w, a)",
        "(B,N,M), (B,H,N), (B,H,M) → (B,N,M)",
    ),
    Equation(
        2,
        "read",
        r"r_t = \sum_i w_t(i) \, M_t(i)",
        "reads = read(memory, w)",
        "(B,N,M), (B,H,N) → (B,H,M)",
    ),
)
"""Eqs. 2-9, in the order in which a step computes them."""


class Emitted(NamedTuple):
    """One of the things that the controller tells a head in every step (section 3.3 of the paper)."""

    symbol: str
    part: str  # the field of `heads.Emission`
    numbers: str  # how many of them a head is told
    made_by: str  # the function that brings the linear layer's numbers into their range
    least: float
    most: float
    sums_to_one: bool
    says: str

    @property
    def range(self) -> str:
        """The range in words."""
        if np.isinf(self.least):
            return "any"
        spans = f"≥ {self.least:g}" if np.isinf(self.most) else f"{self.least:g} to {self.most:g}"
        return f"{spans}, sum 1" if self.sums_to_one else spans


ANY = (-np.inf, np.inf, False)
EMITTED = (
    Emitted("k", "key", "M", "as it is", *ANY, "what to look for"),
    Emitted("β", "beta", "1", "softplus", 0, np.inf, False, "how strictly it counts"),
    Emitted("g", "g", "1", "sigmoid", 0, 1, False, "1: jump, 0: go on"),
    Emitted("s", "s", "S", "softmax", 0, 1, True, "backward, stay, forward"),
    Emitted("γ", "gamma", "1", "1 + softplus", 1, np.inf, False, "how much to sharpen"),
    Emitted("e", "erase", "M", "sigmoid", 0, 1, False, "write heads: take away"),
    Emitted("a", "add", "M", "as it is", *ANY, "write heads: put there"),
)
"""What heads are told, in the order of `heads.Emission`."""

STEP = (
    ("1  hear", "h, state = controller(cat([x, reads.flatten(1)], -1), state)", INK),
    ("2  emit", "told = heads(h)", INK),
    ("3  point", "w = address(memory, heads.previous(w), *told[:5]).w", INK),
    ("4  write", "memory = write(memory, heads.writing(w), *told[5:])", WRITE),
    ("5  read", "reads = read(memory, heads.reading(w))", READ),
    ("6  answer", "y = output(cat([h, reads.flatten(1)], -1))", INK),
)
"""One time step in order: a verb, a line of Python over the parts of a machine and its state, and a colour."""

STEP_NOTES = (
    "Heads point on the memory of the step before. All heads erase, then all add.",
    "A read sees what was written in the same step. A logit y above 0 is a bit of 1.",
)
AXES = (
    ("B", "sequences in the batch"),
    ("T", "time steps"),
    ("H", "heads: R that read, then W that write"),
    ("N", "rows of the memory (slots, locations)"),
    ("M", "numbers in a row"),
    ("S", "shifts: 3 are backward, stay, forward"),
)
"""Names of the axes, in the order in which every tensor has them."""

STATE = (("memory", "(B,N,M)"), ("weights", "(B,H,N)"), ("reads", "(B,R,M)"))
"""What is handed on from step to step: field of `NTMState` and shape. An LSTM controller hands on its h and c too."""

TASK = (
    ("step", "0", "1 … L", "L + 1", "L + 2 … 2L + 1"),
    ("input", "start marker", "L vectors", "end marker", "nothing"),
    ("mask", "0", "0", "0", "1: the answer"),
)
"""The copy task: what stands in the inputs at each step, and which steps count."""

COLOURS = (
    (READ, "read head, and what is read"),
    (WRITE, "write head, and what is added"),
    (ERASE, "what is erased"),
    (TARGET, "what should come out; what heals"),
    (ERROR, "what is wrong"),
    (PALE, "what was before"),
)
"""Meanings of the colours, in every figure of this project."""

READING = (
    "Slots: orange is below zero, purple above. Bars: dashed is the stage before,",
    "grey where the head was. Forward is to higher row numbers, backward to lower",
    "ones. Rows form a ring: after row N − 1 comes row 0.",
)
"""How to read the example, and which way is forward."""


class Example(NamedTuple):
    """The numbers of the example on five slots."""

    memory: Tensor  # (1, N, M)
    key: Tensor  # (1, 1, M)
    w_previous: Tensor  # (1, 1, N)
    similarity: Tensor  # (1, 1, N)
    stages: addressing.Stages
    erased: Tensor  # (1, N, M)
    added: Tensor  # (1, N, M)
    reads: Tensor  # (1, 1, M)


TOLD = ("k = (0, 1, 0)", "β = 5", "g = 0.75", "s = (0, 0.2, 0.8)", "γ = 3", "e = (1, 1, 0)", "a = (−1, 0, 1)")
"""What the head of the example is told, beside the equation that it enters."""


def example() -> Example:
    """Lesson 01's head on five slots, which then erases and adds as lesson 02's does, and reads."""
    tape, key, before = five_slots(), key_at(90), focus_on(4)
    beta, g, gamma = torch.tensor([[[5.0]], [[0.75]], [[3.0]]])
    s, e, a = (torch.tensor([[numbers]]) for numbers in ([0.0, 0.2, 0.8], [1.0, 1.0, 0.0], [-1.0, 0.0, 1.0]))
    stages = addressing.address(tape, before, key, beta, g, s, gamma)
    erased = memory.erase(tape, stages.w, e)
    added = memory.add(erased, stages.w, a)
    similarity = addressing.cosine_similarity(tape, key)
    return Example(tape, key, before, similarity, stages, erased, added, memory.read(added, stages.w))
