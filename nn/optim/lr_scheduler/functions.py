"""Schedules that a function of the user defines."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..optimizer import Optimizer
from .base import LRScheduler, require_optimizer, saved_function


class _OfFunctions(LRScheduler):
    """A function of the epoch for each group."""

    def __init__(self, optimizer: Optimizer, lr_lambda: Any, last_epoch: int = -1) -> None:
        count = len(require_optimizer(optimizer).param_groups)
        functions = list(lr_lambda) if isinstance(lr_lambda, list | tuple) else [lr_lambda] * count
        if len(functions) != count:
            raise ValueError(f"Expected {count} lr_lambdas, but got {len(functions)}")
        for function in functions:
            if not callable(function):
                raise TypeError(f"lr_lambda should be a function, but got {type(function).__name__}")
        self.lr_lambdas: list[Callable[[int], float]] = functions
        super().__init__(optimizer, last_epoch)

    def state_dict(self) -> dict[str, Any]:
        """Everything but the optimizer; of the functions the attributes, where they are callable objects."""
        return super().state_dict() | {"lr_lambdas": [saved_function(function) for function in self.lr_lambdas]}

    def _load(self, state_dict: dict[str, Any]) -> None:
        super()._load({key: kept for key, kept in state_dict.items() if key != "lr_lambdas"})
        for function, attributes in zip(self.lr_lambdas, state_dict["lr_lambdas"], strict=True):
            if attributes is not None:
                function.__dict__.update(attributes)


class LambdaLR(_OfFunctions):
    """The learning rate at the beginning times a function of the epoch.

        γ_t = γ_0 f(t)

    Args:
        optimizer: whose learning rates to set.
        lr_lambda: f, or a list with one for each group.
        last_epoch: the epoch to resume after; -1 to begin.

    Raises:
        ValueError: as many functions as there are groups are needed.
        TypeError: something that is no function.

    Example:
        >>> import autograd_lite as ag, nn
        >>> optimizer = nn.SGD([ag.Value(1.0)], lr=0.8)
        >>> scheduler = LambdaLR(optimizer, lambda epoch: 1 / (1 + epoch))
        >>> for _ in range(3):
        ...     optimizer.step()
        ...     scheduler.step()
        >>> scheduler.get_last_lr()
        [0.2]
    """

    def get_lr(self) -> list[float]:
        return [base * f(self.last_epoch) for f, base in zip(self.lr_lambdas, self.base_lrs, strict=True)]


class MultiplicativeLR(_OfFunctions):
    """The learning rate of the epoch before times a function of the epoch.

        γ_t = γ_{t-1} f(t)

    Args:
        optimizer: whose learning rates to set.
        lr_lambda: f, or a list with one for each group.
        last_epoch: the epoch to resume after; -1 to begin.

    Raises:
        ValueError: as many functions as there are groups are needed.
        TypeError: something that is no function.

    Example:
        >>> import autograd_lite as ag, nn
        >>> optimizer = nn.SGD([ag.Value(1.0)], lr=0.8)
        >>> scheduler = MultiplicativeLR(optimizer, lambda epoch: 0.5)
        >>> optimizer.step()
        >>> scheduler.step()
        >>> scheduler.get_last_lr()
        [0.4]
    """

    def get_lr(self) -> list[float]:
        if self._is_initial:
            return self._rates()
        return [rate * f(self.last_epoch) for f, rate in zip(self.lr_lambdas, self._rates(), strict=True)]
