"""Machines whose weights are set by hand: what a trained machine does, with every weight's purpose known.

A row of their memory holds the 8 bits of a byte, and three flags. A hidden unit is nearly 0 or 1 and says one thing.
"""

import torch
from torch import nn

from ntm_lib.machine import NTM, NTMConfig

BITS = range(8)
START, END = 8, 9
"""Where the markers stand in an input, and the flags of their rows in a word."""
WRITTEN, ANSWERING = 10, 11
"""Flags of a word: this row has been written; this row has been answered (reverse copy)."""
WORD_SIZE = 12
SURE = 20.0
"""A number so large that tanh, sigmoid and softmax are 0 or 1 up to float32's rounding."""


@torch.no_grad()
def copier() -> NTM:
    """A machine that copies bytes of any number: `logits, _ = copier()(tasks.copy(2, 5).inputs)`.

    The write head walks up from row 0, a row a step, and leaves bits and flags. The read head waits on row 0, which
    stays blank; at the end marker it jumps by content to the row of the start marker, and from then on, because the
    row it reads is a written one, it walks up a row a step.
    """
    machine = blank_machine()
    unit = hear(machine, read_flags=[WRITTEN])
    read, write = head_rows(machine)
    emit = machine.heads.linear
    emit.bias[read["key"][START]] = 1  # look for the start marker's row ...
    emit.bias[read["beta"]] = 5 * SURE  # ... strictly enough for a million rows
    _gate(emit, read["g"], begins_open=False, switched_by=[unit["end"]])  # jump at the end marker, else keep the focus
    emit.bias[read["stay"]] = SURE
    emit.weight[read["up"], unit[WRITTEN]] = 3 * SURE  # walk up once a written row is read
    emit.bias[write["g"]] = -SURE
    emit.bias[write["up"]] = SURE
    for row in write["erase"]:
        _gate(emit, row, begins_open=True, switched_by=[unit[WRITTEN]])  # leave the tape alone during the answer
    _leave_what_is_heard(emit, write["add"], unit)
    emit.bias[write["add"][WRITTEN]] = 1
    emit.weight[write["add"][WRITTEN], unit[WRITTEN]] = -1
    return machine


@torch.no_grad()
def reverse_copier() -> NTM:
    """A machine that answers with the last byte first.

    Both heads walk together: up a row a step while bytes come in, and down as soon as they read the end marker's row.
    On their way down they flag every row, because a blank input alone does not tell an answer from a byte of zeros.
    """
    machine = blank_machine()
    unit = hear(machine, read_flags=[END, ANSWERING])
    read, write = head_rows(machine)
    emit = machine.heads.linear
    for head in (read, write):
        emit.bias[head["g"]] = -SURE
        emit.bias[head["up"]] = SURE
        emit.weight[head["down"], [unit[END], unit[ANSWERING]]] = 3 * SURE
    answering = [unit[END], unit[ANSWERING]]
    for row in write["erase"]:
        _gate(emit, row, begins_open=True, switched_by=answering)
    _leave_what_is_heard(emit, write["add"], unit)
    emit.weight[write["add"][ANSWERING], answering] = 1
    return machine


@torch.no_grad()
def blank_machine() -> NTM:
    """One read and one write head on row 0, memory and weights at zero; a logit of 20 r - 10 for every bit read."""
    units = len(BITS) + 2 + 2
    config = NTMConfig(
        input_size=10,
        output_size=8,
        word_size=WORD_SIZE,
        controller_size=units,
        output_from="reads",
    )
    machine = NTM(config)
    for parameter in machine.parameters():
        nn.init.zeros_(parameter)
    read, write = head_rows(machine)
    for head in (read, write):
        machine.heads.linear.bias[head["gamma"]] = SURE
    machine.output.weight[BITS, BITS] = SURE
    machine.output.bias[:] = -SURE / 2
    return machine


@torch.no_grad()
def hear(machine: NTM, read_flags: list[int]) -> dict:
    """One hidden unit for every bit and marker of the input, and for every flag of the last read; unit by meaning."""
    listen = machine.controller.from_input.weight
    unit: dict = {bit: bit for bit in BITS} | {"start": START, "end": END}
    for channel in (*BITS, START, END):
        listen[channel, channel] = SURE
    for index, flag in enumerate(read_flags, start=10):
        listen[index, machine.config.input_size + flag] = SURE
        unit[flag] = index
    return unit


def head_rows(machine: NTM) -> tuple[dict, dict]:
    """Where the heads' layer puts what each head emits, by name: for the read head and for the write head.

    The write head's erase and add vectors stand in both.
    """
    numbers = torch.arange(machine.heads.linear.out_features).split(machine.heads.sizes)
    key, beta, g, s, gamma, erase, add = numbers
    heads = []
    for head in range(2):
        down, stay, up = s.view(2, 3)[head].tolist()
        heads.append(
            {"key": key.view(2, -1)[head].tolist(), "beta": beta[head].item(), "g": g[head].item()}
            | {"down": down, "stay": stay, "up": up, "gamma": gamma[head].item()}
            | {"erase": erase.tolist(), "add": add.tolist()}
        )
    return heads[0], heads[1]


def _gate(emit: nn.Linear, row: int, begins_open: bool, switched_by: list[int]) -> None:
    """A gate that is open or closed until one of these hidden units says otherwise."""
    sign = 1 if begins_open else -1
    emit.bias[row] = sign * SURE
    emit.weight[row, switched_by] = -2 * sign * SURE


def _leave_what_is_heard(emit: nn.Linear, add: list[int], unit: dict) -> None:
    """Let the write head add the bits and markers of the input to its row."""
    for bit in BITS:
        emit.weight[add[bit], unit[bit]] = 1
    emit.weight[add[START], unit["start"]] = 1
    emit.weight[add[END], unit["end"]] = 1
