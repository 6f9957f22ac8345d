"""The loop that `fit` runs, with everything that it needs in one place."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from math import isfinite
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np

from ..metrics.parts import Metric
from ..optim import LBFGS
from ..utils import clip_grad_norm_
from .callbacks import Callback, FitContext
from .measure import Loss, Meter, closed, dtype_of, evaluated, require_loss, split
from .programs import measuring_program, training_program
from .progress import Report

if TYPE_CHECKING:
    from .resume import RunFile


@dataclass
class Loop:
    """The training of one `fit`.

    Attributes:
        context: where it is.
        loss: as for `fit`.
        batches: what it goes through in each epoch.
        held_out: what it evaluates after each, or None.
        measures: the metrics by name.
        callbacks: as for `fit`.
        clip_norm: as for `fit`.
        scheduler_step: as for `fit`.
        monitor: the number that a scheduler gets which asks for one, or None.
        limit: how many batches of an epoch to use, None for all.
        run_file: where the run is saved, or None.
        compile: as for `fit`.
        meter: what the running epoch has measured so far.
        start: the state of the random generators at the start of the running epoch.
        seconds: how long the running epoch took in the processes before this one.
    """

    context: FitContext
    loss: Loss
    batches: Iterable[Any]
    held_out: Iterable[Any] | None
    measures: Mapping[str, Metric]
    callbacks: Sequence[Callback]
    clip_norm: float | None
    scheduler_step: str
    monitor: str | None
    limit: int | None
    run_file: RunFile | None
    compile: bool
    meter: Meter = field(init=False)
    start: dict[str, Any] = field(default_factory=dict)
    seconds: float = 0.0
    _train: Callable[..., tuple[Any, Any, Any]] | None = None
    _measure: Callable[..., tuple[Any, Any]] | None = None

    def __post_init__(self) -> None:
        if self.compile:
            model, optimizer = self.context.model, self.context.optimizer
            self._train = training_program(model, self.loss, optimizer, self.clip_norm)
            self._measure = measuring_program(model, self.loss)

    def run(self, report: Report) -> None:
        """All epochs, or those that are left of a resumed run."""
        context = self.context
        rest = None
        if self.run_file is not None and self.run_file.found():
            rest = self.run_file.restored(self)
            report.resumed(context.step)
        else:
            self.tell("on_fit_start")
        while rest is not None or (context.epoch < context.epochs and not context.stopped):
            self._epoch(report, rest)
            rest = None
            ended = context.epoch >= context.epochs or context.stopped
            if self.run_file is not None and (ended or self.run_file.every is None):
                self.run_file.save(self, complete=True)
        if context.stopped:
            report.line(f"stopped after epoch {context.epoch}: {context.stopped}")
        self.tell("on_fit_end")

    def _epoch(self, report: Report, rest: Iterator[Any] | None) -> None:
        """One epoch, or the rest of one."""
        context, began = self.context, perf_counter()
        if rest is None:
            context.epoch += 1
            context.batch, self.seconds, self.meter = 0, 0.0, Meter(self.measures)
            self.tell("on_epoch_start")
            if self.run_file is not None:
                self.start = self.run_file.random_states()
            rest = iter(self.batches)
        dtype = dtype_of(context.model)
        context.model.train()
        with closed(rest) as iterator:
            for batch in islice(iterator, self.limit):
                self._batch(batch, dtype)
                report.batch(context.epoch, self.meter.loss)
                self.tell("on_batch_end")
                if self.run_file is not None and self.run_file.due(context.step):
                    self.seconds, began = self.seconds + perf_counter() - began, perf_counter()
                    self.run_file.save(self, complete=False)
        numbers = self.meter.numbers(f"epoch {context.epoch} of data")
        if self.held_out is not None:
            held_out = self.held_out if self.limit is None else islice(self.held_out, self.limit)
            measured = evaluated(context.model, held_out, self.loss, self.measures, "validation", self._measure)
            numbers |= {f"val_{name}": number for name, number in measured.items()}
        if context.scheduler is not None:
            numbers["lr"] = float(context.optimizer.param_groups[0]["lr"])
        numbers["seconds"] = self.seconds + perf_counter() - began
        context.numbers = numbers
        context.history.add(numbers)
        if context.scheduler is not None and self.scheduler_step == "epoch":
            context.scheduler.step(*([] if self.monitor is None else [numbers[self.monitor]]))
        self.tell("on_epoch_end")
        report.epoch(context.epoch, numbers)

    def _batch(self, batch: Any, dtype: Any) -> None:
        context, optimizer = self.context, self.context.optimizer
        inputs, target = split(batch, dtype)
        if self._train is not None:
            error, prediction, norm = self._train(inputs, target)
            self._look_at(error, inputs)
            self._look_at_norm(norm)
            optimizer.step()
        else:
            prediction = context.model(*inputs)
            error = require_loss(self.loss(prediction, target))
            self._look_at(error, inputs)
            if isinstance(optimizer, LBFGS):  # evaluates the loss itself, as often as it needs to
                optimizer.step(lambda: self._backward(self.loss(context.model(*inputs), target)))
            else:
                self._backward(error)
                optimizer.step()
        if context.scheduler is not None and self.scheduler_step == "batch":
            context.scheduler.step()
        self.meter.add(context.loss, prediction, target)
        context.batch += 1
        context.step += 1

    def _backward(self, error: Any) -> Any:
        context = self.context
        context.optimizer.zero_grad()
        error.backward()
        if self.clip_norm is not None:
            self._look_at_norm(clip_grad_norm_(list(context.model.parameters()), self.clip_norm))
        return error

    def _look_at(self, error: Any, inputs: tuple[Any, ...]) -> None:
        """Note the loss of a batch; an exception if it is none to learn from."""
        context = self.context
        context.loss = float(error.item())
        if isfinite(context.loss):
            return
        bad = [i for i, x in enumerate(inputs) if getattr(x, "dtype", np.dtype(int)).kind == "f"]
        bad = [i for i in bad if not np.isfinite(inputs[i]).all()]
        rates = ", ".join(str(group["lr"]) for group in context.optimizer.param_groups)
        cause = (
            f"Input {bad[0]} of this batch is not finite: clean the data."
            if bad
            else f"The inputs are finite, so try a smaller learning rate than {rates}."
        )
        raise FloatingPointError(
            f"the loss is {context.loss} in epoch {context.epoch}, batch {context.batch + 1}. {cause}"
        )

    def _look_at_norm(self, norm: Any) -> None:
        """An exception if the gradients are none to follow."""
        if norm is not None and not isfinite(norm):
            context = self.context
            raise FloatingPointError(
                f"the norm of the gradients is {float(norm)} in epoch {context.epoch}, batch {context.batch + 1}, "
                "though the loss is finite. Run the step under autograd_lite.detect_anomaly() to see where it began."
            )

    def tell(self, event: str) -> None:
        """Call a method of every callback."""
        for callback in self.callbacks:
            getattr(callback, event)(self.context)
