"""Recording and the chain rule: order, accumulation, memory, state, hooks, stale leaves."""

from __future__ import annotations

import asyncio
import gc
import sys
import threading
import time
import tracemalloc
from collections.abc import Iterator
from typing import Any
from weakref import ref

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite import Value
from autograd_lite.graph import ancestors


@pytest.fixture
def no_collector() -> Iterator[None]:
    gc.collect()
    gc.disable()
    yield
    gc.enable()


# ---- accumulation ----


def test_the_readme_of_micrograd_runs() -> None:
    a = Value(-4.0)
    b = Value(2.0)
    c = a + b
    d = a * b + b**3
    c += c + 1
    c += 1 + c + (-a)
    d += d * 2 + (b + a).relu()
    d += 3 * d + (b - a).relu()
    e = c - d
    f = e**2
    g = f / 2.0
    g += 10.0 / f
    assert f"{g.data:.4f}" == "24.7041"
    g.backward()
    assert f"{a.grad:.4f}" == "138.8338"
    assert f"{b.grad:.4f}" == "645.5773"


def test_a_value_used_many_times_gets_the_sum() -> None:
    for start in (3.0, np.array([3.0]), np.array(3.0), np.full((2, 2), 3.0)):
        x = Value(start)
        y = x * x * x + x + x / x + np.maximum(x, x) + x**x * 0
        y.sum().backward()
        np.testing.assert_allclose(x.grad, np.full(np.shape(start), 27 + 1 + 1.0))


def test_gradients_accumulate_over_calls_and_over_one_graph_run_twice() -> None:
    a, b = Value([1.0, 2.0]), Value([3.0, 4.0])
    e = a * b
    loss = (e * a).sum()
    for calls in (1, 2, 3):
        loss.backward()
        np.testing.assert_array_equal(a.grad, calls * 2 * a.data * b.data)
        np.testing.assert_array_equal(b.grad, calls * a.data**2)
        np.testing.assert_array_equal(e.grad, calls * a.data)
        assert loss.grad == calls
    (a * 5).sum().backward()
    np.testing.assert_array_equal(a.grad, 6 * a.data * b.data + 5)


def test_an_earlier_gradient_is_not_written_into() -> None:
    x = Value([1.0, 2.0])
    (x * 3).sum().backward()
    first = x.grad
    (x * 3).sum().backward()
    np.testing.assert_array_equal(first, [3, 3])
    np.testing.assert_array_equal(x.grad, [6, 6])


def test_only_held_intermediates_get_a_gradient() -> None:
    x = Value(2.0)
    held = x * 3
    loss = (held + 1) * 4
    assert [n.handle() is not None for n in ancestors([loss.node])] == [True, False, True, True]
    loss.backward()
    assert (held.grad, loss.grad, x.grad) == (4, 1, 12)


def test_no_two_values_share_a_gradient() -> None:
    a, b, c = Value([1.0, 2.0]), Value([3.0, 4.0]), Value([[1.0, 2.0]])
    s = a + b
    t = np.reshape(s, (1, 2)) + c
    u = t.T
    loss = u.sum() + np.positive(a).sum()
    seed = np.array(1.0)
    loss.backward(seed)
    held = [a, b, c, s, t, u]
    for i, v in enumerate(held):
        assert v.grad.flags.writeable
        v.grad[...] = 100 + i
    assert [float(v.grad.flat[0]) for v in held] == [100, 101, 102, 103, 104, 105]
    assert seed == 1
    loss.backward()
    np.testing.assert_array_equal(a.grad, [102, 102])
    np.testing.assert_array_equal(t.data, [[5, 8]])


def test_the_gradient_passed_in_stays_the_callers() -> None:
    x = Value([1.0, 2.0])
    mine = np.array([5.0, 6.0])
    x.backward(mine)
    assert not np.shares_memory(x.grad, mine)
    y = +x
    y.backward(mine)
    y.grad += 1
    x.grad += 1
    np.testing.assert_array_equal(mine, [5, 6])


@pytest.mark.parametrize("order", [0, 1])
def test_a_joint_rule_may_return_one_array_or_its_view_twice(order: int) -> None:
    @ag.primitive
    def both(x: Any, y: Any) -> Any:
        return x + y[::-1]

    def rule(g: Any, out: Any, x: Any, y: Any) -> list[Any]:
        share = g * 2.0
        return [share, [share, share[::-1]][order]]

    ag.defvjp_joint(both, rule)
    a, b = Value([1.0, 2.0]), Value([3.0, 4.0])
    square = (a * a).sum() + (a * a).sum()  # older than `both`, so its shares are added to what `both` gave
    (square + (both(a, b) * np.array([1.0, 3.0])).sum()).backward()
    np.testing.assert_array_equal(a.grad, [2 + 4, 6 + 8])
    np.testing.assert_array_equal(b.grad, [[2, 6], [6, 2]][order])
    assert not np.shares_memory(a.grad, b.grad)


# ---- size ----


def test_a_chain_of_a_million_nodes_takes_linear_time_and_little_memory(no_collector: None) -> None:
    def seconds_per_node(n: int) -> float:
        x = Value(1.0)
        start = time.perf_counter()
        y = x
        for _ in range(n):
            y = y + 1.0
        y.backward()
        assert (x.grad, y.item()) == (1, n + 1)
        del y
        return (time.perf_counter() - start) / n

    short = min(seconds_per_node(50_000) for _ in range(3))
    assert seconds_per_node(1_000_000) < 4 * short  # quadratic time would be twenty times as long


def test_a_node_takes_less_than_500_bytes(no_collector: None) -> None:
    x = Value(1.0)
    tracemalloc.start()
    y = x
    for _ in range(20_000):
        y = y * 1.0
    size, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert size / 20_000 < 500


def test_a_wide_and_shared_graph_is_visited_once() -> None:
    x = Value(1.0)
    y = x
    for _ in range(200):  # 2**200 paths
        y = y * 0.5 + y * 0.5
    y.backward()
    assert x.grad == 1
    assert len(ancestors([y.node])) == 601


# ---- lifetime ----


def test_dropping_the_loss_frees_the_graph(no_collector: None) -> None:
    x = Value(np.ones(1000))
    before = len(gc.get_objects())
    for options in ({}, {"create_graph": True}):
        y = np.exp(x)
        array = ref(y.data)
        hidden = y[1:] @ np.ones(999) + np.concatenate([y, y]).sum() + np.linalg.norm(y)
        hidden.backward(**options)
        del y
        assert array() is not None
        x.grad = None
        del hidden
        assert array() is None
    assert len(gc.get_objects()) <= before + 20
    assert gc.collect() == 0


def test_a_failing_operation_leaves_no_cycle(no_collector: None) -> None:
    x = Value(np.ones(1000))

    def fail() -> Any:
        y = np.exp(x)
        with pytest.raises(ValueError, match="broadcast"):
            y + np.ones(3)
        return ref(y.data)

    array = fail()
    gc.collect()  # pytest.raises keeps a traceback
    assert array() is None


def test_a_constant_graph_records_nothing() -> None:
    x = Value(np.ones(3), requires_grad=False)
    y = np.exp(x) + x[0]
    assert y.node is None
    assert not y.requires_grad
    named = Value(1.0, requires_grad=False, name="c") * 2
    assert named.node is None


# ---- stale leaves ----


def test_a_changed_leaf_is_found_at_backward() -> None:
    w, x = Value([1.0, 2.0], name="fc1.weight"), Value([3.0, 4.0])
    loss = (w * x).sum()
    loss.backward()
    w.data -= 0.1 * w.grad
    kept = [np.array(w.grad), np.array(x.grad)]
    with pytest.raises(RuntimeError, match=r"fc1\.weight changed after this graph was recorded"):
        loss.backward()
    np.testing.assert_array_equal([w.grad, x.grad], kept)
    (w * x).sum().backward()
    np.testing.assert_array_equal(w.grad, [6, 8])


def test_a_changed_leaf_without_a_name_and_a_changed_result_are_found() -> None:
    x = Value(2.0)
    y = x * 3
    loss = y * y
    x.data = 5
    with pytest.raises(RuntimeError, match="changed after this graph was recorded"):
        loss.backward()
    x = Value(2.0)
    y = x * 3
    loss = y * y
    y.data = 1.0
    assert y.is_leaf
    with pytest.raises(RuntimeError, match="changed after this graph was recorded"):
        loss.backward()
    assert x.grad is None
    assert y.grad is None


def test_a_constant_may_change_between_two_passes() -> None:
    c, x = Value(2.0, requires_grad=False, name="c"), Value(3.0)
    loss = c * x
    c.data = 5.0
    loss.backward()  # the graph has the old number
    assert x.grad == 2
    (c * x).backward()
    assert x.grad == 7


def test_new_data_must_have_the_shape_and_be_floating() -> None:
    p = Value(np.ones((2, 3), np.float32), name="p")
    (p * p).sum().backward()
    node, data, gradient = p.node, p.data, p.grad
    for wrong, kind, words in (
        (np.ones(3), ValueError, ["(3,)", "for p of shape (2, 3)", "v.data[:] ="]),
        (0.0, ValueError, ["()", "(2, 3)"]),
        (np.ones((2, 3), int), TypeError, ["integers", "(2, 3)"]),
        ("x", TypeError, ["'x'"]),
        (p, TypeError, ["a Value already"]),
    ):
        with pytest.raises(kind) as caught:
            p.data = wrong
        assert all(word in str(caught.value) for word in words), caught.value
        assert p.node is node
        assert p.data is data
        assert p.grad is gradient
    s = Value(np.float32(1))
    s.data = 3
    assert s.data.dtype == np.float32


# ---- recording or not ----


def test_no_grad_as_block_and_as_decorator() -> None:
    x = Value(2.0)
    with ag.no_grad():
        assert not ag.is_grad_enabled()
        assert (x * x).node is None
        with ag.enable_grad():
            assert (x * x).requires_grad
        leaf = Value(1.0)
        assert leaf.requires_grad
    assert ag.is_grad_enabled()

    @ag.no_grad()
    def frozen(v: Value, factor: float) -> Value:
        """Documented."""
        return v * factor

    assert not frozen(x, factor=3).requires_grad
    assert not frozen(x, 3).requires_grad
    assert frozen.__doc__ == "Documented."
    assert ag.is_grad_enabled()


def test_no_grad_can_be_used_again_and_inside_itself() -> None:
    x = Value(2.0)
    frozen = ag.no_grad()
    with frozen:
        with frozen:
            assert not (x * x).requires_grad
        assert not ag.is_grad_enabled()
    assert ag.is_grad_enabled()
    with frozen:
        assert not ag.is_grad_enabled()


def test_no_grad_refuses_what_would_run_after_it() -> None:
    def numbers() -> Iterator[int]:
        yield 1

    async def later() -> None:
        pass

    for function in (numbers, later):
        with pytest.raises(TypeError, match=rf"{function.__name__} runs after.*with no_grad\(\):"):
            ag.no_grad()(function)

    def products(x: Value) -> Iterator[bool]:
        with ag.no_grad():
            first = x * 2
        yield first.requires_grad
        yield (x * 2).requires_grad

    assert list(products(Value(1.0))) == [False, True]


def test_no_grad_ends_with_an_exception() -> None:
    with pytest.raises(ZeroDivisionError), ag.no_grad():
        raise ZeroDivisionError
    assert ag.is_grad_enabled()
    with pytest.raises(KeyError), ag.no_grad(), ag.enable_grad():
        raise KeyError
    assert ag.is_grad_enabled()


def test_no_grad_is_of_one_thread() -> None:
    seen = []
    inside, done = threading.Event(), threading.Event()

    def other() -> None:
        inside.wait()
        seen.append((ag.is_grad_enabled(), (Value(1.0) * 2).requires_grad))
        with ag.no_grad():
            done.set()

    thread = threading.Thread(target=other)
    thread.start()
    with ag.no_grad():
        inside.set()
        done.wait()
        thread.join()
        assert not ag.is_grad_enabled()
    assert seen == [(True, True)]
    assert ag.is_grad_enabled()


def test_no_grad_is_of_one_task() -> None:
    async def frozen(log: list[bool]) -> None:
        with ag.no_grad():
            await asyncio.sleep(0)
            log.append(ag.is_grad_enabled())
            await asyncio.sleep(0)

    async def recording(log: list[bool]) -> None:
        for _ in range(4):
            log.append(ag.is_grad_enabled())
            await asyncio.sleep(0)

    async def both() -> tuple[list[bool], list[bool]]:
        first: list[bool] = []
        second: list[bool] = []
        await asyncio.gather(frozen(first), recording(second))
        return first, second

    assert asyncio.run(both()) == ([False], [True] * 4)


def test_threads_lose_no_gradient_of_a_leaf_that_they_share() -> None:
    leaf, rounds = Value(np.zeros(1_000)), 200

    def work() -> None:
        for _ in range(rounds):
            (leaf * 1.0).sum().backward()

    threads = [threading.Thread(target=work) for _ in range(4)]
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        for t in threads:
            t.start()
        for t in threads:
            t.join()
    finally:
        sys.setswitchinterval(interval)
    np.testing.assert_array_equal(leaf.grad, 4 * rounds)


def test_threads_record_and_run_backward_at_the_same_time() -> None:
    gradients = {}

    def work(i: int) -> None:
        x = Value(np.full(50, float(i)))
        for _ in range(30):
            y = x
            for _ in range(10):
                y = y * 1.0 + x
            (y * x).sum().backward()
        gradients[i] = x.grad

    threads = [threading.Thread(target=work, args=(i,)) for i in range(1, 5)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    for i, gradient in gradients.items():
        np.testing.assert_array_equal(gradient, np.full(50, 30 * 2 * 11.0 * i))


def test_a_scope_is_noted_and_left() -> None:
    x = Value(1.0)
    with ag.scope("encoder"):
        y = x * 2
        with ag.scope("encoder.attention"):
            z = y * 2
        with pytest.raises(ZeroDivisionError), ag.scope("failing"):
            raise ZeroDivisionError
        w = z * 2
    assert [v.node.scope for v in (y, z, w, w * 2)] == ["encoder", "encoder.attention", "encoder", ""]


# ---- hooks ----


def test_a_hook_sees_the_whole_gradient_once_and_may_replace_it() -> None:
    x = Value([1.0, 2.0])
    y = x * 2
    seen = []
    remove_first = y.register_hook(lambda g: seen.append(np.array(g)))
    y.register_hook(lambda g: g * 10)
    loss = (y + y * 3).sum()
    loss.backward()
    np.testing.assert_array_equal(seen, [[4, 4]])
    np.testing.assert_array_equal(y.grad, [40, 40])
    np.testing.assert_array_equal(x.grad, [80, 80])
    remove_first()
    remove_first()
    loss.backward()
    assert len(seen) == 1


def test_hooks_on_a_leaf_survive_new_data_and_freezing() -> None:
    p = Value([1.0, 2.0])
    calls = []
    p.register_hook(lambda g: calls.append(1))
    remove = p.register_hook(lambda g: g * 0)
    (p * 3).sum().backward()
    p.data -= 1.0
    (p * 3).sum().backward()
    np.testing.assert_array_equal(p.grad, [0, 0])
    assert len(calls) == 2
    p.requires_grad = False
    p.requires_grad = True
    (p * 3).sum().backward()
    assert len(calls) == 3
    remove()
    (p * 3).sum().backward()
    np.testing.assert_array_equal(p.grad, [3, 3])


@pytest.mark.parametrize("replacement", [np.ones(2), [1.0, 1.0], np.ones(2, int), Value([1.0, 1.0])])
@pytest.mark.parametrize("create_graph", [False, True])
def test_what_a_hook_returns_becomes_a_gradient_of_the_right_kind(replacement: Any, create_graph: bool) -> None:
    x = Value(np.full(2, 3, np.float32))
    y = x * x
    y.register_hook(lambda g: replacement)
    (y * 5 + y + y).sum().backward(create_graph=create_graph)
    for v, expected in ((y, [1, 1]), (x, [6, 6])):
        assert isinstance(v.grad, Value if create_graph else np.ndarray)
        assert v.grad.dtype == np.float32
        np.testing.assert_array_equal(v.grad.data if create_graph else v.grad, expected)


def test_a_hook_that_writes_into_the_gradient_harms_nobody_else() -> None:
    a, b = Value([1.0, 2.0]), Value([3.0, 4.0])

    def ruin(gradient: Any) -> None:
        gradient *= 100

    a.register_hook(ruin)
    (a + b).sum().backward()
    np.testing.assert_array_equal(b.grad, [1, 1])
    np.testing.assert_array_equal(a.grad, [100, 100])


def test_what_a_hook_returns_stays_the_hooks() -> None:
    kept = np.array([5.0, 5.0])
    x = Value([1.0, 2.0])
    x.register_hook(lambda g: kept)
    (x * 2 + x * 3 + x * 4).sum().backward()
    x.grad += 1
    np.testing.assert_array_equal(kept, [5, 5])


def test_a_wrong_hook_raises_and_no_gradient_is_touched() -> None:
    x = Value([1.0, 2.0])
    y = x * 2
    remove = y.register_hook(lambda g: np.ones(3))
    with pytest.raises(ValueError, match=r"hook returned shape \(3,\) for a Value of shape \(2,\)"):
        y.sum().backward()
    assert x.grad is None
    assert y.grad is None
    remove()
    y.register_hook(lambda g: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        y.sum().backward()
    assert x.grad is None
    with pytest.raises(RuntimeError, match="wants no gradient"):
        Value(1.0, requires_grad=False).register_hook(print)


# ---- second order, by hand ----


def test_backward_through_a_recorded_backward() -> None:
    x = Value(2.0)
    y = x**4
    y.backward(create_graph=True)
    first = x.grad
    assert first.item() == 32
    x.grad = None
    first.backward(create_graph=True)
    second = x.grad
    assert second.item() == 48
    x.grad = None
    second.backward()
    assert x.grad == 48
    assert isinstance(x.grad, np.floating)


def test_a_gradient_penalty() -> None:
    x, w = Value([1.0, 2.0]), Value([3.0, 4.0])
    (np.sin(x * w)).sum().backward(create_graph=True)
    penalty = (x.grad**2).sum()
    x.grad = w.grad = None
    penalty.backward()
    ag.check_grads(lambda w: ((np.cos(x.data * w) * w) ** 2).sum(), w.data, order=1)
    u = x.data * w.data
    expected = 2 * np.cos(u) * w.data * (np.cos(u) - np.sin(u) * u)
    np.testing.assert_allclose(w.grad, expected)


def test_create_graph_works_inside_no_grad() -> None:
    x = Value(3.0)
    y = x**3
    with ag.no_grad():
        y.backward(create_graph=True)
    assert x.grad.requires_grad
    first = x.grad
    x.grad = None
    first.backward()
    assert x.grad == 18


def test_no_two_values_share_a_gradient_under_create_graph() -> None:
    a, b = Value([1.0, 2.0]), Value([3.0, 4.0])
    (a + b).sum().backward(create_graph=True)
    assert a.grad is not b.grad
    assert not np.shares_memory(a.grad.data, b.grad.data)


def test_a_failing_rule_touches_no_gradient() -> None:
    @ag.primitive
    def bad(x: Any) -> Any:
        return x * 2

    ag.defvjp(bad, lambda g, out, x: g[0, 0, 0])
    x = Value([1.0, 2.0])
    y = bad(x)
    z = y * 3
    with pytest.raises(IndexError):
        z.sum().backward()
    assert x.grad is y.grad is z.grad is None
    ag.defvjp(bad, lambda g, out, x: np.ones((3, 4)))
    with pytest.raises(ValueError, match=r"rule of .*bad returned shape \(3, 4\) for an argument of shape \(2,\)"):
        z.sum().backward()
    assert x.grad is None
    ag.defvjp(bad, lambda g, out, x: g * 2)
    z.sum().backward()
    np.testing.assert_array_equal(x.grad, [6, 6])
