"""Where random numbers come from: one generator, which `manual_seed` starts anew."""

from __future__ import annotations

from operator import index
from typing import Any

import numpy as np

import autograd_lite as ag

default_generator = np.random.default_rng()
ag.register_generator(default_generator)  # so that dropout under checkpoint draws the same mask again


def manual_seed(seed: int) -> np.random.Generator:
    """Start the default generator anew, so that initial weights, dropout and shuffling can be repeated.

    Returns:
        The default generator, `nn.random.default_generator`.

    Raises:
        TypeError, ValueError: `seed` is no integer from 0 on. The generator stays where it was.

    Example:
        >>> import nn
        >>> _ = nn.manual_seed(0)
        >>> a = nn.Linear(2, 3)
        >>> _ = nn.manual_seed(0)
        >>> b = nn.Linear(2, 3)
        >>> bool((a.weight == b.weight).all())
        True
    """
    try:
        started = index(seed)
    except TypeError:
        raise TypeError(f"a seed must be an integer, not {seed!r}. Write nn.manual_seed(0).") from None
    if started < 0:
        raise ValueError(f"a seed must be 0 or greater, got {seed}.")
    _start(started)
    return default_generator


@ag.effect  # so that a compiled function that begins with a seed begins anew at every call
def _start(seed: int) -> None:
    default_generator.bit_generator.state = type(default_generator.bit_generator)(seed).state


@ag.primitive
def dropout_mask(shape: tuple[int, ...], p: float, dtype: Any, generator: np.random.Generator) -> Any:
    """What dropout multiplies with: 0 with probability `p`, else 1 / (1 - p), so that the mean stays."""
    kept = generator.random(shape, dtype=np.float32) >= p
    return np.multiply(kept, np.dtype(dtype).type(1 / (1 - p) if p < 1 else 0))
