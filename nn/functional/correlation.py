"""The three bilinear operations that convolution is made of.

A convolution is bilinear, and so are the gradients to its two arguments. Each of the three is a primitive, and the
other two are its derivatives, which gives those of every order.

Inside, channels come last: then a window is a few long runs of memory, all windows are the rows of one matrix, and
one product of matrices does the work. The results are views with the channels moved to where PyTorch has them.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

import autograd_lite as ag

from .depthwise import convolve, convolve_transpose, convolve_weight
from .windows import Lengths, brief, positions, reaches

_CACHE = 1 << 22  # bytes of windows copied at a time: what the processor still holds when the product reads them


class Geometry(NamedTuple):
    """Where windows lie; `padding` counts the zeros before the first element."""

    stride: Lengths
    padding: Lengths
    dilation: Lengths
    groups: int

    def __repr__(self) -> str:
        """What is unusual, for drawings."""
        plain = Geometry((1,) * len(self.stride), (0,) * len(self.stride), (1,) * len(self.stride), 1)
        parts = [
            f"{name} {brief(value) if isinstance(value, tuple) else value}"
            for name, value, usual in zip(self._fields, self, plain, strict=True)
            if value != usual
        ]
        return ", ".join(parts) or "plain"


# In the three bilinear operations x is (batch, in, *lengths), the weight (out, in / groups, *kernel), and
# y (batch, out, *counts).


@ag.primitive
def convolution(x: Any, weight: Any, bias: Any, geometry: Geometry, size: Lengths) -> Any:
    """y from x and the weight; `size` are the lengths of y."""
    kernel, each = weight.shape[2:], math.prod(size)
    out = _empty(x, np.result_type(x, weight), (x.shape[0], weight.shape[0], *size))
    last = _channels_last(out)
    if _depthwise(weight, geometry):
        padded = _padded(x, reaches(size, kernel, *geometry[::2]), geometry.padding)
        convolve(padded, _taps(weight), _places(size, kernel, geometry), last)
    else:
        matrix = _matrix(weight, geometry.groups).swapaxes(1, 2)  # (groups, window, out / groups)
        rows = last.reshape(-1, *matrix.shape[::2]).swapaxes(0, 1)
        for some, columns in _columns(x, kernel, geometry, size):
            np.matmul(columns, matrix, out=rows[:, some.start * each : some.stop * each])
    if bias is not None:
        last += bias
    return out


@ag.primitive
def convolution_transpose(y: Any, weight: Any, bias: Any, geometry: Geometry, size: Lengths) -> Any:
    """x from y and the weight; `size` are the lengths of x."""
    counts, kernel, before = y.shape[2:], weight.shape[2:], geometry.padding
    channels = weight.shape[1] * geometry.groups
    out = _empty(y, np.result_type(y, weight), (y.shape[0], channels, *size))
    last = _channels_last(out)
    covered = reaches(counts, kernel, *geometry[::2])
    lengths = tuple([max(n, b + m) for n, b, m in zip(covered, before, size, strict=True)])
    inside = (slice(None), *[slice(b, b + m) for b, m in zip(before, size, strict=True)])
    if _depthwise(weight, geometry):
        padded = np.zeros_like(out, order="C", shape=(y.shape[0], *lengths, channels))
        convolve_transpose(_channels_last(y), _taps(weight), _places(counts, kernel, geometry), padded)
        last[...] = padded[inside]
    else:
        for some, padded in _added_windows(y, weight, geometry, lengths, out.dtype):
            last[some] = padded[inside]
    if bias is not None:
        last += bias
    return out


def _added_windows(
    y: Any, weight: Any, geometry: Geometry, lengths: Lengths, dtype: Any
) -> Iterator[tuple[slice, Any]]:
    """For a part of the batch at a time, what each place of y gives to its window: `(batch, *lengths, in)`."""
    counts, kernel, groups = y.shape[2:], weight.shape[2:], geometry.groups
    places, each, in_each = math.prod(kernel), math.prod(counts), weight.shape[1]
    # (places, groups, out / groups, in / groups)
    matrices = weight.reshape(groups, -1, in_each, places).transpose(3, 0, 1, 2)
    chunks = _chunks(y.shape[0], each * places * groups * in_each * dtype.itemsize)
    if not chunks:
        return
    most = chunks[0].stop
    room = np.empty_like(y, dtype, order="C", shape=(places, groups, most * each, in_each))
    total = np.empty_like(y, dtype, order="C", shape=(most, *lengths, groups, in_each))
    by_group = total.transpose(total.ndim - 2, *range(total.ndim - 2), total.ndim - 1)
    for some in chunks:
        n = some.stop - some.start
        parts = np.matmul(_rows(y[some], groups), matrices, out=room[:, :, : n * each])
        parts = parts.reshape(places, groups, n, *counts, in_each)
        total[:n] = 0
        for where, part in zip(_places(counts, kernel, geometry), parts, strict=True):
            by_group[(slice(None), slice(n), *where)] += part
        yield some, total[:n].reshape(n, *lengths, groups * in_each)


@ag.primitive
def convolution_weight(x: Any, y: Any, geometry: Geometry, kernel: Lengths) -> Any:
    """The gradient of the weight from x and the gradient y of the result."""
    groups, in_channels, out_channels = geometry.groups, x.shape[1], y.shape[1]
    dtype = np.result_type(x, y)
    if groups == in_channels == out_channels:
        taps = np.zeros_like(x, dtype, order="C", shape=(math.prod(kernel), groups))
        padded = _padded(x, reaches(y.shape[2:], kernel, *geometry[::2]), geometry.padding)
        convolve_weight(padded, _channels_last(y), _places(y.shape[2:], kernel, geometry), taps)
        return taps.T.reshape(groups, 1, *kernel)
    shape = (groups, out_channels // groups, math.prod(kernel) * in_channels // groups)
    total = np.zeros_like(x, dtype, order="C", shape=shape)
    for some, columns in _columns(x, kernel, geometry, y.shape[2:]):
        total += _rows(y[some], groups).swapaxes(1, 2) @ columns
    return _channels_first(total.reshape(out_channels, *kernel, in_channels // groups))


def _columns(x: Any, kernel: Lengths, geometry: Geometry, counts: Lengths) -> Iterator[tuple[slice, Any]]:
    """For a part of the batch at a time, its windows: `(groups, rows, window)`."""
    groups, before = geometry.groups, geometry.padding
    last, lengths = _channels_last(x), reaches(counts, kernel, *geometry[::2])
    each, window = math.prod(counts), math.prod(kernel) * x.shape[1] // groups
    chunks = _chunks(x.shape[0], each * window * groups * x.dtype.itemsize)
    if not chunks:
        return
    most = chunks[0].stop
    as_it_is = not any(before) and lengths == x.shape[2:] and last.flags.c_contiguous
    padded = last if as_it_is else np.zeros_like(x, order="C", shape=(most, *lengths, x.shape[1]))
    to, source = _overlap(lengths, x.shape[2:], before)
    windows = _windows(padded, kernel, geometry)
    room = np.empty_like(x, order="C", shape=(groups, most, *windows.shape[2:]))
    for some in chunks:
        n = some.stop - some.start
        if as_it_is:
            part = windows[:, some]
        else:
            padded[(slice(n), *to)] = last[(some, *source)]
            part = windows[:, :n]
        if not part.flags.c_contiguous:  # which those of a kernel of one element are
            np.copyto(room[:, :n], part)
            part = room[:, :n]
        yield some, part.reshape(groups, n * each, window)


def _windows(padded: Any, kernel: Lengths, geometry: Geometry) -> Any:
    """A view of all windows, `(groups, batch, *counts, *kernel, in / groups)`."""
    axes, groups = len(kernel), geometry.groups
    padded = padded.reshape(*padded.shape[:-1], groups, padded.shape[-1] // groups)
    windows = sliding_window_view(padded, reaches((1,) * axes, kernel, *geometry[::2]), tuple(range(1, axes + 1)))
    step = tuple([slice(None, None, n) for n in (*geometry.stride, *geometry.dilation)])
    windows = windows[(slice(None), *step[:axes], slice(None), slice(None), *step[axes:])]
    return windows.transpose(axes + 1, *range(axes + 1), *range(axes + 3, 2 * axes + 3), axes + 2)


def _chunks(batch: int, each: int) -> list[slice]:
    """The batch in parts of about `_CACHE` bytes, if one sample has `each`."""
    step = max(1, _CACHE // max(each, 1))
    return [slice(start, min(start + step, batch)) for start in range(0, batch, step)]


def _padded(x: Any, lengths: Lengths, before: Lengths) -> Any:
    """`x` with its channels last and zeros around it, cut to `lengths`."""
    out = np.zeros_like(x, order="C", shape=(x.shape[0], *lengths, x.shape[1]))
    to, source = _overlap(lengths, x.shape[2:], before)
    out[(slice(None), *to)] = _channels_last(x)[(slice(None), *source)]
    return out


def _overlap(lengths: Lengths, given: Lengths, before: Lengths) -> tuple[list[slice], list[slice]]:
    """Where in padded `lengths` the elements lie that there are, and which of the `given` these are."""
    kept = [max(min(m, n - b), 0) for n, m, b in zip(lengths, given, before, strict=True)]
    return [slice(b, b + m) for b, m in zip(before, kept, strict=True)], [slice(m) for m in kept]


def _empty(like: Any, dtype: Any, shape: Lengths) -> Any:
    """An array whose channels are first in its shape and last in memory."""
    pattern = np.empty_like(like, dtype, order="C", shape=(2,) * len(shape))  # lengths that tell the axes apart
    return np.empty_like(_channels_first(pattern), order="K", shape=shape)


def _matrix(weight: Any, groups: int) -> Any:
    """The kernels as rows, `(groups, out / groups, window)`."""
    return _channels_last(weight).reshape(groups, weight.shape[0] // groups, math.prod(weight.shape[1:]))


def _rows(y: Any, groups: int) -> Any:
    """All places of y one below the other, `(groups, rows, out / groups)`."""
    rows = math.prod((y.shape[0], *y.shape[2:]))
    return _channels_last(y).reshape(rows, groups, y.shape[1] // groups).swapaxes(0, 1)


def _depthwise(weight: Any, geometry: Geometry) -> bool:
    """Whether each channel has one kernel."""
    return bool(weight.shape[1] == 1 and weight.shape[0] == geometry.groups)


def _taps(weight: Any) -> Any:
    """The kernels of a depthwise convolution, `(places, channels)`."""
    return np.copy(weight.reshape(weight.shape[0], -1).T, order="C")


def _places(counts: Lengths, kernel: Lengths, geometry: Geometry) -> list[tuple[slice, ...]]:
    return list(positions(counts, kernel, *geometry[::2]))


def _channels_last(x: Any) -> Any:
    return x.transpose(0, *range(2, x.ndim), 1)


def _channels_first(x: Any) -> Any:
    return x.transpose(0, x.ndim - 1, *range(1, x.ndim - 1))


def _bias_vjp(g: Any, out: Any, x: Any, weight: Any, bias: Any, geometry: Geometry, size: Lengths) -> Any:
    # the batch first: rows of one channel after the other are short, and NumPy would add up one row at a time
    return g.sum(axis=0).sum(axis=tuple(range(1, g.ndim - 1)))


ag.defvjp(
    convolution,
    lambda g, out, x, weight, bias, geometry, size: convolution_transpose(g, weight, None, geometry, x.shape[2:]),
    lambda g, out, x, weight, bias, geometry, size: convolution_weight(x, g, geometry, weight.shape[2:]),
    _bias_vjp,
)
ag.defvjp(
    convolution_transpose,
    lambda g, out, y, weight, bias, geometry, size: convolution(g, weight, None, geometry, y.shape[2:]),
    lambda g, out, y, weight, bias, geometry, size: convolution_weight(g, y, geometry, weight.shape[2:]),
    _bias_vjp,
)
ag.defvjp(
    convolution_weight,
    lambda g, out, x, y, geometry, kernel: convolution_transpose(y, g, None, geometry, x.shape[2:]),
    lambda g, out, x, y, geometry, kernel: convolution(x, g, None, geometry, y.shape[2:]),
)
