"""What NumPy's functions do with a `Batch`: the same to all rows, in one call.

A gradient goes through linear functions alone, so these are the ones. An axis that is counted from the front is one
further back in the rows than in one of them, and so on. What is not here, or returns NotImplemented, runs row by row.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from string import ascii_letters
from typing import Any

import numpy as np

from .batch import BATCHED, Batch, aligned, raised, wrapped


def _batched(*functions: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    def register(implementation: Callable[..., Any]) -> Callable[..., Any]:
        BATCHED.update(dict.fromkeys(functions, implementation))
        return implementation

    return register


def _behind(axis: Any, ndim: int) -> Any:
    """The same axis, or axes, in the rows; None is all of them."""
    if axis is None:
        return tuple(range(1, ndim + 1))
    return axis % ndim + 1 if isinstance(axis, int | np.integer) else tuple([a % ndim + 1 for a in axis])


_function: Any


def _any_batch(*arguments: Any) -> bool:
    return any(isinstance(x, Batch) for x in arguments)


def _all_rows(arrays: Any) -> list[Any]:
    """The rows of each array; of a plain one as often the same."""
    count = next(len(x.rows) for x in arrays if isinstance(x, Batch))
    return [x.rows if isinstance(x, Batch) else np.broadcast_to(x, (count, *np.shape(x))) for x in arrays]


# ---- shape and type ----

BATCHED[np.shape] = lambda a: a.shape
BATCHED[np.ndim] = lambda a: a.ndim
BATCHED[np.size] = lambda a, axis=None: a.size if axis is None else a.shape[axis]
BATCHED[np.iscomplexobj] = lambda x: x.dtype.kind == "c"
BATCHED[np.isrealobj] = lambda x: x.dtype.kind != "c"
BATCHED[np.result_type] = lambda *args: np.result_type(*[x.rows if isinstance(x, Batch) else x for x in args])


def _new(function: Any, a: Batch, dtype: Any = None, *, shape: Any = None) -> Any:
    shape = a.shape if shape is None else (shape,) if isinstance(shape, int) else tuple(shape)
    return Batch(function(a.rows, dtype=dtype, order="C", shape=(len(a.rows), *shape)))


for _function in (np.zeros_like, np.ones_like, np.empty_like):
    BATCHED[_function] = partial(_new, _function)


# ---- element by element ----


def _elementwise(function: Any, *arrays: Any) -> Any:
    return wrapped(function(*aligned(arrays)))


for _function in (np.real, np.imag, np.copy, np.nan_to_num, np.where):
    BATCHED[_function] = partial(_elementwise, _function)


# ---- along axes ----


def _along(function: Any, default: Any, at: int = 1, name: str = "axis", all_axes: bool = False) -> None:
    """A function of the rows along an axis, or several.

    Args:
        function: takes the array first.
        default: its axis if none is given.
        at: the position of its axis.
        name: what it calls it.
        all_axes: None stands for all axes; otherwise for the array made flat.
    """

    def run(x: Any, *args: Any, **kwargs: Any) -> Any:
        if not isinstance(x, Batch) or _any_batch(*args, *kwargs.values()):
            return NotImplemented
        rows = x.rows
        axis = args[at - 1] if len(args) >= at else kwargs.get(name, default)
        if axis is None and not all_axes:
            rows, axis = rows.reshape(len(rows), -1), 1
        else:
            axis = _behind(axis, rows.ndim - 1)
        if len(args) >= at:
            return Batch(function(rows, *args[: at - 1], axis, *args[at:], **kwargs))
        return Batch(function(rows, *args, **{**kwargs, name: axis}))

    BATCHED[function] = run


for _function in (np.sum, np.mean, np.flip, np.any, np.all):
    _along(_function, None, all_axes=True)
_along(np.cumsum, None)
for _function in (np.take, np.repeat):
    _along(_function, None, at=2)
_along(np.diff, -1, at=2)
_along(np.rot90, (0, 1), at=2, name="axes")
for _function in (np.fft.fft, np.fft.ifft, np.fft.rfft, np.fft.irfft, np.fft.hfft, np.fft.ihfft):
    _along(_function, -1, at=2)
for _function in (np.fft.fft2, np.fft.ifft2, np.fft.rfft2, np.fft.irfft2):
    _along(_function, (-2, -1), at=2, name="axes")
for _function in (np.fft.fftshift, np.fft.ifftshift):
    _along(_function, None, name="axes", all_axes=True)


def _transform(function: Any, a: Batch, s: Any = None, axes: Any = None, norm: Any = None) -> Any:
    return Batch(function(a.rows, s, _behind(axes, a.ndim), norm))


for _function in (np.fft.fftn, np.fft.ifftn, np.fft.rfftn, np.fft.irfftn):
    BATCHED[_function] = partial(_transform, _function)


@_batched(np.roll)
def _roll(a: Batch, shift: Any, axis: Any = None) -> Any:
    if axis is None:
        return _reshape(_roll(_reshape(a, -1), shift, 0), a.shape)
    return Batch(np.roll(a.rows, shift, _behind(axis, a.ndim)))


@_batched("reduce")
def _reduce(ufunc: Any, x: Any, axis: Any = 0, *args: Any, **kwargs: Any) -> Any:
    if _any_batch(*args, *kwargs.values()):
        return NotImplemented
    return Batch(ufunc.reduce(x.rows, _behind(axis, x.ndim), *args, **kwargs))


@_batched("accumulate")
def _accumulate(ufunc: Any, x: Any, axis: Any = 0, *args: Any) -> Any:
    return Batch(ufunc.accumulate(x.rows, _behind(axis, x.ndim), *args))


@_batched("reduceat")
def _reduceat(ufunc: Any, x: Any, indices: Any, axis: Any = 0, *args: Any) -> Any:
    return Batch(ufunc.reduceat(x.rows, indices, _behind(axis, x.ndim), *args))


@_batched("at")
def _at(ufunc: Any, out: Any, index: Any, item: Any) -> Any:
    """Scattering into fresh zeros: in all rows at once as in one long row, for which NumPy has a fast loop."""
    if ufunc is not np.add or not isinstance(out, Batch) or not out.rows.flags.c_contiguous:
        return NotImplemented
    places = np.arange(out.size).reshape(out.shape)[index]
    count = len(out.rows)
    item = raised(item, places.ndim) if isinstance(item, Batch) else item
    everywhere = (np.arange(count)[:, None] * out.size + places.ravel()).ravel()
    np.add.at(out.rows.reshape(-1), everywhere, np.broadcast_to(item, (count, *places.shape)).ravel())
    return None


# ---- moving elements about ----


@_batched(np.reshape)
def _reshape(a: Batch, shape: Any, order: Any = "C") -> Any:
    shape = (shape,) if isinstance(shape, int | np.integer) else tuple(shape)
    if order == "C":
        return Batch(a.rows.reshape(len(a.rows), *shape))
    return _reshape(a.T, shape[::-1]).T if order == "F" else NotImplemented


BATCHED[np.ravel] = lambda a, order="C": _reshape(a, -1, order)


@_batched(np.broadcast_to)
def _broadcast_to(array: Batch, shape: Any) -> Any:
    shape = (shape,) if isinstance(shape, int | np.integer) else tuple(shape)
    return Batch(np.broadcast_to(raised(array, len(shape)), (len(array.rows), *shape)))


@_batched(np.expand_dims)
def _expand_dims(a: Batch, axis: Any) -> Any:
    axes = (axis,) if isinstance(axis, int | np.integer) else axis
    return Batch(np.expand_dims(a.rows, _behind(axes, a.ndim + len(axes))))


@_batched(np.squeeze)
def _squeeze(a: Batch, axis: Any = None) -> Any:
    ones = [i for i, length in enumerate(a.shape) if length == 1] if axis is None else axis
    return Batch(a.rows.squeeze(_behind(ones, a.ndim)))


@_batched(np.transpose)
def _transpose(a: Batch, axes: Any = None) -> Any:
    return Batch(a.rows.transpose((0, *_behind(range(a.ndim)[::-1] if axes is None else axes, a.ndim))))


@_batched(np.swapaxes)
def _swapaxes(a: Batch, axis1: Any, axis2: Any) -> Any:
    return Batch(a.rows.swapaxes(_behind(axis1, a.ndim), _behind(axis2, a.ndim)))


@_batched(np.moveaxis)
def _moveaxis(a: Batch, source: Any, destination: Any) -> Any:
    return Batch(np.moveaxis(a.rows, _behind(source, a.ndim), _behind(destination, a.ndim)))


BATCHED[np.flipud] = lambda m: m[::-1]
BATCHED[np.fliplr] = lambda m: m[:, ::-1]


def _of_matrices(function: Any, m: Batch, *args: Any) -> Any:
    return Batch(function(m.rows, *args)) if m.ndim > 1 else NotImplemented


for _function in (np.tril, np.triu, np.matrix_transpose):
    BATCHED[_function] = partial(_of_matrices, _function)


@_batched(np.diagonal)
def _diagonal(a: Batch, offset: Any = 0, axis1: Any = 0, axis2: Any = 1) -> Any:
    return Batch(np.diagonal(a.rows, offset, _behind(axis1, a.ndim), _behind(axis2, a.ndim)))


@_batched(np.diag)
def _diag(v: Batch, k: Any = 0) -> Any:
    if v.ndim == 2:
        return _diagonal(v, k)
    size = len(v) + abs(k)
    i = np.arange(len(v))
    matrix = np.zeros((len(v.rows), size, size), v.dtype)
    matrix[:, i + max(-k, 0), i + max(k, 0)] = v.rows
    return Batch(matrix)


@_batched(np.concatenate)
def _concatenate(arrays: Any, axis: Any = 0) -> Any:
    ndim = np.ndim(arrays[0])
    parts = _all_rows(arrays)
    if axis is None:
        parts = [part.reshape(len(part), -1) for part in parts]
    return Batch(np.concatenate(parts, 1 if axis is None else _behind(axis, ndim)))


@_batched(np.pad)
def _pad(array: Batch, pad_width: Any, mode: Any = "constant", **kwargs: Any) -> Any:
    if mode != "constant" or kwargs.get("constant_values", 0) != 0:
        return NotImplemented
    widths = np.broadcast_to(pad_width, (array.ndim, 2)).tolist()
    return Batch(np.pad(array.rows, [(0, 0), *widths]))


# ---- products ----


@_batched(np.matmul)
def _matmul(x: Any, y: Any) -> Any:
    if not isinstance(x, Batch):
        return _constant_times(x, y)
    if not isinstance(y, Batch) and y.ndim <= 2:
        if x.rows.ndim <= 2 or y.ndim == 1:
            return Batch(x.rows @ y)
        flat = x.rows.reshape(-1, x.rows.shape[-1])  # one product of matrices beats many
        return Batch((flat @ y).reshape(*x.rows.shape[:-1], y.shape[1]))
    left, right = x[None] if x.ndim == 1 else x, y[:, None] if y.ndim == 1 else y
    out = np.matmul(*aligned((left, right)))
    out = out[..., 0] if y.ndim == 1 else out
    return Batch(out if x.ndim > 1 else out[..., 0] if y.ndim == 1 else out[..., 0, :])


def _constant_times(x: Any, y: Batch) -> Any:
    """A plain array times a batch; the vectors of the batch together are a matrix."""
    if y.ndim == 1:
        return Batch(y.rows @ x.T) if x.ndim <= 2 else _matmul(x, y[:, None])[..., 0]
    if x.ndim == 2 and y.ndim == 2 and y.shape[1] == 1:
        return Batch((y.rows[:, :, 0] @ x.T)[:, :, None])
    if x.ndim == 1:
        return Batch(np.matmul(x, y.rows))
    return Batch(np.matmul(*aligned((x, y))))


@_batched(np.dot)
def _dot(a: Any, b: Any) -> Any:
    if np.ndim(a) == 0 or np.ndim(b) == 0:
        return np.multiply(a, b)
    return _matmul(a, b) if np.ndim(b) <= 2 else NotImplemented


@_batched(np.vecdot)
def _vecdot(x: Any, y: Any) -> Any:
    return Batch(np.vecdot(*aligned((x, y))))


@_batched(np.matvec)
def _matvec(x: Any, y: Any) -> Any:
    return np.squeeze(np.matmul(x, np.expand_dims(y, -1)), -1)


@_batched(np.vecmat)
def _vecmat(x: Any, y: Any) -> Any:
    return np.squeeze(np.matmul(np.expand_dims(np.conjugate(x), -2), y), -2)


@_batched(np.einsum)
def _einsum(subscripts: Any, *operands: Any, optimize: Any = False) -> Any:
    if not isinstance(subscripts, str) or "->" not in subscripts or _any_batch(subscripts):
        return NotImplemented
    inputs, result = subscripts.replace(" ", "").split("->")
    rows = next(letter for letter in ascii_letters if letter not in subscripts)
    terms = [rows + term if isinstance(x, Batch) else term for x, term in zip(operands, inputs.split(","), strict=True)]
    raw = [x.rows if isinstance(x, Batch) else x for x in operands]
    return Batch(np.einsum(f"{','.join(terms)}->{rows}{result}", *raw, optimize=optimize))


@_batched(np.cross)
def _cross(a: Any, b: Any, axisa: Any = -1, axisb: Any = -1, axisc: Any = -1, axis: Any = None) -> Any:
    last = axis in (None, -1) and axisa == axisb == axisc == -1
    return Batch(np.cross(*aligned((a, b)))) if last else NotImplemented


@_batched(np.convolve)
def _convolve(a: Any, v: Any, mode: Any = "full") -> Any:
    """Every window of the longer one times the other."""
    if mode != "valid" or (isinstance(a, Batch) and isinstance(v, Batch)):
        return NotImplemented
    rows, kernel = (a.rows, v) if isinstance(a, Batch) else (v.rows, a)
    if rows.shape[1] < len(kernel):
        return Batch(rows @ np.lib.stride_tricks.sliding_window_view(kernel, rows.shape[1])[:, ::-1].T)
    return Batch(np.lib.stride_tricks.sliding_window_view(rows, len(kernel), -1) @ kernel[::-1])


@_batched(np.correlate)
def _correlate(a: Any, v: Any, mode: Any = "valid") -> Any:
    return _convolve(a, np.conjugate(v)[::-1], mode)


@_batched(np.linalg.solve)
def _solve(a: Any, b: Any) -> Any:
    """All right-hand sides beside each other, so that a matrix is factorized once."""
    if isinstance(a, Batch):
        return NotImplemented
    if b.ndim == 1:
        return _solve(a, b[:, None])[..., 0]
    rows = raised(b, np.ndim(a))
    beside = np.moveaxis(rows, 0, -2)
    solved = np.linalg.solve(a, beside.reshape(*beside.shape[:-2], -1))
    return Batch(np.moveaxis(solved.reshape(*solved.shape[:-1], *beside.shape[-2:]), -2, 0))


# ---- the same as methods ----


def _method(function: Any) -> Callable[..., Any]:
    return lambda self, *args, **kwargs: function(self, *args, **kwargs)


for _name, _function in {
    "sum": np.sum, "mean": np.mean, "any": np.any, "all": np.all, "cumsum": np.cumsum, "dot": np.dot, "copy": np.copy,
    "conj": np.conjugate, "conjugate": np.conjugate, "ravel": np.ravel, "flatten": np.ravel, "squeeze": np.squeeze,
    "swapaxes": np.swapaxes, "repeat": np.repeat, "take": np.take,
}.items():  # fmt: skip
    setattr(Batch, _name, _method(_function))
