"""What holds for every function of the table."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite import Value

from .table import CASES, Case, results, weighted_sum

every_case = pytest.mark.parametrize("case", CASES, ids=lambda c: c.name)


def differentiated(case: Case, inputs: list[Any], **options: Any) -> list[Value]:
    """The inputs as Values, after backward."""
    values = [Value(x) for x in inputs]
    weighted_sum(case.function(np, *values)).backward(**options)
    return values


@every_case
def test_first_and_second_derivatives_agree_with_finite_differences(case: Case) -> None:
    ag.check_grads(lambda *values: case.function(np, *values), *case.inputs, order=2, rtol=2e-5, atol=2e-6)


@every_case
def test_the_result_is_numpys(case: Case) -> None:
    expected = results(case.function(np, *case.inputs))
    got = results(case.function(np, *[Value(x) for x in case.inputs]))
    assert len(got) == len(expected)
    for value, array in zip(got, expected, strict=True):
        data = value.data if isinstance(value, Value) else value
        assert data.shape == array.shape
        assert data.dtype == array.dtype
        if case.exact:
            np.testing.assert_array_equal(data, array)
        else:
            np.testing.assert_allclose(data, array, rtol=1e-13, atol=1e-14)
    assert any(isinstance(value, Value) and value.requires_grad for value in got)


@every_case
def test_a_gradient_has_the_shape_and_dtype_of_its_input(case: Case) -> None:
    for narrow in (case.inputs, case.inputs[:1]):
        inputs = [x.astype("c8" if x.dtype.kind == "c" else "f4") for x in narrow] + list(case.inputs[len(narrow) :])
        outcome = results(case.function(np, *[Value(x) for x in inputs]))
        expected = results(case.function(np, *inputs))
        assert [r.dtype for r in outcome] == [r.dtype for r in expected]
        exact = differentiated(case, [x.astype("c16" if x.dtype.kind == "c" else "f8") for x in inputs])
        for value, reference, x in zip(differentiated(case, inputs), exact, inputs, strict=True):
            assert value.grad.dtype == x.dtype
            assert value.grad.shape == x.shape
            np.testing.assert_allclose(value.grad, reference.grad, rtol=2e-3, atol=2e-4)


@every_case
def test_recording_the_backward_pass_gives_the_same_gradient(case: Case) -> None:
    plain = differentiated(case, list(case.inputs))
    recorded = differentiated(case, list(case.inputs), create_graph=True)
    for raw, lifted in zip(plain, recorded, strict=True):
        assert isinstance(lifted.grad, Value)
        assert lifted.grad.dtype == raw.grad.dtype
        np.testing.assert_allclose(lifted.grad.data, raw.grad, rtol=1e-12, atol=1e-14)


@every_case
def test_nothing_is_changed_and_no_gradient_is_shared(case: Case) -> None:
    inputs = [np.array(x) for x in case.inputs]
    values = [Value(x) for x in inputs]
    outcome = results(case.function(np, *values))
    before = [np.array(r.data if isinstance(r, Value) else r) for r in outcome]
    loss = weighted_sum(outcome)
    loss.backward()
    loss.backward()
    for x, original in zip(inputs, case.inputs, strict=True):
        np.testing.assert_array_equal(x, original)
    for r, copy in zip(outcome, before, strict=True):
        np.testing.assert_array_equal(r.data if isinstance(r, Value) else r, copy)
    once = differentiated(case, list(inputs))
    arrays = [v.grad for v in values]
    for value, first in zip(values, once, strict=True):
        np.testing.assert_allclose(value.grad, 2 * first.grad, rtol=1e-12, atol=1e-14)
    others = [*inputs, *[r.data for r in outcome if isinstance(r, Value)]]
    for i, gradient in enumerate(arrays):
        assert not any(np.shares_memory(gradient, other) for other in [*arrays[:i], *arrays[i + 1 :], *others])
