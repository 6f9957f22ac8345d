"""The Bernoulli distribution: one toss of a coin."""

from __future__ import annotations

from typing import Any

import numpy as np

import autograd_lite as ag

from ..functional import sigmoid
from ..random import default_generator
from . import constraints
from .distribution import Distribution, Shape, expanded, raw
from .draws import standard_uniform
from .logarithms import softplus


class Bernoulli(Distribution):
    """1 with probability p, else 0: probability pˣ (1 - p)¹⁻ˣ for x in {0, 1}.

    Computed from the logits, log(p / (1 - p)), where nothing over- or underflows. Of given probabilities these are
    taken after clipping to [eps, 1 - eps], as in PyTorch.

    Args:
        probs: p, in [0, 1].
        logits: any real number, in place of `probs`.
        validate_args: see `Distribution`.

    Raises:
        ValueError: both or neither are given, or p is no probability.

    Example:
        >>> import numpy as np, nn
        >>> p = nn.distributions.Bernoulli(logits=np.array([0.0, 200.0]))
        >>> p.log_prob(np.array([1.0, 0.0])).round(4)
        array([  -0.6931, -200.    ])
        >>> p.sample((2,), generator=np.random.default_rng(0))
        array([[0., 1.],
               [1., 1.]])
    """

    arg_constraints = {"probs": constraints.unit_interval, "logits": constraints.real}  # noqa: RUF012
    support = constraints.boolean
    has_enumerate_support = True

    def __init__(self, probs: Any = None, logits: Any = None, validate_args: bool | None = None) -> None:
        if (probs is None) == (logits is None):
            raise ValueError("Either `probs` or `logits` must be specified, but not both.")
        batch_shape = self._give(**({"logits": logits} if probs is None else {"probs": probs}))
        super().__init__(batch_shape, validate_args=validate_args)

    @property
    def probs(self) -> Any:
        """p, whichever was given."""
        given = self._given
        return expanded(given["probs"] if "probs" in given else sigmoid(given["logits"]), self.batch_shape)

    @property
    def _rest(self) -> Any:
        """1 - p."""
        given = self._given
        return expanded(1 - given["probs"] if "probs" in given else sigmoid(-given["logits"]), self.batch_shape)

    @property
    def logits(self) -> Any:
        """log(p / (1 - p)), whichever was given."""
        given = self._given
        return expanded(given["logits"] if "logits" in given else binary_logits(given["probs"]), self.batch_shape)

    @property
    def param_shape(self) -> Shape:
        """The shape of `probs` and `logits`."""
        return self.batch_shape

    @property
    def mean(self) -> Any:
        return self.probs

    @property
    def mode(self) -> Any:
        """1 where p is above 1/2, 0 below, nan at 1/2."""
        probs = raw(self.probs)
        return np.where(probs == 0.5, np.nan, probs >= 0.5).astype(self._dtype)[()]

    @property
    def variance(self) -> Any:
        return self.probs * self._rest

    def sample(self, sample_shape: Shape = (), *, generator: np.random.Generator | None = None) -> Any:
        shape, probs = self._extended_shape(sample_shape), raw(self.probs)
        uniform = standard_uniform(shape, self._dtype, default_generator if generator is None else generator)
        return (uniform < probs).astype(self._dtype)[()]

    def log_prob(self, value: Any) -> Any:
        return _log_prob(self.logits, self._value(value))

    def entropy(self) -> Any:
        given = self._given
        return _entropy(self.logits) if "logits" in given else -_log_prob(self.logits, self.probs)

    def enumerate_support(self, expand: bool = True) -> Any:
        return self._enumerated(2, self._dtype, expand)


def binary_logits(probs: Any) -> Any:
    """log(p / (1 - p)) of probabilities clipped to [eps, 1 - eps]."""
    eps = np.finfo(probs.dtype).eps
    clipped = np.clip(probs, eps, 1 - eps)
    return np.log(clipped) - np.log1p(-clipped)


@ag.primitive
def _log_prob(x: Any, value: Any) -> Any:
    """value log σ(x) + (1 - value) log σ(-x): exact for infinite logits too, and linear in values between 0 and 1."""
    rest = np.where(value == 1, 0, (1 - value) * np.where(value == 1, 0, x))
    return np.where(value == 0, -softplus(x), -softplus(-x) - np.where(value == 0, 0, rest))[()]


ag.defvjp(
    _log_prob,
    lambda g, out, x, value: g * (value * sigmoid(-x) - (1 - value) * sigmoid(x)),
    lambda g, out, x, value: g * x,
)


@ag.primitive
def _entropy(x: Any) -> Any:
    """With y = |x|: softplus(-y) + y σ(-y), of which nothing cancels."""
    size = abs(x)
    return softplus(-size) + _finite(size) * sigmoid(-size)


def _finite(x: Any) -> Any:
    return np.where(np.isinf(x), 0, x)[()]


ag.defvjp(_entropy, lambda g, out, x: -g * (_finite(x) * (sigmoid(x) * sigmoid(-x))))
