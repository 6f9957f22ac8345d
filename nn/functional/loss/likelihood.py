"""Losses that are logarithms of a likelihood, or distances between distributions."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

import autograd_lite as ag

from ..checked import checked
from ..distance import at_least
from ..real import real_only
from .common import check_reduction, check_shapes, constant, raw, reduced, shape_of


def poisson_nll_loss(
    input: Any,
    target: Any,
    log_input: bool = True,
    full: bool = False,
    eps: float = 1e-8,
    reduction: str = "mean",
) -> Any:
    """λ - y log λ, the negative log-likelihood of counts y of Poisson's distribution with the rate λ.

    Args:
        input: log λ, or λ, of any shape.
        target: y, of the same shape.
        log_input: whether the input is log λ.
        full: add Stirling's approximation of log y! where y > 1: y log y - y + log(2π y) / 2.
        eps: added to λ before its logarithm is taken.
        reduction: `"mean"`, `"sum"`, or `"none"` for each element's own.

    Raises:
        ValueError: the shapes differ: nothing is broadcast.

    Example:
        >>> import numpy as np, nn
        >>> float(nn.functional.poisson_nll_loss(np.array([0.0, 1.0]), np.array([1, 2])).round(4))
        0.8591
    """
    check_reduction(reduction)
    check_shapes(input, target)
    real_only("poisson_nll_loss", input, target)
    target = constant(target, input)
    losses = np.exp(input) - target * input if log_input else input - target * np.log(input + float(eps))
    if full:
        several = raw(target) > 1
        count = np.where(several, target, 1)
        stirling = count * np.log(count) - count + 0.5 * np.log(2 * math.pi * count)
        losses = losses + np.where(several, stirling, 0)
    return reduced(losses, reduction)


def gaussian_nll_loss(
    input: Any, target: Any, var: Any, full: bool = False, eps: float = 1e-6, reduction: str = "mean"
) -> Any:
    """(log v + (x - y)² / v) / 2, the negative log-likelihood of y under the normal distribution N(x, v).

    Nix & Weigend, Estimating the mean and variance of the target probability distribution, 1994.

    Args:
        input: the mean x, of any shape.
        target: y, of the same shape.
        var: the variance v, in the shape of the input, with lengths of 1, or without the last axis; or one number.
        full: add log(2π) / 2.
        eps: the least variance. The gradient takes no notice of it, so that a variance can grow again.
        reduction: `"mean"`, `"sum"`, or `"none"` for each element's own.

    Raises:
        ValueError: the shapes do not fit, or a variance is negative.

    Example:
        >>> import numpy as np, nn
        >>> float(nn.functional.gaussian_nll_loss(np.array([0.0, 1.0]), np.array([0.0, 3.0]), 1.0))
        1.0
    """
    check_reduction(reduction)
    check_shapes(input, target)
    real_only("gaussian_nll_loss", input, target, var)
    shape, given = shape_of(input), shape_of(var)
    var = constant(var, input)
    if given != () and given != shape:
        if given == shape[:-1]:
            var = np.expand_dims(var, -1)
        elif len(given) != len(shape) or any(b not in (a, 1) for a, b in zip(shape, given, strict=True)):
            raise ValueError(
                f"var is of incorrect size: {given} for an input of shape {shape}. It needs that shape, lengths of 1 "
                "in it, or that shape without its last axis."
            )
    target = checked(constant(target, input), _require_variances, var)
    var = at_least(var, float(eps))
    losses = 0.5 * (np.log(var) + (input - target) ** 2 / var)
    return reduced(losses + 0.5 * math.log(2 * math.pi) if full else losses, reduction)


def _require_variances(_: Any, var: Any) -> None:
    if (var < 0).any():
        raise ValueError("var has negative entry/entries. Let the network predict log v, and pass np.exp of it.")


def kl_div(input: Any, target: Any, reduction: str = "mean", log_target: bool = False) -> Any:
    """y (log y - x), the divergence of Kullback and Leibler of the distribution y from the one whose logarithm is x.

    Args:
        input: x, logarithms of probabilities, of any shape.
        target: y, probabilities of the same shape, or their logarithms.
        reduction: `"batchmean"` for the sum divided by the length of the first axis, which is the mean divergence of
            the samples; `"mean"` divides by the number of all elements; `"sum"`, or `"none"` for each element's own.
        log_target: whether the target is log y.

    Raises:
        ValueError: the shapes differ: nothing is broadcast.

    Example:
        >>> import numpy as np, nn
        >>> x = np.log([[0.5, 0.5]])
        >>> float(nn.functional.kl_div(x, np.array([[1.0, 0.0]]), reduction="batchmean").round(4))
        0.6931
    """
    check_reduction(reduction, "batchmean")
    check_shapes(input, target)
    real_only("kl_div", input, target)
    target = constant(target, input)
    losses = np.exp(target) * (target - input) if log_target else _kl_div(input, target)
    if reduction == "batchmean":
        shape = shape_of(input)
        return losses.sum() / shape[0] if shape else losses
    return reduced(losses, reduction)


def _log(y: Any) -> Any:
    """log y where there is one, else 0."""
    return np.log(np.where(y > 0, y, 1))


@ag.primitive(traced=True)
def _kl_div(x: Any, y: Any) -> Any:
    """y (log y - x), and 0 for y = 0."""
    return y * (_log(y) - x)


# at y = 0 there is no derivative: the slope of y log y goes to minus infinity, and is left out
ag.defvjp(
    _kl_div,
    lambda g, out, x, y: -g * y,
    lambda g, out, x, y: g * (_log(y) + (y > 0) - x),
)
