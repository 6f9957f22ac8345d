"""What is written in place, as functions that return a new array, for traces in which no array ever changes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np


def written(x: Any, index: Any, item: Any) -> Any:
    """A copy of `x` with `item` at an index."""
    out = x.copy("K")
    out[index] = item
    return out


def written_flat(x: Any, index: Any, item: Any) -> Any:
    """A copy of `x` with `item` at an index of its elements in a row."""
    out = x.copy("K")
    out.flat[index] = item
    return out


def written_through(function: Callable[..., Any], place: Any, args: Any, kwargs: Any, item: Any) -> Any:
    """A copy of an argument of a function that returns views, with `item` in the view.

    `place` says which argument it is and which of several results.
    """
    argument, result = place
    out = args[argument].copy("K")
    view = function(*args[:argument], out, *args[argument + 1 :], **kwargs)
    (view if result is None else view[result])[...] = item
    return out


def filled(function: Callable[..., Any], outs: tuple[Any, ...], args: Any, kwargs: Any) -> Any:
    """What a function makes of arrays that it is to write its results into: copies of these, and None for a new one."""
    targets = tuple([None if out is None else out.copy("K") for out in outs])
    return function(*args, **kwargs, out=targets if len(targets) > 1 else targets[0])


def overwriting(function: Callable[..., Any], x: Any, *args: Any, **kwargs: Any) -> tuple[Any, Any]:
    """The result of a function that may use the memory of its first argument, and what is left of that."""
    out = x.copy("K")
    return function(out, *args, **kwargs), out


def changed_by(function: Callable[..., Any], x: Any, *args: Any, **kwargs: Any) -> Any:
    """A copy of `x` that a function has written into."""
    out = x.copy("K")
    function(out, *args, **kwargs)
    return out


def order_of_axes(x: Any) -> tuple[int, ...]:
    """The axes of an array, from the one with the longest steps in memory to that with the shortest."""
    return tuple(sorted(range(x.ndim), key=lambda axis: -abs(x.strides[axis]) if x.shape[axis] != 1 else 0))


def laid_out(x: Any, axes: tuple[int, ...]) -> Any:
    """A copy whose axes lie in memory in this order."""
    return x.transpose(axes).copy("C").transpose(np.argsort(axes))


def has_gaps(x: Any) -> bool:
    """Whether there is something between the elements of an array, or some of them lie backward."""
    steps = [(stride, length - 1) for stride, length in zip(x.strides, x.shape, strict=True) if length > 1]
    if not x.size or any(stride == 0 for stride, _ in steps):
        return False
    return any(stride < 0 for stride, _ in steps) or sum(stride * n for stride, n in steps) + x.itemsize != x.nbytes


def spaced(x: Any, strides: tuple[int, ...]) -> Any:
    """A copy with these steps in memory."""
    steps = [(stride, length - 1) for stride, length in zip(strides, x.shape, strict=True) if length > 1]
    memory = np.empty(sum(abs(stride) * n for stride, n in steps) + x.itemsize, np.uint8)
    start = sum(-stride * n for stride, n in steps if stride < 0)
    out = np.ndarray(x.shape, x.dtype, memory, start, strides)
    out[...] = x
    return out


def read_as(x: Any, dtype: Any) -> Any:
    """The same bytes as numbers of another dtype."""
    return x.view(dtype)
