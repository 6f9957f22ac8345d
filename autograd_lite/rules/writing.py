"""NumPy's functions that write into an array, as `v[...] = w`: into a Value that was computed, never into a leaf.

Into a plain array a Value cannot be written: the array would keep the number and lose the gradient.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index

from ..primitive import composed, is_value, plain_array
from .indexing import along, positions, setitem


def _destination(a: Any, function: str) -> None:
    if not is_value(a):
        raise TypeError(
            f"{function} has no gradient rule for writing a Value into a plain array of shape {np.shape(a)}, which "
            "would lose its gradient. Make the array a constant first: w = Value(a, requires_grad=False)."
        )


def _write(a: Any, places: Any, values: Any) -> None:
    """`a.flat[places] = values`, which are repeated as often as it takes."""
    if len(places):
        a[...] = np.reshape(setitem(np.ravel(a), np.resize(values, len(places)), places), a.shape)


def _require_cast(values: Any, a: Any, casting: Any, function: str) -> None:
    dtype = getattr(values, "dtype", None)
    if dtype is not None and not np.can_cast(dtype, a.dtype, casting):
        raise TypeError(
            f"{function} does not cast {dtype} to {a.dtype} by the rule {casting!r}. Write w.astype({a.dtype})."
        )


def _places(a: Any, mask: Any, function: str) -> Any:
    mask = plain_array(mask)
    if np.size(mask) != a.size:
        raise ValueError(f"{function} needs a mask of the size of its array, not {np.shape(mask)} for {a.shape}")
    return np.flatnonzero(mask)


@composed(np.put)
def _put(a: Any, ind: Any, v: Any, mode: Any = "raise") -> None:
    _destination(a, "numpy.put")
    if np.size(v):
        _write(a, np.ravel(positions(a.size, ind, mode)), v)


@composed(np.place)
def _place(arr: Any, mask: Any, vals: Any) -> None:
    _destination(arr, "numpy.place")
    places = _places(arr, mask, "np.place")
    _require_cast(vals, arr, "safe", "np.place")
    if len(places) and not np.size(vals):
        raise ValueError("np.place got no values to insert")
    _write(arr, places, vals)


@composed(np.putmask)
def _putmask(a: Any, mask: Any, values: Any) -> None:
    _destination(a, "numpy.putmask")
    places = _places(a, mask, "np.putmask")
    _require_cast(values, a, "safe", "np.putmask")
    if np.size(values):
        _write(a, places, np.resize(values, a.size)[places])


@composed(np.put_along_axis)
def _put_along_axis(arr: Any, indices: Any, values: Any, axis: Any = -1) -> None:
    _destination(arr, "numpy.put_along_axis")
    indices = plain_array(indices)
    if axis is None:
        arr[...] = np.reshape(setitem(np.ravel(arr), values, indices), arr.shape)
    else:
        arr[along(arr, indices, normalize_axis_index(axis, arr.ndim), "np.put_along_axis")] = values


@composed(np.fill_diagonal)
def _fill_diagonal(a: Any, val: Any, wrap: Any = False) -> None:
    mask = np.zeros(a.shape, bool)  # NumPy itself finds the places
    np.fill_diagonal(mask, True, wrap)
    _write(a, np.flatnonzero(mask), val)


@composed(np.copyto)
def _copyto(dst: Any, src: Any, casting: Any = "same_kind", where: Any = True) -> None:
    _destination(dst, "numpy.copyto")
    _require_cast(src, dst, casting, "np.copyto")
    dst[...] = src if where is True else np.where(where, src, dst)
