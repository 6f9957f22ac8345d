"""Activations in which one half of the input is a gate for the other."""

from __future__ import annotations

from typing import Any

import numpy as np

import autograd_lite as ag

from .activation import sigmoid
from .real import real_only


def glu(input: Any, dim: int = -1) -> Any:
    """a · sigmoid(b), with a and b the halves of the input along an axis.

    Dauphin et al., Language modeling with gated convolutional networks, 2017.

    Shapes: `(*, 2N, *)` -> `(*, N, *)`.

    Args:
        input: a, and b behind it.
        dim: the axis that is halved.

    Raises:
        ValueError: the axis has an odd length, or there is none.

    Example:
        >>> import numpy as np, nn
        >>> nn.functional.glu(np.array([2.0, 4.0, 0.0, 1000.0]))
        array([1., 4.])
    """
    real_only("glu", input)
    shape = np.shape(input)
    if not shape:
        raise ValueError("glu does not support scalars because halving size must be even")
    if shape[dim] % 2:
        raise ValueError(f"Halving dimension must be even, but dimension {dim} is size {shape[dim]}")
    return _glu(input, dim)


@ag.primitive(traced=True)
def _glu(x: Any, dim: int) -> Any:
    """a · sigmoid(b)."""
    a, b = np.split(x, 2, dim)
    return a * sigmoid(b)


def _glu_vjp(g: Any, out: Any, x: Any, dim: int) -> Any:
    s = sigmoid(np.split(x, 2, dim)[1])
    return np.concatenate([g * s, g * (out * (1 - s))], axis=dim)


ag.defvjp(_glu, _glu_vjp)
