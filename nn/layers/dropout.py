"""Dropout as a module, which knows whether it is being trained."""

from __future__ import annotations

from typing import Any

from .. import functional as F
from ..module import Module


class Dropout(Module):
    """While training, each element is 0 with probability `p`, else divided by 1 - p.

    Args:
        p: the probability of a zero.
        inplace: taken for the sake of PyTorch's programs; nothing is ever overwritten.

    Raises:
        ValueError: `p` is no probability.

    Example:
        >>> import numpy as np, nn
        >>> nn.Dropout(0.5).eval()(np.ones(3))
        array([1., 1., 1.])
    """

    def __init__(self, p: float = 0.5, inplace: bool = False) -> None:
        super().__init__()
        if not 0 <= p <= 1:
            raise ValueError(f"dropout probability has to be between 0 and 1, but got {p}")
        self.p = p
        self.inplace = inplace

    def forward(self, input: Any) -> Any:
        return F.dropout(input, self.p, self.training)

    def extra_repr(self) -> str:
        return f"p={self.p}, inplace={self.inplace}"

    def _label(self) -> str:
        return f"Dropout({self.p})"
