"""Smooth activations, elementwise; `piecewise` has those with a kink, `softmax` and `gated` those along an axis."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

import autograd_lite as ag

from .real import real_only


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


@ag.primitive(traced=True)
def sigmoid(input: Any) -> Any:
    """1 / (1 + e^-x), elementwise; in (0, 1), and without overflow.

    Example:
        >>> import numpy as np, nn
        >>> nn.functional.sigmoid(np.array([-1000.0, 0.0, 1000.0]))
        array([0. , 0.5, 1. ])
    """
    with np.errstate(over="ignore"):  # e^1000 is inf, and 1 / inf is the right 0
        exponential = np.exp(-_signed(input))
    return 1 / (1 + exponential)


ag.defvjp(sigmoid, lambda g, out, input: g * (out * (1 - out)))


def _signed(x: Any) -> Any:
    """Unsigned integers and booleans as float64, because -x is not below 0 for them."""
    return x.astype(np.float64) if getattr(x, "dtype", None) is not None and x.dtype.kind in "ub" else x


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


@ag.primitive(traced=True)
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
    """Φ(x)."""
    if ag.is_array(x) and x.dtype == np.float32 and x.size >= _MANY:
        return _normal_distribution_single(x)
    from scipy.special import erf  # loaded when first used: SciPy takes as long to import as everything else

    scaled = x * math.sqrt(0.5)
    if getattr(x, "dtype", None) == np.float16:  # SciPy's answer is float32
        return 0.5 * (1 + erf(scaled.astype(np.float32)).astype(np.float16))
    return 0.5 * (1 + erf(scaled))


# Φ(x) = (1 + tanh(x p(x²))) / 2 up to 6e-8, which is float32's last digit, for |x| < 5.7, and ends in 1 behind. The
# polynomial p of degree 6 is fitted to atanh(erf(x / √2)) / x, so that the largest error of Φ is smallest.
_SATURATED = 8.0  # where tanh is 1 to the last bit, so that Φ ends in 0 and 1 exactly
_SINGLE = (
    1.7562850769525348e-09,
    -1.3226653087479836e-07,
    3.9647760344284e-06,
    -5.530633092567754e-05,
    -3.259471460065295e-05,
    0.03633308438493268,
    0.7978849414945242,
)
_MANY = 4096  # below it the calls cost more than erf does
_BLOCK = 1 << 16  # elements that stay in the cache through all passes


def _normal_distribution_single(x: Any) -> Any:
    """Φ(x) in float32, without SciPy's erf, which takes forty times as long as a tanh."""
    if ag.is_compiling() and x.flags.c_contiguous:  # a program has blocks of its own
        return _normal_distribution_block(x)
    source = x.reshape(-1)
    if ag.is_compiling():
        return _normal_distribution_block(source).reshape(x.shape)
    out = np.empty_like(x, order="C")
    target = out.reshape(-1)
    for start in range(0, source.size, _BLOCK):
        _normal_distribution_block(source[start : start + _BLOCK], target[start : start + _BLOCK])
    return out


def _normal_distribution_block(x: Any, p: Any = None) -> Any:
    """Φ(x), in `p` if there is one."""
    bounded = np.minimum(np.maximum(x, -_SATURATED), _SATURATED)
    square = bounded * bounded
    p = np.multiply(square, _SINGLE[0], out=p)
    for coefficient in _SINGLE[1:-1]:
        p += coefficient
        p *= square
    p += _SINGLE[-1]
    p *= bounded
    np.tanh(p, out=p)
    p += 1
    p *= 0.5
    return p


@ag.primitive(traced=True)
def _gelu(x: Any) -> Any:
    """x · Φ(x)."""
    return x * _normal_distribution(x)


def _gelu_vjp(g: Any, out: Any, x: Any) -> Any:
    if isinstance(x, ag.Value):
        distribution = _normal_distribution(x)
    else:  # erf is by far the dearest part, so read it off the result
        tiny = abs(x) < (1e-4 if x.dtype.char == "e" else 1e-30)  # where it is 1/2, and a quotient would be of 0 by 0
        some = ag.is_compiling() or tiny.any()
        distribution = out / (x + tiny) + tiny * x.dtype.type(0.5) if some else out / x
    density = np.exp(x * x * -0.5) * (1 / math.sqrt(2 * math.pi))
    return g * (distribution + x * density)


ag.defvjp(_gelu, _gelu_vjp)

_TANH_SCALE, _TANH_CUBIC = math.sqrt(2 / math.pi), 0.044715


@ag.primitive(traced=True)
def _gelu_tanh(x: Any) -> Any:
    """x · (1 + tanh(sqrt(2/π) · (x + 0.044715 x³))) / 2."""
    return 0.5 * x * (1 + np.tanh(_TANH_SCALE * (x + _TANH_CUBIC * (x * x * x))))


def _gelu_tanh_vjp(g: Any, out: Any, x: Any) -> Any:
    square = x * x
    t = np.tanh(_TANH_SCALE * (x + _TANH_CUBIC * (square * x)))
    return g * (0.5 * (1 + t) + (0.5 * _TANH_SCALE) * x * (1 - t * t) * (1 + (3 * _TANH_CUBIC) * square))


ag.defvjp(_gelu_tanh, _gelu_tanh_vjp)


def mish(input: Any, inplace: bool = False) -> Any:
    """x · tanh(softplus(x)), elementwise: Misra, Mish, 2019.

    Args:
        input: of any shape.
        inplace: see `relu`.

    Example:
        >>> import numpy as np, nn
        >>> nn.functional.mish(np.array([-1.0, 0.0, 1.0])).round(4)
        array([-0.3034,  0.    ,  0.8651])
    """
    real_only("mish", input)
    return _mish(input)


@ag.primitive(traced=True)
def _mish(x: Any) -> Any:
    """x · tanh(log(1 + e^x))."""
    return x * np.tanh(log1p_exp(x))


def _mish_vjp(g: Any, out: Any, x: Any) -> Any:
    t = np.tanh(log1p_exp(x))
    return g * (t + (1 - t * t) * sigmoid(x) * x)


ag.defvjp(_mish, _mish_vjp)


@ag.primitive(traced=True)
def log1p_exp(x: Any) -> Any:
    """log(1 + e^x), which never overflows; np.logaddexp(x, 0) is the same and takes twelve times as long."""
    x = _signed(x)
    return np.log1p(np.exp(-abs(x))) + np.maximum(x, 0)


ag.defvjp(log1p_exp, lambda g, out, x: g * sigmoid(x))


def softplus(input: Any, beta: float = 1.0, threshold: float = 20.0) -> Any:
    """log(1 + e^(β x)) / β, elementwise: a smooth relu.

    Args:
        input: of any shape.
        beta: β; the larger, the closer to relu.
        threshold: where β x is larger, the result is x itself.

    Example:
        >>> import numpy as np, nn
        >>> nn.functional.softplus(np.array([-100.0, 0.0, 100.0])).round(4)
        array([  0.    ,   0.6931, 100.    ])
    """
    real_only("softplus", input)
    return _softplus(input, float(beta), float(threshold))


@ag.primitive(traced=True)
def _softplus(x: Any, beta: float, threshold: float) -> Any:
    """log(1 + e^(β x)) / β, and x above the threshold."""
    scaled = x * beta
    smooth, above = log1p_exp(scaled) / beta, scaled > threshold
    return np.where(above, x, smooth) if ag.is_compiling() or above.any() else smooth


def _softplus_vjp(g: Any, out: Any, x: Any, beta: float, threshold: float) -> Any:
    scaled = x * beta
    slope, above = sigmoid(scaled), scaled > threshold
    return g * (np.where(above, 1, slope) if ag.is_compiling() or above.any() else slope)


ag.defvjp(_softplus, _softplus_vjp)


def logsigmoid(input: Any) -> Any:
    """log(1 / (1 + e^-x)), elementwise; exact also where the sigmoid is 0.

    Example:
        >>> import numpy as np, nn
        >>> nn.functional.logsigmoid(np.array([-100.0, 0.0, 100.0])).round(4)
        array([-100.    ,   -0.6931,   -0.    ])
    """
    real_only("logsigmoid", input)
    return _logsigmoid(input)


@ag.primitive(traced=True)
def _logsigmoid(x: Any) -> Any:
    """-log(1 + e^-x)."""
    return -log1p_exp(-_signed(x))


ag.defvjp(_logsigmoid, lambda g, out, x: g * sigmoid(-x))


def softsign(input: Any) -> Any:
    """x / (1 + |x|), elementwise: Bergstra et al., Quadratic polynomials learn better image features, 2009.

    Example:
        >>> import numpy as np, nn
        >>> nn.functional.softsign(np.array([-1.0, 0.0, 3.0]))
        array([-0.5 ,  0.  ,  0.75])
    """
    real_only("softsign", input)
    return _softsign(input)


@ag.primitive(traced=True)
def _softsign(x: Any) -> Any:
    """x / (1 + |x|)."""
    return x / (1 + abs(x))


def _softsign_vjp(g: Any, out: Any, x: Any) -> Any:
    denominator = 1 + abs(x)
    return g / (denominator * denominator)


ag.defvjp(_softsign, _softsign_vjp)


def tanhshrink(input: Any) -> Any:
    """x - tanh(x), elementwise.

    Example:
        >>> import numpy as np, nn
        >>> nn.functional.tanhshrink(np.array([-1.0, 0.0, 1.0])).round(4)
        array([-0.2384,  0.    ,  0.2384])
    """
    return _tanhshrink(input)


@ag.primitive(traced=True)
def _tanhshrink(x: Any) -> Any:
    """x - tanh(x)."""
    return x - np.tanh(x)


def _tanhshrink_vjp(g: Any, out: Any, x: Any) -> Any:
    t = np.tanh(x)  # x - out would cancel for a large x
    return g * (t * t)


ag.defvjp(_tanhshrink, _tanhshrink_vjp)
