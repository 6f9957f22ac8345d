"""The fully connected layer."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .. import init
from ..dtype import get_default_dtype
from ..functional import linear
from ..module import Module
from ..parameter import Parameter
from .sizes import require_sizes


class Linear(Module):
    """y = x Wᵀ + b.

    Shapes: `(*, in_features)` -> `(*, out_features)`.

    Args:
        in_features: the length of the last axis of the input.
        out_features: the length of the last axis of the output.
        bias: whether there is a b.
        dtype: of the parameters, by default `nn.get_default_dtype()`.

    Attributes:
        weight: W, `(out_features, in_features)`, at first from U(-k, k) with k = 1 / sqrt(in_features).
        bias: b, `(out_features,)`, from the same distribution; None without.

    Raises:
        ValueError: a negative length; at a call, the last axis of the input is not in_features long.

    Example:
        >>> import numpy as np, nn
        >>> layer = nn.Linear(4, 16)
        >>> layer
        Linear(in_features=4, out_features=16, bias=True)
        >>> layer(np.ones((32, 4), np.float32)).shape
        (32, 16)
    """

    weight: Parameter
    bias: Parameter | None

    def __init__(self, in_features: int, out_features: int, bias: bool = True, *, dtype: Any = None) -> None:
        super().__init__()
        require_sizes(in_features=in_features, out_features=out_features)
        self.in_features = in_features
        self.out_features = out_features
        dtype = dtype or get_default_dtype()
        self.weight = Parameter(np.empty((out_features, in_features), dtype))
        self.bias = Parameter(np.empty(out_features, dtype)) if bias else None
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the weights anew."""
        bound = 1 / math.sqrt(self.in_features) if self.in_features else 0.0
        init.uniform_(self.weight, -bound, bound)
        if self.bias is not None:
            init.uniform_(self.bias, -bound, bound)

    def forward(self, input: Any) -> Any:
        return linear(input, self.weight, self.bias)

    def extra_repr(self) -> str:
        return f"in_features={self.in_features}, out_features={self.out_features}, bias={self.bias is not None}"

    def _label(self) -> str:
        return f"Linear({self.in_features} → {self.out_features})"
