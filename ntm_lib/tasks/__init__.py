"""What a machine is asked to do: tasks in general, and copying."""

from ntm_lib.tasks.chosen import chosen_payload, weaknesses
from ntm_lib.tasks.copying import copy, copying, copying_for
from ntm_lib.tasks.framing import frame_copy
from ntm_lib.tasks.payloads import KINDS, Kind, bits_number, number_bits, payload, uneven_payload
from ntm_lib.tasks.task import Alphabet, Batch, Draw, Task, count_wrong_bits, join

__all__ = [
    "KINDS",
    "Alphabet",
    "Batch",
    "Draw",
    "Kind",
    "Task",
    "bits_number",
    "chosen_payload",
    "copy",
    "copying",
    "copying_for",
]
__all__ += ["count_wrong_bits", "frame_copy", "join", "number_bits", "payload", "uneven_payload"]
__all__ += ["weaknesses"]
