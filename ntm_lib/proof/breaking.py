"""A payload that a machine copies wrongly, looked for where no proof was found."""

from typing import NamedTuple

import torch
from torch import Generator, Tensor

from ntm_lib import tasks
from ntm_lib.analysis import adversary, copies
from ntm_lib.training.evaluation import Machine

LENGTHS = (10, 40, 120)  # that payloads are tried at, where they are not above the one that was to be proved
RANDOM = 8  # random payloads of each length, beside chosen ones
CHOSEN = 28  # every weakness with every pattern of `tasks.chosen_payload`
GENERATIONS = 10  # of the search that follows
REPLAYED = 2**20  # rows in which a copy of 120 vectors takes seconds


class Broken(NamedTuple):
    """A payload that came back with wrong bits."""

    vectors: list[int]  # each as a number of its bits, the least first
    rows: int
    wrong_bits: int
    asked: int  # rows of the memory that was asked about

    def __str__(self) -> str:
        shown = " ".join(map(str, self.vectors[:16])) + (" …" if len(self.vectors) > 16 else "")
        elsewhere = "" if self.rows == self.asked else f" (In {self.asked:,} rows it was not found to.)"
        return (
            f"This payload breaks the machine, in {self.rows:,} rows: {len(self.vectors)} vectors, {shown};"
            f" {self.wrong_bits} bits come back wrong.{elsewhere}"
        )


def breaking_payload(model: Machine, length: int, rows: int) -> Broken | None:
    """A payload of at most some length that comes back wrong from as many rows, or fewer where it is shorter; or None.

    Tried are chosen and random payloads, and then a search among them for one that is copied worse. A payload that was
    found in fewer rows is copied again in all of them, if these are not more than `REPLAYED`.
    """
    lengths = sorted({min(length, each) for each in LENGTHS})
    for each in lengths:
        generator, fewer = Generator().manual_seed(0), min(rows, 32 * each)
        chosen = tasks.chosen_payload(model, CHOSEN, each, generator)
        payloads = torch.cat([chosen, tasks.payload(RANDOM, each, chosen.shape[-1], generator=generator)])
        wrong = copies.wrong_bits(model, payloads, fewer)
        if wrong.any():
            worst = int(wrong.argmax())
            return _broken(model, payloads[worst], fewer, int(wrong[worst]), rows)
    found = adversary.search(model, lengths[-1], Generator().manual_seed(0), GENERATIONS)
    own = copies.rows_needed(lengths[-1])
    bits = int(copies.wrong_bits(model, found.payload.unsqueeze(0), own)[0])
    return _broken(model, found.payload, own, bits, rows) if bits else None


def _broken(model: Machine, payload: Tensor, found_in: int, bits: int, asked: int) -> Broken:
    """A payload with the rows in which it comes back wrong: those asked about, if it does so there too."""
    if found_in != asked <= REPLAYED and (there := int(copies.wrong_bits(model, payload.unsqueeze(0), asked)[0])):
        found_in, bits = asked, there
    return Broken(tasks.bits_number(payload).tolist(), found_in, bits, asked)
