"""Plain formulas for functions that are otherwise one call of a program, for programs with `jit`.

Eager NumPy does such a function by a shorter way that hangs on numbers, or in pieces. A kernel does better with the
plain formula, which becomes a part of the region around it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

Form = TypeVar("Form", bound=Callable[..., Any])

FORMS: dict[Any, Callable[..., Any]] = {}


def jit_form(function: Any) -> Callable[[Form], Form]:
    """Let `ag.compile(jit=True)` trace the decorated function in place of a primitive.

    Args:
        function: the primitive. The form takes the same arguments, and returns the same within the tolerance of `jit`.

    Example:
        >>> import numpy as np, autograd_lite as ag
        >>> @ag.primitive
        ... def softplus(x):
        ...     return np.maximum(x, 0) + np.log1p(np.exp(-abs(x)))
        >>> @ag.jit_form(softplus)
        ... def softplus_form(x):
        ...     return np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))
        >>> float(ag.compile(lambda x: np.sum(softplus(x)), jit=True)(np.zeros(4)).round(3))
        2.773
    """

    def register(form: Form) -> Form:
        FORMS[function] = form
        return form

    return register
