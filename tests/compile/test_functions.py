"""Every function of the table, compiled, gives the bits of NumPy's: results, gradients, gradients of gradients.

Each program is made at the numbers of the table, then runs again on others, some of which lead functions another way.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite import TraceError

from ..gradients.table import CASES, Case, weighted_sum
from .same import bits

# what has as many elements, or takes the steps, that the numbers say: what is said about it on arrays, and on Values;
# None where it runs
LENGTH = "how long the result is depends on its numbers"
MASK = "reading with a mask"
PIVOTS = "a branch on the numbers"
REFUSED: dict[str, tuple[str | None, str | None]] = {
    **dict.fromkeys(
        (
            "unique", "unique with all", "unique rows", "unique_values", "unique_counts", "unique_inverse",
            "unique_all", "union1d", "intersect1d", "setdiff1d", "setxor1d", "extract", "trim_zeros",
            "trim_zeros front", "trim_zeros back", "trim_zeros of a matrix", "trim_zeros of an axis",
        ),
        (LENGTH, LENGTH),
    ),
    "intersect1d with a constant": ("a plain copy", "a plain copy"),
    "setdiff1d of unique": (LENGTH, MASK),
    **dict.fromkeys(("compress", "compress flat"), (LENGTH, None)),  # Values are read at constant places
    **dict.fromkeys(  # on arrays a single call of NumPy, whatever becomes of it inside
        (
            "piecewise", "piecewise, otherwise 0", "piecewise, nowhere", "piecewise of one condition",
            "piecewise of a number",
        ),
        (None, MASK),
    ),
    **dict.fromkeys([case.name for case in CASES if case.name.startswith(("ref ", "rref "))], (PIVOTS, PIVOTS)),
}  # fmt: skip

COMPILED = [case for case in CASES if case.name not in REFUSED]
every_case = pytest.mark.parametrize("case", COMPILED, ids=lambda c: c.name)
every_third = pytest.mark.parametrize("case", COMPILED[::3], ids=lambda c: c.name)
every_ninth = pytest.mark.parametrize("case", COMPILED[::9], ids=lambda c: c.name)
every_refused = pytest.mark.parametrize("case", [c for c in CASES if c.name in REFUSED], ids=lambda c: c.name)


def laid_out(x: Any, numbers: Any) -> Any:
    """Numbers in memory of their own that is laid out as that of `x`: with its gaps, turned round, or broadcast."""
    if not isinstance(x, np.ndarray):
        return x.dtype.type(numbers)
    if not x.size:
        return np.array(x)
    spans = [(length - 1) * stride for length, stride in zip(x.shape, x.strides, strict=True)]
    before = -sum(min(span, 0) for span in spans)
    memory = np.zeros(before + sum(max(span, 0) for span in spans) + x.itemsize, np.uint8)
    array = np.ndarray(x.shape, x.dtype, memory, before, x.strides)
    array[...] = numbers
    return array


def narrow(x: Any) -> Any:
    return x.astype({"f": np.float32, "c": np.complex64}.get(x.dtype.kind, x.dtype))


def numbers_of(case: Case, single: bool) -> list[list[Any]]:
    """The inputs of a case; others near to them; and others of the other sign, elsewhere in the array."""
    inputs = [narrow(x) if single else x for x in case.inputs]
    moving = [x.dtype.kind in "fc" for x in inputs]
    near = [0.97 * x if moves else x for x, moves in zip(inputs, moving, strict=True)]
    far = [-1.3 * np.flip(x) if moves else x for x, moves in zip(inputs, moving, strict=True)]
    return [[laid_out(x, new) for x, new in zip(inputs, each, strict=True)] for each in (inputs, near, far)]


def on_arrays(case: Case) -> Callable[..., Any]:
    return lambda *arrays: case.function(np, *arrays)


def with_gradients(case: Case) -> Callable[..., Any]:
    everything = tuple(range(len(case.inputs)))
    return ag.value_and_grad(lambda *arrays: weighted_sum(case.function(np, *arrays)), argnums=everything)


def with_second_gradients(case: Case) -> Callable[..., Any]:
    everything = tuple(range(len(case.inputs)))
    gradient = ag.grad(lambda *arrays: weighted_sum(case.function(np, *arrays)), argnums=everything)
    return ag.grad(lambda *arrays: weighted_sum(gradient(*arrays)), argnums=everything)


def called(function: Any, arrays: list[Any]) -> Any:
    return function(*arrays)


def called_with_values(function: Any, arrays: list[Any]) -> Any:
    return function(*[ag.Value(x) for x in arrays])


def backward(function: Any, arrays: list[Any]) -> Any:
    """The gradients that come back through a function."""
    values = [ag.Value(x) for x in arrays]
    weighted_sum(function(*values)).backward()
    return [value.grad for value in values]


def recorded_backward(function: Any, arrays: list[Any]) -> Any:
    """The same gradients, recorded."""
    values = [ag.Value(x) for x in arrays]
    weighted_sum(function(*values)).backward(create_graph=True)
    return [value.grad.data for value in values]


def backward_twice(function: Any, arrays: list[Any]) -> Any:
    """The gradients of these."""
    values = [ag.Value(x) for x in arrays]
    weighted_sum(function(*values)).backward(create_graph=True)
    total = weighted_sum([value.grad for value in values])
    for value in values:
        value.grad = None
    if total.requires_grad:
        total.backward()
    return [np.zeros_like(value.data) if value.grad is None else value.grad for value in values]


def compare(
    case: Case, function: Callable[..., Any], run: Callable[[Any, list[Any]], Any], single: bool = False
) -> None:
    """Compare a compiled function with itself, also in what it has written into its arguments."""
    program = ag.compile(function)
    for given, copies in zip(numbers_of(case, single), numbers_of(case, single), strict=True):
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                expected = run(function, given)
            except (ValueError, ZeroDivisionError, np.linalg.LinAlgError):
                continue  # which these numbers are not for
            got = run(program, copies)
        if is_one_complex_product(case) or run is backward_twice:  # which adds up in the order of another graph
            np.testing.assert_allclose(plain(got), plain(expected), rtol=3e-6 if single else 1e-12, atol=1e-13)
        else:
            assert bits(got) == bits(expected)
        assert bits(copies) == bits(given)


def is_one_complex_product(case: Case) -> bool:
    """NumPy itself rounds the product of two single complex numbers now this way and now that, by their addresses."""
    return case.name == "complex square ()"


def plain(tree: Any) -> Any:
    if isinstance(tree, tuple | list):
        return np.hstack([plain(x) for x in tree])
    return np.ravel(tree.data if isinstance(tree, ag.Value) else tree)


@every_case
def test_results(case: Case) -> None:
    compare(case, on_arrays(case), called)
    compare(case, on_arrays(case), called_with_values)


@every_case
def test_value_and_gradients(case: Case) -> None:
    compare(case, with_gradients(case), called)


@every_third
def test_value_and_gradients_in_single_precision(case: Case) -> None:
    compare(case, with_gradients(case), called, single=True)


@every_case
def test_backward_through_a_compiled_function(case: Case) -> None:
    compare(case, on_arrays(case), backward)


@every_ninth
def test_gradients_of_gradients(case: Case) -> None:
    compare(case, with_second_gradients(case), called)
    compare(case, on_arrays(case), recorded_backward)
    compare(case, on_arrays(case), backward_twice)


@every_refused
def test_what_hangs_on_numbers_is_refused_with_the_users_line(case: Case) -> None:
    for run, said in zip((called, called_with_values), REFUSED[case.name], strict=True):
        if said is None:
            compare(case, on_arrays(case), run)
            continue
        with pytest.raises(TraceError) as raised:
            run(ag.compile(on_arrays(case)), list(case.inputs))
        assert said in str(raised.value)
        assert "tests/gradients/table/" in str(raised.value)
