"""Convolution, pooling and resizing: errors, edges, and what has no counterpart in PyTorch's results."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import autograd_lite as ag
import nn
import nn.functional as F
from tests.duck import Duck

RNG = np.random.default_rng(0)


def normal(*shape: int) -> Any:
    return RNG.normal(size=shape)


IMAGE = normal(1, 2, 4, 4)
KERNELS = normal(3, 2, 3, 3)

REFUSED: list[tuple[Callable[[], Any], type[Exception], str]] = [
    # convolution
    (lambda: F.conv2d(IMAGE, normal(3, 1, 3, 3)), ValueError, r"to have 1 channels, but got 2 channels instead"),
    (lambda: F.conv2d(IMAGE, KERNELS, groups=2), ValueError, r"Given groups=2.*to have 4 channels"),
    (lambda: F.conv2d(IMAGE, normal(3, 1, 3, 3), groups=2), ValueError, r"divisible by 2 at dimension 0"),
    (lambda: F.conv2d(IMAGE, KERNELS, groups=0), ValueError, r"groups must be a positive integer"),
    (lambda: F.conv2d(normal(4, 4), KERNELS), ValueError, r"Expected 3D \(unbatched\) or 4D.*conv2d.*\[4, 4\]"),
    (lambda: F.conv2d(IMAGE, normal(3, 2, 3)), ValueError, r"the weight must have 4 axes.*\(3, 2, 3\)"),
    (lambda: F.conv2d(IMAGE, normal(3, 2, 0, 3)), ValueError, r"kernel size should be greater than zero"),
    (lambda: F.conv2d(IMAGE, KERNELS, normal(2)), ValueError, r"bias to be 1-dimensional with 3 elements.*\[2\]"),
    (
        lambda: F.conv2d(IMAGE, normal(3, 2, 3, 7), padding=1),
        ValueError,
        r"padded input size per channel: \(6 x 6\). Kernel size: \(3 x 7\).*larger padding",
    ),
    (lambda: F.conv2d(IMAGE, KERNELS, dilation=2), ValueError, r"Kernel size: \(5 x 5\)"),
    (lambda: F.conv2d(IMAGE, KERNELS, padding="same", stride=2), ValueError, r"'same' is not supported for strided"),
    (lambda: F.conv2d(IMAGE, KERNELS, padding="full"), ValueError, r"Invalid padding string 'full'"),
    (lambda: F.conv2d(IMAGE, KERNELS, padding=-1), ValueError, r"padding must be at least 0, got -1"),
    (lambda: F.conv2d(IMAGE, KERNELS, stride=0), ValueError, r"stride must be at least 1"),
    (lambda: F.conv2d(IMAGE, KERNELS, stride=(1, 1, 1)), ValueError, r"stride must be a single integer or 2"),
    (lambda: F.conv2d(IMAGE, KERNELS, dilation=1.5), TypeError, r"dilation must be an integer"),
    (lambda: F.conv_transpose2d(IMAGE, KERNELS), ValueError, r"expected input\[1, 2, 4, 4\] to have 3 channels"),
    (
        lambda: F.conv_transpose2d(IMAGE, normal(2, 1, 3, 3), stride=2, output_padding=2),
        ValueError,
        r"output padding must be smaller than either stride or dilation",
    ),
    (lambda: F.conv_transpose2d(IMAGE, normal(2, 1, 3, 3), padding=3), ValueError, r"\(0 x 0\). Output size is too"),
    (lambda: nn.Conv2d(3, 4, 3, groups=2), ValueError, r"in_channels must be divisible by groups"),
    (lambda: nn.Conv2d(4, 3, 3, groups=2), ValueError, r"out_channels must be divisible by groups"),
    (lambda: nn.Conv2d(4, 3, 3, groups=-1), ValueError, r"groups must be a positive integer"),
    (lambda: nn.Conv2d(4, 3, 3, padding_mode="edge"), ValueError, r"padding_mode must be one of .*'edge'"),
    (lambda: nn.Conv2d(4, 3, 3, padding="same", stride=2), ValueError, r"not supported for strided"),
    (lambda: nn.Conv2d(4, 3, (3, 3, 3)), ValueError, r"kernel_size must be a single integer or 2"),
    (lambda: nn.ConvTranspose1d(4, 3, 3, padding_mode="reflect"), ValueError, r'Only "zeros" padding mode'),
    (lambda: nn.ConvTranspose1d(4, 3, 3, padding="same"), TypeError, r"padding must be an integer"),
    (
        lambda: nn.ConvTranspose2d(2, 3, 3, stride=2)(IMAGE, (9, 11)),
        ValueError,
        r"requested an output size of \[9, 11\], but valid sizes range from \[9, 9\] to \[10, 10\]",
    ),
    (lambda: nn.ConvTranspose2d(2, 3, 3)(IMAGE, (6,)), ValueError, r"output_size must have 2 or 4 elements \(got 1\)"),
    # folding
    (lambda: F.unfold(normal(3, 3), 2), ValueError, r"unfold"),
    (lambda: F.unfold(IMAGE, 5), ValueError, r"sliding blocks as \(0, 0\)"),
    (lambda: F.fold(normal(1, 5, 4), 3, 2), ValueError, r"divisible by the product of kernel_size.*=5"),
    (lambda: F.fold(normal(1, 4, 5), 3, 2), ValueError, r"2 \* 2 = 4, but got input.size\(2\)=5"),
    # padding
    (lambda: F.pad(IMAGE, (1, 1, 1)), ValueError, r"divisible by 2"),
    (lambda: F.pad(normal(3), (1, 1, 1, 1)), ValueError, r"padding length 4 and input of dimension 1"),
    (lambda: F.pad(IMAGE, (1, 1), mode="edge"), ValueError, r"Unrecognised padding mode 'edge'"),
    (lambda: F.pad(IMAGE, (1, 1), mode="reflect", value=1.0), ValueError, r"doesn't take in value argument"),
    (lambda: F.pad(IMAGE, (4, 0), mode="reflect"), ValueError, r"at most 3 on a side"),
    (lambda: F.pad(IMAGE, (0, 5), mode="circular"), ValueError, r"at most 4 on a side"),
    (lambda: F.pad(normal(1, 0), (0, 1), mode="replicate"), ValueError, r"it is empty"),
    (lambda: F.pad(IMAGE, (-3, -2)), ValueError, r"negative lengths: \(1, 2, 4, -1\)"),
    # pooling
    (lambda: F.max_pool2d(IMAGE, 3, padding=2), ValueError, r"pad should be at most half of effective kernel size"),
    (lambda: F.max_pool2d(IMAGE, 5), ValueError, r"max_pool2d with kernel_size=5.*Output size is too small"),
    (lambda: F.avg_pool2d(normal(4, 4), 2), ValueError, r"avg_pool2d: Expected 3D.*got 2D input"),
    (lambda: F.max_pool1d(normal(1, 2, 0), 1), ValueError, r"Output size is too small"),
    (lambda: F.avg_pool2d(IMAGE, 2, divisor_override=0), ValueError, r"divisor must be not zero"),
    (lambda: F.adaptive_avg_pool2d(IMAGE, (1, 2, 3)), ValueError, r"output_size must be a single integer or 2"),
    (lambda: F.adaptive_avg_pool2d(IMAGE, -1), ValueError, r"output_size must be at least 0"),
    (lambda: F.adaptive_max_pool1d(normal(2, 0), 1), ValueError, r"non-zero size for non-batch dimensions"),
    # resizing
    (lambda: F.interpolate(IMAGE), ValueError, r"either size or scale_factor should be defined"),
    (lambda: F.interpolate(IMAGE, 2, 2.0), ValueError, r"only one of size or scale_factor should be defined"),
    (lambda: F.interpolate(IMAGE, 2, mode="linear"), ValueError, r"Got 4D input, which needs mode.*\(got linear\)"),
    (lambda: F.interpolate(IMAGE, 2, align_corners=True), ValueError, r"align_corners option can only be set"),
    (lambda: F.interpolate(IMAGE, 2, recompute_scale_factor=True), ValueError, r"not meaningful with an explicit size"),
    (lambda: F.interpolate(IMAGE, scale_factor=(1, 2, 3)), ValueError, r"same number of spatial dimensions"),
    (lambda: F.interpolate(IMAGE, scale_factor=0.1), ValueError, r"should be greater than 0"),
    (lambda: F.interpolate(IMAGE, 2, mode="bilinear", antialias=True), NotImplementedError, r"antialias"),
    (lambda: F.interpolate(normal(1, 1, 2, 2, 2), 2), NotImplementedError, r"5D input"),
    (lambda: F.interpolate(normal(2, 2), 2), ValueError, r"expects 3D or 4D input"),
    (lambda: F.pixel_shuffle(IMAGE, 2), ValueError, r"input.size\(-3\)=2 is not divisible by 4"),
    (lambda: F.pixel_shuffle(normal(4, 4), 2), ValueError, r"at least 3 dimensions"),
    (lambda: F.pixel_unshuffle(IMAGE, 3), ValueError, r"expects height to be divisible"),
    (lambda: F.pixel_unshuffle(IMAGE, 0), ValueError, r"downscale_factor must be at least 1"),
    # shapes
    (lambda: nn.Flatten(3)(normal(2, 3)), IndexError, r"range of \[-2, 1\], but got 3"),
    (lambda: nn.Flatten(1, 0)(normal(2, 3)), ValueError, r"start_dim cannot come after end_dim"),
    (lambda: nn.Unflatten(1, (2, 2))(normal(2, 3)), ValueError, r"don't multiply up to the size of dim 1 \(3\)"),
    (lambda: nn.Unflatten(1, (-1, -1))(normal(2, 3)), ValueError, r"don't multiply up"),
    (lambda: nn.Unflatten(1, (2, -1))(normal(2, 3)), ValueError, r"don't multiply up"),
    (lambda: nn.Unflatten(4, (2, -1))(normal(2, 3)), IndexError, r"but got 4"),
    (lambda: nn.Unflatten("C", (2, 2)), TypeError, r"Named dimensions"),  # type: ignore[arg-type]
    (lambda: nn.Unflatten(1, 4), TypeError, r"must be a tuple of ints"),  # type: ignore[arg-type]
    (lambda: nn.Unflatten(1, (2, 1.5)), TypeError, r"type float at pos 1"),  # type: ignore[arg-type]
    # dropout
    (lambda: F.dropout1d(IMAGE), ValueError, r"dropout1d: Expected 2D or 3D input, but received a 4D"),
    (lambda: F.dropout2d(normal(3)), ValueError, r"shape \(batch, channels, \*\)"),
    (lambda: F.alpha_dropout(IMAGE, 1.5), ValueError, r"between 0 and 1, but got 1.5"),
    (lambda: F.alpha_dropout(np.arange(3), 0.5, True), TypeError, r"needs floating numbers"),
    (lambda: nn.Dropout2d(-0.1), ValueError, r"between 0 and 1"),
]


@pytest.mark.filterwarnings("ignore:dropout2d")
@pytest.mark.parametrize(("call", "error", "message"), REFUSED)
def test_bad_arguments_are_refused_with_a_reason(call: Callable[[], Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        call()


@pytest.mark.parametrize(
    ("call", "shape", "result"),
    [
        (lambda x: nn.Conv2d(2, 3, 3, padding=1)(x), (0, 2, 4, 5), (0, 3, 4, 5)),
        (lambda x: nn.Conv1d(2, 4, 3, groups=2)(x), (0, 2, 4), (0, 4, 2)),
        (lambda x: nn.ConvTranspose2d(2, 3, 2, stride=2)(x), (0, 2, 4, 5), (0, 3, 8, 10)),
        (lambda x: F.max_pool2d(x, 2), (0, 2, 4, 5), (0, 2, 2, 2)),
        (lambda x: F.avg_pool2d(x, 2, padding=1), (0, 2, 4, 5), (0, 2, 3, 3)),
        (lambda x: F.adaptive_avg_pool2d(x, 3), (0, 2, 4, 5), (0, 2, 3, 3)),
        (lambda x: F.adaptive_max_pool1d(x, 3), (0, 2, 4), (0, 2, 3)),
        (lambda x: F.interpolate(x, scale_factor=2, mode="bilinear"), (0, 2, 4, 5), (0, 2, 8, 10)),
        (lambda x: F.unfold(x, 2), (0, 2, 4, 5), (0, 8, 12)),
        (lambda x: nn.Flatten()(x), (0, 2, 4), (0, 8)),
    ],
)
def test_an_empty_batch_goes_through(call: Callable[..., Any], shape: Any, result: Any) -> None:
    x = ag.Value(np.zeros(shape, np.float32))
    out = call(x)
    out.sum().backward()
    assert out.shape == result
    assert x.grad.shape == shape


@pytest.mark.parametrize("batch", [1, 3, 40])
def test_a_batch_larger_than_the_cache_gives_the_same(batch: int, monkeypatch: pytest.MonkeyPatch) -> None:
    x, w, g = normal(batch, 4, 6, 6), normal(6, 2, 3, 3), normal(batch, 6, 6, 6)

    def run() -> list[Any]:
        values = ag.Value(x), ag.Value(w)
        out = F.conv2d(*values, padding=1, groups=2)
        out.backward(g)
        return [out.data, values[0].grad, values[1].grad]

    whole = run()
    monkeypatch.setattr("nn.functional.correlation._CACHE", 20_000)
    for a, b in zip(whole, run(), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-12)


@pytest.mark.parametrize("order", ["contiguous", "channels last", "strided", "reversed"])
def test_the_layout_of_memory_does_not_matter(order: str) -> None:
    x, w = normal(2, 3, 5, 6), normal(4, 3, 3, 2)
    moved = {
        "contiguous": lambda x: x,
        "channels last": lambda x: np.ascontiguousarray(x.transpose(0, 2, 3, 1)).transpose(0, 3, 1, 2),
        "strided": lambda x: np.repeat(x, 2, 3)[:, :, :, ::2],
        "reversed": lambda x: np.ascontiguousarray(x[:, ::-1])[:, ::-1],
    }[order]
    for call in (lambda x: F.conv2d(x, w, stride=(2, 1)), lambda x: F.max_pool2d(x, 2), lambda x: F.avg_pool2d(x, 2)):
        one, other = ag.Value(x), ag.Value(moved(x))
        expected, got = call(one), call(other)
        np.testing.assert_allclose(got.data, expected.data, atol=1e-12)
        g = normal(*got.shape)
        expected.backward(g)
        got.backward(moved(g))
        np.testing.assert_allclose(other.grad, one.grad, atol=1e-12)


def test_initial_weights_have_the_bound_of_the_fan_in() -> None:
    for layer, fan_in in (
        (nn.Conv2d(8, 32, (3, 5), groups=2), 4 * 15),
        (nn.Conv1d(8, 64, 3), 24),
        (nn.ConvTranspose2d(32, 8, 3, groups=2), 4 * 9),
        (nn.ConvTranspose1d(64, 4, 5), 20),
    ):
        bound = 1 / math.sqrt(fan_in)
        for x in (layer.weight.data, layer.bias.data):  # type: ignore[union-attr]
            assert x.dtype == np.float32
            assert abs(x).max() <= bound
        assert abs(layer.weight.data).max() > 0.95 * bound
        assert abs(layer.weight.data.mean()) < 0.1 * bound
        before = layer.weight.data.copy()
        layer.reset_parameters()
        assert (before != layer.weight.data).any()


def test_gradients_that_nobody_wants_are_not_computed() -> None:
    layer = nn.Conv2d(2, 3, 3)
    layer.weight.requires_grad = False
    x = ag.Value(IMAGE)
    layer(x).sum().backward()
    assert layer.weight.grad is None
    assert x.grad.shape == IMAGE.shape
    layer.requires_grad_()
    layer(IMAGE.astype(np.float32)).sum().backward()
    assert layer.weight.grad.shape == layer.weight.shape


def test_a_third_derivative_of_a_convolution() -> None:
    x, w = normal(1, 2, 3, 3), normal(2, 2, 2, 2)

    def cubed(x: Any, w: Any) -> Any:
        return (F.conv2d(x, w, padding=1) ** 3).sum()

    ag.check_grads(ag.grad(cubed, argnums=(0, 1)), x, w, order=2)


def test_the_largest_is_never_in_the_padding() -> None:
    x = ag.Value(np.full((1, 1, 3), -np.inf))
    out, index = F.max_pool1d(x, 3, 1, 1, return_indices=True)
    assert index.tolist() == [[[0, 0, 1]]]
    out.backward(np.ones((1, 1, 3)))
    assert x.grad.tolist() == [[[2.0, 1.0, 0.0]]]


def test_pooling_of_integers_needs_no_gradient() -> None:
    assert F.max_pool1d(np.array([[3, 1, 2]]), 2, padding=1).tolist() == [[3, 2]]


def test_pools_of_many_places() -> None:
    x = ag.Value(np.arange(400.0).reshape(1, 20, 20))
    out, index = F.max_pool2d(x, 20, return_indices=True)
    assert index.item() == 399
    out.sum().backward()
    assert x.grad[0, 19, 19] == 1
    assert x.grad.sum() == 1


@pytest.mark.parametrize(
    ("layer", "shape", "axes"),
    [
        (nn.Dropout1d(0.5), (8, 4, 5), (2,)),
        (nn.Dropout1d(0.5), (32, 5), (1,)),
        (nn.Dropout2d(0.5), (8, 4, 3, 2), (2, 3)),
        (nn.FeatureAlphaDropout(0.5), (8, 4, 3), (2,)),
    ],
)
def test_channels_are_dropped_as_a_whole(layer: nn.Module, shape: Any, axes: tuple[int, ...]) -> None:
    nn.manual_seed(0)
    x = ag.Value(np.ones(shape, np.float32))
    out = layer(x)
    out.sum().backward()
    for array in (out.data, x.grad):
        assert array.dtype == np.float32
        assert (array.max(axis=axes) == array.min(axis=axes)).all()
        assert len(np.unique(array)) == 2


@pytest.mark.parametrize("function", [F.alpha_dropout, F.feature_alpha_dropout])
def test_alpha_dropout_keeps_mean_and_variance(function: Callable[..., Any]) -> None:
    rng = np.random.default_rng(0)
    out = function(rng.normal(size=(300, 300)), 0.3, True, generator=rng)
    assert abs(out.mean()) < 0.02
    assert abs(out.std() - 1) < 0.02


def test_dropout2d_warns_of_three_axes() -> None:
    with pytest.warns(UserWarning, match=r"interpreted as shape \(N, C, L\)"):
        assert F.dropout2d(np.ones((2, 3, 4)), 0.5).shape == (2, 3, 4)


@pytest.mark.parametrize(
    ("layer", "label"),
    [
        (nn.Conv2d(16, 32, 3), "Conv2d(16 → 32, 3 × 3)"),
        (nn.ConvTranspose1d(1, 2, 5), "ConvTranspose1d(1 → 2, 5)"),
        (nn.MaxPool2d(2), "MaxPool2d(2)"),
        (nn.AvgPool1d(2), "AvgPool1d(2)"),
        (nn.AvgPool2d((2, 3)), "AvgPool2d(2 × 3)"),
        (nn.AdaptiveAvgPool2d((1, None)), "AdaptiveAvgPool2d(1 × None)"),
        (nn.Unflatten(1, (2, 3)), "Unflatten(2 × 3)"),
        (nn.ZeroPad1d(2), "ZeroPad1d(2, 2)"),
        (nn.Dropout2d(0.1), "Dropout2d(0.1)"),
    ],
)
def test_a_drawing_calls_layers_by_their_sizes(layer: nn.Module, label: str) -> None:
    assert layer._label() == label


def test_a_small_network_learns_to_tell_bars() -> None:
    nn.manual_seed(0)
    rng = np.random.default_rng(0)
    x = rng.normal(scale=0.3, size=(32, 1, 6, 6)).astype(np.float32)
    y = np.arange(32) % 2
    for i, label in enumerate(y):
        where = (slice(None), int(rng.integers(6)))
        x[i, 0][where if label else where[::-1]] += 2
    model = nn.Sequential(
        nn.Conv2d(1, 4, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(4, 4, 3), nn.Flatten(), nn.Linear(4, 2)
    )
    optimizer = nn.Adam(model.parameters(), lr=0.03)
    for _ in range(60):
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
    assert loss.item() < 0.1


@pytest.mark.parametrize(
    "call",
    [
        lambda x, w, b: F.conv2d(x, w, b, padding=1, groups=2),
        lambda x, w, b: F.conv2d(x, w[:, :1], b, groups=4),
        lambda x, w, b: F.conv_transpose2d(x, w, stride=2, groups=2),
        lambda x, w, b: F.fold(F.unfold(x, 2), (6, 6), 2),
        lambda x, w, b: F.pad(x, (1, 1), mode="reflect"),
        lambda x, w, b: F.max_pool2d(x, 2),
        lambda x, w, b: F.avg_pool2d(x, 3, 1, 1, count_include_pad=True),
        lambda x, w, b: F.adaptive_avg_pool2d(x, 4),
        lambda x, w, b: F.adaptive_max_pool2d(x, 4),
        lambda x, w, b: F.interpolate(x, scale_factor=2),
        lambda x, w, b: F.interpolate(x, scale_factor=2, mode="bicubic"),
        lambda x, w, b: F.pixel_shuffle(x, 2),
    ],
)
def test_arrays_of_another_library_stay_what_they_are(call: Callable[..., Any]) -> None:
    arrays = normal(2, 4, 6, 6), normal(4, 2, 3, 3), normal(4)
    here, there = [ag.Value(x) for x in arrays], [ag.Value(Duck(x)) for x in arrays]
    expected, got = call(*here), call(*there)
    expected.sum().backward()
    got.sum().backward()
    assert isinstance(got.data, Duck)
    np.testing.assert_allclose(got.data.get(), expected.data, atol=1e-12)
    assert isinstance(there[0].grad, Duck)
    np.testing.assert_allclose(there[0].grad.get(), here[0].grad, atol=1e-12)


def test_drawings_say_briefly_where_windows_lie() -> None:
    x, w = ag.Value(normal(1, 2, 8, 8)), normal(4, 1, 3, 3)
    assert repr(F.conv2d(x, w, padding=(1, 2), groups=2).node.args[3]) == "padding 1 x 2, groups 2"
    assert repr(F.conv2d(x, normal(4, 2, 3, 3)).node.args[3]) == "plain"
    assert repr(F.max_pool2d(x, 2).node.args[1]) == "2, stride 2"
