"""What may happen around the training loop: `Callback`, and the callbacks that come with it."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import inf
from typing import Any

import numpy as np

from ..module import Module
from ..optim import Optimizer
from ..saving import save_checkpoint
from .history import History, sign_of


@dataclass
class FitContext:
    """Where `fit` is; every callback gets it.

    Attributes:
        model: what is trained.
        optimizer: what updates it.
        scheduler: what changes its learning rate, or None.
        epochs: how many epochs there shall be.
        measured: the names of the numbers that each epoch has, such as `("loss", "accuracy", "val_loss", ...)`.
        history: the numbers of the epochs that are complete.
        epoch: the running epoch, from 1; in `on_fit_start` how many are complete, 0 unless the run is resumed.
        batch: how many batches of this epoch are done.
        step: how many optimizer steps there were in all.
        loss: the loss of the last batch.
        numbers: those of the last complete epoch; `on_epoch_end` sees the epoch's own.
        fast_dev_run: whether this is a dry run: nothing is to be written, and nothing stops it.
        stopped: why training ends after this epoch, "" if it goes on.
    """

    model: Module
    optimizer: Optimizer
    scheduler: Any
    epochs: int
    measured: Sequence[str]
    history: History = field(default_factory=History)
    epoch: int = 0
    batch: int = 0
    step: int = 0
    loss: float = float("nan")
    numbers: dict[str, float] = field(default_factory=dict)
    fast_dev_run: bool = False
    stopped: str = ""

    def stop(self, reason: str) -> None:
        """End the training after this epoch."""
        if not self.fast_dev_run:
            self.stopped = reason


def require_folder(path: str) -> None:
    """Refuse a file that cannot be written where it is to be, before the training rather than after its first epoch."""
    if os.path.isdir(path):
        raise IsADirectoryError(f"{path!r} is a folder. Add a file name: {os.path.join(path, 'run.npz')!r}.")
    folder = os.path.dirname(path)
    if folder and not os.path.isdir(folder):
        raise FileNotFoundError(f"there is no folder {folder!r} for {path!r}. Write os.makedirs({folder!r}).")


class Callback:
    """The base of all callbacks: define the methods that you need.

    `fit` calls them in the order in which it got the callbacks. An exception ends the training and passes on to the
    caller of `fit`.

    A callback that remembers something defines `state_dict` and `load_state_dict` too, so that a resumed run goes on
    as if nothing had happened.

    Example:
        >>> import numpy as np, nn
        >>> class Countdown(nn.Callback):
        ...     def on_epoch_end(self, context):
        ...         print(context.epochs - context.epoch, "to go after", context.step, "steps")
        >>> model = nn.Linear(1, 1)
        >>> _ = nn.fit(
        ...     model, (np.ones((8, 1)), np.ones((8, 1))), loss=nn.MSELoss(), optimizer=nn.SGD(model.parameters()),
        ...     epochs=2, batch_size=4, callbacks=[Countdown()], progress=False,
        ... )
        1 to go after 2 steps
        0 to go after 4 steps
    """

    def on_fit_start(self, context: FitContext) -> None:
        """Before the first epoch, or before a resumed run goes on."""

    def on_epoch_start(self, context: FitContext) -> None:
        """Before the first batch of an epoch; not again where a run is resumed within one."""

    def on_batch_end(self, context: FitContext) -> None:
        """After each optimizer step."""

    def on_epoch_end(self, context: FitContext) -> None:
        """After the validation of an epoch and the step of the scheduler."""

    def on_fit_end(self, context: FitContext) -> None:
        """After the last epoch, but not after an exception."""

    def state_dict(self) -> dict[str, Any]:
        """What is to be remembered in a checkpoint: a tree of dicts and lists of numbers, strings and arrays."""
        return {}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take over what `state_dict` returned; called after `on_fit_start`."""


class _Monitor(Callback):
    """What callbacks share that watch one number for the best epoch.

    Attributes:
        best: the best number so far.
        best_epoch: the epoch in which it was reached, 0 before there is any.
    """

    def __init__(self, monitor: str, min_delta: float, mode: str | None) -> None:
        if min_delta < 0:
            raise ValueError(f"min_delta is {min_delta}, but must be 0 or greater.")
        self._sign = sign_of(monitor, mode)
        self.monitor, self.min_delta, self.mode = monitor, min_delta, mode
        self._forget()

    def _forget(self) -> None:
        self.best, self.best_epoch = self._sign * inf, 0

    def on_fit_start(self, context: FitContext) -> None:
        if self.monitor not in context.measured:
            lacking = self.monitor.startswith("val_") and "val_loss" not in context.measured
            fix = "Pass validation=... to nn.fit" if lacking else "Pass it in metrics=[...]"
            raise ValueError(
                f"{type(self).__name__} watches {self.monitor!r}, but what is measured is "
                f"{', '.join(context.measured)}. {fix}, or write monitor={context.measured[0]!r}."
            )
        self._forget()

    def _improved(self, context: FitContext) -> bool:
        """Whether this epoch is the best one so far; nan never is."""
        number = context.numbers[self.monitor]
        if not self._sign * number < self._sign * self.best - self.min_delta:
            return False
        self.best, self.best_epoch = number, context.epoch
        return True

    def state_dict(self) -> dict[str, Any]:
        return {"best": np.float64(self.best), "best_epoch": self.best_epoch}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        self.best, self.best_epoch = float(state["best"]), int(state["best_epoch"])


class BestWeights(_Monitor):
    """Keeps the parameters and buffers of the best epoch in memory, and puts them back at the end of `fit`.

    Args:
        monitor: the number to watch, a name in the history.
        mode: `"min"` or `"max"`, which is better; known for losses, errors and the metrics of `nn.metrics`.
        min_delta: by how much a number must be better to count.

    Attributes:
        best: the best number.
        best_epoch: the epoch in which it was reached.

    Raises:
        ValueError: `mode` is neither, or not known for `monitor`.

    Example:
        >>> import nn
        >>> nn.BestWeights("val_accuracy").best
        -inf
    """

    def __init__(self, monitor: str = "val_loss", mode: str | None = None, min_delta: float = 0.0) -> None:
        super().__init__(monitor, min_delta, mode)

    def _forget(self) -> None:
        super()._forget()
        self._weights: dict[str, Any] | None = None

    def on_epoch_end(self, context: FitContext) -> None:
        if self._improved(context):
            self._weights = context.model.state_dict()

    def on_fit_end(self, context: FitContext) -> None:
        if self._weights is not None:
            context.model.load_state_dict(self._weights)

    def state_dict(self) -> dict[str, Any]:
        return super().state_dict() | {"weights": self._weights}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        super().load_state_dict(state)
        self._weights = state["weights"]


class EarlyStopping(BestWeights):
    """Ends the training when a number has not become better for `patience` epochs.

    Args:
        monitor: the number to watch, a name in the history.
        patience: how many epochs in a row may bring no improvement, before the training ends.
        min_delta: by how much a number must be better to count.
        mode: `"min"` or `"max"`, which is better; known for losses, errors and the metrics of `nn.metrics`.
        restore_best: put the parameters and buffers of the best epoch back at the end, also if all epochs were
            needed. The optimizer stays as it is.

    Attributes:
        best: the best number.
        best_epoch: the epoch in which it was reached.

    Raises:
        ValueError: an option is out of its range, or `mode` is not known for `monitor`.

    Example:
        >>> import numpy as np, nn
        >>> _ = nn.manual_seed(0)
        >>> x = np.linspace(-1, 1, 16)[:, None]
        >>> model = nn.Linear(1, 1)
        >>> stopping = nn.EarlyStopping(patience=2, min_delta=0.01)
        >>> history = nn.fit(
        ...     model, (x, 3 * x), loss=nn.MSELoss(), optimizer=nn.Adam(model.parameters(), lr=0.3),
        ...     epochs=100, validation=(x, 3 * x), callbacks=[stopping], progress=False,
        ... )
        >>> history.epochs == stopping.best_epoch + 2 < 100
        True
    """

    def __init__(
        self,
        monitor: str = "val_loss",
        patience: int = 5,
        min_delta: float = 0.0,
        mode: str | None = None,
        restore_best: bool = True,
    ) -> None:
        super().__init__(monitor, mode, min_delta)
        if patience < 1:
            raise ValueError(f"patience is {patience}, but must be 1 or greater.")
        self.patience, self.restore_best = patience, restore_best

    def _forget(self) -> None:
        super()._forget()
        self._waited = 0

    def on_epoch_end(self, context: FitContext) -> None:
        improved = self._improved(context)
        if improved and self.restore_best:
            self._weights = context.model.state_dict()
        self._waited = 0 if improved else self._waited + 1
        if self._waited >= self.patience:
            context.stop(
                f"{self.monitor} has not become better than {self.best:.4g} (epoch {self.best_epoch}) "
                f"for {self._waited} epochs"
            )

    def state_dict(self) -> dict[str, Any]:
        return super().state_dict() | {"waited": self._waited}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        super().load_state_dict(state)
        self._waited = int(state["waited"])


class ModelCheckpoint(_Monitor):
    """Writes the model, optimizer and scheduler to a file, for `nn.load_checkpoint`, after the best epoch or each.

    Args:
        path: the file. `{epoch}` and the names of numbers are filled in: `"run/{epoch:03d}-{val_loss:.3f}.npz"`.
        monitor: the number to watch, a name in the history.
        mode: `"min"` or `"max"`, which is better; known for losses, errors and the metrics of `nn.metrics`.
        save_best_only: write only after epochs better than all before; else after each.

    Attributes:
        best: the best number.
        best_epoch: the epoch in which it was reached.
        best_path: the file that was written then, "" before there is any.

    Raises:
        ValueError: `mode` is not known for `monitor`.
        KeyError: `path` names a number that is not measured.
        FileNotFoundError: its folder is not there.

    Example:
        >>> import nn
        >>> callback = nn.ModelCheckpoint("best.npz", monitor="val_accuracy")
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        monitor: str = "val_loss",
        mode: str | None = None,
        save_best_only: bool = True,
    ) -> None:
        super().__init__(monitor, 0.0, mode)
        self.path, self.save_best_only = os.fspath(path), save_best_only

    def _forget(self) -> None:
        super()._forget()
        self.best_path = ""

    def on_fit_start(self, context: FitContext) -> None:
        super().on_fit_start(context)
        self._filled(1, dict.fromkeys(context.measured, 1.0))
        if "{" not in os.path.dirname(self.path):
            require_folder(self.path)

    def on_epoch_end(self, context: FitContext) -> None:
        improved = self._improved(context)
        if context.fast_dev_run or not (improved or not self.save_best_only):
            return
        path = self._filled(context.epoch, context.numbers)
        save_checkpoint(
            path, context.model, context.optimizer, context.scheduler, epoch=context.epoch, step=context.step
        )
        if improved:
            self.best_path = path

    def _filled(self, epoch: int, numbers: Mapping[str, float]) -> str:
        try:
            return self.path.format(epoch=epoch, **numbers)
        except (KeyError, IndexError) as error:
            raise KeyError(
                f"the path {self.path!r} names {error}, but what is measured is epoch, {', '.join(numbers)}."
            ) from None

    def state_dict(self) -> dict[str, Any]:
        return super().state_dict() | {"best_path": self.best_path}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        super().load_state_dict(state)
        self.best_path = str(state["best_path"])
