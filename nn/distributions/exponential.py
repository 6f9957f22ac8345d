"""The exponential distribution: waiting times for one event."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..random import default_generator
from . import constraints
from .distribution import Distribution, Shape, parameter
from .draws import standard_exponential


class Exponential(Distribution):
    """The exponential distribution: density rate e^(-rate x) for x >= 0.

    Args:
        rate: one over the mean, above 0.
        validate_args: see `Distribution`.

    Raises:
        ValueError: `rate` is not positive.

    Example:
        >>> import numpy as np, nn
        >>> p = nn.distributions.Exponential(np.array([1.0, 4.0]))
        >>> p.log_prob(np.array([2.0, 0.0])).round(4)
        array([-2.    ,  1.3863])
        >>> p.icdf(np.array([0.5, 0.5])).round(4)
        array([0.6931, 0.1733])
    """

    arg_constraints = {"rate": constraints.positive}  # noqa: RUF012
    support = constraints.nonnegative
    has_rsample = True
    rate = parameter()

    def __init__(self, rate: Any, validate_args: bool | None = None) -> None:
        super().__init__(self._give(rate=rate), validate_args=validate_args)

    @property
    def mean(self) -> Any:
        return 1 / self.rate

    @property
    def mode(self) -> Any:
        return self._filled(0)

    @property
    def stddev(self) -> Any:
        return 1 / self.rate

    @property
    def variance(self) -> Any:
        return self.rate**-2.0

    def rsample(self, sample_shape: Shape = (), *, generator: np.random.Generator | None = None) -> Any:
        shape = self._extended_shape(sample_shape)
        noise = standard_exponential(shape, self._dtype, default_generator if generator is None else generator)
        return noise / self.rate

    def log_prob(self, value: Any) -> Any:
        return np.log(self.rate) - self.rate * self._value(value)

    def cdf(self, value: Any) -> Any:
        return -np.expm1(-self.rate * self._value(value))

    def icdf(self, value: Any) -> Any:
        return -np.log1p(-self._probability(value)) / self.rate

    def entropy(self) -> Any:
        return 1 - np.log(self.rate)
