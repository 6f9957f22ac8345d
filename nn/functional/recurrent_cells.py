"""One step of a recurrent network."""

from __future__ import annotations

from typing import Any

import numpy as np

from .activation import relu, sigmoid
from .linear import linear


def rnn_tanh_cell(input: Any, hx: Any, w_ih: Any, w_hh: Any, b_ih: Any = None, b_hh: Any = None) -> Any:
    """h' = tanh(W_ih x + b_ih + W_hh h + b_hh): Elman, Finding structure in time, 1990.

    Shapes: `(*, input_size)`, `(*, hidden_size)` -> `(*, hidden_size)`.

    Args:
        input: x.
        hx: the hidden state h.
        w_ih: `(hidden_size, input_size)`.
        w_hh: `(hidden_size, hidden_size)`.
        b_ih: `(hidden_size,)`, or None for 0.
        b_hh: the same.

    Example:
        >>> import numpy as np, nn
        >>> one = np.ones((1, 1))
        >>> nn.functional.rnn_tanh_cell(np.array([0.5]), np.array([0.0]), one, one).round(4)
        array([0.4621])
    """
    return np.tanh(linear(input, w_ih, b_ih) + linear(hx, w_hh, b_hh))


def rnn_relu_cell(input: Any, hx: Any, w_ih: Any, w_hh: Any, b_ih: Any = None, b_hh: Any = None) -> Any:
    """h' = max(0, W_ih x + b_ih + W_hh h + b_hh); the arguments are those of `rnn_tanh_cell`.

    Example:
        >>> import numpy as np, nn
        >>> one = np.ones((1, 1))
        >>> nn.functional.rnn_relu_cell(np.array([0.5]), np.array([1.0]), one, one)
        array([1.5])
    """
    return relu(linear(input, w_ih, b_ih) + linear(hx, w_hh, b_hh))


def lstm_cell(
    input: Any, hx: tuple[Any, Any], w_ih: Any, w_hh: Any, b_ih: Any = None, b_hh: Any = None
) -> tuple[Any, Any]:
    """Long short-term memory: Hochreiter & Schmidhuber 1997, with the forget gate of Gers et al. 2000.

    With i, f, g, o the four parts of W_ih x + b_ih + W_hh h + b_hh: c' = σ(f) · c + σ(i) · tanh(g) and
    h' = σ(o) · tanh(c').

    Shapes: `(*, input_size)`, two of `(*, hidden_size)` -> two of `(*, hidden_size)`.

    Args:
        input: x.
        hx: the hidden state h and the cell state c.
        w_ih: `(4 * hidden_size, input_size)`.
        w_hh: `(4 * hidden_size, hidden_size)`.
        b_ih: `(4 * hidden_size,)`, or None for 0.
        b_hh: the same.

    Returns:
        h' and c'.

    Example:
        >>> import numpy as np, nn
        >>> h, c = nn.functional.lstm_cell(np.ones(1), (np.zeros(1), np.zeros(1)), np.ones((4, 1)), np.ones((4, 1)))
        >>> h.round(4), c.round(4)
        (array([0.3696]), array([0.5568]))
    """
    h, c = hx
    i, f, g, o = _parts(linear(input, w_ih, b_ih) + linear(h, w_hh, b_hh), 4)
    c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
    return sigmoid(o) * np.tanh(c), c


def gru_cell(input: Any, hx: Any, w_ih: Any, w_hh: Any, b_ih: Any = None, b_hh: Any = None) -> Any:
    """The gated recurrent unit: Cho et al., Learning phrase representations using RNN encoder-decoder, 2014.

    r = σ(W_ir x + b_ir + W_hr h + b_hr), z likewise, n = tanh(W_in x + b_in + r · (W_hn h + b_hn)) and
    h' = (1 - z) · n + z · h. The reset gate acts after the product with h, as in cuDNN and PyTorch.

    Shapes: `(*, input_size)`, `(*, hidden_size)` -> `(*, hidden_size)`.

    Args:
        input: x.
        hx: the hidden state h.
        w_ih: `(3 * hidden_size, input_size)`: W_ir, W_iz, W_in.
        w_hh: `(3 * hidden_size, hidden_size)`: W_hr, W_hz, W_hn.
        b_ih: `(3 * hidden_size,)`, or None for 0.
        b_hh: the same.

    Example:
        >>> import numpy as np, nn
        >>> nn.functional.gru_cell(np.ones(1), np.zeros(1), np.ones((3, 1)), np.ones((3, 1))).round(4)
        array([0.2048])
    """
    r_in, z_in, n_in = _parts(linear(input, w_ih, b_ih), 3)
    r_state, z_state, n_state = _parts(linear(hx, w_hh, b_hh), 3)
    r, z = sigmoid(r_in + r_state), sigmoid(z_in + z_state)
    n = np.tanh(n_in + r * n_state)
    return n + z * (hx - n)


def _parts(x: Any, count: int) -> list[Any]:
    """The last axis in `count` equal parts."""
    size = x.shape[-1] // count
    return [x[..., i * size : (i + 1) * size] for i in range(count)]
