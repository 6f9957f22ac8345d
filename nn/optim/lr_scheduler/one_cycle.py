"""One cycle of learning rate and momentum over a whole training."""

from __future__ import annotations

import math
from typing import Any

from ..optimizer import Optimizer
from .base import LRScheduler, begin_momentum, per_group, require_optimizer, set_momentum


class OneCycleLR(LRScheduler):
    """A learning rate that rises to its largest and falls far below where it began; the momentum goes against it.

    From γ_max / div_factor to γ_max, then to γ_max / div_factor / final_div_factor; with `three_phase` first back to
    where it began. Each phase follows half a wave of a cosine or a line. Smith and Topin, "Super-convergence: very
    fast training of neural networks using large learning rates", 2018. A step is one batch.

    Args:
        optimizer: whose learning rates to set.
        max_lr: γ_max, or a list with one for each group.
        total_steps: how many steps there will be; or give `epochs` and `steps_per_epoch`.
        epochs: how many epochs there will be.
        steps_per_epoch: how many batches an epoch has.
        pct_start: the part of the steps in which the learning rate rises.
        anneal_strategy: "cos" or "linear".
        cycle_momentum: whether to change the momentum too, which is β1 in Adam and its kin.
        base_momentum: the momentum at γ_max, or a list with one for each group.
        max_momentum: the momentum at the beginning and the end, or a list with one for each group.
        div_factor: γ_max over the first learning rate.
        final_div_factor: the first learning rate over the last.
        three_phase: fall as slowly as it rose, and then on to the last learning rate.
        last_epoch: the step to resume after; -1 to begin.

    Raises:
        ValueError: an option out of its range, no momentum to change, or more steps than there were to be.

    Example:
        >>> import autograd_lite as ag, nn
        >>> optimizer = nn.SGD([ag.Value(1.0)], momentum=0.9)
        >>> scheduler = OneCycleLR(optimizer, max_lr=1.0, total_steps=5, pct_start=0.6)
        >>> rates = []
        >>> for _ in range(4):
        ...     rates += scheduler.get_last_lr()
        ...     optimizer.step()
        ...     scheduler.step()
        >>> [round(rate, 4) for rate in rates]
        [0.04, 0.52, 1.0, 0.5]
    """

    def __init__(
        self,
        optimizer: Optimizer,
        max_lr: float | list[float],
        total_steps: int | None = None,
        epochs: int | None = None,
        steps_per_epoch: int | None = None,
        pct_start: float = 0.3,
        anneal_strategy: str = "cos",
        cycle_momentum: bool = True,
        base_momentum: float | list[float] = 0.85,
        max_momentum: float | list[float] = 0.95,
        div_factor: float = 25.0,
        final_div_factor: float = 1e4,
        three_phase: bool = False,
        last_epoch: int = -1,
    ) -> None:
        require_optimizer(optimizer)
        self.total_steps = _total(total_steps, epochs, steps_per_epoch)
        if not 0 <= pct_start <= 1:
            raise ValueError(f"Expected float between 0 and 1 pct_start, but got {pct_start}")
        if anneal_strategy not in ("cos", "linear"):
            raise ValueError(f"anneal_strategy must be one of 'cos' or 'linear', instead got {anneal_strategy}")
        up = pct_start * self.total_steps
        corners = [(up - 1, "max_lr", "base_momentum"), (self.total_steps - 1, "min_lr", "max_momentum")]
        if three_phase:
            corners.insert(1, (2 * up - 2, "initial_lr", "max_momentum"))
        begins = [("initial_lr", "max_momentum"), *(corner[1:] for corner in corners)]
        self._schedule_phases: list[dict[str, Any]] = [
            {
                "end_step": end,
                "start_lr": start_lr,
                "end_lr": end_lr,
                "start_momentum": start_momentum,
                "end_momentum": end_momentum,
            }
            for (start_lr, start_momentum), (end, end_lr, end_momentum) in zip(begins, corners, strict=False)
        ]
        self._anneal_func_type = anneal_strategy
        max_lrs = per_group("max_lr", optimizer, max_lr)
        self.cycle_momentum = cycle_momentum
        if cycle_momentum:
            base = per_group("base_momentum", optimizer, base_momentum)
            highest = per_group("max_momentum", optimizer, max_momentum)
            self.use_beta1 = begin_momentum(optimizer, base, highest, last_epoch)
        if last_epoch == -1:
            for group, largest in zip(optimizer.param_groups, max_lrs, strict=True):
                group["initial_lr"], group["max_lr"] = largest / div_factor, largest
                group["min_lr"] = group["initial_lr"] / final_div_factor
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        step = self.last_epoch
        if step > self.total_steps:
            raise ValueError(f"Tried to step {step} times. The specified number of total steps is {self.total_steps}")
        start = 0.0
        for phase in self._schedule_phases[:-1]:
            if step <= phase["end_step"]:
                break
            start = phase["end_step"]
        else:
            phase = self._schedule_phases[-1]
        length = phase["end_step"] - start
        part = (step - start) / length if length else 1.0
        rates = []
        for group in self.optimizer.param_groups:
            rates.append(self._between(group[phase["start_lr"]], group[phase["end_lr"]], part))
            if self.cycle_momentum:
                momentum = self._between(group[phase["start_momentum"]], group[phase["end_momentum"]], part)
                set_momentum(group, momentum, self.use_beta1)
        return rates

    def _between(self, start: float, end: float, part: float) -> float:
        if self._anneal_func_type == "cos":
            return end + (start - end) / 2 * (1 + math.cos(math.pi * part))
        return (end - start) * part + start


def _total(total_steps: int | None, epochs: int | None, steps_per_epoch: int | None) -> int:
    given = {"total_steps": total_steps}
    if total_steps is None:
        if epochs is None or steps_per_epoch is None:
            raise ValueError("You must define either total_steps OR (epochs AND steps_per_epoch)")
        given = {"epochs": epochs, "steps_per_epoch": steps_per_epoch}
    for name, number in given.items():
        if not isinstance(number, int) or number <= 0:
            raise ValueError(f"Expected positive integer {name}, but got {number}")
    return math.prod(number for number in given.values() if number is not None)
