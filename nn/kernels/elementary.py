"""tanh and the logistic function of one number, which LLVM computes of many at a time.

float32 is within 4 units of the last place of a number near 1, float64 within 2.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from numba import njit, types
from numba.extending import overload

from autograd_lite.compile.kernels.elementary import tanh32, tanh64


def tanh(x: Any) -> Any:
    """The hyperbolic tangent, in the precision of `x`; for kernels only."""
    raise NotImplementedError


@overload(tanh, inline="always")
def _tanh_of(x: Any) -> Callable[[Any], Any]:
    def single(x: Any) -> Any:
        return tanh32(x)

    def double(x: Any) -> Any:
        return tanh64(x)

    return single if x == types.float32 else double


@njit(inline="always")
def sigmoid(x: Any, half: Any) -> Any:
    """1 / (1 + exp(-x)), as tanh(x / 2) / 2 + 1 / 2; `half` is ½ in the precision of `x`."""
    return tanh(x * half) * half + half
