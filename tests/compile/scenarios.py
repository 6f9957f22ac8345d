"""What a call may do: each takes a wrapper, `ag.compile` or nothing, and returns what is to be the same.

Here are the functions; `test_compile` compares what they return.
"""

from __future__ import annotations

import warnings
from collections import OrderedDict, namedtuple
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from types import SimpleNamespace
from typing import Any

import numpy as np

import autograd_lite as ag
import nn
import nn.functional as F
from autograd_lite import Value

from .same import bits

Wrap = Callable[[Callable[..., Any]], Any]


@dataclass
class Pair:
    first: Any
    second: Any


Point = namedtuple("Point", "x y")


def draw(*shape: int, seed: int = 0, dtype: Any = np.float64) -> Any:
    return np.random.default_rng(seed).normal(size=shape).astype(dtype)


X, Y = draw(3, 4), draw(3, 4, seed=1)
W = draw(4, 2, seed=2)


def arrays(wrap: Wrap) -> Any:
    f = wrap(lambda x, y: np.sum(np.exp(x) * y, axis=0))
    return [f(X, Y), f(Y, X), f(X[:2], Y[:2]), f(X.astype("f4"), Y), f(X.T, Y.T), f(X[:, ::2], Y[:, ::2])]


def arrays_of_other_layouts(wrap: Wrap) -> Any:
    x = draw(60, 60, dtype=np.float32)
    f = wrap(lambda x: (np.sum(x * 1.1), np.cumsum(x + 1)[-1]))
    return [f(x), f(x.T), f(np.repeat(x, 2, axis=1)[:, ::2]), f(x[::-1]), f(np.broadcast_to(x[0], (60, 60)))]


def numbers_and_arrays_of_them(wrap: Wrap) -> Any:
    f = wrap(lambda x, y: (x * y, x + y, x**2))
    return [
        f(np.float64(2), np.float64(3)),
        f(np.array(2.0), np.array(3.0)),
        f(np.float32(2), 3),
        f(np.float32(2), 3.5),
    ]


def python_numbers(wrap: Wrap) -> Any:
    f = wrap(lambda x, n, c=1.0, flag=True: (np.roll(x, n) if flag else x) * c)
    return [
        f(X, 1),
        f(X, 2),
        f(X, 1, -0.0),
        f(X, 1, 0.0),
        f(X, 1, flag=False),
        f(X, n=1, c=2),
        f(X, 1, np.nan),
        f(X, True),
    ]


def structures(wrap: Wrap) -> Any:
    def function(tree: Any, *rest: Any, scale: Any, **more: Any) -> Any:
        return {
            "pair": Pair(tree["a"] * scale, [x + 1 for x in rest]),
            "point": Point(more["u"] - more["v"], None),
            "text": "text",
            "empty": ((), [], {}),
        }

    f = wrap(function)
    return [
        f({"a": X, "b": [Y]}, X, Y, scale=2.0, u=X, v=Y),
        f({"b": [Y], "a": X}, X, Y, v=Y, u=X, scale=2.0),
        f(OrderedDict(a=X, b=[Y]), X, scale=np.float64(2), u=X, v=Y),
        f({"a": Y, "b": ()}, scale=Y, u=Y, v=X),
    ]


def dataclasses_and_named_tuples(wrap: Wrap) -> Any:
    f = wrap(lambda pair, point: Pair(pair.first @ point.x, Point(x=point.y, y=pair.second)))
    return [f(Pair(X, 2), Point(W, Y)), f(Pair(Y, "name"), Point(2 * W, X))]


def values(wrap: Wrap) -> Any:
    x, w = Value(X.copy(), name="x"), Value(W.copy())
    f = wrap(lambda x, w: np.tanh(x @ w))
    y = f(x, w)
    z = np.sum(y * y)  # further eager code
    z.backward()
    return y, z, x, w, f(2 * x, w), f(x.detach(), w), f(X, W), f(Value(X, requires_grad=False, name="c"), W)


def captured_values(wrap: Wrap) -> Any:
    w, b = Value(W.copy(), name="w"), Value(np.zeros(2))
    f = wrap(lambda x: np.sum(np.tanh(x @ w + b) ** 2))
    found = []
    for _ in range(3):
        loss = f(X)
        loss.backward()
        found.append((loss, w.grad.copy(), b.grad.copy()))
        w.data, b.data = w.data - 0.1 * w.grad, b.data - 0.1 * b.grad  # new arrays
    w.data -= 0.1  # the same array
    w.data[0] = 0
    return found, f(X)


def captured_that_was_computed(wrap: Wrap) -> Any:
    x = Value(X.copy(), name="x")
    h = np.exp(x)
    f = wrap(lambda y: h * y + x)
    out = f(Y)
    np.sum(out * out).backward()
    return out, x.grad, h.grad, f(2 * Y)


def argument_that_was_computed(wrap: Wrap) -> Any:
    x = Value(X.copy())
    h = x * 3
    f = wrap(lambda h: np.sum(h * h))
    f(h).backward()
    return x.grad, h.grad


def same_argument_twice(wrap: Wrap) -> Any:
    f = wrap(lambda x, y: x * np.exp(y))
    v = Value(X.copy())
    np.sum(f(v, v)).backward()
    return f(X, X), v.grad, f(v, v)


def results_of_all_kinds(wrap: Wrap) -> Any:
    w = Value(W.copy(), name="w")
    table = np.arange(3.0)
    model = nn.Linear(2, 2)

    def function(x: Any, y: Any) -> Any:
        total = x @ w
        total.name = "total"
        return [
            x,
            (y, None),
            x[1:],
            total,
            w,
            w.data,
            table,
            model,
            1.5,
            "a",
            np.arange(2),
            np.exp(y),
            len(x),
            total.detach(),
        ]

    f = wrap(function)
    first = f(X, Y)
    second = f(X, Y)
    first[10][:] = 7  # was made by the function: the next one is another
    third = f(X, Y)
    x, w_data = first[0], first[5]
    assert x is X
    assert [first[4], w_data, first[6], first[7]] == [w, w.data, table, model]
    assert np.shares_memory(first[2], X)
    return [[x for x in each if x is not model] for each in (second, third)]


def results_are_arrays_of_their_own(wrap: Wrap) -> Any:
    f = wrap(lambda x: (np.exp(x), np.exp(x), x + 0, x * 1, np.positive(x), x.copy()))
    first = f(X)
    kept = bits(first)
    for array in f(X):
        array[:] = 0
    assert bits(first) == kept
    assert not any(np.shares_memory(a, b) for i, a in enumerate(first) for b in (*first[:i], X))
    return first, f(X)


def result_twice(wrap: Wrap) -> Any:
    w = Value(W.copy())

    def function(x: Any) -> Any:
        y = x @ w
        a = np.exp(x)
        return y, y, a, a

    y, again, a, b = wrap(function)(X)
    assert y is again
    assert a is b
    np.sum(y * 2).backward()
    return y, w.grad


def some_results_unused(wrap: Wrap) -> Any:
    w, b = Value(W.copy()), Value(np.ones(2))
    f = wrap(lambda x: (np.sum(x @ w), np.exp(1e3 * w), w * b, np.sum(b)))
    with np.errstate(over="ignore"):
        found = []
        for used in ([0], [2], [3], [0, 2], [0, 2, 3]):
            outs = f(X)
            sum(np.sum(outs[i]) for i in used).backward()
            found.append((bits(w.grad), bits(b.grad)))
            w.grad = b.grad = None
    return found


def gradient_that_is_given(wrap: Wrap) -> Any:
    w = Value(W.copy())
    f = wrap(lambda x: x @ w)
    y = f(X)
    y.backward(np.ones((3, 2)))
    y.backward(np.full((3, 2), 2.0))  # the same graph twice
    return w.grad, y.grad


def gradients_of_many_forms(wrap: Wrap) -> Any:
    x, w, b = draw(20, 30), Value(draw(30, 40, seed=1)), Value(np.ones(40))
    f = wrap(lambda x: np.tanh(x @ w + b))
    found = []
    seeds = [draw(20, 40, seed=2), draw(40, 20, seed=3).T, draw(40, 40, seed=4)[::-2], np.broadcast_to(1.0, (20, 40))]
    for seed in seeds * 2:
        f(x).backward(seed)
        found += [w.grad, b.grad]
        w.grad = b.grad = None
    np.sum(f(x)).backward()
    return found, w, b


def passes_gradients_through(wrap: Wrap) -> Any:
    x, y = Value(X.copy()), Value(Y.copy())
    seed = np.ones(X.shape)
    f = wrap(lambda x, y: (x + y, x - 0, y))
    a, b, _ = f(x, y)
    (a + 0 * b).backward(seed)
    x.grad += 5  # they are nobody else's
    y.grad += 5
    found = x.grad, y.grad, seed.copy()
    g = wrap(lambda x, y: (x - 0, y * 2))
    for _ in range(3):  # a program for these forms of gradients comes with the second call
        x.grad = y.grad = None
        a, b = g(x, y)
        (a + np.sum(b)).backward(seed)
        x.grad += 5
    return found, x.grad, seed


def complex_numbers(wrap: Wrap) -> Any:
    z = Value(X + 1j * Y, name="z")
    f = wrap(lambda z, c: (z * c, np.abs(z) ** 2))
    a, b = f(z, np.exp(1j * Y))
    np.sum(a.real * b).backward()
    single = wrap(lambda z: np.sum((z * z).imag))
    single(z).backward()
    return a, b, z.grad


def second_order(wrap: Wrap) -> Any:
    w = Value(W.copy(), name="w")
    f = wrap(lambda x: np.sum(np.tanh(x @ w) ** 3))
    x = Value(X.copy())
    f(x).backward(create_graph=True)
    np.sum(x.grad**2).backward()
    return x.grad, w.grad


def transforms_of_it(wrap: Wrap) -> Any:
    f = wrap(lambda w, x: np.sum(np.tanh(x @ w) ** 2, axis=0))
    g = wrap(lambda w: np.sum(np.sin(w) ** 3))
    return [
        ag.grad(lambda w, x: np.sum(f(w, x)))(W, X),
        ag.value_and_grad(g)(W),
        ag.hessian(g)(W),
        ag.jacobian(f)(W, X),
        ag.vjp(f, W, X)[1](np.ones(2)),
        ag.jvp(f, (W, X), (W, X)),
        ag.hvp(g)(W, W),
        ag.elementwise_grad(wrap(np.tanh))(W),
    ]


def it_of_transforms(wrap: Wrap) -> Any:
    def g(w: Any) -> Any:
        return np.sum(np.sin(w) ** 3)

    def f(w: Any, x: Any) -> Any:
        return np.sum(np.tanh(x @ w) ** 2, axis=0)

    compiled = [wrap(ag.grad(g)), wrap(ag.value_and_grad(g)), wrap(ag.hessian(g)), wrap(lambda w: ag.hvp(g)(w, w))]
    return [
        [(h(W), h(2 * W)) for h in compiled],
        wrap(ag.jacobian(f))(W, X),
        wrap(lambda w, t: ag.jvp(g, (w,), (t,)))(W, 2 * W),
        ag.grad(lambda w: np.sum(wrap(ag.grad(g))(w) ** 2))(W),
        within_another(compiled[0]),
    ]


def within_another(gradient: Any) -> Any:
    """What a gradient is outside of a transform, and within one, where it must stay a Value."""
    kinds = [type(gradient(W))]

    def function(w: Any) -> Any:
        kinds.append(type(gradient(W)))
        return np.sum(w * gradient(W))

    return ag.grad(function)(W), kinds


def constants_as_results(wrap: Wrap) -> Any:
    def function(x: Any) -> Any:
        return Value(np.ones(3)), np.zeros_like(x), Value(np.arange(2.0), requires_grad=False, name="c"), np.full(2, 7)

    f = wrap(function)
    for x in f(X):
        (x.data if isinstance(x, Value) else x)[...] = 5
    return f(X)


def backward_inside(wrap: Wrap) -> Any:
    w = Value(W.copy(), name="w")

    def function(x: Any) -> Any:
        h = x @ w
        loss = np.sum(np.tanh(h))
        loss.backward(create_graph=False)
        return loss, h, loss.detach()

    return wrap(function)(X), w


def without_recording(wrap: Wrap) -> Any:
    w = Value(W.copy())
    f = wrap(lambda x: x @ w)
    with ag.no_grad():
        a = f(X)
    b = f(X)

    def inner(x: Any) -> Any:
        with ag.no_grad():
            c = x @ w
        return c, x @ w + c

    g = wrap(inner)
    with ag.no_grad():
        d = g(X)
    return a, b, g(X), d


def recording_inside(wrap: Wrap) -> Any:
    w = Value(W.copy())

    def function(x: Any) -> Any:
        with ag.enable_grad():
            return x @ w

    f = wrap(function)
    with ag.no_grad():
        y = f(X)
    np.sum(y).backward()
    return y, w.grad


def under_checkpoint(wrap: Wrap) -> Any:
    w = Value(W.copy())
    f = wrap(lambda x: np.tanh(x @ w))
    x = Value(X.copy())
    y = ag.checkpoint(lambda x: f(x) * 2)(x)
    np.sum(y).backward()
    return y, x.grad, w.grad


def hooks(wrap: Wrap) -> Any:
    w = Value(W.copy())
    w.register_hook(lambda g: 2 * g)

    def function(x: Any) -> Any:
        h = x @ w
        h.register_hook(lambda g: g * g)
        return np.sum(h * h)

    f = wrap(function)
    y = f(X)
    y.register_hook(lambda g: 3 * g)
    y.backward()
    first = w.grad
    w.grad = None
    w.register_hook(lambda g: g + 1)
    f(X).backward()

    def step(x: Any) -> None:
        w.grad = None
        np.sum((x @ w) ** 2).backward()

    run = wrap(step)
    run(X)
    third = w.grad
    w.register_hook(lambda g: g / 3)
    run(X)
    return first, third, w.grad


def training(wrap: Wrap) -> Any:
    w, b = Value(W.copy(), name="w"), Value(np.zeros(2), name="b")

    def step(x: Any, y: Any, lr: Any) -> Any:
        loss = np.mean((np.tanh(x @ w + b) - y) ** 2)
        w.grad = b.grad = None
        loss.backward()
        for p in (w, b):
            p.data -= lr * p.grad
        return loss.data, w.grad

    f = wrap(step)
    return [f(X, draw(3, 2, seed=i), np.float64(0.1 / (i + 1))) for i in range(4)], w, b


def accumulating(wrap: Wrap) -> Any:
    w = Value(W.copy())

    def step(x: Any) -> Any:
        np.sum(np.tanh(x @ w)).backward()

    f = wrap(step)
    found = []
    for i in range(4):
        found.append(f(draw(3, 4, seed=i)))
        found.append(w.grad.copy())
        if i == 1:
            w.grad = None
    return found


def training_of_arguments(wrap: Wrap) -> Any:
    def step(parameters: Any, x: Any) -> Any:
        loss = np.sum(np.tanh(x @ parameters["w"]) ** 2)
        for p in parameters.values():
            p.grad = None
        loss.backward()
        for p in parameters.values():
            p.data = p.data - 0.1 * p.grad
        return loss.data

    f = wrap(step)
    one, two = ({"w": Value(W * k, name="w")} for k in (1, 2))
    return [f(one, X), f(one, Y), f(two, X), f(two, X), f(one, X)], one, two


def reads_gradients_of_arguments(wrap: Wrap) -> Any:
    def norm(parameters: Any) -> Any:
        return sum(np.sum(p.grad**2) for p in parameters if p.grad is not None)

    f = wrap(norm)
    a, b = Value(W.copy()), Value(X.copy())
    found = [f([a, b])]
    np.sum(a * a).backward()
    found.append(f([a, b]))
    np.sum(b * a.data.sum()).backward()
    found.append(f([a, b]))
    a.grad = None
    found.append(f([a, b]))
    return found


def writes_into_arguments(wrap: Wrap) -> Any:
    def function(x: Any, y: Any) -> Any:
        x += y
        x[0] = 0
        return x, x * 2, y

    f = wrap(function)
    x, y = X.copy(), Y.copy()
    return [f(x, y), x.copy(), f(x, y), x, y]


def writes_what_it_has_read(wrap: Wrap) -> Any:
    note = ag.effect(lambda x: seen.append(x.copy()))

    def swap(x: Any, y: Any) -> Any:
        y[:], x[:] = x.copy(), y
        y[0] = x[1]
        x += x
        return x * 1

    def kept(x: Any) -> Any:
        before = x * 1
        like = np.zeros_like(x)
        like[:] = x
        x += 1
        note(before)
        return before * 2, like * 2

    def copied(x: Any, y: Any) -> None:
        y[:] = x
        x += x

    seen: list[Any] = []
    f, g, h = wrap(swap), wrap(kept), wrap(copied)
    x, y = X.copy(), Y.copy()
    return [(f(x, y), g(x), h(x, y), x.copy(), y.copy()) for _ in range(2)], seen


def arguments_that_overlap(wrap: Wrap) -> Any:
    def function(x: Any, y: Any) -> Any:
        x += 1
        return y * 2, x

    f = wrap(function)
    a, b = X.copy(), Y.copy()
    return [f(a, b), f(a, a), a.copy(), f(a[1:], a[:-1]), a.copy(), f(a[:2], a[1:]), a]


def freezing(wrap: Wrap) -> Any:
    w, b = Value(W.copy(), name="w"), Value(np.ones(2), name="b")
    f = wrap(lambda x: np.sum(np.tanh(x @ w + b)))
    f(X).backward()
    g = wrap(lambda x: x @ w + (b if b.requires_grad else 2 * b))
    found = [f(X), g(X)]
    b.requires_grad = False
    f(X).backward()
    return found, f(X), g(X), w, b


def rebinding(wrap: Wrap) -> Any:
    w, scale, table, options = Value(W.copy()), 2.0, np.arange(2.0), {"power": 2, "more": [1.0]}
    holder = SimpleNamespace(shift=1.0, inner=SimpleNamespace(shift=2.0))

    def function(x: Any) -> Any:
        y = (x @ w) ** options["power"] * scale + table
        return y * options["more"][0] + holder.shift + holder.inner.shift

    f = wrap(function)
    found = [f(X)]
    w = Value(2 * W)
    found.append(f(X))
    scale = 3.0
    found.append(f(X))
    table = np.ones(2)
    found.append(f(X))
    options["power"] = 3
    found.append(f(X))
    options["more"].insert(0, 5.0)
    found.append(f(X))
    holder.inner.shift = -1.0
    found.append(f(X))
    options = {"power": 1, "more": [1.0]}
    found.append(f(X))
    return found


FACTOR = 2.0


def factor() -> float:
    return FACTOR


def globals_(wrap: Wrap) -> Any:
    global FACTOR
    f = wrap(lambda x: x * factor())
    try:
        FACTOR, first = 2.0, f(X)
        FACTOR = 5.0
        return first, f(X)
    finally:
        FACTOR = 2.0


class Settings:
    scale = 2.0


class Scaled:
    shift = 1.0

    def __init__(self) -> None:
        self.w = Value(W.copy(), name="w")
        self.rate = 0.5

    @property
    def double(self) -> float:
        return 2 * self.rate

    def scaled(self, x: Any) -> Any:
        return x * self.double * Settings.scale

    def __call__(self, x: Any) -> Any:
        return self.scaled(x @ self.w) + self.shift


def attributes(wrap: Wrap) -> Any:
    scaled = Scaled()
    f, g = wrap(scaled), wrap(scaled.scaled)
    found = [f(X), g(X)]
    scaled.rate = 2.0
    found += [f(X), g(X)]
    scaled.shift = 3.0
    found.append(f(X))
    scaled.w = Value(3 * W)
    found.append(f(X))
    Settings.scale = 3.0
    try:
        found += [f(X), g(X)]
    finally:
        Settings.scale = 2.0
    return found


def partials_and_defaults(wrap: Wrap) -> Any:
    w = Value(W.copy(), name="w")

    def function(x: Any, w: Any = w, *, scale: float = 2.0) -> Any:
        return x @ w * scale

    f = wrap(partial(function, scale=3.0))
    y = f(X)
    np.sum(y).backward()
    return y, w.grad, wrap(function)(X), f(X, w=W)


def modules(wrap: Wrap) -> Any:
    nn.manual_seed(0)
    model = nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Dropout(0.5), nn.Linear(8, 2))
    x = X.astype("f4")
    f = wrap(model)
    g = wrap(lambda model, x: F.softmax(model(x), -1))
    found = [f(x), f(x), g(model, x)]
    model.eval()
    found += [f(x), g(model, x)]
    model.train()
    found.append(f(x))
    model[3].p = 0.1
    found.append(f(x))
    model[0].weight.requires_grad = False
    np.sum(f(x)).backward()
    found.append([p.grad for p in model.parameters()])
    model[0] = nn.Linear(4, 8)
    found += [f(x), g(model, x)]
    handle = model[0].register_forward_hook(lambda module, args, out: out * 2)
    found.append(f(x))
    handle.remove()
    found.append(f(x))
    return found, model.state_dict()


def module_method(wrap: Wrap) -> Any:
    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.fc = nn.Linear(4, 2)
            self.scale = 2.0

        def forward(self, x: Any) -> Any:
            return self.fc(x) * self.scale

        @wrap
        def loss(self, x: Any, power: int = 2) -> Any:
            return np.mean(self(x) ** power)

    nn.manual_seed(0)
    a, b = Net(), Net()
    x = X.astype("f4")
    found = [a.loss(x), b.loss(x), a.loss(x, 3), Net.loss(a, x)]
    a.scale = 3.0
    found.append(a.loss(x))
    a.loss(x).backward()
    return found, [p.grad for p in a.parameters()], [p.grad for p in b.parameters()]


def random_numbers(wrap: Wrap) -> Any:
    nn.manual_seed(3)
    w = Value(np.ones((3, 4), np.float32), name="w")
    f = wrap(lambda x: np.sum(F.dropout(x * w, 0.5) ** 2))
    x = X.astype("f4")
    found = [f(x), f(x)]
    nn.manual_seed(3)
    v = Value(x)
    y = f(v)
    f(x)  # draws on
    y.backward(create_graph=True)
    np.sum(v.grad**2).backward()
    return found, y, v.grad, w.grad, f(x)


def warnings_(wrap: Wrap) -> Any:
    f = wrap(lambda x: np.log(x))
    found = []
    for x in (np.ones(3), np.zeros(3), -np.ones(3)):
        with warnings.catch_warnings(record=True) as seen:
            warnings.simplefilter("always")
            found.append(f(x))
        found.append({str(each.message) for each in seen})
    with np.errstate(all="ignore"):
        found.append(f(np.zeros(3)))
    return found


def quiet_part(wrap: Wrap) -> Any:
    def function(x: Any) -> Any:
        with np.errstate(divide="ignore"):
            y = np.log(x)
        return y * x

    f = wrap(function)
    return [f(np.ones(3)), f(np.array([0.0, 1.0]) + 1)], quiet_outcome(f)


def quiet_outcome(f: Any) -> Any:
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        y = f(np.array([1.0, 0.0]))
    return y, {str(each.message) for each in seen}


def of_its_own_leaf(wrap: Wrap) -> Any:
    f = wrap(lambda x: Value(np.ones(3)) * x)
    y = f(np.arange(3.0))
    np.sum(y).backward()
    return y.requires_grad, y


def inside_each_other(wrap: Wrap) -> Any:
    w = Value(W.copy())
    inner = wrap(lambda x: np.tanh(x @ w))
    outer = wrap(lambda x: np.sum(inner(x) * inner(2 * x)))
    y = outer(X)
    y.backward()
    return y, w.grad, inner(X)


def functions_as_arguments(wrap: Wrap) -> Any:
    scale = 2.0
    f = wrap(lambda activation, x: activation(x))
    g = lambda x: x * scale  # noqa: E731
    found = [f(np.tanh, X), f(np.exp, X), f(g, X)]
    scale = 3.0
    return [*found, f(g, X)]


SCENARIOS = [
    arrays, arrays_of_other_layouts, numbers_and_arrays_of_them, python_numbers, structures,
    dataclasses_and_named_tuples, values, captured_values, captured_that_was_computed, argument_that_was_computed,
    same_argument_twice, results_of_all_kinds, results_are_arrays_of_their_own, result_twice, some_results_unused,
    gradient_that_is_given, gradients_of_many_forms, passes_gradients_through, complex_numbers, second_order,
    transforms_of_it, it_of_transforms, constants_as_results, backward_inside, without_recording, recording_inside,
    under_checkpoint, hooks, training, accumulating, training_of_arguments, reads_gradients_of_arguments,
    writes_into_arguments, writes_what_it_has_read, arguments_that_overlap, freezing, rebinding, globals_, attributes,
    partials_and_defaults, modules, module_method, random_numbers, warnings_, quiet_part, of_its_own_leaf,
    inside_each_other, functions_as_arguments,
]  # fmt: skip
