"""Initialization: distributions, gains, what may be filled, and what is refused."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

import autograd_lite as ag
from nn import Parameter, init, random

SHAPE = (200, 50, 3)  # fan_in 150, fan_out 600


@pytest.mark.parametrize(
    ("fill", "std", "uniform"),
    [
        (lambda w: init.kaiming_normal_(w), (2 / 150) ** 0.5, False),
        (lambda w: init.kaiming_normal_(w, mode="fan_out", nonlinearity="relu"), (2 / 600) ** 0.5, False),
        (lambda w: init.kaiming_normal_(w, nonlinearity="tanh"), 5 / 3 / 150**0.5, False),
        (lambda w: init.kaiming_uniform_(w), (2 / 150) ** 0.5, True),
        (lambda w: init.kaiming_uniform_(w, a=5**0.5), (1 / 450) ** 0.5, True),
        (lambda w: init.xavier_normal_(w, gain=2.0), 2 * (2 / 750) ** 0.5, False),
        (lambda w: init.xavier_uniform_(w), (2 / 750) ** 0.5, True),
        (lambda w: init.normal_(w, std=3.0), 3.0, False),
        (lambda w: init.uniform_(w, -1.0, 1.0), 3**-0.5, True),
    ],
)
def test_distribution(fill: Any, std: float, uniform: bool) -> None:
    random.manual_seed(0)
    w = Parameter(np.empty(SHAPE))
    assert fill(w) is w
    assert abs(w.data.std() / std - 1) < 0.02
    assert abs(w.data.mean()) < 0.02 * std
    bound = np.abs(w.data).max() / std
    assert (0.99 * 3**0.5 < bound <= 3**0.5) if uniform else bound > 3


def test_constants_and_what_may_be_filled() -> None:
    assert init.ones_(np.empty(3)).sum() == 3
    assert init.zeros_(ag.Value(2.0)).item() == 0
    assert init.constant_(Parameter(1.0), 0.5).dtype == np.float32
    w = Parameter(np.empty(3, np.float32))
    memory = w.data
    assert init.constant_(w, 2).data is memory
    assert (memory == 2).all()


def test_filling_makes_older_graphs_unusable() -> None:
    w = Parameter(np.ones(3))
    loss = (w * 2).sum()
    init.zeros_(w)
    with pytest.raises(RuntimeError, match="changed after this graph was recorded"):
        loss.backward()


def test_generator_can_be_given() -> None:
    first, second = (init.normal_(np.empty(4), generator=np.random.default_rng(5)) for _ in range(2))
    np.testing.assert_array_equal(first, second)


@pytest.mark.parametrize(
    ("name", "param", "gain"),
    [
        ("linear", None, 1),
        ("conv1d", None, 1),
        ("conv2d", 3, 1),
        ("conv3d", None, 1),
        ("conv_transpose1d", None, 1),
        ("conv_transpose2d", None, 1),
        ("conv_transpose3d", None, 1),
        ("sigmoid", None, 1),
        ("tanh", None, 5 / 3),
        ("relu", None, 2**0.5),
        ("leaky_relu", None, (2 / 1.0001) ** 0.5),
        ("leaky_relu", 1.0, 1),
        ("leaky_relu", np.float32(1), 1),
        ("leaky_relu", 0, 2**0.5),
        ("selu", None, 0.75),
    ],
)
def test_gain(name: str, param: Any, gain: float) -> None:
    assert init.calculate_gain(name, param) == pytest.approx(gain)


@pytest.mark.parametrize(
    ("act", "message"),
    [
        (lambda: init.calculate_gain("gelu"), "Unsupported nonlinearity gelu"),
        (lambda: init.calculate_gain("leaky_relu", True), "negative_slope True not a valid number"),
        (lambda: init.calculate_gain("leaky_relu", "steep"), "negative_slope steep not a valid number"),  # type: ignore
        (lambda: init.eye_(np.empty(3)), "Only tensors with 2 dimensions are supported, got shape (3,)"),
        (lambda: init.sparse_(np.empty((3, 3, 3)), 0.1), "Only tensors with 2 dimensions are supported"),
        (lambda: init.sparse_(np.empty((3, 3)), 1.5), "sparsity must be between 0 and 1, got 1.5"),
        (lambda: init.dirac_(np.empty((3, 3))), "Only tensors with 3, 4, or 5 dimensions are supported"),
        (lambda: init.dirac_(np.empty((3, 3, 3)), groups=2), "dim 0 must be divisible by groups, got 3 and 2"),
        (lambda: init.orthogonal_(np.empty(3)), "Only tensors with 2 or more dimensions are supported"),
        (lambda: init.trunc_normal_(np.empty(3), a=2, b=1), "trunc_normal_ needs a <= b and std > 0, got a = 2, b = 1"),
        (lambda: init.trunc_normal_(np.empty(3), std=0), "needs a <= b and std > 0"),
        (lambda: init.kaiming_normal_(np.empty((2, 2)), mode="fan"), "Mode fan not supported, please use one of"),
        (
            lambda: init.xavier_uniform_(np.empty(3)),
            "Fan in and fan out can not be computed for tensor with fewer than 2",
        ),
    ],
)
def test_misuse_raises(act: Any, message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        act()


@pytest.mark.parametrize(
    ("mean", "std", "a", "b", "expected"),
    [
        (0.0, 1.0, -2.0, 2.0, (0.0, 0.87962)),
        (1.0, 0.5, 0.0, 1.2, (0.75163, 0.29569)),
        (0.0, 1.0, 9.0, 20.0, (9.10852, 0.10731)),  # far out, where the distribution function is 1 to all digits
        (0.0, 1.0, -20.0, -9.0, (-9.10852, 0.10731)),
        (5.0, 2.0, 3.0, 3.0, (3.0, 0.0)),
        *((0.3, 0.7, b, b, (b, 0.0)) for b in (0.9, 0.1, -0.7, 1.1)),  # not a rounding error beyond
    ],
)
def test_truncated_normal_distribution(mean: float, std: float, a: float, b: float, expected: Any) -> None:
    random.manual_seed(0)
    w = Parameter(np.empty(40000))
    assert init.trunc_normal_(w, mean, std, a, b) is w
    assert w.data.min() >= a
    assert w.data.max() <= b
    np.testing.assert_allclose((w.data.mean(), w.data.std()), expected, atol=0.004)


@pytest.mark.parametrize("shape", [(3, 3), (2, 5), (5, 2), (4, 3, 2), (1, 4), (3, 0)])
def test_orthogonal_rows_or_columns(shape: tuple[int, ...]) -> None:
    w = init.orthogonal_(np.empty(shape), gain=2.0).reshape(shape[0], -1)
    gram = w @ w.T if len(w) <= w.shape[1] else w.T @ w
    np.testing.assert_allclose(gram, 4 * np.eye(len(gram)), atol=1e-12)


def test_orthogonal_matrices_have_no_preferred_sign() -> None:
    random.manual_seed(0)
    corners = [init.orthogonal_(np.empty((3, 3)))[0, 0] for _ in range(400)]
    assert abs(np.mean(corners)) < 0.1


@pytest.mark.parametrize(("sparsity", "zeros"), [(0.0, 0), (0.1, 1), (0.5, 5), (0.51, 6), (1.0, 10)])
def test_sparse_columns(sparsity: float, zeros: int) -> None:
    random.manual_seed(0)
    w = init.sparse_(Parameter(np.empty((10, 500), np.float32)), sparsity, std=3.0).data
    assert ((w == 0).sum(axis=0) == zeros).all()
    if zeros < 10:
        assert abs(w[w != 0].std() / 3 - 1) < 0.05
    if 0 < zeros < 10:
        assert len({tuple(np.flatnonzero(column)) for column in w.T}) > 5


@pytest.mark.parametrize(
    ("shape", "groups"), [((3, 3, 3), 1), ((2, 4, 4, 5), 1), ((4, 2, 1, 3, 2), 1), ((6, 2, 3), 3), ((4, 3, 3), 2)]
)
def test_dirac_passes_channels_on(shape: tuple[int, ...], groups: int) -> None:
    w = init.dirac_(np.empty(shape), groups)
    channels = shape[0] // groups
    expected = np.zeros(shape)
    for group in range(groups):
        for i in range(min(channels, shape[1])):
            expected[(group * channels + i, i, *(length // 2 for length in shape[2:]))] = 1
    np.testing.assert_array_equal(w, expected)


def test_identity_of_any_matrix() -> None:
    w = Parameter(np.empty((2, 3), np.float32))
    assert init.eye_(w).data.tolist() == [[1, 0, 0], [0, 1, 0]]
    assert w.dtype == np.float32


@pytest.mark.parametrize(
    "fill",
    [
        lambda w, g: init.uniform_(w, generator=g),
        lambda w, g: init.trunc_normal_(w, generator=g),
        lambda w, g: init.xavier_uniform_(w, generator=g),
        lambda w, g: init.xavier_normal_(w, generator=g),
        lambda w, g: init.kaiming_uniform_(w, generator=g),
        lambda w, g: init.kaiming_normal_(w, generator=g),
        lambda w, g: init.orthogonal_(w, generator=g),
        lambda w, g: init.sparse_(w, 0.2, generator=g),
    ],
)
def test_every_draw_comes_from_the_generator_that_is_given(fill: Any) -> None:
    first, second = (fill(np.empty((4, 4)), np.random.default_rng(5)) for _ in range(2))
    np.testing.assert_array_equal(first, second)


@pytest.mark.parametrize("fill", [init.kaiming_normal_, init.kaiming_uniform_])
def test_nothing_to_fill_is_said(fill: Any) -> None:
    with pytest.warns(UserWarning, match="Initializing zero-element tensors is a no-op"):
        assert fill(np.empty((3, 0))).size == 0
