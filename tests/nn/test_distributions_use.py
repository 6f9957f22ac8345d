"""Corners where formulas would fail, parameters of all kinds, wrong use, and the table of divergences."""

from __future__ import annotations

import subprocess
import sys
from contextlib import nullcontext
from typing import Any

import numpy as np
import pytest
from scipy import stats

import autograd_lite as ag
import nn
import nn.distributions as D

DTYPES = [np.float32, np.float64]


# ---- corners ----


def log_prob_and_gradient(kind: Any, parameter: Any, value: Any) -> tuple[Any, Any]:
    x = ag.Value(np.asarray(parameter, float))
    output = kind(x).log_prob(np.asarray(value))
    output.sum().backward()
    return output.data, x.grad


CORNERS: dict[str, tuple[Any, Any, Any, Any, Any]] = {
    "bernoulli, logits on the right side": (
        lambda x: D.Bernoulli(logits=x),
        [200.0, -200.0],
        [1.0, 0.0],
        [-np.exp(-200.0)] * 2,
        [np.exp(-200.0), -np.exp(-200.0)],
    ),
    "bernoulli, infinite logits": (
        lambda x: D.Bernoulli(logits=x),
        [np.inf, -np.inf, np.inf],
        [1.0, 0.0, 0.0],
        [0.0, 0.0, -np.inf],
        [0.0, 0.0, -1.0],
    ),
    "categorical, infinite logits": (
        lambda x: D.Categorical(logits=x),
        [0.0, -np.inf, 0.0],
        [0, 1],
        [-np.log(2), -np.inf],
        [0.0, 1.0, -1.0],
    ),
    "poisson, nothing at rate 0": (D.Poisson, [0.0, 0.0], [0.0, 0.0], [0.0, 0.0], [-1.0, -1.0]),
    "normal far out": (lambda x: D.Normal(x, 1.0), [0.0], [1e8], [-5e15], [1e8]),
    "normal of tiny scale": (
        lambda x: D.Normal(x, 1e-200),
        [1e-200],
        [0.0],
        [200 * np.log(10) - 0.5 - 0.5 * np.log(2 * np.pi)],
        [-1e200],
    ),
    "gamma of concentration 1 at 0": (lambda x: D.Gamma(1.0, x), [2.0], [0.0], [np.log(2)], [0.5]),
    "beta of concentration 1 at the ends": (lambda x: D.Beta(x, 1.0), [1.0], [0.0, 1.0], [0.0, 0.0], [2.0]),
}


@pytest.mark.usefixtures("float64")
@pytest.mark.parametrize("name", CORNERS)
def test_log_prob_is_exact_in_corners(name: str) -> None:
    kind, parameter, value, expected, gradient = CORNERS[name]
    got = log_prob_and_gradient(kind, parameter, value)
    np.testing.assert_allclose(got[0], expected, rtol=1e-12)
    np.testing.assert_allclose(got[1], gradient, rtol=1e-12)


def test_probabilities_are_clipped_at_the_precision_of_their_dtype() -> None:
    for dtype in DTYPES:
        least = np.log(np.finfo(dtype).eps)
        np.testing.assert_allclose(D.Bernoulli(dtype(0)).log_prob(dtype(1)), least, rtol=1e-5)
        np.testing.assert_allclose(D.Categorical(np.array([0, 1], dtype)).log_prob(0), least, rtol=1e-5)


def test_entropy_is_exact_near_certainty() -> None:
    x = ag.Value(np.array([200.0, -200.0, np.inf, 0.0]))
    entropy = D.Bernoulli(logits=x).entropy()
    np.testing.assert_allclose(entropy.data, [201 * np.exp(-200), 201 * np.exp(-200), 0, np.log(2)], rtol=1e-12)
    entropy.sum().backward()
    np.testing.assert_allclose(x.grad, [-200 * np.exp(-200), 200 * np.exp(-200), 0, 0], rtol=1e-12)
    y = ag.Value(np.array([0.0, -np.inf, 0.0]))
    entropy = D.Categorical(logits=y).entropy()
    entropy.backward()
    assert round(entropy.item(), 12) == round(np.log(2), 12)
    np.testing.assert_allclose(y.grad, 0, atol=1e-15)


def test_divergence_of_near_certain_bernoullis_is_finite() -> None:
    kl = D.kl_divergence(D.Bernoulli(logits=np.float64(1)), D.Bernoulli(logits=np.float64(200)))
    p = 1 / (1 + np.exp(-1))
    np.testing.assert_allclose(kl, p * np.log(p) + (1 - p) * np.log(1 - p) + (1 - p) * 200)


def test_divergences_in_corners() -> None:
    nothing = D.Poisson(np.float64(0))
    for p, q, expected in (
        (nothing, D.Poisson(np.float64(2)), 2),
        (nothing, nothing, 0),
        (D.Poisson(np.float64(2)), nothing, np.inf),
        (D.Bernoulli(logits=np.float64(-np.inf)), nothing, 0),
        (D.Beta(2.0, np.float64(3)), D.Uniform(-1.0, np.float64(0.5)), np.inf),
        (D.Laplace(np.zeros((2, 1)), 1.0), D.Uniform(0.0, np.ones(3)), np.full((2, 3), np.inf)),
    ):
        kl = D.kl_divergence(p, q)
        assert kl.dtype == np.float64
        np.testing.assert_array_equal(kl, expected)
        assert np.shape(kl) == np.shape(expected)


def test_tails_of_distribution_functions_are_exact() -> None:
    for ours, theirs, x in (
        (D.Normal(0.0, np.float64(1)), stats.norm, [-30.0, -8.0, 3.0]),
        (D.Laplace(0.0, np.float64(1)), stats.laplace, [-500.0, -40.0, 3.0]),
        (D.Exponential(np.float64(1)), stats.expon, [1e-20, 1.0, 50.0]),
    ):
        np.testing.assert_allclose(ours.cdf(np.array(x)), theirs.cdf(x), rtol=1e-12)
        np.testing.assert_allclose(
            ours.icdf(np.array([1e-100, 1e-12, 0.5])), theirs.ppf([1e-100, 1e-12, 0.5]), rtol=1e-12
        )


def test_quantiles_outside_of_probabilities_are_nan() -> None:
    for p in (D.Normal(0.0, 1.0), D.Laplace(0.0, 1.0), D.Exponential(1.0)):
        with np.errstate(invalid="ignore"):
            assert np.isnan(p.icdf(1.5))


def test_densities_at_the_ends_have_gradients_in_the_value() -> None:
    x = ag.Value(np.array([0.0, 1.0]))
    D.Beta(np.ones(2), 1.0).log_prob(x).sum().backward()
    np.testing.assert_array_equal(x.grad, [0, 0])


CHECKS: list[tuple[Any, Any, list[bool]]] = [
    (D.constraints.simplex, [[0.25, 0.75], [0.5, 0.4], [1.5, -0.5]], [True, False, False]),
    (D.constraints.lower_cholesky, [[[1, 0], [5, 2]], [[1, 0.1], [0, 2]], [[1, 0], [0, 0]]], [True, False, False]),
    (D.constraints.positive_definite, [[[2, 1], [1, 2]], [[1, 2], [2, 1]], [[1, np.inf], [np.inf, 1]]],
     [True, False, False]),
    (D.constraints.positive_definite, [[[1, 2, 3]]], [False]),
    (D.constraints.real_vector, [[0, np.inf], [np.nan, 0]], [True, False]),
    (D.constraints.positive, [0, 1, np.nan], [False, True, False]),
    (D.constraints.nonnegative, [0, -1, np.nan], [True, False, False]),
    (D.constraints.unit_interval, [0, 1, 1.1, -0.1], [True, True, False, False]),
    (D.constraints.nonnegative_integer, [0, 1.5, -1, np.inf], [True, False, False, True]),
    (D.constraints.less_than(1.0), [0, 1], [True, False]),
]  # fmt: skip


@pytest.mark.parametrize(("constraint", "members", "expected"), CHECKS)
def test_constraints(constraint: Any, members: Any, expected: list[bool]) -> None:
    np.testing.assert_array_equal(constraint.check(np.array(members, float)), expected)


# ---- parameters ----


def test_dtypes_of_parameters() -> None:
    assert D.Normal(0, 1).loc.dtype == np.float32
    assert D.Normal([0, 1], 1.0).sample().dtype == np.float32
    assert D.Normal(np.zeros(2), 1).scale.dtype == np.float64
    assert D.Normal(0.0, ag.Value(1.0)).loc.dtype == np.float64
    assert D.Normal(np.array([1, 2]), 1).loc.dtype == np.float32
    assert D.Poisson(np.float32(2)).log_prob(np.array([1, 2])).dtype == np.float32
    assert D.Poisson(np.float32(2)).log_prob([1, 2]).dtype == np.float32


@pytest.mark.usefixtures("float64")
def test_numbers_become_the_default_dtype() -> None:
    assert D.Gamma(2, 1).sample().dtype == np.float64


def test_a_distribution_follows_its_parameters() -> None:
    loc = nn.Parameter(np.zeros(1, np.float32))
    p = D.Normal(loc, np.ones(3, np.float32))
    optimizer = nn.SGD([loc], 0.1)
    for _ in range(200):
        optimizer.zero_grad()
        (-p.log_prob(np.array([1.0, 2.0, 3.0], np.float32)).mean()).backward()
        optimizer.step()
    np.testing.assert_allclose(p.mean.data, 2, atol=1e-4)


def test_expanding_copies_nothing_and_keeps_the_checks() -> None:
    loc = np.zeros(2)
    p = D.Normal(loc, 1.0, validate_args=False).expand((3, 2))
    assert np.shares_memory(p.loc, loc)
    assert p.batch_shape == (3, 2)
    assert p.sample((4,)).shape == (4, 3, 2)
    assert np.isnan(p.log_prob(np.nan)).all()
    for checked in (True, False):
        q = D.Independent(D.Normal(np.zeros((1, 3)), 1.0, validate_args=False), 1, validate_args=checked).expand((2,))
        assert q.event_shape == (3,)
        with pytest.raises(ValueError, match="within the support") if checked else nullcontext():
            q.log_prob(np.full(3, np.nan))


def test_what_an_independent_distribution_can_do() -> None:
    coins = D.Bernoulli(np.full(2, 0.5))
    assert D.Independent(coins, 0).has_enumerate_support
    assert not D.Independent(coins, 1).has_enumerate_support
    assert not D.Independent(coins, 1).has_rsample
    assert D.Independent(D.Normal(np.zeros(2), 1.0), 1).has_rsample


def test_set_default_validate_args() -> None:
    try:
        D.Distribution.set_default_validate_args(False)
        assert D.Normal(0.0, -1.0).scale == -1
        with pytest.raises(ValueError, match="to satisfy the constraint"):
            D.Normal(0.0, -1.0, validate_args=True)
    finally:
        D.Distribution.set_default_validate_args(True)
    with pytest.raises(ValueError, match="takes True or False"):
        D.Distribution.set_default_validate_args("no")  # type: ignore[arg-type]


def test_large_classes_are_told_apart_in_low_precision() -> None:
    logits = np.zeros(2**11 + 2, np.float16)
    logits[-1] = 1
    p = D.Categorical(logits=logits)
    assert p.log_prob(2**11 + 1) > p.log_prob(2**11)
    assert p.param_shape == logits.shape
    assert D.Bernoulli(np.full(3, 0.5)).param_shape == (3,)


def test_perplexity() -> None:
    np.testing.assert_allclose(D.Categorical(np.ones((2, 5))).perplexity(), 5)


def test_text_of_beta_shows_its_parameters() -> None:
    assert repr(D.Beta(0.5, 2)) == "Beta(concentration1: 0.5, concentration0: 2.0)"


# ---- errors ----

normal = D.Normal(np.zeros(3), 1.0)
REFUSED: dict[str, tuple[Any, type[Exception], str]] = {
    "negative scale": (
        lambda: D.Normal(0.0, np.array([1.0, -2.0, -3.0])),
        ValueError,
        r"parameter scale \(array of shape \(3,\)\) of distribution Normal\(loc: \(3,\), scale: \(3,\)\) to satisfy "
        r"the constraint GreaterThan\(lower_bound=0.0\), but found invalid values: -2.0 at index \(1,\)",
    ),
    "scale 0": (lambda: D.Laplace(0.0, 0.0), ValueError, r"scale.*GreaterThan\(lower_bound=0.0\).*: 0.0$"),
    "loc nan": (lambda: D.Normal(np.nan, 1.0), ValueError, r"parameter loc .*Real\(\).*: nan"),
    "no probability": (lambda: D.Bernoulli(1.5), ValueError, r"probs .*Interval\(lower_bound=0.0, upper_bound=1.0\)"),
    "negative class": (
        lambda: D.Categorical(np.array([[0.5, 0.5], [1.5, -0.5]])),
        ValueError,
        r"probs .*Simplex\(\), but found invalid values: \[ 1.5 -0.5\] at index \(1,\)",
    ),
    "no class": (lambda: D.Categorical(np.zeros(2)), ValueError, r"Simplex\(\).*nan"),
    "impossible logits": (
        lambda: D.Categorical(logits=np.array([-np.inf, -np.inf])),
        ValueError,
        r"logits .*IndependentConstraint\(Real",
    ),
    "negative rate": (lambda: D.Poisson(-1.0), ValueError, r"rate .*GreaterThanEq\(lower_bound=0.0\)"),
    "rate 0": (lambda: D.Exponential(0.0), ValueError, r"parameter rate"),
    "concentration": (lambda: D.Gamma(0.0, 1.0), ValueError, r"parameter concentration "),
    "concentration0": (lambda: D.Beta(1.0, -1.0), ValueError, r"parameter concentration0 "),
    "empty interval": (lambda: D.Uniform(1.0, 0.0), ValueError, r"parameter low .*LessThan\(upper_bound=0.0\)"),
    "not positive definite": (
        lambda: D.MultivariateNormal(np.zeros(2), -np.eye(2)),
        ValueError,
        r"covariance_matrix .*PositiveDefinite\(\)",
    ),
    "not symmetric": (
        lambda: D.MultivariateNormal(np.zeros(2), precision_matrix=np.array([[1.0, 0.5], [0.4, 1.0]])),
        ValueError,
        r"precision_matrix .*PositiveDefinite\(\)",
    ),
    "nan in a matrix": (
        lambda: D.MultivariateNormal(np.zeros(1), np.array([[np.nan]])),
        ValueError,
        "PositiveDefinite",
    ),
    "not triangular": (
        lambda: D.MultivariateNormal(np.zeros(2), scale_tril=np.ones((2, 2))),
        ValueError,
        r"scale_tril .*LowerCholesky",
    ),
    "not positive on the diagonal": (
        lambda: D.MultivariateNormal(np.zeros(2), scale_tril=np.diag([1.0, -1.0])),
        ValueError,
        r"LowerCholesky",
    ),
    "two matrices": (
        lambda: D.MultivariateNormal(np.zeros(2), np.eye(2), scale_tril=np.eye(2)),
        ValueError,
        "Exactly one of .* may be specified, got covariance_matrix, scale_tril",
    ),
    "no matrix": (lambda: D.MultivariateNormal(np.zeros(2)), ValueError, "Exactly one .*, got none"),
    "scalar mean": (lambda: D.MultivariateNormal(0.0, np.eye(1)), ValueError, "loc must be at least one-dimensional"),
    "matrix without two axes": (
        lambda: D.MultivariateNormal(np.zeros(2), np.ones(2)),
        ValueError,
        "covariance_matrix must be at least two-dim",
    ),
    "matrix of another size": (
        lambda: D.MultivariateNormal(np.zeros(2), np.eye(3)),
        ValueError,
        r"shape \(3, 3\) does not go with loc of 2",
    ),
    "shapes": (
        lambda: D.Normal(np.zeros(2), np.ones(3)),
        ValueError,
        r"loc of shape \(2,\) and scale of shape \(3,\) do not",
    ),
    "probs and logits": (lambda: D.Bernoulli(0.5, 0.0), ValueError, "Either `probs` or `logits` must be specified"),
    "neither": (lambda: D.Categorical(), ValueError, "Either `probs` or `logits` must be specified, but not both"),
    "no axis of classes": (
        lambda: D.Categorical(logits=1.0),
        ValueError,
        "`logits` parameter must be at least one-dim",
    ),
    "no classes": (lambda: D.Categorical(np.zeros((2, 0))), ValueError, r"`probs` of shape \(2, 0\) has no classes"),
    "complex": (lambda: D.Normal(1j, np.ones(1)), TypeError, "parameter loc must be a number|real numbers"),
    "text": (lambda: D.Normal("zero", 1.0), TypeError, "parameter loc must be a number, an array or a Value, got str"),
    "none": (
        lambda: D.Normal(None, 1.0),
        TypeError,
        "parameter loc must be a number, an array or a Value, got NoneType",
    ),
    "list of Values": (lambda: D.Normal([ag.Value(1.0)], 1.0), TypeError, r"got list. .*np.stack"),
    "value of another shape": (
        lambda: normal.log_prob(np.zeros(2)),
        ValueError,
        r"not broadcastable with batch_shape\+event_shape: \(2,\) vs \(3,\)",
    ),
    "event of another shape": (
        lambda: D.MultivariateNormal(np.zeros(2), np.eye(2)).log_prob(np.zeros(3)),
        ValueError,
        r"right-most size of value must match event_shape: \(3,\) vs \(2,\)",
    ),
    "event of no axes": (
        lambda: D.Independent(normal, 1).log_prob(np.float64(0)),
        ValueError,
        r"must match event_shape: \(\) vs \(3,\)",
    ),
    "value nan": (
        lambda: normal.log_prob([0.0, np.nan, 0.0]),
        ValueError,
        r"support \(Real\(\)\) of .*: nan at index \(1,\)",
    ),
    "neither 0 nor 1": (lambda: D.Bernoulli(0.5).log_prob(0.3), ValueError, r"support \(Boolean\(\)\) of .*: 0.3"),
    "class out of range": (
        lambda: D.Categorical(np.ones(3)).log_prob(3),
        ValueError,
        r"IntegerInterval\(lower_bound=0, upper_bound=2\).*: 3",
    ),
    "half a class": (lambda: D.Categorical(np.ones(3)).log_prob(0.5), ValueError, "IntegerInterval"),
    "half an event": (lambda: D.Poisson(1.0).log_prob(1.5), ValueError, r"IntegerGreaterThan\(lower_bound=0\)"),
    "negative waiting time": (lambda: D.Gamma(1.0, 1.0).log_prob(-1.0), ValueError, "GreaterThanEq"),
    "negative time": (lambda: D.Exponential(1.0).cdf(-1.0), ValueError, "GreaterThanEq"),
    "above 1": (lambda: D.Beta(1.0, 1.0).log_prob(2.0), ValueError, r"Interval\(lower_bound=0.0, upper_bound=1.0\)"),
    "outside of an interval": (
        lambda: D.Uniform(0.0, 1.0).log_prob(2.0),
        ValueError,
        r"Interval\(lower_bound=0.0, upper",
    ),
    "outside, independent": (
        lambda: D.Independent(D.Bernoulli(np.full(2, 0.5)), 1).log_prob(np.array([0.0, 0.5])),
        ValueError,
        r"IndependentConstraint\(Boolean\(\), 1\)",
    ),
    "too many axes": (
        lambda: D.Independent(normal, 2),
        ValueError,
        r"ndims <= len\(base_distribution.batch_shape\), actual 2 vs 1",
    ),
    "fewer than no axes": (lambda: D.Independent(normal, -1), ValueError, "actual -1 vs 1"),
    "enumeration of many": (
        lambda: D.Independent(D.Bernoulli(np.full(2, 0.5)), 1).enumerate_support(),
        NotImplementedError,
        "cartesian product",
    ),
    "number of draws": (lambda: normal.sample(5), TypeError, r"Write sample_shape=\(5,\)"),
    "shape of draws": (
        lambda: normal.sample((1.5,)),
        TypeError,
        r"sample_shape must be a tuple of integers, got \(1.5,\)",
    ),
    "expansion": (lambda: normal.expand((2,)), ValueError, r"batch_shape \(3,\) cannot be expanded to \(2,\)"),
    "shrinking": (lambda: D.Normal(np.zeros((2, 3)), 1.0).expand((3,)), ValueError, "cannot be expanded"),
    "discrete path": (
        lambda: D.Poisson(1.0).rsample(),
        NotImplementedError,
        r"Poisson does not implement rsample.*sample\(\)",
    ),
    "no formula": (lambda: D.Poisson(1.0).entropy(), NotImplementedError, "Poisson does not implement entropy"),
    "no divergence": (
        lambda: D.kl_divergence(normal, D.Bernoulli(0.5)),
        NotImplementedError,
        r"p type Normal and q type Bernoulli. Estimate",
    ),
    "divergence of other batches": (
        lambda: D.kl_divergence(normal, D.Normal(np.zeros(2), 1.0)),
        ValueError,
        r"batch_shape \(3,\) of p and \(2,\) of q",
    ),
    "divergence of other classes": (
        lambda: D.kl_divergence(D.Categorical(np.ones(2)), D.Categorical(np.ones(3))),
        ValueError,
        "2 classes and q has 3",
    ),
    "divergence of other vectors": (
        lambda: D.kl_divergence(
            D.MultivariateNormal(np.zeros(2), np.eye(2)), D.MultivariateNormal(np.zeros(3), np.eye(3))
        ),
        ValueError,
        r"events of p have shape \(2,\) and those of q \(3,\)",
    ),
    "divergence of other axes": (
        lambda: D.kl_divergence(D.Independent(normal, 1), D.Independent(normal, 0)),
        NotImplementedError,
        "the same reinterpreted_batch_ndims, got 1 and 0",
    ),
    "divergence of other events": (
        lambda: D.kl_divergence(D.Independent(normal, 1), D.Independent(D.Normal(np.zeros(1), 1.0), 1)),
        ValueError,
        "events of p have shape",
    ),
    "registration": (
        lambda: D.register_kl(int, D.Normal),
        TypeError,
        "takes subclasses of Distribution, got <class 'int'>",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_wrong_use_is_refused(name: str) -> None:
    call, error, message = REFUSED[name]
    with pytest.raises(error, match=message):
        call()


# ---- the table of divergences ----


class Shifted(D.Normal):
    """A distribution of a user."""


class Own(D.Distribution):
    """A distribution of a user from scratch."""

    arg_constraints = {"width": D.constraints.positive}  # noqa: RUF012

    def __init__(self, width: Any) -> None:
        self.width = width
        super().__init__(np.shape(width))


class Undeclared(D.Distribution):
    """One that forgets to say what its parameters are."""


def test_a_distribution_of_a_user_is_checked_shown_and_refused() -> None:
    own = Own(ag.Value([1.0, 2.0]))
    assert repr(own) == "Own(width: (2,))"
    with pytest.raises(ValueError, match=r"parameter width .*: -1.0 at index \(1,\)"):
        Own(np.array([1.0, -1.0]))
    for question in (own.sample, own.entropy, own.enumerate_support, lambda: own.log_prob(0.0), lambda: own.icdf(0.5)):
        with pytest.raises(NotImplementedError, match="Own does not implement"):
            question()
    for name in ("mean", "mode", "variance", "stddev", "support"):
        with pytest.raises(NotImplementedError, match="Own does not implement"):
            getattr(own, name)
    with pytest.raises(NotImplementedError, match=r"does not implement arg_constraints. Write .* or \{\}"):
        Undeclared()


def test_a_subclass_has_the_divergence_of_its_base_until_it_gets_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(D.kl, "_FORMULAS", dict(D.kl._FORMULAS))
    p, q = Shifted(0.0, 1.0), D.Normal(1.0, 1.0)
    assert D.kl_divergence(p, q) == 0.5
    D.register_kl(Shifted, D.Normal)(lambda p, q: "own")
    assert D.kl_divergence(p, q) == "own"
    assert D.kl_divergence(q, p) == 0.5
    D.register_kl(D.Normal, Shifted)(lambda p, q: "other")
    with pytest.warns(RuntimeWarning, match=r"Ambiguous kl_divergence\(Shifted, Shifted\). Please register_kl"):
        D.kl_divergence(p, p)


def test_import_does_not_load_scipy() -> None:
    code = "import sys, nn.distributions; sys.exit('scipy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
