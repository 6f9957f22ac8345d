"""What the table cannot say of reductions: slices of nothing, ties, and what is left out is exactly 0."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from autograd_lite import Value

NAN = np.nan
HALF_NAN = np.array([[NAN, NAN, NAN], [1.0, NAN, 3.0]])


@pytest.mark.parametrize("name", ["nanmean", "nanmax", "nanmin", "nanvar", "nanstd", "nanmedian"])
def test_a_slice_of_nan_warns_as_in_numpy_and_gets_zero(name: str) -> None:
    x = Value(HALF_NAN)
    with pytest.warns(RuntimeWarning) as theirs:
        expected = getattr(np, name)(HALF_NAN, axis=1)
    with pytest.warns(RuntimeWarning) as ours:
        result = getattr(np, name)(x, axis=1)
    assert [str(w.message) for w in ours] == [str(w.message) for w in theirs]
    np.testing.assert_array_equal(result.data, expected)
    result.backward(np.array([7.0, 1.0]))  # and it does not warn again
    np.testing.assert_array_equal(x.grad[np.isnan(HALF_NAN)], 0)
    assert x.grad[1].any()


@pytest.mark.parametrize("name", ["nanquantile", "nanpercentile"])
def test_a_quantile_of_nothing_but_nan_gets_zero(name: str) -> None:
    x, q = Value(HALF_NAN), Value(0.25)
    with pytest.warns(RuntimeWarning, match="All-NaN slice"):
        result = getattr(np, name)(x, q, axis=1)
    result.backward(np.array([7.0, 1.0]))
    share = 0.25 if name == "nanquantile" else 0.0025
    np.testing.assert_allclose(x.grad, [[0, 0, 0], [1 - share, 0, share]])
    np.testing.assert_allclose(q.grad, 2 if name == "nanquantile" else 0.02)


@pytest.mark.parametrize("name", ["median", "quantile", "percentile"])
def test_a_nan_decides_where_numpy_lets_it(name: str) -> None:
    x = Value(np.array([[1.0, NAN, 0.0, 2.0], [4.0, 1.0, 2.0, 3.0]]))
    middle = {"median": (), "quantile": (0.5,), "percentile": (50,)}[name]
    result = getattr(np, name)(x, *middle, axis=1)
    np.testing.assert_array_equal(result.data, [NAN, 2.5])
    result.backward(np.ones(2))
    np.testing.assert_array_equal(x.grad, [[0, 1, 0, 0], [0, 0, 0.5, 0.5]])


MASK = np.array([[True, False, True], [False, False, False]])


@pytest.mark.parametrize("function", [np.mean, np.var, np.std, np.nanmean, np.nanvar, np.nanstd])
@pytest.mark.parametrize("left_out", [np.inf, NAN, 5.0])
def test_what_is_left_out_gets_exactly_zero_whatever_it_holds(function: Any, left_out: float) -> None:
    x = Value(np.where(MASK, [[1.0, 0.0, 4.0]], left_out))
    with pytest.warns(RuntimeWarning):  # of the second row, of which nothing is left
        result = function(x, axis=1, where=MASK)
    np.testing.assert_array_equal(np.isnan(result.data), [False, True])
    (result * result).backward(np.ones(2), create_graph=True)
    first = x.grad
    np.testing.assert_array_equal(first.data[~MASK], 0)
    assert first.data[0, 0] * first.data[0, 2] != 0
    x.grad = None
    (first**2).sum().backward()
    np.testing.assert_array_equal(x.grad[~MASK], 0)
    assert np.isfinite(x.grad).all()


def test_a_variance_without_freedom_has_no_gradient_but_nan() -> None:
    x = Value([[1.0, 2.0], [3.0, 4.0]])
    with pytest.warns(RuntimeWarning):
        result = np.var(x, axis=1, ddof=1, where=np.array([[True, False], [True, True]]))
    result.backward(np.ones(2))
    np.testing.assert_array_equal(x.grad, [[NAN, 0], [-1, 1]])
    x = Value([[1.0], [3.0]])
    with pytest.warns(RuntimeWarning):
        np.var(x, axis=1, ddof=1).sum().backward()
    np.testing.assert_array_equal(x.grad, [[NAN], [NAN]])


def test_an_infinite_gradient_does_not_reach_what_is_left_out() -> None:
    for function in (np.sum, np.nansum, np.max, np.prod):
        x = Value([0.0, 2.0])
        result = function(x, where=np.array([True, False]), **({"initial": -1.0} if function is np.max else {}))
        with np.errstate(divide="ignore", invalid="ignore"):  # prod multiplies before it masks
            np.sqrt(result).backward()
        np.testing.assert_array_equal(x.grad, [np.inf, 0])


def test_the_quantile_of_an_infinite_gradient_reaches_one_element() -> None:
    x = Value([0.0, 2.0, 5.0])
    with np.errstate(divide="ignore"):
        np.sqrt(np.quantile(x, 0.0)).backward()
    np.testing.assert_array_equal(x.grad, [np.inf, 0, 0])


@pytest.mark.skipif(
    np.lib.NumpyVersion(np.__version__) < "2.4.0", reason="before 2.4 NumPy rounds q itself to the dtype of the data"
)
@pytest.mark.parametrize("dtype", [np.float16, np.float32])
def test_a_quantile_looks_where_numpy_looks_in_its_precision(dtype: Any) -> None:
    data = np.random.default_rng(0).permutation(np.arange(100)).astype(dtype)
    for method in ("inverted_cdf", "closest_observation", "lower", "higher", "nearest", "linear"):
        for q in np.linspace(0, 1, 41).tolist():
            for function, unit in ((np.quantile, 1), (np.percentile, 100)):
                x = Value(data)
                result = function(x, q * unit, method=method)
                result.backward()
                np.testing.assert_allclose((x.grad * data).sum(dtype=float), result.item(), rtol=2e-3, atol=1e-6)


def test_counts_are_plain_and_edges_follow_the_data() -> None:
    x = Value([0.0, 1.0, 3.0, 4.0])
    counts, edges = np.histogram(x, bins=2)
    assert type(counts) is np.ndarray
    np.testing.assert_array_equal(counts, [2, 2])
    edges[1].backward()
    np.testing.assert_array_equal(x.grad, [0.5, 0, 0, 0.5])
    for outcome in (
        np.histogram(x, range=(0, 5)),
        np.histogram(x, [0, 2, 4]),
        np.histogram(x, 2, (0, 5), density=True),
    ):
        assert [type(part) for part in outcome] == [np.ndarray, np.ndarray]
    assert type(np.bincount(Value(np.array([0, 2]), requires_grad=False))) is np.ndarray
    counts, *_ = np.histogram2d(x, x, 2)
    np.testing.assert_array_equal(counts, [[2, 0], [0, 2]])
    assert type(counts) is np.ndarray


def test_a_covariance_without_freedom_warns_as_in_numpy() -> None:
    for z in (np.ones((2, 1)), Value(np.ones((2, 1)))):
        with pytest.warns(RuntimeWarning) as caught, np.errstate(all="ignore"):
            np.cov(z)
        assert any("Degrees of freedom" in str(w.message) for w in caught)


@pytest.mark.parametrize("shape", [(0, 4), (3, 0)])
def test_the_shape_of_a_covariance_of_nothing_is_numpys(shape: tuple[int, int]) -> None:
    with np.errstate(all="ignore"), pytest.warns(RuntimeWarning) if shape[1] == 0 else np.errstate():
        assert np.cov(Value(np.zeros(shape))).shape == np.cov(np.zeros(shape)).shape
