"""Derivatives of the functions that reduce or accumulate along axes: sums, products, means, extrema."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..primitive import composed, defvjp
from .elementwise import conj, masked
from .shape import inverse


def spread(reduced: Any, axis: Any, keepdims: Any, x: Any) -> Any:
    """A reduced array broadcast back over the axes that were reduced."""
    if axis is not None and not keepdims and x.ndim:
        reduced = np.expand_dims(reduced, _axes(axis, x.ndim))
    return np.broadcast_to(reduced, x.shape)


def _axes(axis: Any, ndim: int) -> tuple[int, ...]:
    """The reduced axes, all of them for None, counted from the front."""
    if axis is None:
        return tuple(range(ndim))
    return tuple([a % ndim for a in (axis if isinstance(axis, tuple) else (axis,))]) if ndim else ()


defvjp(np.sum, lambda g, out, x, axis=None, dtype=None, *, keepdims=False: spread(g, axis, keepdims, x))
defvjp(
    np.mean,
    lambda g, out, x, axis=None, dtype=None, *, keepdims=False: spread(
        g * (out.size / x.size if x.size else np.nan), axis, keepdims, x
    ),
)


def _centred(x: Any, axis: Any) -> Any:
    """x - mean; its conjugate, because the variance of complex numbers is the mean of |x - mean|^2."""
    return conj(x - np.mean(x, axis=axis, keepdims=True))


def _freedom(out: Any, x: Any, ddof: Any, correction: Any) -> Any:
    """The divisor of a variance: the number of elements behind each result, less the correction."""
    count = x.size // out.size if out.size else 0
    return max(count - (ddof if correction is None else correction), 0)


def _var(
    g: Any, out: Any, x: Any, axis: Any = None, *, ddof: Any = 0, keepdims: Any = False, correction: Any = None
) -> Any:
    n = _freedom(out, x, ddof, correction)
    return spread(g * (2 / n if n else np.nan), axis, keepdims, x) * _centred(x, axis)


def _std(
    g: Any, out: Any, x: Any, axis: Any = None, *, ddof: Any = 0, keepdims: Any = False, correction: Any = None
) -> Any:
    n = _freedom(out, x, ddof, correction)
    constant = out == 0  # the subgradient of minimum norm there is 0
    slope = np.where(constant, 0, g) * (1 / n if n else np.nan) / np.where(constant, 1, out)
    return spread(slope, axis, keepdims, x) * _centred(x, axis)


defvjp(np.var, _var)
defvjp(np.std, _std)


def _extremum(g: Any, out: Any, x: Any, axis: Any = None, *, keepdims: Any = False) -> Any:
    chosen = x == spread(out, axis, keepdims, x)  # ties share the gradient equally
    ties = np.sum(chosen, axis=axis, keepdims=True)
    return masked(spread(g, axis, keepdims, x), chosen) / np.maximum(ties, 1).astype(x.dtype)


for _function in (np.max, np.amax, np.min, np.amin):
    defvjp(_function, _extremum)


def _others(x: Any) -> Any:
    """For each element along the last axis the product of all the others; zeros need no special case."""
    n = x.shape[-1]
    one = np.ones_like(x[..., :1])
    before = np.concatenate([one, _running_product(x[..., : n - 1])], axis=-1)
    after = np.flip(np.concatenate([one, _running_product(np.flip(x, -1)[..., : n - 1])], axis=-1), -1)
    return before * after


def _running_product(x: Any) -> Any:
    """cumprod by doubling, in multiplications alone, so that every derivative is right at zeros too."""
    step = 1
    while step < x.shape[-1]:
        x = np.concatenate([x[..., :step], x[..., step:] * x[..., :-step]], axis=-1)
        step *= 2
    return x


def _prod(g: Any, out: Any, x: Any, axis: Any = None, dtype: Any = None, *, keepdims: Any = False) -> Any:
    if x.ndim == 0 or x.size == 0:
        return spread(g, axis, keepdims, x)
    if np.all(x != 0):
        return spread(g * out, axis, keepdims, x) / x
    reduced = _axes(axis, x.ndim)
    order = [a for a in range(x.ndim) if a not in reduced] + list(reduced)
    last = np.transpose(x, order)
    kept = last.shape[: x.ndim - len(reduced)]
    others = np.reshape(_others(np.reshape(last, (*kept, -1))), last.shape)
    return spread(g, axis, keepdims, x) * np.transpose(others, inverse(order))


defvjp(np.prod, _prod)


def _cumsum(g: Any, out: Any, x: Any, axis: Any = None, dtype: Any = None) -> Any:
    along = 0 if axis is None else axis
    return np.reshape(np.flip(np.cumsum(np.flip(g, along), axis=along), along), x.shape)


defvjp(np.cumsum, _cumsum)


@composed(np.ptp)
def _ptp(a: Any, axis: Any = None, *, keepdims: Any = False) -> Any:
    return np.max(a, axis=axis, keepdims=keepdims) - np.min(a, axis=axis, keepdims=keepdims)
