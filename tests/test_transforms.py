"""Transforms of one backward pass or two: structures, modules, nesting, and that nothing else is touched."""

from __future__ import annotations

import gc
from collections import OrderedDict, defaultdict, namedtuple
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any
from weakref import ref

import numpy as np
import pytest

import autograd_lite as ag
import nn
from autograd_lite import Value, elementwise_grad, grad, hessian, hvp, jacobian, jvp, value_and_grad, vjp

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
    [(lambda: grad(loss_of)(np.array([1, 2]), 1.0), TypeError, ["argument 0 of loss_of", "integers",
      "x.astype(float)"]),
     (lambda: grad(loss_of(W, B)), TypeError, ["ag.grad takes a function, not float64", "ag.grad(f)(x)"]),
     (lambda: grad(np.sum, W), TypeError, ["argnums", "not ndarray", "ag.grad(f)(x)"]),
     (lambda: value_and_grad(loss_of, "w"), TypeError, ["argnums", "not str", "argnums=(0, 1)"]),
     (lambda: grad(loss_of, (0, 1.0)), TypeError, ["argnums", "not tuple"]),
     (lambda: grad(loss_of, True), TypeError, ["argnums", "not bool"]),
     (lambda: grad(loss_of, None), TypeError, ["argnums", "not NoneType"]),
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


# ---- has_aux ----


def test_something_else_may_come_along() -> None:
    def f(x: Any) -> Any:
        return np.sum(x * x), {"twice": 2 * x, "name": "f"}

    gradient, aux = grad(f, has_aux=True)(W)
    np.testing.assert_array_equal(gradient, [2, 4])
    assert type(aux["twice"]) is np.ndarray
    assert aux["name"] == "f"
    (value, aux), gradients = value_and_grad(f, (0,), has_aux=True)(W)
    assert (type(value), value, len(gradients)) == (np.float64, 5, 1)
    second = grad(lambda x: np.sum(grad(f, has_aux=True)(x)[1]["twice"]))(W)
    np.testing.assert_array_equal(second, [2, 2])


# ---- vjp and jvp ----


def layer(p: Any, x: Any) -> Any:
    return {"out": np.tanh(p["w"] @ x + p["b"]), "size": np.sum(p["w"] ** 2)}


P = {"w": np.array([[1.0, -0.5], [0.3, 0.8], [-0.2, 0.1]]), "b": np.array([0.1, 0.2, 0.3])}
X = np.array([0.7, -0.4])


def test_a_pullback_gives_a_gradient_for_each_argument_again_and_again() -> None:
    value, pullback = vjp(layer, P, X)
    assert type(value["out"]) is np.ndarray
    assert type(value["size"]) is np.float64
    for scale in (1.0, 2.0):
        g = scale * np.array([1.0, 2.0, 3.0])
        dp, dx = pullback({"size": 0.5 * scale, "out": g})  # the order of the keys is no matter
        slope = g * (1 - value["out"] ** 2)
        np.testing.assert_allclose(dp["w"], np.outer(slope, X) + scale * P["w"], rtol=1e-15)
        np.testing.assert_allclose(dp["b"], slope, rtol=1e-15)
        np.testing.assert_allclose(dx, P["w"].T @ slope, rtol=1e-14)


def test_argnums_of_vjp_and_jvp_leave_arguments_out() -> None:
    def f(x: Any, labels: Any, y: Any) -> Any:
        assert labels.dtype.kind == "i"
        return x * labels * y

    args = np.array([2.0, 3.0]), np.array([1, 2]), 5.0
    _, pullback = vjp(f, *args, argnums=2)
    assert pullback(np.ones(2)) == 2 + 6
    _, pullback = vjp(f, *args, argnums=(0,))
    np.testing.assert_array_equal(pullback(np.ones(2))[0], [5, 10])
    np.testing.assert_array_equal(jvp(f, args, 1.0, argnums=-1)[1], [2, 6])
    np.testing.assert_array_equal(jvp(f, args, (np.ones(2), 1.0), argnums=(0, 2))[1], [7, 16])


def test_a_tangent_is_the_directional_derivative() -> None:
    tangents = {"w": np.array([[0.5, 1.0], [0.0, -1.0], [2.0, 0.3]]), "b": np.array([1.0, 0.0, -1.0])}, np.ones(2)
    value, tangent = jvp(layer, (P, X), tangents)
    step = 1e-6
    sides = [layer({k: P[k] + s * tangents[0][k] for k in P}, X + s * tangents[1]) for s in (step, -step)]
    for key in value:
        np.testing.assert_allclose(tangent[key], (sides[0][key] - sides[1][key]) / (2 * step), rtol=1e-8)
        assert type(tangent[key]) is type(value[key])


def test_directions_may_be_given_in_other_dtypes() -> None:
    x = np.ones(2, np.float32)
    assert jvp(np.sin, (x,), (np.array([1, 2]),))[1].dtype == np.float32
    assert vjp(np.sin, x)[1]([1.0, 2.0] @ np.eye(2))[0].dtype == np.float32


def test_results_that_depend_on_nothing_have_zero_derivatives() -> None:
    def f(x: Any) -> Any:
        return x * 2, 3.0, np.arange(2), x > 0

    _, tangent = jvp(f, (W,), (np.ones(2),))
    np.testing.assert_array_equal(tangent[0], [2, 2])
    assert tangent[1] == 0
    for part in tangent[2:]:
        np.testing.assert_array_equal(part, [0.0, 0.0])
        assert part.dtype == np.float64
    _, pullback = vjp(f, W)
    np.testing.assert_array_equal(pullback((np.ones(2), 1.0, np.ones(2), np.ones(2)))[0], [2, 2])


def test_a_result_may_be_an_argument_itself_or_occur_twice() -> None:
    _, pullback = vjp(lambda x, y: (x, x, y * 2), W, W)
    np.testing.assert_array_equal(pullback((W, W, W))[0], 2 * W)
    np.testing.assert_array_equal(vjp(lambda x: x, W)[1](W)[0], W)
    np.testing.assert_array_equal(jvp(lambda x: (x, x), (W,), (W,))[1][1], W)


def test_complex_numbers_follow_pytorch() -> None:
    def f(z: Any) -> Any:
        return z * z * np.conj(z) + np.abs(z)

    z, t = np.array([1 + 2j, -0.5 + 0.3j]), np.array([0.3 - 1j, 1j])
    tangent = jvp(f, (z,), (t,))[1]
    np.testing.assert_allclose(tangent, (f(z + 1e-6 * t) - f(z - 1e-6 * t)) / 2e-6, rtol=1e-8)
    pulled = vjp(f, z)[1](t)[0]
    # the two are adjoint: Re <t, J s> = Re <J* t, s>
    s = np.array([0.2 + 0.1j, -1 + 1j])
    assert np.vdot(t, jvp(f, (z,), (s,))[1]).real == pytest.approx(np.vdot(pulled, s).real, rel=1e-12)
    np.testing.assert_allclose(vjp(lambda z: z**2, z)[1](np.ones(2, complex))[0], np.conj(2 * z))
    two = vjp(lambda z: (z**2, np.abs(z)), z)[1]((t, np.ones(2)))[0]  # of several results
    np.testing.assert_allclose(two, np.conj(2 * z) * t + z / np.abs(z))
    assert jvp(lambda x: np.exp(1j * x), (0.3,), (2.0,))[1] == pytest.approx(2j * np.exp(0.3j))


def test_elementwise_grad_is_the_gradient_of_the_sum() -> None:
    x = np.linspace(-1, 1, 6).reshape(2, 3)
    np.testing.assert_allclose(elementwise_grad(np.tanh)(x), 1 - np.tanh(x) ** 2)
    np.testing.assert_allclose(elementwise_grad(elementwise_grad(np.sin))(x), -np.sin(x))
    np.testing.assert_allclose(elementwise_grad(lambda x, y: x * y, (0, 1))(x, 2.0)[1], np.sum(x))
    assert elementwise_grad(lambda x: 3.0)(1.0) == 0


# ---- modules ----


def network(moved: float = 0.0) -> nn.Module:
    """The same one at every call, in float64; all of its parameters can be moved."""
    nn.manual_seed(0)
    model = nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 1))
    for parameter in model.parameters():
        parameter.data = parameter.data.astype(np.float64) + moved
    return model


def squared(model: Any, x: Any, y: Any) -> Any:
    return nn.functional.mse_loss(model(x), y)


BATCH, TARGET = np.array([[0.5, -1.0], [2.0, 0.3]]), np.ones((2, 1))


def ones_like(model: Any) -> dict[str, Any]:
    return {name: np.ones(p.shape) for name, p in model.named_parameters()}


def test_the_gradient_of_a_module_is_a_dict_of_its_parameters() -> None:
    model = network()
    value, gradient = value_and_grad(squared)(model, BATCH, TARGET)
    assert type(value) is np.float64
    assert all(p.grad is None for p in model.parameters())
    loss = squared(model, BATCH, TARGET)
    loss.backward()
    assert loss.item() == value
    assert list(gradient) == [name for name, _ in model.named_parameters()]
    for name, parameter in model.named_parameters():
        assert type(gradient[name]) is np.ndarray
        np.testing.assert_array_equal(gradient[name], parameter.grad)


def test_modules_stand_in_trees_and_beside_arrays() -> None:
    model = network()
    scaled = grad(lambda p, x: squared(p["model"], x, TARGET) * p["scale"])({"model": model, "scale": 2.0}, BATCH)
    assert set(scaled) == {"model", "scale"}
    alone, dx = grad(squared, (0, 1))(model, BATCH, TARGET)
    for name in alone:
        np.testing.assert_allclose(scaled["model"][name], 2 * alone[name])
    assert type(dx) is np.ndarray
    dx = grad(squared, 1)(model, BATCH, TARGET)
    assert type(dx) is np.ndarray  # although the module, which is an argument, holds Values


def test_frozen_parameters_have_no_gradient_and_shared_ones_have_one() -> None:
    model = network()
    model[0].requires_grad_(False)
    assert list(grad(squared)(model, BATCH, TARGET)) == ["2.weight", "2.bias"]
    model.requires_grad_(False)
    assert grad(squared)(model, BATCH, TARGET) == {}
    tied = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2))
    tied[1].weight = tied[0].weight
    assert list(grad(lambda m: np.sum(m(BATCH)))(tied)) == ["0.weight", "0.bias", "1.bias"]


def test_tangents_of_a_module_are_a_dict() -> None:
    model, step = network(), 1e-5
    _, tangent = jvp(lambda m: m(BATCH), (model,), (ones_like(model),))
    difference = network(step)(BATCH).data - network(-step)(BATCH).data
    np.testing.assert_allclose(tangent, difference / (2 * step), rtol=1e-8)
    with pytest.raises(TypeError, match=r"structure of argument 0 of <lambda>, arrays at \['0.weight'\]"):
        jvp(lambda m: m(BATCH), (model,), ({"0.weight": np.ones((3, 2))},))


def test_second_derivatives_of_a_module() -> None:
    model, step = network(), 1e-5
    product = hvp(squared)(model, ones_like(model), BATCH, TARGET)
    after, before = (grad(squared)(network(s), BATCH, TARGET) for s in (step, -step))
    blocks = hessian(squared)(model, BATCH, TARGET)
    for name in product:
        np.testing.assert_allclose(product[name], (after[name] - before[name]) / (2 * step), rtol=1e-7, atol=1e-9)
        assert type(product[name]) is np.ndarray
        rows = [np.sum(block, axis=tuple(range(product[name].ndim, block.ndim))) for block in blocks[name].values()]
        np.testing.assert_allclose(sum(rows), product[name], rtol=1e-12, atol=1e-14)


def test_a_penalty_on_the_gradient_of_the_input_reaches_the_parameters() -> None:
    def penalty(model: Any) -> Any:
        slope = elementwise_grad(lambda x: model(x))(BATCH)
        return np.sum(slope * slope)

    step = 1e-5
    gradient = grad(penalty)(network())
    difference = penalty(network(step)) - penalty(network(-step))
    assert sum(g.sum() for g in gradient.values()) == pytest.approx(difference / (2 * step), rel=1e-8)
    assert all(type(g) is np.ndarray for g in gradient.values())


# ---- nesting ----


def quartic(x: Any) -> Any:
    return np.sum(x**3) * x[0] + np.sum(np.sin(x)) * x[1]


AT, ALONG = np.array([0.3, -1.2, 0.7]), np.array([1.0, 2.0, -0.5])
H = hessian(quartic)(AT)
# the derivative of the Hessian along ALONG, by differences
DH = (hessian(quartic)(AT + 1e-5 * ALONG) - hessian(quartic)(AT - 1e-5 * ALONG)) / 2e-5
G = grad(quartic)


def dotted(f: Any) -> Any:
    return lambda x, v: np.sum(f(x) * v)


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (lambda: jacobian(G)(AT), H),
        (lambda: jacobian(lambda x: vjp(quartic, x)[1](1.0)[0])(AT), H),
        (lambda: np.stack([jvp(G, (AT,), (e,))[1] for e in np.eye(3)]), H),
        (lambda: np.stack([vjp(G, AT)[1](e)[0] for e in np.eye(3)]), H),
        (lambda: jacobian(lambda x: jacobian(quartic)(x))(AT), H),
        (lambda: jacobian(lambda x: jacobian(lambda y: quartic(y) * np.ones(1))(x)[0])(AT), H),
        (lambda: hvp(quartic)(AT, ALONG), H @ ALONG),
        (lambda: grad(dotted(G))(AT, ALONG), H @ ALONG),
        (lambda: grad(lambda x: jvp(quartic, (x,), (ALONG,))[1])(AT), H @ ALONG),
        (lambda: jvp(lambda x: jvp(quartic, (x,), (ALONG,))[1], (AT,), (ALONG,))[1], ALONG @ H @ ALONG),
        (lambda: jvp(hessian(quartic), (AT,), (ALONG,))[1], DH),
        (lambda: grad(lambda x: np.sum(hessian(quartic)(x) * np.outer(ALONG, ALONG)))(AT), DH @ ALONG),
        (lambda: hvp(lambda x: np.sum(G(x) * ALONG))(AT, ALONG), DH @ ALONG),
        (lambda: jacobian(lambda x: hvp(quartic)(x, ALONG))(AT), DH),
        (lambda: vjp(hessian(quartic), AT)[1](np.outer(ALONG, ALONG))[0], DH @ ALONG),
        (lambda: grad(lambda v: np.sum(vjp(G, AT)[1](v)[0] * ALONG))(ALONG), H @ ALONG),
        (lambda: jacobian(lambda v: hvp(quartic)(AT, v))(ALONG), H),
        (lambda: hessian(lambda v: np.sum(v * hvp(quartic)(AT, v)))(ALONG), 2 * H),
    ],
)  # fmt: skip
def test_transforms_nest(found: Any, expected: Any) -> None:
    result = found()
    assert not isinstance(result, Value)
    np.testing.assert_allclose(result, expected, rtol=1e-7, atol=1e-8)


def test_inside_a_transform_and_for_values_results_are_values() -> None:
    x = Value(AT)
    for result in (hessian(quartic)(x), hvp(quartic)(x, ALONG), jvp(G, (x,), (ALONG,))[1], vjp(G, x)[1](ALONG)[0],
                   elementwise_grad(np.sin)(x), jacobian(np.sin)(x), hvp(quartic)(AT, Value(ALONG)),
                   jvp(np.sin, (AT,), (Value(ALONG),))[1], vjp(np.sin, AT)[1](Value(ALONG))[0],
                   grad(lambda x, *, w: np.sum(x * w))(AT, w=Value(2.0))):  # fmt: skip
        assert isinstance(result, Value)
    jacobian(G)(x).sum().backward()
    assert x.grad is not None


def test_perturbations_are_not_confused() -> None:
    assert jvp(lambda x: x * jvp(lambda y: x + y, (1.0,), (1.0,))[1], (2.0,), (1.0,))[1] == 1
    assert jvp(lambda x: x * jvp(lambda y: x * y, (1.0,), (1.0,))[1], (2.0,), (1.0,))[1] == 4
    assert grad(lambda x: x * jvp(lambda y: x * y, (2.0,), (1.0,))[1])(3.0) == 6
    assert jacobian(lambda x: jacobian(lambda y: x * y)(W) @ x)(W).shape == (2, 2)


def test_no_gradient_attribute_is_touched_by_any_of_them() -> None:
    x, w = Value(AT), Value(2.0)

    def f(v: Any) -> Any:
        return quartic(v) * w

    for run in (lambda: vjp(f, x)[1](1.0), lambda: jvp(f, (x,), (ALONG,)), lambda: jacobian(f)(AT),
                lambda: hessian(f)(x), lambda: hvp(f)(x, ALONG), lambda: elementwise_grad(f)(AT)):  # fmt: skip
        run()
        assert x.grad is w.grad is None


@pytest.mark.parametrize(
    "run",
    [lambda x: grad(quartic)(x), lambda x: elementwise_grad(np.sin)(x), lambda x: vjp(G, x)[1](G(x)),
     lambda x: jvp(G, (x,), (x,)), lambda x: jacobian(G)(x), lambda x: hessian(quartic)(x),
     lambda x: hvp(quartic)(x, x), lambda x: grad(ag.checkpoint(quartic))(x)],
)  # fmt: skip
def test_arguments_are_freed_without_the_garbage_collector(run: Any) -> None:
    gc.collect()
    gc.disable()
    try:
        x = AT * 1
        seen = ref(x)
        run(x)
        del x
        assert seen() is None
        assert gc.collect() == 0
    finally:
        gc.enable()


def test_no_grad_around_and_within() -> None:
    def f(x: Any) -> Any:
        with ag.no_grad():
            scale = x * 1
        return x * scale

    assert jvp(f, (3.0,), (1.0,))[1] == 3
    with ag.no_grad():
        assert jvp(np.sin, (0.0,), (1.0,))[1] == 1
        np.testing.assert_allclose(hessian(quartic)(AT), H)
    assert vjp(f, 3.0)[1](1.0) == (3.0,)


def test_threads_do_not_meet() -> None:
    def work(i: int) -> Any:
        x = AT + i
        return hessian(quartic)(x), jvp(G, (x,), (ALONG,))[1], jacobian(np.tanh)(x)

    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(work, range(40)))
    for i, found in enumerate(together):
        for a, b in zip(found, work(i), strict=True):
            np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize(
    ("call", "kind", "words"),
    [(lambda: vjp(np.sin, W)[1](np.ones(3)), ValueError,
      ["the cotangent has shape (3,)", "the result of sin has shape (2,)"]),
     (lambda: vjp(layer, P, X)[1](np.ones(3)), TypeError,
      ["the cotangent must have the structure of the result of layer", "['out'], ['size']", "one array"]),
     (lambda: vjp(np.sin, W)[1]("no"), TypeError, ["the cotangent: str 'no'"]),
     (lambda: vjp(lambda x: (x, x), W)[1]((W, None)), TypeError, ["the cotangent[1]: NoneType None"]),
     (lambda: vjp(np.sin, W)[1]([1.0, 0.0]), TypeError, ["the cotangent must", "one array", "np.array([...])"]),
     (lambda: vjp(np.sin(W), W), TypeError, ["ag.vjp takes a function, not ndarray", "ag.vjp(f, x)"]),
     (lambda: vjp(np.sin, W, argnums="x"), TypeError, ["argnums", "not str"]),
     (lambda: jvp(2.0, (W,), (W,)), TypeError, ["ag.jvp takes a function, not float", "ag.jvp(f, (x,), (t,))"]),
     (lambda: elementwise_grad(np.sin(W)), TypeError, ["ag.elementwise_grad(f)(x)"]),
     (lambda: vjp(np.sin, W)[1](np.ones(2, complex)), TypeError, ["the cotangent: complex", "x.real"]),
     (lambda: vjp(np.take, W, np.array([0])), TypeError, ["argument 1 of take", "integers", "argnums="]),
     (lambda: vjp(np.sin, W, argnums=1), ValueError, ["argnums=1", "sin"]),
     (lambda: vjp(lambda x: "no", W), TypeError, ["<lambda> returned str, which has no derivative"]),
     (lambda: vjp(lambda x: {"a": None}, W), TypeError, ["returned NoneType at ['a']"]),
     (lambda: jvp(np.sin, W, W), TypeError, ["primals", "ndarray", "jvp(f, (x,), (t,))"]),
     (lambda: jvp(np.sin, (W,), W), TypeError, ["must be a tuple of 1", "argument of sin", "ndarray of 2", "(t,)"]),
     (lambda: jvp(np.sin, (W,), 1.0), TypeError, ["a tuple of 1", "argument of sin", "they are a float"]),
     (lambda: jvp(np.add, (W, W), (W,)), TypeError, ["tuple of 2", "tuple of 1"]),
     (lambda: jvp(np.add, (W, W), (W, np.ones(3))), ValueError,
      ["the tangent 1 has shape (3,)", "argument 1 of add has shape (2,)"]),
     (lambda: jvp(layer, (P, X), (P, [1.0, 2.0])), TypeError,
      ["the tangent 1 must have the structure of argument 1 of layer, one array", "[0], [1]"]),
     (lambda: jvp(layer, (P, X), ({**P, "b": np.ones(2)}, X)), ValueError,
      ["the tangent 0['b'] has shape (2,)", "argument 0['b'] of layer has shape (3,)"]),
     (lambda: jvp(np.sin, (W,), (np.array(["a", "b"]),)), TypeError, ["the tangent 0", "strings"]),
     (lambda: elementwise_grad(lambda x: (x, x))(W), TypeError, ["returned tuple", "ag.vjp"]),
     (lambda: elementwise_grad(lambda x: 1j * x)(W), TypeError, ["complex numbers", "ag.vjp"]),
     (lambda: grad(lambda x: np.sum(x), has_aux=True)(W), TypeError, ["returned Value", "has_aux=True", "a pair"]),
     (lambda: grad(lambda x: (x, 1), has_aux=True)(W), ValueError, ["shape (2,)"]),
     (lambda: grad(lambda x: 1j * np.sum(x))(W), ValueError, ["complex", "z.real"])],
)  # fmt: skip
def test_wrong_directions_are_explained(call: Any, kind: type[Exception], words: list[str]) -> None:
    with pytest.raises(kind) as caught:
        call()
    assert all(word in str(caught.value) for word in words), caught.value


def test_writing_into_an_argument_is_refused_with_the_copy_alone() -> None:
    def written(x: Any) -> Any:
        x[0] = 5.0
        return np.sum(x)

    with pytest.raises(RuntimeError, match=r"w = v \* 1") as raised:
        ag.grad(written)(np.ones(2))
    assert "v.data[i]" not in str(raised.value)  # it would write into the array of the caller
