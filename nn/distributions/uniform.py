"""The uniform distribution on an interval."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

import autograd_lite as ag

from ..random import default_generator
from . import constraints
from .distribution import Distribution, Shape, parameter, raw
from .draws import standard_uniform


class Uniform(Distribution):
    """The uniform distribution: density 1 / (high - low) for low <= x < high.

    Args:
        low: the lower end.
        high: the upper end, above `low`; broadcasts with it.
        validate_args: see `Distribution`.

    Raises:
        ValueError: `low` is not below `high`.

    Example:
        >>> import numpy as np, nn
        >>> p = nn.distributions.Uniform(np.array([0.0, 1.0]), 3.0)
        >>> p.log_prob(np.array([2.0, 2.0])).round(4)
        array([-1.0986, -0.6931])
        >>> p.mean
        array([1.5, 2. ])
    """

    has_rsample = True
    low, high = parameter(), parameter()

    def __init__(self, low: Any, high: Any, validate_args: bool | None = None) -> None:
        super().__init__(self._give(low=low, high=high), validate_args=validate_args)

    @property
    def arg_constraints(self) -> Any:
        low, high = self._bounds()
        return {"low": constraints.less_than(high), "high": constraints.greater_than(low)}

    @property
    def support(self) -> Any:
        return constraints.interval(*self._bounds())

    def _bounds(self) -> tuple[Any, Any]:
        """The ends as plain arrays, or Python's numbers, as messages show them."""
        low, high = raw(self.low), raw(self.high)
        return (low, high) if self.batch_shape or ag.is_compiling() else (float(low), float(high))

    @property
    def mean(self) -> Any:
        return (self.high + self.low) / 2

    @property
    def mode(self) -> Any:
        """nan: the density is the same everywhere."""
        return self._filled(np.nan)

    @property
    def stddev(self) -> Any:
        return (self.high - self.low) / math.sqrt(12)

    @property
    def variance(self) -> Any:
        return (self.high - self.low) ** 2 / 12

    def rsample(self, sample_shape: Shape = (), *, generator: np.random.Generator | None = None) -> Any:
        shape = self._extended_shape(sample_shape)
        uniform = standard_uniform(shape, self._dtype, default_generator if generator is None else generator)
        return self.low + uniform * (self.high - self.low)

    def log_prob(self, value: Any) -> Any:
        value = self._value(value)
        inside = (raw(self.low) <= raw(value)) & (raw(value) < raw(self.high))
        return np.where(inside, -np.log(self.high - self.low), -np.inf)

    def cdf(self, value: Any) -> Any:
        return np.clip((self._value(value) - self.low) / (self.high - self.low), 0, 1)

    def icdf(self, value: Any) -> Any:
        return self._probability(value) * (self.high - self.low) + self.low

    def entropy(self) -> Any:
        return np.log(self.high - self.low)
