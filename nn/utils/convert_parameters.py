"""All parameters as one vector, and back."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

import autograd_lite as ag


def parameters_to_vector(parameters: Iterable[ag.Value]) -> Any:
    """All parameters as one flat Value, from which gradients flow back into each of them.

    Args:
        parameters: Values.

    Example:
        >>> import nn
        >>> nn.utils.parameters_to_vector(nn.Linear(2, 3).parameters()).shape
        (9,)
    """
    return np.concatenate([p.reshape(-1) for p in parameters])


def vector_to_parameters(vec: Any, parameters: Iterable[ag.Value]) -> None:
    """Copy the parts of a vector into parameters; what `parameters_to_vector` returned, or an array like it.

    Args:
        vec: `(n,)`, an array or a Value.
        parameters: Values, of n elements together.

    Raises:
        TypeError: `vec` is no array.
        ValueError: `vec` has another shape. Nothing is copied then.

    Example:
        >>> import numpy as np, autograd_lite as ag, nn
        >>> w, b = ag.Value([[1.0, 2.0]]), ag.Value(3.0)
        >>> nn.utils.vector_to_parameters(np.array([4.0, 5.0, 6.0]), [w, b])
        >>> w.data
        array([[4., 5.]])
    """
    if not hasattr(vec, "dtype"):
        raise TypeError(f"expected an array or a Value, but got: {type(vec).__name__}. Write np.array(vec).")
    vector, listed = vec.data if isinstance(vec, ag.Value) else vec, list(parameters)
    size = sum(p.size for p in listed)
    if vector.shape != (size,):
        raise ValueError(f"the vector has shape {vector.shape}, but these parameters need {(size,)}.")
    start = 0
    for p in listed:
        p.data = vector[start : start + p.size].reshape(p.shape).astype(p.dtype)
        start += p.size
