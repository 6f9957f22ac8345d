"""Calls under settings of `np.errstate`, which a program makes under the same settings."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np


class Quietly:
    """A function under settings of `np.errstate`.

    Args:
        function: what is called.
        settings: those that differ from what holds around the traced function, such as `(("over", "ignore"),)`.
    """

    def __init__(self, function: Callable[..., Any], settings: tuple[tuple[str, Any], ...]) -> None:
        self.function, self.settings = function, settings
        self.__name__ = f"quiet_{getattr(function, '__name__', 'call')}"
        self.__module__ = __name__

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        with np.errstate(**dict(self.settings)):
            return self.function(*args, **kwargs)

    def __eq__(self, other: object) -> bool:
        return type(other) is Quietly and (self.function, self.settings) == (other.function, other.settings)

    def __hash__(self) -> int:
        return hash((self.function, self.settings))


def quietly(function: Callable[..., Any], around: Any) -> Callable[..., Any]:
    """The function, under the present settings of `np.errstate` if they are not those of `around`."""
    settings = np.geterr()
    if settings == around:
        return function
    return Quietly(function, tuple([(kind, action) for kind, action in settings.items() if around[kind] != action]))
