"""Adadelta: steps in the units of the parameters, without a learning rate to choose."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from .flat import add_scaled
from .optimizer import Optimizer, Params, loss_gradient, require_not_negative


class Adadelta(Optimizer):
    r"""The gradient, scaled by the size of past steps over the size of past gradients.

        g_t = ∇f(θ_{t-1}) + λ θ_{t-1}
        v_t = ρ v_{t-1} + (1 - ρ) g_t²
        Δ_t = √(u_{t-1} + ε) / √(v_t + ε) · g_t
        u_t = ρ u_{t-1} + (1 - ρ) Δ_t²
        θ_t = θ_{t-1} - γ Δ_t

    Zeiler, "ADADELTA: an adaptive learning rate method", 2012, algorithm 1, where γ is 1.

    Args:
        params: parameters, `(name, parameter)` pairs, or group dicts.
        lr: γ, a factor of all steps.
        rho: ρ, how much of the running means of g² and Δ² is kept.
        eps: ε, sets the size of the first steps.
        weight_decay: λ, adds the gradient of λ/2 ‖θ‖² to the loss's.
        maximize: go up the gradient instead of down.

    Raises:
        ValueError: no parameters, a negative option, or `rho` above 1.

    Example:
        >>> import numpy as np, autograd_lite as ag
        >>> w = ag.Value([1.0, -2.0])
        >>> optimizer = Adadelta([w], eps=0.1)
        >>> np.sum(w**2).backward()
        >>> optimizer.step()
        >>> w.data.round(4)
        array([ 0.1056, -1.0299])
    """

    counts_steps: ClassVar[bool] = True

    def __init__(
        self,
        params: Params,
        lr: float = 1.0,
        rho: float = 0.9,
        eps: float = 1e-6,
        weight_decay: float = 0,
        *,
        maximize: bool = False,
    ) -> None:
        defaults = {"lr": lr, "rho": rho, "eps": eps, "weight_decay": weight_decay, "maximize": maximize}
        super().__init__(params, defaults)

    def check(self, group: dict[str, Any]) -> None:
        require_not_negative(group, "lr", "eps", "weight_decay")
        if not 0 <= group["rho"] <= 1:
            raise ValueError(f"rho is {group['rho']}, but must be in [0, 1]. Write rho=0.9.")

    def state_names(self, group: dict[str, Any]) -> tuple[str, ...]:
        return ("square_avg", "acc_delta")

    def update(self, group: dict[str, Any], t: int, theta: Any, g: Any, d: Any, s: Any, *state: Any) -> None:
        gamma, rho, eps = float(group["lr"]), float(group["rho"]), float(group["eps"])
        v, u = state
        g = loss_gradient(group, theta, g, d, s)
        v *= rho
        np.multiply(g, g, out=s)
        add_scaled(v, 1 - rho, s, s)
        np.add(v, eps, out=s)
        delta = np.divide(g, np.sqrt(s, out=s), out=d)
        np.add(u, eps, out=s)
        delta *= np.sqrt(s, out=s)
        u *= rho
        np.multiply(delta, delta, out=s)
        add_scaled(u, 1 - rho, s, s)
        add_scaled(theta, -gamma, delta, s)
