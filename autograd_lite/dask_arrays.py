"""Dask arrays: what Dask cannot do with them is refused by name.

Dask computes at once, with a warning, what it does not know, and a few functions it gets wrong. So every call on its
arrays is checked, those inside of gradient rules too. This module is loaded with the first of its arrays: those of
NumPy pay nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from math import isnan
from typing import Any

import numpy as np
from dask import array as dask_array

from .primitive import PLAIN, RULES, Guard, Primitive, Results, describe, is_ufunc
from .value import Value

_AT_ONCE = "It is not among Dask's functions, and would be computed at once."
_IN_ORDER = "Its gradient needs np.argsort, which Dask does not have."
_BY_NUMBERS = "What comes out depends on the numbers, which Dask has only when it computes."
WRONG: dict[Any, str] = {
    np.linalg.cholesky: "Dask returns the upper factor for the lower one.",
    np.put_along_axis: "Dask writes into a copy that is lost.",
    np.linspace: "Dask computes its ends at once.",
    **dict.fromkeys([np.unique_all, np.unique_counts, np.unique_inverse, np.intersect1d], _AT_ONCE),
    **dict.fromkeys([np.histogram_bin_edges, np.real_if_close], _AT_ONCE),
    **dict.fromkeys([np.median, np.quantile, np.percentile], _IN_ORDER),
    **dict.fromkeys([np.nanmedian, np.nanquantile, np.nanpercentile], _IN_ORDER),
    **dict.fromkeys([np.polydiv, *[getattr(np.emath, name) for name in np.emath.__all__]], _BY_NUMBERS),
}
# what a Dask array has, but not under the name of NumPy's function
INSTEAD: dict[Any, Callable[..., Any]] = {
    np.copy: lambda a, order="K", subok=False: a.copy(),
    np.matrix_transpose: lambda x: x.swapaxes(-1, -2),
    np.size: lambda a, axis=None: a.size if axis is None else a.shape[axis],
}


@cache
def is_known(function: Any) -> bool:
    """Whether Dask has a function of NumPy, where its arrays, too, look for it."""
    if is_ufunc(function) or not hasattr(function, "_implementation"):
        return True
    module: Any = dask_array
    for name in function.__module__.split(".")[1:]:
        module = getattr(module, name, None)
    found = getattr(module, function.__name__, None)
    return found not in (None, function) or function in dask_array.core._HANDLED_FUNCTIONS


def has_dask(x: Any) -> bool:
    """Whether there is a Dask array in `x`, or in the lists in it."""
    if isinstance(x, list | tuple):
        return any(map(has_dask, x))
    return isinstance(x.data if isinstance(x, Value) else x, dask_array.Array)


def refused(function: Any, reason: str) -> TypeError:
    return TypeError(f"{describe(function)} cannot stay lazy on Dask arrays. {reason} Compute it first, x.compute().")


class DaskGuard(Guard):
    """Runs functions and gradient rules that may get Dask arrays."""

    def compose(self, function: Any, implementation: Callable[..., Any], args: Any, kwargs: dict[str, Any]) -> Any:
        if not has_dask([*args, *kwargs.values()]):
            return implementation(*args, **kwargs)
        if function in WRONG:
            raise refused(function, WRONG[function])
        try:
            return implementation(*args, **kwargs)
        except (AttributeError, NotImplementedError) as error:
            raise refused(function, f"Dask says {str(error) or 'no'!r}.") from error

    def run(self, function: Any, forward: Callable[..., Any], args: Any, kwargs: dict[str, Any]) -> Any:
        if not has_dask([*args, *kwargs.values()]):
            return forward(*args, **kwargs)
        if function in INSTEAD:
            return INSTEAD[function](*args, **kwargs)
        if not is_known(function):
            raise refused(function, _AT_ONCE)
        out = self.compose(function, forward, args, kwargs)
        for result in () if function in PLAIN else out if isinstance(out, tuple) else (out,):
            if isinstance(result, np.ndarray | np.generic):
                raise refused(function, "It was computed at once.")
            if any(map(isnan, result.shape)):
                raise refused(function, "How long the result is depends on the numbers.")
        return out

    def __getitem__(self, function: Any) -> Any:
        rule = RULES[function]
        of_others = isinstance(function, Primitive) and not function.__module__.startswith(f"{__package__}.rules")
        return rule if of_others else _OnValues(rule)  # a rule of the user sees the arrays themselves


class _OnValues:
    """The rule of a function, run on Values, so that every function in it is checked."""

    __slots__ = ("joint", "vjps")

    def __init__(self, rule: Any) -> None:
        self.vjps = [vjp and _on_values(vjp) for vjp in rule.vjps]
        self.joint = rule.joint and _on_values(rule.joint)


def _on_values(vjp: Callable[..., Any]) -> Callable[..., Any]:
    def on_values(g: Any, out: Any, *args: Any, **kwargs: Any) -> Any:
        return _lowered(vjp(_lifted(g), _lifted(out), *map(_lifted, args), **kwargs))

    return on_values


def _lifted(x: Any) -> Any:
    """A Dask array as a constant, several results one by one."""
    if isinstance(x, Results):
        return Results(map(_lifted, x))
    lazy = isinstance(x, dask_array.Array) and x.dtype.kind in "fc"
    return Value(x, requires_grad=False) if lazy else x


def _lowered(x: Any) -> Any:
    if isinstance(x, list | tuple):
        return type(x)([_lowered(item) for item in x])
    return x.data if isinstance(x, Value) else x
