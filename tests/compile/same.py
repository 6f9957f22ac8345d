"""What makes two results the same: their kind, structure, dtype, shape and bytes."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np

import autograd_lite as ag


def bits(x: Any) -> Any:
    """Something that is equal for results that are the same to the bit, and of the same kinds."""
    if isinstance(x, ag.Value):
        # whether a sum of gradients is a number or an array of no dimension hangs on who may write into the first
        gradient = x.grad[()] if isinstance(x.grad, np.ndarray) else x.grad
        return type(x).__name__, x.requires_grad, x.name, bits(x.data), bits(gradient)
    if isinstance(x, np.ndarray | np.generic):
        return type(x).__name__, x.dtype, x.shape, canonical(x).tobytes()
    if isinstance(x, dict):
        return type(x).__name__, [(name, bits(item)) for name, item in x.items()]
    if isinstance(x, tuple | list):
        return type(x).__name__, [bits(item) for item in x]
    if is_dataclass(x) and not isinstance(x, type):
        return type(x).__name__, [bits(getattr(x, field.name)) for field in fields(x)]
    return x


def canonical(x: Any) -> Any:
    """The same numbers with one nan for all, whose sign says nothing."""
    if x.dtype.kind == "c":
        return np.stack([canonical(x.real), canonical(x.imag)])
    return np.where(np.isnan(x), x.dtype.type(np.nan), x) if x.dtype.kind == "f" else x
