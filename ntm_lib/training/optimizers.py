"""The optimisers of the recipes, and the length of a step: clipping, and the learning rate over a training."""

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from ntm_lib.machine import NTMState
from ntm_lib.training.recipe import Recipe

MOMENTUM = 0.9  # momentum of RMSProp (Adam has averages of its own, 0.9 and 0.999)
DECAY = 0.95  # share of the past that RMSProp's averages keep
EPSILON = 1e-4  # number under the root of RMSProp's divisor; torch adds to the root itself, where 1e-2 stands for it


def make_optimizer(recipe: Recipe, model: nn.Module) -> torch.optim.Optimizer:
    """The recipe's optimiser over all weights; `foreach` takes one call for all of them, and rounds alike."""
    if recipe.optimizer == "lagging-rmsprop":
        return LaggingRMSprop(model.parameters(), recipe.learning_rate)
    options: dict[str, Any] = {"lr": recipe.learning_rate, "foreach": True}
    if recipe.optimizer == "rmsprop":
        rmsprop = {"alpha": DECAY, "eps": EPSILON**0.5, "momentum": MOMENTUM, "centered": True}
        return torch.optim.RMSprop(model.parameters(), **rmsprop, **options)
    from_state = [weight for name, weight in model.named_parameters() if name == "controller.from_state.weight"]
    others = [weight for name, weight in model.named_parameters() if name != "controller.from_state.weight"]
    groups = [{"params": others, "weight_decay": 0.0}, {"params": from_state, "weight_decay": recipe.state_decay}]
    return torch.optim.AdamW([group for group in groups if group["params"]], **options)  # without decay it is Adam


class LaggingRMSprop(torch.optim.Optimizer):
    """Graves's RMSProp (2013, Eqs. 38-45) as in the post's code (shawntan/theano_toolkit, updates.py).

    A gradient is not in its own divisor, so one a thousand times the usual makes a step a thousand times the usual.
    """

    def __init__(self, params: Iterable[Tensor], lr: float):
        super().__init__(params, {"lr": lr})

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> None:  # type: ignore[override]
        """Move weights by gradients over the root of the variance so far, then let the averages see the gradients."""
        (group,) = self.param_groups
        for weight in group["params"]:
            if weight.grad is None:
                continue
            averages = self.state[weight]
            if not averages:
                averages.update({name: torch.zeros_like(weight) for name in ("square", "mean", "step_before")})
            square, mean, step = averages["square"], averages["mean"], averages["step_before"]
            variance = square.addcmul(mean, mean, value=-1).clamp_(min=0)  # float32 may round it below
            step.mul_(MOMENTUM).addcdiv_(weight.grad, variance.add_(EPSILON).sqrt_(), value=-group["lr"])
            weight.add_(step)
            square.mul_(DECAY).addcmul_(weight.grad, weight.grad, value=1 - DECAY)
            mean.lerp_(weight.grad, 1 - DECAY)


def clip(parameters: list[nn.Parameter], recipe: Recipe) -> float:
    """Limit the gradient as the recipe says, if it is finite; returns its norm before that."""
    gradients = [parameter.grad for parameter in parameters if parameter.grad is not None]
    norm = torch.nn.utils.get_total_norm(gradients)
    if not norm.isfinite():
        return norm.item()
    if recipe.historical.clip_value:
        torch.nn.utils.clip_grad_value_(parameters, recipe.historical.clip_value)
    if recipe.clip_norm:
        torch.nn.utils.clip_grads_with_norm_(parameters, recipe.clip_norm, norm)
    return norm.item()


def limit_derivatives(states: list[NTMState], recipe: Recipe) -> None:
    """Limit the loss's derivatives with respect to weightings at every step, before they go further back in time.

    A head undecided between rows makes a derivative grow at every step back, and after a hundred steps it drowns the
    rest of the gradient. Clipping the whole gradient shortens it and leaves its direction; a limit at every step leaves
    the rest as it was. Graves (2013, arXiv 1308.0850, section 2.1) limits derivatives with respect to an LSTM's inputs
    in a like way. A loss is the mean over a batch, so a sequence's limit is `clip_weightings` / `batch_size`; 0: none.
    Raises ValueError for a limit where no state has derivatives.
    """
    if not recipe.clip_weightings:
        return
    limited = [state.weights for state in states if state.weights.requires_grad]
    if not limited:
        raise ValueError(
            f"clip_weightings is {recipe.clip_weightings}: the machine's forward appends no states that derivatives"
            " reach; append every state to history, or set clip_weightings to 0"
        )
    shorten = partial(shortened, longest=recipe.clip_weightings / recipe.batch_size)
    for weights in limited:
        weights.register_hook(shorten)  # type: ignore[no-untyped-call]


def shortened(vectors: Tensor, longest: float) -> Tensor:
    """Vectors (..., N), those of a greater length shortened to `longest`, of a length beyond the dtype's numbers to 0.

    >>> shortened(torch.tensor([[3.0, 4.0], [0.5, 0.0]]), longest=1.0).tolist()
    [[0.6000000238418579, 0.800000011920929], [0.5, 0.0]]
    """
    lengths = torch.linalg.vector_norm(vectors, dim=-1, keepdim=True)
    factors: Tensor = longest / lengths.clamp(min=longest)
    return vectors * factors


def learning_rate(recipe: Recipe, update: int, converged: bool) -> float:
    """The rate of an update: warm-up, then the peak, falling evenly to `last_rate` times the peak;
    `keep_rate` times the peak once the machine has converged."""
    if converged:
        return recipe.keep_rate * recipe.learning_rate
    warm = min(1.0, (update + 1) / max(1, recipe.warmup_updates))
    falling = 1 - (1 - recipe.last_rate) * update / recipe.updates
    return warm * falling * recipe.learning_rate
