"""NumPy's functions that write into an array write into a Value as `v[i] = w` does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite import Value

from .table import sample

MASK = sample((2, 3), salt=5) > 0
# the array comes first, and what is written last but for options
WRITES: dict[str, tuple[tuple[int, ...], Callable[[Any, Any], None]]] = {
    "put": ((3,), lambda a, w: np.put(a, [4, 0, -1], w)),
    "put repeated": ((2,), lambda a, w: np.put(a, [0, 1, 2, 3, 4], w)),
    "put too many": ((5,), lambda a, w: np.put(a, [[1, 2]], w)),
    "put twice": ((4,), lambda a, w: np.put(a, [1, 2, 1, 2], w)),
    "put wrap": ((2,), lambda a, w: np.put(a, [7, -8], w, mode="wrap")),
    "put clip": ((2,), lambda a, w: np.put(a, [7, -8], w, mode="clip")),
    "put nothing": ((0,), lambda a, w: np.put(a, [1], w)),
    "put nowhere": ((2,), lambda a, w: np.put(a, [], w)),
    "place": ((2,), lambda a, w: np.place(a, MASK, w)),
    "place by numbers": ((7,), lambda a, w: np.place(a, np.arange(6) % 2, w)),
    "place nowhere": ((0,), lambda a, w: np.place(a, np.zeros(6), w)),
    "putmask": ((2, 3), lambda a, w: np.putmask(a, MASK, w)),
    "putmask repeated": ((2,), lambda a, w: np.putmask(a, MASK, w)),
    "putmask nothing": ((0,), lambda a, w: np.putmask(a, MASK, w)),
    "put_along_axis": ((2, 1), lambda a, w: np.put_along_axis(a, np.array([[2], [0]]), w, 1)),
    "put_along_axis broadcast": ((), lambda a, w: np.put_along_axis(a, np.array([[1, 0, 1]]), w, 0)),
    "put_along_axis twice": ((2, 2), lambda a, w: np.put_along_axis(a, np.array([[1, 1], [2, 2]]), w, -1)),
    "put_along_axis flat": ((2,), lambda a, w: np.put_along_axis(a, np.array([5, 1]), w, None)),
    "fill_diagonal": ((), lambda a, w: np.fill_diagonal(a, w)),
    "fill_diagonal alternating": ((3,), lambda a, w: np.fill_diagonal(a, w)),
    "copyto": ((3,), lambda a, w: np.copyto(a, w)),
    "copyto where": ((2, 1), lambda a, w: np.copyto(a, w, where=MASK)),
    "copyto unsafe": ((), lambda a, w: np.copyto(a, w, casting="unsafe", where=[True, False, True])),
}
every_write = pytest.mark.parametrize(("shape", "write"), WRITES.values(), ids=WRITES.keys())


@every_write
def test_the_array_holds_what_numpy_writes_and_gradients_follow(shape: Any, write: Callable[[Any, Any], None]) -> None:
    x, w = sample((2, 3)), sample(shape, salt=1)
    expected = x * 2
    assert write(expected, w) is None

    def written(x: Any, w: Any) -> Any:
        array = x * 2
        assert write(array, w * w * np.sign(w)) is None  # not linear, so that the second order tells
        return array * array

    v = Value(x * 2) * 1
    assert write(v, Value(w)) is None
    np.testing.assert_array_equal(v.data, expected)
    ag.check_grads(written, x, w, order=2)


@every_write
def test_a_plain_array_is_no_place_for_a_value(shape: Any, write: Callable[[Any, Any], None]) -> None:
    array, w = sample((2, 3)), Value(sample(shape, salt=1))
    with pytest.raises(TypeError, match=r"numpy\.\w+ has no gradient rule .*\(2, 3\)|drop its gradient"):
        write(array, w)
    np.testing.assert_array_equal(array, sample((2, 3)))


@every_write
def test_a_leaf_is_not_written_into(shape: Any, write: Callable[[Any, Any], None]) -> None:
    v, w = Value(sample((2, 3))), Value(sample(shape, salt=1))
    node = v.node
    expected = sample((2, 3))
    write(expected, w.data)
    if (expected == v.data).all():
        write(v, w)  # nothing is
    else:
        with pytest.raises(RuntimeError, match="leaf"):
            write(v, w)
    assert v.node is node
    np.testing.assert_array_equal(v.data, sample((2, 3)))


@every_write
def test_a_constant_takes_the_graph_in(shape: Any, write: Callable[[Any, Any], None]) -> None:
    table, w = Value(sample((2, 3)), requires_grad=False), Value(sample(shape, salt=1))
    write(table, w)
    expected = sample((2, 3))
    write(expected, w.data)
    np.testing.assert_array_equal(table.data, expected)
    if table.requires_grad:
        table.sum().backward()
        assert w.grad.shape == w.shape


@pytest.mark.parametrize(
    ("write", "kind", "words"),
    [
        (lambda a, w: np.put(a, [6], w), IndexError, "6"),
        (lambda a, w: np.put(a, [0], w, mode="some"), ValueError, "some"),
        (lambda a, w: np.place(a, np.ones(5), w), ValueError, r"\(5,\).*\(2, 3\)"),
        (lambda a, w: np.place(a, np.ones(6), w[:0]), ValueError, "no values"),
        (lambda a, w: np.place(a, np.ones(6), w * 1j), TypeError, "complex128"),
        (lambda a, w: np.putmask(a, np.ones((3, 2, 2)), w), ValueError, r"\(3, 2, 2\)"),
        (lambda a, w: np.put_along_axis(a, np.array([0]), w, 0), ValueError, "np.expand_dims"),
        (lambda a, w: np.fill_diagonal(a[0], w), ValueError, "2-d"),
        (lambda a, w: np.copyto(a, w * 1j), TypeError, "complex128 to float64.*'same_kind'"),
        (lambda a, w: np.copyto(a, w.astype("f4"), casting="no"), TypeError, "float32 to float64.*'no'"),
        (lambda a, w: np.copyto(a, np.ones(4)), ValueError, r"\(4,\)"),
    ],
)  # fmt: skip
def test_wrong_writing_raises_and_changes_nothing(write: Any, kind: Any, words: str) -> None:
    a, w = Value(sample((2, 3))) * 1, Value(sample((3,)))
    with pytest.raises(kind, match=words):
        write(a, w)
    np.testing.assert_array_equal(a.data, sample((2, 3)))
