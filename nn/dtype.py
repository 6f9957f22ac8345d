"""The dtype of new parameters: float32, as in PyTorch, unless it is set otherwise."""

from __future__ import annotations

from typing import Any

import numpy as np

_default: np.dtype[Any] = np.dtype(np.float32)


def set_default_dtype(dtype: Any) -> None:
    """Make new parameters of `dtype`; those that exist already keep theirs.

    Args:
        dtype: a floating type, such as `np.float64` or `"float16"`. float32 at the start.

    Raises:
        TypeError: `dtype` is not floating.

    Example:
        >>> import numpy as np, nn
        >>> nn.set_default_dtype(np.float64)
        >>> nn.Parameter([1, 2]).dtype
        dtype('float64')
        >>> nn.set_default_dtype(np.float32)
    """
    global _default
    wanted = np.dtype(dtype)
    if wanted.kind != "f":
        raise TypeError(
            f"only floating-point types are supported as the default type, not {wanted}. "
            "Write nn.set_default_dtype(np.float32) or nn.set_default_dtype(np.float64)."
        )
    _default = wanted


def get_default_dtype() -> np.dtype[Any]:
    """The dtype of new parameters."""
    return _default
