"""The rows that `nn.distributions` is tested with: distributions and pairs of them, built alike in PyTorch and here.

`order` says which derivatives are compared with finite differences, 2 or, where there is a kink or a number nothing
can be seen in, less.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

inf = np.inf


class Row(NamedTuple):
    """A distribution.

    Attributes:
        build: `build(D, *parameters)` with D one of the two libraries' `distributions`.
        parameters: arrays that get a gradient.
        value: where the density is asked for; sample axes first.
        order: of the derivatives that are compared with finite differences.
        still: whether the value has no neighbours.
        rounded: questions to which PyTorch's answer is rounded off, and the one here is not.
        clipped: whether the result depends on the precision of the dtype, and so is only compared in float64.
    """

    build: Callable[..., Any]
    parameters: tuple[Any, ...]
    value: Any
    order: int = 2
    still: bool = False
    rounded: tuple[str, ...] = ()
    clipped: bool = False


class Pair(NamedTuple):
    """Two distributions, `p` and `q`.

    Attributes:
        p: `p(D, *parameters)`.
        q: `q(D, *parameters)`.
        parameters: arrays that get a gradient.
        order: as of `Row`.
    """

    p: Callable[..., Any]
    q: Callable[..., Any]
    parameters: tuple[Any, ...]
    order: int = 2


QUESTIONS: dict[str, Callable[..., Any]] = {
    "log_prob": lambda p, value, level: p.log_prob(value),
    "cdf": lambda p, value, level: p.cdf(value),
    "icdf": lambda p, value, level: p.icdf(level),
    "entropy": lambda p, value, level: p.entropy(),
    "mean": lambda p, value, level: p.mean,
    "variance": lambda p, value, level: p.variance,
    "mode": lambda p, value, level: p.mode,
    "stddev": lambda p, value, level: p.stddev,
    "support": lambda p, value, level: p.enumerate_support(),
    "narrow support": lambda p, value, level: p.enumerate_support(expand=False),
}
DIFFERENTIATED = ("log_prob", "cdf", "icdf", "entropy", "mean", "variance")
ATTRIBUTES = ("probs", "logits", "covariance_matrix", "precision_matrix", "scale_tril")


def array(*numbers: Any) -> Any:
    return np.array(numbers, dtype=float)


def f(*shape: int) -> Any:
    """Some positive numbers."""
    return 0.4 + np.arange(float(np.prod(shape))).reshape(shape) % 7 / 3


def spread(*shape: int) -> Any:
    """Some numbers of both signs."""
    return np.cos(2.0 * np.arange(float(np.prod(shape)))).reshape(shape) * 1.5


def inside(*shape: int) -> Any:
    """Some probabilities."""
    return 0.05 + np.arange(float(np.prod(shape))).reshape(shape) % 7 * 0.14


def lower(x: Any) -> Any:
    """The lower triangle, so that finite differences keep it one."""
    return x.tril() if hasattr(x, "new_tensor") else np.tril(x)


FACTOR = np.array([[1.5, 0.0, 0.0], [0.3, 0.7, 0.0], [-0.4, 0.2, 1.1]])
FACTORS = np.stack([FACTOR[:2, :2], np.diag([2.0, 0.5])])

ROWS: dict[str, Row] = {
    "normal": Row(lambda D, a, b: D.Normal(a, b), (spread(3), f(3)), spread(2, 3) * 2),
    "normal of scalars": Row(lambda D, a, b: D.Normal(a, b), (np.float64(0.3), np.float64(1.7)), spread(2)),
    "normal, one broadcast": Row(lambda D, a: D.Normal(a, 2.0), (spread(2, 1),), spread(2, 3)),
    "normal, both broadcast": Row(lambda D, a, b: D.Normal(a, b), (spread(3), f(2, 1)), spread(2, 3)),
    "normal far out": Row(lambda D, a, b: D.Normal(a, b), (array(0, 0, 0), array(1, 1, 1)), array(8, -8, 100), 1),
    "normal, one element": Row(lambda D, a, b: D.Normal(a, b), (array(0.5), array(1.5)), spread(2, 1)),
    "normal, expanded": Row(lambda D, a: D.Normal(a, 0.5).expand((2, 3)), (spread(3),), spread(2, 3)),
    "multivariate by covariance": Row(
        lambda D, a, b: D.MultivariateNormal(a, b @ b.swapaxes(-1, -2)), (spread(2), FACTORS[0]), spread(2, 2)
    ),
    "multivariate by precision": Row(
        lambda D, a, b: D.MultivariateNormal(a, precision_matrix=b @ b.swapaxes(-1, -2)),
        (spread(2), FACTORS[0]),
        spread(2, 2),
    ),
    "multivariate by factor": Row(
        lambda D, a, b: D.MultivariateNormal(a, scale_tril=lower(b)), (spread(3), FACTOR), spread(2, 3)
    ),
    "multivariate, batch of factors": Row(
        lambda D, a, b: D.MultivariateNormal(a, scale_tril=lower(b)), (spread(2), FACTORS), spread(2, 2, 2)
    ),
    "multivariate, batch of means": Row(
        lambda D, a, b: D.MultivariateNormal(a, b @ b.swapaxes(-1, -2)), (spread(3, 2), FACTORS[0]), spread(2)
    ),
    "multivariate, batches broadcast": Row(
        lambda D, a, b: D.MultivariateNormal(a, scale_tril=lower(b)), (spread(2, 1, 2), FACTORS), spread(2)
    ),
    "multivariate, one dimension": Row(
        lambda D, a, b: D.MultivariateNormal(a, b * b), (array(0.5), array([1.2])), spread(2, 1)
    ),
    "multivariate, expanded": Row(
        lambda D, a, b: D.MultivariateNormal(a, scale_tril=lower(b)).expand((2,)), (spread(2), FACTORS[0]), spread(2, 2)
    ),
    "bernoulli by probs": Row(lambda D, a: D.Bernoulli(a), (inside(3),), array([0, 1, 1], [1, 0, 1]), still=True),
    "bernoulli by logits": Row(
        lambda D, a: D.Bernoulli(logits=a), (spread(3),), array([0, 1, 1], [1, 0, 1]), still=True
    ),
    "bernoulli, large logits": Row(
        lambda D, a: D.Bernoulli(logits=a),
        (array(200, -200, 40, -40),),
        array([0, 1, 0, 1], [1, 0, 1, 0]),
        still=True,
        rounded=("stddev",),
    ),
    "bernoulli at a half": Row(lambda D, a: D.Bernoulli(a), (array(0.5, 0.25),), array(0, 1), still=True),
    "bernoulli of certain probs": Row(
        lambda D, a: D.Bernoulli(a), (array(0, 1),), array([0, 1], [1, 0]), 0, clipped=True
    ),
    "bernoulli, relaxed values": Row(lambda D, a: D.Bernoulli(logits=a, validate_args=False), (spread(3),), inside(3)),
    "bernoulli, a scalar expanded": Row(
        lambda D, a: D.Bernoulli(a).expand((2,)), (np.float64(0.3),), array(0, 1), still=True
    ),
    "categorical by probs": Row(lambda D, a: D.Categorical(a), (f(3),), np.array([0, 2, 1])),
    "categorical by logits": Row(lambda D, a: D.Categorical(logits=a), (spread(3),), np.array([[0], [2]])),
    "categorical, batch": Row(lambda D, a: D.Categorical(logits=a), (spread(2, 3),), np.array([[0, 2], [1, 1]])),
    "categorical, one value for a batch": Row(lambda D, a: D.Categorical(a), (f(2, 3),), np.array(1)),
    "categorical, values broadcast": Row(
        lambda D, a: D.Categorical(logits=a), (spread(2, 3, 2),), np.array([[0, 1, 1], [1, 0, 0]])[:, None]
    ),
    "categorical, column of values": Row(lambda D, a: D.Categorical(logits=a), (spread(3, 2),), np.array([[0], [1]])),
    "categorical, impossible class": Row(
        lambda D, a: D.Categorical(logits=a), (array(0.5, -inf, 1.0),), np.array([0, 2, 1]), 0
    ),
    "categorical, far logits": Row(lambda D, a: D.Categorical(logits=a), (array(1000, 0, -1000),), np.array([0, 1, 2])),
    "categorical of certain probs": Row(
        lambda D, a: D.Categorical(a), (array(0, 1, 0),), np.array([0, 1]), 0, clipped=True
    ),
    "categorical, one class": Row(lambda D, a: D.Categorical(logits=a), (spread(2, 1),), np.array([0, 0])),
    "categorical, expanded": Row(
        lambda D, a: D.Categorical(logits=a).expand((2, 2)), (spread(2, 3),), np.array([[0, 2], [1, 1]])
    ),
    "poisson": Row(lambda D, a: D.Poisson(a), (f(3),), array([0, 1, 5], [2, 30, 0]), still=True),
    "poisson of a scalar": Row(lambda D, a: D.Poisson(a), (np.float64(2.5),), array(0, 4), still=True),
    "gamma": Row(lambda D, a, b: D.Gamma(a, b), (f(3), f(3)[::-1]), f(2, 3)),
    "gamma, broadcast": Row(lambda D, a: D.Gamma(a, 2.0), (f(2, 1),), f(2, 3)),
    "gamma, constant concentration": Row(lambda D, a: D.Gamma(1.5, a), (f(2, 1),), f(2, 3)),
    "gamma, concentration 1 at 0": Row(lambda D, b: D.Gamma(1.0, b), (array(1, 2),), array(0, 0), 1, still=True),
    "beta": Row(lambda D, a, b: D.Beta(a, b), (f(3), f(3)[::-1]), inside(2, 3)),
    "beta, broadcast": Row(lambda D, a: D.Beta(a, 2.0), (f(2, 1),), inside(2, 3)),
    "beta, both modes": Row(lambda D, a, b: D.Beta(a, b), (array(0.5, 0.5, 3.0), array(0.3, 1.0, 4.0)), inside(3)),
    "beta that is uniform": Row(lambda D, a, b: D.Beta(a, b), (array(1), array(1)), array(0.25)),
    "uniform": Row(lambda D, a, b: D.Uniform(a, b), (spread(3), spread(3) + f(3)), spread(3) + f(3) / 3),
    "uniform, broadcast": Row(lambda D, a: D.Uniform(-1.0, a), (f(2, 1),), inside(2, 3) / 4),
    "uniform outside": Row(
        lambda D, a, b: D.Uniform(a, b, validate_args=False), (array(0, 0, 0), array(1, 1, 1)), array(-0.5, 1, 2), 0
    ),
    "exponential": Row(lambda D, a: D.Exponential(a), (f(3),), f(2, 3)),
    "exponential of a scalar": Row(lambda D, a: D.Exponential(a), (np.float64(1.5),), array(0.5, 40)),
    "laplace": Row(lambda D, a, b: D.Laplace(a, b), (spread(3), f(3)), spread(2, 3)[:, ::-1] * 2),
    "laplace, broadcast": Row(lambda D, a: D.Laplace(a, 2.0), (spread(2, 1),), spread(2, 3) + 0.1),
    "laplace far out": Row(lambda D, a, b: D.Laplace(a, b), (array(0, 0), array(1, 1)), array(30, -30)),
    "independent normal": Row(
        lambda D, a, b: D.Independent(D.Normal(a, b), 1), (spread(2, 3), f(2, 3)), spread(2, 2, 3)
    ),
    "independent, all axes": Row(lambda D, a: D.Independent(D.Normal(a, 1.0), 2), (spread(2, 3),), spread(2, 3)),
    "independent, no axes": Row(lambda D, a: D.Independent(D.Bernoulli(a), 0), (inside(2),), array(0, 1), still=True),
    "independent bernoulli": Row(
        lambda D, a: D.Independent(D.Bernoulli(logits=a), 1), (spread(2, 3),), array([0, 1, 1], [1, 0, 1]), still=True
    ),
    "independent multivariate": Row(
        lambda D, a, b: D.Independent(D.MultivariateNormal(a, scale_tril=lower(b)), 1),
        (spread(2, 2), FACTORS[0]),
        spread(2, 2),
    ),
    "independent, expanded": Row(
        lambda D, a: D.Independent(D.Normal(a, 1.0), 1).expand((2,)), (spread(3),), spread(2, 3)
    ),
}


def normal(D: Any, a: Any, b: Any, *rest: Any) -> Any:
    return D.Normal(a, b)


def uniform(D: Any, a: Any, b: Any, *rest: Any) -> Any:
    return D.Uniform(a, a + b)


def last(build: Callable[..., Any], count: int) -> Callable[..., Any]:
    """A distribution of the last parameters."""
    return lambda D, *x: build(D, *x[-count:])


UNIT = (array(0.1, 0.2), array(0.3, 0.7))  # of a uniform distribution inside of [0, 1]: low, width
TWO = (spread(2), f(2))
PLUS = (f(2), f(2)[::-1] + 0.3)


def gamma(D: Any, a: Any, b: Any, *rest: Any) -> Any:
    return D.Gamma(a, b)


def beta(D: Any, a: Any, b: Any, *rest: Any) -> Any:
    return D.Beta(a, b)


def laplace(D: Any, a: Any, b: Any, *rest: Any) -> Any:
    return D.Laplace(a, b)


def exponential(D: Any, a: Any, *rest: Any) -> Any:
    return D.Exponential(a)


def poisson(D: Any, a: Any, *rest: Any) -> Any:
    return D.Poisson(a)


def bernoulli(D: Any, a: Any, *rest: Any) -> Any:
    return D.Bernoulli(logits=a)


def multivariate(D: Any, a: Any, b: Any, *rest: Any) -> Any:
    return D.MultivariateNormal(a, scale_tril=lower(b))


TWO_PARAMETERS = {
    "normal": (normal, TWO), "uniform": (uniform, UNIT), "gamma": (gamma, PLUS), "beta": (beta, PLUS),
    "laplace": (laplace, TWO),
}  # fmt: skip
ONE_PARAMETER = {
    "exponential": (exponential, (f(2),)), "poisson": (poisson, (f(2),)), "bernoulli": (bernoulli, (spread(2),)),
}  # fmt: skip
KINDS: dict[str, tuple[Any, Any]] = {**TWO_PARAMETERS, **ONE_PARAMETER}

PAIRS: dict[str, Pair] = {
    # of all kinds of one variable with all others; where PyTorch has no formula, there is none here
    f"{a} {b}": Pair(p, last(q, len(y)), (*x, *(1.3 * n for n in y)))
    for a, (p, x) in KINDS.items()
    for b, (q, y) in KINDS.items()
}
PAIRS |= {
    "normal, broadcast": Pair(normal, last(normal, 2), (spread(2, 1), f(2, 1), spread(3), f(3))),
    "normal, the same": Pair(normal, normal, TWO, 1),
    "normal and a constant": Pair(normal, lambda D, *x: D.Normal(x[0] * 0, 1.0), TWO),
    "uniform around": Pair(uniform, last(uniform, 2), (*UNIT, array(-1, 0.3), array(3, 3))),
    "beta in uniform": Pair(beta, last(uniform, 2), (*PLUS, array(-1, 0.5), array(3, 3))),
    "uniform out of beta": Pair(uniform, last(beta, 2), (array(-0.5, 0.2), array(1, 2), *PLUS)),
    "uniform below gamma": Pair(uniform, last(gamma, 2), (array(-0.5, 0.2), array(1, 2), *PLUS)),
    "uniform from 0 in gamma": Pair(lambda D, b, *x: D.Uniform(b * 0, b), last(gamma, 2), (f(2), *PLUS)),
    "uniform below exponential": Pair(uniform, last(exponential, 1), (array(-0.5, 0.2), array(1, 2), f(2))),
    "laplace at the same place": Pair(lambda D, a: D.Laplace(0.0, a), lambda D, a: D.Laplace(0.0, 2 * a + 1), (f(2),)),
    "bernoulli by probs": Pair(
        lambda D, a, b: D.Bernoulli(a), lambda D, a, b: D.Bernoulli(b), (inside(3), inside(3)[::-1])
    ),
    "bernoulli of certain probs": Pair(
        lambda D, a, b: D.Bernoulli(a),
        lambda D, a, b: D.Bernoulli(b),
        (array(0, 1, 0.5, 0.5), array(0.5, 0.5, 0, 1)),
        0,
    ),
    "bernoulli, large logits": Pair(bernoulli, last(bernoulli, 1), (array(200, -200, 1), array(1, 1, 30))),
    "categorical": Pair(
        lambda D, a, b: D.Categorical(logits=a), lambda D, a, b: D.Categorical(b), (spread(2, 3), f(3))
    ),
    "categorical, impossible classes": Pair(
        lambda D, a, b: D.Categorical(logits=a),
        lambda D, a, b: D.Categorical(logits=b),
        (array([0.5, -inf, 1.0], [0.5, 0.2, 0.1]), array([0.2, 0.3, 0.4], [-inf, 0.5, 0.1])),
        0,
    ),
    "multivariate": Pair(multivariate, last(multivariate, 2), (spread(3), FACTOR, spread(3)[::-1], FACTOR.T @ FACTOR)),
    "multivariate, batches": Pair(
        multivariate, last(multivariate, 2), (spread(2, 2), FACTORS, spread(2)[::-1], FACTORS[0])
    ),
    "multivariate by other matrices": Pair(
        lambda D, a, b: D.MultivariateNormal(a, b @ b.swapaxes(-1, -2)),
        lambda D, a, b: D.MultivariateNormal(2 * a, precision_matrix=b @ b.swapaxes(-1, -2) * 2),
        (spread(2), FACTORS[0]),
    ),
    "independent": Pair(
        lambda D, *x: D.Independent(normal(D, *x), 1),
        lambda D, *x: D.Independent(normal(D, *x[2:]), 1),
        (spread(2, 3), f(2, 3), spread(2, 3)[::-1], f(3)),
    ),
    "multivariate normal": Pair(multivariate, last(normal, 2), (spread(3), FACTOR, *TWO)),
    "categorical bernoulli": Pair(lambda D, a, b: D.Categorical(a), lambda D, a, b: D.Bernoulli(b), (f(3), inside(3))),
}
