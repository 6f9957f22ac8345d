"""The normal distribution of one variable."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..random import default_generator
from . import constraints
from .distribution import Distribution, Shape, expanded, parameter
from .draws import standard_normal


class Normal(Distribution):
    """The normal (Gaussian) distribution: density exp(-(x - loc)² / (2 scale²)) / (scale sqrt(2π)) for all real x.

    Args:
        loc: the mean.
        scale: the standard deviation, above 0; broadcasts with `loc`.
        validate_args: see `Distribution`.

    Raises:
        ValueError: `scale` is not positive, or `loc` is nan.

    Example:
        >>> import numpy as np, nn
        >>> p = nn.distributions.Normal(np.array([0.0, 1.0]), 2.0)
        >>> p.log_prob(np.array([0.0, 0.0])).round(4)
        array([-1.6121, -1.7371])
        >>> p.rsample((3,), generator=np.random.default_rng(0)).shape
        (3, 2)
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
        return self.scale

    @property
    def variance(self) -> Any:
        return self.scale**2

    def rsample(self, sample_shape: Shape = (), *, generator: np.random.Generator | None = None) -> Any:
        shape = self._extended_shape(sample_shape)
        noise = standard_normal(shape, self._dtype, default_generator if generator is None else generator)
        return self.loc + self.scale * noise

    def log_prob(self, value: Any) -> Any:
        z = (self._value(value) - self.loc) / self.scale  # the variance may underflow where this does not
        return -0.5 * (z * z) - np.log(self.scale) - 0.5 * math.log(2 * math.pi)

    def cdf(self, value: Any) -> Any:
        from scipy.special import ndtr  # loaded when first used: SciPy takes as long to import as everything else

        return ndtr((self._value(value) - self.loc) / self.scale)

    def icdf(self, value: Any) -> Any:
        from scipy.special import ndtri

        return self.loc + self.scale * ndtri(self._probability(value))

    def entropy(self) -> Any:
        return expanded(0.5 + 0.5 * math.log(2 * math.pi) + np.log(self.scale), self.batch_shape)
