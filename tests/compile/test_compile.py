"""A compiled function at its calls: the same results, gradients, names, errors and warnings as the function itself.

What arrays do in a trace is tested in `test_traced`, layers and losses in `test_nn`, threads in `test_threads`.
"""

from __future__ import annotations

import copy
import pickle
import random
import tracemalloc
import warnings
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import autograd_lite as ag
import nn
import nn.functional as F
from autograd_lite import TraceError, Value
from autograd_lite.compile.function import Compiled

from ..duck import Duck
from .same import bits
from .scenarios import SCENARIOS, W, Wrap, X, Y


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_does_what_the_function_does(scenario: Callable[[Wrap], Any]) -> None:
    assert bits(scenario(ag.compile)) == bits(scenario(lambda f: f))


# ---- which program runs ----


def count(f: Any) -> int:
    return len(f.variants())


def test_one_program_for_each_signature() -> None:
    f = ag.compile(lambda x, **more: x * 2)
    for x in (X, Y, X[:2], X[:2], X.astype("f4"), X.T, X.T, np.float64(1), np.float64(2), np.array(1.0)):
        f(x)
    assert count(f) == 6
    f(W @ W.T)
    f((W @ W.T).T)
    assert count(f) == 8
    f(X, a=X, b=Y)
    f(X, a=Y, b=X)
    assert count(f) == 9
    f(Value(X))
    f(Value(Y, name="y"))
    assert count(f) == 10
    f(Value(X, requires_grad=False))
    assert count(f) == 11
    for _ in range(3):
        v = Value(X)
        np.sum(f(v)).backward()  # gradients of arguments change nothing
    assert count(f) == 11


def test_what_has_not_changed_needs_no_new_program() -> None:
    w, scale, more, model = Value(W.copy()), 2.0, [1.0], nn.Linear(4, 2)
    f = ag.compile(lambda x: x @ w * scale + more[0] + model(x))
    x = X.astype("f4")
    f(x)
    w.data, scale, more[0] = w.data * 2, float("2.0"), float("1.0")
    model.weight.data = model.weight.data * 2
    model.eval()
    model.train()
    f(x)
    assert count(f) == 1


def test_the_bound_of_programs_for_one_signature() -> None:
    choice = 0
    f = ag.compile(lambda x: x + choice)
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        for choice in range(40):
            assert bits(f(X)) == bits(X + choice)
    assert count(f) == 16
    first, second = [str(each.message) for each in seen]
    assert first.startswith("ag.compile(<lambda>) was compiled 5 times, because the variable 'choice' has changed: ")
    assert "ag.compile(<lambda>) has become 16 programs" in second
    assert "runs as it is for all others" in second
    assert {each.filename for each in seen} == {__file__}


def test_a_number_that_changes_at_every_call() -> None:
    def step(x: Any, lr: float) -> Any:
        return x * lr

    f = ag.compile(step)
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        for i in range(8):
            assert bits(f(X, 0.1 * i)) == bits(X * (0.1 * i))
    (only,) = seen
    message = str(only.message)
    assert message.startswith("ag.compile(step) was compiled 5 times, because the number 'lr' has changed: 0.0, 0.1")
    assert "pass np.float64(lr)" in message
    assert only.filename == __file__
    g = ag.compile(step)
    for i in range(8):
        assert bits(g(X, np.float64(0.1 * i))) == bits(X * np.float64(0.1 * i))
    assert count(g) == 1


class Counter:
    def __init__(self) -> None:
        self.steps = 0

    def step(self, x: Any) -> Any:
        self.steps += 1
        return x * self.steps


def test_what_a_function_changes_itself_is_never_baked_in() -> None:
    f = ag.compile(Counter().step)
    assert bits(f(X)) == bits(X * 1)
    with pytest.raises(TraceError, match=r"changes what it reads itself: Counter\.steps is 2 instead of 1.*ag\.effect"):
        f(X)


def test_what_a_first_call_makes_may_be_made() -> None:
    cache: dict[str, Any] = {}

    def function(x: Any) -> Any:
        if "table" not in cache:
            cache["table"] = np.arange(4.0)
        return x * cache["table"]

    f = ag.compile(function)
    for _ in range(3):
        assert bits(f(X)) == bits(X * np.arange(4.0))
    assert count(f) == 1


def test_captured_arrays_are_constants_by_their_identity() -> None:
    table = np.ones(4)
    f = ag.compile(lambda x: x * table)
    f(X)
    table = np.full(4, 2.0)
    assert bits(f(X)) == bits(X * 2.0)


def test_a_generator_that_is_passed() -> None:
    def run(wrap: Wrap) -> Any:
        f = wrap(lambda rng, x: x * F.dropout(x, 0.5, generator=rng))
        one, two = np.random.default_rng(1), np.random.default_rng(1)
        return f(one, X), f(one, X), f(two, X), one.random(), two.random()

    assert bits(run(ag.compile)) == bits(run(lambda f: f))


RNG = np.random.default_rng(0)


@pytest.mark.parametrize(
    "draw",
    [
        lambda x: x * RNG.normal(size=4),
        lambda x: x * np.random.normal(size=4),
        lambda x: x * random.random(),
        lambda x: x * nn.random.default_generator.normal(size=4),
    ],
)
def test_numbers_that_are_drawn_past_the_trace_are_refused(draw: Any) -> None:
    with pytest.raises(TraceError, match=r"random numbers.*Pass them as an argument"):
        ag.compile(draw)(X)


# ---- gradients ----


def test_programs_for_gradients_of_other_forms() -> None:
    w = Value(W.copy())
    f = ag.compile(lambda x: (x @ w, x * 2.0 + w[0, 0], np.sum(w), w * 3, np.exp(w)))
    for _ in range(3):
        a, _, c, *_ = f(X)
        (np.sum(a) + c).backward()
    (variant,) = f.variants()
    assert len(variant.backward) == 2


def test_a_parameter_that_has_changed_since() -> None:
    w = Value(W.copy(), name="w")
    f = ag.compile(lambda x: np.sum(x @ w))
    y = f(X)
    w.data = w.data * 2
    with pytest.raises(RuntimeError, match="w changed after this graph was recorded"):
        y.backward()


def test_one_that_the_function_has_changed() -> None:
    w = Value(W.copy(), name="w")

    def function(x: Any) -> Any:
        y = np.sum(x @ w)
        w.data -= 1
        return y

    for wrap in (ag.compile, lambda f: f):
        with pytest.raises(RuntimeError, match="w changed after this graph was recorded"):
            wrap(function)(X).backward()


def test_backward_inside_leaves_nothing_for_a_second_time() -> None:
    w = Value(W.copy())

    def function(x: Any) -> Any:
        y = np.sum(x @ w)
        y.backward()
        return y

    y = ag.compile(function)(X)
    assert y.requires_grad
    with pytest.raises(RuntimeError, match=r"function has run backward itself.*Return the loss before"):
        y.backward()


def test_backward_into_an_older_graph_is_refused() -> None:
    x = Value(X.copy(), name="x")
    h = x * 2
    f = ag.compile(lambda y: np.sum(h * y).backward())
    with pytest.raises(TraceError, match="recorded before"):
        f(Y)
    assert x.grad is None


def test_a_second_derivative_of_many_uses() -> None:
    """It goes through operations that are recorded later than those of the function, so sums may round otherwise."""

    def run(wrap: Wrap) -> Any:
        x = Value(X.copy(), name="x")
        a, b, c = wrap(lambda x: (np.exp(x) * np.sin(x), np.sum(x * x * x), x.T @ x))(x)
        total = np.sum(a) * b + np.sum(c * c) + np.sum(x**3)
        total.backward(create_graph=True)
        first, x.grad = x.grad, None
        np.sum(first * first * x).backward()
        return first.data, x.grad

    (first, second), expected = run(ag.compile), run(lambda f: f)
    assert bits(first) == bits(expected[0])
    np.testing.assert_allclose(second, expected[1], rtol=1e-13)


def test_a_second_derivative_of_what_changes_something() -> None:
    w, seen = Value(W.copy(), name="w"), []
    note = ag.effect(seen.append)

    def function(x: Any) -> Any:
        y = np.sum((x @ w) ** 3)
        note(y)
        return y

    y = ag.compile(function)(X)
    with pytest.raises(RuntimeError, match=r"need function to run once more, but it calls .*append"):
        y.backward(create_graph=True)


def test_a_second_derivative_of_what_would_not_be_the_same_again() -> None:
    scale, w = 2.0, Value(W.copy(), name="w")
    y = ag.compile(lambda x: np.sum((x @ w) ** 3) * scale)(X)
    scale = 3.0
    with pytest.raises(RuntimeError, match=r"the variable 'scale' is 3\.0 instead of 2\.0"):
        y.backward(create_graph=True)


def test_running_averages_move_once_also_with_second_derivatives() -> None:
    def run(wrap: Wrap) -> Any:
        nn.manual_seed(0)
        norm = nn.BatchNorm1d(4)
        x = Value(X.astype("f4"))
        y = wrap(lambda x: np.sum(norm(x) ** 3))(x)
        y.backward(create_graph=True)
        np.sum(x.grad**2).backward()
        return norm.state_dict(), y, norm.weight.grad

    assert bits(run(ag.compile)) == bits(run(lambda f: f))


# ---- errors ----

INTS = np.array([0, 1])


class Inverse(nn.Module):
    def forward(self, x: Any) -> Any:
        return np.linalg.inv(x)


@pytest.mark.parametrize(
    ("function", "good", "bad"),
    [
        (lambda x: np.linalg.inv(x), np.eye(2), np.zeros((2, 2))),
        (lambda x: np.linalg.cholesky(x) @ Value(np.eye(2)), np.eye(2), -np.eye(2)),
        (lambda i: Value(np.arange(3.0))[i] * 2, INTS, INTS + 7),
        (nn.Sequential(Inverse()), np.eye(2), np.zeros((2, 2))),
    ],
)
def test_errors_of_a_program_are_those_of_the_function(function: Any, good: Any, bad: Any) -> None:
    f = ag.compile(function)
    f(good)
    with pytest.raises(Exception, match=r".") as expected:
        function(bad)
    with pytest.raises(type(expected.value)) as found:
        f(bad)
    assert type(found.value) is type(expected.value)
    assert str(found.value) == str(expected.value)
    assert getattr(found.value, "__notes__", []) == getattr(expected.value, "__notes__", [])
    assert bits(f(good)) == bits(function(good))
    assert count(f) == 1


def test_an_error_in_a_program_that_changes_something_says_where() -> None:
    w = Value(np.zeros((2, 2)), name="w")

    def step(x: Any) -> None:
        w.data = w.data + np.linalg.inv(x)

    f = ag.compile(step)
    f(np.eye(2))
    with pytest.raises(np.linalg.LinAlgError) as found:
        f(np.zeros((2, 2)))
    assert found.value.__notes__ == ["in the program that ag.compile has made of step"]
    assert bits(w.data) == bits(np.eye(2))


def test_floating_point_errors() -> None:
    f = ag.compile(lambda x: np.log(x))
    f(np.ones(2))
    with np.errstate(divide="raise"), pytest.raises(FloatingPointError, match="divide by zero encountered in log"):
        f(np.zeros(2))
    with pytest.warns(RuntimeWarning, match="divide by zero encountered in log"):
        f(np.zeros(2))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((np.ma.masked_array(X),), "MaskedArray"),
        ((Value(np.ones(2)), {"a": [np.ma.masked_array(X)]}), "MaskedArray"),
        ((Duck(X),), r"duck\.Duck"),
        ((Value(Duck(X)),), r"duck\.Duck"),
    ],
)
def test_arrays_of_other_kinds_are_refused(arguments: Any, message: str) -> None:
    f = ag.compile(lambda *args: args[0])
    with pytest.raises(TypeError, match=rf"ag\.compile plans memory for NumPy's arrays, but got .*{message}.*itself"):
        f(*arguments)


@pytest.mark.parametrize(
    ("hide", "where"),
    [
        (lambda x: SimpleNamespace(mean=np.mean(x)), "SimpleNamespace, which holds an array in 'mean'"),
        (lambda x: SimpleNamespace(more={"a": [Value(x)]}), "SimpleNamespace, which holds an array in 'more'"),
        (lambda x: lambda: x, "function, which holds an array in 'x'"),
        (lambda x: (row for row in x), "generator, which holds an array in"),
    ],
)
def test_a_result_that_hides_arrays_is_refused(hide: Any, where: str) -> None:
    with pytest.raises(TraceError, match=f"a result of type {where}"):
        ag.compile(hide)(X)


@pytest.mark.parametrize("wrong", [3, None, X, "f"])
def test_no_function(wrong: Any) -> None:
    with pytest.raises(TypeError, match=r"ag\.compile takes a function, not .*ag\.compile\(f\)\(x\)"):
        ag.compile(wrong)


def test_an_attribute_that_is_left_in_the_trace_is_refused() -> None:
    class Net(nn.Module):
        def forward(self, x: Any) -> Any:
            self.hidden = Value(x) * 2
            return self.hidden + 1

    net = Net()
    f = ag.compile(net)
    with pytest.raises(TraceError, match=r"Net\.hidden"):
        f(X)
    assert not hasattr(net, "hidden")


# ---- the object ----


def test_before_the_first_call_there_is_no_program() -> None:
    with pytest.raises(RuntimeError, match=r"ag\.compile\(softmax\) has not been called yet.*Call it once"):
        _ = ag.compile(F.softmax).source


def test_it_looks_like_the_function() -> None:
    def function(x: Any) -> Any:
        """Doc."""
        return x

    f = ag.compile(function)
    assert (f.__name__, f.__doc__, f.__wrapped__, repr(f)) == ("function", "Doc.", function, "<ag.compile(function)>")
    model = ag.compile(nn.Linear(2, 3))
    assert repr(model) == "<ag.compile(Linear)>"


@ag.compile
def of_this_module(x: Any) -> Any:
    return x * 2


def test_copies_and_pickles() -> None:
    assert pickle.loads(pickle.dumps(of_this_module)) is of_this_module
    f = ag.compile(np.tanh)
    f(X)
    for other in (copy.copy(f), copy.deepcopy(f), pickle.loads(pickle.dumps(f))):
        assert isinstance(other, Compiled)
        assert other is not f
        assert count(other) == 0
        assert bits(other(X)) == bits(np.tanh(X))


def test_a_copy_of_a_model_has_programs_of_its_own() -> None:
    class Trained(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.w = nn.Parameter(np.ones(4))
            self.fast = ag.compile(self.slow)

        def slow(self, x: Any) -> Any:
            return x * self.w

    model = Trained()
    model.fast(X)
    other = copy.deepcopy(model)
    other.w.data = other.w.data * 3
    assert bits(other.fast(X)) == bits(other.slow(X))
    assert bits(model.fast(X)) == bits(model.slow(X))


def test_the_source_runs_on_its_own() -> None:
    w = Value(W.copy(), name="w")
    table = np.arange(6.0).reshape(3, 2)
    f = ag.compile(lambda x: np.sum(np.tanh(x @ w + table) ** 2, axis=0))
    y = f(X)
    namespace = dict(f.constants)
    exec(f.source, namespace)
    (variant,) = f.variants()
    result, *residuals = namespace["program"](*variant.capture.read([Y]))
    assert bits(result) == bits(f(Y).data)
    result, *residuals = namespace["program"](*variant.capture.read([X]))
    y.backward(np.ones(2))
    (backward,) = variant.backward.values()
    (found,) = namespace["gradient"](np.ones(2), *[residuals[i] for i in backward._needed])
    assert bits(found) == bits(w.grad)


def test_observers_see_the_function_itself() -> None:
    f = ag.compile(lambda x: np.log(Value(x)))
    f(X * X + 1)
    with ag.detect_anomaly(), np.errstate(all="ignore"), pytest.raises(ag.AnomalyError, match="log"):
        f(np.zeros(3))


def test_nothing_of_the_example_is_kept() -> None:
    big = 1 << 20
    f = ag.compile(lambda x: np.sum(np.tanh(x) * 2, keepdims=True) * x[:1])
    tracemalloc.start()
    try:
        f(np.ones(big))
        held = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    assert held < 8 * big * 1.5  # one array of memory for its results


@pytest.mark.parametrize("create_graph", [False, True])
def test_gradients_of_a_weight_in_every_step_of_a_loop(create_graph: bool) -> None:
    """They are added up in the program, and not returned one by one."""

    def run(wrap: Wrap) -> Any:
        w, x = Value(W @ W.T, name="w"), X

        @wrap
        def unrolled(x: Any) -> Any:
            h = x
            for _ in range(20):
                h = np.tanh(h @ w)
            return np.sum(h), np.sum(x @ w)

        a, b = unrolled(x)
        a.backward(create_graph=create_graph)
        b.backward()
        return w.grad.data if create_graph else w.grad, unrolled

    gradient, f = run(ag.compile)
    assert len(f.variants()[0]._parents) == 1
    assert bits(gradient) == bits(run(lambda f: f)[0])
