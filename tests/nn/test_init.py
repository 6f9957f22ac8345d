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
        ("sigmoid", None, 1),
        ("tanh", None, 5 / 3),
        ("relu", None, 2**0.5),
        ("leaky_relu", None, (2 / 1.0001) ** 0.5),
        ("leaky_relu", 1.0, 1),
        ("selu", None, 0.75),
    ],
)
def test_gain(name: str, param: Any, gain: float) -> None:
    assert init.calculate_gain(name, param) == pytest.approx(gain)


@pytest.mark.parametrize(
    ("act", "message"),
    [
        (lambda: init.calculate_gain("gelu"), "Unsupported nonlinearity gelu"),
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
