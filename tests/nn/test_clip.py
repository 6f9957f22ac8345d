"""Clipping gradients, and parameters as one vector. The expected numbers are PyTorch's, or follow from a formula."""

import math

import numpy as np
import pytest

import autograd_lite as ag
import nn
from nn.utils import (
    clip_grad_norm_,
    clip_grad_value_,
    clip_grads_with_norm_,
    get_total_norm,
    parameters_to_vector,
    vector_to_parameters,
)

GRADIENTS = [[[3.0, -4.0], [0.0, 1.0]], 2.0, [-5.0]]


def params(dtype=np.float64):
    made = [ag.Value(np.zeros(np.shape(g), dtype)) for g in GRADIENTS]
    for p, g in zip(made, GRADIENTS, strict=True):
        p.grad = np.array(g, dtype)
    return [*made, ag.Value(np.zeros(3, dtype))]  # the last has no gradient


NORMS = [(1, 15.0), (2, 55**0.5), (2.0, 55**0.5), (3, (27 + 64 + 1 + 8 + 125) ** (1 / 3)), (math.inf, 5.0)]
NORMS += [("inf", 5.0), (0.5, (3**0.5 + 2 + 1 + 2**0.5 + 5**0.5) ** 2), (-math.inf, 0.0), (0, 3.0)]


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize(("norm_type", "expected"), NORMS)
def test_returns_the_norm_and_scales_to_the_largest_allowed(norm_type, expected, dtype):
    held = params(dtype)
    arrays = [p.grad for p in held[:3]]
    total = clip_grad_norm_(held, 2.5, norm_type)
    tolerance = 1e-12 if dtype == np.float64 else 1e-6
    np.testing.assert_allclose(total, expected, rtol=tolerance)
    assert total.dtype == dtype
    factor = min(1, 2.5 / (expected + 1e-6))
    for p, array, g in zip(held, arrays, GRADIENTS, strict=False):
        np.testing.assert_allclose(p.grad, np.array(g) * factor, rtol=10 * tolerance)
        assert p.grad.dtype == dtype
        assert p.grad is array  # in place
    assert held[3].grad is None


@pytest.mark.parametrize("max_norm", [8.0, 100.0])
def test_small_gradients_stay_as_they_are(max_norm):
    held = params()
    clip_grad_norm_((p for p in held), max_norm)
    assert [p.grad.tolist() for p in held[:3]] == GRADIENTS


@pytest.mark.parametrize("norm_type", [1, 2, 3, math.inf])
@pytest.mark.parametrize("size", [1e25, 1e-30])
def test_squares_in_float32_neither_overflow_nor_vanish(size, norm_type):
    p = ag.Value(np.zeros(4, np.float32))
    p.grad = np.full(4, size, np.float32)
    expected = size if norm_type == math.inf else size * 4 ** (1 / norm_type)
    np.testing.assert_allclose(clip_grad_norm_(p, 1.0, norm_type), expected, rtol=1e-6)
    if size > 1:
        np.testing.assert_allclose(p.grad, size / expected, rtol=1e-6)


@pytest.mark.parametrize("wrong", [math.nan, math.inf])
def test_a_norm_that_is_not_finite(wrong):
    p, q = ag.Value([1.0]), ag.Value([1.0])
    p.grad, q.grad = np.array([wrong]), np.array([1.0])
    with pytest.raises(RuntimeError, match=r"total norm of order 2\.0 .* non-finite"):
        clip_grad_norm_([p, q], 1.0, error_if_nonfinite=True)
    assert q.grad.tolist() == [1.0]
    total = clip_grad_norm_([p, q], 1.0)
    np.testing.assert_equal(float(total), wrong)
    assert math.isnan(p.grad[0])  # inf * 0 is nan
    np.testing.assert_equal(q.grad, [0.0 if wrong == math.inf else math.nan])


def test_nothing_to_clip():
    assert clip_grad_norm_([], 1.0) == 0
    assert clip_grad_norm_(ag.Value([1.0]), 1.0) == 0
    with pytest.warns(UserWarning, match="empty generator, no gradient clipping"):
        assert clip_grad_norm_((p for p in []), 1.0) == 0


def test_norm_of_arrays_and_scaling_apart():
    held = params()
    total = get_total_norm([p.grad for p in held[:3]])
    assert get_total_norm(np.array([3.0, 4.0], np.float32)) == 5
    assert get_total_norm(ag.Value([3.0, 4.0])) == 5
    clip_grads_with_norm_(held, 1.0, total)
    np.testing.assert_allclose(get_total_norm([p.grad for p in held[:3]]), 1.0, rtol=1e-6)


def test_clips_values():
    held = params()
    clip_grad_value_(held, 2)
    assert [p.grad.tolist() for p in held[:3]] == [[[2, -2], [0, 1]], 2, [-2]]
    clip_grad_value_(held[0], 1.5)
    assert held[0].grad.tolist() == [[1.5, -1.5], [0, 1]]
    assert held[2].grad.tolist() == [-2]


@pytest.mark.parametrize("clip", [clip_grad_norm_, clip_grad_value_])
def test_gradients_that_cannot_be_written(clip):
    p, q, r = ag.Value(1.0), ag.Value([1.0]), ag.Value([1.0])
    p.grad = np.float64(4.0)
    q.grad = np.array([4.0])
    q.grad.flags.writeable = False
    r.grad = ag.Value([4.0])
    clip([p, q, r], 1.0)
    expected = 1.0 if clip is clip_grad_value_ else 3**-0.5
    np.testing.assert_allclose([p.grad, q.grad[0], r.grad.data[0]], expected, rtol=1e-6)
    assert isinstance(r.grad, ag.Value)


@pytest.mark.parametrize("clip", [clip_grad_norm_, clip_grad_value_])
def test_refuses_what_is_no_parameter(clip):
    with pytest.raises(TypeError, match="parameter 1 is of type ndarray, but must be a Value"):
        clip([ag.Value([1.0]), np.ones(2)], 1.0)


def test_parameters_as_a_vector_and_back():
    layer, other = nn.Linear(2, 3), nn.Linear(2, 3)
    vector = parameters_to_vector(layer.parameters())
    assert vector.shape == (9,)
    vector_to_parameters(vector, other.parameters())
    assert np.array_equal(other.weight.data, layer.weight.data)
    assert not np.shares_memory(other.weight.data, vector.data)
    np.sum(vector * np.arange(9)).backward()
    assert layer.bias.grad.tolist() == [6, 7, 8]
    vector_to_parameters(np.arange(9.0), other.parameters())
    assert other.bias.data.tolist() == [6, 7, 8]
    assert other.bias.dtype == np.float32


def test_refuses_another_vector_and_copies_nothing():
    p = ag.Value([1.0, 2.0])
    with pytest.raises(ValueError, match=r"has shape \(3,\), but these parameters need \(2,\)"):
        vector_to_parameters(np.ones(3), [p])
    with pytest.raises(TypeError, match=r"got: list\. Write np\.array\(vec\)"):
        vector_to_parameters([1.0, 2.0], [p])
    assert p.data.tolist() == [1.0, 2.0]
