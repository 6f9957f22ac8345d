"""The metrics of an epoch: which names `fit` knows, and how each metric is added up over batches."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from . import classes, numbers
from .parts import Metric, Parts, State, added, averaging, ratio, raw


def whole_epoch(metric: Metric) -> Metric:
    """A metric of your own that `fit` and `evaluate` call once an epoch, with all predictions and targets.

    A plain function is called with each batch, and the mean of its numbers is taken, weighted with the samples of
    the batch: right for what is a mean over samples itself. The area under a ROC curve is not: wrap it. All
    predictions are kept until the epoch's end.

    Args:
        metric: `metric(prediction, target)` on plain arrays.

    Example:
        >>> import numpy as np, nn
        >>> def spread(prediction, target):
        ...     return float(np.ptp(prediction - target))
        >>> x, y = np.arange(6.0)[:, None], np.zeros((6, 1))
        >>> metrics = {"spread": nn.metrics.whole_epoch(spread)}
        >>> nn.evaluate(nn.Identity(), (x, y), loss=nn.MSELoss(), metrics=metrics, batch_size=2)["spread"]
        5.0
    """
    if not callable(metric):
        raise TypeError(f"whole_epoch takes a function metric(prediction, target), not {metric!r}.")
    return _WholeEpoch(metric)


class _WholeEpoch:
    def __init__(self, metric: Metric) -> None:
        self.metric = metric
        self.__name__ = getattr(metric, "__name__", type(metric).__name__)

    def __call__(self, prediction: Any, target: Any) -> Any:
        return self.metric(prediction, target)


_PARTS = classes.PARTS | numbers.PARTS

BY_NAME: dict[str, Metric] = {metric.__name__: metric for metric in _PARTS} | {
    f"{metric.__name__}_{average}": partial(metric, average=average)
    for metric in (classes.precision, classes.recall, classes.f1)
    for average in classes.AVERAGES[1:]
}

# whether larger is better, for those that are not called a loss or an error
LARGER_IS_BETTER = frozenset(BY_NAME) - {"perplexity", "mean_squared_error", "mean_absolute_error"}


def parts_of(metric: Metric, name: str) -> Parts:
    """How to add up a metric over batches; messages call it `name`."""
    if isinstance(metric, _WholeEpoch):
        return Parts(_kept, _extended, partial(_at_once, metric))
    options: dict[str, Any] = {}
    inner = metric
    if isinstance(metric, partial) and not metric.args:
        inner, options = metric.func, metric.keywords
    for known, make in _PARTS.items():
        if inner is known:
            return make(**options)
    return Parts(partial(_of_batch, metric, name), added, ratio)


def _of_batch(metric: Metric, name: str, prediction: Any, target: Any) -> State:
    with averaging():
        measured = raw(metric(prediction, target))
    if np.size(measured) != 1:
        raise ValueError(
            f"the metric {name!r} returned shape {np.shape(measured)}, not one number: return its .mean()."
        )
    number, samples = np.float64(np.asarray(measured).item()), len(target)
    return {"sum": number * samples, "count": np.int64(samples)}


def _kept(prediction: Any, target: Any) -> State:
    return {"prediction": [np.array(prediction)], "target": [np.array(target)]}


def _extended(a: State, b: State) -> State:
    for name, arrays in a.items():
        arrays.extend(b[name])
    return a


def _at_once(metric: Metric, state: State) -> Any:
    return raw(metric(np.concatenate(state["prediction"]), np.concatenate(state["target"])))
