"""A machine whose weights are set by hand, so that the purpose of every weight is known.

A row of its memory holds the 8 bits of a byte and flags. A hidden unit is nearly 0 or 1 and means one thing: units 0 to
9 that a bit or a marker is heard, unit 10 that the row just read has been written.
"""

from typing import Any

import torch
from torch import nn

from ntm_lib.machine import NTM, NTMConfig

BITS, HEARD = range(8), range(10)  # places of the bits in an input vector; of bits and markers
START, END = 8, 9  # places of the markers in an input vector, and of the markers' flags in a word
WRITTEN, ANSWERING = 10, 11  # flags of a word: its row has been written; its row has been answered (reverse copy)
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
    listen, written = machine.controller.from_input.weight, 10
    listen[HEARD, HEARD] = SURE
    listen[written, 10 + WRITTEN] = SURE
    read, write = head_rows(machine)
    emit = machine.heads.linear
    emit.bias[read["key"][START]] = 1  # look for the start marker's row ...
    emit.bias[read["beta"]] = 5 * SURE  # ... strictly enough for a million rows
    emit.bias[read["g"]] = -SURE  # keep the focus ...
    emit.weight[read["g"], END] = 2 * SURE  # ... but jump at the end marker
    emit.bias[read["stay"]] = SURE
    emit.weight[read["forward"], written] = 3 * SURE  # walk once a written row is read
    emit.bias[write["g"]] = -SURE
    emit.bias[write["forward"]] = SURE
    emit.bias[write["erase"]] = SURE
    emit.weight[write["erase"], written] = -2 * SURE  # leave the tape alone during the answer
    emit.weight[write["add"][:10], HEARD] = 1
    emit.bias[write["add"][WRITTEN]] = 1
    emit.weight[write["add"][WRITTEN], written] = -1
    return machine


@torch.no_grad()
def blank_machine() -> NTM:
    """One read and one write head on row 0, memory and weights at zero; a logit of 20 r - 10 for
    every bit read."""
    machine = NTM(NTMConfig(10, 8, word_size=WORD_SIZE, controller_size=WORD_SIZE, output_from="reads"))
    for parameter in machine.parameters():
        nn.init.zeros_(parameter)
    for head in head_rows(machine):
        machine.heads.linear.bias[head["gamma"]] = SURE
    machine.output.weight[BITS, BITS] = SURE
    machine.output.bias[:] = -SURE / 2
    return machine


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
