"""The training loop: `fit`, `evaluate`, and what they measure.

Batches come from `data`, updates from `optim`. A loop of your own is as good: the example of `fit` is one.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from math import isfinite
from time import perf_counter
from typing import Any, TypeAlias

import numpy as np

import autograd_lite as ag

from .data import DataLoader
from .module import Module
from .optim import Optimizer

Loss: TypeAlias = Callable[[Any, Any], Any]
Metric: TypeAlias = Callable[[Any, Any], float]
Metrics: TypeAlias = Sequence[str | Metric] | Mapping[str, Metric]

BATCH_SIZE = 32


class History(dict[str, list[float]]):
    """What `fit` measured: a list with one number an epoch, by name.

    `loss` and each metric are means over the training samples, as the model was when it saw them; `val_loss` and
    `val_` with a metric's name are those of the validation data after the epoch; `seconds` is the epoch's time.
    """

    @property
    def epochs(self) -> int:
        """How many epochs there are."""
        return len(self["seconds"]) if self else 0

    def add(self, numbers: Mapping[str, float]) -> None:
        """Append one epoch."""
        for name, number in numbers.items():
            self.setdefault(name, []).append(number)


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
    progress: bool = True,
) -> History:
    """Train a model.

    Each batch is a tuple: the last entry is the target, the others are the model's inputs. Floating arrays are
    converted to the dtype of the model's parameters. The model is in training mode for training, in evaluation mode
    for validation, and as it was before when `fit` returns or an exception (also Ctrl-C) passes.

    Args:
        model: what to train; called as `model(*inputs)`.
        data: a `DataLoader`, or a tuple of arrays `(inputs, targets)`, which is then shuffled in each epoch.
        loss: `loss(prediction, target)`, a Value of one element, such as `nn.CrossEntropyLoss()`.
        optimizer: of the model's parameters.
        epochs: how often to go through `data`.
        validation: data to evaluate after each epoch, in either form; not shuffled.
        metrics: further numbers to watch, as a list of functions and names or a dict of functions, each called as
            `metric(prediction, target)` on plain arrays. `"accuracy"` is `nn.accuracy`.
        batch_size: how many samples to a batch, for tuples of arrays; 32 by default.
        progress: write one line an epoch to stderr, and on a terminal a progress bar below them.

    Returns:
        The numbers of each epoch.

    Raises:
        ValueError: `epochs` below 1, no data, `batch_size` for a `DataLoader`, an optimizer of another model.
        TypeError: batches are not tuples, or the loss is not a Value.
        FloatingPointError: the loss is nan or infinite; the message names the epoch and the batch. The
            parameters are those from before the batch.

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
    measures = _measures(metrics)
    if epochs < 1:
        raise ValueError(f"epochs is {epochs}, but must be 1 or greater.")
    _require_instances(model=(model, Module), loss=(loss, None), optimizer=(optimizer, Optimizer))
    dtype = _dtype(model)
    batches = _batches(data, batch_size, dtype, "data", shuffle=True)
    held_out = None if validation is None else _batches(validation, batch_size, dtype, "validation")
    _require_common_parameters(model, optimizer)

    history = History()
    with _modes_restored(model), _reporting(epochs, batches, progress) as report:
        for epoch in range(1, epochs + 1):
            start = perf_counter()
            model.train()
            mean = _Mean()
            for number, batch in enumerate(batches, 1):
                inputs, target = _split(batch, dtype)
                prediction = model(*inputs)
                error = loss(prediction, target)
                value = _finite(error, inputs, optimizer, epoch, number)
                optimizer.zero_grad()
                error.backward()
                optimizer.step()
                mean.add(len(target), _measured(value, measures, prediction, target))
                report.batch(epoch, mean)
            numbers = mean.numbers(f"epoch {epoch} of data")
            if held_out is not None:
                measured = _evaluated(model, held_out, loss, measures, "validation")
                numbers |= {f"val_{name}": number for name, number in measured.items()}
            numbers["seconds"] = perf_counter() - start
            history.add(numbers)
            report.epoch(epoch, numbers)
    return history


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
        The means over all samples, by name; the loss is called `loss`.

    Example:
        >>> import numpy as np, nn
        >>> x, y = np.array([[1.0, 0.0], [0.0, 1.0]]), np.array([0, 0])
        >>> numbers = nn.evaluate(nn.Identity(), (x, y), loss=nn.CrossEntropyLoss(), metrics=["accuracy"])
        >>> round(numbers["loss"], 3), numbers["accuracy"]
        (0.813, 0.5)
    """
    measures = _measures(metrics)
    _require_instances(model=(model, Module), loss=(loss, None))
    batches = _batches(data, batch_size, _dtype(model), "data")
    with _modes_restored(model):
        return _evaluated(model, batches, loss, measures, "data")


def accuracy(prediction: Any, target: Any) -> float:
    """The part of the samples whose class is right, from 0 to 1.

    Args:
        prediction: scores `(n, classes, *)`, of which the largest wins; or one logit a sample `(n,)` or `(n, 1)`, of
            class 1 where it is positive. For probabilities of class 1 pass `p - 0.5`.
        target: classes `(n, *)`, scores of all classes `(n, classes, *)`, or 0 and 1 in the shape of the logits.

    Raises:
        ValueError: the shapes do not go together.

    Example:
        >>> import numpy as np, nn
        >>> nn.accuracy(np.array([[2.0, 1.0], [0.0, 3.0], [5.0, 4.0]]), np.array([0, 1, 1]))
        0.6666666666666666
    """
    prediction, target = np.asarray(_raw(prediction)), np.asarray(_raw(target))
    shape = prediction.shape
    several = prediction.ndim > 1 and shape[1] > 1
    if several and target.shape == shape:
        right = prediction.argmax(axis=1) == target.argmax(axis=1)
    elif several and target.shape == (shape[0], *shape[2:]):
        right = prediction.argmax(axis=1) == target
    elif not several and target.shape == shape and shape:
        right = (prediction > 0) == (target > 0.5)
    else:
        raise ValueError(
            f"accuracy of predictions of shape {shape} and targets of shape {target.shape}: it needs scores "
            "(n, classes) and classes (n,), or logits and targets of one shape (write prediction.squeeze(-1))."
        )
    return float(right.mean())


_BY_NAME: dict[str, Metric] = {"accuracy": accuracy}


# ---- data and measurements ----


def _batches(data: Any, batch_size: int | None, dtype: Any, what: str, *, shuffle: bool = False) -> Iterable[Any]:
    if isinstance(data, tuple):
        if len(data) < 2:
            raise ValueError(
                f"{what} must be (inputs, targets), not a tuple of {len(data)}. For targets that are the inputs "
                "themselves, as of an autoencoder, write (x, x)."
            )
        return DataLoader(data, BATCH_SIZE if batch_size is None else batch_size, shuffle, dtype=dtype)
    if isinstance(data, np.ndarray) or not isinstance(data, Iterable):
        raise TypeError(f"{what} must be a DataLoader or a tuple (inputs, targets), not {type(data).__name__}.")
    if batch_size is not None:
        raise ValueError(f"batch_size={batch_size} is for a tuple of arrays; {what} comes in batches of its own.")
    return data


def _dtype(model: Module) -> Any:
    """The dtype of the model's parameters, None if it has none."""
    return next((p.dtype for p in model.parameters()), None)


def _split(batch: Any, dtype: Any) -> tuple[tuple[Any, ...], Any]:
    """The inputs and the target of a batch, floating ones in `dtype`."""
    if not isinstance(batch, tuple | list) or len(batch) < 2:
        raise TypeError(
            f"a batch must be a tuple (inputs, target), not {type(batch).__name__}. "
            "Write a loop of your own for others: see the example of nn.fit."
        )
    if dtype is not None:
        batch = [x.astype(dtype, copy=False) if getattr(x, "dtype", dtype).kind == "f" else x for x in batch]
    return tuple(batch[:-1]), batch[-1]


def _measures(metrics: Metrics) -> dict[str, Metric]:
    """The metrics by name."""
    if isinstance(metrics, str):
        raise TypeError(f"metrics must be a list. Write metrics=[{metrics!r}].")
    found: dict[str, Metric] = {}
    named = metrics.items() if isinstance(metrics, Mapping) else [(getattr(m, "__name__", m), m) for m in metrics]
    for name, metric in named:
        if isinstance(metric, str):
            if metric not in _BY_NAME:
                raise ValueError(
                    f"there is no metric called {metric!r}, only {', '.join(map(repr, _BY_NAME))}. "
                    f"Pass a function: metrics={{{metric!r}: lambda prediction, target: ...}}."
                )
            metric = _BY_NAME[metric]
        if not callable(metric) or not isinstance(name, str):
            raise TypeError(f"a metric must be a name or a function with a name, not {metric!r}.")
        if name in ("loss", "seconds") or name in found:
            raise ValueError(f"the name {name!r} is taken. Pass a dict with other names: metrics={{'my_{name}': ...}}.")
        found[name] = metric
    return found


def _raw(x: Any) -> Any:
    if isinstance(x, tuple):
        return tuple(_raw(item) for item in x)
    return x.data if isinstance(x, ag.Value) else x


def _measured(loss: float, measures: dict[str, Metric], prediction: Any, target: Any) -> dict[str, float]:
    prediction = _raw(prediction)
    numbers = {"loss": loss}
    for name, metric in measures.items():
        measured = _raw(metric(prediction, target))
        if np.size(measured) != 1:
            raise ValueError(
                f"the metric {name!r} returned shape {np.shape(measured)}, not one number: return its .mean()."
            )
        numbers[name] = float(measured)
    return numbers


def _finite(error: Any, inputs: tuple[Any, ...], optimizer: Optimizer, epoch: int, batch: int) -> float:
    """The loss as a number; an exception if it is none to learn from."""
    if not isinstance(error, ag.Value):
        raise TypeError(
            f"the loss returned {type(error).__name__}, not a Value, so there is no gradient. "
            "Compute it from the prediction without .data, float() or .item()."
        )
    if error.size != 1:
        raise ValueError(
            f"the loss has shape {error.shape}, but must be one number. Return its .mean(), or use reduction='mean'."
        )
    value = float(error.item())
    if not isfinite(value):
        bad = [i for i, x in enumerate(inputs) if getattr(x, "dtype", np.dtype(int)).kind == "f"]
        bad = [i for i in bad if not np.isfinite(inputs[i]).all()]
        rates = ", ".join(str(group["lr"]) for group in optimizer.param_groups)
        cause = (
            f"Input {bad[0]} of this batch is not finite: clean the data."
            if bad
            else f"The inputs are finite, so try a smaller learning rate than {rates}."
        )
        raise FloatingPointError(f"the loss is {value} in epoch {epoch}, batch {batch}. {cause}")
    return value


def _evaluated(
    model: Module, batches: Iterable[Any], loss: Loss, measures: dict[str, Metric], what: str
) -> dict[str, float]:
    dtype = _dtype(model)
    model.eval()
    mean = _Mean()
    with ag.no_grad():
        for batch in batches:
            inputs, target = _split(batch, dtype)
            prediction = model(*inputs)
            mean.add(len(target), _measured(float(loss(prediction, target)), measures, prediction, target))
    return mean.numbers(what)


class _Mean:
    """Means over samples, from means over batches."""

    def __init__(self) -> None:
        self._sums: dict[str, float] = {}
        self._samples = 0

    def add(self, samples: int, numbers: dict[str, float]) -> None:
        self._samples += samples
        for name, number in numbers.items():
            self._sums[name] = self._sums.get(name, 0.0) + samples * number

    def numbers(self, what: str) -> dict[str, float]:
        if not self._samples:
            raise ValueError(f"{what} had no batches. An iterator is used up after one pass: pass a DataLoader.")
        return {name: total / self._samples for name, total in self._sums.items()}


def _require_instances(**given: tuple[Any, type | None]) -> None:
    """Refuse classes that were not called, and what is not of the type that goes with it."""
    for name, (held, kind) in given.items():
        if isinstance(held, type):
            raise TypeError(f"{name} is the class {held.__name__}. Make an instance of it: {held.__name__}(...).")
        if kind is not None and not isinstance(held, kind):
            raise TypeError(f"{name} must be of type {kind.__name__}, not {type(held).__name__}.")


def _require_common_parameters(model: Module, optimizer: Optimizer) -> None:
    mine = {id(p) for p in model.parameters()}
    if not any(id(p) in mine for group in optimizer.param_groups for p in group["params"]):
        raise ValueError(
            "the optimizer has none of this model's parameters. "
            f"Write optimizer = nn.{type(optimizer).__name__}(model.parameters(), ...)."
        )


@contextmanager
def _modes_restored(model: Module) -> Iterator[None]:
    modes = [(module, module.training) for module in model.modules()]
    try:
        yield
    finally:
        for module, training in modes:
            module.training = training


# ---- progress ----


class _Report:
    """Lines, and on a terminal a bar below them."""

    def __init__(self, epochs: int, bar: Any, lines: bool) -> None:
        self._epochs, self._bar, self._lines = epochs, bar, lines

    def batch(self, epoch: int, mean: _Mean) -> None:
        if self._bar is not None:
            self._bar.set_description_str(self._count(epoch), refresh=False)
            self._bar.set_postfix_str(f"loss {_figure(mean.numbers('')['loss']).strip()}", refresh=False)
            self._bar.update()

    def epoch(self, epoch: int, numbers: dict[str, float]) -> None:
        if self._lines:
            figures = [f"{name} {_figure(number)}" for name, number in numbers.items() if name != "seconds"]
            line = "  ".join([self._count(epoch), *figures, f"{numbers['seconds']:6.2f} s"])
            if self._bar is None:
                print(line, file=sys.stderr, flush=True)
            else:
                self._bar.write(line, file=sys.stderr)

    def _count(self, epoch: int) -> str:
        return f"epoch {epoch:{len(str(self._epochs))}}/{self._epochs}"


@contextmanager
def _reporting(epochs: int, batches: Any, progress: bool) -> Iterator[_Report]:
    if not progress or not sys.stderr.isatty():
        yield _Report(epochs, None, progress)
        return
    from tqdm import tqdm  # 36 ms, which only a terminal needs

    total = epochs * len(batches) if hasattr(batches, "__len__") else None
    with tqdm(total=total, file=sys.stderr, unit="batch", leave=False, dynamic_ncols=True) as bar:
        yield _Report(epochs, bar, progress)


def _figure(number: float) -> str:
    """A number in 7 characters, or a few more."""
    size = abs(number)
    if size >= 1e6 or 0 < size < 1e-4:
        return f"{number:7.1e}"
    return f"{number:7.4f}" if size < 100 else f"{number:7.1f}"
