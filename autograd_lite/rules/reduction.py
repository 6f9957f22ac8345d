"""Derivatives of the functions that reduce axes: sums, products, means, variances, extrema.

`where` leaves elements out: their gradient is exactly 0, whatever they hold. The same rules serve the functions that
leave out nan, in `nan`; those that accumulate are in `accumulation`.
"""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from ..primitive import composed, defvjp, is_lazy, is_value
from ..tracing import expected, is_compiling
from .elementwise import is_complex, masked


def spread(reduced: Any, axis: Any, keepdims: Any, x: Any) -> Any:
    """A reduced array broadcast back over the axes that were reduced."""
    if axis is not None and not keepdims and x.ndim:
        reduced = np.expand_dims(reduced, _axes(axis, x.ndim))
    return np.broadcast_to(reduced, x.shape)


def _axes(axis: Any, ndim: int) -> tuple[int, ...]:
    """The reduced axes, all of them for None, counted from the front."""
    if axis is None:
        return tuple(range(ndim))
    return tuple([a % ndim for a in (axis if isinstance(axis, tuple | list) else (axis,))]) if ndim else ()


def _kept_first(axis: Any, ndim: int) -> tuple[list[int], int]:
    """The axes with those to be reduced at the end, and how many come before them."""
    reduced = _axes(axis, ndim)
    kept = [a for a in range(ndim) if a not in reduced]
    return [*kept, *reduced], len(kept)


def rows(x: Any, axis: Any) -> Any:
    """`x` with the reduced axes joined into one, the last."""
    order, kept = _kept_first(axis, x.ndim)
    lengths = [x.shape[a] for a in order]
    return np.reshape(np.transpose(x, order), (*lengths[:kept], prod(lengths[kept:])))


def from_rows(gathered: Any, axis: Any, x: Any) -> Any:
    """The way back from `rows(x, axis)`."""
    order, _ = _kept_first(axis, x.ndim)
    return np.transpose(np.reshape(gathered, [x.shape[a] for a in order]), np.argsort(order).tolist())


# sums and means
def sum_share(
    g: Any, out: Any, x: Any, axis: Any = None, dtype: Any = None, *,
    keepdims: Any = False, initial: Any = 0, where: Any = True,
) -> Any:  # fmt: skip
    share = spread(g, axis, keepdims, x)
    return share if where is True else masked(share, where)


def _count(where: Any, x: Any, axis: Any) -> Any:
    """How many elements of `x` are behind each result, with the reduced axes kept."""
    return np.sum(np.broadcast_to(where, x.shape), axis=axis, keepdims=True)


def mean_share(
    g: Any, out: Any, x: Any, axis: Any = None, dtype: Any = None, *, keepdims: Any = False, where: Any = True
) -> Any:
    if where is True:
        return spread(g * (out.size / x.size if x.size else np.nan), axis, keepdims, x)
    return masked(spread(g, axis, keepdims, x), where) / np.maximum(_count(where, x, axis), 1)


defvjp(np.sum, sum_share)
defvjp(np.mean, mean_share)


# variances
def _conjugate(x: Any) -> Any:
    return np.conjugate(x) if x.dtype.kind == "c" else x


def var_share(
    g: Any, out: Any, x: Any, axis: Any = None, dtype: Any = None, *,
    ddof: Any = 0, keepdims: Any = False, where: Any = True, mean: Any = None, correction: Any = None,
) -> Any:  # fmt: skip
    if is_complex(g):  # a variance is real, in whatever dtype
        g = np.real(g)
    lost = ddof if correction is None else correction
    if where is True:
        n = max((x.size // out.size if out.size else 0) - lost, 0)
        centred = x - (np.mean(x, axis=axis, dtype=dtype, keepdims=True) if mean is None else mean)
        return spread(g * (2 / n if n else np.nan), axis, keepdims, x) * _conjugate(centred)
    count = np.maximum(_count(where, x, axis), 1)  # where nothing is left, nothing gets a gradient
    free = np.where(count > lost, count - lost, np.nan)
    if mean is None:
        mean = np.sum(masked(x, where), axis=axis, dtype=dtype, keepdims=True) / count
    centred = _conjugate(masked(x - mean, where))
    return masked(spread(g, axis, keepdims, x) * (2 / free) * centred, where)


def std_share(
    g: Any, out: Any, x: Any, axis: Any = None, dtype: Any = None, *,
    ddof: Any = 0, keepdims: Any = False, where: Any = True, mean: Any = None, correction: Any = None,
) -> Any:  # fmt: skip
    constant = out == 0  # the subgradient of minimum norm there is 0
    slope = np.where(constant, 0, g) / np.where(constant, 1, 2 * out)
    return var_share(
        slope, out, x, axis, dtype, ddof=ddof, keepdims=keepdims, where=where, mean=mean, correction=correction
    )


defvjp(np.var, var_share)
defvjp(np.std, std_share)


# extrema
def extremum_share(
    g: Any, out: Any, x: Any, axis: Any = None, *, keepdims: Any = False, initial: Any = None, where: Any = True
) -> Any:
    extremum = spread(out, axis, keepdims, x)
    chosen = x == extremum  # ties share the gradient equally
    broken = np.any(np.isnan(out))
    if is_compiling() or hasattr(broken, "__dask_graph__") or broken:  # nan is not equal to itself
        chosen |= np.isnan(x) & np.isnan(extremum)  # in place, so that the layout is the same both ways
    if where is not True:
        chosen = chosen & where
    ties = np.sum(chosen, axis=axis, keepdims=True)
    if initial is not None:  # one more that may be chosen
        ties = ties + (np.reshape(out, ties.shape) == initial)
    return masked(spread(g, axis, keepdims, x), chosen) / np.maximum(ties, 1).astype(x.dtype)


for _function in (np.max, np.amax, np.min, np.amin):
    defvjp(_function, extremum_share)


@composed(np.ptp)
def _ptp(a: Any, axis: Any = None, *, keepdims: Any = False) -> Any:
    return np.max(a, axis=axis, keepdims=keepdims) - np.min(a, axis=axis, keepdims=keepdims)


# products
def in_dtype(x: Any, dtype: Any) -> Any:
    """`x` as the function saw it that computes in this dtype: in a real one, of complex numbers the real parts."""
    if dtype is None:
        return x
    return (np.real(x) if is_complex(x) and np.dtype(dtype).kind != "c" else x).astype(dtype)


def _others(x: Any) -> Any:
    """For each element along the last axis the product of all the others; zeros need no special case."""
    one = np.ones_like(x[..., :1])
    before = np.concatenate([one, np.cumprod(x[..., :-1], axis=-1)], axis=-1)
    after = np.flip(np.concatenate([one, np.cumprod(np.flip(x, -1)[..., :-1], axis=-1)], axis=-1), -1)
    return before * after


def invertible(product: Any) -> bool:
    """Whether dividing a product by its factors gives the product of the others.

    It does not if a factor is 0 or infinite, or if the product is so small that it has lost digits.
    """
    fits = np.all(np.isfinite(product) & (np.abs(product) >= np.finfo(product.dtype).tiny))
    return not is_lazy(fits) and (expected(fits) if is_value(product) else bool(fits))


def prod_share(
    g: Any, out: Any, x: Any, axis: Any = None, dtype: Any = None, *,
    keepdims: Any = False, initial: Any = None, where: Any = True,
) -> Any:  # fmt: skip
    if where is not True:
        kept = np.where(where, x, 1)
        return masked(prod_share(g, out, kept, axis, dtype, keepdims=keepdims, initial=initial), where)
    x = in_dtype(x, dtype)
    if x.size and invertible(out):
        return spread(g * out, axis, keepdims, x) / x
    share = spread(g if initial is None else g * initial, axis, keepdims, x)
    return share * from_rows(_others(rows(x, axis)), axis, x) if x.size else share


defvjp(np.prod, prod_share)
