"""The encoder and the decoder block of a transformer; the stacks of them are in `transformer`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .. import functional as F
from ..module import Module
from .attention import MultiheadAttention
from .cache import KVCache
from .dropout import Dropout
from .linear import Linear
from .normalization import LayerNorm

_ACTIVATIONS: dict[str, Callable[[Any], Any]] = {"relu": F.relu, "gelu": F.gelu}


def _activation(chosen: str | Callable[[Any], Any]) -> Callable[[Any], Any]:
    if isinstance(chosen, type):
        raise TypeError(f"activation is the class {chosen.__name__}. Write activation=nn.{chosen.__name__}().")
    if not isinstance(chosen, str):
        if not callable(chosen):
            raise TypeError(f"activation should be relu/gelu, a function or a Module, not {type(chosen).__name__}.")
        return chosen
    if chosen not in _ACTIVATIONS:
        raise ValueError(f"activation should be relu/gelu, not {chosen}. Pass a function or a Module for another.")
    return _ACTIVATIONS[chosen]


class TransformerEncoderLayer(Module):
    """Self-attention, then two linear layers, each with a residual connection: Vaswani et al., 2017.

    With x = src: x = norm1(x + attention(x)), then x = norm2(x + linear2(activation(linear1(x)))); with
    `norm_first`: x = x + attention(norm1(x)), then x = x + linear2(activation(linear1(norm2(x)))). With a causal mask
    it is the block of a decoder-only model such as GPT.

    Shapes: `(S, N, d_model)`, with `batch_first` `(N, S, d_model)`, without a batch `(S, d_model)` -> the same.

    Args:
        d_model: the length of the vectors.
        nhead: how many heads the attention has.
        dim_feedforward: the length between the linear layers.
        dropout: the probability of dropping, in all four places.
        activation: `"relu"`, `"gelu"`, a function or a Module.
        layer_norm_eps: the `eps` of the LayerNorms.
        batch_first: whether the batch is the first axis rather than the second.
        norm_first: whether normalization comes before attention and linear layers rather than behind.
        bias: whether the linear layers and the norms have biases.
        dtype: of the parameters, by default `nn.get_default_dtype()`.

    Raises:
        ValueError: `d_model` is no multiple of `nhead`, or the activation is unknown.

    Example:
        >>> import numpy as np, nn
        >>> block = nn.TransformerEncoderLayer(d_model=8, nhead=2, dim_feedforward=16, batch_first=True)
        >>> block(np.ones((4, 5, 8), np.float32)).shape
        (4, 5, 8)
    """

    def __init__(
        self,
        d_model: int,
        nhead: int,
        dim_feedforward: int = 2048,
        dropout: float = 0.1,
        activation: str | Callable[[Any], Any] = F.relu,
        layer_norm_eps: float = 1e-5,
        batch_first: bool = False,
        norm_first: bool = False,
        bias: bool = True,
        *,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        self.self_attn = MultiheadAttention(d_model, nhead, dropout, bias, batch_first=batch_first, dtype=dtype)
        self.linear1 = Linear(d_model, dim_feedforward, bias, dtype=dtype)
        self.dropout = Dropout(dropout)
        self.linear2 = Linear(dim_feedforward, d_model, bias, dtype=dtype)
        self.norm_first = norm_first
        self.norm1 = LayerNorm(d_model, layer_norm_eps, bias=bias, dtype=dtype)
        self.norm2 = LayerNorm(d_model, layer_norm_eps, bias=bias, dtype=dtype)
        self.dropout1 = Dropout(dropout)
        self.dropout2 = Dropout(dropout)
        self.activation = _activation(activation)

    def forward(
        self,
        src: Any,
        src_mask: Any = None,
        src_key_padding_mask: Any = None,
        is_causal: bool = False,
        *,
        cache: KVCache | None = None,
    ) -> Any:
        """Encode.

        Args:
            src: the sequence.
            src_mask: `(S, S)` or `(N * nhead, S, S)`; True where a key is to be IGNORED, or numbers to add.
            src_key_padding_mask: `(N, S)`, of the same two kinds: True is padding, which is IGNORED.
            is_causal: each position attends to itself and those before it only, with or without a `src_mask`.
            cache: earlier positions, which `src` continues; see `MultiheadAttention`. Not in PyTorch.
        """

        def attend(x: Any) -> Any:
            attended, _ = self.self_attn(
                x, x, x, src_key_padding_mask, False, src_mask, is_causal=is_causal, cache=cache
            )
            return self.dropout1(attended)

        def feed_forward(x: Any) -> Any:
            return self.dropout2(self.linear2(self.dropout(self.activation(self.linear1(x)))))

        x = src
        if self.norm_first:
            x = x + attend(self.norm1(x))
            return x + feed_forward(self.norm2(x))
        x = self.norm1(x + attend(x))
        return self.norm2(x + feed_forward(x))

    def _label(self) -> str:
        return f"TransformerEncoderLayer({self.linear1.in_features})"


class TransformerDecoderLayer(Module):
    """Self-attention, attention to the encoder's output, then two linear layers: Vaswani et al., 2017.

    With x = tgt: x = norm1(x + self_attn(x)), x = norm2(x + multihead_attn(x, memory)), then
    x = norm3(x + linear2(activation(linear1(x)))); with `norm_first` each norm is applied to what goes into its
    function instead, x = x + self_attn(norm1(x)) and so on.

    Shapes: tgt `(T, N, d_model)` and memory `(S, N, d_model)`, with `batch_first` `(N, T, d_model)` and
    `(N, S, d_model)`, without a batch `(T, d_model)` and `(S, d_model)` -> that of tgt.

    Args:
        d_model: the length of the vectors.
        nhead: how many heads the attentions have.
        dim_feedforward: the length between the linear layers.
        dropout: the probability of dropping, in all six places.
        activation: `"relu"`, `"gelu"`, a function or a Module.
        layer_norm_eps: the `eps` of the LayerNorms.
        batch_first: whether the batch is the first axis rather than the second.
        norm_first: whether normalization comes before attentions and linear layers rather than behind.
        bias: whether the linear layers and the norms have biases.
        dtype: of the parameters, by default `nn.get_default_dtype()`.

    Raises:
        ValueError: `d_model` is no multiple of `nhead`, or the activation is unknown.

    Example:
        >>> import numpy as np, nn
        >>> block = nn.TransformerDecoderLayer(d_model=8, nhead=2, dim_feedforward=16, batch_first=True)
        >>> target, memory = np.ones((4, 5, 8), np.float32), np.ones((4, 7, 8), np.float32)
        >>> block(target, memory, tgt_is_causal=True).shape
        (4, 5, 8)
    """

    def __init__(
        self,
        d_model: int,
        nhead: int,
        dim_feedforward: int = 2048,
        dropout: float = 0.1,
        activation: str | Callable[[Any], Any] = F.relu,
        layer_norm_eps: float = 1e-5,
        batch_first: bool = False,
        norm_first: bool = False,
        bias: bool = True,
        *,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        self.self_attn = MultiheadAttention(d_model, nhead, dropout, bias, batch_first=batch_first, dtype=dtype)
        self.multihead_attn = MultiheadAttention(d_model, nhead, dropout, bias, batch_first=batch_first, dtype=dtype)
        self.linear1 = Linear(d_model, dim_feedforward, bias, dtype=dtype)
        self.dropout = Dropout(dropout)
        self.linear2 = Linear(dim_feedforward, d_model, bias, dtype=dtype)
        self.norm_first = norm_first
        self.norm1 = LayerNorm(d_model, layer_norm_eps, bias=bias, dtype=dtype)
        self.norm2 = LayerNorm(d_model, layer_norm_eps, bias=bias, dtype=dtype)
        self.norm3 = LayerNorm(d_model, layer_norm_eps, bias=bias, dtype=dtype)
        self.dropout1 = Dropout(dropout)
        self.dropout2 = Dropout(dropout)
        self.dropout3 = Dropout(dropout)
        self.activation = _activation(activation)

    def forward(
        self,
        tgt: Any,
        memory: Any,
        tgt_mask: Any = None,
        memory_mask: Any = None,
        tgt_key_padding_mask: Any = None,
        memory_key_padding_mask: Any = None,
        tgt_is_causal: bool = False,
        memory_is_causal: bool = False,
        *,
        cache: KVCache | None = None,
    ) -> Any:
        """Decode.

        Args:
            tgt: the sequence so far.
            memory: what the encoder made of the other sequence.
            tgt_mask: `(T, T)` or `(N * nhead, T, T)`; True where a key is to be IGNORED, or numbers to add.
            memory_mask: `(T, S)` or `(N * nhead, T, S)`, of the same two kinds: True is IGNORED.
            tgt_key_padding_mask: `(N, T)`, of the same two kinds: True is padding, which is IGNORED.
            memory_key_padding_mask: `(N, S)`, of the same two kinds: True is padding, which is IGNORED.
            tgt_is_causal: each position attends to itself and those before it only, with or without a `tgt_mask`.
            memory_is_causal: position i attends to the positions 0 to i of `memory` only.
            cache: earlier positions, which `tgt` continues; see `MultiheadAttention`. `memory` is passed whole every
                time, and projected anew. Not in PyTorch.
        """

        def attend(x: Any) -> Any:
            attended, _ = self.self_attn(
                x, x, x, tgt_key_padding_mask, False, tgt_mask, is_causal=tgt_is_causal, cache=cache
            )
            return self.dropout1(attended)

        def attend_to_memory(x: Any) -> Any:
            attended, _ = self.multihead_attn(
                x, memory, memory, memory_key_padding_mask, False, memory_mask, is_causal=memory_is_causal
            )
            return self.dropout2(attended)

        def feed_forward(x: Any) -> Any:
            return self.dropout3(self.linear2(self.dropout(self.activation(self.linear1(x)))))

        x = tgt
        if self.norm_first:
            x = x + attend(self.norm1(x))
            x = x + attend_to_memory(self.norm2(x))
            return x + feed_forward(self.norm3(x))
        x = self.norm1(x + attend(x))
        x = self.norm2(x + attend_to_memory(x))
        return self.norm3(x + feed_forward(x))

    def _label(self) -> str:
        return f"TransformerDecoderLayer({self.linear1.in_features})"
