"""The Laplace distribution: errors whose absolute value counts."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..random import default_generator
from . import constraints
from .distribution import Distribution, Shape, parameter, raw
from .draws import standard_laplace


class Laplace(Distribution):
    """The Laplace distribution: density e^(-|x - loc| / scale) / (2 scale) for all real x.

    Args:
        loc: the mean.
        scale: the mean distance from it, above 0; broadcasts with `loc`.
        validate_args: see `Distribution`.

    Raises:
        ValueError: `scale` is not positive, or `loc` is nan.

    Example:
        >>> import numpy as np, nn
        >>> p = nn.distributions.Laplace(np.array([0.0, 1.0]), 2.0)
        >>> p.log_prob(np.array([0.0, 0.0])).round(4)
        array([-1.3863, -1.8863])
        >>> p.variance
        array([8., 8.])
    """

    arg_constraints = {"loc": constraints.real, "scale": constraints.positive}  # noqa: RUF012
    support = constraints.real
    has_rsample = True
    loc, scale = parameter(), parameter()

    def __init__(self, loc: Any, scale: Any, validate_args: bool | None = None) -> None:
        super().__init__(self._give(loc=loc, scale=scale), validate_args=validate_args)

    @property
    def mean(self) -> Any:
        return self.loc

    @property
    def mode(self) -> Any:
        return self.loc

    @property
    def stddev(self) -> Any:
        return math.sqrt(2) * self.scale

    @property
    def variance(self) -> Any:
        return 2 * self.scale**2

    def rsample(self, sample_shape: Shape = (), *, generator: np.random.Generator | None = None) -> Any:
        shape = self._extended_shape(sample_shape)
        noise = standard_laplace(shape, self._dtype, default_generator if generator is None else generator)
        return self.loc + self.scale * noise

    def log_prob(self, value: Any) -> Any:
        return -np.log(2 * self.scale) - abs(self._value(value) - self.loc) / self.scale

    def cdf(self, value: Any) -> Any:
        z = (self._value(value) - self.loc) / self.scale
        tail = 0.5 * np.exp(-abs(z))  # of whichever side is the smaller, so that nothing is lost
        return np.where(raw(z) < 0, tail, 1 - tail)

    def icdf(self, value: Any) -> Any:
        value = self._probability(value)
        lower = raw(value) < 0.5
        tail = np.where(lower, 2 * value, 2 - 2 * value)
        distance = np.log(tail)
        return self.loc + self.scale * np.where(lower, distance, -distance)

    def entropy(self) -> Any:
        return 1 + np.log(2 * self.scale)
