"""A convolutional layer, forward and backward with all three gradients."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

import autograd_lite as ag
import nn

from .timing import Contender, Workload

KERNEL, PADDING = 3, 1


class Problem:
    """Images, kernels and the gradient of the result, the same for every contender; float32."""

    def __init__(self, batch: int, channels: tuple[int, int], size: int) -> None:
        rng = np.random.default_rng(0)
        in_channels, out_channels = channels
        self.channels = channels
        self.x = rng.standard_normal((batch, in_channels, size, size), np.float32)
        self.weight = rng.standard_normal((out_channels, in_channels, KERNEL, KERNEL), np.float32)
        self.bias = rng.standard_normal(out_channels, np.float32)
        self.gradient = rng.standard_normal((batch, out_channels, size, size), np.float32)


def workload(batch: int, channels: tuple[int, int], size: int) -> Workload:
    """The step of one layer."""
    name = f"Conv2d {channels[0]}-{channels[1]}, {KERNEL} x {KERNEL}, batch {batch}, {size} x {size}"
    engines = {"autograd_lite": _ours, "PyTorch": _torch}
    return Workload(name, {engine: partial(_set_up, make, batch, channels, size) for engine, make in engines.items()})


def _set_up(make: Callable[[Problem], Contender], batch: int, channels: tuple[int, int], size: int) -> Contender:
    return make(Problem(batch, channels, size))


def _ours(problem: Problem) -> Contender:
    layer = nn.Conv2d(*problem.channels, KERNEL, padding=PADDING)
    layer.load_state_dict({"weight": problem.weight, "bias": problem.bias})
    x = ag.Value(problem.x)

    def step() -> None:
        x.grad = None
        layer.zero_grad()
        layer(x).backward(problem.gradient)

    return Contender(step, lambda: [p.grad for p in (x, *layer.parameters())])


def _torch(problem: Problem) -> Contender:
    import torch

    layer = torch.nn.Conv2d(*problem.channels, KERNEL, padding=PADDING)
    layer.load_state_dict({"weight": torch.from_numpy(problem.weight), "bias": torch.from_numpy(problem.bias)})
    x, gradient = torch.from_numpy(problem.x).requires_grad_(), torch.from_numpy(problem.gradient)

    def step() -> None:
        x.grad = None
        layer.zero_grad()
        layer(x).backward(gradient)

    def gradients() -> list[Any]:
        found = (p.grad for p in (x, *layer.parameters()))
        return [g.numpy() for g in found if g is not None]

    return Contender(step, gradients)
