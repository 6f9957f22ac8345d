"""Convolution and its two gradients, with kernels that copy windows and add them back; their product stays NumPy's.

A part of the batch at a time, so that its windows are still in the processor's cache when the product reads them.
"""

from __future__ import annotations

import math
from threading import local
from typing import Any

import numpy as np
from numba import njit

import autograd_lite as ag
from autograd_lite.compile.kernels.access import load, store

from ..functional import correlation
from ..functional.correlation import Geometry
from ..functional.windows import Lengths

_FLOATS = (np.dtype(np.float32), np.dtype(np.float64))
_CACHE = 1 << 20  # bytes of windows copied at a time
_FEW = 4  # channels that are too few to be copied together
_compiled = njit(cache=True, nogil=True, error_model="numpy", fastmath={"contract"})

Pair = tuple[int, int]


def _fits(x: Any, y: Any, bias: Any, geometry: Geometry) -> bool:
    """Whether these are arrays of one dtype, and windows over one or two axes meet all channels."""
    return (
        geometry.groups == 1
        and len(geometry.stride) < 3
        and all(type(z) is np.ndarray and z.dtype == x.dtype and z.size for z in (x, y, bias) if z is not None)
        and x.dtype in _FLOATS
    )


def _images(x: Any) -> Any:
    """`x` with its channels last, `(batch, height, width, channels)`."""
    return np.ascontiguousarray((x if x.ndim == 4 else x[:, :, None]).transpose(0, 2, 3, 1))


def _pairs(geometry: Geometry) -> tuple[Pair, Pair, Pair]:
    """Stride, padding and dilation along height and width; a sequence has height 1."""
    if len(geometry.stride) == 2:
        return geometry[:3]  # type: ignore[return-value]
    return (1, *geometry.stride), (0, *geometry.padding), (1, *geometry.dilation)  # type: ignore[return-value]


def _pair(lengths: Lengths) -> Pair:
    return lengths if len(lengths) == 2 else (1, *lengths)  # type: ignore[return-value]


def _channels_first(memory: Any, axes: int) -> Any:
    """What is `(batch, height, width, channels)` in memory, as PyTorch has it."""
    return memory.transpose(0, 3, 1, 2) if axes == 2 else memory[:, 0].transpose(0, 2, 1)


def _taps(weight: Any) -> Any:
    """The kernels as columns: `(numbers of a window, out)`, the channels of a place next to each other."""
    return weight.transpose(*range(2, weight.ndim), 1, 0).reshape(-1, weight.shape[0])


class _Room(local):
    """Memory for windows, kept for the next call of the thread."""

    def __init__(self) -> None:
        self._bytes = np.empty(0, np.uint8)

    def take(self, rows: int, numbers: int, dtype: Any) -> Any:
        size = rows * numbers * dtype.itemsize
        if size > 2 * _CACHE:  # one large image
            return np.empty((rows, numbers), dtype)
        if size > self._bytes.size:
            self._bytes = np.empty(size, np.uint8)
        return self._bytes[:size].view(dtype).reshape(rows, numbers)


_room = _Room()


def _parts(batch: int, each: int, window: int, dtype: Any) -> list[slice]:
    """The batch in parts whose windows are about `_CACHE` bytes, if an image has `each` of them."""
    step = max(1, _CACHE // (each * window * dtype.itemsize))
    return [slice(start, min(start + step, batch)) for start in range(0, batch, step)]


def _windows(images: Any, counts: Pair, kernel: Pair, *where: Pair) -> Any:
    """All windows of some images as rows."""
    rows, numbers = len(images) * math.prod(counts), math.prod(kernel) * images.shape[-1]
    if images.shape[-1] < _FEW:
        columns = _room.take(numbers, rows, images.dtype)
        _copy_taps(images, columns, counts, kernel, *where)
        return columns.T
    columns = _room.take(rows, numbers, images.dtype)
    _copy_windows(images, columns, counts, kernel, *where)
    return columns


@ag.replacement(correlation.convolution)
def convolution(x: Any, weight: Any, bias: Any, geometry: Geometry, size: Lengths) -> Any:
    """y from x and the weight; `size` are the lengths of y."""
    if not _fits(x, weight, bias, geometry) or 0 in size:
        return correlation.convolution.forward(x, weight, bias, geometry, size)
    images, taps, where = _images(x), _taps(weight), _pairs(geometry)
    out = np.empty((len(x), *_pair(size), len(weight)), x.dtype)
    for some in _parts(len(x), math.prod(size), len(taps), x.dtype):
        columns = _windows(images[some], out.shape[1:3], _pair(weight.shape[2:]), *where)
        np.matmul(columns, taps, out=out[some].reshape(-1, len(weight)))
    if bias is not None:
        _add_bias(out, np.ascontiguousarray(bias))
    return _channels_first(out, len(size))


@ag.replacement(correlation.convolution_transpose)
def convolution_transpose(y: Any, weight: Any, bias: Any, geometry: Geometry, size: Lengths) -> Any:
    """x from y and the weight; `size` are the lengths of x."""
    if not _fits(y, weight, bias, geometry) or 0 in size:
        return correlation.convolution_transpose.forward(y, weight, bias, geometry, size)
    shares, taps, where = _images(y), _taps(weight).T, _pairs(geometry)
    counts, kernel = shares.shape[1:3], _pair(weight.shape[2:])
    out = np.zeros((len(y), *_pair(size), weight.shape[1]), y.dtype)
    for some in _parts(len(y), math.prod(counts), taps.shape[1], y.dtype):
        rows = shares[some].reshape(-1, len(weight))
        columns = np.matmul(rows, taps, out=_room.take(len(rows), taps.shape[1], y.dtype))
        _add_windows(columns, out[some], counts, kernel, *where)
    if bias is not None:
        _add_bias(out, np.ascontiguousarray(bias))
    return _channels_first(out, len(size))


@ag.replacement(correlation.convolution_weight)
def convolution_weight(x: Any, y: Any, geometry: Geometry, kernel: Lengths) -> Any:
    """The gradient of the weight from x and the gradient y of the result."""
    if not _fits(x, y, None, geometry):
        return correlation.convolution_weight.forward(x, y, geometry, kernel)
    images, shares, where = _images(x), _images(y), _pairs(geometry)
    window = math.prod(kernel) * x.shape[1]
    total: Any = 0
    for some in _parts(len(x), math.prod(shares.shape[1:3]), window, x.dtype):
        columns = _windows(images[some], shares.shape[1:3], _pair(kernel), *where)
        total = total + shares[some].reshape(-1, y.shape[1]).T @ columns
    gradient = total.reshape(y.shape[1], *kernel, x.shape[1])
    return gradient.transpose(0, gradient.ndim - 1, *range(1, gradient.ndim - 1))


@_compiled
def _copy_windows(x: Any, columns: Any, counts: Any, kernel: Any, stride: Any, padding: Any, dilation: Any) -> None:
    images, height, width, channels = x.shape
    to, zero = 0, x.dtype.type(0)
    for n in range(images):
        for i in range(counts[0]):
            for j in range(counts[1]):
                for k in range(kernel[0]):
                    row = i * stride[0] - padding[0] + k * dilation[0]
                    for m in range(kernel[1]):
                        column = j * stride[1] - padding[1] + m * dilation[1]
                        if 0 <= row < height and 0 <= column < width:
                            at = ((n * height + row) * width + column) * channels
                            for c in range(channels):
                                store(columns, 0, 2, to + c, load(x, 1, 2, at + c))
                        else:
                            for c in range(channels):
                                store(columns, 0, 2, to + c, zero)
                        to += channels


@_compiled
def _copy_taps(x: Any, columns: Any, counts: Any, kernel: Any, stride: Any, padding: Any, dilation: Any) -> None:
    """`_copy_windows` with what one place of the windows meets in a row: `(numbers of a window, windows)`."""
    images, height, width, channels = x.shape
    to, zero, apart = 0, x.dtype.type(0), stride[1] * channels
    for k in range(kernel[0]):
        for m in range(kernel[1]):
            shift = m * dilation[1] - padding[1]
            first = min(max(0, -(shift // stride[1])), counts[1])  # of the windows that meet the image there
            last = max(min(counts[1], (width - 1 - shift) // stride[1] + 1), first)
            for c in range(channels):
                for n in range(images):
                    for i in range(counts[0]):
                        row = i * stride[0] - padding[0] + k * dilation[0]
                        if 0 <= row < height:
                            at = ((n * height + row) * width + shift) * channels + c
                            for j in range(first):
                                store(columns, 0, 2, to + j, zero)
                            for j in range(first, last):
                                store(columns, 0, 2, to + j, load(x, 1, 2, at + j * apart))
                            for j in range(last, counts[1]):
                                store(columns, 0, 2, to + j, zero)
                        else:
                            for j in range(counts[1]):
                                store(columns, 0, 2, to + j, zero)
                        to += counts[1]


@_compiled
def _add_windows(columns: Any, out: Any, counts: Any, kernel: Any, stride: Any, padding: Any, dilation: Any) -> None:
    images, height, width, channels = out.shape
    of = 0
    for n in range(images):
        for i in range(counts[0]):
            for j in range(counts[1]):
                for k in range(kernel[0]):
                    row = i * stride[0] - padding[0] + k * dilation[0]
                    for m in range(kernel[1]):
                        column = j * stride[1] - padding[1] + m * dilation[1]
                        if 0 <= row < height and 0 <= column < width:
                            to = ((n * height + row) * width + column) * channels
                            for c in range(channels):
                                store(out, 0, 2, to + c, load(out, 0, 2, to + c) + load(columns, 1, 2, of + c))
                        of += channels


@_compiled
def _add_bias(out: Any, bias: Any) -> None:
    channels = out.shape[3]
    for i in range(out.size // channels):
        for c in range(channels):
            at = i * channels + c
            store(out, 0, 2, at, load(out, 0, 2, at) + load(bias, 1, 2, c))
