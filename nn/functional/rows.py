"""Maxima and sums along short rows, for scores of a few classes.

NumPy's reductions spend some 60 nanoseconds on every row, however short. On many short rows it is faster to reduce
the transposed matrix along its first axis, and to add up by a product with ones.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

import autograd_lite as ag

_SHORT, _MANY = 16, 24


def _many_short_rows(x: Any) -> bool:
    if not ag.is_array(x) or x.ndim != 2 or x.dtype.char not in "fd":
        return False
    rows, length = x.shape
    return bool(0 < length <= _SHORT and rows >= _MANY)


@lru_cache(maxsize=128)
def _ones(length: int, dtype: Any) -> Any:
    ones = np.ones(length, dtype)
    ones.flags.writeable = False  # it is shared
    return ones


def row_max(x: Any, dim: int) -> Any:
    """`x.max(axis=dim, keepdims=True)`."""
    if dim in (1, -1) and _many_short_rows(x):
        return x.T.copy().max(axis=0)[:, None]
    return x.max(axis=dim, keepdims=True)


def row_sum(x: Any, dim: int) -> Any:
    """`x.sum(axis=dim, keepdims=True)`."""
    if dim in (1, -1) and _many_short_rows(x):
        return x.dot(_ones(x.shape[1], x.dtype))[:, None]
    return x.sum(axis=dim, keepdims=True)
