"""The categorical distribution: one of K classes."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..functional import log_softmax, softmax
from ..random import default_generator
from . import constraints
from .distribution import Distribution, Shape, expanded, floating, raw
from .draws import categorical


class Categorical(Distribution):
    """Class k of 0, ..., K - 1 with probability p_k.

    Args:
        probs: `(*, K)`, numbers from 0 on; they are divided by their sum. Their logarithms are taken after clipping to
            [eps, 1 - eps], as in PyTorch.
        logits: `(*, K)`, in place of `probs`: p is their softmax. -inf for a class that is never drawn.
        validate_args: see `Distribution`.

    Raises:
        ValueError: both or neither are given, there is no axis of classes, or some p is negative or nan.

    Example:
        >>> import numpy as np, nn
        >>> p = nn.distributions.Categorical(logits=np.array([0.0, 0.0, -np.inf]))
        >>> p.log_prob(np.array([0, 2])).round(4)
        array([-0.6931,    -inf])
        >>> p.sample((6,), generator=np.random.default_rng(0))
        array([1, 0, 0, 0, 1, 1])
    """

    arg_constraints = {"probs": constraints.simplex, "logits": constraints.real_vector}  # noqa: RUF012
    has_enumerate_support = True

    def __init__(self, probs: Any = None, logits: Any = None, validate_args: bool | None = None) -> None:
        if (probs is None) == (logits is None):
            raise ValueError("Either `probs` or `logits` must be specified, but not both.")
        name = "logits" if probs is None else "probs"
        given = floating(**{name: logits if probs is None else probs})
        shape = np.shape(raw(given[name]))
        if not shape:
            raise ValueError(f"`{name}` parameter must be at least one-dimensional.")
        if not shape[-1]:
            raise ValueError(f"`{name}` of shape {shape} has no classes: its last axis is empty.")
        self._num_events = shape[-1]
        super().__init__(self._give({name: 1}, **given), validate_args=validate_args)

    def _checked_parameters(self) -> dict[str, Any]:
        with np.errstate(invalid="ignore", divide="ignore"):  # what cannot be normalized shows as nan
            ((name, x),) = super()._checked_parameters().items()
            return {name: x / x.sum(axis=-1, keepdims=True) if name == "probs" else log_softmax(x, -1)}

    @property
    def support(self) -> Any:
        return constraints.integer_interval(0, self._num_events - 1)

    @property
    def probs(self) -> Any:
        """p, `batch_shape + (K,)`; the sum over the last axis is 1."""
        return expanded(self._probs(), self.param_shape)

    @property
    def logits(self) -> Any:
        """log p, `batch_shape + (K,)`."""
        return expanded(self._logits(), self.param_shape)

    @property
    def param_shape(self) -> Shape:
        """The shape of `probs` and `logits`."""
        return (*self.batch_shape, self._num_events)

    def _probs(self) -> Any:
        if "logits" in self._given:
            return softmax(self._given["logits"], -1)
        probs = self._given["probs"]
        return probs / np.sum(probs, axis=-1, keepdims=True)

    def _logits(self) -> Any:
        if "logits" in self._given:
            return log_softmax(self._given["logits"], -1)
        probs = self._probs()
        eps = np.finfo(probs.dtype).eps
        return np.log(np.clip(probs, eps, 1 - eps))

    @property
    def mean(self) -> Any:
        """nan: classes have no mean."""
        return self._filled(np.nan)

    @property
    def mode(self) -> Any:
        """The most probable class; the first of them."""
        return np.argmax(raw(self.probs), axis=-1)

    @property
    def variance(self) -> Any:
        """nan: classes have no variance."""
        return self._filled(np.nan)

    def sample(self, sample_shape: Shape = (), *, generator: np.random.Generator | None = None) -> Any:
        shape = self._extended_shape(sample_shape)
        probs = raw(self.probs).reshape(-1, self._num_events)
        draws = int(np.prod(shape[: len(shape) - len(self.batch_shape)], dtype=np.int64))
        drawn = categorical(probs, draws, default_generator if generator is None else generator)
        return drawn.reshape(shape)[()]

    def log_prob(self, value: Any) -> Any:
        classes = raw(value)  # not as floating numbers, which would round the largest
        classes = classes if hasattr(classes, "dtype") else np.asarray(classes)
        if self._validate_args:
            classes = self._checked_value(classes)
        classes = classes.astype(np.int64)
        dims = len(self.batch_shape)
        places = [np.arange(n).reshape((n,) + (1,) * (dims - 1 - i)) for i, n in enumerate(self.batch_shape)]
        return self.logits[(*places, classes)]

    def entropy(self) -> Any:
        logits = self._logits()
        finite = np.where(np.isneginf(raw(logits)), 0, logits)  # 0 log 0 is 0
        return expanded(-np.sum(self._probs() * finite, axis=-1), self.batch_shape)

    def enumerate_support(self, expand: bool = True) -> Any:
        return self._enumerated(self._num_events, np.int64, expand)
