"""Recurrent layers: networks that read a sequence step by step and carry a state along."""

from __future__ import annotations

import math
import numbers
import warnings
from typing import Any

import numpy as np

from .. import init
from ..dtype import get_default_dtype
from ..functional.recurrent import gru, lstm, rnn_relu, rnn_tanh
from ..module import Module
from ..parameter import Parameter


class RecurrentLayer(Module):
    """What `RNN`, `LSTM` and `GRU` share: their arguments, parameters and checks.

    The parameters of the k-th layer are `weight_ih_lk`, `weight_hh_lk`, `bias_ih_lk`, `bias_hh_lk`, and `weight_hr_lk`
    with `proj_size`; those that read the sequence backward end in `_reverse`.
    """

    _gates: int

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int,
        bias: bool,
        batch_first: bool,
        dropout: float,
        bidirectional: bool,
        proj_size: int,
        dtype: Any,
    ) -> None:
        super().__init__()
        _check_settings(input_size, hidden_size, num_layers, bias, batch_first, dropout, proj_size)
        self.input_size = input_size
        self.hidden_size = hidden_size
        self.num_layers = num_layers
        self.bias = bias
        self.batch_first = batch_first
        self.dropout = float(dropout)
        self.bidirectional = bidirectional
        self.proj_size = proj_size
        self._names: list[list[str]] = []  # of the weights of each layer and direction, in the order of `lstm_cell`
        dtype = dtype or get_default_dtype()
        rows, directions, output = self._gates * hidden_size, 2 if bidirectional else 1, proj_size or hidden_size
        for layer in range(num_layers):
            shapes = {"weight_ih": (rows, input_size if layer == 0 else directions * output)}
            shapes["weight_hh"] = (rows, output)
            biases: dict[str, tuple[int, ...]] = {"bias_ih": (rows,), "bias_hh": (rows,)} if bias else {}
            projection = {"weight_hr": (proj_size, hidden_size)} if proj_size else {}
            for ending in ("", "_reverse")[:directions]:
                self._names.append([])
                for kind, shape in (shapes | biases | projection).items():
                    name = f"{kind}_l{layer}{ending}"
                    setattr(self, name, Parameter(np.empty(shape, dtype)))
                    self._names[-1].append(name)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw all parameters anew, from U(-k, k) with k = 1 / sqrt(hidden_size)."""
        bound = 1 / math.sqrt(self.hidden_size)
        for parameter in self.parameters():
            init.uniform_(parameter, -bound, bound)

    def flatten_parameters(self) -> None:
        """Do nothing: here for PyTorch's programs, where it gives the weights one piece of a GPU's memory."""

    @property
    def all_weights(self) -> list[list[Parameter]]:
        """The parameters of each layer and direction."""
        return [[getattr(self, name) for name in names] for names in self._names]

    def _settings(self) -> tuple[Any, ...]:
        """What the functions take behind input and states."""
        params = [getattr(self, name) for names in self._names for name in names]
        flags = self.training, self.bidirectional, self.batch_first
        return params, self.bias, self.num_layers, self.dropout, *flags

    def _check_input(self, input: Any) -> None:
        if input.ndim not in (2, 3):
            raise ValueError(f"{type(self).__name__}: Expected input to be 2D or 3D, got {input.ndim}D instead")
        if input.shape[-1] != self.input_size:
            raise ValueError(
                f"input.size(-1) must be equal to input_size. Expected {self.input_size}, got {input.shape[-1]}, in an "
                f"input of shape {input.shape}"
            )

    def _state(self, input: Any, state: Any, size: int, name: str) -> Any:
        """A state with a batch: `state` checked, or zeros."""
        count = self.num_layers * (2 if self.bidirectional else 1)
        if input.ndim == 2:
            expected: tuple[int, ...] = (count, size)
        else:
            expected = (count, input.shape[0 if self.batch_first else 1], size)
        if state is None:
            batched = (count, 1, size) if input.ndim == 2 else expected
            return np.zeros(batched, getattr(self, self._names[0][0]).dtype)
        if not hasattr(state, "shape"):
            raise TypeError(f"Expected {name} to be an array of shape {expected}, got {type(state).__name__}")
        if state.shape != expected:
            raise ValueError(f"Expected {name} size {expected}, got {list(state.shape)}")
        return state[:, None] if input.ndim == 2 else state

    def _batched(self, input: Any) -> Any:
        """The input with an axis for the batch."""
        if input.ndim == 3:
            return input
        return input[None] if self.batch_first else input[:, None]

    def _unbatched(self, output: Any) -> Any:
        return output[0] if self.batch_first else output[:, 0]

    def extra_repr(self) -> str:
        changed = {
            "proj_size": (self.proj_size, 0),
            "num_layers": (self.num_layers, 1),
            "bias": (self.bias, True),
            "batch_first": (self.batch_first, False),
            "dropout": (self.dropout, 0),
            "bidirectional": (self.bidirectional, False),
        }
        shown = [f"{name}={value}" for name, (value, default) in changed.items() if value != default]
        return ", ".join([f"{self.input_size}, {self.hidden_size}", *shown])

    def _label(self) -> str:
        layers = f" × {self.num_layers}" if self.num_layers > 1 else ""
        return f"{type(self).__name__}({self.input_size} → {self.hidden_size}{layers})"


def _check_settings(
    input_size: int,
    hidden_size: int,
    num_layers: int,
    bias: bool,
    batch_first: bool,
    dropout: float,
    proj_size: int,
) -> None:
    if not isinstance(dropout, numbers.Real) or isinstance(dropout, bool) or not 0 <= dropout <= 1:
        raise ValueError(
            "dropout should be a number in range [0, 1] representing the probability of an element being zeroed, "
            f"got {dropout!r}"
        )
    for name, flag in (("bias", bias), ("batch_first", batch_first)):
        if not isinstance(flag, bool):
            raise TypeError(f"{name} should be of type bool, got: {type(flag).__name__}")
    for name, size in (("input_size", input_size), ("hidden_size", hidden_size), ("num_layers", num_layers)):
        if not isinstance(size, numbers.Integral):
            raise TypeError(f"{name} should be of type int, got: {type(size).__name__}")
        if size <= 0:
            raise ValueError(f"{name} must be greater than zero, got {size}")
    if proj_size < 0:
        raise ValueError(f"proj_size should be a positive integer or zero to disable projections, got {proj_size}")
    if proj_size >= hidden_size:
        raise ValueError(f"proj_size has to be smaller than hidden_size, got {proj_size} and {hidden_size}")
    if dropout > 0 and num_layers == 1:
        warnings.warn(
            "dropout option adds dropout after all but last recurrent layer, so non-zero dropout expects num_layers "
            f"greater than 1, but got dropout={dropout} and num_layers={num_layers}",
            stacklevel=4,
        )


def _refuse_projection(proj_size: int | None) -> None:
    if proj_size is not None:
        raise ValueError("proj_size argument is only supported for LSTM, not RNN or GRU. Write nn.LSTM(...).")


class _OneState(RecurrentLayer):
    """A layer that carries h alone."""

    def _run(self, input: Any, hx: Any) -> Any:
        raise NotImplementedError

    def forward(self, input: Any, hx: Any = None) -> tuple[Any, Any]:
        self._check_input(input)
        if isinstance(hx, tuple | list):
            raise TypeError(f"hx must be one state, got {type(hx).__name__}. {type(self).__name__} has no cell state.")
        hx = self._state(input, hx, self.hidden_size, "hidden")
        output, h = self._run(self._batched(input), hx)
        return (output, h) if input.ndim == 3 else (self._unbatched(output), h[:, 0])


class RNN(_OneState):
    """Elman's network, hₜ = tanh(W_ih xₜ + b_ih + W_hh hₜ₋₁ + b_hh): Finding structure in time, 1990.

    Shapes: with T steps, a batch of N and D = 2 directions if bidirectional, else 1: input `(T, N, input_size)`, or
    `(N, T, input_size)` with `batch_first`, or `(T, input_size)`; states `(D * num_layers, N, hidden_size)` ->
    output `(T, N, D * hidden_size)` and the last states, without N if the input has none.

    Args:
        input_size: the length of an input vector.
        hidden_size: the length of the state h.
        num_layers: how many layers; each reads the outputs of the one below.
        nonlinearity: `"tanh"`, or `"relu"` in its place.
        bias: whether there are b_ih and b_hh.
        batch_first: whether the batch is the first axis of input and output; of states it is always the second.
        dropout: the probability of dropping, while training, an output of a layer that another one reads.
        bidirectional: whether each layer also reads the sequence backward; the outputs are put side by side.
        proj_size: refused, `LSTM` alone has it.
        dtype: of the parameters, by default `nn.get_default_dtype()`.

    Attributes:
        weight_ih_l0: W_ih of the first layer, `(hidden_size, input_size)`; of the k-th layer `weight_ih_lk`,
            `(hidden_size, D * hidden_size)`; of the backward direction `weight_ih_l0_reverse`, and so on.
        weight_hh_l0: W_hh, `(hidden_size, hidden_size)`.
        bias_ih_l0: b_ih, `(hidden_size,)`; without `bias` there is none.
        bias_hh_l0: b_hh, the same. All of them are at first from U(-k, k) with k = 1 / sqrt(hidden_size).

    Raises:
        ValueError: a setting out of range; at a call, an input or a state of another shape.

    Example:
        >>> import numpy as np, nn
        >>> layer = nn.RNN(4, 8, num_layers=2)
        >>> layer
        RNN(4, 8, num_layers=2)
        >>> output, h = layer(np.ones((5, 3, 4), np.float32))
        >>> output.shape, h.shape
        ((5, 3, 8), (2, 3, 8))
    """

    _gates = 1

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        nonlinearity: str = "tanh",
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        *,
        proj_size: int | None = None,
        dtype: Any = None,
    ) -> None:
        _refuse_projection(proj_size)
        if nonlinearity not in ("tanh", "relu"):
            raise ValueError(f"Unknown nonlinearity {nonlinearity!r}. Select from 'tanh' or 'relu'.")
        super().__init__(input_size, hidden_size, num_layers, bias, batch_first, dropout, bidirectional, 0, dtype)
        self.nonlinearity = nonlinearity

    def _run(self, input: Any, hx: Any) -> Any:
        function = rnn_tanh if self.nonlinearity == "tanh" else rnn_relu
        return function(input, hx, *self._settings())


class GRU(_OneState):
    """Gated recurrent units: Cho et al., Learning phrase representations using RNN encoder-decoder, 2014.

    r = σ(W_ir x + b_ir + W_hr h + b_hr), z likewise, n = tanh(W_in x + b_in + r · (W_hn h + b_hn)) and
    h' = (1 - z) · n + z · h.

    Shapes: those of `RNN`.

    Args:
        input_size: the length of an input vector.
        hidden_size: the length of the state h.
        num_layers: how many layers; each reads the outputs of the one below.
        bias: whether there are biases.
        batch_first: whether the batch is the first axis of input and output; of states it is always the second.
        dropout: the probability of dropping, while training, an output of a layer that another one reads.
        bidirectional: whether each layer also reads the sequence backward; the outputs are put side by side.
        proj_size: refused, `LSTM` alone has it.
        dtype: of the parameters, by default `nn.get_default_dtype()`.

    Attributes:
        weight_ih_l0: W_ir, W_iz and W_in, `(3 * hidden_size, input_size)`; the names of the others are as of `RNN`.
        weight_hh_l0: W_hr, W_hz and W_hn, `(3 * hidden_size, hidden_size)`.
        bias_ih_l0: b_ir, b_iz and b_in, `(3 * hidden_size,)`; without `bias` there is none.
        bias_hh_l0: b_hr, b_hz and b_hn. All of them are at first from U(-k, k) with k = 1 / sqrt(hidden_size).

    Raises:
        ValueError: a setting out of range; at a call, an input or a state of another shape.

    Example:
        >>> import numpy as np, nn
        >>> layer = nn.GRU(4, 8, bidirectional=True)
        >>> output, h = layer(np.ones((5, 3, 4), np.float32))
        >>> output.shape, h.shape
        ((5, 3, 16), (2, 3, 8))
    """

    _gates = 3

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        *,
        proj_size: int | None = None,
        dtype: Any = None,
    ) -> None:
        _refuse_projection(proj_size)
        super().__init__(input_size, hidden_size, num_layers, bias, batch_first, dropout, bidirectional, 0, dtype)

    def _run(self, input: Any, hx: Any) -> Any:
        return gru(input, hx, *self._settings())


class LSTM(RecurrentLayer):
    """Long short-term memory: Hochreiter & Schmidhuber 1997, with the forget gate of Gers et al. 2000.

    With i, f, g, o the four parts of W_ih x + b_ih + W_hh h + b_hh: c' = σ(f) · c + σ(i) · tanh(g) and
    h' = σ(o) · tanh(c'). With `proj_size` h' is W_hr times that (Sak et al. 2014).

    Shapes: those of `RNN`, with H = `proj_size` or `hidden_size` -> output `(T, N, D * H)` and the last states h,
    `(D * num_layers, N, H)`, and c, `(D * num_layers, N, hidden_size)`.

    Args:
        input_size: the length of an input vector.
        hidden_size: the length of the cell state c.
        num_layers: how many layers; each reads the outputs of the one below.
        bias: whether there are biases.
        batch_first: whether the batch is the first axis of input and output; of states it is always the second.
        dropout: the probability of dropping, while training, an output of a layer that another one reads.
        bidirectional: whether each layer also reads the sequence backward; the outputs are put side by side.
        proj_size: the length of h, if it is projected; 0 for no projection.
        dtype: of the parameters, by default `nn.get_default_dtype()`.

    Attributes:
        weight_ih_l0: W_ii, W_if, W_ig and W_io, `(4 * hidden_size, input_size)`; the names of the others are as of
            `RNN`.
        weight_hh_l0: W_hi, W_hf, W_hg and W_ho, `(4 * hidden_size, H)`.
        bias_ih_l0: `(4 * hidden_size,)`; without `bias` there is none.
        bias_hh_l0: the same.
        weight_hr_l0: W_hr, `(proj_size, hidden_size)`, if there is a projection. All of them are at first from
            U(-k, k) with k = 1 / sqrt(hidden_size).

    Raises:
        ValueError: a setting out of range; at a call, an input or a state of another shape.
        TypeError: at a call, the states are no pair.

    Example:
        >>> import numpy as np, nn
        >>> layer = nn.LSTM(4, 8, batch_first=True)
        >>> output, (h, c) = layer(np.ones((3, 5, 4), np.float32))
        >>> output.shape, h.shape, c.shape
        ((3, 5, 8), (1, 3, 8), (1, 3, 8))
    """

    _gates = 4

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        proj_size: int = 0,
        *,
        dtype: Any = None,
    ) -> None:
        super().__init__(
            input_size, hidden_size, num_layers, bias, batch_first, dropout, bidirectional, proj_size, dtype
        )

    def forward(self, input: Any, hx: tuple[Any, Any] | None = None) -> tuple[Any, tuple[Any, Any]]:
        self._check_input(input)
        if hx is not None and not (isinstance(hx, tuple | list) and len(hx) == 2):
            raise TypeError(f"hx must be a pair of states, (h, c), got {type(hx).__name__}. Write lstm(x, (h, c)).")
        h, c = (None, None) if hx is None else hx
        h = self._state(input, h, self.proj_size or self.hidden_size, "hidden[0]")
        c = self._state(input, c, self.hidden_size, "hidden[1]")
        output, h, c = lstm(self._batched(input), (h, c), *self._settings())
        return (output, (h, c)) if input.ndim == 3 else (self._unbatched(output), (h[:, 0], c[:, 0]))
