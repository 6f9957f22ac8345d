"""`jacobian`, `hessian` and `hvp`: shapes and structures, how rows are put together, and SciPy's optimizers."""

from __future__ import annotations

import tracemalloc
from collections import namedtuple
from typing import Any

import numpy as np
import pytest

import autograd_lite as ag
import nn
from autograd_lite import Value, derivatives, grad, hessian, hvp, jacobian

Pair = namedtuple("Pair", "w b")
RNG = np.random.default_rng(0)
W, X = RNG.standard_normal((3, 2)), RNG.standard_normal(2)


def rosenbrock(x: Any) -> Any:
    return np.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)


# ---- shapes and structures ----


@pytest.mark.parametrize("shape_in", [(), (1,), (3,), (2, 2), (0,), (2, 0)])
@pytest.mark.parametrize("shape_out", [(), (1,), (4,), (2, 3), (0,), (30,)])
def test_the_shape_is_that_of_the_result_and_then_that_of_the_argument(
    shape_in: tuple[int, ...], shape_out: tuple[int, ...]
) -> None:
    weights = RNG.standard_normal((*shape_out, *shape_in))
    x = RNG.standard_normal(shape_in)[()]

    def f(x: Any) -> Any:
        return np.sum(weights * x, axis=tuple(range(len(shape_out), weights.ndim)))

    found = jacobian(f)(x)
    assert found.shape == (*shape_out, *shape_in)
    np.testing.assert_allclose(found, weights, rtol=1e-15)
    recorded = jacobian(f)(Value(x))
    assert isinstance(recorded, Value)
    np.testing.assert_allclose(recorded.data, weights, rtol=1e-15)


def test_trees_are_nested_the_argument_in_the_result() -> None:
    def f(p: Any, x: Any) -> Any:
        return {"y": p.w @ x + p.b, "s": (np.sum(x),)}

    found = jacobian(f)(Pair(W, np.ones(3)), X)
    assert type(found["y"]) is Pair
    assert found["y"].w.shape == (3, 3, 2)
    np.testing.assert_array_equal(found["y"].b, np.eye(3))
    np.testing.assert_array_equal(found["s"][0].w, np.zeros((3, 2)))
    both = jacobian(f, (1, 0))(Pair(W, np.ones(3)), X)
    np.testing.assert_array_equal(both["y"][0], W)
    np.testing.assert_array_equal(both["s"][0][0], np.ones(2))
    assert type(both["y"][1]) is Pair


def test_every_result_has_the_dtype_of_its_argument_and_memory_of_its_own() -> None:
    x, y = np.ones(4, np.float32), np.ones(4)
    dx, dy = jacobian(lambda x, y: x + y, (0, 1))(x, y)
    assert (dx.dtype, dy.dtype) == (np.float32, np.float64)
    dx += 1
    np.testing.assert_array_equal(dy, np.eye(4))
    few = jacobian(lambda p: p[0] * np.linspace(0, 1, 50, dtype=np.float32))(x[:1])
    assert few.dtype == np.float32
    assert few.flags.writeable


def test_what_depends_on_nothing_has_a_derivative_of_zero() -> None:
    found = jacobian(lambda x: (np.ones(2), 3.0, x > 0, np.arange(3), x[0] * 1))(X)
    assert [block.shape for block in found] == [(2, 2), (2,), (2, 2), (3, 2), (2,)]
    assert not any(block.any() for block in found[:4])
    inside = []
    grad(lambda x: inside.append(jacobian(lambda y: (np.ones(2), x))(X)) or x * x)(2.0)
    assert [type(block) for block in inside[0]] == [Value, Value]


def test_a_module_stands_for_its_parameters() -> None:
    model = nn.Linear(2, 3)
    found = jacobian(lambda m, x: m(x))(model, X.astype(np.float32))
    np.testing.assert_array_equal(found["bias"], np.eye(3))
    np.testing.assert_allclose(found["weight"], np.einsum("ij,k->ijk", np.eye(3), X), rtol=1e-6)
    inputs = jacobian(lambda m, x: m(x), 1)(model, X.astype(np.float32))
    np.testing.assert_array_equal(inputs, model.weight.data)
    assert type(inputs) is np.ndarray


def test_complex_results_of_real_arguments_and_the_other_way_round() -> None:
    x, z = np.array([0.3, 0.7]), np.array([0.3 + 1j, -0.2 + 0.5j, 1j])
    np.testing.assert_allclose(jacobian(lambda x: np.exp(1j * x))(x), np.diag(1j * np.exp(1j * x)))
    assert jacobian(lambda x: np.exp(1j * x))(x.astype("f4")).dtype == np.complex64
    long = np.linspace(0, 1, 40)
    columns = jacobian(lambda x: np.exp(1j * x[0] * long))(x.astype("f4"))
    assert columns.dtype == np.complex64
    np.testing.assert_allclose(columns[:, 0], 1j * long * np.exp(1j * x[0] * long), rtol=1e-6)
    rows = jacobian(np.abs)(z)
    np.testing.assert_allclose(rows, np.stack([grad(lambda z, i=i: np.abs(z)[i])(z) for i in range(3)]))
    many = jacobian(lambda z: np.abs(z[0]) * long)(z)
    np.testing.assert_allclose(many[:, 0], long * z[0] / np.abs(z[0]))
    inside = grad(lambda x: np.sum(jacobian(lambda x: np.exp(1j * x))(x).imag))(x)
    np.testing.assert_allclose(inside, -np.sin(x))


# ---- rows together ----


def test_rows_run_in_blocks_that_bound_the_memory() -> None:
    size, wide = 64, 20_000

    def f(x: Any) -> Any:
        return np.sum(np.reshape(np.sin(np.tile(x, wide)), (wide, size)), axis=0)  # arrays of 10 MB on the way

    x = RNG.standard_normal(size)
    tracemalloc.start()
    try:
        found = jacobian(f)(x)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    np.testing.assert_allclose(found, wide * np.diag(np.cos(x)), rtol=1e-9, atol=1e-6)
    assert peak < 15 * wide * size * 8  # all rows together would be 64 times such an array, several times over


@pytest.mark.parametrize("most", [0, 1, 7, 8, 10_000])
def test_blocks_of_any_size_give_the_same(most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(derivatives, "MOST_NUMBERS", most)
    np.testing.assert_allclose(jacobian(lambda x: np.cumsum(np.sin(x)))(X), np.tril(np.ones((2, 2))) * np.cos(X))
    np.testing.assert_allclose(hessian(rosenbrock)(np.arange(5.0)), EXPECTED(np.arange(5.0)))


def EXPECTED(x: Any) -> Any:  # noqa: N802
    optimize = pytest.importorskip("scipy.optimize")
    return optimize.rosen_hess(x)


def test_a_hook_sees_one_gradient_after_the_other() -> None:
    seen = []

    def f(x: Any) -> Any:
        y = np.sin(x)
        y.register_hook(lambda g: seen.append(g) or 2 * g)
        return y * 3

    np.testing.assert_allclose(jacobian(f)(np.zeros(4)), 6 * np.eye(4))
    np.testing.assert_array_equal(seen, 3 * np.eye(4))


def test_a_hook_in_a_checkpoint_sees_one_gradient_too() -> None:
    seen = []

    @ag.checkpoint
    def f(x: Any) -> Any:
        y = np.sin(x)
        y.register_hook(lambda g: seen.append(type(g)))
        return y * 3

    np.testing.assert_allclose(jacobian(lambda x: f(x) * 1)(np.zeros(4)), 3 * np.eye(4))
    assert set(seen) == {np.ndarray}


def test_a_few_arguments_of_many_results_go_by_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    called = []
    columns = derivatives._columns
    monkeypatch.setattr(derivatives, "_columns", lambda *args: called.append(1) or columns(*args))
    t = np.linspace(0, 1, 100)
    found = jacobian(lambda p, q: p[0] * np.exp(-p[1] * t) + q, (0, 1))(np.array([2.0, 3.0]), 1.0)
    assert called
    np.testing.assert_allclose(found[0], np.stack([np.exp(-3 * t), -2 * t * np.exp(-3 * t)], 1), rtol=1e-14)
    np.testing.assert_array_equal(found[1], np.ones(100))


# ---- hessian and hvp ----


@pytest.mark.parametrize("n", [2, 5, 20])
def test_the_hessian_of_rosenbrocks_function(n: int) -> None:
    optimize = pytest.importorskip("scipy.optimize")
    x = RNG.standard_normal(n)
    np.testing.assert_allclose(hessian(rosenbrock)(x), optimize.rosen_hess(x), rtol=1e-12, atol=1e-11)
    v = RNG.standard_normal(n)
    np.testing.assert_allclose(hvp(rosenbrock)(x, v), optimize.rosen_hess_prod(x, v), rtol=1e-11, atol=1e-10)


def test_the_blocks_of_a_hessian() -> None:
    def f(p: Any, y: Any, scale: Any) -> Any:
        return scale * np.sum(p["w"] ** 2 * y) + np.sum(y**3)

    p, y = {"w": X}, np.array([3.0, 4.0])
    of_p, (yw, yy) = hessian(f, (0, 1))(p, y, 2.0)
    np.testing.assert_allclose(of_p["w"][0]["w"], np.diag(4 * y))
    np.testing.assert_allclose(of_p["w"][1], np.diag(4 * X))
    np.testing.assert_allclose(yw["w"], np.diag(4 * X))
    np.testing.assert_allclose(yy, np.diag(6 * y))
    (dw, dy) = hvp(f, (0, 1))(p, y, ({"w": np.ones(2)}, np.ones(2)), 2.0)
    np.testing.assert_allclose(dw["w"], 4 * y + 4 * X)
    np.testing.assert_allclose(dy, 4 * X + 6 * y)


def test_the_vector_follows_the_last_differentiated_argument() -> None:
    def f(x: Any, y: Any, z: Any, *, power: int = 3) -> Any:
        return np.sum(x * y**power) + z

    v = np.array([1.0, 2.0])
    np.testing.assert_allclose(hvp(f, 1)(X, X, v, 1.0), 6 * X * X * v)
    np.testing.assert_allclose(hvp(f, -2)(X, X, v, 1.0, power=2), 2 * X * v)
    np.testing.assert_allclose(hvp(f, -1)(X, X, 1.0, 5.0), 0)
    np.testing.assert_allclose(hvp(f, (1, 0))(X, X, (v, v), 1.0)[1], 3 * X**2 * v)


def test_a_complex_hessian_vector_product_is_a_difference_of_gradients() -> None:
    def f(z: Any) -> Any:
        return np.sum(np.abs(z) ** 4 + np.real(z**3))

    z, v = np.array([1 + 2j, -0.5 + 0.3j]), np.array([0.3 - 1j, 1j])
    difference = (grad(f)(z + 1e-6 * v) - grad(f)(z - 1e-6 * v)) / 2e-6
    np.testing.assert_allclose(hvp(f)(z, v), difference, rtol=1e-7)


# ---- SciPy calls them as they are ----


@pytest.mark.parametrize(
    ("method", "second"),
    [("Newton-CG", {"hessp": hvp(rosenbrock)}), ("trust-ncg", {"hessp": hvp(rosenbrock)}),
     ("trust-exact", {"hess": hessian(rosenbrock)}), ("Newton-CG", {"hess": hessian(rosenbrock)}),
     ("BFGS", {})],
)  # fmt: skip
def test_scipy_minimizes_with_them(method: str, second: dict[str, Any]) -> None:
    optimize = pytest.importorskip("scipy.optimize")
    found = optimize.minimize(rosenbrock, np.zeros(4), method=method, jac=grad(rosenbrock), **second)
    np.testing.assert_allclose(found.x, np.ones(4), atol=1e-3)


def test_scipy_passes_further_arguments_behind_the_vector() -> None:
    optimize = pytest.importorskip("scipy.optimize")

    def f(x: Any, target: Any, weight: Any) -> Any:
        return np.sum(np.cosh(weight * (x - target)))

    found = optimize.minimize(f, np.zeros(2), args=(X, 2.0), method="trust-ncg", jac=grad(f), hessp=hvp(f))
    np.testing.assert_allclose(found.x, X, atol=1e-5)


def test_scipy_fits_curves_with_the_jacobian() -> None:
    optimize = pytest.importorskip("scipy.optimize")
    t = np.linspace(0, 1, 200)

    def residuals(p: Any) -> Any:
        return p[0] * np.exp(-p[1] * t) - 2 * np.exp(-3 * t)

    found = optimize.least_squares(residuals, np.ones(2), jac=jacobian(residuals))
    np.testing.assert_allclose(found.x, [2, 3], rtol=1e-6)


# ---- wrong use ----


@pytest.mark.parametrize(
    ("call", "kind", "words"),
    [(lambda: jacobian(lambda z: {"a": z * z})(1j), TypeError,
      ["the result['a'] and argument 0 of <lambda> are both complex", "ag.jvp"]),
     (lambda: hessian(lambda z: np.abs(z))(1 + 1j), TypeError, ["both complex"]),
     (lambda: jacobian(lambda x: "no")(X), TypeError, ["<lambda> returned str"]),
     (lambda: jacobian(lambda x: x)(np.arange(2)), TypeError, ["argument 0 of <lambda>", "integers"]),
     (lambda: jacobian(rosenbrock, 1)(X), ValueError, ["argnums=1", "rosenbrock"]),
     (lambda: hessian(np.sin)(X), ValueError, ["sin returned shape (2,)", "ag.jacobian"]),
     (lambda: hvp(rosenbrock)(X), TypeError, ["hvp of rosenbrock with argnums=0", "a vector", "1 arguments"]),
     (lambda: hvp(rosenbrock, 1)(X, X), TypeError, ["argnums=1", "2 arguments"]),
     (lambda: hvp(rosenbrock)(X, np.ones(3)), ValueError,
      ["the vector has shape (3,)", "argument 0 of rosenbrock has shape (2,)"]),
     (lambda: hvp(rosenbrock)(X, {"x": X}), TypeError, ["the vector must have the structure of argument 0", "['x']"]),
     (lambda: hvp(np.sin)(X, X), ValueError, ["sin returned shape (2,)"]),
     (lambda: hvp(rosenbrock, ())(X, X), TypeError, ["argnums=()", "a vector"]),
     (lambda: hvp(rosenbrock, None), TypeError, ["argnums", "not NoneType", "ag.hvp(f)(x, v)"]),
     (lambda: jacobian(np.sin(X)), TypeError, ["ag.jacobian takes a function, not ndarray", "ag.jacobian(f)(x)"]),
     (lambda: hessian(rosenbrock, X), TypeError, ["argnums", "not ndarray", "ag.hessian(f)(x)"])],
)  # fmt: skip
def test_wrong_use_is_explained(call: Any, kind: type[Exception], words: list[str]) -> None:
    with pytest.raises(kind) as caught:
        call()
    assert all(word in str(caught.value) for word in words), caught.value


def test_one_number_is_a_scalar_of_numpy_as_in_grad() -> None:
    for found in (jacobian(np.sin)(0.0), jacobian(lambda x: 1.0)(0.0), hessian(np.sin)(0.5), grad(np.sin)(0.0)):
        assert type(found) is np.float64


def test_they_keep_the_functions_name() -> None:
    assert [f(rosenbrock).__name__ for f in (jacobian, hessian, hvp)] == ["rosenbrock"] * 3


def test_rows_can_be_watched_one_by_one() -> None:
    with ag.detect_anomaly():
        np.testing.assert_allclose(jacobian(np.tanh)(np.zeros(4)), np.eye(4))
