"""Stochastic gradient descent, with momentum."""

from __future__ import annotations

from typing import Any

from .flat import add_scaled
from .optimizer import Optimizer, Params, loss_gradient, require_not_negative


class SGD(Optimizer):
    r"""Gradient descent, optionally with momentum.

        g_t = ∇f(θ_{t-1}) + λ θ_{t-1}
        b_t = μ b_{t-1} + (1 - τ) g_t        b_1 = g_1
        θ_t = θ_{t-1} - γ b_t                plain momentum
        θ_t = θ_{t-1} - γ (g_t + μ b_t)      Nesterov's

    Momentum: Polyak, "Some methods of speeding up the convergence of iteration methods", 1964. Nesterov's in the
    form of Sutskever et al., "On the importance of initialization and momentum in deep learning", 2013.

    Args:
        params: parameters, `(name, parameter)` pairs, or group dicts.
        lr: γ, the learning rate.
        momentum: μ, how much of the last step is kept; 0 for none.
        dampening: τ.
        weight_decay: λ, adds the gradient of λ/2 ‖θ‖² to the loss's.
        nesterov: look ahead along the momentum.
        maximize: go up the gradient instead of down.

    Raises:
        ValueError: no parameters, a negative option, or `nesterov` without momentum or with dampening.

    Example:
        >>> import numpy as np, autograd_lite as ag
        >>> w = ag.Value([1.0, -2.0])
        >>> optimizer = SGD([w], lr=0.1, momentum=0.9)
        >>> for _ in range(5):
        ...     optimizer.zero_grad()
        ...     loss = np.sum(w**2)
        ...     loss.backward()
        ...     optimizer.step()
        ...     print(f"{loss.item():.4f}")
        5.0000
        3.2000
        1.0580
        0.0192
        0.4762
    """

    def __init__(
        self,
        params: Params,
        lr: float = 1e-3,
        momentum: float = 0,
        dampening: float = 0,
        weight_decay: float = 0,
        nesterov: bool = False,
        *,
        maximize: bool = False,
    ) -> None:
        defaults = {
            "lr": lr,
            "momentum": momentum,
            "dampening": dampening,
            "weight_decay": weight_decay,
            "nesterov": nesterov,
            "maximize": maximize,
        }
        super().__init__(params, defaults)

    def check(self, group: dict[str, Any]) -> None:
        require_not_negative(group, "lr", "momentum", "weight_decay")
        if group["nesterov"] and (group["momentum"] <= 0 or group["dampening"] != 0):
            raise ValueError(
                f"nesterov=True needs momentum and no dampening, but momentum is {group['momentum']} and dampening "
                f"{group['dampening']}. Write momentum=0.9, dampening=0."
            )

    def state_names(self, group: dict[str, Any]) -> tuple[str, ...]:
        return ("momentum_buffer",) if group["momentum"] else ()

    def update(self, group: dict[str, Any], t: int, theta: Any, g: Any, d: Any, s: Any, *state: Any) -> None:
        gamma, mu, tau = float(group["lr"]), float(group["momentum"]), float(group["dampening"])
        g = loss_gradient(group, theta, g, d, s)
        if not mu:
            add_scaled(theta, -gamma, g, s)
            return
        (b,) = state
        if t == 1:
            b[...] = g
        else:
            b *= mu
            if tau:
                add_scaled(b, 1 - tau, g, s)
            else:
                b += g
        if group["nesterov"]:
            add_scaled(theta, -gamma, g, s)
            add_scaled(theta, -gamma * mu, b, s)
        else:
            add_scaled(theta, -gamma, b, s)
