"""Adam, and AdamW with its decoupled weight decay."""

from __future__ import annotations

import math
from typing import Any, ClassVar

import numpy as np

from .flat import add_scaled
from .optimizer import Optimizer, Params, loss_gradient, require_betas, require_not_negative


class Adam(Optimizer):
    r"""Adaptive moment estimation.

        g_t = ∇f(θ_{t-1}) + λ θ_{t-1}
        m_t = β1 m_{t-1} + (1 - β1) g_t
        v_t = β2 v_{t-1} + (1 - β2) g_t²
        θ_t = θ_{t-1} - γ m̂_t / (√v̂_t + ε)        m̂_t = m_t / (1 - β1^t),  v̂_t = v_t / (1 - β2^t)

    Kingma and Ba, "Adam: a method for stochastic optimization", 2015, algorithm 1. With `amsgrad`, v̂_t is the
    largest v so far over (1 - β2^t): Reddi et al., "On the convergence of Adam and beyond", 2018.

    Args:
        params: parameters, `(name, parameter)` pairs, or group dicts.
        lr: γ, the learning rate; about the largest change of a parameter in one step.
        betas: β1 and β2, how much of the running means of g and g² is kept.
        eps: ε, keeps the quotient finite.
        weight_decay: λ, adds the gradient of λ/2 ‖θ‖² to the loss's. For decay that is independent of the
            gradient's size use `AdamW`.
        amsgrad: never let the effective learning rate of a parameter grow.
        maximize: go up the gradient instead of down.
        decoupled_weight_decay: let parameters shrink by γ λ θ instead, as in `AdamW`.

    Raises:
        ValueError: no parameters, a negative option, or a beta outside of [0, 1).

    Example:
        >>> import numpy as np, autograd_lite as ag
        >>> w = ag.Value([1.0, -2.0])
        >>> optimizer = Adam([w], lr=0.5)
        >>> for _ in range(5):
        ...     optimizer.zero_grad()
        ...     loss = np.sum(w**2)
        ...     loss.backward()
        ...     optimizer.step()
        ...     print(f"{loss.item():.4f}")
        5.0000
        2.5000
        1.0187
        0.4012
        0.3044
    """

    counts_steps: ClassVar[bool] = True

    def __init__(
        self,
        params: Params,
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        amsgrad: bool = False,
        *,
        maximize: bool = False,
        decoupled_weight_decay: bool = False,
    ) -> None:
        defaults = {
            "lr": lr,
            "betas": betas,
            "eps": eps,
            "weight_decay": weight_decay,
            "amsgrad": amsgrad,
            "maximize": maximize,
            "decoupled_weight_decay": decoupled_weight_decay,
        }
        super().__init__(params, defaults)

    def check(self, group: dict[str, Any]) -> None:
        require_not_negative(group, "lr", "eps", "weight_decay")
        require_betas(group)

    def state_names(self, group: dict[str, Any]) -> tuple[str, ...]:
        return ("exp_avg", "exp_avg_sq", "max_exp_avg_sq") if group["amsgrad"] else ("exp_avg", "exp_avg_sq")

    def update(self, group: dict[str, Any], t: int, theta: Any, g: Any, d: Any, s: Any, *state: Any) -> None:
        gamma, eps = float(group["lr"]), float(group["eps"])
        beta1, beta2 = map(float, group["betas"])
        m, v, *largest = state
        g = decayed_gradient(group, theta, g, d, s)
        moments(m, v, g, beta1, beta2, s)
        if largest:
            v = np.maximum(largest[0], v, out=largest[0])
        # θ -= γ m̂ / (√v̂ + ε), with both corrections in front, as the paper's section 2 has it for efficiency
        root = math.sqrt(1 - beta2**t)
        np.sqrt(v, out=s)
        s += eps * root
        np.divide(m, s, out=s)
        add_scaled(theta, -gamma * root / (1 - beta1**t), s, s)


def decayed_gradient(group: dict[str, Any], theta: Any, g: Any, d: Any, s: Any) -> Any:
    """`loss_gradient`, or with `decoupled_weight_decay` that of the loss alone after θ has shrunk by γ λ θ."""
    if not group["decoupled_weight_decay"]:
        return loss_gradient(group, theta, g, d, s)
    if group["weight_decay"]:
        theta *= 1 - float(group["lr"]) * float(group["weight_decay"])
    return np.negative(g, out=d) if group["maximize"] else g


def moments(m: Any, v: Any, g: Any, beta1: float, beta2: float, s: Any) -> None:
    """m = β1 m + (1 - β1) g,  v = β2 v + (1 - β2) g²"""
    m *= beta1
    add_scaled(m, 1 - beta1, g, s)
    v *= beta2
    np.multiply(g, g, out=s)
    add_scaled(v, 1 - beta2, s, s)


class AdamW(Adam):
    r"""Adam with decoupled weight decay: parameters shrink by γ λ θ, whatever the size of their gradient.

        θ_t = (1 - γ λ) θ_{t-1} - γ m̂_t / (√v̂_t + ε)

    with m̂ and v̂ as in `Adam`, of the loss's gradient alone. Loshchilov and Hutter, "Decoupled weight decay
    regularization", 2019, algorithm 2.

    Args:
        params: parameters, `(name, parameter)` pairs, or group dicts.
        lr: γ, the learning rate.
        betas: β1 and β2, how much of the running means of g and g² is kept.
        eps: ε, keeps the quotient finite.
        weight_decay: λ, the part by which parameters shrink in each step, as a multiple of γ.
        amsgrad: never let the effective learning rate of a parameter grow.
        maximize: go up the gradient instead of down.

    Raises:
        ValueError: no parameters, a negative option, or a beta outside of [0, 1).

    Example:
        >>> import numpy as np, autograd_lite as ag
        >>> w = ag.Value([1.0, -2.0])
        >>> optimizer = AdamW([w], lr=0.5, weight_decay=0.1)
        >>> np.sum(w**2).backward()
        >>> optimizer.step()
        >>> w.data.round(4)
        array([ 0.45, -1.4 ])
    """

    def __init__(
        self,
        params: Params,
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 1e-2,
        amsgrad: bool = False,
        *,
        maximize: bool = False,
    ) -> None:
        super().__init__(params, lr, betas, eps, weight_decay, amsgrad, maximize=maximize, decoupled_weight_decay=True)

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        super().load_state_dict(state_dict)
        for group in self.param_groups:
            group["decoupled_weight_decay"] = True  # also with the state of an `Adam`
