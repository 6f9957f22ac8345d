"""All of NumPy either works on a Value or says that it does not: no object arrays, no gradient lost in silence."""

from __future__ import annotations

import importlib
import inspect
import re
from typing import Any

import numpy as np
import pytest
from numpy.lib.stride_tricks import sliding_window_view
from numpy.testing.overrides import get_overridable_numpy_array_functions, get_overridable_numpy_ufuncs

from autograd_lite import Value
from autograd_lite.primitive import COMPOSED, PLAIN, RULES, describe, refusal

for _chapter in (
    "char",
    "fft",
    "lib.recfunctions",
    "polynomial",
    "strings",
):  # NumPy loads these when they are asked for
    importlib.import_module(f"numpy.{_chapter}")
UFUNCS = sorted([f for f in get_overridable_numpy_ufuncs() if not f.__name__.startswith("_")], key=str)
_ALL = sorted(get_overridable_numpy_array_functions(), key=describe)
_MAKERS = [f for f in _ALL if "like : array_like" in (f.__doc__ or "")]  # np.zeros(3, like=v): only `like` is asked
MAKERS = sorted({getattr(np, f.__name__) for f in _MAKERS}, key=describe)
FUNCTIONS = [f for f in _ALL if f not in _MAKERS]


def after(function: Any, *arguments: Any) -> Any:
    """The call that writes into a Value that was computed; and then it is the result."""

    def call(v: Value) -> Value:
        w = v * 1
        assert function(w, *[a(v) if callable(a) else a for a in arguments]) is None
        return w

    return call


INTEGERS = Value(np.ones((2, 4), np.uint8), requires_grad=False)

# calls whose arguments cannot be told from their names
CALLS: dict[Any, Any] = {
    np.array_split: lambda v: np.array_split(v, 3),
    np.broadcast_to: lambda v: np.broadcast_to(v, (2, 3, 3)),
    np.column_stack: lambda v: np.column_stack([v, v]),
    np.concatenate: lambda v: np.concatenate([v, v]),
    np.convolve: lambda v: np.convolve(v[0], v[1]),
    np.correlate: lambda v: np.correlate(v[0], v[1]),
    np.gradient: lambda v: np.gradient(v),
    np.interp: lambda v: np.interp(v, v[0], v[1]),
    np.polyder: lambda v: np.polyder(v[0]),
    np.polydiv: lambda v: np.polydiv(v[0], v[1]),
    np.polyfit: lambda v: np.polyfit(v[0], v[1], 1),
    np.polyint: lambda v: np.polyint(v[0]),
    np.polymul: lambda v: np.polymul(v[0], v[1]),
    np.roots: lambda v: np.roots(v[0]),
    np.vander: lambda v: np.vander(v[0]),
    np.cumsum: lambda v: np.cumsum(v),
    np.dstack: lambda v: np.dstack([v, v]),
    np.einsum: lambda v: np.einsum("ij,jk", v, v),
    np.full_like: lambda v: np.full_like(v, v[0, 0]),
    np.hsplit: lambda v: np.hsplit(v, 3),
    np.hstack: lambda v: np.hstack([v, v]),
    np.lexsort: lambda v: np.lexsort((v, v)),
    np.moveaxis: lambda v: np.moveaxis(v, 0, 1),
    np.pad: lambda v: np.pad(v, 1),
    np.repeat: lambda v: np.repeat(v, 2),
    np.reshape: lambda v: np.reshape(v, (9,)),
    np.roll: lambda v: np.roll(v, 1),
    np.searchsorted: lambda v: np.searchsorted(v[0], v),
    np.digitize: lambda v: np.digitize(v, np.array([0.2, 0.6])),
    np.argpartition: lambda v: np.argpartition(v, 1),
    np.split: lambda v: np.split(v, 3),
    np.stack: lambda v: np.stack([v, v]),
    np.swapaxes: lambda v: np.swapaxes(v, 0, 1),
    np.take: lambda v: np.take(v, [0, 1]),
    np.take_along_axis: lambda v: np.take_along_axis(v, np.zeros((3, 1), int), 1),
    np.tile: lambda v: np.tile(v, 2),
    np.expand_dims: lambda v: np.expand_dims(v, 0),
    np.vsplit: lambda v: np.vsplit(v, 3),
    np.vstack: lambda v: np.vstack([v, v]),
    np.can_cast: lambda v: np.can_cast(np.array(1.0), v.dtype),
    np.linalg.matrix_power: lambda v: np.linalg.matrix_power(v, 2),
    np.linalg.multi_dot: lambda v: np.linalg.multi_dot([v, v, v]),
    np.linalg.outer: lambda v: np.linalg.outer(v[0], v[1]),
    np.linalg.tensorinv: lambda v: np.linalg.tensorinv(v, ind=1),
    np.linalg.tensorsolve: lambda v: np.linalg.tensorsolve(v, v[0]),
    np.where: lambda v: np.where(v.data > 0, v, v),
    np.apply_along_axis: lambda v: np.apply_along_axis(np.sum, 0, v),
    np.apply_over_axes: lambda v: np.apply_over_axes(np.sum, v, 0),
    np.choose: lambda v: np.choose(np.array([0, 2, 1]), v),
    np.compress: lambda v: np.compress([True, False, True], v, axis=0),
    np.copyto: after(np.copyto, 2.0),
    np.delete: lambda v: np.delete(v, 1),
    np.dsplit: lambda v: np.dsplit(v[None], 3),
    np.fill_diagonal: after(np.fill_diagonal, lambda v: v[0]),
    np.insert: lambda v: np.insert(v, 1, v[0], axis=0),
    np.ix_: lambda v: np.ix_(v[0], v[1]),
    sliding_window_view: lambda v: sliding_window_view(v, 2, axis=1),
    np.partition: lambda v: np.partition(v, 1),
    np.piecewise: lambda v: np.piecewise(v, [v > 0.5], [np.exp, 0.0]),
    np.place: after(np.place, np.eye(3), lambda v: v),
    np.put: after(np.put, [0, 1], lambda v: v[0]),
    np.put_along_axis: after(np.put_along_axis, np.zeros((3, 1), int), lambda v: v[:, :1], 1),
    np.putmask: after(np.putmask, np.eye(3), lambda v: v),
    np.ravel_multi_index: lambda v: np.ravel_multi_index(INTEGERS, (3, 3)),
    np.packbits: lambda v: np.packbits(INTEGERS),
    np.unpackbits: lambda v: np.unpackbits(INTEGERS),
    np.busday_count: lambda v: np.busday_count(v, v),
    np.busday_offset: lambda v: np.busday_offset(v, v),
    np.dot: lambda v: np.dot(v, v),
    np.inner: lambda v: np.inner(v, v),
    np.vdot: lambda v: np.vdot(v, v),
    np.may_share_memory: lambda v: np.may_share_memory(v, v),
    np.shares_memory: lambda v: np.shares_memory(v, v),
    np.bincount: lambda v: np.bincount([0, 1, 1], weights=v[0]),
    np.cumulative_prod: lambda v: np.cumulative_prod(v, axis=0),
    np.cumulative_sum: lambda v: np.cumulative_sum(v, axis=0),
    np.histogram2d: lambda v: np.histogram2d([0.2, 0.3, 0.5], [0.1, 0.4, 0.8], weights=v[0]),
    np.linalg.matrix_power: lambda v: np.linalg.matrix_power(v, 3),
    np.linalg.multi_dot: lambda v: np.linalg.multi_dot([v, v, v]),
    np.linalg.outer: lambda v: np.linalg.outer(v[0], v[1]),
    np.linalg.tensorinv: lambda v: np.linalg.tensorinv(v, 1),
    np.linalg.tensorsolve: lambda v: np.linalg.tensorsolve(v, v[0]),
    np.einsum_path: lambda v: np.einsum_path("ij,jk", v, v),
    np.resize: lambda v: np.resize(v, (2, 5)),
    np.rollaxis: lambda v: np.rollaxis(v, 1),
    np.select: lambda v: np.select([v > 0.5], [v]),
    np.setdiff1d: lambda v: np.setdiff1d(v, v[0]),
    np.setxor1d: lambda v: np.setxor1d(v, v[0]),
    np.unravel_index: lambda v: np.unravel_index(INTEGERS, (3, 3)),
}

MADE_OF = {np.full: (3, 1.0), np.fromfunction: (max, (3,)), np.fromiter: ([1.0], float), np.fromstring: ("1 2",)}


def leaves(outcome: Any) -> list[Any]:
    if isinstance(outcome, list | tuple):
        return [leaf for part in outcome for leaf in leaves(part)]
    return [outcome]


def called_generically(function: Any, v: Value) -> Any:
    """The call with `v` for every argument that has no default."""
    try:
        parameters = list(inspect.signature(function).parameters.values())
    except ValueError:  # written in C, without a signature
        return function(v)
    required = [p for p in parameters if p.default is p.empty and p.kind is not p.VAR_KEYWORD]  # *args: one
    return function(*[v] * len(required))


def check(function: Any, call: Any) -> None:
    name, reason = describe(function), refusal(function)
    if reason is not None:
        with pytest.raises(TypeError, match=re.escape(f"{name} has no gradient rule: {reason}")):
            call()
        return
    parts = leaves(call())
    for part in parts:
        assert getattr(getattr(part, "dtype", None), "kind", None) != "O", f"{name} returned an object array"
    if function in PLAIN or function is np.sign:  # which has a derivative on complex numbers alone
        assert not any(isinstance(part, Value) for part in parts)
    else:
        assert any(isinstance(part, Value) and part.requires_grad for part in parts), f"{name} lost the gradient"


def positive_matrix() -> Value:
    return Value(np.array([[0.5, 0.2, 0.3], [0.1, 0.7, 0.4], [0.3, 0.1, 0.9]]))


@pytest.mark.parametrize("function", [*UFUNCS, *FUNCTIONS, *MAKERS], ids=describe)
def test_every_function_that_takes_a_value_has_one_answer(function: Any) -> None:
    """A new NumPy shows here what is new: write a rule, or say that it is plain or why it is refused."""
    answers = [function in RULES, function in COMPOSED, function in PLAIN, refusal(function) is not None]
    assert sum(answers) == 1


@pytest.mark.parametrize("ufunc", UFUNCS, ids=lambda f: f.__name__)
def test_every_ufunc_works_or_says_that_it_does_not(ufunc: Any) -> None:
    v = positive_matrix()
    if ufunc is np.ldexp:
        check(ufunc, lambda: ufunc(v, 2))
    elif ufunc is np.arccosh:
        check(ufunc, lambda: ufunc(v + 1))
    elif ufunc.types and not any("d" in kinds for kinds in ufunc.types) and refusal(ufunc) is None:
        check(ufunc, lambda: ufunc(*[INTEGERS] * ufunc.nin))
    else:
        check(ufunc, lambda: ufunc(*[v] * ufunc.nin))
    if ufunc.nin == 2 and ufunc.signature is None and ufunc in RULES and ufunc is not np.ldexp:
        check(ufunc, lambda: ufunc(v, np.ones(3)))
        check(ufunc, lambda: ufunc(np.ones(3), v))
        check(ufunc, lambda: ufunc(2.0, v))


@pytest.mark.parametrize("function", FUNCTIONS, ids=describe)
def test_every_array_function_works_or_says_that_it_does_not(function: Any) -> None:
    v = positive_matrix()
    call = CALLS.get(function)
    if function.__name__ == "in1d":  # which NumPy 2.3 still has
        return
    check(function, (lambda: call(v)) if call else (lambda: called_generically(function, v)))


@pytest.mark.parametrize("function", MAKERS, ids=describe)
def test_every_function_that_makes_arrays_refuses_to_make_values(function: Any) -> None:
    with pytest.raises(TypeError, match=rf"{describe(function)} has no gradient rule"):
        function(*MADE_OF.get(function, (3,)), like=positive_matrix())


@pytest.mark.parametrize("ufunc", [f for f in UFUNCS if f in RULES], ids=lambda f: f.__name__)
def test_a_ufunc_refuses_what_its_rule_does_not_know(ufunc: Any) -> None:
    v = positive_matrix() + 1
    args = (v, 2) if ufunc is np.ldexp else [v] * ufunc.nin
    target = np.zeros((3, 3))
    for options in ({"out": target}, {"where": np.eye(3, dtype=bool)}, {"dtype": np.float32}):
        with pytest.raises(TypeError, match=f"{next(iter(options))}|{ufunc.__name__}"):
            ufunc(*args, **options)
    assert not target.any()
    if ufunc.nin <= 2 and ufunc.signature is None:
        with pytest.raises(TypeError, match=rf"{ufunc.__name__}\.at has no gradient rule"):
            ufunc.at(target, [0], *[v] * (ufunc.nin - 1)) if ufunc.nin == 2 else ufunc.at(v, [0])
        assert not target.any()
