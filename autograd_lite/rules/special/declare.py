"""How the ufuncs that need more than `defvjp` get their rules: several results, or real arguments alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ...primitive import VJP, composed, defvjp, describe, primitive


def several_results(ufunc: Callable[..., Any], *vjps: VJP | None) -> None:
    """Rules for a ufunc that returns a tuple; they receive tuples `g` and `out`."""
    recorded = primitive(ufunc)
    defvjp(recorded, *vjps)
    composed(ufunc)(lambda *args: recorded(*args))


def ufunc_behind(function: Callable[..., Any], *args: Any) -> Any:
    """The ufunc that a Python function of SciPy's calls on its last argument: it is what meets a Value."""
    return function(*args, _Probe())


class _Probe:
    def __array_ufunc__(self, ufunc: Any, *args: Any, **kwargs: Any) -> Any:
        return ufunc


def through(g: Any, *slopes: Any) -> Any:
    """The gradients of several results times the derivative of each, added up; None is one that was not used."""
    return sum(share * slope for share, slope in zip(g, slopes, strict=True) if share is not None)


def of_real_numbers(ufunc: Callable[..., Any], why: str, *vjps: VJP | None) -> None:
    """Rules for a ufunc that also takes complex numbers, for which they would be wrong."""
    recorded = primitive(ufunc)
    defvjp(recorded, *vjps)

    @composed(ufunc)
    def call(*args: Any) -> Any:
        if any(np.iscomplexobj(argument) for argument in args):
            raise TypeError(f"{describe(ufunc)} has no gradient rule for complex numbers: {why} Compute with v.data.")
        return recorded(*args)
