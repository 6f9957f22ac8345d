"""Single steps of recurrent networks, for loops written by hand."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .. import init
from ..dtype import get_default_dtype
from ..functional import gru_cell, lstm_cell, rnn_relu_cell, rnn_tanh_cell
from ..module import Module
from ..parameter import Parameter


class RecurrentCell(Module):
    """What the three cells share: two weights, two biases, and checks."""

    weight_ih: Parameter
    weight_hh: Parameter
    bias_ih: Parameter | None
    bias_hh: Parameter | None

    def __init__(self, input_size: int, hidden_size: int, bias: bool, gates: int, dtype: Any) -> None:
        super().__init__()
        self.input_size = input_size
        self.hidden_size = hidden_size
        self.bias = bias
        dtype, rows = dtype or get_default_dtype(), gates * hidden_size
        self.weight_ih = Parameter(np.empty((rows, input_size), dtype))
        self.weight_hh = Parameter(np.empty((rows, hidden_size), dtype))
        self.bias_ih = Parameter(np.empty(rows, dtype)) if bias else None
        self.bias_hh = Parameter(np.empty(rows, dtype)) if bias else None
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw all parameters anew, from U(-k, k) with k = 1 / sqrt(hidden_size)."""
        bound = 1 / math.sqrt(self.hidden_size) if self.hidden_size else 0.0
        for parameter in self.parameters():
            init.uniform_(parameter, -bound, bound)

    def _weights(self) -> tuple[Any, ...]:
        return self.weight_ih, self.weight_hh, self.bias_ih, self.bias_hh

    def _check_input(self, input: Any) -> None:
        if input.ndim not in (1, 2):
            raise ValueError(f"{type(self).__name__}: Expected input to be 1D or 2D, got {input.ndim}D instead")
        if input.shape[-1] != self.input_size:
            raise ValueError(
                f"input has inconsistent input_size: got {input.shape[-1]} expected {self.input_size}, in an input of "
                f"shape {input.shape}"
            )

    def _state(self, input: Any, state: Any, name: str) -> Any:
        """`state` checked, or zeros."""
        expected = (*input.shape[:-1], self.hidden_size)
        if state is None:
            return np.zeros(expected, self.weight_hh.dtype)
        if not hasattr(state, "shape"):
            raise TypeError(f"Expected {name} to be an array of shape {expected}, got {type(state).__name__}")
        if state.shape != expected:
            raise ValueError(f"Expected {name} size {expected}, got {list(state.shape)}")
        return state

    def extra_repr(self) -> str:
        return f"{self.input_size}, {self.hidden_size}" + ("" if self.bias else ", bias=False")

    def _label(self) -> str:
        return f"{type(self).__name__}({self.input_size} → {self.hidden_size})"


class RNNCell(RecurrentCell):
    """h' = tanh(W_ih x + b_ih + W_hh h + b_hh), one step of `RNN`.

    Shapes: `(N, input_size)`, `(N, hidden_size)` -> `(N, hidden_size)`, or all of them without N.

    Args:
        input_size: the length of x.
        hidden_size: the length of h.
        bias: whether there are b_ih and b_hh.
        nonlinearity: `"tanh"`, or `"relu"` in its place.
        dtype: of the parameters, by default `nn.get_default_dtype()`.

    Attributes:
        weight_ih: W_ih, `(hidden_size, input_size)`.
        weight_hh: W_hh, `(hidden_size, hidden_size)`.
        bias_ih: b_ih, `(hidden_size,)`; None without.
        bias_hh: b_hh, the same. All of them are at first from U(-k, k) with k = 1 / sqrt(hidden_size).

    Raises:
        ValueError: another nonlinearity; at a call, an input or a state of another shape.

    Example:
        >>> import numpy as np, nn
        >>> cell, h = nn.RNNCell(4, 8), None
        >>> for x in np.ones((5, 3, 4), np.float32):
        ...     h = cell(x, h)
        >>> h.shape
        (3, 8)
    """

    def __init__(
        self, input_size: int, hidden_size: int, bias: bool = True, nonlinearity: str = "tanh", *, dtype: Any = None
    ) -> None:
        if nonlinearity not in ("tanh", "relu"):
            raise ValueError(f"Unknown nonlinearity {nonlinearity!r}. Select from 'tanh' or 'relu'.")
        super().__init__(input_size, hidden_size, bias, 1, dtype)
        self.nonlinearity = nonlinearity

    def forward(self, input: Any, hx: Any = None) -> Any:
        self._check_input(input)
        function = rnn_tanh_cell if self.nonlinearity == "tanh" else rnn_relu_cell
        return function(input, self._state(input, hx, "hidden"), *self._weights())

    def extra_repr(self) -> str:
        return super().extra_repr() + (", nonlinearity=relu" if self.nonlinearity == "relu" else "")


class LSTMCell(RecurrentCell):
    """One step of `LSTM`: takes and returns the states h and c.

    Shapes: `(N, input_size)`, two of `(N, hidden_size)` -> two of `(N, hidden_size)`, or all of them without N.

    Args:
        input_size: the length of x.
        hidden_size: the length of h and of c.
        bias: whether there are biases.
        dtype: of the parameters, by default `nn.get_default_dtype()`.

    Attributes:
        weight_ih: W_ii, W_if, W_ig and W_io, `(4 * hidden_size, input_size)`.
        weight_hh: W_hi, W_hf, W_hg and W_ho, `(4 * hidden_size, hidden_size)`.
        bias_ih: `(4 * hidden_size,)`; None without.
        bias_hh: the same. All of them are at first from U(-k, k) with k = 1 / sqrt(hidden_size).

    Raises:
        ValueError: at a call, an input or a state of another shape.
        TypeError: at a call, the states are no pair.

    Example:
        >>> import numpy as np, nn
        >>> cell, states = nn.LSTMCell(4, 8), None
        >>> for x in np.ones((5, 3, 4), np.float32):
        ...     states = cell(x, states)
        >>> states[0].shape, states[1].shape
        ((3, 8), (3, 8))
    """

    def __init__(self, input_size: int, hidden_size: int, bias: bool = True, *, dtype: Any = None) -> None:
        super().__init__(input_size, hidden_size, bias, 4, dtype)

    def forward(self, input: Any, hx: tuple[Any, Any] | None = None) -> tuple[Any, Any]:
        self._check_input(input)
        if hx is not None and not (isinstance(hx, tuple | list) and len(hx) == 2):
            raise TypeError(f"hx must be a pair of states, (h, c), got {type(hx).__name__}. Write cell(x, (h, c)).")
        h, c = (None, None) if hx is None else hx
        states = self._state(input, h, "hx[0]"), self._state(input, c, "hx[1]")
        return lstm_cell(input, states, *self._weights())


class GRUCell(RecurrentCell):
    """One step of `GRU`.

    Shapes: `(N, input_size)`, `(N, hidden_size)` -> `(N, hidden_size)`, or all of them without N.

    Args:
        input_size: the length of x.
        hidden_size: the length of h.
        bias: whether there are biases.
        dtype: of the parameters, by default `nn.get_default_dtype()`.

    Attributes:
        weight_ih: W_ir, W_iz and W_in, `(3 * hidden_size, input_size)`.
        weight_hh: W_hr, W_hz and W_hn, `(3 * hidden_size, hidden_size)`.
        bias_ih: `(3 * hidden_size,)`; None without.
        bias_hh: the same. All of them are at first from U(-k, k) with k = 1 / sqrt(hidden_size).

    Raises:
        ValueError: at a call, an input or a state of another shape.

    Example:
        >>> import numpy as np, nn
        >>> nn.GRUCell(4, 8)(np.ones((3, 4), np.float32)).shape
        (3, 8)
    """

    def __init__(self, input_size: int, hidden_size: int, bias: bool = True, *, dtype: Any = None) -> None:
        super().__init__(input_size, hidden_size, bias, 3, dtype)

    def forward(self, input: Any, hx: Any = None) -> Any:
        self._check_input(input)
        return gru_cell(input, self._state(input, hx, "hidden"), *self._weights())
