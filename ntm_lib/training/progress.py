"""How far a training has come: when a machine settles, when it is asked whether it is exact, and when training ends."""

import math
from dataclasses import asdict, dataclass, field
from typing import Any

from ntm_lib.tasks.sizes import size_in
from ntm_lib.training.evaluation import Count, Report, Verdict
from ntm_lib.training.recipe import Recipe

RUNNING = 0.9  # share of the past that the running loss keeps at each update
SETTLED_LOSS = 0.05  # running loss, in nats a bit, below which a machine has learned its lengths and settles
LEVEL_LOSS = 0.15  # loss, in nats a bit, below which the adaptive curriculum raises the longest length by one

RECORD = ("update", "loss", "gradient_norm", "validation_wrong_bits")
"""What every record of a history has at least."""


@dataclass(frozen=True)
class Stop:
    """Why a training ended early: the first number that was not finite."""

    update: int
    length: int
    what: str  # such as "memory" or "gradient of output.weight"
    loss: float
    step: int | None = None  # the time step; None for a gradient

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
    level: int = 1
    settled_at: int | None = None
    exact_in_a_row: int = 0
    converged_at: int | None = None
    stopped: Stop | None = None
    finished: bool = False
    reports: list[Report] = field(default_factory=list)
    history: list[dict[str, Any]] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        """The progress as plain dictionaries, which `from_json` reads."""
        return asdict(self) | {"reports": [report.to_json() for report in self.reports]}

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> "Progress":
        """The progress that `to_json` turned into dictionaries; LookupError where a number is missing."""
        for record in values["history"]:
            if missing := [name for name in RECORD if name not in record]:
                raise LookupError(f"a record of its history has no {missing[0]}")
        stopped = values["stopped"] and Stop(**values["stopped"])
        counts = [{size_in(size): Count(**one) for size, one in each["lengths"].items()} for each in values["reports"]]
        reports = [Report(each["kind"], one) for each, one in zip(values["reports"], counts, strict=True)]
        return cls(**{**values, "stopped": stopped, "reports": reports})

    @property
    def settled_for(self) -> int | None:
        """Updates since the machine began to settle; None: it learns."""
        return None if self.settled_at is None else self.update - self.settled_at

    @property
    def verdict(self) -> Verdict:
        """The verdict on a finished run."""
        return Verdict(tuple(self.reports))

    def note_validation(self, wrong: int, enough: int) -> None:
        """Count exact validations in a row; `enough` of them make a machine converged."""
        self.exact_in_a_row = self.exact_in_a_row + 1 if wrong == 0 else 0
        if self.converged_at is None and self.exact_in_a_row >= enough:
            self.converged_at = self.update


def note_update(recipe: Recipe, progress: Progress, length: int, loss: float) -> None:
    """Count an update, and let its loss move the running loss, the adaptive level, and the beginning of settling.

    A machine that has settled for its time without becoming exact learns again, as if its loss were a new machine's.
    """
    before = loss if progress.running_loss is None else progress.running_loss
    progress.running_loss = RUNNING * before + (1 - RUNNING) * loss
    if length >= progress.level and loss < LEVEL_LOSS:
        progress.level += 1
    progress.update += 1
    progress.sequences += recipe.batch_size
    if progress.settled_for is None:
        if recipe.settle_updates and progress.running_loss < SETTLED_LOSS:
            progress.settled_at = progress.update
    elif progress.settled_for >= recipe.settle_updates and progress.converged_at is None:
        if not progress.exact_in_a_row:
            progress.settled_at, progress.running_loss = None, math.log(2)
