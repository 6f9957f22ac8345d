"""`checkpoint`: the same gradients at any order, less memory, and no silence when the second run differs."""

from __future__ import annotations

import gc
import tracemalloc
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any
from weakref import ref

import numpy as np
import pytest

import autograd_lite as ag
import nn
from autograd_lite import Value
from autograd_lite.graph import ancestors
from autograd_lite.tree import flatten


@dataclass
class Pair:
    first: Any
    second: Any


def same(x: Any) -> Any:
    return x


Wrap = Callable[[Callable[..., Any]], Callable[..., Any]]


# Each takes a wrapper (checkpoint, or nothing) and three Values, and returns one number.


def one_block(wrap: Wrap, x: Value, w: Value, b: Value) -> Any:
    return np.sum(wrap(lambda x: np.tanh(x @ w + b))(x))


def blocks_in_a_row(wrap: Wrap, x: Value, w: Value, b: Value) -> Any:
    block = wrap(lambda x: np.tanh(x @ w + b))
    return np.sum(block(block(block(x))))


def trees(wrap: Wrap, x: Value, w: Value, b: Value) -> Any:
    def function(p: Any, *, scale: Any, rest: Any) -> Any:
        h = p["x"] @ p["layers"][0] * scale
        return {"h": h, "pair": Pair(np.exp(h), (rest.first * 2, "text", 3, None))}

    out = wrap(function)({"x": x, "layers": [w]}, scale=b[0], rest=Pair(b, None))
    assert out["pair"].second[1:] == ("text", 3, None)
    return np.sum(out["h"] * out["pair"].first) + np.sum(out["pair"].second[0])


def result_not_used(wrap: Wrap, x: Value, w: Value, b: Value) -> Any:
    first, _, third = wrap(lambda x: (x @ w, np.exp(x), x * b))(x)
    return np.sum(first) + np.sum(third * third)


def same_result_twice(wrap: Wrap, x: Value, w: Value, b: Value) -> Any:
    def function(x: Any) -> Any:
        h = np.sin(x @ w)
        return h, h, h * b

    return sum(np.sum(h) for h in wrap(function)(x))


def captured_that_depend_on_each_other(wrap: Wrap, x: Value, w: Value, b: Value) -> Any:
    h = np.tanh(x @ w)
    k = h * h + b
    return np.sum(wrap(lambda x: np.sin(x * h) * k + h)(x)) + np.sum(k)


def captured_and_passed(wrap: Wrap, x: Value, w: Value, b: Value) -> Any:
    h = x * x
    return np.sum(wrap(lambda y, z: y * z * h + x)(h, h) * b)


def passed_through(wrap: Wrap, x: Value, w: Value, b: Value) -> Any:
    y, z, v = wrap(lambda x, y: (x, w, x @ w * y))(x, b)
    return np.sum(y * v) + np.sum(z)


def plain_arguments(wrap: Wrap, x: Value, w: Value, b: Value) -> Any:
    def function(x: Any, n: int, mask: Any, function: Any, constant: Any, option: Any = None) -> Any:
        return function(np.where(mask, x, n)) * constant.relu() * constant

    mask = np.array([[True, False, True]])
    return np.sum(wrap(function)(x, 2, mask, np.sin, Value([1.0, 2.0, 3.0], requires_grad=False)) @ w + b)


def nested(wrap: Wrap, x: Value, w: Value, b: Value) -> Any:
    inner = wrap(lambda x, y: np.tanh(x @ w) * y)
    middle = wrap(lambda x: inner(inner(x, b), x))
    return np.sum(wrap(lambda x: middle(middle(x)) + b)(x))


def written_into(wrap: Wrap, x: Value, w: Value, b: Value) -> Any:
    def function(h: Any, k: Any) -> Any:
        h[0] = k * h[0]
        h[1, 1] = 5.0
        return h * h

    h = x @ w
    before = h * 1
    return np.sum(wrap(function)(h, b)) + np.sum(h * before)


def kept_from_inside(wrap: Wrap, x: Value, w: Value, b: Value) -> Any:
    kept = []

    def function(x: Any) -> Any:
        kept.append(np.tanh(x @ w))
        return kept[-1] * b

    y = wrap(function)(x)
    return np.sum(y * y) + np.sum(kept[0])


def through_a_transform(wrap: Wrap, x: Value, w: Value, b: Value) -> Any:
    return np.sum(wrap(ag.grad(lambda x: np.sum(np.sin(x @ w) * b)))(x) ** 2)


def complex_numbers(wrap: Wrap, x: Value, w: Value, b: Value) -> Any:
    y, z = wrap(lambda z: (z * z * w[:2], np.conj(z) * b))(x + 1j * x @ w)
    return np.sum(np.abs(wrap(np.exp)(y)) + (y * z).imag)


PROGRAMS = [
    one_block,
    blocks_in_a_row,
    trees,
    result_not_used,
    same_result_twice,
    captured_that_depend_on_each_other,
    captured_and_passed,
    passed_through,
    plain_arguments,
    nested,
    written_into,
    kept_from_inside,
    through_a_transform,
    complex_numbers,
]


def inputs() -> tuple[Value, Value, Value]:
    rng = np.random.default_rng(3)
    return Value(rng.normal(size=(2, 3))), Value(rng.normal(size=(3, 3)) / 2), Value(rng.normal(size=3))


@pytest.mark.parametrize("program", PROGRAMS)
def test_gradients_are_those_of_the_plain_function(program: Any) -> None:
    plain, checkpointed = inputs(), inputs()
    expected, got = program(same, *plain), program(ag.checkpoint, *checkpointed)
    assert got.data == expected.data
    for _ in range(2):  # backward runs twice, and adds up
        expected.backward()
        got.backward()
        for x, y in zip(plain, checkpointed, strict=True):
            assert (x.grad is None) == (y.grad is None)
            if x.grad is not None:
                np.testing.assert_allclose(y.grad, x.grad, rtol=1e-13, atol=1e-15)


@pytest.mark.parametrize("program", PROGRAMS)
def test_second_derivatives_are_those_of_the_plain_function(program: Any) -> None:
    gradients = []
    for wrap in (same, ag.checkpoint):
        values = inputs()
        program(wrap, *values).backward(create_graph=True)
        first = [v.grad for v in values]
        for v in values:
            v.grad = None
        sum(np.sum(np.sin(g)) for g in first if g is not None).backward()
        gradients.append([np.zeros(v.shape) if v.grad is None else v.grad for v in values])
    for x, y in zip(*gradients, strict=True):
        np.testing.assert_allclose(y, x, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("program", PROGRAMS)
def test_transforms_see_through_it(program: Any) -> None:
    arrays = [v.data for v in inputs()]

    def function(wrap: Wrap) -> Callable[..., Any]:
        return lambda *args: program(wrap, *args)

    for transform in (ag.grad, ag.hessian, ag.jacobian):
        expected, got = [transform(function(wrap), argnums=(0, 1))(*arrays) for wrap in (same, ag.checkpoint)]
        for x, y in zip(flatten(expected)[0], flatten(got)[0], strict=True):
            np.testing.assert_allclose(y.value, x.value, rtol=1e-11, atol=1e-13)


def test_finite_differences_agree() -> None:
    @ag.checkpoint
    def block(x: Any, w: Any) -> Any:
        return np.tanh(x @ w), np.exp(x)

    ag.check_grads(lambda x, w: block(block(x, w)[0], w), *[v.data for v in inputs()[:2]])


def test_the_jacobian_of_many_results() -> None:
    x, w, _ = [v.data for v in inputs()]

    def function(x: Any) -> Any:
        return np.tanh(x @ w)

    np.testing.assert_allclose(ag.jacobian(ag.checkpoint(function))(x), ag.jacobian(function)(x), rtol=1e-13)


def test_a_pullback_that_is_called_outside_of_its_transform() -> None:
    _, w, _ = [v.data for v in inputs()]
    slope = ag.grad(lambda x: np.sum(np.sin(x @ w)))  # returns Values inside of a transform alone
    pullbacks = [ag.vjp(wrap(lambda x: slope(x) * slope(w)[0]), np.ones(3))[1] for wrap in (same, ag.checkpoint)]
    for expected, got in zip(*[pull(np.ones(3)) for pull in pullbacks], strict=True):
        np.testing.assert_allclose(got, expected)


# ---- modules ----


class Block(nn.Module):
    def __init__(self, method: bool = False) -> None:
        super().__init__()
        self.linear, self.dropout = nn.Linear(4, 4), nn.Dropout(0.5)
        self.method = method

    def forward(self, x: Any) -> Any:
        return self.by_method(x) if self.method else self.dropout(self.linear(x).tanh())

    @ag.checkpoint
    def by_method(self, x: Any) -> Any:
        return self.dropout(self.linear(x).tanh())


@pytest.mark.parametrize("way", ["module", "method", "module as an argument"])
def test_modules(way: str) -> None:
    gradients = []
    for wrap in (same, ag.checkpoint):
        nn.manual_seed(1)
        blocks = nn.ModuleList([Block(way == "method" and wrap is ag.checkpoint) for _ in range(3)])
        h = np.ones((2, 4), np.float32)
        for block in blocks:
            if way == "module as an argument":
                h = wrap(lambda module, x: module(x))(block, h)
            else:
                h = (wrap if way == "module" else same)(block)(h)
        drawn = nn.random.default_generator.bit_generator.state
        h.sum().backward()
        assert nn.random.default_generator.bit_generator.state == drawn
        gradients.append([p.grad for p in blocks.parameters()])
    assert len(gradients[0]) == 6
    for x, y in zip(*gradients, strict=True):
        np.testing.assert_array_equal(y, x)


def test_training_goes_as_without() -> None:
    losses = []
    for wrap in (same, ag.checkpoint):
        nn.manual_seed(2)
        blocks = nn.ModuleList([Block() for _ in range(3)])
        optimizer = nn.Adam(blocks.parameters(), 0.01)
        for _ in range(5):
            h = np.ones((2, 4), np.float32)
            for block in blocks:
                h = wrap(block)(h)
            loss = nn.functional.mse_loss(h, np.ones((2, 4), np.float32))
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        losses.append(float(loss))
    assert losses[0] == losses[1]


def test_a_parameter_that_is_made_in_the_first_run_gets_its_gradient() -> None:
    made: list[Value] = []

    @ag.checkpoint
    def lazy(x: Any) -> Any:
        if not made:
            made.append(Value([1.0, 2.0]))
        return x * made[0] + Value([0.5, 0.5])  # and a leaf that nobody keeps

    x = Value([3.0, 4.0])
    lazy(x).sum().backward()
    np.testing.assert_array_equal(made[0].grad, [3, 4])
    np.testing.assert_array_equal(x.grad, [1, 2])


def test_operations_carry_the_module_they_belong_to() -> None:
    seen = []

    def function(x: Any) -> Any:
        y = x * 2
        seen.append((y.node.scope, np.geterr()["over"]))
        return y

    x = Value([1.0])
    with ag.scope("encoder"), np.errstate(over="ignore"):
        y = ag.checkpoint(function)(x)
    y.backward()
    assert y.node.scope == "encoder"
    assert seen == [("encoder", "ignore")] * 2


def test_it_can_be_drawn() -> None:
    x = Value([1.0, 2.0], name="x")
    drawing = ag.draw(np.sum(ag.checkpoint(lambda x: np.sin(x * x))(x)))
    assert "checkpointed" in drawing.dot
    w = Value(2.0, name="w")
    y = ag.checkpoint(lambda: w * w)()
    loss = y * 3
    loss.backward()
    assert ag.draw(loss, gradients=True).dot
    w.data = 5.0  # as an optimizer does
    assert ag.draw(loss, gradients=True).dot
    assert ag.draw(loss).dot


# ---- what is kept ----


def test_only_arguments_and_results_are_kept() -> None:
    x, w, b = inputs()
    inner: list[Any] = []

    @ag.checkpoint
    def block(x: Any) -> Any:
        h = np.tanh(x @ w)
        inner.append(ref(h))
        return h + b

    gc.disable()
    try:
        y = block(x)
        assert inner[0]() is None
        assert len(ancestors([y.node])) == 4
        middle = block(y)
        assert {*middle.node.parents} == {None, y.node, w.node, b.node}
        seen = ref(middle)
        loss = block(middle).sum()
        del middle
        assert seen() is None  # so that backward keeps no gradient for it
        loss.backward()
        node = ref(loss.node)
        del loss, y
        assert node() is None
    finally:
        gc.enable()


def test_the_name_of_a_result_stays() -> None:
    def function(x: Any) -> Any:
        y = x * 2
        y.name = "doubled"
        return y, x + 1

    y, z = ag.checkpoint(function)(Value(1.0))
    assert (y.name, z.name) == ("doubled", None)


def chain(layers: int, per_block: int | None) -> Callable[[], None]:
    x, w = np.full(20_000, 0.5), Value(np.full(20_000, 0.9))

    def block(h: Any, count: int) -> Any:
        for _ in range(count):
            h = np.tanh(h * w)
        return h

    def run() -> None:
        h: Any = x
        w.grad = None
        for start in range(0, layers, per_block or layers):
            count = min(per_block or layers, layers - start)
            h = block(h, count) if per_block is None else ag.checkpoint(block)(h, count)
        h.sum().backward()

    return run


def peak(run: Callable[[], None]) -> int:
    run()
    tracemalloc.start()
    run()
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return most


def test_memory_grows_with_the_square_root() -> None:
    plain = [peak(chain(n, None)) for n in (25, 100, 400)]
    checkpointed = [peak(chain(n, int(n**0.5))) for n in (25, 100, 400)]
    assert all(3.5 < b / a < 4.5 for a, b in pairwise(plain))
    assert all(1.5 < b / a < 2.3 for a, b in pairwise(checkpointed))
    assert checkpointed[-1] < plain[-1] / 6


# ---- when and how often it runs ----


def test_it_runs_once_forward_and_once_in_each_backward() -> None:
    runs = []
    x = Value([1.0, 2.0])

    @ag.checkpoint
    def function(x: Any) -> Any:
        runs.append(type(x))
        return x * x

    loss = function(x).sum()
    assert len(runs) == 1
    loss.backward()
    loss.backward()
    assert runs == [Value] * 3
    with ag.no_grad():
        assert not function(x).requires_grad
    np.testing.assert_array_equal(function(np.array([3.0])), [9.0])
    assert len(runs) == 5
    constant = function(Value([1.0], requires_grad=False))
    assert not constant.requires_grad
    with ag.no_grad():  # recording is off, but backward has to record
        function(x)
        loss.backward()
    np.testing.assert_array_equal(x.grad, [6, 12])


def test_hooks_see_each_gradient_once_and_whole() -> None:
    for wrap in (same, ag.checkpoint):
        seen: list[Any] = []
        x, w = Value([1.0, 2.0]), Value([3.0, 4.0])
        h = x * 2
        for name, v in (("x", x), ("w", w), ("h", h)):
            v.register_hook(lambda g, name=name, seen=seen: seen.append((name, g.tolist())))

        def function(y: Any, w: Any = w, seen: Any = seen) -> Any:
            inside = y * w
            inside.register_hook(lambda g: seen.append(("inside", g.tolist())))
            return inside * w

        (wrap(function)(h) + w + h).sum().backward()
        assert sorted(seen) == [
            ("h", [10.0, 17.0]),
            ("inside", [3.0, 4.0]),
            ("w", [13.0, 33.0]),
            ("x", [20.0, 34.0]),
        ]


def test_hooks_that_the_function_registers_run_once() -> None:
    for wrap in (same, ag.checkpoint):
        x, w = Value([1.0, 2.0]), Value([3.0, 4.0])

        def function(y: Any, w: Any = w) -> Any:
            y.register_hook(lambda g: g * 10)
            w.register_hook(lambda g: g * 100)
            return y * w

        remove = w.register_hook(lambda g: g * 7)
        y = wrap(function)(x * 1).sum()
        y.backward()
        np.testing.assert_array_equal(w.grad, [700, 1400])
        x.grad = w.grad = None
        remove()
        y.backward()
        np.testing.assert_array_equal(x.grad, [30, 40])
        np.testing.assert_array_equal(w.grad, [100, 200])


def test_an_exception_leaves_no_trace() -> None:
    fails = []

    @ag.checkpoint
    def function(x: Any) -> Any:
        if fails:
            raise KeyError("gone")
        return x * x

    x = Value(3.0)
    y = function(x)
    fails.append(1)
    before = nn.random.default_generator.bit_generator.state
    for call in (y.backward, lambda: function(x)):
        with pytest.raises(KeyError, match="gone"):
            call()
    assert x.grad is None
    assert ag.is_grad_enabled()
    assert ag.current_scope() == ""
    assert nn.random.default_generator.bit_generator.state == before
    fails.clear()
    y.backward()
    assert x.grad == 6


# ---- what must not change in between ----


def test_a_changed_parameter_is_refused() -> None:
    x, w, b = inputs()
    for update in (lambda: setattr(w, "data", w.data * 1), lambda: setattr(w, "data", w.data)):
        loss = one_block(ag.checkpoint, x, w, b)
        update()
        with pytest.raises(RuntimeError, match="changed after this graph was recorded"):
            loss.backward()
        assert x.grad is None


def test_a_changed_parameter_is_refused_also_where_its_gradient_is_not_asked_for() -> None:
    x, w, b = inputs()

    def function(x: Any) -> Any:
        y = ag.checkpoint(lambda x: x @ w + b)(x)
        w.data = w.data * 2
        return np.sum(y)

    with pytest.raises(RuntimeError, match="changed after this graph was recorded"):
        ag.grad(function)(x.data)


def changed_array() -> tuple[Any, Callable[[], None]]:
    scale = np.array([1.0, 2.0])
    return (lambda x: x * scale), lambda: scale.__setitem__(0, 7.0)


def changed_closure() -> tuple[Any, Callable[[], None]]:
    held = {"h": Value([1.0, 2.0])}
    return (lambda x: x * held["h"]), lambda: held.update(h=Value([1.0, 2.0]))


def cut_off_closure() -> tuple[Any, Callable[[], None]]:
    held = {"h": Value([1.0, 2.0])}
    return (lambda x: x * held["h"]), lambda: held.update(h=held["h"].detach())


def further_closure() -> tuple[Any, Callable[[], None]]:
    held: list[Any] = [0.0]
    return (lambda x: x * 2 + held[-1]), lambda: held.append(Value([0.0, 0.0]))


def changed_shape() -> tuple[Any, Callable[[], None]]:
    shape = [(1, 2)]
    return (lambda x: x.reshape(shape[0])), lambda: shape.insert(0, (2, 1))


def fewer_results() -> tuple[Any, Callable[[], None]]:
    count = [2]
    return (lambda x: [x * 2] * count[0] + [x * 3]), lambda: count.insert(0, 0)


def plain_result() -> tuple[Any, Callable[[], None]]:
    leave = [False]
    return (lambda x: (x * 2).data if leave[0] else x * 2), lambda: leave.insert(0, True)


def unregistered_generator() -> tuple[Any, Callable[[], None]]:
    rng = np.random.default_rng(0)
    return (lambda x: x * rng.normal(size=2)), lambda: None


@pytest.mark.parametrize(
    "case",
    [
        changed_array,
        changed_closure,
        cut_off_closure,
        further_closure,
        changed_shape,
        fewer_results,
        plain_result,
        unregistered_generator,
    ],
)
def test_a_function_that_does_something_else_the_second_time_is_refused(case: Any) -> None:
    function, change = case()
    x = Value([3.0, 4.0])
    y = ag.checkpoint(function)(x)
    y = y[-1] if isinstance(y, list) else y
    change()
    with pytest.raises(RuntimeError, match=r"did not compute the same when .* ag\.register_generator\(rng\)"):
        y.sum().backward()
    assert x.grad is None


def test_results_may_hold_nan_and_differ_by_rounding() -> None:
    calls = []

    def function(x: Any) -> Any:
        calls.append(1)
        y = np.where([True, False, True], x, np.array([1.0, np.nan, 1.0]))
        return y * (1.0 if len(calls) == 1 else 1 + 1e-15)

    x = Value([1.0, 2.0, np.inf])
    np.nansum(ag.checkpoint(function)(x)).backward()
    np.testing.assert_allclose(x.grad, [1, 0, 1])


# ---- random numbers ----


@pytest.mark.parametrize("make", [np.random.default_rng, np.random.RandomState, lambda seed: np.random.MT19937(seed)])
def test_a_registered_generator_draws_the_same_again(make: Any) -> None:
    generator = make(5)
    ag.register_generator(generator)
    ag.register_generator(generator)
    draw = getattr(generator, "normal", None) or np.random.Generator(generator).normal
    x = Value(np.ones(4))
    results = [ag.checkpoint(lambda x: x * draw(size=4))(x) for _ in range(2)]
    drawn = [draw(size=2)]
    (results[0] + results[1]).sum().backward()
    drawn.append(draw(size=2))
    np.testing.assert_array_equal(x.grad, results[0].data + results[1].data)
    again = getattr(make(5), "normal", None) or np.random.Generator(make(5)).normal
    np.testing.assert_array_equal([*results[0].data, *results[1].data, *drawn[0], *drawn[1]], again(size=12))


def test_what_is_no_function_is_refused_at_once() -> None:
    with pytest.raises(TypeError, match=r"takes a function, not float64\. Write ag\.checkpoint\(f\)\(x\)"):
        ag.checkpoint(np.sin(1.0))


def test_what_is_no_generator_cannot_be_registered() -> None:
    with pytest.raises(TypeError, match="Random is no generator of NumPy"):
        ag.register_generator(__import__("random").Random(0))
