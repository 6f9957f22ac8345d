"""The same rules on arrays that are not NumPy's: whatever the array itself can do, its gradient can."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from autograd_lite import Value, jacobian, value_and_grad
from tests.duck import Duck

from .table import CASES, Case, results, weights_for


def runs(case: Case) -> bool:
    """Whether the double itself can compute this case: not if it mixes in a constant of the host."""
    try:
        outcome = results(case.function(np, *[Duck(x.copy()) for x in case.inputs]))  # some write into them
    except (TypeError, AttributeError, ValueError):
        return False
    return all(isinstance(r, Duck) for r in outcome)


# of functions that cupyx.scipy.special has, those whose derivative needs one that it has not
MISSING_IN_FIRST_ORDER = {
    "boxcox": "hyp1f1", "boxcox1p": "hyp1f1", "ellipk": "hyp2f1", "ellipkm1": "ellipe", "exprel": "hyp1f1", "i1": "iv",
    "i1e": "ive", "inv_boxcox": "hyp2f1", "inv_boxcox1p": "hyp2f1", "j1": "jv", "k1": "kn", "k1e": "kve",
    "shichi": "hyp0f1",
}  # fmt: skip
MISSING_IN_SECOND_ORDER = {"i0": "iv", "i0e": "ive", "j0": "jv", "k0": "kn", "k0e": "kve"}


def name_of(case: Case) -> str:
    return case.name.removeprefix("special ").split()[0]


_RUNNING = [c for c in CASES if runs(c)]
RUNNING = [c for c in _RUNNING if name_of(c) not in MISSING_IN_FIRST_ORDER]
TWICE = [c for c in RUNNING if name_of(c) not in MISSING_IN_SECOND_ORDER]


def gradients(case: Case, array: Callable[[Any], Any], order: int) -> list[Any]:
    """The gradients of this order, first or second, with respect to each input; all arrays are made by `array`."""
    values = [Value(array(x)) for x in case.inputs]
    outcome = results(case.function(np, *values))
    for further in reversed(range(order)):
        for result in outcome:
            if isinstance(result, Value) and result.requires_grad:
                assert type(result.data) is type(values[0].data) or array is np.asarray  # which makes no scalars
                result.backward(array(weights_for(result.shape)), create_graph=further > 0)
        outcome = [v.grad for v in values]
        for v in values:
            v.grad = None
    return outcome


def on_both(case: Case, order: int) -> None:
    for on_host, on_device in zip(gradients(case, np.asarray, order), gradients(case, Duck, order), strict=True):
        if on_host is None:
            assert on_device is None
            continue
        assert isinstance(on_device, Duck)
        np.testing.assert_allclose(on_device.get(), on_host, rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize("case", RUNNING, ids=lambda c: c.name)
def test_gradients_stay_on_the_device(case: Case) -> None:
    on_both(case, 1)


@pytest.mark.parametrize("case", TWICE, ids=lambda c: c.name)
def test_second_derivatives_stay_on_the_device(case: Case) -> None:
    on_both(case, 2)


@pytest.mark.parametrize("case", [c for c in _RUNNING if c not in TWICE], ids=lambda c: c.name)
def test_a_missing_function_is_named(case: Case) -> None:
    order = 1 if name_of(case) in MISSING_IN_FIRST_ORDER else 2
    missing = {**MISSING_IN_FIRST_ORDER, **MISSING_IN_SECOND_ORDER}[name_of(case)]
    with pytest.raises(TypeError, match=f"has no {missing}"):
        gradients(case, Duck, order)


def test_a_backward_pass_starts_on_the_device() -> None:
    x = Value(Duck([1.0, 2.0]))
    np.sum(x).backward()  # whose rule spreads the 1 that it starts with
    assert x.grad.get().tolist() == [1.0, 1.0]
    value, gradient = value_and_grad(np.sum)(Duck([1.0, 2.0]))
    assert (float(value), gradient.get().tolist()) == (3.0, [1.0, 1.0])
    assert jacobian(np.square)(Duck([1.0, 2.0])).get().tolist() == [[2.0, 0.0], [0.0, 4.0]]
