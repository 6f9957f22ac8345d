"""Softmax and its kin as modules; the formulas are in `nn.functional`."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import functional as F
from ..module import Module


class AlongAxis(Module):
    """What the modules of this file have in common.

    Args:
        dim: the axis; see `nn.functional.softmax`.
        temperature: what the input is divided by; see `nn.functional.softmax`.

    Raises:
        ValueError: at a call, the temperature is not positive.
    """

    def __init__(self, dim: int | None = None, *, temperature: Any = 1.0) -> None:
        super().__init__()
        self.dim = dim
        self.temperature = temperature

    def extra_repr(self) -> str:
        return f"dim={self.dim}{_temperature(self)}"


class Softmax(AlongAxis):
    """e^(x/T) / Σ e^(x/T) along an axis.

    Args:
        dim: the axis; see `nn.functional.softmax`.
        temperature: T; see `nn.functional.softmax`.

    Raises:
        ValueError: at a call, the temperature is not positive.

    Example:
        >>> import numpy as np, nn
        >>> nn.Softmax(dim=-1)(np.array([0.0, 0.0]))
        array([0.5, 0.5])
    """

    def forward(self, input: Any) -> Any:
        return F.softmax(input, self.dim, temperature=self.temperature)


class Softmin(AlongAxis):
    """e^(-x/T) / Σ e^(-x/T) along an axis.

    Args:
        dim: the axis; see `nn.functional.softmax`.
        temperature: T; see `nn.functional.softmax`.

    Raises:
        ValueError: at a call, the temperature is not positive.
    """

    def forward(self, input: Any) -> Any:
        return F.softmin(input, self.dim, temperature=self.temperature)


class LogSoftmax(AlongAxis):
    """x/T - log Σ e^(x/T) along an axis.

    Args:
        dim: the axis; see `nn.functional.softmax`.
        temperature: T; see `nn.functional.softmax`.

    Raises:
        ValueError: at a call, the temperature is not positive.

    Example:
        >>> import numpy as np, nn
        >>> nn.LogSoftmax(dim=-1)(np.array([0.0, 1000.0]))
        array([-1000.,     0.])
    """

    def forward(self, input: Any) -> Any:
        return F.log_softmax(input, self.dim, temperature=self.temperature)


class Softmax2d(Module):
    """The softmax over the channels of each pixel.

    Shapes: `(N, C, H, W)` or `(C, H, W)` -> the same.

    Args:
        temperature: see `nn.functional.softmax`.

    Raises:
        ValueError: at a call, the input has not three or four axes, or the temperature is not positive.
    """

    def __init__(self, *, temperature: Any = 1.0) -> None:
        super().__init__()
        self.temperature = temperature

    def forward(self, input: Any) -> Any:
        axes = np.ndim(input)
        if axes not in (3, 4):
            raise ValueError(
                f"Softmax2d: expected input to be 3D or 4D, got {axes}D instead, of shape {np.shape(input)}"
            )
        return F.softmax(input, -3, temperature=self.temperature)

    def extra_repr(self) -> str:
        return _temperature(self).removeprefix(", ")


def _temperature(module: Any) -> str:
    return "" if module.temperature == 1 else f", temperature={module.temperature}"
