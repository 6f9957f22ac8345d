"""What is refused because of its numbers, at every call: a program of `ag.compile` looks at them again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import autograd_lite as ag


def checked(x: Any, require: Callable[..., None], *args: Any) -> Any:
    """`x`, after `require(x, *args)`, which raises where it does not like the numbers; Values come as their arrays.

    In a compiled program the check belongs to what is returned, so go on with that.
    """
    args = tuple([arg.data if isinstance(arg, ag.Value) else arg for arg in args])
    if ag.is_compiling():
        return _checked(x, require, *args)
    plain = x.data if isinstance(x, ag.Value) else x
    require(plain if hasattr(plain, "dtype") else np.asarray(plain), *args)
    return x


@ag.primitive
def _checked(x: Any, require: Callable[..., None], *args: Any) -> Any:
    """The array itself."""
    require(x, *args)
    return x


ag.defvjp(_checked, lambda g, out, x, require, *args: g)
