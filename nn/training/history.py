"""`History`: the numbers that `fit` measured, which can draw themselves."""

from __future__ import annotations

from collections.abc import Mapping
from math import isnan
from os import PathLike
from typing import Any

from ..metrics.epoch import LARGER_IS_BETTER
from .plot import drawn


class History(dict[str, list[float]]):
    """What `fit` measured: a list with one number an epoch, by name.

    `loss` is a mean over the training samples, as the model was when it saw them, and so is each metric; `val_loss`
    and `val_` with a metric's name are those of the validation data after the epoch; `lr` is the learning rate, if
    there is a scheduler; `seconds` is the epoch's time.

    Example:
        >>> import nn
        >>> history = nn.History({"loss": [0.9, 0.5, 0.3], "val_loss": [0.8, 0.6, 0.7], "seconds": [0.1, 0.1, 0.1]})
        >>> history.epochs, history.best_epoch()
        (3, 2)
        >>> figure = history.plot()
    """

    @property
    def epochs(self) -> int:
        """How many epochs there are."""
        return len(self["seconds"]) if self else 0

    def add(self, numbers: Mapping[str, float]) -> None:
        """Append one epoch."""
        for name, number in numbers.items():
            self.setdefault(name, []).append(number)

    def best_epoch(self, monitor: str | None = None, mode: str | None = None) -> int:
        """The epoch, from 1, with the best number: the first of equally good ones, 0 if all are nan.

        Args:
            monitor: the name of the number; by default `val_loss`, without validation `loss`.
            mode: `"min"` or `"max"`, which is better; known for losses, errors and the metrics of `nn.metrics`.

        Raises:
            KeyError: there is no such number.
            ValueError: `mode` is not known.
        """
        monitor = default_monitor(self) if monitor is None else monitor
        if monitor not in self:
            raise KeyError(f"{monitor!r} was not measured, only {', '.join(self) or 'nothing'}.")
        sign = sign_of(monitor, mode)
        ranked = [(sign * number, epoch) for epoch, number in enumerate(self[monitor], 1) if not isnan(number)]
        return min(ranked)[1] if ranked else 0

    def plot(self, path: str | PathLike[str] | None = None, *, title: str = "") -> Any:
        """Draw losses and metrics over the epochs: training dashed, validation solid, the best epoch marked.

        A panel has a logarithmic scale where its numbers span more than a factor of 20.

        Args:
            path: also write the drawing to this file; its ending (.png, .svg, .pdf) says how.
            title: what to write above.

        Returns:
            The `matplotlib.figure.Figure`, which a notebook shows.

        Raises:
            ImportError: matplotlib is missing.
            ValueError: no epoch was measured.
        """
        if not self.epochs:
            raise ValueError("there is nothing to plot: the history has no epochs. Plot what nn.fit returned.")
        best = self.best_epoch("val_loss") if "val_loss" in self else None
        return drawn(self, best, path, title)


def default_monitor(names: Any) -> str:
    """What is watched unless a user says otherwise."""
    return "val_loss" if "val_loss" in names else "loss"


def sign_of(monitor: str, mode: str | None) -> int:
    """1 if the smaller of two numbers is better, -1 if the larger is."""
    if mode not in (None, "min", "max"):
        raise ValueError(f"mode is {mode!r}, but must be 'min' or 'max'.")
    if mode is not None:
        return 1 if mode == "min" else -1
    name = monitor.removeprefix("val_")
    if name in LARGER_IS_BETTER:
        return -1
    if "loss" in name or "error" in name or name == "perplexity":
        return 1
    raise ValueError(f"it is not known whether more or less of {monitor!r} is better. Write mode='max' or mode='min'.")
