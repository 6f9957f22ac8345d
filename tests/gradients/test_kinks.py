"""Gradients where a function has no derivative, and golden gradients from PyTorch everywhere."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite import Value
from tests.peers.golden import decoded

from .kinks import KINKS, Kink
from .table import BY_NAME, weighted_sum, weights_for

GOLDEN = json.loads((Path(__file__).parents[1] / "peers" / "golden.json").read_text())
del GOLDEN["made with"]
NUMPY_AND_RELU = SimpleNamespace(**{**vars(np), "relu": ag.relu})


def gradients_at(kink: Kink, **options: Any) -> list[Any]:
    values = [Value(x) for x in kink.inputs]
    with np.errstate(divide="ignore"):  # sqrt and cbrt at 0, whose gradient is infinite
        kink.function(NUMPY_AND_RELU, *values).backward(**options)
    return [value.grad for value in values]


@pytest.mark.parametrize("kink", KINKS, ids=lambda kink: kink.name)
def test_the_gradient_at_a_kink_is_the_chosen_one(kink: Kink) -> None:
    for gradient, expected in zip(gradients_at(kink), kink.gradients, strict=True):
        np.testing.assert_allclose(gradient, expected, rtol=1e-14)
    for gradient, expected in zip(gradients_at(kink, create_graph=True), kink.gradients, strict=True):
        np.testing.assert_allclose(gradient.data, expected, rtol=1e-14)


@pytest.mark.parametrize("kink", [k for k in KINKS if k.as_in_pytorch], ids=lambda kink: kink.name)
def test_the_chosen_gradient_is_pytorchs(kink: Kink) -> None:
    weight = weights_for(())
    for expected, golden in zip(kink.gradients, GOLDEN[kink.name], strict=True):
        np.testing.assert_allclose(expected * weight, golden, rtol=1e-12)


@pytest.mark.parametrize("name", [name for name in GOLDEN if name in BY_NAME])
def test_gradients_equal_pytorchs(name: str) -> None:
    case = BY_NAME[name]
    values = [Value(x) for x in case.inputs]
    weighted_sum(case.function(np, *values)).backward()
    for value, golden in zip(values, decoded(GOLDEN[name]), strict=True):
        np.testing.assert_allclose(value.grad, np.reshape(golden, value.shape), rtol=1e-9, atol=1e-11)


def test_the_golden_file_covers_the_table() -> None:
    assert len([name for name in GOLDEN if name in BY_NAME]) >= 0.85 * len(BY_NAME)


CUTS = {
    "relu": lambda x: ag.relu(x),
    "maximum": lambda x: np.maximum(x, 0.0),
    "minimum": lambda x: -np.minimum(-x, 0.0),
    "fmax": lambda x: np.fmax(x, 0.0),
    "clip": lambda x: np.clip(x, 0.0, 9.0),
    "where": lambda x: np.where(x > 0, x, 0.0),
    "max": lambda x: np.max(np.stack([x, np.zeros(x.shape, x.dtype)]), axis=0),
}


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("name", CUTS)
def test_what_is_cut_off_gets_zero_even_from_an_infinite_gradient(name: str, dtype: Any) -> None:
    x = Value(np.array([[-1.0, 4.0], [-2.0, 0.25]], dtype))
    with np.errstate(divide="ignore"):  # the root has an infinite slope where the cut left 0
        np.sqrt(CUTS[name](x)).sum().backward()
    np.testing.assert_array_equal(x.grad, np.array([[0, 0.25], [0, 1]], dtype))
    assert x.grad.dtype == dtype


def test_nan_is_outside_of_every_range_as_in_pytorch() -> None:
    x = Value([np.nan, 1.0])
    np.clip(x, 0.0, 2.0).backward(np.ones(2))
    np.testing.assert_array_equal(x.grad, [0, 1])
