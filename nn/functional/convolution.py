"""Convolution and its transpose over one or two axes, and the columns of an image.

A convolution is bilinear, and so are the gradients to its two arguments. Each of the three is a primitive, and the
other two are its derivatives, which gives those of every order.

Inside, channels come last: then a window is a few long runs of memory, all windows are the rows of one matrix, and
one product of matrices does the work. The results are views with the channels moved to where PyTorch has them.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

import autograd_lite as ag

from .depthwise import convolve, convolve_transpose, convolve_weight
from .windows import Lengths, batched, per_axis, positions, reaches, times

_CACHE = 1 << 22  # bytes of windows copied at a time: what the processor still holds when the product reads them


def conv1d(
    input: Any,
    weight: Any,
    bias: Any = None,
    stride: int | Sequence[int] = 1,
    padding: int | Sequence[int] | str = 0,
    dilation: int | Sequence[int] = 1,
    groups: int = 1,
) -> Any:
    """Slide the kernels `weight` over the last axis of the input; see `conv2d`.

    Shapes: `(batch, in_channels, length)` or without batch, `(out_channels, in_channels / groups, kernel)`,
    `(out_channels,)` -> `(batch, out_channels, length_out)`.

    Example:
        >>> import numpy as np, nn
        >>> nn.functional.conv1d(np.array([[1.0, 2.0, 4.0, 8.0]]), np.array([[[-1.0, 1.0]]]))
        array([[1., 2., 4.]])
    """
    return _convolve("conv1d", 1, input, weight, bias, stride, padding, dilation, groups)


def conv2d(
    input: Any,
    weight: Any,
    bias: Any = None,
    stride: int | Sequence[int] = 1,
    padding: int | Sequence[int] | str = 0,
    dilation: int | Sequence[int] = 1,
    groups: int = 1,
) -> Any:
    """Slide the kernels `weight` over the last two axes of the input.

    y[n, o, p] = bias[o] + Σ_c Σ_k weight[o, c, k] · x[n, c, p · stride + k · dilation - padding], with zeros around x.
    Strictly a cross-correlation: the kernel is not flipped. LeCun et al., Backpropagation applied to handwritten zip
    code recognition, 1989; arithmetic of the shapes in Dumoulin & Visin 2016.

    Shapes: `(batch, in_channels, height, width)` or without batch, `(out_channels, in_channels / groups, kernel_height,
    kernel_width)`, `(out_channels,)` -> `(batch, out_channels, height_out, width_out)` with, along each axis,
    length_out = (length + 2 padding - dilation (kernel - 1) - 1) // stride + 1.

    Args:
        input: the images.
        weight: the kernels.
        bias: a summand for each output channel, or None for 0.
        stride: how far the window moves at a time.
        padding: how many zeros are put on both sides; `"same"` for as many as keep the lengths, `"valid"` for none.
        dilation: the distance between two elements of a window.
        groups: how many parts the channels are divided into; each output channel sees one. As many as there are
            channels make a depthwise convolution.

    Raises:
        ValueError: channels, groups or lengths do not fit, the kernel is larger than the input, or `"same"` is combined
            with a stride.

    Example:
        >>> import numpy as np, nn
        >>> nn.functional.conv2d(np.ones((1, 3, 3)), np.ones((1, 1, 3, 3)), padding=1)
        array([[[4., 6., 4.],
                [6., 9., 6.],
                [4., 6., 4.]]])
    """
    return _convolve("conv2d", 2, input, weight, bias, stride, padding, dilation, groups)


def conv_transpose1d(
    input: Any,
    weight: Any,
    bias: Any = None,
    stride: int | Sequence[int] = 1,
    padding: int | Sequence[int] = 0,
    output_padding: int | Sequence[int] = 0,
    groups: int = 1,
    dilation: int | Sequence[int] = 1,
) -> Any:
    """The transpose of `conv1d`; see `conv_transpose2d`.

    Shapes: `(batch, in_channels, length)` or without batch, `(in_channels, out_channels / groups, kernel)`,
    `(out_channels,)` -> `(batch, out_channels, length_out)`.

    Example:
        >>> import numpy as np, nn
        >>> nn.functional.conv_transpose1d(np.array([[1.0, 2.0]]), np.array([[[1.0, 1.0, 1.0]]]), stride=2)
        array([[1., 1., 3., 2., 2.]])
    """
    return _convolve_transposed(
        "conv_transpose1d", 1, input, weight, bias, stride, padding, output_padding, groups, dilation
    )


def conv_transpose2d(
    input: Any,
    weight: Any,
    bias: Any = None,
    stride: int | Sequence[int] = 1,
    padding: int | Sequence[int] = 0,
    output_padding: int | Sequence[int] = 0,
    groups: int = 1,
    dilation: int | Sequence[int] = 1,
) -> Any:
    """The transpose of `conv2d`: each element of the input adds a kernel to the output, `stride` apart.

    What `conv2d` with the same arguments does to gradients (Zeiler et al., Deconvolutional networks, 2010).

    Shapes: `(batch, in_channels, height, width)` or without batch, `(in_channels, out_channels / groups, kernel_height,
    kernel_width)`, `(out_channels,)` -> `(batch, out_channels, height_out, width_out)` with, along each axis,
    length_out = (length - 1) stride - 2 padding + dilation (kernel - 1) + output_padding + 1.

    Args:
        input: the images.
        weight: the kernels.
        bias: a summand for each output channel, or None for 0.
        stride: how far apart two elements of the input are in the output.
        padding: how much is cut off on both sides.
        output_padding: how much the output is longer at its end: of the lengths that `conv2d` with a stride makes
            equal, which one. Less than `stride` or `dilation`.
        groups: as of `conv2d`.
        dilation: as of `conv2d`.

    Raises:
        ValueError: channels, groups or lengths do not fit, or nothing would be left.

    Example:
        >>> import numpy as np, nn
        >>> nn.functional.conv_transpose2d(np.ones((1, 2, 2)), np.ones((1, 1, 2, 2)))
        array([[[1., 2., 1.],
                [2., 4., 2.],
                [1., 2., 1.]]])
    """
    return _convolve_transposed(
        "conv_transpose2d", 2, input, weight, bias, stride, padding, output_padding, groups, dilation
    )


class _Geometry(NamedTuple):
    """Where windows lie; `padding` counts the zeros before the first element."""

    stride: Lengths
    padding: Lengths
    dilation: Lengths
    groups: int


def _convolve(
    name: str, axes: int, x: Any, weight: Any, bias: Any, stride: Any, padding: Any, dilation: Any, groups: int
) -> Any:
    _check_weight(axes, weight, bias, weight.shape[0], groups)
    x, had_batch = batched(name, x, axes)
    if x.shape[1] != weight.shape[1] * groups:
        raise ValueError(
            f"Given groups={groups}, weight of size {list(weight.shape)}, expected input{list(x.shape)} to have "
            f"{weight.shape[1] * groups} channels, but got {x.shape[1]} channels instead"
        )
    if weight.shape[0] % groups:
        raise ValueError(
            f"Given groups={groups}, expected weight to be divisible by {groups} at dimension 0, "
            f"but got weight of size {list(weight.shape)} instead"
        )
    kernel = weight.shape[2:]
    stride, dilation = per_axis("stride", stride, axes, 1), per_axis("dilation", dilation, axes, 1)
    around = both_sides(padding, kernel, stride, dilation)
    padded = [n + before + after for n, (before, after) in zip(x.shape[2:], around, strict=True)]
    covered = reaches((1,) * axes, kernel, stride, dilation)
    if any(n < reach for n, reach in zip(padded, covered, strict=True)):
        raise ValueError(
            f"Calculated padded input size per channel: {times(padded)}. Kernel size: {times(covered)}. Kernel size "
            f"can't be greater than actual input size. Pass a larger padding, a smaller kernel or a larger input."
        )
    size = tuple([(n - reach) // s + 1 for n, reach, s in zip(padded, covered, stride, strict=True)])
    geometry = _Geometry(stride, tuple([before for before, _ in around]), dilation, groups)
    out = _convolution(x, weight, bias, geometry, size)
    return out if had_batch else out[0]


def both_sides(
    padding: int | Sequence[int] | str, kernel: Lengths, stride: Lengths, dilation: Lengths
) -> list[tuple[int, int]]:
    """How many elements `padding` means before and after each axis.

    Raises:
        ValueError: it is an unknown word, or `"same"` is combined with a stride.
    """
    if not isinstance(padding, str):
        return [(n, n) for n in per_axis("padding", padding, len(kernel))]
    if padding not in ("same", "valid"):
        raise ValueError(f"Invalid padding string {padding!r}, should be one of 'same', 'valid', or an integer.")
    if padding == "valid":
        return [(0, 0)] * len(kernel)
    if any(s != 1 for s in stride):
        raise ValueError(
            f"padding='same' is not supported for strided convolutions, got stride={stride}. Pass a number as padding."
        )
    missing = [d * (k - 1) for k, d in zip(kernel, dilation, strict=True)]
    return [(n // 2, n - n // 2) for n in missing]


def _convolve_transposed(
    name: str,
    axes: int,
    x: Any,
    weight: Any,
    bias: Any,
    stride: Any,
    padding: Any,
    output_padding: Any,
    groups: int,
    dilation: Any,
) -> Any:
    _check_weight(axes, weight, bias, weight.shape[1] * groups, groups)
    x, had_batch = batched(name, x, axes)
    if x.shape[1] != weight.shape[0] or x.shape[1] % groups:
        raise ValueError(
            f"Given transposed=1, groups={groups}, weight of size {list(weight.shape)}, expected input{list(x.shape)} "
            f"to have {weight.shape[0]} channels, divisible by groups, but got {x.shape[1]} channels instead"
        )
    kernel, counts = weight.shape[2:], x.shape[2:]
    stride, dilation = per_axis("stride", stride, axes, 1), per_axis("dilation", dilation, axes, 1)
    before, after = per_axis("padding", padding, axes), per_axis("output_padding", output_padding, axes)
    if any(more >= max(s, d) for more, s, d in zip(after, stride, dilation, strict=True)):
        raise ValueError(
            "output padding must be smaller than either stride or dilation, "
            f"but got output_padding={after}, stride={stride}, dilation={dilation}"
        )
    covered = reaches(counts, kernel, stride, dilation)
    size = tuple([n - 2 * cut + more for n, cut, more in zip(covered, before, after, strict=True)])
    if 0 in counts or min(size) <= 0:
        raise ValueError(
            f"Given input size per channel: {times(counts)}. Calculated output size per channel: {times(size)}. "
            "Output size is too small: pass a smaller padding or a larger input."
        )
    out = _convolution_transpose(x, weight, bias, _Geometry(stride, before, dilation, groups), size)
    return out if had_batch else out[0]


def _check_weight(axes: int, weight: Any, bias: Any, out_channels: int, groups: int) -> None:
    if weight.ndim != axes + 2:
        raise ValueError(
            f"the weight must have {axes + 2} axes, two for channels and the kernel's, got {weight.shape}."
        )
    if groups < 1:
        raise ValueError(f"groups must be a positive integer, got {groups}")
    if 0 in weight.shape[2:]:
        raise ValueError(f"kernel size should be greater than zero, got {times(weight.shape[2:])}")
    if bias is not None and bias.shape != (out_channels,):
        raise ValueError(
            f"Given weight of size {list(weight.shape)}, expected bias to be 1-dimensional with {out_channels} "
            f"elements, but got bias of size {list(bias.shape)} instead"
        )


# In the three bilinear operations x is (batch, in, *lengths), the weight (out, in / groups, *kernel), and
# y (batch, out, *counts).


@ag.primitive
def _convolution(x: Any, weight: Any, bias: Any, geometry: _Geometry, size: Lengths) -> Any:
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
def _convolution_transpose(y: Any, weight: Any, bias: Any, geometry: _Geometry, size: Lengths) -> Any:
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
    y: Any, weight: Any, geometry: _Geometry, lengths: Lengths, dtype: Any
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
def _convolution_weight(x: Any, y: Any, geometry: _Geometry, kernel: Lengths) -> Any:
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


def _columns(x: Any, kernel: Lengths, geometry: _Geometry, counts: Lengths) -> Iterator[tuple[slice, Any]]:
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


def _windows(padded: Any, kernel: Lengths, geometry: _Geometry) -> Any:
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


def _depthwise(weight: Any, geometry: _Geometry) -> bool:
    """Whether each channel has one kernel."""
    return bool(weight.shape[1] == 1 and weight.shape[0] == geometry.groups)


def _taps(weight: Any) -> Any:
    """The kernels of a depthwise convolution, `(places, channels)`."""
    return np.copy(weight.reshape(weight.shape[0], -1).T, order="C")


def _places(counts: Lengths, kernel: Lengths, geometry: _Geometry) -> list[tuple[slice, ...]]:
    return list(positions(counts, kernel, *geometry[::2]))


def _channels_last(x: Any) -> Any:
    return x.transpose(0, *range(2, x.ndim), 1)


def _channels_first(x: Any) -> Any:
    return x.transpose(0, x.ndim - 1, *range(1, x.ndim - 1))


def _bias_vjp(g: Any, out: Any, x: Any, weight: Any, bias: Any, geometry: _Geometry, size: Lengths) -> Any:
    return g.sum(axis=(0, *range(2, g.ndim)))


ag.defvjp(
    _convolution,
    lambda g, out, x, weight, bias, geometry, size: _convolution_transpose(g, weight, None, geometry, x.shape[2:]),
    lambda g, out, x, weight, bias, geometry, size: _convolution_weight(x, g, geometry, weight.shape[2:]),
    _bias_vjp,
)
ag.defvjp(
    _convolution_transpose,
    lambda g, out, y, weight, bias, geometry, size: _convolution(g, weight, None, geometry, y.shape[2:]),
    lambda g, out, y, weight, bias, geometry, size: _convolution_weight(g, y, geometry, weight.shape[2:]),
    _bias_vjp,
)
ag.defvjp(
    _convolution_weight,
    lambda g, out, x, y, geometry, kernel: _convolution_transpose(y, g, None, geometry, x.shape[2:]),
    lambda g, out, x, y, geometry, kernel: _convolution(x, g, None, geometry, y.shape[2:]),
)
