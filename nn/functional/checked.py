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
    plain = x.data if isinstance(x, ag.Value) else x
    if ag.is_compiling():
        if x is plain:
            return _checked(x, require, *args)
        _look(require, plain, *args)  # an operation in between would change the order in which gradients add up
        return x
    require(plain if hasattr(plain, "dtype") else np.asarray(plain), *args)
    return x


def look(require: Callable[..., None], *args: Any) -> None:
    """`require(*args)`: a check of its own in a compiled program."""
    require(*args)


_look = ag.effect(look)


@ag.primitive
def _checked(x: Any, require: Callable[..., None], *args: Any) -> Any:
    """The array itself."""
    require(x, *args)
    return x
