"""Muon: momentum whose steps are made orthogonal, for the matrices of hidden layers."""

from __future__ import annotations

import math
from typing import Any, ClassVar

import numpy as np

from .optimizer import Optimizer, Params, require_not_negative

_SCALES = ("original", "match_rms_adamw")


class Muon(Optimizer):
    r"""Momentum, orthogonalized: every direction of a weight matrix takes a step of the same size.

        b_t = μ b_{t-1} + (1 - μ) g_t
        d_t = (1 - μ) g_t + μ b_t              Nesterov's; else b_t
        θ_t = (1 - γ λ) θ_{t-1} - γ c NS(d_t)

    NS runs X ← a X + (b A + c A²) X with A = X Xᵀ from X = d_t / ‖d_t‖, which brings all singular values close to
    1. The scale c is √max(1, rows / columns) or, to take over the learning rates of `AdamW`, 0.2 √max(rows, columns).
    Jordan et al., "Muon: an optimizer for hidden layers in neural networks", 2024; the second scale is of Liu et al.,
    "Muon is scalable for LLM training", 2025.

    PyTorch runs the iteration in bfloat16, so its steps differ from these by about 1 %; here it has the parameter's
    precision.

    Args:
        params: matrices, `(name, matrix)` pairs, or group dicts. Give biases, gains, embeddings and the last layer to
            another optimizer, such as `AdamW`.
        lr: γ, the learning rate.
        weight_decay: λ, the part by which parameters shrink in each step, as a multiple of γ.
        momentum: μ, how much of the running mean of g is kept.
        nesterov: look ahead along the momentum.
        ns_coefficients: a, b and c.
        eps: the smallest ‖d_t‖ to divide by.
        ns_steps: how often the iteration runs, below 100.
        adjust_lr_fn: "original" (None too) or "match_rms_adamw", the scale.

    Raises:
        ValueError: a parameter that is no matrix, a negative option, or an unknown `adjust_lr_fn`.

    Example:
        >>> import numpy as np, autograd_lite as ag
        >>> w = ag.Value([[3.0, 0.0], [0.0, -1.0]])
        >>> optimizer = Muon([w], lr=0.5)
        >>> np.sum(w**2).backward()
        >>> optimizer.step()
        >>> w.data.round(1)
        array([[ 2.5,  0. ],
               [ 0. , -0.4]])
    """

    by_parameter: ClassVar[bool] = True

    def __init__(
        self,
        params: Params,
        lr: float = 1e-3,
        weight_decay: float = 0.1,
        momentum: float = 0.95,
        nesterov: bool = True,
        ns_coefficients: tuple[float, float, float] = (3.4445, -4.775, 2.0315),
        eps: float = 1e-7,
        ns_steps: int = 5,
        adjust_lr_fn: str | None = None,
    ) -> None:
        defaults = {
            "lr": lr,
            "weight_decay": weight_decay,
            "momentum": momentum,
            "nesterov": nesterov,
            "ns_coefficients": ns_coefficients,
            "eps": eps,
            "ns_steps": ns_steps,
            "adjust_lr_fn": adjust_lr_fn,
        }
        super().__init__(params, defaults)

    def check(self, group: dict[str, Any]) -> None:
        require_not_negative(group, "lr", "weight_decay", "momentum", "eps", "ns_steps")
        for i, p in enumerate(group["params"]):
            if p.ndim != 2:
                name = group["param_names"][i] if "param_names" in group else getattr(p, "name", None)
                raise ValueError(
                    f"Muon only supports 2D parameters whereas {repr(name) if name else f'parameter {i}'} has shape "
                    f"{p.shape}. Give it to another optimizer: "
                    "nn.AdamW([p for p in model.parameters() if p.ndim != 2])."
                )
        if group["ns_steps"] >= 100:
            raise ValueError(f"ns_steps is {group['ns_steps']}, but must be below 100. Write ns_steps=5.")
        if np.shape(group["ns_coefficients"]) != (3,):
            raise ValueError(f"ns_coefficients are {group['ns_coefficients']}, but must be three numbers a, b, c.")
        if group["adjust_lr_fn"] not in (None, *_SCALES):
            raise ValueError(
                f"adjust_lr_fn {group['adjust_lr_fn']!r} is not supported. "
                f"Write one of {', '.join(map(repr, _SCALES))}."
            )

    def state_names(self, group: dict[str, Any]) -> tuple[str, ...]:
        return ("momentum_buffer",)

    def update(self, group: dict[str, Any], t: int, theta: Any, g: Any, d: Any, s: Any, *state: Any) -> None:
        gamma, mu = float(group["lr"]), float(group["momentum"])
        (b,) = state
        b *= mu
        b += np.multiply(g, 1 - mu, out=s)
        if group["nesterov"]:
            s += np.multiply(b, mu, out=d)
        else:
            s[...] = b
        step = _orthogonal(s, group["ns_coefficients"], group["ns_steps"], float(group["eps"]))
        theta *= 1 - gamma * float(group["weight_decay"])
        theta -= np.multiply(step, gamma * _scale(group["adjust_lr_fn"], *theta.shape), out=s)


def _orthogonal(x: Any, coefficients: tuple[float, float, float], steps: int, eps: float) -> Any:
    """Newton and Schulz's iteration, on the wide one of X and Xᵀ."""
    a, b, c = map(float, coefficients)
    wide = x if x.shape[0] <= x.shape[1] else x.T
    wide = wide / max(float(np.linalg.norm(wide)), eps)
    for _ in range(steps):
        gram = wide @ wide.T
        wide = a * wide + (b * gram + c * (gram @ gram)) @ wide
    return wide if x.shape[0] <= x.shape[1] else wide.T


def _scale(adjust: str | None, rows: int, columns: int) -> float:
    if adjust == "match_rms_adamw":
        return 0.2 * math.sqrt(max(rows, columns))
    return math.sqrt(max(1, rows / max(columns, 1)))
