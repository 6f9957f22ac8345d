"""The Kullback-Leibler divergence of pairs of distributions: a table of closed forms, which users can extend."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np

import autograd_lite as ag

from .bernoulli import Bernoulli
from .beta import Beta
from .categorical import Categorical
from .distribution import Distribution, raw
from .exponential import Exponential
from .gamma import Gamma
from .independent import Independent, sum_rightmost
from .laplace import Laplace
from .logarithms import softplus, weighted, xlogy
from .multivariate_normal import MultivariateNormal, half_log_determinant, mahalanobis
from .normal import Normal
from .poisson import Poisson
from .uniform import Uniform

F = TypeVar("F", bound=Callable[..., Any])

_FORMULAS: dict[tuple[type, type], Callable[..., Any]] = {}


def register_kl(type_p: type, type_q: type) -> Callable[[F], F]:
    """A decorator: `kl_divergence` of these types is the decorated function of `(p, q)`.

    It serves subclasses too. Of several entries that fit, the one nearest to the type of p is taken, then the one
    nearest to that of q.

    Args:
        type_p: a class of distributions.
        type_q: a class of distributions.

    Raises:
        TypeError: one of them is not.

    Example:
        >>> import nn
        >>> class Delta(nn.distributions.Distribution):
        ...     arg_constraints = {}
        ...     def __init__(self, x):
        ...         self.x = x
        ...         super().__init__()
        >>> @nn.distributions.register_kl(Delta, nn.distributions.Normal)
        ... def delta_normal(p, q):
        ...     return -q.log_prob(p.x)
        >>> round(float(nn.distributions.kl_divergence(Delta(0.0), nn.distributions.Normal(0.0, 1.0))), 4)
        0.9189
    """
    for kind in (type_p, type_q):
        if not (isinstance(kind, type) and issubclass(kind, Distribution)):
            raise TypeError(f"register_kl takes subclasses of Distribution, got {kind!r}")

    def register(formula: F) -> F:
        _FORMULAS[type_p, type_q] = formula
        return formula

    return register


def kl_divergence(p: Distribution, q: Distribution) -> Any:
    """KL(p ‖ q) = E_p[log p(x) - log q(x)] in nats, of the shape that the two batches broadcast to.

    It is infinite where p has draws that q never has.

    Args:
        p: where x is drawn from.
        q: what it is compared with.

    Raises:
        NotImplementedError: there is no entry for these types, see `register_kl`.
        ValueError: the batches do not broadcast, or events are of different shapes.

    Example:
        >>> import numpy as np, nn
        >>> from nn.distributions import Normal, kl_divergence
        >>> kl_divergence(Normal(np.array([0.0, 1.0]), 1.0), Normal(0.0, 1.0))
        array([0. , 0.5])
    """
    formula = _formula(type(p), type(q))
    if formula is None:
        raise NotImplementedError(
            f"No KL(p || q) is implemented for p type {type(p).__name__} and q type {type(q).__name__}. "
            "Estimate it, (p.log_prob(x) - q.log_prob(x)).mean() with x = p.sample((n,)), or write a formula under "
            f"@register_kl({type(p).__name__}, {type(q).__name__})."
        )
    try:
        np.broadcast_shapes(p.batch_shape, q.batch_shape)
    except ValueError:
        raise ValueError(
            f"kl_divergence: batch_shape {p.batch_shape} of p and {q.batch_shape} of q do not broadcast"
        ) from None
    return formula(p, q)


def _formula(type_p: type, type_q: type) -> Callable[..., Any] | None:
    matches = [(a, b) for a, b in _FORMULAS if issubclass(type_p, a) and issubclass(type_q, b)]
    if not matches:
        return None
    distance = {(a, b): (type_p.__mro__.index(a), type_q.__mro__.index(b)) for a, b in matches}
    nearest = min(matches, key=lambda match: distance[match])
    other = min(matches, key=lambda match: distance[match][::-1])
    if _FORMULAS[nearest] is not _FORMULAS[other]:
        warnings.warn(
            f"Ambiguous kl_divergence({type_p.__name__}, {type_q.__name__}). "
            f"Please register_kl({nearest[0].__name__}, {other[1].__name__})",
            RuntimeWarning,
            stacklevel=3,
        )
    return _FORMULAS[nearest]


# ---- what draws of a given mean cost under q: -E[log q(x)] ----


def _normal_cost(q: Normal, mean: Any, variance: Any) -> Any:
    z = (mean - q.loc) / q.scale
    return 0.5 * math.log(2 * math.pi) + np.log(q.scale) + 0.5 * (variance / q.scale**2 + z * z)


def _exponential_cost(q: Exponential, mean: Any) -> Any:
    return q.rate * mean - np.log(q.rate)


def _gamma_cost(q: Gamma, mean: Any, mean_logarithm: Any) -> Any:
    from scipy.special import gammaln  # loaded when first used: SciPy takes as long to import as everything else

    a = q.concentration
    return gammaln(a) - a * np.log(q.rate) - (a - 1) * mean_logarithm + q.rate * mean


def _beta_cost(q: Beta, mean_logarithm: Any, mean_logarithm_of_rest: Any) -> Any:
    from scipy.special import betaln

    a, b = q.concentration1, q.concentration0
    return betaln(a, b) - (a - 1) * mean_logarithm - (b - 1) * mean_logarithm_of_rest


# ---- what some distributions have for means of logarithms ----


def _gamma_log(p: Gamma) -> Any:
    from scipy.special import digamma

    return digamma(p.concentration) - np.log(p.rate)


def _beta_logs(p: Beta) -> tuple[Any, Any]:
    """E[log x] and E[log(1 - x)]."""
    from scipy.special import digamma

    total = digamma(p.concentration1 + p.concentration0)
    return digamma(p.concentration1) - total, digamma(p.concentration0) - total


def _uniform_log(low: Any, high: Any) -> Any:
    """E[log x] between two numbers from 0 on."""
    return (xlogy(high, high) - xlogy(low, low)) / (high - low) - 1


# ---- of a kind ----


@register_kl(Bernoulli, Bernoulli)
def _bernoulli_bernoulli(p: Bernoulli, q: Bernoulli) -> Any:
    total: Any = 0
    outcomes = (p.probs, q.probs, p.logits, q.logits), (p._rest, q._rest, -p.logits, -q.logits)
    for mine, theirs, x, y in outcomes:
        never = (raw(theirs) == 0) & (raw(mine) != 0)
        total = total + np.where(never, np.inf, weighted(mine, softplus(-y) - softplus(-x)))
    return total


@register_kl(Beta, Beta)
def _beta_beta(p: Beta, q: Beta) -> Any:
    return _beta_cost(q, *_beta_logs(p)) - p.entropy()


@register_kl(Categorical, Categorical)
def _categorical_categorical(p: Categorical, q: Categorical) -> Any:
    if p._num_events != q._num_events:
        raise ValueError(f"kl_divergence: p has {p._num_events} classes and q has {q._num_events}")
    mine, theirs = raw(p.probs), raw(q.probs)
    never, unused = (theirs == 0) & (mine != 0), mine == 0
    terms = p.probs * (np.where(unused, 0, p.logits) - np.where(unused | never, 0, q.logits))
    return np.sum(np.where(never, np.inf, np.where(unused, 0, terms)), axis=-1)


@register_kl(Exponential, Exponential)
def _exponential_exponential(p: Exponential, q: Exponential) -> Any:
    ratio = q.rate / p.rate
    return ratio - 1 - np.log(ratio)


@register_kl(Gamma, Gamma)
def _gamma_gamma(p: Gamma, q: Gamma) -> Any:
    from scipy.special import digamma, gammaln

    a, b = p.concentration, q.concentration
    shapes = gammaln(b) - gammaln(a) + (a - b) * digamma(a)
    return b * np.log(p.rate / q.rate) + shapes + (q.rate - p.rate) * (a / p.rate)


@register_kl(Laplace, Laplace)
def _laplace_laplace(p: Laplace, q: Laplace) -> Any:
    distance = abs(p.loc - q.loc)
    return np.log(q.scale / p.scale) + (distance + p.scale * np.exp(-distance / p.scale)) / q.scale - 1


@register_kl(MultivariateNormal, MultivariateNormal)
def _multivariate_normal(p: MultivariateNormal, q: MultivariateNormal) -> Any:
    if p.event_shape != q.event_shape:
        raise ValueError(f"kl_divergence: events of p have shape {p.event_shape} and those of q {q.event_shape}")
    mine, theirs = p._factor, q._factor
    determinants = half_log_determinant(theirs) - half_log_determinant(mine)
    trace = np.sum(ag.linalg.solve_triangular(theirs, mine, lower=True) ** 2, axis=(-2, -1))
    squares = mahalanobis(theirs, q.loc - p.loc)
    return determinants + 0.5 * (trace + squares - p.event_shape[0])


@register_kl(Normal, Normal)
def _normal_normal(p: Normal, q: Normal) -> Any:
    ratio, z = p.scale / q.scale, (p.loc - q.loc) / q.scale
    return 0.5 * (ratio * ratio + z * z - 1) - np.log(ratio)


@register_kl(Poisson, Poisson)
def _poisson_poisson(p: Poisson, q: Poisson) -> Any:
    return xlogy(p.rate, p.rate) - xlogy(p.rate, q.rate) - (p.rate - q.rate)


@register_kl(Uniform, Uniform)
def _uniform_uniform(p: Uniform, q: Uniform) -> Any:
    outside = (raw(q.low) > raw(p.low)) | (raw(q.high) < raw(p.high))
    return np.where(outside, np.inf, np.log((q.high - q.low) / (p.high - p.low)))


@register_kl(Independent, Independent)
def _independent_independent(p: Independent, q: Independent) -> Any:
    if p.reinterpreted_batch_ndims != q.reinterpreted_batch_ndims:
        raise NotImplementedError(
            f"kl_divergence of Independent distributions needs the same reinterpreted_batch_ndims, "
            f"got {p.reinterpreted_batch_ndims} and {q.reinterpreted_batch_ndims}"
        )
    if p.event_shape != q.event_shape:
        raise ValueError(f"kl_divergence: events of p have shape {p.event_shape} and those of q {q.event_shape}")
    return sum_rightmost(kl_divergence(p.base_dist, q.base_dist), p.reinterpreted_batch_ndims)


# ---- of different kinds ----


@register_kl(Bernoulli, Poisson)
def _bernoulli_poisson(p: Bernoulli, q: Poisson) -> Any:
    return q.rate - xlogy(p.probs, q.rate) - p.entropy()


@register_kl(Beta, Exponential)
@register_kl(Gamma, Exponential)
def _mean_exponential(p: Any, q: Exponential) -> Any:
    return _exponential_cost(q, p.mean) - p.entropy()


@register_kl(Beta, Gamma)
def _beta_gamma(p: Beta, q: Gamma) -> Any:
    return _gamma_cost(q, p.mean, _beta_logs(p)[0]) - p.entropy()


@register_kl(Beta, Normal)
@register_kl(Exponential, Normal)
@register_kl(Gamma, Normal)
@register_kl(Laplace, Normal)
@register_kl(Uniform, Normal)
def _moments_normal(p: Any, q: Normal) -> Any:
    return _normal_cost(q, p.mean, p.variance) - p.entropy()


@register_kl(Beta, Uniform)
def _beta_uniform(p: Beta, q: Uniform) -> Any:
    outside = (raw(q.low) > 0) | (raw(q.high) < 1)
    return np.where(outside, np.inf, np.log(q.high - q.low) - p.entropy())


@register_kl(Exponential, Gamma)
def _exponential_gamma(p: Exponential, q: Gamma) -> Any:
    return _gamma_cost(q, p.mean, -np.euler_gamma - np.log(p.rate)) - p.entropy()


@register_kl(Normal, Laplace)
def _normal_laplace(p: Normal, q: Laplace) -> Any:
    from scipy.special import erf

    distance = p.loc - q.loc
    z = distance / (math.sqrt(2) * p.scale)
    absolute = distance * erf(z) + math.sqrt(2 / math.pi) * p.scale * np.exp(-z * z)
    return np.log(2 * q.scale) + absolute / q.scale - p.entropy()


@register_kl(Uniform, Beta)
def _uniform_beta(p: Uniform, q: Beta) -> Any:
    outside = (raw(p.low) < 0) | (raw(p.high) > 1)
    low, high = np.where(outside, 0, p.low), np.where(outside, 1, p.high)
    cost = _beta_cost(q, _uniform_log(low, high), _uniform_log(1 - high, 1 - low))
    return np.where(outside, np.inf, cost - p.entropy())


@register_kl(Uniform, Exponential)
def _uniform_exponential(p: Uniform, q: Exponential) -> Any:
    return np.where(raw(p.low) < 0, np.inf, _exponential_cost(q, p.mean) - p.entropy())


@register_kl(Uniform, Gamma)
def _uniform_gamma(p: Uniform, q: Gamma) -> Any:
    outside = raw(p.low) < 0
    low, high = np.where(outside, 0, p.low), np.where(outside, 1, p.high)
    return np.where(outside, np.inf, _gamma_cost(q, p.mean, _uniform_log(low, high)) - p.entropy())


@register_kl(Exponential, Beta)
@register_kl(Exponential, Uniform)
@register_kl(Gamma, Beta)
@register_kl(Gamma, Uniform)
@register_kl(Laplace, Beta)
@register_kl(Laplace, Exponential)
@register_kl(Laplace, Gamma)
@register_kl(Laplace, Uniform)
@register_kl(Normal, Beta)
@register_kl(Normal, Exponential)
@register_kl(Normal, Gamma)
@register_kl(Normal, Uniform)
@register_kl(Poisson, Bernoulli)
def _infinite(p: Any, q: Any) -> Any:
    """p has draws outside of the support of q."""
    return np.full(np.broadcast_shapes(p.batch_shape, q.batch_shape), np.inf, p._dtype)[()]
