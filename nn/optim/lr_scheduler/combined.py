"""Schedulers made of others: one after the other, or all at once."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from typing import Any

from ..optimizer import Optimizer
from .base import LRScheduler, require_optimizer
from .plateau import ReduceLROnPlateau


class _Combined(LRScheduler):
    """Several schedulers of one optimizer."""

    _schedulers: Sequence[LRScheduler]

    def _require_common(self, optimizer: Optimizer, schedulers: Sequence[LRScheduler]) -> None:
        kind = type(self).__name__
        for number, scheduler in enumerate(schedulers):
            if not hasattr(scheduler, "optimizer"):
                raise TypeError(f"{kind} at index {number} should have `optimizer` as its attribute.")
            if isinstance(scheduler, ReduceLROnPlateau):
                raise ValueError(
                    f"{kind} does not support `ReduceLROnPlateau` scheduler, whose `step` needs a number, but got one "
                    f"at index {number} in the given schedulers sequence. Call its step on its own."
                )
            if scheduler.optimizer is not optimizer:
                raise ValueError(
                    f"{kind} expects all schedulers to belong to the same optimizer, but got scheduler "
                    f"{type(scheduler).__name__} at index {number} of another {type(scheduler.optimizer).__name__}."
                )

    def state_dict(self) -> dict[str, Any]:
        """Everything but the optimizer, with the state dicts of the schedulers."""
        return super().state_dict() | {"_schedulers": [scheduler.state_dict() for scheduler in self._schedulers]}

    def _load(self, state_dict: dict[str, Any]) -> None:
        saved = state_dict["_schedulers"]
        if len(saved) != len(self._schedulers):
            raise ValueError(f"the state dict has {len(saved)} schedulers, this one {len(self._schedulers)}.")
        for scheduler, entry in zip(self._schedulers, saved, strict=True):
            scheduler.load_state_dict(entry)
        super()._load({key: kept for key, kept in state_dict.items() if key != "_schedulers"})


class SequentialLR(_Combined):
    """One scheduler after the other.

    Args:
        optimizer: whose learning rates to set.
        schedulers: the schedulers, of this optimizer.
        milestones: the epochs at which the second and further ones begin.
        last_epoch: the epoch to resume after; -1 to begin.

    Raises:
        ValueError: no schedulers, one of another optimizer or a `ReduceLROnPlateau`, or not one milestone fewer.

    Example:
        >>> import autograd_lite as ag, nn
        >>> optimizer = nn.SGD([ag.Value(1.0)], lr=1.0)
        >>> from nn.optim.lr_scheduler import ExponentialLR, LinearLR
        >>> warmup = LinearLR(optimizer, start_factor=0.5, total_iters=2)
        >>> scheduler = SequentialLR(optimizer, [warmup, ExponentialLR(optimizer, 0.5)], milestones=[2])
        >>> rates = []
        >>> for _ in range(5):
        ...     rates += scheduler.get_last_lr()
        ...     optimizer.step()
        ...     scheduler.step()
        >>> rates
        [0.5, 0.75, 1.0, 0.5, 0.25]
    """

    def __init__(
        self, optimizer: Optimizer, schedulers: list[LRScheduler], milestones: list[int], last_epoch: int = -1
    ) -> None:
        if not schedulers:
            raise ValueError(f"{type(self).__name__} expects at least one scheduler, but got no scheduler.")
        self._require_common(require_optimizer(optimizer), schedulers)
        if len(milestones) != len(schedulers) - 1:
            raise ValueError(
                "Sequential Schedulers expects number of schedulers provided to be one more than the number of "
                f"milestone points, but got number of schedulers {len(schedulers)} and the number of milestones to be "
                f"equal to {len(milestones)}"
            )
        self._schedulers, self._milestones = schedulers, milestones
        self.last_epoch = last_epoch + 1
        self.optimizer = optimizer
        # each of them set its first learning rate when it was made: only the first may
        for group in optimizer.param_groups:
            group["lr"] = group["initial_lr"]
        _undo(self)
        first = schedulers[bisect_right(milestones, 0)]
        first._begin()
        self._last_lr = first.get_last_lr()

    def step(self) -> None:  # type: ignore[override]
        """Go on to the next epoch."""
        self.last_epoch += 1
        number = bisect_right(self._milestones, self.last_epoch)
        scheduler = self._schedulers[number]
        if number > 0 and self._milestones[number - 1] == self.last_epoch:
            scheduler._update_lr(0)
        else:
            scheduler.step()
        self._last_lr = scheduler.get_last_lr()


class ChainedScheduler(_Combined):
    """Several schedulers at once: each changes the learning rate that the one before has set.

    Args:
        schedulers: the schedulers, of one optimizer.
        optimizer: theirs.

    Raises:
        ValueError: no schedulers, one of another optimizer or a `ReduceLROnPlateau`.

    Example:
        >>> import autograd_lite as ag, nn
        >>> optimizer = nn.SGD([ag.Value(1.0)], lr=1.0)
        >>> from nn.optim.lr_scheduler import ConstantLR, ExponentialLR
        >>> warmup = ConstantLR(optimizer, factor=0.5, total_iters=2)
        >>> scheduler = ChainedScheduler([warmup, ExponentialLR(optimizer, 0.5)])
        >>> rates = []
        >>> for _ in range(4):
        ...     rates += scheduler.get_last_lr()
        ...     optimizer.step()
        ...     scheduler.step()
        >>> rates
        [0.5, 0.25, 0.25, 0.125]
    """

    def __init__(self, schedulers: Sequence[LRScheduler], optimizer: Optimizer | None = None) -> None:
        if not schedulers:
            raise ValueError(
                f"{type(self).__name__} expects at least one scheduler to be chained, but got no scheduler."
            )
        chosen = getattr(schedulers[0], "optimizer", None) if optimizer is None else optimizer
        self._require_common(require_optimizer(chosen), schedulers)
        self._schedulers, self.optimizer = schedulers, require_optimizer(chosen)
        self._last_lr = self._rates()

    def step(self) -> None:  # type: ignore[override]
        """Go on to the next epoch."""
        for scheduler in self._schedulers:
            scheduler.step()
        self._last_lr = self._rates()


def _undo(scheduler: LRScheduler) -> None:
    """Take back the first step of a scheduler, or of those that it is made of."""
    if isinstance(scheduler, _Combined):
        for part in scheduler._schedulers:
            _undo(part)
    else:
        scheduler.last_epoch -= 1
