"""Metrics of numbers: mean squared and absolute error, R²."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from .parts import Parts, State, added, number, ratio


def mean_squared_error(prediction: Any, target: Any) -> float:
    """The mean of (prediction - target)².

    Args:
        prediction: numbers `(n, *)`.
        target: numbers of the same shape.

    Raises:
        ValueError: the shapes differ.

    Example:
        >>> import numpy as np, nn
        >>> nn.metrics.mean_squared_error(np.array([1.0, 2.0]), np.array([1.0, 4.0]))
        2.0
    """
    return number(_mean_of(np.square, "mean_squared_error"), prediction, target)


def mean_absolute_error(prediction: Any, target: Any) -> float:
    """The mean of |prediction - target|. Arguments: see `mean_squared_error`.

    Example:
        >>> import numpy as np, nn
        >>> nn.metrics.mean_absolute_error(np.array([1.0, 2.0]), np.array([1.0, 4.0]))
        1.0
    """
    return number(_mean_of(np.abs, "mean_absolute_error"), prediction, target)


def r2_score(prediction: Any, target: Any) -> float:
    """The part of the target's variance that is explained, at most 1: 1 - Σ (y - ŷ)² / Σ (y - ȳ)².

    The mean over the columns of the target. Of a constant column it is 1 if the prediction is perfect, else 0; of one
    sample it is nan. Arguments: see `mean_squared_error`. Note that the prediction comes first.

    Example:
        >>> import numpy as np, nn
        >>> nn.metrics.r2_score(np.array([2.5, 0.0, 2.0, 8.0]), np.array([3.0, -0.5, 2.0, 7.0]))
        0.9486081370449679
    """
    return number(_r2(), prediction, target)


# ---- adding up ----


def _pair(prediction: Any, target: Any, name: str) -> tuple[Any, Any]:
    prediction, target = np.asarray(prediction), np.asarray(target)
    if prediction.shape != target.shape or prediction.ndim == 0:
        raise ValueError(
            f"{name} of predictions of shape {prediction.shape} and targets of shape {target.shape}: they must have "
            "one shape (write prediction.squeeze(-1))."
        )
    return prediction.astype(np.float64), target.astype(np.float64)


def _mean_of(cost: Callable[[Any], Any], name: str) -> Parts:
    def collect(prediction: Any, target: Any) -> State:
        prediction, target = _pair(prediction, target, name)
        return {"sum": np.float64(cost(prediction - target).sum()), "count": np.int64(target.size)}

    return Parts(collect, added, ratio)


def _squares(prediction: Any, target: Any) -> State:
    prediction, target = _pair(prediction, target, "r2_score")
    prediction, target = prediction.reshape(len(prediction), -1), target.reshape(len(target), -1)
    mean = target.mean(axis=0)
    return {
        "count": np.int64(len(target)),
        "mean": mean,
        "spread": ((target - mean) ** 2).sum(axis=0),
        "error": ((target - prediction) ** 2).sum(axis=0),
    }


def _merged_squares(a: State, b: State) -> State:
    """Chan, Golub and LeVeque, "Updating formulae and a pairwise algorithm for computing sample variances", 1979."""
    count, apart = a["count"] + b["count"], b["mean"] - a["mean"]
    return {
        "count": count,
        "mean": a["mean"] + apart * (b["count"] / count),
        "spread": a["spread"] + b["spread"] + apart**2 * (a["count"] * b["count"] / count),
        "error": a["error"] + b["error"],
    }


def _explained(state: State) -> float:
    if state["count"] < 2:
        return float("nan")
    spread, error = state["spread"], state["error"]
    explained = 1 - error / np.where(spread == 0, 1, spread)
    return float(np.where(spread == 0, np.where(error == 0, 1.0, 0.0), explained).mean())


def _r2() -> Parts:
    return Parts(_squares, _merged_squares, _explained, "r2_score")


PARTS: dict[Any, Callable[..., Parts]] = {
    mean_squared_error: partial(_mean_of, np.square, "mean_squared_error"),
    mean_absolute_error: partial(_mean_of, np.abs, "mean_absolute_error"),
    r2_score: _r2,
}
