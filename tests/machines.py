"""Machines to test with: loud enough that gates, keys and shifts differ from head to head."""

import dataclasses
import re

import pytest
import torch

from ntm_lib.machine import NTM, NTMConfig

B, T = 2, 5
SMALL = NTMConfig(
    input_size=7,
    output_size=19,
    memory_size=13,
    word_size=11,
    read_heads=4,
    write_heads=6,
    controller_size=17,
)
"""A different number on every axis: B 2, S 3, R 4, T 5, W 6, I 7, A 10, M 11, N 13, hidden 17, output 19."""


def vary(**changes):
    """`SMALL` with other fields; memories that are drawn, not filled, have numbers up to 0.2."""
    if changes.get("initial_memory") in ("random", "learned"):
        changes = {"initial_value": 0.2, **changes}
    return dataclasses.replace(SMALL, **changes)


def pairs(weightings):
    """`weightings` with as many heads as it allows."""
    return {"weightings": weightings, "write_heads": 4 if weightings == "single" else 6}


def make(config=SMALL, seed=0, dtype=torch.float64, louder=2.0):
    """A machine whose weights are large enough that gates, keys and shifts differ from head to head."""
    torch.manual_seed(seed)
    model = NTM(config).to(dtype)
    for parameter in model.parameters():
        parameter.data = parameter.data * louder + 0.1 * torch.randn_like(parameter)
    return model


def sequence(batch=B, steps=T, width=SMALL.input_size, seed=1, dtype=torch.float64):
    """Inputs (batch, steps, width), normally distributed."""
    return torch.randn(batch, steps, width, generator=torch.Generator().manual_seed(seed), dtype=dtype)


def raises(error, text):
    """The error's message is one line and has this text in it."""
    return pytest.raises(error, match=rf"\A[^\n]*{re.escape(text)}[^\n]*\Z")


@torch.no_grad()
def short_of_breath(machine):
    """A trained machine whose reader's key is made so weak that its jump fails in copies of some thousand vectors."""
    first = machine.heads.rows["beta"].start
    for weights in (machine.heads.linear.weight, machine.heads.linear.bias):
        weights[first] *= 0.14
    return machine
