"""Derivatives of reading and writing by index: `v[i]`, `v[i] = w`, and the functions that are such reads."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index, normalize_axis_tuple

from ..primitive import Results, composed, defvjp, defvjp_joint, plain_array, primitive
from .elementwise import is_complex, masked
from .scatter import reads_once, scatter_add


@primitive
def getitem(x: Any, index: Any, distinct: bool = False) -> Any:
    """`x[index]`, with any index that NumPy knows; `distinct` says that it reads no element twice."""
    return x[index]


@primitive
def setitem(x: Any, item: Any, index: Any) -> Any:
    """A copy of `x` in which `index` holds `item`."""
    if is_complex(item) and not is_complex(x):
        raise TypeError(
            f"complex numbers written into {x.dtype} would lose their imaginary parts. Make it complex first, "
            "v.astype(complex), or write the real part, item.real."
        )
    out = np.copy(x) if isinstance(x, np.ndarray | np.generic) else x.copy()
    out[index] = item
    return out if np.ndim(x) else out[()]


@primitive
def part(results: Any, i: int) -> Any:
    """One result of an operation of several."""
    return results[i]


defvjp(part, lambda g, out, results, i: Results([g if k == i else None for k in range(len(results))]), None)
defvjp(getitem, lambda g, out, x, index, distinct=False: scatter_add(g, index, x.shape, distinct))


def _written(g: Any, out: Any, x: Any, item: Any, index: Any) -> Any:
    share = g[index]
    if not reads_once(index):  # of items written to one place the last one wins, as in NumPy
        owner = np.full_like(plain_array(out), -1, dtype=int)
        numbers = np.reshape(np.arange(share.size, like=owner), share.shape)
        owner[index] = numbers
        share = masked(share, owner[index] == numbers)
    extra = np.ndim(item) - share.ndim  # NumPy lets an item have further leading axes of length 1
    return np.reshape(share, (1,) * extra + share.shape) if extra > 0 else share


defvjp(setitem, lambda g, out, x, item, index: setitem(g, 0, index), _written)


def flattened(a: Any, axis: Any) -> tuple[Any, int]:
    """What a function with `axis` reads: for None the flat array, along its only axis."""
    if axis is None or not np.ndim(a):
        a, axis = np.ravel(a), axis or 0
    return a, normalize_axis_index(axis, np.ndim(a))


def across(axis: int, index: Any) -> tuple[Any, ...]:
    """An index along one axis, all of the axes before it."""
    return (*(slice(None),) * axis, index)


def along(arr: Any, indices: Any, axis: int, function: str) -> tuple[Any, ...]:
    """The index with which `arr` is read at `indices` along an axis."""
    if np.ndim(indices) != arr.ndim:
        raise ValueError(
            f"{function} needs as many axes in its indices, of shape {np.shape(indices)}, as in its array, "
            f"of shape {arr.shape}. Write np.expand_dims(indices, {axis})."
        )
    grid = np.ogrid[tuple(slice(n) for n in arr.shape)]
    return tuple(indices if i == axis else positions for i, positions in enumerate(grid))


# reading
@composed(np.take)
def _take(a: Any, indices: Any, axis: Any = None, *, mode: Any = "raise") -> Any:
    a, axis = flattened(a, axis)
    return a[across(axis, positions(a.shape[axis], indices, mode))]


def positions(length: int, indices: Any, mode: Any) -> Any:
    """Indices as positions along an axis: NumPy's own `take`, of the positions, settles mode, dtype and bounds."""
    indices = plain_array(indices)
    on_device = hasattr(indices, "__array_function__") and not isinstance(indices, np.ndarray)
    options = {} if mode == "raise" else {"mode": mode}  # which other libraries do not know
    return np.take(np.arange(length, like=indices if on_device else None), indices, **options)


@composed(np.take_along_axis)
def _take_along_axis(arr: Any, indices: Any, axis: Any = -1) -> Any:
    indices = plain_array(indices)
    if axis is None:
        return np.ravel(arr)[indices]
    return arr[along(arr, indices, normalize_axis_index(axis, arr.ndim), "np.take_along_axis")]


@composed(np.compress)
def _compress(condition: Any, a: Any, axis: Any = None) -> Any:
    condition = plain_array(condition)
    if np.ndim(condition) != 1:
        raise ValueError(f"np.compress needs a condition of one axis, not of shape {np.shape(condition)}")
    a, axis = flattened(a, axis)
    return getitem(a, across(axis, np.flatnonzero(condition)), True)


@composed(np.extract)
def _extract(condition: Any, arr: Any) -> Any:
    return getitem(np.ravel(arr), np.flatnonzero(plain_array(condition)), True)


@composed(np.delete)
def _delete(arr: Any, obj: Any, axis: Any = None) -> Any:
    arr, axis = flattened(arr, axis)
    return getitem(arr, across(axis, np.delete(np.arange(arr.shape[axis]), plain_array(obj))), True)


@composed(np.insert)
def _insert(arr: Any, obj: Any, values: Any, axis: Any = None) -> Any:
    # NumPy's own `insert`, of the elements' numbers, settles what goes where
    old = np.reshape(np.arange(np.size(arr)), np.shape(arr))
    new = np.reshape(np.arange(np.size(values)), np.shape(values)) + old.size
    source = np.insert(old, plain_array(obj), new, axis)
    arr, values = np.ravel(arr), np.ravel(values)
    both = np.concatenate([arr, np.astype(values, arr.dtype)])
    return np.reshape(getitem(both, np.ravel(source)), source.shape)


@composed(np.trim_zeros)
def _trim_zeros(filt: Any, trim: str = "fb", axis: Any = None) -> Any:
    if sorted(trim.lower()) not in (["f"], ["b"], ["b", "f"]):
        raise ValueError(f"np.trim_zeros trims 'f' (the front), 'b' (the back) or 'fb', not {trim!r}")
    nonzero = np.argwhere(filt)
    trimmed = range(filt.ndim) if axis is None else normalize_axis_tuple(axis, filt.ndim)
    index = [slice(None)] * filt.ndim
    for i in trimmed:
        found = nonzero[:, i]
        start, stop = (int(found.min()), int(found.max()) + 1) if len(found) else (0, 0)
        front, back = (letter in trim.lower() or not len(found) for letter in "fb")
        index[i] = slice(start if front else None, stop if back else None)
    return filt[tuple(index)]


# choosing
@primitive
def choose(places: Any, *choices: Any, mode: Any = "raise") -> Any:
    """For each element that of the choices whose number is there."""
    options = {} if mode == "raise" else {"mode": mode}  # which other libraries do not know
    return np.choose(places, choices, **options)


def _choose(g: Any, out: Any, places: Any, *choices: Any, mode: Any = "raise") -> list[Any]:
    last = len(choices) - 1
    if mode != "raise":
        places = places % len(choices) if mode == "wrap" else np.clip(places, 0, last)
    return [None, *[masked(g, np.broadcast_to(places == i, g.shape)) for i in range(len(choices))]]


defvjp_joint(choose, _choose)


@composed(np.choose)
def _choose_arrays(a: Any, choices: Any, *, mode: Any = "raise") -> Any:
    return choose(a, *choices, mode=mode)


@primitive
def select(*arrays: Any) -> Any:
    """The conditions, as many choices, and the default: the choice of the first condition that holds."""
    n = len(arrays) // 2
    return np.select(arrays[:n], arrays[n:-1], arrays[-1])


def _select(g: Any, out: Any, *arrays: Any) -> list[Any]:
    n = len(arrays) // 2
    shares, undecided = [None] * n, np.True_
    for condition in arrays[:n]:
        shares.append(masked(g, np.broadcast_to(condition & undecided, g.shape)))
        undecided = undecided & ~condition
    return [*shares, masked(g, np.broadcast_to(undecided, g.shape))]


defvjp_joint(select, _select)


@composed(np.select)
def _select_lists(condlist: Any, choicelist: Any, default: Any = 0) -> Any:
    if len(condlist) != len(choicelist):
        raise ValueError(f"np.select needs a choice for each condition, got {len(condlist)} and {len(choicelist)}")
    return select(*condlist, *choicelist, default)
