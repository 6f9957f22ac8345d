"""Scalars: the cost of recording one operation, and a long expression forward and backward."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograd_lite import Value

from .timing import Contender, Workload

OPERATIONS = 8 + 15 * 20


def expression(a: Any, b: Any, relu: Callable[[Any], Any]) -> Any:
    """micrograd's example, made longer: about 300 operations on two scalars."""
    c = a + b
    d = a * b + b**3
    for _ in range(20):
        c = c * 0.5 + c + 1
        c = c * 0.3 + 1 + c + (-a)
        d = d * 0.2 + relu(b + a)
        d = 0.3 * d + relu(b - a)
    e = c - d
    f = e**2
    return f / 2.0 + 10.0 / f


def recording_workloads() -> list[Workload]:
    """The same operation on Values and on plain NumPy, a thousand times."""

    def pair(name: str, x: Any, y: Any) -> Workload:
        v, w, repeat = Value(x), Value(y), range(1000)

        def recorded() -> None:
            for _ in repeat:
                v * w

        def plain() -> None:
            for _ in repeat:
                x * y

        return Workload(name, {"autograd_lite": lambda: Contender(recorded), "NumPy": lambda: Contender(plain)})

    return [
        pair("recording one operation, scalar", np.float64(2.0), np.float64(3.0)),
        pair("recording one operation, 8 elements", np.full(8, 2.0), np.full(8, 3.0)),
    ]


def expression_workload() -> Workload:
    """The expression, forward and backward."""
    engines = {
        "autograd_lite": lambda: _backward_style(Value, Value.relu),
        "PyTorch": _torch,
        "micrograd": _micrograd,
        "MyGrad": _mygrad,
        "autograd": _autograd,
        "jax.jit": _jax,
    }
    return Workload(f"scalar expression, {OPERATIONS} operations, forward and backward", engines, tolerance=1e-9)


def _backward_style(make: Callable[[float], Any], relu: Callable[[Any], Any]) -> Contender:
    inputs: list[Any] = []

    def step() -> None:
        inputs[:] = make(-4.0), make(2.0)
        expression(*inputs, relu).backward()

    return Contender(step, lambda: [x.grad for x in inputs])


def _functional_style(gradient: Callable[[float, float], Any]) -> Contender:
    found: list[Any] = []

    def step() -> None:
        found[:] = gradient(-4.0, 2.0)

    return Contender(step, lambda: found)


def _torch() -> Contender:
    import torch

    return _backward_style(lambda x: torch.tensor(x, dtype=torch.float64, requires_grad=True), torch.relu)


def _micrograd() -> Contender:
    from micrograd.engine import Value as MicrogradValue

    return _backward_style(MicrogradValue, MicrogradValue.relu)


def _mygrad() -> Contender:
    import mygrad

    return _backward_style(mygrad.tensor, mygrad.nnet.relu)


def _autograd() -> Contender:
    import autograd
    import autograd.numpy as anp

    return _functional_style(autograd.grad(lambda a, b: expression(a, b, lambda x: anp.maximum(x, 0.0)), (0, 1)))


def _jax() -> Contender:
    import jax

    jax.config.update("jax_enable_x64", True)
    gradient = jax.jit(jax.grad(lambda a, b: expression(a, b, jax.nn.relu), argnums=(0, 1)))
    return _functional_style(lambda a, b: jax.block_until_ready(gradient(a, b)))
