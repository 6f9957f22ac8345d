"""`fit` and `evaluate`: what they take, and what they refuse."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence, Sized
from copy import copy
from inspect import Parameter, signature
from itertools import islice
from math import isfinite
from operator import index
from typing import Any, SupportsIndex

from ..data import DataLoader
from ..module import Module
from ..optim import Optimizer
from .callbacks import Callback, FitContext
from .history import History, default_monitor
from .loop import Loop
from .measure import (
    Loss,
    Metrics,
    batches_of,
    dtype_of,
    evaluated,
    measures_of,
    modes_restored,
    require_instances,
)
from .progress import reporting
from .resume import RunFile


def fit(
    model: Module,
    data: Any,
    *,
    loss: Loss,
    optimizer: Optimizer,
    epochs: int,
    validation: Any = None,
    metrics: Metrics = (),
    batch_size: int | None = None,
    scheduler: Any = None,
    scheduler_step: str = "epoch",
    monitor: str | None = None,
    clip_norm: float | None = None,
    callbacks: Iterable[Callback] = (),
    checkpoint: str | os.PathLike[str] | None = None,
    checkpoint_every: int | None = None,
    resume: bool = False,
    overfit_batches: int | None = None,
    fast_dev_run: bool = False,
    compile: bool = False,
    progress: bool = True,
) -> History:
    """Train a model.

    Each batch is a tuple: the last entry is the target, the others are the model's inputs. Floating arrays are
    converted to the dtype of the model's parameters. The model is in training mode for training, in evaluation mode
    for validation, and as it was before when `fit` returns or an exception (also Ctrl-C) passes.

    With `checkpoint` the run is saved as it goes. If the program is killed, at whatever moment, start it again with
    `resume=True`: parameters, optimizer, history and best weights end with the same bits as those of a run that was
    never interrupted, whose `seconds` alone differ. That needs the same arguments, and that all randomness comes from
    `nn.random.default_generator` or from the generators of the DataLoaders. Without a file yet the run just starts,
    so `resume=True` may always be there; a run that is complete is not repeated.

    Args:
        model: what to train; called as `model(*inputs)`.
        data: a `DataLoader`; or a tuple of arrays `(inputs, targets)` or a dataset of `nn.data`, such as a part of
            `random_split`, which is then shuffled in each epoch.
        loss: `loss(prediction, target)`, a Value of one element, such as `nn.CrossEntropyLoss()`.
        optimizer: of the model's parameters.
        epochs: how often to go through `data`.
        validation: data to evaluate after each epoch, in either form; not shuffled.
        metrics: further numbers to watch, as a list of functions and names or a dict of functions, each called as
            `metric(prediction, target)` on plain arrays. Names are those of `nn.metrics`, such as `"accuracy"`,
            `"f1_macro"` or `"r2_score"`; these are computed over the whole epoch. Of another function the mean
            over the batches is taken, weighted with their samples, unless it is wrapped in `nn.metrics.whole_epoch`.
        batch_size: how many samples to a batch, for tuples of arrays; 32 by default.
        scheduler: of `optimizer`'s learning rate, which is noted in the history as `lr`.
        scheduler_step: `"epoch"` for a step after each epoch, `"batch"` for one after each optimizer step.
        monitor: the number that the step of a `ReduceLROnPlateau` gets; by default `val_loss`, without validation
            `loss`.
        clip_norm: the largest norm of all gradients together, by `nn.utils.clip_grad_norm_`; None for any.
        callbacks: what else is to happen, such as `nn.EarlyStopping()`; called in this order.
        checkpoint: the file to save the run in, for `resume`; `nn.load_checkpoint` reads it too.
        checkpoint_every: save after so many optimizer steps, and at the end; by default after each epoch.
        resume: go on from `checkpoint`, if the file is there.
        overfit_batches: train on the first batches only, so many, in the same order each time, and validate on
            them: a model that cannot learn these by heart has a mistake.
        fast_dev_run: run one batch of training and one of validation to see whether everything works. Checkpoints
            are neither read nor written, and nothing stops early.
        compile: train and validate with programs that `ag.compile` makes of the model and the loss, one for each shape
            of a batch. The numbers are the same; it takes a moment at first, and less for every batch after that.
        progress: write one line an epoch to stderr, and on a terminal a progress bar below them.

    Returns:
        The numbers of each epoch.

    Raises:
        ValueError: an argument out of its range, no data, `batch_size` for a `DataLoader`, an optimizer of another
            model, a checkpoint of another run, `compile` with an optimizer that evaluates the loss itself.
        TypeError: batches are not tuples, or the loss is not a Value; with `compile`, the model or the loss does what
            a program cannot, such as a branch on a number.
        FloatingPointError: the loss or, with `clip_norm`, the norm of the gradients is nan or infinite; the message
            names the epoch and the batch. The parameters are those from before the batch.

    Example:
        >>> import numpy as np, nn
        >>> _ = nn.manual_seed(0)
        >>> x = np.linspace(-1, 1, 64)[:, None]
        >>> data = (x, np.sin(3 * x))
        >>> model = nn.Sequential(nn.Linear(1, 16), nn.Tanh(), nn.Linear(16, 1))
        >>> optimizer = nn.Adam(model.parameters(), lr=0.05)
        >>> history = nn.fit(
        ...     model, data, loss=nn.MSELoss(), optimizer=optimizer, epochs=50, batch_size=8, progress=False
        ... )
        >>> history["loss"][0] > 0.1, history["loss"][-1] < 0.01
        (True, True)

        Written out, an epoch is:

        >>> for inputs, target in nn.DataLoader(data, batch_size=8, shuffle=True):
        ...     optimizer.zero_grad()
        ...     nn.functional.mse_loss(model(inputs), target).backward()
        ...     optimizer.step()
    """
    measures = measures_of(metrics)
    _require_positive(epochs=epochs, checkpoint_every=checkpoint_every, overfit_batches=overfit_batches)
    require_instances(model=(model, Module), loss=(loss, None), optimizer=(optimizer, Optimizer))
    dtype = dtype_of(model)
    batches = batches_of(data, batch_size, dtype, "data", shuffle=overfit_batches is None)
    held_out = None if validation is None else batches_of(validation, batch_size, dtype, "validation")
    _require_common_parameters(model, optimizer)
    if compile and optimizer.needs_closure:
        raise ValueError(
            f"{type(optimizer).__name__} evaluates the loss as often as the numbers ask for, which cannot be compiled. "
            "Leave out compile=True."
        )
    if overfit_batches is not None:
        batches = held_out = _first(batches, overfit_batches)
    if clip_norm is not None and not (isfinite(clip_norm) and clip_norm > 0):
        raise ValueError(f"clip_norm is {clip_norm}, but must be greater than 0. To clip nothing leave it out.")
    names = ["loss", *measures]
    measured = (*names, *[f"val_{name}" for name in names if held_out is not None])
    monitored = _monitored(scheduler, scheduler_step, monitor, measured, optimizer)
    callbacks = _checked_callbacks(callbacks)
    if checkpoint is None and (resume or checkpoint_every is not None):
        given = "resume=True" if resume else f"checkpoint_every={checkpoint_every}"
        raise ValueError(f"{given} needs a file: write checkpoint='run.npz'.")
    run_file = None
    if checkpoint is not None and not fast_dev_run:
        run_file = RunFile(checkpoint, resume, checkpoint_every, (batches, held_out))

    context = FitContext(
        model, optimizer, scheduler, 1 if fast_dev_run else epochs, measured, fast_dev_run=fast_dev_run
    )
    loop = Loop(
        context=context,
        loss=loss,
        batches=batches,
        held_out=held_out,
        measures=measures,
        callbacks=callbacks,
        clip_norm=clip_norm,
        scheduler_step=scheduler_step,
        monitor=monitored,
        limit=1 if fast_dev_run else None,
        run_file=run_file,
        compile=compile,
    )
    length = len(batches) if isinstance(batches, Sized) else None
    length = 1 if fast_dev_run else length
    with modes_restored(model), reporting(context.epochs, length, progress) as report:
        loop.run(report)
    return context.history


def evaluate(
    model: Module, data: Any, *, loss: Loss, metrics: Metrics = (), batch_size: int | None = None
) -> dict[str, float]:
    """The mean loss and metrics of a model, in evaluation mode and without recording a graph.

    Args:
        model: what to evaluate; its mode is restored afterwards.
        data: a `DataLoader`, or a tuple of arrays `(inputs, targets)`.
        loss: as for `fit`.
        metrics: as for `fit`.
        batch_size: how many samples to a batch, for a tuple of arrays; 32 by default.

    Returns:
        The numbers over all samples, by name; the loss is called `loss`.

    Example:
        >>> import numpy as np, nn
        >>> x, y = np.array([[1.0, 0.0], [0.0, 1.0]]), np.array([0, 0])
        >>> numbers = nn.evaluate(nn.Identity(), (x, y), loss=nn.CrossEntropyLoss(), metrics=["accuracy"])
        >>> round(numbers["loss"], 3), numbers["accuracy"]
        (0.813, 0.5)
    """
    measures = measures_of(metrics)
    require_instances(model=(model, Module), loss=(loss, None))
    batches = batches_of(data, batch_size, dtype_of(model), "data")
    with modes_restored(model):
        return evaluated(model, batches, loss, measures, "data")


# ---- what is refused ----


def _require_positive(**given: int | None) -> None:
    for name, number in given.items():
        if number is not None and not isinstance(number, SupportsIndex):
            raise TypeError(f"{name} must be an integer, not {number!r}.")
        if number is not None and index(number) < 1:
            raise ValueError(f"{name} is {number}, but must be 1 or greater.")


def _require_common_parameters(model: Module, optimizer: Optimizer) -> None:
    mine = {id(p) for p in model.parameters()}
    held = [p for group in optimizer.param_groups for p in group["params"] if id(p) in mine]
    if held and not any(p.requires_grad for p in held):
        raise ValueError(
            "all parameters of this model that the optimizer has are frozen, so there is nothing to train. "
            "Write model.requires_grad_(True), or thaw the last layer."
        )
    if not held:
        raise ValueError(
            "the optimizer has none of this model's parameters. "
            f"Write optimizer = nn.{type(optimizer).__name__}(model.parameters(), ...)."
        )


def _checked_callbacks(callbacks: Any) -> list[Callback]:
    if isinstance(callbacks, Callback):
        raise TypeError(f"callbacks must be a list. Write callbacks=[{type(callbacks).__name__}(...)].")
    listed = list(callbacks)
    for callback in listed:
        if isinstance(callback, type) and issubclass(callback, Callback):
            raise TypeError(f"a callback is the class {callback.__name__}. Make an instance: {callback.__name__}(...).")
        if not isinstance(callback, Callback):
            raise TypeError(
                f"a callback must be an nn.Callback, not {type(callback).__name__}. Write a class that inherits from "
                "it, with a method such as on_epoch_end(self, context)."
            )
    return listed


def _first(batches: Iterable[Any], count: int) -> list[Any]:
    """The first batches, in the order of the data."""
    if isinstance(batches, DataLoader) and batches.shuffle:
        unshuffled = copy(batches)
        unshuffled.shuffle = False
        batches = unshuffled
    iterator = iter(batches)
    found = list(islice(iterator, count))
    if hasattr(iterator, "close"):
        iterator.close()
    if len(found) < count:
        raise ValueError(f"overfit_batches is {count}, but data has only {len(found)} batches.")
    return found


def _monitored(
    scheduler: Any, scheduler_step: str, monitor: str | None, measured: Sequence[str], optimizer: Optimizer
) -> str | None:
    """The name of the number that the scheduler's step needs, None if it needs none."""
    if scheduler_step not in ("epoch", "batch"):
        raise ValueError(f"scheduler_step is {scheduler_step!r}, but must be 'epoch' or 'batch'.")
    if monitor is not None and monitor not in measured:
        raise ValueError(f"monitor is {monitor!r}, but what is measured is {', '.join(measured)}.")
    if scheduler is None:
        if monitor is not None or scheduler_step != "epoch":
            given = f"monitor={monitor!r}" if monitor is not None else f"scheduler_step={scheduler_step!r}"
            raise ValueError(f"{given} is for a scheduler. Write scheduler=..., or leave it out.")
        return None
    if isinstance(scheduler, type) or not hasattr(scheduler, "step"):
        raise TypeError(f"scheduler must be an object with step(), not {scheduler!r}.")
    if getattr(scheduler, "optimizer", optimizer) is not optimizer:
        raise ValueError(
            f"the scheduler belongs to another optimizer. Write {type(scheduler).__name__}(optimizer, ...) with the "
            "optimizer that fit gets."
        )
    asks = any(
        p.default is Parameter.empty and p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)
        for p in signature(scheduler.step).parameters.values()
    )
    if not asks:
        if monitor is not None:
            raise ValueError(f"monitor={monitor!r}: the step of {type(scheduler).__name__} takes no number.")
        return None
    if scheduler_step == "batch":
        raise ValueError(
            f"{type(scheduler).__name__} steps on a number that is measured once an epoch. "
            "Write scheduler_step='epoch'."
        )
    return default_monitor(measured) if monitor is None else monitor
