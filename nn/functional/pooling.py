"""Pooling: the largest element, or the average, of every window of an image."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from .average_pooling import avg_pool, pool_avg
from .max_pooling import pool_max, raw
from .pooling_windows import Geometry, check_axes
from .resample import resample
from .windows import Lengths, per_axis

Size = int | None | Sequence[int | None]


def max_pool1d(
    input: Any,
    kernel_size: int | Sequence[int],
    stride: int | Sequence[int] | None = None,
    padding: int | Sequence[int] = 0,
    dilation: int | Sequence[int] = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    """The largest element of every window along the last axis; see `max_pool2d`.

    Shapes: `(batch, channels, length)` or without batch -> `(batch, channels, length_out)`.

    Example:
        >>> import numpy as np, nn
        >>> nn.functional.max_pool1d(np.array([[1.0, 3.0, 2.0, 0.0]]), 2)
        array([[3., 2.]])
    """
    return pool_max("max_pool1d", 1, input, kernel_size, stride, padding, dilation, ceil_mode, return_indices)


def max_pool2d(
    input: Any,
    kernel_size: int | Sequence[int],
    stride: int | Sequence[int] | None = None,
    padding: int | Sequence[int] = 0,
    dilation: int | Sequence[int] = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    """The largest element of every window over the last two axes.

    The gradient goes to the first of equal elements. A nan is larger than everything.

    Shapes: `(batch, channels, height, width)` or without batch -> `(batch, channels, height_out, width_out)` with,
    along each axis, length_out = (length + 2 padding - dilation (kernel - 1) - 1) // stride + 1.

    Args:
        input: the images.
        kernel_size: the lengths of a window.
        stride: how far the window moves at a time, by default its length.
        padding: how many elements -inf are put on both sides; at most half a window.
        dilation: the distance between two elements of a window.
        ceil_mode: round the division up: windows may reach over the end, but start before it.
        return_indices: return also which element it was, counted row by row in its image.

    Raises:
        ValueError: an argument is out of its range, or the window is larger than the input.

    Example:
        >>> import numpy as np, nn
        >>> nn.functional.max_pool2d(np.arange(16.0).reshape(1, 4, 4), 2)
        array([[[ 5.,  7.],
                [13., 15.]]])
    """
    return pool_max("max_pool2d", 2, input, kernel_size, stride, padding, dilation, ceil_mode, return_indices)


def avg_pool1d(
    input: Any,
    kernel_size: int | Sequence[int],
    stride: int | Sequence[int] | None = None,
    padding: int | Sequence[int] = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
) -> Any:
    """The average of every window along the last axis; see `avg_pool2d`.

    Shapes: `(batch, channels, length)` or without batch -> `(batch, channels, length_out)`.

    Example:
        >>> import numpy as np, nn
        >>> nn.functional.avg_pool1d(np.array([[1.0, 3.0, 2.0, 0.0]]), 2)
        array([[2., 1.]])
    """
    return pool_avg("avg_pool1d", 1, input, kernel_size, stride, padding, ceil_mode, count_include_pad, None)


def avg_pool2d(
    input: Any,
    kernel_size: int | Sequence[int],
    stride: int | Sequence[int] | None = None,
    padding: int | Sequence[int] = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Any:
    """The average of every window over the last two axes.

    Shapes: `(batch, channels, height, width)` or without batch -> `(batch, channels, height_out, width_out)`, with the
    lengths of `max_pool2d`.

    Args:
        input: the images.
        kernel_size: the lengths of a window.
        stride: how far the window moves at a time, by default its length.
        padding: how many zeros are put on both sides; at most half a window.
        ceil_mode: round the division up: windows may reach over the end, but start before it.
        count_include_pad: whether the zeros count as elements.
        divisor_override: what sums are divided by, instead of the number of elements.

    Raises:
        ValueError: an argument is out of its range, or the window is larger than the input.

    Example:
        >>> import numpy as np, nn
        >>> nn.functional.avg_pool2d(np.arange(16.0).reshape(1, 4, 4), 2)
        array([[[ 2.5,  4.5],
                [10.5, 12.5]]])
    """
    return pool_avg(
        "avg_pool2d", 2, input, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override
    )


def adaptive_avg_pool1d(input: Any, output_size: Size) -> Any:
    """The averages of `output_size` windows that cover the last axis; see `adaptive_avg_pool2d`.

    Example:
        >>> import numpy as np, nn
        >>> nn.functional.adaptive_avg_pool1d(np.array([[1.0, 3.0, 2.0]]), 2)
        array([[2. , 2.5]])
    """
    return _adaptive_avg_pool("adaptive_avg_pool1d", 1, input, output_size)


def adaptive_avg_pool2d(input: Any, output_size: Size) -> Any:
    """The averages of windows that cover the last two axes, as many as are wanted whatever the size of the image.

    Window i of n reaches from floor(i · length / n) to ceil((i + 1) · length / n).

    Shapes: `(batch, channels, height, width)` or without batch -> `(batch, channels, *output_size)`.

    Args:
        input: the images.
        output_size: how many windows along both axes; None for as many as there are elements.

    Raises:
        ValueError: an axis is empty, or a number is negative.

    Example:
        >>> import numpy as np, nn
        >>> nn.functional.adaptive_avg_pool2d(np.arange(6.0).reshape(1, 2, 3), (1, None))
        array([[[1.5, 2.5, 3.5]]])
    """
    return _adaptive_avg_pool("adaptive_avg_pool2d", 2, input, output_size)


def adaptive_max_pool1d(input: Any, output_size: Size, return_indices: bool = False) -> Any:
    """The largest elements of `output_size` windows that cover the last axis; see `adaptive_max_pool2d`.

    Example:
        >>> import numpy as np, nn
        >>> nn.functional.adaptive_max_pool1d(np.array([[1.0, 3.0, 2.0]]), 2)
        array([[3., 3.]])
    """
    return _adaptive_max_pool("adaptive_max_pool1d", 1, input, output_size, return_indices)


def adaptive_max_pool2d(input: Any, output_size: Size, return_indices: bool = False) -> Any:
    """The largest elements of windows that cover the last two axes; the windows are those of `adaptive_avg_pool2d`.

    Shapes: `(batch, channels, height, width)` or without batch -> `(batch, channels, *output_size)`.

    Args:
        input: the images.
        output_size: how many windows along both axes; None for as many as there are elements.
        return_indices: return also which element it was, counted row by row in its image.

    Raises:
        ValueError: an axis is empty, or a number is negative.

    Example:
        >>> import numpy as np, nn
        >>> nn.functional.adaptive_max_pool2d(np.arange(6.0).reshape(1, 2, 3), 1)
        array([[[5.]]])
    """
    return _adaptive_max_pool("adaptive_max_pool2d", 2, input, output_size, return_indices)


def _adaptive_counts(name: str, axes: int, x: Any, output_size: Size) -> Lengths:
    check_axes(name, axes, x)
    wanted = list(output_size) if isinstance(output_size, Sequence) else [output_size] * axes
    if len(wanted) == 1:
        wanted *= axes
    if len(wanted) != axes:
        raise ValueError(f"{name}: output_size must be a single integer or {axes} of them, got {output_size!r}.")
    lengths = x.shape[-axes:]
    counts = per_axis("output_size", [m if n is None else n for n, m in zip(wanted, lengths, strict=True)], axes)
    if 0 in lengths:
        raise ValueError(f"{name}: Expected input to have non-zero size for non-batch dimensions, got {list(x.shape)}.")
    return counts


def _bounds(length: int, count: int) -> tuple[Any, Any]:
    """Where the adaptive windows start and stop."""
    i = np.arange(count)
    return i * length // max(count, 1), -(-(i + 1) * length // max(count, 1))


def _adaptive_avg_pool(name: str, axes: int, x: Any, output_size: Size) -> Any:
    counts, lengths = _adaptive_counts(name, axes, x, output_size), x.shape[-axes:]
    if all(n == 1 for n in counts):
        return np.mean(x, axis=tuple(range(-axes, 0)), keepdims=True)
    if all(n and m % n == 0 for n, m in zip(counts, lengths, strict=True)):
        kernel = tuple([m // n for n, m in zip(counts, lengths, strict=True)])
        return avg_pool(x, Geometry(kernel, kernel, (0,) * axes, (1,) * axes, counts), math.prod(kernel))
    matrices = []
    for n, m in zip(counts, lengths, strict=True):
        start, stop = _bounds(m, n)
        inside = (np.arange(m) >= start[:, None]) & (np.arange(m) < stop[:, None])
        matrices.append((inside / (stop - start)[:, None]).astype(x.dtype))
    return resample(x, matrices)


def _adaptive_max_pool(name: str, axes: int, x: Any, output_size: Size, return_indices: bool) -> Any:
    counts, lengths = _adaptive_counts(name, axes, x, output_size), x.shape[-axes:]
    where: Any = np.zeros((), np.int64)
    for axis, (n, m) in enumerate(zip(counts, lengths, strict=True)):
        start, stop = _bounds(m, n)
        widest = (stop - start).max(initial=0)
        # a window that is shorter than others repeats its last element, which changes nothing
        element = np.minimum(start[:, None] + np.arange(widest), stop[:, None] - 1)
        element = element.reshape([n if i == axis else widest if i == axis + axes else 1 for i in range(2 * axes)])
        where = where * m + element  # (*counts, *widest), elements counted row by row
    where = np.asarray(where.reshape(math.prod(counts), -1), like=raw(x))
    flat = np.reshape(x, (*x.shape[:-axes], math.prod(lengths)))
    if where.size == 0:
        indices = np.zeros_like(where, shape=(*flat.shape[:-1], len(where)))
    else:
        chosen = np.argmax(raw(flat)[..., where], axis=-1)
        indices = where[np.arange(len(where)), chosen]
    out = np.reshape(np.take_along_axis(flat, indices, -1), (*x.shape[:-axes], *counts))
    return (out, indices.reshape(out.shape)) if return_indices else out
