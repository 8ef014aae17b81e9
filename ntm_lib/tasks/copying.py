"""Copying: show a sequence of bit vectors, then ask for it back."""

from collections.abc import Sequence

import torch
from torch import Generator
from torch.nn.functional import pad

from ntm_lib.machine import LSTMConfig, NTMConfig
from ntm_lib.machine.validate import whole_number
from ntm_lib.tasks.chosen import against, probed_vectors
from ntm_lib.tasks.framing import frame_copy, has_start_marker
from ntm_lib.tasks.payloads import KINDS
from ntm_lib.tasks.payloads import payload as payload_of
from ntm_lib.tasks.sizes import one_number
from ntm_lib.tasks.task import Alphabet, Batch, Draw, Task, join


def copying(width: int = 8, start_marker: bool = True, payload: str = "random") -> Task:
    """Copying (section 4.1) as a task; `frame_copy` has the time diagram.

    `payload` names the kind of payload to train on; tests take all of `KINDS`, and payloads chosen against a machine.
    """

    def draw(kind: str) -> Draw:
        return lambda size, length, generator: frame_copy(
            payload_of(size, length, width, kind, generator), start_marker
        )

    return Task(
        input_size=width + 1 + start_marker,
        output_size=width,
        draw=draw(payload),
        tests={kind: draw(kind) for kind in KINDS},
        chosen=against,
        alphabet=alphabet(width, start_marker),
        rows=lambda length: 2 * one_number(length) + 2,
        name="copying",
    )


def alphabet(width: int, start_marker: bool) -> Alphabet:
    """Vectors of some bits without a marker; then the end marker, and the start marker if there is one."""
    inputs = torch.eye(width + 1 + start_marker)  # one a row: bits, the start marker if there is one, the end marker
    start = inputs[width : width + 1] if start_marker else None
    return Alphabet(pad(probed_vectors(width), (0, 1 + start_marker)), inputs[-1:], start)


def copying_for(machine: NTMConfig | LSTMConfig, payload: str = "random") -> Task:
    """Copying in the width, and with the markers, that a machine has inputs for; ValueError where it has none.

    >>> copying_for(NTMConfig(input_size=6, output_size=4)).draw(1, 3, Generator()).inputs.shape
    torch.Size([1, 8, 6])
    """
    return copying(machine.output_size, has_start_marker(machine), payload)


def copy(
    batch_size: int,
    length: int | Sequence[int],
    width: int = 8,
    kind: str = "random",
    generator: Generator | None = None,
) -> Batch:
    """Show a sequence of bit vectors and ask for it back (section 4.1); `frame_copy` has the time diagram.

    Inputs (B, 2L+2, width+2), targets (B, 2L+2, width), mask (B, 2L+2). With several lengths, one for each sequence,
    shorter sequences are padded at the end. Raises TypeError or ValueError for a value that cannot be.

    >>> batch = copy(batch_size=2, length=[3, 5])
    >>> batch.inputs.shape, batch.mask.sum(1).tolist()
    (torch.Size([2, 12, 10]), [3.0, 5.0])
    """
    if isinstance(length, Sequence) and not isinstance(length, str):
        if len(length) != whole_number("batch_size", batch_size):
            raise ValueError(f"length names {len(length)} lengths: expected {batch_size}, one for each sequence")
        if kind not in KINDS:
            raise ValueError(f"kind is {kind!r}: with several lengths expected one of {', '.join(KINDS)}")
        return join([frame_copy(payload_of(1, one, width, kind, generator)) for one in length])
    return frame_copy(payload_of(batch_size, length, width, kind, generator))
