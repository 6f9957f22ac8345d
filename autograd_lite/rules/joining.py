"""Derivatives of joining arrays into one, and of splitting one into several."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index

from ..primitive import composed, defvjp_joint, primitive


# joining
@primitive
def concatenate(*arrays: Any, axis: Any = 0, **options: Any) -> Any:
    """The arrays joined along an axis; `axis=None` flattens them first."""
    return np.concatenate(arrays, axis, **options)


def _concatenate(g: Any, out: Any, *arrays: Any, axis: Any = 0, **options: Any) -> list[Any]:
    shapes = [np.shape(a) for a in arrays]
    if axis is None:
        ends = np.cumsum([int(np.prod(shape)) for shape in shapes])
        return [np.reshape(g[end - np.prod(s, dtype=int) : end], s) for end, s in zip(ends, shapes, strict=True)]
    before = (slice(None),) * (axis % out.ndim)
    ends = np.cumsum([shape[axis] for shape in shapes])
    return [g[(*before, slice(end - s[axis], end))] for end, s in zip(ends, shapes, strict=True)]


defvjp_joint(concatenate, _concatenate)


@composed(np.concatenate)
def _concatenate_arrays(arrays: Any, axis: Any = 0, *, dtype: Any = None, casting: Any = None) -> Any:
    options = {"dtype": dtype, "casting": casting}
    return concatenate(*arrays, axis=axis, **{name: o for name, o in options.items() if o is not None})


@composed(np.stack)
def _stack(arrays: Any, axis: Any = 0, *, dtype: Any = None, casting: Any = None) -> Any:
    arrays = list(arrays)
    shapes = {np.shape(a) for a in arrays}
    if len(shapes) > 1:
        raise ValueError(f"np.stack needs arrays of one shape, got {', '.join(map(str, sorted(shapes)))}")
    return _concatenate_arrays([np.expand_dims(a, axis) for a in arrays], axis, dtype=dtype, casting=casting)


@composed(np.vstack)
def _vstack(tup: Any, *, dtype: Any = None, casting: Any = None) -> Any:
    return _concatenate_arrays([np.atleast_2d(a) for a in tup], 0, dtype=dtype, casting=casting)


@composed(np.hstack)
def _hstack(tup: Any, *, dtype: Any = None, casting: Any = None) -> Any:
    arrays = [np.atleast_1d(a) for a in tup]
    return _concatenate_arrays(arrays, 0 if arrays[0].ndim == 1 else 1, dtype=dtype, casting=casting)


@composed(np.dstack)
def _dstack(tup: Any) -> Any:
    return np.concatenate([np.atleast_3d(a) for a in tup], 2)


@composed(np.column_stack)
def _column_stack(tup: Any) -> Any:
    return np.concatenate([a if np.ndim(a) >= 2 else np.reshape(a, (-1, 1)) for a in tup], 1)


@composed(np.append)
def _append(arr: Any, values: Any, axis: Any = None) -> Any:
    if axis is None:
        if isinstance(values, float | int):  # on the device of the array
            values = np.ones_like(arr, dtype=np.asarray(values).dtype, shape=1) * values
        return np.concatenate([np.ravel(arr), np.ravel(values)])
    return np.concatenate([arr, values], axis)


@composed(np.block)
def _block(arrays: Any) -> Any:
    depth = _depth(arrays)
    ndim = max(depth, *[np.ndim(a) for a in _leaves(arrays)])

    def joined(part: Any, level: int) -> Any:
        if isinstance(part, list):
            return np.concatenate([joined(inner, level + 1) for inner in part], axis=level - depth)
        return np.reshape(part, (1,) * (ndim - np.ndim(part)) + np.shape(part))

    return joined(arrays, 0) if depth else np.copy(arrays)


def _depth(arrays: Any) -> int:
    """How deep the lists of `np.block` are nested, the same everywhere."""
    if isinstance(arrays, tuple):
        raise TypeError("np.block is given lists of blocks, not tuples")
    if not isinstance(arrays, list):
        return 0
    depths = {_depth(inner) for inner in arrays}
    if len(depths) != 1:
        raise ValueError("np.block needs lists that are nested equally deep, and none of them empty")
    return 1 + depths.pop()


def _leaves(arrays: Any) -> list[Any]:
    return [leaf for inner in arrays for leaf in _leaves(inner)] if isinstance(arrays, list) else [arrays]


# splitting
@composed(np.array_split)
def _array_split(ary: Any, indices_or_sections: Any, axis: Any = 0) -> list[Any]:
    axis = normalize_axis_index(axis, ary.ndim)
    length = ary.shape[axis]
    if isinstance(indices_or_sections, int | np.integer):
        if indices_or_sections <= 0:
            raise ValueError(f"an array cannot be split into {indices_or_sections} parts")
        each, longer = divmod(length, int(indices_or_sections))
        ends = np.cumsum([each + (i < longer) for i in range(int(indices_or_sections))])[:-1]
    else:
        ends = indices_or_sections
    bounds = [0, *[int(i) for i in ends], length]
    before = (slice(None),) * axis
    return [ary[(*before, slice(a, b))] for a, b in pairwise(bounds)]


@composed(np.split)
def _split(ary: Any, indices_or_sections: Any, axis: Any = 0) -> list[Any]:
    axis = normalize_axis_index(axis, ary.ndim)
    if isinstance(indices_or_sections, int | np.integer) and ary.shape[axis] % max(indices_or_sections, 1):
        raise ValueError(
            f"np.split cannot divide axis {axis} of shape {ary.shape} into {indices_or_sections} equal parts. "
            f"For unequal ones write np.array_split(v, {indices_or_sections}, axis={axis})."
        )
    return np.array_split(ary, indices_or_sections, axis)


@composed(np.hsplit)
def _hsplit(ary: Any, indices_or_sections: Any) -> list[Any]:
    return np.split(ary, indices_or_sections, 1 if ary.ndim > 1 else 0)


@composed(np.vsplit)
def _vsplit(ary: Any, indices_or_sections: Any) -> list[Any]:
    if ary.ndim < 2:
        raise ValueError(f"np.vsplit of shape {ary.shape} needs two axes. For a vector write np.split(v, ...).")
    return np.split(ary, indices_or_sections, 0)


@composed(np.dsplit)
def _dsplit(ary: Any, indices_or_sections: Any) -> Any:
    if ary.ndim < 3:
        raise ValueError(f"np.dsplit of shape {ary.shape} needs three axes. Write np.split(v, ..., axis=-1).")
    return np.split(ary, indices_or_sections, 2)


@composed(np.unstack)
def _unstack(x: Any, /, *, axis: Any = 0) -> tuple[Any, ...]:
    return tuple(np.moveaxis(x, axis, 0))
