"""`primitive` and `defvjp`: giving a function its gradient."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite import Value
from autograd_lite.primitive import RULES, no_rule


@pytest.fixture
def scaled() -> Any:
    @ag.primitive
    def scaled(x: Any, y: Any, factor: float = 2.0, *, shift: float = 0.0) -> Any:
        """Documented."""
        return x * y * factor + shift

    ag.defvjp(
        scaled,
        lambda g, out, x, y, factor=2.0, *, shift=0.0: g * y * factor,
        lambda g, out, x, y, factor=2.0, *, shift=0.0: g * x * factor,
    )
    return scaled


def test_a_primitive_is_one_node(scaled: Any) -> None:
    x, y = Value([1.0, 2.0]), Value(3.0)
    out = scaled(x, y, 5.0, shift=1.0)
    assert out.node.function is scaled
    assert out.node.parents[:2] == (x.node, y.node)
    assert out.node.kwargs == {"shift": 1.0}
    np.testing.assert_array_equal(out.data, [16, 31])
    out.sum().backward()
    np.testing.assert_array_equal(x.grad, [15, 15])
    assert y.grad == 15
    assert (scaled.__name__, scaled.__doc__) == ("scaled", "Documented.")
    assert "scaled" in repr(scaled)


def test_a_primitive_takes_constants_keywords_and_plain_arrays(scaled: Any) -> None:
    x = Value([1.0, 2.0])
    scaled(x, [3.0, 4.0]).sum().backward()
    np.testing.assert_array_equal(x.grad, [6, 8])
    scaled(y=x, x=np.ones(2)).sum().backward()
    np.testing.assert_array_equal(x.grad, [8, 10])
    assert type(scaled(np.ones(2), 3.0)) is np.ndarray
    with pytest.raises(TypeError, match=r"scaled has no gradient rule for its argument 3"):
        scaled(x, x, Value(1.0))
    with pytest.raises(TypeError, match=r"Value as 'shift'"):
        scaled(x, x, shift=Value(1.0))
    ag.check_grads(lambda x, y: scaled(x, y, 3.0, shift=1.0), np.ones(2), 2.0)


def test_a_rule_never_mentions_broadcasting_or_dtype() -> None:
    @ag.primitive
    def product(x: Any, y: Any) -> Any:
        return x * y

    ag.defvjp(product, lambda g, out, x, y: g * y, lambda g, out, x, y: (g * x).astype(np.float64))
    x, y = Value(np.ones((2, 1), np.float32)), Value(np.ones((3, 1, 4), np.float32))
    product(x, y).sum().backward()
    np.testing.assert_array_equal(x.grad, np.full((2, 1), 12, np.float32))
    np.testing.assert_array_equal(y.grad, np.full((3, 1, 4), 2, np.float32))
    assert x.grad.dtype == y.grad.dtype == np.float32


def test_a_rule_may_be_missing_or_return_nothing() -> None:
    @ag.primitive
    def pick(x: Any, y: Any, z: Any) -> Any:
        return x + 0 * y + z

    ag.defvjp(pick, lambda g, out, x, y, z: g, None, lambda g, out, x, y, z: None)
    x, y, z = Value(1.0), Value(2.0), Value(3.0)
    pick(x, y, z).backward()
    assert (x.grad, y.grad, z.grad) == (1, None, None)
    value, gradients = ag.value_and_grad(pick, argnums=(0, 1, 2))(1.0, 2.0, 3.0)
    assert (value, gradients) == (4, (1, 0, 0))


def test_a_rule_may_return_a_python_number() -> None:
    @ag.primitive
    def f(x: Any) -> Any:
        return x * 3

    ag.defvjp(f, lambda g, out, x: 3.0)
    x = Value(1.0)
    f(x).backward()
    assert x.grad == 3
    assert isinstance(x.grad, np.float64 | np.ndarray)


def test_arrays_may_be_passed_by_keyword() -> None:
    @ag.primitive
    def affine(x: Any, w: Any, b: Any = 0.0, *, scale: float = 1.0) -> Any:
        return scale * x * w + b

    ag.defvjp(affine, lambda g, out, x, w, b=0.0, *, scale=1.0: scale * g * w, None)
    x, w = Value([1.0, 2.0]), np.array([3.0, 4.0])
    for result in (affine(x, w=w, scale=2.0), affine(w=w, x=x, scale=2.0), affine(x, scale=2.0, w=w, b=1.0)):
        x.grad = None
        result.sum().backward()
        np.testing.assert_array_equal(x.grad, [6, 8])
    with pytest.raises(TypeError, match="'w'"):
        affine(x=x)


def test_a_joint_rule_that_leaves_out_a_gradient_is_refused() -> None:
    @ag.primitive
    def product(x: Any, y: Any) -> Any:
        return x * y

    ag.defvjp_joint(product, lambda g, out, x, y: [g * y])
    x, y = Value(2.0), Value(3.0)
    product(x, 3.0).backward()
    with pytest.raises(ValueError, match="product returned 1 gradients for 2 arguments"):
        product(x, y).backward()
    assert (x.grad, y.grad) == (3, None)


def test_a_joint_rule_gives_all_gradients_and_may_have_higher_derivatives() -> None:
    @ag.primitive
    def polar(r: Any, angle: Any) -> Any:
        return np.stack([r * np.cos(angle), r * np.sin(angle)])

    def rule(g: Any, out: Any, r: Any, angle: Any) -> list[Any]:
        return [g[0] * np.cos(angle) + g[1] * np.sin(angle), r * (g[1] * np.cos(angle) - g[0] * np.sin(angle))]

    ag.defvjp_joint(polar, rule)
    ag.check_grads(polar, np.array([0.5, 1.5]), np.array([0.3, 2.0]))
    ag.check_grads(polar, np.array([0.5, 1.5]), 0.3)


def test_under_create_graph_a_rule_receives_values() -> None:
    seen = []

    @ag.primitive
    def cube(x: Any, power: int) -> Any:
        return x**power

    def rule(g: Any, out: Any, x: Any, power: int) -> Any:
        seen.append([type(a) for a in (g, out, x, power)])
        return g * power * out / x

    ag.defvjp(cube, rule)
    x = Value(2.0)
    cube(x, 3).backward()
    x.grad = None
    cube(x, 3).backward(create_graph=True)
    assert seen == [[np.float64, np.float64, np.float64, int], [Value, Value, Value, int]]
    first = x.grad
    x.grad = None
    first.backward()
    assert x.grad == 12


def test_a_ufunc_of_another_library_can_get_a_rule() -> None:
    special = pytest.importorskip("scipy.special")
    with pytest.raises(TypeError, match="no gradient rule: SciPy has no density"):
        special.kolmogorov(Value(2.0))
    series = [(8 * (-1) ** k * k**2, -2 * k**2) for k in range(1, 9)]
    ag.defvjp(special.kolmogorov, lambda g, out, x: g * sum(a * x * np.exp(b * x * x) for a, b in series))
    try:
        ag.check_grads(special.kolmogorov, np.array([0.8, 1.2]))
    finally:
        del RULES[special.kolmogorov]


def test_an_argument_may_be_left_without_a_rule() -> None:
    @ag.primitive
    def power(n: Any, x: Any) -> Any:
        return x**n

    ag.defvjp(power, no_rule, lambda g, out, n, x: g * n * x ** (n - 1))
    x = Value(3.0)
    power(2, x).backward()
    power(Value(2.0, requires_grad=False), x).backward()
    assert x.grad == 12
    for call in (lambda v: power(v, 3.0), lambda v: power(v, x), lambda v: power(n=v, x=x)):
        with pytest.raises(TypeError, match="power has no gradient rule for its argument 1, which is order of shape"):
            call(Value(2.0, name="order"))
    with pytest.raises(TypeError, match="at least one"):
        ag.defvjp(power, no_rule, None)


def test_a_ufunc_of_python_objects_cannot_get_a_rule() -> None:
    square = np.frompyfunc(lambda x: x * x, 1, 1)
    with pytest.raises(TypeError, match=r"np\.frompyfunc.*@autograd_lite\.primitive"):
        ag.defvjp(square, lambda g, out, x: g * 2 * x)
    with pytest.raises(TypeError, match="no gradient rule"):
        square(Value(2.0))


@pytest.mark.parametrize("function", [max, lambda x: x, np.random.default_rng().normal])
def test_a_function_that_never_sees_a_value_cannot_get_a_rule(function: Any) -> None:
    with pytest.raises(TypeError, match=r"never sees a Value|@autograd_lite\.primitive"):
        ag.defvjp(function, lambda g, out, x: g)


def test_a_rule_is_needed() -> None:
    @ag.primitive
    def f(x: Any) -> Any:
        return x

    with pytest.raises(TypeError, match="at least one"):
        ag.defvjp(f)
    with pytest.raises(TypeError, match="at least one"):
        ag.defvjp(f, None)
    with pytest.raises(TypeError, match=r"f has no gradient rule.*defvjp"):
        f(Value(1.0))
    assert f(1.0) == 1


@pytest.mark.parametrize(
    ("result", "words"),
    [(None, "returned NoneType"), ([1.0], "returned list"), (3, None), (2.5, None),
     (np.array([1, 2]), "integers"), (np.array(True), "booleans"), ("a", "'a'")],
)  # fmt: skip
def test_a_primitive_returns_one_floating_array(result: Any, words: str | None) -> None:
    @ag.primitive
    def f(x: Any) -> Any:
        return result

    ag.defvjp(f, lambda g, out, x: g * 1.0)
    if words is None:
        out = f(Value(1.0))
        assert out.dtype == np.float64
        out.backward()
    else:
        with pytest.raises(TypeError, match=words):
            f(Value(1.0))


def test_scipys_special_functions_work() -> None:
    special = pytest.importorskip("scipy.special")
    ag.check_grads(special.erf, np.array([-1.0, 0.2]))
    ag.check_grads(special.erfc, np.array([-1.0, 0.2]))
    ag.check_grads(special.expit, np.array([-1.0, 0.2]))
    ag.check_grads(special.logit, np.array([0.1, 0.7]))
    ag.check_grads(special.log_expit, np.array([-1.0, 0.2]))
    with pytest.raises(TypeError, match=r"scipy\.special\.zetac has no gradient rule"):
        special.zetac(Value(1.0))
