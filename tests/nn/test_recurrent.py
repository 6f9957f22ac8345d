"""Recurrent layers: dropout, initial values, errors, and what has no counterpart in PyTorch."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest

import autograd_lite as ag
import nn
import nn.functional as F
from nn.functional.recurrence import gru_recurrence, lstm_recurrence, rnn_recurrence

KINDS = [nn.RNN, nn.GRU, nn.LSTM]


def numbers(*shape: int, dtype: Any = np.float32) -> Any:
    return np.random.default_rng(len(shape)).normal(size=shape).astype(dtype)


@pytest.mark.parametrize(
    ("layer", "cell"),
    [
        (nn.RNN(2, 3), nn.RNNCell(2, 3)),
        (nn.RNN(2, 3, nonlinearity="relu"), nn.RNNCell(2, 3, nonlinearity="relu")),
        (nn.GRU(2, 3), nn.GRUCell(2, 3)),
        (nn.LSTM(2, 3), nn.LSTMCell(2, 3)),
    ],
)
def test_a_layer_is_a_loop_over_its_cell(layer: Any, cell: Any) -> None:
    cell.load_state_dict({key.removesuffix("_l0"): x for key, x in layer.state_dict().items()})
    x, gradients, state = numbers(4, 2, 2), [], None
    for t in x:
        state = cell(t, state)
    last = state if isinstance(state, tuple) else (state,)
    _, found = layer(x)
    found = found if isinstance(found, tuple) else (found,)
    for ours, theirs in zip(found, last, strict=True):
        np.testing.assert_allclose(ours.data[0], theirs.data, rtol=1e-5, atol=1e-6)
    for results in (found, last):
        layer.zero_grad()
        cell.zero_grad()
        sum(np.sum(r**2) for r in results).backward()
        gradients.append([p.grad for p in (layer if results is found else cell).parameters()])
    for ours, theirs in zip(*gradients, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize(
    ("recurrence", "states", "shapes"),
    [
        (lambda *x, reverse: rnn_recurrence(*x, None, None, "tanh", reverse), 1, [(3, 2), (3, 3)]),
        (lambda *x, reverse: rnn_recurrence(*x, "relu", reverse), 1, [(3, 2), (3, 3), (3,), (3,)]),
        (lambda *x, reverse: gru_recurrence(*x, reverse)[0], 1, [(9, 2), (9, 3), (9,), (9,)]),
        (lambda *x, reverse: lstm_recurrence(*x, None, reverse)[:2], 2, [(12, 2), (12, 3), (12,), (12,)]),
        (lambda *x, reverse: lstm_recurrence(*x[:-1], None, None, x[-1], reverse)[:2], 2, [(12, 2), (12, 2), (2, 3)]),
    ],
)
def test_derivatives_of_one_direction(recurrence: Any, states: int, shapes: Any, reverse: bool) -> None:
    projected = shapes[-1] == (2, 3)
    sizes = [(2, 2 if projected else 3), (2, 3)][:states]
    rng = np.random.default_rng(1)
    arrays = [rng.normal(size=shape) for shape in [(3, 2, 2), *sizes, *shapes]]
    ag.check_grads(lambda *x: recurrence(*x, reverse=reverse), *arrays, order=2, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("kind", KINDS)
def test_jacobian_of_all_rows_is_that_of_single_ones(kind: Any) -> None:
    layer, x = kind(2, 2, dtype=np.float64), numbers(3, 2, 2, dtype=np.float64)
    rows = ag.jacobian(lambda x: layer(x)[0])(x).reshape(12, 12)
    for i in (0, 5, 11):
        single = ag.grad(lambda x, i=i: layer(x)[0].reshape(-1)[i])(x)
        np.testing.assert_allclose(rows[i], single.ravel(), atol=1e-12)


@pytest.mark.parametrize("kind", KINDS)
def test_parameters_start_uniform_within_one_over_the_root(kind: Any) -> None:
    layer = kind(8, 64)
    for parameter in layer.parameters():
        assert parameter.dtype == np.float32
        assert np.abs(parameter.data).max() <= 1 / 8
        assert parameter.data.std() == pytest.approx(1 / 8 / np.sqrt(3), rel=0.1)


def test_dropout_is_between_layers_while_training_alone() -> None:
    layer, x = nn.LSTM(3, 64, num_layers=2, dropout=0.5), numbers(5, 8, 3)
    kept = layer.eval()(x)[0].data
    np.testing.assert_array_equal(layer(x)[0].data, kept)
    nn.manual_seed(0)
    first, second = layer.train()(x)[0].data, layer(x)[0].data
    assert not np.array_equal(first, second)
    nn.manual_seed(0)
    np.testing.assert_array_equal(layer(x)[0].data, first)
    assert np.all(first != 0)  # nothing behind the last layer
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that it does nothing in one layer
        single = nn.GRU(3, 4, dropout=0.9)
    np.testing.assert_array_equal(single(x)[0].data, single.eval()(x)[0].data)


def test_all_dropped_leaves_the_second_layer_its_bias() -> None:
    layer = nn.RNN(3, 4, num_layers=2, dropout=1.0)
    one, other = layer(numbers(5, 2, 3))[0].data, layer(numbers(5, 2, 3) + 1)[0].data
    np.testing.assert_array_equal(one, other)


def test_dropout_of_one_layer_is_warned_of() -> None:
    with pytest.warns(UserWarning, match="expects num_layers greater than 1, but got dropout=0.5 and num_layers=1"):
        nn.LSTM(2, 3, dropout=0.5)


def test_weights_are_listed_by_layer_and_direction() -> None:
    layer = nn.LSTM(2, 3, num_layers=2, bidirectional=True, proj_size=1)
    assert [len(weights) for weights in layer.all_weights] == [5, 5, 5, 5]
    assert layer.all_weights[3][4] is layer.weight_hr_l1_reverse
    assert layer.flatten_parameters() is None
    layer.weight_hh_l0 = nn.Parameter(np.zeros((12, 1), np.float32))
    assert layer.all_weights[0][1] is layer.weight_hh_l0


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_is_recorded_under_no_grad_and_nothing_is_written_into(kind: Any) -> None:
    layer, x = kind(2, 3), numbers(4, 2, 2)
    kept = x.copy(), layer.state_dict()
    with ag.no_grad():
        output = layer(x)[0]
    assert output.node is None
    layer(x)[0].sum().backward()
    np.testing.assert_array_equal(x, kept[0])
    for key, weight in layer.state_dict().items():
        np.testing.assert_array_equal(weight, kept[1][key])


@pytest.mark.parametrize("kind", KINDS)
def test_a_second_backward_finds_the_graph_as_it_was(kind: Any) -> None:
    layer = kind(2, 3)
    loss = np.sum(layer(numbers(4, 2, 2))[0] ** 2)
    gradients = []
    for _ in range(2):
        layer.zero_grad()
        loss.backward()
        gradients.append([p.grad for p in layer.parameters()])
    for first, second in zip(*gradients, strict=True):
        np.testing.assert_array_equal(first, second)


@pytest.mark.parametrize("kind", KINDS)
def test_float64_input_is_taken_with_float32_weights(kind: Any) -> None:
    layer, x = kind(2, 3), ag.Value(numbers(4, 2, 2, dtype=np.float64))
    output = layer(x)[0]
    assert output.dtype == np.float64
    output.sum().backward()
    assert x.grad.dtype == np.float64
    assert all(p.grad.dtype == np.float32 for p in layer.parameters())


def test_large_numbers_saturate_without_a_warning() -> None:
    x = np.full((3, 1, 2), 1e30, np.float32)
    for kind in (nn.GRU, nn.LSTM):
        assert np.isfinite(kind(2, 3)(x)[0].data).all()


def test_an_empty_batch_has_empty_results() -> None:
    layer = nn.LSTM(2, 3)
    output, (h, c) = layer(np.zeros((4, 0, 2), np.float32))
    assert output.shape == (4, 0, 3)
    assert h.shape == c.shape == (1, 0, 3)
    output.sum().backward()
    assert not layer.weight_ih_l0.grad.any()


def filled(*shape: int) -> Any:
    return np.zeros(shape, np.float32)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: nn.LSTM(3, 4)(filled(2, 2, 4)), ValueError, r"equal to input_size. Expected 3, got 4.*\(2, 2, 4\)"),
        (lambda: nn.GRU(3, 4)(filled(3)), ValueError, "GRU: Expected input to be 2D or 3D, got 1D instead"),
        (lambda: nn.GRU(3, 4)(filled(0, 2, 3)), ValueError, "Expected sequence length to be larger than 0"),
        (lambda: nn.GRU(3, 4)(filled(5, 2, 3), filled(1, 5, 4)), ValueError, r"size \(1, 2, 4\), got \[1, 5, 4\]"),
        (lambda: nn.GRU(3, 4)(filled(5, 2, 3), filled(2, 4)), ValueError, r"hidden size \(1, 2, 4\), got \[2, 4\]"),
        (lambda: nn.GRU(3, 4)(filled(5, 3), filled(1, 1, 4)), ValueError, r"hidden size \(1, 4\), got \[1, 1, 4\]"),
        (lambda: nn.RNN(3, 4)(filled(5, 3), (filled(1, 4),) * 2), TypeError, "one state, got tuple. RNN has no cell"),
        (lambda: nn.RNN(3, 4)(filled(5, 3), 0.0), TypeError, r"hidden to be an array of shape \(1, 4\), got float"),
        (
            lambda: nn.LSTM(3, 4, batch_first=True)(filled(2, 5, 3), (filled(1, 5, 4), filled(1, 2, 4))),
            ValueError,
            r"Expected hidden\[0\] size \(1, 2, 4\), got \[1, 5, 4\]",
        ),
        (
            lambda: nn.LSTM(3, 4, proj_size=2)(filled(5, 2, 3), (filled(1, 2, 2), filled(1, 2, 2))),
            ValueError,
            r"Expected hidden\[1\] size \(1, 2, 4\), got \[1, 2, 2\]",
        ),
        (lambda: nn.LSTM(3, 4)(filled(5, 2, 3), filled(1, 2, 4)), TypeError, r"pair of states, \(h, c\), got ndarray"),
        (lambda: nn.GRU(3, 4, proj_size=2), ValueError, "proj_size argument is only supported for LSTM"),
        (lambda: nn.RNN(3, 4, proj_size=2), ValueError, "proj_size argument is only supported for LSTM"),
        (lambda: nn.LSTM(3, 4, proj_size=4), ValueError, "proj_size has to be smaller than hidden_size, got 4 and 4"),
        (lambda: nn.LSTM(3, 4, proj_size=-1), ValueError, "proj_size should be a positive integer or zero"),
        (lambda: nn.LSTM(3, 4, 2, dropout=1.5), ValueError, r"number in range \[0, 1\] .* got 1.5"),
        (lambda: nn.LSTM(3, 4, 2, dropout=True), ValueError, r"number in range \[0, 1\] .* got True"),
        (lambda: nn.LSTM(3, 4, 2, bias=0), TypeError, "bias should be of type bool, got: int"),
        (lambda: nn.RNN(3, 4, 2, batch_first=1), TypeError, "batch_first should be of type bool, got: int"),
        (lambda: nn.LSTM(3, 4.0), TypeError, "hidden_size should be of type int, got: float"),
        (lambda: nn.LSTM(0, 4), ValueError, "input_size must be greater than zero"),
        (lambda: nn.LSTM(3, 4, 0), ValueError, "num_layers must be greater than zero"),
        (lambda: nn.RNN(3, 4, nonlinearity="gelu"), ValueError, "Unknown nonlinearity 'gelu'. Select from 'tanh' or"),
        (lambda: nn.RNNCell(3, 4, nonlinearity="gelu"), ValueError, "Unknown nonlinearity 'gelu'. Select from 'tanh'"),
        (lambda: nn.GRUCell(3, 4)(filled(1, 2, 3)), ValueError, "GRUCell: Expected input to be 1D or 2D, got 3D"),
        (lambda: nn.GRUCell(3, 4)(filled(2, 4)), ValueError, "inconsistent input_size: got 4 expected 3"),
        (lambda: nn.GRUCell(3, 4)(filled(2, 3), filled(3, 4)), ValueError, r"hidden size \(2, 4\), got \[3, 4\]"),
        (
            lambda: nn.RNNCell(3, 4)(filled(2, 3), [0.0]),
            TypeError,
            r"hidden to be an array of shape \(2, 4\), got",
        ),
        (lambda: nn.LSTMCell(3, 4)(filled(3), filled(4)), TypeError, r"pair of states, \(h, c\), got ndarray"),
        (lambda: nn.LSTMCell(3, 4)(filled(3), (filled(4), filled(5))), ValueError, r"hx\[1\] size \(4,\), got \[5\]"),
        (
            lambda: F.gru(filled(2, 1, 1), filled(2, 1, 1), [filled(3, 1)] * 3, False, 2, 0.0, False, False, False),
            ValueError,
            "params holds 3 weights, which are not equally many for each of 2 layers in 1 directions",
        ),
        (
            lambda: F.gru(filled(2, 1), filled(1, 1, 1), [filled(3, 1)] * 2, False, 1, 0.0, False, False, False),
            ValueError,
            "must have 3 dimensions, got 2",
        ),
    ],
)
def test_bad_input_is_refused_by_name(call: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        call()


@pytest.mark.parametrize(
    ("layer", "label"),
    [
        (nn.LSTM(8, 16), "LSTM(8 → 16)"),
        (nn.GRU(8, 16, num_layers=2), "GRU(8 → 16 × 2)"),
        (nn.RNNCell(8, 16), "RNNCell(8 → 16)"),
    ],
)
def test_labels_of_a_drawing(layer: nn.Module, label: str) -> None:
    assert layer._label() == label
