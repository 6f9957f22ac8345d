"""Images as matrices of their windows, and back."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

import autograd_lite as ag

from .windows import Lengths, batched, per_axis, positions, reaches


class _Geometry(NamedTuple):
    """Where windows lie; `padding` counts the zeros on either side."""

    stride: Lengths
    padding: Lengths
    dilation: Lengths


def unfold(
    input: Any,
    kernel_size: int | Sequence[int],
    dilation: int | Sequence[int] = 1,
    padding: int | Sequence[int] = 0,
    stride: int | Sequence[int] = 1,
) -> Any:
    """The windows of `conv2d` as columns, one beside the other ("im2col").

    Shapes: `(batch, channels, height, width)` or without batch -> `(batch, channels · kernel_height · kernel_width,
    windows)`.

    Args:
        input: the images.
        kernel_size, dilation, padding, stride: as of `conv2d`.

    Raises:
        ValueError: an argument is out of its range, or the kernel is larger than the input.

    Example:
        >>> import numpy as np, nn
        >>> nn.functional.unfold(np.arange(9.0).reshape(1, 3, 3), 2)
        array([[0., 1., 3., 4.],
               [1., 2., 4., 5.],
               [3., 4., 6., 7.],
               [4., 5., 7., 8.]])
    """
    input, had_batch = batched("unfold", input, 2)
    kernel, geometry, counts = _blocks(input.shape[2:], kernel_size, dilation, padding, stride)
    out = _unfold(input, kernel, geometry, counts)
    return out if had_batch else out[0]


def fold(
    input: Any,
    output_size: int | Sequence[int],
    kernel_size: int | Sequence[int],
    dilation: int | Sequence[int] = 1,
    padding: int | Sequence[int] = 0,
    stride: int | Sequence[int] = 1,
) -> Any:
    """The transpose of `unfold`: adds up columns at the places where `unfold` takes them from ("col2im").

    Shapes: `(batch, channels · kernel_height · kernel_width, windows)` or without batch -> `(batch, channels,
    *output_size)`.

    Args:
        input: the columns.
        output_size: height and width of the images.
        kernel_size, dilation, padding, stride: as of `conv2d`.

    Raises:
        ValueError: an argument is out of its range, or the columns are not as long or not as many as these arguments
            make them.

    Example:
        >>> import numpy as np, nn
        >>> nn.functional.fold(np.ones((4, 4)), (3, 3), 2)
        array([[[1., 2., 1.],
                [2., 4., 2.],
                [1., 2., 1.]]])
    """
    input, had_batch = batched("fold", input, 1)
    size = per_axis("output_size", output_size, 2, 1)
    kernel, geometry, counts = _blocks(size, kernel_size, dilation, padding, stride)
    if input.shape[1] % math.prod(kernel):
        raise ValueError(
            f"Expected size of input's dimension 1 to be divisible by the product of kernel_size, but got "
            f"input.size(1)={input.shape[1]} and kernel_size={kernel}."
        )
    if input.shape[2] != math.prod(counts):
        raise ValueError(
            f"Given output_size={size}, kernel_size={kernel}, dilation={geometry.dilation}, "
            f"padding={geometry.padding}, stride={geometry.stride}, expected size of input's dimension 2 to match the "
            f"calculated number of sliding blocks {' * '.join(map(str, counts))} = {math.prod(counts)}, but got "
            f"input.size(2)={input.shape[2]}."
        )
    out = _fold(input, kernel, geometry, counts, size)
    return out if had_batch else out[0]


def _blocks(
    lengths: Lengths, kernel_size: Any, dilation: Any, padding: Any, stride: Any
) -> tuple[Lengths, _Geometry, Lengths]:
    kernel, stride = per_axis("kernel_size", kernel_size, 2, 1), per_axis("stride", stride, 2, 1)
    before, dilation = per_axis("padding", padding, 2), per_axis("dilation", dilation, 2, 1)
    covered = reaches((1, 1), kernel, stride, dilation)
    sides = zip(lengths, before, covered, stride, strict=True)
    counts = tuple([(n + 2 * p - reach) // s + 1 for n, p, reach, s in sides])
    if min(counts) < 1:
        raise ValueError(
            f"Given input with spatial size {tuple(lengths)}, kernel_size={kernel}, dilation={dilation}, "
            f"padding={before}, calculated shape of the array of sliding blocks as {counts}, but its components must "
            "be at least one. Pass a larger padding or a smaller kernel."
        )
    return kernel, _Geometry(stride, before, dilation), counts


@ag.primitive
def _unfold(x: Any, kernel: Lengths, geometry: _Geometry, counts: Lengths) -> Any:
    stride, _, dilation = geometry
    padded = np.zeros_like(x, shape=(*x.shape[:2], *_lengths(x.shape[2:], kernel, geometry, counts)))
    padded[_inside(geometry, x.shape[2:])] = x
    out = np.empty_like(x, order="C", shape=(*x.shape[:2], math.prod(kernel), *counts))
    for k, where in enumerate(positions(counts, kernel, stride, dilation)):
        out[:, :, k] = padded[(slice(None), slice(None), *where)]
    return out.reshape(x.shape[0], x.shape[1] * math.prod(kernel), math.prod(counts))


@ag.primitive
def _fold(columns: Any, kernel: Lengths, geometry: _Geometry, counts: Lengths, size: Lengths) -> Any:
    stride, _, dilation = geometry
    channels = columns.shape[1] // math.prod(kernel)
    parts = columns.reshape(columns.shape[0], channels, math.prod(kernel), *counts)
    lengths = _lengths(size, kernel, geometry, counts)
    out = np.zeros_like(columns, order="C", shape=(columns.shape[0], channels, *lengths))
    for k, where in enumerate(positions(counts, kernel, stride, dilation)):
        out[(slice(None), slice(None), *where)] += parts[:, :, k]
    return out[_inside(geometry, size)]


def _lengths(size: Lengths, kernel: Lengths, geometry: _Geometry, counts: Lengths) -> list[int]:
    """Those of an image with its padding, as far as the windows reach or the image goes."""
    stride, before, dilation = geometry
    covered = reaches(counts, kernel, stride, dilation)
    return [max(n, p + m) for n, p, m in zip(covered, before, size, strict=True)]


def _inside(geometry: _Geometry, size: Lengths) -> tuple[slice, ...]:
    """Where the image lies in its padding."""
    return (slice(None), slice(None), *[slice(p, p + m) for p, m in zip(geometry.padding, size, strict=True)])


ag.defvjp(_unfold, lambda g, out, x, kernel, geometry, counts: _fold(g, kernel, geometry, counts, x.shape[2:]))
ag.defvjp(_fold, lambda g, out, columns, kernel, geometry, counts, size: _unfold(g, kernel, geometry, counts))
