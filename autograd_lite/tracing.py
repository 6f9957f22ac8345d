"""What the rest of the library asks about a trace: whether one is running, and what is to happen at every call.

Small, because it is imported always; the trace itself lives in `trace`.
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from functools import wraps
from typing import TYPE_CHECKING, Any, TypeVar, cast

import numpy as np

if TYPE_CHECKING:
    from .compile.trace import Trace

F = TypeVar("F", bound=Callable[..., Any])

tracing: ContextVar[Trace | None] = ContextVar("autograd_lite_tracing", default=None)


class TraceError(TypeError):
    """A function does what a program of NumPy calls cannot repeat, such as a branch on a number."""


def is_compiling() -> bool:
    """Whether the function that runs is being traced by `compile`, so that its arrays hide their numbers."""
    return tracing.get() is not None


def effect(function: F) -> F:
    """Let a function that changes something besides its arguments run at every call of a compiled program.

    While `compile` traces a program, the function is not run but noted, with the arrays that it is to receive, and the
    program calls it there. Outside of a trace it is the function itself. What it returns is not looked at: None.

    Example:
        >>> import numpy as np, autograd_lite as ag
        >>> seen = []
        >>> note = ag.effect(lambda x: seen.append(float(x)))
        >>> @ag.compile
        ... def square(x):
        ...     note(np.sum(x))
        ...     return x * x
        >>> _ = square(np.array([1.0, 2.0])), square(np.array([3.0, 4.0]))
        >>> seen
        [3.0, 7.0]
    """

    @wraps(function)
    def called(*args: Any, **kwargs: Any) -> Any:
        trace = tracing.get()
        return function(*args, **kwargs) if trace is None else trace.effect(function, args, kwargs)

    return cast("F", called)


def expected(condition: Any) -> bool:
    """The truth of a condition on numbers, for a function that goes two ways; both must lead to right results.

    A compiled program asks again at every call, and where the answer is another one the function itself runs.

    Args:
        condition: one boolean, which must hang on the arguments alone.
    """
    trace = tracing.get()
    return bool(condition) if trace is None else trace.expect(condition)


def is_traced(x: Any) -> bool:
    """Whether this takes the place of an array, or of a number, in a trace."""
    return tracing.get() is not None and hasattr(x, "step") and hasattr(x, "trace")


def is_array(*arrays: Any) -> bool:
    """Whether all of these are arrays of NumPy, or take their place in a trace, so that they may be written into."""
    for x in arrays:
        if type(x) is np.ndarray:
            continue
        if tracing.get() is None or type(getattr(x, "_array", None)) is not np.ndarray or hasattr(x, "backward"):
            return False
    return True
