"""The same rules on arrays that are not NumPy's: whatever the array itself can do, its gradient can."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from autograd_lite import Value
from tests.duck import Duck

from .table import CASES, Case, results, weights_for


def runs(case: Case) -> bool:
    """Whether the double itself can compute this case: not if it mixes in a constant of the host."""
    try:
        outcome = results(case.function(np, *[Duck(x) for x in case.inputs]))
    except (TypeError, AttributeError, ValueError):
        return False
    return all(isinstance(r, Duck) for r in outcome)


RUNNING = [c for c in CASES if runs(c)]


@pytest.mark.parametrize("case", RUNNING, ids=lambda c: c.name)
def test_gradients_stay_on_the_device(case: Case) -> None:
    values = [Value(x) for x in case.inputs]
    ducks = [Value(Duck(x)) for x in case.inputs]
    for on_host, on_device in zip(
        results(case.function(np, *values)), results(case.function(np, *ducks)), strict=True
    ):
        if not isinstance(on_host, Value) or not on_host.requires_grad:
            continue
        assert isinstance(on_device.data, Duck)
        weights: Any = weights_for(on_host.shape)
        on_host.backward(weights)
        on_device.backward(Duck(weights))
    for value, duck in zip(values, ducks, strict=True):
        if value.grad is None:
            assert duck.grad is None
            continue
        assert isinstance(duck.grad, Duck)
        np.testing.assert_allclose(duck.grad.get(), value.grad, rtol=1e-12, atol=1e-13)
