"""Wrong use: a typed exception that names the user's own shapes and the line to write, and nothing has changed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite import Value

V = Value(np.arange(6.0).reshape(2, 3) + 1, name="v")
W = Value(np.ones(3))
S = Value(2.0)
FROZEN = Value(np.ones(3), requires_grad=False)
Y = V * 1
MATRIX = np.ones((2, 2))
UNKNOWN = np.frompyfunc(lambda x: x, 1, 1)

MAKING: list[tuple[Any, list[str]]] = [
    (np.array([1, 2]), ["(2,)", "integers", "Value(x, dtype=float)", "requires_grad=False"]),
    (np.int64(1), ["scalar", "integers", "Value(x, dtype=float)"]),
    (np.array([1, 2], np.uint8), ["integers", "dtype=float"]),
    (np.array([True]), ["booleans", "dtype=float"]),
    (True, ["booleans"]),
    ([True, False], ["booleans"]),
    (range(3), ["integers"]),
    ("1.0", ["str", "'1.0'"]),
    (["a", "b"], ["strings", "(2,)"]),
    (np.array(["a"]), ["strings"]),
    (np.array([1.0, None], object), ["object", "np.stack"]),
    (None, ["None"]),
    ({"a": 1}, ["dict"]),
    ([[1.0], [1.0, 2.0]], ["unequal lengths"]),
    ([S, S], ["np.stack"]),
    (V, ["a Value already", "v.detach()"]),
    (np.ma.masked_array([1.0]), ["mask", "x.filled(0.0)"]),
    (np.array(["2020-01-01"], "datetime64[D]"), ["datetime64"]),
    (object(), ["object"]),
]


@pytest.mark.parametrize(("data", "fragments"), MAKING, ids=lambda x: str(type(x)))
def test_what_cannot_be_a_value(data: Any, fragments: list[str]) -> None:
    with pytest.raises(TypeError) as caught:
        Value(data)
    for fragment in fragments:
        assert fragment in str(caught.value)


@pytest.mark.parametrize("dtype", [int, bool, "U3", object])
def test_a_dtype_that_carries_no_gradient(dtype: Any) -> None:
    for data in (2.5, 3, [1.0, 2.0], np.ones(2)):
        with pytest.raises(TypeError):
            Value(data, dtype=dtype)


WRONG: list[tuple[str, Callable[[], Any], type[Exception], list[str]]] = [
    (
        "backward of a vector",
        lambda: Y.backward(),
        ValueError,
        ["(2, 3)", "v.sum().backward()", "np.ones_like(v.data)"],
    ),
    ("backward of nothing", lambda: Value(np.ones((0,))).backward(), ValueError, ["(0,)"]),
    ("gradient of another shape", lambda: Y.backward(np.ones(3)), ValueError, ["(2, 3)", "(3,)"]),
    ("gradient of another rank", lambda: V.sum().backward([1.0]), ValueError, ["()", "(1,)"]),
    ("complex gradient", lambda: Y.backward(np.ones((2, 3), complex)), TypeError, ["complex"]),
    ("string gradient", lambda: V.sum().backward("1"), TypeError, ["'1'"]),
    ("backward of a constant", lambda: FROZEN.sum().backward(), RuntimeError, ["Value(x)", "no_grad()"]),
    ("set a gradient", lambda: setattr(V, "grad", np.ones(2)), ValueError, ["(2,)", "(2, 3)", "v.grad = None"]),
    ("shapes", lambda: V + np.ones(2), ValueError, ["numpy.add", "(2, 3)", "(2,)", "axis -1", "b[:, None]"]),
    ("shapes, reflected", lambda: np.ones(2) + V, ValueError, ["(2,)", "(2, 3)", "a[:, None]"]),
    ("shapes of vectors", lambda: W * Value(np.ones(2)), ValueError, ["(3,)", "(2,)", "a[:, None]"]),
    ("shapes in a ufunc", lambda: np.maximum(V, MATRIX), ValueError, ["numpy.maximum", "(2, 3)", "(2, 2)"]),
    ("matmul", lambda: V @ V, ValueError, ["numpy.matmul", "(2, 3)", "(3)", "(2)", "a @ b.swapaxes(-1, -2)"]),
    ("matmul, first turned", lambda: V @ Value(np.ones((2, 5))), ValueError, ["a.swapaxes(-1, -2) @ b"]),
    ("matmul of a number", lambda: V @ 2.0, ValueError, ["a * b"]),
    ("concatenate", lambda: np.concatenate([V, W]), ValueError, ["(2, 3)", "(3,)"]),
    ("stack", lambda: np.stack([V, W]), ValueError, ["(2, 3)", "(3,)"]),
    ("reshape", lambda: V.reshape(4, 2), ValueError, ["(2, 3)"]),
    ("split", lambda: np.split(V, 2, axis=1), ValueError, ["(2, 3)", "np.array_split(v, 2, axis=1)"]),
    ("split into nothing", lambda: np.split(V, 0), ValueError, ["0"]),
    ("tensordot", lambda: np.tensordot(V, V, 1), ValueError, ["(2, 3)", "[3]", "[2]"]),
    ("einsum operands", lambda: np.einsum("ij,jk", V), ValueError, ["2 operands", "1"]),
    ("einsum ellipsis", lambda: np.einsum("...->", V), ValueError, ["..."]),
    ("axis of a sum", lambda: V.sum(axis=2), ValueError, ["axis 2"]),
    ("axis of a take", lambda: np.take(V, 0, axis=5), ValueError, ["axis 5"]),
    ("axis of take_along", lambda: np.take_along_axis(V, np.zeros((2, 1), int), 5), ValueError, ["axis 5"]),
    ("axis of a repeat", lambda: np.repeat(V, 2, axis=5), ValueError, ["axis 5"]),
    ("axis of a split", lambda: np.array_split(V, 2, axis=5), ValueError, ["axis 5"]),
    (
        "index along",
        lambda: np.take_along_axis(V, np.zeros(2, int), 1),
        ValueError,
        ["(2,)", "np.expand_dims(indices, 1)"],
    ),
    ("out", lambda: np.add(V, V, out=np.zeros((2, 3))), TypeError, ["numpy.add", "'out'", "w = ..."]),
    ("out of a sum", lambda: np.sum(V, out=np.zeros(())), TypeError, ["numpy.sum", "'out'"]),
    ("where of a sum", lambda: np.sum(V, where=FROZEN), TypeError, ["numpy.sum", "'where'", "where=v.data"]),
    ("initial of max", lambda: np.max(V, initial=S), TypeError, ["numpy.max", "'initial'", "initial=v.data"]),
    ("mean of var", lambda: np.nanvar(V, mean=S), TypeError, ["numpy.nanvar", "'mean'", "mean=v.data"]),
    ("a mode of pad", lambda: np.pad(V, 1, mode="empty"), TypeError, ["mode='empty'", "mode='constant'"]),
    ("an option of pad", lambda: np.pad(V, 1, mode="edge", reflect_type="odd"), ValueError, ["'edge'", "reflect_type"]),
    ("raw qr", lambda: np.linalg.qr(V, "raw"), TypeError, ["numpy.linalg.qr", "(2, 3)", "mode='raw'", "'reduced'"]),
    ("a norm", lambda: np.linalg.norm(V, "nuclear"), ValueError, ["norm of shape (2, 3)", "'nuclear'"]),
    ("out of a method", lambda: np.add.reduce(V, out=np.zeros(3)), TypeError, ["numpy.add.reduce", "'out'", "w = ..."]),
    ("initial of a method", lambda: np.add.reduce(V, initial=S), TypeError, ["numpy.add.reduce", "initial=v.data"]),
    ("a mask where order counts", lambda: np.subtract.reduce(V, where=MATRIX > 0), TypeError, ["subtract", "'where'"]),
    ("a method of one derivative", lambda: np.ldexp.reduce(V), TypeError, ["numpy.ldexp.reduce", "both", "v.data"]),
    ("add in place", lambda: np.add.at(Y, 0, 1.0), TypeError, ["numpy.add.at", "w[i] = w[i] + ..."]),
    ("two axes in order", lambda: np.subtract.reduce(V, axis=None), ValueError, ["(2, 3)", "not reorderable"]),
    ("accumulate a scalar", lambda: np.add.accumulate(S), TypeError, ["scalar"]),
    ("indices of a reduceat", lambda: np.add.reduceat(V, [0, 5]), IndexError, ["5"]),
    ("q of a jumping quantile", lambda: np.quantile(W, S, method="lower"), TypeError, ["'lower'", "q=v.data"]),
    ("weights of a quantile", lambda: np.quantile(W, 0.5, weights=W), TypeError, ["'weights'", "weights=v.data"]),
    ("counts of a covariance", lambda: np.cov(V, fweights=W), TypeError, ["'fweights'", "fweights=v.data"]),
    ("three axes of a covariance", lambda: np.cov(V[None]), ValueError, ["(1, 2, 3)"]),
    ("weights of an average", lambda: np.average(V, weights=W), TypeError, ["(3,)", "(2, 3)", "axis"]),
    ("weights of another axis", lambda: np.average(V, 0, weights=W), ValueError, ["(3,)", "(2, 3)", "(2,)"]),
    ("weights of 0", lambda: np.average(W, weights=W * 0), ZeroDivisionError, ["(3,)"]),
    ("running sum of a table", lambda: np.cumulative_sum(V), ValueError, ["(2, 3)", "axis", "np.cumsum"]),
    (
        "no rule",
        lambda: UNKNOWN(V),
        TypeError,
        ["vectorized", "autograd_lite.defvjp(", "(v.data)"],
    ),
    ("refused with a reason", lambda: np.savez("never", V), TypeError, ["numpy.savez", "v.data"]),
    ("text", lambda: np.strings.isalpha(V), TypeError, ["isalpha", "text"]),
    ("in place", lambda: MATRIX.__iadd__(S), TypeError, ["numpy.add", "'out'"]),
    ("as an array", lambda: np.asarray(V), TypeError, ["(2, 3)", "v.data", "np.stack"]),
    ("into an array", lambda: MATRIX.__setitem__(0, Y[0, :2]), TypeError, ["(2,)", "v.data"]),
    ("shapes compared", lambda: V < MATRIX, ValueError, ["numpy.less", "(2, 3)", "(2, 2)", "axis -1"]),
    ("compared with a string", lambda: V < "a", TypeError, ["numpy.less", "(2, 3)", "'a'"]),
    ("one axis too few", lambda: V.transpose(0), ValueError, ["(2, 3)"]),
    ("vsplit of a vector", lambda: np.vsplit(W, 3), ValueError, ["(3,)", "np.split"]),
    ("half a choice", lambda: np.where(MATRIX > 0, S), ValueError, ["x and y"]),
    ("mode of a take", lambda: np.take(V, 0, mode="some"), ValueError, ["some"]),
    ("kind of a sort", lambda: np.sort(V, kind="bogus"), ValueError, ["bogus"]),
    ("norm over no axis", lambda: np.linalg.norm(V, axis=()), ValueError, ["axis=()"]),
    ("norm over an axis twice", lambda: np.linalg.norm(V, 1, axis=(0, -2), keepdims=True), ValueError, ["axis"]),
    ("a name that is no string", lambda: Value(1.0, name=3), TypeError, ["string", "int", "name='3'"]),
    ("rename to a number", lambda: setattr(V, "name", 3), TypeError, ["string", "int"]),
    ("truth", lambda: bool(V), ValueError, ["(2, 3)", "(v > 0).any()", "(v > 0).all()"]),
    ("if", lambda: 1 if W else 0, ValueError, ["(3,)"]),
    ("float", lambda: float(W), ValueError, ["(3,)", "3 elements"]),
    ("item", lambda: V.item(), ValueError, ["v", "(2, 3)", "v.data.tolist()"]),
    ("iterate a scalar", lambda: list(S), TypeError, ["0-d"]),
    ("write into a leaf", lambda: V.__setitem__(0, 1.0), RuntimeError, ["v", "leaf", "v.data[i] = ...", "w = v * 1"]),
    ("write into integers", lambda: Value(np.arange(3), requires_grad=False).__setitem__(0, S), TypeError, ["int64"]),
    ("write too much", lambda: Y.__setitem__(0, np.ones(4)), ValueError, ["(4,)"]),
    ("list of values", lambda: V * [S, S, S], TypeError, ["np.stack([a, b])"]),
    ("complex backward", lambda: (V * 1j).sum().backward(), ValueError, ["complex", "v.real"]),
    ("complex grad", lambda: ag.grad(lambda x: x * 1j)(1.0), ValueError, ["complex", "z.real"]),
    ("complex as real", lambda: Value(1j, dtype=float), TypeError, ["complex", "float64", "x.real"]),
    ("object array", lambda: V + np.array([None] * 3), TypeError, ["object", "(3,)"]),
    ("string", lambda: V + "a", TypeError, ["str"]),
    ("none", lambda: np.add(V, None), TypeError, ["numpy.add", "None"]),
    ("masked array", lambda: V + np.ma.masked_array([1.0, 2.0, 3.0]), TypeError, ["mask", "x.filled(0.0)"]),
    ("integer result", lambda: V.astype(int), TypeError, ["integers", "v.data"]),
    ("integer sum", lambda: V.sum(dtype=int), TypeError, ["numpy.sum", "integers"]),
    ("where", lambda: np.where(V.data > 0, V, np.ones(7)), ValueError, ["(7,)", "broadcast", "axis -1"]),
    ("clip", lambda: np.clip(V, np.zeros(7), None), ValueError, ["(7,)", "broadcast", "b.reshape(...)"]),
    ("setitem", lambda: (V * 1).__setitem__(0, np.ones(7)), ValueError, ["(7,)", "one number"]),
    ("value as a constant", lambda: np.roll(V, S), TypeError, ["argument 2", "v.data"]),
    ("value as an order", lambda: np.linalg.norm(W, S), TypeError, ["argument 2", "ord=v.item()"]),
    ("value as keyword", lambda: np.var(V, ddof=S), TypeError, ["numpy.var"]),
    ("unknown attribute", lambda: V.median(), AttributeError, ["median"]),
    ("a diagonal of what", lambda: np.diag(Value(np.ones((2, 2, 2)))), ValueError, ["(2, 2, 2)"]),
    (
        "norm over three axes",
        lambda: np.linalg.norm(Value(np.ones((2, 2, 2))), axis=(0, 1, 2)),
        ValueError,
        ["(0, 1, 2)"],
    ),
    ("hook on a constant", lambda: FROZEN.register_hook(print), RuntimeError, ["wants no gradient"]),
]


@pytest.mark.parametrize(("call", "kind", "fragments"), [row[1:] for row in WRONG], ids=[row[0] for row in WRONG])
def test_wrong_use_raises_a_helpful_exception_and_changes_nothing(
    call: Callable[[], Any], kind: type[Exception], fragments: list[str]
) -> None:
    values = [V, W, S, FROZEN, Y]
    before = [(v.node, v.data, np.array(v.data), v.grad) for v in values]
    with pytest.raises(kind) as caught:
        call()
    message = str(caught.value)
    for fragment in fragments:
        assert fragment in message, message
    for v, (node, data, copy, gradient) in zip(values, before, strict=True):
        assert v.node is node
        assert v.data is data
        assert v.grad is gradient
        np.testing.assert_array_equal(data, copy)
    assert MATRIX.tolist() == [[1, 1], [1, 1]]


def test_an_exception_of_numpy_keeps_its_kind() -> None:
    with pytest.raises(np.exceptions.AxisError):
        np.sum(V, axis=7)
    with pytest.raises(IndexError):
        V[5]
    with pytest.raises(OverflowError):
        V + 10**400


def test_writing_inside_no_grad_is_refused_where_it_would_cut_the_graph() -> None:
    y = V * 1
    with ag.no_grad(), pytest.raises(RuntimeError, match=r"v\.detach\(\)"):
        y[0] = 1.0
    np.testing.assert_array_equal(y.data, V.data)
    with ag.no_grad():
        constant = V * 1
        constant[0] = 0.0
    assert constant.data[0].tolist() == [0, 0, 0]


@pytest.mark.parametrize(
    ("positional", "named"),
    [
        (lambda v: np.sum(v, 0, None, None, True), lambda v: np.sum(v, axis=0, keepdims=True)),
        (lambda v: np.mean(v, 1, None, None, True), lambda v: np.mean(v, axis=1, keepdims=True)),
        (lambda v: np.max(v, 0, None, True), lambda v: np.max(v, axis=0, keepdims=True)),
        (lambda v: np.var(v, 0, None, None, 1), lambda v: np.var(v, axis=0, ddof=1)),
    ],
)
def test_options_by_position_are_the_same_as_by_name(positional, named):
    results = []
    for function in (positional, named):
        v = Value(np.arange(6.0).reshape(2, 3))
        y = function(v)
        (y * np.arange(1.0, y.size + 1).reshape(y.shape)).sum().backward()
        results.append((y.data, v.grad))
    np.testing.assert_array_equal(results[0][0], results[1][0])
    np.testing.assert_array_equal(results[0][1], results[1][1])
