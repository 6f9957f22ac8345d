"""Images as matrices of their windows, and back, as layers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .. import functional as F
from ..module import Module


class Unfold(Module):
    """The windows of an image as columns: `F.unfold`.

    Shapes: `(batch, channels, height, width)` or without batch -> `(batch, channels · kernel_height · kernel_width,
    windows)`.

    Args:
        kernel_size: the lengths of a window, or one number for both, as everywhere here.
        dilation: the distance between two elements of a window.
        padding: how many zeros are put on both sides.
        stride: how far the window moves at a time.

    Raises:
        ValueError: at a call, an argument is out of its range, or the window is larger than the input.

    Example:
        >>> import numpy as np, nn
        >>> nn.Unfold(3)(np.ones((8, 2, 5, 5))).shape
        (8, 18, 9)
    """

    def __init__(
        self,
        kernel_size: int | Sequence[int],
        dilation: int | Sequence[int] = 1,
        padding: int | Sequence[int] = 0,
        stride: int | Sequence[int] = 1,
    ) -> None:
        super().__init__()
        self.kernel_size = kernel_size
        self.dilation = dilation
        self.padding = padding
        self.stride = stride

    def forward(self, input: Any) -> Any:
        return F.unfold(input, self.kernel_size, self.dilation, self.padding, self.stride)

    def extra_repr(self) -> str:
        return f"kernel_size={self.kernel_size}, dilation={self.dilation}, padding={self.padding}, stride={self.stride}"


class Fold(Module):
    """Columns added up at the places where `Unfold` takes them from: `F.fold`.

    Shapes: `(batch, channels · kernel_height · kernel_width, windows)` or without batch -> `(batch, channels,
    *output_size)`.

    Args:
        output_size: height and width of the images.
        kernel_size, dilation, padding, stride: as of `Unfold`.

    Raises:
        ValueError: at a call, the columns are not as long or not as many as these arguments make them.

    Example:
        >>> import numpy as np, nn
        >>> nn.Fold((5, 5), 3)(np.ones((8, 18, 9))).shape
        (8, 2, 5, 5)
    """

    def __init__(
        self,
        output_size: int | Sequence[int],
        kernel_size: int | Sequence[int],
        dilation: int | Sequence[int] = 1,
        padding: int | Sequence[int] = 0,
        stride: int | Sequence[int] = 1,
    ) -> None:
        super().__init__()
        self.output_size = output_size
        self.kernel_size = kernel_size
        self.dilation = dilation
        self.padding = padding
        self.stride = stride

    def forward(self, input: Any) -> Any:
        return F.fold(input, self.output_size, self.kernel_size, self.dilation, self.padding, self.stride)

    def extra_repr(self) -> str:
        return (
            f"output_size={self.output_size}, kernel_size={self.kernel_size}, dilation={self.dilation}, "
            f"padding={self.padding}, stride={self.stride}"
        )
