"""Largest elements of windows, and the places that they were at: one pass over the outputs instead of one a place.

Bit for bit what NumPy gives, but for the sign of a 0 among zeros of both signs.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

import numpy as np
from numba import njit

import autograd_lite as ag
from autograd_lite.compile.kernels.access import load, store

from ..functional import max_pooling
from ..functional.pooling_windows import Geometry
from ..functional.windows import Lengths

_FLOATS = (np.dtype(np.float32), np.dtype(np.float64))
_compiled = njit(cache=True, nogil=True, error_model="numpy")


def _channels_last(x: Any, axes: int) -> Any:
    """`x` as `(images, height, width, channels)` if that is its layout, as convolution leaves it; else None."""
    if x.ndim != axes + 2 or x.shape[1] == 1:
        return None
    moved = x.transpose(0, 2, 3, 1) if axes == 2 else x[:, :, None].transpose(0, 2, 3, 1)
    return moved if moved.flags.c_contiguous else None


def _channels_as_images(x: Any, axes: int) -> Any:
    """`x` as `(images, height, width, 1)`."""
    return np.ascontiguousarray(x).reshape(-1, *((1,) if axes == 1 else ()), *x.shape[x.ndim - axes :], 1)


def _made(dtype: Any, shape: Lengths, axes: int, channels_last: bool) -> tuple[Any, Any]:
    """An array of this shape in one of the two layouts, and the same as `(images, height, width, channels)`."""
    lengths = shape[len(shape) - axes :] if axes == 2 else (1, shape[-1])
    if not channels_last:
        out = np.empty(shape, dtype)
        return out, out.reshape(-1, *lengths, 1)
    memory = np.empty((shape[0], *lengths, shape[1]), dtype)
    out = memory.transpose(0, 3, 1, 2)
    return (out if axes == 2 else out[:, :, 0]), memory


@lru_cache(256)
def _along(geometry: Geometry) -> tuple[Lengths, ...]:
    """Kernel, stride, padding and dilation along height and width; a sequence has height 1."""
    if len(geometry.kernel) == 2:
        return tuple(geometry[:4])
    return tuple([(one, *values) for one, values in zip((1, 1, 0, 1), geometry[:4], strict=True)])


def _fits(x: Any, geometry: Geometry) -> bool:
    return type(x) is np.ndarray and x.dtype in _FLOATS and len(geometry.kernel) < 3


@ag.replacement(max_pooling._max_pool)
def max_pool(x: Any, geometry: Geometry) -> Any:
    """The largest element of each window."""
    axes = len(geometry.kernel)
    if not _fits(x, geometry):
        return max_pooling._max_pool.forward(x, geometry)
    images = _channels_last(x, axes)
    out, memory = _made(x.dtype, (*x.shape[:-axes], *geometry.counts), axes, images is not None)
    _max(_channels_as_images(x, axes) if images is None else images, memory, *_along(geometry))
    return out


@_compiled
def _max(x: Any, out: Any, kernel: Any, stride: Any, padding: Any, dilation: Any) -> None:
    images, height, width, channels = x.shape
    counts = out.shape
    to = 0
    for n in range(images):
        for i in range(counts[1]):
            for j in range(counts[2]):
                for c in range(channels):
                    store(out, 0, 2, to + c, -np.inf)
                for k in range(kernel[0]):
                    row = i * stride[0] - padding[0] + k * dilation[0]
                    for m in range(kernel[1]):
                        column = j * stride[1] - padding[1] + m * dilation[1]
                        if 0 <= row < height and 0 <= column < width:
                            at = ((n * height + row) * width + column) * channels
                            for c in range(channels):
                                value, best = load(x, 1, 2, at + c), load(out, 0, 2, to + c)
                                store(out, 0, 2, to + c, value if (value > best) | (value != value) else best)
                to += channels


@ag.replacement(max_pooling._winners)
def winners(x: Any, out: Any, geometry: Geometry) -> Any:
    """Which element of its window is the largest: the first of equal ones, the last nan, and never the padding."""
    axes, places = len(geometry.kernel), math.prod(geometry.kernel)
    if _fits(x, geometry) and type(out) is np.ndarray and x.dtype == out.dtype:
        images, found = _channels_last(x, axes), _channels_last(out, axes)
        last = images is not None and found is not None
        if not last:
            images, found = _channels_as_images(x, axes), _channels_as_images(out, axes)
        winner, memory = _made(np.uint8 if places < 256 else np.int32, out.shape, axes, last)
        if _first_equal(images, found, memory, *_along(geometry)):
            return winner
    return max_pooling._winners.forward(x, out, geometry)


@_compiled
def _first_equal(x: Any, out: Any, winner: Any, kernel: Any, stride: Any, padding: Any, dilation: Any) -> bool:
    """Write the places of the first elements that equal `out`; False if that is not finite everywhere."""
    images, height, width, channels = x.shape
    counts, kind = out.shape, winner.dtype.type
    to = strange = 0
    for best in out.flat:
        strange += best - best != 0
    if strange:
        return False
    for n in range(images):
        for i in range(counts[1]):
            for j in range(counts[2]):
                for c in range(channels):
                    store(winner, 0, 3, to + c, kind(kernel[0] * kernel[1] - 1))
                for k in range(kernel[0] - 1, -1, -1):
                    row = i * stride[0] - padding[0] + k * dilation[0]
                    for m in range(kernel[1] - 1, -1, -1):
                        column = j * stride[1] - padding[1] + m * dilation[1]
                        if 0 <= row < height and 0 <= column < width:
                            at = ((n * height + row) * width + column) * channels
                            place = kind(k * kernel[1] + m)
                            for c in range(channels):
                                same = load(x, 1, 3, at + c) == load(out, 2, 3, to + c)
                                store(winner, 0, 3, to + c, place if same else load(winner, 0, 3, to + c))
                to += channels
    return True


@ag.replacement(max_pooling._max_place)
def max_place(g: Any, winner: Any, geometry: Geometry, lengths: Lengths) -> Any:
    """`g` at the places of the winners, zeros elsewhere, in the layout of the winners."""
    axes = len(geometry.kernel)
    if not _fits(g, geometry) or type(winner) is not np.ndarray or g.shape != winner.shape:
        return max_pooling._max_place.forward(g, winner, geometry, lengths)
    places = _channels_last(winner, axes)
    out, memory = _made(g.dtype, (*g.shape[:-axes], *lengths), axes, places is not None)
    if places is None:
        places, shares = _channels_as_images(winner, axes), _channels_as_images(g, axes)
    else:
        shares = np.ascontiguousarray((g if axes == 2 else g[:, :, None]).transpose(0, 2, 3, 1))
    _place(shares, places, memory, *_along(geometry), geometry.apart)
    return out


@_compiled
def _place(g: Any, winner: Any, out: Any, kernel: Any, stride: Any, padding: Any, dilation: Any, apart: Any) -> None:
    images, height, width, channels = out.shape
    counts, kind, zero = g.shape, winner.dtype.type, out.dtype.type(0)
    for n in range(images):
        for at in range(n * height * width * channels, (n + 1) * height * width * channels):
            store(out, 0, 3, at, zero)
        # the last window first: then what meets at an element is added up by its place in the windows, as in NumPy
        for i in range(counts[1] - 1, -1, -1):
            for j in range(counts[2] - 1, -1, -1):
                of = ((n * counts[1] + i) * counts[2] + j) * channels
                for k in range(kernel[0]):
                    row = i * stride[0] - padding[0] + k * dilation[0]
                    for m in range(kernel[1]):
                        column = j * stride[1] - padding[1] + m * dilation[1]
                        if 0 <= row < height and 0 <= column < width:
                            to = ((n * height + row) * width + column) * channels
                            place = kind(k * kernel[1] + m)
                            if apart:
                                for c in range(channels):
                                    here = load(winner, 1, 3, of + c) == place
                                    store(out, 0, 3, to + c, load(g, 2, 3, of + c) if here else zero)
                            else:
                                for c in range(channels):
                                    here = load(winner, 1, 3, of + c) == place
                                    share = load(g, 2, 3, of + c) if here else zero
                                    store(out, 0, 3, to + c, load(out, 0, 3, to + c) + share)
