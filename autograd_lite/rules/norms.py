"""Derivatives of the norms of `numpy.linalg`, and of the condition number, which is made of two.

At a kink a norm has its subgradient of minimum norm: 0 at the origin, and equal shares for ties.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_tuple

from ..primitive import composed, defvjp, is_value, plain_array, primitive
from .decompositions import factors_of
from .elementwise import conj, masked
from .linalg import inv_share, over_matrices


@primitive
def norm(x: Any, ord: Any, axis: Any, keepdims: Any) -> Any:
    """The norm of vectors along one axis, of matrices along two, or of everything."""
    return np.linalg.norm(x, ord, axis, keepdims)


def _norm_share(g: Any, out: Any, x: Any, ord: Any, axis: Any, keepdims: Any) -> Any:
    if not x.size:
        return masked(x, False)
    axes = tuple(range(x.ndim)) if axis is None else normalize_axis_tuple(axis, x.ndim)
    if not keepdims and axes:
        g, out = np.expand_dims(g, axes), np.expand_dims(out, axes)
    if ord is None or (len(axes) == 1 and ord == 2) or ord in ("fro", "f"):
        origin = out == 0
        return np.where(origin, 0, g) * (conj(x) / np.where(origin, 1, out))
    if len(axes) == 1:
        return _vector_share(g, out, x, ord, axes)
    return _spectral_share(g, x, ord, axes) if ord in (2, -2, "nuc") else _sums_share(g, x, ord, axes)


def _vector_share(g: Any, out: Any, x: Any, p: Any, axis: Any) -> Any:
    """(|x| / norm)^(p-1), in the direction of x"""
    if p == 0:  # a count
        return masked(x, False)
    direction = conj(np.sign(x))
    if p == 1:
        return g * direction
    if abs(p) == np.inf:
        return _extremal(g, np.abs(x), p, axis) * direction
    origin = out == 0  # or a single 0, for p < 0
    unit = np.abs(x) / np.where(origin, 1, out)
    zero = (unit == 0) | origin
    return g * (masked(np.where(zero, 1, unit) ** (p - 1), ~zero) * direction)


def _extremal(g: Any, x: Any, p: Any, axis: Any) -> Any:
    """`g` for the largest elements, or the smallest for p < 0; ties share it equally."""
    x = plain_array(x)
    extremal = x == (np.max if p > 0 else np.min)(x, axis=axis, keepdims=True)
    return masked(g / np.sum(extremal, axis=axis, keepdims=True), extremal)


def _sums_share(g: Any, x: Any, p: Any, axes: tuple[int, ...]) -> Any:
    """The largest or smallest column sum, or row sum."""
    summed, compared = axes if abs(p) == 1 else axes[::-1]
    sums = np.sum(np.abs(plain_array(x)), axis=summed, keepdims=True)
    return _extremal(g, sums, p, compared) * conj(np.sign(x))


def _spectral_share(g: Any, x: Any, p: Any, axes: tuple[int, ...]) -> Any:
    """The largest or the smallest singular value, or the sum of all."""
    u, s, vh = factors_of(np.moveaxis(x, axes, (-2, -1)))
    weights = np.sign(plain_array(s))
    if p != "nuc":
        weights = _extremal(weights, s, p, -1)
    share = (u * np.expand_dims(weights, -2)) @ vh
    return g * conj(np.moveaxis(share, (-2, -1), axes))


defvjp(norm, _norm_share)


@composed(np.linalg.norm)
def _norm(x: Any, ord: Any = None, axis: Any = None, keepdims: Any = False) -> Any:
    if is_value(ord):
        raise TypeError("np.linalg.norm has no gradient rule for a Value as its argument 2, ord. Write ord=v.item().")
    if axis is None and ord is not None and x.ndim not in (1, 2):
        raise ValueError(f"np.linalg.norm of shape {x.shape} with ord={ord!r} needs axis= (one axis, or two)")
    if axis is not None and not 1 <= len(normalize_axis_tuple(axis, x.ndim)) <= 2:
        raise ValueError(f"np.linalg.norm is taken over one axis or two, not over axis={axis}")
    return norm(x, ord, axis, keepdims)


@composed(np.linalg.matrix_norm)
def _matrix_norm(x: Any, /, *, keepdims: Any = False, ord: Any = "fro") -> Any:
    return np.linalg.norm(x, ord, (-2, -1), keepdims)


@composed(np.linalg.vector_norm)
def _vector_norm(x: Any, /, *, axis: Any = None, keepdims: Any = False, ord: Any = 2) -> Any:
    axes = tuple(range(x.ndim)) if axis is None else normalize_axis_tuple(axis, x.ndim)
    if axis is not None and len(axes) == 1:
        return np.linalg.norm(x, ord, axes[0], keepdims)
    others = [i for i in range(x.ndim) if i not in axes]
    flat = np.reshape(np.transpose(x, [*axes, *others]), (-1, *[x.shape[i] for i in others]))
    result = np.linalg.norm(flat, ord, 0)
    return np.expand_dims(result, axes) if keepdims else result


def _cond(g: Any, out: Any, x: Any, p: Any = None) -> Any:
    """|A| |A^-1|; with the 2-norm the ratio of the largest and the smallest singular value."""
    if p not in (None, 2, -2):
        try:
            inverse = np.linalg.inv(x)
        except np.linalg.LinAlgError:
            raise np.linalg.LinAlgError("no gradient exists of numpy.linalg.cond where a matrix is singular") from None
        size, inverse_size = np.linalg.norm(x, p, (-2, -1)), np.linalg.norm(inverse, p, (-2, -1))
        share = _norm_share(g * size, inverse_size, inverse, p, (-2, -1), False)
        return _norm_share(g * inverse_size, size, x, p, (-2, -1), False) + inv_share(share, inverse, x)
    u, s, vh = factors_of(x)
    above, below, size = u[..., :1] @ vh[..., :1, :], u[..., -1:] @ vh[..., -1:, :], s[..., -1]
    if p == -2:
        above, below, size = below, above, s[..., 0]
    return over_matrices(g / size) * conj(above - over_matrices(out) * below)


defvjp(np.linalg.cond, _cond)
