"""Distributions answer what PyTorch's do, and their derivatives agree with finite differences.

The rows are in `distribution_table`; PyTorch's own values are in `tests/peers/golden_distributions.json`.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import autograd_lite as ag
import nn
import nn.distributions as D

from .distribution_table import ATTRIBUTES, DIFFERENTIATED, PAIRS, QUESTIONS, ROWS, inside
from .table.case import weights

GOLDEN = json.loads((Path(__file__).parents[1] / "peers" / "golden_distributions.json").read_text())
EXACT = {np.float64: 1e-10, np.float32: 1e-5}
DTYPES = list(EXACT)


def values(arrays: Any, dtype: Any) -> list[Any]:
    return [ag.Value(np.asarray(x).astype(dtype)[()]) for x in arrays]


def close(got: Any, expected: Any, tolerance: float, message: str) -> None:
    assert np.shape(got) == np.shape(expected), message
    expected = np.asarray(expected, dtype=float)
    scale = np.abs(expected[np.isfinite(expected)]).max(initial=1.0)  # float32 has rounding errors of the largest
    np.testing.assert_allclose(got, expected, rtol=tolerance, atol=tolerance * scale, err_msg=message)


def check(name: str, golden: Any, output: Any, leaves: list[Any], dtype: Any) -> None:
    """Compare a result with PyTorch's, and its gradients, which are those of its finite numbers."""
    raw = output.data if isinstance(output, ag.Value) else output
    assert raw.dtype in (dtype, np.int64)
    close(raw, golden["output"], EXACT[dtype], name)
    if "gradients" not in golden:
        return
    for leaf in leaves:
        leaf.grad = None
    if isinstance(output, ag.Value) and output.requires_grad:
        (weight,) = weights(name.partition("|")[0], [raw.shape])
        np.sum(np.where(np.isfinite(raw), output * weight.astype(dtype), 0)).backward()
    for i, (leaf, expected) in enumerate(zip(leaves, golden["gradients"], strict=True)):
        got = np.zeros(leaf.shape) if leaf.grad is None else leaf.grad
        assert leaf.grad is None or leaf.grad.dtype == dtype
        expected = np.zeros(leaf.shape) if expected is None else np.array(expected)
        expected = np.where(np.isnan(expected), got, expected)  # nan is 0 times inf there, and a number here
        assert np.isfinite(got).all()
        tolerance = max(EXACT[dtype], 5e-9 * ("gamma" in name or "beta" in name))  # PyTorch's trigamma has 9 digits
        close(got, expected, tolerance, f"{name}: gradient {i}")


def build(name: str, dtype: Any) -> tuple[Any, list[Any], Any, Any]:
    """A distribution, its parameters, a value and a level."""
    row = ROWS[name]
    parameters = values(row.parameters, dtype)
    value = row.value if row.value.dtype.kind == "i" else ag.Value(row.value.astype(dtype))
    level = ag.Value(np.asarray(inside(*row.value.shape), dtype))
    nn.set_default_dtype(dtype)
    try:
        return row.build(D, *parameters), parameters, value, level
    finally:
        nn.set_default_dtype(np.float32)


@pytest.mark.filterwarnings("ignore:divide by zero")  # a gradient at a certain outcome is infinite
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", ROWS)
def test_answers_equal_pytorch(name: str, dtype: Any) -> None:
    if ROWS[name].clipped and dtype is np.float32:
        return
    distribution, parameters, value, level = build(name, dtype)
    golden = GOLDEN[name]
    assert distribution.batch_shape == tuple(golden["batch_shape"])
    assert distribution.event_shape == tuple(golden["event_shape"])
    leaves = [*parameters, *[x for x in (value, level) if isinstance(x, ag.Value)]]
    for key, question in QUESTIONS.items():
        if golden[key] is None:
            with pytest.raises(NotImplementedError):
                question(distribution, value, level)
        elif "refused" in golden[key]:
            with pytest.raises(TypeError, match="gammainc"):
                question(distribution, value, level)
        elif key not in ROWS[name].rounded:
            check(f"{name}|{key}", golden[key], question(distribution, value, level), leaves, dtype)
    for key in ATTRIBUTES:
        assert hasattr(distribution, key) == (key in golden)
        if key in golden:
            check(f"{name}|{key}", golden[key], getattr(distribution, key), [], dtype)


@pytest.mark.parametrize("name", ROWS)
def test_text_is_that_of_pytorch(name: str) -> None:
    distribution = build(name, np.float64)[0]
    if not isinstance(distribution, D.Beta):  # PyTorch writes Beta()
        assert repr(distribution) == GOLDEN[name]["repr"]


@pytest.mark.usefixtures("float64")
@pytest.mark.parametrize("name", ROWS)
def test_plain_arrays_give_plain_arrays(name: str) -> None:
    row, golden = ROWS[name], GOLDEN[name]
    distribution = row.build(D, *row.parameters)
    for key, question in QUESTIONS.items():
        if golden[key] is not None and key not in row.rounded:
            output = question(distribution, row.value, inside(*row.value.shape))
            assert not isinstance(output, ag.Value)
            close(output, golden[key]["output"], 1e-10, key)


@pytest.mark.usefixtures("float64")
@pytest.mark.parametrize("name", [name for name, row in ROWS.items() if row.order])
def test_derivatives_agree_with_differences(name: str) -> None:
    row, golden = ROWS[name], GOLDEN[name]
    for key in DIFFERENTIATED:
        if golden[key] is None or "refused" in golden[key]:
            continue
        moved = [row.value] if key in ("log_prob", "cdf") and row.value.dtype.kind == "f" and not row.still else []

        def call(*x: Any, key: str = key, moved: list[Any] = moved) -> Any:
            value = x[-1] if moved else row.value
            output = QUESTIONS[key](row.build(D, *x[: len(row.parameters)]), value, inside(*row.value.shape))
            return np.where(np.isfinite(output), output, 0) + 0 * np.sum(x[0])  # some do not depend on any

        ag.check_grads(call, *row.parameters, *moved, order=row.order, rtol=1e-4, atol=1e-5)


# ---- divergences ----


def pair(name: str, parameters: list[Any]) -> Any:
    return D.kl_divergence(PAIRS[name].p(D, *parameters), PAIRS[name].q(D, *parameters))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", PAIRS)
def test_divergences_equal_pytorch(name: str, dtype: Any) -> None:
    golden = GOLDEN[f"kl: {name}"]
    parameters = values(PAIRS[name].parameters, dtype)
    if golden is None:
        with pytest.raises(NotImplementedError, match=r"No KL\(p \|\| q\) is implemented for p type \w+ and q type"):
            pair(name, parameters)
        return
    check(name, golden, pair(name, parameters), parameters, dtype)


@pytest.mark.parametrize("name", [name for name, row in PAIRS.items() if row.order and GOLDEN[f"kl: {name}"]])
def test_derivatives_of_divergences_agree_with_differences(name: str) -> None:
    if np.isinf(GOLDEN[f"kl: {name}"]["output"]).all():
        return
    parameters = PAIRS[name].parameters

    def call(*x: Any) -> Any:
        output = pair(name, list(x))
        return np.where(np.isfinite(output), output, 0)

    ag.check_grads(call, *parameters, order=PAIRS[name].order, rtol=1e-4, atol=1e-5)


def test_golden_file_has_every_row() -> None:
    assert set(GOLDEN) == {*ROWS, *[f"kl: {name}" for name in PAIRS]}
