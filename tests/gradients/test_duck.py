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


# functions that cupyx.scipy.special has, but whose derivative is made of one that it has not
WITHOUT_DERIVATIVE = {
    "boxcox": "hyp1f1", "boxcox1p": "hyp1f1", "ellipk": "hyp2f1", "ellipkm1": "ellipe", "exprel": "hyp1f1", "i1": "iv",
    "i1e": "ive", "inv_boxcox": "hyp2f1", "inv_boxcox1p": "hyp2f1", "j1": "jv", "k1": "kn", "k1e": "kve",
    "shichi": "hyp0f1",
}  # fmt: skip


def lacks(case: Case) -> str | None:
    """The function that the derivative of a special function needs, and that is not there."""
    chapter, name, *_ = f"{case.name} .".split()
    return WITHOUT_DERIVATIVE.get(name) if chapter == "special" else None


_RUNNING = [c for c in CASES if runs(c)]
RUNNING = [c for c in _RUNNING if lacks(c) is None]


@pytest.mark.parametrize("case", [c for c in _RUNNING if lacks(c)], ids=lambda c: c.name)
def test_a_missing_function_is_named(case: Case) -> None:
    ducks = [Value(Duck(x)) for x in case.inputs]
    out = results(case.function(np, *ducks))[0]
    with pytest.raises(TypeError, match=f"has no {lacks(case)}"):
        out.backward(Duck(weights_for(out.shape)))


@pytest.mark.parametrize("case", RUNNING, ids=lambda c: c.name)
def test_gradients_stay_on_the_device(case: Case) -> None:
    values = [Value(x) for x in case.inputs]
    ducks = [Value(Duck(x)) for x in case.inputs]
    for on_host, on_device in zip(results(case.function(np, *values)), results(case.function(np, *ducks)), strict=True):
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
