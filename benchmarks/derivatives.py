"""Jacobians and Hessians: many backward passes, or second ones."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

import autograd_lite as ag
from autograd_lite import Value

from .scalar import OPERATIONS, expression
from .timing import Contender, Workload

WIDTH, DIMENSIONS = 64, 20
_RNG = np.random.default_rng(0)
WEIGHTS = [_RNG.standard_normal((WIDTH, WIDTH)) / np.sqrt(WIDTH) for _ in range(3)]
X = _RNG.standard_normal(WIDTH)


def layers(np: Any, weights: list[Any], x: Any) -> Any:
    """tanh of an affine map, as often as there are weights."""
    for w in weights:
        x = np.tanh(np.matmul(w, x) + 0.1)
    return x


def rosenbrock(np: Any, x: Any) -> Any:
    """The banana valley in any number of dimensions."""
    return np.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)


def workloads() -> list[Workload]:
    """Jacobians of one layer and of three, and a Hessian."""
    return [
        _workload(f"Jacobian of tanh(W x + b), {WIDTH} to {WIDTH}", "jacobian", layers, X, WEIGHTS[:1]),
        _workload(f"Jacobian of an MLP, {'-'.join([str(WIDTH)] * 4)}", "jacobian", layers, X, WEIGHTS),
        _workload(f"Hessian of Rosenbrock's function, {DIMENSIONS} dimensions", "hessian", rosenbrock, X[:DIMENSIONS]),
    ]


def _workload(name: str, transform: str, function: Callable[..., Any], x: Any, *constants: Any) -> Workload:
    makers = {"autograd_lite": _ours, "PyTorch": _torch, "jax.jit": _jax, "autograd": _autograd}
    return Workload(
        name, {engine: partial(make, transform, function, x, *constants) for engine, make in makers.items()}, 1e-9
    )


def _contender(derivative: Callable[[Any], Any], x: Any) -> Contender:
    found: list[Any] = []

    def step() -> None:
        found[:] = [derivative(x)]

    return Contender(step, lambda: found)


def _ours(transform: str, function: Callable[..., Any], x: Any, *constants: Any) -> Contender:
    return _contender(getattr(ag, transform)(lambda x: function(np, *constants, x)), x)


def _torch(transform: str, function: Callable[..., Any], x: Any, *constants: Any) -> Contender:
    import torch

    constants = tuple([torch.from_numpy(w) for w in weights] for weights in constants)
    derivative = torch.func.hessian if transform == "hessian" else torch.func.jacrev
    return _contender(derivative(lambda x: function(torch, *constants, x)), torch.from_numpy(x))


def _jax(transform: str, function: Callable[..., Any], x: Any, *constants: Any) -> Contender:
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", True)
    derivative = jax.hessian if transform == "hessian" else jax.jacrev
    jitted = jax.jit(derivative(lambda x: function(jnp, *constants, x)))
    return _contender(lambda x: jax.block_until_ready(jitted(x)), jnp.asarray(x))


def _autograd(transform: str, function: Callable[..., Any], x: Any, *constants: Any) -> Contender:
    import autograd
    import autograd.numpy as anp

    return _contender(getattr(autograd, transform)(lambda x: function(anp, *constants, x)), x)


def recorded_backward() -> Workload:
    """Backward over one graph, recorded for a second derivative or not."""

    def through(create_graph: bool, make: Callable[[], tuple[Value, list[Value]]]) -> Contender:
        loss, inputs = make()

        def step() -> None:
            for x in inputs:
                x.grad = None
            loss.backward(create_graph=create_graph)

        return Contender(step, lambda: [getattr(x.grad, "data", x.grad) for x in inputs])

    def scalars() -> tuple[Value, list[Value]]:
        a, b = Value(-4.0), Value(2.0)
        return expression(a, b, Value.relu), [a, b]

    return Workload(
        f"recorded backward over a plain one, {OPERATIONS} operations on scalars",
        {"recorded": partial(through, True, scalars), "plain": partial(through, False, scalars)},
    )
