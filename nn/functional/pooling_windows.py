"""Where the windows of pooling lie, and how they are gone through.

Windows over two axes are taken along one axis after the other, which needs k + k steps where k · k elements are looked
at.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from .windows import Lengths, brief, per_axis, positions, reaches


class Geometry(NamedTuple):
    """Where the windows lie over the last axes."""

    kernel: Lengths
    stride: Lengths
    padding: Lengths
    dilation: Lengths
    counts: Lengths

    def __repr__(self) -> str:
        """The kernel and the stride, for drawings."""
        return f"{brief(self.kernel)}, stride {brief(self.stride)}"

    @property
    def apart(self) -> bool:
        """Whether no element is in two windows."""
        return all(d * (k - 1) < s for k, s, d in zip(self.kernel, self.stride, self.dilation, strict=True))


def geometry_of(
    name: str, axes: int, x: Any, kernel_size: Any, stride: Any, padding: Any, dilation: Any, ceil_mode: bool
) -> Geometry:
    check_axes(name, axes, x)
    kernel = per_axis("kernel_size", kernel_size, axes, 1)
    moves = kernel if stride is None else per_axis("stride", stride, axes, 1)
    before, apart = per_axis("padding", padding, axes), per_axis("dilation", dilation, axes, 1)
    if any(p > (d * (k - 1) + 1) // 2 for p, k, d in zip(before, kernel, apart, strict=True)):
        raise ValueError(
            f"pad should be at most half of effective kernel size, but got pad={padding}, kernel_size={kernel_size} "
            f"and dilation={dilation}"
        )
    counts = []
    for n, k, s, p, d in zip(x.shape[-axes:], kernel, moves, before, apart, strict=True):
        free = n + 2 * p - d * (k - 1) - 1
        count = (free + (s - 1 if ceil_mode else 0)) // s + 1
        if ceil_mode and (count - 1) * s >= n + p:
            count -= 1  # it would start in the padding behind the end
        counts.append(count)
    if min(counts) < 1 or 0 in x.shape[-axes:]:
        raise ValueError(
            f"Given input of size {list(x.shape)}, {name} with kernel_size={kernel_size}, stride={stride}, "
            f"padding={padding} and dilation={dilation} has output lengths {tuple(counts)}. Output size is too small: "
            "pass a smaller kernel or a larger input."
        )
    return Geometry(kernel, moves, before, apart, tuple(counts))


def check_axes(name: str, axes: int, x: Any) -> None:
    if x.ndim not in (axes + 1, axes + 2):
        raise ValueError(
            f"{name}: Expected {axes + 1}D (unbatched) or {axes + 2}D (batched) input, but got {x.ndim}D input of "
            f"size {list(x.shape)}"
        )


def padded(x: Any, geometry: Geometry, value: Any) -> Any:
    """`x` with its last axes as long as the windows reach, and `value` around it."""
    axes, before = len(geometry.kernel), geometry.padding
    lengths = reaches(geometry.counts, geometry.kernel, geometry.stride, geometry.dilation)
    if not any(before) and all(n <= m for n, m in zip(lengths, x.shape[-axes:], strict=True)):
        return x[(..., *[slice(n) for n in lengths])]
    kept = [min(m, n - b) for n, m, b in zip(lengths, x.shape[-axes:], before, strict=True)]
    out: Any = np.full_like(x, value, shape=(*x.shape[:-axes], *lengths))
    out[(..., *[slice(b, b + m) for b, m in zip(before, kept, strict=True)])] = x[(..., *[slice(m) for m in kept])]
    return out


def unpadded(x: Any, geometry: Geometry, lengths: Lengths) -> Any:
    """The adjoint of `padded`: what belongs to `x`."""
    return x[(..., *[slice(b, b + m) for b, m in zip(geometry.padding, lengths, strict=True)])]


def steps(geometry: Geometry) -> list[tuple[int, list[tuple[Any, ...]]]]:
    """For each axis, the last one first: its number from the end, and where the elements of windows are along it."""
    found = []
    for axis in reversed(range(len(geometry.kernel))):
        along = tuple([values[axis : axis + 1] for values in (geometry[4], *geometry[:2], geometry[3])])
        rest = (slice(None),) * (len(geometry.kernel) - axis - 1)
        counts, kernel, stride, dilation = along
        places = [(..., *where, *rest) for where in positions(counts, kernel, stride, dilation)]
        found.append((axis - len(geometry.kernel), places))
    return found
