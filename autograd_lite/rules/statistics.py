"""Derivatives of averages, medians, quantiles and covariances; sums and means are in `reduction`."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_tuple

from ..primitive import composed, defvjp, describe, is_lazy, is_value, plain_array, primitive
from ..tracing import expected, is_compiling
from .elementwise import masked
from .indexing import getitem
from .reduction import from_rows, rows, spread
from .scatter import scatter_add


def array(x: Any, like: Any = None) -> Any:
    """An argument that may be a list or a number, as an array; on the device of the array `like`."""
    if hasattr(x, "shape"):
        return x
    like = plain_array(like)
    return np.asarray(x, like=like if hasattr(like, "__array_function__") else None)


# ---- averages ----


def _weights_along(a: Any, weights: Any, axis: Any) -> Any:
    """Weights of the shape of `a`, or along its axes alone, as an array that broadcasts against `a`."""
    if weights.shape == a.shape:
        return weights
    if axis is None:
        raise TypeError(f"weights of shape {weights.shape} for an array of shape {a.shape} need an axis. Write axis=0.")
    axes = normalize_axis_tuple(axis, a.ndim)
    if weights.shape != tuple([a.shape[i] for i in axes]):
        raise ValueError(
            f"weights of shape {weights.shape} do not fit axis {axis} of an array of shape {a.shape}: "
            f"they must have shape {tuple([a.shape[i] for i in axes])}."
        )
    order = np.argsort(axes).tolist()
    return np.reshape(np.transpose(weights, order), [n if i in axes else 1 for i, n in enumerate(a.shape)])


@composed(np.average)
def _average(a: Any, axis: Any = None, weights: Any = None, returned: Any = False, *, keepdims: Any = False) -> Any:
    a = array(a)
    axis = None if axis is None else normalize_axis_tuple(axis, a.ndim)
    if weights is None:
        average = np.mean(a, axis=axis, keepdims=keepdims)
        total = average.dtype.type(a.size / average.size)
    else:
        weights = _weights_along(a, array(weights, a), axis)
        dtype = np.result_type(a.dtype, weights.dtype, *["f8"] * (a.dtype.kind in "iub"))
        total = np.sum(weights, axis=axis, dtype=dtype, keepdims=keepdims)
        if not is_lazy(total) and expected(np.any(total == 0)):
            raise ZeroDivisionError(f"the weights of shape {weights.shape} add up to zero, so they have no average")
        average = np.sum(a.astype(dtype) * weights, axis=axis, keepdims=keepdims) / total
    return (average, np.broadcast_to(total, average.shape) * 1) if returned else average


# ---- medians and quantiles: sums of one or two of the elements in their order ----


class _Place:
    """Where a quantile lies among the elements behind it.

    Attributes:
        fraction: how far it is on the way from the element at `low` to that at `high`. All three are of the shape
            (*shape of q, *shape of the axes that are kept).
        low, high: indices into `rows(a, axis)`.
        count: the number of elements behind each result that are not left out.
    """

    __slots__ = ("count", "fraction", "high", "low")

    def __init__(
        self, quantile: Callable[..., Any], skips_nan: bool, out: Any, a: Any, axis: Any, weights: Any
    ) -> None:
        """`quantile` computes it along the last axis of any array, with or without `weights`."""
        a = plain_array(a)
        elements = rows(a, axis)
        *kept, n = elements.shape
        order = np.argsort(elements, axis=-1, kind="stable")
        # the function itself, of 0 ... n-1 in the place of the sorted elements, says between which two it lies
        alike = not skips_nan and weights is None
        positions = np.cumsum(np.ones_like(elements[(0,) * len(kept)] if alike else elements, dtype=float), axis=-1) - 1
        self.count: Any = n
        options = {}
        if skips_nan:
            nan = np.sort(np.isnan(elements), axis=-1)  # sorted, they come last
            self.count = np.maximum(n - np.sum(nan, axis=-1), 1)
            positions = np.where(nan & (positions > 0), np.nan, positions)  # in a row of nan any place will do
        if weights is not None:
            along = rows(np.broadcast_to(_weights_along(a, array(weights, a), axis), a.shape), axis)
            options["weights"] = np.take_along_axis(along, order, axis=-1)
        place = quantile(positions, **options)
        shape_of_q = np.shape(place)[: np.ndim(place) - (0 if alike else len(kept))]
        shape = (*shape_of_q, *kept)
        place = np.broadcast_to(np.reshape(place, (*shape_of_q, *[1] * len(kept))) if alike else place, shape)
        broken = np.isnan(np.reshape(plain_array(out), shape))
        if is_compiling() or np.any(broken):
            place = np.where(broken, 0 if skips_nan else n - 1, place)  # a nan is the largest, and decides
        low = np.floor(place).astype(int)
        self.fraction = place - low
        grid = np.ogrid[tuple(slice(length) for length in kept)]
        self.low = (*grid, getitem(order, (*grid, low)))
        self.high = (*grid, getitem(order, (*grid, np.minimum(low + 1, self.count - 1))))

    def share(self, g: Any, a: Any, axis: Any, fraction: Any) -> Any:
        """The gradient `g` of the quantile, at the one or two elements that it was made of."""
        g = np.reshape(g, fraction.shape)
        shape = rows(a, axis).shape
        distinct = fraction.ndim < len(shape)  # one quantile, which chooses one element of each row
        share = scatter_add(g * (1 - fraction), self.low, shape, distinct)
        reaches = self.low[-1] != self.high[-1] if is_value(fraction) else fraction > 0
        some = np.any(reaches)
        if expected(some) if is_value(g) else some:
            share = share + scatter_add(masked(g, reaches) * fraction, self.high, shape, distinct)
        return from_rows(share, axis, a)


def _median_like(function: Callable[..., Any], skips_nan: bool) -> None:
    """The rule of a median: half of the gradient to each of the two elements in the middle."""

    def median(a: Any, axis: Any = None, *, keepdims: Any = False) -> Any:
        return function(a, axis=axis, keepdims=keepdims)

    def share(g: Any, out: Any, a: Any, axis: Any = None, *, keepdims: Any = False) -> Any:
        if not a.size:
            return spread(g, axis, keepdims, a)
        place = _Place(partial(function, axis=-1), skips_nan, out, a, axis, None)
        share = place.share(g, a, axis, place.fraction)
        return masked(share, ~np.isnan(a)) if skips_nan else share

    median.__name__ = function.__name__
    recorded = primitive(median)
    defvjp(recorded, share)

    @composed(function)
    def statistic(a: Any, axis: Any = None, *, overwrite_input: Any = False, keepdims: Any = False) -> Any:
        return recorded(a, axis, keepdims=keepdims)  # overwriting is allowed, not asked for, and the rule reads `a`


_median_like(np.median, False)
_median_like(np.nanmedian, True)

# the methods that are continuous in q (the others jump): alpha and beta of Hyndman & Fan, Sample Quantiles in
# Statistical Packages, 1996. Of n elements, counted from 0, the quantile lies at n q + alpha + q (1 - alpha - beta) - 1
_CONTINUOUS = {
    "linear": (1, 1), "interpolated_inverted_cdf": (0, 1), "hazen": (1 / 2, 1 / 2), "weibull": (0, 0),
    "median_unbiased": (1 / 3, 1 / 3), "normal_unbiased": (3 / 8, 3 / 8),
}  # fmt: skip


def _speed(place: _Place, q: Any, method: str) -> Any:
    """How many elements the quantile moves on as q does; at both ends of the data it stands still."""
    alpha, beta = _CONTINUOUS[method]
    speed = place.count + 1 - alpha - beta
    q = np.reshape(q, (*np.shape(q), *[1] * (place.fraction.ndim - np.ndim(q))))
    return speed * ((speed * q + alpha >= 1) & (place.low[-1] != place.high[-1]))


def _quantile_like(function: Callable[..., Any], unit: int, skips_nan: bool) -> None:
    """The rules of a quantile in `a` and in `q`, which counts from 0 to `unit`."""

    def quantile(
        a: Any, q: Any, axis: Any = None, *, method: Any = "linear", keepdims: Any = False, weights: Any = None
    ) -> Any:
        options = {} if weights is None else {"weights": weights}  # which other libraries do not know
        return function(a, q, axis=axis, method=method, keepdims=keepdims, **options)

    def place_of(out: Any, a: Any, q: Any, axis: Any, method: Any, weights: Any) -> _Place:
        located = partial(function, q=plain_array(q), axis=-1, method=method)
        return _Place(located, skips_nan, out, a, axis, weights)

    def share_of_a(
        g: Any, out: Any, a: Any, q: Any, axis: Any = None, *,
        method: Any = "linear", keepdims: Any = False, weights: Any = None,
    ) -> Any:  # fmt: skip
        if not a.size:
            return spread(np.sum(g, axis=tuple(range(np.ndim(q)))), axis, keepdims, a)
        place = place_of(out, a, q, axis, method, weights)
        fraction = place.fraction
        if is_value(q):  # the same number, but one that depends on q
            change = np.reshape((q - q.data) / unit, (*q.shape, *[1] * (fraction.ndim - q.ndim)))
            fraction = fraction + _speed(place, plain_array(q) / unit, method) * change
        share = place.share(g, a, axis, fraction)
        return masked(share, ~np.isnan(a)) if skips_nan else share

    def share_of_q(
        g: Any, out: Any, a: Any, q: Any, axis: Any = None, *,
        method: Any = "linear", keepdims: Any = False, weights: Any = None,
    ) -> Any:  # fmt: skip
        if not a.size:
            return np.sum(g, axis=tuple(range(np.ndim(q), g.ndim)))
        place = place_of(out, a, q, axis, method, weights)
        elements = rows(a, axis)
        speed = _speed(place, plain_array(q) / unit, method) / unit
        step = masked(getitem(elements, place.high) - getitem(elements, place.low), speed != 0)
        share = np.reshape(g, place.fraction.shape) * step * speed
        return np.sum(share, axis=tuple(range(np.ndim(q), share.ndim)))

    quantile.__name__ = function.__name__
    recorded = primitive(quantile)
    defvjp(recorded, share_of_a, share_of_q)

    @composed(function)
    def statistic(
        a: Any, q: Any, axis: Any = None, *,
        overwrite_input: Any = False, method: Any = "linear", keepdims: Any = False, weights: Any = None,
    ) -> Any:  # fmt: skip
        if is_value(q) and method not in _CONTINUOUS:
            raise TypeError(
                f"{describe(function)} has no gradient rule for a Value as 'q' with method={method!r}, which jumps "
                f"from one element to the next. Write q=v.data there, or one of {', '.join(map(repr, _CONTINUOUS))}."
            )
        if is_value(weights):
            raise TypeError(
                f"{describe(function)} has no gradient rule for a Value as 'weights': the element that is chosen "
                "does not change with them. Write weights=v.data there."
            )
        a, q = array(a), q if isinstance(q, float | int) else array(q, a)
        return recorded(a, q, axis, method=method, keepdims=keepdims, weights=weights)


_quantile_like(np.quantile, 1, False)
_quantile_like(np.percentile, 100, False)
_quantile_like(np.nanquantile, 1, True)
_quantile_like(np.nanpercentile, 100, True)


# ---- covariances ----


@composed(np.cov)
def _cov(
    m: Any, y: Any = None, rowvar: Any = True, bias: Any = False, ddof: Any = None,
    fweights: Any = None, aweights: Any = None, *, dtype: Any = None,
) -> Any:  # fmt: skip
    m, y = array(m), None if y is None else array(y)
    if m.ndim > 2 or (y is not None and y.ndim > 2):
        raise ValueError(f"np.cov of shapes {m.shape}{'' if y is None else f' and {y.shape}'}: at most two axes each")
    if ddof is not None and ddof != int(ddof):
        raise ValueError(f"ddof must be an integer, not {ddof}")
    dtype = np.result_type(m, *[] if y is None else [y], np.float64) if dtype is None else np.dtype(dtype)
    x = np.atleast_2d(m).astype(dtype)
    x = x if rowvar or m.ndim == 1 else np.transpose(x)
    if not x.shape[0]:
        return np.reshape(x, (0, 0))
    if y is not None:
        y = np.atleast_2d(y).astype(dtype)
        x = np.concatenate([x, y if rowvar or y.shape[0] == 1 else np.transpose(y)], axis=0)
    weights = _observation_weights(x, fweights, aweights)
    if ddof is None:
        ddof = 0 if bias else 1
    average, total = np.average(x, axis=1, weights=weights, returned=True)
    if weights is None:
        freedom = x.shape[1] - ddof
    elif aweights is None or ddof == 0:
        freedom = total[0] - ddof
    else:
        freedom = total[0] - ddof * np.sum(weights * array(aweights, x)) / total[0]
    if expected(freedom <= 0):
        warnings.warn("Degrees of freedom <= 0 for slice", RuntimeWarning, stacklevel=5)
        freedom = 0.0
    x = (x - average[:, None]).astype(dtype)
    other = np.transpose(x if weights is None else x * weights)
    c = np.dot(x, np.conjugate(other) if dtype.kind == "c" else other)
    return np.squeeze((c * np.true_divide(1, freedom)).astype(c.dtype))


def _observation_weights(x: Any, fweights: Any, aweights: Any) -> Any:
    """Both kinds of weights of the columns of `x` in one; None for none."""
    if is_value(fweights) and fweights.requires_grad:
        raise TypeError(
            "numpy.cov has no gradient rule for a Value as 'fweights', which are counts. Write fweights=v.data there."
        )
    given = {"fweights": plain_array(fweights), "aweights": aweights}
    given = {name: array(weights, x) for name, weights in given.items() if weights is not None}
    if not given:
        return None
    row = np.zeros_like(plain_array(x)[:1], dtype=float)
    np.cov(row, ddof=0, **{name: plain_array(weights) for name, weights in given.items()})  # raises what NumPy does
    first, *rest = given.values()
    return first * rest[0] if rest else first


@composed(np.corrcoef)
def _corrcoef(x: Any, y: Any = None, rowvar: Any = True, *, dtype: Any = None) -> Any:
    c = np.cov(x, y, rowvar, dtype=dtype)
    if not c.ndim:
        return c / c
    is_complex = c.dtype.kind == "c"
    variance = np.diagonal(c)
    deviation = np.sqrt(np.real(variance) if is_complex else variance)
    c = c / deviation[:, None] / deviation
    return np.clip(np.real(c), -1, 1) + 1j * np.clip(np.imag(c), -1, 1) if is_complex else np.clip(c, -1, 1)
