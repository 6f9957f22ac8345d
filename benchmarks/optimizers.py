"""One step of an optimizer on 1,000,000 parameters in ten arrays, float32, with the gradients given."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

import nn

from .timing import Contender, Workload

OPTIMIZERS: dict[str, dict[str, Any]] = {
    "SGD": {"momentum": 0.9},
    "Adam": {},
    "AdamW": {},
    "NAdam": {},
    "RAdam": {},
    "Adamax": {},
    "Adagrad": {},
    "Adadelta": {},
    "RMSprop": {},
    "Rprop": {},
}
ARRAYS, SIZE, RATE = 10, 100_000, 1e-4


def workloads() -> list[Workload]:
    """A row for each optimizer."""
    return [workload(name) for name in OPTIMIZERS]


def workload(name: str) -> Workload:
    """The row of one optimizer."""
    options = OPTIMIZERS[name]
    engines = {"autograd_lite": partial(_ours, name, options), "PyTorch": partial(_torch, name, options)}
    return Workload(f"optimizer {name}, 1,000,000 parameters", engines)


def _numbers(seed: int) -> list[Any]:
    rng = np.random.default_rng(seed)
    return [rng.standard_normal(SIZE, np.float32) for _ in range(ARRAYS)]


def _ours(name: str, options: dict[str, Any]) -> Contender:
    parameters = [nn.Parameter(x) for x in _numbers(0)]
    for parameter, gradient in zip(parameters, _numbers(1), strict=True):
        parameter.grad = gradient
    optimizer = getattr(nn.optim, name)(parameters, lr=RATE, **options)
    return Contender(optimizer.step, lambda: [p.data for p in parameters])


def _torch(name: str, options: dict[str, Any]) -> Contender:
    import torch

    parameters = [torch.from_numpy(x).requires_grad_() for x in _numbers(0)]
    for parameter, gradient in zip(parameters, _numbers(1), strict=True):
        parameter.grad = torch.from_numpy(gradient)
    optimizer = getattr(torch.optim, name)(parameters, lr=RATE, **options)
    return Contender(optimizer.step, lambda: [p.detach().numpy() for p in parameters])
