"""The tasks of the library by name, as recipes and the files of runs know them."""

from collections.abc import Callable
from functools import partial

from ntm_lib.machine import LSTMConfig, NTMConfig
from ntm_lib.tasks.copying import copying_for
from ntm_lib.tasks.ngrams import TABLE_KINDS, ngram_prediction_for
from ntm_lib.tasks.payloads import KINDS
from ntm_lib.tasks.priority_sort import SORT_KINDS, sorting_for
from ntm_lib.tasks.recall import RECALL_KINDS, recalling_for
from ntm_lib.tasks.repeat_copy import repeat_copying_for
from ntm_lib.tasks.task import Task

TASKS: dict[str, Callable[[NTMConfig | LSTMConfig], Task]] = {
    "copying": copying_for,
    "repeat_copy": repeat_copying_for,
    "repeat_copy_ticks": partial(repeat_copying_for, counting="ticks"),
    "recall": recalling_for,
    "ngrams": ngram_prediction_for,
    "sort": sorting_for,
}
"""Functions that make a task for a machine, in the widths that it has inputs and outputs for."""

ALL_KINDS = tuple(dict.fromkeys([*KINDS, *RECALL_KINDS, *TABLE_KINDS, *SORT_KINDS]))
"""Kinds of test batches that any of the tasks has, each once."""


def task_for(name: str, machine: NTMConfig | LSTMConfig, payload: str = "random") -> Task:
    """The task of that name in the widths of a machine; `payload` is the kind of vectors that copying trains on.

    Raises ValueError for an unknown name, and where the machine's widths fit no task of that name.

    >>> task_for("recall", NTMConfig(input_size=8, output_size=6)).sizes
    (6, 15, 30)
    """
    if name not in TASKS:
        raise ValueError(f"task is {name!r}: expected one of {', '.join(TASKS)}")
    return copying_for(machine, payload) if name == "copying" else TASKS[name](machine)
