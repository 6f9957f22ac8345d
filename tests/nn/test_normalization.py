"""Layers that normalize: running statistics, errors, and what has no counterpart in PyTorch."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import autograd_lite as ag
import nn
import nn.functional as F

ONES = np.ones(3, np.float32)


def numbers(*shape: int, dtype: Any = np.float32) -> Any:
    return np.random.default_rng(0).normal(2, 3, shape).astype(dtype)


def test_running_statistics_move_while_training_alone() -> None:
    layer, x = nn.BatchNorm1d(3), numbers(5, 3)
    layer(x)
    np.testing.assert_allclose(layer.running_mean, 0.1 * x.mean(axis=0), rtol=1e-5)
    np.testing.assert_allclose(layer.running_var, 0.9 + 0.1 * x.var(axis=0, ddof=1), rtol=1e-5)
    assert layer.num_batches_tracked == 1
    before = layer.state_dict()
    layer.eval()(x)
    for key, kept in layer.state_dict().items():
        np.testing.assert_array_equal(kept, before[key])


def test_running_statistics_move_under_no_grad_and_are_never_values() -> None:
    layer = nn.BatchNorm2d(3)
    with ag.no_grad():
        layer(ag.Value(numbers(2, 3, 4, 4)))
    layer(ag.Value(numbers(2, 3, 4, 4)))
    assert layer.num_batches_tracked == 2
    for buffer in layer.buffers():
        assert type(buffer) is np.ndarray
    assert layer.running_mean.dtype == layer.running_var.dtype == np.float32
    assert layer.num_batches_tracked.dtype == np.int64
    assert layer.num_batches_tracked.shape == ()


def test_momentum_none_is_the_mean_over_all_batches() -> None:
    layer, batches = nn.BatchNorm1d(3, momentum=None), [numbers(5, 3) * k for k in (1, 2, 3)]
    for x in batches:
        layer(x)
    np.testing.assert_allclose(layer.running_mean, np.mean([x.mean(axis=0) for x in batches], axis=0), rtol=1e-5)
    np.testing.assert_allclose(layer.running_var, np.mean([x.var(axis=0, ddof=1) for x in batches], axis=0), rtol=1e-5)


def test_root_mean_square_norm_of_half_precision_keeps_small_numbers() -> None:
    # PyTorch 2.13: 1 for each; with the rounding unit of float16 it were 0.69
    np.testing.assert_allclose(F.rms_norm(np.full(4, 0.03, np.float16), 4), np.ones(4), rtol=1e-2)


def test_statistics_that_are_no_longer_tracked_stay_as_they_are() -> None:
    layer, x = nn.BatchNorm1d(3), numbers(5, 3)
    layer(x)
    layer.track_running_stats = False
    before = layer.state_dict()
    layer(10 * x)
    for key, kept in layer.state_dict().items():
        np.testing.assert_array_equal(kept, before[key])
    np.testing.assert_array_equal(layer.eval()(x).data, F.batch_norm(x, before["running_mean"], before["running_var"]))


def test_state_goes_from_layer_to_layer() -> None:
    layer, other, x = nn.BatchNorm1d(3), nn.BatchNorm1d(3), numbers(5, 3)
    layer(x)
    other.load_state_dict(layer.state_dict())
    assert other.num_batches_tracked == 1
    np.testing.assert_array_equal(layer.eval()(x).data, other.eval()(x).data)
    other.train()(x)
    assert other.num_batches_tracked == 2
    assert layer.num_batches_tracked == 1
    layer.reset_running_stats()
    assert layer.num_batches_tracked == 0
    np.testing.assert_array_equal(layer.running_mean, 0 * ONES)
    np.testing.assert_array_equal(layer.running_var, ONES)


def test_reset_parameters_is_where_a_layer_starts() -> None:
    layer = nn.BatchNorm1d(3)
    layer(numbers(5, 3))
    layer.weight.data = numbers(3)
    layer.reset_parameters()
    for key, start in nn.BatchNorm1d(3).state_dict().items():
        np.testing.assert_array_equal(layer.state_dict()[key], start)


def test_backward_of_an_evaluated_layer_does_not_notice_that_it_was_trained_further() -> None:
    layer, x = nn.BatchNorm1d(3), ag.Value(numbers(5, 3))
    layer(x)
    gradients = []
    for train_between in (False, True):
        layer.zero_grad()
        loss = np.sum(layer.eval()(x) ** 2)
        if train_between:
            layer.train()(10 * x)
        loss.backward()
        gradients.append(layer.weight.grad)
    np.testing.assert_array_equal(*gradients)


def test_a_refused_input_leaves_the_statistics_alone() -> None:
    layer = nn.BatchNorm1d(3)
    before = layer.state_dict()
    for wrong in (numbers(1, 3), numbers(5, 4), numbers(5, 3, 2, 2)):
        with pytest.raises(ValueError, match=r"channel|expected"):
            layer(wrong)
    for key, kept in layer.state_dict().items():
        np.testing.assert_array_equal(kept, before[key])


@pytest.mark.parametrize(
    "build", [lambda: nn.BatchNorm1d(3), lambda: nn.GroupNorm(3, 3), lambda: nn.InstanceNorm1d(3, affine=True)]
)
def test_a_large_mean_leaves_the_variance_exact(build: Any) -> None:
    x = numbers(8, 3, 16, dtype=np.float64)
    layer = build()
    expected = layer(x).data
    np.testing.assert_allclose(layer((x + 1000).astype(np.float32)).data, expected, atol=2e-3)


def test_rms_norm_takes_the_rounding_unit_of_the_input() -> None:
    for dtype in (np.float32, np.float64):
        x = np.full(4, np.sqrt(np.finfo(dtype).eps), dtype)
        np.testing.assert_allclose(F.rms_norm(x, 4), np.sqrt(0.5), rtol=1e-3)


@pytest.mark.parametrize(
    "call",
    [
        lambda x: F.batch_norm(x, None, None, training=True),
        lambda x: F.group_norm(x, 3),
        lambda x: F.instance_norm(x),
        lambda x: F.rms_norm(x, 4),
    ],
)
def test_jacobian_of_all_rows_is_that_of_single_ones(call: Any) -> None:
    x = numbers(2, 3, 4, dtype=np.float64)
    rows = ag.jacobian(call)(x).reshape(x.size, x.size)
    for i in (0, 7, 23):
        single = ag.grad(lambda x, i=i: call(x).reshape(-1)[i])(x)
        np.testing.assert_allclose(rows[i], single.ravel(), atol=1e-12)


def test_instance_norm_says_that_num_features_is_wrong_where_it_does_not_matter() -> None:
    with pytest.warns(UserWarning, match="size at dim=1 does not match num_features"):
        nn.InstanceNorm1d(5)(numbers(2, 3, 4))


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: nn.BatchNorm1d(3)(numbers(1, 3)), ValueError, r"more than 1 value per channel.*\[1, 3\].*drop_last"),
        (lambda: nn.BatchNorm2d(3)(numbers(1, 3, 1, 1)), ValueError, r"more than 1 value .* size \[1, 3, 1, 1\]"),
        (lambda: nn.BatchNorm1d(3)(numbers(3)), ValueError, r"expected 2D or 3D input \(got 1D"),
        (lambda: nn.BatchNorm2d(3)(numbers(2, 3, 4)), ValueError, r"expected 4D input \(got 3D"),
        (lambda: nn.BatchNorm3d(3)(numbers(2, 3, 4, 4)), ValueError, r"expected 5D input \(got 4D"),
        (lambda: nn.BatchNorm1d(3)(numbers(2, 4)), ValueError, r"of 3 channels, \(N, 3, \*\), got shape \(2, 4\)"),
        (lambda: F.batch_norm(numbers(3), None, None, training=True), ValueError, "at least 2 dimensions"),
        (lambda: F.batch_norm(numbers(2, 3), None, None), ValueError, "running_mean and running_var to be defined"),
        (lambda: F.batch_norm(numbers(2, 3), ONES, None), ValueError, "both arrays or both None"),
        (
            lambda: F.batch_norm(numbers(2, 4), ONES, ONES),
            ValueError,
            r"running_mean should contain 4 .*\(3,\)",
        ),
        (lambda: F.batch_norm(numbers(2, 3), ag.Value(ONES), ONES), TypeError, "must be plain arrays.*v.data"),
        (lambda: F.batch_norm(numbers(2, 3), None, None, ONES[:2], None, True), ValueError, "weight should contain 3"),
        (lambda: F.batch_norm(numbers(2, 3), None, None, training=True, eps=0), ValueError, "eps must be positive"),
        (lambda: F.batch_norm(numbers(2, 3), ONES, ONES, eps=-1), ValueError, "eps must be non-negative"),
        (lambda: F.batch_norm(numbers(2, 3) + 1j, ONES, ONES), TypeError, "batch_norm is defined for real numbers"),
        (lambda: nn.GroupNorm(2, 3), ValueError, r"num_channels \(3\) must be divisible by num_groups \(2\)"),
        (lambda: nn.GroupNorm(0, 3), ValueError, r"must be divisible by num_groups \(0\)"),
        (lambda: nn.GroupNorm(3, 3)(numbers(2, 6)), ValueError, r"of 3 channels.* got shape \(2, 6\)"),
        (lambda: F.group_norm(numbers(3), 3), ValueError, "at least 2 dimensions"),
        (lambda: F.group_norm(numbers(2, 3), 2), ValueError, "divisible by num_groups.*num_groups=2"),
        (lambda: F.group_norm(numbers(1, 3), 3), ValueError, r"more than 1 value per channel.*\[1, 3\]"),
        (lambda: F.group_norm(numbers(2, 3), 1, ONES[:2]), ValueError, "weight should contain 3 elements"),
        (lambda: F.group_norm(numbers(2, 3) + 1j, 1), TypeError, "group_norm is defined for real numbers"),
        (lambda: nn.InstanceNorm1d(3)(numbers(2, 3, 1)), ValueError, "more than 1 spatial element when training"),
        (lambda: nn.InstanceNorm1d(3)(numbers(3)), ValueError, r"expected 2D or 3D input \(got 1D"),
        (lambda: nn.InstanceNorm2d(3)(numbers(2, 3)), ValueError, r"expected 3D or 4D input \(got 2D"),
        (lambda: nn.InstanceNorm1d(3, affine=True)(numbers(2, 4, 5)), ValueError, r"at dim=1 .* \(3\), but got: 4"),
        (lambda: nn.InstanceNorm1d(3, affine=True)(numbers(4, 5)), ValueError, r"at dim=0 .* \(3\), but got: 4"),
        (lambda: F.instance_norm(numbers(2, 3)), ValueError, "at least 3 dimensions"),
        (lambda: F.instance_norm(numbers(2, 3, 4), use_input_stats=False), ValueError, "when use_input_stats is false"),
        (lambda: F.instance_norm(numbers(2, 3, 4), ONES, None), ValueError, "both arrays or both None"),
        (lambda: F.instance_norm(numbers(2, 3, 4), ONES[:2], ONES), ValueError, "running_mean should contain 3"),
        (lambda: F.instance_norm(numbers(2, 3, 4) + 1j), TypeError, "instance_norm is defined for real numbers"),
        (lambda: nn.RMSNorm(3)(numbers(2, 4)), ValueError, r"normalized_shape=\[3\].*input of size\[2, 4\]"),
        (lambda: F.rms_norm(numbers(2, 3), (3,), ONES[:2]), ValueError, r"weight to be of same shape.*got \(2,\)"),
        (lambda: F.rms_norm(np.ones((2, 3), int), 3), TypeError, "rms_norm needs floating numbers, got int64"),
        (lambda: F.rms_norm(numbers(2, 3) + 1j, 3), TypeError, "rms_norm is defined for real numbers"),
    ],
)
def test_bad_input_is_refused_by_name(call: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        call()


@pytest.mark.parametrize(
    ("layer", "shape"),
    [
        (nn.BatchNorm1d(2), (0, 2)),
        (nn.BatchNorm2d(2), (0, 2, 3, 3)),
        (nn.BatchNorm2d(2), (2, 2, 0, 3)),
        (nn.BatchNorm2d(2).eval(), (0, 2, 3, 3)),
        (nn.GroupNorm(1, 2), (0, 2, 3)),
        (nn.GroupNorm(2, 2), (2, 2, 0)),
        (nn.InstanceNorm1d(2, affine=True, track_running_stats=True), (0, 2, 3)),
        (nn.LayerNorm(3), (0, 3)),
        (nn.RMSNorm(3), (0, 3)),
    ],
)
def test_an_empty_batch_has_zero_gradients_and_moves_no_statistics(layer: nn.Module, shape: tuple[int, ...]) -> None:
    x = ag.Value(np.zeros(shape, np.float32))
    y = layer(x)
    assert y.shape == shape
    assert y.dtype == np.float32
    y.sum().backward()
    assert x.grad.shape == shape
    for parameter in layer.parameters():
        np.testing.assert_array_equal(parameter.grad, np.zeros(parameter.shape))
    for name, buffer in layer.named_buffers():
        if name != "num_batches_tracked":
            np.testing.assert_array_equal(buffer, float(name == "running_var"))


@pytest.mark.parametrize(
    ("layer", "label"),
    [
        (nn.BatchNorm1d(3), "BatchNorm1d(3)"),
        (nn.InstanceNorm2d(3), "InstanceNorm2d(3)"),
        (nn.GroupNorm(2, 4), "GroupNorm(2 of 4)"),
        (nn.RMSNorm((2, 3)), "RMSNorm(2 × 3)"),
    ],
)
def test_labels_of_a_drawing(layer: nn.Module, label: str) -> None:
    assert layer._label() == label
