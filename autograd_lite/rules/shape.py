"""Derivatives of the functions that move elements about: reshaping, axes, joining, splitting, repeating."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index

from ..primitive import composed, defvjp, defvjp_joint, is_value, primitive
from .scatter import scatter_add


@primitive
def astype(x: Any, dtype: Any, copy: Any = True) -> Any:
    """The elements as another type."""
    if x.dtype.kind == "c" and dtype.kind in "fiu":
        raise TypeError(
            f"complex numbers as {dtype} would lose their imaginary parts. Write z.real, z.imag or np.abs(z)."
        )
    return x.astype(dtype, copy=copy)


# the engine casts every gradient to the dtype of what it belongs to
defvjp(astype, lambda g, out, x, dtype, copy=True: g)
composed(np.astype)(lambda x, dtype, /, *, copy=True: astype(x, np.dtype(dtype), copy))
defvjp(np.copy, lambda g, out, x, order="K": g)


# shape
def _reordered(g: Any, x: Any, order: Any) -> Any:
    """`g` in the shape of `x`, whose elements were read in this order."""
    if order in ("A", "K"):  # the order in memory
        raw = x.data if is_value(x) else x
        if order == "K":
            places = np.empty_like(raw, dtype=int)
            places[...] = np.reshape(np.arange(x.size, like=raw), x.shape)
            return np.reshape(g[np.argsort(np.ravel(places, "K"))], x.shape)
        order = "F" if raw.flags.fnc else "C"
    return np.reshape(g, x.shape) if order == "C" else np.reshape(g, x.shape, order=order)  # Dask knows no order


defvjp(np.reshape, lambda g, out, x, shape, order="C": _reordered(g, x, order))
defvjp(np.ravel, lambda g, out, x, order="C": _reordered(g, x, order))
defvjp(np.squeeze, lambda g, out, x, axis=None: np.reshape(g, x.shape))
defvjp(np.expand_dims, lambda g, out, x, axis: np.reshape(g, x.shape))
defvjp(np.broadcast_to, lambda g, out, x, shape: g)


@composed(np.full_like)
def _full_like(a: Any, fill_value: Any, dtype: Any = None, *, shape: Any = None) -> Any:
    shape = np.shape(a) if shape is None else shape
    dtype = np.dtype(a.dtype if dtype is None else dtype)
    if is_value(fill_value):
        return astype(np.broadcast_to(fill_value, shape), dtype)
    return np.full_like(a.data, fill_value, dtype, shape=shape)


def _at_least(function: Any, ndim: int) -> None:
    @composed(function)
    def reshaped(*arys: Any) -> Any:
        grown = [a if np.ndim(a) >= ndim else np.reshape(a, _grown_shape(np.shape(a), ndim)) for a in arys]
        return grown[0] if len(grown) == 1 else tuple(grown)


def _grown_shape(shape: tuple[int, ...], ndim: int) -> tuple[int, ...]:
    """NumPy's own order: 3-d grows (N,) to (1, N, 1) and (M, N) to (M, N, 1)."""
    if not shape:
        return (1,) * ndim
    if len(shape) == 1:
        return {1: shape, 2: (1, *shape), 3: (1, *shape, 1)}[ndim]
    return (*shape, 1)


for _function, _ndim in ((np.atleast_1d, 1), (np.atleast_2d, 2), (np.atleast_3d, 3)):
    _at_least(_function, _ndim)


# axes
def inverse(permutation: list[int]) -> list[int]:
    """The permutation that undoes another."""
    return sorted(range(len(permutation)), key=permutation.__getitem__)


def _transpose(g: Any, out: Any, x: Any, axes: Any = None) -> Any:
    return np.transpose(g, None if axes is None else inverse([int(a) % x.ndim for a in np.atleast_1d(axes)]))


defvjp(np.transpose, _transpose)
defvjp(np.matrix_transpose, lambda g, out, x: np.swapaxes(g, -1, -2))
defvjp(np.swapaxes, lambda g, out, x, axis1, axis2: np.swapaxes(g, axis1, axis2))
defvjp(np.moveaxis, lambda g, out, x, source, destination: np.moveaxis(g, destination, source))
defvjp(np.flip, lambda g, out, x, axis=None: np.flip(g, axis))
defvjp(np.fliplr, lambda g, out, x: np.fliplr(g))
defvjp(np.flipud, lambda g, out, x: np.flipud(g))


def _roll(g: Any, out: Any, x: Any, shift: Any, axis: Any = None) -> Any:
    return np.roll(g, tuple([-s for s in shift]) if isinstance(shift, tuple | list) else -shift, axis)


defvjp(np.roll, _roll)


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


# repeating
@composed(np.repeat)
def _repeat(a: Any, repeats: Any, axis: Any = None) -> Any:
    if axis is None or not a.ndim:
        a, axis = np.ravel(a), axis or 0
    axis = normalize_axis_index(axis, a.ndim)
    return np.take(a, np.repeat(np.arange(a.shape[axis]), repeats), axis)


@composed(np.tile)
def _tile(A: Any, reps: Any) -> Any:
    reps = tuple(np.atleast_1d(reps).tolist())
    ndim = max(np.ndim(A), len(reps))
    reps = (1,) * (ndim - len(reps)) + reps
    shape = (1,) * (ndim - np.ndim(A)) + np.shape(A)
    between = np.reshape(A, [n for size in shape for n in (1, size)])
    copies = np.broadcast_to(between, [n for pair in zip(reps, shape, strict=True) for n in pair])
    return np.reshape(copies, [r * size for r, size in zip(reps, shape, strict=True)])


_PAD_BY_INDEX = ("edge", "reflect", "symmetric", "wrap")


@primitive
def pad_constant(x: Any, pad_width: Any, constant_values: Any = 0) -> Any:
    """`x` with constants around it."""
    return np.pad(x, pad_width, constant_values=constant_values)


def _pad_constant(g: Any, out: Any, x: Any, pad_width: Any, constant_values: Any = 0) -> Any:
    widths = np.broadcast_to(pad_width, (x.ndim, 2))
    return g[tuple(slice(before, before + n) for (before, _), n in zip(widths.tolist(), x.shape, strict=True))]


defvjp(pad_constant, _pad_constant)


@composed(np.pad)
def _pad(array: Any, pad_width: Any, mode: Any = "constant", *, constant_values: Any = 0) -> Any:
    if isinstance(pad_width, dict):
        by_axis = {axis % array.ndim: width for axis, width in pad_width.items()}
        pad_width = [by_axis.get(axis, (0, 0)) for axis in range(array.ndim)]
        pad_width = [(w, w) if np.ndim(w) == 0 else w for w in pad_width]
    if isinstance(mode, str) and mode == "constant":
        return pad_constant(array, pad_width, constant_values)
    if isinstance(mode, str) and mode in _PAD_BY_INDEX:
        source = np.pad(np.arange(array.size).reshape(array.shape), pad_width, mode)  # type: ignore[call-overload]
        return np.ravel(array)[source]
    raise TypeError(
        f"np.pad has no gradient rule for mode={mode!r}; it has one for 'constant', "
        f"{', '.join(map(repr, _PAD_BY_INDEX))}. Use one of these, or compute with v.data."
    )


# triangles and diagonals
defvjp(np.tril, lambda g, out, m, k=0: np.tril(g, k))
defvjp(np.triu, lambda g, out, m, k=0: np.triu(g, k))


def _on_diagonal(g: Any, x: Any, offset: Any, axis1: Any, axis2: Any) -> Any:
    """`g` on a diagonal of `x`, zeros elsewhere."""
    axis1, axis2 = axis1 % x.ndim, axis2 % x.ndim
    rows, columns = x.shape[axis1], x.shape[axis2]
    others = tuple([n for axis, n in enumerate(x.shape) if axis not in (axis1, axis2)])
    i = np.arange(max(min(rows + min(offset, 0), columns - max(offset, 0)), 0))
    g = np.broadcast_to(g, (*others, len(i)))  # a trace sends the same to every element
    zeros = scatter_add(g, (..., i + max(-offset, 0), i + max(offset, 0)), (*others, rows, columns))
    return np.moveaxis(zeros, (-2, -1), (axis1, axis2))


defvjp(
    np.diagonal,
    lambda g, out, a, offset=0, axis1=0, axis2=1: _on_diagonal(g, a, offset, axis1, axis2),
)
defvjp(
    np.trace,
    lambda g, out, a, offset=0, axis1=0, axis2=1: _on_diagonal(np.expand_dims(g, -1), a, offset, axis1, axis2),
)


@primitive
def diagonal_matrix(v: Any, k: Any) -> Any:
    """The vector `v` on the diagonal of a matrix of zeros."""
    return np.diag(v, k)


defvjp(diagonal_matrix, lambda g, out, v, k: np.diagonal(g, k))


@composed(np.diag)
def _diag(v: Any, k: Any = 0) -> Any:
    if v.ndim == 2:
        return np.diagonal(v, k)
    if v.ndim != 1:
        raise ValueError(f"np.diag of shape {v.shape} needs one axis (to make a matrix) or two (to read its diagonal)")
    return diagonal_matrix(v, k)
