"""Derivatives of the methods of ufuncs: `np.add.reduce` and its kin, `accumulate`, `outer`, `reduceat`.

Sums, products and extrema have the rules of NumPy's functions for them. For any other ufunc these are chains of steps
`total = f(total, element)`, whose gradient comes from the two partial derivatives of f in the ufunc's own rule.
"""

from __future__ import annotations

from functools import cache
from typing import Any, cast

import numpy as np
from numpy.lib.array_utils import normalize_axis_index

from ..primitive import RULES, VJP, defvjp, describe, is_value, primitive, ufunc_method
from .accumulation import cumprod_share, cumsum_share, recurrence
from .reduction import extremum_share, from_rows, prod_share, rows, spread, sum_share
from .scatter import scatter_add


def _refuse_values(ufunc: Any, method: str, **options: Any) -> None:
    for name, option in options.items():
        if is_value(option):
            raise TypeError(
                f"{describe(ufunc)}.{method} has no gradient rule for a Value as {name!r}. Write {name}=v.data there."
            )


def _require_partials(ufunc: Any, method: str) -> None:
    rule = RULES.get(ufunc)
    if ufunc.nin == 2 and ufunc.nout == 1 and (rule is None or len(rule.vjps) != 2 or None in rule.vjps):
        raise TypeError(
            f"{describe(ufunc)}.{method} has no gradient rule: it needs the derivatives of {describe(ufunc)} in both "
            "arguments. Compute with v.data."
        )


def _partials(ufunc: Any, total: Any, before: Any, element: Any) -> tuple[Any, Any]:
    """The derivatives of `total = ufunc(before, element)` in both arguments."""
    one = np.ones_like(total)
    first, second = cast("tuple[VJP, VJP]", RULES[ufunc].vjps)  # `_require_partials` has looked
    return first(one, total, before, element), second(one, total, before, element)


# ---- reduce ----


def _exponential_share(exponential: Any) -> Any:
    """The rule of a logarithm of a sum of exponentials."""

    def share(
        g: Any, out: Any, x: Any, axis: Any = 0, *, keepdims: Any = False, initial: Any = None, where: Any = True
    ) -> Any:
        exponent = x - spread(out, axis, keepdims, x)
        if where is not True:
            exponent = np.where(where, exponent, -np.inf)
        return spread(g, axis, keepdims, x) * exponential(exponent)

    return share


def _hypot_share(
    g: Any, out: Any, x: Any, axis: Any = 0, *, keepdims: Any = False, initial: Any = None, where: Any = True
) -> Any:
    origin = out == 0  # the subgradient of minimum norm there is 0
    slope = np.where(origin, 0, g) / np.where(origin, 1, out)
    return spread(slope, axis, keepdims, x) * (x if where is True else np.where(where, x, 0))


_REDUCTIONS: dict[Any, Any] = {
    np.add: sum_share,
    np.multiply: prod_share,
    np.maximum: extremum_share,
    np.minimum: extremum_share,
    np.fmax: extremum_share,
    np.fmin: extremum_share,
    np.hypot: _hypot_share,
    np.logaddexp: _exponential_share(np.exp),
    np.logaddexp2: _exponential_share(np.exp2),
}


def _fold_share(ufunc: Any) -> Any:
    """The rule of `f(f(f(x0, x1), x2), x3)`: every element's own derivative, times those of the steps after it."""

    def share(g: Any, out: Any, x: Any, axis: Any = 0, *, keepdims: Any = False, initial: Any = None) -> Any:
        elements = rows(x, axis)
        if initial is not None:
            elements = np.concatenate([np.full_like(elements[..., :1], initial), elements], axis=-1)
        total = _accumulation(ufunc)(elements, -1)
        first, second = _partials(ufunc, total[..., 1:], total[..., :-1], elements[..., 1:])
        one = np.ones_like(elements[..., :1])
        after = np.flip(np.cumprod(np.concatenate([one, np.flip(first, -1)], axis=-1), axis=-1), -1)
        slopes = after * np.concatenate([one, second], axis=-1)
        slopes = slopes if initial is None else slopes[..., 1:]
        return from_rows(np.expand_dims(np.reshape(g, slopes.shape[:-1]), -1) * slopes, axis, x)

    return share


@cache
def _reduction(ufunc: Any) -> Any:
    _require_partials(ufunc, "reduce")

    def reduce(x: Any, axis: Any = 0, **options: Any) -> Any:
        return ufunc.reduce(x, axis, **options)

    reduce.__name__ = f"{ufunc.__name__}.reduce"
    recorded = primitive(reduce)
    defvjp(recorded, _REDUCTIONS[ufunc] if ufunc in _REDUCTIONS else _fold_share(ufunc))
    return recorded


@ufunc_method("reduce")
def _reduce(
    ufunc: Any, array: Any, /, axis: Any = 0, dtype: Any = None, *,
    keepdims: Any = False, initial: Any = np._NoValue, where: Any = True,
) -> Any:  # fmt: skip
    _refuse_values(ufunc, "reduce", axis=axis, initial=initial, where=where)
    options = {} if initial is np._NoValue else {"initial": initial}
    if where is not True:
        options["where"] = where
    if dtype is not None:
        array = array.astype(dtype)
    return _reduction(ufunc)(array, axis, keepdims=keepdims, **options)


# ---- accumulate ----


def _fold_shares(ufunc: Any) -> Any:
    """The rule of all the steps of such a fold at once."""

    def share(g: Any, out: Any, x: Any, axis: Any = 0) -> Any:
        g, out, x = (np.moveaxis(a, axis, -1) for a in (g, out, x))
        first, second = _partials(ufunc, out[..., 1:], out[..., :-1], x[..., 1:])
        along = recurrence(first, g)
        return np.moveaxis(np.concatenate([along[..., :1], second * along[..., 1:]], axis=-1), -1, axis)

    return share


def _running_extremum_share(g: Any, out: Any, x: Any, axis: Any = 0) -> Any:
    """All of the gradient to the latest of the elements that are the extremum so far, as PyTorch's cummax."""
    g, out, x = (np.moveaxis(a, axis, -1) for a in (g, out, x))
    is_extremum = (x == out) | (np.isnan(x) & np.isnan(out))
    latest = np.maximum.accumulate(np.where(is_extremum, np.arange(x.shape[-1]), 0), axis=-1)
    grid = np.ogrid[tuple(slice(n) for n in x.shape)]
    return np.moveaxis(scatter_add(g, (*grid[:-1], latest), x.shape), -1, axis)


_ACCUMULATIONS: dict[Any, Any] = {
    np.add: cumsum_share,
    np.multiply: cumprod_share,
    np.maximum: _running_extremum_share,
    np.minimum: _running_extremum_share,
    np.fmax: _running_extremum_share,
    np.fmin: _running_extremum_share,
}


@cache
def _accumulation(ufunc: Any) -> Any:
    _require_partials(ufunc, "accumulate")

    def accumulate(x: Any, axis: Any = 0) -> Any:
        return ufunc.accumulate(x, axis)

    accumulate.__name__ = f"{ufunc.__name__}.accumulate"
    recorded = primitive(accumulate)
    defvjp(recorded, _ACCUMULATIONS[ufunc] if ufunc in _ACCUMULATIONS else _fold_shares(ufunc))
    return recorded


@ufunc_method("accumulate")
def _accumulate(ufunc: Any, array: Any, /, axis: Any = 0, dtype: Any = None) -> Any:
    if dtype is not None:
        array = array.astype(dtype)
    if axis is None and array.ndim == 1:
        axis = 0
    return _accumulation(ufunc)(array, axis)


# ---- outer, reduceat ----


@ufunc_method("outer")
def _outer(ufunc: Any, a: Any, b: Any, /) -> Any:
    return ufunc(np.reshape(a, np.shape(a) + (1,) * np.ndim(b)), b)


def _segments(indices: Any, n: int) -> list[Any]:
    """The elements behind each result of `reduceat`: from an index up to the next, or one if that is not higher."""
    ends = [*indices[1:], n]
    return [np.arange(start, max(end, start + 1)) for start, end in zip(indices, ends, strict=False)]


@primitive
def sums_between(x: Any, indices: Any, axis: Any) -> Any:
    """`np.add.reduceat`."""
    return np.add.reduceat(x, indices, axis)


def _sums_between_share(g: Any, out: Any, x: Any, indices: Any, axis: Any) -> Any:
    elements = _segments(indices, x.shape[axis])
    owners = np.repeat(np.arange(len(elements)), [len(e) for e in elements])
    before = (slice(None),) * (axis % x.ndim)
    return scatter_add(g[(*before, owners)], (*before, np.concatenate(elements)), x.shape)


defvjp(sums_between, _sums_between_share)


@ufunc_method("reduceat")
def _reduceat(ufunc: Any, array: Any, /, indices: Any, axis: Any = 0, dtype: Any = None) -> Any:
    _refuse_values(ufunc, "reduceat", indices=indices, axis=axis)
    axis = normalize_axis_index(axis, array.ndim)
    ufunc.reduceat(np.ones(array.shape[axis]), indices)  # raises what NumPy does about the indices
    indices = np.asarray(indices)
    if dtype is not None:
        array = array.astype(dtype)
    before = (slice(None),) * axis
    if ufunc is np.add and indices.size:
        return sums_between(array, indices, axis)
    parts = [array[(*before, slice(e[0], e[-1] + 1))] for e in _segments(indices, array.shape[axis])]
    reduced = [_reduce(ufunc, part, axis, keepdims=True) for part in parts]
    return np.concatenate(reduced, axis=axis) if reduced else array[(*before, slice(0))]
