"""Call forms that are rare: the result is NumPy's in value, type and dtype, and the gradient is that of differences."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from scipy import special

import autograd_lite as ag
from autograd_lite import Value

ROW = np.array([0.3, -1.2, 2.5])
SINGLE = np.float32([0.3, -1.2, 2.5])

FORMS: list[tuple[str, Callable[[Any], Any], Any]] = [
    ("dot with a number", lambda x: np.dot(x, 2.0), SINGLE),
    ("dot of a number", lambda x: np.dot(2, x), SINGLE),
    ("inner with a number", lambda x: np.inner(x, 2.0), SINGLE),
    ("inner of vectors", lambda x: np.inner(x, x), ROW),
    ("modf of a scalar", lambda x: np.modf(x), np.float64(1.7)),
    ("modf of an infinity", lambda x: np.modf(x), np.array([-np.inf, 1.5])),
    ("at least one axis of lists", lambda x: np.atleast_1d(x, [1, 2], 3.0), ROW),
    ("at least two axes of lists", lambda x: np.atleast_2d(x, [1, 2], 3.0), ROW),
    ("repeated once", lambda x: np.repeat(x, True), ROW),
    ("a scalar in the order of memory", lambda x: np.ravel(x, order="K"), np.float64(1.5)),
    ("interp of a scalar, with a left", lambda x: np.interp(x, [0.0, 1.0], [2.0, 5.0], left=7.0), np.float64(0.5)),
    ("interp of a scalar, with a right", lambda x: np.interp(x, [0.0, 1.0], [2.0, 5.0], right=7.0), np.float64(0.5)),
    ("one curve over several x", lambda x: np.trapezoid(x[0], x), np.arange(12.0).reshape(3, 4) ** 2),
    ("ediff1d with a list", lambda x: np.ediff1d(x, to_begin=[1.0, 2.0]), ROW),
    ("an axis transformed twice", lambda x: np.fft.rfftn(x, axes=(0, 0)), np.arange(12.0).reshape(3, 4)),
    ("quantile with a list of axes", lambda x: np.quantile(x, 0.3, axis=[0]), np.arange(6.0).reshape(2, 3)),
    ("median with a list of axes", lambda x: np.median(x, axis=[0, 1]), np.arange(6.0).reshape(2, 3)),
    ("average with a list of axes", lambda x: np.average(x, axis=[0]), np.arange(6.0).reshape(2, 3)),
    ("a covariance in float32", lambda x: np.cov(x, dtype=np.float32), np.arange(8.0).reshape(2, 4) ** 2),
    ("correlations in float32", lambda x: np.corrcoef(x, dtype=np.float32), np.arange(8.0).reshape(2, 4) ** 2),
]


def results(outcome: Any) -> list[Any]:
    return list(outcome) if isinstance(outcome, tuple | list) else [outcome]


@pytest.mark.parametrize(("function", "x"), [form[1:] for form in FORMS], ids=[form[0] for form in FORMS])
def test_the_result_is_numpys(function: Callable[[Any], Any], x: Any) -> None:
    expected, got = function(x), function(Value(x))
    assert type(got) is Value or type(got) is type(expected)
    for e, g in zip(results(expected), results(got), strict=True):
        g = g.data if isinstance(g, Value) else g
        assert (type(g), g.dtype, g.shape) == (type(e), e.dtype, e.shape)
        assert_array_equal(g, e)


@pytest.mark.parametrize(("function", "x"), [form[1:] for form in FORMS], ids=[form[0] for form in FORMS])
def test_the_gradient_is_that_of_differences(function: Callable[[Any], Any], x: Any) -> None:
    def total(x: Any) -> Any:
        return sum(np.sum(np.real(part)) for part in results(function(x)))

    x = x.astype(np.float64)
    if not np.all(np.isfinite(x)):
        assert_array_equal(ag.grad(total)(x), np.isfinite(x))
    elif all(part.dtype.char in "dD" for part in results(function(x))):  # in float32 differences say nothing
        ag.check_grads(total, x)


@pytest.mark.parametrize("name", ["kn", "yn", "expn"])
def test_scipy_takes_the_integer_part_of_an_order(name: str) -> None:
    function = getattr(special, name)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # which says just that
        assert ag.grad(lambda x: function(2.7, x))(1.3) == ag.grad(lambda x: function(2, x))(1.3)


@pytest.mark.parametrize("name", ["bdtr", "bdtrc", "bdtri", "nbdtr", "nbdtrc", "nbdtri"])
def test_scipy_takes_the_integer_part_of_a_count(name: str) -> None:
    function = getattr(special, name)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        warnings.simplefilter("ignore", DeprecationWarning)
        assert ag.grad(lambda x: function(1.5, 4.7, x))(0.3) == ag.grad(lambda x: function(1, 4, x))(0.3)


@pytest.mark.parametrize("function", [np.var, np.std, np.nanvar, np.nanstd])
@pytest.mark.parametrize("options", [{}, {"where": np.array([True, False, True])}])
def test_a_variance_whose_mean_is_only_the_real_part(function: Callable[..., Any], options: dict[str, Any]) -> None:
    z = np.array([1 + 2j, -0.5 + 1j, 2 - 0.3j])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", np.exceptions.ComplexWarning)  # NumPy's own
        ag.check_grads(lambda z: np.real(function(z, dtype=np.float64, **options)), z, order=2)


@pytest.mark.parametrize("function", [np.prod, np.cumprod])
def test_a_product_of_real_parts(function: Callable[..., Any]) -> None:
    z = np.array([1 + 2j, -0.5 + 1j, 2 - 0.3j])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", np.exceptions.ComplexWarning)
        ag.check_grads(lambda z: np.sum(function(z, dtype=np.float64)), z, order=2)


WRITES: dict[str, Callable[[Any, Any], Any]] = {
    "floor": lambda a, v: np.floor(a, out=v),
    "floor, a tuple": lambda a, v: np.floor(a, out=(v,)),
    "floor, by position": lambda a, v: np.floor(a, v),
    "greater": lambda a, v: np.greater(a, 0, out=v),
    "round": lambda a, v: np.round(a, out=v),
    "round, by position": lambda a, v: np.round(a, 0, v),
    "accumulate": lambda a, v: np.floor_divide.accumulate(a, out=v),
    "at": lambda a, v: np.floor.at(v, [0]),
}


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES.keys())
def test_no_plain_function_writes_into_a_value(write: Callable[[Any, Any], Any]) -> None:
    a, v = ROW.copy(), Value(ROW.copy())
    with pytest.raises(TypeError, match=r"cannot write into|writes into"):
        write(a, v)
    assert_array_equal(v.data, ROW)


@pytest.mark.parametrize("method", ["accumulate", "reduceat", "reduce"])
def test_steps_of_a_plain_function_pass_elements_on(method: str) -> None:
    more = ([0],) if method == "reduceat" else ()
    with pytest.raises(TypeError, match=r"Compute with v\.data"):
        getattr(np.floor_divide, method)(Value(ROW), *more)
    constant = Value(ROW, requires_grad=False)
    assert_array_equal(getattr(np.floor_divide, method)(constant, *more), getattr(np.floor_divide, method)(ROW, *more))


def test_a_masked_array_does_not_take_the_array_out_of_a_value() -> None:
    masked = np.ma.array(ROW, mask=[True, False, False])
    for write in (
        lambda: masked * Value(ROW),
        lambda: np.ma.multiply(Value(ROW), 2),
        lambda: np.ma.getdata(Value(ROW)),
    ):
        with pytest.raises(TypeError, match=r"masked array|plain array"):
            write()
