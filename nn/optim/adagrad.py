"""Adagrad: steps that shrink with the sum of all squared gradients so far."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

import autograd_lite as ag

from .flat import add_scaled
from .optimizer import Optimizer, Params, loss_gradient, require_not_negative


class Adagrad(Optimizer):
    r"""Gradient descent in which each parameter has a learning rate of its own: rare features take large steps.

        g_t = ∇f(θ_{t-1}) + λ θ_{t-1}
        S_t = S_{t-1} + g_t²
        θ_t = θ_{t-1} - γ / (1 + (t - 1) η) · g_t / (√S_t + ε)

    Duchi, Hazan and Singer, "Adaptive subgradient methods for online learning and stochastic optimization", 2011.

    Args:
        params: parameters, `(name, parameter)` pairs, or group dicts.
        lr: γ, the learning rate.
        lr_decay: η, how fast it shrinks with the steps.
        weight_decay: λ, adds the gradient of λ/2 ‖θ‖² to the loss's.
        initial_accumulator_value: S_0.
        eps: ε, keeps the quotient finite.
        maximize: go up the gradient instead of down.

    Raises:
        ValueError: no parameters, or a negative option.

    Example:
        >>> import numpy as np, autograd_lite as ag
        >>> w = ag.Value([1.0, -2.0])
        >>> optimizer = Adagrad([w], lr=0.5)
        >>> np.sum(w**2).backward()
        >>> optimizer.step()
        >>> w.data.round(4)
        array([ 0.5, -1.5])
    """

    counts_steps: ClassVar[bool] = True

    def __init__(
        self,
        params: Params,
        lr: float = 1e-2,
        lr_decay: float = 0,
        weight_decay: float = 0,
        initial_accumulator_value: float = 0,
        eps: float = 1e-10,
        *,
        maximize: bool = False,
    ) -> None:
        defaults = {
            "lr": lr,
            "lr_decay": lr_decay,
            "eps": eps,
            "weight_decay": weight_decay,
            "initial_accumulator_value": initial_accumulator_value,
            "maximize": maximize,
        }
        super().__init__(params, defaults)

    def check(self, group: dict[str, Any]) -> None:
        require_not_negative(group, "lr", "lr_decay", "weight_decay", "initial_accumulator_value", "eps")

    def state_names(self, group: dict[str, Any]) -> tuple[str, ...]:
        return ("sum",)

    @property
    def state(self) -> dict[ag.Value, dict[str, Any]]:
        """What is remembered for each parameter, as in PyTorch also for those that have not been updated yet."""
        fresh = {
            p: {
                "step": np.zeros((), np.float32),
                "sum": np.full_like(p.data, group["initial_accumulator_value"], subok=False),
            }
            for group in self.param_groups
            for p in group["params"]
        }
        return fresh | super().state

    def update(self, group: dict[str, Any], t: int, theta: Any, g: Any, d: Any, s: Any, *state: Any) -> None:
        gamma, eta, eps = float(group["lr"]), float(group["lr_decay"]), float(group["eps"])
        (total,) = state
        if t == 1:
            total[...] = float(group["initial_accumulator_value"])
        g = loss_gradient(group, theta, g, d, s)
        total += np.multiply(g, g, out=s)
        np.sqrt(total, out=s)
        s += eps
        np.divide(g, s, out=s)
        add_scaled(theta, -gamma / (1 + (t - 1) * eta), s, s)
