"""Tasks that a machine is trained on: tasks in general, and the five of the paper."""

from ntm_lib.tasks.chosen import chosen_payload, weaknesses
from ntm_lib.tasks.copying import copy, copying, copying_for
from ntm_lib.tasks.framing import frame_copy
from ntm_lib.tasks.named import ALL_KINDS, TASKS, task_for
from ntm_lib.tasks.ngrams import TABLE_KINDS, frame_ngrams, ngram_prediction, ngrams, optimal_chances, optimal_cost
from ntm_lib.tasks.payloads import KINDS, Kind, bits_number, number_bits, payload, uneven_payload
from ntm_lib.tasks.priority_sort import SORT_KINDS, frame_sort, sort, sorting
from ntm_lib.tasks.recall import RECALL_KINDS, frame_recall, recall, recalling
from ntm_lib.tasks.repeat_copy import frame_repeat_copy, repeat_copy, repeat_copying
from ntm_lib.tasks.sizes import Size
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
__all__ += ["ALL_KINDS", "RECALL_KINDS", "SORT_KINDS", "TABLE_KINDS", "TASKS", "Size", "frame_ngrams", "frame_recall"]
__all__ += ["frame_repeat_copy", "frame_sort", "ngram_prediction", "ngrams", "optimal_chances", "optimal_cost"]
__all__ += ["recall", "recalling", "repeat_copy", "repeat_copying", "sort", "sorting", "task_for", "weaknesses"]
