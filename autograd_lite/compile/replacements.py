"""Functions that are called in place of others in programs that may use numba.

A library names the modules that hold them with `register_kernels`; they are imported when the first such program is
written, so that numba is loaded by nobody else. Without numba there are none.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import import_module
from importlib.util import find_spec
from threading import Lock
from typing import Any, TypeVar

Replacement = TypeVar("Replacement", bound=Callable[..., Any])

_MODULES: list[str] = []
_REPLACEMENTS: dict[Any, Callable[..., Any]] = {}
_SELECTIVE: set[Any] = set()
_LOCK = Lock()


def register_kernels(module: str) -> None:
    """Name a module of functions decorated with `replacement`: it is imported with the first program with `jit`.

    Args:
        module: its full name, which is imported only if numba is there.
    """
    _MODULES.append(module)


def replacement(function: Any, *, wanted: bool = False) -> Callable[[Replacement], Replacement]:
    """Let programs with `jit` call the decorated function in place of this one.

    It takes the same arguments, arrays and constants, and returns what the other one does, within the tolerance of
    `ag.compile(jit=True)`. What it was not made for it passes on to the other one.

    Args:
        function: a primitive, or the rule of one.
        wanted: the new one returns several results and takes an argument `wanted`, with the numbers of those that
            matter; the others may be None.
    """

    def register(new: Replacement) -> Replacement:
        _REPLACEMENTS[function] = new
        if wanted:
            _SELECTIVE.add(function)
        return new

    return register


def replaced(function: Any) -> Any:
    """What a program with `jit` calls in place of a function: itself, if there is nothing better."""
    with _LOCK:
        while _MODULES:
            module = _MODULES.pop()
            if find_spec("numba") is not None:
                import_module(module)
    return _REPLACEMENTS.get(function, function) if getattr(type(function), "__hash__", None) else function


def leaves_out(function: Any) -> bool:
    """Whether what is called in its place takes `wanted`."""
    return replaced(function) is not function and function in _SELECTIVE


def in_place_kernels(
    function: Callable[..., None], scratch: Sequence[int] = ()
) -> Callable[..., Callable[[], None] | None]:
    """Kernels of a function that changes flat arrays in place, such as an optimizer's equation.

    They go through memory once, whatever the function writes in between. Numbers among the arguments may be others at
    every call.

    Args:
        function: takes arguments, then flat arrays of equal length, then arguments, and calls elementwise functions of
            NumPy on the arrays, with `out=` or in place.
        scratch: which of the arrays are scratch space, whose contents do not matter afterwards.

    Returns:
        `prepare(stretches, before, after)`: it returns a function that does `function(*before, *arrays, *after)` for
        each tuple of arrays in `stretches`, or None if no kernel can do that.

    Example:
        >>> import numpy as np, autograd_lite as ag
        >>> def decay(rate, x, scratch):
        ...     np.multiply(x, rate, out=scratch)
        ...     x -= scratch
        >>> prepare = ag.in_place_kernels(decay, scratch=[1])
        >>> x = np.ones(3)
        >>> prepare([(x, np.empty(3))], before=[0.25])()
        >>> x
        array([0.75, 0.75, 0.75])
    """
    from .kernels.in_place import InPlace

    return InPlace(function, scratch)
