"""Derivatives of the functions that move elements about: reshaping, axes, repeating, triangles, diagonals."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index

from ..primitive import composed, defvjp, is_value, primitive
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
