"""All of NumPy either works on a Value or says that it does not: no object arrays, no gradient lost in silence."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np
import pytest
from numpy.testing.overrides import get_overridable_numpy_array_functions, get_overridable_numpy_ufuncs

from autograd_lite import Value
from autograd_lite.primitive import COMPOSED, PLAIN, RULES, describe

UFUNCS = sorted(get_overridable_numpy_ufuncs(), key=str)
_ALL = sorted(get_overridable_numpy_array_functions(), key=describe)
_MAKERS = [f for f in _ALL if "like : array_like" in (f.__doc__ or "")]  # np.zeros(3, like=v): only `like` is asked
MAKERS = sorted({getattr(np, f.__name__) for f in _MAKERS}, key=describe)
FUNCTIONS = [f for f in _ALL if f not in _MAKERS]

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
    np.where: lambda v: np.where(v.data > 0, v, v),
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
    name = describe(function)
    try:
        outcome = call()
    except TypeError as error:
        if function in RULES or function in COMPOSED:
            raise AssertionError(f"{name} has a rule and raises {error}") from error
        if function not in PLAIN and f"{name} has no gradient rule" not in str(error):
            raise AssertionError(f"{name} is not refused by name: {error}") from error
        return
    parts = leaves(outcome)
    for part in parts:
        assert getattr(getattr(part, "dtype", None), "kind", None) != "O", f"{name} returned an object array"
    if function in PLAIN:
        assert not any(isinstance(part, Value) for part in parts)
    else:
        assert function in RULES or function in COMPOSED, f"{name} returned {type(outcome)} without a rule"
        assert any(isinstance(part, Value) and part.requires_grad for part in parts), f"{name} lost the gradient"


def positive_matrix() -> Value:
    return Value(np.array([[0.5, 0.2, 0.3], [0.1, 0.7, 0.4], [0.3, 0.1, 0.9]]))


@pytest.mark.parametrize("ufunc", UFUNCS, ids=lambda f: f.__name__)
def test_every_ufunc_works_or_says_that_it_does_not(ufunc: Any) -> None:
    v = positive_matrix()
    if ufunc is np.ldexp:
        check(ufunc, lambda: ufunc(v, 2))
    elif ufunc is np.arccosh:
        check(ufunc, lambda: ufunc(v + 1))
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
    for method in ("reduce", "accumulate", "outer", "reduceat"):
        if ufunc.nin == 2 and ufunc.signature is None:
            with pytest.raises(TypeError, match=rf"{ufunc.__name__}\.{method}"):
                getattr(ufunc, method)(v, *[[0, 1]] * (method == "reduceat"), *[v] * (method == "outer"))


def test_the_differentiable_ufuncs_have_rules() -> None:
    without = {
        f.__name__ for f in UFUNCS if f not in RULES and f not in COMPOSED and f not in PLAIN and "d->d" in f.types
    }
    assert without == {"_ones_like"}  # private
