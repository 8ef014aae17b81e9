"""Machines whose weights are set by hand, so that the purpose of every weight is known.

A row of their memory holds the 8 bits of a byte and three flags. A hidden unit is nearly 0 or 1 and means one thing.
"""

from typing import Any

import torch
from torch import nn

from ntm_lib.machine import NTM, NTMConfig

BITS = range(8)
START, END = 8, 9
"""Places of the markers in an input vector, and of the markers' flags in a word."""
WRITTEN, ANSWERING = 10, 11
"""Flags of a word: this row has been written; this row has been answered (reverse copy)."""
WORD_SIZE = 12
SURE = 20.0
"""A number so large that tanh, sigmoid and softmax are 0 or 1 up to float32's rounding."""


@torch.no_grad()
def copier() -> NTM:
    """A machine that copies bytes of any number: `logits, _ = copier()(tasks.copy(2, 5).inputs)`.

    The write head walks forward from row 0, a row a step, and leaves bits and flags. The read head waits on row 0,
    which stays blank; at the end marker it jumps by content to the row of the start marker. Whenever the read head
    finds a written row, it walks a row forward.
    """
    machine = blank_machine()
    unit = hear(machine, read_flags=[WRITTEN])
    read, write = head_rows(machine)
    emit = machine.heads.linear
    emit.bias[read["key"][START]] = 1  # look for the start marker's row ...
    emit.bias[read["beta"]] = 5 * SURE  # ... strictly enough for a million rows
    _gate(emit, read["g"], begins_open=False, switched_by=[unit["end"]])  # jump at the end marker, else keep the focus
    emit.bias[read["stay"]] = SURE
    emit.weight[read["forward"], unit[WRITTEN]] = 3 * SURE  # walk once a written row is read
    emit.bias[write["g"]] = -SURE
    emit.bias[write["forward"]] = SURE
    _gate(emit, write["erase"], begins_open=True, switched_by=[unit[WRITTEN]])  # leave the tape alone in the answer
    _write_what_is_heard(emit, write["add"], unit)
    emit.bias[write["add"][WRITTEN]] = 1
    emit.weight[write["add"][WRITTEN], unit[WRITTEN]] = -1
    return machine


@torch.no_grad()
def reverse_copier() -> NTM:
    """A machine that answers with the last byte first.

    Both heads walk together: a row forward at each step while bytes come in, and backward from the step in which they
    read the end marker's row. On the way back they flag every row, because a blank input alone does not tell an
    answer from a byte of zeros.
    """
    machine = blank_machine()
    unit = hear(machine, read_flags=[END, ANSWERING])
    emit, answering = machine.heads.linear, [unit[END], unit[ANSWERING]]
    read, write = head_rows(machine)
    for head in (read, write):
        emit.bias[head["g"]] = -SURE
        emit.bias[head["forward"]] = SURE
        emit.weight[head["backward"], answering] = 3 * SURE
    _gate(emit, write["erase"], begins_open=True, switched_by=answering)
    _write_what_is_heard(emit, write["add"], unit)
    emit.weight[write["add"][ANSWERING], answering] = 1
    return machine


@torch.no_grad()
def blank_machine() -> NTM:
    """One read and one write head on row 0, memory and weights at zero; a logit of 20 r - 10 for every bit read."""
    units = len(BITS) + 2 + 2
    machine = NTM(NTMConfig(10, 8, word_size=WORD_SIZE, controller_size=units, output_from="reads"))
    for parameter in machine.parameters():
        nn.init.zeros_(parameter)
    for head in head_rows(machine):
        machine.heads.linear.bias[head["gamma"]] = SURE
    machine.output.weight[BITS, BITS] = SURE
    machine.output.bias[:] = -SURE / 2
    return machine


@torch.no_grad()
def hear(machine: NTM, read_flags: list[int]) -> dict[int | str, int]:
    """Give one hidden unit to every bit and marker of the input and to every flag of the last read; unit by meaning."""
    listen = machine.controller.from_input.weight
    unit: dict[int | str, int] = {bit: bit for bit in BITS} | {"start": START, "end": END}
    listen[range(10), range(10)] = SURE
    for index, flag in enumerate(read_flags, start=10):
        listen[index, machine.config.input_size + flag] = SURE
        unit[flag] = index
    return unit


def head_rows(machine: NTM) -> list[dict[str, Any]]:
    """Rows of the heads' linear layer by the number that each makes, for the read head and for the write head.

    A number has a row, a vector a list of rows. The write head's erase and add vectors stand in both.
    """
    rows = {name: [*range(part.start, part.stop)] for name, part in machine.heads.rows.items()}
    heads: list[dict[str, Any]] = []
    for head in range(2):
        own = {name: rows[name][head] for name in ("beta", "g", "gamma")}
        steps = dict(zip(("backward", "stay", "forward"), rows["s"][3 * head :], strict=False))
        key = rows["key"][head * WORD_SIZE :][:WORD_SIZE]
        heads.append(own | steps | {"key": key, "erase": rows["erase"], "add": rows["add"]})
    return heads


def _gate(emit: nn.Linear, rows: int | list[int], begins_open: bool, switched_by: list[int]) -> None:
    """Set gates that are open or closed until one of these hidden units switches them."""
    sign = 1 if begins_open else -1
    emit.bias[rows] = sign * SURE
    for unit in switched_by:
        emit.weight[rows, unit] = -2 * sign * SURE


def _write_what_is_heard(emit: nn.Linear, add: list[int], unit: dict[int | str, int]) -> None:
    """Let the write head add the bits and markers of the input to its row."""
    heard = [*BITS, "start", "end"]
    emit.weight[add[:10], [unit[each] for each in heard]] = 1
