"""Smooth activations as modules, and ReLU; the formulas are in `nn.functional`."""

from __future__ import annotations

from typing import Any

from .. import functional as F
from ..module import Module
from .inplace import InPlace


class ReLU(InPlace):
    """max(x, 0), elementwise.

    Args:
        inplace: taken for the sake of PyTorch's programs; nothing is ever overwritten.
    """

    def forward(self, input: Any) -> Any:
        return F.relu(input)


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


class SiLU(InPlace):
    """x · sigmoid(x), elementwise; also called swish.

    Args:
        inplace: see `ReLU`.
    """

    def forward(self, input: Any) -> Any:
        return F.silu(input)


class Mish(InPlace):
    """x · tanh(softplus(x)), elementwise.

    Args:
        inplace: see `ReLU`.
    """

    def forward(self, input: Any) -> Any:
        return F.mish(input)


class Softplus(Module):
    """log(1 + e^(β x)) / β, elementwise: a smooth relu.

    Args:
        beta: β; the larger, the closer to relu.
        threshold: where β x is larger, the result is x itself.

    Example:
        >>> import numpy as np, nn
        >>> nn.Softplus()(np.array([-1.0, 0.0, 100.0])).round(4)
        array([  0.3133,   0.6931, 100.    ])
    """

    def __init__(self, beta: float = 1.0, threshold: float = 20.0) -> None:
        super().__init__()
        self.beta = beta
        self.threshold = threshold

    def forward(self, input: Any) -> Any:
        return F.softplus(input, self.beta, self.threshold)

    def extra_repr(self) -> str:
        return f"beta={self.beta}, threshold={self.threshold}"


class LogSigmoid(Module):
    """log(1 / (1 + e^-x)), elementwise."""

    def forward(self, input: Any) -> Any:
        return F.logsigmoid(input)


class Softsign(Module):
    """x / (1 + |x|), elementwise."""

    def forward(self, input: Any) -> Any:
        return F.softsign(input)


class Tanhshrink(Module):
    """x - tanh(x), elementwise."""

    def forward(self, input: Any) -> Any:
        return F.tanhshrink(input)


class GLU(Module):
    """a · sigmoid(b), with a and b the halves of the input along an axis.

    Shapes: `(*, 2N, *)` -> `(*, N, *)`.

    Args:
        dim: the axis that is halved.

    Raises:
        ValueError: at a call, the axis has an odd length.
    """

    def __init__(self, dim: int = -1) -> None:
        super().__init__()
        self.dim = dim

    def forward(self, input: Any) -> Any:
        return F.glu(input, self.dim)

    def extra_repr(self) -> str:
        return f"dim={self.dim}"
