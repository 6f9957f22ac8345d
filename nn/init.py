"""Initial weights: fill a parameter in place from `nn.random`'s generator, or from one that is given.

Every function takes a Parameter, any other leaf Value, or a plain array, and returns it.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np

import autograd_lite as ag

from .random import default_generator

T = TypeVar("T")

_GAINS: dict[str, Callable[[float], float]] = {
    "linear": lambda slope: 1.0,
    "sigmoid": lambda slope: 1.0,
    "tanh": lambda slope: 5 / 3,
    "relu": lambda slope: math.sqrt(2),
    "leaky_relu": lambda slope: math.sqrt(2 / (1 + slope**2)),
    "selu": lambda slope: 3 / 4,
}


def calculate_gain(nonlinearity: str, param: float | None = None) -> float:
    """The factor by which weights must grow so that a nonlinearity keeps the variance.

    Args:
        nonlinearity: `linear`, `sigmoid`, `tanh`, `relu`, `leaky_relu` or `selu`.
        param: the negative slope of `leaky_relu`, by default 0.01.

    Raises:
        ValueError: another nonlinearity.

    Example:
        >>> import nn
        >>> nn.init.calculate_gain("tanh")
        1.6666666666666667
    """
    if nonlinearity not in _GAINS:
        raise ValueError(f"Unsupported nonlinearity {nonlinearity}. There are {', '.join(_GAINS)}.")
    return _GAINS[nonlinearity](0.01 if param is None else param)


def uniform_(tensor: T, a: float = 0.0, b: float = 1.0, generator: np.random.Generator | None = None) -> T:
    """Fill with U(a, b)."""
    return _filled(tensor, _source(generator).uniform(a, b, np.shape(_array(tensor))))


def normal_(tensor: T, mean: float = 0.0, std: float = 1.0, generator: np.random.Generator | None = None) -> T:
    """Fill with N(mean, std²)."""
    return _filled(tensor, _source(generator).normal(mean, std, np.shape(_array(tensor))))


def constant_(tensor: T, val: float) -> T:
    """Fill with one number."""
    return _filled(tensor, val)


def ones_(tensor: T) -> T:
    """Fill with 1."""
    return _filled(tensor, 1)


def zeros_(tensor: T) -> T:
    """Fill with 0."""
    return _filled(tensor, 0)


def xavier_uniform_(tensor: T, gain: float = 1.0, generator: np.random.Generator | None = None) -> T:
    """Fill with U(-b, b), b = gain · sqrt(6 / (fan_in + fan_out)).

    The choice for sigmoid, tanh and attention: Glorot & Bengio, Understanding the difficulty of training deep
    feedforward neural networks, 2010.

    Raises:
        ValueError: fewer than two axes, so there is no fan.

    Example:
        >>> import numpy as np, nn
        >>> w = nn.init.xavier_uniform_(nn.Parameter(np.empty((200, 100))))
        >>> bool(0.13 < np.abs(w.data).max() < (6 / 300) ** 0.5)
        True
    """
    bound = gain * math.sqrt(6 / sum(_fans(tensor)))
    return uniform_(tensor, -bound, bound, generator)


def xavier_normal_(tensor: T, gain: float = 1.0, generator: np.random.Generator | None = None) -> T:
    """Fill with N(0, std²), std = gain · sqrt(2 / (fan_in + fan_out)); see `xavier_uniform_`."""
    return normal_(tensor, 0.0, gain * math.sqrt(2 / sum(_fans(tensor))), generator)


def kaiming_uniform_(
    tensor: T,
    a: float = 0,
    mode: str = "fan_in",
    nonlinearity: str = "leaky_relu",
    generator: np.random.Generator | None = None,
) -> T:
    """Fill with U(-b, b), b = gain · sqrt(3 / fan): sqrt(6 / fan_in) by default.

    He initialization, the choice for ReLU and its kin: He et al., Delving deep into rectifiers, 2015.

    Args:
        tensor: what to fill, of at least two axes: `(out, in, ...)`.
        a: the negative slope of a leaky ReLU.
        mode: `fan_in` keeps the variance in the forward pass, `fan_out` in the backward pass.
        nonlinearity: what follows, see `calculate_gain`.
        generator: where to draw from, by default `nn.random.default_generator`.

    Raises:
        ValueError: fewer than two axes, or an unknown mode or nonlinearity.
    """
    bound = math.sqrt(3) * _kaiming_std(tensor, a, mode, nonlinearity)
    return uniform_(tensor, -bound, bound, generator)


def kaiming_normal_(
    tensor: T,
    a: float = 0,
    mode: str = "fan_in",
    nonlinearity: str = "leaky_relu",
    generator: np.random.Generator | None = None,
) -> T:
    """Fill with N(0, std²), std = gain / sqrt(fan): sqrt(2 / fan_in) by default; see `kaiming_uniform_`."""
    return normal_(tensor, 0.0, _kaiming_std(tensor, a, mode, nonlinearity), generator)


def _kaiming_std(tensor: Any, a: float, mode: str, nonlinearity: str) -> float:
    fans = dict(zip(("fan_in", "fan_out"), _fans(tensor), strict=True))
    if mode not in fans:
        raise ValueError(f"Mode {mode} not supported, please use one of ['fan_in', 'fan_out']")
    return calculate_gain(nonlinearity, a) / math.sqrt(fans[mode])


def _fans(tensor: Any) -> tuple[int, int]:
    """How many numbers enter, and leave, one unit of a weight `(out, in, *receptive field)`."""
    shape = np.shape(_array(tensor))
    if len(shape) < 2:
        raise ValueError(
            f"Fan in and fan out can not be computed for tensor with fewer than 2 dimensions, got shape {shape}. "
            "For a bias write nn.init.zeros_(bias)."
        )
    receptive_field = math.prod(shape[2:])
    return shape[1] * receptive_field, shape[0] * receptive_field


def _source(generator: np.random.Generator | None) -> np.random.Generator:
    return default_generator if generator is None else generator


def _array(tensor: Any) -> Any:
    return tensor.data if isinstance(tensor, ag.Value) else tensor


def _filled(tensor: T, numbers: Any) -> T:
    array = _array(tensor)
    scalar = isinstance(array, np.generic)
    if scalar:
        array = type(array)(numbers)
    if isinstance(tensor, ag.Value):
        tensor.data = array  # first, so that graphs that have read the old numbers let go of the array
    if not scalar:
        array[...] = numbers
    return tensor
