"""`detect_anomaly`: what is found, how it is told, and that nothing is left behind."""

from __future__ import annotations

import gc
import threading
from collections.abc import Callable
from typing import Any
from weakref import ref

import numpy as np
import pytest

import autograd_lite as ag
import nn
from autograd_lite import AnomalyError, Value
from autograd_lite.state import current_state

pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")


def report(function: Callable[[], Any]) -> str:
    with pytest.raises(AnomalyError) as caught, ag.detect_anomaly():
        function()
    return str(caught.value)


# ---- forward ----


def test_the_message_names_everything() -> None:
    x = Value([[4.0, 0.0], [-1.0, 1.0]], name="x")

    def function() -> None:
        with ag.scope("encoder.0"):
            np.log(x)  # here

    first, module, line, text = report(function).splitlines()
    assert first == "numpy.log of x of shape (2, 2) returned nan in 1 of 4 elements, first at index (1, 0)."
    assert module == "  in module encoder.0"
    assert line.startswith(f'  File "{__file__}", line {function.__code__.co_firstlineno + 2}, in ')
    assert line.endswith("function")
    assert text == "    np.log(x)  # here"


ZERO, ONE, BIG = Value([0.0, 1.0]), Value([1.0, 1.0]), Value([1e308, 1e308])
CONSTANT = Value([0.0, 1.0], requires_grad=False)


@ag.primitive
def own(x: Any) -> Any:
    return x / 0


@ag.primitive
def pair(x: Any) -> Any:
    return x, x / 0


ag.defvjp(own, lambda g, out, x: g)
ag.defvjp_joint(pair, lambda g, out, x: (g[0],))


@ag.custom_vjp
def with_residuals(x: Any) -> Any:
    return x / 0


with_residuals.defvjp(lambda x: (x / 0, x / 0), lambda res, g: (g,))


PATHS = {
    "operator": (lambda: ONE / ZERO, "numpy.divide of shape (2,), shape (2,)"),
    "operator with a number": (lambda: ONE / 0, "numpy.divide of shape (2,), 0"),
    "reflected": (lambda: 1 / ZERO, "numpy.divide of 1, shape (2,)"),
    "array on the left": (lambda: np.ones(2) / ZERO, "numpy.divide"),
    "power": (lambda: ZERO**-1, "numpy.power of shape (2,), -1"),
    "matmul": (lambda: BIG @ BIG, "numpy.matmul"),
    "method": (ZERO.log, "numpy.log"),
    "ufunc": (lambda: np.log(ZERO), "numpy.log"),
    "ufunc of two": (lambda: np.multiply(BIG, BIG), "numpy.multiply"),
    "method of a ufunc": (lambda: np.multiply.reduce(BIG), ""),
    "function": (lambda: np.sum(BIG), "numpy.sum of shape (2,)"),
    "composed function": (lambda: np.ptp(BIG * np.array([1, -1])), "numpy.subtract"),
    "primitive": (lambda: own(ONE), "own of shape (2,)"),
    "several results": (lambda: pair(ONE), "pair of shape (2,)"),
    "primitive of nn": (lambda: nn.functional.linear(BIG, np.full((1, 2), 10.0)), "linear of shape (2,)"),
    "custom_vjp": (lambda: with_residuals(ONE), "with_residuals of shape (2,)"),
    "checkpoint": (lambda: ag.checkpoint(lambda x: 1 / x + 1)(ZERO), "numpy.divide of 1"),
    "constant": (lambda: np.log(CONSTANT), "numpy.log"),
    "operator on a constant": (lambda: 1 / CONSTANT, "numpy.divide"),
    "scalar": (lambda: 1 / Value(0.0), "numpy.divide of 1, shape () returned inf."),
    "index": (lambda: Value([np.nan, 1.0])[0], "getitem of shape (2,), 0 returned nan. It was there already"),
    "transform": (lambda: ag.grad(lambda x: np.sum(np.log(x)))(np.zeros(2)), "numpy.log"),
}


@pytest.mark.parametrize("record", [True, False])
@pytest.mark.parametrize("path", PATHS)
def test_every_way_into_the_graph_is_watched(path: str, record: bool) -> None:
    function, told = PATHS[path]

    def run() -> None:
        with ag.enable_grad() if record else ag.no_grad():
            function()

    message = report(run)
    assert message.startswith(told)
    assert f'File "{__file__}"' in message


def test_item_assignment_is_watched() -> None:
    def function() -> None:
        y = ONE * 1
        y[0] = np.nan  # here

    message = report(function)
    assert message.startswith("setitem of shape (2,), nan, 0 returned nan in 1 of 2 elements")
    assert "argument 1 is a constant, and holds nan" in message
    assert message.endswith("y[0] = np.nan  # here")


def test_infinity_is_allowed_where_an_argument_is_infinite() -> None:
    scores, mask = Value([1.0, 2.0]), np.array([True, False])
    with ag.detect_anomaly():
        masked = np.where(mask, scores, -np.inf)
        np.testing.assert_array_equal((np.exp(masked) * 2).data, [2 * np.e, 0])
        other = scores + np.array([0.0, -np.inf])
        np.max(np.stack([masked, other]), axis=0, initial=-np.inf)
        np.pad(scores, 1, constant_values=-np.inf)
        nn.functional.softmax(masked, dim=-1).sum().backward()
    np.testing.assert_array_equal(scores.grad, [0, 0])
    assert "returned nan" in report(lambda: masked - other)
    assert "Its arguments hold infinities, but no nan." in report(lambda: masked - other)


def test_nan_that_was_there_is_told_as_such() -> None:
    bad = np.array([1.0, np.nan])
    x = Value(bad, name="weights")
    before = np.sqrt(ONE - 2)
    assert report(lambda: x * 2).startswith(
        "numpy.multiply of weights of shape (2,), 2 returned nan in 1 of 2 elements, first at index (1,). "
        "It was there already: weights is an input, and holds nan."
    )
    assert "argument 1 is a constant, and holds nan" in report(lambda: ONE + bad)
    assert "argument 0 was computed before detect_anomaly() began" in report(lambda: before * 0)
    with ag.detect_anomaly():  # it is not passed on, which is what these are for
        np.nansum(x)
        np.where(np.isnan(bad), 0, x)
        x[:1] * 2


def test_arrays_of_dask() -> None:
    array = pytest.importorskip("dask.array")
    x = Value(array.from_array(np.array([2.0, 1.0, 0.0]), chunks=2))
    assert "numpy.log of shape (3,) returned inf in 1 of 3 elements, first at index (2,)." in report(lambda: np.log(x))


def test_complex_numbers() -> None:
    z = Value(np.array([0j, 1 + 1j]))
    assert "returned " in report(lambda: 1 / z)
    with ag.detect_anomaly():
        np.exp(z)


# ---- backward ----


def root(x: Value) -> Value:
    return np.sqrt(x)  # forward


def test_backward_names_the_line_of_the_forward_pass() -> None:
    def function() -> None:
        x = Value([4.0, 0.0], name="x")
        with ag.scope("decoder"):
            y = root(x)
        (y * 2).sum().backward()

    first, module, line, text = report(function).splitlines()
    assert first == (
        "backward through numpy.sqrt of x of shape (2,): the gradient of x is inf in 1 of 2 elements, first at index "
        "(1,)."
    )
    assert module == "  in module decoder"
    assert f"line {root.__code__.co_firstlineno + 1}, in root" in line
    assert text == "    return np.sqrt(x)  # forward"


def test_a_slope_that_nobody_asked_for_is_explained() -> None:
    w = Value([4.0, 0.0], name="w")
    with pytest.raises(ag.AnomalyError) as caught, ag.detect_anomaly():
        np.where(w.data > 0, np.sqrt(w), 0.0).sum().backward()
    assert "the gradient of w is nan in 1 of 2 elements, first at index (1,)" in str(caught.value)
    assert "arrived there is 0" in str(caught.value)
    assert "numpy.sqrt(np.where(good, x, 1.0))" in str(caught.value)
    with ag.detect_anomaly():
        np.where(w.data > 0, np.sqrt(np.where(w.data > 0, w, 1.0)), 0.0).sum().backward()
    np.testing.assert_array_equal(w.grad, [0.25, 0])
    with pytest.raises(ag.AnomalyError) as caught, ag.detect_anomaly():
        np.sqrt(w).sum().backward()
    assert "arrived" not in str(caught.value)


def test_the_second_derivative_names_the_line_of_the_forward_pass() -> None:
    def function() -> None:
        x = Value([4.0, 0.0], name="x")
        y = x**1.5
        y.sum().backward(create_graph=True)  # finite
        x.grad.sum().backward()

    message = report(function)
    assert "y = x**1.5" in message
    assert "backward through" in message

    def recorded_too() -> None:
        root(Value([4.0, 0.0])).sum().backward(create_graph=True)

    assert "return np.sqrt(x)  # forward" in report(recorded_too)


def test_backward_of_what_was_recorded_outside() -> None:
    loss = root(Value([4.0, 0.0])).sum()
    message = report(loss.backward)
    assert message.endswith("Put the forward pass into the block as well, and this message will name its line.")


def test_which_argument() -> None:
    x, y = Value([2.0], name="x"), Value([0.0], name="y")
    assert "numpy.divide of x of shape (1,), shape (1,): the gradient of argument 1 is -inf" in report(
        lambda: (x / (x * 1e-200)).backward(np.ones(1))
    )
    assert "the gradient of argument 0 is inf" in report(lambda: np.sqrt(y * 1).backward(np.ones(1)))


def test_a_gradient_that_is_passed_in() -> None:
    x = Value([1.0, 2.0])
    y = x * 2
    told = "the gradient that arrived there is nan in 1 of 2 elements, first at index (1,). It was passed to backward()"
    assert told in report(lambda: y.backward(np.array([1.0, np.nan])))


def test_through_a_checkpoint() -> None:
    @ag.checkpoint
    def block(x: Any) -> Any:
        return root(x) * 3

    def function() -> None:
        block(block(Value([1.0, 0.0]))).sum().backward()

    message = report(function)
    assert message.startswith("backward through numpy.sqrt")
    assert "return np.sqrt(x)  # forward" in message


def test_modules_are_named() -> None:
    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner = nn.Sequential(nn.Linear(2, 2), nn.ReLU())

        def forward(self, x: Any) -> Any:
            return self.inner(x) / 0

    net = Net()
    net.inner[0].weight.data = np.full((2, 2), np.inf, np.float32)
    message = report(lambda: net(np.array([1.0, -1.0], np.float32)))
    assert "in module inner.0" in message
    assert "linear of shape (2,), inner.0.weight of shape (2, 2), inner.0.bias of shape (2,) returned nan" in message
    assert "return self.inner(x) / 0" in message


# ---- around it ----


def test_as_a_decorator() -> None:
    @ag.detect_anomaly()
    def step(x: Any) -> Any:
        return np.log(x)

    for _ in range(2):
        with pytest.raises(AnomalyError, match=r"numpy\.log"):
            step(ZERO)
        step(ONE)
        np.log(ZERO)
    with pytest.raises(TypeError, match=r"Write `with detect_anomaly\(\):` inside"):

        @ag.detect_anomaly()
        def generator() -> Any:
            yield 1


def test_it_is_a_floating_point_error() -> None:
    with pytest.raises(FloatingPointError), ag.detect_anomaly():
        ONE / 0


def test_nothing_is_left_behind() -> None:
    x = Value([1.0, 0.0])
    for _ in range(2):
        with pytest.raises(AnomalyError), ag.no_grad(), ag.detect_anomaly():
            np.log(x)
        assert current_state().observer is None
        assert ag.is_grad_enabled()
    np.log(x)
    assert x.grad is None
    block = ag.detect_anomaly()
    with block, block, pytest.raises(AnomalyError):
        np.log(x)
    assert current_state().observer is None


def test_numpys_own_warnings_stay() -> None:
    with np.errstate(divide="raise"), ag.detect_anomaly(), pytest.raises(FloatingPointError, match="divide by zero"):
        np.log(ZERO)
    with pytest.warns(RuntimeWarning, match="divide by zero"), pytest.raises(AnomalyError), ag.detect_anomaly():
        np.log(ZERO)


def test_other_threads_are_not_watched() -> None:
    results: list[Any] = []
    with ag.detect_anomaly():
        thread = threading.Thread(target=lambda: results.append(np.log(ZERO).data[0]))
        thread.start()
        thread.join()
    assert results == [-np.inf]


def test_a_graph_is_freed_as_ever_and_its_lines_with_it() -> None:
    x = Value([1.0, 2.0])
    gc.disable()
    try:
        with ag.detect_anomaly():
            y = np.exp(x) * 2
            node, watcher = ref(y.node), current_state().observer
            assert len(watcher._lines) == 2
            del y
            assert node() is None
            assert not watcher._lines
    finally:
        gc.enable()


def test_results_and_gradients_are_the_same() -> None:
    gradients = []
    for watch in (False, True):
        nn.manual_seed(0)
        model = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Dropout(0.2), nn.Linear(4, 1))
        x = np.random.default_rng(0).normal(size=(5, 3)).astype(np.float32)

        def step(model: Any = model, x: Any = x) -> None:
            model(x).sum().backward()

        (ag.detect_anomaly()(step) if watch else step)()
        gradients.append([p.grad for p in model.parameters()])
    for a, b in zip(*gradients, strict=True):
        np.testing.assert_array_equal(a, b)
