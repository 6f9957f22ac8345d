"""The beta distribution: probabilities that are not known for certain."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..functional import sigmoid
from ..random import default_generator
from . import constraints
from .distribution import Distribution, Shape, parameter, raw
from .draws import standard_exponential, standard_uniform
from .gamma_quantile import gamma_quantile
from .logarithms import xlog1py, xlogy


class Beta(Distribution):
    """The beta distribution: density xᵃ⁻¹ (1 - x)ᵇ⁻¹ / B(a, b) for 0 < x < 1.

    A draw is G_a / (G_a + G_b) with gamma variables, and differentiable as these are (see `Gamma`). Their logarithms
    are drawn, log G_a = log G_(a+1) + log(U) / a with U uniform, which does not underflow for small a.

    Args:
        concentration1: a, above 0.
        concentration0: b, above 0; broadcasts with `concentration1`.
        validate_args: see `Distribution`.

    Raises:
        ValueError: a parameter is not positive.

    Example:
        >>> import numpy as np, nn
        >>> p = nn.distributions.Beta(np.array([0.5, 2.0]), 2.0)
        >>> p.mean
        array([0.2, 0.5])
        >>> p.log_prob(np.array([0.5, 0.5])).round(4)
        array([-0.6343,  0.4055])
    """

    arg_constraints = {"concentration1": constraints.positive, "concentration0": constraints.positive}  # noqa: RUF012
    support = constraints.unit_interval
    has_rsample = True
    concentration1, concentration0 = parameter(), parameter()

    def __init__(self, concentration1: Any, concentration0: Any, validate_args: bool | None = None) -> None:
        batch_shape = self._give(concentration1=concentration1, concentration0=concentration0)
        super().__init__(batch_shape, validate_args=validate_args)

    @property
    def mean(self) -> Any:
        return self.concentration1 / (self.concentration1 + self.concentration0)

    @property
    def mode(self) -> Any:
        """(a - 1) / (a + b - 2); 1 where both are below 1, which is one of two places; nan at a = b = 1."""
        a, b = raw(self.concentration1), raw(self.concentration0)
        over, total = np.maximum(a - 1, 0), np.maximum(a - 1, 0) + np.maximum(b - 1, 0)
        inner = np.where(total > 0, over / np.where(total > 0, total, 1), np.nan)
        return np.where((a < 1) & (b < 1), 1, inner).astype(self._dtype)[()]

    @property
    def variance(self) -> Any:
        a, b = self.concentration1, self.concentration0
        total = a + b
        return a * b / (total**2 * (total + 1))

    def rsample(self, sample_shape: Shape = (), *, generator: np.random.Generator | None = None) -> Any:
        shape = self._extended_shape(sample_shape)
        drawn = default_generator if generator is None else generator
        logarithms = []
        for concentration in (self.concentration1, self.concentration0):
            above = gamma_quantile(concentration + 1, standard_uniform(shape, np.float64, drawn))
            logarithms.append(np.log(above) - standard_exponential(shape, self._dtype, drawn) / concentration)
        info = np.finfo(self._dtype)  # 0 and 1 have no logarithm
        return np.clip(sigmoid(logarithms[0] - logarithms[1]), info.tiny, 1 - info.epsneg)

    def log_prob(self, value: Any) -> Any:
        from scipy.special import betaln  # loaded when first used: SciPy takes as long to import as everything else

        value, a, b = self._value(value), self.concentration1, self.concentration0
        return xlogy(a - 1, value) + xlog1py(b - 1, -value) - betaln(a, b)

    def entropy(self) -> Any:
        from scipy.special import betaln, digamma

        a, b = self.concentration1, self.concentration0
        return betaln(a, b) - (a - 1) * digamma(a) - (b - 1) * digamma(b) + (a + b - 2) * digamma(a + b)
