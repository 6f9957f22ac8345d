"""The traps that other engines fell into, one row each: what a user does, and what must happen.

Points where a function has no derivative are rows of `kinks`.
"""

from __future__ import annotations

import gc
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite import Value, grad

TRAPS: dict[str, Callable[[], None]] = {}


def trap(does: str) -> Callable[[Callable[[], None]], Callable[[], None]]:
    def add(check: Callable[[], None]) -> Callable[[], None]:
        TRAPS[does] = check
        return check

    return add


def gradient(function: Callable[[Any], Any], x: Any) -> Any:
    return grad(lambda x: np.sum(function(x)))(np.asarray(x, dtype=float))


@trap("where broadcasts (1, 3) to (2, 3)")
def _() -> None:
    mask = np.array([[True, False, True], [True, True, False]])
    np.testing.assert_array_equal(gradient(lambda x: np.where(mask, x, 0.0), np.ones((1, 3))), [[2, 1, 1]])


@trap("a rule returns a shape that broadcasting did not make")
def _() -> None:
    @ag.primitive
    def half(x: Any) -> Any:
        return x / 2

    ag.defvjp(half, lambda g, out, x: np.ones(7))
    with pytest.raises(ValueError, match=r"half returned shape \(7,\) for an argument of shape \(2,\)"):
        half(Value([1.0, 2.0])).sum().backward()


@trap("sum(x, where=mask)")
def _() -> None:
    mask = np.array([True, False, True])
    np.testing.assert_array_equal(gradient(lambda x: np.sum(x, where=mask), [1, 2, 3]), [1, 0, 1])


@trap("an argument that no rule knows")
def _() -> None:
    with pytest.raises(TypeError, match="'out'"):
        np.sum(Value([1.0]), out=np.zeros(()))


@trap("plain np.concatenate, where, clip, cumsum on Values")
def _() -> None:
    x = Value([1.0, 2.0])
    for out in (np.concatenate([x, x]), np.where(x > 1, x, 0.0), np.clip(x, 0, 1.5), np.cumsum(x), np.stack([x, x])):
        assert isinstance(out, Value)
        assert out.requires_grad
        assert out.dtype == np.float64


@trap("a function without a rule")
def _() -> None:
    with pytest.raises(TypeError, match=r"numpy\.save has no gradient rule"):
        np.save("nowhere", Value([1.0]))  # type: ignore[arg-type]


@trap("nd[:] = v and np.asarray(v)")
def _() -> None:
    array, v = np.zeros(2), Value([1.0, 2.0])
    for lose in (lambda: array.__setitem__(slice(None), v), lambda: np.asarray(v), lambda: np.array([v, v])):
        with pytest.raises(TypeError, match="drop its gradient"):
            lose()
    assert not array.any()


@trap("math.sin")
def _() -> None:
    with pytest.raises(ValueError, match="elements"):
        math.sin(Value([1.0, 2.0]))  # type: ignore[arg-type]
    for lose in (math.sin, lambda x: x * math.sin(x), lambda x: x * float(x)):
        with pytest.raises(TypeError, match=r"np\.sin\(v\) for math\.sin\(v\).*v\.item\(\)"):
            grad(lose)(2.0)
    assert grad(lambda x: x * x.item())(2.0) == 2
    assert float(Value(2.0) * 2) == 4


@trap("writing into a captured array")
def _() -> None:
    x, c = Value([1.0, 2.0]), np.array([3.0, 4.0])

    def write() -> None:
        with ag.detect_mutation():
            _ = x * c
            c[0] = 0

    with pytest.raises(ValueError, match="read-only"):
        write()
    y = x * c
    c[0] = 3
    y.sum().backward()
    np.testing.assert_array_equal(x.grad, [3, 4])


@trap("log under where")
def _() -> None:
    with np.errstate(all="ignore"):
        assert np.isnan(gradient(lambda x: np.where(x > 0, np.log(x), 0.0), [0.0]))[0]
    safe = gradient(lambda x: np.where(x > 0, np.log(np.where(x > 0, x, 1.0)), 0.0), [0.0, 2.0])
    np.testing.assert_array_equal(safe, [0, 0.5])


@trap("cumprod with zeros")
def _() -> None:
    np.testing.assert_array_equal(gradient(np.cumprod, [2, 0, 3]), [1, 8, 0])
    np.testing.assert_array_equal(gradient(np.cumprod, [0, 0, 3]), [1, 0, 0])


@trap("einsum with a repeated index")
def _() -> None:
    np.testing.assert_array_equal(gradient(lambda x: np.einsum("ii->i", x), np.ones((2, 2))), np.eye(2))
    np.testing.assert_array_equal(gradient(lambda x: np.einsum("ii->", x), np.ones((2, 2))), np.eye(2))


@trap("repeat with counts, and sort in two dimensions")
def _() -> None:
    np.testing.assert_array_equal(gradient(lambda x: np.repeat(x, [2, 0, 3]), [1, 2, 3]), [2, 0, 3])
    weights = np.array([[1.0], [2.0]])
    np.testing.assert_array_equal(gradient(lambda x: np.sort(x, axis=0) * weights, [[3, 1], [2, 5]]), [[2, 1], [1, 2]])


@trap("median of an even number")
def _() -> None:
    np.testing.assert_array_equal(gradient(np.median, [4, 1, 3, 2]), [0, 0, 0.5, 0.5])
    np.testing.assert_array_equal(gradient(lambda x: np.quantile(x, 0.5), [4, 1, 3, 2]), [0, 0, 0.5, 0.5])


@trap("det of a singular matrix")
def _() -> None:
    np.testing.assert_allclose(gradient(np.linalg.det, [[1, 2], [2, 4]]), [[4, -2], [-2, 1]], atol=1e-12)
    np.testing.assert_allclose(gradient(np.linalg.det, np.zeros((3, 3))), np.zeros((3, 3)), atol=1e-12)


@trap("eigh of a degenerate matrix")
def _() -> None:
    np.testing.assert_allclose(gradient(lambda a: np.linalg.eigh(a)[0], np.eye(3)), np.eye(3), atol=1e-12)
    unused = gradient(lambda a: np.linalg.eigh(a)[0] + 0 * np.sum(np.linalg.eigh(a)[1]), np.eye(2))
    np.testing.assert_allclose(unused, 2 * np.eye(2) - np.eye(2), atol=1e-12)
    with np.errstate(all="ignore"):
        assert not np.isfinite(gradient(lambda a: np.linalg.eigh(a)[1][0] * np.array([1.0, 2.0]), np.eye(2))).all()


@trap("a float32 Value with a float64 constant")
def _() -> None:
    x = Value(np.ones(2, np.float32))
    (x * np.ones(2)).sum().backward()
    assert x.grad.dtype == np.float32


@trap("integers")
def _() -> None:
    for make in (lambda: Value(np.array([1, 2])), lambda: grad(lambda x: x * x)(np.int64(2))):
        with pytest.raises(TypeError, match="float"):
            make()


@trap("writing twice to one index")
def _() -> None:
    item = Value([1.0, 2.0])
    x = Value(np.zeros(3)) * 1
    x[[1, 1]] = item
    x.sum().backward()
    np.testing.assert_array_equal(item.grad, [0, 1])


@trap("a chain of 200,000 operations")
def _() -> None:
    x = y = Value(1.0)
    for _ in range(200_000):
        y = y + x
    y.backward()
    assert x.grad == 200_001


@trap("a gradient of a scalar is no array that += would rebind")
def _() -> None:
    x = Value(np.array(2.0))
    assert x.data.shape == ()
    (x * x).backward()
    (x * x).backward()
    assert x.grad == 8


@trap("tanh and logistic functions far out")
def _() -> None:
    np.testing.assert_array_equal(gradient(np.tanh, [-800, 800]), [0, 0])
    np.testing.assert_array_equal(
        gradient(lambda x: 1 / (1 + np.exp(-x)), [700]), gradient(lambda x: np.exp(-x), [700]) * -1
    )


@trap("(a) argsort, argmax, sign, comparisons and shape are plain")
def _() -> None:
    v = Value([3.0, 1.0, 2.0])
    for plain in (np.argsort(v), np.argmax(v), np.sign(v), v > 1, v == 3, np.isnan(v), np.floor(v), np.shape(v)):
        assert not isinstance(plain, Value)
    second = grad(lambda x: np.sum(grad(lambda x: np.sum(np.sort(x) ** 3 * np.arange(3)))(x)))
    np.testing.assert_allclose(second(np.array([3.0, 1.0, 2.0])), [36, 0, 12])


@trap("(b) under create_graph a rule sees Values")
def _() -> None:
    seen: list[Any] = []

    @ag.primitive
    def cube(x: Any) -> Any:
        return x**3

    def rule(g: Any, out: Any, x: Any) -> Any:
        seen.extend([out, x])
        return g * 3 * out / x

    ag.defvjp(cube, rule)
    assert grad(grad(cube))(2.0) == pytest.approx(12)
    assert any(isinstance(x, Value) and x.requires_grad for x in seen)


@trap("(c) array += Value")
def _() -> None:
    array, v = np.zeros(2), Value([1.0, 2.0])
    with pytest.raises(TypeError, match="out"):
        array += v
    assert not array.any()


@trap("(d) a branch on an array")
def _() -> None:
    with pytest.raises(ValueError, match="neither true nor false"):
        bool(Value([1.0, 2.0]))


@trap("(e) a leaf does not remember who read it, dead or alive")
def _() -> None:
    x = Value(1.0)
    before = len(gc.get_referents(x.node))
    kept = [x * 2.0 for _ in range(100)]
    assert len(gc.get_referents(x.node)) == before
    del kept


@pytest.mark.parametrize("does", TRAPS)
def test_nobody_falls_into_it(does: str) -> None:
    TRAPS[does]()
