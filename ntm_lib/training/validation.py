"""Whether a machine that is being trained is exact by now, and by how much."""

from typing import NamedTuple

from torch import Generator

from ntm_lib import tasks
from ntm_lib.machine import LSTMBaseline
from ntm_lib.tasks import Task
from ntm_lib.tasks.sizes import Size, numbers_of, one_smaller
from ntm_lib.tasks.task import missed_in
from ntm_lib.training.evaluation import CHOSEN, Machine, errors, has_free_memory_size, rows_with_room


class Trial(NamedTuple):
    """One part of a validation: how many sequences of which length, and whether they are run in a crowd."""

    times: int  # one of `TIMES`
    of_first: int  # sequences of the first kind
    of_others: int  # sequences of every other kind
    of_chosen: int  # sequences chosen against the machine
    crowded: bool = False


TIMES = 1, 4, 10  # times the longest length that a machine is trained on, unless its task names sizes of its own
TRIALS = Trial(1, 32, 2, CHOSEN), Trial(4, 32, 2, 0), Trial(10, 16, 1, CHOSEN), Trial(4, 16, 1, CHOSEN, crowded=True)


def validate(
    model: Machine, longest: int, generator: Generator, task: Task | None = None, margin: float = 0, crowd: float = 1
) -> int:
    """Wrong bits in fresh sequences of every kind, and chosen against the machine, by `TRIALS`: zero means exact.

    At the longest trained length, and at 4 and 10 times that; then at 4 times in the `crowd`, if it is above 1. A task
    may name three other sizes, and may count bits above its optimum (`missed_in`). A machine tied to its number of rows
    gets sequences that fit, and none in a crowd. A bit counts as wrong unless its logit is on the right side by more
    than the `margin`, in nats.
    """
    task = task or tasks.copying_for(model.config)
    first, *others = task.kinds
    sizes = dict(zip(TIMES, task.trials or [times * longest for times in TIMES], strict=True))
    for trial in TRIALS:
        if trial.crowded and (crowd == 1 or not has_free_memory_size(model)):
            continue
        size = fitting(model, task, sizes[trial.times])
        numbers = {first: trial.of_first} | dict.fromkeys(others, trial.of_others)
        if task.chosen and trial.of_chosen:
            numbers["chosen"] = trial.of_chosen
        drawn = [task.drawn(task.draw_of(kind, model), number, size, generator) for kind, number in numbers.items()]
        batch, rows = tasks.join(drawn), rows_with_room(model, task, size)
        wrong = missed_in(errors(model, task, batch, rows, crowd if trial.crowded else 1, margin))
        if wrong:
            return wrong
    return 0


def fitting(model: Machine, task: Task, size: Size) -> Size:
    """The size, or for a machine tied to its number of rows the largest below, in its first number, that fits them."""
    if not isinstance(model, LSTMBaseline) and not has_free_memory_size(model):
        while numbers_of(size)[0] > 1 and task.rows_needed(size) > model.config.memory_size:
            size = one_smaller(size)
    return size
