"""How the ufuncs that need more than `defvjp` get their rules: several results, or real arguments alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ...primitive import VJP, composed, defvjp, describe, primitive


def several_results(ufunc: Callable[..., Any], *slopes: list[Callable[..., Any]] | VJP, not_complex: str = "") -> None:
    """Rules for a ufunc that returns a tuple.

    Args:
        ufunc: the function.
        *slopes: for each argument a list: for each result its derivative, a function of `(out, *args)`; or `no_rule`.
        not_complex: why complex arguments are refused, if they are.
    """
    _define(ufunc, not_complex, *[_through(slope) if isinstance(slope, list) else slope for slope in slopes])


def of_real_numbers(ufunc: Callable[..., Any], why: str, *vjps: VJP | None) -> None:
    """Rules for a ufunc that also takes complex numbers, for which they would be wrong."""
    _define(ufunc, why, *vjps)


def _through(slopes: list[Callable[..., Any]]) -> VJP:
    def rule(g: Any, out: Any, *args: Any) -> Any:
        used = [(share, slope) for share, slope in zip(g, slopes, strict=True) if share is not None]
        return sum(share * slope(out, *args) for share, slope in used)

    return rule


def _define(ufunc: Callable[..., Any], not_complex: str, *vjps: VJP | None) -> None:
    recorded = primitive(ufunc)
    defvjp(recorded, *vjps)

    @composed(ufunc)
    def call(*args: Any) -> Any:
        if not_complex and any(np.iscomplexobj(argument) for argument in args):
            raise TypeError(
                f"{describe(ufunc)} has no gradient rule for complex numbers: {not_complex} Compute with v.data."
            )
        return recorded(*args)


def ufunc_behind(function: Callable[..., Any], *args: Any) -> Any:
    """The ufunc that a Python function of SciPy's calls on its last argument: it is what meets a Value."""
    return function(*args, _Probe())


class _Probe:
    def __array_ufunc__(self, ufunc: Any, *args: Any, **kwargs: Any) -> Any:
        return ufunc
