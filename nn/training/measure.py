"""Taking batches apart, and measuring what a model makes of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, nullcontext
from functools import partial
from typing import Any, TypeAlias

import numpy as np

import autograd_lite as ag

from ..data import ConcatDataset, DataLoader, Subset, TensorDataset
from ..metrics.epoch import BY_NAME, parts_of
from ..metrics.parts import Metric, State, raw
from ..module import Module

Loss: TypeAlias = Callable[[Any, Any], Any]
Metrics: TypeAlias = Sequence[str | Metric] | Mapping[str, Metric | str]

BATCH_SIZE = 32
_TAKEN = ("loss", "seconds", "lr")


class Meter:
    """What is measured in one pass over the data: the loss, a mean over samples, and the metrics."""

    def __init__(self, measures: Mapping[str, Metric]) -> None:
        self._parts = {name: parts_of(metric, name) for name, metric in measures.items()}
        self._states: dict[str, State] = {}
        self._total = 0.0
        self._samples = 0

    @property
    def loss(self) -> float:
        """The mean so far."""
        return self._total / self._samples

    def add(self, loss: float, prediction: Any, target: Any) -> None:
        """Add a batch and its mean loss."""
        self._total += len(target) * loss
        self._samples += len(target)
        prediction = raw(prediction)
        for name, parts in self._parts.items():
            state = parts.collect(prediction, target)
            self._states[name] = parts.merge(self._states[name], state) if name in self._states else state

    def numbers(self, what: str) -> dict[str, float]:
        """The results by name."""
        if not self._samples:
            raise ValueError(f"{what} had no batches. An iterator is used up after one pass: pass a DataLoader.")
        results = {name: parts.result(self._states[name]) for name, parts in self._parts.items()}
        for name, result in results.items():
            if np.size(result) != 1:
                raise ValueError(
                    f"the metric {name!r} returned shape {np.shape(result)}, not one number: return its .mean()."
                )
        return {"loss": self.loss} | {name: float(np.asarray(result).item()) for name, result in results.items()}

    def state_dict(self) -> dict[str, Any]:
        """The sums so far."""
        return {"total": self._total, "samples": self._samples, "states": self._states}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from these sums."""
        self._total, self._samples = float(state["total"]), int(state["samples"])
        self._states = {
            name: {key: _as_before(held) for key, held in sums.items()} for name, sums in state["states"].items()
        }


def _as_before(held: Any) -> Any:
    return list(held) if isinstance(held, list | tuple) else np.asarray(held)[()]


def measures_of(metrics: Metrics) -> dict[str, Metric]:
    """The metrics by name."""
    if isinstance(metrics, str):
        raise TypeError(f"metrics must be a list. Write metrics=[{metrics!r}].")
    found: dict[str, Metric] = {}
    named = metrics.items() if isinstance(metrics, Mapping) else [(_name(metric), metric) for metric in metrics]
    for name, metric in named:
        if isinstance(metric, str):
            if metric not in BY_NAME:
                raise ValueError(
                    f"there is no metric called {metric!r}, only {', '.join(map(repr, BY_NAME))}. "
                    f"Pass a function: metrics={{{metric!r}: lambda prediction, target: ...}}."
                )
            metric = BY_NAME[metric]
        if not callable(metric) or not isinstance(name, str):
            raise TypeError(f"a metric must be a name or a function with a name, not {metric!r}.")
        if name in _TAKEN or name in found:
            raise ValueError(f"the name {name!r} is taken. Pass a dict with other names: metrics={{'my_{name}': ...}}.")
        found[name] = metric
    return found


def _name(metric: Any) -> Any:
    if isinstance(metric, partial):
        return _name(metric.func)
    return getattr(metric, "__name__", metric)


# ---- data ----


def batches_of(data: Any, batch_size: int | None, dtype: Any, what: str, *, shuffle: bool = False) -> Iterable[Any]:
    """The batches of what a user passes as data."""
    if isinstance(data, tuple) and len(data) < 2:
        raise ValueError(
            f"{what} must be (inputs, targets), not a tuple of {len(data)}. For targets that are the inputs "
            "themselves, as of an autoencoder, write (x, x)."
        )
    if isinstance(data, tuple | TensorDataset | Subset | ConcatDataset):
        return DataLoader(data, BATCH_SIZE if batch_size is None else batch_size, shuffle, dtype=dtype)
    if isinstance(data, np.ndarray | Mapping | str) or not isinstance(data, Iterable):
        split = isinstance(data, float) and what == "validation"
        fix = (
            " For a share of the data write train, held_out = nn.data.random_split(data, [0.8, 0.2])." if split else ""
        )
        raise TypeError(f"{what} must be a DataLoader or a tuple (inputs, targets), not {type(data).__name__}.{fix}")
    if isinstance(data, list) and any(isinstance(x, np.ndarray) for x in data):
        raise TypeError(f"{what} is a list of arrays. Write a tuple, (inputs, targets).")
    if batch_size is not None:
        raise ValueError(f"batch_size={batch_size} is for a tuple of arrays; {what} comes in batches of its own.")
    return data


def dtype_of(model: Module) -> Any:
    """The dtype of the model's parameters, None if it has none."""
    return next((p.dtype for p in model.parameters()), None)


def split(batch: Any, dtype: Any) -> tuple[tuple[Any, ...], Any]:
    """The inputs and the target of a batch, floating ones in `dtype`."""
    if not isinstance(batch, tuple | list) or len(batch) < 2:
        raise TypeError(
            f"a batch must be a tuple (inputs, target), not {type(batch).__name__}. "
            "Write a loop of your own for others: see the example of nn.fit."
        )
    if getattr(batch[-1], "shape", None) == () or not hasattr(batch[-1], "__len__"):
        raise TypeError(
            f"the target of a batch is a single {type(batch[-1]).__name__}, but must be an array with an axis of "
            "samples. For a list of samples write nn.DataLoader(samples, batch_size=32)."
        )
    if dtype is not None:
        batch = [x.astype(dtype, copy=False) if getattr(x, "dtype", dtype).kind == "f" else x for x in batch]
    return tuple(batch[:-1]), batch[-1]


def require_loss(error: Any) -> Any:
    """The loss, if it is one number that can be differentiated.

    Raises:
        TypeError: it is no Value.
        ValueError: it is several numbers.
    """
    if not isinstance(error, ag.Value):
        raise TypeError(
            f"the loss returned {type(error).__name__}, not a Value, so there is no gradient. "
            "Compute it from the prediction without .data, float() or .item()."
        )
    if error.size != 1:
        raise ValueError(
            f"the loss has shape {error.shape}, but must be one number. Return its .mean(), or use reduction='mean'."
        )
    return error


def evaluated(
    model: Module,
    batches: Iterable[Any],
    loss: Loss,
    measures: Mapping[str, Metric],
    what: str,
    program: Callable[..., tuple[Any, Any]] | None = None,
) -> dict[str, float]:
    """The numbers of a model in evaluation mode, in which it is left.

    Loss and prediction of a batch come from `program` if it is given.
    """
    dtype = dtype_of(model)
    model.eval()
    meter = Meter(measures)
    with ag.no_grad(), closed(iter(batches)) as iterator:
        for batch in iterator:
            inputs, target = split(batch, dtype)
            if program is not None:
                error, prediction = program(inputs, target)
            else:
                prediction = model(*inputs)
                error = loss(prediction, target)
            meter.add(float(error), prediction, target)
    return meter.numbers(what)


def closed(iterator: Iterator[Any]) -> Any:
    """A context that closes the iterator at its end, so that no thread prepares batches any more."""
    return closing(iterator) if hasattr(iterator, "close") else nullcontext(iterator)


@contextmanager
def modes_restored(model: Module) -> Iterator[None]:
    """Put every module back into the mode in which it was."""
    modes = [(module, module.training) for module in model.modules()]
    try:
        yield
    finally:
        for module, training in modes:
            module.training = training


def require_instances(**given: tuple[Any, type | None]) -> None:
    """Refuse classes that were not called, and what is not of the type that goes with it."""
    for name, (held, kind) in given.items():
        if isinstance(held, type):
            raise TypeError(f"{name} is the class {held.__name__}. Make an instance of it: {held.__name__}(...).")
        if kind is not None and not isinstance(held, kind):
            fix = f" Write {name}=nn.Adam(model.parameters())." if name == "optimizer" else ""
            raise TypeError(f"{name} must be of type {kind.__name__}, not {type(held).__name__}.{fix}")
        if not callable(held) and kind is None:
            raise TypeError(
                f"{name} must be a function of (prediction, target), not {type(held).__name__}. "
                f"Write {name}=nn.MSELoss()."
            )
