"""The handle: what may be a Value, operators with everything NumPy offers on the other side, both protocols, copies."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite import Value

# ---- making one ----


@pytest.mark.parametrize(
    ("given", "dtype", "shape"),
    [(2, "float64", ()), (2.5, "float64", ()), ([1, 2], "float64", (2,)), ([[1.0], [2.0]], "float64", (2, 1)),
     ((1, 2), "float64", (2,)), ([], "float64", (0,)), (np.float32(1), "float32", ()), (np.float16(1), "float16", ()),
     (np.ones(3, np.float32), "float32", (3,)), (np.array(2.0), "float64", ()), (np.ones((0, 2)), "float64", (0, 2)),
     ([np.float32(1), np.float32(2)], "float32", (2,)), (float("nan"), "float64", ())],
)  # fmt: skip
def test_numbers_lists_and_floating_arrays_become_values(given: Any, dtype: str, shape: tuple[int, ...]) -> None:
    v = Value(given)
    assert (v.dtype, v.shape, v.grad, v.name) == (np.dtype(dtype), shape, None, None)
    assert v.requires_grad
    assert v.is_leaf
    assert v.node.function is None
    np.testing.assert_array_equal(v.data, given)


def test_an_array_is_not_copied_and_dtype_converts() -> None:
    x = np.ones(3)
    assert Value(x).data is x
    assert Value(x, dtype=np.float32).dtype == np.float32
    assert Value(np.arange(3), dtype=float).dtype == np.float64
    assert Value(2, dtype=np.float32).dtype == np.float32
    assert Value([1, 2], dtype="float32").dtype == np.float32
    assert Value(np.arange(3), requires_grad=False).dtype.kind == "i"
    assert Value(2**60 + 1, requires_grad=False, dtype=np.int64).data == 2**60 + 1


# ---- operators ----

OTHERS = [2, 2.0, True, np.float64(2), np.float32(2), np.int64(2), np.bool_(True), [1.0, 2.0, 4.0], (1, 2, 4),
          range(1, 4), np.array(2.0), np.array([1, 2, 4]), np.array([1.0, 2.0, 4.0], np.float32),
          np.ones((2, 1))]  # fmt: skip
OPERATORS = {
    "+": lambda a, b: a + b, "-": lambda a, b: a - b, "*": lambda a, b: a * b, "/": lambda a, b: a / b,
    "**": lambda a, b: a**b, "%": lambda a, b: a % b,
}  # fmt: skip


@pytest.mark.parametrize("operator", OPERATORS.values(), ids=OPERATORS.keys())
@pytest.mark.parametrize("other", OTHERS, ids=lambda x: f"{type(x).__name__} {x}".replace("\n", ""))
def test_operators_take_all_kinds_of_constants_on_both_sides(operator: Any, other: Any) -> None:
    x = np.array([1.5, 2.5, 3.5])
    plain = np.asarray(other) if isinstance(other, list | tuple | range) else other
    for dtype in (np.float64, np.float32):
        for swapped in (False, True):
            v = Value(x.astype(dtype))
            got = operator(other, v) if swapped else operator(v, other)
            expected = operator(plain, v.data) if swapped else operator(v.data, plain)
            assert isinstance(got, Value)
            assert got.dtype == expected.dtype
            np.testing.assert_array_equal(got.data, expected)
            got.sum().backward()
            assert v.grad.dtype == dtype
            assert v.grad.shape == (3,)
            if dtype == np.float64:
                ag.check_grads(lambda v, s=swapped: operator(other, v) if s else operator(v, other), x, order=1)


def test_a_foreign_array_is_a_constant() -> None:
    class Column:
        def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
            return np.array([3.0, 4.0])

    v = Value([1.0, 2.0])
    for product in (v * Column(), Column() * v, np.multiply(v, Column())):
        product.sum().backward()
    np.testing.assert_array_equal(v.grad, [9, 12])


def test_operators_of_two_values_and_of_one() -> None:
    a, b = Value([1.0, -2.0]), Value(3.0)
    for operator in (*OPERATORS.values(), lambda a, b: abs(a) + -b + +a):
        np.testing.assert_array_equal(operator(abs(a), b).data, operator(abs(a.data), b.data))
    m = Value(np.eye(2)) @ a + a @ np.eye(2) + np.eye(2) @ a
    np.testing.assert_array_equal(m.data, 3 * a.data)
    m.sum().backward()
    np.testing.assert_array_equal(a.grad, [3, 3])


def test_augmented_assignment_makes_a_new_value() -> None:
    x = Value(2.0)
    y = x
    y += 1
    y *= x
    y -= 0.5
    y /= 2
    y **= 2
    assert y is not x
    assert x.item() == 2
    y.backward()
    assert x.grad == pytest.approx(2 * (2 * 3 - 0.5) / 2 * 5 / 2)


def test_comparisons_and_floor_division_return_plain_arrays() -> None:
    v, w = Value([1.0, 2.0, 3.0]), Value(2.0)
    for got, expected in [
        (v > w, [False, False, True]), (v >= 2, [False, True, True]), (v < w, [True, False, False]),
        (v <= w, [True, True, False]), (v == w, [False, True, False]), (v != w, [True, False, True]),
        (np.float64(2) < v, [False, False, True]), (np.array(2.0) < v, [False, False, True]), (v // 2, [0, 1, 1]),
        (7 // v, [7, 3, 2]), (np.float64(7) // v, [7, 3, 2]), (np.isnan(v), [False] * 3), (np.sign(v), [1, 1, 1]),
        (np.argmax(v), 2), (np.argsort(v), [0, 1, 2]), (np.round(v), [1, 2, 3]), (np.ones_like(v), [1, 1, 1]),
    ]:  # fmt: skip
        assert isinstance(got, np.ndarray | np.generic)
        np.testing.assert_array_equal(got, expected)
    whole, rest = divmod(Value(7.0), 2)
    assert (whole, rest.item(), rest.requires_grad) == (3, 1, True)
    assert 2.0 in v
    assert 5.0 not in v
    assert len({v, w, v}) == 2


# ---- NumPy's protocols ----


def test_arguments_may_be_passed_by_keyword() -> None:
    v, w = Value([1.0, 5.0, 3.0]), Value(2.0)
    assert np.sum(a=v).item() == 9
    assert np.sum(axis=0, a=v).item() == 9
    np.testing.assert_array_equal(np.clip(v, min=w).data, [2, 5, 3])
    np.testing.assert_array_equal(np.clip(v, a_max=w, a_min=None).data, [1, 2, 2])
    np.testing.assert_array_equal(np.reshape(v, shape=(3, 1)).data, [[1], [5], [3]])
    np.testing.assert_array_equal(np.take(a=v, indices=[0]).data, [1])
    np.testing.assert_array_equal(np.concatenate(arrays=[v, v], axis=0).data, [1, 5, 3, 1, 5, 3])
    assert np.linalg.norm(x=v, ord=1).item() == 9
    (np.sum(a=v) + np.clip(v, min=w).sum()).backward()
    np.testing.assert_array_equal(v.grad, [1, 2, 2])
    assert w.grad == 1


def test_defaults_of_numpy_may_be_spelled_out() -> None:
    v = Value([[1.0, 2.0]])
    assert np.sum(v, None, None, None).item() == 3
    assert np.sum(v, out=None, keepdims=np._NoValue, initial=np._NoValue, where=True).item() == 3
    assert np.exp(v, out=None, where=True, dtype=None).shape == (1, 2)
    assert np.take(v, 0, None, None).item() == 1
    with pytest.raises(TypeError, match="'out'"):
        np.sum(v, None, None, np.zeros(()))
    with pytest.raises(TypeError, match="positional"):
        np.sum(v, None, None, None, True, 0.0, True, "one too many")


def test_a_plain_array_does_not_take_a_value_in() -> None:
    v, s, array = Value([1.0, 2.0]), Value(1.0), np.zeros(2)
    attempts: list[Any] = [
        lambda: array.__setitem__(slice(None), v),
        lambda: array.__iadd__(v),
        lambda: np.asarray(v),
        lambda: np.array([v, v]),
        lambda: np.array([s, s]),
        lambda: np.asarray(s),
        lambda: np.add(array, 1.0, out=v),
        lambda: np.add(array, v, out=array),
        lambda: np.copyto(array, v),
        lambda: np.add.at(array, [0], s),
        lambda: np.sum([s, s]),
        lambda: np.add(array, 1.0, where=v),
        lambda: array.fill(v),
    ]
    for attempt in attempts:
        with pytest.raises((TypeError, ValueError)):
            attempt()
        assert array.tolist() == [0, 0]
        assert v.data.tolist() == [1, 2]
    constant = Value([1.0, 2.0], requires_grad=False)
    np.testing.assert_array_equal(np.asarray(constant), [1, 2])


def test_zero_dimensional_arrays_and_scalars_behave_alike() -> None:
    for x in (Value(2.0), Value(np.array(2.0)), Value(np.float64(2.0))):
        y = np.exp(x * x) + x[()] + x[...] + x.sum() + np.where(x > 0, x, 0) + x.reshape(1)[0] + np.max(x) + x[None][0]
        y.backward()
        assert np.shape(x.grad) == ()
        assert x.grad == pytest.approx(4 * np.exp(4.0) + 7)


def test_a_value_of_one_element_and_any_shape_may_start_backward() -> None:
    for shape in ((), (1,), (1, 1)):
        x = Value(np.full(shape, 3.0))
        (x * x).backward()
        np.testing.assert_array_equal(x.grad, np.full(shape, 6.0))
    x = Value([1.0, 2.0])
    (x * x).backward([1.0, 10.0])
    np.testing.assert_array_equal(x.grad, [2, 40])
    (x * x).backward(Value([1.0, 1.0]))
    np.testing.assert_array_equal(x.grad, [4, 44])
    y = Value(np.ones(2, np.float32))
    y.backward(np.ones(2, int))
    assert y.grad.dtype == np.float32


def test_nan_and_inf_pass_through_forward_and_backward() -> None:
    x = Value([np.nan, 1.0, np.inf])
    y = (x * 2 + 1) * x
    y.sum().backward()
    np.testing.assert_array_equal(x.grad, [np.nan, 5, np.inf])
    x = Value([np.nan, 1.0])
    np.max(x).backward()
    assert np.isnan(np.max(x).item())
    assert ag.relu(Value(np.nan)).data != ag.relu(Value(np.nan)).data


def test_extreme_numbers_raise_no_warning() -> None:
    x = Value([-1e3, -745.0, 0.0, 745.0, 1e3, 1e300])
    (np.tanh(x) + np.logaddexp(x, 0.0) + np.arctan(x) + ag.relu(x) + np.maximum(x, 0)).sum().backward()
    assert np.isfinite(x.grad).all()
    for y, x in ((1e-200, 1e-200), (1e300, 1e300)):
        y, x = Value(y), Value(x)
        (np.arctan2(y, x) + np.arctan(x) + np.arcsinh(x)).backward()
        assert y.grad == pytest.approx(0.5 / x.data)
    near = Value(1 - 1e-12)
    np.arctanh(near).backward()
    assert near.grad == pytest.approx(1 / ((1 - near.data) * (1 + near.data)), rel=1e-14)
    assert Value(-np.inf).relu().item() == 0
    assert str(Value(-3.0).relu().data) == "0.0"
    tiny = Value(np.float32(1e-30))
    np.sqrt(tiny).backward()
    assert np.isfinite(tiny.grad)


# ---- names, freezing, detaching ----


def test_a_name_outlives_its_handle() -> None:
    x = Value(1.0, name="x")
    y = x * 2
    y.name = "hidden"
    loss = y + 1
    node = loss.node.parents[0]
    del y
    assert (node.name, node.parents[0].name) == ("hidden", "x")
    c = Value(1.0, requires_grad=False)
    assert c.node is None
    c.name = "c"
    assert (c.name, c.requires_grad) == ("c", False)
    assert (x * c).node.parents[1].name == "c"
    (x * c).backward()
    assert c.grad is None


def test_requires_grad_can_be_switched_on_a_leaf() -> None:
    p = Value([1.0], name="p")
    p.requires_grad = False
    assert (p * 2).node is None
    assert p.name == "p"
    p.requires_grad = True
    (p * 2).sum().backward()
    assert p.grad == [2]
    y = p * 2
    with pytest.raises(RuntimeError, match=r"computed.*v\.detach\(\)"):
        y.requires_grad = False
    y.requires_grad = True
    labels = Value(np.array([1, 2]), requires_grad=False)
    with pytest.raises(TypeError, match="integers"):
        labels.requires_grad = True
    assert not labels.requires_grad


def test_detach_is_a_constant_on_the_same_data() -> None:
    x = Value([1.0, 2.0])
    y = x * 2
    d = y.detach()
    assert d.data is y.data
    assert not d.requires_grad
    (y * d).sum().backward()
    np.testing.assert_array_equal(x.grad, 2 * d.data)
    assert d.grad is None


def test_a_gradient_can_be_set_and_cleared() -> None:
    x = Value(np.ones(2, np.float32))
    x.grad = [1.0, 2.0]
    assert x.grad.dtype == np.float32
    for wrong, kind in ((np.ones(3), ValueError), (1.0, ValueError), (["a", "b"], TypeError), ([1j, 0], TypeError)):
        with pytest.raises(kind):
            x.grad = wrong
        assert x.grad.tolist() == [1, 2]
    (x * 3).sum().backward()
    assert x.grad.tolist() == [4, 5]
    x.grad = None
    assert x.grad is None


# ---- copies ----


@pytest.mark.parametrize("copied", [copy.deepcopy, copy.copy, lambda v: pickle.loads(pickle.dumps(v))])
def test_a_copy_is_a_leaf_of_its_own(copied: Any) -> None:
    v = Value(np.ones(2, np.float32), name="w")
    v.sum().backward()
    twin = copied(v)
    assert (twin.name, twin.requires_grad, twin.dtype) == ("w", True, np.float32)
    np.testing.assert_array_equal(twin.grad, v.grad)
    assert not np.shares_memory(twin.data, v.data)
    assert not np.shares_memory(twin.grad, v.grad)
    (twin * 5).sum().backward()
    assert v.grad.tolist() == [1, 1]
    constant = copied(Value(np.arange(2), requires_grad=False))
    assert not constant.requires_grad
    assert constant.dtype.kind == "i"
    with pytest.raises(TypeError, match=r"v\.detach\(\)"):
        copied(v * 2)
    pair = copy.deepcopy([v, v])
    assert pair[0] is pair[1]


def test_a_subclass_takes_part_in_everything() -> None:
    class Parameter(Value):
        __slots__ = ("group",)

    p = Parameter([1.0, 2.0], name="p")
    p.group = "decay"
    y = 2 * p + p @ p + np.sum(p) + p[0] + np.concatenate([p, p])[1:3]
    assert type(y) is Value
    y.sum().backward()
    # d/dp of: 2 sum(p) + 2 |p|^2 + 2 sum(p) + 2 p0 + (p1 + p0)
    np.testing.assert_array_equal(p.grad, [2 + 4 + 2 + 2 + 1, 2 + 8 + 2 + 1])
    p.data -= p.grad
    assert isinstance(p, Parameter)
    assert type(copy.deepcopy(p)) is Parameter
    assert repr(p).startswith("Parameter(")
