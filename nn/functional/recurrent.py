"""Recurrent networks of several layers and directions: what the modules `RNN`, `LSTM` and `GRU` compute.

The arguments are those of `torch.lstm` and its kin. One layer in one direction lives in `recurrence`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .dropout import dropout as drop
from .recurrence import gru_recurrence, lstm_recurrence, rnn_recurrence


def lstm(
    input: Any,
    hx: Sequence[Any],
    params: Sequence[Any],
    has_biases: bool,
    num_layers: int,
    dropout: float,
    train: bool,
    bidirectional: bool,
    batch_first: bool,
) -> tuple[Any, Any, Any]:
    """Layers of `lstm_cell` over a sequence; each layer reads the outputs of the one below.

    Shapes: T steps of a batch of N, D = 2 directions if bidirectional, else 1: `(T, N, input_size)`, or `(N, T, ...)`
    with `batch_first` -> `(T, N, D * hidden_size)`, and two of `(D * num_layers, N, hidden_size)`.

    Args:
        input: the sequence.
        hx: the first hidden and cell states, as the two states that are returned.
        params: for each layer and direction the weights `w_ih`, `w_hh`, `b_ih`, `b_hh` of `lstm_cell`, and last
            `w_hr`, if hidden states are projected; in one list.
        has_biases: whether biases are among them.
        num_layers: how many layers.
        dropout: the probability of dropping an output of a layer that another one reads.
        train: whether any is dropped.
        bidirectional: whether each layer also reads the sequence backward, with weights of its own.
        batch_first: whether the batch is the first axis of input and output.

    Returns:
        The outputs of the last layer, the last hidden and the last cell state of each layer and direction.

    Example:
        >>> import numpy as np, nn
        >>> state, weights = np.zeros((1, 1, 1)), [np.ones((4, 1)), np.ones((4, 1))]
        >>> output, h, c = nn.functional.lstm(
        ...     np.ones((2, 1, 1)), (state, state), weights, False, 1, 0.0, False, False, False
        ... )
        >>> output.ravel().round(4)
        array([0.3696, 0.6505])
    """
    h0, c0 = hx
    cells: list[Any] = []

    def layer(x: Any, k: int, weights: Sequence[Any], reverse: bool) -> Any:
        biases = weights[2:4] if has_biases else (None, None)
        weight_hr = weights[-1] if len(weights) % 2 else None
        h, c, _ = lstm_recurrence(x, h0[k], c0[k], *weights[:2], *biases, weight_hr, reverse)
        cells.append(c[0 if reverse else -1].T)
        return h

    output, h_n = _stacked(layer, input, params, num_layers, dropout, train, bidirectional, batch_first)
    return output, h_n, np.stack(cells)


def gru(
    input: Any,
    hx: Any,
    params: Sequence[Any],
    has_biases: bool,
    num_layers: int,
    dropout: float,
    train: bool,
    bidirectional: bool,
    batch_first: bool,
) -> tuple[Any, Any]:
    """Layers of `gru_cell` over a sequence; the arguments are those of `lstm`, with one state.

    Example:
        >>> import numpy as np, nn
        >>> weights = [np.ones((3, 1)), np.ones((3, 1))]
        >>> output, h = nn.functional.gru(
        ...     np.ones((2, 1, 1)), np.zeros((1, 1, 1)), weights, False, 1, 0.0, False, False, False
        ... )
        >>> output.ravel().round(4)
        array([0.2048, 0.3468])
    """

    def layer(x: Any, k: int, weights: Sequence[Any], reverse: bool) -> Any:
        biases = weights[2:4] if has_biases else (None, None)
        return gru_recurrence(x, hx[k], *weights[:2], *biases, reverse)[0]

    return _stacked(layer, input, params, num_layers, dropout, train, bidirectional, batch_first)


def rnn_tanh(
    input: Any,
    hx: Any,
    params: Sequence[Any],
    has_biases: bool,
    num_layers: int,
    dropout: float,
    train: bool,
    bidirectional: bool,
    batch_first: bool,
) -> tuple[Any, Any]:
    """Layers of `rnn_tanh_cell` over a sequence; the arguments are those of `lstm`, with one state."""
    layer = _elman("tanh", hx, has_biases)
    return _stacked(layer, input, params, num_layers, dropout, train, bidirectional, batch_first)


def rnn_relu(
    input: Any,
    hx: Any,
    params: Sequence[Any],
    has_biases: bool,
    num_layers: int,
    dropout: float,
    train: bool,
    bidirectional: bool,
    batch_first: bool,
) -> tuple[Any, Any]:
    """Layers of `rnn_relu_cell` over a sequence; the arguments are those of `lstm`, with one state."""
    layer = _elman("relu", hx, has_biases)
    return _stacked(layer, input, params, num_layers, dropout, train, bidirectional, batch_first)


def _elman(nonlinearity: str, hx: Any, has_biases: bool) -> Callable[..., Any]:
    def layer(x: Any, k: int, weights: Sequence[Any], reverse: bool) -> Any:
        biases = weights[2:4] if has_biases else (None, None)
        return rnn_recurrence(x, hx[k], *weights[:2], *biases, nonlinearity, reverse)

    return layer


def _stacked(
    layer: Callable[..., Any],
    input: Any,
    params: Sequence[Any],
    num_layers: int,
    dropout: float,
    train: bool,
    bidirectional: bool,
    batch_first: bool,
) -> tuple[Any, Any]:
    """The outputs of the last layer, and the last state of each layer and direction.

    Args:
        layer: `layer(x, k, weights, reverse)` gives all states of one layer in one direction, the k-th of all.
        input: see `lstm`, and so for the others.
    """
    directions = 2 if bidirectional else 1
    if not params or len(params) % (num_layers * directions):
        raise ValueError(
            f"params holds {len(params)} weights, which are not equally many for each of {num_layers} layers in "
            f"{directions} directions"
        )
    count = len(params) // (num_layers * directions)
    x = input.swapaxes(0, 1) if batch_first else input
    if x.ndim != 3:
        raise ValueError(f"a sequence with a batch must have 3 dimensions, got {x.ndim}. Write input[:, None].")
    if not len(x):
        raise ValueError("Expected sequence length to be larger than 0 in RNN")
    last = []
    for i in range(num_layers):
        outputs = []
        for reverse in (False, True)[:directions]:
            k = i * directions + reverse
            outputs.append(layer(x, k, params[k * count : (k + 1) * count], reverse))
            last.append(outputs[-1][0 if reverse else -1])
        x = np.concatenate(outputs, axis=-1) if bidirectional else outputs[0]
        if i < num_layers - 1:
            x = drop(x, dropout, train)
    return x.swapaxes(0, 1) if batch_first else x, np.stack(last)
