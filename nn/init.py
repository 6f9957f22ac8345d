"""Initial weights: fill a parameter in place from `nn.random`'s generator, or from one that is given.

Every function takes a Parameter, any other leaf Value, or a plain array, and returns it.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np

import autograd_lite as ag

from .random import default_generator

T = TypeVar("T")

_GAINS: dict[str, Callable[[float], float]] = {
    "linear": lambda slope: 1.0,
    **{f"conv{kind}{axes}d": lambda slope: 1.0 for kind in ("", "_transpose") for axes in (1, 2, 3)},
    "sigmoid": lambda slope: 1.0,
    "tanh": lambda slope: 5 / 3,
    "relu": lambda slope: math.sqrt(2),
    "leaky_relu": lambda slope: math.sqrt(2 / (1 + slope**2)),
    "selu": lambda slope: 3 / 4,
}


def calculate_gain(nonlinearity: str, param: float | None = None) -> float:
    """The factor by which weights must grow so that a nonlinearity keeps the variance.

    Args:
        nonlinearity: `linear`, `conv1d`, ..., `conv_transpose3d`, `sigmoid`, `tanh`, `relu`, `leaky_relu` or `selu`.
        param: the negative slope of `leaky_relu`, by default 0.01; the others have none.

    Raises:
        ValueError: another nonlinearity, or a slope that is not a number.

    Example:
        >>> import nn
        >>> nn.init.calculate_gain("tanh")
        1.6666666666666667
    """
    if nonlinearity not in _GAINS:
        raise ValueError(f"Unsupported nonlinearity {nonlinearity}. There are {', '.join(_GAINS)}.")
    if param is not None and (isinstance(param, bool) or not isinstance(param, int | float | np.number)):
        raise ValueError(f"negative_slope {param} not a valid number")
    return _GAINS[nonlinearity](0.01 if param is None else float(param))


def uniform_(tensor: T, a: float = 0.0, b: float = 1.0, generator: np.random.Generator | None = None) -> T:
    """Fill with U(a, b).

    Raises:
        ValueError: `a` is above `b`.
    """
    if not a <= b:
        raise ValueError(f"uniform_ expects to return a [from, to) range, but found from={a} > to={b}")
    return _filled(tensor, _source(generator).uniform(a, b, np.shape(_array(tensor))))


def normal_(tensor: T, mean: float = 0.0, std: float = 1.0, generator: np.random.Generator | None = None) -> T:
    """Fill with N(mean, std²).

    Raises:
        ValueError: `std` is negative.
    """
    if not std >= 0:
        raise ValueError(f"normal_ expects std >= 0.0, but found std {std}")
    return _filled(tensor, _source(generator).normal(mean, std, np.shape(_array(tensor))))


def trunc_normal_(
    tensor: T,
    mean: float = 0.0,
    std: float = 1.0,
    a: float = -2.0,
    b: float = 2.0,
    generator: np.random.Generator | None = None,
) -> T:
    """Fill with N(mean, std²) cut off at a and b: what falls outside is drawn again.

    Args:
        tensor: what to fill.
        mean: of the normal distribution before it is cut.
        std: its standard deviation.
        a: the least number, not in units of `std`.
        b: the largest number.
        generator: where to draw from, by default `nn.random.default_generator`.

    Raises:
        ValueError: `a` is above `b`, or `std` is not positive.

    Example:
        >>> import numpy as np, nn
        >>> w = nn.init.trunc_normal_(np.empty(1000), std=0.02, a=-0.04, b=0.04)
        >>> bool(abs(w).max() <= 0.04)
        True
    """
    from scipy.special import ndtr, ndtri  # loaded when first used

    if not (a <= b and std > 0):
        raise ValueError(f"trunc_normal_ needs a <= b and std > 0, got a = {a}, b = {b}, std = {std}")
    low, high = (a - mean) / std, (b - mean) / std
    sign = -1 if low > 0 else 1  # the distribution function has more digits below the mean than above
    low, high = sorted((sign * low, sign * high))
    draws = ndtri(_source(generator).uniform(ndtr(low), ndtr(high), np.shape(_array(tensor))))
    return _filled(tensor, np.clip(mean + std * sign * draws, a, b))


def constant_(tensor: T, val: float) -> T:
    """Fill with one number."""
    return _filled(tensor, val)


def ones_(tensor: T) -> T:
    """Fill with 1."""
    return _filled(tensor, 1)


def zeros_(tensor: T) -> T:
    """Fill with 0."""
    return _filled(tensor, 0)


def eye_(tensor: T) -> T:
    """Fill a matrix with the identity: a linear layer that passes on its input.

    Raises:
        ValueError: not two axes.

    Example:
        >>> import numpy as np, nn
        >>> nn.init.eye_(np.empty((2, 3)))
        array([[1., 0., 0.],
               [0., 1., 0.]])
    """
    return _filled(tensor, np.eye(*_matrix(tensor)))


def dirac_(tensor: T, groups: int = 1) -> T:
    """Fill the weight of a convolution so that it passes on its channels, as many as there are on both sides.

    Args:
        tensor: what to fill, `(out, in / groups, *kernel)`.
        groups: into which the channels are divided; each group passes on its own.

    Raises:
        ValueError: not three to five axes, or `groups` does not divide the channels.

    Example:
        >>> import numpy as np, nn
        >>> nn.init.dirac_(np.empty((2, 2, 3)))[0]
        array([[0., 1., 0.],
               [0., 0., 0.]])
    """
    shape = np.shape(_array(tensor))
    if len(shape) not in (3, 4, 5):
        raise ValueError(f"Only tensors with 3, 4, or 5 dimensions are supported, got shape {shape}")
    if groups < 1 or shape[0] % groups:
        raise ValueError(f"dim 0 must be divisible by groups, got {shape[0]} and {groups}")
    weight = np.zeros(shape)
    channels, centre = shape[0] // groups, tuple(length // 2 for length in shape[2:])
    for i in range(min(channels, shape[1])):
        weight[(slice(i, None, channels), i, *centre)] = 1
    return _filled(tensor, weight)


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
    if _is_empty(tensor):
        return tensor
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
    if _is_empty(tensor):
        return tensor
    return normal_(tensor, 0.0, _kaiming_std(tensor, a, mode, nonlinearity), generator)


def orthogonal_(tensor: T, gain: float = 1.0, generator: np.random.Generator | None = None) -> T:
    """Fill with a random orthogonal matrix times `gain`: rows of length `gain`, or columns where these are fewer.

    Saxe, McClelland & Ganguli, Exact solutions to the nonlinear dynamics of learning in deep linear neural networks,
    2014. With more than two axes, all but the first count as one.

    Raises:
        ValueError: fewer than two axes.

    Example:
        >>> import numpy as np, nn
        >>> w = nn.init.orthogonal_(np.empty((2, 5)))
        >>> (w @ w.T).round(12) + 0.0
        array([[1., 0.],
               [0., 1.]])
    """
    shape = np.shape(_array(tensor))
    if len(shape) < 2:
        raise ValueError(f"Only tensors with 2 or more dimensions are supported, got shape {shape}")
    rows, columns = shape[0], math.prod(shape[1:])
    normal = _source(generator).normal(size=(max(rows, columns), min(rows, columns)))
    q, r = np.linalg.qr(normal)
    q = q * np.where(np.diagonal(r) < 0, -gain, gain)  # with these signs every orthogonal matrix is as likely
    return _filled(tensor, (q if rows >= columns else q.T).reshape(shape))


def sparse_(tensor: T, sparsity: float, std: float = 0.01, generator: np.random.Generator | None = None) -> T:
    """Fill a matrix with N(0, std²), but in each column a part of the rows, chosen at random, with 0.

    Martens, Deep learning via Hessian-free optimization, 2010.

    Args:
        tensor: what to fill.
        sparsity: the part that is 0, rounded up to whole rows.
        std: the standard deviation of the others.
        generator: where to draw from, by default `nn.random.default_generator`.

    Raises:
        ValueError: not two axes, or `sparsity` is not between 0 and 1.

    Example:
        >>> import numpy as np, nn
        >>> (nn.init.sparse_(np.empty((4, 3)), 0.5) == 0).sum(axis=0)
        array([2, 2, 2])
    """
    rows, columns = _matrix(tensor)
    if not 0 <= sparsity <= 1:
        raise ValueError(f"sparsity must be between 0 and 1, got {sparsity}")
    source = _source(generator)
    weight = source.normal(0.0, std, (rows, columns))
    order = np.argsort(source.random((rows, columns)), axis=0)
    np.put_along_axis(weight, order[: math.ceil(sparsity * rows)], 0, axis=0)
    return _filled(tensor, weight)


def _matrix(tensor: Any) -> tuple[int, int]:
    shape = np.shape(_array(tensor))
    if len(shape) != 2:
        raise ValueError(f"Only tensors with 2 dimensions are supported, got shape {shape}")
    return shape[0], shape[1]


def _is_empty(tensor: Any) -> bool:
    empty = 0 in np.shape(_array(tensor))
    if empty:
        warnings.warn("Initializing zero-element tensors is a no-op", stacklevel=3)
    return empty


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
    if generator is None:
        return default_generator
    if not isinstance(generator, np.random.Generator):
        raise TypeError(
            f"generator must be a NumPy generator, not {type(generator).__name__}. "
            "Write generator=np.random.default_rng(0)."
        )
    return generator


def _array(tensor: Any) -> Any:
    array = tensor.data if isinstance(tensor, ag.Value) else tensor
    dtype = getattr(array, "dtype", None)
    if dtype is None:
        held = "Pass its parameters one by one, such as module.weight" if hasattr(tensor, "parameters") else ""
        fix = held or "Write np.empty(shape, np.float32)"
        raise TypeError(f"nn.init fills a Parameter or an array, not {type(tensor).__name__}. {fix}.")
    if dtype.kind not in "fc":
        raise TypeError(f"nn.init fills floating numbers, but this array holds {dtype}. Write x.astype(np.float32).")
    return array


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
