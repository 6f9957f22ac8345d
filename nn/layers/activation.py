"""Activations as modules; the formulas are in `nn.functional`."""

from __future__ import annotations

from typing import Any

from .. import functional as F
from ..module import Module


class ReLU(Module):
    """max(x, 0), elementwise.

    Args:
        inplace: taken for the sake of PyTorch's programs; nothing is ever overwritten.
    """

    def __init__(self, inplace: bool = False) -> None:
        super().__init__()
        self.inplace = inplace

    def forward(self, input: Any) -> Any:
        return F.relu(input)

    def extra_repr(self) -> str:
        return "inplace=True" if self.inplace else ""


class Sigmoid(Module):
    """1 / (1 + e^-x), elementwise."""

    def forward(self, input: Any) -> Any:
        return F.sigmoid(input)


class Tanh(Module):
    """The hyperbolic tangent, elementwise."""

    def forward(self, input: Any) -> Any:
        return F.tanh(input)


class GELU(Module):
    """x · Φ(x) with the normal distribution Φ, elementwise.

    Args:
        approximate: `"none"` for the exact Φ, `"tanh"` for its approximation.
    """

    def __init__(self, approximate: str = "none") -> None:
        super().__init__()
        self.approximate = approximate

    def forward(self, input: Any) -> Any:
        return F.gelu(input, self.approximate)

    def extra_repr(self) -> str:
        return f"approximate={self.approximate!r}"


class SiLU(Module):
    """x · sigmoid(x), elementwise.

    Args:
        inplace: see `ReLU`.
    """

    def __init__(self, inplace: bool = False) -> None:
        super().__init__()
        self.inplace = inplace

    def forward(self, input: Any) -> Any:
        return F.silu(input)

    def extra_repr(self) -> str:
        return "inplace=True" if self.inplace else ""


class Softmax(Module):
    """e^x / Σ e^x along an axis.

    Args:
        dim: the axis; see `nn.functional.softmax`.

    Example:
        >>> import numpy as np, nn
        >>> nn.Softmax(dim=-1)(np.array([0.0, 0.0]))
        array([0.5, 0.5])
    """

    def __init__(self, dim: int | None = None) -> None:
        super().__init__()
        self.dim = dim

    def forward(self, input: Any) -> Any:
        return F.softmax(input, self.dim)

    def extra_repr(self) -> str:
        return f"dim={self.dim}"
