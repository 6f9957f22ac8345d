"""Images made larger or smaller: interpolation, and channels exchanged for pixels."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from .average_pooling import repeat
from .pooling import adaptive_avg_pool1d, adaptive_avg_pool2d
from .resample import resample
from .windows import per_axis

_MODES = {
    1: ("nearest", "nearest-exact", "linear", "area"),
    2: ("nearest", "nearest-exact", "bilinear", "bicubic", "area"),
}
_WITH_CORNERS = ("linear", "bilinear", "bicubic")
_CUBIC = -0.75  # the free parameter of Keys' kernel


def interpolate(
    input: Any,
    size: int | Sequence[int] | None = None,
    scale_factor: float | Sequence[float] | None = None,
    mode: str = "nearest",
    align_corners: bool | None = None,
    recompute_scale_factor: bool | None = None,
    antialias: bool = False,
) -> Any:
    """Resize signals or images.

    Shapes: `(batch, channels, length)` or `(batch, channels, height, width)` -> `(batch, channels, *size)`.

    Args:
        input: the images.
        size: the lengths of the result, or one for both.
        scale_factor: instead of `size`, how many times as long: the result has floor(length · scale_factor).
        mode: `"nearest"` (that pixel which PyTorch and old OpenCV take), `"nearest-exact"` (the nearest one),
            `"linear"` for signals, `"bilinear"` and `"bicubic"` for images (Keys 1981, with -0.75), `"area"` for
            `adaptive_avg_pool2d`.
        align_corners: of the interpolating modes, whether the first and last pixels of both images lie on each other,
            or their outer edges. By default the edges.
        recompute_scale_factor: with `scale_factor`, measure distances by the lengths of the result, as with `size`.
        antialias: only False; smooth before making an image smaller with `avg_pool2d`, or use `mode="area"`.

    Raises:
        ValueError: not exactly one of `size` and `scale_factor` is given, the mode does not go with the shape, or
            `align_corners` or `recompute_scale_factor` do not go with the other arguments.
        NotImplementedError: images of three axes, and `antialias`.

    Example:
        >>> import numpy as np, nn
        >>> nn.functional.interpolate(np.array([[[1.0, 2.0]]]), scale_factor=2)
        array([[[1., 1., 2., 2.]]])
        >>> nn.functional.interpolate(np.array([[[1.0, 2.0]]]), size=3, mode="linear", align_corners=True)
        array([[[1. , 1.5, 2. ]]])
    """
    axes = input.ndim - 2
    _check_mode(input.shape, mode, align_corners, antialias)
    lengths = input.shape[2:]
    if (size is None) == (scale_factor is None):
        raise ValueError(
            "either size or scale_factor should be defined"
            if size is None
            else "only one of size or scale_factor should be defined"
        )
    factors: Sequence[float | None] = [None] * axes
    if scale_factor is None:
        if recompute_scale_factor:
            raise ValueError("recompute_scale_factor is not meaningful with an explicit size.")
        counts = per_axis("size", size, axes, 1)
    else:
        given = [float(f) for f in scale_factor] if isinstance(scale_factor, Sequence) else [float(scale_factor)] * axes
        if len(given) != axes:
            raise ValueError(
                f"Input and scale_factor must have the same number of spatial dimensions, but got input with spatial "
                f"dimensions of {list(lengths)} and scale_factor of shape {scale_factor!r}."
            )
        counts = tuple([math.floor(n * f) for n, f in zip(lengths, given, strict=True)])
        factors = [None] * axes if recompute_scale_factor else given
    if min(counts) < 1 or 0 in lengths:
        raise ValueError(
            f"Input and output sizes should be greater than 0, but got input (spatial: {lengths}) and output "
            f"(spatial: {counts})"
        )
    if mode == "area":
        return (adaptive_avg_pool1d if axes == 1 else adaptive_avg_pool2d)(input, counts)
    steps = [n / m if f is None else 1 / f for n, m, f in zip(lengths, counts, factors, strict=True)]
    if mode.startswith("nearest"):
        shift = 0.5 if mode == "nearest-exact" else 0.0
        sources = [_nearest(n, m, step, shift) for n, m, step in zip(lengths, counts, steps, strict=True)]
        if all(
            m % n == 0 and (s == np.arange(m) // (m // n)).all()
            for n, m, s in zip(lengths, counts, sources, strict=True)
        ):
            return repeat(input, tuple([m // n for n, m in zip(lengths, counts, strict=True)]))
        matrices = [np.equal.outer(s, np.arange(n)).astype(input.dtype) for n, s in zip(lengths, sources, strict=True)]
        return resample(input, matrices)
    taps = _cubic if mode == "bicubic" else _linear
    matrices = []
    for n, m, step in zip(lengths, counts, steps, strict=True):
        places = _places(n, m, step, bool(align_corners))
        matrix = np.zeros((m, n))
        for element, weight in taps(places, n):
            np.add.at(matrix, (np.arange(m), element), weight)
        matrices.append(matrix.astype(input.dtype))
    return resample(input, matrices)


def _check_mode(shape: tuple[int, ...], mode: str, align_corners: bool | None, antialias: bool) -> None:
    if antialias:
        raise NotImplementedError("interpolate does not support antialias=True. Write mode='area' to make smaller.")
    axes = len(shape) - 2
    if axes == 3:
        raise NotImplementedError(f"interpolate supports 3D and 4D input, got 5D input of size {list(shape)}.")
    if axes not in _MODES:
        raise ValueError(f"interpolate expects 3D or 4D input (batch, channels, ...), got input of size {list(shape)}.")
    if mode not in _MODES[axes]:
        raise ValueError(f"Got {len(shape)}D input, which needs mode {' | '.join(_MODES[axes])} (got {mode})")
    if align_corners is not None and mode not in _WITH_CORNERS:
        raise ValueError(
            "align_corners option can only be set with the interpolating modes: linear | bilinear | bicubic, "
            f"but got mode={mode!r}"
        )


def _nearest(length: int, count: int, step: float, shift: float) -> Any:
    return np.minimum(np.floor((np.arange(count) + shift) * step).astype(np.int64), length - 1)


def _places(length: int, count: int, step: float, align_corners: bool) -> Any:
    """Where the pixels of the result lie in the input."""
    if align_corners:
        return np.arange(count) * ((length - 1) / (count - 1) if count > 1 else 0.0)
    return (np.arange(count) + 0.5) * step - 0.5


def _linear(places: Any, length: int) -> list[tuple[Any, Any]]:
    """The two neighbours and their weights."""
    places = np.maximum(places, 0)
    low = np.minimum(np.floor(places).astype(np.int64), length - 1)
    share = np.minimum(places - low, 1)
    return [(low, 1 - share), (np.minimum(low + 1, length - 1), share)]


def _cubic(places: Any, length: int) -> list[tuple[Any, Any]]:
    """The four neighbours and their weights."""
    low = np.floor(places)
    share = places - low
    found = []
    for offset in (-1, 0, 1, 2):
        t = abs(share - offset)
        near = ((_CUBIC + 2) * t - (_CUBIC + 3)) * t * t + 1
        far = ((_CUBIC * t - 5 * _CUBIC) * t + 8 * _CUBIC) * t - 4 * _CUBIC
        element = np.clip(low.astype(np.int64) + offset, 0, length - 1)
        found.append((element, np.where(t <= 1, near, far)))
    return found


def pixel_shuffle(input: Any, upscale_factor: int) -> Any:
    """Blocks of r² channels become blocks of r · r pixels: Shi et al., Efficient sub-pixel convolution, 2016.

    Shapes: `(*, channels · r², height, width)` -> `(*, channels, height · r, width · r)`.

    Args:
        input: the images.
        upscale_factor: r.

    Raises:
        ValueError: r is not positive, r² does not divide the channels, or there are fewer than three axes.

    Example:
        >>> import numpy as np, nn
        >>> nn.functional.pixel_shuffle(np.arange(4.0).reshape(4, 1, 1), 2)
        array([[[0., 1.],
                [2., 3.]]])
    """
    r = _factor("pixel_shuffle", "upscale_factor", input, upscale_factor)
    *lead, channels, height, width = input.shape
    if channels % (r * r):
        raise ValueError(
            "pixel_shuffle expects its input's 'channel' dimension to be divisible by the square of upscale_factor, "
            f"but input.size(-3)={channels} is not divisible by {r * r}"
        )
    n = len(lead)
    blocks = np.reshape(input, (*lead, channels // (r * r), r, r, height, width))
    blocks = np.transpose(blocks, (*range(n + 1), n + 3, n + 1, n + 4, n + 2))
    return np.reshape(blocks, (*lead, channels // (r * r), height * r, width * r))


def pixel_unshuffle(input: Any, downscale_factor: int) -> Any:
    """The inverse of `pixel_shuffle`.

    Shapes: `(*, channels, height · r, width · r)` -> `(*, channels · r², height, width)`.

    Args:
        input: the images.
        downscale_factor: r.

    Raises:
        ValueError: r is not positive or does not divide height and width, or there are fewer than three axes.

    Example:
        >>> import numpy as np, nn
        >>> nn.functional.pixel_unshuffle(np.arange(4.0).reshape(1, 2, 2), 2).ravel()
        array([0., 1., 2., 3.])
    """
    r = _factor("pixel_unshuffle", "downscale_factor", input, downscale_factor)
    *lead, channels, height, width = input.shape
    for name, length in (("height", height), ("width", width)):
        if length % r:
            raise ValueError(
                f"pixel_unshuffle expects {name} to be divisible by downscale_factor, but {length} is not by {r}"
            )
    n = len(lead)
    blocks = np.reshape(input, (*lead, channels, height // r, r, width // r, r))
    blocks = np.transpose(blocks, (*range(n + 1), n + 2, n + 4, n + 1, n + 3))
    return np.reshape(blocks, (*lead, channels * r * r, height // r, width // r))


def _factor(name: str, argument: str, x: Any, factor: int) -> int:
    if x.ndim < 3:
        raise ValueError(f"{name} expects input to have at least 3 dimensions, but got input with {x.ndim}")
    (r,) = per_axis(argument, factor, 1, 1)
    return r
