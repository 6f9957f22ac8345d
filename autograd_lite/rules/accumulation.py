"""Derivatives of the functions that accumulate along an axis: running sums and products."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..primitive import composed, defvjp
from .reduction import in_dtype, invertible


def recurrence(a: Any, g: Any) -> Any:
    """h[k] = g[k] + a[k] h[k+1] along the last axis, from the end: a chain rule through every step at once.

    By doubling, in multiplications and additions alone, so that every derivative is right at zeros too. `a` is one
    shorter than `g`.
    """
    step = 1
    while step < g.shape[-1]:
        g = np.concatenate([g[..., :-step] + a * g[..., step:], g[..., -step:]], axis=-1)
        a = a[..., :-step] * a[..., step:]
        step *= 2
    return g


def _sum_from_the_end(g: Any, axis: int) -> Any:
    return np.flip(np.cumsum(np.flip(g, axis), axis=axis), axis)


def cumsum_share(g: Any, out: Any, x: Any, axis: Any = None, dtype: Any = None) -> Any:
    return np.reshape(_sum_from_the_end(g, 0 if axis is None else axis), x.shape)


def cumprod_share(g: Any, out: Any, x: Any, axis: Any = None, dtype: Any = None) -> Any:
    if axis is None or not x.ndim:
        return np.reshape(cumprod_share(g, out, np.ravel(x), 0, dtype), x.shape)
    x = in_dtype(x, dtype)
    if invertible(out):
        return _sum_from_the_end(g * out, axis) / x
    x, g, out = (np.moveaxis(array, axis, -1) for array in (x, g, out))
    before = np.concatenate([np.ones_like(out[..., :1]), out[..., :-1]], axis=-1)
    return np.moveaxis(before * recurrence(x[..., 1:], g), -1, axis)


defvjp(np.cumsum, cumsum_share)
defvjp(np.cumprod, cumprod_share)


def _cumulative(x: Any, function: Any, axis: Any, dtype: Any, include_initial: bool, identity: int) -> Any:
    x = np.atleast_1d(x)
    if axis is None and x.ndim > 1:
        raise ValueError(f"an array of shape {x.shape} needs an axis. To flatten it first write np.{function.__name__}")
    axis = 0 if axis is None else axis
    running = function(x, axis=axis, dtype=dtype)
    if not include_initial:
        return running
    shape = tuple([1 if i == axis % x.ndim else n for i, n in enumerate(x.shape)])
    return np.concatenate([np.full_like(running, identity, shape=shape), running], axis=axis)


@composed(np.cumulative_sum)
def _cumulative_sum(x: Any, /, *, axis: Any = None, dtype: Any = None, include_initial: Any = False) -> Any:
    return _cumulative(x, np.cumsum, axis, dtype, include_initial, 0)


@composed(np.cumulative_prod)
def _cumulative_prod(x: Any, /, *, axis: Any = None, dtype: Any = None, include_initial: Any = False) -> Any:
    return _cumulative(x, np.cumprod, axis, dtype, include_initial, 1)
