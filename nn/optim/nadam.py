"""NAdam: Adam with Nesterov's momentum."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from .adam import decayed_gradient, moments
from .flat import add_scaled
from .optimizer import Optimizer, Params, require_betas, require_not_negative


class NAdam(Optimizer):
    r"""Adam that looks ahead along its momentum, as Nesterov's accelerated gradient does.

        g_t = ∇f(θ_{t-1}) + λ θ_{t-1}
        μ_t = β1 (1 - ½ 0.96^{t ψ})
        m_t = β1 m_{t-1} + (1 - β1) g_t
        v_t = β2 v_{t-1} + (1 - β2) g_t²
        m̂_t = μ_{t+1} m_t / (1 - Π_{i≤t+1} μ_i) + (1 - μ_t) g_t / (1 - Π_{i≤t} μ_i)
        θ_t = θ_{t-1} - γ m̂_t / (√v̂_t + ε)        v̂_t = v_t / (1 - β2^t)

    Dozat, "Incorporating Nesterov momentum into Adam", 2016.

    Args:
        params: parameters, `(name, parameter)` pairs, or group dicts.
        lr: γ, the learning rate.
        betas: β1 and β2, how much of the running means of g and g² is kept.
        eps: ε, keeps the quotient finite.
        weight_decay: λ, adds the gradient of λ/2 ‖θ‖² to the loss's.
        momentum_decay: ψ, how fast the momentum μ grows from β1/2 to β1.
        decoupled_weight_decay: let parameters shrink by γ λ θ instead, as in `AdamW`.
        maximize: go up the gradient instead of down.

    Raises:
        ValueError: no parameters, a negative option, or a beta outside of [0, 1).

    Example:
        >>> import numpy as np, autograd_lite as ag
        >>> w = ag.Value([1.0, -2.0])
        >>> optimizer = NAdam([w], lr=0.5)
        >>> for _ in range(5):
        ...     optimizer.zero_grad()
        ...     loss = np.sum(w**2)
        ...     loss.backward()
        ...     optimizer.step()
        ...     print(f"{loss.item():.4f}")
        5.0000
        2.3887
        1.3404
        0.7400
        0.3766
    """

    counts_steps: ClassVar[bool] = True
    scalars: ClassVar[Mapping[str, float]] = {"mu_product": 1.0}

    def __init__(
        self,
        params: Params,
        lr: float = 2e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        momentum_decay: float = 4e-3,
        decoupled_weight_decay: bool = False,
        *,
        maximize: bool = False,
    ) -> None:
        defaults = {
            "lr": lr,
            "betas": betas,
            "eps": eps,
            "weight_decay": weight_decay,
            "momentum_decay": momentum_decay,
            "decoupled_weight_decay": decoupled_weight_decay,
            "maximize": maximize,
        }
        super().__init__(params, defaults)

    def check(self, group: dict[str, Any]) -> None:
        require_not_negative(group, "lr", "eps", "weight_decay", "momentum_decay")
        require_betas(group)

    def state_names(self, group: dict[str, Any]) -> tuple[str, ...]:
        return ("exp_avg", "exp_avg_sq")

    def advance(self, group: dict[str, Any], t: int, *scalars: float) -> tuple[float, ...]:
        (product,) = scalars
        return (product * _mu(group, t),)

    def update(self, group: dict[str, Any], t: int, theta: Any, g: Any, d: Any, s: Any, *state: Any) -> None:
        gamma, eps = float(group["lr"]), float(group["eps"])
        beta1, beta2 = map(float, group["betas"])
        m, v, product = state
        mu, mu_next = _mu(group, t), _mu(group, t + 1)
        g = decayed_gradient(group, theta, g, d, s)
        moments(m, v, g, beta1, beta2, s)
        # θ -= γ m̂ / (√v̂ + ε), with the correction of v in front
        root = math.sqrt(1 - beta2**t)
        np.sqrt(v, out=s)
        s += eps * root
        np.divide(g, s, out=d)
        add_scaled(theta, -gamma * root * (1 - mu) / (1 - product), d, d)
        np.divide(m, s, out=s)
        add_scaled(theta, -gamma * root * mu_next / (1 - product * mu_next), s, s)


def _mu(group: dict[str, Any], t: int) -> float:
    return float(group["betas"][0] * (1 - 0.5 * 0.96 ** (t * group["momentum_decay"])))
