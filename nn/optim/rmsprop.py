"""RMSprop: the gradient over a running mean of its size."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from .flat import add_scaled
from .optimizer import Optimizer, Params, loss_gradient, require_not_negative


class RMSprop(Optimizer):
    r"""The gradient over the root of its running mean square, optionally with momentum.

        g_t = ∇f(θ_{t-1}) + λ θ_{t-1}
        v_t = α v_{t-1} + (1 - α) g_t²
        ḡ_t = α ḡ_{t-1} + (1 - α) g_t                centered: v_t - ḡ_t² in place of v_t below
        b_t = μ b_{t-1} + g_t / (√v_t + ε)
        θ_t = θ_{t-1} - γ b_t

    Tieleman and Hinton, "Neural networks for machine learning", lecture 6.5, 2012. Centered: Graves, "Generating
    sequences with recurrent neural networks", 2013, equations 38 to 41.

    Args:
        params: parameters, `(name, parameter)` pairs, or group dicts.
        lr: γ, the learning rate.
        alpha: α, how much of the running means is kept.
        eps: ε, keeps the quotient finite.
        weight_decay: λ, adds the gradient of λ/2 ‖θ‖² to the loss's.
        momentum: μ, how much of the last step is kept; 0 for none.
        centered: divide by the gradient's standard deviation instead.
        maximize: go up the gradient instead of down.

    Raises:
        ValueError: no parameters, or a negative option.

    Example:
        >>> import numpy as np, autograd_lite as ag
        >>> w = ag.Value([1.0, -2.0])
        >>> optimizer = RMSprop([w], lr=0.05)
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
        alpha: float = 0.99,
        eps: float = 1e-8,
        weight_decay: float = 0,
        momentum: float = 0,
        centered: bool = False,
        *,
        maximize: bool = False,
    ) -> None:
        defaults = {
            "lr": lr,
            "momentum": momentum,
            "alpha": alpha,
            "eps": eps,
            "centered": centered,
            "weight_decay": weight_decay,
            "maximize": maximize,
        }
        super().__init__(params, defaults)

    def check(self, group: dict[str, Any]) -> None:
        require_not_negative(group, "lr", "alpha", "eps", "weight_decay", "momentum")

    def state_names(self, group: dict[str, Any]) -> tuple[str, ...]:
        optional = {"momentum_buffer": group["momentum"], "grad_avg": group["centered"]}
        return ("square_avg", *(name for name, used in optional.items() if used))

    def update(self, group: dict[str, Any], t: int, theta: Any, g: Any, d: Any, s: Any, *state: Any) -> None:
        gamma, alpha, eps, mu = (float(group[option]) for option in ("lr", "alpha", "eps", "momentum"))
        v, *optional = state
        g = loss_gradient(group, theta, g, d, s)
        v *= alpha
        np.multiply(g, g, out=s)
        add_scaled(v, 1 - alpha, s, s)
        if group["centered"]:
            mean = optional[-1]
            mean *= alpha
            add_scaled(mean, 1 - alpha, g, s)
            np.multiply(mean, mean, out=s)
            v = np.subtract(v, s, out=s)
        np.sqrt(v, out=s)
        s += eps
        np.divide(g, s, out=s)
        if mu:
            b = optional[0]
            b *= mu
            b += s
            add_scaled(theta, -gamma, b, s)
        else:
            add_scaled(theta, -gamma, s, s)
