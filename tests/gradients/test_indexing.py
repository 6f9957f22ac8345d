"""Reading and writing by every form of index that NumPy has."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite import Value

from .table import sample, weights_for

MASK = np.array([[True, False, True, False], [False, False, True, True], [False, True, False, False]])
NO_MASK = np.zeros((3, 4), bool)
INDICES: dict[str, Any] = {
    "integer": 1,
    "negative": -1,
    "np.integer": np.int64(2),
    "integers": (1, -2),
    "slice": slice(1, None),
    "slice with a step": (slice(None, None, 2), slice(None, None, -1)),
    "empty slice": slice(2, 2),
    "None": (None, 1, slice(None), None),
    "...": ...,
    "... in the middle": (1, ..., None, 2),
    "nothing": (),
    "mask": MASK,
    "mask of rows": np.array([True, False, True]),
    "mask of nothing": NO_MASK,
    "mask of columns": (slice(None), np.array([False, True, True, False])),
    "list of bools": [True, False, True],
    "bool": True,
    "0-d bool": np.array(False),
    "integer array": np.array([2, 0]),
    "repeated": np.array([1, 1, 0, 1]),
    "list": [2, -1, 2],
    "two-dimensional": np.array([[0, 1], [1, 1]]),
    "0-d integer array": np.array(1),
    "empty list": [],
    "pairs": (np.array([0, 2, 0]), np.array([1, 3, 1])),
    "broadcast pairs": (np.array([[0], [2]]), np.array([1, 1, 3])),
    "list and slice": ([2, 2], slice(1, 3)),
    "slice and list": (slice(0, 2), [3, 0, 3]),
    "list and integer": ([0, 2], 1),
    "list, None and slice": ([0, 0], None, slice(None)),
    "np.ix_": np.ix_([2, 0, 2], [1, 3]),
    "unsigned": np.array([1, 0], np.uint8),
}
every_index = pytest.mark.parametrize("index", INDICES.values(), ids=INDICES.keys())


@every_index
def test_reading_scatters_the_gradient_back(index: Any) -> None:
    x = sample((3, 4))
    v = Value(x)
    y = v[index]
    np.testing.assert_array_equal(y.data, x[index])
    weights = weights_for(y.shape)
    (y * weights).sum().backward()
    expected = np.zeros_like(x)
    np.add.at(expected, index, weights)
    np.testing.assert_allclose(v.grad, expected, rtol=1e-14)
    assert v.grad.dtype == np.float64
    ag.check_grads(lambda v: v[index] ** 3, x)


@pytest.mark.parametrize("index", [index for index in INDICES.values() if isinstance(index, np.ndarray)])
def test_an_index_may_be_a_value_without_gradient(index: Any) -> None:
    v = Value(sample((3, 4)))
    held = Value(index, requires_grad=False)
    np.testing.assert_array_equal(v[held].data, v.data[index])
    np.testing.assert_array_equal(v[held, ...].data, v.data[index, ...])
    v[held].sum().backward()
    assert v.grad.shape == (3, 4)


@every_index
def test_writing_an_array_cuts_the_old_contents_off(index: Any) -> None:
    x = sample((3, 4))
    item_shape = x[index].shape
    item = sample(item_shape, salt=3)
    expected = np.array(x)
    expected[index] = item
    # which element each place comes from: the source's number, or -1 - the item's
    source = np.arange(12).reshape(3, 4)
    source[index] = -1 - np.arange(int(np.prod(item_shape))).reshape(item_shape)

    v, w = Value(x), Value(item)
    y = v * 1
    y[index] = w
    np.testing.assert_array_equal(y.data, expected)
    np.testing.assert_array_equal(x, sample((3, 4)))
    weights = weights_for((3, 4))
    (y * weights).sum().backward()
    for_x, for_item = np.zeros(12), np.zeros(int(np.prod(item_shape)))
    for place, weight in zip(source.ravel(), weights.ravel(), strict=True):
        (for_x if place >= 0 else for_item)[place if place >= 0 else -1 - place] += weight
    np.testing.assert_allclose(v.grad, for_x.reshape(3, 4), rtol=1e-14)
    np.testing.assert_allclose(w.grad, for_item.reshape(item_shape), rtol=1e-14)

    def written(x: Any, item: Any) -> Any:
        y = x * x
        y[index] = item**2
        return y * y

    ag.check_grads(written, x, item)


@every_index
def test_writing_broadcasts_the_item(index: Any) -> None:
    for item in (2.0, np.float32(3.0), Value(1.5), Value(np.ones((1, 1, 1, 1), np.float32) * 2)):
        v = Value(sample((3, 4)))
        y = v * 1
        if np.ndim(item) == 4 and (y[index].ndim == 0 or index is MASK or index is NO_MASK):
            continue  # NumPy itself refuses
        y[index] = item
        expected = np.array(v.data)
        expected[index] = item.data if isinstance(item, Value) else item
        np.testing.assert_array_equal(y.data, expected)
        y.sum().backward()
        replaced = np.zeros((3, 4), bool)
        replaced[index] = True
        np.testing.assert_array_equal(v.grad, ~replaced)
        if isinstance(item, Value):
            assert item.grad.shape == item.shape
            assert item.grad.dtype == item.dtype
            assert item.grad.sum() == replaced.sum()


def test_of_items_written_to_one_place_the_last_wins() -> None:
    v, w = Value(np.zeros(3)) * 1, Value([1.0, 2.0, 3.0, 4.0])
    v[[0, 2, 0, 0]] = w
    np.testing.assert_array_equal(v.data, [4, 0, 2])
    (v * np.array([10.0, 20.0, 30.0])).sum().backward()
    np.testing.assert_array_equal(w.grad, [0, 30, 0, 10])


def test_who_read_the_old_contents_keeps_them() -> None:
    x = Value([1.0, 2.0, 3.0])
    y = x * 1
    old = y[0] * 10
    row = y
    y[0] = 5.0
    assert row is y
    assert old.item() == 10
    new = y[0] * 10
    (old + new + y[1]).backward()
    np.testing.assert_array_equal(x.grad, [10, 1, 0])
    assert y.grad is not None
    np.testing.assert_array_equal(y.grad, [10, 1, 0])


def test_a_constant_becomes_part_of_the_graph_when_a_value_is_written_into_it() -> None:
    table = Value(np.zeros((2, 2)), requires_grad=False, name="table")
    w = Value(3.0)
    table[0, 1] = w
    table[1] = w * w
    assert table.requires_grad
    assert table.name == "table"
    (table * np.array([[1.0, 2.0], [3.0, 4.0]])).sum().backward()
    assert w.grad == 2 + 7 * 6
    np.testing.assert_array_equal(table.grad, [[1, 2], [3, 4]])


def test_a_constant_keeps_its_name_when_a_constant_is_written_into_it() -> None:
    table = Value(np.zeros(2), requires_grad=False, name="table")
    table[0] = 1.0
    assert table.name == "table"
    assert not table.requires_grad
    assert table.data.tolist() == [1, 0]


def test_a_loop_may_fill_an_array() -> None:
    x = Value([0.5, 1.5, 2.5])
    y = Value(np.zeros(3), requires_grad=False)
    total = 0.0
    for i in range(3):
        total = total + x[i]
        y[i] = total
    y.sum().backward()
    np.testing.assert_array_equal(x.grad, [3, 2, 1])
    np.testing.assert_array_equal(y.data, np.cumsum(x.data))


def test_writing_into_a_scalar() -> None:
    x, w = Value(2.0), Value(5.0)
    y = x * 1
    y[...] = w * 2
    (y * 3).backward()
    assert (x.grad, w.grad, y.item()) == (0, 6, 10)
    y[()] = 1.0
    assert y.item() == 1


def test_augmented_assignment_to_a_part() -> None:
    x = Value([1.0, 2.0, 3.0])
    y = x * x
    y[1:] += 10
    y[0] *= x[2]
    y.sum().backward()
    np.testing.assert_allclose(x.grad, [2 * 1 * 3, 4, 6 + 1])


@pytest.mark.parametrize(
    ("index", "kind"),
    [(3, IndexError), ((0, 0, 0), IndexError), (1.5, IndexError), ("a", IndexError), (np.ones(2), IndexError),
     (Value(1.0), IndexError), (np.ones((2, 2), bool), IndexError)],
)  # fmt: skip
def test_a_wrong_index_raises_as_in_numpy(index: Any, kind: type[Exception]) -> None:
    v = Value(np.zeros((3, 4))) * 1
    node = v.node
    with pytest.raises(kind):
        v[index]
    with pytest.raises(kind):
        v[index] = 1.0
    assert v.node is node


# every form of argument; the result of each is linear in the array
X = sample((3, 4))
SELECTIONS: dict[str, Any] = {
    "take nothing": lambda x: np.take(x, [], axis=0),
    "take a scalar's element": lambda x: np.take(x[0, 0], [0, -1, 0]),
    "take by a mask": lambda x: np.take(x, [True, False, True]),
    "compress less": lambda x: np.compress([0, 2], x, axis=0),
    "compress nothing": lambda x: np.compress([], x, axis=1),
    "compress a scalar": lambda x: np.compress([True], x[0, 0]),
    "extract by numbers": lambda x: np.extract(np.arange(12) % 5, x),
    "delete nothing": lambda x: np.delete(x, []),
    "delete a slice backwards": lambda x: np.delete(x, slice(None, None, -2), axis=1),
    "delete all": lambda x: np.delete(x, slice(None), axis=-1),
    "delete np.integer": lambda x: np.delete(x, np.int8(-1), axis=0),
    "delete a matrix of places": lambda x: np.delete(x, [[0, 1], [1, 2]]),
    "delete by a mask": lambda x: np.delete(x, np.arange(12) % 2 == 0),
    "delete from a scalar": lambda x: np.delete(x[0, 0], 0),
    "insert nothing": lambda x: np.insert(x, [], x[:0], axis=0),
    "insert at the end": lambda x: np.insert(x, 12, x[0, 0]),
    "insert negative": lambda x: np.insert(x, -1, x[:, 0], axis=1),
    "insert a matrix": lambda x: np.insert(x, [1], x[:, :2], axis=1),
    "insert by a mask": lambda x: np.insert(x[0], np.array([True, False, True, False]), x[1, :2]),
    "insert in a scalar": lambda x: np.insert(x[0, 0], 0, x[1, 0]),
    "insert lists": lambda x: np.insert(x, [0, 1], [[0.0], [0.0]], axis=0),
    "trim nothing": lambda x: np.trim_zeros(x),
    "trim all": lambda x: np.trim_zeros(x * 0),
    "trim the front of all": lambda x: np.trim_zeros(x * 0, "f"),
    "trim inner zeros": lambda x: np.trim_zeros(x * (np.arange(12).reshape(3, 4) % 5 == 1)),
    "trim one axis": lambda x: np.trim_zeros(x * [0, 1, 0, 0], axis=1),
    "rotate often": lambda x: np.rot90(x, 11),
    "rotate another way": lambda x: np.rot90(x, -2, axes=(1, -2)),
    "resize to nothing": lambda x: np.resize(x, (2, 0)),
    "resize by a number": lambda x: np.resize(x, 30),
    "repeat as NumPy's integer": lambda x: np.repeat(x, np.int64(2), axis=1),
    "repeat rows differently": lambda x: np.repeat(x, [0, 3, 1], axis=-2),
    "diagflat of a matrix": lambda x: np.diagflat(x, -1),
    "sort nothing": lambda x: np.sort(x[:0], axis=0),
    "sort a row": lambda x: np.sort(x[1]),
    "sort a transposed": lambda x: np.sort(x.T, axis=-2, kind="mergesort"),
    "median by partition": lambda x: np.partition(x, (1, 2), axis=None)[1:3],
    "choose by booleans": lambda x: np.choose(X > 0, [x, 2 * x]),
    "choose from rows": lambda x: np.choose([2, 0, 1, 1], x),
    "select from nothing true": lambda x: np.select([X > 9], [x]),
    "select by a number": lambda x: np.select([np.True_, X > 0], [x, 3 * x]),
    "piecewise constant 0": lambda x: np.piecewise(x, [X > 0], [0.0, lambda v: 3 * v]),
    "piecewise overlapping": lambda x: np.piecewise(x, [X > -9, X > 0], [lambda v: v, lambda v: 5 * v]),
    "block of numbers": lambda x: np.block([[x, np.zeros((3, 1))], [0.0, x[:1]]]),
    "block deeper than its arrays": lambda x: np.block([[[x[0]], [x[1]]]]),
    "dsplit of a cube": lambda x: np.concatenate(np.dsplit(x.reshape(1, 3, 4), [1, 3]), axis=2),
    "rollaxis to its place": lambda x: np.rollaxis(x, 1, 1),
    "windows of one": lambda x: np.lib.stride_tricks.sliding_window_view(x, (1, 1)),
    "windows of all": lambda x: np.lib.stride_tricks.sliding_window_view(x, (3, 4)),
    "windows along negative": lambda x: np.lib.stride_tricks.sliding_window_view(x, 2, axis=-2),
    "apply nothing": lambda x: np.apply_along_axis(lambda row: row, -2, x),
    "apply to lists": lambda x: np.apply_along_axis(lambda row: [row[0], 2 * row[1]][1], 1, x),
    "apply over one axis": lambda x: np.apply_over_axes(np.mean, x, -1),
}


@pytest.mark.parametrize("function", SELECTIONS.values(), ids=SELECTIONS.keys())
def test_elements_come_from_where_numpy_takes_them(function: Any) -> None:
    v = Value(X)
    expected, got = function(X), function(v)
    data = got.data if isinstance(got, Value) else got
    assert data.shape == expected.shape
    assert data.dtype == expected.dtype
    np.testing.assert_allclose(data, expected, rtol=1e-15, atol=0)
    if isinstance(got, Value):
        weights = weights_for(expected.shape)
        got.backward(weights)
        np.testing.assert_allclose((v.grad * X).sum(), (weights * expected).sum(), rtol=1e-13, atol=1e-13)
    else:
        assert expected.size == 0 or not expected.any()


@pytest.mark.parametrize(
    ("call", "kind", "words"),
    [
        (lambda v: np.compress([[True]], v), ValueError, r"\(1, 1\)"),
        (lambda v: np.compress([0, 0, 0, 1], v, axis=0), IndexError, "3"),
        (lambda v: np.delete(v, 12), IndexError, "12"),
        (lambda v: np.delete(v, 0, axis=2), ValueError, "axis 2"),
        (lambda v: np.insert(v, 9, 1.0, axis=0), IndexError, "9"),
        (lambda v: np.insert(np.zeros(3, int), 0, v[0, 0]), TypeError, "int64"),
        (lambda v: np.trim_zeros(v, "x"), ValueError, "'x'"),
        (lambda v: np.choose([3], [v, v]), ValueError, "choose"),
        (lambda v: np.choose(v, [v, v]), TypeError, "cast"),
        (lambda v: np.select([v > 0], [v, v]), ValueError, "1 and 2"),
        (lambda v: np.select([v.data], [v]), TypeError, "bool"),
        (lambda v: np.piecewise(v, [v > 0], [1.0, 2.0, 3.0]), ValueError, "1 conditions.*3"),
        (lambda v: np.rot90(v, axes=(0, 0)), ValueError, "axis|axes"),
        (lambda v: np.rot90(v, axes=(0,)), ValueError, "two axes"),
        (lambda v: np.rollaxis(v, 0, 3), ValueError, "start=3"),
        (lambda v: np.resize(v, -1), ValueError, r"\(-1,\)"),
        (lambda v: np.meshgrid(v, indexing="yx"), ValueError, "'yx'"),
        (lambda v: np.ix_(v), ValueError, r"\(3, 4\)"),
        (lambda v: np.broadcast_arrays(v, np.zeros(3)), ValueError, "3"),
        (lambda v: np.block([[v], v]), ValueError, "equally deep"),
        (lambda v: np.block([v, []]), ValueError, "empty"),
        (lambda v: np.block([v, (v, v)]), TypeError, "tuples"),
        (lambda v: np.dsplit(v, 2), ValueError, "three axes"),
        (lambda v: np.apply_along_axis(np.sum, 1, v[:0]), ValueError, r"\(0, 4\)"),
        (lambda v: np.apply_over_axes(lambda a, axis: a[0, 0], v, 0), ValueError, "shape"),
        (lambda v: np.sort(v, axis=2), ValueError, "axis 2"),
        (lambda v: np.partition(v, 4), ValueError, "4"),
        (lambda v: np.lib.stride_tricks.sliding_window_view(v, 5, axis=0), ValueError, ""),
        (lambda v: np.unique(v, axis=2), ValueError, "axis 2"),
    ],
)
def test_wrong_arguments_of_a_selection_raise(call: Any, kind: type[Exception], words: str) -> None:
    with pytest.raises(kind, match=words or None):
        call(Value(X))


def test_of_equal_elements_the_first_gets_the_gradient() -> None:
    v, w = Value([2.0, 1.0, 2.0, 1.0]), Value([1.0, 3.0])
    values, index, inverse, counts = np.unique(v, True, True, True)
    np.testing.assert_array_equal(values.data, [1, 2])
    for got, expected in zip((index, inverse, counts), np.unique(v.data, True, True, True)[1:], strict=True):
        assert isinstance(got, np.ndarray)
        np.testing.assert_array_equal(got, expected)
    (values * [10.0, 20.0]).sum().backward()
    np.testing.assert_array_equal(v.grad, [20, 10, 0, 0])
    v.grad = None
    np.union1d(v, w).sum().backward()
    np.testing.assert_array_equal(v.grad, [1, 1, 0, 0])
    np.testing.assert_array_equal(w.grad, [0, 1])
    v.grad = w.grad = None
    common, *places = np.intersect1d(v, w, return_indices=True)
    common.sum().backward()
    np.testing.assert_array_equal(v.grad, [0, 1, 0, 0])
    assert w.grad is None or not w.grad.any()
    assert [p.tolist() for p in places] == [[1], [0]]


def test_the_results_of_unique_have_numpys_names() -> None:
    v = Value([2.0, np.nan, 1.0, np.nan, 2.0])
    for function in (np.unique_all, np.unique_counts, np.unique_inverse):
        got, expected = function(v), function(v.data)
        assert type(got) is type(expected)
        assert isinstance(got.values, Value)
        np.testing.assert_array_equal(got.values.data, expected.values)
        for mine, numpys in zip(got[1:], expected[1:], strict=True):
            assert isinstance(mine, np.ndarray)
            np.testing.assert_array_equal(mine, numpys)
    np.testing.assert_array_equal(np.unique(v, equal_nan=True).data, [1, 2, np.nan])
