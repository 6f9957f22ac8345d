"""The memory that a compiled step of training needs at most, beside the eager one's."""

from __future__ import annotations

import gc
import tracemalloc
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import autograd_lite as ag
import nn
import nn.functional as F

from .scenarios import Wrap, draw


def peak_of(step: Callable[[], Any]) -> int:
    """The bytes that a step needs at most, with what is kept for it between the steps."""
    gc.collect()
    tracemalloc.start()
    try:
        for _ in range(3):
            step()
        tracemalloc.reset_peak()
        step()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def perceptron() -> tuple[nn.Module, Any]:
    layers = nn.Linear(784, 256), nn.ReLU(), nn.Linear(256, 128), nn.ReLU(), nn.Linear(128, 10)
    return nn.Sequential(*layers), draw(128, 784, dtype=np.float32)


class Block(nn.Module):
    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.attention = nn.MultiheadAttention(width, heads, batch_first=True)
        self.up, self.down = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

    def forward(self, x: Any) -> Any:
        h = self.norm1(x)
        x = x + self.attention(h, h, h, need_weights=False)[0]
        return x + self.down(F.gelu(self.up(self.norm2(x))))


def transformer() -> tuple[nn.Module, Any]:
    return Block(128, 4), draw(16, 64, 128, dtype=np.float32)


def step_of(make: Callable[[], Any], wrap: Wrap) -> Callable[[], Any]:
    """Forward and backward of a model of its own."""
    nn.manual_seed(0)
    model, x = make()

    def step(x: Any) -> Any:
        model.zero_grad()
        loss = np.mean(model(x) ** 2)
        loss.backward()
        return loss.data

    f = wrap(step)
    return lambda: f(x)


@pytest.mark.parametrize(
    ("make", "most"),
    # of the perceptron's memory two thirds are gradients, which belong to the user
    [(transformer, 0.8), (perceptron, 1.1)],
)
def test_peak_memory_of_a_step(make: Callable[[], Any], most: float) -> None:
    peaks = []
    for wrap in (ag.compile, lambda f: f):
        step_of(make, wrap)()  # imports what is needed
        peaks.append(peak_of(step_of(make, wrap)))
    assert peaks[0] <= most * peaks[1], peaks
