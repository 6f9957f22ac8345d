"""Derivatives of the functions that move elements about: shape, axes, repeating, windows, triangles, diagonals."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index, normalize_axis_tuple
from numpy.lib.stride_tricks import sliding_window_view

from ..primitive import composed, defvjp, is_value, plain_array, primitive
from .scatter import scatter_add


@primitive(traced=True)
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
defvjp(np.copy, lambda g, out, x, order="K", subok=False: g)


@primitive(traced=True)
def view(z: Any, dtype: Any) -> Any:
    """Complex numbers as pairs of real ones along the last axis, or such pairs as complex numbers."""
    return z.view(dtype)


def _view(g: Any, out: Any, z: Any, dtype: Any) -> Any:
    if dtype.kind == "c":
        return np.reshape(np.stack([np.real(g), -np.imag(g)], axis=-1), z.shape)
    pairs = np.reshape(g, (*z.shape, 2))
    return pairs[..., 0] - 1j * pairs[..., 1]


defvjp(view, _view)


# shape
def _reordered(g: Any, x: Any, order: Any) -> Any:
    """`g` in the shape of `x`, whose elements were read in this order."""
    if order == "K" and x.ndim < 2:
        order = "C"
    if order in ("A", "K"):  # the order in memory
        raw = plain_array(x)
        if order == "K":
            places = np.empty_like(raw, dtype=int)
            places[...] = np.reshape(np.arange(x.size, like=raw), x.shape)
            return np.reshape(g[np.argsort(np.ravel(places, "K"))], x.shape)
        order = "F" if raw.flags.fnc else "C"
    return np.reshape(g, x.shape) if order == "C" else np.reshape(g, x.shape, order=order)  # Dask knows no order


defvjp(np.reshape, lambda g, out, x, shape, order="C", *, copy=None: _reordered(g, x, order))
defvjp(np.ravel, lambda g, out, x, order="C": _reordered(g, x, order))
defvjp(np.squeeze, lambda g, out, x, axis=None: np.reshape(g, x.shape))
defvjp(np.expand_dims, lambda g, out, x, axis: np.reshape(g, x.shape))
defvjp(np.broadcast_to, lambda g, out, x, shape, subok=False: g)


@composed(np.broadcast_arrays)
def _broadcast_arrays(*args: Any, subok: Any = False) -> tuple[Any, ...]:
    shape = np.broadcast_shapes(*[np.shape(a) for a in args])
    options = {"subok": True} if subok else {}  # which other libraries do not know
    return tuple([np.broadcast_to(a, shape, **options) for a in args])


@composed(np.meshgrid)
def _meshgrid(*xi: Any, copy: Any = True, sparse: Any = False, indexing: Any = "xy") -> tuple[Any, ...]:
    if indexing not in ("xy", "ij"):
        raise ValueError(f"np.meshgrid knows indexing='xy' and 'ij', not {indexing!r}")
    axes = list(range(len(xi)))
    if indexing == "xy":
        axes[:2] = axes[:2][::-1]
    arrays = [_along(x, axis, len(xi)) for x, axis in zip(xi, axes, strict=True)]
    if not sparse:
        arrays = list(np.broadcast_arrays(*arrays))
    return tuple([np.copy(x) for x in arrays] if copy else arrays)


def _along(x: Any, axis: int, ndim: int) -> Any:
    """All elements along one of `ndim` axes."""
    return np.reshape(x, [-1 if i == axis else 1 for i in range(ndim)])


@composed(np.ix_)
def _ix(*args: Any) -> tuple[Any, ...]:
    shapes = [np.shape(a) for a in args]
    if any(len(shape) != 1 for shape in shapes):
        raise ValueError(f"np.ix_ needs arrays of one axis, not of the shapes {', '.join(map(str, shapes))}")
    args = tuple([np.flatnonzero(a) if np.result_type(a).kind == "b" else a for a in args])
    return tuple([_along(a, axis, len(args)) for axis, a in enumerate(args)])


@composed(np.full_like)
def _full_like(a: Any, fill_value: Any, dtype: Any = None, *, shape: Any = None) -> Any:
    shape = np.shape(a) if shape is None else shape
    dtype = np.dtype(a.dtype if dtype is None else dtype)
    if is_value(fill_value):
        return astype(np.broadcast_to(fill_value, shape), dtype)
    return np.full_like(a.data, fill_value, dtype=dtype, shape=shape)


def _at_least(function: Any, ndim: int) -> None:
    @composed(function)
    def reshaped(*arys: Any) -> Any:
        arrays = [a if hasattr(a, "ndim") else np.asarray(a) for a in arys]
        grown = [a if a.ndim >= ndim else np.reshape(a, _grown_shape(a.shape, ndim)) for a in arrays]
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


@composed(np.rollaxis)
def _rollaxis(a: Any, axis: Any, start: Any = 0) -> Any:
    axis = normalize_axis_index(axis, a.ndim)
    if not -a.ndim <= start <= a.ndim:
        raise np.exceptions.AxisError(f"np.rollaxis: start={start} is no place among the axes of shape {a.shape}")
    start = start + a.ndim if start < 0 else start
    return np.moveaxis(a, axis, start - 1 if axis < start else start)


@composed(np.rot90)
def _rot90(m: Any, k: Any = 1, axes: Any = (0, 1)) -> Any:
    axes = normalize_axis_tuple(axes, m.ndim)
    if len(axes) != 2:
        raise ValueError(f"np.rot90 turns in the plane of two axes, not of {len(axes)}")
    if k % 2:
        return np.swapaxes(np.flip(m, axes[1 if k % 4 == 1 else 0]), *axes)
    return np.flip(m, axes if k % 4 else ())


# repeating
@composed(np.repeat)
def _repeat(a: Any, repeats: Any, axis: Any = None) -> Any:
    if axis is None or not a.ndim:
        a, axis = np.ravel(a), axis or 0
    axis = normalize_axis_index(axis, a.ndim)
    if isinstance(repeats, int):
        repeats = int(repeats)  # not a bool
        shape = a.shape[: axis + 1], a.shape[axis + 1 :]
        copies = np.broadcast_to(np.expand_dims(a, axis + 1), (*shape[0], repeats, *shape[1]))
        return np.reshape(copies, (*a.shape[:axis], a.shape[axis] * repeats, *shape[1]))
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


@composed(np.resize)
def _resize(a: Any, new_shape: Any) -> Any:
    new_shape = tuple(np.atleast_1d(new_shape).tolist())
    if any(n < 0 for n in new_shape):
        raise ValueError(f"np.resize cannot make the shape {new_shape}")
    size = math.prod(new_shape)
    if not a.size:
        return np.zeros_like(a, shape=new_shape)
    return np.reshape(np.tile(np.ravel(a), -(-size // a.size))[:size], new_shape)


def _windows(
    g: Any, out: Any, x: Any, window_shape: Any, axis: Any = None, *, subok: Any = False, writeable: Any = False
) -> Any:
    axes = range(x.ndim) if axis is None else [a % x.ndim for a in np.atleast_1d(axis).tolist()]
    return overlap_add(g, x.shape, tuple(axes))


defvjp(sliding_window_view, _windows)


@primitive
def overlap_add(windows: Any, shape: Any, axes: Any) -> Any:
    """Windows added up where each lies in an array of this shape."""
    out = np.zeros_like(windows, shape=shape)
    for offset in np.ndindex(*windows.shape[len(shape) :]):  # all elements at one place in their windows
        start = [0] * len(shape)
        for axis, n in zip(axes, offset, strict=True):
            start[axis] += n
        place = tuple([slice(n, n + size) for n, size in zip(start, windows.shape, strict=False)])
        out[place] = out[place] + windows[(..., *offset)]
    return out


defvjp(
    overlap_add,
    lambda g, out, windows, shape, axes: sliding_window_view(g, windows.shape[len(shape) :], axes),
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
    lambda g, out, a, offset=0, axis1=0, axis2=1, dtype=None: _on_diagonal(
        np.expand_dims(g, -1), a, offset, axis1, axis2
    ),
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


@composed(np.diagflat)
def _diagflat(v: Any, k: Any = 0) -> Any:
    return diagonal_matrix(np.ravel(v), k)
