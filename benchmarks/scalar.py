"""Scalars: the cost of recording one operation, and a long expression forward and backward."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograd_lite import Value

from .timing import Contender, installed

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


def recording() -> list[tuple[str, Contender, Contender]]:
    """Pairs of the same operation on Values and on plain NumPy."""
    repeat = range(1000)

    def pair(name: str, x: Any, y: Any) -> tuple[str, Contender, Contender]:
        v, w = Value(x), Value(y)

        def recorded() -> None:
            for _ in repeat:
                v * w

        def plain() -> None:
            for _ in repeat:
                x * y

        return name, Contender("autograd_lite", recorded), Contender("NumPy", plain)

    return [
        pair("recording one operation, scalar", np.float64(2.0), np.float64(3.0)),
        pair("recording one operation, 8 elements", np.full(8, 2.0), np.full(8, 3.0)),
    ]


def contenders() -> list[Contender]:
    """The expression, forward and backward, on every engine that is installed."""
    found: dict[str, list[Any]] = {}

    def backward_style(name: str, make: Callable[[float], Any], relu: Callable[[Any], Any]) -> Contender:
        def step() -> None:
            a, b = make(-4.0), make(2.0)
            expression(a, b, relu).backward()
            found[name] = [a.grad, b.grad]

        return Contender(name, step, lambda: found[name])

    result = [backward_style("autograd_lite", Value, Value.relu)]
    if installed("torch"):
        import torch

        result.append(
            backward_style(
                "PyTorch", lambda x: torch.tensor(x, dtype=torch.float64, requires_grad=True), lambda x: x.relu()
            )
        )
    if installed("micrograd"):
        from micrograd.engine import Value as MicrogradValue

        result.append(backward_style("micrograd", MicrogradValue, lambda x: x.relu()))
    if installed("mygrad"):
        import mygrad

        result.append(backward_style("MyGrad", mygrad.tensor, mygrad.nnet.relu))
    if installed("autograd"):
        import autograd
        import autograd.numpy as anp

        both = autograd.grad(lambda p: expression(p[0], p[1], lambda x: anp.maximum(x, 0.0)))

        def autograd_step() -> None:
            found["autograd"] = both((-4.0, 2.0))

        result.append(Contender("autograd", autograd_step, lambda: list(found["autograd"])))
    if installed("jax"):
        import jax

        jax.config.update("jax_enable_x64", True)
        gradient = jax.jit(jax.grad(lambda a, b: expression(a, b, jax.nn.relu), argnums=(0, 1)))

        def jax_step() -> None:
            found["jax.jit"] = jax.block_until_ready(gradient(-4.0, 2.0))

        result.append(Contender("jax.jit", jax_step, lambda: list(found["jax.jit"])))
    return result
