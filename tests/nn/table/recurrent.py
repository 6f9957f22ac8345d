"""Recurrent networks and their cells."""

from __future__ import annotations

from typing import Any

from .case import Function, Layer


def torch_or(F: Any, name: str) -> Any:
    """PyTorch keeps these functions in `torch` itself."""
    return getattr(F, name) if hasattr(F, name) else getattr(F.torch, name)


def cell(name: str, gates: int, bias: bool = True) -> Function:
    def call(F: Any, x: Any, h: Any, *weights: Any) -> Any:
        return torch_or(F, name)(x, h, *weights)

    shapes = ((gates * 3, 2), (gates * 3, 3))
    return Function(call, ((2, 2), (2, 3), *shapes, *(((gates * 3,), (gates * 3,)) if bias else ())))


def call_evaluated(module: Any, *arrays: Any) -> Any:
    return module.eval()(*arrays)


def call_with_pair(module: Any, x: Any, h: Any, c: Any) -> Any:
    return module(x, (h, c))


def last_states(module: Any, x: Any) -> Any:
    return module(x)[1]


def last_cell_state(module: Any, x: Any) -> Any:
    return module(x)[1][1]


def outputs(module: Any, x: Any) -> Any:
    return module(x)[0]


FUNCTIONS: dict[str, Function] = {
    "rnn_tanh_cell": cell("rnn_tanh_cell", 1),
    "rnn_relu_cell": cell("rnn_relu_cell", 1),
    "gru_cell": cell("gru_cell", 3),
    "gru_cell without bias": cell("gru_cell", 3, bias=False),
    "lstm_cell": Function(
        lambda F, x, h, c, *weights: torch_or(F, "lstm_cell")(x, (h, c), *weights),
        ((2, 2), (2, 3), (2, 3), (12, 2), (12, 3), (12,), (12,)),
    ),
    "lstm": Function(
        lambda F, x, h, c, *weights: torch_or(F, "lstm")(x, (h, c), weights, False, 1, 0.0, True, False, True),
        ((2, 3, 1), (1, 2, 2), (1, 2, 2), (8, 1), (8, 2)),
    ),
    "gru": Function(
        lambda F, x, h, *weights: torch_or(F, "gru")(x, h, weights, True, 1, 0.0, True, False, False),
        ((3, 2, 1), (1, 2, 2), (6, 1), (6, 2), (6,), (6,)),
    ),
    "rnn_tanh": Function(
        lambda F, x, h, *weights: torch_or(F, "rnn_tanh")(x, h, weights, False, 1, 0.0, True, True, False),
        ((3, 2, 1), (2, 2, 2), (2, 1), (2, 2), (2, 1), (2, 2)),
    ),
    "rnn_relu": Function(
        lambda F, x, h, *weights: torch_or(F, "rnn_relu")(x, h, weights, False, 2, 0.0, True, False, False),
        ((3, 2, 1), (2, 2, 2), (2, 1), (2, 2), (2, 2), (2, 2)),
    ),
}

LAYERS: dict[str, Layer] = {
    "RNN": Layer(lambda nn: nn.RNN(2, 3), ((4, 2, 2),)),
    "RNN relu": Layer(lambda nn: nn.RNN(2, 3, 1, "relu", False), ((3, 2, 2), (1, 2, 3))),
    "RNN two layers, both directions": Layer(
        lambda nn: nn.RNN(2, 2, num_layers=2, bidirectional=True), ((3, 2, 2), (4, 2, 2))
    ),
    "RNN without batch": Layer(lambda nn: nn.RNN(2, 3, nonlinearity="relu"), ((3, 2),)),
    "GRU": Layer(lambda nn: nn.GRU(2, 3), ((4, 2, 2), (1, 2, 3))),
    "GRU without state": Layer(lambda nn: nn.GRU(3, 2), ((3, 2, 3),)),
    "GRU one step of one": Layer(lambda nn: nn.GRU(1, 1), ((1, 1, 1),)),
    "GRU without bias": Layer(lambda nn: nn.GRU(2, 2, bias=False), ((3, 2, 2),)),
    "GRU batch first": Layer(lambda nn: nn.GRU(2, 2, batch_first=True), ((2, 3, 2), (1, 2, 2))),
    "GRU two layers": Layer(lambda nn: nn.GRU(1, 2, num_layers=2), ((3, 2, 1), (2, 2, 2))),
    "GRU both directions": Layer(lambda nn: nn.GRU(1, 2, bidirectional=True, batch_first=True), ((2, 3, 1),)),
    "GRU without batch": Layer(lambda nn: nn.GRU(2, 2), ((3, 2), (1, 2))),
    "GRU last state alone": Layer(lambda nn: nn.GRU(2, 2, bidirectional=True), ((3, 2, 2),), last_states),
    "LSTM": Layer(lambda nn: nn.LSTM(2, 3), ((4, 2, 2), (1, 2, 3), (1, 2, 3)), call_with_pair),
    "LSTM without states": Layer(lambda nn: nn.LSTM(3, 2), ((3, 2, 3),)),
    "LSTM one step of one": Layer(lambda nn: nn.LSTM(1, 1), ((1, 1, 1),)),
    "LSTM without bias": Layer(lambda nn: nn.LSTM(2, 2, 1, False, True), ((2, 3, 2),)),
    "LSTM batch first": Layer(
        lambda nn: nn.LSTM(2, 2, batch_first=True), ((2, 3, 2), (1, 2, 2), (1, 2, 2)), call_with_pair
    ),
    "LSTM two layers": Layer(lambda nn: nn.LSTM(1, 2, 2), ((3, 2, 1), (2, 2, 2), (2, 2, 2)), call_with_pair),
    "LSTM both directions": Layer(
        lambda nn: nn.LSTM(1, 2, bidirectional=True), ((3, 2, 1), (2, 2, 2), (2, 2, 2)), call_with_pair
    ),
    "LSTM two layers, both directions": Layer(
        lambda nn: nn.LSTM(1, 1, num_layers=2, bidirectional=True, batch_first=True), ((2, 3, 1),)
    ),
    "LSTM projected": Layer(lambda nn: nn.LSTM(2, 3, proj_size=2), ((3, 2, 2), (1, 2, 2), (1, 2, 3)), call_with_pair),
    "LSTM projected, all together": Layer(
        lambda nn: nn.LSTM(1, 2, 2, False, True, 0.0, True, 1), ((2, 2, 1), (4, 2, 1), (4, 2, 2)), call_with_pair
    ),
    "LSTM without batch": Layer(lambda nn: nn.LSTM(2, 2), ((3, 2), (1, 2), (1, 2)), call_with_pair),
    "LSTM without batch, batch first": Layer(lambda nn: nn.LSTM(2, 2, batch_first=True), ((3, 2),)),
    "LSTM outputs alone": Layer(lambda nn: nn.LSTM(2, 2), ((3, 2, 2),), outputs),
    "LSTM cell state alone": Layer(lambda nn: nn.LSTM(2, 2), ((3, 2, 2),), last_cell_state),
    "LSTM evaluated": Layer(lambda nn: nn.LSTM(1, 2, 2, dropout=0.5), ((3, 2, 1),), call_evaluated),
    "RNNCell": Layer(lambda nn: nn.RNNCell(2, 3), ((2, 2), (2, 3))),
    "RNNCell relu": Layer(lambda nn: nn.RNNCell(2, 3, False, "relu"), ((2, 2),)),
    "RNNCell without batch": Layer(lambda nn: nn.RNNCell(2, 3), ((2,), (3,))),
    "GRUCell": Layer(lambda nn: nn.GRUCell(2, 3), ((2, 2), (2, 3))),
    "GRUCell without state": Layer(lambda nn: nn.GRUCell(2, 3, bias=False), ((2, 2),)),
    "GRUCell without batch": Layer(lambda nn: nn.GRUCell(2, 2), ((2,), (2,))),
    "LSTMCell": Layer(lambda nn: nn.LSTMCell(2, 3), ((2, 2), (2, 3), (2, 3)), call_with_pair),
    "LSTMCell without states": Layer(lambda nn: nn.LSTMCell(2, 2, bias=False), ((2, 2),)),
    "LSTMCell without batch": Layer(lambda nn: nn.LSTMCell(2, 2), ((2,), (2,), (2,)), call_with_pair),
}
