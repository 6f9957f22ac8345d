"""Distances and similarities of vectors.

Norms are NumPy's: `np.linalg.vector_norm(x, ord=p)` and `np.linalg.matrix_norm` take a Value, for every p of L1, L2, Lp
and the maximum, and for Frobenius', the nuclear and the spectral norm. Where a norm has a kink, its gradient is the
subgradient of minimum norm: 0 at the origin.
"""

from __future__ import annotations

from typing import Any

import numpy as np

import autograd_lite as ag

from .real import real_only


def cosine_similarity(x1: Any, x2: Any, dim: int = 1, eps: float = 1e-8) -> Any:
    """x1 · x2 / (max(|x1|, ε) · max(|x2|, ε)): the cosine of the angle between vectors.

    Shapes: `(*, D, *)`, `(*, D, *)` -> `(*, *)`; the two are broadcast.

    Args:
        x1: vectors along an axis.
        x2: the others.
        dim: the axis, of the common shape.
        eps: ε, the least norm. As in PyTorch the gradient takes no notice of it: it is that of a vector that long.

    Example:
        >>> import numpy as np, nn
        >>> nn.functional.cosine_similarity(np.array([[1.0, 0.0]]), np.array([[1.0, 1.0]])).round(4)
        array([0.7071])
    """
    real_only("cosine_similarity", x1, x2)
    if np.shape(x1) != np.shape(x2):
        try:
            shape = np.broadcast_shapes(np.shape(x1), np.shape(x2))
        except ValueError:
            raise ValueError(
                f"cosine_similarity needs vectors of the same length, got shapes {np.shape(x1)} and {np.shape(x2)}, "
                "which do not broadcast."
            ) from None
        x1, x2 = np.broadcast_to(x1, shape), np.broadcast_to(x2, shape)
    unit1, unit2 = (x / at_least(_norm(x, 2, dim, True), eps) for x in (x1, x2))
    return (unit1 * unit2).sum(axis=dim)


@ag.primitive
def at_least(x: Any, bound: float) -> Any:
    """max(x, bound), for which the gradient passes as if nothing had been done."""
    return np.maximum(x, bound)


ag.defvjp(at_least, lambda g, out, x, bound: g)


def _norm(x: Any, p: float, axis: Any, keepdims: bool) -> Any:
    return np.linalg.vector_norm(x, axis=axis, keepdims=keepdims, ord=p)


def pairwise_distance(x1: Any, x2: Any, p: float = 2.0, eps: float = 1e-6, keepdim: bool = False) -> Any:
    """|x1 - x2 + ε|, the p-norm along the last axis: of each vector to its counterpart.

    Shapes: `(*, D)`, `(*, D)` -> `(*)`, or `(*, 1)`; the two are broadcast, all but D.

    Args:
        x1: vectors.
        x2: the others.
        p: 2 for Euclid's distance, 1 for Manhattan's, inf for the largest difference, or another number.
        eps: ε, added to each difference, so that no distance is 0.
        keepdim: keep the last axis, with length 1.

    Raises:
        ValueError: the vectors are not of the same length.

    Example:
        >>> import numpy as np, nn
        >>> nn.functional.pairwise_distance(np.array([[0.0, 0.0]]), np.array([[3.0, 4.0]])).round(4)
        array([5.])
    """
    real_only("pairwise_distance", x1, x2)
    first, second = np.shape(x1), np.shape(x2)
    if first[-1:] != second[-1:] or not first:
        raise ValueError(
            f"pairwise_distance needs vectors of the same length along the last axis, got shapes {first} and {second}. "
            "For numbers write x[:, None] on both."
        )
    return _norm(x1 - x2 + float(eps), p, -1, keepdim)


def cdist(x1: Any, x2: Any, p: float = 2.0) -> Any:
    """|x1_i - x2_j|, the p-norm: of each vector of x1 to each of x2; PyTorch's `torch.cdist`.

    It forms all differences, so the memory grows with P · R · D.

    Shapes: `(*, P, D)`, `(*, R, D)` -> `(*, P, R)`; the axes in front are broadcast.

    Args:
        x1: P vectors.
        x2: R vectors.
        p: 2 for Euclid's distance, 1 for Manhattan's, inf for the largest difference, or another number from 0.

    Raises:
        ValueError: the vectors are not of the same length, there is no matrix of them, or `p` is negative.

    Example:
        >>> import numpy as np, nn
        >>> nn.functional.cdist(np.array([[0.0, 0.0]]), np.array([[3.0, 4.0], [0.0, 1.0]]))
        array([[5., 1.]])
    """
    real_only("cdist", x1, x2)
    first, second = np.shape(x1), np.shape(x2)
    for name, shape in (("X1", first), ("X2", second)):
        if len(shape) < 2:
            raise ValueError(f"cdist only supports at least 2D tensors, {name} got: {len(shape)}D. Write x[None].")
    if first[-1] != second[-1]:
        raise ValueError(f"X1 and X2 must have the same number of columns. X1: {first[-1]} X2: {second[-1]}")
    if not p >= 0:
        raise ValueError(f"cdist only supports non-negative p values, got {p}")
    return _norm(np.expand_dims(x1, -2) - np.expand_dims(x2, -3), p, -1, False)


def normalize(input: Any, p: float = 2.0, dim: Any = 1, eps: float = 1e-12) -> Any:
    """x / max(|x|, ε), with the p-norm along an axis: vectors of norm 1.

    Args:
        input: x, of any shape.
        p: of the norm.
        dim: the axis, or several.
        eps: ε, the least that is divided by.

    Example:
        >>> import numpy as np, nn
        >>> nn.functional.normalize(np.array([[3.0, 4.0], [0.0, 0.0]]))
        array([[0.6, 0.8],
               [0. , 0. ]])
    """
    real_only("normalize", input)
    return input / np.clip(_norm(input, p, dim, True), float(eps), None)
