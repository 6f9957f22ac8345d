"""A lower learning rate where a measured number no longer improves."""

from __future__ import annotations

import math
from typing import Any, SupportsFloat

from ..optimizer import Optimizer
from .base import LRScheduler, require_optimizer


class ReduceLROnPlateau(LRScheduler):
    """A lower learning rate where a number, such as the validation loss, has not improved for some epochs.

    Args:
        optimizer: whose learning rates to set.
        mode: "min" if lower is better, "max" if higher is.
        factor: by what to multiply the learning rate, below 1.
        patience: how many epochs without improvement are allowed; one more reduces.
        threshold: what counts as an improvement.
        threshold_mode: "rel" for a part of the best number, "abs" for a difference.
        cooldown: for how many epochs after a reduction nothing is counted.
        min_lr: the smallest learning rate, or a list with one for each group.
        eps: leave the learning rate where it would change by no more than this.

    Raises:
        ValueError: `factor` of 1 or more, an unknown mode, or as many `min_lr` as there are groups are needed.

    Example:
        >>> import autograd_lite as ag, nn
        >>> optimizer = nn.SGD([ag.Value(1.0)], lr=1.0)
        >>> scheduler = ReduceLROnPlateau(optimizer, patience=1)
        >>> for loss in (3.0, 2.0, 2.0, 2.0):
        ...     optimizer.step()
        ...     scheduler.step(loss)
        >>> scheduler.get_last_lr()
        [0.1]
    """

    def __init__(
        self,
        optimizer: Optimizer,
        mode: str = "min",
        factor: float = 0.1,
        patience: int = 10,
        threshold: float = 1e-4,
        threshold_mode: str = "rel",
        cooldown: int = 0,
        min_lr: list[float] | float = 0,
        eps: float = 1e-8,
    ) -> None:
        if factor >= 1.0:
            raise ValueError(f"Factor should be < 1.0, but is {factor}.")
        if mode not in ("min", "max"):
            raise ValueError(f"mode {mode} is unknown! Write 'min' or 'max'.")
        if threshold_mode not in ("rel", "abs"):
            raise ValueError(f"threshold mode {threshold_mode} is unknown! Write 'rel' or 'abs'.")
        self.optimizer = require_optimizer(optimizer)
        count = len(optimizer.param_groups)
        self.default_min_lr: float | None = None
        if isinstance(min_lr, list | tuple):
            if len(min_lr) != count:
                raise ValueError(f"expected {count} min_lrs, got {len(min_lr)}")
            self.min_lrs = list(min_lr)
        else:
            self.default_min_lr = min_lr
            self.min_lrs = [min_lr] * count
        self.mode, self.threshold, self.threshold_mode = mode, threshold, threshold_mode
        self.factor, self.patience, self.cooldown, self.eps = factor, patience, cooldown, eps
        self.mode_worse = math.inf if mode == "min" else -math.inf
        self.best, self.cooldown_counter, self.num_bad_epochs = self.mode_worse, 0, 0
        self.last_epoch = 0
        self._last_lr = self._rates()

    @property
    def in_cooldown(self) -> bool:
        """Whether epochs are not counted now."""
        return self.cooldown_counter > 0

    def step(self, metrics: SupportsFloat, epoch: int | None = None) -> None:  # type: ignore[override]
        """Look at the number of an epoch: the next, or that of a number."""
        current = float(metrics)
        self.last_epoch = self.last_epoch + 1 if epoch is None else epoch
        if self._is_better(current):
            self.best, self.num_bad_epochs = current, 0
        else:
            self.num_bad_epochs += 1
        if self.in_cooldown:
            self.cooldown_counter -= 1
            self.num_bad_epochs = 0
        if self.num_bad_epochs > self.patience:
            self._reduce()
            self.cooldown_counter, self.num_bad_epochs = self.cooldown, 0
        self._last_lr = self._rates()

    def _is_better(self, current: float) -> bool:
        sign = 1 if self.mode == "min" else -1
        if self.threshold_mode == "rel":
            goal = self.best * (1 - sign * self.threshold)
        else:
            goal = self.best - sign * self.threshold
        return current < goal if self.mode == "min" else current > goal

    def _reduce(self) -> None:
        groups = self.optimizer.param_groups
        if len(groups) != len(self.min_lrs):  # groups were added
            if self.default_min_lr is None:
                raise RuntimeError(
                    f"the optimizer has {len(groups)} parameter groups now, but min_lr was given for "
                    f"{len(self.min_lrs)}. Append the others to scheduler.min_lrs."
                )
            self.min_lrs = [self.default_min_lr] * len(groups)
        for group, smallest in zip(groups, self.min_lrs, strict=True):
            old = float(group["lr"])
            new = max(old * self.factor, smallest)
            if old - new > self.eps:
                group["lr"] = new

    def _load(self, state_dict: dict[str, Any]) -> None:
        super()._load(state_dict)
        self.mode_worse = math.inf if self.mode == "min" else -math.inf
