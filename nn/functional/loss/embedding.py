"""Losses of embeddings: vectors that should be close to their like and far from the others."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..distance import pairwise_distance
from ..real import real_only
from .common import check_reduction, check_shapes, raw, reduced, shape_of
from .margin import at_least_zero

_LEAST_SQUARE = float(np.float32(1e-12))  # as PyTorch has it, rounded


def cosine_embedding_loss(input1: Any, input2: Any, target: Any, margin: float = 0.0, reduction: str = "mean") -> Any:
    """1 - cos(x1, x2) where y = 1, max(0, cos(x1, x2) - margin) where y = -1.

    Shapes: inputs `(N, D)` and target `(N,)`, or `(D,)` and `()`.

    Args:
        input1: vectors x1.
        input2: vectors x2.
        target: y: 1 for vectors that should point the same way, -1 for those that should not.
        margin: the largest cosine that is no loss for the latter.
        reduction: `"mean"`, `"sum"`, or `"none"` for each pair's own.

    Raises:
        ValueError: the shapes do not fit: nothing is broadcast.

    Example:
        >>> import numpy as np, nn
        >>> x, y = np.array([[1.0, 0.0], [1.0, 0.0]]), np.array([[0.0, 1.0], [1.0, 0.0]])
        >>> nn.functional.cosine_embedding_loss(x, y, np.array([1, -1]), reduction="none").round(4)
        array([1., 1.])
    """
    check_reduction(reduction)
    check_shapes(input1, input2, "input2", "input1")
    real_only("cosine_embedding_loss", input1, input2)
    shape, target = shape_of(input1), raw(target)
    if target.ndim > 1:
        raise ValueError(f"0D or 1D target tensor expected, multi-target not supported; got {target.shape}")
    if len(shape) != target.ndim + 1 or target.shape != shape[:-1]:
        raise ValueError(
            f"cosine_embedding_loss: inputs of shape {shape} and a target of shape {target.shape}; they must be (N, D) "
            "and (N,), or (D,) and ()"
        )
    # the squares are kept from 0, as PyTorch does here and not in cosine_similarity
    squares = ((input1 * input1).sum(axis=-1) + _LEAST_SQUARE) * ((input2 * input2).sum(axis=-1) + _LEAST_SQUARE)
    cosine = (input1 * input2).sum(axis=-1) / np.sqrt(squares)
    unlike = np.where(target == -1, at_least_zero(cosine - float(margin)), 0)
    return reduced(np.where(target == 1, 1 - cosine, unlike), reduction)


def triplet_margin_loss(
    anchor: Any,
    positive: Any,
    negative: Any,
    margin: float = 1.0,
    p: float = 2.0,
    eps: float = 1e-6,
    swap: bool = False,
    reduction: str = "mean",
) -> Any:
    """max(0, d(a, p) - d(a, n) + margin) with d = `pairwise_distance`.

    Balntas et al., Learning local feature descriptors with triplets and shallow convolutional neural networks, 2016.

    Shapes: `(*, D)` three times -> `(*)` for `reduction="none"`.

    Args:
        anchor: vectors a.
        positive: vectors that should be close to them.
        negative: vectors that should be farther from them, by the margin.
        margin: positive.
        p: of the norm.
        eps: added to each difference.
        swap: take d(p, n) in place of d(a, n) where it is smaller.
        reduction: `"mean"`, `"sum"`, or `"none"` for each triplet's own.

    Raises:
        ValueError: the shapes differ: nothing is broadcast; or the margin is not positive.

    Example:
        >>> import numpy as np, nn
        >>> a, p, n = np.array([[0.0]]), np.array([[1.0]]), np.array([[1.5]])
        >>> float(nn.functional.triplet_margin_loss(a, p, n, eps=0.0))
        0.5
    """

    def distance(x: Any, y: Any) -> Any:
        return pairwise_distance(x, y, p, eps)

    return triplet_margin_with_distance_loss(
        anchor, positive, negative, distance_function=distance, margin=margin, swap=swap, reduction=reduction
    )


def triplet_margin_with_distance_loss(
    anchor: Any,
    positive: Any,
    negative: Any,
    *,
    distance_function: Callable[[Any, Any], Any] | None = None,
    margin: float = 1.0,
    swap: bool = False,
    reduction: str = "mean",
) -> Any:
    """max(0, d(a, p) - d(a, n) + margin) with a distance d of one's own.

    Args:
        anchor: a.
        positive: what should be close to it, of the same shape.
        negative: what should be farther from it, by the margin, of the same shape.
        distance_function: d, a function of two arrays or a module, by default `pairwise_distance`.
        margin: positive.
        swap: take d(p, n) in place of d(a, n) where it is smaller.
        reduction: `"mean"`, `"sum"`, or `"none"` for each triplet's own.

    Raises:
        ValueError: the shapes differ: nothing is broadcast; or the margin is not positive.

    Example:
        >>> import numpy as np, nn
        >>> a, p, n = np.array([[0.0]]), np.array([[1.0]]), np.array([[1.5]])
        >>> loss = nn.functional.triplet_margin_with_distance_loss
        >>> float(loss(a, p, n, distance_function=lambda x, y: abs(x - y).sum(axis=-1)))
        0.5
    """
    check_reduction(reduction)
    if not margin > 0:
        raise ValueError(f"margin must be greater than 0, got {margin}")
    check_shapes(anchor, positive, "positive", "anchor")
    check_shapes(anchor, negative, "negative", "anchor")
    real_only("triplet_margin_loss", anchor, positive, negative)
    distance = pairwise_distance if distance_function is None else distance_function
    near, far = distance(anchor, positive), distance(anchor, negative)
    if swap:
        far = np.minimum(far, distance(positive, negative))
    return reduced(at_least_zero(near - far + float(margin)), reduction)
