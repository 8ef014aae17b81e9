"""How far a training has come: when a machine settles, when it is asked whether it is exact, and when training ends."""

import math
from dataclasses import dataclass, field
from typing import Any

from ntm_lib.training.recipes import Recipe

RUNNING = 0.9
"""Share of the past that the running loss keeps at each update."""
SETTLED_LOSS = 0.05
"""Running loss, in nats a bit, below which a machine has learned its lengths and settles."""
LEVEL_LOSS = 0.15
"""Loss, in nats a bit, below which the adaptive curriculum raises the longest length by one."""
VALIDATIONS_IN_A_ROW = 2
"""Exact validations, one after the other, that end a training."""


@dataclass(frozen=True)
class Stop:
    """Why a training ended early: the first number that was not finite."""

    update: int
    length: int
    what: str
    """Part whose numbers were not finite, such as "memory" or "gradient of output.weight"."""
    loss: float
    step: int | None = None
    """Time step at which the part was not finite; None for a gradient."""

    def __str__(self) -> str:
        at = "" if self.step is None else f" at time step {self.step}"
        return f"update {self.update}, length {self.length}: the {self.what}{at} is not finite (loss {self.loss})"


@dataclass
class Progress:
    """How far a training has come: everything that a checkpoint keeps besides tensors."""

    update: int = 0
    sequences: int = 0
    seconds: float = 0.0
    running_loss: float | None = None
    learned: float = 0.0
    level: int = 1
    settled_at: int | None = None
    exact_in_a_row: int = 0
    converged_at: int | None = None
    stopped: Stop | None = None
    finished: bool = False
    reports: list[dict[str, Any]] = field(default_factory=list)
    history: list[dict[str, Any]] = field(default_factory=list)

    @property
    def settled_for(self) -> int | None:
        """Updates since the machine began to settle; None: it learns."""
        return None if self.settled_at is None else self.update - self.settled_at


def note_update(recipe: Recipe, progress: Progress, length: int, loss: float) -> None:
    """Count an update, and let its loss move the running loss, the adaptive level, and the beginning of settling.

    A machine that has settled for its time without becoming exact learns again, as if its loss were a new machine's:
    sharp weightings then no longer hold its mistakes in place.
    """
    before = loss if progress.running_loss is None else progress.running_loss
    progress.running_loss = RUNNING * before + (1 - RUNNING) * loss
    progress.learned = max(progress.learned, 1 - progress.running_loss / math.log(2))
    if length >= progress.level and loss < LEVEL_LOSS:
        progress.level += 1
    progress.update += 1
    progress.sequences += recipe.batch_size
    if progress.settled_at is None and recipe.settle_updates and progress.running_loss < SETTLED_LOSS:
        progress.settled_at = progress.update
    elif settled_in_vain(recipe, progress):
        progress.settled_at, progress.running_loss, progress.exact_in_a_row = None, math.log(2), 0


def settled_in_vain(recipe: Recipe, progress: Progress) -> bool:
    """Whether the time to settle is over for a machine that was not exact at its last validation."""
    if progress.settled_for is None or progress.converged_at is not None:
        return False
    return progress.settled_for >= recipe.settle_updates and not progress.exact_in_a_row


def may_be_exact(recipe: Recipe, progress: Progress) -> bool:
    """Whether a machine has settled for long enough that an exact validation counts."""
    if not recipe.settle_updates:
        return True
    return progress.settled_for is not None and progress.settled_for >= recipe.settle_at_least


def note_validation(progress: Progress, wrong: int) -> None:
    """Count exact validations in a row; enough of them make a machine converged."""
    progress.exact_in_a_row = progress.exact_in_a_row + 1 if wrong == 0 else 0
    if progress.converged_at is None and progress.exact_in_a_row >= VALIDATIONS_IN_A_ROW:
        progress.converged_at = progress.update


def last_update(recipe: Recipe, progress: Progress) -> int:
    """The update after which training ends, as far as is known by now."""
    if progress.converged_at is None:
        return recipe.updates
    return math.ceil(progress.converged_at * (1 + recipe.keep_training))


def is_done(recipe: Recipe, progress: Progress) -> bool:
    """Whether training ends here: converged (and trained on for as long as asked), stopped, or out of updates."""
    return progress.stopped is not None or progress.update >= last_update(recipe, progress)


def pauses(recipe: Recipe, progress: Progress) -> bool:
    """Whether a training stands between two records: at a validation, or at its end."""
    if progress.stopped is not None or progress.update == last_update(recipe, progress):
        return True
    return progress.update % recipe.validate_every == 0
