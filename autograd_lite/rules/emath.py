"""Derivatives of `numpy.emath`, whose functions leave the real line where they must."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..arguments import constant
from ..primitive import composed
from ..tracing import expected
from .shape import astype


def _typed(x: Any) -> Any:
    """A number or a list as NumPy's own, of a dtype."""
    return x if hasattr(x, "dtype") else np.asarray(constant(x))[()]


def _complex_where(outside: Callable[[Any], Any], x: Any) -> Any:
    """`x` as complex numbers if one of them is real and outside of where the function is real."""
    x = _typed(x)
    if expected(np.any(np.isreal(x) & outside(x))):
        return astype(x, np.dtype(np.complex64 if x.dtype.char in "fFbhBH" else np.complex128))
    return x


def _negative(x: Any) -> Any:
    return np.less(x, 0)


def _beyond_one(x: Any) -> Any:
    return np.greater(np.abs(x), 1)


def _extended(function: Any, of: Any, outside: Callable[[Any], Any]) -> None:
    @composed(function)
    def extended(x: Any) -> Any:
        return of(_complex_where(outside, x))


for _name in ("sqrt", "log", "log2", "log10"):
    _extended(getattr(np.emath, _name), getattr(np, _name), _negative)
for _name in ("arccos", "arcsin", "arctanh"):
    _extended(getattr(np.emath, _name), getattr(np, _name), _beyond_one)


@composed(np.emath.logn)
def _logn(n: Any, x: Any) -> Any:
    return np.log(_complex_where(_negative, x)) / np.log(_complex_where(_negative, n))


@composed(np.emath.power)
def _power(x: Any, p: Any) -> Any:
    p = _typed(p)
    if p.dtype.kind in "iu" and expected(np.any(p < 0)):
        p = p * 1.0  # an integer power of integers has no fractions
    return np.power(_complex_where(_negative, x), p)
