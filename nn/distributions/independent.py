"""A batch of distributions as one distribution of a vector."""

from __future__ import annotations

from typing import Any, Self

import numpy as np

from . import constraints
from .distribution import Distribution, Shape, raw


class Independent(Distribution):
    """The last axes of a batch, taken together as one event: their log-probabilities are added up.

    So `Independent(Normal(loc, scale), 1)` is a `MultivariateNormal` with a diagonal covariance.

    Args:
        base_distribution: any distribution, of at least as many axes of its batch.
        reinterpreted_batch_ndims: how many of these become axes of the event.
        validate_args: see `Distribution`.

    Raises:
        ValueError: the batch has fewer axes.

    Example:
        >>> import numpy as np, nn
        >>> p = nn.distributions.Independent(nn.distributions.Normal(np.zeros((4, 3)), 1.0), 1)
        >>> p.batch_shape, p.event_shape
        ((4,), (3,))
        >>> p.log_prob(np.zeros(3)).round(4)
        array([-2.7568, -2.7568, -2.7568, -2.7568])
    """

    arg_constraints = {}  # noqa: RUF012

    def __init__(
        self, base_distribution: Distribution, reinterpreted_batch_ndims: int, validate_args: bool | None = None
    ) -> None:
        batch, count = base_distribution.batch_shape, reinterpreted_batch_ndims
        if not 0 <= count <= len(batch):
            raise ValueError(
                "Expected 0 <= reinterpreted_batch_ndims <= len(base_distribution.batch_shape), "
                f"actual {count} vs {len(batch)}"
            )
        self.base_dist, self.reinterpreted_batch_ndims = base_distribution, count
        kept = len(batch) - count
        super().__init__(batch[:kept], batch[kept:] + base_distribution.event_shape, validate_args)

    def expand(self, batch_shape: Shape) -> Self:
        wanted = self._expandable(batch_shape)
        base = self.base_dist.expand(wanted + self.event_shape[: self.reinterpreted_batch_ndims])
        new = type(self)(base, self.reinterpreted_batch_ndims, validate_args=False)
        new._validate_args = self._validate_args
        return new

    @property
    def has_rsample(self) -> bool:  # type: ignore[override]
        """Whether the base has it."""
        return self.base_dist.has_rsample

    @property
    def has_enumerate_support(self) -> bool:  # type: ignore[override]
        """Whether the base has it and no axes are taken together."""
        return self.base_dist.has_enumerate_support and not self.reinterpreted_batch_ndims

    @property
    def support(self) -> Any:
        count = self.reinterpreted_batch_ndims
        base = self.base_dist.support
        return constraints.independent(base, count) if count else base

    @property
    def _dtype(self) -> Any:
        return self.base_dist._dtype

    @property
    def mean(self) -> Any:
        return self.base_dist.mean

    @property
    def mode(self) -> Any:
        return self.base_dist.mode

    @property
    def variance(self) -> Any:
        return self.base_dist.variance

    @property
    def stddev(self) -> Any:
        return self.base_dist.stddev

    def sample(self, sample_shape: Shape = (), *, generator: np.random.Generator | None = None) -> Any:
        return self.base_dist.sample(sample_shape, generator=generator)

    def rsample(self, sample_shape: Shape = (), *, generator: np.random.Generator | None = None) -> Any:
        return self.base_dist.rsample(sample_shape, generator=generator)

    def log_prob(self, value: Any) -> Any:
        if self._validate_args:
            value = self._value(value)
        return sum_rightmost(self.base_dist.log_prob(value), self.reinterpreted_batch_ndims)

    def entropy(self) -> Any:
        return sum_rightmost(self.base_dist.entropy(), self.reinterpreted_batch_ndims)

    def enumerate_support(self, expand: bool = True) -> Any:
        if self.reinterpreted_batch_ndims:
            raise NotImplementedError(
                "Enumeration over a cartesian product is not implemented. "
                "Write itertools.product over base_dist.enumerate_support()."
            )
        return self.base_dist.enumerate_support(expand)

    def __repr__(self) -> str:
        return f"Independent({self.base_dist}, {self.reinterpreted_batch_ndims})"


def sum_rightmost(x: Any, dims: int) -> Any:
    """The sum over the last `dims` axes."""
    ndim = np.ndim(raw(x))
    return np.sum(x, axis=tuple(range(ndim - dims, ndim))) if dims else x
