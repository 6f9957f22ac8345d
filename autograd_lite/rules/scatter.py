"""`scatter_add`, the derivative of reading by index: the one place that adds into an array of any kind."""

from __future__ import annotations

import math
from collections.abc import Callable
from importlib import import_module
from typing import Any

import numpy as np

from ..primitive import defvjp, primitive


@primitive
def scatter_add(g: Any, index: Any, like: Any, distinct: bool = False) -> Any:
    """Zeros of the shape `like`, to which `g` is added at `index`; repeated indices add up.

    Where nothing is repeated (`distinct`, or because the form of the index says so) it writes, in a third of the time.
    """
    distinct = distinct or reads_once(index)
    if isinstance(g, np.ndarray | np.generic):
        return _at_index(g, index, like, distinct)
    scatter: Callable[..., Any] = _OF_OTHER_LIBRARIES.get(type(g).__module__.partition(".")[0], _at_places)
    return scatter(g, index, like, distinct)


defvjp(scatter_add, lambda g, out, x, index, like, distinct=False: g[index])


def reads_once(index: Any) -> bool:
    """Whether an index is made of integers, slices, None, `...` and masks, so that it reads no element twice."""
    parts = index if isinstance(index, tuple) else (index,)
    return all(part is None or part is ... or isinstance(part, _ONE_EACH) or _is_mask(part) for part in parts)


_ONE_EACH = (slice, int, np.integer)


def _is_mask(part: Any) -> bool:
    return hasattr(part, "dtype") and bool(part.dtype.kind == "b")


def _at_index(g: Any, index: Any, like: Any, distinct: bool) -> Any:
    out = np.zeros_like(g, shape=like)
    if distinct:
        out[index] = g
    else:
        np.add.at(out, index, g)
    return out


def _at_places(g: Any, index: Any, like: Any, distinct: bool) -> Any:
    """For CuPy and its kin, whose `add.at` takes one index array: the place of each element in the flat result."""
    if distinct:
        return _at_index(g, index, like, distinct)
    out = np.zeros_like(g, shape=(math.prod(like),))
    places = np.reshape(np.arange(out.size, like=out), like)[index]
    np.add.at(out, np.reshape(places, (-1,)), np.reshape(g, (-1,)))
    return np.reshape(out, like)


def _lazily(g: Any, index: Any, like: Any, distinct: bool) -> Any:
    """For Dask, which has no `add.at`: one task that does it with NumPy."""
    scattered = import_module("dask").delayed(_at_index)(g, index, tuple(like), distinct)
    return import_module("dask.array").from_delayed(scattered, shape=tuple(like), dtype=g.dtype)


_OF_OTHER_LIBRARIES: dict[str, Callable[..., Any]] = {"autograd_lite": _at_index, "dask": _lazily}
