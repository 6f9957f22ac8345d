"""`grad` and `value_and_grad`: structures, nesting, and that nothing else is touched."""

from __future__ import annotations

from collections import OrderedDict, defaultdict, namedtuple
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite import Value, grad, value_and_grad

Pair = namedtuple("Pair", "w b")


@dataclass
class Weights:
    w: Any
    b: Any


def loss_of(w: Any, b: Any) -> Any:
    return np.sum(w * w) + 3 * b


W, B = np.array([1.0, 2.0]), np.float32(2)


@pytest.mark.parametrize(
    ("tree", "parts"),
    [
        ({"w": W, "b": B}, lambda p: (p["w"], p["b"])),
        ([W, B], tuple),
        ((W, B), tuple),
        (Pair(W, B), tuple),
        (Weights(W, B), lambda p: (p.w, p.b)),
        (OrderedDict(w=W, b=B), lambda p: (p["w"], p["b"])),
        (defaultdict(float, w=W, b=B), lambda p: (p["w"], p["b"])),
        ({"deep": [{"w": W}, (B,)]}, lambda p: (p["deep"][0]["w"], p["deep"][1][0])),
    ],
)
def test_a_gradient_has_the_structure_of_its_argument(tree: Any, parts: Any) -> None:
    gradient = grad(lambda p: loss_of(*parts(p)))(tree)
    assert type(gradient) is type(tree)
    w, b = parts(gradient)
    np.testing.assert_array_equal(w, [2, 4])
    assert b == 3
    assert (w.dtype, b.dtype) == (np.float64, np.float32)
    assert isinstance(w, np.ndarray)


def test_a_dataclass_keeps_what_its_constructor_does_not_take() -> None:
    @dataclass(frozen=True)
    class Layer:
        w: Any
        scale: Any = field(init=False, default=2.0)

    gradient = grad(lambda p: p.scale * np.sum(p.w * p.w))(Layer(W))
    np.testing.assert_array_equal(gradient.w, [4, 8])
    assert gradient.scale == 5


def test_argnums_choose_the_arguments() -> None:
    def f(x: Any, y: Any, *, scale: float = 1.0) -> Any:
        return scale * x * y

    assert grad(f)(2.0, 3.0) == 3
    assert grad(f, 1)(2.0, 3.0) == 2
    assert grad(f, -1)(2.0, 3.0, scale=10.0) == 20
    assert grad(f, np.int64(1))(2.0, 3.0) == 2
    assert grad(f, (0, 1))(2.0, 3.0) == (3, 2)
    assert grad(f, [1])(2.0, 3.0) == (2,)
    value, gradient = value_and_grad(f, (1, 0))(2.0, 3.0)
    assert (value, gradient) == (6, (2, 3))
    assert isinstance(value, np.floating)


def test_plain_arguments_are_passed_on_as_they_are() -> None:
    seen = []

    def f(x: Any, mask: Any, mode: str) -> Any:
        seen.append((type(mask), mode))
        return np.sum(x * mask)

    np.testing.assert_array_equal(grad(f)(np.ones(2), np.array([1, 0]), "train"), [1, 0])
    assert seen == [(np.ndarray, "train")]


def test_gradients_nest_to_any_order() -> None:
    f = grad(grad(grad(grad(lambda x: x**5))))
    assert f(2.0) == pytest.approx(240)
    assert grad(grad(np.tanh))(0.5) == pytest.approx(-2 * np.tanh(0.5) * (1 - np.tanh(0.5) ** 2))
    hessian = [
        grad(lambda x, i=i: grad(lambda x: np.sum(np.prod(x) * x))(x)[i])(np.array([1.0, 2.0, 3.0])) for i in range(3)
    ]
    np.testing.assert_allclose(hessian, np.transpose(hessian))


def test_inner_and_outer_variables_are_not_confused() -> None:
    assert grad(lambda x: x * grad(lambda y: x + y)(1.0))(1.0) == 1
    assert grad(lambda x: x * grad(lambda y: x * y)(2.0))(3.0) == 6
    assert grad(lambda x: grad(lambda y: x**2 * y**3)(x))(2.0) == pytest.approx(3 * 4 * 2**3)
    assert grad(lambda x: grad(lambda y: y * y)(3.0) * x)(1.0) == 6


def test_results_are_values_inside_and_for_values() -> None:
    inside = []

    def outer(x: Any) -> Any:
        value, gradient = value_and_grad(lambda y: y * y)(x)
        inside.append((type(value), type(gradient)))
        return value * gradient

    assert grad(outer)(2.0) == 24
    assert inside == [(Value, Value)]
    x = Value(3.0)
    slope = grad(lambda v: v**3)(x)
    assert isinstance(slope, Value)
    slope.backward()
    assert x.grad == 18


def test_no_grad_attribute_is_touched() -> None:
    w = Value(5.0, name="w")
    x = Value(2.0)
    held = []

    def f(v: Any) -> Any:
        held.append(v * w)
        return held[-1] ** 2

    assert grad(f)(3.0) == 2 * 25 * 3
    grad(f)(x)
    assert w.grad is x.grad is held[0].grad is None


def test_no_grad_inside_and_outside() -> None:
    def f(x: Any) -> Any:
        with ag.no_grad():
            scale = x * 1
        return x * scale

    assert grad(f)(3.0) == 3
    with ag.no_grad():
        assert grad(lambda x: x * x)(3.0) == 6
        assert grad(lambda x: x * x)(Value(3.0)).item() == 6
        assert grad(grad(lambda x: x**3))(2.0) == 12
        assert not ag.is_grad_enabled()


def test_a_failing_function_leaves_no_trace() -> None:
    with pytest.raises(ZeroDivisionError):
        grad(lambda x: 1 / 0)(1.0)
    assert isinstance(grad(lambda x: x * x)(1.0), np.floating)
    assert ag.is_grad_enabled()


def test_what_the_result_does_not_depend_on_gets_zero() -> None:
    assert grad(lambda x, y: x, 1)(1.0, 2.0) == 0
    np.testing.assert_array_equal(grad(lambda p: p["a"] * 2)({"a": 1.0, "b": W})["b"], [0, 0])
    assert grad(lambda x: 3.0)(1.0) == 0
    assert grad(lambda x: np.float64(np.sign(x)))(1.0) == 0


def test_gradients_of_two_arguments_share_no_memory() -> None:
    a, b = grad(lambda x, y: np.sum(x + y), (0, 1))(np.ones(2), np.ones(2))
    a += 1
    np.testing.assert_array_equal(b, [1, 1])
    x = np.ones(2)
    (gradient,) = grad(lambda x, y: np.sum(x * y), (1,))(x, np.ones(2))
    gradient += 1
    np.testing.assert_array_equal(x, [1, 1])


@pytest.mark.parametrize(
    ("call", "kind", "words"),
    [(lambda: grad(loss_of)(np.array([1, 2]), 1.0), TypeError, ["argument 0 of loss_of", "integers", "dtype=float"]),
     (lambda: grad(lambda p: 0.0)({"w": [1.0, "a"]}), TypeError, ["argument 0['w'][1]"]),
     (lambda: grad(np.sin)(W), ValueError, ["sin returned shape (2,)", "np.sum"]),
     (lambda: grad(lambda x: "no")(1.0), TypeError, ["returned str"]),
     (lambda: grad(lambda x: (x, x))(1.0), TypeError, ["returned tuple"]),
     (lambda: grad(lambda x: None)(1.0), TypeError, ["returned NoneType"]),
     (lambda: grad(loss_of, 2)(W, B), ValueError, ["argnums=2", "loss_of", "2 positional"]),
     (lambda: grad(loss_of, (0, -2))(W, B), ValueError, ["loss_of", "argument -2", "twice"]),
     (lambda: grad(loss_of, 1)(W, b=B), ValueError, ["Pass the arguments to differentiate by position"])],
)  # fmt: skip
def test_wrong_use_is_explained(call: Any, kind: type[Exception], words: list[str]) -> None:
    with pytest.raises(kind) as caught:
        call()
    assert all(word in str(caught.value) for word in words), caught.value


def test_the_gradient_keeps_the_functions_name() -> None:
    assert grad(loss_of).__name__ == "loss_of"


def test_scipy_minimizes_with_it() -> None:
    optimize = pytest.importorskip("scipy.optimize")

    def rosenbrock(x: Any) -> Any:
        return np.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)

    found = optimize.minimize(rosenbrock, np.zeros(3), jac=grad(rosenbrock))
    np.testing.assert_allclose(found.x, [1, 1, 1], atol=1e-4)
