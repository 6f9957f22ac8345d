"""Activations with a kink as modules, relu's relatives; the formulas are in `nn.functional`."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import functional as F
from .. import init as initial
from ..dtype import get_default_dtype
from ..module import Module
from ..parameter import Parameter
from .inplace import InPlace


class LeakyReLU(Module):
    """x, or x times a small slope where x is negative, elementwise.

    Args:
        negative_slope: the slope.
        inplace: see `ReLU`.

    Example:
        >>> import numpy as np, nn
        >>> nn.LeakyReLU(0.1)(np.array([-1.0, 1.0]))
        array([-0.1,  1. ])
    """

    def __init__(self, negative_slope: float = 0.01, inplace: bool = False) -> None:
        super().__init__()
        self.negative_slope = negative_slope
        self.inplace = inplace

    def forward(self, input: Any) -> Any:
        return F.leaky_relu(input, self.negative_slope)

    def extra_repr(self) -> str:
        return f"negative_slope={self.negative_slope}{_inplace(self)}"


class PReLU(Module):
    """x, or x times a learned slope where x is negative, elementwise.

    Shapes: `(N, C, *)` or any -> the same.

    Args:
        num_parameters: 1 for one slope, or C for one for each channel.
        init: the slopes at first.
        dtype: of the slopes, by default `nn.get_default_dtype()`.

    Attributes:
        weight: the slopes, `(num_parameters,)`.

    Raises:
        ValueError: at a call, there are not as many slopes as channels.

    Example:
        >>> import numpy as np, nn
        >>> nn.PReLU()(np.array([-1.0, 1.0])).data
        array([-0.25,  1.  ])
    """

    weight: Parameter

    def __init__(self, num_parameters: int = 1, init: float = 0.25, *, dtype: Any = None) -> None:
        super().__init__()
        self.num_parameters = num_parameters
        self.init = init
        self.weight = Parameter(np.empty(num_parameters, dtype or get_default_dtype()))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Set all slopes to `init`."""
        initial.constant_(self.weight, self.init)

    def forward(self, input: Any) -> Any:
        return F.prelu(input, self.weight)

    def extra_repr(self) -> str:
        return f"num_parameters={self.num_parameters}"


class RReLU(Module):
    """x, or x times a slope where x is negative, elementwise: a random slope while training, else the mean.

    Args:
        lower: the least slope.
        upper: the largest slope.
        inplace: see `ReLU`.

    Raises:
        ValueError: at a call, the bounds are in the wrong order.
    """

    def __init__(self, lower: float = 1 / 8, upper: float = 1 / 3, inplace: bool = False) -> None:
        super().__init__()
        self.lower = lower
        self.upper = upper
        self.inplace = inplace

    def forward(self, input: Any) -> Any:
        return F.rrelu(input, self.lower, self.upper, self.training)

    def extra_repr(self) -> str:
        return f"lower={self.lower}, upper={self.upper}{_inplace(self)}"


class ELU(Module):
    """x, or α (e^x - 1) where x is negative, elementwise.

    Args:
        alpha: α.
        inplace: see `ReLU`.
    """

    def __init__(self, alpha: float = 1.0, inplace: bool = False) -> None:
        super().__init__()
        self.alpha = alpha
        self.inplace = inplace

    def forward(self, input: Any) -> Any:
        return F.elu(input, self.alpha)

    def extra_repr(self) -> str:
        return f"alpha={self.alpha}{_inplace(self)}"


class CELU(Module):
    """x, or α (e^(x/α) - 1) where x is negative, elementwise.

    Args:
        alpha: α, not 0.
        inplace: see `ReLU`.

    Raises:
        ValueError: at a call, α is 0.
    """

    def __init__(self, alpha: float = 1.0, inplace: bool = False) -> None:
        super().__init__()
        self.alpha = alpha
        self.inplace = inplace

    def forward(self, input: Any) -> Any:
        return F.celu(input, self.alpha)

    def extra_repr(self) -> str:
        return f"alpha={self.alpha}{_inplace(self)}"


class SELU(InPlace):
    """1.0507 x, or 1.0507 · 1.6733 (e^x - 1) where x is negative, elementwise.

    Args:
        inplace: see `ReLU`.
    """

    def forward(self, input: Any) -> Any:
        return F.selu(input)


class Hardtanh(Module):
    """x cut off at two bounds, elementwise.

    Args:
        min_val: the lower bound.
        max_val: the upper bound.
        inplace: see `ReLU`.

    Raises:
        ValueError: the upper bound is not above the lower one.
    """

    def __init__(self, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False) -> None:
        super().__init__()
        if not max_val > min_val:
            raise ValueError(f"max_val ({max_val}) must be greater than min_val ({min_val})")
        self.min_val = min_val
        self.max_val = max_val
        self.inplace = inplace

    def forward(self, input: Any) -> Any:
        return F.hardtanh(input, self.min_val, self.max_val)

    def extra_repr(self) -> str:
        return f"min_val={self.min_val}, max_val={self.max_val}{_inplace(self)}"


class ReLU6(Hardtanh):
    """min(max(x, 0), 6), elementwise.

    Args:
        inplace: see `ReLU`.
    """

    def __init__(self, inplace: bool = False) -> None:
        super().__init__(0.0, 6.0, inplace)

    def extra_repr(self) -> str:
        return "inplace=True" if self.inplace else ""


class Hardsigmoid(InPlace):
    """min(max(x + 3, 0), 6) / 6, elementwise.

    Args:
        inplace: see `ReLU`.
    """

    def forward(self, input: Any) -> Any:
        return F.hardsigmoid(input)

    def extra_repr(self) -> str:
        return ""


class Hardswish(InPlace):
    """x · hardsigmoid(x), elementwise.

    Args:
        inplace: see `ReLU`.
    """

    def forward(self, input: Any) -> Any:
        return F.hardswish(input)

    def extra_repr(self) -> str:
        return ""


class Hardshrink(Module):
    """x, or 0 where |x| <= λ, elementwise.

    Args:
        lambd: λ.
    """

    def __init__(self, lambd: float = 0.5) -> None:
        super().__init__()
        self.lambd = lambd

    def forward(self, input: Any) -> Any:
        return F.hardshrink(input, self.lambd)

    def extra_repr(self) -> str:
        return str(self.lambd)


class Softshrink(Module):
    """x moved towards 0 by λ, and 0 where |x| <= λ, elementwise.

    Args:
        lambd: λ.

    Raises:
        ValueError: at a call, λ is negative.
    """

    def __init__(self, lambd: float = 0.5) -> None:
        super().__init__()
        self.lambd = lambd

    def forward(self, input: Any) -> Any:
        return F.softshrink(input, self.lambd)

    def extra_repr(self) -> str:
        return str(self.lambd)


class Threshold(Module):
    """x where it is above the threshold, else a constant, elementwise.

    Args:
        threshold: what x must exceed.
        value: what takes the place of the others.
        inplace: see `ReLU`.
    """

    def __init__(self, threshold: float, value: float, inplace: bool = False) -> None:
        super().__init__()
        self.threshold = threshold
        self.value = value
        self.inplace = inplace

    def forward(self, input: Any) -> Any:
        return F.threshold(input, self.threshold, self.value)

    def extra_repr(self) -> str:
        return f"threshold={self.threshold}, value={self.value}{_inplace(self)}"


def _inplace(module: Any) -> str:
    return ", inplace=True" if module.inplace else ""
