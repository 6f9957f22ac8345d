"""Activations made of straight pieces, elementwise: relu's relatives. At a kink each has PyTorch's derivative."""

from __future__ import annotations

from typing import Any

import numpy as np

import autograd_lite as ag

from ..random import default_generator
from .masked import masked, slopes
from .real import real_only


def hardtanh(input: Any, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False) -> Any:
    """x cut off at two bounds, elementwise. Unlike that of np.clip, its derivative at the bounds is 0.

    Args:
        input: of any shape.
        min_val: the lower bound.
        max_val: the upper bound.
        inplace: taken for the sake of PyTorch's programs; nothing is ever overwritten.

    Raises:
        ValueError: the bounds are in the wrong order.

    Example:
        >>> import numpy as np, nn
        >>> nn.functional.hardtanh(np.array([-2.0, 0.5, 2.0]))
        array([-1. ,  0.5,  1. ])
    """
    if min_val > max_val:
        raise ValueError(f"min_val cannot be greater than max_val, got {min_val} and {max_val}")
    real_only("hardtanh", input)
    return _hardtanh(input, float(min_val), float(max_val))


def relu6(input: Any, inplace: bool = False) -> Any:
    """min(max(x, 0), 6), elementwise: Krizhevsky, Convolutional deep belief networks on CIFAR-10, 2010.

    Args:
        input: of any shape.
        inplace: see `hardtanh`.

    Example:
        >>> import numpy as np, nn
        >>> nn.functional.relu6(np.array([-1.0, 3.0, 9.0]))
        array([0., 3., 6.])
    """
    real_only("relu6", input)
    return _hardtanh(input, 0.0, 6.0)


@ag.primitive(traced=True)
def _hardtanh(x: Any, low: float, high: float) -> Any:
    """min(max(x, low), high)."""
    return np.clip(x, low, high)


ag.defvjp(_hardtanh, lambda g, out, x, low, high: masked(g, (x > low) & (x < high)))


def hardsigmoid(input: Any, inplace: bool = False) -> Any:
    """min(max(x + 3, 0), 6) / 6, elementwise: Courbariaux, Bengio & David, BinaryConnect, 2015.

    Args:
        input: of any shape.
        inplace: see `hardtanh`.

    Example:
        >>> import numpy as np, nn
        >>> nn.functional.hardsigmoid(np.array([-4.0, 0.0, 1.5, 4.0]))
        array([0.  , 0.5 , 0.75, 1.  ])
    """
    real_only("hardsigmoid", input)
    return _hardsigmoid(input)


@ag.primitive(traced=True)
def _hardsigmoid(x: Any) -> Any:
    """min(max(x + 3, 0), 6) / 6."""
    return np.clip(x + 3, 0, 6) / 6


ag.defvjp(_hardsigmoid, lambda g, out, x: masked(g, (x > -3) & (x < 3)) * (1 / 6))


def hardswish(input: Any, inplace: bool = False) -> Any:
    """x · hardsigmoid(x), elementwise: Howard et al., Searching for MobileNetV3, 2019.

    Args:
        input: of any shape.
        inplace: see `hardtanh`.

    Example:
        >>> import numpy as np, nn
        >>> nn.functional.hardswish(np.array([-4.0, 0.0, 1.5, 4.0]))
        array([-0.   ,  0.   ,  1.125,  4.   ])
    """
    real_only("hardswish", input)
    return _hardswish(input)


@ag.primitive(traced=True)
def _hardswish(x: Any) -> Any:
    """x · min(max(x + 3, 0), 6) / 6."""
    return x * np.clip(x + 3, 0, 6) / 6


def _hardswish_vjp(g: Any, out: Any, x: Any) -> Any:
    return masked(g, x > -3) * (masked(x * (1 / 3) - 0.5, x < 3) + 1)


ag.defvjp(_hardswish, _hardswish_vjp)


def hardshrink(input: Any, lambd: float = 0.5) -> Any:
    """x, or 0 where |x| <= λ, elementwise.

    Args:
        input: of any shape.
        lambd: λ.

    Example:
        >>> import numpy as np, nn
        >>> nn.functional.hardshrink(np.array([-1.0, 0.5, 0.6]))
        array([-1. ,  0. ,  0.6])
    """
    real_only("hardshrink", input)
    return _hardshrink(input, float(lambd))


@ag.primitive(traced=True)
def _hardshrink(x: Any, lambd: float) -> Any:
    """x, or 0 where |x| <= λ."""
    return masked(x, ~(abs(x) <= lambd))  # so that nan remains


ag.defvjp(_hardshrink, lambda g, out, x, lambd: masked(g, ~(abs(x) <= lambd)))


def softshrink(input: Any, lambd: float = 0.5) -> Any:
    """x moved towards 0 by λ, and 0 where |x| <= λ, elementwise: the proximal operator of λ|x|.

    Args:
        input: of any shape.
        lambd: λ, not negative.

    Raises:
        ValueError: λ is negative.

    Example:
        >>> import numpy as np, nn
        >>> nn.functional.softshrink(np.array([-1.0, 0.5, 2.0]))
        array([-0.5,  0. ,  1.5])
    """
    if not lambd >= 0:
        raise ValueError(f"lambda must be greater or equal to 0, but found to be {lambd}.")
    real_only("softshrink", input)
    return _softshrink(input, float(lambd))


@ag.primitive(traced=True)
def _softshrink(x: Any, lambd: float) -> Any:
    """sign(x) · max(|x| - λ, 0)."""
    return x - np.clip(x, -lambd, lambd)


ag.defvjp(_softshrink, lambda g, out, x, lambd: masked(g, ~(abs(x) <= lambd)))


def threshold(input: Any, threshold: float, value: float, inplace: bool = False) -> Any:
    """x where it is above the threshold, else a constant, elementwise.

    Args:
        input: of any shape.
        threshold: what x must exceed.
        value: what takes the place of the others.
        inplace: see `hardtanh`.

    Example:
        >>> import numpy as np, nn
        >>> nn.functional.threshold(np.array([0.0, 1.0, 2.0]), 1.0, -5.0)
        array([-5., -5.,  2.])
    """
    real_only("threshold", input)
    return _threshold(input, float(threshold), float(value))


@ag.primitive(traced=True)
def _threshold(x: Any, threshold: float, value: float) -> Any:
    """x above the threshold, else a constant."""
    above = ~(x <= threshold)  # or nan
    return masked(x, above) + slopes(above, value, 0, x.dtype)


ag.defvjp(_threshold, lambda g, out, x, threshold, value: masked(g, ~(x <= threshold)))


def leaky_relu(input: Any, negative_slope: float = 0.01, inplace: bool = False) -> Any:
    """x, or x times a small slope where x is negative, elementwise.

    Maas, Hannun & Ng, Rectifier nonlinearities improve neural network acoustic models, 2013.

    Args:
        input: of any shape.
        negative_slope: the slope, which is also the derivative at 0.
        inplace: see `hardtanh`.

    Example:
        >>> import numpy as np, nn
        >>> nn.functional.leaky_relu(np.array([-1.0, 0.0, 1.0]))
        array([-0.01,  0.  ,  1.  ])
    """
    real_only("leaky_relu", input)
    return _leaky_relu(input, float(negative_slope))


@ag.primitive(traced=True)
def _leaky_relu(x: Any, slope: float) -> Any:
    """x, or x · slope where it is negative."""
    return np.maximum(x, x * slope) if 0 < slope <= 1 else np.where(x > 0, x, x * slope)


ag.defvjp(_leaky_relu, lambda g, out, x, slope: g * slopes(x > 0, slope, 1, x.dtype))


def prelu(input: Any, weight: Any) -> Any:
    """x, or x times a learned slope where x is negative, elementwise: He et al., Delving deep into rectifiers, 2015.

    Shapes: `(N, C, *)` or any -> the same; weight `(C,)`, or `(1,)` or `()` for one slope.

    Args:
        input: of any shape.
        weight: the slope, or one for each channel; the derivative at 0 as well.

    Raises:
        ValueError: there are not as many slopes as channels.

    Example:
        >>> import numpy as np, nn
        >>> nn.functional.prelu(np.array([[-1.0, -1.0], [1.0, 2.0]]), np.array([0.5, 0.25]))
        array([[-0.5 , -0.25],
               [ 1.  ,  2.  ]])
    """
    real_only("prelu", input, weight)
    shape, given = np.shape(input), np.shape(weight)
    if len(given) > 1:
        raise ValueError(f"prelu: Expected `weight` to be a scalar or 1D tensor, but got: ndim = {len(given)}")
    if given not in ((), (1,)):
        channels = shape[1] if len(shape) > 1 else 1
        if given[0] != channels:
            raise ValueError(
                f"Mismatch of parameter numbers and input channel size. Found parameter numbers = {given[0]} and "
                f"channel size = {channels}, for an input of shape {shape}."
            )
        weight = weight.reshape(-1, *(1,) * (len(shape) - 2))
    elif given:
        weight = weight.reshape(())
    return _prelu(input, weight)


@ag.primitive(traced=True)
def _prelu(x: Any, slope: Any) -> Any:
    """x, or x · slope where it is negative."""
    return ag.relu(x) - slope * ag.relu(-x)


ag.defvjp(
    _prelu,
    lambda g, out, x, slope: g * np.where(x > 0, 1, slope),
    lambda g, out, x, slope: -g * ag.relu(-x),
)


def rrelu(
    input: Any,
    lower: float = 1 / 8,
    upper: float = 1 / 3,
    training: bool = False,
    inplace: bool = False,
    *,
    generator: np.random.Generator | None = None,
) -> Any:
    """x, or x times a random slope where x is negative, elementwise.

    Xu et al., Empirical evaluation of rectified activations in convolutional network, 2015.

    Args:
        input: floating numbers of any shape.
        lower: the least slope.
        upper: the largest slope.
        training: draw a slope for each element from U(lower, upper); without, all have the mean of the two.
        inplace: see `hardtanh`.
        generator: where to draw from, by default `nn.random.default_generator`.

    Raises:
        ValueError: the bounds are in the wrong order.

    Example:
        >>> import numpy as np, nn
        >>> nn.functional.rrelu(np.array([-1.0, 0.0, 1.0]), 0.25, 0.75)
        array([-0.5,  0. ,  1. ])
    """
    if not lower <= upper:
        raise ValueError(f"Lower bound should be less than or equal to the upper bound, got {lower} and {upper}")
    real_only("rrelu", input)
    if not training:
        return _leaky_relu(input, float(lower + upper) / 2)
    generator = default_generator if generator is None else generator
    return _rrelu(input, rrelu_slopes(input.shape, lower, upper, input.dtype, generator))


@ag.primitive
def rrelu_slopes(shape: tuple[int, ...], lower: float, upper: float, dtype: Any, generator: Any) -> Any:
    """Slopes from U(lower, upper), one for each element."""
    return generator.uniform(lower, upper, shape).astype(dtype)


@ag.primitive(traced=True)
def _rrelu(x: Any, slope: Any) -> Any:
    """`_prelu` on constant slopes: an operation of its own, so that a drawing calls it by its name."""
    return np.where(x > 0, x, x * slope)


ag.defvjp(_rrelu, lambda g, out, x, slope: g * np.where(x > 0, 1, slope), None)
