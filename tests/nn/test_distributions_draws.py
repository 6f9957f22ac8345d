"""Draws have the distribution that is asked for, and gradients along their paths are those of the expectations."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import stats

import autograd_lite as ag
import nn
import nn.distributions as D
from nn.distributions.gamma_quantile import gamma_quantile, quantile_slope

from .distribution_table import ROWS


def distribution(name: str, dtype: Any) -> Any:
    nn.set_default_dtype(dtype)
    try:
        return ROWS[name].build(D, *[ag.Value(np.asarray(x).astype(dtype)[()]) for x in ROWS[name].parameters])
    finally:
        nn.set_default_dtype(np.float32)


DRAWS: dict[str, tuple[Any, Any]] = {
    "normal": (D.Normal(0.5, np.float64(2)), stats.norm(0.5, 2)),
    "normal of float32": (D.Normal(0.5, np.float32(2)), stats.norm(0.5, 2)),
    "uniform": (D.Uniform(-1.0, np.float64(3)), stats.uniform(-1, 4)),
    "exponential": (D.Exponential(np.float64(2.5)), stats.expon(scale=0.4)),
    "laplace": (D.Laplace(1.0, np.float64(0.5)), stats.laplace(1, 0.5)),
    "gamma": (D.Gamma(2.5, np.float64(3)), stats.gamma(2.5, scale=1 / 3)),
    "gamma, small concentration": (D.Gamma(0.05, np.float64(3)), stats.gamma(0.05, scale=1 / 3)),
    "gamma, large concentration": (D.Gamma(1e4, np.float64(1)), stats.gamma(1e4)),
    "beta": (D.Beta(2.5, np.float64(0.7)), stats.beta(2.5, 0.7)),
    "beta, small concentrations": (D.Beta(0.3, np.float64(0.2)), stats.beta(0.3, 0.2)),
    "multivariate": (D.MultivariateNormal(np.array([0.5]), np.array([[4.0]])), stats.norm(0.5, 2)),
}


@pytest.mark.parametrize("name", DRAWS)
def test_draws_have_the_distribution(name: str) -> None:
    p, exact = DRAWS[name]
    drawn = p.sample((20_000,), generator=np.random.default_rng(1))
    assert drawn.dtype == (np.float32 if "float32" in name else np.float64)
    assert stats.kstest(drawn.ravel(), exact.cdf).pvalue > 0.02


COUNTS: dict[str, tuple[Any, list[float]]] = {
    "bernoulli": (D.Bernoulli(np.float64(0.3)), [0.7, 0.3]),
    "bernoulli by logits": (D.Bernoulli(logits=np.float64(np.log(4))), [0.2, 0.8]),
    "certain": (D.Bernoulli(np.float64(1)), [0, 1]),
    "impossible": (D.Bernoulli(np.float64(0)), [1, 0]),
    "poisson": (D.Poisson(np.float64(1.5)), list(stats.poisson(1.5).pmf(range(12)))),
    "poisson of rate 0": (D.Poisson(np.float64(0)), [1, 0]),
    "categorical": (D.Categorical(np.array([1.0, 0.0, 2.0, 5.0, 0.0])), [0.125, 0, 0.25, 0.625, 0]),
    "categorical by logits": (D.Categorical(logits=np.log([0.5, 0.2, 0.3])), [0.5, 0.2, 0.3]),
}


@pytest.mark.parametrize("name", COUNTS)
def test_counts_of_draws_have_the_distribution(name: str) -> None:
    p, probabilities = COUNTS[name]
    drawn = p.sample((20_000,), generator=np.random.default_rng(2))
    counts, expected = np.bincount(drawn.astype(int), minlength=len(probabilities)), np.array(probabilities) * 20_000
    assert not counts[expected == 0].any()
    few = expected < 5
    expected, counts = [np.append(x[~few], x[few].sum()) for x in (expected, counts)]
    deviation = np.sum((counts - expected) ** 2 / np.where(expected, expected, 1))
    assert stats.chi2(len(counts)).sf(deviation) > 0.02


@pytest.mark.parametrize("draws", [1, 3, 4000])
def test_each_row_of_a_batch_of_categories_is_drawn_from(draws: int) -> None:
    probs = np.array([[[0.2, 0.8, 0.0], [0.0, 0.0, 1.0]], [[1.0, 0.0, 0.0], [0.5, 0.0, 0.5]]])
    drawn = D.Categorical(probs).sample((draws, 1), generator=np.random.default_rng(0))
    assert drawn.shape == (draws, 1, 2, 2)
    assert drawn.dtype == np.int64
    for i, j in np.ndindex(2, 2):
        shares = np.bincount(drawn[:, 0, i, j], minlength=3) / draws
        assert not shares[probs[i, j] == 0].any()
        if draws > 1000:
            np.testing.assert_allclose(shares, probs[i, j], atol=0.03)


class Constant:
    """A generator that always draws the same uniform number."""

    def __init__(self, number: float) -> None:
        self.number = number

    def random(self, size: Any, dtype: Any = float) -> Any:
        return np.full(size, self.number, dtype)


@pytest.mark.parametrize("draws", [1, 3])
def test_the_ends_of_the_uniform_numbers(draws: int) -> None:
    least, largest = Constant(0.0), Constant(np.nextafter(1, 0))
    rounded = D.Categorical(np.full((2, 10), 0.1))  # ten times 0.1 is less than 1
    for p, generator, expected in (
        (D.Bernoulli(np.float64(0)), least, 0),
        (D.Bernoulli(np.float64(1)), largest, 1),
        (D.Categorical(np.array([0.0, 1.0, 1.0])), least, 1),
        (D.Categorical(np.array([1.0, 1.0, 0.0])), largest, 1),
        (rounded, largest, 9),
    ):
        assert (p.sample((draws,), generator=generator) == expected).all()


def test_covariance_of_draws() -> None:
    factor = np.array([[2.0, 0.0], [-1.0, 0.5]])
    p = D.MultivariateNormal(np.array([1.0, 2.0]), scale_tril=factor)
    drawn = p.sample((50_000,), generator=np.random.default_rng(0))
    np.testing.assert_allclose(np.cov(drawn.T), factor @ factor.T, atol=0.08)
    np.testing.assert_allclose(drawn.mean(axis=0), p.mean, atol=0.03)


DIFFERENTIABLE = [name for name, row in ROWS.items() if row.build(D, *row.parameters).has_rsample]


@pytest.mark.usefixtures("float64")
@pytest.mark.parametrize("name", DIFFERENTIABLE)
def test_derivatives_of_draws_agree_with_differences(name: str) -> None:
    row = ROWS[name]

    def draw(*parameters: Any) -> Any:
        return row.build(D, *parameters).rsample((2,), generator=np.random.default_rng(5))

    ag.check_grads(draw, *row.parameters, order=2, rtol=1e-4, atol=1e-5)


# dx/da of the quantile x of the gamma distribution, by numerical differentiation with 30 digits
SLOPES = [
    (0.02, 0.003, 0.79241250751117),
    (0.02, 0.5, 23.603121089664),
    (0.3, 1e-8, 6.0838300004663e-7),
    (1.0, 0.7, 0.97321874099239),
    (2.5, 9.0, 1.8917118000908),
    (40.0, 31.0, 0.8816202355591),
    (1000.0, 1050.0, 1.0247642170623),
]


@pytest.mark.parametrize(("a", "x", "slope"), SLOPES)
def test_slope_of_the_gamma_quantile(a: float, x: float, slope: float) -> None:
    np.testing.assert_allclose(quantile_slope(np.float64(a), np.float64(x)), slope, rtol=1e-11)


def test_gamma_quantile_has_derivatives_of_every_order() -> None:
    u = np.array([0.05, 0.5, 0.99])

    def second(a: Any) -> Any:
        return ag.elementwise_grad(ag.elementwise_grad(lambda a: gamma_quantile(a, u)))(a)

    ag.check_grads(second, np.array([0.4, 1.5, 20.0]), order=2, rtol=1e-4, atol=1e-5)


PATHS: dict[str, tuple[Any, list[float]]] = {
    "normal": (D.Normal, [0.5, 1.5]),
    "uniform": (D.Uniform, [-0.5, 2.0]),
    "exponential": (D.Exponential, [1.5]),
    "laplace": (D.Laplace, [0.5, 0.8]),
    "gamma": (D.Gamma, [2.5, 1.5]),
    "gamma, small concentration": (D.Gamma, [0.3, 1.5]),
    "beta": (D.Beta, [2.5, 1.5]),
    "beta, small concentrations": (D.Beta, [0.4, 0.3]),
}


@pytest.mark.parametrize("name", PATHS)
def test_gradient_along_the_path_is_that_of_the_moments(name: str) -> None:
    kind, numbers = PATHS[name]
    parameters = [np.float64(x) for x in numbers]

    def estimates(*x: Any) -> Any:
        drawn = kind(*x).rsample((40_000,), generator=np.random.default_rng(3))
        return np.stack([drawn.mean(), (drawn**2).mean()])

    def exact(*x: Any) -> Any:
        p = kind(*x)
        return np.stack([p.mean, p.variance + p.mean**2])

    everything = tuple(range(len(parameters)))
    got, expected = [np.stack(ag.jacobian(f, everything)(*parameters)) for f in (estimates, exact)]
    np.testing.assert_allclose(got, expected, rtol=0.03, atol=0.02)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_draws_of_extreme_gammas_and_betas_are_usable(dtype: Any) -> None:
    a = ag.Value(np.array([1e-3, 1e-2, 0.1, 1, 1e3, 1e6], dtype))
    for p in (D.Gamma(a, dtype(2)), D.Beta(a, dtype(1e-3)), D.Beta(dtype(1), a)):
        x = p.rsample((200,), generator=np.random.default_rng(0))
        assert x.dtype == dtype
        assert np.isfinite(p.log_prob(x.data).data).all()
        a.grad = None
        np.log(x).sum().backward()
        assert a.grad.dtype == dtype
        assert np.isfinite(a.grad).all()


def test_a_sample_has_no_gradient_and_is_that_of_rsample() -> None:
    for name in DIFFERENTIABLE:
        p = distribution(name, np.float64)
        drawn = p.sample((3,), generator=np.random.default_rng(0))
        assert type(drawn) is np.ndarray
        assert drawn.shape == (3, *p.batch_shape, *p.event_shape)
        np.testing.assert_array_equal(drawn, p.rsample((3,), generator=np.random.default_rng(0)).data)


@pytest.mark.parametrize("name", ROWS)
def test_draws_come_from_the_generator(name: str) -> None:
    p = distribution(name, np.float32)
    drawn = [p.sample((2, 1), generator=np.random.default_rng(7)) for _ in range(2)]
    np.testing.assert_array_equal(*drawn)
    nn.manual_seed(3)
    first = p.sample()
    nn.manual_seed(3)
    np.testing.assert_array_equal(first, p.sample())
    assert drawn[0].dtype == (np.int64 if isinstance(p, D.Categorical) else np.float32)
    assert np.shape(first) == p.batch_shape + p.event_shape
    p.log_prob(drawn[0])  # it is inside of the support


@pytest.mark.parametrize("kind", [D.Normal, D.Gamma, D.Beta, D.Laplace])
def test_a_checkpoint_draws_the_same_again(kind: Any) -> None:
    gradients = []
    for wrap in (lambda f: f, ag.checkpoint):
        nn.manual_seed(0)
        a = ag.Value(np.array([0.5, 2.0]))
        wrap(lambda a: (kind(a, 1.5).rsample((4,)) ** 2).sum())(a).backward()
        gradients.append(a.grad)
    np.testing.assert_array_equal(*gradients)
