"""What activations do beyond PyTorch's results: random ones, temperature, errors, exactness, what inplace means."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

import autograd_lite as ag
import nn
import nn.functional as F

X = np.array([-2.0, -0.5, 0.0, 0.5, 2.0])


def adaptive(cutoffs: Any = (2, 4)) -> nn.AdaptiveLogSoftmaxWithLoss:
    return nn.AdaptiveLogSoftmaxWithLoss(4, 6, cutoffs)


SCORES = np.array([[0.0, 1.0, 3.0], [2.0, 2.0, -1.0]])


@pytest.mark.parametrize(
    ("act", "error", "message"),
    [
        (lambda: F.hardtanh(X, 1, -1), ValueError, "min_val cannot be greater than max_val, got 1 and -1"),
        (lambda: nn.Hardtanh(1, 1), ValueError, "max_val (1) must be greater than min_val (1)"),
        (lambda: F.softshrink(X, -1), ValueError, "lambda must be greater or equal to 0, but found to be -1"),
        (
            lambda: F.softshrink(X, float("nan")),
            ValueError,
            "lambda must be greater or equal to 0, but found to be nan",
        ),
        (lambda: F.celu(X, 0), ValueError, "alpha cannot be 0 for CELU"),
        (lambda: F.rrelu(X, 0.5, 0.1), ValueError, "Lower bound should be less than or equal to the upper bound"),
        (lambda: F.glu(X), ValueError, "Halving dimension must be even, but dimension -1 is size 5"),
        (lambda: F.glu(np.float64(1)), ValueError, "glu does not support scalars"),
        (lambda: F.prelu(np.ones((2, 3)), np.ones(2)), ValueError, "parameter numbers = 2 and channel size = 3"),
        (lambda: F.prelu(np.ones(3), np.ones(3)), ValueError, "parameter numbers = 3 and channel size = 1"),
        (lambda: F.prelu(X, np.ones((1, 1))), ValueError, "Expected `weight` to be a scalar or 1D tensor"),
        (lambda: nn.Softmax2d()(SCORES), ValueError, "expected input to be 3D or 4D, got 2D instead"),
        (lambda: F.gelu(X, "erf"), ValueError, "approximate argument must be either none or tanh, got 'erf'"),
        (lambda: F.softmax(X, 0, temperature=0), ValueError, "softmax: temperature must be one positive number, got 0"),
        (lambda: F.log_softmax(X, 0, temperature=-1.0), ValueError, "log_softmax: temperature must be one positive"),
        (lambda: F.softmin(X, 0, temperature=np.ones(5)), ValueError, "softmin: temperature must be one positive"),
        (lambda: nn.Softmax(0, temperature=float("nan"))(X), ValueError, "one positive number, got nan"),
        (lambda: adaptive(cutoffs=[4, 2]), ValueError, "sorted in an increasing order"),
        (lambda: adaptive(cutoffs=[2, 2]), ValueError, "each value is between 1 and n_classes-1; got [2, 2]"),
        (lambda: adaptive(cutoffs=[0, 2]), ValueError, "got [0, 2] and n_classes = 6"),
        (lambda: adaptive(cutoffs=[2, 6]), ValueError, "got [2, 6] and n_classes = 6"),
        (lambda: adaptive(cutoffs=[]), ValueError, "got [] and n_classes = 6"),
        (lambda: adaptive()(np.ones((2, 4)), np.array([1])), ValueError, "the same size in the batch dimension"),
        (lambda: adaptive()(np.ones((2, 4)), np.array([[1, 2]])), ValueError, "got (2, 4) and (1, 2)"),
        (lambda: adaptive()(np.ones((2, 4)), np.array([1, 6])), IndexError, "Target values should be in [0, 5], but 6"),
        (lambda: adaptive()(np.ones((2, 4)), np.array([-1, 1])), IndexError, "but -1 was found"),
        (lambda: F.gumbel_softmax(X, tau=0), ValueError, "gumbel_softmax: tau must be one positive number, got 0"),
    ],
)
def test_misuse_raises(act: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=re.escape(message)):
        act()


@pytest.mark.parametrize(
    "function",
    [
        *(F.mish, F.softplus, F.logsigmoid, F.softsign, F.hardtanh, F.relu6, F.hardsigmoid, F.hardswish, F.hardshrink),
        *(F.softshrink, F.leaky_relu, F.rrelu, F.elu, F.selu, F.celu, F.glu, F.gelu),
        *(lambda x: F.threshold(x, 0, 0), lambda x: F.prelu(x, np.ones(1))),
        *(lambda x: F.softmax(x, 0), lambda x: F.log_softmax(x, 0), lambda x: F.softmin(x, 0), F.gumbel_softmax),
    ],
)
def test_complex_numbers_are_refused(function: Any) -> None:
    with pytest.raises(TypeError, match="is defined for real numbers, got complex128"):
        function(np.ones(2, complex))


@pytest.mark.parametrize("x", [X, np.float64(-0.5), np.array(2.0)])
def test_hardsigmoid_has_the_slope_of_a_sixth(x: Any) -> None:
    ag.check_grads(F.hardsigmoid, x, order=2)
    ends = ag.Value(np.array([-3.0, 3.0]))
    F.hardsigmoid(ends).sum().backward()
    assert not ends.grad.any()


INPLACE = [
    *(nn.ReLU, nn.ReLU6, nn.SiLU, nn.Mish, nn.SELU, nn.Hardsigmoid, nn.Hardswish),
    *(nn.ELU, nn.CELU, nn.LeakyReLU, nn.Hardtanh, nn.RReLU, lambda inplace: nn.Threshold(1.0, 9.0, inplace)),
]


@pytest.mark.parametrize("build", INPLACE)
def test_inplace_overwrites_nothing(build: Any) -> None:
    x = X.copy()
    result = build(inplace=True).eval()(x)
    np.testing.assert_array_equal(x, X)
    np.testing.assert_array_equal(result, build(inplace=False).eval()(x))


@pytest.mark.parametrize("name", ["hardtanh", "hardshrink", "softshrink", "threshold", "leaky_relu", "elu", "softplus"])
def test_nan_stays_nan(name: str) -> None:
    more = (0.0, 1.0) if name == "threshold" else ()
    assert np.isnan(getattr(F, name)(np.array([np.nan]), *more)).all()


@pytest.mark.parametrize("function", [F.relu6, F.hardshrink, F.softshrink, lambda x: F.threshold(x, 0, 0)])
@pytest.mark.parametrize("x", [np.zeros(3), np.float64(0)])
def test_no_gradient_passes_where_there_is_no_slope_not_even_an_infinite_one(function: Any, x: Any) -> None:
    x = ag.Value(x)
    with np.errstate(divide="ignore"):
        np.sqrt(function(x)).sum().backward()
    assert not x.grad.any()


def test_slope_of_tanhshrink_is_1_far_out_also_in_float32() -> None:
    x = ag.Value(np.float32(1e9))
    F.tanhshrink(x).backward()
    assert x.grad == 1


def test_numpy_numbers_as_options_keep_float32() -> None:
    x = np.ones(2, np.float32)
    two = np.float64(2)
    for y in (
        F.elu(x, two),
        F.celu(x, two),
        F.softplus(x, two, two),
        F.leaky_relu(x, two),
        F.hardtanh(x, -two, two),
        F.hardshrink(x, two),
        F.softshrink(x, two),
        F.threshold(x, two, two),
        F.rrelu(x, two, two),
        F.rrelu(x, two, two, True),
        F.softmax(x, 0, temperature=two),
        F.gumbel_softmax(x, two),
    ):
        assert y.dtype == np.float32


def test_second_derivative_of_mish_is_finite_where_pytorchs_is_nan() -> None:
    second = ag.elementwise_grad(ag.elementwise_grad(F.mish))
    assert second(np.array([-1e4, 1e4])).tolist() == [0, 0]


# ---- probabilities ----


@pytest.mark.parametrize("function", [F.softmax, F.softmin, F.log_softmax])
def test_temperature_divides_the_scores(function: Any) -> None:
    np.testing.assert_allclose(function(SCORES, 1, temperature=4), function(SCORES / 4, 1), rtol=1e-14)
    ag.check_grads(lambda x, t: function(x, 1, temperature=t), SCORES, 2.0, order=2)
    assert function(SCORES, 1, dtype=np.float32).dtype == np.float32


@pytest.mark.parametrize(
    ("build", "text"),
    [
        (lambda: nn.Softmax(1, temperature=2), "Softmax(dim=1, temperature=2)"),
        (lambda: nn.LogSoftmax(-1, temperature=0.5), "LogSoftmax(dim=-1, temperature=0.5)"),
        (lambda: nn.Softmin(temperature=1), "Softmin(dim=None)"),
        (lambda: nn.Softmax2d(temperature=2), "Softmax2d(temperature=2)"),
    ],
)
def test_modules_take_a_temperature(build: Any, text: str) -> None:
    module = build()
    assert repr(module) == text
    x = SCORES.reshape(1, 2, 3)
    module.dim = -3
    hot = build()
    hot.dim, hot.temperature = -3, 1.0
    np.testing.assert_allclose(module(x), hot(x / module.temperature), rtol=1e-14)


@pytest.mark.parametrize("function", [F.softmax, F.softmin, F.log_softmax])
@pytest.mark.parametrize(("shape", "dim"), [((3,), 0), ((3, 2), 1), ((3, 2, 2), 0), ((3, 2, 1, 2), 1)])
def test_axis_left_out_is_chosen_with_a_warning(function: Any, shape: tuple[int, ...], dim: int) -> None:
    x = np.arange(float(np.prod(shape))).reshape(shape)
    with pytest.warns(UserWarning, match=f"Implicit dimension choice for {function.__name__} .* Write dim={dim}"):
        chosen = function(x)
    np.testing.assert_array_equal(chosen, function(x, dim))


def test_temperature_can_be_learned() -> None:
    layer = nn.Softmax(1, temperature=nn.Parameter(2.0))
    probabilities = layer(SCORES.astype(np.float32))
    assert probabilities.dtype == np.float32
    probabilities[0, 0].backward()
    assert [key for key, _ in layer.named_parameters()] == ["temperature"]
    assert layer.temperature.grad > 0  # what is hotter is nearer to uniform


def test_adaptive_softmax_is_a_distribution_that_its_loss_reads() -> None:
    layer, x = adaptive(), np.random.default_rng(0).normal(size=(6, 4)).astype(np.float32)
    log_p = layer.log_prob(x)
    np.testing.assert_allclose(np.exp(log_p.data).sum(axis=1), 1, rtol=1e-5)
    output, loss = layer(x, np.arange(6))
    np.testing.assert_allclose(output.data, np.diagonal(log_p.data), rtol=1e-5)
    assert loss.item() == pytest.approx(-output.data.mean())
    before = layer.head.weight.data.copy()
    layer.reset_parameters()
    assert (layer.head.weight.data != before).all()


def test_gumbel_softmax_samples_from_the_softmax() -> None:
    x = np.broadcast_to(np.array([0.0, 1.0, 2.0]), (20000, 3))
    hard = F.gumbel_softmax(x, hard=True, generator=np.random.default_rng(0))
    assert set(np.unique(hard)) == {0, 1}
    assert (hard.sum(axis=1) == 1).all()
    np.testing.assert_allclose(hard.mean(axis=0), F.softmax(x[0], 0), atol=0.01)
    soft = F.gumbel_softmax(x, 0.3, generator=np.random.default_rng(0))
    np.testing.assert_array_equal(soft.argmax(axis=1), hard.argmax(axis=1))
    np.testing.assert_allclose(soft.sum(axis=1), 1)


def test_hard_samples_are_taken_along_the_axis() -> None:
    x = np.array([[0.0, 50.0], [50.0, 0.0], [0.0, 0.0]])
    assert F.gumbel_softmax(x, hard=True, dim=0).tolist() == [[0, 1], [1, 0], [0, 0]]


def test_hard_samples_have_the_gradient_of_soft_ones() -> None:
    gradients = []
    for hard in (False, True):
        x = ag.Value(SCORES)
        out = F.gumbel_softmax(x, 0.7, hard, dim=0, generator=np.random.default_rng(3))
        (out * SCORES).sum().backward()
        gradients.append(x.grad)
    np.testing.assert_array_equal(*gradients)
    assert gradients[0].any()


def test_eps_of_gumbel_softmax_has_no_effect_and_says_so() -> None:
    with pytest.warns(UserWarning, match="has no effect. Leave it out"):
        F.gumbel_softmax(SCORES, eps=1e-5)


# ---- random slopes ----


def test_rrelu_draws_slopes_while_training() -> None:
    nn.manual_seed(0)
    layer = nn.RReLU(0.1, 0.3)
    x = np.full(5000, -1.0, np.float32)
    out = -layer(x)
    assert out.dtype == np.float32
    assert out.min() >= 0.1
    assert out.max() <= 0.3
    assert abs(out.mean() - 0.2) < 0.003
    assert abs(out.std() - 0.2 / 12**0.5) < 0.003
    assert (layer(-x) == 1).all()
    np.testing.assert_allclose(layer.eval()(x), -0.2, rtol=1e-6)


def test_rrelus_gradient_has_the_slopes_that_were_drawn() -> None:
    x = ag.Value(-np.arange(1.0, 50))
    y = F.rrelu(x, training=True)
    y.sum().backward()
    np.testing.assert_allclose(x.grad, y.data / x.data)
    assert len(np.unique(x.grad)) > 40


@pytest.mark.parametrize("act", [lambda x: F.rrelu(x, training=True), lambda x: F.gumbel_softmax(x, dim=0)])
def test_checkpoint_draws_the_same_again(act: Any) -> None:
    gradients = []
    for wrap in (lambda f: f, ag.checkpoint):
        nn.manual_seed(4)
        x = ag.Value(-np.arange(1.0, 9))
        (wrap(act)(x) * np.arange(8.0)).sum().backward()
        gradients.append(x.grad)
    np.testing.assert_array_equal(*gradients)


@pytest.mark.parametrize("order", ["C", "F", "reversed"])
def test_gelu_of_many_float32_numbers_is_as_exact_as_float32(order: str) -> None:
    x = np.linspace(-9, 9, 70_000, dtype=np.float32).reshape(200, 350)
    x = {"C": x, "F": np.asfortranarray(x), "reversed": x[::-1, ::-1]}[order]
    expected = ag.Value(x.astype(np.float64))
    np.sum(F.gelu(expected)).backward()
    got = ag.Value(x)
    out = F.gelu(got)
    out.sum().backward()
    assert out.dtype == got.grad.dtype == np.float32
    np.testing.assert_allclose(out.data, F.gelu(expected).data, rtol=1e-6, atol=5e-7)
    np.testing.assert_allclose(got.grad, expected.grad, rtol=1e-6, atol=2e-6)
    assert np.isnan(F.gelu(np.full(5000, np.nan, np.float32))).all()
    np.testing.assert_array_equal(
        F.gelu(np.repeat(np.float32([1e30, -1e3]), 3000)), np.repeat(np.float32([1e30, 0]), 3000)
    )


@pytest.mark.parametrize("name", ["sigmoid", "logsigmoid", "silu", "mish", "softplus"])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint64, np.int8, np.bool_])
def test_integers_and_booleans_give_what_their_numbers_give(name: str, dtype: Any) -> None:
    x = np.array([0, 1, 1], dtype)
    function = getattr(F, name)
    np.testing.assert_allclose(function(x), function(x.astype(float)), rtol=1e-3)


def test_gelu_of_half_precision_stays_there() -> None:
    x = ag.Value(np.array([-1.0, 0.5, 2.0], np.float16))
    y = F.gelu(x)
    y.sum().backward()
    assert y.dtype == x.grad.dtype == np.float16
    np.testing.assert_allclose(y.data, F.gelu(x.data.astype(float)), rtol=2e-3)


@pytest.mark.parametrize("name", ["softmax", "softmin", "log_softmax"])
@pytest.mark.parametrize("shape", [(), (0,), (2, 0), (0, 3), (3, 0, 2)])
def test_softmax_of_a_number_alone_and_of_no_numbers(name: str, shape: tuple[int, ...]) -> None:
    x = ag.Value(np.ones(shape, np.float32))
    y = getattr(F, name)(x, dim=-1)
    np.testing.assert_array_equal(y.data, np.full(shape, float(name != "log_softmax")))
    assert y.dtype == np.float32
    y.sum().backward()
    np.testing.assert_array_equal(x.grad, np.zeros(shape))


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_gelu_has_the_slope_one_half_at_0(dtype):
    x = ag.Value(np.array([0.0, -0.0], dtype))
    F.gelu(x).sum().backward()
    assert x.grad.tolist() == [0.5, 0.5]
