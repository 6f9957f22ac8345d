"""Layers that make images larger or smaller."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .. import functional as F
from ..module import Module


class Upsample(Module):
    """Resize signals or images: `F.interpolate`.

    Shapes: `(batch, channels, length)` or `(batch, channels, height, width)` -> `(batch, channels, *size)`.

    Args:
        size: the lengths of the result, or one for both.
        scale_factor: instead of `size`, how many times as long.
        mode: `"nearest"`, `"linear"` for signals, `"bilinear"` or `"bicubic"` for images.
        align_corners: of the interpolating modes, whether the first and last pixels of both images lie on each other,
            or their outer edges. By default the edges.
        recompute_scale_factor: with `scale_factor`, measure distances by the lengths of the result.

    Raises:
        ValueError: at a call, as of `F.interpolate`.

    Example:
        >>> import numpy as np, nn
        >>> nn.Upsample(scale_factor=2, mode="bilinear")
        Upsample(scale_factor=2.0, mode='bilinear')
        >>> nn.Upsample(scale_factor=2, mode="bilinear")(np.ones((8, 3, 4, 4), np.float32)).shape
        (8, 3, 8, 8)
    """

    def __init__(
        self,
        size: int | Sequence[int] | None = None,
        scale_factor: float | Sequence[float] | None = None,
        mode: str = "nearest",
        align_corners: bool | None = None,
        recompute_scale_factor: bool | None = None,
    ) -> None:
        super().__init__()
        self.size = size
        if isinstance(scale_factor, Sequence):
            self.scale_factor: Any = tuple([float(factor) for factor in scale_factor])
        else:
            self.scale_factor = None if scale_factor is None else float(scale_factor)
        self.mode = mode
        self.align_corners = align_corners
        self.recompute_scale_factor = recompute_scale_factor

    def forward(self, input: Any) -> Any:
        return F.interpolate(
            input, self.size, self.scale_factor, self.mode, self.align_corners, self.recompute_scale_factor
        )

    def extra_repr(self) -> str:
        how = f"size={self.size}" if self.scale_factor is None else f"scale_factor={self.scale_factor}"
        return f"{how}, mode={self.mode!r}"


class PixelShuffle(Module):
    """Blocks of r² channels become blocks of r · r pixels: `F.pixel_shuffle`.

    Shapes: `(*, channels · r², height, width)` -> `(*, channels, height · r, width · r)`.

    Args:
        upscale_factor: r.

    Raises:
        ValueError: at a call, if r² does not divide the channels.

    Example:
        >>> import numpy as np, nn
        >>> nn.PixelShuffle(2)(np.ones((8, 12, 4, 4))).shape
        (8, 3, 8, 8)
    """

    def __init__(self, upscale_factor: int) -> None:
        super().__init__()
        self.upscale_factor = upscale_factor

    def forward(self, input: Any) -> Any:
        return F.pixel_shuffle(input, self.upscale_factor)

    def extra_repr(self) -> str:
        return f"upscale_factor={self.upscale_factor}"


class PixelUnshuffle(Module):
    """The inverse of `PixelShuffle`: `F.pixel_unshuffle`.

    Shapes: `(*, channels, height · r, width · r)` -> `(*, channels · r², height, width)`.

    Args:
        downscale_factor: r.

    Raises:
        ValueError: at a call, if r does not divide height and width.

    Example:
        >>> import numpy as np, nn
        >>> nn.PixelUnshuffle(2)(np.ones((8, 3, 8, 8))).shape
        (8, 12, 4, 4)
    """

    def __init__(self, downscale_factor: int) -> None:
        super().__init__()
        self.downscale_factor = downscale_factor

    def forward(self, input: Any) -> Any:
        return F.pixel_unshuffle(input, self.downscale_factor)

    def extra_repr(self) -> str:
        return f"downscale_factor={self.downscale_factor}"
