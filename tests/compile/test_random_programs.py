"""Random programs give the same bits compiled as eager, whatever else is called between and kept alive."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import autograd_lite as ag
from autograd_lite import Value
from autograd_lite.compile.traced import TraceError

from .same import bits

SHAPES = [(), (3,), (1,), (2, 3), (3, 2), (3, 3), (1, 3), (2, 1, 3)]
DTYPES = [np.float32, np.float64]
UNARY = [
    np.exp, np.tanh, np.sin, np.negative, np.square, np.abs, np.positive, np.copy, np.sign, np.floor, np.ravel, np.cumsum,
    np.ones_like, np.zeros_like, lambda x: x**2, lambda x: x**0.5, lambda x: 2 * x, lambda x: x * 1, lambda x: x + 0,
    lambda x: 1 / (1 + x * x), lambda x: x.astype(np.float32), lambda x: x.astype(np.float64), lambda x: -(-x),
    lambda x: np.maximum(x, 0), lambda x: np.clip(x, -0.5, 1.5), lambda x: np.where(x > 0, x, 0.1 * x),
    lambda x: np.sum(x, axis=-1, keepdims=True) if x.ndim else x, lambda x: np.mean(x, axis=0) if x.ndim else x,
    lambda x: np.max(x, axis=-1) if x.ndim else x, lambda x: x - np.max(x), np.sum, np.mean, lambda x: np.sort(x, axis=None),
    lambda x: softmax(x) if x.ndim else x, lambda x: np.linalg.norm(x), lambda x: x.reshape(-1), lambda x: x / 2.5,
]  # fmt: skip
VIEWS = [
    lambda x: x[...], lambda x: x.T, lambda x: x.reshape(-1), lambda x: x[::-1] if x.ndim else x,
    lambda x: x[1:] if x.ndim and len(x) > 1 else x, lambda x: x[..., :1] if x.ndim else x,
    lambda x: x[0] if x.ndim else x, lambda x: x[None], lambda x: np.squeeze(x), lambda x: x[..., ::2] if x.ndim else x,
    lambda x: np.swapaxes(x, 0, -1) if x.ndim else x, lambda x: np.broadcast_to(x, (2, *np.shape(x))),
    lambda x: np.diagonal(x) if x.ndim == 2 else x, lambda x: x[[0, -1]] if x.ndim else x,
    lambda x: x[..., np.array([0, 0, -1])] if x.ndim else x, lambda x: np.expand_dims(x, -1),
]  # fmt: skip
BINARY = [
    np.add, np.subtract, np.multiply, np.maximum, np.minimum, np.hypot, np.arctan2, lambda x, y: x / (1 + np.abs(y)),
    lambda x, y: np.where(x < y, x, y), lambda x, y: x * 0.5 + y, lambda x, y: (x > y) * x, lambda x, y: np.stack([x * 1, y * 1]),
]  # fmt: skip
SHAPED = [  # need more than shapes that broadcast
    lambda x, y: x @ y if x.ndim and y.ndim and x.shape[-1] == y.shape[max(y.ndim - 2, 0)] and max(x.ndim, y.ndim) < 3 else x + 0,
    lambda x, y: np.concatenate([x.reshape(-1), y.reshape(-1)]),
    lambda x, y: np.outer(x, y),
    lambda x, y: np.stack([x, y]) if x.shape == y.shape else x,
]  # fmt: skip


def softmax(x: Any) -> Any:
    e = np.exp(x - np.max(x, axis=-1, keepdims=True))
    return e / np.sum(e, axis=-1, keepdims=True)


def writable(x: Any) -> bool:
    """Whether something can be written in place, with the same outcome eager and compiled."""
    return not isinstance(x, Value) and np.ndim(x) > 0 and x.flags.writeable


def add_to(x: Any, y: Any) -> None:
    x += y


def assign_first(x: Any, y: Any) -> None:
    x[0] = np.sum(y)


def assign_all(x: Any, y: Any) -> None:
    x[...] = np.mean(y)


def multiply_view(x: Any, y: Any) -> None:
    part = x[..., :1]
    part *= np.sum(y)


def write_to_flat(x: Any, y: Any) -> None:
    flat = x.reshape(-1)
    flat[::2] = np.max(y)


def write_by_index(x: Any, y: Any) -> None:
    x[np.array([0, -1])] = np.sum(y)


def write_out(x: Any, y: Any) -> None:
    np.multiply(x, np.sum(y), out=x)


WRITES = [add_to, assign_first, assign_all, multiply_view, write_to_flat, write_by_index, write_out]


@dataclass
class Program:
    """A list of instructions; each appends a result to those that were there, or writes into one of them."""

    shapes: list[Any]
    dtypes: list[Any]
    captured: list[Any]
    instructions: list[tuple[Any, ...]]
    results: list[int]

    def inputs(self, seed: int) -> list[Any]:
        rng = np.random.default_rng(seed)
        return [
            np.asarray(rng.normal(size=shape), dtype) if shape else dtype(rng.normal())
            for shape, dtype in zip(self.shapes, self.dtypes, strict=True)
        ]

    def values(self) -> list[Value]:
        rng = np.random.default_rng(99)
        return [Value(rng.normal(size=shape), name=f"w{i}") for i, shape in enumerate(self.captured)]

    def function(self, values: list[Value]) -> Callable[..., Any]:
        def run(*inputs: Any) -> Any:
            known: list[Any] = [*inputs, *values]
            for kind, function, i, j in self.instructions:
                x, y = known[i % len(known)], known[j % len(known)]
                try:
                    if kind == "write":
                        if writable(x):
                            function(x, y.data if isinstance(y, Value) else y)
                        continue
                    if kind == "detached":
                        with ag.no_grad():
                            z = function(x)
                    else:
                        z = function(x) if kind == "unary" else function(x, y)
                except TraceError:
                    raise
                except (TypeError, ValueError, IndexError, ag.AnomalyError):  # shapes that do not fit, for example
                    continue
                if np.size(z) < 200:
                    known.append(z)
            return [known[i % len(known)] for i in self.results]

        return run


instruction = st.one_of(
    st.tuples(st.just("unary"), st.sampled_from(UNARY), st.integers(0, 30), st.just(0)),
    st.tuples(st.just("unary"), st.sampled_from(VIEWS), st.integers(0, 30), st.just(0)),
    st.tuples(st.just("binary"), st.sampled_from(BINARY), st.integers(0, 30), st.integers(0, 30)),
    st.tuples(st.just("shaped"), st.sampled_from(SHAPED), st.integers(0, 30), st.integers(0, 30)),
    st.tuples(st.just("write"), st.sampled_from(WRITES), st.integers(0, 30), st.integers(0, 30)),
    st.tuples(st.just("detached"), st.sampled_from(UNARY), st.integers(0, 30), st.just(0)),
)


@st.composite
def programs(draw: Any, captured: int = 2) -> Program:
    count = draw(st.integers(1, 3))
    return Program(
        shapes=[draw(st.sampled_from(SHAPES)) for _ in range(count)],
        dtypes=[draw(st.sampled_from(DTYPES)) for _ in range(count)],
        captured=[draw(st.sampled_from(SHAPES[1:])) for _ in range(draw(st.integers(0, captured)))],
        instructions=draw(st.lists(instruction, min_size=1, max_size=14)),
        results=draw(st.lists(st.integers(0, 40), min_size=1, max_size=4)),
    )


def outcome(program: Program, wrap: Callable[..., Any], spoil: bool) -> Any:
    """Everything that repeated calls return and leave behind, looked at again at the end."""
    values = program.values()
    run = wrap(program.function(values))
    alive: list[Any] = []
    seen: list[Any] = []
    for seed in (1, 2, 1, 3):
        inputs = program.inputs(seed)
        results = run(*inputs)
        alive.append((inputs, results))
        seen.append(bits(alive[-1]))
        if spoil and seed == 2:
            for x in results:
                if (
                    isinstance(x, np.ndarray)
                    and x.flags.writeable
                    and not any(np.shares_memory(x, v.data) for v in values)
                ):
                    x[...] = 7
            alive.pop()
    assert spoil or bits(alive) == bits_of(seen), "a result was written again"
    return seen, bits(alive), bits(values)


def bits_of(seen: list[Any]) -> Any:
    return "list", seen


PROFILE = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow, HealthCheck.data_too_large]}


@settings(max_examples=60, **PROFILE)
@given(programs(), st.booleans())
def test_results(program: Program, spoil: bool) -> None:
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        assert outcome(program, ag.compile, spoil) == outcome(program, lambda f: f, spoil)


def differentiated(program: Program, wrap: Callable[..., Any]) -> Any:
    """Results and gradients of repeated calls, which go backward later, in another order and twice."""
    values = program.values()
    run = wrap(program.function(values))
    calls = []
    for seed in (1, 2, 3):
        leaves = [Value(x) for x in program.inputs(seed)]
        calls.append((leaves, run(*leaves)))
    seen = []
    for leaves, results in reversed([*calls, calls[0]]):
        wanted = [x for x in results if isinstance(x, Value) and x.requires_grad]
        if wanted:
            weights = [np.cos(np.arange(x.size, dtype=x.dtype)).reshape(x.shape) for x in wanted]
            sum(np.sum(x * w) for x, w in zip(wanted, weights, strict=True)).backward()
        seen.append(bits((leaves, [x.data if isinstance(x, Value) else x for x in results], values)))
    return seen


@settings(max_examples=60, **PROFILE)
@given(programs())
def test_backward_through(program: Program) -> None:
    with np.errstate(all="ignore"):
        assert differentiated(program, ag.compile) == differentiated(program, lambda f: f)


@settings(max_examples=40, **PROFILE)
@given(programs(captured=0), st.sampled_from([ag.value_and_grad, ag.grad]))
def test_compiled_gradients(program: Program, transform: Any) -> None:
    inner = program.function([])

    def total(*inputs: Any) -> Any:
        return sum(np.sum(np.asarray(1.0, x.dtype) * x) for x in inner(*inputs) if np.result_type(x).kind == "f")

    def run(wrap: Callable[..., Any]) -> Any:
        f = wrap(transform(total, tuple(range(len(program.shapes)))))
        alive = [f(*program.inputs(seed)) for seed in (1, 2, 1)]
        return bits(alive)

    with np.errstate(all="ignore"):
        try:
            expected = run(lambda f: f)
        except TypeError:  # nothing to differentiate
            return
        assert run(ag.compile) == expected
