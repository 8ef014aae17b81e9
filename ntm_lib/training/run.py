"""A training under way: the machine it begins with, its batches, and how far it has come."""

import math
from typing import Any, NamedTuple, cast

import torch
from torch import Generator, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from ntm_lib.machine import NTM, LSTMBaseline, LSTMConfig, validate
from ntm_lib.machine.controller import LSTMController
from ntm_lib.machine.own import Maker, own_machine, takes_crowd
from ntm_lib.tasks import Batch, Task, task_for
from ntm_lib.tasks.sizes import Size
from ntm_lib.training.curriculum import Shape, chances, draw_shape
from ntm_lib.training.optimizers import make_optimizer
from ntm_lib.training.progress import Progress
from ntm_lib.training.recipe import Recipe

WALK = 3.0  # by which biases of heads that begin by walking or jumping differ from those of others
SHUT = -1000.0  # bias of a gate that no training opens: in float32 its sigmoid is 0, and so is its slope
LOOK = 2.0  # by which key strengths of heads that begin by looking differ, before the softplus


class Run:
    """One training under way: the machine, its optimiser, its one source of randomness, and its progress.

    The task is the recipe's, in the width that the machine has inputs for, unless another is given.
    `machine` makes a machine of one's own in the place of the `NTM`, as in `build`.
    Raises ValueError for a recipe of memories of many sizes whose machine has one number of rows, and for a validation
    in a crowd of a machine whose forward takes none.
    """

    def __init__(
        self,
        recipe: Recipe,
        seed: int,
        task: Task | None = None,
        device: str | torch.device | None = None,
        machine: Maker | None = None,
    ):
        tied = getattr(recipe.machine, "tied_parts", {})
        for name, choice in tied.items() if recipe.largest_memory else ():
            raise ValueError(
                f"largest_memory is {recipe.largest_memory}: a machine with {name} {choice!r} has one number of rows;"
                " set largest_memory to 0"
            )
        self.recipe, self.seed, self.device, self.machine = recipe, seed, validate.device(device), machine
        self.task = task or task_for(recipe.task, recipe.machine, recipe.payload)
        self.generator = Generator().manual_seed(seed)
        self.model = build(recipe, seed, machine).to(self.device)
        if machine is not None and not takes_crowd(self.model):
            require_no_crowd(recipe, self.model)
        self.average: AveragedModel | None = None
        if recipe.averaging:
            keep = get_ema_multi_avg_fn(recipe.averaging)  # type: ignore[no-untyped-call]
            self.average = AveragedModel(self.model, multi_avg_fn=keep)
        self.optimizer = make_optimizer(recipe, self.model)
        self.progress = Progress()
        self.recent: list[dict[str, Any]] = []  # records of the updates since the last validation

    @property
    def judged(self) -> NTM | LSTMBaseline:
        """The machine that counts: the one being trained, or the average of its past."""
        return self.model if self.average is None else cast(NTM, self.average.module)

    @property
    def is_done(self) -> bool:
        """Whether training ends here: converged (and trained on for as long as asked), stopped, or out of updates."""
        last, converged_at = self.recipe.updates, self.progress.converged_at
        if converged_at is not None:
            last = math.ceil(converged_at * (1 + self.recipe.keep_training))
        return self.progress.stopped is not None or self.progress.update >= last

    @property
    def pauses(self) -> bool:
        """Whether training stands between two records: at a validation, or at its end."""
        return self.is_done or self.progress.update % self.recipe.validate_every == 0

    @property
    def may_be_exact(self) -> bool:
        """Whether the machine has settled for long enough that an exact validation counts."""
        settled_for, at_least = self.progress.settled_for, self.recipe.settle_at_least
        return not self.recipe.settle_updates or (settled_for is not None and settled_for >= at_least)


def require_no_crowd(recipe: Recipe, model: nn.Module) -> None:
    """Raise ValueError for a recipe that asks a machine for what it finds in a crowd, or trains it there."""
    for name in ("validation_crowd", "settle_crowd"):
        if getattr(recipe, name) != 1:
            raise ValueError(
                f"{name} is {getattr(recipe, name):g}: the forward of {type(model).__name__} takes no crowd; set {name}"
                " to 1"
            )


class Drawn(NamedTuple):
    """The batch of one update, and the memory it runs in."""

    batch: Batch
    shape: Shape


def draw(run: Run) -> Drawn:
    """The next batch: the recipe's schedule decides its shape, the run's own generator its bits."""
    recipe, progress, task = run.recipe, run.progress, run.task
    chance = chances(progress.update).other

    def size_from(length: int) -> Size:
        return task.size_from(length, chance)

    def rows_needed(length: int) -> int:
        return task.rows_needed(size_from(length))

    settling = progress.settled_at is not None
    shape = draw_shape(recipe, progress.update, progress.level, rows_needed, settling)
    by = task.settling if settling and task.settling else task.draw
    batch = task.drawn(by, recipe.batch_size, size_from(shape.length), run.generator)
    return Drawn(batch.like(run.model.output.weight), shape)


def build(recipe: Recipe, seed: int, machine: Maker | None = None) -> NTM | LSTMBaseline:
    """A fresh machine, whose first weights the seed alone decides; no other random numbers are touched.

    What `machine` makes instead of an `NTM` gets the first weights of the NTM of its seed, by name, and is taken for an
    NTM from there on. Raises TypeError or ValueError as `own_machine` does, and ValueError for a recipe without one.
    """
    if machine is not None:
        first = build(recipe, seed)
        if not isinstance(first, NTM):
            raise ValueError(f"machine stands in for an NTM: recipe {recipe.name} trains {type(first).__name__}")
        return own_machine(machine, first)
    generator = Generator().manual_seed(seed)
    if isinstance(recipe.machine, LSTMConfig):
        return LSTMBaseline(recipe.machine, generator)
    model = NTM(recipe.machine, generator)
    if recipe.first_weights == "glorot":
        initialise_as_the_post(model, generator)
    if recipe.first_weights == "alike":
        let_keys_begin_as_what_is_added(model)
    let_heads_begin_in_roles(model, recipe.looking_heads, recipe.walking_heads, recipe.jumping_heads)
    shut_gates(model, recipe.location_heads)
    if isinstance(model.controller, LSTMController):
        open_gates(model.controller, recipe.open_gates)
    return model


@torch.no_grad()
def let_keys_begin_as_what_is_added(model: NTM) -> None:
    """Let a read head look for what a write head would add: a new machine then finds what it wrote
    in a like state."""
    config, rows = model.config, model.heads.rows
    for weights in (model.heads.linear.weight, model.heads.linear.bias):
        keys, added = (torch.split(weights[rows[name]], config.word_size) for name in ("key", "add"))
        for head in range(config.read_heads):
            keys[head].copy_(added[head % config.write_heads])


@torch.no_grad()
def let_heads_begin_in_roles(model: NTM, looking: int, walking: int, jumping: int = 0) -> None:
    """Let the first weightings begin by looking for what their keys say, and the last by walking a
    row a step.

    The key strength (Eq. 5) of a looker begins higher. A walker's gate (Eq. 7) begins nearly
    closed, its shift (Eq. 8) nearly at +1 and sharp (Eq. 9). A jumper, of which a number stand
    before the lookers, begins with a gate nearly open, a high key strength, and sharp. Nothing is
    fixed: training moves these biases as it moves all others.
    """
    parts = {name: model.heads.linear.bias[rows] for name, rows in model.heads.rows.items()}
    first = model.heads.addressing_heads - walking
    shifts = parts["s"].view(model.heads.addressing_heads, -1)
    parts["beta"][:jumping] += 3 * LOOK
    parts["beta"][jumping : jumping + looking] += LOOK
    parts["g"][:jumping] += WALK
    parts["g"][first:] -= WALK
    shifts[first:, shifts.shape[1] // 2 + 1] += WALK
    for sharp in (slice(jumping), slice(first, None)):
        parts["gamma"][sharp] += WALK / 2


@torch.no_grad()
def shut_gates(model: NTM, number: int) -> None:
    """Shut the gates (Eq. 7) of the last `number` weightings for good: they look for no row by content."""
    gates = model.heads.linear.bias[model.heads.rows["g"]]
    gates[len(gates) - number :] = SHUT


@torch.no_grad()
def open_gates(controller: LSTMController, by: float) -> None:
    """Let an LSTM's input and output gates begin more open, and its forget gates more closed, by a number."""
    input_gate, forget_gate, _, output_gate = controller.from_input.bias.chunk(4)
    for gate, sign in ((input_gate, 1), (output_gate, 1), (forget_gate, -1)):
        gate += sign * by


@torch.no_grad()
def initialise_as_the_post(model: NTM, generator: Generator) -> None:
    """Every matrix Glorot-uniform, no biases, output layer and key strengths at zero (shawntan 01b0b6e)."""
    for module in model.modules():
        if isinstance(module, nn.Linear):
            nn.init.zeros_(module.bias)
    from_input, from_reads = model.controller.from_input.weight.tensor_split([model.config.input_size], dim=1)
    heads, rows = model.heads.linear.weight, model.heads.rows
    for matrix in (from_input, from_reads, *(heads[part] for part in rows.values())):
        nn.init.xavier_uniform_(matrix, generator=generator)
    nn.init.zeros_(model.output.weight)
    heads[rows["beta"]] = 0
