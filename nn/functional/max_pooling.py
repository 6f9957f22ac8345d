"""The largest element of every window; of equal ones the first of its window, row by row."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

import autograd_lite as ag

from .pooling_windows import Geometry, geometry_of, padded, steps, unpadded
from .windows import Lengths, positions, reaches


def pool_max(
    name: str,
    axes: int,
    x: Any,
    kernel_size: Any,
    stride: Any,
    padding: Any,
    dilation: Any,
    ceil_mode: bool,
    return_indices: bool,
) -> Any:
    geometry = geometry_of(name, axes, x, kernel_size, stride, padding, dilation, ceil_mode)
    out = _max_pool(x, geometry)
    return (out, _flat(_winners(raw(x), raw(out), geometry), geometry, x.shape)) if return_indices else out


def raw(x: Any) -> Any:
    return x.data if isinstance(x, ag.Value) else x


def _lowest(x: Any) -> Any:
    return -np.inf if x.dtype.kind == "f" else np.iinfo(x.dtype).min


@ag.primitive
def _max_pool(x: Any, geometry: Geometry) -> Any:
    """The largest element of each window."""
    best = padded(x, geometry, _lowest(x))
    for _, (first, *others) in steps(geometry):
        values, best = best, best[first]
        for where in others:
            best = np.maximum(best, values[where])
    return best


@ag.primitive
def _winners(x: Any, out: Any, geometry: Geometry) -> Any:
    """Which element of its window is the largest: the first of equal ones, the last nan, and never the padding."""
    places = math.prod(geometry.kernel)
    kind: Any = np.uint8 if places < 256 else np.int32
    if out.dtype.kind == "f" and not np.isfinite(out).all():
        return _careful_winners(x, geometry).astype(kind)
    around = padded(x, geometry, _lowest(x))
    winner, missed = np.zeros_like(out, kind), True
    for where in list(positions(geometry.counts, geometry.kernel, geometry.stride, geometry.dilation))[:-1]:
        missed = (around[(..., *where)] != out) & missed
        winner += missed  # counts those before the first that is the largest
    return winner


def _careful_winners(x: Any, geometry: Geometry) -> Any:
    """`_winners` where there are nan, or -inf, which is also what the padding holds."""
    best, real = padded(x, geometry, -np.inf), padded(np.ones_like(x, bool), geometry, False)
    winner, weight = np.zeros_like(best, np.int32), 1
    for axis, (first, *others) in steps(geometry):
        values, reals, before = best, real, winner
        best, real, winner = best[first], real[first], winner[first]
        for k, where in enumerate(others, 1):
            candidate = values[where]
            better = (candidate > best) | (candidate != candidate) | (reals[where] & ~real)
            best, real = np.where(better, candidate, best), real | reals[where]
            winner = np.where(better, k * weight + before[where], winner)
        weight *= geometry.kernel[axis]
    return winner


def _flat(winner: Any, geometry: Geometry, shape: Lengths) -> Any:
    """The position of the winners in their image, counted row by row."""
    axes = len(geometry.kernel)
    flat, rest, weight = 0, winner.astype(np.int64), 1
    for axis in reversed(range(axes)):
        rest, k = np.divmod(rest, geometry.kernel[axis])
        start = np.arange(geometry.counts[axis]) * geometry.stride[axis] - geometry.padding[axis]
        start = start.reshape(-1, *[1] * (axes - axis - 1))
        flat = flat + (start + k * geometry.dilation[axis]) * weight
        weight *= shape[axis - axes]
    return flat


@ag.primitive
def _max_place(g: Any, winner: Any, geometry: Geometry, lengths: Lengths) -> Any:
    """`g` at the places of the winners, zeros elsewhere."""
    kernel, counts, stride, dilation = geometry.kernel, geometry.counts, geometry.stride, geometry.dilation
    axes, apart = len(lengths), geometry.apart
    size = reaches(counts, kernel, stride, dilation)
    size = tuple([max(n, p + m) for n, p, m in zip(size, geometry.padding, lengths, strict=True)])
    # in the layout of x, which what is done with the result has as well
    out: Any = np.zeros_like(winner, g.dtype, shape=(*g.shape[:-axes], *size))
    for k, where in enumerate(positions(counts, kernel, stride, dilation)):
        share = np.where(winner == k, g, g.dtype.type(0))
        if apart:
            out[(..., *where)] = share
        else:
            out[(..., *where)] += share
    return unpadded(out, geometry, lengths)


@ag.primitive
def _max_pick(x: Any, winner: Any, geometry: Geometry) -> Any:
    """The elements of `x` at the places of the winners."""
    around = padded(x, geometry, 0)
    out = np.zeros_like(around, shape=winner.shape)
    for k, where in enumerate(positions(geometry.counts, geometry.kernel, geometry.stride, geometry.dilation)):
        out = np.where(winner == k, around[(..., *where)], out)
    return out


def _place_vjp(g: Any, out: Any, x: Any, geometry: Geometry) -> Any:
    return _max_place(g, _winners(raw(x), raw(out), geometry), geometry, x.shape[-len(geometry.kernel) :])


def _pick_vjp(g: Any, out: Any, x: Any, winner: Any, geometry: Geometry) -> Any:
    return _max_place(g, winner, geometry, x.shape[-len(geometry.kernel) :])


ag.defvjp(_max_pool, _place_vjp)
ag.defvjp(_max_place, lambda g, out, x, winner, geometry, lengths: _max_pick(g, winner, geometry), None)
ag.defvjp(_max_pick, _pick_vjp, None)
