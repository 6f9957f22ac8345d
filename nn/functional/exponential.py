"""Activations that are linear above 0 and exponential below: elu and its kin."""

from __future__ import annotations

from typing import Any

import numpy as np

import autograd_lite as ag

from .masked import slopes
from .real import real_only


def elu(input: Any, alpha: float = 1.0, inplace: bool = False) -> Any:
    """x, or α (e^x - 1) where x is negative, elementwise: Clevert et al., ELUs, 2016.

    Args:
        input: of any shape.
        alpha: α, which is also the derivative at 0.
        inplace: taken for the sake of PyTorch's programs; nothing is ever overwritten.

    Example:
        >>> import numpy as np, nn
        >>> nn.functional.elu(np.array([-1.0, 0.0, 1.0])).round(4)
        array([-0.6321,  0.    ,  1.    ])
    """
    real_only("elu", input)
    return _elu(input, float(alpha), 1.0, 1.0)


_SELU_ALPHA, _SELU_SCALE = 1.6732632423543772848170429916717, 1.0507009873554804934193349852946


def selu(input: Any, inplace: bool = False) -> Any:
    """1.0507 x, or 1.0507 · 1.6733 (e^x - 1) where x is negative, elementwise: it keeps mean 0 and variance 1.

    Klambauer et al., Self-normalizing neural networks, 2017.

    Args:
        input: of any shape.
        inplace: see `elu`.

    Example:
        >>> import numpy as np, nn
        >>> nn.functional.selu(np.array([-1.0, 0.0, 1.0])).round(4)
        array([-1.1113,  0.    ,  1.0507])
    """
    real_only("selu", input)
    return _elu(input, _SELU_ALPHA, _SELU_SCALE, 1.0)


def celu(input: Any, alpha: float = 1.0, inplace: bool = False) -> Any:
    """x, or α (e^(x/α) - 1) where x is negative, elementwise: Barron, CELUs, 2017.

    Args:
        input: of any shape.
        alpha: α, not 0; the derivative at 0 is 1 for any.
        inplace: see `elu`.

    Raises:
        ValueError: α is 0.

    Example:
        >>> import numpy as np, nn
        >>> nn.functional.celu(np.array([-1.0, 0.0, 1.0]), alpha=2.0).round(4)
        array([-0.7869,  0.    ,  1.    ])
    """
    if alpha == 0:
        raise ValueError("alpha cannot be 0 for CELU")
    real_only("celu", input)
    return _elu(input, float(alpha), 1.0, 1 / float(alpha))


@ag.primitive(traced=True)
def _elu(x: Any, alpha: float, scale: float, inner: float) -> Any:
    """scale · x, or scale · α (e^(inner x) - 1) where x is negative."""
    out = np.expm1(np.minimum(x, 0) * inner)
    out *= alpha * scale
    out += np.maximum(x, 0) * scale
    return out


def _elu_vjp(g: Any, out: Any, x: Any, alpha: float, scale: float, inner: float) -> Any:
    return g * (slopes(x > 0, alpha * scale * inner, scale, x.dtype) * np.exp(ag.relu(-x) * -inner))


ag.defvjp(_elu, _elu_vjp)
