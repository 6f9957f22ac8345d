"""Random programs give the same bits compiled as eager, whatever else is called between and kept alive."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from importlib import import_module
from typing import Any
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import autograd_lite as ag
from autograd_lite import TraceError, Value

from .same import bits

SHAPES = [(), (6,), (1,), (4, 6), (6, 4), (6, 6), (1, 6), (4, 1, 6)]
DTYPES = [np.float32, np.float64, np.int64]


def softmax(x: Any) -> Any:
    e = np.exp(x - np.max(x, axis=-1, keepdims=True))
    return e / np.sum(e, axis=-1, keepdims=True)


def layer_norm(x: Any) -> Any:
    centred = x - np.mean(x, axis=-1, keepdims=True)
    return centred / np.sqrt(np.mean(centred**2, axis=-1, keepdims=True) + 1e-5)


UNARY: list[Callable[[Any], Any]] = [
    np.exp, np.tanh, np.sin, np.negative, np.square, np.abs, np.positive, np.copy, np.sign, np.floor, np.ravel,
    np.sum, np.mean, np.prod, np.min, np.argmax, np.isnan, np.cumsum, np.ones_like, np.zeros_like, np.linalg.norm,
    np.ptp, lambda x: x**2, lambda x: x**0.5, lambda x: x**-1, lambda x: x**3, lambda x: 2 * x, lambda x: x * 1,
    lambda x: x + 0, lambda x: x / 2.5, lambda x: 1 - x, lambda x: 1 / (1 + x * x), lambda x: np.log(x * x),
    lambda x: -np.negative(x), lambda x: x.astype(np.float32), lambda x: x.astype(np.float64),
    lambda x: x * np.float32(1.5), lambda x: x - np.max(x), lambda x: np.maximum(x, 0),
    lambda x: np.clip(x, -0.5, 1.5), lambda x: np.where(x > 0, x, 0.1 * x),
    lambda x: np.sum(x, axis=-1, keepdims=True), lambda x: np.mean(x, axis=0), lambda x: np.max(x, axis=-1),
    lambda x: np.sum(x, axis=0), lambda x: np.var(x, axis=-1), lambda x: np.argmin(x, axis=0),
    lambda x: np.all(x > 0), lambda x: np.sort(x, axis=-1), lambda x: np.argsort(x, axis=-1),
    lambda x: np.cumsum(x, axis=0), softmax, layer_norm, lambda x: np.roll(x, 1), lambda x: np.tile(x, 2),
    lambda x: np.repeat(x, 2, axis=0), lambda x: np.diff(x), lambda x: np.einsum("...i,...i->...", x, x),
    lambda x: np.pad(x, 1), lambda x: x.copy(),
]  # fmt: skip
VIEWS: list[Callable[[Any], Any]] = [
    lambda x: x[...], lambda x: x.T, lambda x: x.reshape(-1), lambda x: x[::-1], lambda x: x[1:],
    lambda x: x[..., :1], lambda x: x[0], lambda x: x[None], np.squeeze, lambda x: x[..., ::2],
    lambda x: np.swapaxes(x, 0, -1), lambda x: np.broadcast_to(x, (2, *np.shape(x))), np.diagonal,
    lambda x: x[[0, -1]], lambda x: x[..., np.array([0, 0, -1])], lambda x: np.expand_dims(x, -1),
    lambda x: np.split(x, 2, axis=-1)[1], lambda x: x.reshape(2, -1), np.flip, lambda x: x.real,
]  # fmt: skip
BINARY: list[Callable[[Any, Any], Any]] = [
    np.add, np.subtract, np.multiply, np.maximum, np.minimum, np.hypot, np.arctan2, np.logaddexp, np.less, np.equal,
    np.divide, np.copysign, np.outer, np.dot, lambda x, y: x / (1 + np.abs(y)), lambda x, y: np.where(x < y, x, y),
    lambda x, y: x * 0.5 + y, lambda x, y: (x > y) * x, lambda x, y: x @ y, lambda x, y: x @ y.T,
    lambda x, y: np.concatenate([x.reshape(-1), y.reshape(-1)]), lambda x, y: np.stack([x, y]),
    lambda x, y: np.concatenate([x, y], axis=-1), lambda x, y: x * x + y * y, lambda x, y: np.where(y, x, 1),
    lambda x, y: np.einsum("ij,kj->ik", x, y), lambda x, y: np.take(x, np.argsort(y, axis=None)[:1] % np.size(x)),
]  # fmt: skip


def add_to(x: Any, y: Any) -> None:
    x += y


def scale(x: Any, y: Any) -> None:
    x *= 0.5


def assign_first(x: Any, y: Any) -> None:
    x[0] = np.sum(y)


def assign_all(x: Any, y: Any) -> None:
    x[...] = np.mean(y)


def assign_array(x: Any, y: Any) -> None:
    x[:] = y


def multiply_view(x: Any, y: Any) -> None:
    part = x[..., :1]
    part *= np.sum(y)


def write_to_flat(x: Any, y: Any) -> None:
    flat = x.reshape(-1)
    flat[::2] = np.max(y)


def write_to_transposed(x: Any, y: Any) -> None:
    x.T[...] = y


def write_by_index(x: Any, y: Any) -> None:
    x[np.array([0, -1])] = np.sum(y)


def write_by_mask(x: Any, y: Any) -> None:
    x[x > 0] = 0.5


def write_out(x: Any, y: Any) -> None:
    np.multiply(x, np.sum(y), out=x)


def write_reduced(x: Any, y: Any) -> None:
    np.sum(y, axis=0, out=x)


WRITES = [
    add_to, scale, assign_first, assign_all, assign_array, multiply_view, write_to_flat, write_to_transposed,
    write_by_index, write_by_mask, write_out, write_reduced,
]  # fmt: skip


@dataclass
class Program:
    """A list of instructions; each appends a result to those that were there, or writes into one of them.

    Attributes:
        inputs: shape, dtype and layout of each argument.
        captured: the shapes of the Values that it reads.
        instructions: what is done with which results.
        results: which of them are returned.
    """

    inputs: list[tuple[Any, Any, str]]
    captured: list[Any]
    instructions: list[tuple[str, Any, int, int]]
    results: list[int]

    def arguments(self, seed: int) -> list[Any]:
        rng = np.random.default_rng(seed)
        return [argument(rng, *each) for each in self.inputs]

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
                        fits = np.can_cast(np.result_type(y), np.result_type(x), "same_kind")
                        if fits and not isinstance(x, Value) and np.ndim(x) and x.flags.writeable:
                            function(x, y.data if isinstance(y, Value) else y)
                        continue
                    if kind == "detached":
                        with ag.no_grad():
                            z = function(x)
                    else:
                        z = function(x) if kind == "unary" else function(x, y)
                except TraceError:
                    raise
                except (TypeError, ValueError, IndexError):  # shapes that do not fit, for example
                    continue
                if np.size(z) < 300:
                    known.append(z)
            return [known[i % len(known)] for i in self.results]

        return run


def argument(rng: Any, shape: tuple[int, ...], dtype: Any, layout: str) -> Any:
    if not shape:
        return dtype(2 * rng.normal())
    if layout == "transposed":
        return argument(rng, shape[::-1], dtype, "").T
    if layout == "strided":
        return argument(rng, (*shape[:-1], 2 * shape[-1]), dtype, "")[..., ::2]
    return (2 * rng.normal(size=shape)).astype(dtype)


instruction = st.one_of(
    st.tuples(st.just("unary"), st.sampled_from(UNARY), st.integers(0, 30), st.just(0)),
    st.tuples(st.just("unary"), st.sampled_from(VIEWS), st.integers(0, 30), st.just(0)),
    st.tuples(st.just("binary"), st.sampled_from(BINARY), st.integers(0, 30), st.integers(0, 30)),
    st.tuples(st.just("write"), st.sampled_from(WRITES), st.integers(0, 30), st.integers(0, 30)),
    st.tuples(st.just("detached"), st.sampled_from(UNARY), st.integers(0, 30), st.just(0)),
)


@st.composite
def programs(draw: Any, captured: int = 2, dtypes: Any = DTYPES) -> Program:
    kinds = st.tuples(
        st.sampled_from(SHAPES), st.sampled_from(dtypes), st.sampled_from(["", "", "transposed", "strided"])
    )
    return Program(
        inputs=draw(st.lists(kinds, min_size=1, max_size=3)),
        captured=draw(st.lists(st.sampled_from(SHAPES[1:]), max_size=captured)),
        instructions=draw(st.lists(instruction, min_size=1, max_size=14)),
        results=draw(st.lists(st.integers(0, 40), min_size=1, max_size=4)),
    )


@contextmanager
def cutting(blocks: bool) -> Iterator[None]:
    """A block in which even small arrays are cut into blocks, or nothing is changed; without warnings."""
    with ExitStack() as stack:
        stack.enter_context(np.errstate(all="ignore"))
        if blocks:
            for module, sizes in (("program", {"SMALLEST": 2}), ("blocks", {"SMALLEST": 2, "BLOCK": 12, "LEAST": 1})):
                stack.enter_context(patch.multiple(import_module(f"autograd_lite.compile.{module}"), **sizes))
        yield


def outcome(program: Program, wrap: Callable[..., Any], spoil: bool) -> Any:
    """Everything that repeated calls return and leave behind, as it is at once and at the end."""
    values = program.values()
    run = wrap(program.function(values))
    alive: list[Any] = []
    seen: list[Any] = []
    for seed in (1, 2, 1, 3):
        arguments = program.arguments(seed)
        results = run(*arguments)
        seen.append(bits((arguments, results)))
        if spoil and seed == 2:  # results belong to the user, who may write into them
            for x in results:
                ours = isinstance(x, np.ndarray) and not any(np.shares_memory(x, value.data) for value in values)
                if ours and x.flags.writeable:
                    x[...] = 7
        else:
            alive.append((seen[-1], arguments, results))
    assert all(bits(rest) == ("list", list(before[1])) for before, *rest in alive), "a result was written again"
    return seen, bits(values)


PROFILE: dict[str, Any] = {
    "deadline": None,
    "suppress_health_check": [HealthCheck.too_slow, HealthCheck.data_too_large],
}


@pytest.mark.parametrize("blocks", [False, True])
@settings(max_examples=40, **PROFILE)
@given(program=programs(), spoil=st.booleans())
def test_results(blocks: bool, program: Program, spoil: bool) -> None:
    with cutting(blocks):
        assert outcome(program, ag.compile, spoil) == outcome(program, lambda f: f, spoil)


def differentiated(program: Program, wrap: Callable[..., Any]) -> Any:
    """Results and gradients of repeated calls, which go backward later, in another order and one of them twice."""
    values = program.values()
    run = wrap(program.function(values))
    calls = []
    for seed in (1, 2, 3):
        leaves = [Value(x) if x.dtype.kind == "f" else x for x in program.arguments(seed)]
        calls.append((leaves, run(*leaves)))
    seen = []
    for leaves, results in reversed([*calls, calls[0]]):
        wanted = [x for x in results if isinstance(x, Value) and x.requires_grad]
        if wanted:
            weights = [np.cos(np.arange(x.size, dtype=x.dtype)).reshape(x.shape) for x in wanted]
            total: Any = sum(np.sum(x * w) for x, w in zip(wanted, weights, strict=True))
            total.backward()
        seen.append(bits((leaves, [x.data if isinstance(x, Value) else x for x in results], values)))
    return seen


@pytest.mark.parametrize("blocks", [False, True])
@settings(max_examples=40, **PROFILE)
@given(program=programs())
def test_backward_through(blocks: bool, program: Program) -> None:
    with cutting(blocks):
        assert differentiated(program, ag.compile) == differentiated(program, lambda f: f)


@pytest.mark.parametrize("blocks", [False, True])
@settings(max_examples=30, **PROFILE)
@given(program=programs(captured=0, dtypes=DTYPES[:2]), transform=st.sampled_from([ag.value_and_grad, ag.grad]))
def test_compiled_gradients(blocks: bool, program: Program, transform: Any) -> None:
    inner = program.function([])

    def total(*inputs: Any) -> Any:
        return sum([np.sum(x) for x in inner(*inputs) if np.result_type(x).kind == "f"], start=np.float64(0))

    def run(wrap: Callable[..., Any]) -> Any:
        f = wrap(transform(total, tuple(range(len(program.inputs)))))
        alive = [f(*program.arguments(seed)) for seed in (1, 2, 1)]
        return bits(alive)

    with cutting(blocks):
        assert run(ag.compile) == run(lambda f: f)
