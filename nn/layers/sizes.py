"""The refusal of lengths that are none, by the name of the argument."""

from __future__ import annotations

from operator import index
from typing import Any


def require_sizes(**sizes: Any) -> None:
    """Refuse what cannot be the length of an axis.

    Raises:
        TypeError: not an integer; the message names the argument.
        ValueError: a negative one.
    """
    for name, size in sizes.items():
        try:
            length = index(size)
        except TypeError:
            fix = f" Write {name}={int(size)}." if isinstance(size, float) and size.is_integer() else ""
            raise TypeError(f"{name} must be an integer, got {size!r}.{fix}") from None
        if length < 0:
            raise ValueError(f"{name} must be 0 or greater, got {length}.")
