"""Derivatives of sorting, and of sets: each element comes from one place, and its gradient goes back there.

Of equal elements it is the first whose gradient that is.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index

from ..primitive import composed, is_lazy, is_value, plain_array, primitive
from .indexing import across, along, getitem
from .shape import astype


def _in_order(a: Any, order: Any, axis: int) -> Any:
    """The elements as a permutation along an axis puts them."""
    return getitem(a, along(a, order, axis, "np.sort"), True)


@primitive
def _order(a: Any, axis: int) -> Any:
    """The permutation that sorts along an axis, and keeps the order of equal elements."""
    order = np.argsort(a, axis=axis)
    ordered = a[along(a, order, axis, "np.sort")]
    if np.any(ordered[across(axis, slice(1, None))] == ordered[across(axis, slice(-1))]):
        return np.argsort(a, axis=axis, kind="stable")  # takes four times as long, and only ties need it
    return order


@composed(np.sort)
def _sort(a: Any, axis: Any = -1, kind: Any = None, *, stable: Any = None) -> Any:
    if axis is None:
        a, axis = np.ravel(a), 0
    axis = normalize_axis_index(axis, a.ndim)
    if stable is not None:
        order = np.argsort(a, axis=axis, stable=stable)
    elif kind is None and not is_lazy(a):
        order = _order(plain_array(a), axis)
    else:
        order = np.argsort(a, axis=axis, kind=kind)
    return _in_order(a, order, axis)


@composed(np.partition)
def _partition(a: Any, kth: Any, axis: Any = -1, kind: Any = "introselect") -> Any:
    if axis is None:
        a, axis = np.ravel(a), 0
    axis = normalize_axis_index(axis, a.ndim)
    options = {} if kind == "introselect" else {"kind": kind}  # which other libraries do not know
    return _in_order(a, np.argpartition(a, kth, axis=axis, **options), axis)


@composed(np.sort_complex)
def _sort_complex(a: Any) -> Any:
    ordered = np.sort(a)
    return ordered if ordered.dtype.kind == "c" else astype(ordered, np.result_type(ordered.dtype, np.complex128))


# sets
_UNIQUE = {"axis": None, "equal_nan": True, "sorted": True}  # NumPy's defaults, which other libraries do not all know


@composed(np.unique)
def _unique(
    ar: Any,
    return_index: Any = False,
    return_inverse: Any = False,
    return_counts: Any = False,
    axis: Any = None,
    *,
    equal_nan: Any = True,
    sorted: Any = True,
) -> Any:
    options = {"axis": axis, "equal_nan": equal_nan, "sorted": sorted}
    options = {name: option for name, option in options.items() if option is not _UNIQUE[name]}
    found = np.unique(plain_array(ar), True, return_inverse, return_counts, **options)
    index = found[1]
    values = np.ravel(ar)[index] if axis is None else np.take(ar, index, axis)
    results = (values, *found[1 if return_index else 2 :])
    return results if len(results) > 1 else values


@composed(np.unique_values)
def _unique_values(x: Any) -> Any:
    return np.unique(x, equal_nan=False)


def _unique_with(function: Any) -> None:
    """`unique_counts` and its like: some of the results of `unique_all`, under their names."""
    kind = type(function(np.zeros(0)))

    @composed(function)
    def unique(x: Any) -> Any:
        found = np.unique_all(plain_array(x))
        results = {**found._asdict(), "values": np.ravel(x)[found.indices]}
        return kind(**{name: results[name] for name in kind._fields})


for _function in (np.unique_all, np.unique_counts, np.unique_inverse):
    _unique_with(_function)


@composed(np.union1d)
def _union1d(ar1: Any, ar2: Any) -> Any:
    return np.unique(np.concatenate([ar1, ar2], axis=None))


@composed(np.intersect1d)
def _intersect1d(ar1: Any, ar2: Any, assume_unique: Any = False, return_indices: Any = False) -> Any:
    common, *indices = np.intersect1d(plain_array(ar1), plain_array(ar2), assume_unique, return_indices=True)
    source, index = (ar1, indices[0]) if is_value(ar1) else (ar2, indices[1])
    values = astype(np.ravel(source)[index], common.dtype)
    return (values, *indices) if return_indices else values


@composed(np.setdiff1d)
def _setdiff1d(ar1: Any, ar2: Any, assume_unique: Any = False) -> Any:
    ar1 = np.ravel(ar1) if assume_unique else np.unique(ar1)
    return ar1[np.isin(ar1, ar2, assume_unique=True, invert=True)]


@composed(np.setxor1d)
def _setxor1d(ar1: Any, ar2: Any, assume_unique: Any = False) -> Any:
    if not assume_unique:
        ar1, ar2 = np.unique(ar1), np.unique(ar2)
    both = np.sort(np.concatenate([ar1, ar2], axis=None))
    alone = np.concatenate([[True], both[1:] != both[:-1], [True]])
    return both[alone[1:] & alone[:-1]]
