"""Pooling layers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .. import functional as F
from ..functional.pooling import Size
from ..functional.windows import per_axis
from ..module import Module


class _MaxPool(Module):
    """What the max pools have in common."""

    def __init__(
        self,
        kernel_size: int | Sequence[int],
        stride: int | Sequence[int] | None = None,
        padding: int | Sequence[int] = 0,
        dilation: int | Sequence[int] = 1,
        return_indices: bool = False,
        ceil_mode: bool = False,
    ) -> None:
        super().__init__()
        self.kernel_size = kernel_size
        self.stride = kernel_size if stride is None else stride
        self.padding = padding
        self.dilation = dilation
        self.return_indices = return_indices
        self.ceil_mode = ceil_mode

    def extra_repr(self) -> str:
        names = ("kernel_size", "stride", "padding", "dilation", "ceil_mode")
        return ", ".join([f"{name}={getattr(self, name)}" for name in names])

    def _label(self) -> str:
        return f"{type(self).__name__}({_lengths(self.kernel_size)})"


class MaxPool1d(_MaxPool):
    """The largest element of every window along the last axis: `F.max_pool1d`.

    Shapes: `(batch, channels, length)` or without batch -> `(batch, channels, length_out)`.

    Args:
        kernel_size, stride, padding, dilation, return_indices, ceil_mode: as of `MaxPool2d`, one number each.

    Example:
        >>> import numpy as np, nn
        >>> nn.MaxPool1d(2)(np.array([[1.0, 3.0, 2.0, 0.0]]))
        array([[3., 2.]])
    """

    def forward(self, input: Any) -> Any:
        return F.max_pool1d(
            input, self.kernel_size, self.stride, self.padding, self.dilation, self.ceil_mode, self.return_indices
        )


class MaxPool2d(_MaxPool):
    """The largest element of every window over the last two axes: `F.max_pool2d`.

    Shapes: `(batch, channels, height, width)` or without batch -> `(batch, channels, height_out, width_out)`.

    Args:
        kernel_size: the lengths of a window, or one number for both, as everywhere here.
        stride: how far the window moves at a time, by default its length.
        padding: how many elements -inf are put on both sides; at most half a window.
        dilation: the distance between two elements of a window.
        return_indices: return also which element it was, counted row by row in its image.
        ceil_mode: let windows reach over the end.

    Raises:
        ValueError: at a call, an argument is out of its range, or the window is larger than the input.

    Example:
        >>> import numpy as np, nn
        >>> nn.MaxPool2d(2)
        MaxPool2d(kernel_size=2, stride=2, padding=0, dilation=1, ceil_mode=False)
        >>> nn.MaxPool2d(2)(np.ones((8, 3, 32, 32), np.float32)).shape
        (8, 3, 16, 16)
    """

    def forward(self, input: Any) -> Any:
        return F.max_pool2d(
            input, self.kernel_size, self.stride, self.padding, self.dilation, self.ceil_mode, self.return_indices
        )


class AvgPool1d(Module):
    """The average of every window along the last axis: `F.avg_pool1d`.

    Shapes: `(batch, channels, length)` or without batch -> `(batch, channels, length_out)`.

    Args:
        kernel_size: the length of a window.
        stride: how far the window moves at a time, by default its length.
        padding: how many zeros are put on both sides; at most half a window.
        ceil_mode: let windows reach over the end.
        count_include_pad: whether the zeros count as elements.

    Raises:
        ValueError: an argument is out of its range; at a call, the window is larger than the input.

    Example:
        >>> import numpy as np, nn
        >>> nn.AvgPool1d(2)(np.array([[1.0, 3.0, 2.0, 0.0]]))
        array([[2., 1.]])
    """

    def __init__(
        self,
        kernel_size: int | Sequence[int],
        stride: int | Sequence[int] | None = None,
        padding: int | Sequence[int] = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
    ) -> None:
        super().__init__()
        self.kernel_size = per_axis("kernel_size", kernel_size, 1, 1)
        self.stride = self.kernel_size if stride is None else per_axis("stride", stride, 1, 1)
        self.padding = per_axis("padding", padding, 1)
        self.ceil_mode = ceil_mode
        self.count_include_pad = count_include_pad

    def forward(self, input: Any) -> Any:
        return F.avg_pool1d(input, self.kernel_size, self.stride, self.padding, self.ceil_mode, self.count_include_pad)

    def extra_repr(self) -> str:
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"

    def _label(self) -> str:
        return f"AvgPool1d({_lengths(self.kernel_size)})"


class AvgPool2d(Module):
    """The average of every window over the last two axes: `F.avg_pool2d`.

    Shapes: `(batch, channels, height, width)` or without batch -> `(batch, channels, height_out, width_out)`.

    Args:
        kernel_size: the lengths of a window, or one number for both, as everywhere here.
        stride: how far the window moves at a time, by default its length.
        padding: how many zeros are put on both sides; at most half a window.
        ceil_mode: let windows reach over the end.
        count_include_pad: whether the zeros count as elements.
        divisor_override: what sums are divided by, instead of the number of elements.

    Raises:
        ValueError: at a call, an argument is out of its range, or the window is larger than the input.

    Example:
        >>> import numpy as np, nn
        >>> nn.AvgPool2d(2)
        AvgPool2d(kernel_size=2, stride=2, padding=0)
        >>> nn.AvgPool2d(2)(np.ones((8, 3, 32, 32), np.float32)).shape
        (8, 3, 16, 16)
    """

    def __init__(
        self,
        kernel_size: int | Sequence[int],
        stride: int | Sequence[int] | None = None,
        padding: int | Sequence[int] = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
        divisor_override: int | None = None,
    ) -> None:
        super().__init__()
        self.kernel_size = kernel_size
        self.stride = kernel_size if stride is None else stride
        self.padding = padding
        self.ceil_mode = ceil_mode
        self.count_include_pad = count_include_pad
        self.divisor_override = divisor_override

    def forward(self, input: Any) -> Any:
        return F.avg_pool2d(
            input,
            self.kernel_size,
            self.stride,
            self.padding,
            self.ceil_mode,
            self.count_include_pad,
            self.divisor_override,
        )

    def extra_repr(self) -> str:
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"

    def _label(self) -> str:
        return f"AvgPool2d({_lengths(self.kernel_size)})"


class _AdaptiveAvgPool(Module):
    """What the adaptive averages have in common."""

    def __init__(self, output_size: Size) -> None:
        super().__init__()
        self.output_size = output_size

    def extra_repr(self) -> str:
        return f"output_size={self.output_size}"

    def _label(self) -> str:
        return f"{type(self).__name__}({_lengths(self.output_size)})"


class AdaptiveAvgPool1d(_AdaptiveAvgPool):
    """The averages of `output_size` windows that cover the last axis: `F.adaptive_avg_pool1d`.

    Shapes: `(batch, channels, length)` or without batch -> `(batch, channels, output_size)`.

    Args:
        output_size: how many.

    Example:
        >>> import numpy as np, nn
        >>> nn.AdaptiveAvgPool1d(2)(np.array([[1.0, 3.0, 2.0]]))
        array([[2. , 2.5]])
    """

    def forward(self, input: Any) -> Any:
        return F.adaptive_avg_pool1d(input, self.output_size)


class AdaptiveAvgPool2d(_AdaptiveAvgPool):
    """The averages of windows that cover the last two axes, as many as are wanted: `F.adaptive_avg_pool2d`.

    Shapes: `(batch, channels, height, width)` or without batch -> `(batch, channels, *output_size)`.

    Args:
        output_size: how many windows along both axes, or one number for both; None for as many as there are elements.

    Raises:
        ValueError: at a call, an axis is empty, or a number is negative.

    Example:
        >>> import numpy as np, nn
        >>> nn.AdaptiveAvgPool2d((1, None))(np.ones((8, 3, 5, 7), np.float32)).shape
        (8, 3, 1, 7)
    """

    def forward(self, input: Any) -> Any:
        return F.adaptive_avg_pool2d(input, self.output_size)


class _AdaptiveMaxPool(_AdaptiveAvgPool):
    """What the adaptive maxima have in common."""

    def __init__(self, output_size: Size, return_indices: bool = False) -> None:
        super().__init__(output_size)
        self.return_indices = return_indices


class AdaptiveMaxPool1d(_AdaptiveMaxPool):
    """The largest elements of `output_size` windows that cover the last axis: `F.adaptive_max_pool1d`.

    Shapes: `(batch, channels, length)` or without batch -> `(batch, channels, output_size)`.

    Args:
        output_size: how many.
        return_indices: return also which element it was.

    Example:
        >>> import numpy as np, nn
        >>> nn.AdaptiveMaxPool1d(2)(np.array([[1.0, 3.0, 2.0]]))
        array([[3., 3.]])
    """

    def forward(self, input: Any) -> Any:
        return F.adaptive_max_pool1d(input, self.output_size, self.return_indices)


class AdaptiveMaxPool2d(_AdaptiveMaxPool):
    """The largest elements of windows that cover the last two axes: `F.adaptive_max_pool2d`.

    Shapes: `(batch, channels, height, width)` or without batch -> `(batch, channels, *output_size)`.

    Args:
        output_size: how many windows along both axes, or one number for both; None for as many as there are elements.
        return_indices: return also which element it was, counted row by row in its image.

    Raises:
        ValueError: at a call, an axis is empty, or a number is negative.

    Example:
        >>> import numpy as np, nn
        >>> nn.AdaptiveMaxPool2d(1)(np.ones((8, 3, 5, 7), np.float32)).shape
        (8, 3, 1, 1)
    """

    def forward(self, input: Any) -> Any:
        return F.adaptive_max_pool2d(input, self.output_size, self.return_indices)


def _lengths(given: Any) -> str:
    return " × ".join(map(str, given)) if isinstance(given, Sequence) else str(given)
