"""Derivatives of joining arrays into one, and of splitting one into several."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index

from ..primitive import composed, defvjp_joint, primitive


# joining
@primitive
def concatenate(*arrays: Any, axis: Any = 0) -> Any:
    """The arrays joined along an axis; `axis=None` flattens them first."""
    return np.concatenate(arrays, axis)


def _concatenate(g: Any, out: Any, *arrays: Any, axis: Any = 0) -> list[Any]:
    shapes = [np.shape(a) for a in arrays]
    if axis is None:
        ends = np.cumsum([int(np.prod(shape)) for shape in shapes])
        return [np.reshape(g[end - np.prod(s, dtype=int) : end], s) for end, s in zip(ends, shapes, strict=True)]
    before = (slice(None),) * (axis % out.ndim)
    ends = np.cumsum([shape[axis] for shape in shapes])
    return [g[(*before, slice(end - s[axis], end))] for end, s in zip(ends, shapes, strict=True)]


defvjp_joint(concatenate, _concatenate)


@composed(np.concatenate)
def _concatenate_arrays(arrays: Any, axis: Any = 0) -> Any:
    return concatenate(*arrays, axis=axis)


@composed(np.stack)
def _stack(arrays: Any, axis: Any = 0) -> Any:
    arrays = list(arrays)
    shapes = {np.shape(a) for a in arrays}
    if len(shapes) > 1:
        raise ValueError(f"np.stack needs arrays of one shape, got {', '.join(map(str, sorted(shapes)))}")
    return np.concatenate([np.expand_dims(a, axis) for a in arrays], axis)


@composed(np.vstack)
def _vstack(tup: Any) -> Any:
    return np.concatenate([np.atleast_2d(a) for a in tup], 0)


@composed(np.hstack)
def _hstack(tup: Any) -> Any:
    arrays = [np.atleast_1d(a) for a in tup]
    return np.concatenate(arrays, 0 if arrays[0].ndim == 1 else 1)


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
            values = np.ones_like(arr, np.asarray(values).dtype, shape=1) * values
        return np.concatenate([np.ravel(arr), np.ravel(values)])
    return np.concatenate([arr, values], axis)


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


@composed(np.unstack)
def _unstack(x: Any, /, *, axis: Any = 0) -> tuple[Any, ...]:
    return tuple(np.moveaxis(x, axis, 0))
