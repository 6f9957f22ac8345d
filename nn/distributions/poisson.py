"""The Poisson distribution: how many events there are in a while."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..random import default_generator
from . import constraints
from .distribution import Distribution, Shape, parameter, raw
from .draws import poisson
from .logarithms import xlogy


class Poisson(Distribution):
    """The number of events of which there are `rate` on average: probability rateˣ e^-rate / x! for x = 0, 1, 2, ...

    Args:
        rate: the mean, from 0 on; at rate 0 all draws are 0.
        validate_args: see `Distribution`.

    Raises:
        ValueError: `rate` is negative.

    Example:
        >>> import numpy as np, nn
        >>> p = nn.distributions.Poisson(np.array([0.0, 4.0]))
        >>> p.log_prob(np.array([0.0, 3.0])).round(4)
        array([ 0.    , -1.6329])
        >>> p.sample(generator=np.random.default_rng(0))
        array([0., 2.])
    """

    arg_constraints = {"rate": constraints.nonnegative}  # noqa: RUF012
    support = constraints.nonnegative_integer
    rate = parameter()

    def __init__(self, rate: Any, validate_args: bool | None = None) -> None:
        super().__init__(self._give(rate=rate), validate_args=validate_args)

    @property
    def mean(self) -> Any:
        return self.rate

    @property
    def mode(self) -> Any:
        """The rate rounded down."""
        return np.floor(raw(self.rate))

    @property
    def variance(self) -> Any:
        return self.rate

    def sample(self, sample_shape: Shape = (), *, generator: np.random.Generator | None = None) -> Any:
        rate = np.broadcast_to(raw(self.rate), self._extended_shape(sample_shape))
        return poisson(rate, self._dtype, default_generator if generator is None else generator)

    def log_prob(self, value: Any) -> Any:
        from scipy.special import gammaln  # loaded when first used: SciPy takes as long to import as everything else

        value = self._value(value)
        return xlogy(value, self.rate) - self.rate - gammaln(value + 1)
