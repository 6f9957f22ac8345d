"""Convolutional layers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np

from .. import functional as F
from .. import init
from ..dtype import get_default_dtype
from ..functional.convolution import both_sides
from ..functional.windows import per_axis
from ..module import Module
from ..parameter import Parameter

_PADDING_MODES = ("zeros", "reflect", "replicate", "circular")


class _Convolution(Module):
    """What the convolutions have in common."""

    axes: ClassVar[int]
    transposed: ClassVar[bool] = False

    weight: Parameter
    bias: Parameter | None

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int | Sequence[int],
        stride: int | Sequence[int],
        padding: int | Sequence[int] | str,
        output_padding: int | Sequence[int],
        dilation: int | Sequence[int],
        groups: int,
        bias: bool,
        padding_mode: str,
        dtype: Any,
    ) -> None:
        super().__init__()
        if groups <= 0:
            raise ValueError(f"groups must be a positive integer, got {groups}")
        if in_channels % groups:
            raise ValueError(f"in_channels must be divisible by groups, got {in_channels} and {groups}")
        if out_channels % groups:
            raise ValueError(f"out_channels must be divisible by groups, got {out_channels} and {groups}")
        if padding_mode not in _PADDING_MODES:
            raise ValueError(f"padding_mode must be one of {_PADDING_MODES}, but got padding_mode={padding_mode!r}")
        self.in_channels = in_channels
        self.out_channels = out_channels
        self.kernel_size = per_axis("kernel_size", kernel_size, self.axes, 1)
        self.stride = per_axis("stride", stride, self.axes, 1)
        self.dilation = per_axis("dilation", dilation, self.axes, 1)
        around = both_sides(padding, self.kernel_size, self.stride, self.dilation)
        self.padding: Any = padding if isinstance(padding, str) else per_axis("padding", padding, self.axes)
        self.output_padding = per_axis("output_padding", output_padding, self.axes)
        self.groups = groups
        self.padding_mode = padding_mode
        self._around = [n for pair in reversed(around) for n in pair]  # as `F.pad` takes it
        dtype = dtype or get_default_dtype()
        first, second = (in_channels, out_channels) if self.transposed else (out_channels, in_channels)
        self.weight = Parameter(np.empty((first, second // groups, *self.kernel_size), dtype))
        self.bias = Parameter(np.empty(out_channels, dtype)) if bias else None
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the weights anew."""
        fan_in = math.prod(self.weight.shape[1:])
        bound = 1 / math.sqrt(fan_in) if fan_in else 0.0
        init.uniform_(self.weight, -bound, bound)
        if self.bias is not None:
            init.uniform_(self.bias, -bound, bound)

    def _padded(self, input: Any) -> tuple[Any, Any]:
        """The input, and the padding that is left to the convolution."""
        if self.padding_mode == "zeros":
            return input, self.padding
        return F.pad(input, self._around, mode=self.padding_mode), 0

    def extra_repr(self) -> str:
        given = [f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}, stride={self.stride}"]
        zeros, ones = (0,) * self.axes, (1,) * self.axes
        for name, default in (("padding", zeros), ("dilation", ones), ("output_padding", zeros), ("groups", 1)):
            if getattr(self, name) != default:
                given.append(f"{name}={getattr(self, name)}")
        if self.bias is None:
            given.append("bias=False")
        if self.padding_mode != "zeros":
            given.append(f"padding_mode={self.padding_mode}")
        return ", ".join(given)

    def _label(self) -> str:
        kernel = " × ".join(map(str, self.kernel_size))
        return f"{type(self).__name__}({self.in_channels} → {self.out_channels}, {kernel})"


class Conv1d(_Convolution):
    """Kernels that slide over the last axis of the input; see `Conv2d`.

    Shapes: `(batch, in_channels, length)` -> `(batch, out_channels, length_out)`, or both without batch.

    Args:
        in_channels, out_channels, kernel_size, stride, padding, dilation, groups, bias, padding_mode, dtype: as of
            `Conv2d`, with one number where there are two.

    Attributes:
        weight: `(out_channels, in_channels / groups, kernel)`, at first from U(-k, k) as in `Conv2d`.
        bias: `(out_channels,)`, from the same distribution; None without.

    Example:
        >>> import numpy as np, nn
        >>> nn.Conv1d(4, 8, 3, padding="same")(np.ones((2, 4, 10), np.float32)).shape
        (2, 8, 10)
    """

    axes = 1

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int | Sequence[int],
        stride: int | Sequence[int] = 1,
        padding: int | Sequence[int] | str = 0,
        dilation: int | Sequence[int] = 1,
        groups: int = 1,
        bias: bool = True,
        padding_mode: str = "zeros",
        *,
        dtype: Any = None,
    ) -> None:
        super().__init__(
            in_channels, out_channels, kernel_size, stride, padding, 0, dilation, groups, bias, padding_mode, dtype
        )

    def forward(self, input: Any) -> Any:
        x, padding = self._padded(input)
        return F.conv1d(x, self.weight, self.bias, self.stride, padding, self.dilation, self.groups)


class Conv2d(_Convolution):
    """Kernels that slide over the last two axes of the input: `F.conv2d` with learned weights.

    Shapes: `(batch, in_channels, height, width)` -> `(batch, out_channels, height_out, width_out)`, or both without
    batch, with, along each axis, length_out = (length + 2 padding - dilation (kernel - 1) - 1) // stride + 1.

    Args:
        in_channels: of the input.
        out_channels: how many kernels there are.
        kernel_size: its height and width, or one number for both, as everywhere here.
        stride: how far the kernel moves at a time.
        padding: how many elements are put on both sides; `"same"` for as many as keep the lengths, `"valid"` for none.
        dilation: the distance between two elements under the kernel.
        groups: how many parts the channels are divided into; each output channel sees one.
        bias: whether there is one.
        padding_mode: what is put on the sides: `"zeros"`, `"reflect"`, `"replicate"` or `"circular"`, see `F.pad`.
        dtype: of the parameters, by default `nn.get_default_dtype()`.

    Attributes:
        weight: `(out_channels, in_channels / groups, height, width)`, at first from U(-k, k) with
            k = 1 / sqrt(in_channels / groups · height · width).
        bias: `(out_channels,)`, from the same distribution; None without.

    Raises:
        ValueError: an argument is out of its range, `groups` does not divide both numbers of channels, or `"same"` is
            combined with a stride; at a call, if the input has other channels or is smaller than the kernel.

    Example:
        >>> import numpy as np, nn
        >>> layer = nn.Conv2d(3, 16, 3, padding=1)
        >>> layer
        Conv2d(3, 16, kernel_size=(3, 3), stride=(1, 1), padding=(1, 1))
        >>> layer(np.ones((8, 3, 32, 32), np.float32)).shape
        (8, 16, 32, 32)
    """

    axes = 2

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int | Sequence[int],
        stride: int | Sequence[int] = 1,
        padding: int | Sequence[int] | str = 0,
        dilation: int | Sequence[int] = 1,
        groups: int = 1,
        bias: bool = True,
        padding_mode: str = "zeros",
        *,
        dtype: Any = None,
    ) -> None:
        super().__init__(
            in_channels, out_channels, kernel_size, stride, padding, 0, dilation, groups, bias, padding_mode, dtype
        )

    def forward(self, input: Any) -> Any:
        x, padding = self._padded(input)
        return F.conv2d(x, self.weight, self.bias, self.stride, padding, self.dilation, self.groups)


class _TransposedConvolution(_Convolution):
    """What the transposed convolutions have in common."""

    transposed = True

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int | Sequence[int],
        stride: int | Sequence[int] = 1,
        padding: int | Sequence[int] = 0,
        output_padding: int | Sequence[int] = 0,
        groups: int = 1,
        bias: bool = True,
        dilation: int | Sequence[int] = 1,
        padding_mode: str = "zeros",
        *,
        dtype: Any = None,
    ) -> None:
        if padding_mode != "zeros":
            raise ValueError(f'Only "zeros" padding mode is supported for {type(self).__name__}, got {padding_mode!r}')
        super().__init__(
            in_channels,
            out_channels,
            kernel_size,
            stride,
            per_axis("padding", padding, self.axes),
            output_padding,
            dilation,
            groups,
            bias,
            padding_mode,
            dtype,
        )

    def _output_padding(self, input: Any, output_size: Sequence[int] | None) -> tuple[int, ...]:
        """That which leads to `output_size`."""
        if output_size is None:
            return self.output_padding
        wanted, counts = tuple(output_size), input.shape[-self.axes :]
        if len(wanted) == input.ndim:
            wanted = wanted[-self.axes :]
        if len(wanted) != self.axes:
            raise ValueError(
                f"{type(self).__name__}: for {input.ndim}D input, output_size must have {self.axes} or {input.ndim} "
                f"elements (got {len(output_size)})"
            )
        sides = zip(counts, self.stride, self.padding, self.dilation, self.kernel_size, strict=True)
        least = [(n - 1) * s - 2 * p + d * (k - 1) + 1 for n, s, p, d, k in sides]
        most = [n + s - 1 for n, s in zip(least, self.stride, strict=True)]
        if any(not low <= n <= high for low, n, high in zip(least, wanted, most, strict=True)):
            raise ValueError(
                f"requested an output size of {list(wanted)}, but valid sizes range from {least} to {most} "
                f"(for an input of {list(counts)})"
            )
        return tuple([n - low for n, low in zip(wanted, least, strict=True)])


class ConvTranspose1d(_TransposedConvolution):
    """The transpose of `Conv1d`; see `ConvTranspose2d`.

    Shapes: `(batch, in_channels, length)` -> `(batch, out_channels, length_out)`, or both without batch.

    Args:
        in_channels, out_channels, kernel_size, stride, padding, output_padding, groups, bias, dilation, padding_mode,
            dtype: as of `ConvTranspose2d`, with one number where there are two.

    Attributes:
        weight: `(in_channels, out_channels / groups, kernel)`, at first from U(-k, k) as in `ConvTranspose2d`.
        bias: `(out_channels,)`, from the same distribution; None without.

    Example:
        >>> import numpy as np, nn
        >>> nn.ConvTranspose1d(4, 8, 3, stride=2)(np.ones((2, 4, 10), np.float32)).shape
        (2, 8, 21)
    """

    axes = 1

    def forward(self, input: Any, output_size: Sequence[int] | None = None) -> Any:
        more = self._output_padding(input, output_size)
        return F.conv_transpose1d(
            input, self.weight, self.bias, self.stride, self.padding, more, self.groups, self.dilation
        )


class ConvTranspose2d(_TransposedConvolution):
    """The transpose of `Conv2d`, which makes images larger: `F.conv_transpose2d` with learned weights.

    Shapes: `(batch, in_channels, height, width)` -> `(batch, out_channels, height_out, width_out)`, or both without
    batch, with, along each axis,
    length_out = (length - 1) stride - 2 padding + dilation (kernel - 1) + output_padding + 1.

    A call takes `output_size` beside the input: of the lengths that the stride leaves open, the one that is wanted.

    Args:
        in_channels: of the input.
        out_channels: of the output.
        kernel_size: its height and width, or one number for both, as everywhere here.
        stride: how far apart two elements of the input are in the output.
        padding: how much is cut off on both sides.
        output_padding: how much the output is longer at its end.
        groups: how many parts the channels are divided into; each input channel goes to one.
        bias: whether there is one.
        dilation: the distance between two elements of a kernel in the output.
        padding_mode: `"zeros"`, the only one.
        dtype: of the parameters, by default `nn.get_default_dtype()`.

    Attributes:
        weight: `(in_channels, out_channels / groups, height, width)`, at first from U(-k, k) with
            k = 1 / sqrt(out_channels / groups · height · width).
        bias: `(out_channels,)`, from the same distribution; None without.

    Raises:
        ValueError: an argument is out of its range, or `groups` does not divide both numbers of channels; at a call, if
            the input has other channels, nothing would be left, or `output_size` cannot be reached.

    Example:
        >>> import numpy as np, nn
        >>> layer = nn.ConvTranspose2d(16, 3, 3, stride=2, padding=1)
        >>> layer
        ConvTranspose2d(16, 3, kernel_size=(3, 3), stride=(2, 2), padding=(1, 1))
        >>> layer(np.ones((8, 16, 8, 8), np.float32), output_size=(16, 16)).shape
        (8, 3, 16, 16)
    """

    axes = 2

    def forward(self, input: Any, output_size: Sequence[int] | None = None) -> Any:
        more = self._output_padding(input, output_size)
        return F.conv_transpose2d(
            input, self.weight, self.bias, self.stride, self.padding, more, self.groups, self.dilation
        )
