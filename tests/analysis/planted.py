"""Hand-made copiers with a fault planted in each, and the payloads that bring the faults out."""

import dataclasses

import torch

from ntm_lib import tasks
from ntm_lib.machine import NTM
from ntm_lib.teaching.handmade import SURE, copier

LENGTH = 23
HEAR_WRITTEN, HEAR_END = 10, 9
"""Hidden units of the hand-made copier: it reads a written row; it hears the end marker."""
READ, WRITE = 0, 1
BACKWARD, STAY, FORWARD = 0, 1, 2


def part(machine, name, head):
    """Which outputs of the heads' layer are one head's: the key, beta, g, s or gamma of head 0 or 1, erase or add."""
    names = ("key", "beta", "g", "s", "gamma", "erase", "add")
    numbers = torch.arange(machine.heads.linear.out_features).split(machine.heads.sizes)[names.index(name)]
    return numbers if name in ("erase", "add") else numbers.view(2, -1)[head]


@torch.no_grad()
def set_bias(machine, name, head, values):
    machine.heads.linear.bias[part(machine, name, head)] = torch.tensor(values)


@torch.no_grad()
def set_weight(machine, name, head, place, unit, value):
    machine.heads.linear.weight[part(machine, name, head)[place], unit] = value


@torch.no_grad()
def deafen(machine, name, head):
    """What this head emits under this name no longer depends on anything."""
    machine.heads.linear.weight[part(machine, name, head)] = 0


def rebuilt(machine, **changes):
    """The same weights in a machine of another configuration."""
    other = NTM(dataclasses.replace(machine.config, **changes))
    other.load_state_dict(machine.state_dict(), strict=False)
    return other


def random_bits(length=LENGTH, seed=3, sequences=2):
    return tasks.payload(sequences, length, generator=torch.Generator().manual_seed(seed))


def resting_writer():
    """Its writer stays where it is at the end marker."""
    machine = copier()
    set_weight(machine, "s", WRITE, STAY, HEAR_END, 3 * SURE)
    return machine


def closed_gate():
    """Its reader never looks for the first vector."""
    machine = copier()
    set_weight(machine, "g", READ, 0, HEAR_END, 0.0)
    return machine


def returning_writer():
    """Its writer walks backward during the answer, with open erase gates."""
    machine = copier()
    set_weight(machine, "s", WRITE, BACKWARD, HEAR_WRITTEN, 3 * SURE)
    deafen(machine, "erase", WRITE)
    return machine


def dozing_writer(byte=255):
    """Its writer stays where it is for one byte, and only for that."""
    machine, bits = copier(), tasks.number_bits(torch.tensor(byte))
    set_bias(machine, "s", WRITE, [0.0, (1.5 - bits.sum().item()) * SURE, SURE])
    for bit, value in enumerate(bits.tolist()):
        set_weight(machine, "s", WRITE, STAY, bit, SURE if value else -SURE)
    return machine


def dead_output():
    """Its output number 3 is always a one."""
    machine = copier()
    with torch.no_grad():
        machine.output.bias[3] += 2 * SURE
    return machine


@torch.no_grad()
def second_writer():
    """It has a write head more, whose erase and add vectors are zero."""
    machine = copier()
    other = NTM(dataclasses.replace(machine.config, write_heads=2))
    other.load_state_dict({name: v for name, v in machine.state_dict().items() if "linear" not in name}, strict=False)
    old, new = machine.heads.linear, other.heads.linear
    new.weight.zero_()
    new.bias.fill_(-SURE)
    for values, given in ((new.weight, old.weight), (new.bias, old.bias)):
        for mine, theirs in zip(values.split(other.heads.sizes), given.split(machine.heads.sizes), strict=True):
            mine[: len(theirs)] = theirs
    new.bias[-12:] = 0
    return other
