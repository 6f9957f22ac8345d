"""Kernels that stand for whole calls give what these give: pooling to the bit, the others but for their last places."""

from __future__ import annotations

import inspect
import itertools

import numpy as np
import pytest

pytest.importorskip("numba")

import autograd_lite as ag
import nn
from autograd_lite.compile.replacements import replaced
from nn.functional import correlation, max_pooling, recurrence
from nn.functional.pooling_windows import geometry_of
from nn.functional.windows import reaches
from nn.kernels import correlation as convolving
from nn.kernels import pooling
from nn.kernels import recurrence as recurring

# of the largest number in a result, which sums of some hundred products make
TOLERANCE = {np.dtype(np.float32): 5e-6, np.dtype(np.float64): 1e-14}


def assert_close(found, expected, times=1.0):
    if expected is None:
        assert found is None
        return
    assert (found.shape, found.dtype) == (expected.shape, expected.dtype)
    scale = times * TOLERANCE[expected.dtype] * float(np.abs(expected).max(initial=1e-3))
    np.testing.assert_allclose(found, expected, rtol=0, atol=scale)


def assert_same(found, expected):
    assert (found.shape, found.dtype) == (expected.shape, expected.dtype)
    assert found.tobytes() == expected.tobytes()


def normal(*shape, dtype=np.float32, seed=0):
    return np.random.default_rng(seed).standard_normal(shape).astype(dtype)


def channels_last(x):
    return np.moveaxis(np.moveaxis(x, 1, -1).copy(), -1, 1)


LAYOUTS = {
    "first": np.ascontiguousarray,
    "last": channels_last,
    "every second": lambda x: np.repeat(x, 2, -1)[..., ::2],
}


def test_each_has_the_arguments_of_what_it_stands_for():
    pairs = [
        *[(getattr(max_pooling, f"_{name}"), name) for name in ("max_pool", "winners", "max_place")],
        *[
            (getattr(correlation, name), name)
            for name in ("convolution", "convolution_transpose", "convolution_weight")
        ],
        *[(getattr(recurrence, f"{name}_recurrence"), name) for name in ("rnn", "lstm", "gru")],
        *[(getattr(recurrence, f"_{name}_vjp"), f"{name}_vjp") for name in ("rnn", "lstm", "gru")],
    ]
    for function, name in pairs:
        kernel = replaced(function)
        assert kernel.__name__ == name
        given = inspect.signature(getattr(function, "forward", function)).parameters
        assert [x for x in inspect.signature(kernel).parameters if x != "wanted"] == list(given)
    assert replaced(np.exp) is np.exp


# ---- pooling ----

POOLING = [  # shape, kernel, stride, padding, dilation, ceil_mode
    ((2, 5, 8, 8), 2, None, 0, 1, False),
    ((2, 5, 9, 7), 3, 2, 1, 1, False),
    ((2, 5, 9, 7), (3, 2), (1, 2), (1, 0), (2, 1), True),
    ((5, 6, 6), 3, 1, 1, 1, False),
    ((2, 1, 6, 6), 2, 1, 0, 1, False),
    ((2, 1, 20, 20), 17, 1, 8, 1, False),
    ((2, 3, 11), 3, 2, 1, 1, True),
    ((3, 11), 2, None, 0, 1, False),
    ((1, 2, 1), 2, 1, 2, 3, False),  # windows of nothing but padding
]
NUMBERS = {
    "different": lambda x: x,
    "ties": lambda x: np.round(x * 2),
    "nan": lambda x: np.where(x > 1, np.nan, x),
    "-inf": lambda x: np.where(x < 0.5, -np.inf, x),
}


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("numbers", NUMBERS)
@pytest.mark.parametrize(("shape", "kernel", "stride", "padding", "dilation", "ceil_mode"), POOLING)
def test_pooling_gives_the_same_bits(shape, kernel, stride, padding, dilation, ceil_mode, numbers, dtype):
    axes = 2 if np.ndim(kernel) or len(shape) == 4 or shape[0] == 5 else 1
    x = NUMBERS[numbers](normal(*shape, dtype=dtype)).astype(dtype) + dtype(0)  # no zeros of both signs
    geometry = geometry_of("max_pool", axes, x, kernel, stride, padding, dilation, ceil_mode)
    for layout in LAYOUTS.values() if len(shape) == axes + 2 else (np.ascontiguousarray,):
        x = layout(x)
        out = max_pooling._max_pool.forward(x, geometry)
        assert_same(pooling.max_pool(x, geometry), out)
        winner = max_pooling._winners.forward(x, out, geometry)
        assert_same(pooling.winners(x, out, geometry), winner)
        g = normal(*out.shape, dtype=dtype, seed=1)
        place = max_pooling._max_place.forward(g, winner, geometry, x.shape[-axes:])
        for other in LAYOUTS.values() if len(shape) == axes + 2 else (np.ascontiguousarray,):
            assert_same(pooling.max_place(other(g), winner, geometry, x.shape[-axes:]), place)


@pytest.mark.parametrize("dtype", [np.int64, np.float16])
def test_pooling_of_other_dtypes_stays_with_numpy(dtype):
    x = (normal(2, 3, 6, 6) * 10).astype(dtype)
    geometry = geometry_of("max_pool", 2, x, 2, None, 0, 1, False)
    out = max_pooling._max_pool.forward(x, geometry)
    assert_same(pooling.max_pool(x, geometry), out)
    assert_same(pooling.winners(x, out, geometry), max_pooling._winners.forward(x, out, geometry))


# ---- convolution ----

CONVOLUTIONS = [  # batch, in, out, lengths, kernel, stride, padding, dilation, groups
    (3, 1, 16, (8, 8), (3, 3), (1, 1), (1, 1), (1, 1), 1),
    (3, 16, 8, (4, 4), (3, 3), (1, 1), (1, 1), (1, 1), 1),
    (2, 2, 5, (9, 7), (3, 2), (2, 3), (2, 0), (1, 2), 1),
    (2, 3, 4, (3, 3), (5, 5), (1, 1), (4, 4), (1, 1), 1),
    (2, 4, 5, (6, 7), (1, 1), (2, 2), (0, 0), (1, 1), 1),
    (2, 1, 1, (6, 7), (3, 3), (1, 1), (0, 0), (1, 1), 1),
    (3, 5, 4, (11,), (3,), (2,), (1,), (2,), 1),
    (3, 2, 4, (11,), (3,), (1,), (3,), (1,), 1),
    (3, 2, 4, (11,), (5,), (3,), (4,), (1,), 1),
    (2, 3, 4, (9, 5), (5, 4), (2, 2), (4, 5), (1, 2), 1),
    (2, 4, 6, (5, 5), (3, 3), (1, 1), (1, 1), (1, 1), 2),
    (2, 4, 4, (5, 5), (3, 3), (1, 1), (1, 1), (1, 1), 4),
    (2, 2, 3, (4, 4, 4), (2, 2, 2), (1, 1, 1), (0, 0, 0), (1, 1, 1), 1),
    (0, 2, 3, (4, 4), (2, 2), (1, 1), (0, 0), (1, 1), 1),
    (40, 8, 8, (16, 16), (3, 3), (1, 1), (1, 1), (1, 1), 1),  # in parts
]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("case", CONVOLUTIONS)
def test_convolutions_give_the_same_numbers(case, layout, dtype):
    batch, inputs, outputs, lengths, kernel, stride, padding, dilation, groups = case
    geometry = correlation.Geometry(stride, padding, dilation, groups)
    of_kernel = reaches((1,) * len(kernel), kernel, stride, dilation)
    counts = tuple([(n + 2 * p - k) // s + 1 for n, p, k, s in zip(lengths, padding, of_kernel, stride, strict=True)])
    x = LAYOUTS[layout](normal(batch, inputs, *lengths, dtype=dtype))
    y = LAYOUTS[layout](normal(batch, outputs, *counts, dtype=dtype, seed=1))
    weight = normal(outputs, inputs // groups, *kernel, dtype=dtype, seed=2)
    both = normal(2 * max(inputs, outputs), dtype=dtype, seed=3)[::2]
    calls = {
        "convolution": [(x, weight, bias, geometry, counts) for bias in (None, both[:outputs])],
        "convolution_transpose": [(y, weight, bias, geometry, lengths) for bias in (None, both[:inputs])],
        "convolution_weight": [(x, y, geometry, kernel)],
    }
    for name, calls_of_it in calls.items():
        for args in calls_of_it:
            expected = getattr(correlation, name).forward(*args)
            assert_close(getattr(convolving, name)(*args), expected)


# ---- recurrent layers ----

SIZES = [
    (5, 3, 4, 7),
    (1, 2, 3, 5),
    (9, 1, 2, 33),
    (3, 40, 8, 64),
    (2, 70, 8, 64),
]  # steps, batch, inputs, hidden units


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("biases", [False, True])
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("kind", ["lstm", "gru", "rnn tanh", "rnn relu"])
def test_recurrent_layers_give_the_same_numbers(kind, size, biases, reverse, dtype):
    name, *nonlinearity = kind.split()
    (time, batch, inputs, units), gates = size, {"lstm": 4, "gru": 3, "rnn": 1}[name]
    seeds = itertools.count()

    def some(*shape):
        return normal(*shape, dtype=dtype, seed=next(seeds)) * dtype(0.2)

    h0 = some(units, batch).T
    states = [h0, some(batch, units)] if name == "lstm" else [h0]
    x = some(batch, time, inputs).swapaxes(0, 1)
    weights = [some(gates * units, inputs), some(gates * units, units)]
    weights += [some(gates * units), some(gates * units)] if biases else [None, None]
    args = (x, *states, *weights, *nonlinearity, *([None] if name == "lstm" else []), reverse)

    expected = getattr(recurrence, f"{name}_recurrence").forward(*args)
    found = getattr(recurring, name)(*args)
    several = isinstance(expected, tuple)
    for a, b in zip(found if several else [found], expected if several else [expected], strict=True):
        assert_close(a, b)

    gh = some(batch, time, units).swapaxes(0, 1)
    cotangents = [gh]
    if name == "gru":
        cotangents = [(gh, None)]
    elif name == "lstm":
        gc = some(time, units, batch)
        cotangents = [(gh, gc, None), (gh, None, None), (None, gc, None)]
    rule, kernel = getattr(recurrence, f"_{name}_vjp"), getattr(recurring, f"{name}_vjp")
    for g in cotangents:
        gradients = rule(g, expected, *args)
        for a, b in zip(kernel(g, found, *args), gradients, strict=True):
            assert_close(a, b, times=4)
        for number, gradient in enumerate(gradients):
            alone = kernel(g, found, *args, wanted=(number,))
            assert_close(alone[number], gradient, times=4)
            if batch < 70:  # else the steps are so large that they stay with NumPy
                assert number == 0 or alone[0] is None


# ---- whole models ----


def _last_of(layer):
    class Last(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = layer

        def forward(self, x):
            out, state = self.layer(x)
            return out * 2 + sum(s.sum() for s in (state if isinstance(state, tuple) else (state,)))

    return Last()


MODELS = {
    "cnn": (
        lambda: nn.Sequential(
            nn.Conv2d(1, 4, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(4, 6, 3), nn.MaxPool2d(2, 1)
        ),
        (3, 1, 9, 9),
        ("convolution", "convolution_transpose", "convolution_weight", "max_pool", "winners", "max_place"),
    ),
    "sequence": (lambda: nn.Sequential(nn.Conv1d(3, 5, 3), nn.MaxPool1d(2)), (2, 3, 12), ("convolution", "max_pool")),
    "transposed": (lambda: nn.ConvTranspose2d(3, 4, 3, stride=2), (2, 3, 4, 4), ("convolution_transpose",)),
    "grouped": (lambda: nn.Conv2d(4, 4, 3, groups=2), (2, 4, 6, 6), ("convolution",)),
    "lstm": (lambda: _last_of(nn.LSTM(4, 6)), (5, 3, 4), ("lstm", "lstm_vjp")),
    "lstm, two layers, both directions": (
        lambda: _last_of(nn.LSTM(4, 6, num_layers=2, bidirectional=True, batch_first=True)),
        (3, 5, 4),
        ("lstm", "lstm_vjp"),
    ),
    "lstm, projected": (lambda: _last_of(nn.LSTM(4, 6, proj_size=3)), (5, 3, 4), ("lstm", "lstm_vjp")),
    "gru": (lambda: _last_of(nn.GRU(4, 6, bidirectional=True)), (5, 3, 4), ("gru", "gru_vjp")),
    "rnn": (lambda: _last_of(nn.RNN(4, 6, nonlinearity="relu")), (5, 3, 4), ("rnn", "rnn_vjp")),
}


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", MODELS)
def test_models_and_their_gradients_are_the_eager_ones(name, dtype):
    build, shape, kernels = MODELS[name]
    nn.manual_seed(0)
    model = build()
    for p in model.parameters():
        p.data = p.data.astype(dtype)

    def loss(x):
        return np.mean(model(x) ** 2)

    def step(x):
        model.zero_grad()
        value, gradient = ag.value_and_grad(loss)(x)
        out = loss(x)
        out.backward()
        return value, gradient, [p.grad for p in model.parameters()]

    compiled = ag.compile(step, jit=True)
    for seed in range(3):
        x = normal(*shape, dtype=dtype, seed=seed)
        value, gradient, gradients = step(x)
        found = compiled(x)
        assert_close(found[0], value, times=4)
        assert_close(found[1], gradient, times=4)
        for a, b in zip(found[2], gradients, strict=True):
            assert_close(a, b, times=4)
    for kernel in kernels:
        assert f"= {kernel}(" in compiled.source


def test_kernels_skip_gradients_that_nobody_reads():
    model = _last_of(nn.LSTM(4, 6))

    def step(x):
        model.zero_grad()
        np.sum(model(x)).backward()
        return model.layer.weight_ih_l0.grad

    x = normal(5, 3, 4)
    compiled = ag.compile(step, jit=True)
    assert_close(compiled(x), step(x), times=4)
    assert "wanted=(3, 4, 5, 6))" in compiled.source


def test_second_derivatives_are_the_eager_ones():
    model = _last_of(nn.GRU(3, 4))
    x = normal(3, 2, 3)

    def penalty(x):
        return np.sum(ag.grad(lambda x: np.sum(model(x) ** 2))(x) ** 2)

    second = ag.grad(penalty)
    assert_close(ag.compile(second, jit=True)(x), second(x), times=10)
