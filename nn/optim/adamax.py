"""Adamax: Adam with the largest gradient in place of their mean square."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from .flat import add_scaled
from .optimizer import Optimizer, Params, loss_gradient, require_betas, require_not_negative


class Adamax(Optimizer):
    r"""Adam with the infinity norm: a step is divided by the largest gradient, which is forgotten slowly.

        g_t = ∇f(θ_{t-1}) + λ θ_{t-1}
        m_t = β1 m_{t-1} + (1 - β1) g_t
        u_t = max(β2 u_{t-1}, |g_t| + ε)
        θ_t = θ_{t-1} - γ m_t / ((1 - β1^t) u_t)

    Kingma and Ba, "Adam: a method for stochastic optimization", 2015, algorithm 2.

    Args:
        params: parameters, `(name, parameter)` pairs, or group dicts.
        lr: γ, the learning rate.
        betas: β1 and β2, how much of the mean of g and of its largest size is kept.
        eps: ε, keeps the quotient finite.
        weight_decay: λ, adds the gradient of λ/2 ‖θ‖² to the loss's.
        maximize: go up the gradient instead of down.

    Raises:
        ValueError: no parameters, a negative option, or a beta outside of [0, 1).

    Example:
        >>> import numpy as np, autograd_lite as ag
        >>> w = ag.Value([1.0, -2.0])
        >>> optimizer = Adamax([w], lr=0.5)
        >>> np.sum(w**2).backward()
        >>> optimizer.step()
        >>> w.data.round(4)
        array([ 0.5, -1.5])
    """

    counts_steps: ClassVar[bool] = True

    def __init__(
        self,
        params: Params,
        lr: float = 2e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        *,
        maximize: bool = False,
    ) -> None:
        defaults = {"lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay, "maximize": maximize}
        super().__init__(params, defaults)

    def check(self, group: dict[str, Any]) -> None:
        require_not_negative(group, "lr", "eps", "weight_decay")
        require_betas(group)

    def state_names(self, group: dict[str, Any]) -> tuple[str, ...]:
        return ("exp_avg", "exp_inf")

    def update(self, group: dict[str, Any], t: int, theta: Any, g: Any, d: Any, s: Any, *state: Any) -> None:
        gamma, eps = float(group["lr"]), float(group["eps"])
        beta1, beta2 = map(float, group["betas"])
        m, u = state
        g = loss_gradient(group, theta, g, d, s)
        m *= beta1
        add_scaled(m, 1 - beta1, g, s)
        u *= beta2
        np.abs(g, out=s)
        s += eps
        np.maximum(u, s, out=u)
        np.divide(m, u, out=s)
        add_scaled(theta, -gamma / (1 - beta1**t), s, s)
