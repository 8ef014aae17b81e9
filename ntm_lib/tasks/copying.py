"""Copying: show a sequence of bit vectors, then ask for it back."""

from collections.abc import Sequence

from torch import Generator, Tensor

from ntm_lib.machine import LSTMConfig, NTMConfig
from ntm_lib.machine.validate import whole_number
from ntm_lib.tasks.payloads import KINDS
from ntm_lib.tasks.payloads import payload as payload_of
from ntm_lib.tasks.task import Batch, Draw, Task, join


def copying(width: int = 8, start_marker: bool = True, payload: str = "random", settle: str = "random") -> Task:
    """Copying (section 4.1) as a task; `frame_copy` has the time diagram.

    `payload` and `settle` name the kinds of payload to train on; tests take all of `KINDS`.
    """

    def draw(kind: str) -> Draw:
        return lambda size, length, generator: frame_copy(
            payload_of(size, length, width, kind, generator), start_marker
        )

    return Task(
        input_size=width + 1 + start_marker,
        output_size=width,
        draw=draw(payload),
        settle=draw(settle),
        tests={kind: draw(kind) for kind in KINDS},
        rows=lambda length: 2 * length + 2,
        name="copying",
    )


def copying_for(machine: NTMConfig | LSTMConfig, payload: str = "random", settle: str = "random") -> Task:
    """Copying in the width, and with the markers, that a machine has inputs for; ValueError where it has none.

    >>> copying_for(NTMConfig(input_size=6, output_size=4)).draw(1, 3, Generator()).inputs.shape
    torch.Size([1, 8, 6])
    """
    inputs, outputs = machine.input_size, machine.output_size
    if inputs - outputs not in (1, 2):
        raise ValueError(
            f"this machine has {inputs} inputs and {outputs} outputs: a copy needs one input more, or two, for markers"
        )
    return copying(outputs, inputs == outputs + 2, payload, settle)


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


def frame_copy(bits: Tensor, start_marker: bool = True) -> Batch:
    """Put a payload (B, L, width) between its markers and ask for it back.

        step      0      1 .. L     L+1    L+2 .. 2L+1
        inputs    start  payload    end    blank
        targets   -      -          -      payload        (mask 1 here only)

    Without a start marker (the format of the 2014 post) the start step and its input channel are left out.
    """
    batch_size, length, width = bits.shape
    first = int(start_marker)
    steps, end, answer = 2 * length + 1 + first, length + first, length + first + 1
    inputs = bits.new_zeros(batch_size, steps, width + 1 + first)
    if start_marker:
        inputs[:, 0, width] = 1
    inputs[:, first:end, :width] = bits
    inputs[:, end, -1] = 1
    targets = bits.new_zeros(batch_size, steps, width)
    targets[:, answer:] = bits
    mask = bits.new_zeros(batch_size, steps)
    mask[:, answer:] = 1
    return Batch(inputs, targets, mask)
