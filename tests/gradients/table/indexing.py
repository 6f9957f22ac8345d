"""Reading and writing by index, choosing, sorting, and functions that call a function."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd_lite import Value

from .case import case, complex_sample, sample, strided

case("take", lambda np, x: np.take(x, [3, 0, 3]), (2, 3))
case("take nothing", lambda np, x: np.take(x, [], axis=1), (2, 3))
case("take axis", lambda np, x: np.take(x, np.array([[0, 1], [1, 1]]), axis=1), (2, 3))
case("take one", lambda np, x: np.take(x, 1, axis=-1), (2, 3))
case("take wrap", lambda np, x: np.take(x, [5, -1, 3], axis=1, mode="wrap"), (2, 3))
case("take clip", lambda np, x: np.take(x, [5, -4, 1], axis=1, mode="clip"), (2, 3))
_ALONG = np.array([[2, 2, 0], [1, 0, 0]])
case("take by booleans", lambda np, x: np.take(x, np.array([True, False]), axis=0), (2, 3))
case("take_along_axis", lambda np, x: np.take_along_axis(x, _ALONG, axis=1), (2, 3))
case("take_along_axis 0", lambda np, x: np.take_along_axis(x, _ALONG % 2, axis=0), (2, 3))
case("take_along_axis flat", lambda np, x: np.take_along_axis(x, np.array([4, 0, 4]), axis=None), (2, 3))
case("sort", lambda np, x: np.sort(x), (2, 4))
case("sort axis 0", lambda np, x: np.sort(x, axis=0), (4, 2))
case("sort of a kind", lambda np, x: np.sort(x, axis=0, kind="heapsort"), (4, 2))
case("sort flat", lambda np, x: np.sort(x, axis=None), (2, 3))
case("sort of a kind, complex", lambda np, z: np.sort(z), complex_sample((2, 4)))
case("sort stable", lambda np, x: np.sort(x, stable=True), (2, 3, 4))
case("sort a cut", lambda np, x: np.sort(x, axis=-2), strided(4, 3))
case("sort nothing", lambda np, x: np.sort(x) * np.sum(x), (2, 0))
case("sort of a batch", lambda np, x: np.sort(x, axis=1), (2, 4, 3))
case("partition", lambda np, x: np.partition(x, 2)[..., 2], (3, 5))
case("partition axis", lambda np, x: np.partition(x, (1, 3), axis=0)[1::2], (5, 3))
case("partition flat", lambda np, x: np.partition(x, -1, axis=None)[-1], (5, 3))
case("sort_complex", lambda np, z: np.sort_complex(z), complex_sample((5,)))
case("sort_complex of reals", lambda np, x: np.sort_complex(x), (5,))
case("unique", lambda np, x: np.unique(x), (2, 3))
case("unique with all", lambda np, x: np.unique(x, True, True, True)[:1], (4,))
case("unique rows", lambda np, x: np.unique(x, axis=0), (3, 2))
case("unique_values", lambda np, x: np.sort(np.unique_values(x)), (2, 3))
case("unique_counts", lambda np, x: np.unique_counts(x).values, (2, 3))
case("unique_inverse", lambda np, x: np.unique_inverse(x)[0], (2, 3))
case("unique_all", lambda np, x: np.unique_all(x).values, (2, 3))


def _raw(x: Any) -> Any:
    return getattr(x, "data", x) if isinstance(x, Value) else x


case("union1d", lambda np, x, y: np.union1d(x, y), (2, 2), (3,))
case("intersect1d", lambda np, x: np.intersect1d(x, x[1:]), (4,))
case("intersect1d with a constant", lambda np, x: np.intersect1d(np.array([*_raw(x)[1:], 7.0]), x), (4,))
case("setdiff1d", lambda np, x: np.setdiff1d(x, x[1:3]), (4,))
case("setdiff1d of unique", lambda np, x, y: np.setdiff1d(x * y, x[:2], assume_unique=True), (4,), (4,))
case("setxor1d", lambda np, x, y: np.setxor1d(np.concatenate([x, y]), x[1:]), (4,), (2,))

_CHOICE = np.array([[2, 0, 1], [1, 1, 0]])
case("choose", lambda np, x, y, z: np.choose(_CHOICE, [x, y, z]), (2, 3), (3,), ())
case("choose of an array", lambda np, x: np.choose(_CHOICE, x), (3, 2, 3))
case("choose wrap", lambda np, x, y: np.choose(_CHOICE - 1, (x, y), mode="wrap"), (2, 3), (3,))
case("choose clip", lambda np, x, y: np.choose(_CHOICE - 1, [x, y, 3.0], mode="clip"), (2, 3), (3,))
case("compress", lambda np, x: np.compress([True, False, True], x, axis=1), (2, 3))
case("compress flat", lambda np, x: np.compress([False, True, True], x), (2, 3))
case("extract", lambda np, x: np.extract(x > 0, x), (2, 3))
case("select", lambda np, x, y: np.select([x > 1, x > 0], [x * y, y**2], default=3.0), (2, 3), (3,))
case("select default", lambda np, x, y, z: np.select([x > 0], [x], default=y * z), (2, 3), (3,), (2, 1))
case("select of numbers", lambda np, x: np.select([x > 1, x > 0, x < 0], [1.5, x, 2 * x]), (2, 3))
case("delete", lambda np, x: np.delete(x, 1), (2, 3))
case("delete places", lambda np, x: np.delete(x, [0, -1, 0], axis=1), (2, 4))
case("delete a slice", lambda np, x: np.delete(x, slice(None, None, 2), axis=0), (3, 4))
case("delete a mask", lambda np, x: np.delete(x, [True, False, True], axis=-1), (2, 3))
case("insert", lambda np, x, y: np.insert(x, 1, y), (2, 2), ())
case("insert places", lambda np, x, y: np.insert(x, [0, 3, 1], y, axis=1), (2, 3), (2, 3))
case("insert broadcast", lambda np, x, y: np.insert(x, [1, 1], y, axis=0), (2, 3), (2, 1))
case("insert a row", lambda np, x, y: np.insert(x, 1, y, axis=0), (2, 3), (3,))
case("insert into a constant", lambda np, y: np.insert(sample((2, 3)), 1, y, axis=1), (2,))
case("insert a number", lambda np, x: np.insert(x, slice(0, 2), 7.0), (3,))
case("trim_zeros", lambda np, x: np.trim_zeros(np.pad(x, (1, 2))), (3,))
case("trim_zeros front", lambda np, x: np.trim_zeros(np.pad(x, (1, 2)), trim="f"), (3,))
case("trim_zeros back", lambda np, x: np.trim_zeros(np.pad(x, (1, 2)), "B"), (3,))
case("trim_zeros of a matrix", lambda np, x: np.trim_zeros(np.pad(x, ((1, 2), (0, 1)))), (2, 3))
case("trim_zeros of an axis", lambda np, x: np.trim_zeros(np.pad(x, 1), axis=-1), (2, 3))


def _after(name: str, *arguments: Any) -> Any:
    """The array after a function of NumPy has written the last input into it."""

    def written(np: Any, x: Any, item: Any) -> Any:
        array = x * 2
        item = item if item.dtype == array.dtype else item.astype(array.dtype)
        assert getattr(np, name)(array, *arguments, item) is None
        return array

    return written


case("put", _after("put", [0, -1, 2]), (2, 3), (3,))
case("put fewer", _after("put", np.array([[3, 1], [2, 2]])), (2, 3), (3,))
case("put a number", _after("put", 1), (3,), ())
case("put the same place twice", _after("put", [4, 1, 4]), (2, 3), (3,))
case("place", _after("place", sample((2, 3)) > 0), (2, 3), (2,))
case("putmask", _after("putmask", sample((2, 3)) > 0), (2, 3), (2, 3))
case("putmask fewer", _after("putmask", sample((2, 3)) > 0), (2, 3), (2,))
case("fill_diagonal", _after("fill_diagonal"), (3, 3), ())
case("fill_diagonal of a tall matrix", _after("fill_diagonal"), (4, 2), (2,))
case("fill_diagonal of a cube", _after("fill_diagonal"), (2, 2, 2), (2,))
case("copyto", _after("copyto"), (2, 3), (3,))


def _more_writing(np: Any, x: Any, y: Any) -> Any:
    a, b, c, d, e = (x * 1 for _ in range(5))
    np.put_along_axis(a, np.array([[2], [0]]), y, axis=1)
    np.put_along_axis(b, np.array([5, 0]), y[0], axis=None)
    np.put(c, [7, -1], y, mode="wrap")
    np.copyto(d, y, where=x > 0)
    np.fill_diagonal(e, y, wrap=True)
    return a, b, c, d, e


case("writing with options", _more_writing, (2, 3), (2, 1))


def _tall(np: Any, x: Any, y: Any) -> Any:
    a = x * 1
    np.fill_diagonal(a, y, wrap=True)
    return a


case("fill_diagonal wrapped", _tall, (5, 2), (2,))

case("apply_along_axis", lambda np, x: np.apply_along_axis(lambda row: row * row.sum(), 0, x), (2, 3), exact=False)
case("apply_along_axis to a number", lambda np, x: np.apply_along_axis(np.prod, -1, x), (2, 3))
case(
    "apply_along_axis to a matrix", lambda np, x: np.apply_along_axis(lambda v, k: k * np.diag(v), 1, x, k=2), (2, 3, 2)
)
case("apply_over_axes", lambda np, x: np.apply_over_axes(np.sum, x, [0, -1]), (2, 3, 2))
case("piecewise", lambda np, x: np.piecewise(x, [x < 0, x > 1], [lambda v: v**2, 3.0, lambda v: -v]), (2, 3))
case("piecewise, otherwise 0", lambda np, x: np.piecewise(x, [x > 0], [lambda v, k: k * v**3, 0], 2.0), (2, 3))
case("piecewise, nowhere", lambda np, x: np.piecewise(x, [x > 9, x < 9], [lambda v: 1 / 0, np.exp]), (4,))
case("piecewise of one condition", lambda np, x: np.piecewise(x, x > 0, [np.sqrt, np.square]), (4,))
case("piecewise of a number", lambda np, x: np.piecewise(x, [x < 5, x >= 5], [np.exp, 1.0]), ())
