"""Losses of yes and no: the binary cross entropy of probabilities, and of scores."""

from __future__ import annotations

from typing import Any

import numpy as np

import autograd_lite as ag

from ..activation import log1p_exp, sigmoid
from ..checked import checked
from ..real import real_only
from .common import check_broadcast, check_reduction, check_shapes, constant, reduced


def binary_cross_entropy(input: Any, target: Any, weight: Any = None, reduction: str = "mean") -> Any:
    """-(y log x + (1 - y) log(1 - x)), where no logarithm is below -100.

    On scores use `binary_cross_entropy_with_logits`, which stays exact where a sigmoid is all but 0 or 1.

    Args:
        input: probabilities x of any shape.
        target: probabilities y of the same shape; 0 and 1, or booleans, for two classes.
        weight: a factor for each element, broadcast.
        reduction: `"mean"`, `"sum"`, or `"none"` for each element's own.

    Raises:
        ValueError: the shapes of input and target differ: nothing is broadcast; or something is no probability.

    Example:
        >>> import numpy as np, nn
        >>> float(nn.functional.binary_cross_entropy(np.array([0.5, 1.0]), np.array([0, 1])).round(4))
        0.3466
    """
    check_reduction(reduction)
    check_shapes(input, target)
    real_only("binary_cross_entropy", input, target)
    target = constant(target, input)
    target = checked(target, _require_probabilities, input)
    if weight is not None:
        check_broadcast(input, weight, "weight")
    losses = _binary_cross_entropy(input, target)
    return reduced(losses if weight is None else losses * constant(weight, input), reduction)


def _require_probabilities(target: Any, input: Any) -> None:
    for name, x, instead in (
        ("input", input, " For scores write binary_cross_entropy_with_logits(input, target)."),
        ("target", target, ""),
    ):
        lowest, highest = np.min(x, initial=0), np.max(x, initial=1)
        if not (lowest == 0 and highest == 1):
            raise ValueError(
                f"all elements of {name} should be between 0 and 1, but they are between {x.min()} and {x.max()}."
                f"{instead}"
            )


_LEAST_VARIANCE = float(np.float32(1e-12))  # as PyTorch has it, rounded


def _log(x: Any) -> Any:
    with np.errstate(divide="ignore"):
        return np.maximum(np.log(x), -100)


@ag.primitive(traced=True)
def _binary_cross_entropy(x: Any, y: Any) -> Any:
    """Elementwise: -(y log x + (1 - y) log(1 - x))."""
    return -(y * _log(x) + (1 - y) * _log(1 - x))


ag.defvjp(
    _binary_cross_entropy,
    lambda g, out, x, y: g * ((x - y) / np.maximum((1 - x) * x, _LEAST_VARIANCE)),
    lambda g, out, x, y: g * (_log(1 - x) - _log(x)),
)


def binary_cross_entropy_with_logits(
    input: Any, target: Any, weight: Any = None, reduction: str = "mean", pos_weight: Any = None
) -> Any:
    """-(y log σ(x) + (1 - y) log(1 - σ(x))) with the sigmoid σ, computed without overflow.

    Args:
        input: scores x of any shape, before the sigmoid.
        target: probabilities y of the same shape; 0 and 1, or booleans, for two classes.
        weight: a factor for each element, broadcast.
        reduction: `"mean"`, `"sum"`, or `"none"` for each element's own.
        pos_weight: a factor for the first term, broadcast: above 1 it favours recall.

    Raises:
        ValueError: the shapes of input and target differ: nothing is broadcast.

    Example:
        >>> import numpy as np, nn
        >>> float(nn.functional.binary_cross_entropy_with_logits(np.array([0.0, 1000.0]), np.array([0, 1])).round(4))
        0.3466
    """
    check_reduction(reduction)
    check_shapes(input, target)
    real_only("binary_cross_entropy_with_logits", input, target)
    for name, factor in (("weight", weight), ("pos_weight", pos_weight)):
        if factor is not None:
            check_broadcast(input, factor, name)
    losses = _binary_cross_entropy_with_logits(input, constant(target, input), constant(pos_weight, input))
    return reduced(losses if weight is None else losses * constant(weight, input), reduction)


@ag.primitive(traced=True)
def _binary_cross_entropy_with_logits(x: Any, y: Any, pos_weight: Any) -> Any:
    """Elementwise: -(p y log σ(x) + (1 - y) log(1 - σ(x))), and log σ(x) = -softplus(-x)."""
    if pos_weight is None:
        return x - x * y + log1p_exp(-x)
    return x - x * y + (1 + (pos_weight - 1) * y) * log1p_exp(-x)


def _bce_x(g: Any, out: Any, x: Any, y: Any, pos_weight: Any) -> Any:
    if pos_weight is None:
        return g * (sigmoid(x) - y)
    return g * (1 - y - (1 + (pos_weight - 1) * y) * sigmoid(-x))


def _bce_y(g: Any, out: Any, x: Any, y: Any, pos_weight: Any) -> Any:
    return -g * x if pos_weight is None else g * ((pos_weight - 1) * log1p_exp(-x) - x)


ag.defvjp(_binary_cross_entropy_with_logits, _bce_x, _bce_y, lambda g, out, x, y, pos_weight: g * y * log1p_exp(-x))
