"""Forward and backward pass of a recurrent layer: gradients of all its parameters and of the input."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

import autograd_lite as ag
import nn

from .timing import Contender, Workload


class Problem:
    """A sequence, what its outputs are weighted with, and the layer's parameters in order; float32."""

    def __init__(self, kind: str, batch: int, time: int, input_size: int, hidden_size: int) -> None:
        self.kind, self.input_size, self.hidden_size = kind, input_size, hidden_size
        rng = np.random.default_rng(0)
        self.x = rng.standard_normal((time, batch, input_size)).astype(np.float32)
        self.weights = rng.standard_normal((time, batch, hidden_size)).astype(np.float32)
        layer = getattr(nn, kind)(input_size, hidden_size)
        bound = hidden_size**-0.5
        self.parameters = [rng.uniform(-bound, bound, p.shape).astype(np.float32) for p in layer.parameters()]


def workload(kind: str, batch: int, time: int, input_size: int, hidden_size: int) -> Workload:
    """The pass of one layer, `kind` being its name."""
    engines = {"autograd_lite": _ours, "PyTorch": _torch}
    name = f"{kind} {input_size} → {hidden_size}, batch {batch}, {time} steps, forward and backward"
    sizes = kind, batch, time, input_size, hidden_size
    return Workload(name, {engine: partial(_set_up, make, sizes) for engine, make in engines.items()})


def workloads() -> list[Workload]:
    """LSTM and GRU, small and large."""
    return [
        workload(kind, 32, time, input_size, hidden_size)
        for kind in ("LSTM", "GRU")
        for time, input_size, hidden_size in ((32, 64, 64), (64, 128, 256))
    ]


def _set_up(make: Any, sizes: tuple[Any, ...]) -> Contender:
    return make(Problem(*sizes))  # type: ignore[no-any-return]


def _ours(problem: Problem) -> Contender:
    layer = getattr(nn, problem.kind)(problem.input_size, problem.hidden_size)
    for parameter, data in zip(layer.parameters(), problem.parameters, strict=True):
        parameter.data = data.copy()
    x = ag.Value(problem.x)

    def step() -> None:
        layer.zero_grad()
        x.grad = None
        np.sum(layer(x)[0] * problem.weights).backward()

    return Contender(step, lambda: [x.grad, *[p.grad for p in layer.parameters()]])


def _torch(problem: Problem) -> Contender:
    import torch

    layer = getattr(torch.nn, problem.kind)(problem.input_size, problem.hidden_size)
    with torch.no_grad():
        for parameter, data in zip(layer.parameters(), problem.parameters, strict=True):
            parameter.copy_(torch.from_numpy(data))
    x, weights = torch.tensor(problem.x, requires_grad=True), torch.from_numpy(problem.weights)

    def step() -> None:
        layer.zero_grad()
        x.grad = None
        (layer(x)[0] * weights).sum().backward()

    return Contender(step, lambda: [x.grad.numpy(), *[p.grad.numpy() for p in layer.parameters()]])
