"""The frame around a payload that is to be copied: its markers, and the answer that is asked for."""

from torch import Tensor

from ntm_lib.machine import LSTMConfig, NTMConfig
from ntm_lib.tasks.task import Batch


def has_start_marker(machine: NTMConfig | LSTMConfig) -> bool:
    """True where a machine has inputs for a start marker beside the end marker; ValueError where it has for neither."""
    inputs, outputs = machine.input_size, machine.output_size
    if inputs - outputs not in (1, 2):
        raise ValueError(
            f"this machine has {inputs} inputs and {outputs} outputs: a copy needs one input more, or two, for markers"
        )
    return inputs == outputs + 2


def frame_copy(bits: Tensor, start_marker: bool = True) -> Batch:
    """Put a payload (B, L, width) between its markers and ask for it back.

        step      0      1 .. L     L+1    L+2 .. 2L+1
        inputs    start  payload    end    blank
        targets   -      -          -      payload        (mask 1 here only)

    Without a start marker (the format of the 2014 post) the start step and its input channel are
    left out.
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
