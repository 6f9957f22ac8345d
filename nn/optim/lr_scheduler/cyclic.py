"""A learning rate that goes up and down in a triangle, and the momentum against it."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from ..optimizer import Optimizer
from .base import LRScheduler, begin_momentum, per_group, require_optimizer, saved_function, set_momentum

_MODES = ("triangular", "triangular2", "exp_range")


class CyclicLR(LRScheduler):
    """A learning rate that goes up and down between two bounds; the momentum goes down and up meanwhile.

        γ_t = γ_base + (γ_max - γ_base) h(t) s        μ_t = μ_max - (μ_max - μ_base) h(t) s

    with a triangle h from 0 to 1 and back. s is 1 in mode "triangular", ½^(cycle - 1) in "triangular2", q^t in
    "exp_range". Smith, "Cyclical learning rates for training neural networks", 2017. A step is one batch.

    Args:
        optimizer: whose learning rates to set.
        base_lr: γ_base, or a list with one for each group.
        max_lr: γ_max, or a list with one for each group.
        step_size_up: steps from γ_base to γ_max.
        step_size_down: steps back; as many by default.
        mode: what s is; without effect if `scale_fn` is given.
        gamma: q.
        scale_fn: s as a function of the cycle, from 1, or of the step.
        scale_mode: "cycle" or "iterations", what `scale_fn` is a function of.
        cycle_momentum: whether to change the momentum too, which is β1 in Adam and its kin.
        base_momentum: μ_base, or a list with one for each group.
        max_momentum: μ_max, or a list with one for each group.
        last_epoch: the step to resume after; -1 to begin.

    Raises:
        ValueError: an unknown mode, a list of another length than there are groups, or no momentum to change.

    Example:
        >>> import autograd_lite as ag, nn
        >>> optimizer = nn.SGD([ag.Value(1.0)], momentum=0.9)
        >>> scheduler = CyclicLR(optimizer, base_lr=0.0, max_lr=1.0, step_size_up=2)
        >>> rates = []
        >>> for _ in range(5):
        ...     rates += scheduler.get_last_lr()
        ...     optimizer.step()
        ...     scheduler.step()
        >>> rates
        [0.0, 0.5, 1.0, 0.5, 0.0]
    """

    def __init__(
        self,
        optimizer: Optimizer,
        base_lr: float | list[float],
        max_lr: float | list[float],
        step_size_up: int = 2000,
        step_size_down: int | None = None,
        mode: str = "triangular",
        gamma: float = 1.0,
        scale_fn: Callable[[float], float] | None = None,
        scale_mode: str = "cycle",
        cycle_momentum: bool = True,
        base_momentum: float | list[float] = 0.8,
        max_momentum: float | list[float] = 0.9,
        last_epoch: int = -1,
    ) -> None:
        require_optimizer(optimizer)
        if mode not in _MODES and scale_fn is None:
            raise ValueError(f"mode is invalid and scale_fn is None: mode is {mode!r}, but must be one of {_MODES}.")
        if scale_mode not in ("cycle", "iterations"):
            raise ValueError(f"scale_mode is {scale_mode!r}, but must be 'cycle' or 'iterations'.")
        base_lrs = per_group("base_lr", optimizer, base_lr)
        self.max_lrs = per_group("max_lr", optimizer, max_lr)
        up = float(step_size_up)
        self.total_size = up + (up if step_size_down is None else float(step_size_down))
        self.step_ratio = up / self.total_size
        self.mode, self.gamma, self.scale_mode = mode, gamma, scale_mode
        self._scale_fn_custom = scale_fn
        if scale_fn is None:
            self.scale_mode = "iterations" if mode == "exp_range" else "cycle"
        self.cycle_momentum = cycle_momentum
        if cycle_momentum:
            self.base_momentums = per_group("base_momentum", optimizer, base_momentum)
            self.max_momentums = per_group("max_momentum", optimizer, max_momentum)
            self.use_beta1 = begin_momentum(optimizer, self.base_momentums, self.max_momentums, last_epoch)
        if last_epoch == -1:
            for group, rate in zip(optimizer.param_groups, base_lrs, strict=True):
                group["lr"] = rate
        super().__init__(optimizer, last_epoch)
        self.base_lrs = base_lrs

    def scale_fn(self, x: float) -> float:
        """s, of the cycle or of the step."""
        if self._scale_fn_custom is not None:
            return self._scale_fn_custom(x)
        if self.mode == "triangular":
            return 1.0
        return float(0.5 ** (x - 1) if self.mode == "triangular2" else self.gamma**x)

    def get_lr(self) -> list[float]:
        cycle = math.floor(1 + self.last_epoch / self.total_size)
        x = 1.0 + self.last_epoch / self.total_size - cycle
        height = x / self.step_ratio if x <= self.step_ratio else (x - 1) / (self.step_ratio - 1)
        height *= self.scale_fn(cycle if self.scale_mode == "cycle" else self.last_epoch)
        if self.cycle_momentum:
            bounds = zip(self.optimizer.param_groups, self.base_momentums, self.max_momentums, strict=True)
            for group, low, high in bounds:
                set_momentum(group, high - (high - low) * height, self.use_beta1)
        return [low + (high - low) * height for low, high in zip(self.base_lrs, self.max_lrs, strict=True)]

    def state_dict(self) -> dict[str, Any]:
        """Everything but the optimizer; of `scale_fn` the attributes, where it is a callable object."""
        return super().state_dict() | {"_scale_fn_custom": saved_function(self._scale_fn_custom)}

    def _load(self, state_dict: dict[str, Any]) -> None:
        super()._load({key: kept for key, kept in state_dict.items() if key != "_scale_fn_custom"})
        attributes = state_dict["_scale_fn_custom"]
        if attributes is not None and self._scale_fn_custom is not None:
            self._scale_fn_custom.__dict__.update(attributes)
