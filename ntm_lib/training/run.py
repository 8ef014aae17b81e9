"""A training under way: the machine, its optimiser, its randomness, and how far it has come."""

from dataclasses import dataclass, field

import torch
from torch import Generator, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from ntm_lib.machine import NTM, LSTMBaseline, NTMConfig
from ntm_lib.training.optimizers import LaggingRMSprop
from ntm_lib.training.recipes import Recipe


@dataclass
class Progress:
    """How far a run has come: everything a checkpoint keeps besides tensors."""

    update: int = 0
    sequences: int = 0
    seconds: float = 0.0
    running_loss: float | None = None
    learned: float = 0.0
    level: int = 1
    settled_at: int | None = None
    exact_in_a_row: int = 0
    converged_at: int | None = None
    stopped: str | None = None
    finished: bool = False
    reports: list[dict] = field(default_factory=list)
    history: list[dict] = field(default_factory=list)


class Run:
    """One training under way: the machine, its optimiser, its one source of randomness, and its progress."""

    def __init__(self, recipe: Recipe, seed: int):
        self.recipe, self.seed = recipe, seed
        self.generator = Generator().manual_seed(seed)
        self.model = build(recipe, seed)
        self.optimizer = make_optimizer(recipe, self.model)
        self.average = average_of(self.model, recipe.averaging) if recipe.averaging else None
        self.progress = Progress()

    @property
    def judged(self) -> nn.Module:
        """The machine that counts: the one being trained, or the average of what it has been."""
        return self.model if self.average is None else self.average.module


def average_of(model: nn.Module, keep: float) -> AveragedModel:
    """A running average of a machine's weights that keeps the share `keep` of the past at every update."""
    return AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(keep))


def build(recipe: Recipe, seed: int) -> nn.Module:
    """A fresh machine; the seed alone decides its weights, and no one else's random numbers are touched."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = (NTM if isinstance(recipe.machine, NTMConfig) else LSTMBaseline)(recipe.machine)
        if recipe.initialisation == "glorot":
            _initialise_as_the_post(model)
        if isinstance(model, NTM):
            _lean(model, recipe)
    return model


@torch.no_grad()
def _lean(model: NTM, recipe: Recipe) -> None:
    """Let the input outweigh what is read, the payload move no head, and the write heads replace rather than add."""
    model.controller.from_input.weight[:, : model.config.input_size] *= recipe.input_gain
    if model.config.controller == "lstm":
        input_gate, forget_gate, _, output_gate = model.controller.from_input.bias.chunk(4)
        for gate, sign in ((input_gate, 1), (output_gate, 1), (forget_gate, -1)):
            gate += sign * recipe.open_gates
    model.heads.linear.weight[model.heads.location_rows] *= recipe.location_gain
    model.heads.linear.bias[model.heads.erase_rows] += recipe.erase_bias


@torch.no_grad()
def _initialise_as_the_post(model: NTM) -> None:
    """Each of its matrices Glorot-uniform, no biases, output layer and key strengths at zero (shawntan 01b0b6e)."""
    for module in model.modules():
        if isinstance(module, nn.Linear):
            nn.init.zeros_(module.bias)
    from_input, from_reads = model.controller.from_input.weight.tensor_split([model.config.input_size], dim=1)
    for matrix in (from_input, from_reads, *model.heads.linear.weight.split(model.heads.sizes)):
        nn.init.xavier_uniform_(matrix)
    nn.init.zeros_(model.output.weight)
    model.heads.linear.weight[model.heads.beta_rows] = 0


def make_optimizer(recipe: Recipe, model: nn.Module) -> torch.optim.Optimizer:
    """The recipe's optimiser over all weights; `foreach` takes one call for all of them, and rounds the same."""
    if recipe.optimizer == "lagging-rmsprop":
        return LaggingRMSprop(model.parameters(), recipe.learning_rate, recipe.momentum)
    options = {"lr": recipe.learning_rate, "foreach": True}
    if recipe.optimizer == "rmsprop":
        return torch.optim.RMSprop(
            model.parameters(), alpha=0.95, eps=1e-2, momentum=recipe.momentum, centered=True, **options
        )
    from_state = [weight for name, weight in model.named_parameters() if name == "controller.from_state.weight"]
    others = [weight for name, weight in model.named_parameters() if name != "controller.from_state.weight"]
    groups = [{"params": others, "weight_decay": 0.0}, {"params": from_state, "weight_decay": recipe.state_decay}]
    return torch.optim.AdamW([group for group in groups if group["params"]], **options)
