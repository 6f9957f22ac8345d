"""What all schedulers share: counting epochs, setting learning rates, `state_dict`."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from types import FunctionType
from typing import Any

import autograd_lite as ag

from ..optimizer import Optimizer

_ORDER = (
    "Detected call of `lr_scheduler.step()` before `optimizer.step()`. You should call them in the opposite order: "
    "`optimizer.step()` before `lr_scheduler.step()`. Failure to do this will result in skipping the first value of "
    "the learning rate schedule."
)


class LRScheduler:
    """The base of all schedulers: it sets `lr` in the parameter groups of an optimizer.

    Call `step()` after the optimizer's, once an epoch or once a batch, whichever the schedule is meant for; "epoch"
    below stands for either. Most schedules are written as a change of the present learning rate, so that several of
    them on one optimizer multiply.

    To write a scheduler of your own, define `get_lr`.

    Args:
        optimizer: whose learning rates to set.
        last_epoch: the epoch to resume after; -1 to begin. Resuming needs `initial_lr` in every group, where the
            optimizer's state dict has it.

    Attributes:
        last_epoch: how many steps were made.
        base_lrs: the learning rate at the beginning, for each group.

    Raises:
        TypeError: `optimizer` is none.
        KeyError: resuming without `initial_lr`.

    Example:
        >>> import autograd_lite as ag, nn
        >>> class Halving(LRScheduler):
        ...     def get_lr(self):
        ...         return [base_lr / 2**self.last_epoch for base_lr in self.base_lrs]
        >>> optimizer = nn.SGD([ag.Value(1.0)], lr=0.8)
        >>> scheduler = Halving(optimizer)
        >>> for _ in range(3):
        ...     optimizer.step()
        ...     scheduler.step()
        >>> scheduler.get_last_lr()
        [0.1]
    """

    optimizer: Optimizer
    last_epoch: int
    base_lrs: list[float]
    _last_lr: list[float]
    _step_count: int
    _is_initial: bool

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        if "step" in vars(cls):
            cls.step = ag.effect(cls.step)  # type: ignore[method-assign]

    def __init__(self, optimizer: Optimizer, last_epoch: int = -1) -> None:
        self.optimizer = require_optimizer(optimizer)
        for number, group in enumerate(optimizer.param_groups):
            if last_epoch == -1:
                group.setdefault("initial_lr", group["lr"])
            elif "initial_lr" not in group:
                raise KeyError(
                    f"param 'initial_lr' is not specified in param_groups[{number}] when resuming scheduler with "
                    f"last_epoch >= 0. Load the optimizer's state_dict first, or begin anew with last_epoch=-1."
                )
        self.base_lrs = [group["initial_lr"] for group in optimizer.param_groups]
        self.last_epoch = last_epoch
        self._begin()

    def _begin(self) -> None:
        """Set the learning rates of the first epoch."""
        self._step_count, self._is_initial = 0, True
        try:
            self.step()
        finally:
            self._is_initial = False

    def get_lr(self) -> list[float]:
        """The learning rates of epoch `last_epoch`, one a group, from those of the epoch before."""
        raise NotImplementedError(f"{type(self).__name__} must define get_lr(self).")

    def _get_closed_form_lr(self) -> list[float]:
        """The same whatever the learning rates were before; where there is no such form, `get_lr`."""
        return self.get_lr()

    def get_last_lr(self) -> list[float]:
        """The learning rates that were set last, one a group."""
        return self._last_lr

    @ag.effect  # a compiled program goes on at every call
    def step(self, epoch: int | None = None) -> None:
        """Go on to the next epoch, or to that of a number."""
        begun = self._step_count == 1 and self.last_epoch >= 0  # a SequentialLR takes back what its parts began
        if begun and not self.optimizer.stepped:
            warnings.warn(_ORDER, UserWarning, stacklevel=3)
        self._step_count += 1
        self._update_lr(epoch)

    def _update_lr(self, epoch: int | None = None) -> None:
        if epoch is None:
            self.last_epoch += 1
            rates = self.get_lr()
        else:
            self.last_epoch = epoch
            rates = self._get_closed_form_lr()
        self._set(rates)

    def _set(self, rates: list[float]) -> None:
        for group, rate in zip(self.optimizer.param_groups, rates, strict=True):
            group["lr"] = rate
        self._last_lr = self._rates()

    def _rates(self) -> list[float]:
        """The present learning rates."""
        return [group["lr"] for group in self.optimizer.param_groups]

    def _scaled(self, factor: float) -> list[float]:
        return [rate * factor for rate in self._rates()]

    def state_dict(self) -> dict[str, Any]:
        """Everything but the optimizer, as PyTorch has it."""
        return {key: kept for key, kept in self.__dict__.items() if key != "optimizer"}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on where a `state_dict()` was taken, also PyTorch's. Load the optimizer's as well.

        Raises:
            ValueError: it belongs to another kind of scheduler. Nothing is taken over then.
        """
        missing = self.state_dict().keys() - state_dict.keys() - {"_is_initial", "_step_count"}
        if missing:
            raise ValueError(
                f"the state dict of a {type(self).__name__} has {', '.join(sorted(missing))}, but this one has not: "
                "it was saved by another scheduler."
            )
        self._load(state_dict)

    def _load(self, state_dict: dict[str, Any]) -> None:
        self.__dict__.update({key: kept for key, kept in state_dict.items() if key != "optimizer"})


def require_optimizer(optimizer: Any) -> Optimizer:
    if not isinstance(optimizer, Optimizer):
        raise TypeError(f"{type(optimizer).__name__} is not an Optimizer")
    return optimizer


def per_group(name: str, optimizer: Optimizer, option: Any) -> list[Any]:
    """An option for each group, from a list or from one for all."""
    count = len(optimizer.param_groups)
    if not isinstance(option, list | tuple):
        return [option] * count
    if len(option) != count:
        raise ValueError(
            f"{name} must have the same length as optimizer.param_groups. {name} has {len(option)} values, "
            f"param_groups has {count}."
        )
    return list(option)


def saved_function(function: Callable[..., Any] | None) -> dict[str, Any] | None:
    """What a state dict has for a function of the user: the attributes of a callable object."""
    return None if function is None or isinstance(function, FunctionType) else function.__dict__.copy()


def begin_momentum(optimizer: Optimizer, base: list[float], highest: list[float], last_epoch: int) -> bool:
    """Begin a cycle of the momentum at its highest, and say whether it is β1."""
    if "momentum" not in optimizer.defaults and "betas" not in optimizer.defaults:
        raise ValueError(
            "optimizer must support momentum or beta1 with `cycle_momentum` option enabled. Write cycle_momentum=False."
        )
    use_beta1 = "betas" in optimizer.defaults
    if last_epoch == -1:
        for group, low, high in zip(optimizer.param_groups, base, highest, strict=True):
            set_momentum(group, high, use_beta1)
            group["max_momentum"], group["base_momentum"] = high, low
    return use_beta1


def set_momentum(group: dict[str, Any], momentum: float, use_beta1: bool) -> None:
    """Write the momentum of a group, which in Adam and its kin is β1."""
    if use_beta1:
        group["betas"] = (momentum, *group["betas"][1:])
    else:
        group["momentum"] = momentum
