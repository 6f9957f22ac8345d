"""Derivatives of reading and writing by index: `v[i]`, `v[i] = w`, and the functions that are such reads."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index

from ..primitive import Results, composed, defvjp, primitive
from .elementwise import is_complex
from .scatter import is_basic, scatter_add


@primitive
def getitem(x: Any, index: Any) -> Any:
    """`x[index]`, with any index that NumPy knows."""
    return x[index]


@primitive
def setitem(x: Any, item: Any, index: Any) -> Any:
    """A copy of `x` in which `index` holds `item`."""
    if is_complex(item) and x.dtype.kind in "fiub":
        raise TypeError(
            f"complex numbers written into {x.dtype} would lose their imaginary parts. Make it complex first, "
            "v.astype(complex), or write the real part, item.real."
        )
    out = np.array(x)
    out[index] = item
    return out if np.ndim(x) else out[()]


def _kept(index: Any, shape: tuple[int, ...]) -> Any:
    """Where a written item survives: with a repeated index the last one wins, as in NumPy."""
    if is_basic(index):
        return True
    owner = np.full(shape, -1)
    places = owner[index]
    numbers = np.arange(places.size).reshape(places.shape)
    owner[index] = numbers
    return owner[index] == numbers


@primitive
def part(results: Any, i: int) -> Any:
    """One result of an operation of several."""
    return results[i]


defvjp(part, lambda g, out, results, i: Results([g if k == i else None for k in range(len(results))]), None)
defvjp(getitem, lambda g, out, x, index: scatter_add(g, index, x.shape))


def _written(g: Any, out: Any, x: Any, item: Any, index: Any) -> Any:
    share = g[index] * _kept(index, out.shape)
    extra = np.ndim(item) - share.ndim  # NumPy lets an item have further leading axes of length 1
    return np.reshape(share, (1,) * extra + share.shape) if extra > 0 else share


defvjp(setitem, lambda g, out, x, item, index: setitem(g, 0, index), _written)


@composed(np.take)
def _take(a: Any, indices: Any, axis: Any = None, *, mode: Any = "raise") -> Any:
    if axis is None or not a.ndim:
        a, axis = np.ravel(a), axis or 0
    axis = normalize_axis_index(axis, a.ndim)
    ones = (1,) * axis  # NumPy's own `take`, of the positions along the axis, settles mode, dtype and bounds
    places = np.take(np.reshape(np.arange(a.shape[axis]), (*ones, -1)), indices, axis, mode=mode)[(0,) * axis]
    return a[(*(slice(None),) * axis, places)]


@composed(np.take_along_axis)
def _take_along_axis(arr: Any, indices: Any, axis: Any = -1) -> Any:
    if axis is None:
        return np.ravel(arr)[indices]
    axis = normalize_axis_index(axis, arr.ndim)
    if np.ndim(indices) != arr.ndim:
        raise ValueError(
            f"np.take_along_axis needs as many axes in its indices, of shape {np.shape(indices)}, as in its array, "
            f"of shape {arr.shape}. Write np.expand_dims(indices, {axis})."
        )
    grid = np.ogrid[tuple(slice(n) for n in arr.shape)]
    return arr[tuple(indices if i == axis else along for i, along in enumerate(grid))]
