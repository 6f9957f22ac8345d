"""The methods of a Value are the methods of an array."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from autograd_lite import Value

X = np.array([[0.5, -1.5, 2.0], [3.0, 0.25, -0.75]])
ROW = np.array([3.0, 1.0, 2.0])

CALLS: dict[str, Callable[[Any], Any]] = {
    "sum": lambda x: x.sum(), "sum axis": lambda x: x.sum(axis=0), "sum keepdims": lambda x: x.sum(1, keepdims=True),
    "prod": lambda x: x.prod(axis=1), "mean": lambda x: x.mean(axis=(0, 1)), "var": lambda x: x.var(axis=0, ddof=1),
    "std": lambda x: x.std(), "max": lambda x: x.max(axis=1), "min": lambda x: x.min(),
    "cumsum": lambda x: x.cumsum(axis=1),
    "clip": lambda x: x.clip(-1, 1), "clip names": lambda x: x.clip(min=0, max=1), "dot": lambda x: x.dot(ROW),
    "trace": lambda x: x.trace(), "diagonal": lambda x: x.diagonal(), "take": lambda x: x.take([0, 2], axis=1),
    "repeat": lambda x: x.repeat(2, axis=0), "squeeze": lambda x: x[None].squeeze(),
    "swapaxes": lambda x: x.swapaxes(0, 1),
    "ravel": lambda x: x.ravel(), "flatten": lambda x: x.flatten(), "copy": lambda x: x.copy(), "T": lambda x: x.T,
    "mT": lambda x: x.mT, "reshape": lambda x: x.reshape(3, 2), "reshape tuple": lambda x: x.reshape((3, -1)),
    "reshape order": lambda x: x.reshape(6, order="F"), "transpose": lambda x: x.transpose(),
    "transpose axes": lambda x: x.transpose(1, 0), "transpose tuple": lambda x: x.transpose((1, 0)),
    "transpose list": lambda x: x.transpose([1, 0]), "transpose None": lambda x: x.transpose(None),
    "astype": lambda x: x.astype(np.float32), "flatten F": lambda x: x.flatten("F"),
    "astype copy": lambda x: x.astype(float, copy=False), "cumprod": lambda x: x.cumprod(axis=0),
    "compress": lambda x: x.compress([True, False, True], axis=1), "compress flat": lambda x: x.compress([False, True]),
    "conj": lambda x: x.conj(), "conjugate": lambda x: x.conjugate(), "view": lambda x: x.view(),
    "view float": lambda x: x.view(float), "reshape copy": lambda x: x.reshape(3, 2, copy=True),
    "sort": lambda x: written(x, lambda w: w.sort()),
    "sort axis": lambda x: written(x, lambda w: w.sort(0, stable=True)),
    "partition": lambda x: written(x, lambda w: w.partition(1))[:, 1],
    "fill": lambda x: written(x, lambda w: w.fill(x[0, 1])),
    "choose": lambda x: constant(x, np.array([1, 0, 1])).choose(x),
    "put": lambda x: written(x, lambda w: w.put([0, -1], [5.0, 6.0])),
}  # fmt: skip


def constant(x: Any, array: Any) -> Any:
    """An array, or a Value that wants no gradient, to go with `x`."""
    return Value(array, requires_grad=False) if isinstance(x, Value) else array


def written(x: Any, write: Callable[[Any], None]) -> Any:
    """An array, not a leaf, after a method has written into it."""
    w = x * 1
    assert write(w) is None
    return w


PLAIN: dict[str, Callable[[Any], Any]] = {
    "round": lambda x: x.round(1), "all": lambda x: x.all(), "any": lambda x: x.any(axis=0),
    "argmax": lambda x: x.argmax(axis=1), "argmin": lambda x: x.argmin(), "argsort": lambda x: x.argsort(axis=0),
    "nonzero": lambda x: x.nonzero(), "tolist": lambda x: x.tolist(), "shape": lambda x: x.shape,
    "ndim": lambda x: x.ndim,
    "size": lambda x: x.size, "dtype": lambda x: x.dtype, "nbytes": lambda x: x.nbytes, "len": len,
    "item": lambda x: x[0, 0].item(), "float": lambda x: float(x[0, 0]), "int": lambda x: int(x[1, 0]),
    "bool": lambda x: bool(x[0, 0]), "format": lambda x: f"{x[0, 0]:.3f}",
    "round of one": lambda x: float(round(x[1, 2], 1)), "itemsize": lambda x: x.itemsize,
    "tobytes": lambda x: x.tobytes(),
    "argpartition": lambda x: x.argpartition(1, axis=0), "searchsorted": lambda x: x[0, ::2].searchsorted(x),
    "complex": lambda x: complex(x[0, 0]),
}  # fmt: skip


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS.keys())
def test_a_method_returns_what_the_arrays_method_returns(call: Callable[[Any], Any]) -> None:
    v = Value(X)
    got, expected = call(v), call(X)
    assert isinstance(got, Value)
    assert got.dtype == expected.dtype
    np.testing.assert_allclose(got.data, expected, rtol=1e-15)
    got.sum().backward()
    assert v.grad.shape == X.shape
    assert v.grad.any()


@pytest.mark.parametrize("call", PLAIN.values(), ids=PLAIN.keys())
def test_what_has_no_gradient_is_plain(call: Callable[[Any], Any]) -> None:
    got, expected = call(Value(X)), call(X)
    assert type(got) is type(expected)
    np.testing.assert_array_equal(got, expected)


def test_every_differentiable_method_is_tested() -> None:
    public = [n for n, f in inspect.getmembers(Value) if not n.startswith("_") and (callable(f) or n in ("T", "mT"))]
    of_arrays = {name for name in public if hasattr(np.ndarray, name)}
    tested = {name.split()[0] for name in (*CALLS, *PLAIN)}
    assert of_arrays <= tested


def test_a_value_can_be_unpacked_iterated_and_summed() -> None:
    v = Value(X)
    first, second = v
    total = sum(row.sum() for row in v) + sum([first @ ROW, second @ ROW]) + max(first).item() * 0
    total.backward()
    np.testing.assert_array_equal(v.grad, 1 + np.stack([ROW, ROW]))
    assert [x.item() for x in reversed(Value([1.0, 2.0]))] == [2, 1]


@pytest.mark.parametrize(
    ("value", "text"),
    [(Value(2.0), "Value(2.0)"), (Value([1.0, 2.0], name="w"), "Value([1., 2.], name='w')"),
     (Value(np.float32(1.5)), "Value(1.5, dtype=float32)"),
     (Value(np.arange(2), requires_grad=False), "Value([0, 1], dtype=int64, requires_grad=False)")],
)  # fmt: skip
def test_a_value_prints_as_the_line_that_makes_it(value: Value, text: str) -> None:
    assert repr(value) == text
    assert str(value) == text
    assert f"{value}" == text


def test_a_scalar_prints_its_gradient() -> None:
    x = Value(2.0)
    (x * 3).backward()
    assert repr(x) == "Value(2.0, grad=3.0)"


@pytest.mark.parametrize(
    ("call", "words"),
    [(lambda v: v.sort(), ["v is a leaf", "w = np.sort(v, ...)"]), (lambda v: v.partition(1), ["np.partition(v, ...)"]),
     (lambda v: v.fill(0.0), ["v is a leaf", "w = v * 1"]), (lambda v: v.put([0], 1.0), ["v is a leaf"])],
)  # fmt: skip
def test_a_method_that_writes_refuses_a_leaf(call: Callable[[Any], Any], words: list[str]) -> None:
    v = Value(X, name="v")
    with pytest.raises(RuntimeError) as raised:
        call(v)
    assert all(word in str(raised.value) for word in words)
    np.testing.assert_array_equal(v.data, X)


@pytest.mark.parametrize("dtype", [np.int64, np.float32, np.complex64, "S8"])
def test_a_view_of_bytes_that_have_no_gradient_is_refused(dtype: Any) -> None:
    with pytest.raises(TypeError, match=r"float64 read as .* have no gradient\. Write v\.astype\(.*v\.data\.view"):
        Value(X).view(dtype)
