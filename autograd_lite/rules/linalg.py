"""Derivatives of `numpy.linalg`."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_tuple

from ..primitive import composed, defvjp, is_value, primitive

# ---- norms ----


@primitive
def p_norm(x: Any, p: Any, axis: Any, keepdims: Any) -> Any:
    """(sum |x|^p)^(1/p) over `axis`."""
    if p == 2:
        return np.sqrt(np.sum(x * x, axis=axis, keepdims=keepdims))
    return np.sum(np.abs(x) ** p, axis=axis, keepdims=keepdims) ** (1 / p)


def _p_norm(g: Any, out: Any, x: Any, p: Any, axis: Any, keepdims: Any) -> Any:
    """sign(x) (|x| / norm)^(p-1), and the subgradient of minimum norm, 0, at the origin."""
    if not keepdims:
        g, out = np.expand_dims(g, axis), np.expand_dims(out, axis)
    origin = out == 0
    unit = x / np.where(origin, 1, out)
    if p != 2:
        zero = unit == 0
        size = np.where(zero, 1, np.abs(unit)) ** (p - 1)
        unit = np.sign(x) * (np.where(zero, 0, size) if p > 1 else size)
    return np.where(origin, 0, g) * unit


defvjp(p_norm, _p_norm)


@composed(np.linalg.norm)
def _norm(x: Any, ord: Any = None, axis: Any = None, keepdims: Any = False) -> Any:
    if is_value(ord):
        raise TypeError("np.linalg.norm has no gradient rule for a Value as its argument 2, ord. Write ord=v.item().")
    if axis is None and ord is None:
        return p_norm(x, 2, tuple(range(x.ndim)), keepdims)
    if axis is None:
        if x.ndim not in (1, 2):
            raise ValueError(f"np.linalg.norm of shape {x.shape} with ord={ord!r} needs axis= (one axis, or two)")
        axis = tuple(range(x.ndim))
    axes = normalize_axis_tuple(axis, x.ndim)
    if not 1 <= len(axes) <= 2:
        raise ValueError(f"np.linalg.norm is taken over one axis or two, not over axis={axis}")
    if len(axes) == 2:
        return _matrix_norm(x, ord, axes, keepdims)
    if ord is None or ord == 2:
        return p_norm(x, 2, axes, keepdims)
    if ord == 1:
        return np.sum(np.abs(x), axis=axes, keepdims=keepdims)
    if ord == np.inf:
        return np.max(np.abs(x), axis=axes, keepdims=keepdims)
    if ord == -np.inf:
        return np.min(np.abs(x), axis=axes, keepdims=keepdims)
    if isinstance(ord, str) or ord == 0:
        raise TypeError(f"np.linalg.norm of a vector with ord={ord!r} has no gradient rule. Compute with v.data.")
    return p_norm(x, ord, axes, keepdims)


def _matrix_norm(x: Any, ord: Any, axes: tuple[int, ...], keepdims: Any) -> Any:
    if ord is None or ord == "fro":
        return p_norm(x, 2, axes, keepdims)
    if ord in (1, -1, np.inf, -np.inf):  # the largest or smallest column sum, or row sum
        summed, compared = axes if abs(ord) == 1 else axes[::-1]
        sums = np.sum(np.abs(x), axis=summed, keepdims=True)
        extremum = np.max if ord > 0 else np.min
        result = extremum(sums, axis=compared, keepdims=True)
        return result if keepdims else np.squeeze(result, axes)
    raise TypeError(
        f"np.linalg.norm of a matrix with ord={ord!r} has no gradient rule (it has one for None, 'fro', 1, -1, "
        "inf, -inf). Compute with v.data."
    )
