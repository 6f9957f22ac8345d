"""Rprop: steps whose sizes follow the signs of the gradient only."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from .optimizer import Optimizer, Params, require_not_negative


class Rprop(Optimizer):
    r"""Resilient backpropagation: a step grows while the gradient keeps its sign, and shrinks where it changes.

        Δ_t = min(η⁺ Δ_{t-1}, Δ_max)            where g_{t-1} g_t > 0
        Δ_t = max(η⁻ Δ_{t-1}, Δ_min), g_t = 0   where g_{t-1} g_t < 0
        θ_t = θ_{t-1} - sign(g_t) Δ_t           Δ_0 = γ

    For gradients of all the data; those of small batches have signs of their own. Riedmiller and Braun, "A direct
    adaptive method for faster backpropagation learning: the RPROP algorithm", 1993.

    Args:
        params: parameters, `(name, parameter)` pairs, or group dicts.
        lr: γ, the size of the first step.
        etas: η⁻ and η⁺, by what a step shrinks and grows.
        step_sizes: Δ_min and Δ_max.
        maximize: go up the gradient instead of down.

    Raises:
        ValueError: no parameters, a negative `lr`, or not 0 < η⁻ < 1 < η⁺.

    Example:
        >>> import numpy as np, autograd_lite as ag
        >>> w = ag.Value([1.0, -2.0])
        >>> optimizer = Rprop([w], lr=0.5)
        >>> for _ in range(2):
        ...     optimizer.zero_grad()
        ...     np.sum(w**2).backward()
        ...     optimizer.step()
        >>> w.data
        array([-0.1, -0.9])
    """

    counts_steps: ClassVar[bool] = True

    def __init__(
        self,
        params: Params,
        lr: float = 1e-2,
        etas: tuple[float, float] = (0.5, 1.2),
        step_sizes: tuple[float, float] = (1e-6, 50),
        *,
        maximize: bool = False,
    ) -> None:
        super().__init__(params, {"lr": lr, "etas": etas, "step_sizes": step_sizes, "maximize": maximize})

    def check(self, group: dict[str, Any]) -> None:
        require_not_negative(group, "lr")
        etas, sizes = group["etas"], group["step_sizes"]
        if np.shape(etas) != (2,) or not 0 < etas[0] < 1 < etas[1]:
            raise ValueError(f"etas are {etas}, but must be one number in (0, 1) and one above 1. Write (0.5, 1.2).")
        if np.shape(sizes) != (2,):
            raise ValueError(f"step_sizes are {sizes}, but must be a smallest and a largest one. Write (1e-6, 50).")

    def state_names(self, group: dict[str, Any]) -> tuple[str, ...]:
        return ("prev", "step_size")

    def update(self, group: dict[str, Any], t: int, theta: Any, g: Any, d: Any, s: Any, *state: Any) -> None:
        minus, plus = map(float, group["etas"])
        smallest, largest = map(float, group["step_sizes"])
        previous, size = state
        if t == 1:
            size[...] = float(group["lr"])
        if group["maximize"]:
            g = np.negative(g, out=d)
        np.multiply(g, previous, out=s)
        turned = s < 0
        np.multiply(size, plus, out=size, where=s > 0)
        np.multiply(size, minus, out=size, where=turned)
        np.clip(size, smallest, largest, out=size)
        previous[...] = g
        previous[turned] = 0
        np.sign(previous, out=s)
        s *= size
        theta -= s
