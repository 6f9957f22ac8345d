"""Compiled functions in several threads, and within themselves."""

from __future__ import annotations

import contextvars
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Event
from typing import Any

import numpy as np
import pytest

import autograd_lite as ag
import nn
from autograd_lite import Value

from .same import bits

THREADS = 6


def in_threads(work: Callable[[int], Any], count: int = THREADS) -> list[Any]:
    """Run `work(i)` in threads that start at the same time."""
    barrier = Barrier(count)

    def started(i: int) -> Any:
        barrier.wait()
        return work(i)

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(started, range(count)))


def data(i: int, *shape: int) -> Any:
    return np.random.default_rng(i).normal(size=shape)


@pytest.mark.parametrize("called_before", [False, True])
def test_one_function_in_many_threads(called_before: bool) -> None:
    w = data(0, 30, 40)

    def function(x: Any) -> Any:
        h = np.tanh(x @ w)
        return np.sum(np.exp(h) / np.sum(np.exp(h), axis=-1, keepdims=True) * h, axis=0), h

    f = ag.compile(function)
    if called_before:
        f(data(0, 50, 30))

    def work(i: int) -> Any:
        results = [f(data(20 * i + k, 50, 30)) for k in range(20)]
        return [bits(x) for x in results]

    found = in_threads(work)
    assert len(f.variants()) == 1
    for i, results in enumerate(found):
        assert results == [bits(function(data(20 * i + k, 50, 30))) for k in range(20)]


def test_gradients_in_many_threads() -> None:
    w = Value(data(0, 30, 4), name="w")

    def function(x: Any) -> Any:
        return np.sum(np.tanh(x @ w) ** 2)

    f = ag.compile(function)

    def work(i: int) -> Any:
        values = [Value(data(i + k, 5, 30)) for k in range(10)]
        for value in values:
            f(value).backward()
        return [bits(value.grad) for value in values]

    found = in_threads(work)
    total = w.grad
    w.grad = None
    for i, gradients in enumerate(found):
        for k, gradient in enumerate(gradients):
            value = Value(data(i + k, 5, 30))
            function(value).backward()
            assert bits(value.grad) == gradient
    np.testing.assert_allclose(total, w.grad, rtol=1e-12)


def test_backward_in_other_threads_than_forward() -> None:
    w = data(0, 30, 4)
    f = ag.compile(lambda x: np.sum(np.tanh(x @ w) ** 2))
    values = [Value(data(k, 5, 30)) for k in range(THREADS)]
    losses = [f(value) for value in values]
    in_threads(lambda i: losses[i].backward())
    for k, value in enumerate(values):
        other = Value(data(k, 5, 30))
        np.sum(np.tanh(other @ w) ** 2).backward()
        assert bits(value.grad) == bits(other.grad)


def memory_of(f: Any) -> list[Any]:
    """The memory that the instances of all programs of a function keep."""
    idle = [run for variant in f.variants() for runner in variant.runners() for run in runner._idle]
    return [x for run in idle for name, x in run.__globals__.items() if name.endswith("memory")]


def test_no_memory_is_shared() -> None:
    def function(x: Any) -> Any:
        return np.sum(np.exp(x) * np.tanh(x), axis=0)

    f, g = ag.compile(function), ag.compile(function)
    for h in (f, g):
        in_threads(lambda i, h=h: [h(data(i, 60, 40)) for _ in range(5)])  # type: ignore[misc]
        h(Value(data(0, 60, 40))).backward(np.ones(40))
    held = [memory_of(f), memory_of(g)]
    assert all(held)
    everything = [*held[0], *held[1]]
    assert not any(np.shares_memory(a, b) for i, a in enumerate(everything) for b in everything[:i])


def test_traces_of_different_functions_at_the_same_time() -> None:
    def make(i: int) -> Any:
        return lambda x: np.sum(x * i) + np.tanh(x) ** (i + 1)

    functions = [make(i) for i in range(THREADS)]
    found = in_threads(lambda i: [bits(ag.compile(functions[i])(data(i, n, 3))) for n in range(1, 6)])
    for i, results in enumerate(found):
        assert results == [bits(functions[i](data(i, n, 3))) for n in range(1, 6)]


def test_a_function_that_calls_itself_from_an_effect() -> None:
    seen: list[Any] = []

    @ag.effect
    def again(x: Any) -> None:
        seen.append(x.copy())
        if len(seen) % 3:
            seen.append(f(x + 1))

    def function(x: Any) -> Any:
        h = np.tanh(x) * 2
        again(h)
        return h * h - np.sum(h)

    f = ag.compile(function)
    results = [f(data(i, 3, 4)) for i in range(3)]
    compiled, seen[:] = list(map(bits, seen)), []
    f = function  # type: ignore[assignment]
    assert [bits(function(data(i, 3, 4))) for i in range(3)] == [bits(x) for x in results]
    assert [bits(x) for x in seen] == compiled


def test_one_that_calls_another_from_an_effect() -> None:
    seen: list[Any] = []
    inner = ag.compile(lambda x: np.tanh(x) * 2)

    @ag.effect
    def note(x: Any) -> None:
        seen.append(inner(x))

    def function(x: Any) -> Any:
        note(x * 2)
        return np.tanh(x)

    f = ag.compile(function)
    assert bits(f(data(0, 3))) == bits(np.tanh(data(0, 3)))
    assert bits(seen) == bits([np.tanh(data(0, 3) * 2) * 2])


def test_eager_work_on_the_same_values_while_another_thread_traces() -> None:
    nn.manual_seed(0)
    model = nn.Sequential(nn.Linear(6, 8), nn.LayerNorm(8), nn.GELU(), nn.Linear(8, 3))
    x = data(0, 5, 6).astype(np.float32)
    inside, done = Event(), Event()

    def slow(x: Any) -> Any:
        y = model(x)
        inside.set()
        assert done.wait(60)
        return np.sum(model(y @ np.ones((3, 6), np.float32)) ** 2)

    def eager() -> Any:
        assert inside.wait(60)
        try:
            assert not ag.is_compiling()
            loss = np.sum(model(Value(x)) ** 2)
            loss.backward()
            gradients = [p.grad.copy() for p in model.parameters()]
            for p in model.parameters():
                p.grad = None
            # so may Values be made, and read
            other = Value(x) * 2
            other.name = "other"
            return loss.data, gradients, other, ag.grad(lambda v: np.sum(v**3))(x), float(loss)
        finally:
            done.set()

    f = ag.compile(slow)
    with ThreadPoolExecutor(2) as pool:
        tracing, other = pool.submit(f, x), pool.submit(eager)
        found, y = other.result(), tracing.result()
    assert bits(found) == bits(eager())
    assert bits(y) == bits(slow(x))
    y.backward()
    compiled = [p.grad for p in model.parameters()]
    for p in model.parameters():
        p.grad = None
    slow(x).backward()
    assert bits([p.grad for p in model.parameters()]) == bits(compiled)


def test_contexts_of_tasks() -> None:
    f = ag.compile(lambda x: x * w)
    w = Value(np.ones(3))
    f(np.ones(3))
    context = contextvars.copy_context()

    def without() -> Any:
        with ag.no_grad():
            return f(np.ones(3)).requires_grad

    assert context.run(without) is False
    assert f(np.ones(3)).requires_grad
