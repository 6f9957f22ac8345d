"""The average of every window, and its adjoint, which repeats elements."""

from __future__ import annotations

from typing import Any

import numpy as np

import autograd_lite as ag

from .pooling_windows import Geometry, geometry_of, padded, steps, unpadded
from .windows import Lengths, reaches


def pool_avg(
    name: str,
    axes: int,
    x: Any,
    kernel_size: Any,
    stride: Any,
    padding: Any,
    ceil_mode: bool,
    count_include_pad: bool,
    divisor_override: int | None,
) -> Any:
    geometry = geometry_of(name, axes, x, kernel_size, stride, padding, 1, ceil_mode)
    if divisor_override == 0:
        raise ValueError("divisor must be not zero, got divisor_override=0")
    if divisor_override is not None:
        return avg_pool(x, geometry, divisor_override)
    divisor: Any = 1
    for n, k, s, p, count in zip(x.shape[-axes:], *geometry[:3], geometry.counts, strict=True):
        start = np.arange(count) * s - p
        stop = np.minimum(start + k, n + p)
        along = stop - start if count_include_pad else np.minimum(stop, n) - np.maximum(start, 0)
        divisor = np.multiply.outer(divisor, along)
    constant = divisor.size and (divisor == divisor.flat[0]).all()
    return avg_pool(x, geometry, int(divisor.flat[0]) if constant else divisor.astype(x.dtype))


@ag.primitive
def avg_pool(x: Any, geometry: Geometry, divisor: Any) -> Any:
    """The sum of each window over `divisor`."""
    total = padded(x, geometry, 0)
    for _, (first, *others) in steps(geometry):
        values, total = total, total[first]
        for where in others:
            total = total + values[where]
    return total / divisor


@ag.primitive
def _spread(g: Any, geometry: Geometry, divisor: Any, lengths: Lengths) -> Any:
    """The adjoint of `avg_pool`: each number over `divisor`, at every place of its window."""
    share = g / divisor
    size = reaches(geometry.counts, geometry.kernel, geometry.stride, geometry.dilation)
    for axis, places in reversed(steps(geometry)):
        shape = list(share.shape)
        n, p = size[axis], geometry.padding[axis]
        shape[axis] = max(n, p + lengths[axis])
        out = np.zeros_like(share, shape=tuple(shape))
        for where in places:
            if geometry.apart:
                out[where] = share
            else:
                out[where] += share
        share = out
    return unpadded(share, geometry, lengths)


def repeat(x: Any, factors: Lengths) -> Any:
    """Each element of the last axes `factors` times along each of them."""
    counts = x.shape[-len(factors) :]
    geometry = Geometry(factors, factors, (0,) * len(factors), (1,) * len(factors), counts)
    return _spread(x, geometry, 1, tuple([n * m for n, m in zip(counts, factors, strict=True)]))


def _spread_vjp(g: Any, out: Any, x: Any, geometry: Geometry, divisor: Any) -> Any:
    return _spread(g, geometry, divisor, x.shape[-len(geometry.kernel) :])


ag.defvjp(avg_pool, _spread_vjp)
ag.defvjp(_spread, lambda g, out, x, geometry, divisor, lengths: avg_pool(g, geometry, divisor))
