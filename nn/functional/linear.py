"""The affine map of a fully connected layer, and the bilinear map of two inputs."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

import autograd_lite as ag


@ag.primitive(traced=True)
def linear(input: Any, weight: Any, bias: Any = None) -> Any:
    """`input @ weight.T + bias`, as one operation.

    Shapes: `(*, in_features)`, `(out_features, in_features)`, `(out_features,)` -> `(*, out_features)`.

    Raises:
        ValueError: the last axis of `input` is not in_features long.

    Example:
        >>> import numpy as np, nn
        >>> nn.functional.linear(np.array([1.0, 2.0]), np.array([[3.0, 4.0], [5.0, 6.0]]), np.array([0.5, 0.0]))
        array([11.5, 17. ])
    """
    if input.shape[-1:] != weight.shape[1:]:
        if weight.ndim != 2:
            raise ValueError(f"the weight must have shape (out_features, in_features), got {weight.shape}.")
        raise ValueError(
            f"the input must have shape (*, in_features) with in_features = {weight.shape[1]}, got {input.shape}."
        )
    rows = input if input.ndim == 2 else _rows(input)
    out = rows.dot(weight.T)  # half a microsecond less than @ on two matrices
    if bias is not None:
        try:
            out += bias
        except ValueError:
            raise ValueError(f"the bias must have shape {weight.shape[:1]}, got {np.shape(bias)}.") from None
    return out if rows is input else out.reshape(*input.shape[:-1], weight.shape[0])


def _rows(x: Any) -> Any:
    """All leading axes as one: one product of matrices beats a loop over many."""
    return x.reshape(math.prod(x.shape[:-1]), x.shape[-1])


def _input_vjp(g: Any, out: Any, input: Any, weight: Any, bias: Any = None) -> Any:
    return g.dot(weight) if g.ndim == 2 else _rows(g).dot(weight).reshape(input.shape)


def _weight_vjp(g: Any, out: Any, input: Any, weight: Any, bias: Any = None) -> Any:
    return g.T.dot(input) if g.ndim == 2 else _rows(g).T.dot(_rows(input))


def _bias_vjp(g: Any, out: Any, input: Any, weight: Any, bias: Any = None) -> Any:
    return g.sum(axis=0) if g.ndim == 2 and bias.ndim == 1 else g  # the engine sums g to other shapes of a bias


ag.defvjp(linear, _input_vjp, _weight_vjp, _bias_vjp)


def bilinear(input1: Any, input2: Any, weight: Any, bias: Any = None) -> Any:
    """y_o = x1ᵀ W_o x2 + b_o, for each output o.

    Shapes: `(*, in1_features)`, `(*, in2_features)`, `(out_features, in1_features, in2_features)`,
    `(out_features,)` -> `(*, out_features)`.

    Args:
        input1: x1.
        input2: x2, with the same leading axes.
        weight: W.
        bias: b, or None.

    Raises:
        ValueError: the shapes do not fit.

    Example:
        >>> import numpy as np, nn
        >>> x1, x2 = np.array([1.0, 2.0]), np.array([3.0, 4.0])
        >>> nn.functional.bilinear(x1, x2, np.eye(2)[None])
        array([11.])
    """
    shapes = f"input1 {np.shape(input1)}, input2 {np.shape(input2)}, weight {np.shape(weight)}"
    if np.ndim(weight) != 3 or np.shape(input1)[-1:] != weight.shape[1:2] or np.shape(input2)[-1:] != weight.shape[2:]:
        raise ValueError(
            "input1, input2 and weight must be (*, in1_features), (*, in2_features) and "
            f"(out_features, in1_features, in2_features), got {shapes}."
        )
    if input1.shape[:-1] != input2.shape[:-1]:
        raise ValueError(f"the leading axes of the two inputs must be equal, got {shapes}.")
    if bias is not None and bias.shape != weight.shape[:1]:
        raise ValueError(f"the bias must have shape {weight.shape[:1]}, got {bias.shape}.")
    products = np.expand_dims(input1, -1) * np.expand_dims(input2, -2)  # (*, in1_features, in2_features)
    size = weight.shape[1] * weight.shape[2]  # as one axis, so that all is one product of matrices
    return linear(products.reshape(*input1.shape[:-1], size), weight.reshape(weight.shape[0], size), bias)
