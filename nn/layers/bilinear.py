"""The layer with two inputs."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .. import init
from ..dtype import get_default_dtype
from ..functional import bilinear
from ..module import Module
from ..parameter import Parameter
from .sizes import require_sizes


class Bilinear(Module):
    """y_o = x1ᵀ W_o x2 + b_o, for each output o.

    Shapes: `(*, in1_features)`, `(*, in2_features)` -> `(*, out_features)`.

    Args:
        in1_features: the length of the last axis of the first input.
        in2_features: the length of the last axis of the second input.
        out_features: the length of the last axis of the output.
        bias: whether there is a b.
        dtype: of the parameters, by default `nn.get_default_dtype()`.

    Attributes:
        weight: W, `(out_features, in1_features, in2_features)`, at first from U(-k, k) with k = 1 / sqrt(in1_features).
        bias: b, `(out_features,)`, from the same distribution; None without.

    Raises:
        ValueError: `in1_features` is not positive; at a call, shapes that do not fit.

    Example:
        >>> import numpy as np, nn
        >>> layer = nn.Bilinear(20, 30, 40)
        >>> layer(np.ones((128, 20), np.float32), np.ones((128, 30), np.float32)).shape
        (128, 40)
    """

    weight: Parameter
    bias: Parameter | None

    def __init__(
        self, in1_features: int, in2_features: int, out_features: int, bias: bool = True, *, dtype: Any = None
    ) -> None:
        super().__init__()
        require_sizes(in1_features=in1_features, in2_features=in2_features, out_features=out_features)
        if in1_features <= 0:
            raise ValueError(f"in1_features must be > 0, but got (in1_features={in1_features})")
        self.in1_features = in1_features
        self.in2_features = in2_features
        self.out_features = out_features
        dtype = dtype or get_default_dtype()
        self.weight = Parameter(np.empty((out_features, in1_features, in2_features), dtype))
        self.bias = Parameter(np.empty(out_features, dtype)) if bias else None
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the weights anew."""
        bound = 1 / math.sqrt(self.in1_features)
        init.uniform_(self.weight, -bound, bound)
        if self.bias is not None:
            init.uniform_(self.bias, -bound, bound)

    def forward(self, input1: Any, input2: Any) -> Any:
        return bilinear(input1, input2, self.weight, self.bias)

    def extra_repr(self) -> str:
        return (
            f"in1_features={self.in1_features}, in2_features={self.in2_features}, "
            f"out_features={self.out_features}, bias={self.bias is not None}"
        )

    def _label(self) -> str:
        return f"Bilinear({self.in1_features}, {self.in2_features} → {self.out_features})"
