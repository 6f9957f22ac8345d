"""Activations: the nonlinear functions between layers, and the two that normalize scores."""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np

import autograd_lite as ag

from .real import real_only
from .rows import row_max, row_sum


def relu(input: Any, inplace: bool = False) -> Any:
    """max(x, 0), elementwise.

    Args:
        input: of any shape.
        inplace: taken for the sake of PyTorch's programs; nothing is ever overwritten.
    """
    return input.relu() if isinstance(input, ag.Value) else ag.relu(input)  # the method takes the shorter way


def tanh(input: Any) -> Any:
    """The hyperbolic tangent, elementwise."""
    return np.tanh(input)


@ag.primitive
def sigmoid(input: Any) -> Any:
    """1 / (1 + e^-x), elementwise; in (0, 1), and without overflow.

    Example:
        >>> import numpy as np, nn
        >>> nn.functional.sigmoid(np.array([-1000.0, 0.0, 1000.0]))
        array([0. , 0.5, 1. ])
    """
    with np.errstate(over="ignore"):  # e^1000 is inf, and 1 / inf is the right 0
        return 1 / (1 + np.exp(-input))


ag.defvjp(sigmoid, lambda g, out, input: g * (out * (1 - out)))


def silu(input: Any, inplace: bool = False) -> Any:
    """x · sigmoid(x), elementwise; also called swish (Hendrycks & Gimpel 2016, Ramachandran et al. 2017).

    Args:
        input: of any shape.
        inplace: see `relu`.

    Example:
        >>> import numpy as np, nn
        >>> nn.functional.silu(np.array([-1.0, 0.0, 1.0])).round(4)
        array([-0.2689,  0.    ,  0.7311])
    """
    return _silu(input)


@ag.primitive
def _silu(x: Any) -> Any:
    """x · sigmoid(x)."""
    return x * sigmoid(x)


def _silu_vjp(g: Any, out: Any, x: Any) -> Any:
    s = sigmoid(x)
    return g * (s + out * (1 - s))


ag.defvjp(_silu, _silu_vjp)


def gelu(input: Any, approximate: str = "none") -> Any:
    """x · Φ(x) with the normal distribution Φ, elementwise: Hendrycks & Gimpel, GELUs, 2016.

    Args:
        input: of any shape.
        approximate: `"none"` for the exact Φ(x) = (1 + erf(x / sqrt 2)) / 2, `"tanh"` for
            (1 + tanh(sqrt(2/π) · (x + 0.044715 x³))) / 2, as in GPT-2; they differ by up to 4.7e-4.

    Raises:
        ValueError: another `approximate`.

    Example:
        >>> import numpy as np, nn
        >>> nn.functional.gelu(np.array([-1.0, 0.0, 1.0])).round(4)
        array([-0.1587,  0.    ,  0.8413])
    """
    real_only("gelu", input)
    if approximate == "none":
        return _gelu(input)
    if approximate == "tanh":
        return _gelu_tanh(input)
    raise ValueError(f"approximate argument must be either none or tanh, got {approximate!r}")


def _normal_distribution(x: Any) -> Any:
    from scipy.special import erf  # loaded when first used: SciPy takes as long to import as everything else

    return 0.5 * (1 + erf(x * math.sqrt(0.5)))


@ag.primitive
def _gelu(x: Any) -> Any:
    """x · Φ(x)."""
    return x * _normal_distribution(x)


def _gelu_vjp(g: Any, out: Any, x: Any) -> Any:
    if isinstance(x, ag.Value):
        distribution = _normal_distribution(x)
    else:  # erf is by far the dearest part, so read it off the result
        tiny = abs(x) < 1e-30
        distribution = np.where(tiny, 0.5, out / np.where(tiny, 1, x))
    density = np.exp(x * x * -0.5) * (1 / math.sqrt(2 * math.pi))
    return g * (distribution + x * density)


ag.defvjp(_gelu, _gelu_vjp)

_TANH_SCALE, _TANH_CUBIC = math.sqrt(2 / math.pi), 0.044715


@ag.primitive
def _gelu_tanh(x: Any) -> Any:
    """x · (1 + tanh(sqrt(2/π) · (x + 0.044715 x³))) / 2."""
    return 0.5 * x * (1 + np.tanh(_TANH_SCALE * (x + _TANH_CUBIC * (x * x * x))))


def _gelu_tanh_vjp(g: Any, out: Any, x: Any) -> Any:
    square = x * x
    t = np.tanh(_TANH_SCALE * (x + _TANH_CUBIC * (square * x)))
    return g * (0.5 * (1 + t) + (0.5 * _TANH_SCALE) * x * (1 - t * t) * (1 + (3 * _TANH_CUBIC) * square))


ag.defvjp(_gelu_tanh, _gelu_tanh_vjp)


def softmax(input: Any, dim: int | None = None) -> Any:
    """e^x / Σ e^x along an axis: positive, and the sum is 1.

    Args:
        input: scores of any shape.
        dim: the axis. Without, PyTorch's choice with its warning: 0 for one or three axes, else 1.

    Example:
        >>> import numpy as np, nn
        >>> nn.functional.softmax(np.array([1.0, 2.0, 1000.0]), dim=-1)
        array([0., 0., 1.])
    """
    real_only("softmax", input)
    return _softmax(input, _axis("softmax", input, dim))


def log_softmax(input: Any, dim: int | None = None) -> Any:
    """x - log Σ e^x along an axis: the logarithm of `softmax`, exact also where that is 0.

    Args:
        input: scores of any shape.
        dim: the axis, see `softmax`.

    Example:
        >>> import numpy as np, nn
        >>> nn.functional.log_softmax(np.array([0.0, 1000.0]), dim=-1)
        array([-1000.,     0.])
    """
    real_only("log_softmax", input)
    return _log_softmax(input, _axis("log_softmax", input, dim))


def _axis(name: str, input: Any, dim: int | None) -> int:
    if dim is not None:
        return dim
    chosen = 0 if np.ndim(input) in (0, 1, 3) else 1
    warnings.warn(
        f"Implicit dimension choice for {name} has been deprecated. Write dim={chosen}, which is what was taken.",
        stacklevel=3,
    )
    return chosen


@ag.primitive
def _softmax(x: Any, dim: int) -> Any:
    """e^x / Σ e^x along `dim`."""
    out = x - row_max(x, dim)  # the shift cancels, and keeps e^x finite
    np.exp(out, out=out)
    out /= row_sum(out, dim)
    return out


def softmax_vjp(g: Any, out: Any, dim: int) -> Any:
    """The gradient of a softmax with the result `out`."""
    share = g * out
    return share - out * row_sum(share, dim)


ag.defvjp(_softmax, lambda g, out, x, dim: softmax_vjp(g, out, dim))


@ag.primitive
def _log_softmax(x: Any, dim: int) -> Any:
    """x - log Σ e^x along `dim`."""
    out = x - row_max(x, dim)
    out -= np.log(row_sum(np.exp(out), dim))
    return out


ag.defvjp(_log_softmax, lambda g, out, x, dim: g - np.exp(out) * row_sum(g, dim))
