"""Dropout: zeros at random, so that a network does not rely on single units."""

from __future__ import annotations

from typing import Any

import numpy as np

import autograd_lite as ag

from ..random import default_generator, dropout_mask


def dropout(
    input: Any,
    p: float = 0.5,
    training: bool = True,
    inplace: bool = False,
    *,
    generator: np.random.Generator | None = None,
) -> Any:
    """Each element is 0 with probability `p`, else divided by 1 - p; unchanged unless training.

    Srivastava et al., Dropout, 2014.

    Args:
        input: floating numbers of any shape.
        p: the probability of a zero.
        training: without, the input is returned as it is.
        inplace: taken for the sake of PyTorch's programs; nothing is ever overwritten.
        generator: where to draw from, by default `nn.random.default_generator`.

    Raises:
        ValueError: `p` is no probability.
        TypeError: the input holds integers, which cannot be divided by 1 - p.

    Example:
        >>> import numpy as np, nn
        >>> nn.functional.dropout(np.ones(6), 0.5, generator=np.random.default_rng(1))
        array([0., 2., 2., 2., 0., 0.])
    """
    if not 0 <= p <= 1:
        raise ValueError(f"dropout probability has to be between 0 and 1, but got {p}")
    if not training or p == 0:
        return input
    dtype = input.dtype
    if dtype.kind != "f":
        raise TypeError(f"dropout needs floating numbers, but the input holds {dtype}. Write input.astype(np.float32).")
    mask = dropout_mask(input.shape, p, dtype, default_generator if generator is None else generator)
    return _dropout(input, mask)


@ag.primitive
def _dropout(input: Any, mask: Any) -> Any:
    """`input * mask`: an operation of its own, so that a drawing calls it by its name."""
    return input * mask


ag.defvjp(_dropout, lambda g, out, input, mask: g * mask, None)
