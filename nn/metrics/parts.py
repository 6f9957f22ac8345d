"""How a metric is taken apart, so that it can be computed from batches."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, NamedTuple, TypeAlias

import autograd_lite as ag

Metric: TypeAlias = Callable[[Any, Any], Any]
State: TypeAlias = dict[str, Any]

# Set while `fit` calls a user's function with one batch, of whose results it will take the mean.
_averaged: ContextVar[bool] = ContextVar("averaged", default=False)


class Parts(NamedTuple):
    """A metric in parts that work batch by batch.

    Attributes:
        collect: what a batch adds: `(prediction, target)` to arrays by name.
        merge: two of these into one.
        result: the number, of the last one.
        name: the function, if its mean over batches would be wrong, else "".
    """

    collect: Callable[[Any, Any], State]
    merge: Callable[[State, State], State]
    result: Callable[[State], Any]
    name: str = ""


def evaluated(parts: Parts, prediction: Any, target: Any) -> Any:
    """The metric of one pair of arrays."""
    if parts.name and _averaged.get():
        raise TypeError(
            f"a metric called nn.metrics.{parts.name} with one batch, but the mean of that over batches is not the "
            f"{parts.name} of the epoch. Write functools.partial(nn.metrics.{parts.name}, ...) with its options, or "
            "nn.metrics.whole_epoch(your_function)."
        )
    return parts.result(parts.collect(raw(prediction), raw(target)))


def number(parts: Parts, prediction: Any, target: Any) -> float:
    """The same, for metrics that are one number."""
    return float(evaluated(parts, prediction, target))


@contextmanager
def averaging() -> Iterator[None]:
    """A function is called of whose results the mean will be taken."""
    token = _averaged.set(True)
    try:
        yield
    finally:
        _averaged.reset(token)


def raw(x: Any) -> Any:
    """The array of a Value; also of each in a tuple."""
    if isinstance(x, tuple):
        return tuple(raw(item) for item in x)
    return x.data if isinstance(x, ag.Value) else x


def added(a: State, b: State) -> State:
    """The sums of two batches together."""
    return {name: a[name] + b[name] for name in a}


def ratio(state: State) -> float:
    """A mean from its sum, nan of nothing."""
    return float(state["sum"] / state["count"]) if state["count"] else float("nan")
