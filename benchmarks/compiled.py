"""Whole training steps, eager and compiled: the model of each row is written once and built from either library.

A step is forward, backward and, where the row says so, SGD. The transformer block is pre-norm, with causal attention
in four heads (six for the largest) and a feed-forward part of four times the width.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from itertools import pairwise
from typing import Any

import numpy as np

import autograd_lite as ag
import nn

from . import optimizers, scalar
from .timing import Contender, Workload

RATE = 1e-4  # small, so that many steps leave the gradients comparable


@dataclass(frozen=True)
class Row:
    """One model and its batch.

    Attributes:
        name: the row of the table.
        build: makes the model from a library, `nn` or `torch.nn`.
        shape: of the input.
        classes: how many there are, 0 for a loss that is the mean square of the output.
        optimize: whether the step ends with SGD.
    """

    name: str
    build: Callable[[Any], Any]
    shape: tuple[int, ...]
    classes: int = 0
    optimize: bool = False


def _mlp(sizes: tuple[int, ...], library: Any) -> Any:
    layers = []
    for fan_in, fan_out in pairwise(sizes):
        layers += [library.Linear(fan_in, fan_out), library.ReLU()]
    return library.Sequential(*layers[:-1])


def _cnn(library: Any) -> Any:
    return library.Sequential(
        library.Conv2d(1, 16, 3, padding=1), library.ReLU(), library.MaxPool2d(2),
        library.Conv2d(16, 32, 3, padding=1), library.ReLU(), library.MaxPool2d(2),
        library.Flatten(), library.Linear(128, 10),
    )  # fmt: skip


def _lstm(library: Any) -> Any:
    class Outputs(library.Module):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.lstm = library.LSTM(64, 64)

        def forward(self, x: Any) -> Any:
            return self.lstm(x)[0]

    return Outputs()


def _block(width: int, heads: int, library: Any) -> Any:
    attention = import_module(f"{library.__name__}.functional").scaled_dot_product_attention

    class Block(library.Module):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.norm1, self.norm2 = library.LayerNorm(width), library.LayerNorm(width)
            self.query = library.Linear(width, width)
            self.key = library.Linear(width, width, bias=False)  # whose gradient would be 0
            self.value = library.Linear(width, width)
            self.project = library.Linear(width, width)
            self.widen, self.narrow = library.Linear(width, 4 * width), library.Linear(4 * width, width)
            self.gelu = library.GELU()

        def forward(self, x: Any) -> Any:
            batch, time, _ = x.shape
            y = self.norm1(x)
            split = [f(y).reshape(batch, time, heads, -1).swapaxes(1, 2) for f in (self.query, self.key, self.value)]
            y = attention(*split, is_causal=True).swapaxes(1, 2).reshape(batch, time, width)
            x = x + self.project(y)
            return x + self.narrow(self.gelu(self.widen(self.norm2(x))))

    return Block()


ROWS = [
    Row("MLP 64-32-10, batch 32, with SGD", partial(_mlp, (64, 32, 10)), (32, 64), 10, True),
    Row("MLP 784-256-128-10, batch 128, with SGD", partial(_mlp, (784, 256, 128, 10)), (128, 784), 10, True),
    Row("MLP 1024-1024-1024-1024, batch 256, with SGD", partial(_mlp, (1024,) * 4), (256, 1024), 1024, True),
    Row("transformer block, B 4, T 16, D 32", partial(_block, 32, 4), (4, 16, 32)),
    Row("transformer block, B 16, T 64, D 128", partial(_block, 128, 4), (16, 64, 128)),
    Row("transformer block, B 8, T 256, D 384", partial(_block, 384, 6), (8, 256, 384)),
    Row("CNN on digits, batch 64", _cnn, (64, 1, 8, 8), 10),
    Row("LSTM 64 → 64, batch 32, 32 steps", _lstm, (32, 32, 64)),
]


def workloads() -> list[Workload]:
    """Every row, and the long expression of scalars."""
    rows = [Workload(f"compiled: {row.name}", {**_ours(row), "PyTorch": partial(_torch, row)}) for row in ROWS]
    return [_scalars(), *rows, _adam()]


def _ours(row: Row) -> dict[str, Callable[[], Contender]]:
    return {
        "autograd_lite": partial(_step, row, lambda step: step),
        "compiled": partial(_step, row, ag.compile),
        "compiled, jit": partial(_step, row, partial(ag.compile, jit=True)),
    }


def _problem(row: Row, shapes: dict[str, tuple[int, ...]]) -> tuple[dict[str, Any], Any, Any]:
    """Parameters, input and target, the same for every contender; float32."""
    rng = np.random.default_rng(0)
    state = {name: (rng.standard_normal(shape) * 0.2).astype(np.float32) for name, shape in shapes.items()}
    x = rng.standard_normal(row.shape).astype(np.float32)
    return state, x, rng.integers(0, row.classes, row.shape[0]) if row.classes else None


def _step(row: Row, compile: Callable[..., Any]) -> Contender:
    model = row.build(nn)
    state, x, y = _problem(row, {name: p.shape for name, p in model.named_parameters()})
    model.load_state_dict(state)
    optimizer = nn.SGD(model.parameters(), lr=RATE)

    @compile
    def step(x: Any, y: Any) -> Any:
        model.zero_grad()
        out = model(x)
        loss = nn.functional.cross_entropy(out, y) if row.classes else np.mean(out * out)
        loss.backward()
        if row.optimize:
            optimizer.step()
        return loss.data

    return Contender(lambda: step(x, y), lambda: [p.grad for p in model.parameters()])


def _torch(row: Row) -> Contender:
    import torch

    model = row.build(torch.nn)
    state, inputs, target = _problem(row, {name: tuple(p.shape) for name, p in model.named_parameters()})
    model.load_state_dict({name: torch.from_numpy(p) for name, p in state.items()})
    optimizer = torch.optim.SGD(model.parameters(), lr=RATE)
    x, y = torch.from_numpy(inputs), None if target is None else torch.from_numpy(target)

    def step() -> None:
        model.zero_grad()
        out = model(x)
        loss = torch.nn.functional.cross_entropy(out, y) if row.classes else (out * out).mean()
        loss.backward()
        if row.optimize:
            optimizer.step()

    return Contender(step, lambda: [p.grad.numpy() for p in model.parameters()])


def _adam() -> Workload:
    """A step of Adam on a million parameters, as a program of its own."""
    eager = optimizers.workload("Adam").contenders

    def ours(**options: Any) -> Contender:
        contender = eager["autograd_lite"]()
        return Contender(ag.compile(lambda: contender.step(), **options), contender.gradients)

    jit = {"compiled": ours, "compiled, jit": partial(ours, jit=True)}
    return Workload("compiled: Adam, 1,000,000 parameters", {**eager, **jit})


def _scalars() -> Workload:
    """The expression of `scalar`, with its gradient."""

    def ours(compile: Callable[[Any], Any]) -> Contender:
        value_and_grad = compile(ag.value_and_grad(partial(scalar.expression, relu=ag.Value.relu), argnums=(0, 1)))
        a, b = np.float64(-4.0), np.float64(2.0)
        return Contender(lambda: value_and_grad(a, b), lambda: list(value_and_grad(a, b)[1]))

    peers = scalar.expression_workload().contenders
    return Workload(
        f"compiled: about {scalar.OPERATIONS} scalar operations, forward and backward",
        {
            "autograd_lite": partial(ours, lambda f: f),
            "compiled": partial(ours, ag.compile),
            "PyTorch": peers["PyTorch"],
            "micrograd": peers["micrograd"],
        },
    )
