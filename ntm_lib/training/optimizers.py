"""The RMSProp of the post's code, which divides a gradient by what the gradients before it were."""

from collections.abc import Callable, Iterable

import torch
from torch import Tensor

DECAY, EPSILON = 0.95, 1e-4
"""How much of the past the averages keep, and what is added inside the root (shawntan/theano_toolkit, updates.py)."""


class LaggingRMSprop(torch.optim.Optimizer):
    """Graves's RMSProp (2013, Eqs. 38-45), but with the averages as they were before this gradient.

    Graves's steps have a largest size, whatever the gradient: it is in its own divisor. Here a gradient a thousand
    times the usual one makes a step a thousand times the usual one.
    """

    def __init__(self, params: Iterable[Tensor], lr: float, momentum: float):
        super().__init__(params, {"lr": lr, "momentum": momentum})

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> None:
        """One step down every gradient that is there."""
        for group in self.param_groups:
            for parameter in group["params"]:
                if parameter.grad is not None:
                    self._step(parameter, group["lr"], group["momentum"])

    def _step(self, parameter: Tensor, rate: float, momentum: float) -> None:
        state, gradient = self.state[parameter], parameter.grad
        if not state:
            state |= {name: torch.zeros_like(parameter) for name in ("square", "mean", "step_before")}
        square, mean, step = state["square"], state["mean"], state["step_before"]
        variance = square.addcmul(mean, mean, value=-1).clamp_(min=0)  # float32 may round it below
        step.mul_(momentum).addcdiv_(gradient, variance.add_(EPSILON).sqrt_(), value=-rate)
        parameter.add_(step)
        square.mul_(DECAY).addcmul_(gradient, gradient, value=1 - DECAY)
        mean.lerp_(gradient, 1 - DECAY)
