"""A full training step of a multilayer perceptron: forward, cross entropy, backward, SGD."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np

import nn

from .timing import Contender, Workload

RATE = 1e-4  # small, so that many steps leave the gradients comparable


class Problem:
    """Weights, one batch and its labels, the same for every contender; float32."""

    def __init__(self, sizes: tuple[int, ...], batch: int) -> None:
        rng = np.random.default_rng(0)
        self.sizes = sizes
        self.x = rng.standard_normal((batch, sizes[0])).astype(np.float32)
        self.y = rng.integers(0, sizes[-1], batch)
        self.weights = [
            (rng.standard_normal((fan_out, fan_in)) * np.sqrt(2 / fan_in)).astype(np.float32)
            for fan_in, fan_out in pairwise(sizes)
        ]

    def parameters(self) -> list[Any]:
        """Weights and zero biases, alternating; fresh copies."""
        return [a.copy() for w in self.weights for a in (w, np.zeros(len(w), np.float32))]


def workload(sizes: tuple[int, ...], batch: int) -> Workload:
    """The step of one network."""
    engines = {"autograd_lite": _ours, "PyTorch": _torch, "jax.jit": _jax, "autograd": _autograd, "MyGrad": _mygrad}
    name = f"MLP {'-'.join(map(str, sizes))}, batch {batch}, full step"
    return Workload(name, {engine: partial(_set_up, make, sizes, batch) for engine, make in engines.items()})


def _set_up(make: Callable[[Problem], Contender], sizes: tuple[int, ...], batch: int) -> Contender:
    return make(Problem(sizes, batch))


def _ours(problem: Problem) -> Contender:
    layers: list[nn.Module] = []
    for fan_in, fan_out in pairwise(problem.sizes):
        layers += [nn.Linear(fan_in, fan_out), nn.ReLU()]
    model = nn.Sequential(*layers[:-1])
    for parameter, data in zip(model.parameters(), problem.parameters(), strict=True):
        parameter.data = data
    optimizer = nn.SGD(model.parameters(), lr=RATE)

    def step() -> None:
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(problem.x), problem.y).backward()
        optimizer.step()

    return Contender(step, lambda: [p.grad for p in model.parameters()])


def _torch(problem: Problem) -> Contender:
    import torch

    layers: list[Any] = []
    for fan_in, fan_out in pairwise(problem.sizes):
        layers += [torch.nn.Linear(fan_in, fan_out), torch.nn.ReLU()]
    model = torch.nn.Sequential(*layers[:-1])
    with torch.no_grad():
        for parameter, data in zip(model.parameters(), problem.parameters(), strict=True):
            parameter.copy_(torch.from_numpy(data))
    optimizer = torch.optim.SGD(model.parameters(), lr=RATE)
    x, y = torch.from_numpy(problem.x), torch.from_numpy(problem.y)

    def step() -> None:
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(model(x), y).backward()
        optimizer.step()

    return Contender(step, lambda: [p.grad.numpy() for p in model.parameters()])


def _loss(np: Any, parameters: list[Any], x: Any, onehot: Any) -> Any:
    """The same loss for engines that bring their own NumPy."""
    h = x
    for i in range(0, len(parameters), 2):
        h = h @ parameters[i].T + parameters[i + 1]
        if i < len(parameters) - 2:
            h = np.maximum(h, 0.0)
    shifted = h - np.max(h, axis=1, keepdims=True)
    return np.mean(np.log(np.sum(np.exp(shifted), axis=1)) - np.sum(shifted * onehot, axis=1))


def _onehot(problem: Problem) -> Any:
    return np.eye(problem.sizes[-1], dtype=np.float32)[problem.y]


def _jax(problem: Problem) -> Contender:
    import jax
    import jax.numpy as jnp

    x, onehot = jnp.asarray(problem.x), jnp.asarray(_onehot(problem))
    state: list[Any] = [[jnp.asarray(p) for p in problem.parameters()], []]

    @jax.jit
    def update(parameters: Any) -> Any:
        gradients = jax.grad(lambda p: _loss(jnp, p, x, onehot))(parameters)
        return [p - RATE * g for p, g in zip(parameters, gradients, strict=True)], gradients

    def step() -> None:
        state[:] = jax.block_until_ready(update(state[0]))

    return Contender(step, lambda: state[1])


def _autograd(problem: Problem) -> Contender:
    import autograd
    import autograd.numpy as anp

    onehot = _onehot(problem)
    gradient = autograd.grad(lambda p: _loss(anp, p, problem.x, onehot))
    state: list[Any] = [problem.parameters(), []]

    def step() -> None:
        state[1] = gradient(state[0])
        for p, g in zip(*state, strict=True):
            p -= RATE * g

    return Contender(step, lambda: state[1])


def _mygrad(problem: Problem) -> Contender:
    import mygrad
    from mygrad.nnet.losses import softmax_crossentropy

    parameters = [mygrad.tensor(p) for p in problem.parameters()]

    def step() -> None:
        for p in parameters:
            p.null_grad()
        h = problem.x
        for i in range(0, len(parameters), 2):
            h = mygrad.matmul(h, parameters[i].T) + parameters[i + 1]
            if i < len(parameters) - 2:
                h = mygrad.nnet.relu(h)
        softmax_crossentropy(h, problem.y).backward()
        for p in parameters:
            p.data -= RATE * p.grad

    return Contender(step, lambda: [p.grad for p in parameters])
