"""Layers that normalize activations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..dtype import get_default_dtype
from ..functional import layer_norm
from ..init import ones_, zeros_
from ..module import Module
from ..parameter import Parameter


class LayerNorm(Module):
    """(x - mean) / sqrt(variance + eps) · weight + bias, over the last axes of each sample.

    Shapes: `(*, *normalized_shape)` -> the same.

    Args:
        normalized_shape: the lengths of the last axes, over which mean and variance are taken.
        eps: keeps the root away from 0.
        elementwise_affine: whether there are `weight` and `bias`.
        bias: whether there is a `bias` beside the `weight`.
        dtype: of the parameters, by default `nn.get_default_dtype()`.

    Attributes:
        weight: of `normalized_shape`, 1 at first; None without.
        bias: of `normalized_shape`, 0 at first; None without.

    Raises:
        ValueError: at a call, the input does not end in `normalized_shape`.

    Example:
        >>> import numpy as np, nn
        >>> nn.LayerNorm(3)(np.array([1.0, 2.0, 3.0])).data.round(4)
        array([-1.2247,  0.    ,  1.2247])
    """

    weight: Parameter | None
    bias: Parameter | None

    def __init__(
        self,
        normalized_shape: int | Sequence[int],
        eps: float = 1e-5,
        elementwise_affine: bool = True,
        bias: bool = True,
        *,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        shape = (normalized_shape,) if isinstance(normalized_shape, int) else tuple(normalized_shape)
        self.normalized_shape = shape
        self.eps = eps
        self.elementwise_affine = elementwise_affine
        dtype = dtype or get_default_dtype()
        self.weight = Parameter(np.empty(shape, dtype)) if elementwise_affine else None
        self.bias = Parameter(np.empty(shape, dtype)) if elementwise_affine and bias else None
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Make the affine map the identity."""
        if self.weight is not None:
            ones_(self.weight)
        if self.bias is not None:
            zeros_(self.bias)

    def forward(self, input: Any) -> Any:
        return layer_norm(input, self.normalized_shape, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        affine = f"elementwise_affine={self.elementwise_affine}, bias={self.bias is not None}"
        return f"{self.normalized_shape}, eps={self.eps}, {affine}"

    def _label(self) -> str:
        return f"LayerNorm({' × '.join(map(str, self.normalized_shape))})"
