"""The gamma distribution: waiting times for several events."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..random import default_generator
from . import constraints
from .distribution import Distribution, Shape, expanded, parameter, raw
from .draws import standard_uniform
from .gamma_quantile import gamma_quantile
from .logarithms import xlogy


class Gamma(Distribution):
    """The gamma distribution: density rateᵃ xᵃ⁻¹ e^(-rate x) / Γ(a) for x > 0, with the concentration a.

    Draws are quantiles of uniform numbers, and so differentiable in both parameters: the implicit reparameterization
    of Figurnov, Mohamed & Mnih, 2018, which is exact here. `cdf` has no gradient in the concentration.

    Args:
        concentration: the shape a, above 0.
        rate: above 0: one over the scale; broadcasts with `concentration`.
        validate_args: see `Distribution`.

    Raises:
        ValueError: a parameter is not positive.

    Example:
        >>> import numpy as np, autograd_lite as ag, nn
        >>> a = ag.Value(3.0)
        >>> p = nn.distributions.Gamma(a, np.float64(2.0))
        >>> x = p.rsample((10000,), generator=np.random.default_rng(0))
        >>> x.mean().backward()
        >>> round(x.data.mean(), 1), round(float(a.grad), 1)  # the mean is a / rate
        (np.float64(1.5), 0.5)
    """

    arg_constraints = {"concentration": constraints.positive, "rate": constraints.positive}  # noqa: RUF012
    support = constraints.nonnegative
    has_rsample = True
    concentration, rate = parameter(), parameter()

    def __init__(self, concentration: Any, rate: Any, validate_args: bool | None = None) -> None:
        super().__init__(self._give(concentration=concentration, rate=rate), validate_args=validate_args)

    @property
    def mean(self) -> Any:
        return self.concentration / self.rate

    @property
    def mode(self) -> Any:
        """(a - 1) / rate, and 0 where that is negative."""
        return np.maximum((raw(self.concentration) - 1) / raw(self.rate), 0)

    @property
    def variance(self) -> Any:
        return self.concentration / self.rate**2

    def rsample(self, sample_shape: Shape = (), *, generator: np.random.Generator | None = None) -> Any:
        shape = self._extended_shape(sample_shape)
        uniform = standard_uniform(shape, np.float64, default_generator if generator is None else generator)
        value = gamma_quantile(self.concentration, uniform) / self.rate
        return np.maximum(value, np.finfo(value.dtype).tiny)  # 0 has no logarithm

    def log_prob(self, value: Any) -> Any:
        from scipy.special import gammaln  # loaded when first used: SciPy takes as long to import as everything else

        value, a, rate = self._value(value), self.concentration, self.rate
        return a * np.log(rate) + xlogy(a - 1, value) - rate * value - gammaln(a)

    def cdf(self, value: Any) -> Any:
        from scipy.special import gammainc

        return gammainc(self.concentration, self.rate * self._value(value))

    def entropy(self) -> Any:
        from scipy.special import digamma, gammaln

        a = self.concentration
        return expanded(a - np.log(self.rate) + gammaln(a) + (1 - a) * digamma(a), self.batch_shape)
