"""Losses of regression: how far numbers are from numbers."""

from __future__ import annotations

from typing import Any

import numpy as np

import autograd_lite as ag

from ..real import real_only
from .common import check_reduction, check_shapes, check_weight, constant, reduced


def mse_loss(input: Any, target: Any, reduction: str = "mean", weight: Any = None) -> Any:
    """The mean of (input - target)².

    Args:
        input: the prediction, of any shape.
        target: of the same shape.
        reduction: `"mean"`, `"sum"`, or `"none"` for each element's own.
        weight: a factor for each element; the mean is then the weighted mean.

    Raises:
        ValueError: the shapes differ: nothing is broadcast.

    Example:
        >>> import numpy as np, nn
        >>> float(nn.functional.mse_loss(np.array([1.0, 2.0]), np.array([1.0, 4.0])))
        2.0
    """
    check_reduction(reduction)
    check_shapes(input, target)
    real_only("mse_loss", input, target)
    target = constant(target, input)
    if weight is None:
        return _mse_loss(input, target, reduction)
    return _weighted(_mse_loss(input, target, "none"), input, weight, reduction)


def _weighted(losses: Any, input: Any, weight: Any, reduction: str) -> Any:
    check_weight(input, weight)
    weight = constant(weight, input)
    losses = losses * weight
    return losses.sum() / weight.sum() if reduction == "mean" else reduced(losses, reduction)


@ag.primitive(traced=True)
def _mse_loss(x: Any, y: Any, reduction: str) -> Any:
    """(x - y)², reduced."""
    difference = x - y
    squares = difference * difference
    if reduction == "none":
        return squares
    return squares.sum() / squares.size if reduction == "mean" else squares.sum()  # mean() takes twice as long


def _mse_slope(g: Any, x: Any, y: Any, reduction: str) -> Any:
    return g * (2 / (np.size(x) or 1) if reduction == "mean" else 2) * (x - y)


ag.defvjp(
    _mse_loss,
    lambda g, out, x, y, reduction: _mse_slope(g, x, y, reduction),
    lambda g, out, x, y, reduction: _mse_slope(g, y, x, reduction),
)


def l1_loss(input: Any, target: Any, reduction: str = "mean", weight: Any = None) -> Any:
    """The mean of |input - target|.

    Args:
        input: the prediction, of any shape.
        target: of the same shape.
        reduction: `"mean"`, `"sum"`, or `"none"` for each element's own.
        weight: a factor for each element; the mean is then the weighted mean.

    Raises:
        ValueError: the shapes differ: nothing is broadcast.

    Example:
        >>> import numpy as np, nn
        >>> float(nn.functional.l1_loss(np.array([1.0, 2.0]), np.array([1.0, 4.0])))
        1.0
    """
    check_reduction(reduction)
    check_shapes(input, target)
    real_only("l1_loss", input, target)
    losses = _l1_loss(input, constant(target, input))
    return reduced(losses, reduction) if weight is None else _weighted(losses, input, weight, reduction)


@ag.primitive(traced=True)
def _l1_loss(x: Any, y: Any) -> Any:
    """|x - y|."""
    return abs(x - y)


ag.defvjp(
    _l1_loss,
    lambda g, out, x, y: g * np.sign(x - y),
    lambda g, out, x, y: g * np.sign(y - x),
)


def huber_loss(input: Any, target: Any, reduction: str = "mean", delta: float = 1.0, weight: Any = None) -> Any:
    """The mean of d²/2 where |d| <= δ and of δ (|d| - δ/2) elsewhere, with d = input - target.

    Huber, Robust estimation of a location parameter, 1964.

    Args:
        input: the prediction, of any shape.
        target: of the same shape.
        reduction: `"mean"`, `"sum"`, or `"none"` for each element's own.
        delta: δ, where the parabola goes over into lines; positive.
        weight: a factor for each element; the mean divides by their number, as in PyTorch.

    Raises:
        ValueError: the shapes differ: nothing is broadcast; or δ is not positive.

    Example:
        >>> import numpy as np, nn
        >>> float(nn.functional.huber_loss(np.array([1.0, 2.0]), np.array([1.0, 4.0])))
        0.75
    """
    check_reduction(reduction)
    if not delta > 0:
        raise ValueError(f"huber_loss does not support non-positive values for delta, got {delta}")
    check_shapes(input, target)
    real_only("huber_loss", input, target)
    losses = _huber_loss(input, constant(target, input), float(delta))
    if weight is not None:
        check_weight(input, weight)
        losses = losses * constant(weight, input)
    return reduced(losses, reduction)


@ag.primitive(traced=True)
def _huber_loss(x: Any, y: Any, delta: float) -> Any:
    """c (|d| - c/2) with d = x - y and c = min(|d|, delta)."""
    distance = abs(x - y)
    cut = np.minimum(distance, delta)
    return cut * (distance - cut * 0.5)


ag.defvjp(
    _huber_loss,
    lambda g, out, x, y, delta: g * np.clip(x - y, -delta, delta),
    lambda g, out, x, y, delta: g * np.clip(y - x, -delta, delta),
)


def smooth_l1_loss(input: Any, target: Any, reduction: str = "mean", beta: float = 1.0) -> Any:
    """The mean of d²/(2β) where |d| < β and of |d| - β/2 elsewhere, with d = input - target.

    Girshick, Fast R-CNN, 2015. It is the Huber loss divided by β, and for β = 0 the L1 loss.

    Args:
        input: the prediction, of any shape.
        target: of the same shape.
        reduction: `"mean"`, `"sum"`, or `"none"` for each element's own.
        beta: β, where the parabola goes over into lines; not negative.

    Raises:
        ValueError: the shapes differ: nothing is broadcast; or β is negative.

    Example:
        >>> import numpy as np, nn
        >>> float(nn.functional.smooth_l1_loss(np.array([1.0, 2.0]), np.array([1.0, 4.0])))
        0.75
    """
    check_reduction(reduction)
    if not beta >= 0:
        raise ValueError(f"smooth_l1_loss does not support negative values for beta, got {beta}")
    check_shapes(input, target)
    real_only("smooth_l1_loss", input, target)
    target = constant(target, input)
    return reduced(_smooth_l1_loss(input, target, float(beta)) if beta else _l1_loss(input, target), reduction)


@ag.primitive(traced=True)
def _smooth_l1_loss(x: Any, y: Any, beta: float) -> Any:
    """c (|d| - c/2) / beta with d = x - y and c = min(|d|, beta)."""
    distance = abs(x - y)
    cut = np.minimum(distance, beta)
    return cut * (distance - cut * 0.5) / beta


ag.defvjp(
    _smooth_l1_loss,
    lambda g, out, x, y, beta: g * np.clip((x - y) / beta, -1, 1),
    lambda g, out, x, y, beta: g * np.clip((y - x) / beta, -1, 1),
)
