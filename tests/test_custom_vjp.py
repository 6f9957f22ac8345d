"""`custom_vjp`: rules with residuals, over trees, at any order; and what is refused."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

import autograd_lite as ag
import nn
from autograd_lite import Value


@dataclass
class Pair:
    first: Any
    second: Any


def product() -> Any:
    """x² y with a wrong factor 10 in its gradients, so that one sees whose rule ran."""

    @ag.custom_vjp
    def f(x: Any, y: Any = 3.0) -> Any:
        return x * x * y

    f.defvjp(lambda x, y: (x * x * y, (x, y)), lambda res, g: (20 * g * res[0] * res[1], 10 * g * res[0] * res[0]))
    return f


def test_the_rule_gives_the_gradient() -> None:
    f = product()
    x, y = Value([1.0, 2.0]), Value([3.0, 4.0])
    out = f(x, y)
    np.testing.assert_array_equal(out.data, [3, 16])
    assert out.node.function is f
    assert (repr(f), f.__name__, f.__doc__) == ("<primitive f>", "f", None)
    for _ in range(2):
        out.sum().backward()
    np.testing.assert_array_equal(x.grad, 2 * 20 * x.data * y.data)
    np.testing.assert_array_equal(y.grad, 2 * 10 * x.data**2)


def test_residuals_are_of_use_and_the_backward_pass_reads_the_saved_ones() -> None:
    runs = []

    @ag.custom_vjp
    def f(x: Any) -> Any:
        raise AssertionError("not when a gradient is wanted")

    def fwd(x: Any) -> Any:
        runs.append(type(x))
        return np.exp(x), {"e": [np.exp(x)], "none": None, "text": "kept"}

    f.defvjp(fwd, lambda res, g: (g * res["e"][0],))
    x = Value([0.0, 1.0])
    f(x).sum().backward()
    assert runs == [np.ndarray]
    np.testing.assert_allclose(x.grad, np.exp(x.data))


def test_keywords_and_defaults_are_bound_by_the_signature() -> None:
    f = product()
    x, y = Value(2.0), Value(5.0)
    for call in (lambda: f(x, y), lambda: f(x, y=y), lambda: f(y=y, x=x)):
        x.grad = y.grad = None
        call().backward()
        assert (x.grad, y.grad) == (200, 40)
    x.grad = None
    f(x).backward()
    assert x.grad == 120
    with pytest.raises(TypeError, match="z"):
        f(x, z=1)

    @ag.custom_vjp
    def by_keyword(x: Any, *, y: Any) -> Any:
        return x

    by_keyword.defvjp(lambda x, y: (x, None), lambda res, g: (g, g))
    with pytest.raises(TypeError, match="by_keyword takes y by keyword alone"):
        by_keyword(x, y=y)


def test_without_a_gradient_the_function_itself_runs() -> None:
    f = product()
    assert type(f(np.array([2.0]), 1.0)) is np.ndarray
    assert f(2, 3) == 12
    constant = f(Value([2.0], requires_grad=False), 1.0)
    assert type(constant) is Value
    assert not constant.requires_grad
    with ag.no_grad():
        assert f(Value([2.0]), 1.0).node is None


def test_trees_of_arguments_residuals_and_results() -> None:
    @ag.custom_vjp
    def f(p: Any, pair: Any, n: int) -> Any:
        return {"a": p["w"] * pair.first, "b": (np.sin(p["b"][0]), n, "text", None, np.arange(n))}

    def fwd(p: Any, pair: Any, n: int) -> Any:
        return f.forward(p, pair, n), Pair(p, pair)

    def bwd(res: Any, g: Any) -> Any:
        assert g["b"][1:] == (None, None, None, None)
        w = {"w": g["a"] * res.second.first, "b": [g["b"][0] * np.cos(res.first["b"][0])]}
        return w, Pair(g["a"] * res.first["w"], None), None

    f.defvjp(fwd, bwd)

    def loss(p: Any, pair: Any, parts: str = "ab") -> Any:
        out = f(p, pair, 2)
        assert out["b"][1:4] == (2, "text", None)
        assert type(out["b"][4]) is np.ndarray
        return sum(np.sum(np.exp(part)) for name, part in (("a", out["a"]), ("b", out["b"][0])) if name in parts)

    p, pair = {"w": np.array([1.0, 2.0]), "b": [np.array([[0.3]])]}, Pair(np.array([3.0, 0.5]), np.array([1.0, 1.0]))
    for parts in ("ab", "a", "b"):
        ag.check_grads(lambda p, pair, parts=parts: loss(p, pair, parts), p, pair)
    gradient = ag.grad(loss, argnums=(0, 1))(p, pair)
    np.testing.assert_array_equal(gradient[1].second, [0, 0])


def test_broadcasting_and_dtypes_are_the_engines_business() -> None:
    f = product()
    x, y = Value(np.ones((2, 3), np.float32)), Value(np.ones(3))
    f(x, y).sum().backward()
    assert (x.grad.dtype, x.grad.shape) == (np.float32, (2, 3))
    assert (y.grad.dtype, y.grad.shape) == (np.float64, (3,))
    np.testing.assert_array_equal(y.grad, [20, 20, 20])


def test_complex_numbers_need_no_conj() -> None:
    @ag.custom_vjp
    def square(z: Any) -> Any:
        return z * z

    square.defvjp(lambda z: (z * z, z), lambda z, g: (2 * g * z,))
    z = np.array([1 + 2j, 3 - 1j])
    ag.check_grads(lambda z: np.abs(square(z)), z)
    values = Value(z), Value(z)
    np.sum(np.abs(square(values[0]))).backward()
    np.sum(np.abs(values[1] * values[1])).backward()
    np.testing.assert_allclose(values[0].grad, values[1].grad)


# ---- higher order ----


def cube() -> Any:
    @ag.custom_vjp
    def f(x: Any) -> Any:
        return x**3

    def fwd(x: Any) -> Any:
        square = x * x
        return square * x, square

    f.defvjp(fwd, lambda square, g: (3 * g * square,))
    return f


def test_second_and_third_derivatives_go_through_the_residuals() -> None:
    f = cube()
    ag.check_grads(f, np.array([0.5, -1.5]))
    slope = ag.grad(f)
    assert [float(d(2.0)) for d in (slope, ag.grad(slope), ag.grad(ag.grad(slope)))] == [12, 12, 6]
    x = Value([2.0])
    f(x).sum().backward(create_graph=True)
    gradient, x.grad = x.grad, None
    gradient.sum().backward()
    np.testing.assert_array_equal(x.grad, [12])
    np.testing.assert_allclose(ag.hessian(lambda x: np.sum(f(x)))(np.array([1.0, 2.0])), np.diag([6.0, 12.0]))


def test_it_works_under_the_other_transforms() -> None:
    f = cube()
    x = np.array([1.0, 2.0, 3.0])
    np.testing.assert_allclose(ag.jacobian(f)(x), np.diag(3 * x**2))
    np.testing.assert_allclose(ag.jvp(f, (x,), (np.ones(3),))[1], 3 * x**2)
    value = Value(x)
    ag.checkpoint(lambda x: f(f(x)))(value).sum().backward()
    np.testing.assert_allclose(value.grad, 9 * x**8)


def test_a_gradient_that_is_constant_or_plain_under_create_graph() -> None:
    @ag.custom_vjp
    def through(x: Any) -> Any:
        return np.round(x)

    through.defvjp(lambda x: (np.round(x), x.shape), lambda shape, g: (np.ones(shape),))
    x = Value([1.2, 2.7])
    (through(x) * 3).sum().backward(create_graph=True)
    assert type(x.grad) is Value
    np.testing.assert_array_equal(x.grad.data, [1, 1])


def test_rules_may_use_transforms_themselves() -> None:
    """The textbook example: a fixed point x = f(a, x), whose gradient solves w = g + w df/dx."""

    def f(a: Any, x: Any) -> Any:
        return 0.5 * np.cos(a * x) + 0.1 * a

    def iterated(step: Any, x: Any) -> Any:
        for _ in range(60):
            x = step(x)
        return x

    @ag.custom_vjp
    def fixed_point(a: Any) -> Any:
        return iterated(lambda x: f(a, x), np.zeros_like(a))

    def fwd(a: Any) -> Any:
        x = fixed_point.forward(a)
        return x, (a, x, ag.elementwise_grad(lambda x: f(a, x))(x))

    def bwd(residuals: Any, g: Any) -> Any:
        a, x, slope = residuals
        w = iterated(lambda w: g + slope * w, g)
        return ag.vjp(lambda a: f(a, x), a)[1](w)

    fixed_point.defvjp(fwd, bwd)
    a = np.array([0.3, 0.7, 1.1, 0.5])
    eps = 1e-6
    slopes = (fixed_point.forward(a + eps) - fixed_point.forward(a - eps)) / (2 * eps)
    v = ag.Value(a)
    fixed_point(v).sum().backward()
    for found in (v.grad, ag.elementwise_grad(fixed_point)(a), np.diag(ag.jacobian(fixed_point)(a))):
        np.testing.assert_allclose(found, slopes, rtol=1e-7)


def test_a_rule_that_is_not_written_in_numpy_has_a_first_derivative_alone() -> None:
    from math import cos, sin

    @ag.custom_vjp
    def f(x: Any) -> Any:
        return sin(x)

    f.defvjp(lambda x: (sin(x), np.asarray(x)), lambda x, g: (g * cos(x),))
    assert float(ag.grad(f)(0.0)) == 1.0
    with pytest.raises(TypeError) as caught:
        ag.grad(ag.grad(f))(0.0)
    assert "For a second derivative of f its fwd and bwd run on Values" in caught.value.__notes__[0]


# ---- settings ----


@pytest.mark.parametrize("argnums", [0, (0,)])
def test_nondiff_argnums_come_first_as_in_jax(argnums: Any) -> None:
    def power(function: Any, x: Any) -> Any:
        return function(x)

    f = ag.custom_vjp(power, nondiff_argnums=argnums)
    f.defvjp(lambda function, x: (function(x), x), lambda function, x, g: (g * function(x) * 100,))
    x = Value([2.0])
    f(np.square, x).sum().backward()
    np.testing.assert_array_equal(x.grad, [400])
    with pytest.raises(TypeError, match="argument 0, which nondiff_argnums says has none"):
        f(x, x)
    for wrong in (2, -1, (0, 5)):
        with pytest.raises(ValueError, match=r"power has 2 arguments, .* from 0 to 1"):
            ag.custom_vjp(power, nondiff_argnums=wrong)


# ---- what is refused ----


def rule(fwd: Any = lambda x, y: (x * y["w"], None), bwd: Any = lambda res, g: (g, {"w": g})) -> Any:
    @ag.custom_vjp
    def f(x: Any, y: Any) -> Any:
        return x * y["w"]

    f.defvjp(fwd, bwd)
    return f


OUTSIDE = Value([1.0, 1.0], name="outside")


@pytest.mark.parametrize(
    ("function", "error", "message"),
    [
        (ag.custom_vjp(lambda x, y: x), TypeError, r"<lambda> has no gradient rule yet. Write <lambda>.defvjp\("),
        (rule(fwd=lambda x, y: x), TypeError, r"fwd of f must return a pair \(result, residuals\), not ndarray"),
        (rule(fwd=lambda x, y: (x, x, y)), TypeError, "pair .* not tuple of 3"),
        (rule(bwd=lambda res, g: g), TypeError, "bwd of f must return a tuple of 2, .* not ndarray"),
        (
            rule(bwd=lambda res, g: (g,)),
            TypeError,
            "a tuple of 2, one gradient or None for each argument, not tuple of",
        ),
        (rule(bwd=lambda res, g: (g[:1], None)), ValueError, r"shape \(1,\) for argument 0, which has shape \(2,\)"),
        (rule(bwd=lambda res, g: (g, {"w": 1.0})), ValueError, r"gradient of shape \(\) for argument 1\['w'\]"),
        (
            rule(bwd=lambda res, g: (g, {"w": g, "v": g})),
            TypeError,
            r"at 1\['w'\], 1\['v'\] for argument 1, .* 1\['w'\]",
        ),
        (rule(bwd=lambda res, g: (g, {})), TypeError, "a gradient with no arrays for argument 1"),
        (rule(bwd=lambda res, g: ([g], None)), TypeError, r"arrays at 0\[0\] for argument 0, which has arrays at 0\."),
        (rule(fwd=lambda x, y: (x * OUTSIDE, None)), TypeError, "f uses a Value that is not among the arguments of f"),
        (rule(fwd=lambda x, y: (x, OUTSIDE * 2)), TypeError, "fwd of f uses a Value that is not among"),
        (rule(bwd=lambda res, g: (g * OUTSIDE, None)), TypeError, "bwd of f uses a Value that is not among"),
        (rule(fwd=lambda x, y: ("text", None)), AttributeError, "sum"),
    ],
)
def test_wrong_rules_are_refused(function: Any, error: type[Exception], message: str) -> None:
    x, y = Value([1.0, 2.0]), Value([3.0, 4.0])
    with pytest.raises(error, match=message):
        function(x, {"w": y}).sum().backward()
    assert x.grad is None
    assert y.grad is None


def test_a_gradient_for_a_part_of_an_argument() -> None:
    f = rule(bwd=lambda res, g: (g, {"w": None}))
    x, y = Value([1.0, 2.0]), Value([3.0, 4.0])
    f(x, {"w": y}).sum().backward()
    np.testing.assert_array_equal(x.grad, [1, 1])
    assert y.grad is None


def test_a_module_is_refused() -> None:
    f = rule()
    with pytest.raises(TypeError, match=r"got a module as argument \[1\]\['weight'\].*named_parameters"):
        f(Value([1.0]), nn.Linear(1, 1))
