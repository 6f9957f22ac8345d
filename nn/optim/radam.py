"""RAdam: Adam that waits with its adaptive learning rate until it is known well enough."""

from __future__ import annotations

import math
from typing import Any, ClassVar

import numpy as np

from .adam import decayed_gradient, moments
from .flat import add_scaled
from .optimizer import Optimizer, Params, require_betas, require_not_negative


class RAdam(Optimizer):
    r"""Adam with a rectified variance: plain momentum at first, then steps that grow to Adam's.

        g_t = ∇f(θ_{t-1}) + λ θ_{t-1}
        m_t = β1 m_{t-1} + (1 - β1) g_t
        v_t = β2 v_{t-1} + (1 - β2) g_t²
        ρ∞ = 2 / (1 - β2) - 1,  ρ_t = ρ∞ - 2 t β2^t / (1 - β2^t)
        r_t = √( (ρ_t - 4) (ρ_t - 2) ρ∞ / ((ρ∞ - 4) (ρ∞ - 2) ρ_t) )
        θ_t = θ_{t-1} - γ r_t m̂_t / √v̂_t        if ρ_t > 5
        θ_t = θ_{t-1} - γ m̂_t                   else

    with m̂ and v̂ as in `Adam`, and ε added to √v_t. Liu et al., "On the variance of the adaptive learning rate and
    beyond", 2020, algorithm 2.

    Args:
        params: parameters, `(name, parameter)` pairs, or group dicts.
        lr: γ, the learning rate.
        betas: β1 and β2, how much of the running means of g and g² is kept.
        eps: ε, keeps the quotient finite.
        weight_decay: λ, adds the gradient of λ/2 ‖θ‖² to the loss's.
        decoupled_weight_decay: let parameters shrink by γ λ θ instead, as in `AdamW`.
        maximize: go up the gradient instead of down.

    Raises:
        ValueError: no parameters, a negative option, or a beta outside of [0, 1).

    Example:
        >>> import numpy as np, autograd_lite as ag
        >>> w = ag.Value([1.0, -2.0])
        >>> optimizer = RAdam([w], lr=0.1)
        >>> np.sum(w**2).backward()
        >>> optimizer.step()
        >>> w.data
        array([ 0.8, -1.6])
    """

    counts_steps: ClassVar[bool] = True

    def __init__(
        self,
        params: Params,
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        decoupled_weight_decay: bool = False,
        *,
        maximize: bool = False,
    ) -> None:
        defaults = {
            "lr": lr,
            "betas": betas,
            "eps": eps,
            "weight_decay": weight_decay,
            "maximize": maximize,
            "decoupled_weight_decay": decoupled_weight_decay,
        }
        super().__init__(params, defaults)

    def check(self, group: dict[str, Any]) -> None:
        require_not_negative(group, "lr", "eps", "weight_decay")
        require_betas(group)

    def state_names(self, group: dict[str, Any]) -> tuple[str, ...]:
        return ("exp_avg", "exp_avg_sq")

    def update(self, group: dict[str, Any], t: int, theta: Any, g: Any, d: Any, s: Any, *state: Any) -> None:
        gamma, eps = float(group["lr"]), float(group["eps"])
        beta1, beta2 = map(float, group["betas"])
        m, v = state
        g = decayed_gradient(group, theta, g, d, s)
        moments(m, v, g, beta1, beta2, s)
        correction2 = 1 - beta2**t
        rho_inf = 2 / (1 - beta2) - 1
        rho = rho_inf - 2 * t * beta2**t / correction2
        step = gamma / (1 - beta1**t)
        if rho > 5:
            r = math.sqrt((rho - 4) * (rho - 2) * rho_inf / ((rho_inf - 4) * (rho_inf - 2) * rho))
            np.sqrt(v, out=s)
            s += eps
            m, step = np.divide(m, s, out=s), step * r * math.sqrt(correction2)
        add_scaled(theta, -step, m, s)
