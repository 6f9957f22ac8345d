"""Convolution and its transpose over one or two axes; what they compute with is in `correlation`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .correlation import Geometry, convolution, convolution_transpose
from .windows import Lengths, batched, per_axis, reaches, times


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
    geometry = Geometry(stride, tuple([before for before, _ in around]), dilation, groups)
    out = convolution(x, weight, bias, geometry, size)
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
    out = convolution_transpose(x, weight, bias, Geometry(stride, before, dilation, groups), size)
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
