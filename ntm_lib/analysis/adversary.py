"""A search for a payload that a machine copies with less room for error than those of `tasks.chosen_payload`.

The search is bounded: a number of generations, each of a number of children of the worst payloads so far.
"""

from itertools import islice
from typing import NamedTuple

import torch
from torch import Generator, Tensor

from ntm_lib import tasks
from ntm_lib.machine.validate import whole_number
from ntm_lib.tasks.chosen import arranged, least_margins, plans
from ntm_lib.tasks.framing import has_start_marker
from ntm_lib.training.evaluation import Machine, answer, rows_with_room

BEGIN_WITH = 28  # chosen payloads that the search begins with: every weakness with every pattern
PARENTS = 8  # payloads that the children of a generation are made from


class Found(NamedTuple):
    """The payload that a machine copies with the least room for error, and how the search for it went."""

    payload: Tensor  # (L, width)
    margin: float  # how far the least certain bit of its copy is on the right side; negative where one is wrong
    tried: int  # payloads that the machine copied
    wrong: int  # those of them that came back with a wrong bit


def search(
    machine: Machine,
    length: int,
    generator: Generator | None = None,
    generations: int = 40,
    children: int = 32,
    crowd: float = 1,
) -> Found:
    """Look for the payload of some length that a machine copies worst, beginning with those of `chosen_payload`.

    With a `crowd` the machine jumps as on a longer tape (`machine.addressing.crowded`). Raises TypeError or ValueError
    for a size that is not an integer of at least 1, and for a machine without inputs for markers.

    >>> from ntm_lib import NTM, NTMConfig
    >>> search(NTM(NTMConfig(10, 8)), length=3, generations=1).payload.shape
    torch.Size([3, 8])
    """
    length, children = whole_number("length", length), whole_number("children", children)
    generations = whole_number("generations", generations)
    begin = list(islice(plans(machine), BEGIN_WITH))
    hard = torch.cat([vectors for _, vectors in begin])
    payloads = arranged(begin, length, generator)
    margins = margins_of(machine, payloads, crowd)
    tried, wrong = len(margins), int((margins < 0).sum())
    for _ in range(generations):
        fresh = torch.stack([child_of(payloads, hard, generator) for _ in range(children)])
        margins_of_fresh = margins_of(machine, fresh, crowd)
        tried, wrong = tried + children, wrong + int((margins_of_fresh < 0).sum())
        payloads, margins = torch.cat([payloads, fresh]), torch.cat([margins, margins_of_fresh])
        worst = margins.argsort(stable=True)[:PARENTS]
        payloads, margins = payloads[worst], margins[worst]
    return Found(payloads[margins.argmin()], float(margins.min()), tried, wrong)


def margins_of(machine: Machine, payloads: Tensor, crowd: float = 1) -> Tensor:
    """How far the least certain bit of each copy is on its right side: payloads (B, L, width) -> (B)."""
    batch = tasks.frame_copy(payloads, has_start_marker(machine.config)).like(machine.output.weight)
    rows = rows_with_room(machine, tasks.copying_for(machine.config), payloads.shape[1])
    return least_margins(answer(machine, batch.inputs, rows, crowd), batch).cpu()


def child_of(parents: Tensor, hard: Tensor, generator: Generator | None) -> Tensor:
    """A payload made from one or two others: parents (P, L, width), hard vectors (V, width) -> (L, width).

    Either one vector, hard or random, takes the place of a run; or two vectors change places; or a second parent goes
    on where the first one is cut.
    """

    def draw(below: int) -> int:
        return int(torch.randint(below, (1,), generator=generator))

    child, length = parents[draw(len(parents))].clone(), parents.shape[1]
    at, other = draw(length), draw(length)
    match draw(4):
        case 0:
            child[at : at + 2 ** draw(length.bit_length())] = hard[draw(len(hard))]
        case 1:
            child[at : at + 2 ** draw(length.bit_length())] = torch.randint(0, 2, hard[0].shape, generator=generator)
        case 2:
            child[[at, other]] = child[[other, at]]
        case 3:
            child[at:] = parents[draw(len(parents)), at:]
    return child
